"""The door: everything that leaves passes here, once. States of a letter:

`draft → approved → posting → drafted → sending → accepted → sent`, and `unclear`, `refused`, `bounced`.

Each step commits before it acts. From `posting` the draft is sought by Message-ID and taken over; from `drafted` a
send is allowed; from `sending` only looking is: an accepted mail may linger in Drafts before it shows in Sent Items.
What stays without proof for 15 minutes is `unclear`, and a person looks. There is no second blind send anywhere.
"""

from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from email.utils import getaddresses

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from bot import work
from bot.casebook import journal, ledger
from bot.casebook.schema import Case, Letter, Request
from bot.context import Bot
from bot.graph import inbox, outbox
from bot.graph.session import GraphError
from bot.letters import LETTER, MARK_HEADER, RANKS, Parts, content_of, mark_of, parts_of, person_of

PROOF_WITHIN = timedelta(minutes=15)
THROTTLED_AGAIN = timedelta(minutes=2)  # after a refused send: by then an accepted mail has left Drafts
RESERVE = 500  # recipients a day kept for staff, breach, closing and extension letters
KEPT_TEMPLATES = ("not_identified", "extension")
CAP_ADDRESS = 12  # letters to one customer's address in 24 hours
URGENT_WITHIN = timedelta(days=3)
WAITING = ("approved", "posting", "drafted", "sending", "accepted")


class GateClosed(Exception):
    """A letter that may not leave, with the rule that stops it."""


After = Callable[[Bot, Session, Letter], None]


def gate(bot: Bot, session: Session, letter: Letter, parts: Parts) -> None:
    """Raises GateClosed unless this letter may go to these people (DESIGN: "Sending", 1)."""
    people = bot.settings.people
    recipients = [address.lower() for _, address in getaddresses([parts.to])]
    if not recipients:
        raise GateClosed("no recipient")
    if parts.digest != letter.draft_hash:
        raise GateClosed("the text is not the text that was composed")
    if letter.approved_by is None or letter.approved_hash != letter.draft_hash:
        raise GateClosed("not approved as it stands")
    if bot.address in recipients:
        raise GateClosed("our own address is a recipient")
    match letter.audience:
        case "staff":
            allowed: Collection[str] = (*people.staff, *people.management)
        case "management":
            allowed = people.management
        case "subject":
            if letter.request_id is None or len(recipients) != 1:
                raise GateClosed("a letter to a person belongs to one request and one address")
            request = session.get_one(Request, letter.request_id)
            person = person_of(bot, request)
            if letter.personal and request.identity == "none":
                raise GateClosed("personal, and nobody showed who is asking (policy P28)")
            allowed = (person.on_file if letter.personal else person.address,)
            if _robot(recipients[0]):
                raise GateClosed("an address that no person reads")
        case _:
            contacts = (supplier.contact for supplier in bot.settings.processors.values())
            allowed = [contact for contact in contacts if contact]
    strangers = [address for address in recipients if address not in allowed]
    if strangers:
        raise GateClosed(f"{len(strangers)} of {len(recipients)} recipients are not the ones this letter is for")


def _robot(address: str) -> bool:
    """Addresses that machines answer from: RFC 2142 postmaster, RFC 5321 mailer-daemon, no-reply in its spellings."""
    local = address.partition("@")[0].replace("-", "").replace("_", "").replace(".", "")
    return local in ("mailerdaemon", "postmaster", "bounce", "bounces") or local.startswith(
        ("noreply", "donotreply", "nietbeantwoorden", "geenantwoord")
    )


def step(bot: Bot, item: work.Item, after: After) -> None:
    """One step of one letter: the handler of work of kind `letter`. `after` runs where it reaches a final state."""
    with bot.store.read() as session:
        letter = session.get_one(Letter, item.ref)
    match letter.state:
        case "approved":
            _approve(bot, item, after)
        case "posting":
            _post(bot, item, after)
        case "drafted" | "sending":
            _send(bot, item, after)
        case _:
            with bot.store.begin() as session:
                work.finish(session, item, bot.clock.now())


def _move(bot: Bot, session: Session, letter: Letter, state: str, **detail: str | int) -> None:
    now = bot.clock.now()
    letter.state, letter.changed = state, now
    request = session.get(Request, letter.request_id) if letter.request_id else None
    case = session.get(Case, letter.case_id) if letter.case_id else None
    journal.write(
        session,
        now,
        f"letter {state}",
        request=request.reference if request else None,
        case=case.reference if case else None,
        letter=letter.id,
        template=letter.template,
        **detail,
    )


def _approve(bot: Bot, item: work.Item, after: After) -> None:
    """approved → posting, when the gate is open and the budgets allow."""
    now = bot.clock.now()
    with bot.store.read() as session:
        letter = session.get_one(Letter, item.ref)
        rule = _rule_broken(bot, session, letter)
        capped = rule is None and _capped(session, letter, now)
    if rule is None and not capped:
        _take_budget(bot, letter, now)
    with bot.store.begin() as session:
        letter = session.get_one(Letter, item.ref)
        if capped:
            if letter.error != "CapReached":
                letter.error = "CapReached"
                after(bot, session, letter)
        else:
            work.finish(session, item, now)
            letter.error = "GateClosed" if rule else None
            _move(bot, session, letter, "refused" if rule else "posting", **({"rule": rule} if rule else {}))
            if rule:
                after(bot, session, letter)
            else:
                work.enqueue(session, f"{LETTER}:{letter.id}:posting", LETTER, letter.id, now)
    if capped:
        raise work.Later(3600)


def _rule_broken(bot: Bot, session: Session, letter: Letter) -> str | None:
    """The rule of the gate that stops a letter, None when it may leave."""
    try:
        gate(bot, session, letter, parts_of(content_of(bot, letter)))
    except GateClosed as closed:
        return str(closed)
    return None


def _capped(session: Session, letter: Letter, now: datetime) -> bool:
    """Against loops: whether a customer's address has had its `CAP_ADDRESS` letters of 24 hours."""
    if letter.audience != "subject":
        return False
    lately = session.scalar(
        select(func.count()).where(
            Letter.recipient_hash == letter.recipient_hash,
            Letter.audience == "subject",
            Letter.id != letter.id,
            Letter.sending_at > now - timedelta(hours=24),
        )
    )
    return (lately or 0) >= CAP_ADDRESS


def _take_budget(bot: Bot, letter: Letter, now: datetime) -> None:
    """Takes the permits of one send, or raises Later; a better letter that waits goes first when they are scarce."""
    limits = bot.settings.limits
    if limits.messages_per_minute == 0:
        return
    with bot.store.read() as session:
        left = work.permits_left(session, "messages", now)
        day_left = work.permits_left(session, "recipients", now)
        better = _better(session, letter, now)
    if left <= better:
        raise work.Later(2)
    if letter.rank == RANKS["receipt"] and day_left < limits.recipients_per_24h // 10:
        raise work.Later(600)
    kept = letter.audience != "subject" or letter.template in KEPT_TEMPLATES
    reserve = 0 if kept else min(RESERVE, limits.recipients_per_24h // 2)
    short = work.take_permits(
        bot.store,
        now,
        work.Use("recipients", work.DAY_HOLD, letter.recipients, reserve),
        work.Use("messages", work.MINUTE_HOLD),
    )
    if short is not None:
        raise work.Later(600 if short == "recipients" else 2)


def _better(session: Session, letter: Letter, now: datetime) -> int:
    """How many waiting letters go before this one."""
    mine = (rank_at(letter, now), letter.id)
    waiting = session.scalars(select(Letter).where(Letter.state == "approved", Letter.error.is_(None)))
    return sum((rank_at(other, now), other.id) < mine for other in waiting)


def rank_at(letter: Letter, now: datetime) -> int:
    """The order of leaving: alarms, letters whose term is within three days, staff mails, receipts, letters, bulk."""
    soon = letter.due is not None and letter.due <= (now + URGENT_WITHIN).date()
    return min(letter.rank, RANKS["urgent"]) if soon else letter.rank


def _post(bot: Bot, item: work.Item, after: After) -> None:
    """posting → drafted. A first try makes the draft; a later one looks first whether it was made."""
    now = bot.clock.now()
    with bot.store.read() as session:
        letter = session.get_one(Letter, item.ref)
        content = content_of(bot, letter)
    fresh = item.tries <= 1 and letter.error is None
    try:
        there = () if fresh else inbox.find(bot.graph, letter.message_id)
        drafts = [str(found["id"]) for found in there if found.get("isDraft")]
        whole = drafts[:1] if len(content) <= outbox.LARGEST_MIME_DRAFT else []
        for orphan in drafts[len(whole) :]:
            outbox.delete_draft(bot.graph, orphan)
        graph_id = whole[0] if whole else outbox.create_draft(bot.graph, content)
    except GraphError as error:
        if not error.definite or error.status in (401, 403, 404, 410):
            with bot.store.begin() as session:
                session.get_one(Letter, item.ref).error = f"{error.status} {error.code}".strip()
            raise work.Later(error.retry_after or 60) from None
        with bot.store.begin() as session:
            work.finish(session, item, now)
            letter = session.get_one(Letter, item.ref)
            letter.error = f"{error.status} {error.code}".strip()
            _move(bot, session, letter, "refused", status=error.status)
            after(bot, session, letter)
        return
    with bot.store.begin() as session:
        work.finish(session, item, now)
        letter = session.get_one(Letter, item.ref)
        letter.graph_id, letter.error = graph_id, None
        _move(bot, session, letter, "drafted")
        work.enqueue(session, f"{LETTER}:{letter.id}:drafted", LETTER, letter.id, now)


def _send(bot: Bot, item: work.Item, after: After) -> None:
    """drafted → sending → accepted. A letter that is already `sending` is only looked for."""
    now = bot.clock.now()
    with bot.store.begin() as session:
        letter = session.get_one(Letter, item.ref)
        if letter.state == "sending":
            work.finish(session, item, now)
            return
        letter.sending_at = now
        _move(bot, session, letter, "sending")
        graph_id = letter.graph_id or ""
    throttled = False
    accepted = True
    refused: GraphError | None = None
    try:
        outbox.send(bot.graph, graph_id)
    except GraphError as error:
        accepted = False
        throttled = error.throttled
        if error.definite and error.status not in (401, 403, 404):
            refused = error
    with bot.store.begin() as session:
        work.finish(session, item, now)
        letter = session.get_one(Letter, item.ref)
        if letter.state != "sending":
            return
        if accepted:
            _move(bot, session, letter, "accepted")
        elif refused is not None:
            letter.error = f"{refused.status} {refused.code}".strip()
            _move(bot, session, letter, "refused", status=refused.status)
            after(bot, session, letter)
        elif throttled:
            letter.error = "Throttled"


def look(bot: Bot, after: After) -> int:
    """Looks in Sent Items once for all letters that are on their way; gives how many reached a final state.

    A sent copy whose Message-ID Exchange rewrote is known by our mark in its MIME.
    """
    now = bot.clock.now()
    with bot.store.read() as session:
        out = list(session.scalars(select(Letter).where(Letter.state.in_(("sending", "accepted")))))
        link = ledger.mark(session, "delta:sentitems")
    if not out:
        return 0
    settled = 0
    oldest = min(letter.sending_at or letter.created for letter in out) - timedelta(hours=1)
    try:
        for page in outbox.sent_pages(bot.graph, link.value if link else None, oldest):
            strangers: list[str] = []
            with bot.store.begin() as session:
                for found in page.items:
                    ours = _by_message_id(session, str(found.get("internetMessageId") or ""))
                    if ours is None:
                        strangers.append(str(found["id"]))
                    elif ours.state in WAITING:
                        settled += _settle(bot, session, ours, str(found["id"]), found.get("internetMessageId"), after)
            settled += _recognise(bot, strangers, after)
            if page.link:
                with bot.store.begin() as session:
                    ledger.set_mark(session, "delta:sentitems", page.link, now)
    except inbox.DeltaExpired:
        with bot.store.begin() as session:
            mark = ledger.mark(session, "delta:sentitems")
            if mark is not None:
                session.delete(mark)
        return settled + look(bot, after) if link else settled
    return settled + _resolve_late(bot, after)


def _by_message_id(session: Session, message_id: str) -> Letter | None:
    if not message_id:
        return None
    return session.scalar(
        select(Letter).where(or_(Letter.message_id == message_id, Letter.sent_message_id == message_id))
    )


def _settle(bot: Bot, session: Session, letter: Letter, graph_id: str, message_id: str | None, after: After) -> int:
    """sending or accepted → sent: the proof is the copy in Sent Items."""
    letter.graph_id, letter.sent_at = graph_id, bot.clock.now()
    letter.sent_message_id = message_id or letter.message_id
    letter.error = None
    _move(bot, session, letter, "sent")
    after(bot, session, letter)
    return 1


def _recognise(bot: Bot, graph_ids: Collection[str], after: After) -> int:
    """Sent copies that carry our mark under another Message-ID (Exchange may rewrite it)."""
    settled = 0
    with bot.store.read() as session:
        waiting = session.scalar(select(func.count()).where(Letter.state.in_(("sending", "accepted")))) or 0
    if not waiting:
        return 0
    for graph_id in graph_ids:
        raw = inbox.mime(bot.graph, graph_id)
        mark = parts_of(raw).header(MARK_HEADER) if raw else ""
        letter_id = mark.partition(".")[0]
        if not letter_id.isdigit() or mark != mark_of(bot, int(letter_id)):
            continue
        with bot.store.begin() as session:
            letter = session.get(Letter, int(letter_id))
            if letter is not None and letter.state in WAITING:
                message_id = parts_of(raw or b"").header("Message-ID")
                settled += _settle(bot, session, letter, graph_id, message_id, after)
    return settled


def _resolve_late(bot: Bot, after: After) -> int:
    """What does not show in Sent Items: a throttled send may be made again, all else becomes unclear."""
    now = bot.clock.now()
    settled = 0
    with bot.store.read() as session:
        late = list(session.scalars(select(Letter).where(Letter.state.in_(("sending", "accepted")))))
    for letter in late:
        age = now - (letter.sending_at or letter.created)
        if letter.state == "sending" and letter.error == "Throttled" and age >= THROTTLED_AGAIN:
            there = outbox.state_of(bot.graph, letter.graph_id or "")
            if there is not None and there.get("isDraft"):
                with bot.store.begin() as session:
                    again = session.get_one(Letter, letter.id)
                    again.error = None
                    _move(bot, session, again, "drafted", seen="in Drafts")
                    key = f"{LETTER}:{letter.id}:drafted:{int(now.timestamp())}"
                    work.enqueue(session, key, LETTER, letter.id, now)
                settled += 1
                continue
        if age >= PROOF_WITHIN:
            with bot.store.begin() as session:
                lost = session.get_one(Letter, letter.id)
                if lost.state in ("sending", "accepted"):
                    _move(bot, session, lost, "unclear")
                    after(bot, session, lost)
                    settled += 1
    return settled


def set_budgets(bot: Bot) -> None:
    """Brings the permit rows in line with the settings."""
    limits = bot.settings.limits
    with bot.store.begin() as session:
        work.set_permits(session, "messages", limits.messages_per_minute)
        work.set_permits(session, "recipients", limits.recipients_per_24h)
