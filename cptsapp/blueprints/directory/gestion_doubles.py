"""What is likely declared twice in a list, side by side."""

from flask import flash, redirect, request, url_for

from cptsapp.kernel.access import access
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.htmx import page

from . import doubles
from .gestion import bp_gestion, definition_or_404


@bp_gestion.get("/<slug>/doublons")
@access("coordination")
def doubles_list(slug):
    return _show(slug)


def _show(slug, error: str = ""):
    definition = definition_or_404(slug)
    groups = doubles.groups(definition)
    for group in groups:
        group.lines = lines_of([each.card for each in group.entries])
    return page(
        "directory/desk_doubles.html",
        definition=definition,
        groups=groups,
        most=doubles.MOST_SHOWN,
        error=error,
        status=422 if error else None,
    )


def lines_of(cards) -> list[tuple[str, list[str], bool]]:
    """Return (label, text of each card, whether they differ) of all that some of the cards say."""
    labels = dict.fromkeys(line.label for card in cards for line in card.lines)
    rows = [
        ("Profession", [card.profession for card in cards]),
        ("Commune", [card.commune for card in cards]),
        ("Adresse e-mail", [card.email for card in cards]),
        ("Téléphone", [card.phone for card in cards]),
        ("Étape", [card.stage for card in cards]),
        *((label, [next((x.text for x in card.lines if x.label == label), "") for card in cards]) for label in labels),
    ]
    return [(label, texts, len(set(texts)) > 1) for label, texts in rows if any(texts)]


@bp_gestion.get("/<slug>/doublons/avis")
@access("coordination")
def doubles_notice(slug):
    """The part that a list loads once it is shown: how many look like doubles."""
    definition = definition_or_404(slug)
    return page(
        "directory/desk_doubles_notice.html", fragment="avis", definition=definition, count=doubles.count(definition)
    )


@bp_gestion.post("/<slug>/doublons")
@access("coordination")
def tell_apart(slug):
    definition_or_404(slug)
    ids = [int(id) for id in request.form.getlist("id") if id.isascii() and id.isdecimal() and len(id) < 10]
    try:
        doubles.tell_apart(slug, ids)
    except RuleError as error:
        return _show(slug, str(error))
    flash("C’est noté : ces fiches ne seront plus rapprochées.")
    return redirect(url_for("directory_gestion.doubles_list", slug=slug), 303)
