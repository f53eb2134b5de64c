"""A directory made and changed in gestion: the refusals of a file, beside their field; no answer is lost."""

from datetime import timedelta

import pytest

from cptsapp.blueprints.directory import catalogue, editor, editor_form, finding, reading, viewing
from cptsapp.blueprints.directory.editor_form import EditorForm
from cptsapp.blueprints.directory.editor_rows import ROWS
from cptsapp.blueprints.directory.finding import Asked
from cptsapp.blueprints.directory.gestion_definition import BLANK
from cptsapp.blueprints.directory.models import Entry
from cptsapp.kernel import registry
from cptsapp.kernel.dates import today
from cptsapp.kernel.errors import RuleError
from tests.conftest import text_of

from .conftest import declared, practitioner

HERE = "/gestion/repertoires"
HTMX = {"HX-Request": "true"}
NEW = {
    "name": "Échographie de ville",
    "purpose": "Savoir qui fait des échographies, et dans quel délai.",
    "theme": "acces",
    "subject": "person",
    "professions": "médecin généraliste\nsage-femme",
    "readers": "adherents",
    "contact_readers": "adherents",
    "stage_readers": "coordination",
    "validity_months": "6",
    "season_ends": "31/03",
    "exportable": "y",
    "consent_version": "1",
    "consent_text": "J’accepte d’être dans cette liste.",
    "capacity_per": "month",
    "capacity_one": "patient",
    "capacity_many": "patients",
    "fields-0-label": "Organes examinés",
    "fields-0-kind": "choices",
    "fields-0-choices": "Thyroïde\nAbdomen\nfoetus = Grossesse",
    "fields-0-filter": "y",
    "fields-0-filled_by": "volunteer",
    "fields-1-label": "Patients par mois",
    "fields-1-kind": "number",
    "fields-1-most": "50",
    "fields-1-is_capacity": "y",
    "fields-1-filled_by": "volunteer",
    "stages-0-label": "Formé",
    "stages-0-weeks": "10",
    "stages-0-declared_by": "volunteer",
}


def typed(slug):
    """Return what a browser sends of the form of a definition as it stands."""
    sent = {}
    for name, value in editor_form.shown(catalogue.values_of(slug)).items():
        if name in ROWS:
            for rank, row in enumerate(value):
                sent |= {f"{name}-{rank}-{key}": text for key, text in row.items() if key != "choices" or text}
        else:
            sent[name] = value
    names = set(EditorForm()._fields) | set(ROWS)
    kept = {key: value for key, value in sent.items() if value not in (None, False, "") and key.split("-")[0] in names}
    return {key: "y" if value is True else value for key, value in kept.items()}


@pytest.mark.parametrize("slug", catalogue.shipped())
def test_the_form_of_a_definition_says_all_that_its_file_says(app, slug):
    with app.test_request_context("/", method="POST", data=typed(slug)):
        form = EditorForm(slug=slug)
        assert form.validate(), form.errors
        # From nothing: what the form does not ask is not kept from before.
        values = editor_form.values_of(form, {})
    assert reading.from_values(values, slug) == catalogue.shipped()[slug]


RULES = {
    "fields-2-label": "Qui répond",
    "fields-2-kind": "yes_no",
    "fields-2-filled_by": "volunteer",
    "requirements-0-when": "qui_repond=oui",
    "requirements-0-needs": "patients_par_mois",
    "requirements-0-sentence": "Dites combien de patients.",
    "uniques-0-what": "qui_repond=oui",
    "uniques-0-sentence": "Quelqu’un répond déjà.",
    "tags-0-when": "organes_examines=thyroide",
    "tags-0-label": "Thyroïde",
    "figures-0-label": "Qui répondent",
    "figures-0-what": "qui_repond=oui",
    "figures-1-label": "Places",
    "figures-1-what": "sum:patients_par_mois",
    "figures-2-label": "Formés",
    "figures-2-what": "stage:forme",
    "stages-0-needs": "organes_examines",
    "stages-1-label": "Équipé",
    "stages-1-declared_by": "volunteer",
    "stages-1-to": "forme",
    "fields-0-is_printed": "y",
    "unique_by": "patients_par_mois",
}


def test_rules_tags_and_figures_are_written_without_code_and_hold_at_once(app, as_coordinator):
    page = as_coordinator.post(f"{HERE}/nouveau", data=NEW | RULES | {"acte": "ajouter-tags"}).text
    assert "tags-1-label" in page
    assert 'value="qui_repond=oui"' in page  # a field that was only just typed may be spoken of
    assert "Fiches à l’étape Équipé" in page
    assert as_coordinator.post(f"{HERE}/nouveau", data=NEW | RULES).status_code == 303
    made = catalogue.find("echographie-de-ville")
    assert [(each.key, each.stage, each.sum, each.value) for each in made.figures] == [
        ("qui_repondent", "", "", "oui"), ("places", "", "patients_par_mois", ""), ("formes", "forme", "", ""),
    ]  # fmt: skip
    assert (made.stages[0].needs, made.stages[1].to) == (("organes_examines",), ("forme",))
    assert made.field("organes_examines").is_printed
    assert made.unique_by == "patients_par_mois"
    declared("echographie-de-ville", practitioner("50"), qui_repond=True)
    with pytest.raises(RuleError, match="répond déjà"):
        declared("echographie-de-ville", practitioner("50"), qui_repond=True)
    with pytest.raises(RuleError, match="Dites combien"):
        declared("echographie-de-ville", practitioner("50"), qui_repond=True, patients_par_mois=None)


def test_a_part_of_the_page_is_a_piece_of_it(as_coordinator):
    whole, part = (as_coordinator.get(f"{HERE}/msu/definition", headers=each).text for each in ({}, HTMX))
    assert part.strip() in whole
    assert "<html" not in part


def test_a_directory_is_made_without_code_and_works_at_once(app, as_coordinator):
    more = as_coordinator.post(f"{HERE}/nouveau", data=NEW | {"acte": "ajouter-fields"})
    assert "fields-2-label" in more.text
    assert "Organes examinés" in more.text
    assert catalogue.find("echographie-de-ville") is None
    moved = as_coordinator.post(f"{HERE}/nouveau", data=NEW | {"acte": "monter-fields-1"}).text
    assert moved.index("Patients par mois") < moved.index("Organes examinés")
    assert as_coordinator.post(f"{HERE}/nouveau", data=NEW).status_code == 303
    made = catalogue.find("echographie-de-ville")
    assert made.professions == ("10-MG", "50")
    assert made.field("organes_examines").choices == (
        ("thyroide", "Thyroïde"), ("abdomen", "Abdomen"), ("foetus", "Grossesse"),
    )  # fmt: skip
    assert (made.season_ends, made.validity_months, made.capacity.field) == ((3, 31), 6, "patients_par_mois")
    entry = declared("echographie-de-ville", practitioner("50"), organes_examines=["abdomen"])
    assert entry.stage == "forme"
    assert entry.person.label in as_coordinator.get(f"{HERE}/echographie-de-ville/?f-organes_examines=abdomen").text
    again = as_coordinator.post(f"{HERE}/nouveau", data=NEW)
    assert again.status_code == 422
    assert "s’appelle déjà ainsi" in again.text


@pytest.mark.parametrize(
    ("wrong", "field", "sentence"),
    [
        ({"name": ""}, "name", "obligatoire"),
        ({"purpose": ""}, "purpose", "obligatoire"),
        ({"consent_text": ""}, "consent_text", "obligatoire"),
        ({"readers": "public"}, "consent_public", "page publique"),
        ({"contact_readers": "public"}, "contact_readers", "plus visibles"),
        ({"professions": "magicien"}, "professions", "pas une profession connue"),
        ({"season_ends": "fin mars"}, "season_ends", "un jour et un mois"),
        ({"season_ends": "31/02"}, "season_ends", "mois et un jour"),
        ({"validity_months": "600"}, "validity_months", "de 1 à 60"),
        ({"fields-0-label": ""}, "fields-0-label", "obligatoire"),
        ({"fields-0-choices": ""}, "fields-0-choices", "choix vont avec"),
        ({"fields-1-least": "60"}, "fields-1-least", "dépasse le maximum"),
        ({"fields-1-readers": "public"}, "fields-1-readers", "plus visible"),
        ({"stages-0-weeks": "9999"}, "stages-0-weeks", "de 1 à 520"),
        ({"theme": "inconnu"}, "theme", "liste"),
        ({"capacity_one": ""}, "capacity_one", "obligatoire"),
        ({"tags-0-label": "Seul"}, "tags-0-when", "obligatoire"),
        ({"tags-0-when": "organes_examines=thyroide"}, "tags-0-label", "obligatoire"),
        ({"tags-0-when": "disparu=oui", "tags-0-label": "T"}, "tags-0-when", "liste"),
        ({"uniques-0-what": "organes_examines="}, "uniques-0-sentence", "obligatoire"),
        (
            {"requirements-0-sentence": "S", "requirements-0-when": "organes_examines=thyroide"},
            "requirements-0-needs",
            "au moins un champ",
        ),
        ({"figures-0-label": "Sans rien"}, "figures-0-what", "compte une étape"),
        ({"figures-0-what": "sum:patients_par_mois"}, "figures-0-label", "obligatoire"),
        ({"stages-0-needs": "disparu"}, "stages-0-needs", "liste"),
        ({"group_by": "patients_par_mois"}, "group_by", "liste"),
        ({"fields-0-longest": "0"}, "fields-0-longest", "de 1 à 5000"),
    ],
)
def test_what_is_wrong_is_refused_beside_its_field(app, wrong, field, sentence):
    with app.test_request_context("/", method="POST", data=NEW | wrong):
        form = EditorForm()
        fine = form.validate()
        if fine:
            try:
                editor.save(editor_form.values_of(form, {}), "echographie", new=True)
            except editor_form.WrongDefinition as error:
                form.refuse_definition(error)
        found = {each.id: " ".join(map(str, each.errors)) for each in form if isinstance(each.errors, list | tuple)}
        for rows in map(form.__getitem__, ROWS):
            for row in rows:
                found |= {each.id: " ".join(map(str, each.errors)) for each in row.form}
        assert sentence in found[field]
    assert catalogue.find("echographie") is None


def test_a_stage_may_ask_for_an_entry_of_another_directory(app, as_coordinator):
    path, sent, before = f"{HERE}/protocoles/definition", typed("protocoles"), catalogue.find("protocoles")
    rank = [stage.key for stage in before.stages].index("declare")
    offered = as_coordinator.get(path).text
    assert 'selected value="protocoles-volontaires/protocole/referent=oui"' in offered
    assert as_coordinator.post(path, data=sent).status_code == 303
    assert catalogue.find("protocoles") == before
    link, sentence = f"stages-{rank}-link", f"stages-{rank}-link_sentence"
    for wrong, said in (
        ({sentence: ""}, "Cette ligne est obligatoire"),
        ({link: ""}, "ou effacez la phrase du refus"),
        ({link: "msu/faculte/places=oui"}, "liste"),
    ):
        answer = as_coordinator.post(path, data=sent | wrong)
        assert (answer.status_code, said in text_of(answer.text)) == (422, True), wrong
    assert as_coordinator.post(path, data=sent | {link: "", sentence: ""}).status_code == 303
    assert catalogue.find("protocoles").stage("declare").needs_link is None
    chosen = {link: "protocoles-volontaires/protocole/role=delegue", sentence: "Il faut un délégué."}
    assert as_coordinator.post(path, data=sent | chosen).status_code == 303
    asked = catalogue.find("protocoles").stage("declare").needs_link
    assert (asked.where, asked.value, asked.sentence) == ("role", "delegue", "Il faut un délégué.")
    nowhere = as_coordinator.get(f"{HERE}/msu/definition").text  # no list points to this one
    assert "Fiche qu’il faut avoir ailleurs" not in nowhere


def test_a_definition_that_has_entries_keeps_what_they_say(app, as_coordinator):
    entry = declared("msu", practitioner(), faculte="upec", freins=["temps"], places=3)
    path, sent = f"{HERE}/msu/definition", typed("msu")
    before = catalogue.find("msu")
    assert as_coordinator.post(path, data=sent).status_code == 303
    assert catalogue.find("msu") == before  # nothing is lost by the form, not even what it does not ask
    rank = [field.key for field in before.fields].index("faculte")
    assert sent[f"fields-{rank}-key"] == "faculte"
    for wrong, sentence in (
        ({f"fields-{rank}-choices": "autre = Autre faculté"}, "Un choix retiré de « Faculté »"),
        ({f"fields-{rank}-kind": "line", f"fields-{rank}-choices": ""}, "son genre ne change plus"),
        ({"consent_text": "Autre chose."}, "une nouvelle version"),
        ({"acte": f"retirer-fields-{rank}"}, "upec"),
    ):
        answer = as_coordinator.post(path, data=sent | wrong)
        assert answer.status_code == (200 if "acte" in wrong else 422), wrong
        if "acte" not in wrong:
            assert sentence in text_of(answer.text)
    without = {key: value for key, value in sent.items() if not key.startswith(f"fields-{rank}-")}
    refused = as_coordinator.post(path, data=without)
    assert refused.status_code == 422
    assert catalogue.find("msu") == before
    label = {f"fields-{rank}-label": "Faculté de rattachement", "validity_months": "24"}
    as_coordinator.post(path, data=sent | label)
    assert catalogue.find("msu").field("faculte").label == "Faculté de rattachement"
    kept = Entry.get_by_id(entry.id)
    assert kept.values == entry.values
    assert kept.expires_on.year == entry.expires_on.year + 1
    as_coordinator.post(f"{path}/origine")
    assert catalogue.find("msu") == before


def test_what_a_definition_hides_is_found_no_longer_at_once(app):
    entry = declared("etp", practitioner("60"), organisme="École Secrète")
    reader = viewing.Viewer(1)

    def found(**asked):
        definition = catalogue.find("etp")
        return [each.id for each in finding.narrowed(finding.visible(definition, reader), definition, reader,
                                                     Asked(**asked))]  # fmt: skip

    assert found(q="secrete") == [entry.id]
    values = catalogue.values_of("etp")
    next(each for each in values["fields"] if each["key"] == "organisme")["readers"] = "coordination"
    editor.save(values, "etp")
    assert found(q="secrete") == []
    assert found() == [entry.id]
    values = catalogue.values_of("etp")
    values["fields"] = [each for each in values["fields"] if each["key"] != "organisme"]
    with pytest.raises(RuleError, match="ferait perdre"):
        editor.save(values, "etp")


def test_a_directory_is_closed_and_opened_again(app, as_coordinator):
    declared("tabac", practitioner())
    as_coordinator.post(f"{HERE}/tabac/definition/fermer")
    assert not catalogue.is_open("tabac")
    assert "Ce répertoire est fermé" in as_coordinator.get(f"{HERE}/tabac/").text
    as_coordinator.post(f"{HERE}/tabac/definition/ouvrir")
    assert catalogue.is_open("tabac")
    assert as_coordinator.get(f"{HERE}/tabac/definition").status_code == 200


def test_a_list_made_here_has_its_own_figures(as_coordinator, app):
    figures = {each.key: each for each in registry.indicators}
    values = BLANK | {"name": "Écho", "purpose": "Trouver une échographie.", "theme": "acces", "subject": "person"}
    values |= {"fields": [{"key": "domicile", "label": "À domicile", "kind": "yes_no"}]}
    values |= {"figures": [{"key": "visites", "label": "Qui se déplacent", "field": "domicile", "value": "oui"}]}
    editor.save(values, "echo", new=True)
    declared("echo", practitioner("60"), domicile=True)
    declared("echo", practitioner("60"), domicile=False)
    declared("tabac", practitioner("60"))
    day = today()
    assert ("echo", "Écho") in figures["directory.entries"].parameters[0].choices()
    assert figures["directory.entries"].count(day, day) == 3
    assert figures["directory.entries"].count(day, day, directory="echo") == 2
    Entry.update(confirmed_on=day - timedelta(days=366)).where(Entry.values_json.contains("true")).execute()
    assert figures["directory.confirmed"].count(day, day, directory="echo") == 1
    assert figures["directory.figure"].parameters[0].choices() == [("echo.visites", "Écho : Qui se déplacent")]
    assert figures["directory.figure"].count(day, day, figure="echo.visites") == 1
    assert figures["directory.figure"].count(day, day) is None
    assert figures["directory.figure"].count(day, day, figure="echo.disparu") is None
    told = next(each for each in registry.breakdowns if each.key == "directory.figure")
    assert told.count(day, day) == {"Écho : Qui se déplacent": 1}
