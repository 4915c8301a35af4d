"""The command line: `privacybot`. One function a command; what it prints is in CONTRACTS form.

Exit codes: 0 did its work, 1 could not, 2 wrong use or settings, 3 the answer is "no", 4 another `run` holds the store.
"""

import csv
import json
import logging
import os
import signal
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import structlog
import typer
from rich.console import Console
from rich.table import Table

from bot.clock import Clock, FixedClock, SystemClock, local_date, parse_moment
from bot.settings import Settings, SettingsError, config_path, load

if TYPE_CHECKING:
    from bot.context import Bot

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="A privacy-request desk for one mailbox.",
)
journal_app = typer.Typer(no_args_is_help=True, help="The chained record of every step.")
app.add_typer(journal_app, name="journal")

Config = Annotated[
    Path | None, typer.Option("--config", help="settings.toml (else $PRIVACYBOT_CONFIG, ./settings.toml)")
]
Json = Annotated[bool, typer.Option("--json", help="One JSON object a line.")]
Personal = Annotated[bool, typer.Option("--personal", help="Also print what is personal.")]


class Stop(Exception):
    """Ends a command with an exit code and one sentence."""

    def __init__(self, code: int, sentence: str = "") -> None:
        super().__init__(sentence)
        self.code = code


def main() -> None:
    """The console script: every foreseeable fault is one sentence on stderr."""
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.KeyValueRenderer(key_order=["timestamp", "level", "event"]),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    try:
        app(standalone_mode=True)
    except Stop as stop:
        if str(stop):
            print(stop, file=sys.stderr)
        sys.exit(stop.code)
    except SettingsError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
    except Exception as error:  # the text of an unforeseen error may hold personal data: only where it was is shown
        if isinstance(error, BrokenPipeError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(1)
        places = [f"{Path(step.filename).name}:{step.lineno}" for step in traceback.extract_tb(error.__traceback__)]
        print(
            f"unexpected {type(error).__name__} at {' < '.join(reversed(places[-6:]))}: please report it",
            file=sys.stderr,
        )
        sys.exit(1)


def _lines(rows: Iterable[Mapping[str, Any]], as_json: bool, columns: tuple[str, ...]) -> None:
    """Prints rows: one JSON object a line, or a table of the named columns."""
    if as_json:
        for row in rows:
            print(json.dumps(row, ensure_ascii=False))
        return
    table = Table(*columns, box=None, pad_edge=False)
    empty = True
    for row in rows:
        empty = False
        table.add_row(*("" if row.get(name) is None else str(row.get(name)) for name in columns))
    console = Console(width=None if sys.stdout.isatty() else 200)
    if empty:
        console.print("nothing yet")
    else:
        console.print(table)


@contextmanager
def _opened(config: Path | None, clock: Clock | None = None) -> Iterator["Bot"]:
    """The bot on its store, for commands that look."""
    from bot.casebook.store import StoreError
    from bot.context import open_bot

    settings = load(config_path(config))
    try:
        bot = open_bot(settings, clock or SystemClock())
    except StoreError as error:
        raise Stop(2, f"{settings.file}: {error}") from None
    try:
        yield bot
    finally:
        bot.close()


@app.command()
def run(
    config: Config = None,
    once: Annotated[bool, typer.Option("--once", help="One pass until nothing changes, then leave.")] = False,
    at: Annotated[
        str | None, typer.Option("--at", help="The clock of this call, standing still; loopback only.")
    ] = None,
    as_json: Json = False,
) -> None:
    """The bot: reads the mailbox, handles what is due, sends."""
    from bot import service
    from bot.casebook.store import StoreHeld, single_process
    from bot.graph.session import GraphError, TokenRefused

    if at is not None and not once:
        raise Stop(2, "--at stands still and so goes with --once only")
    clock = _clock(at)
    with _opened(config, clock) as bot:
        if at is not None:
            _accept_moment(bot, clock.now())
        try:
            with single_process(bot.lock_path):
                if once:
                    report = service.once(bot)
                    shown = report.as_json(bot)
                    if as_json:
                        print(json.dumps(shown, ensure_ascii=False))
                    else:
                        print(_pass_in_words(shown))
                else:
                    _until_told(bot)
        except StoreHeld:
            raise Stop(
                4, f"{bot.settings.file}: another `privacybot run` holds this store: stop that one first"
            ) from None
        except (GraphError, TokenRefused) as error:
            raise Stop(1, f"{bot.settings.file}: the mailbox could not be read: {error}") from None


def _pass_in_words(shown: Mapping[str, Any]) -> str:
    left = shown["left"]
    return (
        f"{shown['at']}: {shown['passes']} passes, {shown['new']} new mails, {shown['sent']} letters sent; "
        f"{left['budget']} wait for the budget, {left['unclear']} are unclear, {left['person']} questions are open"
    )


def _clock(at: str | None) -> Clock:
    if at is None:
        return SystemClock()
    try:
        return FixedClock(parse_moment(at).astimezone(UTC))
    except ValueError:
        raise Stop(2, f"--at {at}: not a moment; write it as 2026-03-05T09:00") from None


def _accept_moment(bot: "Bot", now: datetime) -> None:
    """`--at` is refused against Microsoft's own hosts and before an earlier call's moment."""
    from bot.casebook import ledger

    if not bot.settings.mailbox.on_loopback:
        raise Stop(2, "--at is for simulators on loopback addresses: leave it out against Microsoft's own hosts")
    with bot.store.begin() as session:
        last = ledger.mark(session, "at")
        if last is not None and now < last.at:
            raise Stop(2, f"--at {now.isoformat()} lies before the moment of an earlier call ({last.at.isoformat()})")
        ledger.set_mark(session, "at", "", now)


def _until_told(bot: "Bot") -> None:
    """The service loop, ended by SIGTERM or SIGINT between two steps."""
    from bot import service

    told: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda received, _frame: told.append(received))
    service.loop(bot, lambda: bool(told))


@app.command("sort")
def sort_mails(
    file: Annotated[Path | None, typer.Argument(help="Mails in corpus form (.jsonl); else standard input.")] = None,
) -> None:
    """Sorts mails in corpus form: kind, rights, flags and reasons, one JSON object a line."""
    from bot.sorting.record import sort_record

    for number, line in enumerate(_input_lines(file), 1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except ValueError:
            raise Stop(
                2, f"{file or 'standard input'}: line {number} is not JSON: one object a line is expected"
            ) from None
        if not isinstance(record, dict):
            raise Stop(2, f"{file or 'standard input'}: line {number} is not an object with subject and body")
        print(json.dumps(sort_record(record), ensure_ascii=False))


def _input_lines(file: Path | None) -> Iterable[str]:
    if file is None:
        return sys.stdin
    try:
        return file.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise Stop(2, f"{file} cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise Stop(2, f"{file} is not UTF-8 text") from None


@app.command()
def read(
    files: Annotated[list[Path], typer.Argument(help="Mails as .eml files.")],
    config: Config = None,
) -> None:
    """What a mail is: where it came from, its own words, its quote, its attachments, its defects."""
    from bot.mail.message import parse
    from bot.mail.origin import origin
    from bot.mail.reply import split

    settings = _settings_if_any(config)
    own = _own_mark(settings) if settings else lambda mark: False
    forms = settings.mailbox.form_senders if settings else ()
    for file in files:
        try:
            raw = file.read_bytes()
        except OSError as error:
            raise Stop(2, f"{file} cannot be read ({error.strerror})") from None
        mail = parse(raw)
        came = origin(mail, own_mark=own, form_senders=forms)
        reply = split(mail)
        shown = {
            "file": str(file),
            "origin": came.kind,
            "origin_reason": came.reason,
            "message_id": mail.message_id,
            "in_reply_to": " ".join(mail.in_reply_to),
            "references": list(mail.references),
            "date": mail.date.isoformat() if mail.date else None,
            "from": mail.sender,
            "from_name": mail.from_name,
            "reply_to": list(mail.reply_to),
            "subject": mail.subject,
            "own_text": reply.own_text,
            "quoted_text": reply.quoted_text,
            "attachments": [{"name": one.name, "type": one.type, "size": one.size} for one in mail.attachments],
            "defects": [*mail.defects, *([mail.over_bound] if mail.over_bound else [])],
        }
        print(json.dumps(shown, ensure_ascii=False))


def _settings_if_any(config: Path | None) -> Settings | None:
    """The settings, or None where none were named and none are there. Raises SettingsError."""
    path = config_path(config)
    return None if config is None and not path.is_file() else load(path)


def _own_mark(settings: Settings) -> Callable[[str], bool]:
    """Knows our own mark where a master key is there; without it nothing is ever `own`."""
    from bot.casebook.vault import Vault, compare

    key_file = settings.place(settings.store.key_file)
    if not key_file.is_file():
        return lambda mark: False
    vault = Vault.open(settings.place(settings.store.keys), key_file)

    def own(mark: str) -> bool:
        letter_id, _, _ = mark.strip().partition(".")
        return letter_id.isdigit() and compare(mark.strip(), f"{letter_id}.{vault.keyed_hash('mark', letter_id)[:32]}")

    return own


@app.command("terms")
def show_terms(received: Annotated[str, typer.Argument(help="When it was received: a date or a moment.")]) -> None:
    """The dates that follow from a moment of receipt (AVG art. 12(3), Reg. 1182/71, the policy's 30 days)."""
    from workflows.terms import terms

    try:
        day = local_date(parse_moment(received)) if "T" in received or " " in received else date.fromisoformat(received)
    except ValueError:
        raise Stop(2, f"{received}: not a date; write it as 2026-03-05") from None
    dates = terms(day)
    print(
        json.dumps(
            {
                name: getattr(dates, name).isoformat()
                for name in ("received", "month_raw", "legal_due", "policy_due", "binding", "work_by", "extended_due")
            }
        )
    )


@app.command()
def mails(config: Config = None, as_json: Json = False) -> None:
    """The ledger: every mail that was seen and what became of it."""
    from bot import views

    with _opened(config) as bot:
        _lines(views.mails(bot), as_json, ("received", "folder", "kind", "disposition", "reason", "request"))


@app.command()
def cases(config: Config = None, as_json: Json = False) -> None:
    """All cases with their terms and states."""
    from bot import views

    with _opened(config) as bot:
        _lines(views.cases(bot), as_json, ("reference", "right", "state", "waiting", "outcome", "work_by", "binding"))


@app.command()
def case(reference: str, config: Config = None, as_json: Json = False, personal: Personal = False) -> None:
    """One case with its journal."""
    from bot import views

    with _opened(config) as bot:
        found = list(views.case(bot, reference, personal=personal))
        if not found:
            raise Stop(1, f"{reference}: no such request or case; `privacybot cases` lists them")
        if as_json:
            _lines(found, True, ())
            return
        for one in found:
            _print_case(one)


def _print_case(shown: Mapping[str, Any]) -> None:
    console = Console(width=None if sys.stdout.isatty() else 200)
    for name, value in shown.items():
        if name not in ("journal", "processors") and value is not None:
            console.print(f"{name:14} {value}", highlight=False)
    for answer in shown["processors"]:
        console.print(f"{'processor':14} {answer['name']}: {answer['answer']} since {answer['since']}", highlight=False)
    for row in shown["journal"]:
        facts = " ".join(f"{name}={value}" for name, value in row["detail"].items())
        console.print(f"{row['at']}  {row['event']}  {facts}", highlight=False)


@app.command("letters")
def show_letters(config: Config = None, as_json: Json = False, personal: Personal = False) -> None:
    """Everything that left or waits to leave."""
    from bot import views

    with _opened(config) as bot:
        columns = ("id", "request", "template", "audience", "state", "approved_by", "sent_at")
        _lines(views.letters(bot, personal=personal), as_json, columns)


@app.command("register")
def show_register(
    config: Config = None,
    as_json: Json = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="As CSV for a spreadsheet.")] = False,
) -> None:
    """The record of handled requests (policy P30): the facts of the procedure, nothing personal."""
    from bot.casebook import register

    with _opened(config) as bot, bot.store.read() as session:
        rows = list(register.rows(session))
        if as_csv:
            writer = csv.DictWriter(sys.stdout, register.COLUMNS)
            writer.writeheader()
            writer.writerows(rows)
        else:
            _lines(rows, as_json, ("case", "right", "received", "binding", "identity", "decision", "sent_at", "closed"))


@journal_app.command("verify")
def verify_journal(config: Config = None) -> None:
    """Recomputes the chain of hashes and names the first broken link."""
    from bot.casebook import journal

    with _opened(config) as bot, bot.store.read() as session:
        broken = journal.verify(session)
        if broken is not None:
            raise Stop(1, f"the journal is broken at row {broken.id} ({broken.event}): {broken.reason}")
        print(f"the journal is whole; its last link is {journal.head(session)}")


@app.command()
def status(
    config: Config = None,
    as_json: Json = False,
    alive: Annotated[
        bool, typer.Option("--alive", help="Exit 1 when the last good poll is over 15 minutes old.")
    ] = False,
    alarm: Annotated[
        bool, typer.Option("--alarm", help="With --alive: mail staff as well, once a day, when it exits 1.")
    ] = False,
) -> None:
    """Queue, oldest work, last good poll, budgets left, unclear letters."""
    from sqlalchemy.exc import DBAPIError

    from bot import service

    if alarm and not alive:
        raise Stop(2, "--alarm goes with --alive")

    with _opened(config) as bot:
        shown = service.status(bot)
        if as_json:
            print(json.dumps(shown, ensure_ascii=False))
        else:
            for name, value in shown.items():
                print(f"{name:12} {value}")
        if alive and not shown["alive"]:
            told = ""
            if alarm:
                try:
                    told = "; staff were mailed" if service.alarm(bot) else "; staff could not be mailed"
                except DBAPIError:
                    told = "; staff could not be mailed, the store is held"
            last = shown["last_poll"] or "no time yet"
            raise Stop(1, f"the last good poll was at {last}{told}: look at `privacybot run`")


@app.command()
def init(folder: Annotated[Path, typer.Argument(help="Where settings.toml goes.")]) -> None:
    """Writes a commented settings.toml and says what to do in Microsoft 365."""
    from bot.setup import write_settings

    place = folder / "settings.toml"
    if place.exists():
        raise Stop(1, f"{place} exists already: move it away first, nothing was changed")
    try:
        write_settings(place, datetime.now(UTC).date())
    except OSError as error:
        raise Stop(1, f"{place} cannot be written ({error.strerror})") from None
    print(f"{place} is written. Next: fill in what is marked, run deploy/microsoft365.ps1, then `privacybot doctor`.")


@app.command()
def doctor(
    config: Config = None,
    as_json: Json = False,
    probe: Annotated[
        bool, typer.Option("--probe", help="Ask staff by mail to answer `status`, to see their headers.")
    ] = False,
) -> None:
    """Checks settings, token, mailbox, scope, store, staff and suppliers, each with its mend."""
    from bot import setup
    from bot.setup import checks

    settings: Settings = load(config_path(config))
    if probe:
        with _opened(config) as bot:
            setup.probe(bot)
    bad = False
    for check in checks(settings):
        bad = bad or check.ok is False
        if as_json:
            print(json.dumps({"check": check.check, "ok": check.ok, "say": check.say}, ensure_ascii=False))
        else:
            sign = {True: "ok ", False: "BAD", None: "?  "}[check.ok]
            print(f"{sign} {check.check}: {check.say}")
    if bad:
        raise Stop(1)


@app.command()
def demo(
    once: Annotated[bool, typer.Option("--once", help="Play the stories to the end, print them and leave.")] = False,
    port: Annotated[int, typer.Option("--port", help="Where the page with the mailboxes is served.")] = 8025,
) -> None:
    """The main job against a mailbox and suppliers on loopback, with invented people."""
    from bot.sandbox import demo as stories

    stay = not once and sys.stdin.isatty() and sys.stdout.isatty()
    code = stories.play(_Program(), stay=stay, port=port)
    if code:
        raise Stop(code, "the demo did not end as it should: please report what is printed above")


class _Program:
    """The bot as `run` and the looking commands are, for the demo to call."""

    def run(self, settings: Path, at: datetime) -> Mapping[str, Any]:
        """One `run --once --at`."""
        from bot import service

        with _opened(settings, FixedClock(at)) as bot:
            return service.once(bot).as_json(bot)

    def show(self, settings: Path, command: str) -> list[Mapping[str, Any]]:
        """The rows of a looking command."""
        from bot import views
        from bot.casebook import register

        with _opened(settings) as bot:
            if command == "register":
                with bot.store.read() as session:
                    return list(register.rows(session))
            return list({"mails": views.mails, "cases": views.cases}[command](bot))

    def serve(self, settings: Path, stop: Callable[[], bool]) -> None:
        """The loop of `run`."""
        from bot import service

        with _opened(settings) as bot:
            service.loop(bot, stop)
