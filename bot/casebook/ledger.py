"""The ledger: every mail that was seen, one row each, before anything is done with it.

A row's identity is a keyed hash over Message-ID, moment of receipt and sender; Graph's ids are hints that change when
people move mail. Each row ends in a named disposition.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
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
LONGEST_ID = 500  # characters of a Message-ID; an index of PostgreSQL takes no more than 2,700 bytes


def sender_of(item: Mapping[str, Any]) -> str:
    """The From address of a Graph message resource, lower-case, "" when it has none."""
    return str(((item.get("from") or {}).get("emailAddress") or {}).get("address") or "").strip().lower()


def received_of(item: Mapping[str, Any]) -> datetime:
    """When the mailbox received a message, in whole seconds of UTC."""
    moment = datetime.fromisoformat(str(item["receivedDateTime"]))
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC).replace(microsecond=0)


def message_id_of(item: Mapping[str, Any]) -> str:
    """Its Message-ID as a store can hold and index it: without NUL, and cut at `LONGEST_ID` characters."""
    return _storable(str(item.get("internetMessageId") or ""))[:LONGEST_ID]


def _storable(text: str) -> str:
    return text.replace("\x00", "").encode("utf-8", "replace").decode()


def identity_of(vault: Vault, item: Mapping[str, Any]) -> tuple[str, str]:
    """Who a message is: a keyed hash over Message-ID, moment and sender, and a print of its subject and first words.

    The print decides only between messages that agree in all of the former: a service may word it anew one day.
    """
    who = f"{message_id_of(item)}\n{received_of(item).isoformat()}\n{sender_of(item)}"
    words = f"{item.get('subject') or ''}\n{item.get('bodyPreview') or ''}"
    return vault.keyed_hash("ledger", who), vault.keyed_hash("print", words)[:16]


def same(vault: Vault, row: Message, found: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """The one of several messages that a row is about, wherever it is by now; a draft never is."""
    named = [(identity_of(vault, item), item) for item in found if not item.get("isDraft")]
    exact = [item for (who, words), item in named if f"{who}.{words}" == row.identity]
    return next(iter(exact or [item for (who, _), item in named if row.identity.startswith(who)]), None)


def record(
    session: Session, vault: Vault, found: Sequence[tuple[str, Mapping[str, Any]]], since: date, now: datetime
) -> list[tuple[Message, Mapping[str, Any]]]:
    """The new rows of messages that were not seen before, each with its message; of others id and folder are renewed.

    `found`: the name of a folder and a message in it. Mail from before the horizon ends here as `before-start`. A
    draft is no received mail and gets no row. A copy that somebody made is the same mail, and its row keeps its id
    while a message of that id is among those found; two mails that share Message-ID, second and sender but not their
    words are two.
    """
    received = [(folder, item) for folder, item in found if not item.get("isDraft")]
    there = {str(item["id"]) for _, item in received}
    like = select(Message).where(
        Message.message_id.in_({message_id_of(item) for _, item in received}),
        Message.received.in_({received_of(item) for _, item in received}),
    )
    known: dict[tuple[str, datetime], list[Message]] = {}
    for row in session.scalars(like.order_by(Message.id)):
        known.setdefault((row.message_id, row.received), []).append(row)
    horizon = datetime.combine(since, time(), AMSTERDAM)
    new: list[tuple[Message, Mapping[str, Any]]] = []
    for folder, item in received:
        graph_id, message_id, moment = str(item["id"]), message_id_of(item), received_of(item)
        who, words = identity_of(vault, item)
        rows = [row for row in known.get((message_id, moment), ()) if row.identity.startswith(who)]
        present = next((row for row in rows if row.graph_id == graph_id), None)
        present = present or next((row for row in rows if row.identity == f"{who}.{words}"), None)
        if present is not None:
            if present.graph_id == graph_id or present.graph_id not in there:
                present.graph_id, present.folder = graph_id, folder
            continue
        row = Message(
            identity=f"{who}.{words}",
            graph_id=graph_id,
            message_id=message_id,
            received=moment,
            folder=folder,
            seen=now,
        )
        if moment < horizon:
            row.disposition, row.reason = "before-start", "older than mailbox.since"
        known.setdefault((message_id, moment), []).append(row)
        new.append((row, item))
    session.add_all(row for row, _ in new)
    session.flush()
    return new


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
