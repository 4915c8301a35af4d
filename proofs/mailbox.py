"""Whole mailboxes through `run --once`: the labelled mails, a first start, a process killed again and again.

`make mailbox` plays them in full and prints what came of them; the tests play a part of each by the same code.
"""

import random
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import policy
from email.parser import BytesParser
from pathlib import Path

from bot import service, views
from bot.context import Bot, open_bot
from bot.sandbox.stage import STAFF, Stage, StageClock
from bot.settings import load
from proofs import labelled
from proofs.nursery import Ended, Nursery

MONDAY = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
OLD_MAILS, OLD_REQUESTS, KILLS = 5000, 40, 10
MOST_IN_A_ROW = 4  # kills; work whose process died twice as often is given up and told to staff
REQUEST = (
    "Geachte heer, mevrouw,\n\nGraag ontvang ik een overzicht van alle persoonsgegevens die u van mij heeft, en een "
    "kopie daarvan.\n\nMet vriendelijke groet,\n"
)
ORDER = "Hoi, wanneer wordt mijn bestelling bezorgd? Alvast bedankt."


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a mailbox: mails put in, their dispositions, mails sent, and what is wrong."""

    name: str
    mails: int
    dispositions: Mapping[str, int]
    sent: int
    wrong: list[str] = field(default_factory=list)

    def lines(self) -> Iterator[str]:
        """The outcome as lines to print."""
        shown = ", ".join(f"{name} {count}" for name, count in sorted(self.dispositions.items()))
        yield f"{self.name}: {self.mails} mails put in ({shown}), {self.sent} sent: {'WRONG' if self.wrong else 'ok'}"
        yield from (f"  {words}" for words in self.wrong)


@contextmanager
def opened(stage: Stage) -> Iterator[Bot]:
    """A bot on the stage that follows its clock and waits for nothing."""
    bot = open_bot(load(stage.settings_file), StageClock(stage))
    bot.patience = lambda seconds: None
    try:
        yield bot
    finally:
        bot.close()


def run(bot: Bot, stage: Stage, **span: float) -> service.Report:
    """One `run --once` after `span` has passed."""
    stage.later(**span)
    return service.once(bot, sleep=lambda seconds: None)


def deliver_labelled(stage: Stage, every: int) -> int:
    """Puts each `every`th labelled mail into the inbox, moves the clock behind the last, gives their number."""
    chosen = labelled.records()[::every]
    for number, record in enumerate(chosen):
        moment = labelled.spread(stage.now, number)
        mail, envelope = labelled.as_mail(record, moment)
        stage.graph.deliver(mail, received=moment, **envelope)  # type: ignore[arg-type]
    stage.now = labelled.spread(stage.now, len(chosen))
    return len(chosen)


def _twice(stage: Stage) -> list[str]:
    ids = Counter(mail.message_id for mail in stage.graph.outgoing)
    return [f"{count} times sent: {key}" for key, count in ids.items() if count > 1]


def _outcome(name: str, bot: Bot, stage: Stage, mails: int, wrong: list[str]) -> Outcome:
    found = Counter(str(row["disposition"]) for row in views.mails(bot))
    if found.total() != mails:
        wrong.append(f"{found.total()} mails in the ledger")
    if found["None"] or found["parked"]:
        wrong.append(f"{found['None']} without a disposition, {found['parked']} parked")
    wrong += [*_twice(stage), *(f"not modelled: {route}" for route in stage.unmodelled)]
    return Outcome(name, mails, found, len(stage.graph.outgoing), wrong)


def every_mail_is_decided_once(folder: Path, every: int = 1) -> Outcome:
    """The labelled mails: each gets a disposition, and a second run does nothing."""
    wrong = []
    with Stage(folder, MONDAY, messages_per_minute=0) as stage, opened(stage) as bot:
        run(bot, stage)
        mails = deliver_labelled(stage, every)
        first = run(bot, stage, minutes=1)
        if first.new != mails:
            wrong.append(f"{first.new} mails were new")
        sent = len(stage.graph.outgoing)
        again = run(bot, stage)
        if (again.new, again.sent, len(stage.graph.outgoing)) != (0, 0, sent):
            wrong.append(f"a second run read {again.new} and sent {len(stage.graph.outgoing) - sent}")
        return _outcome("labelled mails", bot, stage, mails, wrong)


def a_first_start_sends_one_mail(folder: Path, mails: int = OLD_MAILS, requests: int = OLD_REQUESTS) -> Outcome:
    """Old mails with some requests among them: one list to staff; `akkoord` opens a case for each request."""
    wrong, at_most = [], max(1, mails // requests)
    with Stage(folder, MONDAY, messages_per_minute=0) as stage, opened(stage) as bot:
        for number in range(mails):
            wanted = number % at_most == 0
            name, address = f"Klant {number}", f"klant{number}@example.nl"
            subject, text = ("Mijn gegevens", REQUEST + name) if wanted else (f"Bestelling {10000 + number}", ORDER)
            mail = stage._mail(name, address, "info@lesseausoap.com", subject, text)
            stage.graph.deliver(mail, received=stage.now - timedelta(minutes=5 * (mails + 1 - number)))
        run(bot, stage, minutes=1)
        outgoing = list(stage.graph.outgoing)
        found = Counter(str(row["disposition"]) for row in views.mails(bot))
        if found != Counter({"not-privacy": mails - requests, "staff-question": requests}):
            wrong.append(f"dispositions {dict(found)}")
        if [mail.recipients for mail in outgoing] != [(STAFF,)]:
            wrong.append(f"{len(outgoing)} mails left at the first start")
        else:
            stage.staff_reply(BytesParser(policy=policy.default).parsebytes(outgoing[0].raw), "akkoord")  # type: ignore[arg-type]
            run(bot, stage, minutes=5)
            cases = len(list(views.cases(bot)))
            if cases != requests:
                wrong.append(f"akkoord opened {cases} cases of {requests}")
        return _outcome("first start", bot, stage, mails + 1, wrong)


def kills_change_nothing(nursery: Nursery, folder: Path, every: int = 10, kills: int = KILLS) -> Outcome:
    """`kill -9` at random moments of runs over the labelled mails and what comes after: no letter leaves twice."""
    chance = random.Random(20260302)
    wrong = []

    def start(seconds: float | None = None) -> Ended:
        command = ("run", "--once", "--at", stage.now.isoformat(), "--json", "--config", str(stage.settings_file))
        ended = nursery.run(*command, log=str(folder / "points"), kill_after=seconds)
        if not ended.killed and ended.code:
            wrong.append(f"a run ended with {ended.code}")
        return ended

    with Stage(folder, MONDAY, messages_per_minute=0) as stage:
        start()
        mails, killed, longest, in_a_row = deliver_labelled(stage, every), 0, 1.0, 0
        while killed < kills:
            in_a_row += 1
            if start(chance.random() * longest if in_a_row <= MOST_IN_A_ROW else None).killed:
                killed += 1
                continue
            mails, longest, in_a_row = mails + 1, 0.5, 0  # what is left is little: let it die earlier
            stage.later(minutes=1)
            stage.customer_mails("Klant", f"klant{mails}@example.nl", "Mijn gegevens", REQUEST + "Klant")
        for _ in range(2):
            stage.later(minutes=20)
            start()
        subjects = Counter(
            (sent.recipients, str(BytesParser(policy=policy.default).parsebytes(sent.raw)["Subject"]))
            for sent in stage.graph.outgoing
        )
        wrong += [f"{count} times to one person: one subject" for count in subjects.values() if count > 1]
        with opened(stage) as bot:
            states = Counter(str(row["state"]) for row in views.letters(bot, personal=False))
            if states.keys() - {"sent", "draft", "unclear", "approved"}:
                wrong.append(f"letters ended as {dict(states)}")
            if len(stage.graph.outgoing) < states["sent"]:
                wrong.append(f"{states['sent']} letters are called sent, {len(stage.graph.outgoing)} left")
            return _outcome(f"labelled mails, {killed} kills", bot, stage, mails, wrong)


def main() -> int:
    """Plays all three in full and prints them; gives 1 when one went wrong."""
    outcomes = []
    with tempfile.TemporaryDirectory(prefix="privacybot-mailbox-") as place, Nursery() as nursery:
        folder = Path(place)
        for play in (
            lambda: every_mail_is_decided_once(folder / "labelled"),
            lambda: a_first_start_sends_one_mail(folder / "first"),
            lambda: kills_change_nothing(nursery, folder / "killed", every=4),
        ):
            outcomes.append(play())
            print("\n".join(outcomes[-1].lines()), flush=True)
    return 1 if any(outcome.wrong for outcome in outcomes) else 0


if __name__ == "__main__":
    sys.exit(main())
