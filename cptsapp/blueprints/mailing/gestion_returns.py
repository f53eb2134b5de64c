"""What came back after the relay had taken it: seen, understood, and undone when it was a mistake."""

import email
import email.policy

from flask import abort, flash, redirect, request, url_for

from cptsapp.blueprints.person.models import Person
from cptsapp.kernel.access import access
from cptsapp.kernel.htmx import page
from cptsapp.kernel.mail import OutgoingMail, bounces
from cptsapp.kernel.mail.explain import explain
from cptsapp.kernel.mail.models import Bounce, MailBounce
from cptsapp.kernel.tables import Cases, Column, DataTable, OneOf, Period

from .gestion import bp_gestion

BADGES = dict.fromkeys((Bounce.HARD, Bounce.COMPLAINT), "bad") | dict.fromkeys(
    (Bounce.SOFT, Bounce.POLICY, Bounce.UNKNOWN), "warn"
)
LONGEST_SHOWN = 20_000


def words_of(row: MailBounce) -> str:
    """Return the server's words, with the status when they do not hold it."""
    return row.words if row.status in row.words else f"{row.status} {row.words}"


RETURNS = DataTable(
    "retours",
    Column("adresse", "Adresse", lambda row: row.address or "(inconnue)", sort=MailBounce.address,
           link="mailing_gestion.show_return"),
    Column("sorte", "Retour", "kind_label", sort=MailBounce.kind, badge=lambda row: BADGES.get(row.kind, "mute")),
    Column("dit", "Ce que dit le serveur", lambda row: words_of(row)[:200]),
    Column("arrive", "Arrivé", "at", sort=MailBounce.at),
    Column("lu", "Traité", "handled_at", shown=False),
    noun=("retour", "retours"),
    search=[MailBounce.address],
    filters=[
        OneOf("sorte", "Retour", MailBounce.kind, Bounce, blank="Tous les retours"),
        Cases(
            "etat",
            "État",
            {"a-lire": ("À lire", (MailBounce.kind == Bounce.UNKNOWN) & MailBounce.handled_at.is_null())},
            blank="Traités ou non",
        ),
        Period("arrive", "Arrivé", MailBounce.at),
    ],
    order="-arrive",
    export_endpoint="mailing_gestion.export_returns",
    hint="Adresse",
    empty="Les messages qui reviennent (adresse inconnue, boîte pleine) s’affichent ici.",
    people=True,
)  # fmt: skip


def to_read() -> int:
    """Return how many returns wait for a person to read them."""
    return MailBounce.select().where(MailBounce.kind == Bounce.UNKNOWN, MailBounce.handled_at.is_null()).count()


@bp_gestion.get("/retours")
@access("coordination", "admin")
def returns():
    return RETURNS.page("mailing/returns.html", MailBounce.select())


@bp_gestion.post("/retours/export")
@access("coordination", "admin")
def export_returns():
    return RETURNS.export(MailBounce.select())


@bp_gestion.get("/retours/<int:id>")
@access("coordination", "admin")
def show_return(id):
    row = _found(id)
    mail = OutgoingMail.get_or_none(OutgoingMail.id == row.mail_id) if row.mail_id else None
    return page(
        "mailing/return.html",
        row=row,
        badge_kind=BADGES.get(row.kind, "mute"),
        words=words_of(row),
        meaning=explain(words_of(row)) if row.words else "",
        mail=mail,
        persons=list(Person.with_email(row.address)) if row.address else [],
        soft=bounces.soft_in_a_row(row.address) if row.kind == Bounce.SOFT and row.address else 0,
        most_soft=bounces.SOFT_TO_HOLD,
        is_suspended=bounces.is_suspended(row.address),
        text=_readable(row),
    )


def _readable(row: MailBounce) -> str:
    """Return the words of a kept return, or its bytes as they are when it does not parse."""
    if row.content is None:
        return ""
    content = bytes(row.content)
    try:
        body = email.message_from_bytes(content, policy=email.policy.default).get_body(("plain", "html"))
        text = body.get_content() if body is not None else ""
    except Exception:  # a stranger's bytes: shown as they came
        text = ""
    return (text or content.decode("utf-8", "replace"))[:LONGEST_SHOWN]


@bp_gestion.post("/retours/<int:id>")
@access("coordination", "admin")
def decide_return(id):
    row, act = _found(id), request.form.get("act", "")
    if act == "release" and row.address:
        bounces.release(row.address)
        flash(f"Les envois reprennent vers {row.address}.")
    elif act == "suspend" and row.address:
        bounces.suspend(id)
        flash(f"Plus rien de collectif ne part vers {row.address} ; les messages personnels, si.")
    else:
        bounces.handle(id)
        flash("C’est noté : ce retour est lu.")
    return redirect(url_for(".show_return", id=id), 303)


def _found(id) -> MailBounce:
    return MailBounce.get_or_none(MailBounce.id == id) or abort(404)
