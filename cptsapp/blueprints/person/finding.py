"""Finding a person as one types: any order of the names, any accent, the start of a word, a phone, what they do.

The words of each person, folded, are in an FTS5 table on SQLite and in a tsvector on PostgreSQL. They are written
with the record: whoever saves a Person, or what a feature adds to it, leaves them right.
"""

from collections.abc import Callable, Iterable
from functools import lru_cache

from blinker import Signal

from cptsapp.kernel.wordindex import WordIndex, asked, words_of

from .models import Person, saved

__all__ = ["also_found_by", "asked", "drop", "found", "leading", "put", "rebuild", "refresh", "words_of"]

more_words: list[Callable[[list[int]], dict[int, str]]] = []  # what features know of persons: {id: text}
written = Signal("The words of a list of persons were written; `new`: they had none.")
dropped = Signal("The words of a list of ids were taken away.")
_INDEX = WordIndex("person_words")


def also_found_by(function):
    """Register a function of a list of ids that gives {id: text} by which these persons are found as well."""
    more_words.append(function)
    return function


def _phone_words(phone: str) -> str:
    """A phone is found by its digits typed together or two by two."""
    return f"{phone} {''.join(char for char in phone if char.isdigit())}"


@lru_cache(maxsize=5_000)
def _usual_words(text: str) -> tuple[str, ...]:
    """Return the words of what many persons have in common: a profession and a commune."""
    return tuple(words_of(text))


def put(persons: Iterable, *, new: bool = False) -> None:
    """Write the words of these persons, in the transaction that wrote them; a few queries, whatever their number."""
    persons = list(persons)
    texts = {each.id: f"{each.folded} {_phone_words(each.phone)}" for each in persons}
    words = {id: words_of(text) for id, text in texts.items()}
    for function in more_words:
        for id, text in function(list(texts)).items():
            words[id].extend(_usual_words(text))
    rows = [(id, " ".join(dict.fromkeys(found))) for id, found in words.items()]
    _INDEX.put(rows, new=new)
    written.send(persons, new=new)


@saved.connect
def _put_one(person):
    put([person])


def refresh(ids: Iterable[int]) -> None:
    """Write again the words of these persons, after something that they are found by has changed."""
    put(Person.select().where(Person.id.in_(list(ids))))


def drop(ids: Iterable[int]) -> None:
    ids = list(ids)
    _INDEX.drop(ids)
    dropped.send(ids)


def rebuild() -> int:
    """Write the words of everybody again; return how many there are."""
    ids = [id for (id,) in Person.select(Person.id).tuples()]
    _INDEX.clear()
    for start in range(0, len(ids), 400):
        refresh(ids[start : start + 400])
    return len(ids)


def found(words: list[str]):
    """Return the sub-query of the ids of the persons who have every one of `words`, or a word that starts so."""
    return _INDEX.found([word] for word in words)


def leading(words: list[str]):
    """Return the index and the condition of the same persons, for a query that starts from them by `rowid`."""
    return _INDEX.leading([word] for word in words)
