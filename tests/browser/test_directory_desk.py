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


def test_without_a_script_the_desk_does_all_that_it_does(open_as):
    """Many at once, what is asked before it is done, a rule of a definition, lists opened to a partner, a welcome."""
    page = open_as(COORDINATOR, javascript=False)
    page.goto(f"{HERE}/tabac/?etat=")
    page.get_by_role("row", name="Hugo").get_by_role("checkbox").check()
    page.get_by_role("button", name="Mettre en pause").click()
    expect(page.get_by_text("1 fiche mise en pause.")).to_be_visible()
    page.get_by_role("link", name="Hugo").click()
    page.get_by_role("button", name="Fin de la pause").click()
    expect(page.get_by_text("La fiche est de nouveau dans la liste.")).to_be_visible()
    page.goto(f"{HERE}/tabac/definition")
    page.get_by_text("Étiquettes", exact=True).click()
    page.get_by_role("button", name="Ajouter une étiquette").click()
    page.get_by_label("Quand la réponse est").select_option(index=1)
    page.get_by_label("Étiquette", exact=True).fill("Sur rendez-vous")
    page.get_by_role("button", name="Enregistrer").last.click()
    expect(page.get_by_text("La définition est enregistrée")).to_be_visible()
    page.goto(f"{HERE}/partenaires/nouveau")
    page.get_by_label("Prénom et nom").fill("Alix Relais")
    page.get_by_label("Adresse e-mail").fill("alix.relais@exemple.fr")
    page.get_by_label("Organisme").fill("CLIC du Modèle")
    page.get_by_role("button", name="Ouvrir l’accès").click()
    expect(page.locator("#erreurs")).to_contain_text("Cochez au moins une liste")
    expect(page.get_by_label("Organisme")).to_have_value("CLIC du Modèle")
    page.get_by_label("Ressources locales").check()
    page.get_by_role("button", name="Ouvrir l’accès").click()
    expect(page.get_by_role("row", name="RELAIS Alix")).to_contain_text("Ressources")
    page.goto("/gestion/accueils/")
    page.get_by_role("link", name="Cléo").click()
    page.get_by_role("button", name="Noter la rencontre").click()
    expect(page.get_by_text("La rencontre est notée.")).to_be_visible()
    page.get_by_role("button", name="Remettre à faire").click()
    expect(page.get_by_text("L’accueil est de nouveau à faire.")).to_be_visible()
