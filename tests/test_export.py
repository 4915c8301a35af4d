"""The copy for the person: complete, readable, harmless to open, and the same bytes every time."""

import csv
import hashlib
import io
import json
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup
from hypothesis import given
from hypothesis import strategies as st

from bot.processors import export
from bot.processors.base import Finding, Record, dutch_date, euros
from bot.processors.export import (
    CopyTooLarge,
    build_copy,
    defused,
    items_of,
    pack_finding,
    table_of_contents,
    unpack_finding,
)
from bot.processors.labels import FIELDS
from bot.processors.lightspeed import Account, Lightspeed
from bot.sandbox import people
from bot.sandbox.suppliers import SandboxLightspeed

pytestmark = pytest.mark.long

MADE_AT = datetime(2026, 11, 25, 10, 0, tzinfo=UTC)
REFERENCE = "LES-2026-0042"


@pytest.fixture(scope="module")
def shop() -> Iterator[Lightspeed]:
    with SandboxLightspeed(limits=(10_000, 10_000, 10_000)) as running:
        connector = Lightspeed(Account(running.url, "nl", running.key, running.secret, running.ca_file))
        yield connector
        connector.close()


@pytest.fixture(scope="module")
def hanneke(shop: Lightspeed) -> tuple[Finding, ...]:
    return (shop.export(people.HANNEKE), Finding("microsoft365", "nothing"))


def one(data: dict[str, Any], **more: Any) -> tuple[Finding, ...]:
    """A finding with one record of this data."""
    words = {"category": "Klantgegevens", "source": "customers", "key": "7", "title": "Klant 7"} | more
    return (Finding("lightspeed", "found", (Record(data=data, **words),)),)


def page_of(findings: tuple[Finding, ...], **more: Any) -> BeautifulSoup:
    return BeautifulSoup(build_copy(findings, "H. Verbrugge", REFERENCE, MADE_AT, **more)[0].content, "html.parser")


def files_of(findings: tuple[Finding, ...], **more: Any) -> dict[str, bytes]:
    content = build_copy(findings, "H. Verbrugge", REFERENCE, MADE_AT, **more)[1].content
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def cells(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=";"))


# --- what is in it


def test_the_copy_is_a_page_and_an_archive(hanneke: tuple[Finding, ...]) -> None:
    page, archive = build_copy(hanneke, "H. Verbrugge", REFERENCE, MADE_AT)
    assert (page.name, page.type) == ("overzicht.html", "text/html")
    assert (archive.name, archive.type) == ("gegevens.zip", "application/zip")


def test_the_page_names_each_processor_and_each_category_with_its_number(hanneke: tuple[Finding, ...]) -> None:
    table = page_of(hanneke).table
    assert table is not None
    text = " ".join(table.get_text(" ").split())
    for words in ("Lightspeed", "Klantgegevens (1)", "Bestellingen (2)", "Facturen (2)", "Nieuwsbrief (1)"):
        assert words in text
    assert "Microsoft 365 e-mail tussen u en ons Niets over u gevonden." in text


def test_every_value_of_every_record_is_on_the_page(hanneke: tuple[Finding, ...]) -> None:
    page = " ".join(page_of(hanneke).get_text(" ").split())
    for record in hanneke[0].records:
        for name, value in record.data.items():
            if isinstance(value, str) and name not in export.CODES and not re.match(r"\d{4}-\d\d-\d\d", value):
                assert " ".join(value.split()) in page, (record.name, name)


def test_every_record_is_in_the_json_as_it_was_found(hanneke: tuple[Finding, ...]) -> None:
    tree = json.loads(files_of(hanneke)["lightspeed.json"])
    assert (tree["verwerker"], tree["kenmerk"]) == ("Lightspeed", REFERENCE)
    assert datetime.fromisoformat(tree["gemaakt_op"]) == MADE_AT
    found = [part for item in tree["onderdelen"] for part in (item, *item["delen"])]
    assert {(part["bron"], part["sleutel"]): part["gegevens"] for part in found} == {
        (record.source, record.key): dict(record.data) for record in hanneke[0].records
    }


def test_every_record_is_a_line_of_the_csv_of_its_category(hanneke: tuple[Finding, ...]) -> None:
    files = files_of(hanneke)
    rows = cells(files["lightspeed/bestellingen.csv"])
    header, *orders = rows
    assert [dict(zip(header, row, strict=True))["number"] for row in orders] == ["ORD00042", "ORD00057"]
    assert header[:3] == ["nummer", "sleutel", "hoort_bij"]
    lines = sum(len(cells(content)) - 1 for name, content in files.items() if name.endswith(".csv"))
    assert lines == len(hanneke[0].records)


def test_json_is_utf_8_and_csv_has_the_mark_that_excel_needs(shop: Lightspeed) -> None:
    files = files_of((shop.export(people.JUERGEN),))
    assert "Weiß" in files["lightspeed.json"].decode()
    assert files["lightspeed/klantgegevens.csv"].startswith(b"\xef\xbb\xbf")
    assert "Weiß" in files["lightspeed/klantgegevens.csv"].decode("utf-8-sig")


def test_the_archive_says_what_it_is(hanneke: tuple[Finding, ...]) -> None:
    text = files_of(hanneke)["LEESMIJ.txt"].decode("utf-8-sig")
    assert REFERENCE in text
    assert "Lightspeed, Microsoft 365" in text


def test_every_field_that_the_shop_holds_has_a_dutch_name(shop: Lightspeed) -> None:
    addresses = [value for name, value in vars(people).items() if name.isupper() and "@" in str(value)]
    seen = {name for address in addresses for record in shop.export(address).records for name in record.data}
    assert seen - set(FIELDS) == set()


def test_codes_dates_and_amounts_are_in_words(hanneke: tuple[Finding, ...]) -> None:
    text = page_of(hanneke).get_text("|")
    for words in ("in behandeling, wacht op verzending", "18 september 2025, 13.30 uur", "€ 36,70", "vrouw", "21%"):
        assert words in text
    assert "9 maart 1951" in text


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("isConfirmed", True, "ja"),
        ("isConfirmed", False, "nee"),
        ("priceIncl", 1234.5, "€ 1.234,50"),
        ("priceIncl", "14.95", "14.95"),
        ("taxRate", 0.21, "21%"),
        ("totalWeight", 350, "350"),
        ("addressBillingCountry", {"id": 1, "title": "Nederland"}, "Nederland"),
        ("paymentData", {"method": "ideal"}, "Method: ideal"),
        ("to", ["a@example.nl", "b@example.nl"], "a@example.nl\nb@example.nl"),
        ("createdAt", "2025-07-01T23:30:00+00:00", "2 juli 2025, 01.30 uur"),
        ("birthDate", "1951-03-09", "9 maart 1951"),
        ("content", "2025-99-99", "2025-99-99"),
        ("nieuwVeld", "iets", "iets"),
    ],
)
def test_a_value_is_shown_as_people_write_it(field: str, value: Any, words: str) -> None:
    shown = page_of(one({field: value})).dd
    assert shown is not None
    assert shown.get_text() == words


@pytest.mark.parametrize("value", [None, "", [], {}, {"method": None}])
def test_an_empty_field_is_not_shown(value: Any) -> None:
    assert page_of(one({"memo": value})).dd is None


def test_a_field_nobody_named_is_shown_under_its_own_name() -> None:
    name = page_of(one({"giftWrapColour": "rood"})).dt
    assert name is not None
    assert name.get_text() == "Gift wrap colour"


def test_amounts_and_dates_of_nothing_are_nothing() -> None:
    assert [euros("x"), euros(True), euros(None), dutch_date("x"), dutch_date(None)] == [""] * 5


# --- harmless to open


DANGEROUS = [
    '=HYPERLINK("https://lokaas.example";"Klik")', "=1+1", "+31600000000", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "\n=1",
    " =1", "\u00a0=1", "\ufeff=1", "\u200b=1", "\u2066=1", "＝1", "＋1", "－1", "＠A1", "\x00=1", "=cmd|' /C calc'!A0",
]  # fmt: skip


@pytest.mark.parametrize("text", DANGEROUS)
def test_a_cell_that_would_run_gets_an_apostrophe(text: str) -> None:
    assert defused(text).startswith("'")


@pytest.mark.parametrize("value", ["Jan", "", "a=b", "'t Hof", "1", -12.5, 7, True, None, "€ -1", "jan@example.nl"])
def test_an_ordinary_cell_gets_none(value: Any) -> None:
    assert not defused(value).startswith("''")
    assert defused(value)[:1] != "'" or value == "'t Hof"


@given(st.text())
def test_no_text_can_start_a_formula_or_leave_its_cell(text: str) -> None:
    rows = cells(files_of(one({"memo": text, text: "veld", "email": "jan@example.nl"}))["lightspeed/klantgegevens.csv"])
    assert len(rows) == 2
    assert len(rows[0]) == len(rows[1])
    assert not any(cell.strip().startswith(("=", "+", "-", "@")) for row in rows for cell in row)


def test_the_company_with_a_formula_for_a_name_is_defused(shop: Lightspeed) -> None:
    content = files_of((shop.export(people.GIJS),))["lightspeed/klantgegevens.csv"]
    header, row = cells(content)
    customer = dict(zip(header, row, strict=True))
    assert customer["companyName"] == '\'=HYPERLINK("https://lokaas.example";"Klik hier")'
    assert customer["memo"] == "'-2+3 <b>vaste klant</b> & vriend"


HTML = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'><b>&amp;"


def test_nothing_a_person_typed_becomes_markup() -> None:
    record = Record(HTML, HTML, HTML, HTML, {HTML: HTML, "nested": {HTML: [HTML]}}, HTML)
    part = Record(HTML, HTML, "deel", HTML, {"memo": HTML}, part_of=record.name)
    page = build_copy((Finding("lightspeed", "found", (record, part)),), HTML, HTML, MADE_AT)[0].content
    soup = BeautifulSoup(page, "html.parser")
    assert not soup.find_all(["script", "img", "b"])
    assert soup.get_text().count(HTML) >= 8


@given(st.text(min_size=1))
def test_every_text_is_shown_as_it_is_and_adds_no_element(text: str) -> None:
    plain = len(page_of(one({"memo": "woord"})).find_all())
    soup = page_of(one({"memo": f"begin{text}eind"}))
    assert len(soup.find_all()) == plain
    shown = soup.dd
    assert shown is not None
    assert shown.get_text().startswith("begin")
    assert shown.get_text().endswith("eind")


def test_half_a_sign_and_control_signs_do_no_harm() -> None:
    findings = one({"memo": "a\ud83d b\x00c\x1b[31m\u202e", "\udc00": "x"}, title="\ud800")
    files = files_of(findings)
    assert json.loads(files["lightspeed.json"])["onderdelen"][0]["gegevens"]["memo"].startswith("a\ufffd b")
    assert b"\x00" not in build_copy(findings, "\ud800", REFERENCE, MADE_AT)[0].content
    assert table_of_contents(findings)


def test_the_page_fetches_nothing_and_runs_nothing(hanneke: tuple[Finding, ...]) -> None:
    soup = page_of(hanneke)
    assert not soup.find_all(["script", "link", "iframe", "img", "form", "object"])
    assert not [tag for tag in soup.find_all() if any(name.startswith("on") or name == "src" for name in tag.attrs)]
    assert all(str(link["href"]).startswith("#") for link in soup.find_all("a"))
    policy = soup.find("meta", {"http-equiv": "Content-Security-Policy"})
    assert policy is not None
    assert "default-src 'none'" in str(policy["content"])


def test_the_page_can_be_walked_through_by_its_headings_and_links(hanneke: tuple[Finding, ...]) -> None:
    soup = page_of(hanneke)
    assert soup.html is not None
    assert soup.html["lang"] == "nl"
    levels = [int(tag.name[1]) for tag in soup.find_all(re.compile(r"^h\d$"))]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    anchors = [str(tag["id"]) for tag in soup.find_all(id=True)]
    assert len(anchors) == len(set(anchors))
    assert {str(link["href"])[1:] for link in soup.find_all("a")} <= set(anchors)
    assert soup.table is not None
    assert soup.table.caption is not None
    assert all(head.get("scope") for head in soup.find_all("th"))


# --- leaving out by number


def test_items_are_numbered_and_parts_share_the_number_of_their_whole(hanneke: tuple[Finding, ...]) -> None:
    items = items_of(hanneke)
    assert [item.number for item in items] == list(range(1, len(items) + 1))
    assert sum(1 + len(item.parts) for item in items) == len(hanneke[0].records)
    line = str(table_of_contents(hanneke)[1])
    assert line == "2. Lightspeed, bestellingen: Bestelling ORD00042 van 4 maart 2025, € 36,70, met 4 onderdelen"


def test_what_is_left_out_is_in_none_of_the_files(hanneke: tuple[Finding, ...]) -> None:
    (number,) = (item.number for item in items_of(hanneke) if item.record.key == "ORD00057")
    page, archive = build_copy(hanneke, "H. Verbrugge", REFERENCE, MADE_AT, without=[number])
    assert b"Graag bij de buren" not in page.content
    for name, content in files_of(hanneke, without=[number]).items():
        assert b"Graag bij de buren" not in content, name
        assert b"ORD00057" not in content, name
    assert archive.content != build_copy(hanneke, "H. Verbrugge", REFERENCE, MADE_AT)[1].content


def test_numbers_do_not_shift_when_something_is_left_out(hanneke: tuple[Finding, ...]) -> None:
    page = page_of(hanneke, without=[2])
    numbers = [int(head.get_text().split(".")[0]) for head in page.find_all("h4")]
    assert numbers == [item.number for item in items_of(hanneke) if item.number != 2]


@pytest.mark.parametrize(
    ("without", "words"), [([], ""), ([2], "Eén onderdeel hebben wij weggelaten"), ([2, 3], "2 onderdelen hebben wij")]
)
def test_the_person_is_told_that_something_is_left_out(
    hanneke: tuple[Finding, ...], without: list[int], words: str
) -> None:
    text = " ".join(page_of(hanneke, without=without).get_text().split())
    assert ("Niet alles staat erin." in text) == bool(without)
    assert words in text


def test_a_processor_of_which_all_is_left_out_does_not_seem_empty() -> None:
    text = page_of(one({"memo": "x"}), without=[1]).get_text()
    assert "Deze gegevens hebben wij weggelaten." in text
    assert "Niets over u gevonden" not in text


def test_a_number_that_does_not_exist_is_refused(hanneke: tuple[Finding, ...]) -> None:
    words = "onderdeel 99 bestaat niet: de kopie heeft de onderdelen 1 tot en met 11"
    with pytest.raises(ValueError, match=words):
        build_copy(hanneke, "H. Verbrugge", REFERENCE, MADE_AT, [1, 99])
    with pytest.raises(ValueError, match=words):
        table_of_contents(hanneke, [1, 99])


def test_staff_see_what_is_left_out_and_what_to_look_at(hanneke: tuple[Finding, ...]) -> None:
    lines = table_of_contents(hanneke, without=[3])
    assert [line.number for line in lines if line.left_out] == [3]
    assert "[weggelaten]" in str(lines[2])
    assert str(lines[2]).endswith("Let op: vrije tekst: kijk of er iets over anderen in staat")


def test_two_persons_on_one_address_are_told_apart(shop: Lightspeed) -> None:
    lines = [line.text for line in table_of_contents((shop.export(people.DE_GROOT),)) if "klantgegevens" in line.text]
    assert ["(Pieter de Groot)" in lines[0], "(Marijke de Groot)" in lines[1]] == [True, True]


def test_a_part_without_its_whole_is_not_lost() -> None:
    findings = one({"memo": "wees"}, part_of="orders/weg")
    assert [item.record.key for item in items_of(findings)] == ["7"]


# --- the same every time


def test_the_same_findings_give_the_same_bytes(hanneke: tuple[Finding, ...]) -> None:
    kept = tuple(unpack_finding(pack_finding(finding)) for finding in hanneke)
    assert build_copy(kept, "H.", REFERENCE, MADE_AT) == build_copy(hanneke, "H.", REFERENCE, MADE_AT)


def test_another_process_gives_the_same_bytes(hanneke: tuple[Finding, ...], tmp_path: Path) -> None:
    (tmp_path / "finding").write_bytes(pack_finding(hanneke[0]))
    program = (
        "import sys,hashlib,datetime as d;from pathlib import Path;from bot.processors.export import *;"
        "f=unpack_finding(Path(sys.argv[1]).read_bytes());"
        "c=build_copy((f,),'H.','LES-2026-0042',d.datetime(2026,11,25,10,tzinfo=d.UTC));"
        "print(hashlib.sha256(b''.join(x.content for x in c)).hexdigest())"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo", "PYTHONPATH": os.pathsep.join(sys.path)}
    said = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "finding")],
        env=environment, check=True, capture_output=True, text=True,
    )  # fmt: skip
    here = build_copy(hanneke[:1], "H.", REFERENCE, MADE_AT)
    assert said.stdout.strip() == hashlib.sha256(b"".join(file.content for file in here)).hexdigest()


def test_a_finding_survives_being_kept(hanneke: tuple[Finding, ...]) -> None:
    for finding in (*hanneke, *one({"memo": "\ud800 é", "n": 1.5, "l": [None, True]})):
        assert unpack_finding(pack_finding(finding)) == finding


def test_a_copy_that_no_mail_can_carry_is_refused_with_a_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "LARGEST", 10_000)
    with pytest.raises(CopyTooLarge, match="laat onderdelen weg met `zonder`"):
        build_copy(one({"memo": "x" * 20_000}), "H.", REFERENCE, MADE_AT)


def test_a_copy_of_nothing_is_still_a_page() -> None:
    assert "Niets over u gevonden" in page_of((Finding("lightspeed", "nothing"),)).get_text()
