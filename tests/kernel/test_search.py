from datetime import date, datetime

import pytest
from hypothesis import HealthCheck, example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from cptsapp.kernel import registry, search, searchengine
from cptsapp.kernel.access import Visibility
from cptsapp.kernel.db import db, is_sqlite

PUBLIC = [Visibility.PUBLIC]


def add(id, title, body="", kind="news", visibility=Visibility.PUBLIC, at=None):
    return search.index(kind, id, title=title, body=body, url=f"/{kind}/{id}", visibility=visibility, at=at)


def found(q, visibilities=PUBLIC, **options):
    return [hit.id for hit in search.search(q, visibilities=visibilities, **options).hits]


@pytest.fixture
def documents(app):
    add("diabete", "Semaine du dépistage du diabète", "Quatorze points dans la Brie, à l’hôpital et en pharmacie.")
    add("coeur", "Cœur et prévention", "Un atelier à Tournan-en-Brie sur le diabète.")
    add("bureau", "Compte rendu du bureau", "Le diabète, encore.", visibility=Visibility.BUREAU)
    add("mentions", "Mentions légales", "Éditeur : l’association.", kind="page")


@pytest.mark.parametrize(
    ("q", "ids"),
    [
        ("diabète", ["diabete", "coeur"]),
        ("DIABETE", ["diabete", "coeur"]),
        ("coeur", ["coeur"]),
        ("cœur", ["coeur"]),
        ("l'hôpital", ["diabete"]),
        ("dep dia", ["diabete"]),
        ("tournan en brie", ["coeur"]),
        ("diabète inconnu", []),
        ("d", []),
        ("", []),
    ],
)
def test_accents_case_and_ends_of_words_do_not_matter(documents, q, ids):
    assert found(q) == ids


def test_a_word_in_the_title_comes_first(documents):
    assert found("diabète")[0] == "diabete"


def test_nobody_finds_what_they_may_not_read(documents):
    assert "bureau" not in found("diabète")
    assert "bureau" in found("diabète", [*PUBLIC, Visibility.BUREAU])
    assert found("diabète", []) == []


def test_a_search_may_be_kept_to_one_kind(documents):
    assert found("association", kinds=["page"]) == ["mentions"]
    assert found("association", kinds=["news"]) == found("association", kinds=[]) == []


def test_a_document_indexed_again_is_found_by_its_new_words_only(documents):
    assert add("coeur", "Sommeil", "Mieux dormir")
    assert found("cœur") == []
    assert found("dormir") == ["coeur"]
    assert not add("coeur", "Sommeil", "Mieux dormir")


def test_a_forgotten_document_is_found_no_more(documents):
    search.forget("news", "coeur")
    search.forget("news", "jamais-vu")
    assert found("cœur") == []


def test_what_is_erased_leaves_the_file(app, settings):
    if not is_sqlite():
        pytest.skip("PostgreSQL frees its pages by itself")
    add("secret", "Zanzibarine", "mot rarissimement écrit")
    search.forget("news", "secret")
    db.execute_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    data = (settings.instance / "cpts.db").read_bytes()
    assert b"zanzibarine" not in data.lower()
    assert b"rarissimement" not in data


def test_the_excerpt_shows_the_words_marked_and_everything_else_escaped(app):
    add("piege", "<b>Gras</b>", "<script>alert(1)</script> " + "mot " * 200 + "la Santé & le soin " + "fin " * 100)
    hit = search.search("sante", visibilities=PUBLIC).hits[0]
    assert "<mark>Santé</mark> &amp; le soin" in hit.excerpt
    assert hit.excerpt.startswith("… ")
    assert len(hit.excerpt) < 300
    assert "<script" not in search.search("alert", visibilities=PUBLIC).hits[0].excerpt
    assert hit.heading == "&lt;b&gt;Gras&lt;/b&gt;"


def test_a_wide_search_is_cut_at_a_thousand_and_gives_titles_then_the_latest(app, monkeypatch):
    monkeypatch.setattr(search, "MOST_RANKED", 5)
    for number in range(8):
        add(number, "Autre", "soin")
    add("titre", "Soin", "")
    add("dernier", "Autre", "soin")
    results = search.search("so", visibilities=PUBLIC, limit=3)
    assert (results.total, results.more) == (5, True)
    assert [hit.id for hit in results.hits] == ["titre", "dernier", "7"]
    assert found("so", limit=3, offset=2) == ["7", "6", "5"]


def test_pages_of_results_neither_overlap_nor_miss_any(app):
    for number in range(30):
        add(number, "Soin", "mot " * number)
    assert sorted(found("soin", limit=20) + found("soin", limit=20, offset=20), key=int) == [str(n) for n in range(30)]


WORDS = ["soin", "soins", "santé", "brie", "diabète"]
KINDS = ["news", "page", "event"]
READERS = [[Visibility.PUBLIC], [Visibility.PUBLIC, Visibility.ADHERENTS], list(Visibility)]


def written(number):
    """Write one of many documents; each kind is found more or less often, and some of it is not for everybody."""
    title = f"{WORDS[number % 3]} {number}"
    body = " ".join(WORDS[(number * step) % 5] for step in range(1, 2 + number % 4))
    add(number, title, body, KINDS[number * number % 7 % 3], list(Visibility)[number % 5 % 4])


def read_plainly(q, readers, kind):
    """Return the ids of the documents of a kind that a reader may read, and that have all the words asked."""
    asked = search.asked_words(q)
    rows = search.SearchDocument.select().where(search.SearchDocument.kind == kind)
    return {
        row.subject_id
        for row in rows
        if row.visibility in readers
        and all(any(word.startswith(each) for word in search.words_of(f"{row.title} {row.body}")) for each in asked)
    }


@pytest.mark.parametrize("most_ranked", [3, 12, 1_000])
def test_all_kinds_at_once_give_what_each_gives_alone_and_what_a_plain_reading_finds(app, monkeypatch, most_ranked):
    monkeypatch.setattr(search, "MOST_RANKED", most_ranked)
    for number in range(60):
        written(number)
    for q in ("soin", "so", "soi bri", "diab", "sante soins", "soin 4", "17", "rien", "s"):
        for readers in READERS:
            together = search.search_kinds(q, KINDS, visibilities=readers, limit=4)
            alone = {kind: search.search(q, kinds=[kind], visibilities=readers, limit=4) for kind in KINDS}
            assert together == {kind: results for kind, results in alone.items() if results.total}
            assert list(together) == [kind for kind in KINDS if kind in together]
            for kind in KINDS if search.asked_words(q) else ():
                plain = read_plainly(q, readers, kind)
                shown = together.get(kind, search.Results(0, []))
                assert (shown.total, shown.more) == (min(len(plain), most_ranked), len(plain) > most_ranked)
                assert {hit.id for hit in shown.hits} <= plain
                assert len(shown.hits) == min(4, len(plain))


def test_kinds_that_are_not_asked_nor_readers_who_may_read_nothing_find_anything(documents):
    assert list(search.search_kinds("association", ["news"], visibilities=PUBLIC, limit=4)) == []
    assert list(search.search_kinds("association", ["page"], visibilities=PUBLIC, limit=4)) == ["page"]
    assert search.search_kinds("association", [], visibilities=PUBLIC, limit=4) == {}
    assert search.search_kinds("association", ["page"], visibilities=[], limit=4) == {}


def test_no_two_kinds_have_the_same_number(app):
    kinds = {source.key for source in registry.search_sources}
    assert len(kinds) > 5
    assert len({searchengine.code_of(kind) for kind in kinds}) == len(kinds)


def test_a_day_or_a_moment_may_date_a_document(app):
    add("jour", "Jour", at=date(2026, 1, 2))
    add("heure", "Heure", at=datetime(2026, 1, 2, 3, 4))
    assert search.search("jour", visibilities=PUBLIC).hits[0].at == datetime(2026, 1, 2)
    assert search.search("heure", visibilities=PUBLIC).hits[0].at == datetime(2026, 1, 2, 3, 4)


def test_rebuilding_follows_the_sources(documents, monkeypatch):
    def rows():
        yield {"id": "neuf", "title": "Neuf", "body": "", "url": "/neuf", "visibility": "public", "at": None}

    monkeypatch.setattr(registry, "search_sources", [registry.Named("news", "Actualités", rows)])
    assert search.rebuild() == search.rebuild() == 1
    assert found("neuf") == ["neuf"]
    assert found("diabète") == found("mentions") == []


def test_what_is_hidden_or_shown_while_the_index_is_made_again_is_found_as_it_is(documents, monkeypatch):
    there = {"reste": "Reste", "part": "Part"}
    index = search.index

    def rows():
        for id, title in list(there.items()):
            yield {"id": id, "title": title, "body": "", "url": f"/{id}", "visibility": "public", "at": None}

    def then_changed(kind, id, **values):
        if there.pop("part", None):
            there["arrive"] = "Arrive"
            search.forget("news", "part")
        return index(kind, id, **values)

    monkeypatch.setattr(registry, "search_sources", [registry.Named("news", "Actualités", rows)])
    monkeypatch.setattr(search, "index", then_changed)
    assert search.rebuild() == 2
    assert found("part") == []
    assert found("reste") == ["reste"]
    assert found("arrive") == ["arrive"]


SIGNS = "ab\"'*()^:-+{}\\&|! NEAR\0ORAND\ud800"
SENTENCES = r"[a-z\"*]{1,5}( (OR|AND|NOT|NEAR) [a-z\"*(:]+)*"
queries = st.one_of(st.text(), st.text(alphabet=SIGNS), st.from_regex(SENTENCES))


@hypothesis_settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(q=queries)
def test_any_query_is_answered(documents, q):
    assert search.search(q, visibilities=PUBLIC).total >= 0


@hypothesis_settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(title=st.text(max_size=80), body=st.text(max_size=400))
@example(title="", body="0\x0001")
def test_any_text_can_be_indexed_and_found_by_its_first_word(app, title, body):
    add("x", title, body)
    for hit in search.search(" ".join(search.asked_words(body)[:1]), visibilities=PUBLIC).hits:
        assert hit.id == "x"
    if words := search.asked_words(body):
        assert found(words[0]) == ["x"]
