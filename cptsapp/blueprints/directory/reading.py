"""A definition from its TOML file, or from the same values in JSON: strict, and refused with file, line and reason.

    from_toml(text, "ipa.toml")            the definition `ipa`; raises WrongDefinition
    from_values({"name": …}, "mon-slug")   the same, from values; its refusals name the place (« fields 2, label »)

`shape` says which keys there are, in one place; whatever is not understood is refused, never passed over.
"""

import re
import tomllib

from cptsapp.kernel.errors import RuleError

from . import checks, shape
from .definition import Definition
from .parts import Part

LARGEST = 100_000  # characters
RESERVED = {"ma-fiche", "liste", "fiche", "temoins", "nouveau", "partenaires"}  # addresses beside those of the lists


class WrongDefinition(RuleError):
    """A definition that cannot be used: `source` (a file), `line` (0 when there is none), `place`, `reason`."""

    def __init__(self, source: str, line: int, place: str, reason: str):
        where = f"{source}, ligne {line}" if line else source
        named = f"« {place} » : {reason[0].lower()}{reason[1:]}" if place else reason
        super().__init__(f"{where} : {named}")
        self.source, self.line, self.place, self.reason = source, line, place, reason


def from_toml(text: str, source: str) -> Definition:
    """Return the definition of a file named `<slug>.toml`; raise WrongDefinition."""
    if len(text) > LARGEST:
        raise WrongDefinition(source, 1, "", "Ce fichier est trop long.")
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise WrongDefinition(source, _line_of(error, text), "", _SYNTAX) from error
    except RecursionError as error:
        raise WrongDefinition(source, 1, "", "Les crochets y sont trop profonds.") from error
    return _read(values, {(): 1} | lines_of(text), source, source.removesuffix(".toml"))


def from_values(values: dict, slug: str, source: str = "Définition") -> Definition:
    """Return the definition that holds `values`, as a file would write them; raise WrongDefinition."""
    return _read(values, {}, source, slug)


_SYNTAX = (
    "La ligne n’est pas écrite en TOML : vérifiez les guillemets, les crochets et le signe égal, "
    "ici ou à la ligne d’avant."
)


def _line_of(error: tomllib.TOMLDecodeError, text: str) -> int:
    found = re.search(r"at line (\d+)", str(error))
    return int(found[1]) if found else text.count("\n") + 1


def _read(values: dict, lines: dict, source: str, slug: str) -> Definition:
    def refuse(path, reason):
        line = next((lines[path[:size]] for size in range(len(path), -1, -1) if path[:size] in lines), 0)
        raise WrongDefinition(source, line, _words(path), reason)

    if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", slug) or len(slug) > 60:
        refuse((), "Le nom court s’écrit en minuscules sans accent, chiffres et tirets : « medecins-volontaires ».")
    if slug in RESERVED:
        refuse((), f"« {slug} » est une adresse du site : choisissez un autre nom court.")
    definition = shape.definition(Part(values, (), refuse), slug)
    checks.check(definition, refuse)
    return definition


def _words(path: tuple) -> str:
    """« name », « fields 2, label »: each part of a list by its rank."""
    words = []
    for each in path:
        if isinstance(each, int):
            words[-1] += f" {each + 1}"
        else:
            words.append(str(each)[:60])
    return ", ".join(words)


def lines_of(text: str) -> dict[tuple, int]:
    """Return the line of each table and key of a TOML text: {("fields", 1, "label"): 23}."""
    found, path, counts, closing = {}, (), {}, None
    for number, line in enumerate(text.split("\n"), start=1):
        if closing:
            closing = None if closing in line else closing
            continue
        if table := re.match(r"\s*(\[\[?)\s*([\w-]+)\s*\]", line):
            path = (table[2],)
            if table[1] == "[[":
                counts[table[2]] = counts.get(table[2], -1) + 1
                path = (table[2], counts[table[2]])
            found.setdefault(path, number)
        elif key := re.match(r"\s*\"?([\w-]+)\"?\s*=\s*(.*)", line):
            found.setdefault((*path, key[1]), number)
            opening = next((mark for mark in ('"""', "'''") if key[2].startswith(mark)), None)
            closing = opening if opening and opening not in key[2][3:] else None
    return found
