"""Processors that no program can ask: what staff must do there, step by step, and what they send back.

Each entry says where to look, with which keys, and which file to send. A processor moves from here to a file of its own
as soon as a connector for it exists.
"""

import base64
import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.processors.base import Finding, Record

LARGEST_FILE = 5 * 1024 * 1024  # bytes of one file that staff send back
_OFFICE = "application/vnd.openxmlformats-officedocument"
ACCEPTED = {
    ".csv": "text/csv",
    ".json": "application/json",
    ".txt": "text/plain",
    ".xml": "application/xml",
    ".pdf": "application/pdf",
    ".xlsx": f"{_OFFICE}.spreadsheetml.sheet",
    ".docx": f"{_OFFICE}.wordprocessingml.document",
    ".ods": "application/vnd.oasis.opendocument.spreadsheet",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
}
"""What staff may send back, by the end of the file name: no programs, scripts, archives or macros."""


@dataclass(frozen=True, slots=True)
class TaskText:
    """What a task says. `keys` are what the mail lists: orders, invoices, tracking, name, address, ip."""

    steps: tuple[str, ...]
    send_back: str
    keys: tuple[str, ...]


ACCESS_TASKS: Mapping[str, TaskText] = {
    "buckaroo": TaskText(
        (
            "Open Buckaroo Plaza en ga naar Transacties.",
            "Zoek op elk bestelnummer hieronder, en daarna op het e-mailadres.",
            "Kies bij de gevonden betalingen voor exporteren als CSV.",
        ),
        "het CSV-bestand met de betalingen",
        ("orders", "invoices", "address"),
    ),
    "webwinkelkeur": TaskText(
        (
            "Open het dashboard van WebwinkelKeur.",
            "Zoek bij Beoordelingen en bij Uitnodigingen op het e-mailadres en op de naam.",
            "Kijk ook bij beoordelingen die nog in quarantaine staan. Noteer ook de woonplaats die erbij staat.",
        ),
        "een bestand (CSV, PDF of een schermafbeelding) met de beoordelingen en uitnodigingen",
        ("address", "name"),
    ),
    "dhl": TaskText(
        (
            "Open My DHL Portal en ga naar Zendingen.",
            "Zoek op elk bestelnummer en elke track-and-tracecode hieronder.",
            "Kijk ook in het adresboek en bij Concepten of de naam erin staat.",
        ),
        "een bestand (CSV, PDF of een schermafbeelding) met de zendingen",
        ("orders", "tracking", "name"),
    ),
    "transip": TaskText(
        (
            "Log in bij TransIP en vraag bij de helpdesk de logbestanden op van de IP-adressen hieronder.",
            "Staan er geen IP-adressen? Dan kan TransIP niets terugvinden: antwoord dat er niets is gevonden.",
        ),
        "de logregels die TransIP u geeft",
        ("ip",),
    ),
    "unit4": TaskText(
        (
            "Open Unit4 en zoek de debiteur op naam, op e-mailadres en op de factuurnummers hieronder.",
            "Exporteer de stamgegevens en de facturen van deze debiteur.",
        ),
        "het bestand met stamgegevens en facturen (XML, CSV of PDF)",
        ("name", "address", "invoices"),
    ),
}

KEY_WORDS = {
    "orders": "Bestelnummers",
    "invoices": "Factuurnummers",
    "tracking": "Track-and-tracecodes",
    "name": "Naam",
    "address": "E-mailadres",
    "ip": "IP-adressen",
}
_FIELDS = {
    "orders": (("orders", "number"),),
    "invoices": (("invoices", "number"),),
    "tracking": (("shipments", "trackingCode"),),
    "ip": (("customers", "remoteIp"), ("orders", "remoteIp")),
}


def keys_of(findings: Sequence[Finding], name: str, address: str, wanted: Sequence[str]) -> list[dict[str, str]]:
    """The keys with which staff search, as lines of a task: what it is, and the values found so far."""
    lines = []
    for key in wanted:
        if key in ("name", "address"):
            values = [name if key == "name" else address]
        else:
            values = [
                str(record.data[field])
                for source, field in _FIELDS[key]
                for finding in findings
                for record in finding.records
                if record.source == source and record.data.get(field)
            ]
        shown = ", ".join(dict.fromkeys(value for value in values if value))
        lines.append({"what": KEY_WORDS[key], "values": shown or "niet bekend"})
    return lines


class FileRefused(Exception):
    """A file that is not taken; the Dutch sentence says why and what to send instead."""


def finding_of(processor: str, files: Sequence[tuple[str, bytes]]) -> Finding:
    """What staff sent back, as the processor's answer; without files it is "nothing". Raises FileRefused."""
    records = [record for number, (name, content) in enumerate(files, 1) for record in _records(number, name, content)]
    return Finding(processor, "found" if records else "nothing", tuple(records))


def _records(number: int, name: str, content: bytes) -> list[Record]:
    ending = "." + name.rpartition(".")[2].lower() if "." in name else ""
    if ending not in ACCEPTED:
        known = ", ".join(end.removeprefix(".") for end in ACCEPTED)
        raise FileRefused(
            f"Het bestand “{name}” neem ik niet aan: dit soort bestand kan gevaarlijk zijn. Stuur: {known}."
        )
    if len(content) > LARGEST_FILE:
        raise FileRefused(f"Het bestand “{name}” is te groot. Stuur hoogstens {LARGEST_FILE // 1024 // 1024} MB.")
    if content[:2] in (b"MZ", b"#!"):
        raise FileRefused(f"Het bestand “{name}” neem ik niet aan: het is een programma.")
    rows = _rows(ending, content)
    if rows is None:
        data: dict[str, Any] = {"bestand": name, "soort": ACCEPTED[ending], "bytes": len(content)}
        return [Record("Bestanden", "files", f"{number}", name, data, file=base64.b64encode(content).decode())]
    return [
        Record("Gegevens uit een bestand", "rows", f"{number}-{line}", f"{name}, regel {line}", row)
        for line, row in enumerate(rows, 1)
    ]


def _rows(ending: str, content: bytes) -> list[dict[str, Any]] | None:
    """The rows of a table or of JSON, so that they read well in the copy; None for any other file."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("windows-1252", "replace")
    if ending == ".csv":
        try:
            dialect = csv.Sniffer().sniff(text[:4096], delimiters=",;\t")
        except csv.Error:
            return None
        rows = [dict(row) for row in csv.DictReader(io.StringIO(text), dialect=dialect)]
        return [{str(key): value for key, value in row.items() if key} for row in rows[:5000]] or None
    if ending == ".json":
        try:
            found = json.loads(text)
        except ValueError:
            return None
        rows = found if isinstance(found, list) else [found]
        return [row for row in rows if isinstance(row, dict)][:5000] or None
    return None
