"""What is kept of the database is never older than the database; what is spelled once is what peewee would write."""

import threading
from datetime import date, datetime, timedelta

import pytest
from peewee import JOIN, Context, fn
from playhouse.test_utils import count_queries

from cptsapp.blueprints.account.models import Account
from cptsapp.blueprints.adherent.models import Membership, Practice
from cptsapp.blueprints.person import rules as people
from cptsapp.blueprints.person.models import Kind, Person
from cptsapp.kernel import db as database
from cptsapp.kernel import pieces
from cptsapp.kernel.db import db, tables
from cptsapp.kernel.kept import kept, once
from cptsapp.kernel.prepared import Counted, count, prepared
from tests.postgresql import counts_what_is_kept, elsewhere


def person(name="Fictif"):
    return people.create(kind=Kind.PERSON, given_name="Camille", family_name=name, email="", phone="", note="")


@pytest.fixture
def names(app):
    """A kept reading of the names, which counts how often it is really made."""

    def read(prefix):
        read.calls += 1
        return [
            name for (name,) in Person.select(Person.family_name).where(Person.family_name ** f"{prefix}%").tuples()
        ]

    read.calls = 0
    answer = kept(read)
    answer.made = lambda: read.calls
    return answer


@counts_what_is_kept
def test_a_reading_is_made_again_after_any_write_and_only_then(names):
    assert names("Alb") == names("Alb") == []
    assert names.made() == 1
    someone = person("Alberti")
    assert names("Alb") == ["Alberti"]
    Person.update(family_name="Albin").where(Person.id == someone.id).execute()
    assert names("Alb") == ["Albin"]
    assert names("Z") == []
    made = names.made()
    assert (names("Alb"), names("Z")) == (["Albin"], [])
    assert names.made() == made


def test_a_write_of_another_process_is_seen_at_once(names):
    someone = person("Alberti")
    assert names("Alb") == ["Alberti"]
    with elsewhere() as run:
        run(f"UPDATE person SET family_name = 'Albin' WHERE id = {someone.id}")
        assert names("Alb") == ["Albin"]
        run(f"UPDATE person SET family_name = 'Albert' WHERE id = {someone.id}")
    assert names("Alb") == ["Albert"]


def test_a_write_of_another_thread_is_seen_at_once(names):
    someone = person("Alberti")
    assert names("Alb") == ["Alberti"]

    def rename():
        with database.connection():
            Person.update(family_name="Albin").where(Person.id == someone.id).execute()
            assert names("Alb") == ["Albin"]

    thread = threading.Thread(target=rename)
    thread.start()
    thread.join()
    assert names("Alb") == ["Albin"]


def test_what_is_not_committed_is_never_kept(names):
    assert names("Alb") == []
    with db.atomic() as transaction:
        person("Alberti")
        assert names("Alb") == ["Alberti"]
        transaction.rollback()
    assert names("Alb") == []


def test_a_connection_given_the_place_of_another_starts_anew(names):
    """A pool closes and opens connections: what one had kept is not another's."""
    assert names("Alb") == []
    db.close_all()
    with elsewhere() as run:
        run(
            "INSERT INTO person (kind, given_name, family_name, name, email, phone, note, folded, email_normalised, "
            "created_at) VALUES ('person', '', 'Alberti', '', '', '', '', '', '', '2026-01-01')"
        )
    db.connect(reuse_if_open=True)
    assert names("Alb") == ["Alberti"]


def test_a_request_that_reads_asks_once_and_one_that_writes_each_time(app):
    calls = []
    look = once(lambda id: calls.append(id) or len(calls))
    with app.test_request_context("/"):
        assert look(1) == look(1) == 1
        assert look(2) == 2
        with db.atomic():
            assert look(1) == 3
    with app.test_request_context("/"):
        assert look(1) == 4
    with app.test_request_context("/", method="POST"):
        assert look(1) != look(1)
    assert look(1) != look(1)


def test_a_request_that_reads_sees_its_own_writes_at_once_and_those_of_others_by_the_next_one(app, names):
    someone = person("Alberti")
    with elsewhere() as run:
        with app.test_request_context("/"):
            assert names("Alb") == ["Alberti"]
            person("Alban")
            assert sorted(names("Alb")) == ["Alban", "Alberti"]
            run(f"UPDATE person SET family_name = 'Albin' WHERE id = {someone.id}")
        with app.test_request_context("/"):
            assert sorted(names("Alb")) == ["Alban", "Albin"]
        with app.test_request_context("/", method="POST"):
            assert sorted(names("Alb")) == ["Alban", "Albin"]
            run(f"UPDATE person SET family_name = 'Alba' WHERE id = {someone.id}")
            assert sorted(names("Alb")) == ["Alba", "Alban"]


@prepared
def running(of, day):
    """Memberships of a person begun on a day."""
    query = Membership.select(Membership, Person).join(Person)
    return query.where(Membership.person == of, Membership.started_on <= day).order_by(Membership.id)


def test_a_prepared_query_reads_what_peewee_would(adherent):
    of, today = adherent.person_id, date.today()
    for day in (today, today - timedelta(days=1)):
        plain = Membership.select(Membership, Person).join(Person)
        plain = list(plain.where(Membership.person == of, Membership.started_on <= day))
        found = running.all(of, day)
        assert [each.__data__ for each in found] == [each.__data__ for each in plain]
        assert [each.person.label for each in found] == ["Sacha Fictif"] * len(plain)
        assert bool(running.first(of, day)) is bool(plain)
    assert running.first(of, today).is_dirty() is False
    assert running.all(of + 1, today) == []


def test_a_prepared_query_takes_records_as_values_and_joins_that_find_nothing(app):
    someone = person()
    assert Practice.find(someone.id) is None
    Practice.create(person=someone)
    read = prepared(lambda who: Practice.select(Practice).where(Practice.person == who))
    assert read.first(someone).person_id == someone.id
    with count_queries() as counted:
        assert Practice.find(someone.id).commune is None
    assert counted.count == 1


@counts_what_is_kept
def test_several_counts_are_one_query_and_follow_what_is_written(app):
    structures = Counted(lambda: Person.select().where(Person.kind == Kind.STRUCTURE))
    everybody = Counted(Person.select, lambda: Person.select().order_by(Person.folded))
    person()
    with count_queries() as counted:
        assert count(structures, everybody) == (0, 2)
        assert count(structures, everybody) == (0, 2)
    assert counted.count == 1
    person()
    assert count(structures, everybody) == (0, 4)
    assert everybody() == 4


def spellings():
    yield from (model.select() for model in tables())
    yield from (
        model.select().where(model._meta.primary_key == 1).order_by(model._meta.primary_key) for model in tables()
    )
    other = Membership.alias()
    yield Membership.select(Membership, Person).join(Person).where(Membership.person.in_(Person.select()))
    yield Membership.select().where(~fn.EXISTS(other.select(other.id).where(other.person == Membership.person)))
    yield Account.select(fn.COUNT(Account.id).alias("n"), Person.name.alias("who")).join(Person, JOIN.LEFT_OUTER)
    yield Person.select().where(Person.id == 1).union(Person.select().where(Person.id == 2))
    yield Person.update(name="x", note=Person.note + "y").where(Person.folded ** "%a%")
    new = Person.insert(name="x", family_name="y", created_at=datetime(2026, 1, 1))
    yield new.on_conflict(conflict_target=[Person.id], update={Person.name: "z"})
    yield Person.delete().where(Person.id.in_([1, 2]))


def test_columns_looked_up_are_spelled_as_peewee_spells_them(app):
    settings_of = dict(db.obj.get_sql_context().state.settings)
    for query in spellings():
        plain = Context(**settings_of).parse(query)
        assert query.sql() == plain


def test_a_piece_is_drawn_once_for_the_same_values_and_escapes_them(app):
    with app.test_request_context("/"):
        first = pieces.piece("_ui.html", "badge", "<b>", "ok")
        assert "&lt;b&gt;" in first
        assert pieces.piece("_ui.html", "badge", "<b>", "ok") is first
        assert pieces.piece("_ui.html", "badge", "<b>", "bad") != first


def test_the_base_says_that_it_has_changed(app):
    before = database.stamp()
    assert database.stamp() == before
    person()
    assert database.stamp() != before
