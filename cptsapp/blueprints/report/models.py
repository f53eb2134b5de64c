"""Reports, the figures of each time they were drafted, their sections, and every version of these."""

import json

from peewee import CharField, Check, DateField, DateTimeField, ForeignKeyField, IntegerField, TextField

from cptsapp.blueprints.account.models import Account
from cptsapp.blueprints.contract.models import Contract
from cptsapp.blueprints.person.models import Person
from cptsapp.kernel.choices import Choice
from cptsapp.kernel.dates import date_fr
from cptsapp.kernel.db import Table, now
from cptsapp.kernel.freezing import all_but, keep
from cptsapp.kernel.text import fold

from .figures import Figure

TO_COMPLETE = "À compléter"  # what a draft says where the site knows nothing


class ReportKind(Choice):
    ACTIVITY = "activity", "Rapport d’activité"
    DOSSIER = "dossier", "Dossier ACI"


class Report(Table):
    """A report on a period, both days included; a dossier is about a year of the contract. Once frozen, it stays so."""

    kind = CharField(max_length=10)
    title = CharField(max_length=160)
    starts_on = DateField()
    ends_on = DateField()
    contract = ForeignKeyField(Contract, null=True, on_delete="RESTRICT", backref="reports")
    year = IntegerField(null=True)
    folded = CharField(max_length=200, default="")
    created_at = DateTimeField(default=now)
    created_by = ForeignKeyField(Account, null=True, on_delete="SET NULL")
    frozen_at = DateTimeField(null=True)
    frozen_by = ForeignKeyField(Account, null=True, on_delete="SET NULL", backref="frozen_reports")
    deleted_at = DateTimeField(null=True)

    class Meta:
        indexes = ((("deleted_at", "starts_on"), False),)
        constraints = [
            Check("kind IN ('activity', 'dossier')"),
            Check("title <> ''"),
            Check("starts_on <= ends_on"),
            Check("(contract_id IS NULL) = (year IS NULL)"),
            Check("kind <> 'dossier' OR contract_id IS NOT NULL"),
        ]

    @property
    def nature(self) -> ReportKind:
        return ReportKind(self.kind)

    @property
    def is_frozen(self) -> bool:
        return self.frozen_at is not None

    @property
    def state_label(self) -> str:
        return "Figé" if self.is_frozen else "En cours"

    @property
    def period_label(self) -> str:
        """« année 2 du contrat, du 10 janvier 2025 au 9 janvier 2026 »."""
        days = f"du {date_fr(self.starts_on)} au {date_fr(self.ends_on)}"
        return f"année {self.year} du contrat, {days}" if self.year else days

    @property
    def frozen_by_label(self) -> str:
        return self.frozen_by.person.label if self.frozen_by_id else ""

    def refresh_copies(self):
        self.folded = fold(f"{self.title} {self.nature.label}")[:200]

    @classmethod
    def joined(cls):
        """Return the reports with whoever froze them."""
        return cls.select(cls, Account, Person).left_outer_join(Account, on=cls.frozen_by).left_outer_join(Person)

    @classmethod
    def present(cls):
        return cls.joined().where(cls.deleted_at.is_null())


class Generation(Table):
    """One drafting of a report: its figures, kept as they were."""

    report = ForeignKeyField(Report, on_delete="CASCADE", backref="generations")
    number = IntegerField()
    at = DateTimeField(default=now)
    by = ForeignKeyField(Account, null=True, on_delete="SET NULL")
    figures_json = TextField()

    class Meta:
        table_name = "report_generation"
        indexes = ((("report", "number"), True),)

    @property
    def figures(self) -> list[Figure]:
        return [Figure(**each) for each in json.loads(self.figures_json)]


class Section(Table):
    """A part of a report. Nobody has written in it while `edited_at` is null: it then follows the drafts.

    `draft` is the last one; `settled` the one that whoever wrote has seen: when they differ, a new one is proposed.
    """

    report = ForeignKeyField(Report, on_delete="CASCADE", backref="sections")
    key = CharField(max_length=40)
    position = IntegerField()
    title = CharField(max_length=160)
    text = TextField(default="")
    draft = TextField(default="")
    settled = TextField(default="")
    revision = IntegerField(default=1)
    edited_at = DateTimeField(null=True)
    edited_by = ForeignKeyField(Account, null=True, on_delete="SET NULL")

    class Meta:
        table_name = "report_section"
        indexes = ((("report", "key"), True),)

    @property
    def has_proposal(self) -> bool:
        """Tell whether a draft waits to be taken or left."""
        return self.edited_at is not None and self.draft not in (self.settled, self.text)

    @property
    def waits_for_words(self) -> bool:
        return TO_COMPLETE in self.text

    @classmethod
    def of(cls, report: Report):
        return cls.select().where(cls.report == report).order_by(cls.position, cls.id)


class SectionVersion(Table):
    """What a section said at one of its revisions; `by` is null when the site drafted it."""

    section = ForeignKeyField(Section, on_delete="CASCADE", backref="versions")
    revision = IntegerField()
    at = DateTimeField(default=now)
    by = ForeignKeyField(Account, null=True, on_delete="SET NULL")
    text = TextField()

    class Meta:
        table_name = "report_section_version"
        indexes = ((("section", "revision"), True),)


# A frozen report has left for its readers: neither it nor any of its texts and figures changes, whoever writes.
_REPORT = "EXISTS (SELECT 1 FROM report WHERE report.id = {} AND report.frozen_at IS NOT NULL)"
_SECTION = "SELECT report_section.report_id FROM report_section WHERE report_section.id = OLD.section_id"
keep(
    Report,
    all_but(Report, Report.created_by, Report.frozen_by, Report.deleted_at),
    frozen="OLD.frozen_at IS NOT NULL",
)
keep(Generation, all_but(Generation, Generation.by), frozen=_REPORT.format("OLD.report_id"))
keep(Section, all_but(Section, Section.edited_by), frozen=_REPORT.format("OLD.report_id"))
keep(SectionVersion, all_but(SectionVersion, SectionVersion.by), frozen=_REPORT.format(f"({_SECTION})"))
