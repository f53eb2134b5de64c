"""All that the instance holds, for a successor who has another program: one CSV per table, the texts, the files.

Tables are found in the database itself, so that nothing that comes later is forgotten. What proves who somebody is
stays out: it is of no use elsewhere.
"""

import csv
import io
import os
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from cptsapp.kernel import copying, exports, release
from cptsapp.kernel.dates import date_fr, today
from cptsapp.kernel.db import db, now
from cptsapp.kernel.personal import processings
from cptsapp.kernel.settings import settings

from .words import job_name

__all__ = ["job_name", "made", "write"]

PARTS = ("content", "uploads")
NAME = "export-complet-{:%Y%m%d-%H%M%S}.zip"
PROOFS = {"session", "token", "recovery_code", "passkey", "known_address", "link_request"}
LEFT_OUT = PROOFS | {"tries", "schema_migration"}
SECRET_COLUMNS = {"password_hash", "totp_secret", "totp_last_step"}
AT_ONCE = 1000
READ_ME = """{name}, export complet du {day}

donnees/    une table par fichier CSV (UTF-8, séparateur « ; », première ligne : les noms des colonnes).
            Les colonnes en _id renvoient à la colonne id de la table de ce nom. Les heures sont en temps universel.
content/    les pages et les actualités, en Markdown, avec leurs images.
uploads/    les fichiers envoyés ; la table stored_file donne leur nom d’origine.
registre.csv  ce que contient chaque table sur les personnes, pourquoi et jusqu’à quand.

Les mots de passe, les connexions et les seconds facteurs n’y sont pas : ils ne servent nulle part ailleurs.
Ce dossier contient des données personnelles : gardez-le chiffré, et effacez-le après usage.
cptsapp {version}
"""


def made() -> list[Path]:
    """Return the exports that wait to be taken away, the last first."""
    return sorted(settings.backups.glob("export-complet-*.zip"), reverse=True)


def write() -> Path:
    """Write the export beside the backups, in the place of the former one, and return its path."""
    settings.backups.mkdir(parents=True, exist_ok=True)
    path = settings.backups / NAME.format(now())
    partial = path.with_name(f".tmp-{path.name}")
    try:
        handle = os.open(partial, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w+b") as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            _write_all(archive)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    for former in made()[1:]:
        former.unlink(missing_ok=True)
    return path


def _write_all(archive: zipfile.ZipFile):
    words = {"name": settings.host, "day": date_fr(today()), "version": release.VERSION}
    archive.writestr("LISEZ-MOI.txt", READ_ME.format(**words))
    labels = ["Finalité", "Base légale", "Données", "Destinataires", "Conservation"]
    register = ([each.purpose, each.basis, each.categories, each.recipients, each.kept] for each in processings())
    archive.writestr("registre.csv", "".join(exports.csv_lines(labels, register)))
    for table in copying.open_tables():
        if table not in LEFT_OUT:
            with archive.open(f"donnees/{table}.csv", "w", force_zip64=True) as file:
                _write_table(table, io.TextIOWrapper(file, encoding="utf-8-sig", newline="", write_through=True))
    for part in PARTS:
        for folder, _, names in os.walk(settings.instance / part):
            for name in names:
                found = Path(folder, name)
                with suppress(FileNotFoundError):
                    archive.write(found, found.relative_to(settings.instance).as_posix())


def _write_table(table: str, text):
    columns = [each.name for each in db.get_columns(table) if each.name not in SECRET_COLUMNS]
    lines = csv.writer(text, delimiter=";")
    lines.writerow(columns)
    lines.writerows([_cell(value) for value in row] for row in _rows(table, columns))
    text.flush()
    text.detach()


def _rows(table: str, columns: list[str]) -> Iterator[tuple]:
    """Yield the rows of a table a thousand at a time: no reading holds the base for long."""
    names = ", ".join(f'"{name}"' for name in columns)
    if "id" not in columns:
        yield from db.execute_sql(f'SELECT {names} FROM "{table}"')  # noqa: S608 (names found in the base itself)
        return
    last, place = None, columns.index("id")
    while True:
        after, values = ("", ()) if last is None else (f'WHERE "id" > {db.obj.param}', (last,))
        sql = f'SELECT {names} FROM "{table}" {after} ORDER BY "id" LIMIT {AT_ONCE}'  # noqa: S608
        rows = db.execute_sql(sql, values).fetchall()
        yield from rows
        if len(rows) < AT_ONCE:
            return
        last = rows[-1][place]


def _cell(value):
    if isinstance(value, bytes | memoryview):
        return bytes(value).decode("utf-8", "replace")
    return exports.neutral(value) if isinstance(value, str) else value
