"""What is typed of a report."""

from wtforms import DateField, HiddenField, SelectField, StringField, TextAreaField
from wtforms.validators import Length, Optional

from cptsapp.blueprints.evidence import periods
from cptsapp.kernel.dates import today
from cptsapp.kernel.forms import Form

from .models import ReportKind
from .rules import LONGEST


def _periods() -> list[tuple[str, str]]:
    begun = [
        (value, label) for value, label, contract, year in periods.of_years() if contract.bounds(year)[0] <= today()
    ]
    return [*begun, ("", "D’un jour à un autre")]


class ReportForm(Form):
    kind = SelectField("Document", choices=ReportKind.choices())
    period = SelectField("Période", choices=_periods)
    starts_on = DateField("Du", [Optional()])
    ends_on = DateField(
        "Au", [Optional()], description="Pour « D’un jour à un autre », un rapport d’activité seulement."
    )
    title = StringField("Titre", [Optional(), Length(max=160)], description="Vide : le document et sa période.")

    def values(self) -> dict:
        """Return what the rules take."""
        contract, year = periods.chosen(self.period.data) or (None, None)
        days = {"starts_on": self.starts_on.data, "ends_on": self.ends_on.data} if contract is None else {}
        return {"title": self.title.data or "", "contract_id": contract and contract.id, "year": year, **days}


class SectionForm(Form):
    text = TextAreaField("Texte", [Length(max=LONGEST)], description="En Markdown. Vide : la section ne paraît pas.")
    revision_read = HiddenField()

    @property
    def revision(self) -> int:
        told = self.revision_read.data or ""
        return int(told) if told.isascii() and told.isdigit() and len(told) < 10 else 0
