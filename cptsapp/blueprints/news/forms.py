"""The editor's form of an article."""

from wtforms import SelectField, StringField
from wtforms.validators import Length
from wtforms.widgets import DateInput, URLInput

from cptsapp.blueprints.territory import reference
from cptsapp.kernel.content import Document
from cptsapp.kernel.editorforms import EditorForm
from cptsapp.kernel.themes import Theme


class ArticleForm(EditorForm):
    SIMPLE = (*EditorForm.SIMPLE, "theme", "mission", "action", "author")

    theme = SelectField("Thème", choices=[("", "Aucun"), *Theme.choices()], default="")
    mission = SelectField("Mission servie", default="")
    action = StringField("Action (fiche-action) servie", [Length(max=80)], description="Par exemple : Diabète.")
    author = StringField("Signature", [Length(max=120)], description="Affichée sous le titre : La coordination…")
    tags = StringField("Mots-clés", [Length(max=200)], description="Séparés par des virgules.")
    outlet = StringField("Journal", [Length(max=120)])
    press_on = StringField("Date de parution", widget=DateInput())
    press_url = StringField("Adresse de l’article", [Length(max=500)], widget=URLInput())

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.mission.choices = [("", "Aucune"), *((code, each.label) for code, each in reference.missions().items())]

    @classmethod
    def values_of(cls, document: Document) -> dict:
        header = document.header
        press = header["press"] if isinstance(header.get("press"), dict) else {}
        tags = header.get("tags") or []
        return super().values_of(document) | {
            "tags": ", ".join([tags] if isinstance(tags, str) else tags),
            "outlet": press.get("outlet", ""),
            "press_on": press.get("date", ""),
            "press_url": press.get("url", ""),
        }

    def header(self, before: dict) -> dict:
        header = super().header(before)
        header["tags"] = [each.strip() for each in (self.tags.data or "").split(",") if each.strip()]
        press = {"outlet": self.outlet.data, "date": self.press_on.data, "url": self.press_url.data}
        header["press"] = {key: value.strip() for key, value in press.items() if value and value.strip()}
        return header
