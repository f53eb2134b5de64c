"""The indicators of events: held, registered, participants, professionals present; by kind, mission, action, origin."""

from datetime import date

from cptsapp.blueprints.territory import reference
from cptsapp.kernel.registry import Parameter, breakdown, indicator

from . import behind as behind  # registers the rows of the figures
from . import figures
from .models import Event, EventKind

NARROWED = (
    Parameter("kind", "Nature", EventKind.choices),
    Parameter("action", "Code de l’action"),
    Parameter("mission", "Mission", lambda: [(each.code, each.label) for each in reference.missions().values()]),
)


@indicator("event.held", "Événements tenus", unit="événements", parameters=NARROWED)
def held(start: date, end: date, **which: str) -> int:
    return len(figures.narrowed(start, end, **which))


@indicator("event.registered", "Inscrits aux événements tenus", unit="personnes", parameters=NARROWED)
def registered(start: date, end: date, **which: str) -> int:
    return figures.registered(start, end, **which)


@indicator("event.participants", "Participants aux événements", unit="personnes", parameters=NARROWED)
def participants(start: date, end: date, **which: str) -> int:
    return figures.participants(start, end, **which)


@indicator("event.professionals", "Professionnels de santé présents", unit="professionnels", parameters=NARROWED)
def professionals(start: date, end: date, **which: str) -> int:
    return figures.professionals(start, end, **which)


@indicator("event.trained", "Professionnels de santé formés", unit="professionnels")
def trained(start: date, end: date) -> int:
    """Count the professionals present at trainings."""
    return figures.professionals(start, end, kind=EventKind.TRAINING)


WAYS = {
    "type": ("Par nature", figures.kind_of),
    "mission": ("Par mission", figures.mission_of),
    "action": ("Par action", figures.action_of),
}
FIGURES = {"event.held": 0, "event.participants": 1, "event.professionals": 2, "event.registered": 3}


def _register(key: str, place: int, by: str, label: str, way) -> None:
    @breakdown(key, by, label)
    def told_apart(start: date, end: date) -> dict[str, int]:
        return {name: line[place] for name, line in figures.split(start, end, way).items() if line[place]}


for _key, _place in FIGURES.items():
    for _by, (_label, _way) in WAYS.items():
        _register(_key, _place, _by, _label, _way)


def _told_apart(start: date, end: date, way) -> dict[str, int]:
    """Return people present told apart, with those of whom only the number is known: the sum is that of all."""
    named = way(figures.present_in(figures.held(start, end).select(Event.id)))
    unnamed = figures.participants(start, end) - sum(named.values())
    return named | ({"Comptés sans nom": unnamed} if unnamed > 0 else {})


@breakdown("event.participants", "profession", "Par profession")
def by_profession(start: date, end: date) -> dict[str, int]:
    return _told_apart(start, end, figures.by_profession)


@breakdown("event.participants", "commune", "Par commune")
def by_commune(start: date, end: date) -> dict[str, int]:
    return _told_apart(start, end, figures.by_commune)


@breakdown("event.participants", "cpts", "Par CPTS d’origine")
def by_cpts(start: date, end: date) -> dict[str, int]:
    return _told_apart(start, end, figures.by_cpts)


@breakdown("event.held", "partner", "Par co-organisateur")
def by_partner(start: date, end: date) -> dict[str, int]:
    return figures.by_partner(start, end)
