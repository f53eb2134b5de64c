"""The partners in the gestion: the list, one partner, many at once, a list brought in."""

from flask import flash, redirect, url_for

from cptsapp.blueprints.person.models import Person
from cptsapp.kernel.access import access
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.htmx import page
from cptsapp.kernel.importing.room import ImportRoom, add_import_pages
from cptsapp.kernel.tables import Bulk, Cases, Column, DataTable, OneOf
from cptsapp.kernel.text import plural

from . import partners
from .gestion import bp_gestion
from .models import Partner, PartnerKind
from .partner_forms import PartnerForm
from .partner_import import Partners, values_of

PATH = "/partenaires"
STATES = {
    "presents": ("Dans la liste", Partner.removed_at.is_null()),
    "a-informer": ("À informer", Partner.removed_at.is_null() & Partner.informed_at.is_null()),
    "retires": ("Retirés", Partner.removed_at.is_null(False)),
}
BADGES = {partners.RECEIVES: "ok", partners.NO_ADDRESS: "mute"}


def _kinds() -> list[tuple[str, str]]:
    used = {kind for (kind,) in Partner.select(Partner.kind).distinct().tuples()}
    return [(each.value, each.label) for each in PartnerKind if each in used]


PARTNERS = DataTable(
    "partenaires",
    Column("nom", "Partenaire", lambda row: row.organisation or row.person.list_label, sort=Partner.folded,
           link="subscription_gestion.edit_partner",
           sub=lambda row: ", ".join(filter(None, (row.organisation and row.person.family_name and row.person.label,
                                                  row.function)))),
    Column("type", "Type", "kind_label", sort=Partner.kind),
    Column("email", "Adresse e-mail", "person.email"),
    Column("envois", "Envois", "reception", badge=lambda row: BADGES.get(row.reception, "warn")),
    Column("telephone", "Téléphone", "person.phone", shown=False),
    Column("prenom", "Prénom", "person.given_name", shown=False),
    Column("famille", "Nom de famille", "person.family_name", shown=False),
    Column("organisme", "Organisme", "organisation", shown=False),
    Column("fonction", "Fonction", "function", shown=False),
    Column("origine", "Origine des coordonnées", "source", shown=False),
    Column("informe", "Informé le", "informed_at", shown=False),
    Column("note", "Note", "person.note", shown=False),
    noun=("partenaire", "partenaires"),
    search=[Partner.folded, Person.folded, Person.phone],
    filters=[
        OneOf("type", "Type", Partner.kind, _kinds, blank="Tous les types"),
        Cases("etat", "État", STATES, default="presents", blank="Tous"),
        Cases(
            "email", "E-mail",
            {"avec": ("Avec une adresse", Person.email_normalised != ""),
             "sans": ("Sans adresse", Person.email_normalised == "")},
            blank="Avec ou sans e-mail",
        ),
    ],
    order="nom",
    bulk=[Bulk("informer", "Informer"), Bulk("retirer", "Retirer", "danger"), Bulk("remettre", "Remettre")],
    bulk_endpoint="subscription_gestion.partners_bulk",
    export_endpoint="subscription_gestion.partners_export",
    empty="Ajoutez la CPAM, l’ARS, les mairies, les établissements… ou importez la liste que vous tenez déjà.",
    starts=(
        ("subscription_gestion.new_partner", "Ajouter un partenaire"),
        ("subscription_gestion.imports", "Importer une liste"),
    ),
    hint="Organisme, nom, téléphone…",
    people=True,
    prepare=partners.set_receptions,
)  # fmt: skip


@bp_gestion.get(f"{PATH}/")
@access("bureau", "coordination")
def partner_list():
    return PARTNERS.page("subscription/gestion_partners.html", partners.present())


@bp_gestion.post(f"{PATH}/export")
@access("coordination")
def partners_export():
    return PARTNERS.export(partners.present())


@bp_gestion.post(f"{PATH}/lot")
@access("coordination")
def partners_bulk():
    action, ids = PARTNERS.selection(partners.present())
    act, one, many = {
        "informer": (partners.inform, "partenaire est informé", "partenaires sont informés"),
        "retirer": (partners.remove, "partenaire est retiré", "partenaires sont retirés"),
        "remettre": (partners.restore, "partenaire est remis", "partenaires sont remis"),
    }[action]
    count = act(ids)
    flash(f"{plural(count, one, many)}{' dans la liste' if action == 'remettre' else ''}."
          if count else "Rien à changer : c’était déjà fait, ou ces partenaires ne peuvent être écrits.")  # fmt: skip
    return redirect(PARTNERS.back("subscription_gestion.partner_list"), 303)


@bp_gestion.route(f"{PATH}/nouveau", methods=["GET", "POST"])
@access("coordination")
def new_partner():
    form = PartnerForm(data={"inform": True})
    if form.validate_on_submit():
        try:
            partner = partners.create(**_typed(form))
        except RuleError as error:
            form.refuse(error)
        else:
            informed = partners.inform([partner.id]) if form.inform.data else 0
            flash("Le partenaire est dans la liste" + (", et prévenu par e-mail." if informed else "."))
            return _warned(form)
    return page("subscription/gestion_partner.html", fragment="formulaire", form=form, partner=None)


def _typed(form) -> dict:
    return {name: value or "" for name, value in form.data.items() if name != "inform"}


def _warned(form):
    for sentence in partners.warnings_about(form.email.data or ""):
        flash(sentence, "warning")
    return redirect(url_for(".partner_list"), 303)


@bp_gestion.route(f"{PATH}/<int:id>", methods=["GET", "POST"])
@access("coordination")
def edit_partner(id):
    partner = partners.present().where(Partner.id == id).first()
    if partner is None:
        flash("Ce partenaire n’est plus dans la liste.", "error")
        return redirect(url_for(".partner_list"), 303)
    form = PartnerForm(data=values_of(partner))
    del form.inform
    if form.validate_on_submit():
        try:
            partners.update(id, **_typed(form))
        except RuleError as error:
            form.refuse(error)
        else:
            flash("Le partenaire est enregistré.")
            return _warned(form)
    partners.set_receptions([partner])
    return page("subscription/gestion_partner.html", fragment="formulaire", form=form, partner=partner)


@bp_gestion.post(f"{PATH}/<int:id>/retirer")
@access("coordination")
def remove_partner(id):
    partners.remove([id])
    flash("Le partenaire est retiré : il ne reçoit plus rien. Vous pouvez le remettre pendant un mois.")
    return redirect(url_for(".partner_list", etat="retires"), 303)


@bp_gestion.post(f"{PATH}/<int:id>/remettre")
@access("coordination")
def restore_partner(id):
    partners.restore([id])
    flash("Le partenaire est de nouveau dans la liste.")
    return redirect(url_for(".partner_list"), 303)


@bp_gestion.post(f"{PATH}/<int:id>/informer")
@access("coordination")
def inform_partner(id):
    done = partners.inform([id])
    flash("L’e-mail part." if done else "Rien n’est parti : pas d’adresse, refus, ou partenaire déjà prévenu.")
    return redirect(url_for(".edit_partner", id=id), 303)


# A list brought in

ROOM = ImportRoom(
    Partners.kind, "subscription_gestion", "subscription/partners_imports.html", "subscription/partners_import.html"
)
add_import_pages(bp_gestion, f"{PATH}/import", lambda: ROOM)
