from datetime import date, timedelta

import pytest
from peewee import IntegrityError

from cptsapp.blueprints.adherent import demo, indicators, registrations, rules
from cptsapp.blueprints.adherent.models import Membership, is_adherent
from cptsapp.blueprints.person import rules as person_rules
from cptsapp.blueprints.person.models import Person
from cptsapp.kernel.dates import today
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.journal import JournalEntry

DAY = timedelta(days=1)


@pytest.fixture
def person(app):
    return person_rules.create(given_name="Ariane", family_name="Fictive")


def test_an_admitted_person_is_an_adherent_until_the_end(person):
    assert not is_adherent(person)
    rules.admit(person.id, college="Professionnels de ville")
    assert is_adherent(person)
    rules.end(person.id)
    assert not is_adherent(person)


def test_a_person_is_admitted_once_at_a_time(person):
    rules.admit(person.id)
    with pytest.raises(RuleError, match="déjà adhérente"):
        rules.admit(person.id)
    rules.end(person.id)
    with pytest.raises(RuleError, match="n’est pas adhérente"):
        rules.end(person.id)
    rules.admit(person.id)
    assert Membership.select().count() == 2


def test_a_lapsed_membership_keeps_its_days_of_grace(person, settings):
    membership = rules.admit(person.id, started_on=today() - timedelta(days=800))
    settings.membership_grace_days = 30
    for days, counts in ((0, True), (1, True), (30, True), (31, False), (400, False)):
        Membership.update(ended_on=today() - timedelta(days=days)).where(Membership.id == membership.id).execute()
        assert is_adherent(person) is counts, days


def test_whoever_leaves_has_no_days_of_grace(person, settings):
    settings.membership_grace_days = 365
    rules.admit(person.id)
    rules.end(person.id)
    assert not is_adherent(person)


def test_a_lapsed_person_in_the_days_of_grace_may_be_admitted_again(person):
    membership = rules.admit(person.id, started_on=today() - timedelta(days=400))
    Membership.update(ended_on=today() - DAY).where(Membership.id == membership.id).execute()
    rules.admit(person.id)
    assert is_adherent(person)


def test_a_membership_that_begins_tomorrow_does_not_count_today(person):
    rules.admit(person.id, started_on=today() + DAY)
    assert not is_adherent(person)
    assert is_adherent(person, today() + DAY)


def test_a_person_in_the_bin_is_no_adherent_and_is_not_admitted(person):
    rules.admit(person.id)
    person_rules.delete(person.id)
    assert not is_adherent(Person.get_by_id(person.id))
    with pytest.raises(RuleError, match="n’existe plus"):
        rules.admit(person.id)


def test_a_membership_does_not_end_before_it_begins(person):
    with pytest.raises(IntegrityError):
        Membership.create(person=person, started_on=date(2026, 2, 1), ended_on=date(2026, 1, 1))


def test_the_button_opens_and_closes_the_member_space(as_coordinator, as_adherent, adherent):
    path = f"/gestion/adherents/{adherent.person_id}"
    assert as_coordinator.post(f"{path}/admettre").status_code == 422
    assert as_coordinator.post(f"{path}/fin").status_code == 303
    assert "Admettre comme adhérent" in as_coordinator.get(f"/gestion/personnes/{adherent.person_id}").text
    assert as_coordinator.post(f"{path}/admettre").status_code == 303


def test_an_adherent_admits_nobody(as_adherent, person):
    assert as_adherent.post(f"/gestion/adherents/{person.id}/admettre").status_code == 403
    assert not is_adherent(person)


def test_a_missing_person_is_refused_with_a_sentence(as_coordinator):
    answer = as_coordinator.post("/gestion/adherents/999999/admettre")
    assert answer.status_code == 422
    assert "n’existe plus" in answer.text


def test_the_figure_counts_the_persons_of_a_day_once(person):
    rules.admit(person.id, started_on=date(2025, 3, 1))
    Membership.update(ended_on=date(2025, 12, 31)).execute()
    rules.admit(person.id, started_on=date(2026, 1, 1))
    count = indicators.active
    assert count(date(2025, 1, 1), date(2025, 2, 28)) == 0
    assert count(date(2025, 1, 1), date(2025, 12, 31)) == 1
    assert count(date(2025, 12, 31), date(2026, 1, 1)) == 1


def test_admitting_and_ending_are_journaled(person):
    rules.admit(person.id)
    rules.end(person.id)
    actions = [entry.action for entry in JournalEntry.select() if entry.action.startswith("adherent.")]
    assert actions == ["adherent.admitted", "adherent.ended"]


def test_erasing_a_person_erases_the_memberships(person):
    rules.admit(person.id)
    assert len(registrations.exported(person.id)["adhesions"]) == 1
    registrations.erase(person.id)
    assert Membership.select().count() == 0


def test_the_demonstration_has_adherents_with_fictitious_addresses(app):
    demo.fill()
    assert Membership.select().count() == len(demo.PEOPLE) + len(demo.STRUCTURES)
    assert all(person.email.endswith("@exemple.fr") for person in Person.select())
