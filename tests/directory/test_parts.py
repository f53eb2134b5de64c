"""What HTMX swaps is a piece of the page that one gets without it, in each room of the directories."""

import pytest

from cptsapp.blueprints.directory.models import Entry
from cptsapp.blueprints.person.models import Person

from .conftest import declared, practitioner

DESK, SPACE = "/gestion/repertoires", "/espace/repertoires"


@pytest.mark.parametrize(
    "path",
    [
        f"{DESK}/etp/?q=alberti",
        f"{DESK}/etp/?etat=liste",
        f"{DESK}/etp/couverture",
        f"{DESK}/etp/ajouter?q=alberti",
        f"{DESK}/etp/ajouter?pour=PERSON",
        f"{DESK}/etp/ENTRY/modifier",
        f"{DESK}/nouveau",
        f"{DESK}/partenaires/",
        f"{DESK}/partenaires/nouveau",
        f"{SPACE}/etp?q=alberti",
        f"{SPACE}/etp/pour-un-collegue?q=alberti",
        f"{SPACE}/etp/pour-un-collegue/PERSON",
        f"{SPACE}/temoins?q=alberti",
    ],
)
def test_a_part_is_a_piece_of_its_page(as_coordinator, path):
    person = practitioner("60", name="Alberti")
    declared("etp", person)
    path = path.replace("PERSON", str(Person.get(Person.family_name == "Alberti").id))
    compare(as_coordinator, path.replace("ENTRY", str(Entry.get().id)))


@pytest.mark.parametrize("path", ["etp/ENTRY/ecrire", "etp?themes=diabete", "sport-sante/rejoindre"])
def test_a_part_that_a_member_gets_is_a_piece_of_its_page(as_adherent, path):
    entry = declared("etp", practitioner("60", name="Alberti"))
    compare(as_adherent, f"{SPACE}/{path.replace('ENTRY', str(entry.id))}")


def compare(browser, path):
    whole, part = (browser.get(path, headers=each) for each in ({}, {"HX-Request": "true"}))
    assert whole.status_code == part.status_code == 200
    assert part.text.strip()
    assert part.text.strip() in whole.text
    assert "<html" not in part.text
