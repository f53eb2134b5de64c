"""What the coordination types about a document and its versions."""

from flask_wtf.file import FileField
from wtforms import DateField, HiddenField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length

from cptsapp.kernel.access import Visibility
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.files import StoredFile, store_attachment
from cptsapp.kernel.forms import Form

from .models import Kind


class DocumentForm(Form):
    title = StringField("Titre", [InputRequired(), Length(max=160)])
    kind = SelectField("Nature", choices=Kind.choices())
    summary = StringField(
        "Résumé", [Length(max=300)], description="Une phrase : ce que contient le document et à qui il sert."
    )
    visibility = SelectField("Qui peut le lire", choices=Visibility.choices(), default=Visibility.ADHERENTS)


class VersionForm(Form):
    """A version: a file or a text. The file of a form refused for another reason is kept under `kept`."""

    label = StringField(
        "Version",
        [InputRequired(), Length(max=80)],
        description="Par exemple : « Version adoptée en assemblée générale ».",
    )
    dated_on = DateField("Date du document", [InputRequired()])
    file = FileField("Fichier", description="PDF, Word, Excel, PowerPoint, LibreOffice, CSV, texte ou image.")
    kept = HiddenField()
    text = TextAreaField(
        "Ou texte",
        description="En Markdown, pour un document qui se lit dans la page. Laissez vide si vous joignez un fichier.",
    )

    def take_file(self) -> bool:
        """Store what was sent; tell whether it could be. `kept` names it afterwards."""
        if self.file.data:
            try:
                self.kept.data = store_attachment(self.file.data).name
            except RuleError as error:
                self.file.errors = [str(error)]
                return False
        return True

    @property
    def stored(self) -> StoredFile | None:
        return StoredFile.get_or_none(StoredFile.name == self.kept.data) if self.kept.data else None

    def version(self) -> dict:
        """Return the values that a rule takes."""
        stored = self.stored
        return {
            "label": self.label.data,
            "dated_on": self.dated_on.data,
            "file_id": stored and stored.id,
            "text": self.text.data or "",
        }


class NewDocumentForm(DocumentForm, VersionForm):
    def about(self) -> dict:
        return {each: self[each].data or "" for each in ("title", "kind", "summary", "visibility")}
