"""The receipt of a fee, as a PDF of one page."""

from cptsapp.blueprints.association.models import identity
from cptsapp.kernel.dates import date_fr
from cptsapp.kernel.pdf import sheet_of, winansi
from cptsapp.kernel.text import euros

from .models import Year
from .years import Means


def pdf(year: Year) -> bytes:
    """Return the receipt of a year that is paid; the same receipt each time it is asked for."""
    own, person, period = identity(), year.membership.person, year.period
    sheet = sheet_of(f"Reçu {year.receipt_number}")
    sheet.set_margins(25, 25)
    sheet.add_page()

    def line(text, *, size=12, style="", after=2):
        sheet.set_font("helvetica", style, size)
        sheet.multi_cell(0, size * 0.55, winansi(text), new_x="LMARGIN", new_y="NEXT")
        sheet.ln(after)

    line(own.name, size=15, style="B", after=1)
    line(own.address, size=10, after=12)
    line(f"Reçu de cotisation n° {year.receipt_number}", size=18, style="B", after=8)
    line(f"Reçu de {person.label} la somme de {euros(year.fee_cents)},")
    line(f"cotisation d’adhésion pour {period.label} (du {date_fr(period.starts_on)} au {date_fr(period.ends_on)}),")
    line(f"payée le {date_fr(year.paid_on)}, par : {Means(year.paid_means).label.lower()}.", after=12)
    line(f"Fait le {date_fr(year.paid_on)}", after=14)
    line("Ce reçu atteste un paiement. Il n’ouvre pas droit par lui-même à une réduction d’impôt.", size=9)
    return bytes(sheet.output())
