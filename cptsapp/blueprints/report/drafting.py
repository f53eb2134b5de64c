"""The first draft of each section, in Markdown, from what the site knows. What it does not know, it says."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from cptsapp.blueprints.association.models import identity
from cptsapp.blueprints.contract import budget as contract_budget
from cptsapp.blueprints.contract import figures as contract_figures
from cptsapp.blueprints.contract.models import Contract
from cptsapp.blueprints.evidence.models import Proof
from cptsapp.blueprints.evidence.standing import Standing, standings
from cptsapp.blueprints.indicator.reading import Reading
from cptsapp.blueprints.project.models import Evaluation, Fiche, FicheState
from cptsapp.blueprints.territory import reference
from cptsapp.kernel.dates import date_fr, short_fr
from cptsapp.kernel.telling import Done, chronicles
from cptsapp.kernel.text import euros, number, plural

from .figures import Figure, words_of

MOST_TOLD = 60  # things done, told one by one in a section
OUTSIDE = "autres"  # the key of what belongs to no mission
TO_WRITE = "*À compléter : {}.*"


@dataclass(frozen=True)
class Draft:
    key: str
    title: str
    text: str


@dataclass(frozen=True)
class Known:
    """All that the drafts of a period say: read once, whatever the number of sections."""

    start: date
    end: date
    last: date  # the day at which the figures stand: the end, or before it while the period runs
    contract: Contract | None
    year: int | None
    figures: list[Figure]
    readings: list[Reading]
    fiches: list[Fiche]
    evaluations: dict[int, Evaluation]
    told: dict[str, list[Done]]  # by the chronicle that tells it, the first done first
    proofs: list[Standing]
    outside: bool

    @property
    def done(self) -> list[Done]:
        """All that was done, the first first."""
        return sorted((each for rows in self.told.values() for each in rows), key=lambda each: each.on)

    @property
    def missions(self) -> list[tuple[str, str]]:
        """The (code, label) of the missions that have an action or a measure, in the order of the agreement."""
        used = {each.mission for each in self.fiches} | {each.mission for each in self.readings}
        known = reference.missions()
        found = [(code, mission.label) for code, mission in known.items() if code in used]
        return found + ([("", "Autres actions")] if used - set(known) else [])

    def of_mission(self, code: str) -> list[Fiche]:
        known = reference.missions()
        return [each for each in self.fiches if (each.mission if each.mission in known else "") == code]


def know(
    start: date, end: date, last: date, contract: Contract | None, year: int | None, figures, readings, *, outside: bool
) -> Known:
    """Read what the drafts of a period say, in a few queries."""
    fiches = list(Fiche.present().where(Fiche.state != FicheState.DRAFT).order_by(Fiche.mission, Fiche.id))
    shown = {each.id for each in fiches}
    readings = [each for each in readings if each.fiche is None or each.fiche.id in shown]
    of_year = (Evaluation.contract == contract) & (Evaluation.year == year)
    evaluations = {each.fiche_id: each for each in Evaluation.select().where(of_year)} if contract else {}
    told = {source.key: list(source.call(start, last)) for source in chronicles}
    proofs = standings(each for each in Proof.joined() if each.concerns(start, last))
    return Known(start, end, last, contract, year, figures, readings, fiches, evaluations, told, proofs, outside)


def activity(known: Known) -> list[Draft]:
    """Return the drafts of a « rapport d’activité »."""
    return [
        Draft("presentation", "La communauté et son territoire", _presentation(known)),
        Draft("adhesion", "Les adhérents", _members(known)),
        *(_mission(known, code, label) for code, label in known.missions),
        Draft("evenements", "Les rendez-vous de la période", _events(known)),
        Draft("campagnes", "Les campagnes d’information", _campaigns(known)),
        Draft("fonds", "L’emploi des fonds", _funds(known)),
        Draft("perspectives", "Perspectives", TO_WRITE.format("ce qui vient, et ce que la période a appris")),
    ]


def dossier(known: Known) -> list[Draft]:
    """Return the drafts of a « dossier ACI ». Source: contrat type, « Rapport annuel »."""
    return [
        Draft("contrat", "Le contrat", _contract(known)),
        *(_mission(known, code, label) for code, label in known.missions),
        Draft("preuves", "Les preuves", _proofs(known)),
        Draft("fonds", "L’emploi des fonds par poste", _funds(known)),
        Draft("adhesion", "L’adhésion par profession", _members(known)),
        Draft("bilan", "Bilan et perspectives", TO_WRITE.format("le bilan qualitatif de l’année, et ce qui vient")),
    ]


def plain(text: str) -> str:
    """Return what somebody typed, on one line, so that no sign of it acts as Markdown."""
    return re.sub(r"([\\`*_\[\]<>|#~])", r"\\\1", " ".join(text.split()))


def table(heads: list[str], rows: Iterable[list[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *([plain(str(cell)) for cell in row] for row in rows)]
    return "\n".join("| " + " | ".join(each) + " |" for each in lines)


def _join(*parts: str) -> str:
    return "\n\n".join(filter(None, parts))


def _value(known: Known, key: str) -> int:
    return next((int(Decimal(each.value)) for each in known.figures if each.key == key and each.value), 0)


def _group(known: Known, key: str) -> list[list[str]]:
    start = f"breakdown:{key}:"
    return [[each.label, each.words] for each in known.figures if each.key.startswith(start)]


def _presentation(known: Known) -> str:
    own = identity()
    people = f" et {number(own.population)} habitants" if own.population else ""
    communes = plural(len(own.communes), "commune")
    where = f" Son territoire compte {communes}{people}." if own.communes else ""
    signed = ""
    if known.contract:
        signed = (
            f"Le contrat avec l’Assurance maladie et l’agence régionale de santé a été signé le "
            f"{date_fr(known.contract.signed_on)} (taille\N{NO-BREAK SPACE}{known.contract.size})."
        )
    members = _value(known, "indicator:adherent.active")
    joined = f"Au {date_fr(known.last)}, elle réunit {plural(members, 'adhérent')}." if members else ""
    return _join(f"{plain(own.name)} rend compte de la période du {date_fr(known.start)} au {date_fr(known.end)}."
                 + where, signed, joined)  # fmt: skip


def _members(known: Known) -> str:
    total = _value(known, "indicator:adherent.active")
    if not total:
        return TO_WRITE.format("l’adhésion, que le site ne connaît pas encore")
    by_profession, by_type = (_group(known, f"adherent.active:{way}") for way in ("profession", "type"))
    return _join(
        f"Au {date_fr(known.last)}, l’association compte {plural(total, 'adhérent')}.",
        table(["Profession", "Adhérents"], by_profession) if by_profession else "",
        table(["Qualité", "Adhérents"], by_type) if by_type else "",
    )


def _contract(known: Known) -> str:
    contract = known.contract
    days = {each.mission: each for each in contract.engagements}
    view = contract_figures.years(contract)[known.year - 1]
    rows = []
    for each in view.lines:
        if dates := days.get(each.line.code):  # all but the functioning
            rows.append([each.line.label, *(short_fr(day) or "–" for day in (dates.started_on, dates.deployed_on))])
    opening = (
        f"Contrat signé le {date_fr(contract.signed_on)} pour {plural(contract.years, 'an')}, taille {contract.size}. "
        f"Ce dossier porte sur l’année {known.year}, du {date_fr(known.start)} au {date_fr(known.end)}."
    )
    return _join(opening, table(["Mission", "Démarrée le", "Déployée le"], rows))


def _mission(known: Known, code: str, label: str) -> Draft:
    parts = [_fiche(known, each) for each in known.of_mission(code)]
    apart = [each for each in known.readings if each.fiche is None and (each.mission or "") == code]
    if apart:
        parts.append(_join("### Indicateurs de la mission", _measures(apart, known.outside)))
    words = _join(*parts) or TO_WRITE.format("les actions de cette mission")
    return Draft(f"mission-{code or OUTSIDE}", label, words)


def _fiche(known: Known, fiche: Fiche) -> str:
    evaluation = known.evaluations.get(fiche.id)
    standing = f"{fiche.standing.label}, avancement {evaluation.progress if evaluation else fiche.progress} %."
    told = evaluation.text if evaluation else TO_WRITE.format("ce que la période a permis pour cette action")
    mine = [each for each in known.done if fiche.code and fiche.code in each.codes]
    measures = [each for each in known.readings if each.fiche == fiche]
    proofs = [each for each in known.proofs if each.proof.fiche_id == fiche.id]
    return _join(
        f"### {plain(fiche.full_title)}",
        plain(fiche.summary),
        f"*{standing}*",
        told,
        _told(mine),
        _measures(measures, known.outside) if measures else "",
        _proof_count(proofs),
    )


def _told(done: list[Done]) -> str:
    shown = [
        f"- {date_fr(each.on)} : {plain(each.title)}" + (f" ({plain(each.details)})" if each.details else "")
        for each in done[:MOST_TOLD]
    ]
    rest = len(done) - MOST_TOLD
    return "\n".join(shown + ([f"- et {plural(rest, 'autre')}"] if rest > 0 else []))


def _measures(readings: list[Reading], outside: bool) -> str:
    rows = [
        [
            each.label + ("" if each.unit in ("", "%", "€") else f" ({each.unit})"),
            words_of(each, each.initial, outside),
            words_of(each, each.target, False),
            words_of(each, each.value, outside) if each.value is not None else each.state.label,
        ]
        for each in readings
    ]
    return table(["Indicateur", "Au départ", "Cible", "Atteint"], rows)


def _proof_count(proofs: list[Standing]) -> str:
    if not proofs:
        return ""
    missing = sum(each.is_missing for each in proofs)
    words = plural(len(proofs), "preuve attendue", "preuves attendues")
    return f"{words}, {plural(missing, 'manquante')}." if missing else f"{words}, toutes réunies."


def _proofs(known: Known) -> str:
    if not known.proofs:
        return TO_WRITE.format("les preuves, que rien n’attend encore sur les fiches")
    in_order = sorted(known.proofs, key=lambda each: each.rank[1:])
    rows = [[each.proof.fiche.full_title, each.proof.label, each.state.label] for each in in_order]
    missing = sum(each.is_missing for each in known.proofs)
    opening = f"{plural(len(rows), 'preuve attendue', 'preuves attendues')}, dont {plural(missing, 'manquante')}."
    return _join(opening, table(["Action", "Preuve", "État"], rows))


def _events(known: Known) -> str:
    done = [each for key, rows in known.told.items() if key != "outreach" for each in rows]
    if not done:
        return TO_WRITE.format("les rendez-vous de la période, dont le site ne garde pas la trace")
    held, people = _value(known, "indicator:event.held"), _value(known, "indicator:event.participants")
    told = f"{plural(held, 'événement tenu', 'événements tenus')}, {plural(people, 'participation')}."
    kinds = _group(known, "event.held:type")
    rows = sorted(done, key=lambda each: each.on)
    return _join(told if held else "", table(["Nature", "Événements"], kinds) if kinds else "", _told(rows))


def _campaigns(known: Known) -> str:
    done = known.told.get("outreach", [])
    if not done:
        return TO_WRITE.format("les campagnes d’information, dont aucune n’est inscrite pour cette période")
    reached = _value(known, "indicator:outreach.reached")
    words = f"{plural(len(done), 'campagne menée', 'campagnes menées')}, chacune comptée une fois."
    people = f" D’après leurs sources, elles ont touché {plural(reached, 'personne')}." if reached else ""
    audiences = _group(known, "outreach.campaigns:audience")
    return _join(words + people, table(["Public", "Campagnes"], audiences) if audiences else "", _told(done))


def _funds(known: Known) -> str:
    if known.contract is None:
        return TO_WRITE.format("les dépenses par poste, que le site ne suit que par année du contrat")
    spent = _spent(known)
    view = contract_figures.years(known.contract)[known.year - 1]
    rows = []
    for each in view.lines:
        earned = euros(each.earned) if each.earned is not None else "–"
        parts = (each.amount.fixed, each.amount.variable)
        rows.append([each.line.label, *(euros(x) if x is not None else "À saisir" for x in parts), earned])
    variable = f"Parts variables : {euros(view.variable)} au plus, {euros(view.earned)} obtenus."
    total = f"Parts fixes : {euros(view.fixed)}. {variable}"
    return _join(f"Financement de l’année {view.number} du contrat.",
                 table(["Poste", "Part fixe", "Part variable", "Obtenu"], rows), total, spent)  # fmt: skip


def _spent(known: Known) -> str:
    """Tell what was planned and spent in the year, line by line, when the coordination has typed it."""
    budget = contract_budget.budgets(known.contract)[known.year - 1]
    if not budget.is_typed:
        return TO_WRITE.format("les dépenses par poste, que personne n’a saisies pour cette année du contrat")
    rows = [
        [each.line.label, *("–" if x is None else euros(x) for x in (each.planned, each.spent)), _share(each.share)]
        for each in budget.lines
        if each.is_typed
    ]
    total = f"Prévu : {euros(budget.planned)}. Dépensé : {euros(budget.spent)}."
    unsaid = [each.line.label for each in budget.lines if each.is_typed and each.spent is None]
    missing = TO_WRITE.format(f"ce qui a été dépensé pour : {plain(', '.join(unsaid))}") if unsaid else ""
    return _join(table(["Poste", "Enveloppe prévue", "Dépensé", "Consommé"], rows), total, missing)


def _share(share: int | None) -> str:
    return "–" if share is None else f"{share} %"
