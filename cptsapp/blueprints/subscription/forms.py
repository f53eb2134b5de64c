"""What visitors type to subscribe, and what an address chooses to receive."""

from wtforms import BooleanField, EmailField, StringField
from wtforms.validators import DataRequired, Email, InputRequired, Length

from cptsapp.kernel.forms import Form, PublicForm, ticks
from cptsapp.kernel.mail import Kind

from .models import Topic

SHAPE = "Cette adresse ne semble pas complète. Exemple : prenom.nom@exemple.fr"
SWITCHES = [
    (str(Kind.COLLECTIVE), "La lettre et les autres envois collectifs"),
    (str(Kind.REMINDER), "Les rappels : événement à venir, adhésion à renouveler"),
]


def stripped(text):
    return text.strip() if text else text


class _WithTopics:
    """Fills the choices of `topics` with those that are offered."""

    def offer(self, topics: list[Topic]):
        self.topics.choices = [(str(each.id), each.name) for each in topics]
        return self

    def topic_ids(self) -> list[int]:
        return [int(each) for each in self.topics.data or ()]


class SubscribeForm(_WithTopics, PublicForm):
    BRIEF = {"accept": "Votre accord"}
    email = EmailField(
        "Votre adresse e-mail",
        [DataRequired("Indiquez votre adresse e-mail."), Email(SHAPE), Length(max=254)],
        [stripped],
        render_kw={"autocomplete": "email"},
    )
    given_name = StringField("Prénom", [Length(max=80)], [stripped], render_kw={"autocomplete": "given-name"})
    family_name = StringField("Nom", [Length(max=80)], [stripped], render_kw={"autocomplete": "family-name"})
    topics = ticks("Ce qui vous intéresse")
    accept = BooleanField(validators=[InputRequired("Cochez cette case pour vous abonner.")])


class PreferencesForm(_WithTopics, Form):
    kinds = ticks("Vous recevez", SWITCHES)
    topics = ticks("Ce qui vous intéresse")

    @classmethod
    def showing(cls, mine, **options):
        """Return the form of what an address receives (Preferences), boxes ticked as it stands."""
        kinds = [kind for kind, _ in SWITCHES if mine.receives(kind)]
        return cls(data={"kinds": kinds, "topics": [str(id) for id in mine.chosen]}, **options).offer(mine.topics)


class ChangeForm(Form):
    email = EmailField(
        "Nouvelle adresse e-mail",
        [DataRequired("Indiquez la nouvelle adresse."), Email(SHAPE), Length(max=254)],
        [stripped],
        render_kw={"autocomplete": "email"},
    )
    persons = ticks("Pour qui")


class EraseForm(Form):
    sure = BooleanField(
        "Je confirme : effacez ce que vous savez de moi.", [InputRequired("Cochez la case pour confirmer.")]
    )
