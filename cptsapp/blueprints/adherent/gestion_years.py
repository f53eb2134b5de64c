"""The years of membership: who is covered, what each type pays, what is paid."""

from flask import Response, abort, flash, redirect, url_for
from wtforms import DateField, SelectField, TextAreaField
from wtforms.validators import DataRequired, Length, Optional

from cptsapp.blueprints.association.models import MOST_PAYMENT, identity
from cptsapp.blueprints.person.models import Person
from cptsapp.kernel.access import access
from cptsapp.kernel.dates import today
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.forms import EurosField, Form
from cptsapp.kernel.htmx import page
from cptsapp.kernel.kept import kept
from cptsapp.kernel.tables import Cases, Column, DataTable, OneOf
from cptsapp.kernel.text import euros

from . import receipt, years
from .gestion import bp_gestion
from .models import Membership, MemberType, Period, Year

MEANS = [("", "Choisissez"), *years.Means.choices()]


def _year_columns(paying):
    yield Column(
        "nom", "Adhérent", "membership.person.list_label", sort=Person.folded, link="adherent_gestion.year_show"
    )
    yield Column("qualite", "Qualité", "membership.type_label", sort=Membership.type)
    yield Column("annee", "Année", "period.label", sort=Period.starts_on)
    yield Column("le", "Depuis le", lambda row: row.renewed_at.date(), sort=Year.renewed_at)
    if paying:
        yield Column("cotisation", "Cotisation", lambda row: euros(row.fee_cents), sort=Year.fee_cents, number=True)
        yield Column("paye", "Payée", _paid, badge=lambda row: "ok" if row.paid_on else "warn" if row.is_due else "")
        yield Column("paye_le", "Payée le", "paid_on", sort=Year.paid_on)
        yield Column(
            "moyen", "Moyen", lambda row: years.Means(row.paid_means).label if row.paid_means else "", shown=False
        )
        yield Column("recu", "Reçu", "receipt_number", shown=False)


def _means(row) -> str:
    return years.Means(row.paid_means).label if row.paid_means else ""


def _paid(row) -> str:
    return "Payée" if row.paid_on else "À payer" if row.is_due else ""


@kept
def period_choices():
    return [(str(each.id), each.label) for each in Period.select().order_by(Period.starts_on.desc())]


def _table(paying):
    due = (Year.fee_cents > 0) & Year.paid_on.is_null()
    paid = Cases(
        "paiement", "Paiement", {"a-payer": ("À payer", due), "payee": ("Payées", Year.paid_on.is_null(False))}
    )
    return DataTable(
        "annees-adhesion",
        *_year_columns(paying),
        noun=("adhésion", "adhésions"),
        search=[Person.folded],
        hint="Nom…",
        filters=[
            OneOf("annee", "Année", Year.period, period_choices, blank="Toutes les années"),
            OneOf("qualite", "Qualité", Membership.type, MemberType, blank="Toutes les qualités"),
            *([paid] if paying else []),
        ],
        order="-le",
        export_endpoint="adherent_gestion.years_export",
        empty="Chaque adhésion, année par année, s’affiche ici.",
        people=True,
    )


PAYING, FREE = _table(True), _table(False)


def _years():
    return Year.select(Year, Period, Membership, Person).join(Period).switch(Year).join(Membership).join(Person)


class FeesForm(Form):
    """One amount for each type, and how they are paid."""

    liberal = EurosField(MemberType.LIBERAL.label)
    salarie = EurosField(MemberType.SALARIE.label)
    structure = EurosField(MemberType.STRUCTURE.label)
    collectivite = EurosField(MemberType.COLLECTIVITE.label)
    usager = EurosField(MemberType.USAGER.label)
    payment = TextAreaField(
        "Comment régler la cotisation",
        [Optional(), Length(max=MOST_PAYMENT)],
        description="Lu par qui doit une cotisation, dans les e-mails et dans l’espace adhérent. Par exemple « Par "
        "virement (IBAN FR76…) ou par chèque à l’ordre de l’association, au siège ».",
    )


@bp_gestion.route("/annees", methods=["GET", "POST"])
@access("tresorier", "coordination")
def years_index():
    fees = {each.value: years.fee_cents(each) for each in MemberType}
    form = FeesForm(data=fees | {"payment": identity().fee_payment})
    if form.validate_on_submit():
        years.set_fees({name: form.data[name] for name in fees}, payment=form.payment.data or "")
        flash("Les cotisations sont enregistrées. Elles valent pour les prochaines adhésions.")
        return redirect(url_for("adherent_gestion.years_index"), 303)
    paying = years.is_paying()
    return (PAYING if paying else FREE).page("adherent/years.html", _years(), form=form, paying=paying)


@bp_gestion.post("/annees/export")
@access("tresorier", "coordination")
def years_export():
    return (PAYING if years.is_paying() else FREE).export(_years())


class PaymentForm(Form):
    on = DateField("Payée le", [DataRequired("Indiquez le jour du paiement.")])
    means = SelectField("Moyen", [DataRequired("Choisissez un moyen.")], choices=MEANS)


@bp_gestion.route("/annees/<int:id>", methods=["GET", "POST"])
@access("tresorier", "coordination")
def year_show(id):
    year = _year(id)
    form = PaymentForm(data={"on": today()})
    if form.validate_on_submit():
        try:
            years.pay(id, on=form.on.data, means=form.means.data)
        except RuleError as error:
            form.refuse(error)
        else:
            flash("Le paiement est noté. Le reçu est prêt.")
            return redirect(url_for("adherent_gestion.year_show", id=id), 303)
    return page("adherent/year.html", form=form, year=year, fee=euros(year.fee_cents), Means=years.Means)


@bp_gestion.post("/annees/<int:id>/annuler")
@access("tresorier", "coordination")
def year_unpay(id):
    _year(id)
    years.unpay(id)
    flash("Le paiement est retiré. Son numéro de reçu ne resservira pas.")
    return redirect(url_for("adherent_gestion.year_show", id=id), 303)


@bp_gestion.get("/annees/<int:id>/recu.pdf")
@access("tresorier", "coordination")
def year_receipt(id):
    year = _year(id)
    if year.paid_on is None:
        abort(404)
    name = f"recu-{year.receipt_number}.pdf"
    headers = {"Content-Disposition": f"inline; filename={name}"}
    return Response(receipt.pdf(year), headers=headers, mimetype="application/pdf")


def _year(id) -> Year:
    return _years().where(Year.id == id).first() or abort(404)
