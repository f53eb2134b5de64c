"""The editor's form of a page; the home page has fields of its own."""

import re

from flask import request
from wtforms import BooleanField, IntegerField, SelectField, StringField, TextAreaField
from wtforms.validators import Length, NumberRange, Optional
from wtforms.widgets import DateInput

from cptsapp.kernel.content import Document
from cptsapp.kernel.editorforms import EditorForm
from cptsapp.kernel.registry import home_blocks

from .models import PAGES, Banner

BUTTONS, DOORS = range(1, 3), range(1, 3)


def _each(prefix: str, numbers, *names: str):
    return [(number, {name: f"{prefix}{number}_{name}" for name in names}) for number in numbers]


class PageForm(EditorForm):
    SIMPLE = (*EditorForm.SIMPLE, "link", "reviewed_on", "reviewed_by", "review_due_on", "notice")

    in_menu = BooleanField("Dans le menu du site")
    position = IntegerField(
        "Position", [Optional(), NumberRange(0, 999)], description="Les plus petits nombres d’abord.", default=50
    )
    label = StringField("Nom dans le menu", [Length(max=60)], description="Vide : le titre.")
    parent = SelectField("Sous l’entrée", default="")
    cta = BooleanField("Montrée comme un bouton")
    link = StringField(
        "Mène ailleurs", [Length(max=500)], description="/actualites/ ou https://… : la page n’a alors pas de texte."
    )
    reviewed_on = StringField("Relue le", widget=DateInput())
    reviewed_by = StringField("Relue par", [Length(max=160)], description="Une fonction : « une infirmière ».")
    review_due_on = StringField("À relire avant le", widget=DateInput())
    notice = SelectField("Bandeau", choices=[("", "Aucun"), *Banner.choices()], default="")
    toc = BooleanField("Montrer un sommaire")
    timeline = TextAreaField("Dates clés", description="Une par ligne : « 2021-06 : Le projet de santé est validé. »")
    replaces = BooleanField("Remplacer le texte du logiciel par celui-ci")

    eyebrow = StringField("Au-dessus du titre", [Length(max=120)])
    hero_title = StringField("Grand titre", [Length(max=160)])
    lead = TextAreaField("Phrase d’accueil", [Length(max=400)])
    action1_label = StringField("Bouton principal", [Length(max=80)])
    action1_url = StringField("Son adresse", [Length(max=500)])
    action2_label = StringField("Second bouton", [Length(max=80)])
    action2_url = StringField("Son adresse", [Length(max=500)])
    door1_title = StringField("Première porte", [Length(max=80)])
    door1_text = StringField("Sa phrase", [Length(max=200)])
    door1_url = StringField("Son adresse", [Length(max=500)])
    door2_title = StringField("Seconde porte", [Length(max=80)])
    door2_text = StringField("Sa phrase", [Length(max=200)])
    door2_url = StringField("Son adresse", [Length(max=500)])

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        tops = sorted((each for each in PAGES.all() if each.menu and not each.menu.parent), key=lambda each: each.title)
        self.parent.choices = [("", "Aucune : entrée principale"), *((each.slug, each.title) for each in tops)]

    @classmethod
    def values_of(cls, document: Document) -> dict:
        header = document.header
        menu = header["menu"] if isinstance(header.get("menu"), dict) else {}
        hero = header["hero"] if isinstance(header.get("hero"), dict) else {}
        position = str(menu.get("position", "50"))
        values = super().values_of(document) | {
            "in_menu": bool(menu),
            "position": int(position) if re.fullmatch(r"\d{1,3}", position) else 50,
            "label": menu.get("label", ""),
            "parent": menu.get("parent", ""),
            "cta": menu.get("cta") == "true",
            "toc": header.get("toc") == "true",
            "replaces": header.get("replace") == "true",
            "timeline": "\n".join(f"{each.get('date')} : {each.get('text')}" for each in _parts(header, "timeline")),
            "eyebrow": hero.get("eyebrow", ""),
            "hero_title": hero.get("title", ""),
            "lead": hero.get("lead", ""),
        }
        for prefix, parts in (("action", _parts(hero, "actions")), ("door", _parts(header, "doors"))):
            for number, part in enumerate(parts[:2], 1):
                values |= {f"{prefix}{number}_{key}": value for key, value in part.items()}
        return values

    def header(self, before: dict) -> dict:
        header = super().header(before)
        menu = {"position": str(50 if self.position.data is None else self.position.data)}
        menu |= {"label": self.label.data, "parent": self.parent.data, "cta": "true" if self.cta.data else ""}
        header["menu"] = _given(menu) if self.in_menu.data else {}
        header["toc"] = "true" if self.toc.data else ""
        header["replace"] = "true" if self.replaces.data else ""
        header["timeline"] = [_step(line) for line in (self.timeline.data or "").splitlines() if line.strip()]
        if self.is_home:
            header |= self._home()
        return header

    @property
    def is_home(self) -> bool:
        return "is_home" in request.form

    def _home(self) -> dict:
        actions = [{"label": self[f"action{n}_label"].data, "url": self[f"action{n}_url"].data} for n in BUTTONS]
        doors = [{key: self[f"door{n}_{key}"].data for key in ("title", "text", "url")} for n in DOORS]
        hero = {"eyebrow": self.eyebrow.data, "title": self.hero_title.data, "lead": self.lead.data}
        hero = _given(hero | {"actions": [_given(each) for each in actions if _given(each)]})
        chosen = [(request.form.get(f"block-{block.key}", ""), block.key) for block in home_blocks]
        chosen = sorted((int(place), key) for place, key in chosen if re.fullmatch(r"[0-9]{1,3}", place))
        return {
            "hero": hero,
            "doors": [_given(each) for each in doors if _given(each)],
            # An empty choice is a choice: the key stays, without a block.
            "blocks": [key for _, key in chosen] or ["aucun"],
        }


def _parts(header: dict, key: str) -> list[dict]:
    parts = header.get(key)
    return [each for each in parts if isinstance(each, dict)] if isinstance(parts, list) else []


def _given(values: dict) -> dict:
    return {key: value for key, value in values.items() if value}


def _step(line: str) -> dict:
    day, _, text = line.partition(":")
    return {"date": day.strip(), "text": text.strip()}
