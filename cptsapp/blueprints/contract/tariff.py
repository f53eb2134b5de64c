"""What the ACI pays for a size and a mission, from `data/aci.toml`, in whole cents. Nothing here asks the database."""

from dataclasses import dataclass
from functools import cache

from cptsapp.blueprints.territory import reference
from cptsapp.kernel.choices import Choice

FUNCTIONING = "fonctionnement"
SIZES = (1, 2, 3, 4)


class Source(Choice):
    """Where an amount comes from; what no text says is asked for, never invented."""

    PUBLISHED = "published", "Publié"
    DERIVED = "derived", "Déduit"
    TYPED = "typed", "Valeur du contrat"
    MISSING = "missing", "À saisir"


@dataclass(frozen=True)
class Amount:
    """What a line is worth in a year, in cents; None where no text says it. `how` tells what it was derived from."""

    fixed: int | None
    variable: int | None
    source: Source
    how: str = ""

    @property
    def total(self) -> int:
        """The two parts together; what is not known counts for nothing."""
        return (self.fixed or 0) + (self.variable or 0)


MISSING = Amount(None, None, Source.MISSING)


@dataclass(frozen=True)
class Line:
    """A line of the contract: the functioning, or a mission with the months that it has to start and to be deployed."""

    code: str
    label: str
    is_core: bool = True
    only_in_crisis: bool = False
    start_months: int | None = None
    deploy_months: int | None = None


@cache
def lines() -> dict[str, Line]:
    """Return the lines by code, the functioning first, then the missions in the order of the agreement."""
    found = {FUNCTIONING: Line(FUNCTIONING, "Fonctionnement")}
    for row in reference.aci()["mission"]:
        found[row["code"]] = Line(
            row["code"],
            row["libelle"],
            row["type"] == "socle",
            row.get("si_crise", False),
            row.get("demarrage_mois"),
            row.get("deploiement_mois"),
        )
    return found


@cache
def amount(size: int, code: str, year: int) -> Amount:
    """Return what a line is worth for a size (1 to 4), in the `year`-th year of the contract, from 1."""
    if code == FUNCTIONING:
        (euros,) = (each["fonctionnement"] for each in reference.aci()["taille"] if each["numero"] == size)
        return Amount(euros * 100, 0, Source.PUBLISHED)
    (mission,) = (each for each in reference.aci()["mission"] if each["code"] == code)
    for row in mission["montants"]:
        if row["taille"] == size:
            fixed = row.get("fixe_ensuite", row["fixe"]) if year > 1 else row["fixe"]
            source = Source.DERIVED if "deduit" in row else Source.PUBLISHED
            return Amount(fixed * 100, row["variable"] * 100, source, row.get("deduit", ""))
    return MISSING


@cache
def contract_years() -> int:
    return reference.aci()["contrat"]["duree_ans"]


@cache
def advance_percent() -> int:
    """Return the share of the functioning and of the fixed parts that is paid when a year begins."""
    return reference.aci()["contrat"]["avance_pourcent"]


@dataclass(frozen=True)
class Simulated:
    """A size in the simulator: its lines with their amounts, and their exact sums, in cents."""

    size: int
    amounts: tuple[tuple[Line, Amount], ...]

    @property
    def fixed(self) -> int:
        return sum(amount.fixed or 0 for _, amount in self.amounts)

    @property
    def variable(self) -> int:
        return sum(amount.variable or 0 for _, amount in self.amounts)

    @property
    def total(self) -> int:
        return self.fixed + self.variable

    @property
    def missing(self) -> list[Line]:
        """The lines whose amount no text says: they are in no sum."""
        return [line for line, amount in self.amounts if amount.source == Source.MISSING]


def simulate(size: int, missions, *, year: int = 1, crisis: bool = False) -> Simulated:
    """Return what a size may earn in a year with these missions, all results reached; `crisis`: one is recognised."""
    wanted = [line for line in lines().values() if line.code == FUNCTIONING or line.code in missions]
    found = [(line, amount(size, line.code, year)) for line in wanted]
    return Simulated(size, tuple((line, _due(line, each, crisis)) for line, each in found))


def _due(line: Line, found: Amount, crisis: bool) -> Amount:
    """A variable part that depends on a crisis is nothing without one."""
    if line.only_in_crisis and not crisis and found.source != Source.MISSING:
        return Amount(found.fixed, 0, found.source, found.how)
    return found
