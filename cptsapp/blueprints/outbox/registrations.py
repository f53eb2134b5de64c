"""What mails tell the floors below: menu, what waits, figures, a person's data."""

from flask import url_for
from peewee import fn

from cptsapp.kernel import registry
from cptsapp.kernel.access import may
from cptsapp.kernel.dates import datetime_fr
from cptsapp.kernel.mail import MailSender, OutgoingMail, State, retention
from cptsapp.kernel.prepared import Counted, prepared
from cptsapp.kernel.registry import NavItem, Waiting, navigation
from cptsapp.kernel.settings import settings
from cptsapp.kernel.sources import has
from cptsapp.kernel.text import plural

from . import rules

ROOM = ("coordination", "admin")
LISTED = 8


to_decide = Counted(lambda: OutgoingMail.select().where(OutgoingMail.state == State.UNCERTAIN))

navigation.append(
    NavItem(
        "gestion", "E-mails envoyés", "outbox_gestion.index", "send", ROOM, "Communication", order=60, count=to_decide
    )
)
registry.reserved_slugs.add("_courriels")


@registry.waiting("mail", access=ROOM)
def decisions():
    count, page = to_decide(), url_for("outbox_gestion.index", etat="verifier")
    words = plural(count, "e-mail à vérifier : est-il arrivé ?", "e-mails à vérifier : sont-ils arrivés ?")
    yield Waiting(words, page, count)
    if MailSender.state().is_paused:
        yield Waiting("Les e-mails ne partent plus : voir pourquoi", url_for("outbox_gestion.index"), 1)


@registry.indicator("mail.sent", "E-mails envoyés", unit="e-mails")
def sent(start, end):
    return retention.count_sent(start, end)


@registry.person_panel("E-mails", template="outbox/_panel.html", access=("coordination",), order=80)
def mails_of(person):
    rows = _mails_of.all(person.email_normalised, f",{person.id},")
    return {"mails": rows} if rows and may("coordination") else None


@prepared
def _mails_of(address, number):
    """The last mails of a person at their address of today: an index gives them, however many mails left."""
    theirs = fn.LOWER(OutgoingMail.to_address) == address, has(OutgoingMail.person_ids, number)
    return OutgoingMail.select().where(*theirs).order_by(OutgoingMail.id.desc()).limit(LISTED)


@registry.personal_data("mails", "E-mails reçus du site")
def export(person_id):
    return {
        "e-mails": [
            {
                "date": datetime_fr(row.created_at),
                "adresse": row.to_address,
                "objet": row.subject,
                "nature": row.kind_label,
                "etat": row.state_label,
            }
            for row in OutgoingMail.of_person(person_id)
        ]
    }


@registry.personal_eraser()
def erase(person_id):
    rules.erase_person(person_id)


def init_app(app):
    app.jinja_env.globals["demo_mailbox"] = lambda: url_for("outbox.index") if settings.demo else ""
