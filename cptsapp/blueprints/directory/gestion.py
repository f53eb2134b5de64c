"""The coordination's room of the directories: what waits, and each list with what is done to many at once."""

from flask import Blueprint, abort, current_app, flash, redirect, request, url_for
from wtforms import DateField, SelectField, StringField
from wtforms.validators import Length, Optional

from cptsapp.kernel import bulk as many
from cptsapp.kernel.access import access
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.forms import Form
from cptsapp.kernel.htmx import page
from cptsapp.kernel.registry import NavItem, Waiting, navigation, waiting
from cptsapp.kernel.text import plural

from . import catalogue, deciding, desk, desk_list, freshness, reminding, rules, stages, viewing
from .definition import Definition, FilledBy, Theme
from .models import Entry, Means

bp_gestion = Blueprint("directory_gestion", __name__, url_prefix="/gestion/repertoires")
navigation.append(
    NavItem(
        "gestion", "Répertoires", "directory_gestion.index", "book-open", ("coordination",), "Répertoires", order=55
    )
)
MEANS = [(each.value, each.label) for each in Means if each != Means.ONLINE]


@waiting("directory.desk", access=("coordination",))
def what_waits():
    """Return what waits in all the lists; one list alone is led to at once."""
    found = [each for each in desk.standings() if each.is_open]
    for name, state, one, many_words in (
        ("waiting", "a-valider", "fiche de répertoire à valider", "fiches de répertoires à valider"),
        ("stuck", "bloquees", "volontaire qui n’avance plus", "volontaires qui n’avancent plus"),
        ("expired", "a-confirmer", "fiche sortie de sa liste", "fiches sorties de leur liste"),
    ):
        those = [each for each in found if getattr(each, name)]
        count = sum(getattr(each, name) for each in those)
        url = url_for("directory_gestion.index")
        if len(those) == 1:
            url = url_for("directory_gestion.entries", slug=those[0].definition.slug, etat=state)
        yield Waiting(plural(count, one, many_words), url, count)


def definition_or_404(slug: str) -> Definition:
    """Return a directory, open or closed."""
    return catalogue.everything().get(slug) or abort(404)


@bp_gestion.get("/")
@access("coordination")
def index():
    found = desk.standings()
    themes = [(theme.label, [each for each in found if each.definition.theme == theme]) for theme in Theme]
    return page(
        "directory/desk_index.html",
        first=desk.waiting_first(found),
        themes=[(label, those) for label, those in themes if those],
        total=sum(each.listed for each in found if each.is_open),
    )


@bp_gestion.get("/<slug>/")
@access("coordination")
def entries(slug):
    definition = definition_or_404(slug)
    return desk_list.table_of(definition).page(
        "directory/desk_list.html",
        desk_list.EntryRows(definition),
        definition=definition,
        standing=lambda: desk.standing(definition),
    )


@bp_gestion.post("/<slug>/export")
@access("coordination")
def export(slug):
    definition = definition_or_404(slug)
    if not viewing.may_export(definition, desk_list.READER):
        abort(404)
    return desk_list.table_of(definition).export(desk_list.EntryRows(definition))


# Many at once


class ConfirmForm(Form):
    means = SelectField("Comment les personnes l’ont dit", choices=MEANS)


class MoveForm(Form):
    stage = SelectField("Nouvelle étape")
    on = DateField("Depuis le", [Optional()])
    note = StringField("Note", [Length(max=300)])

    def __init__(self, definition, **kwargs):
        super().__init__(**kwargs)
        self.stage.choices = [(each.key, each.label) for each in definition.stages]


ACTS = {
    "valider": (deciding.validate, ("fiche validée", "fiches validées")),
    "pause": (rules.pause, ("fiche mise en pause", "fiches mises en pause")),
}


@bp_gestion.post("/<slug>/lot")
@access("coordination")
def bulk(slug):
    definition = definition_or_404(slug)
    table = desk_list.table_of(definition)
    action, ids = table.selection(desk_list.EntryRows(definition))
    back = table.back("directory_gestion.entries", slug=slug)
    if action in ACTS:
        act, said = ACTS[action]
        tell(many.each(ids, act), said)
        return redirect(back, 303)
    return _ask(definition, action, ids, back)


def _ask(definition: Definition, action: str, ids: list[int], back: str, form=None, error: str = ""):
    """Show what an act on many will do before it does it."""
    if action == "relancer":
        return _reminders(definition, ids, back, error)
    form = form or (ConfirmForm(formdata=None) if action == "confirmer" else MoveForm(definition, formdata=None))
    query = Entry.joined().where(Entry.id.in_(ids), Entry.directory == definition.slug).order_by(Entry.sort_name)
    outdated = Entry.person.is_null(False) & (Entry.consent_version != definition.consent.version)
    return page(
        f"directory/desk_bulk_{ {'confirmer': 'confirm', 'deplacer': 'move'}[action] }.html",
        form=form,
        definition=definition,
        ids=ids,
        chosen=list(query.limit(200)),
        outdated=Entry.select().where(Entry.id.in_(ids), outdated).count() if action == "confirmer" else 0,
        back=back,
    )


@bp_gestion.get("/<slug>/relances")
@access("coordination")
def reminders(slug):
    """Show who would be reminded of all those to confirm."""
    definition = definition_or_404(slug)
    back = url_for("directory_gestion.entries", slug=slug)
    return _reminders(definition, reminding.to_confirm(definition), back)


def _reminders(definition: Definition, ids: list[int], back: str, error: str = ""):
    return page(
        "directory/desk_remind.html",
        definition=definition,
        preview=reminding.preview(definition, ids),
        ids=ids[: reminding.MOST],
        left_out=max(0, len(ids) - reminding.MOST),
        days=reminding.QUIET_DAYS,
        back=back,
        error=error,
        status=422 if error else None,
    )


@bp_gestion.post("/<slug>/lot/relancer")
@access("coordination")
def remind_many(slug):
    definition = definition_or_404(slug)
    try:
        count = reminding.send(slug, chosen_ids())
    except RuleError as error:
        return _reminders(definition, chosen_ids(), way_back(slug), str(error))
    flash(f"{plural(count, 'relance part', 'relances partent')}. Les réponses se liront ici, fiche par fiche.")
    return redirect(way_back(slug), 303)


@bp_gestion.post("/<slug>/lot/confirmer")
@access("coordination")
def confirm_many(slug):
    definition, form = definition_or_404(slug), ConfirmForm()
    if not form.validate():
        return _ask(definition, "confirmer", chosen_ids(), way_back(slug), form)
    means = Means(form.means.data)
    done = many.each(_those_of(definition), lambda id: freshness.confirm(id, means=means))
    tell(done, ("fiche confirmée", "fiches confirmées"))
    return redirect(way_back(slug), 303)


@bp_gestion.post("/<slug>/lot/deplacer")
@access("coordination")
def move_many(slug):
    definition = definition_or_404(slug)
    form = MoveForm(definition)
    if not form.validate():
        return _ask(definition, "deplacer", chosen_ids(), way_back(slug), form)
    stage, on, note = form.stage.data, form.on.data, form.note.data or ""
    done = many.each(
        _those_of(definition),
        lambda id: stages.move(id, stage, on=on, note=note, filled_by=FilledBy.COORDINATION),
    )
    tell(done, ("fiche déplacée", "fiches déplacées"))
    return redirect(way_back(slug), 303)


def chosen_ids() -> list[int]:
    """Return the ids that a form of many carries."""
    ids = request.form.get("ids", "").split()
    return [int(id) for id in ids if id.isascii() and id.isdecimal() and len(id) < 10]


def _those_of(definition: Definition) -> list[int]:
    query = Entry.select(Entry.id).where(Entry.id.in_(chosen_ids()), Entry.directory == definition.slug)
    return [id for (id,) in query.order_by(Entry.sort_name, Entry.id).tuples()]


def way_back(slug: str) -> str:
    """Return the list from which a form of many came, as it was narrowed."""
    home = url_for("directory_gestion.entries", slug=slug)
    back = request.form.get("back", "")
    return back if back.startswith(home + "?") else home


def tell(done: many.Done, said: tuple[str, str]) -> None:
    if done.count:
        flash(f"{plural(done.count, *said)}.")
    if done.refusals:
        several = list(dict.fromkeys(done.refusals))
        flash(f"{plural(len(done.refusals), 'fiche inchangée', 'fiches inchangées')}. {' '.join(several[:3])}", "error")


TABS = {
    "entries": "Liste",
    "coverage": "Par commune",
    "doubles_list": "Doublons",
    "snapshots": "À une date passée",
    "imports": "Importer",
    "definition": "Définition",
}


@bp_gestion.app_template_global()
def directory_tabs(definition: Definition) -> list[tuple[str, str, bool]]:
    """Return the pages of a directory: (label, address, whether it is this one)."""
    here = (request.endpoint or "").removeprefix("directory_gestion.")
    return [
        (label, url_for(f"directory_gestion.{name}", slug=definition.slug), name == here)
        for name, label in TABS.items()
        if f"directory_gestion.{name}" in current_app.view_functions
    ]


# At the bottom: these add their views to the blueprint above.
