"""What holds for pages: which are listed, which are found, who wrote what."""

from collections.abc import Iterable

from cptsapp.blueprints.account.models import Account

from . import legal
from .models import HOME, PAGES, Page


def is_found(item: Page) -> bool:
    """Tell whether search may lead to a page: menu entries and the home page have nothing to read."""
    return item.is_live and not item.link and item.slug != HOME


def listed() -> list[Page]:
    """Return every page the coordination may write, the legal ones among them even when nobody has added to them."""
    known = PAGES.all()
    names = {each.slug for each in known}
    return [*known, *(legal.blank(slug) for slug in legal.TITLES if slug not in names)]


def people(ids: Iterable[int]) -> dict[int, str]:
    """Return the name of each account, in one query."""
    ids = list(ids)
    return {each.id: each.label for each in Account.joined().where(Account.id.in_(ids))} if ids else {}
