"""Around the letters: the calendar of months, the figures, and the kit that partners forward."""

from flask import Response, request, url_for

from cptsapp.kernel.access import access
from cptsapp.kernel.dates import today
from cptsapp.kernel.htmx import page
from cptsapp.kernel.urls import number_of

from . import figures, health, numbering, relay
from .gestion import READERS, bp_gestion, issue_or_404

FIRST_YEAR, YEARS_AHEAD = 2000, 1


@bp_gestion.get("/calendrier")
@access(*READERS)
def calendar():
    """A year of newsletters: what came out, what is missing, what each month is the month of."""
    asked = number_of(request.args.get("annee"))
    year = asked if FIRST_YEAR <= asked <= today().year + YEARS_AHEAD else today().year
    months = numbering.calendar_of(year)
    return page(
        "newsletter/gestion_calendar.html",
        fragment="resultats",
        year=year,
        months=[(each, health.of_month(each.month.month)) for each in months],
        holes=numbering.holes(),
        first=numbering.first_month(),
        last_year=today().year + YEARS_AHEAD,
        first_year=FIRST_YEAR,
    )


@bp_gestion.get("/chiffres")
@access(*READERS)
def numbers():
    lines = figures.latest()
    months, totals = figures.months(lines), figures.totals(lines)
    return page("newsletter/gestion_figures.html", lines=lines, months=months, totals=totals)


@bp_gestion.get("/<int:id>/relais")
@access(*READERS)
def relay_kit(id):
    issue = issue_or_404(id)
    return page(
        "newsletter/gestion_relay.html",
        issue=issue,
        text=relay.text_of(issue),
        share=relay.share_text(issue),
        back=url_for("newsletter_gestion.show", id=id),
    )


@bp_gestion.get("/<int:id>/relais.txt")
@access(*READERS)
def relay_text(id):
    issue = issue_or_404(id)
    return _file(relay.text_of(issue), "text/plain", f"{relay.file_name(issue)}.txt")


@bp_gestion.get("/<int:id>/relais.html")
@access(*READERS)
def relay_html(id):
    issue = issue_or_404(id)
    return _file(relay.html_of(issue), "text/html", f"{relay.file_name(issue)}.html")


def _file(content: str, media_type: str, name: str) -> Response:
    response = Response(content, content_type=f"{media_type}; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response
