"""A visitor, on a phone or a computer, with or without JavaScript: reads, searches, writes to the association."""

import re
import urllib.request
from xml.etree import ElementTree

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import COORDINATOR

INBOX = "bonjour@exemple.fr"
ATOM = "{http://www.w3.org/2005/Atom}"
MOST_TRIES = 40


def test_a_visitor_reads_an_article_from_the_home_page(page):
    page.goto("/")
    article = page.locator("main article h3 a[href^='/actualites/']").first
    title = article.inner_text()
    article.click()
    expect(page.get_by_role("heading", level=1)).to_have_text(title)
    expect(page.locator(".prose")).not_to_be_empty()
    assert page.context.cookies() == []


def test_a_visitor_opens_a_page_from_the_menu_of_a_phone(open_page):
    page = open_page(width=390)
    page.goto("/")
    page.locator(".phone-menu summary").click()
    page.locator(".phone-menu").get_by_role("link", name="Où consulter").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Où consulter")


def test_results_come_as_one_types_and_the_address_keeps_them(page):
    page.goto("/recherche")
    page.get_by_label("Que cherchez-vous").press_sequentially("diabete")
    expect(page.locator("#resultats")).to_contain_text("Semaine du dépistage du diabète")
    expect(page.locator("#resultats mark").first).to_have_text(re.compile("diabète", re.IGNORECASE))
    expect(page).to_have_url(re.compile(r"\?q=diabete$"))
    expect(page.get_by_label("Que cherchez-vous")).to_be_focused()
    page.reload()
    expect(page.locator("#resultats")).to_contain_text("Semaine du dépistage du diabète")


def test_a_visitor_searches_without_javascript(open_page):
    page = open_page(javascript=False)
    page.goto("/")
    page.get_by_role("link", name="Rechercher").first.click()
    page.get_by_label("Que cherchez-vous").fill("chutes")
    page.get_by_role("button", name="Rechercher").click()
    page.locator("#resultats").get_by_role("link", name=re.compile("Prévenir les chutes")).first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Prévenir les chutes")


def test_search_never_shows_what_is_kept_for_adherents(page):
    page.goto("/recherche?q=rhinite")
    expect(page.locator("main")).not_to_contain_text("Protocole rhinite")


def test_the_list_of_news_is_filtered_as_one_chooses(page):
    page.goto("/actualites/")
    page.get_by_label("Thème", exact=True).select_option(label="Attractivité")
    expect(page).to_have_url(re.compile("theme="))
    expect(page.locator("#resultats article")).to_have_count(1)
    page.goto("/actualites/?q=zzzzzz")
    page.locator("#resultats").get_by_role("button", name="Toutes les actualités").click()
    expect(page.locator("#resultats article").first).to_be_visible()


@pytest.mark.parametrize("javascript", [True, False])
def test_a_refused_message_keeps_its_words_and_the_next_try_reaches_the_association(site, open_page, javascript):
    page, already = open_page(width=390, javascript=javascript), len(site.mails_to(INBOX))
    page.goto("/contact")
    page.get_by_label("Votre message").fill("Bonjour, à quelle heure a lieu la prochaine réunion ?")
    page.get_by_label("Votre adresse e-mail").fill("pas-une-adresse")
    page.get_by_role("button", name="Envoyer le message").click()
    expect(page.locator("#erreurs")).to_be_visible()
    if javascript:
        expect(page.locator("#erreurs")).to_be_focused()
    expect(page.locator("#email-erreur")).to_be_visible()
    expect(page.get_by_label("Votre message")).to_have_value(re.compile("à quelle heure"))
    page.get_by_label("Votre nom").fill("Alix Fictif")
    page.get_by_label("Votre adresse e-mail").fill("alix.fictif@exemple.fr")
    page.get_by_label("Vous écrivez parce que").select_option(index=1)
    page.get_by_label("Objet").fill("La prochaine réunion")
    send_until_accepted(page)
    expect(page.get_by_role("heading", level=1)).to_contain_text(re.compile("merci|reçu|envoyé", re.IGNORECASE))
    assert "prochaine réunion" in site.wait_for_mail(INBOX, more_than=already)


def send_until_accepted(page):
    """Send again as long as the form says that it came too fast, which only robots do."""
    for _ in range(MOST_TRIES):
        with page.expect_response(lambda answer: answer.request.method == "POST") as answered:
            page.get_by_role("button", name="Envoyer le message").click()
        if answered.value.status != 422:
            page.wait_for_url("**/contact/merci")
            return
        expect(page.locator("#erreurs")).to_contain_text("très vite")
        page.wait_for_timeout(200)  # the wait that the sentence asks for
    raise AssertionError("the message was never accepted")


def test_the_coordinator_finds_the_message_and_handles_it(open_as):
    page = open_as(COORDINATOR)
    page.goto("/gestion/messages/")
    page.locator("tbody th a").first.click()
    page.wait_for_url(re.compile(r"/messages/\d+$"))
    page.get_by_role("button", name="Marquer comme traité").click()
    expect(page.locator(".flashes")).to_contain_text("traité")


def test_a_deed_without_any_ticked_line_leads_back_to_the_list(open_as):
    page = open_as(COORDINATOR, javascript=False)
    page.goto("/gestion/messages/?q=a")
    page.locator("form.bulk button").first.click()
    expect(page.locator("main")).to_contain_text("Cochez au moins une ligne")
    page.get_by_role("button", name="Revenir à la page précédente").click()
    expect(page).to_have_url(re.compile(r"/gestion/messages/\?q=a$"))


def test_a_lost_visitor_is_offered_a_way_on(page):
    answer = page.goto("/une-adresse-qui-n-existe-pas")
    assert answer.status == 404
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.locator("main").get_by_role("button", name="Aller à l’accueil").click()
    expect(page).to_have_url(re.compile("/$"))


def test_the_feed_gives_the_public_news_and_nothing_else(site):
    feed = ElementTree.fromstring(urllib.request.urlopen(site.address + "/actualites/flux.atom").read())
    titles = [entry.findtext(f"{ATOM}title") for entry in feed.iter(f"{ATOM}entry")]
    assert any("Prévenir les chutes" in title for title in titles)
    assert not any("rhinite" in title for title in titles)
    links = [entry.find(f"{ATOM}link").get("href") for entry in feed.iter(f"{ATOM}entry")]
    assert all(link.startswith(site.address) for link in links)


def test_robots_and_the_map_of_the_site_lead_to_its_pages(site):
    robots = urllib.request.urlopen(site.address + "/robots.txt").read().decode()
    assert f"Sitemap: {site.address}/sitemap.xml" in robots
    sitemap = urllib.request.urlopen(site.address + "/sitemap.xml").read().decode()
    assert f"{site.address}/actualites/prevenir-les-chutes" in sitemap
    assert "rhinite" not in sitemap
