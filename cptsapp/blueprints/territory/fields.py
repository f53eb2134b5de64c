"""Form fields that read communes as people write them, and give INSEE codes."""

from wtforms import StringField, TextAreaField
from wtforms.validators import ValidationError

from cptsapp.kernel.text import plural

from . import reference, rules

MOST_SHOWN = 6
MOST_NAMES = 15  # of one postal code, which may mean a few dozen


def label_of(insee: str | None) -> str:
    """Return the words that a field shows for a commune: « Brie-Comte-Robert (77) »."""
    place = reference.place(insee) if insee else None
    return place.label if place else ""


class CommuneField(StringField):
    """One commune, in any spelling, or its postal code. `data` is an INSEE code or None; `text` what was typed."""

    def process_data(self, value):
        self.data, self.text = value or None, label_of(value)

    def process_formdata(self, valuelist):
        if valuelist:
            self.data, self.text = None, " ".join(valuelist[0].replace(",", " ").split())[:100]

    def _value(self):
        return self.text

    def pre_validate(self, form):
        if self.text and self.data is None:
            self.data = _one(self.text)


class CommunesField(TextAreaField):
    """Communes separated by lines or commas. `data` is a list of INSEE codes; `text` what was typed."""

    def process_data(self, value):
        self.data, self.text = list(value or []), "\n".join(label_of(insee) for insee in value or [])

    def process_formdata(self, valuelist):
        if valuelist:
            self.data, self.text = [], valuelist[0].strip()[:5000]

    def _value(self):
        return self.text

    def pre_validate(self, form):
        if self.text and not self.data:
            self.data = _several(self.text)


def _one(text) -> str:
    codes = _several(text)
    if len(codes) > 1:
        raise ValidationError("Écrivez une seule commune.")
    return codes[0] if codes else None


def _choice(written: str, places: list) -> str:
    """Return the sentence that offers the communes meant: by their names when one département holds them all."""
    if len({place.departement for place in places}) > 1:
        options = ", ".join(place.label for place in places[:MOST_SHOWN])
        return f"« {written} » peut être : {options}. Écrivez le nom suivi du département."
    names = [place.name for place in places[:MOST_NAMES]]
    others = len(places) - len(names)
    last = plural(others, "autre") if others else names.pop()
    return f"« {written} » peut être : {', '.join(names)} ou {last}. Écrivez le nom de la commune."


def _several(text) -> list[str]:
    near = rules.departements()
    found = rules.recognise(text, near=near)
    for written, places in found.ambiguous:
        close = [place for place in reference.search(written, near=near) if place.departement in near]
        raise ValidationError(_choice(written, list(dict.fromkeys([*close[:3], *places]))))
    for written in found.unknown:
        meant = reference.search(written, near=near, limit=3)
        if len(meant) == 1:
            found.found.append(meant[0])
            continue
        hint = f" Vouliez-vous dire {' ou '.join(place.label for place in meant)} ?" if meant else ""
        raise ValidationError(f"Aucune commune ne s’appelle « {written} ».{hint}")
    return list(dict.fromkeys(place.insee for place in found.found))
