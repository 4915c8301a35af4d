"""Letters to the person: what each one says in a case. The words are in `templates/nl/`."""

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.casebook.schema import Case, Letter, Request
from bot.clock import local_date
from bot.context import Bot
from bot.letters import Person, request_vault, write
from bot.mail.letter import Attached
from bot.processors.base import Finding
from bot.processors.export import build_copy, table_of_contents
from bot.processors.labels import PROCESSORS
from workflows.rights import RIGHTS, WORDS

ANSWERS = {
    letters.granted: "granted" for letters in (right.letters for right in RIGHTS.values()) if letters.granted
} | {"refused": "refused", "nothing_found": "nothing_found"}
"""The letters that end a case, with the outcome that each stands for."""


def receipt(bot: Bot, session: Session, request: Request, case: Case, person: Person) -> Letter:
    """The receipt: what was understood, until when, and what happens next (EDPB 01/2022 §57)."""
    right = RIGHTS[case.right]
    return write(
        bot,
        session,
        f"receipt-{case.id}",
        right.letters.receipt,
        {
            "name": person.name or "heer of mevrouw",
            "case": request.reference,
            "right": WORDS[case.right].dutch,
            "meaning": WORDS[case.right].wish,
            "received": local_date(request.received),
            "binding": request.binding,
        },
        [person.on_file],
        vault=request_vault(request.id),
        rank="receipt",
        request=request,
        case=case,
        thread=person,
    )


def answer(
    bot: Bot, session: Session, request: Request, case: Case, person: Person, found: Sequence[Finding]
) -> tuple[Letter, tuple[str, ...]]:
    """The draft that answers a case, and the table of contents of its copy for staff."""
    right = RIGHTS[case.right]
    something = any(finding.records for finding in found)
    template = right.letters.granted if something else right.letters.nothing
    now = bot.clock.now()
    round_ = (
        session.scalar(select(func.count()).where(Letter.case_id == case.id, Letter.template == template)) or 0
    ) + 1
    copy = build_copy(found, person.name or person.on_file, case.reference, now) if something else ()
    letter = write(
        bot,
        session,
        f"answer-{case.id}-{template}-{round_}",
        template,
        {
            "name": person.name or "heer of mevrouw",
            "case": request.reference,
            "received": local_date(request.received),
            "binding": request.binding,
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
        },
        [person.on_file],
        vault=request_vault(request.id),
        rank="letter",
        request=request,
        case=case,
        thread=person,
        attachments=[Attached(file.name, file.type, file.content) for file in copy],
    )
    return letter, tuple(str(line) for line in table_of_contents(found)) if something else ()
