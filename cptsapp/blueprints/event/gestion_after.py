"""Afterwards: what an event came to, its thanks and its certificates; and the figures of a period."""

from datetime import date, timedelta

from flask import Response, flash, redirect, request, url_for

from cptsapp.kernel.access import access
from cptsapp.kernel.dates import today
from cptsapp.kernel.db import db
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.htmx import page
from cptsapp.kernel.text import plural

from . import certificates, figures, letters, seats
from .gestion import READERS, bp_gestion, event_or_404
from .models import Status

PARTS = (
    ("Par nature", figures.kind_of),
    ("Par mission", figures.mission_of),
    ("Par action", figures.action_of),
)


@bp_gestion.get("/<int:id>/bilan", endpoint="after")
@access(*READERS)
def after(id):
    event = event_or_404(id)
    return page("event/after.html", event=event, balance=figures.balance(event), shares=shares, Status=Status)


def shares(counts: dict[str, int]) -> list[tuple[str, int, str]]:
    """Return what a chart draws of {label: number}: (label, share out of 100 of the largest, words)."""
    most = max(counts.values(), default=0)
    return [(label, round(100 * count / most), str(count)) for label, count in counts.items()] if most else []


@bp_gestion.post("/<int:id>/remercier")
@access("coordination")
def thank(id):
    event_or_404(id)
    with db.atomic():
        event = seats.lock(id)  # of two clicks at once, one thanks
        if event.status not in (Status.HELD, Status.PUBLISHED) or not event.is_past:
            raise RuleError("On remercie une fois l’événement passé.")
        if event.thanked_at:
            raise RuleError("Les remerciements de cet événement sont déjà partis.")
        count = letters.thanks(event)
    flash(f"Les remerciements partent vers {plural(count, 'personne')}." if count else "Personne n’a d’adresse e-mail.")
    return redirect(url_for("event_gestion.after", id=id), 303)


@bp_gestion.post("/<int:id>/attestations.pdf")
@access("coordination")
def all_certificates(id):
    event = event_or_404(id)
    try:
        content = certificates.pdf(certificates.issue_all(event))
    except RuleError as error:
        flash(str(error), "error")
        return redirect(url_for("event_gestion.after", id=id), 303)
    headers = {"Content-Disposition": f'attachment; filename="attestations-{event.slug}.pdf"'}
    return Response(content, content_type="application/pdf", headers=headers)


# A period


@bp_gestion.get("/bilan")
@access(*READERS)
def overview():
    start, end, error = _period()
    parts = [(title, figures.split(start, end, way)) for title, way in PARTS]
    people = figures.present_in(figures.held(start, end).select(figures.Event.id))
    return page(
        "event/after_period.html",
        fragment="chiffres",
        start=start,
        end=end,
        error=error,
        held=figures.held(start, end).count(),
        registered=figures.registered(start, end),
        participants=figures.participants(start, end),
        professionals=figures.professionals(start, end),
        parts=parts,
        partners=figures.by_partner(start, end),
        professions=figures.by_profession(people),
        communes=figures.by_commune(people),
        cpts=figures.by_cpts(people),
        shares=shares,
    )


def _period() -> tuple[date, date, str]:
    """Return the period asked for (the last twelve months), and what is wrong with it."""
    end, start = today(), today() - timedelta(days=365)
    try:
        start = date.fromisoformat(request.args.get("du") or start.isoformat())
        end = date.fromisoformat(request.args.get("au") or end.isoformat())
    except ValueError:
        return start, end, "Une date ne se lit pas : choisissez-la dans le calendrier."
    if not 1990 <= start.year <= 2200 or not 1990 <= end.year <= 2200:
        return today() - timedelta(days=365), today(), "Choisissez des dates entre 1990 et 2200."
    return (start, end, "") if start <= end else (end, start, "")
