"""Joining a directory: one form, the wording of the agreement, for oneself, a structure or a colleague."""

from flask import abort, flash, redirect, request, url_for
from flask_login import current_user

from cptsapp.blueprints.adherent.models import Practice
from cptsapp.blueprints.person.models import Person
from cptsapp.blueprints.territory.models import Commune
from cptsapp.kernel.access import access, roles
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.htmx import page

from . import catalogue, eligibility, forms, rules
from .definition import Definition, FilledBy
from .fields import known_to_members, named
from .models import Entry, Status
from .rooms import bp

MOST_FOUND = 12


def _open_or_404(slug: str) -> Definition:
    definition = catalogue.opened().get(slug)
    return definition if definition and not definition.is_keyed_only else abort(404)


@bp.route("/espace/repertoires/<slug>/rejoindre", methods=["GET", "POST"])
@access("adherent")
def join(slug):
    """Declare in a list: for oneself, or for a structure that one represents (« pour », its id)."""
    definition = _open_or_404(slug)
    person = current_user.person
    subjects = eligibility.subjects_for(definition, person)
    subject = next((each for each in subjects if str(each.id) == request.args.get("pour")), None)
    subject = subject or (subjects[0] if subjects else None)
    if subject is None:
        refusal = eligibility.refusal(definition, eligibility.profession_of(person.id))
        refusal = refusal or "Ce répertoire est fait pour des structures : vous n’en représentez aucune."
        return page("directory/closed.html", definition=definition, refusal=refusal, status=403)
    form = forms.entry_form(definition, joining=True)(data=_known(definition, subject))
    if form.validate_on_submit():
        try:
            entry = rules.declare(
                slug,
                subject.id,
                forms.typed(definition, form),
                forms.agreement(definition, form),
                declared_by=person.id if subject.id != person.id else None,
                stage=form.stage.data if "stage" in form else "",
            )
        except RuleError as error:
            form.refuse(error)
        else:
            flash(_thanks(definition, entry))
            return redirect(url_for(".mine", id=entry.id), 303)
    values = {"definition": definition, "subject": subject, "subjects": subjects, "keyed": False}
    return page("directory/join.html", fragment="formulaire", form=form, **values, communes=_communes())


def _thanks(definition: Definition, entry: Entry) -> str:
    if entry.status == Status.TO_VALIDATE:
        return "Merci ! La coordination relit votre fiche avant qu’elle paraisse ; vous recevrez un e-mail."
    return f"Merci ! Votre fiche est dans le répertoire « {definition.short} »."


def _known(definition: Definition, subject: Person) -> dict:
    """Return what the site knows already, so that nobody types it twice."""
    practice = Practice.of(subject.id)
    known = {"email": subject.email or "", "phone": subject.phone, "commune": practice.commune_id}
    return known | {"consent_version": definition.consent.version}


def _communes() -> list[Commune]:
    return list(Commune.of_territory())


@bp.get("/espace/repertoires/<slug>/pour-un-collegue")
@access("adherent")
def choose_colleague(slug):
    """Find the person for whom one writes, with their agreement: among members, or everybody for the coordination."""
    definition = catalogue.opened().get(slug) or abort(404)
    if definition.is_of_things or (definition.is_keyed_only and "coordination" not in roles()):
        abort(404)
    q = request.args.get("q", "")[:100]
    people = Person.present() if "coordination" in roles() else known_to_members()
    found = named(q, people, MOST_FOUND)
    return page("directory/colleague.html", fragment="resultats", definition=definition, q=q, found=found)


@bp.route("/espace/repertoires/<slug>/pour-un-collegue/<int:person_id>", methods=["GET", "POST"])
@access("adherent")
def join_for(slug, person_id):
    """Write for somebody, with the day and the means of their agreement; they are told by mail.

    What the coordination writes is listed at once; what a colleague writes waits for the coordination.
    """
    definition = catalogue.opened().get(slug) or abort(404)
    is_desk = "coordination" in roles()
    if definition.is_of_things or (definition.is_keyed_only and not is_desk):
        abort(404)
    people = Person.present() if is_desk else known_to_members()
    subject = people.where(Person.id == person_id).first() or abort(404)
    filled_by = FilledBy.COORDINATION if is_desk else FilledBy.VOLUNTEER
    asked = forms.entry_form(definition, filled_by=filled_by, joining=True, keyed=True)
    form = asked(data=_blank(definition, subject, is_desk))
    if form.validate_on_submit():
        try:
            rules.declare(
                slug,
                subject.id,
                forms.typed(definition, form),
                forms.agreement(definition, form),
                stage=form.stage.data if "stage" in form else "",
                keyed=True,
                waits=not is_desk,
            )
        except RuleError as error:
            form.refuse(error)
        else:
            flash(f"{subject.label} est inscrit, et en reçoit la nouvelle par e-mail.")
            return redirect(url_for(".index"), 303)
    values = {"definition": definition, "subject": subject, "subjects": [], "keyed": True}
    return page("directory/join.html", fragment="formulaire", form=form, **values, communes=_communes())


def _blank(definition: Definition, subject: Person, is_desk: bool) -> dict:
    """Return what may be shown of somebody to who writes for them: a colleague is not told their hidden contact."""
    if is_desk:
        return _known(definition, subject)
    return {"consent_version": definition.consent.version, "commune": Practice.of(subject.id).commune_id}
