"""Drafts: from the answers of the processors to a letter that staff approve, and the new drafts that their words make.

`weiger`, `deels`, `zonder` and `tekst:` never send: each makes a new draft, which is shown and approved anew. What
staff asked of a draft is its shape; shapes add up, so that `zonder 3` and then `tekst: …` keeps both.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import correspondence
from bot.casebook.schema import Ask, Case, Letter, Request
from bot.cases import advance, all_answered, answers_of, findings_of, in_state
from bot.context import Bot
from bot.desk import questions, tasks
from bot.letters import person_of, request_vault
from bot.processors.export import CopyTooLarge

OTHERS = (
    "De onderdelen die wij hebben weggelaten, gaan ook over iemand anders. Gegevens van anderen mogen wij niet geven "
    "(AVG artikel 15 lid 4)."
)


@dataclass(frozen=True, slots=True)
class Shape:
    """What staff asked of a draft: another kind of answer, a reason, items left out, a text of their own."""

    kind: str = ""  # "", refused, partly
    reason: str = ""
    without: tuple[int, ...] = ()
    text: str = ""


def progress(bot: Bot, session: Session, request: Request, case: Case) -> None:
    """Moves a case that collects: tasks for staff once the programs have answered, a draft once everybody has."""
    if not in_state(case, "collect") or case.state == "collect.person" or _led_by_staff(session, case):
        return
    waiting = {answer.processor for answer in answers_of(session, case) if answer.answer == "pending"}
    if waiting - set(tasks.by_staff(bot)):
        return
    if tasks.open_tasks(bot, session, request, case) and case.state == "collect.processor":
        advance(bot, session, case, "task_opened")
    if not all_answered(session, case):
        return
    if case.state == "collect.staff":
        advance(bot, session, case, "task_done")
    put(bot, session, request, case, Shape())


def _led_by_staff(session: Session, case: Case) -> bool:
    """Whether staff took the case over: then the program makes no draft, whoever still answers."""
    held = select(Ask.id).where(Ask.case_id == case.id, Ask.kind == "taken", Ask.closed.is_(None)).limit(1)
    return session.scalar(held) is not None


def put(bot: Bot, session: Session, request: Request, case: Case, shape: Shape) -> None:
    """Composes the answer of a case in this shape and puts it to staff, bound to its hash."""
    person = person_of(bot, request)
    found = findings_of(bot, session, request, case)
    try:
        composed = correspondence.answer(
            bot, session, request, case, person, found,
            kind=shape.kind, reason=shape.reason, without=shape.without, own_text=shape.text,
        )  # fmt: skip
    except CopyTooLarge as large:
        if case.state == "collect.processor":
            advance(bot, session, case, "task_opened")
        questions.by_hand(bot, session, request, case, person, str(large), led=False)
        return
    if shape.kind == "refused":
        advance(bot, session, case, "refusal_ready", reason=bool(shape.reason))
    else:
        advance(bot, session, case, "draft_ready", all_answered=all_answered(session, case))
    questions.to_approve(
        bot,
        session,
        request,
        case,
        person,
        composed.letter,
        found,
        composed.contents,
        declined=_last_reason(bot, session, case),
        detail={
            "outcome": composed.outcome,
            "left_out": len(shape.without),
            "shape": questions.keep(bot, request_vault(request.id), _packed(shape)),
        },
    )


def reshape(bot: Bot, session: Session, ask: Ask, **changes: Any) -> None:
    """A new draft in the old one's shape with these changes; the old draft and its code are spent."""
    letter = session.get_one(Letter, ask.subject_letter_id)
    case = session.get_one(Case, ask.case_id)
    request = session.get_one(Request, case.request_id)
    shape = shape_of(bot, ask)
    if "without" in changes:
        changes["without"] = tuple(sorted({*shape.without, *changes["without"]}))
    withdraw(bot, letter, "Superseded")
    put(bot, session, request, case, replace(shape, **changes))


def withdraw(bot: Bot, letter: Letter, why: str) -> None:
    """A draft that will not leave: another took its place, or staff said no."""
    letter.state, letter.error, letter.changed = "refused", why, bot.clock.now()


def shape_of(bot: Bot, ask: Ask) -> Shape:
    """The shape of the draft that a question is about."""
    kept = (ask.detail or {}).get("shape")
    if kept is None or ask.request_id is None:
        return Shape()
    tree: Mapping[str, Any] = json.loads(questions.kept(bot, request_vault(ask.request_id), kept))
    return Shape(**{**tree, "without": tuple(tree["without"])})


def _packed(shape: Shape) -> str:
    return json.dumps(asdict(shape), ensure_ascii=False)


def outcome_of(session: Session, letter: Letter) -> str:
    """The outcome that an answer stands for, as its approved question says."""
    ask = session.scalar(
        select(Ask).where(Ask.subject_letter_id == letter.id, Ask.kind == "approve").order_by(Ask.id.desc()).limit(1)
    )
    outcome = (ask.detail or {}).get("outcome") if ask is not None else None
    return str(outcome or "granted")


def _last_reason(bot: Bot, session: Session, case: Case) -> str:
    """Why staff said no to the draft before, "" when they did not."""
    last = session.scalar(
        select(Ask)
        .where(Ask.case_id == case.id, Ask.kind == "approve", Ask.closed.is_not(None))
        .order_by(Ask.id.desc())
        .limit(1)
    )
    if last is None or last.outcome != "niet akkoord" or not (last.detail or {}).get("reason"):
        return ""
    return questions.kept(bot, request_vault(case.request_id), (last.detail or {})["reason"])
