"""The coordinator's desk in a real browser: what waits, a list narrowed, an entry moved and withdrawn, a list made."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import COORDINATOR, overflow

HERE = "/gestion/repertoires"


@pytest.mark.parametrize("javascript", [True, False])
def test_a_coordinator_narrows_a_list_and_notes_what_somebody_said(open_as, javascript):
    page = open_as(COORDINATOR, javascript=javascript)
    page.goto(f"{HERE}/")
    page.get_by_role("link", name="Maîtres de stage universitaires").last.click()
    expect(page.get_by_role("heading", name="Maîtres de stage universitaires", level=1)).to_be_visible()
    page.get_by_role("searchbox").fill("imaginaire")
    if not javascript:
        page.get_by_role("button", name="Filtrer").click()
    expect(page.get_by_role("link", name="Katia Fictionnelle")).to_have_count(0)
    page.get_by_role("link", name="Léon Imaginaire").click()
    note = f"Rappeler en janvier ({'avec' if javascript else 'sans'} script)"
    page.get_by_label("Ajouter une note").fill(note)
    page.get_by_role("button", name="Ajouter la note").click()
    expect(page.get_by_text(note)).to_be_visible()
    page.get_by_label("Comment elle l’a dit").select_option("phone")
    page.get_by_role("button", name="Confirmer aujourd’hui").click()
    expect(page.get_by_text("La fiche est confirmée aujourd’hui.")).to_be_visible()


@pytest.mark.parametrize("javascript", [True, False])
def test_a_coordinator_makes_a_directory_without_code(open_as, javascript):
    page = open_as(COORDINATOR, width=390, javascript=javascript)
    page.goto(f"{HERE}/nouveau")
    name = "Plâtres de ville" if javascript else "Sutures de ville"
    page.get_by_label("Nom du répertoire").fill(name)
    page.get_by_role("button", name="Créer le répertoire").click()
    expect(page.locator("#erreurs")).to_be_visible()
    expect(page.get_by_label("Nom du répertoire")).to_have_value(name)
    page.get_by_label("À quoi il sert").fill("Savoir qui reçoit le jour même.")
    page.get_by_label("Question ou intitulé").first.fill("Délai habituel")
    page.get_by_role("button", name="Ajouter un champ").click()
    expect(page.get_by_label("Question ou intitulé")).to_have_count(2)
    page.get_by_label("Question ou intitulé").last.fill("Horaires")
    assert overflow(page) <= 0
    page.get_by_role("button", name="Créer le répertoire").click()
    page.wait_for_url(re.compile(f"{HERE}/(platres|sutures)-de-ville/"))
    expect(page.get_by_role("heading", name=name, level=1)).to_be_visible()
