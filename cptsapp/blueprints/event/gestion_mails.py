"""The mails of one event: how each reads, the organiser's own words in it, and what left."""

from flask import abort, flash, make_response, redirect, request, url_for
from wtforms import TextAreaField
from wtforms.validators import Length

from cptsapp.kernel.access import access
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.forms import Form
from cptsapp.kernel.htmx import page
from cptsapp.kernel.mail import OutgoingMail, State
from cptsapp.kernel.tables import Cases, Column, DataTable

from . import checking, letters, mail_words
from .gestion import bp_gestion, event_or_404
from .models import Event, MailWords

BADGES = {State.SENT: "ok", State.REFUSED: "bad", State.UNCERTAIN: "warn"}
MAIL_CSP = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; sandbox; frame-ancestors 'none'"
WAITING = [str(each) for each in (State.PENDING, State.CLAIMED, State.IN_DOUBT)]
MISSED = [str(each) for each in (State.REFUSED, State.UNCERTAIN, State.SKIPPED)]
LABELS = dict(letters.PREVIEWS)

LOG = DataTable(
    "courriels-evenement",
    Column("objet", "E-mail", "subject", sort=OutgoingMail.subject, link="outbox_gestion.show", sub="to_address"),
    Column("etat", "État", "state_label", sort=OutgoingMail.state, badge=lambda row: BADGES.get(row.state, "mute")),
    Column("demande", "Demandé", "created_at", sort=OutgoingMail.created_at),
    Column("termine", "Terminé", "done_at", sort=OutgoingMail.done_at),
    noun=("e-mail", "e-mails"),
    search=[OutgoingMail.folded],
    filters=[
        Cases(
            "etat",
            "État",
            {
                "partis": ("Partis", OutgoingMail.state == State.SENT),
                "attente": ("En attente", OutgoingMail.state.in_(WAITING)),
                "manques": ("Non reçus", OutgoingMail.state.in_(MISSED)),
            },
            blank="Tous les états",
        )
    ],
    order="-demande",
    hint="Adresse ou objet",
    empty="Les confirmations, rappels et autres e-mails de cet événement s’affichent ici dès qu’ils sont demandés.",
    people=True,
)


def sent_for(event: Event):
    """Return the mails that an event has caused: their keys begin with it."""
    return OutgoingMail.select().where(OutgoingMail.key.startswith(f"event-{event.id}-"))


@bp_gestion.get("/<int:id>/courriels")
@access("coordination")
def mails(id):
    event = event_or_404(id)
    own = {name for (name,) in MailWords.select(MailWords.mail).where(MailWords.event == event).tuples()}
    chosen = [label for code, label in checking.REMINDERS.items() if code in event.reminder_codes]
    shown = {"event": event, "previews": letters.PREVIEWS, "own": own, "reminders": chosen}
    return LOG.page("event/gestion_mails.html", sent_for(event), **shown)


class WordsForm(Form):
    words = TextAreaField(
        "Vos mots", [Length(max=mail_words.LONGEST)],
        description="Ajoutés après les informations pratiques : où se garer, ce qu’il faut apporter…",
    )  # fmt: skip


@bp_gestion.route("/<int:id>/courriels/<name>", methods=["GET", "POST"])
@access("coordination")
def mail(id, name):
    """One mail as it is received, and the words that the organiser adds to it."""
    event = event_or_404(id)
    if name not in LABELS:
        abort(404)
    kept = mail_words.of(event, name)
    form = WordsForm(data={"words": kept})
    act = request.form.get("act")
    if act == "reset":
        mail_words.forget(id, name)
        flash("Cet e-mail a repris ses mots habituels.")
        return redirect(url_for("event_gestion.mail", id=id, name=name), 303)
    if form.validate_on_submit() and act != "preview":
        try:
            mail_words.write(id, name, form.words.data or "")
        except RuleError as error:
            form.refuse(error)
        else:
            flash("Vos mots sont enregistrés : ils figurent dans les prochains envois.")
            return redirect(url_for("event_gestion.mail", id=id, name=name), 303)
    subject, text, _ = letters.preview_parts(event, name, words=form.words.data or "")
    return page(
        "event/gestion_mail.html", fragment="apercu", form=form, event=event, name=name, label=LABELS[name],
        subject=subject, text=text, has_own=bool(kept), status=200 if act == "preview" else None,
    )  # fmt: skip


@bp_gestion.get("/<int:id>/courriels/<name>/html")
@access("coordination")
def mail_html(id, name):
    """The same mail as a mail program shows it: alone, without a script."""
    event = event_or_404(id)
    if name not in LABELS:
        abort(404)
    response = make_response(letters.preview_parts(event, name)[2])
    response.headers["Content-Security-Policy"] = MAIL_CSP
    return response
