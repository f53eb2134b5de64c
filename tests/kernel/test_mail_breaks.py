"""What a pass that breaks leaves behind: nothing that the relay took leaves twice, and nothing waits for a lease."""

import threading

import pytest
from peewee import OperationalError

from cptsapp.kernel import mail
from cptsapp.kernel.db import db, is_sqlite
from cptsapp.kernel.mail import OutgoingMail, State, bounces, marks, sender
from cptsapp.kernel.mail.lines import Line
from cptsapp.kernel.mail.models import FrozenMail, MailSender
from tests.postgresql import elsewhere
from tests.racing import overtaken

COUNT = 25


@pytest.fixture
def rows(app):
    with db.atomic():
        return [mail.queue("outbox/test", to=f"p{n}@exemple.fr", values={"collective": False}) for n in range(COUNT)]


def states() -> dict[str, str]:
    return dict(OutgoingMail.select(OutgoingMail.to_address, OutgoingMail.state).tuples())


def told(mailbox) -> list[str]:
    return [letter.to[0] for letter in mailbox.letters]


def once(monkeypatch, owner, name, at, error):
    """Have the call number `at` of a function fail."""
    act, calls = getattr(owner, name), iter(range(1, 10_000))

    def failing(*args, **kwargs):
        if next(calls) == at:
            raise error
        return act(*args, **kwargs)

    monkeypatch.setattr(owner, name, failing)


@pytest.mark.parametrize("connections", [1, 4])
@pytest.mark.parametrize(("owner", "name"), [(marks, "claim"), (sender, "files_of"), (sender, "identity_for")])
def test_a_pass_that_breaks_knows_what_left_and_gives_back_the_rest(
    mailbox, rows, monkeypatch, connections, owner, name
):
    once(monkeypatch, owner, name, 2, ZeroDivisionError)
    with pytest.raises(ZeroDivisionError):
        sender.Pass(connections=connections).run()
    found = states()
    assert set(found.values()) == {State.SENT, State.PENDING}
    assert {to for to, state in found.items() if state == State.SENT} == set(told(mailbox))
    assert not [each for each in threading.enumerate() if isinstance(each, Line)]
    mailbox.deliver()
    assert sorted(told(mailbox)) == sorted(states())


def test_a_mail_whose_end_cannot_be_written_hides_the_end_of_no_other(mailbox, rows, monkeypatch):
    mailbox.sink.at_recipient["p3@exemple.fr"] = ["550 5.1.1 user unknown"]
    monkeypatch.setattr(bounces, "note_refusal", lambda *args: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        sender.Pass(connections=4).run()
    found = states()
    assert found.pop("p3@exemple.fr") == State.IN_DOUBT
    assert set(found.values()) <= {State.SENT, State.PENDING}
    assert {to for to, state in found.items() if state == State.SENT} == set(told(mailbox))
    mailbox.deliver()
    assert sorted(told(mailbox)) == sorted(found)


def test_a_connection_that_the_server_closed_is_replaced_and_the_pass_goes_on(mailbox, rows, monkeypatch):
    begin_doubt, calls = marks.begin_doubt, []

    def closed_meanwhile(*args, **kwargs):
        calls.append(args)
        if len(calls) == 3 and not is_sqlite():
            with elsewhere() as run:
                run(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
        elif len(calls) == 3:
            raise OperationalError("database is locked")
        return begin_doubt(*args, **kwargs)

    monkeypatch.setattr(marks, "begin_doubt", closed_meanwhile)
    assert sender.Pass(connections=4).run().counts == {"sent": COUNT}
    assert sorted(told(mailbox)) == sorted(states())


def test_that_the_relay_is_well_again_is_written_when_its_first_commit_fails(mailbox, app, monkeypatch):
    MailSender.create(id=1, failures=2)
    with db.atomic():
        mail.queue("outbox/test", to="zoe@exemple.fr", values={"collective": False})
    once(monkeypatch, marks, "begin_doubt", 3, OperationalError("database is locked"))  # with the end of the mail
    assert sender.Pass(connections=1).run().counts == {"sent": 1}
    assert MailSender.state().failures == 0


@pytest.mark.parametrize("at", [2, 3, 4])
def test_a_commit_whose_word_was_lost_is_found_done(mailbox, rows, monkeypatch, at):
    commit, calls = db.obj.commit, iter(range(1, 1000))

    def unheard():
        commit()
        if next(calls) == at:
            raise OperationalError("the server closed the connection unexpectedly")

    monkeypatch.setattr(db.obj, "commit", unheard)
    assert sender.Pass(connections=1).run().counts == {"sent": COUNT}
    assert sorted(told(mailbox)) == sorted(states())


def test_the_bytes_of_a_mail_that_was_given_back_change_nothing_of_what_another_sender_does(app, rows):
    row, gone = rows[:2]
    with db.atomic():
        marks.claim("lent", 2)
        marks.release("lent", besides=[gone.id])
        marks.claim_one("vif", row.id)
        marks.freeze("vif", [(row.id, "<vif@exemple.fr>", b"vif")])
    OutgoingMail.delete().where(OutgoingMail.id == gone.id).execute()
    with db.atomic():
        marks.freeze("lent", [(each.id, "<lent@exemple.fr>", b"lent") for each in (row, gone)])
    assert OutgoingMail.get_by_id(row.id).message_id == "<vif@exemple.fr>"
    assert [bytes(each.content) for each in FrozenMail.select()] == [b"vif"]


def test_two_senders_at_once_share_what_may_leave_in_a_minute(app, rows, monkeypatch):
    def take():
        with db.atomic():
            return len(sender.Pass(rate=6)._claim())

    assert overtaken(app, monkeypatch, take, (marks, "spend"), take) == (6, 0)
