"""« Système »: who sees it, what it says, what may be asked, and what never leaves by it."""

import csv
import io
import logging
import zipfile
from datetime import date, datetime, timedelta

import pytest

from cptsapp.blueprints.adherent import rules as adherent
from cptsapp.blueprints.system import handover, models, words
from cptsapp.kernel import backup, jobs, logs, registry, troubles
from cptsapp.kernel import db as database
from cptsapp.kernel.backup import record
from cptsapp.kernel.db import db, now
from cptsapp.kernel.jobs import JobClock, JobRun
from cptsapp.kernel.journal import JournalEntry
from cptsapp.kernel.sessions import Session


def proved(account, at):
    """Say when the open sessions of an account have last proved who they are."""
    Session.update(reauthenticated_at=at).where(Session.account == account.id).execute()


def test_a_backup_is_asked_for_made_seen_and_handed_over_to_who_has_proved_who_they_are(as_admin, admin, settings):
    assert "Pas encore de sauvegarde" in as_admin.get("/gestion/systeme/sauvegardes").text
    assert as_admin.post("/gestion/systeme/sauvegardes").status_code == 303  # in a test, the worker is this process
    html = as_admin.get("/gestion/systeme/sauvegardes").text
    name = next(settings.backups.glob("cptsapp-*")).name
    assert name in html
    assert "every 2s" not in html
    assert "chiffrée" not in as_admin.get("/gestion/systeme").text

    proved(admin, now() - timedelta(minutes=11))
    first = as_admin.post(f"/gestion/systeme/sauvegardes/{name}")
    assert "/espace/compte/confirmation" in first.location
    proved(admin, now())
    handed = as_admin.post(f"/gestion/systeme/sauvegardes/{name}")
    assert handed.data == (settings.backups / name).read_bytes()
    assert "attachment" in handed.headers["Content-Disposition"]
    assert "no-store" in handed.headers["Cache-Control"]
    acts = [each.action for each in JournalEntry.select().where(JournalEntry.subject_kind == "backup")]
    assert acts == ["backup.asked", "backup.made", "system.backup_downloaded"]
    for other in ("etat.json", "cpts.toml", "..%2fcpts.toml", "cptsapp-20260101-000000.tar.gz"):
        assert as_admin.post(f"/gestion/systeme/sauvegardes/{other}").status_code == 404


def test_while_a_backup_is_made_its_progress_is_shown_by_itself_and_another_is_refused(as_admin, settings):
    with record.held():
        record.note_progress(3, 8, now())
        part = as_admin.get("/gestion/systeme/sauvegardes", headers={"HX-Request": "true"}).text
        assert "3 sur 8" in part.replace("\xa0", " ")
        assert "every 2s" in part
        assert "<html" not in part
        as_admin.post("/gestion/systeme/sauvegardes")
        assert "déjà en cours" in as_admin.get("/gestion/systeme/sauvegardes").text
    record.note_asked()
    assert "commence dans un instant" in as_admin.get("/gestion/systeme/sauvegardes").text
    record.note_failure("Il n’y a plus de place sur le disque")
    html = as_admin.get("/gestion/systeme/sauvegardes").text
    assert "plus de place" in html
    assert "commence dans un instant" not in html


def test_a_page_drawn_while_a_backup_ends_shows_it(as_admin, settings, monkeypatch):
    record.note_asked()
    ask = backup.progress

    def ended_before():
        backup.save()
        return ask()

    monkeypatch.setattr(backup, "progress", ended_before)
    html = as_admin.get("/gestion/systeme/sauvegardes").text
    assert backup.state().name in html


def test_an_old_backup_waits_for_the_administration_alone(as_admin, as_coordinator, settings):
    sources = [each for each in registry.waiting_sources if each.key == "system"]
    assert list(sources[0].load()) == []
    backup.save()
    record.note_success(next(settings.backups.glob("cptsapp-*")), at=now() - timedelta(days=3), seconds=1, sealed=False)
    with as_admin.application.test_request_context():
        assert "il y a 3" in next(sources[0].load()).label
    assert "Plus de sauvegarde récente" in as_admin.get("/gestion/").text
    assert "Plus de sauvegarde récente" not in as_coordinator.get("/gestion/").text
    assert as_coordinator.get("/gestion/systeme").status_code == 403


def test_the_export_for_a_successor_holds_every_table_and_no_secret(as_admin, admin, settings, app):
    adherent.admit(admin.person_id)
    db.execute_sql("CREATE TABLE plus_tard (id INTEGER PRIMARY KEY, nom TEXT)")
    db.execute_sql("INSERT INTO plus_tard (id, nom) VALUES (1, '=1+1')")
    (settings.content / "pages").mkdir(parents=True, exist_ok=True)
    (settings.content / "pages" / "accueil.md").write_text("Bonjour", encoding="utf-8")
    proved(admin, now() - timedelta(minutes=11))
    assert "/espace/compte/confirmation" in as_admin.post("/gestion/systeme/export").location
    proved(admin, now())
    as_admin.post("/gestion/systeme/export")
    path = handover.made()[0]
    assert path.name in as_admin.get("/gestion/systeme/sauvegardes").text
    with zipfile.ZipFile(path) as archive:
        names = set(archive.namelist())
        account = list(
            csv.DictReader(io.StringIO(archive.read("donnees/account.csv").decode("utf-8-sig")), delimiter=";")
        )
        later = archive.read("donnees/plus_tard.csv").decode("utf-8-sig")
    assert {"LISEZ-MOI.txt", "registre.csv", "content/pages/accueil.md", "donnees/person.csv"} <= names
    tables = {model._meta.table_name for model in database.tables() if model._meta.table_name != "schema_migration"}
    assert {name[8:-4] for name in names if name.startswith("donnees/")} == tables - handover.LEFT_OUT | {"plus_tard"}
    assert admin.email in {row["email"] for row in account}
    assert not {"password_hash", "totp_secret"} & set(account[0])
    assert "'=1+1" in later
    handover.write()
    assert len(handover.made()) == 1


def test_jobs_say_when_they_ran_when_they_will_and_what_failed(as_admin, app):
    moment = datetime(2026, 11, 28, 10, 0)
    JobRun.create(
        name="kernel.jobs.purge_all", due_on=date(2026, 11, 28), started_at=moment, error="ValueError: Sacha", tries=2
    )
    JobClock.create(name="blueprints.event.jobs.send_reminders", ran_at=moment)
    lines = {line.name: line for line in models.job_lines(moment)}
    purge, reminders = lines["kernel.jobs.purge_all"], lines["blueprints.event.jobs.send_reminders"]
    assert (purge.is_failed, purge.error, purge.next_at) == (True, "ValueError", moment + jobs.RETRY_AFTER)
    assert reminders.next_at == moment + timedelta(minutes=5)
    nightly = lines["kernel.backup.nightly.save_nightly"]
    assert (nightly.ran_at, nightly.next_at) == (None, datetime(2026, 11, 29, 1, 15))  # 2 h 15 in Paris
    html = as_admin.get("/gestion/systeme/taches").text
    assert "Effacer ce qui est arrivé en fin de conservation" in html
    assert "Sacha" not in html
    assert "ValueError" in html


def test_a_job_is_run_when_asked_and_nothing_else_is(as_admin, monkeypatch):
    ran = []
    monkeypatch.setattr(jobs.JOBS["kernel.jobs.purge_all"], "function", lambda day: ran.append(day))
    as_admin.post("/gestion/systeme/taches/kernel.jobs.purge_all")
    assert len(ran) == 1
    assert (
        JournalEntry.select().where(JournalEntry.action == "system.job_asked").get().subject_id
        == "kernel.jobs.purge_all"
    )
    for name in ("os.system", "kernel.backup.nightly.save_now"):
        assert as_admin.post(f"/gestion/systeme/taches/{name}").status_code == 422


def test_every_job_that_comes_back_has_a_french_name_and_no_name_is_left_of_one_that_is_gone(app):
    come_back = {each.name for each in jobs.JOBS.values() if (each.minutes or each.at) and "tests." not in each.name}
    assert come_back == set(words.JOBS)


def broken():
    raise ValueError("sacha@exemple.fr a le numéro 06 12 34 56 78")


def test_a_breakdown_is_told_by_a_reference_and_keeps_nothing_of_anybody(app, as_admin, settings, monkeypatch):
    monkeypatch.setattr(models, "job_lines", broken)
    app.testing = False
    answer = as_admin.get("/gestion/systeme/taches?q=sacha@exemple.fr")
    again = as_admin.get("/gestion/systeme/taches")
    app.testing = True
    assert answer.status_code == 500
    found = troubles.recent()[0]
    assert (found.kind, found.count, found.where) == ("ValueError", 2, "system_gestion.jobs")
    assert found.trace in again.text
    assert "exemple.fr" not in (settings.instance / troubles.NAME).read_text()
    assert (settings.instance / troubles.NAME).stat().st_mode & 0o077 == 0
    html = as_admin.get("/gestion/systeme/erreurs").text
    assert found.trace in html
    assert "ValueError" in html


def test_errors_are_forgotten_after_a_week_and_their_file_stays_small(app, settings, monkeypatch):
    (settings.instance / troubles.NAME).unlink(missing_ok=True)
    monkeypatch.setattr(troubles, "MOST_BYTES", 5_000)
    for n in range(200):
        logging.getLogger("cptsapp.essai").error("échec %s", n)
    assert (settings.instance / troubles.NAME).stat().st_size < 6_000
    monkeypatch.setattr(troubles, "now", lambda: now() + timedelta(days=8))
    assert troubles.recent() == []
    assert troubles.purge() > 0
    assert (settings.instance / troubles.NAME).read_text() == ""


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("mail to sacha.fictif@exemple.fr refused", "mail to <adresse> refused"),
        ("call 06 12 34 56 78 or +33 6 12 34 56 78", "call <téléphone> or <téléphone>"),
        ("/recherche?q=sacha", "/recherche?…"),
        ("link ImE4ZjA5c2RmMjM0NTY3ODkwMTIzNDU2Nzg5MCI.abcDEF123", "link <secret>"),
        *[(each, each) for each in ("mail 12 failed", "in cptsapp/kernel/mail/sender_of_every_letter_v2.py")],
        ("DETAIL:  Key (email)=(x) exists", "DETAIL: …"),
    ],
)
def test_a_log_line_names_nobody_and_opens_nothing(said, written):
    assert logs.scrubbed(said) == written


def test_log_lines_are_for_people_or_in_json(app, settings):
    line = logging.LogRecord("cptsapp.mail", logging.ERROR, "x.py", 1, "mail %s to a@exemple.fr failed", (12,), None)
    assert logs.Lines().format(line).endswith("ERROR cptsapp.mail mail 12 to <adresse> failed")
    settings.log_json = True
    with app.test_request_context("/"):
        assert '"said": "mail 12 to <adresse> failed"' in logs.Lines().format(line)
        assert '"trace"' in logs.Lines().format(line)


def test_metrics_are_for_who_has_the_token(client, settings):
    assert client.get("/metrics").status_code == 404
    settings.metrics_token = "un-jeton-assez-long"
    assert client.get("/metrics", headers={"Authorization": "Bearer autre"}).status_code == 404
    jobs.beat("worker")
    backup.save()
    told = client.get("/metrics", headers={"Authorization": "Bearer un-jeton-assez-long"})
    assert told.status_code == 200
    values = dict(line.rsplit(" ", 1) for line in told.text.splitlines() if not line.startswith("#"))
    assert values["cptsapp_backup_recent"] == "1"
    assert int(values["cptsapp_worker_seen_timestamp_seconds"]) > 1_700_000_000
    assert int(values["cptsapp_disk_free_bytes"]) > 0


def test_sizes_are_in_the_units_of_disks():
    assert [models.readable_size(n).replace("\xa0", " ") for n in (0, 999, 3_400_000, 5_000_000_000_000)] == [
        "0 octets",
        "999 octets",
        "3,4 Mo",
        "5000 Go",
    ]
