"""One's own entry, opened by the link of the mails: « oui, toujours », « modifier », « me retirer ». No login.

Opening a link changes nothing: each page shows a button, which posts.
"""

from flask import redirect, request, url_for

from cptsapp.blueprints.territory.models import Commune
from cptsapp.kernel.access import access
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.htmx import page

from . import catalogue, forms, freshness, links, rules
from .mine_views import own_lines
from .models import Entry, Status
from .rooms import bp


def _opened(token: str):
    """Return the list and the entry of a link, or the page that says that it is dead."""
    entry = links.entry_of(token)
    definition = entry and catalogue.of(entry)
    if definition is None:
        return None, None, page("directory/dead.html", status=404)
    return definition, entry, None


def _shown(token: str, definition, entry: Entry, *, error: str = "", leaving: bool = False):
    return page(
        "directory/link.html",
        token=token,
        definition=definition,
        entry=entry,
        Status=Status,
        own=own_lines(definition, entry),
        error=error,
        leaving=leaving,
        done=request.args.get("fait", ""),
        new_wording=bool(entry.person_id) and entry.consent_version != definition.consent.version,
        status=422 if error else 200,
    )


@bp.get("/repertoires/ma-fiche/<token>")
@access("public")
def link(token):
    definition, entry, dead = _opened(token)
    return dead or _shown(token, definition, entry)


@bp.get("/repertoires/ma-fiche/<token>/retirer")
@access("public")
def link_leaving(token):
    definition, entry, dead = _opened(token)
    return dead or _shown(token, definition, entry, leaving=True)


@bp.post("/repertoires/ma-fiche/<token>/<any(confirmer,retirer,reprendre,pause,continuer):act>")
@access("public")
def link_act(token, act):
    definition, entry, dead = _opened(token)
    if dead:
        return dead
    version = entry.link_version
    rule = {
        "confirmer": lambda id: freshness.confirm(id, link_version=version),
        "retirer": lambda id: rules.leave(id, link_version=version),
        "reprendre": rules.restore,
        "pause": rules.pause,
        "continuer": rules.resume,
    }[act]
    try:
        rule(entry.id)
    except RuleError as error:
        return _shown(token, definition, entry, error=str(error))
    return redirect(url_for(".link", token=token, fait=act), 303)


@bp.route("/repertoires/ma-fiche/<token>/modifier", methods=["GET", "POST"])
@access("public")
def link_edit(token):
    definition, entry, dead = _opened(token)
    if dead:
        return dead
    if entry.status == Status.LEFT:
        return redirect(url_for(".link", token=token), 303)
    form = forms.entry_form(definition)(data=forms.filled(definition, entry))
    if form.validate_on_submit():
        try:
            rules.change(entry.id, forms.typed(definition, form))
        except RuleError as error:
            form.refuse(error)
        else:
            return redirect(url_for(".link", token=token, fait="modifier"), 303)
    values = {"definition": definition, "entry": entry, "token": token, "communes": list(Commune.of_territory())}
    return page("directory/edit.html", fragment="formulaire", form=form, **values)
