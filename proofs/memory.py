"""How much memory the bot takes on its worst days, measured on the real process: `make memory`.

`privacybot run --once` works as a process of its own against the sandbox. Its peak is VmHWM of Linux: the most that was
resident at any moment, program and libraries included. The bound is the project's own target.
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

from bot.sandbox.stage import MAILBOX, Stage
from proofs.budget import INZAGE, PLAIN

START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
BOUND = 300  # MB of 1,000,000 bytes
MEGABYTE = 1_000_000
LARGE = 24_900_000  # bytes of MIME: just under the largest mail that is read
LINE = 78  # bytes of base64 on a line, its end included, hold 57 bytes
WAITING = 10_000
SAMPLED_EVERY = 0.01  # seconds


@dataclass(frozen=True, slots=True)
class Peak:
    """The most memory that one run took, in MB of 1,000,000 bytes; its seconds; how many mails the mailbox holds."""

    what: str
    megabytes: float
    seconds: float
    mails: int

    def line(self) -> str:
        """As a line of a table."""
        return f"{self.what:60} {self.megabytes:6.0f} MB {self.seconds:7.1f} s {self.mails:6} mails"


def run(stage: Stage, what: str) -> Peak:
    """One `run --once` as a process. Raises RuntimeError when it fails, with what it said."""
    known = sum(len(stage.graph.messages(folder)) for folder in ("inbox", "junkemail"))
    command = [sys.executable, "-m", "bot", "run", "--once", "--at", stage.now.isoformat()]
    began = time.monotonic()
    process = subprocess.Popen(
        [*command, "--config", str(stage.settings_file)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    peak = 0
    while process.poll() is None:
        peak = max(peak, _high_water(process.pid))
        time.sleep(SAMPLED_EVERY)
    said = process.stderr.read() if process.stderr else ""
    if process.returncode != 0:
        raise RuntimeError(f"run --once ended with {process.returncode}: {said}")
    return Peak(what, peak * 1024 / MEGABYTE, time.monotonic() - began, known)


def _high_water(pid: int) -> int:
    """The most that a process had resident so far, in KiB; 0 once it has ended."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:")), 0)


def with_files(size: int, number: int = 0) -> bytes:
    """A mail of about `size` bytes of MIME that brings three files."""
    mail = _mail(number, "Inzage", "Hierbij mijn verzoek om inzage in mijn gegevens, zie de bijlagen. Groet, Karin")
    content = bytes(range(256)) * (size // LINE * 57 // 256 // 3 - 8)
    for name in ("brief.pdf", "foto.jpg", "tabel.xlsx"):
        mail.add_attachment(b"%PDF-1.4\n" + content, maintype="application", subtype="octet-stream", filename=name)
    return mail.as_bytes(policy=SMTP)


def with_text(size: int, number: int = 0) -> bytes:
    """A mail of about `size` bytes whose body is one HTML text."""
    mail = _mail(number, "Mijn gegevens", "")
    line = "<p>Graag inzage in mijn gegevens, en dit is verder een heel lang verhaal over zeep.</p>\n"
    text = line * (size // (len(line) + 1) - 8)
    mail.set_content(f"<html><body>{text}</body></html>", subtype="html", cte="8bit")
    return mail.as_bytes(policy=SMTP)


def waiting(stage: Stage, number: int) -> None:
    """So many mails come in, a second apart: one in a hundred asks for access, the rest is ordinary."""
    first = stage.now
    for one in range(number):
        subject, text = ("Inzage in mijn gegevens", INZAGE) if one % 100 == 50 else PLAIN[one % len(PLAIN)]
        stage.graph.deliver(_mail(one, subject, text), received=first + timedelta(seconds=one))
    stage.later(seconds=number + 60)


def _mail(number: int, subject: str, text: str) -> EmailMessage:
    mail = EmailMessage()
    mail["From"] = f"Klant {number} <klant{number}@example.nl>"
    mail["To"] = MAILBOX
    mail["Subject"] = subject
    mail["Message-ID"] = f"<memory-{number}-{len(text)}@example.nl>"
    if text:
        mail.set_content(text)
    return mail


def measure(folder: Path, *, size: int, number: int, tell: Callable[[Peak], object]) -> Sequence[Peak]:
    """The peaks of some runs of one shop: hardly any mail, large mails of each kind, many mails with a large one."""
    peaks: list[Peak] = []
    large = f"of {size / MEGABYTE:.3g} MB"

    def note(what: str, *mails: bytes) -> None:
        for mail in mails:
            stage.graph.deliver(mail)
        peaks.append(run(stage, what))
        tell(peaks[-1])
        stage.later(minutes=1)

    with Stage(folder, START, messages_per_minute=0) as stage:
        run(stage, "first start")
        stage.later(minutes=1)
        note("two small mails", _mail(1, "Inzage in mijn gegevens", INZAGE).as_bytes(), _mail(2, *PLAIN[0]).as_bytes())
        note(f"a mail {large}, files", with_files(size, 3))
        note(f"a mail {large}, text", with_text(size, 4))
        note(f"four mails {large} at once", *(with_files(size, one) for one in range(5, 9)))
        note("a hundred newsletters, each a 250th of that", *(with_text(size // 250, one) for one in range(10, 110)))
        waiting(stage, number)
        note(f"{number:,} waiting mails and a mail {large}", with_files(size, 9))
    return peaks


def main() -> int:
    """Measures and prints; gives 1 when the bound is exceeded."""
    with tempfile.TemporaryDirectory(prefix="privacybot-memory-") as folder:
        peaks = measure(Path(folder), size=LARGE, number=WAITING, tell=lambda peak: print(peak.line(), flush=True))
    most = max(peak.megabytes for peak in peaks)
    print(f"at most {most:.0f} MB of {BOUND} MB allowed: {'ok' if most <= BOUND else 'OVER'}")
    return 0 if most <= BOUND else 1


if __name__ == "__main__":
    sys.exit(main())
