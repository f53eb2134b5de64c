"""Recording a mail in the transaction of what causes it. It leaves after the commit."""

import json
from collections.abc import Iterable
from datetime import datetime

from ..db import db, now
from ..errors import RuleError
from ..text import fold
from . import headers, render
from .headers import Attached
from .models import Kind, MailFile, OutgoingMail, State

CLOSED = "Adresse MSSanté : ce réseau fermé ne reçoit pas les e-mails ordinaires. Demandez une autre adresse."
NO_ADDRESS = "Aucune adresse e-mail connue pour ce destinataire."


def queue(
    template: str,
    *,
    to: str,
    values: dict | None = None,
    kind: Kind = Kind.PERSONAL,
    person_id: int | None = None,
    person_ids: Iterable[int] = (),
    secret: Iterable[str] = (),
    key: str | None = None,
    not_before: datetime | None = None,
    reply_to: str | None = None,
    headers_extra: dict | None = None,
    files: Iterable[Attached] = (),
) -> OutgoingMail:
    """Record a mail of `templates/mail/<template>.txt` and return its row; to be called inside the transaction.

    `values` are JSON values; those named in `secret` (a one-time link) are wiped once the mail is sent. A second mail
    with the same `key` is the first one. `not_before` is naive UTC. `files` go with it as they are now. No address,
    or one of the closed network, makes a row that says why nothing leaves. Raises RuleError when `to` or `reply_to`
    is not an address.
    """
    values, to, secret = values or {}, (to or "").strip(), tuple(secret)
    reason = _reason_to_skip(to)
    row = OutgoingMail(
        key=key,
        kind=kind,
        template=template,
        values_json=json.dumps(values, ensure_ascii=False),
        secret=",".join(secret),
        headers_json=json.dumps(headers_extra or {}),
        to_address=to,
        reply_to=_checked(reply_to) if reply_to else "",
        person_ids=_between_commas([*([person_id] if person_id else []), *person_ids]),
        subject=(subject := render.subject_of(template, values, secret=secret)),
        folded=fold(f"{to} {subject}"),
        next_try_at=not_before or now(),
    )
    if reason:
        row.state, row.skip_reason, row.done_at = State.SKIPPED, reason, now()
        row.values_json = json.dumps(without(values, secret), ensure_ascii=False)
    recorded = _record(row)
    if files and recorded is row and row.state == State.PENDING:  # the second mail of a key brings none
        _keep_files(row, files)
    return recorded


def without(values: dict, secret: Iterable[str]) -> dict:
    """Return `values` with the secret ones taken out."""
    return {name: render.HIDDEN if name in secret else value for name, value in values.items()}


def _reason_to_skip(to: str) -> str:
    if not to:
        return NO_ADDRESS
    return CLOSED if headers.is_closed_network(_checked(to)) else ""


def _checked(address: str) -> str:
    if headers.envelope_address(address.strip()) is None:
        raise RuleError(
            f"« {headers.one_line(address)[:80]} » n’est pas une adresse e-mail que le serveur accepte. "
            "Vérifiez-la : elle ressemble à prenom.nom@exemple.fr, sans espace ni accent avant le @.",
            field="email",
        )
    return address.strip()


def _between_commas(ids: Iterable[int]) -> str:
    found = ",".join(str(int(each)) for each in dict.fromkeys(ids))
    return f",{found}," if found else ""


def _record(row: OutgoingMail) -> OutgoingMail:
    with db.atomic():
        if row.key is None:
            row.save(force_insert=True)
        else:
            data = {name: value for name, value in row.__data__.items() if value is not None}
            made = OutgoingMail.insert(data).on_conflict_ignore().returning(OutgoingMail.id).tuples().execute()
            row.id = next((id for (id,) in made), None)
            row = row if row.id else OutgoingMail.get(OutgoingMail.key == row.key)
        if row.state == State.PENDING and row.next_try_at <= now():
            nudge_after_commit()
    return row


def _keep_files(row: OutgoingMail, files: Iterable[Attached]):
    for name, media_type, content in map(headers.checked, files):
        MailFile.insert(mail=row.id, name=name, media_type=media_type, content=content).execute()


def nudge_after_commit():
    """Wake the worker once what was just written is committed."""
    db.after_commit(lambda: NUDGE[0]())


NUDGE = [lambda: None]  # set by the package: the sender stands above this module
