"""What the coordination types about a document and its versions."""

from wtforms import DateField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length

from cptsapp.kernel.access import Visibility
from cptsapp.kernel.fileforms import FileForm
from cptsapp.kernel.forms import Form

from .models import Kind


class DocumentForm(Form):
    title = StringField("Titre", [InputRequired(), Length(max=160)])
    kind = SelectField("Nature", choices=Kind.choices())
    summary = StringField(
        "Résumé", [Length(max=300)], description="Une phrase : ce que contient le document et à qui il sert."
    )
    visibility = SelectField("Qui peut le lire", choices=Visibility.choices(), default=Visibility.ADHERENTS)


class VersionForm(FileForm):
    """A version: a file or a text."""

    label = StringField(
        "Version",
        [InputRequired(), Length(max=80)],
        description="Par exemple : « Version adoptée en assemblée générale ».",
    )
    dated_on = DateField("Date du document", [InputRequired()])
    text = TextAreaField(
        "Ou texte",
        description="En Markdown, pour un document qui se lit dans la page. Laissez vide si vous joignez un fichier.",
    )

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
