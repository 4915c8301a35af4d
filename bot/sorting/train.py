"""`make train`: learns the statistical models and the judge from the labelled mails, and writes their files.

It learns from the open half of the development corpus, the own mails in `corpus/` and the ordinary stream; never from
the lockbox or from the fresh mails (`corpus/fresh.jsonl`). scikit-learn fits the weights (dependency group `train`);
sorting itself needs only the JSON files.
The judge learns from scores of folds that the model had not seen, near-duplicates kept in one fold.
"""

import json
import math
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from importlib import import_module
from itertools import chain
from pathlib import Path
from typing import Any, TypeVar

from bot.sorting import rules
from bot.sorting.corpus import Record, open_half, read
from bot.sorting.judge import KINDS, kind_evidence, right_evidence, sent_in_bulk, weigh
from bot.sorting.model import MODEL_FILE, PLAIN_FILE, Linear, Models, features, lanes, packed, score
from bot.sorting.reading import Reading
from bot.sorting.reading import read as read_mail
from bot.sorting.record import item_of
from bot.sorting.rules import RIGHTS, Judgement
from bot.sorting.verdict import Item

ROOT = Path(__file__).resolve().parents[2]
LABELS = RIGHTS + KINDS
FEATURE_SET, PLAIN_SET = "words+concepts+letters", "words+bigrams"
FOLDS, ROUNDS, SEED = 10, 1, 20251125
STRENGTH, JUDGE_STRENGTH = 30.0, 0.1  # inverse regularisation of model and judge
LEAST_WEIGHT = 0.3  # a smaller one is none
LEAST_MAILS, LEAST_MAILS_PLAIN = 4, 6  # a feature must stand in so many mails
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Example:
    """One labelled mail, read once for all that is done with it."""

    record: Record
    item: Item
    reading: Reading
    found: Judgement
    group: int

    @property
    def labels(self) -> frozenset[str]:
        """Kind and rights."""
        return frozenset((str(self.record["kind"]), *self.record["rights"]))


def examples(records: Sequence[Record]) -> list[Example]:
    """The records read; near-duplicates share a group."""
    items = [item_of(record) for record in records]
    readings = [read_mail(item.subject, item.own_text, item.html) for item in items]
    groups = near_duplicates(
        [{word for sentence in reading.sentences for word in sentence.words} for reading in readings]
    )
    return [
        Example(record, item, reading, rules.judge(reading), group)
        for record, item, reading, group in zip(records, items, readings, groups, strict=True)
    ]


SHARED = 0.6  # of all the words of two near-duplicates stand in both


def near_duplicates(bags: Sequence[set[str]]) -> list[int]:
    """A group number for each bag of words; bags that share 60 % or more of their words are in one group.

    Two such bags have one of their rarest words in common, of each bag the 40 % that stand in the fewest bags and one
    more; only bags that meet there are compared. The group has the number of its first bag.
    """
    group = list(range(len(bags)))
    often = Counter(word for bag in bags for word in bag)

    def root(number: int) -> int:
        while group[number] != number:
            number = group[number]
        return number

    holders: dict[str, list[int]] = defaultdict(list)
    for number, bag in enumerate(bags):
        rarest = sorted(bag, key=lambda word: (often[word], word))[: len(bag) - math.ceil(SHARED * len(bag)) + 1]
        for other in {other for word in rarest for other in holders[word]}:
            if len(bag & bags[other]) >= SHARED * len(bag | bags[other]):
                one, two = sorted((root(number), root(other)))
                group[two] = one
        for word in rarest:
            holders[word].append(number)
    return [root(number) for number in range(len(bags))]


def training_records(root: Path = ROOT) -> dict[str, list[Record]]:
    """What may be learned from: "open", "own", "later" and "wider" (own mails written after the rules), "ordinary"."""
    return {
        "open": open_half(root / "tests/data/dev.jsonl"),
        "own": [record for name in ("requests", "others") for record in read(root / f"corpus/{name}.jsonl")],
        "later": read(root / "corpus/later.jsonl"),
        "wider": read(root / "corpus/wider.jsonl"),
        "ordinary": read(root / "corpus/ordinary.jsonl"),
    }


Fit = Callable[[list[dict[str, float]], Sequence[list[bool]]], list[tuple[dict[str, float], float]]]
"""From rows, and the truths of each label, to the weights by name and the bias of each."""


def logistic(strength: float, *, balanced: bool) -> Fit:
    """A fitter of logistic regression."""
    linear: Any = import_module("sklearn.linear_model")
    vectors: Any = import_module("sklearn.feature_extraction")

    def fit(rows: list[dict[str, float]], truths: Sequence[list[bool]]) -> list[tuple[dict[str, float], float]]:
        vectorizer = vectors.DictVectorizer()
        matrix = vectorizer.fit_transform(rows)
        matrix.indices, matrix.indptr = matrix.indices.astype("int32"), matrix.indptr.astype("int32")
        model = linear.LogisticRegression(
            C=strength, max_iter=500, class_weight="balanced" if balanced else None, solver="liblinear", random_state=0
        )
        fitted = []
        for truth in truths:
            model.fit(matrix, truth)
            weights = dict(zip(vectorizer.feature_names_, map(float, model.coef_[0]), strict=True))
            fitted.append((weights, float(model.intercept_[0])))
        return fitted

    return fit


def fit_models(mails: Sequence[Example], feature_set: str = FEATURE_SET, fit: Fit | None = None) -> Models:
    """Both models; `feature_set` and `fit` are those of the full one."""
    return Models(
        _fitted(mails, feature_set, fit or logistic(STRENGTH, balanced=True), LEAST_MAILS),
        _fitted(mails, PLAIN_SET, logistic(STRENGTH, balanced=False), LEAST_MAILS_PLAIN),
    )


def _fitted(mails: Sequence[Example], feature_set: str, fit: Fit, least: int) -> Linear:
    """A linear model over all labels, each label against the rest; weights rounded to four decimals."""
    found = [features(mail.reading.sentences, feature_set) for mail in mails]
    often = Counter(name for names in found for name in names)
    known = [sorted(name for name in names if often[name] >= least) for names in found]
    rows = [dict.fromkeys(names, max(1, len(names)) ** -0.5) for names in known]
    weights: dict[str, list[int]] = {name: [] for name, count in often.items() if count >= least}
    bias = []
    truths = [[label in mail.labels for mail in mails] for label in LABELS]
    for number, (fitted, base) in enumerate(fit(rows, truths)):
        bias.append(round(base, 4))
        for name, weight in fitted.items():
            if abs(weight) >= LEAST_WEIGHT:
                weights[name] += [number, round(weight * 10_000)]
    telling = sorted((name, pairs) for name, pairs in weights.items() if pairs)
    return Linear(LABELS, feature_set, tuple(bias), *packed(telling))


@dataclass(frozen=True, slots=True)
class Unseen:
    """A mail with the scores of a model that had not seen it, in one round and fold."""

    mail: Example
    scores: Mapping[str, float]
    fold: int


def folds(mails: Sequence[Example], seed: int) -> list[int]:
    """A fold for each mail; a group of near-duplicates is never split."""
    groups = sorted({mail.group for mail in mails})
    random.Random(seed).shuffle(groups)  # noqa: S311  (a fixed split, no secret)
    place = {group: number % FOLDS for number, group in enumerate(groups)}
    return [place[mail.group] for mail in mails]


def by_fold(what: Callable[[int], T], *shared: Any) -> list[T]:
    """What `what` gives for each fold, in order, on all cores; in there `shared` is found in `GIVEN`."""
    with ProcessPoolExecutor(initializer=_share, initargs=shared) as pool:
        return list(pool.map(what, range(FOLDS)))


GIVEN: list[Any] = []
"""What the processes of `by_fold` work on."""


def _share(*shared: Any) -> None:
    GIVEN[:] = shared


def unseen_scores(
    mails: Sequence[Example], feature_set: str = FEATURE_SET, fit: Fit | None = None, rounds: int = ROUNDS
) -> list[Unseen]:
    """Every mail scored `rounds` times by models that had not seen it."""
    result: list[Unseen] = []
    for turn in range(rounds):
        for fold, scored in enumerate(by_fold(_scored, mails, folds(mails, SEED + turn), feature_set, fit)):
            result += [Unseen(mails[number], scores, fold) for number, scores in scored]
    return result


def _scored(fold: int) -> list[tuple[int, dict[str, float]]]:
    mails, place, feature_set, fit = GIVEN
    models = fit_models([mail for mail, at in zip(mails, place, strict=True) if at != fold], feature_set, fit)
    return [(number, score(models, mails[number].reading)) for number, at in enumerate(place) if at == fold]


Judges = dict[str, dict[str, float]]


def fit_judges(rows: Sequence[Unseen]) -> Judges:
    """The judges, learned from unseen scores: one for all rights, one for each kind."""
    fit = logistic(JUDGE_STRENGTH, balanced=False)
    judges: Judges = {}

    def learn(name: str, evidence: list[dict[str, float]], truths: list[bool]) -> None:
        ((weights, bias),) = fit(evidence, [truths])
        full = dict.fromkeys(evidence[0], 0.0) | {key: round(value, 4) for key, value in weights.items()}
        judges[name] = full | {"bias": round(bias, 4)}

    pairs = [(row, right) for row in rows for right in RIGHTS]
    learn(
        "right",
        [right_evidence(right, row.scores, row.mail.found) for row, right in pairs],
        [right in row.mail.labels for row, right in pairs],
    )
    evidence = [
        kind_evidence(
            row.scores,
            row.mail.found,
            max(weigh(judges["right"], right_evidence(right, row.scores, row.mail.found)) for right in RIGHTS),
            row.mail.item.origin,
            row.mail.reading.form,
            sent_in_bulk(row.mail.item.headers),
        )
        for row in rows
    ]
    for kind in KINDS:
        learn("kind " + kind, evidence, [row.mail.record["kind"] == kind for row in rows])
    return judges


def write(models: Models, judges: Judges) -> None:
    """Writes models and judges as JSON lines, one feature a line, so that a change can be read as a difference."""
    for path, model, weighed in ((MODEL_FILE, models.full, judges), (PLAIN_FILE, models.plain, {})):
        head = {"labels": model.labels, "features": model.feature_set, "bias": model.bias, "judge": weighed}
        width, rows = len(model.labels), []
        for name, at in model.rows.items():
            weights = enumerate(lanes(model.numbers[at], width))
            rows.append([name, *chain.from_iterable(pair for pair in weights if pair[1])])
        text = "\n".join(json.dumps(row, ensure_ascii=False, separators=(",", ":")) for row in (head, *rows)) + "\n"
        path.write_text(text, encoding="utf-8")


def main() -> None:
    """Trains and writes `bot/sorting/model.jsonl` and `plain.jsonl`."""
    mails = examples([record for records in training_records().values() for record in records])
    judges = fit_judges(unseen_scores(mails))
    models = fit_models(mails)
    write(models, judges)
    for path, model in ((MODEL_FILE, models.full), (PLAIN_FILE, models.plain)):
        print(f"{path}: {len(model.rows)} features from {len(mails)} mails")


if __name__ == "__main__":
    main()
