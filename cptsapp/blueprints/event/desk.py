"""What one save of the event's form does: the event, its questions and its co-organisers, all or nothing."""

from cptsapp.blueprints.territory import rules as territory
from cptsapp.kernel.db import db
from cptsapp.kernel.text import fold

from . import asking, materials, rules
from .asking import Asked
from .models import Event, Series


@db.atomic()
def save(
    event_id: int | None,
    values: dict,
    *,
    series: str = "",
    insee: str | None = None,
    questions: list[Asked],
    partners: list[tuple[str, str, int | None]],
    over: str = "",
    forget_answers: bool = False,
) -> Event:
    """Write an event, a new one when `event_id` is None. Raises RuleError, nothing being written then."""
    values = values | {"series": _series_named(series), "commune": territory.use(insee) if insee else None}
    event = rules.create(**values) if event_id is None else rules.edit(event_id, over=over, **values)
    if questions or event.questions.exists():
        asking.set_questions(event.id, questions, forget_answers=forget_answers)
    materials.set_partners(event.id, partners)
    return event


def _series_named(title: str) -> Series | None:
    """Return the series of this title, made when there is none."""
    title = " ".join(title.replace("\0", "").split())
    if not title:
        return None
    known = {fold(each.title): each for each in Series.select()}
    return known.get(fold(title)) or Series.create(title=title[: Series.title.max_length])
