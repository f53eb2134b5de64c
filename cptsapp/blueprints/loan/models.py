"""Pairs, equipment and loans. The indexes say it: one running pair of the same two, one holder at a time."""

from datetime import date

from peewee import JOIN, CharField, Check, DateField, DateTimeField, ForeignKeyField, IntegerField, fn

from cptsapp.blueprints.person.models import Person
from cptsapp.kernel.choices import Choice
from cptsapp.kernel.dates import today
from cptsapp.kernel.db import Table, now
from cptsapp.kernel.registry import Personal

PURPOSE = "Téléconsultation assistée : binômes et matériel prêté"
KEPT = "Tant que dure le binôme ou le prêt, puis 3 ans ; ensuite les chiffres seuls, sans nom"
RECIPIENTS = "Bureau et coordination"
Doctor, Nurse = Person.alias(), Person.alias()


class Stage(Choice):
    """Where a pair stands; it follows from the dates. `badge` is the kind of its badge."""

    TO_SIGN = "to_sign", "Protocole à signer"
    READY = "ready", "Prêt à commencer"
    ACTIVE = "active", "Actif"
    ENDED = "ended", "Terminé"

    @property
    def badge(self) -> str:
        return {"to_sign": "warn", "ready": "", "active": "ok", "ended": "mute"}[self.value]


class End(Choice):
    """Why a pair ended."""

    WISH = "wish", "À la demande de l’un des deux"
    DEPARTURE = "departure", "Départ ou changement d’exercice"
    UNUSED = "unused", "Sans usage"
    MISTAKE = "mistake", "Erreur de saisie"


class Pair(Table):
    """One GP and one nurse, « binôme ». It is active from a day on, once the protocol has been signed; never before."""

    doctor = ForeignKeyField(Person, null=True, on_delete="SET NULL", backref="pairs_as_doctor")
    nurse = ForeignKeyField(Person, null=True, on_delete="SET NULL", backref="pairs_as_nurse")
    protocol_on = DateField(null=True)
    active_on = DateField(null=True)
    ended_on = DateField(null=True)
    end_reason = CharField(max_length=12, default="")
    created_at = DateTimeField(default=now)

    class Meta:
        table_name = "teleconsultation_pair"
        constraints = [
            Check("doctor_id <> nurse_id"),
            Check("active_on IS NULL OR active_on >= protocol_on"),
            Check("active_on IS NULL OR protocol_on IS NOT NULL"),
            Check("ended_on IS NULL OR active_on IS NULL OR ended_on >= active_on"),
            Check("(ended_on IS NULL) = (end_reason = '')"),
        ]
        personal = Personal(
            purpose=PURPOSE,
            basis="Exécution de l’adhésion : participation volontaire au dispositif",
            kept=KEPT,
            categories="Identité des deux professionnels, dates du protocole, du début et de la fin",
            recipients=RECIPIENTS,
        )

    @property
    def stage(self) -> Stage:
        if self.ended_on:
            return Stage.ENDED
        if self.active_on:
            return Stage.ACTIVE
        return Stage.READY if self.protocol_on else Stage.TO_SIGN

    @classmethod
    def at(cls, stage: Stage):
        """Return the condition that a pair stands there: the same rule as `stage`."""
        running = cls.ended_on.is_null()
        return {
            Stage.TO_SIGN: running & cls.protocol_on.is_null(),
            Stage.READY: running & cls.protocol_on.is_null(False) & cls.active_on.is_null(),
            Stage.ACTIVE: running & cls.active_on.is_null(False),
            Stage.ENDED: cls.ended_on.is_null(False),
        }[stage]

    @property
    def doctor_label(self) -> str:
        return self.doctor.list_label if self.doctor_id else "Sans nom"

    @property
    def nurse_label(self) -> str:
        return self.nurse.list_label if self.nurse_id else "Sans nom"

    @property
    def end_label(self) -> str:
        return End(self.end_reason).label if self.end_reason else ""

    @classmethod
    def joined(cls):
        query = cls.select(cls, Doctor, Nurse).join(Doctor, JOIN.LEFT_OUTER, on=(cls.doctor == Doctor.id))
        return query.switch(cls).join(Nurse, JOIN.LEFT_OUTER, on=(cls.nurse == Nurse.id))

    @classmethod
    def worked_on(cls, day: date):
        """Return the condition that a pair worked on a day."""
        running = cls.ended_on.is_null() | (cls.ended_on >= day)
        return (cls.active_on <= day) & running & (cls.end_reason != End.MISTAKE)

    @classmethod
    def active_at(cls, day: date) -> int:
        return cls.select().where(cls.worked_on(day)).count()

    @classmethod
    def of_person(cls, person_id: int):
        mine = (cls.doctor == person_id) | (cls.nurse == person_id)
        return cls.joined().where(mine).order_by(cls.created_at.desc(), cls.id.desc())


Pair.add_index(
    Pair.index(Pair.doctor, Pair.nurse, unique=True, where=Pair.ended_on.is_null(), name="teleconsultation_pair_once")
)


class Equipment(Table):
    """Something that the association bought and lends. One that left the register keeps its history."""

    label = CharField(max_length=120)
    serial = CharField(max_length=80)
    folded = CharField(max_length=240, default="")
    cost_cents = IntegerField(default=0)
    bought_on = DateField(null=True)
    note = CharField(max_length=300, default="")
    retired_on = DateField(null=True)
    created_at = DateTimeField(default=now)

    class Meta:
        constraints = [Check("label <> ''"), Check("serial <> ''"), Check("cost_cents >= 0")]

    @property
    def full_label(self) -> str:
        return f"{self.label} ({self.serial})"

    @classmethod
    def cost_between(cls, start: date, end: date) -> int:
        """Return what was spent, in cents."""
        total = cls.select(fn.COALESCE(fn.SUM(cls.cost_cents), 0))
        return total.where(cls.bought_on >= start, cls.bought_on <= end).scalar()


Equipment.add_index(
    Equipment.index(Equipment.serial, unique=True, where=Equipment.retired_on.is_null(), name="equipment_one_serial")
)


class Loan(Table):
    """One time that equipment was lent: it is out while it has no date of return."""

    equipment = ForeignKeyField(Equipment, on_delete="RESTRICT", backref="loans")
    holder = ForeignKeyField(Person, null=True, on_delete="SET NULL", backref="loans")
    out_on = DateField()
    due_on = DateField(null=True)
    returned_on = DateField(null=True, index=True)
    state = CharField(max_length=200, default="")  # in which state it came back
    reminded_on = DateField(null=True)  # its holder was told that it is late: once
    said_on = DateField(null=True)  # its holder says that it is given back
    said_note = CharField(max_length=200, default="")
    created_at = DateTimeField(default=now)

    class Meta:
        indexes = ((("equipment", "out_on"), False), (("holder", "out_on"), False))
        constraints = [
            Check("due_on IS NULL OR due_on >= out_on"),
            Check("returned_on IS NULL OR returned_on >= out_on"),
            Check("holder_id IS NOT NULL OR returned_on IS NOT NULL"),
        ]
        personal = Personal(
            purpose=PURPOSE,
            basis="Intérêt légitime : savoir qui détient le matériel de l’association",
            kept=KEPT,
            categories="Identité de l’emprunteur, matériel, dates de sortie, d’échéance et de retour",
            recipients=RECIPIENTS,
        )

    @property
    def holder_label(self) -> str:
        return self.holder.list_label if self.holder_id else "Sans nom"

    @property
    def is_overdue(self) -> bool:
        return self.returned_on is None and self.due_on is not None and self.due_on < today()

    @classmethod
    def overdue(cls, day: date | None = None):
        return cls.returned_on.is_null() & (cls.due_on < (day or today()))

    @classmethod
    def joined(cls):
        query = cls.select(cls, Equipment, Person).join(Equipment)
        return query.switch(cls).join(Person, JOIN.LEFT_OUTER, on=(cls.holder == Person.id))

    @classmethod
    def was_out(cls, day: date):
        """Return the condition that something was lent on a day."""
        return (cls.out_on <= day) & (cls.returned_on.is_null() | (cls.returned_on > day))

    @classmethod
    def holders_at(cls, day: date) -> int:
        """Count the different people who held something on a day."""
        return cls.select(fn.COUNT(cls.holder.distinct())).where(cls.was_out(day)).scalar()


Loan.add_index(Loan.index(Loan.equipment, unique=True, where=Loan.returned_on.is_null(), name="loan_one_holder"))
