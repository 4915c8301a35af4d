"""The page with the mailboxes, as a browser asks for it."""

from collections.abc import Iterator
from datetime import UTC, datetime
from email.message import EmailMessage
from html import unescape
from pathlib import Path

import httpx
import pytest

from bot.sandbox.graph import SandboxGraph
from bot.sandbox.page import safe_html, serve_page

INFO, STAFF, CUSTOMER = "info@winkel.example", "privacy@winkel.example", "ida@zeil.example"
NOW = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)


@pytest.fixture
def graph(tmp_path: Path) -> Iterator[SandboxGraph]:
    with SandboxGraph(tmp_path, INFO, lambda: NOW, {STAFF: "Privacy"}) as running:
        yield running


@pytest.fixture
def browser(graph: SandboxGraph) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=serve_page(graph), trust_env=False) as client:
        yield client


def mail(subject: str, sender: str = CUSTOMER, to: str = INFO, html: str = "") -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, to, subject
    message["Message-ID"] = f"<{len(subject)}@zeil.example>"
    message.set_content("Goedendag <b>winkel</b>")
    if html:
        message.add_alternative(html, subtype="html")
    return message


def link_to(page: httpx.Response, words: str) -> str:
    before, found, _ = page.text.partition(f'">{words}')
    assert found, f"{words} is not on the page"
    return unescape(before.rpartition('href="')[2])


def test_the_first_page_shows_every_mailbox(graph: SandboxGraph, browser: httpx.Client) -> None:
    graph.deliver(mail("Inzage graag"))
    graph.send_as(STAFF, mail("Ter info", STAFF, CUSTOMER))
    page = browser.get("/")
    assert page.status_code == 200
    for words in (
        "Postvak IN",
        "Verzonden items",
        INFO,
        STAFF,
        CUSTOMER,
        "Inzage graag",
        "Ter info",
        "02-11-2026 09:00",
    ):
        assert words in page.text
    assert "script" not in page.headers["Content-Security-Policy"].replace("default-src 'none'", "")


@pytest.mark.parametrize("who", [INFO, STAFF, CUSTOMER])
def test_a_mail_can_be_opened_in_any_mailbox(graph: SandboxGraph, browser: httpx.Client, who: str) -> None:
    if who == INFO:
        graph.deliver(mail("Een vraag"))
    else:
        graph.send_as(STAFF, mail("Een vraag", STAFF, who))
    page = browser.get(link_to(browser.get("/"), "Een vraag"))
    assert "Goedendag &lt;b&gt;winkel&lt;/b&gt;" in page.text
    assert "Message-ID: &lt;9@zeil.example&gt;" in page.text


def test_html_of_a_mail_is_made_harmless(graph: SandboxGraph, browser: httpx.Client) -> None:
    nasty = '<p onclick="kwaad()">Dag</p><script>kwaad()</script><img src="https://spion.example/x.png"><form></form>'
    graph.deliver(mail("Opmaak", html=nasty))
    page = browser.get(link_to(browser.get("/"), "Opmaak"))
    assert "<p>Dag</p>" in page.text
    for bad in ("kwaad", "spion", "<form"):
        assert bad not in page.text


def test_subjects_and_names_are_escaped(graph: SandboxGraph, browser: httpx.Client) -> None:
    graph.deliver(mail("<script>x</script>", '"<i>Ida</i>" <ida@zeil.example>'))
    page = browser.get("/")
    assert "<script>" not in page.text and "<i>Ida" not in page.text


def test_attachments_can_be_saved(graph: SandboxGraph, browser: httpx.Client) -> None:
    message = mail("Met bijlage")
    message.add_attachment(b"PK", maintype="application", subtype="zip", filename="gegevens é.zip")
    graph.deliver(message)
    page = browser.get(link_to(browser.get("/"), "Met bijlage"))
    file = browser.get(link_to(page, "gegevens é.zip"))
    assert file.content == b"PK"
    assert file.headers["Content-Disposition"].startswith("attachment;")


def test_a_customer_writes_and_the_mail_is_in_the_inbox(graph: SandboxGraph, browser: httpx.Client) -> None:
    form = {"van": CUSTOMER, "naam": "Ida", "aan": INFO, "onderwerp": "Mijn gegevens", "tekst": "Graag inzage."}
    assert browser.post("/schrijven", data=form).status_code == 303
    (item,) = graph.messages("inbox")
    assert (item.subject, item.mime.sender, item.mime.text.strip()) == (
        "Mijn gegevens",
        ("Ida", CUSTOMER),
        "Graag inzage.",
    )
    assert "dmarc=pass" in item.mime.header("Authentication-Results")
    assert "Mijn gegevens" in browser.get("/").text


def test_a_forged_sender_can_be_tried(graph: SandboxGraph, browser: httpx.Client) -> None:
    form = {"van": CUSTOMER, "aan": INFO, "onderwerp": "x", "tekst": "y", "vervalst": "on"}
    browser.post("/schrijven", data=form)
    assert "dmarc=fail" in graph.messages("inbox")[0].mime.header("Authentication-Results")


def test_staff_reply_from_the_mail_itself(graph: SandboxGraph, browser: httpx.Client) -> None:
    asked = mail("Akkoord? inzage #k7f3", INFO, STAFF)
    graph.deliver(asked, to=STAFF, internal=True)
    page = browser.get(link_to(browser.get("/"), "Akkoord? inzage #k7f3"))
    form = browser.get(link_to(page, "Beantwoorden"))
    assert 'value="Re: Akkoord? inzage #k7f3"' in form.text
    assert "&gt; Goedendag" in form.text
    fields = {"van": STAFF, "aan": INFO, "onderwerp": "Re: Akkoord? inzage #k7f3", "tekst": "akkoord"}
    browser.post("/schrijven", data={**fields, "antwoord": str(asked["Message-ID"])})
    (item,) = graph.messages("inbox")
    assert item.mime.header("X-MS-Exchange-Organization-AuthAs") == "Internal"
    assert item.mime.header("In-Reply-To") == asked["Message-ID"]


def test_a_mailto_button_fills_the_form() -> None:
    html = safe_html(
        '<a href="mailto:info@winkel.example?subject=Akkoord%20%23k7f3&amp;body=akkoord">Akkoord</a>', STAFF
    )
    assert 'href="/schrijven?van=privacy%40winkel.example&amp;aan=info%40winkel.example' in html
    assert "onderwerp=Akkoord+%23k7f3&amp;tekst=akkoord" in html
    assert "href" not in safe_html('<a href="javascript:kwaad()">x</a><a href="/schrijven">y</a>', STAFF)


@pytest.mark.parametrize(
    ("sender", "to"), [("", INFO), (CUSTOMER, ""), (INFO, STAFF), (CUSTOMER, "iemand@elders.example")]
)
def test_a_form_that_cannot_be_sent_says_why(graph: SandboxGraph, browser: httpx.Client, sender: str, to: str) -> None:
    page = browser.post("/schrijven", data={"van": sender, "aan": to, "onderwerp": "x", "tekst": "bewaard"})
    assert page.status_code == 400
    assert 'class="fout"' in page.text and "bewaard" in page.text
    assert graph.messages("inbox") == []


@pytest.mark.parametrize("path", ["/niets", "/bericht/info@winkel.example/weg", "/bericht/x@y.example/0", "/map/x/y"])
def test_what_is_not_there_is_404(browser: httpx.Client, path: str) -> None:
    assert browser.get(path).status_code == 404


def test_other_sites_cannot_use_the_page(graph: SandboxGraph, browser: httpx.Client) -> None:
    assert browser.get("/", headers={"Host": "kwaad.example"}).status_code == 403
    form = {"van": CUSTOMER, "aan": INFO, "onderwerp": "x", "tekst": "y"}
    assert browser.post("/schrijven", data=form, headers={"Origin": "https://kwaad.example"}).status_code == 403
    assert graph.messages("inbox") == []


def test_a_long_folder_is_shown_in_part_and_whole_on_request(graph: SandboxGraph, browser: httpx.Client) -> None:
    for n in range(45):
        graph.deliver(mail(f"Bericht nummer {n}"))
    page = browser.get("/")
    assert "Bericht nummer 44" in page.text and "Bericht nummer 4<" not in page.text
    assert "Bericht nummer 4<" in browser.get(link_to(page, "Alle 45 berichten")).text
