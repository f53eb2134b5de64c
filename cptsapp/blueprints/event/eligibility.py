"""For whom an event is: said on its page, enforced when one registers. A refusal is a sentence, and says what to do."""

from cptsapp.blueprints.adherent.models import is_adherent
from cptsapp.blueprints.association.models import identity
from cptsapp.blueprints.person.models import Person
from cptsapp.blueprints.territory import reference
from cptsapp.kernel.text import normalise_email

from .models import Audience, Event
from .people import Invitation

ASKS_PROFESSION = (Audience.PROFESSIONALS, Audience.PROFESSIONS)


def is_health(profession: str) -> bool:
    """Tell whether a code of the reference is a health profession."""
    known = reference.professions().get(profession)
    return known is not None and known.is_health


def refusal(event: Event, *, profession: str = "", person: Person | None = None, email: str = "") -> str:
    """Return why somebody may not register, as a sentence, or "" when they may.

    `person` is the member who is logged in, or the colleague that a member registers; `email` is the address typed.
    """
    audience = Audience(event.audience)
    if audience == Audience.PROFESSIONALS and not is_health(profession):
        return f"Cet événement s’adresse aux professionnels de santé. {_write_to_us()}"
    if audience == Audience.PROFESSIONS and profession not in event.profession_codes:
        return f"Cet événement s’adresse à ces professions : {event.audience_label}. {_write_to_us()}"
    if audience == Audience.ADHERENTS and not (person and is_adherent(person)):
        return "Cet événement est réservé aux adhérents. Connectez-vous à votre espace pour vous inscrire."
    if audience == Audience.INVITED and not is_invited(event, person=person, email=email):
        return (
            "Cet événement est réservé aux personnes invitées. Ouvrez le lien de votre e-mail d’invitation, avec "
            "l’adresse à laquelle vous l’avez reçu."
        )
    return ""


def is_invited(event: Event, *, person: Person | None = None, email: str = "") -> bool:
    """Tell whether a person, or an address, is on the list of an event for invited people."""
    address = normalise_email(email)
    who = (Invitation.email_normalised == address) & (Invitation.email_normalised != "")
    if person is not None:
        who |= Invitation.person == person.id
    return Invitation.select().where(Invitation.event == event.id, who).exists()


def is_for(event: Event) -> str:
    """Return for whom an event is, as its page says it: « Ouvert à tous », « Réservé aux adhérents »…"""
    return {
        Audience.EVERYONE: "Ouvert à tous",
        Audience.PROFESSIONALS: "Pour les professionnels de santé",
        Audience.PROFESSIONS: f"Pour ces professions : {event.audience_label}",
        Audience.ADHERENTS: "Réservé aux adhérents",
        Audience.INVITED: "Sur invitation",
    }[Audience(event.audience)]


def _write_to_us() -> str:
    address = identity().email
    where = f" à {address}" if address else ""
    return f"Si vous pensez être concerné, vérifiez la profession choisie ou écrivez-nous{where}."
