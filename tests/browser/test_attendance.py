"""At the door, on a phone: taps without a network are kept, then sent; nothing stays on the phone afterwards."""

import re

from playwright.sync_api import expect

from tests.browser.conftest import COORDINATOR, PASSWORD, log_in, overflow, violations

KEPT = "Object.keys(localStorage).filter(key => key.startsWith('pointages:')).length"


def door(page, event_id):
    page.goto(f"/gestion/evenements/{event_id}/presence")


def test_taps_made_without_a_network_are_kept_and_leave_when_it_is_back(open_as):
    page = open_as(COORDINATOR, width=390)
    door(page, 2)
    buttons = page.locator(".tick-button")
    page.context.set_offline(True)
    for rank in (0, 1, 2):
        buttons.nth(rank).click()
        expect(buttons.nth(rank)).to_have_attribute("aria-pressed", "true")
    buttons.nth(2).click()
    expect(page.locator("#a-envoyer")).to_contain_text("3 pointages gardés")
    expect(page.locator("[data-attendance-count]")).to_contain_text("2 présents")
    page.get_by_label("Rechercher un nom").fill("zzzz")
    expect(page.locator(".ticks > li:visible")).to_have_count(0)
    page.get_by_label("Rechercher un nom").fill("")
    page.context.set_offline(False)
    expect(page.locator("#a-envoyer")).to_be_hidden()
    assert page.evaluate(KEPT) == 0
    page.reload()
    expect(page.locator(".tick-button[aria-pressed=true]")).to_have_count(2)
    assert violations(page) == []
    assert overflow(page) <= 0


def test_logging_out_leaves_nothing_on_the_phone(open_page, site):
    page = open_page(width=1280)
    log_in(page, COORDINATOR, PASSWORD)
    door(page, 2)
    page.route("**/presence/pointages", lambda route: route.abort())
    page.locator(".tick-button").nth(4).click()
    expect(page.locator("#a-envoyer")).to_contain_text("1 pointage gardé")
    assert page.evaluate(KEPT) == 1
    page.get_by_role("button", name="Se déconnecter").first.click()
    page.wait_for_url(lambda url: "/gestion/" not in url)
    assert page.evaluate(KEPT) == 0


def test_the_door_works_without_javascript(open_as):
    page = open_as(COORDINATOR, width=390, javascript=False)
    door(page, 2)
    name = page.locator(".tick-button strong").nth(5).inner_text()
    page.locator(".tick-button").nth(5).click()
    here = page.locator(".tick-button[aria-pressed=true]").filter(has_text=name)
    expect(here).to_have_count(1)
    page.get_by_label("Prénom et nom").fill("Yves IMPROVISTE")
    page.get_by_role("button", name="Ajouter, présent").click()
    expect(page.locator(".tick-button[aria-pressed=true]").filter(has_text=re.compile("IMPROVISTE"))).to_have_count(1)


FIND = """
from cptsapp import create_app
from cptsapp.blueprints.event.people import Attendance, Registration
from cptsapp.kernel.db import connection
create_app()
with connection():
    unseen = Registration.id.not_in(Attendance.select(Attendance.registration))
    print(Registration.select().where(Registration.event == 2, unseen).get().code)
"""


def test_the_code_of_a_registrant_opens_one_button(site, open_as):
    page = open_as(COORDINATOR, width=390)
    door(page, 2)
    page.get_by_role("button", name="Saisir un code").click()
    page.get_by_label("Code de l’inscrit").fill("INCONNU")
    page.get_by_role("button", name="Rechercher").click()
    expect(page.get_by_text("Ce code n’est celui d’aucun inscrit")).to_be_visible()
    page.get_by_label("Code de l’inscrit").fill(site.run("-c", FIND).strip())
    page.get_by_role("button", name="Rechercher").click()
    page.get_by_role("button", name="Présent", exact=True).click()
    expect(page.get_by_text("Déjà noté présent")).to_be_visible()
    assert violations(page) == []
