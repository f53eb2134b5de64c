"""After an event: certificates for who was there, figures that stay when the names go, nothing kept too long."""

from datetime import timedelta

import pytest

from cptsapp.blueprints.event import attendance, certificates, figures, retention
from cptsapp.blueprints.event.attendance import Tick
from cptsapp.blueprints.event.models import CoOrganiser, Event, HeadCount, Session, Status
from cptsapp.blueprints.event.people import Answer, Attendance, Interest, Invitation, Place, Registration
from cptsapp.blueprints.person import rules as person_rules
from cptsapp.kernel import registry
from cptsapp.kernel.certificates import verify
from cptsapp.kernel.dates import today
from cptsapp.kernel.db import now
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.mail import OutgoingMail
from tests.event.test_booking import make_event, register
from tests.pdftext import texts

DESK = "/gestion/evenements"


def past_event(title="Formation plaies", *names, days=-3, **values):
    """An event that took place, with people registered; the first half of `names` was there."""
    event = make_event(title, gives_certificate=True, status=Status.PUBLISHED)
    for name in names:
        register(event, name, values={"profession": "60" if name[0] in "ABC" else ""})
    start = now().replace(microsecond=0) + timedelta(days=days)
    Event.update(status=Status.HELD, starts_at=start, ends_at=start + timedelta(hours=2), **values).where(
        Event.id == event.id
    ).execute()
    Session.update(starts_at=start, ends_at=start + timedelta(hours=2)).where(Session.event == event.id).execute()
    event = Event.get_by_id(event.id)
    [session] = attendance.sessions_of(event)
    here = names[: (len(names) + 1) // 2]
    ticks = [Tick(of(event, name).id, session.id, True, now()) for name in here]
    attendance.record(event.id, ticks, None)
    return event


def of(event, name):
    return Registration.get(Registration.event == event.id, Registration.given_name == name)


@pytest.fixture
def event(app):
    return past_event("Formation plaies", "Ada", "Bob", "Dan")


# Certificates


def test_who_was_there_gets_a_certificate_that_anyone_verifies(event, client):
    entry = certificates.issue(of(event, "Ada").id)
    words = " ".join(texts(certificates.pdf([entry])))
    assert "Attestation de présence" in words
    assert "Ada Fictif" in words
    assert "Formation plaies" in words
    assert "2 h" in words
    html = client.get(f"/verifier/{entry.certificate_code}").text
    assert ("Attestation valable" in html, "Ada F." in html, "Fictif" in html) == (True, True, False)


def test_asked_for_twice_it_is_the_same(event):
    first = certificates.issue(of(event, "Ada").id).certificate_code
    assert certificates.issue(of(event, "Ada").id).certificate_code == first


@pytest.mark.parametrize("why", ["absent", "not given", "not over"])
def test_nobody_else_gets_one(event, why):
    name = "Dan" if why == "absent" else "Ada"
    if why == "not given":
        Event.update(gives_certificate=False).execute()
    if why == "not over":
        Event.update(ends_at=now() + timedelta(hours=1)).execute()
    with pytest.raises(RuleError, match="présence a été notée"):
        certificates.issue(of(event, name).id)


def test_a_presence_taken_back_is_attested_no_more(event):
    code = certificates.issue(of(event, "Ada").id).certificate_code
    Attendance.delete().execute()
    assert not verify(code).is_valid


def test_all_of_them_are_in_one_file(as_coordinator, event):
    answer = as_coordinator.post(f"{DESK}/{event.id}/attestations.pdf")
    words = texts(answer.data)
    assert [each for each in words if each.endswith(" Fictif")] == ["Ada Fictif", "Bob Fictif"]


def test_hours_are_those_of_the_sessions_attended(event):
    second = Session.create(
        event=event,
        starts_at=event.ends_at + timedelta(hours=20),
        ends_at=event.ends_at + timedelta(hours=23, minutes=30),
    )
    attendance.record(event.id, [Tick(of(event, "Ada").id, second.id, True, now())], None)
    assert certificates.attended(of(event, "Ada")).minutes == 120 + 210
    assert certificates.attended(of(event, "Bob")).minutes == 120
    assert len(certificates.attended(of(event, "Ada")).days) == 2


@pytest.mark.parametrize(
    ("minutes", "words"), [(45, "45\u202fmin"), (60, "1\u202fh"), (90, "1\u202fh\u202f30"), (605, "10\u202fh\u202f05")]
)
def test_hours_are_said_as_people_say_them(minutes, words):
    assert certificates.hours(minutes).replace("\xa0", "\u202f") == words


def test_the_certificate_is_on_ones_own_page(client, event):
    from cptsapp.blueprints.event import links

    path = "/" + links.personal_link(of(event, "Ada")).split("/", 3)[3]
    page = client.get(path)
    assert "Télécharger l’attestation" in page.text
    assert page.headers["Cache-Control"] == "private, no-store"
    assert client.post(f"{path}/attestation.pdf").data.startswith(b"%PDF")
    absent = "/" + links.personal_link(of(event, "Dan")).split("/", 3)[3]
    assert "Télécharger l’attestation" not in client.get(absent).text
    assert client.post(f"{absent}/attestation.pdf").status_code == 422


# Figures


def period():
    return today() - timedelta(days=30), today()


def test_only_what_was_held_counts(app):
    past_event("Tenue", "Ada", "Bob")
    other = past_event("Publiée", "Eve", "Fay")
    Event.update(status=Status.PUBLISHED).where(Event.id == other.id).execute()
    figures_of = {each.key: each.count(*period()) for each in registry.indicators if each.key.startswith("event.")}
    assert figures_of == {"event.held": 1, "event.registered": 2, "event.participants": 1, "event.professionals": 1,
        "event.trained": 0,
    }  # fmt: skip


def test_present_people_counted_heads_and_typed_counts_are_participants(event):
    [session] = attendance.sessions_of(event)
    HeadCount.create(session=session, band="", count=10, professionals=4)
    old = past_event(
        "Ancienne réunion", days=-8, typed_participants=19, typed_professionals=12, typed_source="Rapport 2023"
    )
    assert figures.participants(*period()) == 2 + 10 + 19
    assert figures.professionals(*period()) == 2 + 4 + 12
    assert figures.balance(old).counts.present == 19


def test_people_without_a_name_are_in_every_telling_apart(event):
    [session] = attendance.sessions_of(event)
    HeadCount.create(session=session, band="", count=10)
    for each in registry.breakdowns:
        if each.key == "event.participants" and each.by in ("profession", "commune", "cpts"):
            told = each.count(*period())
            assert (sum(told.values()), told["Comptés sans nom"]) == (12, 10)


def test_only_trainings_train(event):
    trained = next(each for each in registry.indicators if each.key == "event.trained")
    assert trained.count(*period()) == 0
    Event.update(kind="training").execute()
    assert trained.count(*period()) == 2


def test_somebody_present_at_three_sessions_is_one_participant(event):
    for day in (1, 2):
        later = Session.create(
            event=event,
            starts_at=event.ends_at + timedelta(days=day),
            ends_at=event.ends_at + timedelta(days=day, hours=1),
        )
        attendance.record(event.id, [Tick(of(event, "Ada").id, later.id, True, now())], None)
    assert figures.participants(*period()) == 2


def test_figures_are_told_apart(event):
    Event.update(action="Action 4", mission="").execute()
    Registration.update(cpts="CPTS voisine").where(Registration.given_name == "Ada").execute()
    CoOrganiser.create(event=event, name="Réseau fictif")
    told = {(each.key, each.by): each.count(*period()) for each in registry.breakdowns if each.key.startswith("event.")}
    assert told["event.held", "action"] == {"Action 4": 1}
    assert told["event.held", "type"] == {"Webinaire": 1}
    assert told["event.held", "partner"] == {"Réseau fictif": 1}
    assert told["event.participants", "cpts"] == {"CPTS voisine": 1, "La nôtre, ou aucune": 1}
    assert sum(told["event.participants", "profession"].values()) == 2


def test_the_balance_of_an_event_says_how_many_of_the_registered_came(event):
    balance = figures.balance(event)
    assert (balance.counts.confirmed, balance.counts.present, balance.rate) == (3, 2, 67)


def test_the_pages_of_figures_answer_whatever_is_asked(as_bureau, event):
    assert "67" in as_bureau.get(f"{DESK}/{event.id}/bilan").text
    for asked in ("", "?du=2020-01-01&au=2030-01-01", "?du=abc", "?du=0001-01-01", "?du=2030-01-01&au=2020-01-01"):
        assert as_bureau.get(f"{DESK}/bilan{asked}").status_code == 200


def test_thanks_leave_once(as_coordinator, event):
    assert as_coordinator.post(f"{DESK}/{event.id}/remercier").status_code == 303
    sent = [row.to_address for row in OutgoingMail.select().where(OutgoingMail.template == "event/thanks")]
    assert sorted(sent) == ["ada@exemple.fr", "bob@exemple.fr"]
    assert as_coordinator.post(f"{DESK}/{event.id}/remercier").status_code == 422
    assert OutgoingMail.select().where(OutgoingMail.template == "event/thanks").count() == 2


# What is kept


def test_the_names_of_strangers_go_after_the_time_and_the_figures_stay(event, settings):
    Event.update(starts_at=now() - timedelta(days=400), ends_at=now() - timedelta(days=400, hours=-2)).execute()
    long_ago = today() - timedelta(days=500), today()
    before = {each.key: each.count(*long_ago) for each in registry.indicators if each.key.startswith("event.")}
    told = {(each.key, each.by): each.count(*long_ago) for each in registry.breakdowns if each.key.startswith("event.")}
    assert before["event.participants"] == 2
    assert retention.purge(today()) >= 3
    assert not Registration.select().where((Registration.given_name != "") | (Registration.email != "")).exists()
    assert {each.key: each.count(*long_ago) for each in registry.indicators if each.key.startswith("event.")} == before
    assert {
        (each.key, each.by): each.count(*long_ago) for each in registry.breakdowns if each.key.startswith("event.")
    } == told
    assert retention.purge(today()) == 0


def test_nothing_of_a_recent_event_is_purged(event):
    assert retention.purge(today()) == 0
    assert of(event, "Ada").email == "ada@exemple.fr"


def test_members_keep_their_history_and_their_answers_go(event, adherent):
    Registration.update(person=adherent.person_id).where(Registration.given_name == "Ada").execute()
    Event.update(starts_at=now() - timedelta(days=400), ends_at=now() - timedelta(days=400, hours=-2)).execute()
    retention.purge(today())
    assert of(event, "Ada").person_id == adherent.person_id
    assert Registration.select().where(Registration.forgotten_at.is_null()).count() == 1


def test_who_was_told_or_asked_long_ago_is_forgotten(event):
    for name, told_at, asked_at in (("a", now(), now()), ("b", None, now() - timedelta(days=800)), ("c", None, now())):
        Interest.create(
            event=event,
            email=f"{name}@exemple.fr",
            email_normalised=f"{name}@exemple.fr",
            told_at=told_at,
            asked_at=asked_at,
        )
    retention.purge(today())
    assert [each.email for each in Interest.select()] == ["c@exemple.fr"]


def test_a_person_gets_all_that_events_know_of_them(event, adherent):
    Registration.update(person=adherent.person_id).where(Registration.given_name == "Ada").execute()
    source = next(each for each in registry.personal_exporters if each.key == "event")
    [line] = source.call(adherent.person_id)["inscriptions"]
    assert (line["evenement"], line["seances_suivies"], line["etat"]) == ("Formation plaies", 1, "Inscrit")


def test_an_erased_person_leaves_no_name_and_gives_their_seat_to_the_next(app):
    event = make_event(capacity=1)
    person = person_rules.create(given_name="Ada", family_name="Fictif", email="ada@exemple.fr")
    register(event, "Ada")
    register(event, "Bob")
    Invitation.create(event=event, person=person, email="ada@exemple.fr", email_normalised="ada@exemple.fr")
    retention.erase_person(person.id)
    rows = list(Registration.select().order_by(Registration.id))
    assert (rows[0].email, rows[0].label, rows[0].state) == ("", "Personne effacée", Place.CANCELLED)
    assert rows[1].state == Place.CONFIRMED
    assert (Invitation.select().count(), Answer.select().count()) == (0, 0)


def test_two_people_who_share_an_address_are_told_apart_by_name(app):
    event = make_event()
    ada = person_rules.create(given_name="Ada", family_name="Alpha", email="cabinet@exemple.fr")
    bob = person_rules.create(given_name="Bob", family_name="Beta", email="cabinet@exemple.fr")
    register(event, "Ada", values={"email": "cabinet@exemple.fr", "family_name": "Alpha"})
    assert [each.label for each in retention.of_person(ada.id)] == ["Ada Alpha"]
    assert retention.of_person(bob.id) == []


def test_what_a_person_took_part_in_is_on_their_record(as_coordinator, event):
    person = person_rules.create(given_name="Ada", family_name="Fictif", email="ada@exemple.fr")
    assert "Formation plaies" in as_coordinator.get(f"/gestion/personnes/{person.id}").text
