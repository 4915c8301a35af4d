"""Where rules and model check each other: one small logistic judge weighs both into chances, and doubt has a price.

A missed request costs 200, a wrong right 10, a wrong kind 12, and 35 when a case would be opened for somebody who asked
for none. A needless question costs 1 by itself; it is counted as 5, since at 1 a third of mails like the development
corpus would be asked about and staff would stop reading the questions (docs/sorting.md). An answer is certain only when
its expected cost is below that of asking, and one that is no request only when neither source plainly sees a request,
or both together hardly see one.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from operator import mul

from bot.sorting.model import chance
from bot.sorting.rules import RIGHTS, Judgement

KINDS = ("request", "privacy_question", "complaint", "breach_report", "automatic", "not_privacy")
MISSED_REQUEST, MISTAKEN_REQUEST, WRONG_KIND, WRONG_RIGHT, QUESTION = 200.0, 35.0, 12.0, 10.0, 5.0
HARDLY, HARDLY_IN_A_LINE = 0.02, 0.001  # chances of a request below which neither source is heard alone
_LEFT_ALONE = ("automatic", "not_privacy")  # nothing is done with either: to take one for the other costs nothing
_MACHINES = ("auto-reply", "bounce", "receipt", "calendar")
_BENDS = (-4, -2, 0, 2)


@cache
def _above(name: str) -> tuple[tuple[str, int], ...]:
    return tuple((f"{name} above {bend}", bend) for bend in _BENDS)


@lru_cache(maxsize=64)  # the nine rights of a mail ask for the same ones
def _bent(name: str, score: float) -> Mapping[str, float]:
    """A score, and what it has above each bend: below some point less means nothing more, above another much more."""
    return {name: score} | {part: score - bend if score > bend else 0.0 for part, bend in _above(name)}


def right_evidence(right: str, scores: Mapping[str, float], found: Judgement) -> dict[str, float]:
    """What speaks for and against one right, as the judge's inputs; the same weights serve all nine rights."""
    weight = found.weights.get(right, 0)
    others = [found.weights.get(other, 0) for other in RIGHTS if other != right]
    best_other = max(scores[other] for other in RIGHTS if other != right)
    negated = any(hit.negated and hit.rule.says == right for hit in found.hits)
    return {
        **_bent("score", scores[right]),
        **_bent("passage", scores["best " + right]),
        **_bent("plain", scores["plain " + right]),
        **_bent("plain request", scores["plain request"]),
        **_bent("best_other", best_other),
        **_bent("request", scores["request"]),
        "hint": float(weight == 1),
        "says": float(weight == 2),
        "literally": float(weight >= 3),
        "agree": float(weight >= 2) * scores[right],
        "says beside others": float(weight == 2 and max(others) >= 2),
        "literally beside others": float(weight >= 3 and max(others) >= 2),
        "negated": float(negated and weight == 0),
        "article": float(right in found.named),
        "others": float(max(others) >= 2),
        "named_others": float(bool(found.named - {right}) and right not in found.named),
    }


_MATTER = frozenset(("DATA", "RECORD", "ACCOUNT", "LAW", "PRIVACY", "POLICY", "CONSENT", "COOKIE", "NEWSLETTER"))
_NEAR_MATTER = frozenset(
    ("PERSONAL_ITEM", "REVIEW", "MAILS", "REVIEW_REQUEST", "ABOUT_ME", "EVERYTHING", "FORGET", "LEAVE")
)
_ACTS = frozenset(
    ("DELETE", "CLOSE", "SHOW", "CORRECT", "RESTRICT", "LIFT", "OBJECT", "STOP", "NO_MORE", "UNSUBSCRIBE", "WITHDRAW",
     "AUTO_DECISION", "MACHINE", "TAKE_ALONG", "STORED", "WRONG", "MOVED", "NEW_NAME", "NAME_IS", "HUMAN")
)  # fmt: skip


def kind_evidence(
    scores: Mapping[str, float], found: Judgement, best_right: float, origin: str, form: bool, bulk: bool
) -> dict[str, float]:
    """What speaks for each kind, as the judge's inputs; `best_right` is the log-odds of the likeliest right."""
    evidence: dict[str, float] = {}
    for kind in KINDS:
        evidence |= _bent(f"score {kind}", scores[kind])
        evidence |= _bent(f"passage {kind}", scores["best " + kind])
        evidence |= _bent(f"plain {kind}", scores["plain " + kind])
    evidence |= {f"rule {kind}": float(found.weights.get(kind, 0)) for kind in KINDS[1:]}
    claims = max((found.weights.get(right, 0) for right in RIGHTS), default=0)
    evidence |= _bent("best right", best_right)
    evidence["rule right"] = float(claims >= 2)
    evidence["rule right literally"] = float(claims >= 3)
    evidence["no claim"] = float(claims == 0)
    evidence["machine"] = float(origin in _MACHINES)
    matter, near, act = (bool(found.present & names) for names in (_MATTER, _NEAR_MATTER, _ACTS))
    evidence["no matter"] = float(not matter)
    evidence["no matter at all"] = float(not matter and not near)
    evidence["no act"] = float(not act)
    evidence["neither"] = float(not act and not matter and not near)
    evidence["asked"] = float("ASKED" in found.present)
    evidence["product"] = float(bool(found.present & {"PRODUCT", "SHOPPING", "ORDER"}))
    evidence["sales"] = float(bool(found.present & {"SALES", "ADVERT"}))
    evidence["business"] = float("BUSINESS" in found.present)
    evidence["bulk"] = float(bulk)
    evidence["machine form"] = float(origin in _MACHINES and form)
    return evidence


def weigh(weights: Mapping[str, float], evidence: Mapping[str, float]) -> float:
    """The log-odds that a logistic judge gives to evidence."""
    total: float = sum(map(mul, map(weights.__getitem__, evidence), evidence.values()))
    return weights["bias"] + total


def sent_in_bulk(headers: Iterable[tuple[str, str]]) -> bool:
    """True for a newsletter or list mail by its headers (RFC 2369, RFC 2919); it proves no machine, it is a hint."""
    named = {name.lower(): value.lower() for name, value in headers}
    return bool({"list-unsubscribe", "list-id"} & named.keys()) or named.get("precedence") in ("bulk", "list", "junk")


@dataclass(frozen=True, slots=True)
class Ruling:
    """The joint answer: kind and rights, the chance of each kind and right, whether it is certain, and why not."""

    kind: str
    rights: tuple[str, ...]
    kinds: Mapping[str, float]
    chances: Mapping[str, float]
    certain: bool
    doubt: str


def rule_on(
    scores: Mapping[str, float],
    found: Judgement,
    judges: Mapping[str, Mapping[str, float]],
    origin: str = "human",
    form: bool = False,
    bulk: bool = False,
) -> Ruling:
    """The joint answer of model scores and rules, by the trained judges ("right" and "kind …")."""
    odds = {right: weigh(judges["right"], right_evidence(right, scores, found)) for right in RIGHTS}
    chances = {right: chance(value) for right, value in odds.items()}
    evidence = kind_evidence(scores, found, max(odds.values()), origin, form, bulk)
    raw = {kind: chance(weigh(judges["kind " + kind], evidence)) for kind in KINDS}
    total = sum(raw.values()) or 1.0
    kinds = {kind: value / total for kind, value in raw.items()}
    kind = max(KINDS, key=lambda name: kinds[name])
    if kind != "request":
        rights: tuple[str, ...] = ()
        cost = MISSED_REQUEST * min(kinds["request"], raw["request"])
        alike = sum(kinds[name] for name in _LEFT_ALONE) if kind in _LEFT_ALONE else kinds[kind]
        cost += WRONG_KIND * (1 - alike - kinds["request"])
        doubt = "misschien toch een verzoek" if kinds["request"] > (1 - kinds[kind]) / 2 else "soort niet zeker"
    else:
        rights = tuple(right for right in RIGHTS if chances[right] >= 0.5) or (
            max(RIGHTS, key=lambda name: chances[name]),
        )
        sure = math.prod(chances[right] if right in rights else 1 - chances[right] for right in RIGHTS)
        cost = MISTAKEN_REQUEST * (1 - kinds["request"]) + WRONG_RIGHT * kinds["request"] * (1 - sure)
        doubt = "niet zeker om welke rechten het gaat"
    conflict = ""
    if kind == "privacy_question" and "HEREBY" in found.present:
        conflict = "de vraag lijkt meteen een verzoek"
    elif kind != "request" and kinds["request"] > (HARDLY_IN_A_LINE if found.line else HARDLY):
        conflict = _request_after_all(kind, scores, found, origin)
    if kind == "automatic" and form:
        conflict = "het lijkt een formulier van de webwinkel"
    certain = cost < QUESTION and not conflict
    return Ruling(kind, rights, kinds, chances, certain, "" if certain else conflict or doubt)


def _request_after_all(kind: str, scores: Mapping[str, float], found: Judgement, origin: str) -> str:
    """In Dutch which source plainly sees a request in a mail that is judged to be none, "" when neither does."""
    if kind == "automatic" and origin in _MACHINES:
        return ""
    if max(found.weights.get(right, 0) for right in RIGHTS) >= (3 if kind == "complaint" else 2):
        return "de regels zien wel een verzoek"
    if max(scores["request"], scores["best request"] - 1.0, *(scores["best " + one] - 1.0 for one in RIGHTS)) > 0.0:
        return "het model ziet wel een verzoek"
    return ""
