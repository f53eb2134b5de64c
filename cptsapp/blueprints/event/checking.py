"""What an event's own values may be, checked before any of them is written."""

from datetime import datetime

from cptsapp.blueprints.territory import reference
from cptsapp.kernel.dates import datetime_fr
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.markdown import plain
from cptsapp.kernel.themes import Theme
from cptsapp.kernel.urls import refuse_unsafe

from .models import Audience, Booking, Event, EventKind

MOST_SEATS = 100_000
MOST_MINUTES = 60 * 24 * 60
REMINDERS = {"7d": "7 jours avant", "1d": "La veille", "1h": "1 heure avant"}
EDITABLE = (
    "title", "kind", "summary", "description", "agenda", "speakers", "image", "image_alt", "theme", "mission",
    "action", "series", "place", "address", "commune", "online_url", "online_note", "online_minutes", "audience",
    "professions", "is_public", "booking", "booking_note", "is_light", "capacity", "has_waiting_list", "opens_at",
    "closes_at", "asks_speakers", "counts_heads", "gives_certificate", "reminders", "satisfaction_url",
)  # fmt: skip
ONE_LINE = {
    "title", "summary", "image_alt", "action", "place", "address", "online_url", "online_note", "booking_note",
    "satisfaction_url",
}  # fmt: skip
NAMES = {
    "title": "Le titre", "summary": "Le résumé", "image_alt": "La description de l’image", "action": "L’action",
    "place": "Le lieu", "address": "L’adresse", "online_url": "Le lien", "online_note": "La précision sur la connexion",
    "booking_note": "La précision sur l’inscription", "satisfaction_url": "Le lien du questionnaire",
}  # fmt: skip


def clean(values: dict) -> dict:
    """Return the values of an event as they are kept. Raises RuleError on one that cannot be."""
    unknown = set(values) - set(EDITABLE)
    if unknown:
        raise TypeError(f"an event has no {', '.join(sorted(unknown))} to write")
    tidied = {name: _tidy(name, value) for name, value in values.items()}
    for name in ONE_LINE & tidied.keys():
        _refuse_long(name, tidied[name])
    return tidied


def _tidy(name: str, value):
    if name == "professions":
        return _professions(value)
    if name == "reminders":
        return _reminders(value)
    if not isinstance(value, str):
        return value
    value = value.replace("\0", "")
    return " ".join(value.split()) if name in ONE_LINE else value.strip()


def _professions(value) -> str:
    codes = value.split(",") if isinstance(value, str) else value
    known = [code for code in reference.professions() if code in codes]
    return f",{','.join(known)}," if known else ""


def _reminders(value) -> str:
    codes = value.split(",") if isinstance(value, str) else value
    return ",".join(code for code in REMINDERS if code in codes)


def _refuse_long(name: str, value: str) -> None:
    most = getattr(Event, name).max_length
    if len(value) > most:
        raise RuleError(f"{NAMES[name]} compte {len(value)} caractères, {most} au plus. Raccourcissez.", name)


def check(event: Event) -> None:
    """Refuse an event whose values do not go together; those that follow from others are put right."""
    if not plain(event.title).strip():
        raise RuleError("Donnez un titre à l’événement.", "title")
    _check_choices(event)
    for name in ("online_url", "satisfaction_url"):
        refuse_unsafe(getattr(event, name), name)
    check_capacity(event.capacity)
    if event.online_minutes is not None and not 0 <= event.online_minutes <= MOST_MINUTES:
        raise RuleError("Écrivez un nombre de minutes entre 0 et 86 400 (60 jours).", "online_minutes")
    if event.image and not event.image_alt:
        raise RuleError("Dites ce que montre l’image, pour les personnes qui ne la voient pas.", "image_alt")
    if event.kind == EventKind.EXTERNAL or (event.counts_heads and event.booking == Booking.ONLINE):
        event.booking = Booking.NONE  # announced, or counted without names: nobody registers with us
    check_window(event.opens_at, event.closes_at, event.starts_at)


def check_capacity(capacity: int | None) -> None:
    if capacity is not None and not 0 < capacity <= MOST_SEATS:
        raise RuleError("Écrivez un nombre de places entre 1 et 100 000, ou laissez vide : sans limite.", "capacity")


def _check_choices(event: Event) -> None:
    try:
        EventKind(event.kind), Audience(event.audience), Booking(event.booking)
        Theme(event.theme or Theme.ACCESS)
    except ValueError:
        raise RuleError("Choisissez une réponse de la liste.") from None
    if event.mission and event.mission not in reference.missions():
        raise RuleError("Choisissez la mission dans la liste.", "mission")
    if event.audience == Audience.PROFESSIONS and not event.profession_codes:
        raise RuleError("Cochez au moins une profession à laquelle l’événement s’adresse.", "professions")


def check_window(opens_at: datetime | None, closes_at: datetime | None, starts_at: datetime | None) -> None:
    """Refuse a registration that closes after the start, or opens after it has closed."""
    if closes_at and starts_at and closes_at > starts_at:
        raise RuleError(
            f"La clôture des inscriptions vient après le début, le {datetime_fr(starts_at)}. Avancez-la, ou laissez "
            "vide : elles se ferment quand l’événement commence.",
            "closes_at",
        )
    end = closes_at or starts_at
    if opens_at and end and opens_at >= end:
        raise RuleError("L’ouverture des inscriptions vient après leur clôture. Avancez-la.", "opens_at")
