"""What left, what waits, what failed, and what to do about it."""

import email
import email.policy
from datetime import timedelta

from flask import Blueprint, abort, flash, redirect, url_for
from flask_login import current_user
from peewee import fn

from cptsapp.blueprints.person.models import Person
from cptsapp.kernel import limits, mail
from cptsapp.kernel.access import access, may
from cptsapp.kernel.db import now
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.htmx import page
from cptsapp.kernel.mail import Kind, MailSender, OutgoingMail, State, deciding, render
from cptsapp.kernel.mail.explain import explain
from cptsapp.kernel.mail.headers import domain_of, envelope_address
from cptsapp.kernel.mail.models import HELD, MailTry
from cptsapp.kernel.mail.queue import without
from cptsapp.kernel.tables import Bulk, Cases, Column, DataTable, OneOf, Period

from . import dns, rules
from .forms import DomainForm, TestForm

bp_gestion = Blueprint("outbox_gestion", __name__, url_prefix="/gestion/courriels")

BADGES = {
    State.SENT: "ok",
    State.PENDING: "mute",
    State.CLAIMED: "mute",
    State.IN_DOUBT: "mute",
    State.REFUSED: "bad",
    State.UNCERTAIN: "warn",
    State.SKIPPED: "mute",
}
WAITING = (State.PENDING, *HELD)
TESTS_PER_HOUR = 20


def state_of(row) -> str:
    """« En attente » says more when a first try failed."""
    return "À réessayer" if row.state == State.PENDING and row.attempts else row.state_label


MAILS = DataTable(
    "courriels",
    Column("objet", "E-mail", lambda row: row.subject or "(sans objet)", sort=OutgoingMail.subject,
           link="outbox_gestion.show", sub="to_address", export="subject"),
    Column("nature", "Nature", "kind_label", sort=OutgoingMail.kind),
    Column("etat", "État", state_of, sort=OutgoingMail.state, badge=lambda row: BADGES[row.state]),
    Column("cree", "Demandé", "created_at", sort=OutgoingMail.created_at),
    Column("parti", "Terminé", "done_at", sort=OutgoingMail.done_at),
    Column("adresse", "Adresse", "to_address", shown=False),
    Column("reponse", "Réponse du serveur", "last_error", shown=False),
    noun=("e-mail", "e-mails"),
    search=[OutgoingMail.folded],
    filters=[
        Cases(
            "etat",
            "État",
            {
                "attente": ("En attente", OutgoingMail.state.in_(WAITING)),
                "partis": ("Partis", OutgoingMail.state == State.SENT),
                "verifier": ("À vérifier", OutgoingMail.state == State.UNCERTAIN),
                "refuses": ("Refusés", OutgoingMail.state == State.REFUSED),
                "non-envoyes": ("Non envoyés", OutgoingMail.state == State.SKIPPED),
            },
            blank="Tous les états",
        ),
        OneOf("nature", "Nature", OutgoingMail.kind, Kind, blank="Toutes les natures"),
        Period("demande", "Demandé", OutgoingMail.created_at),
    ],
    order="-cree",
    bulk=[Bulk("renvoyer", "Renvoyer"), Bulk("laisser", "Ne pas renvoyer")],
    bulk_endpoint="outbox_gestion.bulk",
    hint="Adresse ou objet",
    empty="Les e-mails que le site envoie (liens de connexion, réponses, rappels) apparaissent ici.",
    people=True,
)  # fmt: skip


def newest():
    return OutgoingMail.select()


@bp_gestion.get("/")
@access("coordination", "admin")
def index():
    return MAILS.page("outbox/gestion_list.html", newest(), pause=pause(), figures=figures())


def pause() -> dict | None:
    """Return what the banner says while nothing leaves, or None."""
    sender = MailSender.state()
    if not sender.is_paused:
        return None
    return {
        "since": sender.paused_since,
        "until": sender.paused_until,
        "is_due": sender.paused_until is None or sender.paused_until <= now(),
        "words": sender.pause_words,
        "meaning": explain(sender.pause_words),
    }


def figures() -> dict[str, int]:
    """Return the number of mails in each state, those that wait together."""
    query = OutgoingMail.select(OutgoingMail.state, fn.COUNT(1)).group_by(OutgoingMail.state)
    counts = dict(query.tuples())
    return {
        "waiting": sum(counts.get(state, 0) for state in WAITING),
        "sent": counts.get(State.SENT, 0),
        "uncertain": counts.get(State.UNCERTAIN, 0),
        "refused": counts.get(State.REFUSED, 0),
    }


@bp_gestion.post("/lot")
@access("coordination", "admin")
def bulk():
    action, ids = MAILS.selection(newest())
    count = deciding.decide(action, ids)
    done = "remis en file d’attente" if action == "renvoyer" else "laissés en l’état"
    flash(f"E-mails {done} : {count}.")
    return redirect(MAILS.back("outbox_gestion.index"), 303)


@bp_gestion.get("/<int:id>")
@access("coordination", "admin")
def show(id):
    row = _mail_or_404(id)
    tries = list(row.tries.order_by(MailTry.at.desc()))
    persons = list(Person.select().where(Person.id.in_(row.persons))) if row.persons else []
    return page(
        "outbox/gestion_show.html",
        mail=row,
        state=state_of(row),
        badge=BADGES[row.state],
        tries=[(each, explain(f"{each.smtp_code or ''} {each.words}")) for each in tries],
        meaning=explain(f"{row.smtp_code or ''} {row.last_error}") if row.last_error else "",
        persons=persons,
        text=readable_text(row) if may("coordination") else None,
        may_resend=deciding.may_resend(row),
        is_wiped=deciding.is_wiped(row),
    )


def readable_text(row) -> str | None:
    """Return the words of a mail, its one-time links left out; None for a mailing, which has its own page."""
    content = rules.frozen_of(row)
    if content and not row.secret:
        parsed = email.message_from_bytes(content, policy=email.policy.default)
        return parsed.get_body(("plain",)).get_content()
    if not row.template:
        return None
    values = without(row.values, row.secret.split(","))
    try:
        return render.parts(row.template, values, mail.identity_for(row.kind), subject=row.subject)[0]
    except Exception:  # a template that has changed since must not hide the rest of the page
        return None


@bp_gestion.post("/<int:id>/renvoyer")
@access("coordination", "admin")
def resend(id):
    _mail_or_404(id)
    deciding.resend(id)
    flash("L’e-mail repart, avec le même identifiant : la plupart des messageries n’en garderont qu’un.")
    return redirect(url_for("outbox_gestion.show", id=id), 303)


@bp_gestion.post("/<int:id>/ne-pas-renvoyer")
@access("coordination", "admin")
def settle(id):
    _mail_or_404(id)
    deciding.settle(id)
    flash("C’est noté : cet e-mail ne sera pas renvoyé.")
    return redirect(url_for("outbox_gestion.show", id=id), 303)


@bp_gestion.post("/reprendre")
@access("coordination", "admin")
def try_now():
    rules.try_now()
    flash("L’envoi est relancé. Si le serveur refuse encore, la raison s’affichera ici.")
    return redirect(url_for("outbox_gestion.index"), 303)


@bp_gestion.route("/essai", methods=["GET", "POST"])
@access("coordination", "admin")
def test():
    form, tested = TestForm(), None
    form.kind.choices = [(kind, f"{label} : {mail.identity_for(kind).email}") for kind, label in SENDERS]
    if form.to.data is None:
        form.to.data = getattr(current_user, "email", "")
    if form.validate_on_submit():
        limits.hit("mail-test", str(current_user.id), limit=TESTS_PER_HOUR, per=timedelta(hours=1))
        try:
            tested = rules.send_test(form.to.data, Kind(form.kind.data))
        except RuleError as error:
            form.refuse(error)
    return page("outbox/gestion_test.html", fragment="essai", form=form, tested=tested)


SENDERS = [(Kind.PERSONAL, "Messages personnels"), (Kind.COLLECTIVE, "Envois collectifs")]


@bp_gestion.route("/conseils", methods=["GET", "POST"])
@access("coordination", "admin")
def advice():
    form, findings, failure = DomainForm(), [], False
    if form.validate_on_submit():
        try:
            findings = [(each, dns.examine(each, selector=form.selector.data)) for each in domains()]
        except dns.LookupFailed:
            failure = True
    return page(
        "outbox/gestion_advice.html",
        fragment="examen",
        form=form,
        domains=domains(),
        findings=findings,
        failure=failure,
    )


def domains() -> list[str]:
    """Return the domains of both senders and of the returns, in the form that the DNS knows."""
    senders = [mail.identity_for(kind) for kind, _ in SENDERS]
    addresses = [address for sender in senders for address in (sender.email, sender.envelope)]
    return list(dict.fromkeys(domain_of(envelope_address(each) or each) for each in addresses))


def _mail_or_404(id) -> OutgoingMail:
    return OutgoingMail.get_or_none(OutgoingMail.id == id) or abort(404)
