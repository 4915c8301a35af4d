"""Letters that did not arrive, that nobody can tell of, or that wait for long: what staff are told and can decide.

A letter is never sent blindly again. An answer that failed is a question to staff: `gedaan` when the person has the
answer after all, `niet akkoord <reden>` for a new draft, which they approve as any other.
"""

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.budgets import CAPPED, WAITS_DAY
from bot.casebook.schema import Ask, Case, Letter, Request
from bot.cases import in_state, work_by
from bot.clock import local_date
from bot.context import Bot
from bot.correspondence import ENDING
from bot.desk.questions import AUDIENCE_WORDS, DESK, ask, close
from bot.letters import content_of, copy_to, parts_of, request_vault, write

FAILED = "failed"  # the kind of question that a failed answer is
WHAT = {
    "unclear": "Het programma kan niet zien of deze e-mail is verzonden. Het stuurt hem niet nog een keer.",
    "bounced": "Deze e-mail is teruggekomen. Hij is niet aangekomen.",
    "refused": "Deze e-mail is niet verstuurd. Microsoft weigerde hem.",
    "sent": "Deze e-mail is toch verzonden. Hij staat nu in Verzonden items.",
    "posting": "Deze e-mail kan al een tijd niet weg. Het programma blijft het proberen. Misschien heeft Microsoft 365 "
    "een storing, of heeft het programma geen toegang meer.",
    "GateClosed": "Deze e-mail is niet verstuurd. Hij mocht niet naar deze ontvanger, of de tekst was veranderd.",
    "WorkFailed": "Deze e-mail is niet verstuurd. Het programma heeft het vaak geprobeerd, maar het lukte niet.",
    "CapReached": "Deze e-mail wacht. Dit adres kreeg in 24 uur al het hoogste aantal e-mails. De e-mail gaat vanzelf "
    "weg zodra het weer mag.",
    "CaseCapReached": "Deze e-mail wacht. In deze zaak ging in 24 uur al het hoogste aantal e-mails naar de klant. De "
    "e-mail gaat vanzelf weg zodra het weer mag.",
    WAITS_DAY: "De mailbox mag vandaag bijna geen e-mail meer versturen. Deze e-mail en andere wachten. Ze gaan "
    "vanzelf weg zodra het weer mag. E-mails aan u gaan voor.",
    "staff": "E-mail van het programma aan een medewerker komt niet aan. De e-mail gaat nu naar de vervanger.",
}
"""By the remark on a letter, else by its state."""
WHAT["drafted"] = WHAT["posting"]
WORDS = {"Gedaan": "gedaan", "Nieuw concept": "niet akkoord "}


def letter_failed(bot: Bot, session: Session, letter: Letter) -> None:
    """Tells about a letter that is `refused`, `unclear` or `bounced`, or held up in an earlier state: once."""
    day = local_date(bot.clock.now())
    if letter.state == "approved":
        keys = {
            CAPPED["address"]: f"capped-{letter.recipient_hash[:16]}-{day}",
            CAPPED["case"]: f"capped-case-{letter.case_id}-{day}",
            WAITS_DAY: f"day-budget-{day}",
        }
        key = keys.get(letter.error or "")
        if key is not None:
            _tell(bot, session, letter, key)
    elif letter.state in ("posting", "drafted"):
        _tell(bot, session, letter, f"held-up-{day}")
    elif letter.audience == "staff":
        _pass_on(bot, session, letter)
    elif _decides(session, letter):
        _ask(bot, session, letter)
    else:
        _tell(bot, session, letter, f"failed-{letter.id}-{letter.state}")


def _decides(session: Session, letter: Letter) -> bool:
    """Whether the case waits for what staff make of this letter: it was the answer."""
    case = session.get(Case, letter.case_id) if letter.case_id else None
    return (
        case is not None
        and letter.audience == "subject"
        and letter.template in ENDING
        and in_state(case, "respond", "staff")
    )


def _values(bot: Bot, session: Session, letter: Letter) -> dict[str, object]:
    request = session.get(Request, letter.request_id) if letter.request_id else None
    case = session.get(Case, letter.case_id) if letter.case_id else None
    return {
        "case": case.reference if case else (request.reference if request else ""),
        "term": work_by(bot, request, case) if request and case else (request.work_by if request else None),
        "what": WHAT.get(letter.error or "", WHAT.get(letter.state, "")),
        "letter": letter.id,
        "audience": AUDIENCE_WORDS[letter.audience],
        "message_id": letter.sent_message_id or letter.message_id,
        "state": letter.state,
    }


def _tell(bot: Bot, session: Session, letter: Letter, key: str) -> None:
    request = session.get(Request, letter.request_id) if letter.request_id else None
    write(
        bot,
        session,
        key,
        "failure",
        _values(bot, session, letter),
        [bot.settings.people.staff[0]],
        vault=request_vault(request.id) if request else DESK,
        rank="alarm",
        request=request,
        case=session.get(Case, letter.case_id) if letter.case_id else None,
    )


def _ask(bot: Bot, session: Session, letter: Letter) -> None:
    request = session.get_one(Request, letter.request_id)
    case = session.get_one(Case, letter.case_id)
    ask(
        bot,
        session,
        f"failed-{letter.id}-{letter.state}",
        FAILED,
        "failure",
        _values(bot, session, letter),
        WORDS,
        vault=request_vault(request.id),
        rank="alarm",
        request=request,
        case=case,
        letter=letter,
        work_by=work_by(bot, request, case),
    )


def open_question(session: Session, letter: Letter) -> Ask | None:
    """The question about a failed answer that staff have not decided yet."""
    return session.scalar(
        select(Ask).where(Ask.kind == FAILED, Ask.subject_letter_id == letter.id, Ask.closed.is_(None))
    )


def arrived(bot: Bot, session: Session, letter: Letter) -> None:
    """A letter stands in Sent Items, of which staff were told that it was refused or nobody can tell: that is told."""
    told = session.scalar(
        select(Letter.id).where(Letter.key.in_([f"failed-{letter.id}-{state}" for state in ("unclear", "refused")]))
    )
    if told is None:
        return
    question = open_question(session, letter)
    if question is not None:
        close(question, "program", "found in Sent Items", bot.clock.now())
    _tell(bot, session, letter, f"arrived-{letter.id}")


def _pass_on(bot: Bot, session: Session, letter: Letter) -> None:
    """A staff mail that did not arrive goes to the next of the staff, with its code; management hears of it daily.

    A copy that fails goes on to the next after that. A mail with files is for one reader alone and is not passed on.
    """
    people = bot.settings.people
    parts = parts_of(content_of(bot, letter))
    reached = {address.strip().lower() for address in parts.addresses}
    last = max((number for number, address in enumerate(people.staff) if address in reached), default=-1)
    others = people.staff[last + 1 :] if last >= 0 or reached.isdisjoint(people.management) else []
    if others and not parts.attachments:
        copy_to(bot, session, letter, others[:1], rank="alarm")
    elif others:
        _tell_to(bot, session, letter, f"failed-{letter.id}-{letter.state}", others[:1])
    managers = [address for address in people.management if address not in reached]
    if managers:
        _tell_to(bot, session, letter, f"staff-not-reached-{local_date(bot.clock.now())}", managers)


def _tell_to(bot: Bot, session: Session, letter: Letter, key: str, to: list[str]) -> None:
    values = {**_values(bot, session, letter), "what": WHAT["staff"], "state": "staff"}
    write(bot, session, key, "failure", values, to, vault=DESK, rank="alarm")
