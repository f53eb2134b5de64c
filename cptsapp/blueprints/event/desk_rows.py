"""The rows of the event's form that one adds and removes: sessions, questions, co-organisers."""

from datetime import datetime, time, timedelta

from flask_wtf.file import FileField
from wtforms import (
    BooleanField,
    DateField,
    HiddenField,
    IntegerField,
    SelectField,
    StringField,
    TextAreaField,
    TimeField,
)
from wtforms.validators import Length, NumberRange, Optional

from cptsapp.kernel.dates import to_paris
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.files import StoredFile, store_image
from cptsapp.kernel.forms import Form
from cptsapp.kernel.urls import number_of

from . import timetable
from .asking import MOST_GUESTS, Asked
from .models import Question, QuestionKind

LATE, EARLY = time(17), time(6)  # what starts in the evening may end after midnight


class SessionRow(Form):
    day = DateField("Jour", [Optional()])
    starts = TimeField("Début", [Optional()])
    ends = TimeField("Fin", [Optional()])
    label = StringField("Intitulé", [Length(max=80)])

    @property
    def is_blank(self) -> bool:
        """Tell whether nothing was typed in the row; hours alone were brought by the row before."""
        return not (self.day.raw_data or [""])[0] and not (self.label.data or "").strip()

    def read(self) -> timetable.Sitting:
        """Return the session typed. Raises RuleError when it is incomplete or at an hour that does not exist."""
        if not (self.day.data and self.starts.data and self.ends.data):
            raise RuleError("Indiquez le jour, l’heure de début et l’heure de fin.")
        start = datetime.combine(self.day.data, self.starts.data)
        end = datetime.combine(self.day.data, self.ends.data)
        if self.ends.data <= EARLY and self.starts.data >= LATE:
            end += timedelta(days=1)
        return timetable.Sitting(timetable.typed(start), timetable.typed(end), self.label.data or "")

    @staticmethod
    def values_of(starts_at: datetime, ends_at: datetime, label: str = "") -> dict:
        start, end = to_paris(starts_at), to_paris(ends_at)
        return {"day": start.date(), "starts": start.time(), "ends": end.time(), "label": label}


class QuestionRow(Form):
    id = HiddenField()
    label = StringField("Question", [Length(max=160)])
    kind = SelectField("Réponse", choices=QuestionKind.choices(), default=QuestionKind.TEXT.value)
    choices = TextAreaField("Réponses proposées, une par ligne", [Length(max=4000)])
    most = IntegerField("Accompagnants au plus", [Optional(), NumberRange(min=1, max=MOST_GUESTS)], default=1)
    is_required = BooleanField("Réponse obligatoire")

    @property
    def is_blank(self) -> bool:
        return not (self.label.data or "").strip() and not (self.choices.data or "").strip()

    def read(self) -> Asked:
        return Asked(
            id=number_of(self.id.data) or None,
            kind=self.kind.data,
            label=self.label.data or "",
            choices=tuple((self.choices.data or "").splitlines()),
            is_required=self.is_required.data,
            most=self.most.data or 1,
        )

    @staticmethod
    def values_of(question: Question) -> dict:
        values = {name: getattr(question, name) for name in ("label", "kind", "most", "is_required")}
        return values | {"id": str(question.id), "choices": "\n".join(question.choices)}


class PartnerRow(Form):
    name = StringField("Nom", [Length(max=160)])
    url = StringField("Site", [Length(max=500)])
    logo = HiddenField()  # the name of the file that is kept
    logo_file = FileField("Logo")

    @property
    def is_blank(self) -> bool:
        return not any((field.data or "").strip() for field in (self.name, self.url, self.logo))

    def keep_file(self) -> None:
        """Store the logo that was sent, so that a refusal loses nothing. Raises RuleError on another sort of file."""
        if self.logo_file.data:
            self.logo.data = store_image(self.logo_file.data, max_side=640).name

    def read(self) -> tuple[str, str, int | None]:
        logo = picture_named(self.logo.data)
        return self.name.data or "", self.url.data or "", logo and logo.id


def picture_named(name: str | None) -> StoredFile | None:
    """Return the picture that a form names, or None."""
    found = StoredFile.get_or_none(StoredFile.name == name) if name else None
    return found if found and found.is_image else None
