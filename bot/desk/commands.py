"""The words with which staff steer and customers answer (CONTRACTS.md "Words"): a closed grammar, pure.

A command is the first own line, after empty lines, a greeting or what a phone adds. Case, punctuation and a closing
greeting do not matter. Whatever adds meaning gives no command but a sentence that asks back.
"""

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from bot.mail.reply import is_phone_signature


@dataclass(frozen=True, slots=True)
class Command:
    """One command of staff: `word` as CONTRACTS.md writes it, and what the word carries, else empty.

    `reason` of niet akkoord, weiger, deels, verleng, niet geverifieerd, niet melden, and "niets gevonden" of gedaan ·
    `numbers` of zonder · `text` of tekst: · `rights` of soort:, by the names of the sorter, or `kind` when the mail is
    no request (privacy_question, complaint, breach_report, authority) · `means` of geverifieerd · `number` of gemeld ·
    `received` and `channel` ("", post, telefoon) of ontvangen op.
    """

    word: str
    reason: str = ""
    numbers: tuple[int, ...] = ()
    text: str = ""
    rights: tuple[str, ...] = ()
    kind: str = ""
    means: str = ""
    number: str = ""
    received: date | None = None
    channel: str = ""


@dataclass(frozen=True, slots=True)
class Unclear:
    """No command; `sentence` says in Dutch why not and what to write."""

    sentence: str


BARE = (
    "akkoord",
    "akkoord lijst",
    "tonen",
    "geen privacyverzoek",
    "gedaan",
    "ingetrokken",
    "overnemen",
    "teruggeven",
    "status",
    "help",
)
"""Words that stand alone."""
REASONED = ("niet akkoord", "weiger", "deels", "verleng", "niet geverifieerd", "niet melden")
"""Words that need a reason behind them."""
WORDS = (*BARE, *REASONED, "zonder", "tekst", "soort", "geverifieerd", "gemeld", "ontvangen op")
"""All words of staff."""

RIGHTS = {
    "inzage": "access",
    "rectificatie": "rectification",
    "wissing": "erasure",
    "verwijdering": "erasure",
    "vergeten": "erasure",
    "beperking": "restriction",
    "opheffing": "lift_restriction",
    "overdracht": "portability",
    "bezwaar": "objection",
    "geautomatiseerd besluit": "automated_decision",
    "toestemming intrekken": "withdraw_consent",
}
"""The rights by the words behind `soort:`."""
KINDS = {"vraag": "privacy_question", "klacht": "complaint", "datalek": "breach_report", "overheid": "authority"}
"""What else `soort:` can say."""

_VARIANTS = {"accoord": "akkoord", "niet accoord": "niet akkoord"}
_BY_LENGTH = sorted((*WORDS, *_VARIANTS), key=len, reverse=True)


def parse_command(own_text: str, name: str = "") -> Command | Unclear:
    """The command in a staff member's own words. `name` is the sender's: alone on a line it is a signature."""
    lines = _opened(own_text)
    if not lines:
        return Unclear("Uw antwoord bevat geen woorden. Schrijf in de eerste regel wat er moet gebeuren.")
    if _broken(own_text, lines[0]):
        return Unclear(f"In “{_shown(lines[0])}” staan onzichtbare tekens. Typ de opdracht opnieuw.")
    word, rest = _word_of(lines[0])
    if word == "tekst":
        return _new_text(rest, lines[1:])
    if not word:
        return Unclear(f"Ik begrijp “{_shown(lines[0])}” niet. {_ADVICE}")
    if lines[0].startswith(">") or "~~" in lines[0]:
        return Unclear(f"De regel “{_shown(lines[0])}” is aangehaald of doorgestreept. {_ADVICE}")
    bare = [line for line in lines[1:] if not any(map(str.isalnum, line))]
    strange = next((line for line in (lines[0], *bare) if _has_strange_sign(line)), "")
    if strange:
        return Unclear(f"Ik kan het teken in “{_shown(strange)}” niet uitleggen. {_ADVICE}")
    carries_text = word in REASONED or word == "geverifieerd"
    rest, below = _closed(rest, lines[1:], name, strict=carries_text)
    if below is None:
        return Unclear(f"Onder uw groet staat nog iets dat de betekenis kan veranderen. {_ADVICE}")
    if any(map(is_command, below)):
        return Unclear("Uw antwoord bevat meer dan één opdracht. Geef één opdracht in één e-mail.")
    if below and not carries_text:
        return Unclear(f"Onder “{word}” staat nog iets: “{_shown(below[0])}”. {_ADVICE}")
    argument = " ".join([rest, *below]).strip()
    before, behind = (re.search(end, text) for end, text in ((r"^[\W_]*", lines[0]), (r"[\W_]*$", argument)))
    around = "".join([*(part[0] for part in (before, behind) if part), *bare])
    if (_ASKS.search(around) or _EMPTY_BOX.match(lines[0])) and word not in ("status", "help"):
        return Unclear(f"Bedoelt u “{word}”, of is het een vraag? {_ADVICE}")
    return _READ[word](word, argument) if word in _READ else _bare(word, argument)


def parse_customer_word(own_text: str, name: str = "") -> str | None:
    """`ja`, `nee` or `toch niet` when the customer's own words are exactly that; None for everything else."""
    lines = _opened(own_text)
    if not lines or lines[0].startswith(">") or "~~" in lines[0] or _broken(own_text, lines[0]):
        return None
    rest, below = _closed(lines[0], lines[1:], name)
    if below is None or below or "?" in rest:
        return None
    said = _plain(rest)
    return said if said in ("ja", "nee", "toch niet") else None


# --- the lines around a command --------------------------------------------------------------------------------------

_ADVICE = "Zet één opdracht in de eerste regel en niets anders. Antwoord met “help” voor alle opdrachten."
_GREETING_WORD = (
    r"(?:hoi|hallo|hi|hey|hé|hai|dag|beste|geachte|lieve|l\.?\s?s\.?|goede?\s?-?(?:morgen|middag|avond|dag)|hello|dear)"
)
_GREETING = re.compile(rf"{_GREETING_WORD}(?:\s+[^\W\d_][\w.'’-]*){{0,5}}\s*[,!.:–-]*", re.I)
_GREETING_BEFORE = re.compile(rf"{_GREETING_WORD}(?:\s+[^\W\d_][\w.'’-]*){{0,4}}\s*[,!:]\s*(?=\w)", re.I)
_CLOSING_WORD = (
    r"(?:(?:met\s+)?(?:vriendelijke|hartelijke|warme|beste|zonnige|vr\.?|vriendel\.?)\s+(?:groet(?:en|jes)?|gr\.?)"
    r"|(?:veel\s+)?groet(?:en|jes)?|m\.?\s?v\.?\s?(?:r\.?\s?)?g\.?|gr\.?|hoogachtend"
    r"|(?:alvast\s+|heel\s+erg\s+|hartelijk\s+)?(?:bedankt|dank(?:\s?je(?:\s?wel)?|\s?u(?:\s?wel)?|jewel)?|thanks|thx)"
    r"|fijne?\s+(?:dag|avond|weekend|middag|week)(?:\s+nog)?|succes"
    r"|(?:kind|best|warm)\s+regards|regards|cheers)"
)
_CLOSING = re.compile(rf"{_CLOSING_WORD}(?![\w])[\s,.!:–-]*(?P<name>.*)", re.I)
_CLOSING_BEHIND = re.compile(rf"[\s,.;:!–-]+{_CLOSING_WORD}(?![\w])[\s,.!:–-]*(?P<name>[^,;]*)$", re.I)
_TURNS = re.compile(
    r"(?:p\.?\s?s\b|n\.?\s?b\b|maar|behalve|wacht|toch|niet|nee|tenzij|let\s+op|eerst|stop|mits|wel\s|nog\s|ik\s|graag|o\s?ja|oh\s|en\s|of\s|even\s)",
    re.I,
)
_TURNS_WITHIN = re.compile(
    r"(?<!\w)(?:maar|behalve|wacht|niet|nee|tenzij|mits|nog|eerst|stop|but|not|wait|except)(?!\w)", re.I
)
_SAYS = re.compile(
    r"(?<!\w)(?:moet(?:en)?|mag|mogen|klopt|kloppen|eruit|alleen|behalve|zonder|weg(?:laten)?|verwijder\w*|aanpassen|"
    r"pas|wijzig\w*|verander\w*|vervang\w*|vergeet|nog|eerst|niet|geen|liever|graag|wil(?:len)?|must|should|only|"
    r"remove|change|not)(?!\w)",
    re.I,
)
_SMALL_PRINT = re.compile(
    r"vertrouwelijk|geadresseerde|bestemd|ontvang(?:er|st|en)|confidential|intended|recipient|milieu|environment|"
    r"printen?\b|privacy|voorwaarden|aansprakelijk|rechten (?:worden )?ontleend|virus|open(?:ingstijden)?\b|geopend|"
    r"bereikbaar|aanwezig|werkdag",
    re.I,
)
_ASKS = re.compile(r"[?？؟‽⁇⁈⁉]")
_EMPTY_BOX = re.compile(r"\W*(?:\[\s*\]|\(\s*\))")
_DELIMITER = re.compile(r"(?:--|__|—)\s?[-_]*")
_INVISIBLE = re.compile(r"[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufe0f]")
_SAD = re.compile(r"[≠≉¬]|(?<!\S)[:;=]['’]?-?[(/\\|<]+(?!\w)")
_KIND_SIGNS = frozenset("👍👌✅🙂😀😃😄😊🆗")
_SPLIT = re.compile(r"\w[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]+\w")
_OWN = 50_000  # characters of an answer that are looked at
_LONGEST = 4_000  # characters of a reason


def _opened(own_text: str) -> list[str]:
    """The lines from the command on: no empty lines, greeting or phone signature before it."""
    text = _INVISIBLE.sub("", unicodedata.normalize("NFC", own_text[:_OWN].replace("\u00a0", " ")))
    lines = [line.strip() for line in text.replace("\r", "\n").split("\n")]
    kept = [line for line in lines if not is_phone_signature(line)]
    before = 0
    while before < len(kept) and (
        not any(map(str.isalnum, kept[before])) or _greets(_GREETING.fullmatch, kept[before])
    ):
        if kept[before] == "--":  # RFC 3676 §4.3: what follows is a signature
            return []
        before += 1
    kept = kept[before:]
    if kept and (greeting := _greets(_GREETING_BEFORE.match, kept[0])):
        kept[0] = kept[0][greeting.end() :]
    return kept


def _greets(match: Callable[[str], re.Match[str] | None], line: str) -> re.Match[str] | None:
    """A greeting at the begin of a line, unless words in it say more: "Hoi nog niet, akkoord"."""
    found = match(line[:200])
    return None if found is None or _TURNS_WITHIN.search(found[0]) else found


def _has_strange_sign(line: str) -> bool:
    unknown = any(unicodedata.category(sign) == "So" and sign not in _KIND_SIGNS for sign in line)
    return unknown or _SAD.search(line) is not None


def _broken(own_text: str, first: str) -> bool:
    """Whether signs that nobody sees stand inside the words of the command's line: no phone puts them there."""
    lines = (line for line in own_text[:_OWN].splitlines() if _SPLIT.search(line))
    return any(_opened(line)[:1] == [first] for line in lines)


def _closed(rest: str, below: Sequence[str], name: str, *, strict: bool = False) -> tuple[str, list[str] | None]:
    """The command's line and the lines below it without closing and signature; None when words below turn it round.

    `strict`: on the line itself a closing needs a comma or a full stop before it, as it may be part of a reason.
    """
    closing = _CLOSING_BEHIND.search(f" {rest[-200:]}")
    if closing and strict and not re.match(r"\s*[,.;!–-]", closing[0]):
        closing = None
    if closing and len(closing["name"].split()) <= 5 and not _turns_name(closing["name"]):
        head = rest[: len(rest) - len(closing[0])] if len(closing[0]) <= len(rest) else ""
        rest, signature = head, list(below)
        return rest, ([] if not any(map(_turns, signature)) else None)
    kept: list[str] = []
    for number, line in enumerate(below):
        if not any(map(str.isalnum, line)) and not _DELIMITER.fullmatch(line):
            continue
        ends = _CLOSING.fullmatch(line[:300])
        short = ends is not None and len(ends["name"].split()) <= 6 and not _turns_name(ends["name"])
        if _DELIMITER.fullmatch(line) or short or _is_name(line, name):
            after = [*([ends["name"]] if ends else []), *below[number + 1 :]]
            return rest, (kept if not any(map(_turns, after)) else None)
        kept.append(line)
    return rest, kept


def _turns(line: str) -> bool:
    """Whether a line under the greeting may say something: it begins or reads like a sentence, or is a command."""
    if _TURNS.match(line.lstrip(" \t([{-–—*•\"'“‘")) or is_command(line):
        return True
    return len(line.split()) > 2 and bool(_SAYS.search(line)) and not _SMALL_PRINT.search(line)


def _turns_name(name: str) -> bool:
    """Whether what stands behind a closing greeting is more than a name: "bedankt Sanne maar wacht nog even"."""
    return bool(_TURNS.match(name)) or _TURNS_WITHIN.search(name) is not None


def is_command(line: str) -> bool:
    """Whether a line could be meant as a command of its own."""
    word, rest = _word_of(line)
    return bool(word) and (word not in BARE or word.startswith("akkoord") or not any(map(str.isalnum, rest)))


def _is_name(line: str, name: str) -> bool:
    words = set(_plain(name).split())
    return bool(words) and set(_plain(line).split()) <= words


def _plain(text: str) -> str:
    """Lower case, letters and digits, single spaces."""
    return " ".join(re.findall(r"\w+", text.lower()))


def _shown(line: str) -> str:
    return line if len(line) <= 60 else line[:57] + "…"


def _word_of(line: str) -> tuple[str, str]:
    """The command word that a line begins with, and the rest of it; "" when it begins with none."""
    start = re.match(r"[\W_]*", line)
    body = line[start.end() :] if start else line
    for word in _BY_LENGTH:
        pattern = r"[\s_-]+".join(map(re.escape, word.split()))
        match = re.match(rf"{pattern}(?![\w-])[*_\"'”’]*\s*[:.,;!–-]*\s*", body, re.I)
        if match:
            return _VARIANTS.get(word, word), body[match.end() :].strip()
    return "", ""


# --- what each word carries ------------------------------------------------------------------------------------------


def _bare(word: str, argument: str) -> Command | Unclear:
    if not any(map(str.isalnum, argument)):
        return Command(word)
    if word == "gedaan" and re.fullmatch(r"zie (?:de )?bijlagen?", _plain(argument)):
        return Command(word)
    if word == "gedaan" and _plain(argument) in ("niets gevonden", "niks gevonden", "niets"):
        return Command(word, reason="niets gevonden")
    return Unclear(f"Achter “{word}” staat nog iets: “{_shown(argument)}”. {_ADVICE}")


def _reasoned(word: str, argument: str) -> Command | Unclear:
    reason = argument.strip(" \t-–:;")
    if not any(map(str.isalnum, reason)):
        return Unclear(f"Schrijf achter “{word}” ook de reden, bijvoorbeeld: {word} het adres klopt niet.")
    if is_command(reason):
        return Unclear("Uw antwoord bevat meer dan één opdracht. Geef één opdracht in één e-mail.")
    if len(reason) > _LONGEST:
        return Unclear(f"De reden achter “{word}” is te lang. Gebruik hoogstens {_LONGEST} tekens.")
    return Command(word, reason=reason)


def _means(word: str, argument: str) -> Command | Unclear:
    means = argument.strip(" \t-–:;.!")
    if not any(map(str.isalnum, means)):
        return Unclear("Schrijf achter “geverifieerd” hoe u dat hebt vastgesteld, bijvoorbeeld: geverifieerd telefoon.")
    if _TURNS.match(means) or _word_of(means)[0]:
        return Unclear(f"Ik begrijp “geverifieerd {_shown(means)}” niet. {_ADVICE}")
    return Command(word, means=means)


def _numbers(word: str, argument: str) -> Command | Unclear:
    asked = Unclear("Schrijf achter “zonder” de nummers van de onderdelen die eruit moeten, bijvoorbeeld: zonder 3, 7.")
    text = re.sub(r"^(?:nummers?|nrs?\.?|onderdel(?:en)?|onderdeel)\s+", "", argument.strip(" .!:"), flags=re.I)
    numbers: list[int] = []
    for piece in re.split(r"\s*(?:,|;|&|\ben\b|\s)\s*", re.sub(r"\s*(?:t/m|tot en met)\s*", "~", text, flags=re.I)):
        span = re.fullmatch(r"(\d{1,4})(?:~(\d{1,4}))?", piece)
        if not span:
            return asked
        first, last = int(span[1]), int(span[2] or span[1])
        if not 0 < first <= last:
            return asked
        numbers.extend(range(first, last + 1))
    return Command(word, numbers=tuple(dict.fromkeys(numbers)))


def _sort(word: str, argument: str) -> Command | Unclear:
    names = [_plain(piece) for piece in re.split(r",|;|\+|/|&|\ben\b", argument.strip(" .!"))]
    unknown = next((one for one in names if one not in RIGHTS and one not in KINDS), None)
    if unknown is not None:
        known = ", ".join((*RIGHTS, *KINDS))
        return Unclear(f"De soort “{_shown(unknown)}” ken ik niet. Kies uit: {known}.")
    rights = tuple(dict.fromkeys(RIGHTS[one] for one in names if one in RIGHTS))
    kinds = tuple(dict.fromkeys(KINDS[one] for one in names if one in KINDS))
    if len(kinds) > 1 or (kinds and rights):
        return Unclear("Kies één of meer rechten, of één van: " + ", ".join(KINDS) + ". Samen gaat niet.")
    return Command(word, rights=rights, kind=kinds[0] if kinds else "")


def _reported(word: str, argument: str) -> Command | Unclear:
    number = re.sub(r"^(?:onder\s+)?(?:nummer|nr\.?|meldingsnummer)\s*:?\s*", "", argument.strip(" .!:"), flags=re.I)
    if not re.fullmatch(r"[\w./-]{3,40}", number) or not any(map(str.isdigit, number)):
        return Unclear("Schrijf achter “gemeld” het nummer van de melding, bijvoorbeeld: gemeld 123456.")
    return Command(word, number=number)


_RECEIVED = re.compile(
    r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})(?:\s*,?\s*(?:(?:per|via|met\s+de|met)\s+)?(de\s+)?(post|brief|telefoon))?",
    re.I,
)


def _received(word: str, argument: str) -> Command | Unclear:
    match = _RECEIVED.fullmatch(argument.strip(" .!:,"))
    try:
        day = date(int(match[3]), int(match[2]), int(match[1])) if match else None
    except ValueError:
        day = None
    if match is None or day is None:
        return Unclear("Schrijf de datum als dag-maand-jaar, bijvoorbeeld: ontvangen op 03-02-2026, per post.")
    channel = (match[5] or "").lower().replace("brief", "post")
    return Command(word, received=day, channel=channel)


def _new_text(rest: str, below: Sequence[str]) -> Command | Unclear:
    """`tekst:`: everything behind it is the letter, up to a line `--- einde brief ---`."""
    lines = [rest, *below]
    end = next(
        (number for number, line in enumerate(lines) if re.fullmatch(r"-*\s*einde brief\s*-*", line, re.I)), None
    )
    lines = [line for line in lines[:end] if not re.fullmatch(r"-{2,}\s*brief\s*-{2,}", line, re.I)]
    text = re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
    if not any(map(str.isalnum, text)):
        return Unclear("Schrijf achter “tekst:” de nieuwe tekst van de brief.")
    return Command("tekst", text=text)


_READ: dict[str, Callable[[str, str], Command | Unclear]] = {
    **dict.fromkeys(REASONED, _reasoned),
    "geverifieerd": _means,
    "zonder": _numbers,
    "soort": _sort,
    "gemeld": _reported,
    "ontvangen op": _received,
}
