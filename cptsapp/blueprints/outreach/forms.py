"""What is typed of a campaign, and what is attached to it."""

from wtforms import DateField, IntegerField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from cptsapp.blueprints.document.models import Document
from cptsapp.blueprints.project.models import Fiche
from cptsapp.kernel.fileforms import FileForm
from cptsapp.kernel.forms import Form, ticks
from cptsapp.kernel.themes import Theme

from . import rules
from .models import Audience, Channel, Outreach


def fiche_choices() -> list[tuple[str, str]]:
    """Return the fiches in the order of the project, with their code: two may have the same title."""
    rows = Fiche.present().order_by(Fiche.mission, Fiche.id)
    return [(str(each.id), f"{each.full_title} ({each.code})" if each.code else each.full_title) for each in rows]


class OutreachForm(Form):
    title = StringField(
        "Titre",
        [InputRequired("Donnez un titre à la campagne."), Length(max=160)],
        description="Par exemple « Ne venez pas aux urgences sans appeler le 15 ».",
    )
    audience = SelectField("À qui elle s’adresse", choices=Audience.choices())
    theme = SelectField("Thème", [Optional()], choices=[("", "Aucun"), *Theme.choices()])
    starts_on = DateField(
        "Premier jour",
        [InputRequired("Donnez le premier jour.")],
        description="Celui dont dépend l’année où elle compte.",
    )
    ends_on = DateField("Dernier jour", [Optional()], description="Vide tant qu’elle n’a pas de fin prévue.")
    message = TextAreaField(
        "Message", [Optional(), Length(max=600)], description="Ce qu’elle dit, en une ou deux phrases."
    )
    channels = ticks(
        "Canaux",
        Channel.choices(),
        description="Cochez-les tous : une campagne qui passe par dix canaux compte pour une.",
    )
    other_channel = StringField("Autre canal", [Optional(), Length(max=80)], description="Si vous cochez « Autre ».")
    relays = TextAreaField(
        "Relais",
        [Optional(), Length(max=12_000)],
        description="Qui la fait passer : communes, partenaires. Un par ligne.",
    )
    fiches = ticks("Actions servies", description="Elle comptera dans les indicateurs de ces fiches.")
    reached = IntegerField(
        "Personnes touchées",
        [Optional(), NumberRange(0, rules.MOST_REACHED, "Écrivez un nombre.")],
        description="Un nombre, si vous l’avez.",
    )
    reached_source = StringField(
        "Source de ce nombre",
        [Optional(), Length(max=200)],
        description="Par exemple « Statistiques de la page, 3 mars ».",
    )
    results = TextAreaField(
        "Bilan", [Optional(), Length(max=4000)], description="Ce qu’elle a donné, ce que l’on retient."
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fiches.choices = fiche_choices()

    @classmethod
    def of(cls, row: Outreach, *, again: bool = False) -> "OutreachForm":
        """Return the form of a campaign; `again`: of another one like it, without its days nor its balance."""
        names = ["title", "audience", "theme", "message", "other_channel", "relays"]
        names += [] if again else ["starts_on", "ends_on", "reached", "reached_source", "results"]
        data = {name: getattr(row, name) for name in names}
        data["channels"] = [each.channel for each in row.carriers]
        data["fiches"] = [str(each.fiche_id) for each in row.services]
        return cls(data=data)

    def values(self) -> dict:
        """Return what the rules take."""
        texts = ("title", "theme", "message", "other_channel", "reached_source", "results")
        given = ("audience", "starts_on", "ends_on", "reached", "channels")
        return {name: self[name].data or "" for name in texts} | {name: self[name].data for name in given} | {
            "relays": (self.relays.data or "").splitlines(),
            "fiche_ids": [int(each) for each in self.fiches.data],
        }  # fmt: skip


def _documents() -> list[tuple[str, str]]:
    rows = Document.select(Document.id, Document.title).where(Document.deleted_at.is_null()).order_by(Document.folded)
    return [("", "Aucun"), *((str(id), title) for id, title in rows.tuples())]


class MaterialForm(FileForm):
    """A file, a document or an address."""

    title = StringField("Titre", [Optional(), Length(max=160)], description="Vide : le nom du fichier ou du document.")
    document = SelectField("Ou document de l’association", [Optional()], choices=_documents)
    url = StringField(
        "Ou lien", [Optional(), Length(max=500)], description="Une adresse https:// : publication, article, actualité."
    )

    def values(self) -> dict:
        stored, document = self.stored, int(self.document.data) if self.document.data else None
        given = {"title": self.title.data or "", "url": self.url.data or ""}
        return given | {"file_id": stored and stored.id, "document_id": document}
