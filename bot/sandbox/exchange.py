"""What Exchange Online does to a message on its way: stamps at the border, headers dropped, reports of failure.

Nothing here keeps state: messages in, messages out.
"""

import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes
from email.message import EmailMessage, Message
from email.mime.message import MIMEMessage
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.policy import SMTP, compat32
from email.utils import format_datetime, make_msgid

from bot.sandbox.mime import Headers, Mime, children, without_headers

BORDER = "AM3PEPF0000A790.eurprd04.prod.outlook.com"
"""The host that stamps AuthSource on mail from outside."""
INSIDE = "DB9PR04MB8477.eurprd04.prod.outlook.com"
"""The host that stamps AuthSource on mail of the tenant's own accounts."""
SENDER_OF_REPORTS = "MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e"

_CRLF = compat32.clone(linesep="\r\n")
_FIREWALL = re.compile(r"(X-MS-Exchange-(Organization|Forest)-.*|Return-Path|X-Forefront-Antispam-Report)", re.I)
_FIREWALL_OUT = re.compile(r"X-MS-Exchange-(Organization|Forest)-.*", re.I)
_DROPPED = re.compile(r"Auto-Submitted", re.I)
_BCC = re.compile(r"Bcc", re.I)
_MESSAGE_ID = re.compile(r"Message-ID", re.I)


@dataclass(frozen=True, slots=True)
class Checks:
    """What the border found: words as in Authentication-Results. `verdict` replaces the whole header value."""

    spf: str = "pass"
    dkim: str = "pass"
    dmarc: str = "pass"
    dkim_domain: str = ""
    """The domain that signed; the From domain when empty."""
    verdict: str = ""


def crlf(raw: bytes) -> bytes:
    """Line ends as SMTP carries them."""
    return re.sub(rb"(?<!\r)\n", b"\r\n", raw)


def incoming(raw: bytes, *, at: datetime, mail_from: str, internal: bool, checks: Checks) -> bytes:
    """A message as it lands in a mailbox: the tenant's own headers stripped, then stamped anew, on top.

    Copies of Authentication-Results that the sender put in stay below the true one.
    """
    raw, _ = without_headers(crlf(raw), _FIREWALL)
    mime = Mime(raw)
    domain = _domain(mime.sender[1])
    source = INSIDE if internal else BORDER
    received = f"from {source} (2603:10a6:10:2dd::9) by AS8PR04MB8788.eurprd04.prod.outlook.com with HTTPS; "
    stamps = [
        ("Received", received + format_datetime(at)),
        ("Authentication-Results", _authentication(domain, mail_from, internal, checks)),
        (
            "X-MS-Exchange-Organization-Network-Message-Id",
            str(uuid.uuid5(uuid.NAMESPACE_OID, f"{mime.message_id} {at}")),
        ),
        ("X-MS-Exchange-Organization-AuthSource", source),
    ]
    if internal:
        stamps += [
            ("X-MS-Exchange-Organization-MessageDirectionality", "Originating"),
            ("X-MS-Exchange-Organization-AuthAs", "Internal"),
            ("X-MS-Exchange-Organization-AuthMechanism", "04"),
            ("X-MS-Exchange-Organization-SCL", "-1"),
            ("X-Forefront-Antispam-Report", "CIP:255.255.255.255;CTRY:;LANG:nl;SCL:-1;SFV:SKI;CAT:NONE;DIR:INT;"),
        ]
    else:
        report = f"CIP:203.0.113.25;CTRY:NL;LANG:nl;SCL:1;SRV:;IPV:NLI;SFV:NSPM;H:mail.{domain};CAT:NONE;DIR:INB;"
        stamps += [
            ("X-MS-Exchange-Organization-MessageDirectionality", "Incoming"),
            ("X-MS-Exchange-Organization-AuthAs", "Anonymous"),
            ("X-MS-Exchange-Organization-SCL", "1"),
            ("X-Forefront-Antispam-Report", report),
            ("Received-SPF", f"{checks.spf.capitalize()} (protection.outlook.com: domain of {_domain(mail_from)})"),
        ]
    stamps.append(("Return-Path", " ".join(mail_from.split()) or "<>"))
    if not mime.message_id:
        stamps.append(("Message-ID", make_msgid(domain=source)))
    return _stamped(stamps) + raw


def _authentication(domain: str, mail_from: str, internal: bool, checks: Checks) -> str:
    if checks.verdict:
        return checks.verdict
    if internal:
        return f"dkim=none (message not signed) header.d=none;dmarc=none action=none header.from={domain};"
    signed = {"pass": "signature was verified", "none": "message not signed"}.get(
        checks.dkim, "body hash did not verify"
    )
    signer = "none" if checks.dkim == "none" else checks.dkim_domain or domain
    action = "oreject" if checks.dmarc == "fail" else "none"
    composite = {"pass": "pass reason=100", "bestguesspass": "pass reason=109", "fail": "fail reason=000"}
    word = "designates" if checks.spf == "pass" else "does not designate"
    return (
        f"spf={checks.spf} (sender IP is 203.0.113.25, {_domain(mail_from)} {word} it)"
        f" smtp.mailfrom={_domain(mail_from)}; dkim={checks.dkim} ({signed}) header.d={signer};"
        f"dmarc={checks.dmarc} action={action} header.from={domain};"
        f"compauth={composite.get(checks.dmarc, 'softpass reason=201')}"
    )


def _domain(address: str) -> str:
    domain = address.rpartition("@")[2].strip().lower()
    return domain if re.fullmatch(r"[\w.-]+", domain) else "none"


@dataclass(frozen=True, slots=True)
class Leaving:
    """A message as it leaves a mailbox."""

    wire: bytes
    """What the recipients get: no Bcc."""
    kept: bytes
    """What stays in Sent Items: with Bcc."""
    message_id: str
    recipients: tuple[str, ...]
    """Lower case, each once: To, Cc and Bcc."""
    dropped: Headers


def outgoing(raw: bytes, *, at: datetime, rewrite_message_id: bool) -> Leaving:
    """A draft turned into the message that leaves.

    Auto-Submitted is dropped, as Exchange does even with raw MIME; headers of the organisation are too. Body and other
    headers are passed on as they were given. With `rewrite_message_id` the id is replaced, as is seen now and then.
    """
    raw, dropped = without_headers(crlf(raw), _DROPPED)
    raw, _ = without_headers(raw, _FIREWALL_OUT)
    mime = Mime(raw)
    recipients = tuple(dict.fromkeys(a.lower() for header in ("To", "Cc", "Bcc") for _, a in mime.addresses(header)))
    extra: list[tuple[str, str]] = []
    if rewrite_message_id or not mime.message_id:
        raw, _ = without_headers(raw, _MESSAGE_ID)
        extra.append(("Message-ID", make_msgid(domain=INSIDE)))
    if not mime.header("Date"):
        extra.append(("Date", format_datetime(at)))
    kept = _stamped(extra) + raw
    wire, _ = without_headers(kept, _BCC)
    received = ("Received", f"from {INSIDE} ([fe80::1]) by {INSIDE} with mapi id 15.20.8000.10; {format_datetime(at)}")
    return Leaving(_stamped([received]) + wire, kept, Mime(kept).message_id, recipients, dropped)


def wants_no_report(raw: bytes) -> bool:
    """Whether X-Auto-Response-Suppress forbids a report of non-delivery: `All` or `NDR` does."""
    words = {word.strip().lower() for word in Mime(raw).header("X-Auto-Response-Suppress").split(",")}
    return bool(words & {"all", "ndr"})


def non_delivery_report(
    wire: bytes, *, sender: str, recipient: str, status: str, text: str, action: str, at: datetime
) -> bytes:
    """The report that Exchange writes when a recipient cannot be reached: multipart/report, the original attached.

    `status` is the enhanced code (`5.1.10`), `text` what the other server said, `action` failed or delayed. As in
    the samples of Microsoft, the To of the report is the failed recipient, not the mailbox that gets it.
    """
    original = Mime(wire)
    report = MIMEMultipart("report", report_type="delivery-status")
    report["From"] = f"Microsoft Outlook <{SENDER_OF_REPORTS}@{sender.rpartition('@')[2]}>"
    report["To"] = recipient
    report["Date"] = format_datetime(at)
    report["Subject"] = ("Undeliverable: " if action == "failed" else "Delivery delayed: ") + original.subject
    report["Message-ID"] = f"<{uuid.uuid4()}@{INSIDE}>"
    report["Content-Language"] = "nl-NL"
    if original.message_id:
        report["In-Reply-To"] = original.message_id
        report["References"] = original.message_id
    report["Auto-Submitted"] = "auto-replied"
    words = MIMEMultipart("alternative")
    say = f"Your message to {recipient} couldn't be delivered.\n\n{text}\n"
    words.attach(MIMEText(say, "plain", "utf-8"))
    words.attach(MIMEText(f"<html><body><p>{say}</p></body></html>", "html", "utf-8"))
    report.attach(words)
    status_part = Message()
    status_part["Content-Type"] = "message/delivery-status"
    about_message, about_recipient = Message(), Message()
    about_message["Reporting-MTA"] = f"dns;{INSIDE}"
    about_message["Arrival-Date"] = format_datetime(at)
    about_recipient["Final-Recipient"] = f"rfc822;{recipient}"
    about_recipient["Action"] = action
    about_recipient["Status"] = status
    about_recipient["Diagnostic-Code"] = f"smtp;{text}"
    status_part.attach(about_message)
    status_part.attach(about_recipient)
    report.attach(status_part)
    attached, _ = without_headers(wire, _FIREWALL_OUT)
    report.attach(MIMEMessage(message_from_bytes(attached)))
    return report.as_bytes(policy=_CRLF)


def draft_from_json(fields: dict[str, object], mailbox: str, name: str, at: datetime) -> bytes:
    """MIME for a draft that was given as a JSON message resource."""
    draft = EmailMessage(policy=SMTP)
    draft["From"] = f"{name} <{mailbox}>"
    draft["Date"] = format_datetime(at)
    set_json_fields(draft, {"internetMessageId": f"<{uuid.uuid4()}@{INSIDE}>", "subject": "", **fields})
    if not draft.get_content_type().startswith("multipart/") and "content-type" not in draft:
        draft.set_content("")
    return draft.as_bytes()


JSON_HEADERS = {
    "toRecipients": "To",
    "ccRecipients": "Cc",
    "bccRecipients": "Bcc",
    "replyTo": "Reply-To",
    "from": "From",
    "sender": "Sender",
    "subject": "Subject",
    "internetMessageId": "Message-ID",
}
"""Fields of a JSON draft that are headers."""


def set_json_fields(draft: EmailMessage, fields: dict[str, object]) -> None:
    """Writes JSON fields into a draft, replacing what stood there: recipients, subject, body, X- headers."""
    for key, header in JSON_HEADERS.items():
        if key not in fields:
            continue
        del draft[header]
        value = fields[key]
        people = value if isinstance(value, list) else [value]
        text = value if isinstance(value, str) else ", ".join(_address(person) for person in people if person)
        if text:
            draft[header] = _one_line(text)
    headers = fields.get("internetMessageHeaders")
    for entry in headers if isinstance(headers, list) else ():
        draft[str(entry["name"])] = _one_line(str(entry["value"]))
    body = fields.get("body")
    if isinstance(body, dict):
        subtype = "html" if str(body.get("contentType", "text")).lower() == "html" else "plain"
        target = draft.get_body(("html", "plain")) if draft.is_multipart() else draft
        (target if isinstance(target, EmailMessage) else draft).set_content(
            str(body.get("content", "")), subtype=subtype
        )


def _address(person: object) -> str:
    inner = person.get("emailAddress", {}) if isinstance(person, dict) else {}
    name, address = str(inner.get("name") or ""), str(inner.get("address") or "")
    quoted = name.replace("\\", "").replace('"', "")
    return f'"{quoted}" <{address}>' if name else address


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _stamped(headers: Sequence[tuple[str, str]]) -> bytes:
    return "".join(f"{name}: {value}\r\n" for name, value in headers).encode("utf-8", "replace")


def with_attachment(raw: bytes, name: str, content_type: str, content: bytes, content_id: str = "") -> bytes:
    """A draft with one more file; inline when it has a content id."""
    draft = message_from_bytes(raw, policy=SMTP)
    assert isinstance(draft, EmailMessage)
    maintype, _, subtype = (content_type or "application/octet-stream").partition(";")[0].strip().partition("/")
    if maintype in ("text", "multipart", "message"):
        draft.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
        list(draft.iter_attachments())[-1].replace_header("Content-Type", f'{maintype}/{subtype}; name="{name}"')
    else:
        draft.add_attachment(content, maintype=maintype, subtype=subtype or "octet-stream", filename=name)
    if content_id:
        part = list(draft.iter_attachments())[-1]
        part["Content-ID"] = f"<{content_id}>"
        part.replace_header("Content-Disposition", f'inline; filename="{name}"')
    return draft.as_bytes()


def without_attachments(raw: bytes) -> bytes:
    """A draft with its body alone, as a program reported of MIME drafts."""
    draft = message_from_bytes(raw)
    if draft.get_content_type() != "multipart/mixed":
        return raw
    body: list[Message | str] = list(children(draft)[:1])
    draft.set_payload(body)
    return draft.as_bytes(policy=_CRLF)


def completed_draft(raw: bytes, at: datetime) -> bytes:
    """A MIME draft as the store keeps it: a Message-ID and a Date where it had none."""
    mime = Mime(crlf(raw))
    extra = []
    if not mime.message_id:
        extra.append(("Message-ID", make_msgid(domain=INSIDE)))
    if not mime.header("Date"):
        extra.append(("Date", format_datetime(at)))
    return _stamped(extra) + mime.raw


def edited_draft(raw: bytes, fields: dict[str, object]) -> bytes:
    """A draft with some JSON fields changed: recipients, subject, body, Message-ID."""
    draft = message_from_bytes(raw, policy=SMTP)
    assert isinstance(draft, EmailMessage)
    set_json_fields(draft, fields)
    return draft.as_bytes()
