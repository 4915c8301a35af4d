"""A stored message as Exchange sees it: headers, bodies, attachments. Reads whatever arrives, however broken.

Headers are split by hand and bodies are read only when somebody asks for them, so that ten thousand mails can be
delivered in a moment.
"""

import email.utils
import html as html_entities
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import Message
from email.policy import compat32
from email.utils import getaddresses, parsedate_to_datetime
from functools import cached_property

from bs4 import BeautifulSoup

Headers = tuple[tuple[str, str], ...]

_HEADER = re.compile(r"([!-9;-~]+)[ \t]*:(.*)", re.DOTALL)
_END_OF_HEADERS = re.compile(rb"\r?\n[ \t]*\r?\n|\r\r")
_MESSAGE_ID = re.compile(r"<[^<>\s]+>")
_SIGN_OF_ATTACHMENT = re.compile(
    rb"content-disposition|name\s*\*?\d*\*?=|message/rfc822|application/|image/|text/calendar", re.I
)
_SCRIPT = re.compile(r"<(script|iframe|object|embed|applet)\b.*?(</\1\s*>|\Z)", re.I | re.S)
_HANDLER = re.compile(r"\son[a-z]+\s*=\s*(\"[^\"]*\"|'[^']*'|[^\s>]+)", re.I)
_LENIENT: dict[str, bool] = {"strict": False} if getattr(email.utils, "supports_strict_parsing", False) else {}
_META = '<meta http-equiv="Content-Type" content="text/html; charset=utf-8">'


@dataclass(frozen=True, slots=True)
class Part:
    """An attachment: a file, or a message when `type` is message/rfc822."""

    name: str
    type: str
    content: bytes
    inline: bool
    content_id: str

    @property
    def is_message(self) -> bool:
        """Whether Graph shows it as an itemAttachment."""
        return self.type == "message/rfc822"


class Mime:
    """One message by its bytes. Nothing here raises on broken input."""

    def __init__(self, raw: bytes) -> None:
        self.raw = raw

    @cached_property
    def headers(self) -> Headers:
        """The top-level headers in order, unfolded, not decoded."""
        return split_headers(self.raw)

    def header_all(self, name: str) -> tuple[str, ...]:
        """All values of a header, case-blind."""
        wanted = name.lower()
        return tuple(value for key, value in self.headers if key.lower() == wanted)

    def header(self, name: str) -> str:
        """The first value of a header, "" when absent."""
        return next(iter(self.header_all(name)), "")

    @cached_property
    def message_id(self) -> str:
        """With its angle brackets; "" when absent."""
        return self.header("Message-ID").strip()

    @cached_property
    def subject(self) -> str:
        """Decoded."""
        return decoded(self.header("Subject"))

    @cached_property
    def date(self) -> datetime | None:
        """What the sender claims, in UTC; None when absent or unreadable."""
        try:
            date = parsedate_to_datetime(self.header("Date"))
            return (date if date.tzinfo else date.replace(tzinfo=UTC)).astimezone(UTC)
        except (ValueError, TypeError, OverflowError, IndexError):
            return None

    def addresses(self, name: str) -> list[tuple[str, str]]:
        """Name and address of everyone in the headers of that name; addresses keep their case."""
        found = getaddresses(list(self.header_all(name)), **_LENIENT)
        return [(decoded(who), address) for who, address in found if address]

    @cached_property
    def sender(self) -> tuple[str, str]:
        """Name and address of the first From."""
        return next(iter(self.addresses("From")), ("", ""))

    @cached_property
    def thread(self) -> tuple[str, ...]:
        """The Message-IDs that it answers, nearest last."""
        return tuple(_MESSAGE_ID.findall(self.header("References")) + _MESSAGE_ID.findall(self.header("In-Reply-To")))

    @cached_property
    def has_attachments(self) -> bool:
        """As Graph counts: inline ones alone do not make it true."""
        return any(not part.inline for part in self.attachments())

    @cached_property
    def bodies(self) -> tuple[str, str]:
        """The HTML and the plain text of the body; "" for the one that it does not have."""
        html, text, _ = _read(self.raw)
        return html, text

    def attachments(self) -> list[Part]:
        """The attachments with their bytes, read anew at each call so that none of it is kept in memory."""
        if not _SIGN_OF_ATTACHMENT.search(self.raw):
            return []
        return _read(self.raw)[2]

    @property
    def text(self) -> str:
        """The body as text, also of a mail with HTML alone."""
        html, text = self.bodies
        return text if text or not html else text_of_html(html)

    @property
    def html(self) -> str:
        """The body as HTML, as Exchange shows it: plain text wrapped, scripts and the like removed."""
        html, text = self.bodies
        if not html:
            return html_of_text(text)
        safe = _HANDLER.sub("", _SCRIPT.sub("", html))
        if "<html" in safe[:2000].lower():
            return safe
        return f"<html><head>\r\n{_META}</head><body>{safe}</body></html>"

    @cached_property
    def preview(self) -> str:
        """The first 255 characters of the text."""
        html, text = self.bodies
        return " ".join((text[:4000] or text_of_html(html[:20_000])).split())[:255]


def split_headers(raw: bytes) -> Headers:
    """The top-level headers of a message, unfolded; lines that are none are passed over."""
    end = _END_OF_HEADERS.search(raw)
    head = raw[: end.start()] if end else raw
    try:
        text = head.decode("utf-8")
    except UnicodeDecodeError:
        text = head.decode("latin-1")
    lines: list[str] = []
    for line in re.split(r"\r\n|\n|\r", text):
        if line[:1] in (" ", "\t") and lines:
            lines[-1] += " " + line.strip()
        else:
            lines.append(line)
    found = (_HEADER.match(line) for line in lines)
    return tuple((match[1], match[2].strip()) for match in found if match)


def without_headers(raw: bytes, unwanted: re.Pattern[str]) -> tuple[bytes, Headers]:
    """The message without the headers whose whole name fits the pattern, and those headers."""
    end = _END_OF_HEADERS.search(raw)
    cut = end.start() if end else len(raw)
    kept: list[bytes] = []
    dropped: list[bytes] = []
    target = kept
    for line in re.split(rb"(?<=\n)", raw[:cut]):
        if line[:1] not in (b" ", b"\t"):
            name = line.partition(b":")[0].strip().decode("latin-1")
            target = dropped if unwanted.fullmatch(name) else kept
        target.append(line)
    if not dropped:
        return raw, ()
    return b"".join(kept).rstrip(b"\r\n") + (raw[cut:] or b"\r\n"), split_headers(b"".join(dropped))


def decoded(value: str) -> str:
    """A header value with its encoded words read; as it stands when they cannot be."""
    if "=?" not in value:
        return value
    try:
        return str(make_header(decode_header(value)))
    except (ValueError, LookupError, UnicodeError):
        return value


def html_of_text(text: str) -> str:
    """Plain text as Exchange shows it to who asks for HTML."""
    lines = html_entities.escape(text).replace("\r\n", "\n").replace("\n", "<br>\r\n")
    return f'<html><head>\r\n{_META}\r\n</head>\r\n<body>\r\n<div class="PlainText">{lines}</div>\r\n</body>\r\n</html>'


def text_of_html(html: str) -> str:
    """HTML as the text that Exchange makes of it."""
    soup = BeautifulSoup(html, "html.parser")
    for tag in soup(["script", "style", "head", "title"]):
        tag.decompose()
    for tag in soup(["br", "p", "div", "tr", "li", "h1", "h2", "h3", "blockquote"]):
        tag.append("\n")
    lines = (" ".join(line.split()) for line in soup.get_text().split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _read(raw: bytes) -> tuple[str, str, list[Part]]:
    html: list[str] = []
    text: list[str] = []
    files: list[Part] = []
    try:
        _walk(message_from_bytes(raw, policy=compat32), html, text, files, related=False)
    except Exception:  # what the email package cannot read has no readable body, as in Exchange
        return "".join(html), "".join(text), files
    return "".join(html), "\n".join(text), files


def _walk(part: Message, html: list[str], text: list[str], files: list[Part], *, related: bool) -> None:
    kind = part.get_content_type()
    if kind.startswith("multipart/") and part.is_multipart():
        for child in children(part):
            _walk(child, html, text, files, related=kind == "multipart/related")
        return
    if kind in ("message/delivery-status", "message/disposition-notification"):
        return
    disposition = str(part.get("Content-Disposition", "")).partition(";")[0].strip().lower()
    name = part.get_filename()
    if kind == "message/rfc822":
        inner = next(iter(children(part)), Message())
        content, title = inner.as_bytes(), decoded(str(inner.get("Subject", "")))
        files.append(Part(decoded(name or title or "bericht.eml"), kind, content, False, ""))
        return
    payload = part.get_payload(decode=True)
    content = payload if isinstance(payload, bytes) else b""
    if kind in ("text/plain", "text/html") and disposition != "attachment" and not name:
        (html if kind == "text/html" else text).append(_characters(content, part.get_content_charset() or "utf-8"))
        return
    content_id = str(part.get("Content-ID", "")).strip().strip("<>")
    inline = disposition == "inline" or (related and bool(content_id) and disposition != "attachment")
    files.append(Part(decoded(name or "bijlage"), kind, content, inline, content_id))


def children(part: Message) -> list[Message]:
    """The parts of a multipart, or the message in a message/rfc822."""
    payload = part.get_payload()
    return [child for child in payload if isinstance(child, Message)] if isinstance(payload, list) else []


def _characters(content: bytes, charset: str) -> str:
    try:
        return content.decode(charset)
    except (LookupError, UnicodeDecodeError):
        return content.decode("utf-8", "replace")
