"""The form of a letter and of its blocks, and how what was typed becomes a content."""

import re
from dataclasses import replace
from datetime import date

from flask import request
from wtforms import (
    BooleanField,
    DateField,
    FieldList,
    FileField,
    FormField,
    HiddenField,
    IntegerField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms import Form as Part
from wtforms.validators import InputRequired, Length, NumberRange, Optional, ValidationError

from cptsapp.kernel.dates import add_months, today
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.files import mail_image, names_in, store_mail_image
from cptsapp.kernel.forms import Form, on_one_line, without_nul
from cptsapp.kernel.urls import number_of

from . import health
from .contents import Block, Content, content_of
from .models import Archive, BlockKind, Issue, Kind, month_words
from .numbering import LARGEST, first_of
from .rules import MOST_BLOCKS

IMAGES = "image/jpeg,image/png,image/webp,image/gif"
MONTHS_BACK, MONTHS_AHEAD = 36, 14
FIRST_YEAR, LAST_YEAR = 2000, 2099


def _line(label: str, most: int, **kwargs) -> StringField:
    return StringField(label, [Length(max=most)], filters=[on_one_line], **kwargs)


class BlockRow(Part):
    """A block of the page. What it stands for is read in the database; only its words come from here."""

    id = HiddenField()
    title = _line("Titre", 200)
    details = _line("Précision", 300, description="La date, le lieu : en gras sous le titre.")
    blurb = TextAreaField("Texte", [Length(max=20_000)], filters=[without_nul])
    url = _line("Adresse du lien", 500)
    link_label = _line("Mots du lien", 80)
    shows_image = BooleanField("Montrer l’image")
    image_file = FileField("Image")
    image_alt = _line("Ce que montre l’image", 300)


class IssueForm(Form):
    """`read()` gives the content that the form says; `base` is the revision that is being changed."""

    base = HiddenField()
    name = StringField("Nom du modèle", [Length(max=120)])
    subject = StringField("Objet", [Length(max=200)], description="Ce que l’on lit avant d’ouvrir.")
    preheader = StringField(
        "Phrase d’aperçu", [Length(max=200)], description="Montrée à côté de l’objet dans les boîtes de réception."
    )
    month = SelectField("Mois", default="", validate_choice=False)
    number = IntegerField("Numéro", [Optional(), NumberRange(1, LARGEST)])
    theme = SelectField("Thème de santé", default="", validate_choice=False)
    archive = SelectField("Qui la lit sur le site", choices=Archive.choices(), default=Archive.PUBLIC.value)
    editorial = TextAreaField("Texte", [Length(max=100_000)])
    insert_file = FileField("Image")
    insert_alt = StringField("Ce que montre cette image", [Length(max=300)])
    blocks = FieldList(FormField(BlockRow), "Blocs", max_entries=MOST_BLOCKS + 1)

    def __init__(self, issue: Issue, content: Content | None = None, **kwargs):
        self.issue, self.kept = issue, content or content_of(issue)
        super().__init__(data=_values(issue, self.kept), **kwargs)
        self.month.choices = _months(self.month.data)
        self.theme.choices = [("", "Aucun"), *((each.key, each.name) for each in health.themes().values())]
        self.known = {each.id: each for each in self.kept.blocks}

    @property
    def revision(self) -> int:
        return number_of(self.base.data)

    @property
    def rows(self) -> list[tuple[int, Block, BlockRow]]:
        """Return (place in the form, what the block is, its fields), in the order in which the page holds them."""
        entries = {int(each.name.rsplit("-", 1)[1]): each.form for each in self.blocks}
        asked = [number_of(place) for place in request.form.getlist("place")] if self.is_submitted() else []
        order = [place for place in dict.fromkeys(asked) if place in entries]
        order += [place for place in entries if place not in order]
        return [(place, self._known(entries[place]), entries[place]) for place in order]

    def _known(self, row: BlockRow) -> Block:
        return self.known.get(number_of(row.id.data)) or Block(id=number_of(row.id.data) or None)

    def read(self) -> Content:
        """Return what the form says, its pictures included as they are kept."""
        return Content(
            name=(self.name.data or "").strip(),
            month=_month(self.month.data),
            subject=(self.subject.data or "").strip(),
            preheader=(self.preheader.data or "").strip(),
            editorial=for_mail(_unix(self.editorial.data)),
            theme=self.theme.data if self.theme.data in health.themes() else "",
            archive=self.archive.data or "",
            blocks=tuple(_read(block, row) for _, block, row in self.rows),
        )

    def keep_files(self) -> bool:
        """Store the pictures that were sent and name them in the form; tell whether all went well."""
        fine = True
        for file in _sent(self.insert_file.name):
            fine = self._insert(file) and fine
        for _, block, row in self.rows:
            for file in _sent(row.image_file.name):
                try:
                    self.known[block.id] = replace(block, image=store_mail_image(file).id)
                    row.shows_image.data = True
                except (RuleError, KeyError) as error:
                    row.image_file.errors = [str(error)]
                    fine = False
        return fine

    def _insert(self, file) -> bool:
        """Add a picture at the end of the text, where its author moves it."""
        words = " ".join((self.insert_alt.data or "").replace("[", "(").replace("]", ")").split())
        try:
            if not words:
                raise RuleError("Décrivez cette image en quelques mots, puis choisissez-la de nouveau.")
            address = store_mail_image(file).url
        except RuleError as error:
            self.insert_file.errors = [*self.insert_file.errors, str(error)]
            return False
        self.editorial.data = f"{(self.editorial.data or '').rstrip()}\n\n![{words}]({address})\n"
        self.insert_alt.data = ""
        return True


def _values(issue: Issue, content: Content) -> dict:
    values = content.columns | {
        "base": str(issue.revision),
        "number": issue.number,
        "month": f"{content.month:%Y-%m}" if content.month else "",
    }
    names = ("title", "details", "blurb", "url", "link_label", "shows_image", "image_alt")
    rows = [{name: getattr(each, name) for name in names} | {"id": str(each.id)} for each in content.blocks]
    return values | {"blocks": rows}


def _read(block: Block, row: BlockRow) -> Block:
    typed = {name: (row[name].data or "").strip() for name in ("title", "details", "link_label", "image_alt")}
    url = block.url if block.source else _address(row.url.data)
    return replace(
        block, url=url, blurb=for_mail(_unix(row.blurb.data)), shows_image=bool(row.shows_image.data), **typed
    )


def _address(text: str | None) -> str:
    """Return an address of the site, or a whole one; anything else that is typed gets its https."""
    text = (text or "").strip()
    if not text or text.startswith(("/", "https://", "mailto:", "tel:")):
        return text if not text.startswith("//") else ""
    return "https://" + text.removeprefix("http://") if "." in text and ":" not in text.split("/")[0] else ""


def _unix(text: str | None) -> str:
    return (text or "").replace("\r\n", "\n").replace("\r", "\n")


def for_mail(text: str) -> str:
    """Return a Markdown text whose pictures of the site are those that mails show."""
    for name in names_in(text):
        address = f"/images/{name}"
        if not name.endswith(".jpg") and address in text:
            try:
                found = mail_image(address)
            except RuleError:  # a picture put by hand that does not read: its link is advised upon
                found = None
            text = text.replace(address, found.url) if found else text
    return text


def _sent(name: str) -> list:
    return [file for file in request.files.getlist(name) if file.filename][:1]


def _month(text: str | None) -> date | None:
    found = re.fullmatch(r"(20\d\d)-(0[1-9]|1[0-2])", text or "")
    return date(int(found[1]), int(found[2]), 1) if found else None


def _months(shown: str | None) -> list[tuple[str, str]]:
    """Return the months offered, the last first, the one that a letter has already among them."""
    here, own = first_of(today()), _month(shown)
    months = {add_months(here, step) for step in range(-MONTHS_BACK, MONTHS_AHEAD + 1)} | ({own} if own else set())
    return [("", "Aucun"), *((f"{each:%Y-%m}", month_words(each)) for each in sorted(months, reverse=True))]


class NewForm(Form):
    kind = RadioField(
        "Quoi",
        choices=[
            (Kind.NEWSLETTER.value, "Une lettre : un numéro, un mois, des rubriques"),
            (Kind.MESSAGE.value, "Un message : une invitation, une information, pour des personnes choisies"),
        ],
        default=Kind.NEWSLETTER.value,
    )
    start = RadioField("Partir", default="blank")

    def __init__(self, starts: list[tuple[str, str]], **kwargs):
        super().__init__(**kwargs)
        self.start.choices = starts


class ModelForm(Form):
    name = StringField("Nom du modèle", [InputRequired("Donnez un nom au modèle."), Length(max=120)])


def _near(day: date | None) -> date | None:
    return day if day and FIRST_YEAR <= day.year <= LAST_YEAR else None


class FileAwayForm(Form):
    day = DateField("Partie le", [InputRequired("Donnez le jour où la lettre est partie.")])

    def validate_day(self, field):
        if not _near(field.data):
            raise ValidationError("Donnez un jour de ce siècle.")


class ArchiveForm(Form):
    archive = SelectField("Qui la lit sur le site", choices=Archive.choices())


class PeriodForm(Form):
    start = DateField("Du", [Optional()])
    end = DateField("Au", [Optional()])

    def read(self, start: date, end: date) -> tuple[date, date]:
        """Return the period asked for, first day first; what is not understood is that of `start` to `end`."""
        asked = sorted([_near(self.start.data) or start, _near(self.end.data) or end])
        return asked[0], asked[1]


BLOCK_KINDS = {"text": BlockKind.TEXT, "heading": BlockKind.HEADING}
