"""The meetings with new general practitioners, and who waits for one."""

from datetime import date, timedelta

from peewee import JOIN, SQL, BooleanField, Case, CharField, Check, DateField, DateTimeField, ForeignKeyField, fn

from cptsapp.blueprints.account.models import Account
from cptsapp.blueprints.adherent.models import Membership, Practice
from cptsapp.blueprints.person.models import Person
from cptsapp.blueprints.territory.models import Commune
from cptsapp.kernel.choices import Choice
from cptsapp.kernel.dates import add_months, today
from cptsapp.kernel.db import Table, now
from cptsapp.kernel.registry import Personal

GP = "10-MG"  # a code of territory.reference
NEW_MONTHS = 12  # one who joined before is no newcomer
LATE_DAYS = 60


class State(Choice):
    """Where a welcome stands. `badge` is the kind of its badge."""

    TO_DO = "to_do", "À rencontrer"
    LATE = "late", "En retard"
    MET = "met", "Rencontré"
    NEEDLESS = "needless", "Sans objet"

    @property
    def badge(self) -> str:
        return {"to_do": "warn", "late": "bad", "met": "ok", "needless": "mute"}[self.value]


class Welcome(Table):
    """What came of one welcome, or that somebody asked for it by hand (`asked_on`)."""

    person = ForeignKeyField(Person, unique=True, on_delete="CASCADE", backref="welcome_rows")
    asked_on = DateField(null=True)
    met_on = DateField(null=True)
    is_needless = BooleanField(default=False)
    note = CharField(max_length=1000, default="")
    done_at = DateTimeField(null=True, default=now)
    done_by = ForeignKeyField(Account, null=True, on_delete="SET NULL", backref="+")

    class Meta:
        constraints = [
            Check("met_on IS NULL OR done_at IS NOT NULL"),
            Check("done_at IS NOT NULL OR asked_on IS NOT NULL"),
        ]
        personal = Personal(
            purpose="Accueil des nouveaux médecins généralistes",
            basis="Intérêt légitime : faire connaître l’association à qui y entre",
            kept="Comme la fiche de l’adhérent",
            categories="Date de la rencontre, note, compte qui l’a notée",
            recipients="Coordination, la personne sur demande",
        )


def since():
    """Return the SQL expression of the day on which a person first joined."""
    mine = Membership.alias()
    return mine.select(fn.MIN(mine.started_on)).where(mine.person == Person.id)


def is_new(day: date | None = None):
    """Return the condition that a person belongs to the association, and joined it within the year."""
    belongs = Membership.current(day).select(SQL("1")).where(Membership.person == Person.id)
    return fn.EXISTS(belongs) & (since() >= add_months(day or today(), -NEW_MONTHS))


def welcomes(day: date | None = None):
    """Return the GPs to welcome and those who were: persons with `arrived`, `practice` and `welcome` joined."""
    teller = Person.alias()
    query = Person.select(Person, Practice, Commune, Welcome, Account, teller, since().alias("joined_on"))
    query = query.join(Practice, on=(Practice.person == Person.id), attr="practice")
    query = query.join(Commune, JOIN.LEFT_OUTER, on=(Practice.commune == Commune.insee), attr="place")
    query = query.join_from(Person, Welcome, JOIN.LEFT_OUTER, on=(Welcome.person == Person.id), attr="welcome")
    query = query.join(Account, JOIN.LEFT_OUTER, on=(Welcome.done_by == Account.id), attr="who")
    query = query.join(teller, JOIN.LEFT_OUTER, on=(Account.person == teller.id), attr="person")
    newcomer = Welcome.id.is_null() & is_new(day)
    return query.where(Person.deleted_at.is_null(), Practice.profession == GP, newcomer | Welcome.id.is_null(False))


def is_open():
    return Welcome.done_at.is_null()


def arrived():
    """Return the SQL expression of the day from which a GP waits: asked by hand, or joined."""
    return Case(None, ((Welcome.asked_on.is_null(False), Welcome.asked_on),), since())


def is_late(day: date | None = None):
    return is_open() & (arrived() < (day or today()) - timedelta(days=LATE_DAYS))


def waiting_counts(day: date | None = None) -> tuple[int, int]:
    """Return how many GPs are to be met, and for how many of them it is late; one query."""
    late = Case(None, ((is_late(day), 1),), 0)
    count, behind = welcomes(day).where(is_open()).select(fn.COUNT(Person.id), fn.SUM(late)).tuples().get()
    return count, behind or 0


def arrived_on(person) -> date | None:
    """Return that day, of a row of `welcomes`."""
    row = row_of(person)
    found = (row.asked_on if row else None) or person.joined_on
    return date.fromisoformat(found) if isinstance(found, str) else found


def row_of(person) -> Welcome | None:
    found = getattr(person, "welcome", None)
    return found if found is not None and found.id else None


def state_of(person, day: date | None = None) -> State:
    row, come = row_of(person), arrived_on(person)
    if row and row.done_at:
        return State.MET if row.met_on else State.NEEDLESS
    is_past = come is not None and come < (day or today()) - timedelta(days=LATE_DAYS)
    return State.LATE if is_past else State.TO_DO
