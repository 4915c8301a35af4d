"""The shop on loopback as the tests use it."""

from collections.abc import Iterable
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from typing import Any

from bot import service, views
from bot.clock import FixedClock
from bot.context import Bot, open_bot
from bot.sandbox import people
from bot.sandbox.stage import STAFF, Stage, StageClock
from bot.settings import load

INZAGE = (
    "Geachte heer, mevrouw,\n\nGraag ontvang ik een overzicht van alle persoonsgegevens die u van mij heeft, en een "
    "kopie daarvan.\n\nMet vriendelijke groet,\nHanneke Verbrugge"
)


class World:
    """A stage with the bot's own functions beside it."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.graph = stage.graph
        self._bot: Bot | None = None
        self._settings = ""
        stage.ends.callback(self.restart)

    def bot(self) -> Bot:
        """A bot of its own at the stage's moment; close it after use."""
        return open_bot(load(self.stage.settings_file), FixedClock(self.stage.now))

    def run(self, **span: float) -> service.Report:
        """One `run --once` after `span` has passed, by a process that stays; Sent Items are not waited for.

        Changed settings restart it.
        """
        self.stage.later(**span)
        return service.once(self._staying(), sleep=lambda seconds: None)

    def restart(self) -> None:
        """Ends the process; the next look or run starts another."""
        if self._bot is not None:
            self._bot.close()
        self._bot = None

    def _staying(self) -> Bot:
        settings = self.stage.settings_file.read_text(encoding="utf-8")
        if settings != self._settings:
            self.restart()
        self._settings = settings
        if self._bot is None:
            self._bot = open_bot(load(self.stage.settings_file), StageClock(self.stage))
            self._bot.patience = lambda seconds: None
        return self._bot

    def mails(self) -> list[dict[str, Any]]:
        """What `privacybot mails` shows."""
        return self._view(lambda bot: views.mails(bot))

    def cases(self) -> list[dict[str, Any]]:
        """What `privacybot cases` shows."""
        return self._view(lambda bot: views.cases(bot))

    def letters(self) -> list[dict[str, Any]]:
        """What `privacybot letters` shows."""
        return self._view(lambda bot: views.letters(bot, personal=False))

    def _view(self, view: Any) -> list[dict[str, Any]]:
        rows: Iterable[dict[str, Any]] = view(self._staying())
        return list(rows)

    def asks_for_access(self, **how: str) -> EmailMessage:
        """Hanneke, a customer on file, asks for access."""
        return self.stage.customer_mails("Hanneke Verbrugge", people.HANNEKE, "Mijn gegevens", INZAGE, **how)

    def to(self, address: str) -> list[EmailMessage]:
        """The mails of the bot that went to an address, in order."""
        return [parsed(sent.raw) for sent in self.graph.outgoing if address in sent.recipients]

    def draft(self) -> EmailMessage:
        """The newest draft that staff were asked to approve."""
        return [mail for mail in self.to(STAFF) if str(mail["Subject"]).startswith("Akkoord?")][-1]


def parsed(raw: bytes) -> EmailMessage:
    """A raw mail as the email package reads it."""
    mail = BytesParser(policy=policy.default).parsebytes(raw)
    assert isinstance(mail, EmailMessage)
    return mail


def text_of(mail: EmailMessage) -> str:
    """The plain text of a mail."""
    body = mail.get_body(("plain",))
    return str(body.get_content()) if body else ""
