"""Passwords: Argon2id, two at once at most, and a strength that knows French and the words of the site."""

import re
import unicodedata
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from .errors import RuleError
from .later import Later
from .text import fold

matching, scoring = Later("zxcvbn.matching"), Later("zxcvbn.scoring")

SHORTEST, LONGEST = 12, 128
ESTIMATED = 72  # characters that the estimator reads; it takes too long beyond
LEAST_SCORE = 3
DATA = Path(__file__).parent.parent / "data"

_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)  # about 19 MiB and 25 ms
_turn = BoundedSemaphore(2)  # so that many logins at once never take the memory of the machine
# Verified when there is no account or no password: the answer takes the same time.
_NOBODY = "$argon2id$v=19$m=19456,t=2,p=1$1inDmaN4hDvkedzCel/xTw$bLDWSwA/JimmGRT/P0MWpDvLIoKxbRWQTSGdVVM5Kk8"


def hash(password: str) -> str:
    """Return the text to store; it names its own parameters. Outside any transaction: it is slow on purpose."""
    with _turn:
        return _hasher.hash(_bytes(password))


def verify(stored: str | None, password: str) -> bool:
    """Tell whether `password` is the one stored, exactly as typed; with nothing stored, say no in the same time."""
    with _turn:
        try:
            right = _hasher.verify(stored or _NOBODY, _bytes(password))
        except (VerificationError, InvalidHashError):
            return False
    return bool(stored) and right


def needs_upgrade(stored: str) -> bool:
    """Tell whether `stored` was made with older parameters than today's."""
    return _hasher.check_needs_rehash(stored)


def _bytes(password: str) -> bytes:
    # A lone surrogate cannot come from a keyboard, but can from a crafted request.
    return password.encode("utf-8", "surrogatepass")


def refuse_weak(password: str, words: Iterable[str] = ()) -> None:
    """Raise RuleError, for the field `password`, unless the password is long and hard to guess.

    `words`: those a stranger would try first here (names of the site, of the communes, of the person).
    """
    if len(password) < SHORTEST:
        raise RuleError(f"Choisissez un mot de passe d’au moins {SHORTEST} caractères.", field="password")
    if len(password) > LONGEST:
        raise RuleError(f"Choisissez un mot de passe d’au plus {LONGEST} caractères.", field="password")
    if fold(password) in common_passwords():
        raise RuleError("Ce mot de passe est l’un des plus utilisés. Choisissez-en un autre.", field="password")
    if score(password, words) < LEAST_SCORE:
        raise RuleError(
            "Ce mot de passe se devine trop facilement. Essayez quatre ou cinq mots sans lien entre eux, "
            "sans nom de personne, de commune ni de métier.",
            field="password",
        )


def score(password: str, words: Iterable[str] = ()) -> int:
    """Return 0 (guessed at once) to 4 (very strong), from the first characters; words of the site count for nothing."""
    site = _ranked(words)
    head = _bounded(_plain(password)[:ESTIMATED])
    rest = re.sub("|".join(sorted(map(re.escape, site), key=len, reverse=True)), "", head, flags=re.I) if site else head
    return min(_score(head, site), _score(rest, site))


def _score(text: str, site: dict[str, int]) -> int:
    if not text:
        return 0
    # The estimator's own entry point keeps the words in a global, which threads would share: its parts are called here.
    matches = matching.omnimatch(text, {**matching.RANKED_DICTIONARIES, **french_words(), "site": site})
    guesses = scoring.most_guessable_match_sequence(text, matches)["guesses"]
    return sum(guesses >= limit for limit in (1e3, 1e6, 1e8, 1e10))


def _plain(password: str) -> str:
    """Return the password without accents, which a guesser tries with and without, and with its capitals."""
    return "".join(char for char in unicodedata.normalize("NFKD", password) if not unicodedata.combining(char))


def _bounded(text: str) -> str:
    """Return the text with at most three of the signs that stand for letters: the estimator tries all combinations."""
    signs = [char for char in dict.fromkeys(text) if char in "@({[<!|$+%"]
    return text.translate({ord(char): chr(0x2460 + rank) for rank, char in enumerate(signs[3:])})


def _ranked(words: Iterable[str]) -> dict[str, int]:
    """Rank the words and their parts: « CPTS de la Brie » gives cptsdelabrie, cpts, brie."""
    found = {}
    for words_of in (fold(word).replace("-", " ").replace("'", " ").split() for word in words):
        for part in ("".join(words_of), "-".join(words_of), *words_of):
            if len(part) > 2:
                found.setdefault(part, len(found) + 1)
    return found


@cache
def french_words() -> dict[str, dict[str, int]]:
    """Return the ranked French lists: everyday words, first names, words of health care."""
    lists, name = {}, "french"
    for line in (DATA / "words_fr.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            name = line.strip("# ")
        else:
            ranks = lists.setdefault(name, {})
            for word in line.split():
                ranks.setdefault(fold(word), len(ranks) + 1)
    return lists


@cache
def common_passwords() -> frozenset[str]:
    """Return the long passwords that everybody tries first, folded."""
    return frozenset(fold(line) for line in (DATA / "common_passwords.txt").read_text(encoding="utf-8").split())
