"""Silence of staff: the deputy after one working day, reminders before the day by which the answer must be ready,
then every day, with management; a doubtful mail is handled as its likeliest right after two working days.

Nothing leaves unapproved because time ran out: what is late is overdue, shown, and counted as missed.
"""

from datetime import date, timedelta

from sqlalchemy.orm import Session

from bot import work
from bot.casebook import journal
from bot.casebook.schema import Ask, Case, Letter, Message, Request
from bot.cases import OPEN, due_of
from bot.clock import local_date
from bot.context import Bot
from bot.desk import questions, tasks
from bot.desk.commands import RIGHTS as RIGHT_WORDS
from bot.letters import content_of, copy_to, parts_of, request_vault, write
from workflows.rights import WORDS
from workflows.terms import is_working_day, reminders

ASSUMED_AFTER = 2  # working days until a doubtful mail is handled as its likeliest right
MANAGEMENT_AFTER = 3  # working days without any answer until management is told
REMINDED = {
    "approve": "een concept goedkeuren",
    "extension": "een uitstelbrief goedkeuren",
    "failed": "nagaan of een brief is aangekomen",
    "sort": "zeggen wat een e-mail vraagt",
    "backlog": "de lijst van de eerste start goedkeuren",
    "by-hand": "een verzoek zelf behandelen",
    "taken": "een verzoek behandelen dat u hebt overgenomen",
    "task": "gegevens opzoeken",
    "recipient": "nagaan of een verwerker heeft geantwoord",
    "joined": "een bericht van een klant lezen",
    "probe": "op de proefmail antwoorden",
    "breach": "een datalek beoordelen",
    "list": "een lijst concepten goedkeuren",
}


def working_days_between(first: date, last: date, closed: list[date]) -> int:
    """Working days after `first`, up to and including `last`."""
    days = (first + timedelta(days=number) for number in range(1, (last - first).days + 1))
    return sum(is_working_day(day, closed) for day in days)


def look(bot: Bot, item: work.Item) -> None:
    """Looks at one open question: what its silence asks for today, and when to look again."""
    now = bot.clock.now()
    today = local_date(now)
    closed = bot.settings.people.closed_days
    with bot.store.begin() as session:
        work.finish(session, item, now)
        row = session.get_one(Ask, item.ref)
        if row.closed is None and _is_moot(session, row):
            questions.close(row, "program", "no longer asked", now)
        if row.closed is not None:
            return
        silent = working_days_between(local_date(row.opened), today, closed)
        if row.kind == "sort" and silent >= ASSUMED_AFTER and _assume(bot, session, row):
            return
        _follow(bot, session, row, silent, today)
        late = row.work_by is not None and today >= row.work_by
        questions.follow_up(session, row, questions.next_morning(bot, now, any_day=late))


def _is_moot(session: Session, row: Ask) -> bool:
    """Whether the drafts that a question is about are decided already."""
    listed = (row.detail or {}).get("letters", ()) if row.kind == "list" else ()
    about = listed or ([row.subject_letter_id] if row.kind in ("approve", "extension") else [])
    return bool(about) and not any(session.get_one(Letter, one).state == "draft" for one in about)


def _follow(bot: Bot, session: Session, row: Ask, silent: int, today: date) -> None:
    people = bot.settings.people
    facts = dict(row.detail or {})
    original = session.get_one(Letter, row.staff_letter_id)
    asked = [address for address in parts_of(content_of(bot, original)).addresses if address in people.staff]
    asked = asked or people.staff[:1]
    first = facts.get("first")  # whoever gave the first akkoord is no deputy for the second
    others = [one for number, one in enumerate(people.staff, 1) if one not in asked and number != first]
    deputies = others[:1] if silent >= 1 else []
    if row.kind != "recipient":
        for deputy in deputies:
            copy_to(bot, session, original, [deputy], rank="staff")
    chased = row.kind in ("task", "recipient") and silent - int(facts.get("chased", 0)) >= tasks.CHASED_EVERY
    near = row.work_by is not None and (today in reminders(row.work_by, people.closed_days) or today >= row.work_by)
    told = silent >= MANAGEMENT_AFTER and row.kind != "recipient" and not facts.get("told")
    if not (chased or near or told):
        return
    urgent = row.work_by is not None and today >= reminders(row.work_by, people.closed_days)[1]
    to = [*asked, *deputies]
    if chased:
        facts["chased"] = silent
    if urgent or told:
        to += people.management
        facts["told"] = True
    row.detail = facts
    remind(bot, session, row, today, to)


def remind(bot: Bot, session: Session, row: Ask, today: date, to: list[str]) -> None:
    """One reminder of one question to these people, with the same code, at most once a day."""
    case = session.get(Case, row.case_id) if row.case_id else None
    request = session.get(Request, row.request_id) if row.request_id else None
    message = session.get(Message, row.message_id) if row.message_id else None
    original = session.get_one(Letter, row.staff_letter_id)
    due = due_of(request, case) if request and case else (request.binding if request else None)
    write(
        bot,
        session,
        f"remind-{row.id}-{today}",
        "reminder",
        {
            "what": REMINDED[row.kind],
            "case": case.reference if case else (request.reference if request else ""),
            "right": WORDS[case.right].dutch if case else "",
            "asked": local_date(row.opened),
            "term": row.work_by,
            "draft": (row.bound_hash or "")[:8],
            "binding": due,
            "overdue": due is not None and today > due,
            "late": row.work_by is not None and today >= row.work_by,
            "received": message.received if message else None,
            **questions.with_buttons(bot, row.key, BUTTONS.get(row.kind, {})),
        },
        to,
        vault=request_vault(request.id) if request else questions.DESK,
        rank="alarm",
        request=request,
        case=case,
        answers=[original.sent_message_id or original.message_id],
    )
    journal.write(
        session, bot.clock.now(), "staff reminded", request=request.reference if request else None,
        case=case.reference if case else None, question=row.kind, people=len(to),
    )  # fmt: skip


BUTTONS = {
    "approve": {"Akkoord": "akkoord", "Niet akkoord": "niet akkoord "},
    "extension": {"Akkoord": "akkoord", "Niet akkoord": "niet akkoord "},
    "backlog": {"Akkoord": "akkoord", "Niet akkoord": "niet akkoord "},
    "failed": {"Gedaan": "gedaan", "Nieuw concept": "niet akkoord "},
    "sort": {"Privacyverzoek": "soort: ", "Geen privacyverzoek": "geen privacyverzoek"},
    "by-hand": {"Gedaan": "gedaan"},
    "taken": {"Gedaan": "gedaan", "Teruggeven": "teruggeven"},
    "task": {"Gedaan": "gedaan", "Niets gevonden": "gedaan, niets gevonden"},
    "recipient": {"Gedaan": "gedaan"},
    "joined": {"Gedaan": "gedaan"},
    "breach": {"Gemeld": "gemeld ", "Niet melden": "niet melden "},
    "list": {"Akkoord lijst": "akkoord lijst"},
}


def _assume(bot: Bot, session: Session, row: Ask) -> bool:
    """Opens a doubtful mail as its likeliest right, so that its sender gets a receipt; False when none is likely."""
    message = session.get_one(Message, row.message_id)
    facts = dict(message.verdict or {})
    rights = list(facts.get("rights") or [])
    if not rights:
        first = next(iter(facts.get("guesses") or []), "")
        rights = [RIGHT_WORDS[word] for word in first.split(", ") if word in RIGHT_WORDS]
    if not rights:
        return False
    now = bot.clock.now()
    message.verdict = {**facts, "kind": "request", "rights": rights, "certain": True, "assumed": True}
    questions.close(row, "program", "silence", now)
    work.enqueue(session, f"{OPEN}:{message.id}", OPEN, message.id, now)
    people = bot.settings.people
    write(
        bot,
        session,
        f"assumed-{row.id}",
        "assumed",
        {"rights": [WORDS[right].dutch for right in rights], "received": message.received},
        [*people.staff[:2], *people.management],
        vault=questions.DESK,
        rank="staff",
    )
    journal.write(session, now, "doubt handled as its likeliest right", message=message.id, rights=", ".join(rights))
    return True
