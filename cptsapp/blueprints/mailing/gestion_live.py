"""A sending on its way, and afterwards: how far it is, who got it, what may still be decided."""

from flask import abort, flash, redirect, request, url_for

from cptsapp.blueprints.person.models import Person
from cptsapp.kernel.access import access
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.htmx import page, wants_fragment
from cptsapp.kernel.mail import MailSender, OutgoingMail, deciding
from cptsapp.kernel.mail import State as MailState
from cptsapp.kernel.mail.explain import explain
from cptsapp.kernel.tables import Bulk, Cases, Column, DataTable
from cptsapp.kernel.text import plural

from . import audience, progress, rules, sources
from .content import compiled_of
from .gestion import BADGES, bp_gestion, found_or_404, title_of
from .letters import Recipient
from .models import Mailing, State

ROW_BADGES = {
    MailState.SENT: "ok",
    MailState.REFUSED: "bad",
    MailState.UNCERTAIN: "warn",
}


def with_names(rows: list[OutgoingMail]):
    """Look up at once the names of the people of a page."""
    ids = {id for row in rows for id in row.persons}
    names = {each.id: each.label for each in Person.select().where(Person.id.in_(ids))} if ids else {}
    for row in rows:
        row.who = ", ".join(names[id] for id in row.persons if id in names) or row.to_address or "Personne effacée"


def words_of(row) -> str:
    """Return the server's own words, or why nothing was sent."""
    return row.skip_reason or " ".join(filter(None, [str(row.smtp_code or ""), row.last_error])).strip()


def state_of(row) -> str:
    return "À réessayer" if row.state == MailState.PENDING and row.attempts else row.state_label


RECIPIENTS = DataTable(
    "destinataires",
    Column("qui", "Destinataire", "who", sort=OutgoingMail.folded, link="outbox_gestion.show", sub="to_address"),
    Column("etat", "État", state_of, sort=OutgoingMail.state, badge=lambda row: ROW_BADGES.get(row.state, "mute")),
    Column("fin", "Terminé", "done_at", sort=OutgoingMail.done_at),
    Column("reponse", "Réponse du serveur ou raison", words_of),
    Column("adresse", "Adresse", "to_address", shown=False),
    Column("essais", "Essais", "attempts", shown=False),
    Column("suivant", "Prochain essai", lambda row: row.next_try_at if row.state == MailState.PENDING else None,
           shown=False),
    noun=("destinataire", "destinataires"),
    search=[OutgoingMail.folded],
    filters=[
        Cases(
            "etat",
            "État",
            {
                "attente": ("En attente", OutgoingMail.state.in_(rules.WAITING)),
                "partis": ("Partis", OutgoingMail.state == MailState.SENT),
                "verifier": ("À vérifier", OutgoingMail.state == MailState.UNCERTAIN),
                "refuses": ("Refusés", OutgoingMail.state == MailState.REFUSED),
                "non-envoyes": ("Non envoyés", OutgoingMail.state == MailState.SKIPPED),
            },
            blank="Tous les états",
        )
    ],
    order="qui",
    bulk=[Bulk("renvoyer", "Renvoyer"), Bulk("laisser", "Ne pas renvoyer")],
    bulk_endpoint="mailing_gestion.decide",
    export_endpoint="mailing_gestion.export_recipients",
    hint="Nom ou adresse",
    empty="Les destinataires de cet envoi s’affichent ici.",
    people=True,
    prepare=with_names,
)  # fmt: skip


@bp_gestion.get("/<int:id>")
@access("coordination")
def show(id):
    mailing = found_or_404(id)
    if mailing.is_open:
        endpoint = ".send" if mailing.audience else ".recipients"
        return redirect(url_for(endpoint, id=id), 303)
    return RECIPIENTS.page("mailing/show.html", mailing.rows, **_situation(mailing))


@bp_gestion.get("/<int:id>/progression")
@access("coordination")
def live(id):
    """Answer the part of the page that moves, for htmx; anybody else gets the page."""
    mailing = found_or_404(id)
    if not wants_fragment() or mailing.is_open:
        return redirect(url_for(".show", id=id), 303)
    return page("mailing/show.html", fragment="progression", **_situation(mailing))


def _situation(mailing: Mailing) -> dict:
    """Return what the page shows of a sending, its list apart."""
    figures, sender = progress.of(mailing), MailSender.state()
    doubtful = []
    if figures.uncertain:
        doubtful = list(mailing.rows.where(OutgoingMail.state == MailState.UNCERTAIN).limit(20))
        with_names(doubtful)
    refused = progress.last_refusals(mailing)
    with_names([row for row, _ in refused])
    source = sources.find(mailing.source_key)
    return {
        "mailing": mailing,
        "title": title_of(mailing),
        "badge_kind": BADGES[mailing.state],
        "figures": figures,
        "look_again": progress.seconds_to_next_look(mailing, figures),
        "doubtful": doubtful,
        "refused": refused,
        "reasons": progress.reasons(mailing),
        "returned": progress.returned(mailing),
        "held_up": explain(sender.pause_words) if sender.is_paused and mailing.state == State.SENDING else "",
        "edit_url": source.edit_url(mailing.source_id) if source else "",
    }


@bp_gestion.get("/<int:id>/texte")
@access("coordination")
def text(id):
    """Show what left, as it reads for nobody in particular."""
    mailing = found_or_404(id)
    if mailing.is_open:
        abort(404)
    compiled = compiled_of(id)
    steps = audience.describe(audience.steps_of(mailing.audience))
    return page(
        "mailing/text.html",
        mailing=mailing,
        title=title_of(mailing),
        subject=compiled.subject_for(Recipient()),
        text=compiled.text_for(Recipient(unsubscribe_url="…", preferences_url="…")),
        words=steps,
    )


# What may be done


@bp_gestion.post("/<int:id>/pause")
@access("coordination")
def pause(id):
    found_or_404(id)
    rules.pause(id)
    flash("L’envoi est en pause. Les messages en main à cet instant finissent de partir.")
    return redirect(url_for(".show", id=id), 303)


@bp_gestion.post("/<int:id>/reprendre")
@access("coordination")
def resume(id):
    found_or_404(id)
    rules.resume(id)
    flash("L’envoi reprend.")
    return redirect(url_for(".show", id=id), 303)


@bp_gestion.post("/<int:id>/arreter")
@access("coordination")
def cancel(id):
    found_or_404(id)
    count = rules.cancel(id)
    if found_or_404(id).is_open:
        flash("Rien n’était encore parti : l’envoi est de nouveau en préparation, et la lettre peut changer.")
        return redirect(url_for(".send", id=id), 303)
    flash(f"L’envoi est arrêté : {plural(count, 'destinataire ne le recevra', 'destinataires ne le recevront')} pas.")
    return redirect(url_for(".show", id=id), 303)


@bp_gestion.route("/<int:id>/suite", methods=["GET", "POST"])
@access("coordination")
def extend(id):
    """Send it to those who have arrived since: who they are first, then the button."""
    mailing = found_or_404(id)
    if request.method == "POST":
        count = rules.extend(id)
        flash(f"La lettre part aussi pour {plural(count, 'nouveau destinataire', 'nouveaux destinataires')}.")
        return redirect(url_for(".show", id=id), 303)
    if mailing.state not in (State.SENT, State.SENDING):
        abort(404)
    people = rules.newcomers(mailing)
    words = audience.describe(audience.steps_of(mailing.audience))
    return page("mailing/extend.html", mailing=mailing, title=title_of(mailing), people=people, words=words)


@bp_gestion.post("/<int:id>/lot")
@access("coordination")
def decide(id):
    mailing = found_or_404(id)
    action, ids = RECIPIENTS.selection(mailing.rows)
    count = deciding.decide(action, ids)
    flash(f"Messages {'remis en file d’attente' if action == 'renvoyer' else 'laissés en l’état'} : {count}.")
    return redirect(RECIPIENTS.back(".show", id=id), 303)


@bp_gestion.post("/<int:id>/verifies")
@access("coordination")
def settle_all(id):
    """Decide at once for all those in doubt."""
    mailing = found_or_404(id)
    action = request.form.get("action", "")
    if action not in ("renvoyer", "laisser"):
        raise RuleError("Choisissez ce qu’il faut faire de ces messages.")
    ids = [row.id for row in mailing.rows.where(OutgoingMail.state == MailState.UNCERTAIN)]
    count = deciding.decide(action, ids)
    flash(f"Messages {'remis en file d’attente' if action == 'renvoyer' else 'laissés en l’état'} : {count}.")
    return redirect(url_for(".show", id=id), 303)


@bp_gestion.post("/<int:id>/export")
@access("coordination")
def export_recipients(id):
    return RECIPIENTS.export(found_or_404(id).rows)
