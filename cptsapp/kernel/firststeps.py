"""The first things to do on a new instance: which are done, and the one that follows the one just done.

Nothing says that an act completes a step: whether it is done is read. So the list of the first page leaves in the
session what it showed as left, and the next page that has something to say looks whether one of those is done since.
Who never sees the list, or has nothing left, is asked nothing and costs no query.
"""

import logging
from dataclasses import dataclass

from flask import current_app, request, session, url_for

from .access import may_enter, roles
from .registry import first_steps

log = logging.getLogger("cptsapp.firststeps")
LEFT = "steps_left"


@dataclass(frozen=True)
class Step:
    """One of the first things to do; `url` is empty for whoever may not do it."""

    endpoint: str
    label: str
    help: str
    url: str
    done: bool


def steps() -> list[Step]:
    """Return the first steps in order, or nothing once all are done."""
    held = roles()
    found = []
    for step in sorted(first_steps, key=lambda step: step.order):
        view = current_app.view_functions.get(step.endpoint)
        url = url_for(step.endpoint) if view is not None and may_enter(view.access, held) else ""
        found.append(Step(step.endpoint, step.label, step.help, url, _is_done(step)))
    return [] if all(step.done for step in found) else found


def _is_done(step) -> bool:
    try:
        return bool(step.is_done())
    except Exception:  # a step that cannot be read is a step to look at, not a page that fails
        log.exception("first step %s failed", step.endpoint)
        return False


def listed() -> list[Step]:
    """Return the steps to show as a list, and remember which are left for `next_step`."""
    found = steps()
    _remember(found)
    return found


def _remember(found: list[Step]):
    left = [step.endpoint for step in found if not step.done]
    if not left:
        session.pop(LEFT, None)
    elif session.get(LEFT) != left:
        session[LEFT] = left


def next_step(said) -> Step | None:
    """Return the step to offer when the act that the page tells of has just completed one; `said`: its messages."""
    if not session.get(LEFT) or not (said or request.method == "POST"):
        return None
    found = steps()
    just_done = [step for step in found if step.done and step.endpoint in session[LEFT]]
    _remember(found)
    return _after(just_done[-1], found) if just_done else None


def _after(step: Step, found: list[Step]) -> Step | None:
    """Return the first step left that the reader may do after `step`, else before it."""
    here = found.index(step)
    around = (*found[here + 1 :], *found[:here])
    return next((each for each in around if each.url and not each.done), None)
