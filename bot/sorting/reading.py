"""A mail as both sources of judgement see it: sentences of the writer's own words, without the standing small print."""

import re
from dataclasses import dataclass

from bot.sorting.normalise import HIDDEN, clean, hidden_text
from bot.sorting.words import Sentence, fold, sentences

MOST_CHARACTERS = 60_000  # of the own text; a longer mail goes to a person (see verdict.sort)

# The rest of a mail after a greeting at its end is signature and small print, apart from a postscript.
_GREETING = re.compile(
    r"^\W*(?:met )?(?:(?:de )?(?:vriendelijke?|hartelijke?|beste) groet(?:en)?|groet(?:en|jes)?|hoogachtend|"
    r"mvg|vr\.? gr|gr\.?|"
    r"(?:kind|best|warm) regards|regards|yours (?:sincerely|faithfully|truly)|sincerely|cheers|"
    r"mit freundlichen gru(?:ss|e)en|mit freundlichem gruss|mfg|viele gru(?:ss|e)e|cordialement|bien a vous|"
    r"salutations)\b"
)
_FORM_FIELD = re.compile(
    r"^(?:naam|name|e-?mail(?:adres)?|telefoon|onderwerp|organisatie|bedrijf|datum|kenmerk)\s*:", re.MULTILINE
)
_FORM_TEXT = re.compile(r"^(?:bericht|message|nachricht|opmerking|uw vraag|vraag|toelichting)\s*:\s*", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read: the subject is sentence 0; `form` tells that a web form wrapped the words."""

    sentences: tuple[Sentence, ...]
    text: str
    folded: str
    tricks: tuple[str, ...]
    form: bool
    words: int


def read(subject: str, own_text: str, html: str = "") -> Reading:
    """The reading of a subject and a writer's own text; `html` is looked at for hidden words only."""
    head = clean(subject[:500])
    body = clean(own_text[:MOST_CHARACTERS])
    tricks = list(dict.fromkeys(head.tricks + body.tricks))
    text = body.text
    hidden = hidden_text(html)
    if hidden:
        tricks.append(HIDDEN)
        text = text.replace(hidden, " ")
    folded = fold(text)
    form = bool(_FORM_TEXT.search(folded)) and len(_FORM_FIELD.findall(folded)) >= 1
    if form:
        text = _inside_form(text)
    own = sentences(_without_small_print(text))
    first = sentences(re.sub(r"[.!?\n]+", " ", head.text)) or [Sentence((), (), {}, "")]
    return Reading(
        sentences=(*first[:1], *own),
        text=text,
        folded=fold(head.text) + "\n" + folded,
        tricks=tuple(tricks),
        form=form,
        words=sum(len(sentence.words) for sentence in own),
    )


def _inside_form(text: str) -> str:
    """The words that a person typed into a web form, without its frame."""
    lines = text.split("\n")
    start = next((number for number, line in enumerate(lines) if _FORM_TEXT.match(fold(line))), 0)
    kept = [re.sub(r"^[^:]{3,20}:\s*", "", lines[start], count=1)]
    for line in lines[start + 1 :]:
        if line.strip() in ("--", "---") or re.search(
            r"automatisch (?:verzonden|verstuurd)|contactformulier", fold(line)
        ):
            break
        kept.append(line)
    fields = [
        line for line in lines[:start] if re.match(r"(?:recht|verzoek|soort|type|onderwerp)[^:]{0,20}:", fold(line))
    ]
    return "\n".join([*fields, *kept])


def _without_small_print(text: str) -> str:
    """The text up to its closing greeting, and what follows it only where it is no small print."""
    lines = text.split("\n")
    closing = next((number for number, line in enumerate(lines) if number and _GREETING.match(fold(line))), None)
    if closing is None:
        return "\n".join(line for line in lines if not _small_print(line))
    kept = lines[: closing + 1]
    kept += [line for line in lines[closing + 1 :] if not _small_print(line)]
    return "\n".join(kept)


_SMALL_PRINT = re.compile(
    r"vertrouwelijk|confidential|vertraulich|confidentiel|(?:ten on|on)rechte? ontvang|niet de geadresseerde|"
    r"bestemd voor de geadresseerde|niet voor u bestemd|intended recipient|in error|irrtumlich|par erreur|"
    r"denk aan het milieu|consider the environment|algemene voorwaarden van toepassing|"
    r"^wij (?:verwerken|gaan)\b.{0,60}persoonsgegevens|lees (?:ook )?on(?:s|ze) privacy|"
    r"we process personal data|kvk[: ]+\d"
)


def _small_print(line: str) -> bool:
    return len(line) > 25 and bool(_SMALL_PRINT.search(fold(line)))
