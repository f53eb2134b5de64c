"""What sendings tell the floors below: menu, what waits, the bytes of their mails, a person's returns."""

from flask import flash, url_for

from cptsapp.blueprints.person.models import Person
from cptsapp.kernel import journal, registry
from cptsapp.kernel.dates import datetime_fr
from cptsapp.kernel.mail.models import MailBounce
from cptsapp.kernel.registry import NavItem, Waiting, navigation
from cptsapp.kernel.text import plural

from . import chosen, content, rules, sources
from .gestion import title_of
from .gestion_returns import to_read
from .models import Mailing, State

__all__ = ["content"]  # imported so that the sender finds it
ROOM = ("coordination",)

navigation.append(NavItem("gestion", "Envois", "mailing_gestion.index", "send", ROOM, "Communication", order=14))


@registry.letter_writer
def write_to(person_ids: list[int]) -> str:
    mailing = chosen.open_to(person_ids)
    flash(f"Ce message est pour {plural(len(person_ids), 'personne choisie', 'personnes choisies')}.")
    return sources.find(mailing.source_key).edit_url(mailing.source_id)


@registry.waiting("mailing", access=ROOM)
def decisions():
    scheduled = Mailing.select().where(Mailing.state == State.SCHEDULED)
    for mailing in scheduled:
        if rules.is_missed(mailing):
            words = f"« {title_of(mailing)} » n’est pas partie à l’heure prévue : l’envoyer ?"
            yield Waiting(words, url_for("mailing_gestion.send", id=mailing.id), 1)
    for mailing in Mailing.select().where(Mailing.state == State.DRAFT, Mailing.trouble != ""):
        words = f"« {title_of(mailing)} » n’a pas pu partir à l’heure prévue"
        yield Waiting(words, url_for("mailing_gestion.send", id=mailing.id), 1)
    for mailing in Mailing.select().where(Mailing.state == State.PAUSED):
        yield Waiting(f"« {title_of(mailing)} » est en pause", url_for("mailing_gestion.show", id=mailing.id), 1)
    if count := to_read():
        words = plural(count, "retour d’e-mail à lire", "retours d’e-mails à lire")
        yield Waiting(words, url_for("mailing_gestion.returns", etat="a-lire"), count)


@journal.subject("mailing", "Envoi")
def names(ids):
    found = Mailing.select().where(Mailing.id.in_([int(id) for id in ids if id.isdecimal()]))
    return {str(each.id): (title_of(each), url_for("mailing_gestion.show", id=each.id)) for each in found}


@journal.subject("mail_return", "Retour d’e-mail")
def return_names(ids):
    found = MailBounce.select(MailBounce.id, MailBounce.address).where(
        MailBounce.id.in_([int(id) for id in ids if id.isdecimal()])
    )
    return {
        str(each.id): (each.address or "Retour", url_for("mailing_gestion.show_return", id=each.id)) for each in found
    }


@registry.personal_data("mail_returns", "E-mails revenus")
def export(person_id):
    returns = [
        {"date": datetime_fr(each.at), "adresse": each.address, "motif": each.kind_label, "reponse": each.words}
        for each in _returns_of(person_id)
    ]
    return {"retours": returns} if returns else {}


@registry.personal_eraser(order=20)
def erase(person_id):
    """Forget the returns of an address that was this person's alone."""
    MailBounce.delete().where(MailBounce.id.in_([each.id for each in _returns_of(person_id)])).execute()


def _returns_of(person_id) -> list[MailBounce]:
    person = Person.get_or_none(Person.id == person_id)
    if person is None or not person.email_normalised:
        return []
    shared = Person.with_email(person.email_normalised).where(Person.id != person_id)
    return [] if shared.exists() else list(MailBounce.select().where(MailBounce.address == person.email_normalised))
