"""A bot that hangs ends itself; one that is dead or hangs is told to staff."""

import subprocess
import sys
import threading
import time

import pytest

from bot import letters, service
from bot.casebook.store import single_process
from bot.desk.questions import DESK
from bot.graph.session import LONGEST_READ, TIMEOUT
from bot.pulse import BREATH, HUNG, SILENT_FOR, Pulse
from bot.room import Room
from bot.sandbox.stage import DEPUTY, MANAGEMENT, STAFF
from tests.world import World, text_of


def test_a_process_without_a_step_is_ended_with_a_code_that_is_not_zero() -> None:
    hangs = "import time; from bot.pulse import Pulse\nwith Pulse().watched(within=0.2): time.sleep(60)"
    began = time.monotonic()
    ended = subprocess.run([sys.executable, "-c", hangs], capture_output=True, text=True, check=False)
    assert ended.returncode == HUNG
    assert time.monotonic() - began < 30
    assert "no step was made" in ended.stdout + ended.stderr
    assert 'File "<string>", line 2' in ended.stderr  # where it hung


def test_a_process_that_takes_steps_is_left_alone_and_the_watch_ends_with_it() -> None:
    ended: list[int] = []
    pulse = Pulse()
    with pulse.watched(within=0.4, end=ended.append):
        for _ in range(12):
            pulse.beat()
            time.sleep(0.05)
    assert not ended
    assert "pulse" not in {thread.name for thread in threading.enumerate()}


def test_the_loop_is_watched(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    ended = threading.Event()
    codes: list[int] = []

    def end(code: int) -> None:
        codes.append(code)
        ended.set()

    watched = Pulse.watched
    monkeypatch.setattr(Pulse, "watched", lambda self: watched(self, within=0.3, end=end))
    bot = world.bot()
    try:
        service.loop(bot, ended.is_set, lambda seconds: ended.wait(20) and None)
    finally:
        bot.close()
    assert codes == [HUNG]


def test_waiting_for_retry_after_counts_as_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    pulse, slept = Pulse(), []
    monkeypatch.setattr(time, "sleep", slept.append)
    pulse.sleep(75)
    assert slept == [30, 30, 15]


def test_one_piece_of_work_at_a_time_has_the_room() -> None:
    room, order = Room(), []
    first_has_it, second_waits = threading.Event(), threading.Event()

    def second() -> None:
        first_has_it.wait(5)
        with room.work():
            second_waits.set()
            room.take()
            order.append("second")

    thread = threading.Thread(target=second)
    thread.start()
    with room.work():
        room.take()
        room.take()
        first_has_it.set()
        second_waits.wait(5)
        order.append("first")
    thread.join(5)
    assert order == ["first", "second"]


def test_reading_outside_of_work_never_waits_for_room() -> None:
    room = Room()
    room.take()
    with room.work():
        room.take()


# --- telling staff ----------------------------------------------------------------------------------------------------


def raised(world: World) -> bool:
    """`status --alive --alarm`, as far as it is not alive."""
    bot = world.bot()
    try:
        return service.alarm(bot)
    finally:
        bot.close()


def test_staff_are_mailed_once_a_day_while_the_mailbox_is_not_read(world: World) -> None:
    world.stage.later(minutes=20)
    assert raised(world)
    world.stage.later(minutes=5)
    assert raised(world)
    (mail,) = world.to(STAFF)
    assert world.to(DEPUTY)[0]["Message-ID"] == mail["Message-ID"]
    assert not world.to(MANAGEMENT)
    assert "voor het laatst gelezen op 2 maart 2026 om 09.00 uur" in " ".join(text_of(mail).split())
    world.stage.later(days=1)
    assert raised(world)
    assert len(world.to(STAFF)) == 2


def test_the_alarm_leaves_beside_a_hung_run_that_holds_the_store_and_no_other_letter_does(world: World) -> None:
    world.asks_for_access()
    world.run(minutes=1)
    before = len(world.graph.outgoing)
    hung = world.bot()
    with hung.store.begin() as session:
        letters.write(hung, session, "waits", "did_nothing", {"why": "Proef."}, [STAFF], vault=DESK, rank="staff")
    world.stage.later(minutes=20)
    with single_process(hung.lock_path):
        assert raised(world)
    hung.close()
    assert len(world.graph.outgoing) == before + 1
    assert {row["state"] for row in world.letters() if row["template"] == "did_nothing"} == {"approved"}


def test_an_alarm_that_cannot_leave_is_sent_later_that_day(world: World) -> None:
    world.stage.later(minutes=20)
    world.graph.faults.add("POST", "*/messages", status=503, times=1)
    assert not raised(world)
    world.stage.later(minutes=10)
    assert raised(world)
    assert len(world.to(STAFF)) == 1


def test_the_command_exits_1_and_says_whether_staff_were_mailed(world: World) -> None:
    command = [sys.executable, "-m", "bot", "status", "--alive", "--alarm", "--config", str(world.stage.settings_file)]
    ended = subprocess.run(
        command, capture_output=True, text=True, check=False
    )  # the clock of the machine is far ahead
    assert ended.returncode == 1
    assert "staff were mailed" in ended.stderr
    assert len(world.to(STAFF)) == 1


def test_the_watch_is_longer_than_any_wait_between_two_steps() -> None:
    assert max(BREATH, LONGEST_READ + sum(TIMEOUT)) < SILENT_FOR
