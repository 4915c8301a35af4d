"""A line of a labelled corpus, or of `privacybot sort`, as the sorter sees a live mail, and its verdict as JSON."""

from collections.abc import Mapping
from typing import Any

from bot.mail.message import Mail
from bot.mail.origin import origin
from bot.mail.reply import split_text
from bot.sorting.verdict import Item, sort


def item_of(record: Mapping[str, Any]) -> Item:
    """The item of a record with from_name, from, subject, body, html, headers; a missing field is empty."""
    subject, body = str(record.get("subject") or ""), str(record.get("body") or "")
    html = body if record.get("html") else ""
    sender, name = str(record.get("from") or "").lower(), str(record.get("from_name") or "")
    given = record.get("headers")
    headers = tuple((str(key), str(value)) for key, value in given.items()) if isinstance(given, Mapping) else ()
    reply = split_text("" if html else body, html, subject)
    folded = {key.lower(): value for key, value in headers}
    mail = Mail(
        message_id="",
        in_reply_to=(),
        references=(),
        date=None,
        senders=((name, sender),),
        reply_to=(),
        to=(),
        cc=(),
        subject=subject,
        headers=(*headers, ("From", f"{name} <{sender}>"), ("Subject", subject)),
        text=reply.own_text,
        html=html,
        attachments=(),
        report=None,
        content_type=folded.get("content-type", "text/html" if html else "text/plain").split(";")[0].strip().lower(),
        defects=(),
        over_bound="",
    )
    return Item(
        subject=subject,
        own_text=reply.own_text,
        quoted_text=reply.quoted_text,
        sender=sender,
        from_name=name,
        headers=headers,
        origin=origin(mail).kind,
        html=html,
    )


def sort_record(record: Mapping[str, Any]) -> dict[str, Any]:
    """The verdict on one record, as `privacybot sort` prints it."""
    verdict = sort(item_of(record))
    return {
        "id": record.get("id"),
        "kind": verdict.kind,
        "rights": list(verdict.rights),
        "flags": list(verdict.flags),
        "delivery": verdict.delivery,
        "on_behalf": verdict.on_behalf,
        "certain": verdict.certain,
        "reasons": list(verdict.reasons),
        "slots": dict(verdict.slots),
    }
