"""The statistical half of the judgement: a linear model over words and concepts, applied in plain Python.

`python -m bot.sorting.train` writes `model.json`: for each feature the weights by label, rounded to four decimals, so
that every machine gives the same numbers. No pickle, no library is needed to read or apply it.
"""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

from bot.sorting.reading import Reading
from bot.sorting.words import Sentence

MODEL_FILE = Path(__file__).with_name("model.json")
FEATURE_SETS = (
    "words",
    "words+bigrams",
    "words+concepts",
    "words+bigrams+concepts",
    "concepts",
    "words+concepts+letters",
)
PASSAGE = 2  # sentences
# Concepts without which a passage is not looked at by itself.
TELLING = frozenset(
    (
        "DATA", "RECORD", "ACCOUNT", "LAW", "PRIVACY", "POLICY", "CONSENT", "COOKIE", "NEWSLETTER", "PERSONAL_ITEM",
        "REVIEW", "REVIEW_REQUEST", "ABOUT_ME", "EVERYTHING", "FORGET", "LEAVE", "DELETE", "CORRECT", "RESTRICT",
        "LIFT", "OBJECT", "UNSUBSCRIBE", "WITHDRAW", "NO_MORE", "AUTO_DECISION", "MACHINE", "STORED", "MOVED",
        "NEW_NAME", "LEAK",
    )
)  # fmt: skip
_COMMON = frozenset(
    [
        "de",
        "het",
        "een",
        "en",
        "van",
        "in",
        "op",
        "te",
        "dat",
        "die",
        "is",
        "the",
        "a",
        "an",
        "of",
        "to",
        "and",
        "der",
        "die",
        "das",
        "und",
        "le",
        "la",
        "les",
        "des",
        "du",
        "et",
        "a",
    ]
)


def features(sentences: Sequence[Sentence], wanted: str, *, subject: bool = True) -> set[str]:
    """The features of a mail, each present or not, for one of `FEATURE_SETS`; the first sentence is the subject."""
    found: set[str] = set()
    words, bigrams, concepts, letters = (
        name in wanted.split("+") for name in ("words", "bigrams", "concepts", "letters")
    )
    for number, sentence in enumerate(sentences):
        tokens = ["0" if word[0].isdigit() else word for word in sentence.words if len(word) <= 30]
        if words:
            found.update(token for token in tokens if token not in _COMMON)
            if subject and number == 0:
                found.update("s:" + token for token in tokens)
        if bigrams:
            found.update(f"{one} {two}" for one, two in pairwise(tokens))
        if letters:
            found.update(
                f"~{word[at : at + 5]}"
                for word in {f"_{token}_" for token in tokens}
                for at in range(max(1, len(word) - 4))
            )
        if concepts:
            names = sorted(sentence.places)
            found.update("C:" + name for name in names)
            found.update(f"C:{one}+{two}" for at, one in enumerate(names) for two in names[at + 1 :])
    return found


@dataclass(frozen=True, slots=True)
class Linear:
    """Weights of a linear model: `weights[feature]` lists (label number, weight); `bias` by label."""

    labels: tuple[str, ...]
    feature_set: str
    bias: tuple[float, ...]
    weights: Mapping[str, tuple[tuple[int, float], ...]]

    def scores(self, found: Iterable[str]) -> dict[str, float]:
        """The score (log-odds) of each label; features count equally and together have length one."""
        known = [self.weights[name] for name in found if name in self.weights]
        total = list(self.bias)
        if known:
            scale = 1 / math.sqrt(len(known))
            for pairs in known:
                for label, weight in pairs:
                    total[label] += weight * scale
        return dict(zip(self.labels, total, strict=True))


def score(model: Linear, reading: Reading) -> dict[str, float]:
    """The scores of the whole mail by label, and under "best <label>" the highest of any two sentences in a row.

    In a long mail one sentence may hold the request; the whole then says little and the best passage says it.
    """
    whole = model.scores(features(reading.sentences, model.feature_set))
    best = dict(whole)
    body = reading.sentences[1:]
    if len(body) > PASSAGE + 1:
        best = dict.fromkeys(whole, -20.0)
        for start in range(len(body) - PASSAGE + 1):
            passage = body[start : start + PASSAGE]
            if any(sentence.places.keys() & TELLING for sentence in passage):
                for label, value in model.scores(features(passage, model.feature_set, subject=False)).items():
                    best[label] = max(best[label], value)
    return whole | {"best " + label: value for label, value in best.items()}


def chance(score: float) -> float:
    """The probability that belongs to log-odds, safe against overflow."""
    return 1 / (1 + math.exp(-max(-40.0, min(40.0, score))))


@lru_cache(maxsize=1)
def load(path: Path = MODEL_FILE) -> tuple[Linear, Mapping[str, Mapping[str, float]]]:
    """The trained model and the small judge that weighs model and rules against each other."""
    data = json.loads(path.read_text(encoding="utf-8"))
    weights = {
        name: tuple((int(label), float(weight)) for label, weight in zip(row[::2], row[1::2], strict=True))
        for name, row in data["weights"].items()
    }
    return Linear(tuple(data["labels"]), data["features"], tuple(data["bias"]), weights), data["judge"]
