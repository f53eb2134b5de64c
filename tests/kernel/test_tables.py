import csv
import io
import re
from dataclasses import dataclass
from datetime import date, datetime

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from jinja2 import ChoiceLoader, DictLoader
from openpyxl import load_workbook
from playhouse.test_utils import assert_query_count
from werkzeug.datastructures import MultiDict

from cptsapp.kernel import journal
from cptsapp.kernel.access import access
from cptsapp.kernel.choices import Choice
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.journal import JournalEntry
from cptsapp.kernel.tables import Bulk, Cases, Column, DataTable, OneOf, Period


class Kind(Choice):
    PAGE = "page", "Page"
    NEWS = "news", "Actualité"


TEMPLATE = """{% extends layout %}{% from "_table.html" import table_filters, table_results %}
{% block content %}{{ table_filters(table) }}
{% block resultats %}{{ table_results(table) }}{% endblock %}{% endblock %}"""

ENTRIES = DataTable(
    "actes",
    Column("objet", "Objet", "subject_id", sort=JournalEntry.subject_id, link="show", sub="action"),
    Column("sorte", "Sorte", lambda e: Kind(e.subject_kind), sort=JournalEntry.subject_kind, badge=lambda e: "ok"),
    Column("date", "Le", "at", sort=JournalEntry.at),
    noun=("acte", "actes"),
    search=[JournalEntry.subject_id, JournalEntry.action],
    filters=[
        OneOf("sorte", "Sorte", JournalEntry.subject_kind, Kind),
        Cases("age", "Âge", {"vieux": ("Vieux", JournalEntry.at < datetime(2020, 1, 1))}),
        Period("fait", "Fait", JournalEntry.at),
    ],
    order="objet",
    bulk=[Bulk("oublier", "Oublier")],
    bulk_endpoint="bulk",
    export_endpoint="export",
    people=True,
)


@pytest.fixture
def entries(app):
    """Sixty acts, one a day from 1 January 2026; each third one is on a page."""
    journal.declare("test.done", "Fait")
    for number in range(60):
        JournalEntry.create(
            at=datetime(2026, 1, 1 + number // 2, 12),
            action="test.done",
            subject_kind="news" if number % 3 else "page",
            subject_id=f"objet {number:02}",
        )
    return JournalEntry.select().where(JournalEntry.action == "test.done")


@pytest.fixture
def site(app, entries):
    """The list served as a feature serves it."""
    app.jinja_loader = ChoiceLoader(
        [DictLoader({"liste.html": TEMPLATE, "_fragment.html": "{{ self[fragment]() }}"}), app.jinja_loader]
    )
    app.jinja_env.cache.clear()

    def bulk():
        action, keys = ENTRIES.selection(entries)
        return f"{action} {len(keys)} {ENTRIES.back('index')}"

    for rule, view, method in (
        ("/liste", lambda: ENTRIES.page("liste.html", entries), "GET"),
        ("/liste/export", lambda: ENTRIES.export(entries), "POST"),
        ("/liste/lot", bulk, "POST"),
        ("/liste/<int:id>", lambda id: "", "GET"),
    ):
        name = {"/liste": "index", "/liste/export": "export", "/liste/lot": "bulk"}.get(rule, "show")
        app.add_url_rule(rule, name, access("public")(view), methods=[method])
    return app.test_client()


def read(rows, table=ENTRIES, **asked):
    return table.read(rows, MultiDict(asked))


def names(view):
    return [row.subject_id for row in view.rows]


@pytest.fixture
def request_context(app, entries):
    with app.test_request_context("/liste"):
        app.preprocess_request()
        yield entries


def test_a_list_shows_its_first_page_in_its_own_order(request_context):
    view = read(request_context)
    assert names(view) == [f"objet {n:02}" for n in range(25)]
    assert (view.total, view.pages, view.first, view.last) == (60, 3, 1, 25)


def test_the_last_page_holds_what_is_left_and_a_page_too_far_is_the_last(request_context):
    assert (
        names(read(request_context, page="3"))
        == names(read(request_context, page="999"))
        == [f"objet {n}" for n in range(50, 60)]
    )


def test_sorting_the_other_way_keeps_an_order_that_pages_can_follow(request_context):
    view = read(request_context, tri="-sorte", par="100")
    assert [row.subject_kind for row in view.rows] == ["page"] * 20 + ["news"] * 40
    assert names(view)[:2] == ["objet 00", "objet 03"]


def test_words_are_searched_in_any_order_without_accents_or_case(request_context):
    assert names(read(request_context, q="07 OBJÉT")) == ["objet 07"]
    assert read(request_context, q="%").total == read(request_context, q="_").total == 0


def test_filters_narrow_together(request_context):
    assert read(request_context, sorte="page").total == 20
    assert read(request_context, sorte="page", fait_du="2026-01-01", fait_au="2026-01-02").total == 2
    assert read(request_context, age="vieux").total == 0


def test_a_day_is_a_day_in_paris(app):
    journal.declare("test.done", "Fait")
    JournalEntry.create(at=datetime(2026, 7, 1, 22, 30), action="test.done", subject_kind="news", subject_id="nuit")
    with app.test_request_context("/"):
        assert read(JournalEntry.select(), fait_du="2026-07-02", fait_au="2026-07-02").total == 1
        assert read(JournalEntry.select(), fait_au="2026-07-01").total == 0


def test_a_page_costs_two_queries_and_one_when_it_holds_all(request_context):
    with assert_query_count(2):
        read(request_context, q="objet")
    with assert_query_count(1):
        read(request_context, q="objet", sorte="page")


@dataclass
class Article:
    id: str
    title: str
    at: date | None
    theme: str


ARTICLES = DataTable(
    "articles",
    Column("titre", "Titre", "title", sort=True),
    Column("date", "Le", "at", sort=True),
    noun=("article", "articles"),
    search=["title", "theme"],
    filters=[OneOf("theme", "Thème", "theme", [("soin", "Soin"), ("sport", "Sport")]), Period("le", "Le", "at")],
    order="-date",
)
STORED = [
    Article("a", "Été et chaleur", date(2026, 6, 1), "soin"),
    Article("b", "Œdème", date(2026, 5, 1), "soin"),
    Article("c", "Brouillon", None, "sport"),
]


def test_rows_in_memory_are_searched_filtered_and_sorted_the_same_way(app):
    with app.test_request_context("/"):
        assert [a.id for a in read(STORED, ARTICLES).rows] == ["c", "a", "b"]
        assert [a.id for a in read(STORED, ARTICLES, tri="titre").rows] == ["c", "a", "b"]
        assert [a.id for a in read(STORED, ARTICLES, q="oedeme").rows] == ["b"]
        assert [a.id for a in read(STORED, ARTICLES, theme="sport").rows] == ["c"]
        assert [a.id for a in read(STORED, ARTICLES, le_du="2026-05-15").rows] == ["a"]


KEYS = ["q", "tri", "page", "par", "sorte", "age", "fait_du", "fait_au", "x"]
anything = st.one_of(
    st.text(max_size=200),
    st.sampled_from(["-1", "²", "9" * 30, "2026-02-30", "9999-12-31", "--objet", "\x00", "2026-W01-1", "'; DROP--"]),
)


@hypothesis_settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    asked=st.dictionaries(
        st.sampled_from(["q", "tri", "page", "par", "sorte", "age", "fait_du", "fait_au", "x"]), anything
    )
)
def test_any_address_is_answered(request_context, asked):
    view = read(request_context, **asked)
    assert len(view.rows) <= 100
    again = read(request_context, **{key: str(value) for key, value in view.parameters().items()})
    assert names(again) == names(view)
    ARTICLES.read(STORED, MultiDict(asked))


def test_the_part_for_htmx_is_a_piece_of_the_page_and_keeps_words_out_of_the_address(site):
    whole = site.get("/liste?q=objet&sorte=page").text
    part = site.get("/liste?q=objet&sorte=page", headers={"HX-Request": "true"})
    assert part.text.strip() in whole
    assert '<form id="filtres"' not in part.text
    assert part.headers["HX-Replace-Url"] == "/liste?sorte=page"


def test_a_row_is_headed_by_its_link_and_its_small_line(site, entries):
    html = site.get("/liste").text
    first = entries.order_by(JournalEntry.subject_id).get()
    assert f'<a href="/liste/{first.id}">objet 00</a><small>test.done</small>' in html
    assert '<span class="badge ok">Page</span>' in html
    assert 'aria-sort="ascending"' in html


def test_an_empty_last_cell_holds_nothing_not_even_a_space(site, request_context):
    subject = Column("objet", "Objet", "subject_id", sort=JournalEntry.subject_id)
    table = DataTable("essai", subject, Column("vide", "Vide", lambda e: ""), noun=("acte", "actes"), order="objet")
    body = read(request_context, table).body()
    assert "<td data-label=Vide><tr>" in body
    assert body.endswith("<td data-label=Vide>")
    assert re.search(r"\S</tbody>", site.get("/liste").text)


def test_text_is_escaped_wherever_it_is_shown(site):
    JournalEntry.create(action="test.done", subject_kind="news", subject_id="<b onclick=x>0")
    html = site.get('/liste?q="><script>').text + site.get("/liste").text
    assert "<script>" not in html
    assert "<b onclick" not in html


def test_an_empty_answer_offers_to_clear_the_filters(site):
    assert "Rien ne correspond" in site.get("/liste?q=introuvable").text


def test_an_empty_list_offers_what_fills_it_to_whoever_may(as_coordinator, as_bureau):
    page = as_coordinator.get("/gestion/newsletters/").text
    assert '<a role="button" href="/gestion/newsletters/nouvelle">Commencer la première lettre</a>' in page
    assert "Commencer la première lettre" not in as_bureau.get("/gestion/newsletters/").text
    assert "Commencer la première lettre" not in as_coordinator.get("/gestion/newsletters/?q=zzzz").text


def lines_of(response):
    return list(csv.reader(io.StringIO(response.data.decode("utf-8-sig")), delimiter=";"))


def test_the_export_holds_what_is_filtered_with_the_columns_chosen(site):
    response = site.post("/liste/export", data={"sorte": "page", "colonne": ["objet", "date"], "format": "csv"})
    lines = lines_of(response)
    assert response.data.startswith(b"\xef\xbb\xbf")
    assert lines[0] == ["Objet", "Le"]
    assert len(lines) == 21
    assert lines[1] == ["objet 00", "01/01/2026 13:00"]
    assert "attachment" in response.headers["Content-Disposition"]


def test_an_export_is_written_in_the_journal(site):
    site.post("/liste/export", data={"sorte": "page", "q": "objet"}).get_data()
    entry = JournalEntry.get(JournalEntry.action == "list.exported")
    assert (entry.subject_id, entry.detail["rows"]) == ("actes", 20)
    assert "objet 0" not in entry.detail_json


@pytest.mark.parametrize("formula", ["=1+1", "+33", "-2", "@A1", "\t=1", "  =1+1", "\r=1"])
def test_a_formula_reaches_neither_file(site, formula):
    JournalEntry.create(action="test.done", subject_kind="news", subject_id=formula)
    lines = lines_of(site.post("/liste/export", data={"fait_du": "2026-02-15"}))
    assert lines[1][0].startswith("'")
    file = site.post("/liste/export", data={"fait_du": "2026-02-15", "format": "xlsx"})
    cell = load_workbook(io.BytesIO(file.data)).active["A2"]
    assert cell.data_type == "s"


def test_a_workbook_takes_characters_that_xml_refuses(site):
    JournalEntry.create(action="test.done", subject_kind="news", subject_id="a\x0bb")
    file = site.post("/liste/export", data={"fait_du": "2026-02-15", "format": "xlsx"})
    assert load_workbook(io.BytesIO(file.data)).active["A2"].value == "ab"


def test_a_bulk_action_touches_only_what_is_ticked_and_allowed(site, entries):
    chosen = [str(entry.id) for entry in entries.limit(3)]
    foreign = JournalEntry.create(action="other", subject_kind="news", subject_id="ailleurs")
    answer = site.post("/liste/lot", data={"action": "oublier", "id": [*chosen, str(foreign.id), "x"], "q": "objet"})
    assert answer.text == "oublier 3 /liste"


def test_a_bulk_action_may_take_the_whole_filtered_list(site):
    answer = site.post("/liste/lot", data={"action": "oublier", "tout": "1", "sorte": "page"})
    assert answer.text == "oublier 20 /liste?sorte=page"


@pytest.mark.parametrize("posted", [{"action": "oublier"}, {"action": "autre", "tout": "1"}, {}])
def test_a_bulk_action_on_nothing_is_refused_in_words(app, request_context, posted):
    with app.test_request_context("/liste/lot", method="POST", data=posted), pytest.raises(RuleError):
        ENTRIES.selection(request_context)


def test_a_table_that_could_not_be_sorted_stops_the_start():
    with pytest.raises(ValueError, match="order"):
        DataTable("x", Column("a", "A", "a"), noun=("x", "x"), order="a")
