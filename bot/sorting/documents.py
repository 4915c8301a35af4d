"""Text of attached documents, read within bounds, so that a request in a letter is seen. A scan goes to a person."""

import html
import io
import re
import zipfile
from collections.abc import Sequence
from xml.etree import ElementTree

from pypdf import PdfReader

from bot.mail.message import Attachment, parse

MOST_BYTES = 10_000_000  # of one attachment
MOST_PAGES = 20  # of a PDF
MOST_TEXT = 40_000  # characters of all documents of a mail together
MOST_XML = 5_000_000  # bytes of a DOCX body once unpacked
_WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_DOCUMENT = re.compile(r"\.(?:pdf|docx?|odt|rtf|txt|eml|msg|pages)$", re.IGNORECASE)
_IMAGE = re.compile(r"\.(?:jpe?g|png|heic|tiff?|webp|bmp)$", re.IGNORECASE)


def is_document(attachment: Attachment) -> bool:
    """True for an attachment that can hold a letter: PDF, word processor, text or a mail; never an inline picture."""
    if attachment.inline and attachment.type.startswith("image/"):
        return False
    return bool(_DOCUMENT.search(attachment.name)) or attachment.type in (
        "application/pdf",
        "application/msword",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "message/rfc822",
        "text/plain",
    )


def is_picture(attachment: Attachment) -> bool:
    """True for an attached (not inline) picture, which may be a photographed letter."""
    return not attachment.inline and (attachment.type.startswith("image/") or bool(_IMAGE.search(attachment.name)))


def text_of(attachments: Sequence[Attachment]) -> tuple[str, bool]:
    """The text of the attached documents together, and whether each could be read; never raises.

    False means that a person must look: a scan, a broken or locked file, an old .doc, or one over a bound.
    """
    texts: list[str] = []
    whole = True
    for attachment in attachments:
        if is_document(attachment):
            text = _read(attachment)
            whole = whole and bool(text.strip())
            texts.append(text)
    joined = "\n".join(texts)
    return joined[:MOST_TEXT], whole and len(joined) <= MOST_TEXT


def _read(attachment: Attachment) -> str:
    name, content = attachment.name.lower(), attachment.content
    if len(content) > MOST_BYTES:
        return ""
    try:
        if attachment.type == "application/pdf" or name.endswith(".pdf"):
            return _pdf(content)
        if attachment.type.endswith("wordprocessingml.document") or name.endswith(".docx"):
            return _docx(content)
        if attachment.type == "message/rfc822" or name.endswith(".eml"):
            mail = parse(content)
            return f"{mail.subject}\n{mail.text}"
        if attachment.type == "text/plain" or name.endswith(".txt"):
            return content.decode("utf-8", "replace")
    except Exception:
        return ""
    return ""


def _pdf(content: bytes) -> str:
    reader = PdfReader(io.BytesIO(content))
    if len(reader.pages) > MOST_PAGES:
        return ""
    pieces: list[str] = []
    for page in reader.pages:
        pieces.append(page.extract_text() or "")
        if sum(map(len, pieces)) > MOST_TEXT:
            break
    return "\n".join(pieces)


def _docx(content: bytes) -> str:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        entry = archive.getinfo("word/document.xml")
        if entry.file_size > MOST_XML:
            return ""
        with archive.open(entry) as body:
            xml = body.read(MOST_XML + 1)
    if len(xml) > MOST_XML or b"<!DOCTYPE" in xml or b"<!ENTITY" in xml:
        return ""
    root = ElementTree.fromstring(xml)  # noqa: S314  (bounded, and no document type or entity is let in)
    lines = ["".join(part.text or "" for part in line.iter(_WORD + "t")) for line in root.iter(_WORD + "p")]
    return html.unescape("\n".join(lines))
