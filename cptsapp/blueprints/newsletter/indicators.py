"""The indicators of letters: newsletters, messages, readings of the archives; newsletters by health theme."""

from datetime import date

from flask import url_for

from cptsapp.kernel.dates import span, to_paris
from cptsapp.kernel.registry import Behind, breakdown, indicator, rows_behind

from . import health, readings
from .models import Issue, Kind


def _out(kind: Kind, start: date, end: date):
    after, before = span(start, end)
    return Issue.select().where(Issue.kind == str(kind), Issue.out_at >= after, Issue.out_at < before)


@indicator("newsletter.issues", "Lettres parues", unit="lettres")
def issues(start: date, end: date) -> int:
    return _out(Kind.NEWSLETTER, start, end).count()


@indicator("newsletter.messages", "Messages ciblés partis", unit="messages")
def messages(start: date, end: date) -> int:
    return _out(Kind.MESSAGE, start, end).count()


@rows_behind("newsletter.issues", access=("bureau", "coordination"))
def issue_rows(start: date, end: date):
    for each in _out(Kind.NEWSLETTER, start, end).order_by(Issue.out_at):
        yield Behind(each.heading, to_paris(each.out_at).date(), url_for("newsletter_gestion.show", id=each.id))


@indicator("newsletter.readings", "Lectures des archives de la lettre", unit="lectures")
def read(start: date, end: date) -> int:
    return readings.between(start, end)


@indicator("newsletter.themed", "Lettres sur un thème de santé", unit="lettres")
def themed(start: date, end: date) -> int:
    return _out(Kind.NEWSLETTER, start, end).where(Issue.theme != "").count()


@breakdown("newsletter.themed", "theme", "Par thème")
def by_theme(start: date, end: date) -> dict[str, int]:
    found: dict[str, int] = {}
    for each in _out(Kind.NEWSLETTER, start, end).where(Issue.theme != ""):
        label = health.name_of(each.theme) or each.theme
        found[label] = found.get(label, 0) + 1
    return found
