"""A mail sorted from a delta page and from its MIME: the page may say less, but never lose a request."""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from bot import handling
from bot.casebook.ledger import Taken
from bot.casebook.schema import Message
from bot.graph import inbox
from bot.mail import message as mails
from bot.sandbox import people
from bot.sandbox.stage import MAILBOX
from proofs import labelled
from tests.shop import PARCEL, Shop, opened
from tests.world import INZAGE

pytestmark = pytest.mark.long

LEFT_ALONE = ("not-privacy", "automatic")


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    """The shop after its first start."""
    with opened(tmp_path) as shop:
        shop.poll()
        yield shop


def both(shop: Shop) -> Iterator[tuple[str, Taken | None, Taken]]:
    """Each mail of the inbox: its id, what its page says and what its MIME says."""
    for page in inbox.delta_pages(shop.bot.graph, "inbox", None):
        for item in page.items:
            yield str(item["id"]), from_page(shop, item), from_mime(shop, item)


def row_of(item: Mapping[str, Any]) -> Message:
    return Message(id=1, graph_id=item["id"], received=datetime.fromisoformat(item["receivedDateTime"]), folder="inbox")


def from_page(shop: Shop, item: Mapping[str, Any]) -> Taken | None:
    return handling.decide(shop.bot, row_of(item), mails.from_graph(item), whole=False)


def from_mime(shop: Shop, item: Mapping[str, Any]) -> Taken:
    kept = shop.box.item(item["id"])
    assert kept is not None
    taken = handling.decide(shop.bot, row_of(item), mails.parse(kept.raw), whole=True)
    assert taken is not None
    return taken


def test_of_the_labelled_mails_the_page_never_leaves_alone_what_the_mime_would_not(shop: Shop) -> None:
    ids = {}
    for number, record in enumerate(labelled.records()):
        moment = labelled.spread(shop.stage.now, number)
        mail, envelope = labelled.as_mail(record, moment)
        ids[shop.stage.graph.deliver(mail, received=moment, **envelope)] = record["id"]  # type: ignore[arg-type]
    shop.stage.now = labelled.spread(shop.stage.now, len(ids))
    differ, count = [], Counter[str]()
    for graph_id, page, whole in both(shop):
        count["plain"] += whole.disposition in LEFT_ALONE
        count["read again"] += whole.disposition in LEFT_ALONE and page is None
        if page is not None and (page.disposition, page.kind) != (whole.disposition, whole.kind):
            differ.append(ids[graph_id])
    assert not differ
    assert count["read again"] <= count["plain"] * 0.1


BORING = "<html><body><p>Hoi, wanneer komt mijn pakket met zeep?</p></body></html>"
ASKING = f"<html><body><p>{INZAGE}</p></body></html>"


def file_of(kind: str, name: str, content: bytes = b"x", *, inline: bool = False) -> dict[str, Any]:
    """One file of a mail, as the email package takes it."""
    maintype, _, subtype = kind.partition("/")
    how = "inline" if inline else "attachment"
    return {"data": content, "maintype": maintype, "subtype": subtype, "filename": name, "disposition": how}


@pytest.mark.parametrize(
    ("text", "html", "file"),
    [
        (PARCEL, ASKING, None),
        (" ", ASKING, None),
        (INZAGE, "<html><body><img src='cid:logo'></body></html>", None),
        ("", ASKING, None),
        ("Zie bijlage.", "", file_of("text/plain", "brief.txt", INZAGE.encode())),
        ("Zie bijlage.", "", file_of("text/plain", "brief.txt", INZAGE.encode(), inline=True)),
        (PARCEL, "", file_of("text/plain", "", INZAGE.encode(), inline=True)),
        ("Hoi", "", file_of("application/pdf", "verzoek.pdf", b"%PDF-1.4", inline=True)),
        ("Hoi", "", file_of("application/ms-tnef", "winmail.dat")),
        ("Hoi", BORING, file_of("application/pdf", "verzoek.pdf", b"%PDF-1.4", inline=True)),
        ("Zie onder.", "", None),
    ],
)
def test_what_a_page_cannot_show_is_read_from_the_mime_and_never_left_alone(
    shop: Shop, text: str, html: str, file: dict[str, Any] | None
) -> None:
    mail = shop.stage._mail("Bram Kuipers", people.BRAM, MAILBOX, "Hoi", text)
    if html and text:
        mail.add_alternative(html, subtype="html")
    elif html:
        mail.set_content(html, subtype="html")
    if file is not None:
        mail.add_attachment(file.pop("data"), **file)
    if text == "Zie onder.":
        mail.add_attachment(shop.stage._mail("Klant", people.HANNEKE, MAILBOX, "Mijn gegevens", INZAGE))
    shop.stage.graph.deliver(mail)
    ((_, page, whole),) = both(shop)
    assert page is None
    assert whole.disposition not in LEFT_ALONE


def test_half_a_mail_is_told_from_a_whole_one(shop: Shop) -> None:
    ids = {}
    for number, record in enumerate(labelled.records()[::3]):
        moment = labelled.spread(shop.stage.now, number)
        mail, envelope = labelled.as_mail(record, moment)
        ids[shop.stage.graph.deliver(mail, received=moment, **envelope)] = record["id"]  # type: ignore[arg-type]
    shop.stage.now = labelled.spread(shop.stage.now, len(ids))
    whole, half = [], []
    for page in inbox.delta_pages(shop.bot.graph, "inbox", None):
        for item in page.items:
            kept, shown = shop.box.item(item["id"]), mails.from_graph(item)
            assert kept is not None
            whole += [item["id"]] if mails.cut_short(mails.parse(kept.raw), shown) else []
            cut = mails.parse(kept.raw[: len(kept.raw) // 2])
            half += [] if mails.cut_short(cut, shown) or cut.unreadable else [item["id"]]
    assert len(ids) == 140
    assert not whole
    assert not half


@pytest.mark.parametrize("restarted", [False, True])
def test_a_request_of_which_half_came_is_read_again_and_not_sorted_by_that_half(shop: Shop, restarted: bool) -> None:
    shop.run()
    shop.stage.graph.faults.add("GET", "*/$value", body=lambda whole: whole[: len(whole) // 2])
    item = shop.arrives("Mijn gegevens", INZAGE)
    if restarted:
        shop.poll(minutes=1)
        shop.bot.seen.clear()
    shop.run(minutes=1)
    assert shop.row(item).disposition is None
    shop.run(minutes=2)
    assert shop.row(item).disposition == "request"


def test_a_mail_of_which_never_more_than_half_comes_goes_to_a_person(shop: Shop) -> None:
    shop.run()
    shop.stage.graph.faults.add("GET", "*/$value", times=None, body=lambda whole: whole[: len(whole) // 2])
    item = shop.arrives("Mijn gegevens", INZAGE)
    for _ in range(16):
        shop.run(minutes=5)
    assert shop.row(item).disposition == "parked"
    assert sum("zelf lezen" in str(mail["Subject"]) for mail in shop.told()) == 1


def test_a_page_without_headers_or_body_is_not_sorted_at_all(shop: Shop) -> None:
    shop.stage.graph.rounds.returns_headers = False
    shop.arrives()
    before = len(shop.stage.graph.calls)
    shop.run()
    assert shop.row().disposition == "not-privacy"
    assert shop.calls(before, "*/[$]value") == 1


def test_headers_without_addresses_change_nothing(shop: Shop) -> None:
    shop.stage.graph.headers_without_addresses = True
    shop.arrives()
    ((_, page, whole),) = both(shop)
    assert page is not None
    assert (page.disposition, whole.disposition) == ("not-privacy", "not-privacy")
