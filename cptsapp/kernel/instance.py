"""One installation on disk: its folder, its secret key, its settings file, its first content."""

import os
import re
import secrets
import shutil
from pathlib import Path

from . import backup, db
from .errors import RuleError
from .settings import settings

MODEL_CONTENT = Path(__file__).parents[2] / "content"
COLLECTIONS = ("pages", "actualites", "images", "fichiers")
DEMO_REGISTER = "rpps-demonstration.txt"  # fictitious: the demonstration asks nothing of another machine
# What the model of a page says of itself, and what only the demonstration may claim of it.
_STARTER = re.compile(r"^starter:.*\n", re.MULTILINE)
_CLAIMS = re.compile(r"^(reviewed_on|reviewed_by|review_due_on):.*\n", re.MULTILINE)
FOLDERS = ("content", "uploads", "backups")


def create(folder: Path, *, demo: bool = False) -> None:
    """Make the folder, the settings file with a new secret key (0600) and the empty content.

    Raises RuleError when an instance is there already: nothing is ever written over one.
    """
    refuse_over(folder)
    for name in FOLDERS:
        (folder / name).mkdir(parents=True, exist_ok=True)
    for name in COLLECTIONS:
        (folder / "content" / name).mkdir(exist_ok=True)
    folder.chmod(0o700)
    write_private(folder / "cpts.toml", _toml(secrets.token_urlsafe(48), demo=demo))


def refuse_over(folder: Path) -> None:
    """Raise RuleError when an instance is there already."""
    if (folder / "cpts.toml").exists():
        raise RuleError(f"Une instance existe déjà dans {folder}. Choisissez un autre dossier avec --instance.")


def _toml(secret_key: str, *, demo: bool) -> str:
    """Return a settings file that says all that can be set, each key with its sentence."""
    eased = {"demo": True, "mail_port": 8025, "second_factor_required": False, "rpps_source": DEMO_REGISTER}
    chosen = {"secret_key": secret_key} | (eased if demo else {})
    lines = ["# Réglages de cette installation. Une ligne sans « # » s’applique au prochain démarrage.", ""]
    for key, default, help in settings.documented():
        lines.append(f"# {help}")
        value = chosen.get(key, default)
        lines += [("" if key in chosen else "# ") + f"{key} = {_literal(value)}", ""]
    return "\n".join(lines)


def _literal(value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int) else f'"{value}"'


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner may read, whatever the umask."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    path.chmod(0o600)


def copy_content(*, demo: bool) -> None:
    """Copy the repository's content: all of it for the demonstration, the pages to start from for a real instance."""
    for name in COLLECTIONS:
        for source in sorted((MODEL_CONTENT / name).glob("*")):
            wanted = demo or (name == "pages" and is_starter(source))
            target = settings.content / name / source.name
            if wanted and source.is_file() and not target.exists():
                copy_model(source, target, demo=demo)


def copy_model(source: Path, target: Path, *, demo: bool) -> None:
    """Copy one file of the model; a real instance's pages have been reviewed by nobody yet."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.suffix != ".md":
        shutil.copyfile(source, target)
        return
    text = _STARTER.sub("", source.read_text(encoding="utf-8"), count=1)
    target.write_text(text if demo else _CLAIMS.sub("", text), encoding="utf-8")


def is_starter(page: Path) -> bool:
    """Tell whether a page of the demonstration is written for any association (`starter: true` in its front matter)."""
    return "\nstarter: true" in page.read_text(encoding="utf-8")[:2000]


def upgrade() -> list[str]:
    """Bring the database to this version, after a copy when it holds something; return the migrations run."""
    with db.connection():
        waiting = db.pending()
        if waiting and db.Revision.table_exists():
            backup.before_migration()
    return db.migrate() if waiting else []
