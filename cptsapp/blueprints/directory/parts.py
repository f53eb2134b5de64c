"""Reads the values of a definition one by one; each method refuses, at its place, what is not of the type asked."""

import re
from collections.abc import Callable

_KEY = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
MISSING = object()


class Part:
    """A table of a definition. `refuse(path, why)` raises the refusal; `finish` refuses the keys that nobody read."""

    def __init__(self, values: dict, path: tuple, refuse: Callable):
        self.values, self.path, self._refuse = values, path, refuse
        self.read: set[str] = set()

    def refuse(self, key: str, reason: str):
        self._refuse((*self.path, key) if key else self.path, reason)

    def _take(self, key: str):
        self.read.add(key)
        return self.values.get(key, MISSING)

    def text(self, key: str, *, required=False, limit=200, lines=False) -> str:
        value = self._take(key)
        if value is MISSING:
            if required:
                self.refuse(key, "Cette ligne est obligatoire.")
            return ""
        if not isinstance(value, str):
            self.refuse(key, "Un texte entre guillemets est attendu.")
        if any(ord(char) < 32 and char != "\n" for char in value):
            self.refuse(key, "Ce texte contient un signe de contrôle.")
        value = "\n".join(" ".join(line.split()) for line in value.strip().split("\n"))
        value = value if lines else " ".join(value.split())
        if required and not value:
            self.refuse(key, "Cette ligne est obligatoire.")
        if len(value) > limit:
            self.refuse(key, f"{limit} caractères au plus.")
        return value

    def key(self, key: str, *, required=False) -> str:
        value = self.text(key, required=required, limit=40)
        if value and not _KEY.fullmatch(value):
            self.refuse(key, "Ce nom s’écrit en minuscules sans accent, chiffres et « _ ».")
        return value

    def choice(self, key: str, choices, default=MISSING):
        value = self.text(key, required=default is MISSING)
        if not value:
            return default
        known = [each.value for each in choices]
        if value not in known:
            self.refuse(key, f"« {value[:40]} » n’est pas dans la liste : {', '.join(known)}.")
        return choices(value)

    def flag(self, key: str, default=False) -> bool:
        value = self._take(key)
        if value is not MISSING and not isinstance(value, bool):
            self.refuse(key, "Écrivez true ou false.")
        return default if value is MISSING else value

    def whole(self, key: str, default: int, least: int, most: int) -> int:
        value = self._take(key)
        if value is MISSING:
            return default
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            self.refuse(key, f"Un nombre entier de {least} à {most} est attendu.")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        value = self._take(key)
        if value is MISSING:
            return ()
        if not isinstance(value, list) or not all(isinstance(each, str) and each.strip() for each in value):
            self.refuse(key, 'Une liste de textes est attendue, par exemple ["un", "deux"].')
        if len(set(value)) != len(value):
            self.refuse(key, "Un élément y est écrit deux fois.")
        return tuple(value)

    def pairs(self, key: str) -> tuple[tuple[str, str], ...]:
        """Return the (key, label) pairs of a list of lists of two texts."""
        value = self._take(key)
        if value is MISSING:
            return ()
        fine = isinstance(value, list) and all(
            isinstance(pair, list) and len(pair) == 2 and all(isinstance(each, str) and each.strip() for each in pair)
            for pair in value
        )
        if not fine:
            self.refuse(key, 'Une liste de paires est attendue, par exemple [["cle", "Libellé"]].')
        for name, label in value:
            if not _KEY.fullmatch(name) or len(name) > 40 or len(label) > 120:
                self.refuse(
                    key, f"« {name[:40]} » : la clé s’écrit en minuscules, le libellé en 120 caractères au plus."
                )
        if len(dict(value)) != len(value):
            self.refuse(key, "Une clé y est écrite deux fois.")
        return tuple((name, " ".join(label.split())) for name, label in value)

    def part(self, key: str) -> "Part | None":
        value = self._take(key)
        if value is MISSING:
            return None
        if not isinstance(value, dict):
            self.refuse(key, f"Une section [{key}] est attendue.")
        return Part(value, (*self.path, key), self._refuse)

    def parts(self, key: str) -> "list[Part]":
        value = self._take(key)
        if value is MISSING:
            return []
        if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
            self.refuse(key, f"Des sections [[{key}]] sont attendues.")
        return [Part(each, (*self.path, key, rank), self._refuse) for rank, each in enumerate(value)]

    def finish(self):
        for key in self.values:
            if key not in self.read:
                self.refuse(str(key), "Cette clé n’existe pas. Vérifiez son orthographe.")
