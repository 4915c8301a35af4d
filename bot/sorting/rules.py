"""The readable half of the judgement: one table of rules over concepts, each with a name and what it does not mean.

A pattern is a row of concepts that must stand in one sentence within `WINDOW` words of each other, in any order;
`A|B` is either of them. The first concept is the anchor: a word of `unless` in the anchor's clause (`NEAR` words
around it) cancels the hit, a word of `never` anywhere in the sentence does too. Article numbers count when a law is
named. Rules for rights weigh 1 (a hint), 2 (says so) or 3 (says so in so many words).
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.sorting.words import Sentence

WINDOW = 9  # words; a Dutch or German verb may stand that far from its object
NEAR = 4  # words around the anchor in which a negation reaches it


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: what it says (a right, or a kind), by which patterns, and what must not stand near."""

    name: str
    says: str
    patterns: tuple[str, ...]
    unless: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    weight: int = 2
    window: int = WINDOW
    not_meant: str = ""


@dataclass(frozen=True, slots=True)
class Hit:
    """A rule that spoke: the sentence it spoke in (0 is the subject), the words, and whether they are negated."""

    rule: Rule
    sentence: int
    words: str
    negated: bool = False


_ORDINARY = ("ORDER", "INVOICE")

RULES: tuple[Rule, ...] = (
    # --- art. 17 ---------------------------------------------------------------------------------------------------
    Rule("gegevens wissen", "erasure", ("DELETE DATA MINE|ABOUT_ME|HIS|LAW", "DELETE RECORD MINE|ABOUT_ME|EVERYTHING", "DELETE ABOUT_ME"),
         unless=("NEG", "KEEP"), never=("NEWSLETTER",), weight=3, not_meant="'niet verwijderen' (dat is beperking)"),
    Rule("account opheffen", "erasure", ("DELETE|CLOSE ACCOUNT",), unless=("NEG", "KEEP", "RESTRICT_WORD"), weight=3,
         not_meant="een abonnement of bestelling opzeggen"),
    Rule("alles weg", "erasure", ("DELETE EVERYTHING MINE", "DELETE EVERYTHING DATA"), unless=("NEG", "KEEP", "ORDER"), weight=2),
    Rule("vergeet mij", "erasure", ("FORGET",), unless=("NEG",), weight=3, not_meant="'jullie zijn iets vergeten'"),
    Rule("geen klant meer", "erasure", ("LEAVE",), weight=2, not_meant="beleid P24: wie weggaat, vraagt vergeten te worden"),
    Rule("niets meer bewaren", "erasure", ("NOTHING_LEFT MINE|DATA|ABOUT_ME",), never=("NEWSLETTER", "KEEP"), weight=1),
    Rule("review weghalen", "erasure", ("DELETE REVIEW MINE",), unless=("NEG", "KEEP"), weight=2),
    Rule("los gegeven wissen", "erasure", ("DELETE PERSONAL_ITEM MINE",), unless=("NEG", "KEEP"), never=("NEWSLETTER", "ORDER"), weight=1),
    # --- art. 15 ---------------------------------------------------------------------------------------------------
    Rule("inzage", "access", ("ACCESS_WORD",), never=("ORDER", "CHASE"), weight=2, not_meant="inzage in een bestelling"),
    Rule("inzage in gegevens", "access", ("ACCESS_WORD DATA|MINE|LAW",), never=("CHASE",), weight=3),
    Rule("welke gegevens van mij", "access", ("WHAT_DATA MINE|ABOUT_ME|HIS",), never=("CHASE",), weight=2),
    Rule("kopie van gegevens", "access", ("SHOW DATA MINE|ABOUT_ME|HIS", "SHOW RECORD ABOUT_ME", "SHOW EVERYTHING ABOUT_ME"),
         unless=("NEG",), never=("CORRECT",), weight=2),
    Rule("aan wie gegeven, waar vandaan", "access", ("ACCESS_DETAIL DATA|PERSONAL_ITEM MINE",), weight=1),
    # --- art. 16 ---------------------------------------------------------------------------------------------------
    Rule("gegevens corrigeren", "rectification", ("CORRECT DATA|RECORD|ACCOUNT MINE|HIS|WRONG", "CORRECT PERSONAL_ITEM MINE|HIS|WRONG|RECORD|ACCOUNT"),
         unless=("NEG",), never=("ORDER", "INVOICE"), weight=2, not_meant="adres van één bestelling"),
    Rule("naam of adres klopt niet", "rectification", ("WRONG PERSONAL_ITEM MINE|ACCOUNT|RECORD|CORRECT",), never=("ORDER", "INVOICE"), weight=2),
    Rule("verhuisd", "rectification", ("MOVED MINE|CORRECT",), never=("ORDER",), weight=2),
    Rule("nieuwe naam of nummer", "rectification", ("NEW_NAME MINE|CORRECT|RECORD",), weight=2),
    Rule("review aanpassen", "rectification", ("CORRECT REVIEW PERSONAL_ITEM|MINE",), weight=1),
    # --- art. 18 ---------------------------------------------------------------------------------------------------
    Rule("beperking van de verwerking", "restriction", ("RESTRICT_WORD",), unless=("LIFT",), weight=3),
    Rule("gegevens bevriezen", "restriction", ("RESTRICT DATA|ACCOUNT|RECORD|EVERYTHING",), unless=("LIFT", "NEG"), weight=2),
    Rule("bewaren maar niet gebruiken", "restriction", ("KEEP USE NEG|STOP", "KEEP RESTRICT"), weight=3),
    Rule("tijdelijk niet gebruiken", "restriction", ("TEMPORARY USE NEG|STOP|NO_MORE",), weight=2),
    # --- art. 18(3) ------------------------------------------------------------------------------------------------
    Rule("beperking opheffen", "lift_restriction", ("LIFT RESTRICT|RESTRICT_WORD",), weight=3),
    Rule("weer gebruiken", "lift_restriction", ("AGAIN USE DATA|ACCOUNT|EVERYTHING", "LIFT DATA|ACCOUNT AGAIN"), weight=3),
    # --- art. 20 ---------------------------------------------------------------------------------------------------
    Rule("overdraagbaarheid", "portability", ("PORT_WORD",), weight=3),
    Rule("machineleesbaar", "portability", ("MACHINE DATA|ORDER|EVERYTHING|ACCOUNT MINE|ABOUT_ME|SHOW",), weight=2),
    Rule("meenemen", "portability", ("TAKE_ALONG DATA MINE",), weight=2),
    # --- art. 21 ---------------------------------------------------------------------------------------------------
    Rule("bezwaar tegen verwerking", "objection", ("OBJECT USE", "OBJECT DATA"), never=("INVOICE", "ORDER", "NEWSLETTER"), weight=3,
         not_meant="bezwaar tegen een factuur of tegen een dag"),
    Rule("stop met gebruiken", "objection", ("STOP USE DATA",), never=("TEMPORARY", "KEEP", "RESTRICT"), weight=2),
    # --- art. 22 ---------------------------------------------------------------------------------------------------
    Rule("geautomatiseerd besluit", "automated_decision", ("AUTO_DECISION DECISION MINE",), weight=2),
    Rule("mens moet kijken", "automated_decision", ("HUMAN REVIEW_VERB|DECISION AUTO_DECISION|DECISION",), weight=3),
    # --- art. 7(3), 21(2) ------------------------------------------------------------------------------------------
    Rule("uitschrijven", "withdraw_consent", ("UNSUBSCRIBE",), never=("ORDER",), weight=2),
    Rule("geen reclame meer", "withdraw_consent", ("NO_MORE NEWSLETTER|REVIEW_REQUEST", "STOP NEWSLETTER|REVIEW_REQUEST", "OBJECT NEWSLETTER"), weight=3),
    Rule("geen mails meer", "withdraw_consent", ("NO_MORE MAILS",), never=("ORDER",), weight=1),
    Rule("toestemming intrekken", "withdraw_consent", ("WITHDRAW CONSENT",), weight=3),
)

KIND_RULES: tuple[Rule, ...] = (
    Rule("hoe lang bewaren", "privacy_question", ("HOW_LONG DATA|PERSONAL_ITEM|RECORD|ACCOUNT|KEEP",), weight=2),
    Rule("vraag over beleid of cookies", "privacy_question", ("QUESTION|ASK POLICY|COOKIE|PRIVACY",), weight=2),
    Rule("vraag over gebruik van gegevens", "privacy_question", ("QUESTION|ASK USE|KEEP|SOLD DATA|PERSONAL_ITEM|RECORD",), weight=1),
    Rule("hoe werkt een recht", "privacy_question", ("HYPOTHETICAL DELETE|ACCESS_WORD|SHOW|RESTRICT|FORGET|DATA",), weight=2),
    Rule("wacht op antwoord", "complaint", ("CHASE EARLIER", "CHASE ACCESS_WORD|DELETE|LAW|DATA"), weight=2, window=14),
    Rule("gegevens doorverkocht", "complaint", ("SOLD DATA|PERSONAL_ITEM MINE",), weight=1),
    Rule("klacht over gegevens", "complaint", ("COMPLAIN DATA|PRIVACY|POLICY|LAW|PERSONAL_ITEM",), weight=2),
    Rule("lek", "breach_report", ("LEAK DATA|PERSONAL_ITEM|ACCOUNT|RECORD|MINE|LAW",), weight=2),
    Rule("gegevens van een ander", "breach_report", ("OTHERS_DATA RECEIVED DATA|PERSONAL_ITEM|INVOICE|RECORD|ORDER|ACCOUNT",), weight=2, window=14),
    Rule("account overgenomen", "breach_report", ("TAKEN_OVER ACCOUNT|ORDER|DATA",), weight=2),
    Rule("phishing met klantgegevens", "breach_report", ("PHISHING MINE|ORDER|PERSONAL_ITEM",), weight=1, window=14),
    Rule("automatisch antwoord", "automatic", ("AUTO_REPLY",), weight=2),
    Rule("niet bezorgd", "automatic", ("BOUNCE",), weight=2),
    Rule("leesbevestiging", "automatic", ("READ_RECEIPT",), weight=1),
    Rule("ontvangst bevestigd", "automatic", ("TICKET",), weight=1),
    Rule("verkooppraatje", "not_privacy", ("SALES",), weight=1),
    Rule("spam", "not_privacy", ("ADVERT",), weight=1),
)

_ARTICLES = {"7": "withdraw_consent", "15": "access", "16": "rectification", "17": "erasure", "18": "restriction",
             "20": "portability", "21": "objection", "22": "automated_decision"}
_ARTICLE_RULES = {right: Rule(f"artikel {number} genoemd", right, (f"art. {number} LAW",), weight=2) for number, right in _ARTICLES.items()}


def find(sentences: Sequence[Sentence]) -> list[Hit]:
    """Every rule that speaks, in the order of the table; one hit a rule and sentence."""
    hits: list[Hit] = []
    for rule in (*RULES, *KIND_RULES):
        for number, sentence in enumerate(sentences):
            hit = _match(rule, sentence, number)
            if hit:
                hits.append(hit)
    return hits


_GROUPS: dict[str, tuple[tuple[str, ...], ...]] = {
    pattern: tuple(tuple(group.split("|")) for group in pattern.split()) for rule in (*RULES, *KIND_RULES) for pattern in rule.patterns
}


def _match(rule: Rule, sentence: Sentence, number: int) -> Hit | None:
    places = sentence.places
    for pattern in rule.patterns:
        groups = [sorted({at for name in group for at in places.get(name, ())}) for group in _GROUPS[pattern]]
        if not all(groups):
            continue
        if any(name in places for name in rule.never):
            continue
        negated: Hit | None = None
        for anchor in groups[0]:
            others = [min((at for at in group if at != anchor), key=lambda at: abs(at - anchor), default=-1) for group in groups[1:]]
            if any(at < 0 or abs(at - anchor) > rule.window for at in others):
                continue
            span = [anchor, *others]
            words = " ".join(sentence.words[min(span) : max(span) + 1])
            if _cancelled(rule, sentence, anchor):
                negated = Hit(rule, number, words, negated=True)
                continue
            return Hit(rule, number, words)
        if negated:
            return negated
    return None


def _cancelled(rule: Rule, sentence: Sentence, anchor: int) -> bool:
    clause = sentence.clauses[anchor]
    return any(
        abs(at - anchor) <= NEAR and sentence.clauses[at] == clause
        for name in rule.unless
        for at in sentence.places.get(name, ())
    )


_ARTICLE = re.compile(
    r"\b(?:artikel(?:en)?|articles?|art(?:t)?)\s*((?:\d{1,2}(?!\d)(?:\s*(?:lid|abs|para|sub|onder|lit|aanhef|en|und|and|et|&|/|,|t/m|bis|tot|to|\(|\))*\s*(?:\d(?!\d)|[a-h]\b)?)*\s*)+)"
)


def articles(text: str) -> set[str]:
    """The article numbers that a folded text names, as rights; {} when no article is named."""
    return {_ARTICLES[number] for match in _ARTICLE.finditer(text) for number in re.findall(r"\b\d{1,2}\b", match.group(1)) if number in _ARTICLES}


def rights_of(hits: Iterable[Hit]) -> dict[str, int]:
    """The weight of each right: the heaviest rule that speaks for it, plus one when several rules do."""
    weights: dict[str, int] = {}
    for hit in hits:
        if not hit.negated:
            weights[hit.rule.says] = max(weights.get(hit.rule.says, 0), hit.rule.weight)
    return weights
