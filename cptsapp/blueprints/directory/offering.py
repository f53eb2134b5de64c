"""Those who offered themselves in a directory, for the forms where somebody is chosen."""

from .models import Entry


def volunteers(slug: str, *, stage: str = ""):
    """Return the query of the ids of the persons who are in the list `slug`, at `stage` if it has a path."""
    offers = Entry.select(Entry.person).where(Entry.directory == slug, Entry.live(), Entry.person.is_null(False))
    return offers.where(Entry.stage == stage) if stage else offers
