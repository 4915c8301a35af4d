"""Letters as rows: composed once, encrypted under the request's own key, named by a Message-ID of our own.

A letter is written in the transaction of the change that makes it necessary; `bot/sending.py` lets it leave.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from email.utils import getaddresses
from functools import cached_property
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import work
from bot.casebook import journal
from bot.casebook.schema import Case, Letter, Request
from bot.casebook.vault import compare
from bot.context import Bot
from bot.mail import letter as composer
from bot.mail.letter import Attached
from bot.mail.reply import sentence_hashes

LETTER = "letter"  # the kind of work that leads a letter through the door
MARK_HEADER = "X-Privacybot"
RANKS = {"alarm": 0, "urgent": 10, "staff": 15, "receipt": 30, "letter": 40, "bulk": 60}  # lower leaves first
_REFERENCE = re.compile(r"\bLES-\d{4}-\d{4,6}\b", re.IGNORECASE)
CODE_LENGTH = 16  # characters a-z2-7: 80 bits


@dataclass(frozen=True, slots=True)
class Person:
    """Who asks, as far as a request must hold it; encrypted in `request.person`.

    `address` is the From of the request mail (a claim until proven), `on_file` the address that personal letters go to.
    """

    address: str
    name: str
    subject: str
    message_id: str
    references: tuple[str, ...] = ()
    proven: bool = False
    proof: str = ""
    on_file: str = ""

    def pack(self) -> bytes:
        """As bytes, for the vault."""
        return json.dumps(asdict(self), ensure_ascii=False).encode()


def request_vault(request_id: int) -> str:
    """The owner of a request's key."""
    return f"request:{request_id}"


def person_of(bot: Bot, request: Request) -> Person:
    """Who asks. Raises KeyDestroyed after an erasure."""
    found = json.loads(bot.vault.decrypt(request_vault(request.id), request.person, about="person"))
    return Person(**{**found, "references": tuple(found["references"])})


def keep_person(bot: Bot, request: Request, person: Person) -> None:
    """Stores who asks under the request's own key."""
    request.person = bot.vault.encrypt(request_vault(request.id), person.pack(), about="person")


def address_hash(bot: Bot, address: str) -> str:
    """A keyed hash of an address: for joins and caps, not a name for it."""
    return bot.vault.keyed_hash("address", address.strip().lower())


@dataclass(frozen=True)
class Parts:
    """A composed MIME read back: what the gate and the hash look at."""

    message: EmailMessage

    def header(self, name: str) -> str:
        """One header, "" when absent."""
        return str(self.message[name] or "")

    @property
    def to(self) -> str:
        """The To header."""
        return self.header("To")

    @property
    def addresses(self) -> list[str]:
        """The addresses in the To header."""
        return [address for _, address in getaddresses([self.to])]

    @cached_property
    def text(self) -> str:
        """The plain text."""
        body = self.message.get_body(("plain",))
        return str(body.get_content()).replace("\r\n", "\n") if body else ""

    @cached_property
    def html(self) -> str:
        """The HTML source."""
        body = self.message.get_body(("html",))
        return str(body.get_content()).replace("\r\n", "\n") if body else ""

    @cached_property
    def attachments(self) -> tuple[Attached, ...]:
        """The files."""
        return tuple(
            Attached(part.get_filename() or "", part.get_content_type(), part.get_payload(decode=True) or b"")  # type: ignore[arg-type]
            for part in self.message.iter_attachments()
        )

    @cached_property
    def digest(self) -> str:
        """The draft hash of this MIME (CONTRACTS: recipient, subject, text, HTML source, each attachment)."""
        return composer.draft_hash(self.to, self.header("Subject"), self.text, self.html, self.attachments)


def parts_of(mime: bytes) -> Parts:
    """A MIME read back."""
    message = BytesParser(policy=policy.SMTP).parsebytes(mime)
    assert isinstance(message, EmailMessage)
    return Parts(message)


def content_of(bot: Bot, letter: Letter) -> bytes:
    """The MIME of a letter. Raises KeyDestroyed after an erasure."""
    assert letter.content is not None
    return bot.vault.decrypt(letter.vault, letter.content, about=f"letter:{letter.key}")


def mark_of(bot: Bot, letter_id: int) -> str:
    """The value of our own mark on a mail: `<letter id>.<keyed hash>`."""
    return f"{letter_id}.{bot.vault.keyed_hash('mark', str(letter_id))[:32]}"


def is_own_mark(bot: Bot, mark: str) -> bool:
    """Whether a mark on a received mail is one of ours."""
    letter_id, _, _ = mark.strip().partition(".")
    return letter_id.isdigit() and compare(mark.strip(), mark_of(bot, int(letter_id)))


def code_of(bot: Bot, key: str) -> str:
    """The code of a question: the same for the same key, unguessable without the master key."""
    return bot.vault.keyed_hash("code", key).lower()[:CODE_LENGTH]


def message_id_of(bot: Bot, key: str) -> str:
    """Our own Message-ID of a letter, under the mailbox's domain."""
    return f"<{bot.vault.keyed_hash('message-id', key).lower()[:32]}@{bot.address.partition('@')[2]}>"


def write(
    bot: Bot,
    session: Session,
    key: str,
    template: str,
    values: Mapping[str, Any],
    to: Sequence[str],
    *,
    vault: str,
    rank: str,
    request: Request | None = None,
    case: Case | None = None,
    thread: Person | None = None,
    answers: Sequence[str] = (),
    attachments: Sequence[Attached] = (),
    not_before: datetime | None = None,
) -> Letter:
    """The row of a new letter, or the one that this `key` already has: a use case that runs twice writes once.

    A template that needs no approval is queued at once; any other waits as `draft`. `thread` is the customer's mail
    that it answers, `answers` other Message-IDs to thread under. Raises LintError when it is not fit to leave.
    """
    present = session.scalar(select(Letter).where(Letter.key == key))
    if present is not None:
        return present
    now = bot.clock.now()
    rendered = composer.check(template, values)
    subject = rendered.subject
    references: tuple[str, ...] = tuple(answers)
    if thread is not None:
        references = (*thread.references, thread.message_id) if thread.message_id else thread.references
        if thread.proven and request is not None and thread.subject:
            subject = composer.reply_subject(thread.subject, request.reference)
    letter = Letter(
        key=key,
        request_id=request.id if request else None,
        case_id=case.id if case else None,
        template=template,
        audience=rendered.audience,
        personal=rendered.personal,
        state="draft",
        rank=RANKS[rank],
        due=request.binding if request else None,
        message_id=message_id_of(bot, key),
        draft_hash="",
        recipient_hash=address_hash(bot, to[0]),
        recipients=len(to),
        created=now,
        changed=now,
        sentences=sorted(sentence_hashes(rendered.text)),
        vault=vault,
    )
    _compose(bot, session, letter, to, subject, rendered.text, rendered.html, references, attachments)
    journal.write(
        session,
        now,
        "letter written",
        request=request.reference if request else None,
        case=case.reference if case else None,
        letter=letter.id,
        template=template,
        draft=letter.draft_hash[:8],
    )
    if not rendered.approval:
        approve(session, letter, "fixed letter", now, not_before)
    return letter


def approve(session: Session, letter: Letter, by: str, now: datetime, not_before: datetime | None = None) -> None:
    """Approves a draft as it stands and lets it leave, at once or at a later moment.

    Raises ValueError for a letter that is no draft: one that has left, or may have, would leave a second time.
    """
    if letter.state != "draft":
        raise ValueError(f"letter {letter.id} is {letter.state}, not a draft")
    letter.approved_by, letter.approved_hash = by, letter.draft_hash
    letter.state, letter.changed = "approved", now
    work.enqueue(session, f"{LETTER}:{letter.id}:approved", LETTER, letter.id, not_before or now)


def reference_in(text: str) -> str | None:
    """The reference of a request that a subject names, None when there is none."""
    found = _REFERENCE.search(text)
    return found[0].upper() if found else None


def _compose(
    bot: Bot,
    session: Session,
    letter: Letter,
    to: Sequence[str],
    subject: str,
    text: str,
    html: str,
    references: Sequence[str],
    attachments: Sequence[Attached],
) -> None:
    """Composes the MIME of a new row, hashes what the reader will get, and encrypts it."""
    session.add(letter)
    session.flush()
    mime = composer.compose(
        sender=bot.address,
        to=to,
        subject=subject,
        text=text,
        html=html,
        date=letter.created,
        message_id=letter.message_id,
        references=references,
        mark=mark_of(bot, letter.id),
        attachments=attachments,
    )
    letter.draft_hash = parts_of(mime).digest
    letter.content = bot.vault.encrypt(letter.vault, mime, about=f"letter:{letter.key}")


def copy_to(bot: Bot, session: Session, original: Letter, to: Sequence[str], *, rank: str) -> Letter:
    """The same staff mail for other people, word for word, with its code: a deputy takes over.

    Written once for a person, whatever the reason: silence and a failed mail may meet.
    """
    key = f"copy-{original.id}-{address_hash(bot, to[0])[:16]}"
    present = session.scalar(select(Letter).where(Letter.key == key))
    if present is not None:
        return present
    now = bot.clock.now()
    parts = parts_of(content_of(bot, original))
    letter = Letter(
        key=key,
        request_id=original.request_id,
        case_id=original.case_id,
        template=original.template,
        audience=original.audience,
        personal=original.personal,
        state="draft",
        rank=RANKS[rank],
        due=original.due,
        message_id=message_id_of(bot, key),
        draft_hash="",
        recipient_hash=address_hash(bot, to[0]),
        recipients=len(to),
        created=now,
        changed=now,
        sentences=original.sentences,
        vault=original.vault,
    )
    thread = [original.sent_message_id or original.message_id]
    _compose(bot, session, letter, to, parts.header("Subject"), parts.text, parts.html, thread, parts.attachments)
    approve(session, letter, "fixed letter", now)
    return letter
