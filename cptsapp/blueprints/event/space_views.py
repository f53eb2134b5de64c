"""« Mes événements » in the member space."""

from flask import Blueprint, flash, redirect, url_for
from flask_login import current_user

from cptsapp.kernel.access import access
from cptsapp.kernel.htmx import page

from . import certificates, feeds, links, retention
from .people import Place, Registration

bp_space = Blueprint("event_space", __name__, url_prefix="/espace/evenements")
SHOWN = (Place.CONFIRMED, Place.WAITING, Place.WALK_IN)
MOST_GONE = 40


def shown_of(person_id: int) -> list[Registration]:
    """Return the registrations that a member sees: those that live, of events that have a date."""
    found = retention.of_person(person_id)
    return [each for each in found if each.place in SHOWN and each.event.starts_at and not each.event.deleted_at]


@bp_space.get("/")
@access("account")
def index():
    mine = shown_of(current_user.person_id)
    coming = sorted((each for each in mine if not each.event.is_past), key=lambda each: each.event.starts_at)
    gone = [each for each in mine if each.event.is_past][:MOST_GONE]
    present = set(certificates.attended_by([each.id for each in gone]))
    return page(
        "event/space.html",
        coming=coming,
        gone=gone,
        links={each.id: links.personal_link(each) for each in (*coming, *gone)},
        present=present,
        certified={each.id for each in gone if each.id in present and each.event.gives_certificate},
        feed=feeds.address_of(current_user.person),
    )


@bp_space.post("/agenda")
@access("account")
def renew():
    feeds.renew(current_user.person_id)
    flash("Votre agenda a une nouvelle adresse. L’ancienne ne répond plus.")
    return redirect(url_for("event_space.index"), 303)
