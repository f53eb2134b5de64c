"""A registration as it is written: what was typed is checked and put on it, then it gets its seat or waits."""

import hashlib
import re
import secrets

from cptsapp.blueprints.adherent.models import Practice, is_adherent
from cptsapp.blueprints.association.models import identity
from cptsapp.blueprints.person.models import Person
from cptsapp.blueprints.person.rules import one_line
from cptsapp.kernel import journal
from cptsapp.kernel.db import as_they_are, now
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.mail.headers import is_closed_network
from cptsapp.kernel.text import fold, normalise_email, plural

from . import eligibility, letters
from .models import Event, Question, QuestionKind
from .people import LIVING, Answer, Place, Registration
from .seats import Standing, promote_if_open, standing

REGISTERED = journal.declare("event.registered", "Inscription à un événement")
ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"  # no sign that is read as another
CODE_LENGTH = 10
LENGTHS = {
    "given_name": 80, "family_name": 80, "email": 254, "profession": 12, "profession_other": 120,
    "organisation": 160, "cpts": 120,
}  # fmt: skip
LONGEST_ANSWER = 1000
CLOSED_NETWORK = "Une adresse MSSanté ne reçoit pas les e-mails ordinaires. Indiquez-en une autre."
GREETED = ("given_name", "family_name")  # they reach mails: nobody advertises through us
ADDRESS = re.compile(r"://|www\.|@", re.IGNORECASE)
LIGHT = ("given_name", "email")  # all that is kept of who comes to a light event
NAMED, GIVEN = ("given_name", "family_name", "email"), ("given_name",)  # what must be there


def act(form_key: str, values: dict) -> str:
    """Return what tells one sending from another: the form, and the person it was sent for."""
    who = "\n".join([form_key, address_of(values.get("email")), fold(values.get("given_name") or "")])
    return hashlib.sha256(who.encode("utf-8", "replace")).hexdigest()[:40]


def sent_with(key: str) -> Registration | None:
    """Return the registration that one sending of a form made."""
    id = Registration.select(Registration.id).where(Registration.form_key == key).scalar()
    return Registration.get_by_id(id) if id else None


def is_received(form_key: str, values: dict) -> bool:
    """Tell whether the form that carries this key has been sent already, for the same person."""
    return Registration.select().where(Registration.form_key == act(form_key, values)).exists()


def address_of(text: str | None) -> str:
    """Return an address as registrations compare it."""
    return normalise_email(one_line(text or ""))


def refuse(sentence: str, field: str | None = None) -> None:
    if sentence:
        raise RuleError(sentence, field)


def known_by(event_id: int, address: str) -> Registration | None:
    """Return the registration of an address that lives, or that the organisers took away; one who left may return."""
    if not address:
        return None
    mine = (Registration.event == event_id) & (Registration.email_normalised == address)
    states = [str(each) for each in (*LIVING, Place.REMOVED)]
    query = Registration.select(Registration.id).where(mine, Registration.state.in_(states))
    id = query.order_by(Registration.state == Place.REMOVED, Registration.id.desc()).limit(1).scalar()
    return Registration.joined().where(Registration.id == id).first() if id else None


def seat(booked: Registration, answers: dict[int, str], event: Event, before: Standing) -> Registration:
    """Write a new registration where it belongs, with its answers, its mail and its line of journal."""
    if before.waiting and promote_if_open(event):
        before = standing(event)
    place = Place.CONFIRMED if before.fits(booked.seats) and not before.waiting else Place.WAITING
    if event.capacity is not None and booked.seats > event.capacity:
        raise RuleError(f"Cet événement n’a que {plural(event.capacity, 'place')}. Venez moins nombreux.", "guests")
    if place == Place.WAITING and not event.has_waiting_list:
        raise RuleError(_full(before))
    booked.state, booked.confirmed_at = place, now() if place == Place.CONFIRMED else None
    booked.save(force_insert=True)
    keep_answers(booked, answers, is_new=True)
    letters.confirmation(booked) if place == Place.CONFIRMED else letters.waiting(booked, rank=before.waiting + 1)
    journal.write(REGISTERED, "registration", booked.id, event=event.id)
    return booked


def _full(before: Standing) -> str:
    if before.left:
        return f"Il ne reste que {plural(before.left, 'place')}, accompagnants compris. Venez moins nombreux."
    return "L’événement est complet. Si vous y êtes déjà inscrit, demandez de nouveau votre lien en bas de cette page."


def is_living(event_id: int, address: str) -> bool:
    known = known_by(event_id, address)
    return known is not None and known.place in LIVING


def fill(
    booked: Registration,
    values: dict,
    *,
    person: Person | None = None,
    by: tuple[str, str] | None = None,
    needed: tuple[str, ...] = NAMED,
) -> Registration:
    """Put on a registration what was typed; of a light event, no more than what it needs."""
    event = booked.event
    names = LIGHT if event.is_light else tuple(LENGTHS)
    for name in names:
        setattr(booked, name, _checked(name, values.get(name)))
    for name in GIVEN if event.is_light else needed:
        if not getattr(booked, name):
            raise RuleError("Remplissez ce champ.", name)
    booked.email_normalised = normalise_email(booked.email)
    if is_closed_network(booked.email):
        raise RuleError(CLOSED_NETWORK, "email")
    if event.asks_speakers:
        booked.speakers_question = _text(values.get("speakers_question"))
    if by:
        booked.by_name, booked.by_email = _by_name(by[0]), one_line(by[1])[:254]
    booked.person = person or (None if event.is_light else _alone_with(booked))
    if not event.is_light:
        _place(booked)
    booked.is_professional = eligibility.is_health(booked.profession)
    booked.code = booked.code or new_code()
    words = (booked.family_name, booked.given_name, booked.email_normalised, booked.organisation)
    booked.folded = " ".join(fold(word) for word in words if word)[:500]
    return booked


def _checked(name: str, value) -> str:
    text = one_line(value or "")
    if len(text) > LENGTHS[name]:
        raise RuleError(f"Écrivez {LENGTHS[name]} caractères au plus.", name)
    if name in GREETED and ADDRESS.search(text):
        raise RuleError("Écrivez un nom, sans adresse de site ni d’e-mail.", name)
    return text


def _by_name(value) -> str:
    text = one_line(value or "")
    if not text or len(text) > Registration.by_name.max_length or ADDRESS.search(text):
        raise RuleError("Écrivez votre nom, sans adresse.", "by_name")
    return text


def _text(value) -> str:
    text = (value or "").replace("\0", "").strip()
    if len(text) > LONGEST_ANSWER:
        raise RuleError("Votre texte dépasse 1 000 caractères. Raccourcissez-le.", "speakers_question")
    return text


def _alone_with(booked: Registration) -> Person | None:
    """Return the one person known by this address and this name: the registration is then among their own."""
    found = list(Person.with_email(booked.email).limit(2))
    name = fold(booked.family_name)
    return found[0] if len(found) == 1 and name and name == fold(found[0].family_name) else None


def _place(booked: Registration) -> None:
    """Put on a registration what the member's own record says: commune, profession left blank, the CPTS."""
    if booked.person_id is None:
        return
    practice = Practice.of(booked.person_id)
    booked.insee = practice.commune_id or ""
    if not booked.profession and not booked.profession_other:
        booked.profession, booked.profession_other = practice.profession, practice.profession_other
    if not booked.cpts and is_adherent(booked.person):
        booked.cpts = identity().name[:120]


def new_code() -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH))


def questions_of(event: Event) -> list[Question]:
    """Return the questions of an event, in their order."""
    return list(as_they_are(Question, "event_id = ? ORDER BY position", event.id))


def checked_guests(questions: list[Question], guests: int) -> int:
    """Return how many come along: none unless the event asks, no more than it takes."""
    asked = next((each for each in questions if each.kind == QuestionKind.GUESTS), None)
    if asked is None or not guests:
        return 0
    if not 0 <= guests <= asked.most:
        raise RuleError(f"Vous pouvez venir avec {plural(asked.most, 'personne')} au plus.", "guests")
    return guests


def checked_answers(questions: list[Question], answers: dict[int, str], *, all_needed: bool = True) -> dict[int, str]:
    """Return the answers kept, by question: those asked, each of its list, none missing."""
    kept = {}
    for question in questions:
        if question.kind == QuestionKind.GUESTS:
            continue
        field, text = f"question_{question.id}", (answers.get(question.id) or "").replace("\0", "").strip()
        if not text:
            if question.is_required and all_needed:
                raise RuleError("Répondez à cette question.", field)
            continue
        if question.kind == QuestionKind.CHOICE and text not in question.choices:
            raise RuleError("Choisissez une réponse de la liste.", field)
        if len(text) > LONGEST_ANSWER:
            raise RuleError("Votre réponse dépasse 1 000 caractères. Raccourcissez-la.", field)
        kept[question.id] = text
    return kept


def keep_answers(booked: Registration, answers: dict[int, str], *, is_new: bool = False) -> None:
    """Write what was answered in place of what was there before."""
    if not is_new:
        Answer.delete().where(Answer.registration == booked.id).execute()
    for question_id, text in answers.items():
        Answer.insert(registration=booked.id, question=question_id, text=text).execute()
