"""The command `cptsapp`, run as a person runs it: a real process, an exit code, a French sentence."""

import io
import os
import re
import socket
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from cptsapp.cli import typed

ROOT = Path(__file__).parents[1]


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "instance"


def run(folder, *words, answer="", **environment):
    """Run `cptsapp …` on an instance, `answer` typed; return the finished process."""
    variables = {key: value for key, value in os.environ.items() if not key.startswith("CPTS_")}
    variables |= {"CPTS_INSTANCE": str(folder)} | environment
    return subprocess.run(
        [sys.executable, "-m", "cptsapp", *words],
        cwd=ROOT,
        env=variables,
        input=answer,
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A real instance, made once by `init`, with what the command printed."""
    folder = tmp_path_factory.mktemp("vraie") / "instance"
    done = run(
        folder, "init", "--name", "CPTS d’essai", "--communes", "77004,77007", "--email", "coordination@exemple.fr"
    )
    assert done.returncode == 0, done.stderr
    return folder, done.stdout


def test_init_prints_the_first_link_and_keeps_the_secret_to_its_owner(made):
    folder, printed = made
    assert re.search(r"http://127\.0\.0\.1:8000/\S+", printed)
    assert (folder / "cpts.toml").stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o077 == 0


def test_init_names_the_first_person_as_it_is_told(tmp_path):
    names = ("--given-name", "Claire", "--family-name", "Fictive")
    done = run(tmp_path / "instance", "init", "--email", "claire@exemple.fr", *names)
    assert done.returncode == 0, done.stderr
    with sqlite3.connect(tmp_path / "instance" / "cpts.db") as base:
        assert base.execute("SELECT given_name, family_name FROM person").fetchall() == [("Claire", "Fictive")]


def test_a_name_is_asked_for_at_the_keyboard_alone(monkeypatch):
    class Keyboard(io.StringIO):
        def isatty(self):
            return True

    monkeypatch.setattr("sys.stdin", Keyboard("  Claire \n\n"))
    assert [typed("Prénom", None), typed("Nom", "Fictive"), typed("Nom", None)] == ["Claire", "Fictive", ""]
    monkeypatch.setattr("sys.stdin", io.StringIO("Claire\n"))
    assert typed("Prénom", None) == ""


def test_init_never_writes_over_an_instance(made):
    before = (made[0] / "cpts.toml").read_text()
    again = run(made[0], "init")
    assert again.returncode == 1
    assert "existe déjà" in again.stderr
    assert (made[0] / "cpts.toml").read_text() == before


def test_a_demonstration_is_never_written_over_real_data(made):
    refused = run(made[0], "demo")
    assert refused.returncode == 1
    assert "démonstration" in refused.stderr


def test_the_tables_are_up_to_date_after_init(made):
    assert "en attente" not in run(made[0], "db", "status").stdout
    assert "déjà à jour" in run(made[0], "db", "upgrade").stdout


def test_check_says_line_by_line_what_is_well(made):
    done = run(made[0], "check")
    assert "Base de données" in done.stdout
    assert all(line.startswith(("bien", "À VOIR")) for line in done.stdout.splitlines())
    assert "Traceback" not in done.stderr


def test_an_account_is_made_and_gets_a_link(made):
    created = run(made[0], "account", "create", "bureau@exemple.fr", "--role", "bureau")
    assert created.returncode == 0, created.stderr
    link = run(made[0], "account", "link", "bureau@exemple.fr")
    assert re.search(r"http://127\.0\.0\.1:8000/\S+", link.stdout)
    unknown = run(made[0], "account", "link", "personne@exemple.fr")
    assert (unknown.returncode, "Traceback" in unknown.stderr) == (1, False)


def test_what_is_saved_comes_back_on_another_machine(made, folder):
    (made[0] / "content/pages/essai-de-retour.md").write_text("---\ntitle: Retour\n---\nBonjour.\n")
    archive = run(made[0], "backup", str(folder.parent), "--with-secrets").stdout.strip()
    restored = run(folder, "restore", archive, "--yes")
    assert restored.returncode == 0, restored.stderr
    assert (folder / "content/pages/essai-de-retour.md").exists()
    assert "Base de données" in run(folder, "check").stdout


@pytest.mark.parametrize(("answer", "code"), [("non", 1), ("", 1), ("oui", 0)])
def test_a_restoration_asks_in_french_and_only_a_yes_goes_on(made, folder, answer, code):
    archive = run(made[0], "backup", str(folder.parent), "--with-secrets").stdout.strip()
    assert run(folder, "restore", archive, "--yes").returncode == 0
    asked = run(folder, "restore", archive, answer=f"{answer}\n")
    assert "[o/N]" in asked.stdout
    assert asked.returncode == code


MAKE = "from cptsapp.blueprints.person.models import Person; Person.create(family_name='Fictive', given_name='Alix')"
ERASE = "from cptsapp.blueprints.privacy import rules; from cptsapp.blueprints.person.models import Person; " \
    "rules.erase_person(Person.get(Person.family_name == 'Fictive').id)"  # fmt: skip


def within(folder, statement):
    """Run a statement inside an instance, in a process of its own."""
    opened = "from cptsapp import create_app; from cptsapp.kernel import db; app = create_app(); "
    opened += f"app.testing = True; app.app_context().push(); db.db.connect(); {statement}"
    variables = os.environ | {"CPTS_INSTANCE": str(folder)}
    return subprocess.run([sys.executable, "-c", opened], cwd=ROOT, env=variables, capture_output=True, text=True)


def test_a_locked_backup_is_checked_restored_with_its_key_and_brings_nobody_back_who_was_erased_since(made, tmp_path):
    key, wrong = tmp_path / "cle.txt", tmp_path / "autre.txt"
    key.write_text("une phrase que l’on retient")
    wrong.write_text("une phrase que l’on oublie")
    assert within(made[0], MAKE).returncode == 0
    archive = run(made[0], "backup", "--key-file", str(key)).stdout.strip()
    assert archive.endswith(".tar.gz.chiffre")
    assert "saine" in run(made[0], "restore", archive, "--check", "--key-file", str(key)).stdout
    refused = run(made[0], "restore", archive, "--yes", "--key-file", str(wrong))
    assert (refused.returncode, "pas la clé" in refused.stderr) == (1, True)

    erased = within(made[0], ERASE)
    assert erased.returncode == 0, erased.stderr
    restored = run(made[0], "restore", archive, "--yes", "--key-file", str(key))
    assert restored.returncode == 0, restored.stderr
    assert "effacées à nouveau : 1" in restored.stdout
    assert within(made[0], ERASE).returncode == 1  # nobody of that name
    assert Path(archive).exists()  # the backups follow the instance


def test_a_backup_that_is_not_one_is_refused_with_a_sentence(made, tmp_path):
    (tmp_path / "faux.tar.gz").write_bytes(b"rien")
    refused = run(made[0], "restore", str(tmp_path / "faux.tar.gz"), "--yes")
    assert refused.returncode == 1
    assert "pas une sauvegarde" in refused.stderr


@pytest.mark.parametrize("words", [["inconnu"], ["init", "--couleur", "bleu"], ["serve", "--port", "abc"]])
def test_a_wrong_usage_exits_2_and_points_to_the_help(made, words):
    done = run(made[0], *words)
    assert done.returncode == 2
    assert "--help" in done.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["inconnu"], "La commande «\xa0inconnu\xa0» n’existe pas."),
        (["init", "--couleur", "bleu"], "L’option «\xa0--couleur\xa0» n’existe pas."),
        (["serve", "--port", "abc"], "La valeur donnée à «\xa0--port\xa0» ne convient pas."),
        (["restore"], "Il manque «\xa0SOURCE\xa0»."),
        (["account", "create", "a@exemple.fr", "--role", "roi"], "«\xa0--role\xa0» se choisit parmi\xa0: bureau,"),
    ],
)
def test_a_wrong_usage_is_said_in_french(made, words, said):
    assert said in run(made[0], *words).stderr


def test_a_command_without_an_instance_is_refused_with_a_sentence(folder):
    done = run(folder, "check")
    assert done.returncode == 1
    assert "cptsapp init" in done.stderr


@pytest.mark.parametrize("taken", ["--port", "mail_port"])
def test_an_address_that_is_taken_is_said_before_anything_starts(folder, taken):
    with socket.socket() as site, socket.socket() as mailbox:
        for each in (site, mailbox):
            each.bind(("127.0.0.1", 0))
        (site if taken == "--port" else mailbox).listen()
        ports = [each.getsockname()[1] for each in (site, mailbox)]
        (mailbox if taken == "--port" else site).close()
        done = run(folder, "serve", "--demo", "--port", str(ports[0]), CPTS_MAIL_PORT=str(ports[1]))
    assert done.returncode == 1
    assert "Impossible d’écouter" in done.stderr
    assert taken in done.stderr
    assert "est prêt" not in done.stdout


def test_the_help_is_in_french(folder):
    done = run(folder, "--help")
    assert done.returncode == 0
    assert "Commandes" in done.stdout
    assert not re.search(r"Show this message|Load environment|debug mode", done.stdout)
    assert "init" in done.stdout


def test_the_start_is_refused_without_a_secret(folder):
    folder.mkdir()
    (folder / "cpts.toml").write_text('secret_key = "court"\n')
    done = run(folder, "serve")
    assert done.returncode == 1
    assert "clé secrète" in done.stderr
