"""« Ma fiche » in the member space, and the page where anyone verifies a certificate."""

import json
from datetime import timedelta

from flask import Blueprint, Response, abort, flash, redirect, request, url_for
from flask_login import current_user

from cptsapp.blueprints.adherent.models import Membership, Practice, is_adherent
from cptsapp.blueprints.annuaire import cards
from cptsapp.blueprints.annuaire.models import Directory, Portrait, PublicChoice
from cptsapp.blueprints.territory.models import Commune
from cptsapp.kernel import limits, tokens
from cptsapp.kernel.access import access
from cptsapp.kernel.certificates import verify as verify_code
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.files import serve, store_image
from cptsapp.kernel.htmx import page
from cptsapp.kernel.registry import NavItem, navigation, reserved_slugs

from . import certificates, rules
from .forms import ErasureRequestForm, LeaveForm, PortraitForm, ProfileForm, shown_form
from .models import ProfileRequest

bp = Blueprint("profile", __name__)
reserved_slugs |= {"verifier", "fiche"}
navigation.append(NavItem("space", "Ma fiche", "profile.index", "user", ("account",), order=10))

PORTRAIT_SIDE = 512
WRONG_CODES = 20  # in a quarter of an hour, from one network


@bp.get("/espace/profil")
@access("account")
def index():
    person, practice, membership = _mine()
    public_on = Directory.current().public_on
    return page(
        "profile/index.html",
        person=person,
        practice=practice,
        membership=membership,
        adherent=is_adherent(person),
        place=practice.commune.name if practice.commune_id else "",
        areas=cards.areas(practice.area_json),
        portrait=Portrait.of(person.id),
        shown=_shown_form(practice, public_on),
        public_on=public_on,
        photo_form=PortraitForm(formdata=None),
        structures=certificates.represented(person.id),
        stale=rules.is_stale(membership),
        confirmed_on=rules.confirmed_on(membership) if membership else None,
        erasure=ProfileRequest.open_erasure(person.id),
    )


def _mine():
    """Return the person who is logged in, what they practise, and their membership or None."""
    person = current_user.person
    return person, Practice.of(person.id), Membership.of_person(person.id)


def _shown_form(practice, public_on, **options):
    form = shown_form(_levels(practice, public_on), public=public_on)(**options)
    if request.method == "GET":
        form.in_directory.data = practice.in_directory
        if public_on:
            form.public_listing.data = practice.public_listing
    return form


def _levels(practice, public_on) -> dict[str, str]:
    """Return who reads each field now."""
    public = PublicChoice.of(practice.person_id) if public_on else set()
    return {
        name: "public" if name in public else "members" if getattr(practice, f"show_{name}") else "nobody"
        for name in cards.CHOSEN
    }


@bp.route("/espace/profil/modifier", methods=["GET", "POST"])
@access("account")
def edit():
    person, practice, membership = _mine()
    data = practice.__data__ | {name: getattr(person, name) for name in ("name", "given_name", "family_name", "phone")}
    data |= {
        "email": person.email,
        "areas": json.loads(practice.area_json),
        "type": membership.type if membership else "",
    }
    form = ProfileForm(data=data).for_person(person, membership)
    if form.validate_on_submit():
        try:
            told = rules.update(person.id, **form.values)
        except RuleError as error:
            form.refuse(error)
        else:
            flash("Votre fiche est à jour." + (" La coordination en est prévenue." if told else ""))
            return redirect(url_for(".index"), 303)
    communes = list(Commune.of_territory())
    return page("profile/edit.html", fragment="formulaire", form=form, communes=communes, structure=person.is_structure)


@bp.post("/espace/profil/visibilite")
@access("account")
def show():
    person, practice, _ = _mine()
    public_on = Directory.current().public_on
    form = _shown_form(practice, public_on)
    if not form.validate():
        abort(400)
    rules.show(
        person.id,
        levels={name: form[name].data for name in cards.CHOSEN},
        in_directory=form.in_directory.data,
        public_listing=form.public_listing.data if public_on else None,
    )
    flash("Vos choix sont enregistrés : ils valent dès maintenant.")
    return redirect(url_for(".index") + "#montrer", 303)


@bp.post("/espace/profil/confirmer")
@access("account")
def confirm():
    rules.confirm(current_user.person_id)
    flash("Merci : votre fiche est notée comme exacte.")
    return redirect(url_for(".index"), 303)


@bp.get("/espace/profil/photo")
@access("account")
def portrait():
    found = Portrait.of(current_user.person_id)
    return serve(found.file) if found else abort(404)


@bp.post("/espace/profil/photo")
@access("account")
def set_portrait():
    file = request.files.get("photo")
    try:
        if request.form.get("retirer"):
            rules.set_portrait(current_user.person_id, None)
            flash("Votre photo est retirée.")
        elif file and file.filename:
            rules.set_portrait(current_user.person_id, store_image(file, max_side=PORTRAIT_SIDE))
            flash("Votre photo est enregistrée. Dans « Ce que je montre », choisissez qui la voit.")
        else:
            flash("Choisissez d’abord une photo.", "error")
    except RuleError as error:
        flash(str(error), "error")
    return redirect(url_for(".index") + "#ma-photo", 303)


@bp.post("/espace/profil/attestation")
@access("account")
def certificate():
    return _certificate_of(current_user.person)


@bp.post("/espace/profil/attestation/<int:id>")
@access("account")
def structure_certificate(id):
    """Answer the certificate of a structure to whoever represents it."""
    found = [each for each in certificates.represented(current_user.person_id) if each.id == id]
    return _certificate_of(found[0]) if found else abort(404)


def _certificate_of(person):
    try:
        issued = certificates.issue(person.id)
    except RuleError as error:
        flash(str(error), "error")
        return redirect(url_for(".index"), 303)
    body = certificates.pdf(issued, person, certificates.standing(person.id))
    response = Response(body, content_type="application/pdf")
    response.headers["Content-Disposition"] = "attachment; filename=attestation-adhesion.pdf"
    response.headers["Cache-Control"] = "no-store"
    return response


# Leaving


@bp.route("/espace/profil/quitter", methods=["GET", "POST"])
@access("account")
def leave():
    person, form = current_user.person, LeaveForm()
    if form.validate_on_submit():
        try:
            rules.leave(person.id, reason=form.reason.data)
        except RuleError as error:
            form.refuse(error)
        else:
            flash("Vous avez quitté l’association. Merci pour le chemin parcouru ensemble.")
            return redirect(url_for(".index"), 303)
    return page("profile/leave.html", form=form, adherent=is_adherent(person))


@bp.route("/espace/profil/effacement", methods=["GET", "POST"])
@access("account")
def erasure():
    form = ErasureRequestForm()
    if form.validate_on_submit():
        rules.ask_erasure(current_user.person_id, reason=form.reason.data)
        flash("Votre demande est transmise à la coordination, qui y répond dans le mois.")
        return redirect(url_for(".index"), 303)
    return page("profile/erasure.html", form=form, open=ProfileRequest.open_erasure(current_user.person_id))


@bp.post("/espace/profil/effacement/retirer")
@access("account")
def withdraw_erasure():
    rules.withdraw_erasure(current_user.person_id)
    flash("Votre demande d’effacement est retirée.")
    return redirect(url_for(".index"), 303)


# From a mail, without logging in


@bp.route("/fiche/exacte/<token>", methods=["GET", "POST"])
@access("public")
def confirm_by_link(token):
    step = "ask" if tokens.peek(rules.CONFIRM, token) else "dead"
    if step == "ask" and request.method == "POST":
        rules.confirm_by_link(token)
        step = "done"
    return page("profile/confirm.html", step=step, status=410 if step == "dead" else 200)


# For anyone who holds a certificate


@bp.get("/verifier/")
@access("public")
def verify_form():
    if code := request.args.get("code", "").strip():
        return redirect(url_for(".verify", code=code[:40].replace("/", "") or "x"))
    return page("profile/verify.html", verdict=None, code="")


@bp.get("/verifier/<code>")
@access("public")
def verify(code):
    verdict = verify_code(code[:40])
    if verdict is None:
        per = timedelta(minutes=15)
        limits.hit("certificate", limits.network(request.remote_addr), limit=WRONG_CODES, per=per)
    status = 404 if verdict is None else 200
    response = page("profile/verify.html", verdict=verdict, code=code[:40], status=status)
    response.headers["Cache-Control"] = "no-store"
    return response
