"""OData query options over messages: $filter, $orderby, $search, $select, $expand, as far as mail needs them.

A clause becomes a function of a message; what real Graph understands and this does not raises `Unmodelled`.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from bot.sandbox.errors import Unmodelled, bad_request

Lookup = Callable[[str], Any]
"""Gives the value of a property of the message at hand by its path: `from/emailAddress/address`."""
Test = Callable[[Lookup], bool]

_TOKEN = re.compile(
    r"\s*(?:(?P<string>'(?:[^']|'')*')|(?P<date>\d{4}-\d\d-\d\d(?:T[\d:.]+(?:Z|[+-]\d\d:\d\d)?)?)|(?P<number>-?\d+)"
    r"|(?P<word>[A-Za-z_@][\w/.@]*)|(?P<sign>[():,]))"
)
EXTENDED = "singleValueExtendedProperties"


@dataclass(frozen=True, slots=True)
class Filter:
    """A parsed $filter: `test` decides, `fields` are the properties in order of appearance."""

    test: Test
    fields: tuple[str, ...]


def parse_filter(text: str) -> Filter:
    """Reads a $filter clause. Raises GraphError 400 for nonsense, Unmodelled for what is not modelled."""
    parser = _Parser(text)
    test = parser.either()
    if parser.peek() is not None:
        raise bad_request(f"Invalid filter clause: unexpected '{parser.peek()}'.")
    return Filter(test, tuple(parser.fields))


def received_from(text: str) -> datetime:
    """The moment of a delta round's $filter, which may only be `receivedDateTime ge X` or `gt X`."""
    found = re.fullmatch(r"\s*receivedDateTime\s+(ge|gt)\s+(\S+)\s*", text)
    if not found:
        raise bad_request("The query filter is not supported with change tracking.", "ErrorInvalidUrlQueryFilter")
    return _moment(found[2])


class _Parser:
    def __init__(self, text: str) -> None:
        self.tokens: list[tuple[str, str]] = []
        self.fields: list[str] = []
        at = 0
        text = text.strip()
        while at < len(text):
            match = _TOKEN.match(text, at)
            if not match or match.lastgroup is None:
                raise bad_request(f"Invalid filter clause at position {at}.")
            self.tokens.append((match.lastgroup, match[match.lastgroup]))
            at = match.end()
        self.at = 0

    def peek(self) -> str | None:
        return self.tokens[self.at][1] if self.at < len(self.tokens) else None

    def take(self, expected: str | None = None) -> tuple[str, str]:
        if self.at >= len(self.tokens) or (expected is not None and self.peek() != expected):
            raise bad_request(f"Invalid filter clause: '{expected or 'value'}' expected.")
        self.at += 1
        return self.tokens[self.at - 1]

    def either(self) -> Test:
        tests = [self.both()]
        while self.peek() == "or":
            self.take()
            tests.append(self.both())
        return tests[0] if len(tests) == 1 else lambda look: any(test(look) for test in tests)

    def both(self) -> Test:
        tests = [self.one()]
        while self.peek() == "and":
            self.take()
            tests.append(self.one())
        return tests[0] if len(tests) == 1 else lambda look: all(test(look) for test in tests)

    def one(self) -> Test:
        if self.peek() == "not":
            self.take()
            inner = self.one()
            return lambda look: not inner(look)
        if self.peek() == "(":
            self.take()
            test = self.either()
            self.take(")")
            return test
        kind, word = self.take()
        if kind != "word":
            raise bad_request(f"Invalid filter clause: '{word}' is no property.")
        if word in ("contains", "startswith", "endswith"):
            return self.function(word)
        if word.lower().endswith("/any"):
            return self.any_of(word[:-4])
        return self.comparison(word)

    def function(self, name: str) -> Test:
        self.take("(")
        path = self.take()[1]
        self.take(",")
        wanted = str(self.literal()).casefold()
        self.take(")")
        self.note(path)
        check: Mapping[str, Callable[[str], bool]] = {
            "contains": lambda value: wanted in value,
            "startswith": lambda value: value.startswith(wanted),
            "endswith": lambda value: value.endswith(wanted),
        }
        return lambda look: check[name](str(look(path) or "").casefold())

    def any_of(self, path: str) -> Test:
        self.take("(")
        variable = self.take()[1]
        self.take(":")
        outer, self.fields = self.fields, []
        inner = self.either()
        self.fields = outer
        self.take(")")
        self.note(path)
        if path not in (EXTENDED, "categories"):
            raise Unmodelled(f"$filter with {path}/any")

        def test(look: Lookup) -> bool:
            return any(inner(_inside(element, variable)) for element in look(path))

        return test

    def comparison(self, path: str) -> Test:
        operator = self.take()[1]
        compare = _COMPARE.get(operator)
        if compare is None:
            raise bad_request(f"Invalid filter clause: '{operator}' is no operator.")
        wanted = self.literal()
        self.note(path)
        if isinstance(wanted, datetime):
            return lambda look: compare(_moment(str(look(path))), wanted)
        if isinstance(wanted, str):
            folded = (property_id(wanted) if path.endswith("/id") else wanted).casefold()
            return lambda look: compare(str(look(path) or "").casefold(), folded)
        return lambda look: compare(look(path), wanted)

    def literal(self) -> str | datetime | bool | int | None:
        kind, text = self.take()
        if kind == "string":
            return text[1:-1].replace("''", "'")
        if kind == "date":
            return _moment(text)
        if kind == "number":
            return int(text)
        if kind == "word" and text in ("true", "false", "null"):
            return {"true": True, "false": False, "null": None}[text]
        raise bad_request(f"Invalid filter clause: '{text}' is no value.")

    def note(self, path: str) -> None:
        self.fields.append(path)


_COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    "eq": lambda a, b: a == b,
    "ne": lambda a, b: a != b,
    "ge": lambda a, b: a >= b,
    "gt": lambda a, b: a > b,
    "le": lambda a, b: a <= b,
    "lt": lambda a, b: a < b,
}


def _inside(element: Any, variable: str) -> Lookup:
    def look(path: str) -> Any:
        if path == variable:
            return element
        head, _, rest = path.partition("/")
        if head != variable or not isinstance(element, Mapping):
            raise bad_request(f"Invalid filter clause: '{path}' is unknown inside any().")
        return element.get(rest)

    return look


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise bad_request(f"Invalid filter clause: '{text}' is no date.") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def property_id(text: str) -> str:
    """An extended property id in one spelling: MAPI tags without leading zeros, guids in lower case."""
    kind, _, rest = text.strip().partition(" ")
    tag = re.fullmatch(r"0x0*([0-9a-f]+)", rest.strip(), re.I)
    if tag:
        return f"{kind} 0x{tag[1].lower()}"
    guid, space, name = rest.strip().partition(" ")
    return f"{kind} {guid.lower()}{space}{name}"


def parse_orderby(text: str) -> list[tuple[str, bool]]:
    """Properties and whether each is descending."""
    order = []
    for clause in text.split(","):
        words = clause.split()
        if not words or len(words) > 2 or (len(words) == 2 and words[1].lower() not in ("asc", "desc")):
            raise bad_request(f"Invalid $orderby: '{text}'.")
        order.append((words[0], len(words) == 2 and words[1].lower() == "desc"))
    return order


def check_efficient(found: Filter | None, order: list[tuple[str, bool]]) -> None:
    """What is sorted on must be filtered on too, first and in the same order. Raises GraphError InefficientFilter."""
    if found is None or not order:
        return
    wanted = [field for field, _ in order]
    if list(dict.fromkeys(found.fields))[: len(wanted)] != wanted:
        raise bad_request("The restriction or sort order is too complex for this operation.", "InefficientFilter")


def split_outside(text: str, separator: str) -> list[str]:
    """Splits where the separator stands outside quotes and brackets; the parts are stripped, empty ones left out."""
    parts, depth, quote, start = [], 0, "", 0
    for at, sign in enumerate(text):
        if quote:
            quote = "" if sign == quote else quote
        elif sign in "'\"":
            quote = sign
        elif sign == "(":
            depth += 1
        elif sign == ")":
            depth -= 1
        elif sign == separator and depth == 0:
            parts.append(text[start:at])
            start = at + 1
    parts.append(text[start:])
    return [part.strip() for part in parts if part.strip()]


def parse_expand(text: str) -> dict[str, dict[str, str]]:
    """What is expanded, each with its inner query options."""
    expanded = {}
    for clause in split_outside(text, ","):
        name, _, inner = clause.partition("(")
        options = {}
        for option in split_outside(inner.strip().removesuffix(")"), ";"):
            key, _, value = option.partition("=")
            options[key.strip()] = value.strip()
        expanded[name.strip()] = options
    return expanded


def parse_search(text: str) -> Test:
    """A KQL $search: terms in double quotes, joined by AND or a space, each alone or as `participants:x`, `from:x` …"""
    inner = text.strip()
    if not (len(inner) >= 2 and inner[0] == inner[-1] == '"'):
        raise bad_request("Syntax error: the $search clause must stand in double quotes.")
    terms = re.findall(r'(?:(\w+):)?(\\"[^"]*\\"|[^\s"]+)', inner[1:-1])
    tests: list[Test] = []
    for key, value in terms:
        if not key and value == "AND":
            continue
        if (not key and value in ("OR", "NOT")) or key not in _SEARCH:
            raise Unmodelled(f"$search with {key or value}")
        tests.append(_contains(_SEARCH[key], value.replace('\\"', "").casefold()))
    return lambda look: all(test(look) for test in tests)


def _contains(paths: tuple[str, ...], wanted: str) -> Test:
    return lambda look: any(wanted in str(look(path) or "").casefold() for path in paths)


_SEARCH: Mapping[str, tuple[str, ...]] = {
    "": ("from", "subject", "body"),
    "participants": ("from", "sender", "toRecipients", "ccRecipients", "bccRecipients"),
    "recipients": ("toRecipients", "ccRecipients", "bccRecipients"),
    "from": ("from",),
    "to": ("toRecipients",),
    "cc": ("ccRecipients",),
    "bcc": ("bccRecipients",),
    "subject": ("subject",),
    "body": ("body",),
}
