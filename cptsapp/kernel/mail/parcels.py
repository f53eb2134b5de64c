"""What a connection needs of a mail that the sender holds: its envelope, and how its bytes are made."""

from functools import partial

from . import campaigns, headers, marks, render, returns
from .dialogue import Parcel
from .identity import Identity
from .models import FrozenMail, MailFile


def frozen_of(ids: list[int]) -> dict[int, bytes]:
    """Return the bytes of mails that were rendered for a former try."""
    query = FrozenMail.select(FrozenMail.mail, FrozenMail.content).where(FrozenMail.mail.in_(ids))
    return {id: bytes(content) for id, content in query.tuples()} if ids else {}


def files_of(ids: list[int]) -> dict[int, list[headers.Attached]]:
    """Return the files of mails that are about to be rendered."""
    found = {}
    if not ids:
        return found
    query = MailFile.select(MailFile.mail, MailFile.name, MailFile.media_type, MailFile.content)
    for id, name, media_type, content in query.where(MailFile.mail.in_(ids)).order_by(MailFile.id).tuples():
        found.setdefault(id, []).append(headers.Attached(name, media_type, bytes(content)))
    return found


def parcel_of(row: marks.Claimed, frozen: bytes | None, identity: Identity, files=()) -> tuple[Parcel, bytes | None]:
    """Return what a connection needs, and the bytes to keep when they were just rendered."""
    message_id = row.message_id or headers.new_message_id(identity.email)
    fresh = None
    if row.campaign_id is not None:
        campaigns.ready(row.campaign_id)
        write = partial(campaigns.content, row, message_id)
    elif frozen is not None:
        write = partial(bytes, frozen)
    else:
        fresh = render.freeze(row, identity, message_id=message_id, files=files)
        write = partial(bytes, fresh)
    sender = headers.envelope_address(returns.envelope(identity, row.id))
    to = headers.envelope_address(row.to_address)
    if sender is None or to is None:
        raise ValueError("the sender's or the recipient's address is not one that a relay takes")
    return Parcel(row.id, sender, to, write, message_id), fresh
