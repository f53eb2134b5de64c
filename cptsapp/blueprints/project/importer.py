"""A project brought in from a TOML file: `[[fiche]]` or `[[projet]]`, all or nothing, the same file twice is once.

Known keys of a fiche: id, numero_affiche or numero, mission or objectif or mission_deduite, titre, constat,
chiffres_cles, objectifs, action, etapes, publics, partenaires, resultats_attendus, calendrier,
etat. Others are left aside, and told.
"""

import tomllib
from collections import Counter
from dataclasses import dataclass, field

from cptsapp.blueprints.territory import reference
from cptsapp.kernel.db import db
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.registry import fiche_rows
from cptsapp.kernel.text import number

from . import rules
from .models import Fiche

MISSIONS = {"attractivite": "accompagnement"}  # what projects call otherwise
USED = {
    "id", "numero", "numero_affiche", "mission", "objectif", "mission_deduite", "titre", "constat", "chiffres_cles",
    "objectifs", "action", "etapes", "publics", "partenaires", "resultats_attendus", "calendrier", "etat", "indicateur",
    "indicateurs", "modules",
}  # fmt: skip
MOST_BYTES = 1_000_000


@dataclass
class Report:
    """What an import did: titles created, titles already there, keys left aside, what came with the fiches."""

    created: list[str] = field(default_factory=list)
    known: list[str] = field(default_factory=list)
    aside: set[str] = field(default_factory=set)
    made: Counter = field(default_factory=Counter)


@db.atomic()
def load(content: bytes) -> Report:
    """Create the fiches of a file. Raises RuleError, and writes nothing, when one of them makes no sense."""
    report = Report()
    for rank, row in enumerate(_rows(content), 1):
        values = _values(row, rank)
        report.aside |= set(row) - USED
        fiche = _known(values)
        (report.known if fiche else report.created).append(values["title"])
        try:
            fiche = fiche or rules.create(**values)
            for each in fiche_rows:
                report.made[each.label] += each.call(fiche, row)
        except RuleError as error:
            raise RuleError(f"Fiche {rank} (« {values['title']} ») : {error}") from error
    return report


def _rows(content: bytes) -> list[dict]:
    if len(content) > MOST_BYTES:
        raise RuleError("Ce fichier dépasse 1 Mo : ce n’est pas un projet de santé.")
    try:
        read = tomllib.loads(content.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise RuleError("Ce fichier n’est pas un texte en UTF-8. Enregistrez-le de nouveau sous ce codage.") from error
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise RuleError(f"Ce fichier n’est pas du TOML : {error}. Corrigez cette ligne, puis recommencez.") from error
    rows = read.get("fiche") or read.get("projet")
    if not isinstance(rows, list) or not all(isinstance(each, dict) for each in rows):
        raise RuleError("Ce fichier ne contient aucune fiche : chacune commence par [[fiche]] ou [[projet]].")
    return rows


def _values(row: dict, rank: int) -> dict:
    title = _text(row, "titre", rank)
    if not title:
        raise RuleError(f"Fiche {rank} : il manque son titre (« titre = … »).")
    return {
        "title": title[:160],
        "code": _text(row, "id", rank)[:40],
        "label": _label(row, rank)[:60],
        "mission": _mission(row, title, rank),
        "summary": _text(row, "action", rank)[:400],
        "context": _paragraphs(_text(row, "constat", rank), _figures(row.get("chiffres_cles"))),
        "goals": _bullets(row.get("objectifs")),
        "actions": _steps(row.get("etapes")),
        "actors": _bullets(row.get("publics")),
        "partners": _bullets(row.get("partenaires")),
        "results": _bullets(row.get("resultats_attendus")),
        "schedule": _paragraphs(_schedule(row.get("calendrier")), _state(row, rank)),
    }


def _text(row: dict, name: str, rank: int) -> str:
    value = row.get(name, "")
    if not isinstance(value, str):
        raise RuleError(f"Fiche {rank} : « {name} » doit être un texte.")
    return value.strip()


def _label(row: dict, rank: int) -> str:
    number = row.get("numero")
    return f"Projet {number}" if isinstance(number, int) else _text(row, "numero_affiche", rank)


def _mission(row: dict, title: str, rank: int) -> str:
    told = _text(row, next((k for k in ("mission", "objectif", "mission_deduite") if k in row), "mission"), rank)
    code = MISSIONS.get(told, told)
    if code and code not in reference.missions():
        known = ", ".join(reference.missions())
        raise RuleError(f"Fiche {rank} (« {title} ») : la mission « {told} » n’existe pas. Missions connues : {known}.")
    return code


def _bullets(items) -> str:
    return "\n".join(f"- {each}" for each in items) if isinstance(items, list) else ""


def _steps(items) -> str:
    """Steps are texts, or tables whose `quoi` is the text and `ordre` the rank."""
    if not isinstance(items, list):
        return ""
    told = [each.get("quoi", "") if isinstance(each, dict) else str(each) for each in items]
    return "\n".join(f"{rank}. {each}" for rank, each in enumerate(filter(None, told), 1))


def _figures(items) -> str:
    rows = [each for each in items if isinstance(each, dict)] if isinstance(items, list) else []
    return "\n".join(f"- {_figure(each)}" for each in rows)


def _figure(row: dict) -> str:
    value = row.get("valeur", "")
    figure = number(value) if isinstance(value, int | float) else str(value)
    source = f" ({row['source']})" if row.get("source") else ""
    return f"{row.get('libelle', '')} : {figure} {row.get('unite', '')}".rstrip() + source


def _schedule(value) -> str:
    if not isinstance(value, dict):
        return ""
    start = (
        "À partir de la signature du contrat" if value.get("debut") == "signature-aci" else str(value.get("debut", ""))
    )
    rule = str(value.get("regle", ""))
    return f"{start} : {rule}" if start and rule else start or rule


def _state(row: dict, rank: int) -> str:
    told = _text(row, "etat", rank)
    return f"État au moment de l’import : {told}." if told else ""


def _paragraphs(*texts: str) -> str:
    return "\n\n".join(filter(None, texts))


def _known(values: dict) -> Fiche | None:
    same = (Fiche.title == values["title"]) & (Fiche.code == values["code"]) & (Fiche.label == values["label"])
    return Fiche.select().where(same).first()
