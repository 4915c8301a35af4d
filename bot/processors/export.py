"""The copy for the person, policy P32 and P36-P38, AVG art. 15(3) and 20: a page to read and files for a computer.

`overzicht.html` says per processor and category what is held; `gegevens.zip` has the same as JSON (a file for each
processor) and CSV (a file for each category). The bytes depend on the arguments alone, so a draft keeps its hash.

What staff can leave out is numbered: a record with its parts is one item. `table_of_contents` lists the items for the
staff draft, and `without` takes their numbers (`zonder 3, 7`). Numbers never shift when items are left out.
"""

import base64
import csv
import io
import json
import re
import unicodedata
import zipfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from bot.clock import AMSTERDAM
from bot.processors.base import Finding, Record, dutch_date, euros
from bot.processors.labels import ANSWERS, CODES, FIELDS, PROCESSORS

OVERVIEW = "overzicht.html"
ARCHIVE = "gegevens.zip"
LARGEST = 20_000_000  # bytes of all files together: what a mail to an ordinary mailbox can still carry


@dataclass(frozen=True, slots=True)
class CopyFile:
    """One file of the copy: name, media type, bytes."""

    name: str
    type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Item:
    """What can be left out by its number: a record and the records that are part of it."""

    number: int
    processor: str
    record: Record
    parts: tuple[Record, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table of contents for staff, in Dutch. `note` says what to look at, "" for nothing special."""

    number: int
    text: str
    note: str
    left_out: bool

    def __str__(self) -> str:
        words = f"{self.number}. {self.text}"
        if self.left_out:
            words += " [weggelaten]"
        return f"{words}. Let op: {self.note}" if self.note else words


class CopyTooLarge(Exception):
    """The copy would not fit in a mail; the sentence says how large it is and what to do."""


def items_of(findings: Sequence[Finding]) -> tuple[Item, ...]:
    """All items, numbered from 1 in the order of the findings. A part whose whole is missing is an item of its own."""
    items: list[Item] = []
    for finding in findings:
        wholes = {record.name for record in finding.records if not record.part_of}
        parts: dict[str, list[Record]] = {}
        for record in finding.records:
            if record.part_of in wholes:
                parts.setdefault(record.part_of, []).append(record)
        for record in finding.records:
            if record.part_of not in wholes:
                belongings = tuple(parts.get(record.name, ())) if not record.part_of else ()
                items.append(Item(len(items) + 1, finding.processor, record, belongings))
    return tuple(items)


def table_of_contents(findings: Sequence[Finding], without: Collection[int] = ()) -> tuple[Line, ...]:
    """One line for each item, for the staff draft; several persons in one processor are named. Raises ValueError."""
    items = items_of(findings)
    _check_numbers(items, without)
    several = {finding.processor for finding in findings if len(finding.persons) > 1}
    lines = []
    for item in items:
        words = f"{_title(item.processor)}, {item.record.category.lower()}: {_one_line(item.record.title)}"
        if item.processor in several and item.record.person:
            words += f" ({_one_line(item.record.person)})"
        if item.parts:
            words += f", met {len(item.parts)} onderde{'el' if len(item.parts) == 1 else 'len'}"
        notes = dict.fromkeys(record.note for record in (item.record, *item.parts) if record.note)
        lines.append(Line(item.number, words, "; ".join(notes), item.number in without))
    return tuple(lines)


def build_copy(
    findings: Sequence[Finding],
    person: str,
    reference: str,
    made_at: datetime,
    without: Collection[int] = (),
) -> tuple[CopyFile, ...]:
    """The page and the archive. `person` is how the page addresses its reader; `made_at` is aware.

    Raises ValueError for a number in `without` that no item has, CopyTooLarge when the files do not fit in a mail.
    """
    items = items_of(findings)
    _check_numbers(items, without)
    given = tuple(item for item in items if item.number not in without)
    page = _page(findings, given, person, reference, made_at, len(items) - len(given))
    archive = _archive(findings, given, reference, made_at, len(items) - len(given))
    size = len(page) + len(archive)
    if size > LARGEST:
        raise CopyTooLarge(
            f"de kopie is {size / 1e6:.0f} MB en past niet in een e-mail (hoogstens {LARGEST / 1e6:.0f} MB): "
            "laat onderdelen weg met `zonder` en stuur die apart"
        )
    return (CopyFile(OVERVIEW, "text/html", page), CopyFile(ARCHIVE, "application/zip", archive))


def pack_finding(finding: Finding) -> bytes:
    """A finding as bytes, for the vault."""
    return json.dumps(asdict(finding), ensure_ascii=True, separators=(",", ":")).encode()


def unpack_finding(content: bytes) -> Finding:
    """The finding that `pack_finding` made bytes of."""
    tree = json.loads(content)
    return Finding(**{**tree, "records": tuple(Record(**record) for record in tree["records"])})


def _check_numbers(items: Sequence[Item], without: Collection[int]) -> None:
    unknown = sorted(set(without) - {item.number for item in items})
    if unknown:
        names = ", ".join(map(str, unknown))
        raise ValueError(f"onderdeel {names} bestaat niet: de kopie heeft de onderdelen 1 tot en met {len(items)}")


def _title(processor: str) -> str:
    return PROCESSORS.get(processor, (processor, ""))[0]


# The page


def _page(
    findings: Sequence[Finding], items: Sequence[Item], person: str, reference: str, made_at: datetime, omitted: int
) -> bytes:
    processors = []
    for finding in findings:
        name, purpose = PROCESSORS.get(finding.processor, (finding.processor, ""))
        mine = [item for item in items if item.processor == finding.processor]
        categories = [
            {
                "name": category,
                "anchor": f"{_slug(finding.processor)}-{_slug(category)}",
                "count": len(of_category),
                "entries": [_shown_item(item) for item in of_category],
            }
            for category, of_category in _by_category(mine).items()
        ]
        answer = "Deze gegevens hebben wij weggelaten." if finding.answer == "found" else ANSWERS[finding.answer]
        processors.append(
            {
                "title": name,
                "purpose": purpose,
                "anchor": _slug(finding.processor),
                "answer": answer,
                "categories": categories,
            }
        )
    text = _template().render(
        person=_readable(person),
        reference=reference,
        made_at=_shown_moment(made_at),
        archive=ARCHIVE,
        omitted=omitted,
        processors=processors,
    )
    return text.encode("utf-8", "replace")


@cache
def _template() -> Template:
    folder = FileSystemLoader(Path(__file__).parent)
    return Environment(loader=folder, autoescape=True, undefined=StrictUndefined, trim_blocks=True).get_template(
        OVERVIEW
    )


def _by_category(items: Sequence[Item]) -> dict[str, list[Item]]:
    groups: dict[str, list[Item]] = {}
    for item in items:
        groups.setdefault(item.record.category, []).append(item)
    return groups


def _shown_item(item: Item) -> dict[str, Any]:
    return {
        "number": item.number,
        "title": _one_line(item.record.title),
        "fields": _shown_fields(item.record),
        "parts": [
            {"category": part.category, "title": _one_line(part.title), "fields": _shown_fields(part)}
            for part in item.parts
        ],
    }


def _shown_fields(record: Record) -> list[tuple[str, str]]:
    rows = ((_label(name), _shown(name, value)) for name, value in record.data.items())
    return [(label, value) for label, value in rows if value]


def _label(name: str) -> str:
    if name in FIELDS:
        return FIELDS[name]
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|_", " ", name).strip()
    return _readable(words[:1].upper() + words[1:].lower())


def _shown(name: str, value: Any) -> str:
    """A value in words; "" when there is nothing to show."""
    match value:
        case None | "":
            return ""
        case bool():
            return "ja" if value else "nee"
        case int() | float() if re.match(r"price|amount", name) or name.endswith(("PriceIncl", "PriceExcl")):
            return euros(value)
        case int() | float() if name == "taxRate":
            return f"{value * 100:g}%".replace(".", ",")
        case int() | float():
            return str(value).replace(".", ",")
        case str():
            return CODES.get(name, {}).get(value) or _shown_date(value) or _readable(value)
        case Mapping():
            if isinstance(value.get("title"), str):
                return _readable(value["title"])
            shown = ((_label(str(key)), _shown(str(key), inner)) for key, inner in value.items())
            return "\n".join(f"{label}: {words}" for label, words in shown if words)
        case list() | tuple():
            return "\n".join(filter(None, (_shown(name, inner) for inner in value)))
        case _:
            return _readable(str(value))


_ISO = re.compile(r"\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:\d{2})?)?")


def _shown_date(value: str) -> str:
    if not _ISO.fullmatch(value):
        return ""
    if "T" not in value:
        return dutch_date(value)
    try:
        return _shown_moment(datetime.fromisoformat(value))
    except ValueError:
        return ""


def _shown_moment(moment: datetime) -> str:
    local = moment.astimezone(AMSTERDAM) if moment.tzinfo else moment
    return f"{dutch_date(local.isoformat())}, {local:%H.%M} uur"


# The archive


def _archive(
    findings: Sequence[Finding], items: Sequence[Item], reference: str, made_at: datetime, omitted: int
) -> bytes:
    files: dict[str, bytes] = {"LEESMIJ.txt": _read_me(findings, reference, made_at, omitted)}
    for finding in findings:
        mine = [item for item in items if item.processor == finding.processor]
        files[f"{_slug(finding.processor)}.json"] = _json(finding, mine, reference, made_at)
        rows: dict[str, list[tuple[int, Record]]] = {}
        for item in mine:
            for record in (item.record, *item.parts):
                rows.setdefault(record.category, []).append((item.number, record))
                if record.file:
                    name = re.sub(r"[^\w.-]+", "-", record.title).strip("-.")
                    place = f"{_slug(finding.processor)}/bestanden/{item.number}-{name}"
                    files[place] = base64.b64decode(record.file)
        for category, records in rows.items():
            files[f"{_slug(finding.processor)}/{_slug(category)}.csv"] = _csv(records)
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, files[name], compresslevel=6)
    return stream.getvalue()


def _json(finding: Finding, items: Sequence[Item], reference: str, made_at: datetime) -> bytes:
    """Keys in Dutch are ours and stable; `gegevens` holds the processor's own fields under its own names."""

    def tree(record: Record) -> dict[str, Any]:
        return {
            "categorie": record.category,
            "bron": record.source,
            "sleutel": record.key,
            "titel": record.title,
            "gegevens": record.data,
        }

    answer = {
        "verwerker": _title(finding.processor),
        "kenmerk": reference,
        "gemaakt_op": made_at.isoformat(timespec="seconds"),
        "onderdelen": [
            {"nummer": item.number, **tree(item.record), "delen": [tree(part) for part in item.parts]} for item in items
        ],
    }
    return json.dumps(_whole(answer), ensure_ascii=False, indent=2).encode()


def _csv(rows: Sequence[tuple[int, Record]]) -> bytes:
    """One line a record, semicolons between, UTF-8 with a mark so that Excel reads it; see `defused`."""
    flat = [
        {"nummer": number, "sleutel": record.key, "hoort_bij": record.part_of, **dict(_flat(record.data))}
        for number, record in rows
    ]
    columns = list(dict.fromkeys(name for row in flat for name in row))
    stream = io.StringIO()
    writer = csv.writer(stream, delimiter=";", quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow([defused(name) for name in columns])
    writer.writerows([defused(row.get(name)) for name in columns] for row in flat)
    return stream.getvalue().encode("utf-8-sig")


def _flat(data: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in data.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{before}{name}.")
        elif isinstance(value, list | tuple):
            yield f"{before}{name}", json.dumps(_whole(value), ensure_ascii=False) if value else None
        else:
            yield f"{before}{name}", value


def defused(value: Any) -> str:
    """A value as the text of a cell. What a spreadsheet would run as a formula gets an apostrophe in front.

    Judged on the first character that is not blank or invisible; the full-width signs count too. Numbers stay numbers.
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "ja" if value else "nee"
    if isinstance(value, int | float):
        return str(value)
    text = _readable(str(value))
    first = next((sign for sign in text if unicodedata.category(sign)[0] not in "CZ"), "")
    starts = unicodedata.normalize("NFKC", first)[:1]
    return f"'{text}" if starts in ("=", "+", "-", "@") or text[:1] in ("\t", "\n") else text


def _read_me(findings: Sequence[Finding], reference: str, made_at: datetime, omitted: int) -> bytes:
    lines = [
        f"Uw gegevens, kenmerk {reference}, gemaakt op {_shown_moment(made_at)}",
        "",
        "Dit archief heeft dezelfde gegevens als overzicht.html, in vormen die een computer kan lezen.",
        "",
        "- Een JSON-bestand voor elke verwerker (UTF-8). Bij 'gegevens' staan de velden zoals de verwerker ze noemt.",
        "  Datums staan er als jaar-maand-dag (ISO 8601). Een leeg veld is null.",
        "- Een map voor elke verwerker met een CSV-bestand voor elke categorie (UTF-8, puntkomma tussen de velden).",
        "  U kunt ze openen met Excel of LibreOffice. Begint een veld met =, +, - of @, dan staat er een ' voor.",
        "  Zo voert uw computer de inhoud van dat veld niet uit.",
        "- 'nummer' is het nummer van het onderdeel in overzicht.html.",
        "",
        "Verwerkers: " + ", ".join(_title(finding.processor) for finding in findings) + ".",
    ]
    if omitted:
        lines += ["", f"Weggelaten onderdelen: {omitted}. In onze brief leest u waarom."]
    return ("\r\n".join(lines) + "\r\n").encode("utf-8-sig")


# Text


def _whole(value: Any) -> Any:
    """The same tree with every text encodable: halves of surrogate pairs become the replacement character."""
    match value:
        case str():
            return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        case Mapping():
            return {_whole(str(key)): _whole(inner) for key, inner in value.items()}
        case list() | tuple():
            return [_whole(inner) for inner in value]
        case _:
            return value


def _readable(text: str) -> str:
    """Text for a page or a cell: encodable, one kind of line end, without control characters."""
    whole = str(_whole(text)).replace("\r\n", "\n").replace("\r", "\n")
    return "".join(sign for sign in whole if sign in "\n\t" or unicodedata.category(sign) != "Cc")


def _one_line(text: str) -> str:
    return " ".join(_readable(text).split())


def _slug(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.lower()).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-") or "overig"
