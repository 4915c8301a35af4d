"""The record of handled requests (policy P30, AVG art. 5(2)): the facts of the procedure, never the substance."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.casebook.schema import Case, Letter, Register, Request

COLUMNS = (
    "case", "right", "channel", "received", "binding", "extended", "identity", "identified_at", "decision", "reason",
    "article", "decided_by", "sent_at", "recipients_told", "closed", "letter_hash",
)  # fmt: skip


def enter(
    session: Session,
    request: Request,
    case: Case,
    article: str,
    letter: Letter | None,
    closed: datetime,
    reason: str | None = None,
    decided_by: str | None = None,
    recipients_told: list[str] | None = None,
) -> None:
    """Writes or renews the row of a closed case. `letter` is the one that ended it."""
    row = session.scalar(select(Register).where(Register.case == case.reference)) or Register(case=case.reference)
    row.right, row.channel, row.article = case.right, request.channel, article
    row.received, row.binding, row.extended = request.received, request.binding, case.extended
    row.identity, row.identified_at = request.identity, request.identified_at
    row.decision, row.reason, row.closed = case.outcome, reason, closed
    row.decided_by = letter.approved_by if letter else decided_by
    row.sent_at = letter.sent_at if letter else None
    row.letter_hash = letter.draft_hash if letter else None
    row.recipients_told = recipients_told or []
    session.add(row)


def rows(session: Session) -> Iterator[dict[str, Any]]:
    """All rows as plain values, dates as ISO 8601."""
    for row in session.scalars(select(Register).order_by(Register.id)):
        yield {name: _plain(getattr(row, name)) for name in COLUMNS}


def _plain(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value
