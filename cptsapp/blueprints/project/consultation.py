"""Consultations on fiches-actions: what members are asked, until when, what they say, what they are answered."""

from datetime import date

from peewee import CharField, Check, DateField, DateTimeField, ForeignKeyField, IntegerField, TextField, fn

from cptsapp.blueprints.account.models import Account
from cptsapp.blueprints.person.models import Person
from cptsapp.kernel.dates import today
from cptsapp.kernel.db import Table, now
from cptsapp.kernel.registry import Personal

from .models import Fiche

AUTHOR_GONE = "Remarque effacée avec la fiche de son auteur."


class Consultation(Table):
    """Members are asked what they think of a fiche, until a day included. A fiche has one open consultation at most.

    It closes by itself after `until`; `closed_at` is when somebody closed it, or when the next one was opened.
    """

    fiche = ForeignKeyField(Fiche, on_delete="CASCADE", backref="consultations")
    words = CharField(max_length=1000, default="")  # what is asked
    opened_at = DateTimeField(default=now)
    opened_by = ForeignKeyField(Account, null=True, on_delete="SET NULL")
    until = DateField()
    closed_at = DateTimeField(null=True)

    @property
    def is_open(self) -> bool:
        return self.closed_at is None and self.until >= today()

    @classmethod
    def open_on(cls, day: date):
        """Return those that members may answer on a day, fiche and pilot joined, the first to close first."""
        return cls.joined().where(cls.closed_at.is_null(), cls.until >= day).order_by(cls.until, cls.id)

    @classmethod
    def joined(cls):
        """Return those of fiches that are not in the bin."""
        query = cls.select(cls, Fiche, Person).join(Fiche).left_outer_join(Person)
        return query.where(Fiche.deleted_at.is_null())


Consultation.add_index(
    Consultation.index(
        Consultation.fiche, unique=True, where=Consultation.closed_at.is_null(), name="consultation_one_open"
    )
)


class Comment(Table):
    """What a member said of a fiche, and the answer. One whose author was erased keeps its place, not its words.

    `answers` counts how many times the answer was written: whoever corrects it says which one they read.
    """

    consultation = ForeignKeyField(Consultation, on_delete="CASCADE", backref="comments")
    author = ForeignKeyField(Person, null=True, on_delete="SET NULL", backref="comments")
    text = TextField()
    folded = TextField(default="")
    written_at = DateTimeField(default=now, index=True)
    edited_at = DateTimeField(null=True)
    answer = TextField(default="")
    answers = IntegerField(default=0)
    answered_at = DateTimeField(null=True, index=True)
    answered_by = ForeignKeyField(Account, null=True, on_delete="SET NULL")

    class Meta:
        table_name = "consultation_comment"
        constraints = [
            Check("text <> '' OR author_id IS NULL"),
            Check("(answered_at IS NULL) = (answers = 0)"),
            Check("answer = '' OR answers > 0"),
        ]
        personal = Personal(
            purpose="Consultation des adhérents sur le projet de santé",
            basis="Intérêt légitime : associer les adhérents au projet",
            kept="Tant que la fiche-action existe ; le texte s’efface avec la fiche de son auteur",
            categories="Auteur, remarque, date, réponse",
            recipients="Bureau, coordination et pilote de l’action ; les adhérents, sans le nom de l’auteur",
        )

    @property
    def shown_text(self) -> str:
        return self.text or AUTHOR_GONE

    @property
    def author_label(self) -> str:
        return self.author.label if self.author_id else "Personne effacée"

    @property
    def is_answered(self) -> bool:
        return self.answered_at is not None

    @classmethod
    def joined(cls):
        """Return those of fiches that are not in the bin: author, consultation and fiche joined."""
        query = cls.select(cls, Person, Consultation, Fiche).left_outer_join(Person)
        query = query.switch(cls).join(Consultation).join(Fiche)
        return query.where(Fiche.deleted_at.is_null())

    @classmethod
    def unanswered(cls):
        """Return those that wait for an answer; a person who was erased waits for nothing."""
        return cls.joined().where(cls.answered_at.is_null(), cls.author.is_null(False))


def counts_of(fiche: Fiche) -> tuple[int, int]:
    """Return how many comments a fiche got in all its consultations, and how many were answered."""
    mine = Comment.select(fn.COUNT(Comment.id), fn.COUNT(Comment.answered_at)).join(Consultation)
    return mine.where(Consultation.fiche == fiche).tuples().get()


def comments_of(consultations: list[Consultation]) -> dict[int, list[Comment]]:
    """Return the comments of each consultation, the first written first, in one query."""
    found = {each.id: [] for each in consultations}
    rows = Comment.joined().where(Comment.consultation.in_(list(found))).order_by(Comment.id)
    for each in rows:
        found[each.consultation_id].append(each)
    return found
