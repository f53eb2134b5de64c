"""The evidence of a period in one archive: a folder for each action, and an index of what is there and what is not.

It leaves as it is made: one file is in memory at a time, whatever their number.
"""

import io
import logging
import zipfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from cptsapp.blueprints.document.models import DocumentVersion
from cptsapp.blueprints.evidence.models import Piece, Proof
from cptsapp.blueprints.evidence.standing import Standing, standings
from cptsapp.kernel.dates import short_fr
from cptsapp.kernel.exports import csv_lines
from cptsapp.kernel.files import StoredFile
from cptsapp.kernel.telling import Evidence
from cptsapp.kernel.text import slugify

log = logging.getLogger("cptsapp.report")
INDEX = "index.csv"
HEADS = ["Action", "Preuve", "Nature", "Période", "État", "Pièce", "Date", "Fichier", "Remarque"]
RESERVED = "Nomme des personnes : la coordination la remet."
ELSEWHERE = "À ouvrir à cette adresse"
LOST = "Le fichier est introuvable."


class _Outlet(io.RawIOBase):
    """Where the archive is written: what came is taken away by whoever sends it. It cannot go back."""

    def __init__(self):
        self.held = bytearray()

    def writable(self):
        return True

    def write(self, data):
        self.held += data
        return len(data)

    def taken(self) -> bytes:
        data, self.held = bytes(self.held), bytearray()
        return data


def concerned(start: date, end: date) -> list[Standing]:
    """Return the proofs about a period, both days included, in the order of the project."""
    found = standings(each for each in Proof.joined() if each.concerns(start, end))
    return sorted(found, key=lambda each: each.rank[1:])


def parts(found: list[Standing], *, with_names: bool) -> Iterator[bytes]:
    """Yield the archive. `with_names`: with the lists that name people, which the coordination alone hands out."""
    outlet, taken = _Outlet(), set()
    lines: list[list] = []
    with zipfile.ZipFile(outlet, "w", zipfile.ZIP_DEFLATED) as archive:
        for each in found:
            for title, on, folder, name, content, remark in _held(each, with_names):
                path, remark = _added(archive, taken, folder, name, content, remark)
                lines.append([*_about(each), title, short_fr(on), path, remark])
                yield outlet.taken()
            if not each.pieces and not each.made:
                lines.append([*_about(each), "", "", "", ""])
        archive.writestr(INDEX, "".join(csv_lines(HEADS, lines)))
    yield outlet.taken()


def _about(each: Standing) -> list[str]:
    proof = each.proof
    return [proof.fiche.full_title, proof.label, proof.nature.label, proof.period_label, each.state.label]


def _held(each: Standing, with_names: bool):
    """Yield (title, day, folder, file name, a function that gives its bytes or None, remark) of what proves a thing."""
    fiche = each.proof.fiche
    folder = f"{fiche.id:03}-{slugify(fiche.title, limit=40)}/{each.proof.id:04}-{slugify(each.proof.label, limit=40)}"
    for piece in each.pieces:
        name, content, remark = _of_piece(piece)
        if each.proof.nature.names_people and not with_names:
            content, remark = None, RESERVED
        yield piece.title, piece.added_at, folder, name, content, remark
    for made in each.made:
        if made.names_people and not with_names:
            yield made.title, made.on, folder, "", None, RESERVED
        else:
            yield made.title, made.on, folder, made.file_name, made.make, "" if made.make else _elsewhere(made)


def _elsewhere(made: Evidence) -> str:
    return f"{ELSEWHERE} : {made.url}"


def _of_piece(piece: Piece):
    if piece.file_id:
        return _stored(piece.title, piece.file)
    if not piece.is_there:
        return "", None, "Le document est à la corbeille."
    mine = DocumentVersion.document == piece.document_id
    versions = DocumentVersion.select(DocumentVersion, StoredFile).left_outer_join(StoredFile).where(mine)
    version = versions.order_by(DocumentVersion.number.desc()).get()
    if version.file_id:
        return _stored(piece.title, version.file)
    return f"{slugify(piece.title, limit=60)}.md", lambda text=version.text: text.encode(), ""


def _stored(title: str, stored: StoredFile):
    suffix = Path(stored.name).suffix
    return f"{slugify(title.removesuffix(suffix), limit=60)}{suffix}", stored.path.read_bytes, ""


def _added(archive, taken: set[str], folder: str, name: str, content, remark: str) -> tuple[str, str]:
    """Add a file under a name that is free and safe; return (its path, remark). One that cannot be read is said so."""
    if content is None:
        return "", remark
    stem, suffix = slugify(Path(name).stem, limit=60), Path(name).suffix.lower()
    suffix = suffix if suffix[1:].isalnum() and suffix.isascii() else ""
    path, rank = f"{folder}/{stem}{suffix}", 1
    while path in taken:
        rank += 1
        path = f"{folder}/{stem}-{rank}{suffix}"
    try:
        data = content()
    except Exception:  # the others leave all the same
        log.exception("evidence %s failed", path)
        return "", LOST
    taken.add(path)
    archive.writestr(path, data)
    return path, remark
