"""What is open, as staff see it: the answer to `status`, and the list of like drafts for `akkoord lijst`."""

import csv
import hashlib
import io
from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot import work
from bot.casebook import ledger
from bot.casebook.schema import Ask, Case, Letter, Message, Request
from bot.cases import due_of, findings_of, in_state, work_by
from bot.clock import local_date
from bot.context import Bot
from bot.desk import drafts, questions
from bot.letters import content_of, parts_of, person_of, write
from bot.mail.letter import Attached
from bot.mail.markdown import enclose
from bot.mail.message import Mail
from workflows import machine
from workflows.rights import WORDS

LIST = "list"  # the kind of work that offers a list of like drafts
FEWEST, MOST, SAMPLE = 5, 100, 5  # drafts of one list; how many of them are shown in full
WAITS_FOR = {
    "person": "op de klant",
    "staff": "op u",
    "processor": "op een verwerker",
    "delivery": "of het antwoord aankomt",
    "copy": "op de kopie",
    None: "nergens op",
}


def send(bot: Bot, session: Session, row: Message, mail: Mail) -> None:
    """The answer to `status`: every open case with its term and what it waits for, and what else needs a person."""
    today = local_date(bot.clock.now())
    found = session.execute(
        select(Case, Request).join(Request).where(Case.state != machine.CLOSED).order_by(Request.work_by, Case.id)
    ).all()
    open_doubts = session.scalar(select(func.count()).where(Ask.kind == "sort", Ask.closed.is_(None))) or 0
    unclear = session.scalar(select(func.count()).where(Letter.state == "unclear")) or 0
    polled = ledger.mark(session, "poll")
    lines = [
        {
            "case": case.reference,
            "right": WORDS[case.right].dutch,
            "term": work_by(bot, request, case),
            "waits": WAITS_FOR[machine.state_of(case.state)[1]],
            "overdue": today > due_of(request, case),
        }
        for case, request in found
    ]
    write(
        bot,
        session,
        f"open-{row.id}",
        "open_list",
        {
            "lines": lines,
            "number": len(lines),
            "overdue": sum(bool(line["overdue"]) for line in lines),
            "doubts": open_doubts,
            "unclear": unclear,
            "polled": polled.at if polled else None,
        },
        [mail.sender],
        vault=questions.DESK,
        rank="staff",
        answers=[*mail.references[-10:], mail.message_id] if mail.message_id else (),
    )


# --- like drafts ------------------------------------------------------------------------------------------------------


def offer(bot: Bot, item: work.Item) -> None:
    """Every working morning: offers the drafts that are alike as one list, when there are enough of them."""
    now = bot.clock.now()
    with bot.store.begin() as session:
        work.finish(session, item, now)
        for template, listed in _alike(bot, session).items():
            if len(listed) >= FEWEST:
                _put(bot, session, template, listed[:MOST])
        following = questions.next_morning(bot, now)
        work.enqueue(session, f"{LIST}:{following:%Y-%m-%d}", LIST, 0, following)


def _alike(bot: Bot, session: Session) -> dict[str, list[Letter]]:
    """Drafts of one template with a whole answer, for proven senders on file without an open order.

    Never refusals, partial answers, texts of staff, other addresses, or what needs a second approver.
    """
    found: dict[str, list[Letter]] = {}
    rows = session.execute(
        select(Ask, Letter, Case, Request)
        .join(Letter, Ask.subject_letter_id == Letter.id)
        .join(Case, Letter.case_id == Case.id)
        .join(Request, Case.request_id == Request.id)
        .where(Ask.kind == "approve", Ask.closed.is_(None), Letter.state == "draft")
        .order_by(Letter.id)
    ).all()
    for ask, letter, case, request in rows:
        shape = drafts.shape_of(bot, ask)
        person = person_of(bot, request)
        whole = shape == drafts.Shape() and (ask.detail or {}).get("outcome") == "granted"
        plain = request.identity == "known_address" and person.on_file == person.address
        second = bool((ask.detail or {}).get("first")) or (bot.settings.people.four_eyes and case.right == "erasure")
        if (
            whole
            and plain
            and not second
            and in_state(case, "respond", "staff")
            and not _running(bot, session, request, case)
        ):
            found.setdefault(letter.template, []).append(letter)
    return found


def _running(bot: Bot, session: Session, request: Request, case: Case) -> bool:
    """Whether an order of this person is still under way."""
    records = (record for finding in findings_of(bot, session, request, case) for record in finding.records)
    ended = ("completed", "cancelled")
    return any(
        record.source == "orders" and not str(record.data.get("status") or "").startswith(ended) for record in records
    )


def _put(bot: Bot, session: Session, template: str, listed: Sequence[Letter]) -> None:
    """One list: all with their hashes as CSV, five drawn by the hash of the list in full."""
    digest = questions.list_hash(listed)
    drawn = sorted(listed, key=lambda letter: hashlib.sha256(f"{digest}{letter.id}".encode()).digest())[:SAMPLE]
    lines, terms = [], []
    for letter in listed:
        case = session.get_one(Case, letter.case_id)
        term = work_by(bot, session.get_one(Request, case.request_id), case)
        terms.append(term)
        lines.append((case.reference, WORDS[case.right].dutch, term.isoformat(), letter.draft_hash))
    table = io.StringIO()
    writer = csv.writer(table)
    writer.writerow(("zaak", "recht", "termijn", "concept"))
    writer.writerows(lines)
    shown = [parts_of(content_of(bot, letter)) for letter in drawn]
    ids = [letter.id for letter in listed]
    for older in session.scalars(select(Ask).where(Ask.kind == LIST, Ask.closed.is_(None), Ask.bound_hash != digest)):
        if not set(ids).isdisjoint((older.detail or {}).get("letters", ())):
            questions.close(older, "program", "a newer list", bot.clock.now())
    questions.ask(
        bot,
        session,
        f"list-{digest[:24]}",
        LIST,
        "approve_list",
        {
            "number": len(listed),
            "right": lines[0][1],
            "term": min(terms),
            "draft": digest[:8],
            "letters": [enclose(part.text, part.html) for part in shown],
            "template": template,
        },
        {"Akkoord lijst": "akkoord lijst"},
        vault=questions.DESK,
        bound=digest,
        detail={"letters": ids},
        work_by=min(terms),
        attachments=[Attached("lijst.csv", "text/csv", ("\ufeff" + table.getvalue()).encode())],
    )
