"""Sending a letter in a real browser: whom it is for, recounted at each choice, then each mail as it leaves."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import COORDINATOR


def recipients(page) -> int:
    return int(page.get_by_role("heading", name=re.compile(r"\d+ destinataires?$")).inner_text().split()[0])


def test_a_letter_is_tried_then_leaves_to_each_while_one_looks_on(open_as, site):
    page = open_as(COORDINATOR)
    page.goto("/gestion/envois/1/destinataires")
    everybody = recipients(page)
    page.get_by_label("Critère 1", exact=False).first.select_option(label="Tous les partenaires")
    expect(page.get_by_role("heading", name=re.compile(r"destinataires?$"))).not_to_contain_text(f"{everybody} ")
    chosen = recipients(page)
    assert 0 < chosen < everybody
    page.get_by_role("button", name="Garder et continuer").click()
    page.wait_for_url(re.compile(r"/envoyer$"))

    page.get_by_role("button", name="Envoyer l’essai").click()
    expect(page.locator("#essai .notice.ok")).to_be_focused()
    assert "[Essai]" in site.mails_to(COORDINATOR)[-1] or "L’essai" in page.locator("#essai").inner_text()

    page.get_by_role("button", name=re.compile(r"Envoyer maintenant à")).click()
    page.wait_for_url(re.compile(r"/gestion/envois/1$"))
    expect(page.locator("#progression h2").first).to_contain_text(f"{chosen} sur {chosen}")
    expect(page.locator("#progression")).to_contain_text("L’envoi s’est terminé")
    expect(page.locator("#progression")).not_to_have_attribute("hx-trigger", re.compile("."))
    assert len(site.mails_to("partenaire3@exemple.fr")) == 1


@pytest.mark.parametrize("width", [390])
def test_recipients_are_recounted_without_javascript(open_as, width):
    page = open_as(COORDINATOR, javascript=False, width=width)
    page.goto("/gestion/newsletters/")
    page.get_by_role("link", name=re.compile("Réunion publique")).first.click()
    page.get_by_role("link", name=re.compile("Choisir les destinataires|Destinataires")).or_(
        page.get_by_role("button", name=re.compile("Choisir les destinataires"))
    ).first.click()
    page.wait_for_url(re.compile(r"/destinataires$"))
    page.locator("select").last.select_option(label="Tous les partenaires")
    page.get_by_role("button", name="Recompter").click()
    assert recipients(page) > 0


RELAY = """
from datetime import timedelta
from cptsapp import create_app
from cptsapp.kernel import db
from cptsapp.kernel.mail.models import MailSender
create_app()
with db.connection():
    MailSender.delete().execute()
    if {held}:
        MailSender.create(id=1, pauses=1, paused_since=db.now(), paused_until=db.now() + timedelta(hours=1))
"""


def test_a_sending_that_is_paused_lets_nothing_leave_until_it_goes_on(open_as, site):
    page = open_as(COORDINATOR)
    page.goto("/gestion/newsletters/")
    page.get_by_role("link", name=re.compile("Réunion publique")).first.click()
    page.get_by_role("button", name=re.compile("Choisir les destinataires")).or_(
        page.get_by_role("link", name=re.compile("Choisir les destinataires|Destinataires"))
    ).first.click()
    page.wait_for_url(re.compile(r"/destinataires$"))
    page.locator("select").last.select_option(label="Tous les partenaires")
    page.get_by_role("button", name="Garder et continuer").click()
    page.wait_for_url(re.compile(r"/envoyer$"))
    site.run("-c", RELAY.format(held=True))  # the relay takes nothing for now: time to think again
    before = len(site.mails_to("partenaire3@exemple.fr"))
    page.get_by_role("button", name=re.compile(r"Envoyer maintenant à")).click()
    page.get_by_role("button", name="Mettre en pause").click()
    expect(page.locator("#progression")).to_contain_text("En pause")
    site.run("-c", RELAY.format(held=False))
    page.reload()
    page.wait_for_timeout(2500)
    expect(page.locator("#progression h2").first).to_contain_text(re.compile(r"\b0 sur"))
    assert len(site.mails_to("partenaire3@exemple.fr")) == before
    page.get_by_role("button", name="Reprendre").click()
    expect(page.locator("#progression")).to_contain_text("L’envoi s’est terminé")
    assert len(site.mails_to("partenaire3@exemple.fr")) == before + 1
