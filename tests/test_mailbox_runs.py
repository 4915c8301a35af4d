"""Whole mailboxes through `run --once`: the labelled mails, a first start, a process that is killed."""

import json
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest

from bot.casebook.ledger import DISPOSITIONS
from bot.sandbox.stage import STAFF, Stage
from tests import corpus
from tests.conftest import MONDAY_MORNING
from tests.world import INZAGE, World, parsed, text_of


def deliver_corpus(stage: Stage, every: int = 1) -> int:
    """Puts each `every`th labelled mail into the inbox, moves the clock behind the last, gives their number."""
    chosen = corpus.records()[::every]
    for number, record in enumerate(chosen):
        moment = corpus.spread(stage.now, number)
        mail, envelope = corpus.as_mail(record, moment)
        stage.graph.deliver(mail, received=moment, **envelope)  # type: ignore[arg-type]
    stage.now = corpus.spread(stage.now, len(chosen))
    return len(chosen)


def test_the_labelled_mails_each_get_a_disposition_and_a_second_run_does_nothing(world: World) -> None:
    number = deliver_corpus(world.stage)
    report = world.run(minutes=1)
    rows = world.mails()
    assert (report.new, len(rows)) == (number, number)
    assert {row["disposition"] for row in rows} <= set(DISPOSITIONS)
    assert "parked" not in {row["disposition"] for row in rows}
    sent = len(world.graph.outgoing)
    again = world.run()
    assert (again.new, again.sent, len(world.graph.outgoing)) == (0, 0, sent)
    twice = [key for key, count in Counter(mail.message_id for mail in world.graph.outgoing).items() if count > 1]
    assert not twice


def test_on_the_first_start_five_thousand_old_mails_make_one_mail(tmp_path: Path) -> None:
    with Stage(tmp_path, MONDAY_MORNING, messages_per_minute=0) as stage:
        for number in range(5000):
            request = number % 125 == 0
            mail = stage._mail(
                f"Klant {number}", f"klant{number}@example.nl", "info@lesseausoap.com",
                "Mijn gegevens" if request else f"Bestelling {10000 + number}",
                INZAGE if request else "Hoi, wanneer wordt mijn bestelling bezorgd? Alvast bedankt.",
            )  # fmt: skip
            stage.graph.deliver(mail, received=stage.now - timedelta(minutes=5 * (5001 - number)))
        world = World(stage)
        world.run(minutes=1)
        (listed,) = stage.graph.outgoing
        assert listed.recipients == (STAFF,)
        assert text_of(parsed(listed.raw)).count("inzage") >= 40
        assert Counter(row["disposition"] for row in world.mails()) == {"not-privacy": 4960, "staff-question": 40}
        assert not stage.unmodelled

        stage.staff_reply(parsed(listed.raw), "akkoord")
        world.run(minutes=5)
        assert len(world.cases()) == 40


def killed_pass(stage: Stage, after: float) -> int:
    """A real `privacybot run --once` that is killed after so many seconds; gives its exit code."""
    command = [sys.executable, "-m", "bot", "run", "--once", "--at", stage.now.isoformat(), "--json"]
    process = subprocess.Popen(
        [*command, "--config", str(stage.settings_file)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    try:
        process.wait(timeout=after)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
    process.communicate()
    return process.returncode


@pytest.mark.xdist_group("kill")
def test_ten_kills_change_neither_the_end_nor_send_a_letter_twice(tmp_path: Path) -> None:
    chance = random.Random(20260302)
    with Stage(tmp_path / "killed", MONDAY_MORNING, messages_per_minute=0) as stage:
        assert killed_pass(stage, after=60) == 0
        number = deliver_corpus(stage, every=10)
        kills = 0
        while kills < 10:
            if killed_pass(stage, after=0.9 + chance.random() * 1.2) == 0:
                number += 1
                stage.later(minutes=1)
                stage.customer_mails("Hanneke Verbrugge", f"klant{number}@example.nl", "Mijn gegevens", INZAGE)
                continue
            kills += 1
        assert killed_pass(stage, after=60) == 0
        stage.later(minutes=20)
        assert killed_pass(stage, after=60) == 0
        world = World(stage)
        assert {row["disposition"] for row in world.mails()} <= set(DISPOSITIONS)
        assert len(world.mails()) == len({row["message_id"] for row in world.mails()})
        assert max(Counter(sent.message_id for sent in stage.graph.outgoing).values()) == 1
        subjects = Counter((sent.recipients, str(parsed(sent.raw)["Subject"])) for sent in stage.graph.outgoing)
        assert max(subjects.values()) == 1
        states = Counter(row["state"] for row in world.letters())
        assert set(states) <= {"sent", "draft", "unclear", "approved"}
        assert len(stage.graph.outgoing) >= states["sent"]
        assert not stage.unmodelled


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
