"""What is typed of a theme, and by those who write about it."""

from wtforms import SelectField, StringField, TextAreaField
from wtforms.validators import DataRequired, InputRequired, Length, Optional

from cptsapp.blueprints.territory.models import Commune
from cptsapp.kernel.forms import Form, PublicForm, ticks
from cptsapp.kernel.themes import Theme

from . import figures, publications, rules
from .models import Chapter, ContributionKind, Speaker


class ChapterForm(Form):
    title = StringField(
        "Titre",
        [InputRequired("Donnez un titre au thème."), Length(max=120)],
        description="Par exemple « Trouver un médecin traitant ».",
    )
    intro = TextAreaField(
        "Introduction",
        [Optional(), Length(max=rules.LONGEST_TEXT)],
        description="De quoi il est question, et pour qui.",
    )
    figures = ticks("Chiffres montrés", description="Ceux que chacun peut déjà lire sur le site.")
    learnt = TextAreaField(
        "Ce que nous en retenons",
        [Optional(), Length(max=rules.LONGEST_TEXT)],
        description="Ce que ces chiffres et les contributions des habitants vous apprennent, et ce que vous en faites.",
    )
    tag = SelectField(
        "Thème du site",
        [Optional()],
        choices=[("", "Aucun"), *Theme.choices()],
        description="Ses actualités et ses événements publics s’affichent d’eux-mêmes.",
    )
    pieces = ticks(
        "Publications montrées en plus", description="Documents, actualités, événements que chacun peut lire."
    )

    def __init__(self, *args, chapter: Chapter | None = None, **kwargs):
        kept = {each.key for each in chapter.pieces} if chapter else set()
        super().__init__(*args, **kwargs)
        self.figures.choices = figures.choices()
        self.pieces.choices = publications.choices(publications.public(), kept)

    @classmethod
    def of(cls, chapter: Chapter) -> "ChapterForm":
        data = {name: getattr(chapter, name) for name in ("title", "intro", "learnt", "tag")}
        data["figures"] = [each.key for each in chapter.figures]
        data["pieces"] = [each.key for each in chapter.pieces]
        return cls(chapter=chapter, data=data)

    def values(self) -> dict:
        """Return what the rules take."""
        texts = {name: self[name].data or "" for name in ("title", "intro", "learnt", "tag")}
        return texts | {"figure_keys": self.figures.data, "piece_keys": self.pieces.data}


def stripped(text):
    return text.strip() if text else text


class ContributionForm(PublicForm):
    kind = SelectField("Vous écrivez pour", choices=[(str(each), each.label) for each in ContributionKind])
    chapter = SelectField("Thème", [Optional()])
    text = TextAreaField(
        "Votre contribution",
        [
            DataRequired("Écrivez ce que vous souhaitez nous dire."),
            Length(min=rules.SHORTEST, message="C’est un peu court pour que nous comprenions. Ajoutez quelques mots."),
            Length(max=rules.LONGEST, message="C’est un peu long : 1 500 caractères au plus."),
        ],
        [stripped],
    )
    speaker = SelectField(
        "Vous êtes", [DataRequired("Choisissez dans la liste.")], choices=[("", "Choisissez"), *Speaker.choices()]
    )
    commune = SelectField("Votre commune", [Optional()])

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.chapter.choices = [("", "Un autre sujet"), *((each.slug, each.title) for each in Chapter.shown())]
        communes = [(each.insee, each.name) for each in Commune.of_territory()]
        self.commune.choices = [("", "Je préfère ne pas le dire"), *communes]

    def values(self) -> dict:
        given = {name: self[name].data for name in ("kind", "speaker", "text")}
        return given | {"slug": self.chapter.data or "", "insee": self.commune.data or ""}


class NoteForm(Form):
    note = TextAreaField("Note de suivi", [Length(max=2000)])
