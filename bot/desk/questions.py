"""Mails to staff that ask one thing: what it is, what to answer, and by when. Each question has its own code."""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot import work
from bot.casebook import journal, ledger
from bot.casebook.schema import Ask, Case, Letter, Message, Request
from bot.cases import COLLECT, FILE, IDENTIFY, WATCH, cases_of, work_by
from bot.clock import AMSTERDAM, local_date
from bot.context import Bot
from bot.letters import Person, address_hash, code_of, content_of, parts_of, person_of, request_vault, write
from bot.mail.letter import Attached, mailto
from bot.mail.markdown import enclose
from bot.mail.message import Mail
from bot.mail.reply import Reply
from bot.processors.base import Finding
from bot.processors.labels import PROCESSORS
from bot.sorting.verdict import Verdict
from workflows.rights import RIGHTS, WORDS
from workflows.terms import is_working_day, terms

REMIND = "remind"  # the kind of work that follows up silence
DESK = "desk"  # the owner of the key of mails that belong to no request
BACKLOG = "received before the first start"
NO_REQUEST = "geen privacyverzoek"
BREACH_WITHIN = timedelta(hours=72)  # AVG art. 33(1); counted from receipt
MOST_TOLD = 10  # mails of one day that tell one of the staff why nothing was done
SHOWN = 4_000  # characters of a mail that staff see; the whole is in the mailbox
KIND_WORDS = {
    "privacy_question": "vraag", "complaint": "klacht", "breach_report": "datalek", "not_privacy": NO_REQUEST,
    "automatic": NO_REQUEST,
}  # fmt: skip
KIND_SENTENCES = {
    "privacy_question": "een vraag over privacy",
    "complaint": "een klacht over privacy",
    "breach_report": "een melding van een datalek",
}
IDENTITY_WORDS = {
    "none": "nog niet",
    "known_address": "het adres staat in onze administratie en de afzender is bewezen",
    "loop": "de vraag aan het bekende adres is met ja beantwoord",
    "facts": "de afzender wist twee feiten over een bestelling",
    "shielded_id": "een medewerker zag een afgeschermd identiteitsbewijs",
    "staff": "een medewerker heeft het gecontroleerd",
}
ANSWER_WORDS = {
    "found": "gevonden",
    "nothing": "niets gevonden",
    "done": "gedaan",
    "kept": "bewaard",
    "impossible": "niet mogelijk",
    "task": "ligt bij een medewerker",
    "pending": "nog geen antwoord",
}
OUTCOME_WORDS = {
    "granted": "wij geven alles",
    "partly": "wij geven een deel",
    "refused": "wij weigeren",
    "nothing_found": "wij hebben niets gevonden",
}
FOLDER_WORDS = {"inbox": "Postvak IN", "junkemail": "Ongewenste e-mail", "deleteditems": "Verwijderde items"}
AUDIENCE_WORDS = {
    "subject": "de klant",
    "staff": "de medewerkers",
    "management": "de directie",
    "recipient": "een ontvanger",
}
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
    bound: str | None = None,
    detail: dict[str, Any] | None = None,
    work_by: date | None = None,
    not_before: datetime | None = None,
    to: Sequence[str] = (),
    attachments: Sequence[Attached] = (),
) -> Ask:
    """Opens a question and writes the mail that puts it to the first of the staff, or to `to`.

    `words` are the buttons: what stands on them and the command that they fill in. `letter` is the draft that the
    question is about: the code is bound to its hash (or to `bound`) and dies with it. Silence is followed up.
    """
    present = session.scalar(select(Ask).where(Ask.key == key))
    if present is not None:
        return present
    row = Ask(
        key=key,
        code_hash=code_hash(bot, code_of(bot, key)),
        kind=kind,
        request_id=request.id if request else None,
        case_id=case.id if case else None,
        message_id=message.id if message else None,
        subject_letter_id=letter.id if letter else None,
        bound_hash=letter.draft_hash if letter else bound,
        detail=detail,
        work_by=work_by,
        opened=not_before or bot.clock.now(),
    )
    session.add(row)
    session.flush()
    mail = write(
        bot,
        session,
        key,
        template,
        {**values, **with_buttons(bot, key, words)},
        to or [bot.settings.people.staff[0]],
        vault=vault,
        rank=rank,
        request=request,
        case=case,
        attachments=attachments,
        not_before=not_before,
    )
    row.staff_letter_id = mail.id
    session.flush()
    follow_up(session, row, next_morning(bot, row.opened))
    return row


def follow_up(session: Session, row: Ask, due: datetime) -> None:
    """Has silence on a question looked at then (`bot/desk/silence.py`)."""
    work.enqueue(session, f"{REMIND}:{row.id}:{due:%Y-%m-%d}", REMIND, row.id, due)


def with_buttons(bot: Bot, key: str, words: Mapping[str, str]) -> dict[str, Any]:
    """The code of a question and its buttons, as its mails show them."""
    code = f"#{code_of(bot, key)}"
    buttons = [
        {"label": label, "url": mailto(bot.address, f"{label} {code}", command)} for label, command in words.items()
    ]
    return {"code": code, "buttons": buttons}


def next_morning(bot: Bot, after: datetime, *, any_day: bool = False) -> datetime:
    """09:00 of the next working day (or the next day) in Amsterdam: when silence is looked at."""
    day = after.astimezone(AMSTERDAM).date() + timedelta(days=1)
    while not any_day and not is_working_day(day, bot.settings.people.closed_days):
        day += timedelta(days=1)
    return datetime.combine(day, BUNDLES[0], AMSTERDAM)


def close(ask_row: Ask, by: str, outcome: str, now: datetime) -> None:
    """Spends the code."""
    ask_row.closed, ask_row.closed_by, ask_row.outcome = now, by, outcome


# --- the questions ----------------------------------------------------------------------------------------------------


def to_sort(
    bot: Bot,
    session: Session,
    row: Message,
    mail: Mail,
    reply: Reply,
    verdict: Verdict,
    *,
    at_once: bool,
    received: datetime | None = None,
) -> None:
    """A doubtful mail: the guess, the reasons, and the words to answer with. Bundled, unless it cannot wait."""
    people = bot.settings.people
    dates = terms(local_date(received or row.received), people.closed_days)
    guesses = [guess for guess in verdict.guesses if guess != NO_REQUEST] or [_word_of(verdict)]
    words = {f"{guess[:1].upper()}{guess[1:]}": f"soort: {guess}" for guess in guesses[:2]}
    ask(
        bot,
        session,
        f"sort-{row.id}",
        "sort",
        "question",
        {
            "guess": _guess_in_words(verdict),
            "reasons": list(verdict.reasons),
            "received": received or row.received,
            "term": dates.work_by,
            "sender": f"{mail.from_name} <{mail.sender}>" if mail.from_name else (mail.sender or "onbekend"),
            "subject": mail.subject or "(geen onderwerp)",
            "text": (reply.own_text or mail.text)[:SHOWN] or "(geen tekst)",
            "attachments": [attachment.name or attachment.type for attachment in mail.attachments],
        },
        {**words, "Geen privacyverzoek": "geen privacyverzoek"},
        vault=f"message:{row.id}",
        rank="alarm" if at_once else "staff",
        message=row,
        work_by=dates.work_by,
        not_before=None if at_once else next_bundle(bot),
        to=[people.staff[0], *people.management] if verdict.kind == "breach_report" else (),
    )


def _word_of(verdict: Verdict) -> str:
    """A verdict as the staff command `soort:` names it."""
    if verdict.rights:
        return ", ".join(WORDS[right].dutch for right in verdict.rights)
    return KIND_WORDS.get(verdict.kind, "vraag")


def _guess_in_words(verdict: Verdict) -> str:
    if verdict.kind == "request":
        return f"een privacyverzoek: {_word_of(verdict)}"
    return KIND_SENTENCES.get(verdict.kind, "geen privacyverzoek")


def to_approve(
    bot: Bot,
    session: Session,
    request: Request,
    case: Case,
    person: Person,
    letter: Letter,
    found: Sequence[Finding],
    contents: Sequence[str],
    declined: str = "",
    *,
    detail: dict[str, Any] | None = None,
    to: Sequence[str] = (),
    suffix: str = "",
) -> None:
    """A draft to approve, bound to its hash: what, for whom, by when, and the letter word for word."""
    parts = parts_of(content_of(bot, letter))
    facts = detail or {}
    ask(
        bot,
        session,
        f"approve-{letter.id}{suffix}",
        "approve",
        "approve",
        {
            "case": case.reference,
            "right": WORDS[case.right].dutch,
            "term": work_by(bot, request, case),
            "draft": letter.draft_hash[:8],
            "name": person.name or person.on_file,
            "recipient": person.on_file,
            "identity": IDENTITY_WORDS[request.identity],
            "outcome": OUTCOME_WORDS[str(facts.get("outcome", "granted"))],
            "processors": [
                {"name": PROCESSORS[one.processor][0], "answer": ANSWER_WORDS[one.answer],
                 "number": len(one.records), "remark": one.remark}
                for one in found
            ],
            "declined": declined,
            "second": bool(facts.get("first")),
            "unasked": [words[0] for name, words in PROCESSORS.items() if name not in {one.processor for one in found}],
            "contents": list(contents),
            "complete": facts.get("outcome") == "partly" and not facts.get("left_out"),
            "letter": enclose(parts.text, parts.html),
        },
        {"Akkoord": "akkoord", "Niet akkoord": "niet akkoord "},
        vault=request_vault(request.id),
        request=request,
        case=case,
        letter=letter,
        detail=detail,
        work_by=work_by(bot, request, case),
        to=to,
    )  # fmt: skip


def by_hand(
    bot: Bot, session: Session, request: Request, case: Case, person: Person, why: str, *, led: bool | None = None
) -> None:
    """A request that the program does not lead by itself: staff check the sender, or answer it themselves."""
    led = case.right in RIGHTS if led is None else led
    words = {"Geverifieerd": "geverifieerd "} if led else {}
    before = select(func.count()).where(Ask.case_id == case.id, Ask.kind == "by-hand", Ask.closed.is_not(None))
    ask(
        bot,
        session,
        f"by-hand-{case.id}-{session.scalar(before)}",
        "by-hand",
        "by_hand",
        {
            "case": case.reference,
            "right": WORDS[case.right].dutch,
            "term": work_by(bot, request, case),
            "received": request.received,
            "why": why,
            "sender": f"{person.name} <{person.address}>" if person.name else person.address,
            "led": led,
        },
        {**words, "Gedaan": "gedaan", "Ingetrokken": "ingetrokken"},
        vault=request_vault(request.id),
        request=request,
        case=case,
        work_by=work_by(bot, request, case),
    )


def list_backlog(bot: Bot) -> None:
    """The first start: what was found, as one list that `akkoord` opens. Made once, after the first poll."""
    now = bot.clock.now()
    with bot.store.begin() as session:
        if ledger.mark(session, "backlog") is not None:
            return
        found = select(Message.id).where(Message.disposition == "staff-question", Message.reason == BACKLOG)
        ids = list(session.scalars(found.order_by(Message.received, Message.id)))
        ledger.set_mark(session, "backlog", str(len(ids)), now)
        if ids:
            backlog(bot, session, ids, 0)


def backlog(bot: Bot, session: Session, ids: Sequence[int], before: int) -> None:
    """Puts such a list to staff; `before` is the question that this list takes the place of, 0 for the first."""
    closed = bot.settings.people.closed_days
    today = local_date(bot.clock.now())
    rows = [session.get_one(Message, one) for one in ids]
    lines = []
    for number, row in enumerate(rows, 1):
        facts = row.verdict or {}
        dates = terms(local_date(row.received), closed)
        lines.append(
            {
                "number": number,
                "what": _fact_words(facts),
                "received": local_date(row.received),
                "binding": dates.binding,
                "overdue": dates.binding < today,
                "sure": facts.get("kind") == "request" and bool(facts.get("certain")),
            }
        )
    if not lines:
        return
    ask(
        bot,
        session,
        f"backlog-{before}",
        "backlog",
        "backlog",
        {
            "lines": lines,
            "number": len(lines),
            "requests": sum(bool(line["sure"]) for line in lines),
            "overdue": sum(bool(line["overdue"]) for line in lines),
        },
        {"Akkoord": "akkoord", "Niet akkoord": "niet akkoord "},
        vault=DESK,
        rank="alarm",
        detail={"messages": list(ids)},
        work_by=min(terms(local_date(row.received), closed).work_by for row in rows),
    )


def _fact_words(facts: Mapping[str, Any]) -> str:
    """What a mail of the list is, in words that name nobody."""
    if facts.get("rights"):
        words = ", ".join(WORDS[right].dutch for right in facts["rights"] if right in WORDS)
        return words if facts.get("certain") else f"{words}?"
    return KIND_WORDS.get(str(facts.get("kind")), "twijfel")


def to_extend(bot: Bot, session: Session, request: Request, case: Case, person: Person, letter: Letter) -> None:
    """The notice of a longer term to approve."""
    parts = parts_of(content_of(bot, letter))
    ask(
        bot,
        session,
        f"extend-{letter.id}",
        "extension",
        "approve_extension",
        {
            "case": case.reference,
            "right": WORDS[case.right].dutch,
            "term": request.binding,
            "draft": letter.draft_hash[:8],
            "recipient": person.on_file or person.address,
            "extended": request.extended_due,
            "letter": enclose(parts.text, parts.html),
        },
        {"Akkoord": "akkoord", "Niet akkoord": "niet akkoord "},
        vault=request_vault(request.id),
        rank="alarm",
        request=request,
        case=case,
        letter=letter,
        work_by=request.binding,
    )


def taken(bot: Bot, session: Session, request: Request, case: Case, by: str, before: int) -> None:
    """Confirms that one of the staff leads a case now, and how to give it back."""
    person = person_of(bot, request)
    ask(
        bot,
        session,
        f"taken-{case.id}-{before}",
        "taken",
        "taken",
        {
            "case": case.reference,
            "right": WORDS[case.right].dutch,
            "term": work_by(bot, request, case),
            "sender": person.address or "geen e-mailadres bekend",
        },
        {"Gedaan": "gedaan", "Teruggeven": "teruggeven"},
        vault=request_vault(request.id),
        request=request,
        case=case,
        work_by=work_by(bot, request, case),
        to=[by],
    )


def breach(bot: Bot, session: Session, row: Message) -> None:
    """A breach: staff and management say within 72 hours whether it was reported (AVG art. 33(1))."""
    until = row.received + BREACH_WITHIN
    people = bot.settings.people
    ask(
        bot,
        session,
        f"breach-{row.id}",
        "breach",
        "breach",
        {"received": row.received, "until": until},
        {"Gemeld": "gemeld ", "Niet melden": "niet melden "},
        vault=f"message:{row.id}",
        rank="alarm",
        message=row,
        work_by=local_date(until),
        to=[people.staff[0], *people.management],
    )


def list_hash(letters: Sequence[Letter]) -> str:
    """What `akkoord lijst` is bound to: the hashes of all drafts of the list."""
    return hashlib.sha256("\n".join(f"{one.id} {one.draft_hash}" for one in letters).encode()).hexdigest()


# --- mails that tell --------------------------------------------------------------------------------------------------


def tell(bot: Bot, session: Session, mail: Mail, why: str, sentence: str) -> None:
    """Tells a genuine member of staff why a command did nothing: once a day for each reason.

    At most `MOST_TOLD` in a day, so that no two machines can talk to each other here.
    """
    day = local_date(bot.clock.now())
    today = f"tell-{day}-{address_hash(bot, mail.sender)[:12]}-"
    key = f"{today}{bot.vault.keyed_hash('reason', why)[:12]}"
    told = session.scalar(select(func.count()).where(Letter.key.startswith(today), Letter.key != key)) or 0
    if told >= MOST_TOLD:
        journal.write(session, bot.clock.now(), "staff not told: too many answers today", why=why)
        return
    _reply(bot, session, mail, key, "did_nothing", {"why": sentence})


def explain(bot: Bot, session: Session, row: Message, mail: Mail) -> None:
    """The answer to `help`: all words of staff."""
    _reply(bot, session, mail, f"help-{row.id}", "help", {})


def _reply(bot: Bot, session: Session, mail: Mail, key: str, template: str, values: Mapping[str, Any]) -> None:
    thread = [*mail.references[-10:], mail.message_id] if mail.message_id else ()
    write(bot, session, key, template, values, [mail.sender], vault=DESK, rank="staff", answers=thread)


def show_copy(bot: Bot, session: Session, request: Request, case: Case, letter: Letter, by: str) -> None:
    """The copy itself, to the one approver who asked for it."""
    write(
        bot,
        session,
        f"shown-{letter.id}-{address_hash(bot, by)[:12]}",
        "copy_shown",
        {"case": case.reference, "term": work_by(bot, request, case), "draft": letter.draft_hash[:8]},
        [by],
        vault=request_vault(request.id),
        rank="staff",
        request=request,
        case=case,
        attachments=parts_of(content_of(bot, letter)).attachments,
    )


def contradicted(
    bot: Bot, session: Session, request: Request, case: Case, people: Sequence[str], how: str = "both"
) -> None:
    """Tells the people who gave opposite answers to one draft what became of it.

    `how`: nothing went out, and they are two (`both`) or one (`alone`); or the letter was on its way (`late`).
    """
    listed = [address for address in dict.fromkeys(people) if address in bot.settings.people.staff]
    write(
        bot,
        session,
        f"contradicted-{case.id}-{bot.clock.now():%Y%m%d%H%M%S}",
        "contradicted",
        {"case": case.reference, "term": work_by(bot, request, case), "how": how},
        listed,
        vault=request_vault(request.id),
        rank="alarm",
        request=request,
        case=case,
    )


def recipient_answered(bot: Bot, session: Session, row: Message, ask_row: Ask, mail: Mail, text: str) -> None:
    """A processor answered a letter of ours: filed with its case and shown to staff, who close it with `gedaan`."""
    request = session.get_one(Request, ask_row.request_id)
    case = session.get_one(Case, ask_row.case_id)
    processor = str((ask_row.detail or {}).get("processor"))
    ask_row.detail = {**(ask_row.detail or {}), "answer": keep(bot, request_vault(request.id), text[:SHOWN])}
    write(
        bot,
        session,
        f"recipient-answered-{row.id}",
        "recipient_answered",
        {
            "case": case.reference,
            "processor": PROCESSORS[processor][0],
            "text": text[:SHOWN] or "(geen tekst)",
            **with_buttons(bot, ask_row.key, {"Gedaan": "gedaan"}),
        },
        [bot.settings.people.staff[0]],
        vault=request_vault(request.id),
        rank="staff",
        request=request,
        case=case,
    )


def show_joined(
    bot: Bot,
    session: Session,
    request: Request,
    row: Message,
    mail: Mail,
    text: str,
    *,
    party: bool,
    proven: bool,
) -> None:
    """A mail in the thread of a request: staff read it and say what it means; nothing happens by itself."""
    ask(
        bot,
        session,
        f"joined-{row.id}",
        "joined",
        "joined",
        {
            "case": request.reference,
            "term": request.work_by,
            "sender": f"{mail.from_name} <{mail.sender}>" if mail.from_name else (mail.sender or "onbekend"),
            "party": party,
            "proven": proven,
            "text": text[:SHOWN] or "(geen tekst)",
            "attachments": [attachment.name or attachment.type for attachment in mail.attachments],
        },
        {"Gedaan": "gedaan", **({"Ingetrokken": "ingetrokken"} if party and proven else {})},
        vault=request_vault(request.id),
        request=request,
        case=next(iter(cases_of(session, request)), None),
        message=row,
        detail={"proven": party and proven},
    )


def look_yourself(bot: Bot, session: Session, row: Message, why: str, mail: Mail | None = None) -> None:
    """A mail that the program cannot read: staff look at it in the mailbox, and say what it is."""
    ask(
        bot,
        session,
        f"look-{row.id}",
        "sort",
        "look",
        {
            "why": why,
            "received": row.received,
            "folder": FOLDER_WORDS.get(row.folder, "een andere map"),
            "sender": mail.sender if mail and mail.sender else "onbekend",
            "subject": mail.subject if mail and mail.subject else "onbekend",
        },
        {"Privacyverzoek": "soort: ", "Geen privacyverzoek": "geen privacyverzoek"},
        vault=f"message:{row.id}",
        message=row,
    )


def processor_refused(
    bot: Bot, session: Session, request: Request, case: Case, processor: str, what_to_do: str
) -> None:
    """A processor that refuses until a person mends something; it is asked again every day."""
    day = local_date(bot.clock.now())
    write(
        bot,
        session,
        f"refused-{case.id}-{processor}-{day}",
        "processor_refused",
        {
            "case": case.reference,
            "term": work_by(bot, request, case),
            "processor": PROCESSORS[processor][0],
            "why": what_to_do,
        },
        [bot.settings.people.staff[0]],
        vault=request_vault(request.id),
        rank="alarm",
        request=request,
        case=case,
    )  # fmt: skip


STEPS = {
    IDENTIFY: "nagaan of de afzender in de webwinkel staat",
    COLLECT: "gegevens opvragen bij een verwerker",
    WATCH: "de zaak sluiten na het antwoord aan de klant",
    FILE: "de e-mail in de mailbox op zijn plaats zetten",
    REMIND: "herinneren aan een vraag die nog openstaat",
    "list": "de lijst met concepten maken",
}
"""The steps of a case in words. Given up, they are tried once a day: one bad night must not halt a case for ever."""
HALTING = (IDENTIFY, COLLECT)  # without these a case goes no further


def work_failed(bot: Bot, session: Session, item: work.Item, request: Request | None, case: Case | None) -> None:
    """Work that failed for good is told to staff, never silently dropped; once, though it may be tried every day."""
    step = STEPS.get(item.kind, "een e-mail verwerken of versturen")
    reference = case.reference if case else request.reference if request else ""
    due = work_by(bot, request, case) if request and case else request.work_by if request else None
    write(
        bot,
        session,
        f"work-failed-{item.id}",
        "failure",
        {
            "case": reference,
            "term": due,
            "what": f"Het programma kon één stap niet doen: {step} (taak {item.id}).",
            "letter": None,
            "audience": "",
            "message_id": "",
            "state": "halted" if item.kind in HALTING else "daily" if item.kind in STEPS else "failed",
        },
        [bot.settings.people.staff[0]],
        vault=request_vault(request.id) if request else DESK,
        rank="alarm",
        request=request,
        case=case,
    )


def keep(bot: Bot, owner: str, words: str) -> str:
    """Words of staff (a reason, a means) encrypted for a JSON column."""
    return base64.b64encode(bot.vault.encrypt(owner, words.encode(), about="words")).decode()


def kept(bot: Bot, owner: str, text: str) -> str:
    """Such words again."""
    return bot.vault.decrypt(owner, base64.b64decode(text), about="words").decode()
