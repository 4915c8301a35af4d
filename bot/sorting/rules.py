"""The readable half of the judgement: one table of rules over concepts, each with a name and what it does not mean.

A pattern is a row of concepts that must stand in one sentence within `WINDOW` words of each other, in any order;
`A|B` is either of them, `^A` may also stand in the subject or the two sentences before. The first concept is the
anchor: a word of `unless` in the anchor's clause (`NEAR` words around it) cancels the hit, a word of `never` anywhere
in the sentence does too. Article numbers count when a law is named. Rules for rights weigh 1 (a hint), 2 (says so) or
3 (says so in so many words).
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from bot.sorting.reading import Reading
from bot.sorting.words import Sentence

RIGHTS = (
    "access",
    "rectification",
    "erasure",
    "restriction",
    "lift_restriction",
    "portability",
    "objection",
    "automated_decision",
    "withdraw_consent",
)

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
    # --- AVG art. 17 -----------------------------------------------------------------------------------------------
    Rule(
        "gegevens wissen",
        "erasure",
        ("DELETE DATA MINE|ABOUT_ME|HIS|LAW", "DELETE RECORD MINE|ABOUT_ME|EVERYTHING|HIS", "DELETE ABOUT_ME"),
        unless=("NEG", "KEEP"),
        never=("NEWSLETTER", "RESTRICT_WORD", "LIFT", "SALES"),
        weight=3,
        not_meant="'niet verwijderen' (dat is beperking); van een mailinglijst halen",
    ),
    Rule(
        "account opheffen",
        "erasure",
        ("DELETE|CLOSE ACCOUNT",),
        unless=("NEG", "KEEP", "RESTRICT", "AUTO_DECISION"),
        never=("ORDER", "PASSIVE_PAST", "CONSEQUENCE"),
        weight=3,
        not_meant="een abonnement of bestelling opzeggen",
    ),
    Rule(
        "alles weg",
        "erasure",
        ("DELETE EVERYTHING MINE", "DELETE EVERYTHING DATA"),
        unless=("NEG", "KEEP", "ORDER"),
        weight=2,
    ),
    Rule(
        "wis mij",
        "erasure",
        ("DELETE ME_OBJ",),
        unless=("NEG", "KEEP"),
        never=("NEWSLETTER", "ORDER", "LIFT", "RESTRICT"),
        weight=2,
        window=2,
    ),
    Rule("vergeet mij", "erasure", ("FORGET",), unless=("NEG",), weight=3, not_meant="'jullie zijn iets vergeten'"),
    Rule("geen klant meer", "erasure", ("LEAVE",), weight=2, not_meant="'ik blijf klant'; beleid P24"),
    Rule(
        "niets meer bewaren",
        "erasure",
        ("NOTHING_LEFT MINE|DATA|ABOUT_ME",),
        never=("NEWSLETTER", "KEEP", "RESTRICT"),
        weight=1,
    ),
    Rule(
        "review weghalen",
        "erasure",
        ("DELETE REVIEW",),
        unless=("NEG", "KEEP"),
        never=("REVIEW_REQUEST", "MAILS"),
        weight=2,
    ),
    Rule(
        "los gegeven wissen",
        "erasure",
        ("DELETE PERSONAL_ITEM MINE",),
        unless=("NEG", "KEEP"),
        never=("NEWSLETTER", "ORDER", "PASSIVE_PAST"),
        weight=2,
    ),
    Rule(
        "verwijder die (eerder genoemd)",
        "erasure",
        ("DELETE PRONOUN ^DATA|ACCOUNT|REVIEW|PERSONAL_ITEM|RECORD",),
        unless=("NEG", "KEEP"),
        never=("NEWSLETTER", "ORDER", "CONSEQUENCE"),
        weight=1,
        window=5,
    ),
    # --- AVG art. 15 -----------------------------------------------------------------------------------------------
    Rule(
        "inzage",
        "access",
        ("ACCESS_WORD",),
        never=("ORDER", "CHASE", "HYPOTHETICAL", "SALES", "BUSINESS"),
        weight=2,
        not_meant="inzage in een bestelling of in de boeken",
    ),
    Rule(
        "inzage in gegevens",
        "access",
        ("ACCESS_WORD DATA|MINE|LAW|HIS",),
        never=("CHASE", "HYPOTHETICAL", "ORDER"),
        weight=3,
    ),
    Rule(
        "welke gegevens van mij",
        "access",
        ("WHAT_DATA MINE|ABOUT_ME|HIS STORED|SHOW",),
        unless=("DELETE", "CORRECT"),
        never=("CHASE", "ORDER", "DELETE", "WRONG", "BUSINESS"),
        weight=2,
    ),
    Rule(
        "laat zien welke gegevens",
        "access",
        ("SHOW|KNOW WHAT_DATA MINE|ABOUT_ME|HIS",),
        never=("CHASE", "ORDER", "WRONG", "BUSINESS"),
        weight=2,
    ),
    Rule(
        "wat is er opgeslagen",
        "access",
        ("STORED WHAT ABOUT_ME", "KNOW WHAT ABOUT_ME"),
        unless=("DELETE", "CORRECT"),
        never=("CHASE", "ORDER", "NEWSLETTER", "DELETE", "WRONG", "DELIVERY_WORD"),
        weight=2,
    ),
    Rule(
        "kopie van gegevens",
        "access",
        ("SHOW DATA MINE|ABOUT_ME|HIS", "SHOW RECORD ABOUT_ME", "SHOW EVERYTHING ABOUT_ME", "SHOW RECORDING ABOUT_ME"),
        unless=("NEG", "DELETE", "CORRECT", "CONFIRM"),
        never=("ORDER", "HYPOTHETICAL", "SALES", "BUSINESS", "CHASE"),
        weight=2,
    ),
    Rule(
        "hoe komt u aan mijn gegevens",
        "access",
        ("WHENCE DATA|PERSONAL_ITEM MINE",),
        never=("ORDER", "PHISHING"),
        weight=2,
        not_meant="waar een product of een bedrag vandaan komt; AVG art. 15(1)(g)",
    ),
    Rule(
        "aan wie gegeven, waar vandaan",
        "access",
        ("ACCESS_DETAIL DATA|PERSONAL_ITEM MINE",),
        never=("ORDER",),
        weight=1,
    ),
    # --- AVG art. 16 -----------------------------------------------------------------------------------------------
    Rule(
        "gegevens corrigeren",
        "rectification",
        ("CORRECT DATA|RECORD|ACCOUNT MINE|HIS|WRONG", "CORRECT PERSONAL_ITEM MINE|HIS|WRONG|RECORD|ACCOUNT"),
        unless=("NEG",),
        never=("ORDER", "INVOICE", "DELETE", "BUSINESS", "SECURITY"),
        weight=2,
        not_meant="adres van één bestelling; gegevens van een leverancier",
    ),
    Rule(
        "rectificatie",
        "rectification",
        ("CORRECT DATA LAW", "CORRECT DATA WRONG"),
        unless=("NEG",),
        never=("SECURITY", "BUSINESS", "ORDER"),
        weight=3,
    ),
    Rule(
        "naam of adres klopt niet",
        "rectification",
        ("WRONG PERSONAL_ITEM MINE|ACCOUNT|RECORD|CORRECT", "WRONG ^PERSONAL_ITEM CORRECT"),
        never=("ORDER", "INVOICE"),
        weight=2,
    ),
    Rule("verhuisd", "rectification", ("MOVED MINE|CORRECT",), never=("ORDER", "BUSINESS"), weight=1),
    Rule("nieuwe naam of nummer", "rectification", ("NEW_NAME MINE|CORRECT|RECORD",), never=("ORDER",), weight=2),
    Rule(
        "het moet zijn",
        "rectification",
        ("NAME_IS PERSONAL_ITEM ^CORRECT|WRONG|RECORD|ACCOUNT",),
        never=("ORDER", "INVOICE"),
        weight=2,
    ),
    Rule(
        "pas dat aan (eerder genoemd)",
        "rectification",
        ("CORRECT PRONOUN ^PERSONAL_ITEM|RECORD|ACCOUNT|DATA",),
        unless=("NEG",),
        never=("ORDER", "INVOICE", "DELETE"),
        weight=1,
        window=5,
    ),
    # --- AVG art. 18 -----------------------------------------------------------------------------------------------
    Rule(
        "beperking van de verwerking",
        "restriction",
        ("RESTRICT_WORD", "RESTRICT USE MINE DATA"),
        unless=("LIFT", "HYPOTHETICAL"),
        never=("QUESTION", "PAST_ASK", "LIFT"),
        weight=3,
    ),
    Rule(
        "gegevens bevriezen",
        "restriction",
        ("RESTRICT DATA|ACCOUNT|RECORD|EVERYTHING|HIS",),
        unless=("LIFT", "NEG"),
        never=("AUTO_DECISION", "LIFT", "ORDER", "PAST_ASK", "AGAIN", "SECURITY"),
        weight=1,
    ),
    Rule(
        "bewaren maar niet gebruiken",
        "restriction",
        ("KEEP USE NEG|STOP|RESTRICT", "KEEP RESTRICT DATA|ACCOUNT|MINE", "KEEP ^RESTRICT"),
        never=("LIFT", "ORDER", "HOW_LONG", "QUESTION"),
        weight=3,
    ),
    Rule(
        "tijdelijk niet gebruiken",
        "restriction",
        ("TEMPORARY USE NEG|STOP|NO_MORE", "TEMPORARY RESTRICT DATA|ACCOUNT|MINE"),
        never=("ORDER", "LIFT"),
        weight=2,
    ),
    # --- AVG art. 18(3) --------------------------------------------------------------------------------------------
    Rule(
        "beperking opheffen",
        "lift_restriction",
        ("LIFT RESTRICT|RESTRICT_WORD",),
        unless=("NEG",),
        never=("BEFORE",),
        weight=3,
        not_meant="'voordat u de beperking opheft'",
    ),
    Rule(
        "weer gebruiken",
        "lift_restriction",
        (
            "AGAIN USE ^DATA|ACCOUNT|EVERYTHING MINE|PRONOUN|ASK",
            "LIFT DATA|ACCOUNT|RECORD AGAIN",
            "LIFT ACCOUNT|RECORD MINE",
            "AGAIN ^RESTRICT|RESTRICT_WORD DATA|ACCOUNT",
        ),
        unless=("TEMPORARY", "NEG"),
        never=("BEFORE", "DELETE", "CLOSE"),
        weight=3,
    ),
    # --- AVG art. 20 -----------------------------------------------------------------------------------------------
    Rule("overdraagbaarheid", "portability", ("PORT_WORD",), unless=("HYPOTHETICAL",), weight=3),
    Rule(
        "machineleesbaar",
        "portability",
        ("MACHINE DATA|ORDER|EVERYTHING|ACCOUNT|HISTORY MINE|ABOUT_ME|SHOW|ASK",),
        never=("HYPOTHETICAL", "SALES"),
        weight=2,
    ),
    Rule("meenemen", "portability", ("TAKE_ALONG DATA|HISTORY MINE",), never=("THIRD_COUNTRY", "ORDER"), weight=2),
    # --- AVG art. 21 -----------------------------------------------------------------------------------------------
    Rule(
        "bezwaar tegen verwerking",
        "objection",
        ("OBJECT USE", "OBJECT DATA MINE", "OBJECT ^USE DATA|PRONOUN"),
        never=("INVOICE", "ORDER", "HYPOTHETICAL", "YOUR_OBJECTION", "CONSEQUENCE"),
        weight=3,
        not_meant="bezwaar tegen een factuur of tegen een dag",
    ),
    Rule(
        "stop met gebruiken",
        "objection",
        ("STOP USE DATA|RECORD", "STOP ^USE PRONOUN"),
        never=("TEMPORARY", "KEEP", "RESTRICT", "ORDER"),
        weight=2,
    ),
    # --- AVG art. 22 -----------------------------------------------------------------------------------------------
    Rule(
        "geautomatiseerd besluit",
        "automated_decision",
        ("AUTO_DECISION DECISION MINE", "AUTO_DECISION ^DECISION MINE"),
        never=("INFO_ON",),
        weight=2,
    ),
    Rule(
        "mens moet kijken",
        "automated_decision",
        ("HUMAN REVIEW_VERB|DECISION AUTO_DECISION|DECISION|PRONOUN", "HUMAN REVIEW_VERB ^AUTO_DECISION|DECISION"),
        never=("HYPOTHETICAL",),
        weight=3,
    ),
    # --- AVG art. 7(3), 21(2)-(3) ----------------------------------------------------------------------------------
    Rule(
        "uitschrijven",
        "withdraw_consent",
        ("UNSUBSCRIBE",),
        unless=("NEG",),
        never=("ORDER", "SALES", "CHASE"),
        weight=1,
    ),
    Rule(
        "schrijf mij uit",
        "withdraw_consent",
        ("UNSUBSCRIBE MINE|ASK|NEWSLETTER",),
        unless=("NEG",),
        never=("ORDER", "SALES", "CHASE"),
        weight=3,
    ),
    Rule(
        "geen reclame meer",
        "withdraw_consent",
        (
            "NO_MORE NEWSLETTER|REVIEW_REQUEST",
            "STOP NEWSLETTER|REVIEW_REQUEST",
            "OBJECT NEWSLETTER",
            "DELETE NEWSLETTER",
        ),
        never=("ORDER",),
        weight=3,
    ),
    Rule(
        "dat niet meer (eerder genoemd)",
        "withdraw_consent",
        ("NO_MORE ^NEWSLETTER|REVIEW_REQUEST",),
        never=("ORDER", "DATA"),
        weight=2,
    ),
    Rule("geen mails meer", "withdraw_consent", ("NO_MORE MAILS",), never=("ORDER",), weight=1),
    Rule("toestemming intrekken", "withdraw_consent", ("WITHDRAW CONSENT",), never=("ORDER",), weight=3),
    # --- no request ------------------------------------------------------------------------------------------------
    Rule(
        "hoe lang bewaren",
        "privacy_question",
        ("HOW_LONG DATA|PERSONAL_ITEM|RECORD|ACCOUNT|KEEP|STORED",),
        never=("ORDER",),
        weight=2,
    ),
    Rule(
        "vraag over beleid of cookies",
        "privacy_question",
        ("POLICY|COOKIE|PRIVACY ASKED",),
        never=("SALES", "ORDER"),
        window=30,
        weight=2,
    ),
    Rule(
        "vraag over beveiliging",
        "privacy_question",
        ("QUESTION SECURITY STORED|DATA|ACCOUNT|PERSONAL_ITEM", "QUESTION CAMERA"),
        weight=1,
    ),
    Rule(
        "hoe werkt een recht",
        "privacy_question",
        ("HYPOTHETICAL DELETE|ACCESS_WORD|RESTRICT|FORGET|DATA|OBJECT|PORT_WORD|USE|PRIVACY",),
        never=("ORDER",),
        weight=3,
        window=14,
    ),
    Rule(
        "wacht op antwoord",
        "complaint",
        ("CHASE EARLIER LAW|DATA|PRIVACY|ACCESS_WORD|DELETE|RESTRICT", "CHASE ACCESS_WORD|DELETE|LAW|DATA"),
        never=("ORDER",),
        weight=3,
        window=14,
    ),
    Rule(
        "klacht over gegevens",
        "complaint",
        ("COMPLAIN DATA|PRIVACY|POLICY|LAW|PERSONAL_ITEM",),
        never=("ORDER",),
        weight=2,
    ),
    Rule("lek", "breach_report", ("LEAK DATA|PERSONAL_ITEM|ACCOUNT|RECORD|MINE|LAW|ORDER",), weight=2),
    Rule(
        "gegevens van een ander",
        "breach_report",
        ("OTHERS_DATA RECEIVED DATA|PERSONAL_ITEM|INVOICE|RECORD|ORDER|ACCOUNT",),
        never=("HIS",),
        weight=2,
        window=14,
    ),
    Rule("account overgenomen", "breach_report", ("TAKEN_OVER ACCOUNT|ORDER|DATA",), never=("PRIVACY",), weight=2),
    Rule("phishing met klantgegevens", "breach_report", ("PHISHING MINE|ORDER|PERSONAL_ITEM",), weight=1, window=14),
    Rule("automatisch antwoord", "automatic", ("AUTO_REPLY",), unless=("NEG",), weight=2),
    Rule("niet bezorgd", "automatic", ("BOUNCE",), weight=2),
    Rule("leesbevestiging", "automatic", ("READ_RECEIPT",), weight=1),
    Rule("ontvangst bevestigd", "automatic", ("TICKET",), weight=1),
    Rule("verkooppraatje", "not_privacy", ("SALES",), weight=1),
    Rule("spam", "not_privacy", ("ADVERT",), weight=1),
)

_ARTICLES = {
    "7": "withdraw_consent",
    "15": "access",
    "16": "rectification",
    "17": "erasure",
    "18": "restriction",
    "20": "portability",
    "21": "objection",
    "22": "automated_decision",
}
_ARTICLE_RULES = {
    right: Rule(f"artikel {number} genoemd", right, (f"art. {number} LAW",), weight=2)
    for number, right in _ARTICLES.items()
}


_Group = tuple[bool, tuple[str, ...]]


def _groups(pattern: str) -> tuple[_Group, ...]:
    return tuple((group[0] == "^", tuple(group.lstrip("^").split("|"))) for group in pattern.split())


_GROUPS: dict[str, tuple[_Group, ...]] = {pattern: _groups(pattern) for rule in RULES for pattern in rule.patterns}
_ANCHORS: dict[str, frozenset[str]] = {
    rule.name: frozenset(name for pattern in rule.patterns for group in _GROUPS[pattern][:1] for name in group[1])
    for rule in RULES
}
"""The concepts of which one must stand in a mail, or the rule has nothing to look at."""
_BACK = 2  # sentences back, and the subject, in which `^` finds what "die" or "dat" points to


def find(sentences: Sequence[Sentence]) -> list[Hit]:
    """Every rule that speaks, in the order of the table; one hit a rule and sentence."""
    nothing: frozenset[str] = frozenset()
    before = [
        nothing.union(
            *(sentences[back].places for back in {0, *range(max(0, number - _BACK), number)} if back < number)
        )
        for number in range(len(sentences))
    ]
    present = nothing.union(*(sentence.places for sentence in sentences))
    hits: list[Hit] = []
    for rule in RULES:
        if _ANCHORS[rule.name].isdisjoint(present):
            continue
        for number, sentence in enumerate(sentences):
            hit = _match(rule, sentence, number, before[number])
            if hit:
                hits.append(hit)
    return hits


def _match(rule: Rule, sentence: Sentence, number: int, before: frozenset[str]) -> Hit | None:
    places = sentence.places
    negated: Hit | None = None
    for pattern in rule.patterns:
        here: list[list[int]] = []
        for earlier, names in _GROUPS[pattern]:
            at = [place for name in names for place in places.get(name, ())]
            if at:
                here.append(at)
            elif not (earlier and any(name in before for name in names)):
                break
        else:
            if any(name in places for name in rule.never):
                return None
            hit = _nearest(rule, sentence, number, here)
            if hit and not hit.negated:
                return hit
            negated = negated or hit
    return negated


def _nearest(rule: Rule, sentence: Sentence, number: int, groups: list[list[int]]) -> Hit | None:
    """The hit of the first anchor that has every other group within the window."""
    negated: Hit | None = None
    for anchor in sorted(set(groups[0])):
        span = [anchor]
        for group in groups[1:]:
            near = min((at for at in group if at != anchor), key=lambda at: abs(at - anchor), default=None)
            if near is None or abs(near - anchor) > rule.window:
                break
            span.append(near)
        else:
            words = " ".join(sentence.words[min(span) : max(span) + 1])
            if not _cancelled(rule, sentence, anchor):
                return Hit(rule, number, words)
            negated = negated or Hit(rule, number, words, negated=True)
    return negated


def _cancelled(rule: Rule, sentence: Sentence, anchor: int) -> bool:
    clause = sentence.clauses[anchor]
    return any(
        abs(at - anchor) <= NEAR and sentence.clauses[at] == clause
        for name in rule.unless
        for at in sentence.places.get(name, ())
    )


_ARTICLE = re.compile(
    r"\b(?:artikel(?:en)?|articles?|artt?\b\.?|artt?(?=\d))\s*((?:\d{1,2}\b[\s,;/&()]*(?:[a-h]\b[\s,;)]*)?"
    r"(?:(?:en|und|and|et|t/m|tot en met|bis|tot|to|jo|juncto)\b\.?\s*(?:artikel|article|art\.?)?\s*)*)+)"
)
_PARAGRAPH = re.compile(
    r"\(\d\)|\b(?:lid|leden|abs|absatz|alinea|al|para|paragraph|nr|satz|punt)\b\.?\s*\d(?!\d)(?:\s*(?:en|und|and|et)\s*\d(?!\d))?"
    r"|\b(?:sub|onder|lit|aanhef)\b\.?"
)
_LIFTING = re.compile(r"\b(?:artikel|article|art)\.? ?18,? ?(?:(?:lid|abs|al|par)\.? ?3|\(3\))")
_NOTICE = re.compile(r"\b(?:voordat|alvorens|before|bevor|avant)\b")


def articles(text: str) -> set[str]:
    """The article numbers that a folded text names, as rights; {} when no article is named."""
    lifting = _LIFTING.search(text) is not None and not _NOTICE.search(text)
    plain = _PARAGRAPH.sub(" ", _LIFTING.sub(" ", text) if lifting else text)
    named = {
        _ARTICLES[number]
        for match in _ARTICLE.finditer(plain)
        for number in re.findall(r"\d{1,2}", match.group(1))
        if number in _ARTICLES
    }
    return named | {"lift_restriction"} if lifting else named


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the rules alone make of a mail: the kind, the rights, the weight of each claim, and every hit."""

    kind: str
    rights: tuple[str, ...]
    weights: Mapping[str, int]
    hits: tuple[Hit, ...]
    named: frozenset[str]  # rights whose article is named with a law
    present: frozenset[str]  # the concepts that the mail has
    line: bool = False  # the mail has no more than a line of words


_LISTED = ("CORRECT", "DELETE", "RESTRICT", "OBJECT", "ACCESS_WORD")
A_LINE = 8  # words: a mail of no more says one thing, and a hint in it ("uitschrijven") is a claim
_IN_LIST = frozenset(("erasure", "rectification", "restriction", "objection", "portability"))


def judge(reading: Reading) -> Judgement:
    """The rules' own answer; never raises."""
    found = find(reading.sentences)
    lists = {number for number, sentence in enumerate(reading.sentences) if _lists_rights(sentence)}
    hits = [replace(hit, negated=True) if hit.sentence in lists and hit.rule.says in _IN_LIST else hit for hit in found]
    present = frozenset(concept for sentence in reading.sentences for concept in sentence.places)
    named = frozenset(articles(reading.folded)) if "LAW" in present else frozenset()
    weights: dict[str, int] = {}
    line = reading.words <= A_LINE
    for hit in hits:
        if not hit.negated:
            claim = 2 if line and hit.rule.says in RIGHTS else 0
            weights[hit.rule.says] = max(weights.get(hit.rule.says, 0), hit.rule.weight, claim)
    for right in named:
        weights[right] = max(weights.get(right, 0), 2)
    _settle(weights, hits, named, reading)
    rights = tuple(right for right in RIGHTS if weights.get(right, 0) >= 2)
    strongest = max((weights[right] for right in rights), default=0)
    kinds = {name: weights.get(name, 0) for name in ("automatic", "breach_report", "complaint", "privacy_question")}
    best = max(kinds, key=lambda name: kinds[name])
    if kinds["automatic"] >= 2 or (rights and kinds[best] >= 3 and strongest <= 2) or (not rights and kinds[best] >= 2):
        kind = "automatic" if kinds["automatic"] >= 2 else best
    else:
        kind = "request" if rights else "not_privacy"
    return Judgement(kind, rights if kind == "request" else (), weights, tuple(hits), named, present, line)


def _lists_rights(sentence: Sentence) -> bool:
    """A sentence that only sums up which rights exist, as access letters and statements do (AVG art. 15(1)(e))."""
    named = sum(name in sentence.places for name in _LISTED)
    return named >= 3 and "RIGHT" in sentence.places


_INSIGHT = ("inzage", "welke gegevens van mij", "wat is er opgeslagen", "aan wie gegeven, waar vandaan")
_MARKETING = re.compile(r"\b21 ?(?:\(2\)|[.,]? ?(?:lid|abs|al(?:inea)?|par(?:a(?:graph)?)?)?[. ]*2\b)")


def _settle(weights: dict[str, int], hits: Sequence[Hit], named: frozenset[str], reading: Reading) -> None:
    """Claims that cancel each other: one mail seldom asks for a thing and its opposite."""

    def spoken(right: str) -> list[Hit]:
        return [hit for hit in hits if hit.rule.says == right and not hit.negated]

    if weights.get("lift_restriction", 0) >= 3:
        weights.pop("restriction", None)
        weights.pop("objection", None)
    if weights.get("restriction", 0) >= 3 and weights.get("erasure", 0) <= 2 and "erasure" not in named:
        weights.pop("erasure", None)
    if weights.get("restriction", 0) >= 2 and weights.get("objection", 0) <= 2 and "objection" not in named:
        weights.pop("objection", None)
    human = any(hit.rule.name == "mens moet kijken" for hit in spoken("automated_decision"))
    if weights.get("access", 0) >= 2 and weights.get("automated_decision", 0) <= 2 and not human:
        weights.pop("automated_decision", None)  # an access letter asks whether such decisions exist, art. 15(1)(h)
    insight = any(hit.rule.name in _INSIGHT for hit in spoken("access"))
    if weights.get("portability", 0) >= 2 and weights.get("access", 0) == 2 and "access" not in named and not insight:
        weights.pop("access", None)  # a copy "to take along" is portability alone
    objections = spoken("objection")
    if weights.get("withdraw_consent", 0) >= 2 and (_MARKETING.search(reading.folded) or objections):
        marketing = all("NEWSLETTER" in reading.sentences[hit.sentence].places for hit in objections)
        if marketing and (objections or _MARKETING.search(reading.folded)):
            weights.pop("objection", None)  # against direct marketing alone: AVG art. 21(2)-(3)
