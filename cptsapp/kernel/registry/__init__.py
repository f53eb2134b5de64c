"""What features tell the floors below them: plain lists, filled while the modules are imported.

Each list is read by the kernel or by a feature that must not import the one that fills it.
"""

from collections.abc import Callable, Iterable

from cptsapp.kernel.errors import RuleError

from .kinds import (  # noqa: F401 (who fills a list finds here what it holds)
    Behind,
    Breakdown,
    Card,
    FirstStep,
    Indicator,
    LetterItem,
    Named,
    NavItem,
    Outlet,
    Panel,
    Parameter,
    Personal,
    RowSource,
    Segment,
    Waiting,
    WaitingSource,
)

navigation: list[NavItem] = []
dashboard_cards: list[Card] = []
space_cards: list[Card] = []
waiting_sources: list[WaitingSource] = []
person_panels: list[Panel] = []
fiche_panels: list[Panel] = []
public_fiche_panels: list[Panel] = []
project_panels: list[Panel] = []
fiche_rows: list[Named] = []
segments: list[Segment] = []
letter_sources: list[Named] = []
outlets: list[Outlet] = []
participations: list[Named] = []
action_sources: list[Named] = []
nearby_requests: list[Named] = []
indicators: list[Indicator] = []
row_sources: dict[str, RowSource] = {}
breakdowns: list[Breakdown] = []
public_counters: list[Named] = []
counter_sources: list[Callable] = []
search_sources: list[Named] = []
sitemap_sources: list[Callable] = []
home_blocks: list[Named] = []  # each the same whoever reads, and without a form: drawn once, it serves everybody
demo_fillers: list[Named] = []
personal_exporters: list[Named] = []
personal_erasers: list[Named] = []
purges: list[Named] = []
checks: list[Named] = []
first_steps: list[FirstStep] = []
role_sources: list[Callable] = []
letter_writers: list[Callable] = []
complaint_takers: list[Callable] = []
reserved_slugs: set[str] = {"static", "gestion", "espace", "healthz"}


def _adder(target, make):
    """Return a decorator that appends `make(function)` to `target` and leaves the function as it was."""

    def decorate(function):
        target.append(make(function))
        return function

    return decorate


def dashboard_card(key, title, *, access, template, order=50):
    return _adder(dashboard_cards, lambda load: Card(key, title, tuple(access), template, load, order))


def space_card(key, title, *, template, access=("account",), order=50):
    return _adder(space_cards, lambda load: Card(key, title, tuple(access), template, load, order))


def waiting(key, *, access):
    return _adder(waiting_sources, lambda load: WaitingSource(key, tuple(access), load))


def person_panel(title, *, template, access, order=50):
    return _adder(person_panels, lambda load: Panel(title, template, tuple(access), load, order))


def fiche_panel(title, *, template, access, order=50):
    """A function of a fiche-action that gives its template's values: a card of its page in the gestion."""
    return _adder(fiche_panels, lambda load: Panel(title, template, tuple(access), load, order))


def public_fiche_panel(title, *, template, order=50):
    """A function of a fiche that everybody may read: a part of its page on the site."""
    return _adder(public_fiche_panels, lambda load: Panel(title, template, ("public",), load, order))


def project_panel(title, *, template, order=50):
    """A function of the fiches that everybody may read: a part of the page of the project on the site."""
    return _adder(project_panels, lambda load: Panel(title, template, ("public",), load, order))


def fiche_row(label):
    """A function of a fiche and of its row in a file brought in, that creates what its feature finds there; it returns
    how many, and raises RuleError when the row makes no sense."""
    return _adder(fiche_rows, lambda call: Named(call.__module__, label, call))


def segment(key, label, *, choices, order=50):
    return _adder(segments, lambda people: Segment(key, label, choices, people, order))


def letter_source(key, label, *, order=50):
    """A function of a period, both days included, that gives its LetterItem, in the order in which one reads them."""
    return _adder(letter_sources, lambda call: Named(key, label, call, order))


def outlet(key, verb, *, kinds):
    """A function of a kind of text and of its slug that takes it further once online: « Publier et `verb` »."""
    return _adder(outlets, lambda call: Outlet(key, verb, tuple(kinds), call))


def participation(key, label):
    """A function of a person's id that gives what they took part in: (words, day, address or ""), the last first."""
    return _adder(participations, lambda call: Named(key, label, call))


def action_source(key, label):
    """A function of an action's code that gives what carries it, the last first: (words, day, address in the desk)."""
    return _adder(action_sources, lambda call: Named(key, label, call))


def nearby_request(key, label):
    """A function of an INSEE code that gives what waits around it for somebody: (words, address in the gestion)."""
    return _adder(nearby_requests, lambda call: Named(key, label, call))


def indicator(key, label, *, unit="", parameters=()):
    return _adder(indicators, lambda count: Indicator(key, label, unit, count, tuple(parameters)))


def rows_behind(*keys, access):
    """A function of a period and of the parameters of the indicators `keys` that gives what they count, row by row."""

    def decorate(rows):
        row_sources.update({key: RowSource(tuple(access), rows) for key in keys})
        return rows

    return decorate


def breakdown(key, by, label):
    """Tell the figures of the indicator `key` apart: by « profession », « commune »…"""
    return _adder(breakdowns, lambda count: Breakdown(key, by, label, count))


def public_counter(label, *, order=50):
    return _adder(public_counters, lambda call: Named(label, label, call, order))


def counter_source(function):
    """A function that gives more public counters, (label, number), when people choose them and not the code."""
    counter_sources.append(function)
    return function


def search_source(kind, label):
    return _adder(search_sources, lambda rows: Named(kind, label, rows))


def sitemap(function):
    sitemap_sources.append(function)
    return function


def home_block(key, label, *, template, order=50):
    return _adder(home_blocks, lambda call: Named(key, label, call, order, template))


def demo_data(*, order=50):
    return _adder(demo_fillers, lambda call: Named(call.__module__, call.__name__, call, order))


def personal_data(key, label=""):
    return _adder(personal_exporters, lambda call: Named(key, label or key, call))


def personal_eraser(*, order=50):
    """A function of a person's id that erases what its feature holds; what others stand on comes last."""
    return _adder(personal_erasers, lambda call: Named(call.__module__, call.__name__, call, order))


def purge(key, label=""):
    return _adder(purges, lambda call: Named(key, label or key, call))


def check(label, *, order=50):
    return _adder(checks, lambda call: Named(label, label, call, order))


def first_step(label, *, endpoint, order=50, help=""):
    return _adder(first_steps, lambda is_done: FirstStep(label, endpoint, is_done, order, help))


def role_source(function):
    """A function of an account that gives the set of roles its feature derives (« adherent » from the membership)."""
    role_sources.append(function)
    return function


def complaint_taker(function):
    """A function of an address and of kinds of mail, called when a reader has reported one of ours as unwanted."""
    complaint_takers.append(function)
    return function


def letter_writer(function):
    """A function of persons' ids that starts a message to them and returns the address where it is written."""
    letter_writers[:] = [function]
    return function


def write_to(person_ids: Iterable[int]) -> str:
    """Start a message to chosen people, whatever list they were chosen in; return where to go on.

    Raises RuleError when nobody is chosen, or when no feature writes letters.
    """
    if not letter_writers:
        raise RuleError("Cette installation n’envoie pas de messages à plusieurs personnes.")
    return letter_writers[0](list(person_ids))
