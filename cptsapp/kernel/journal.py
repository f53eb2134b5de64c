"""Who did what, to whom, when: append only. It holds ids and kinds; names are looked up when it is read."""

import json
from collections.abc import Callable
from contextlib import contextmanager
from contextvars import ContextVar

from peewee import CharField, DateTimeField, DeferredForeignKey, TextField

from .db import Table, now
from .registry import Personal

_actor: ContextVar[int | None] = ContextVar("actor", default=None)
ACTIONS: dict[str, str] = {}
SUBJECTS: dict[str, tuple[str, Callable]] = {}
VALUES: dict[str, str] = {}


class JournalEntry(Table):
    """One act. `actor` is the account that did it, or null for the machine and for visitors."""

    at = DateTimeField(default=now, index=True)
    # The account feature stands above the kernel: its table is only named here.
    actor = DeferredForeignKey("Account", null=True, on_delete="SET NULL", backref="journal_entries")
    action = CharField(max_length=60, index=True)
    subject_kind = CharField(max_length=40)
    subject_id = CharField(max_length=120)
    detail_json = TextField(default="{}")

    class Meta:
        indexes = ((("subject_kind", "subject_id"), False),)
        personal = Personal(
            purpose="Journal des actes importants",
            basis="Intérêt légitime : sécurité et traçabilité",
            kept="{journal_months} mois",
            categories="Compte, acte, date, objet de l’acte (sans contenu)",
            recipients="Administration de l’instance",
        )

    @property
    def detail(self) -> dict:
        return json.loads(self.detail_json)

    @property
    def sentence(self) -> str:
        return ACTIONS.get(self.action, self.action)


def declare(action: str, sentence: str) -> str:
    """Give an action the French words under which the journal shows it."""
    ACTIONS[action] = sentence
    return action


def name_values(*choices) -> None:
    """Give the values of closed lists that entries hold the French words under which the journal shows them."""
    for each in choices:
        VALUES.update({str(value): label for value, label in each.choices()})


def subject(kind: str, label: str):
    """Decorate the function that names the subjects of a kind: a list of ids -> {id: (name, address or "")}.

    The ids are texts. One that is missing from the answer is shown by its id.
    """

    def decorate(names):
        SUBJECTS[kind] = (label, names)
        return names

    return decorate


def subject_label(kind: str) -> str:
    """Return the French label of a kind of subject."""
    return SUBJECTS[kind][0] if kind in SUBJECTS else kind


def names_of(entries) -> dict[tuple[str, str], tuple[str, str]]:
    """Return (kind, id) -> (name, address) of the subjects of `entries`, asked once for each kind."""
    found = {}
    for kind in {each.subject_kind for each in entries} & SUBJECTS.keys():
        ids = sorted({each.subject_id for each in entries if each.subject_kind == kind})
        found |= {(kind, id): name for id, name in SUBJECTS[kind][1](ids).items()}
    return found


@contextmanager
def acting(account_id: int | None):
    """Name the account in whose name the block acts; jobs and commands act as nobody."""
    token = _actor.set(account_id)
    try:
        yield
    finally:
        _actor.reset(token)


def actor() -> int | None:
    return _actor.get()


def write(action: str, subject_kind: str, subject_id, **detail) -> None:
    """Add one entry, inside the transaction of the act.

    `detail` holds ids and kinds, never names, secrets or health data.
    """
    if action not in ACTIONS:
        raise KeyError(f"journal action {action!r} is not declared")
    JournalEntry.insert(
        actor=_actor.get(),
        action=action,
        subject_kind=subject_kind,
        subject_id=str(subject_id),
        detail_json=json.dumps(detail, ensure_ascii=False, default=str),
    ).execute()
