"""A commune typed by name or by postal code: what is refused says how to be understood."""

import pytest

from cptsapp.blueprints.territory.fields import CommuneField, CommunesField
from cptsapp.kernel.forms import Form


class Sample(Form):
    one = CommuneField("Commune")
    several = CommunesField("Communes")


def refusal(app, **typed):
    with app.test_request_context(method="POST", data=typed):
        form = Sample()
        form.validate()
        return " ".join(form[next(iter(typed))].errors).replace("\xa0", " ")


@pytest.mark.parametrize("name", ["one", "several"])
def test_a_postal_code_of_several_communes_offers_their_names_and_asks_for_one(app, name):
    said = refusal(app, **{name: "77170"})
    assert said.startswith("« 77170 » peut être : Brie-Comte-Robert, ")
    assert said.endswith("Écrivez le nom de la commune.")
    assert "département" not in said
    assert "(77)" not in said


def test_a_postal_code_of_very_many_communes_says_that_there_are_others(app):
    assert "autres. Écrivez le nom de la commune." in refusal(app, one="51300")


def test_a_name_borne_in_several_departements_asks_for_the_departement(app):
    said = refusal(app, one="Saint-Denis")
    assert "(93)" in said
    assert said.endswith("Écrivez le nom suivi du département.")
