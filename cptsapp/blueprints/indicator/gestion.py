"""The indicators in the gestion: their list, one of them, where it belongs; the other rooms are beside."""

from dataclasses import dataclass
from functools import cached_property

from flask import Blueprint, abort, flash, redirect, request, url_for

from cptsapp.blueprints.contract.models import Contract
from cptsapp.blueprints.project.models import Fiche
from cptsapp.blueprints.territory import reference
from cptsapp.kernel.access import access
from cptsapp.kernel.dates import today
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.htmx import page
from cptsapp.kernel.registry import NavItem, navigation
from cptsapp.kernel.tables import Column, DataTable, OneOf

from . import rules, wiring
from .checking import Definition
from .forms import PlaceForm, definition_form, definition_of, is_to_narrow, shown_of
from .models import Measure, MeasureKind, MeasureTerm, MeasureValue, Origin
from .numbers import with_unit, written
from .reading import Reading, State, read, read_years, readings
from .terms import Terms
from .values import history

bp_gestion = Blueprint("indicator_gestion", __name__, url_prefix="/gestion/projet")
READERS = ("bureau", "coordination")
navigation.append(NavItem("gestion", "Indicateurs", "indicator_gestion.index", "activity", READERS, "Projet", order=22))
NARROW_FIRST = "Ce calcul peut être restreint : vérifiez ses réglages ci-dessous, puis enregistrez."


@dataclass(frozen=True)
class Line:
    """A reading as the list shows it; `number` is what exports write."""

    reading: Reading

    @property
    def id(self) -> int:
        return self.reading.measure.id

    @property
    def fiche_id(self) -> str:
        return str(self.reading.fiche.id) if self.reading.fiche else ""

    @property
    def fiche_title(self) -> str:
        return self.reading.fiche.full_title if self.reading.fiche else ""

    @property
    def address(self) -> str:
        """The page of the indicator, in the year that the list is read in."""
        return url_for("indicator_gestion.show", id=self.id, annee=request.args.get("annee") or None)

    @cached_property
    def value(self) -> str:
        return value_words(self.reading)

    @property
    def target(self) -> str:
        return target_words(self.reading.term)

    def exported(self, name: str):
        value = getattr(self.reading, name)
        return None if value is None else float(value)


def value_words(reading: Reading) -> str:
    """« 12 ateliers », « Oui », « – »."""
    if reading.value is None:
        return "–"
    if reading.term.kind == MeasureKind.YES_NO:
        return "Oui" if reading.value else "Non"
    return with_unit(reading.value, reading.unit)


def target_words(term: MeasureTerm) -> str:
    if term.kind == MeasureKind.YES_NO:
        return "Oui"
    if term.target is None:
        return ""
    return f"{'≤' if term.direction == 'down' else '≥'}\u00a0{with_unit(term.target, term.unit)}"


def _missions() -> list[tuple[str, str]]:
    return [(each.code, each.label) for each in reference.missions().values()]


def _fiches() -> list[tuple[str, str]]:
    return [(str(each.id), each.full_title) for each in Fiche.present().order_by(Fiche.id)]


@dataclass(frozen=True)
class OfYear(OneOf):
    """The year of the contract that is read: it changes every row and leaves none out."""

    def condition(self, values):
        return None


def year_choices() -> list[tuple[str, str]]:
    """Return the (value, label) of every year of every contract, the latest first."""
    return [
        (f"{contract.id}-{year}", f"Année {year} ({start:%m/%Y} à {end:%m/%Y})")
        for contract in Contract.ordered()
        for year in range(contract.years, 0, -1)
        for start, end in [contract.bounds(year)]
    ]


MEASURES = DataTable(
    "indicateurs",
    Column("nom", "Indicateur", lambda x: x.reading.label, sort=True, link=lambda x: x.address, sub="fiche_title"),
    Column("mission", "Mission", lambda x: x.reading.mission_label, sort=True),
    Column("valeur", "Valeur", "value", sort=lambda x: x.reading.value, export=lambda x: x.exported("value")),
    Column("cible", "Cible", "target", export=lambda x: x.exported("target")),
    Column(
        "ecart",
        "Écart",
        lambda x: written(x.reading.gap) if x.reading.gap and x.reading.unit else "",
        sort=lambda x: x.reading.gap,
        export=lambda x: x.exported("gap"),
        number=True,
    ),
    Column("etat", "État", lambda x: x.reading.state.label, sort=True, badge=lambda x: x.reading.state.badge),
    Column("provenance", "Provenance", lambda x: Origin(x.reading.term.origin).label, sort=True),
    Column("nature", "Nature", lambda x: x.reading.term.kind_label, shown=False),
    Column("unite", "Unité", lambda x: x.reading.unit, shown=False),
    Column("initiale", "Valeur initiale", lambda x: x.exported("initial"), shown=False),
    Column("source", "Source", lambda x: x.reading.source, shown=False),
    Column("au", "Valeur au", lambda x: x.reading.as_of, shown=False),
    Column("obtenu", "Obtenu (€)", lambda x: x.reading.earned_cents / 100, shown=False),
    Column("possible", "Possible (€)", lambda x: x.reading.possible_cents / 100, shown=False),
    Column("definition", "Définition", lambda x: x.reading.term.definition, shown=False),
    Column("code", "Code", lambda x: x.reading.measure.code, shown=False),
    noun=("indicateur", "indicateurs"),
    search=[lambda x: x.reading.label, "fiche_title", lambda x: x.reading.measure.code, lambda x: x.reading.source],
    hint="Nom, fiche, source…",
    filters=[
        OfYear("annee", "Année", None, year_choices, blank="Année en cours"),
        OneOf("mission", "Mission", lambda x: x.reading.mission, _missions, blank="Toutes les missions"),
        OneOf("etat", "État", lambda x: x.reading.state, State, blank="Tous les états"),
        OneOf("provenance", "Provenance", lambda x: x.reading.term.origin, Origin, blank="Toutes les provenances"),
        OneOf("nature", "Nature", lambda x: x.reading.term.kind, MeasureKind, blank="Toutes les natures"),
        OneOf("fiche", "Fiche", "fiche_id", _fiches, blank="Toutes les fiches"),
    ],
    near=4,
    order="mission",
    export_endpoint="indicator_gestion.export",
    empty="Importez un projet de santé, ou créez un premier indicateur.",
    starts=(("project_gestion.load", "Importer un projet"), ("indicator_gestion.create", "Créer un indicateur")),
)


def asked_year() -> tuple[Contract | None, int]:
    """Return the contract and the year that the address asks for (« 3-2 »), else those of today; no contract yet: 0."""
    contract, year = _asked(request.values.get("annee", ""))
    if contract is None:
        contract = Contract.at(today())
        year = contract.year_at(today()) if contract else 0
    return contract, year


def _asked(text: str) -> tuple[Contract | None, int]:
    id, _, year = text.partition("-")
    if not all(each.isascii() and each.isdigit() and len(each) < 9 for each in (id, year)):
        return None, 0
    contract = Contract.get_or_none(Contract.id == int(id))
    return (contract, int(year)) if contract and 1 <= int(year) <= contract.years else (None, 0)


def _lines() -> list[Line]:
    contract, year = asked_year()
    return [Line(each) for each in readings(contract, year)] if contract else []


@bp_gestion.get("/indicateurs/")
@access(*READERS)
def index():
    contract, year = asked_year()
    archived = Measure.select().where(Measure.archived_at.is_null(False)).count()
    return MEASURES.page("indicator/list.html", _lines(), contract=contract, year=year, archived=archived)


@bp_gestion.post("/indicateurs/export")
@access(*READERS)
def export():
    return MEASURES.export(_lines())


@bp_gestion.get("/indicateurs/archives")
@access("coordination")
def archives():
    rows = list(Measure.select().where(Measure.archived_at.is_null(False)).order_by(Measure.archived_at.desc()))
    terms = Terms(rows)
    return page("indicator/archives.html", rows=[(each, terms.latest(each)) for each in rows])


def others(measure_id: int = 0) -> list[tuple[int, str]]:
    """Return the (id, name) of the measures that another one may stand on."""
    rows = list(Measure.select().where(Measure.archived_at.is_null(), Measure.id != measure_id))
    terms = Terms(rows)
    return [(each.id, term.label) for each in rows if (term := terms.latest(each))]


@bp_gestion.route("/indicateurs/nouveau", methods=["GET", "POST"])
@access("coordination")
def create():
    model = wiring.model(request.args.get("modele", ""))
    told = model.definition if model else Definition("")
    form, place = definition_form(told, others(), request.form), PlaceForm(data=_place_asked(model))
    if form.validate_on_submit() and place.validate():
        if is_to_narrow(form):
            ask_to_narrow(form)
        else:
            try:
                measure = rules.create(definition_of(form), **place.place())
            except RuleError as error:
                place.refuse(error) if error.field in place._fields else form.refuse(error)
            else:
                flash("L’indicateur est créé.")
                return redirect(url_for(".show", id=measure.id), 303)
    elif request.method == "POST":
        place.validate()
    models = wiring.model_choices()
    return page("indicator/new.html", fragment="formulaire", form=form, place=place, models=models, model=model)


def _place_asked(model) -> dict:
    return {"mission": model.mission if model else "", "fiche": request.args.get("fiche", "")}


def ask_to_narrow(form) -> None:
    """Show the form again with the parameters of the computations chosen."""
    form.shown.raw_data, form.shown.data = None, shown_of(form.key.data or "", form.over_key.data or "")
    form.form_errors.append(NARROW_FIRST)


def find(id) -> Measure:
    return Measure.get_or_none(Measure.id == id) or abort(404)


def reading_of(measure: Measure, contract: Contract | None, year: int) -> Reading | None:
    return next(iter(read([measure], contract, year)), None) if contract else None


@bp_gestion.get("/indicateurs/<int:id>")
@access(*READERS)
def show(id):
    measure, (contract, year) = find(id), asked_year()
    by_year = read_years(measure, contract) if contract else {}
    terms = Terms([measure])
    values = list(measure.values.order_by(MeasureValue.on.desc(), MeasureValue.id.desc()))
    replaced = {each.replaces_id for each in values if each.replaces_id}
    given = [each for each in values if each.origin != Origin.COMPUTED]
    term = terms.at(measure, contract, year)
    return page(
        "indicator/show.html",
        measure=measure,
        contract=contract,
        year=year,
        reading=by_year.get(year),
        by_year=by_year,
        own={each: terms.own(measure, contract, each) for each in by_year},
        term=term,
        history=history(term, [each for each in reversed(given) if each.id not in replaced]),
        values=given,
        replaced=replaced,
    )


@bp_gestion.route("/indicateurs/<int:id>/rattachement", methods=["GET", "POST"])
@access("coordination")
def place(id):
    measure = find(id)
    data = {"fiche": str(measure.fiche_id or ""), "mission": measure.mission, "is_public": measure.is_public}
    form = PlaceForm(data=data)
    if form.validate_on_submit():
        try:
            rules.place(id, **form.place())
        except RuleError as error:
            form.refuse(error)
        else:
            flash("Le rattachement est enregistré.")
            return redirect(url_for(".show", id=id), 303)
    return page("indicator/place.html", fragment="formulaire", form=form, measure=measure, term=latest_term(measure))


def latest_term(measure: Measure) -> MeasureTerm:
    return Terms([measure]).latest(measure) or abort(404)


@bp_gestion.post("/indicateurs/<int:id>/archiver")
@access("coordination")
def archive(id):
    find(id)
    rules.archive(id)
    flash("L’indicateur est archivé : son histoire est gardée, et il se rétablit d’un clic.")
    return redirect(url_for(".archives"), 303)


@bp_gestion.post("/indicateurs/<int:id>/retablir")
@access("coordination")
def restore(id):
    find(id)
    rules.restore(id)
    flash("L’indicateur est de retour.")
    return redirect(url_for(".show", id=id), 303)


bp_gestion.add_app_template_global(value_words, "indicator_value")
bp_gestion.add_app_template_global(target_words, "indicator_target")
bp_gestion.add_app_template_filter(written, "exact")
