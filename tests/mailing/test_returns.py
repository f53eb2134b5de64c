"""What comes back: read, counted once, and what follows for the address."""

import io
from email import message_from_bytes

import pytest

from cptsapp.blueprints.mailing import progress, rules
from cptsapp.blueprints.subscription.models import Refusal
from cptsapp.kernel.mail import Identity, Kind, OutgoingMail, bouncebox, bounces, holds, reports, returns
from cptsapp.kernel.mail import State as MailState
from cptsapp.kernel.mail.models import Bounce, MailBounce

REPORT = """\
From: MAILER-DAEMON@relais.exemple
To: retours@exemple.fr
Subject: Undelivered
Message-ID: <{id}@relais.exemple>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

Votre message n'a pu etre remis.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; relais.exemple

Final-Recipient: rfc822; {address}
Action: {action}
Status: {status}
Diagnostic-Code: smtp; 550 {status} {words}

--b
Content-Type: message/rfc822

From: lettre@exemple.fr
To: {address}
Message-ID: {ours}

Bonjour
--b--
"""


def report(ours, *, id="r1", address="un@exemple.fr", action="failed", status="5.1.1", words="unknown") -> bytes:
    text = REPORT.format(id=id, address=address, action=action, status=status, words=words, ours=ours)
    return text.replace("\n", "\r\n").encode()


@pytest.fixture
def sent(people, mailing, mailbox):
    """Return a function that sends a letter to un@exemple.fr and gives its row."""
    people("A", "un@exemple.fr")

    def send(number=1):
        each = mailing if number == 1 else rules.open_for("essai", number)
        rules.set_audience(each.id, rules.audience.steps_of(mailing.audience))
        rules.start(each.id)
        mailbox.deliver()
        return OutgoingMail.get(OutgoingMail.campaign_id == each.id)

    return send


COMPLAINT = """\
From: plaintes@fournisseur.exemple
To: retours@exemple.fr
Subject: FW: La lettre
Message-ID: <plainte-{feedback}@fournisseur.exemple>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary="b"

--b
Content-Type: text/plain

Un abonne a signale ce message.
--b
Content-Type: message/feedback-report

Feedback-Type: {feedback}
User-Agent: Fournisseur/1.0
Version: 1
Original-Rcpt-To: <redacted@fournisseur.exemple>

--b
Content-Type: message/rfc822

From: lettre@exemple.fr
Message-ID: {ours}

Bonjour
--b--
"""


def complaint(ours, feedback="abuse") -> bytes:
    return COMPLAINT.format(ours=ours, feedback=feedback).replace("\n", "\r\n").encode()


def is_held() -> bool:
    return bool(holds.reasons(["un@exemple.fr"], Kind.COLLECTIVE))


def test_a_hard_return_suspends_at_once_counts_once_and_can_be_undone(sent, mailing):
    row = sent()
    content = report(row.message_id)
    assert bounces.record(content).kind == Bounce.HARD
    assert is_held()
    assert bounces.record(b"Received: from elsewhere\r\n" + content) is None
    assert MailBounce.select().count() == 1
    assert progress.returned(mailing) == 1
    assert OutgoingMail.get_by_id(row.id).state == MailState.SENT
    holds.hold("un@exemple.fr", [Kind.COLLECTIVE], holds.Reason.UNSUBSCRIBED)
    bounces.release("un@exemple.fr")
    assert holds.reasons(["un@exemple.fr"], Kind.COLLECTIVE) == {"un@exemple.fr": holds.Reason.UNSUBSCRIBED}
    assert not bounces.is_suspended("un@exemple.fr")


def test_a_soft_return_suspends_at_the_fifth_in_a_row(sent):
    for number in range(1, 6):
        assert not is_held()
        row = sent(number)
        bounces.record(report(row.message_id, id=f"r{number}", status="5.2.2", words="mailbox full"))
        bounces.record(report(row.message_id, id=f"again{number}", status="4.2.2", words="mailbox full"))
    assert is_held()
    bounces.release("un@exemple.fr")
    row = sent(6)
    bounces.record(report(row.message_id, id="r6", status="4.4.7", words="expired"))
    assert not is_held()


def test_a_mail_that_arrives_ends_the_row_of_soft_returns(sent):
    for number in (1, 2):
        bounces.record(report(sent(number).message_id, id=f"r{number}", status="4.2.2"))
    assert bounces.soft_in_a_row("un@exemple.fr") == 2
    sent(3)
    assert bounces.soft_in_a_row("un@exemple.fr") == 0


@pytest.mark.parametrize(
    ("action", "status", "words", "kind"),
    [
        ("failed", "5.1.1", "", Bounce.HARD),
        ("failed", "5.4.4", "", Bounce.HARD),
        ("failed", "5.0.0", "User unknown", Bounce.HARD),
        ("failed", "5.2.2", "", Bounce.SOFT),
        ("failed", "4.4.1", "", Bounce.SOFT),
        ("failed", "5.0.0", "?", Bounce.SOFT),
        ("failed", "5.7.1", "spam", Bounce.POLICY),
        ("failed", "5.7.515", "", Bounce.POLICY),
        ("failed", "5.1.8", "bad sender", Bounce.POLICY),
        ("failed", "5.0.0", "listed in a blocklist", Bounce.POLICY),
        ("delayed", "4.4.1", "", Bounce.DELAYED),
        ("relayed", "2.0.0", "", Bounce.REPLY),
    ],
)
def test_each_status_means_one_thing(action, status, words, kind):
    assert reports.classify(action, status, words) == kind


@pytest.mark.parametrize(
    ("code", "words", "kind"),
    [
        (550, "5.1.1 user unknown", Bounce.HARD),
        (550, "no", Bounce.HARD),
        (550, "blocked by our policy", Bounce.POLICY),
        (550, "5.7.26 unauthenticated", Bounce.POLICY),
        (554, "no", Bounce.POLICY),
        (552, "full", Bounce.SOFT),
        (451, "later", Bounce.SOFT),
    ],
)
def test_a_refusal_in_the_session_means_what_its_report_would(code, words, kind):
    assert reports.classify_refusal(code, words)[0] == kind


def test_a_recipient_refused_in_the_session_is_suspended_like_by_a_report(sent, mailbox):
    mailbox.sink.at_recipient["un@exemple.fr"] = ["550 5.1.1 user unknown"]
    sent()
    assert is_held()
    assert MailBounce.get().words == "550 5.1.1 user unknown"


@pytest.mark.parametrize("changes", [{"status": "5.7.1"}, {"action": "delayed", "status": "4.4.1"}])
def test_what_blames_the_message_or_only_waits_costs_the_address_nothing(sent, changes):
    bounces.record(report(sent().message_id, **changes))
    assert not is_held()
    assert bounces.soft_in_a_row("un@exemple.fr") == 0


def test_whoever_reports_a_letter_as_unwanted_is_left_alone_until_they_come_back_by_themselves(sent):
    row = sent()
    assert bounces.record(complaint("<devine@exemple.fr>", "fraud")).kind == Bounce.UNKNOWN
    assert bounces.record(complaint(row.message_id, "not-spam")).kind == Bounce.REPLY
    assert not is_held()
    assert bounces.record(complaint(row.message_id)).kind == Bounce.COMPLAINT
    assert bounces.record(complaint(row.message_id)) is None
    assert holds.reasons(["un@exemple.fr"], Kind.COLLECTIVE) == {"un@exemple.fr": holds.Reason.COMPLAINED}
    assert not holds.reasons(["un@exemple.fr"], Kind.REMINDER)
    assert Refusal.select().where(Refusal.reason == holds.Reason.COMPLAINED).count() == 1
    bounces.release("un@exemple.fr")
    assert is_held()


def test_an_automatic_reply_counts_nothing_and_the_unknown_waits_for_a_person(sent):
    row = sent()
    away = b"From: un@exemple.fr\r\nAuto-Submitted: auto-replied\r\nSubject: Absence\r\n\r\nJe suis en 5.1.1 vacances"
    assert bounces.record(away).kind == Bounce.REPLY
    forged = bounces.record(report("<devine@exemple.fr>", id="forge"))
    assert (forged.kind, forged.address, bool(forged.content)) == (Bounce.UNKNOWN, "un@exemple.fr", True)
    for odd in (b"", b"\xff\xfe", b"Content-Type: multipart/report\r\n\r\n", b"Bonjour, ceci est une question"):
        assert bounces.record(odd).kind == Bounce.UNKNOWN
    assert not is_held()
    bounces.suspend(forged.id)
    assert is_held()
    assert MailBounce.get_by_id(forged.id).handled_at
    assert OutgoingMail.get_by_id(row.id).state == MailState.SENT


def test_an_address_of_its_own_names_the_mail_without_reading_the_report(sent, mailbox, settings):
    settings.mail_bounce_domain = "retours.exemple.fr"
    row = sent()
    own = mailbox.letters[-1].sender
    assert own.startswith("retours+")
    assert own.endswith("@retours.exemple.fr")
    assert returns.mail_of(f"<{own.upper()}>") == row.id
    assert returns.mail_of(own.replace("@", "0@")) is None
    assert returns.mail_of(own.replace("+", "+1")) is None
    odd = b"Subject: failure\r\n\r\nYour mail was refused: 550 5.1.1 nobody here"
    assert bounces.record(odd, to=own).kind == Bounce.HARD
    assert is_held()
    assert b"retours+" not in mailbox.letters[-1].content
    settings.mail_bounce_domain = ""
    assert returns.envelope(Identity("", "a@exemple.fr", bounce="b@exemple.fr"), 3) == "b@exemple.fr"


def test_the_command_reads_its_input(app, sent, monkeypatch):
    row = sent()
    runner = app.test_cli_runner()
    told = runner.invoke(args=["mail", "bounce"], input=report(row.message_id))
    assert told.output == "Adresse refusée.\n"
    assert "déjà" in runner.invoke(args=["mail", "bounce"], input=io.BytesIO(report(row.message_id))).output


class Box:
    """As much of an IMAP mailbox as is read."""

    def __init__(self, contents):
        self.contents, self.seen = contents, set()

    def __call__(self, *place, **options):
        return self

    def login(self, *given):
        return "OK", []

    def select(self, folder):
        return "OK", []

    def logout(self):
        return "BYE", []

    def uid(self, command, *given):
        if command == "search":
            return "OK", [b" ".join(b"%d" % n for n in range(len(self.contents)) if n not in self.seen)]
        if command == "fetch":
            return "OK", [(b"1 (BODY[]", self.contents[int(given[0])]), b")"]
        self.seen.add(int(given[0]))
        return "OK", []


def test_the_mailbox_of_returns_is_read_once(sent, settings, monkeypatch):
    row = sent()
    box = Box([report(row.message_id), report(row.message_id), b"Bonjour"])
    monkeypatch.setattr(bouncebox.imaplib, "IMAP4_SSL", box)
    assert bouncebox.check_bouncebox()[0]
    bouncebox.read_returns()
    assert not box.seen
    settings.bounce_imap_server = "imap.exemple.fr"
    assert not bouncebox.check_bouncebox()[0]
    bouncebox.read_returns()
    assert box.seen == {0, 1, 2}
    assert MailBounce.select().count() == 2
    assert bouncebox.check_bouncebox()[0]
    assert bouncebox.read_mailbox() == 0
    assert message_from_bytes(report("<x>")).is_multipart()
