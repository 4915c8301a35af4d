"""Lightspeed eCom C-Series, the web shop: who is on file there, and everything it holds about a person.

Read only. A row counts only after its own e-mail address, customer or order was compared here: a filter that the
server does not honour must never bring another person's data in. Some resources cannot be asked for an address
(orders by their own address, newsletter, contact form, carts, returns, comments); their rows are read once into an
index that holds ids and hashes of addresses, and afterwards only what is new or changed is read.

The limits are 300 calls in 5 minutes, 3,000 an hour, 12,000 a day. When one is spent, or a call takes too long in
all, ProcessorDown says when to come again, and the next `export` of the same address goes on where this one stopped.
"""

import hashlib
import re
import secrets
import ssl
import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import httpx
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from bot import killpoint
from bot.processors.base import Check, Finding, ProcessorDown, ProcessorRefused, Record, dutch_date, euros, normal

NAME = "lightspeed"
PAGE = 250  # rows; the most that one page may have
MOST_PAGES = 1000  # of one list: a quarter of a million rows
FRESH = 60.0  # seconds for which a read index serves `known`
PATIENCE = 25.0  # seconds of real time after which a reading is cut in two: within the lease of a piece of work
SHORT_WAIT = 2  # seconds that are waited on the spot
RIGHTS_MEND = "tick Content, Customers and Orders for this API key under Settings > Developers"
AGAIN = 120  # seconds after which a processor that is down is asked again
REMEMBERED = 4  # exports that are kept half done
REMEMBERED_FOR = 3600.0  # seconds

Row = Mapping[str, Any]

ADDRESSED = ("orders", "subscriptions", "contacts", "blogs/comments")
"""Resources whose rows carry an address of their own, beside customers."""

INDEXED = ("customers", *ADDRESSED, "quotes", "returns", "checkouts")
NEEDED = frozenset({"customers", "orders", "invoices"})
"""Without these there is no answer; any other resource that cannot be read is named to staff."""

IN_WORDS = {
    "subscriptions": "nieuwsbrief",
    "contacts": "contactformulier",
    "blogs/comments": "reacties op het blog",
    "quotes": "winkelwagens",
    "returns": "retouren",
    "checkouts": "openstaande afrekeningen",
    "shipments": "verzendingen",
    "reviews": "beoordelingen",
    "tickets": "klantvragen",
    "groups": "klantgroepen",
    "metafields": "extra velden",
    "events": "gebeurtenissen bij bestellingen",
}

MASKED = frozenset({"recoveryHash"})  # opens the person's cart for whoever has it
MASK = "(afgeschermd)"
FREE_TEXT = ("memo", "comment", "content", "message", "customerComment", "staffNote", "mailMessage", "customFields")
_TRUE_OR_FALSE = re.compile(r"^(?:is|do|has|allow)[A-Z]|Is[A-Z]|^(?:newsletterSubscribed|notifyStatus)$")


@dataclass(frozen=True, slots=True)
class Account:
    """Where the shop's API is and how to get in. `url` may carry a port and a path; key and secret are 32 long."""

    url: str
    language: str
    key: str = field(repr=False)
    secret: str = field(repr=False)
    ca_file: Path | None = None


class _Unreadable(Exception):
    """A resource or row that is not there (404), not open to this key (403) or of an unknown shape (0)."""

    def __init__(self, status: int, path: str) -> None:
        super().__init__(f"{path}: {status}")
        self.status = status


class _Passing(Exception):
    """A failure that may be over in a moment."""


@dataclass(slots=True)
class _Index:
    """Which rows of one resource belong to an address (as hash), a customer, an order."""

    rows: dict[tuple[str, str], set[str]] = field(default_factory=dict)
    last_id: int = 0
    changed: str = ""  # the newest updatedAt
    checked: str = ""  # what changed after this may not have been seen
    by_cursor: bool = True  # since_id works on this account
    read_at: float = float("-inf")


class Lightspeed:
    """The connector. Holds one HTTP client, the index, and the replies of exports that were cut off."""

    name = NAME

    def __init__(
        self,
        account: Account,
        *,
        pause: Callable[[float], None] = time.sleep,
        elapsed: Callable[[], float] = time.monotonic,
        timeout: float = 10.0,
    ) -> None:
        self._account = account
        self._base = f"{account.url.rstrip('/')}/{account.language}/"
        self._http = httpx.Client(
            auth=(account.key, account.secret),
            headers={"Accept": "application/json", "User-Agent": "privacybot"},
            verify=_trust(account.ca_file),
            timeout=timeout,
            trust_env=False,
        )
        self._pause = pause
        self.elapsed = elapsed
        self._salt = secrets.token_bytes(32)
        self._indexes = {resource: _Index() for resource in INDEXED}
        self._lock = threading.RLock()
        self._begun: dict[str, tuple[float, dict[str, Any]]] = {}

    def close(self) -> None:
        """Ends the connections."""
        self._http.close()

    def known(self, address: str) -> tuple[str, ...]:
        """Names of records with this address: all customer records, else one order, subscription, message or comment.

        One call for most customers. Raises ProcessorDown, ProcessorRefused.
        """
        wanted = normal(address)
        if not wanted:
            return ()
        now = self.elapsed()
        reading = _Reading(self, wanted, now, {})
        found = [row for row in reading.open("customers", email=wanted) if wanted in _addresses(row)]
        if found:
            return tuple(f"customers/{_id(row)}" for row in found)
        for resource in ("customers", *ADDRESSED):
            for row in reading.indexed(resource, not_before=now - FRESH):
                return (f"{resource}/{_key(row)}",)
        shut = [name for name, status in reading.unread.items() if status != 404]
        if shut:
            raise ProcessorRefused(
                NAME, f"whether an address is on file cannot be told without {', '.join(shut)}: {RIGHTS_MEND}"
            )
        return ()

    def export(self, address: str) -> Finding:
        """Everything about the person with this address. Raises ProcessorDown, ProcessorRefused."""
        wanted = normal(address)
        if not wanted:
            return Finding(NAME, "nothing")
        began, replies = self._replies(wanted)
        reading = _Reading(self, wanted, began, replies)
        try:
            records = tuple(_everything(reading))
        except ProcessorDown:
            raise
        except BaseException:
            self._begun.pop(wanted, None)
            raise
        self._begun.pop(wanted, None)
        return Finding(NAME, "found" if records else "nothing", records, _remark(reading.unread))

    def check(self) -> tuple[Check, ...]:
        """Key, rights and room under the limits, for `doctor`."""
        lengths = (len(self._account.key), len(self._account.secret))
        if lengths != (32, 32):
            say = (
                f"key and secret must have 32 characters each, not {lengths[0]} and {lengths[1]}: copy them again "
                "from Settings > Developers into processors.lightspeed.key_file and secret_file"
            )
            return (Check("lightspeed key", False, say),)
        try:
            shop, rights, limits = (self.ask(path, {}) for path in ("shop", "account/permissions", "account/ratelimit"))
        except _Unreadable as error:
            say = f"{error}: check processors.lightspeed.url and processors.lightspeed.language"
            return (Check("lightspeed key", False, say),)
        except (ProcessorDown, ProcessorRefused) as error:
            return (Check("lightspeed key", False, str(error)),)
        lacking = [group for group in ("content", "customers", "orders") if not _inside(rights, group, "read")]
        say = "may read content, customers and orders"
        if lacking:
            say = f"may not read {', '.join(lacking)}: {RIGHTS_MEND}"
        left = _inside(limits, "limitHour", "remaining")
        return (
            Check("lightspeed key", True, f"accepted by shop {_inside(shop, 'id')}"),
            Check("lightspeed rights", not lacking, say),
            Check("lightspeed limit", left > 100 if isinstance(left, int) else None, f"{left} calls left in this hour"),
        )

    def ask(self, path: str, query: Mapping[str, str]) -> Any:
        """The body of one GET, out of its wrapper. Raises ProcessorDown, ProcessorRefused, _Unreadable."""
        attempts = Retrying(
            stop=stop_after_attempt(3),
            wait=wait_random_exponential(multiplier=0.2, max=2.0),
            retry=retry_if_exception_type(_Passing),
            sleep=self._pause,
            reraise=True,
        )
        try:
            return attempts(self._once, path, query)
        except _Passing as error:
            raise ProcessorDown(NAME, AGAIN, str(error)) from error

    def _once(self, path: str, query: Mapping[str, str]) -> Any:
        url = f"{self._base}{path}.json"
        try:
            with killpoint.around("http", "get", url):
                reply = self._http.get(url, params=dict(query))
        except httpx.TransportError as error:
            if "CERTIFICATE_VERIFY_FAILED" in str(error):
                raise ProcessorRefused(
                    NAME, "its certificate is not trusted: check processors.lightspeed.url and mailbox.ca_file"
                ) from error
            raise _Passing(f"no answer ({type(error).__name__})") from error
        match reply.status_code:
            case 200:
                return _unwrapped(reply)
            case 401:
                raise ProcessorRefused(
                    NAME,
                    "the key is not accepted (401): check processors.lightspeed.key_file and secret_file, "
                    "and that the key still stands under Settings > Developers",
                )
            case 403 | 404:
                raise _Unreadable(reply.status_code, path)
            case 429:
                seconds = _until_reset(reply.headers)
                if seconds > SHORT_WAIT:
                    raise ProcessorDown(NAME, seconds, "the limit of calls is reached (429)")
                self._pause(seconds)
                raise _Passing("too many calls (429)")
            case status if status >= 500 and status != 501:
                raise _Passing(f"it answers {status}")
            case status:
                raise ProcessorRefused(NAME, f"it answers {status} to {path}: look whether its API has changed")

    def _replies(self, wanted: str) -> tuple[float, dict[str, Any]]:
        """When an export of this address began, and the replies it has had when it was cut off."""
        now = self.elapsed()
        with self._lock:
            self._begun = {key: begun for key, begun in self._begun.items() if now - begun[0] < REMEMBERED_FOR}
            while len(self._begun) >= REMEMBERED and wanted not in self._begun:
                self._begun.pop(min(self._begun, key=lambda key: self._begun[key][0]))
            return self._begun.setdefault(wanted, (now, {}))

    def hash(self, address: str) -> str:
        """What stands for an address in the index, for as long as this process runs."""
        return hashlib.blake2b(address.encode("utf-8", "replace"), key=self._salt, digest_size=16).hexdigest()

    def index(self, resource: str, reading: "_Reading", not_before: float) -> _Index:
        """The index of a resource, with what is new or changed read first unless that was done after `not_before`."""
        with self._lock:
            index = self._indexes[resource]
            if index.read_at >= not_before:
                return index
            read_at = self.elapsed()
            begun_before, bound = index.last_id > 0, index.checked
            while index.by_cursor:
                rows = reading.page(resource, since_id=str(index.last_id), limit=str(PAGE))
                numbers = [int(_id(row)) if _id(row).isdigit() else -1 for row in rows]
                if numbers != sorted(numbers) or (numbers and numbers[0] <= index.last_id):
                    index.by_cursor = False
                    break
                self._add(index, rows)
                index.last_id = max([index.last_id, *numbers])
                index.checked = index.checked or index.changed
                if len(rows) < PAGE:
                    break
            if not index.by_cursor:
                self._add(index, reading.pages(resource))
            elif begun_before and bound:
                day_before = _moment(bound) - timedelta(days=1)
                self._add(index, reading.pages(resource, updated_at_min=day_before.strftime("%Y-%m-%d %H:%M:%S")))
            index.checked = index.changed
            index.read_at = read_at
            return index

    def _add(self, index: _Index, rows: Iterable[Row]) -> None:
        for row in rows:
            keys = [("address", self.hash(address)) for address in _addresses(row)]
            keys += [(whose, number) for whose in ("customer", "order") for number in _ids(row, whose)]
            for key in keys:
                index.rows.setdefault(key, set()).add(_id(row))
            index.changed = max(index.changed, str(row.get("updatedAt") or ""), key=_moment)


class _Reading:
    """The reading for one person: keeps replies for a next try, watches the time, notes what could not be read."""

    def __init__(self, shop: Lightspeed, wanted: str, began: float, replies: dict[str, Any]) -> None:
        self.wanted = wanted
        self.unread: dict[str, int] = {}
        self._shop = shop
        self._began = began
        self._replies = replies
        self._until = shop.elapsed() + PATIENCE

    def _ask(self, path: str, query: Mapping[str, str]) -> Any:
        if self._shop.elapsed() > self._until:
            raise ProcessorDown(NAME, 1, "there is more to read")
        return self._shop.ask(path, query)

    def page(self, path: str, **query: str) -> list[Row]:
        """One page of rows, never remembered."""
        return _rows(self._ask(path, query), path)

    def pages(self, path: str, **query: str) -> Iterator[Row]:
        """All rows of a list, page by page. Raises ProcessorRefused when the pages do not end."""
        seen: set[str] = set()
        for number in range(1, MOST_PAGES + 1):
            rows = self.page(path, page=str(number), limit=str(PAGE), **query)
            fresh = [row for row in rows if _id(row) not in seen]
            seen.update(_id(row) for row in fresh)
            yield from fresh
            if len(rows) < PAGE:
                return
            if not fresh:
                break
        raise ProcessorRefused(NAME, f"the pages of {path} do not end: export this person by hand and report it")

    def _remembered(self, key: str, read: Callable[[], Any]) -> Any:
        if key not in self._replies:
            self._replies[key] = read()
        return self._replies[key]

    def one(self, path: str) -> Row | None:
        """One row, None when it is not there (any more)."""
        try:
            row = self._remembered(path, lambda: self._ask(path, {}))
        except _Unreadable as error:
            if error.status == 404:
                return None
            raise
        return row if isinstance(row, Mapping) and "id" in row else None

    def open(self, resource: str, path: str = "", **query: str) -> list[Row]:
        """All rows of a list; what cannot be read is noted under `resource`, or refused when it is needed.

        A part (`path`) that is not found has no rows.
        """
        key = f"{path or resource}?{sorted(query.items())}"
        try:
            return list(self._remembered(key, lambda: list(self.pages(path or resource, **query))))
        except _Unreadable as error:
            if not (path and error.status == 404):
                self._note(resource, error)
            return []

    def owned(self, resource: str, whose: str, number: str, path: str = "") -> list[Row]:
        """Rows of a list that say themselves that they belong to this customer or order."""
        return [row for row in self.open(resource, path, **{whose: number}) if number in _ids(row, whose)]

    def indexed(
        self,
        resource: str,
        customers: Collection[str] = (),
        orders: Collection[str] = (),
        not_before: float | None = None,
    ) -> Iterator[Row]:
        """Rows that the index gives for the address, these customers or these orders, read anew and compared again."""
        mine, ordered = frozenset(customers), frozenset(orders)
        try:
            rows = self._shop.index(resource, self, self._began if not_before is None else not_before).rows
            numbers = set(rows.get(("address", self._shop.hash(self.wanted)), ()))
            numbers.update(*(rows.get(("customer", owner), ()) for owner in mine))
            numbers.update(*(rows.get(("order", order), ()) for order in ordered))
            for number in sorted(numbers, key=_in_order):
                row = self.one(f"{resource}/{number}")
                if row is None:
                    continue
                if self.wanted in _addresses(row) or mine & _ids(row, "customer") or ordered & _ids(row, "order"):
                    yield row
        except _Unreadable as error:
            self._note(resource, error)

    def _note(self, resource: str, error: _Unreadable) -> None:
        if resource not in NEEDED:
            self.unread.setdefault(resource, error.status)
            return
        mend = "check processors.lightspeed.url and processors.lightspeed.language"
        if error.status == 403:
            mend = RIGHTS_MEND
        raise ProcessorRefused(NAME, f"{resource} cannot be read ({error.status}): {mend}") from error


@cache
def _trust(ca_file: Path | None) -> ssl.SSLContext:
    """The machine's root certificates and the extra one."""
    trust = ssl.create_default_context()
    if ca_file is not None:
        trust.load_verify_locations(cafile=str(ca_file))
    return trust


def _everything(reading: _Reading) -> Iterator[Record]:
    """All records of one person, in the order in which the copy shows them."""
    customers = {_id(row): row for row in reading.open("customers", email=reading.wanted)}
    customers |= {_id(row): row for row in reading.indexed("customers")}
    customers = {number: row for number, row in customers.items() if reading.wanted in _addresses(row)}
    numbers = sorted(customers, key=_in_order)
    for number in numbers:
        yield from _customer(reading, customers[number])
    orders = {_id(row): row for row in reading.indexed("orders", numbers)}
    for row in orders.values():
        yield from _order(reading, row, bool(_ids(row, "customer") & set(numbers)))
    yield from _papers(reading, "invoices", "Facturen", ("items", "Factuurregels"), numbers, orders)
    yield from _papers(reading, "shipments", "Verzendingen", ("products", "Verzonden producten"), numbers, orders)
    for row in reading.indexed("returns", numbers, orders):
        yield _record("Retouren", "returns", row, "Retour")
    for number in numbers:
        for row in reading.owned("reviews", "customer", number):
            yield _record("Beoordelingen", "reviews", row, "Beoordeling")
    for number in numbers:
        for row in reading.owned("tickets", "customer", number):
            whole = _record("Klantvragen", "tickets", row, "Vraag")
            yield whole
            for part in reading.open("tickets", f"tickets/{_id(row)}/messages"):
                yield _record("Berichten bij klantvragen", "tickets/messages", part, "Bericht", whole)
    for row in reading.indexed("contacts"):
        yield _record("Contactformulier", "contacts", row, "Bericht")
    for row in reading.indexed("subscriptions"):
        yield _record("Nieuwsbrief", "subscriptions", row, "Inschrijving")
    for row in reading.indexed("quotes", numbers):
        whole = _record("Winkelwagens", "quotes", row, "Winkelwagen")
        yield whole
        for part in reading.open("quotes", f"quotes/{_id(row)}/products"):
            yield _record("Producten in winkelwagens", "quotes/products", part, "Product", whole)
    for row in reading.indexed("checkouts", numbers):
        yield _record("Openstaande afrekeningen", "checkouts", row, "Afrekening")
    for row in reading.indexed("blogs/comments", numbers):
        yield _record("Reacties op het blog", "blogs/comments", row, "Reactie")


def _customer(reading: _Reading, row: Row) -> Iterator[Record]:
    number = _id(row)
    whole = _record("Klantgegevens", "customers", row, f"Klant {number}")
    yield whole
    yield from _metafields(reading, whole, f"customers/{number}")
    for part in reading.owned("groups", "customer", number, "groups/customers"):
        groups = [reading.one(f"groups/{group}") for group in _ids(part, "group")]
        title = ", ".join(str(group.get("title") or "") for group in groups if group)
        yield _record("Klantgroepen", "groups/customers", {**part, "groupTitle": title}, f"Groep {title}", whole)


def _order(reading: _Reading, row: Row, own_account: bool) -> Iterator[Record]:
    number = _id(row)
    note = ""
    if not own_account:
        note = "besteld met een account dat een ander e-mailadres heeft: kijk van wie deze bestelling is"
    elif reading.wanted not in _addresses(row):
        note = "bij deze bestelling staat een ander e-mailadres dan bij de klant"
    whole = _record("Bestellingen", "orders", row, "Bestelling", note=note)
    yield whole
    for part in reading.open("orders", f"orders/{number}/products"):
        yield _record("Bestelde producten", "orders/products", part, str(part.get("productTitle") or "Product"), whole)
    yield from _metafields(reading, whole, f"orders/{number}")
    for part in reading.owned("events", "order", number, "orders/events"):
        yield _record("Gebeurtenissen bij bestellingen", "orders/events", part, "Gebeurtenis", whole)


def _papers(
    reading: _Reading,
    resource: str,
    category: str,
    part_of: tuple[str, str],
    customers: Collection[str],
    orders: Collection[str],
) -> Iterator[Record]:
    """Invoices or shipments of these customers, and of orders that none of those belonged to."""
    rows = {_id(row): row for customer in customers for row in reading.owned(resource, "customer", customer)}
    covered = {order for row in rows.values() for order in _ids(row, "order")}
    rows |= {
        _id(row): row for order in orders if order not in covered for row in reading.owned(resource, "order", order)
    }
    path, part_category = part_of
    for number in sorted(rows, key=_in_order):
        whole = _record(category, resource, rows[number], "Factuur" if resource == "invoices" else "Verzending")
        yield whole
        for part in reading.open(resource, f"{resource}/{number}/{path}"):
            yield _record(part_category, f"{resource}/{path}", part, str(part.get("title") or "Regel"), whole)
        yield from _metafields(reading, whole, f"{resource}/{number}")


def _metafields(reading: _Reading, whole: Record, path: str) -> Iterator[Record]:
    for part in reading.open("metafields", f"{path}/metafields"):
        yield _record("Extra velden", f"{whole.source}/metafields", part, f"Veld {part.get('key') or ''}", whole)


def _record(category: str, source: str, row: Row, word: str, part_of: Record | None = None, note: str = "") -> Record:
    """A row as a record; the title is the word with number, day and amount, as far as the row has them."""
    number = str(row.get("number") or "")
    title = " ".join(part for part in (word, number) if part)
    if day := dutch_date(row.get("createdAt")):
        title += f" van {day}"
    if amount := euros(row.get("priceIncl")):
        title += f", {amount}"
    texts = [name for name in FREE_TEXT if " " in str(row.get(name) or "").strip()]
    notes = [note, "vrije tekst: kijk of er iets over anderen in staat" if texts else ""]
    notes.append("er staat een nationaal identificatienummer in" if row.get("nationalId") else "")
    key = _key(row) if part_of is None else f"{part_of.key}-{_id(row)}"
    return Record(
        category,
        source,
        key,
        title,
        plain(row),
        _name(row),
        part_of.name if part_of else "",
        "; ".join(filter(None, notes)),
    )


def plain(row: Row) -> dict[str, Any]:
    """A row as plain JSON: another row becomes its number, links fall away, empty is null, the cart's key is masked.

    The supplier writes `false`, "" or null for empty in the same field; only a field that is named as a yes or no
    keeps its `false`.
    """
    kept: dict[str, Any] = {}
    for name, value in row.items():
        if isinstance(value, Mapping) and "resource" in value:
            numbers = sorted(_ids(row, name), key=_in_order)
            if numbers:
                kept[name] = int(numbers[0]) if numbers[0].isdigit() else numbers[0]
        elif name in MASKED:
            kept[name] = MASK if value else None
        elif isinstance(value, Mapping):
            kept[name] = plain(value) or None
        elif isinstance(value, list):
            kept[name] = [plain(part) if isinstance(part, Mapping) else part for part in value] or None
        elif value == "" or (value is False and not _TRUE_OR_FALSE.search(name)):
            kept[name] = None
        else:
            kept[name] = value
    return kept


def _unwrapped(reply: httpx.Response) -> Any:
    try:
        tree = reply.json()
    except ValueError as error:
        raise _Passing("its answer is not JSON") from error
    if isinstance(tree, Mapping) and "error" in tree:
        raise _Passing("it answers with an error")
    return next(iter(tree.values())) if isinstance(tree, Mapping) and len(tree) == 1 else tree


def _until_reset(headers: Mapping[str, str]) -> int:
    """Seconds until the spent bucket is filled again: Retry-After, else the longest reset of a spent one."""
    try:
        return max(1, int(headers["Retry-After"]))
    except (KeyError, ValueError):
        pass
    left = [part.strip() for part in headers.get("X-RateLimit-Remaining", "").split("/")]
    resets = [part.strip() for part in headers.get("X-RateLimit-Reset", "").split("/")]
    waits = [
        int(reset)
        for remaining, reset in zip(left, resets, strict=False)
        if reset.isdigit() and remaining.lstrip("-").isdigit() and int(remaining) <= 0
    ]
    return max([1, *waits]) if waits else AGAIN


def _rows(value: Any, path: str) -> list[Row]:
    """The rows of a list's body. Raises _Unreadable for any other shape."""
    if not value:
        return []
    if not isinstance(value, list) or not all(
        isinstance(row, Mapping) and _fits_a_path(row.get("id")) for row in value
    ):
        raise _Unreadable(0, path)
    return value


def _fits_a_path(number: Any) -> bool:
    return isinstance(number, int | str) and re.fullmatch(r"[\w-]+", str(number)) is not None


def _inside(tree: Any, *names: str) -> Any:
    for name in names:
        tree = tree.get(name) if isinstance(tree, Mapping) else None
    return tree


def _id(row: Row) -> str:
    return str(row["id"])


def _key(row: Row) -> str:
    return str(row.get("number") or row["id"])


def _in_order(number: str) -> tuple[int, str]:
    return (int(number), "") if number.isdigit() else (0, number)


def _ids(row: Row, whose: str) -> frozenset[str]:
    """The number of the customer, order or group that a row belongs to, in whichever way it is written."""
    value = row.get(f"{whose}Id", row.get(whose))
    if isinstance(value, Mapping):
        value = _inside(value, "resource", "id") if "resource" in value else value.get("id")
    return frozenset({str(value)}) if value and not isinstance(value, Mapping | list | bool) else frozenset()


def _addresses(row: Row) -> frozenset[str]:
    """The row's own addresses. Those of an embedded customer record are not its own."""
    buyer = row.get("customer")
    inside = buyer.get("email") if isinstance(buyer, Mapping) and "resource" not in buyer else None
    return frozenset(filter(None, (normal(row.get("email")), normal(inside))))


def _name(row: Row) -> str:
    parts = [row.get(name) for name in ("firstname", "middlename", "lastname")]
    name = " ".join(part.strip() for part in parts if isinstance(part, str) and part.strip())
    return name or (str(row.get("name") or "") if "email" in row else "")


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _remark(unread: Mapping[str, int]) -> str:
    if not unread:
        return ""
    names = ", ".join(f"{IN_WORDS.get(name, name)} ({status or 'onbekende vorm'})" for name, status in unread.items())
    return f"Niet te lezen in Lightspeed: {names}. Kijk dit daar zelf na."
