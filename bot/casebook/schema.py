"""The tables of the case book: facts about requests, never the words of mails.

What personal data a request must hold (who asked, letters, answers of processors) stands in columns of type `bytes`,
encrypted under a key of the request's own (`vault.py`). Everything else is ids, dates, states and keyed hashes.
All moments are UTC.
"""

from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    TypeDecorator,
    UniqueConstraint,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

Id = BigInteger().with_variant(Integer(), "sqlite")


class UtcDateTime(TypeDecorator[datetime]):
    """A moment, aware and in UTC on both stores; comparable as stored."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuses a moment without an offset: ValueError."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment without an offset cannot be stored")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """The moment as aware UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """All tables."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {datetime: UtcDateTime(), int: Id, dict[str, Any]: JSON(), list[str]: JSON()}  # noqa: RUF012


class Message(Base):
    """One received mail of the mailbox: the ledger. A row exists before anything is done with the mail.

    `identity` is the ledger key: a keyed hash over Message-ID, moment of receipt and sender (RFC 5322 lets ids repeat).
    `disposition` is null until the mail was taken in; its values are those of `privacybot mails`.
    """

    __tablename__ = "message"
    id: Mapped[int] = mapped_column(primary_key=True)
    identity: Mapped[str] = mapped_column(unique=True)
    graph_id: Mapped[str]
    message_id: Mapped[str] = mapped_column(index=True)
    received: Mapped[datetime] = mapped_column(index=True)
    folder: Mapped[str]
    seen: Mapped[datetime]
    kind: Mapped[str | None]
    disposition: Mapped[str | None] = mapped_column(index=True)
    reason: Mapped[str | None]
    request_id: Mapped[int | None] = mapped_column(ForeignKey("request.id", use_alter=True))
    verdict: Mapped[dict[str, Any] | None]


class Request(Base):
    """One person's mail thread with one clock start and one identity check: `LES-2026-0042`."""

    __tablename__ = "request"
    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[str] = mapped_column(unique=True)
    message_id: Mapped[int | None] = mapped_column(ForeignKey("message.id"), unique=True)
    received: Mapped[datetime]
    channel: Mapped[str] = mapped_column(default="mail")
    identity: Mapped[str] = mapped_column(default="none")
    identified_at: Mapped[datetime | None]
    binding: Mapped[date]
    work_by: Mapped[date]
    extended_due: Mapped[date]
    waiting_days: Mapped[int] = mapped_column(Integer, default=0)
    sender_hash: Mapped[str] = mapped_column(index=True)
    person: Mapped[bytes]


class Case(Base):
    """One right in a request: `LES-2026-0042-1`. `state` is a path of `workflows/machine.py`."""

    __tablename__ = "case"
    id: Mapped[int] = mapped_column(primary_key=True)
    request_id: Mapped[int] = mapped_column(ForeignKey("request.id"), index=True)
    reference: Mapped[str] = mapped_column(unique=True)
    right: Mapped[str]
    state: Mapped[str]
    outcome: Mapped[str | None]
    changed: Mapped[datetime]
    closed: Mapped[datetime | None]
    extended: Mapped[bool] = mapped_column(default=False)


class Answer(Base):
    """What one processor answered in one case. `content` is the encrypted finding."""

    __tablename__ = "answer"
    __table_args__ = (UniqueConstraint("case_id", "processor"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case.id"))
    processor: Mapped[str]
    answer: Mapped[str]
    since: Mapped[datetime]
    content: Mapped[bytes | None]


class Letter(Base):
    """One mail that leaves or may leave: customer letters, staff mails, all through one door.

    `content` is the encrypted MIME, `recipient` and `subject` among it; `recipient_hash` serves caps and joins. The
    index of states holds all that decides who leaves first, so that ten thousand waiting letters are quickly counted.
    """

    __tablename__ = "letter"
    __table_args__ = (Index("ix_letter_state_order", "state", "rank", "due", "error", "recipients"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(unique=True)
    request_id: Mapped[int | None] = mapped_column(ForeignKey("request.id"), index=True)
    case_id: Mapped[int | None] = mapped_column(ForeignKey("case.id"), index=True)
    template: Mapped[str]
    audience: Mapped[str]
    personal: Mapped[bool]
    state: Mapped[str]
    rank: Mapped[int] = mapped_column(Integer, default=50)
    due: Mapped[date | None]
    message_id: Mapped[str] = mapped_column(unique=True)
    sent_message_id: Mapped[str | None] = mapped_column(index=True)
    draft_hash: Mapped[str]
    approved_by: Mapped[str | None]
    approved_hash: Mapped[str | None]
    recipient_hash: Mapped[str] = mapped_column(index=True)
    recipients: Mapped[int] = mapped_column(Integer, default=1)
    graph_id: Mapped[str | None]
    created: Mapped[datetime]
    changed: Mapped[datetime]
    sending_at: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    error: Mapped[str | None]
    sentences: Mapped[list[str]] = mapped_column(default=list)
    vault: Mapped[str]
    content: Mapped[bytes | None]


class Ask(Base):
    """One open question that a code answers: approve this draft, sort this mail, open this list.

    `code_hash` is a keyed hash: the code itself stands only in the mails of `key`. Single-use: `closed` is set once.
    `work_by` is when staff must have answered; reminders count back from it.
    """

    __tablename__ = "ask"
    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(unique=True)
    code_hash: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]
    request_id: Mapped[int | None] = mapped_column(ForeignKey("request.id"))
    case_id: Mapped[int | None] = mapped_column(ForeignKey("case.id"), index=True)
    message_id: Mapped[int | None] = mapped_column(ForeignKey("message.id"), index=True)
    subject_letter_id: Mapped[int | None] = mapped_column(ForeignKey("letter.id"), index=True)
    staff_letter_id: Mapped[int | None] = mapped_column(ForeignKey("letter.id"), index=True)
    bound_hash: Mapped[str | None]
    detail: Mapped[dict[str, Any] | None]
    work_by: Mapped[date | None]
    opened: Mapped[datetime]
    closed: Mapped[datetime | None]
    closed_by: Mapped[str | None]
    outcome: Mapped[str | None]


class Journal(Base):
    """Every step, without personal data, chained: `hash` covers the row and the hash before it."""

    __tablename__ = "journal"
    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    event: Mapped[str]
    request: Mapped[str | None] = mapped_column(index=True)
    case: Mapped[str | None]
    detail: Mapped[dict[str, Any]]
    previous: Mapped[str]
    hash: Mapped[str] = mapped_column(unique=True)


class Register(Base):
    """The record of handled requests (policy P30): one row a case, the facts of the procedure only."""

    __tablename__ = "register"
    id: Mapped[int] = mapped_column(primary_key=True)
    case: Mapped[str] = mapped_column(unique=True)
    right: Mapped[str]
    channel: Mapped[str]
    received: Mapped[datetime]
    binding: Mapped[date]
    extended: Mapped[bool]
    identity: Mapped[str]
    identified_at: Mapped[datetime | None]
    decision: Mapped[str | None]
    reason: Mapped[str | None]
    article: Mapped[str]
    decided_by: Mapped[str | None]
    sent_at: Mapped[datetime | None]
    recipients_told: Mapped[list[str]] = mapped_column(default=list)
    closed: Mapped[datetime | None]
    letter_hash: Mapped[str | None]


class Work(Base):
    """One piece of work: a timer, a retry and a lease in one row (`bot/work.py`). Ids and class names only."""

    __tablename__ = "work"
    __table_args__ = (Index("ix_work_due_id", "due", "id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]
    ref: Mapped[int]
    due: Mapped[datetime | None]
    token: Mapped[str | None]
    tries: Mapped[int] = mapped_column(Integer, default=0)
    error: Mapped[str | None]
    done: Mapped[datetime | None] = mapped_column(index=True)


class Permit(Base):
    """One slot of a budget: busy until `free_at`. N rows of one name = at most N uses in the hold time."""

    __tablename__ = "permit"
    __table_args__ = (Index("ix_permit_name_free_at", "name", "free_at"),)
    name: Mapped[str] = mapped_column(primary_key=True)
    n: Mapped[int] = mapped_column(Integer, primary_key=True)
    free_at: Mapped[datetime]


class Mark(Base):
    """Small facts of the whole program: delta links, first start, last good poll, last `--at`."""

    __tablename__ = "mark"
    name: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str]
    at: Mapped[datetime]
