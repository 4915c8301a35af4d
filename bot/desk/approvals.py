"""Staff decide by replying: a genuine internal mail, the question's own code, one command in the first own line.

Anything else does nothing. What was wrong is said to known staff only, once a day for each reason, so that two machines
can never talk to each other here.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import letters, work
from bot.casebook import journal, register
from bot.casebook.ledger import Taken
from bot.casebook.schema import Ask, Case, Letter, Message, Request
from bot.cases import ASK, COLLECT, FILE, IDENTIFY, OPEN, advance, answers_of, cases_of, in_state
from bot.clock import local_date
from bot.context import Bot
from bot.desk import questions
from bot.desk.commands import Command, Unclear, parse_command
from bot.letters import keep_person, person_of
from bot.mail.authentication import genuine_internal
from bot.mail.message import Mail
from bot.mail.reply import Reply, split_text
from workflows.rights import WORDS

_CODE = re.compile(r"(?<![\w#])#([a-z2-7]{16})(?!\w)", re.IGNORECASE)


class Refused(Exception):
    """A command that does nothing; the Dutch sentence tells its sender why."""


@dataclass(frozen=True, slots=True)
class Order:
    """One command on one open question, by one of the staff."""

    ask: Ask
    command: Command
    by: str


def codes_in(subject: str) -> tuple[str, ...]:
    """The codes that a subject carries, lower-case, each once."""
    return tuple(dict.fromkeys(code.lower() for code in _CODE.findall(subject)))


def from_staff(bot: Bot, mail: Mail, reply: Reply) -> Taken | None:
    """What a mail from a listed address is; None when it is no command and must be looked at like any other mail."""
    people = bot.settings.people
    codes = codes_in(mail.subject)
    proof = genuine_internal(mail, (*people.staff, *people.management), people.internal_sources, people.outside_staff)
    if not proof.ok:
        if not codes:
            return None
        return Taken("staff-command", f"did nothing: {proof.reason}", follow=_journalled("not genuine"))
    if not codes:
        return None
    if len(codes) > 1:
        return _answered(
            bot, mail, "several codes", "Het onderwerp bevat meer dan één code. Antwoord op één e-mail tegelijk."
        )
    if reply.forwarded:
        return Taken("staff-command", "did nothing: forwarded", follow=_journalled("forwarded"))
    with bot.store.read() as session:
        ask = questions.asked(bot, session, codes[0])
        other = _points_elsewhere(session, ask, mail) if ask is not None else False
    if ask is None:
        return _answered(
            bot, mail, "unknown code", "Deze code ken ik niet. Antwoord op de e-mail waarin de vraag staat."
        )
    if other:
        return _answered(
            bot,
            mail,
            "another draft",
            "Dit is een antwoord op een andere e-mail dan waar de code bij hoort. Er is niets gedaan.",
        )
    if reply.leaked or reply.inline or _parts_differ(mail):
        return _answered(
            bot,
            mail,
            "unclear reply",
            "Ik kan niet zien welke woorden van u zijn. Zet uw antwoord boven de oude tekst.",
        )
    command = parse_command(reply.own_text)
    if isinstance(command, Unclear):
        return _answered(bot, mail, "unclear command", command.sentence)
    by, ask_id = mail.sender, ask.id

    def follow(session: Session, row: Message) -> None:
        carry_out(bot, session, row, mail, ask_id, command, by)

    return Taken("staff-command", f"command: {command.word}", follow=follow)


def _points_elsewhere(session: Session, ask: Ask, mail: Mail) -> bool:
    """Whether the mail answers another of our mails than the one that put this question."""
    ids = [*mail.in_reply_to, *mail.references]
    ours = session.scalars(
        select(Letter.id).where(
            Letter.message_id.in_(ids) | Letter.sent_message_id.in_(ids), Letter.audience != "subject"
        )
    ).all()
    return bool(ours) and ask.staff_letter_id not in ours


def _parts_differ(mail: Mail) -> bool:
    """Whether the text and the HTML part of a mail give different commands."""
    if not mail.html or not mail.text:
        return False
    plain = parse_command(split_text(mail.text, subject=mail.subject).own_text)
    rich = parse_command(split_text("", html=mail.html, subject=mail.subject).own_text)
    if isinstance(plain, Unclear) or isinstance(rich, Unclear):
        return False
    return plain.word != rich.word


def _journalled(why: str) -> Callable[[Session, Message], None]:
    def follow(session: Session, row: Message) -> None:
        journal.write(session, row.seen, "staff mail did nothing", why=why, message=row.id)

    return follow


def _answered(bot: Bot, mail: Mail, why: str, sentence: str) -> Taken:
    """A command that does nothing, answered to a genuine member of staff once a day for each reason."""

    def follow(session: Session, row: Message) -> None:
        _journalled(why)(session, row)
        questions.tell(bot, session, mail, why, sentence)

    return Taken("staff-command", f"did nothing: {why}", follow=follow)


def carry_out(bot: Bot, session: Session, row: Message, mail: Mail, ask_id: int, command: Command, by: str) -> None:
    """Carries out one command in the caller's transaction, or tells its sender why nothing was done."""
    now = bot.clock.now()
    ask = session.get_one(Ask, ask_id)
    row.request_id = ask.request_id
    try:
        if ask.closed is not None:
            raise Refused(f"Deze vraag is al beantwoord op {local_date(ask.closed):%d-%m-%Y}. Er is niets gedaan.")
        if command.word == "help":
            raise Refused(_words_for(ask.kind))
        function = COMMANDS.get((ask.kind, command.word))
        if function is None:
            raise Refused(f"Met “{command.word}” kan ik bij deze vraag niets. {_words_for(ask.kind)}")
        function(bot, session, Order(ask, command, by))
    except Refused as refused:
        row.reason = "did nothing: " + ("spent code" if ask.closed is not None else "not possible here")
        journal.write(session, now, "staff mail did nothing", why=row.reason, message=row.id, word=command.word)
        questions.tell(bot, session, mail, f"{row.reason}:{ask.id}", str(refused))
        return
    questions.close(ask, by, command.word, now)
    request = session.get(Request, ask.request_id) if ask.request_id else None
    case = session.get(Case, ask.case_id) if ask.case_id else None
    journal.write(
        session, now, "staff decided", request=request.reference if request else None,
        case=case.reference if case else None, word=command.word, staff=_number(bot, by), question=ask.kind,
    )  # fmt: skip


def _number(bot: Bot, by: str) -> int:
    """Which of the listed people decided, counted from 1: the journal holds no addresses."""
    people = [*bot.settings.people.staff, *bot.settings.people.management]
    return people.index(by) + 1


def _words_for(kind: str) -> str:
    known = [word for asked, word in COMMANDS if asked == kind]
    return f"U kunt antwoorden met: {', '.join(known)}."


# --- what each word does to each kind of question ---------------------------------------------------------------------


def _approve(bot: Bot, session: Session, order: Order) -> None:
    """`akkoord` to a draft: this draft, as its hash says, leaves."""
    letter = session.get_one(Letter, order.ask.subject_letter_id)
    case = session.get_one(Case, letter.case_id)
    if letter.state != "draft" or letter.draft_hash != order.ask.bound_hash or not in_state(case, "respond", "staff"):
        raise Refused(
            "Dit concept geldt niet meer: er is een nieuwer concept, of de zaak is al verder. Er is niets verstuurd."
        )
    letters.approve(session, letter, order.by, bot.clock.now())
    advance(bot, session, case, "approved", approved_by=f"staff {_number(bot, order.by)}")


def _decline(bot: Bot, session: Session, order: Order) -> None:
    """`niet akkoord <reden>`: back to collect, the reason is kept, the term runs on; a new draft follows."""
    letter = session.get_one(Letter, order.ask.subject_letter_id)
    case = session.get_one(Case, letter.case_id)
    if letter.state != "draft" or not in_state(case, "respond", "staff"):
        raise Refused("Dit concept geldt niet meer. Er is niets gedaan.")
    letter.state, letter.error, letter.changed = "refused", "NotApproved", bot.clock.now()
    order.ask.detail = {**(order.ask.detail or {}), "reason": questions.keep(bot, letter.vault, order.command.reason)}
    advance(bot, session, case, "declined", reason=bool(order.command.reason))
    for answer in answers_of(session, case):
        answer.answer, answer.since = "pending", bot.clock.now()
        key = f"{COLLECT}:{answer.id}:{order.ask.id}"
        work.enqueue(session, key, COLLECT, answer.id, bot.clock.now())


def _sort_as(bot: Bot, session: Session, order: Order) -> None:
    """`soort: …` to a doubtful mail: it is opened as those rights, or kept as what staff call it."""
    row = session.get_one(Message, order.ask.message_id)
    facts = dict(row.verdict or {})
    if order.command.rights:
        row.verdict = {**facts, "kind": "request", "rights": list(order.command.rights), "certain": True}
        work.enqueue(session, f"{OPEN}:{row.id}", OPEN, row.id, bot.clock.now())
        return
    row.kind = order.command.kind
    row.verdict = {**facts, "kind": order.command.kind, "rights": [], "certain": True}
    row.reason = "sorted by staff; answered by staff"


def _no_request(bot: Bot, session: Session, order: Order) -> None:
    """`geen privacyverzoek`: the mail stays as it is."""
    row = session.get_one(Message, order.ask.message_id)
    row.disposition, row.kind, row.reason = "not-privacy", "not_privacy", "sorted by staff"


def _open_backlog(bot: Bot, session: Session, order: Order) -> None:
    """`akkoord` to the list of the first start: its requests open, its doubtful mails are asked one by one."""
    for message_id in (order.ask.detail or {}).get("messages", ()):
        row = session.get_one(Message, message_id)
        facts = row.verdict or {}
        sure = facts.get("kind") == "request" and facts.get("certain")
        kind = OPEN if sure else ASK
        work.enqueue(session, f"{kind}:{row.id}", kind, row.id, bot.clock.now())


def _leave_backlog(bot: Bot, session: Session, order: Order) -> None:
    """`niet akkoord …` to that list: staff handle those mails themselves."""
    order.ask.detail = {**(order.ask.detail or {}), "reason": questions.keep(bot, questions.DESK, order.command.reason)}


def _verified(bot: Bot, session: Session, order: Order) -> None:
    """`geverifieerd <middel>`: staff established who asks; the request goes on to its address."""
    request = session.get_one(Request, order.ask.request_id)
    if not any(in_state(case, "verify") for case in cases_of(session, request)):
        raise Refused("Bij deze zaak wordt niet gevraagd wie de afzender is. Er is niets gedaan.")
    request.identity, request.identified_at = "staff", bot.clock.now()
    person = person_of(bot, request)
    keep_person(bot, request, person)
    order.ask.detail = {
        **(order.ask.detail or {}),
        "means": questions.keep(bot, letters.request_vault(request.id), order.command.means),
    }
    work.enqueue(session, f"{IDENTIFY}:{request.id}:{order.ask.id}", IDENTIFY, request.id, bot.clock.now())


def _done_by_hand(bot: Bot, session: Session, order: Order) -> None:
    """`gedaan` to a case that staff lead themselves: they have answered it."""
    _close_by_hand(bot, session, order, "granted")


def _withdrawn(bot: Bot, session: Session, order: Order) -> None:
    """`ingetrokken`: the person takes the request back."""
    _close_by_hand(bot, session, order, "withdrawn")


def _close_by_hand(bot: Bot, session: Session, order: Order, outcome: str) -> None:
    case = session.get_one(Case, order.ask.case_id)
    request = session.get_one(Request, case.request_id)
    if outcome == "withdrawn":
        advance(bot, session, case, "withdrawn", proven=True)
    else:
        advance(bot, session, case, "settled", outcome=outcome, settled_by=f"staff {_number(bot, order.by)}")
    case.outcome = outcome
    register.enter(session, request, case, WORDS[case.right].article, None, bot.clock.now(), decided_by=order.by)
    if all(in_state(one, "closed") for one in cases_of(session, request)):
        work.enqueue(session, f"{FILE}:{request.id}:closed", FILE, request.id, bot.clock.now())


COMMANDS: Mapping[tuple[str, str], Callable[[Bot, Session, Order], None]] = {
    ("approve", "akkoord"): _approve,
    ("approve", "niet akkoord"): _decline,
    ("sort", "soort"): _sort_as,
    ("sort", "geen privacyverzoek"): _no_request,
    ("backlog", "akkoord"): _open_backlog,
    ("backlog", "niet akkoord"): _leave_backlog,
    ("by-hand", "geverifieerd"): _verified,
    ("by-hand", "gedaan"): _done_by_hand,
    ("by-hand", "ingetrokken"): _withdrawn,
}
