"""The link to share: its QR code, the poster, and how many came from each link."""

from datetime import timedelta

from flask import Response, request
from peewee import fn

from cptsapp.kernel.access import access
from cptsapp.kernel.dates import today
from cptsapp.kernel.htmx import page

from . import origins, poster
from .gestion import bp_gestion
from .models import Application

SINCE = timedelta(days=365)


@bp_gestion.get("/affiche")
@access("bureau", "coordination")
def poster_page():
    tag = origins.clean(request.args.get("de"))
    visits = origins.visits(today() - SINCE)
    asked = Application.select(Application.origin, fn.COUNT(1)).where(Application.email_confirmed_at.is_null(False))
    requests = dict(asked.group_by(Application.origin).tuples())
    tags = sorted(set(visits) | set(requests) - {""}, key=lambda each: (-visits.get(each, 0), each))
    rows = [(each, visits.get(each, 0), requests.get(each, 0)) for each in tags]
    return page("adherent/poster.html", tag=tag, url=poster.address(tag), rows=rows, direct=requests.get("", 0))


@bp_gestion.get("/affiche.svg")
@access("bureau", "coordination")
def poster_code():
    return Response(poster.svg(poster.address(request.args.get("de", ""))), mimetype="image/svg+xml")


@bp_gestion.get("/affiche.pdf")
@access("bureau", "coordination")
def poster_pdf():
    body = poster.pdf(request.args.get("de", ""))
    return Response(
        body, headers={"Content-Disposition": "inline; filename=affiche-adhesion.pdf"}, mimetype="application/pdf"
    )
