"""What is typed to count the professionals of the communes; the numbers come beside it, named `number-<INSEE>`."""

from wtforms import DateField, StringField
from wtforms.validators import InputRequired, Length, Optional

from cptsapp.kernel.forms import Form


class CommuneHeadcountForm(Form):
    counted_on = DateField("Date des effectifs", [InputRequired("Donnez la date à laquelle ces effectifs valent.")])
    source = StringField("Source", [Optional(), Length(max=200)], filters=[lambda text: (text or "").strip()])


def numbers(typed: dict[str, str]) -> tuple[dict[str, int], dict[str, str]]:
    """Return the numbers typed by code, and the sentences about those that are none; blanks count as absent."""
    found, wrong = {}, {}
    for code, text in typed.items():
        digits = "".join(text.split())
        if digits.isascii() and digits.isdigit() and len(digits) <= 6:
            found[code] = int(digits)
        elif digits:
            wrong[code] = "Écrivez un nombre entier."
    return found, wrong
