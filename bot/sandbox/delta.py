"""Rounds of `messages/delta` over one folder, with the habits and the traps of Outlook's.

A round is fixed when it starts: the ids that it will list. A token is opaque to the client; here it names a place in a
round (nextLink) or a position in the folder's log (deltaLink). Only the last few of each live, as in Exchange.
"""

import secrets
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot.sandbox import resource
from bot.sandbox.errors import GraphError, Unmodelled, bad_request
from bot.sandbox.mailbox import Change, Folder, Item, Mailbox
from bot.sandbox.odata import parse_expand, received_from
from bot.sandbox.resource import View


@dataclass(frozen=True, slots=True)
class Query:
    """The options of the first request; the links carry them on."""

    select: tuple[str, ...] = ()
    since: datetime | None = None
    strictly: bool = False
    expand: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    kind: str = ""
    top: int = 0

    def fits(self, item: Item) -> bool:
        """Whether the $filter lets the item through."""
        if self.since is None:
            return True
        return item.received > self.since if self.strictly else item.received >= self.since


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a round: an item, only its read state, or its leaving."""

    item: Item
    kind: str
    ordinary_id: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where a token points: into a round that is being walked, or (no entries) after one."""

    folder_id: str
    query: Query
    sequence: int
    """Changes after this belong to the next round."""
    entries: tuple[Entry, ...] | None = None
    at: int = 0
    empty: int = 0
    """Empty pages already given before this place."""


@dataclass
class Rounds:
    """The delta tokens of one mailbox and the switches of their behaviour."""

    empty_pages: int = 0
    """So many pages without items before each page with some."""
    duplicates: bool = False
    """Every item comes twice in a round, and the last item of a round comes again in the next."""
    partial_read_items: bool = True
    """A toggle of isRead gives only id, isRead and parentFolderId (an open issue of Graph)."""
    loses_returned_items: bool = True
    """With immutable ids an item that left and came back between two rounds is listed as removed only (open issue)."""
    returns_headers: bool = True
    """internetMessageHeaders come in delta pages when selected."""
    filter_cap: int = 5000
    """A filtered round returns at most so many messages."""
    tokens_kept: int = 8
    """For each folder; older deltaLinks answer 410."""
    walks_kept: int = 400
    """nextLinks that live, over all folders; they age."""
    code: str = "SyncStateNotFound"
    """The code of that 410, in whatever case."""
    gives_location: bool = False
    """The 410 carries Location, the URL of a fresh full round (maintenance of the service)."""
    _places: dict[str, OrderedDict[str, Place]] = field(default_factory=dict)
    _walks: OrderedDict[str, Place] = field(default_factory=OrderedDict)

    def expire(self) -> None:
        """Every link given so far is dead: 410 and `code`."""
        self._places.clear()
        self._walks.clear()

    def page(
        self, mailbox: Mailbox, folder: Folder, options: Mapping[str, str], size: int, view: View, link: str
    ) -> dict[str, Any]:
        """One page. `options` is the query, `size` the page size, `link` the URL of the route without a query."""
        given = {key.lower(): value for key, value in options.items()}
        if "$skiptoken" in given:
            place = self._find(self._walks, given["$skiptoken"], folder, link)
        elif given.get("$deltatoken", "latest") != "latest":
            after = self._find(self._places.get(folder.id, OrderedDict()), given["$deltatoken"], folder, link)
            place = self._next_round(mailbox, folder, after, view)
        else:  # `$deltatoken=latest` does not hold for mail: everything comes
            place = self._first_round(mailbox, folder, _query(given))
        return self._write(place, folder, size, view, link)

    def _find(self, places: OrderedDict[str, Place], token: str, folder: Folder, link: str) -> Place:
        place = places.get(token)
        if place is None or place.folder_id != folder.id:
            message = "The sync state generation is not found; generation=149;[highest=157][157][155][156]"
            raise GraphError(410, self.code, message, {"Location": link} if self.gives_location else {})
        return place

    def _first_round(self, mailbox: Mailbox, folder: Folder, query: Query) -> Place:
        items = [item for item in mailbox.newest_first(folder) if query.fits(item)]
        if query.since is not None:
            items = items[: self.filter_cap]
        if query.top:  # $top is no page size: it cuts the round short
            items = items[: query.top]
        entries = [Entry(item, "created", item.id) for item in items]
        return Place(folder.id, query, mailbox.sequence(), self._doubled(entries))

    def _next_round(self, mailbox: Mailbox, folder: Folder, after: Place, view: View) -> Place:
        stays: dict[str, list[Change]] = {}
        for change in _later(folder.log, after.sequence):
            stays.setdefault(change.item.immutable_id if view.immutable else change.ordinary_id, []).append(change)
        entries = []
        for stay in stays.values():
            entry = _told(stay, after.query, loses=self.loses_returned_items)
            if entry is not None:
                entries.append(entry)
        if self.duplicates and folder.items:
            last = next(reversed(folder.items.values()))
            entries.append(Entry(last, "updated", last.id))
        entries.reverse()
        return Place(folder.id, after.query, mailbox.sequence(), self._doubled(entries))

    def _doubled(self, entries: list[Entry]) -> tuple[Entry, ...]:
        return tuple(e for entry in entries for e in (entry, entry)) if self.duplicates else tuple(entries)

    def _write(self, place: Place, folder: Folder, size: int, view: View, link: str) -> dict[str, Any]:
        entries = place.entries or ()
        page: dict[str, Any] = {"@odata.context": f"{link.partition('/users')[0]}/$metadata#Collection(message)"}
        if place.empty < self.empty_pages:
            page["@odata.nextLink"] = self._walk(
                link, Place(place.folder_id, place.query, place.sequence, place.entries, place.at, place.empty + 1)
            )
            page["value"] = []
            return page
        end = place.at + size
        lines = [self._line(entry, folder, place.query, view) for entry in entries[place.at : end]]
        page["value"] = [line for line in lines if line is not None]
        if end < len(entries):
            following = Place(place.folder_id, place.query, place.sequence, place.entries, end)
            page["@odata.nextLink"] = self._walk(link, following)
        else:
            page["@odata.deltaLink"] = self._mark(link, Place(place.folder_id, place.query, place.sequence))
        return page

    def _line(self, entry: Entry, folder: Folder, query: Query, view: View) -> dict[str, Any] | None:
        item = entry.item
        if entry.kind == "removed":
            return {
                "@odata.type": "#microsoft.graph.message",
                "id": item.immutable_id if view.immutable else entry.ordinary_id,
                "@removed": {"reason": "deleted"},
            }
        if item.folder is not folder or item.immutable_id not in folder.items:
            return None  # gone since the round began: the next round tells
        if entry.kind == "read" and self.partial_read_items:
            return {
                "@odata.type": "#microsoft.graph.message",
                "id": view.id_of(item),
                "isRead": item.is_read,
                "parentFolderId": folder.id,
            }
        data = resource.message(item, view, query.select, query.expand, nested_select=False)
        if not self.returns_headers:
            data.pop("internetMessageHeaders", None)
        return {"@odata.type": "#microsoft.graph.message", **data}

    def _walk(self, link: str, place: Place) -> str:
        token = secrets.token_urlsafe(32)
        self._walks[token] = place
        while len(self._walks) > self.walks_kept:
            self._walks.popitem(last=False)
        return f"{link}?$skiptoken={token}"

    def _mark(self, link: str, place: Place) -> str:
        token = secrets.token_urlsafe(32)
        places = self._places.setdefault(place.folder_id, OrderedDict())
        places[token] = place
        while len(places) > self.tokens_kept:
            places.popitem(last=False)
        return f"{link}?$deltatoken={token}"


def _later(log: list[Change], sequence: int) -> list[Change]:
    low, high = 0, len(log)
    while low < high:
        middle = (low + high) // 2
        low, high = (middle + 1, high) if log[middle].sequence <= sequence else (low, middle)
    return log[low:]


def _told(stay: list[Change], query: Query, *, loses: bool) -> Entry | None:
    """What a round says of the changes of one item (or, by ordinary id, of one stay); None when it says nothing."""
    item, last_id = stay[-1].item, stay[-1].ordinary_id
    kinds = {change.kind for change in stay}
    came, left = stay[0].kind == "created", stay[-1].kind == "removed"
    if came and left:
        return None  # came and went in between: never listed
    if left or ("removed" in kinds and loses and not came):
        return None if query.kind in ("created", "updated") else Entry(item, "removed", stay[0].ordinary_id)
    if kinds == {"read"}:  # passes the $filter, but is tracked only when isRead is selected
        watched = not query.select or "isRead" in query.select
        return Entry(item, "read", last_id) if watched and query.kind in ("", "updated") else None
    kind = "created" if "created" in kinds else "updated"
    if query.kind not in ("", kind) or not query.fits(item):
        return None
    return Entry(item, kind, last_id)


def _query(options: Mapping[str, str]) -> Query:
    known = {"$select", "$filter", "$expand", "$orderby", "$top", "changetype", "$deltatoken"}
    for name in options:
        if name == "$search":
            raise bad_request("The query parameter '$search' is not supported with change tracking.")
        if name not in known:
            raise Unmodelled(f"delta with {name}")
    order = options.get("$orderby", "receivedDateTime desc")
    if order.lower().split() != ["receiveddatetime", "desc"]:
        raise bad_request("Only $orderby=receivedDateTime desc is supported with change tracking.")
    kind = options.get("changetype", "")
    if kind not in ("", "created", "updated", "deleted"):
        raise bad_request(f"Unknown changeType '{kind}'.")
    clause = options.get("$filter", "")
    return Query(
        select=resource.parse_select(options["$select"]) if options.get("$select") else (),
        since=received_from(clause) if clause else None,
        strictly=" gt " in clause,
        expand=parse_expand(options.get("$expand", "")),
        kind=kind,
        top=int(options.get("$top") or 0),
    )
