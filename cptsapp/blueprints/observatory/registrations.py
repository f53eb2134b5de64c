"""What the observatory tells the floors below: what waits, figures and their rows, search, map of the site, purge."""

from collections.abc import Iterator
from datetime import date

from flask import url_for

from cptsapp.kernel import journal
from cptsapp.kernel.dates import span, to_paris
from cptsapp.kernel.registry import (
    Behind,
    Waiting,
    indicator,
    purge,
    rows_behind,
    search_source,
    sitemap,
    waiting,
)
from cptsapp.kernel.text import plural

from . import rules
from .models import (
    HEARD,
    Chapter,
    ChapterFigure,
    ChapterPiece,
    Contribution,
    ContributionKind,
    ContributionState,
    Speaker,
)

READERS = ("bureau", "coordination")
journal.name_values(ContributionKind, ContributionState, Speaker)


@journal.subject("chapter", "Thème de l’observatoire")
def names(ids):
    rows = Chapter.select().where(Chapter.id.in_([int(id) for id in ids if id.isdigit()]))
    return {str(each.id): (each.title, url_for("observatory_gestion.show", id=each.id)) for each in rows}


@journal.subject("contribution", "Contribution à l’observatoire")
def contribution_names(ids):
    rows = Contribution.inbox().where(Contribution.id.in_([int(id) for id in ids if id.isdigit()]))
    address = lambda each: url_for("observatory_gestion.contribution", id=each.id)  # noqa: E731
    return {str(each.id): (f"n° {each.id}, {each.theme_title}", address(each)) for each in rows}


@waiting("observatory.contributions", access=("coordination",))
def to_read():
    count = Contribution.to_read_count()
    words = plural(count, "contribution d’habitant à lire", "contributions d’habitants à lire")
    yield Waiting(words, url_for("observatory_gestion.contributions"), count)


def _online(start: date, end: date) -> list[tuple[str, date, int]]:
    """Return the (words, day, id of the theme) of what came on the site in a period and is there still: themes, their
    figures, the publications chosen for them."""
    after, before = span(start, end)
    shown = {each.id: each for each in Chapter.shown()}
    rows = [(f"Thème : {each.title}", each.published_at, each.id) for each in shown.values()]
    for table, word in ((ChapterFigure, "Chiffre"), (ChapterPiece, "Publication")):
        chosen = table.select(table.chapter, table.added_at).where(table.chapter.in_(list(shown)))
        for id, added_at in chosen.order_by(table.chapter, table.id).tuples():
            rows.append((f"{word} : {shown[id].title}", max(added_at, shown[id].published_at), id))
    return [(words, to_paris(moment).date(), id) for words, moment, id in rows if after <= moment < before]


@indicator("observatory.publications", "Publications de l’observatoire", unit="publications")
def publications(start: date, end: date) -> int:
    """Count the themes, figures and publications that came on the site in the period and are there still."""
    return len(_online(start, end))


@rows_behind("observatory.publications", access=READERS)
def publication_rows(start: date, end: date) -> Iterator[Behind]:
    for words, day, id in _online(start, end):
        yield Behind(words, day, url_for("observatory_gestion.show", id=id))


def _heard(start: date, end: date):
    after, before = span(start, end)
    return Contribution.select(Contribution, Chapter).left_outer_join(Chapter).where(
        Contribution.at >= after, Contribution.at < before, Contribution.state.in_(HEARD)
    )  # fmt: skip


@indicator("observatory.contributions", "Contributions d’habitants lues", unit="contributions")
def contributions(start: date, end: date) -> int:
    """Count what was received in the period and read since; what was found undesirable counts nowhere."""
    return _heard(start, end).count()


@rows_behind("observatory.contributions", access=READERS)
def contribution_rows(start: date, end: date) -> Iterator[Behind]:
    for each in _heard(start, end).order_by(Contribution.at):
        address = "" if each.is_erased else url_for("observatory_gestion.contribution", id=each.id)
        yield Behind(f"{each.kind_label} : {each.theme_title}", to_paris(each.at).date(), address)


@search_source("observatory", "Observatoire")
def search_rows():
    return (rules.search_row(each) for each in Chapter.shown())


@sitemap
def addresses():
    chapters = list(Chapter.shown())
    if chapters:
        yield url_for("observatory.index"), None
        yield url_for("observatory.contribute"), None
    for each in chapters:
        yield url_for("observatory.show", slug=each.slug), each.updated_at


@purge("observatory", "Contributions à l’observatoire")
def purge_contributions(today: date) -> int:
    return rules.purge(today)
