"""The form base: French messages, and for anonymous forms the traps that stop robots without a third party."""

import re
import secrets
import time
import unicodedata
from textwrap import shorten

from flask import current_app, has_request_context, request
from flask_wtf import FlaskForm
from itsdangerous import BadSignature, URLSafeSerializer
from markupsafe import Markup
from wtforms import HiddenField, PasswordField, SelectMultipleField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.i18n import get_translations
from wtforms.validators import Optional
from wtforms.widgets import CheckboxInput, ListWidget, Select, html_params

from .crypto import secret_keys
from .errors import RuleError

MINIMUM_SECONDS = 3  # nobody fills a form faster; robots do
KEY_LASTS_SECONDS = 24 * 3600
LONGEST_BRIEF = 60  # characters of a label in the list of errors
LONGEST_LINE = 5000  # characters of a one-line field: enough for its own limit to refuse it, at once
WRONG_DATE = "Cette date n’existe pas. Écrivez l’année, le mois et le jour, par exemple 2026-11-18."
WRONG_MOMENT = "Cette date ou cette heure n’existe pas. Écrivez-les ainsi : 2026-11-18T14:30."
WRONG_CHOICE = "Choisissez une réponse de la liste."
SENTENCES = {
    "This field is required.": "Remplissez ce champ.",
    "Not a valid choice.": WRONG_CHOICE,
    "Invalid Choice: could not coerce.": WRONG_CHOICE,
    "Invalid choice(s): one or more data inputs could not be coerced.": WRONG_CHOICE,
    "'%(value)s' is not a valid choice for this field.": WRONG_CHOICE,
    "Not a valid date value.": WRONG_DATE,
    "Not a valid datetime value.": WRONG_MOMENT,
    "Not a valid time value.": "Cette heure n’existe pas. Écrivez-la ainsi : 14:30.",
    "Not a valid integer value.": "Écrivez un nombre entier, en chiffres.",
    "Not a valid decimal value.": "Écrivez un nombre, en chiffres.",
    "Not a valid float value.": "Écrivez un nombre, en chiffres.",
}
"""What WTForms says in English, as a person would say it; its own French says the rest."""


class French:
    """The translations asked for by WTForms: our sentences, else its own with the right apostrophe."""

    def __init__(self):
        self._own = get_translations(("fr",))

    def gettext(self, text: str) -> str:
        return SENTENCES.get(text) or self._own.gettext(text).replace("'", "’")

    def ngettext(self, singular: str, plural: str, n: int) -> str:
        return SENTENCES.get(singular) or self._own.ngettext(singular, plural, n).replace("'", "’")


FRENCH = French()


def on_one_line(value):
    """Return a field's text without line breaks nor control signs, which browsers never send in it."""
    if not isinstance(value, str):
        return value
    return "".join(" " if unicodedata.category(c) in ("Cc", "Zl", "Zp") else c for c in value[:LONGEST_LINE])


def without_nul(value):
    """Return a text without the one sign that no keyboard types and PostgreSQL refuses."""
    return value.replace("\0", "") if isinstance(value, str) else value


class LongSelect(Select):
    """The select of a long list that never changes: its options are drawn once for each that may be selected."""

    def __init__(self):
        super().__init__()
        self._drawn: dict[str, str] = {}

    def __call__(self, field, **kwargs):
        kwargs.setdefault("id", field.id)
        if field.flags.required:
            kwargs.setdefault("required", True)
        return Markup(f"<select {html_params(name=field.name, **kwargs)}>{self._options(field)}</select>")  # noqa: S704 (escaped by WTForms)

    def _options(self, field) -> str:
        selected = field.data or ""
        if selected not in self._drawn:
            whole = str(super().__call__(field))
            drawn = whole[whole.index(">") + 1 : -len("</select>")]
            if selected and " selected" not in drawn:
                return drawn  # what is no choice of the list is not kept
            self._drawn[selected] = drawn
        return self._drawn[selected]


class EurosField(StringField):
    """An amount typed in euros, « 20 » or « 20,50 »; its data is whole cents, or None."""

    def process_formdata(self, values):
        self.raw = values[0] if values else ""
        found = re.fullmatch(r"(\d{1,6})(?:[.,](\d{1,2}))?\s*€?", re.sub(r"[\s\u202f\u00a0]", "", self.raw))
        if not found:
            self.data = None
            raise ValueError("Écrivez un montant en euros, par exemple « 20 » ou « 20,50 ».")
        self.data = int(found[1]) * 100 + int((found[2] or "0").ljust(2, "0"))

    def _value(self):
        if self.raw_data:
            return self.raw
        if self.data is None:
            return ""
        euros, cents = divmod(self.data, 100)
        return f"{euros},{cents:02}" if cents else str(euros)


class Form(FlaskForm):
    """A form whose own messages come in French. The token is checked for all requests at once, in `security`.

    BRIEF: what the list of errors calls a field whose label is a sentence to agree to.
    """

    BRIEF: dict[str, str] = {}

    class Meta:
        csrf = False

        def get_translations(self, form):
            return FRENCH

        def bind_field(self, form, unbound_field, options):
            """Let choices be written as (value, label) pairs; WTForms wants its own objects."""
            choices = unbound_field.kwargs.get("choices")
            if isinstance(choices, list | tuple):
                options["choices"] = [SelectChoice(*each) if isinstance(each, tuple) else each for each in choices]
            field = super().bind_field(form, unbound_field, options)
            if isinstance(field, StringField) and not isinstance(field, PasswordField):
                clean = without_nul if isinstance(field, TextAreaField) else on_one_line
                field.filters = (clean, *field.filters)
            return field

    def brief(self, field) -> str:
        """Return what the list of errors calls a field: its label, or the first words of a long one."""
        return self.BRIEF.get(field.short_name) or shorten(field.label.text, LONGEST_BRIEF, placeholder="…")

    def refuse(self, error: RuleError):
        """Show a rule's refusal beside the field it names, or at the top of the form."""
        if error.field and error.field in self._fields:
            field = self._fields[error.field]
            field.errors = [*field.errors, str(error)]
        else:
            self.form_errors.append(str(error))


class PublicForm(Form):
    """A form for anybody: a field that people do not see, a minimum time, and a key that makes a triple click one act.

    `form_key.data` is signed; `key` is the random part, to be stored in a unique column.
    """

    website = StringField("Ne remplissez pas ce champ")
    form_key = HiddenField()

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if has_request_context() and request.method == "GET":
            self.form_key.data = new_key()

    @property
    def key(self) -> str:
        return (_read_key(self.form_key.data) or ("", 0))[0]

    def validate(self, extra_validators=None):
        fine = super().validate(extra_validators)
        refusal = self._robot_refusal()
        if refusal:
            self.form_errors.append(refusal)
            return False
        return fine

    def _robot_refusal(self) -> str | None:
        read = _read_key(self.form_key.data)
        age = time.time() - read[1] if read else 0
        if read is None or age > KEY_LASTS_SECONDS:
            self.form_key.data = new_key()
            return "Ce formulaire est resté ouvert trop longtemps. Relisez-le, puis envoyez-le de nouveau."
        if self.website.data:
            return "Ce formulaire a été rempli d’une façon inhabituelle. Laissez vide le champ caché, puis renvoyez-le."
        # Drawn later than it is sent: the clock was set back meanwhile, which is no reason to refuse anybody.
        if 0 <= age < current_app.config.get("FORM_MINIMUM_SECONDS", MINIMUM_SECONDS):
            return "Votre envoi est arrivé très vite. Attendez quelques secondes, puis envoyez-le de nouveau."
        return None


def ticks(label: str, choices=(), **kwargs) -> SelectMultipleField:
    """Return a field of boxes to tick, none of them needed."""
    boxes = {"option_widget": CheckboxInput(), "widget": ListWidget(prefix_label=False)}
    return SelectMultipleField(label, [Optional()], choices=list(choices), **boxes, **kwargs)


def _signer():
    return URLSafeSerializer(secret_keys()[::-1], salt="form-key")  # signs with the last key and accepts them all


def new_key() -> str:
    """Return the signed key of one rendered form: a random part and the moment it was rendered."""
    return _signer().dumps([secrets.token_urlsafe(12), int(time.time())])


def _read_key(signed) -> tuple[str, int] | None:
    try:
        key, at = _signer().loads(signed or "")
    except (BadSignature, ValueError, TypeError):
        return None
    return key, at
