"""The inbox of the messages sent from the contact page."""

from urllib.parse import quote

from flask import Blueprint, abort, flash, redirect, url_for
from flask_login import current_user

from cptsapp.kernel.access import access
from cptsapp.kernel.htmx import page
from cptsapp.kernel.tables import Bulk, Cases, Column, DataTable, OneOf, Period
from cptsapp.kernel.text import plural

from . import rules
from .forms import NoteForm
from .models import ContactMessage, State, Topic

bp_gestion = Blueprint("contact_gestion", __name__, url_prefix="/gestion/messages")

MESSAGES = DataTable(
    "messages",
    Column("nom", "De", "name", sort=ContactMessage.folded, link="contact_gestion.show", sub="email"),
    Column("objet", "Objet", "subject", sub="topic_label"),
    Column("recu", "Reçu le", "at", sort=ContactMessage.at),
    Column("etat", "État", lambda row: row.state.label, badge=lambda row: row.state.badge),
    Column("suivi", "Suivi par", "handler"),
    Column("email", "Adresse e-mail", "email", shown=False),
    Column("sujet", "Au sujet de", "topic_label", shown=False),
    Column("message", "Message", "body", shown=False),
    Column("traite", "Traité le", "handled_at", shown=False),
    Column("note", "Note de suivi", "note", shown=False),
    noun=("message", "messages"),
    search=[ContactMessage.folded],
    hint="Nom, adresse, objet…",
    filters=[
        Cases(
            "etat",
            "État",
            {each.value: (each.label, ContactMessage.is_in_state(each)) for each in State},
            default=State.OPEN.value,
            blank="Tous les états",
        ),
        OneOf("sujet", "Sujet", ContactMessage.topic, Topic, blank="Tous les sujets"),
        Period("recu", "Reçu", ContactMessage.at),
    ],
    order="-recu",
    bulk=[
        Bulk("traiter", "Traités"),
        Bulk("indesirable", "Indésirables"),
        Bulk("corbeille", "Corbeille"),
        Bulk("retablir", "Rétablir"),
    ],
    bulk_endpoint="contact_gestion.bulk",
    export_endpoint="contact_gestion.export",
    empty="Ce que les visiteurs écrivent depuis la page Contact arrive ici, et par e-mail à l’association.",
    people=True,
)
DONE = {
    "traiter": "Le message est marqué comme traité.",
    "rouvrir": "Le message est de nouveau à traiter.",
    "indesirable": "Le message est rangé parmi les indésirables. Il sera effacé dans un mois.",
    "corbeille": "Le message est à la corbeille. Vous pouvez le rétablir ici même pendant un mois.",
    "retablir": "Le message est rétabli.",
}


@bp_gestion.get("/")
@access("coordination")
def index():
    return MESSAGES.page("contact/gestion_list.html", ContactMessage.inbox())


@bp_gestion.post("/export")
@access("coordination")
def export():
    return MESSAGES.export(ContactMessage.inbox())


@bp_gestion.post("/lot")
@access("coordination")
def bulk():
    action, ids = MESSAGES.selection(ContactMessage.inbox())
    count = rules.move_all(action, ids, account_id=current_user.id)
    flash(f"{plural(count, 'message changé', 'messages changés')}." if count else "Ces messages l’étaient déjà.")
    return redirect(MESSAGES.back("contact_gestion.index"), 303)


@bp_gestion.get("/<int:id>")
@access("coordination")
def show(id):
    message = _message_or_404(id)
    return _shown(message, NoteForm(obj=message))


@bp_gestion.post("/<int:id>/<any(traiter, rouvrir, indesirable, corbeille, retablir):move>")
@access("coordination")
def move(id, move):
    _message_or_404(id)
    rules.MOVES[move](id, account_id=current_user.id)
    flash(DONE[move])
    return redirect(url_for("contact_gestion.show", id=id), 303)


@bp_gestion.post("/<int:id>/note")
@access("coordination")
def note(id):
    message = _message_or_404(id)
    form = NoteForm()
    if form.validate_on_submit():
        rules.write_note(id, form.note.data)
        flash("La note est enregistrée.")
        return redirect(url_for("contact_gestion.show", id=id), 303)
    return _shown(message, form)


def _message_or_404(id) -> ContactMessage:
    return ContactMessage.inbox().where(ContactMessage.id == id).first() or abort(404)


def _shown(message, form):
    return page("contact/gestion_show.html", form=form, message=message, reply=_reply_link(message), State=State)


def _reply_link(message) -> str:
    """Return the address that opens an answer in the coordinator's own mail program, what was written below."""
    quoted = "".join(f"> {line}\n" for line in message.body.splitlines())[:1500]
    body = f"Bonjour,\n\n\n\nLe {message.at:%d/%m/%Y}, {message.name} a écrit :\n{quoted}"
    return f"mailto:{quote(message.email)}?subject={quote('Re: ' + message.subject)}&body={quote(body)}"
