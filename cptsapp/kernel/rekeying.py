"""Changing the secret key of an instance: the new one is written first, then what the old one encrypts is done again.

Both are read from the first moment to the last: killed anywhere, the instance works, and the same command goes on from
there. What only the old key recognises (links that were sent, recovery codes) opens until it is forgotten.
"""

import os
import re
import secrets
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import click
from flask.cli import with_appcontext
from peewee import Field

from . import backup, crypto, journal
from .db import connection, db, locked
from .errors import RuleError
from .frenchcli import FrenchCommand, FrenchGroup, confirm
from .settings import settings

CHANGED = journal.declare("instance.key_changed", "Clé secrète changée")
FORGOTTEN = journal.declare("instance.key_forgotten", "Ancienne clé secrète oubliée")
AT_A_TIME = 100
cli = FrenchGroup("key", help="La clé secrète de l’instance.")


@dataclass(frozen=True)
class Sealed:
    """A column of encrypted texts, and the context of a row's own."""

    column: Field
    context: Callable


columns: list[Sealed] = []


def sealed(column: Field, context: Callable) -> None:
    """Register a column whose texts are encrypted; `context(row)` is what they are bound to."""
    columns.append(Sealed(column, context))


def change() -> tuple[Path | None, int]:
    """Draw a new key and encrypt everything again; or finish what a former change had left.

    Return the backup made before, or None when one is being finished, and how many texts were encrypted again. The site
    must be stopped: it knows the former key alone.
    """
    refuse_elsewhere()
    saved = None
    if not any(map(_waiting, columns)):
        saved = backup.save()
        write_keys(secrets.token_urlsafe(48), crypto.secret_keys())
    done = sum(map(_encrypt_again, columns))
    with db.atomic():
        journal.write(CHANGED, "instance", "")
    return saved, done


def forget() -> None:
    """Stop reading the old keys. Raises RuleError while a text is still encrypted under one of them."""
    refuse_elsewhere()
    if any(map(_waiting, columns)):
        raise RuleError("Un changement de clé n’est pas terminé : lancez « cptsapp key change », puis recommencez.")
    if not settings.old_secret_keys:
        raise RuleError("Cette instance n’a pas d’ancienne clé.")
    write_keys(settings.secret_key, [])
    with db.atomic():
        journal.write(FORGOTTEN, "instance", "")


def refuse_elsewhere() -> None:
    """Raise RuleError when the key does not come from cpts.toml: it is changed where it is written."""
    if not (settings.instance / "cpts.toml").is_file() or {"CPTS_SECRET_KEY", "CPTS_OLD_SECRET_KEYS"} & set(os.environ):
        raise RuleError(
            "La clé de cette instance ne vient pas de cpts.toml. Changez-la là où elle est écrite : la nouvelle dans "
            "CPTS_SECRET_KEY, l’ancienne dans CPTS_OLD_SECRET_KEYS."
        )


def write_keys(current: str, old: list[str]) -> None:
    """Write the keys in cpts.toml, whole or not at all, every other line as it was; and read them from now on."""
    path = settings.instance / "cpts.toml"
    text, chosen = path.read_text(encoding="utf-8"), {"secret_key": current, "old_secret_keys": ",".join(old)}
    for name, value in chosen.items():
        line = f'{name} = "{value}"'
        text, found = re.subn(rf"^(# *)?{name} *=.*$", line, text, count=1, flags=re.MULTILINE)
        text = text if found else f"{line}\n{text}"
    read = tomllib.loads(text)
    if any(read.get(name) != value for name, value in chosen.items()):
        raise RuleError("cpts.toml ne se laisse pas récrire : mettez « secret_key » seule sur sa ligne.")
    _replace(path, text)
    settings.secret_key, settings.old_secret_keys = chosen["secret_key"], chosen["old_secret_keys"]


def _replace(path: Path, text: str) -> None:
    """Put a private file in the place of another, on the disk before anybody sees it, with its owner."""
    there, fresh = path.stat(), path.with_name(".tmp-cpts.toml")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    if (there.st_uid, there.st_gid) != (os.geteuid(), os.getegid()):
        os.chown(fresh, there.st_uid, there.st_gid)
    os.replace(fresh, path)
    folder = os.open(path.parent, os.O_RDONLY)
    os.fsync(folder)
    os.close(folder)


def _waiting(each: Sealed) -> list:
    """Return the ids of the rows that are encrypted under an old key."""
    texts = each.column.model.select(each.column.model.id, each.column).where(each.column.is_null(False))
    return [id for id, text in texts.tuples() if not crypto.is_current(text)]


def _encrypt_again(each: Sealed) -> int:
    """Encrypt under the current key what an old one encrypts, a few rows at a time; return how many."""
    model, name, ids = each.column.model, each.column.name, _waiting(each)
    for start in range(0, len(ids), AT_A_TIME):
        with db.atomic():
            for row in locked(model.select().where(model.id.in_(ids[start : start + AT_A_TIME]))):
                text = crypto.decrypt(getattr(row, name), each.context(row))
                fresh = crypto.encrypt(text, each.context(row))
                model.update({each.column: fresh}).where(model.id == row.id).execute()
    return len(ids)


@cli.command("change", cls=FrenchCommand)
@click.option("--yes", is_flag=True, help="Ne pas demander.")
@with_appcontext
def change_command(yes):
    """Change la clé secrète, après une sauvegarde, et chiffre de nouveau ce qu’elle protège."""
    if not yes:
        confirm("Arrêtez d’abord le site et ses tâches. Changer la clé secrète ?")
    with connection():
        saved, done = change()
    click.echo(f"Sauvegarde faite avant : {saved}" if saved else "Le changement commencé la dernière fois est terminé.")
    click.echo(f"Textes chiffrés de nouveau : {done}. Relancez le site : personne n’est déconnecté.")
    click.echo("L’ancienne clé reste lue pour les liens déjà envoyés et les codes de secours : « cptsapp key forget »")
    click.echo("l’oubliera. Rangez la nouvelle à part, et gardez l’ancienne avec les sauvegardes d’avant.")


@cli.command("forget", cls=FrenchCommand)
@click.option("--yes", is_flag=True, help="Ne pas demander.")
@with_appcontext
def forget_command(yes):
    """Oublie les anciennes clés : les liens et les codes de secours faits avec elles ne s’ouvrent plus."""
    if not yes:
        confirm("Les liens envoyés et les codes de secours faits avant le changement ne serviront plus. Continuer ?")
    with connection():
        forget()
    click.echo("Anciennes clés oubliées. Relancez le site, et demandez à chacun de refaire ses codes de secours.")
