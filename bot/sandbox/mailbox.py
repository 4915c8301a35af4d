"""Mailboxes as Exchange keeps them: folders, items with two kinds of id, and a log of changes for delta rounds.

An item has an *ordinary* id, which changes whenever it changes folder, and an *immutable* id, which does not. Every
change of a folder is one line in that folder's log; a delta token is a position in that log.
"""

import base64
import hashlib
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from bot.sandbox.mime import Mime

Kind = Literal["created", "updated", "read", "removed"]

WELL_KNOWN = {
    "inbox": "Postvak IN",
    "drafts": "Concepten",
    "sentitems": "Verzonden items",
    "deleteditems": "Verwijderde items",
    "junkemail": "Ongewenste e-mail",
    "archive": "Archief",
    "outbox": "Postvak UIT",
    "conversationhistory": "Gespreksgeschiedenis",
}
"""Well-known name and what a Dutch mailbox shows; the well-known names do not depend on the language."""
HIDDEN = {"recoverableitemsdeletions": "Deletions", "clutter": "Onbelangrijke e-mail"}
"""The same, for folders that are listed only with includeHiddenFolders."""
ROOT = "msgfolderroot"
CATEGORY_COLOURS = ("none", *(f"preset{n}" for n in range(25)))


@dataclass(frozen=True, slots=True)
class Change:
    """One line in a folder's log."""

    sequence: int
    kind: Kind
    item: "Item"
    ordinary_id: str
    """The item's ordinary id at that moment: one for each stay in the folder."""


@dataclass(eq=False)
class Folder:
    """A folder, with the log of what happened in it."""

    id: str
    name: str
    well_known: str = ""
    parent: "Folder | None" = None
    hidden: bool = False
    items: dict[str, "Item"] = field(default_factory=dict)
    """By immutable id, in order of arrival."""
    log: list[Change] = field(default_factory=list)

    @property
    def path(self) -> str:
        """Names from the top, joined by a slash: `Privacyverzoeken/Afgerond`."""
        above = self.parent
        return self.name if above is None or above.well_known == ROOT else f"{above.path}/{self.name}"


@dataclass(slots=True)
class Submission:
    """A message that was accepted by /send and is not yet in Sent Items."""

    at: datetime
    kept: bytes
    """What will stand in Sent Items."""
    looks: int = 0
    """How often somebody looked for it since."""


@dataclass(eq=False)
class Item:
    """A message in a mailbox."""

    id: str
    immutable_id: str
    folder: Folder
    mime: Mime
    received: datetime
    created: datetime
    modified: datetime
    conversation: str
    sent: datetime
    version: int = 1
    is_draft: bool = False
    is_read: bool = False
    from_outside: bool = False
    """Came in through the tenant's border or from another mailbox, so that its headers are shown."""
    categories: tuple[str, ...] = ()
    flag: dict[str, Any] = field(default_factory=lambda: {"flagStatus": "notFlagged"})
    importance: str = "normal"
    properties: dict[str, str] = field(default_factory=dict)
    """Extended properties: id (`String {guid} Name x`) to value."""
    submission: "Submission | None" = None
    """While it lingers in Drafts after /send."""

    @property
    def raw(self) -> bytes:
        """The message as MIME."""
        return self.mime.raw

    @property
    def subject(self) -> str:
        """Decoded."""
        return self.mime.subject

    @property
    def message_id(self) -> str:
        """Graph's internetMessageId."""
        return self.mime.message_id

    @property
    def message_class(self) -> str:
        """The MAPI message class (PidTagMessageClass): reports carry `REPORT.IPM.Note.NDR`."""
        content_type = self.mime.header("Content-Type").lower()
        if content_type.startswith("multipart/report") and "delivery-status" in content_type:
            return "REPORT.IPM.Note.NDR"
        if content_type.startswith("multipart/report") and "disposition-notification" in content_type:
            return "REPORT.IPM.Note.IPNRN"
        return "IPM.Note"


class Mailbox:
    """One mailbox. Its owner's lock guards it: nothing here locks."""

    def __init__(self, address: str, name: str, now: Callable[[], datetime]) -> None:
        self.address = address.lower()
        self.name = name
        self.now = now
        self.folders: dict[str, Folder] = {}
        self.items: dict[str, Item] = {}
        self.categories: list[dict[str, str]] = []
        self.in_transit: list[Item] = []
        """Submitted items that are in no folder meanwhile."""
        self._ordinary: dict[str, Item] = {}
        self._conversations: dict[str, str] = {}
        self._sequence = itertools.count(1)
        self._serial = itertools.count(1)
        self.root = self._new_folder("Bovenste niveau van gegevensarchief", None, ROOT)
        for well_known, title in WELL_KNOWN.items():
            self._new_folder(title, self.root, well_known)
        for well_known, title in HIDDEN.items():
            self._new_folder(title, self.root, well_known, hidden=True)

    # folders

    def folder(self, which: str) -> Folder | None:
        """By id, or by well-known name in any case."""
        return self.folders.get(which) or next(
            (f for f in self.folders.values() if f.well_known and f.well_known == which.lower()), None
        )

    def folder_at(self, path: str) -> Folder:
        """By well-known name or by path of names (`Privacyverzoeken/Afgerond`). Raises KeyError."""
        found = self.folder(path) or next((f for f in self.folders.values() if f.path == path), None)
        if found is None:
            raise KeyError(f"{self.address} has no folder {path}")
        return found

    def children(self, parent: Folder) -> list[Folder]:
        """The folders right under a folder."""
        return [f for f in self.folders.values() if f.parent is parent]

    def add_folder(self, name: str, parent: Folder, *, hidden: bool = False) -> Folder:
        """A new folder. Raises KeyError when the name is taken there."""
        if any(child.name.lower() == name.lower() for child in self.children(parent)):
            raise KeyError(name)
        return self._new_folder(name, parent, hidden=hidden)

    def _new_folder(self, name: str, parent: Folder | None, well_known: str = "", *, hidden: bool = False) -> Folder:
        folder = Folder(self._token("AAMkAD", "folder"), name, well_known, parent, hidden)
        self.folders[folder.id] = folder
        return folder

    # items

    def add(
        self,
        raw: bytes,
        folder: Folder,
        *,
        received: datetime | None = None,
        is_draft: bool = False,
        is_read: bool = False,
        from_outside: bool = False,
    ) -> Item:
        """A new item in a folder. `received` defaults to now; Graph knows whole seconds."""
        now = self.now().astimezone(UTC)
        mime = Mime(raw)
        at = (received or now).astimezone(UTC).replace(microsecond=0)
        item = Item(
            id=self._token("AAMkAD", "item"),
            immutable_id=self._token("AAkALg", "item"),
            folder=folder,
            mime=mime,
            received=at,
            created=at,
            modified=at,
            sent=mime.date or at,
            conversation=self._conversation(mime),
            is_draft=is_draft,
            is_read=is_read,
            from_outside=from_outside,
        )
        self.items[item.immutable_id] = item
        self._enter(item, folder)
        return item

    def item(self, any_id: str) -> Item | None:
        """By its current ordinary id or its immutable id; ids are case-sensitive."""
        return self._ordinary.get(any_id) or self.items.get(any_id)

    def move(self, item: Item, folder: Folder) -> None:
        """Into another folder, with a new ordinary id."""
        self.withdraw(item)
        self.restore(item, folder)

    def copy(self, item: Item, folder: Folder) -> Item:
        """A second item with the same content."""
        twin = self.add(item.raw, folder, received=item.received, is_draft=item.is_draft, is_read=item.is_read)
        twin.from_outside, twin.categories, twin.flag = item.from_outside, item.categories, dict(item.flag)
        twin.properties = dict(item.properties)
        return twin

    def withdraw(self, item: Item) -> None:
        """Out of every folder: for good, or until `restore`."""
        self._leave(item)
        del self.items[item.immutable_id]

    def restore(self, item: Item, folder: Folder, *, new_immutable_id: bool = False) -> None:
        """A withdrawn item comes back in a folder, with a new ordinary id.

        The immutable id may change too, as some tenants were seen to do when a draft becomes a sent item.
        """
        item.id = self._token("AAMkAD", "item")
        if new_immutable_id:
            item.immutable_id = self._token("AAkALg", "item")
        self.items[item.immutable_id] = item
        self._enter(item, folder)

    def replace_content(self, item: Item, raw: bytes) -> None:
        """Other MIME for a draft."""
        item.mime = Mime(raw)

    def touch(self, item: Item, kind: Kind) -> None:
        """Notes a change in the folder's log; reading alone does not touch lastModified."""
        item.version += 1
        if kind != "read":
            item.modified = self.now().astimezone(UTC).replace(microsecond=0)
        self._log(item, kind)

    def newest_first(self, folder: Folder | None = None) -> Iterator[Item]:
        """The items of a folder, or of the whole mailbox, by time of arrival."""
        items = list(self.items.values() if folder is None else folder.items.values())
        items.reverse()  # of the same second, the later one first: the sort is stable
        items.sort(key=lambda item: item.received, reverse=True)
        return iter(items)

    def sequence(self) -> int:
        """A position in the logs, later than everything that happened."""
        return next(self._sequence)

    def _enter(self, item: Item, folder: Folder) -> None:
        item.folder = folder
        folder.items[item.immutable_id] = item
        self._ordinary[item.id] = item
        self._log(item, "created")

    def _leave(self, item: Item) -> None:
        self._log(item, "removed")
        item.folder.items.pop(item.immutable_id, None)
        self._ordinary.pop(item.id, None)

    def _log(self, item: Item, kind: Kind) -> None:
        item.folder.log.append(Change(next(self._sequence), kind, item, item.id))

    def _conversation(self, mime: Mime) -> str:
        known = next((self._conversations[i] for i in reversed(mime.thread) if i in self._conversations), None)
        conversation = known or self._token("AAQkAD", "conversation")
        if mime.message_id:
            self._conversations.setdefault(mime.message_id, conversation)
        return conversation

    def _token(self, prefix: str, kind: str) -> str:
        seed = f"{self.address} {kind} {next(self._serial)}".encode()
        return prefix + base64.urlsafe_b64encode(hashlib.sha256(seed).digest() * 2).decode()[:85] + "="
