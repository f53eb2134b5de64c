"""Where the lists are announced: the first page of the space, the site's search, the sitemap, segments, what waits."""

from flask import url_for
from flask_login import current_user

from cptsapp.kernel.registry import Waiting, search_source, segment, sitemap, space_card, waiting
from cptsapp.kernel.text import plural

from . import catalogue, counts, eligibility, finding, pages, sharing, viewing, writing
from .definition import Readers
from .models import Entry, Status


@space_card("directory.mine", "Mes répertoires", template="directory/_space.html", access=("adherent",), order=30)
def my_card():
    definitions = catalogue.opened()
    mine = [each for each in eligibility.mine(current_user.person_id) if each.status != Status.LEFT]
    return {"mine": [(definitions[each.directory], each) for each in mine if each.directory in definitions]}


@space_card("directory.partner", "Les répertoires ouverts", template="directory/_partner.html", access=("partenaire",))
def partner_card():
    viewer = pages.reader()
    return {"lists": sharing.readable(viewer), "partner": sharing.of_person(current_user.person_id)}


@waiting("directory.expired", access=("adherent",))
def my_expired():
    mine = Entry.of_person(current_user.person_id).where(Entry.status == Status.EXPIRED)
    words = plural(mine.count(), "fiche à confirmer", "fiches à confirmer")
    yield Waiting(f"{words} dans les répertoires", url_for("directory.index"), mine.count())


@search_source(writing.SEARCH_KIND, "Répertoires")
def search_rows():
    for definition in catalogue.opened().values():
        if not definition.is_indexed:
            continue
        for entry in finding.visible(definition, viewing.Viewer(Readers.ADHERENTS.rank)):
            is_public = definition.is_public and entry.is_public
            reader = viewing.VISITOR if is_public else viewing.Viewer(Readers.ADHERENTS.rank)
            yield {"id": entry.id} | writing.document(definition, entry, reader)


@sitemap
def addresses():
    found = counts.public_by_list()
    shown = [
        each for each in catalogue.opened().values() if each.is_public and each.is_indexed and found.get(each.slug)
    ]
    if shown:
        yield "/repertoires/", None
    for definition in shown:
        yield f"/repertoires/{definition.slug}/", None
        entries = finding.visible(definition, viewing.VISITOR).select(Entry.id, Entry.confirmed_on)
        for id, confirmed_on in entries.tuples():
            yield f"/repertoires/{definition.slug}/{id}", confirmed_on


def _choices() -> list[tuple[str, str]]:
    """Return the lists to which letters may be addressed; the names of who is in the most protected ones stay there."""
    return [(slug, each.name) for slug, each in catalogue.opened().items() if each.is_exportable]


@segment("directory.volunteers", "Volontaires d’un répertoire", choices=_choices, order=70)
def volunteers(value: str):
    mine = (Entry.directory == value) & Entry.live() & Entry.person.is_null(False)
    definition = catalogue.find(value)
    if definition is None or not definition.is_exportable:
        mine &= Entry.id.is_null()
    return Entry.select(Entry.person).where(mine).distinct()
