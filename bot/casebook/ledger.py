"""The ledger: every mail that was seen, one row each, before anything is done with it.

A row's identity is a keyed hash over Message-ID, moment of receipt and sender; Graph's ids are hints that change when
people move mail. Each row ends in a named disposition.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.casebook.schema import Mark, Message
from bot.casebook.vault import Vault
from bot.clock import AMSTERDAM

DISPOSITIONS = (
    "request", "joined", "staff-command", "staff-question", "task-answer", "bounce", "automatic", "own", "not-privacy",
    "before-start", "parked",
)  # fmt: skip


def sender_of(item: Mapping[str, Any]) -> str:
    """The From address of a Graph message resource, lower-case, "" when it has none."""
    return str(((item.get("from") or {}).get("emailAddress") or {}).get("address") or "").strip().lower()


def record(
    session: Session, vault: Vault, item: Mapping[str, Any], folder: str, since: date, now: datetime
) -> Message | None:
    """The new row of a message that was not seen before; None for one that was, whose id and folder are renewed.

    Mail from before the horizon ends here as `before-start`. A draft is no received mail and gets no row.
    """
    if item.get("isDraft"):
        return None
    received = datetime.fromisoformat(str(item["receivedDateTime"]))
    message_id = str(item.get("internetMessageId") or "")
    identity = vault.keyed_hash("ledger", f"{message_id}\n{received.isoformat()}\n{sender_of(item)}")
    row = session.scalar(select(Message).where(Message.identity == identity))
    if row is not None:
        row.graph_id, row.folder = str(item["id"]), folder
        return None
    row = Message(
        identity=identity,
        graph_id=str(item["id"]),
        message_id=message_id,
        received=received,
        folder=folder,
        seen=now,
    )
    if received < datetime.combine(since, time(), AMSTERDAM):
        row.disposition, row.reason = "before-start", "older than mailbox.since"
    session.add(row)
    session.flush()
    return row


def mark(session: Session, name: str) -> Mark | None:
    """A small fact of the whole program, None when it was never set."""
    return session.get(Mark, name)


def set_mark(session: Session, name: str, value: str, now: datetime) -> None:
    """Sets such a fact."""
    session.merge(Mark(name=name, value=value, at=now))


def counts(session: Session) -> dict[str, int]:
    """How many mails ended in each disposition; open ones under "open"."""
    rows = session.execute(select(Message.disposition, func.count()).group_by(Message.disposition))
    return {disposition or "open": number for disposition, number in rows}


@dataclass(frozen=True, slots=True)
class Taken:
    """What a mail is to us: the disposition with its reason (never words of the mail), and what follows from it."""

    disposition: str
    reason: str
    kind: str = ""
    follow: Callable[[Session, Message], None] | None = None
