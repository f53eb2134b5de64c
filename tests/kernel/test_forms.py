import re

import pytest
from flask import get_template_attribute
from werkzeug.datastructures import MultiDict
from wtforms import (
    BooleanField,
    DateField,
    DateTimeLocalField,
    DecimalField,
    IntegerField,
    SelectField,
    SelectMultipleField,
    StringField,
)
from wtforms.validators import DataRequired, InputRequired, Length

from cptsapp.kernel.forms import Form, LongSelect

LETTERS = [("a", "A"), ("b", "B")]


class Sample(Form):
    on = DateField("Jour")
    at = DateTimeLocalField("Moment")
    count = IntegerField("Nombre")
    amount = DecimalField("Montant")
    letter = SelectField("Lettre", choices=LETTERS)
    letters = SelectMultipleField("Lettres", choices=LETTERS)
    name = StringField("Nom", [DataRequired()])
    short = StringField("Court", [Length(max=3)])


WRONG = {
    "on": "2026-02-31",
    "at": "hier",
    "count": "douze",
    "amount": "cher",
    "letter": "c",
    "letters": "c",
    "name": "",
    "short": "trop long",
}


@pytest.mark.parametrize("name", WRONG)
def test_what_a_form_refuses_by_itself_is_said_as_a_person_would(app, name):
    with app.test_request_context("/", method="POST"):
        form = Sample(MultiDict(WRONG))
        assert not form.validate()
        said = form[name].errors[0]
    assert said[0].isupper()
    assert said.endswith(".")
    assert "'" not in said
    assert "valide" not in said


def test_a_date_that_does_not_exist_is_said_with_an_example(app):
    with app.test_request_context("/", method="POST"):
        form = Sample(MultiDict(WRONG))
        form.validate()
        assert form.on.errors[0].endswith("par exemple 2026-11-18.")


# Long lists


class Drawn(Form):
    job = SelectField("Métier", choices=[("", "Choisissez"), ("a", "Aide <soignante>"), ("b", "Biologiste")])


class Kept(Drawn):
    job = SelectField("Métier", choices=Drawn.job.kwargs["choices"], widget=LongSelect())


@pytest.mark.parametrize("chosen", ["", "a", "b", "inconnu", '"><script>'])
def test_a_long_list_is_drawn_as_a_short_one_whatever_was_drawn_before(app, chosen):
    with app.test_request_context():
        for other in ("b", chosen, "", chosen):
            assert str(Kept(data={"job": other}).job()) == str(Drawn(data={"job": other}).job())


def test_a_choice_that_is_none_of_the_list_is_not_kept(app):
    widget = LongSelect()
    with app.test_request_context():
        for number in range(50):
            form = Kept(data={"job": f"n{number}"})
            form.job.widget = widget
            str(form.job())
    assert widget._drawn == {}


# The list of errors


class Agreed(Form):
    BRIEF = {"accept": "Votre accord"}
    accept = BooleanField("J’accepte tout ce que dit cette phrase, et plus encore.", [InputRequired("Cochez la case.")])
    other = BooleanField(
        "Je confirme avoir lu le règlement intérieur de l’association et celui de sa bibliothèque", [InputRequired()]
    )
    name = StringField("Nom", [DataRequired()])


def test_the_list_of_errors_names_a_field_in_few_words(app):
    with app.test_request_context(method="POST", data={}):
        form = Agreed()
        assert not form.validate()
        shown = get_template_attribute("_form.html", "form_errors")(form)
    assert re.findall(r'<a href="#\w+">(.*?)</a>', shown) == [
        "Votre accord",
        "Je confirme avoir lu le règlement intérieur de…",
        "Nom",
    ]
