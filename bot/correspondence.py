"""Letters to the person: what each one says in a case. The words are in `templates/nl/`."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.casebook.schema import Case, Letter, Request
from bot.cases import answers_of
from bot.clock import local_date
from bot.context import Bot
from bot.letters import Person, request_vault, write
from bot.mail.letter import Attached
from bot.processors.base import Finding
from bot.processors.export import CopyFile, build_copy, items_of, table_of_contents
from bot.processors.labels import PROCESSORS
from workflows.rights import RIGHTS, WORDS

ENDING = frozenset(
    {"refused", "nothing_found", "partly_granted", "own_text"} | {right.letters.granted for right in RIGHTS.values()}
)
"""The letters that answer a case; the outcome stands with the question that approved them."""
NAMELESS = "heer of mevrouw"


@dataclass(frozen=True, slots=True)
class Composed:
    """A draft: its row, the table of contents of its copy for staff, and the outcome that it stands for."""

    letter: Letter
    contents: tuple[str, ...]
    outcome: str


def _common(request: Request, case: Case, person: Person) -> dict[str, Any]:
    """What every letter to a person may say."""
    return {
        "name": person.name or NAMELESS,
        "case": request.reference,
        "right": WORDS[case.right].dutch,
        "received": local_date(request.received),
        "binding": request.binding,
    }


def _write(
    bot: Bot, session: Session, key: str, template: str, values: dict[str, Any], to: str, rank: str,
    request: Request, case: Case, person: Person, copy: Sequence[CopyFile] = (),
) -> Letter:  # fmt: skip
    return write(
        bot,
        session,
        key,
        template,
        {**_common(request, case, person), **values},
        [to],
        vault=request_vault(request.id),
        rank=rank,
        request=request,
        case=case,
        thread=person,
        attachments=[Attached(file.name, file.type, file.content) for file in copy],
    )


def receipt(bot: Bot, session: Session, request: Request, case: Case, person: Person) -> Letter:
    """The receipt: what was understood, until when, and what happens next (EDPB 01/2022 §57)."""
    values = {"meaning": WORDS[case.right].wish}
    template = RIGHTS[case.right].letters.receipt
    return _write(
        bot, session, f"receipt-{case.id}", template, values, person.on_file, "receipt", request, case, person
    )


def answer(
    bot: Bot,
    session: Session,
    request: Request,
    case: Case,
    person: Person,
    found: Sequence[Finding],
    *,
    kind: str = "",
    reason: str = "",
    without: Collection[int] = (),
    own_text: str = "",
) -> Composed:
    """The draft that answers a case. `kind` is refused or partly when staff said so; `own_text` replaces the words.

    Raises ValueError for an unknown number in `without`, CopyTooLarge.
    """
    right = RIGHTS[case.right]
    something = any(finding.records for finding in found)
    outcome = "refused" if kind == "refused" else "nothing_found" if not something else "partly" if kind else "granted"
    template = {
        "refused": "refused",
        "nothing_found": right.letters.nothing,
        "partly": "partly_granted",
        "granted": right.letters.granted,
    }[outcome]
    copy: tuple[CopyFile, ...] = ()
    if outcome in ("granted", "partly"):
        copy = build_copy(found, person.name or person.on_file, case.reference, bot.clock.now(), without)
    earlier = session.scalar(select(func.count()).where(Letter.case_id == case.id, Letter.template.in_(ENDING))) or 0
    values: dict[str, Any] = {
        "address": person.on_file,
        "searched": [PROCESSORS[finding.processor][0] for finding in found],
        "found": [
            {
                "processor": PROCESSORS[finding.processor][0],
                "categories": sorted({record.category for record in finding.records}),
                "number": len(finding.records),
            }
            for finding in found
            if finding.records
        ],
        "files": [file.name for file in copy],
        "reason": reason,
        "article": f"artikel 12 en artikel {WORDS[case.right].article} van de AVG",
        "instead": "",
        "left_out": _left_out(found, without),
        "text": own_text,
    }
    letter = _write(
        bot, session, f"answer-{case.id}-{earlier + 1}", "own_text" if own_text else template, values,
        person.on_file or person.address, "letter", request, case, person, copy,
    )  # fmt: skip
    contents = tuple(str(line) for line in table_of_contents(found, without)) if copy else ()
    return Composed(letter, contents, outcome)


def _left_out(found: Sequence[Finding], without: Collection[int]) -> list[dict[str, Any]]:
    """What a partial answer holds back, counted by processor and category (AVG art. 12(4))."""
    counted = Counter(
        (PROCESSORS[item.processor][0], item.record.category.lower())
        for item in items_of(found)
        if item.number in without
    )
    return [
        {"processor": processor, "category": category, "number": number}
        for (processor, category), number in counted.items()
    ]


def extension(
    bot: Bot, session: Session, request: Request, case: Case, person: Person, reason: str, round_: int
) -> Letter:
    """The notice that the answer takes longer, with the reason and the new date (AVG art. 12(3)); staff approve it."""
    searched = [one.processor for one in answers_of(session, case) if one.answer in ("found", "nothing")]
    values = {
        "reason": reason,
        "extended": request.extended_due,
        "searched": [PROCESSORS[processor][0] for processor in searched],
    }
    to = person.on_file or person.address
    return _write(
        bot, session, f"extension-{case.id}-{round_}", "extension", values, to, "urgent", request, case, person
    )


def withdrawn(bot: Bot, session: Session, request: Request, case: Case, person: Person) -> Letter:
    """The confirmation that a request was taken back."""
    to = person.on_file or person.address
    return _write(bot, session, f"withdrawn-{case.id}", "withdrawn", {}, to, "letter", request, case, person)


def not_identified(bot: Bot, session: Session, request: Request, case: Case, person: Person) -> Letter:
    """The closing letter when nobody can tell who is asking: nothing of substance, with every way onward."""
    return _write(
        bot, session, f"not-identified-{case.id}", "not_identified", {}, person.address, "letter", request, case, person
    )
