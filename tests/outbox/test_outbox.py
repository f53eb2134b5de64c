"""What the coordination reads of the mails, what it may decide, and the demonstration's mailbox."""

import re
import socket
from datetime import timedelta

import dns.exception
import dns.resolver
import pytest
from playhouse.test_utils import count_queries

from cptsapp.blueprints.association.models import Association
from cptsapp.blueprints.outbox import dns as records
from cptsapp.blueprints.outbox import registrations, rules
from cptsapp.kernel import mail, registry
from cptsapp.kernel import mailbox as local
from cptsapp.kernel.dates import today
from cptsapp.kernel.db import db, now
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.journal import JournalEntry
from cptsapp.kernel.mail import Kind, MailSender, OutgoingMail, State, deciding, marks, relay, retention
from cptsapp.kernel.mail.dialogue import Outcome, Result
from cptsapp.kernel.mail.explain import UNKNOWN, explain
from cptsapp.kernel.mail.models import FrozenMail, MailTry
from tests.conftest import text_of
from tests.postgresql import counts_what_is_kept


def write(to="zoe@exemple.fr", **options):
    options.setdefault("values", {"address": "bonjour@exemple.fr", "collective": False})
    with db.atomic():
        return mail.queue("outbox/test", to=to, **options)


def again(row):
    return OutgoingMail.get_by_id(row.id)


@pytest.fixture
def uncertain(mailbox):
    mailbox.sink.after_dot = ["drop"]
    row = write(kind=Kind.COLLECTIVE)
    mailbox.deliver()
    assert again(row).state == State.UNCERTAIN
    return again(row)


@pytest.fixture
def refused(mailbox):
    mailbox.sink.at_recipient["parti@exemple.fr"] = ["550 5.1.1 user unknown"]
    row = write("parti@exemple.fr")
    mailbox.deliver()
    return again(row)


# The list and a mail's page


def test_the_list_shows_what_left_what_waits_and_what_failed(as_coordinator, mailbox, refused, uncertain):
    write("luc@exemple.fr")
    write("dr@mssante.fr")
    page = text_of(as_coordinator.get("/gestion/courriels/").text)
    for word in ("Refusé", "À vérifier", "En attente", "Non envoyé", "zoe@exemple.fr", "dr@mssante.fr"):
        assert word in page, word


@pytest.mark.parametrize(
    ("query", "count"),
    [("etat=refuses", 1), ("etat=verifier", 1), ("nature=collective", 1), ("q=parti", 1), ("q=rien", 0)],
)
def test_the_list_is_searched_and_filtered(as_coordinator, refused, uncertain, query, count):
    page = as_coordinator.get(f"/gestion/courriels/?{query}", headers={"HX-Request": "true"}).text
    assert len(re.findall(r"<th scope=row>", page)) == count


def test_the_fragment_is_a_piece_of_the_page(as_coordinator, refused):
    whole = as_coordinator.get("/gestion/courriels/").text
    part = as_coordinator.get("/gestion/courriels/", headers={"HX-Request": "true"}).text
    assert part.strip() in whole
    assert "<html" not in part


@counts_what_is_kept
def test_the_list_costs_the_same_whatever_its_length(as_coordinator, app):
    def cost():
        with count_queries() as counted:
            as_coordinator.get("/gestion/courriels/")
        return counted.count

    for index in range(30):
        write(f"p{index}@exemple.fr")
    cost()
    some = cost()
    for index in range(60):
        write(f"q{index}@exemple.fr")
    cost()  # what was kept is read again once something has been written
    assert cost() == some


def test_a_mails_page_gives_the_servers_own_words_and_their_meaning(as_coordinator, refused):
    page = text_of(as_coordinator.get(f"/gestion/courriels/{refused.id}").text)
    assert "5.1.1 user unknown" in page
    assert "Cette adresse n’existe pas ou plus" in page
    assert "Si vous lisez ce message" in page


def test_admin_sees_the_state_of_a_mail_and_not_its_words(as_admin, refused):
    page = text_of(as_admin.get(f"/gestion/courriels/{refused.id}").text)
    assert "5.1.1 user unknown" in page
    assert "Si vous lisez ce message" not in page


@pytest.mark.parametrize("is_sent", [True, False])
def test_a_personal_link_is_never_shown(as_coordinator, mailbox, is_sent):
    row = write(values={"address": "jeton-secret-123", "collective": False}, secret=("address",))
    if is_sent:
        mailbox.deliver()
    page = as_coordinator.get(f"/gestion/courriels/{row.id}").text
    assert "jeton-secret-123" not in page
    assert "lien personnel" in page


@pytest.mark.parametrize("who", ["as_adherent", "as_bureau", "client"])
def test_nobody_else_enters(request, who, app):
    browser = request.getfixturevalue(who)
    for path in (
        "/gestion/courriels/",
        "/gestion/courriels/essai",
        "/gestion/courriels/conseils",
        "/gestion/courriels/1",
    ):
        assert browser.get(path).status_code in (302, 303, 403), path


def test_a_missing_mail_is_a_404(as_coordinator):
    assert as_coordinator.get("/gestion/courriels/999").status_code == 404
    assert as_coordinator.post("/gestion/courriels/999/renvoyer").status_code == 404


# Decisions


def test_an_uncertain_mail_leaves_again_with_the_same_message_id(as_coordinator, mailbox, uncertain):
    answer = as_coordinator.post(f"/gestion/courriels/{uncertain.id}/renvoyer")
    assert answer.status_code == 303
    [letter] = mailbox.deliver()
    assert letter.message["Message-ID"] == uncertain.message_id
    assert again(uncertain).state == State.SENT
    assert JournalEntry.select().where(JournalEntry.action == "mail.resent").count() == 1


def test_an_uncertain_mail_may_be_left_as_it_is(as_coordinator, mailbox, uncertain):
    as_coordinator.post(f"/gestion/courriels/{uncertain.id}/ne-pas-renvoyer")
    assert (again(uncertain).state, again(uncertain).skip_reason) == (State.SKIPPED, "Non renvoyé, sur décision.")
    assert mailbox.deliver() == []


def test_a_refused_mail_may_leave_again(as_coordinator, mailbox, refused):
    as_coordinator.post(f"/gestion/courriels/{refused.id}/renvoyer")
    assert len(mailbox.deliver()) == 1


def test_a_mail_that_left_is_not_sent_twice(as_coordinator, mailbox):
    row = write()
    mailbox.deliver()
    assert as_coordinator.post(f"/gestion/courriels/{row.id}/renvoyer").status_code == 422
    assert mailbox.deliver() == []
    with pytest.raises(RuleError, match="n’attend pas de décision"):
        deciding.settle(row.id)


def test_two_clicks_on_resend_make_one_mail(mailbox, refused):
    deciding.resend(refused.id)
    with pytest.raises(RuleError):
        deciding.resend(refused.id)
    assert len(mailbox.deliver()) == 1


def test_a_mail_whose_link_was_wiped_cannot_leave_again(mailbox):
    mailbox.sink.at_recipient["zoe@exemple.fr"] = ["550 no"]
    row = write(values={"address": "http://127.0.0.1/jeton", "collective": False}, secret=("address",))
    mailbox.deliver()
    assert "jeton" in again(row).values_json
    assert deciding.may_resend(again(row))
    OutgoingMail.update(created_at=now() - timedelta(days=8)).execute()
    retention.purge_secrets(today())
    assert "jeton" not in again(row).values_json
    assert not FrozenMail.select().exists()
    with pytest.raises(RuleError, match="lien personnel, effacé"):
        deciding.resend(row.id)


def test_several_mails_are_decided_at_once(as_coordinator, mailbox, refused, uncertain):
    form = {"action": "renvoyer", "id": [str(refused.id), str(uncertain.id)]}
    assert as_coordinator.post("/gestion/courriels/lot", data=form).status_code == 303
    assert len(mailbox.deliver()) == 2


# The pause


def test_a_banner_says_in_plain_words_why_nothing_leaves(as_coordinator):
    with db.atomic():
        marks.pause(MailSender.state(), Outcome(Result.AUTH, 535, "5.7.8 Authentication credentials invalid"))
    page = text_of(as_coordinator.get("/gestion/courriels/").text)
    assert "ne partent plus" in page
    assert "refuse l’identifiant ou le mot de passe" in page
    assert "535 5.7.8 Authentication credentials invalid" in page


def test_a_click_tries_again_at_once(as_coordinator, mailbox):
    with db.atomic():
        marks.pause(MailSender.state(), Outcome(Result.NO_RELAY, None, "ConnectionRefusedError"))
    write()
    assert mailbox.deliver() == []
    as_coordinator.post("/gestion/courriels/reprendre")
    assert len(mailbox.deliver()) == 1
    assert "ne partent plus" not in as_coordinator.get("/gestion/courriels/").text


def test_what_waits_is_told_on_the_first_page(app, uncertain):
    with db.atomic():
        marks.pause(MailSender.state(), Outcome(Result.NO_RELAY, None, "ConnectionRefusedError"))
    [source] = [each for each in registry.waiting_sources if each.key == "mail"]
    with app.test_request_context():
        told = list(source.load())
    assert [each.count for each in told] == [1, 1]


@pytest.mark.parametrize(
    ("words", "meaning"),
    [
        ("535 5.7.8 Authentication credentials invalid", "identifiant ou le mot de passe"),
        ("gaierror: [Errno -2] Name or service not known", "introuvable"),
        ("ConnectionRefusedError: [Errno 111] Connection refused", "ne répond pas à cette adresse"),
        ("TimeoutError: timed out", "à temps"),
        ("SSLError: [SSL: WRONG_VERSION_NUMBER] wrong version number", "chiffrement ne correspond pas"),
        ("SSLCertVerificationError: certificate verify failed: Hostname mismatch", "certificat"),
        ("550 5.7.515 Access denied, sending domain does not meet the required authentication level", "SPF"),
        ("550 5.7.26 This mail is unauthenticated", "SPF"),
        ("554 5.7.1 Relay access denied", "transmettre pour vous"),
        ("554 5.7.1 Message rejected as spam", "réputation"),
        ("550 5.1.1 user unknown", "n’existe pas"),
        ("451 4.7.1 Greylisting in action", "attendre"),
        ("421 OFR004_104 Too many connections", "limite d’envoi"),
        ("452 4.2.2 mailbox full", "pleine"),
        ("SMTPServerDisconnected: Connection unexpectedly closed", "coupée"),
        ("SMTPNotSupportedError: STARTTLS extension not supported by server.", "chiffrement ne correspond pas"),
        ("599 quelque chose", UNKNOWN[:20]),
    ],
)
def test_a_servers_words_are_explained(words, meaning):
    assert meaning in explain(words)


# The test mail


def test_a_test_mail_leaves_at_once_and_the_page_says_so(as_coordinator, mailbox):
    answer = as_coordinator.post("/gestion/courriels/essai", data={"to": "moi@exemple.fr", "kind": "personal"})
    assert "L’e-mail est parti de" in answer.text
    [letter] = mailbox.letters
    assert letter.to == ["moi@exemple.fr"]
    assert letter.message["List-Unsubscribe"] is None
    assert Association.current().mail_tested_at is not None


def test_each_sender_can_be_tried(as_coordinator, mailbox, app):
    with db.atomic():
        Association.insert(id=1, name="CPTS d’essai").on_conflict_ignore().execute()
        Association.update(sender_email="bonjour@exemple.fr", collective_sender_email="lettre@exemple.fr").execute()
    for kind in ("personal", "collective"):
        as_coordinator.post("/gestion/courriels/essai", data={"to": "moi@exemple.fr", "kind": kind})
    senders = [letter.message["From"].addresses[0].addr_spec for letter in mailbox.letters]
    assert senders == ["bonjour@exemple.fr", "lettre@exemple.fr"]


def test_a_test_that_fails_is_explained_and_leaves_nothing_waiting(as_coordinator, mailbox, app, settings):
    settings.mail_port = closed_port()
    relay.init_app(app)
    answer = as_coordinator.post("/gestion/courriels/essai", data={"to": "moi@exemple.fr", "kind": "personal"})
    assert "n’est pas parti" in answer.text
    assert "ne répond pas à cette adresse" in answer.text
    assert OutgoingMail.get().state == State.SKIPPED
    assert not MailSender.state().is_paused
    assert Association.current().mail_tested_at is None


@pytest.mark.parametrize("to", ["", "moi", "moi@mssante.fr"])
def test_a_test_to_a_wrong_address_comes_back_with_a_sentence(as_coordinator, mailbox, to):
    answer = as_coordinator.post("/gestion/courriels/essai", data={"to": to, "kind": "personal"})
    assert answer.status_code == 422
    assert "field-error" in answer.text
    assert mailbox.letters == []


def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


# The domain's records


def answers(**found):
    return lambda name, kind: found.get(kind, {}).get(name, [])


def test_a_domain_in_order_is_told_so():
    good = answers(
        MX={"exemple.fr": ["10 mx.exemple.fr."]},
        TXT={
            "exemple.fr": ["v=spf1 include:relais.exemple.fr ~all"],
            "mail._domainkey.exemple.fr": ["v=DKIM1; p=MIIB"],
            "_dmarc.exemple.fr": ["v=DMARC1; p=none"],
        },
    )
    assert [each.state for each in records.examine("exemple.fr", lookup=good)] == ["ok"] * 4


def test_what_a_domain_lacks_is_told_with_what_to_do():
    lacking = records.examine("exemple.fr", lookup=answers())
    assert [each.state for each in lacking] == ["bad", "bad", "warn", "bad"]
    assert "p=none" in lacking[3].sentence


@pytest.mark.parametrize("texts", [["v=spf1 +all"], ["v=spf1 ~all", "v=spf1 -all"]])
def test_a_wrong_spf_is_told(texts):
    found = records.examine("exemple.fr", lookup=answers(TXT={"exemple.fr": texts}))
    assert found[1].state == "bad"


def test_a_subdomain_is_covered_by_the_dmarc_of_its_domain():
    found = records.examine("lettre.exemple.fr", lookup=answers(TXT={"_dmarc.exemple.fr": ["v=DMARC1; p=reject"]}))
    assert found[3].state == "ok"


def test_no_name_is_looked_up_until_a_person_asks_and_a_failure_is_a_sentence(as_coordinator, monkeypatch):
    asked = []

    def fail(self, name, kind, **options):
        asked.append(name)
        raise dns.exception.Timeout

    monkeypatch.setattr(dns.resolver.Resolver, "resolve", fail)
    assert as_coordinator.get("/gestion/courriels/conseils").status_code == 200
    assert asked == []
    answer = as_coordinator.post("/gestion/courriels/conseils", data={"selector": ""})
    assert asked
    assert "L’examen n’a pas abouti" in answer.text


def test_a_selector_that_is_no_name_is_refused(as_coordinator):
    answer = as_coordinator.post("/gestion/courriels/conseils", data={"selector": "a b/../c"})
    assert answer.status_code == 422


# Retention, figures, rights


def test_mails_are_forgotten_after_the_period_and_still_counted(mailbox, settings):
    for index in range(3):
        write(f"p{index}@exemple.fr")
    mailbox.deliver()
    write("attend@exemple.fr", not_before=now() + timedelta(days=1))
    long_ago = now() - timedelta(days=31 * settings.delivered_mail_months)
    OutgoingMail.update(done_at=long_ago).where(OutgoingMail.to_address == "p0@exemple.fr").execute()
    assert retention.purge_delivered(today()) == 1
    assert retention.purge_delivered(today()) == 0
    assert OutgoingMail.select().count() == 3
    assert retention.count_sent(today() - timedelta(days=1000), today()) == 3
    assert retention.count_sent(today(), today() + timedelta(days=1)) == 2


def test_a_person_gets_their_mails_and_has_them_erased(mailbox):
    write(person_id=7)
    write("partagee@exemple.fr", person_ids=[7, 8])
    mailbox.deliver()
    waiting = write(person_id=7)
    assert len(OutgoingMail.of_person(7)) == 3
    rules.erase_person(7)
    assert not OutgoingMail.of_person(7).exists()
    assert OutgoingMail.of_person(8).count() == 1
    assert again(waiting).state == State.PENDING


@pytest.mark.sqlite_only
def test_the_mails_of_a_record_are_found_by_their_address_whatever_else_left(app):
    query = registrations._mails_of._spelled(None)
    plan = db.execute_sql(f"EXPLAIN QUERY PLAN {query.text}", ["nom@exemple.fr", ",1,", 0]).fetchall()
    assert any("outgoing_mail_address" in str(row) for row in plan)


def test_a_person_number_is_not_taken_for_another(app):
    write(person_id=17)
    assert not OutgoingMail.of_person(7).exists()


def test_the_state_of_the_instance_tells_of_mails_that_do_not_leave(app):
    assert retention.check_mail()[0]
    write(not_before=now() - timedelta(hours=2))
    assert not retention.check_mail()[0]


# The demonstration's mailbox


def test_the_local_mailbox_exists_in_the_demonstration_only(client, as_coordinator):
    assert client.get("/_courriels/").status_code == 404
    assert as_coordinator.get("/_courriels/x").status_code == 404


@pytest.fixture
def demo(settings, mailbox):
    settings.demo = True
    settings.mailbox.mkdir()
    yield settings.mailbox
    settings.demo = False


def keep(folder, content, name="01700000000000000000-000000-abcdef"):
    (folder / f"{name}.eml").write_bytes(content)
    return name


def test_a_received_mail_is_read_with_its_links(client, demo, mailbox):
    with db.atomic():
        mail.queue("outbox/welcome", to="zoe@exemple.fr")
    [letter] = mailbox.deliver()
    name = keep(demo, letter.content)
    assert "Bienvenue dans la démonstration" in client.get("/_courriels/").text
    page = client.get(f"/_courriels/{name}").text
    assert '<a href="http://127.0.0.1:8000/">http://127.0.0.1:8000/</a>' in page
    assert "Ouvrir le site" in page


def test_a_hostile_mail_runs_nothing(client, demo):
    hostile = (
        b"Subject: <script>alert(1)</script>\r\nFrom: x@exemple.fr\r\nTo: z@exemple.fr\r\nMIME-Version: 1.0\r\n"
        b"Content-Type: text/html; charset=utf-8\r\n\r\n"
        b"<p style='x' onclick='y'>Bonjour</p><script>alert(2)</script><img src=x onerror=z>"
        b"<a href='javascript:q'>l</a>"
        b"<iframe src=//mal></iframe><style>p{}</style>"
    )
    name = keep(demo, hostile)
    for path in ("/_courriels/", f"/_courriels/{name}"):
        page = client.get(path).text
        for wrong in ("alert(2)", "<script>alert", "onclick", "onerror", "javascript:", "<iframe", "style='x'", "p{}"):
            assert wrong not in page, wrong


@pytest.mark.parametrize("name", ["..%2f..%2fcpts", "absent", ".secret"])
def test_no_other_file_is_read(client, demo, name):
    assert client.get(f"/_courriels/{name}").status_code == 404


def test_the_local_server_keeps_what_it_receives(app, settings, tmp_path):
    server = local.controller(tmp_path / "boite", port=(port := closed_port()))
    server.start()
    settings.mail_port = port
    relay.init_app(app)
    write()
    mail.send_due()
    server.stop()
    [path] = local.letters(tmp_path / "boite")
    received = local.read(path)
    assert received.to == "zoe@exemple.fr"
    assert "Si vous lisez ce message" in received.text
    assert "<table" not in received.html


def test_the_demonstration_shows_the_cases_that_one_meets(app, mailbox):
    from_demo = [each for each in registry.demo_fillers if "outbox" in each.key]
    from_demo[0].call()
    assert {row.state for row in OutgoingMail.select()} == {
        State.PENDING,
        State.SKIPPED,
        State.REFUSED,
        State.UNCERTAIN,
    }
    assert MailTry.select().count() == 2
    assert len(mailbox.deliver()) == 1
