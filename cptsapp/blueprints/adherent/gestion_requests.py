"""Deciding on the requests to join: the queue, one request beside the records it may speak of."""

from flask import abort, flash, redirect, request, url_for
from flask_login import current_user

from cptsapp.kernel.access import access
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.htmx import page
from cptsapp.kernel.tables import Bulk, Cases, Column, DataTable, OneOf, Period
from cptsapp.kernel.text import plural

from . import colleges, deciding, duplicates, joining
from .forms import QuestionForm, RefusalForm
from .gestion import bp_gestion
from .models import Application, MemberType, RequestState


def _prepare(rows):
    """Set on each request of a page the records it may speak of."""
    found = duplicates.likely([row for row in rows if row.decided_at is None])
    for row in rows:
        row.likely = found.get(row.id, [])


def is_in_state(state: RequestState):
    """Return the condition that a request be in `state`."""
    undecided = Application.decided_at.is_null()
    return {
        RequestState.OPEN: Application.is_waiting(),
        RequestState.ASKED: undecided & ~Application.is_waiting(),
        RequestState.ACCEPTED: Application.accepted == True,  # noqa: E712 (SQL)
        RequestState.REFUSED: Application.accepted == False,  # noqa: E712 (SQL)
    }[state]


STATES = (RequestState.OPEN, RequestState.ASKED, RequestState.ACCEPTED, RequestState.REFUSED)
REQUESTS = DataTable(
    "demandes-adhesion",
    Column("nom", "Nom", "label", sort=Application.folded, link="adherent_gestion.request_show", sub="email"),
    Column("qualite", "Qualité", "type_label", sort=Application.type, sub="profession_label"),
    Column("commune", "Commune", lambda row: row.commune.name if row.commune_id else ""),
    Column("recue", "Reçue le", "email_confirmed_at", sort=Application.email_confirmed_at),
    Column("etat", "État", lambda row: row.state.label, badge=lambda row: row.state.badge),
    Column(
        "doublon",
        "Déjà connu ?",
        lambda row: plural(len(row.likely), "fiche proche", "fiches proches") if row.likely else "",
        badge=lambda row: "warn" if row.likely else "",
    ),
    Column("telephone", "Téléphone", "phone", shown=False),
    Column("email", "Adresse e-mail", "email", shown=False),
    Column("profession", "Profession", "profession_label", shown=False),
    Column("rpps", "RPPS", "rpps", shown=False),
    Column("origine", "Origine", "origin", sort=Application.origin, shown=False),
    Column("decidee", "Décidée le", "decided_at", sort=Application.decided_at, shown=False),
    Column("par", "Par", lambda row: row.decided_by.label if row.decided_by_id else "", shown=False),
    Column("motif", "Motif", "reason", shown=False),
    noun=("demande", "demandes"),
    search=[Application.folded],
    hint="Nom, adresse e-mail…",
    filters=[
        Cases(
            "etat",
            "État",
            {each.value: (each.label, is_in_state(each)) for each in STATES},
            default=RequestState.OPEN.value,
            blank="Tous les états",
        ),
        OneOf("qualite", "Qualité", Application.type, MemberType, blank="Toutes les qualités"),
        Period("recue", "Reçue", Application.email_confirmed_at),
    ],
    order="recue",
    bulk=[Bulk("accepter", "Accepter", "")],
    bulk_endpoint="adherent_gestion.requests_bulk",
    export_endpoint="adherent_gestion.requests_export",
    empty="Les demandes remplies sur la page « Adhérer » arrivent ici, une fois l’adresse e-mail confirmée.",
    people=True,
    prepare=_prepare,
)


@bp_gestion.get("/demandes")
@access("bureau", "coordination")
def requests():
    return REQUESTS.page("adherent/requests.html", Application.joined())


@bp_gestion.post("/demandes/export")
@access("bureau", "coordination")
def requests_export():
    return REQUESTS.export(Application.joined())


@bp_gestion.post("/demandes/lot")
@access("bureau", "coordination")
def requests_bulk():
    _, ids = REQUESTS.selection(Application.joined().where(Application.decided_at.is_null()))
    accepted, left = deciding.accept_all(ids, by=current_user.id)
    said = f"{plural(accepted, 'demande acceptée', 'demandes acceptées')}."
    if left:
        words = plural(left, "demande ressemble", "demandes ressemblent")
        said += f" {words} à une fiche connue : regardez une par une."
    flash(said)
    return redirect(REQUESTS.back("adherent_gestion.requests"), 303)


@bp_gestion.get("/demandes/<int:id>")
@access("bureau", "coordination")
def request_show(id):
    return _shown(_find(id))


@bp_gestion.post("/demandes/<int:id>/accepter")
@access("bureau", "coordination")
def request_accept(id):
    asked = _find(id)
    person_id = request.form.get("person_id", type=int)
    try:
        done = deciding.accept(id, by=current_user.id, person_id=person_id)
    except RuleError as error:
        return _shown(_find(id), refusal=str(error), status=422)
    flash(f"Adhésion acceptée : {asked.label}. Un e-mail part à l’instant. {done.note}".strip())
    return redirect(url_for("adherent_gestion.requests"), 303)


@bp_gestion.post("/demandes/<int:id>/refuser")
@access("bureau", "coordination")
def request_refuse(id):
    form = RefusalForm()
    if form.validate_on_submit():
        try:
            deciding.refuse(id, by=current_user.id, reason=form.reason.data)
        except RuleError as error:
            form.refuse(error)
        else:
            flash("La demande est refusée. Le motif part par e-mail.")
            return redirect(url_for("adherent_gestion.requests"), 303)
    return _shown(_find(id), refusing=form, status=422)


@bp_gestion.post("/demandes/<int:id>/preciser")
@access("bureau", "coordination")
def request_ask(id):
    form = QuestionForm()
    if form.validate_on_submit():
        try:
            deciding.ask(id, question=form.question.data)
        except RuleError as error:
            form.refuse(error)
        else:
            flash("La question part par e-mail, avec un lien pour corriger la demande.")
            return redirect(url_for("adherent_gestion.request_show", id=id), 303)
    return _shown(_find(id), asking=form, status=422)


def _find(id) -> Application:
    return Application.joined().where(Application.id == id).first() or abort(404)


def _shown(asked, *, refusing=None, asking=None, refusal="", status=None):
    is_open = asked.decided_at is None
    return page(
        "adherent/request.html",
        status=status,
        asked=asked,
        likely=duplicates.likely([asked])[asked.id] if is_open else [],
        representative=joining.representative(asked),
        college=colleges.deduce(asked.type, asked.profession) if is_open else None,
        refusing=refusing or RefusalForm(formdata=None),
        asking=asking or QuestionForm(formdata=None),
        refusal=refusal,
    )
