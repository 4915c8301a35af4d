"""A twentieth of `make soak`: the bot is killed inside a continuing story and at points alone, and nothing is lost."""

import random
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot import killpoint
from proofs import soak
from proofs.crash import judge, play
from proofs.nursery import Nursery
from proofs.scenes import SCENES

ROOT = Path(__file__).parent.parent
pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    with Nursery() as running:
        yield running


def test_every_place_that_commits_or_calls_is_reached_by_the_crash_proof(nursery: Nursery) -> None:
    assert soak.every_site() - soak.every_place_reached(nursery) == set()


def test_ten_mails_and_fifteen_kills_lose_nothing_and_send_nothing_twice(nursery: Nursery) -> None:
    with play(nursery) as stage:
        quarter = timedelta(minutes=15)
        end = soak.day(stage, soak.MAILS // 20, soak.KILLS // 20, days_after=0, together=quarter)
        assert stage.tally.killed >= soak.KILLS // 20
    assert not end.wrong


def test_a_kill_at_points_alone_changes_nothing(nursery: Nursery) -> None:
    with play(nursery) as stage:
        points = soak.calm(stage, "question")
    for point in random.Random(20).sample(points, 4):
        with play(nursery) as stage:
            hit, end = soak.alone(stage, "question", point)
        assert hit, point
        assert not end.wrong, point


def test_a_letter_that_was_sent_just_before_the_kill_is_found_and_not_sent_again(nursery: Nursery) -> None:
    with play(nursery) as stage:
        hit, end = soak.alone(stage, "question", "after graph:outbox.send POST /messages/{id}/send")
    assert hit
    assert (end.wrong, end.states["unclear"]) == ([], 0)


def test_a_letter_that_was_about_to_be_sent_at_the_kill_is_unclear_and_staff_are_told(nursery: Nursery) -> None:
    with play(nursery) as stage:
        hit, end = soak.alone(stage, "question", "before graph:outbox.send POST /messages/{id}/send")
    assert hit
    assert end.unclear == {"a kill": 1}
    assert not end.wrong


def test_the_judge_sees_a_letter_that_left_twice(nursery: Nursery) -> None:
    with play(nursery) as stage:
        SCENES["question"](stage)
        stage.stage.graph._outgoing.append(stage.stage.graph.outgoing[0])
        assert any("arrived 2 times" in words for words in judge(stage).wrong)


def test_without_the_variables_a_point_does_nothing() -> None:
    assert killpoint.name_of("commit") == ""
    with killpoint.around("http", "get", "https://localhost/"):
        pass


def test_every_module_that_speaks_http_by_itself_has_its_calls_wrapped() -> None:
    for file in (ROOT / "bot").rglob("*.py"):
        if "sandbox" in file.parts:
            continue
        text = file.read_text(encoding="utf-8")
        if "import httpx" in text or "import requests" in text:
            assert "killpoint.around(" in text, file.name


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://localhost/v1.0/users/info%40shop.example/messages/" + "A" * 90 + "/send", "/messages/{id}/send"),
        ("https://localhost/v1.0/users/info@lesseausoap.com/mailFolders/inbox/messages/delta?$deltatoken=x",
         "/mailFolders/inbox/messages/delta"),
        ("https://localhost/nl/orders/80001/products.json", "/nl/orders/{id}/products.json"),
    ],
)  # fmt: skip
def test_the_name_of_a_call_is_its_route_without_ids(url: str, shown: str) -> None:
    assert killpoint.route(url) == shown
