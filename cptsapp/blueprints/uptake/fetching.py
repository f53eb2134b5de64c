"""The national file brought to this machine, for as long as it is read."""

import http.client
import shutil
import tempfile
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.release import VERSION
from cptsapp.kernel.settings import LOOPBACK, settings

BLOCK = 1 << 18  # bytes
PREFIX = ".tmp-rpps-"
TIMEOUT_SECONDS = 30
MOST_BYTES = 2 << 30
LEFT_FREE = 200 << 20  # bytes of disk that a download leaves to the rest


@contextmanager
def fetched(source: str, tell: Callable[[int, int], None]) -> Iterator[Path]:
    """Give the path of the file that `source` names, an address or a path; `tell` hears (bytes come, bytes in all).

    Raises RuleError when it does not come whole. What was downloaded is deleted on the way out. One at a time.
    """
    if "://" not in source:
        yield _on_disk(source)
        return
    for left in settings.instance.glob(f"{PREFIX}*"):  # by a worker that was killed
        shutil.rmtree(left)
    with tempfile.TemporaryDirectory(dir=settings.instance, prefix=PREFIX) as folder:
        path = Path(folder) / "register"
        _download(source, path, tell)
        yield path


def _on_disk(source: str) -> Path:
    path = settings.instance / source  # as it is when it is absolute
    if not path.is_file():
        raise RuleError(f"Le fichier {path.name} n’est plus à sa place : voyez « rpps_source » dans cpts.toml.")
    return path


def _refuse_unsound(address: str):
    parts = urlsplit(address)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOOPBACK):
        raise RuleError("L’adresse du fichier national doit commencer par https:// (« rpps_source » dans cpts.toml).")


def _download(address: str, path: Path, tell):
    _refuse_unsound(address)
    request = urllib.request.Request(address, headers={"User-Agent": f"cptsapp/{VERSION}"})  # noqa: S310 (checked)
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answer, path.open("wb") as file:  # noqa: S310
            _refuse_unsound(answer.geturl())  # it may have been sent elsewhere
            total = int(answer.headers.get("Content-Length") or 0)
            _refuse_too_big(total)
            done = 0
            while block := answer.read(BLOCK):
                done += len(block)
                _refuse_too_big(done)
                file.write(block)
                tell(done, total)
    except urllib.error.HTTPError as error:
        raise RuleError(f"L’Annuaire Santé a répondu « {error.code} » : réessayez plus tard.") from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise RuleError(f"Le fichier national n’est pas venu jusqu’au bout ({error}) : réessayez plus tard.") from error
    if done < total:
        raise RuleError("Le fichier national n’est pas venu jusqu’au bout : réessayez plus tard.")


def _refuse_too_big(size: int):
    """Refuse what is no register, and what would fill the disk."""
    if size > MOST_BYTES:
        raise RuleError("Le fichier national est bien plus gros que prévu : le comptage s’est arrêté.")
    if size and shutil.disk_usage(settings.instance).free < LEFT_FREE:
        raise RuleError("Il n’y a plus assez de place sur le disque pour le fichier national.")
