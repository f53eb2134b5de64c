"""The indicators in a real browser: a definition edited and frozen, a series brought in, a figure opened."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import BUREAU, COORDINATOR, overflow, violations

DESK = "/gestion/projet/indicateurs"


def opened(page, name):
    page.goto(f"{DESK}/?q={name}")
    page.get_by_role("link", name=name).first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text(name)


@pytest.mark.parametrize("javascript", [True, False])
def test_a_definition_is_edited_refused_with_what_was_typed_then_frozen(open_as, javascript):
    page = open_as(COORDINATOR, width=390, javascript=javascript)
    opened(page, "Professionnels APA recensés" if javascript else "Praticiens au répertoire")
    row = page.get_by_role("row").filter(has=page.get_by_role("link", name="Année 5", exact=True))
    row.get_by_role("link", name=re.compile("Modifier")).click()
    page.get_by_label("Valeur initiale").fill("12")
    page.locator("#target").fill("8")
    page.get_by_role("button", name="Enregistrer").click()
    expect(page.get_by_text("sous la valeur initiale").first).to_be_visible()
    expect(page.get_by_label("Valeur initiale")).to_have_value("12")
    page.get_by_label("Valeur initiale").fill("0")
    page.get_by_role("button", name="Enregistrer").click()
    expect(page.get_by_role("heading", name="Année par année")).to_be_visible()
    row = page.get_by_role("row").filter(has=page.get_by_role("link", name="Année 5", exact=True))
    if javascript:
        assert violations(page) == []
    row.get_by_text("Figer", exact=True).first.click()
    row.get_by_role("button", name=re.compile("Figer|Confirmer")).last.click()
    row = page.get_by_role("row").filter(has=page.get_by_role("link", name="Année 5", exact=True))
    expect(row.get_by_text("Figée")).to_be_visible()
    expect(row.get_by_role("link", name=re.compile("Modifier"))).to_have_count(0)
    assert overflow(page) <= 0


@pytest.mark.parametrize("javascript", [True, False])
def test_a_series_is_brought_in_after_a_look_and_once(open_as, javascript):
    page = open_as(COORDINATOR, javascript=javascript)
    day = "15/01/2026" if javascript else "16/01/2026"
    source = f"Courrier n° {int(javascript)}"
    content = f"Date;Valeur;Source\n{day};117;{source}\n".encode("cp1252")
    for said in ("1 valeur est enregistrée", "rien n’a été ajouté"):
        opened(page, "Patients en ALD sans médecin traitant")
        page.get_by_role("button", name="Importer").click()
        page.get_by_label("Fichier").set_input_files({"name": "a.csv", "mimeType": "text/csv", "buffer": content})
        page.get_by_role("button", name="Lire le fichier").click()
        expect(page.get_by_role("heading", name="Vérifiez avant d’enregistrer")).to_be_visible()
        if javascript:
            assert violations(page) == []
        page.get_by_role("button", name="Enregistrer cette valeur").click()
        expect(page.get_by_text(re.compile(said.replace(" ", r"\s"))).first).to_be_visible()
    expect(page.get_by_text(source)).to_have_count(1)


def test_a_figure_opens_on_its_rows_as_far_as_the_reader_may_see(open_as):
    for who, words in ((COORDINATOR, "Plaies et cicatrisation"), (BUREAU, "la coordination les lit")):
        page = open_as(who)
        opened(page, "Professionnels formés")
        page.get_by_role("button", name="Voir ce qui compose ce chiffre").click()
        expect(page.get_by_text(words).first).to_be_visible()
        assert violations(page) == []


def test_the_dashboard_is_printed_without_its_menus(open_as):
    page = open_as(BUREAU)
    page.goto("/gestion/projet")
    expect(page.get_by_role("heading", name="La part variable, aujourd’hui")).to_be_visible()
    page.emulate_media(media="print")
    expect(page.locator(".desk-nav")).to_be_hidden()
    expect(page.locator(".filters")).to_be_hidden()
    expect(page.get_by_text("À risque").first).to_be_visible()
