"""The rooms beside the directories in a real browser: a patient counted and taken back, an introduction both accept."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import ADHERENT, COORDINATOR, overflow, violations

STUDENT, HOST = "chloe.croquis@exemple.fr", "structure0@exemple.fr"


def counted(page) -> int:
    return int(page.get_by_role("button", name=re.compile("cystite")).locator(".tally-count b").inner_text())


@pytest.mark.parametrize("javascript", [True, False])
def test_a_patient_is_counted_in_one_tap_and_taken_back(open_as, javascript):
    page = open_as(ADHERENT, width=390, javascript=javascript)
    page.goto("/espace/compteurs")
    before = counted(page)
    button = page.get_by_role("button", name=re.compile("cystite"))
    button.dblclick() if javascript else button.click()
    expect(page.get_by_role("button", name="Annuler")).to_be_visible()
    assert counted(page) == before + 1
    assert overflow(page) <= 0
    if javascript:
        assert violations(page) == []
        assert page.evaluate("document.activeElement.id").startswith("compteur-")
    page.get_by_role("button", name="Annuler").click()
    expect(page.locator(".notice", has_text="Annulé")).to_be_visible()
    assert counted(page) == before


def test_the_first_page_counts_as_well(open_as):
    page = open_as(ADHERENT)
    page.goto("/espace/")
    page.get_by_role("button", name=re.compile("cystite")).click()
    page.get_by_role("button", name="Annuler").click()
    expect(page.locator(".notice", has_text="Annulé")).to_be_visible()


def test_an_introduction_is_proposed_and_each_says_yes_before_any_contact_is_seen(site, open_as, open_page):
    desk = open_as(COORDINATOR)
    known = {email: len(site.mails_to(email)) for email in (STUDENT, HOST)}
    desk.goto("/gestion/mises-en-relation/proposer")
    wanted = desk.locator("#demande option", has_text="Stages IPA").first.get_attribute("value")
    desk.get_by_label("Pour").select_option(wanted)
    card = desk.locator("form.card", has_text="Chloé Croquis")
    card.get_by_role("button", name="Proposer aux deux").click()
    expect(desk.get_by_text("Pas encore de réponse")).to_have_count(2)
    assert STUDENT not in desk.content()
    assert HOST not in desk.content()
    links = {email: site.link_in_mail(email, more_than=count) for email, count in known.items()}
    for email, other, javascript in ((STUDENT, HOST, False), (HOST, STUDENT, True)):
        page = open_page(width=390, javascript=javascript)
        page.goto(links[email])
        assert other not in page.content()
        assert "Croquis" not in page.content()
        if javascript:
            assert violations(page) == []
        assert overflow(page) <= 0
        page.get_by_role("button", name="Oui, mettez-nous en relation").click()
        expect(page.locator("h1")).to_have_text(re.compile("Merci, c’est noté|Vous êtes en relation"))
    expect(page.get_by_text(STUDENT)).to_be_visible()
    assert HOST in site.wait_for_mail(STUDENT, more_than=known[STUDENT] + 1)
    desk.reload()
    expect(desk.get_by_text("Coordonnées échangées")).to_be_visible()
    desk.get_by_label("Succès").check()
    desk.get_by_role("button", name="Noter le résultat").click()
    expect(desk.get_by_role("button", name="Rouvrir")).to_be_visible()
    assert violations(desk) == []
