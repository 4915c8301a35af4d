"""An item as Graph writes it: the message, attachment and folder resources."""

import base64
import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from bot.sandbox.errors import Unmodelled, bad_request
from bot.sandbox.mailbox import ROOT, Folder, Item, Mailbox
from bot.sandbox.mime import Part
from bot.sandbox.odata import EXTENDED, property_id, split_outside

HEADER_NAMESPACE = "{00020386-0000-0000-c000-000000000046}"
"""PS_INTERNET_HEADERS: the property set in which Exchange keeps internet headers by name."""


@dataclass(frozen=True, slots=True)
class View:
    """How the client wants to see items: its Prefer header and the tenant's habits."""

    immutable: bool = False
    text: bool = False
    header_properties: bool = False
    """Headers given by MIME can be reached as extended properties (nobody documents that they can)."""
    hide_address_headers: bool = False
    """From, To, Cc and Sender are left out of internetMessageHeaders, as was seen on some received mail."""

    def id_of(self, item: Item) -> str:
        """The id in the form that was asked for."""
        return item.immutable_id if self.immutable else item.id


def timestamp(moment: datetime) -> str:
    """A moment as Graph writes it: UTC, whole seconds, Z."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _recipients(header: str) -> Callable[[Item, View], list[dict[str, Any]]]:
    def read(item: Item, view: View) -> list[dict[str, Any]]:
        return [_person(name, address) for name, address in item.mime.addresses(header)]

    return read


def _person(name: str, address: str) -> dict[str, Any]:
    return {"emailAddress": {"name": name or address, "address": address}}


def _from(item: Item, view: View) -> dict[str, Any] | None:
    name, address = item.mime.sender
    return _person(name, address) if address else None


def _sender(item: Item, view: View) -> dict[str, Any] | None:
    found = item.mime.addresses("Sender")
    return _person(*found[0]) if found else _from(item, view)


def _body(item: Item, view: View) -> dict[str, str]:
    if view.text:
        return {"contentType": "text", "content": item.mime.text}
    return {"contentType": "html", "content": item.mime.html}


def _headers(item: Item, view: View) -> list[dict[str, str]] | None:
    if not item.from_outside:  # sent items and drafts have none, whatever is selected
        return None
    hidden = ("from", "to", "cc", "sender") if view.hide_address_headers else ()
    return [{"name": name, "value": value} for name, value in item.mime.headers if name.lower() not in hidden]


def _change_key(item: Item) -> str:
    return base64.b64encode(hashlib.sha256(f"{item.immutable_id} {item.version}".encode()).digest()[:18]).decode()


FIELDS: Mapping[str, Callable[[Item, View], Any]] = {
    "id": lambda item, view: view.id_of(item),
    "createdDateTime": lambda item, view: timestamp(item.created),
    "lastModifiedDateTime": lambda item, view: timestamp(item.modified),
    "changeKey": lambda item, view: _change_key(item),
    "categories": lambda item, view: list(item.categories),
    "receivedDateTime": lambda item, view: timestamp(item.received),
    "sentDateTime": lambda item, view: timestamp(item.sent),
    "hasAttachments": lambda item, view: item.mime.has_attachments,
    "internetMessageId": lambda item, view: item.message_id,
    "subject": lambda item, view: item.subject,
    "bodyPreview": lambda item, view: item.mime.preview,
    "importance": lambda item, view: item.importance,
    "parentFolderId": lambda item, view: item.folder.id,
    "conversationId": lambda item, view: item.conversation,
    "conversationIndex": lambda item, view: base64.b64encode(item.conversation.encode()[:22]).decode(),
    "isDeliveryReceiptRequested": lambda item, view: False,
    "isReadReceiptRequested": lambda item, view: bool(item.mime.header("Disposition-Notification-To")),
    "isRead": lambda item, view: item.is_read,
    "isDraft": lambda item, view: item.is_draft,
    "webLink": lambda item, view: f"https://outlook.office365.com/owa/?ItemID={item.id}&viewmodel=ReadMessageItem",
    "inferenceClassification": lambda item, view: "focused",
    "body": _body,
    "sender": _sender,
    "from": _from,
    "toRecipients": _recipients("To"),
    "ccRecipients": _recipients("Cc"),
    "bccRecipients": _recipients("Bcc"),
    "replyTo": _recipients("Reply-To"),
    "flag": lambda item, view: item.flag,
}
"""Every property of a message that comes without $select."""
SELECTED_ONLY: Mapping[str, Callable[[Item, View], Any]] = {"internetMessageHeaders": _headers}
"""Properties that come only when selected."""
NOT_MODELLED = ("uniqueBody", "mentionsPreview", "unsubscribeData", "unsubscribeEnabled")


def parse_select(text: str) -> tuple[str, ...]:
    """The names in a $select, spelt as Graph spells them. Raises GraphError 400 for an unknown property."""
    known = {name.lower(): name for name in (*FIELDS, *SELECTED_ONLY)}
    names = []
    for name in (part.strip() for part in text.split(",")):
        if name in NOT_MODELLED:
            raise Unmodelled(f"$select={name}")
        if name.lower() not in known:
            raise bad_request(f"Could not find a property named '{name}' on type 'microsoft.graph.message'.")
        names.append(known[name.lower()])
    return tuple(names)


def look_up(item: Item, view: View, path: str) -> Any:
    """The value of a property by its path, for $filter and $search."""
    if path == EXTENDED:
        return [{"id": key, "value": value} for key, value in extended_properties(item, view).items()]
    head, _, rest = path.partition("/")
    read = FIELDS.get(head)
    if read is None:
        raise bad_request(f"Could not find a property named '{head}' on type 'microsoft.graph.message'.")
    value = read(item, view)
    for name in rest.split("/") if rest else ():
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def message(
    item: Item,
    view: View,
    select: tuple[str, ...] = (),
    expand: Mapping[str, Mapping[str, str]] | None = None,
    *,
    nested_select: bool = True,
) -> dict[str, Any]:
    """The message resource. `nested_select` False: an inner $select of attachments is passed over, as delta does."""
    data: dict[str, Any] = {"@odata.etag": f'W/"{_change_key(item)}"', "id": view.id_of(item)}
    if item.message_class != "IPM.Note" or "text/calendar" in item.mime.header("Content-Type").lower():
        data["@odata.type"] = "#microsoft.graph.message"
    for name in select or FIELDS:
        read = FIELDS.get(name) or SELECTED_ONLY[name]
        value = read(item, view)
        if name not in SELECTED_ONLY or value is not None:
            data[name] = value
    for name, options in (expand or {}).items():
        if name == "attachments":
            inner = options.get("$select", "") if nested_select else ""
            data[name] = attachments(item, inner)
        elif name == EXTENDED:
            asked = re.findall(r"id eq '((?:[^']|'')*)'", options.get("$filter", ""))
            wanted = {property_id(value).lower() for value in asked}
            if not wanted:
                raise bad_request("$expand of extended properties needs $filter=id eq '…'.")
            found = extended_properties(item, view)
            data[name] = [{"id": k, "value": v} for k, v in found.items() if k.lower() in wanted]
            if not data[name]:
                del data[name]
        else:
            raise Unmodelled(f"$expand={name}")
    return data


def extended_properties(item: Item, view: View) -> dict[str, str]:
    """Extended properties by id: those that a client set, the message class, and headers where the view has them."""
    found = {"String 0x1a": item.message_class, **item.properties}
    if view.header_properties:
        found.update({f"String {HEADER_NAMESPACE} Name {n}": v for n, v in item.mime.headers if n.lower()[:2] == "x-"})
    return found


def attachment_id(item: Item, index: int) -> str:
    """The id of the nth attachment of an item."""
    digest = hashlib.sha256(f"{item.immutable_id} attachment {index}".encode()).digest()
    return "AAMkAD" + base64.urlsafe_b64encode(digest * 2).decode()[:85] + "="


def attachments(item: Item, select: str = "") -> list[dict[str, Any]]:
    """The attachment resources of an item, with bytes unless $select leaves them out."""
    wanted = {name.strip().lower() for name in split_outside(select, ",")}
    return [attachment(item, index, part, wanted) for index, part in enumerate(item.mime.attachments())]


def attachment(item: Item, index: int, part: Part, wanted: set[str] | None = None) -> dict[str, Any]:
    """One attachment resource; `wanted` are selected names in lower case, none for all."""
    kind = "itemAttachment" if part.is_message else "fileAttachment"
    data: dict[str, Any] = {
        "@odata.type": f"#microsoft.graph.{kind}",
        "@odata.mediaContentType": part.type,
        "id": attachment_id(item, index),
        "lastModifiedDateTime": timestamp(item.modified),
        "name": part.name,
        "contentType": None if part.is_message else part.type,
        "size": len(part.content),
        "isInline": part.inline,
    }
    if not part.is_message:
        data["contentId"] = part.content_id or None
        data["contentLocation"] = None
        data["contentBytes"] = base64.b64encode(part.content).decode()
    if not wanted:
        return data
    return {key: value for key, value in data.items() if key[0] == "@" or key.lower() in wanted or key == "id"}


def folder(mailbox: Mailbox, this: Folder) -> dict[str, Any]:
    """The mailFolder resource. Folder ids are the same in both forms."""
    return {
        "id": this.id,
        "displayName": this.name,
        "parentFolderId": this.parent.id if this.parent else mailbox.root.id,
        "childFolderCount": len([child for child in mailbox.children(this) if not child.hidden]),
        "unreadItemCount": sum(not item.is_read for item in this.items.values()),
        "totalItemCount": len(this.items),
        "sizeInBytes": sum(len(item.raw) for item in this.items.values()),
        "isHidden": this.hidden or this.well_known == ROOT,
    }
