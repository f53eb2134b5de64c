"""A backup holds the instance, and nothing but a sound one is put back."""

import errno
import gzip
import json
import os
import tarfile
from datetime import datetime, timedelta

import pytest

from cptsapp import create_app
from cptsapp.kernel import backup, jobs, registry
from cptsapp.kernel.backup import archive as archives
from cptsapp.kernel.backup import making, nightly, record, rotation, sealing
from cptsapp.kernel.db import Revision, connection, db, now, revision
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.journal import JournalEntry
from cptsapp.kernel.mail import OutgoingMail, State, queue
from cptsapp.kernel.sessions import Session
from tests.postgresql import sqlite_only


@pytest.fixture
def archive(app, settings):
    """A backup of an instance whose revision is 7 and that holds one page."""
    (settings.content / "pages").mkdir(parents=True, exist_ok=True)
    (settings.content / "pages" / "accueil.md").write_text("Bonjour", encoding="utf-8")
    (settings.instance / "cpts.toml").write_text('secret_key = "secrète-secrète-secrète-secrète-secrète"')
    Revision.delete().execute()
    Revision.create(id=1, number=7)
    return backup.save()


def names(archive):
    with tarfile.open(archive) as opened:
        return opened.getnames()


def test_a_restored_instance_holds_what_was_saved(archive, settings, tmp_path):
    target = tmp_path / "ailleurs" / "instance"
    target.mkdir(parents=True)
    (target / "cpts.toml").write_text('secret_key = "une-autre-cle-une-autre-cle-une-autre-cle"')
    backup.restore(archive, target)
    assert (target / "content" / "pages" / "accueil.md").read_text() == "Bonjour"
    create_app(target)
    with connection():
        assert revision.read() == 7
    db.close_all()


def test_secrets_stay_out_of_a_backup_unless_asked(archive, app):
    assert "cpts.toml" not in names(archive)
    assert "cpts.toml" in names(backup.save(with_secrets=True))


def test_only_its_owner_may_read_a_backup(archive):
    assert archive.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("damage", ["cut", "flip", "absent", "foreign"])
def test_a_damaged_backup_is_refused_and_the_instance_left_as_it_was(archive, settings, tmp_path, damage):
    body = archive.read_bytes()
    broken = tmp_path / "abimee.tar.gz"
    if damage == "cut":
        broken.write_bytes(body[: len(body) // 2])
    elif damage == "flip":
        inside = bytearray(gzip.decompress(body))
        inside[inside.index(b"Bonjour")] ^= 1
        broken.write_bytes(gzip.compress(bytes(inside)))
    elif damage == "foreign":
        broken.write_bytes(gzip.compress(b"rien d'utile" * 400))
    with pytest.raises(RuleError):
        backup.restore(broken, settings.instance)
    assert (settings.content / "pages" / "accueil.md").read_text() == "Bonjour"


def test_an_archive_that_tries_to_leave_its_folder_is_refused(archive, settings, tmp_path):
    evil = tmp_path / "evil.tar.gz"
    with tarfile.open(evil, "w:gz") as made:
        made.add(archive, arcname="../../dehors.txt")
    with pytest.raises(RuleError):
        backup.restore(evil, settings.instance)
    assert not (tmp_path.parent / "dehors.txt").exists()


def test_a_file_thrown_away_while_a_backup_is_made_does_not_stop_it(settings, monkeypatch, app):
    folder = settings.content / "pages"
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("un", "deux"):
        (folder / f"{name}.md").write_text("Bonjour", encoding="utf-8")
    (folder / ".tmp-en-cours").write_text("à moitié", encoding="utf-8")
    listed = making._files(making.PARTS)
    monkeypatch.setattr(making, "_files", lambda parts: listed)
    (folder / "un.md").unlink()
    kept = names(backup.save())
    assert "content/pages/deux.md" in kept
    assert "content/pages/un.md" not in kept
    assert not [name for name in kept if ".tmp-" in name]


def test_a_session_closed_since_the_backup_does_not_come_back_with_it(settings, app, as_coordinator, tmp_path):
    (settings.instance / "cpts.toml").write_text('secret_key = "secrète-secrète-secrète-secrète-secrète"')
    assert Session.select().count() == 1
    backup.restore(backup.save(with_secrets=True), tmp_path / "remise")
    create_app(tmp_path / "remise")
    with connection():
        assert Session.select().count() == 0
    db.close_all()


def test_a_database_kept_elsewhere_is_not_restored_where_nobody_would_look(archive, tmp_path):
    target = tmp_path / "ailleurs"
    target.mkdir()
    secret = 'secret_key = "une-autre-cle-une-autre-cle-une-autre-cle"'
    (target / "cpts.toml").write_text(f'{secret}\ndatabase_url = "sqlite:////srv/base.db"\n')
    with pytest.raises(RuleError, match="database_url"):
        backup.restore(archive, target)
    assert (target / "cpts.toml").exists()
    assert not (target / "cpts.db").exists()


PHRASE = backup.secret_of("une phrase que l’on retient")


@pytest.fixture
def sealed(archive):
    """The same instance in a locked archive."""
    archive.unlink()
    return backup.save(secret=PHRASE)


def test_a_locked_backup_opens_with_its_phrase_or_the_file_that_holds_it_and_with_nothing_else(
    sealed, settings, tmp_path
):
    assert b"Bonjour" not in sealed.read_bytes()
    with pytest.raises(RuleError, match="chiffrée"):
        backup.check(sealed)
    with pytest.raises(RuleError, match="pas la clé"):
        backup.check(sealed, backup.secret_of("une phrase que l’on oublie"))
    written = tmp_path / "cle.txt"
    written.write_text("une phrase que l’on retient\n", encoding="utf-8")
    assert "content/pages/accueil.md" in backup.check(sealed, backup.secret_in(written))["files"]
    settings.backup_key_file = str(written)
    assert backup.check(backup.save(), PHRASE)["product"] == "cptsapp"
    for wrong in ("court", "  deux mots  "):
        with pytest.raises(RuleError, match="trop courte"):
            backup.secret_of(wrong)
    with pytest.raises(RuleError, match="ne se lit pas"):
        backup.secret_in(tmp_path / "absent")


def test_a_locked_backup_that_was_cut_moved_or_changed_anywhere_is_refused(sealed, settings, tmp_path):
    settings.uploads.mkdir(exist_ok=True)
    (settings.uploads / "gros.bin").write_bytes(os.urandom(300_000))
    body = backup.save(secret=PHRASE).read_bytes()
    piece, head = 64 * 1024 + sealing.TAG, len(sealing.MAGIC) + sealing.SALT + sealing.PREFIX + sealing.CHECK
    assert len(body) > head + 4 * piece
    changed = bytearray(body)
    changed[-20] ^= 1
    swapped = body[:head] + body[head + piece : head + 2 * piece] + body[head : head + piece] + body[head + 2 * piece :]
    for broken in (body[:10], body[:50], body[:piece], body[:-1], body[: head + 2 * piece], bytes(changed), swapped):
        (tmp_path / "abimee.tar.gz.chiffre").write_bytes(broken)
        with pytest.raises(RuleError):
            backup.restore(tmp_path / "abimee.tar.gz.chiffre", settings.instance, PHRASE)
    assert (settings.content / "pages" / "accueil.md").read_text() == "Bonjour"


def remade(archive, target, change):
    """Write an archive again, its manifest changed by `change`, with nothing else that could be noticed."""
    with tarfile.open(archive) as opened, tarfile.open(target, "w:gz") as made:
        for entry in opened:
            body = opened.extractfile(entry).read()
            if entry.name == "manifest.json":
                manifest = json.loads(body)
                change(manifest)
                body = json.dumps(manifest).encode()
            entry.size = len(body)
            made.addfile(entry, archives.io.BytesIO(body))
    return target


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda made: made.update(format=3), "plus récente"),
        (lambda made: made["database"]["rows"].update(revision=2), "lignes"),
        (lambda made: made["files"].pop("content/pages/accueil.md"), "ne correspond pas"),
        (lambda made: made["files"].pop("cpts.db"), "ne correspond pas"),
        (lambda made: made.update(product="autre"), "ne se lit pas"),
        (lambda made: made.update(files=["cpts.db"]), "ne se lit pas"),
    ],
)
def test_a_backup_whose_list_says_something_else_is_refused(archive, tmp_path, change, said):
    with pytest.raises(RuleError, match=said):
        backup.check(remade(archive, tmp_path / "autre.tar.gz", change))


@sqlite_only  # its file holds the tables of tests, which no migration made
def test_a_backup_of_a_newer_version_is_refused_with_what_to_do(archive, settings):
    db.execute_sql("CREATE TABLE schema_migration (name TEXT, applied_at TEXT)")
    db.execute_sql("INSERT INTO schema_migration VALUES ('9999_demain', '2027-01-01')")
    with pytest.raises(RuleError, match="mettez d’abord le programme à jour"):
        backup.restore(backup.save(), settings.instance)


def test_seven_days_five_weeks_and_twelve_months_are_kept_and_the_last_always():
    first = datetime(2026, 1, 1, 2, 15)
    kept = rotation.kept([first + timedelta(days=n) for n in range(330)])  # up to Thursday 26 November
    assert sorted(kept)[-7:] == [datetime(2026, 11, day, 2, 15) for day in range(20, 27)]
    assert {datetime(2026, 11, 15, 2, 15), datetime(2026, 11, 8, 2, 15), datetime(2026, 11, 1, 2, 15)} <= kept
    assert [each.month for each in sorted(kept) if each.month < 10] == [1, 2, 3, 4, 5, 6, 7, 8, 9]
    assert datetime(2026, 9, 30, 2, 15) in kept
    by_hand = [first + timedelta(hours=n) for n in range(5)]
    assert rotation.kept(by_hand) == set(by_hand)
    assert rotation.kept([]) == set()


def test_old_backups_go_and_what_is_not_one_stays(archive, settings):
    for name in ("cptsapp-20200101-000000.tar.gz", "cptsapp-20200101-120000.tar.gz.chiffre", "à-garder.tar.gz"):
        (settings.backups / name).write_bytes(b"x")
    (settings.backups / ".tmp-cptsapp-20200102-000000.tar.gz").write_bytes(b"what a killed backup left")
    kept = {path.name for path in (settings.backups, backup.save())[0].iterdir()}
    assert "cptsapp-20200101-000000.tar.gz" not in kept
    assert {"cptsapp-20200101-120000.tar.gz.chiffre", "à-garder.tar.gz"} <= kept
    assert not [name for name in kept if name.startswith(".tmp-")]


def said_of_backups():
    return next(each.call() for each in registry.checks if each.label == "Sauvegarde")


def test_the_last_success_is_known_an_old_one_is_said_and_so_is_a_failure(app, client, settings, monkeypatch):
    jobs.beat("worker")
    assert said_of_backups() == (True, "La première sauvegarde se fera cette nuit.")
    assert client.get("/healthz").get_json()["backup"] is None
    nightly.save_nightly()
    assert said_of_backups()[0]
    told = client.get("/healthz").get_json()
    assert (told["status"], told["backup_is_recent"]) == ("ok", True)
    assert now() - datetime.fromisoformat(told["backup"].removesuffix("Z")) < timedelta(minutes=5)
    assert JournalEntry.select().where(JournalEntry.action == nightly.MADE).count() == 1

    path = next(settings.backups.glob("cptsapp-*"))
    record.note_success(path, at=now() - timedelta(hours=31), seconds=1, sealed=False)
    assert not said_of_backups()[0]
    assert client.get("/healthz").get_json()["backup_is_recent"] is False
    assert client.get("/healthz").status_code == 200  # the site serves: nobody is to take it off the net for that

    def full(*args, **kwargs):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(archives, "write", full)
    before = sorted(settings.backups.glob("*.tar.gz"))
    with pytest.raises(RuleError, match="plus de place"):
        nightly.save_nightly()
    assert "plus de place" in said_of_backups()[1]
    assert sorted(settings.backups.glob("*.tar.gz")) == before
    assert not list(settings.backups.glob(".tmp-cptsapp*"))
    settings.backup_nightly = False
    nightly.save_nightly()


def test_one_backup_is_made_at_a_time_and_its_progress_is_seen(archive, settings):
    assert record.progress() is None
    with record.held():
        record.note_progress(3, 8, now())
        assert (record.progress()["done"], record.progress()["total"]) == (3, 8)
        with pytest.raises(RuleError, match="déjà en cours"):
            backup.save()
    assert record.progress() is None


def test_two_who_look_at_once_do_not_take_each_other_for_a_backup(archive, monkeypatch):
    lock, seen = record._lock, []

    def then_looked(*args):
        lock(*args)
        if not seen:
            seen.append("first")
            seen.append(record.progress())

    monkeypatch.setattr(record, "_lock", then_looked)
    assert record.progress() is None
    assert seen == ["first", None]


def test_mails_that_waited_do_not_leave_a_second_time_after_a_restore(archive, settings, mailbox, tmp_path):
    with db.atomic():
        queue("outbox/test", to="sacha@exemple.fr", values={"collective": False, "address": "a@exemple.fr"})
    saved = backup.save(with_secrets=True)
    assert len(mailbox.to("sacha@exemple.fr")) == 1
    backup.restore(saved, tmp_path / "remise")
    db.close_all()
    create_app(tmp_path / "remise")
    with connection():
        row = OutgoingMail.get()
        assert (row.state, "peut-être déjà parti" in row.last_error) == (State.REFUSED, True)
    db.close_all()


@sqlite_only  # PostgreSQL has no link that is not checked
def test_each_backup_examines_the_base_and_one_with_a_broken_link_pushes_no_sound_backup_out(archive, settings):
    db.execute_sql("PRAGMA foreign_keys = 0")
    db.execute_sql("CREATE TABLE pointe (id INTEGER PRIMARY KEY, revision INTEGER REFERENCES revision (id))")
    db.execute_sql("INSERT INTO pointe VALUES (1, 99)")
    with pytest.raises(RuleError, match="lien rompu dans pointe"):
        backup.save()
    assert "lien rompu" in said_of_backups()[1]
    assert list(settings.backups.glob("*.tar.gz")) == [archive]
    db.execute_sql("PRAGMA foreign_keys = 1")
