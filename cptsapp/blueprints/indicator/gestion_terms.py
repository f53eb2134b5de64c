"""What an indicator counts in a year, edited until it is frozen; and the rows behind its figure."""

from dataclasses import dataclass
from datetime import date

from flask import abort, flash, redirect, request, url_for

from cptsapp.blueprints.contract.models import Contract
from cptsapp.kernel.access import access, roles
from cptsapp.kernel.dates import today
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.htmx import page
from cptsapp.kernel.registry import Behind
from cptsapp.kernel.tables import Column, DataTable
from cptsapp.kernel.text import plural

from . import computing, recording, rules
from .checking import Definition
from .computing import MEASURE
from .forms import definition_form, definition_of, is_to_narrow
from .gestion import READERS, ask_to_narrow, bp_gestion, find, others, reading_of
from .models import Measure, MeasureTerm, Origin, Since
from .terms import Terms


@bp_gestion.route("/indicateurs/<int:id>/definition", methods=["GET", "POST"])
@access("coordination")
def define_before(id):
    """Before any contract there is one definition, for all the years to come; then each year has its page."""
    measure, contract = find(id), Contract.at(today())
    if contract:
        return redirect(url_for(".define", id=id, contract_id=contract.id, year=contract.year_at(today())), 303)
    return _define(measure, None, 0)


@bp_gestion.route("/indicateurs/<int:id>/definition/<int:contract_id>/<int:year>", methods=["GET", "POST"])
@access("coordination")
def define(id, contract_id, year):
    return _define(find(id), *_year(contract_id, year))


def _year(contract_id, year) -> tuple[Contract, int]:
    contract = Contract.get_or_none(Contract.id == contract_id) or abort(404)
    return (contract, year) if 1 <= year <= contract.years else abort(404)


def _define(measure: Measure, contract: Contract | None, year: int):
    term = Terms([measure]).at(measure, contract, year) or abort(404)
    form = definition_form(Definition.of(term), others(measure.id), request.form)
    if form.validate_on_submit():
        if is_to_narrow(form):
            ask_to_narrow(form)
        else:
            try:
                rules.define(measure.id, definition_of(form), contract_id=contract and contract.id, year=year)
            except RuleError as error:
                form.refuse(error)
            else:
                recording.record_years(measure, today())
                flash(
                    f"La définition de l’année {year} est enregistrée."
                    if contract
                    else "La définition est enregistrée."
                )
                return redirect(_back(measure, contract, year), 303)
    is_frozen = bool(contract and term.frozen_at and (term.contract_id, term.year) == (contract.id, year))
    return page(
        "indicator/define.html",
        fragment="formulaire",
        form=form,
        measure=measure,
        contract=contract,
        year=year,
        term=term,
        is_frozen=is_frozen,
        back=_back(measure, contract, year),
    )


def _back(measure: Measure, contract: Contract | None, year: int) -> str:
    return url_for(".show", id=measure.id, annee=f"{contract.id}-{year}" if contract else None)


@bp_gestion.post("/indicateurs/<int:id>/definition/<int:contract_id>/<int:year>/figer")
@access("coordination")
def freeze(id, contract_id, year):
    measure, (contract, year) = find(id), _year(contract_id, year)
    rules.freeze(id, contract_id=contract.id, year=year)
    flash(f"La définition de l’année {year} est figée.")
    return redirect(_back(measure, contract, year), 303)


@bp_gestion.post("/indicateurs/figer/<int:contract_id>/<int:year>")
@access("coordination")
def freeze_year(contract_id, year):
    contract, year = _year(contract_id, year)
    count = rules.freeze_year(contract_id=contract.id, year=year)
    flash(f"Année {year} : {plural(count, 'définition figée', 'définitions figées')}.")
    return redirect(url_for(".index", annee=f"{contract.id}-{year}"), 303)


# What is behind a figure


@dataclass(frozen=True)
class Row:
    """Something that a figure counts, with a number of its own in the list; `part` tells the two parts of a rate."""

    id: int
    part: str
    behind: Behind


ROWS = DataTable(
    "lignes-indicateur",
    Column("quoi", "Ce qui est compté", lambda row: row.behind.words, sort=True, link=lambda row: row.behind.url),
    Column("date", "Date", lambda row: row.behind.on, sort=lambda row: row.behind.on),
    Column("nombre", "Compte pour", lambda row: row.behind.number, sort=True, number=True),
    Column("part", "Part", "part", shown=False),
    noun=("ligne", "lignes"),
    search=[lambda row: row.behind.words],
    order="date",
    export_endpoint="indicator_gestion.export_rows",
    empty="Rien n’est encore compté dans cette période.",
    people=True,
)


@bp_gestion.get("/indicateurs/<int:id>/lignes/<int:contract_id>/<int:year>")
@access(*READERS)
def rows(id, contract_id, year):
    measure, (contract, year) = find(id), _year(contract_id, year)
    reading = reading_of(measure, contract, year) or abort(404)
    found, sentences = _rows(reading.term, *_span(reading.term, contract, year))
    start, end = _span(reading.term, contract, year)
    return ROWS.page(
        "indicator/rows.html",
        found,
        measure=measure,
        contract=contract,
        year=year,
        reading=reading,
        sentences=sentences,
        start=start,
        end=end,
    )


@bp_gestion.post("/indicateurs/<int:id>/lignes/<int:contract_id>/<int:year>/export")
@access(*READERS)
def export_rows(id, contract_id, year):
    measure, (contract, year) = find(id), _year(contract_id, year)
    reading = reading_of(measure, contract, year) or abort(404)
    return ROWS.export(_rows(reading.term, *_span(reading.term, contract, year))[0])


def _span(term: MeasureTerm, contract: Contract, year: int) -> tuple[date, date]:
    start, end = contract.bounds(year)
    return (contract.signed_on if term.since == Since.CONTRACT else start), min(end, today())


def _rows(term: MeasureTerm, start: date, end: date) -> tuple[list[Row], list[str]]:
    """Return the rows behind a definition as far as the reader may see them, and why others do not show."""
    found, sentences, held = [], [], roles()
    if term.origin != Origin.COMPUTED:
        return [], ["Cette valeur est donnée, pas calculée : son histoire est sur la page de l’indicateur."]
    if start > end:
        return [], ["Cette année n’a pas commencé."]
    for part, (key, parameters) in zip(("Numérateur", "Dénominateur"), computing.term_operands(term), strict=False):
        if key == MEASURE:
            sentences.append("Ce chiffre vient d’un autre indicateur : ouvrez-le pour voir ce qu’il compte.")
            continue
        rows, sentence = computing.rows(key, parameters, start, end, held)
        found += [(part if term.over_key else "", each) for each in rows]
        sentences += [sentence] if sentence else []
    return [Row(rank, part, each) for rank, (part, each) in enumerate(found)], list(dict.fromkeys(sentences))
