"""Joining, deciding and renewing in a real browser: with JavaScript and without, from the form to the mail."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import COORDINATOR, overflow, violations

PUBLIC = ["/adhesion/", *(f"/adhesion/?type={type}" for type in ("liberal", "salarie", "structure", "usager"))]
GESTION = [
    "/gestion/adherents/demandes",
    "/gestion/adherents/demandes/2",
    "/gestion/adherents/colleges",
    "/gestion/adherents/affiche?de=cpam",
    "/gestion/adherents/annees",
    "/gestion/adherents/annees/1",
    "/gestion/adherents/renouvellement",
    "/gestion/adherents/renouvellement/1",
    "/gestion/adherents/registre?le=2026-02-01",
]


def fill(page, email, family_name):
    page.get_by_label("Prénom", exact=True).fill("Zélie")
    page.get_by_label("Nom", exact=True).fill(family_name)
    page.get_by_label("Adresse e-mail", exact=True).fill(email)
    page.get_by_label("Profession", exact=True).select_option("60")
    for name in ("J’ai lu et j’accepte les statuts", "J’ai lu et j’accepte la charte"):
        page.get_by_label(name).check()


def send(page):
    page.wait_for_timeout(3100)  # nobody fills the form faster
    page.get_by_role("button", name="Envoyer ma demande").click()


def confirm(site, page, email, **options):
    page.goto(site.link_in_mail(email, **options))
    page.get_by_role("button", name="Confirmer ma demande").click()
    expect(page.get_by_role("heading", name="Merci, votre demande est arrivée")).to_be_visible()


def test_a_nurse_joins_and_the_coordination_accepts(site, page, open_as):
    page.goto("/adhesion/?de=cpam")
    page.get_by_role("link", name=re.compile("Professionnel libéral")).click()
    email = page.get_by_label("Adresse e-mail", exact=True)
    email.fill("pas une adresse")
    email.press("Tab")
    expect(page.locator("#champ-email .field-error")).to_be_visible()
    fill(page, "zelie@exemple.fr", "Nouvelle")
    expect(page.locator("#champ-email .field-error")).to_have_count(0)
    page.get_by_label("Commune d’exercice").press_sequentially("savigny")
    page.get_by_label(re.compile("Savigny-le-Temple")).check()
    send(page)
    expect(page.get_by_role("heading", name=re.compile("ouvrez votre messagerie"))).to_be_visible()
    confirm(site, page, "zelie@exemple.fr")
    desk = open_as(COORDINATOR)
    desk.goto("/gestion/adherents/demandes")
    desk.get_by_role("link", name="Zélie Nouvelle").click()
    expect(desk.get_by_text("lien « cpam »")).to_be_visible()
    desk.get_by_role("button", name="Accepter").click()
    expect(desk.get_by_text("Adhésion acceptée\u00a0: Zélie Nouvelle")).to_be_visible()
    page.goto(site.link_in_mail("zelie@exemple.fr", more_than=1))
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert "/activation/" in page.url


@pytest.mark.parametrize("javascript", [True, False])
def test_choosing_who_one_is_shows_the_form_on_a_phone(open_page, javascript):
    page = open_page(width=390, height=844, javascript=javascript)
    page.goto("/adhesion/")
    page.get_by_role("link", name=re.compile("Professionnel libéral")).click()
    expect(page.get_by_label("Prénom", exact=True)).to_be_in_viewport()


def test_what_was_typed_follows_another_choice_and_the_back_button(open_page):
    page = open_page(width=390)
    page.goto("/adhesion/")
    page.get_by_role("link", name=re.compile("Professionnel libéral")).click()
    page.get_by_label("Prénom", exact=True).fill("Zélie")
    page.get_by_label("Mon adresse e-mail").check()
    page.get_by_role("link", name=re.compile("Professionnel salarié")).click()
    expect(page.get_by_role("form", name="Votre demande : professionnel salarié")).to_be_visible()
    expect(page.get_by_label("Prénom", exact=True)).to_have_value("Zélie")
    expect(page.get_by_label("Mon adresse e-mail")).to_be_checked()
    send(page)
    expect(page.locator("#erreurs")).to_be_focused()
    page.get_by_role("link", name="Vos données et vos droits").click()
    page.wait_for_url("**/confidentialite")
    page.go_back()
    expect(page.get_by_label("Prénom", exact=True)).to_have_value("Zélie")


def test_joining_works_without_javascript(site, open_page):
    page = open_page(javascript=False, width=390)
    page.goto("/adhesion/")
    page.get_by_role("link", name=re.compile("Professionnel libéral")).click()
    fill(page, "sans.script@exemple.fr", "Sobre")
    page.get_by_label("Commune d’exercice").fill("saint martin")
    send(page)
    expect(page.get_by_text("choisissez la vôtre")).to_have_count(2)
    page.get_by_role("radio").first.check()
    send(page)
    confirm(site, page, "sans.script@exemple.fr")


def test_a_request_that_looks_known_is_linked_to_the_record(open_as):
    desk = open_as(COORDINATOR)
    desk.goto("/gestion/adherents/demandes")
    desk.get_by_role("link", name="Basile ESSAI").click()
    expect(desk.get_by_role("heading", name="Fiche connue")).to_be_visible()
    desk.get_by_role("button", name="Accepter et rattacher à cette fiche").click()
    expect(desk.get_by_text("Adhésion acceptée\u00a0: Basile ESSAI")).to_be_visible()


def test_a_member_renews_by_the_link_of_the_mail(site, open_as, open_page):
    desk = open_as(COORDINATOR)
    desk.goto("/gestion/adherents/renouvellement")
    desk.get_by_role("button", name=re.compile("Préparer la campagne")).click()
    desk.get_by_text("Lancer la campagne").click()
    desk.get_by_role("button", name="Envoyer").click()
    expect(desk.get_by_text("les e-mails partent")).to_be_visible()
    member = open_page(width=390)
    member.goto(site.link_in_mail("fantine.maquette@exemple.fr"))
    member.get_by_role("button", name="Je renouvelle mon adhésion").click()
    expect(member.get_by_role("heading", name="Merci, votre adhésion est renouvelée")).to_be_visible()


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("path", PUBLIC)
def test_the_public_pages_are_sound(open_page, path, width):
    page = open_page(width=width)
    page.goto(path)
    assert overflow(page) == 0
    assert violations(page) == []


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("path", GESTION)
def test_the_pages_of_the_gestion_are_sound(open_as, path, width):
    page = open_as(COORDINATOR, width=width)
    assert page.goto(path).status == 200
    assert overflow(page) == 0
    assert violations(page) == []
