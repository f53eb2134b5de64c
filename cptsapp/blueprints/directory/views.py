"""The directories of the member space: what exists, the lists, the cards, files, prints, messages to who hides."""

from datetime import timedelta

from flask import Response, abort, flash, redirect, request, url_for
from flask_login import current_user

from cptsapp.blueprints.annuaire import vcard
from cptsapp.blueprints.association.models import identity
from cptsapp.kernel import exports, journal, limits
from cptsapp.kernel.access import access, view_as
from cptsapp.kernel.counting import once_sent
from cptsapp.kernel.dates import today
from cptsapp.kernel.db import db
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.htmx import page
from cptsapp.kernel.text import slugify

from . import (
    catalogue,
    contacts,
    counts,
    eligibility,
    joining_views,
    link_views,
    mine_views,
    pages,
    public_views,
    sharing,
    viewing,
)
from .definition import Theme
from .forms import RelayForm
from .rooms import bp

__all__ = ["bp", "joining_views", "link_views", "mine_views", "public_views"]


@bp.get("/espace/repertoires")
@access("adherent", "partenaire")
def index():
    """What exists, by theme: the lists that one may read, those that one may join; and what one is in."""
    viewer, person = pages.reader(), current_user.person
    if viewer.is_partner:
        return _opened_lists(viewer)
    opened = catalogue.opened()
    joinable = set(eligibility.joinable(opened.values(), person))
    seen = {slug for slug, each in opened.items() if viewing.may_see_list(each, viewer)}
    shown = [each for each in opened.values() if each.slug in joinable | seen]
    return page(
        "directory/index.html",
        themes=[(theme, [each for each in shown if each.theme == theme]) for theme in Theme],
        joinable=joinable,
        seen=seen,
        counts=counts.live_by_list(),
        mine=mine_views.mine_with_definitions(person.id),
    )


def _opened_lists(viewer):
    """The lists opened to a partner, and until when."""
    return page(
        "directory/partner_index.html",
        lists=sharing.readable(viewer),
        partner=sharing.of_person(current_user.person_id),
        counts=counts.shared_by_list(),
    )


@bp.get("/espace/repertoires/<slug>")
@access("adherent", "partenaire")
def entries(slug):
    viewer = pages.reader()
    definition = pages.list_or_404(slug, viewer)
    joinable = [] if viewer.is_partner else eligibility.joinable([definition], current_user.person)
    return page(
        "directory/list.html",
        fragment="resultats",
        found=pages.find(definition, viewer),
        definition=definition,
        may_join=bool(joinable),
        may_export=viewing.may_export(definition, viewer),
    )


@bp.get("/espace/repertoires/<slug>/<int:id>")
@access("adherent", "partenaire")
def show(slug, id):
    viewer = pages.reader()
    definition = pages.list_or_404(slug, viewer)
    entry = pages.entry_or_404(definition, id, viewer)
    response = page(
        "directory/show.html",
        definition=definition,
        card=viewing.card(definition, entry, viewer),
        is_mine=not viewer.is_partner and eligibility.may_edit(entry, current_user.person_id),
        may_export=viewing.may_export(definition, viewer),
    )
    if viewer.is_partner and not view_as():
        once_sent(response, sharing.count_reading, slug, today())
    return response


@bp.get("/espace/repertoires/<slug>/<int:id>/carte.vcf")
@access("adherent")
def vcf(slug, id):
    viewer = pages.reader()
    definition = pages.list_or_404(slug, viewer)
    if not viewing.may_export(definition, viewer):
        abort(404)
    card = viewing.card(definition, pages.entry_or_404(definition, id, viewer), viewer)
    return vcf_of(card, definition)


def vcf_of(card, definition) -> Response:
    text = vcard.text_of(contacts.of(definition, card), organisation=identity().name)
    response = Response(text, content_type="text/vcard; charset=utf-8")
    response.headers["Content-Disposition"] = f"attachment; filename={slugify(card.label)}.vcf"
    response.headers["Cache-Control"] = "no-store"
    return response


@bp.post("/espace/repertoires/<slug>/export")
@access("adherent")
def export(slug):
    """The list as a file: what this reader sees of what they asked; one line in the journal."""
    viewer = pages.reader()
    definition = pages.list_or_404(slug, viewer)
    if not viewing.may_export(definition, viewer):
        abort(404)
    found = pages.find(definition, viewer, whole=True)
    labels, rows = pages.export_rows(definition, found.cards, viewer)
    kind = "xlsx" if request.form.get("format") == "xlsx" else "csv"
    with db.atomic():
        journal.write("list.exported", "list", f"repertoire-{slug}", format=kind, rows=len(rows))
    return exports.download(f"repertoire-{slug}", kind, labels, rows)


@bp.get("/espace/repertoires/liste/<theme>")
@access("adherent")
def sheet(theme):
    """The lists of a theme, on paper, with what this reader may see."""
    return pages.sheet(theme, pages.reader(), is_public=False)


@bp.get("/espace/repertoires/temoins")
@access("adherent")
def speakers():
    """Who is ready to speak at an event, over all the lists that one may read."""
    viewer = pages.reader()
    return page("directory/speakers.html", fragment="resultats", **contacts.speakers(viewer, request.args.get("q", "")))


@bp.route("/espace/repertoires/<slug>/<int:id>/ecrire", methods=["GET", "POST"])
@access("adherent", "partenaire")
def write_to(slug, id):
    """Write to somebody who hides their address; they answer to the writer's."""
    viewer = pages.reader()
    definition = pages.list_or_404(slug, viewer)
    entry = pages.entry_or_404(definition, id, viewer)
    card = viewing.card(definition, entry, viewer)
    form, status = RelayForm(), None
    if not card.may_write:
        abort(404)
    if form.validate_on_submit():
        try:
            limits.hit("directory.relay", f"account {current_user.id}", limit=20, per=timedelta(hours=1))
            contacts.relay(entry.id, name=current_user.label, email=current_user.email, text=form.text.data)
        except RuleError as error:
            form.refuse(error)
        except limits.TooManyTries as error:
            form.form_errors.append(f"Vous pourrez envoyer ce message dans {limits.in_words(error.wait)}.")
            status = 429
        else:
            flash(f"Votre message est parti. La réponse arrivera à {current_user.email}.")
            return redirect(url_for(".show", slug=slug, id=id), 303)
    values = {"definition": definition, "card": card, "is_public": False}
    return page("directory/write.html", fragment="formulaire", form=form, status=status, **values)
