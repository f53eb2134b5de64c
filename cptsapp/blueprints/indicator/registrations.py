"""What the indicators tell the floors below: names, what lacks a value, a part of each fiche, what the site shows."""

from flask import url_for

from cptsapp.blueprints.contract.models import Contract
from cptsapp.kernel import journal
from cptsapp.kernel.dates import today
from cptsapp.kernel.registry import (
    Waiting,
    counter_source,
    fiche_panel,
    project_panel,
    public_fiche_panel,
    waiting,
)
from cptsapp.kernel.text import plural

from . import importing as importing  # registers what an imported fiche creates
from . import showing
from .models import Direction, Measure, MeasureKind, MeasureTerm, Origin, Since
from .reading import State, in_use, read
from .terms import Terms

READERS = ("bureau", "coordination")
journal.name_values(MeasureKind, Direction, Origin, Since)


@journal.subject("measure", "Indicateur")
def names(ids):
    measures = list(Measure.select().where(Measure.id.in_(ids)))
    terms = Terms(measures)
    labels = {each.id: term.label for each in measures if (term := terms.latest(each))}
    return {str(id): (label, url_for("indicator_gestion.show", id=id)) for id, label in labels.items()}


@waiting("indicator.values", access=("coordination",))
def values_to_give():
    """The indicators whose value of the year somebody has to give; nothing is computed for that."""
    contract = Contract.at(today())
    if contract is None:
        return
    given = MeasureTerm.select(MeasureTerm.measure).where(MeasureTerm.origin.in_([Origin.TYPED, Origin.IMPORTED]))
    found = read(list(in_use().where(Measure.id.in_(given))), contract, contract.year_at(today()))
    for state, one, many in (
        (State.MISSING, "indicateur attend sa valeur de l’année", "indicateurs attendent leur valeur de l’année"),
        (State.TO_IMPORT, "indicateur attend des chiffres à importer", "indicateurs attendent des chiffres à importer"),
    ):
        count = sum(each.state == state for each in found)
        yield Waiting(plural(count, one, many), url_for("indicator_gestion.index", etat=state.value), count)


@fiche_panel("Indicateurs", template="indicator/_panel.html", access=READERS, order=20)
def panel(fiche):
    contract = Contract.at(today())
    measures = list(in_use().where(Measure.fiche == fiche))
    rows = read(measures, contract, contract.year_at(today())) if contract else []
    return {"readings": rows, "count": len(measures)}


@public_fiche_panel("Les chiffres de l’action", template="indicator/_public.html", order=20)
def of_fiche(fiche):
    rows = [showing.shown(each) for each in showing.public_readings(Measure.fiche == fiche)]
    return {"groups": [("", rows)]} if rows else None


@project_panel("Où nous en sommes", template="indicator/_public.html", order=20)
def of_project(fiches):
    """What the indicators made public say, mission by mission."""
    groups: dict[str, list] = {}
    for each in showing.public_readings():
        groups.setdefault(each.mission_label, []).append(showing.shown(each))
    return {"groups": list(groups.items())} if groups else None


@counter_source
def counters():
    return showing.counters()
