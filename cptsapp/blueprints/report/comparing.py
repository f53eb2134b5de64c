"""What changed between two draftings of the same period, figure by figure, and why as far as it is known."""

from dataclasses import dataclass
from datetime import date, datetime

from cptsapp.kernel.dates import date_fr, datetime_fr, to_paris

from .figures import Figure, read_day


@dataclass(frozen=True)
class Moved:
    """A figure that is not what it was: its words before and now (None when it was not there), and why."""

    label: str
    group: str
    before: str | None
    now: str | None
    why: str


def moved(old: list[Figure], new: list[Figure], *, ends_on: date, before: datetime, after: datetime) -> list[Moved]:
    """Return the figures that differ between two draftings made at two moments (naive UTC), in the order of the new."""
    known, found = {each.key: each for each in old}, []
    for each in new:
        was = known.pop(each.key, None)
        if was is None:
            why = "Ce chiffre n’existait pas : un indicateur, une catégorie ou une fonction s’est ajouté."
            found.append(Moved(each.label, each.group, None, each.words, why))
        elif (was.value, was.words) != (each.value, each.words):
            why = _why(was, each, ends_on, before, after)
            found.append(Moved(each.label, each.group, was.words, each.words, why))
    why = "Ce chiffre n’existe plus : l’indicateur est archivé, la catégorie est vide ou la fonction est éteinte."
    return found + [Moved(each.label, each.group, each.words, None, why) for each in known.values()]


def _why(was: Figure, each: Figure, ends_on: date, before: datetime, after: datetime) -> str:
    if was.definition != each.definition:
        return "La définition de l’indicateur a changé entre les deux."
    if was.source != each.source and not was.source:
        return "Une valeur a été saisie ou importée entre les deux."
    if was.source != each.source:
        return f"La source a changé : « {was.source or 'aucune'} », puis « {each.source or 'aucune'} »."
    if was.as_of != each.as_of:
        first, second = (read_day(one.as_of) or "jour inconnu" for one in (was, each))
        return f"Arrêté au {first} la première fois, au {second} la seconde."
    if to_paris(before).date() <= ends_on:
        return f"La période courait encore le {date_fr(before)} : ce qui s’est passé depuis s’y ajoute."
    return (
        f"Des données de la période ont été saisies, corrigées ou effacées entre le {datetime_fr(before)} et le "
        f"{datetime_fr(after)}. Le journal dit lesquelles."
    )
