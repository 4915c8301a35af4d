"""Our own mail with one person, for the copy (AVG art. 15(3)): the Graph side of `bot/processors/microsoft365.py`."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote

from bot.graph.session import GraphError, GraphSession
from bot.mail import markup
from bot.processors.base import ProcessorDown, normal
from bot.processors.microsoft365 import CorrespondenceItem

FIELDS = "internetMessageId,receivedDateTime,subject,from,toRecipients,ccRecipients,body,hasAttachments,isDraft"
MOST = 2_000  # mails of one person
AGAIN = 300  # seconds until an unwilling mailbox is asked again


class MailboxCorrespondence:
    """Looks for mails with an address in all folders of the watched mailbox."""

    def __init__(self, graph: GraphSession) -> None:
        self._graph = graph

    def find(self, address: str) -> Sequence[CorrespondenceItem]:
        """Mails that may have this address as sender or recipient, drafts excluded. Raises ProcessorDown.

        `$filter` finds what the person sent; `$search` also what went to them. An empty search proves nothing, and a
        mailbox that refuses to search is listed instead.
        """
        try:
            found: dict[str, CorrespondenceItem] = {}
            for item in self._with(address):
                if not item.get("isDraft") and item["id"] not in found and len(found) < MOST:
                    found[str(item["id"])] = self._item(item)
            return tuple(found.values())
        except GraphError as error:
            raise ProcessorDown("microsoft365", int(error.retry_after or AGAIN), f"status {error.status}") from None

    def _with(self, address: str) -> Iterator[Mapping[str, Any]]:
        box = self._graph.mailbox_url
        wanted = quote(address.replace("'", "''"))
        yield from self._pages(
            f"{box}/messages?$filter=receivedDateTime ge 1990-01-01T00:00:00Z and "
            f"from/emailAddress/address eq '{wanted}'&$orderby=receivedDateTime desc&$top=100&$select={FIELDS}"
        )
        try:
            yield from self._pages(f'{box}/messages?$search="participants:{wanted}"&$top=100&$select={FIELDS}')
        except GraphError as error:
            if error.status not in (400, 501):
                raise
            yield from self._pages(f"{box}/mailFolders/sentitems/messages?$top=100&$select={FIELDS}")

    def _pages(self, url: str) -> Iterator[Mapping[str, Any]]:
        while url:
            page = self._graph.get(url, prefer='outlook.body-content-type="text"')
            yield from page.get("value") or []
            url = str(page.get("@odata.nextLink") or "")

    def _item(self, item: Mapping[str, Any]) -> CorrespondenceItem:
        sender = _address(item.get("from"))
        body = item.get("body") or {}
        text = str(body.get("content") or "")
        attachments: tuple[str, ...] = ()
        if item.get("hasAttachments"):
            url = f"{self._graph.mailbox_url}/messages/{quote(str(item['id']))}/attachments?$select=id,name,size"
            attachments = tuple(str(one.get("name") or "") for one in self._graph.get(url).get("value") or [])
        return CorrespondenceItem(
            message_id=str(item.get("internetMessageId") or item["id"]),
            received=datetime.fromisoformat(str(item["receivedDateTime"])),
            direction="out" if sender == self._graph.settings.mailbox.address else "in",
            sender=sender,
            to=tuple(_address(one) for key in ("toRecipients", "ccRecipients") for one in item.get(key) or []),
            subject=str(item.get("subject") or ""),
            text=markup.read(text).text if body.get("contentType") == "html" else text,
            attachments=attachments,
        )


def _address(recipient: Any) -> str:
    return normal(((recipient or {}).get("emailAddress") or {}).get("address"))
