"""Events in a real browser: found, registered for, changed and left, by a visitor and by a member."""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from cptsapp.kernel.dates import today
from tests.browser.conftest import ADHERENT, COORDINATOR, overflow, violations

WEBINAR = "/evenements/depistage-colorectal"


def register(page, email, *, family_name="Visiteuse"):
    page.get_by_label("Prénom", exact=True).fill("Zoé")
    page.get_by_label("Nom", exact=True).fill(family_name)
    page.get_by_label("Adresse e-mail", exact=True).fill(email)
    page.get_by_label("Profession", exact=True).select_option("60")
    page.wait_for_timeout(3100)  # nobody fills the form faster
    page.get_by_role("button", name="M’inscrire").click()


@pytest.mark.parametrize("javascript", [True, False])
def test_a_visitor_registers_in_one_form_and_leaves_by_the_link_of_the_mail(site, open_page, javascript):
    email = f"zoe-{javascript}@exemple.fr".lower()
    page = open_page(width=390, javascript=javascript)
    page.goto("/evenements/")
    page.get_by_role("link", name=re.compile("Dépistage du cancer")).click()
    page.get_by_role("button", name="S’inscrire", exact=True).click()
    register(page, email)
    expect(page.locator("h1")).not_to_contain_text("S’inscrire")
    page.goto(site.link_in_mail(email))
    expect(page.get_by_text("Inscrit", exact=False).first).to_be_visible()
    assert overflow(page) <= 0
    if javascript:
        assert violations(page) == []
    page.get_by_role("button", name="Me désinscrire").click()
    page.get_by_role("button", name=re.compile("désinscri", re.IGNORECASE)).click()
    expect(page.get_by_text("Désinscrit", exact=False).first).to_be_visible()


def test_a_member_registers_in_one_click_and_finds_it_again(open_as):
    page = open_as(ADHERENT)
    page.goto(WEBINAR)
    page.get_by_role("button", name="M’inscrire en un clic").click()
    page.goto("/espace/evenements/")
    expect(page.get_by_role("link", name=re.compile("Dépistage du cancer"))).to_be_visible()
    assert violations(page) == []


@pytest.mark.parametrize("javascript", [True, False])
def test_the_month_is_turned_by_links(open_page, javascript):
    page = open_page(javascript=javascript)
    page.goto(f"/evenements/mois/{today():%Y-%m}")
    coming = (today().replace(day=1) + timedelta(days=32)).replace(day=1)
    page.get_by_role("button", name="Mois suivant").click()
    page.wait_for_url(re.compile(f"/evenements/mois/{coming:%Y-%m}"))
    expect(page.locator("table.month caption")).to_have_count(1)
    page.get_by_role("button", name="Mois précédent").click()
    page.wait_for_url(re.compile(f"/evenements/mois/{today():%Y-%m}"))


def test_a_coordinator_writes_an_event_and_publishes_it(open_as, open_page):
    page = open_as(COORDINATOR)
    page.goto("/gestion/evenements/")
    page.get_by_role("button", name="Nouvel événement").click()
    page.get_by_label("Titre", exact=True).fill("Soirée vaccination")
    day = today() + timedelta(days=40)
    page.locator("input[type=date]").first.fill(day.isoformat())
    times = page.locator("input[type=time]")
    times.nth(0).fill("20:00")
    times.nth(1).fill("21:30")
    page.get_by_role("button", name="Enregistrer et publier").click()
    expect(page.get_by_role("heading", name="Soirée vaccination")).to_be_visible()
    visitor = open_page()
    visitor.goto(f"/evenements/mois/{day:%Y-%m}")
    expect(visitor.get_by_role("link", name=re.compile("Soirée vaccination"))).to_be_visible()
