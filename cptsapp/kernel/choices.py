"""Closed lists: an English value stored, a French label shown."""

from enum import StrEnum


class Choice(StrEnum):
    """`ACTIVE = "active", "Actif"` : the member equals "active", its `label` is « Actif »."""

    def __new__(cls, value, label):
        member = str.__new__(cls, value)
        member._value_, member.label = value, label
        return member

    @classmethod
    def choices(cls) -> list[tuple[str, str]]:
        """Return the (value, label) pairs that a select field takes."""
        return [(each.value, each.label) for each in cls]
