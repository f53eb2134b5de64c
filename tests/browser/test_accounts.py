"""Accounts, as people live them: a first login, a password, a telephone, a lost session, a shared computer."""

import re
from itertools import count

import pyotp
import pytest
from playwright.sync_api import expect

from tests.browser.conftest import COORDINATOR, PASSWORD, log_in

STRONG = "tilleul-barque-ocarina-52"
# What « cptsapp account create » does, for many people and one start of the application.
INVITE = """
from cptsapp import create_app
from cptsapp.blueprints.account import rules
from cptsapp.kernel.db import connection

with create_app().app_context(), connection():
    for number in range(1, 16):
        rules.invite(f"personne{number}@exemple.fr", by=None, name="Personne Inventée")
"""


@pytest.fixture(scope="module")
def invited(site):
    """The addresses of people who have just been invited, one after the other."""
    site.run("-c", INVITE)
    return (f"personne{number}@exemple.fr" for number in count(1))


@pytest.fixture
def newcomer(invited):
    """The address of somebody who has just been invited."""
    return next(invited)


@pytest.fixture
def member(site, open_page, newcomer):
    """The address of somebody whose account is open, with the password STRONG."""
    activate(site, open_page(), newcomer)
    return newcomer


def activate(site, page, email):
    page.goto(site.link_in_mail(email))
    page.get_by_label("Mot de passe", exact=True).fill(STRONG)
    page.get_by_role("button", name="Ouvrir mon compte").click()
    page.wait_for_url("**/espace/**")


def log_out(page):
    page.locator("header details.drop summary").last.click()
    page.get_by_role("button", name="Se déconnecter").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Vous êtes déconnecté")


def test_an_invited_person_opens_an_account_and_logs_in_by_password(site, open_page, newcomer):
    page, link = open_page(width=390), site.link_in_mail(newcomer)
    page.goto(link)
    expect(page.get_by_role("heading", level=1)).to_contain_text("Bienvenue, Personne Inventée")
    page.get_by_label("Mot de passe", exact=True).fill("azerty")
    page.get_by_role("button", name="Ouvrir mon compte").click()
    expect(page.locator("#password-erreur")).to_be_visible()
    page.get_by_label("Mot de passe", exact=True).fill(STRONG)
    page.get_by_role("button", name="Ouvrir mon compte").click()
    page.wait_for_url("**/espace/**")
    other = open_page(javascript=False)
    log_in(other, newcomer, STRONG)
    expect(other.get_by_role("heading", level=1)).to_contain_text("Bonjour")
    other.goto(link)
    expect(other.get_by_role("heading", level=1)).not_to_contain_text("Bienvenue")


def test_the_coordinator_invites_an_adherent_who_opens_the_account(site, open_as, open_page):
    desk, page = open_as(COORDINATOR), open_page()
    desk.goto("/gestion/personnes/?q=Capucine")
    desk.locator("tbody th a").first.click()
    desk.get_by_role("button", name="L’inviter à ouvrir un compte").click()
    desk.get_by_role("button", name="Envoyer l’invitation").click()
    expect(desk.locator(".flashes")).to_contain_text("L’invitation part")
    activate(site, page, "capucine.modele@exemple.fr")
    assert page.goto("/actualites/protocole-rhinite-allergique").status == 200
    assert page.goto("/gestion/").status == 403


def test_a_wrong_password_and_an_unknown_address_are_told_the_same(open_page, member):
    answers = []
    for email in (member, "personne.du.tout@exemple.fr"):
        page = open_page()
        page.goto("/connexion")
        page.get_by_label("Adresse e-mail").fill(email)
        page.get_by_label("Mot de passe", exact=True).fill("ce-n-est-pas-le-bon")
        page.get_by_role("button", name="Se connecter", exact=True).click()
        answers.append(page.locator("#erreurs").inner_text())
        expect(page.get_by_label("Adresse e-mail")).to_have_value(email)
    assert answers[0] == answers[1]


def test_a_second_factor_is_set_up_asked_and_replaced_by_a_recovery_code(open_page, member):
    page = open_page()
    log_in(page, member, STRONG)
    page.goto("/espace/compte/second-facteur")
    code = pyotp.TOTP(page.locator("#cle").text_content().replace(" ", ""))
    page.get_by_label("Code").fill("000000")
    page.get_by_role("button", name="Activer").click()
    expect(page.locator("#code-erreur")).to_be_visible()
    page.get_by_label("Code").fill(code.now())
    page.get_by_role("button", name="Activer").click()
    codes = page.locator("#codes").inner_text().split("\n")
    assert len(codes) == 10
    log_out(page)

    page.goto("/connexion")
    page.get_by_label("Adresse e-mail").fill(member)
    page.get_by_label("Mot de passe", exact=True).fill(STRONG)
    page.get_by_role("button", name="Se connecter", exact=True).click()
    page.wait_for_url("**/second-facteur**")
    assert open_page().goto("/espace/").url.endswith("/connexion?next=/espace/")
    for wrong_then_right in ("123456", codes[0]):
        page.get_by_label("Code").fill(wrong_then_right)
        page.get_by_role("button", name="Continuer").click()
    page.wait_for_url("**/espace/**")
    page.goto("/espace/compte")
    expect(page.locator("main")).to_contain_text("9 codes de secours restants")


def test_a_passkey_made_in_the_browser_replaces_the_code(site, open_page, member):
    page = open_page()
    tools = page.context.new_cdp_session(page)
    tools.send("WebAuthn.enable")
    device = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True}
    options = device | {"isUserVerified": True, "automaticPresenceSimulation": True}
    tools.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    here = site.address.replace("127.0.0.1", "localhost")  # a key belongs to a name, never to a number

    def log_in_here():
        page.goto(f"{here}/connexion")
        page.get_by_label("Adresse e-mail").fill(member)
        page.get_by_label("Mot de passe", exact=True).fill(STRONG)
        page.get_by_role("button", name="Se connecter", exact=True).click()

    log_in_here()
    page.wait_for_url("**/espace/**")
    page.goto(f"{here}/espace/compte/cles-d-acces")
    expect(page.locator("main")).to_contain_text("D’abord le second facteur")
    page.goto(f"{here}/espace/compte/second-facteur")
    code = pyotp.TOTP(page.locator("#cle").text_content().replace(" ", ""))
    page.get_by_label("Code").fill(code.now())
    page.get_by_role("button", name="Activer").click()
    page.goto(f"{here}/espace/compte/cles-d-acces")
    page.get_by_label("Nom de la clé").fill("Cet ordinateur")
    page.get_by_role("button", name="Ajouter la clé").click()
    expect(page.locator("main .plain-list")).to_contain_text("Cet ordinateur")
    page.get_by_label("Nom de la clé").fill("Encore lui")
    page.get_by_role("button", name="Ajouter la clé").click()
    expect(page.locator("[data-passkey-said]")).to_contain_text("déjà enregistré")
    log_out(page)

    log_in_here()
    page.get_by_role("button", name="Utiliser ma clé d’accès").click()
    page.wait_for_url("**/espace/**")
    page.goto(f"{here}/espace/compte/cles-d-acces")
    expect(page.locator("main .plain-list")).to_contain_text("servie")


def test_after_a_logout_the_back_button_shows_nothing_private(open_page, member):
    page = open_page()
    log_in(page, member, STRONG)
    page.goto("/espace/compte")
    log_out(page)
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_have_text("Connexion")
    assert member not in page.content()


def test_logging_out_everywhere_closes_every_browser(open_page, member):
    here, there = open_page(), open_page()
    log_in(here, member, STRONG)
    log_in(there, member, STRONG)
    here.goto("/espace/compte")
    expect(here.locator("li.menu-row")).to_have_count(3)
    here.locator("summary", has_text="Se déconnecter partout").click()
    here.locator("form").get_by_role("button", name="Se déconnecter partout").click()
    expect(here.get_by_role("heading", level=1)).to_contain_text(re.compile("déconnecté|Connexion"))
    there.goto("/espace/")
    expect(there.get_by_role("heading", level=1)).to_have_text("Connexion")


def test_a_session_that_ends_while_one_types_leads_to_the_login_page_and_back(open_page):
    page = open_page()
    log_in(page, COORDINATOR, PASSWORD)
    page.goto("/gestion/personnes/")
    page.context.clear_cookies()
    page.get_by_label("Rechercher").press_sequentially("Cap")
    page.wait_for_url("**/connexion**")
    expect(page.get_by_role("heading", level=1)).to_have_text("Connexion")
    expect(page.locator("main")).to_have_count(1)
    page.get_by_label("Adresse e-mail").fill(COORDINATOR)
    page.get_by_label("Mot de passe", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Se connecter", exact=True).click()
    page.wait_for_url("**/gestion/personnes/**")
    expect(page.get_by_role("heading", level=1)).to_have_text("Personnes")


def test_a_new_address_counts_once_it_is_confirmed(site, open_page, member):
    page, new = open_page(), f"nouvelle.{member}"
    log_in(page, member, STRONG)
    page.goto("/espace/compte/adresse")
    page.get_by_label("adresse", exact=False).last.fill(new)
    page.get_by_role("button", name="Recevoir le lien").click()
    expect(page.locator(".flashes")).to_contain_text("nouvelle adresse")
    page.goto("/espace/compte")
    expect(page.locator("main")).to_contain_text(f"En attente de confirmation : {new}")
    page.goto(site.link_in_mail(new))
    page.get_by_role("button", name="Confirmer cette adresse").click()
    log_in(open_page(), new, STRONG)
    assert f"s’ouvre désormais avec l’adresse {new}" in site.wait_for_mail(member, more_than=1)


def test_a_forgotten_password_is_replaced_by_a_mailed_link(site, open_page, member):
    page, already = open_page(javascript=False), len(site.mails_to(member))
    page.goto("/mot-de-passe-oublie")
    page.get_by_label("Adresse e-mail").fill(member)
    page.locator("main").get_by_role("button").first.click()
    page.goto(site.link_in_mail(member, more_than=already))
    page.get_by_label(re.compile("ot de passe"), exact=False).first.fill("girouette-lichen-pampa-31")
    page.locator("main form").get_by_role("button").last.click()
    page.wait_for_url(lambda url: "oublie" not in url)
    log_in(open_page(), member, "girouette-lichen-pampa-31")


def test_the_way_back_after_a_login_never_leaves_the_site(open_page, member):
    page = open_page()
    page.goto("/connexion?next=https://ailleurs.exemple.fr/")
    page.get_by_label("Adresse e-mail").fill(member)
    page.get_by_label("Mot de passe", exact=True).fill(STRONG)
    page.get_by_role("button", name="Se connecter", exact=True).click()
    page.wait_for_url("**/espace/**")
