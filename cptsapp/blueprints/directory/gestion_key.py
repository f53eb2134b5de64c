"""An entry that the coordination writes for somebody who agreed on paper, by phone, in person."""

from flask import abort, flash, redirect, request, url_for

from cptsapp.blueprints.person import finding
from cptsapp.blueprints.person.models import Kind, Person
from cptsapp.blueprints.territory.models import Commune
from cptsapp.kernel.access import access
from cptsapp.kernel.dates import today
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.htmx import page
from cptsapp.kernel.urls import number_of

from . import eligibility, forms, rules
from .definition import Definition, FilledBy
from .gestion import bp_gestion, definition_or_404
from .models import Entry, Status

MOST_FOUND = 30


@bp_gestion.route("/<slug>/ajouter", methods=["GET", "POST"])
@access("coordination")
def key_in(slug):
    """First whom it speaks of, found by name; then what they say. A thing may be of nobody."""
    definition = definition_or_404(slug)
    person = _person(definition, number_of(request.args.get("pour")))
    if person is None and not definition.is_of_things:
        return _choose(definition)
    form = _form(definition, person)
    if form.validate_on_submit():
        try:
            entry = rules.declare(
                slug,
                person and person.id,
                forms.typed(definition, form),
                forms.agreement(definition, form) if person else None,
                stage=form.stage.data if "stage" in form else "",
                keyed=True,
            )
        except RuleError as error:
            form.refuse(error)
        else:
            told = " La personne en est prévenue par e-mail." if person and (entry.email or person.email) else ""
            flash(f"La fiche est dans la liste.{told}")
            return redirect(url_for("directory_gestion.entry", slug=slug, id=entry.id), 303)
    values = {"definition": definition, "person": person, "communes": list(Commune.of_territory())}
    return page("directory/desk_key.html", fragment="formulaire", form=form, **values)


def _person(definition: Definition, id: int) -> Person | None:
    if not id:
        return None
    return Person.get_or_none(Person.id == id, Person.deleted_at.is_null()) or abort(404)


def _form(definition: Definition, person: Person | None):
    kept = {"consent_version": definition.consent.version, "consented_on": today()}
    if person:
        commune = eligibility.commune_of(person.id)
        kept |= {"email": person.email or "", "phone": person.phone, "commune": commune}
    form = forms.entry_form(definition, filled_by=FilledBy.COORDINATION, joining=True, keyed=True)(data=kept)
    if person is None:
        for name in ("consent", "consent_version", "consent_means", "consented_on"):
            del form[name]
    return form


def _choose(definition: Definition):
    """Offer the persons or structures that answer to a name, and say who is in the list already."""
    q = " ".join(request.args.get("q", "").split())[:100]
    words, found = finding.asked(q), []
    if words:
        query = Person.present().where(Person.id.in_(finding.found(words)))
        if not definition.takes_structures or not definition.takes_persons:
            query = query.where(Person.kind == (Kind.STRUCTURE if definition.takes_structures else Kind.PERSON))
        found = list(query.limit(MOST_FOUND))
    rows = Entry.select(Entry.person, Entry.id).where(
        Entry.directory == definition.slug,
        Entry.person.in_([each.id for each in found]),
        Entry.status != Status.LEFT,
    )
    there = {} if definition.unique_by else dict(rows.tuples())
    return page(
        "directory/desk_key_person.html", fragment="resultats", definition=definition, q=q, found=found, there=there
    )
