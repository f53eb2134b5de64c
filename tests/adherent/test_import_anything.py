"""Whatever people send to the import: a clear report or a clear refusal, never a failure, never half an import."""

import csv
import io
import threading
import zipfile
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from cptsapp.blueprints.adherent import cells
from cptsapp.blueprints.adherent.models import Membership, Practice, Year
from cptsapp.blueprints.person.models import Person
from cptsapp.blueprints.territory import reference
from cptsapp.kernel.db import connection, db
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.importing import Doubt, Import, State, reading, runs
from cptsapp.kernel.text import fold

QUICK = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
HEADS = ["Nom", "Prénom", "Ville", "E-mail", "Tél", "RPPS", "Profession", "Type", "Date d’adhésion", "Collège", "Rôle"]
FAMILY = ["ALBERTI", "Coste", "d'Exemple", "Camille", "Ōe", "=1+1", ""]
CELL = st.one_of(
    st.sampled_from(["", "Camille", "ALBERTI", "savigny le temple", "St Maur", "a@exemple.fr", "A@EXEMPLE.FR", "@",
                     "01 99 00 10 01", "10001234562", "31/12/2024", "2024-02-30", "structure", "Taxi", "Infirmière",
                     "=cmd|' /C calc'!A0", "\u202eabc", "é" * 300]),
    st.text(max_size=30),
)  # fmt: skip
ROWS = st.lists(st.lists(CELL, min_size=len(HEADS), max_size=len(HEADS)), max_size=12)


def carried(data, name="liste.csv", doubt=Doubt.KEEP):
    """Send, preview and confirm; return the run, or None when the file is refused."""
    try:
        run = runs.start("adherents", name, data)
    except RuleError:
        return None
    runs.carry_on(run.id)
    run = Import.get_by_id(run.id)
    if run.state != State.READY:
        assert run.state == State.COLUMNS
        return run
    return runs.confirm(run.id, doubt, here=True)


def as_csv(rows, head=HEADS):
    out = io.StringIO()
    csv.writer(out, delimiter=";").writerows([head, *rows])
    return out.getvalue().encode("utf-8", "replace")


def everything():
    return [sorted(map(repr, model.select().tuples())) for model in (Person, Practice, Membership, Year)]


@QUICK
@given(st.one_of(st.binary(max_size=400), st.text(max_size=400).map(lambda text: text.encode("utf-8", "replace"))))
@example(b"")
@example(b"PK\x03\x04")
@example(b"\xff\xfeN\x00o\x00m\x00\n\x00A\x00")
@example(b'Nom;Pr\xe9nom\n"Alberti;Camille\n')
@example(b"Nom\n" + b"x" * 200_000)
@example(b"\xd0\xcf\x11\xe0")
def test_any_bytes_give_a_report_or_a_refusal(app, data):
    carried(data)


@QUICK
@given(ROWS)
def test_any_rows_are_all_accounted_for_and_a_second_time_creates_nothing(app, rows):
    data = as_csv(rows)
    run = carried(data)
    if run is None:
        return
    assert run.state == State.DONE
    assert sum(run.counts.values()) == run.rows
    people = Person.select().count()
    again = carried(data)
    assert again.state == State.DONE
    assert Person.select().count() == people
    assert again.summary["written"]["created"] == again.summary["written"]["updated"] == 0


@QUICK
@given(ROWS, ROWS)
def test_undoing_brings_everything_back(app, first, second):
    carried(as_csv(first))
    before = everything()
    run = carried(as_csv(second))
    if run is not None and run.state == State.DONE:
        runs.undo(run.id)
        assert everything() == before


@QUICK
@given(st.text(max_size=40))
def test_no_cell_makes_a_reader_fail(text):
    for read in (cells.name, cells.phone, cells.profession, cells.split_name, cells.member_type):
        read(text)
    for read in (cells.email, lambda t: cells.number(t, 11)):
        with suppress(cells.Unreadable):
            read(text)


@QUICK
@given(st.sampled_from(["77445", "94068", "77053", "77217", "13055"]), st.data())
def test_a_commune_is_found_in_any_spelling(insee, data):
    name = reference.place(insee).name
    written = data.draw(st.sampled_from([name.upper(), name.lower(), fold(name), name.replace("-", " "), f" {name} "]))
    written = data.draw(st.sampled_from([written, written.replace("Saint", "St").replace("saint", "st")]))
    assert [place.insee for place in reference.named_exactly(written)] == [insee]


@QUICK
@given(st.text(min_size=1, max_size=20))
def test_folding_a_name_twice_changes_nothing(text):
    assert fold(fold(text)) == fold(text)
    assert fold(text.upper()) == fold(text.upper().lower()) or not text.isascii()


def zipped(**members):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "/"), content)
    return out.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        zipped(a=b"\0" * 50_000_000),
        zipped(
            **{"[Content_Types].xml": "<Types/>", "xl__workbook.xml": "<a", "xl__sharedStrings.xml": "x" * 41_000_000}
        ),
        zipped(**{"[Content_Types].xml": "<Types/>", "xl__workbook.xml": "<a/>"}),
        zipped(readme="bonjour"),
    ],
)
def test_archives_that_are_no_workbook_or_too_heavy_are_refused(app, data):
    with pytest.raises(RuleError):
        runs.start("adherents", "liste.xlsx", data)
    assert Import.select().count() == 0


def test_a_table_too_long_is_refused_and_leaves_nothing(app, monkeypatch):
    monkeypatch.setattr(reading, "MOST_ROWS", 3)
    with pytest.raises(RuleError, match="Coupez-le"):
        runs.start("adherents", "l.csv", as_csv([["A", str(n), *[""] * 9] for n in range(9)]))
    assert Import.select().count() == 0


def test_a_workbook_with_many_empty_columns_and_rows_is_read(app):
    book, out = Workbook(), io.BytesIO()
    sheet = book.active
    sheet["A1"], sheet["B1"], sheet["A300"], sheet["B300"] = "Nom", "Prénom", "Alberti", "Camille"
    sheet["XFD1"] = "loin"
    book.save(out)
    run = carried(out.getvalue(), "l.xlsx")
    assert run.summary["written"]["created"] == 1


def test_two_people_importing_the_same_list_at_once_make_one_list(app):
    data = as_csv([[f"Nom{chr(97 + n)}", "Camille", "Melun", *[""] * 8] for n in range(20)])
    ready = [runs.start("adherents", "l.csv", data).id for _ in range(2)]
    for id in ready:
        runs.carry_on(id)
    start, failures = threading.Barrier(2), []

    def confirm(id):
        try:
            with app.app_context(), connection():
                start.wait()
                runs.confirm(id, here=True)
        except Exception as error:
            failures.append(error)

    db.close()
    threads = [threading.Thread(target=confirm, args=(id,)) for id in ready]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    db.connect(reuse_if_open=True)
    assert failures == []
    assert Person.select().count() == Membership.select().count() == 20
    assert sorted(Import.get_by_id(id).state for id in ready) == [State.DONE, State.READY]


def test_one_confirmation_sent_twice_writes_once(app):
    run = runs.start("adherents", "l.csv", as_csv([["Alberti", "Camille", "Melun", *[""] * 8]]))
    runs.carry_on(run.id)
    runs.confirm(run.id)
    with pytest.raises(RuleError, match="Rechargez"):
        runs.confirm(run.id)
    assert Person.select().count() == 1
