"""Mails to staff that ask one thing: what it is, what to answer, and by when. Each question has its own code."""

from collections.abc import Mapping, Sequence
from datetime import datetime, time, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.casebook.schema import Ask, Case, Letter, Message, Request
from bot.clock import AMSTERDAM
from bot.context import Bot
from bot.letters import code_of, write
from bot.mail.letter import mailto
from bot.mail.letter import Attached
from workflows.terms import is_working_day

BUNDLES = (time(9), time(15))  # when questions of doubt go out, Amsterdam time, on working days


def next_bundle(bot: Bot) -> datetime:
    """The next moment at which doubtful mails are put to staff."""
    now = bot.clock.now().astimezone(AMSTERDAM)
    closed = bot.settings.people.closed_days
    day = now.date()
    while True:
        for hour in BUNDLES:
            moment = datetime.combine(day, hour, AMSTERDAM)
            if moment >= now and is_working_day(day, closed):
                return moment
        day += timedelta(days=1)


def code_hash(bot: Bot, code: str) -> str:
    """What the case book keeps of a code."""
    return bot.vault.keyed_hash("code-hash", code)


def asked(bot: Bot, session: Session, code: str) -> Ask | None:
    """The question that a code belongs to, open or closed."""
    return session.scalar(select(Ask).where(Ask.code_hash == code_hash(bot, code)))


def ask(
    bot: Bot,
    session: Session,
    key: str,
    kind: str,
    template: str,
    values: Mapping[str, Any],
    words: Mapping[str, str],
    *,
    vault: str,
    rank: str = "staff",
    request: Request | None = None,
    case: Case | None = None,
    message: Message | None = None,
    letter: Letter | None = None,
    detail: dict[str, Any] | None = None,
    not_before: datetime | None = None,
    management: bool = False,
    attachments: Sequence[Attached] = (),
) -> Ask:
    """Opens a question and writes the mail that puts it to the first of the staff (and to management if so asked).

    `words` are the buttons: what stands on them and the command that they fill in. `letter` is the draft that the
    question is about: the code is bound to its hash and dies with it.
    """
    present = session.scalar(select(Ask).where(Ask.code_hash == code_hash(bot, code_of(bot, key))))
    if present is not None:
        return present
    code = code_of(bot, key)
    row = Ask(
        code_hash=code_hash(bot, code),
        kind=kind,
        request_id=request.id if request else None,
        case_id=case.id if case else None,
        message_id=message.id if message else None,
        subject_letter_id=letter.id if letter else None,
        bound_hash=letter.draft_hash if letter else None,
        detail=detail,
        opened=bot.clock.now(),
    )
    session.add(row)
    people = bot.settings.people
    subject = f"#{code}"
    buttons = [
        {"label": label, "url": mailto(bot.address, f"{label} {subject}", command)} for label, command in words.items()
    ]
    mail = write(
        bot,
        session,
        key,
        template,
        {**values, "code": subject, "buttons": buttons},
        [people.staff[0], *(people.management if management else [])],
        vault=vault,
        rank=rank,
        request=request,
        case=case,
        attachments=attachments,
        not_before=not_before,
    )
    row.staff_letter_id = mail.id
    session.flush()
    return row


def close(ask_row: Ask, by: str, outcome: str, now: datetime) -> None:
    """Spends the code."""
    ask_row.closed, ask_row.closed_by, ask_row.outcome = now, by, outcome
