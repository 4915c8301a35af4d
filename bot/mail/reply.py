"""Whose words are these: what the sender wrote now, and what was quoted or forwarded below it.

Evidence decides, never shape alone: first sentences that we sent ourselves (known by hashes), then the marks that mail
programs leave in HTML, then `>` lines, then headings that carry a date, a time or an address. A person who writes
"Op mijn vorige mail schreef u:" keeps every word. All patterns look at lines of bounded length: time is linear.
"""

import hashlib
import re
import unicodedata
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from bot.mail import markup
from bot.mail.message import Mail


@dataclass(frozen=True, slots=True)
class Reply:
    """A mail taken apart.

    `inline`: own words stand between or below quoted lines, besides a signature, so that a reader must look what
    answers what. `leaked`: sentences that we sent remain in `own_text`. The `quoted_text` of a forward is what was
    passed on.
    """

    own_text: str
    quoted_text: str
    forwarded: bool
    inline: bool
    leaked: bool


def split(mail: Mail, sent: Collection[str] = ()) -> Reply:
    """The sender's own words of a mail; `sent` as `sentence_hashes` gives it for the letters in this thread."""
    return split_text(mail.text, mail.html, mail.subject, sent)


def split_text(text: str, html: str = "", subject: str = "", sent: Collection[str] = ()) -> Reply:
    """The same for a text, its HTML or both. The HTML decides when a mail program marked the quote in it."""
    known = frozenset(sent)
    page = markup.read(html) if html.strip() else None
    plain = _split(text, subject, known) if text.strip() or page is None else None
    if page is None or (plain is not None and not page.has_marks):
        assert plain is not None
        return plain
    rich = _split(page.marked, subject, known)
    if plain is not None and plain.own_text and not rich.own_text:
        return plain
    return rich


def sentence_hashes(text: str) -> frozenset[str]:
    """Hashes of the sentences and lines of a letter that we sent, without its words: kept to know them in a quote."""
    return frozenset(_hash(piece.normal) for piece in _pieces(text.split("\n")))


def phrase_hashes(text: str) -> frozenset[str]:
    """Hashes of every three words in a row of a mail that we sent: they stay known whatever lines a program makes.

    Outlook turns tables and lists into lines of its own, where no sentence of ours survives. `split` takes these
    hashes together with those of `sentence_hashes`.
    """
    return frozenset(_phrases([word for _, word in _words(text.split("\n"))]))


# --- sentences that we sent ------------------------------------------------------------------------------------------

_SENTENCE_END = re.compile(r"(?<=[.!?:;])\s+")
_PREFIX = re.compile(r"^[ \t]{0,3}(?:>[ \t]?)+")
_KNOWN = 200_000  # characters of a mail in which our sentences are looked for
_LONG = 20  # letters and digits; shorter sentences are everybody's
_EVERYBODY = re.compile(r"(met)?(vriendelijke|hartelijke)groet|hoogachtend|geachte|beste|metdankvoor|alvastbedankt")


@dataclass(frozen=True, slots=True)
class _Piece:
    """A sentence or a line: its letters and digits, and how many of them stand in which line."""

    normal: str
    share: tuple[tuple[int, int], ...]
    line: bool

    @property
    def long(self) -> bool:
        """Whether nobody else writes it by chance."""
        return len(self.normal) >= _LONG and not _EVERYBODY.match(self.normal)


def _hash(normal: str) -> str:
    return hashlib.blake2b(normal.encode("utf-8", "replace"), digest_size=8).hexdigest()


def _normal(text: str) -> str:
    folded = text.casefold() if text.isascii() else unicodedata.normalize("NFKC", text).casefold()
    return "".join(filter(str.isalnum, folded))


def _bare(line: str) -> str:
    """A line without marks and without its `>`."""
    return _PREFIX.sub("", line.lstrip(markup.ATTRIBUTION)) if line else line


def _bounded(lines: Sequence[str]) -> Sequence[str]:
    """The lines up to `_KNOWN` characters, none longer than a letter of ours would have."""
    left, kept = _KNOWN, []
    for line in lines[:_LINES]:
        left -= len(line)
        if left < 0:
            break
        kept.append(line if len(line) <= _KNOWN // 10 else "")
    return kept


def _pieces(lines: Sequence[str]) -> Iterator[_Piece]:
    paragraph: list[tuple[int, str]] = []
    for number, line in enumerate([*lines, ""]):
        bare = _bare(line).strip()
        if bare and bare != markup.CUT:
            paragraph.append((number, bare))
            continue
        yield from _pieces_of(paragraph)
        paragraph = []


def _pieces_of(paragraph: Sequence[tuple[int, str]]) -> Iterator[_Piece]:
    sentence: list[tuple[int, str]] = []
    for number, line in paragraph:
        normal = _normal(line)
        if normal:
            yield _Piece(normal, ((number, len(normal)),), line=True)
        parts = _SENTENCE_END.split(line)
        for position, part in enumerate(parts):
            sentence.append((number, _normal(part)))
            if position < len(parts) - 1 or part.endswith((".", "!", "?", ":", ";")):
                yield from _sentence(sentence)
                sentence = []
    yield from _sentence(sentence)


def _sentence(parts: Sequence[tuple[int, str]]) -> Iterator[_Piece]:
    normal = "".join(part for _, part in parts)
    if normal:
        yield _Piece(normal, tuple((number, len(part)) for number, part in parts), line=False)


_WORD = re.compile(r"[^\W_]+")
_TARGET = re.compile(r"[<\[(]\s?(?:mailto:|https?://|cid:|data:)[^<>\s\])]{0,2000}[>\])]", re.I)


def _words(lines: Sequence[str]) -> list[tuple[int, str]]:
    """The words with the number of their line, without the targets that programs write behind links."""
    return [
        (number, word.casefold())
        for number, line in enumerate(lines)
        for word in _WORD.findall(unicodedata.normalize("NFKC", _TARGET.sub(" ", _bare(line))))
    ]


def _phrases(words: Sequence[str]) -> list[str]:
    return [_hash(" ".join(words[at : at + 3])) for at in range(len(words) - 2)]


def _of_our_phrases(lines: Sequence[str], sent: frozenset[str]) -> Collection[int]:
    """The lines all of whose words stand in phrases that we sent."""
    words = _words(lines)
    known = [False] * len(words)
    for at, phrase in enumerate(_phrases([word for _, word in words])):
        if phrase in sent:
            known[at] = known[at + 1] = known[at + 2] = True
    strange = {number for (number, _), mine in zip(words, known, strict=True) if not mine}
    return {number for number, _ in words} - strange


def _ours(lines: Sequence[str], sent: frozenset[str]) -> list[bool]:
    """Which lines hold nothing but sentences that we sent."""
    ours = [False] * len(lines)
    if not sent:
        return ours
    covered = [0] * len(lines)
    total = [0] * len(lines)
    sure = [False] * len(lines)
    for piece in _pieces(_bounded(lines)):
        known = _hash(piece.normal) in sent
        if piece.line:
            total[piece.share[0][0]] = piece.share[0][1]
        for number, letters in piece.share:
            if known:
                covered[number] = piece.share[0][1] if piece.line else covered[number] + letters
                sure[number] = sure[number] or piece.long
    for number, line in enumerate(lines):
        ours[number] = sure[number] and covered[number] >= total[number]
        if not ours[number] and 0 < total[number] <= covered[number]:
            above = next((before for before in range(number - 1, max(-1, number - 4), -1) if total[before]), -1)
            ours[number] = above >= 0 and ours[above]
        if ours[number]:
            _greeting_above(lines, ours, covered, number)
        if not line.strip():
            ours[number] = False
    return ours


def _greeting_above(lines: Sequence[str], ours: list[bool], covered: Sequence[int], number: int) -> None:
    for before in range(number - 1, max(-1, number - 4), -1):
        if lines[before].strip():
            if covered[before] and _GREETING.match(_bare(lines[before])):
                ours[before] = True
            return


_GREETING = re.compile(r"\s*(?:beste|geachte|dag|hallo|hoi|dear|hello|guten tag|sehr geehrte|bonjour)\b", re.I)


# --- headings of quotes ----------------------------------------------------------------------------------------------

_LINE = 500  # characters of a line, or of a heading over several lines, that patterns look at
_LABELS = {
    "from": "van|from|von|de|afzender|expéditeur",
    "date": "verzonden|verzonden op|verstuurd|datum|sent|date|gesendet|envoyé|date d['’]envoi",
    "to": "aan|to|an|à|naar|pour|destinataire",
    "cc": "cc|kopie|bcc|copie",
    "subject": "onderwerp|subject|betreff|objet|titel",
    "other": "antwoord aan|reply-to|prioriteit|importance|belang|urgentie|bijlagen?|attachments?|anlagen?",
}
_LABEL = re.compile(
    r"[\s*_|]{0,4}(?:"
    + "|".join(f"(?P<{kind}>{words})" for kind, words in _LABELS.items())
    + r")[*_]{0,2}\s?:(?P<value>.*)",
    re.I,
)
_ONE_LINE = re.compile(
    rf"\W{{0,4}}(?:{_LABELS['from']})\W{{0,2}}:.{{1,200}}?\b(?:{_LABELS['date']})\W{{0,2}}:.{{4,120}}?"
    rf"\b(?:{_LABELS['to']}|{_LABELS['subject']})\W{{0,2}}:",
    re.I,
)
_ORIGINAL = re.compile(
    r"(?:oorspronkelijke?|originele?e?)[ -](?:bericht|e-?mail(?:bericht)?)"
    r"|original[ -](?:message|e-?mail|appointment|nachricht)"
    r"|ursprüngliche (?:nachricht|e-?mail)|originalnachricht"
    r"|message (?:d['’]origine|initial|original)|courriel original",
    re.I,
)
_FORWARDED = re.compile(
    r"(?:begin van het |begin )?doorgestuurde? (?:bericht|e-?mail)|(?:begin )?forwarded message"
    r"|(?:anfang der )?weitergeleitete[n]? (?:nachricht|e-?mail)|(?:début du )?message (?:transféré|réexpédié)"
    r"|doorgestuurd door|forwarded by|weitergeleitet von",
    re.I,
)
_RULE = re.compile(r"[\s_\-=*–—#~]{2,}")
_TRIM = re.compile(r"^[\s_\-=*–—>|]+|[\s_\-=*–—:|]+$")
_DAY = re.compile(r"\b(?:19|20)\d\d\b|\b\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}\b")
_TIME = re.compile(r"\b\d{1,2}(?::\d\d|h\d\d)")
_ADDRESS = re.compile(r"[^\s<>@,;:]{1,64}@[^\s<>@,;:]{1,190}\.[a-z]{2,}", re.I)
_OPENS = re.compile(r"[\s\"'*_]{0,3}(?:op|on|am|le|el|il|em|den)\b", re.I)
_WROTE = re.compile(
    r"\b(?:schreef|geschreven|wrote|schrieb|geschrieben|a écrit|écrit|escribió|ha scritto|skrev|citeren|quoting"
    r"|zitat von)\b",
    re.I,
)
_LOWER = re.compile(r"\b[a-zà-ÿ]{2,}\b")
_USUAL = re.compile(
    r"(?:jan|feb|f[eé]vr|m[aä]r|mrt|maart|apr|avr|mei|mai|jui?n|jui?l|aug|août|sept?|okt|oct|nov|d[eé][cz])[a-zéû]*"
    r"|ma|di|wo|do|vr|za|zo|(?:maan|dins|woens|donder|vrij|zater|zon)dag|lun|mer|jeu|ven|sam|dim|[a-z]{3,5}di|dimanche"
    r"|op|om|heeft|het|volgende|geschreven|schreef|van|de|der|den|ter|ten|te|en|uur|via|namens|citeren|mailto"
    r"|at|on|wrote|by|of|and|behalf|pm|gmt|utc|ces?t|am|um|uhr|schrieb|und|le|la|les|à|et|écrit"
)
_THEN_TEXT = re.compile(
    r"[^<>]{5,200}(?:schreef|wrote|schrieb)[^<>:]{0,100}<[^<>\s]+@[^<>\s]+>\s?:\s+\S"
    r"|[^<>]{5,200}<[^<>\s]+@[^<>\s]+>[^<>:]{0,20}(?:wrote|schreef|a écrit)\s?:\s+\S",
    re.I,
)
_A_PERSON = re.compile(
    r"\b(?:schreef|schreven|wrote|schrieb|schrieben)\s+(?:aan |to |an )?"
    r"(?:[uU]|je|jij|jullie|ik|wij|we|you|I|me|us|Sie|ich|du|wir|mir|uns|mij|ons|uw|mijn|onze|de|het|een|dat)\b"
    r"|\b(?:[uU]|[Jj]e|[Jj]ij|[Jj]ullie|[Ii]k|[Ww]ij|[Ww]e|I|[Yy]ou|[Ww]e|[Ii]ch|Sie|[Ww]ir|[Dd]u)\s+"
    r"(?:wrote|schrieb|schrieben|schreef|schreven)\b"
    r"|\b[Hh]eb(?:t|ben)?\s+(?:ik|u|je|jij|jullie|wij|we)\b|\b(?:vous avez|tu as|j['’]ai|nous avons)\b"
    r"|^\W{0,3}(?:[Uu]w|[Mm]ijn|[Oo]nze|[Yy]our|[Mm]y"
    r"|[Ii]hre?|[Mm]eine?|[Ii]k|[Ww]ij|[Ww]e|I|[Ii]ch|[Ww]ir|[Uu])\b|\w{4,}[.!?] +[A-Z][a-z]"
)
_QUOTED = re.compile(r"[ \t]{0,3}>")
_FORWARD_SUBJECT = re.compile(r"[\s\[(]*(?:fwd?|doorst|doorgestuurd(?: bericht)?|wg|tr)\s*:", re.I)
_REPLY_SUBJECT = re.compile(r"[\s\[(]*(?:re|antw|antwoord|aw|sv|rép|ref|réf|betr)\s*(?:\[\d+\])?\s*:", re.I)


@dataclass(frozen=True, slots=True)
class _Heading:
    """The heading of a quote: how many lines, and whether it ends all own text (`hard`) or opens a `>` block."""

    lines: int
    hard: bool
    forward: bool = False
    by_program: bool = False


def _heading(lines: Sequence[str], at: int) -> _Heading | None:
    line = lines[at]
    if line == markup.CUT:
        return _Heading(1, hard=True, by_program=True)
    if line.startswith(markup.ATTRIBUTION):
        forward = _FORWARDED.search(line[:_LINE]) is not None
        count = 1
        while at + count < len(lines) and lines[at + count].startswith(markup.ATTRIBUTION) and count < 12:
            count += 1
        return _Heading(count, hard=forward or not _quote_follows(lines, at + count), forward=forward, by_program=True)
    if not line.strip() or len(line) > 2_000:
        return None
    return _separator(lines, at) or _header_block(lines, at) or _attribution(lines, at)


def _separator(lines: Sequence[str], at: int) -> _Heading | None:
    line = lines[at].strip()
    if len(line) > 200:
        return None
    core = _TRIM.sub("", line)
    forward = _FORWARDED.match(core)
    match = forward or _ORIGINAL.fullmatch(core)
    if match is None or len(core) > match.end() + 60:
        return None
    framed = line.startswith("--") or line.endswith(("--", "__", "=="))
    follows = _next(lines, at + 1)
    if framed or (
        follows is not None and (_LABEL.match(lines[follows][:_LINE]) or _DAY.search(lines[follows][:_LINE]))
    ):
        return _Heading(1, hard=True, forward=forward is not None)
    return None


def _header_block(lines: Sequence[str], at: int) -> _Heading | None:
    """Van / Verzonden / Aan / Onderwerp and relatives. "Van: Dorpsstraat 1, Aan: Kerkstraat 2" is none."""
    first = lines[at][:_LINE]
    opening = _LABEL.match(first)
    if opening is None or opening["to"] is not None:
        return None
    if _ONE_LINE.match(lines[at][:1_000]):
        return _Heading(1, hard=True)
    kinds: dict[str, str] = {}
    count = position = 0
    while at + position < len(lines) and position < 16:
        line = lines[at + position]
        match = _LABEL.match(line[:_LINE])
        if match:
            kind = next(kind for kind in _LABELS if match[kind])
            kinds.setdefault(kind, match["value"])
            count = position + 1
        elif position - count >= 2 if line.strip() else not _label_follows(lines, at + position):
            break
        position += 1
    if "from" not in kinds or len(kinds) < 2:
        return None
    when = kinds.get("date", "")
    dated = bool(_DAY.search(when) or _TIME.search(when))
    addressed = any(_ADDRESS.search(kinds.get(kind, "")[:_LINE]) for kind in ("from", "to"))
    if (dated and ("subject" in kinds or addressed)) or (addressed and "subject" in kinds):
        return _Heading(count, hard=True)
    return None


def _label_follows(lines: Sequence[str], at: int) -> bool:
    follows = _next(lines, at)
    return follows is not None and _LABEL.match(lines[follows][:_LINE]) is not None


def _attribution(lines: Sequence[str], at: int) -> _Heading | None:
    """Op … schreef …: over at most four lines, with a date, a time or an address in it."""
    opens = _OPENS.match(lines[at][:20]) is not None
    whole = ""
    for count in range(1, 5 if opens else 4):
        if at + count > len(lines):
            return None
        line = lines[at + count - 1]
        if not line.strip() or _QUOTED.match(line) or line[:1] in (markup.CUT, markup.ATTRIBUTION):
            return None
        whole = f"{whole} {line.strip()}".strip()
        if opens and _THEN_TEXT.match(whole[:_LINE]):
            return _Heading(count, hard=True)
        if len(whole) > _LINE:
            return None
        quoted = _quote_follows(lines, at + count)
        if not opens and count == 1 and not (quoted or _WROTE.search(whole) or _ADDRESS.search(whole)):
            return None
        if _is_attribution(whole, quoted=quoted):
            return _Heading(count, hard=not quoted)
    return None


def _is_attribution(text: str, *, quoted: bool) -> bool:
    """Whether it says who wrote when and little else; above `>` lines less evidence will do, in any language."""
    text = text.rstrip(" *_\"'»")
    addressed, day, time = _ADDRESS.search(text), _DAY.search(text), _TIME.search(text)
    words = [word for word in _LOWER.findall(_ADDRESS.sub("", text)) if not _USUAL.fullmatch(word)]
    if len(words) > (4 if addressed else 2) or _A_PERSON.search(text):
        return False
    if not text.endswith(":"):
        return bool(quoted and addressed and day and _WROTE.search(text))
    if not _WROTE.search(text):
        return bool(quoted and addressed and (day or time))
    if quoted:
        return bool(addressed or day or time or len(text) <= 120)
    return bool(addressed or (day and time))


def _next(lines: Sequence[str], at: int) -> int | None:
    """The next line with anything on it, at most three lines away."""
    return next((number for number in range(at, min(len(lines), at + 4)) if lines[number].strip()), None)


def _quote_follows(lines: Sequence[str], at: int) -> bool:
    follows = _next(lines, at)
    return follows is not None and _QUOTED.match(lines[follows]) is not None


# --- what a phone adds -----------------------------------------------------------------------------------------------

_DEVICE = (
    r"(?:iphone|ipad|ipod|apple|samsung|galaxy|android|huawei|xiaomi|redmi|oneplus|oppo|nokia|fairphone|pixel|motorola|moto"
    r"|sony|xperia|htc|blackberry|windows|mobiele?|mobile|telefoon|smartphone|tablet|outlook|gmail|yahoo|proton\w*|tuta\w*"
    r"|spark|bluemail|thunderbird|k-9|e-?mail|mail|handy|portable|téléphone|watch|hotmail|ziggo|kpn|gmx|web\.de|aol|icloud)"
)
_BIT = r"[^\n.,;:!?]"
_PHONE = re.compile(
    r"[\s*_(\[\"'–—-]{0,4}(?:"
    r"(?:verstuurd|verzonden|gestuurd|sent|gesendet|envoyé|mobiel verzonden)\s+"
    r"(?:vanaf|vanuit|via|met|from|with|using|von|mit|über|de|depuis|avec|à partir de)\s+"
    rf"(?:(?:mijn|my|meinem|meiner|mon|ma)\s+{_BIT}{{2,50}}"
    rf"|(?:(?:de|een|the|an?|il|l['’])\s?)?{_BIT}{{0,20}}\b{_DEVICE}\b{_BIT}{{0,40}})"
    rf"|(?:von|vom)\s+meine[mr]\s+{_BIT}{{2,40}}\s+gesendet"
    r"|(?:download|ontvang|get|holen sie sich|laden sie|télécharge[rz]|obtenir|obtenez)\s+"
    rf"outlook\s+(?:voor|for|für|pour)\s+\w+{_BIT}{{0,20}}"
    rf"|outlook\s+(?:voor|for|für|pour)\s+(?:ios|android|mac)\b{_BIT}{{0,30}}?"
    r"|sent from mobile"
    r")[\s.!*_)\]\"']{0,4}(?:[<(\[]?\s?https?://[^\s>]{1,400}[>)\]]?)?\s*",
    re.I,
)
_LINK_ONLY = re.compile(r"\s*[<(\[]?\s?https?://[^\s>]{1,400}[>)\]]?\s*")


def is_phone_signature(line: str) -> bool:
    """Whether a phone or a mail program added the line: Verstuurd vanaf mijn iPhone, Outlook voor iOS downloaden."""
    return len(line) <= _LINE and _PHONE.fullmatch(" ".join(_TARGET.sub(" ", line).split())) is not None


# --- taking apart ----------------------------------------------------------------------------------------------------

_OWN, _QUOTE, _DROPPED = 0, 1, 2
_LINES = 2_000  # lines that are looked at; below them only `>` still tells a quote


def _split(text: str, subject: str, sent: frozenset[str]) -> Reply:
    text = re.sub(r"\n{3,}", "\n\n", re.sub(r"[ \t]+(?=\n)", "", text))
    lines = text.split("\n")
    lines, below = lines[:_LINES], lines[_LINES:]
    ours = _ours(lines, sent)
    marks = [_QUOTE if ours[number] or _QUOTED.match(line) else _OWN for number, line in enumerate(lines)]
    forwarded = _FORWARD_SUBJECT.match(subject[:60]) is not None
    by_shape = False
    hard = len(lines)
    first = True
    number = 0
    while number < len(lines):
        heading = _heading(lines, number) if marks[number] == _OWN else None
        if heading is None:
            first = first and marks[number] == _OWN
            number += 1
            continue
        if first:
            forwarded = forwarded or heading.forward
            by_shape = not heading.by_program
        first = False
        for inside in range(number, number + heading.lines):
            marks[inside] = _QUOTE
        number += heading.lines
        if heading.hard:
            hard = number
            break
    for inside in range(hard, len(lines)):
        marks[inside] = _QUOTE
    start = next((at for at, mark in enumerate(marks) if mark == _QUOTE and _bare(lines[at]).strip()), len(lines))
    quoted_heading = _separator([_bare(line) for line in lines[start : start + 5]], 0) if start < len(lines) else None
    forwarded = forwarded or (quoted_heading is not None and quoted_heading.forward)
    _unknown_heading(lines, marks, ours)
    _tidy(lines, marks)
    between = False
    if hard < len(lines) and sent and not forwarded:
        below_heading = _of_our_phrases(lines[hard:], sent)
        known = [mine or number - hard in below_heading for number, mine in enumerate(ours)]
        between = _answers(lines, marks, known, hard, empty=not _any_words(lines, marks))
    own, quoted = _joined(lines, marks, _OWN), _joined(lines, marks, _QUOTE)
    if below:
        own = "\n".join([own, *(line for line in below if hard == len(lines) and line[:1] != ">")]).strip()
        quoted = "\n".join([quoted, *(line for line in below if hard < len(lines) or line[:1] == ">")]).strip()
    answer = forwarded or any(ours) or _REPLY_SUBJECT.match(subject[:60]) or any(map(_QUOTED.match, lines))
    if not own and by_shape and not answer:
        marks = [_DROPPED if is_phone_signature(line) else _OWN for line in lines]
        own, quoted = _joined(lines, marks, _OWN), ""
    inline = between or (not forwarded and _is_inline(lines, marks))
    leaked = bool(sent) and any(
        piece.long and _hash(piece.normal) in sent for piece in _pieces(own.split("\n")[:_LINES])
    )
    return Reply(own, quoted, forwarded, inline, leaked)


def _unknown_heading(lines: Sequence[str], marks: list[int], ours: Sequence[bool]) -> None:
    """The lines right above our own sentences that carry a date or an address are a heading, whatever its language."""
    start = next((number for number, mine in enumerate(ours) if mine), None)
    if start is None or marks[start] != _QUOTE:
        return
    seen = 0
    for number in range(start - 1, -1, -1):
        if marks[number] == _QUOTE or seen >= 6:
            return
        line = lines[number].strip()[:_LINE]
        if not line:
            continue
        seen += 1
        evidence = _ADDRESS.search(line) or (_DAY.search(line) and (line.endswith(":") or _TIME.search(line)))
        if not (evidence or _LABEL.match(line) or _RULE.fullmatch(line)):
            return
        marks[number] = _QUOTE


def _tidy(lines: Sequence[str], marks: list[int]) -> None:
    """Drops phone signatures, and the rules that mail programs draw above a quote."""
    for number, line in enumerate(lines):
        if marks[number] == _OWN and is_phone_signature(line):
            marks[number] = _DROPPED
            follows = number + 1
            if follows < len(lines) and marks[follows] == _OWN and _LINK_ONLY.fullmatch(lines[follows][:_LINE]):
                marks[follows] = _DROPPED
    below = _OWN
    for number in range(len(lines) - 1, -1, -1):
        if marks[number] != _OWN:
            below = marks[number]
        elif lines[number].strip():
            if below in (_QUOTE, _DROPPED) and len(lines[number]) <= _LINE and _RULE.fullmatch(lines[number]):
                marks[number] = _QUOTE if below == _QUOTE else _DROPPED
            else:
                below = _OWN


def _answers(lines: Sequence[str], marks: list[int], ours: Sequence[bool], hard: int, *, empty: bool) -> bool:
    """Finds answers between our sentences in a quote without `>`; whether there are any.

    Only where most of what stands there is ours: then what is not ours was typed in between.
    """
    mine = [number for number in range(hard, len(lines)) if ours[number]]
    if not mine:
        return False
    end = len(lines) if empty else mine[-1]
    stop = next((number for number in range(mine[-1] + 1, end) if _heading(lines, number)), end)
    words = [number for number in range(mine[0], stop) if any(map(str.isalnum, lines[number]))]
    foreign = [number for number in words if not ours[number] and not is_phone_signature(lines[number])]
    if not foreign or (len(words) - len(foreign)) * 5 < len(words) * 3:
        return False
    for number in foreign:
        marks[number] = _OWN
    return True


def _any_words(lines: Sequence[str], marks: Sequence[int]) -> bool:
    return any(mark == _OWN and any(map(str.isalnum, line)) for line, mark in zip(lines, marks, strict=True))


def _is_inline(lines: Sequence[str], marks: Sequence[int]) -> bool:
    """Whether own words stand both above and below quoted ones, or between them; a signature below is none."""
    seen_own = seen_quote = False
    turns = 0
    for number, (line, mark) in enumerate(zip(lines, marks, strict=True)):
        if not line.strip() or mark == _DROPPED:
            continue
        if mark == _QUOTE:
            seen_quote = True
            if turns:
                return True
        elif seen_quote:
            if line.rstrip() == "--" and not any(one == _QUOTE for one in marks[number:]):
                return False
            if seen_own:
                return True
            turns += 1
        else:
            seen_own = True
    return False


def _joined(lines: Sequence[str], marks: Sequence[int], wanted: int) -> str:
    out: list[str] = []
    gap = False
    for line, mark in zip(lines, marks, strict=True):
        if mark != wanted:
            gap = True
            continue
        if gap and out and out[-1].strip() and wanted == _OWN:
            out.append("")
        gap = False
        if line != markup.CUT:
            out.append(line.lstrip(markup.ATTRIBUTION).rstrip())
    return re.sub(r"\n{3,}", "\n\n", "\n".join(out)).strip()
