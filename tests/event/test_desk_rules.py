"""What the coordination does with an event, and what it may not."""

from datetime import UTC, datetime, timedelta

import pytest

from cptsapp.blueprints.event import asking, checking, inviting, mail_words, materials, moves, rules
from cptsapp.blueprints.event.asking import Asked
from cptsapp.blueprints.event.models import (
    STATUS_CHANGES,
    Booking,
    CoOrganiser,
    Event,
    MailWords,
    Material,
    Question,
    Session,
    Status,
)
from cptsapp.blueprints.event.people import Answer, Attendance, Invitation, Place, Registration
from cptsapp.kernel import search
from cptsapp.kernel.access import Visibility
from cptsapp.kernel.db import now
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.files import StoredFile, uses_of
from cptsapp.kernel.journal import JournalEntry
from cptsapp.kernel.mail import OutgoingMail


def at(days, hour=19):
    """Return a moment some days from now, naive UTC."""
    return now().replace(hour=hour, minute=0, second=0, microsecond=0) + timedelta(days=days)


def sessions(days=10, count=1):
    return [(at(days + rank), at(days + rank, 21), "") for rank in range(count)]


@pytest.fixture
def draft(app):
    return rules.create(title="Soirée vaccins", place="Salle des fêtes", sessions=sessions())


@pytest.fixture
def published(draft):
    return rules.publish(draft.id)


def past(**values):
    return rules.create(title="Réunion passée", sessions=sessions(-3), **values)


def register(event, *names):
    for name in names:
        values = {"given_name": name, "family_name": "Fictif", "email": f"{name.lower()}@exemple.fr"}
        moves.add_by_hand(event.id, f"form-{event.id}-{name}", values=values)


def mails(template):
    rows = OutgoingMail.select().where(OutgoingMail.template == f"event/{template}").order_by(OutgoingMail.id)
    return [row.to_address for row in rows]


def acts():
    query = JournalEntry.select(JournalEntry.action).where(JournalEntry.subject_kind == "event")
    return [action for (action,) in query.order_by(JournalEntry.id).tuples()]


# The address


def test_the_address_is_made_of_the_title_and_the_day_in_paris(app):
    event = rules.create(
        title="L’été : prévenir !", sessions=[(datetime(2026, 6, 3, 22, 30), datetime(2026, 6, 3, 23), "")]
    )
    assert event.slug == "l-ete-prevenir-2026-06-04"


def test_two_events_of_the_same_title_and_day_have_two_addresses(app):
    slugs = {rules.create(title="Staff", sessions=sessions()).slug for _ in range(3)}
    assert len(slugs) == 3


def test_the_address_follows_a_draft_and_stays_once_published(draft):
    rules.edit(draft.id, title="Soirée grippe")
    assert Event.get().slug.startswith("soiree-grippe-")
    slug = rules.publish(draft.id).slug
    rules.edit(draft.id, title="Tout autre chose", sessions=sessions(30))
    assert Event.get().slug == slug


def test_a_very_long_title_keeps_an_address_with_its_day(app):
    event = rules.create(title="mot " * 39, sessions=sessions())
    assert len(event.slug) <= 80
    assert event.slug[-10:].count("-") == 2


# Status

VERBS = {
    (Status.DRAFT, Status.PUBLISHED): lambda id: rules.publish(id),
    (Status.PUBLISHED, Status.DRAFT): lambda id: rules.withdraw(id),
    (Status.PUBLISHED, Status.HELD): lambda id: rules.hold(id),
    (Status.PUBLISHED, Status.CANCELLED): lambda id: rules.cancel(id, "Neige"),
    (Status.HELD, Status.PUBLISHED): lambda id: rules.reopen(id),
}


def in_status(status):
    event = past()
    if status != Status.DRAFT:
        rules.publish(event.id)
    if status == Status.HELD:
        rules.hold(event.id)
    if status == Status.CANCELLED:
        rules.cancel(event.id, "Neige")
    return event


def test_every_allowed_change_of_status_has_its_verb_and_no_other_has():
    assert set(VERBS) == {(one, other) for one, others in STATUS_CHANGES.items() for other in others}


@pytest.mark.parametrize("before", list(Status))
@pytest.mark.parametrize("change", list(VERBS), ids=lambda pair: f"{pair[0]}-{pair[1]}")
def test_a_verb_changes_the_status_that_the_table_allows_and_refuses_every_other(app, before, change):
    event = in_status(before)
    if before == change[0]:
        VERBS[change](event.id)
        assert Event.get_by_id(event.id).status == change[1]
    else:
        with pytest.raises(RuleError, match="Rechargez la page"):
            VERBS[change](event.id)
        assert Event.get_by_id(event.id).status == before


def test_an_event_without_a_date_is_not_published(app):
    event = rules.create(title="Sans date")
    with pytest.raises(RuleError, match="Donnez d’abord une date"):
        rules.publish(event.id)
    assert Event.get().status == Status.DRAFT


def test_registering_elsewhere_says_where_before_it_is_published(app):
    event = rules.create(title="Atelier", booking=Booking.ELSEWHERE, sessions=sessions())
    with pytest.raises(RuleError, match="où s’inscrire"):
        rules.publish(event.id)


def test_an_event_goes_back_to_a_draft_only_while_nobody_has_registered(published):
    register(published, "Alix")
    moves.remove(Registration.get().id, notify=False)
    with pytest.raises(RuleError, match="annulez l’événement"):
        rules.withdraw(published.id)
    assert Event.get().status == Status.PUBLISHED


def test_an_event_is_held_only_once_it_has_started(published):
    with pytest.raises(RuleError, match="se dira tenu ensuite"):
        rules.hold(published.id)


def test_a_published_event_is_found_by_the_search_and_a_draft_is_not(draft):
    def found():
        return search.search("vaccins", visibilities=[Visibility.PUBLIC]).total

    assert found() == 0
    rules.publish(draft.id)
    assert found() == 1
    rules.withdraw(draft.id)
    assert found() == 0


def test_cancelling_tells_everybody_registered_or_waiting_once_and_says_why(draft):
    event = rules.edit(draft.id, capacity=1)
    rules.publish(event.id)
    register(event, "Alix", "Sacha", "Dominique")
    moves.remove(Registration.get(Registration.given_name == "Dominique").id, notify=False)
    rules.cancel(event.id, "  L’intervenant\nest souffrant ")
    event = Event.get()
    assert (event.cancel_reason, event.sequence) == ("L’intervenant est souffrant", 1)
    assert mails("cancelled") == ["alix@exemple.fr", "sacha@exemple.fr"]


@pytest.mark.parametrize(("reason", "said"), [(" \n", "Dites pourquoi"), ("a" * 301, "300 caractères")])
def test_a_cancellation_needs_a_reason_that_fits(published, reason, said):
    with pytest.raises(RuleError, match=said):
        rules.cancel(published.id, reason)
    assert Event.get().status == Status.PUBLISHED


def test_nobody_is_told_that_a_past_event_is_cancelled(app):
    event = rules.publish(past().id)
    register(event, "Alix")
    rules.cancel(event.id, "N’a pas eu lieu")
    assert mails("cancelled") == []


def test_a_cancelled_event_is_not_written_any_more(published):
    rules.cancel(published.id, "Neige")
    with pytest.raises(RuleError, match="Dupliquez-le"):
        rules.edit(published.id, title="Autre")


# Date and place


def test_another_date_is_told_once_with_a_higher_sequence(published):
    register(published, "Alix")
    rules.edit(published.id, sessions=sessions(20), place="Autre salle", title="Autre titre")
    assert (Event.get().sequence, mails("changed")) == (1, ["alix@exemple.fr"])


@pytest.mark.parametrize(
    "values",
    [
        {"title": "Autre titre", "description": "Texte"},
        {"capacity": 30},
        {"sessions": sessions()},
        {"sessions": [(*sessions()[0][:2], "Soirée")]},
        {"online_url": "https://visio.exemple.fr/1"},
    ],
    ids=["words", "capacity", "same session", "its label", "a first link"],
)
def test_what_is_neither_date_nor_place_tells_nobody(app, values):
    event = rules.publish(rules.create(title="Webinaire", sessions=sessions()).id)
    register(event, "Alix")
    rules.edit(event.id, **values)
    assert (Event.get().sequence, mails("changed")) == (0, [])


def test_another_link_is_told_as_a_change(app):
    event = rules.create(title="Webinaire", online_url="https://visio.exemple.fr/1", sessions=sessions())
    rules.publish(event.id)
    register(event, "Alix")
    rules.edit(event.id, online_url="https://visio.exemple.fr/2")
    assert (Event.get().sequence, mails("changed")) == (1, ["alix@exemple.fr"])


def test_a_draft_or_a_past_event_moves_without_a_word(app, draft):
    rules.edit(draft.id, sessions=sessions(30))
    event = rules.publish(past().id)
    register(event, "Alix")
    rules.edit(event.id, place="Ailleurs")
    assert {each.sequence for each in Event.select()} == {0}
    assert mails("changed") == []


def test_the_dates_of_the_event_are_those_of_its_first_and_last_sessions(draft):
    rules.set_sessions(draft.id, [(at(12), at(12, 21), "B"), (at(11), at(11, 21), "A")])
    event = Event.get()
    assert (event.starts_at, event.ends_at) == (at(11), at(12, 21))
    assert [each.label for each in event.sessions.order_by(Session.starts_at)] == ["A", "B"]


def test_a_session_that_moves_keeps_its_attendance(published):
    register(published, "Alix")
    Attendance.create(registration=Registration.get(), session=Session.get())
    rules.set_sessions(published.id, [(at(15), at(15, 21), "")])
    assert (Session.select().count(), Attendance.select().count()) == (1, 1)


def test_a_session_whose_attendance_was_noted_is_not_taken_away(app):
    event = rules.publish(rules.create(title="Formation", sessions=sessions(count=2)).id)
    register(event, "Alix")
    Attendance.create(registration=Registration.get(), session=event.sessions.order_by(Session.starts_at.desc()).get())
    with pytest.raises(RuleError, match="déjà été notée"):
        rules.set_sessions(event.id, sessions())
    assert Session.select().count() == 2


# What cannot be

WRONG = {
    "ends before it starts": ({"sessions": [(at(10), at(10, 18), "")]}, "finirait avant d’avoir commencé"),
    "no length": ({"sessions": [(at(10), at(10), "")]}, "finirait avant d’avoir commencé"),
    "two days long": ({"sessions": [(at(10), at(12), "")]}, "plus d’un jour"),
    "another age": ({"sessions": [(datetime(1026, 5, 3), datetime(1026, 5, 4), "")]}, "Vérifiez l’année"),
    "overlap": ({"sessions": [(at(10), at(10, 21), ""), (at(10, 20), at(10, 22), "")]}, "se chevauchent"),
    "the same twice": ({"sessions": sessions() * 2}, "se chevauchent"),
    "too many": ({"sessions": sessions(count=61)}, "60 séances au plus"),
    "closes after": ({"closes_at": at(11)}, "La clôture des inscriptions vient après le début"),
    "opens after it closes": ({"opens_at": at(9), "closes_at": at(8)}, "après leur clôture"),
    "opens after the start": ({"opens_at": at(11)}, "après leur clôture"),
    "no seat": ({"capacity": 0}, "nombre de places"),
    "less than no seat": ({"capacity": -3}, "nombre de places"),
    "too many seats": ({"capacity": 10**12}, "nombre de places"),
    "not https": ({"online_url": "http://visio.exemple.fr"}, "https://"),
    "script": ({"satisfaction_url": "javascript:alert(1)"}, "https://"),
    "half a link": ({"online_url": "https://"}, "https://"),
    "a link in two": ({"online_url": "https://visio.exemple.fr/a b"}, "https://"),
    "no title": ({"title": " \n "}, "Donnez un titre"),
    "too long": ({"title": "a" * 161}, "161 caractères"),
    "unknown kind": ({"kind": "concert"}, "Choisissez"),
    "unknown mission": ({"mission": "inconnue"}, "mission"),
    "no profession": ({"audience": "professions"}, "au moins une profession"),
    "a past minute": ({"online_minutes": -5}, "minutes"),
}


@pytest.mark.parametrize(("values", "said"), WRONG.values(), ids=WRONG)
def test_what_makes_no_sense_is_refused_and_nothing_is_written(draft, values, said):
    before = Event.select().dicts().get()
    with pytest.raises(RuleError, match=said):
        rules.edit(draft.id, **{"title": "Un autre titre"} | values)
    assert Event.select().dicts().get() == before
    assert Session.select().count() == 1


@pytest.mark.parametrize(("values", "said"), WRONG.values(), ids=WRONG)
def test_it_is_refused_for_a_new_event_as_well(app, values, said):
    with pytest.raises(RuleError, match=said):
        rules.create(**{"title": "Nouveau", "sessions": sessions()} | values)
    assert Event.select().count() == 0


def test_a_published_event_keeps_at_least_one_session(published):
    with pytest.raises(RuleError, match="au moins une séance"):
        rules.set_sessions(published.id, [])


def test_an_outside_event_takes_no_registration(app):
    event = rules.create(title="Séminaire", kind="external", booking="online", sessions=sessions())
    assert event.booking == Booking.NONE


def test_counting_heads_takes_no_registration_online(app):
    event = rules.create(title="Atelier chute", counts_heads=True, sessions=sessions())
    assert event.booking == Booking.NONE


def test_a_picture_comes_with_its_words(app, draft):
    image = StoredFile.create(
        name="a.webp", media_type="image/webp", size_bytes=1, width=1, height=1, original_name="a"
    )
    with pytest.raises(RuleError, match="ce que montre l’image"):
        rules.edit(draft.id, image=image.id)
    rules.edit(draft.id, image=image.id, image_alt="Une affiche")
    assert uses_of("a.webp") == {Visibility.COORDINATION}
    rules.publish(draft.id)
    assert uses_of("a.webp") == {Visibility.PUBLIC}


def test_unknown_professions_and_reminders_are_left_out(draft):
    event = rules.edit(draft.id, audience="professions", professions=["10-MG", "zz"], reminders=["1h", "7d", "x"])
    assert (event.professions, event.reminders) == (",10-MG,", "7d,1h")


def test_a_column_that_is_not_the_organisers_is_never_written(draft):
    with pytest.raises(TypeError):
        rules.edit(draft.id, status="held")
    assert "slug" not in checking.EDITABLE


# Seats


def test_fewer_seats_than_registered_asks_what_to_do(published):
    register(published, "Alix", "Sacha", "Camille")
    with pytest.raises(RuleError, match="places sont prises") as refusal:
        rules.edit(published.id, capacity=2, title="Autre")
    assert refusal.value.field == "over"
    assert (Event.get().capacity, Event.get().title) == (None, "Soirée vaccins")


@pytest.mark.parametrize(("over", "confirmed"), [("keep", 3), ("wait", 2)])
def test_it_keeps_them_all_or_sends_the_last_back_to_the_waiting_list(published, over, confirmed):
    register(published, "Alix", "Sacha", "Camille")
    rules.edit(published.id, capacity=2, over=over)
    states = dict(Registration.select(Registration.given_name, Registration.state).tuples())
    assert sum(state == Place.CONFIRMED for state in states.values()) == confirmed
    assert states["Alix"] == Place.CONFIRMED
    assert Event.get().capacity == 2


def test_more_seats_let_in_those_who_wait_in_order(draft):
    rules.edit(draft.id, capacity=1)
    event = rules.publish(draft.id)
    register(event, "Alix", "Sacha", "Camille")
    rules.edit(event.id, capacity=2)
    waiting = Registration.select().where(Registration.state == Place.WAITING)
    assert [each.given_name for each in waiting] == ["Camille"]
    assert mails("promoted") == ["sacha@exemple.fr"]


# Trash, figures of before


def test_only_a_draft_goes_to_the_trash_and_it_comes_back(published):
    with pytest.raises(RuleError, match="s’annule"):
        rules.trash(published.id)
    rules.withdraw(published.id)
    rules.trash(published.id)
    with pytest.raises(RuleError, match="corbeille"):
        rules.publish(published.id)
    rules.restore(published.id)
    rules.restore(published.id)
    assert rules.publish(published.id).deleted_at is None


def test_a_figure_is_typed_for_an_event_without_a_list(app):
    event = past()
    rules.count_by_hand(event.id, participants=95, professionals=40, source=" Rapport 2022 ")
    event = Event.get()
    assert (event.typed_participants, event.typed_professionals, event.typed_source) == (95, 40, "Rapport 2022")
    rules.count_by_hand(event.id, participants=None, professionals=None)
    assert Event.get().typed_source == ""


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ((10, 11, "x"), "parmi les participants"),
        ((None, 1, "x"), "parmi les participants"),
        ((-1, None, "x"), "entre 0"),
        ((10**9, None, "x"), "entre 0"),
        ((10, 1, " "), "d’où vient"),
    ],
)
def test_a_figure_that_makes_no_sense_is_refused(app, typed, said):
    event = past()
    with pytest.raises(RuleError, match=said):
        rules.count_by_hand(event.id, participants=typed[0], professionals=typed[1], source=typed[2])
    assert Event.get().typed_participants is None


def test_each_act_leaves_a_line_in_the_journal_without_a_name(draft):
    rules.edit(draft.id, place="Ailleurs")
    rules.publish(draft.id)
    rules.withdraw(draft.id)
    rules.trash(draft.id)
    rules.restore(draft.id)
    rules.publish(draft.id)
    rules.cancel(draft.id, "Neige")
    verbs = ["created", "edited", "published", "withdrawn", "trashed", "restored", "published", "cancelled"]
    assert acts() == [f"event.{verb}" for verb in verbs]
    assert "Neige" not in "".join(each.detail_json for each in JournalEntry.select())


# Questions


def question(label="Régime ?", kind="text", **values):
    return Asked(values.pop("id", None), kind, label, **values)


def test_questions_keep_their_order_and_their_answers(published):
    asking.set_questions(published.id, [question("A"), question("B")])
    register(published, "Alix")
    first, second = published.questions.order_by(Question.position)
    Answer.create(registration=Registration.get(), question=first, text="Oui")
    asking.set_questions(published.id, [question("B", id=second.id), question("A bis", id=first.id), question("C")])
    assert [each.label for each in published.questions.order_by(Question.position)] == ["B", "A bis", "C"]
    assert Answer.get().question.label == "A bis"


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ([question(f"Question {n}") for n in range(9)], "Huit questions au plus"),
        ([question("A", "guests"), question("B", "guests")], "nombre d’accompagnants"),
        ([question("A"), question("à ")], "identiques"),
        ([question(" ")], "Écrivez chaque question"),
        ([question("a" * 161)], "160 caractères"),
        ([question("A", "choice", choices=("un", " un "))], "de 2 à 30 réponses"),
        ([question("A", "choice", choices=("a" * 121, "b"))], "120 caractères"),
        ([question("A", "guests", most=0)], "accompagnants entre 1"),
        ([question("A", "essay")], "Choisissez"),
        ([question("A", id=999)], "Rechargez la page"),
    ],
)
def test_questions_that_make_no_sense_are_refused(draft, asked, said):
    with pytest.raises(RuleError, match=said):
        asking.set_questions(draft.id, asked)
    assert draft.questions.count() == 0


def test_a_question_that_was_answered_is_not_taken_away_without_asking(published):
    asking.set_questions(published.id, [question("A"), question("B")])
    register(published, "Alix")
    Answer.create(registration=Registration.get(), question=published.questions.get(), text="Oui")
    kept = published.questions.order_by(Question.position.desc()).get()
    with pytest.raises(RuleError, match="personne a déjà répondu") as refusal:
        asking.set_questions(published.id, [question("B", id=kept.id)])
    assert refusal.value.field == "forget_answers"
    asking.set_questions(published.id, [question("B", id=kept.id)], forget_answers=True)
    assert (published.questions.count(), Answer.select().count()) == (1, 0)


def test_the_question_about_guests_is_answered_when_somebody_brings_one(published):
    asking.set_questions(published.id, [question("Combien ?", "guests", most=2)])
    register(published, "Alix")
    Registration.update(guests=1).execute()
    with pytest.raises(RuleError, match="déjà répondu"):
        asking.set_questions(published.id, [])


def test_a_question_that_was_answered_keeps_its_kind(published):
    asking.set_questions(published.id, [question("A")])
    asked = published.questions.get()
    register(published, "Alix")
    Answer.create(registration=Registration.get(), question=asked, text="Oui")
    with pytest.raises(RuleError, match="sa sorte ne change plus"):
        asking.set_questions(published.id, [question("A", "choice", id=asked.id, choices=("un", "deux"))])


# Materials and co-organisers


def stored(name="a.pdf"):
    return StoredFile.create(name=name, media_type="application/pdf", size_bytes=3, original_name="Support.pdf")


def test_a_material_is_a_file_or_a_link_and_keeps_its_rank(draft):
    file = stored()
    first = materials.add(draft.id, title="Support", kind="slides", readers="public", file_id=file.id)
    second = materials.add(draft.id, title="Replay", kind="replay", readers="present", url="https://exemple.fr/r")
    materials.move(second.id, -1)
    materials.move(second.id, -1)
    assert [each.title for each in draft.materials.order_by(Material.position)] == ["Replay", "Support"]
    materials.edit(first.id, title="Diapositives", kind="slides", readers="adherents")
    assert Material.get_by_id(first.id).file_id == file.id
    materials.remove(first.id)
    with pytest.raises(RuleError, match="déjà été retiré"):
        materials.remove(first.id)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({}, "fichier, ou écrivez un lien"),
        ({"url": "https://exemple.fr", "file_id": 1}, "l’un des deux"),
        ({"url": "http://exemple.fr"}, "https://"),
        ({"title": " ", "url": "https://exemple.fr"}, "Donnez un titre"),
    ],
)
def test_a_material_that_is_neither_or_both_is_refused(draft, values, said):
    stored()
    with pytest.raises(RuleError, match=said):
        materials.add(draft.id, **{"title": "T", "kind": "slides", "readers": "public"} | values)
    assert Material.select().count() == 0


@pytest.mark.parametrize(
    ("readers", "shown"),
    [
        ("public", Visibility.PUBLIC),
        ("adherents", Visibility.ADHERENTS),
        ("registered", Visibility.COORDINATION),
        ("present", Visibility.COORDINATION),
    ],
)
def test_a_material_is_read_by_those_it_is_for_once_published(draft, readers, shown):
    materials.add(draft.id, title="Support", kind="slides", readers=readers, file_id=stored().id)
    assert uses_of("a.pdf") == {Visibility.COORDINATION}
    rules.publish(draft.id)
    assert uses_of("a.pdf") == {shown}


def test_partners_are_named_in_order_once_each(draft):
    materials.set_partners(draft.id, [("CRCDC", "https://exemple.fr", None), ("CCAS", "", None)])
    materials.set_partners(draft.id, [("CRCDC", "https://exemple.fr", None), ("CCAS", "", None)])
    assert [each.name for each in draft.co_organisers.order_by(CoOrganiser.position)] == ["CRCDC", "CCAS"]
    assert acts().count("event.partners_set") == 1
    for wrong in ([("", "", None)], [("A", "", None)] * 2, [("A", "ftp://exemple.fr", None)]):
        with pytest.raises(RuleError):
            materials.set_partners(draft.id, wrong)
    assert draft.co_organisers.count() == 2


# The list of invited people


def test_pasted_lines_are_read_with_or_without_names_and_the_wrong_ones_are_told(app):
    pasted = inviting.read(
        "alix@exemple.fr\n"
        "Sacha Fictif <sacha@exemple.fr>\n"
        "\n"
        "Exemple\tCamille\tcamille@exemple.fr\n"
        "dominique@exemple.fr, maxime@exemple.fr\n"
        "personne\n"
        "faux@\n"
        "nom@x.mssante.fr"
    )
    assert pasted.people == [
        ("alix@exemple.fr", ""),
        ("sacha@exemple.fr", "Sacha Fictif"),
        ("camille@exemple.fr", "Exemple Camille"),
        ("dominique@exemple.fr", ""),
        ("maxime@exemple.fr", ""),
    ]
    assert [number for number, _, _ in pasted.wrong] == [6, 7, 8]
    assert all(why for _, _, why in pasted.wrong)


@pytest.mark.parametrize(
    "email", ["a@exemple.fr\nBcc: b@exemple.fr", "a b@exemple.fr", "a@exemple", "", "é@", "x" * 300]
)
def test_an_address_that_a_mail_cannot_carry_is_refused(draft, email):
    with pytest.raises(RuleError, match="Corrigez-la"):
        inviting.invite(draft.id, [("bon@exemple.fr", ""), (email, "")])
    assert Invitation.select().count() == 0


def test_somebody_is_invited_once_and_a_member_is_recognised(draft, adherent):
    assert inviting.invite(draft.id, [("Adherent@exemple.fr", ""), ("alix@exemple.fr", "Alix")]) == 2
    assert inviting.invite(draft.id, [("adherent@EXEMPLE.fr", "")]) == 0
    assert inviting.invite_persons(draft.id, [adherent.person_id]) == (0, 0)
    known = Invitation.get(Invitation.email_normalised == "adherent@exemple.fr")
    assert known.person_id == adherent.person_id


def test_a_whole_segment_is_invited_and_one_that_does_not_exist_is_refused(draft, adherent):
    for wrong in ("", "adherents", "adherents:autre", "adherents.profession:zz", "rien:tous"):
        with pytest.raises(RuleError, match="Choisissez dans la liste"):
            inviting.invite_segment(draft.id, wrong)
    assert inviting.invite_segment(draft.id, "adherents:tous") == (1, 0)


def test_invitations_leave_at_publication_and_later_ones_on_demand_each_once(draft):
    inviting.invite(draft.id, [("alix@exemple.fr", "Alix")])
    with pytest.raises(RuleError, match="Publiez d’abord"):
        inviting.send(draft.id)
    rules.publish(draft.id)
    inviting.invite(draft.id, [("sacha@exemple.fr", "Sacha")])
    assert inviting.send(draft.id) == 1
    assert inviting.send(draft.id) == 0
    assert mails("invitation") == ["alix@exemple.fr", "sacha@exemple.fr"]


def test_taking_somebody_off_the_list_leaves_the_lists_of_other_events(draft):
    other = rules.create(title="Autre")
    inviting.invite(other.id, [("alix@exemple.fr", "")])
    assert inviting.uninvite(draft.id, [Invitation.get().id]) == 0
    assert inviting.uninvite(other.id, [Invitation.get().id]) == 1


# The words of mails


def test_words_take_the_place_of_those_before_and_go(draft):
    mail_words.write(draft.id, "confirmed", "Apportez un stylo.")
    mail_words.write(draft.id, "confirmed", " Entrée par la cour.\r\n ")
    assert mail_words.of(draft, "confirmed") == "Entrée par la cour."
    with pytest.raises(RuleError, match="2000"):
        mail_words.write(draft.id, "confirmed", "a" * 2001)
    mail_words.forget(draft.id, "confirmed")
    mail_words.forget(draft.id, "confirmed")
    assert MailWords.select().count() == 0
    assert acts().count("event.worded") == 3


def test_moments_are_stored_in_universal_time(draft):
    assert Event.get().starts_at.tzinfo is None
    assert abs(Event.get().created_at - datetime.now(UTC).replace(tzinfo=None)) < timedelta(hours=1)
