import json
import re
from datetime import date
from urllib.parse import quote
from xml.etree import ElementTree

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from cptsapp.blueprints.association.models import Association
from cptsapp.blueprints.site import rules
from cptsapp.kernel import jobs, registry, search
from cptsapp.kernel.access import Visibility
from cptsapp.kernel.db import now, revision


@pytest.fixture
def documents(app, monkeypatch):
    sources = [registry.Named(kind, label, list) for kind, label in (("news", "Actualités"), ("page", "Pages"))]
    monkeypatch.setattr(registry, "search_sources", sources)
    for number in range(30):
        add("news", number, f"Dépistage {number}", "Une campagne dans la Brie.")
    add("page", "missions", "Nos missions", "Le dépistage & la <prévention>.")
    add("page", "bureau", "Dépistage confidentiel", "", Visibility.BUREAU)
    add("page", "adherents", "Dépistage entre nous", "", Visibility.ADHERENTS)


def add(kind, id, title, body, visibility=Visibility.PUBLIC):
    search.index(kind, id, title=title, body=body, url=f"/{kind}/{id}", visibility=visibility, at=date(2026, 3, 2))


def test_results_are_grouped_by_kind_with_the_words_marked(client, documents):
    html = client.get("/recherche?q=depist").text
    assert "Actualités : 30, Pages : 1." in html
    assert 'href="/page/missions"' in html
    assert "<mark>dépistage</mark> &amp; la &lt;prévention&gt;" in html
    assert "Voir les 30 résultats" in html


def test_one_kind_is_read_page_by_page(client, documents):
    first = client.get("/recherche?q=depistage&type=news").text
    second = client.get("/recherche?q=depistage&type=news&page=2").text
    assert len(re.findall(r'href="/news/\d+"', first)) == 20
    assert len(re.findall(r'href="/news/\d+"', second)) == 10
    assert 'rel="next"' in first


@pytest.mark.parametrize(
    ("who", "seen", "unseen"),
    [
        ("client", [], ["entre nous", "confidentiel"]),
        ("as_adherent", ["entre nous"], ["confidentiel"]),
        ("as_bureau", ["entre nous", "confidentiel"], []),
        ("as_admin", [], ["entre nous", "confidentiel"]),
    ],
)
def test_everyone_finds_what_they_may_read_and_nothing_else(request, documents, who, seen, unseen):
    html = request.getfixturevalue(who).get("/recherche?q=depistage&type=page").text
    assert all(words in html for words in seen)
    assert not any(words in html for words in unseen)


def test_an_empty_search_helps_and_a_vain_one_offers_a_way_on(client, documents):
    assert "au moins deux lettres" in client.get("/recherche").text
    assert "au moins deux lettres" in client.get("/recherche?q=d").text
    vain = client.get("/recherche?q=introuvable").text
    assert "Rien ne correspond" in vain
    assert 'href="/contact"' in vain


def test_the_part_is_a_piece_of_the_page(client, documents):
    for path in ("/recherche?q=depistage", "/recherche?q=depistage&type=news", "/recherche?q=zz", "/recherche"):
        part = client.get(path, headers={"HX-Request": "true"}).text
        assert part.strip() in client.get(path).text
        assert "<html" not in part


TYPED = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)


@hypothesis_settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    q=st.text(st.characters(exclude_categories=["Cs"])),
    kind=st.sampled_from(["", "news", "x"]),
    page=st.text(max_size=5),
)
def test_any_search_is_answered(client, documents, q, kind, page):
    page = page.encode("utf-8", "ignore").decode()
    assert client.get(f"/recherche?q={quote(q)}&type={kind}&page={quote(page)}").status_code == 200


def test_robots_are_kept_out_of_what_is_not_for_them(client):
    text = client.get("/robots.txt").text
    assert "Disallow: /gestion/" in text
    assert "Sitemap: http://127.0.0.1:8000/sitemap.xml" in text


def test_robots_see_nothing_of_a_site_that_is_not_online(client):
    Association.create(id=1, name="CPTS")
    revision.bump()
    assert "Disallow: /\n" in client.get("/robots.txt").text


def test_the_sitemap_lists_each_public_address_once(client, monkeypatch):
    sources = [lambda: [("/", None), ("/a&b", date(2026, 1, 2))], lambda: [("/", None)]]
    monkeypatch.setattr(registry, "sitemap_sources", sources)
    answer = client.get("/sitemap.xml")
    space = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
    assert answer.mimetype == "application/xml"
    assert [each.text for each in ElementTree.fromstring(answer.text).iter(f"{space}loc")] == [
        "http://127.0.0.1:8000/",
        "http://127.0.0.1:8000/a&b",
    ]
    assert "<lastmod>2026-01-02</lastmod>" in answer.text


def test_a_weakness_can_be_told_to_someone(client):
    assert client.get("/.well-known/security.txt").status_code == 404
    Association.create(id=1, name="CPTS", email="contact@exemple.fr", online_at=now())
    revision.bump()
    assert "Contact: mailto:contact@exemple.fr" in client.get("/.well-known/security.txt").text


def test_the_instance_is_well_when_the_database_and_the_worker_are(client):
    assert client.get("/healthz").status_code == 503
    jobs.beat("worker")
    answer = client.get("/healthz")
    assert answer.status_code == 200
    assert json.loads(answer.text) == {
        "status": "ok",
        "database": True,
        "worker": True,
        "backup": None,
        "backup_is_recent": True,
    }
    assert "Set-Cookie" not in answer.headers


def test_looking_as_another_hides_what_they_do_not_see_and_ends_when_asked(as_coordinator, documents):
    path = "/recherche?q=depistage&type=page"
    assert "confidentiel" in as_coordinator.get(path).text
    assert as_coordinator.post("/gestion/voir-comme", data={"as": "adherent"}).location == "/espace/"
    html = as_coordinator.get(path).text
    assert "entre nous" in html
    assert "confidentiel" not in html
    as_coordinator.post("/gestion/voir-comme", data={"as": "visitor"})
    assert "entre nous" not in as_coordinator.get(path).text
    assert as_coordinator.get("/gestion/voir-comme").status_code == 200
    as_coordinator.post("/gestion/voir-comme", data={"as": ""})
    assert "confidentiel" in as_coordinator.get(path).text


@pytest.mark.parametrize("chosen", ["admin", "coordination", "", "x"])
def test_nobody_becomes_more_than_they_are_by_looking_as_another(as_bureau, chosen):
    as_bureau.post("/gestion/voir-comme", data={"as": chosen})
    assert as_bureau.get("/gestion/messages/").status_code == 403


def test_an_adherent_has_no_other_view(as_adherent):
    assert as_adherent.post("/gestion/voir-comme", data={"as": "visitor"}).status_code == 403


def test_the_index_is_rebuilt_by_a_command(app, documents):
    answer = app.test_cli_runner().invoke(args=["search", "rebuild"])
    assert answer.exit_code == 0
    assert "0 documents" in answer.output
    assert rules.find("depistage", list(Visibility)) == []
