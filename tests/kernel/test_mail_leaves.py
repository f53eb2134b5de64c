"""From the row to the bytes that a real server received, and what each answer makes of the row."""

import queue
import threading
from datetime import timedelta

import jinja2
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as effort
from hypothesis import strategies as st
from peewee import IntegrityError

from cptsapp.kernel import journal, mail
from cptsapp.kernel.db import db, now
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.mail import Identity, Kind, OutgoingMail, State, campaigns, headers, identity, marks, render, sender
from cptsapp.kernel.mail.dialogue import Parcel
from cptsapp.kernel.mail.lines import Question
from cptsapp.kernel.mail.models import FrozenMail, MailSender, MailTry

TEMPLATES = {
    "mail/essai/bonjour.txt": "Sujet : Bonjour {{ prenom }}\n\nBonjour {{ prenom }},\n\n[Voir ma page]({{ lien }})\n",
    "mail/essai/riche.txt": "Sujet : Riche\n# Ici\n\nVoir [la page](http://127.0.0.1/p) et **ceci**.\n\n- un\n- deux",
    "mail/essai/faux.txt": "Sujet : Faux\n{{ rien.du.tout }}",
    "mail/essai/beau.txt": "Sujet : Beau\nBonjour {{ prenom }}",
    "mail/essai/beau.html": "<p>Bonjour <em>{{ prenom }}</em></p>",
}


@pytest.fixture(autouse=True)
def templates(app):
    app.jinja_env.loader = jinja2.ChoiceLoader([jinja2.DictLoader(TEMPLATES), app.jinja_env.loader])
    render._names.cache_clear()
    yield
    render._names.cache_clear()


@pytest.fixture
def two_senders():
    def give(collective):
        if collective:
            return Identity("La lettre", "lettre@news.exemple.fr", "contact@exemple.fr", "retours@news.exemple.fr")
        return Identity(
            "CPTS d’Essai, « la nôtre »", "bonjour@exemple.fr", "contact@exemple.fr", contact="1 rue du Port"
        )

    before = list(identity._provider)
    identity.identity_provider(give)
    yield
    identity._provider[:] = before


def write(to="zoe@exemple.fr", template="essai/bonjour", **options):
    values = options.pop("values", {"prenom": "Zoé", "lien": "http://127.0.0.1:8000/activer/abc_def"})
    with db.atomic():
        return mail.queue(template, to=to, values=values, **options)


def again(row):
    return OutgoingMail.get_by_id(row.id)


def later():
    """Move the clock of what waits, rather than the clock of the world."""
    OutgoingMail.update(next_try_at=now() - timedelta(seconds=1)).where(OutgoingMail.state == State.PENDING).execute()
    OutgoingMail.update(lease_until=now() - timedelta(seconds=1)).where(OutgoingMail.claimed_by != "").execute()
    MailSender.update(paused_until=now() - timedelta(seconds=1)).where(MailSender.paused_until.is_null(False)).execute()


# The bytes


def test_a_mail_has_each_required_header_once_and_its_recipient_alone(mailbox, two_senders):
    write("zoe@exemple.fr")
    [letter] = mailbox.deliver()
    for name in ("From", "To", "Subject", "Date", "Message-ID", "MIME-Version"):
        assert len(letter.message.get_all(name)) == 1, name
    assert letter.message["To"] == "zoe@exemple.fr"
    assert letter.to == ["zoe@exemple.fr"]
    assert letter.message["From"].addresses[0].display_name == "CPTS d’Essai, « la nôtre »"
    assert letter.message["Subject"] == "Bonjour Zoé"
    assert letter.message["Reply-To"] == "contact@exemple.fr"


def test_the_message_id_ends_with_the_sending_domain_and_the_date_has_a_numeric_zone(mailbox, two_senders):
    row = write()
    [letter] = mailbox.deliver()
    assert letter.message["Message-ID"].endswith("@exemple.fr>")
    assert again(row).message_id == letter.message["Message-ID"]
    assert str(letter.message["Date"]).endswith(("+0100", "+0200"))


def test_a_personal_mail_says_it_is_automatic_and_offers_no_unsubscription(mailbox):
    write(headers_extra={"List-Unsubscribe": "<https://exemple.fr/x>"})
    [letter] = mailbox.deliver()
    assert letter.message["Auto-Submitted"] == "auto-generated"
    assert letter.message["X-Auto-Response-Suppress"] == "All"
    assert letter.message["List-Unsubscribe"] is None
    assert letter.message["Precedence"] is None


def test_a_collective_mail_leaves_from_the_other_sender_with_its_list_headers(mailbox, two_senders):
    extra = {
        "List-Unsubscribe": "<https://exemple.fr/lettre/quitter/abc>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "List-Id": "La lettre <lettre.exemple.fr>",
    }
    write(kind=Kind.COLLECTIVE, headers_extra=extra)
    [letter] = mailbox.deliver()
    assert letter.message["From"].addresses[0].addr_spec == "lettre@news.exemple.fr"
    assert letter.sender == "retours@news.exemple.fr"
    assert letter.message["Precedence"] == "bulk"
    assert b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" in letter.content
    assert b"List-Unsubscribe: <https://exemple.fr/lettre/quitter/abc>\r\n" in letter.content


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Bcc", "x@exemple.fr"),
        ("List-Unsubscribe", "<mailto:x@exemple.fr>"),
        ("List-Unsubscribe-Post", "oui"),
        ("List-Id", "a\r\nBcc: x@exemple.fr"),
    ],
)
def test_a_mailing_may_not_add_any_header(name, value):
    with pytest.raises(ValueError):
        headers.extra_header(name, value)


def test_the_text_comes_first_with_every_link_and_the_html_last(mailbox, two_senders):
    write(template="essai/riche")
    [letter] = mailbox.deliver()
    types = [part.get_content_type() for part in letter.message.iter_parts()]
    assert types == ["text/plain", "text/html"]
    assert letter.message.get_content_type() == "multipart/alternative"
    assert "la page (http://127.0.0.1/p) et ceci." in letter.text
    assert '<a href="http://127.0.0.1/p"' in letter.html
    assert "<strong>ceci</strong>" in letter.html
    assert "<li>un</li><li>deux</li>" in letter.html
    assert 'lang="fr"' in letter.html
    assert "1 rue du Port" in letter.text
    assert "1 rue du Port" in letter.html
    assert "<img" not in letter.html
    assert "<script" not in letter.html


def test_a_link_alone_is_a_button_and_its_address_can_be_copied(mailbox):
    write()
    [letter] = mailbox.deliver()
    assert letter.links[0] == "http://127.0.0.1:8000/activer/abc_def"
    assert letter.html.count("http://127.0.0.1:8000/activer/abc_def") == 2


def test_an_html_template_is_used_when_there_is_one_and_escapes_what_people_typed(mailbox):
    write(template="essai/beau", values={"prenom": "<b>Zoé</b>"})
    [letter] = mailbox.deliver()
    assert "<em>&lt;b&gt;Zoé&lt;/b&gt;</em>" in letter.html
    assert "Bonjour <b>Zoé</b>" in letter.text


def test_what_people_typed_never_acts_as_markup(mailbox):
    write(
        values={
            "prenom": "**gras** [clic](http://mal.exemple.fr) <script>x</script> http://mal.exemple.fr",
            "lien": "http://a.fr",
        }
    )
    [letter] = mailbox.deliver()
    assert "mal.exemple.fr" in letter.html
    assert 'href="http://mal' not in letter.html
    assert "<script" not in letter.html
    assert "<strong>" not in letter.html
    assert "**gras** [clic](http://mal.exemple.fr)" in letter.text


def test_no_line_is_longer_than_998_bytes_and_all_is_ascii(mailbox):
    write(values={"prenom": "é" * 5000 + "." * 3000 + "\n.\n..\n", "lien": "http://a.fr/" + "x" * 3000})
    [letter] = mailbox.deliver()
    assert max(len(line) for line in letter.content.split(b"\r\n")) <= 998
    assert letter.content.isascii()
    assert "é" * 5000 in letter.text.replace("\n", "")
    assert "\n.\n..\n" in letter.text


@given(st.text(max_size=300), st.text(max_size=80))
@effort(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_text_can_add_a_header_or_end_the_headers(subject, name):
    sender = Identity(name, "bonjour@exemple.fr")
    lines = headers.head(
        kind="personal", identity=sender, to="zoe@exemple.fr", subject=subject, message_id="<1@exemple.fr>", at=now()
    )
    content = headers.message(lines, text=subject, html=subject)
    head, _, _ = content.partition(b"\r\n\r\n")
    names = [line.split(b":")[0] for line in head.split(b"\r\n") if not line.startswith(b" ")]
    assert names == [
        b"From", b"To", b"Subject", b"Date", b"Message-ID", b"Auto-Submitted", b"X-Auto-Response-Suppress",
        b"MIME-Version", b"Content-Type",
    ]  # fmt: skip
    assert b"\x00" not in content
    assert content.isascii()
    assert b"\n" not in content.replace(b"\r\n", b"")


@given(st.text(max_size=60))
@effort(max_examples=300, deadline=None)
def test_an_address_that_is_accepted_holds_nothing_but_an_address(text):
    for candidate in (text, f"zoe@{text}", f"{text}@exemple.fr", f"zoe@exemple.fr{text}"):
        taken = headers.envelope_address(candidate)
        assert taken is None or (taken.isascii() and not set(taken) & set(' <>\r\n\0,;:"()')), taken


@pytest.mark.parametrize("to", ["zoe", "zoe@exemple.fr\r\nBcc: x@y.fr", "zoé@exemple.fr", "a b@exemple.fr", "a@b@c.fr"])
def test_what_is_no_address_is_refused_with_a_sentence(app, to):
    with pytest.raises(RuleError, match="n’est pas une adresse"):
        write(to)
    assert not OutgoingMail.select().exists()


def test_a_reply_address_with_a_line_break_is_refused(app):
    with pytest.raises(RuleError):
        write(reply_to="zoe@exemple.fr\nBcc: x@exemple.fr")


def test_an_accented_domain_leaves_in_its_ascii_form(mailbox):
    write("zoe@santé-brie.fr")
    [letter] = mailbox.deliver()
    assert letter.to == ["zoe@xn--sant-brie-g4a.fr"] or letter.to[0].startswith("zoe@xn--")


# What never leaves


@pytest.mark.parametrize("to", ["dr@mssante.fr", "dr@pro.MSSante.fr"])
def test_an_address_of_the_closed_network_is_skipped_with_a_reason(mailbox, to):
    row = write(to)
    assert again(row).state == State.SKIPPED
    assert "MSSanté" in again(row).skip_reason
    assert mailbox.deliver() == []


def test_somebody_without_an_address_has_a_row_that_says_so(mailbox):
    row = write("")
    assert (row.state, row.skip_reason) == (State.SKIPPED, "Aucune adresse e-mail connue pour ce destinataire.")


def test_a_name_that_looks_like_the_closed_network_is_not(mailbox):
    write("dr@pasmssante.fr")
    assert len(mailbox.deliver()) == 1


# The row


def test_a_mail_is_recorded_with_its_cause_or_not_at_all(mailbox):
    with pytest.raises(RuleError), db.atomic():
        write()
        raise RuleError("Non.")
    assert not OutgoingMail.select().exists()


def test_a_second_mail_with_the_same_key_is_the_first(mailbox):
    first, second = write(key="bienvenue-12"), write(key="bienvenue-12")
    assert first.id == second.id
    assert len(mailbox.deliver()) == 1


def test_the_secret_of_a_mail_is_wiped_once_it_is_sent(mailbox):
    row = write(secret=("lien",))
    assert "abc_def" in again(row).values_json
    [letter] = mailbox.deliver()
    assert "abc_def" in letter.text
    assert again(row).state == State.SENT
    assert again(row).values == {"prenom": "Zoé", "lien": "…"}
    assert not FrozenMail.select().exists()
    for table in ("outgoing_mail", "frozen_mail", "mail_try"):
        assert "abc_def" not in str(db.execute_sql(f"SELECT * FROM {table}").fetchall())


def test_a_secret_is_never_in_the_subject(app):
    row = write(values={"prenom": "jeton-secret", "lien": "http://a.fr"}, secret=("prenom",))
    assert "jeton-secret" not in row.subject


def test_a_mail_waits_for_its_day(mailbox):
    row = write(not_before=now() + timedelta(hours=2))
    assert mailbox.deliver() == []
    later()
    assert len(mailbox.deliver()) == 1
    assert again(row).state == State.SENT


def test_personal_mails_leave_before_reminders_and_mailings(mailbox):
    for kind in (Kind.COLLECTIVE, Kind.REMINDER, Kind.PERSONAL):
        write(f"{kind}@exemple.fr", kind=kind)
    assert [letter.to[0].split("@")[0] for letter in mailbox.deliver()] == ["personal", "reminder", "collective"]


def test_one_recipient_sees_no_other(mailbox):
    for index in range(25):
        write(f"p{index}@exemple.fr")
    letters = mailbox.deliver()
    assert sorted(letter.to[0] for letter in letters) == sorted(f"p{index}@exemple.fr" for index in range(25))
    assert all(str(letter.message["To"]) == letter.to[0] for letter in letters)
    assert len({letter.message["Message-ID"] for letter in letters}) == 25


@pytest.mark.parametrize(
    "wrong",
    [
        {"state": "partout"},
        {"kind": "autre"},
        {"state": "sent"},
        {"state": "claimed"},
        {"state": "skipped", "done_at": now()},
        {"claimed_by": "moi"},
        {"template": ""},
        {"campaign_id": 3},
        {"doubts": 1},
    ],
)
def test_the_database_refuses_a_row_that_cannot_be(app, wrong):
    row = write()
    with pytest.raises(IntegrityError), db.atomic():
        OutgoingMail.update(wrong).where(OutgoingMail.id == row.id).execute()


# What the relay answers


def test_a_refused_recipient_is_refused_with_the_servers_own_words(mailbox):
    mailbox.sink.at_recipient["zoe@exemple.fr"] = ["550 5.1.1 user unknown"]
    row = write()
    other = write("luc@exemple.fr")
    mailbox.deliver()
    row = again(row)
    assert (row.state, row.smtp_code, row.last_error) == (State.REFUSED, 550, "5.1.1 user unknown")
    assert again(other).state == State.SENT
    assert MailTry.get().words == "5.1.1 user unknown"


@pytest.mark.parametrize("pipelining", [True, False])
def test_a_greylisted_mail_waits_5_15_60_minutes_and_keeps_its_message_id(mailbox, pipelining):
    mailbox.sink.pipelining = pipelining
    mailbox.sink.at_recipient["zoe@exemple.fr"] = ["451 4.7.1 greylisted"] * 3
    row, known = write(), set()
    for attempt, minutes in enumerate((5, 15, 60), start=1):
        mailbox.deliver()
        row = again(row)
        assert (row.state, row.attempts) == (State.PENDING, attempt)
        assert abs(row.next_try_at - now() - timedelta(minutes=minutes)) < timedelta(seconds=10)
        known.add(row.message_id)
        later()
    [letter] = mailbox.deliver()
    assert known == {letter.message["Message-ID"]}
    assert again(row).state == State.SENT


def test_after_five_refusals_to_take_it_a_mail_is_given_up_and_journaled(mailbox):
    mailbox.sink.after_dot = ["452 4.2.2 mailbox full"] * 5
    row = write()
    for _ in range(5):
        mailbox.deliver()
        later()
    row = again(row)
    assert (row.state, row.attempts) == (State.REFUSED, 5)
    assert journal.JournalEntry.get().action == "mail.given_up"
    assert sum(marks.DELAYS, timedelta()) == timedelta(hours=24)
    assert mailbox.deliver() == []


def test_a_connection_lost_before_the_dot_costs_no_attempt(mailbox):
    mailbox.sink.cut_at_data = 1
    row = write()
    mailbox.deliver()
    assert (again(row).state, again(row).attempts) == (State.PENDING, 0)
    later()
    assert len(mailbox.deliver()) == 1


def test_a_personal_mail_lost_after_the_dot_leaves_again_with_the_same_message_id(mailbox):
    mailbox.sink.after_dot = ["drop"]
    row = write()
    mailbox.deliver()
    row = again(row)
    assert (row.state, row.doubts) == (State.PENDING, 1)
    assert row.doubt_at is not None
    later()
    mailbox.deliver()
    assert len({letter.message["Message-ID"] for letter in mailbox.letters}) == 1
    assert len({letter.content for letter in mailbox.letters}) == 1
    assert again(row).state == State.SENT


def test_a_collective_mail_lost_after_the_dot_waits_for_a_person(mailbox):
    mailbox.sink.after_dot = ["drop"]
    row = write(kind=Kind.COLLECTIVE)
    mailbox.deliver()
    later()
    mailbox.deliver()
    assert again(row).state == State.UNCERTAIN
    assert len(mailbox.letters) == 1


def test_a_relay_that_always_drops_after_the_dot_is_not_tried_for_ever(mailbox):
    mailbox.sink.after_dot = ["drop"] * 20
    row = write()
    for _ in range(12):
        mailbox.deliver()
        later()
    assert again(row).state == State.UNCERTAIN
    assert len(mailbox.letters) == 5


def test_a_relay_that_refuses_the_password_pauses_everything_at_once(mailbox, app, settings):
    mailbox.sink.password = "juste"
    settings.mail_username, settings.mail_password = "moi", "faux"
    mail.relay.init_app(app)
    rows = [write(f"p{index}@exemple.fr") for index in range(15)]
    mailbox.deliver()
    paused = MailSender.state()
    assert paused.pauses == 1
    assert "535" in paused.pause_words
    assert {(again(row).state, again(row).attempts) for row in rows} == {(State.PENDING, 0)}
    settings.mail_password = "juste"
    mail.relay.init_app(app)
    assert mailbox.deliver() == []  # the pause lasts
    later()
    assert len(mailbox.deliver()) == 15
    assert not MailSender.state().is_paused


def test_a_server_that_is_down_pauses_after_three_connections_and_the_mails_leave_when_it_is_back(
    mailbox, app, settings, monkeypatch
):
    monkeypatch.setattr(sender, "SECONDS_BETWEEN_FAILURES", 0.01)
    port, settings.mail_port = settings.mail_port, 1
    mail.relay.init_app(app)
    row = write()
    delays = []
    for _ in range(6):
        mailbox.deliver()
        delays.append(round((MailSender.state().paused_until - now()).total_seconds() / 60))
        later()
    assert delays == [1, 2, 4, 8, 15, 15]
    assert (again(row).state, again(row).attempts) == (State.PENDING, 0)
    settings.mail_port = port
    mail.relay.init_app(app)
    assert len(mailbox.deliver()) == 1
    assert not MailSender.state().is_paused


def test_the_pause_ends_when_the_server_is_back_even_with_nothing_to_send(mailbox):
    with db.atomic():
        marks.pause(MailSender.state(), marks.Outcome(marks.Result.NO_RELAY, None, "ConnectionRefusedError"))
    later()
    mailbox.deliver()
    assert not MailSender.state().is_paused


def test_ten_refusals_in_a_row_pause_the_sending_and_leave_the_others_alone(mailbox):
    rows = [write(f"p{index}@exemple.fr") for index in range(30)]
    for index in range(30):
        mailbox.sink.at_recipient[f"p{index}@exemple.fr"] = ["550 5.7.1 blocked by policy"] * 9
    mailbox.deliver()
    states = [again(row).state for row in rows]
    assert (states.count(State.REFUSED), states.count(State.PENDING)) == (10, 20)
    assert sum(again(row).attempts for row in rows) == 10
    assert MailSender.state().pause_words == "550 5.7.1 blocked by policy"


def test_a_template_with_a_fault_stops_no_other_mail(mailbox, caplog):
    bad, good = write(template="essai/faux", values={}), write()
    assert len(mailbox.deliver()) == 1
    assert again(good).state == State.SENT
    assert "pas pu être composé" in again(bad).last_error
    assert again(bad).state == State.PENDING


# Claims and restarts


def test_a_claim_whose_holder_died_is_given_back_when_its_lease_ends(mailbox):
    row = write()
    with db.atomic():
        assert [each.id for each in marks.claim("mort", 10)] == [row.id]
    assert mailbox.deliver() == []
    later()
    assert len(mailbox.deliver()) == 1


@pytest.mark.parametrize(
    ("kind", "state", "count"), [(Kind.PERSONAL, State.SENT, 1), (Kind.COLLECTIVE, State.UNCERTAIN, 0)]
)
def test_what_a_dead_sender_left_in_doubt_follows_the_rule_of_its_kind(mailbox, kind, state, count):
    row = write(kind=kind)
    with db.atomic():
        marks.claim("mort", 10)
        marks.freeze("mort", [(row.id, "<1@exemple.fr>", b"To: zoe@exemple.fr\r\n\r\nBonjour\r\n")])
        assert marks.begin_doubt("mort", [(row.id, "<1@exemple.fr>")]) == {row.id}
    later()
    letters = mailbox.deliver()
    assert len(letters) == count
    assert (again(row).state, again(row).doubts) == (state, 1)
    assert again(row).message_id == "<1@exemple.fr>"


def test_a_sender_whose_lease_ended_may_not_write_the_dot(app):
    row = write()
    with db.atomic():
        marks.claim("lent", 10)
        marks.freeze("lent", [(row.id, "<1@exemple.fr>", b"x")])
    later()
    with db.atomic():
        marks.recover()
        marks.claim("vif", 10)
        assert marks.begin_doubt("lent", [(row.id, "<1@exemple.fr>")]) == set()
        assert marks.begin_doubt("vif", [(row.id, "<1@exemple.fr>")]) == {row.id}


def test_two_senders_never_claim_the_same_mail(app):
    for index in range(30):
        write(f"p{index}@exemple.fr")
    with db.atomic():
        first, second = marks.claim("a", 10), marks.claim("b", 100)
    assert len(first) == 10
    assert not {row.id for row in first} & {row.id for row in second}


def test_the_rate_outlives_a_restart(mailbox, monkeypatch):
    for index in range(8):
        write(f"p{index}@exemple.fr")
    assert sender.Pass(rate=5).run().counts == {"sent": 5}
    assert sender.Pass(rate=5).run().counts == {}
    MailSender.update(minute_at=now() - timedelta(minutes=1)).execute()
    assert sender.Pass(rate=5).run().counts == {"sent": 3}


@pytest.mark.parametrize("connections", [1, 4])
def test_connections_are_kept_and_renewed(mailbox, connections):
    for index in range(120):
        write(f"p{index}@exemple.fr")
    sender.Pass(connections=connections).run()
    assert len({letter.to[0] for letter in mailbox.letters}) == 120
    assert OutgoingMail.select().where(OutgoingMail.state == State.SENT).count() == 120
    assert mailbox.sink.connections <= 120 / 50 + connections


def test_a_mailing_uses_its_own_compiled_text_and_keeps_its_message_id(mailbox, monkeypatch):
    seen = []

    def compiled(row, message_id):
        seen.append(message_id)
        return f"To: {row.to_address}\r\nMessage-ID: {message_id}\r\n\r\nBonjour\r\n".encode()

    monkeypatch.setattr(campaigns, "_provider", [campaigns.Campaigns(compiled, lambda: [7])])
    OutgoingMail.create(campaign_id=7, kind=Kind.COLLECTIVE, to_address="zoe@exemple.fr", subject="Lettre")
    mailbox.sink.at_recipient["zoe@exemple.fr"] = ["451 later"]
    mailbox.deliver()
    later()
    [letter] = mailbox.deliver()
    assert seen == [letter.message["Message-ID"]] * 2
    assert not FrozenMail.select().exists()


def test_a_mail_of_a_mailing_that_cannot_be_composed_stops_no_other(mailbox, monkeypatch):
    def compiled(row, message_id):
        if row.to_address == "zoe@exemple.fr":
            raise ValueError("sans prénom")
        return f"To: {row.to_address}\r\nMessage-ID: {message_id}\r\n\r\nBonjour\r\n".encode()

    monkeypatch.setattr(campaigns, "_provider", [campaigns.Campaigns(compiled, lambda: [7])])
    for to in ("zoe@exemple.fr", "alix@exemple.fr"):
        OutgoingMail.create(campaign_id=7, kind=Kind.COLLECTIVE, to_address=to, subject="Lettre")
    [letter] = mailbox.deliver()
    assert letter.to == ["alix@exemple.fr"]
    bad = OutgoingMail.get(OutgoingMail.to_address == "zoe@exemple.fr")
    assert (bad.state, bad.attempts) == (State.PENDING, 1)
    assert "pas pu être composé" in bad.last_error
    assert "sans prénom" in bad.last_error


def answer_to(ask):
    """Return the answer to a question; one that never comes fails the test instead of holding it for ever."""
    heard = queue.SimpleQueue()
    threading.Thread(target=lambda: heard.put(ask()), daemon=True).start()
    return heard.get(timeout=5)


def test_a_mark_written_twice_because_a_commit_failed_is_not_a_mark_committed():
    question = Question(Parcel(1, "lettre@exemple.fr", "zoe@exemple.fr", bytes))
    question.tell_written(True)
    question.tell_written(True)
    question.tell_committed(False)
    assert answer_to(question.may_begin) is True
    assert answer_to(question.may_end) is False


def test_a_mail_that_another_sender_has_is_not_begun():
    question = Question(Parcel(1, "lettre@exemple.fr", "zoe@exemple.fr", bytes))
    question.tell_written(False)
    assert answer_to(question.may_begin) is False


def test_every_template_of_the_product_starts_with_its_subject(app):
    for name in app.jinja_env.list_templates(
        filter_func=lambda name: name.startswith("mail/") and name.endswith(".txt")
    ):
        if not name.split("/")[-1].startswith("_") and "essai" not in name:
            assert render._compiled(app, name.removeprefix("mail/").removesuffix(".txt"))
