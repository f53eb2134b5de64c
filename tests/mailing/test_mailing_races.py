"""A person acts on a sending at the very moment when the sender does."""

from cptsapp.blueprints.mailing import rules
from cptsapp.blueprints.mailing.models import Mailing, State
from cptsapp.kernel.db import db, now
from cptsapp.kernel.mail import OutgoingMail, marks
from cptsapp.kernel.mail import State as MailState
from tests.racing import overtaken


def test_a_sending_that_gets_more_people_as_it_ends_goes_on(app, people, mailing, mailbox, monkeypatch):
    people("A", "un@exemple.fr")
    rules.start(mailing.id)
    OutgoingMail.update(state="sent", message_id="<a@exemple.fr>", done_at=now()).execute()
    people("A", "deux@exemple.fr")
    count, _ = overtaken(
        app, monkeypatch, lambda: rules.extend(mailing.id), (rules, "nudge_after_commit"), lambda: rules.tidy()
    )
    assert count == 1
    mailbox.deliver()
    assert [letter.to for letter in mailbox.letters] == [["deux@exemple.fr"]]
    assert Mailing.get_by_id(mailing.id).state == State.SENT


def test_a_sending_is_not_taken_back_under_the_feet_of_the_sender(app, people, mailing, monkeypatch):
    people("A", "un@exemple.fr", "deux@exemple.fr")
    rules.start(mailing.id)

    def send_one():
        with db.atomic():
            taken = marks.claim("sender", 1)
        with db.atomic():
            return marks.begin_doubt("sender", [(row.id, "<a@exemple.fr>") for row in taken])

    _, leaving = overtaken(app, monkeypatch, lambda: rules.cancel(mailing.id), (rules, "_take_back"), send_one)
    kept = {
        id for (id,) in OutgoingMail.select(OutgoingMail.id).where(OutgoingMail.state == MailState.IN_DOUBT).tuples()
    }
    assert leaving == kept
    assert Mailing.get_by_id(mailing.id).state == State.DRAFT
