"""A stage on which the bot dies and is started again, and the end that must come all the same.

`Play.once` is one start of the bot, killed at a named point or from outside; `Play.run` goes on until one start ends by
itself. `judge` compares what the mailbox and the recipients hold with what the case book says.
"""

import random
import re
import shutil
import sqlite3
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import policy
from email.parser import BytesParser
from pathlib import Path
from typing import Any
from unittest import mock

from sqlalchemy import select

from bot import killpoint, service
from bot.casebook import journal
from bot.casebook.ledger import DISPOSITIONS, LONGEST_ID
from bot.casebook.schema import Ask, Case, Journal, Letter, Message, Request, Work
from bot.clock import FixedClock
from bot.context import Bot, open_bot
from bot.letters import MARK_HEADER
from bot.sandbox.faults import Fault
from bot.sandbox.stage import MAILBOX, Stage, StageClock
from bot.settings import load
from proofs.day import People, Scripted, deliver
from proofs.nursery import SENT_ITEMS_WITHIN, Ended, Nursery

MONDAY = datetime(2026, 3, 2, 7, 0, tzinfo=UTC)
STARTS = 40  # of one moment, until one ends by itself

FAULTS: dict[str, dict[str, Any]] = {
    "429": {"status": 429},
    "503 before the effect": {"status": 503},
    "503 after the effect": {"status": 503, "after_effect": True},
    "504 before the effect": {"status": 504},
    "504 after the effect": {"status": 504, "after_effect": True},
    "reset before the effect": {"reset": "before"},
    "reset after the effect": {"reset": "after"},
    "truncated JSON": {"body": lambda body: body[: len(body) // 2]},
    "token expired": {"status": 401, "code": "InvalidAuthenticationToken"},
    "slow before the effect": {"delay": 0.02},
    "slow after the effect": {"delay": 0.02, "after_effect": True},
}
HIDING = ("503 before the effect", "504 before the effect", "reset before the effect", "503 after the effect",
          "504 after the effect", "reset after the effect")  # fmt: skip
"""Faults after which a client of /send cannot know."""


@dataclass
class Tally:
    """What happened to the bot."""

    starts: int = 0
    kills: Counter[str] = field(default_factory=Counter)
    outside: int = 0
    """Kills from outside, at a random moment; they stand in `kills` under "from outside"."""
    points: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    mails: int = 0

    @property
    def killed(self) -> int:
        """How often it was killed."""
        return self.kills.total()


class Play:
    """A stage with people, and a bot that may die at any moment."""

    def __init__(self, stage: Stage, nursery: Nursery, seed: int = 0) -> None:
        self.stage, self.nursery = stage, nursery
        self.indoors = False
        """Whether starts after the first one run in this process, for a story without kills: it is quicker."""
        self._bot: Bot | None = None
        self.people = People(stage, seed)
        self.tally = Tally()
        self.module = "bot"
        """What is started as `python -m …`."""
        self.hopeless = 0
        """How many pieces of work must fail for good in this story."""
        self.kill = ""
        """The point at which the next start that reaches it is killed, once: `<point>:<n>`."""
        self.doubts: dict[int, str] = {}
        """Letters of which the bot could not know whether they left, with the first cause."""
        self._log = stage.folder / "points"
        self._read = 0
        self._sends = 0

    def once(
        self,
        *command: str,
        module: str = "",
        kill: str = "",
        kill_after: float | None = None,
        stop_at: str = "",
    ) -> Ended:
        """One start of the bot at the stage's moment, `run --once` unless another command is named.

        Raises RuntimeError when it ends in another way than it may.
        """
        arguments = command or ("run", "--once", "--at", self.stage.now.isoformat(), "--json")
        module = module or self.module
        inside = self.indoors and not command and module == "bot" and self.tally.starts > 0
        ended = (
            self._here()
            if inside
            else self.nursery.run(
                *arguments,
                "--config",
                str(self.stage.settings_file),
                module=module,
                kill=kill,
                log=str(self._log),
                kill_after=kill_after,
                stop_at=stop_at,
            )
        )
        self.tally.starts += 1
        reached = self._reached()
        self.tally.points.update(reached)
        self._note_sends()
        if ended.killed:
            name = "from outside" if kill_after is not None else kill.rpartition(":")[0]
            self.tally.kills[reached[-1] if name == "*" else name] += 1
            self._note_kill()
        elif ended.code not in (0, 1) or "Traceback" in ended.err or "unexpected" in ended.err:
            raise RuntimeError(f"{' '.join(arguments)} ended with {ended.code}:\n{ended.err[-4000:]}")
        return ended

    def run(self, **span: float) -> None:
        """After `span`, starts the bot until one start ends well; the first that reaches `kill` is killed there."""
        self.stage.later(**span)
        self.command()

    def command(self, *command: str, module: str = "", code: int = 0, stop_at: str = "") -> None:
        """The same for another command, which ends well with `code`."""
        for _ in range(STARTS):
            ended = self.once(*command, module=module, kill=self.kill, stop_at=stop_at)
            if ended.killed:
                self.kill = ""
            elif ended.code == code:
                return
        raise RuntimeError(f"no start of {STARTS} ended well:\n{ended.err[-4000:]}")

    def _here(self) -> Ended:
        """`run --once` in this process, by a bot that stays open."""
        killpoint.arm("", str(self._log))
        try:
            if self._bot is None:
                self._bot = open_bot(load(self.stage.settings_file), StageClock(self.stage))
                self._bot.patience = lambda seconds: None
            with mock.patch.object(service, "SENT_ITEMS_WITHIN", SENT_ITEMS_WITHIN):
                service.once(self._bot, sleep=lambda seconds: None)
        finally:
            killpoint.arm("", "")
        return Ended(0, "", "")

    def close(self) -> None:
        """Closes that bot."""
        if self._bot is not None:
            self._bot.close()

    def put(self, one: Scripted) -> None:
        """A scripted mail arrives."""
        deliver(self.stage, one)
        self.tally.mails += 1
        self.people.truths[str(one.mail["Subject"])] = one.truth

    def talk(self, rounds: int = 6, **span: float) -> None:
        """Runs, and lets people react at once, until nobody does or they did so often; then runs once more."""
        for _ in range(rounds):
            self.run(**(span or {"minutes": 2}))
            reactions = list(self.people.reactions())
            if not reactions:
                return
            for reaction in reactions:
                self.stage.later(seconds=20)
                self.people.act(reaction)
        self.run(minutes=2)

    # what the bot cannot know

    def _reached(self) -> list[str]:
        """The points that the last start reached, in order."""
        if not self._log.exists():
            return ["before the first point"]
        with self._log.open("rb") as log:
            log.seek(self._read)
            lines = log.read()
        self._read += len(lines)
        return lines.decode().splitlines() or ["before the first point"]

    def _note_kill(self) -> None:
        """A letter that stands in `sending` after a kill: the answer of /send was not kept."""
        for letter in self.rows("SELECT id FROM letter WHERE state = 'sending'"):
            self.doubts.setdefault(letter["id"], "a kill")

    def _note_sends(self) -> None:
        """A /send whose answer was lost or no answer."""
        calls = self.stage.graph.calls
        fresh, self._sends = calls[self._sends :], len(calls)
        lost = [
            call for call in fresh if call.route.endswith("/send") and (call.status in (0, 429) or call.status >= 500)
        ]
        if not lost:
            return
        letters = {row["graph_id"]: row["id"] for row in self.rows("SELECT id, graph_id FROM letter")}
        for call in lost:
            found = re.search(r"/messages/([^/]+)/send", call.url)
            letter = letters.get(_unquoted(found[1]) if found else "")
            if letter is not None:
                self.doubts.setdefault(letter, "a reset" if call.status == 0 else f"an answer {call.status}")

    def rows(self, query: str) -> list[sqlite3.Row]:
        """Rows of a copy of the case book: the bot alone recovers its own files after a kill."""
        source = self.stage.folder / "var" / "privacybot.db"
        if not source.exists() or source.stat().st_size == 0:
            return []
        with tempfile.TemporaryDirectory(dir=self.stage.folder) as folder:
            for suffix in ("", "-wal"):
                if source.with_name(source.name + suffix).exists():
                    shutil.copy(source.with_name(source.name + suffix), Path(folder) / f"copy.db{suffix}")
            with closing(sqlite3.connect(Path(folder) / "copy.db")) as copy:
                copy.row_factory = sqlite3.Row
                try:
                    return copy.execute(query).fetchall()
                except sqlite3.OperationalError:  # killed before the tables were made
                    return []

    # faults

    @contextmanager
    def faults(self, chance: random.Random, rate: float) -> Iterator[None]:
        """A bad hour: some kinds of fault, each striking a call now and then, and a switch of the sandbox turned."""
        graph = self.stage.graph
        planned: list[tuple[str, Fault]] = []
        for name in chance.sample(sorted(FAULTS), 4):
            how = FAULTS[name]
            planned.append((name, graph.faults.add("*", "/users/*", chance=rate, times=None, **how)))
            if name != "truncated JSON":
                planned.append((name, graph.faults.add("*", "/{tenant}/*", chance=rate, times=None, **how)))
            if "code" not in how:
                planned.append((name, self.stage.lightspeed.faults.add("*", "*", chance=rate / 4, times=None, **how)))
        name = chance.choice((*HIDING, "429"))
        planned.append((name, graph.faults.add("POST", "*/send", chance=0.5, times=1, **FAULTS[name])))
        name = chance.choice((*HIDING, "429", "truncated JSON"))
        planned.append((name, graph.faults.add("POST", "*/messages", chance=0.5, times=1, **FAULTS[name])))
        graph.hides_lingering = chance.random() < 0.3
        graph.linger_looks, graph.linger_seconds = chance.choice(((1, 5.0), (2, 5.0), (4, 90.0), (12, 300.0)))
        graph.keeps_immutable_id_on_send = chance.random() < 0.8
        graph.rewrites_message_id = chance.random() < 0.2
        graph.rounds.duplicates = chance.random() < 0.2
        graph.rounds.empty_pages = chance.choice((0, 0, 1))
        graph.entra.token_seconds = chance.choice((4312, 4312, 250))
        if chance.random() < 0.08:
            code = chance.choice(("SyncStateNotFound", "syncStateNotFound", "resyncRequired"))
            graph.expire_delta(code, location=chance.random() < 0.3)
            self.tally.faults["delta expired"] += 1
        if graph.hides_lingering:
            self.tally.faults["lingering drafts out of sight"] += 1
        try:
            yield
        finally:
            graph.faults.clear()
            self.stage.lightspeed.faults.clear()
            for name, fault in planned:
                self.tally.faults[name] += fault.hits

    def good_weather(self) -> None:
        """All faults and switches off."""
        graph = self.stage.graph
        graph.faults.clear()
        graph.hides_lingering, graph.linger_looks, graph.linger_seconds = False, 2, 5.0
        graph.keeps_immutable_id_on_send, graph.rewrites_message_id = True, False
        graph.rounds.duplicates, graph.rounds.empty_pages, graph.entra.token_seconds = False, 0, 4312


@contextmanager
def play(nursery: Nursery, seed: int = 0, start: datetime = MONDAY) -> Iterator[Play]:
    """A fresh stage in a folder of its own, gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="privacybot-proof-"))
    try:
        with Stage(folder / "shop", start) as stage:
            stage.graph.retry_after = "0.01"
            played = Play(stage, nursery, seed)
            try:
                yield played
            finally:
                played.close()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _unquoted(text: str) -> str:
    return text.replace("%3D", "=").replace("%3d", "=")


# --- the end ----------------------------------------------------------------------------------------------------------


@dataclass
class End:
    """How it ended. `wrong` must be empty; the rest is for the table and for a comparison with a calm day."""

    wrong: list[str] = field(default_factory=list)
    mails: int = 0
    dispositions: Counter[str] = field(default_factory=Counter)
    letters: int = 0
    states: Counter[str] = field(default_factory=Counter)
    arrived: int = 0
    unclear: Counter[str] = field(default_factory=Counter)
    """By the cause that hid the truth."""
    doubted: int = 0
    """Letters of which one start could not know whether they had left, whatever became of them."""
    fates: dict[str, str] = field(default_factory=dict)
    """By Message-ID of a scripted mail: its disposition, and how its cases ended."""
    shaken: set[str] = field(default_factory=set)
    """Message-IDs of scripted mails whose fate an unclear, refused or bounced letter may have changed."""


def judge(play: Play) -> End:
    """Whether every mail has one disposition and every letter arrived once or is rightly unclear with a person told."""
    bot = open_bot(load(play.stage.settings_file), FixedClock(play.stage.now))
    try:
        end = End()
        _judge_mails(play, bot, end)
        _judge_letters(play, bot, end)
        _judge_book(play, bot, end)
        _fates(bot, end)
        return end
    finally:
        bot.close()


def _judge_mails(play: Play, bot: Bot, end: End) -> None:
    box = play.stage.graph.mailboxes[MAILBOX]
    there = Counter((item.message_id[:LONGEST_ID], item.received) for item in box.items.values() if item.from_outside)
    with bot.store.read() as session:
        rows = list(session.scalars(select(Message)))
    ledger = Counter((row.message_id, row.received) for row in rows)
    end.mails = len(rows)
    end.dispositions.update(row.disposition or "none" for row in rows)
    for (message_id, _), number in (there - ledger).items():
        end.wrong.append(f"{message_id} is in the mailbox and {number} time(s) missing in the ledger")
    for (message_id, _), number in (ledger - there).items():
        end.wrong.append(f"{message_id} has {number} row(s) too many in the ledger")
    for row in rows:
        if row.disposition not in DISPOSITIONS:
            end.wrong.append(f"{row.message_id} has the disposition {row.disposition}")


def _arrivals(play: Play) -> Iterator[tuple[int, tuple[str, ...], str, str]]:
    """The letter id of our mark, recipients, subject and body of everything that left."""
    for sent in play.stage.graph.outgoing:
        mail = BytesParser(policy=policy.default).parsebytes(sent.raw)
        body = mail.get_body(("plain",))
        letter = str(mail[MARK_HEADER] or "").partition(".")[0]
        yield (
            int(letter) if letter.isdigit() else 0,
            sent.recipients,
            str(mail["Subject"]),
            str(body.get_content()) if body else "",
        )


def _judge_letters(play: Play, bot: Bot, end: End) -> None:
    arrivals = list(_arrivals(play))
    arrived = Counter(letter for letter, *_ in arrivals)
    with bot.store.read() as session:
        letters = {letter.id: letter for letter in session.scalars(select(Letter))}
    keys = {letter.key: letter for letter in letters.values()}
    end.letters, end.arrived = len(letters), len(arrivals)
    end.states.update(letter.state for letter in letters.values())
    end.doubted = len(play.doubts)
    for number in arrived.keys() - letters.keys():
        end.wrong.append(f"a mail left that is no letter of the case book ({number})")
    same = Counter((recipients, subject, body) for _, recipients, subject, body in arrivals)
    end.wrong += [f"the same words went to {to} {n} times: {subject}" for (to, subject, _), n in same.items() if n > 1]
    for letter in letters.values():
        where = f"letter {letter.id} ({letter.key}, {letter.state}, {letter.error})"
        number = arrived[letter.id]
        if number > 1:
            end.wrong.append(f"{where} arrived {number} times")
        match letter.state:
            case "sent" | "bounced":
                if number != 1:
                    end.wrong.append(f"{where} did not arrive")
            case "draft" | "refused":
                if number:
                    end.wrong.append(f"{where} arrived")
            case "unclear":
                if number:
                    end.wrong.append(f"{where} arrived and was not found")
                if letter.id not in play.doubts:
                    end.wrong.append(f"{where} is unclear though nothing was hidden")
                end.unclear[play.doubts.get(letter.id, "nothing")] += 1
                if not _told(letter, keys, arrived):
                    end.wrong.append(f"{where} is unclear and nobody was told")
            case _:
                if not (letter.state == "approved" and _waits(bot, letter)):
                    end.wrong.append(f"{where} is still on its way")
    left = [*play.stage.graph.messages("drafts"), *play.stage.graph.mailboxes[MAILBOX].in_transit]
    for item in left:
        number = int(item.mime.header(MARK_HEADER).partition(".")[0] or 0)
        if number not in letters or letters[number].state != "unclear":
            state = letters[number].state if number in letters else "none"
            end.wrong.append(f"a draft of letter {number} ({state}) was left behind")


def _told(letter: Letter, keys: dict[str, Letter], arrived: Counter[int]) -> bool:
    """Whether a mail about this letter reached somebody; one that is unclear itself is told of in its turn.

    A staff mail is passed on to the next of the staff, and management hear once a day that staff are not reached.
    """
    about = [
        row for key, row in keys.items() if key == f"failed-{letter.id}-unclear" or key.startswith(f"copy-{letter.id}-")
    ]
    if letter.audience == "staff":
        about += [other for key, other in keys.items() if key.startswith("staff-not-reached-")]
    return any(arrived[other.id] == 1 or _told(other, keys, arrived) for other in about)


def _waits(bot: Bot, letter: Letter) -> bool:
    """Whether a letter is not due yet: a bundle, or an address that had its share of the day."""
    with bot.store.read() as session:
        due = session.scalar(select(Work.due).where(Work.key == f"letter:{letter.id}:approved"))
    return due is not None and due > bot.clock.now()


def _judge_book(play: Play, bot: Bot, end: End) -> None:
    end.wrong += [f"the sandbox was asked what it does not model: {one}" for one in play.stage.unmodelled]
    with bot.store.read() as session:
        broken = journal.verify(session)
        if broken is not None:
            end.wrong.append(f"the journal is broken at row {broken.id}: {broken.reason}")
        now = bot.clock.now()
        for work in session.scalars(select(Work).where(Work.due.is_not(None), Work.due <= now)):
            end.wrong.append(f"work {work.key} is due since {work.due} and was not done ({work.error})")
        failed = [row.detail for row in session.scalars(select(Journal).where(Journal.event == "work failed"))]
        end.wrong += [f"work failed for good: {detail}" for detail in failed[play.hopeless :]]
        for case in session.scalars(select(Case)):
            opened = session.scalars(select(Journal).where(Journal.case == case.reference)).all()
            if sum(row.event == "case opened" for row in opened) != 1:
                end.wrong.append(f"{case.reference} was not opened once")


def _fates(bot: Bot, end: End) -> None:
    """What became of each scripted mail, for the comparison of two days."""
    with bot.store.read() as session:
        for row in session.scalars(select(Message).where(Message.message_id.like("<mail-%"))):
            request = session.scalar(select(Request).where(Request.message_id == row.id))
            cases = session.scalars(select(Case).where(Case.request_id == request.id)).all() if request else []
            ended = ", ".join(sorted(f"{case.right} {case.state} {case.outcome}" for case in cases))
            end.fates[row.message_id] = f"{row.disposition}: {ended}" if ended else str(row.disposition)
            asked = session.scalars(select(Ask.staff_letter_id).where(Ask.message_id == row.id)).all()
            letters = select(Letter).where(Letter.id.in_(asked) | (Letter.request_id == (request.id if request else 0)))
            if any(letter.state in ("unclear", "refused", "bounced") for letter in session.scalars(letters)):
                end.shaken.add(row.message_id)


def later_that_week(moment: datetime, days: int) -> Iterator[datetime]:
    """The moments after the day at which the bot is started again: four a day."""
    first = moment.replace(hour=8, minute=5, second=0, microsecond=0)
    for number in range(days + 1):
        for hours in (0, 3, 6.2, 9):
            at = first + timedelta(days=number, hours=hours)
            if at > moment:
                yield at
