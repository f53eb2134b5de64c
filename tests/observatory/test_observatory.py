"""The observatory: it shows only what everybody may read already, and of what inhabitants write, numbers alone."""

from datetime import timedelta
from decimal import Decimal

import pytest
from peewee import IntegrityError
from playhouse.test_utils import count_queries

from cptsapp.blueprints.document import rules as document_rules
from cptsapp.blueprints.indicator import rules as measure_rules
from cptsapp.blueprints.indicator.checking import Definition
from cptsapp.blueprints.indicator.rules import Given
from cptsapp.blueprints.observatory import figures, hearing, registrations, rules
from cptsapp.blueprints.observatory.models import Chapter, ChapterFigure, Contribution, ContributionState
from cptsapp.blueprints.territory import rules as territory_rules
from cptsapp.kernel.dates import today
from cptsapp.kernel.db import db, now
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.forms import new_key
from cptsapp.kernel.registry import row_sources
from tests.conftest import text_of
from tests.postgresql import counts_what_is_kept

SITE, DESK = "/observatoire/", "/gestion/observatoire/"
SAID = {"kind": "reaction", "speaker": "inhabitant", "text": "Plus de rendez-vous le samedi."}
YEAR = (today() - timedelta(days=365), today())


def measure(number=120, *, is_public=True, **bands):
    made = measure_rules.create(Definition("Patients sans médecin traitant", unit="patients", kind="series"),
                                is_public=is_public)  # fmt: skip
    for band, value in (bands or {"": number}).items():
        measure_rules.note_value(made.id, Given(today(), Decimal(value), band=band, source="CPAM 77"))
    return made


def chapter(*keys, is_shown=True, **values):
    made = rules.save(title="Médecin traitant", **{"intro": "Combien **êtes-vous** ?"} | values, figure_keys=keys)
    return rules.publish(made.id) if is_shown else made


def said(count=1, state="kept", chapter=None, **values):
    slug = chapter.slug if chapter else ""
    rows = [rules.receive(f"clé {Contribution.select().count()}", **SAID | values, slug=slug) for _ in range(count)]
    rules.decide([each.id for each in rows], state)
    return rows


# On the site


def test_the_observatory_does_not_exist_until_a_theme_is_published_then_it_is_found_everywhere(client, as_coordinator):
    made = chapter(f"measure:{measure().id}", is_shown=False)
    places = (SITE, f"{SITE}{made.slug}", f"{SITE}contribuer")
    assert [client.get(each).status_code for each in places] == [404, 404, 404]
    assert SITE not in client.get("/sitemap.xml").text
    assert f'href="{SITE}"' not in as_coordinator.get("/").text
    rules.publish(made.id)
    assert [client.get(each).status_code for each in places] == [200, 200, 200]
    assert f"{SITE}{made.slug}" in client.get("/sitemap.xml").text
    assert f"{SITE}{made.slug}" in client.get("/recherche?q=médecin traitant").text
    assert f'href="{SITE}"' in as_coordinator.get("/").text
    page = client.get(f"{SITE}{made.slug}").text
    assert "Combien <strong>êtes-vous</strong>" in page
    for told in ("120\u202fpatients".replace("\u202f", " "), "Source : CPAM 77", "Patients sans médecin traitant"):
        assert told in text_of(page)
    rules.withdraw(made.id)
    assert [client.get(each).status_code for each in places] == [404, 404, 404]
    assert made.slug not in client.get("/recherche?q=médecin traitant").text


def test_a_page_kept_ready_says_at_once_what_has_changed(client):
    made = measure()
    shown = chapter(f"measure:{made.id}")
    address = f"{SITE}{shown.slug}"
    assert "120 patients" in text_of(client.get(address).text)
    tag = client.get(address).headers["ETag"]
    assert client.get(address, headers={"If-None-Match": tag}).status_code == 304
    measure_rules.note_value(made.id, Given(today() - timedelta(days=40), Decimal(150), source="CPAM 77"))
    page = client.get(address).text
    assert "<svg" in page
    assert "150" in text_of(page)
    measure_rules.place(made.id, fiche_id=None, mission="", is_public=False)
    assert "patients" not in text_of(client.get(address).text)


@counts_what_is_kept
def test_a_page_kept_ready_asks_the_base_nothing_more(client):
    address = f"{SITE}{chapter(f'measure:{measure().id}').slug}"
    client.get(address)
    with count_queries() as counted:
        client.get(address)
    assert counted.count == 0


def test_a_theme_shows_nothing_that_everybody_may_not_read_already(app, client, as_coordinator):
    hidden = measure(is_public=False)
    documents = {
        each: document_rules.create(title=f"Enquête {each}", kind="other", visibility=each, label="1",
                                    dated_on=today(), text="Texte")
        for each in ("public", "adherents")
    }  # fmt: skip
    keys = [f"document:{each.id}" for each in documents.values()]
    made = chapter(f"measure:{hidden.id}", "territory:population", piece_keys=keys)
    page = text_of(client.get(f"{SITE}{made.slug}").text)
    assert "Enquête public" in page
    assert "adherents" not in page
    assert "patients" not in page
    assert f"measure:{hidden.id}" not in dict(figures.choices())
    desk = as_coordinator.get(f"{DESK}{made.id}").text
    assert "n’est plus public" in desk
    assert "Enquête adherents" not in as_coordinator.get(f"{DESK}{made.id}/modifier").text


def test_a_small_number_is_told_nowhere(app, client):
    bands = {"16-29 ans": 40, "30-69 ans": 22, "70 ans et plus": 3}
    territory_rules.count_professionals(today(), {"50": 3, "60": 12}, source="Ordre")
    made = chapter(f"measure:{measure(**bands).id}", "headcount:50", "headcount:60")
    words = text_of(client.get(f"{SITE}{made.slug}").text)
    assert words.count("non montré") == 2
    assert "moins de 5" in words
    for number in ("22", "3"):
        assert f" {number} " not in words.replace("30-69", "")
    assert "12" in words


# What is composed


def test_a_theme_makes_sense_before_it_is_written_and_before_it_is_published(app):
    for wrong, field in (({"title": " "}, "title"), ({"tag": "x"}, "tag"), ({"intro": "x" * 20_001}, "intro"),
                         ({"figure_keys": [str(each) for each in range(21)]}, "figures")):  # fmt: skip
        with pytest.raises(RuleError) as refused:
            rules.save(**{"title": "Thème"} | wrong)
        assert refused.value.field == field
    empty = rules.save(title="Contribuer")
    assert empty.slug == "contribuer-2"
    with pytest.raises(RuleError, match="vide"):
        rules.publish(empty.id)
    first = rules.save(empty.id, title="Contribuer", figure_keys=["territory:communes"])
    added = ChapterFigure.get().added_at
    rules.save(first.id, title="Contribuer", figure_keys=["territory:communes", "territory:population"])
    assert ChapterFigure.select().order_by(ChapterFigure.id).first().added_at == added
    second = rules.save(title="Autre")
    rules.move(second.id, -1)
    rules.move(second.id, -1)
    assert [each.title for each in Chapter.ordered()] == ["Autre", "Contribuer"]


def test_the_coordination_composes_publishes_orders_and_deletes(as_coordinator, as_bureau, client):
    made = measure()
    sent = {"title": "Médecin traitant", "intro": "Combien ?", "figures": [f"measure:{made.id}"], "tag": "prevention"}
    refused = as_coordinator.post(f"{DESK}nouveau", data=sent | {"title": ""})
    assert refused.status_code == 422
    assert "Combien ?" in refused.text
    assert as_coordinator.post(f"{DESK}nouveau", data=sent).status_code == 303
    row = Chapter.get()
    assert as_bureau.post(f"{DESK}{row.id}/publier").status_code == 403
    assert as_coordinator.post(f"{DESK}{row.id}/publier").status_code == 303
    assert client.get(SITE).status_code == 200
    for browser in (as_coordinator, as_bureau):
        assert "120 patients" in text_of(browser.get(f"{DESK}{row.id}").text)
        assert "Médecin traitant" in browser.get(f"{DESK}?q=combien&etat=publie").text
    assert "Médecin traitant" not in as_bureau.get(f"{DESK}?etat=retire").text
    assert "Médecin traitant" in as_bureau.post(f"{DESK}export").text
    changed = as_coordinator.post(f"{DESK}{row.id}/modifier", data=sent | {"learnt": "Que cela baisse."})
    assert changed.status_code == 303
    assert "Que cela baisse." in client.get(f"{SITE}{row.slug}").text
    said(chapter=row)
    assert as_coordinator.post(f"{DESK}{row.id}/supprimer").status_code == 303
    assert client.get(SITE).status_code == 404
    assert Contribution.get().theme_title == "Un autre sujet"


# What inhabitants write


@pytest.fixture
def form(app, settings):
    with app.test_request_context():
        return lambda **values: {"form_key": new_key()} | SAID | values


def test_anybody_writes_without_a_name_and_only_the_coordination_reads_it(
    app, client, as_coordinator, form, monkeypatch
):
    app.config["FORM_MINIMUM_SECONDS"] = 0
    shown = chapter()
    assert f'value="{shown.slug}" selected' in client.get(f"{SITE}contribuer?theme={shown.slug}").text.replace(
        f'selected value="{shown.slug}"', f'value="{shown.slug}" selected'
    )
    with app.test_request_context():
        sent = form(chapter=shown.slug)
    for wrong, words in (({"text": "Court"}, "un peu court"), ({"speaker": ""}, "Choisissez"),
                         ({"website": "x"}, "inhabituelle"), ({"form_key": "faux"}, "trop longtemps")):  # fmt: skip
        refused = client.post(f"{SITE}contribuer", data=sent | wrong)
        assert refused.status_code == 422, wrong
        assert words in refused.text
    assert not Contribution.select().exists()
    for _ in range(2):
        assert client.post(f"{SITE}contribuer", data=sent).status_code == 303
    row = Contribution.get()
    assert (row.theme_title, row.state) == ("Médecin traitant", "new")
    assert "samedi" not in client.get(f"{SITE}{shown.slug}").text + client.get(SITE).text
    with app.test_request_context():
        assert [each.count for each in registrations.to_read()] == [1]
    assert "samedi" in as_coordinator.get(f"{DESK}contributions/?q=rendez").text
    assert as_coordinator.post(f"{DESK}contributions/{row.id}/note", data={"note": "À reprendre"}).status_code == 303
    assert as_coordinator.post(f"{DESK}contributions/{row.id}/etat/kept").status_code == 303
    page = as_coordinator.get(f"{DESK}contributions/{row.id}").text
    assert "À reprendre" in page
    assert "Retenue" in page
    lot = {"action": "filed", "id": [row.id], "etat": ""}
    assert as_coordinator.post(f"{DESK}contributions/lot", data=lot).status_code == 303
    assert Contribution.get().state == "filed"
    assert "samedi" in as_coordinator.post(f"{DESK}contributions/export", data={"etat": ""}).text
    with app.test_request_context():
        codes = [client.post(f"{SITE}contribuer", data=form(text=f"Une autre idée, n° {each}")).status_code
                 for each in range(8)]  # fmt: skip
    assert codes[0] == 303
    assert codes[-1] == 429


def test_outside_contributions_are_only_counted_once_read_and_never_under_five(app, client):
    shown = chapter()
    said(4, chapter=shown)
    said(9, state="new", chapter=shown)
    said(9, state="spam", chapter=shown)
    assert hearing.by_chapter() == {}
    assert hearing.by_speaker() == []
    said(1, state="filed", chapter=shown)
    assert hearing.by_chapter() == {shown.id: 5}
    assert "5 contributions reçues et lues" in text_of(client.get(f"{SITE}{shown.slug}").text)
    said(6, speaker="elected")
    said(2, speaker="carer")
    assert hearing.by_speaker() == [
        ("Habitant, habitante", "non montré"), ("Proche aidant", "non montré"), ("Commune, élu", "6"),
    ]  # fmt: skip


def test_words_are_erased_in_time_and_still_count(app, settings):
    old, spam, recent = (said(1, state=each)[0] for each in ("kept", "spam", "new"))
    late = now() - timedelta(days=31 * (settings.contact_months + 1))
    Contribution.update(at=late).where(Contribution.id == old.id).execute()
    Contribution.update(decided_at=now() - timedelta(days=40)).where(Contribution.id == spam.id).execute()
    assert rules.purge(today()) == 2
    assert [each.id for each in Contribution.inbox()] == [recent.id]
    assert Contribution.get_by_id(old.id).text == ""
    assert hearing.Contribution.counted_by(Contribution.state) == {"kept": 1}
    assert rules.purge(today()) == 0


def test_what_makes_no_sense_is_not_received(app):
    with pytest.raises(RuleError, match="plus publié"):
        rules.receive("a", **SAID, slug="inconnu")
    with pytest.raises(RuleError, match="commune"):
        rules.receive("a", **SAID, insee="75056")
    with pytest.raises(RuleError, match="liste"):
        rules.receive("a", **SAID | {"kind": "chant"})
    with pytest.raises(RuleError, match="caractères"):
        rules.receive("a", **SAID | {"text": "\0 \0"})
    row = rules.receive("a", **SAID)
    assert rules.receive("a", **SAID) == row
    with pytest.raises(IntegrityError), db.atomic():
        Contribution.update(state=ContributionState.KEPT).execute()


def test_figures_count_what_came_on_the_site_and_what_was_read(app):
    shown = chapter("territory:communes", piece_keys=["news:un"])
    chapter("territory:population", is_shown=False)
    said(3, chapter=shown)
    said(2, state="spam")
    with app.test_request_context():
        for key, count in (("observatory.publications", 3), ("observatory.contributions", 3)):
            assert sum(each.number for each in row_sources[key].rows(*YEAR)) == count
    assert (registrations.publications(*YEAR), registrations.contributions(*YEAR)) == (3, 3)
    before = (YEAR[0] - timedelta(days=400), YEAR[0] - timedelta(days=1))
    assert registrations.publications(*before) == registrations.contributions(*before) == 0
