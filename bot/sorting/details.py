"""What else a mail says: flags, where the answer must go, for whom it is written, and the facts named in it."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from bot.sorting.reading import Reading
from bot.sorting.rules import RIGHTS, Judgement
from bot.sorting.words import fold

FLAGS = ("authority", "minor", "deceased", "agent", "health", "threat", "mixed")

_POWER = re.compile(
    r"\b126n[a-z]\b|wetboek van strafvordering|officier van justitie|parketnummer|proces-?verbaal ?nummer|"
    r"vordering verstrekking|"
    r"opsporingsambtenaar|dwangbevel|art(?:ikel|\.)? ?(?:47|52|53) (?:van de )?(?:awr|algemene wet)|"
    r"strafrechtelijk onderzoek|"
    r"inspecteur (?:der|van de) (?:rijks)?belasting|rechter-commissaris|staatsanwaltschaft|requisition judiciaire|"
    r"officier de police|criminal investigation|court order|gerechtelijk bevel"
)
_OFFICE = re.compile(
    r"\b(?:politie|recherche|belastingdienst|fiod|openbaar ministerie|parket|rechtbank|douane|nvwa|"
    r"autoriteit persoonsgegevens|"
    r"polizei|finanzamt|police nationale|gendarmerie|gerechtsdeurwaarder)\b"
)
_AGE = re.compile(
    r"\b(?:(?:ik ben|i am|im|i'm|ich bin|j'ai)(?: pas| nog maar| only| erst)? (?:[89]|1[0-5])\b(?! (?:jaar klant|"
    r"minuten|dagen|weken))|"
    r"\b(?:zoon|dochter|kind|zoontje|dochtertje|son|daughter|child|sohn|tochter|fils|fille|kleinzoon|"
    r"kleindochter)\b[^.]{0,40}"
    r"\b(?:van |is |,? ?\(?|aged |de |= )(?:[1-9]|1[0-5])\)?(?: jaar| years| jahre| ans)?\b|\b(?:[89]|"
    r"1[0-5])[- ](?:jarige|year-old)\b|"
    r"\b(?:[1-9]|1[0-5]) (?:jaar oud|years old|jahre alt)\b|\bminderjarig|\bmineure?\b|\bminderjahrig|"
    r"\bunderage\b|ouderlijk gezag)"
)
_THREAT = re.compile(
    r"\b(?:klacht (?:in(?:dienen| te dienen)|in bij|bij de (?:autoriteit|ap|toezichthouder))|(?:dien|"
    r"diende?n?) (?:ik )?(?:dan )?(?:een )?klacht|"
    r"autoriteit persoonsgegevens|gegevensbeschermingsautoriteit|naar de (?:ap|rechter|toezichthouder|media|"
    r"krant)\b|juridische stappen|"
    r"nadere stappen|rechtsmaatregelen|kort geding|ingebrekestelling|in gebreke|dwangsom|schadevergoeding|"
    r"aansprakelijk|verzoekschrift|"
    r"legal action|supervisory authority|data protection authority|lodge a complaint|judicial remedy|solicitor will|"
    r"rechtliche schritte|aufsichtsbehorde|beschwerde (?:bei|einzureichen)|schadenersatz|schadensersatz|"
    r"\bcnil\b|action en justice|autorite de controle|mise en demeure|\bsommeer\b|\bsommatie\b|"
    r"consumentenprogramma|\bradar\b|\bkassa\b.{0,20}uitzending)"
)
_FAMILY = (
    r"moeder|vader|ma|pa|mama|papa|oma|opa|grootmoeder|grootvader|zoon|dochter|zoontje|dochtertje|kind|man|"
    r"vrouw|echtgenoot|echtgenote|"
    r"partner|broer|zus|tante|oom|schoonmoeder|schoonvader|buurvrouw|buurman|kleinkind|kleinzoon|kleindochter|"
    r"mother|father|mum|mom|dad|son|daughter|husband|wife|grandmother|grandfather|gran|nan|"
    r"mutter|vater|sohn|tochter|mann|frau|mere|pere|fils|fille|mari|femme"
)
_FOR_FAMILY = re.compile(rf"\b(?:mijn|mn|m'n|onze|ons|my|our|meine?[rms]?|mon|ma)\s+(?:\w+\s+)?(?:{_FAMILY})\b")
_OWN = re.compile(
    r"\b(?:mijn|mn|m'n|my|meine?[rms]?|mes|mon) (?:account|gegevens|adres|naam|data|profiel|klantgegevens|"
    r"e-?mail\w*|daten|konto|donnees|compte|bestel\w+)|"
    r"\b(?:over|van|uber|about|on|sur) (?:mij|me|mich|mir|moi)\b"
)
_THEIRS = re.compile(
    r"\b(?:haar|zijn|hem|zij|ze|hij|diens|her|his|him|she|he|ihre?n?|seine?n?|sie|er|son|sa|ses|lui|elle|il)\b"
)
_BEHALF = re.compile(
    r"\b(?:namens (?!jullie|u\b|het hele team)|gemachtig|volmacht|machtiging|bewindvoerder|\bcurator\b|\bmentor\b|"
    r"\b(?:mijn|onze|voor|van|mijns?) cliente?n?\b|\bcliente? (?:verzoekt|wenst|verlangt|is|heeft|stelt)|"
    r"executeur|gevolmachtig|on behalf of|"
    r"our client|my client|power of attorney|\bmandant|\bvollmacht|im namen|au nom (?:et|de)|pour le compte|"
    r"mon client|ma cliente|"
    r"\bons lid\b|onze gebruiker|our user|as (?:the )?executor|\bhet bewind over|\bvan een klant van (?:u|"
    r"jullie)|\bvan de heer [a-z]+ (?:kan|mag|op)|testamentsvollstrecker|als (?:ouder|moeder|vader|voogd)\b|"
    r"voor (?:mijn|onze) (?:clienten?|moeder|vader|oma|opa|dochter|zoon)|"
    r"(?:zij|hij|ze) wil(?:t)? graag dat|vroeg (?:mij|me) (?:om )?(?:dit|u|jullie))"
)
_POST = re.compile(
    r"\bper (?:aangetekende )?(?:post|brief)\b|\bper aangetekend|\b(?:stuur|sturen|zenden|opsturen|toezenden|"
    r"ontvang|antwoord|reactie|bevestiging|stukken|"
    r"schrijven)\b[^.]{0,60}\b(?:op papier|per brief|schriftelijk aan|per post)|\bbriefje (?:sturen|terug)\b|"
    r"\b(?:adresse[rz]?|envoy\w+)\b[^.]{0,30}reponse[^.]{0,30}(?:cabinet|\d+,? rue)|\bop papier\b|"
    r"\bin een envelop|"
    r"\b(?:by|per) (?:post|registered mail|registered post|letter)\b|\bby mail to\b|\bpostalisch\b|"
    r"\bper einschreiben\b|\bper post\b|"
    r"\bpar (?:courrier|la poste|lettre)\b|\bzu handen\b.{0,80}\b\d{5}\b|\bgeen (?:e-?mail|computer|"
    r"internet)\b[^.]{0,60}\b(?:brief|post)\b"
)
_NOT_POST = re.compile(
    r"aangetekend en per e-?mail|kreeg per post|per post ontvangen|vragen jullie per post|moet dat per|"
    r"reclame[^.]{0,30}per post|per post (?:meer|of)|of het per post|niet per post|dat per post of"
)
_ANSWER_TO = re.compile(
    r"\b(?:stuur|sturen|stuurt|zend\w*|mail\w*|richten|antwoord\w*|reactie|reageren|bevestiging|ontvang\w*|"
    r"toe(?:sturen|zenden|komen)|overdragen|send|reply|respond|"
    r"answer|address your|transmit|schick\w*|senden|antwort\w*|ubermitteln|envoy\w*|adresse[rz]|repond\w*|"
    r"faire parvenir|uploaden|resultaat|import|tegemoet|over te dragen|te doen toekomen)\b"
)
_ON_FILE = re.compile(
    r"\b(?:bekend|besteld|bestelde|account|registered|ordered|on file|geregistreerd|oude?|old|kundenkonto|alte)\b"
)
_THIS_ADDRESS = re.compile(
    r"(?:naar|op|aan|to|an) (?:dit|dit nieuwe|this|diese|dat andere|een ander|mijn andere|"
    r"mijn nieuwe) (?:e-?mail ?)?(?:adres|address|adresse)[^.]*"
)
_FIELD = re.compile(
    r"\W*(?:e-?mail(?:adres)?|van|from|afzender)\s*:|.*(?:mailinglijst|mailing ?list|uitschrij|afmeld|"
    r"unsubscribe|verteiler)"
)
_LOST = re.compile(
    r"(?:geen|niet meer|no longer|kein\w*|plus)\b[^.]{0,40}\b(?:toegang|access|zugang|acces|postvak|mailbox|"
    r"erbij|bij (?:dat|het) (?:oude )?(?:adres|postvak))"
)
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_POSTCODE = re.compile(r"\b([1-9]\d{3}) ?([A-Z]{2})\b(?! ?\d)")
_ORDER = re.compile(
    r"(?:bestel(?:ling(?:en)?|nummer|nr\.?)|order(?:nummer|number|nr\.?|s)?|bestellung(?:snummer)?|commande|"
    r"pakket|retour|factuur|invoice|rechnung|facture|zending|"
    r"parcel)\s*(?:met |nr\.? ?|nummer |no\.? ?|number |n° ?)?[:#]?\s*#?((?:[A-Z]{1,5}-?)?\d[\d-]{2,11})\b",
    re.IGNORECASE,
)
_PARCEL = re.compile(r"\b(3S[A-Z]{2,5}\d{3,12}|LES-?\d{4,8})\b")
_STREET = re.compile(
    r"\b((?:[A-Z][\w'’.-]+|\d+e)(?: (?:van|de|den|der|het|aan|op|'t|"
    r"[A-Z][\w'’.-]+)){0,4} \d{1,5}(?:[ -]?[A-Za-z]{1,3})?)"
    r",? +([1-9]\d{3} ?[A-Z]{2}),? +((?:[A-Z'][\w'’-]+)(?: (?:aan|den|de|op|[A-Z][\w'’-]+)){0,4})"
)
_PHONE = re.compile(r"(?<![\d-])(?:\+\d{2}[ -]?\(?0?\)?|0)\d(?:[ -]?\d){7,9}\b")
_ONE = r"[\w@'’+-]+(?:\.[\w@'’+-]+)*"
_RIGHT, _WRONG = rf"(?P<right>{_ONE})", rf"(?P<wrong>{_ONE})"
_NEW = r"adres|mailadres|e-mailadres|nummer|telefoonnummer|naam|achternaam"
# How people say what is wrong and what it should be, the clearest way first.
_CHANGE = tuple(
    re.compile(pattern)
    for pattern in (
        rf"{_RIGHT},? (?:in plaats van|ipv|i\.p\.v\.|instead of|statt|au lieu de) {_WRONG}",
        rf"\b(?:is|heet|was)? ?niet {_WRONG},? maar {_RIGHT}",
        rf"{_RIGHT},? (?:en niet|and not|und nicht|et non|not|niet) {_WRONG}",
        rf"\bvan {_WRONG} (?:naar|in) {_RIGHT}",
        rf"{_WRONG},? (?:en )?(?:dat |het )?moet {_RIGHT} (?:zijn|worden)",
        rf"\b(?:moet|should be|muss) {_RIGHT} (?:zijn|worden|heissen)",
        rf"\b(?i:nieuwe? (?:{_NEW})|new (?:address|number|name)|neue (?:adresse|anschrift)|nouvelle adresse)"
        r"(?: is(?: nu)?| wordt| ?:)+ ?(?P<right>[^.;\n]{2,80})",
    )
)


def flags_of(reading: Reading, found: Judgement, kind: str, from_name: str, sender: str) -> tuple[str, ...]:
    """The flags of a mail, in the order of `FLAGS`."""
    text = reading.folded
    places = [sentence.places for sentence in reading.sentences]
    present = set().union(*places) if places else set()
    office = bool(_OFFICE.search(fold(f"{from_name} {sender}")))
    raised = {
        "authority": bool(_POWER.search(text)) or (office and bool({"DATA", "LAW"} & present)),
        "minor": bool(_AGE.search(text)),
        "deceased": "DECEASED" in present,
        "agent": bool(
            re.search(
                r"gemachtig|volmacht|machtiging|advoca|cliente?n?\b|bewindvoerder|gevolmachtig|our client|"
                r"my client|mandant|rechtsanwalt|avocat|onze gebruiker|ons lid\b|au nom et pour le compte",
                text,
            )
        ),
        "health": "HEALTH" in present,
        "threat": bool(_THREAT.search(text)),
        "mixed": kind == "request" and _ordinary_too(places, found),
    }
    return tuple(flag for flag in FLAGS if raised[flag])


def _ordinary_too(places: Sequence[Mapping[str, tuple[int, ...]]], found: Judgement) -> bool:
    """A request that also asks something about an order, a return or a product, in a sentence of its own."""
    claimed = {hit.sentence for hit in found.hits if not hit.negated and hit.rule.says in found.weights}
    return any(
        number not in claimed
        and number > 0
        and ("ORDER" in place or "INVOICE" in place or "SHOPPING" in place)
        and ("ASK" in place or "ASKED" in place or "BROKEN" in place)
        and not ({"DATA", "ACCOUNT", "LAW", "DELETE"} & place.keys())
        for number, place in enumerate(places)
    )


def on_behalf(reading: Reading, found: Judgement) -> bool:
    """True when the mail is written for somebody else: an agent, a parent, an heir, a helper."""
    if _BEHALF.search(reading.folded):
        return True
    family = [number for number, sentence in enumerate(reading.sentences) if _FOR_FAMILY.search(sentence.text)]
    dead = any("DECEASED" in reading.sentences[number].places for number in family)
    spoken = {hit.sentence for hit in found.hits if not hit.negated and hit.rule.says in RIGHTS}
    for number in spoken:
        text = reading.sentences[number].text
        if _OWN.search(text):
            continue
        if number in family or (_THEIRS.search(text) and any(0 <= number - at <= 2 for at in (*family, 0))):
            return bool(family)
        if any(number - at == 1 for at in family) and "ACCOUNT" in reading.sentences[number].places:
            return True
    return dead and bool(spoken)


def delivery_of(reading: Reading, sender: str, rights: Sequence[str]) -> str:
    """Where the answer is wanted: `known`, `other_email` or `post`."""
    text = reading.folded
    if _POST.search(_NOT_POST.sub(" ", text)) and tuple(rights) != ("withdraw_consent",):
        return "post"
    for line in re.split(r"(?<=[.!?])\s+|\n", fold(reading.text)) if "@" in reading.text else ():
        others = [address for address in _EMAIL.findall(line) if address.strip(".") != sender]
        if (
            others
            and _ANSWER_TO.search(line)
            and "rectification" not in rights
            and not _ON_FILE.search(line)
            and not _FIELD.match(line)
        ):
            return "other_email"
    this = _THIS_ADDRESS.search(text)
    if this and _ANSWER_TO.search(text[max(0, this.start() - 60) : this.end()]) and _LOST.search(text):
        return "other_email"
    return "known"


def slots_of(subject: str, text: str, rights: Sequence[str]) -> dict[str, Any]:
    """Facts named in a mail: `orders`, `postcodes`, `emails`, `addresses`, `phones`.

    For rectification also `wrong` and `right`, as far as one sentence says them.
    """
    whole = f"{subject}\n{text}"
    found: dict[str, Any] = {
        "orders": _unique([*_ORDER.findall(whole), *_PARCEL.findall(whole)]),
        "postcodes": _unique([f"{digits} {letters}" for digits, letters in _POSTCODE.findall(whole)]),
        "emails": _unique([address.strip(".").lower() for address in _EMAIL.findall(whole)]) if "@" in whole else (),
        "addresses": _unique([", ".join(" ".join(part.split()) for part in parts) for parts in _STREET.findall(whole)]),
        "phones": _unique(_PHONE.findall(whole)),
    }
    if "rectification" in rights:
        for pattern in _CHANGE:
            match = pattern.search(whole)
            if match:
                found |= {name: value.strip(" ,.'’\"()") for name, value in match.groupdict().items() if value}
                break
        if "right" not in found and found["addresses"]:
            found["right"] = found["addresses"][-1]
    return {name: value for name, value in found.items() if value}


def _unique(values: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value.strip() for value in values))
