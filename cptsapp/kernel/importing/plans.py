"""What a row becomes, before anything is written."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from cptsapp.kernel.choices import Choice


class Outcome(Choice):
    """`badge` is the kind of its badge."""

    CREATE = "create", "À créer"
    UPDATE = "update", "À mettre à jour"
    SAME = "same", "Sans changement"
    DOUBTFUL = "doubtful", "À vérifier"
    REFUSED = "refused", "Refusée"

    @property
    def badge(self) -> str:
        return {"create": "ok", "update": "", "same": "mute", "doubtful": "warn", "refused": "bad"}[self.value]


class Doubt(Choice):
    """What to do with the rows that a person should look at."""

    SKIP = "skip", "Les laisser de côté"
    KEEP = "keep", "Les enregistrer comme elles sont"
    SWAP = "swap", "Échanger prénom et nom là où ils semblent inversés, laisser les autres de côté"


@dataclass(frozen=True)
class Field:
    """What a column may hold; `names` are other French headers for it."""

    key: str
    label: str
    names: tuple[str, ...] = ()
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the file: its number there, and its cells by field key."""

    number: int
    cells: dict[str, str]


@dataclass(slots=True)
class Plan:
    """What a row becomes.

    changes: (field label, before, after) of a record that stands; notes: (field label, written, read) wherever the
    text is not kept as it was; problems: (field label, sentence); subject: the id of the record that stands.
    `values` is for the importer alone. `swappable`: exchanging first and last names would settle the doubt.
    """

    number: int
    outcome: Outcome
    label: str
    subject: int | None = None
    changes: list[tuple[str, str, str]] = field(default_factory=list)
    notes: list[tuple[str, str, str]] = field(default_factory=list)
    problems: list[tuple[str, str]] = field(default_factory=list)
    values: dict = field(default_factory=dict)
    swappable: bool = False
    flagged: tuple[str, ...] = ()  # counted in the summary: « sans adresse e-mail »


@dataclass(frozen=True, slots=True)
class Effect:
    """What writing a row did to one record: made it, or changed it from `before` (column -> value).

    `beside`: made along with the record that the row is about, and not counted as one.
    """

    subject: int
    created: bool
    before: dict = field(default_factory=dict)
    beside: bool = False


class Importer:
    """What a feature makes of rows. One object serves one pass over a file, and may remember what it has seen.

    plan: takes a batch of rows, reads what it needs at once, writes nothing. write: takes plans to create or update,
    inside the transaction. fingerprints: {subject: text that changes whenever anybody edits the record}. undo: takes
    effects whose records are as the import left them, inside the transaction.
    """

    kind = ""
    title = ""
    noun = ("ligne", "lignes")
    fields: tuple[Field, ...] = ()
    makes_persons = False  # its subjects are ids of persons
    never: dict[str, str] = {}  # headers that an import never reads, and why: {"role": "Un import ne donne…"}

    def __init__(self, account_id: int | None):
        self.account_id = account_id

    def missing(self, keys: set[str]) -> str:
        """Return a sentence when the columns found are not enough, or nothing."""
        return ""

    def plan(self, rows: list[Row]) -> list[Plan]:
        raise NotImplementedError

    def resolve(self, plan: Plan, doubt: Doubt) -> Plan | None:
        """Return what to write of a doubtful row, or None to leave it aside."""
        raise NotImplementedError

    def write(self, plans: Iterable[Plan]) -> list[Effect]:
        raise NotImplementedError

    def fingerprints(self, subjects: list[int]) -> dict[int, str]:
        raise NotImplementedError

    def undo(self, effects: list[Effect]) -> None:
        raise NotImplementedError
