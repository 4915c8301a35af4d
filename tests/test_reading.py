"""How mail is read: nothing is lost, whatever delta, rules and people do; nothing is taken in twice."""

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, select, update

from bot import handling, reading, service, work
from bot.casebook import ledger
from bot.casebook.schema import Case, Mark, Work
from bot.graph import folders, inbox
from bot.sandbox import people
from bot.sandbox.exchange import with_attachment
from bot.sandbox.stage import MAILBOX
from tests.shop import PARCEL, Shop, opened
from tests.world import INZAGE, text_of
from workflows import machine

pytestmark = pytest.mark.long

ALL = "/users/{mailbox}/messages"
DELTA = "*/messages/delta"
VALUE = "*/[$]value"


@pytest.fixture
def bare(tmp_path: Path) -> Iterator[Shop]:
    """The shop before its first start."""
    with opened(tmp_path) as shop:
        yield shop


@pytest.fixture
def shop(bare: Shop) -> Shop:
    """The shop after its first start."""
    bare.poll()
    bare.stage.later(minutes=1)
    return bare


def rewritten(change: Callable[[dict[str, Any]], None]) -> Callable[[bytes], bytes]:
    """A fault that changes the JSON of an answer."""

    def body(raw: bytes) -> bytes:
        page = json.loads(raw)
        change(page)
        return json.dumps(page).encode()

    return body


# --- two readers ------------------------------------------------------------------------------------------------------


def test_an_idle_hour_costs_a_call_a_minute_six_for_junk_and_at_most_five_more(shop: Shop) -> None:
    for number in range(50):
        shop.arrives(received=shop.stage.now - timedelta(minutes=number))
    shop.run()
    before = len(shop.stage.graph.calls)
    for _ in range(60):
        shop.poll(minutes=1)
    assert shop.calls(before, DELTA) == 60 + 6
    assert shop.calls(before) - (60 + 6) <= 5
    before = len(shop.stage.graph.calls)
    shop.stage.later(minutes=1)
    service.one_pass(shop.bot, service.Report(shop.stage.now), everything=False)
    assert shop.calls(before) == 1


def test_the_inbox_is_read_every_poll_and_junk_every_ten_minutes(shop: Shop) -> None:
    shop.arrives(folder="junkemail")
    shop.arrives()
    assert shop.poll(minutes=1) == 1
    assert shop.poll(minutes=9) == 1
    assert [row.folder for row in shop.rows()] == ["inbox", "junkemail"]


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        ("Leveranciers", "other"),
        ("deleteditems", "deleteditems"),
        ("Privacyverzoeken/Afgerond", "Privacyverzoeken/Afgerond"),
    ],
)
def test_what_a_rule_or_a_person_moved_before_it_was_read_is_found_within_the_hour(
    shop: Shop, folder: str, name: str
) -> None:
    handling.bot_folders(shop.bot)
    shop.box.add_folder("Leveranciers", shop.box.folder_at("inbox"))
    place = next(f for f in shop.box.folders.values() if folder in (f.well_known, f.name, f.path))
    shop.poll()
    shop.box.move(shop.arrives(), place)
    shop.poll(minutes=60)
    assert shop.row().folder == name


def test_a_mail_that_moves_out_and_back_stays_one_row_and_is_told_of_once(shop: Shop) -> None:
    item = shop.arrives()
    assert shop.poll() == 1
    shop.box.move(item, shop.box.folder_at("archive"))
    shop.box.move(item, shop.box.folder_at("inbox"))  # with immutable ids delta says only that it left
    assert shop.poll(minutes=1) == 0
    assert shop.poll(hours=1) == 0
    assert (shop.row().graph_id, shop.row().folder) == (item.immutable_id, "inbox")


def test_what_the_mailbox_wrote_itself_is_no_received_mail(shop: Shop) -> None:
    own = shop.stage._mail("LESSEAU", MAILBOX, people.BRAM, "Uw vraag", "Wij hebben uw gegevens verwijderd.")
    raw = own.as_bytes()
    for folder in ("sentitems", "outbox"):
        shop.box.add(raw, shop.box.folder_at(folder))
    shop.box.add(raw, shop.box.folder_at("drafts"), is_draft=True)
    shop.box.add(raw, shop.box.folder_at("deleteditems"), is_draft=True)
    assert shop.poll(hours=1) == 0


def test_a_sent_mail_that_staff_deleted_is_known_as_sent(shop: Shop) -> None:
    own = shop.stage._mail("LESSEAU", MAILBOX, people.BRAM, "Re: inzage", INZAGE)
    shop.box.add(own.as_bytes(), shop.box.folder_at("deleteditems"))
    shop.run(hours=1)
    assert shop.row().disposition == "own"
    assert not shop.stage.graph.outgoing


def test_after_an_outage_of_a_week_the_listing_goes_back_to_the_last_one(shop: Shop) -> None:
    shop.box.move(shop.arrives(), shop.box.folder_at("archive"))
    assert shop.poll(days=7) == 1


def test_the_first_listing_goes_back_to_the_horizon(bare: Shop) -> None:
    old = bare.stage.now - timedelta(days=90)
    bare.box.move(bare.arrives(received=old), bare.box.folder_at("archive"))
    assert bare.poll() == 1


@pytest.mark.parametrize("status", [400, 501])
def test_a_service_that_cannot_list_a_whole_mailbox_is_listed_by_folder(shop: Shop, status: int) -> None:
    handling.bot_folders(shop.bot)
    shop.stage.graph.faults.add("GET", ALL, status=status, times=None)
    for folder in ("deleteditems", "Privacyverzoeken", "Privacyverzoeken/Afgerond"):
        shop.arrives(folder=folder)
    assert shop.poll(hours=1) == 3
    before = len(shop.stage.graph.calls)
    shop.poll(hours=1)
    assert shop.calls(before) == 2 + 5
    assert all(call.status == 200 for call in shop.stage.graph.calls[before:])


def test_a_listing_that_does_not_tell_folders_is_made_by_folder(shop: Shop) -> None:
    def hide(page: dict[str, Any]) -> None:
        for item in page["value"]:
            del item["parentFolderId"]

    shop.stage.graph.faults.add("GET", ALL, body=rewritten(hide), times=None)
    shop.box.add(shop.stage._mail("X", MAILBOX, people.BRAM, "x", "y").as_bytes(), shop.box.folder_at("sentitems"))
    shop.arrives(folder="deleteditems")
    assert shop.poll(hours=1) == 1


def test_a_listing_that_is_too_deep_is_asked_for_in_smaller_pages(shop: Shop) -> None:
    shop.stage.graph.faults.add("GET", ALL, status=504, times=5)
    shop.arrives(folder="archive")
    assert shop.poll(hours=1) == 1
    assert "top=100" in shop.stage.graph.calls[-1].url


def test_a_full_page_without_a_next_link_is_not_the_end(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbox, "LIST_SIZES", (5,))
    shop.stage.graph.faults.add("GET", ALL, body=rewritten(lambda page: page.pop("@odata.nextLink", None)), times=None)
    for _ in range(12):
        shop.arrives(folder="archive")
        shop.stage.later(seconds=7)
    assert shop.poll(hours=1) == 12


# --- the traps of delta -----------------------------------------------------------------------------------------------


def test_leaving_the_folder_and_read_state_alone_make_no_row(shop: Shop) -> None:
    item = shop.arrives()
    shop.poll()

    def add(page: dict[str, Any]) -> None:
        partial = {"id": item.immutable_id, "isRead": True, "parentFolderId": item.folder.id}
        page["value"] += [partial, {"id": item.immutable_id, "@removed": {"reason": "changed"}}, {"id": "AAunknown"}]

    shop.stage.graph.faults.add("GET", DELTA, body=rewritten(add))
    assert shop.poll(minutes=1) == 0
    assert shop.row().graph_id == item.immutable_id


def test_empty_pages_and_doubled_items_cost_nothing(shop: Shop) -> None:
    shop.stage.graph.rounds.empty_pages, shop.stage.graph.rounds.duplicates = 3, True
    for _ in range(3):
        shop.arrives()
    assert shop.poll(minutes=1) == 3
    assert shop.poll(minutes=1) == 0


@pytest.mark.parametrize(
    ("code", "location"),
    [("SyncStateNotFound", False), ("SYNCSTATENOTFOUND", True), ("resyncRequired", True), ("unheardOf", False)],
)
def test_a_dead_link_starts_a_full_round_that_takes_in_nothing_twice(shop: Shop, code: str, location: bool) -> None:
    shop.arrives()
    shop.poll()
    shop.stage.graph.expire_delta(code, location=location)
    shop.arrives()
    assert shop.poll(minutes=1) == 1


@pytest.mark.parametrize("code", ["syncStateNotFound", "ErrorInvalidSyncStateData"])
def test_a_dead_link_may_be_told_with_400(shop: Shop, code: str) -> None:
    shop.stage.graph.faults.add("GET", DELTA, status=400, code=code)
    shop.arrives()
    assert shop.poll(minutes=1) == 1


def test_a_link_that_ages_in_the_middle_of_a_walk_starts_the_round_again(shop: Shop) -> None:
    for _ in range(120):
        shop.arrives()
    fault = shop.stage.graph.faults.add("GET", DELTA, status=410, code="SyncStateNotFound", skip=1)
    before = len(shop.stage.graph.calls)
    assert shop.poll(minutes=1) == 120
    assert fault.hits == 1
    assert shop.calls(before, DELTA) == 2 + 3


def test_links_that_age_at_once_are_not_followed_for_ever_and_the_listing_reads_what_is_left(shop: Shop) -> None:
    shop.stage.graph.rounds.walks_kept = 0
    for _ in range(60):
        shop.arrives()
    before = len(shop.stage.graph.calls)
    assert shop.poll(minutes=1) == 60
    assert shop.calls(before, DELTA) == 2 * (1 + reading.MOST_RESTARTS)


@pytest.mark.parametrize(("status", "code"), [(410, "SyncStateNotFound"), (403, "ErrorQuotaExceeded"), (501, "")])
def test_while_delta_refuses_the_listing_reads_every_poll(shop: Shop, status: int, code: str) -> None:
    shop.stage.graph.faults.add("GET", DELTA, status=status, code=code, times=None)
    for _ in range(3):
        shop.arrives()
        assert shop.poll(minutes=1) == 1
    shop.stage.graph.faults.clear()
    shop.arrives()
    assert shop.poll(minutes=1) == 1


def test_a_round_without_any_link_is_no_end(shop: Shop) -> None:
    def cut(page: dict[str, Any]) -> None:
        page.pop("@odata.nextLink", None), page.pop("@odata.deltaLink", None)

    shop.stage.graph.faults.add("GET", DELTA, body=rewritten(cut))
    shop.arrives()
    assert shop.poll(minutes=1) == 1
    shop.arrives()
    assert shop.poll(minutes=1) == 1


def test_a_full_round_is_not_cut_by_the_cap_on_filters(bare: Shop) -> None:
    bare.stage.graph.rounds.filter_cap = 12
    bare.stage.graph.faults.add("GET", ALL, body=rewritten(lambda page: page.update(value=[])), times=None)
    for _ in range(60):
        bare.arrives()
    assert bare.poll() == 60


def test_the_link_is_kept_only_after_the_rows_of_its_round(shop: Shop) -> None:
    for _ in range(70):
        shop.arrives()

    def killed() -> None:
        raise KeyboardInterrupt

    with shop.bot.store.read() as session:
        kept = session.get_one(Mark, "delta:inbox").value
    with pytest.raises(KeyboardInterrupt):
        reading.poll(shop.bot, killed)
    with shop.bot.store.read() as session:
        assert session.get_one(Mark, "delta:inbox").value == kept
        assert len(list(session.scalars(select(Work).where(Work.kind == reading.TAKE_IN)))) == 50
    assert len(shop.rows()) == 50
    assert shop.poll() == 20


def test_a_page_that_is_too_large_is_asked_for_in_smaller_ones(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbox, "LARGEST_PAGE", 60_000)
    for _ in range(10):
        shop.arrives(text="zeep " * 2_000)
    before = len(shop.stage.graph.calls)
    assert shop.poll(minutes=1) == 10
    assert shop.calls(before, ALL) == 0  # no listing was needed


def test_a_mail_larger_than_any_page_goes_by_the_listing_and_delta_goes_on_behind_it(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox, "LARGEST_PAGE", 60_000)
    shop.arrives(text="zeep " * 20_000)
    shop.arrives()
    assert shop.poll(minutes=1) == 2
    shop.arrives()
    before = len(shop.stage.graph.calls)
    assert shop.poll(minutes=1) == 1
    assert shop.calls(before) == 1


# --- one mail, one row ------------------------------------------------------------------------------------------------


def test_what_staff_do_to_a_mail_changes_nothing(shop: Shop) -> None:
    item = shop.arrives()
    shop.run()
    before = shop.row()
    item.is_read, item.categories, item.flag = True, ("Blauw",), {"flagStatus": "flagged"}
    shop.box.touch(item, "updated")
    shop.box.touch(item, "read")
    shop.box.move(item, shop.box.folder_at("archive"))
    calls = len(shop.stage.graph.calls)
    report = shop.run(hours=2)
    assert (report.new, report.read) == (0, 0)
    assert (shop.row().disposition, shop.row().seen) == (before.disposition, before.seen)
    assert {call.method for call in shop.stage.graph.calls[calls:]} == {"GET"}
    assert item.categories == ("Blauw",)


def test_a_copy_that_staff_made_is_the_same_mail(shop: Shop) -> None:
    item = shop.arrives()
    shop.poll()
    shop.box.copy(item, shop.box.folder_at("archive"))
    shop.box.copy(item, shop.box.folder_at("inbox"))
    assert shop.poll(hours=1) == 0
    assert len(shop.rows()) == 1


def test_two_mails_of_one_second_with_one_message_id_are_two_when_they_say_different_things(shop: Shop) -> None:
    for text in (PARCEL, INZAGE, PARCEL):
        shop.arrives(text=text, message_id="<1@formulier.example>")
    assert shop.poll() == 2
    shop.stage.graph.expire_delta()
    assert shop.poll(hours=2) == 0


def test_a_preview_worded_anew_is_no_other_mail(shop: Shop) -> None:
    def reword(page: dict[str, Any]) -> None:
        for item in page.get("value", ()):
            item["bodyPreview"] = "Anders"

    shop.arrives()
    shop.poll()
    for route in (DELTA, ALL):
        shop.stage.graph.faults.add("GET", route, body=rewritten(reword), times=None)
    shop.stage.graph.expire_delta()
    assert shop.poll(hours=1) == 0


def test_a_message_id_that_no_store_can_hold_blocks_nothing(shop: Shop) -> None:
    def spoil(page: dict[str, Any]) -> None:
        page["value"][0]["internetMessageId"] = "<\x00\ud800@x.example>"

    shop.stage.graph.faults.add("GET", DELTA, body=rewritten(spoil))
    shop.arrives()
    shop.stage.later(seconds=5)
    shop.arrives()
    assert shop.poll() == 2


@pytest.mark.parametrize("message_id", ["<a'b+c%d@x.example>", f"<{'lang' * 200}@x.example>"])
def test_an_id_that_is_gone_is_found_again_though_another_mail_has_the_same_message_id(
    shop: Shop, message_id: str
) -> None:
    item = shop.arrives(message_id=message_id)
    shop.poll()
    row = shop.row()
    for moment, text in ((shop.stage.now - timedelta(days=1), PARCEL), (shop.stage.now, "Heel iets anders.")):
        shop.box.move(shop.arrives(text=text, message_id=message_id, received=moment), shop.box.folder_at("archive"))
    shop.box.withdraw(item)
    shop.box.restore(item, shop.box.folder_at("archive"), new_immutable_id=True)
    mail = handling.fetch(shop.bot, row)
    assert mail is not None
    assert mail.text.strip() == PARCEL
    assert shop.row().graph_id == item.immutable_id


def test_a_mail_that_is_gone_for_good_is_told_once(shop: Shop) -> None:
    item = shop.arrives(folder="archive")
    shop.poll(hours=1)
    shop.box.withdraw(item)
    shop.run()
    shop.run(hours=2)
    assert (shop.row().disposition, shop.row().reason) == ("parked", "gone before it could be read")
    assert len(shop.told()) == 1


# --- horizon, first start, full rounds --------------------------------------------------------------------------------


def test_mail_from_before_the_horizon_is_never_looked_into(shop: Shop) -> None:
    shop.arrives(text=INZAGE, received=shop.stage.now - timedelta(days=200))
    shop.run()
    assert shop.row().disposition == "before-start"
    assert not shop.stage.graph.outgoing


def test_a_request_from_before_the_first_start_that_turns_up_later_is_put_to_staff(shop: Shop) -> None:
    shop.run()
    shop.arrives(text=INZAGE, received=shop.stage.now - timedelta(days=2), folder="junkemail")
    shop.run(minutes=10)
    assert shop.row().disposition == "staff-question"
    assert not [sent for sent in shop.stage.graph.outgoing if people.BRAM in sent.recipients]


def test_a_full_round_over_everything_answers_nothing_twice(shop: Shop) -> None:
    shop.stage.customer_mails("Hanneke Verbrugge", people.HANNEKE, "Mijn gegevens", INZAGE)
    shop.arrives()
    shop.run()
    sent, rows = len(shop.stage.graph.outgoing), len(shop.rows())
    assert sent
    shop.stage.graph.expire_delta()
    with shop.bot.store.begin() as session:  # and the listing goes back to the horizon again
        session.execute(delete(Mark).where(Mark.name.in_(("delta:inbox", "delta:junkemail", "swept"))))
    report = shop.run(minutes=1)
    assert (report.new, len(shop.rows()), len(shop.stage.graph.outgoing)) == (0, rows, sent)


def test_the_same_mail_delivered_twice_opens_one_request(shop: Shop) -> None:
    for _ in range(2):
        shop.arrives("Inzage", INZAGE, "<een@x.example>")
        shop.stage.later(seconds=3)
    shop.run()
    assert sorted(row.disposition or "" for row in shop.rows()) == ["joined", "request"]


def test_another_request_under_the_same_message_id_is_a_request_of_its_own(shop: Shop) -> None:
    shop.arrives("Inzage", INZAGE, "<een@x.example>")
    shop.stage.later(seconds=3)
    shop.arrives("Account", "Verwijder mijn account en al mijn gegevens. Bram", "<een@x.example>")
    shop.run()
    assert [row.disposition for row in shop.rows()] == ["request", "request"]


# --- bounds, poison, outages ------------------------------------------------------------------------------------------


def test_a_mail_that_is_too_large_goes_to_a_person_once_and_the_next_mail_goes_on(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox, "LARGEST_MAIL", 200_000)
    mail = shop.stage._mail("Bram Kuipers", people.BRAM, MAILBOX, "Foto", INZAGE)
    raw = with_attachment(mail.as_bytes(), "foto.jpg", "image/jpeg", bytes(range(256)) * 1_000)
    large = shop.box.item(shop.stage.graph.deliver(raw))
    next_one = shop.arrives()
    before = len(shop.stage.graph.calls)
    shop.run()
    assert (shop.row(large).disposition, shop.row(large).reason) == ("parked", "larger than 25 MB")
    assert shop.row(next_one).disposition == "not-privacy"
    assert shop.calls(before, VALUE) == 1
    shop.stage.graph.expire_delta()
    shop.run(hours=2)
    (told,) = shop.told()
    assert people.BRAM in text_of(told)
    assert shop.calls(before, VALUE) == 1


def test_a_mail_that_the_service_cannot_write_out_goes_to_a_person(shop: Shop) -> None:
    shop.stage.graph.faults.add("GET", VALUE, status=500, code="ErrorItemCorrupt", times=None)
    shop.arrives(text=INZAGE)
    shop.run()
    assert (shop.row().disposition, shop.row().reason) == ("parked", "damaged in the mailbox")
    assert len(shop.told()) == 1


def test_a_poison_mail_is_parked_after_three_tries_and_told_once(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    tries = []
    split = handling.split

    def breaks(mail: Any) -> Any:
        if mail.subject == "Gif":
            tries.append(mail)
            raise RecursionError
        return split(mail)

    monkeypatch.setattr(handling, "split", breaks)
    poison, next_one = shop.arrives("Gif"), shop.arrives()
    for _ in range(6):
        shop.run(minutes=2)
    assert (len(tries), shop.row(poison).disposition) == (3, "parked")
    assert shop.row(next_one).disposition == "not-privacy"
    assert len(shop.told()) == 1


def test_an_outage_counts_against_no_mail(shop: Shop) -> None:
    shop.arrives(text=INZAGE)
    shop.poll()
    fault = shop.stage.graph.faults.add("GET", "*", status=503, times=None)
    for _ in range(8):
        shop.stage.later(minutes=30)
        service.run_work(shop.bot)
    assert shop.row().disposition is None
    shop.stage.graph.faults.remove(fault)
    shop.run(minutes=5)
    assert shop.row().disposition == "request"


def test_a_mail_that_alone_cannot_be_read_for_an_hour_is_parked(shop: Shop) -> None:
    shop.arrives(text=INZAGE)
    shop.stage.graph.faults.add("GET", VALUE, status=500, times=None)
    shop.run()
    assert shop.row().disposition is None
    for _ in range(4):
        shop.run(minutes=61)
    assert shop.row().disposition == "parked"
    assert len(shop.told()) == 1


def test_of_received_mail_nothing_is_ever_changed_but_categories(shop: Shop) -> None:
    shop.stage.customer_mails("Hanneke Verbrugge", people.HANNEKE, "Mijn gegevens", INZAGE)
    shop.arrives()
    shop.run()
    changed = [call for call in shop.stage.graph.calls if call.method == "PATCH"]
    assert changed
    assert {field for call in changed for field in call.fields} <= {"categories", "flag"}


def test_when_somebody_removes_the_folders_of_the_bot_they_are_made_anew(shop: Shop) -> None:
    first = handling.bot_folders(shop.bot)
    shop.box.folders[first[0]].parent = shop.box.folder_at("deleteditems")
    shop.poll(hours=2)
    assert handling.bot_folders(shop.bot) == first  # looked at once a day
    shop.poll(days=1)
    second = handling.bot_folders(shop.bot)
    assert set(first).isdisjoint(second)
    assert folders.existing(shop.bot.graph) == second


def test_an_answered_mail_goes_to_a_new_folder_when_somebody_removed_the_old_one(shop: Shop) -> None:
    item = shop.arrives(text=INZAGE)
    shop.run()
    for folder in handling.bot_folders(shop.bot):
        del shop.box.folders[folder]
    with shop.bot.store.begin() as session:
        session.execute(update(Case).values(state=machine.CLOSED))
        work.enqueue(session, "file:test", "file", 1, shop.stage.now)
    service.run_work(shop.bot)
    shop.stage.later(minutes=1)
    service.run_work(shop.bot)
    assert item.folder.path == "Privacyverzoeken/Afgerond"


def test_what_is_no_message_hides_no_message(shop: Shop) -> None:
    def add(page: dict[str, Any]) -> None:
        for said in ({"id": "AA1", "receivedDateTime": "gisteren"}, {"id": "", "receivedDateTime": "2026-03-02"}):
            page["value"].append({**said, "parentFolderId": "AAMk"})

    for route in (DELTA, ALL):
        shop.stage.graph.faults.add("GET", route, body=rewritten(add), times=None)
    shop.arrives()
    shop.arrives(folder="archive")
    assert shop.poll(hours=1) == 2


@pytest.mark.parametrize("said", [{}, {"from": None}, {"from": {"emailAddress": {}}}])
def test_a_mail_without_a_sender_has_an_identity_too(shop: Shop, said: Mapping[str, Any]) -> None:
    item = {"id": "AA1", "receivedDateTime": "2026-03-02T08:00:00.1234567Z", **said}
    with shop.bot.store.begin() as session:
        new = ledger.record(session, shop.bot.vault, [("inbox", item)], date(2026, 1, 1), shop.stage.now)
    assert len(new) == 1
