"""Sending, one call at a time: make a draft, send it, look for it. The door (`bot/sending.py`) decides when."""

import base64
from collections.abc import Iterator, Mapping
from datetime import datetime
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from typing import Any
from urllib.parse import quote

from bot.graph.inbox import DeltaExpired, Page, stamp
from bot.graph.session import GraphError, GraphSession

LARGEST_MIME_DRAFT = 3 * 1024 * 1024  # bytes of MIME: base64 makes 4 MB of it, Graph's limit for one write
UPLOAD_RANGE = 3 * 1024 * 1024  # bytes of one range of an upload session


def create_draft(graph: GraphSession, mime: bytes) -> str:
    """Makes a draft of this MIME and gives its immutable id. Raises GraphError; after a doubtful one, look first.

    A mail over `LARGEST_MIME_DRAFT` is made without its attachments, which then follow by upload sessions.
    """
    if len(mime) <= LARGEST_MIME_DRAFT:
        return str(graph.post_text(f"{graph.mailbox_url}/messages", base64.b64encode(mime))["id"])
    whole = BytesParser(policy=policy.SMTP).parsebytes(mime)
    assert isinstance(whole, EmailMessage)
    attachments = [
        (part.get_filename() or "bijlage", part.get_content_type(), part.get_payload(decode=True))
        for part in whole.iter_attachments()
    ]
    slim = EmailMessage(policy=policy.SMTP)
    for name, value in whole.items():
        if name.lower() not in ("content-type", "content-transfer-encoding", "mime-version"):
            slim[name] = value
    plain, html = whole.get_body(("plain",)), whole.get_body(("html",))
    slim.set_content(plain.get_content() if plain else "")
    if html:
        slim.add_alternative(html.get_content(), subtype="html")
    draft = str(graph.post_text(f"{graph.mailbox_url}/messages", base64.b64encode(slim.as_bytes()))["id"])
    for name, kind, content in attachments:
        upload(graph, draft, name, kind, bytes(content) if isinstance(content, bytes) else b"")
    return draft


def upload(graph: GraphSession, draft: str, name: str, kind: str, content: bytes) -> None:
    """Adds one attachment of any size to a draft by an upload session, range after range."""
    wanted = {"AttachmentItem": {"attachmentType": "file", "name": name, "contentType": kind, "size": len(content)}}
    session = graph.post(f"{graph.mailbox_url}/messages/{quote(draft)}/attachments/createUploadSession", wanted)
    for start in range(0, len(content), UPLOAD_RANGE):
        graph.put_upload(str(session["uploadUrl"]), content[start : start + UPLOAD_RANGE], start, len(content))


def send(graph: GraphSession, draft: str) -> None:
    """Sends a draft. 202 is final, with or without Retry-After; anything else but a definite refusal is doubt."""
    graph.post(f"{graph.mailbox_url}/messages/{quote(draft)}/send")


def delete_draft(graph: GraphSession, draft: str) -> None:
    """Removes a draft that must not go out."""
    graph.delete(f"{graph.mailbox_url}/messages/{quote(draft)}")


def sent_pages(graph: GraphSession, link: str | None, since: datetime) -> Iterator[Page]:
    """What appeared in Sent Items: one round for all letters. The first round looks back to `since` only."""
    url = link or (
        f"{graph.mailbox_url}/mailFolders/sentitems/messages/delta"
        f"?$select=internetMessageId,sentDateTime,receivedDateTime,isDraft&$filter=receivedDateTime ge {stamp(since)}"
    )
    while url:
        try:
            page = graph.get(url, prefer="odata.maxpagesize=100")
        except GraphError as error:
            if error.status == 410 or error.code.lower() in ("syncstatenotfound", "resyncrequired"):
                raise DeltaExpired from None
            raise
        items = tuple(item for item in page.get("value") or [] if "@removed" not in item)
        ended = page.get("@odata.deltaLink")
        yield Page(items, 0, ended)
        url = "" if ended else str(page.get("@odata.nextLink") or "")


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
