"""A content file: a YAML header between two `---` lines, then Markdown.

Every value of the header is read as text, a list or a mapping of texts (« no » is a word, not a refusal; a date is what
was typed). Whatever the bytes, reading gives a document or `Malformed`, which says the line and the reason in French.
"""

import re
from dataclasses import dataclass, field
from datetime import date, datetime

import yaml

from .dates import to_utc
from .errors import RuleError

LARGEST_FILE = 1_000_000  # bytes
LARGEST_HEADER = 50_000
_HEADER = re.compile(r"---[ \t]*\n(.*?)^---[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE)


class Malformed(RuleError):
    """A file that cannot be read, with the line to mend; `field` is the key of the header, when one is at fault.

    The sentence names the key, for whoever reads the file; `reason` does not, for whoever reads a form.
    """

    def __init__(self, reason: str, line: int = 1, field: str | None = None):
        super().__init__(f"« {field} » : {reason[0].lower()}{reason[1:]}" if field else reason, field)
        self.line, self.reason = line, reason


class _Loader(yaml.BaseLoader):
    """Texts, lists and mappings, and nothing that grows when it is read."""

    def compose_node(self, parent, index):
        if self.check_event(yaml.AliasEvent):
            mark = self.peek_event().start_mark
            raise yaml.MarkedYAMLError(problem="alias", problem_mark=mark)
        return super().compose_node(parent, index)


class _Dumper(yaml.SafeDumper):
    """Quotes only where the syntax asks for it: `_Loader` takes nothing for a number or a date."""

    yaml_implicit_resolvers = {}

    def ignore_aliases(self, data):
        return True


def parse(data: bytes) -> tuple[dict, dict[str, int], str]:
    """Return (header, line of each of its keys, body) of a file; raise Malformed."""
    if len(data) > LARGEST_FILE:
        raise Malformed("Ce fichier est trop gros : un texte tient en un million de caractères.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise Malformed("Ce fichier n’est pas en UTF-8 : enregistrez-le dans ce format.", line) from error
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    found = _HEADER.match(text)
    if not found:
        raise Malformed("L’en-tête manque : le fichier commence par une ligne « --- » et une autre « --- » le ferme.")
    header, lines = _read_header(found[1])
    return header, lines, text[found.end() :].strip("\n") + "\n"


def _read_header(text: str) -> tuple[dict, dict[str, int]]:
    if len(text) > LARGEST_HEADER:
        raise Malformed("L’en-tête est trop long.", 2)
    loader = None
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
        if node is None:
            return {}, {}
        if not isinstance(node, yaml.MappingNode):
            raise Malformed("L’en-tête doit être fait de lignes « clé: valeur ».", 2)
        lines = {}
        for key, _ in node.value:
            line = key.start_mark.line + 2
            if not isinstance(key, yaml.ScalarNode) or key.value in lines:
                raise Malformed(f"La clé « {key.value} » est écrite deux fois, ou n’est pas un mot.", line)
            lines[key.value] = line
        return loader.construct_document(node), lines
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise Malformed(_explain(error.problem or ""), mark.line + 2 if mark else 2) from error
    except (yaml.YAMLError, RecursionError, ValueError, TypeError) as error:
        raise Malformed("L’en-tête contient des caractères ou une forme que le site ne lit pas.", 2) from error
    finally:
        if loader is not None:
            loader.dispose()


def _explain(problem: str) -> str:
    if "mapping values are not allowed" in problem:
        return "Une valeur contient « : » : mettez toute la valeur entre guillemets."
    if "\\t" in problem:
        return "Une tabulation s’est glissée dans l’en-tête : remplacez-la par des espaces."
    if "alias" in problem or "anchor" in problem:
        return "Les signes & et * n’ouvrent pas une valeur : mettez-la entre guillemets."
    if "expected" in problem or "found" in problem or "could not find" in problem:
        return "Un guillemet, un crochet, une accolade ou deux-points manque dans l’en-tête, sur cette ligne ou avant."
    return "L’en-tête n’est pas écrit en lignes « clé: valeur »."


def dump(header: dict, body: str) -> str:
    """Return the text of a file; empty values are left out."""
    header = {key: value for key, value in header.items() if value not in ("", None, [], {})}
    head = yaml.dump(header, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=10_000) if header else ""
    body = body.replace("\r\n", "\n").replace("\r", "\n").strip("\n")
    return f"---\n{head}---\n{body}\n"


@dataclass
class Header:
    """Reads the keys of a header as what they mean; each method raises Malformed at the line of its key."""

    values: dict
    lines: dict[str, int] = field(default_factory=dict)
    read: set[str] = field(default_factory=set)
    line: int = 1  # of the keys that are missing

    def refuse(self, key: str, sentence: str):
        raise Malformed(sentence, self.lines.get(key, self.line), key)

    def text(self, key: str, *, required: bool = False, limit: int = 500) -> str:
        self.read.add(key)
        value = self.values.get(key, "")
        if not isinstance(value, str):
            self.refuse(key, "Un texte est attendu, pas une liste.")
        value = " ".join(value.split())
        if required and not value:
            self.refuse(key, "Cette ligne est obligatoire.")
        if len(value) > limit:
            self.refuse(key, f"{limit} caractères au plus.")
        return value

    def choice(self, key: str, choices, default=None):
        value = self.text(key)
        if not value:
            return default
        known = [each.value for each in choices]
        if value not in known:
            self.refuse(key, f"« {value[:40]} » n’est pas dans la liste : {', '.join(known)}.")
        return choices(value)

    def flag(self, key: str) -> bool:
        value = self.text(key).lower()
        if value not in ("", "true", "false", "oui", "non", "yes", "no"):
            self.refuse(key, "Écrivez true ou false.")
        return value in ("true", "oui", "yes")

    def whole(self, key: str, default: int = 0) -> int:
        value = self.text(key)
        if value and not re.fullmatch(r"-?[0-9]{1,6}", value):
            self.refuse(key, "Un nombre entier est attendu.")
        return int(value) if value else default

    def day(self, key: str) -> date | None:
        value = self.text(key)
        try:
            return date.fromisoformat(value) if value else None
        except ValueError:
            self.refuse(key, f"« {value[:40]} » n’est pas une date. Écrivez par exemple 2026-11-18.")

    def moment(self, key: str) -> datetime | None:
        """Return a Paris date, with or without its time, as naive UTC."""
        value = self.text(key)
        if not value:
            return None
        if not re.fullmatch(r"\d{4}-\d{2}-\d{2}([ T]\d{2}:\d{2}(:\d{2})?)?", value):
            self.refuse(key, f"« {value[:40]} » n’est pas une date. Écrivez par exemple 2026-11-18 09:00.")
        try:
            return to_utc(datetime.fromisoformat(value))
        except RuleError as error:
            self.refuse(key, str(error))
        except (ValueError, OverflowError):
            self.refuse(key, f"« {value[:40]} » n’existe pas dans le calendrier.")

    def texts(self, key: str) -> list[str]:
        """Return a list of texts; one text alone is a list of one."""
        self.read.add(key)
        value = self.values.get(key) or []
        value = [value] if isinstance(value, str) else value
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            self.refuse(key, "Une liste de textes est attendue, par exemple [un, deux].")
        return [" ".join(each.split()) for each in value if each.strip()]

    def part(self, key: str) -> "Header | None":
        """Return the mapping under `key` as a header of its own, or None."""
        self.read.add(key)
        value = self.values.get(key)
        if value in (None, ""):
            return None
        if not isinstance(value, dict):
            self.refuse(key, "Des lignes « clé: valeur » sont attendues, décalées de deux espaces.")
        return self._within(key, value)

    def parts(self, key: str) -> "list[Header]":
        """Return the list of mappings under `key`."""
        self.read.add(key)
        value = self.values.get(key) or []
        if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
            self.refuse(key, "Une liste est attendue, chaque ligne de la forme « - {clé: valeur} ».")
        return [self._within(key, each) for each in value]

    def _within(self, key: str, values: dict) -> "Header":
        line = self.lines.get(key, self.line)
        return Header(values, dict.fromkeys(values, line), line=line)

    def finish(self):
        """Refuse the keys that nobody read: a typing slip must not pass unseen."""
        for key in self.values:
            if key not in self.read:
                self.refuse(str(key)[:40], "Cette clé n’existe pas. Vérifiez son orthographe.")
