"""The use cases, as plain functions: take in a mail, open a request, find out who asks, collect, answer.

Each handler of work makes at most one call to the outside and then finishes its work in the transaction that changes
the case and writes the next work. `handlers()` at the end lists them.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from bot import correspondence, letters, sending, work
from bot.casebook import journal, ledger, register
from bot.casebook.ledger import Taken
from bot.casebook.schema import Answer, Ask, Case, Letter, Message, Request
from bot.cases import (
    ASK,
    COLLECT,
    FILE,
    IDENTIFY,
    OPEN,
    WATCH,
    advance,
    answers_of,
    cases_of,
    in_state,
    keep_finding,
    work_by,
)
from bot.clock import local_date
from bot.context import Bot
from bot.desk import approvals, drafts, failures, intake, open_list, questions, silence, tasks
from bot.graph import folders, inbox
from bot.graph.session import GraphError, TokenRefused
from bot.identity import known_address
from bot.letters import Person, address_hash, keep_person, person_of, reference_in
from bot.mail import message as mails
from bot.mail.authentication import proven_sender
from bot.mail.message import Mail
from bot.mail.origin import Origin, origin
from bot.mail.reply import Reply, split
from bot.processors.base import ProcessorDown, ProcessorRefused
from bot.reading import TAKE_IN, forget_own_folders
from bot.requests import open_request
from bot.sorting.verdict import Item as Sortable
from bot.sorting.verdict import Verdict, sort
from workflows import machine
from workflows.rights import RIGHTS, WORDS

FEW_WORDS = 15  # a mail of so few words with a picture may be that picture
BOUNCE_WITHIN = timedelta(hours=48)  # how long a delivered answer is watched for a bounce


# --- taking in a mail ------------------------------------------------------------------------------------------------


def take_in(bot: Bot, item: work.Item) -> None:
    """Gives one row of the ledger its disposition and does what follows from it, in one transaction."""
    page = bot.seen.pop(item.ref, None)
    with bot.store.read() as session:
        row = session.get_one(Message, item.ref)
    if row.disposition is not None:
        with bot.store.begin() as session:
            work.finish(session, item, bot.clock.now())
        return
    told = page is not None and page.get("internetMessageHeaders") and page.get("body")
    taken = decide(bot, row, mails.from_graph(page), whole=False) if page is not None and told else None
    if taken is None:
        try:
            mail = fetch(bot, row, page)
        except (GraphError, TokenRefused) as error:
            if _outage(bot, row, error):
                raise work.Later(60) from None
            raise
        taken = decide(bot, row, mail, whole=True) if mail is not None else _gone(bot)
    assert taken is not None
    with bot.store.begin() as session:
        work.finish(session, item, bot.clock.now())
        row = session.get_one(Message, item.ref)
        row.kind, row.disposition, row.reason = taken.kind or None, taken.disposition, taken.reason
        if taken.follow is not None:
            taken.follow(session, row)


def _outage(bot: Bot, row: Message, error: GraphError | TokenRefused) -> bool:
    """Whether the fault lies with the service, not with this mail: then its work waits, and no try is counted.

    A mail that for an hour alone cannot be read, while the mailbox can, is at fault itself.
    """
    if isinstance(error, TokenRefused) or not error.definite:
        now = bot.clock.now()
        with bot.store.read() as session:
            polled = ledger.mark(session, "poll")
        readable = polled is not None and now - polled.at <= timedelta(minutes=10)
        return now - row.seen < timedelta(hours=1) or not readable
    return False


def fetch(bot: Bot, row: Message, page: Mapping[str, Any] | None = None) -> Mail | None:
    """The whole mail of a row, wherever it is by now; None when it is gone. Raises GraphError, also when a part came.

    One that is too large, or that the service cannot write out, comes as far as a page tells it, with `over_bound`.
    Half a mail can come with status 200, and half a request may be no request: the page has to bear the MIME out.
    """
    graph_id, why = row.graph_id, "larger than 25 MB"
    try:
        raw = inbox.mime(bot.graph, graph_id)
    except GraphError as error:
        if error.code in ("ErrorItemCorrupt", "ErrorContentConversionFailed"):
            raw, why = None, "damaged in the mailbox"
        elif error.status == 404 or error.code == "ErrorInvalidIdMalformed":
            found = find(bot, row)
            if found is None:
                return None
            graph_id = found
            raw = inbox.mime(bot.graph, graph_id)
        else:
            raise
    shown = mails.from_graph(page if raw is not None and page is not None else inbox.item(bot.graph, graph_id))
    if raw is None:
        return replace(shown, over_bound=why)
    mail = mails.parse(raw)
    if not (mail.over_bound or mail.unreadable) and mails.cut_short(mail, shown):
        raise GraphError(200, "AnswerCutShort")
    return mail


def find(bot: Bot, row: Message) -> str | None:
    """The id that a mail has by now, kept in its row; None when it is nowhere. Ids change when people move mail."""
    named = inbox.find(bot.graph, row.message_id) if 0 < len(row.message_id) < ledger.LONGEST_ID else []
    found = ledger.same(bot.vault, row, named or inbox.received_at(bot.graph, row.received))
    if found is None:
        return None
    with bot.store.begin() as session:
        session.get_one(Message, row.id).graph_id = str(found["id"])
    return str(found["id"])


def _gone(bot: Bot) -> Taken:
    """A mail that somebody removed for good before it was read: a person is told."""

    def follow(session: Session, row: Message) -> None:
        questions.look_yourself(
            bot, session, row, "Deze e-mail stond niet meer in de mailbox toen het programma hem wilde lezen."
        )

    return Taken("parked", "gone before it could be read", follow=follow)


def decide(bot: Bot, row: Message, mail: Mail, *, whole: bool) -> Taken | None:
    """What a mail is to us, in the order of DESIGN "Sorting a message". None: the page is not enough, read the whole.

    `whole` says that `mail` was parsed from its MIME rather than from the data of a delta page.
    """
    came = origin(
        mail,
        own_mark=lambda mark: letters.is_own_mark(bot, mark),
        form_senders=bot.settings.mailbox.form_senders,
    )
    if came.kind == "own":
        return Taken("own", came.reason, "automatic")
    if whole and mail.sender == bot.address and not mail.header("Received"):
        return Taken("own", "sent from this mailbox, it never came in", "automatic")
    if came.kind in ("bounce", "auto-reply", "receipt", "calendar"):
        return _machine(bot, mail, came) if whole or came.kind != "bounce" else None
    if mail.over_bound or mail.unreadable:
        if not whole:
            return None
        return _for_a_person(bot, row, mail, mail.over_bound or mail.unreadable)
    people = bot.settings.people
    reply = split(mail)
    if mail.sender in (*people.staff, *people.management):
        if not whole:
            return None
        command = approvals.from_staff(bot, mail, reply, came)
        if command is not None:
            return command
    if mail.sender in {supplier.contact for supplier in bot.settings.processors.values()}:
        if not whole:
            return None
        answered = _from_processor(bot, mail, reply)
        if answered is not None:
            return answered
    known = _thread_of(bot, mail)
    if known is not None:
        return _join(bot, known, mail, came) if whole else None
    if not whole and not _told_by_page(mail):
        return None
    verdict = sort(sortable(mail, reply, came))
    if not reply.own_text.strip() and reply.quoted_text.strip():
        verdict = _of_a_bare_quote(mail, reply, came, verdict)
    if verdict.kind == "automatic" and verdict.certain:
        return Taken("automatic", "sorted as written by a machine", "automatic")
    if verdict.kind == "not_privacy" and verdict.certain:
        return Taken("not-privacy", "sorted as no privacy mail", "not_privacy")
    return _privacy(bot, row, mail, reply, came, verdict) if whole else None


def _told_by_page(mail: Mail) -> bool:
    """Whether a page tells all of a mail that may matter: it has no files, and no part that only the MIME shows.

    `hasAttachments` does not count files that are shown in the text, and of two bodies a page tells the HTML alone.
    """
    if mail.attachments or mail.content_type not in (
        "text/plain",
        "text/html",
        "multipart/alternative",
        "multipart/related",
    ):
        return False
    return len(mail.text.split()) > FEW_WORDS or "<img" not in mail.html.lower()


def sortable(mail: Mail, reply: Reply, came: Origin) -> Sortable:
    """A mail as the sorter wants it."""
    return Sortable(
        subject=mail.subject,
        own_text=reply.own_text,
        quoted_text=reply.quoted_text,
        sender=mail.sender,
        from_name=mail.from_name,
        headers=mail.headers,
        attachments=mail.attachments,
        origin=came.kind,
    )


def _of_a_bare_quote(mail: Mail, reply: Reply, came: Origin, verdict: Verdict) -> Verdict:
    """A mail without own words, such as a request that is only forwarded: what it quotes may ask, so a person looks."""
    quoted = sort(sortable(mail, replace(reply, own_text=reply.quoted_text, quoted_text=""), came))
    return verdict if quoted.kind in ("not_privacy", "automatic") else replace(quoted, certain=False)


def _machine(bot: Bot, mail: Mail, came: Origin) -> Taken:
    """Mail that a machine wrote is never answered; a bounce of one of our letters belongs to that letter."""
    if came.kind != "bounce":
        return Taken("automatic", came.reason, "automatic")
    with bot.store.read() as session:
        letter = _returned_letter(bot, session, mail)
    if letter is None:
        return Taken("automatic", f"bounce of none of our letters: {came.reason}", "automatic")
    letter_id = letter.id
    final = _is_final(mail)

    def follow(session: Session, row: Message) -> None:
        bounced = session.get_one(Letter, letter_id)
        row.request_id = bounced.request_id
        if final:
            letter_bounced(bot, session, bounced)

    return Taken("bounce", came.reason if final else f"delayed only: {came.reason}", "automatic", follow)


def _is_final(mail: Mail) -> bool:
    """Whether a report says that a mail will not arrive: its Action does (RFC 3464 §2.3.3), else its status class."""
    if mail.report is None:
        return True
    action = mail.report.action.strip().lower()
    return action == "failed" if action else not mail.report.status.startswith(("2", "4"))


def _returned_letter(bot: Bot, session: Session, mail: Mail) -> Letter | None:
    """The letter that a bounce is about: returned Message-ID, our mark, References."""
    ids = [*mail.in_reply_to, *mail.references]
    if mail.report is not None:
        ids.insert(0, mail.report.returned_message_id)
        for name, value in mail.report.returned_headers:
            if name.lower() == letters.MARK_HEADER.lower() and letters.is_own_mark(bot, value):
                return session.get(Letter, int(value.strip().partition(".")[0]))
    for message_id in filter(None, ids):
        found = _letter_named(session, message_id)
        if found is not None:
            return found
    return None


def _letter_named(session: Session, message_id: str) -> Letter | None:
    return session.scalar(
        select(Letter).where(or_(Letter.message_id == message_id, Letter.sent_message_id == message_id))
    )


def _for_a_person(bot: Bot, row: Message, mail: Mail, why: str) -> Taken:
    """A mail that this program cannot read safely: staff look at it in the mailbox."""

    def follow(session: Session, row: Message) -> None:
        questions.look_yourself(bot, session, row, f"Deze e-mail kan het programma niet lezen: {why}.", mail)

    return Taken("parked", why, follow=follow)


def _from_processor(bot: Bot, mail: Mail, reply: Reply) -> Taken | None:
    """A processor's answer to a letter of ours is filed with its case and shown to staff; None when it is none."""
    with bot.store.read() as session:
        found = tasks.recipient_ask(bot, session, mail)
    if found is None:
        return None
    ask_id = found.id

    def follow(session: Session, row: Message) -> None:
        question = session.get_one(Ask, ask_id)
        row.request_id = question.request_id
        questions.recipient_answered(bot, session, row, question, mail, reply.own_text)

    return Taken("task-answer", "answer of a processor", follow=follow)


def _thread_of(bot: Bot, mail: Mail) -> tuple[int, bool] | None:
    """The request that a mail belongs to, and whether its sender is a party of it; None when it names no request."""
    with bot.store.read() as session:
        request: Request | None = None
        for message_id in (*mail.in_reply_to, *reversed(mail.references)):
            letter = _letter_named(session, message_id)
            if letter is not None and letter.request_id is not None and letter.audience == "subject":
                request = session.get(Request, letter.request_id)
                break
        if request is None:
            reference = reference_in(mail.subject)
            if reference is not None:
                request = session.scalar(select(Request).where(Request.reference == reference))
        if request is None:
            return None
        return request.id, request.sender_hash == address_hash(bot, mail.sender)


def _join(bot: Bot, known: tuple[int, bool], mail: Mail, came: Origin) -> Taken:
    """A mail in the thread of a request: staff see it on the case; it changes nothing by itself."""
    request_id, party = known
    proof = proven_sender(mail)

    def follow(session: Session, row: Message) -> None:
        request = session.get_one(Request, request_id)
        row.request_id = request.id
        questions.show_joined(bot, session, request, row, mail, split(mail).own_text, party=party, proven=proof.ok)

    if party:
        return Taken("joined", "our letter or reference, from a party", follow=follow)
    return Taken("staff-question", "names a request that its sender is no party of", follow=follow)


def _privacy(bot: Bot, row: Message, mail: Mail, reply: Reply, came: Origin, verdict: Verdict) -> Taken:
    """A request, a doubtful mail, a question, a complaint, a breach: a request opens, or staff are asked."""
    with bot.store.read() as session:
        start = ledger.mark(session, "started")
        listed = ledger.mark(session, "backlog") is not None
    backlog = start is not None and row.received < start.at
    doubt = not verdict.certain or came.kind in ("list", "unknown") or not mail.sender or len(mail.senders) != 1
    kind = verdict.kind

    if backlog:

        def hold(session: Session, row: Message) -> None:
            row.verdict = _facts(verdict)
            if listed:
                questions.to_sort(bot, session, row, mail, reply, verdict, at_once=False)

        return Taken("staff-question", questions.BACKLOG, kind, hold)

    if kind == "request" and not doubt:

        def opened(session: Session, row: Message) -> None:
            row.verdict = _facts(verdict)
            open_request(bot, session, row, mail, verdict.rights)

        return Taken("request", "sorted as a request", kind, opened)

    def put(session: Session, row: Message) -> None:
        row.verdict = _facts(verdict)
        at_once = kind == "breach_report" or "authority" in verdict.flags or "threat" in verdict.flags
        questions.to_sort(bot, session, row, mail, reply, verdict, at_once=at_once)

    return Taken("staff-question", "doubtful" if doubt else f"sorted as {kind}", kind, put)


def _facts(verdict: Verdict) -> dict[str, object]:
    """What of a verdict may be kept: no word of the mail."""
    return {
        "kind": verdict.kind,
        "rights": list(verdict.rights),
        "flags": list(verdict.flags),
        "delivery": verdict.delivery,
        "on_behalf": verdict.on_behalf,
        "certain": verdict.certain,
        "guesses": list(verdict.guesses),
    }


# --- a request --------------------------------------------------------------------------------------------------------


def identify(bot: Bot, item: work.Item) -> None:
    """received → verify → collect for a proven sender on file; anybody else is put to staff."""
    with bot.store.read() as session:
        request = session.get_one(Request, item.ref)
        rights = [case.right for case in cases_of(session, request)]
    person = person_of(bot, request)
    led = all(right in RIGHTS for right in rights)
    holder = "staff" if request.identity == "staff" and any(right in RIGHTS for right in rights) else ""
    if led and person.proven and not holder:
        try:
            holder = known_address.on_file(person, bot.processors)
        except ProcessorDown as down:
            raise work.Later(down.after_seconds) from None
    now = bot.clock.now()
    with bot.store.begin() as session:
        work.finish(session, item, now)
        request = session.get_one(Request, item.ref)
        cases = cases_of(session, request)
        for case in cases:
            if case.state == machine.START:
                advance(bot, session, case, "check")
        if holder:
            rung = "staff" if holder == "staff" else "known_address"
            identified(bot, session, request, rung, replace(person, on_file=person.address))
            return
        if not led:
            why = "dit recht behandelt het programma nog niet zelf"
        elif not person.proven:
            why = f"het is niet bewezen dat de afzender dit adres mag gebruiken ({person.proof})"
        else:
            why = "het adres staat niet in de webwinkel"
        for case in cases:
            if case.state != "verify":
                continue
            advance(bot, session, case, "ask_staff", why="right" if not led else "sender")
            questions.by_hand(bot, session, request, case, person, why)


def identified(bot: Bot, session: Session, request: Request, rung: str, person: Person) -> None:
    """verify → collect: who asks is known. The receipt leaves and every processor is asked (AVG art. 12(2), (6))."""
    now = bot.clock.now()
    request.identity, request.identified_at = rung, now
    keep_person(bot, request, person)
    for case in cases_of(session, request):
        right = RIGHTS.get(case.right)
        if right is None or not in_state(case, "verify"):
            continue
        advance(bot, session, case, "identified", means=rung)
        for processor in (*bot.processors, *tasks.by_staff(bot)):
            session.add(Answer(case_id=case.id, processor=processor, answer="pending", since=now))
        session.flush()
        for answer in answers_of(session, case):
            if answer.processor not in bot.processors:
                continue
            work.enqueue(session, f"{COLLECT}:{answer.id}", COLLECT, answer.id, now)
        correspondence.receipt(bot, session, request, case, person)


def collect(bot: Bot, item: work.Item) -> None:
    """Asks one processor for one case; the last answer makes the draft. Of a case that no longer collects, nothing."""
    with bot.store.read() as session:
        answer = session.get_one(Answer, item.ref)
        case = session.get_one(Case, answer.case_id)
        request = session.get_one(Request, case.request_id)
    if not in_state(case, "collect"):
        return
    person = person_of(bot, request)
    remark = ""
    try:
        finding = bot.processors[answer.processor].export(person.on_file)
    except ProcessorDown as down:
        raise work.Later(down.after_seconds) from None
    except ProcessorRefused as refused:
        finding, remark = None, str(refused)
    now = bot.clock.now()
    with bot.store.begin() as session:
        work.finish(session, item, now)
        answer = session.get_one(Answer, item.ref)
        case = session.get_one(Case, answer.case_id)
        request = session.get_one(Request, case.request_id)
        if finding is None:
            questions.processor_refused(bot, session, request, case, answer.processor, remark)
            tomorrow = now + timedelta(days=1)
            work.enqueue(session, f"{COLLECT}:{answer.id}:{tomorrow:%Y-%m-%d}", COLLECT, answer.id, tomorrow)
            return
        keep_finding(bot, request, answer, finding)
        journal.write(
            session, now, "processor answered", request=request.reference, case=case.reference,
            processor=answer.processor, answer=finding.answer, records=len(finding.records),
        )  # fmt: skip
        drafts.progress(bot, session, request, case)


# --- what follows on a letter -----------------------------------------------------------------------------------------


def after_letter(bot: Bot, session: Session, letter: Letter) -> None:
    """What follows when a letter was sent, refused, stays unclear, or is held up on its way (any earlier state)."""
    case = session.get(Case, letter.case_id) if letter.case_id else None
    if letter.state == "sent" and letter.template == "extension" and case is not None:
        _extended(bot, session, case, letter)
    elif letter.state == "sent" and _ends(case, letter):
        assert case is not None
        if case.state == "respond.staff" and failures.open_question(session, letter):  # it turned up after all
            advance(bot, session, case, "approved", approved_by="as before")
        if case.state == "respond.sending":
            advance(bot, session, case, "sent")
            now = bot.clock.now()
            work.enqueue(session, f"{WATCH}:{letter.id}", WATCH, letter.id, now + BOUNCE_WITHIN)
            work.enqueue(session, f"{FILE}:{case.request_id}:answered", FILE, case.request_id, now)
    if letter.state == "sent":
        failures.arrived(bot, session, letter)
        return
    if letter.state in ("refused", "unclear") and _ends(case, letter):
        assert case is not None
        if case.state == "respond.sending":
            advance(bot, session, case, "unsent", letter=letter.state)
    failures.letter_failed(bot, session, letter)


def _extended(bot: Bot, session: Session, case: Case, letter: Letter) -> None:
    """A notice of a longer term counts when it left inside the first term (AVG art. 12(3)): questions wait longer."""
    request = session.get_one(Request, case.request_id)
    on_time = local_date(letter.sending_at or bot.clock.now()) <= request.binding
    if on_time and "extended" in machine.possible(case.state):
        advance(bot, session, case, "extended", reason=True, on_time=True)
        case.extended = True
        for ask in session.scalars(select(Ask).where(Ask.case_id == case.id, Ask.work_by == request.work_by)):
            ask.work_by = work_by(bot, request, case)


def _ends(case: Case | None, letter: Letter) -> bool:
    """Whether a letter is the one that answers its case."""
    return case is not None and letter.audience == "subject" and letter.template in correspondence.ENDING


def letter_bounced(bot: Bot, session: Session, letter: Letter) -> None:
    """A letter came back: an answer reopens its case with staff; the term runs on."""
    if letter.state == "bounced":
        return
    letter.state, letter.changed = "bounced", bot.clock.now()
    case = session.get(Case, letter.case_id) if letter.case_id else None
    request = session.get(Request, letter.request_id) if letter.request_id else None
    journal.write(
        session, bot.clock.now(), "letter bounced", request=request.reference if request else None,
        case=case.reference if case else None, letter=letter.id, template=letter.template,
    )  # fmt: skip
    if case is not None and _ends(case, letter):
        if case.state == "respond.sending":  # the bounce came before the copy in Sent Items was seen
            advance(bot, session, case, "sent")
        if in_state(case, "respond", "delivery") or in_state(case, "closed"):
            advance(bot, session, case, "bounced")
    failures.letter_failed(bot, session, letter)


def watch(bot: Bot, item: work.Item) -> None:
    """48 hours without a bounce: the answer counts as delivered and the case closes."""
    now = bot.clock.now()
    with bot.store.begin() as session:
        work.finish(session, item, now)
        letter = session.get_one(Letter, item.ref)
        case = session.get(Case, letter.case_id) if letter.case_id else None
        if case is None or not in_state(case, "respond", "delivery") or letter.state != "sent":
            return
        request = session.get_one(Request, case.request_id)
        outcome = drafts.outcome_of(session, letter)
        advance(bot, session, case, "delivered", outcome=outcome)
        case.outcome = outcome
        register.enter(session, request, case, WORDS[case.right].article, letter, now)
        if all(in_state(one, "closed") for one in cases_of(session, request)):
            work.enqueue(session, f"{FILE}:{request.id}:closed", FILE, request.id, now)


def file(bot: Bot, item: work.Item) -> None:
    """Marks a request mail in the mailbox, moves it once answered, and to `Afgerond` once closed."""
    with bot.store.read() as session:
        request = session.get_one(Request, item.ref)
        row = session.get(Message, request.message_id) if request.message_id else None
        cases = cases_of(session, request)
        closed = all(in_state(case, "closed") for case in cases)
        answered = all(in_state(case, "closed") or in_state(case, "respond", "delivery") for case in cases)
    if row is not None:
        mixed = "mixed" in (row.verdict or {}).get("flags", ())
        graph_id = row.graph_id
        try:
            if answered and not mixed:
                requests, done = bot_folders(bot)
                folders.move(bot.graph, graph_id, done if closed else requests)
            elif not answered:
                folders.categorise(bot.graph, graph_id, (folders.CATEGORY,))
        except GraphError as error:
            if error.status != 404:
                raise
            found = find(bot, row)
            if found is not None and found != graph_id:
                raise work.Later(1) from None
            if found is not None:  # then it is the folder that somebody removed
                forget_own_folders(bot)
                raise
    with bot.store.begin() as session:
        work.finish(session, item, bot.clock.now())


def bot_folders(bot: Bot) -> tuple[str, str]:
    """The ids of the bot's folders, made at first need and remembered."""
    with bot.store.read() as session:
        marks = [ledger.mark(session, name) for name in ("folder:requests", "folder:done")]
    if marks[0] is not None and marks[1] is not None:
        return marks[0].value, marks[1].value
    requests, done = folders.ensure(bot.graph)
    with bot.store.begin() as session:
        ledger.set_mark(session, "folder:requests", requests, bot.clock.now())
        ledger.set_mark(session, "folder:done", done, bot.clock.now())
    return requests, done


def open_by_staff(bot: Bot, item: work.Item) -> None:
    """Opens a request from a mail that staff named as one: `soort: …`, or `akkoord` to the list of the first start."""
    with bot.store.read() as session:
        row = session.get_one(Message, item.ref)
    mail = fetch(bot, row)
    with bot.store.begin() as session:
        work.finish(session, item, bot.clock.now())
        row = session.get_one(Message, item.ref)
        facts = row.verdict or {}
        rights = tuple(facts.get("rights", ()))
        if mail is None:
            questions.look_yourself(bot, session, row, "Deze e-mail is niet meer in de mailbox te vinden.")
            return
        row.disposition, row.kind = "request", "request"
        if "received" not in facts:
            open_request(bot, session, row, mail, rights)
            return
        received = datetime.fromisoformat(facts["received"])
        inner = intake.forwarded(mail, split(mail))
        open_request(bot, session, row, inner, rights, received=received, channel=facts["channel"], claimed=True)


def on_dead(bot: Bot, session: Session, item: work.Item) -> None:
    """Work that failed for good becomes a line in a mail to staff, never a silence; a mail that did is parked."""
    row = session.get(Message, item.ref) if item.kind in (TAKE_IN, OPEN, ASK) else None
    if row is not None and row.disposition is None:
        row.disposition, row.reason = "parked", "could not be taken in"
    journal.write(session, bot.clock.now(), "work failed", kind=item.kind, work=item.id)
    if item.kind == letters.LETTER:
        sending.buried(bot, session, item)
    if row is not None:
        why = "Het programma heeft drie keer geprobeerd deze e-mail te verwerken. Dat lukte niet."
        questions.look_yourself(bot, session, row, why)
    else:
        questions.work_failed(bot, session, item, *_concerned(session, item))


def _concerned(session: Session, item: work.Item) -> tuple[Request | None, Case | None]:
    """The request and the case that a piece of work is about, as far as it is about one."""
    about: Answer | Letter | Ask | None = None
    if item.kind == COLLECT:
        about = session.get(Answer, item.ref)
    elif item.kind == WATCH:
        about = session.get(Letter, item.ref)
    elif item.kind == questions.REMIND:
        about = session.get(Ask, item.ref)
    case = session.get(Case, about.case_id) if about is not None and about.case_id else None
    number = case.request_id if case else item.ref if item.kind in (IDENTIFY, FILE) else None
    return (session.get(Request, number) if number else None), case


def ask_by_one(bot: Bot, item: work.Item) -> None:
    """Puts one mail of the first start's list to staff by itself: it was doubtful."""
    with bot.store.read() as session:
        row = session.get_one(Message, item.ref)
    mail = fetch(bot, row)
    with bot.store.begin() as session:
        work.finish(session, item, bot.clock.now())
        row = session.get_one(Message, item.ref)
        if mail is None:
            questions.look_yourself(bot, session, row, "Deze e-mail is niet meer in de mailbox te vinden.")
            return
        reply = split(mail)
        verdict = sort(sortable(mail, reply, origin(mail)))
        questions.to_sort(bot, session, row, mail, reply, verdict, at_once=False)


def handlers(bot: Bot) -> Mapping[str, Callable[[work.Item], None]]:
    """Which function does which kind of work."""
    table: dict[str, Callable[[Bot, work.Item], None]] = {
        TAKE_IN: take_in,
        OPEN: open_by_staff,
        ASK: ask_by_one,
        questions.REMIND: silence.look,
        open_list.LIST: open_list.offer,
        IDENTIFY: identify,
        COLLECT: collect,
        WATCH: watch,
        FILE: file,
        letters.LETTER: lambda bot, item: sending.step(bot, item, after_letter),
    }

    def bind(function: Callable[[Bot, work.Item], None]) -> Callable[[work.Item], None]:
        return lambda item: function(bot, item)

    return {kind: bind(function) for kind, function in table.items()}
