"""Two readers, one ledger: delta for speed, plain listings for completeness. Both only make rows and work.

The delta link is committed after the rows of its round: a crash in between reads the round again, which is harmless.
The listing sees the mailbox as a whole, so that a mail that a person or a rule moved, or deleted, before it was read
is found wherever it lies.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, time, timedelta
from typing import Any

import structlog
from sqlalchemy import delete

from bot import work
from bot.casebook import ledger
from bot.casebook.schema import Mark
from bot.clock import AMSTERDAM
from bot.context import Bot
from bot.graph import folders, inbox
from bot.graph.session import GraphError

WATCHED = {"inbox": timedelta(0), "junkemail": timedelta(minutes=10)}  # read by delta: each how often
SWEEP_EVERY = timedelta(hours=1)
SWEEP_BACK = timedelta(days=3)  # the overlap of the listings; the first one goes back to the horizon
SWEPT = ("inbox", "junkemail", "deleteditems")
NOT_RECEIVED = ("sentitems", "drafts", "outbox")  # what the mailbox wrote itself
BY_FOLDER_FOR = timedelta(days=1)  # how long a service that cannot list a whole mailbox is not asked to again
MOST_RESTARTS = 3  # of one round in one poll: each gets further, since what it read is known by then
OWN_FOLDERS_EVERY = timedelta(days=1)
TAKE_IN = "take-in"

log = structlog.get_logger("privacybot")

Found = tuple[str, Mapping[str, Any]]
"""The name of a folder and a message in it."""


def poll(bot: Bot, take_in: Callable[[], None], *, everything: bool = False) -> int:
    """Reads what is new in the mailbox and gives the number of new rows. Raises GraphError, TokenRefused.

    `take_in` is called after each page, while its data are at hand. `everything` reads junk and sweeps too, whatever
    their turn: `run --once`. The first poll of all fixes the first start. While delta refuses, the sweep reads alone.
    """
    now = bot.clock.now()
    with bot.store.read() as session:
        started = ledger.mark(session, "started")
    if started is None:
        _remember(bot, "started", now.isoformat())
    new, blind = 0, False
    for folder, every in WATCHED.items():
        if everything or _due(bot, f"delta:{folder}", every):
            fresh, refused = _round(bot, folder, take_in)
            new, blind = new + fresh, blind or refused
    if blind or everything or _due(bot, "swept", SWEEP_EVERY):
        new += _sweep(bot, take_in)
    _remember(bot, "poll", now.isoformat())
    return new


def _due(bot: Bot, name: str, every: timedelta) -> bool:
    """Whether what this mark tells of was last done `every` ago or longer."""
    with bot.store.read() as session:
        last = ledger.mark(session, name)
    return last is None or last.at + every <= bot.clock.now()


def _round(bot: Bot, folder: str, take_in: Callable[[], None]) -> tuple[int, bool]:
    """One delta round of a folder, a page at a time: rows, then the mails of the page, at the end the link.

    Gives the number of new rows, and whether delta refused, so that something may be left. Raises GraphError in an
    outage.
    """
    name = f"delta:{folder}"
    with bot.store.read() as session:
        last = ledger.mark(session, name)
    link = last.value if last else None
    new = 0
    for _ in range(1 + MOST_RESTARTS):
        try:
            for page in inbox.delta_pages(bot.graph, folder, link):
                new += _insert(bot, [(folder, item) for item in page.items], take_in, whole=True)
                if page.link:
                    _remember(bot, name, page.link)
            return new, False
        except inbox.DeltaExpired:
            link = None
            with bot.store.begin() as session:  # the mailbox may have moved house: its folders are looked up anew
                session.execute(delete(Mark).where(Mark.name.in_((name, "folders"))))
        except GraphError as error:
            if error.code == "AnswerTooLarge":  # the sweep reads that one; delta goes on behind it
                _remember(bot, name, inbox.first_round(bot.graph, folder, bot.clock.now()))
            elif not error.definite and error.status != 501:
                raise
            log.warning("delta refused", folder=folder, status=error.status, code=error.code)
            return new, True
    log.warning("delta refused", folder=folder, status=410, code="SyncStateNotFound")
    return new, True


def _remember(bot: Bot, name: str, value: str) -> None:
    with bot.store.begin() as session:
        ledger.set_mark(session, name, value, bot.clock.now())


def _sweep(bot: Bot, take_in: Callable[[], None]) -> int:
    """Lists what the mailbox received lately, in whatever folder, and takes in what delta lost."""
    now = bot.clock.now()
    with bot.store.read() as session:
        swept = ledger.mark(session, "swept")
        by_folder = ledger.mark(session, "sweep by folder")
    since = (swept.at if swept else now) - SWEEP_BACK
    if swept is None:
        since = min(since, datetime.combine(bot.settings.mailbox.since, time(), AMSTERDAM))
    names = _folder_names(bot)
    new = 0
    if by_folder is None or by_folder.at + BY_FOLDER_FOR <= now:
        try:
            for page in inbox.listing(bot.graph, None, since):
                new += _insert(bot, _received(page, names), take_in, whole=False)
        except (GraphError, _NoFolders) as error:
            if isinstance(error, GraphError) and error.status not in (400, 404, 405, 501):
                raise
            new += _sweep_by_folder(bot, since, names, take_in)
            _remember(bot, "sweep by folder", "")
    else:
        new += _sweep_by_folder(bot, since, names, take_in)
    _remember(bot, "swept", "")
    return new


class _NoFolders(Exception):
    """A listing of the whole mailbox is of no use here: it does not tell received mail from sent mail."""


def _received(page: Sequence[Mapping[str, Any]], names: Mapping[str, str]) -> Iterator[Found]:
    if "sentitems" not in names.values() or any("parentFolderId" not in item for item in page):
        raise _NoFolders
    for item in page:
        name = names.get(str(item["parentFolderId"]), "other")
        if name not in NOT_RECEIVED:
            yield name, item


def _sweep_by_folder(bot: Bot, since: datetime, names: Mapping[str, str], take_in: Callable[[], None]) -> int:
    """The same for a service that lists folders only: what is watched, deleted and the bot's own."""
    own = {name: graph_id for graph_id, name in names.items() if name not in (*SWEPT, *NOT_RECEIVED)}
    new = 0
    for name, place in ({name: name for name in SWEPT} | own).items():
        try:
            for page in inbox.listing(bot.graph, place, since):
                new += _insert(bot, [(name, item) for item in page], take_in, whole=False)
        except GraphError as error:
            if name not in own or error.status != 404:
                raise
            forget_own_folders(bot)  # somebody removed it
    return new


def _folder_names(bot: Bot) -> dict[str, str]:
    """Names of the folders by their ids: the well-known ones, read once, and the bot's own, looked at once a day."""
    now = bot.clock.now()
    with bot.store.read() as session:
        known = ledger.mark(session, "folders")
        own = [ledger.mark(session, name) for name in ("folder:requests", "folder:done")]
    if known is None:
        names = folders.known(bot.graph, (*SWEPT, *NOT_RECEIVED))
        _remember(bot, "folders", json.dumps(names))
    else:
        names = json.loads(known.value)
    ids = [mark.value for mark in own if mark is not None]
    if ids and min(mark.at for mark in own if mark is not None) + OWN_FOLDERS_EVERY <= now:
        if list(folders.existing(bot.graph)) != ids:
            forget_own_folders(bot)
            return names
        with bot.store.begin() as session:
            for name, value in zip(("folder:requests", "folder:done"), ids, strict=True):
                ledger.set_mark(session, name, value, now)
    return names | dict(zip(ids, (folders.REQUESTS, f"{folders.REQUESTS}/{folders.DONE}"), strict=False))


def forget_own_folders(bot: Bot) -> None:
    """The bot's folders are not where they were (a deleted one lies in Deleted Items): they are made anew at need."""
    with bot.store.begin() as session:
        session.execute(delete(Mark).where(Mark.name.in_(("folder:requests", "folder:done"))))


def _insert(bot: Bot, found: Iterable[Found], take_in: Callable[[], None], *, whole: bool) -> int:
    """Makes a row and work for each new message, commits, then has them taken in. `whole` items bring their text."""
    messages = []
    for name, item in found:
        if item.get("id") and inbox.received_of(item):
            messages.append((name, item))
        else:
            log.error("not a message", folder=name)  # a fault of the service must not hide the others
    if not messages:
        return 0
    now = bot.clock.now()
    with bot.store.begin() as session:
        new = ledger.record(session, bot.vault, messages, bot.settings.mailbox.since, now)
        for row, _ in new:
            if row.disposition is None:
                work.enqueue(session, f"{TAKE_IN}:{row.id}", TAKE_IN, row.id, now)
        fresh = {row.id: item for row, item in new}
    if not fresh:
        return 0
    if whole:
        bot.seen.update(fresh)
    try:
        take_in()
    finally:
        bot.seen.clear()
    return len(fresh)
