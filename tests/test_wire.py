"""The wire format of Graph and Entra: production code against recorded answers, with no sandbox running.

`make record` makes the cassettes anew; a request that differs from the recorded one fails.
"""

import base64
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.graph.session import GraphSession
from bot.mail.message import from_graph
from bot.sandbox import graph as sandbox
from bot.settings import load
from proofs import record
from proofs.record import SCENES, Wire
from tests.conftest import MONDAY_MORNING

SETTINGS = f"""
[mailbox]
address = "{record.SOMEBODY}"
since = 2026-01-01
tenant_id = "tenant"
client_id = "client"
client_secret_file = "client.secret"
graph_url = "{record.HOST}"
authority_url = "{record.HOST}"
[people]
staff = ["privacy@example.nl"]
management = ["directie@example.nl"]
"""


@pytest.fixture
def replay(tmp_path: Path) -> Callable[[str], tuple[Any, list[float], int]]:
    """Runs a scene on its cassette; gives its result, the pauses it took, and how many requests were played."""
    (tmp_path / "settings.toml").write_text(SETTINGS)
    (tmp_path / "client.secret").write_text("not-the-recorded-one")

    def run(name: str) -> tuple[Any, list[float], int]:
        pauses: list[float] = []
        session = GraphSession(load(tmp_path / "settings.toml"), patience=pauses.append)
        with record.tape("none").use_cassette("token.yaml"):
            session.token()
        with record.tape("none").use_cassette(f"{name}.yaml") as cassette:
            result = SCENES[name](Wire(session, MONDAY_MORNING))
            assert cassette.all_played
            return result, pauses, cassette.play_count

    return run


Replay = Callable[[str], tuple[Any, list[float], int]]


def test_a_token_is_asked_for_once_and_kept(tmp_path: Path) -> None:
    (tmp_path / "settings.toml").write_text(SETTINGS)
    (tmp_path / "client.secret").write_text("not-the-recorded-one")
    with record.tape("none").use_cassette("token.yaml") as cassette:
        assert record.token(Wire(GraphSession(load(tmp_path / "settings.toml")), MONDAY_MORNING))
        assert (cassette.play_count, cassette.all_played) == (2, True)


def test_a_delta_round_gives_mails_with_headers_and_a_link_for_the_next_round(replay: Replay) -> None:
    (first, second), _, _ = replay("delta_round")
    mails = [from_graph(item) for page in first for item in page.items]
    assert mails
    assert all(mail.sender and mail.text and mail.message_id for mail in mails)
    assert all(mail.header("Authentication-Results") for mail in mails)
    assert [bool(page.link) for page in first] == [False] * (len(first) - 1) + [True]
    assert second[-1].link
    assert not [item for page in second for item in page.items]


def test_a_draft_made_from_mime_is_a_draft_until_it_is_removed(replay: Replay) -> None:
    (there, gone), _, _ = replay("mime_draft")
    assert (there["isDraft"], there["internetMessageId"]) == (True, record.MESSAGE_ID)
    assert gone is None or gone["isDraft"]


def test_a_letter_that_was_sent_is_found_in_sent_items(replay: Replay) -> None:
    found, _, _ = replay("send")
    assert (found["isDraft"], found["internetMessageId"]) == (False, record.MESSAGE_ID)


def test_a_large_file_goes_by_ranges_of_an_upload_session(replay: Replay) -> None:
    draft, pauses, _ = replay("upload_session")
    assert draft.startswith("AAscrubbed-")
    assert not pauses
    ranges = [one["request"]["headers"]["Content-Range"] for one in interactions("upload_session") if is_put(one)]
    assert ranges == [["bytes 0-3145727/3299840"], ["bytes 3145728-3299839/3299840"]]


def test_a_throttled_read_waits_as_told_and_a_throttled_send_is_not_repeated(replay: Replay) -> None:
    (pages, error), pauses, _ = replay("throttling")
    assert pages[-1].link
    assert pauses.count(1.0) >= 2
    assert (error.status, error.throttled, error.definite) == (429, True, False)
    sends = [one for one in interactions("throttling") if one["request"]["uri"].endswith("/send")]
    assert len(sends) == 1


def interactions(name: str) -> list[Any]:
    """What a cassette holds."""
    return list(yaml.safe_load((record.CASSETTES / f"{name}.yaml").read_text())["interactions"])


def is_put(interaction: Any) -> bool:
    """Whether it is a range of an upload session."""
    return bool(interaction["request"]["method"] == "PUT")


# --- nothing personal, nothing secret ---------------------------------------------------------------------------------


def texts(value: Any) -> Iterator[str]:
    """Every text in a cassette, those inside base64 too."""
    if isinstance(value, dict):
        for one in value.values():
            yield from texts(one)
    elif isinstance(value, list):
        for one in value:
            yield from texts(one)
    elif isinstance(value, str | bytes):
        text = value.decode("utf-8", "replace") if isinstance(value, bytes) else value
        yield text
        for run in re.findall(r"[A-Za-z0-9+/]{24,}={0,2}", text):
            yield base64.b64decode(run + "=" * (-len(run) % 4)).decode("latin-1")


@pytest.mark.parametrize("name", SCENES)
def test_a_cassette_holds_one_address_and_it_is_nobodys(name: str) -> None:
    found = {
        address for text in texts(interactions(name)) for address in re.findall(r"[\w.+-]+@[\w-]+\.[\w.-]*\w", text)
    }
    assert found <= {record.SOMEBODY}


@pytest.mark.parametrize("name", SCENES)
def test_a_cassette_holds_no_secret_no_token_and_no_id(name: str) -> None:
    whole = "\n".join(texts(interactions(name)))
    for secret in (
        sandbox.CLIENT_SECRET,
        sandbox.CLIENT_ID,
        sandbox.TENANT_ID,
        "Bearer ey",
        "eyJ",
        "authtoken",
        "lesseau",
    ):
        assert secret not in whole
    assert not re.search(r"(?:delta|skip)token=(?!scrubbed-)", whole)
    assert not re.search(r"\bAA[\w-]{60,}", whole)
    assert set(re.findall(r'"access_token": "([^"]*)"', whole)) <= {"scrubbed"}
    assert not re.search(r"client_(?:secret|assertion)=", whole)


@pytest.mark.parametrize("name", SCENES)
def test_a_cassette_keeps_only_the_headers_that_the_format_needs(name: str) -> None:
    asked = {header.lower() for one in interactions(name) for header in one["request"]["headers"]}
    given = {header.lower() for one in interactions(name) for header in one["response"]["headers"]}
    assert asked <= {"content-type", "content-range", "prefer"}
    assert given <= {"content-type", "retry-after", "location", "preference-applied", "www-authenticate"}


A_REAL_ID = "AAkALgAAAAAAHYQDEapmEc2byACqAC_EWg0AfZ8m2PnUTEqLZzdLqf2R1wAAAAAB9QAAAA=="


@pytest.mark.parametrize(
    ("url", "scrubbed"),
    [
        (
            "https://graph.microsoft.com/v1.0/users/info%40shop.nl/messages/" + A_REAL_ID.replace("=", "%3D") + "/send",
            "https://localhost/v1.0/users/mailbox/messages/AAscrubbed-06da8f4b8ad2f0b9/send",
        ),
        (
            "https://outlook.office.com/api/gv1.0/users('a@b.nl')/messages('x')/AttachmentSessions('y')?authtoken=eyJh",
            "https://localhost/upload/scrubbed",
        ),
        (
            "https://login.microsoftonline.com/9c1f1a52-8d0e-4b7a-9c11-5e2d7f9a0b34/oauth2/v2.0/token",
            "https://localhost/tenant/oauth2/v2.0/token",
        ),
        (
            "https://graph.microsoft.com/v1.0/$metadata#users('info%40shop.nl')/messages",
            "https://localhost/v1.0/$metadata",
        ),
    ],
)
def test_an_address_of_the_service_is_kept_as_its_route_alone(url: str, scrubbed: str) -> None:
    found = record.scrub_url(url)
    assert re.sub(r"scrubbed-\w{16}", "scrubbed-", found) == re.sub(r"scrubbed-\w{16}", "scrubbed-", scrubbed)
    assert record.scrub_url(found) == found


def test_scrubbed_mime_stays_base64_and_names_nobody() -> None:
    mime = b"From: Jan <jan.jansen@bedrijf.nl>\r\nTo: info@shop.nl\r\n\r\nBel jan.jansen@bedrijf.nl\r\n"
    found = record.scrub_body(base64.b64encode(mime), "text/plain")
    assert base64.b64decode(found) == b"From: Jan <%b>\r\nTo: %b\r\n\r\nBel %b\r\n" % ((record.SOMEBODY.encode(),) * 3)
    assert record.scrub_body(found, "text/plain") == found


def test_scrubbing_data_keeps_every_field_and_no_word_of_a_mail() -> None:
    found = record.scrub_data(
        {
            "subject": "Ontslag van Jan",
            "from": {"emailAddress": {"name": "Jan Jansen", "address": "jan@bedrijf.nl"}},
            "body": {"contentType": "html", "content": "<p>geheim</p>"},
            "internetMessageHeaders": [{"name": "Received", "value": "from 192.0.2.1"}],
            "isRead": True,
        }
    )
    assert found == {
        "subject": "Onderwerp",
        "from": {"emailAddress": {"name": "Iemand", "address": record.SOMEBODY}},
        "body": {"contentType": "html", "content": "Tekst"},
        "internetMessageHeaders": [{"name": "Received", "value": "scrubbed"}],
        "isRead": True,
    }
    assert record.scrub_data(found) == found
