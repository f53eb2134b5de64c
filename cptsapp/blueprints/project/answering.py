"""An answer posted, from the gestion or from the space of who leads the action: the same steps for both."""

from cptsapp.kernel.errors import RuleError

from . import consulting
from .consultation import Comment
from .consulting_forms import AnswerForm, answer_form


def forms_for(comments: list[Comment], refused: AnswerForm | None = None) -> dict[int, AnswerForm]:
    """Return the form of each comment, by its id; the one that was refused keeps what was typed."""
    found = {each.id: answer_form(each) for each in comments}
    if refused is not None:
        found[refused.comment_id] = refused
    return found


def take(comment: Comment) -> AnswerForm | None:
    """Write the answer that was posted; return None, or the form with what is wrong."""
    form = answer_form(comment, typed=True)
    form.comment_id = comment.id
    if form.validate():
        try:
            consulting.answer(comment.id, text=form.text.data, answers_read=form.read)
        except RuleError as error:
            form.refuse(error)
            form.answers_read.raw_data, form.answers_read.data = None, Comment.get_by_id(comment.id).answers
        else:
            return None
    return form
