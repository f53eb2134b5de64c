"""Generated from every definition: what each reader sees of each field, on each page, and what expiry hides."""

import re
from datetime import timedelta

import pytest

from cptsapp.blueprints.adherent import rules as adherents
from cptsapp.blueprints.adherent.models import Practice
from cptsapp.blueprints.directory import catalogue, finding, forms, freshness, rules, values, viewing
from cptsapp.blueprints.directory.definition import FilledBy, Kind, Readers
from cptsapp.blueprints.directory.finding import Asked
from cptsapp.blueprints.directory.models import Entry, Status
from cptsapp.blueprints.directory.rules import Agreement, Typed
from cptsapp.kernel.dates import today
from cptsapp.kernel.search import search
from tests.conftest import logged_in, text_of

from .conftest import BRIE, answers, practitioner, structure

LISTS = list(catalogue.shipped().values())
CANARY = "canari@exemple.fr"
PARTNER = 4


def _profession(definition):
    if definition.professions:
        return definition.professions[0]
    families = {"medecins": "10-MG", "infirmiers": "60", "maieutique": "50", "pharmacie": "21"}
    return next((code for family, code in families.items() if family in definition.families), "60")


def _subject(definition):
    if definition.subject == "structure":
        return structure(f"Structure {definition.slug}")
    return practitioner(_profession(definition), name=f"Nom{definition.slug.replace('-', '')}", email=CANARY)


def _declare(definition) -> Entry:
    subject = _subject(definition)
    said = answers(definition)
    for field in definition.fields:
        if field.kind == Kind.PERSON:
            said[field.key] = structure(f"Lien{definition.slug.replace('-', '')}{field.key}").id
        if field.kind == Kind.ENTRY:
            other = catalogue.find(field.of)
            typed = Typed(title=f"Autre {definition.slug}", values=answers(other))
            said[field.key] = rules.declare(field.of, None, typed, None, keyed=True).id
    typed = Typed(
        title=f"Titre {definition.slug}" if definition.is_of_things else "",
        commune=BRIE,
        email=CANARY,
        phone="0199887766",
        is_public=True,
        is_shared=True,
        is_speaker=True,
        values=said,
    )
    agreement = Agreement(version=definition.consent.version)
    return rules.declare(definition.slug, subject.id, typed, agreement, keyed=True)


@pytest.fixture
def entries(app):
    return {definition.slug: _declare(definition) for definition in LISTS}


@pytest.fixture
def browsers(app, adherent, coordinator, make_account, make_partner):
    """A visitor, an adherent who is no professional, a professional, the coordination, by rank; then a partner."""
    nurse = make_account("infirmiere@exemple.fr")
    adherents.admit(nurse.person_id)
    Practice.create(person=nurse.person_id, profession="60")
    partner = make_partner([each.slug for each in LISTS if each.has_partners])
    return [app.test_client(), *(logged_in(app, each) for each in (adherent, nurse, coordinator, partner))]


def _texts(definition, entry):
    """Return {field key: what people read of it}, for the fields whose text nothing else on a page holds."""
    card = viewing.card(definition, entry, viewing.COORDINATION)
    said = {line.key: line.text for line in card.lines}
    return {key: text for key, text in said.items() if len(text) > 4}


@pytest.mark.parametrize("who", range(5), ids=[*(each.value for each in Readers), "partner"])
def test_a_reader_sees_of_each_list_and_each_field_what_its_definition_says(entries, browsers, who):
    browser, is_partner = browsers[who], who == PARTNER
    rank = Readers.ADHERENTS.rank if is_partner else who  # a partner reads as an adherent, but fewer lists
    area = "/espace/repertoires" if rank else "/repertoires"
    for definition in LISTS:
        entry = Entry.joined().where(Entry.id == entries[definition.slug].id).get()
        slash = "" if rank else "/"
        pages = {
            "list": browser.get(f"{area}/{definition.slug}{slash}", headers={"HX-Request": "true"}),
            "card": browser.get(f"{area}/{definition.slug}/{entry.id}"),
        }
        may = rank >= definition.readers.rank and (definition.has_partners or not is_partner)
        if rank:
            pages["export"] = browser.post(f"{area}/{definition.slug}/export", data={"format": "csv"})
            pages["vcard"] = browser.get(f"{area}/{definition.slug}/{entry.id}/carte.vcf")
        for kind, answer in pages.items():
            fine = may and (kind in ("list", "card") or definition.is_exportable)
            refused = 403 if is_partner and kind in ("export", "vcard") else 404
            fine = fine and refused != 403
            assert answer.status_code == (200 if fine else refused), (definition.slug, kind)
            if not fine:
                assert entry.label not in answer.text, (definition.slug, kind)
        if not may:
            continue
        assert entry.label in text_of(pages["list"].text)
        assert "Confirmé le" in pages["card"].text
        facts = re.sub(r"<nav.*?</nav>|<head>.*?</head>", "", pages["card"].text, flags=re.S)
        for field in definition.fields:
            seen = rank >= field.readers.rank
            where = (definition.slug, field.key, rank)
            assert (f"<dt>{field.label}</dt>" in facts) is seen, where
            text = _texts(definition, entry).get(field.key)
            if text and not seen:
                for kind, answer in pages.items():
                    assert text not in answer.text.replace("&#39;", "'"), (*where, kind)
            if definition.is_exportable and rank and not is_partner:
                assert (field.label in pages["export"].text.split("\r\n")[0].replace('"', "")) is seen, where
        for answer in pages.values():  # the address is hidden by the person, but from the coordination
            assert (CANARY in answer.text) <= (rank == 3), definition.slug


@pytest.mark.parametrize("who", range(5), ids=[*(each.value for each in Readers), "partner"])
def test_a_search_finds_by_what_its_reader_may_read_and_by_nothing_else(entries, who):
    is_partner = who == PARTNER
    rank = Readers.ADHERENTS.rank if is_partner else who
    viewer = viewing.Viewer(rank, lists=frozenset(catalogue.shipped()) if is_partner else None)

    def found(definition, **asked):
        query = finding.visible(definition, viewer)
        return [each.id for each in finding.narrowed(query, definition, viewer, Asked(**asked))]

    for definition in LISTS:
        entry = entries[definition.slug]
        may = rank >= definition.readers.rank and (definition.has_partners or not is_partner)
        assert (entry.id in found(definition)) is may
        for field in definition.fields:
            seen = may and rank >= field.readers.rank
            said = entry.values.get(field.key)
            if field.kind in (Kind.LINE, Kind.TEXT):
                assert (entry.id in found(definition, q=said)) is seen, (definition.slug, field.key)
            for value in values.keys_of(field, said):
                assert (entry.id in found(definition, filters={field.key: value})) is seen, (definition.slug, field.key)
            if field.kind in (Kind.LINE, Kind.TEXT) and who < 2:
                hits = search(said, visibilities=["public", "adherents"][: rank + 1]).hits
                wanted = seen and definition.is_indexed
                mine = any(hit.id == str(entry.id) for hit in hits)
                # Of a public page, the site's search keeps what anybody may read.
                if definition.is_public and field.readers != Readers.PUBLIC:
                    wanted = False
                assert mine is wanted, (definition.slug, field.key)


@pytest.mark.parametrize("slug", catalogue.shipped())
def test_the_form_of_a_list_takes_what_it_asks_and_refuses_what_is_wrong(app, slug):
    definition = catalogue.find(slug)
    for filled_by in FilledBy:
        with app.test_request_context(method="POST", data={}):
            form = forms.entry_form(definition, filled_by=filled_by, joining=True)()
            assert not form.validate()
            wrong = set(form.errors)
        required = {field.key for field in definition.asked(filled_by) if field.required}
        assert required <= wrong
        assert "consent" in wrong
        asked = {field.key for field in definition.asked(filled_by)}
        assert asked == {field.key for field in definition.fields if field.key in form}
    for field in definition.fields:
        for odd in (12.5, {}, [[]], "\0", object(), True if field.kind != Kind.YES_NO else "peut-être", -(10**9)):
            if field.kind in (Kind.LINE, Kind.TEXT) and isinstance(odd, str):
                assert values.clean(field, odd) is None
                continue
            with pytest.raises(rules.RuleError) as refused:
                values.clean(field, odd)
            assert refused.value.field == field.key
        assert values.clean(field, "") is values.clean(field, None) is None


def test_what_expires_is_shown_to_nobody_in_any_list_and_comes_back(entries, browsers):
    late = today() - timedelta(days=1)
    Entry.update(expires_on=late).execute()
    for definition in LISTS:
        assert not list(finding.visible(definition, viewing.COORDINATION)), definition.slug
    assert freshness.expire() == Entry.select().count()
    for definition in LISTS:
        entry = entries[definition.slug]
        assert browsers[3].get(f"/espace/repertoires/{definition.slug}/{entry.id}").status_code == 404
        assert not any(
            hit.kind == "repertoire" for hit in search(entry.label, visibilities=["public", "adherents"]).hits
        )
        freshness.confirm(entry.id)
        assert Entry.get_by_id(entry.id).status == Status.LISTED
        assert browsers[3].get(f"/espace/repertoires/{definition.slug}/{entry.id}").status_code == 200
