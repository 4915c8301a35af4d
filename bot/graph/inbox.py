"""Reading: two readers (delta and plain listings), one message by id, one person's mail.

Delta is fast and may lose what moves A→B→A; listings by moment of receipt are slow and complete. Both only feed the
ledger, which makes seeing a message twice harmless.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from bot.graph.session import GraphError, GraphSession

PAGE_FIELDS = (
    "internetMessageId,receivedDateTime,subject,from,sender,replyTo,toRecipients,ccRecipients,body,hasAttachments,"
    "internetMessageHeaders,parentFolderId,isDraft"
)
LIST_FIELDS = "internetMessageId,receivedDateTime,from,parentFolderId,isDraft"
PAGE_SIZE = 50
MOST_PAGES = 2_000  # of one round; a round that never ends is a fault of the service, not of the mailbox
LARGEST_MAIL = 25 * 1024 * 1024  # bytes of MIME that are read


class DeltaExpired(Exception):
    """The delta link is no longer known (410, SyncStateNotFound, resyncRequired): start a full round."""


@dataclass(frozen=True, slots=True)
class Page:
    """Messages of one page; `link` is the delta link when it ends the round. `removed` counts what left the folder."""

    items: tuple[Mapping[str, Any], ...]
    removed: int
    link: str | None


def received_of(item: Mapping[str, Any]) -> datetime | None:
    """When the mailbox received a message; None for partial items that do not say."""
    text = item.get("receivedDateTime")
    return datetime.fromisoformat(str(text)) if text else None


def stamp(moment: datetime) -> str:
    """A moment as Graph's filters want it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def delta_pages(graph: GraphSession, folder: str, link: str | None) -> Iterator[Page]:
    """The pages of one delta round of a folder, from `link` or from the beginning. Raises DeltaExpired, GraphError.

    No `$filter`: a filtered round stops at 5,000 messages.
    """
    url = link or f"{graph.mailbox_url}/mailFolders/{folder}/messages/delta?$select={PAGE_FIELDS}"
    for _ in range(MOST_PAGES):
        try:
            page = graph.get(url, prefer=f"odata.maxpagesize={PAGE_SIZE}")
        except GraphError as error:
            lost = error.code.lower() in ("syncstatenotfound", "resyncrequired", "errorinvalidsyncstatedata")
            if error.status == 410 or lost:
                raise DeltaExpired from None
            raise
        values = page.get("value") or []
        items = tuple(item for item in values if "@removed" not in item and item.get("receivedDateTime"))
        ended = page.get("@odata.deltaLink")
        yield Page(items, sum("@removed" in item for item in values), ended)
        if ended:
            return
        url = page.get("@odata.nextLink") or ""
        if not url:
            raise GraphError(0, "NoNextLink")
    raise GraphError(0, "EndlessDelta")


def listing(graph: GraphSession, folder: str, since: datetime) -> Iterator[Mapping[str, Any]]:
    """What a folder holds that was received since then, oldest first: ids and moments only."""
    url = (
        f"{graph.mailbox_url}/mailFolders/{folder}/messages?$filter=receivedDateTime ge {stamp(since)}"
        f"&$orderby=receivedDateTime&$top=200&$select={LIST_FIELDS}"
    )
    for _ in range(MOST_PAGES):
        page = graph.get(url)
        yield from page.get("value") or []
        url = page.get("@odata.nextLink") or ""
        if not url:
            return
    raise GraphError(0, "EndlessListing")


def mime(graph: GraphSession, graph_id: str) -> bytes | None:
    """The whole message as RFC 5322 text; None when it is larger than `LARGEST_MAIL`."""
    return graph.get_bytes(f"{graph.mailbox_url}/messages/{quote(graph_id)}/$value", LARGEST_MAIL)


def item(graph: GraphSession, graph_id: str) -> Mapping[str, Any]:
    """One message as a delta page shows it."""
    return graph.get(f"{graph.mailbox_url}/messages/{quote(graph_id)}?$select={PAGE_FIELDS}")


def find(graph: GraphSession, message_id: str) -> list[Mapping[str, Any]]:
    """Every message of the mailbox with this Message-ID, drafts and sent ones too; ids change when people move mail."""
    wanted = message_id.replace("'", "''")
    url = f"{graph.mailbox_url}/messages?$filter=internetMessageId eq '{quote(wanted)}'&$select={LIST_FIELDS}"
    return list(graph.get(url).get("value") or [])
