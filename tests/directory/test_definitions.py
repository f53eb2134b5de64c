"""A definition is read strictly: a wrong one is refused with its file, its line and the reason, and nothing breaks."""

import copy
import json
import tomllib
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cptsapp.blueprints.directory import catalogue, reading
from cptsapp.blueprints.directory.catalogue import FOLDER
from cptsapp.blueprints.directory.definition import Definition, Kind, Readers
from cptsapp.blueprints.directory.models import Entry
from cptsapp.blueprints.directory.reading import WrongDefinition
from cptsapp.kernel.errors import RuleError

from .conftest import declared, practitioner

MINIMAL = """name = "Essai"
purpose = "Essayer."
theme = "acces"
subject = "person"
readers = "adherents"

[consent]
version = "1"
text = "J’accepte."

[[fields]]
key = "mot"
label = "Un mot"
kind = "line"

[[fields]]
key = "choix"
label = "Un choix"
kind = "choice"
choices = [["a", "A"], ["b", "B"]]
"""


def test_every_shipped_list_is_read_and_points_to_lists_that_exist():
    shipped = catalogue.shipped()
    assert len(shipped) >= 20
    for definition in shipped.values():
        for field in definition.fields:
            if field.kind == Kind.ENTRY:
                assert field.of in shipped, definition.slug
        for stage in definition.stages:
            if stage.needs_link:
                other = shipped[stage.needs_link.directory]
                assert other.field(stage.needs_link.through).of == definition.slug
                other.field(stage.needs_link.where)
        assert definition.consent.text.endswith(".")
        assert definition.consent.version
    ivg = shipped["ivg"]
    assert ivg.readers == Readers.PROFESSIONALS
    assert not (ivg.is_exportable)
    assert not (ivg.is_indexed)
    assert not (ivg.is_printable)
    assert shipped["medecins-volontaires"].readers == Readers.COORDINATION


@pytest.mark.parametrize(
    ("before", "after", "line", "reason"),
    [
        ('name = "Essai"', 'nom = "Essai"', 1, "obligatoire"),
        ('name = "Essai"', 'name = "Essai"\nnom = "Essai"', 2, "n’existe pas"),
        ('name = "Essai"', "name = 12", 1, "texte entre guillemets"),
        ('theme = "acces"', 'theme = "ailleurs"', 3, "pas dans la liste"),
        ('readers = "adherents"', 'readers = "adherents"\nvalidity_months = 0', 6, "nombre entier de 1 à 60"),
        ('readers = "adherents"', 'readers = "adherents"\nindexed = "oui"', 6, "true ou false"),
        ('readers = "adherents"', 'readers = "adherents"\nprofessions = ["99"]', 6, "code de profession"),
        ('readers = "adherents"', 'readers = "adherents"\nfamilies = ["magiciens"]', 6, "famille connue"),
        ('readers = "adherents"', 'readers = "adherents"\nunique_by = "autre"', 6, "ucun champ"),
        ('readers = "adherents"', 'readers = "adherents"\nseason_ends = "02-30"', 6, "mois et un jour"),
        ('readers = "adherents"', 'readers = "adherents"\nlimit = true', 6, "nombre entier"),
        ('readers = "adherents"', 'readers = "adherents"\ncontact_readers = "public"', 6, "plus visibles"),
        ('readers = "adherents"', 'readers = "public"', 7, "page publique"),
        ('readers = "adherents"', 'readers = "coordination"\nindexed = true', 6, "recherche"),
        ('subject = "person"', 'subject = "thing"', 1, "nomme le titre"),
        ('version = "1"', "version = 1", 8, "texte entre guillemets"),
        ('key = "mot"', 'key = "Mot"', 12, "minuscules"),
        ('key = "mot"', 'key = "email"', 12, "déjà pris"),
        ('key = "choix"', 'key = "mot"', 17, "déjà pris"),
        ('kind = "line"', 'kind = "ligne"', 14, "pas dans la liste"),
        ('kind = "line"', 'kind = "line"\nreaders = "public"', 15, "plus visible que la liste"),
        ('kind = "line"', 'kind = "line"\nfilter = true', 15, "n filtre"),
        ('kind = "line"', 'kind = "number"\nleast = 5\nmost = 2', 15, "dépasse le maximum"),
        ('kind = "line"', 'kind = "entry"', 11, "répertoire visé"),
        ('choices = [["a", "A"], ["b", "B"]]', "", 16, "es choix vont"),
        ('choices = [["a", "A"], ["b", "B"]]', 'choices = ["a"]', 20, "paires"),
        ('choices = [["a", "A"], ["b", "B"]]', 'choices = [["a", "A"], ["a", "B"]]', 20, "deux fois"),
        ('kind = "line"', 'kind = "line', 14, "TOML"),
        ("[[fields]]", "[[fields", 11, "TOML"),
    ],
)
def test_a_wrong_definition_is_refused_with_file_line_and_reason(before, after, line, reason):
    text = MINIMAL.replace(before, after, 1)
    assert text != MINIMAL
    with pytest.raises(WrongDefinition, match=reason) as refused:
        reading.from_toml(text, "essai.toml")
    assert (refused.value.source, refused.value.line) == ("essai.toml", line)
    assert str(refused.value).startswith(f"essai.toml, ligne {line}")


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        ('[[stages]]\nkey = "un"\nlabel = "Un"\nto = ["deux"]', "pas une autre étape"),
        ('[[stages]]\nkey = "un"\nlabel = "Un"\nneeds = ["zut"]', "ucun champ"),
        ('[[uniques]]\nfield = "mot"\nvalue = "a"\nsentence = "Non."', "ni un choix"),
        ('[[uniques]]\nfield = "choix"\nvalue = "c"\nsentence = "Non."', "pas une valeur"),
        ('[[requirements]]\nfield = "choix"\nvalue = "a"\nneeds = []\nsentence = "Non."', "au moins un champ"),
        ('[[tags]]\nfield = "zut"\nvalue = "a"\nlabel = "A"', "ucun champ"),
        ('[[figures]]\nkey = "x"\nlabel = "X"', "compte une étape"),
        ('[[figures]]\nkey = "x"\nlabel = "X"\nsum = "mot"', "pas un nombre"),
        ('[capacity]\nfield = "mot"\nper = "month"\none = "un"\nmany = "des"', "pas un nombre"),
    ],
)
def test_what_the_parts_say_of_one_another_is_checked_too(table, reason):
    with pytest.raises(WrongDefinition, match=reason) as refused:
        reading.from_toml(f"{MINIMAL}\n{table}\n", "essai.toml")
    assert 22 <= refused.value.line <= 28


def test_names_that_are_addresses_of_the_site_are_refused():
    for slug in ("liste", "Ma-Liste", "-x", "é", "a" * 61, ""):
        with pytest.raises(WrongDefinition):
            reading.from_toml(MINIMAL, f"{slug}.toml")


ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.dates(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
SHIPPED = [tomllib.loads(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.toml"))]


def _places(values, path=()):
    """Return the paths of all that a definition holds."""
    found = [path] if path else []
    items = values.items() if isinstance(values, dict) else enumerate(values) if isinstance(values, list) else ()
    for key, value in items:
        found += _places(value, (*path, key))
    return found


@given(st.data())
def test_whatever_is_put_anywhere_in_a_definition_it_is_read_or_refused(data):
    values = copy.deepcopy(data.draw(st.sampled_from(SHIPPED)))
    *path, last = data.draw(st.sampled_from(_places(values)))
    holder = values
    for key in path:
        holder = holder[key]
    if data.draw(st.booleans()) and isinstance(holder, dict):
        del holder[last]
    else:
        holder[last] = data.draw(ODD)
    found = _read(reading.from_values, values, "essai")
    assert found.expires_on(date(2026, 2, 28)) if isinstance(found, Definition) else found.reason


def _read(read, *arguments):
    """Return the definition read, or its refusal; anything else is a failure."""
    try:
        return read(*arguments)
    except WrongDefinition as refused:
        return refused


@given(st.text(max_size=300) | st.sampled_from([path.read_text() for path in FOLDER.glob("*.toml")]), st.data())
def test_any_text_is_read_or_refused_with_a_line(text, data):
    start = data.draw(st.integers(0, len(text)))
    text = text[:start] + data.draw(st.text(max_size=6)) + text[start + data.draw(st.integers(0, 20)) :]
    found = _read(reading.from_toml, text, "essai.toml")
    assert isinstance(found, Definition) or 1 <= found.line <= text.count("\n") + 1


def test_a_definition_made_here_takes_its_place_and_keeps_the_meaning_of_what_was_said(app):
    values = tomllib.loads(MINIMAL)
    made = catalogue.write(values, "mon-essai")
    assert catalogue.find("mon-essai") == made
    assert "mon-essai" in catalogue.opened()
    declared("mon-essai", practitioner())
    changed = copy.deepcopy(values)
    changed["fields"][0]["kind"] = "number"
    with pytest.raises(RuleError, match="a déjà des réponses"):
        catalogue.write(changed, "mon-essai")
    changed = copy.deepcopy(values)
    changed["fields"].append({"key": "lien", "label": "Lien", "kind": "entry", "of": "nulle-part"})
    with pytest.raises(RuleError, match="aucun répertoire"):
        catalogue.write(changed, "mon-essai")
    with pytest.raises(WrongDefinition, match="« fields 1, label » : cette ligne est obligatoire"):
        catalogue.write(json.loads(json.dumps(values).replace('"label": "Un mot", ', "")), "mon-essai")
    catalogue.close("mon-essai")
    assert "mon-essai" not in catalogue.opened()
    catalogue.reopen("mon-essai")
    own = tomllib.loads((FOLDER / "reserve.toml").read_text()) | {"validity_months": 3}
    catalogue.write(own, "reserve")
    assert catalogue.find("reserve").validity_months == 3
    catalogue.reset("reserve")
    assert catalogue.find("reserve").validity_months == 12
    with pytest.raises(RuleError, match="créé ici"):
        catalogue.reset("mon-essai")
    assert Entry.select().count() == 1


def test_a_season_ends_for_all_and_a_validity_counts_from_the_confirmation():
    permanences, etp = (catalogue.shipped()[slug] for slug in ("permanences", "etp"))
    assert permanences.expires_on(date(2026, 11, 28)) == date(2027, 3, 31)
    assert permanences.expires_on(date(2027, 3, 31)) == date(2027, 3, 31)
    assert permanences.expires_on(date(2027, 4, 1)) == date(2028, 3, 31)
    assert etp.expires_on(date(2028, 2, 29)) == date(2029, 2, 28)
