"""One Markdown source to two forms of a mail: HTML with its style on every element, and text wrapped at 72.

Plain CommonMark with tables; raw HTML and images are off. A paragraph of links alone becomes a row of buttons. A fence
`enclosed N` stands for a letter that is shown word for word.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from textwrap import wrap
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markdown_it.tree import SyntaxTreeNode

WIDTH = 72
BODY = ("<!-- letter -->", "<!-- end of letter -->")  # around the body in layout.html


@dataclass(frozen=True, slots=True)
class Enclosed:
    """A letter inside another. `html` is what stands between the marks of `layout.html`."""

    text: str
    html: str


def enclose(text: str, html: str) -> Enclosed:
    """A composed letter made ready to be shown in another, from its two parts."""
    _, _, rest = html.partition(BODY[0])
    return Enclosed(text, rest.partition(BODY[1])[0])


_INK, _LINK, _SOFT, _LINE, _SHADE = "#1c2321", "#0b5c4a", "#4d5955", "#c9d2ce", "#f1f5f3"
_FONT = "font-family:Arial,Helvetica,sans-serif;"
_TEXT = f"{_FONT}font-size:16px;line-height:24px;color:{_INK};"
_CELL = "padding:6px 10px 6px 0;text-align:left;vertical-align:top;overflow-wrap:break-word;"
STYLES = {
    "p": f"margin:0 0 16px;{_TEXT}",
    "h1": f"margin:8px 0 16px;{_FONT}font-size:22px;line-height:28px;color:{_INK};",
    "h2": f"margin:28px 0 10px;{_FONT}font-size:19px;line-height:25px;color:{_INK};",
    "h3": f"margin:20px 0 6px;{_FONT}font-size:16px;line-height:24px;color:{_INK};",
    "ul": f"margin:0 0 16px;padding:0 0 0 24px;{_TEXT}",
    "ol": f"margin:0 0 16px;padding:0 0 0 30px;{_TEXT}",
    "li": "margin:0 0 6px;",
    "a": f"color:{_LINK};text-decoration:underline;word-break:break-word;",
    "blockquote": f"margin:0 0 16px;padding:2px 0 2px 14px;border-left:4px solid {_LINE};",
    "table": f"width:100%;margin:0 0 16px;border-collapse:collapse;{_TEXT}",
    "th": f"{_CELL}border-bottom:2px solid {_LINE};",
    "td": f"{_CELL}border-bottom:1px solid {_LINE};",
    "hr": f"border:0;border-top:1px solid {_LINE};margin:24px 0;",
}
_BUTTON = (
    f"display:inline-block;padding:12px 22px;{_FONT}font-size:16px;line-height:20px;font-weight:bold;"
    "text-decoration:none;"
)


def _parser() -> MarkdownIt:
    return (
        MarkdownIt("commonmark", {"html": False})
        .enable("table")
        .disable(["image", "code", "html_block", "html_inline"])
    )


_MARKDOWN = _parser()


def to_html(source: str, enclosures: Sequence[Enclosed] = ()) -> str:
    """The body of a mail in HTML, every element with its own style (Outlook and Gmail read no other)."""
    tokens = _MARKDOWN.parse(source)
    pieces: list[str] = []
    position = 0
    while position < len(tokens):
        token = tokens[position]
        if token.type == "fence" and token.info.startswith("enclosed "):
            pieces.append(_frame(enclosures[int(token.info.split()[1])].html))
        elif token.type == "paragraph_open" and (links := _buttons(tokens[position + 1])):
            pieces.append(_button_row(links))
            position += 2
        else:
            _style(token)
            pieces.append(_MARKDOWN.renderer.render([token], _MARKDOWN.options, {}))
        position += 1
    return "".join(pieces)


def _style(token: Token) -> None:
    for one in (token, *(token.children or ())):
        if one.nesting >= 0 and one.tag in STYLES:
            one.attrSet("style", STYLES[one.tag])


def _buttons(inline: Token) -> list[tuple[str, str]]:
    """Label and address of each link when a paragraph holds nothing else."""
    links: list[tuple[str, str]] = []
    href, label = "", ""
    for child in inline.children or ():
        if child.type == "link_open":
            href, label = str(child.attrGet("href")), ""
        elif child.type == "link_close":
            links.append((label, href))
            href = ""
        elif href and child.type == "text":
            label += child.content
        elif child.content.strip() or child.type not in ("text", "softbreak", "hardbreak"):
            return []
    return links


def _button_row(links: Iterable[tuple[str, str]]) -> str:
    """Buttons as tables: the one form that Outlook draws with its colour. The first is filled."""
    rows = []
    for number, (label, href) in enumerate(links):
        kind, colours = ("filled", f"background:{_LINK};") if number == 0 else ("open", "background:#ffffff;")
        ink = "color:#ffffff;" if number == 0 else f"color:{_LINK};"
        rows.append(
            f'<table role="presentation" class="button" cellpadding="0" cellspacing="0" border="0" align="left" '
            f'style="margin:0 12px 12px 0;"><tr><td class="{kind}" style="border-radius:6px;border:2px solid {_LINK};'
            f'{colours}"><a class="{kind}" href="{escape(href)}" style="{_BUTTON}{ink}">{escape(label)}</a>'
            "</td></tr></table>"
        )
    return "".join(rows) + '<div style="clear:both;height:1px;line-height:1px;font-size:1px;">&nbsp;</div>\n'


def _frame(body: str) -> str:
    return (
        '<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0"><tr><td class="frame" '
        f'style="padding:18px 16px 4px;border:1px solid {_LINE};background:{_SHADE};border-radius:6px;">{body}'
        "</td></tr></table>"
        '<div style="height:16px;line-height:16px;font-size:16px;">&nbsp;</div>\n'
    )


def to_text(source: str, enclosures: Sequence[Enclosed] = ()) -> str:
    """The same in plain text: wrapped at 72, links in full, a table as one entry a row. Ends with a new line."""
    tree = SyntaxTreeNode(_MARKDOWN.parse(source))
    return "\n".join(_blocks(tree.children, WIDTH, enclosures)).strip("\n") + "\n"


def _blocks(nodes: Sequence[SyntaxTreeNode], width: int, enclosures: Sequence[Enclosed]) -> list[str]:
    """Lines of text for block elements, one empty line between two of them."""
    lines: list[str] = []
    tight = False
    for node in nodes:
        lines += [""] if lines and not (tight or _hidden(node)) else []
        lines += _block(node, width, enclosures)
        tight = _hidden(node)
    return lines


def _hidden(node: SyntaxTreeNode) -> bool:
    """Whether it stands in a tight list, where no empty lines are set."""
    return node.type == "paragraph" and node.hidden


def _block(node: SyntaxTreeNode, width: int, enclosures: Sequence[Enclosed]) -> list[str]:
    match node.type:
        case "paragraph":
            return _paragraph(node, width)
        case "heading":
            title = _wrapped(_words(node.children[0]), width)
            return [*title, "-" * max(map(len, title))]
        case "bullet_list" | "ordered_list":
            return _list(node, width, enclosures)
        case "blockquote":
            return [f"> {line}".rstrip() for line in _blocks(node.children, width - 2, enclosures)]
        case "table":
            return _table(node, width)
        case "fence" if node.info.startswith("enclosed "):
            return enclosures[int(node.info.split()[1])].text.strip("\n").split("\n")
        case "hr":
            return ["-" * 24]
    raise ValueError(f"a letter holds no {node.type}")


def _paragraph(node: SyntaxTreeNode, width: int) -> list[str]:
    inline = node.children[0]
    links = [child for child in inline.children if child.type == "link"]
    if len(links) > 0 and all(child.type in ("link", "softbreak", "hardbreak") for child in inline.children):
        return [f"{_words(link, bare=True)}: <{link.attrs['href']}>" for link in links]
    return _wrapped(_words(inline), width)


def _list(node: SyntaxTreeNode, width: int, enclosures: Sequence[Enclosed]) -> list[str]:
    lines: list[str] = []
    first = int(node.attrs.get("start", 1))
    tight = all(_hidden(child) or child.type != "paragraph" for item in node.children for child in item.children)
    for number, item in enumerate(node.children, first):
        mark = "- " if node.type == "bullet_list" else f"{number}. "
        inside = _blocks(item.children, width - len(mark), enclosures) or [""]
        lines += [""] if lines and not tight else []
        lines += [f"{mark}{inside[0]}", *(f"{' ' * len(mark)}{line}".rstrip() for line in inside[1:])]
    return lines


def _table(node: SyntaxTreeNode, width: int) -> list[str]:
    """Each row as its first cell, with the other cells under it, each after its heading."""
    head, *bodies = node.children
    headings = [_words(cell.children[0]) for cell in head.children[0].children]
    lines: list[str] = []
    for row in (row for body in bodies for row in body.children):
        cells = [_words(cell.children[0]) for cell in row.children]
        lines += _wrapped(f"- {cells[0]}", width, "  ")
        for heading, cell in zip(headings[1:], cells[1:], strict=True):
            if cell:
                lines += _wrapped(f"  {heading}: {cell}", width, "    ")
    return lines


def _wrapped(words: str, width: int, indent: str = "") -> list[str]:
    """Lines of at most `width`; an address is never broken."""
    lines: list[str] = []
    for line in words.split("\n"):
        start = re.match(r" *", line)
        first = start.group() if start else ""
        lines += wrap(
            line.strip(), width, initial_indent=first, subsequent_indent=indent, break_long_words=False,
            break_on_hyphens=False,
        ) or [""]  # fmt: skip
    return lines


def _words(node: SyntaxTreeNode, bare: bool = False) -> str:
    """The words of inline elements: hard breaks as new lines, a link with its address unless that is its label."""
    said: list[str] = []
    for child in node.children:
        match child.type:
            case "text" | "code_inline" | "text_special":
                said.append(child.content)
            case "softbreak":
                said.append(" ")
            case "hardbreak":
                said.append("\n")
            case "link":
                said.append(_link(_words(child, bare=True), child.attrs))
            case _:
                said.append(_words(child, bare))
    return "".join(said)


def _link(label: str, attrs: Any) -> str:
    href = str(attrs["href"])
    if label in (href, href.removeprefix("mailto:"), href.removeprefix("https://").rstrip("/")):
        return label
    return f"{label} ({href})"
