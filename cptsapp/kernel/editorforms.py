"""The editor's form: what pages and news have in common. Its fields bear the names of the header's keys.

The reader of the files decides what a value may be; the form only carries it and shows its refusal beside the field.
"""

from flask import request
from wtforms import (
    BooleanField,
    FieldList,
    FileField,
    FormField,
    HiddenField,
    MultipleFileField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms import Form as Part
from wtforms.validators import InputRequired, Length
from wtforms.widgets import DateTimeLocalInput

from .access import Visibility
from .content import Document
from .errors import RuleError
from .files import store_attachment, store_image
from .forms import Form
from .publication import Audience

LONGEST_BODY = 200_000


class AttachmentPart(Part):
    """One attachment already kept: its link's words may change, or it may go."""

    file = HiddenField()
    label = StringField("Nom affiché", [Length(max=160)])
    remove = BooleanField("Retirer")


class EditorForm(Form):
    """`SIMPLE` names the keys that are one text each; `header` and `values_of` go from the form to a file and back."""

    SIMPLE = ("title", "summary", "visibility", "audience", "image", "image_alt")

    title = StringField("Titre", [InputRequired("Donnez un titre."), Length(max=160)])
    summary = TextAreaField(
        "Résumé", [Length(max=300)], description="Une ou deux phrases, montrées dans les listes et les partages."
    )
    body = TextAreaField("Texte", [Length(max=LONGEST_BODY)])
    published_at = StringField("Date et heure de publication", widget=DateTimeLocalInput())
    visibility = SelectField("Qui peut lire", choices=Visibility.choices(), default=Visibility.PUBLIC.value)
    audience = SelectField("Pour qui", choices=[("", "Tout le monde"), *Audience.choices()], default="")
    image = HiddenField("Image")
    image_file = FileField("Image d’illustration")
    image_alt = StringField(
        "Ce que montre l’image", [Length(max=300)], description="Une phrase pour les personnes qui ne la voient pas."
    )
    remove_image = BooleanField("Retirer l’image")
    attachments = FieldList(FormField(AttachmentPart))
    attachment_files = MultipleFileField("Ajouter des pièces jointes")
    insert_file = FileField("Ajouter une image dans le texte")
    insert_alt = StringField("Ce que montre cette image", [Length(max=300)])
    base = HiddenField()

    @classmethod
    def values_of(cls, document: Document) -> dict:
        """Return what the form shows of a file."""
        header = document.header
        shown = {key: header[key] for key in cls.SIMPLE if isinstance(header.get(key), str)}
        attachments = [dict(part) for part in header.get("attachments") or [] if isinstance(part, dict)]
        published_at = str(header.get("published_at", ""))
        return shown | {
            "body": document.body,
            "base": document.hash,
            "attachments": attachments,
            "published_at": (
                published_at if " " in published_at or not published_at else f"{published_at} 00:00"
            ).replace(" ", "T")[:16],
        }

    def header(self, before: dict) -> dict:
        """Return `before`, the header of the file as it was, with what the form says."""
        header = dict(before)
        for key in self.SIMPLE:
            header[key] = " ".join((self[key].data or "").split())
        header["published_at"] = (self.published_at.data or "").replace("T", " ").strip()
        kept = [part.form for part in self.attachments if part.form.file.data and not part.form.remove.data]
        header["attachments"] = [{"file": part.file.data, "label": part.label.data or ""} for part in kept]
        if header["visibility"] == Visibility.PUBLIC:
            header["visibility"] = ""
        if not header["image"]:
            header["image_alt"] = ""
        return header

    def keep_files(self) -> bool:
        """Store what was sent and name it in the form, so that a refusal loses no file; tell whether all went well."""
        if self.remove_image.data:
            self.image.data, self.image_alt.data, self.remove_image.data = "", "", False
        for field, keep in (
            (self.image_file, self._keep_image),
            (self.attachment_files, self._keep_attachments),
            (self.insert_file, self._insert_image),
        ):
            try:
                keep([file for file in request.files.getlist(field.name) if file.filename])
            except RuleError as error:
                field.errors = [*field.errors, str(error)]
        return not self.errors

    def _keep_image(self, files):
        for file in files[:1]:
            self.image.data = store_image(file).url

    def _keep_attachments(self, files):
        for file in files:
            stored = store_attachment(file)
            self.attachments.append_entry({"file": stored.url, "label": stored.original_name})

    def _insert_image(self, files):
        """Add the image at the end of the text, where its author moves it."""
        for file in files[:1]:
            words = " ".join((self.insert_alt.data or "").replace("[", "(").replace("]", ")").split())
            if not words:
                raise RuleError("Décrivez cette image en quelques mots, puis choisissez-la de nouveau.")
            self.body.data = f"{(self.body.data or '').rstrip()}\n\n![{words}]({store_image(file).url})\n"
            self.insert_alt.data = ""
