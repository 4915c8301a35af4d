"""Records the wire format of Microsoft Graph and Entra: `make record`.

Each scene runs production code and is kept as a cassette in `tests/cassettes/`; `tests/test_wire.py` runs the same
scenes against the cassettes alone, so that a drift of either side is seen. Without PRIVACYBOT_CONFIG the sandbox is
recorded; with it the tenant of those settings is: the bot's mailbox then mails itself one letter, and its inbox of the
last day is read. (Throttling cannot be provoked there: that cassette stays.)

What is kept is scrubbed on both sides of the comparison: tokens, secrets, ids, names, subjects, texts, and every
address, inside base64 too.
"""

import base64
import hashlib
import json
import os
import re
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

import vcr  # type: ignore[import-untyped]

from bot.graph import inbox, outbox
from bot.graph.session import GraphError, GraphSession
from bot.sandbox.stage import Stage
from bot.settings import Settings, config_path, load

CASSETTES = Path(__file__).parents[1] / "tests" / "cassettes"
START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
HOST = "https://localhost"
SOMEBODY = "iemand@example.nl"
NOBODY = "00000000-0000-0000-0000-000000000000"
MESSAGE_ID = f"<{SOMEBODY}>"  # what a scrubbed Message-ID looks like
MOST_LOOKS = 12
LARGE_FILE = 3_300_000  # bytes: over one range of an upload session


# --- scenes -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Wire:
    """What a scene works with: a mailbox, the moment it looks back from, and a Message-ID that is not used yet."""

    graph: GraphSession
    now: datetime
    message_id: str = MESSAGE_ID

    def letter(self, content: bytes = b"") -> bytes:
        """A letter from the mailbox to itself, with a file when there is content."""
        mail = EmailMessage(policy=SMTP)
        mail["From"] = mail["To"] = self.graph.settings.mailbox.address
        mail["Subject"] = "Proef van het formaat"
        mail["Date"] = "Mon, 02 Mar 2026 09:00:00 +0100"
        mail["Message-ID"] = self.message_id
        mail["X-Privacybot"] = "1.proef"
        mail.set_content("Dit is een proef. U hoeft niets te doen.\n")
        if content:
            mail.add_attachment(content, maintype="application", subtype="zip", filename="gegevens.zip")
            mail.set_boundary("=-=proef=-=")
        return mail.as_bytes()


def token(wire: Wire) -> bool:
    """A token for the app, and the same one again from memory."""
    return wire.graph.token() == wire.graph.token() != ""


def delta_round(wire: Wire) -> tuple[Sequence[inbox.Page], Sequence[inbox.Page]]:
    """A round over the inbox with its pages, and the next one from its link."""
    link = inbox.first_round(wire.graph, "inbox", wire.now - timedelta(days=1))
    first = list(inbox.delta_pages(wire.graph, "inbox", link))
    return first, list(inbox.delta_pages(wire.graph, "inbox", first[-1].link))


def mime_draft(wire: Wire) -> tuple[Mapping[str, Any] | None, Mapping[str, Any] | None]:
    """A draft from MIME as Graph shows it, and what is left of it after its removal."""
    draft = outbox.create_draft(wire.graph, wire.letter())
    there = outbox.state_of(wire.graph, draft)
    outbox.delete_draft(wire.graph, draft)
    return there, outbox.state_of(wire.graph, draft)


def sending(wire: Wire) -> Mapping[str, Any] | None:
    """A letter that is sent and then found in Sent Items; None when it does not come."""
    outbox.send(wire.graph, outbox.create_draft(wire.graph, wire.letter()))
    link = None
    for _ in range(MOST_LOOKS):
        for page in outbox.sent_pages(wire.graph, link, wire.now - timedelta(hours=1)):
            for found in page.items:
                if found.get("internetMessageId") == wire.message_id:
                    return found
            link = page.link or link
        wire.graph.patience(5)
    return None


def upload_session(wire: Wire) -> str:
    """A draft with a file that is too large for one request; gives its id. The draft is removed."""
    draft = outbox.create_draft(wire.graph, wire.letter(bytes(range(256)) * (LARGE_FILE // 256)))
    outbox.delete_draft(wire.graph, draft)
    return draft


def throttling(wire: Wire) -> tuple[Sequence[inbox.Page], GraphError]:
    """A read that is throttled twice and then answered, and a send that is throttled and not repeated."""
    draft = outbox.create_draft(wire.graph, wire.letter())
    pages = list(inbox.delta_pages(wire.graph, "inbox", None))
    try:
        outbox.send(wire.graph, draft)
    except GraphError as error:
        return pages, error
    raise AssertionError("the send was not throttled")


SCENES: Mapping[str, Callable[[Wire], Any]] = {
    "token": token,
    "delta_round": delta_round,
    "mime_draft": mime_draft,
    "send": sending,
    "upload_session": upload_session,
    "throttling": throttling,
}


# --- scrubbing --------------------------------------------------------------------------------------------------------

_ADDRESS = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]*\w")
_ID = re.compile(r"\bAA[\w-]{60,}(?:=|%3D)*")
_GUID = re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", re.I)
_LINK_TOKEN = re.compile(r"((?:\$|%24)(?:delta|skip)token=)([^&\s\"]+)", re.I)
_MOMENT = re.compile(r"(receivedDateTime(?: |%20|\+)ge(?: |%20|\+))[0-9TZ:%A-F-]+")
_DROPPED = frozenset({"@odata.etag", "changeKey", "webLink", "conversationIndex", "innerError"})
_FIXED = {
    "subject": "Onderwerp",
    "bodyPreview": "Tekst",
    "message": "in words",
    "access_token": "scrubbed",
    "contentBytes": "",
}
_SENT_HEADERS = ("content-type", "content-range", "prefer")
_GIVEN_HEADERS = ("content-type", "retry-after", "location", "preference-applied", "www-authenticate")
_CREDENTIALS = ("client_secret", "client_assertion", "client_assertion_type")


def scrub_text(text: str) -> str:
    """A text without addresses, ids, tokens of links, GUIDs and moments of asking. Scrubbing twice changes nothing."""
    text = _LINK_TOKEN.sub(lambda found: found[1] + _short(found[2]), text)
    text = _ID.sub(lambda found: "AA" + _short(found[0].rstrip("=").removesuffix("%3D")), text)
    text = _MOMENT.sub(r"\g<1>2026-03-01T08:00:00Z", text)
    return _ADDRESS.sub(SOMEBODY, _GUID.sub(NOBODY, text))


def _short(value: str) -> str:
    value = unquote(value)
    return value if value.startswith("scrubbed-") else f"scrubbed-{hashlib.sha256(value.encode()).hexdigest()[:16]}"


def scrub_url(url: str) -> str:
    """An address of the service without host, tenant, mailbox and keys."""
    parts = urlsplit(url)
    if "authtoken=" in parts.query or parts.path.startswith("/upload/"):
        return f"{HOST}/upload/scrubbed"
    path = re.sub(r"^/[^/]+(?=/(?:v2\.0/\.well-known|oauth2/v2\.0|kerberos|discovery|v2\.0$))", "/tenant", parts.path)
    path = re.sub(r"/users(?:/[^/]+|\('[^']*'\))", "/users/mailbox", path, flags=re.I)
    query = f"?{scrub_text(parts.query)}" if parts.query else ""
    return f"{HOST}{scrub_text(path)}{query}"


def scrub_data(value: Any, key: str = "") -> Any:
    """A JSON value without what is personal or secret; names of fields stay."""
    if isinstance(value, Mapping):
        if set(value) == {"name", "value"}:  # a header of a mail
            return {"name": value["name"], "value": "scrubbed"}
        if set(value) == {"contentType", "content"}:
            return {"contentType": value["contentType"], "content": "Tekst"}
        if "address" in value:
            return {name: SOMEBODY if name == "address" else "Iemand" for name in value}
        return {name: scrub_data(one, name) for name, one in value.items() if name not in _DROPPED}
    if isinstance(value, list):
        return [scrub_data(one, key) for one in value]
    if not isinstance(value, str):
        return value
    if key in _FIXED:
        return _FIXED[key]
    if value.startswith("https://") and key != "scope":
        return scrub_url(value)
    return scrub_text(value)


def scrub_body(body: bytes, kind: str) -> bytes:
    """A body by its content type: JSON, a form, base64 MIME, or bytes, of which only length and hash are kept."""
    kind = kind.partition(";")[0].strip().lower()
    if not body or body.startswith(b"<"):
        return body
    if "json" in kind:
        return json.dumps(scrub_data(json.loads(body)), ensure_ascii=False).encode()
    if kind == "application/x-www-form-urlencoded":
        form = [(name, value) for name, value in parse_qsl(body.decode()) if name not in _CREDENTIALS]
        kept = ("grant_type", "scope", "client_info")
        return urlencode([(name, value if name in kept else "scrubbed") for name, value in form]).encode()
    if kind == "text/plain":
        return base64.b64encode(scrub_text(base64.b64decode(body).decode("utf-8", "replace")).encode())
    return f"<{len(body)} bytes, SHA-256 {hashlib.sha256(body).hexdigest()}>".encode()


def _kind_of(headers: Mapping[str, Any]) -> str:
    found = next((value for name, value in headers.items() if name.lower() == "content-type"), "")
    return str(found[0] if isinstance(found, list) else found)


def scrub_request(request: Any) -> Any:
    """vcrpy's request, scrubbed; also before a replayed request is compared."""
    kind = _kind_of(request.headers)
    kind = kind.decode() if isinstance(kind, bytes) else kind
    body = request.body.encode() if isinstance(request.body, str) else request.body
    request.uri = scrub_url(request.uri)
    request.body = scrub_body(body, kind) if body else body
    request.headers = {name: value for name, value in request.headers.items() if name.lower() in _SENT_HEADERS}
    return request


def scrub_response(response: dict[str, Any]) -> dict[str, Any]:
    """vcrpy's response, scrubbed."""
    body = response["body"]["string"] or b""
    kind = _kind_of(response["headers"])
    response["body"]["string"] = scrub_body(body, kind)
    response["headers"] = {
        name: [scrub_url(one) if one.startswith("https://") else scrub_text(one) for one in values]
        for name, values in response["headers"].items()
        if name.lower() in _GIVEN_HEADERS
    }
    return response


def tape(mode: str) -> Any:
    """vcrpy as both sides use it; `mode` is its record mode: "all" to record, "none" to replay."""
    return vcr.VCR(
        cassette_library_dir=str(CASSETTES),
        record_mode=mode,
        match_on=("method", "path", "query", "body"),
        decode_compressed_response=True,
        before_record_request=scrub_request,
        before_record_response=scrub_response,
    )


# --- recording --------------------------------------------------------------------------------------------------------


def record(name: str, wire: Wire) -> None:
    """Records one scene anew."""
    place = CASSETTES / f"{name}.yaml"
    place.unlink(missing_ok=True)
    if name != "token":
        wire.graph.token()  # not part of the other scenes
    with tape("all").use_cassette(place.name):
        SCENES[name](wire)
    print(f"{place.name}: {place.stat().st_size:,} bytes")


@contextmanager
def _sandbox() -> Iterator[tuple[Stage, Callable[[], GraphSession]]]:
    with tempfile.TemporaryDirectory(prefix="privacybot-record-") as folder, Stage(Path(folder), START) as stage:
        yield stage, lambda: GraphSession(load(stage.settings_file), patience=lambda seconds: None)


def from_sandbox() -> None:
    """Records every scene against the sandbox."""
    with _sandbox() as (stage, session):
        stage.graph.rounds.empty_pages = 1
        stage.customer_mails("Hanneke Verbrugge", "hanneke.verbrugge@example.nl", "Mijn gegevens", "Graag inzage.")
        stage.customer_mails("Bram Kuipers", "bram.kuipers@example.org", "Waar is mijn pakket?", "Is het er al?")
        for name in SCENES:
            wire = Wire(session(), stage.now, f"<{name}@example.nl>")
            if name == "throttling":
                stage.graph.faults.add("GET", "*/messages/delta", status=429, times=2)
                stage.graph.faults.add("POST", "*/send", status=429)
            record(name, wire)


def from_tenant(settings: Settings) -> None:
    """Records every scene but throttling against the tenant of these settings."""
    domain = settings.mailbox.address.partition("@")[2]
    for name in SCENES:
        if name != "throttling":
            now = datetime.now(UTC)
            record(name, Wire(GraphSession(settings, patience=time.sleep), now, f"<wire-{now:%s}-{name}@{domain}>"))


def main() -> int:
    """Records against the sandbox, or against the tenant that PRIVACYBOT_CONFIG names."""
    CASSETTES.mkdir(parents=True, exist_ok=True)
    if os.environ.get("PRIVACYBOT_CONFIG"):
        from_tenant(load(config_path(None)))
    else:
        from_sandbox()
    return 0


if __name__ == "__main__":
    sys.exit(main())
