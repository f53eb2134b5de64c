"""Joining the association, open to anybody: the form, the link that confirms it, the one that corrects it."""

from datetime import timedelta

from flask import Blueprint, abort, redirect, request, url_for

from cptsapp.kernel import limits, registry
from cptsapp.kernel.access import access
from cptsapp.kernel.counting import once_sent
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.htmx import page
from cptsapp.kernel.text import normalise_email

from . import joining, origins
from .forms import JoinForm, MemberForm, meant
from .models import MemberType
from .renewal_views import bp_renewal

bp = Blueprint("adherent", __name__, url_prefix="/adhesion")
bp.register_blueprint(bp_renewal)
registry.reserved_slugs.add("adhesion")

PER_ADDRESS = 10  # requests an hour
PER_SITE = 200
PER_MAILBOX = 4  # mails a day to one address, so that nobody floods another's
TYPE_HINTS = {
    MemberType.LIBERAL: "Médecin, infirmière, kinésithérapeute, pharmacien titulaire…",
    MemberType.SALARIE: "En centre de santé, à l’hôpital, dans une structure…",
    MemberType.STRUCTURE: "Établissement, maison de santé, association, laboratoire…",
    MemberType.COLLECTIVITE: "Commune, intercommunalité, CCAS…",
    MemberType.USAGER: "Habitant, patient, aidant, représentant des usagers…",
}


@bp.route("/", methods=["GET", "POST"])
@access("public")
def join():
    type = _type(request.values.get("type"))
    if type is None:
        tag = origins.clean(request.args.get("de"))
        response = page("adherent/join.html", fragment="formulaire", type=None, types=TYPE_HINTS, tag=tag)
        return _counted(response, tag)
    form, status = JoinForm().for_type(type), None
    if request.method == "GET":
        form.de.data = origins.clean(request.args.get("de"))
    if form.validate_on_submit():
        try:
            _receive(type, form)
        except RuleError as error:
            form.refuse(error)
        except limits.TooManyTries as error:
            wait = limits.in_words(error.wait)
            form.form_errors.append(
                "Plusieurs demandes viennent d’être envoyées. La vôtre est gardée ici : vous pourrez l’envoyer dans "
                f"{wait}."
            )
            status = 429
        else:
            return redirect(url_for("adherent.sent"), 303)
    tag = origins.clean(form.de.data)
    values = {"type": type, "types": TYPE_HINTS, "tag": tag}
    return _counted(page("adherent/join.html", fragment="formulaire", form=form, status=status, **values), tag)


def _type(text) -> MemberType | None:
    return MemberType(text) if text in set(MemberType) else None


def _counted(response, tag):
    """Count the visit of a tagged link once the page is sent; choosing a type in the same page carries `vu`."""
    if tag and request.method == "GET" and not request.args.get("vu"):
        once_sent(response, origins.count, tag)
    return response


def _receive(type, form):
    """Count the sending, then record the request; the same form sent again is neither counted nor recorded twice."""
    if not joining.is_received(form.key):
        limits.hit("adhesion", limits.network(request.remote_addr), limit=PER_ADDRESS, per=timedelta(hours=1))
        limits.hit("adhesion", "everybody", limit=PER_SITE, per=timedelta(hours=1))
        limits.hit("adhesion", normalise_email(form.email.data), limit=PER_MAILBOX, per=timedelta(days=1))
    joining.receive(form.key, type=type, origin=form.de.data, shows=form.shows, **_values(form))


UNKEPT = {"website", "form_key", "de", "commune", "commune_text", "show_email", "show_phone"}


def _values(form) -> dict:
    """Return what was typed, and the INSEE code that the commune's name means."""
    kept = {name: value for name, value in form.data.items() if name not in UNKEPT and not name.startswith("accept_")}
    return kept | {"insee": form.place.insee if form.place else ""}


@bp.post("/champ/<name>")
@access("public")
def check(name):
    """Check one field as it is left, and answer the field as it must now look; the whole form decides at the end."""
    type = _type(request.form.get("type"))
    form = JoinForm().for_type(type) if type else abort(400)
    if name not in form or name not in CHECKED:
        abort(404)
    form[name].validate(form)
    return page("adherent/_field.html", form=form, name=name, type=type, status=200)


CHECKED = {
    "name", "given_name", "family_name", "email", "phone", "profession", "profession_other", "rpps",
    "adeli", "deputy_email",
}  # fmt: skip


@bp.get("/communes")
@access("public")
def communes():
    """Propose the communes that a name may mean, as it is typed."""
    found = meant(request.args.get("commune_text", "")[:100], "")
    return page("adherent/_places.html", place=found[0], places=found[1], status=200)


@bp.get("/envoyee")
@access("public")
def sent():
    return page("adherent/sent.html")


@bp.route("/confirmer/<token>", methods=["GET", "POST"])
@access("public")
def confirm(token):
    if request.method == "POST":
        try:
            joining.confirm(token)
        except RuleError:
            return page("adherent/dead_link.html", status=410)
        return redirect(url_for("adherent.confirmed"), 303)
    asked = joining.waiting_for(token, joining.CONFIRM)
    if asked is None:
        return page("adherent/dead_link.html", status=410)
    return page("adherent/confirm.html", asked=asked)


@bp.get("/confirmee")
@access("public")
def confirmed():
    return page("adherent/confirmed.html")


@bp.route("/corriger/<token>", methods=["GET", "POST"])
@access("public")
def correct(token):
    asked = joining.waiting_for(token, joining.CORRECT)
    if asked is None:
        return page("adherent/dead_link.html", status=410)
    form = MemberForm(data=joining.typed(asked)).for_type(MemberType(asked.type))
    del form["email"]
    if form.validate_on_submit():
        try:
            joining.correct(token, **_values(form))
        except RuleError as error:
            form.refuse(error)
        else:
            return redirect(url_for("adherent.confirmed"), 303)
    return page("adherent/correct.html", form=form, asked=asked, type=MemberType(asked.type))
