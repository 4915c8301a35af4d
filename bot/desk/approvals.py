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
from bot.casebook.vault import KeyDestroyed
from bot.context import Bot
from bot.desk import commands, intake, open_list, questions
from bot.desk.commands import Command, Unclear
from bot.desk.orders import COMMANDS, GONE, STAYS_OPEN, Order, Refused, contradicts, staff_number
from bot.letters import Parts, content_of, parts_of, request_vault
from bot.mail import markup
from bot.mail.authentication import genuine_internal
from bot.mail.message import Mail
from bot.mail.origin import Origin
from bot.mail.reply import Reply, phrase_hashes, sentence_hashes, split, split_text
from bot.mail.unseen import hides_words
from workflows.machine import IllegalTransition

_CODE = re.compile(r"(?<![\w#])#([a-z2-7]{16})(?!\w)", re.IGNORECASE)


def codes_in(subject: str) -> tuple[str, ...]:
    """The codes that a subject carries, lower-case, each once."""
    return tuple(dict.fromkeys(code.lower() for code in _CODE.findall(subject)))


def from_staff(bot: Bot, mail: Mail, reply: Reply, came: Origin) -> Taken | None:
    """What a mail from a listed address is; None when it is no command and must be looked at like any other mail."""
    people = bot.settings.people
    codes = codes_in(mail.subject)
    listed = (*people.staff, *people.management)
    proof = genuine_internal(mail, listed, people.internal_sources, people.outside_staff)
    if codes:
        _note_probe(bot, codes[0], "genuine" if proof.ok else proof.reason)
    if not proof.ok:
        return _nothing("not genuine") if codes else None
    if came.kind != "human":
        return _nothing(f"perhaps no person: {came.reason}") if codes else None
    if not codes:
        return _without_code(bot, mail, reply)
    if mail.sender not in people.staff:
        return _answered(bot, mail, "not staff", "Alleen de medewerkers in de instellingen kunnen beslissen.")
    if len(codes) > 1:
        sentence = "Het onderwerp bevat meer dan één code. Antwoord op één e-mail tegelijk."
        return _answered(bot, mail, "several codes", sentence)
    if reply.forwarded:
        return _answered(bot, mail, "forwarded", "Dit is een doorgestuurde e-mail. Antwoord op de e-mail zelf.")
    with bot.store.read() as session:
        ask = questions.asked(bot, session, codes[0])
        named = _named(session, mail)
        put = {letter.id: parts for letter in named if (parts := _puts(bot, letter, codes[0]))}
        if ask is not None and ask.staff_letter_id not in put:
            original = _content(bot, session.get_one(Letter, ask.staff_letter_id))
            put |= {int(ask.staff_letter_id or 0): original} if original else {}
        elsewhere = bool(named) and not any(letter.id in put for letter in named)
        sent = _sentences(session, ask, put)
    if ask is None:
        return _answered(bot, mail, "unknown code", "Deze code ken ik niet. Antwoord op de e-mail met de vraag.")
    if elsewhere:
        sentence = "Dit is een antwoord op een andere e-mail dan waar de code bij hoort. Er is niets gedaan."
        return _answered(bot, mail, "another draft", sentence, ask)
    own = split(mail, sent)
    if own.leaked or own.inline or _parts_differ(mail, sent) or hides_words(mail.html, commands.is_command):
        sentence = "Ik kan niet zien welke woorden van u zijn. Zet uw antwoord boven de oude tekst."
        return _answered(bot, mail, "unclear reply", sentence, ask)
    command = commands.parse_command(own.own_text, mail.from_name)
    if isinstance(command, Unclear):
        return _answered(bot, mail, "unclear command", command.sentence, ask)
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
    """What staff may start without a question: the open list, help, a request that reached the shop another way.

    A reply to a mail of ours that carries no code is told so; any other mail is looked at like everybody's.
    """
    if mail.sender not in bot.settings.people.staff:
        return None
    command = commands.parse_command(reply.own_text, mail.from_name)
    if isinstance(command, Command) and command.word in ("status", "help"):
        return _asked_for(bot, mail, command.word)
    if isinstance(command, Command) and command.word == "ontvangen op":
        return intake.from_staff(bot, mail, reply, command)
    with bot.store.read() as session:
        ours = any(letter.audience == "staff" for letter in _named(session, mail))
    if not ours or reply.forwarded:
        return None
    sentence = "In het onderwerp staat geen code. Antwoord op de e-mail met de vraag, en laat het onderwerp staan."
    return _answered(bot, mail, "no code", sentence)


def _asked_for(bot: Bot, mail: Mail, word: str) -> Taken:
    def follow(session: Session, row: Message) -> None:
        if word == "status":
            open_list.send(bot, session, row, mail)
        else:
            questions.explain(bot, session, row, mail)

    return Taken("staff-command", f"command: {word}", follow=follow)


def _named(session: Session, mail: Mail) -> list[Letter]:
    """The letters of ours that a mail answers: by In-Reply-To, else by References."""
    for ids in (mail.in_reply_to, mail.references):
        ours = select(Letter).where(or_(Letter.message_id.in_(ids), Letter.sent_message_id.in_(ids)))
        if ids and (found := list(session.scalars(ours))):
            return found
    return []


def _content(bot: Bot, letter: Letter) -> Parts | None:
    """A letter of ours as it was sent; None once its key is destroyed."""
    try:
        return parts_of(content_of(bot, letter)) if letter.content is not None else None
    except KeyDestroyed:
        return None


def _puts(bot: Bot, letter: Letter, code: str) -> Parts | None:
    """A letter of ours that put the question of this code, reminded of it, or brought it to a deputy."""
    parts = _content(bot, letter)
    return parts if parts is not None and code in codes_in(parts.header("Subject")) else None


def _sentences(session: Session, ask: Ask | None, put: Mapping[int, Parts]) -> frozenset[str]:
    """Hashes of what we said in this question, in whatever lines: none of it may be read as somebody's own words."""
    drafts = session.scalars(select(Letter.sentences).where(Letter.id == ask.subject_letter_id)) if ask else ()
    known = {sentence for sentences in drafts for sentence in sentences}
    for parts in put.values():
        for text in (parts.text, markup.read(parts.html).text):
            known |= sentence_hashes(text) | phrase_hashes(text)
    return frozenset(known)


_LINKS = re.compile(r"[<\[](?:mailto:|https?:|cid:)[^<>\]]*[>\]]", re.I)


def _parts_differ(mail: Mail, sent: frozenset[str]) -> bool:
    """Whether the text and the HTML part of a mail say different things: a reader saw only one of them."""
    if not mail.html or not mail.text:
        return False
    plain, rich = (
        commands.parse_command(split_text(text, html, mail.subject, sent).own_text, mail.from_name)
        for text, html in ((mail.text, ""), ("", mail.html))
    )
    if isinstance(plain, Unclear) or isinstance(rich, Unclear):
        return type(plain) is not type(rich)
    return _compared(plain) != _compared(rich)


def _compared(command: Command) -> Command:
    """A command without what programs change between the two parts: line ends, signs, the targets of links."""
    reason, text, means = (
        "".join(filter(str.isalnum, _LINKS.sub("", words))).casefold()
        for words in (command.reason, command.text, command.means)
    )
    return replace(command, reason=reason, text=text, means=means)


def _journalled(why: str) -> Callable[[Session, Message], None]:
    def follow(session: Session, row: Message) -> None:
        journal.write(session, row.seen, "staff mail did nothing", why=why, message=row.id)

    return follow


def _nothing(why: str) -> Taken:
    return Taken("staff-command", f"did nothing: {why}", follow=_journalled(why))


def _answered(bot: Bot, mail: Mail, why: str, sentence: str, ask: Ask | None = None) -> Taken:
    """A command that does nothing, answered to a genuine member of staff once a day for each reason and question."""
    reason = f"{why}:{ask.id}" if ask is not None else why

    def follow(session: Session, row: Message) -> None:
        _journalled(why)(session, row)
        questions.tell(bot, session, mail, reason, sentence)

    return replace(_nothing(why), follow=follow)


def carry_out(bot: Bot, session: Session, row: Message, mail: Mail, ask_id: int, command: Command, by: str) -> None:
    """Carries out one command in the caller's transaction, or tells its sender why nothing was done."""
    now = bot.clock.now()
    ask = session.get_one(Ask, ask_id)
    row.request_id = ask.request_id
    order = Order(ask, command, by, mail)
    spent = ask.closed is not None
    try:
        with session.begin_nested():
            if spent:
                contradicts(bot, session, order)
            else:
                function = COMMANDS.get((ask.kind, command.word))
                if function is None:
                    raise Refused(f"Met “{command.word}” kan ik bij deze vraag niets. {words_for(ask.kind)}")
                function(bot, session, order)
    except (Refused, IllegalTransition) as refused:
        row.reason = "did nothing: " + ("spent code" if spent else "not possible here")
        why = str(refused) if isinstance(refused, Refused) else GONE
        journal.write(session, now, "staff mail did nothing", why=row.reason, message=row.id, word=command.word)
        questions.tell(bot, session, mail, f"{row.reason}:{ask.id}", why)
        return
    if command.reason and ask.request_id and "reason" not in (ask.detail or {}):
        kept = questions.keep(bot, request_vault(ask.request_id), command.reason)
        ask.detail = {**(ask.detail or {}), "reason": kept}
    if ask.closed is None and command.word not in STAYS_OPEN:
        questions.close(ask, by, command.word, now)
    request = session.get(Request, ask.request_id) if ask.request_id else None
    case = session.get(Case, ask.case_id) if ask.case_id else None
    journal.write(
        session, now, "staff contradicted" if spent else "staff decided",
        request=request.reference if request else None, case=case.reference if case else None, word=command.word,
        staff=staff_number(bot, by), question=ask.kind,
    )  # fmt: skip


def words_for(kind: str) -> str:
    """What can be answered to a kind of question."""
    known: Mapping[str, None] = dict.fromkeys(word for asked, word in COMMANDS if asked == kind)
    return f"U kunt antwoorden met: {', '.join(known)}."
