"""Who leaves when: the order of letters, the budgets over all workers, the caps against loops.

Budgets are rows of permits (`bot/work.py`): at most `messages_per_minute` sends in any minute and `recipients_per_24h`
in any day, of which a reserve is kept for staff, breach, closing and extension letters. A letter that must wait knows
its place, and so the moment at which its turn comes if nothing changes; until then nobody looks at it.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, and_, case, delete, func, literal, not_, or_, select, update
from sqlalchemy.orm import Session

from bot import work
from bot.casebook import ledger
from bot.casebook.schema import Letter, Mark, Permit, Work
from bot.context import Bot
from bot.graph.session import CALLS_PER_TEN_MINUTES, CONCURRENT
from bot.letters import LETTER, RANKS

RESERVE = 500  # recipients a day kept for staff, breach, closing and extension letters
KEPT_TEMPLATES = ("not_identified", "extension")
URGENT_WITHIN = timedelta(days=3)
CAP_WINDOW = timedelta(hours=24)
CAP_ADDRESS = 12  # letters to one person's address in that window
CAP_CASE = 8  # letters to the person in one case in that window
BACK_OFF = (15, 60, 240, 600)  # seconds of rest for a throttling without Retry-After, by how often in the last hour
LONGEST_WAIT = 6 * 3600.0  # seconds until a letter that waits for another day looks again
TOLD_EVERY = timedelta(seconds=30)  # how often a worker says how many calls it made
SILENT_AFTER = timedelta(minutes=2)  # a worker that said nothing for so long is gone
WAITS = "Budget"  # the remark on a letter that waits for its turn
WAITS_DAY = "DayBudget"  # the same, where the day's recipients are spent
CAPPED = {"address": "CapReached", "case": "CaseCapReached"}
PIPELINE = ("posting", "drafted")
_FAR = date(9999, 12, 31)


@dataclass(frozen=True, slots=True)
class Place:
    """The place of a letter in the order: what its rank is now, its term when that is near, its age."""

    rank: int
    due: date
    id: int


def place_of(letter: Letter, now: datetime) -> Place:
    """Alarms, letters whose term is within three days (by term), staff mails, receipts, letters, bulk."""
    soon = letter.due is not None and letter.due <= _soon(now) and letter.rank >= RANKS["urgent"]
    return Place(RANKS["urgent"], letter.due or _FAR, letter.id) if soon else Place(letter.rank, _FAR, letter.id)


def _soon(now: datetime) -> date:
    return (now + URGENT_WITHIN).date()


def _ranks(now: datetime) -> tuple[ColumnElement[int], ColumnElement[date]]:
    """`place_of` as columns."""
    soon = and_(Letter.due.is_not(None), Letter.due <= _soon(now), Letter.rank >= RANKS["urgent"])
    return case((soon, RANKS["urgent"]), else_=Letter.rank), case((soon, Letter.due), else_=literal(_FAR))


def _before(place: Place, now: datetime) -> ColumnElement[bool]:
    rank, due = _ranks(now)
    return or_(
        rank < place.rank,
        and_(rank == place.rank, or_(due < place.due, and_(due == place.due, Letter.id < place.id))),
    )


def _waits(now: datetime) -> ColumnElement[bool]:
    """Approved letters that would leave now: not those for a later hour, nor those that a cap holds back."""
    key = literal(f"{LETTER}:").concat(Letter.id).concat(":approved")
    due = (
        select(Work.id)
        .where(Work.key == key, Work.due.is_not(None), or_(Work.due <= now, Work.token.is_not(None)))
        .exists()
    )
    return and_(
        Letter.state == "approved", or_(Letter.error.in_((WAITS, WAITS_DAY)), and_(Letter.error.is_(None), due))
    )


def _count(session: Session, *conditions: ColumnElement[bool]) -> tuple[int, int]:
    """How many letters, and to how many recipients."""
    row = session.execute(select(func.count(), func.coalesce(func.sum(Letter.recipients), 0)).where(*conditions)).one()
    return int(row[0]), int(row[1])


def waiting(session: Session, now: datetime) -> dict[str, int]:
    """How many letters wait to leave, by rank, in the order of leaving: `privacybot status`."""
    rank, _ = _ranks(now)
    ranked = select(rank.label("rank")).where(_waits(now)).subquery()
    rows = session.execute(select(ranked.c.rank, func.count()).group_by(ranked.c.rank))
    found = {int(number): int(count) for number, count in rows}
    return {name: found[number] for name, number in sorted(RANKS.items(), key=lambda one: one[1]) if number in found}


# --- the turn of a letter ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Wait:
    """Why a letter cannot leave yet (`WAITS`, `WAITS_DAY`), and for how many seconds at least."""

    why: str
    seconds: float


def limited(bot: Bot) -> bool:
    """Whether there are budgets at all: `messages_per_minute = 0` means none, on loopback only."""
    return bot.settings.limits.messages_per_minute > 0


def turn(bot: Bot, session: Session, letter: Letter, now: datetime) -> Wait | None:
    """None when an approved letter may be made ready to leave now; else when to ask again.

    Letters that were made ready hold a place too, or an outage would end with more drafts than a minute may send. They
    do not hold up a letter of a better rank.
    """
    if not limited(bot):
        return None
    place = place_of(letter, now)
    queue = _queue_before(session, place, now)
    return _day_turn(bot, session, letter, place, queue, now) or _minute_turn(session, queue.letters, now)


@dataclass(frozen=True, slots=True)
class _Queue:
    """What stands before a letter: letters, their recipients, and recipients of answers that a receipt yields to."""

    letters: int
    recipients: int
    other: int


def _queue_before(session: Session, place: Place, now: datetime) -> _Queue:
    """Counts what waits before a place, and what is ready to leave with the same rank or a better one."""
    rank, _ = _ranks(now)
    receipt = literal(RANKS["receipt"])
    before = _before(place, now)
    yields = and_(rank == receipt, literal(RANKS["receipt"] < place.rank < RANKS["bulk"]))
    answers = and_(rank > receipt, rank < RANKS["bulk"], literal(place.rank == RANKS["receipt"]))
    waiting = session.execute(
        select(
            func.count().filter(before),
            func.coalesce(func.sum(Letter.recipients).filter(before, not_(yields)), 0),
            func.coalesce(func.sum(Letter.recipients).filter(answers), 0),
        ).where(Letter.state == "approved", or_(before, answers), _waits(now))
    ).one()
    ready, to_ready = _count(session, Letter.state.in_(PIPELINE), rank <= place.rank)
    return _Queue(int(waiting[0]) + ready, int(waiting[1]) + to_ready, int(waiting[2]))


def _minute_turn(session: Session, ahead: int, now: datetime) -> Wait | None:
    at = _free_at(session, "messages", ahead, work.MINUTE_HOLD, now)
    return None if at <= now else Wait(WAITS, max(1.0, (at - now).total_seconds()))


def _day_turn(bot: Bot, session: Session, letter: Letter, place: Place, queue: _Queue, now: datetime) -> Wait | None:
    """The day's recipients: a reserve is kept, and receipts stand back when the rest of the day would not last."""
    per_day = bot.settings.limits.recipients_per_24h
    if per_day < letter.recipients:
        return Wait(WAITS_DAY, 3600)
    keep = reserve(bot, letter)
    if place.rank == RANKS["receipt"]:
        keep += max(queue.other, per_day // 10)
    at = _free_at(session, "recipients", queue.recipients + keep + letter.recipients - 1, work.DAY_HOLD, now)
    if at <= now:
        return None
    return Wait(WAITS_DAY, min(LONGEST_WAIT, max(60.0, (at - now).total_seconds())))


def reserve(bot: Bot, letter: Letter) -> int:
    """How many recipients of the day must stay free behind this letter."""
    kept = letter.audience in ("staff", "management") or letter.rank <= RANKS["alarm"]
    if kept or letter.template in KEPT_TEMPLATES:
        return 0
    return min(RESERVE, bot.settings.limits.recipients_per_24h // 2)


def _free_at(session: Session, name: str, position: int, hold: timedelta, now: datetime) -> datetime:
    """When the permit at this position (0: the next one) will be free, if all before it are used as they come free."""
    count = session.scalar(select(func.count()).where(Permit.name == name)) or 1
    rounds, offset = divmod(position, count)
    at = session.scalar(
        select(Permit.free_at).where(Permit.name == name).order_by(Permit.free_at).limit(1).offset(offset)
    )
    return max(at or now, now) + rounds * hold


@dataclass(frozen=True, slots=True)
class Taken:
    """The permits of one send, as stamped."""

    at: datetime


def take(bot: Bot, letter: Letter, now: datetime) -> Taken | None:
    """Takes the permits of one send, right before it; None when there are no budgets. Raises work.Later."""
    if not limited(bot):
        return None
    place = place_of(letter, now)
    with bot.store.read() as session:
        left = work.permits_left(session, "messages", now)
        better, _ = _count(session, Letter.state == "drafted", Letter.id != letter.id, _before(place, now))
        next_free = work.permit_free_at(session, "messages") or now
    if left <= better:
        raise work.Later(max(1.0, (next_free - now).total_seconds()))
    short = work.take_permits(
        bot.store,
        now,
        work.Use("recipients", work.DAY_HOLD, letter.recipients, reserve(bot, letter)),
        work.Use("messages", work.MINUTE_HOLD),
    )
    if short is not None:
        raise work.Later(60 if short == "recipients" else 2)
    return Taken(now)


def sent_at(bot: Bot, taken: Taken | None, now: datetime) -> None:
    """Counts a send from the moment when it was over: a slow one may have gone out at any moment until then."""
    if taken is None or now - taken.at < timedelta(seconds=1):
        return
    with bot.store.begin(alone=False) as session:
        one = (
            select(Permit.n)
            .where(Permit.name == "messages", Permit.free_at == taken.at + work.MINUTE_HOLD)
            .limit(1)
            .scalar_subquery()
        )
        later = update(Permit).where(Permit.name == "messages", Permit.n == one)
        session.execute(later.values(free_at=now + work.MINUTE_HOLD))


def rest(session: Session, retry_after: float | None, now: datetime) -> float:
    """What a throttling asks of all workers: no send for so many seconds, which it gives.

    Without Retry-After the rest grows with the number of throttlings in the last hour, up to ten minutes.
    """
    last = ledger.mark(session, "throttled")
    times = int(last.value) if last is not None and now - last.at < timedelta(hours=1) else 0
    ledger.set_mark(session, "throttled", str(times + 1), now)
    seconds = retry_after if retry_after is not None else float(BACK_OFF[min(times, len(BACK_OFF) - 1)])
    work.push_permits(session, "messages", now + timedelta(seconds=seconds))
    return seconds


def capped(session: Session, letter: Letter, now: datetime) -> str | None:
    """Against loops: which cap holds a letter to a person back (a value of `CAPPED`), None when none does.

    Sliding windows of 24 hours; letters that are made ready count, so that a burst cannot pass together. Ask in the
    unit of work that lets the letter go on.
    """
    if letter.audience != "subject":
        return None
    lately = (
        Letter.audience == "subject",
        Letter.id != letter.id,
        or_(Letter.sending_at > now - CAP_WINDOW, Letter.state.in_(PIPELINE)),
    )
    if _count(session, Letter.recipient_hash == letter.recipient_hash, *lately)[0] >= CAP_ADDRESS:
        return CAPPED["address"]
    if letter.case_id is not None and _count(session, Letter.case_id == letter.case_id, *lately)[0] >= CAP_CASE:
        return CAPPED["case"]
    return None


# --- settings, sharing, showing ---------------------------------------------------------------------------------------


def set_budgets(bot: Bot) -> None:
    """Brings the permit rows in line with the settings."""
    limits = bot.settings.limits
    with bot.store.begin() as session:
        work.set_permits(session, "messages", limits.messages_per_minute)
        work.set_permits(session, "recipients", limits.recipients_per_24h)


def share(bot: Bot) -> None:
    """Tells the other workers how many calls this one made, and takes a fair share of four requests at a time.

    A worker says so at most twice a minute; the call budget has a margin for what is not yet said.
    """
    now = bot.clock.now()
    if bot.graph.shared is not None and now - bot.graph.shared < TOLD_EVERY:
        return
    bot.graph.shared = now
    mine = f"calls:{bot.graph.name}"
    with bot.store.begin() as session:
        session.execute(delete(Mark).where(Mark.name.startswith("calls:"), Mark.at < now - timedelta(minutes=10)))
        ledger.set_mark(session, mine, str(bot.graph.recent_calls()), now)
        others = [one for one in _said(session) if one.name != mine]
    bot.graph.others = sum(int(one.value) for one in others)
    alive = 1 + sum(now - one.at < SILENT_AFTER for one in others)
    bot.graph.at_once = max(1, CONCURRENT // alive)


def _said(session: Session) -> list[Mark]:
    return list(session.scalars(select(Mark).where(Mark.name.startswith("calls:"))))


def left(session: Session, now: datetime) -> dict[str, int]:
    """What is left of each budget, over all workers: `privacybot status`."""
    lately = [int(one.value) for one in _said(session) if now - one.at < timedelta(minutes=10)]
    return {
        "messages": work.permits_left(session, "messages", now),
        "recipients": work.permits_left(session, "recipients", now),
        "calls": max(0, CALLS_PER_TEN_MINUTES - sum(lately)),
        "at_once": CONCURRENT,
    }
