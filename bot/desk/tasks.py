"""Tasks: what only people can look up or pass on. Each is one question with its own code, closed by `gedaan`.

Nothing counts as done because it was sent: a task stays open until its answer is there, and silence is followed up.
"""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.casebook import journal
from bot.casebook.schema import Answer, Ask, Case, Letter, Request
from bot.cases import answers_of, findings_of, work_by
from bot.context import Bot
from bot.desk import questions
from bot.letters import Person, code_of, person_of, request_vault, write
from bot.mail.message import Mail
from bot.processors.base import Finding
from bot.processors.by_staff import ACCESS_TASKS, keys_of
from bot.processors.labels import PROCESSORS
from workflows.rights import WORDS

CHASED_EVERY = 3  # working days
TELLS_RECIPIENTS = {
    "rectification": "gegevens verbeterd",
    "erasure": "gegevens gewist",
    "restriction": "het gebruik van gegevens beperkt",
}
"""The rights after which recipients are told (AVG art. 19), with what was done in words."""


def by_staff(bot: Bot) -> tuple[str, ...]:
    """The processors of the settings that no connector of this program asks: staff look there."""
    return tuple(name for name in bot.settings.processors if name not in bot.processors and name in ACCESS_TASKS)


def open_tasks(bot: Bot, session: Session, request: Request, case: Case) -> int:
    """Puts a task to staff for each answer that only they can give, with the keys found so far; gives their number."""
    person = person_of(bot, request)
    found = findings_of(bot, session, request, case)
    waiting = [answer for answer in answers_of(session, case) if answer.processor in by_staff(bot)]
    opened = 0
    for answer in waiting:
        if answer.answer != "pending":
            continue
        answer.answer, answer.since = "task", bot.clock.now()
        _open(bot, session, request, case, answer, person, found)
        opened += 1
    return opened


def _open(
    bot: Bot,
    session: Session,
    request: Request,
    case: Case,
    answer: Answer,
    person: Person,
    found: Sequence[Finding],
) -> None:
    text = ACCESS_TASKS[answer.processor]
    questions.ask(
        bot,
        session,
        f"task-{answer.id}-{_round(session, answer)}",
        "task",
        "task",
        {
            "case": case.reference,
            "right": WORDS[case.right].dutch,
            "term": work_by(bot, request, case),
            "processor": PROCESSORS[answer.processor][0],
            "steps": list(text.steps),
            "keys": keys_of(found, person.name, person.on_file, text.keys),
            "send_back": text.send_back,
        },
        {"Gedaan": "gedaan", "Niets gevonden": "gedaan, niets gevonden"},
        vault=request_vault(request.id),
        request=request,
        case=case,
        detail={"answer": answer.id},
        work_by=work_by(bot, request, case),
    )


def _round(session: Session, answer: Answer) -> int:
    """How often this answer was asked of staff, this time included: after `niet akkoord` it is asked anew."""
    keys = session.scalars(select(Ask.key).where(Ask.case_id == answer.case_id, Ask.kind == "task"))
    return sum(key.startswith(f"task-{answer.id}-") for key in keys) + 1


def tell_recipients(bot: Bot, session: Session, request: Request, case: Case) -> list[str]:
    """Writes to every processor with a `contact` what was done (AVG art. 19) and gives their names.

    Each letter is tracked to its answer: it is a question to the processor, which staff close with `gedaan`.
    """
    what = TELLS_RECIPIENTS.get(case.right)
    if what is None:
        return []
    person = person_of(bot, request)
    told: list[str] = []
    for name, supplier in bot.settings.processors.items():
        if supplier.contact is None:
            continue
        key = f"recipient-{case.id}-{name}"
        letter = write(
            bot,
            session,
            key,
            "recipient",
            {
                "case": request.reference,
                "processor": PROCESSORS[name][0],
                "what": what,
                "right": WORDS[case.right].dutch,
                "article": WORDS[case.right].article,
                "name": person.name or "niet bekend",
                "address": person.on_file or person.address,
            },
            [supplier.contact],
            vault=request_vault(request.id),
            rank="letter",
            request=request,
            case=case,
        )
        row = Ask(
            key=key,
            code_hash=questions.code_hash(bot, code_of(bot, key)),
            kind="recipient",
            request_id=request.id,
            case_id=case.id,
            staff_letter_id=letter.id,
            detail={"processor": name},
            opened=bot.clock.now(),
        )
        session.add(row)
        session.flush()
        questions.follow_up(session, row, questions.next_morning(bot, bot.clock.now()))
        journal.write(
            session, bot.clock.now(), "recipient told", request=request.reference, case=case.reference, processor=name
        )
        told.append(name)
    return told


def recipient_ask(bot: Bot, session: Session, mail: Mail) -> Ask | None:
    """The open letter to a processor that a mail answers: from its contact, in its thread or with the reference."""
    names = [name for name, supplier in bot.settings.processors.items() if supplier.contact == mail.sender]
    if not names:
        return None
    asks = session.scalars(select(Ask).where(Ask.kind == "recipient", Ask.closed.is_(None)).order_by(Ask.id)).all()
    ids = {*mail.in_reply_to, *mail.references}
    for row in asks:
        if (row.detail or {}).get("processor") not in names:
            continue
        letter = session.get_one(Letter, row.staff_letter_id)
        request = session.get_one(Request, row.request_id)
        if letter.message_id in ids or letter.sent_message_id in ids or request.reference in mail.subject:
            return row
    return None
