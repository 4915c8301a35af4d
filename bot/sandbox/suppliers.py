"""A Lightspeed eCom C-Series on loopback, over TLS: real paths, Basic auth, paging, filters, limits and error bodies.

    with SandboxLightspeed(invented_shop()) as shop:
        httpx.get(f"{shop.url}/nl/customers.json", auth=(shop.key, shop.secret), verify=...)

What it does not model answers 501 with the route's name, which is also kept in `unmodelled`: a run that met one
has relied on something nobody looked up. Faults wait in `faults`, by route; every call is kept in `calls`.
"""

import base64
import contextlib
import hmac
import json
import re
import shutil
import ssl
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from bot.sandbox.faults import Faults
from bot.sandbox.loopback import Answer, LoopbackServer, Request, json_answer
from bot.sandbox.people import Row, Shop, country, invented_shop
from bot.sandbox.tls import loopback_tls

FilterHabit = Literal["exact", "any case", "contains", "ignored"]
"""How filters behave: as documented, blind to case, matching a part of the text, or not at all."""

READ_ONLY = frozenset({"id", "createdAt", "updatedAt", "lastOnlineAt", "type", "remoteIp", "userAgent"})
WINDOWS = (300, 3600, 86400)


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource: where its rows are, how one and many are called, what may be done, by what it can be filtered.

    `on_list` and `on_one` are the methods for the collection and for one row; `parent` is the field that holds the
    id in the middle of the path (`orders/{id}/products`); `filters` maps a query parameter to a field.
    """

    rows: str
    one: str
    many: str
    on_list: frozenset[str]
    on_one: frozenset[str]
    parent: str = ""
    filters: Mapping[str, str] = field(default_factory=dict)


def _methods(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _resource(rows: str, one: str, many: str, on_list: str, on_one: str, parent: str = "", **filters: str) -> Resource:
    return Resource(rows, one, many, _methods(on_list), _methods(on_one), parent, filters)


ALL = "GET PUT DELETE"
RESOURCES: dict[str, Resource] = {
    "customers": _resource("customers", "customer", "customers", "GET POST", ALL, email="email"),
    "customers/{id}/metafields": _resource(
        "customer_metafields", "customerMetafield", "customerMetafields", "GET POST", ALL, "customer"
    ),
    "orders": _resource("orders", "order", "orders", "GET", "GET PUT", customer="customer", number="number"),
    "orders/{id}/products": _resource("order_products", "orderProduct", "orderProducts", "GET", "GET", "order"),
    "orders/{id}/metafields": _resource(
        "order_metafields", "orderMetafield", "orderMetafields", "GET POST", ALL, "order"
    ),
    "orders/events": _resource(
        "order_events", "orderEvent", "orderEvents", "GET", "GET", order="order", invoice="invoice", shipment="shipment"
    ),
    "invoices": _resource(
        "invoices", "invoice", "invoices", "GET", "GET PUT", customer="customer", order="order", number="number"
    ),
    "invoices/{id}/items": _resource("invoice_items", "invoiceItem", "invoiceItems", "GET", "GET", "invoice"),
    "invoices/{id}/metafields": _resource(
        "invoice_metafields", "invoiceMetafield", "invoiceMetafields", "GET POST", ALL, "invoice"
    ),
    "shipments": _resource(
        "shipments", "shipment", "shipments", "GET", "GET PUT", customer="customer", order="order", number="number"
    ),
    "shipments/{id}/products": _resource(
        "shipment_products", "shipmentProduct", "shipmentProducts", "GET", "GET", "shipment"
    ),
    "shipments/{id}/metafields": _resource(
        "shipment_metafields", "shipmentMetafield", "shipmentMetafields", "GET POST", ALL, "shipment"
    ),
    "returns": _resource("returns", "return", "returns", "GET", ALL),
    "reviews": _resource("reviews", "review", "reviews", "GET POST", ALL, customer="customer"),
    "subscriptions": _resource("subscriptions", "subscription", "subscriptions", "GET POST", ALL),
    "tickets": _resource("tickets", "ticket", "tickets", "GET POST", ALL, customer="customer"),
    "tickets/{id}/messages": _resource("ticket_messages", "ticketMessage", "ticketMessages", "GET POST", ALL, "ticket"),
    "quotes": _resource("quotes", "quote", "quotes", "GET POST", "GET PUT"),
    "quotes/{id}/products": _resource("quote_products", "quoteProduct", "quoteProducts", "GET", "GET", "quote"),
    "checkouts": _resource("checkouts", "checkout", "checkouts", "GET POST", ALL),
    "contacts": _resource("contacts", "contact", "contacts", "GET", "GET"),
    "blogs/comments": _resource("blog_comments", "blogComment", "blogComments", "GET POST", ALL),
    "groups": _resource("groups", "group", "groups", "GET POST", ALL),
    "groups/customers": _resource(
        "group_members",
        "groupsCustomer",
        "groupsCustomers",
        "GET POST",
        "GET DELETE",
        customer="customer",
        group="group",
    ),
}

RELATIONS = {
    "customer": "customers",
    "order": "orders",
    "invoice": "invoices",
    "shipment": "shipments",
    "group": "groups",
}
"""Fields that hold another row's id, and the resource of that row."""

PARENTS = frozenset({"ticket", "quote"})
"""Fields that only say to which row a part belongs; the supplier does not show them."""

LINKS: dict[str, tuple[tuple[str, str], ...]] = {
    "customers": (
        ("groups", "groups/customers?customer={id}"),
        ("orders", "orders?customer={id}"),
        ("invoices", "invoices?customer={id}"),
        ("shipments", "shipments?customer={id}"),
        ("reviews", "reviews?customer={id}"),
        ("tickets", "tickets?customer={id}"),
        ("metafields", "customers/{id}/metafields"),
        ("login", "customers/{id}/login"),
    ),
    "orders": (
        ("invoices", "invoices?order={id}"),
        ("shipments", "shipments?order={id}"),
        ("products", "orders/{id}/products"),
        ("metafields", "orders/{id}/metafields"),
        ("events", "orders/events?order={id}"),
    ),
    "invoices": (
        ("items", "invoices/{id}/items"),
        ("metafields", "invoices/{id}/metafields"),
        ("events", "orders/events?invoice={id}"),
    ),
    "shipments": (
        ("products", "shipments/{id}/products"),
        ("metafields", "shipments/{id}/metafields"),
        ("events", "orders/events?shipment={id}"),
    ),
    "tickets": (("messages", "tickets/{id}/messages"),),
    "quotes": (("products", "quotes/{id}/products"),),
}
"""Relations to many rows that a row carries: field and where they are."""

FIXED: dict[str, dict[str, Any]] = {
    "shop": {
        "shop": {
            "id": 4242,
            "status": "active",
            "isB2b": False,
            "mainDomain": "winkel.example",
            "email": "info@winkel.example",
        }
    },
    "shop/company": {"shopCompany": {"id": 4242, "name": "Voorbeeldzeep b.v.", "city": "Delft"}},
}

PERMISSION_GROUPS = ("content", "products", "customers", "orders", "settings", "tracking")

GROUP_OF = {
    **dict.fromkeys(("customers", "groups", "subscriptions", "tickets", "reviews"), "customers"),
    **dict.fromkeys(("orders", "invoices", "shipments", "returns", "quotes", "checkouts"), "orders"),
    **dict.fromkeys(("blogs", "contacts"), "content"),
}
"""The permission that a route asks, by its first word: our reading, the supplier's own division is not published."""


@dataclass(frozen=True, slots=True)
class Call:
    """One request as it arrived. `route` is the path with `{id}` for numbers and without language and `.json`."""

    method: str
    route: str
    path: str
    query: Mapping[str, str]
    status: int


class SandboxLightspeed:
    """A running shop API; a context manager. The rows in `shop` may be changed at any time.

    `tls` is a server context with its root's PEM file, to share one root among servers; without it one is made.
    `limits` are calls for each 5 minutes, hour and day; `now` gives Unix seconds for them.
    Habits that differ between accounts or are not known, to be set at any time: `filters`, `since_id_works`,
    `newest_first`, `orders_writable` (whether a PUT on an order takes), `permissions` (what the key may).
    """

    def __init__(
        self,
        shop: Shop | None = None,
        *,
        tls: tuple[ssl.SSLContext, Path] | None = None,
        port: int = 0,
        language: str = "nl",
        base_path: str = "",
        limits: tuple[int, int, int] = (300, 3000, 12000),
        now: Callable[[], float] = time.time,
    ) -> None:
        self.key = "0123456789abcdef0123456789abcdef"
        self.secret = "fedcba9876543210fedcba9876543210"
        self.language = language
        self.base_path = base_path.rstrip("/")
        self.now = now
        self._lock = threading.RLock()
        self.reset(shop, limits)
        self._own_folder = None if tls else Path(tempfile.mkdtemp(prefix="lightspeed-"))
        context, self.ca_file = tls or loopback_tls(self._own_folder or Path())
        self._server = LoopbackServer(self.answer, port=port, tls=context)

    def reset(self, shop: Shop | None = None, limits: tuple[int, int, int] = (300, 3000, 12000)) -> None:
        """Everything as at the start, with these rows (a fresh invented shop by default) and these limits."""
        with self._lock:
            self.shop = shop if shop is not None else invented_shop()
            self.limits = limits
            self.filters: FilterHabit = "exact"
            self.since_id_works = True
            self.newest_first = False
            self.orders_writable = True
            self.permissions: dict[str, bool] = dict.fromkeys(PERMISSION_GROUPS, True)
            self.faults = Faults()
            self.calls: list[Call] = []
            self.unmodelled: list[str] = []
            self._spent: list[tuple[int, int]] = [(-1, 0)] * len(WINDOWS)

    @property
    def url(self) -> str:
        """What belongs in `processors.lightspeed.url`."""
        return f"https://127.0.0.1:{self._server.port}{self.base_path}"

    @property
    def customers(self) -> list[Row]:
        """The customer records."""
        return self.shop.customers

    @property
    def orders(self) -> list[Row]:
        """The orders."""
        return self.shop.orders

    def close(self) -> None:
        """Ends serving, and removes the certificate file if it made one."""
        self._server.close()
        if self._own_folder:
            shutil.rmtree(self._own_folder, ignore_errors=True)

    def __enter__(self) -> "SandboxLightspeed":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def answer(self, request: Request) -> Answer:
        """The answer to one request, with its call recorded and a waiting fault applied."""
        inside = request.path.removeprefix(self.base_path)
        language, _, rest = inside.removeprefix("/").partition("/")
        path = rest.removesuffix(".json")
        route = re.sub(r"(?<=/)\d+(?=/|$)", "{id}", path)
        fault = self.faults.strike(request.method, route)
        if fault and not fault.after_effect:
            time.sleep(fault.delay)
        with self._lock:
            if fault is None or fault.effect_happens:
                reply = self._effect(request, inside, rest, language, path, route)
            else:
                reply = Answer(0)
            if fault and fault.status is not None:
                reply = self._error(fault.status, request.method, inside, fault.code or "Planned fault")
            if fault:
                reply.reset = bool(fault.reset)
                reply.headers.update(fault.headers)
                if fault.body is not None:
                    reply.body = fault.body(reply.body) if callable(fault.body) else fault.body
            self.calls.append(Call(request.method, route, inside, request.options(), reply.status))
        if fault and fault.after_effect:
            time.sleep(fault.delay)
        return reply

    def _effect(self, request: Request, inside: str, rest: str, language: str, path: str, route: str) -> Answer:
        expected = base64.b64encode(f"{self.key}:{self.secret}".encode()).decode()
        scheme, _, given = request.header("Authorization").partition(" ")
        if scheme.lower() != "basic" or not hmac.compare_digest(given.encode(), expected.encode()):
            return self._error(401, request.method, inside, "Unauthorized")
        within, headers = self._spend()
        if not within:
            reply = self._error(429, request.method, inside, "Too Many Requests")
        elif language != self.language or not rest.endswith(".json"):
            reply = self._error(404, request.method, inside, "Not Found")
        elif not self._may(request.method, route):
            reply = self._error(403, request.method, inside, "Forbidden")
        else:
            reply = self._route(request.method, inside, path, route, request.options(), request.body)
        reply.headers.update(headers)
        return reply

    def _may(self, method: str, route: str) -> bool:
        """Whether the key has the right for a route; which group a resource belongs to is read from its first word."""
        group = GROUP_OF.get(route.split("/", 1)[0], "")
        return self.permissions.get(group, True)

    def _spend(self) -> tuple[bool, dict[str, str]]:
        """Takes one call from each bucket: whether all had one left, and the three headers."""
        moment = int(self.now())
        left, resets = [], []
        for index, (window, limit) in enumerate(zip(WINDOWS, self.limits, strict=True)):
            begun, used = self._spent[index]
            if begun != moment // window:
                begun, used = moment // window, 0
            self._spent[index] = (begun, min(used + 1, limit + 1))
            left.append(limit - min(used + 1, limit + 1))
            resets.append((begun + 1) * window - moment)
        headers = {
            "X-RateLimit-Limit": "/".join(map(str, self.limits)),
            "X-RateLimit-Remaining": "/".join(map(str, left)),
            "X-RateLimit-Reset": "/".join(map(str, resets)),
        }
        return min(left) >= 0, headers

    def _route(self, method: str, inside: str, path: str, route: str, query: dict[str, str], body: bytes) -> Answer:
        if method == "GET" and path in FIXED:
            return json_answer(200, FIXED[path])
        if method == "GET" and path == "time":
            return json_answer(
                200, {"time": {"time": datetime.fromtimestamp(self.now(), UTC).isoformat(timespec="seconds")}}
            )
        if method == "GET" and path == "account/permissions":
            granted = {group: {"read": may, "write": may} for group, may in self.permissions.items()}
            return json_answer(200, {"accountPermissions": granted})
        if method == "GET" and path == "account/ratelimit":
            return json_answer(200, {"accountRatelimit": self._ratelimit()})
        counting = route.endswith("/count")
        base = route.removesuffix("/count")
        numbers = [int(step) for step in path.split("/") if step.isdigit()]
        if base in RESOURCES and not base.endswith("{id}"):
            resource = RESOURCES[base]
            if method not in resource.on_list or (counting and method != "GET"):
                return self._error(405, method, inside, "Method Not Allowed")
            return self._collection(method, inside, base, resource, numbers[:1], query, body, counting)
        base, _, last = route.rpartition("/")
        if last == "{id}" and base in RESOURCES:
            resource = RESOURCES[base]
            if method not in resource.on_one:
                return self._error(405, method, inside, "Method Not Allowed")
            return self._single(method, inside, base, resource, numbers, body)
        self.unmodelled.append(f"{method} {route}")
        return json_answer(
            501,
            {"error": {"code": 501, "method": method, "request": inside, "message": f"not modelled: {method} {route}"}},
        )

    def _ratelimit(self) -> dict[str, Any]:
        moment = int(self.now())
        state = {}
        for index, name in enumerate(("limit5Min", "limitHour", "limitDay")):
            ends = (self._spent[index][0] + 1) * WINDOWS[index]
            state[name] = {
                "limit": self.limits[index],
                "remaining": self.limits[index] - self._spent[index][1],
                "reset": ends - moment,
                "resetTime": datetime.fromtimestamp(ends, UTC).isoformat(),
            }
        return state

    def _collection(
        self,
        method: str,
        inside: str,
        base: str,
        resource: Resource,
        parents: list[int],
        query: dict[str, str],
        body: bytes,
        counting: bool,
    ) -> Answer:
        rows: list[Row] = getattr(self.shop, resource.rows)
        if resource.parent:
            owner = RESOURCES[base.split("/", 1)[0]]
            if not any(row["id"] == parents[0] for row in getattr(self.shop, owner.rows)):
                return self._error(404, method, inside, "Not Found")
        if method == "POST":
            given = self._given(resource, body)
            if given is None:
                return self._error(400, method, inside, "Invalid data input")
            row = self._settle(given)
            row["id"] = 1 + max((other["id"] for other in rows), default=0)
            row["createdAt"] = row["updatedAt"] = self._moment()
            if resource.parent:
                row[resource.parent] = parents[0]
            rows.append(row)
            return json_answer(201, {resource.one: self._dressed(base, row)})
        chosen = [row for row in rows if not resource.parent or row.get(resource.parent) == parents[0]]
        chosen = [row for row in chosen if self._passes(resource, row, query)]
        if counting:
            return json_answer(200, {"count": len(chosen)})
        chosen.sort(key=lambda row: int(row["id"]), reverse=self.newest_first)
        limit = min(int(query.get("limit") or 50), 250)
        start = (max(int(query.get("page") or 1), 1) - 1) * limit
        return json_answer(200, {resource.many: [self._dressed(base, row) for row in chosen[start : start + limit]]})

    def _passes(self, resource: Resource, row: Row, query: dict[str, str]) -> bool:
        for name, wanted in query.items():
            if name == "since_id" and self.since_id_works and int(row["id"]) <= int(wanted or 0):
                return False
            stamp = {"created_at": "createdAt", "updated_at": "updatedAt"}.get(name[:-4])
            if stamp and name.endswith(("_min", "_max")):
                moment = datetime.fromisoformat(row[stamp]) if row.get(stamp) else None
                bound = datetime.fromisoformat(wanted).replace(tzinfo=UTC)
                if moment is None or (moment < bound if name.endswith("_min") else moment > bound):
                    return False
            if name in resource.filters and not self._matches(str(row.get(resource.filters[name])), wanted):
                return False
        return True

    def _matches(self, value: str, wanted: str) -> bool:
        match self.filters:
            case "exact":
                return value == wanted
            case "any case":
                return value.lower() == wanted.lower()
            case "contains":
                return wanted.lower() in value.lower()
            case "ignored":
                return True

    def _single(
        self, method: str, inside: str, base: str, resource: Resource, numbers: list[int], body: bytes
    ) -> Answer:
        rows: list[Row] = getattr(self.shop, resource.rows)
        row = next(
            (
                row
                for row in rows
                if row["id"] == numbers[-1] and (not resource.parent or row.get(resource.parent) == numbers[0])
            ),
            None,
        )
        if row is None:
            return self._error(404, method, inside, "Not Found")
        if method == "DELETE":
            rows.remove(row)
            if base == "customers":
                self._forget_customer(row["id"])
            return Answer(204)
        if method == "PUT":
            given = self._given(resource, body)
            if given is None:
                return self._error(400, method, inside, "Invalid data input")
            if base != "orders" or self.orders_writable:
                row.update({name: value for name, value in self._settle(given).items() if name not in READ_ONLY})
            row["updatedAt"] = self._moment()
        return json_answer(200, {resource.one: self._dressed(base, row)})

    def _forget_customer(self, number: int) -> None:
        for rows in (self.shop.customer_metafields, self.shop.group_members):
            rows[:] = [row for row in rows if row["customer"] != number]

    def _given(self, resource: Resource, body: bytes) -> Row | None:
        try:
            tree = json.loads(body)
        except ValueError:
            return None
        given = tree.get(resource.one) if isinstance(tree, dict) else None
        return given if isinstance(given, dict) else None

    def _settle(self, given: Row) -> Row:
        """Given fields as they are kept: a country comes as its code."""
        kept = {}
        for name, value in given.items():
            if name.endswith("Country") and isinstance(value, str):
                with contextlib.suppress(KeyError):
                    value = country(value.lower())
            kept[name] = value
        return kept

    def _moment(self) -> str:
        return datetime.fromtimestamp(self.now(), UTC).isoformat(timespec="seconds")

    def _link(self, target: str, number: int | bool) -> Row:
        path, _, query = target.partition("?")
        address = f"{self.url}/{self.language}/{path}.json" + (f"?{query}" if query else "")
        return {"resource": {"id": number, "url": target, "link": address}}

    def _dressed(self, base: str, row: Row) -> Row:
        """A row as the supplier shows it: ids of other rows become relations, parents of parts are left out."""
        resource = RESOURCES[base]
        shown: Row = {}
        for name, value in row.items():
            if name == resource.parent or name in PARENTS:
                continue
            if name in RELATIONS and isinstance(value, int) and not isinstance(value, bool):
                shown[name] = self._link(f"{RELATIONS[name]}/{value}", value)
            else:
                shown[name] = value
        if base == "orders" and isinstance(row.get("customer"), int):
            buyer = next((one for one in self.shop.customers if one["id"] == row["customer"]), None)
            if buyer:
                shown["customer"]["resource"]["embedded"] = self._dressed("customers", buyer)
        for name, target in LINKS.get(base, ()):
            shown[name] = self._link(target.format(id=row["id"]), False)
        return shown

    def _error(self, code: int, method: str, inside: str, message: str) -> Answer:
        tree = {"error": {"code": code, "method": method, "request": inside, "message": message}}
        return json_answer(code, tree)
