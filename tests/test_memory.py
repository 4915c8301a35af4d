"""The bot's memory on bad days, by the code of `make memory`: the largest mail, and a hundredth of the waiting ones."""

from pathlib import Path

import pytest

from bot.mail.message import BOUNDS, from_graph, parse
from bot.room import give_back_freed_memory
from proofs import memory
from tests.world import World

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def large() -> bytes:
    """The large mail of the proof."""
    return memory.with_files(memory.LARGE)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak of a process is read from Linux's /proc")
def test_the_largest_mail_and_a_long_queue_fit_in_the_memory_that_is_allowed(world: World, large: bytes) -> None:
    world.graph.deliver(large)
    memory.waiting(world.stage, memory.WAITING // 100)
    peak = memory.run(world.stage, "a bad day")
    assert 50 < peak.megabytes <= memory.BOUND
    rows = world.mails()
    assert len(rows) == 1 + memory.WAITING // 100
    assert all(row["disposition"] not in (None, "parked") for row in rows)


def test_the_largest_mail_of_the_proof_is_just_one_that_is_read(large: bytes) -> None:
    assert BOUNDS.size * 0.99 < len(large) < BOUNDS.size


@pytest.mark.parametrize(("size", "over"), [(BOUNDS.text, ""), (BOUNDS.text + 1, "more than 2 MB of text")])
def test_a_text_longer_than_anybody_types_goes_to_a_person(size: int, over: str) -> None:
    text = "zeep " * (size // 5) + "." * (size % 5)
    assert parse(b"Subject: Verhaal\r\n\r\n" + text.encode()).over_bound == over
    assert from_graph({"body": {"contentType": "text", "content": text}}).over_bound == over


def test_several_texts_of_a_mail_are_bounded_together() -> None:
    part = b"--x\r\nContent-Type: text/plain\r\n\r\n" + b"zeep " * (BOUNDS.text // 8) + b"\r\n"
    mail = parse(b"Content-Type: multipart/mixed; boundary=x\r\n\r\n" + part * 2 + b"--x--\r\n")
    assert mail.over_bound == "more than 2 MB of text"


def test_giving_back_memory_harms_nothing_where_it_is_not_needed() -> None:
    give_back_freed_memory()
    give_back_freed_memory()


@pytest.mark.parametrize(("size", "calls"), [(3_000_000, 1), (6_000_000, 2)])
def test_only_a_large_mail_takes_a_second_call_to_be_read(world: World, size: int, calls: int) -> None:
    world.graph.deliver(memory.with_files(size))
    before = len(world.graph.calls)
    world.run(minutes=1)
    assert sum(call.route.endswith("/$value") for call in world.graph.calls[before:]) == calls
