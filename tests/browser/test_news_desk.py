"""The coordinator's desk: an article from its first word to the bin and back, alone or two at once."""

import re

import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.browser.conftest import ADHERENT, COORDINATOR


@pytest.fixture
def picture(tmp_path):
    """A real photograph's file, 400 × 300, with a place in its hidden information."""
    path, hidden = tmp_path / "Réunion d’équipe.jpg", Image.Exif()
    hidden[0x010E] = "48.69 N 2.61 E"
    Image.effect_mandelbrot((400, 300), (-2, -1, 1, 1), 60).convert("RGB").save(path, exif=hidden)
    return path


def log_in_by_link(site, page, email):
    """Ask for a link and use it, read from the mailbox."""
    already = len(site.mails_to(email))
    page.goto("/connexion/lien")
    page.get_by_label("Adresse e-mail").fill(email)
    page.locator("main").get_by_role("button", name=re.compile("Recevoir")).click()
    page.goto(site.link_in_mail(email, more_than=already))
    page.get_by_role("button", name="Me connecter").click()
    page.wait_for_url(lambda url: "/connexion" not in url)


def write(page, title, body):
    """Open a new article and fill what every article has."""
    page.goto("/gestion/actualites/nouveau")
    page.get_by_label("Titre", exact=True).fill(title)
    page.get_by_label("Texte", exact=True).fill(body)


def press(page, name):
    page.locator(".actions.stick").get_by_role("button", name=name, exact=True).click()


def test_an_article_goes_from_a_mailed_link_to_the_readers(site, open_page, picture):
    page, visitor = open_page(), open_page()
    log_in_by_link(site, page, COORDINATOR)

    page.goto("/gestion/actualites/")
    page.get_by_role("button", name="Nouvel article").click()
    page.get_by_label("Titre", exact=True).fill("Une soirée sur l’asthme")
    body = page.get_by_label("Texte", exact=True)
    body.fill("Venez nombreux")
    body.select_text()
    page.get_by_role("button", name="Gras").click()
    expect(body).to_have_value("**Venez nombreux**")
    expect(page.locator("#apercu strong")).to_have_text("Venez nombreux")
    expect(page.locator("#apercu h2")).to_have_text("Une soirée sur l’asthme")
    expect(body).to_be_focused()

    page.locator("#image_file").set_input_files(picture)
    press(page, "Enregistrer le brouillon")
    expect(page.locator("#image_alt-erreur")).to_be_visible()
    expect(body).to_have_value("**Venez nombreux**")
    page.get_by_label("Ce que montre l’image").fill("Une spirale de couleurs")
    press(page, "Enregistrer le brouillon")
    expect(page.locator(".flashes")).to_contain_text("brouillon")

    address = "/actualites/une-soiree-sur-l-asthme"
    assert visitor.goto(address).status == 404
    page.get_by_label("Date et heure de publication").fill("2099-01-15T09:00")
    press(page, "Publier")
    expect(page.locator(".flashes")).to_contain_text("paraîtra le 15 janvier 2099 à 9 h")
    assert visitor.goto(address).status == 404

    page.get_by_label("Date et heure de publication").fill("2026-01-15T09:00")
    press(page, "Enregistrer")
    expect(page.locator(".flashes")).to_contain_text("publié")
    assert visitor.goto(address).status == 200
    expect(visitor.locator(".prose strong")).to_have_text("Venez nombreux")
    shown = visitor.get_by_alt_text("Une spirale de couleurs")
    assert b"48.69" not in visitor.request.get(shown.get_attribute("src")).body()


def test_every_version_is_kept_compared_and_can_come_back(open_as, open_page):
    page, visitor = open_as(COORDINATOR), open_page()
    write(page, "Des versions à comparer", "Le rendez-vous est à midi.")
    press(page, "Publier")
    expect(page.locator(".flashes")).to_contain_text("publié")
    page.get_by_label("Texte", exact=True).fill("Le rendez-vous est à minuit.")
    press(page, "Enregistrer")
    expect(page.locator(".flashes")).to_contain_text("publié")
    page.get_by_role("button", name="Versions").click()
    expect(page.locator("tbody tr")).to_have_count(2)
    page.locator("tbody tr").last.get_by_role("link").click()
    expect(page.locator(".diff del")).to_contain_text("midi")
    expect(page.locator(".diff ins")).to_contain_text("minuit")
    page.get_by_role("button", name="Revenir à cette version").click()
    expect(page.locator(".flashes")).to_contain_text("de nouveau le texte présent")
    visitor.goto("/actualites/des-versions-a-comparer")
    expect(visitor.locator(".prose")).to_contain_text("à midi")


def test_what_goes_to_the_bin_comes_back(open_as, open_page):
    page, visitor = open_as(COORDINATOR), open_page()
    write(page, "À la corbeille et retour", "Un texte.")
    press(page, "Publier")
    expect(page.locator(".flashes")).to_contain_text("publié")
    page.locator("summary", has_text="Mettre à la corbeille").click()
    page.get_by_role("button", name="Oui, à la corbeille").click()
    expect(page.locator("main")).to_contain_text("à la corbeille")
    assert visitor.goto("/actualites/a-la-corbeille-et-retour").status == 404
    page.goto("/gestion/actualites/corbeille")
    page.get_by_role("button", name="Rétablir À la corbeille et retour").click()
    expect(page.locator(".flashes")).to_contain_text("revenu de la corbeille")
    assert visitor.goto("/actualites/a-la-corbeille-et-retour").status == 200


@pytest.mark.parametrize("javascript", [True, False])
def test_the_second_of_two_editors_sees_both_texts_and_loses_nothing(open_as, javascript):
    first, second = open_as(COORDINATOR), open_as(COORDINATOR, javascript=javascript)
    title = f"À quatre mains {'vite' if javascript else 'posément'}"
    write(first, title, "Le texte de départ.")
    press(first, "Enregistrer le brouillon")
    expect(first.locator(".flashes")).to_contain_text("brouillon")
    second.goto(first.url)
    first.get_by_label("Texte", exact=True).fill("Le texte de la première.")
    press(first, "Enregistrer le brouillon")
    expect(first.locator(".flashes")).to_contain_text("brouillon")
    second.get_by_label("Texte", exact=True).fill("Le texte de la seconde.")
    press(second, "Enregistrer le brouillon")
    expect(second.locator("main")).to_contain_text("Ce texte a changé pendant que vous l’écriviez")
    expect(second.get_by_label("L’autre texte")).to_have_value(re.compile("Le texte de la première"))
    expect(second.get_by_label("Texte", exact=True)).to_have_value("Le texte de la seconde.")
    press(second, "Garder le mien")
    expect(second.locator(".flashes")).to_contain_text("brouillon")
    second.get_by_role("button", name="Versions").click()
    second.get_by_role("heading", name=re.compile("^Versions")).wait_for()
    kept = [second.request.get(link.get_attribute("href")).text() for link in second.locator("tbody th a").all()]
    assert any("Le texte de la première." in text for text in kept)
    assert any("Le texte de la seconde." in text for text in kept)


def test_an_article_for_adherents_is_read_by_them_alone(open_as, open_page):
    address = "/actualites/protocole-rhinite-allergique"
    adherent, visitor = open_as(ADHERENT), open_page()
    assert adherent.goto(address).status == 200
    expect(adherent.get_by_role("heading", level=1)).to_contain_text("rhinite")
    answer = visitor.goto(address)
    assert answer.status == 404
    assert "rhinite" not in visitor.locator("main").inner_text()


def test_the_same_is_done_without_javascript(open_as, open_page):
    page, visitor = open_as(COORDINATOR, javascript=False), open_page(javascript=False)
    write(page, "Écrit sans script", "Un **mot** fort.")
    page.get_by_role("button", name="Aperçu", exact=True).click()
    expect(page.locator("#apercu strong")).to_have_text("mot")
    press(page, "Publier")
    expect(page.locator(".flashes")).to_contain_text("publié")
    assert visitor.goto("/actualites/ecrit-sans-script").status == 200
    page.get_by_label("Titre", exact=True).fill("")
    press(page, "Enregistrer")
    expect(page.locator("#title-erreur")).to_contain_text("Donnez un titre")
    page.get_by_label("Titre", exact=True).fill("Écrit sans script, relu")
    press(page, "Enregistrer")
    page.get_by_role("button", name="Versions").click()
    page.locator("tbody tr").last.get_by_role("button").click()
    expect(page.locator(".flashes")).to_contain_text("de nouveau le texte présent")
    visitor.reload()
    expect(visitor.get_by_role("heading", level=1)).to_have_text("Écrit sans script")


def test_a_change_is_not_left_behind_by_mistake(coordinator_page):
    page, asked = coordinator_page, []
    write(page, "Un titre", "Un texte qui n’est pas enregistré")
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    page.goto("/gestion/")
    assert asked == ["beforeunload"]


def test_a_private_link_shows_a_draft_to_somebody_without_an_account(open_as, open_page):
    page, visitor = open_as(COORDINATOR), open_page()
    page.goto("/gestion/actualites/ecrans-et-enfants")
    page.get_by_role("button", name="Créer un lien").click()
    link = page.locator("#lien").input_value()
    assert visitor.goto(link).status == 200
    expect(visitor.get_by_role("heading", level=1)).to_contain_text("crans")
    page.goto("/gestion/actualites/ecrans-et-enfants")
    page.get_by_role("button", name="Éteindre les liens").click()
    assert visitor.goto(link).status == 404
