"""The directories that anybody reads: only what each definition and each agreement make public, kept ready to send."""

from datetime import timedelta

from flask import abort, redirect, request, url_for

from cptsapp.kernel import limits
from cptsapp.kernel.access import access
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.htmx import page
from cptsapp.kernel.pagecache import kept_ready

from . import catalogue, contacts, counts, pages, viewing
from .definition import Theme
from .forms import PublicRelayForm
from .rooms import bp
from .viewing import VISITOR

PER_ADDRESS, PER_SITE = 5, 60  # messages an hour


@bp.get("/repertoires/")
@access("public")
@kept_ready
def public_index():
    """The lists that anybody may read, by theme; those that hold nobody yet are left out."""
    found = counts.public_by_list()
    shown = [each for each in catalogue.opened().values() if each.is_public and found.get(each.slug)]
    themes = [(theme, [each for each in shown if each.theme == theme]) for theme in Theme]
    return page("directory/public_index.html", themes=[pair for pair in themes if pair[1]], counts=found)


@bp.get("/repertoires/<slug>/")
@access("public")
@kept_ready
def public_list(slug):
    definition = pages.list_or_404(slug, VISITOR)
    found = pages.find(definition, VISITOR)
    values = {"definition": definition, "found": found, "groups": pages.groups(definition, VISITOR)}
    return page("directory/public_list.html", fragment="resultats", **values)


@bp.get("/repertoires/<slug>/<int:id>")
@access("public")
@kept_ready
def public_show(slug, id):
    definition = pages.list_or_404(slug, VISITOR)
    entry = pages.entry_or_404(definition, id, VISITOR)
    return page("directory/public_show.html", definition=definition, card=viewing.card(definition, entry, VISITOR))


@bp.get("/repertoires/liste/<theme>")
@access("public")
@kept_ready
def public_sheet(theme):
    """The public lists of a theme on one sheet of paper, dated: what an officine hands over."""
    if theme not in {each.value for each in Theme}:
        abort(404)
    return pages.sheet(theme, VISITOR, is_public=True)


@bp.route("/repertoires/<slug>/<int:id>/ecrire", methods=["GET", "POST"])
@access("public")
def public_write(slug, id):
    """Write to somebody who hides their address; they answer to the writer's."""
    definition = pages.list_or_404(slug, VISITOR)
    card = viewing.card(definition, pages.entry_or_404(definition, id, VISITOR), VISITOR)
    if not card.may_write:
        abort(404)
    form, status = PublicRelayForm(), None
    if form.validate_on_submit():
        try:
            near = limits.network(request.remote_addr)
            limits.hit("directory.relay", near, limit=PER_ADDRESS, per=timedelta(hours=1))
            limits.hit("directory.relay", "everybody", limit=PER_SITE, per=timedelta(hours=1))
            contacts.relay(id, name=form.name.data, email=form.email.data, text=form.text.data, key=form.key)
        except RuleError as error:
            form.refuse(error)
        except limits.TooManyTries as error:
            form.form_errors.append(f"Vous pourrez envoyer ce message dans {limits.in_words(error.wait)}.")
            status = 429
        else:
            return redirect(url_for(".public_written", slug=slug, id=id), 303)
    values = {"definition": definition, "card": card, "is_public": True}
    return page("directory/write.html", fragment="formulaire", form=form, status=status, **values)


@bp.get("/repertoires/<slug>/<int:id>/ecrire/merci")
@access("public")
def public_written(slug, id):
    definition = pages.list_or_404(slug, VISITOR)
    return page("directory/written.html", definition=definition)
