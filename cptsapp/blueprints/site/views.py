"""Search, the files that robots and monitors ask for, and « voir comme »."""

from datetime import timedelta

from flask import Blueprint, Response, abort, jsonify, redirect, render_template, request, session, url_for

from cptsapp.blueprints.association.models import identity
from cptsapp.kernel import registry
from cptsapp.kernel.access import VIEW_AS, access, readable
from cptsapp.kernel.db import now
from cptsapp.kernel.htmx import page
from cptsapp.kernel.search import asked_words
from cptsapp.kernel.settings import settings

from . import rules
from .cli import cli

__all__ = ["bp", "cli"]

bp = Blueprint("site", __name__)
registry.reserved_slugs.update({"recherche", "robots.txt", "sitemap.xml", "images", ".well-known"})

LONGEST_QUERY = 200
MOST_PAGES = 50
CLOSED = ("/gestion/", "/espace/", "/recherche", "/connexion")  # nothing there is worth a robot's visit


@bp.get("/recherche")
@access("public")
def search():
    q = " ".join(request.args.get("q", "")[:LONGEST_QUERY].split())
    kind, number = request.args.get("type", ""), min(max(request.args.get("page", 1, int), 1), MOST_PAGES)
    context = {"q": q, "searched": bool(asked_words(q)), "kind": kind if kind in dict(rules.kinds()) else ""}
    if context["kind"]:
        group = rules.find_kind(q, kind, readable(), number)
        context |= {"group": group, "pager": Pager(q, group, number)}
    else:
        context["groups"] = rules.find(q, readable())
    return page("site/search.html", fragment="resultats", **context)


class Pager:
    """The pages of one kind of results, for the macro `pagination`."""

    def __init__(self, q, group, number):
        self.q, self.kind, self.page = q, group.kind, number
        self.pages = max(1, -(-group.results.total // rules.PAGE))

    def url(self, page):
        return url_for("site.search", q=self.q, type=self.kind, page=page)


@bp.get("/robots.txt")
@access("public")
def robots():
    closed = CLOSED if identity().is_online else ("/",)
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in closed), f"Sitemap: {settings.base_url}/sitemap.xml"]
    return Response("\n".join(lines) + "\n", mimetype="text/plain")


@bp.get("/sitemap.xml")
@access("public")
def sitemap():
    xml = render_template("site/sitemap.xml", addresses=rules.addresses(), base_url=settings.base_url)
    return Response(xml, mimetype="application/xml")


@bp.get("/.well-known/security.txt")
@access("public")
def security():
    """Say whom to warn of a weakness. Source: RFC 9116."""
    email = identity().email or abort(404)
    lines = (
        f"Contact: mailto:{email}",
        f"Expires: {now() + timedelta(days=180):%Y-%m-%dT%H:%M:%SZ}",
        "Preferred-Languages: fr, en",
        f"Canonical: {settings.base_url}/.well-known/security.txt",
    )
    return Response("\n".join(lines) + "\n", mimetype="text/plain")


@bp.get("/healthz")
@access("public")
def health():
    state = rules.health()
    well = all(state.values())
    response = jsonify(status="ok" if well else "unwell", **state, **rules.last_backup())
    response.status_code = 200 if well else 503
    response.headers["Cache-Control"] = "no-store"
    return response


@bp.route("/gestion/voir-comme", methods=["GET", "POST"])
@access("bureau")
def view_as():
    """Choose as whom to look at the site; it lasts until one comes back to one's own view."""
    if request.method == "GET":
        return page("site/view_as.html")
    chosen = request.form.get("as", "")
    if chosen not in VIEW_AS:
        session.pop("view_as", None)
        return redirect(url_for("dashboard.index"), 303)
    session["view_as"] = chosen
    return redirect("/" if chosen == "visitor" else "/espace/", 303)
