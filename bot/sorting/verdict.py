"""What a mail is to us: kind, rights, flags, delivery wish and slots, with reasons in Dutch and an honest doubt."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bot.sorting import rules
from bot.sorting.reading import read

if TYPE_CHECKING:
    from bot.mail.message import Attachment

KINDS = ("request", "privacy_question", "complaint", "breach_report", "automatic", "not_privacy")
RIGHTS = rules.RIGHTS
FLAGS = ("authority", "minor", "deceased", "agent", "health", "threat", "mixed")


@dataclass(frozen=True, slots=True)
class Item:
    """One mail as the sorter needs it; only `own_text` and `subject` decide, `quoted_text` never does."""

    subject: str
    own_text: str
    quoted_text: str = ""
    sender: str = ""
    from_name: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    attachments: tuple[Attachment, ...] = ()
    origin: str = "human"  # as bot.mail.origin names it
    html: str = ""  # the HTML body, to find text that its style hides


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer of the sorter; `certain` false means that a person is asked.

    `reasons` are Dutch sentences that staff can check. `guesses` are the two likeliest answers as words of the staff
    command `soort:` (or `geen privacyverzoek`), likeliest first, empty when certain. `slots` holds, as far as named:
    `orders`, `postcodes`, `emails`, `addresses`, `phones` (tuples of str) and `wrong`, `right` (str).
    """

    kind: str
    rights: tuple[str, ...]
    flags: tuple[str, ...]
    delivery: str
    on_behalf: bool
    certain: bool
    reasons: tuple[str, ...]
    slots: Mapping[str, Any] = field(default_factory=dict)
    guesses: tuple[str, ...] = ()


_MACHINES = ("auto-reply", "bounce", "receipt")
_POST = re.compile(
    r"\b(per post|per brief|aangetekende post|by post|by letter|per einschreiben|par courrier|briefje sturen)\b"
)


def sort(item: Item) -> Verdict:
    """The verdict on one mail; never raises, the same mail always gets the same verdict."""
    reading = read(item.subject, item.own_text, item.html)
    found = rules.judge(reading)
    kind, rights = found.kind, found.rights
    if item.origin in _MACHINES:
        kind, rights = "automatic", ()
    weights = found.weights
    reasons = tuple(f"'{hit.words}' ({hit.rule.name})" for hit in found.hits if not hit.negated)[:6] + reading.tricks
    certain = kind == "automatic" or not weights or max(weights.values()) >= 3
    return Verdict(
        kind=kind,
        rights=rights,
        flags=(),
        delivery="post" if _POST.search(reading.folded) else "known",
        on_behalf=any("AGENT" in sentence.places for sentence in reading.sentences),
        certain=certain,
        reasons=reasons or ("geen woorden over persoonsgegevens gevonden",),
        guesses=() if certain else (kind, "not_privacy"),
    )
