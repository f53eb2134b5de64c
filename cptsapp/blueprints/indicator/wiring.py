"""What each indicator of an imported fiche counts, and the models offered: `data/indicateurs.toml`."""

import string
import tomllib
from dataclasses import dataclass
from decimal import Decimal
from functools import cache

from cptsapp.blueprints.project.models import Fiche
from cptsapp.blueprints.territory import reference
from cptsapp.kernel.errors import RuleError

from . import computing
from .checking import Definition
from .models import Direction, Level, MeasureKind, Origin, Since

KINDS = {"booleen": MeasureKind.YES_NO, "compteur": MeasureKind.COUNTER, "evolution": MeasureKind.SERIES}
WAYS = {"hausse": Direction.UP, "baisse": Direction.DOWN, "binaire": Direction.BINARY}
MOST = 60  # indicators of a fiche


@cache
def _told() -> dict:
    return tomllib.loads((reference.DATA / "indicateurs.toml").read_text(encoding="utf-8"))


@cache
def _wires(table: str, key: str) -> dict[str, dict]:
    return {each[key]: each for each in _told()[table]}


def rows_of(row: dict) -> list[dict]:
    """Return the indicators that the row of a fiche names, `indicateur` or `indicateurs`. Raises RuleError."""
    found = row.get("indicateur") or row.get("indicateurs") or []
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise RuleError("ses indicateurs doivent être des tables, [[fiche.indicateur]].")
    if len(found) > MOST:
        raise RuleError(f"elle a plus de {MOST} indicateurs.")
    for rank, each in enumerate(found, 1):
        _check_row(each, rank)
    return found


def _check_row(row: dict, rank: int) -> None:
    for name in ("libelle", "code", "type", "origine", "module", "fournisseur"):
        if not isinstance(row.get(name, ""), str):
            raise RuleError(f"indicateur {rank} : « {name} » doit être un texte.")
    if not row.get("libelle", "").strip():
        raise RuleError(f"indicateur {rank} : il manque son libellé (« libelle = … »).")
    if row.get("type", "compteur") not in KINDS:
        known = ", ".join(KINDS)
        raise RuleError(f"indicateur {rank} : le type « {row['type']} » n’existe pas. Types connus : {known}.")


def code_of(row: dict, fiche: Fiche, place: int) -> str:
    """Return the code of an imported indicator: its own, else that of its fiche and a letter."""
    letter = string.ascii_lowercase[place] if place < 26 else str(place + 1)
    return row.get("code", "").strip()[:40] or (f"{fiche.code}-{letter}"[:40] if fiche.code else "")


def definition_of(row: dict, fiche: Fiche, code: str) -> Definition:
    """Return what an imported indicator counts: a computation of the product, a value to import or to type."""
    wire = _wires("indicateur", "code").get(code, {})
    kind = KINDS[row.get("type", "compteur")]
    told = Definition(row["libelle"].strip()[:200], kind=kind, unit=wire.get("unite", "")[:40])
    if row.get("origine") == "externe":
        told.origin, told.origin_note = Origin.IMPORTED, row.get("fournisseur", "").strip()[:200]
    return _wired(told, wire, fiche.code, _told()["modules"].get(row.get("module", ""), ""))


def _wired(told: Definition, wire: dict, fiche_code: str, usual_lack: str = "") -> Definition:
    told.definition = wire.get("definition", "")
    if told.kind == MeasureKind.YES_NO:
        told.direction = Direction.BINARY
    elif "sens" in wire:
        told.direction = WAYS[wire["sens"]]
    if "cle" in wire and wire["cle"] not in computing.known():
        told.origin, told.origin_note = Origin.UNWIRED, "La fonction qui compte ce chiffre est éteinte ici."
    elif "cle" in wire:
        told.origin, told.key = Origin.COMPUTED, wire["cle"]
        parameters = wire.get("parametres", {})
        told.parameters = {name: value.replace("{fiche}", fiche_code) for name, value in parameters.items()}
        told.since = Since.CONTRACT if wire.get("depuis") == "contrat" else Since.YEAR
    elif lack := wire.get("manque", "" if wire or told.origin == Origin.IMPORTED else usual_lack):
        told.origin, told.origin_note = Origin.UNWIRED, _told()["raisons"][lack]
    return told


@dataclass(frozen=True)
class Model:
    """An indicator that published contracts have, ready to be made one's own."""

    id: str
    label: str
    mission: str
    definition: Definition


def model_choices() -> list[tuple[str, str]]:
    return [(id, row["libelle"]) for id, row in _wires("modele", "id").items()]


def model(id: str) -> Model | None:
    """Return a model by its id, its definition new each time: who takes it changes it."""
    row = _wires("modele", "id").get(id)
    if row is None:
        return None
    return Model(id, row["libelle"], row["mission"], _wired(_of_model(row), row, ""))


def _of_model(row: dict) -> Definition:
    example, direction = row.get("exemple", {}), WAYS[row["sens"]]
    told = Definition(row["libelle"], unit=row["unite"], direction=direction)
    if direction == Direction.BINARY:
        told.kind, told.unit = MeasureKind.YES_NO, ""
        told.amount_cents = example["montant"] * 100 if "montant" in example else None
    elif "paliers" in example:
        told.kind, told.levels = MeasureKind.LEVELS, [_level(each) for each in example["paliers"]]
    else:
        told.kind = MeasureKind.RATE if row["unite"] == "%" else MeasureKind.COUNTER
    if "initial" in example:
        told.initial = Decimal(str(example["initial"]))
    if row["calcul"] == "cpam":
        told.origin, told.origin_note = Origin.IMPORTED, "CPAM"
    return told


def _level(row: dict) -> Level:
    return Level(Decimal(str(row["seuil"])), row["montant"] * 100)
