"""Exact numbers: kept as whole thousandths, computed as Decimal or Fraction, written as French does."""

import re
from decimal import Decimal

from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.text import NBSP, number

MOST = Decimal(1_000_000_000)
THOUSAND = Decimal(1000)


def to_thousandths(value: Decimal | None) -> int | None:
    return None if value is None else int((value * THOUSAND).to_integral_value())


def from_thousandths(value: int | None) -> Decimal | None:
    return None if value is None else tidy(Decimal(value) / THOUSAND)


def tidy(value: Decimal) -> Decimal:
    """Return the same number without useless zeros after the comma: 66.260 is 66.26, and 9000 stays 9000."""
    return value.quantize(Decimal(1)) if value == value.to_integral_value() else value.normalize()


def exact(value) -> Decimal | None:
    """Return what a computation gave, an integer or a float, to the thousandth."""
    return None if value is None else tidy(Decimal(str(value)).quantize(Decimal("0.001")))


def parse(text: str) -> Decimal:
    """Read « 1 234,5 », « 66.26 », « 15,5 % ». Raises RuleError when it is no number, or has no place here."""
    plain = re.sub(r"[\s\u202f\u00a0]", "", text).removesuffix("%").removesuffix("€")
    if not re.fullmatch(r"-?[0-9]{1,12}(?:[.,][0-9]{1,9})?", plain):
        raise RuleError(
            f"« {text[:40]} » n’est pas un nombre. Écrivez-le en chiffres, par exemple « 219 » ou « 66,26 »."
        )
    value = Decimal(plain.replace(",", "."))
    if value < 0 or value > MOST:
        raise RuleError("Une valeur va de 0 à un milliard.")
    if value != value.quantize(Decimal("0.001")):
        raise RuleError("Gardez trois chiffres après la virgule au plus.")
    return tidy(value)


def written(value: Decimal | None, unit: str = "") -> str:
    """« 1 234,5 », « 66,26 % », « – » when there is none."""
    if value is None:
        return "–"
    text = number(int(value)) if value == value.to_integral_value() else number(float(value))
    return f"{text}{NBSP}{unit}" if unit in ("%", "€") else text


def with_unit(value: Decimal, unit: str) -> str:
    """« 12 ateliers », « 1 atelier », « 66,26 % »: units are kept in the plural, and French says one below two."""
    text = written(value, unit)
    return text if unit in ("", "%", "€") else f"{text} {unit if value >= 2 else singular(unit)}"


def singular(unit: str) -> str:
    return " ".join(word[:-1] if word.endswith("s") and len(word) > 3 else word for word in unit.split(" "))
