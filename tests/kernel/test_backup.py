"""A backup holds the instance, and nothing but a sound one is put back."""

import gzip
import tarfile

import pytest

from cptsapp import create_app
from cptsapp.kernel import backup
from cptsapp.kernel.db import Revision, connection, db, revision
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.sessions import Session


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
    listed = backup._files(backup.PARTS)
    monkeypatch.setattr(backup, "_files", lambda parts: listed)
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
