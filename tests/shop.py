"""A mailbox and a bot that reads it, with a clock that the test moves: for tests of reading alone."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from sqlalchemy import select

from bot import reading, service
from bot.casebook.schema import Message
from bot.context import Bot, open_bot
from bot.sandbox import people
from bot.sandbox.mailbox import Item, Mailbox
from bot.sandbox.stage import MAILBOX, STAFF, Stage, StageClock
from bot.settings import load
from tests.conftest import MONDAY_MORNING
from tests.world import parsed

PARCEL = "Hoi, wanneer komt mijn pakket met zeep? Groetjes, Bram"


@dataclass
class Shop:
    """A mailbox and a bot whose clock is the stage's; it was started, and nothing has arrived yet."""

    stage: Stage
    bot: Bot
    started: bool = False

    @property
    def box(self) -> Mailbox:
        return self.stage.graph.mailboxes[MAILBOX]

    def arrives(self, subject: str = "Pakket", text: str = PARCEL, message_id: str = "", **how: Any) -> Item:
        """A mail of Bram reaches the mailbox."""
        mail = self.stage._mail("Bram Kuipers", people.BRAM, MAILBOX, subject, text)
        if message_id:
            mail.replace_header("Message-ID", message_id)
        item = self.box.item(self.stage.graph.deliver(mail, **how))
        assert item is not None
        return item

    def poll(self, *, everything: bool = False, **span: float) -> int:
        """One reading after `span` has passed, without taking in; gives the number of new rows."""
        self.stage.later(**span)
        return reading.poll(self.bot, lambda: None, everything=everything)

    def run(self, **span: float) -> service.Report:
        """One whole pass of the bot after `span` has passed."""
        self.stage.later(**span)
        if not self.started:
            service.start(self.bot)
            self.started = True
        report = service.Report(self.stage.now)
        service.one_pass(self.bot, report, everything=True)
        return report

    def rows(self) -> list[Message]:
        with self.bot.store.read() as session:
            return list(session.scalars(select(Message).order_by(Message.id)))

    def row(self, of: Item | None = None) -> Message:
        (row,) = [row for row in self.rows() if of is None or row.graph_id == of.immutable_id]
        return row

    def calls(self, since: int, part: str = "*") -> int:
        return sum(fnmatchcase(call.route, part) for call in self.stage.graph.calls[since:])

    def told(self) -> list[EmailMessage]:
        """The mails that staff got."""
        return [parsed(sent.raw) for sent in self.stage.graph.outgoing if STAFF in sent.recipients]


@contextmanager
def opened(folder: Path) -> Iterator[Shop]:
    """The shop before its first start; what the sandbox does not model fails the test."""
    with Stage(folder, MONDAY_MORNING, messages_per_minute=0) as stage:
        bot = open_bot(load(stage.settings_file), StageClock(stage))
        bot.patience = lambda seconds: None
        yield Shop(stage, bot)
        bot.close()
        assert not stage.unmodelled
