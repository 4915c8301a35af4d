"""Where a mail comes from: a person or a machine. One table of named rules; the first that fits decides.

What a mail *is* decides, never what its sender wants as an answer: X-Auto-Response-Suppress and List-* headers alone
prove no machine. Subjects are only ever a second signal. Doubt is `unknown`, which a person looks at.
"""

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass

from bot.mail.message import Mail
from bot.mail.reply import split

HUMAN = "human"
AUTO_REPLY = "auto-reply"
BOUNCE = "bounce"
RECEIPT = "receipt"
CALENDAR = "calendar"
LIST = "list"
OWN = "own"
UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Origin:
    """A kind (human, auto-reply, bounce, receipt, calendar, list, own, unknown) and the name of its rule."""

    kind: str
    reason: str


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: its name is the reason that is logged, `source` says where it comes from."""

    name: str
    source: str
    test: Callable[[Mail], bool]
    kind: str


def origin(
    mail: Mail, *, own_mark: Callable[[str], bool] = lambda mark: False, form_senders: Collection[str] = ()
) -> Origin:
    """The origin of a mail. `own_mark` says whether an X-Privacybot value is ours; `form_senders` are our web forms."""
    if any(own_mark(mark.strip()) for mark in mail.header_all("X-Privacybot")):
        return Origin(OWN, "our own mark")
    if mail.sender and mail.sender in {address.strip().lower() for address in form_senders}:
        return Origin(HUMAN, "our own web form")
    found = next((one for one in RULES if one.test(mail)), None)
    return Origin(found.kind, found.name) if found else Origin(HUMAN, "no sign of a machine")


# --- what the rules look at ------------------------------------------------------------------------------------------


def keyword(value: str) -> str:
    """The keyword of an Auto-Submitted value: lower case, without comments and parameters. RFC 3834 §5."""
    text, count = value[:500], 1
    while count:
        text, count = re.subn(r"\([^()]*\)", " ", text)
    return text.partition(";")[0].strip().lower()


def _auto_submitted(mail: Mail) -> str:
    """The keyword that speaks of a machine; "" for none and for `no`."""
    words = [keyword(value) for value in mail.header_all("Auto-Submitted")]
    return next((word for word in words if word and word != "no"), "")


def _says(mail: Mail, *names: str) -> bool:
    """Whether one of the headers is there and does not say no."""
    values = (value.strip().lower() for name in names for value in mail.header_all(name))
    return any(value not in ("no", "false", "0", "none") for value in values)


def _precedence(mail: Mail) -> str:
    return mail.header("Precedence").strip().lower().replace("-", "_")


def _report_type(mail: Mail) -> str:
    declared = re.sub(r"[\s\"']", "", mail.header("Content-Type")[:2_000]).lower()
    match = re.search(r"report-type=([\w-]+)", declared)
    return match[1] if match and mail.content_type == "multipart/report" else ""


def _has_part(mail: Mail, *kinds: str) -> bool:
    return any(one.type in kinds for one in mail.attachments)


def _null_sender(mail: Mail) -> bool:
    return any(re.sub(r"\s", "", value) == "<>" for value in mail.header_all("Return-Path"))


def _local(mail: Mail) -> str:
    return mail.sender.partition("@")[0]


def _meeting(mail: Mail) -> str:
    """The METHOD of a calendar part of the body, RFC 5546; "" for none and for files that only carry an event."""
    declared = mail.header("Content-Type").lower()
    if mail.content_type == "text/calendar" and (match := re.search(r"method=\"?(\w+)", declared)):
        return str(match[1])
    for one in mail.attachments:
        if one.type == "text/calendar":
            method = re.search(rb"(?:^|[\r\n])METHOD:(\w{1,20})", one.content[:5_000], re.I)
            if method:
                return method[1].decode().lower()
    return ""


_SUBJECTS = {
    AUTO_REPLY: r"automati(?:sch antwoord|c reply|sche antwort)|auto(?:matic|-)? ?(?:reply|response|responder)"
    r"|afwezig(?:heid(?:sbericht|smelding|sassistent)?)?\b|niet aanwezig|out of (?:the )?office|ooo\b|on vacation"
    r"|abwesen(?:heit|d)|réponse automatique|absence d|absent d|ontvangstbevestiging"
    r"|(?:wij hebben )?uw (?:bericht|e-?mail|vraag) (?:is )?ontvangen|acknowledge?ment|we (?:have )?received your"
    r"|eingangsbestätigung|empfangsbestätigung|accusé de réception",
    BOUNCE: r"onbestelbaar|niet bezorgd|undeliver(?:able|ed)|delivery (?:status notification|has failed|failure)"
    r"|mail delivery (?:failed|failure|system)|returned mail|failure notice|unzustellbar|nicht zustellbar"
    r"|non remis|échec de (?:la )?remise|message non distribuable|delayed mail|delivery delayed"
    r"|vertraging bij bezorging|melding over de bezorgingsstatus",
    RECEIPT: r"(?:niet )?gelezen:|(?:not )?read:|(?:nicht )?gelesen:|lu\s?:|non lu\s?:|leesbevestiging|read receipt"
    r"|lesebestätigung|confirmation de lecture|verwijderd zonder te lezen|deleted without being read",
}
_SUBJECT = {kind: re.compile(rf"[\s\[(]*(?:{words})", re.I) for kind, words in _SUBJECTS.items()}
_DELIVERED = re.compile(
    r"\s*(?:doorgegeven|bezorgd|afgeleverd|delivered|relayed|übermittelt|zugestellt|remis)\s?:", re.I
)
_AWAY = re.compile(
    r"\b(?:ben|zijn) (?:ik |wij )?(?:momenteel |op dit moment |tijdelijk |helaas )?"
    r"(?:afwezig|niet aanwezig|niet bereikbaar|met vakantie|op vakantie|vrij|met verlof)"
    r"|\b(?:i am|i'm|i will be) (?:currently |away )?"
    r"(?:out of (?:the )?office|away|on (?:annual |parental |maternity )?leave|on holiday|on vacation)"
    r"|\bbin ich (?:nicht im büro|abwesend|im urlaub)"
    r"|\bich bin [^.\n]{0,40}(?:nicht im büro|abwesend|im urlaub|nicht erreichbar)"
    r"|\bje suis (?:actuellement )?(?:absente?|en congés?)"
    r"|\b(?:wij hebben|we hebben) uw (?:e-?mail|bericht|vraag)[^.\n]{0,30}ontvangen|bevestigen de ontvangst"
    r"|\bwe have received your|\bwir haben ihre (?:e-?mail|nachricht|anfrage) erhalten|\bnous avons bien reçu votre",
    re.I,
)
_DECLARED = re.compile(
    r"\b(?:dit|deze) (?:is een |e-?mail is |bericht is |mail is )?(?:automatisch|geautomatiseerd)"
    r"|\bthis is an? (?:auto\w*|system)[- ](?:generated )?(?:\w+ )?(?:response|reply|message|e-?mail)"
    r"|\b(?:dies ist eine|diese (?:e-?mail|nachricht) (?:ist|wurde)) automatisch"
    r"|\bceci est (?:un message|une réponse) automatique",
    re.I,
)
_ASKS = re.compile(
    r"\bavg\b|gdpr|dsgvo|rgpd|privacy|persoonsgegevens|mijn gegevens|inzage|verwijder|wissen|gewist|vergeten|rectific"
    r"|bezwaar|my (?:personal )?data|personal data|erase|delete|remove|unsubscribe|afmeld|uitschrijv|meine daten"
    r"|löschen|mes données|effacer",
    re.I,
)


def _subject_says(mail: Mail, kind: str) -> bool:
    return _SUBJECT[kind].match(mail.subject[:200]) is not None


def _own_words(mail: Mail) -> str:
    return split(mail).own_text[:4_000]


def _declares_itself(mail: Mail) -> bool:
    """Whether the first lines say that nobody wrote them."""
    return _DECLARED.search(mail.text[:600]) is not None and _DECLARED.search(_own_words(mail)[:400]) is not None


def _reads_as_automatic(mail: Mail) -> bool:
    away = _AWAY.search(mail.text[:20_000]) is not None and _AWAY.search(_own_words(mail)) is not None
    return away or _declares_itself(mail)


def _asks_something(mail: Mail) -> bool:
    return _ASKS.search(_own_words(mail)) is not None


_NO_REPLY = re.compile(r"no-?reply|do-?not-?reply|geen-?antwoord|niet-?beantwoorden|mailer-?daemon|postmaster")


def _second_signal(mail: Mail) -> bool:
    """Something in the headers that fits a machine without proving one."""
    return (
        bool(mail.header("X-Auto-Response-Suppress"))
        or _precedence(mail) in ("bulk", "junk", "list", "auto_reply")
        or bool(mail.header("X-MS-Exchange-Inbox-Rules-Loop"))
        or _NO_REPLY.match(_local(mail)) is not None
    )


def _says_no(mail: Mail) -> bool:
    """Whether the sender's program says that a person sent it."""
    return any(keyword(value) == "no" for value in mail.header_all("Auto-Submitted"))


_FOR_SOMEBODY = re.compile(
    r"\bnamens\b|\bon behalf of\b|\bim (?:auftrag|namen) von\b|\bau nom de\b"
    r"|\b(?:mijn|my|meine[nr]?|mes) (?:persoonlijke |personal |persönlichen )?"
    r"(?:persoonsgegevens|gegevens|data|account|daten|personenbezogenen daten|données)\b",
    re.I,
)


def _asks_for_somebody(mail: Mail) -> bool:
    """Whether a program's mail that answers nothing puts somebody's request."""
    if mail.in_reply_to or _second_signal(mail) or any(_subject_says(mail, kind) for kind in _SUBJECT):
        return False
    words = _own_words(mail) if _FOR_SOMEBODY.search(mail.text[:20_000]) else ""
    return _FOR_SOMEBODY.search(words) is not None and _ASKS.search(words) is not None


_FIELD = re.compile(
    r"^\s*[*•-]?\s*(?:uw |your |je )?(naam|name|voornaam|achternaam|e-?mail(?:adres)?|e-?mail address"
    r"|telefoon(?:nummer)?|phone|bericht|message|vraag|opmerking(?:en)?|onderwerp|subject|nachricht|nom|reden|ordernummer|bestelnummer)\s*:",
    re.I | re.M,
)


def _looks_like_a_form(mail: Mail) -> bool:
    """A mail that a web form sends for a person: the answer goes to somebody else, and the text is fields."""
    elsewhere = bool(mail.reply_to) and mail.sender not in mail.reply_to
    form = re.search(r"form", mail.header("X-Mailer") + mail.subject, re.I) is not None
    fields = {match[1].lower() for match in _FIELD.finditer(mail.text[:10_000])}
    return elsewhere and (form or len(fields) >= 2)


# --- the table -------------------------------------------------------------------------------------------------------


def rule(name: str, source: str, test: Callable[[Mail], bool], kind: str) -> Rule:
    """One entry of the table."""
    return Rule(name, source, test, kind)


RULES: tuple[Rule, ...] = (
    # reports about a letter of ours
    rule("delivered, says a delivery report", "RFC 3464 §2.3.3: action delivered, relayed or expanded",
         lambda m: m.report is not None and m.report.delivered, RECEIPT),
    rule("delivery report", "RFC 3464: a message/delivery-status part",
         lambda m: m.report is not None, BOUNCE),
    rule("read receipt", "RFC 8098: report-type disposition-notification",
         lambda m: _report_type(m) == "disposition-notification"
         or _has_part(m, "message/disposition-notification"), RECEIPT),
    rule("delivered, says Exchange", "Exchange: a report from MicrosoftExchange… that tells of delivery",
         lambda m: (_report_type(m) == "delivery-status" or _local(m).startswith("microsoftexchange"))
         and _DELIVERED.match(m.subject) is not None, RECEIPT),
    rule("delivery report by its type", "RFC 6522: multipart/report; report-type=delivery-status",
         lambda m: _report_type(m) == "delivery-status", BOUNCE),
    rule("Exchange NDR", "Exchange: X-MS-Exchange-Message-Is-Ndr",
         lambda m: bool(m.header_all("X-MS-Exchange-Message-Is-Ndr")), BOUNCE),
    rule("failed recipients", "Exim and Gmail: X-Failed-Recipients",
         lambda m: bool(m.header("X-Failed-Recipients")), BOUNCE),
    rule("Exchange's own address", "Exchange Online: reports come from MicrosoftExchange…@",
         lambda m: re.match(r"microsoftexchange[0-9a-f]{6,}$", _local(m)) is not None, BOUNCE),
    rule("mailer-daemon", "RFC 5321 §4.5.5 and old custom: the name of the program that returns mail",
         lambda m: re.match(r"mailer-?daemon$", _local(m)) is not None, BOUNCE),
    rule("postmaster returns mail", "RFC 5321 §4.5.5: null sender; the subject is the second signal",
         lambda m: _local(m) == "postmaster" and (_null_sender(m) or _subject_says(m, BOUNCE)), BOUNCE),
    rule("null sender with the subject of a bounce", "RFC 5321 §4.5.5",
         lambda m: _null_sender(m) and _subject_says(m, BOUNCE), BOUNCE),
    rule("null sender with the subject of a receipt", "RFC 5321 §4.5.5; RFC 8098 §2.1",
         lambda m: _null_sender(m) and _subject_says(m, RECEIPT), RECEIPT),
    # calendars
    rule("answer to a meeting", "RFC 5546: METHOD REPLY, COUNTER, CANCEL, REFRESH or DECLINECOUNTER",
         lambda m: _meeting(m) in ("reply", "counter", "cancel", "refresh", "declinecounter"), CALENDAR),
    rule("meeting request", "RFC 5546: METHOD REQUEST",
         lambda m: _meeting(m) == "request", CALENDAR),
    rule("calendar message of Outlook", "Exchange: Content-Class urn:content-classes:calendarmessage",
         lambda m: "calendarmessage" in m.header("Content-Class").lower(), CALENDAR),
    # machines by their own word
    rule("web form by its look", "a form's mail carries Auto-Submitted though a person wrote it (DESIGN.md)",
         lambda m: _auto_submitted(m) == "auto-generated" and _looks_like_a_form(m), HUMAN),
    rule("a program asks for a person", "platforms that write for people say auto-generated; a person looks",
         lambda m: _auto_submitted(m) == "auto-generated" and _asks_for_somebody(m), UNKNOWN),
    rule("auto-submitted", "RFC 3834 §5: any keyword but no",
         lambda m: bool(_auto_submitted(m)), AUTO_REPLY),
    rule("autoreply header", "custom of mail servers: X-Autoreply, X-Autorespond, X-Autoresponder and the like",
         lambda m: _says(m, "X-Autoreply", "X-Auto-Reply", "X-AutoReply-From", "X-Autorespond", "X-Autoresponder",
                         "X-Autorespond-To", "X-Autogenerated", "X-Mail-Autoreply", "X-Vacation",
                         "X-Auto-Reply-From"), AUTO_REPLY),
    rule("precedence auto_reply", "custom of vacation programs: Precedence: auto_reply",
         lambda m: _precedence(m) == "auto_reply", AUTO_REPLY),
    rule("FirstClass machine", "FirstClass: X-FC-MachineGenerated",
         lambda m: _says(m, "X-FC-MachineGenerated"), AUTO_REPLY),
    rule("autoresponder message class", "SmarterMail and others: X-POST-MessageClass: 9; Autoresponder",
         lambda m: "autorespond" in m.header("X-POST-MessageClass").lower(), AUTO_REPLY),
    rule("Apple vacation", "Apple Mail server: X-Apple-Action: VACATION",
         lambda m: "vacation" in m.header("X-Apple-Action").lower()
         or "vacation" in m.header("X-Apple-Criteria").lower(), AUTO_REPLY),
    rule("Exchange mailbox rule", "Exchange: X-MS-Exchange-Generated-Message-Source: Mailbox Rules Agent",
         lambda m: "mailbox rules agent" in m.header("X-MS-Exchange-Generated-Message-Source").lower()
         and bool(m.header("X-Auto-Response-Suppress")), AUTO_REPLY),
    rule("Exchange out of office", "Exchange: X-Auto-Response-Suppress together with X-MS-Exchange-Inbox-Rules-Loop",
         lambda m: bool(m.header("X-Auto-Response-Suppress"))
         and bool(m.header("X-MS-Exchange-Inbox-Rules-Loop")), AUTO_REPLY),
    rule("empty return path", "RFC 5321 §4.5.5: bounces, receipts and vacation notices have a null sender",
         _null_sender, AUTO_REPLY),
    # subjects, never alone
    rule("subject of a receipt and a second signal", "Outlook's and Exchange's subjects in four languages",
         lambda m: _subject_says(m, RECEIPT) and _second_signal(m) and not _says_no(m), RECEIPT),
    rule("subject of a bounce and a second signal", "servers' subjects in four languages",
         lambda m: _subject_says(m, BOUNCE) and _second_signal(m) and not _says_no(m), BOUNCE),
    rule("subject of an automatic reply and a second signal", "clients' subjects in four languages",
         lambda m: _subject_says(m, AUTO_REPLY) and _second_signal(m) and not _says_no(m), AUTO_REPLY),
    rule("subject and words of an automatic reply", "providers that set no header",
         lambda m: _subject_says(m, AUTO_REPLY) and not _says_no(m) and _reads_as_automatic(m)
         and not _asks_something(m), AUTO_REPLY),
    rule("says that it is automatic", "providers that set no header; only where it asks nothing",
         lambda m: _declares_itself(m) and not _says_no(m) and not _asks_something(m), AUTO_REPLY),
    rule("may be automatic", "subject or words of a machine without a second signal: a person looks",
         lambda m: not _says_no(m) and (_declares_itself(m) or any(
             _subject_says(m, kind) for kind in (AUTO_REPLY, BOUNCE, RECEIPT))), UNKNOWN),
    # lists: a person may have written
    rule("mailing list", "RFC 2369, RFC 2919: List-* headers; Precedence list, bulk or junk",
         lambda m: any(m.header(name) for name in ("List-Id", "List-Unsubscribe", "List-Post", "List-Help"))
         or _precedence(m) in ("list", "bulk", "junk"), LIST),
    rule("no From", "RFC 5322 §3.6: a mail has one; a person looks", lambda m: not m.senders, UNKNOWN),
)  # fmt: skip
