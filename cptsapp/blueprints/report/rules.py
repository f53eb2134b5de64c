"""Reports drafted, drafted again, edited, frozen. A text that somebody wrote is never written over by the site."""

import json
from dataclasses import dataclass
from datetime import date

from cptsapp.blueprints.contract.models import Contract
from cptsapp.kernel import journal
from cptsapp.kernel.dates import date_fr, today
from cptsapp.kernel.db import db, locked, now
from cptsapp.kernel.errors import Conflict, RuleError

from . import drafting, figures
from .models import Generation, Report, ReportKind, Section, SectionVersion

LONGEST = 60_000  # characters of a section
LONGEST_DAYS = 366 * 3
for _action, _sentence in {
    "report.created": "Rapport créé",
    "report.regenerated": "Rapport actualisé",
    "report.edited": "Section de rapport modifiée",
    "report.taken": "Nouvelle rédaction reprise dans un rapport",
    "report.left": "Nouvelle rédaction laissée de côté",
    "report.frozen": "Rapport figé",
    "report.trashed": "Rapport mis à la corbeille",
    "report.restored": "Rapport rétabli",
    "report.downloaded": "Rapport téléchargé",
}.items():
    journal.declare(_action, _sentence)
CHANGED = (
    "Cette section a été enregistrée pendant que vous écriviez. Rien n’est perdu : comparez ci-dessous, puis "
    "enregistrez de nouveau pour garder votre texte."
)
FROZEN = "Ce rapport est figé : ses textes et ses chiffres ne changent plus. Créez-en un autre pour la même période."


@dataclass(frozen=True)
class Drafted:
    """What the site says of a period: its figures and the drafts of its sections."""

    figures: list[figures.Figure]
    drafts: list[drafting.Draft]


def draft(report: Report) -> Drafted:
    """Read and draft a report; nothing is written, and no lock is held meanwhile."""
    outside = report.kind == ReportKind.ACTIVITY
    found, readings = figures.gather(report.starts_on, report.ends_on, day=today(), outside=outside)
    contract = report.contract if report.contract_id else None
    last = min(report.ends_on, today())
    period = (report.starts_on, report.ends_on, last)
    known = drafting.know(*period, contract, report.year, found, readings, outside=outside)
    return Drafted(found, drafting.activity(known) if outside else drafting.dossier(known))


def create(
    kind: ReportKind,
    *,
    title: str = "",
    contract_id: int | None = None,
    year: int | None = None,
    starts_on: date | None = None,
    ends_on: date | None = None,
) -> Report:
    """Draft a report on a year of the contract, or, for a « rapport d’activité », on any period.

    Raises RuleError when the period makes no sense, or is still to come.
    """
    report = Report(kind=kind, title=" ".join(title.split()), created_by=journal.actor())
    _set_period(report, contract_id, year, starts_on, ends_on)
    report.title = (report.title or f"{report.nature.label}, {_short_period(report)}")[:160]
    report.refresh_copies()
    drafted = draft(report)
    with db.atomic():
        report.save(force_insert=True)
        _write(report, drafted)
        journal.write("report.created", "report", report.id)
    return report


def _set_period(report: Report, contract_id, year, starts_on, ends_on):
    contract = Contract.get_or_none(Contract.id == contract_id) if contract_id else None
    if contract_id and (contract is None or year is None or not 1 <= year <= contract.years):
        raise RuleError("Choisissez une année du contrat.", "period")
    if contract is None and report.kind == ReportKind.DOSSIER:
        raise RuleError("Un dossier ACI porte sur une année du contrat : choisissez-la.", "period")
    if contract:
        starts_on, ends_on = contract.bounds(year)
    if not starts_on or not ends_on:
        raise RuleError("Donnez le premier et le dernier jour.", "starts_on")
    if ends_on < starts_on:
        raise RuleError("Le dernier jour précède le premier.", "ends_on")
    if starts_on > today():
        raise RuleError("Cette période n’a pas commencé : il n’y a rien à raconter encore.", "period")
    if starts_on.year < 2000 or (ends_on - starts_on).days > LONGEST_DAYS:
        raise RuleError("Choisissez une période de trois ans au plus.", "ends_on")
    report.contract, report.year = contract, year if contract else None
    report.starts_on, report.ends_on = starts_on, ends_on


def _short_period(report: Report) -> str:
    if report.year:
        return f"année {report.year}"
    return f"du {date_fr(report.starts_on)} au {date_fr(report.ends_on)}"


def regenerate(report_id: int) -> Generation:
    """Draft a report again: its figures and the sections that nobody edited; beside the others, a new draft waits."""
    drafted = draft(_living(report_id))
    with db.atomic():
        report = _held(report_id)
        made = _write(report, drafted)
        journal.write("report.regenerated", "report", report.id, generation=made.number)
    return made


def _write(report: Report, drafted: Drafted) -> Generation:
    last = Generation.select().where(Generation.report == report).order_by(Generation.number.desc()).first()
    made = Generation.create(
        report=report,
        number=last.number + 1 if last else 1,
        by=journal.actor(),
        figures_json=json.dumps([each.as_json() for each in drafted.figures], ensure_ascii=False),
    )
    known = {each.key: each for each in Section.of(report)}
    for position, each in enumerate(drafted.drafts):
        section = known.pop(each.key, None) or Section(report=report, key=each.key, revision=0)
        _follow(section, position, each)
    for gone in known.values():
        if gone.edited_at is None:  # what somebody wrote stays, wherever its mission went
            gone.delete_instance()
    return made


def _follow(section: Section, position: int, drafted: drafting.Draft):
    changed = section.edited_at is None and (section.text != drafted.text or not section.revision)
    section.position, section.title, section.draft = position, drafted.title, drafted.text
    if section.edited_at is None:
        section.text = section.settled = drafted.text
    if changed:
        section.revision += 1
    section.save()
    if changed:
        _keep_version(section, by=None)


def _keep_version(section: Section, *, by: int | None):
    SectionVersion.create(section=section, revision=section.revision, by=by, text=section.text)


def _living(report_id: int) -> Report:
    report = Report.get_or_none(Report.id == report_id, Report.deleted_at.is_null())
    if report is None:
        raise RuleError("Ce rapport est à la corbeille ou n’existe plus. Retournez à la liste.")
    if report.is_frozen:
        raise RuleError(FROZEN)
    return report


def _held(report_id: int) -> Report:
    list(locked(Report.select().where(Report.id == report_id)))
    return _living(report_id)


def _section(section_id: int) -> Section:
    """Return a section; its report is held first, as by whoever drafts it again: neither waits for the other."""
    known = Section.get_or_none(Section.id == section_id)
    section = known and _held(known.report_id) and Section.get_or_none(Section.id == section_id)
    if section is None:
        raise RuleError("Cette section n’existe plus. Rechargez le rapport.")
    return section


@db.atomic()
def save(section_id: int, *, text: str, revision_read: int) -> Section:
    """Write a section that was read at a revision. Raises Conflict when it says something else by now."""
    section = _section(section_id)
    text = text.replace("\r\n", "\n").strip()
    if len(text) > LONGEST:
        raise RuleError("Ce texte dépasse 60 000 caractères. Joignez plutôt un document.", "text")
    if text == section.text:
        return section
    if section.revision != revision_read:
        raise Conflict(CHANGED, section.text, section.revision)
    return _written(section, text, edited=True, action="report.edited")


def _written(section: Section, text: str, *, edited: bool, action: str) -> Section:
    if edited and section.edited_at is None:
        section.settled = section.draft
    section.text, section.revision = text, section.revision + 1
    section.edited_at, section.edited_by = (now(), journal.actor()) if edited else (None, None)
    section.save()
    _keep_version(section, by=journal.actor())
    journal.write(action, "report", section.report_id, section=section.key)
    return section


@db.atomic()
def take(section_id: int) -> Section:
    """Put the new draft in place of what was written, which stays among the versions; the section follows again."""
    section = _section(section_id)
    section.settled = section.draft
    return _written(section, section.draft, edited=False, action="report.taken")


@db.atomic()
def leave(section_id: int) -> Section:
    """Keep what was written: the new draft is proposed no more, until another one comes."""
    section = _section(section_id)
    section.settled = section.draft
    section.save()
    journal.write("report.left", "report", section.report_id, section=section.key)
    return section


@db.atomic()
def bring_back(section_id: int, revision: int) -> Section:
    """Write a section again as it was at a revision."""
    section = _section(section_id)
    version = SectionVersion.get_or_none(SectionVersion.section == section, SectionVersion.revision == revision)
    if version is None:
        raise RuleError("Cette version n’existe pas.")
    if version.text == section.text:
        return section
    return _written(section, version.text, edited=True, action="report.edited")


@db.atomic()
def freeze(report_id: int) -> Report:
    """Keep a report for good as it is: figures and texts, with the day and who said so."""
    report = _held(report_id)
    report.frozen_at, report.frozen_by = now(), journal.actor()
    report.save()
    journal.write("report.frozen", "report", report.id)
    return report


@db.atomic()
def trash(report_id: int) -> None:
    Report.update(deleted_at=now()).where(Report.id == report_id, Report.deleted_at.is_null()).execute()
    journal.write("report.trashed", "report", report_id)


@db.atomic()
def restore(report_id: int) -> None:
    Report.update(deleted_at=None).where(Report.id == report_id).execute()
    journal.write("report.restored", "report", report_id)
