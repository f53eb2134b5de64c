"""Which version of the product this is."""

import platform
import tomllib
from importlib.metadata import version
from pathlib import Path

from peewee import sqlite3

from .db import db, is_sqlite

_PROJECT = Path(__file__).parents[2] / "pyproject.toml"
VERSION = (
    tomllib.loads(_PROJECT.read_text(encoding="utf-8"))["project"]["version"] if _PROJECT.is_file() else "inconnue"
)


def versions() -> list[tuple[str, str]]:
    """Return what an administrator is asked for when something goes wrong: (what, which version)."""
    engine = f"SQLite {sqlite3.sqlite_version}" if is_sqlite() else f"PostgreSQL {_postgresql()}"
    return [
        ("cptsapp", VERSION),
        ("Python", platform.python_version()),
        ("Base de données", engine),
        ("Flask", version("flask")),
        ("peewee", version("peewee")),
        ("gunicorn", version("gunicorn")),
    ]


def _postgresql() -> str:
    return db.execute_sql("SHOW server_version").fetchone()[0].split(" ")[0]
