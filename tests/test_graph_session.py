"""One line to Graph: its tokens, its patience, its budgets, and what it never says."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
import structlog

from bot.graph import inbox, outbox, session
from bot.graph.session import GraphError, GraphSession, TokenRefused
from bot.sandbox.stage import MAILBOX, Stage, StageClock
from bot.settings import load
from tests.conftest import MONDAY_MORNING


class Line:
    """A session on a stage; `waits` holds what it would have slept."""

    def __init__(self, stage: Stage) -> None:
        self.stage, self.waits = stage, list[float]()
        self.graph = GraphSession(load(stage.settings_file), clock=StageClock(stage), patience=self.waits.append)

    @property
    def sandbox(self) -> Any:
        return self.stage.graph

    @property
    def inbox(self) -> str:
        return f"{self.graph.mailbox_url}/mailFolders/inbox"

    def get(self) -> str:
        return str(self.graph.get(self.inbox)["displayName"])

    def fail(self, method: str = "GET", route: str = "*/mailFolders/{folder}", **fault: Any) -> None:
        self.sandbox.faults.add(method, route, **fault)


@pytest.fixture
def line(tmp_path: Path) -> Iterator[Line]:
    with Stage(tmp_path, MONDAY_MORNING) as stage:
        yield Line(stage)


# --- tokens -----------------------------------------------------------------------------------------------------------


def test_one_token_serves_many_calls(line: Line) -> None:
    for _ in range(3):
        line.get()
    assert sum("token" in call.route for call in line.sandbox.token_calls) == 1


def test_a_refused_token_is_renewed_once_and_the_call_made_again(line: Line) -> None:
    line.get()
    line.fail(status=401)
    assert line.get() == "Postvak IN"
    line.fail(status=401, times=None)
    with pytest.raises(GraphError) as refused:
        line.get()
    assert (refused.value.status, refused.value.definite) == (401, True)
    assert len(line.sandbox.calls) == 5


def test_a_send_with_a_refused_token_is_made_again_since_it_had_no_effect(line: Line) -> None:
    draft = outbox.create_draft(line.graph, b"To: anna@example.nl\r\nSubject: x\r\n\r\nhoi\r\n")
    line.fail("POST", "*/send", status=401)
    outbox.send(line.graph, draft)
    assert len(line.sandbox.outgoing) == 1


def test_threads_whose_token_expired_ask_for_one_new_token(line: Line) -> None:
    old = line.graph.token()
    for _ in range(4):
        line.graph.forget_token(old)
        line.graph.token()
    assert sum("token" in call.route for call in line.sandbox.token_calls) == 2


@pytest.mark.parametrize(
    ("break_it", "says"),
    [
        (lambda entra: setattr(entra, "secret_expired", True), "expired"),
        (lambda entra: setattr(entra, "client_secret", "another"), "wrong"),
    ],
)
def test_a_secret_that_is_no_good_is_said_with_its_mend(line: Line, break_it: Callable[[Any], None], says: str) -> None:
    break_it(line.sandbox.entra)
    with pytest.raises(TokenRefused, match=says) as refused:
        line.get()
    assert refused.value.passing is False


def test_a_token_endpoint_that_is_down_for_a_moment_is_asked_again(line: Line) -> None:
    line.fail("POST", "*/token", status=503)
    assert line.get() == "Postvak IN"


# --- patience ---------------------------------------------------------------------------------------------------------

PASSING: dict[str, dict[str, Any]] = {
    "429": {"status": 429}, "500": {"status": 500}, "502": {"status": 502}, "503": {"status": 503},
    "504": {"status": 504}, "423": {"status": 423}, "509": {"status": 509}, "reset": {"reset": "before"},
    "reset after": {"reset": "after"}, "truncated": {"body": lambda whole: whole[:20]}, "no object": {"body": b"[]"},
    "empty": {"body": b""},
}  # fmt: skip


def test_a_get_is_patient(line: Line) -> None:
    for name, fault in PASSING.items():
        line.fail(times=2, **fault)
        assert line.get() == "Postvak IN", name
        line.sandbox.faults.clear()


def test_a_get_gives_up_in_the_end_and_at_once_when_told_no(line: Line) -> None:
    line.fail(status=503, times=None)
    with pytest.raises(GraphError):
        line.get()
    assert len(line.sandbox.calls) == 5
    line.sandbox.faults.clear()
    line.fail(status=404, times=None)
    with pytest.raises(GraphError):
        line.get()
    assert len(line.sandbox.calls) == 6


@pytest.mark.parametrize("fault", [{"status": 503}, {"status": 429}, {"reset": "after"}, {"body": b"{"}])
def test_a_post_is_never_repeated(line: Line, fault: dict[str, Any]) -> None:
    line.fail("POST", "*/messages", **fault)
    with pytest.raises(GraphError) as failed:
        line.graph.post(f"{line.graph.mailbox_url}/messages", {"subject": "x"})
    assert not failed.value.definite
    assert len(line.sandbox.calls) == 1


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("7", 7.0),
        ("2.128", 2.128),
        (format_datetime(MONDAY_MORNING + timedelta(seconds=90), usegmt=True), 90.0),
        (format_datetime(MONDAY_MORNING - timedelta(seconds=90), usegmt=True), 0.0),
        ("99999999", session.LONGEST_RETRY_AFTER),
        ("soon", None),
        ("inf", None),
        ("nan", None),
        ("", None),
    ],
)
def test_retry_after_is_read_in_every_form(line: Line, said: str, seconds: float | None) -> None:
    line.fail("POST", "*/messages", status=429, headers={"Retry-After": said})
    with pytest.raises(GraphError) as failed:
        line.graph.post(f"{line.graph.mailbox_url}/messages", {"subject": "x"})
    assert failed.value.retry_after == seconds


def test_a_pause_that_one_call_was_asked_for_holds_for_all(line: Line) -> None:
    line.fail("POST", "*/messages", status=429, headers={"Retry-After": "40"})
    with pytest.raises(GraphError):
        line.graph.post(f"{line.graph.mailbox_url}/messages", {"subject": "x"})
    line.get()
    (waited,) = line.waits
    assert 35 < waited <= 40


def test_a_pause_that_is_too_long_is_said_and_the_request_never_leaves(line: Line) -> None:
    line.fail("POST", "*/messages", status=503, headers={"Retry-After": "900"})
    url = f"{line.graph.mailbox_url}/messages"
    with pytest.raises(GraphError):
        line.graph.post(url, {"subject": "x"})
    with pytest.raises(GraphError) as paused:
        line.graph.post(url, {"subject": "x"})
    assert (paused.value.code, paused.value.unsent, paused.value.definite) == ("Paused", True, True)
    assert len(line.sandbox.calls) == 1


def test_a_connection_that_cannot_be_made_means_that_nothing_was_sent(line: Line) -> None:
    line.graph.token()
    with pytest.raises(GraphError) as failed:
        line.graph.post("https://localhost:9/v1.0/users/x/messages/y/send")
    assert (failed.value.code, failed.value.definite) == ("NotConnected", True)


def test_a_certificate_that_is_not_trusted_means_that_nothing_was_sent(line: Line, tmp_path: Path) -> None:
    line.graph.token()
    line.graph._connection.session = None
    line.graph._connection.verify_ssl = True
    with pytest.raises(GraphError) as failed:
        line.graph.post(f"{line.graph.mailbox_url}/messages", {"subject": "x"})
    assert failed.value.unsent
    assert line.sandbox.calls == []


def test_a_connection_that_breaks_is_doubt(line: Line) -> None:
    line.fail("POST", "*/messages", reset="before")
    with pytest.raises(GraphError) as failed:
        line.graph.post(f"{line.graph.mailbox_url}/messages", {"subject": "x"})
    assert not failed.value.definite


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b'{"error":{"code":"Outer","innerError":{"code":"Inner","innerError":{"date":"x"}}}}', "Inner"),
        (b'{"error":{"code":"Outer","innerError":null}}', "Outer"),
        (b'{"error":{"code":"mail to anna@example.nl failed","message":"anna@example.nl"}}', ""),
        (b'{"error":"no object"}', ""),
        (b"[]", ""),
        (b"<html>gateway</html>", ""),
        (b"", ""),
    ],
)
def test_the_deepest_code_is_read_from_any_error_body(line: Line, body: bytes, code: str) -> None:
    line.fail(status=400, body=body)
    with pytest.raises(GraphError) as failed:
        line.get()
    assert (failed.value.status, failed.value.code, failed.value.definite) == (400, code, True)
    assert "@" not in str(failed.value)


def test_a_body_that_drips_for_ever_is_given_up(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "LONGEST_READ", -1.0)
    with pytest.raises(GraphError) as slow:
        line.get()
    assert slow.value.code == "TooSlow"


# --- budgets ----------------------------------------------------------------------------------------------------------


def test_ten_minutes_have_no_more_calls_than_the_service_allows(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "CALLS_PER_TEN_MINUTES", 5)
    line.graph.others = 2
    for _ in range(3):
        line.get()
    with pytest.raises(GraphError) as spent:
        line.get()
    assert (spent.value.code, spent.value.unsent, spent.value.retry_after) == ("OwnCallBudget", True, 600)
    line.stage.later(minutes=10, seconds=1)
    line.get()
    assert line.graph.recent_calls() == 1
    assert len(line.sandbox.calls) == 4


def test_where_there_are_no_budgets_there_is_none_for_calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "CALLS_PER_TEN_MINUTES", 1)
    with Stage(tmp_path, MONDAY_MORNING, messages_per_minute=0) as stage:
        line = Line(stage)
        for _ in range(3):
            line.get()


@pytest.mark.parametrize("share", [4, 2, 1])
def test_no_more_requests_are_under_way_than_the_share_allows(line: Line, share: int) -> None:
    line.graph.at_once = share
    line.graph.token()
    running, most, guard = 0, 0, threading.Lock()
    real = line.graph._connection.bearer

    def counted(*args: Any, **more: Any) -> Any:
        nonlocal running, most
        with guard:
            running += 1
            most = max(most, running)
        time.sleep(0.02)
        try:
            return real(*args, **more)
        finally:
            with guard:
                running -= 1

    line.graph._connection.bearer = counted  # type: ignore[method-assign]
    threads = [threading.Thread(target=line.get) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == share
    assert all(call.status == 200 for call in line.sandbox.calls)


def test_a_body_is_read_while_its_turn_lasts(line: Line) -> None:
    """A download that is still under way is a request at a time like any other."""
    line.graph.at_once = 1
    graph_id = line.sandbox.deliver(b"From: anna@example.nl\r\nTo: info@lesseausoap.com\r\n\r\n" + b"hoi " * 60_000)
    busy: list[int] = []
    real = session._streamed

    def watched(*args: Any) -> Any:
        busy.append(line.graph._busy)
        return real(*args)

    session._streamed = watched
    try:
        assert inbox.mime(line.graph, graph_id)
    finally:
        session._streamed = real
    assert busy == [1]
    assert line.graph._busy == 0


def test_an_answered_send_leaves_its_connection_for_the_next_call(line: Line) -> None:
    for _ in range(3):
        draft = outbox.create_draft(line.graph, b"To: anna@example.nl\r\nSubject: x\r\n\r\nhoi\r\n")
        outbox.send(line.graph, draft)
    assert line.graph._connection.session is not None
    adapter = line.graph._connection.session.get_adapter(line.graph.root)
    assert sum(pool.num_connections for pool in adapter.poolmanager.pools._container.values()) == 1


def test_an_upload_carries_no_token(line: Line) -> None:
    draft = outbox.create_draft(line.graph, b"To: anna@example.nl\r\nSubject: x\r\n\r\nhoi\r\n")
    outbox.upload(line.graph, draft, outbox.File("groot.zip", "application/zip", bytes(40_000)))
    assert [call.status for call in line.sandbox.calls if call.method == "PUT"] == [201]


# --- what is never said -----------------------------------------------------------------------------------------------


def test_neither_logs_nor_errors_hold_secrets_or_addresses(
    line: Line, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    """Even where everything is logged, and the service answers with addresses in its texts."""
    caplog.set_level(logging.DEBUG)
    said = b'{"error":{"code":"ErrorX","message":"anna@example.nl is unknown","innerError":{"code":"ErrorY"}}}'
    faults: list[dict[str, Any]] = [
        {"status": 400, "body": said},
        {"status": 500, "body": said},
        {"status": 401, "body": said},
        {"reset": "before"},
        {"body": b"anna@example.nl"},
    ]
    errors: list[str] = []
    with structlog.testing.capture_logs() as logs:
        for fault in faults:
            line.fail("POST", "*/messages", times=2, **fault)
            for body in ({"subject": "anna@example.nl"}, {}):
                try:
                    line.graph.post(f"{line.graph.mailbox_url}/messages", body)
                except GraphError as error:
                    errors.append(f"{error} {error!r} {error.args} {error.__cause__}")
            line.sandbox.faults.clear()
        line.graph.forget_token(line.graph.token())
        line.sandbox.entra.client_secret = "another"
        line.graph._app = None
        with pytest.raises(TokenRefused) as refused:
            line.get()
        errors.append(f"{refused.value!r}")
    printed = capsys.readouterr()
    everything = "\n".join([*errors, caplog.text, str(logs), printed.out, printed.err])
    token = line.graph._token
    assert len(errors) >= 6
    assert token
    for secret in (token, line.graph._credential, "anna@example.nl", MAILBOX, "Bearer"):
        assert str(secret) not in everything
