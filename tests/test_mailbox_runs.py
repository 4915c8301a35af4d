"""Whole mailboxes through `run --once`, by the code of `make mailbox` at a smaller size; and how such a run ends."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bot.sandbox.stage import Stage
from proofs import mailbox
from proofs.nursery import Nursery
from tests.conftest import MONDAY_MORNING
from tests.world import World

pytestmark = pytest.mark.long


def test_the_labelled_mails_each_get_a_disposition_and_a_second_run_does_nothing(tmp_path: Path) -> None:
    outcome = mailbox.every_mail_is_decided_once(tmp_path / "shop", every=20)
    assert not outcome.wrong
    assert outcome.mails == 21


def test_on_the_first_start_old_mails_make_one_mail_and_akkoord_opens_the_requests(tmp_path: Path) -> None:
    outcome = mailbox.a_first_start_sends_one_mail(tmp_path / "shop", mailbox.OLD_MAILS // 20, 10)
    assert not outcome.wrong


def test_ten_kills_change_neither_the_end_nor_send_a_letter_twice(tmp_path: Path) -> None:
    with Nursery() as nursery:
        outcome = mailbox.kills_change_nothing(nursery, tmp_path / "shop", every=20)
    assert not outcome.wrong
    assert outcome.sent > 10


def test_a_second_run_leaves_with_4_while_one_holds_the_store(tmp_path: Path) -> None:
    with Stage(tmp_path, MONDAY_MORNING) as stage:
        command = [sys.executable, "-m", "bot", "run", "--config", str(stage.settings_file)]
        first = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        try:
            lock = stage.folder / "var" / "run.lock"
            deadline = time.monotonic() + 20
            while not lock.exists() and time.monotonic() < deadline:
                time.sleep(0.05)
            second = subprocess.run([*command, "--once"], capture_output=True, text=True, check=False)
            while second.returncode == 0 and time.monotonic() < deadline:
                second = subprocess.run([*command, "--once"], capture_output=True, text=True, check=False)
            assert second.returncode == 4
            assert "another" in second.stderr
        finally:
            first.send_signal(signal.SIGTERM)
            assert first.wait(timeout=20) == 0


def test_the_last_line_of_a_pass_is_the_promised_object(world: World) -> None:
    world.asks_for_access()
    world.stage.later(minutes=1)
    command = [sys.executable, "-m", "bot", "run", "--once", "--json", "--at", world.stage.now.isoformat()]
    done = subprocess.run(
        [*command, "--config", str(world.stage.settings_file)], capture_output=True, text=True, check=True
    )
    shown = json.loads(done.stdout.splitlines()[-1])
    assert set(shown) == {"at", "passes", "read", "new", "sent", "left", "next_due"}
    assert (shown["new"], shown["sent"]) == (1, 2)
    assert shown["left"] == {"budget": 0, "unclear": 0, "person": 1}
