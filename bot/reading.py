"""Two readers, one ledger: delta for speed, plain listings for completeness. Both only make rows and work.

The delta link is committed after the rows of its round: a crash in between reads the round again, which is harmless.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, time, timedelta
from typing import Any

from sqlalchemy import delete

from bot import work
from bot.casebook import ledger
from bot.casebook.schema import Mark
from bot.clock import AMSTERDAM
from bot.context import Bot
from bot.graph import inbox
from bot.graph.session import GraphError

JUNK_EVERY = timedelta(minutes=10)
SWEEP_EVERY = timedelta(hours=1)
SWEEP_BACK = timedelta(days=3)  # how far the listings look back; the first one goes back to the horizon
SWEPT = ("inbox", "junkemail", "deleteditems")
TAKE_IN = "take-in"


def poll(bot: Bot, take_in: Callable[[], None], *, everything: bool = False) -> int:
    """Reads what is new in the watched folders and gives the number of new rows. Raises GraphError, TokenRefused.

    `take_in` is called after each page, while its data are at hand. `everything` reads junk and sweeps too, whatever
    their turn: `run --once`. The first poll of all fixes the first start.
    """
    now = bot.clock.now()
    with bot.store.begin() as session:
        if ledger.mark(session, "started") is None:
            ledger.set_mark(session, "started", now.isoformat(), now)
    new = _round(bot, "inbox", take_in)
    if _turn(bot, "junk", JUNK_EVERY) or everything:
        new += _round(bot, "junkemail", take_in)
    if _turn(bot, "sweep", SWEEP_EVERY) or everything:
        new += _sweep(bot, take_in)
    with bot.store.begin() as session:
        ledger.set_mark(session, "poll", now.isoformat(), now)
    return new


def _turn(bot: Bot, name: str, every: timedelta) -> bool:
    """Whether it is time again; says yes once for each `every`."""
    now = bot.clock.now()
    with bot.store.begin() as session:
        last = ledger.mark(session, f"turn:{name}")
        if last is not None and last.at + every > now:
            return False
        ledger.set_mark(session, f"turn:{name}", "", now)
        return True


def _round(bot: Bot, folder: str, take_in: Callable[[], None]) -> int:
    """One delta round of a folder, a page at a time: rows, then the mails of the page, at the end the link."""
    name = f"delta:{folder}"
    with bot.store.read() as session:
        last = ledger.mark(session, name)
        link = last.value if last else None
    new = 0
    try:
        for page in inbox.delta_pages(bot.graph, folder, link):
            new += _insert(bot, folder, page.items, take_in, whole=True)
            if page.link:
                with bot.store.begin() as session:
                    ledger.set_mark(session, name, page.link, bot.clock.now())
    except inbox.DeltaExpired:
        if link is None:
            raise GraphError(410, "SyncStateNotFound") from None
        with bot.store.begin() as session:
            session.execute(delete(Mark).where(Mark.name == name))
        return new + _round(bot, folder, take_in)
    return new


def _sweep(bot: Bot, take_in: Callable[[], None]) -> int:
    """Lists what the watched, the deleted and the bot's own folders received lately, and takes in what delta lost."""
    now = bot.clock.now()
    with bot.store.read() as session:
        first = ledger.mark(session, "swept") is None
        own = [mark.value for name in ("folder:requests", "folder:done") if (mark := ledger.mark(session, name))]
    since = now - SWEEP_BACK
    if first:
        since = min(since, datetime.combine(bot.settings.mailbox.since, time(), AMSTERDAM))
    new = 0
    for folder in (*SWEPT, *own):
        page: list[Mapping[str, Any]] = []
        try:
            for found in inbox.listing(bot.graph, folder, since):
                page.append(found)
                if len(page) == inbox.PAGE_SIZE:
                    new += _insert(bot, folder, page, take_in, whole=False)
                    page = []
        except GraphError as error:
            if folder not in own or error.status != 404:
                raise
            with bot.store.begin() as session:  # somebody removed the folder; it is made again when it is needed
                session.execute(delete(Mark).where(Mark.name.in_(("folder:requests", "folder:done"))))
        new += _insert(bot, folder, page, take_in, whole=False)
    with bot.store.begin() as session:
        ledger.set_mark(session, "swept", "", now)
    return new


def _insert(
    bot: Bot, folder: str, items: Iterable[Mapping[str, Any]], take_in: Callable[[], None], *, whole: bool
) -> int:
    """Makes a row and work for each new message, commits, then has them taken in. `whole` items bring their text."""
    now = bot.clock.now()
    fresh: dict[int, Mapping[str, Any]] = {}
    with bot.store.begin() as session:
        for found in items:
            row = ledger.record(session, bot.vault, found, folder, bot.settings.mailbox.since, now)
            if row is None:
                continue
            fresh[row.id] = found
            if row.disposition is None:
                work.enqueue(session, f"{TAKE_IN}:{row.id}", TAKE_IN, row.id, now)
    if not fresh:
        return 0
    if whole:
        bot.seen.update(fresh)
    try:
        take_in()
    finally:
        bot.seen.clear()
    return len(fresh)
