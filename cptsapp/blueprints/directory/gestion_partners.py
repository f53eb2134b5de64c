"""The partners who read some lists: who, which, until when; opened, changed, withdrawn by the coordination."""

from datetime import date

from flask import abort, flash, redirect, url_for
from flask_login import current_user
from wtforms import DateField, EmailField, StringField
from wtforms.validators import Email, InputRequired, Length

from cptsapp.blueprints.adherent.forms import EMAIL_SHAPE
from cptsapp.blueprints.person.models import Person
from cptsapp.kernel.access import access
from cptsapp.kernel.dates import add_months, today
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.forms import Form
from cptsapp.kernel.htmx import page
from cptsapp.kernel.tables import Cases, Column, DataTable
from cptsapp.kernel.text import fold

from . import catalogue, sharing
from .fields import Ticks
from .gestion import bp_gestion
from .models import Partner, PartnerList


class AccessForm(Form):
    """What is opened to a partner."""

    organisation = StringField(
        "Organisme",
        [InputRequired("Indiquez l’organisme du partenaire."), Length(max=120)],
        description="Par exemple : DAC du Modèle, CPAM, service d’accès aux soins.",
    )
    lists = Ticks("Listes ouvertes")
    until = DateField("Jusqu’au", [InputRequired("Indiquez le dernier jour de l’accès.")])

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.lists.choices = [(each.slug, each.name) for each in sharing.openable()]


class InvitationForm(AccessForm):
    """The same, for somebody who is named by their address."""

    name = StringField("Prénom et nom", [InputRequired("Indiquez le nom de la personne."), Length(max=120)])
    email = EmailField(
        "Adresse e-mail",
        [InputRequired("Indiquez son adresse."), Email(EMAIL_SHAPE), Length(max=254)],
        description="Sans compte à cette adresse, une invitation part.",
    )


def listed():
    return Partner.select(Partner, Person).join(Person).where(Person.deleted_at.is_null())


def state_of(partner: Partner) -> str:
    return "Ouvert" if partner.is_current else "Terminé"


def set_lists(rows: list[Partner]) -> None:
    """Set on partners the names of their lists, in one query."""
    known = catalogue.everything()
    query = PartnerList.select(PartnerList.partner, PartnerList.directory).where(
        PartnerList.partner.in_([each.id for each in rows])
    )
    found: dict[int, list[str]] = {}
    for id, slug in query.tuples():
        found.setdefault(id, []).append(known[slug].short if slug in known else slug)
    for each in rows:
        each.opened = ", ".join(sorted(found.get(each.id, []), key=fold))


def partners_table() -> DataTable:
    """Return the list of partners, whose filters know what day it is."""
    return DataTable(
        "partenaires-repertoires",
        Column(
            "nom", "Nom", "person.list_label", sort=Person.folded, link="directory_gestion.partner", sub="organisation"
        ),
        Column("organisme", "Organisme", "organisation", shown=False),
        Column("listes", "Listes ouvertes", "opened"),
        Column("jusqu-au", "Jusqu’au", "until", sort=Partner.until),
        Column("etat", "État", state_of, badge=lambda row: "ok" if row.is_current else "mute"),
        noun=("partenaire", "partenaires"),
        search=[Person.folded, Partner.organisation],
        filters=[
            Cases(
                "etat",
                "État",
                {
                    "ouverts": ("Ouverts", Partner.until >= today()),
                    "termines": ("Terminés", Partner.until < today()),
                },
                blank="Tous les états",
            ),
        ],
        order="nom",
        prepare=set_lists,
        export_endpoint="directory_gestion.export_partners",
        empty="Ouvrez un premier accès : la personne reçoit un lien qui ouvre son compte.",
        people=True,
    )


@bp_gestion.get("/partenaires/")
@access("coordination")
def partners():
    return partners_table().page("directory/desk_partners.html", listed(), openable=len(sharing.openable()))


@bp_gestion.post("/partenaires/export")
@access("coordination")
def export_partners():
    return partners_table().export(listed())


@bp_gestion.route("/partenaires/nouveau", methods=["GET", "POST"])
@access("coordination")
def new_partner():
    form = InvitationForm(data={"until": _in_a_year()})
    if form.validate_on_submit():
        given = (form.name.data, form.email.data, form.organisation.data, form.lists.data or [])
        try:
            partner = sharing.invite(*given, until=form.until.data, by=current_user.id)
        except RuleError as error:
            form.refuse(error)
        else:
            flash(f"L’accès est ouvert ; {partner.person.label} en est prévenu par e-mail.")
            return redirect(url_for(".partners"), 303)
    return page("directory/desk_partner.html", fragment="formulaire", form=form, partner=None)


def _in_a_year() -> date:
    return add_months(today(), 12)


@bp_gestion.route("/partenaires/<int:id>", methods=["GET", "POST"])
@access("coordination")
def partner(id):
    found = _find(id)
    kept = {"organisation": found.organisation, "until": found.until}
    form = AccessForm(data=kept | {"lists": [each.directory for each in found.lists]})
    if form.validate_on_submit():
        given = (found.person_id, form.organisation.data, form.lists.data or [])
        try:
            sharing.give(*given, until=form.until.data, by=current_user.id)
        except RuleError as error:
            form.refuse(error)
        else:
            flash("L’accès est à jour.")
            return redirect(url_for(".partners"), 303)
    return page("directory/desk_partner.html", fragment="formulaire", form=form, partner=found)


@bp_gestion.post("/partenaires/<int:id>/retirer")
@access("coordination")
def withdraw_partner(id):
    found = _find(id)
    sharing.withdraw(id)
    flash(f"L’accès de {found.person.label} est retiré : ses connexions sont fermées.")
    return redirect(url_for(".partners"), 303)


def _find(id: int) -> Partner:
    return listed().where(Partner.id == id).first() or abort(404)
