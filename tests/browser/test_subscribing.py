"""The letter in a real browser: subscribing, choosing, leaving; with JavaScript and without."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import ADHERENT, COORDINATOR, overflow, violations

LINK = """
from cptsapp import create_app
from cptsapp.blueprints.subscription import links
from cptsapp.kernel import db
create_app()
with db.connection():
    print(links.unsubscribe_url({email!r}))
"""


def fill(page, email):
    page.goto("/lettre/")
    page.get_by_label("Votre adresse e-mail").fill(email)
    page.get_by_label("Accès aux soins").check()
    page.wait_for_timeout(3100)  # nobody fills the form faster
    page.get_by_role("button", name="M’abonner").click()


def unsubscribe_link(site, email):
    return site.run("-c", LINK.format(email=email)).strip()


@pytest.mark.parametrize("javascript", [True, False], ids=["with JavaScript", "without"])
def test_a_visitor_subscribes_chooses_leaves_and_is_erased(site, open_page, javascript):
    page = open_page(javascript=javascript, width=390)
    email = f"visiteur-{'avec' if javascript else 'sans'}@exemple.fr"
    fill(page, email)
    expect(page.get_by_text("Cochez cette case pour vous abonner.").first).to_be_visible()
    expect(page.get_by_label("Votre adresse e-mail")).to_have_value(email)
    expect(page.get_by_label("Accès aux soins")).to_be_checked()
    page.get_by_label(re.compile("J’accepte de recevoir")).check()
    page.wait_for_timeout(3100)
    page.get_by_role("button", name="M’abonner").click()
    expect(page.get_by_role("heading", name="Encore un clic")).to_be_visible()
    page.goto(site.link_in_mail(email))
    page.get_by_role("button", name="Oui, je m’abonne").click()
    expect(page.get_by_role("heading", name="Ce que vous recevez")).to_be_visible()
    expect(page.get_by_label("Accès aux soins")).to_be_checked()
    preferences = page.url
    if javascript:
        assert violations(page) == []
    assert overflow(page) == 0
    page.get_by_label("Les rappels").uncheck()
    page.get_by_role("button", name="Enregistrer mes choix").click()
    expect(page.get_by_text("vous ne recevrez plus les rappels")).to_be_visible()
    expect(page.get_by_label("Les rappels")).not_to_be_checked()
    page.goto(unsubscribe_link(site, email))
    expect(page.get_by_role("heading", name="Se désabonner")).to_be_visible()
    page.get_by_role("button", name="Me désabonner").click()
    expect(page.get_by_role("heading", name="C’est fait")).to_be_visible()
    page.get_by_role("link", name="Choisir plutôt ce que je reçois").click()
    expect(page.get_by_label("La lettre et les autres envois")).not_to_be_checked()
    page.goto(preferences)
    page.get_by_role("button", name="Effacer mes informations").click()
    expect(page.get_by_text("Cochez la case pour confirmer.").first).to_be_visible()
    page.get_by_label("Je confirme : effacez ce que vous savez de moi.").check()
    page.get_by_role("button", name="Effacer mes informations").click()
    expect(page.get_by_role("heading", name="Vos informations sont effacées")).to_be_visible()


def test_a_member_says_no_in_their_own_space(site, open_as):
    page = open_as(ADHERENT, width=390)
    page.goto("/espace/envois/")
    page.get_by_label("La lettre et les autres envois").uncheck()
    page.get_by_role("button", name="Enregistrer mes choix").click()
    expect(page.get_by_label("La lettre et les autres envois")).not_to_be_checked()
    page.get_by_label("La lettre et les autres envois").check()
    page.get_by_role("button", name="Enregistrer mes choix").click()
    expect(page.get_by_text("Vos choix sont enregistrés")).to_be_visible()


def test_the_coordination_finds_and_adds_a_partner_as_it_types(open_as):
    page = open_as(COORDINATOR)
    page.goto("/gestion/abonnes/partenaires/")
    page.get_by_role("searchbox").fill("modeleville")
    expect(page.locator("#resultats tbody tr")).to_have_count(1)
    page.get_by_role("button", name="Nouveau partenaire").click()
    page.get_by_label("Organisme").fill("Pharmacie d’exemple")
    page.get_by_role("button", name="Enregistrer").click()
    expect(page.get_by_text("Choisissez dans la liste ce qu’est ce partenaire.").first).to_be_visible()
    page.get_by_label("Type de partenaire").select_option("other")
    page.get_by_role("button", name="Enregistrer").click()
    expect(page.get_by_role("link", name="Pharmacie d’exemple")).to_be_visible()
