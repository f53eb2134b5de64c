"""What the site says of itself: what is found, what robots may read, whether the instance is well."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from peewee import PeeweeException

from cptsapp.kernel import backup, jobs, registry, search
from cptsapp.kernel.db import revision

FEW = 5  # results shown of each kind when all kinds are searched
PAGE = 20


@dataclass(frozen=True)
class Group:
    """The results of one kind of thing."""

    kind: str
    label: str
    results: search.Results


def kinds() -> list[tuple[str, str]]:
    """Return the (kind, label) pairs of what can be searched."""
    return [(source.key, source.label) for source in registry.search_sources]


def find(q: str, visibilities: Iterable) -> list[Group]:
    """Return the first results of each kind, the kinds without any left out."""
    labels = dict(kinds())
    found = search.search_kinds(q, labels, visibilities=visibilities, limit=FEW)
    return [Group(kind, labels[kind], results) for kind, results in found.items()]


def find_kind(q: str, kind: str, visibilities: Iterable, page: int) -> Group:
    """Return one page of the results of one kind."""
    results = search.search(q, visibilities=visibilities, kinds=[kind], limit=PAGE, offset=(page - 1) * PAGE)
    return Group(kind, dict(kinds())[kind], results)


def addresses() -> list[tuple[str, date | None]]:
    """Return the (path, last change) of every public page, each once, sorted."""
    found = dict(pair for source in registry.sitemap_sources for pair in source())
    return sorted(found.items())


def health() -> dict[str, bool]:
    """Tell whether the database answers and the worker is alive."""
    try:
        revision.read()
        return {"database": True, "worker": jobs.worker_is_well()}
    except PeeweeException:
        return {"database": False, "worker": False}


def last_backup() -> dict:
    """Return when the last backup was made and whether that is recent: what a monitor may warn about."""
    found = backup.state()
    return {"backup": f"{found.at:%Y-%m-%dT%H:%M:%SZ}" if found.at else None, "backup_is_recent": not found.is_old}
