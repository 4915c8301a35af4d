"""What a mail is to us: kind, rights, flags, delivery wish and slots, with reasons in Dutch and an honest doubt."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bot.sorting import rules
from bot.sorting.details import FLAGS, delivery_of, flags_of, on_behalf, slots_of
from bot.sorting.documents import is_document, is_picture, text_of
from bot.sorting.judge import KINDS, Ruling, rule_on, sent_in_bulk
from bot.sorting.model import load, score
from bot.sorting.normalise import HIDDEN, hidden_text
from bot.sorting.reading import MOST_CHARACTERS, Reading, read
from bot.sorting.words import fold

if TYPE_CHECKING:
    from bot.mail.message import Attachment

RIGHTS = rules.RIGHTS
__all__ = ["FLAGS", "KINDS", "RIGHTS", "WORDS", "Item", "Verdict", "sort"]


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


SHORT = 15  # words; a shorter mail with a document is that document


def sort(item: Item) -> Verdict:
    """The verdict on one mail; never raises, the same mail always gets the same verdict."""
    points = _points_at_attachment(item)
    documents, whole = text_of(item.attachments) if item.attachments else ("", True)
    own = f"{item.own_text}\n{documents}" if documents else item.own_text
    reading = read(item.subject, own, item.html)
    models, judges = load()
    scores = score(models, reading)
    found = rules.judge(reading)
    ruling = rule_on(scores, found, judges, item.origin, reading.form, sent_in_bulk(item.headers))
    doubts = _doubts(item, reading, ruling, points, whole)
    certain = ruling.certain and not doubts
    return Verdict(
        kind=ruling.kind,
        rights=ruling.rights,
        flags=flags_of(reading, found, ruling.kind, item.from_name, item.sender),
        delivery=delivery_of(reading, item.sender, ruling.rights),
        on_behalf=on_behalf(reading, found),
        certain=certain,
        reasons=_reasons(found, ruling, reading, doubts, bool(documents)),
        slots=slots_of(item.subject, own, ruling.rights),
        guesses=() if certain else _guesses(ruling),
    )


_POINTING = re.compile(
    r"\b(?:bijlagen?|bijgevoegd\w*|bijgaand\w*|bijgesloten|aangehecht\w*|attached|attachment|enclosed|see pdf|"
    r"anhang|anbei|beigefugt\w*|"
    r"piece jointe|ci-joint\w*|ingesloten|zie (?:de )?(?:pdf|brief|document)|hierbij (?:mijn|een|de|"
    r"onze) (?:brief|verzoek|formulier|document))\b"
)
_HARMLESS = re.compile(
    r"\b(?:foto'?s?|photos?|pictures?|bilder|facturen?|factuur|invoice|rechnung|facture|bon|bonnen|pakbon|"
    r"kassabon|offerte|quote|angebot|devis|"
    r"cv|prijslijst|price list|preisliste|contract|agenda|etiket\w*|rapport|polis|tarieven|catalogus|"
    r"screenshot|loonstrook|handleiding|"
    r"persbericht|orderbevestiging|specificatie|creditnota|afschrift|logo|betaalbewijs|overzicht|vrachtbrief|"
    r"kaart|programma|aanmaning)\b"
)


def _points_at_attachment(item: Item) -> bool:
    """True when the words say that what matters is attached, or when few words come with a document."""
    own = fold(item.own_text)
    document = any(is_document(one) for one in item.attachments)
    words = len(own.split())
    if words < SHORT and (document or any(is_picture(one) for one in item.attachments)):
        return True
    pointed = [line for line in re.split(r"[.!?\n]+", own) if _POINTING.search(line)]
    return any(document or not _HARMLESS.search(line) for line in pointed)


def _doubts(item: Item, reading: Reading, ruling: Ruling, points: bool, whole: bool) -> list[str]:
    """In Dutch what makes a person look, besides the chances themselves."""
    doubts: list[str] = []
    if points and ruling.kind == "not_privacy":
        doubts.append("de tekst verwijst naar een bijlage")
    if not whole and ruling.kind != "automatic":
        doubts.append("een bijlage is niet te lezen (scan, beveiligd of te groot)")
    if len(item.own_text) > MOST_CHARACTERS:
        doubts.append("de tekst is langer dan wordt gelezen")
    if reading.tricks and ruling.kind == "not_privacy" and HIDDEN not in reading.tricks[:1]:
        doubts.append("de tekst bevat tekens die lezen bemoeilijken")
    hidden = hidden_text(item.html)
    if hidden and ruling.kind == "not_privacy" and not sent_in_bulk(item.headers):
        inside = rules.judge(read("", hidden))
        if inside.rights:
            doubts.append("verborgen tekst noemt een privacyverzoek")
    if not item.own_text.strip() and item.quoted_text.strip() and ruling.kind == "not_privacy":
        quoted = rules.judge(read("", item.quoted_text))
        if quoted.rights:
            doubts.append("alleen doorgestuurde of aangehaalde tekst, en die noemt een privacyverzoek")
    return doubts


def _reasons(
    found: rules.Judgement, ruling: Ruling, reading: Reading, doubts: list[str], documents: bool
) -> tuple[str, ...]:
    """Reasons in Dutch that staff can check against the mail."""
    said = [f"{trick} ongedaan gemaakt" for trick in reading.tricks]
    wanted = set(ruling.rights) | {ruling.kind}
    hits = [hit for hit in found.hits if not hit.negated]
    ordered = [hit for hit in hits if hit.rule.says in wanted] + [hit for hit in hits if hit.rule.says not in wanted]
    for hit in ordered[:6]:
        place = "het onderwerp" if hit.sentence == 0 else f"zin {hit.sentence}"
        said.append(f"'{hit.words[:80]}' in {place} ({hit.rule.name})")
    said += [
        f"'{hit.words[:80]}' telt niet: ontkend of alleen opgesomd ({hit.rule.name})"
        for hit in found.hits
        if hit.negated
    ][:2]
    said += [f"artikel over {WORDS[right]} genoemd" for right in rules.RIGHTS if right in found.named]
    if documents:
        said.append("tekst van de bijlage meegelezen")
    if not ordered:
        said.append("geen regel herkent een privacyvraag")
    said.append(f"het model ziet {WORDS[ruling.kind]} ({round(100 * ruling.kinds[ruling.kind])} %)")
    if doubts or not ruling.certain:
        said.append("twijfel: " + "; ".join(dict.fromkeys([*doubts, *([ruling.doubt] if ruling.doubt else [])])))
    return tuple(said)


# The words of the staff command `soort:`; `geen privacyverzoek` is a command of its own.
WORDS: Mapping[str, str] = {
    "access": "inzage",
    "rectification": "rectificatie",
    "erasure": "wissing",
    "restriction": "beperking",
    "lift_restriction": "opheffing",
    "portability": "overdracht",
    "objection": "bezwaar",
    "automated_decision": "geautomatiseerd besluit",
    "withdraw_consent": "toestemming intrekken",
    "privacy_question": "vraag",
    "complaint": "klacht",
    "breach_report": "datalek",
    "request": "een verzoek",
    "automatic": "geen privacyverzoek",
    "not_privacy": "geen privacyverzoek",
}


def _guesses(ruling: Ruling) -> tuple[str, ...]:
    """The two likeliest answers as staff words, the likeliest first."""
    answers: dict[str, float] = {}
    for kind, share in ruling.kinds.items():
        if kind != "request":
            answers[WORDS[kind]] = answers.get(WORDS[kind], 0.0) + share
    top = sorted(rules.RIGHTS, key=lambda right: -ruling.chances[right])
    together = ruling.rights or tuple(top[:1])
    answers[", ".join(WORDS[right] for right in together)] = ruling.kinds["request"]
    second = next((right for right in top if right not in together), "")
    if second and ruling.kinds["request"] > 0.5:
        answers[WORDS[second]] = ruling.kinds["request"] * ruling.chances[second]
    return tuple(sorted(answers, key=lambda words: -answers[words])[:2])
