"""The statistical half of the judgement: two linear models over what stands in a mail, applied in plain Python.

The full one sees words, groups of letters and concepts, the plain one words and pairs of words as they stand. They err
in different mails, so that the judge doubts less and misses less with both (docs/sorting.md).

`python -m bot.sorting.train` writes `model.jsonl` and `plain.jsonl`: for each feature the weights by label, rounded to
four decimals, so that every machine gives the same numbers. No pickle, no library is needed to read or apply them.
"""

import json
import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice, pairwise
from operator import lshift
from pathlib import Path
from threading import Lock

from bot.sorting.reading import Reading
from bot.sorting.words import Sentence

MODEL_FILE, PLAIN_FILE = Path(__file__).with_name("model.jsonl"), Path(__file__).with_name("plain.jsonl")
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


_SHIFTS = tuple(range(0, _LANE * 64, _LANE))  # by label number; looked up, for there are half a million weights


def packed(weights: Iterable[tuple[str, Sequence[int]]]) -> tuple[dict[str, int], list[int]]:
    """`rows` and `numbers` of a model from each feature with label numbers and weights (ten-thousandths) by turns."""
    rows: dict[str, int] = {}
    numbers: list[int] = []
    for name, pairs in weights:
        rows[name] = len(numbers)
        numbers.append(sum(map(lshift, pairs[1::2], map(_SHIFTS.__getitem__, pairs[::2]))))
    return rows, numbers


def _weights(lines: Iterator[str]) -> Iterator[tuple[str, list[int]]]:
    """Each feature with its pairs; a thousand lines at a time: quicker than one, smaller than all."""
    while some := list(islice(lines, 1000)):
        for name, *pairs in json.loads(f"[{','.join(some)}]"):
            yield name, pairs


@dataclass(frozen=True, slots=True)
class Models:
    """The two models that score a mail."""

    full: Linear
    plain: Linear


def score(models: Models, reading: Reading) -> dict[str, float]:
    """The scores of the whole mail by label, of the plain model under "plain <label>".

    Under "best <label>" stands the highest of any two sentences in a row: in a long mail one sentence may hold the
    request; the whole then says little and the best passage says it.
    """
    model, plain = models.full, models.plain
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
    simply = plain.scores(plain.known(features(reading.sentences, plain.feature_set)))
    return {
        **whole,
        **{"best " + label: value for label, value in best.items()},
        **{"plain " + label: value for label, value in simply.items()},
    }


def chance(score: float) -> float:
    """The probability that belongs to log-odds, safe against overflow."""
    return 1 / (1 + math.exp(-max(-40.0, min(40.0, score))))


_loading = Lock()


def load() -> tuple[Models, Mapping[str, Mapping[str, float]]]:
    """The trained models, and the small judge that weighs models and rules against each other.

    They are read once: threads that ask for them at the same time wait for the first and share what it read.
    """
    with _loading:
        return _load()


@lru_cache(maxsize=1)
def _load() -> tuple[Models, Mapping[str, Mapping[str, float]]]:
    full, judges = _read(MODEL_FILE)
    plain, _ = _read(PLAIN_FILE)
    return Models(full, plain), judges


def _read(path: Path) -> tuple[Linear, Mapping[str, Mapping[str, float]]]:
    """A file's first line holds all but the weights, each further line one feature with label numbers and weights."""
    with path.open(encoding="utf-8") as lines:
        data = json.loads(next(lines))
        rows, numbers = packed(_weights(lines))
    return Linear(tuple(data["labels"]), data["features"], tuple(data["bias"]), rows, numbers), data["judge"]
