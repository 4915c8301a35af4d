"""The journal: every step, in order, without personal data, so that what was done can be shown (AVG art. 5(2)).

Each row's hash covers the row and the hash before it. Whoever changes, removes, inserts or reorders rows breaks the
chain at that place. The chain has no secret: someone who rewrites it from one row to the end, or cuts off its tail,
leaves it whole. Only a hash kept elsewhere shows that; `head` gives the one to keep.
"""

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from bot.casebook.schema import Journal
from bot.casebook.store import wait_for_writers

FIRST = sha256(b"privacybot journal").hexdigest()
"""What the first row follows."""

LONGEST = 200
"""Characters of one value: a fact of the procedure is short, a person's words are not."""

_AT_SIGNS = ("@", "＠", "﹫", "%40")


@dataclass(frozen=True, slots=True)
class Break:
    """The first row that does not hold: its id and event, and what is wrong."""

    id: int
    event: str
    reason: str


def write(
    session: Session,
    at: datetime,
    event: str,
    request: str | None = None,
    case: str | None = None,
    **detail: str | int | bool | date | None,
) -> None:
    """Adds one row to the chain, in the caller's unit of work; from here to its commit other writers wait.

    `request` and `case` are references, `detail` short facts; None leaves a fact out. Raises ValueError for anything
    that might be personal: a value with an at sign, or longer than 200 characters.
    """
    facts = {name: _fact(value) for name, value in detail.items() if value is not None}
    for value in (event, request, case, *facts, *facts.values()):
        _guard(event, value)
    wait_for_writers(session.connection())
    previous = head(session)
    row = {"at": at, "event": event, "request": request, "case": case, "detail": facts, "previous": previous}
    session.execute(insert(Journal).values(**row, hash=_hash(at, event, request, case, facts, previous)))


def head(session: Session) -> str:
    """The newest hash: keep it elsewhere, and a cut-off or rewritten journal no longer holds it."""
    return session.execute(select(Journal.hash).order_by(Journal.id.desc()).limit(1)).scalar() or FIRST


def verify(session: Session) -> Break | None:
    """The first row that was changed, or before which rows were removed, inserted or moved; None when all hold.

    A tail that was cut off cannot be seen from the rows alone: compare with a `head` kept elsewhere.
    """
    previous = FIRST
    rows = session.execute(select(Journal).order_by(Journal.id).execution_options(yield_per=500)).scalars()
    for row in rows:
        if row.hash != _hash(row.at, row.event, row.request, row.case, row.detail, row.previous):
            return Break(row.id, row.event, "this row was changed")
        if row.previous != previous:
            return Break(row.id, row.event, "rows before this one were removed, inserted, moved or rewritten")
        previous = row.hash
    return None


def _fact(value: object) -> str | int | bool:
    match value:
        case bool() | int() | str():
            return value
        case datetime():
            return value.astimezone(UTC).isoformat()
        case date():
            return value.isoformat()
    raise ValueError(f"a journal holds text, whole numbers, yes or no, and dates, not {type(value).__name__}")


def _guard(event: str, value: object) -> None:
    if not isinstance(value, str):
        return
    if len(value) > LONGEST:
        raise ValueError(
            f"journal {event[:40]!r}: a value of {len(value)} characters is too long, {LONGEST} is the most"
        )
    if any(sign in value for sign in _AT_SIGNS):
        raise ValueError("a journal holds no addresses: one of the values has an at sign")


def _hash(
    at: datetime, event: str, request: str | None, case: str | None, detail: dict[str, Any], previous: str
) -> str:
    row = [at.astimezone(UTC).isoformat(), event, request, case, detail, previous]
    return sha256(json.dumps(row, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
