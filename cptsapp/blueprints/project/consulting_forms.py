"""What is typed in a consultation."""

from wtforms import BooleanField, DateField, HiddenField, SelectField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional

from cptsapp.kernel.forms import Form

from .consulting import LONGEST_COMMENT
from .models import Fiche, FicheState


def _fiches() -> list[tuple[str, str]]:
    rows = Fiche.present().where(Fiche.state != FicheState.CLOSED).order_by(Fiche.mission, Fiche.id)
    return [("", "Choisir une fiche"), *((str(each.id), each.full_title) for each in rows)]


class TermsForm(Form):
    """Until when, and what is asked."""

    until = DateField("Dernier jour pour s’exprimer", [InputRequired("Donnez le dernier jour.")])
    words = TextAreaField(
        "Ce que vous demandez",
        [Optional(), Length(max=1000)],
        description="Par exemple : « Le calendrier vous paraît-il tenable ? Que manque-t-il ? »",
    )


class OpeningForm(TermsForm):
    fiche = SelectField("Fiche", [InputRequired("Choisissez une fiche.")], choices=_fiches)
    tell = BooleanField("Prévenir les adhérents par e-mail")


class CommentForm(Form):
    text = TextAreaField("Votre remarque", [InputRequired("Écrivez votre remarque."), Length(max=LONGEST_COMMENT)])


class AnswerForm(Form):
    """`answers_read` tells which answer was read before this one was written."""

    text = TextAreaField("Réponse", [InputRequired("Écrivez la réponse."), Length(max=LONGEST_COMMENT)])
    answers_read = HiddenField()

    @property
    def read(self) -> int:
        told = self.answers_read.data or ""
        return int(told) if told.isascii() and told.isdigit() and len(told) < 6 else 0


def answer_form(comment, *, typed: bool = False) -> AnswerForm:
    """Return the form that answers a comment, its fields named apart from those of the other comments of the page.

    `typed`: what was posted is read; otherwise the answer given before is there to be corrected.
    """
    data = {"text": comment.answer, "answers_read": comment.answers}
    return AnswerForm(prefix=f"r{comment.id}", **({"data": data} if typed else {"formdata": None, "data": data}))
