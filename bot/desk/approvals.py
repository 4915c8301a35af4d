"""Staff decide by replying: a genuine internal mail, the question's own code, one command in the first own line.

Anything else does nothing. What was wrong is said to known staff only, once a day for each reason, so that two machines
can never talk to each other here. What each word does is in `bot/desk/orders.py`.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from bot.casebook import journal, ledger
from bot.casebook.ledger import Taken
from bot.casebook.schema import Ask, Case, Letter, Message, Request
from bot.clock import local_date
from bot.context import Bot
from bot.desk import intake, open_list, questions
from bot.desk.commands import Command, Unclear, parse_command
from bot.desk.orders import COMMANDS, STAYS_OPEN, Order, Refused, contradicts, staff_number
from bot.mail.authentication import genuine_internal
from bot.mail.message import Mail
from bot.mail.reply import Reply, split, split_text

_CODE = re.compile(r"(?<![\w#])#([a-z2-7]{16})(?!\w)", re.IGNORECASE)
MOST_WRONG = 5  # wrong commands of one sender a day that are answered


def codes_in(subject: str) -> tuple[str, ...]:
    """The codes that a subject carries, lower-case, each once."""
    return tuple(dict.fromkeys(code.lower() for code in _CODE.findall(subject)))


def from_staff(bot: Bot, mail: Mail, reply: Reply) -> Taken | None:
    """What a mail from a listed address is; None when it is no command and must be looked at like any other mail."""
    people = bot.settings.people
    codes = codes_in(mail.subject)
    listed = (*people.staff, *people.management)
    proof = genuine_internal(mail, listed, people.internal_sources, people.outside_staff)
    if codes:
        _note_probe(bot, codes[0], "genuine" if proof.ok else proof.reason)
    if not proof.ok:
        return _nothing("not genuine") if codes else None
    if not codes:
        return _without_code(bot, mail, reply)
    if mail.sender not in people.staff:
        return _answered(bot, mail, "not staff", "Alleen de medewerkers in de instellingen kunnen beslissen.")
    if len(codes) > 1:
        sentence = "Het onderwerp bevat meer dan één code. Antwoord op één e-mail tegelijk."
        return _answered(bot, mail, "several codes", sentence)
    if reply.forwarded:
        return _nothing("forwarded")
    with bot.store.read() as session:
        ask = questions.asked(bot, session, codes[0])
        elsewhere = ask is not None and _points_elsewhere(session, ask, mail)
        sent = _sentences(session, ask) if ask is not None else frozenset()
    if ask is None:
        return _answered(bot, mail, "unknown code", "Deze code ken ik niet. Antwoord op de e-mail met de vraag.")
    if elsewhere:
        sentence = "Dit is een antwoord op een andere e-mail dan waar de code bij hoort. Er is niets gedaan."
        return _answered(bot, mail, "another draft", sentence)
    own = split(mail, sent)
    if own.leaked or own.inline or _parts_differ(mail, sent):
        sentence = "Ik kan niet zien welke woorden van u zijn. Zet uw antwoord boven de oude tekst."
        return _answered(bot, mail, "unclear reply", sentence)
    command = parse_command(own.own_text, mail.from_name)
    if isinstance(command, Unclear):
        return _answered(bot, mail, "unclear command", command.sentence)
    if command.word in ("status", "help"):
        return _asked_for(bot, mail, command.word)
    by, ask_id = mail.sender, ask.id

    def follow(session: Session, row: Message) -> None:
        carry_out(bot, session, row, mail, ask_id, command, by)

    return Taken("task-answer" if ask.kind == "task" else "staff-command", f"command: {command.word}", follow=follow)


def _note_probe(bot: Bot, code: str, verdict: str) -> None:
    """Notes for `doctor` how an answer to its probe was judged."""
    with bot.store.read() as session:
        ask = questions.asked(bot, session, code)
    if ask is not None and ask.kind == "probe":
        with bot.store.begin() as session:
            ledger.set_mark(session, "probe", verdict, bot.clock.now())
            if verdict == "genuine":
                questions.close(session.get_one(Ask, ask.id), "staff", "status", bot.clock.now())


def _without_code(bot: Bot, mail: Mail, reply: Reply) -> Taken | None:
    """What staff may start without a question: the open list, help, a request that reached the shop another way."""
    command = parse_command(reply.own_text, mail.from_name)
    if isinstance(command, Unclear) or mail.sender not in bot.settings.people.staff:
        return None
    if command.word in ("status", "help"):
        return _asked_for(bot, mail, command.word)
    if command.word == "ontvangen op":
        return intake.from_staff(bot, mail, reply, command)
    return None


def _asked_for(bot: Bot, mail: Mail, word: str) -> Taken:
    def follow(session: Session, row: Message) -> None:
        if word == "status":
            open_list.send(bot, session, row, mail)
        else:
            questions.explain(bot, session, row, mail)

    return Taken("staff-command", f"command: {word}", follow=follow)


def _points_elsewhere(session: Session, ask: Ask, mail: Mail) -> bool:
    """Whether the mail answers another of our mails than those that put this question or reminded of it."""
    ids = [*mail.in_reply_to, *mail.references]
    ours = session.scalars(
        select(Letter).where(
            or_(Letter.message_id.in_(ids), Letter.sent_message_id.in_(ids)), Letter.audience == "staff"
        )
    ).all()
    return bool(ours) and not any(_of_question(letter, ask) for letter in ours)


def _of_question(letter: Letter, ask: Ask) -> bool:
    return letter.key == ask.key or letter.key == f"deputy-{ask.id}" or letter.key.startswith(f"remind-{ask.id}-")


def _sentences(session: Session, ask: Ask) -> frozenset[str]:
    """Hashes of the sentences that we sent in this question: none of them may be read as somebody's own words."""
    letters = session.scalars(
        select(Letter).where(
            or_(Letter.key == ask.key, Letter.key.startswith(f"remind-{ask.id}-"), Letter.id == ask.subject_letter_id)
        )
    )
    return frozenset(sentence for letter in letters for sentence in letter.sentences)


def _parts_differ(mail: Mail, sent: frozenset[str]) -> bool:
    """Whether the text and the HTML part of a mail give different commands."""
    if not mail.html or not mail.text:
        return False
    plain = parse_command(split_text(mail.text, subject=mail.subject, sent=sent).own_text)
    rich = parse_command(split_text("", html=mail.html, subject=mail.subject, sent=sent).own_text)
    if isinstance(plain, Unclear) or isinstance(rich, Unclear):
        return False
    return plain.word != rich.word


def _journalled(why: str) -> Callable[[Session, Message], None]:
    def follow(session: Session, row: Message) -> None:
        journal.write(session, row.seen, "staff mail did nothing", why=why, message=row.id)

    return follow


def _nothing(why: str) -> Taken:
    return Taken("staff-command", f"did nothing: {why}", follow=_journalled(why))


def _answered(bot: Bot, mail: Mail, why: str, sentence: str) -> Taken:
    """A command that does nothing, answered to a genuine member of staff once a day for each reason."""

    def follow(session: Session, row: Message) -> None:
        _journalled(why)(session, row)
        questions.tell(bot, session, mail, why, sentence)

    return replace(_nothing(why), follow=follow)


def carry_out(bot: Bot, session: Session, row: Message, mail: Mail, ask_id: int, command: Command, by: str) -> None:
    """Carries out one command in the caller's transaction, or tells its sender why nothing was done."""
    now = bot.clock.now()
    ask = session.get_one(Ask, ask_id)
    row.request_id = ask.request_id
    order = Order(ask, command, by, mail)
    try:
        if ask.closed is not None:
            contradicts(bot, session, order)
            raise Refused(f"Deze vraag is al beantwoord op {local_date(ask.closed):%d-%m-%Y}. Er is niets gedaan.")
        function = COMMANDS.get((ask.kind, command.word))
        if function is None:
            raise Refused(f"Met “{command.word}” kan ik bij deze vraag niets. {words_for(ask.kind)}")
        function(bot, session, order)
    except Refused as refused:
        row.reason = "did nothing: " + ("spent code" if ask.closed is not None else "not possible here")
        journal.write(session, now, "staff mail did nothing", why=row.reason, message=row.id, word=command.word)
        questions.tell(bot, session, mail, f"{row.reason}:{ask.id}", str(refused))
        return
    if ask.closed is None and command.word not in STAYS_OPEN:
        questions.close(ask, by, command.word, now)
    request = session.get(Request, ask.request_id) if ask.request_id else None
    case = session.get(Case, ask.case_id) if ask.case_id else None
    journal.write(
        session, now, "staff decided", request=request.reference if request else None,
        case=case.reference if case else None, word=command.word, staff=staff_number(bot, by), question=ask.kind,
    )  # fmt: skip


def words_for(kind: str) -> str:
    """What can be answered to a kind of question."""
    known: Mapping[str, None] = dict.fromkeys(word for asked, word in COMMANDS if asked == kind)
    return f"U kunt antwoorden met: {', '.join(known)}."
