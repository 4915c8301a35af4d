"""Requests and cases in the case book: look them up, number them, move them by the machine."""

from collections.abc import Collection
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.casebook import journal
from bot.casebook.schema import Answer, Case, Request
from bot.context import Bot
from bot.letters import request_vault
from bot.processors import export
from bot.processors.base import Finding
from workflows import machine
from workflows.terms import add_working_days

IDENTIFY, COLLECT, WATCH, FILE, OPEN, ASK = "identify", "collect", "watch", "file", "open", "ask"
"""Kinds of work about requests; `bot/handling.py` says what each does."""


def next_reference(session: Session, year: int) -> str:
    """The next free reference of a year: `LES-2026-0042`."""
    prefix = f"LES-{year}-"
    last = session.scalar(
        select(Request.reference).where(Request.reference.startswith(prefix)).order_by(Request.id.desc()).limit(1)
    )
    return f"{prefix}{int(last.removeprefix(prefix)) + 1 if last else 1:04d}"


def cases_of(session: Session, request: Request) -> list[Case]:
    """The cases of a request, in their order."""
    return list(session.scalars(select(Case).where(Case.request_id == request.id).order_by(Case.id)))


def advance(bot: Bot, session: Session, case: Case, trigger: str, **facts: str | bool) -> None:
    """Moves a case by one trigger of the machine and journals it with the facts that its gate asked for.

    Facts are never personal. Raises IllegalTransition.
    """
    now = bot.clock.now()
    request = session.get_one(Request, case.request_id)
    before = case.state
    case.state = machine.advance(case.state, trigger, **facts)
    case.changed = now
    if in_state(case, "closed"):
        case.closed = now
    elif case.closed is not None:
        case.closed, case.outcome = None, None
    journal.write(
        session, now, trigger, request=request.reference, case=case.reference, before=before, after=case.state, **facts
    )


def due_of(request: Request, case: Case) -> date:
    """The last day of the answer: three months after receipt once an extension left in time (AVG art. 12(3))."""
    return request.extended_due if case.extended else request.binding


def work_by(bot: Bot, request: Request, case: Case) -> date:
    """The last day on which the shop works before that, the date that staff see."""
    if not case.extended:
        return request.work_by
    return add_working_days(request.extended_due + timedelta(days=1), -1, bot.settings.people.closed_days)


def in_state(case: Case, state: str, waiting: str | None = "any") -> bool:
    """Whether a case is in a state of CONTRACTS.md, and there waiting for something if named."""
    now, what = machine.state_of(case.state)
    return now == state and (waiting == "any" or what == waiting)


def answers_of(session: Session, case: Case) -> list[Answer]:
    """What each processor answered in a case, in the order of asking."""
    return list(session.scalars(select(Answer).where(Answer.case_id == case.id).order_by(Answer.id)))


def findings_of(bot: Bot, session: Session, request: Request, case: Case) -> tuple[Finding, ...]:
    """The findings in those answers, decrypted. Raises KeyDestroyed after an erasure."""
    return tuple(
        export.unpack_finding(bot.vault.decrypt(request_vault(request.id), one.content, about=f"answer:{one.id}"))
        for one in answers_of(session, case)
        if one.content is not None
    )


def keep_finding(bot: Bot, request: Request, answer: Answer, finding: Finding) -> None:
    """Stores a finding under the request's own key."""
    answer.answer, answer.since = finding.answer, bot.clock.now()
    answer.content = bot.vault.encrypt(
        request_vault(request.id), export.pack_finding(finding), about=f"answer:{answer.id}"
    )


def all_answered(session: Session, case: Case, open_answers: Collection[str] = ("pending", "task")) -> bool:
    """Whether every processor has an answer, "nothing found" included."""
    return all(answer.answer not in open_answers for answer in answers_of(session, case))
