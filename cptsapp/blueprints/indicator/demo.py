"""The indicators of the demonstration: targets, a series from the CPAM, levels with amounts, years frozen, trends."""

from datetime import date
from decimal import Decimal

from cptsapp.blueprints.contract.models import Contract
from cptsapp.kernel.dates import add_months, today
from cptsapp.kernel.registry import demo_data

from . import recording, rules, wiring
from .checking import Definition
from .models import Measure, MeasureTerm
from .rules import Given

TARGETS = {"BRI-ACC-1-a": 4, "BRI-ACC-2-a": 20, "BRI-ACC-5-a": 3, "BRI-PRE-1-a": 6, "BRI-PRE-2-a": 5, "BRI-ATT-1-a": 2}
AMOUNTS = {"BRI-ACC-1-a": 900_000, "BRI-ACC-2-a": 600_000, "BRI-PAR-1-a": 1_500_000}
PUBLIC = ("BRI-ACC-2-a", "BRI-PRE-1-a", "BRI-PAR-1-a")
ALD = ((33, 219), (27, 204), (21, 183), (15, 148), (9, 121), (3, 94))  # months ago, patients
BREAST = ((30, "66.26"), (18, "67.9"), (6, "70.4"))
BANDS = {
    "16-29 ans": (310, 296, 281, 274),
    "30-49 ans": (402, 371, 349, 322),
    "50-69 ans": (268, 240, 221, 190),
    "70 ans et plus": (84, 61, 37, 19),
}  # patients, from the oldest of their days to the latest
BAND_MONTHS = (33, 23, 13, 2)
WORKSHOPS = ((14, 1), (2, 1))


@demo_data(order=92)
def fill():
    contract = Contract.at(today())
    for measure in Measure.select().where(Measure.code.in_([*TARGETS, "BRI-PAR-1-a"])):
        _aim(measure)
    _series("ald_sans_mt", ALD, "Extraction CPAM 77", is_public=True)
    _series("depistage_sein", BREAST, "Tableau de bord de la CPAM 77")
    _series_by_band("plus16_sans_mt", "Extraction CPAM 77")
    for code, values in (("BRI-ATT-1-a", WORKSHOPS), ("BRI-ACC-1-b", ((8, 31),))):
        for months, number in values:
            _note(Measure.get(Measure.code == code), months, number, "Compte rendu de la coordination")
    for year in range(1, contract.year_at(today())):
        rules.freeze_year(contract_id=contract.id, year=year)
    _record(contract.signed_on)


def _aim(measure: Measure):
    """Give a target or an amount to what the project brought in."""
    told = Definition.of(MeasureTerm.get(MeasureTerm.measure == measure))
    if measure.code in TARGETS:
        told.initial, told.target = Decimal(0), Decimal(TARGETS[measure.code])
    told.amount_cents = AMOUNTS.get(measure.code)
    rules.define(measure.id, told, contract_id=None)
    if measure.code in PUBLIC:
        rules.place(measure.id, fiche_id=measure.fiche_id, mission="", is_public=True)


def _series(model_id: str, values, source: str, *, is_public: bool = False):
    model = wiring.model(model_id)
    measure = rules.create(model.definition, mission=model.mission, is_public=is_public)
    for months, number in values:
        _note(measure, months, number, source)


def _series_by_band(model_id: str, source: str):
    model = wiring.model(model_id)
    measure = rules.create(model.definition, mission=model.mission, is_public=True)
    for band, numbers in BANDS.items():
        for months, number in zip(BAND_MONTHS, numbers, strict=True):
            day = add_months(today(), -months)
            rules.note_value(measure.id, Given(day, Decimal(number), band=band, source=source))


def _note(measure: Measure, months: int, number, source: str):
    rules.note_value(measure.id, Given(add_months(today(), -months), Decimal(str(number)), source=source))


def _record(signed_on: date):
    """Note what the computations gave every three months, as the product would have done at the end of each month."""
    for months in range(3, 36, 3):
        if (day := add_months(signed_on, months)) < today():
            recording.record_day(day)
