"""Words in the HTML of a mail that its reader does not see: white on white, in no size, hidden by style.

A command that nobody saw is nobody's command. Only what stands above the quote is looked at, where commands stand.
"""

import re
from collections.abc import Callable
from html.parser import HTMLParser

_LONGEST = 200_000  # characters that are looked at
_QUOTE = re.compile(
    r"<blockquote\b|divRplyFwdMsg|appendonsend|gmail_quote|border-top:\s*solid|<b>\s*(?:van|from):"
    r"|oorspronkelijk bericht",
    re.I,
)
_VOID = frozenset({"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"})
_GONE = re.compile(
    r"display:none|visibility:hidden|mso-hide:all|(?<![-\w])opacity:0(?:\.0+)?(?![.\d])"
    r"|font-size:(?:0|0?\.\d+|1(?:\.\d+)?|2(?:\.\d+)?)(?:px|pt|em|%)?(?![.\d])(?!em|rem)"
    r"|(?:left|top|text-indent|margin-left):-\d{3,}"
)
_COLOUR = re.compile(r"(?<![-\w])color:([^;]+)")
_BACKGROUND = re.compile(r"background(?:-color)?:(?!none|transparent|inherit|#fff(?:fff)?\b|white|rgb\(255,255,255\))")


def hides_words(html: str, tell: Callable[[str], bool]) -> bool:
    """Whether something above the quote is there to be read by programs alone, and `tell` says that it matters."""
    if not html:
        return False
    found = _QUOTE.search(html)
    reader = _Reader(_gone_classes(html[:_LONGEST]))
    reader.feed(html[: min(found.start() if found else _LONGEST, _LONGEST)])
    reader.close()
    return any(tell(line) for line in "".join(reader.unseen).split("\n"))


def _gone_classes(html: str) -> frozenset[str]:
    """The classes that a style sheet of the mail hides."""
    names: set[str] = set()
    for sheet in html.split("<style")[1:]:
        for rule in sheet.partition("</style")[0].split("}"):
            selector, _, body = rule.rpartition("{")
            if _GONE.search(re.sub(r"\s+", "", body).lower()):
                names.update(re.findall(r"\.([\w-]+)", selector))
    return frozenset(names)


class _Reader(HTMLParser):
    """Walks through HTML with the style that holds at each place; `gone` are classes that a style sheet hides."""

    def __init__(self, gone: frozenset[str]) -> None:
        super().__init__()
        self.gone = gone
        self.open: list[tuple[str, bool, bool, bool]] = [("", False, False, False)]  # tag, gone, pale, on a ground
        self.unseen: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _VOID:
            self.unseen.append("\n" if tag == "br" else "")
            return
        named = {name: str(value or "") for name, value in attrs}
        style = re.sub(r"\s+", "", named.get("style", "")).lower()
        _, gone, pale, ground = self.open[-1]
        colour = _COLOUR.search(style)
        if colour or (tag == "font" and "color" in named):
            pale = _is_pale(colour[1] if colour else named["color"].lower())
        ground = ground or bool(_BACKGROUND.search(style)) or "bgcolor" in named
        gone = gone or not self.gone.isdisjoint(named.get("class", "").split())
        gone = gone or "hidden" in named or tag in ("style", "title") or bool(_GONE.search(style))
        self.open.append((tag, gone, pale, ground))

    def handle_endtag(self, tag: str) -> None:
        for at in range(len(self.open) - 1, max(0, len(self.open) - 50), -1):
            if self.open[at][0] == tag:
                del self.open[at:]
                break
        self.unseen.append("\n")

    def handle_data(self, data: str) -> None:
        tag, gone, pale, ground = self.open[-1]
        if tag not in ("style", "title") and (gone or (pale and not ground)):
            self.unseen.append(data)


def _is_pale(colour: str) -> bool:
    """Whether a colour of CSS cannot be told from white paper."""
    colour = colour.strip().removesuffix("!important")
    if colour in ("white", "transparent", "snow", "ivory", "ghostwhite", "whitesmoke"):
        return True
    if found := re.fullmatch(r"#([0-9a-f]{3})([0-9a-f]{3})?", colour):
        digits = found[1] + found[2] if found[2] else "".join(one * 2 for one in found[1])
        parts = [int(digits[at : at + 2], 16) for at in (0, 2, 4)]
    elif found := re.fullmatch(r"rgba?\((\d+),(\d+),(\d+)(?:,([\d.]+))?\)", colour):
        if found[4] is not None and float(found[4]) < 0.1:
            return True
        parts = [int(found[at]) for at in (1, 2, 3)]
    else:
        return False
    return min(parts) >= 235
