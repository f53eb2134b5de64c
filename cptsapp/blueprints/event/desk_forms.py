"""The form by which an event is written: what is asked, in which rows, and how it is read."""

import hashlib
import json
from datetime import datetime

from flask_wtf.file import FileField
from wtforms import (
    BooleanField,
    DateTimeLocalField,
    FieldList,
    FormField,
    HiddenField,
    IntegerField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import InputRequired, Length, Optional

from cptsapp.blueprints.territory import reference
from cptsapp.blueprints.territory.fields import CommuneField
from cptsapp.kernel.dates import to_paris
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.files import store_image
from cptsapp.kernel.forms import Form, ticks
from cptsapp.kernel.themes import Theme

from . import checking, timetable
from .asking import MOST_QUESTIONS
from .desk_rows import PartnerRow, QuestionRow, SessionRow, picture_named
from .materials import MOST_PARTNERS
from .models import Audience, Booking, CoOrganiser, Event, EventKind, Question, Session

LINK_SHOWN = {
    "": "Dès que la personne est inscrite",
    "15": "15 minutes avant",
    "60": "1 heure avant",
    "1440": "1 jour avant",
    "10080": "7 jours avant",
}
SIMPLE = (
    "title", "kind", "summary", "description", "agenda", "speakers", "image_alt", "theme", "mission", "action", "place",
    "address", "online_url", "online_note", "audience", "is_public", "booking", "booking_note", "is_light", "capacity",
    "has_waiting_list", "asks_speakers", "counts_heads", "gives_certificate", "satisfaction_url",
)  # fmt: skip
MOMENTS = ("opens_at", "closes_at")
CHANGED = (
    "Quelqu’un a modifié cet événement pendant que vous l’écriviez. Rien n’est perdu : ce que vous avez tapé est "
    "ci-dessous. Enregistrez de nouveau pour le garder, ou rouvrez la page pour voir l’autre version."
)


def moment(label: str, description: str) -> DateTimeLocalField:
    return DateTimeLocalField(label, [Optional()], format=["%Y-%m-%dT%H:%M"], description=description)


class EventForm(Form):
    """Sections: Quoi, Quand, Où, Qui, Inscription, Ensuite. `seen` tells the version that is being changed."""

    seen = HiddenField()
    title = StringField("Titre", [InputRequired("Donnez un titre à l’événement."), Length(max=160)])
    kind = SelectField("Nature", choices=EventKind.choices(), default=EventKind.WEBINAR.value)
    summary = TextAreaField("Résumé", [Length(max=300)], description="Une ou deux phrases, montrées dans les listes.")
    description = TextAreaField("Présentation", [Length(max=50_000)])
    agenda = TextAreaField(
        "Ordre du jour", [Length(max=20_000)], description="En Markdown : une ligne par point, avec « - »."
    )
    speakers = TextAreaField(
        "Intervenants", [Length(max=4000)], description="Un par ligne : « Dr Camille Exemple, hématologue »."
    )
    image = HiddenField()
    image_file = FileField("Image d’illustration")
    image_alt = StringField(
        "Ce que montre l’image", [Length(max=200)], description="Une phrase pour qui ne la voit pas."
    )
    remove_image = BooleanField("Retirer l’image")
    theme = SelectField("Thème", choices=[("", "Aucun"), *Theme.choices()], default="")
    mission = SelectField("Mission servie", default="")
    action = StringField("Action (fiche-action) servie", [Length(max=80)], description="Par exemple : Diabète.")
    series = StringField(
        "Série",
        [Length(max=160)],
        description="Ce qui réunit des rencontres qui se suivent : « Réunion de coordination ».",
    )
    partners = FieldList(FormField(PartnerRow), "Co-organisateurs", max_entries=MOST_PARTNERS + 1)
    sessions = FieldList(FormField(SessionRow), "Séances", max_entries=timetable.MOST_SESSIONS + 1)
    place = StringField("Lieu", [Length(max=160)], description="Par exemple « Salle des fêtes ».")
    address = StringField("Adresse", [Length(max=300)])
    commune = CommuneField("Commune")
    online_url = StringField(
        "Lien de connexion", [Length(max=500)], description="Montré aux seules personnes inscrites."
    )
    online_note = StringField("Précision sur la connexion", [Length(max=300)], description="Numéro de réunion, code…")
    online_minutes = SelectField("Lien montré", default="", validate_choice=False)
    audience = SelectField("Pour qui", choices=Audience.choices(), default=Audience.EVERYONE.value)
    professions = ticks("Professions concernées")
    is_public = BooleanField(
        "Annoncé sur le site", default=True, description="Sinon, l’événement ne se voit que dans l’espace adhérent."
    )
    booking = SelectField("Inscription", choices=Booking.choices(), default=Booking.ONLINE.value)
    booking_note = StringField(
        "Où s’inscrire", [Length(max=300)], description="Un téléphone, une adresse, le site du partenaire."
    )
    capacity = IntegerField("Nombre de places", [Optional()], description="Accompagnants compris. Vide : sans limite.")
    over = RadioField(
        "Que faire des personnes déjà inscrites ?",
        [Optional()],
        choices=[
            ("keep", "Les garder toutes : personne d’autre ne s’inscrit tant qu’il n’y a pas de place"),
            ("wait", "Remettre les dernières inscrites en tête de la liste d’attente, et les prévenir"),
        ],
        validate_choice=False,
    )
    has_waiting_list = BooleanField("Liste d’attente quand c’est complet", default=True)
    opens_at = moment("Ouverture des inscriptions", "Vide : dès la publication.")
    closes_at = moment("Clôture des inscriptions", "Vide : quand l’événement commence.")
    is_light = BooleanField(
        "Inscription légère", description="Pour le public : un prénom suffit, l’adresse e-mail est facultative."
    )
    counts_heads = BooleanField(
        "Compter les personnes sans les nommer",
        description="Atelier grand public : on note combien sont venues, sans liste ni inscription en ligne.",
    )
    asks_speakers = BooleanField(
        "Proposer une question aux intervenants", description="Vous les lisez avant la rencontre."
    )
    questions = FieldList(FormField(QuestionRow), "Questions posées à l’inscription", max_entries=MOST_QUESTIONS + 4)
    forget_answers = BooleanField("Effacer aussi les réponses déjà données aux questions retirées")
    reminders = ticks("Rappels par e-mail", checking.REMINDERS.items(), default=["7d", "1d"])
    gives_certificate = BooleanField("Attestation de présence proposée aux personnes venues")
    satisfaction_url = StringField(
        "Questionnaire de satisfaction",
        [Length(max=500)],
        description="Une adresse https://, jointe aux remerciements.",
    )

    def __init__(self, event: Event | None = None, **kwargs):
        super().__init__(data=values_of(event) if event else {}, **kwargs)
        missions = ((code, each.label) for code, each in reference.missions().items())
        self.mission.choices = [("", "Aucune"), *missions]
        self.professions.choices = [(code, each.label) for code, each in reference.professions().items()]
        shown = self.online_minutes.data or ""
        own = {} if shown in LINK_SHOWN else {shown: f"{shown} minutes avant"}
        self.online_minutes.choices = list((LINK_SHOWN | own).items())
        self.event = event
        if not self.is_submitted() and not len(self.sessions):
            self.sessions.append_entry()

    # Reading

    def validate(self, extra_validators=None) -> bool:
        """Check what was typed; the faults of rows are told together, above the form."""
        fine = super().validate(extra_validators)
        for rows in (self.sessions, self.questions, self.partners):
            rows.errors = [each for number, row in enumerate(rows, start=1) for each in _faults(number, row.form)]
        return fine and not self.errors

    def keep_files(self) -> None:
        """Store the pictures that were sent, so that a refusal loses none."""
        if self.remove_image.data:
            self.image.data, self.image_alt.data, self.remove_image.data = "", "", False
        if self.image_file.data:
            self._try(self.image_file, lambda: setattr(self.image, "data", store_image(self.image_file.data).name))
        for row in self.partners:
            self._try(self.partners, row.form.keep_file)

    @staticmethod
    def _try(field, act):
        try:
            return act()
        except RuleError as error:
            field.errors = [*field.errors, str(error)]
            return None

    def read(self) -> dict | None:
        """Return the values for rules.edit, or None when an hour typed cannot be."""
        values = {name: self[name].data for name in SIMPLE}
        values |= {name: "" for name, value in values.items() if value is None and name != "capacity"}
        values |= {"professions": self.professions.data or [], "reminders": self.reminders.data or []}
        picture = picture_named(self.image.data)
        values |= {"image": picture and picture.id, "online_minutes": _minutes(self.online_minutes.data)}
        for name in MOMENTS:
            typed = self[name].data
            values[name] = typed and self._try(self[name], lambda typed=typed: timetable.typed(typed))
        values["sessions"] = [self._session(n, row.form) for n, row in self._typed(self.sessions)]
        if self.seen.data and self.event and self.seen.data != mark_of(self.event):
            self.seen.data = mark_of(self.event)
            self.form_errors.append(CHANGED)
        return None if self.errors else values

    @staticmethod
    def _typed(rows) -> list[tuple]:
        return [(number, row) for number, row in enumerate(rows, start=1) if not row.form.is_blank]

    def _session(self, number: int, row: SessionRow):
        try:
            return row.read()
        except RuleError as error:
            self.sessions.errors = [*self.sessions.errors, f"Séance {number} : {error}"]
            return None

    def asked(self) -> list:
        return [row.form.read() for _, row in self._typed(self.questions)]

    def co_organisers(self) -> list:
        return [row.form.read() for _, row in self._typed(self.partners)]

    # Rows added and removed by a button that sends the form

    def change_rows(self, act: str) -> str | None:
        """Do what a button of the rows asks, « add-sessions » or « remove-questions-2 »; return the part it changes."""
        verb, _, rest = act.partition("-")
        name, _, rank = rest.partition("-")
        if name not in ("sessions", "questions", "partners"):
            return None
        rows, rank = self[name], int(rank) if rank.isdecimal() and len(rank) < 4 else -1
        if verb == "add" and len(rows) < rows.max_entries:
            rows.append_entry(_next_session(rows) if name == "sessions" else None)
        elif verb == "remove" and 0 <= rank < len(rows):
            del rows.entries[rank]
        elif verb == "up" and 0 < rank < len(rows):
            rows.entries.insert(rank - 1, rows.entries.pop(rank))
        _number_again(rows)
        return name


def _number_again(rows: FieldList) -> None:
    """Name the rows by their present rank, which is how the next sending puts them in order; what was typed stays."""
    before, rows.entries, rows.last_index = [each.form for each in rows.entries], [], -1
    for form in before:
        row = rows.append_entry(form.data)
        for field in row.form:
            field.raw_data = form[field.short_name].raw_data


def _faults(number: int, row: Form) -> list[str]:
    return [f"Ligne {number}, {field.label.text.lower()} : {' '.join(field.errors)}" for field in row if field.errors]


def _next_session(rows) -> dict | None:
    """The hours of the session before, for the one that is added."""
    if not len(rows):
        return None
    last = rows[-1].form
    return {"starts": last.starts.data, "ends": last.ends.data}


def _minutes(text: str | None) -> int | None:
    return int(text) if text and text.isdecimal() and len(text) < 7 else None


def _local(moment: datetime | None) -> datetime | None:
    return moment and to_paris(moment).replace(tzinfo=None)


def values_of(event: Event) -> dict:
    """Return what the form shows of an event."""
    values = {name: getattr(event, name) for name in SIMPLE}
    values |= {name: _local(getattr(event, name)) for name in MOMENTS}
    sessions = event.sessions.order_by(Session.starts_at)
    partners = CoOrganiser.select().where(CoOrganiser.event == event).order_by(CoOrganiser.position)
    questions = Question.select().where(Question.event == event).order_by(Question.position)
    return values | {
        "seen": mark_of(event),
        "image": event.image.name if event.image_id else "",
        "commune": event.commune_id,
        "series": event.series.title if event.series_id else "",
        "online_minutes": "" if event.online_minutes is None else str(event.online_minutes),
        "professions": event.profession_codes,
        "reminders": event.reminder_codes,
        "sessions": [SessionRow.values_of(each.starts_at, each.ends_at, each.label) for each in sessions],
        "questions": [QuestionRow.values_of(each) for each in questions],
        "partners": [
            {"name": each.name, "url": each.url, "logo": each.logo.name if each.logo_id else ""} for each in partners
        ],
    }


def mark_of(event: Event) -> str:
    """Return a mark that changes with what the form shows of an event."""
    shown = [str(event.__data__.get(name)) for name in (*checking.EDITABLE, "sequence", "starts_at", "ends_at")]
    shown += [str(each) for each in event.questions.select(Question.id, Question.label, Question.position).tuples()]
    return hashlib.sha256(json.dumps(shown).encode()).hexdigest()[:24]
