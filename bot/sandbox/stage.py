"""A whole shop on loopback: the mailbox, Lightspeed, a clock that somebody moves, and the settings that lead there."""

import json
from collections.abc import Mapping
from contextlib import ExitStack
from datetime import UTC, date, datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from pathlib import Path
from types import TracebackType

from bot.sandbox.graph import SandboxGraph
from bot.sandbox.people import invented_shop
from bot.sandbox.suppliers import SandboxLightspeed

MAILBOX = "info@lesseausoap.com"
STAFF = "privacy@lesseausoap.com"
DEPUTY = "winkel@lesseausoap.com"
MANAGEMENT = "directie@lesseausoap.com"
RECIPIENTS = 1200  # a day; each is a row that every start counts
LIMITS = (100_000, 100_000, 100_000)  # calls to the shop: its clock stands still while a story is played
ACCOUNTS = {STAFF: "Privacy LESSEAU", DEPUTY: "Winkel LESSEAU", MANAGEMENT: "Directie LESSEAU"}


class StageClock:
    """The stage's moment, for a bot that stays open while it moves."""

    def __init__(self, stage: "Stage") -> None:
        self._stage = stage

    def now(self) -> datetime:
        """The moment, in UTC."""
        return self._stage.now.astimezone(UTC)


class Stage:
    """The sandbox as one thing, a context manager. `now` is its moment; moving it moves the mailbox's clock too."""

    def __init__(
        self, folder: Path, now: datetime, *, since: date | None = None, messages_per_minute: int = 28
    ) -> None:
        self.folder = folder
        self.now = now
        self.since = since or (now - timedelta(days=100)).date()
        self.messages_per_minute = messages_per_minute
        self.settings_file = folder / "settings.toml"
        self.graph = SandboxGraph(folder / "graph", MAILBOX, lambda: self.now, ACCOUNTS)
        self.lightspeed: SandboxLightspeed
        self._people: dict[str, object] = {}
        self._processors: dict[str, Mapping[str, object]] = {}
        self.ends = ExitStack()
        """What is closed when the stage closes."""

    def __enter__(self) -> "Stage":
        self.folder.mkdir(parents=True, exist_ok=True)
        self.ends.enter_context(self.graph)
        self.lightspeed = self.ends.enter_context(
            SandboxLightspeed(invented_shop(), limits=LIMITS, now=lambda: self.now.timestamp())
        )
        self._write_settings()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.ends.close()

    @property
    def unmodelled(self) -> list[str]:
        """What was asked of the sandbox and is not modelled; a good run leaves it empty."""
        return [*self.graph.unmodelled, *self.lightspeed.unmodelled]

    def set(self, **people: object) -> None:
        """Writes the settings anew with these lines in `[people]`, besides those set before: `set(four_eyes=True)`."""
        self._people |= people
        self._write_settings()

    def set_processor(self, name: str, **lines: object) -> None:
        """Writes the settings anew with one more processor; without `url` a task: `set_processor("dhl", contact=…)`."""
        self._processors[name] = lines
        self._write_settings()

    def _write_settings(self) -> None:
        """Settings as an operator would write them: only host names and the CA file differ from production."""
        files = {
            "ca.pem": self.graph.ca_file.read_text() + self.lightspeed.ca_file.read_text(),
            "client.secret": self.graph.client_secret,
            "lightspeed.key": self.lightspeed.key,
            "lightspeed.secret": self.lightspeed.secret,
        }
        for name, text in files.items():
            (self.folder / name).write_text(text, encoding="utf-8")
        people = {"staff": [STAFF, DEPUTY], "management": [MANAGEMENT], **self._people}
        more = "".join(f"[processors.{name}]\n{_lines(lines)}" for name, lines in self._processors.items())
        self.settings_file.write_text(
            f"""\
[mailbox]
address = "{MAILBOX}"
since = {self.since}
tenant_id = "{self.graph.tenant_id}"
client_id = "{self.graph.client_id}"
client_secret_file = "client.secret"
secret_expires = {(self.now + timedelta(days=300)).date()}
graph_url = "{self.graph.url}"
authority_url = "{self.graph.authority_url}"
ca_file = "ca.pem"
scope_check = "{MANAGEMENT}"
[people]
{_lines(people)}[limits]
messages_per_minute = {self.messages_per_minute}
recipients_per_24h = {RECIPIENTS}
[processors.lightspeed]
url = "{self.lightspeed.url}"
language = "nl"
key_file = "lightspeed.key"
secret_file = "lightspeed.secret"
{more}""",
            encoding="utf-8",
        )

    def later(self, **span: float) -> datetime:
        """Moves the clock on: `later(hours=2)`."""
        self.now += timedelta(**span)
        return self.now

    def customer_mails(self, name: str, address: str, subject: str, text: str, **how: str) -> EmailMessage:
        """A customer mails the shop; `how` goes to `SandboxGraph.deliver` (dmarc, dkim, spf, folder)."""
        mail = self._mail(name, address, MAILBOX, subject, text)
        self.graph.deliver(mail, **how)  # type: ignore[arg-type]
        return mail

    def staff_reply(self, to: EmailMessage, text: str, *, account: str = STAFF) -> EmailMessage:
        """One of the staff answers a mail of the bot from a phone: text on top, the whole mail quoted below."""
        mail = self._mail(ACCOUNTS[account], account, MAILBOX, f"Re: {to['Subject']}", "")
        mail["In-Reply-To"] = str(to["Message-ID"])
        mail["References"] = f"{to['References'] or ''} {to['Message-ID']}".strip()
        body = to.get_body(("plain",))
        quote = str(body.get_content()) if body else ""
        quoted = "\n".join(f"> {line}" for line in quote.splitlines())
        when = self.now.astimezone(UTC).strftime("%d-%m-%Y om %H:%M")
        mail.set_content(
            f"{text}\n\nVerstuurd vanaf mijn iPhone\n\n"
            f"> Op {when} heeft LESSEAU <{MAILBOX}> het volgende geschreven:\n>\n{quoted}\n"
        )
        self.graph.send_as(account, mail)
        return mail

    def _mail(self, name: str, address: str, to: str, subject: str, text: str) -> EmailMessage:
        mail = EmailMessage()
        mail["From"] = f"{name} <{address}>"
        mail["To"] = to
        mail["Subject"] = subject
        mail["Date"] = format_datetime(self.now.astimezone(UTC))
        mail["Message-ID"] = make_msgid(domain=address.partition("@")[2])
        if text:
            mail.set_content(text)
        return mail


def _lines(values: Mapping[str, object]) -> str:
    return "".join(f"{name} = {json.dumps(value)}\n" for name, value in values.items())
