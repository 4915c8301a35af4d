"""What each word of staff does to each kind of question: one function a word, one table at the end.

An order is carried out in the transaction that takes in the mail which gave it. `Refused` means: nothing was done, and
the sender is told why. Words that make a new draft never send anything.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import correspondence, letters, work
from bot.casebook import journal, register
from bot.casebook.schema import Answer, Ask, Case, Letter, Message, Request, Work
from bot.cases import (
    ASK,
    COLLECT,
    FILE,
    IDENTIFY,
    OPEN,
    advance,
    answers_of,
    cases_of,
    findings_of,
    in_state,
    keep_finding,
)
from bot.clock import local_date
from bot.context import Bot
from bot.desk import drafts, questions, tasks
from bot.desk.commands import Command
from bot.letters import keep_person, person_of, request_vault
from bot.mail.letter import lint_text
from bot.mail.message import Mail
from bot.processors.by_staff import FileRefused, finding_of
from bot.processors.export import items_of, table_of_contents
from workflows import machine
from workflows.rights import RIGHTS, WORDS

STAYS_OPEN = ("tonen", "verleng")
"""Words after which the question is still to be answered."""
TWICE_SEEN = ("erasure",)
"""Rights whose answer needs a second approver when `people.four_eyes` is set; so do refusals, whole or in part."""
GONE = "Dit concept geldt niet meer: er is een nieuwer concept, of de zaak is al verder. Er is niets verstuurd."


class Refused(Exception):
    """A command that does nothing; the Dutch sentence tells its sender why."""


@dataclass(frozen=True, slots=True)
class Order:
    """One command on one open question, by one of the staff, with the mail that gave it."""

    ask: Ask
    command: Command
    by: str
    mail: Mail


def staff_number(bot: Bot, by: str) -> int:
    """Which of the listed staff decided, counted from 1: the journal holds no addresses. 0 for anybody else."""
    people = bot.settings.people.staff
    return people.index(by) + 1 if by in people else 0


def _draft_of(session: Session, order: Order) -> tuple[Letter, Case, Request]:
    """The draft that a question is about, if it still stands as it was shown. Raises Refused."""
    letter = session.get_one(Letter, order.ask.subject_letter_id)
    case = session.get_one(Case, letter.case_id)
    if letter.state != "draft" or letter.draft_hash != order.ask.bound_hash:
        raise Refused(GONE)
    return letter, case, session.get_one(Request, case.request_id)


def _answering(session: Session, order: Order) -> tuple[Letter, Case, Request]:
    letter, case, request = _draft_of(session, order)
    if not in_state(case, "respond", "staff"):
        raise Refused(GONE)
    return letter, case, request


# --- a draft ----------------------------------------------------------------------------------------------------------


def _approve(bot: Bot, session: Session, order: Order) -> None:
    """`akkoord`: this draft, as its hash says, leaves; or it goes to a second pair of eyes."""
    letter, case, request = _answering(session, order)
    first = (order.ask.detail or {}).get("first")
    if first is not None and int(first) == staff_number(bot, order.by):
        raise Refused("U hebt dit concept zelf al goedgekeurd. Een ander moet ook akkoord geven.")
    weighty = case.right in TWICE_SEEN or drafts.shape_of(bot, order.ask).kind in ("refused", "partly")
    if bot.settings.people.four_eyes and weighty and first is None:
        _second(bot, session, order, letter, case, request)
        return
    letters.approve(session, letter, order.by, bot.clock.now())
    advance(bot, session, case, "approved", approved_by=f"staff {staff_number(bot, order.by)}")


def _second(bot: Bot, session: Session, order: Order, letter: Letter, case: Case, request: Request) -> None:
    """Puts an approved draft to somebody else as well."""
    others = [address for address in bot.settings.people.staff if address != order.by]
    if not others:
        raise Refused(
            "Voor dit concept is een tweede akkoord nodig, maar er staat geen tweede medewerker in de instellingen."
        )
    person = person_of(bot, request)
    found = findings_of(bot, session, request, case)
    copied = bool(letters.parts_of(letters.content_of(bot, letter)).attachments)
    contents = table_of_contents(found, drafts.shape_of(bot, order.ask).without) if copied else ()
    questions.to_approve(
        bot, session, request, case, person, letter, found, [str(line) for line in contents],
        detail={**(order.ask.detail or {}), "first": staff_number(bot, order.by)}, to=others[:1], suffix="-second",
    )  # fmt: skip


def _decline(bot: Bot, session: Session, order: Order) -> None:
    """`niet akkoord <reden>`: back to collect, the reason is kept, the term runs on; a new draft follows."""
    letter, case, request = _answering(session, order)
    drafts.withdraw(bot, letter, "NotApproved")
    kept = questions.keep(bot, request_vault(request.id), order.command.reason)
    order.ask.detail = {**(order.ask.detail or {}), "reason": kept}
    advance(bot, session, case, "declined", reason=True)
    collect_anew(bot, session, case, f"{order.ask.id}")


def collect_anew(bot: Bot, session: Session, case: Case, round_: str) -> None:
    """Asks every program again; what staff gave stands."""
    now = bot.clock.now()
    asked = False
    for answer in answers_of(session, case):
        if answer.processor in bot.processors:
            answer.answer, answer.since, asked = "pending", now, True
            work.enqueue(session, f"{COLLECT}:{answer.id}:{round_}", COLLECT, answer.id, now)
    if not asked:
        drafts.progress(bot, session, session.get_one(Request, case.request_id), case)


def _refuse(bot: Bot, session: Session, order: Order) -> None:
    """`weiger <reden>`: a refusal with that reason, to be approved."""
    _answering(session, order)
    _fit(order.command.reason)
    drafts.reshape(bot, session, order.ask, kind="refused", reason=order.command.reason, text="", without=())


def _partly(bot: Bot, session: Session, order: Order) -> None:
    """`deels <reden>`: a partial answer with that reason, to be approved."""
    _answering(session, order)
    _fit(order.command.reason)
    drafts.reshape(bot, session, order.ask, kind="partly", reason=order.command.reason, text="")


def _without(bot: Bot, session: Session, order: Order) -> None:
    """`zonder 3, 7`: the same draft without those items, which are also about somebody else; to be approved."""
    _, case, request = _answering(session, order)
    shape = drafts.shape_of(bot, order.ask)
    if shape.kind == "refused":
        raise Refused("Bij een weigering gaat geen kopie mee. Er is niets veranderd.")
    known = len(items_of(findings_of(bot, session, request, case)))
    if any(number > known for number in order.command.numbers):
        raise Refused(f"De kopie heeft {known} onderdelen, genummerd vanaf 1. Er is niets veranderd.")
    reason = shape.reason or drafts.OTHERS
    drafts.reshape(bot, session, order.ask, kind="partly", reason=reason, without=order.command.numbers)


def _own_text(bot: Bot, session: Session, order: Order) -> None:
    """`tekst:` + new text: the letter in the words of staff, to be approved."""
    _answering(session, order)
    _fit(order.command.text)
    drafts.reshape(bot, session, order.ask, text=order.command.text)


def _fit(words: str) -> None:
    """Raises Refused when words of staff may not stand in a letter: what is wrong with them, sentence by sentence."""
    if wrong := lint_text(words):
        raise Refused(" ".join((*wrong, "Er is niets veranderd.")))


def _show(bot: Bot, session: Session, order: Order) -> None:
    """`tonen`: the copy itself, to this approver alone."""
    letter, case, request = _answering(session, order)
    questions.show_copy(bot, session, request, case, letter, order.by)


def _extend(bot: Bot, session: Session, order: Order) -> None:
    """`verleng <reden>`: the notice of a longer term, to be approved; only inside the first term (AVG art. 12(3))."""
    case = session.get_one(Case, order.ask.case_id)
    request = session.get_one(Request, case.request_id)
    if "extended" not in machine.possible(case.state):
        raise Refused(GONE)
    if case.extended:
        raise Refused("De termijn van deze zaak is al een keer verlengd. Dat mag maar één keer.")
    if local_date(bot.clock.now()) > request.binding:
        raise Refused("De termijn is al voorbij. Verlengen kan alleen vóór het einde van de eerste termijn.")
    person = person_of(bot, request)
    if not (person.on_file or person.address):
        raise Refused("Van deze persoon is geen e-mailadres bekend. Stuur het uitstel zelf.")
    _fit(order.command.reason)
    earlier = session.scalars(select(Letter).where(Letter.case_id == case.id, Letter.template == "extension")).all()
    for old in earlier:
        if old.state == "draft":
            drafts.withdraw(bot, old, "Superseded")
    letter = correspondence.extension(bot, session, request, case, person, order.command.reason, len(earlier) + 1)
    questions.to_extend(bot, session, request, case, person, letter)


def _approve_extension(bot: Bot, session: Session, order: Order) -> None:
    """`akkoord` to that notice: it leaves; the term is longer once it was sent in time."""
    letter, _, request = _draft_of(session, order)
    if local_date(bot.clock.now()) > request.binding:
        raise Refused("De eerste termijn is intussen voorbij: verlengen kan niet meer. Er is niets verstuurd.")
    letters.approve(session, letter, order.by, bot.clock.now())


def _decline_extension(bot: Bot, session: Session, order: Order) -> None:
    """`niet akkoord` to that notice: the term stays as it is."""
    letter, _, _ = _draft_of(session, order)
    drafts.withdraw(bot, letter, "NotApproved")


OBJECTIONS = ("niet akkoord", "weiger", "deels", "zonder", "tekst", "overnemen", "ingetrokken")
"""Words with which one of the staff says no to a draft that another approved."""


def contradicts(bot: Bot, session: Session, order: Order) -> None:
    """An answer to a question that was answered before. Raises Refused, unless it says the opposite in time.

    A no to a draft that was approved and has not left yet: nothing goes out, a new draft is made, both are told. A no
    that comes when the letter is on its way stops nothing, and both are told that. A yes to a draft that another said
    no to: nothing goes out, and both are told.
    """
    ask = order.ask
    assert ask.closed is not None
    answered = Refused(f"Deze vraag is al beantwoord op {local_date(ask.closed):%d-%m-%Y}. Er is niets gedaan.")
    letter = session.get(Letter, ask.subject_letter_id) if ask.subject_letter_id else None
    if letter is None or letter.case_id is None or letter.template == "extension":
        raise answered
    case = session.get_one(Case, letter.case_id)
    request = session.get_one(Request, case.request_id)
    yes, people = ("akkoord", "akkoord lijst"), [str(ask.closed_by), order.by]
    if ask.outcome in yes and order.command.word in OBJECTIONS:
        if letter.state not in ("draft", "approved"):
            if letter.state in ("posting", "drafted", "sending", "accepted", "sent", "unclear"):
                questions.contradicted(bot, session, request, case, people, "late")
                return
            raise answered
        _stop(bot, session, request, case, letter, ask)
    else:
        opposite = ask.outcome == "niet akkoord" and order.command.word in yes and ask.closed_by != order.by
        if not opposite or not (in_state(case, "collect") or in_state(case, "respond", "staff")):
            raise answered
    questions.contradicted(bot, session, request, case, people, "alone" if ask.closed_by == order.by else "both")


def _stop(bot: Bot, session: Session, request: Request, case: Case, letter: Letter, ask: Ask) -> None:
    """Takes back an approved letter before it leaves, and puts the same answer to staff as a new draft."""
    open_work = session.scalars(
        select(Work).where(Work.kind == letters.LETTER, Work.ref == letter.id, Work.due.is_not(None))
    )
    for piece in open_work:
        piece.due, piece.token, piece.done = None, None, bot.clock.now()
    drafts.withdraw(bot, letter, "Contradicted")
    for other in session.scalars(select(Ask).where(Ask.subject_letter_id == letter.id, Ask.closed.is_(None))):
        questions.close(other, "program", "contradicted", bot.clock.now())
    if case.state == "respond.sending":
        advance(bot, session, case, "unsent", letter="contradicted")
    drafts.put(bot, session, request, case, drafts.shape_of(bot, ask))


# --- an answer that did not arrive ------------------------------------------------------------------------------------


def _failed(session: Session, order: Order) -> tuple[Case, Request]:
    case = session.get_one(Case, order.ask.case_id)
    if not in_state(case, "respond", "staff"):
        raise Refused("Deze zaak is al verder. Er is niets gedaan.")
    return case, session.get_one(Request, case.request_id)


def _has_answer(bot: Bot, session: Session, order: Order) -> None:
    """`gedaan`: the person has the answer after all, or staff gave it themselves."""
    case, request = _failed(session, order)
    outcome = drafts.outcome_of(session, session.get_one(Letter, order.ask.subject_letter_id))
    by = f"staff {staff_number(bot, order.by)}"
    advance(bot, session, case, "taken_over", taken_by=by)
    advance(bot, session, case, "settled", outcome=outcome, settled_by=by)
    case.outcome = outcome
    told = tasks.tell_recipients(bot, session, request, case)
    _closed(bot, session, request, case, order.by, None, told)


def _draft_anew(bot: Bot, session: Session, order: Order) -> None:
    """`niet akkoord <reden>`: the same answer as a new draft, to be approved; the failed letter stays what it is."""
    case, request = _failed(session, order)
    approved = session.scalar(
        select(Ask)
        .where(Ask.kind == "approve", Ask.subject_letter_id == order.ask.subject_letter_id)
        .order_by(Ask.id.desc())
        .limit(1)
    )
    drafts.put(bot, session, request, case, drafts.shape_of(bot, approved) if approved else drafts.Shape())


# --- a mail to sort ---------------------------------------------------------------------------------------------------


def _sort_as(bot: Bot, session: Session, order: Order) -> None:
    """`soort: …`: the mail is opened as those rights, or kept as what staff call it."""
    row = session.get_one(Message, order.ask.message_id)
    facts = dict(row.verdict or {})
    if order.command.rights:
        row.verdict = {**facts, "kind": "request", "rights": list(order.command.rights), "certain": True}
        work.enqueue(session, f"{OPEN}:{row.id}", OPEN, row.id, bot.clock.now())
        return
    row.kind = order.command.kind
    row.verdict = {**facts, "kind": order.command.kind, "rights": [], "certain": True}
    row.reason = "sorted by staff; answered by staff"
    if order.command.kind == "breach_report":
        questions.breach(bot, session, row)


def _no_request(bot: Bot, session: Session, order: Order) -> None:
    """`geen privacyverzoek`: the mail stays as it is."""
    row = session.get_one(Message, order.ask.message_id)
    row.disposition, row.kind, row.reason = "not-privacy", "not_privacy", "sorted by staff"


def _reported(bot: Bot, session: Session, order: Order) -> None:
    """`gemeld <nummer>` or `niet melden <reden>`: what became of a breach (AVG art. 33(1), (5))."""
    owner = f"message:{order.ask.message_id}"
    words = order.command.number or order.command.reason
    order.ask.detail = {**(order.ask.detail or {}), "answer": questions.keep(bot, owner, words)}


# --- the list of the first start --------------------------------------------------------------------------------------


def _open_backlog(bot: Bot, session: Session, order: Order) -> None:
    """`akkoord`: its requests open, its doubtful mails are asked one by one."""
    for message_id in (order.ask.detail or {}).get("messages", ()):
        row = session.get_one(Message, message_id)
        facts = row.verdict or {}
        sure = facts.get("kind") == "request" and facts.get("certain")
        kind = OPEN if sure else ASK
        work.enqueue(session, f"{kind}:{row.id}", kind, row.id, bot.clock.now())


def _leave_backlog(bot: Bot, session: Session, order: Order) -> None:
    """`niet akkoord …`: staff handle those mails themselves."""
    kept = questions.keep(bot, questions.DESK, order.command.reason)
    order.ask.detail = {**(order.ask.detail or {}), "reason": kept}


def _shorten_backlog(bot: Bot, session: Session, order: Order) -> None:
    """`zonder 3, 7`: a new list without those mails, which staff handle themselves."""
    ids = list((order.ask.detail or {}).get("messages", ()))
    if any(number > len(ids) for number in order.command.numbers):
        raise Refused(f"De lijst heeft {len(ids)} nummers. Er is niets veranderd.")
    left = [one for number, one in enumerate(ids, 1) if number not in order.command.numbers]
    questions.backlog(bot, session, left, order.ask.id)


# --- a case in the hands of staff -------------------------------------------------------------------------------------


def _verified(bot: Bot, session: Session, order: Order) -> None:
    """`geverifieerd <middel>`: staff established who asks; the request goes on to its address."""
    request = session.get_one(Request, order.ask.request_id)
    cases = [case for case in cases_of(session, request) if in_state(case, "verify")]
    person = person_of(bot, request)
    if not cases:
        raise Refused("Bij deze zaak wordt niet gevraagd wie de afzender is. Er is niets gedaan.")
    if not any(case.right in RIGHTS for case in cases):
        raise Refused(
            "Dit recht behandelt het programma nog niet zelf. Antwoord met “gedaan” als de klant antwoord heeft."
        )
    if not person.address:
        raise Refused("Van deze persoon is geen e-mailadres bekend. Antwoord zelf, en daarna met “gedaan”.")
    request.identity, request.identified_at = "staff", bot.clock.now()
    keep_person(bot, request, person)
    kept = questions.keep(bot, request_vault(request.id), order.command.means)
    order.ask.detail = {**(order.ask.detail or {}), "means": kept}
    led = [case.id for case in cases if case.right in RIGHTS]
    for other in session.scalars(
        select(Ask).where(Ask.case_id.in_(led), Ask.kind == "by-hand", Ask.closed.is_(None), Ask.id != order.ask.id)
    ):
        questions.close(other, order.by, "geverifieerd", bot.clock.now())
    work.enqueue(session, f"{IDENTIFY}:{request.id}:{order.ask.id}", IDENTIFY, request.id, bot.clock.now())


def _not_verified(bot: Bot, session: Session, order: Order) -> None:
    """`niet geverifieerd <reden>`: the closing letter, with every way onward; nothing of substance is said."""
    case = session.get_one(Case, order.ask.case_id)
    request = session.get_one(Request, case.request_id)
    if not in_state(case, "verify"):
        raise Refused("Bij deze zaak wordt niet gevraagd wie de afzender is. Er is niets gedaan.")
    person = person_of(bot, request)
    if not person.address:
        raise Refused("Van deze persoon is geen e-mailadres bekend. Antwoord zelf, en daarna met “gedaan”.")
    letter = correspondence.not_identified(bot, session, request, case, person)
    advance(bot, session, case, "not_identified", letter=True)
    case.outcome = "not_identified"
    _closed(bot, session, request, case, order.by, letter)


def _settled(bot: Bot, session: Session, order: Order) -> None:
    """`gedaan`: staff have answered the person themselves; recipients are told where the law asks it (AVG art. 19)."""
    case = session.get_one(Case, order.ask.case_id)
    request = session.get_one(Request, case.request_id)
    if case.state not in ("verify.staff", "collect.staff"):
        raise Refused("Deze zaak ligt niet bij u. Er is niets gedaan.")
    advance(bot, session, case, "settled", outcome="granted", settled_by=f"staff {staff_number(bot, order.by)}")
    case.outcome = "granted"
    told = tasks.tell_recipients(bot, session, request, case)
    _closed(bot, session, request, case, order.by, None, told)


def _withdrawn(bot: Bot, session: Session, order: Order) -> None:
    """`ingetrokken`: the person takes the request back; it is confirmed to them."""
    case = session.get_one(Case, order.ask.case_id)
    _take_back(bot, session, session.get_one(Request, case.request_id), case, order.by)


def _take_back(bot: Bot, session: Session, request: Request, case: Case, by: str) -> None:
    """Ends a case that its person took back: drafts die, it is confirmed where the sender was proven."""
    for letter in session.scalars(select(Letter).where(Letter.case_id == case.id, Letter.state == "draft")):
        drafts.withdraw(bot, letter, "Withdrawn")
    advance(bot, session, case, "withdrawn", proven=True)
    case.outcome = "withdrawn"
    person = person_of(bot, request)
    confirmed = correspondence.withdrawn(bot, session, request, case, person) if person.proven else None
    _closed(bot, session, request, case, by, confirmed)


def _withdrawn_by_mail(bot: Bot, session: Session, order: Order) -> None:
    """`ingetrokken` to a mail of the person: every open case of the request is taken back; only a proven party may."""
    if not (order.ask.detail or {}).get("proven"):
        raise Refused("Het is niet bewezen dat dit bericht van de klant komt. Daarom kan het verzoek hiermee niet weg.")
    request = session.get_one(Request, order.ask.request_id)
    waiting = [case for case in cases_of(session, request) if "withdrawn" in machine.possible(case.state)]
    if not waiting:
        raise Refused("Dit verzoek is al beantwoord of ingetrokken. Er is niets gedaan.")
    for case in waiting:
        _take_back(bot, session, request, case, order.by)


def _closed(
    bot: Bot,
    session: Session,
    request: Request,
    case: Case,
    by: str,
    letter: Letter | None,
    told: list[str] | None = None,
) -> None:
    """What follows when staff closed a case: its register row, its mail filed, its other questions closed."""
    now = bot.clock.now()
    register.enter(
        session, request, case, WORDS[case.right].article, letter, now, decided_by=by, recipients_told=told or []
    )
    for other in session.scalars(
        select(Ask).where(Ask.case_id == case.id, Ask.closed.is_(None), Ask.kind != "recipient")
    ):
        questions.close(other, by, "case closed", now)
    if all(in_state(one, "closed") for one in cases_of(session, request)):
        work.enqueue(session, f"{FILE}:{request.id}:closed", FILE, request.id, now)


def _take_over(bot: Bot, session: Session, order: Order) -> None:
    """`overnemen`: staff lead the case themselves; drafts die, the term stays watched."""
    case = session.get_one(Case, order.ask.case_id)
    request = session.get_one(Request, case.request_id)
    for letter in session.scalars(select(Letter).where(Letter.case_id == case.id, Letter.state == "draft")):
        drafts.withdraw(bot, letter, "TakenOver")
    if case.state not in ("verify.staff", "collect.staff"):
        advance(bot, session, case, "taken_over", taken_by=f"staff {staff_number(bot, order.by)}")
    for other in session.scalars(
        select(Ask).where(Ask.case_id == case.id, Ask.closed.is_(None), Ask.id != order.ask.id)
    ):
        questions.close(other, order.by, "overnemen", bot.clock.now())
    questions.taken(bot, session, request, case, order.by, order.ask.id)


def _give_back(bot: Bot, session: Session, order: Order) -> None:
    """`teruggeven`: the program leads the case again from where it stood."""
    case = session.get_one(Case, order.ask.case_id)
    request = session.get_one(Request, case.request_id)
    verifying = in_state(case, "verify")
    advance(bot, session, case, "handed_back")
    if verifying:
        work.enqueue(session, f"{IDENTIFY}:{request.id}:{order.ask.id}", IDENTIFY, request.id, bot.clock.now())
    else:
        for answer in answers_of(session, case):
            if answer.answer == "task":
                answer.answer = "pending"
        collect_anew(bot, session, case, f"{order.ask.id}")


# --- tasks and recipients ---------------------------------------------------------------------------------------------


def _task_done(bot: Bot, session: Session, order: Order) -> None:
    """`gedaan` with the file: the processor's answer; without one only when staff say that nothing was found."""
    answer = session.get_one(Answer, (order.ask.detail or {})["answer"])
    case = session.get_one(Case, answer.case_id)
    request = session.get_one(Request, case.request_id)
    files = [(one.name, one.content) for one in order.mail.attachments if not one.inline]
    if not files and order.command.reason != "niets gevonden":
        raise Refused(
            "Er zit geen bestand bij uw antwoord. Stuur het mee, of antwoord “gedaan, niets gevonden” als er niets was."
        )
    try:
        finding = finding_of(answer.processor, files)
    except FileRefused as refused:
        raise Refused(f"{refused} De taak blijft open.") from None
    keep_finding(bot, request, answer, finding)
    journal.write(
        session, bot.clock.now(), "processor answered", request=request.reference, case=case.reference,
        processor=answer.processor, answer=finding.answer, records=len(finding.records),
    )  # fmt: skip
    drafts.progress(bot, session, request, case)


def _approve_list(bot: Bot, session: Session, order: Order) -> None:
    """`akkoord lijst`: every draft of the list that still stands as it was listed leaves."""
    listed = [session.get_one(Letter, one) for one in (order.ask.detail or {}).get("letters", ())]
    changed = any(letter.state == "refused" and letter.approved_by is None for letter in listed)
    if changed or questions.list_hash(listed) != order.ask.bound_hash:
        raise Refused(
            "Een of meer concepten van deze lijst zijn veranderd. Er is niets verstuurd. U krijgt een nieuwe lijst."
        )
    now = bot.clock.now()
    for letter in listed:
        case = session.get_one(Case, letter.case_id)
        if letter.state != "draft" or not in_state(case, "respond", "staff"):
            continue
        letters.approve(session, letter, order.by, now)
        advance(bot, session, case, "approved", approved_by=f"staff {staff_number(bot, order.by)}")
        for one in session.scalars(select(Ask).where(Ask.subject_letter_id == letter.id, Ask.closed.is_(None))):
            questions.close(one, order.by, "akkoord lijst", now)


def _nothing_changes(bot: Bot, session: Session, order: Order) -> None:
    """An answer that needs nothing done but its record."""


CASE_WORDS: Mapping[str, Callable[[Bot, Session, Order], None]] = {
    "ingetrokken": _withdrawn,
    "overnemen": _take_over,
    "verleng": _extend,
}
"""Words that go with every question about a case."""

OF_A_CASE = ("approve", "by-hand", "task", "failed")

COMMANDS: Mapping[tuple[str, str], Callable[[Bot, Session, Order], None]] = {
    ("approve", "akkoord"): _approve,
    ("approve", "niet akkoord"): _decline,
    ("approve", "weiger"): _refuse,
    ("approve", "deels"): _partly,
    ("approve", "zonder"): _without,
    ("approve", "tekst"): _own_text,
    ("approve", "tonen"): _show,
    ("extension", "akkoord"): _approve_extension,
    ("extension", "niet akkoord"): _decline_extension,
    ("failed", "gedaan"): _has_answer,
    ("failed", "niet akkoord"): _draft_anew,
    ("sort", "soort"): _sort_as,
    ("sort", "geen privacyverzoek"): _no_request,
    ("breach", "gemeld"): _reported,
    ("breach", "niet melden"): _reported,
    ("backlog", "akkoord"): _open_backlog,
    ("backlog", "niet akkoord"): _leave_backlog,
    ("backlog", "zonder"): _shorten_backlog,
    ("by-hand", "geverifieerd"): _verified,
    ("by-hand", "niet geverifieerd"): _not_verified,
    ("by-hand", "gedaan"): _settled,
    ("taken", "gedaan"): _settled,
    ("taken", "teruggeven"): _give_back,
    ("task", "gedaan"): _task_done,
    ("recipient", "gedaan"): _nothing_changes,
    ("joined", "gedaan"): _nothing_changes,
    ("joined", "soort"): _sort_as,
    ("joined", "ingetrokken"): _withdrawn_by_mail,
    ("list", "akkoord lijst"): _approve_list,
    ("list", "niet akkoord"): _nothing_changes,
    **{(kind, word): function for kind in OF_A_CASE for word, function in CASE_WORDS.items()},
    ("taken", "ingetrokken"): _withdrawn,
    ("taken", "verleng"): _extend,
}
