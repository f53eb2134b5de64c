"""The observatory in the gestion: its themes composed, published, withdrawn; what inhabitants wrote, read."""

from flask import Blueprint, abort, flash, redirect, url_for
from flask_login import current_user
from peewee import fn

from cptsapp.kernel.access import access
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.htmx import page
from cptsapp.kernel.registry import NavItem, navigation
from cptsapp.kernel.tables import Bulk, Cases, Column, DataTable, OneOf, Period
from cptsapp.kernel.text import plural

from . import figures, publications, rules
from .forms import ChapterForm, NoteForm
from .models import (
    Chapter,
    ChapterFigure,
    ChapterPiece,
    Contribution,
    ContributionKind,
    ContributionState,
    Speaker,
)

bp_gestion = Blueprint("observatory_gestion", __name__, url_prefix="/gestion/observatoire")
READERS = ("bureau", "coordination")
navigation.append(
    NavItem(
        "gestion",
        "Observatoire",
        "observatory_gestion.index",
        "eye",
        READERS,
        "Projet",
        order=45,
        count=Contribution.to_read_count,
    )
)


def _prepare(rows: list[Chapter]) -> None:
    """Set on the themes of a page how much each shows and received."""
    ids = [each.id for each in rows]
    received = Contribution.state != ContributionState.SPAM
    for table, name, more in (
        (ChapterFigure, "figure_count", True),
        (ChapterPiece, "piece_count", True),
        (Contribution, "contribution_count", received),
    ):
        query = table.select(table.chapter, fn.COUNT(1)).where(table.chapter.in_(ids), more).group_by(table.chapter)
        counts = dict(query.tuples())
        for each in rows:
            setattr(each, name, counts.get(each.id, 0))


CHAPTERS = DataTable(
    "observatoire",
    Column("theme", "Thème", "title", sort=True, link="observatory_gestion.show", sub="tag_label"),
    Column("ordre", "Ordre", "position", sort=True, number=True),
    Column(
        "etat",
        "État",
        lambda row: "Sur le site" if row.is_shown else "Non publié",
        badge=lambda row: "ok" if row.is_shown else "mute",
    ),
    Column("chiffres", "Chiffres", "figure_count", number=True),
    Column("publications", "Publications", "piece_count", number=True),
    Column("contributions", "Contributions", "contribution_count", number=True),
    Column("publie", "Publié le", "published_at", shown=False),
    noun=("thème", "thèmes"),
    search=["title", "intro", "learnt"],
    hint="Titre, texte…",
    filters=[
        Cases(
            "etat",
            "État",
            {
                "publie": ("Sur le site", lambda row: row.is_shown),
                "retire": ("Non publié", lambda row: not row.is_shown),
            },
            blank="Tous les états",
        )
    ],
    order="ordre",
    prepare=_prepare,
    export_endpoint="observatory_gestion.export",
    empty="Un thème réunit des chiffres datés, vos publications et ce que les habitants en disent. Créez le premier.",
    starts=(("observatory_gestion.create", "Créer un thème"),),
)
CONTRIBUTIONS = DataTable(
    "contributions",
    Column("texte", "Contribution", "excerpt", link="observatory_gestion.contribution", sub="kind_label",
           export="text"),
    Column("theme", "Thème", "theme_title", sort=Contribution.chapter),
    Column("recue", "Reçue le", "at", sort=Contribution.at),
    Column("qui", "De la part de", "speaker_label", sort=Contribution.speaker, sub="commune_name"),
    Column("etat", "État", lambda row: row.standing.label, badge=lambda row: row.standing.badge),
    Column("sorte", "Sorte", "kind_label", shown=False),
    Column("commune", "Commune", "commune_name", shown=False),
    Column("note", "Note de suivi", "note", shown=False),
    noun=("contribution", "contributions"),
    search=[Contribution.folded],
    hint="Mots de la contribution…",
    filters=[
        OneOf("etat", "État", Contribution.state, ContributionState, default="new", blank="Tous les états"),
        OneOf("theme", "Thème", Contribution.chapter, lambda: [(each.id, each.title) for each in Chapter.ordered()],
              blank="Tous les thèmes"),
        OneOf("qui", "De la part de", Contribution.speaker, Speaker, blank="Tout le monde"),
        OneOf("sorte", "Sorte", Contribution.kind, ContributionKind, blank="Toutes les sortes"),
        Period("recue", "Reçue", Contribution.at),
    ],
    near=3,
    order="-recue",
    bulk=[Bulk(str(each), each.label) for each in ContributionState],
    bulk_endpoint="observatory_gestion.bulk",
    export_endpoint="observatory_gestion.export_contributions",
    empty="Ce que les habitants écrivent depuis l’observatoire arrive ici. Rien n’en est publié, sinon des nombres.",
    people=True,
)  # fmt: skip


# Themes


@bp_gestion.get("/")
@access(*READERS)
def index():
    return CHAPTERS.page("observatory/gestion_list.html", list(Chapter.ordered()), is_open=Chapter.shown_count() > 0)


@bp_gestion.post("/export")
@access(*READERS)
def export():
    return CHAPTERS.export(list(Chapter.ordered()))


@bp_gestion.route("/nouveau", methods=["GET", "POST"])
@access("coordination")
def create():
    return _edit(ChapterForm(), None)


@bp_gestion.route("/<int:id>/modifier", methods=["GET", "POST"])
@access("coordination")
def edit(id):
    chapter = _find(id)
    return _edit(ChapterForm.of(chapter), chapter)


def _edit(form: ChapterForm, chapter: Chapter | None):
    if form.validate_on_submit():
        try:
            saved = rules.save(chapter and chapter.id, **form.values())
        except RuleError as error:
            form.refuse(error)
        else:
            flash("Le thème est enregistré.")
            return redirect(url_for(".show", id=saved.id), 303)
    return page("observatory/edit.html", fragment="formulaire", form=form, chapter=chapter)


def _find(id) -> Chapter:
    return Chapter.get_or_none(Chapter.id == id) or abort(404)


@bp_gestion.get("/<int:id>")
@access(*READERS)
def show(id):
    chapter = _find(id)
    labels, chosen = dict(figures.choices()), [each.key for each in chapter.figures]
    known = figures.read(chosen)
    order = [each.id for each in Chapter.ordered()]
    _prepare([chapter])
    return page(
        "observatory/gestion_show.html",
        chapter=chapter,
        figures=[known[key] for key in chosen if key in known],
        silent=[labels[key] for key in chosen if key not in known and key in labels],
        gone=sum(key not in labels for key in chosen),
        pieces=publications.of_chapter(chapter, publications.public()),
        is_first=order[0] == id,
        is_last=order[-1] == id,
    )


@bp_gestion.post("/<int:id>/<any(publier, retirer, monter, descendre, supprimer):act>")
@access("coordination")
def act(id, act):
    _find(id)
    match act:
        case "publier":
            rules.publish(id)
            flash("Le thème est sur le site.")
        case "retirer":
            rules.withdraw(id)
            flash("Le thème n’est plus sur le site.")
        case "monter" | "descendre":
            rules.move(id, -1 if act == "monter" else 1)
            flash("L’ordre est changé.")
        case "supprimer":
            rules.delete(id)
            flash("Le thème est supprimé.")
            return redirect(url_for(".index"), 303)
    return redirect(url_for(".show", id=id), 303)


# What inhabitants wrote


@bp_gestion.get("/contributions/")
@access(*READERS)
def contributions():
    return CONTRIBUTIONS.page("observatory/contributions.html", Contribution.inbox())


@bp_gestion.post("/contributions/export")
@access("coordination")
def export_contributions():
    return CONTRIBUTIONS.export(Contribution.inbox())


@bp_gestion.post("/contributions/lot")
@access("coordination")
def bulk():
    state, ids = CONTRIBUTIONS.selection(Contribution.inbox())
    count = rules.decide(ids, state, account_id=current_user.id)
    flash(f"{plural(count, 'contribution changée', 'contributions changées')}." if count else "Elles l’étaient déjà.")
    return redirect(CONTRIBUTIONS.back("observatory_gestion.contributions"), 303)


def _find_contribution(id) -> Contribution:
    return Contribution.inbox().where(Contribution.id == id).first() or abort(404)


@bp_gestion.get("/contributions/<int:id>")
@access(*READERS)
def contribution(id):
    found = _find_contribution(id)
    return _contribution(found, NoteForm(obj=found))


def _contribution(found: Contribution, form: NoteForm):
    moves = [each for each in ContributionState if each != found.standing]
    return page("observatory/contribution.html", contribution=found, form=form, moves=moves)


@bp_gestion.post("/contributions/<int:id>/etat/<any(new, kept, filed, spam):state>")
@access("coordination")
def decide(id, state):
    _find_contribution(id)
    rules.decide([id], state, account_id=current_user.id)
    flash(f"Contribution : {ContributionState(state).label.lower()}.")
    return redirect(url_for(".contribution", id=id), 303)


@bp_gestion.post("/contributions/<int:id>/note")
@access("coordination")
def note(id):
    found, form = _find_contribution(id), NoteForm()
    if form.validate_on_submit():
        rules.write_note(id, form.note.data or "")
        flash("La note est enregistrée.")
        return redirect(url_for(".contribution", id=id), 303)
    return _contribution(found, form)
