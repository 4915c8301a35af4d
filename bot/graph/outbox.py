"""Sending, one call at a time: make a draft, send it, look for it. The door (`bot/sending.py`) decides when."""

import base64
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from typing import Any
from urllib.parse import quote

from bot.graph.inbox import EXPIRED, MOST_PAGES, DeltaExpired, Page, stamp
from bot.graph.session import GraphError, GraphSession

LARGEST_MIME_DRAFT = 2_900_000  # bytes of MIME: base64 makes less than 4 MB of it, Graph's limit for one write
LARGEST_POSTED_FILE = 2_900_000  # bytes; upload sessions are for files from 3 MB on
UPLOAD_RANGE = 3 * 1024 * 1024  # bytes of one range of an upload session
MOST_SESSIONS = 3  # upload sessions for one file, before the letter waits for better times
MOST_FAULTS = 5  # faults within one upload session
SENT_FIELDS = "internetMessageId,sentDateTime,receivedDateTime,toRecipients,isDraft"


@dataclass(frozen=True, slots=True)
class File:
    """An attachment of a composed mail."""

    name: str
    type: str
    content: bytes


def _go_on() -> None:
    """For callers that hold no lease."""


def create_draft(graph: GraphSession, mime: bytes, hold: Callable[[], None] = _go_on) -> str:
    """Makes a draft of this MIME and gives its immutable id. Raises GraphError; after a doubtful one, look first.

    A mail over `LARGEST_MIME_DRAFT` is made without its files, which then follow; so do the files of a draft that lost
    them on the way, as was seen. `hold` is called before each further request.
    """
    slim = mime if len(mime) <= LARGEST_MIME_DRAFT else without_files(mime)
    made = graph.post_text(f"{graph.mailbox_url}/messages", base64.b64encode(slim))
    if not made.get("id"):
        raise GraphError(0, "NoDraftId")
    draft = str(made["id"])
    files = files_of(mime) if slim is not mime or not made.get("hasAttachments") else ()
    for number, file in enumerate(files):
        hold()
        if len(file.content) <= LARGEST_POSTED_FILE:
            _post_file(graph, draft, file)
        else:
            upload(graph, draft, file, sum(before.name == file.name for before in files[:number]), hold)
    return draft


def files_of(mime: bytes) -> tuple[File, ...]:
    """The attachments of a composed mail."""
    whole = BytesParser(policy=policy.SMTP).parsebytes(mime)
    assert isinstance(whole, EmailMessage)
    return tuple(
        File(part.get_filename() or "bijlage", part.get_content_type(), _content(part))
        for part in whole.iter_attachments()
    )


def _content(part: EmailMessage) -> bytes:
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""


def without_files(mime: bytes) -> bytes:
    """A composed mail with its first part alone, every header and every byte of that part as it was."""
    head, _, body = mime.partition(b"\r\n\r\n")
    whole = BytesParser(policy=policy.SMTP).parsebytes(head + b"\r\n\r\n", headersonly=True)
    boundary = str(whole.get_boundary()).encode()
    _, first, *_ = body.split(b"--" + boundary)
    return b"".join((head, b"\r\n\r\n--", boundary, first, b"--", boundary, b"--\r\n"))


def _post_file(graph: GraphSession, draft: str, file: File) -> None:
    body = {
        "@odata.type": "#microsoft.graph.fileAttachment",
        "name": file.name,
        "contentType": file.type,
        "contentBytes": base64.b64encode(file.content).decode(),
    }
    graph.post(f"{graph.mailbox_url}/messages/{quote(draft)}/attachments", body)


def upload(graph: GraphSession, draft: str, file: File, namesakes: int = 0, hold: Callable[[], None] = _go_on) -> None:
    """Adds one file of any size to a draft by an upload session, range after range. Raises GraphError.

    After a fault the session says where it stands. One that is over, expired or finished unheard, is told apart by the
    draft itself: it has the file when it holds more than `namesakes` of that name.
    """
    wanted = {"attachmentType": "file", "name": file.name, "contentType": file.type, "size": len(file.content)}
    for _ in range(MOST_SESSIONS):
        hold()
        session = graph.post(
            f"{graph.mailbox_url}/messages/{quote(draft)}/attachments/createUploadSession", {"AttachmentItem": wanted}
        )
        if _put_all(graph, str(session.get("uploadUrl")), file.content, hold):
            return
        if _names(graph, draft).count(file.name) > namesakes:
            return
    raise GraphError(0, "UploadLost")


def _put_all(graph: GraphSession, url: str, content: bytes, hold: Callable[[], None]) -> bool:
    """Whether every range arrived; False when the session is over before that was heard."""
    start, faults = 0, 0
    while start < len(content):
        hold()
        try:
            start = graph.put_upload(url, content[start : start + UPLOAD_RANGE], start, len(content))
            continue
        except GraphError as error:
            faults += 1
            if faults > MOST_FAULTS:
                raise
            graph.patience(error.retry_after or 2.0**faults / 4)
        try:
            start = graph.get_upload(url)
        except GraphError as error:
            if not error.definite:
                raise
            return False
    return True


def _names(graph: GraphSession, draft: str) -> list[str]:
    page = graph.get(f"{graph.mailbox_url}/messages/{quote(draft)}/attachments?$select=id,name,size")
    return [str(file.get("name")) for file in page.get("value") or []]


def send(graph: GraphSession, draft: str) -> None:
    """Sends a draft. 202 is final, with or without Retry-After; anything else but a definite refusal is doubt."""
    graph.post(f"{graph.mailbox_url}/messages/{quote(draft)}/send")


def delete_draft(graph: GraphSession, draft: str) -> None:
    """Removes a draft that must not go out."""
    graph.delete(f"{graph.mailbox_url}/messages/{quote(draft)}")


def drafts(graph: GraphSession, message_id: str) -> list[str]:
    """The ids of what lies in Drafts under this Message-ID; one that was accepted may linger there."""
    return [str(found["id"]) for found in _named(graph, "drafts", message_id) if found.get("isDraft")]


def sent(graph: GraphSession, message_id: str) -> list[Mapping[str, Any]]:
    """What lies in Sent Items under this Message-ID. Nowhere else is proof: who got a letter can send it to us."""
    return [found for found in _named(graph, "sentitems", message_id) if not found.get("isDraft")]


def _named(graph: GraphSession, folder: str, message_id: str) -> Sequence[Mapping[str, Any]]:
    wanted = quote(message_id.replace("'", "''"))
    url = f"{graph.mailbox_url}/mailFolders/{folder}/messages?$filter=internetMessageId eq '{wanted}'"
    return graph.get(f"{url}&$select={SENT_FIELDS}").get("value") or []


def sent_pages(graph: GraphSession, link: str | None, since: datetime) -> Iterator[Page]:
    """What appeared in Sent Items: one round for all letters. The first round looks back to `since` only.

    Raises DeltaExpired when the link is dead or leads nowhere, GraphError.
    """
    url = link or (
        f"{graph.mailbox_url}/mailFolders/sentitems/messages/delta"
        f"?$select={SENT_FIELDS}&$filter=receivedDateTime ge {stamp(since)}"
    )
    for _ in range(MOST_PAGES):
        try:
            page = graph.get(url, prefer="odata.maxpagesize=100")
        except GraphError as error:
            if error.status == 410 or error.code.lower() in EXPIRED:
                raise DeltaExpired from None
            raise
        values = page.get("value") or []
        items = tuple(item for item in values if "@removed" not in item)
        ended = page.get("@odata.deltaLink")
        yield Page(items, len(values) - len(items), ended)
        if ended:
            return
        url = str(page.get("@odata.nextLink") or "")
        if not url:
            raise DeltaExpired
    raise GraphError(410, "EndlessDelta")


def state_of(graph: GraphSession, graph_id: str) -> Mapping[str, Any] | None:
    """One message by id with `isDraft` and `internetMessageId`; None when it is not there (any more, or yet)."""
    try:
        return graph.get(
            f"{graph.mailbox_url}/messages/{quote(graph_id)}?$select=internetMessageId,isDraft,parentFolderId,sentDateTime"
        )
    except GraphError as error:
        if error.status == 404:
            return None
        raise
