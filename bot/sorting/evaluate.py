"""`make evaluate` and `make evaluate-lockbox`: how well the sorter does, with 95 % intervals.

`evaluate` scores every mail of the open half, the own mails and the ordinary stream by models and judges that had not
seen it, has the shipped sorter answer the fresh mails, and prints each rule's own precision and coverage. `evaluate
--compare` compares model families and feature sets. `evaluate --lockbox` measures the shipped model on the lockbox and
prints figures and ids only, never a text.
"""

import argparse
import math
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from bot.sorting.corpus import Record, lockbox, open_half, read
from bot.sorting.judge import KINDS, rule_on, sent_in_bulk
from bot.sorting.record import item_of
from bot.sorting.rules import RIGHTS, RULES
from bot.sorting.train import (
    GIVEN,
    ROOT,
    STRENGTH,
    Example,
    Fit,
    Unseen,
    by_fold,
    examples,
    fit_judges,
    logistic,
    training_records,
    unseen_scores,
)


@dataclass(frozen=True, slots=True)
class Answer:
    """A mail's labels beside what the sorter said."""

    record: Record
    kind: str
    rights: frozenset[str]
    certain: bool
    delivery: str = ""
    on_behalf: bool | None = None

    @property
    def kind_right(self) -> bool:
        """The kind is as labelled."""
        return self.kind == str(self.record["kind"])

    @property
    def all_right(self) -> bool:
        """Kind and the full set of rights are as labelled."""
        return self.kind_right and self.rights == frozenset(self.record["rights"])

    @property
    def is_request(self) -> bool:
        """Labelled as a request."""
        return bool(self.record["kind"] == "request")


def wilson(good: int, total: int) -> tuple[float, float]:
    """The 95 % interval of a share (Wilson score); (0, 1) when there is nothing to count."""
    if not total:
        return 0.0, 1.0
    z, share = 1.96, good / total
    middle = (share + z * z / (2 * total)) / (1 + z * z / total)
    half = z * math.sqrt(share * (1 - share) / total + z * z / (4 * total * total)) / (1 + z * z / total)
    return max(0.0, middle - half), min(1.0, middle + half)


def share(name: str, good: int, total: int) -> str:
    """One line: name, share, interval and counts."""
    low, high = wilson(good, total)
    return f"{name:52s} {good / total if total else 0:6.1%}  [{low:.1%} – {high:.1%}]  {good}/{total}"


def f1(answers: Sequence[Answer], right: str) -> float:
    """F1 of one right over all mails, doubtful answers counted as given."""
    said = sum(right in answer.rights for answer in answers)
    true = sum(right in answer.record["rights"] for answer in answers)
    both = sum(right in answer.rights and right in answer.record["rights"] for answer in answers)
    return 2 * both / (said + true) if said + true else 1.0


def f1_interval(answers: Sequence[Answer], right: str, draws: int = 1000) -> tuple[float, float]:
    """The 95 % interval of F1 by drawing the mails anew."""
    chance = random.Random(1)  # noqa: S311  (a bootstrap, no secret)
    values = sorted(f1(chance.choices(answers, k=len(answers)), right) for _ in range(draws))
    return values[int(0.025 * draws)], values[int(0.975 * draws) - 1]


def report(title: str, answers: Sequence[Answer]) -> list[str]:
    """The figures of one set of mails as lines of text."""
    certain = [answer for answer in answers if answer.certain]
    requests = [answer for answer in answers if answer.is_request]
    plain = [answer for answer in certain if answer.kind == "not_privacy"]
    lines = [f"## {title}: {len(answers)} mails, {len(requests)} requests"]
    lines += [
        share(
            "requests seen (request, or doubtful)",
            sum(not a.certain or a.kind == "request" for a in requests),
            len(requests),
        ),
        share("certain: kind right", sum(a.kind_right for a in certain), len(certain)),
        share("certain: kind and all rights right", sum(a.all_right for a in certain), len(certain)),
        share("certain at all", len(certain), len(answers)),
        share("all: kind right", sum(a.kind_right for a in answers), len(answers)),
        share("all: kind and all rights right", sum(a.all_right for a in answers), len(answers)),
        share("requests among certain not_privacy", sum(a.is_request for a in plain), len(plain)),
        share(
            "certain requests among mails that are none",
            sum(a.certain and a.kind == "request" for a in answers if not a.is_request),
            len(answers) - len(requests),
        ),
    ]
    known = [answer for answer in answers if answer.on_behalf is not None and answer.record["kind"] != "automatic"]
    if known:
        lines.append(share("delivery wish right", sum(a.delivery == a.record["delivery"] for a in known), len(known)))
        lines.append(share("on behalf of right", sum(a.on_behalf == a.record["on_behalf"] for a in known), len(known)))
    if requests:
        for right in RIGHTS:
            low, high = f1_interval(answers, right)
            count = sum(right in answer.record["rights"] for answer in answers)
            lines.append(f"F1 {right:49s} {f1(answers, right):6.1%}  [{low:.1%} – {high:.1%}]  {count} labelled")
        lines.append("confusion (rows: label; columns: " + ", ".join(KINDS) + "; in brackets: certain)")
        cells = Counter((a.record["kind"], a.kind) for a in answers)
        sure = Counter((a.record["kind"], a.kind) for a in certain)
        for kind in KINDS:
            row = "  ".join(f"{cells[kind, said]:4d} ({sure[kind, said]:3d})" for said in KINDS)
            lines.append(f"{kind:18s} {row}")
    return lines


def unseen_answers(rows: Sequence[Unseen]) -> list[Answer]:
    """Answers of model and judge, each learned without the mail's own fold."""
    return [answer for answers in by_fold(_answers, rows) for answer in answers]


def _answers(fold: int) -> list[Answer]:
    rows: Sequence[Unseen] = GIVEN[0]
    judges = fit_judges([row for row in rows if row.fold != fold])
    answers: list[Answer] = []
    for row in rows:
        if row.fold == fold:
            mail = row.mail
            ruling = rule_on(
                row.scores, mail.found, judges, mail.item.origin, mail.reading.form, sent_in_bulk(mail.item.headers)
            )
            answers.append(Answer(mail.record, ruling.kind, frozenset(ruling.rights), ruling.certain))
    return answers


def shipped_answers(records: Iterable[Record]) -> list[Answer]:
    """Answers of the shipped sorter as the program gives them."""
    from bot.sorting.verdict import sort

    answers = []
    for record in records:
        verdict = sort(item_of(record))
        answers.append(
            Answer(
                record, verdict.kind, frozenset(verdict.rights), verdict.certain, verdict.delivery, verdict.on_behalf
            )
        )
    return answers


def rule_table(mails: Sequence[Example]) -> list[str]:
    """Each rule's own precision (its claim is among the labels) and coverage (in how many mails it spoke)."""
    lines = [f"{'rule':38s} {'says':20s} {'spoke':>6s} {'right':>6s}  precision  covers"]
    for rule in RULES:
        spoke = [mail for mail in mails if any(hit.rule is rule and not hit.negated for hit in mail.found.hits)]
        right = sum(rule.says in mail.labels for mail in spoke)
        wanted = sum(rule.says in mail.labels for mail in mails)
        precision = right / len(spoke) if spoke else 0.0
        covers = right / max(1, wanted)
        lines.append(f"{rule.name:38s} {rule.says:20s} {len(spoke):6d} {right:6d}  {precision:8.0%}  {covers:6.0%}")
    return lines


def naive_bayes() -> Fit:
    """The second model family: complement naive Bayes, brought into the same form of weights and bias."""
    bayes: Any = import_module("sklearn.naive_bayes")
    vectors: Any = import_module("sklearn.feature_extraction")

    def fit(rows: list[dict[str, float]], truths: Sequence[list[bool]]) -> list[tuple[dict[str, float], float]]:
        vectorizer = vectors.DictVectorizer()
        matrix = vectorizer.fit_transform(rows)
        fitted = []
        for truth in truths:
            model = bayes.ComplementNB(alpha=0.1).fit(matrix, truth)
            weights = model.feature_log_prob_[1] - model.feature_log_prob_[0]
            fitted.append((dict(zip(vectorizer.feature_names_, map(float, weights), strict=True)), 0.0))
        return fitted

    return fit


def compare(mails: Sequence[Example], sources: Mapping[str, str]) -> list[str]:
    """Families and feature sets for the full model, cross-validated with the rules and the plain model beside it."""
    families: dict[str, Callable[[], Fit]] = {
        "logistic regression": lambda: logistic(STRENGTH, balanced=True),
        "complement naive Bayes": naive_bayes,
    }
    lines = ["model | features | open half, kind + rights right | certain | right among certain | later mails"]
    for family, make in families.items():
        for wanted in (
            "words",
            "words+bigrams",
            "concepts",
            "words+concepts",
            "words+bigrams+concepts",
            "words+concepts+letters",
        ):
            answers = unseen_answers(unseen_scores(mails, wanted, make()))
            parts = []
            for source in ("open", "later"):
                some = [answer for answer in answers if sources[str(answer.record["id"])] == source]
                sure = [answer for answer in some if answer.certain]
                parts.append(
                    (
                        sum(a.all_right for a in some) / len(some),
                        len(sure) / len(some),
                        sum(a.all_right for a in sure) / max(1, len(sure)),
                    )
                )
            (right, certain, good), (own, _, _) = parts
            lines.append(f"{family} | {wanted} | {right:.1%} | {certain:.0%} | {good:.1%} | {own:.1%}")
            print(lines[-1], flush=True)
    return lines


def speed(records: Sequence[Record]) -> list[str]:
    """Loading time, mails a second on one core, and memory, measured here and now."""
    from bot.sorting.model import _load, load
    from bot.sorting.verdict import sort

    _load.cache_clear()
    start = time.perf_counter()
    load()
    loaded = time.perf_counter() - start
    items = [item_of(record) for record in records]
    start = time.process_time()
    for item in items:
        sort(item)
    spent = time.process_time() - start
    rate = f"{len(items) / spent:.0f} mails a second on one core"
    return [f"model loaded in {loaded:.2f} s; {rate}; {_peak():.0f} MB at most"]


def _peak() -> float:
    """The most memory that this process took, in MB; 0 where there is no Linux /proc to say it.

    Not from getrusage: what started this process counts there too.
    """
    status = Path("/proc/self/status")
    words = status.read_text(encoding="ascii").split() if status.exists() else []
    return int(words[words.index("VmHWM:") + 1]) * 1024 / 1_000_000 if "VmHWM:" in words else 0.0


def main() -> None:
    """Prints the figures that `docs/sorting.md` quotes."""
    parser = argparse.ArgumentParser(prog="python -m bot.sorting.evaluate")
    parser.add_argument("--lockbox", action="store_true", help="measure on the lockbox; at most three times ever")
    parser.add_argument("--compare", action="store_true", help="compare model families and feature sets")
    parser.add_argument("--speed", action="store_true", help="measure speed and memory over the open half")
    chosen = parser.parse_args()
    if chosen.lockbox:
        records = lockbox(Path(ROOT) / "tests/data/dev.jsonl")
        answers = shipped_answers(records)
        print("\n".join([*report("lockbox", answers), *speed(records)]))
        wrong = [str(answer.record["id"]) for answer in answers if answer.certain and not answer.all_right]
        print("certain and wrong (ids only):", " ".join(wrong) or "none")
        return
    if chosen.speed:
        print("\n".join(speed(open_half(ROOT / "tests/data/dev.jsonl"))))
        return
    records_by = training_records()
    sources = {str(record["id"]): name for name, records in records_by.items() for record in records}
    if chosen.compare:
        records_by["wider"] = records_by["wider"][::8]  # all of them would take a night
    mails = examples([record for records in records_by.values() for record in records])
    if chosen.compare:
        compare(mails, sources)
        return
    answers = unseen_answers(unseen_scores(mails))
    for name in records_by:
        some = [answer for answer in answers if sources[str(answer.record["id"])] == name]
        print("\n".join(report(f"{name} (each mail counted once a round)", some)) + "\n")
    fresh = shipped_answers(read(ROOT / "corpus/fresh.jsonl"))
    print("\n".join(report("fresh (never learned from; as the shipped sorter answers)", fresh)) + "\n")
    print("\n".join(rule_table(mails)) + "\n", flush=True)
    subprocess.run([sys.executable, "-m", "bot.sorting.evaluate", "--speed"], check=True)  # its memory is its own


if __name__ == "__main__":
    main()
