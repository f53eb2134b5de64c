"""The archives: who reads what, at an address that stays; drafts are nowhere; readings are numbers."""

import re

import pytest
from lxml import etree
from peewee import OperationalError
from playhouse.test_utils import count_queries

from cptsapp.blueprints.newsletter import readings, rules
from cptsapp.blueprints.newsletter.contents import Block
from cptsapp.blueprints.newsletter.models import Issue, Kind
from cptsapp.kernel import counting
from cptsapp.kernel.db import db, revision
from tests.conftest import text_of
from tests.newsletter.conftest import heading
from tests.postgresql import counts_what_is_kept

ARCHIVES = "/lettre/archives/"
BROWSER = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"}


@pytest.fixture
def letters(make):
    """A public letter, one for adherents, one out of the archives, a message, a draft, a model."""
    given = {"preheader": "Le mois de {prenom}.", "editorial": "{bonjour},\n\nVoici le **mois**."}
    made = {
        "public": make(subject="Lettre publique", blocks=(heading("Agenda"), Block(title="Un mot")), out=True, **given),
        "adherents": make(subject="Lettre réservée", archive="adherents", out=True, days_ago=2, **given),
        "none": make(subject="Lettre cachée", archive="none", out=True, **given),
        "message": make(Kind.MESSAGE, subject="Message public", out=True, days_ago=1, **given),
        "draft": make(subject="Brouillon", **given),
    }
    make(Kind.MODEL, name="Modèle")
    return made


def test_a_visitor_reads_what_is_public_and_an_adherent_more(client, as_adherent, letters):
    found = re.findall(r"<h2><a href=\"[^\"]+\">([^<]+)</a>", client.get(ARCHIVES).text)
    assert found == ["Message public", "Lettre publique"]
    assert "Lettre réservée" in as_adherent.get(ARCHIVES).text
    page = client.get(letters["public"].url)
    assert "Bonjour," in text_of(page.text)
    assert "{" not in text_of(page.text).split("Bonjour")[1]
    assert "<strong>mois</strong>" in page.text
    assert "noindex" not in page.text
    assert 'property="og:title" content="Lettre publique"' in page.text
    assert 'content="Le mois de vous."' in page.text
    reserved = as_adherent.get(letters["adherents"].url)
    assert reserved.status_code == 200
    assert '<meta name="robots" content="noindex">' in reserved.text
    assert "style=" not in page.text
    for browser in (client, as_adherent):
        assert not re.search(r"desabonnement|preferences/", browser.get(letters["public"].url).text)


def test_what_is_not_for_one_is_a_missing_page_byte_for_byte(client, as_adherent, as_coordinator, letters):
    missing = client.get(f"{ARCHIVES}1999-01")
    for name in ("adherents", "none", "draft"):
        hidden = client.get(letters[name].url)
        assert (hidden.status_code, hidden.data) == (404, missing.data), name
    for browser in (as_adherent, as_coordinator):
        assert browser.get(letters["none"].url).status_code == 404
        assert browser.get(letters["draft"].url).status_code == 404
    assert all(name not in client.get(ARCHIVES).text for name in ("cachée", "Brouillon", "Modèle", "réservée"))


def test_an_address_stays_and_a_kept_page_follows_at_once(client, letters):
    letter = letters["public"]
    assert client.get(letter.url).status_code == 200
    rules.set_archive(letter.id, "adherents")
    assert client.get(letter.url).status_code == 404
    rules.set_archive(letter.id, "public")
    assert client.get(letter.url).status_code == 200
    rules.started(letters["draft"].id)
    assert client.get(letters["draft"].url).status_code == 200
    rules.reopened(letters["draft"].id)
    assert client.get(letters["draft"].url).status_code == 404


def test_the_list_is_searched_and_told_by_years(client, letters):
    assert "Lettre publique" in client.get(f"{ARCHIVES}?q=PUBLIQUE+lettre").text
    assert "Aucune lettre ne correspond" in client.get(f"{ARCHIVES}?q=zzzz").text
    assert "Aucune lettre ne correspond" in client.get(f"{ARCHIVES}?annee=1999").text
    whole = client.get(f"{ARCHIVES}?q=message").text
    part = client.get(f"{ARCHIVES}?q=message", headers={"HX-Request": "true"}).text
    assert part.strip() in whole
    assert "<html" not in part


def test_the_feed_and_the_sitemap_hold_public_letters_alone(client, letters, settings):
    feed = etree.fromstring(client.get(f"{ARCHIVES}flux.atom").data)
    space = {"a": "http://www.w3.org/2005/Atom"}
    assert feed.xpath("//a:entry/a:title/text()", namespaces=space) == ["Message public", "Lettre publique"]
    [content] = feed.xpath("//a:entry[2]/a:content/text()", namespaces=space)
    assert "Bonjour," in content
    assert "<h2>Agenda</h2>" in content
    addresses = re.findall(r"<loc>[^<]*?(/lettre/archives/[^<]*)</loc>", client.get("/sitemap.xml").text)
    assert sorted(addresses) == [ARCHIVES, letters["public"].url, letters["message"].url]


def test_readings_are_counted_once_sent_for_people_and_nobody_else(client, as_adherent, as_coordinator, letters):
    url, id = letters["public"].url, letters["public"].id
    for browser, headers, times in (
        (client, BROWSER, 3),  # the page is kept ready: it counts all the same
        (as_adherent, BROWSER, 1),
        (as_coordinator, BROWSER, 2),
        (client, {"User-Agent": "Googlebot/2.1"}, 2),
        (client, {"User-Agent": ""}, 1),
    ):
        for _ in range(times):
            assert browser.get(url, headers=headers).status_code == 200
    client.head(url, headers=BROWSER)
    client.get(letters["none"].url, headers=BROWSER)
    assert readings.by_issue([id, letters["none"].id]) == {id: 4}
    assert {each.name for each in db.get_columns("issue_reading")} == {"id", "issue_id", "day", "number"}


def test_a_busy_database_loses_one_figure_and_never_a_page(client, letters, monkeypatch, caplog):
    def busy(*what):
        raise OperationalError("database is locked")

    monkeypatch.setattr(readings, "count_at", busy)
    assert client.get(letters["public"].url, headers=BROWSER).status_code == 200
    assert "was not counted" in caplog.text
    counting.quietly(busy)


@counts_what_is_kept
def test_a_list_of_many_letters_costs_as_many_queries(client, make, letters):
    def cost():
        revision.bump()  # nothing is kept ready
        with count_queries() as counted:
            client.get(f"{ARCHIVES}?q={'a' * 70}")  # too long to be kept ready
            client.get(ARCHIVES)
        return counted.count

    cost()  # the search index follows the texts once
    first = cost()
    for rank in range(10):
        make(subject=f"Une lettre {rank}", out=True, days_ago=10 + rank)
    assert cost() == first
    assert Issue.archived(["public"]).count() == 12
