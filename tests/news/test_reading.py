import os
from datetime import timedelta

import pytest
from lxml import etree
from playhouse.test_utils import assert_query_count

from cptsapp.blueprints.news.models import ARTICLES
from cptsapp.blueprints.page.registrations import has_written
from cptsapp.kernel import registry
from cptsapp.kernel.dates import today
from cptsapp.kernel.db import now
from cptsapp.kernel.editing import typed_moment
from tests.conftest import text_of
from tests.postgresql import counts_what_is_kept


def in_hours(hours):
    return typed_moment(now() + timedelta(hours=hours))


def test_a_visitor_reads_a_published_article(client, article):
    answer = client.get("/actualites/depistage")
    text = text_of(answer.text)
    assert answer.status_code == 200
    assert "Dépistage du diabète" in text
    assert "Deux minutes." in text
    assert "Venez nombreux ." in text
    assert "Prévention" in text
    assert "<strong>nombreux</strong>" in answer.text


def test_the_list_shows_the_last_published_first(client, write):
    write("ancien", published_at="2024-01-05 09:00")
    write("recent", published_at="2025-01-05 09:00")
    page = client.get("/actualites/").text
    assert page.index("Recent") < page.index("Ancien")
    assert "2 articles" in text_of(page)


@pytest.mark.parametrize(
    "header",
    [
        {"state": "draft"},
        {"published_at": "2099-01-01 09:00"},
        {"visibility": "adherents"},
        {"visibility": "bureau"},
        {"visibility": "coordination"},
    ],
)
def test_what_a_visitor_may_not_read_is_a_missing_page_byte_for_byte(client, write, header):
    missing = client.get("/actualites/secret")
    write("secret", "Canari.", **header)
    hidden = client.get("/actualites/secret")
    assert (hidden.status_code, hidden.data) == (missing.status_code, missing.data)
    assert hidden.status_code == 404
    for path in ("/actualites/", "/actualites/flux.atom", "/", "/sitemap.xml", "/recherche?q=canari"):
        assert "Canari" not in client.get(path).text
        assert "/actualites/secret" not in client.get(path).text


def test_adherents_read_what_is_theirs_and_no_more(as_adherent, write):
    write("pour-nous", visibility="adherents")
    write("pour-le-bureau", visibility="bureau")
    assert as_adherent.get("/actualites/pour-nous").status_code == 200
    assert as_adherent.get("/actualites/pour-le-bureau").status_code == 404
    page = as_adherent.get("/actualites/").text
    assert "Pour nous" in page
    assert "Pour le bureau" not in page


def test_a_scheduled_article_appears_when_it_is_due_and_not_before(client, write, monkeypatch):
    write("demain", published_at=in_hours(24))
    assert client.get("/actualites/demain").status_code == 404
    later = now() + timedelta(hours=25)
    monkeypatch.setattr("cptsapp.kernel.publication.now", lambda: later)
    assert client.get("/actualites/demain").status_code == 200


def test_an_archived_article_keeps_its_address_and_leaves_the_lists(client, write):
    write("vieux", state="archived", published_at="2020-01-01 09:00")
    assert client.get("/actualites/vieux").status_code == 200
    assert "Vieux" not in client.get("/actualites/").text


def test_the_list_is_searched_by_words_without_accents(client, write):
    write("un", "La vaccination des nourrissons à Lésigny.")
    write("deux", "Autre chose.")
    page = text_of(client.get("/actualites/?q=LESIGNY+vaccin").text)
    assert "Un" in page
    assert "1 article" in page


def test_the_list_is_narrowed_by_theme_audience_and_year(client, write):
    write("un", theme="prevention", audience="population", published_at="2024-02-01 09:00")
    write("deux", theme="parcours", audience="professionnels", published_at="2025-02-01 09:00")
    write("trois", published_at="2025-03-01 09:00")

    def found(query):
        page = client.get(f"/actualites/{query}").text
        return [each for each in ("un", "deux", "trois") if f'href="/actualites/{each}"' in page]

    assert found("?theme=prevention") == ["un"]
    assert found("?pour=population") == ["un", "trois"]
    assert found("?annee=2025") == ["deux", "trois"]
    assert found("themes/parcours") == ["deux"]
    assert found("?theme=inconnu&pour=x&annee=abc&page=-3") == ["un", "deux", "trois"]
    assert client.get("/actualites/themes/inconnu").status_code == 404


def test_the_list_has_pages_that_keep_what_was_asked(client, write):
    for number in range(30):
        write(f"article-{number:02}", theme="prevention", published_at=f"2024-03-{number + 1:02} 09:00")
    page = client.get("/actualites/?theme=prevention").text
    assert "30 articles, page 1 sur 3" in text_of(page)
    assert 'href="/actualites/?theme=prevention&amp;page=3"' in page
    assert "page 3 sur 3" in text_of(client.get("/actualites/?theme=prevention&page=999").text)


@pytest.mark.parametrize("path", ["/actualites/?q=depistage", "/actualites/themes/prevention"])
def test_the_fragment_is_a_piece_of_the_page(client, article, path):
    whole, part = client.get(path).text, client.get(path, headers={"HX-Request": "true"}).text
    assert part.strip() in whole
    assert "<html" not in part


@counts_what_is_kept
def test_a_thousand_articles_are_listed_without_a_query_nor_a_file_read(client, write, settings, monkeypatch):
    folder = settings.content / "actualites"
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(1000):
        text = f"---\ntitle: Article {number}\nstate: published\npublished_at: 2024-01-01 09:00\n---\nTexte {number}.\n"
        (folder / f"article-{number}.md").write_text(text)
        os.utime(folder / f"article-{number}.md", (1_700_000_000, 1_700_000_000))  # a young file would be read again
    ARTICLES.refresh()
    client.get("/actualites/?page=2")
    monkeypatch.setattr("pathlib.Path.read_bytes", lambda self: pytest.fail(f"{self} was read"))
    with assert_query_count(0):
        assert client.get("/actualites/?q=texte&page=3").status_code == 200
    with assert_query_count(0):
        assert client.get("/actualites/article-5").status_code == 200


def test_the_feed_holds_public_articles_whole(client, article, write):
    write("reserve", visibility="adherents")
    write("etrange", "Un signe \x0b et \ufffe.", title="Œuvre & <balise>")
    answer = client.get("/actualites/flux.atom")
    feed = etree.fromstring(answer.data)
    names = {"a": "http://www.w3.org/2005/Atom"}
    assert answer.content_type.startswith("application/atom+xml")
    titles = sorted(feed.xpath("//a:entry/a:title/text()", namespaces=names))
    assert titles == ["Dépistage du diabète", "Œuvre & <balise>"]
    assert "nombreux" in answer.text
    ids = feed.xpath("//a:entry/a:id/text()", namespaces=names)
    assert all(each.startswith("http://127.0.0.1:8000/") for each in ids)


def test_an_empty_feed_is_still_a_feed(client):
    assert etree.fromstring(client.get("/actualites/flux.atom").data) is not None


def test_press_items_lead_to_the_newspaper(client, write):
    write("presse", press={"outlet": "Le Journal fictif", "date": "2025-10-14", "url": "https://journal.exemple.fr/a"})
    page = client.get("/actualites/presse").text
    assert "Paru dans Le Journal fictif le 14 octobre 2025" in text_of(page).replace("\u00a0", " ")
    assert 'href="https://journal.exemple.fr/a" rel="noopener noreferrer"' in page


def test_the_page_says_what_shares_and_robots_read(client, article):
    page = client.get("/actualites/depistage").text
    assert '<meta property="og:title" content="Dépistage du diabète">' in page
    assert '<meta property="og:type" content="article">' in page
    assert 'itemtype="https://schema.org/NewsArticle"' in page
    assert "<script>" not in page


def test_neighbours_and_related_articles_are_those_one_may_read(client, write):
    write("un", theme="prevention", published_at="2024-01-01 09:00")
    write("deux", theme="prevention", published_at="2024-01-02 09:00")
    write("cache", theme="prevention", published_at="2024-01-03 09:00", visibility="bureau")
    write("trois", theme="prevention", published_at="2024-01-04 09:00")
    page = client.get("/actualites/deux").text
    assert 'rel="prev" href="/actualites/un"' in page
    assert 'rel="next" href="/actualites/trois"' in page
    assert "cache" not in page.split("À lire aussi")[1]


def test_a_change_on_disk_shows_even_on_a_kept_page(client, article, write):
    client.get("/actualites/depistage")
    write("depistage", "Texte corrigé.", title="Dépistage")
    assert "Texte corrigé." in client.get("/actualites/depistage").text


def test_a_file_that_became_unreadable_leaves_its_last_good_version_online(client, article, settings):
    (settings.content / "actualites" / "depistage.md").write_text("---\ntitle: a: b\n---\n")
    ARTICLES.refresh()
    assert "nombreux" in client.get("/actualites/depistage").text


def test_the_home_page_shows_the_last_public_articles(client, article, write):
    write("reserve", visibility="adherents")
    page = client.get("/").text
    assert "Dépistage du diabète" in page
    assert "Reserve" not in page


def test_search_finds_an_article_and_forgets_it_when_it_goes(client, as_adherent, write, settings):
    write("un", "La télésurveillance.")
    write("deux", "La télésurveillance réservée.", visibility="adherents")
    assert "/actualites/un" in client.get("/recherche?q=telesurv").text
    assert "/actualites/deux" not in client.get("/recherche?q=telesurv").text
    assert "/actualites/deux" in as_adherent.get("/recherche?q=telesurv").text
    (settings.content / "actualites" / "un.md").unlink()
    ARTICLES.refresh()
    assert "/actualites/un" not in client.get("/recherche?q=telesurv").text


def test_an_image_has_the_readers_of_its_article(client, as_adherent, write, settings, png):
    images = settings.content / "images"
    images.mkdir(parents=True)
    (images / "photo.png").write_bytes(png)
    write("un", image="/images/photo.png", image_alt="Une photo", visibility="adherents")
    assert client.get("/images/photo.png").status_code == 404
    assert as_adherent.get("/images/photo.png").status_code == 200
    write("deux", image="/images/photo.png", image_alt="Une photo")
    assert client.get("/images/photo.png").status_code == 200
    assert 'alt="Une photo"' in client.get("/actualites/deux").text


def test_a_first_article_put_as_a_file_counts_among_the_first_steps(app, write):
    assert not has_written()
    write("premier")
    assert has_written()


def test_letters_find_the_articles_of_a_period(app, article, write):
    write("hier", published_at=typed_moment(now() - timedelta(days=40)))
    write("reserve", visibility="adherents", published_at=typed_moment(now() - timedelta(days=1)))
    for hidden in ({"visibility": "bureau"}, {"state": "draft"}, {"published_at": in_hours(2)}):
        write(f"cache-{next(iter(hidden))}", **hidden)
    source = next(each for each in registry.letter_sources if each.key == "news")
    found = list(source.call(today() - timedelta(days=30), today()))
    assert [(each.title, each.readers) for each in found] == [
        ("Dépistage du diabète", "public"),
        ("Reserve", "adherents"),
    ]
    assert (found[0].url, found[0].summary) == ("/actualites/depistage", "Deux minutes.")
