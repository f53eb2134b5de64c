"""The campaign that renews memberships: who is asked, who is not and why; launching, reminding, closing."""

from flask import abort, flash, redirect, request, url_for
from wtforms import StringField

from cptsapp.blueprints.person.models import Person
from cptsapp.kernel.access import access
from cptsapp.kernel.dates import today
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.forms import Form
from cptsapp.kernel.htmx import page
from cptsapp.kernel.tables import Bulk, Cases, Column, DataTable
from cptsapp.kernel.text import plural

from . import answering, jobs, renewing, years
from .gestion import bp_gestion
from .models import Membership, Period
from .renewing import Campaign, Situation

BULK = [Bulk("ecarter", "Écarter de la campagne"), Bulk("remettre", "Remettre"), Bulk("renouveler", "Renouveler")]


class OffsetsForm(Form):
    offsets = StringField(
        "Relances, en jours après l’envoi", description="Par exemple : 15, 30. Vide : aucune relance."
    )


def _renewal_table(campaign):
    where = renewing.situation(campaign)
    cases = {each.value: (each.label, where == each.value) for each in Situation}
    return DataTable(
        "renouvellement",
        Column("nom", "Adhérent", "person.list_label", sort=Person.folded, link=_person_link, sub="person.email"),
        Column("qualite", "Qualité", "type_label", sort=Membership.type),
        Column("fin", "Couvert jusqu’au", "ended_on", sort=Membership.ended_on),
        Column(
            "situation",
            "Situation",
            lambda row: Situation(row.situation).label,
            badge=lambda row: Situation(row.situation).badge,
            sub="reason",
        ),
        Column("ecrit", "Dernier message", "mailed_at"),
        noun=("adhérent", "adhérents"),
        search=[Person.folded],
        hint="Nom…",
        filters=[Cases("situation", "Situation", cases, blank="Toutes les situations")],
        order="nom",
        bulk=BULK,
        bulk_endpoint="adherent_gestion.renewal_bulk",
        export_endpoint="adherent_gestion.renewal_export",
        empty="Les adhérents que cette campagne concerne s’affichent ici.",
        people=True,
    )


def _person_link(row):
    return url_for("person_gestion.show", id=row.person_id)


@bp_gestion.get("/renouvellement")
@access("bureau", "coordination")
def renewals():
    start, end = renewing.next_bounds()
    return page(
        "adherent/renewals.html",
        campaigns=list(Campaign.select(Campaign, Period).join(Period).order_by(Period.starts_on.desc())),
        next_label=years.label_of(start, end),
        present_label=years.label_of(*years.bounds(today())),
    )


@bp_gestion.post("/renouvellement")
@access("coordination")
def renewal_prepare():
    campaign = renewing.prepare(for_present=request.form.get("pour") == "present")
    return redirect(url_for("adherent_gestion.renewal", id=campaign.id), 303)


@bp_gestion.get("/renouvellement/<int:id>")
@access("bureau", "coordination")
def renewal(id):
    return _campaign_page(_campaign(id))


def _campaign_page(campaign, form=None):
    table = _renewal_table(campaign)
    form = form or OffsetsForm(formdata=None, data={"offsets": ", ".join(map(str, campaign.days))})
    values = {"campaign": campaign, "figures": renewing.figures(campaign), "Situation": Situation}
    return table.page("adherent/renewal.html", renewing.members(campaign), offsets_form=form, **values)


@bp_gestion.post("/renouvellement/<int:id>/relances")
@access("coordination")
def renewal_offsets(id):
    campaign, form = _campaign(id), OffsetsForm()
    try:
        renewing.set_offsets(id, form.offsets.data or "")
    except RuleError as error:
        form.refuse(error)
        response = _campaign_page(campaign, form)
        response.status_code = 422
        return response
    flash("Les relances sont enregistrées.")
    return redirect(url_for("adherent_gestion.renewal", id=id), 303)


@bp_gestion.post("/renouvellement/<int:id>/lancer")
@access("coordination")
def renewal_open(id):
    _campaign(id)
    renewing.open_campaign(id)
    jobs.send_renewals.later()
    flash("La campagne est lancée : les e-mails partent.")
    return redirect(url_for("adherent_gestion.renewal", id=id), 303)


@bp_gestion.post("/renouvellement/<int:id>/clore")
@access("coordination")
def renewal_close(id):
    _campaign(id)
    renewing.close(id)
    flash("La campagne est close : plus aucune relance ne partira.")
    return redirect(url_for("adherent_gestion.renewal", id=id), 303)


@bp_gestion.post("/renouvellement/<int:id>/lot")
@access("coordination")
def renewal_bulk(id):
    campaign = _campaign(id)
    table = _renewal_table(campaign)
    action, ids = table.selection(renewing.members(campaign))
    if action == "ecarter":
        count = renewing.leave_out(id, ids)
        flash(f"{plural(count, 'adhérent écarté', 'adhérents écartés')} de la campagne.")
    elif action == "remettre":
        count = renewing.take_back(id, ids)
        flash(f"{plural(count, 'adhérent remis', 'adhérents remis')} dans la campagne.")
    else:
        for membership in Membership.select().where(Membership.id.in_(ids)):
            answering.renew(membership, campaign.period)
        flash(f"{plural(len(ids), 'adhésion renouvelée', 'adhésions renouvelées')}.")
    return redirect(table.back("adherent_gestion.renewal", id=id), 303)


@bp_gestion.post("/renouvellement/<int:id>/export")
@access("bureau", "coordination")
def renewal_export(id):
    campaign = _campaign(id)
    return _renewal_table(campaign).export(renewing.members(campaign))


def _campaign(id) -> Campaign:
    return Campaign.select(Campaign, Period).join(Period).where(Campaign.id == id).first() or abort(404)
