"""HTML of mails as text: what a reader sees, with quotes as `> ` lines and the places where mail programs cut.

The HTML is first made canonical by one linear pass (known tags, few attributes, everything else escaped), because
parsers take minutes over hostile HTML. At most `TREE` characters go through the tree; what is longer keeps its text.
"""

import html as entities
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from bs4 import BeautifulSoup
from bs4.element import NavigableString, PageElement, Tag

TREE = 60_000
"""Characters of canonical HTML that are read as a tree; of the rest only the lines are kept."""

LONGEST_KEPT = 100_000
"""Characters of HTML whose reading is kept for the next who asks."""

CUT = "\ue000"
"""A line of its own: everything below was put there by a mail program that quotes or forwards."""
ATTRIBUTION = "\ue001"
"""Begins a line that a mail program marked as the heading of a quote."""

_TAG = re.compile(r"<(?:(/?)([a-zA-Z][a-zA-Z0-9:]*)([^<>]*)|[!?][^<>]*)>")
_ATTRIBUTE = re.compile(r"([a-zA-Z][-\w:.]*)(?:\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+)))?")
_KEPT = frozenset({"id", "class", "style", "type", "hidden", "name", "data-marker"})
_SILENT = frozenset({"script", "style", "title", "template", "noscript", "textarea", "select", "svg", "object", "meta"})
_BLOCK = frozenset({
    "address", "article", "aside", "blockquote", "body", "center", "dd", "div", "dl", "dt", "fieldset", "footer",
    "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "html", "li", "main", "nav", "ol", "p", "pre",
    "section", "table", "tbody", "tfoot", "thead", "tr", "ul",
})  # fmt: skip
_SPACED = frozenset({"blockquote", "h1", "h2", "h3", "h4", "h5", "h6", "ol", "p", "pre", "table", "ul"})
_HIDDEN = re.compile(
    r"display:none|visibility:hidden|mso-hide:all|font-size:0(?![.\d]*[1-9])|(?<![-\w])opacity:0(?![.\d]*[1-9])"
    r"|(?:max-)?height:0(?![.\d]*[1-9]).*overflow:hidden|overflow:hidden.*(?:max-)?height:0(?![.\d]*[1-9])"
)
_TELLING = re.compile(r"display|visib|hide|size\s*:\s*0|opacity|height|border|margin|line-through", re.I)
_CUT_ID = re.compile(
    r"(?:x_)*(?:divRplyFwdMsg|appendonsend|stopSpelling|mail-editor-reference-message-container|reply-intro"
    r"|ms-outlook-mobile-body-separator-line)"
)
_CUT_CLASS = re.compile(r"(?:x_)*(?:OutlookMessageHeader|moz-forward-container|ms-outlook-mobile-reference-message)")
_QUOTE_CLASS = re.compile(
    r"(?:x_)*(?:yahoo_quoted|protonmail_quote|tutanota_quote|EmailQuote|zmail_extra|gmx_quote|quoted-mail)"
)
_ATTRIBUTION_CLASS = re.compile(r"(?:x_)*(?:gmail_attr|moz-cite-prefix|moz-email-headers-table)")
_SPACE = re.compile(r"[ \t\r\n\f\v\u00a0\u2002\u2003\u2009\u200a\u202f]+")
_NOTHING = re.compile(r"[\x00\u00ad\u034f\u200b\u200c\u200d\u2060\ufeff\ue000-\ue005]+")
_OVER = "\ue005"
_LINE_TAG = re.compile(r"<(?:br|/?(?:p|div|tr|li|h[1-6]|blockquote|table|ul|ol|pre|hr))\b[^<>]*>", re.I)
_SHELTERED = str.maketrans("<>&", "\ue002\ue003\ue004")
_RESTORED = str.maketrans("\ue002\ue003\ue004", "<>&")
_SHAPE = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Page:
    """HTML as read: `marked` is the text with the marks of this module, `hidden` whether its style hides words."""

    marked: str
    hidden: bool

    @property
    def text(self) -> str:
        """The text alone."""
        lines = (line.lstrip(ATTRIBUTION) for line in self.marked.split("\n") if CUT not in line)
        return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()

    @property
    def has_marks(self) -> bool:
        """Whether a mail program marked a quote in it."""
        return CUT in self.marked or ATTRIBUTION in self.marked or "\n> " in f"\n{self.marked}"


def read(html: str) -> Page:
    """HTML as text. Never raises; takes time in proportion to the length.

    One mail is read by several that each look for something else in it, so the last ones are kept.
    """
    return _kept(html) if len(html) <= LONGEST_KEPT else _read(html)


def _read(html: str) -> Page:
    tree, rest = _canonical(html)
    soup = BeautifulSoup(tree, "html.parser")
    writer = _Writer()
    hidden = _walk(soup, writer)
    writer.bulk(rest)
    return Page(writer.finished(), hidden)


_kept = lru_cache(maxsize=16)(_read)


def _canonical(html: str) -> tuple[str, str]:
    """The same HTML with only real tags and the attributes that we look at; and the text of what goes over `TREE`."""
    html = _without(_without(html, "<!--", "-->"), "<script", "</script>")
    html = _without(html, "<style", "</style>")
    out: list[str] = []
    length = end = 0
    for match in _TAG.finditer(html):
        text = _stray(html[end : match.start()])
        end = match.end()
        out.append(text)
        if match[2] is not None:
            name = match[2].lower()
            out.append(f"</{name}>" if match[1] else f"<{name}{_attributes(match[3])}>")
            length += len(out[-1])
        length += len(text)
        if length > TREE:
            out.append(_OVER)
            break
    else:
        return "".join([*out, _stray(html[end:])]), ""
    rest = _TAG.sub("", _LINE_TAG.sub("\n", _SPACE.sub(" ", html[end:])))
    return "".join(out), _stray(rest).translate(_RESTORED)


def _without(html: str, opening: str, closing: str) -> str:
    """The HTML without what stands between the two, and without an opening that is never closed."""
    lower = html.lower()
    if len(lower) != len(html):
        lower = html
    out: list[str] = []
    position = 0
    while (start := lower.find(opening, position)) >= 0:
        out.append(html[position:start])
        stop = lower.find(closing, start)
        if stop < 0:
            position = start + len(opening)
            if opening != "<!--":
                position = html.find(">", start) + 1 or position
            break
        position = stop + len(closing)
    out.append(html[position:])
    return "".join(out)


def _stray(text: str) -> str:
    """Text between tags, its entities read and nothing left in it that a parser would stop at."""
    text = _NOTHING.sub("", text)
    if "&" in text:
        text = _NOTHING.sub("", entities.unescape(text))
    return text.translate(_SHELTERED)


def _attributes(rest: str) -> str:
    if "=" not in rest and "hidden" not in rest:
        return ""
    kept: list[str] = []
    for match in _ATTRIBUTE.finditer(rest):
        name = match[1].lower()
        if name in _KEPT:
            value = (match[2] or match[3] or match[4] or "")[:600]
            if name == "style" and not _TELLING.search(value):
                continue
            value = entities.unescape(value)
            kept.append(f' {name}="{entities.escape(value)}"')
            if len(kept) == len(_KEPT):
                break
    return "".join(kept)


class _Writer:
    """Lines as they come into being: text collapses, blocks begin a line, quotes prefix it."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.line: list[str] = []
        self.quotes = 0
        self.quotes_below = 0
        self.attribution = 0
        self.gap = False
        self.held = False

    def word(self, text: str) -> None:
        """Text inside a line; a hard space alone makes an empty line."""
        self.held = self.held or "\u00a0" in text
        text = _SPACE.sub(" ", text.translate(_RESTORED))
        if not text or (text == " " and not self.line):
            return
        self.line.append(text.lstrip(" ") if not self.line else text)

    def end(self, *, always: bool = False) -> None:
        """Ends the line; an empty one only counts when `always`."""
        text = re.sub(" {2,}", " ", "".join(self.line)).strip()
        always, self.held = always or self.held, False
        self.line = []
        if not text and (not always or (self.lines and not self.lines[-1])):
            return
        if self.gap and text and self.lines and self.lines[-1].strip("> "):
            self._put("")
        if text:
            self.gap = False
        self._put(text)

    def cut(self) -> None:
        """Here a mail program began to quote."""
        self.end()
        self.lines.append(CUT)

    def bulk(self, text: str) -> None:
        """Lines below the tree, in the quote that was open where it ended."""
        if text:
            self.end()
            prefix = "> " * min(self.quotes_below, 5)
            lines = re.sub(r"\s*\n\s*", "\n", text).split("\n")
            self.lines.extend([prefix + line for line in lines] if prefix else lines)

    def _put(self, text: str) -> None:
        prefix = "> " * min(self.quotes, 5)
        mark = ATTRIBUTION if self.attribution and text else ""
        self.lines.append(mark + (prefix + text if text else prefix.rstrip()))

    def finished(self) -> str:
        """All lines, at most one empty line at a time."""
        self.end()
        return re.sub(r"\n{3,}", "\n\n", "\n".join(self.lines)).strip("\n")


def _walk(soup: BeautifulSoup, writer: _Writer) -> bool:
    """Writes the visible text of the tree; whether some of its words are hidden. No recursion: mails nest deeply."""
    hidden = False
    open_tags: list[tuple[Tag, Iterator[PageElement], bool, bool]] = [(soup, iter(soup.contents), False, False)]
    preformatted = 0
    while open_tags:
        tag, children, quote, attribution = open_tags[-1]
        child = next(children, None)
        if child is None:
            open_tags.pop()
            preformatted -= tag.name == "pre"
            if tag.name in _BLOCK:
                writer.end()
                writer.gap = writer.gap or _is_spaced(tag)
            elif tag.name in ("td", "th"):
                writer.word(" ")
            elif _is_struck(tag):
                writer.word("~~")
            if quote or attribution:
                writer.end()
                writer.quotes -= quote
                writer.attribution -= attribution
            continue
        if isinstance(child, Tag):
            if child.name == "br":
                writer.end(always=True)
            if child.name in _SILENT or child.name == "br":
                if child.name in ("br", "meta") and child.contents:
                    open_tags.append((child, iter(child.contents), False, False))
                continue
            if _is_hidden(child):
                hidden = hidden or bool(child.get_text(strip=True))
                continue
            cut, quote, attribution = _marks(child)
            if child.name in _BLOCK:
                writer.end()
                writer.gap = writer.gap or _is_spaced(child)
            if cut:
                writer.cut()
            if quote or attribution:
                writer.end()
                writer.quotes += quote
                writer.attribution += attribution
            preformatted += child.name == "pre"
            if child.name == "li":
                writer.word("- ")
            elif _is_struck(child):
                writer.word("~~")
            open_tags.append((child, iter(child.contents), quote, attribution))
        elif type(child) is NavigableString:
            text = str(child)
            if text.endswith(_OVER):
                writer.quotes_below = writer.quotes
                text = text[:-1]
            for number, piece in enumerate(text.split("\n") if preformatted else [text]):
                if number:
                    writer.end(always=True)
                writer.word(piece)
    return hidden


def _is_spaced(tag: Tag) -> bool:
    """Whether a reader sees an empty line around it; Outlook's paragraphs are lines."""
    if tag.name not in _SPACED:
        return False
    return tag.name != "p" or not ("MsoNormal" in _classes(tag) or "margin:0" in _style(tag))


def _is_hidden(tag: Tag) -> bool:
    if tag.has_attr("hidden"):
        return True
    style = _style(tag)
    return bool(style) and _HIDDEN.search(style) is not None


def _is_struck(tag: Tag) -> bool:
    return tag.name in ("s", "strike", "del") or (tag.name == "span" and "line-through" in _style(tag))


def _style(tag: Tag) -> str:
    return _SHAPE.sub("", str(tag.get("style") or "")).lower()


def _classes(tag: Tag) -> list[str]:
    value = tag.get("class")
    return [str(one) for one in value] if isinstance(value, list) else str(value or "").split()


def _marks(tag: Tag) -> tuple[bool, bool, bool]:
    """Whether the element is a place to cut, a quote, the heading of a quote."""
    name, identity, classes = tag.name, str(tag.get("id") or ""), _classes(tag)
    cut = bool(identity and _CUT_ID.fullmatch(identity)) or any(_CUT_CLASS.fullmatch(one) for one in classes)
    cut = cut or str(tag.get("name") or "") == "messageReplySection"
    quote = any(_QUOTE_CLASS.fullmatch(one) for one in classes) or identity.startswith("yahoo_quoted")
    quote = quote or str(tag.get("data-marker") or "") == "__QUOTED_TEXT__"
    if name == "blockquote" and not quote:
        style = _style(tag)
        quote = bool(classes) or str(tag.get("type") or "").lower() == "cite" or "border:none" not in style
        quote = quote and not (style and "border-left" not in style and not classes and not tag.has_attr("type"))
    return cut, quote, any(_ATTRIBUTION_CLASS.fullmatch(one) for one in classes)


def of_text(text: str) -> str:
    """Plain text as HTML, line by line."""
    return "<div>" + entities.escape(text).replace("\n", "<br>\n") + "</div>"
