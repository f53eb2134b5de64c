"""An archive locked with a passphrase, or with a file that holds one: AES-256-GCM, piece by piece.

Each piece is bound to its place and the last one says that it is the last: one cut, moved or changed is noticed. So a
large archive is locked and opened without ever being whole in memory. A file of the key is the passphrase written down:
the same archive opens with either.
"""

import hmac
import os
import unicodedata
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from ..errors import RuleError

MAGIC = b"CPTSAPP-SAUVEGARDE-1\n"
SALT, PREFIX, CHECK, TAG = 16, 7, 16, 16
PIECE = 64 * 1024
SHORTEST = 12  # characters of a passphrase

DAMAGED = "La sauvegarde est abîmée ou incomplète. Essayez-en une autre. Rien n’a été changé."
WRONG_KEY = (
    "Ce n’est pas la clé de cette sauvegarde : vérifiez la phrase secrète ou le fichier de clé. Rien n’a été changé."
)


def secret_of(text: str) -> bytes:
    """Return the secret that a passphrase stands for, however the keyboard composed its accents."""
    secret = unicodedata.normalize("NFC", text.strip()).encode("utf-8", "surrogatepass")
    if len(text.strip()) < SHORTEST:
        raise RuleError(f"La clé des sauvegardes est trop courte : {SHORTEST} caractères au moins.")
    return secret


def secret_in(path: Path | str) -> bytes:
    """Return the secret that a file of the key holds."""
    try:
        return secret_of(Path(path).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise RuleError(f"Le fichier de clé {path} ne se lit pas : {error}.") from error


def _derived(secret: bytes, salt: bytes) -> tuple[AESGCM, bytes]:
    """Return the cipher and a mark by which a wrong key is told from a damaged archive."""
    derived = Scrypt(salt=salt, length=32 + CHECK, n=2**15, r=8, p=1).derive(secret)
    return AESGCM(derived[:32]), derived[32:]


def _nonce(prefix: bytes, number: int, is_last: bool) -> bytes:
    return prefix + number.to_bytes(4, "big") + bytes([is_last])


def is_sealed(head: bytes) -> bool:
    return head.startswith(MAGIC)


class SealedWriter:
    """A file to write in; `close` writes the last piece and leaves the file under it open."""

    def __init__(self, file, secret: bytes):
        self.file, self.number, self.held = file, 0, bytearray()
        salt, self.prefix = os.urandom(SALT), os.urandom(PREFIX)
        self.cipher, mark = _derived(secret, salt)
        self.header = MAGIC + salt + self.prefix + mark
        file.write(self.header)

    def write(self, data) -> int:
        self.held += data
        while len(self.held) > PIECE:  # a full piece waits for another: it may be the last
            self._seal(bytes(self.held[:PIECE]), is_last=False)
            del self.held[:PIECE]
        return len(data)

    def _seal(self, piece: bytes, *, is_last: bool):
        self.file.write(self.cipher.encrypt(_nonce(self.prefix, self.number, is_last), piece, self.header))
        self.number += 1

    def flush(self):
        pass

    def close(self):
        self._seal(bytes(self.held), is_last=True)


class SealedReader:
    """A file to read from, whose `read` raises RuleError for a wrong key or a damaged piece."""

    def __init__(self, file, secret: bytes):
        self.file, self.number, self.held, self.ended = file, 0, bytearray(), False
        self.header = file.read(len(MAGIC) + SALT + PREFIX + CHECK)
        if len(self.header) < len(MAGIC) + SALT + PREFIX + CHECK:
            raise RuleError(DAMAGED)
        salt = self.header[len(MAGIC) : len(MAGIC) + SALT]
        self.prefix = self.header[len(MAGIC) + SALT : -CHECK]
        self.cipher, mark = _derived(secret, salt)
        if not hmac.compare_digest(mark, self.header[-CHECK:]):
            raise RuleError(WRONG_KEY)
        self.ahead = file.read(PIECE + TAG)

    def read(self, size: int = -1) -> bytes:
        while not self.ended and (size < 0 or len(self.held) < size):
            self._open_next()
        size = len(self.held) if size < 0 else size
        found = bytes(self.held[:size])
        del self.held[:size]
        return found

    def _open_next(self):
        sealed, self.ahead = self.ahead, self.file.read(PIECE + TAG)
        self.ended = not self.ahead
        try:
            self.held += self.cipher.decrypt(_nonce(self.prefix, self.number, self.ended), sealed, self.header)
        except InvalidTag as error:
            raise RuleError(DAMAGED) from error
        self.number += 1
