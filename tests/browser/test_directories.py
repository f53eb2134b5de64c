"""The directories in a real browser: a volunteer joins, a seeker finds, a mail confirms in one click."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import ADHERENT, COORDINATOR, overflow, violations

LIST = "/espace/repertoires/teleconsultation"


@pytest.mark.parametrize("javascript", [True, False])
def test_a_volunteer_joins_in_one_form_pauses_and_leaves(open_as, javascript):
    page = open_as(ADHERENT, width=390, javascript=javascript)
    page.goto("/espace/repertoires")
    page.goto(f"{LIST}/rejoindre")
    page.get_by_role("button", name="M’inscrire").click()
    expect(page.get_by_role("heading", name=re.compile("à corriger"))).to_be_visible()
    if javascript:
        assert violations(page) == []
    page.get_by_label("Au domicile", exact=True).check()
    page.get_by_label("J’accepte", exact=True).check()
    page.get_by_role("button", name="M’inscrire").click()
    page.wait_for_url(re.compile("/espace/repertoires/fiche/"))
    assert overflow(page) <= 0
    if javascript:
        assert violations(page) == []
    page.get_by_role("button", name="Mettre en pause").click()
    expect(page.get_by_text("En pause", exact=True).first).to_be_visible()
    page.get_by_role("button", name="Me retirer").click()
    page.locator("details[open]").get_by_role("button", name="Me retirer").last.click()
    expect(page.get_by_text("Retirée", exact=True).first).to_be_visible()


@pytest.mark.parametrize("javascript", [True, False])
def test_a_seeker_finds_somebody_and_writes_without_seeing_their_address(site, open_page, javascript):
    page = open_page(width=390, javascript=javascript)
    page.goto("/repertoires/")
    page.get_by_role("link", name="Sages-femmes du territoire").click()
    page.get_by_label("Rechercher dans ce répertoire").fill("brouillon")
    if not javascript:
        page.get_by_role("button", name="Rechercher").click()
    expect(page.locator("#resultats .card")).to_have_count(1)
    page.get_by_role("link", name="Elsa Brouillon").click()
    expect(page.get_by_text("Confirmé le")).to_be_visible()
    assert overflow(page) <= 0
    if javascript:
        assert violations(page) == []
    page.get_by_role("link", name="Écrire à Elsa Brouillon").click()
    page.get_by_label("Votre nom").fill("Alex Visiteur")
    page.get_by_label("Votre adresse e-mail").fill("alex@exemple.fr")
    page.get_by_label("Votre message").fill("Bonjour, recevez-vous le samedi matin ?")
    page.wait_for_timeout(3100)  # nobody fills the form faster
    before = len(site.mails_to("elsa.brouillon@exemple.fr"))
    page.get_by_role("button", name="Envoyer le message").click()
    expect(page.get_by_role("heading", name="Votre message est parti")).to_be_visible()
    assert "samedi matin" in site.wait_for_mail("elsa.brouillon@exemple.fr", more_than=before)


def test_a_mail_opens_one_s_entry_and_one_click_confirms_it(site, open_as, open_page):
    desk = open_as(COORDINATOR)
    desk.goto(f"{LIST}/pour-un-collegue?q=ariane")
    desk.get_by_role("link", name="Ariane Fictive").click()
    desk.get_by_label("Date de l’accord").fill("2026-11-01")
    desk.get_by_label("La personne a lu ou entendu ce texte, et l’accepte").check()
    before = len(site.mails_to("ariane.fictive@exemple.fr"))
    desk.get_by_role("button", name="Inscrire cette personne").click()
    body = site.wait_for_mail("ariane.fictive@exemple.fr", more_than=before)
    address = re.search(r"http://\S+/repertoires/ma-fiche/\S+", body)[0]
    page = open_page(width=390, javascript=False)
    page.goto(address)
    page.get_by_role("button", name="Oui, toujours").click()
    expect(page.get_by_role("heading", name="Merci, c’est confirmé")).to_be_visible()
    page.get_by_role("button", name="Me retirer").click()
    page.wait_for_url(re.compile("/retirer$"))
    page.get_by_role("button", name="Me retirer").click()
    expect(page.get_by_role("heading", name="Votre fiche est retirée")).to_be_visible()


def test_the_list_of_an_officine_fits_on_one_sheet_of_paper(open_page):
    page = open_page()
    page.goto("/repertoires/liste/prevention")
    pdf = page.pdf(format="A4")
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) == 1
