"""A message as data: every raw mail of tests/data/mails reads as the file beside it says; broken ones too.

A fault found in the field becomes one more pair there: NAME.eml as it came (with invented people) and NAME.json with
what must be read in it. Fields that are empty are left out of the JSON.
"""

import base64
import json
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.mail.message import Attachment, Bounds, Mail, from_graph, parse
from bot.mail.origin import origin
from bot.mail.reply import split

MAILS = Path(__file__).parent / "data" / "mails"
NAMES = sorted(path.stem for path in MAILS.glob("*.eml"))


def raw_mail(name: str) -> bytes:
    return (MAILS / f"{name}.eml").read_bytes()


def lines_end_in(raw: bytes, end: bytes) -> bytes:
    return raw.replace(b"\r\n", b"\n").replace(b"\r", b"\n").replace(b"\n", end)


def view(mail: Mail) -> dict[str, Any]:
    reply, came, report = split(mail), origin(mail), mail.report
    whole = {
        "subject": mail.subject,
        "senders": [list(sender) for sender in mail.senders],
        "origin": came.kind,
        "reason": came.reason,
        "own_text": reply.own_text,
        "quoted_text": reply.quoted_text,
        "forwarded": reply.forwarded,
        "inline": reply.inline,
        "attachments": [[one.name, one.type, one.size, one.inline] for one in mail.attachments],
        "report": report and [report.final_recipient, report.action, report.status, report.returned_message_id],
        "defects": list(mail.defects),
        "unreadable": mail.unreadable,
    }
    return {key: value for key, value in whole.items() if value or key == "own_text"}


def simple(headers: str, body: str = "Graag inzage.") -> Mail:
    return parse(f"{headers}\nMIME-Version: 1.0\n\n{body}\n".encode())


@pytest.mark.parametrize("name", NAMES)
def test_every_raw_mail_reads_as_the_file_beside_it_says(name: str) -> None:
    assert view(parse(raw_mail(name))) == json.loads((MAILS / f"{name}.json").read_text("utf-8"))


@pytest.mark.parametrize("end", [b"\r\n", b"\r"], ids=["CRLF", "CR"])
@pytest.mark.parametrize("name", NAMES)
def test_line_ends_make_no_difference(name: str, end: bytes) -> None:
    def without_sizes(mail: Mail) -> dict[str, Any]:
        seen = view(mail)
        return {**seen, "attachments": [[one[0], one[1], one[3]] for one in seen.get("attachments", [])]}

    raw = raw_mail(name)
    assert without_sizes(parse(lines_end_in(raw, end))) == without_sizes(parse(raw))


# --- headers


def test_a_name_of_encoded_words_is_decoded_after_the_address_was_found() -> None:
    mail = simple("From: =?utf-8?q?Jan_=3Cbaas=40lesseau=2Eexample=3E?= <jan@example.org>")
    assert mail.senders == (("Jan <baas@lesseau.example>", "jan@example.org"),)
    assert not mail.from_unclear


@pytest.mark.parametrize(
    "value",
    [
        "noor@example.nl <vreemd@example.org>",
        "<noor@example.nl>, <vreemd@example.org>",
        "Noor de Boer noor@example.nl",
        '"Noor" <noor@example.nl',
        "Vrienden: noor@example.nl, jan@example.org;",
    ],
)
def test_a_from_that_fits_no_grammar_is_unclear(value: str) -> None:
    mail = simple(f"From: {value}")
    assert mail.from_unclear or len(mail.senders) != 1
    assert mail.defects


@pytest.mark.parametrize(
    "value",
    [
        "noor@example.nl",
        "Noor <NOOR@Example.NL>",
        '"Boer, Noor de" <noor@example.nl>',
        "=?iso-8859-1?q?Ren=E9e?= <noor@example.nl>",
        "Noor (thuis) <noor@example.nl>",
    ],
)
def test_an_ordinary_from_is_clear_and_its_address_lower_case(value: str) -> None:
    mail = simple(f"From: {value}")
    assert mail.sender == "noor@example.nl"
    assert not mail.from_unclear


def test_headers_are_unfolded_decoded_and_found_whatever_their_case() -> None:
    mail = simple("From: a@example.nl\nX-Lang: =?utf-8?q?caf=C3=A9?=\n bij de\n\tkerk\nx-lang: tweede")
    assert mail.header("X-LANG") == "café bij de kerk"
    assert mail.header_all("x-lang") == ("café bij de kerk", "tweede")
    assert mail.header("X-None") == ""


@pytest.mark.parametrize(
    ("value", "ids"),
    [
        ("<a@x.example> <b@x.example>", ("<a@x.example>", "<b@x.example>")),
        ("<a@x.example>,<b@x.example>", ("<a@x.example>", "<b@x.example>")),
        ("a@x.example, b@x.example", ("<a@x.example>", "<b@x.example>")),
        ("<a@x.example>\n\t<a@x.example>", ("<a@x.example>",)),
        ("niets", ()),
    ],
)
def test_references_are_split_on_spaces_and_commas(value: str, ids: tuple[str, ...]) -> None:
    assert simple(f"From: a@example.nl\nReferences: {value}").references == ids


def test_of_very_many_references_the_newest_are_kept() -> None:
    mail = simple("References: " + " ".join(f"<{number}@x.example>" for number in range(5_000)))
    assert len(mail.references) == 200
    assert mail.references[-1] == "<4999@x.example>"


@pytest.mark.parametrize(
    ("date", "moment"),
    [
        ("Tue, 13 Jan 2026 09:12:44 +0100", datetime(2026, 1, 13, 8, 12, 44, tzinfo=UTC)),
        ("13 Jan 2050 09:12:44", datetime(2050, 1, 13, 9, 12, 44, tzinfo=UTC)),
        ("Tue, 13 Jan 99999 09:12:44 +0100", None),
        ("Tue, 99 Foo 2026", None),
        ("", None),
    ],
)
def test_a_date_is_a_claim_in_utc_or_nothing(date: str, moment: datetime | None) -> None:
    assert simple(f"From: a@example.nl\nDate: {date}").date == moment


@pytest.mark.parametrize(
    ("date", "received", "defect"),
    [
        ("Thu, 13 Jan 2050 09:12:44 +0100", "", "implausible Date (2050)"),
        ("Thu, 1 Jan 1970 00:00:00 +0000", "", "implausible Date (1970)"),
        (
            "Tue, 13 Jan 2026 09:12:44 +0100",
            "by mx.example; Tue, 3 Feb 2026 09:12:50 +0100",
            "Date far from the day of receipt",
        ),
        ("Tue, 13 Jan 2026 09:12:44 +0100", "by mx.example; Tue, 13 Jan 2026 09:12:50 +0100", ""),
    ],
)
def test_a_date_that_cannot_be_is_named(date: str, received: str, defect: str) -> None:
    headers = f"Received: {received}\n" if received else ""
    mail = simple(f"{headers}From: a@example.nl\nMessage-ID: <a@example.nl>\nDate: {date}")
    assert mail.defects == ((defect,) if defect else ())


@pytest.mark.parametrize("name", ["winmail-dat", "smime-encrypted", "smime-opaque-signed", "pgp-encrypted"])
def test_what_nobody_can_read_says_why(name: str) -> None:
    mail = parse(raw_mail(name))
    assert mail.unreadable
    assert mail.unreadable in mail.defects


def test_the_same_message_id_with_other_content_is_another_mail() -> None:
    first, second = (simple("Message-ID: <x@example.nl>", body) for body in ("een", "twee"))
    assert first.message_id == second.message_id
    assert first != second


# --- parts


def test_a_nested_message_is_an_attachment_with_its_bytes_and_not_part_of_the_text() -> None:
    mail = parse(raw_mail("nested-message"))
    assert "Wis" not in mail.text
    assert parse(mail.attachments[0].content).text == "Wis al mijn gegevens."


def test_a_report_carries_the_headers_of_the_returned_letter() -> None:
    report = parse(raw_mail("exchange-ndr")).report
    assert report is not None
    assert dict(report.returned_headers)["X-Privacybot"] == "17.0123456789abcdef"
    assert (report.permanent, report.temporary, report.delivered) == (True, False, False)


@pytest.mark.parametrize(
    ("action", "status", "verdict"),
    [
        ("failed", "5.1.1", "permanent"),
        ("failed", "4.4.7", "permanent"),
        ("delayed", "4.4.1", "temporary"),
        ("", "4.2.2", "temporary"),
        ("", "5.0.0", "permanent"),
        ("relayed", "2.0.0", "delivered"),
    ],
)
def test_a_report_tells_what_will_be_tried_again(action: str, status: str, verdict: str) -> None:
    raw = raw_mail("postfix-delayed").replace(b"Action: delayed", f"Action: {action}".encode())
    report = parse(raw.replace(b"Status: 4.4.1", f"Status: {status}".encode())).report
    assert report is not None
    assert [name for name in ("permanent", "temporary", "delivered") if getattr(report, name)] == [verdict]


def test_of_several_recipients_the_failed_one_is_reported() -> None:
    more = b"Final-Recipient: rfc822; goed@example.org\nAction: delivered\nStatus: 2.0.0\n\nFinal-Recipient: rfc822; J"
    raw = raw_mail("postfix-delayed").replace(b"Action: delayed", b"Action: failed")
    report = parse(raw.replace(b"Final-Recipient: rfc822; J", more)).report
    assert report is not None
    assert report.final_recipient == "jan@example.org"


def test_an_apple_mail_with_files_between_its_html_says_everything_once() -> None:
    inner = "".join(
        f"--m\nContent-Type: {kind}\n\n{words}\n"
        for kind, words in (
            ("text/html", "<p>Hierbij mijn brief.</p>"),
            ('application/pdf; name="brief.pdf"', "%PDF"),
            ("text/html", "<p>Ik hoor graag van u.</p>"),
        )
    )
    raw = (
        "From: noor@example.nl\nContent-Type: multipart/alternative; boundary=a\n\n--a\nContent-Type: text/plain\n\n"
        "Hierbij mijn brief.\n\nIk hoor graag van u.\n--a\nContent-Type: multipart/mixed; boundary=m\n\n"
        f"{inner}--m--\n--a--\n"
    )
    mail = parse(raw.encode())
    assert mail.text.split("\n\n") == ["Hierbij mijn brief.", "Ik hoor graag van u."]
    assert mail.html == "<p>Hierbij mijn brief.</p><p>Ik hoor graag van u.</p>"
    assert [one.name for one in mail.attachments] == ["brief.pdf"]


def test_a_footer_below_an_html_mail_does_not_take_its_place() -> None:
    raw = (
        "From: noor@example.nl\nContent-Type: multipart/mixed; boundary=a\n\n--a\nContent-Type: text/html\n\n"
        "<p>Graag inzage.</p>\n--a\nContent-Type: text/plain\n\nVerzonden via de lijst.\n--a--\n"
    )
    assert parse(raw.encode()).text == "Graag inzage.\nVerzonden via de lijst."


# --- bounds


def multipart(parts: int) -> bytes:
    head = b"From: a@example.nl\nSubject: Veel\nContent-Type: multipart/mixed; boundary=b\n\n"
    return head + b"--b\n\nhoi\n" * parts + b"--b--\n"


def nested(depth: int) -> bytes:
    levels = (f'Content-Type: multipart/mixed; boundary="b{n}"\n\n--b{n}\n' for n in range(depth))
    return b"From: a@example.nl\nSubject: Veel\n" + "".join(levels).encode() + b"\nhoi\n"


@pytest.mark.parametrize(
    ("raw", "over"),
    [
        (b"Subject: Veel\n\n" + b"x" * 25_000_001, "larger than 25 MB"),
        (b"Subject: Veel\n\n" + b"woord " * 333_334, "more than 2 MB of text"),
        (multipart(500), "more than 500 parts"),
        (nested(21), "nested deeper than 20"),
        (nested(3_000), "more than 500 parts"),
        (b"Subject: Veel\n\n" + b"https://a.example " * 5_001, "more than 5000 links"),
        (b"Subject: Veel\n" + b"X: y\n" * 100_000 + b"\nhoi", "more than 100000 headers"),
    ],
    ids=["size", "text", "parts", "depth", "very deep", "links", "headers"],
)
def test_over_a_bound_the_mail_says_which_and_keeps_its_headers(raw: bytes, over: str) -> None:
    mail = parse(raw)
    assert mail.over_bound == over
    assert mail.subject == "Veel"
    assert mail.text == ""


@pytest.mark.parametrize(
    "raw",
    [
        multipart(499),
        nested(20),
        b"Subject: Veel\n\n" + b"https://a.example " * 5_000,
        b"Subject: Veel\n" + b"X: y\n" * 99_999 + b"\nhoi",
    ],
    ids=["parts", "depth", "links", "headers"],
)
def test_at_a_bound_the_mail_is_read(raw: bytes) -> None:
    mail = parse(raw)
    assert mail.over_bound == ""
    assert mail.subject == "Veel"
    assert mail.text


def test_a_mail_that_takes_too_long_is_left_to_a_person() -> None:
    ticks = iter(range(1_000))
    mail = parse(multipart(400) * 20, bounds=Bounds(seconds=3, parts=100_000), timer=lambda: float(next(ticks)))
    assert mail.over_bound == "takes more than 3 s to read"


def test_links_in_both_halves_of_an_alternative_count_once_each() -> None:
    body = "https://a.example " * 2_600
    head = "From: a@example.nl\nContent-Type: multipart/alternative; boundary=b\n\n--b\nContent-Type: text/plain\n\n"
    raw = f"{head}{body}\n--b\nContent-Type: text/html\n\n{body}\n--b--\n"
    assert parse(raw.encode()).over_bound == "more than 5000 links"


HOSTILE = {
    "a content type of quotes": b'Content-Type: multipart/mixed; "' + b";" * 500_000 + b"\n\nhoi",
    "a content type of comments": b"Content-Type: " + b"(" * 500_000 + b"\n\nhoi",
    "a From of comments": b"From: " + b"(" * 500_000 + b"\n\nhoi",
    "a From of dots": b"From: " + b"a." * 900 + b"@example.nl\n\nhoi",
    "a From of encoded words": b"From: " + b"=?utf-8?q?a?= " * 130 + b"<a@example.nl>\n\nhoi",
    "a To of quotes": b"To: " + b'"a' * 200_000 + b"\n\nhoi",
    "a subject of half encoded words": b"Subject: " + b"=?utf-8?q?" * 50_000 + b"\n\nhoi",
    "a subject in punycode": b"Subject: " + b"=?punycode?b?YWFhYS1hYWFh?= " * 10_000 + b"\n\nhoi",
    "folded lines": b"Subject: a\n" + b" b\n" * 100_000 + b"\nhoi",
    "blanks": b"Subject: a\n" + b" \t" * 300_000,
    "open tags": b"Content-Type: text/html\n\n" + b"<a " * 200_000,
    "open comments": b"Content-Type: text/html\n\n" + b"<!--" * 200_000,
    "nested tags": b"Content-Type: text/html\n\n" + b"<div>a" * 100_000,
    "nested quotes": b"Content-Type: text/html\n\n" + b"<blockquote>a" * 50_000,
    "entities": b"Content-Type: text/html\n\n" + b"&" * 500_000,
}


@pytest.mark.long
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_mail_takes_no_time(name: str) -> None:
    start = time.process_time()
    parse(HOSTILE[name])
    assert time.process_time() - start < 3


# --- HTML


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>een</p><p>twee</p>", "een\n\ntwee"),
        ("<div>een</div><div>twee</div>", "een\ntwee"),
        ("een<br>twee<br/>drie", "een\ntwee\ndrie"),
        ("<p class=MsoNormal>een</p><p class=MsoNormal>&nbsp;</p><p class=MsoNormal>twee</p>", "een\n\ntwee"),
        ("<table><tr><td>naam</td><td>Noor</td></tr><tr><td>plaats</td><td>Delft</td></tr></table>",
         "naam Noor\nplaats Delft"),
        ("<ul><li>een</li><li>twee</li></ul>", "- een\n- twee"),
        ("<pre>een\n  twee</pre>", "een\ntwee"),
        ("caf&eacute; &lt;b&gt; &amp; 1 < 2", "café <b> & 1 < 2"),
        ("ver\u200bwijder&shy;en", "verwijderen"),
        ("<blockquote type=cite>oud</blockquote>nieuw", "> oud\n\nnieuw"),
        ("<![if !supportLists]>- <![endif]>een<o:p></o:p>", "- een"),
        ("<!--[if mso]>weg<![endif]-->blijft", "blijft"),
        ("<style>p {color: red}</style><script>alert('x')</script><title>titel</title>tekst", "tekst"),
        ("<style>nooit gesloten <p>tekst", "nooit gesloten\n\ntekst"),
        ("<b>niet <i>goed</b> genest</i>", "niet goed genest"),
        ("<blockquote style='margin:0 0 0 40px;border:none'>ingesprongen</blockquote>", "ingesprongen"),
    ],
)  # fmt: skip
def test_html_reads_as_its_reader_sees_it(html: str, text: str) -> None:
    assert parse(f"Content-Type: text/html; charset=utf-8\n\n{html}".encode()).text == text


@pytest.mark.parametrize(
    "style",
    [
        "display:none", "DISPLAY : NONE", "visibility: hidden", "mso-hide:all", "font-size:0px", "opacity:0",
        "max-height:0; overflow:hidden",
    ],
)  # fmt: skip
def test_hidden_text_is_no_text_but_a_defect(style: str) -> None:
    mail = parse(f'Content-Type: text/html\n\n<p>zichtbaar</p><div style="{style}">verborgen</div>'.encode())
    assert mail.text == "zichtbaar"
    assert mail.defects[-1] == "hidden text in the HTML"


@pytest.mark.parametrize("style", ["font-size:0.9em", "opacity:0.5", "display:block", "margin:0", "line-height:0"])
def test_ordinary_styles_hide_nothing(style: str) -> None:
    assert parse(f'Content-Type: text/html\n\n<p style="{style}">zichtbaar</p>'.encode()).text == "zichtbaar"


def test_a_mail_that_hides_its_end_behind_much_html_loses_no_word() -> None:
    html = "<p>begin</p>" + "<p><b>x</b></p>" * 20_000 + "<p>Wis mijn gegevens.</p>"
    assert parse(f"Content-Type: text/html\n\n{html}".encode()).text.endswith("x\nWis mijn gegevens.")


# --- a page of Graph


def page_of(mail: Mail) -> dict[str, Any]:
    """A message resource as a page of messages/delta gives it: body as HTML, no From and To among the headers."""
    escaped = mail.text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\n", "<br>\n")
    content = mail.html or f'<html><head></head><body><div class="PlainText">{escaped}</div></body></html>'
    headers = [{"name": name, "value": value} for name, value in mail.headers if name not in ("From", "To", "Subject")]
    people = [{"emailAddress": {"name": name, "address": address}} for name, address in mail.senders]
    return {
        "id": "AAMk",
        "subject": mail.subject,
        "internetMessageId": mail.message_id,
        "internetMessageHeaders": headers,
        "body": {"contentType": "html", "content": content},
        "hasAttachments": any(not one.inline for one in mail.attachments),
        **({"from": people[0]} if people else {}),
    }


@pytest.mark.parametrize("name", NAMES)
def test_a_page_reads_as_the_mail_itself(name: str) -> None:
    whole = parse(raw_mail(name))
    page = from_graph(page_of(whole))
    assert split(page).own_text.split() == split(whole).own_text.split()
    assert (page.subject, page.sender, page.message_id) == (whole.subject, whole.sender, whole.message_id)
    assert page.references == whole.references
    assert bool(page.attachments) >= any(not one.inline for one in whole.attachments)
    if origin(whole).kind not in ("calendar",):
        assert origin(page).kind == origin(whole).kind


def test_an_empty_page_is_a_mail_without_anything() -> None:
    mail = from_graph({})
    assert (mail.sender, mail.subject, mail.text, mail.attachments) == ("", "", "", ())
    assert set(mail.defects) == {"no From", "no Message-ID", "no Date", "no text"}


def test_a_page_with_other_types_than_promised_is_no_error() -> None:
    odd: dict[str, Any] = {
        "from": None, "toRecipients": {"emailAddress": None}, "body": "tekst", "internetMessageHeaders": [None, {}],
        "attachments": [{"contentBytes": "*"}, 3], "sentDateTime": 12, "replyTo": [None, {"emailAddress": {}}],
    }  # fmt: skip
    assert from_graph(odd).sender == ""


def test_attachments_of_a_page_are_read_and_announced_ones_are_seen() -> None:
    content = base64.b64encode(b"%PDF").decode()
    one = {"name": "brief.pdf", "contentType": "application/pdf", "size": 4, "contentBytes": content, "isInline": False}
    assert from_graph({"attachments": [one]}).attachments == (Attachment("brief.pdf", "application/pdf", 4, b"%PDF"),)
    assert len(from_graph({"hasAttachments": True}).attachments) == 1


def test_a_meeting_answer_is_known_by_its_kind_of_resource() -> None:
    item = {"@odata.type": "#microsoft.graph.eventMessageResponse", "subject": "Geaccepteerd: gesprek"}
    assert origin(from_graph({**item, "from": {"emailAddress": {"address": "a@example.nl"}}})).kind == "calendar"


# --- every input

PIECES = [
    b"From: ", b"noor@example.nl", b"Subject: ", b"\r\n", b"\n", b"\r", b"\n\n", b"Content-Type: ", b"multipart/mixed",
    b"multipart/alternative", b"text/html", b"text/plain", b"message/rfc822", b"; boundary=", b"abc", b"--abc",
    b"--abc--", b"; charset=", b"utf-8", b"utf-16", b"x-none", b"Content-Transfer-Encoding: ", b"base64",
    b"quoted-printable", b"x-uuencode", b"=?utf-8?b?", b"?=", b"\x00", b"\xff\xfe", b"<p>", b"<blockquote>", b"<!--",
    b"&amp;", b"=\n", b"=E9", b"Content-Disposition: attachment; filename*0*=", b"begin 644 a\n", b"Date: ",
    b"Message-ID: <", b" ", b"\t", b"(", b'"', b"message/delivery-status", b"multipart/report",
    b"Final-Recipient: rfc822;", b"References: ", b"format=flowed",
]  # fmt: skip


@settings(max_examples=100, deadline=None)
@given(st.lists(st.one_of(st.sampled_from(PIECES), st.binary(max_size=12)), max_size=60))
def test_no_bytes_whatever_make_it_fail(pieces: list[bytes]) -> None:
    mail = parse(b"".join(pieces))
    assert isinstance(mail, Mail)
    assert "\r" not in mail.text
    assert "\x00" not in mail.text + mail.subject
    origin(mail)
    split(mail)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(NAMES), st.data())
def test_a_damaged_mail_is_still_read(name: str, data: st.DataObject) -> None:
    raw = bytearray(raw_mail(name))
    for _ in range(data.draw(st.integers(1, 12))):
        place = data.draw(st.integers(0, len(raw) - 1))
        raw[place : place + data.draw(st.integers(0, 9))] = data.draw(st.binary(max_size=6))
        if not raw:
            raw = bytearray(b"x")
    mail = parse(bytes(raw))
    origin(mail)
    split(mail)


def test_the_mails_of_cpython_are_read() -> None:
    try:
        from test import test_email
    except ImportError:
        pytest.skip("this Python comes without test.test_email")
    folder = Path(test_email.__file__).parent / "data"
    if not folder.is_dir():
        pytest.skip("this Python comes without the data of test.test_email")
    read = {path.stem: parse(path.read_bytes()) for path in sorted(folder.glob("msg_*.txt"))}
    assert len(read) > 40
    assert read["msg_10"].text.startswith("This is a 7bit encoded message.\n\n¡This is a Quoted Printable")
    assert [one.name for one in read["msg_22"].attachments] == ["wibble.JPG", "wibble2.JPG"]
    assert "start boundary not found" in read["msg_15"].defects
    report = read["msg_16"].report
    assert report is not None
    assert (report.action, report.status) == ("failed", "5.0.0")
