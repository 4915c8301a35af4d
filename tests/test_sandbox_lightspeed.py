"""The loopback shop behaves as the supplier's API is described; asked with plain httpx."""

import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from bot.sandbox import people
from bot.sandbox.suppliers import RESOURCES, SandboxLightspeed
from bot.sandbox.tls import loopback_tls


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, Path]:
    return loopback_tls(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="module")
def running(tls: tuple[ssl.SSLContext, Path]) -> Iterator[SandboxLightspeed]:
    with SandboxLightspeed(tls=tls) as server:
        yield server


@pytest.fixture
def shop(running: SandboxLightspeed) -> SandboxLightspeed:
    running.reset()
    return running


@pytest.fixture
def ask(shop: SandboxLightspeed) -> Iterator[httpx.Client]:
    trust = ssl.create_default_context(cafile=str(shop.ca_file))
    with httpx.Client(
        base_url=f"{shop.url}/nl/", auth=(shop.key, shop.secret), verify=trust, trust_env=False, timeout=5
    ) as client:
        yield client


def numbers(reply: httpx.Response) -> list[int]:
    (rows,) = reply.json().values()
    return [row["id"] for row in rows]


def test_a_customer_is_found_by_address(ask: httpx.Client) -> None:
    reply = ask.get("customers.json", params={"email": people.HANNEKE})
    assert numbers(reply) == [70001]
    assert reply.json()["customers"][0]["addressBillingStreet"] == "Voorbeeldstraat"


def test_two_people_can_share_one_address(ask: httpx.Client) -> None:
    rows = ask.get("customers.json", params={"email": people.DE_GROOT}).json()["customers"]
    assert [row["firstname"] for row in rows] == ["Pieter", "Marijke"]


def test_empty_comes_as_false_as_nothing_and_as_null(ask: httpx.Client) -> None:
    rows = ask.get("customers.json").json()["customers"]
    assert {repr(row["birthDate"]) for row in rows} >= {"False", "''", "None"}


def test_a_relation_is_a_link_and_an_order_carries_its_customer(ask: httpx.Client, shop: SandboxLightspeed) -> None:
    order = ask.get("orders/500042.json").json()["order"]
    buyer = order["customer"]["resource"]
    assert (buyer["id"], buyer["url"]) == (70001, "customers/70001")
    assert buyer["link"] == f"{shop.url}/nl/customers/70001.json"
    assert buyer["embedded"]["email"] == people.HANNEKE
    assert order["products"]["resource"]["id"] is False


def test_a_relation_to_many_is_an_address_that_can_be_asked(ask: httpx.Client) -> None:
    customer = ask.get("customers/70001.json").json()["customer"]
    for name in ("groups", "orders", "invoices", "shipments", "reviews", "tickets", "metafields"):
        assert ask.get(customer[name]["resource"]["link"]).status_code == 200


@pytest.mark.parametrize(
    ("path", "root", "found"),
    [
        ("orders.json?customer=70001", "orders", [500042, 500057]),
        ("orders.json?number=ORD00042", "orders", [500042]),
        ("invoices.json?customer=70001", "invoices", [600042, 600057]),
        ("invoices.json?order=500042", "invoices", [600042]),
        ("invoices.json?number=INV00042", "invoices", [600042]),
        ("shipments.json?order=500042", "shipments", [700042]),
        ("reviews.json?customer=70009", "reviews", [8002]),
        ("tickets.json?customer=70001", "tickets", [3001]),
        ("tickets/3001/messages.json", "ticketMessages", [3101, 3102]),
        ("groups/customers.json?group=32", "groupsCustomers", [9002]),
        ("orders/events.json?order=500042", "orderEvents", [420]),
        ("orders/500042/products.json", "orderProducts", [4200, 4201]),
        ("customers/70001/metafields.json", "customerMetafields", [1]),
        ("blogs/comments.json", "blogComments", [5001]),
    ],
)
def test_lists_are_filtered_by_what_the_api_itself_links_with(
    ask: httpx.Client, path: str, root: str, found: list[int]
) -> None:
    reply = ask.get(path)
    assert list(reply.json()) == [root]
    assert numbers(reply) == found


def test_a_filter_that_nobody_has_seen_changes_nothing(ask: httpx.Client) -> None:
    assert numbers(ask.get("subscriptions.json", params={"email": people.WILMA})) == [2001, 2002]


def test_a_page_has_fifty_rows_unless_asked_and_never_over_250(ask: httpx.Client, shop: SandboxLightspeed) -> None:
    buyer = shop.customers[0]
    for number in range(1000, 1300):
        people.place_order(shop.shop, buyer, number, "2025-10-10", [("Zeep", 1, 1.0)])
    assert len(numbers(ask.get("orders.json"))) == 50
    assert len(numbers(ask.get("orders.json?limit=1000"))) == 250
    first, second = numbers(ask.get("orders.json?limit=250")), numbers(ask.get("orders.json?limit=250&page=2"))
    assert len(second) == len(shop.orders) - 250
    assert not set(first) & set(second)


def test_since_id_gives_what_comes_after(ask: httpx.Client) -> None:
    assert numbers(ask.get("customers.json?since_id=70011")) == [70012, 70013]


def test_rows_are_counted_under_the_same_filter(ask: httpx.Client) -> None:
    assert ask.get("orders/count.json").json() == {"count": 14}
    assert ask.get("orders/count.json?customer=70001").json() == {"count": 2}


def test_rows_can_be_asked_by_when_they_changed(ask: httpx.Client) -> None:
    assert numbers(ask.get("orders.json", params={"updated_at_min": "2025-09-02 00:00:00"})) == [500054, 500057]
    assert numbers(ask.get("orders.json", params={"created_at_max": "2025-03-05 00:00:00"})) == [500042]


@pytest.mark.parametrize("credentials", [None, ("a" * 32, "b" * 32), ("", "")])
def test_without_the_right_key_there_is_nothing(ask: httpx.Client, credentials: tuple[str, str] | None) -> None:
    ask.auth = httpx.BasicAuth(*credentials) if credentials else None  # type: ignore[assignment]
    reply = ask.get("customers.json")
    assert reply.status_code == 401
    assert reply.json()["error"]["code"] == 401


def test_an_error_names_method_and_request(ask: httpx.Client) -> None:
    reply = ask.get("customers/1.json")
    assert reply.status_code == 404
    assert reply.json()["error"] == {
        "code": 404, "method": "GET", "request": "/nl/customers/1.json", "message": "Not Found",
    }  # fmt: skip


def test_a_language_that_the_shop_does_not_have_is_not_found(ask: httpx.Client, shop: SandboxLightspeed) -> None:
    assert ask.get(f"{shop.url}/en/customers.json").status_code == 404


def test_a_group_of_rights_can_be_lacking(ask: httpx.Client, shop: SandboxLightspeed) -> None:
    shop.permissions["orders"] = False
    assert ask.get("orders.json").status_code == 403
    assert ask.get("customers.json").status_code == 200
    assert ask.get("account/permissions.json").json()["accountPermissions"]["orders"]["read"] is False


def test_the_limits_are_told_in_three_numbers_and_then_enforced(tls: tuple[ssl.SSLContext, Path]) -> None:
    moment = [1_000_000.0 - 1_000_000 % 86400]
    with SandboxLightspeed(tls=tls, limits=(2, 30, 120), now=lambda: moment[0]) as shop:
        trust = ssl.create_default_context(cafile=str(shop.ca_file))
        with httpx.Client(auth=(shop.key, shop.secret), verify=trust, trust_env=False) as ask:
            replies = [ask.get(f"{shop.url}/nl/shop.json") for _ in range(3)]
            moment[0] += 301
            later = ask.get(f"{shop.url}/nl/account/ratelimit.json")
    assert [reply.status_code for reply in replies] == [200, 200, 429]
    assert replies[0].headers["X-RateLimit-Limit"] == "2/30/120"
    assert [reply.headers["X-RateLimit-Remaining"] for reply in replies] == ["1/29/119", "0/28/118", "-1/27/117"]
    assert replies[2].headers["X-RateLimit-Reset"] == "300/3600/86400"
    assert later.json()["accountRatelimit"]["limit5Min"]["remaining"] == 1


WRITES: list[tuple[str, str, int]] = [
    ("DELETE", "customers/70001", 204),
    ("DELETE", "orders/500042", 405),
    ("DELETE", "invoices/600042", 405),
    ("DELETE", "shipments/700042", 405),
    ("DELETE", "quotes/21001", 405),
    ("DELETE", "contacts/4001", 405),
    ("DELETE", "returns/17001", 204),
    ("DELETE", "reviews/8001", 204),
    ("DELETE", "subscriptions/2001", 204),
    ("DELETE", "tickets/3001", 204),
    ("DELETE", "checkouts/22001", 204),
    ("DELETE", "blogs/comments/5001", 204),
    ("DELETE", "groups/customers/9001", 204),
    ("POST", "orders", 405),
    ("PUT", "contacts/4001", 405),
]


@pytest.mark.parametrize(("method", "path", "status"), WRITES)
def test_what_may_be_written_follows_the_table(ask: httpx.Client, method: str, path: str, status: int) -> None:
    assert ask.request(method, f"{path}.json", json={} if method in ("PUT", "POST") else None).status_code == status


def test_a_deleted_customer_is_gone_and_the_orders_stay(ask: httpx.Client) -> None:
    ask.delete("customers/70001.json")
    assert ask.get("customers/70001.json").status_code == 404
    assert ask.get("customers/70001/metafields.json").status_code == 404
    assert numbers(ask.get("groups/customers.json?customer=70001")) == []
    assert ask.get("orders/500042.json").json()["order"]["email"] == people.HANNEKE


def test_a_customer_is_changed_field_by_field_and_read_only_fields_stay(ask: httpx.Client) -> None:
    change = {"lastname": "Verbruggen", "addressBillingCountry": "be", "id": 5, "remoteIp": "192.0.2.1"}
    customer = ask.put("customers/70001.json", json={"customer": change}).json()["customer"]
    assert (customer["lastname"], customer["firstname"]) == ("Verbruggen", "Hanneke")
    assert customer["addressBillingCountry"]["title"] == "België"
    assert (customer["id"], customer["remoteIp"]) == (70001, "203.0.113.9")


@pytest.mark.parametrize(("writable", "street"), [(True, "Nieuwstraat"), (False, "Voorbeeldstraat")])
def test_whether_an_order_can_be_changed_is_a_switch(
    ask: httpx.Client, shop: SandboxLightspeed, writable: bool, street: str
) -> None:
    shop.orders_writable = writable
    ask.put("orders/500042.json", json={"order": {"addressBillingStreet": "Nieuwstraat"}})
    assert ask.get("orders/500042.json").json()["order"]["addressBillingStreet"] == street


def test_a_person_is_put_into_a_group(ask: httpx.Client) -> None:
    reply = ask.post("groups/customers.json", json={"groupsCustomer": {"customer": 70002, "group": 31}})
    assert reply.status_code == 201
    assert numbers(ask.get("groups/customers.json?customer=70002")) == [reply.json()["groupsCustomer"]["id"]]


@pytest.mark.parametrize("body", [b"", b"[]", b'{"klant":{}}', b"\xff"])
def test_a_body_without_its_wrapper_is_refused(ask: httpx.Client, body: bytes) -> None:
    assert ask.put("customers/70001.json", content=body).status_code == 400


@pytest.mark.parametrize(
    "route",
    ["GET catalog", "POST orders/{id}/credit", "POST customers/{id}/login", "GET webhooks"],
)
def test_what_is_not_modelled_says_so_by_name(ask: httpx.Client, shop: SandboxLightspeed, route: str) -> None:
    method, path = route.split(" ")
    reply = ask.request(method, path.replace("{id}", "70001") + ".json")
    assert (reply.status_code, shop.unmodelled) == (501, [route])


def test_faults_strike_by_route_and_end(ask: httpx.Client, shop: SandboxLightspeed) -> None:
    shop.faults.add("GET", "customers/{id}", status=503, headers={"Retry-After": "7"})
    broken = ask.get("customers/70001.json")
    assert (broken.status_code, broken.headers["Retry-After"]) == (503, "7")
    assert ask.get("customers/70001.json").status_code == 200


@pytest.mark.parametrize(("reset", "left"), [("before", 2), ("after", 1)])
def test_a_connection_breaks_before_or_after_the_effect(
    ask: httpx.Client, shop: SandboxLightspeed, reset: Any, left: int
) -> None:
    shop.faults.add("DELETE", "subscriptions/{id}", reset=reset)
    with pytest.raises(httpx.TransportError):
        ask.delete("subscriptions/2001.json")
    assert len(shop.shop.subscriptions) == left


def test_calls_are_kept_with_their_route(ask: httpx.Client, shop: SandboxLightspeed) -> None:
    ask.get("orders/500042/products.json?limit=1")
    (call,) = shop.calls
    assert (call.method, call.route, call.query, call.status) == ("GET", "orders/{id}/products", {"limit": "1"}, 200)


def test_a_shop_may_live_on_a_path(tls: tuple[ssl.SSLContext, Path]) -> None:
    with SandboxLightspeed(tls=tls, base_path="/ls/api") as shop:
        assert shop.url.endswith("/ls/api")
        trust = ssl.create_default_context(cafile=str(shop.ca_file))
        with httpx.Client(auth=(shop.key, shop.secret), verify=trust, trust_env=False) as ask:
            assert ask.get(f"{shop.url}/nl/customers/70001.json").status_code == 200


def test_every_shop_starts_with_rows_of_its_own() -> None:
    one, other = people.invented_shop(), people.invented_shop()
    one.customers[0]["email"] = "ander@example.nl"
    assert other.customers[0]["email"] == people.HANNEKE


def test_only_example_domains_are_used() -> None:
    shop = people.invented_shop()
    rows = [row for resource in RESOURCES.values() for row in getattr(shop, resource.rows)]
    domains = {str(row["email"]).lower().rpartition("@")[2] for row in rows if row.get("email")}
    assert all(name in ("example.nl", "example.org", "example.com") or name.endswith(".example") for name in domains)
