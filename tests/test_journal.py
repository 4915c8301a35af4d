"""The journal: a chain that shows every change, and holds nothing personal."""

import threading
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text

from bot.casebook import journal
from bot.casebook.schema import Journal
from bot.casebook.store import Store

pytest_plugins = ("tests.postgresql",)
NOW = datetime(2026, 9, 1, 12, 30, 15, 123456, tzinfo=UTC)


def fill(store: Store, count: int = 6) -> None:
    for number in range(count):
        with store.begin() as session:
            journal.write(session, NOW, f"step {number}", request="LES-2026-0042", n=number)


def broken(store: Store) -> journal.Break | None:
    with store.read() as session:
        return journal.verify(session)


def spoil(store: Store, *statements: str) -> None:
    with store.begin() as session:
        for statement in statements:
            session.execute(text(statement))


def rows(store: Store) -> list[Journal]:
    with store.read() as session:
        return list(session.execute(select(Journal).order_by(Journal.id)).scalars())


def test_an_untouched_journal_holds(store: Store) -> None:
    assert broken(store) is None
    fill(store)
    assert broken(store) is None
    assert [row.event for row in rows(store)] == [f"step {n}" for n in range(6)]


def test_the_first_row_follows_a_fixed_link_and_each_next_one_the_row_before(store: Store) -> None:
    with store.read() as session:
        assert journal.head(session) == journal.FIRST
    fill(store, 3)
    one, two, three = rows(store)
    assert (one.previous, two.previous, three.previous) == (journal.FIRST, one.hash, two.hash)
    with store.read() as session:
        assert journal.head(session) == three.hash


def test_facts_of_every_kind_are_kept_and_none_is_left_out(store: Store) -> None:
    summer = timezone(timedelta(hours=2))
    with store.begin() as session:
        journal.write(
            session,
            NOW.astimezone(summer),
            "identified",
            request="LES-2026-0042",
            case="LES-2026-0042-1",
            rung=1,
            proven=True,
            due=date(2026, 10, 1),
            seen=datetime(2026, 9, 1, 14, tzinfo=summer),
            how="known_address",
            why=None,
        )
    (row,) = rows(store)
    assert row.at == NOW
    assert (row.request, row.case) == ("LES-2026-0042", "LES-2026-0042-1")
    assert row.detail == {
        "rung": 1,
        "proven": True,
        "due": "2026-10-01",
        "seen": "2026-09-01T12:00:00+00:00",
        "how": "known_address",
    }
    assert broken(store) is None


SPOILS = [
    ("event changed", ["UPDATE journal SET event = 'x' WHERE id = 3"], 3),
    ("detail changed", ["UPDATE journal SET detail = '{\"n\": 7}' WHERE id = 3"], 3),
    ("request changed", ["UPDATE journal SET request = 'LES-2026-0043' WHERE id = 3"], 3),
    ("request emptied", ["UPDATE journal SET request = NULL WHERE id = 3"], 3),
    ('"case" filled in', ["UPDATE journal SET \"case\" = 'LES-2026-0042-1' WHERE id = 3"], 3),
    ("hash changed", ["UPDATE journal SET hash = 'x' WHERE id = 3"], 3),
    ("link changed", ["UPDATE journal SET previous = 'x' WHERE id = 3"], 3),
    ("first removed", ["DELETE FROM journal WHERE id = 1"], 2),
    ("one removed", ["DELETE FROM journal WHERE id = 3"], 4),
    ("several removed", ["DELETE FROM journal WHERE id IN (2, 3, 4)"], 5),
    ("two swapped", [f"UPDATE journal SET id = {a} WHERE id = {b}" for a, b in ((99, 3), (3, 4), (4, 99))], 3),
    ("moved to the end", ["UPDATE journal SET id = 99 WHERE id = 3"], 4),
    ("moved to the front", ["UPDATE journal SET id = 0 WHERE id = 3"], 0),
    (
        "copied in",
        [
            "INSERT INTO journal (id, at, event, request, detail, previous, hash) "
            "SELECT 99, at, event, request, detail, previous, 'x' FROM journal WHERE id = 6"
        ],
        99,
    ),
]


@pytest.mark.parametrize(("how", "statements", "where"), SPOILS, ids=[spoil[0] for spoil in SPOILS])
def test_the_first_broken_link_is_named(store: Store, how: str, statements: list[str], where: int) -> None:
    fill(store)
    spoil(store, *statements)
    found = broken(store)
    assert found is not None, how
    assert found.id == where


def test_a_changed_moment_is_named(store: Store) -> None:
    fill(store)
    with store.begin() as session:
        row = session.get_one(Journal, 3)
        row.at += timedelta(microseconds=1)
    assert broken(store) == journal.Break(3, "step 2", "this row was changed")


def test_a_forged_row_with_a_hash_of_its_own_breaks_the_row_after_it(store: Store) -> None:
    fill(store)
    with store.begin() as session:
        row = session.get_one(Journal, 3)
        row.event = "identified"
        row.hash = journal._hash(row.at, row.event, row.request, row.case, row.detail, row.previous)
    found = broken(store)
    assert found is not None
    assert (found.id, found.event) == (4, "step 3")


def test_a_cut_off_tail_shows_only_against_a_head_kept_elsewhere(store: Store) -> None:
    fill(store)
    with store.read() as session:
        kept = journal.head(session)
    spoil(store, "DELETE FROM journal WHERE id = 6")
    assert broken(store) is None
    assert kept not in {row.hash for row in rows(store)}


def test_a_unit_of_work_that_fails_leaves_no_gap(store: Store) -> None:
    fill(store, 2)
    with pytest.raises(ZeroDivisionError), store.begin() as session:
        journal.write(session, NOW, "never happened")
        raise ZeroDivisionError
    fill(store, 2)
    assert broken(store) is None
    assert len(rows(store)) == 4


def test_many_writers_at_once_make_one_chain(store: Store) -> None:
    def add() -> None:
        for number in range(10):
            with store.begin() as session:
                journal.write(session, NOW, "one", n=number)
                journal.write(session, NOW, "two", n=number)

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert broken(store) is None
    events = [row.event for row in rows(store)]
    assert events == ["one", "two"] * 40  # and each unit of work stays together


PERSONAL: list[dict[str, Any]] = [
    {"event": "mail from jan@voorbeeld.example"},
    {"event": "x", "request": "jan@voorbeeld.example"},
    {"event": "x", "case": "<1@voorbeeld.example>"},
    {"event": "x", "address": "jan@voorbeeld.example"},
    {"event": "x", "address": "jan＠voorbeeld.example"},
    {"event": "x", "address": "jan%40voorbeeld.example"},
    {"event": "x", "jan@voorbeeld.example": True},
    {"event": "x", "words": "Geachte heer, mevrouw, " * 10},
    {"event": "x" * 201},
    {"event": "x", "share": 0.5},
    {"event": "x", "names": ["Jan"]},
    {"event": "x", "content": b"x"},
]


@pytest.mark.parametrize("row", PERSONAL)
def test_what_might_be_personal_is_refused_and_not_repeated(store: Store, row: dict[str, Any]) -> None:
    with pytest.raises(ValueError) as caught, store.begin() as session:
        journal.write(session, NOW, **row)
    assert "jan" not in str(caught.value).lower()
    assert rows(store) == []


FACTS = st.dictionaries(
    st.text(st.characters(codec="utf-8", exclude_characters="@＠﹫%\0"), min_size=1, max_size=10),
    st.booleans()
    | st.integers()
    | st.dates()
    | st.text(st.characters(codec="utf-8", exclude_characters="@＠﹫%\0"), max_size=200),
    max_size=4,
).filter(lambda facts: not {"session", "at", "event", "request", "case"} & facts.keys())


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(facts=FACTS)
def test_whatever_facts_are_written_the_chain_holds_when_read_back(store: Store, facts: dict[str, Any]) -> None:
    with store.begin() as session:
        journal.write(session, NOW, "x", **facts)
    assert broken(store) is None
