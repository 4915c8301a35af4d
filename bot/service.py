"""The bot at work: one pass, `run --once`, and the loop of `run`.

A pass reads, takes in, does what is due and looks in Sent Items. `run --once` repeats it until a pass changes nothing.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from bot import budgets, reading, sending, work
from bot.casebook import journal, ledger
from bot.casebook.schema import Ask, Letter, Message, Work
from bot.clock import AMSTERDAM, local_date
from bot.context import Bot
from bot.desk import open_list, questions
from bot.graph.session import GraphError, TokenRefused
from bot.handling import handlers, on_dead
from bot.letters import LETTER, write
from bot.room import give_back_freed_memory

MOST_PASSES = 200  # of one `run --once`; a bot that never comes to rest is a fault
SENT_ITEMS_WITHIN = 60.0  # seconds of real time that `run --once` waits for Sent Items
WORK_BETWEEN_POLLS = 200  # pieces, so that a long queue does not delay the next poll
TRIES = {reading.TAKE_IN: 3}  # a mail that cannot be taken in goes to a person soon
FINISHED_KEPT = timedelta(days=7)  # how long finished work is kept
FIRST_LOOK = timedelta(seconds=5)  # after a send; by then the copy is usually in Sent Items
LONGEST_BETWEEN_LOOKS = timedelta(minutes=1)
NEVER = datetime.min.replace(tzinfo=UTC)

log = structlog.get_logger("privacybot")


@dataclass
class Report:
    """What `run --once` did."""

    at: datetime
    passes: int = 0
    read: int = 0
    new: int = 0
    sent: int = 0

    def as_json(self, bot: Bot) -> dict[str, Any]:
        """The last line of `run --once --json` (CONTRACTS: "One pass")."""
        with bot.store.read() as session:
            due = work.next_due(session)
        return {
            "at": self.at.isoformat(),
            "passes": self.passes,
            "read": self.read,
            "new": self.new,
            "sent": self.sent,
            "left": left(bot),
            "next_due": due.isoformat() if due else None,
        }


def left(bot: Bot) -> dict[str, int]:
    """What waits: letters for the budget, unclear letters, questions for a person."""
    now = bot.clock.now()
    with bot.store.read() as session:
        due = select(Work.ref).where(Work.kind == LETTER, Work.due.is_not(None))
        waiting = select(func.count()).where(Letter.state == "approved", Letter.created <= now, Letter.id.in_(due))
        return {
            "budget": session.scalar(waiting) or 0,
            "unclear": session.scalar(select(func.count()).where(Letter.state == "unclear")) or 0,
            "person": session.scalar(select(func.count()).where(Ask.closed.is_(None))) or 0,
        }


def start(bot: Bot) -> None:
    """What a process that is surely the only one does first: budgets, and leases of a dead predecessor."""
    give_back_freed_memory()
    budgets.set_budgets(bot)
    with bot.store.begin() as session:
        work.release_all(session, bot.clock.now())
        work.purge(session, bot.clock.now() - FINISHED_KEPT)
        first = questions.next_morning(bot, bot.clock.now())
        work.enqueue(session, f"{open_list.LIST}:{first:%Y-%m-%d}", open_list.LIST, 0, first)


def run_work(bot: Bot, *, only: str | None = None, threads: int = 4, limit: int | None = None) -> int:
    """Does what is due now, at most `limit` pieces."""
    chosen = {kind: _guarded(bot, handler) for kind, handler in handlers(bot).items() if only is None or kind == only}

    def dead(session: Session, item: work.Item) -> None:
        on_dead(bot, session, item)

    return work.run_due(
        bot.store, bot.clock, chosen, dead, threads=threads, limit=limit, tries_of=TRIES, daily=questions.STEPS
    )


def _guarded(bot: Bot, handler: work.Handler) -> work.Handler:
    def run(item: work.Item) -> None:
        bot.pulse.beat()
        with bot.room.work():
            handler(item)

    return run


def signature(bot: Bot) -> tuple[object, ...]:
    """What must differ after a pass that changed anything."""
    with bot.store.read() as session:
        taken = session.scalar(select(func.count()).where(Message.disposition.is_not(None)))
        rows = session.scalar(select(func.count()).select_from(Message))
        return journal.head(session), rows, taken


def one_pass(bot: Bot, report: Report, *, everything: bool) -> None:
    """Reads, takes in and does what is due. Raises GraphError, TokenRefused when it cannot read.

    `everything` reads every folder, whatever its turn, and looks in Sent Items at once: `run --once`.
    """
    report.passes += 1
    report.new += reading.poll(bot, lambda: _note(report, run_work(bot, only=reading.TAKE_IN)), everything=everything)
    _note(report, run_work(bot, only=reading.TAKE_IN))
    questions.list_backlog(bot)
    run_work(bot)
    if everything:
        report.sent += look(bot)


def _note(report: Report, taken: int) -> None:
    report.read += taken


def look(bot: Bot) -> int:
    """Looks in Sent Items for the letters on their way; gives how many were found."""
    try:
        return sending.look(bot)
    except GraphError as error:
        log.warning("sent items not read", status=error.status, code=error.code)
        return 0


def on_their_way(bot: Bot) -> int:
    """How many letters were given to Graph and not yet seen in Sent Items."""
    with bot.store.read() as session:
        return session.scalar(select(func.count()).where(Letter.state.in_(("sending", "accepted")))) or 0


def look_due(bot: Bot, last: datetime) -> bool:
    """Whether the loop looks in Sent Items now: soon after a send, then after twice as long each time, up to a minute.

    `last` is the moment of the last look.
    """
    now = bot.clock.now()
    with bot.store.read() as session:
        sent = session.scalars(select(Letter.sending_at).where(Letter.state.in_(("sending", "accepted")))).all()
    for at in filter(None, sent):
        seen = max(last, at)
        if now - seen >= min(LONGEST_BETWEEN_LOOKS, max(FIRST_LOOK, seen - at)):
            return True
    return False


def once(bot: Bot, sleep: Callable[[float], None] = time.sleep) -> Report:
    """`run --once`: passes until one changes nothing; waits in real time only for Retry-After and Sent Items."""
    start(bot)
    report = Report(bot.clock.now())
    waited = 0.0
    while report.passes < MOST_PASSES:
        before = signature(bot)
        one_pass(bot, report, everything=True)
        if signature(bot) != before or report.passes < 2:
            continue
        while on_their_way(bot) and waited < SENT_ITEMS_WITHIN:
            pause = 0.2 if waited < 2 else 2.0
            sleep(pause)
            waited += pause
            found = look(bot)
            report.sent += found
            if found:
                break
        else:
            return report
    raise RuntimeError("the bot does not come to rest: see `privacybot status` and report this")


def loop(bot: Bot, stop: Callable[[], bool], sleep: Callable[[float], None] = time.sleep) -> None:
    """`run`: polls every `poll_seconds`, does work as it comes due, until `stop` says so. Never ends by an outage.

    It ends the process when it makes no step for five minutes (`bot/pulse.py`).
    """
    start(bot)
    next_poll, last_look, failures = bot.clock.now(), NEVER, 0
    with bot.pulse.watched():
        while not stop():
            bot.pulse.beat()
            now = bot.clock.now()
            if now >= next_poll:
                try:
                    report = Report(now)
                    one_pass(bot, report, everything=False)
                    failures = 0
                    if report.new:
                        log.info("pass", new=report.new)
                    next_poll = now + timedelta(seconds=bot.settings.mailbox.poll_seconds)
                except (GraphError, TokenRefused, DBAPIError) as error:
                    failures += 1
                    wait = min(600, bot.settings.mailbox.poll_seconds * 2 ** min(failures, 8))
                    why = type(error).__name__ if isinstance(error, DBAPIError) else str(error)
                    log.error("mailbox not read", why=why, failures=failures, again_in=wait)
                    next_poll = now + timedelta(seconds=wait)
            try:
                run_work(bot, limit=WORK_BETWEEN_POLLS)
                if look_due(bot, last_look):
                    last_look = now
                    found = look(bot)
                    if found:
                        log.info("letters settled", number=found)
            except DBAPIError as error:
                log.error("store not reached", error=type(error).__name__)
            sleep(1.0)


ALIVE_WITHIN = timedelta(minutes=15)


def status(bot: Bot) -> dict[str, Any]:
    """Queue, oldest work, last good poll, budgets left, unclear letters: `privacybot status`."""
    now = bot.clock.now()
    with bot.store.read() as session:
        polled = ledger.mark(session, "poll")
        open_work = select(Work).where(Work.due.is_not(None), Work.due <= now).subquery()
        return {
            "last_poll": polled.at.isoformat() if polled else None,
            "alive": polled is not None and now - polled.at <= ALIVE_WITHIN,
            "queue": session.scalar(select(func.count()).select_from(open_work)) or 0,
            "oldest_work": _iso(session.scalar(select(func.min(open_work.c.due)))),
            "next_due": _iso(work.next_due(session)),
            "stuck": [{"kind": row.kind, "ref": row.ref, "error": row.error} for row in work.stuck(session, now)],
            "budgets": budgets.left(session, now),
            "waiting": budgets.waiting(session, now),
            "left": left(bot),
            "ledger": ledger.counts(session),
        }


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def alarm(bot: Bot) -> bool:
    """Mails staff that the mailbox is no longer read, once a day; whether that mail is out.

    It goes through the door step by step, also beside a `run` that hangs: the rows say who does each step. A program
    that never read the mailbox says nothing.
    """
    with bot.store.begin() as session:
        polled = ledger.mark(session, "poll")
        if polled is None:
            return False
        last = polled.at.astimezone(AMSTERDAM)
        letter = write(
            bot,
            session,
            f"silent-{local_date(bot.clock.now())}",
            "silent",
            {"day": last.date(), "time": f"{last:%H.%M}"},
            bot.settings.people.staff,
            vault=questions.DESK,
            rank="alarm",
        )
        letter_id = letter.id
    budgets.set_budgets(bot)

    def dead(session: Session, item: work.Item) -> None:
        on_dead(bot, session, item)

    work.run_due(bot.store, bot.clock, {LETTER: handlers(bot)[LETTER]}, dead, threads=1, ref=letter_id)
    with bot.store.read() as session:
        return session.get_one(Letter, letter_id).state in ("accepted", "sent")
