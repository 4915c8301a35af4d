"""The labelled mails as real MIME, to be put into a mailbox."""

import json
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from typing import Any

CORPUS = Path(__file__).resolve().parents[1] / "tests" / "data" / "dev.jsonl"


def records() -> list[dict[str, Any]]:
    """All labelled mails."""
    return [json.loads(line) for line in CORPUS.read_text(encoding="utf-8").splitlines()]


def as_mail(record: dict[str, Any], sent: datetime) -> tuple[EmailMessage, dict[str, str]]:
    """One labelled mail as a message, and what the border knows of it (envelope sender)."""
    mail = EmailMessage()
    mail["From"] = f'"{record["from_name"]}" <{record["from"]}>' if record["from_name"] else record["from"]
    mail["To"] = "info@lesseausoap.com"
    mail["Subject"] = " ".join(record["subject"].split())
    mail["Date"] = format_datetime(sent)
    mail["Message-ID"] = f"<{record['id']}@corpus.example>"
    envelope = {}
    for name, value in record["headers"].items():
        if name.lower() == "return-path":
            envelope["mail_from"] = value.strip("<>")
        elif name.lower() not in ("content-type", "message-id", "from", "to", "subject", "date"):
            mail[name] = value
    mail.set_content(record["body"], subtype="html" if record["html"] else "plain")
    return mail, envelope


def spread(start: datetime, number: int) -> datetime:
    """The moment of the numbered mail: one every two minutes."""
    return start + timedelta(minutes=2 * number)
