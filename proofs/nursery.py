"""Starts the bot hundreds of times a minute: a process that has it loaded and forks a child for each command.

A child is a process of its own that runs `python -m bot …` and can be killed like any other; only the second of loading
is spared, and pauses (Retry-After, back-off, waiting for Sent Items) are shortened to milliseconds.
"""

import json
import os
import runpy
import select
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import Any

LONGEST_PAUSE = 0.004  # seconds
SENT_ITEMS_WITHIN = 3.0  # seconds for `run --once` instead of 60: a dozen looks instead of forty
LONGEST_RUN = 60.0  # seconds that a command may take before it counts as hanging


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended: exit code (-9 when it was killed) and what it printed."""

    code: int
    out: str
    err: str

    @property
    def killed(self) -> bool:
        """Whether it died by SIGKILL."""
        return self.code == -signal.SIGKILL


class Nursery:
    """A context manager; `run` starts one command and waits for its end."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="privacybot-proof-")
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> "Nursery":
        self._process = subprocess.Popen(
            [sys.executable, "-m", "proofs.nursery"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "TMPDIR": self._folder.name},  # what a killed process leaves behind goes with it
        )
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._process is not None:
            self._process.communicate()
        self._folder.cleanup()

    def run(
        self,
        *arguments: str,
        module: str = "bot",
        kill: str = "",
        log: str = "",
        kill_after: float | None = None,
        stop_at: str = "",
        given: str = "",
        cwd: Path | None = None,
    ) -> Ended:
        """`python -m bot` with these arguments; killed at a point (`bot/killpoint.py`) or after so many seconds.

        `given` is what it reads on standard input, `cwd` the folder in which it works.
        `stop_at` ends it by SIGTERM once it reached that point, and it may take its time. Raises RuntimeError when it
        hangs: it was killed after a minute.
        """
        process = self._process
        assert process is not None and process.stdin is not None and process.stdout is not None
        order = {
            "module": module,
            "arguments": arguments,
            "kill": kill,
            "log": log,
            "seconds": LONGEST_RUN if kill_after is None else kill_after,
            "stop_at": stop_at,
            "folder": self._folder.name,
            "cwd": str(cwd or Path.cwd()),
        }
        Path(self._folder.name, "in").write_text(given, encoding="utf-8")
        process.stdin.write(json.dumps(order) + "\n")
        process.stdin.flush()
        answer = process.stdout.readline()
        if not answer:
            raise RuntimeError(f"the nursery itself has ended, with {process.wait()}")
        ended = json.loads(answer)
        printed = [
            Path(self._folder.name, name).read_text(encoding="utf-8", errors="replace") for name in ("out", "err")
        ]
        if ended["late"] and kill_after is None:
            raise RuntimeError(f"a command did not end within {LONGEST_RUN:.0f} seconds: {' '.join(arguments)}")
        return Ended(ended["code"], *printed)


def _load() -> None:
    """Loads all that a start of the bot loads, so that a child has it at once."""
    import certifi

    with tempfile.NamedTemporaryFile(suffix=".pem", delete=False) as nobody:
        certifi.where = lambda: nobody.name  # the loopback's own certificate is the only one that is needed
    import httpcore  # noqa: F401
    from sqlalchemy.orm import configure_mappers

    from bot import cli, handling, killpoint, service  # noqa: F401
    from bot.casebook.store import open_store, upgrade
    from bot.processors import listed  # noqa: F401
    from bot.sorting.verdict import Item, sort
    from workflows.terms import terms

    service.SENT_ITEMS_WITHIN = SENT_ITEMS_WITHIN
    configure_mappers()
    sort(Item(subject="Inzage", own_text="Graag een kopie van mijn gegevens."))  # reads the model
    terms(date(2026, 3, 2))  # reads the holidays
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(f"sqlite:///{folder}/casebook.db")
        upgrade(store)
        store.close()
    for file in Path(cli.__file__).parent.rglob("*.py"):
        killpoint.sites(str(file))


def _serve() -> None:
    """The nursery itself: one order a line on standard input, one answer a line on standard output."""
    real_sleep = time.sleep
    time.sleep = lambda seconds: real_sleep(min(float(seconds), LONGEST_PAUSE))  # before anything binds it as a default
    _load()
    for line in sys.stdin:
        order = json.loads(line)
        child = os.fork()
        if child == 0:
            _child(order)
        handle = os.pidfd_open(child)
        if order["stop_at"]:
            _stop(child, handle, order)
        late = not select.select([handle], [], [], order["seconds"])[0]
        if late:
            os.kill(child, signal.SIGKILL)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        os.close(handle)
        print(json.dumps({"code": code, "late": late}), flush=True)


def _stop(child: int, handle: int, order: dict[str, Any]) -> None:
    """Sends SIGTERM when the log of this start names the point."""
    point = f"{order['stop_at']}\n".encode()
    end = time.monotonic() + order["seconds"]
    with Path(order["log"]).open("rb") as log:
        log.seek(0, os.SEEK_END)
        seen = b""
        while time.monotonic() < end and not select.select([handle], [], [], 0.02)[0]:
            seen += log.read()
            if point in seen:
                os.kill(child, signal.SIGTERM)
                return


def _child(order: dict[str, Any]) -> None:
    """Runs one command in this process and ends it."""
    from bot import killpoint

    folder = Path(order["folder"])
    for number, name in ((1, "out"), (2, "err")):
        os.dup2(os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), number)
    os.dup2(os.open(folder / "in", os.O_RDONLY), 0)
    os.chdir(order["cwd"])
    code = 1
    try:
        killpoint.arm(order["kill"], order["log"])
        sys.argv = ["privacybot", *order["arguments"]]
        runpy.run_module(order["module"], run_name="__main__")
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    _serve()
