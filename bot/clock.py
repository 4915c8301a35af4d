"""Time as an argument: every rule asks a clock that its caller hands in.

The bot's limits, ages and windows run on `Clock.now()`; only TLS, tokens and HTTP time-outs use real time.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Protocol
from zoneinfo import ZoneInfo

AMSTERDAM = ZoneInfo("Europe/Amsterdam")


class Clock(Protocol):
    """Whatever tells the moment at which the bot acts."""

    def now(self) -> datetime:
        """The moment, aware, in UTC."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """The moment, aware, in UTC."""
        return datetime.now(UTC)


@dataclass
class FixedClock:
    """A clock that stands still until somebody moves it: `run --at`, the demo, tests."""

    at: datetime

    def now(self) -> datetime:
        """The moment at which it stands, in UTC."""
        return self.at.astimezone(UTC)


def local_date(moment: datetime) -> date:
    """The calendar date in Amsterdam: the one that terms count from (Reg. 1182/71)."""
    return moment.astimezone(AMSTERDAM).date()


def parse_moment(text: str) -> datetime:
    """An ISO 8601 moment or date; without an offset it means Europe/Amsterdam. Raises ValueError."""
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=AMSTERDAM)
