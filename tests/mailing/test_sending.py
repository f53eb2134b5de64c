"""A sending from its start to its end: who gets what, once, and what a person may still decide."""

from datetime import datetime, timedelta
from threading import Thread

import pytest
from peewee import IntegrityError
from playhouse.test_utils import assert_query_count

from cptsapp.blueprints.mailing import audience, content, progress, rules
from cptsapp.blueprints.mailing.audience import Step
from cptsapp.blueprints.mailing.models import Mailing, MailingTally, MailingText, SavedAudience, State
from cptsapp.blueprints.mailing.sources import Advice
from cptsapp.kernel import mail
from cptsapp.kernel.dates import to_paris
from cptsapp.kernel.db import now
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.mail import Kind, OutgoingMail, deciding, holds, marks, retention
from cptsapp.kernel.mail import State as MailState
from cptsapp.kernel.mail.dialogue import Outcome, Result


def again(mailing) -> Mailing:
    return Mailing.get_by_id(mailing.id)


def states(mailing) -> dict[str, str]:
    return {row.to_address: str(row.state) for row in mailing.rows}


def test_steps_are_read_from_left_to_right_and_one_address_is_one_row_that_names_its_persons(people, letters):
    people("A", "un@exemple.fr", "Deux@exemple.fr", None, "dr@pro.mssante.fr", "pas une adresse")
    people("B", "deux@exemple.fr", "trois@exemple.fr", "quatre@exemple.fr")
    people("C", "quatre@exemple.fr")
    holds.hold("trois@exemple.fr", [Kind.COLLECTIVE], holds.Reason.UNSUBSCRIBED)
    both = [Step("or", "noms", "A"), Step("or", "noms", "B")]
    found = audience.count(both)
    assert (found.addresses, found.persons, found.left_out) == (3, 4, 4)
    assert {reason: number for reason, number, _ in found.skipped} == {
        audience.NO_ADDRESS: 1,
        audience.CLOSED: 1,
        audience.WRONG_ADDRESS: 1,
        holds.SKIPPED[holds.Reason.UNSUBSCRIBED]: 1,
    }
    [shared] = [each for each in audience.candidates(both) if each.key == "deux@exemple.fr"]
    assert shared.values["nom"] == "P1 A et P0 B"
    assert audience.count([*both, Step("except", "noms", "B")]).persons == 2
    assert audience.count([*both, Step("and", "noms", "C")]).persons == 0
    assert audience.count([Step("and", "noms", "C")]).addresses == 1
    assert audience.describe([*both, Step("except", "noms", "C")]) == [
        ("", "Noms : Famille A"),
        ("et aussi", "Noms : Famille B"),
        ("sauf", "Noms : Famille C"),
    ]


def test_a_saved_audience_is_living_and_chosen_people_are_a_step(people, mailing):
    chosen = audience.chosen([each.id for each in people("C", "c@exemple.fr")])
    saved = SavedAudience.create(name="Les A", steps_json=audience.stored([Step("or", "noms", "A")]))
    steps = [Step("or", audience.SAVED, str(saved.id)), *chosen]
    rules.set_audience(mailing.id, steps)
    assert audience.count(steps).addresses == 1
    people("A", "plus-tard@exemple.fr")
    assert audience.count(steps).addresses == 2
    assert [words for _, words in audience.describe(steps)] == ["Les A", "1\u00a0personne choisie une à une"]
    saved.delete_instance()
    assert audience.count(steps).addresses == 1
    assert audience.describe(steps)[0][1] == "un critère qui n’existe plus"
    for wrong in (Step("or", "noms", "Z"), Step("or", "inconnu", "A"), Step("xor", "noms", "A")):
        with pytest.raises(RuleError):
            rules.set_audience(mailing.id, [wrong])
    with pytest.raises(RuleError, match="au moins une"):
        audience.chosen([])


def test_everybody_gets_it_once_with_their_own_name_and_link(people, mailing, letters, mailbox, settings):
    settings.base_url = "https://www.exemple.fr"
    people("A", "un@exemple.fr", "deux@exemple.fr", None)
    rules.start(mailing.id)
    assert letters.started == [1]
    sent = mailbox.deliver()
    assert {letter.to[0] for letter in sent} == {"un@exemple.fr", "deux@exemple.fr"}
    assert {letter.message["Subject"] for letter in sent} == {"La lettre P0", "La lettre P1"}
    assert len({letter.message["List-Unsubscribe"] for letter in sent}) == 2
    assert len({letter.message["Message-ID"] for letter in sent}) == 2
    for letter in sent:
        assert "Bonjour P" in letter.text
        assert "Bonjour P" in letter.html
    assert again(mailing).state == State.SENT
    assert not mailbox.deliver()
    figures = progress.of(again(mailing))
    assert (figures.sent, figures.skipped, figures.recipients, figures.share) == (2, 1, 2, 100)
    assert progress.reasons(mailing) == [(audience.NO_ADDRESS, 1)]


def test_a_mail_is_composed_by_a_thread_that_asks_nothing_of_the_database(people, mailing):
    people("A", "un@exemple.fr")
    rules.start(mailing.id)
    row, composed = OutgoingMail.get(OutgoingMail.campaign_id == mailing.id), []
    content.ready(mailing.id)
    with assert_query_count(0):
        thread = Thread(target=lambda: composed.append(content.content(row, "<1@exemple.fr>")))
        thread.start()
        thread.join()
    assert b"Bonjour P0" in composed[0]


def test_what_starts_is_frozen_and_what_cannot_leave_is_refused(people, mailing, letters):
    with pytest.raises(RuleError, match="Personne ne correspond"):
        rules.start(mailing.id)
    people("A", None)
    with pytest.raises(RuleError, match="Aucune de ces personnes"):
        rules.start(mailing.id)
    people("A", "un@exemple.fr")
    letters.advice = [Advice("Il manque le lien.", is_blocking=True)]
    with pytest.raises(RuleError, match="Il manque le lien"):
        rules.start(mailing.id)
    letters.advice = [Advice("Un peu long.")]
    whole = letters.letter
    letters.letter = None
    with pytest.raises(RuleError, match="n’existe plus"):
        rules.start(mailing.id)
    assert not OutgoingMail.select().exists()
    assert not MailingText.select().exists()
    letters.letter = whole
    rules.start(mailing.id)
    letters.letter = None
    for act in (rules.start, rules.delete, rules.unschedule, lambda id: rules.set_audience(id, [])):
        with pytest.raises(RuleError, match="a commencé"):
            act(mailing.id)
    with pytest.raises(RuleError, match="ne change plus"):
        rules.refuse_frozen("essai", 1)
    assert again(mailing).subject == "La lettre vous"


def test_a_pause_holds_one_sending_and_nothing_else(people, mailing, letters, mailbox):
    people("A", *(f"a{rank}@exemple.fr" for rank in range(12)))
    people("B", "b@exemple.fr")
    other = rules.set_audience(rules.open_for("essai", 2).id, [Step("or", "noms", "B")])
    rules.start(mailing.id)
    rules.pause(mailing.id)
    rules.start(other.id)
    mail.queue("outbox/welcome", to="personne@exemple.fr")
    assert {letter.to[0] for letter in mailbox.deliver()} == {"personne@exemple.fr", "b@exemple.fr"}
    assert (again(other).state, again(mailing).state) == (State.SENT, State.PAUSED)
    with pytest.raises(RuleError):
        rules.pause(mailing.id)
    rules.resume(mailing.id)
    assert len(mailbox.deliver()) == 12
    with pytest.raises(RuleError):
        rules.resume(mailing.id)


def test_two_sendings_share_each_claim(people, mailing):
    people("A", *(f"a{rank}@exemple.fr" for rank in range(30)))
    people("B", *(f"b{rank}@exemple.fr" for rank in range(4)))
    other = rules.set_audience(rules.open_for("essai", 2).id, [Step("or", "noms", "B")])
    for each in (mailing, other):
        rules.start(each.id)
    taken = [row.campaign_id for row in marks.claim("h", 12)]
    assert taken.count(other.id) == 4
    assert len(taken) == 12


def test_a_stopped_sending_says_who_got_it_and_lets_nothing_else_go(people, mailing, mailbox):
    people("A", "un@exemple.fr", "deux@exemple.fr", "trois@exemple.fr")
    mailbox.sink.at_recipient["deux@exemple.fr"] = ["451 later"]
    rules.start(mailing.id)
    held = marks.claim("elsewhere", 1)
    mailbox.deliver()
    assert rules.cancel(mailing.id) == 1
    assert states(mailing) == {"un@exemple.fr": "claimed", "deux@exemple.fr": "skipped", "trois@exemple.fr": "sent"}
    marks.failed("elsewhere", held[0].id, Outcome(Result.LATER, 451, "later"))
    rules.tidy()
    assert states(mailing)["un@exemple.fr"] == "skipped"
    assert not mailbox.deliver()
    with pytest.raises(RuleError, match="rien à arrêter"):
        rules.cancel(mailing.id)
    OutgoingMail.update(state=MailState.REFUSED).where(OutgoingMail.to_address == "trois@exemple.fr").execute()
    with pytest.raises(RuleError, match="a été arrêté"):
        deciding.resend(OutgoingMail.get(OutgoingMail.to_address == "trois@exemple.fr").id)


def test_a_start_that_nobody_received_anything_of_can_be_taken_back(people, mailing, letters, mailbox):
    people("A", "un@exemple.fr")
    rules.start(mailing.id)
    rules.pause(mailing.id)
    assert rules.cancel(mailing.id) == 1
    assert again(mailing).state == State.DRAFT
    assert letters.reopened == [1]
    rules.refuse_frozen("essai", 1)
    rules.start(mailing.id)
    assert len(mailbox.deliver()) == 1


def test_a_letter_has_one_open_sending_however_many_open_it_at_once(app, mailing):
    with pytest.raises(IntegrityError):
        Mailing.create(source_key=mailing.source_key, source_id=mailing.source_id)
    assert rules.open_for(mailing.source_key, mailing.source_id) == mailing


def test_a_start_that_is_taken_back_takes_what_was_opened_after_it(people, mailing):
    people("A", "un@exemple.fr")
    rules.start(mailing.id)
    after = rules.open_for(mailing.source_key, mailing.source_id)
    assert after != mailing
    rules.cancel(mailing.id)
    assert [each.id for each in Mailing.select()] == [mailing.id]


def test_those_who_arrived_since_get_it_and_nobody_twice(people, mailing, mailbox):
    people("A", "un@exemple.fr")
    rules.start(mailing.id)
    mailbox.deliver()
    with pytest.raises(RuleError, match="Personne n’est arrivé"):
        rules.extend(mailing.id)
    people("A", "UN@exemple.fr", "deux@exemple.fr")
    assert rules.extend(mailing.id) == 1
    assert [letter.to for letter in mailbox.deliver()] == [["deux@exemple.fr"]]
    assert again(mailing).state == State.SENT


def test_an_unsubscription_during_a_sending_counts_at_once(people, mailing, mailbox):
    people("A", "un@exemple.fr", "deux@exemple.fr")
    rules.start(mailing.id)
    holds.hold("UN@exemple.fr", [Kind.COLLECTIVE], holds.Reason.UNSUBSCRIBED)
    assert [letter.to for letter in mailbox.deliver()] == [["deux@exemple.fr"]]
    assert "désabonnée" in mailing.rows.where(OutgoingMail.to_address == "un@exemple.fr").get().skip_reason


def test_in_doubt_waits_for_a_decision_unless_the_setting_decides(people, mailing, mailbox, settings):
    people("A", "un@exemple.fr", "deux@exemple.fr")
    rules.start(mailing.id)
    for row in marks.claim("dead", 2):
        marks.begin_doubt("dead", [(row.id, f"<{row.id}@exemple.fr>")])
    OutgoingMail.update(lease_until=now() - timedelta(seconds=1)).execute()
    assert not mailbox.deliver()
    assert set(states(mailing).values()) == {"uncertain"}
    assert again(mailing).state == State.SENT
    one, two = [row.id for row in mailing.rows.order_by(OutgoingMail.id)]
    deciding.resend(one)
    assert again(mailing).state == State.SENDING
    deciding.settle(two)
    [letter] = mailbox.deliver()
    assert letter.message["Message-ID"] == f"<{one}@exemple.fr>"
    figures = progress.of(again(mailing))
    assert (figures.sent, figures.settled, figures.recipients) == (1, 1, 2)
    settings.mail_resend_uncertain = True
    OutgoingMail.update(state="in_doubt", done_at=None, claimed_by="dead", lease_until=now()).where(
        OutgoingMail.id == one
    ).execute()
    Mailing.update(state=State.SENDING, finished_at=None).execute()
    assert len(mailbox.deliver()) == 1


def test_the_hour_comes_in_paris_and_one_missed_by_long_waits_for_a_person(people, mailing, letters):
    people("A", "un@exemple.fr")
    with pytest.raises(RuleError, match="passé"):
        rules.schedule(mailing.id, datetime(2020, 1, 1, 9))
    at = to_paris(now() + timedelta(hours=3)).replace(tzinfo=None, microsecond=0)
    rules.schedule(mailing.id, at)
    due = again(mailing).scheduled_at
    assert to_paris(due).replace(tzinfo=None) == at
    assert rules.start_due() == 0
    assert rules.start_due(due + timedelta(hours=2, minutes=1)) == 0
    assert rules.is_missed(again(mailing), due + timedelta(hours=3))
    assert rules.start_due(due + timedelta(minutes=1)) == 1
    assert again(mailing).state == State.SENDING
    other = rules.set_audience(rules.open_for("essai", 3).id, [Step("or", "noms", "A")])
    rules.schedule(other.id, at)
    rules.unschedule(other.id)
    assert rules.start_due(due + timedelta(minutes=1)) == 0
    rules.schedule(other.id, at)
    letters.letter = None
    assert rules.start_due(due + timedelta(minutes=1)) == 0
    assert (again(other).state, again(other).trouble) == (
        State.DRAFT,
        "Cette lettre n’existe plus : rien ne peut partir.",
    )


def test_the_figures_outlive_the_names(people, mailing, mailbox, settings):
    people("A", "un@exemple.fr", "deux@exemple.fr", None)
    mailbox.sink.at_recipient["deux@exemple.fr"] = ["550 5.1.1 no"]
    rules.start(mailing.id)
    mailbox.deliver()
    before = progress.of(again(mailing))
    OutgoingMail.update(done_at=now() - timedelta(days=400)).execute()
    retention.purge_delivered(now().date())
    assert not OutgoingMail.select().exists()
    assert MailingTally.select().count() == 3
    after = progress.of(again(mailing))
    assert (after.sent, after.refused, after.skipped) == (before.sent, before.refused, before.skipped) == (1, 1, 1)
