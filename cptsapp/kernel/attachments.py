"""Files that people attach: allowed by extension, then by content. Nothing here opens more than it declares.

Office files are ZIP archives: their directory is read and bounded before any member is, and macros are refused.
"""

import re
import struct
import unicodedata
import zipfile
import zlib
from io import BytesIO
from pathlib import PurePath

from . import pictures
from .errors import RuleError

OOXML = "application/vnd.openxmlformats-officedocument."
ODF = "application/vnd.oasis.opendocument."
TYPES = {
    ".pdf": "application/pdf",
    ".docx": OOXML + "wordprocessingml.document",
    ".xlsx": OOXML + "spreadsheetml.sheet",
    ".pptx": OOXML + "presentationml.presentation",
    ".odt": ODF + "text",
    ".ods": ODF + "spreadsheet",
    ".odp": ODF + "presentation",
    ".csv": "text/csv",
    ".txt": "text/plain",
} | pictures.EXTENSIONS
MAIN_PART = {".docx": "word/document.xml", ".xlsx": "xl/workbook.xml", ".pptx": "ppt/presentation.xml"}

MOST_ENTRIES = 5_000
MOST_UNPACKED = 300 * 1024 * 1024  # bytes that the archive says it holds
MOST_INFLATION = 200  # times the size received

WANTED = "Envoyez un PDF, un document Word, Excel, PowerPoint ou LibreOffice, un CSV, un texte ou une image."
MACROS = "Ce document contient des macros, que le site n’accepte pas. Enregistrez-le sans macro, ou en PDF."
DAMAGED = (
    "Ce fichier est abîmé, ou d’un autre type que son nom ne l’annonce. Enregistrez-le de nouveau, puis renvoyez-le."
)
HEAVY = "Ce document contient trop de données une fois ouvert. Allégez-le, ou enregistrez-le en PDF."
LOCKED = "Ce document est protégé par un mot de passe. Retirez la protection, puis renvoyez-le."
_OLD = {".doc": ".docx", ".xls": ".xlsx", ".ppt": ".pptx"}
_MACRO = {".docm", ".xlsm", ".pptm", ".dotm", ".xltm", ".potm", ".ppsm", ".xlsb"}
_DAMAGE = (zipfile.BadZipFile, NotImplementedError, OSError, EOFError, ValueError, KeyError, zlib.error, struct.error)
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_MARKUP = re.compile(rb"<\s*(!doctype|html|head|body|script|svg|iframe|\?xml|meta)\b|<\?(xml|php)", re.IGNORECASE)


def display_name(name: str | None) -> str:
    """Return a name fit to show and to download under: no folder, no hidden sign, 120 characters at most."""
    last = re.split(r"[/\\]", name or "")[-1]
    kinds = [(c, unicodedata.category(c)[0]) for c in unicodedata.normalize("NFC", last)]
    visible = "".join(" " if kind == "Z" else c for c, kind in kinds if kind != "C")
    stem, extension = _split(" ".join(visible.split()).rstrip(" ."))
    return (stem.strip(" .")[: 120 - len(extension)].strip(" .") or "fichier") + extension


def check(name: str, data: bytes) -> str:
    """Return the media type of the attachment `data` called `name`; raise RuleError when it may not be kept."""
    extension = _split(name)[1].lower()
    if extension in _MACRO:
        raise RuleError(MACROS)
    if extension in _OLD:
        raise RuleError(f"Le format {extension} est ancien. Enregistrez le document en {_OLD[extension]} ou en PDF.")
    if extension not in TYPES:
        raise RuleError(f"Ce type de fichier n’est pas accepté. {WANTED}")
    if not data:
        raise RuleError("Ce fichier est vide. Choisissez-en un autre.")
    if extension == ".pdf":
        _check_pdf(data)
    elif extension in (".csv", ".txt"):
        _check_text(data)
    elif extension in pictures.EXTENSIONS:
        if pictures.sniff(data) is None:
            raise RuleError(DAMAGED)
    else:
        _check_archive(extension, data)
    return TYPES[extension]


def _split(name: str) -> tuple[str, str]:
    suffix = PurePath(name).suffix if not name.startswith(".") else name
    suffix = suffix if re.fullmatch(r"\.[A-Za-z0-9]{1,8}", suffix) else ""
    return name.removesuffix(suffix) if suffix else name, suffix


def _check_pdf(data: bytes) -> None:
    """A PDF starts as one, ends as one, and is not an archive as well."""
    if not data.startswith(b"%PDF-") or b"%%EOF" not in data[-2048:] or zipfile.is_zipfile(BytesIO(data)):
        raise RuleError(DAMAGED)


def _check_text(data: bytes) -> None:
    """A text has no control sign and does not pass itself off as a web page."""
    start = data[:4096].removeprefix(b"\xef\xbb\xbf").lstrip()
    if _CONTROL.search(data) or _MARKUP.match(start) or start[:5] in (b"%PDF-", b"{\\rtf"):
        raise RuleError(DAMAGED)
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        try:
            data.decode("cp1252")
        except UnicodeDecodeError as error:
            raise RuleError("Ce texte ne se lit pas. Enregistrez-le en UTF-8, puis renvoyez-le.") from error


def _check_archive(extension: str, data: bytes) -> None:
    """Office archives: the right parts, no macro, no secret, no bomb."""
    if data.startswith(b"\xd0\xcf\x11\xe0"):  # Microsoft's envelope around an encrypted document
        raise RuleError(LOCKED)
    # Counted before the directory is read: each entry costs a kilobyte of memory once read.
    if not data.startswith(b"PK\x03\x04") or data.count(b"PK\x01\x02") > MOST_ENTRIES:
        raise RuleError(DAMAGED if not data.startswith(b"PK") else HEAVY)
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            entries = archive.infolist()
            _refuse_bomb(entries, len(data))
            if extension in MAIN_PART:
                _check_ooxml(extension, archive)
            else:
                _check_odf(extension, archive)
    except _DAMAGE as error:
        raise RuleError(DAMAGED) from error


def _refuse_bomb(entries: list[zipfile.ZipInfo], received: int) -> None:
    unpacked = sum(each.file_size for each in entries)
    if len(entries) > MOST_ENTRIES or unpacked > min(MOST_UNPACKED, max(received, 50_000) * MOST_INFLATION):
        raise RuleError(HEAVY)
    for each in entries:
        if each.flag_bits & 1:
            raise RuleError(LOCKED)
        if each.filename.startswith("/") or ".." in re.split(r"[/\\]", each.filename):
            raise RuleError(DAMAGED)


def _check_ooxml(extension: str, archive: zipfile.ZipFile) -> None:
    names = archive.namelist()
    types = _read(archive, "[Content_Types].xml", 2_000_000)
    programs = [each for each in names if PurePath(each).name.lower() in ("vbaproject.bin", "vbadata.xml")]
    if b"macroEnabled" in types or programs:
        raise RuleError(MACROS)
    if MAIN_PART[extension] not in names:
        raise RuleError(DAMAGED)


def _check_odf(extension: str, archive: zipfile.ZipFile) -> None:
    names = archive.namelist()
    if any(each.startswith(("Basic/", "Scripts/")) and not each.endswith("/") for each in names):
        raise RuleError(MACROS)
    declared = _read(archive, "mimetype", 200).strip().decode("ascii", "replace")
    if declared != TYPES[extension] or "content.xml" not in names:
        raise RuleError(DAMAGED)
    if b"manifest:encryption-data" in _read(archive, "META-INF/manifest.xml", 2_000_000):
        raise RuleError(LOCKED)


def _read(archive: zipfile.ZipFile, name: str, most: int) -> bytes:
    """Return the member, `most` bytes at most, whatever it declares."""
    with archive.open(name) as member:
        data = member.read(most + 1)
    if len(data) > most:
        raise RuleError(HEAVY)
    return data
