"""Composing a letter in a real browser: as one types, by drag or by buttons, and without JavaScript all the same."""

import re

import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.browser.conftest import COORDINATOR


def start(page, kind="Une lettre"):
    page.goto("/gestion/newsletters/nouvelle")
    page.get_by_label(re.compile(kind)).check()
    page.get_by_role("button", name="Commencer").click()
    page.wait_for_url(re.compile(r"/gestion/newsletters/\d+/modifier"))


def titles(page):
    return [each.input_value() for each in page.locator(".letter-block input[name$='-title']").all()]


def pick(page, *names):
    page.get_by_role("button", name="Choisir sur le site").click()
    page.wait_for_url(re.compile(r"/choisir"))
    for name in names:
        page.get_by_label(re.compile(name)).check()
    page.get_by_role("button", name="Ajouter à la lettre").click()
    page.wait_for_url(re.compile(r"/modifier"))


def saved(page):
    """Wait until what was typed is kept, and the preview follows."""
    expect(page.locator("form.letter-form")).to_have_attribute("data-unsaved", "")


def test_a_letter_is_composed_as_one_types(open_as, tmp_path):
    page = open_as(COORDINATOR)
    start(page)
    letter = page.frame_locator("#lettre")
    page.get_by_label("Objet", exact=True).fill("La lettre des beaux jours")
    expect(letter.get_by_role("heading", level=1)).to_have_text("La lettre des beaux jours")
    body = page.get_by_label("Éditorial")
    body.fill("{bonjour}, voici **le printemps**.")
    expect(letter.locator("strong")).to_have_text("le printemps")
    expect(letter.get_by_text("Bonjour Camille,")).to_be_visible()
    expect(body).to_be_focused()
    saved(page)
    page.get_by_role("radio", name="Texte seul").check()
    expect(page.locator(".letter-text")).to_contain_text("Bonjour Camille, voici le printemps.")
    body.fill("{bonjour}, voici *l’été*.")
    expect(page.locator(".letter-text")).to_contain_text("voici l’été.")
    expect(page.get_by_role("radio", name="Texte seul")).to_be_checked()
    page.get_by_role("radio", name="Téléphone").check()
    assert page.locator("#lettre").bounding_box()["width"] <= 376

    expect(page.locator(".letter-advice")).to_contain_text("phrase d’aperçu est vide")
    page.get_by_label(re.compile("Phrase d’aperçu")).fill("De belles rencontres")
    expect(page.locator(".letter-advice")).not_to_contain_text("phrase d’aperçu est vide")
    saved(page)

    pick(page, "Fièvre, rhume, toux", "Gestes d’urgence")
    page.get_by_role("button", name="Un titre de rubrique").click()
    expect(page.locator(".letter-block")).to_have_count(3)
    page.locator(".letter-block input[name$='-title']").last.fill("À lire")
    expect(letter.get_by_role("heading", level=2)).to_have_text("À lire")
    saved(page)
    page.locator(".letter-block").last.locator("button[value^='up-']").click()
    expect(page.locator(".letter-block input[name$='-title']").nth(1)).to_have_value("À lire")
    expect(page.get_by_role("button", name="Monter « À lire »")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".letter-block input[name$='-title']").first).to_have_value("À lire")
    page.locator(".letter-block").nth(2).locator("[data-grip]").drag_to(
        page.locator(".letter-block").nth(1), target_position={"x": 20, "y": 5}
    )
    expect(page.locator(".letter-block input[name$='-title']").nth(1)).to_have_value(re.compile("Gestes d’urgence"))
    saved(page)
    order = titles(page)
    page.reload()
    assert titles(page) == order
    expect(letter.get_by_role("heading", level=3).first).to_contain_text("Gestes d’urgence")

    picture = tmp_path / "affiche.png"
    Image.new("RGB", (1500, 900), "teal").save(picture)
    page.get_by_text("Ajouter une image dans le texte").click()
    page.locator("#insert_file").set_input_files(picture)
    page.get_by_label("Ce que montre cette image").fill("Une affiche")
    page.get_by_role("button", name="Enregistrer", exact=True).click()
    expect(page.locator(".flashes")).to_contain_text("enregistrée")
    shown = letter.get_by_alt_text("Une affiche")
    expect(shown).to_be_visible()
    assert shown.evaluate("image => image.complete && image.naturalWidth") == 1200
    page.get_by_role("button", name="Versions").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Versions")
    assert page.locator("tbody tr").count() >= 4


def test_two_people_at_once_lose_nothing(open_as):
    first, second = open_as(COORDINATOR), open_as(COORDINATOR)
    start(first, "Un message")
    second.goto(first.url)
    first.get_by_label("Objet", exact=True).fill("Écrit par la première")
    saved(first)
    second.get_by_label("Objet", exact=True).fill("Écrit par la seconde")
    expect(second.locator("#apercu")).to_contain_text("Quelqu’un d’autre a enregistré cette lettre")
    second.get_by_role("button", name="Enregistrer", exact=True).click()
    expect(second.locator("main")).to_contain_text("a changé pendant que vous l’écriviez")
    expect(second.get_by_label("Objet", exact=True)).to_have_value("Écrit par la seconde")
    expect(second.locator(".diff")).to_contain_text("première")
    second.get_by_role("button", name="Enregistrer", exact=True).click()
    expect(second.locator(".flashes")).to_contain_text("enregistrée")


@pytest.mark.parametrize("width", [390])
def test_the_same_is_done_without_javascript(open_as, width):
    page = open_as(COORDINATOR, javascript=False, width=width)
    start(page)
    page.get_by_label("Objet", exact=True).fill("Sans script")
    page.get_by_label("Éditorial").fill("Un **mot** fort.")
    page.get_by_role("button", name="Aperçu", exact=True).click()
    expect(page.frame_locator("#lettre").locator("strong")).to_have_text("mot")
    pick(page, "Fièvre, rhume, toux")
    page.get_by_role("button", name="Un bloc libre").click()
    page.locator(".letter-block input[name$='-title']").last.fill("Nous écrire")
    page.get_by_role("button", name=re.compile("^Monter")).last.click()
    assert titles(page)[0] == "Nous écrire"
    page.get_by_role("button", name=re.compile("^Retirer « Fièvre")).click()
    assert titles(page) == ["Nous écrire"]
    page.get_by_role("button", name="Enregistrer", exact=True).click()
    expect(page.locator(".flashes")).to_contain_text("enregistrée")
    page.get_by_label("Fil d’Ariane").get_by_role("link").last.click()
    page.get_by_role("button", name="Kit de relais").click()
    expect(page.get_by_label("Texte à transmettre")).to_have_value(re.compile("Un mot fort"))


def test_a_visitor_reads_the_archives(open_page):
    page = open_page(width=390)
    page.goto("/lettre/archives/")
    page.get_by_label("Rechercher dans les lettres").fill("zzzz")
    expect(page.get_by_text("Aucune lettre ne correspond")).to_be_visible()
    page.get_by_label("Rechercher dans les lettres").fill("lettre")
    page.locator(".letters a").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("La lettre d")
    expect(page.locator("main")).to_contain_text("Bonjour,")
