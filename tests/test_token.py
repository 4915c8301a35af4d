"""Tokens of Entra: what a bad day of the token endpoint does, and that no token is ever printed."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bot.graph.session import GraphSession, TokenRefused
from bot.sandbox.stage import Stage
from bot.settings import load
from tests.conftest import MONDAY_MORNING
from tests.world import World

pytestmark = pytest.mark.long


def half(body: bytes) -> bytes:
    return body[: len(body) // 2]


def session(stage: Stage, patience: Callable[[float], None] = lambda seconds: None) -> GraphSession:
    return GraphSession(load(stage.settings_file), patience=patience)


@pytest.mark.parametrize("route", ["*/openid-configuration", "*/token"])
@pytest.mark.parametrize(
    "fault",
    [
        {"status": 429},
        {"status": 503},
        {"status": 504, "after_effect": True},
        {"status": 401, "code": "InvalidAuthenticationToken"},
        {"reset": "before"},
        {"reset": "after"},
        {"body": half},
        {"body": b"<html>a gateway</html>"},
        {"body": b"[]"},
    ],
    ids=lambda given: (
        str({name: "half" if callable(value) else value for name, value in given.items()})
        if isinstance(given, dict)
        else str(given)
    ),
)
def test_an_answer_that_is_not_entras_passes_and_the_next_one_counts(
    world: World, route: str, fault: dict[str, Any]
) -> None:
    world.graph.faults.add("*", "/{tenant}/" + route, times=2, **fault)
    graph = session(world.stage)
    for _ in range(2):
        with pytest.raises(TokenRefused) as refused:
            graph.token()
        assert refused.value.passing
    assert graph.token()


def test_a_bad_hour_of_the_token_endpoint_does_not_fail_a_call(world: World) -> None:
    world.graph.faults.add("POST", "/{tenant}/*/token", body=half, times=2)
    graph = session(world.stage)
    assert graph.get(f"{graph.mailbox_url}/mailFolders/inbox?$select=displayName")["displayName"]


def test_half_a_token_response_is_never_printed(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    with Stage(tmp_path, MONDAY_MORNING) as stage:
        stage.graph.faults.add("POST", "/{tenant}/*/token", body=half)
        with pytest.raises(TokenRefused):
            session(stage).token()
    printed = capfd.readouterr()
    assert "access_token" not in printed.out + printed.err + caplog.text


def test_a_wrong_secret_is_told_and_not_tried_again(world: World) -> None:
    world.graph.entra.secret_expired = True
    with pytest.raises(TokenRefused, match="expired") as refused:
        session(world.stage).token()
    assert not refused.value.passing


def test_a_tenant_that_entra_does_not_know_is_told(world: World) -> None:
    settings = world.stage.settings_file
    text = settings.read_text(encoding="utf-8").replace(world.graph.tenant_id, "00000000-0000-4000-8000-000000000000")
    settings.write_text(text, encoding="utf-8")
    with pytest.raises(TokenRefused, match="tenant") as refused:
        session(world.stage).token()
    assert not refused.value.passing
