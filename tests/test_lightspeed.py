"""The Lightspeed connector against the loopback shop: complete, only this person, and whole after every failure."""

import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.processors import lightspeed
from bot.processors.base import Finding, ProcessorDown, ProcessorRefused, Record, normal
from bot.processors.lightspeed import Account, Lightspeed, plain
from bot.sandbox import people
from bot.sandbox.suppliers import FilterHabit, SandboxLightspeed
from bot.sandbox.tls import loopback_tls

pytestmark = pytest.mark.long

EVERYBODY = (
    people.HANNEKE, people.DE_GROOT, people.FATIMA, people.BRAM, people.SANNE, people.SANNE_AT_WORK, people.GIJS,
    people.WILMA, people.YUSUF, people.LOES, people.ILSE, people.THIJS, people.NOOR, people.JUERGEN, people.JAN,
)  # fmt: skip
PLENTY = (10_000, 100_000, 1_000_000)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxLightspeed]:
    with SandboxLightspeed(tls=loopback_tls(tmp_path_factory.mktemp("tls")), base_path="/ls") as server:
        yield server


@pytest.fixture
def shop(running: SandboxLightspeed) -> Iterator[SandboxLightspeed]:
    running.reset(limits=PLENTY)
    running.now = time.time
    yield running
    assert running.unmodelled == []


@pytest.fixture(scope="module")
def exact(running: SandboxLightspeed) -> dict[str, Finding]:
    """What each person's copy is when the shop behaves as described."""
    running.reset(limits=PLENTY)
    connector = connected(running)
    return {address: connector.export(address) for address in EVERYBODY}


def connected(shop: SandboxLightspeed, **options: Any) -> Lightspeed:
    options.setdefault("pause", lambda seconds: None)
    return Lightspeed(Account(shop.url, "nl", shop.key, shop.secret, shop.ca_file), **options)


@pytest.fixture
def bot(shop: SandboxLightspeed) -> Iterator[Lightspeed]:
    connector = connected(shop)
    yield connector
    connector.close()


def names(finding: Finding, source: str = "") -> list[str]:
    return [record.name for record in finding.records if not source or record.source == source]


# --- who is on file


@pytest.mark.parametrize(
    ("address", "where"),
    [
        (people.HANNEKE, ("customers/70001",)),
        ("  HANNEKE.Verbrugge@Example.NL ", ("customers/70001",)),
        (people.DE_GROOT, ("customers/70002", "customers/70003")),
        (people.BRAM, ("customers/70006",)),
        (people.SANNE_AT_WORK, ("orders/ORD00049",)),
        (people.WILMA, ("subscriptions/2002",)),
        (people.YUSUF, ("contacts/4001",)),
        (people.LOES, ("blogs/comments/5001",)),
        (people.NOBODY, ()),
        ("", ()),
    ],
)
def test_an_address_is_on_file_wherever_it_stands(bot: Lightspeed, address: str, where: tuple[str, ...]) -> None:
    assert bot.known(address) == where


def test_an_address_on_file_in_other_capitals_is_found_although_the_search_minds_them(
    shop: SandboxLightspeed, bot: Lightspeed
) -> None:
    shop.customers[:] = [row for row in shop.customers if row["id"] == 70004]
    assert shop.customers[0]["email"] == "Fatima.ElAmrani@Example.org"
    assert bot.known(people.FATIMA) == ("customers/70004",)


def test_a_customer_is_known_by_one_call(shop: SandboxLightspeed, bot: Lightspeed) -> None:
    bot.known(people.HANNEKE)
    assert len(shop.calls) == 1


def test_strangers_cost_one_call_each_while_the_index_is_fresh(shop: SandboxLightspeed, bot: Lightspeed) -> None:
    bot.known(people.NOBODY)
    before = len(shop.calls)
    for number in range(10):
        assert bot.known(f"vreemde{number}@example.nl") == ()
    assert len(shop.calls) == before + 10


@pytest.mark.parametrize("habit", ["contains", "ignored"])
@pytest.mark.parametrize("address", [people.NOBODY, "verbrugge@example.nl", "hanneke.verbrugge@example.nl.example"])
def test_a_filter_that_gives_others_makes_nobody_known(
    shop: SandboxLightspeed, bot: Lightspeed, habit: FilterHabit, address: str
) -> None:
    shop.filters = habit
    assert bot.known(address) == ()


def test_a_letter_that_only_looks_like_k_is_another_mailbox() -> None:
    assert normal("\u212aees@example.nl") != normal("kees@example.nl")
    assert normal("weiß@example.nl") != normal("weiss@example.nl")


@given(st.emails())
def test_normal_is_stable_and_blind_to_latin_case(address: str) -> None:
    assert normal(normal(address)) == normal(address) == normal(f" {address} ")


# --- the whole of a person


def test_the_copy_of_a_customer_is_complete(bot: Lightspeed) -> None:
    finding = bot.export(people.HANNEKE)
    assert (finding.answer, finding.remark) == ("found", "")
    assert names(finding) == [
        "customers/70001", "customers/metafields/70001-1", "groups/customers/70001-9001",
        "orders/ORD00042", "orders/products/ORD00042-4200", "orders/products/ORD00042-4201",
        "orders/metafields/ORD00042-1", "orders/events/ORD00042-420",
        "orders/ORD00057", "orders/products/ORD00057-5700", "orders/events/ORD00057-570",
        "invoices/INV00042", "invoices/items/INV00042-4200", "invoices/items/INV00042-4201",
        "invoices/INV00057", "invoices/items/INV00057-5700",
        "shipments/SHIP00042", "shipments/products/SHIP00042-4200", "shipments/products/SHIP00042-4201",
        "shipments/SHIP00057", "shipments/products/SHIP00057-5700",
        "reviews/8001", "tickets/3001", "tickets/messages/3001-3101", "tickets/messages/3001-3102",
        "contacts/4002", "subscriptions/2001",
    ]  # fmt: skip


def test_a_copy_costs_what_it_costs(shop: SandboxLightspeed, bot: Lightspeed) -> None:
    bot.export(people.HANNEKE)
    assert len(shop.calls) <= 45


def test_every_record_says_its_category_and_every_part_its_whole(exact: dict[str, Finding]) -> None:
    for finding in exact.values():
        wholes = {record.name for record in finding.records}
        assert len(wholes) == len(finding.records)
        assert all(record.category and record.title for record in finding.records)
        assert all(record.part_of in wholes for record in finding.records if record.part_of)


def test_a_person_without_data_has_nothing(bot: Lightspeed) -> None:
    assert bot.export(people.NOBODY) == Finding("lightspeed", "nothing")
    assert bot.export(" ") == Finding("lightspeed", "nothing")


def test_several_records_on_one_address_come_together(bot: Lightspeed) -> None:
    finding = bot.export(people.FATIMA)
    assert names(finding, "customers") == ["customers/70004", "customers/70005"]
    assert names(finding, "orders") == ["orders/ORD00045", "orders/ORD00046"]
    assert finding.persons == ("Fatima el Amrani",)


def test_two_persons_on_one_address_are_both_named(bot: Lightspeed) -> None:
    assert bot.export(people.DE_GROOT).persons == ("Pieter de Groot", "Marijke de Groot")


@pytest.mark.parametrize(
    ("names_in_records", "persons"),
    [
        (["Hanneke Verbrugge", "hanneke  verbrugge", "H. Verbrugge", "H Verbrugge"], ("Hanneke Verbrugge",)),
        (["J.P. de Wit", "Jan de Wit"], ("Jan de Wit",)),
        (["H. Verbrugge", "H. Verbrugge"], ("H. Verbrugge",)),
        (["H. Verbrugge", "Pieter Verbrugge"], ("H. Verbrugge", "Pieter Verbrugge")),
        (["Hans Verbrugge", "Hanneke Verbrugge"], ("Hans Verbrugge", "Hanneke Verbrugge")),
        (["", " "], ()),
    ],
)
def test_initials_are_no_second_person(names_in_records: list[str], persons: tuple[str, ...]) -> None:
    records = tuple(Record("c", "s", str(at), "t", {}, name) for at, name in enumerate(names_in_records))
    assert Finding("lightspeed", "found", records).persons == persons


def test_an_order_with_an_address_of_its_own_belongs_to_both_and_staff_are_told(bot: Lightspeed) -> None:
    account = {record.key: record for record in bot.export(people.SANNE).records}
    assert "ander e-mailadres" in account["ORD00049"].note
    assert not account["ORD00048"].note
    at_work = bot.export(people.SANNE_AT_WORK)
    assert names(at_work, "orders") == ["orders/ORD00049"]
    assert names(at_work, "invoices") == ["invoices/INV00049"]
    assert names(at_work, "customers") == []
    assert "kijk van wie" in at_work.records[0].note
    assert people.SANNE not in json.dumps([dict(record.data) for record in at_work.records])


@pytest.mark.parametrize(
    ("address", "sources"),
    [
        (people.WILMA, {"subscriptions"}),
        (people.YUSUF, {"contacts"}),
        (people.LOES, {"blogs/comments"}),
        (people.NOOR, {"customers", "quotes", "quotes/products", "checkouts"}),
    ],
)
def test_persons_who_never_ordered_have_a_copy_too(bot: Lightspeed, address: str, sources: set[str]) -> None:
    assert {record.source for record in bot.export(address).records} == sources


def test_a_return_and_a_hidden_review_are_in_the_copy(bot: Lightspeed) -> None:
    finding = bot.export(people.ILSE)
    assert names(finding, "returns") == ["returns/17001"]
    assert names(finding, "reviews") == ["reviews/8002"]


@pytest.mark.parametrize("habit", ["any case", "contains", "ignored"])
def test_no_habit_of_the_filters_brings_in_another_person(
    exact: dict[str, Finding], shop: SandboxLightspeed, bot: Lightspeed, habit: FilterHabit
) -> None:
    shop.filters = habit
    for address in EVERYBODY:
        assert bot.export(address) == exact[address], address


def test_an_address_that_ends_in_mine_is_not_mine(shop: SandboxLightspeed, bot: Lightspeed) -> None:
    shop.filters = "contains"
    assert people.JAN.endswith(people.HANNEKE)
    assert "70013" not in json.dumps([dict(record.data) for record in bot.export(people.HANNEKE).records])


@pytest.mark.parametrize(("since_id", "newest_first"), [(False, False), (True, True), (False, True)])
def test_the_copy_is_complete_whatever_the_order_of_pages(
    exact: dict[str, Finding],
    shop: SandboxLightspeed,
    monkeypatch: pytest.MonkeyPatch,
    since_id: bool,
    newest_first: bool,
) -> None:
    monkeypatch.setattr(lightspeed, "PAGE", 3)
    shop.since_id_works, shop.newest_first = since_id, newest_first
    found = connected(shop).export(people.HANNEKE)
    assert sorted(names(found)) == sorted(names(exact[people.HANNEKE]))


def test_more_than_a_page_is_read(shop: SandboxLightspeed, bot: Lightspeed) -> None:
    for number in range(1000, 1260):
        people.place_order(shop.shop, shop.customers[12], number, "2025-10-10", [("Zeep", 1, 1.0)])
    people.place_order(shop.shop, shop.customers[6], 1300, "2025-10-11", [("Zeep", 1, 1.0)], email=people.BRAM)
    assert names(bot.export(people.BRAM), "orders") == ["orders/ORD00047", "orders/ORD01300"]


def test_what_came_or_changed_after_the_index_was_read_is_found(shop: SandboxLightspeed, bot: Lightspeed) -> None:
    bot.export(people.WILMA)
    people.place_order(shop.shop, shop.customers[6], 60, "2025-10-11", [("Zeep", 1, 1.0)], email=people.WILMA)
    shop.orders[3].update(email=people.WILMA, updatedAt="2025-10-12T08:00:00+02:00")
    assert names(bot.export(people.WILMA), "orders") == ["orders/ORD00044", "orders/ORD00060"]


def test_what_changed_while_the_index_was_being_read_is_found(
    shop: SandboxLightspeed, bot: Lightspeed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lightspeed, "PAGE", 3)
    shop.faults.add("GET", "orders", status=503, skip=2, times=3)
    with pytest.raises(ProcessorDown):
        bot.export(people.WILMA)
    shop.orders[0].update(email=people.WILMA, updatedAt="2025-10-12T08:00:00+02:00")
    people.place_order(shop.shop, shop.customers[0], 60, "2026-08-11", [("Zeep", 1, 1.0)])
    shop.faults.add("GET", "orders", status=503, skip=4, times=3)  # the four pages of new rows pass, changes do not
    with pytest.raises(ProcessorDown):
        bot.export(people.WILMA)
    assert names(bot.export(people.WILMA), "orders") == ["orders/ORD00042"]


@pytest.mark.parametrize("number", ["../shop", "1/2", "", None, "1?x=2"])
def test_a_number_that_is_none_is_never_put_into_a_path(
    shop: SandboxLightspeed, bot: Lightspeed, number: str | None
) -> None:
    page = json.dumps({"checkouts": [{"id": number, "email": people.NOOR}]}).encode()
    shop.faults.add("GET", "checkouts", body=page, times=None)
    assert "onbekende vorm" in bot.export(people.NOOR).remark


def test_what_is_no_longer_theirs_or_there_is_left_out(shop: SandboxLightspeed, bot: Lightspeed) -> None:
    bot.export(people.HANNEKE)
    shop.shop.subscriptions.pop(0)
    shop.orders[0].update(email="ander@example.nl", customer=70013)
    shop.shop.contacts[1]["email"] = "ander@example.nl"
    sources = names(bot.export(people.HANNEKE))
    assert "orders/ORD00042" not in sources
    assert not {"subscriptions/2001", "contacts/4002"} & set(sources)


def test_a_number_that_a_broken_filter_claims_is_not_enough(shop: SandboxLightspeed, bot: Lightspeed) -> None:
    shop.shop.reviews[1]["customer"] = False
    shop.filters = "ignored"
    assert names(bot.export(people.HANNEKE), "reviews") == ["reviews/8001"]


# --- values


def test_the_key_of_a_cart_is_masked(bot: Lightspeed) -> None:
    (cart,) = (record for record in bot.export(people.NOOR).records if record.source == "quotes")
    assert cart.data["recoveryHash"] == "(afgeschermd)"


def test_empty_is_null_and_a_real_no_stays_no() -> None:
    row = {
        "id": 7, "birthDate": False, "gender": "", "lastOnlineAt": None, "isConfirmed": False, "doNotifyNew": False,
        "shipmentIsPickup": False, "newsletterSubscribed": False, "shipmentData": [], "score": 0,
    }  # fmt: skip
    assert plain(row) == {
        "id": 7, "birthDate": None, "gender": None, "lastOnlineAt": None, "isConfirmed": False, "doNotifyNew": False,
        "shipmentIsPickup": False, "newsletterSubscribed": False, "shipmentData": None, "score": 0,
    }  # fmt: skip


def test_another_row_becomes_its_number_and_its_contents_stay_out() -> None:
    row = {
        "customer": {"resource": {"id": 9, "url": "customers/9", "embedded": {"email": "ander@example.nl"}}},
        "orders": {"resource": {"id": False, "url": "orders"}},
        "country": {"id": 1, "title": "Nederland"},
    }
    assert plain(row) == {"customer": 9, "country": {"id": 1, "title": "Nederland"}}


def test_nothing_of_the_api_itself_stands_in_the_copy(exact: dict[str, Finding], running: SandboxLightspeed) -> None:
    text = json.dumps([dict(record.data) for finding in exact.values() for record in finding.records])
    assert running.url not in text
    assert "resource" not in text


# --- limits and failures


def eventually(bot: Lightspeed, address: str, come_again: Callable[[int], None]) -> tuple[Finding, int]:
    for tries in range(1, 200):
        try:
            return bot.export(address), tries
        except ProcessorDown as down:
            come_again(down.after_seconds)
    raise AssertionError("the export never ended")


def test_an_export_that_needs_more_calls_than_the_limit_ends_all_the_same(
    exact: dict[str, Finding], shop: SandboxLightspeed
) -> None:
    shop.reset(limits=(5, 3000, 12000))
    moment = [86400.0 * 20000]
    shop.now = lambda: moment[0]
    waits: list[int] = []

    def come_again(seconds: int) -> None:
        waits.append(seconds)
        moment[0] += seconds

    found, tries = eventually(connected(shop), people.HANNEKE, come_again)
    assert found == exact[people.HANNEKE]
    assert set(waits) == {300}
    assert tries == len(waits) + 1 <= 11
    assert len([call for call in shop.calls if call.status == 200]) <= 45


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "17"}, 17),
        ({"X-RateLimit-Remaining": "-1/2900/11000", "X-RateLimit-Reset": "41/2741/27941"}, 41),
        ({"X-RateLimit-Remaining": "200/-1/11000", "X-RateLimit-Reset": "41/2741/27941"}, 2741),
        ({"X-RateLimit-Remaining": "200/0/-1", "X-RateLimit-Reset": "41/2741/27941"}, 27941),
        ({"X-RateLimit-Remaining": "onzin", "X-RateLimit-Reset": ""}, 120),
        ({}, 120),
    ],
)
def test_the_limit_says_when_to_come_again(
    shop: SandboxLightspeed, bot: Lightspeed, headers: dict[str, str], seconds: int
) -> None:
    shop.faults.add("GET", "customers", status=429, headers=headers)
    with pytest.raises(ProcessorDown) as down:
        bot.known(people.HANNEKE)
    assert down.value.after_seconds == seconds


def test_a_limit_that_ends_in_a_moment_is_waited_for(shop: SandboxLightspeed) -> None:
    waits: list[float] = []
    shop.faults.add("GET", "customers", status=429, headers={"Retry-After": "1"})
    assert connected(shop, pause=waits.append).known(people.HANNEKE)
    assert 1 in waits
    assert sum(waits) < 5


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 503}, {"status": 500}, {"reset": "before"}, {"reset": "after"}, {"body": lambda body: body[:40]},
        {"body": b""}, {"body": b'{"error":{"code":500,"message":"x"}}'},
    ],
)  # fmt: skip
def test_a_failure_that_passes_is_not_noticed(
    exact: dict[str, Finding], shop: SandboxLightspeed, bot: Lightspeed, fault: dict[str, Any]
) -> None:
    shop.faults.add("GET", "*", times=2, skip=7, **fault)
    assert bot.export(people.HANNEKE) == exact[people.HANNEKE]


@pytest.mark.parametrize("fault", [{"status": 502}, {"reset": "before"}, {"body": b"<html>"}])
def test_a_failure_that_stays_loses_nothing(shop: SandboxLightspeed, bot: Lightspeed, fault: dict[str, Any]) -> None:
    shop.faults.add("GET", "invoices", times=3, **fault)
    with pytest.raises(ProcessorDown):
        bot.export(people.HANNEKE)
    before = len(shop.calls)
    assert len(bot.export(people.HANNEKE).records) == 27
    assert len(shop.calls) - before < 25


def test_a_slow_shop_is_left_in_time_and_gone_on_with_later(shop: SandboxLightspeed) -> None:
    seconds = [0.0]

    def elapsed() -> float:
        seconds[0] += 1.0
        return seconds[0]

    found, tries = eventually(connected(shop, elapsed=elapsed), people.HANNEKE, lambda _: None)
    assert len(found.records) == 27
    assert tries > 1


def test_a_half_done_export_is_forgotten_after_an_hour(shop: SandboxLightspeed) -> None:
    moment = [0.0]
    bot = connected(shop, elapsed=lambda: moment[0])
    shop.faults.add("GET", "invoices", status=503, times=3)
    with pytest.raises(ProcessorDown):
        bot.export(people.HANNEKE)
    moment[0] += 3601
    shop.customers[0]["lastname"] = "Verbruggen"
    assert bot.export(people.HANNEKE).records[0].data["lastname"] == "Verbruggen"


def test_pages_that_do_not_end_are_refused(shop: SandboxLightspeed, bot: Lightspeed) -> None:
    page = json.dumps({"reviews": [{"id": number, "customer": 70001} for number in range(250)]}).encode()
    shop.faults.add("GET", "reviews", times=None, body=page)
    with pytest.raises(ProcessorRefused, match="do not end"):
        bot.export(people.HANNEKE)


def test_a_wrong_key_says_which_files_to_check(shop: SandboxLightspeed) -> None:
    wrong = Lightspeed(Account(shop.url, "nl", "x" * 32, "y" * 32, shop.ca_file))
    with pytest.raises(ProcessorRefused, match="key_file and secret_file"):
        wrong.known(people.HANNEKE)


def test_an_untrusted_certificate_says_which_setting_to_check(shop: SandboxLightspeed) -> None:
    with pytest.raises(ProcessorRefused, match=r"mailbox\.ca_file"):
        Lightspeed(Account(shop.url, "nl", shop.key, shop.secret)).known(people.HANNEKE)


def test_a_wrong_language_says_which_setting_to_check(shop: SandboxLightspeed) -> None:
    with pytest.raises(ProcessorRefused, match="language"):
        Lightspeed(Account(shop.url, "en", shop.key, shop.secret, shop.ca_file)).export(people.HANNEKE)


def test_a_shop_that_is_not_there_is_down(shop: SandboxLightspeed) -> None:
    closed = SandboxLightspeed()
    closed.close()
    with pytest.raises(ProcessorDown):
        connected_to = Lightspeed(Account(closed.url, "nl", shop.key, shop.secret), pause=lambda _: None)
        connected_to.known(people.HANNEKE)


def test_orders_that_may_not_be_read_stop_the_copy(shop: SandboxLightspeed, bot: Lightspeed) -> None:
    shop.permissions["orders"] = False
    with pytest.raises(ProcessorRefused, match="orders cannot be read"):
        bot.export(people.HANNEKE)


def test_a_lesser_resource_that_cannot_be_read_is_named_to_staff(shop: SandboxLightspeed, bot: Lightspeed) -> None:
    shop.permissions["content"] = False
    finding = bot.export(people.HANNEKE)
    assert finding.answer == "found"
    assert "contactformulier (403)" in finding.remark
    assert "reacties op het blog (403)" in finding.remark


def test_what_cannot_be_read_never_makes_a_person_unknown(shop: SandboxLightspeed, bot: Lightspeed) -> None:
    shop.permissions["content"] = False
    with pytest.raises(ProcessorRefused, match="on file cannot be told"):
        bot.known(people.YUSUF)


def test_a_resource_that_this_shop_does_not_have_is_no_obstacle(shop: SandboxLightspeed, bot: Lightspeed) -> None:
    shop.faults.add("GET", "blogs/comments", status=404, times=None)
    assert bot.known(people.NOBODY) == ()


def test_an_answer_of_another_shape_is_named_to_staff(shop: SandboxLightspeed, bot: Lightspeed) -> None:
    shop.faults.add("GET", "checkouts", body=b'{"a":1,"b":2}', times=None)
    assert "openstaande afrekeningen (onbekende vorm)" in bot.export(people.NOOR).remark


@pytest.mark.parametrize("status", [429, 503, 400, 418])
def test_no_failure_names_the_person(shop: SandboxLightspeed, bot: Lightspeed, status: int) -> None:
    shop.faults.add("GET", "customers", status=status, times=None)
    with pytest.raises((ProcessorDown, ProcessorRefused)) as failure:
        bot.export(people.HANNEKE)
    assert "hanneke" not in str(failure.value).lower()


def test_neither_key_nor_secret_is_ever_shown(shop: SandboxLightspeed) -> None:
    shown = repr(Account(shop.url, "nl", shop.key, shop.secret))
    assert shop.key not in shown
    assert shop.secret not in shown


def test_a_proxy_of_the_machine_is_not_used(shop: SandboxLightspeed, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "ALL_PROXY", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert connected(shop).known(people.HANNEKE)


def test_only_reading_is_done(shop: SandboxLightspeed, bot: Lightspeed) -> None:
    bot.export(people.HANNEKE)
    bot.export(people.NOOR)
    assert {call.method for call in shop.calls} == {"GET"}


def test_several_exports_at_once_do_not_mix(exact: dict[str, Finding], bot: Lightspeed) -> None:
    with ThreadPoolExecutor(4) as threads:
        assert dict(zip(EVERYBODY, threads.map(bot.export, EVERYBODY), strict=True)) == exact


# --- doctor


def test_doctor_is_content_with_a_good_key(bot: Lightspeed) -> None:
    assert [check.ok for check in bot.check()] == [True, True, True]


def test_doctor_names_a_key_of_the_wrong_length(shop: SandboxLightspeed) -> None:
    (check,) = Lightspeed(Account(shop.url, "nl", "kort", shop.secret, shop.ca_file)).check()
    assert (check.ok, "32 characters" in check.say) == (False, True)
    assert shop.calls == []


def test_doctor_names_rights_that_are_lacking(shop: SandboxLightspeed, bot: Lightspeed) -> None:
    shop.permissions["orders"] = False
    (rights,) = (check for check in bot.check() if check.check == "lightspeed rights")
    assert (rights.ok, "may not read orders" in rights.say) == (False, True)


def test_doctor_warns_when_the_hour_is_nearly_spent(shop: SandboxLightspeed, bot: Lightspeed) -> None:
    shop.reset(limits=(300, 50, 12000))
    assert bot.check()[2].ok is False


@pytest.mark.parametrize("fault", [{"status": 503}, {"status": 404}, {"status": 401}, {"reset": "before"}])
def test_doctor_never_falls_over(shop: SandboxLightspeed, bot: Lightspeed, fault: dict[str, Any]) -> None:
    shop.faults.add("GET", "*", times=None, **fault)
    assert [check.ok for check in bot.check()] == [False]
