"""Addresses that moved: the old one leads to the present one, in one step however often it moved."""

from peewee import CharField, DateTimeField

from .db import Table, db, now


class Redirect(Table):
    """One address that is no more, and where what it showed is now."""

    path_from = CharField(max_length=200, unique=True)
    path_to = CharField(max_length=200, index=True)
    created_at = DateTimeField(default=now)


@db.atomic()
def add(old: str, new: str) -> None:
    """Let `old` lead to `new`, and whatever led to `old` as well."""
    Redirect.delete().where(Redirect.path_from.in_([old, new])).execute()
    Redirect.update(path_to=new).where(Redirect.path_to == old).execute()
    Redirect.create(path_from=old, path_to=new)


def target(path: str) -> str | None:
    """Return the address to which `path` leads, or None."""
    return Redirect.select(Redirect.path_to).where(Redirect.path_from == path[:200]).scalar()
