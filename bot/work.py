"""Durable work: every piece is a row, so that a crash, a restart or an upgrade loses none of it.

A row of `work` has a unique `key` (the same work is never there twice), a `kind` (which handler), a `ref` (the id of
our own row that it is about) and `due`: one moment that serves as timer, retry and lease in one. Whoever claims a row
moves `due` ahead by a lease and puts a token on it; if he dies, the row comes due again by itself. Finishing is fenced:
only the token's holder can, and in the same transaction as the change that the work made and the work that follows.
Since the effect of a killed handler may have happened, every handler must be able to run again.

Rows of `permit` are budgets over all workers: N rows, each busy for the hold time after use, are at most N uses in any
window of that length. Permits are stamped before the effect, so hold a second longer than the limit's window.

All moments come in as arguments, from the caller's clock. On several machines their clocks must agree within seconds.
Nothing here holds more than ids, and of an error its class name, since texts of errors may hold personal data.
"""

import random
import re
import secrets
import traceback
from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog
from sqlalchemy import ColumnElement, and_, delete, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from bot.casebook.schema import Base, Permit, Work
from bot.casebook.store import Store
from bot.clock import Clock

LEASE = timedelta(seconds=60)
"""A handler makes one external call of at most 20 seconds, so that it needs no heartbeat."""

MINUTE_HOLD = timedelta(seconds=61)
DAY_HOLD = timedelta(hours=24, minutes=1)
"""Hold times for limits of 60 seconds and 24 hours: stamp and effect differ, so with a margin."""

MOST_TRIES = 8
AGAIN = timedelta(days=1)
"""After so long, work that was given up is tried once more, of the kinds that `run_due` is told."""

PAUSES = (10, 60, 300, 900, 3600, 10800, 21600)
"""Seconds before each new try: eight tries span over ten hours, longer than a usual outage."""

EVER = datetime(1970, 1, 1, tzinfo=UTC)
_KEY = re.compile(r"[A-Za-z0-9:._-]{1,120}")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,79}")

log = structlog.get_logger("privacybot.work")


class LeaseLost(Exception):
    """Someone else owns the work by now, or it is finished: nothing of this transaction may stay."""


class Later(Exception):
    """Raised by a handler that cannot go on yet, for `seconds` (at least one): this does not count as a try."""

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = max(1.0, seconds)


@dataclass(frozen=True, slots=True)
class Item:
    """A claimed piece of work. `tries` counts this one; `token` proves the claim."""

    id: int
    key: str
    kind: str
    ref: int
    tries: int
    token: str


Handler = Callable[[Item], None]


def enqueue(session: Session, key: str, kind: str, ref: int, due: datetime) -> bool:
    """Adds work in the caller's unit of work; False when its key is known, finished work included.

    A key is forgotten when `purge` removes its row: what may never happen twice needs a row of its own besides.
    Raises ValueError when key or kind could hold more than ids.
    """
    if not _KEY.fullmatch(key) or not _NAME.fullmatch(kind):
        raise ValueError("key and kind of work are made of ids: letters, digits and : . _ - only")
    row = {"key": key, "kind": kind, "ref": ref, "due": due, "tries": 0}
    statement = _insert_new(session, Work, ["key"]).values(**row).returning(Work.id)
    return session.execute(statement).first() is not None


def _insert_new(session: Session, table: type[Base], unique: list[str]) -> postgresql.Insert | sqlite.Insert:
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    return insert(table).on_conflict_do_nothing(index_elements=unique)


def claim(
    store: Store,
    now: datetime,
    token: str,
    kinds: Collection[str],
    n: int,
    lease: timedelta = LEASE,
    ref: int | None = None,
) -> list[Item]:
    """At most `n` pieces that are due, oldest first, now held under `token` until the lease ends.

    Of `ref` alone, if it is given. Kinds that are not named are left to workers of another release. A token must be
    used for one claim only. The rows are picked and locked first and moved by id then: an UPDATE with the limit inside
    may lock more of them.
    """
    pick = (
        select(Work.id, Work.key, Work.kind, Work.ref, Work.tries)
        .where(Work.due <= now, Work.kind.in_(sorted(kinds)), *([Work.ref == ref] if ref is not None else ()))
        .order_by(Work.due, Work.id)
        .limit(n)
        .with_for_update(skip_locked=True)
    )
    with store.begin(alone=False) as session:
        rows = session.execute(pick).all()
        held = update(Work).where(Work.id.in_([row.id for row in rows]))
        if rows:
            session.execute(held.values(due=now + lease, token=token, tries=Work.tries + 1))
    return [Item(row.id, row.key, row.kind, row.ref, row.tries + 1, token) for row in rows]


def finish(session: Session, item: Item, now: datetime) -> None:
    """Closes the work in the caller's unit of work, which also holds what the work changed and what follows.

    Raises LeaseLost when the claim is no longer ours; let it pass, so that nothing is written.
    """
    closed = update(Work).where(_held(item)).values(due=None, token=None, done=now, error=None).returning(Work.id)
    if session.execute(closed).first() is None:
        raise LeaseLost(item.id)


def retry(store: Store, item: Item, due: datetime, error_class: str | None) -> None:
    """Gives the work back for `due`. Without an error this try does not count. Does nothing when the claim is lost."""
    if error_class is not None and not _NAME.fullmatch(error_class):
        raise ValueError("of an error only its class name is kept")
    tries = item.tries if error_class else item.tries - 1
    back = update(Work).where(_held(item)).values(due=due, token=None, tries=tries)
    with store.begin(alone=False) as session:
        session.execute(back.values(error=error_class) if error_class else back)


def _held(item: Item) -> ColumnElement[bool]:
    return and_(Work.id == item.id, Work.token == item.token, Work.due.is_not(None))


def backoff(tries: int, jitter: Callable[[], float] = random.random) -> timedelta:
    """The pause after the try of this number, a fifth shorter to a fifth longer as `jitter` (0 to 1) says."""
    return timedelta(seconds=PAUSES[min(tries, len(PAUSES)) - 1] * (0.8 + 0.4 * jitter()))


def run_due(
    store: Store,
    clock: Clock,
    handlers: Mapping[str, Handler],
    on_dead: Callable[[Session, Item], None],
    *,
    threads: int = 4,
    limit: int | None = None,
    lease: timedelta = LEASE,
    most_tries: int = MOST_TRIES,
    tries_of: Mapping[str, int] | None = None,
    daily: Collection[str] = (),
    jitter: Callable[[], float] = random.random,
    ref: int | None = None,
) -> int:
    """Runs what is due, oldest first, until nothing more is due or `limit` pieces were run; gives their number.

    With `ref` only the work about that row is run.

    A handler that returns has finished its work; one that changes the case book calls `finish` in that same unit of
    work. One that raises is tried again after `backoff`; after `most_tries`, or what `tries_of` says of its kind, the
    work is dead and `on_dead` tells a person in the same transaction; so when its process died `MOST_TRIES` times.
    Dead work of the `daily` kinds is tried once more every day, `on_dead` called again each time that it fails.
    With one thread everything runs in the caller's. What is no Exception (an interrupt) passes through and leaves its
    work to the lease.
    """
    run = 0
    busy: set[Future[None]] = set()

    def claimed() -> list[Item]:
        free = threads - len(busy)
        room = free if limit is None else min(free, limit - run)
        return claim(store, clock.now(), secrets.token_hex(8), handlers.keys(), room, lease, ref) if room > 0 else []

    def handle(item: Item) -> None:
        most = (tries_of or {}).get(item.kind, most_tries)
        again = AGAIN if item.kind in daily else None
        _handle(store, clock, handlers[item.kind], on_dead, item, most, again, jitter)

    if threads == 1:
        while items := claimed():
            handle(items[0])
            run += 1
        return run
    with ThreadPoolExecutor(threads, "work") as pool:
        while (items := claimed()) or busy:
            busy |= {pool.submit(handle, item) for item in items}
            run += len(items)
            ended, busy = wait(busy, timeout=0.25, return_when=FIRST_COMPLETED)  # more may come due meanwhile
            for future in ended:
                future.result()
    return run


def _handle(
    store: Store,
    clock: Clock,
    handler: Handler,
    on_dead: Callable[[Session, Item], None],
    item: Item,
    most_tries: int,
    again: timedelta | None,
    jitter: Callable[[], float],
) -> None:
    def bury(error_class: str) -> None:
        due = clock.now() + again if again else None
        dead = (
            update(Work).where(_held(item)).values(due=due, token=None, tries=most_tries - 1 if again else Work.tries)
        )
        with store.begin() as session:
            if session.execute(dead.values(error=error_class).returning(Work.id)).first() is not None:
                on_dead(session, item)

    if item.tries > max(most_tries, MOST_TRIES):  # others that were claimed with it may have been the cause
        bury("ProcessDied")
        return
    try:
        handler(item)
    except LeaseLost:
        log.info("lease lost", work=item.id, kind=item.kind)
    except Later as later:
        retry(store, item, clock.now() + timedelta(seconds=later.seconds), None)
    except Exception as error:
        name = type(error).__name__ if _NAME.fullmatch(type(error).__name__) else "Exception"
        log.warning("work failed", work=item.id, kind=item.kind, tries=item.tries, error=name, at=_origin(error))
        if item.tries >= most_tries:
            bury(name)
        else:
            retry(store, item, clock.now() + backoff(item.tries, jitter), name)
    else:
        with store.begin(alone=False) as session:  # nothing to do where the handler called `finish`
            session.execute(update(Work).where(_held(item)).values(due=None, token=None, done=clock.now(), error=None))


def _origin(error: Exception) -> str:
    """File and line of the raise: all of a traceback that holds no words."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{Path(last.filename).name}:{last.lineno}"


def release_all(session: Session, now: datetime) -> int:
    """Makes claimed work due at once and gives its number: for the start of a process that is surely the only one."""
    held = update(Work).where(Work.token.is_not(None), Work.due.is_not(None))
    return len(session.execute(held.values(due=now, token=None).returning(Work.id)).all())


def purge(session: Session, before: datetime) -> int:
    """Deletes the rows of work that was finished before then, and gives their number. Dead work stays."""
    return len(session.execute(delete(Work).where(Work.done < before).returning(Work.id)).all())


def stuck(session: Session, now: datetime, tries: int = 5) -> list[Work]:
    """Work that needs a look: dead, tried `tries` times or more, or claimed by someone who let the lease run out."""
    dead = Work.due.is_(None)
    overdue = and_(Work.token.is_not(None), Work.due <= now)
    statement = select(Work).where(Work.done.is_(None), or_(dead, Work.tries >= tries, overdue))
    return list(session.execute(statement.order_by(Work.id)).scalars())


def next_due(session: Session) -> datetime | None:
    """The earliest moment at which open work is due, None when none is open."""
    return session.execute(select(Work.due).where(Work.due.is_not(None)).order_by(Work.due).limit(1)).scalar()


def set_permits(session: Session, name: str, count: int) -> None:
    """Gives the budget `name` this many permits. Of too many, those that are free the longest go."""
    known = session.execute(select(Permit.n).where(Permit.name == name).order_by(Permit.free_at.desc())).scalars().all()
    if known[count:]:
        session.execute(delete(Permit).where(Permit.name == name, Permit.n.in_(known[count:])))
    fresh = sorted(set(range(len(known) + count)) - set(known))[: max(0, count - len(known))]
    if fresh:
        rows = [{"name": name, "n": n, "free_at": EVER} for n in fresh]
        session.execute(_insert_new(session, Permit, ["name", "n"]), rows)


@dataclass(frozen=True, slots=True)
class Use:
    """What one act takes from the budget `name`: `count` permits for the hold time, `keep` others staying free."""

    name: str
    hold: timedelta
    count: int = 1
    keep: int = 0


def take_permits(store: Store, now: datetime, *uses: Use) -> str | None:
    """Takes from all of these budgets, or from none and gives the name of the first that has too few.

    Committed before it returns: call it before the effect, outside any unit of work. Raises LookupError for a budget
    that was never set.
    """
    short = None
    with store.begin(alone=False) as session:
        for use in uses:
            if not _take(session, use.name, now, now + use.hold, use.count, use.keep):
                short = use.name
                session.rollback()
                break
    return short


def take_permit(store: Store, name: str, now: datetime, hold: timedelta, count: int = 1, keep: int = 0) -> bool:
    """Takes from one budget as `take_permits` does; False when it has too few."""
    return take_permits(store, now, Use(name, hold, count, keep)) is None


def _take(session: Session, name: str, now: datetime, until: datetime, count: int, keep: int) -> list[int]:
    if keep and permits_left(session, name, now) < count + keep:
        return []
    free = select(Permit.n).where(Permit.name == name, Permit.free_at <= now).order_by(Permit.free_at).limit(count)
    taken = list(session.execute(free.with_for_update(skip_locked=True)).scalars())
    if not taken and permit_free_at(session, name) is None:
        raise LookupError(f"the budget {name!r} was never set")
    if len(taken) < count:
        return []
    session.execute(update(Permit).where(Permit.name == name, Permit.n.in_(taken)).values(free_at=until))
    return taken


@contextmanager
def holding(store: Store, name: str, clock: Clock, hold: timedelta) -> Iterator[Callable[[], None]]:
    """One permit for as long as the block runs, `hold` at most: concurrency, and with one permit a lead.

    Gives a function that extends the hold, or raises LeaseLost when it ran out and someone else took over. Raises
    Later when none is free.
    """
    until = clock.now() + hold
    with store.begin(alone=False) as session:
        taken = _take(session, name, clock.now(), until, 1, 0)
    if not taken:
        raise Later(1)

    def move(free_at: datetime) -> bool:
        mine = update(Permit).where(Permit.name == name, Permit.n == taken[0], Permit.free_at == until)
        with store.begin(alone=False) as session:
            return session.execute(mine.values(free_at=free_at).returning(Permit.n)).first() is not None

    def extend() -> None:
        nonlocal until
        further = clock.now() + hold
        if not move(further):
            raise LeaseLost(name)
        until = further

    try:
        yield extend
    finally:
        move(clock.now())


def push_permits(session: Session, name: str, until: datetime) -> None:
    """Makes no permit of `name` free before `until`: what a Retry-After asks."""
    session.execute(update(Permit).where(Permit.name == name, Permit.free_at < until).values(free_at=until))


def free_permits(session: Session, name: str) -> None:
    """Frees all permits of `name`: for those of `holding` at the start of a process that is surely the only one."""
    session.execute(update(Permit).where(Permit.name == name).values(free_at=EVER))


def permits_left(session: Session, name: str, now: datetime) -> int:
    """How many permits of `name` are free."""
    count = select(func.count()).select_from(Permit).where(Permit.name == name, Permit.free_at <= now)
    return session.execute(count).scalar_one()


def permit_free_at(session: Session, name: str) -> datetime | None:
    """The moment from which the first permit of `name` is free (past when one is), None when the budget is not set."""
    return session.execute(select(func.min(Permit.free_at)).where(Permit.name == name)).scalar()
