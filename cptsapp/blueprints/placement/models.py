"""One line for the placements that a host offered in a semester at a level; « maquettes » are in its note."""

from datetime import date

from peewee import JOIN, CharField, Check, DateField, DateTimeField, ForeignKeyField, IntegerField, TextField, fn

from cptsapp.blueprints.adherent.models import Practice
from cptsapp.blueprints.person.models import Person
from cptsapp.blueprints.territory.models import Commune
from cptsapp.kernel.choices import Choice
from cptsapp.kernel.dates import add_months
from cptsapp.kernel.db import Table, now
from cptsapp.kernel.registry import Personal

SPRING, AUTUMN = 5, 11


class Level(Choice):
    EXTERNE = "externe", "2e cycle : externe"
    FIRST = "niveau_1", "3e cycle : interne de niveau 1"
    SASPAS = "saspas", "3e cycle : SASPAS"
    WOMEN_CHILDREN = "femme_enfant", "3e cycle : santé de la femme ou de l’enfant"
    OTHER = "autre", "Autre profession"


def semester_of(day: date) -> date:
    """Return the first day of the semester that holds a day: 1 May or 1 November."""
    if day.month >= AUTUMN:
        return date(day.year, AUTUMN, 1)
    return date(day.year, SPRING, 1) if day.month >= SPRING else date(day.year - 1, AUTUMN, 1)


def next_semester(start: date) -> date:
    return add_months(start, 6)


def semester_label(start: date) -> str:
    """« mai à octobre 2026 », « novembre 2026 à avril 2027 »."""
    if start.month == SPRING:
        return f"mai à octobre {start.year}"
    return f"novembre {start.year} à avril {start.year + 1}"


def short_label(start: date) -> str:
    """« mai 2026 », « nov. 2026 »: under a chart."""
    return f"{'mai' if start.month == SPRING else 'nov.'} {start.year}"


class Placement(Table):
    """`number` trainees at a level, with a host, in the semester that starts on `starts_on`."""

    starts_on = DateField()
    host = ForeignKeyField(Person, null=True, on_delete="SET NULL", backref="placements")
    level = CharField(max_length=16, choices=Level.choices())
    number = IntegerField(default=1)
    sites = TextField(default="")  # the sites and half-days of a combined placement; nobody's name
    created_at = DateTimeField(default=now)

    class Meta:
        indexes = ((("starts_on", "host", "level"), True),)
        constraints = [Check("number BETWEEN 1 AND 20")]
        personal = Personal(
            purpose="Registre des stages effectués sur le territoire",
            basis="Intérêt légitime : suivre et développer l’accueil des étudiants",
            kept="Tant que le maître de stage est connu de l’association ; ensuite les chiffres seuls",
            categories="Identité du maître de stage, semestre, niveau, nombre de stagiaires (sans leur nom)",
            recipients="Bureau et coordination",
        )

    @property
    def semester(self) -> str:
        return semester_label(self.starts_on)

    @property
    def level_label(self) -> str:
        return Level(self.level).label

    @property
    def host_label(self) -> str:
        return self.host.list_label if self.host_id else "Sans nom"

    @property
    def commune_name(self) -> str:
        """The commune where the host practises, when the row was read with `joined`."""
        place = getattr(self.host, "place", None) if self.host_id else None
        return place.name if place and place.insee else ""

    @classmethod
    def joined(cls):
        query = cls.select(cls, Person, Commune).join(Person, JOIN.LEFT_OUTER)
        query = query.join(Practice, JOIN.LEFT_OUTER, on=(Practice.person == Person.id))
        return query.join_from(Person, Commune, JOIN.LEFT_OUTER, on=(Practice.commune == Commune.insee), attr="place")

    @classmethod
    def begun(cls, start: date, end: date):
        """Return the condition that a placement began in a period."""
        return (cls.starts_on >= start) & (cls.starts_on <= end)

    @classmethod
    def total(cls, start: date, end: date) -> int:
        return cls.select(fn.COALESCE(fn.SUM(cls.number), 0)).where(cls.begun(start, end)).scalar()

    @classmethod
    def semesters(cls) -> list[tuple[date, int]]:
        """Return (start, trainees) of each semester known, oldest first."""
        query = cls.select(cls.starts_on, fn.SUM(cls.number)).group_by(cls.starts_on).order_by(cls.starts_on)
        return list(query.tuples())
