"""Durable work and budgets on both stores: nothing lost, nothing twice, never more than a limit allows."""

import multiprocessing
import random
import signal
import threading
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, insert, select, text
from sqlalchemy.orm import Session

from bot import work
from bot.casebook import journal
from bot.casebook.schema import Journal, Mark, Permit, Work
from bot.casebook.store import Store, open_store
from bot.clock import FixedClock, SystemClock
from bot.work import Item, Later, LeaseLost

pytestmark = pytest.mark.long

pytest_plugins = ("tests.postgresql",)
NOW = datetime(2026, 9, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def put(store: Store, *keys: str, kind: str = "letter", due: datetime = NOW) -> list[bool]:
    with store.begin() as session:
        return [work.enqueue(session, key, kind, number, due) for number, key in enumerate(keys)]


def rows(store: Store) -> list[Work]:
    with store.read() as session:
        return list(session.execute(select(Work).order_by(Work.id)).scalars())


def claimed(store: Store, now: datetime = NOW, n: int = 10, token: str = "t1", kind: str = "letter") -> list[Item]:
    return work.claim(store, now, token, [kind], n)


def nobody_dies(_session: Session, item: Item) -> None:
    raise AssertionError(f"{item.key} is dead")


def in_threads(count: int, what: Callable[[int], None]) -> None:
    """Runs `what` in many threads that start at one moment, and raises what they raise."""
    start, failed = threading.Barrier(count), []

    def run(number: int) -> None:
        start.wait()
        try:
            what(number)
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise failed[0]


# Adding


def test_the_same_key_is_added_once_and_the_caller_is_told(store: Store) -> None:
    """H1: the row count of `INSERT ... ON CONFLICT` cannot be trusted, a returned id can."""
    assert put(store, "letter:1", "letter:1", "letter:2") == [True, False, True]
    assert put(store, "letter:2") == [False]
    assert [row.key for row in rows(store)] == ["letter:1", "letter:2"]


def test_the_key_of_finished_work_stays_known(store: Store) -> None:
    put(store, "letter:1")
    work.run_due(store, FixedClock(NOW), {"letter": lambda _: None}, nobody_dies, threads=1)
    assert put(store, "letter:1") == [False]


def test_work_is_added_with_the_change_that_needs_it_or_not_at_all(store: Store) -> None:
    with pytest.raises(ZeroDivisionError), store.begin() as session:
        work.enqueue(session, "letter:1", "letter", 1, NOW)
        raise ZeroDivisionError
    assert rows(store) == []


def test_the_same_keys_from_many_threads_make_one_row_each(store: Store) -> None:
    added: list[bool] = []
    in_threads(4, lambda _: added.extend(put(store, *(f"letter:{n}" for n in range(20)))))
    assert Counter(added) == {True: 20, False: 60}
    assert len(rows(store)) == 20


@pytest.mark.parametrize(
    ("key", "kind"),
    [
        ("jan@voorbeeld.example", "letter"),
        ("<1@voorbeeld.example>", "letter"),
        ("Jan Voorbeeld", "letter"),
        ("", "letter"),
        ("x" * 121, "letter"),
        ("letter:1\n", "letter"),
        ("letter:1", "Jan Voorbeeld"),
        ("letter:1", "jan@voorbeeld.example"),
    ],
)
def test_key_and_kind_cannot_hold_more_than_ids(store: Store, key: str, kind: str) -> None:
    with pytest.raises(ValueError, match="made of ids"):
        put(store, key, kind=kind)


def test_of_an_error_only_the_class_is_kept(store: Store) -> None:
    """Every column of the table is looked at, so that a new one is too."""

    def fail(_: Item) -> None:
        raise ValueError("Jan Voorbeeld, jan@voorbeeld.example, heeft geen account")

    put(store, "letter:1")
    work.run_due(store, FixedClock(NOW), {"letter": fail}, nobody_dies, threads=1)
    (row,) = rows(store)
    assert row.error == "ValueError"
    assert "oorbeeld" not in " ".join(str(getattr(row, column.name)) for column in Work.__table__.columns)


def test_an_error_text_in_the_place_of_a_class_name_is_refused(store: Store) -> None:
    put(store, "letter:1")
    (item,) = claimed(store)
    with pytest.raises(ValueError, match="class name"):
        work.retry(store, item, NOW, "ValueError: jan@voorbeeld.example")


def test_a_class_whose_name_is_no_plain_word_is_kept_as_exception(store: Store) -> None:
    odd = type("Jan Voorbeeld", (Exception,), {})

    def fail(_: Item) -> None:
        raise odd

    put(store, "letter:1")
    work.run_due(store, FixedClock(NOW), {"letter": fail}, nobody_dies, threads=1)
    assert rows(store)[0].error == "Exception"


# Claiming


def test_what_is_due_is_claimed_oldest_first_and_the_rest_is_left(store: Store) -> None:
    put(store, "late", due=NOW - SECOND)
    put(store, "first", "second", due=NOW - 2 * SECOND)
    put(store, "now", due=NOW)
    put(store, "timer", due=NOW + SECOND)
    assert [item.key for item in claimed(store)] == ["first", "second", "late", "now"]


def test_a_claim_takes_no_more_than_asked(store: Store) -> None:
    put(store, *(f"letter:{n}" for n in range(10)))
    assert [item.key for item in claimed(store, n=3)] == ["letter:0", "letter:1", "letter:2"]
    assert sum(row.token is not None for row in rows(store)) == 3


def test_a_claim_locks_no_more_than_it_takes(postgresql_url: str) -> None:
    """H3: while one claim is not committed yet, another worker gets all the others, and does not wait."""
    store = open_store(postgresql_url)
    put(store, *(f"letter:{n}" for n in range(10)))
    other: list[Item] = []

    def meanwhile(_: object) -> None:
        if not other:
            other.append(Item(0, "", "", 0, 0, ""))
            thread = threading.Thread(target=lambda: other.extend(claimed(store, n=10, token="t2")))
            thread.start()
            thread.join()

    event.listen(store.engine, "commit", meanwhile)
    mine = claimed(store, n=3)
    store.close()
    assert len(mine) == 3
    assert len(other[1:]) == 7
    assert not {item.id for item in mine} & {item.id for item in other}


def test_claims_from_many_threads_never_share_a_row(store: Store) -> None:
    put(store, *(f"letter:{n}" for n in range(40)))
    found: list[int] = []

    def take(number: int) -> None:
        while items := claimed(store, n=3, token=f"t{number}"):
            found.extend(item.id for item in items)

    in_threads(4, take)
    while items := claimed(store):  # PostgreSQL: a row that another claim was just looking at
        found.extend(item.id for item in items)
    assert sorted(found) == [row.id for row in rows(store)]


def test_claimed_work_comes_back_when_the_lease_ends(store: Store) -> None:
    put(store, "letter:1")
    (first,) = claimed(store)
    assert claimed(store, NOW + work.LEASE - SECOND) == []
    (second,) = claimed(store, NOW + work.LEASE, token="t2")
    assert (first.tries, second.tries) == (1, 2)


def test_a_kind_of_a_newer_release_is_left_alone_by_an_old_worker(store: Store) -> None:
    put(store, "letter:1")
    put(store, "digest:2026-W36", kind="digest")
    ran: list[str] = []
    old = {"letter": lambda item: ran.append(item.key)}
    assert work.run_due(store, FixedClock(NOW), old, nobody_dies, threads=1) == 1
    assert rows(store)[1].tries == 0
    new = {**old, "digest": lambda item: ran.append(item.key)}
    assert work.run_due(store, FixedClock(NOW), new, nobody_dies, threads=1) == 1
    assert ran == ["letter:1", "digest:2026-W36"]


def test_a_claim_among_many_timers_and_finished_rows_uses_the_index(store: Store, kind_of_store: str) -> None:
    """H2: a moment that is a value and no function of the database lets the index be used."""
    later, blank = NOW + timedelta(days=30), {"kind": "letter", "ref": 1, "tries": 0}
    timers = [{"key": f"timer:{n}", "due": later + n * SECOND, "done": None, **blank} for n in range(3000)]
    finished = [{"key": f"done:{n}", "due": None, "done": NOW, **blank} for n in range(1000)]
    with store.begin() as session:
        session.execute(insert(Work), timers + finished)
        session.execute(text("ANALYZE work"))
    put(store, "letter:1")
    seen: list[tuple[str, Any]] = []

    def note(_c: object, _cursor: object, statement: str, parameters: Any, *_: object) -> None:
        seen.append((statement, parameters))

    event.listen(store.engine, "before_cursor_execute", note)
    assert len(claimed(store)) == 1
    event.remove(store.engine, "before_cursor_execute", note)
    statement, parameters = next(one for one in seen if one[0].startswith("SELECT"))
    explain = "EXPLAIN QUERY PLAN " if kind_of_store == "sqlite" else "EXPLAIN "
    with store.engine.connect() as connection:
        plan = "\n".join(str(tuple(line)) for line in connection.exec_driver_sql(explain + statement, parameters))
    assert "ix_work_due_id" in plan, plan


# Finishing


def test_finished_work_is_done_and_never_claimed_again(store: Store) -> None:
    put(store, "letter:1")
    (item,) = claimed(store)
    with store.begin() as session:
        work.finish(session, item, NOW)
    assert claimed(store, NOW + timedelta(days=90)) == []
    (row,) = rows(store)
    assert (row.done, row.due, row.token, row.error) == (NOW, None, None, None)


def test_who_lost_the_claim_writes_nothing(store: Store) -> None:
    """H5: the fence stands in the transaction of the change itself."""
    put(store, "letter:1")
    (slow,) = claimed(store)
    (quick,) = claimed(store, NOW + work.LEASE, token="t2")
    with pytest.raises(LeaseLost), store.begin() as session:
        session.add(Mark(name="effect", value="slow", at=NOW))
        work.finish(session, slow, NOW)
    with store.begin() as session:
        session.add(Mark(name="effect", value="quick", at=NOW))
        work.finish(session, quick, NOW)
    with pytest.raises(LeaseLost), store.begin() as session:
        work.finish(session, slow, NOW)
    with store.read() as session:
        assert session.execute(select(Mark.value)).scalars().all() == ["quick"]


def test_a_lease_that_ran_out_but_was_not_taken_over_still_finishes(store: Store) -> None:
    put(store, "letter:1")
    (item,) = claimed(store)
    with store.begin() as session:
        work.finish(session, item, NOW + timedelta(hours=1))
    assert rows(store)[0].done == NOW + timedelta(hours=1)


def test_giving_back_work_that_is_no_longer_ours_changes_nothing(store: Store) -> None:
    put(store, "letter:1")
    (slow,) = claimed(store)
    claimed(store, NOW + work.LEASE, token="t2")
    work.retry(store, slow, NOW, "TimeoutError")
    (row,) = rows(store)
    assert (row.token, row.error) == ("t2", None)


def test_a_crash_before_the_commit_undoes_the_finish_as_well(store: Store) -> None:
    put(store, "letter:1")
    (item,) = claimed(store)
    with pytest.raises(ZeroDivisionError), store.begin() as session:
        work.finish(session, item, NOW)
        raise ZeroDivisionError
    assert len(claimed(store, NOW + work.LEASE)) == 1


# The loop


@pytest.mark.parametrize("threads", [1, 4])
def test_everything_due_is_run_and_what_follows_from_it_too(store: Store, threads: int) -> None:
    put(store, *(f"letter:{n}" for n in range(10)))
    put(store, "timer", due=NOW + SECOND)
    ran: list[str] = []

    def letter(item: Item) -> None:
        with store.begin() as session:
            work.finish(session, item, NOW)
            work.enqueue(session, f"look:{item.id}", "look", item.id, NOW)
        ran.append(item.kind)

    handlers = {"letter": letter, "look": lambda item: ran.append(item.kind)}
    assert work.run_due(store, FixedClock(NOW), handlers, nobody_dies, threads=threads) == 20
    assert Counter(ran) == {"letter": 10, "look": 10}
    assert [row.key for row in rows(store) if row.done is None] == ["timer"]
    assert work.run_due(store, FixedClock(NOW), handlers, nobody_dies, threads=threads) == 0


def test_with_one_thread_the_order_is_due_then_age(store: Store) -> None:
    put(store, "c", "d")
    put(store, "a", "b", due=NOW - SECOND)
    ran: list[str] = []
    work.run_due(store, FixedClock(NOW), {"letter": lambda item: ran.append(item.key)}, nobody_dies, threads=1)
    assert ran == ["a", "b", "c", "d"]


@pytest.mark.parametrize("threads", [1, 4])
def test_a_limit_ends_the_pass(store: Store, threads: int) -> None:
    put(store, *(f"letter:{n}" for n in range(10)))
    handlers = {"letter": lambda _: None}
    ran = [work.run_due(store, FixedClock(NOW), handlers, nobody_dies, threads=threads, limit=6) for _ in range(3)]
    assert ran == [6, 4, 0]


def test_a_few_threads_work_at_once_and_never_more(store: Store) -> None:
    put(store, *(f"letter:{n}" for n in range(9)))
    together = threading.Barrier(3)  # would break if fewer than three ran at once
    guard, busy, most = threading.Lock(), 0, 0

    def letter(_: Item) -> None:
        nonlocal busy, most
        with guard:
            busy += 1
            most = max(most, busy)
        together.wait(timeout=10)
        with guard:
            busy -= 1

    work.run_due(store, FixedClock(NOW), {"letter": letter}, nobody_dies, threads=3)
    assert most == 3


def test_work_that_comes_due_while_a_slow_piece_runs_does_not_wait_for_it(store: Store) -> None:
    put(store, "slow:1", kind="slow")
    quick_ran = threading.Event()

    def slow(_: Item) -> None:
        put(store, "quick:1", kind="quick")
        assert quick_ran.wait(timeout=10)

    handlers = {"slow": slow, "quick": lambda _: quick_ran.set()}
    assert work.run_due(store, FixedClock(NOW), handlers, nobody_dies, threads=2) == 2
    assert [row.error for row in rows(store)] == [None, None]


def test_later_waits_without_counting_as_a_try(store: Store) -> None:
    put(store, "letter:1")
    clock = FixedClock(NOW)

    def wait(_: Item) -> None:
        raise Later(0)

    for _ in range(20):
        assert work.run_due(store, clock, {"letter": wait}, nobody_dies, threads=1) == 1  # and ends: never due now
        clock.at += SECOND
    (row,) = rows(store)
    assert (row.tries, row.error, row.token, row.due) == (0, None, None, clock.at)


def test_a_failure_is_tried_again_later_and_later(store: Store) -> None:
    put(store, "letter:1")
    clock, pauses = FixedClock(NOW), []

    def fail(_: Item) -> None:
        raise TimeoutError

    for _ in range(work.MOST_TRIES - 1):
        assert work.run_due(store, clock, {"letter": fail}, nobody_dies, threads=1, jitter=lambda: 0.5) == 1
        due = rows(store)[0].due
        assert due is not None
        pauses.append((due - clock.at).total_seconds())
        clock.at = due
    assert pauses == list(work.PAUSES)
    assert (clock.at - NOW) > timedelta(hours=10)


@given(tries=st.integers(1, 1000), jitter=st.floats(0, 1))
def test_the_pause_is_near_its_table_and_never_nothing(tries: int, jitter: float) -> None:
    middle = work.PAUSES[min(tries, len(work.PAUSES)) - 1]
    assert 0.79 * middle < work.backoff(tries, lambda: jitter).total_seconds() < 1.21 * middle


def test_success_after_a_failure_clears_the_error(store: Store) -> None:
    put(store, "letter:1")
    clock = FixedClock(NOW)

    def fail_once(item: Item) -> None:
        if item.tries == 1:
            raise TimeoutError

    work.run_due(store, clock, {"letter": fail_once}, nobody_dies, threads=1)
    clock.at += timedelta(minutes=1)
    work.run_due(store, clock, {"letter": fail_once}, nobody_dies, threads=1)
    (row,) = rows(store)
    assert (row.done, row.error, row.tries) == (clock.at, None, 2)


def test_after_the_last_try_the_work_is_dead_and_a_person_is_told_in_the_same_transaction(store: Store) -> None:
    put(store, "letter:1")
    clock = FixedClock(NOW)

    def fail(_: Item) -> None:
        raise TimeoutError

    def tell(session: Session, item: Item) -> None:
        work.enqueue(session, f"dead:{item.id}", "tell", item.id, clock.now())

    for _ in range(work.MOST_TRIES + 2):
        work.run_due(store, clock, {"letter": fail}, tell, threads=1)
        clock.at += timedelta(days=1)
    dead, told = rows(store)
    assert (dead.due, dead.done, dead.error, dead.tries) == (None, None, "TimeoutError", work.MOST_TRIES)
    assert (told.key, told.kind) == (f"dead:{dead.id}", "tell")


def test_work_is_not_dead_as_long_as_nobody_could_be_told(store: Store) -> None:
    put(store, "letter:1")
    clock = FixedClock(NOW)

    def fail(_: Item) -> None:
        raise TimeoutError

    with pytest.raises(AssertionError, match="letter:1 is dead"):
        work.run_due(store, clock, {"letter": fail}, nobody_dies, threads=1, most_tries=1)
    assert rows(store)[0].due == NOW + work.LEASE
    told: list[str] = []
    clock.at += work.LEASE
    work.run_due(store, clock, {"letter": fail}, lambda _, item: told.append(item.key), threads=1, most_tries=1)
    assert told == ["letter:1"]


def test_work_that_kills_its_process_each_time_is_dead_in_the_end(store: Store) -> None:
    put(store, "letter:1")
    clock = FixedClock(NOW)
    for _ in range(work.MOST_TRIES):
        claimed(store, clock.now())  # and the process is gone
        clock.at += work.LEASE
    told: list[str] = []
    ran: list[str] = []
    handlers = {"letter": lambda item: ran.append(item.key)}
    work.run_due(store, clock, handlers, lambda _, item: told.append(item.key), threads=1)
    assert (told, ran) == (["letter:1"], [])
    assert rows(store)[0].error == "ProcessDied"


def test_work_of_a_daily_kind_is_tried_once_a_day_after_it_was_given_up(store: Store) -> None:
    put(store, "letter:1")
    clock = FixedClock(NOW)
    broken = True
    ran: list[datetime] = []
    told: list[str] = []

    def handler(_: Item) -> None:
        ran.append(clock.now())
        if broken:
            raise TimeoutError

    def pass_at(moment: datetime) -> None:
        clock.at = moment
        handlers = {"letter": handler}
        work.run_due(store, clock, handlers, lambda _, item: told.append(item.key), threads=1, daily=["letter"])

    for hour in range(24):
        pass_at(NOW + timedelta(hours=hour))
    assert (len(ran), told) == (work.MOST_TRIES, ["letter:1"])
    given_up = ran[-1]
    pass_at(given_up + work.AGAIN)
    assert (len(ran), told) == (work.MOST_TRIES + 1, ["letter:1", "letter:1"])
    broken = False
    pass_at(given_up + work.AGAIN + timedelta(hours=1))
    assert len(ran) == work.MOST_TRIES + 1
    pass_at(given_up + 2 * work.AGAIN)
    assert rows(store)[0].done == given_up + 2 * work.AGAIN


def test_work_of_a_daily_kind_that_kills_its_process_does_so_once_a_day(store: Store) -> None:
    put(store, "letter:1")
    clock = FixedClock(NOW)
    ran: list[str] = []
    told: list[str] = []

    def one_pass() -> None:
        handlers = {"letter": lambda item: ran.append(item.key)}
        work.run_due(store, clock, handlers, lambda _, item: told.append(item.key), threads=1, daily=["letter"])

    for deaths in (work.MOST_TRIES, 1):
        for _ in range(deaths):
            assert claimed(store, clock.now())  # and the process is gone
            clock.at += work.LEASE
        one_pass()
        clock.at += work.AGAIN
    assert (told, ran) == (["letter:1", "letter:1"], [])
    one_pass()
    assert ran == ["letter:1"]


def test_work_of_few_tries_outlives_processes_that_died_for_another_reason(store: Store) -> None:
    put(store, "letter:1")
    clock = FixedClock(NOW)
    for _ in range(5):
        claimed(store, clock.now())  # and the process is gone
        clock.at += work.LEASE
    ran: list[str] = []
    handlers = {"letter": lambda item: ran.append(item.key)}
    work.run_due(store, clock, handlers, nobody_dies, threads=1, most_tries=3)
    assert ran == ["letter:1"]


@pytest.mark.parametrize("threads", [1, 3])
def test_an_interrupt_passes_through_and_its_work_comes_back(store: Store, threads: int) -> None:
    put(store, "letter:1")

    def interrupt(_: Item) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        work.run_due(store, FixedClock(NOW), {"letter": interrupt}, nobody_dies, threads=threads)
    assert rows(store)[0].due == NOW + work.LEASE


def test_a_handler_that_lost_its_claim_leaves_the_work_to_the_other(store: Store) -> None:
    put(store, "letter:1")

    def slow(item: Item) -> None:
        claimed(store, NOW + work.LEASE, token="t2")
        with store.begin() as session:
            work.finish(session, item, NOW)

    work.run_due(store, FixedClock(NOW), {"letter": slow}, nobody_dies, threads=1)
    (row,) = rows(store)
    assert (row.token, row.done) == ("t2", None)


def test_a_log_line_of_a_failure_holds_no_words_of_it(store: Store, capfd: pytest.CaptureFixture[str]) -> None:
    put(store, "letter:1")

    def fail(_: Item) -> None:
        raise ValueError("jan@voorbeeld.example")

    work.run_due(store, FixedClock(NOW), {"letter": fail}, nobody_dies, threads=1)
    said = "".join(capfd.readouterr())
    assert "ValueError" in said
    assert "test_work.py:" in said
    assert "voorbeeld" not in said


# Looking after the rows


def test_at_the_start_of_a_single_process_claimed_work_is_due_at_once(store: Store) -> None:
    put(store, "letter:1", "letter:2", "letter:3")
    put(store, "timer", due=NOW + SECOND)
    first, *_ = claimed(store, n=2)
    with store.begin() as session:
        work.finish(session, first, NOW)
        assert work.release_all(session, NOW) == 1
    assert [item.key for item in claimed(store)] == ["letter:2", "letter:3"]


def test_finished_work_is_purged_and_open_or_dead_work_stays(store: Store) -> None:
    put(store, "old", "new", "dead", "open")
    with store.begin() as session:
        for key, done in (("old", NOW - 2 * SECOND), ("new", NOW), ("dead", None)):
            row = session.execute(select(Work).where(Work.key == key)).scalar_one()
            row.due, row.done = None, done
    with store.begin() as session:
        assert work.purge(session, NOW - SECOND) == 1
        assert work.purge(session, NOW - SECOND) == 0
    assert [row.key for row in rows(store)] == ["new", "dead", "open"]


def test_stuck_is_what_is_dead_often_tried_or_left_behind(store: Store) -> None:
    put(store, "dead", "tried", "left", "held", "due", "timer", "done")
    values: dict[str, dict[str, Any]] = {
        "dead": {"due": None, "error": "TimeoutError"},
        "tried": {"tries": 5, "due": NOW + SECOND},
        "left": {"token": "t1", "due": NOW - SECOND},
        "held": {"token": "t1", "due": NOW + SECOND},
        "timer": {"due": NOW + SECOND},
        "done": {"due": None, "done": NOW, "tries": 7},
    }
    with store.begin() as session:
        for key, changed in values.items():
            row = session.execute(select(Work).where(Work.key == key)).scalar_one()
            for name, value in changed.items():
                setattr(row, name, value)
    with store.read() as session:
        assert [row.key for row in work.stuck(session, NOW)] == ["dead", "tried", "left"]


def test_next_due_is_the_earliest_open_moment(store: Store) -> None:
    with store.read() as session:
        assert work.next_due(session) is None
    put(store, "a", due=NOW + 2 * SECOND)
    put(store, "b", due=NOW + SECOND)
    with store.read() as session:
        assert work.next_due(session) == NOW + SECOND


# Budgets


def give(store: Store, count: int, name: str = "minute") -> None:
    with store.begin() as session:
        work.set_permits(session, name, count)


def left(store: Store, now: datetime, name: str = "minute") -> int:
    with store.read() as session:
        return work.permits_left(session, name, now)


def test_a_budget_gives_its_number_and_then_waits_for_the_hold_to_end(store: Store) -> None:
    give(store, 3)
    take = [work.take_permit(store, "minute", NOW, work.MINUTE_HOLD) for _ in range(4)]
    assert take == [True, True, True, False]
    assert left(store, NOW) == 0
    with store.read() as session:
        assert work.permit_free_at(session, "minute") == NOW + work.MINUTE_HOLD
    assert not work.take_permit(store, "minute", NOW + 60 * SECOND, work.MINUTE_HOLD)  # H6: a margin of a second
    assert work.take_permit(store, "minute", NOW + 61 * SECOND, work.MINUTE_HOLD)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.integers(0, 20_000), min_size=1, max_size=30), count=st.integers(1, 5))
def test_no_window_of_the_hold_time_ever_holds_more_uses_than_permits(
    store: Store, steps: list[int], count: int
) -> None:
    with store.begin() as session:
        work.set_permits(session, "window", 0)
        work.set_permits(session, "window", count)
    now, used = NOW, []
    for step in steps:
        now += timedelta(milliseconds=step)
        if work.take_permit(store, "window", now, work.MINUTE_HOLD):
            used.append(now)
        else:
            assert len([use for use in used if use > now - work.MINUTE_HOLD]) == count  # and none is refused in vain
    for use in used:
        assert len([other for other in used if use <= other < use + work.MINUTE_HOLD]) <= count


def test_threads_that_ask_at_once_get_no_more_than_there_is(store: Store) -> None:
    give(store, 5)
    got: list[bool] = []
    in_threads(6, lambda _: got.extend(work.take_permit(store, "minute", NOW, work.MINUTE_HOLD) for _ in range(4)))
    while work.take_permit(store, "minute", NOW, work.MINUTE_HOLD):  # PostgreSQL: a permit another was just looking at
        got.append(True)
    assert got.count(True) == 5


def test_several_permits_are_taken_together_or_not_at_all(store: Store) -> None:
    give(store, 5)
    assert work.take_permit(store, "minute", NOW, work.MINUTE_HOLD, count=3)
    assert not work.take_permit(store, "minute", NOW, work.MINUTE_HOLD, count=3)
    assert left(store, NOW) == 2


def test_a_reserve_is_kept_for_those_who_may_use_it(store: Store) -> None:
    give(store, 5)
    ordinary = [work.take_permit(store, "minute", NOW, work.MINUTE_HOLD, keep=2) for _ in range(5)]
    assert ordinary.count(True) == 3
    urgent = [work.take_permit(store, "minute", NOW, work.MINUTE_HOLD) for _ in range(3)]
    assert urgent.count(True) == 2


def test_one_act_takes_from_all_its_budgets_or_from_none(store: Store) -> None:
    give(store, 2, "minute")
    give(store, 9, "day")
    act = (work.Use("day", work.DAY_HOLD, count=2, keep=1), work.Use("minute", work.MINUTE_HOLD))
    short = [work.take_permits(store, NOW, *act) for _ in range(3)]
    assert short == [None, None, "minute"]
    assert (left(store, NOW, "day"), left(store, NOW, "minute")) == (5, 0)


def test_a_budget_that_was_never_set_is_an_error_and_no_endless_wait(store: Store) -> None:
    with pytest.raises(LookupError, match="'minute' was never set"):
        work.take_permit(store, "minute", NOW, work.MINUTE_HOLD)


def test_a_smaller_budget_remembers_its_latest_uses(store: Store) -> None:
    give(store, 5)
    for second in range(3):
        work.take_permit(store, "minute", NOW + second * SECOND, work.MINUTE_HOLD)
    give(store, 2)
    assert left(store, NOW + 3 * SECOND) == 0
    with store.read() as session:
        assert work.permit_free_at(session, "minute") == NOW + SECOND + work.MINUTE_HOLD
    give(store, 4)
    give(store, 4)
    assert left(store, NOW + 3 * SECOND) == 2
    with store.read() as session:
        assert len(session.execute(select(Permit)).all()) == 4


def test_a_retry_after_holds_all_permits_back_and_shortens_no_hold(store: Store) -> None:
    give(store, 2)
    give(store, 1, "other")
    work.take_permit(store, "minute", NOW, work.MINUTE_HOLD)
    with store.begin() as session:
        work.push_permits(session, "minute", NOW + 30 * SECOND)
    assert [left(store, NOW + after * SECOND) for after in (29, 30, 60, 61)] == [0, 1, 1, 2]
    assert left(store, NOW, "other") == 1


def test_one_poller_leads_until_it_stops_or_its_hold_ends(store: Store) -> None:
    give(store, 1, "poller")
    clock, hold = FixedClock(NOW), timedelta(seconds=6)
    with work.holding(store, "poller", clock, hold) as extend:
        with pytest.raises(Later), work.holding(store, "poller", clock, hold):
            pass
        clock.at += 5 * SECOND
        extend()
        clock.at += 5 * SECOND
        with pytest.raises(Later), work.holding(store, "poller", clock, hold):
            pass
    with work.holding(store, "poller", clock, hold):  # given back at once
        pass


def test_a_poller_that_fell_silent_is_replaced_and_cannot_come_back(store: Store) -> None:
    give(store, 1, "poller")
    clock, hold = FixedClock(NOW), timedelta(seconds=6)
    silent = work.holding(store, "poller", clock, hold)
    extend = silent.__enter__()
    clock.at += hold
    with work.holding(store, "poller", clock, hold):
        with pytest.raises(LeaseLost):
            extend()
        silent.__exit__(None, None, None)
        with pytest.raises(Later), work.holding(store, "poller", clock, hold):  # its end freed nothing
            pass


def test_never_more_than_the_slots_are_in_use_at_once(store: Store) -> None:
    give(store, 2, "graph")
    guard, busy, most, done = threading.Lock(), 0, 0, 0

    def call(_: int) -> None:
        nonlocal busy, most, done
        for _ in range(200):
            try:
                with work.holding(store, "graph", SystemClock(), work.LEASE):
                    with guard:
                        busy += 1
                        most = max(most, busy)
                    with guard:
                        busy -= 1
                        done += 1
                return
            except Later:
                continue

    in_threads(4, call)
    assert 1 <= most <= 2
    assert done >= 1
    assert left(store, datetime.now(UTC), "graph") == 2


def test_slots_of_a_crashed_process_are_freed_when_it_was_the_only_one(store: Store) -> None:
    give(store, 2, "graph")
    work.holding(store, "graph", FixedClock(NOW), work.LEASE).__enter__()
    with store.begin() as session:
        work.free_permits(session, "graph")
    assert left(store, NOW, "graph") == 2


# Processes that are killed

FORK = multiprocessing.get_context("fork")
LETTERS = 40
SHORT = timedelta(seconds=0.4)


def chaos_worker(url: str, seed: int) -> None:
    """Adds all letters, as every other worker does, then works until nothing is open; some handlers are too slow."""
    store, chance = open_store(url), random.Random(seed)
    put(store, *(f"letter:{n}" for n in range(LETTERS)), due=datetime.now(UTC))

    def letter(item: Item) -> None:
        if chance.random() < 0.05:
            threading.Event().wait(SHORT.total_seconds() * 1.5)
        effect(item, "look")

    def effect(item: Item, follows: str | None) -> None:
        now = datetime.now(UTC)
        with store.begin() as session:
            work.finish(session, item, now)
            if follows:
                work.enqueue(session, f"{follows}:{item.ref}", follows, item.ref, now)
            journal.write(session, now, item.kind, n=item.ref)

    handlers = {"letter": letter, "look": lambda item: effect(item, None)}
    while open_work(store):
        work.run_due(store, SystemClock(), handlers, nobody_dies, threads=2, lease=SHORT, most_tries=1000)


def open_work(store: Store) -> int:
    with store.read() as session:
        return len(session.execute(select(Work.id).where(Work.done.is_(None))).all())


def effects(store: Store) -> list[tuple[str, int]]:
    with store.read() as session:
        return [(row.event, row.detail["n"]) for row in session.execute(select(Journal)).scalars()]


def test_workers_killed_again_and_again_lose_nothing_and_do_nothing_twice(store: Store, store_url: str) -> None:
    def start(seed: int) -> multiprocessing.process.BaseProcess:
        process = FORK.Process(target=chaos_worker, args=(store_url, seed), daemon=True)
        process.start()
        return process

    workers = [start(seed) for seed in range(3)]
    kills = 0
    while kills < 5:  # one each time that another sixth is done
        workers[0].join(timeout=0.01)
        if len(effects(store)) > kills * LETTERS * 2 // 6:
            victim = workers.pop(0)
            victim.kill()
            victim.join()
            kills += 1
            workers.append(start(10 + kills))
    for worker in workers:
        worker.join(timeout=30)
        assert worker.exitcode == 0
    assert open_work(store) == 0
    assert Counter(effects(store)) == Counter((kind, n) for kind in ("letter", "look") for n in range(LETTERS))
    with store.read() as session:
        assert journal.verify(session) is None


WINDOW = timedelta(seconds=0.2)


def greedy_worker(url: str, uses: Path, stop: Path) -> None:
    """Uses every permit it can get, and notes each moment of use, until it is told to stop."""
    store = open_store(url)
    with uses.open("a") as file:
        while not stop.exists():
            now = datetime.now(UTC)
            if work.take_permit(store, "window", now, WINDOW):
                file.write(f"{now.timestamp()}\n")
                file.flush()


def test_the_limit_holds_over_several_processes_when_one_is_killed(
    store: Store, store_url: str, tmp_path: Path
) -> None:
    give(store, 7, "window")
    log, stop = tmp_path / "uses", tmp_path / "stop"
    log.touch()
    workers = [FORK.Process(target=greedy_worker, args=(store_url, log, stop), daemon=True) for _ in range(3)]
    for worker in workers:
        worker.start()
    for wanted in (10, 24):  # the permits of the one that is killed in between come back
        while len(log.read_text().splitlines()) < wanted:
            workers[0].join(timeout=0.01)
        workers[0].kill()
    stop.touch()
    for worker in workers:
        worker.join(timeout=30)
    assert [worker.exitcode for worker in workers] == [-signal.SIGKILL, 0, 0]
    uses = sorted(float(line) for line in log.read_text().splitlines())
    hold = WINDOW.total_seconds() - 1e-6
    assert max(sum(use <= other < use + hold for other in uses) for use in uses) <= 7
