"""An address that refuses a kind of mail gets none of it, from the moment it says so."""

from weakref import WeakKeyDictionary

import pytest

from cptsapp.cli import refuse_again
from cptsapp.kernel import crypto, lasting, mail
from cptsapp.kernel.db import db
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.mail import holds, marks
from cptsapp.kernel.mail.holds import MailHold, Reason
from cptsapp.kernel.mail.models import Kind, OutgoingMail, State
from tests.postgresql import sqlite_only


def waiting(address, kind, count=1):
    with db.atomic():
        return [
            mail.queue("outbox/test", to=address, kind=kind, values={"name": "Essai", "sent_at": "now"})
            for _ in range(count)
        ]


def states():
    return {row.to_address: (row.state, row.skip_reason) for row in OutgoingMail.select()}


def test_a_refusal_stops_what_waits_but_never_a_personal_mail(app, mailbox):
    waiting("Alix@Exemple.fr", Kind.COLLECTIVE, 25)
    waiting("alix@exemple.fr", Kind.PERSONAL)
    waiting("rappels@exemple.fr", Kind.REMINDER)
    waiting("autre@exemple.fr", Kind.COLLECTIVE)
    holds.hold("alix@EXEMPLE.fr", [Kind.COLLECTIVE], Reason.UNSUBSCRIBED)
    holds.hold("rappels@exemple.fr", [Kind.REMINDER, Kind.COLLECTIVE], Reason.OPPOSED)
    assert sorted(letter.to[0] for letter in mailbox.deliver()) == ["alix@exemple.fr", "autre@exemple.fr"]
    assert states() == {
        "Alix@Exemple.fr": (State.SKIPPED, "La personne s’est désabonnée de ces envois."),
        "alix@exemple.fr": (State.SENT, ""),
        "rappels@exemple.fr": (State.SKIPPED, "La personne s’est opposée à ces envois."),
        "autre@exemple.fr": (State.SENT, ""),
    }


def test_a_claim_asks_once_whom_it_must_leave_alone_and_still_fills_itself(app, monkeypatch):
    waiting("non@exemple.fr", Kind.COLLECTIVE, 12)
    waiting("oui@exemple.fr", Kind.COLLECTIVE, 9)
    holds.hold("non@exemple.fr", [Kind.COLLECTIVE], Reason.BOUNCED)
    asked, split = [], holds.split
    monkeypatch.setattr(holds, "split", lambda rows: asked.append(len(rows)) or split(rows))
    with db.atomic():
        rows = marks.claim("moi", 10)
    assert [row.to_address for row in rows] == ["oui@exemple.fr"] * 9
    assert [count for count in asked if count] == [10, 10, 1]
    assert OutgoingMail.select().where(OutgoingMail.state == State.SKIPPED).count() == 12


def test_one_mail_asked_for_by_hand_is_refused_as_well(app):
    (row,) = waiting("non@exemple.fr", Kind.REMINDER)
    holds.hold("non@exemple.fr", [Kind.REMINDER], Reason.COMPLAINED)
    with db.atomic():
        assert marks.claim_one("moi", row.id) is None
    assert OutgoingMail.get_by_id(row.id).state == State.SKIPPED


def test_reasons_are_told_by_kind_and_the_gravest_first(app):
    holds.hold("deux@exemple.fr", [Kind.COLLECTIVE], Reason.BOUNCED)
    holds.hold("deux@exemple.fr", [Kind.COLLECTIVE], Reason.UNSUBSCRIBED)
    assert holds.hold("deux@exemple.fr", [Kind.COLLECTIVE], Reason.UNSUBSCRIBED) == 0
    addresses = ["Deux@exemple.fr", "deux@exemple.fr", "libre@exemple.fr"]
    assert holds.reasons(addresses, Kind.COLLECTIVE) == {
        "Deux@exemple.fr": Reason.UNSUBSCRIBED,
        "deux@exemple.fr": Reason.UNSUBSCRIBED,
    }
    assert holds.reasons(addresses, Kind.REMINDER) == holds.reasons(addresses, Kind.PERSONAL) == {}
    assert holds.release(holds.hash_of("deux@exemple.fr"), reasons=[Reason.UNSUBSCRIBED]) == 1
    assert holds.reasons(addresses, Kind.COLLECTIVE)["deux@exemple.fr"] == Reason.BOUNCED


def test_a_refusal_is_recognised_after_the_secret_key_has_changed_and_the_old_one_is_gone(app, settings, monkeypatch):
    holds.hold("jamais@exemple.fr", [Kind.COLLECTIVE], Reason.OPPOSED)
    assert "jamais" not in MailHold.get().address_hash
    old = settings.secret_key
    monkeypatch.setattr(settings, "secret_key", "une-autre-cle-secrete-assez-longue-aussi")
    monkeypatch.setattr(settings, "old_secret_keys", old)
    monkeypatch.setattr(lasting, "_known", WeakKeyDictionary())  # a new process
    assert holds.reasons(["jamais@exemple.fr"], Kind.COLLECTIVE)
    monkeypatch.setattr(settings, "old_secret_keys", "")
    monkeypatch.setattr(lasting, "_known", WeakKeyDictionary())
    assert holds.reasons(["jamais@exemple.fr"], Kind.COLLECTIVE)
    monkeypatch.setattr(settings, "secret_key", old)
    monkeypatch.setattr(lasting, "_known", WeakKeyDictionary())
    with pytest.raises(crypto.DecryptionError):
        holds.reasons(["jamais@exemple.fr"], Kind.COLLECTIVE)


def test_a_key_drawn_in_a_transaction_that_fails_is_drawn_again(app):
    with pytest.raises(RuleError), db.atomic():
        lost = lasting.key("essai")
        raise RuleError("Non.")
    kept = lasting.key("essai")
    assert kept != lost
    assert kept == lasting.key("essai")
    assert lasting.key("autre") != kept


@sqlite_only  # what stands beside a restored instance is a file
def test_refusals_of_after_a_backup_are_kept_by_its_restoration(app, tmp_path, monkeypatch):
    holds.hold("ancien@exemple.fr", [Kind.COLLECTIVE], Reason.OPPOSED)
    former = tmp_path / "ancienne.db"
    holds.hold("depuis@exemple.fr", [Kind.COLLECTIVE], Reason.UNSUBSCRIBED)
    db.execute_sql("VACUUM INTO ?", (str(former),))
    MailHold.delete().where(MailHold.reason == Reason.UNSUBSCRIBED).execute()
    assert refuse_again(former) == 1
    assert refuse_again(former) == 0
    assert holds.reasons(["ancien@exemple.fr", "depuis@exemple.fr"], Kind.COLLECTIVE).keys() == {
        "ancien@exemple.fr",
        "depuis@exemple.fr",
    }
    MailHold.delete().execute()
    lasting.LastingKey.delete().execute()
    monkeypatch.setattr(lasting, "_known", WeakKeyDictionary())
    assert refuse_again(former) == 2
    assert holds.reasons(["depuis@exemple.fr"], Kind.COLLECTIVE)
    assert refuse_again(tmp_path / "absente.db") == 0
