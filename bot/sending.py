"""The door: everything that leaves passes here, once. States of a letter:

`draft → approved → posting → drafted → sending → accepted → sent`, and `unclear`, `refused`, `bounced`.

Each step commits before it acts. From `posting` the draft is sought by Message-ID and taken over; from `drafted` a
send is allowed; from `sending` only looking is: an accepted mail may linger in Drafts before it shows in Sent Items.
What stays without proof for 15 minutes is `unclear`, and a person looks. There is no second blind send anywhere.

Only three things lead back from `sending` to `drafted`: the request never left this machine; the service refused it for
what the app is (401, 403); or it was throttled, the draft is still in Drafts and not in Sent Items two minutes later,
and a letter that was sent after it has arrived there meanwhile, so that nothing is lingering.

Work of kind `letter` is one step of one letter; the third part of its key says which. What follows in a case is work of
its own (`after-<state>`), so that a case that cannot go on never holds up the proofs of other letters.
"""

from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from typing import NoReturn

import structlog
from sqlalchemy import and_, func, or_, select, update
from sqlalchemy.orm import Session

from bot import budgets, gate, work
from bot.casebook import journal, ledger
from bot.casebook.schema import Case, Letter, Request, Work
from bot.casebook.vault import KeyDestroyed
from bot.context import Bot
from bot.graph import inbox, outbox
from bot.graph.session import GraphError, TokenRefused
from bot.letters import LETTER, MARK_HEADER, address_hash, content_of, mark_of, parts_of

PROOF_WITHIN = timedelta(minutes=15)
THROTTLED_AGAIN = timedelta(minutes=2)
TIDY_AFTER = timedelta(minutes=10)  # when a doubtful making of a draft is looked at again, for a second draft
STALE_AFTER = timedelta(minutes=5)  # a draft that waited for longer may have been edited by somebody: it is made anew
TOLD_AFTER = timedelta(hours=1)  # a letter that cannot be made ready for so long is told to staff
SOUGHT = (timedelta(minutes=10), timedelta(hours=1), timedelta(hours=6), timedelta(days=1))
SOUGHT_FOR = timedelta(days=7)  # how long an unclear letter is looked for in Sent Items
MOST_ROUNDS = 6  # sends of one letter that did not take place, before a person looks
SHORT_WAIT = 30.0  # seconds of a Retry-After that are waited for within one step
LINK_KEPT = timedelta(days=1)  # an older delta link leads through everything that others sent meanwhile
ON_THEIR_WAY = ("sending", "accepted")
PROVABLE = ("posting", "drafted", "sending", "accepted", "unclear", "refused")
"""States from which a copy in Sent Items makes a letter `sent`: people can send a draft of ours by hand."""
SENT_MARK = "delta:sentitems"

After = Callable[[Bot, Session, Letter], None]
"""What a case does when a letter was sent, refused, stays unclear, or is held up."""

log = structlog.get_logger("privacybot")


def step(bot: Bot, item: work.Item, after: After) -> None:
    """One step of one letter: the handler of work of kind `letter`."""
    budgets.share(bot)
    what = item.key.split(":")[2]
    with bot.store.read() as session:
        state = session.get_one(Letter, item.ref).state
    if what.startswith("after-"):
        _follow(bot, item, after)
    elif what == "tidy":
        _tidy(bot, item)
    elif what == "seek":
        _seek(bot, item)
    elif state == "approved":
        _approve(bot, item)
    elif state == "posting":
        _post(bot, item)
    elif state == "drafted":
        _send(bot, item)
    else:
        with bot.store.begin() as session:
            work.finish(session, item, bot.clock.now())


# --- moving a letter --------------------------------------------------------------------------------------------------


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
    if state in ("sent", "refused", "unclear"):
        _queue(session, letter, f"after-{state}", now)


def _queue(session: Session, letter: Letter, what: str, due: datetime) -> None:
    """Adds work for a letter, under a key that was never used: a known key would be no work at all."""
    key, number = f"{LETTER}:{letter.id}:{what}", 1
    while not work.enqueue(session, key if number == 1 else f"{key}:{number}", LETTER, letter.id, due):
        number += 1


def _rounds(session: Session, letter: Letter, what: str) -> int:
    """How often this step of a letter was begun."""
    key = f"{LETTER}:{letter.id}:{what}"
    mine = or_(Work.key == key, and_(Work.key >= f"{key}:", Work.key < f"{key};"))  # `;` comes after `:`
    return session.scalar(select(func.count()).where(mine)) or 0


def _follow(bot: Bot, item: work.Item, after: After) -> None:
    """Tells the case, unless the letter went on meanwhile: then that is told instead."""
    state = item.key.split(":")[2].removeprefix("after-")
    with bot.store.begin() as session:
        work.finish(session, item, bot.clock.now())
        letter = session.get_one(Letter, item.ref)
        if letter.state == state:
            after(bot, session, letter)


def _refuse(bot: Bot, item: work.Item, error: str, **detail: str | int) -> None:
    """approved, posting or drafted → refused: it surely did not leave."""
    with bot.store.begin() as session:
        work.finish(session, item, bot.clock.now())
        letter = session.get_one(Letter, item.ref)
        give_up(bot, session, letter, error, **detail)


def give_up(bot: Bot, session: Session, letter: Letter, error: str, **detail: str | int) -> None:
    """A letter that has not left and will not: refused. One that may have left is only looked for."""
    if letter.state in ("approved", "posting", "drafted"):
        if letter.state == "posting":
            _queue(session, letter, "tidy", bot.clock.now() + TIDY_AFTER)
        letter.error = error
        _move(bot, session, letter, "refused", **detail)


def buried(bot: Bot, session: Session, item: work.Item) -> None:
    """What becomes of a letter when one of its steps failed for good; whoever calls this tells a person as well."""
    if item.key.split(":")[2] in ("approved", "posting", "drafted"):
        give_up(bot, session, session.get_one(Letter, item.ref), "WorkFailed")


def _put_off(bot: Bot, item: work.Item, error: str, seconds: float | None) -> NoReturn:
    """Tries a step again later, for as long as it takes; what is held up for an hour is told. Raises Later."""
    now = bot.clock.now()
    with bot.store.begin() as session:
        letter = session.get_one(Letter, item.ref)
        letter.error = error
        age = now - letter.changed
        if age >= TOLD_AFTER:
            work.enqueue(session, f"{LETTER}:{letter.id}:after-{letter.state}", LETTER, letter.id, now)
    raise work.Later(seconds or min(600.0, max(60.0, age.total_seconds() / 5)))


def _hold(bot: Bot, item: work.Item) -> None:
    """Lengthens the lease before a further request. Raises LeaseLost when somebody else does this step by now."""
    mine = update(Work).where(Work.id == item.id, Work.token == item.token, Work.due.is_not(None))
    with bot.store.begin(alone=False) as session:
        held = session.execute(mine.values(due=bot.clock.now() + work.LEASE).returning(Work.id)).first()
    if held is None:
        raise work.LeaseLost(item.id)


# --- from approved to sent --------------------------------------------------------------------------------------------


def _rule_broken(bot: Bot, session: Session, letter: Letter) -> str | None:
    """The rule of the gate that stops a letter, None when it may leave."""
    if letter.content is None:
        return "its text was erased"
    try:
        gate.check(bot, session, letter, parts_of(content_of(bot, letter)))
    except gate.GateClosed as closed:
        return str(closed)
    except KeyDestroyed:
        return "the key of this letter or of its request was destroyed"
    return None


def _approve(bot: Bot, item: work.Item) -> None:
    """approved → posting, when the gate is open, its turn has come, and no cap against loops is reached."""
    now = bot.clock.now()
    with bot.store.read() as session:
        letter = session.get_one(Letter, item.ref)
        wait = budgets.turn(bot, session, letter, now)
        asked = wait is None or letter.error is None  # at first, and when its turn has come
        rule = _rule_broken(bot, session, letter) if asked else None
    if rule:
        _refuse(bot, item, "GateClosed", rule=rule)
        return
    if wait is not None:
        _note_wait(bot, item.ref, wait.why, tell=wait.why == budgets.WAITS_DAY)
        raise work.Later(wait.seconds)
    with bot.store.begin() as session:
        letter = session.get_one(Letter, item.ref)
        capped = budgets.capped(session, letter, now) if letter.state == "approved" else None
        if capped is None:
            work.finish(session, item, now)
            if letter.state == "approved":
                letter.error = None
                _move(bot, session, letter, "posting")
                _queue(session, letter, "posting", now)
    if capped is not None:
        _note_wait(bot, item.ref, capped, tell=True)
        raise work.Later(3600)


def _note_wait(bot: Bot, letter_id: int, why: str, *, tell: bool) -> None:
    """Notes on an approved letter why it waits; what a cap or the day's budget holds back is told."""
    with bot.store.begin() as session:
        letter = session.get_one(Letter, letter_id)
        if letter.state != "approved" or letter.error == why:
            return
        letter.error = why
        if tell:
            _queue(session, letter, "after-approved", bot.clock.now())


def _post(bot: Bot, item: work.Item) -> None:
    """posting → drafted. A first try makes the draft; a later one looks first whether it was made."""
    with bot.store.read() as session:
        letter = session.get_one(Letter, item.ref)
    if letter.content is None:
        _refuse(bot, item, "GateClosed", rule="its text was erased")
        return
    try:
        content = content_of(bot, letter)
    except KeyDestroyed:
        _refuse(bot, item, "GateClosed", rule="the key of its text was destroyed")
        return
    fresh = item.tries <= 1 and letter.error is None
    clean = fresh
    for attempt in (1, 2, 3):
        try:
            graph_id = None if clean else _taken_over(bot, letter, content)
            graph_id = graph_id or outbox.create_draft(bot.graph, content, lambda: _hold(bot, item))
            break
        except TokenRefused:
            _put_off(bot, item, "TokenRefused", None)
        except GraphError as error:
            clean = clean and error.unsent
            if error.retry_after is not None and not error.unsent:
                _rest(bot, error)
                if error.retry_after <= SHORT_WAIT and attempt < 3:
                    continue
            said = f"{error.status} {error.code}".strip()
            if error.definite and not error.unsent and error.status not in (401, 403, 404, 409, 410, 412):
                _refuse(bot, item, said, status=error.status)
                return
            _put_off(bot, item, said, error.retry_after)
    now = bot.clock.now()
    with bot.store.begin() as session:
        work.finish(session, item, now)
        letter = session.get_one(Letter, item.ref)
        letter.graph_id, letter.error = graph_id, None
        _move(bot, session, letter, "drafted")
        _queue(session, letter, "drafted", now)
        if not clean:
            _queue(session, letter, "tidy", now + TIDY_AFTER)


def _rest(bot: Bot, error: GraphError) -> float:
    """A service that wants rest gets it from every worker."""
    with bot.store.begin() as session:
        return budgets.rest(session, error.retry_after, bot.clock.now())


def _taken_over(bot: Bot, letter: Letter, content: bytes) -> str | None:
    """The draft that an earlier try made, None when a new one is needed; what must not stay is removed.

    Only drafts that carry our mark are touched. One with files is made anew, since they may not all be there; so is
    one that lay open to everybody for long.
    """
    takeable = letter.error != "Stale" and len(content) <= outbox.LARGEST_MIME_DRAFT and not outbox.files_of(content)
    found = [draft for draft in outbox.drafts(bot.graph, letter.message_id) if _is_ours(bot, draft, letter)]
    kept = found[:1] if takeable else []
    for orphan in found[len(kept) :]:
        outbox.delete_draft(bot.graph, orphan)
    return kept[0] if kept else None


def _is_ours(bot: Bot, graph_id: str, letter: Letter) -> bool:
    """Whether a message of the mailbox carries the mark of this letter."""
    raw = _mime(bot, graph_id)
    return raw is not None and parts_of(raw).header(MARK_HEADER) == mark_of(bot, letter.id)


def _mime(bot: Bot, graph_id: str) -> bytes | None:
    """The MIME of a message, None when it is gone or too large."""
    try:
        return inbox.mime(bot.graph, graph_id)
    except GraphError as error:
        if error.status != 404:
            raise
        return None


def _send(bot: Bot, item: work.Item) -> None:
    """drafted → sending → accepted. The work ends as `sending` is committed: whatever comes, nobody sends again."""
    now = bot.clock.now()
    with bot.store.read() as session:
        letter = session.get_one(Letter, item.ref)
        rule = _rule_broken(bot, session, letter)
    if rule:
        _refuse(bot, item, "GateClosed", rule=rule)
        return
    if now - letter.changed > STALE_AFTER and letter.error != "Throttled":
        with bot.store.begin() as session:
            work.finish(session, item, now)
            letter = session.get_one(Letter, item.ref)
            letter.error = "Stale"
            _move(bot, session, letter, "posting", why="the draft waited for long")
            _queue(session, letter, "posting", now)
        return
    taken = budgets.take(bot, letter, now)
    with bot.store.begin() as session:
        work.finish(session, item, now)
        letter = session.get_one(Letter, item.ref)
        if letter.state != "drafted":
            return
        letter.sending_at, letter.error = now, None
        _move(bot, session, letter, "sending")
    failed: GraphError | None = None
    try:
        outbox.send(bot.graph, letter.graph_id or "")
    except TokenRefused:
        failed = GraphError(401, "TokenRefused", unsent=True)
    except GraphError as error:
        failed = error
    budgets.sent_at(bot, taken, bot.clock.now())
    with bot.store.begin() as session:
        letter = session.get_one(Letter, item.ref)
        if letter.state == "sending":
            _judge(bot, session, letter, failed)


def _judge(bot: Bot, session: Session, letter: Letter, failed: GraphError | None) -> None:
    """What the answer to a send means: accepted, not sent, refused, or doubt, in which only looking is allowed."""
    now = bot.clock.now()
    if failed is None:
        _move(bot, session, letter, "accepted")
        return
    letter.error = f"{failed.status} {failed.code}".strip()
    gone = failed.status == 404 or failed.code == "ErrorInvalidOperation"  # deleted, or sent by somebody's hand
    if failed.unsent or failed.status in (401, 403):
        rounds = _rounds(session, letter, "drafted")
        wait = failed.retry_after or min(3600.0, 30.0 * 2**rounds)
        letter.sending_at = None
        _move(bot, session, letter, "drafted", why="not sent", status=failed.status)
        _queue(session, letter, "drafted", now + timedelta(seconds=wait))
        if rounds >= MOST_ROUNDS:
            work.enqueue(session, f"{LETTER}:{letter.id}:after-drafted", LETTER, letter.id, now)
    elif failed.definite and not gone:
        _move(bot, session, letter, "refused", status=failed.status)
    elif failed.throttled:
        letter.error = "Throttled"
        budgets.rest(session, failed.retry_after, now)
    elif failed.retry_after is not None:
        budgets.rest(session, failed.retry_after, now)


# --- the proof --------------------------------------------------------------------------------------------------------


def look(bot: Bot) -> int:
    """Looks in Sent Items once for all letters that are on their way; gives how many reached another state.

    What follows in their cases is work. Raises GraphError.
    """
    budgets.share(bot)
    with bot.store.read() as session:
        out = session.scalar(select(func.count()).where(Letter.state.in_(ON_THEIR_WAY))) or 0
    if not out:
        return 0
    try:
        settled = _round(bot)
        return settled + _resolve_late(bot)
    except TokenRefused as refused:
        log.warning("sent items not read", why=str(refused))
        return 0


def _round(bot: Bot) -> int:
    """One delta round of Sent Items; gives how many letters it proved."""
    now = bot.clock.now()
    with bot.store.read() as session:
        out = list(session.scalars(select(Letter).where(Letter.state.in_((*ON_THEIR_WAY, "unclear")))))
        last = ledger.mark(session, SENT_MARK)
    if not out:
        return 0
    link = last.value if last is not None and now - last.at < LINK_KEPT else None
    since = min(letter.sending_at or letter.created for letter in out) - timedelta(hours=1)
    settled, missed = 0, False
    try:
        for page in outbox.sent_pages(bot.graph, link, since):
            strangers: list[str] = []
            awaited = {letter.recipient_hash for letter in out}
            with bot.store.begin() as session:
                for found in page.items:
                    message_id = str(found.get("internetMessageId") or "")
                    letter = _by_message_id(session, message_id)
                    if letter is not None:
                        settled += _settle(bot, session, letter, str(found["id"]), message_id)
                    elif not awaited.isdisjoint(_recipients(bot, found)):
                        strangers.append(str(found["id"]))
            for graph_id in strangers:
                try:
                    settled += _recognise(bot, graph_id)
                except GraphError as error:
                    missed = True
                    log.warning("sent item not read", status=error.status, code=error.code)
            if page.link and not missed:
                with bot.store.begin() as session:
                    ledger.set_mark(session, SENT_MARK, page.link, now)
    except inbox.DeltaExpired:
        if link is None:
            raise GraphError(410, "SyncStateNotFound") from None
        with bot.store.begin() as session:
            mark = ledger.mark(session, SENT_MARK)
            if mark is not None:
                session.delete(mark)
        return settled + _round(bot)
    return settled


def _recipients(bot: Bot, found: object) -> Collection[str]:
    """Keyed hashes of the addresses that a message of a delta page went to."""
    people = found.get("toRecipients") if isinstance(found, dict) else None
    addresses = [((one or {}).get("emailAddress") or {}).get("address") for one in people or ()]
    return [address_hash(bot, str(address)) for address in addresses if address]


def _by_message_id(session: Session, message_id: str) -> Letter | None:
    if not message_id:
        return None
    return session.scalar(
        select(Letter).where(or_(Letter.message_id == message_id, Letter.sent_message_id == message_id))
    )


def _settle(bot: Bot, session: Session, letter: Letter, graph_id: str, message_id: str) -> int:
    """→ sent: the proof is the copy in Sent Items. Its Message-ID is adopted, should Exchange have rewritten it."""
    if letter.state not in PROVABLE:
        return 0
    before = letter.state
    letter.graph_id, letter.sent_at = graph_id, bot.clock.now()
    letter.sending_at = letter.sending_at or letter.sent_at
    letter.sent_message_id = message_id or letter.message_id
    letter.error = None
    _move(bot, session, letter, "sent", **({} if before in ON_THEIR_WAY else {"before": before}))
    return 1


def _recognise(bot: Bot, graph_id: str) -> int:
    """Proves a letter by its mark, when the sent copy carries another Message-ID (Exchange may rewrite it)."""
    raw = _mime(bot, graph_id)
    if raw is None:
        return 0
    parts = parts_of(raw)
    mark = parts.header(MARK_HEADER)
    letter_id = mark.partition(".")[0]
    if not letter_id.isdecimal() or mark != mark_of(bot, int(letter_id)):
        return 0
    with bot.store.begin() as session:
        letter = session.get(Letter, int(letter_id))
        return _settle(bot, session, letter, graph_id, parts.header("Message-ID")) if letter is not None else 0


def _resolve_late(bot: Bot) -> int:
    """What does not show in Sent Items: a throttled send may be made again, all else becomes unclear."""
    now = bot.clock.now()
    settled = 0
    with bot.store.read() as session:
        out = list(session.scalars(select(Letter).where(Letter.state.in_(ON_THEIR_WAY))))
    for letter in out:
        age = now - (letter.sending_at or letter.changed)
        throttled = letter.state == "sending" and letter.error == "Throttled"
        try:
            if throttled and age >= THROTTLED_AGAIN:
                settled += _send_again(bot, letter)
            if age >= PROOF_WITHIN:
                settled += _unclear(bot, letter)
        except GraphError as error:
            log.warning("letter not looked for", letter=letter.id, status=error.status, code=error.code)
    return settled


def _send_again(bot: Bot, letter: Letter) -> int:
    """sending → drafted for a throttled send, once it is plain that it was not carried out.

    Throttling was seen on mails that went out all the same, and those may linger in Drafts. So it takes more than the
    draft being there: a letter sent at the same time or later must have come through to Sent Items.
    """
    with bot.store.read() as session:
        overtaken = session.scalar(
            select(Letter.id)
            .where(
                Letter.id != letter.id,
                Letter.state.in_(("sent", "bounced")),
                Letter.sending_at >= letter.sending_at,
                Letter.sent_at.is_not(None),
            )
            .limit(1)
        )
        rounds = _rounds(session, letter, "drafted")
    if overtaken is None or rounds >= MOST_ROUNDS:
        return 0
    there = outbox.state_of(bot.graph, letter.graph_id or "")
    if there is None or not there.get("isDraft") or outbox.sent(bot.graph, letter.message_id):
        return 0
    with bot.store.begin() as session:
        again = session.get_one(Letter, letter.id)
        if again.state != "sending" or again.sending_at != letter.sending_at:
            return 0
        _move(bot, session, again, "drafted", seen="in Drafts", after=overtaken)
        _queue(session, again, "drafted", bot.clock.now())
    return 1


def _unclear(bot: Bot, letter: Letter) -> int:
    """sending or accepted → unclear, when not even a search finds it."""
    found = outbox.sent(bot.graph, letter.message_id)
    now = bot.clock.now()
    with bot.store.begin() as session:
        lost = session.get_one(Letter, letter.id)
        if lost.state not in ON_THEIR_WAY or lost.sending_at != letter.sending_at:
            return 0
        if found:
            return _settle(bot, session, lost, str(found[0]["id"]), letter.message_id)
        _move(bot, session, lost, "unclear")
        _queue(session, lost, "seek", now + SOUGHT[0])
    return 1


def _seek(bot: Bot, item: work.Item) -> None:
    """Looks for an unclear letter, less and less often: a copy that turns up in Sent Items still makes it `sent`."""
    with bot.store.read() as session:
        letter = session.get_one(Letter, item.ref)
        tries = _rounds(session, letter, "seek")
    found = []
    if letter.state == "unclear":
        _round(bot)
        found = outbox.sent(bot.graph, letter.message_id)
    now = bot.clock.now()
    with bot.store.begin() as session:
        work.finish(session, item, now)
        letter = session.get_one(Letter, item.ref)
        if letter.state != "unclear":
            return
        if found:
            _settle(bot, session, letter, str(found[0]["id"]), letter.message_id)
        elif now - letter.changed < SOUGHT_FOR:
            _queue(session, letter, "seek", now + SOUGHT[min(tries, len(SOUGHT) - 1)])


def _tidy(bot: Bot, item: work.Item) -> None:
    """Removes drafts of a letter that were made by a try whose answer was lost, once the letter itself is sent.

    Never one that is sent or may be, nor one without our mark.
    """
    with bot.store.read() as session:
        letter = session.get_one(Letter, item.ref)
    if letter.state in (*PROVABLE[:4], "approved"):
        raise work.Later(600)
    if letter.state in ("sent", "bounced", "refused"):
        for draft in outbox.drafts(bot.graph, letter.message_id):
            if draft != letter.graph_id and _is_ours(bot, draft, letter):
                outbox.delete_draft(bot.graph, draft)
    with bot.store.begin() as session:
        work.finish(session, item, bot.clock.now())
