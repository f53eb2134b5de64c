"""Renewing by the link of a mail, without logging in: what is known is filled in, one button renews."""

from flask import Blueprint, redirect, request, url_for

from cptsapp.blueprints.territory import reference
from cptsapp.kernel.access import access
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.htmx import page

from . import answering, years
from .forms import MemberForm, accepted_versions
from .models import OTHER, MemberType, Practice

bp_renewal = Blueprint("renewal", __name__)
KEPT = {"phone", "profession", "profession_other", "commune_text", "commune", "mode", "organisation", "rpps", "adeli"}


def _form(membership) -> MemberForm:
    """Return the form of what may be corrected here, filled with what is known."""
    person = membership.person
    practice = Practice.get_or_none(Practice.person == person) or Practice(person=person)
    known = {name: getattr(practice, name) for name in ("profession_other", "mode", "organisation", "rpps", "adeli")}
    known |= {"phone": person.phone, "profession": OTHER if practice.profession_other else practice.profession}
    if practice.commune_id:
        known |= {"commune": practice.commune_id, "commune_text": practice.commune.name}
    form = MemberForm(data=known).for_type(MemberType(membership.type))
    for name in list(form._fields):
        if name not in KEPT:
            del form[name]
    if request.method == "GET" and practice.commune_id:
        form.place = reference.place(practice.commune_id)
    return form


@bp_renewal.route("/renouveler/<token>", methods=["GET", "POST"])
@access("public")
def renew(token):
    asked = answering.asked_by(token)
    if asked is None:
        return page("adherent/dead_link.html", status=410, is_renewal=True)
    campaign, membership = asked
    form, versions = _form(membership), accepted_versions()
    fresh = {n: v for n, v in versions.items() if v.label != getattr(membership, f"{n}_version")}
    refusal = ""
    if form.validate_on_submit():
        if fresh and request.form.get("accept") != _signature(fresh):
            refusal = "Cochez la case qui accepte les textes de l’association."
        else:
            try:
                answering.answer(token, **_values(form), **{f"{name}_version": v.label for name, v in fresh.items()})
            except RuleError as error:
                form.refuse(error)
            else:
                return redirect(url_for("adherent.renewal.renewed"), 303)
    return page(
        "adherent/renew.html",
        form=form,
        membership=membership,
        type=MemberType(membership.type),
        period=campaign.period,
        fresh=fresh,
        signature=_signature(fresh),
        refusal=refusal,
        **years.asked(years.fee_cents(membership.type)),
        token=token,
        status=422 if refusal or form.errors else None,
    )


def _signature(fresh) -> str:
    """Return what names the versions shown: accepting others than these is refused."""
    return "|".join(f"{name}:{version.id}" for name, version in fresh.items())


def _values(form) -> dict:
    kept = {name: value for name, value in form.data.items() if name not in ("commune", "commune_text")}
    return kept | {"insee": form.place.insee if form.place else ""}


@bp_renewal.post("/renouveler/<token>/non")
@access("public")
def decline(token):
    try:
        answering.decline(token)
    except RuleError:
        return page("adherent/dead_link.html", status=410, is_renewal=True)
    return redirect(url_for("adherent.renewal.declined"), 303)


@bp_renewal.get("/renouvelee")
@access("public")
def renewed():
    return page("adherent/renewed.html", declined=False)


@bp_renewal.get("/non-renouvelee")
@access("public")
def declined():
    return page("adherent/renewed.html", declined=True)
