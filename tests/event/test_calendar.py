"""Events are found in lists, in the month and in calendars: by those they are for, always as they now stand."""

import re
from datetime import date, datetime, timedelta
from unittest.mock import patch

import icalendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cptsapp.blueprints.event import booking, feeds, rules
from cptsapp.blueprints.event.calendar_file import event_ics
from cptsapp.blueprints.event.models import Audience, Event, Session, Status
from cptsapp.blueprints.event.people import Place, Registration
from cptsapp.kernel import registry
from cptsapp.kernel.dates import to_utc, today
from cptsapp.kernel.db import db, now
from tests.event.test_booking import make_event, register

LIST, FEED = "/evenements/", "/evenements/calendrier.ics"


@pytest.fixture
def online(app):
    from cptsapp.blueprints.association import rules as association_rules
    from cptsapp.blueprints.association.models import Association
    from cptsapp.kernel.db import revision

    association_rules.default_identity(name="CPTS d’essai", email="contact@exemple.fr", communes=["77445"])
    Association.update(online_at=now()).execute()
    revision.bump()


@pytest.fixture
def event(online):
    return make_event(summary="Une soirée entre collègues")


def unfolded(text):
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))
    return text.replace("\r\n ", "").split("\r\n")


def entries(content):
    return list(icalendar.Calendar.from_ical(content).walk("VEVENT"))


# Calendar files


def test_a_file_is_read_back_by_an_independent_reader(event):
    [entry] = entries(event_ics(event))
    assert (str(entry["UID"]), entry["SEQUENCE"], str(entry["STATUS"])) == (event.uid, 0, "CONFIRMED")
    assert entry["DTSTART"].dt.replace(tzinfo=None) == event.starts_at
    assert entry["DTEND"].dt.replace(tzinfo=None) == event.ends_at
    assert str(entry["SUMMARY"]) == event.heading
    assert str(entry["LOCATION"]) == "Salle des fêtes"


def test_a_file_holds_what_the_standard_asks(event):
    lines = unfolded(event_ics(event))
    assert (lines[0], lines[-2:]) == ("BEGIN:VCALENDAR", ["END:VCALENDAR", ""])
    for wanted in ("VERSION:2.0", "METHOD:PUBLISH", f"UID:{event.uid}", "SEQUENCE:0"):
        assert wanted in lines
    assert all(re.fullmatch(r"DT(START|END|STAMP):\d{8}T\d{6}Z", line) for line in lines if line.startswith("DT"))


@given(st.text(max_size=120).filter(str.strip))
def test_any_title_makes_a_sound_file(title):
    event = Event(
        title=title, slug="x", uid="u", starts_at=datetime(2026, 12, 1, 18), ends_at=datetime(2026, 12, 1, 20)
    )
    event.created_at = datetime(2026, 11, 1)
    session = Session(event=event, starts_at=event.starts_at, ends_at=event.ends_at)
    own = type("Own", (), {"email": "", "name": ""})
    with (
        patch("cptsapp.blueprints.event.wording.sessions_of", lambda event: [session]),
        patch("cptsapp.blueprints.event.calendar_file.identity", lambda: own),
        patch("cptsapp.blueprints.event.calendar_file.settings", type("S", (), {"base_url": "https://exemple.fr"})),
    ):
        text = event_ics(event)
    assert text.count("BEGIN:VEVENT") == 1
    [entry] = entries(text)
    shown = "".join(each for each in event.heading if each.isprintable() or each in "\n\t")
    assert str(entry["SUMMARY"]).split() == shown.split()


def test_an_hour_of_paris_is_the_same_moment_on_both_sides_of_the_change_of_hour(online):
    for day, utc in ((date(2027, 3, 27), 19), (date(2027, 3, 28), 18)):
        starts_at = to_utc(datetime(day.year, day.month, day.day, 20))
        event = make_event(f"Le {day}", starts_at=starts_at, ends_at=starts_at + timedelta(hours=1))
        [entry] = entries(event_ics(event))
        assert entry["DTSTART"].dt.hour == utc


def test_an_event_of_two_sessions_has_two_entries_that_keep_their_names(event):
    Session.create(
        event=event, starts_at=event.ends_at + timedelta(days=1), ends_at=event.ends_at + timedelta(days=1, hours=2)
    )
    assert [str(each["UID"]) for each in entries(event_ics(event))] == [event.uid, f"{event.uid}-2"]


def test_the_link_of_a_webinar_is_for_who_has_a_seat(online):
    event = make_event(online_url="https://visio.exemple.fr/secret", place="")
    entry = register(event, "Ada").registration
    assert "visio.exemple.fr" not in event_ics(event)
    assert "visio.exemple.fr" in "".join(unfolded(event_ics(event, registration=entry)))
    entry.state = Place.WAITING
    assert "visio.exemple.fr" not in event_ics(event, registration=entry)
    event.online_minutes, entry.state = 30, Place.CONFIRMED
    assert "visio.exemple.fr" not in event_ics(event, registration=entry)


def test_a_cancelled_event_says_so_to_the_calendars_that_hold_it(event):
    rules.cancel(event.id, "Intervenant souffrant")
    [entry] = entries(event_ics(Event.get_by_id(event.id), method="CANCEL"))
    assert (str(entry["STATUS"]), entry["SEQUENCE"] >= 0) == ("CANCELLED", True)


def test_a_new_date_keeps_the_name_and_raises_the_sequence(event):
    moved = event.starts_at + timedelta(days=1)
    rules.set_sessions(event.id, [(moved, moved + timedelta(hours=2), "")])
    [entry] = entries(event_ics(Event.get_by_id(event.id)))
    assert (str(entry["UID"]), entry["SEQUENCE"]) == (event.uid, 1)


# Who finds what


CASES = {
    "public": ({}, True, True),
    "for adherents": ({"is_public": False}, False, True),
    "draft": ({"status": Status.DRAFT}, False, False),
    "invited": ({"audience": Audience.INVITED}, False, False),
    "in the bin": ({"deleted_at": datetime(2026, 1, 1)}, False, False),
}


@pytest.mark.parametrize("case", CASES)
def test_an_event_is_found_by_those_it_is_announced_to(online, client, as_adherent, case):
    values, by_visitor, by_adherent = CASES[case]
    event = make_event("Réunion discrète", **values)
    month = f"/evenements/mois/{event.starts_at:%Y-%m}"
    for path in (LIST, month):
        assert ("Réunion discrète" in client.get(path).text) is by_visitor, path
        assert ("Réunion discrète" in as_adherent.get(path).text) is by_adherent, path
    assert ("Réunion discrète" in client.get(FEED).text) is by_visitor
    assert ("Réunion discrète" in as_adherent.get(FEED).text) is by_visitor


def test_a_list_never_shows_what_was_before_a_change(client, event):
    assert event.title in client.get(LIST).text
    rules.cancel(event.id, "Salle inondée")
    assert "Annulé" in client.get(LIST).text


def test_what_is_over_leaves_the_list_for_the_archive(client, online):
    make_event("Ancienne soirée", days=-40, status=Status.HELD)
    assert "Ancienne soirée" not in client.get(LIST).text
    assert "Ancienne soirée" in client.get("/evenements/passes").text
    assert "Ancienne soirée" not in client.get("/evenements/passes?annee=2011").text


def test_a_list_is_narrowed_by_words_kind_and_theme(client, event):
    make_event("Atelier équilibre", kind="workshop", theme="prevention")
    for asked in ("q=equilibre", "type=workshop", "theme=prevention"):
        found = client.get(f"{LIST}?{asked}").text
        assert ("Atelier équilibre" in found, event.title in found) == (True, False), asked


@pytest.mark.parametrize(
    "asked", ["q=%00", "type=inconnu", "theme=x", "page=-1", "annee=abcd", "annee=2999", "q=" + "x" * 5000]
)
def test_whatever_is_asked_is_answered(client, event, asked):
    for path in (LIST, "/evenements/passes", "/evenements/mois/2026-11"):
        assert client.get(f"{path}?{asked}").status_code == 200


@pytest.mark.parametrize("month", ["2026-13", "2026-00", "abc", "0001-01", "9999-12", "2026-1", "20261"])
def test_what_is_no_month_is_not_found(client, online, month):
    assert client.get(f"/evenements/mois/{month}").status_code == 404


def test_an_event_of_several_days_is_on_each_of_them(client, online):
    start = datetime(2027, 5, 10, 7)
    event = make_event("Congrès", starts_at=start, ends_at=start + timedelta(days=2, hours=9))
    assert client.get("/evenements/mois/2027-05").text.count(f'href="{event.url}"') == 3


def test_the_months_part_is_a_piece_of_its_page(client, event):
    path = f"/evenements/mois/{event.starts_at:%Y-%m}"
    part = client.get(path, headers={"HX-Request": "true"}).text.strip()
    assert part.startswith('<section id="mois"')
    assert part in client.get(path).text


def test_a_month_costs_the_same_with_many_events(client, event):
    path = f"/evenements/mois/{event.starts_at:%Y-%m}"

    def queries():
        seen, execute = [], db.obj.execute_sql
        db.obj.execute_sql = lambda sql, params=None: (seen.append(sql), execute(sql, params))[1]
        try:
            client.get(f"{path}?q=soiree{len(seen)}&{now().timestamp()}")
        finally:
            db.obj.execute_sql = execute
        return len(seen)

    queries()
    few = queries()
    for _ in range(40):
        make_event()
    queries()  # what was kept is read again once something has been written
    assert queries() <= few


def test_search_and_sitemap_know_what_is_announced(client, event):
    assert event.url in client.get("/sitemap.xml").text
    found = next(each for each in registry.search_sources if each.key == "event")
    assert [row["url"] for row in found.call()] == [event.url]


# Feeds


def test_an_unchanged_feed_is_not_sent_again(client, event):
    first = client.get(FEED)
    again = client.get(FEED, headers={"If-None-Match": first.headers["ETag"]})
    assert (first.status_code, again.status_code, again.data) == (200, 304, b"")


def test_a_members_calendar_holds_their_registrations_and_what_adherents_find(online, client, adherent):
    private = make_event("Réunion des adhérents", is_public=False)
    mine = make_event("Ma formation", audience=Audience.INVITED)
    booking.add_by_hand(
        mine.id, "cle", values={"given_name": "Sacha", "family_name": "Fictif", "email": adherent.email}
    )
    Registration.update(person=adherent.person_id).execute()
    content = client.get(path_of(adherent)).text
    assert (private.title in content, mine.title in content) == (True, True)


def path_of(account):
    return "/" + feeds.address_of(account.person).split("/", 3)[3]


def test_a_secret_address_is_closed_by_renewing_it(online, client, adherent, as_adherent):
    before = path_of(adherent)
    assert as_adherent.post("/espace/evenements/agenda").status_code == 303
    after = path_of(adherent)
    assert before != after
    assert (client.get(before).status_code, client.get(after).status_code) == (404, 200)
    unknown = client.get("/evenements/agenda/inconnu.ics")
    assert client.get(before).data == unknown.data


@pytest.mark.parametrize("token", ["", "x", "WzEsMV0", "a" * 500, "WzEsMV0.xxxx"])
def test_an_address_that_was_altered_opens_nothing(client, online, token):
    assert client.get(f"/evenements/agenda/{token}.ics").status_code == 404


def test_whoever_left_the_association_keeps_their_own_events_alone(online, client, adherent):
    from cptsapp.blueprints.adherent import rules as adherent_rules

    make_event("Réunion des adhérents", is_public=False)
    adherent_rules.end(adherent.person_id)
    assert "Réunion des adhérents" not in client.get(path_of(adherent)).text


def test_my_events_page_shows_what_i_am_registered_for(online, as_adherent, adherent):
    event = make_event("Soirée à venir")
    booking.register(
        event,
        "cle",
        values={"given_name": "S", "family_name": "F", "email": adherent.email, "profession": "60"},
        person=adherent.person,
    )
    html = as_adherent.get("/espace/evenements/").text
    assert "Soirée à venir" in html
    assert "/evenements/agenda/" in html


def test_letters_and_segments_know_events(online, adherent):
    event = make_event("Soirée à venir")
    source = next(each for each in registry.letter_sources if each.key == "event")
    assert [item.title for item in source.call(today(), today() + timedelta(days=30))] == ["Soirée à venir"]
    booking.register(
        event,
        "cle",
        values={"given_name": "S", "family_name": "F", "email": adherent.email, "profession": "60"},
        person=adherent.person,
    )
    chosen = next(each for each in registry.segments if each.key == "event.registered")
    assert [value for value, _ in chosen.choices()] == [str(event.id)]
    assert [id for (id,) in chosen.people(str(event.id)).tuples()] == [adherent.person_id]


def test_search_engines_read_an_event_that_is_public_and_never_its_link(client, online):
    event = make_event(online_url="https://visio.exemple.fr/secret", summary="Une soirée")
    html = client.get(event.url).text
    assert 'itemtype="https://schema.org/Event"' in html
    assert f'itemprop="startDate" content="{event.starts_at:%Y-%m-%d}' in html
    assert "MixedEventAttendanceMode" in html
    assert "visio.exemple.fr" not in html
    rules.cancel(event.id, "Report")
    assert "https://schema.org/EventCancelled" in client.get(event.url).text
