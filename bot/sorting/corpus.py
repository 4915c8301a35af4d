"""Labelled mails as data: reading them, and the split that keeps the figures honest.

A file holds one JSON object a line with the fields id, from_name, from, subject, body, html, headers, lang, kind,
rights, delivery, on_behalf, hard, note. The development corpus is split once, by a hash of the id: the even half is
open, the odd half is the lockbox. Nobody reads the texts of the lockbox; only figures and ids come out of it.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

Record = Mapping[str, Any]


def in_lockbox(record_id: str) -> bool:
    """True when the mail with this id belongs to the half that is measured on and never read."""
    return int(hashlib.sha256(record_id.encode()).hexdigest(), 16) % 2 == 1


def read(path: Path) -> list[Record]:
    """The records of one .jsonl file, in the file's order.

    Raises ValueError with file and line when a line is no JSON object.
    """
    records: list[Record] = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except json.JSONDecodeError as error:
            raise ValueError(f"{path}:{number}: no JSON object ({error.msg}); write one object a line") from error
        if not isinstance(record, dict):
            raise ValueError(f"{path}:{number}: no JSON object; write one object a line")
        records.append(record)
    return records


def open_half(path: Path) -> list[Record]:
    """The records of the development corpus that may be read and learned from."""
    return [record for record in read(path) if not in_lockbox(str(record["id"]))]


def lockbox(path: Path) -> list[Record]:
    """The records of the development corpus that are only measured on."""
    return [record for record in read(path) if in_lockbox(str(record["id"]))]
