"""What computes a value: a registered indicator with its parameters, or the value of another measure."""

import json
import logging
from collections.abc import Callable
from datetime import date
from decimal import Decimal

from cptsapp.kernel.access import may_enter
from cptsapp.kernel.registry import Behind, Indicator, indicators, row_sources

from .models import MeasureTerm
from .numbers import exact

log = logging.getLogger("cptsapp.indicator")
MEASURE = "measure"  # the key that stands for another measure, told by its parameter of the same name


class Gone(Exception):
    """No function computes this key any more."""


class Failed(Exception):
    """The function that computes this key could not."""


def known() -> dict[str, Indicator]:
    return {each.key: each for each in indicators}


def find(key: str) -> Indicator:
    found = known().get(key)
    if found is None:
        raise Gone(key)
    return found


def narrowed(found: Indicator, parameters: dict[str, str]) -> dict[str, str]:
    """Return the parameters that narrow an indicator, without blanks and without those it does not know."""
    names = {each.key for each in found.parameters}
    return {name: value for name, value in parameters.items() if name in names and value}


def count(key: str, parameters: dict[str, str], start: date, end: date) -> Decimal | None:
    """Return what a registered indicator gives. Raises Gone or Failed."""
    found = find(key)
    try:
        return exact(found.count(start, end, **narrowed(found, parameters)))
    except Exception as error:  # whatever a feature raises, the other figures stand
        log.exception("indicator %s failed", key)
        raise Failed(key) from error


def term_operands(term: MeasureTerm) -> list[tuple[str, dict[str, str]]]:
    """Return the (key, parameters) that a definition computes, the one that it divides by last."""
    found = [(term.key, term.parameters)] if term.key else []
    return found + ([(term.over_key, term.over_parameters)] if term.over_key else [])


def measures_used(term: MeasureTerm) -> list[int]:
    """Return the ids of the measures that a definition stands on."""
    return [int(told[MEASURE]) for key, told in term_operands(term) if key == MEASURE]


def words(key: str, parameters: dict[str, str], name_of: Callable[[int], str]) -> str:
    """« Événements tenus (Nature : Atelier ; Action : A1) »."""
    if key == MEASURE:
        return f"Indicateur « {name_of(int(parameters[MEASURE]))} »"
    found = known().get(key)
    if found is None:
        return f"Fonction absente : « {key} »"
    told = narrowed(found, parameters)
    parts = [f"{each.label} : {_label(each, told[each.key])}" for each in found.parameters if each.key in told]
    return f"{found.label} ({' ; '.join(parts)})" if parts else found.label


def _label(parameter, value: str) -> str:
    return dict(parameter.choices()).get(value, value) if parameter.choices else value


def rows(key: str, parameters: dict[str, str], start: date, end: date, held) -> tuple[list[Behind], str]:
    """Return (rows, sentence): what a computation counted for whoever holds these roles, or why nothing shows."""
    source = row_sources.get(key)
    found = known().get(key)
    if found is None:
        return [], "La fonction qui comptait ce chiffre n’est plus en service : il n’y a rien à ouvrir."
    if source is None:
        return [], "Ce chiffre est compté directement : les lignes qui le composent ne se montrent pas."
    if not may_enter(source.access, held):
        return [], "Vous voyez le chiffre. Les lignes qui le composent nomment des personnes : la coordination les lit."
    return list(source.rows(start, end, **narrowed(found, parameters))), ""


def dumped(parameters: dict[str, str]) -> str:
    """Return parameters as they are kept: in one order, so that equal ones are the same text."""
    return json.dumps({name: str(value) for name, value in sorted(parameters.items()) if value}, ensure_ascii=False)
