"""What reports tell the floors below."""

from flask import url_for

from cptsapp.kernel import journal
from cptsapp.kernel.registry import Waiting, waiting

from .models import Report, ReportKind, Section

journal.name_values(ReportKind)


@journal.subject("report", "Rapport")
def names(ids):
    rows = Report.select().where(Report.id.in_(ids))
    return {str(each.id): (each.title, url_for("report_gestion.show", id=each.id)) for each in rows}


@waiting("report.proposals", access=("coordination",))
def proposals():
    """New drafts that wait to be taken or left, of reports that are not frozen."""
    pending = (Section.edited_at.is_null(False)) & (Section.draft != Section.settled) & (Section.draft != Section.text)
    rows = Report.select().join(Section).where(pending, Report.frozen_at.is_null(), Report.deleted_at.is_null())
    for each in rows.distinct():
        yield Waiting(
            f"Une nouvelle rédaction attend dans « {each.title} »", url_for("report_gestion.show", id=each.id), 1
        )
