"""The statistical half of the judgement: a linear model over words and concepts, applied in plain Python.

`python -m bot.sorting.train` writes `model.jsonl`: for each feature the weights by label, rounded to four decimals, so
that every machine gives the same numbers. No pickle, no library is needed to read or apply it.
"""

import json
import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice, pairwise
from pathlib import Path

from bot.sorting.reading import Reading
from bot.sorting.words import Sentence

MODEL_FILE = Path(__file__).with_name("model.jsonl")
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
    ("de", "het", "een", "en", "van", "in", "op", "te", "dat", "die", "is", "the", "a", "an", "of", "to", "and", "der",
     "das", "und", "le", "la", "les", "des", "du", "et")
)  # fmt: skip


def features(sentences: Sequence[Sentence], wanted: str) -> set[str]:
    """The features of a mail, each present or not, for one of `FEATURE_SETS`; the first sentence is the subject."""
    found = _of_subject(sentences[0], wanted) if sentences else set()
    return found.union(*(_of_sentence(sentence, wanted) for sentence in sentences))


def _tokens(sentence: Sentence) -> list[str]:
    return ["0" if word[0].isdigit() else word for word in sentence.words if len(word) <= 30]


def _of_subject(sentence: Sentence, wanted: str) -> set[str]:
    return {"s:" + token for token in _tokens(sentence)} if "words" in wanted.split("+") else set()


def _of_sentence(sentence: Sentence, wanted: str) -> set[str]:
    found: set[str] = set()
    sets = wanted.split("+")
    tokens = _tokens(sentence)
    if "words" in sets:
        found.update(token for token in tokens if token not in _COMMON)
    if "bigrams" in sets:
        found.update(f"{one} {two}" for one, two in pairwise(tokens))
    if "letters" in sets:
        for word in {f"_{token}_" for token in tokens}:
            found.update([f"~{word[at : at + 5]}" for at in range(max(1, len(word) - 4))])
    if "concepts" in sets:
        names = sorted(sentence.places)
        found.update(["C:" + name for name in names])
        found.update([f"C:{one}+{two}" for at, one in enumerate(names) for two in names[at + 1 :]])
    return found


_LANE = 40  # bits: a sum of a hundred thousand weights fits


def lanes(total: int, width: int) -> Iterator[int]:
    """The numbers that lie side by side in one integer, in order; `packed` puts them there."""
    for _ in range(width):
        number = ((total + (1 << _LANE - 1)) & ((1 << _LANE) - 1)) - (1 << _LANE - 1)
        yield number
        total = (total - number) >> _LANE


@dataclass(frozen=True, slots=True)
class Linear:
    """Weights of a linear model; `bias` by label.

    `rows` says where the weights of a feature stand in `numbers`: there one integer holds those for all labels, in
    ten-thousandths and in the order of `labels`, a lane of bits for each. Adding two such integers adds all lanes at
    once, and a sum is the same in whatever order it is made.
    """

    labels: tuple[str, ...]
    feature_set: str
    bias: tuple[float, ...]
    rows: Mapping[str, int]
    numbers: Sequence[int]

    def known(self, found: Iterable[str]) -> set[int]:
        """Where the weights of those features stand that the model knows."""
        return {at for at in map(self.rows.get, found) if at is not None}

    def scores(self, known: Collection[int]) -> dict[str, float]:
        """The score (log-odds) of each label; features count equally and together have length one."""
        scale = 1 / (10_000 * math.sqrt(len(known) or 1))
        sums = lanes(sum(map(self.numbers.__getitem__, known)), len(self.labels))
        return {label: base + scale * total for label, base, total in zip(self.labels, self.bias, sums, strict=True)}


def packed(weights: Iterable[tuple[str, list[float]]]) -> tuple[dict[str, int], list[int]]:
    """`rows` and `numbers` of a model from each feature with its label numbers and weights by turns."""
    rows: dict[str, int] = {}
    numbers: list[int] = []
    for name, pairs in weights:
        rows[name] = len(numbers)
        pairs_of = zip(pairs[::2], pairs[1::2], strict=True)
        numbers.append(sum(round(weight * 10_000) << _LANE * int(label) for label, weight in pairs_of))
    return rows, numbers


def _weights(lines: Iterator[str]) -> Iterator[tuple[str, list[float]]]:
    """Each feature with its pairs; a thousand lines at a time: quicker than one, smaller than all."""
    while some := list(islice(lines, 1000)):
        for name, *pairs in json.loads(f"[{','.join(some)}]"):
            yield name, pairs


def score(model: Linear, reading: Reading) -> dict[str, float]:
    """The scores of the whole mail by label, and under "best <label>" the highest of any two sentences in a row.

    In a long mail one sentence may hold the request; the whole then says little and the best passage says it.
    """
    parts = [model.known(_of_sentence(sentence, model.feature_set)) for sentence in reading.sentences]
    whole = model.scores(model.known(_of_subject(reading.sentences[0], model.feature_set)).union(*parts))
    best = dict(whole)
    body = reading.sentences[1:]
    if len(body) > PASSAGE + 1:
        best = dict.fromkeys(whole, -20.0)
        for start in range(1, len(body) - PASSAGE + 2):
            if any(sentence.places.keys() & TELLING for sentence in reading.sentences[start : start + PASSAGE]):
                for label, value in model.scores(set().union(*parts[start : start + PASSAGE])).items():
                    best[label] = max(best[label], value)
    return whole | {"best " + label: value for label, value in best.items()}


def chance(score: float) -> float:
    """The probability that belongs to log-odds, safe against overflow."""
    return 1 / (1 + math.exp(-max(-40.0, min(40.0, score))))


@lru_cache(maxsize=1)
def load(path: Path = MODEL_FILE) -> tuple[Linear, Mapping[str, Mapping[str, float]]]:
    """The trained model, and the small judge that weighs model and rules against each other.

    The file's first line holds all but the weights, each further line one feature with label numbers and weights.
    """
    with path.open(encoding="utf-8") as lines:
        data = json.loads(next(lines))
        rows, numbers = packed(_weights(lines))
    return Linear(tuple(data["labels"]), data["features"], tuple(data["bias"]), rows, numbers), data["judge"]
