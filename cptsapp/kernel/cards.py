"""First pages made of what features register: cards that load by themselves, and what waits for whoever reads.

A card or a source that fails is logged and said in one sentence; it never takes the page with it.
"""

import logging
import time

from flask import abort, make_response, render_template, request
from flask_login import current_user
from markupsafe import Markup

from .access import may_enter, roles
from .htmx import page, wants_fragment
from .kept import keep
from .registry import Card, Panel, Waiting, waiting_sources

log = logging.getLogger("cptsapp.cards")
FAILED = "Cette carte n’a pas pu être préparée."


def visible(cards: list[Card]) -> list[Card]:
    """Return the cards that whoever asks may see, in order."""
    held = roles()
    return sorted((card for card in cards if may_enter(card.access, held)), key=lambda card: card.order)


def answer(cards: list[Card], key: str, template: str):
    """Answer one card: alone for HTMX (nothing when it has nothing to show), in a page otherwise; 404 if unseen."""
    card = next((card for card in visible(cards) if card.key == key), None)
    if card is None:
        abort(404)
    body, failure = "", ""
    try:
        values = card.load()
        if values is not None:
            body = Markup(render_template(card.template, **values))  # noqa: S704  (already escaped by its template)
    except Exception:  # whatever a feature raises, the other cards stand
        log.exception("card %s failed", key)
        failure = FAILED
    if not body and not failure and wants_fragment():
        return make_response("")
    return page(template, fragment="carte", card=card, body=body, failure=failure)


def panels(registered: list[Panel], **subject) -> list[tuple[str, Markup]]:
    """Return the (title, markup) of the panels that whoever asks may see of one subject: `panels(x, person=person)`."""
    held, (about,) = roles(), subject.values()
    found = []
    for panel in sorted(registered, key=lambda each: (each.order, each.title)):
        values = panel.load(about) if may_enter(panel.access, held) else None
        if values is not None:
            body = render_template(panel.template, **subject, **values)
            found.append((panel.title, Markup(body)))  # noqa: S704 (already escaped by its template)
    return found


def waiting() -> list[Waiting]:
    """Return what waits for whoever asks, nothing that counts zero.

    It is asked again once something has been written, or a minute has gone by: some things wait from a moment.
    """
    held = roles()
    return keep((waiting, current_user.id, held, int(time.time() // 60)), lambda: _waiting(held))


def waiting_by_face() -> tuple[list[Waiting], list[Waiting]]:
    """Return what waits for whoever asks: first as anybody of the space, then as somebody of the gestion."""
    desk, sides = f"{request.script_root}/gestion/", ([], [])
    for each in waiting():
        sides[each.url.startswith(desk)].append(each)
    return sides


def _waiting(held) -> list[Waiting]:
    found = []
    for source in waiting_sources:
        if not may_enter(source.access, held):
            continue
        try:
            found += [each for each in source.load() if each.count]
        except Exception:  # see above
            log.exception("waiting source %s failed", source.key)
    return found
