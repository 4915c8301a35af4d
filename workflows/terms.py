"""The clock of a request: the month of the law, the thirty days of the policy, and the dates staff work by.

All dates are calendar dates in Europe/Amsterdam. The month follows Reg. (EEC, Euratom) 1182/71 art. 3: the day of
receipt does not count, and a last day that is no working day becomes the next one. The policy's thirty days (P35) are
plain calendar days: no extra day is taken for a promise of one's own. The earlier of the two binds.

Two lists of holidays: the narrow one moves a legal term, the wide one only tells when the shop works. Good Friday and
5 May stand in the Algemene termijnenwet too, but they never gain time here.
"""

from calendar import monthrange
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

import holidays

FIRST_YEAR, LAST_YEAR = 2014, 2099  # the first King's Day; the last year whose holidays are known to the end
POLICY_DAYS = 30  # policy P35
REMIND_AT = (5, 2, 1)  # working days before `work_by`
NARROW = (
    "Nieuwjaarsdag",
    "Tweede paasdag",
    "Koningsdag",
    "Hemelvaartsdag",
    "Tweede pinksterdag",
    "Eerste kerstdag",
    "Tweede kerstdag",
)
ALSO_CLOSED = ("Goede vrijdag", "Bevrijdingsdag")

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Terms:
    """The dates of one request, all calendar dates in Amsterdam.

    `month_raw`: one month after receipt. `legal_due`: the last day of AVG art. 12(3). `policy_due`: thirty days.
    `binding`: the earlier of these two, the date that the person and the register see. `work_by`: the last day on which
    the shop works before it, the date that staff see. `extended_due`: three months after receipt, only valid when the
    extension was sent on or before `binding`.
    """

    received: date
    month_raw: date
    legal_due: date
    policy_due: date
    binding: date
    work_by: date
    extended_due: date


def terms(received: date, closed_days: Collection[date] = ()) -> Terms:
    """The dates of a request that arrived on this day (AVG art. 12(3), policy P35).

    Raises ValueError outside 2014-2099.
    """
    if not FIRST_YEAR <= received.year <= LAST_YEAR:
        raise ValueError(f"a term can be computed for receipt in {FIRST_YEAR}-{LAST_YEAR}, not for {received:%Y-%m-%d}")
    month_raw = months_after(received, 1)
    legal_due = roll_forward(month_raw)
    policy_due = received + timedelta(days=POLICY_DAYS)
    return Terms(
        received=received,
        month_raw=month_raw,
        legal_due=legal_due,
        policy_due=policy_due,
        binding=min(legal_due, policy_due),
        work_by=_roll_back(min(month_raw, policy_due), closed_days),
        extended_due=roll_forward(months_after(received, 3)),
    )


def paused_due(binding: date, waiting_days: int) -> date:
    """The term with the days added that the person let us wait (EDPB Guidelines 01/2022 §159).

    For staff only, with a reason: planning stays on `binding`, since no text settles the pause. Raises ValueError
    for a negative number of days.
    """
    if waiting_days < 0:
        raise ValueError("nobody can have let us wait for less than 0 days")
    return binding + timedelta(days=waiting_days)


def reminders(work_by: date, closed_days: Collection[date] = ()) -> tuple[date, ...]:
    """The days on which staff are reminded: 5, 2 and 1 working days before `work_by`, the earliest first."""
    return tuple(add_working_days(work_by, -days, closed_days) for days in REMIND_AT)


def is_working_day(day: date, closed_days: Collection[date] = ()) -> bool:
    """Whether the shop works on this day: no weekend, no holiday of the wide list, no day in `closed_days`."""
    return day.weekday() < 5 and day not in _wide(day.year) and day not in closed_days


def add_working_days(day: date, number: int, closed_days: Collection[date] = ()) -> date:
    """The day that lies this many working days later, or earlier for a negative number; 0 gives the day itself."""
    step = ONE_DAY if number > 0 else -ONE_DAY
    left = abs(number)
    while left:
        day += step
        left -= is_working_day(day, closed_days)
    return day


def months_after(day: date, months: int) -> date:
    """The same day of a later month, or that month's last day when it has no such date (Reg. 1182/71 art. 3(2)(c))."""
    years, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + years, month + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def roll_forward(day: date) -> date:
    """The first day on or after this one that is no Saturday, Sunday or holiday of the narrow list (art. 3(4))."""
    while day.weekday() >= 5 or day in _narrow(day.year):
        day += ONE_DAY
    return day


def _roll_back(day: date, closed_days: Collection[date]) -> date:
    while not is_working_day(day, closed_days):
        day -= ONE_DAY
    return day


@cache
def _dutch_holidays(year: int) -> tuple[tuple[date, str], ...]:
    calendar = holidays.country_holidays("NL", years=year, language="nl", categories=("public", "optional"))
    return tuple(calendar.items())


def _named(year: int, names: Collection[str]) -> frozenset[date]:
    """The days that carry one of these names; two holidays on one date share a line in the calendar (2016: 5 May)."""
    return frozenset(day for day, name in _dutch_holidays(year) if any(part in names for part in name.split("; ")))


@cache
def _narrow(year: int) -> frozenset[date]:
    return _named(year, NARROW)


@cache
def _wide(year: int) -> frozenset[date]:
    return _named(year, (*NARROW, *ALSO_CLOSED))
