"""`privacybot demo`: the main job from mailbox to answer, played by mails alone.

Customers and staff act by mails that are put into the sandbox; the program that answers them is the one of `run`,
handed in by the command line. With a terminal the sandbox stays up afterwards and a page shows the mailboxes.
"""

import json
import shutil
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.markup import escape
from rich.panel import Panel

from bot.sandbox import people
from bot.sandbox.page import serve_page
from bot.sandbox.stage import MAILBOX, STAFF, Stage

AMSTERDAM = ZoneInfo("Europe/Amsterdam")


class Program(Protocol):
    """The bot as the demo sees it: a pass at a moment, and what its commands show."""

    def run(self, settings: Path, at: datetime) -> Mapping[str, Any]:
        """One `run --once --at`."""
        ...

    def show(self, settings: Path, command: str) -> Sequence[Mapping[str, Any]]:
        """The rows of `mails`, `cases`, `letters` or `register`."""
        ...

    def serve(self, settings: Path, stop: Callable[[], bool]) -> None:
        """The loop of `run` until told to stop."""
        ...


def play(program: Program, *, stay: bool, port: int) -> int:
    """Plays the stories and prints them; gives the exit code. With `stay` the page is served until Ctrl-C."""
    folder = Path(tempfile.mkdtemp(prefix="privacybot-demo-"))
    console = Console(width=100)
    start = (datetime.now(UTC) - timedelta(days=4)).replace(minute=0, second=0, microsecond=0)
    try:
        with Stage(folder, start) as stage:
            well = _stories(console, program, stage)
            if stay:
                _stay(console, program, stage, port)
            return 0 if well else 1
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _stories(console: Console, program: Program, stage: Stage) -> bool:
    """One access request from arrival to delivered answer, and one order mail that is left alone."""

    def passes() -> None:
        program.run(stage.settings_file, stage.now)

    say = _Teller(console, stage)
    console.rule("[bold]privacybot demo: everything below happens on this machine, with invented people")
    passes()
    say.moment("The bot starts. The mailbox is empty.")

    stage.later(minutes=10)
    order = stage.customer_mails(
        "Bram Kuipers", people.BRAM, "Waar blijft mijn pakket?",
        "Hoi,\n\nIk heb vorige week zeep besteld maar nog niets gekregen. Weten jullie waar het is?\n\nGroet, Bram",
    )  # fmt: skip
    asked = stage.customer_mails(
        "Hanneke Verbrugge", people.HANNEKE, "Mijn gegevens",
        "Geachte heer, mevrouw,\n\nGraag ontvang ik een overzicht van alle gegevens die u van mij heeft, en een kopie "
        "daarvan.\n\nMet vriendelijke groet,\nHanneke Verbrugge",
    )  # fmt: skip
    say.arrived(order)
    say.arrived(asked)
    passes()
    say.moment("A few seconds later the bot has read both mails, answered one, and asked staff for a decision.")
    say.sent_since()
    approve = _last_to(stage, STAFF)

    stage.later(hours=2)
    say.moment("Two hours later one of the staff answers from a phone, above the quoted mail.")
    stage.staff_reply(approve, "Akkoord")
    console.print(Panel("Akkoord", title=f"{STAFF} → {MAILBOX}", title_align="left", border_style="cyan"))
    passes()
    say.sent_since()
    answer = _last_to(stage, people.HANNEKE)

    stage.later(hours=49)
    passes()
    say.moment("Two days later nothing has bounced: the case is closed and the register has its row.")
    for row in program.show(stage.settings_file, "register"):
        console.print(json.dumps(row, ensure_ascii=False), style="green", highlight=False, soft_wrap=True)

    mails = {row["message_id"]: row for row in program.show(stage.settings_file, "mails")}
    cases = program.show(stage.settings_file, "cases")
    left = next(item for item in stage.graph.messages("inbox") if item.message_id == str(order["Message-ID"]))
    untouched = not left.is_read and not left.categories and not stage.graph.inbox_of(people.BRAM)
    files = [part.get_filename() for part in answer.iter_attachments()]
    checks = {
        "the request was closed as granted": [c["outcome"] for c in cases] == ["granted"],
        f"the answer reached the address on file with {', '.join(map(str, files))}": len(files) == 2,
        "the order mail is still in the inbox, unread, unmarked and unanswered": untouched
        and mails[str(order["Message-ID"])]["disposition"] == "not-privacy",
        "nothing was asked of the sandbox that it does not model": not stage.unmodelled,
    }
    console.rule("[bold]what was shown")
    for words, true in checks.items():
        console.print(f"{'[green]yes' if true else '[red]NO '}[/]  {words}", highlight=False)
    return all(checks.values())


class _Teller:
    """Prints what happens in the mailboxes."""

    def __init__(self, console: Console, stage: Stage) -> None:
        self._console, self._stage, self._told = console, stage, 0

    def moment(self, words: str) -> None:
        """A line of the story with its moment."""
        self._console.print(
            f"\n[bold]{self._stage.now.astimezone(AMSTERDAM):%a %d %b %H:%M}[/]  {words}", highlight=False
        )

    def arrived(self, mail: EmailMessage) -> None:
        """A mail that reached the mailbox."""
        self._mail(mail, "yellow")

    def sent_since(self) -> None:
        """Every mail that left the bot's mailbox since the last time."""
        out = self._stage.graph.outgoing
        for sent in out[self._told :]:
            self._mail(_parsed(sent.raw), "green")
        self._told = len(out)

    def _mail(self, mail: EmailMessage, colour: str) -> None:
        body = mail.get_body(("plain",))
        text = str(body.get_content()).strip() if body else ""
        files = ", ".join(str(part.get_filename()) for part in mail.iter_attachments())
        shown = escape(text if len(text) < 2600 else text[:2600] + "\n…") + (
            f"\n\n[dim]Bijlagen: {escape(files)}[/]" if files else ""
        )
        title = escape(f"{mail['From']} → {mail['To']}   {mail['Subject']}")
        self._console.print(Panel(shown, title=title, title_align="left", border_style=colour))


def _parsed(raw: bytes) -> EmailMessage:
    mail = BytesParser(policy=policy.default).parsebytes(raw)
    assert isinstance(mail, EmailMessage)
    return mail


def _last_to(stage: Stage, address: str) -> EmailMessage:
    """The newest mail of the bot to an address."""
    return _parsed([sent.raw for sent in stage.graph.outgoing if address in sent.recipients][-1])


def _stay(console: Console, program: Program, stage: Stage, port: int) -> None:
    """Leaves everything running in real time until Ctrl-C."""
    started, moment = time.monotonic(), stage.now
    stage.graph.now = lambda: max(moment + timedelta(seconds=time.monotonic() - started), datetime.now(UTC))
    url = serve_page(stage.graph, port)
    console.print(f"\nThe mailboxes are on [bold]{url}[/]: read, write as a customer, answer as staff. Ctrl-C ends it.")
    stop: list[bool] = []
    try:
        program.serve(stage.settings_file, lambda: bool(stop))
    except KeyboardInterrupt:
        stop.append(True)
