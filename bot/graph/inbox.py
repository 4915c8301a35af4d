"""Reading: two readers (delta and plain listings), one message by id, one person's mail.

Delta is fast and may lose what moves A→B→A; listings by moment of receipt are slow and complete. Both only feed the
ledger, which makes seeing a message twice harmless.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from bot.graph.session import GraphError, GraphSession

LIST_FIELDS = "internetMessageId,receivedDateTime,subject,bodyPreview,from,parentFolderId,isDraft"
PAGE_FIELDS = f"{LIST_FIELDS},sender,replyTo,toRecipients,ccRecipients,body,hasAttachments,internetMessageHeaders"
PAGE_SIZES = (50, 12, 3, 1)  # messages of a delta page; a smaller one when their texts are too long for `LARGEST_PAGE`
LIST_SIZES = (500, 100, 25)  # of a listing, a smaller one when the service cannot do it (deep listings answer 504)
LARGEST_PAGE = 16 * 1024 * 1024  # bytes of JSON
LARGEST_MAIL = 25 * 1024 * 1024  # bytes of MIME that are read
MOST_PAGES = 10_000  # of one round; a round that never ends is a fault of the service, not of the mailbox
EXPIRED = ("syncstatenotfound", "resyncrequired", "errorinvalidsyncstatedata")


class DeltaExpired(Exception):
    """The link is no longer known (410, SyncStateNotFound, resyncRequired) or leads nowhere: start a full round."""


@dataclass(frozen=True, slots=True)
class Page:
    """Messages of one page; `link` is the delta link when it ends the round. `removed` counts what left the folder."""

    items: tuple[Mapping[str, Any], ...]
    removed: int
    link: str | None


def received_of(item: Mapping[str, Any]) -> datetime | None:
    """When the mailbox received a message; None when it does not say, as partial items do not, or says nonsense."""
    try:
        moment = datetime.fromisoformat(str(item.get("receivedDateTime")))
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def stamp(moment: datetime) -> str:
    """A moment as Graph's filters want it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def first_round(graph: GraphSession, folder: str, since: datetime | None = None) -> str:
    """The URL that opens a round of a folder.

    Without `since`, because a filtered round stops at 5,000 messages and knows no mail that a person moves in later.
    """
    narrowed = f"&$filter=receivedDateTime ge {stamp(since)}" if since else ""
    return f"{graph.mailbox_url}/mailFolders/{folder}/messages/delta?$select={PAGE_FIELDS}{narrowed}"


def delta_pages(graph: GraphSession, folder: str, link: str | None) -> Iterator[Page]:
    """The pages of one delta round of a folder, from `link` or from the beginning. Raises DeltaExpired, GraphError.

    GraphError 413 when a single message is larger than a page may be.
    """
    url = link or first_round(graph, folder)
    for _ in range(MOST_PAGES):
        page = _delta_page(graph, url)
        values = page.get("value") or []
        items = tuple(item for item in values if "@removed" not in item and item.get("receivedDateTime"))
        ended = page.get("@odata.deltaLink")
        yield Page(items, sum("@removed" in item for item in values), ended)
        if ended:
            return
        url = page.get("@odata.nextLink") or ""
        if not url:
            raise DeltaExpired
    raise GraphError(410, "EndlessDelta")


def _delta_page(graph: GraphSession, url: str) -> dict[str, Any]:
    for size in PAGE_SIZES:
        try:
            return graph.get(url, prefer=f"odata.maxpagesize={size}", limit=LARGEST_PAGE)
        except GraphError as error:
            if error.status == 410 or error.code.lower() in EXPIRED:
                raise DeltaExpired from None
            if error.code != "AnswerTooLarge" or size == PAGE_SIZES[-1]:
                raise
    raise AssertionError


def listing(graph: GraphSession, folder: str | None, since: datetime) -> Iterator[Sequence[Mapping[str, Any]]]:
    """What a folder (None: the whole mailbox, but for what is purged) received since then, oldest first, in pages.

    A page that the service cannot give is asked for again, smaller; a full page without a next one is followed by a
    new listing from its last moment, since links have been seen to be missing. Raises GraphError.
    """
    place = f"/mailFolders/{quote(folder)}" if folder else ""
    sizes = iter(LIST_SIZES)
    size = next(sizes)
    while True:
        start = since
        url = (
            f"{graph.mailbox_url}{place}/messages?$filter=receivedDateTime ge {stamp(since)}"
            f"&$orderby=receivedDateTime&$top={size}&$select={LIST_FIELDS}"
        )
        try:
            count = 0
            for _ in range(MOST_PAGES):
                page = graph.get(url)
                values = page.get("value") or []
                if values:
                    yield values
                    count, since = len(values), received_of(values[-1]) or since
                url = page.get("@odata.nextLink") or ""
                if not url:
                    break
            else:
                raise GraphError(410, "EndlessListing")
        except GraphError as error:
            smaller = next(sizes, None)
            if error.status not in (400, 504) or smaller is None:
                raise
            size = smaller
            continue
        if count < size or since == start:
            return


def mime(graph: GraphSession, graph_id: str) -> bytes | None:
    """The whole message as RFC 5322 text; None when it is larger than `LARGEST_MAIL`."""
    return graph.get_bytes(f"{graph.mailbox_url}/messages/{quote(graph_id)}/$value", LARGEST_MAIL)


def item(graph: GraphSession, graph_id: str) -> Mapping[str, Any]:
    """One message as a delta page shows it, or without its text when that alone is larger than a page may be."""
    url = f"{graph.mailbox_url}/messages/{quote(graph_id)}?$select="
    try:
        return graph.get(url + PAGE_FIELDS, limit=LARGEST_PAGE)
    except GraphError as error:
        if error.code != "AnswerTooLarge":
            raise
        return graph.get(url + LIST_FIELDS)


def find(graph: GraphSession, message_id: str) -> list[Mapping[str, Any]]:
    """Every message of the mailbox with this Message-ID, drafts and sent ones too; ids change when people move mail."""
    wanted = message_id.replace("'", "''")
    url = f"{graph.mailbox_url}/messages?$filter=internetMessageId eq '{quote(wanted)}'&$select={LIST_FIELDS}"
    return list(graph.get(url).get("value") or [])


def received_at(graph: GraphSession, moment: datetime) -> list[Mapping[str, Any]]:
    """Every message of the mailbox that was received in this second: the way to one that has no usable Message-ID."""
    second = moment.astimezone(UTC).replace(microsecond=0)
    url = (
        f"{graph.mailbox_url}/messages?$filter=receivedDateTime ge {stamp(second)} and receivedDateTime lt "
        f"{stamp(second + timedelta(seconds=1))}&$top=100&$select={LIST_FIELDS}"
    )
    return list(graph.get(url).get("value") or [])
