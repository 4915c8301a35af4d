"""One mail as data: headers, readable text, attachments, a report of failure. Nothing here raises on a broken mail.

The structure is read by the standard library's email package (policy default). Header values are decoded here,
because its parser raises on some and takes minutes over others; nested messages stay closed, as bytes. Whatever is
wrong with a mail is named in `Mail.defects`; a mail over a bound keeps its headers and says which bound in
`Mail.over_bound`; one that nobody can read without a key or another program says so in `Mail.unreadable`.
"""

import base64
import binascii
import codecs
import email.utils
import quopri
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.errors import InvalidHeaderDefect
from email.headerregistry import Address, HeaderRegistry
from email.message import EmailMessage
from email.parser import BytesFeedParser
from email.policy import EmailPolicy
from typing import Any

from bot.mail import markup

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one mail may cost; over any of them a person gets it."""

    size: int = 25_000_000  # bytes
    text: int = 2_000_000  # bytes of text in the body: whoever needs more is no person who types
    lines: int = 1_000_000  # of a multipart
    parts: int = 500
    depth: int = 20  # multiparts inside each other
    links: int = 5_000
    seconds: float = 10
    headers: int = 100_000


BOUNDS = Bounds()


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file or a nested message (`type` message/rfc822, `content` its bytes as they came)."""

    name: str
    type: str
    size: int
    content: bytes
    inline: bool = False
    content_id: str = ""


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """What a mail server says about one of our letters, RFC 3464; "" and () for what it leaves out.

    `action` is failed, delayed, delivered, relayed or expanded; `status` an enhanced code such as 5.1.1 (RFC 3463).
    """

    final_recipient: str
    action: str
    status: str
    returned_message_id: str
    returned_headers: Headers

    @property
    def permanent(self) -> bool:
        """Whether the server has given up: action failed (4.4.7 after days of trying too), or a 5.x.x code."""
        return self.action == "failed" or (self.action == "" and self.status.startswith("5"))

    @property
    def temporary(self) -> bool:
        """Whether the server is still trying."""
        return self.action == "delayed" or (self.action == "" and self.status.startswith("4"))

    @property
    def delivered(self) -> bool:
        """Whether it is good news: the letter arrived or went on."""
        return self.action in ("delivered", "relayed", "expanded")


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail. Addresses are lower-cased, Message-IDs have their `< >`, texts have `\\n` line ends."""

    message_id: str
    in_reply_to: tuple[str, ...]
    references: tuple[str, ...]
    date: datetime | None  # what the sender claims, in UTC: no term counts from it
    senders: tuple[tuple[str, str], ...]  # name and address of every From
    reply_to: tuple[str, ...]
    to: tuple[str, ...]
    cc: tuple[str, ...]
    subject: str
    headers: Headers  # all of the top level in order, decoded, unfolded
    text: str
    html: str
    attachments: tuple[Attachment, ...]
    report: DeliveryReport | None
    content_type: str
    defects: tuple[str, ...]
    over_bound: str
    unreadable: str = ""  # "" or why nobody can read it as it is
    from_unclear: bool = False  # the From line fits no grammar: `senders` is a guess

    @property
    def sender(self) -> str:
        """The first From address; "" when there is none."""
        return self.senders[0][1] if self.senders else ""

    @property
    def from_name(self) -> str:
        """The first From name; "" when there is none."""
        return self.senders[0][0] if self.senders else ""

    def header(self, name: str) -> str:
        """The first value of a header, case-blind; "" when absent."""
        return next(iter(self.header_all(name)), "")

    def header_all(self, name: str) -> tuple[str, ...]:
        """All values of a header in order, case-blind."""
        wanted = name.lower()
        return tuple(value for key, value in self.headers if key.lower() == wanted)


def parse(raw: bytes, *, bounds: Bounds = BOUNDS, timer: Callable[[], float] = time.monotonic) -> Mail:
    """The mail in these bytes. Never raises: what is wrong stands in `defects`, `over_bound` or `unreadable`."""
    notes = _Notes()
    fields, body = _head(raw, notes)
    over = ""
    if len(raw) > bounds.size:
        over = f"larger than {bounds.size // 1_000_000} MB"
    elif len(fields) > bounds.headers:
        over = f"more than {bounds.headers} headers"
    decoded = tuple((name, _decoded(value, notes)) for name, value in fields[: bounds.headers])
    mail = _of_headers(fields[: bounds.headers], decoded, notes)
    if over:
        return replace(mail, over_bound=over, defects=notes.all())
    found = _Found(notes)
    try:
        tree = _tree(fields, body, bounds, timer, notes)
        _walk(tree, found, bounds)
        bodies = found.bodies()
        links = sum(len(_LINK.findall(plain)) + len(_LINK.findall(html)) for plain, html in bodies)
        if links > bounds.links:
            raise _OverBoundError(f"more than {bounds.links} links")
    except _OverBoundError as error:
        return replace(mail, over_bound=str(error), defects=notes.all())
    except (RecursionError, MemoryError):
        return replace(mail, over_bound=f"nested deeper than {bounds.depth}", defects=notes.all())
    except Exception as error:  # the email package gave up; a person gets the mail with its headers
        notes.add(f"unreadable structure ({type(error).__name__})")
        return replace(mail, unreadable="the structure of the mail cannot be read", defects=notes.all())
    text, html = _body(bodies, notes)
    why = _unreadable(mail.content_type, mail.header("Content-Type"), text, found.attachments)
    if why or not text:
        notes.add(why or "no text")
    return replace(
        mail,
        text=text,
        html=html,
        attachments=tuple(found.attachments),
        report=_report(found, mail, text),
        unreadable=why,
        defects=notes.all(),
    )


def from_graph(item: Mapping[str, Any]) -> Mail:
    """The mail of a Graph message resource, as far as a page of `messages/delta` tells it; missing keys are no error.

    Parts and bytes are not on the page: `report` is None, and one nameless attachment stands for those that
    `hasAttachments` announces. `internetMessageHeaders` may leave out From and To; the properties fill in.
    """
    notes = _Notes()
    listed = item.get("internetMessageHeaders")
    fields = [
        (str(entry.get("name") or ""), _clean(_unfolded(str(entry.get("value") or "")), notes))
        for entry in (listed if isinstance(listed, list) else ())
        if isinstance(entry, Mapping)
    ]
    fields = [(name, value) for name, value in fields[: BOUNDS.headers] if name]
    if "eventMessage" in str(item.get("@odata.type") or ""):
        fields.append(("Content-Class", "urn:content-classes:calendarmessage"))
    mail = _of_headers(fields, tuple((name, _decoded(value, notes)) for name, value in fields), notes)
    people = {key: _people(item.get(key)) for key in ("from", "replyTo", "toRecipients", "ccRecipients")}
    content = item.get("body")
    body = content if isinstance(content, Mapping) else {}
    words = str(body.get("content") or "")
    if len(words) > BOUNDS.text or len(_LINK.findall(words)) > BOUNDS.links:
        why = (
            f"more than {BOUNDS.text // 1_000_000} MB of text"
            if len(words) > BOUNDS.text
            else f"more than {BOUNDS.links} links"
        )
        return replace(mail, over_bound=why, defects=notes.all())
    words, is_html = _lines(words), str(body.get("contentType") or "").lower() == "html"
    text, html = _body([("", words) if is_html else (words, "")], notes)
    attachments = _attachments_of_page(item)
    sent = _moment(str(item.get("sentDateTime") or ""))
    mail = replace(
        mail,
        message_id=mail.message_id or _one_id(str(item.get("internetMessageId") or "")),
        date=mail.date or sent,
        senders=mail.senders or people["from"],
        reply_to=mail.reply_to or tuple(address for _, address in people["replyTo"]),
        to=mail.to or tuple(address for _, address in people["toRecipients"]),
        cc=mail.cc or tuple(address for _, address in people["ccRecipients"]),
        subject=_clean(_unfolded(str(item.get("subject") or "")), notes).strip() or mail.subject,
        text=text,
        html=html,
        attachments=attachments,
        content_type=mail.content_type if mail.header("Content-Type") else ("text/html" if is_html else "text/plain"),
    )
    why = _unreadable(mail.content_type, mail.header("Content-Type"), text, attachments)
    if why or not text:
        notes.add(why or "no text")
    present = {
        "no From": bool(mail.senders), "no Message-ID": bool(mail.message_id), "no Date": mail.date is not None,
    }  # fmt: skip
    return replace(mail, unreadable=why, defects=tuple(one for one in notes.all() if not present.get(one, False)))


_ANY_WORD = re.compile(r"[^\W\d_]{3,}")


def cut_short(mail: Mail, page: Mail) -> bool:
    """Whether MIME that came without an error is not the whole mail that a page of Graph showed.

    So it is when it has no subject or no files though the page tells of them, or lacks more than one in ten of the
    page's words. Exchange words a mail a little differently in the two, so fewer prove nothing.
    """
    pairs = ((page.subject, mail.subject), (page.attachments, mail.attachments))
    shown = set(_ANY_WORD.findall(page.text.casefold()))
    kept = set(_ANY_WORD.findall(f"{mail.text} {_body([('', mail.html)], _Notes())[0]}".casefold()))
    return any(told and not found for told, found in pairs) or 10 * len(shown - kept) > len(shown)


# --- headers ---------------------------------------------------------------------------------------------------------

_HEADER = re.compile(r"([!-9;-~]+)[ \t]*:[ \t]*(.*)", re.DOTALL)
_END = re.compile(rb"(?:\r\n|\n|\r(?!\n))[ \t]*(?:\r\n|\n|\r)")
_LINE = re.compile(r"\r\n|\n|\r")
_FOLD = re.compile(r"[ \t]*(?:\r\n|\n|\r)[ \t]+")
_WORD = re.compile(r"=\?([^?\s]{1,60})\?([bBqQ])\?([^?\r\n]*)\?=")
_ID = re.compile(r"<[^<>\s]{1,900}>")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_KNOWN = re.compile(
    r"from|to|cc|bcc|subject|date|sender|reply-to|received|message-id|references|in-reply-to|return-path|mime-version"
    r"|(?:content|list|arc|dkim|resent|x|thread|auto|authentication|accept|delivered|disposition)-[\w-]+|precedence",
    re.I,
)
_STRUCTURE = ("content-type", "content-transfer-encoding", "content-disposition", "content-id", "mime-version")
_VALUE = 100_000  # characters of one header value that are looked at
_PARAMETERS = 5_000  # of one that describes a part: the email package takes quadratic time over them
_FROM = 2_000
_PLAUSIBLE = range(1995, 2045)  # years of a Date
_IDS = 200  # of References, the newest; a thread needs no more
_REGISTRY = HeaderRegistry()


def _head(raw: bytes, notes: "_Notes") -> tuple[list[tuple[str, str]], bytes]:
    """The header fields in order, unfolded, not decoded; and the body.

    A line that is no header ends nothing: the headers below it count (none can hide there) and it opens the body
    (no word is lost), together with lines below it that are headers only by their shape.
    """
    if raw[:3] == codecs.BOM_UTF8:
        raw = raw[3:]
        notes.add("byte order mark before the headers")
    if raw[:1] in (b"\r", b"\n"):
        raw = raw.lstrip(b"\r\n")
        notes.add("empty lines before the headers")
    end = _END.search(raw, 0, 20_000_000)
    head, body = (raw[: end.start()], raw[end.end() :]) if end else (raw[:20_000_000], raw[20_000_000:])
    text = _characters(head, "", notes) if head else ""
    lines = _LINE.split(text)
    if lines and lines[0].startswith("From "):
        lines.pop(0)
        notes.add("mbox line before the headers")
    fields: list[tuple[str, str]] = []
    stray: list[str] = []
    name, pieces = "", [""]
    for line in lines:
        if line[:1] in (" ", "\t") and name:
            pieces.append(line.strip())
        elif match := _HEADER.fullmatch(line):
            if name:
                fields.append((name, _clean(" ".join(pieces), notes)))
            name, pieces = match[1], [match[2].strip()]
            if stray and not _KNOWN.fullmatch(name):
                stray.append(line)
        elif line:
            stray.append(line)
    if name:
        fields.append((name, _clean(" ".join(pieces), notes)))
    if stray:
        notes.add("line among the headers that is no header")
        body = "\n".join(stray).encode("utf-8", "replace") + b"\n\n" + body
    return fields, body


def _of_headers(fields: Sequence[tuple[str, str]], decoded: Headers, notes: "_Notes") -> Mail:
    """A mail without body."""
    values: dict[str, list[str]] = {}
    for name, value in fields:
        values.setdefault(name.lower(), []).append(value[:_VALUE])
    froms = values.get("from", [])
    senders = tuple(_addresses(froms, notes, _FROM))
    for name in ("from", "subject", "date", "message-id", "content-type", "reply-to", "to"):
        if len(values.get(name, ())) > 1:
            notes.add(f"{len(values[name])} {_TITLES[name]} headers")
    unclear = any(not _is_plain_from(value) for value in froms)
    if not senders:
        notes.add("From without an address" if froms else "no From")
    elif unclear:
        notes.add("unclear From")
    message_id = _one_id(_first(values, "message-id"))
    if not message_id:
        notes.add("Message-ID without an id" if values.get("message-id") else "no Message-ID")
    date = _moment(_first(values, "date"))
    if date is None:
        notes.add("unreadable Date" if values.get("date") else "no Date")
    elif date.year not in _PLAUSIBLE:
        notes.add(f"implausible Date ({date.year})")
    elif abs((_moment(_first(values, "received").rpartition(";")[2]) or date) - date) > timedelta(days=7):
        notes.add("Date far from the day of receipt")
    subject = next((value for name, value in decoded if name.lower() == "subject"), "")
    return Mail(
        message_id=message_id,
        in_reply_to=_ids(values.get("in-reply-to", ())),
        references=_ids(values.get("references", ())),
        date=date,
        senders=senders,
        reply_to=tuple(address for _, address in _addresses(values.get("reply-to", ()), notes, _VALUE)),
        to=tuple(address for _, address in _addresses(values.get("to", ()), notes, _VALUE)),
        cc=tuple(address for _, address in _addresses(values.get("cc", ()), notes, _VALUE)),
        subject=" ".join(subject.split()),
        headers=decoded,
        text="",
        html="",
        attachments=(),
        report=None,
        content_type=_type_of(_first(values, "content-type")),
        defects=(),
        over_bound="",
        from_unclear=unclear,
    )


_TITLES = {
    "from": "From", "subject": "Subject", "date": "Date", "message-id": "Message-ID",
    "content-type": "Content-Type", "reply-to": "Reply-To", "to": "To",
}  # fmt: skip


def _first(values: Mapping[str, Sequence[str]], name: str) -> str:
    return next(iter(values.get(name, ())), "")


def _unfolded(value: str) -> str:
    return _LINE.sub(" ", _FOLD.sub(" ", value))


def _clean(text: str, notes: "_Notes") -> str:
    if "\x00" in text:
        notes.add("NUL bytes")
    return _CONTROL.sub("", text) if _CONTROL.search(text) else text


def _decoded(value: str, notes: "_Notes") -> str:
    """A header value with its encoded words read, RFC 2047; characters split over two words are joined again."""
    if "=?" not in value:
        return value
    out: list[str] = []
    waiting, charset, end = b"", "", 0

    def flush() -> None:
        nonlocal waiting
        if waiting:
            out.append(_clean(_LINE.sub(" ", _characters(waiting, charset, notes)), notes))
            waiting = b""

    for match in _WORD.finditer(value):
        between = value[end : match.start()]
        if between.strip() or not end:
            flush()
            out.append(between)
        encoded = match[3]
        if match[2] in "bB":
            content = _base64(encoded, notes)
        else:
            content = quopri.decodestring(encoded.encode("utf-8", "replace"), header=True)
        named = match[1].partition("*")[0].lower()
        if named != charset:
            flush()
            charset = named
        waiting += content
        end = match.end()
    flush()
    out.append(value[end:])
    return "".join(out)


def _base64(text: str, notes: "_Notes") -> bytes:
    kept = re.sub(r"[^A-Za-z0-9+/]", "", text)
    if len(kept) % 4 == 1:
        kept = kept[:-1]
        notes.add("broken base64 in a header")
    try:
        return base64.b64decode(kept + "=" * (-len(kept) % 4))
    except binascii.Error:
        return b""


_TOO_CLEVER = frozenset({"punycode", "idna", "unicode_escape", "raw_unicode_escape", "undefined", "utf-7"})
_LATIN = frozenset({"iso8859-1", "iso8859-15", "cp1252", "ascii", "latin-1"})


def _characters(content: bytes, charset: str, notes: "_Notes") -> str:
    """Bytes as text: as declared, else UTF-8, else Windows-1252, else with replacement characters; each step noted."""
    declared = charset.strip().strip("'\"").lower()
    codec = ""
    if declared:
        try:
            codec = codecs.lookup(declared).name
        except (LookupError, ValueError):
            notes.add(f"unknown charset {_short(declared)}")
        if codec in _TOO_CLEVER:
            notes.add(f"unknown charset {_short(declared)}")
            codec = ""
    if codec in _LATIN:
        lies = codec == "ascii" and not content.isascii()
        try:
            text = content.decode("utf-8")
            if not content.isascii():
                notes.add(f"charset {_short(declared)} is wrong, read as utf-8")
            return text
        except UnicodeDecodeError:
            codec = "iso8859-15" if codec == "iso8859-15" else "cp1252"
            if lies:
                notes.add(f"charset {_short(declared)} is wrong, read as windows-1252")
    for attempt in (codec, "utf-8", "cp1252"):
        if not attempt:
            continue
        try:
            text = content.decode(attempt)
        except (UnicodeError, LookupError, ValueError):
            if attempt == codec:
                notes.add(f"charset {_short(declared)} is wrong")
            continue
        if attempt == "cp1252" and not codec:
            notes.add("no charset named, read as windows-1252")
        return text
    notes.add("bytes that fit no charset")
    return content.decode("utf-8", "replace")


def _short(text: str) -> str:
    return re.sub(r"[^\w.+-]", "", text)[:40]


def _addresses(values: Sequence[str], notes: "_Notes", bound: int) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for value in values:
        if len(value) > bound:
            notes.add("address header too long")
        try:
            pairs = email.utils.getaddresses([value[:bound]])
        except (RecursionError, IndexError, ValueError, TypeError):
            notes.add("unreadable address header")
            continue
        for name, address in pairs:
            address = re.sub(r"\s+", "", address).strip("<>").lower()
            if re.fullmatch(r"[^@\s]+@[^@\s]+", address):
                found.append((" ".join(_decoded(name, notes).split()), address))
    return found


def _is_plain_from(value: str) -> bool:
    """Whether a From value is one mailbox by the grammar of RFC 5322 too, as the stricter parser sees it."""
    if len(value) > _FROM or value.count("@") > 20 or value.count("(") > 20:
        return False
    try:
        header = _REGISTRY("From", value)
        if any(isinstance(defect, InvalidHeaderDefect) for defect in header.defects):
            return False
        addresses: Sequence[Address] = getattr(header, "addresses", ())
    except Exception:  # its parser raises many kinds of error on broken values; each means: not plain
        return False
    lenient = [address.lower() for _, address in email.utils.getaddresses([value])]
    return len(addresses) == 1 and lenient == [addresses[0].addr_spec.lower()] and "@" in lenient[0]


def _ids(values: Sequence[str]) -> tuple[str, ...]:
    found: list[str] = []
    for value in values:
        ids = _ID.findall(value)
        if not ids:
            ids = [f"<{word}>" for word in re.split(r"[\s,;<>]+", value) if re.fullmatch(r"[^@\s]+@[^@\s]+", word)]
        found.extend(ids)
    return tuple(dict.fromkeys(found))[-_IDS:]


def _one_id(value: str) -> str:
    return next(iter(_ids([value])), "")


def _moment(value: str) -> datetime | None:
    """A date as RFC 5322 or ISO 8601 writes it, in UTC."""
    value = value.strip()[:200]
    for read in (email.utils.parsedate_to_datetime, datetime.fromisoformat):
        try:
            moment = read(value)
            return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
        except (ValueError, TypeError, OverflowError, IndexError, AttributeError):
            continue
    return None


# --- structure -------------------------------------------------------------------------------------------------------

_TYPE = re.compile(r"[ \t]*([\w.+-]{1,80}/[\w.+-]{1,120})[ \t]*(?:[;,(]|$)")
_GUESS = re.compile(r"^--(\S[^\n]{0,69}?)[ \t]*$(?=\n+content-)", re.I | re.M)
_LINK = re.compile(r"https?://", re.I)
_CHUNK = 16_384


class _OverBoundError(Exception):
    """A bound of `Bounds` was exceeded; the message names it."""


class _Plain(EmailPolicy):
    """Policy default with header values left as text: its value parser raises on some and takes minutes over others."""

    def header_fetch_parse(self, name: str, value: str) -> Any:
        """The value, unfolded and of bounded length."""
        text = value.encode("ascii", "surrogateescape").decode("utf-8", "replace") if not value.isascii() else value
        return _unfolded(text)[:_PARAMETERS]


class _Part(EmailMessage):
    """A part whose nested messages stay closed: their bytes are kept as they came."""

    def get_content_type(self) -> str:
        """The declared type, but never a message."""
        kind = _kind(self)
        return "application/octet-stream" if kind.startswith("message/") else kind


class _Notes:
    """Defects in the order in which they were found, each once, at most fifty."""

    def __init__(self) -> None:
        self._found: dict[str, None] = {}

    def add(self, words: str) -> None:
        """Names a defect."""
        if len(self._found) < 50:
            self._found.setdefault(words)

    def all(self) -> tuple[str, ...]:
        """All of them."""
        return tuple(self._found)


class _Found:
    """What the walk over the parts collects."""

    def __init__(self, notes: _Notes) -> None:
        self.notes = notes
        self.stretches: list[dict[int, list[tuple[str, str]]]] = []  # of the body: plain and HTML of each branch
        self.choices: dict[int, dict[int, list[tuple[str, str]]]] = {}  # the stretch of each multipart/alternative
        self.attachments: list[Attachment] = []
        self.text = 0  # bytes of the bodies
        self.status: bytes | None = None
        self.returned: bytes | None = None

    def words(self, plain: str, html: str, choice: tuple[int, int] | None) -> None:
        """A readable part; parts in branches of one multipart/alternative say the same thing."""
        if choice is None:
            self.stretches.append({0: [(plain, html)]})
            return
        which, branch = choice
        if which not in self.choices:
            self.choices[which] = {}
            self.stretches.append(self.choices[which])
        self.choices[which].setdefault(branch, []).append((plain, html))

    def bodies(self) -> list[tuple[str, str]]:
        """The plain text and the HTML of each stretch of the body."""
        found: list[tuple[str, str]] = []
        for branches in self.stretches:
            plain: list[str] = []
            html: list[str] = []
            for parts in branches.values():
                if any(rich for _, rich in parts):
                    html.extend(rich or markup.of_text(text) for text, rich in parts)
                else:
                    plain.extend(text for text, _ in parts)
            found.append(("\n".join(plain), "".join(html)))
        return found


def _tree(
    fields: Sequence[tuple[str, str]], body: bytes, bounds: Bounds, timer: Callable[[], float], notes: _Notes
) -> EmailMessage:
    deadline = timer() + bounds.seconds
    count = -1  # the parser makes one part that it throws away

    def part(policy: Any = None) -> _Part:
        nonlocal count
        count += 1
        if count > bounds.parts:
            raise _OverBoundError(f"more than {bounds.parts} parts")
        return _Part(policy)

    head: dict[str, str] = {}
    for name, value in fields:
        if name.lower() in _STRUCTURE:
            head.setdefault(name.lower(), value[:_PARAMETERS])
    start = "".join(f"{name}: {value}\r\n" for name, value in head.items()) + "\r\n"
    parser = BytesFeedParser(part, policy=_Plain())
    parser.feed(start.encode("utf-8", "replace"))
    if not _type_of(head.get("content-type", "")).startswith("multipart/"):
        whole = parser.close()
        assert isinstance(whole, EmailMessage)
        whole.set_payload(body.decode("ascii", "surrogateescape"))
        return whole
    if body.count(b"\n") + body.count(b"\r") > 2 * bounds.lines:
        raise _OverBoundError(f"more than {bounds.lines} lines")
    for position in range(0, len(body), _CHUNK):
        parser.feed(body[position : position + _CHUNK])
        if timer() > deadline:
            raise _OverBoundError(f"takes more than {bounds.seconds:g} s to read")
    tree = parser.close()
    assert isinstance(tree, EmailMessage)
    lost = tree.get_payload()
    if _kind(tree).startswith("multipart/") and isinstance(lost, str):
        notes.add("multipart without its boundary")
        guess = _GUESS.search(_lines(lost[:200_000]))
        if guess and 'boundary="' + guess[1] + '"' not in start:
            mended = [("Content-Type", f'{_kind(tree)}; boundary="{guess[1]}"')]
            return _tree(mended, body, bounds, timer, notes)
    return tree


def _walk(tree: EmailMessage, found: _Found, bounds: Bounds) -> None:
    """Collects bodies, attachments and reports of the tree, in order."""
    for part, depth, inside, choice in _parts(tree):
        if depth > bounds.depth:
            raise _OverBoundError(f"nested deeper than {bounds.depth}")
        for defect in part.defects:
            found.notes.add(_words(type(defect).__name__))
        kind = _kind(part)
        if part.is_multipart():
            continue
        content = _content(part, found.notes)
        for defect in part.defects:
            found.notes.add(_words(type(defect).__name__))
        if kind in ("message/delivery-status", "message/global-delivery-status"):
            found.status = found.status or content
        elif kind in ("text/rfc822-headers", "message/global-headers"):
            found.returned = found.returned or content
        else:
            if kind in ("message/rfc822", "message/global") and inside == "multipart/report":
                found.returned = found.returned or content
            _leaf(part, kind, content, inside, found, bounds, choice, whole=part is tree)


_Choice = tuple[int, int] | None  # the outermost multipart/alternative that a part stands in, and its branch


def _parts(tree: EmailMessage) -> Iterator[tuple[EmailMessage, int, str, _Choice]]:
    """Every part with its depth and the multipart it stands in; no recursion."""
    waiting: list[tuple[EmailMessage, int, str, _Choice]] = [(tree, 0, "", None)]
    while waiting:
        part, depth, inside, choice = waiting.pop()
        yield part, depth, inside, choice
        payload = part.get_payload()
        if isinstance(payload, list):
            kind = _kind(part)
            children: list[tuple[EmailMessage, int, str, _Choice]] = []
            for branch, child in enumerate(payload):
                if isinstance(child, EmailMessage):
                    opens = choice is None and kind == "multipart/alternative"
                    children.append((child, depth + 1, kind, (id(part), branch) if opens else choice))
            waiting.extend(reversed(children))


def _leaf(
    part: EmailMessage,
    kind: str,
    content: bytes,
    inside: str,
    found: _Found,
    bounds: Bounds,
    choice: _Choice,
    *,
    whole: bool,
) -> None:
    disposition = str(part.get("Content-Disposition", "")).partition(";")[0].strip().lower()
    name = _name_of(part, found.notes)
    readable = kind in ("text/plain", "text/html") or (kind.startswith("multipart/"))
    if readable and (whole or not (name or disposition == "attachment")):
        found.text += len(content)
        if found.text > bounds.text:
            raise _OverBoundError(f"more than {bounds.text // 1_000_000} MB of text")
        words = _clean(_lines(_characters(content, _charset_of(part), found.notes)), found.notes)
        if kind != "text/html" and "format=flowed" in _parameters(part):
            words = _unflowed(words, delsp="delsp=yes" in _parameters(part))
        found.words("" if kind == "text/html" else words, words if kind == "text/html" else "", choice)
        return
    content_id = str(part.get("Content-ID", "")).strip().strip("<>")[:500]
    inline = disposition == "inline" or (
        inside == "multipart/related" and bool(content_id) and disposition != "attachment"
    )
    found.attachments.append(Attachment(name or _default_name(kind), kind, len(content), content, inline, content_id))


def _kind(part: EmailMessage) -> str:
    value = part.get("Content-Type")
    if value is None:
        return part.get_default_type()
    return _type_of(str(value))


def _type_of(value: str) -> str:
    match = _TYPE.match(value)
    return match[1].lower() if match else "text/plain"


def _parameters(part: EmailMessage) -> str:
    return re.sub(r"[\s\"]+", "", str(part.get("Content-Type", ""))).lower()


def _charset_of(part: EmailMessage) -> str:
    match = re.search(r"charset\*?\s*=\s*[\"']?([^\s\"';]+)", str(part.get("Content-Type", "")), re.I)
    return match[1] if match else ""


def _content(part: EmailMessage, notes: _Notes) -> bytes:
    """The bytes of a part, its transfer encoding undone as far as it can be."""
    encoding = str(part.get("Content-Transfer-Encoding", "")).partition(";")[0].strip().lower()
    encoded = part.get_payload()
    if encoding == "quoted-printable" and isinstance(encoded, str) and "\r" in encoded:
        part.set_payload(_lines(encoded))
    try:
        payload = part.get_payload(decode=True)
    except Exception as error:  # uuencode and surrogates raise what they like; the bytes then stay encoded
        notes.add(f"broken transfer encoding ({type(error).__name__})")
        payload = None
    if isinstance(payload, bytes):
        if encoding not in _ENCODINGS:
            notes.add(f"unknown transfer encoding {_short(encoding)}")
        return payload
    text = part.get_payload()
    return text.encode("utf-8", "surrogateescape") if isinstance(text, str) else b""


_ENCODINGS = frozenset({
    "", "7bit", "8bit", "binary", "base64", "quoted-printable", "x-uuencode", "uuencode", "uue", "x-uue",
})  # fmt: skip


def _name_of(part: EmailMessage, notes: _Notes) -> str:
    """The file name, decoded, without folders, control characters or marks that turn the reading direction."""
    try:
        name = part.get_filename("")
    except Exception as error:  # broken RFC 2231 parameters raise several kinds of error
        notes.add(f"unreadable file name ({type(error).__name__})")
        return ""
    name = _clean(_decoded(_unfolded(str(name)), notes), notes)
    name = re.sub(r"[\u200e\u200f\u202a-\u202e\u2066-\u2069]", "", name)
    return re.split(r"[/\\]", name)[-1].strip()[:200]


def _default_name(kind: str) -> str:
    names = {"message/rfc822": "bericht.eml", "text/calendar": "uitnodiging.ics", "text/plain": "bijlage.txt"}
    return names.get(kind, "bijlage")


def _words(name: str) -> str:
    """A defect class of the email package in words."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name.removesuffix("Defect")).lower()


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _unflowed(text: str, *, delsp: bool) -> str:
    """Text in format=flowed with its soft line ends joined, RFC 3676."""
    out: list[str] = []
    soft = ""
    for line in text.split("\n"):
        quotes = len(line) - len(line.lstrip(">"))
        rest = line[quotes:].removeprefix(" ")
        prefix = ">" * quotes + (" " if quotes else "")
        if soft and out and prefix == soft[1:]:
            out[-1] += rest
        else:
            out.append(prefix + rest)
        flows = rest.endswith(" ") and rest != "-- "
        soft = f"+{prefix}" if flows else ""
        if flows and delsp:
            out[-1] = out[-1][:-1]
    return "\n".join(out)


# --- the body --------------------------------------------------------------------------------------------------------


def _body(bodies: Sequence[tuple[str, str]], notes: _Notes) -> tuple[str, str]:
    """The readable text and the HTML of all stretches of the body."""
    texts: list[str] = []
    htmls: list[str] = []
    any_html = any(html.strip() for _, html in bodies)
    for plain, html in bodies:
        text = plain
        if html.strip():
            page = markup.read(html)
            if page.hidden:
                notes.add("hidden text in the HTML")
            if not page.text and not plain.strip():
                notes.add("HTML without readable text")
            if not plain.strip():
                text = page.text
            elif _says_more(page.text, plain):
                notes.add("the HTML says more than the text part")
                text = page.text
            elif not page.text:
                notes.add("the text part says more than the HTML")
        texts.append(text)
        if any_html and (html.strip() or plain.strip()):
            htmls.append(html if html.strip() else markup.of_text(plain))
    text = re.sub(r"[ \t]+\n", "\n", "\n".join(texts)).strip("\n")
    return text.rstrip(), "".join(htmls)


def _says_more(rich: str, plain: str) -> bool:
    """Whether the HTML holds words that the text part leaves out: what its reader saw is then the HTML."""
    words = re.findall(r"\w{3,}", rich[:200_000].lower())
    known = set(re.findall(r"\w{3,}", plain[:400_000].lower()))
    missing = sum(word not in known for word in words)
    return missing >= 6 and missing * 2 > len(words)


def _unreadable(kind: str, declared: str, text: str, attachments: Sequence[Attachment]) -> str:
    """Why nobody can read the mail as it is, "" when anybody can."""
    lower = declared.lower()
    if kind in ("application/pkcs7-mime", "application/x-pkcs7-mime"):
        return "signed in a form that hides the text (S/MIME)" if "signed-data" in lower else "encrypted (S/MIME)"
    if kind == "multipart/encrypted":
        return "encrypted (PGP)" if "pgp" in lower else "encrypted"
    if kind in ("message/partial", "message/external-body"):
        return "one piece of a message, or a message kept elsewhere"
    if "-----BEGIN PGP MESSAGE-----" in text:
        return "encrypted (PGP)"
    for one in attachments:
        name = one.name.lower()
        if one.type in ("application/ms-tnef", "application/vnd.ms-tnef") or name == "winmail.dat":
            return "in Outlook's own format (winmail.dat)"
        if one.type == "application/x-microsoft-rpmsg-message" or name == "message.rpmsg":
            return "protected by Microsoft (message.rpmsg)"
        if one.type in ("application/pkcs7-mime", "application/x-pkcs7-mime") and not text.strip():
            return "encrypted (S/MIME)"
        if one.type == "application/pgp-encrypted" and not text.strip():
            return "encrypted (PGP)"
    return ""


# --- reports of delivery ---------------------------------------------------------------------------------------------

_STATUS = re.compile(r"\b([245]\.\d{1,3}\.\d{1,3})\b")
_RETURNED_ID = re.compile(r"^[ \t>]*Message-ID:[ \t]*(<[^<>\s]{1,900}>)", re.I | re.M)


def _report(found: _Found, mail: Mail, text: str) -> DeliveryReport | None:
    """The report of RFC 3464; or what Exim, Gmail and the like say in X-Failed-Recipients and in words."""
    failed = mail.header("X-Failed-Recipients")
    if found.status is None and not failed:
        return None
    returned = tuple(_fields(found.returned[:200_000])) if found.returned else ()
    returned_id = next((_one_id(value) for name, value in returned if name.lower() == "message-id"), "")
    if not returned_id:
        match = _RETURNED_ID.search(text[:200_000])
        returned_id = match[1] if match else ""
    if found.status is None:
        status = _STATUS.search(text[:20_000])
        first = next(iter(_addresses([failed], _Notes(), _FROM)), ("", ""))[1]
        return DeliveryReport(first, "failed", status[1] if status else "", returned_id, returned)
    groups = [{name.lower(): value for name, value in _fields(group)} for group in _groups(found.status)]
    people = [group for group in groups if "final-recipient" in group or "action" in group] or [{}]
    one = next((group for group in people if group.get("action", "").lower().startswith("failed")), people[0])
    recipient = one.get("final-recipient") or one.get("original-recipient") or failed
    status = _STATUS.search(one.get("status", ""))
    return DeliveryReport(
        final_recipient=recipient.rpartition(";")[2].strip().strip("<>").lower(),
        action=re.sub(r"[^a-z]", "", one.get("action", "").lower().partition("(")[0]),
        status=status[1] if status else "",
        returned_message_id=returned_id,
        returned_headers=returned,
    )


def _groups(content: bytes) -> list[bytes]:
    return [group for group in _END.split(content[:200_000]) if group.strip()]


def _fields(content: bytes) -> list[tuple[str, str]]:
    notes = _Notes()
    fields, _ = _head(content.lstrip(b"\r\n"), notes)
    return [(name, _decoded(value, notes)) for name, value in fields[:2_000]]


# --- a page of Graph -------------------------------------------------------------------------------------------------


def _people(value: object) -> tuple[tuple[str, str], ...]:
    entries = value if isinstance(value, list) else [value]
    found: list[tuple[str, str]] = []
    for entry in entries:
        inner = entry.get("emailAddress") if isinstance(entry, Mapping) else None
        if isinstance(inner, Mapping) and inner.get("address"):
            name = " ".join(str(inner.get("name") or "").split())
            found.append((name, str(inner["address"]).strip().lower()))
    return tuple(found)


def _attachments_of_page(item: Mapping[str, Any]) -> tuple[Attachment, ...]:
    listed = item.get("attachments")
    found = []
    for entry in listed if isinstance(listed, list) else ():
        if not isinstance(entry, Mapping):
            continue
        try:
            content = base64.b64decode(str(entry.get("contentBytes") or ""))
        except (binascii.Error, ValueError):
            content = b""
        nested = str(entry.get("@odata.type") or "").endswith("itemAttachment")
        kind = "message/rfc822" if nested else str(entry.get("contentType") or "application/octet-stream").lower()
        size = entry.get("size")
        found.append(
            Attachment(
                name=str(entry.get("name") or ""),
                type=kind,
                size=size if isinstance(size, int) else len(content),
                content=content,
                inline=bool(entry.get("isInline")),
                content_id=str(entry.get("contentId") or ""),
            )
        )
    if not found and item.get("hasAttachments"):
        found.append(Attachment("", "application/octet-stream", 0, b""))
    return tuple(found)
