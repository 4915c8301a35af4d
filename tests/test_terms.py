"""The clock of a request: AVG art. 12(3), Reg. 1182/71, the policy's thirty days."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflows.terms import (
    Terms,
    add_working_days,
    is_working_day,
    months_after,
    paused_due,
    reminders,
    roll_forward,
    terms,
)

EVERY_DAY = [date(2024, 1, 1) + timedelta(days=n) for n in range((date(2034, 12, 31) - date(2024, 1, 1)).days + 1)]
DAYS = st.dates(date(2024, 1, 1), date(2034, 12, 31))


def day(text: str) -> date:
    return date.fromisoformat(text)


@pytest.mark.parametrize(
    ("received", "month_raw", "legal_due", "policy_due", "binding", "work_by", "extended_due"),
    [
        # Easter; Good Friday is no working day, and gains no time
        ("2026-03-05", "2026-04-05", "2026-04-07", "2026-04-04", "2026-04-04", "2026-04-02", "2026-06-05"),
        ("2026-08-31", "2026-09-30", "2026-09-30", "2026-09-30", "2026-09-30", "2026-09-30", "2026-11-30"),
        ("2026-01-29", "2026-02-28", "2026-03-02", "2026-02-28", "2026-02-28", "2026-02-27", "2026-04-29"),
        ("2026-01-31", "2026-02-28", "2026-03-02", "2026-03-02", "2026-03-02", "2026-02-27", "2026-04-30"),
        ("2026-02-05", "2026-03-05", "2026-03-05", "2026-03-07", "2026-03-05", "2026-03-05", "2026-05-05"),
        # King's Day
        ("2026-03-27", "2026-04-27", "2026-04-28", "2026-04-26", "2026-04-26", "2026-04-24", "2026-06-29"),
        ("2026-11-25", "2026-12-25", "2026-12-28", "2026-12-25", "2026-12-25", "2026-12-24", "2027-02-25"),
        ("2026-12-01", "2027-01-01", "2027-01-04", "2026-12-31", "2026-12-31", "2026-12-31", "2027-03-01"),
        # leap year
        ("2028-01-30", "2028-02-29", "2028-02-29", "2028-02-29", "2028-02-29", "2028-02-29", "2028-05-01"),
        # the extended term ends on Whit Sunday, then Whit Monday
        ("2027-02-16", "2027-03-16", "2027-03-16", "2027-03-18", "2027-03-16", "2027-03-16", "2027-05-18"),
    ],
)
def test_each_date_of_a_request(
    received: str, month_raw: str, legal_due: str, policy_due: str, binding: str, work_by: str, extended_due: str
) -> None:
    assert terms(day(received)) == Terms(
        day(received), day(month_raw), day(legal_due), day(policy_due), day(binding), day(work_by), day(extended_due)
    )


def test_a_month_that_ends_on_good_friday_ends_there_and_staff_work_the_day_before() -> None:
    found = terms(day("2027-02-26"))
    assert (found.legal_due, found.work_by) == (day("2027-03-26"), day("2027-03-25"))
    assert terms(day("2026-03-03")).legal_due == day("2026-04-03")


def test_liberation_day_gains_no_time_but_nobody_works() -> None:
    found = terms(day("2027-04-05"))
    assert found.month_raw == found.legal_due == found.binding == day("2027-05-05")
    assert found.work_by == day("2027-05-04")


def test_5_may_keeps_its_name_when_ascension_falls_on_it() -> None:
    assert roll_forward(day("2016-05-05")) == day("2016-05-06")


def test_kings_day_on_a_sunday_is_kept_the_day_before() -> None:
    assert not is_working_day(day("2025-04-26"))
    assert roll_forward(day("2031-04-26")) == day("2031-04-28")


@pytest.mark.parametrize("year", range(2024, 2100))
def test_every_year_has_its_seven_holidays(year: int) -> None:
    rolled = {
        first
        for n in range(366)
        if (first := date(year, 1, 1) + timedelta(days=n)).weekday() < 5
        and first.year == year
        and roll_forward(first) != first
    }
    weekend = [date(year, 1, 1), date(year, 12, 25), date(year, 12, 26), date(year, 4, 27)]
    kings_day = weekend[3] if weekend[3].weekday() != 6 else date(year, 4, 26)
    in_weekend = sum(each.weekday() >= 5 for each in (*weekend[:3], kings_day))
    assert len(rolled) == 7 - in_weekend


def test_days_on_which_the_shop_is_closed_move_what_staff_see_and_nothing_else() -> None:
    closed = (day("2026-09-30"), day("2026-09-29"))
    usual, with_closed = terms(day("2026-08-31")), terms(day("2026-08-31"), closed)
    assert with_closed.work_by == day("2026-09-28")
    assert (with_closed.binding, with_closed.legal_due) == (usual.binding, usual.legal_due)


def test_the_laws_of_a_term_hold_on_every_day_of_eleven_years() -> None:
    before: Terms | None = None
    for received in EVERY_DAY:
        found = terms(received)
        assert found.binding == min(found.legal_due, received + timedelta(days=30))
        assert received < found.work_by <= min(found.month_raw, found.binding)
        assert found.month_raw <= found.legal_due <= found.month_raw + timedelta(days=4)
        assert found.binding < found.extended_due <= received + timedelta(days=96)
        assert is_working_day(found.work_by)
        assert found.legal_due.weekday() < 5 and found.extended_due.weekday() < 5
        assert (found.binding - found.work_by).days <= 6
        if before:  # who writes later is never owed an earlier answer
            assert before.binding <= found.binding and before.work_by <= found.work_by
        before = found


@given(DAYS, st.sampled_from([1, 3]))
def test_a_month_later_has_the_same_day_number_or_is_the_last_of_its_month(received: date, months: int) -> None:
    later = months_after(received, months)
    assert (later.year * 12 + later.month) - (received.year * 12 + received.month) == months
    assert later.day == received.day or ((later + timedelta(days=1)).day == 1 and later.day < received.day)


@given(DAYS, st.integers(-40, 40), st.sets(DAYS, max_size=5))
def test_working_days_counted_there_are_counted_back(start: date, number: int, closed: set[date]) -> None:
    end = add_working_days(start, number, closed)
    low, high = sorted((start, end))
    between = [low + timedelta(days=n) for n in range((high - low).days + 1)]
    passed = between[1:] if number > 0 else between[:-1]
    assert sum(is_working_day(each, closed) for each in passed) == abs(number)
    assert number == 0 or is_working_day(end, closed)


@given(DAYS, DAYS, st.sets(DAYS, max_size=8))
def test_a_closed_day_never_gives_staff_more_time(received: date, other: date, closed: set[date]) -> None:
    found = terms(received, closed | {other})
    assert found.work_by <= terms(received).work_by
    assert is_working_day(found.work_by, closed | {other})


def test_staff_are_reminded_five_two_and_one_working_days_before() -> None:
    assert reminders(day("2026-04-02")) == (day("2026-03-26"), day("2026-03-31"), day("2026-04-01"))
    assert reminders(day("2026-04-08")) == (day("2026-03-30"), day("2026-04-02"), day("2026-04-07"))  # over Easter


def test_waiting_for_the_person_is_shown_as_a_second_date() -> None:
    assert paused_due(day("2026-04-04"), 9) == day("2026-04-13")
    with pytest.raises(ValueError, match="less than 0 days"):
        paused_due(day("2026-04-04"), -1)


@pytest.mark.parametrize("received", ["2013-12-31", "2100-01-01", "0001-01-01", "9999-12-31"])
def test_a_year_without_known_holidays_is_refused_with_a_sentence(received: str) -> None:
    with pytest.raises(ValueError, match="2014-2099"):
        terms(day(received))
