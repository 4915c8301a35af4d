"""What a reader sees: text without the tricks that make a machine read something else.

Each trick that was undone is named, so that staff see why a mail was read differently (zero-width characters,
look-alike letters, a right-to-left override, letters set apart by spaces, hidden HTML).
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from bs4 import BeautifulSoup, Tag

ZERO_WIDTH = "onzichtbare tekens tussen de letters"
LOOK_ALIKE = "letters uit een ander alfabet die op gewone letters lijken"
OVERRIDE = "tekst die achterstevoren is opgeslagen (rechts-naar-links)"
SPACED = "letters van één woord met spaties uit elkaar gezet"
HIDDEN = "verborgen tekst in de opmaak"

# Characters that take no room: zero-width space and joiners, word joiner, byte order mark, soft hyphen, invisible
# operators, Mongolian vowel separator, combining grapheme joiner, Hangul fillers, variation selectors, tag characters.
_INVISIBLE = re.compile(
    "[\u200b-\u200d\u2060-\u2064\ufeff\u00ad\u180e\u034f\u115f\u1160\u3164\uffa0\U000e0000-\U000e007f]"
)
_INSIDE_WORD = re.compile(r"\w[\u200b-\u200d\u2060-\u2064\ufeff\u180e\u034f]+\w")
_SELECTORS = re.compile("[\ufe00-\ufe0f]")
_OVERRIDE = re.compile("[\u202e\u2067\u202b]([^\u202c\u2069\n]*)[\u202c\u2069]?")
_DIRECTION = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069\u061c]")
_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")

# Cyrillic, Greek, Armenian and small-capital letters by the Latin letter that they look like.
_LOOKS_LIKE = str.maketrans(
    {
        "а": "a", "в": "b", "е": "e", "ё": "e", "к": "k", "м": "m", "н": "h", "о": "o", "р": "p", "с": "c", "т": "t",
        "у": "y", "х": "x", "і": "i", "ї": "i", "ј": "j", "ѕ": "s", "ԁ": "d", "ԛ": "q", "ԝ": "w", "һ": "h", "ѵ": "v",
        "г": "r", "п": "n", "ь": "b", "ӏ": "l",
        "А": "A", "В": "B", "Е": "E", "К": "K", "М": "M", "Н": "H", "О": "O", "Р": "P", "С": "C", "Т": "T", "У": "Y",
        "Х": "X", "І": "I", "Ј": "J", "Ѕ": "S", "Ԍ": "G",
        "α": "a", "β": "b", "ε": "e", "ι": "i", "κ": "k", "ν": "v", "ο": "o", "ρ": "p", "σ": "o", "τ": "t", "υ": "u",
        "χ": "x", "γ": "y", "η": "n", "ω": "w",
        "Α": "A", "Β": "B", "Ε": "E", "Ζ": "Z", "Η": "H", "Ι": "I", "Κ": "K", "Μ": "M", "Ν": "N", "Ο": "O", "Ρ": "P",
        "Τ": "T", "Υ": "Y", "Χ": "X",
        "օ": "o", "ս": "u", "հ": "h", "ո": "n", "ց": "g", "ɑ": "a", "ɡ": "g", "ı": "i", "ɩ": "i", "ʏ": "y", "ᴀ": "a",
        "ᴄ": "c", "ᴅ": "d", "ᴇ": "e", "ɢ": "g", "ʜ": "h", "ɪ": "i", "ᴊ": "j", "ᴋ": "k", "ʟ": "l", "ᴍ": "m", "ɴ": "n",
        "ᴏ": "o", "ᴘ": "p", "ʀ": "r", "ꜱ": "s", "ᴛ": "t", "ᴜ": "u", "ᴠ": "v", "ᴡ": "w", "ᴢ": "z",
    }
)  # fmt: skip
_WORD = re.compile(r"[^\W\d_]+")
_SPACED = re.compile(r"(?<![\w.])(?:[^\W\d_][ ·*_-]){3,}[^\W\d_](?![\w.])")
_HIDING_STYLE = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0(?:\.\d+)?(?:px|pt|em|%)?\s*(?:;|$)|"
    r"mso-hide\s*:\s*all"
    r"|opacity\s*:\s*0\s*(?:;|$)|max-height\s*:\s*0|(?:^|;)\s*color\s*:\s*(?:#fff(?:fff)?|white)\s*(?:;|$)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Clean:
    """Text as a reader sees it, and in Dutch the tricks that were undone to get it."""

    text: str
    tricks: tuple[str, ...]


def clean(text: str) -> Clean:
    """The text with invisible characters gone and look-alike, reversed and spaced-out letters made plain."""
    if text.isascii():
        spaced = _join_spaced(text)
        return Clean(spaced, (SPACED,) if spaced != text else ())
    tricks: list[str] = []
    if _INSIDE_WORD.search(text):
        tricks.append(ZERO_WIDTH)
    text = _SELECTORS.sub("", _INVISIBLE.sub("", text))
    turned = _OVERRIDE.sub(_turn, text)
    if turned != text and not _RIGHT_TO_LEFT.search(text):
        tricks.append(OVERRIDE)
    text = _DIRECTION.sub("", turned)
    text = unicodedata.normalize("NFKC", text)
    latin = _WORD.sub(lambda match: _latin(match.group()), text)
    if latin != text:
        tricks.append(LOOK_ALIKE)
    spaced = _join_spaced(latin)
    if spaced != latin:
        tricks.append(SPACED)
    return Clean(spaced, tuple(tricks))


def _turn(match: re.Match[str]) -> str:
    """An overridden stretch as it is shown: Latin text reversed, true right-to-left scripts left alone."""
    stretch = match.group(1)
    return stretch if _RIGHT_TO_LEFT.search(stretch) or match.group()[0] != "\u202e" else stretch[::-1]


@lru_cache(maxsize=20_000)
def _latin(word: str) -> str:
    """The word in Latin letters when every foreign letter in it has a Latin double and one letter is Latin anyway."""
    if word.isascii():
        return word
    plain = word.translate(_LOOKS_LIKE)
    if plain == word or not all(unicodedata.name(letter, "LATIN").startswith("LATIN") for letter in plain):
        return word
    mixed = any(unicodedata.name(letter, "").startswith("LATIN") for letter in word)
    return plain if mixed or len(word) > 3 else word


def _join_spaced(text: str) -> str:
    return _SPACED.sub(lambda match: re.sub(r"[ ·*_-]", "", match.group()), text)


def hidden_text(html: str) -> str:
    """The words of an HTML body that its style keeps from the reader, "" when there are none.

    A preheader of a newsletter is hidden text too; what it means is for the caller to say.
    """
    if not html or not _HIDING_STYLE.search(html.replace('"', ";").replace("'", ";")):
        return ""
    soup = BeautifulSoup(html, "html.parser")
    found: list[str] = []
    for element in soup.find_all(style=True):
        if isinstance(element, Tag) and element.name not in ("style", "script", "head"):
            style = str(element.get("style", ""))
            if _HIDING_STYLE.search(style) and "background" not in style:
                found.append(element.get_text(" ", strip=True))
    return " ".join(piece for piece in found if piece)
