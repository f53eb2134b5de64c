"""The imports, what each made, and the columns that people chose."""

import json
from pathlib import Path

from peewee import BooleanField, CharField, DateTimeField, DeferredForeignKey, ForeignKeyField, IntegerField, TextField

from cptsapp.kernel.choices import Choice
from cptsapp.kernel.db import Table, now
from cptsapp.kernel.registry import Personal
from cptsapp.kernel.settings import settings

RECIPIENTS = "Coordination"


class State(Choice):
    """Where an import stands; `badge` is the kind of its badge."""

    COLUMNS = "columns", "Colonnes à indiquer"
    READING = "reading", "Lecture en cours"
    READY = "ready", "À confirmer"
    WRITING = "writing", "Enregistrement en cours"
    DONE = "done", "Enregistré"
    UNDONE = "undone", "Annulé"
    FAILED = "failed", "Refusé"

    @property
    def badge(self) -> str:
        return {"done": "ok", "ready": "warn", "columns": "warn", "failed": "bad", "undone": "mute"}.get(self.value, "")

    @property
    def is_running(self) -> bool:
        return self in (State.READING, State.WRITING)


class Import(Table):
    """One file that somebody sent. Its rows are on disk until thirty days after; here are only counts and samples."""

    kind = CharField(max_length=40, index=True)
    file_name = CharField(max_length=120)
    state = CharField(max_length=10, default=State.COLUMNS, choices=State.choices())
    rows = IntegerField(default=0)
    headers_json = TextField(default="[]")
    mapping_json = TextField(default="{}")  # {header: field key}
    summary_json = TextField(default="{}")  # counts, samples and remarks of the preview
    digest = CharField(max_length=64, default="")  # of the preview: what is confirmed is what was shown
    doubt = CharField(max_length=8, default="skip")
    message = TextField(default="")
    author = DeferredForeignKey("Account", null=True, on_delete="SET NULL")
    created_at = DateTimeField(default=now, index=True)
    claimed_at = DateTimeField(null=True)
    confirmed_at = DateTimeField(null=True)
    undone_at = DateTimeField(null=True)

    class Meta:
        personal = Personal(
            purpose="Import de listes",
            basis="Intérêt légitime : tenir les listes de l’association",
            kept="30 jours pour le fichier et l’aperçu, 90 jours pour ce qui permet d’annuler l’import",
            categories="Les colonnes du fichier envoyé",
            recipients=RECIPIENTS,
        )

    @property
    def headers(self) -> list[str]:
        return json.loads(self.headers_json)

    @property
    def mapping(self) -> dict[str, str]:
        return json.loads(self.mapping_json)

    @property
    def summary(self) -> dict:
        return json.loads(self.summary_json)

    @property
    def counts(self) -> dict[str, int]:
        return self.summary.get("counts", {})

    @property
    def state_choice(self) -> State:
        return State(self.state)

    @property
    def folder(self) -> Path:
        return settings.instance / "imports"

    @property
    def table_path(self) -> Path:
        return self.folder / f"{self.id}.csv"

    @property
    def report_path(self) -> Path:
        return self.folder / f"{self.id}-rapport.csv"

    @property
    def progress_path(self) -> Path:
        return self.folder / f"{self.id}.avancement"

    @property
    def progress(self) -> int:
        """How many rows the running pass has read."""
        try:
            return int(self.progress_path.read_text())
        except (OSError, ValueError):
            return 0


class ImportEffect(Table):
    """One record that an import made or changed; `before` holds what it changed, `after` tells a later edit."""

    run = ForeignKeyField(Import, on_delete="CASCADE", backref="effects")
    subject = IntegerField()
    created = BooleanField()
    before_json = TextField(default="{}")
    after = CharField(max_length=32)

    class Meta:
        indexes = ((("run", "subject"), True), (("subject",), False))
        personal = Import._meta.personal

    @property
    def before(self) -> dict:
        return json.loads(self.before_json)


class ImportColumns(Table):
    """The columns that somebody chose for files with these headers: the next such file is read the same way."""

    kind = CharField(max_length=40)
    signature = CharField(max_length=40)
    mapping_json = TextField()
    used_at = DateTimeField(default=now)

    class Meta:
        indexes = ((("kind", "signature"), True),)
