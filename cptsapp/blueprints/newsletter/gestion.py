"""The coordination's room of letters: their list, how one is started, the page from which each goes where it must."""

from datetime import datetime

from flask import Blueprint, abort, flash, redirect, request, url_for

from cptsapp.blueprints.mailing import rules as mailings
from cptsapp.blueprints.mailing.models import Mailing
from cptsapp.kernel.access import access, may
from cptsapp.kernel.dates import to_utc
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.framing import with_frames
from cptsapp.kernel.htmx import page
from cptsapp.kernel.journal import JournalEntry
from cptsapp.kernel.tables import Bulk, Cases, Column, DataTable, OneOf, Period
from cptsapp.kernel.text import plural
from cptsapp.kernel.urls import number_of

from . import advice, health, numbering, outlets, readings, rules
from .forms import ArchiveForm, FileAwayForm, ModelForm, NewForm
from .models import Archive, Issue, Kind

bp_gestion = Blueprint("newsletter_gestion", __name__, url_prefix="/gestion/newsletters")
READERS = ("bureau", "coordination")
MOST_ENTRIES = 10
STATES = {
    "preparation": ("En préparation", Issue.out_at.is_null() & Issue.deleted_at.is_null()),
    "parues": ("Parues", Issue.out_at.is_null(False)),
    "corbeille": ("Corbeille", Issue.deleted_at.is_null(False)),
}


def prepare(issues):
    found = readings.by_issue([each.id for each in issues])
    for each in issues:
        each.read = found.get(each.id, 0)


def state_badge(issue: Issue) -> str:
    return "bad" if issue.deleted_at else "ok" if issue.is_out else "mute"


ISSUES = DataTable(
    "newsletters",
    Column("titre", "Lettre", "heading", sort=Issue.folded, link="newsletter_gestion.show", sub="label"),
    Column("mois", "Mois", "month_label", sort=Issue.month),
    Column("etat", "État", "state_label", badge=state_badge),
    Column("parue", "Parue le", "out_at", sort=(Issue.out_at.is_null(False), Issue.out_at)),
    Column("archive", "Archive", lambda row: row.archive_label if row.kind != Kind.MODEL else "", shown=False),
    Column("lectures", "Lectures", lambda row: row.read or "", number=True, export="read"),
    Column("numero", "Numéro", "number", sort=Issue.number, shown=False),
    Column("nature", "Nature", lambda row: Kind(row.kind).label, shown=False),
    Column("theme", "Thème", lambda row: health.name_of(row.theme), shown=False),
    Column("apercu", "Phrase d’aperçu", "preheader", shown=False),
    Column("modifiee", "Modifiée", "updated_at", sort=Issue.updated_at),
    noun=("lettre", "lettres"),
    search=[Issue.folded],
    filters=[
        OneOf("nature", "Nature", Issue.kind, Kind, blank="Lettres, messages, modèles"),
        Cases("etat", "État", STATES, blank="Tous les états"),
        Period("parues", "Parues", Issue.out_at),
    ],
    order="-modifiee",
    bulk=[Bulk("corbeille", "Mettre à la corbeille", "danger")],
    bulk_endpoint="newsletter_gestion.bulk",
    export_endpoint="newsletter_gestion.export",
    hint="Objet, texte, rubrique…",
    empty="Commencez la première lettre : elle reste en préparation tant que vous ne l’envoyez pas.",
    starts=(("newsletter_gestion.create", "Commencer la première lettre"),),
    prepare=prepare,
)


def listed():
    query = Issue.select()
    return query if request.values.get("etat") == "corbeille" else query.where(Issue.deleted_at.is_null())


@bp_gestion.get("/")
@access(*READERS)
def index():
    return ISSUES.page("newsletter/gestion_list.html", listed(), missing=numbering.missing_months())


@bp_gestion.post("/export")
@access(*READERS)
def export():
    return ISSUES.export(listed())


@bp_gestion.post("/lot")
@access("coordination")
def bulk():
    _, ids = ISSUES.selection(listed())
    done, refusal = 0, None
    for id in ids:
        try:
            rules.trash(id)
            done += 1
        except RuleError as error:  # one that is out stays: the others go
            refusal = error
    if refusal and not done:
        raise refusal
    flash(f"{plural(done, 'lettre mise', 'lettres mises')} à la corbeille.")
    return redirect(ISSUES.back("newsletter_gestion.index"), 303)


def issue_or_404(id) -> Issue:
    return Issue.get_or_none(Issue.id == id) or abort(404)


# Starting


def starts() -> list[tuple[str, str]]:
    """Return what a letter may start from: nothing, the last newsletter, a model."""
    found = [("blank", "D’une page blanche")]
    last = Issue.living(Kind.NEWSLETTER).order_by(Issue.number.desc()).first()
    if last:
        found.append((str(last.id), f"De la lettre précédente : {last.label}, sans ce qu’elle annonçait"))
    models = Issue.living(Kind.MODEL).order_by(Issue.name)
    return found + [(str(each.id), f"Du modèle « {each.name} »") for each in models]


@bp_gestion.route("/nouvelle", methods=["GET", "POST"])
@access("coordination")
def create():
    form = NewForm(starts())
    if not form.is_submitted() and request.args.get("quoi") == Kind.MESSAGE:
        form.kind.data = Kind.MESSAGE.value
    if form.validate_on_submit():
        start = number_of(form.start.data)
        made = rules.create_from(form.kind.data, start) if start else rules.create(form.kind.data)
        return redirect(url_for("newsletter_gestion.edit", id=made.id), 303)
    return page("newsletter/gestion_new.html", fragment="formulaire", form=form)


@bp_gestion.post("/nouvelle/<source>/<key>")
@access("coordination")
def create_about(source, key):
    """Write to people about one thing of the site, in one step: the message, then whom it is for."""
    return redirect(outlets.write_about(source, key), 303)


@bp_gestion.post("/<int:id>/dupliquer")
@access("coordination")
def duplicate(id):
    made = rules.duplicate(issue_or_404(id).id)
    flash("La copie est en préparation : complétez-la, puis envoyez-la.")
    return redirect(url_for("newsletter_gestion.edit", id=made.id), 303)


@bp_gestion.post("/<int:id>/modele")
@access("coordination")
def keep_as_model(id):
    issue, form = issue_or_404(id), ModelForm()
    if not form.validate():
        return _show(issue, model_form=form, status=422)
    made = rules.keep_as_model(issue.id, form.name.data)
    flash("Le modèle est gardé : ses titres et ses textes serviront de départ.")
    return redirect(url_for("newsletter_gestion.edit", id=made.id), 303)


# One letter


@bp_gestion.get("/<int:id>")
@access(*READERS)
def show(id):
    return _show(issue_or_404(id))


def _show(issue: Issue, *, status=None, **forms):
    entries = JournalEntry.select().where(
        JournalEntry.subject_kind == "newsletter", JournalEntry.subject_id == str(issue.id)
    )
    response = page(
        "newsletter/gestion_show.html",
        issue=issue,
        status=status,
        theme=health.name_of(issue.theme),
        mailings=list(Mailing.of_source(issue.kind, issue.id)),
        read=readings.by_issue([issue.id]).get(issue.id, 0),
        advice=advice.advice_for(issue) if may("coordination") and not issue.is_out and not issue.deleted_at else [],
        archive_form=forms.get("archive_form") or ArchiveForm(data={"archive": issue.archive}),
        away_form=forms.get("away_form") or FileAwayForm(formdata=None),
        model_form=forms.get("model_form") or ModelForm(formdata=None, data={"name": f"Modèle d’après {issue.label}"}),
        entries=list(entries.order_by(JournalEntry.id.desc()).limit(MOST_ENTRIES)),
    )
    return with_frames(response)


@bp_gestion.post("/<int:id>/envoyer")
@access("coordination")
def send(id):
    """Open the sending of a letter: whom it is for comes next."""
    issue = issue_or_404(id)
    if issue.deleted_at or issue.kind == Kind.MODEL:
        raise RuleError("Un modèle, ou une lettre à la corbeille, ne s’envoie pas.")
    return redirect(outlets.audience_of(mailings.open_for(issue.kind, issue.id)), 303)


@bp_gestion.post("/<int:id>/archive")
@access("coordination")
def archive(id):
    issue, form = issue_or_404(id), ArchiveForm()
    if not form.validate():
        return _show(issue, archive_form=form, status=422)
    rules.set_archive(issue.id, form.archive.data)
    told = {
        Archive.PUBLIC: "La lettre est lisible par tout le monde",
        Archive.ADHERENTS: "La lettre est réservée aux adhérents",
        Archive.NONE: "La lettre n’est pas dans les archives",
    }[Archive(form.archive.data)]
    flash(f"{told}{'' if issue.is_out else ', une fois partie'}.")
    return redirect(url_for("newsletter_gestion.show", id=id), 303)


@bp_gestion.post("/<int:id>/ranger")
@access("coordination")
def file_away(id):
    """Put in the archives a letter that left by another road."""
    issue, form = issue_or_404(id), FileAwayForm()
    if form.validate():
        try:
            day = form.day.data
            rules.file_away(issue.id, to_utc(datetime(day.year, day.month, day.day)))
        except RuleError as error:
            form.refuse(error)
        else:
            flash("La lettre est dans les archives.")
            return redirect(url_for("newsletter_gestion.show", id=id), 303)
    return _show(issue, away_form=form, status=422)


@bp_gestion.post("/<int:id>/corbeille")
@access("coordination")
def trash(id):
    rules.trash(issue_or_404(id).id)
    flash("La lettre est à la corbeille : sa page permet de la rétablir.")
    return redirect(url_for("newsletter_gestion.show", id=id), 303)


@bp_gestion.post("/<int:id>/retablir")
@access("coordination")
def untrash(id):
    issue = rules.untrash(issue_or_404(id).id)
    flash(f"La lettre est revenue{f', avec le numéro {issue.number}' if issue.number else ''}.")
    return redirect(url_for("newsletter_gestion.show", id=id), 303)
