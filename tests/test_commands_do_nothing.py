"""Raw messages that must do nothing: no letter leaves, no draft and no case changes, and a true yes still works.

Each row is a whole mail as it lands, with the words between braces filled in from drafts that are really open: codes
and Message-IDs are known at run time only. A group of rows is delivered together and the bot runs; when anything
changed, its rows are played once more, each alone, so that each test fails by itself.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from bot.casebook.schema import Ask, Case, Letter, Message
from bot.context import Bot
from bot.letters import content_of
from bot.sandbox import people
from bot.sandbox.exchange import crlf, non_delivery_report
from bot.sandbox.stage import ACCOUNTS, DEPUTY, MAILBOX, MANAGEMENT, STAFF, Stage
from tests.conftest import MONDAY_MORNING
from tests.staff_mail import FORMS, Writer, forward, html_of
from tests.world import INZAGE, World, parsed, text_of

pytestmark = pytest.mark.long

# --- how a mail comes in ---------------------------------------------------------------------------------------------

INSIDE: Mapping[str, Any] = {"internal": True}
"""From an account of the tenant; the border stamps AuthAs: Internal."""
OUTSIDE: Mapping[str, Any] = {}
"""From anywhere, and the border says dmarc=pass for the domain of its From."""
FORGED: Mapping[str, Any] = {"dmarc": "fail", "spf": "fail", "dkim": "none"}
"""From anywhere, with an address of ours in From."""
AS_IT_IS: Mapping[str, Any] = {"as_it_is": True}
"""With the stamps that stand in the raw message: a connector let them through."""

GENUINE = (
    "Received: from DB9PR04MB8477.eurprd04.prod.outlook.com by AS8PR04MB8788.eurprd04.prod.outlook.com; {date}\n"
    "Authentication-Results: dkim=none (message not signed) header.d=none;dmarc=none action=none "
    "header.from=lesseausoap.com;\n"
    "X-MS-Exchange-Organization-AuthSource: DB9PR04MB8477.eurprd04.prod.outlook.com\n"
    "X-MS-Exchange-Organization-AuthAs: Internal\n"
)
"""What stands on a mail of an account of the tenant."""
BORDER = GENUINE.replace("AuthAs: Internal", "AuthAs: Anonymous").replace(
    "dkim=none (message not signed) header.d=none;dmarc=none action=none",
    "spf=fail smtp.mailfrom=mailer.example; dkim=none header.d=none;dmarc=fail action=oreject",
)
"""What stands on a mail from outside with an address of ours in From."""

PRIVACY = f"Privacy LESSEAU <{STAFF}>"


def head(
    sender: str = PRIVACY, subject: str = "Re: {subject}", answers: str = "{id}", more: str = "", to: str = MAILBOX
) -> str:
    """The headers of an answer; `answers` is the Message-ID that it names, if any."""
    thread = f"In-Reply-To: {answers}\nReferences: {answers}\n" if answers else ""
    return (
        f"From: {sender}\nTo: LESSEAU <{to}>\nSubject: {subject}\nDate: {{date}}\nMessage-ID: <{{row}}@mail.example>\n"
        f"{thread}{more}MIME-Version: 1.0\n"
    )


PLAIN = "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n"
HTML = "Content-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n"
ATTRIBUTION = "Op ma 2 mrt 2026 om 09:30 schreef LESSEAU <info@lesseausoap.com>:"
BELOW = f"\n\n{ATTRIBUTION}\n\n{{quote}}\n"
"""The draft as Gmail quotes it."""
RICH_BELOW = (
    '<br><div class="gmail_quote"><div dir="ltr" class="gmail_attr">' + ATTRIBUTION.replace("<", "&lt;") + "<br></div>"
    '<blockquote class="gmail_quote" style="border-left:1px solid">{html}</blockquote></div>'
)


def says(words: str, below: str = BELOW, **headers: str) -> str:
    """An answer in plain text, above the quoted draft."""
    return f"{head(**headers)}{PLAIN}{words}{below}"


def shows(words: str, below: str = RICH_BELOW, top: str = "", **headers: str) -> str:
    """An answer in HTML, above the quoted draft."""
    return f"{head(**headers)}{HTML}<html><head>{top}</head><body>{words}{below}</body></html>\n"


def parts(*bodies: str, kind: str = "mixed", **headers: str) -> str:
    """An answer of several parts, each with its own headers."""
    inner = "".join(f"--teil\n{body}\n" for body in bodies)
    return f'{head(**headers)}Content-Type: multipart/{kind}; boundary="teil"\n\n{inner}--teil--\n'


# --- the stage -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Drafts:
    """What is at the desk: an open draft, the draft that it replaced, another case's, and one that was approved."""

    open: EmailMessage
    replaced: EmailMessage
    other: EmailMessage
    approved: EmailMessage
    used: bytes
    """The mail that approved it, as it was sent."""


@dataclass(frozen=True, slots=True)
class Row:
    """One mail: its name, the raw message or what makes it, what the ledger says of it, and how it comes in."""

    name: str
    raw: str | Callable[["Desk"], bytes | EmailMessage]
    why: str
    how: Mapping[str, Any] = field(default_factory=lambda: INSIDE)


@dataclass(frozen=True, slots=True)
class Book:
    """What must not change."""

    letters: tuple[tuple[Any, ...], ...]
    cases: tuple[tuple[Any, ...], ...]
    questions: tuple[tuple[Any, ...], ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a batch of mails did, and what the ledger says of each: `why` by the name of the row."""

    before: Book
    after: Book
    left: tuple[tuple[str, tuple[str, ...], str], ...]
    """Of each mail that left: its template, its recipients, and the From of the mail that it answers."""
    why: Mapping[str, str]


class Desk:
    """A stage with drafts at the desk, and what mails do to them."""

    def __init__(self, folder: Path, ends: ExitStack) -> None:
        self.stage = ends.enter_context(Stage(folder, MONDAY_MORNING, messages_per_minute=0))
        self.world = World(self.stage)
        self.world.run()
        self.looks: Bot = self.world.bot()
        ends.callback(self.looks.close)
        for name, address in (("Hanneke Verbrugge", people.HANNEKE), ("Wilma Tuinstra", people.WILMA),
                              ("Gijs Oudejans", people.GIJS)):  # fmt: skip
            self.stage.customer_mails(name, address, "Mijn gegevens", INZAGE.replace("Hanneke Verbrugge", name))
        self.world.run(minutes=1)
        drafts = self._asked()
        assert len(drafts) == 3
        replaced, other, approved = (
            next(draft for draft in drafts if address in text_of(draft))
            for address in (people.HANNEKE, people.WILMA, people.GIJS)
        )
        self.stage.staff_reply(replaced, "niet akkoord het oude adres staat er nog in")
        used = self.stage.staff_reply(approved, "akkoord")
        self.world.run(minutes=5)
        (new,) = self._asked()[3:]
        self.drafts = Drafts(new, replaced, other, approved, bytes(used))
        self.rows = 0

    def _asked(self) -> list[EmailMessage]:
        return [mail for mail in self.world.to(STAFF) if str(mail["Subject"]).startswith("Akkoord?")]

    def filled(self, raw: str) -> bytes:
        """A raw message with its braces filled in."""
        words = {
            "row": f"rij.{self.rows}",
            "date": format_datetime(self.stage.now),
            "subject": str(self.drafts.open["Subject"]),
            "id": str(self.drafts.open["Message-ID"]),
            "code": _code(self.drafts.open),
            "text": text_of(self.drafts.open),
            "quote": "\n".join(f"> {line}".rstrip() for line in text_of(self.drafts.open).splitlines()),
            "html": html_of(self.drafts.open),
        }
        for name in ("replaced", "other", "approved"):
            draft = getattr(self.drafts, name)
            words |= {f"{name}_id": str(draft["Message-ID"]), f"{name}_subject": str(draft["Subject"]),
                      f"{name}_code": _code(draft)}  # fmt: skip
        for name, value in words.items():
            raw = raw.replace(f"{{{name}}}", value)
        return raw.encode("utf-8", "surrogateescape")

    def receives(self, rows: Sequence[Row]) -> Outcome:
        """Delivers mails, lets the bot work, and tells what came of it."""
        self.stage.later(minutes=1)
        before, seen, left = self.book(), self._last_row(), len(self.stage.graph.outgoing)
        names: dict[str, str] = {}
        senders: dict[str, str] = {}
        for row in rows:
            raw = self._deliver(row)
            mail = parsed(raw)
            names[str(mail["Message-ID"]).strip()] = row.name
            senders[str(mail["Message-ID"]).strip()] = str(mail["From"])
        self.world.run()
        with self.looks.store.read() as session:
            templates = {one.message_id: one.template for one in session.scalars(select(Letter))}
            taken = list(session.scalars(select(Message).where(Message.id > seen)))
        sent = [
            (templates[one.message_id], one.recipients, senders.get(str(parsed(one.raw)["In-Reply-To"]), ""))
            for one in self.stage.graph.outgoing[left:]
        ]
        why = {names[one.message_id]: f"{one.disposition}: {one.reason}" for one in taken}
        return Outcome(before, self.book(), tuple(sent), why)

    def _deliver(self, row: Row) -> bytes:
        self.rows += 1
        raw = crlf(self.filled(row.raw) if isinstance(row.raw, str) else bytes(row.raw(self)))
        how = dict(row.how)
        if how.pop("as_it_is", False):
            box = self.stage.graph.mailboxes[MAILBOX]
            with self.stage.graph.lock:
                box.add(raw, box.folder_at("inbox"), from_outside=True)
        else:
            self.stage.graph.deliver(raw, **how)
        return raw

    def book(self) -> Book:
        """Letters to others than staff with their words, cases, and the questions that were open at the start."""
        with self.looks.store.read() as session:
            letters = [
                (one.id, one.template, one.state, one.draft_hash, one.approved_by, one.approved_hash, one.recipients,
                 one.sent_at, content_of(self.looks, one))
                for one in session.scalars(select(Letter).where(Letter.audience != "staff").order_by(Letter.id))
                if one.template != "did_nothing"
            ]  # fmt: skip
            cases = [
                (one.reference, one.right, one.state, one.outcome, one.changed, one.closed, one.extended)
                for one in session.scalars(select(Case).order_by(Case.id))
            ]
            questions = [
                (one.key, one.bound_hash, str(one.detail), one.closed, one.closed_by, one.outcome)
                for one in session.scalars(select(Ask).where(Ask.kind == "approve").order_by(Ask.id))
            ]
        return Book(tuple(letters), tuple(cases), tuple(questions))

    def _last_row(self) -> int:
        with self.looks.store.read() as session:
            return max(session.scalars(select(Message.id)), default=0)


def _code(draft: EmailMessage) -> str:
    return str(draft["Subject"]).rpartition("#")[2]


# --- the rows: whose words -------------------------------------------------------------------------------------------

NO_WORDS = "did nothing: unclear command"
UNCLEAR = "did nothing: unclear command"
WHOSE = "did nothing: unclear reply"
COLLEAGUE = f"Winkel LESSEAU <{DEPUTY}>"
OUTLOOK_NL = (
    f"\n\nVan: {COLLEAGUE}\nVerzonden: maandag 2 maart 2026 09:30\nAan: {PRIVACY}\nOnderwerp: Re: {{subject}}\n\n"
    "akkoord\n\n{quote}\n"
)
OUTLOOK_EN = (
    f"\n\nFrom: {COLLEAGUE}\nSent: Monday, March 2, 2026 9:30 AM\nTo: {PRIVACY}\nSubject: Re: {{subject}}\n\n"
    "akkoord\n\n{quote}\n"
)
HEADING = (
    f"<b>Van:</b> Winkel LESSEAU &lt;{DEPUTY}&gt;<br><b>Verzonden:</b> maandag 2 maart 2026 09:30<br>"
    f"<b>Aan:</b> Privacy LESSEAU &lt;{STAFF}&gt;<br><b>Onderwerp:</b> Re: {{subject}}"
)

QUOTED = [
    Row("quoted below the heading of Outlook in Dutch", says("", OUTLOOK_NL), NO_WORDS),
    Row("quoted below the heading of Outlook in English", says("Ik kijk morgen.", OUTLOOK_EN), UNCLEAR),
    Row(
        "quoted below the line of Gmail",
        says("", f"\n\nOp ma 2 mrt 2026 om 09:30 schreef Winkel LESSEAU <{DEPUTY}>:\n\n> akkoord\n>\n{{quote}}\n"),
        NO_WORDS,
    ),
    Row(
        "quoted below the line of Apple Mail",
        says(
            "Verstuurd vanaf mijn iPhone",
            f"\n\n> Op 2 mrt 2026 om 09:30 heeft Winkel LESSEAU <{DEPUTY}> het volgende geschreven:\n>\n> akkoord\n",
        ),
        NO_WORDS,
    ),
    Row("behind a sign of quoting", says("> akkoord"), NO_WORDS),
    Row("quoted between lines of the draft", says("", "{quote}\n\nakkoord\n\n{quote}\n"), NO_WORDS),
    Row("in a blockquote", shows("<p></p>", "<blockquote type=cite><p>akkoord</p>{html}</blockquote>"), NO_WORDS),
    Row(
        "in the quote of Gmail",
        shows(
            "<div>Ik zoek het uit.</div>",
            '<div class="gmail_quote"><div class="gmail_attr">Op ma 2 mrt 2026 om 09:30 schreef Winkel:</div>'
            '<blockquote class="gmail_quote"><div>akkoord</div>{html}</blockquote></div>',
        ),
        UNCLEAR,
    ),
    Row(
        "below the mark of Outlook",
        shows("<div><br></div>", f'<hr><div id="divRplyFwdMsg">{HEADING}</div><div>akkoord</div><div>{{html}}</div>'),
        NO_WORDS,
    ),
    Row(
        "below the rule of Outlook for Windows, without a mark",
        shows(
            "<p class=MsoNormal>&nbsp;</p>",
            "<div style='border:none;border-top:solid #E1E1E1 1.0pt'><p class=MsoNormal>" + HEADING + "</p></div>"
            "<p class=MsoNormal>akkoord</p>{html}",
        ),
        NO_WORDS,
    ),
    Row(
        "an empty reply from Outlook on the web",
        lambda desk: FORMS["Outlook web"](desk.drafts.open, "", Writer(desk.stage.now)),
        NO_WORDS,
    ),
    Row(
        "an empty reply from Outlook for Windows",
        lambda desk: FORMS["Outlook desktop"](desk.drafts.open, "", Writer(desk.stage.now)),
        NO_WORDS,
    ),
    Row("only in the subject", says("", subject="Akkoord #{code}"), NO_WORDS),
    Row("only in the signature", says("\n\n-- \nAkkoord", ""), NO_WORDS),
    Row("in the signature below other words", says("Ik kijk morgen.\n\n-- \nakkoord"), UNCLEAR),
    Row(
        "only in an attachment",
        parts(
            PLAIN + BELOW,
            'Content-Type: text/plain; name="akkoord.txt"\nContent-Disposition: attachment; filename="akkoord.txt"\n\n'
            "akkoord\n",
        ),
        NO_WORDS,
    ),
    Row(
        "only in an attached mail",
        parts(PLAIN + "Zie bijlage.", f"Content-Type: message/rfc822\n\n{head()}{PLAIN}akkoord\n"),
        UNCLEAR,
    ),
    Row(
        "in hidden HTML above other words",
        shows('<div style="display:none">akkoord</div><div>Ik kijk er morgen naar.</div>'),
        WHOSE,
    ),
    Row("white on white", shows('<p><font color="#ffffff">akkoord</font></p><p>Groet,<br>Sanne</p>'), WHOSE),
    Row(
        "hidden by a style sheet",
        shows('<p class="x">akkoord</p><p>Groet,<br>Sanne</p>', top="<style>.x {display: none}</style>"),
        WHOSE,
    ),
    Row(
        "outside the window",
        shows('<p style="position:absolute;left:-9999px">akkoord</p><p>Groet,<br>Sanne</p>'),
        WHOSE,
    ),
    Row("in a comment of HTML", shows("<!-- akkoord --><p>Groet,<br>Sanne</p>"), UNCLEAR),
    Row("struck out", shows("<p><s>akkoord</s></p><p>Groet,<br>Sanne</p>"), UNCLEAR),
    Row(
        "in the text part, while the HTML says otherwise",
        parts(PLAIN + "akkoord" + BELOW, HTML + "<p>Ik kijk er morgen naar.</p>" + RICH_BELOW, kind="alternative"),
        WHOSE,
    ),
    Row(
        "in the HTML, while the text part says otherwise",
        parts(
            PLAIN + "niet akkoord de aanhef klopt niet" + BELOW,
            HTML + "<p>akkoord</p>" + RICH_BELOW,
            kind="alternative",
        ),
        WHOSE,
    ),
]

# --- the rows: which words -------------------------------------------------------------------------------------------

LONG = "Ik heb het nagelezen en met de winkel besproken, en wij twijfelen nog over het adres.\n" * 1_200
WORDS = [
    "ik ben er niet akkoord mee",
    "nog niet akkoord",
    "niet akkoord",
    "geen akkoord",
    "akkoord, maar haal het adres eruit",
    "akkoord?",
    "akkoord?!",
    "akkoord (?)",
    "akkoord\n???",
    "? akkoord",
    "[ ] akkoord",
    "akkoord als het adres klopt",
    "akkoord mits Bram het ziet",
    "bijna akkoord",
    "akkoord ga ik hier niet mee",
    "wie gaf akkoord",
    "akkoord\nniet akkoord te laat",
    "akkoord\n\n👎",
    "akkoord ❌",
    "👍",
    "👍👍👍",
    "\n\n \n",
    "Ja, doe maar",
    "prima",
    "gedaan",
    "a\u200bk\u200bkoord",
    "аkkoord",
    "akkoοrd",
    "niet\u00adakkoord",
    "Beste Sanne wacht even\n\nakkoord",
    "Hoi nog niet, akkoord",
    "akkoord, dank Sanne maar wacht even",
    "akkoord\nBedankt Sanne maar wacht nog even",
    "akkoord\n\nGroet,\nSanne\n(nog niet versturen)",
    "akkoord\n\nGroet,\nSanne\n\nNB: eerst het adres aanpassen",
    "akkoord, thanks but not yet",
]
SAID = [
    *(
        Row(f"the words {words.strip()!r}", says(words), "not possible here" if words == "gedaan" else UNCLEAR)
        for words in WORDS
    ),
    Row("a yes somewhere in 100 kB of text", says(LONG + "akkoord\n" + LONG[:3_000]), UNCLEAR),
    Row(
        "a reaction with a thumb from Outlook",
        says(
            "👍 Privacy LESSEAU heeft gereageerd op uw bericht:\n\n{text}",
            "",
            subject="👍 Reactie: {subject}",
            more="X-MS-Reactions: disallow\n",
        ),
        UNCLEAR,
    ),
    Row(
        "a body that is encrypted with S/MIME",
        head() + 'Content-Type: application/pkcs7-mime; smime-type=enveloped-data; name="smime.p7m"\n'
        "Content-Transfer-Encoding: base64\n\nYWtrb29yZA==\n",
        "parked: encrypted (S/MIME)",
    ),
    Row(
        "a body that Microsoft protects",
        parts(
            PLAIN + "akkoord",
            'Content-Type: application/x-microsoft-rpmsg-message; name="message.rpmsg"\n'
            'Content-Disposition: attachment; filename="message.rpmsg"\nContent-Transfer-Encoding: base64\n\ndsE=\n',
        ),
        "parked: protected by Microsoft",
    ),
]

# --- the rows: which draft -------------------------------------------------------------------------------------------

CODES = [
    Row("the code of an approved draft", says("akkoord", subject="Re: {approved_subject}", answers=""), "spent code"),
    Row(
        "the code of an approved draft, in the thread of the open one",
        says("akkoord", subject="Re: {approved_subject}"),
        "another draft",
    ),
    Row("the same mail that approved a draft, once more", lambda desk: desk.drafts.used, "spent code"),
    Row(
        "the code of a replaced draft",
        says("akkoord", subject="Re: {replaced_subject}", answers="{replaced_id}"),
        "spent code",
    ),
    Row(
        "the code of another case, in the thread of the open draft",
        says("akkoord", subject="Re: {other_subject}"),
        "another draft",
    ),
    Row("the open code, in the thread of another case", says("akkoord", answers="{other_id}"), "another draft"),
    Row(
        "the open code, in the thread of the replaced draft", says("akkoord", answers="{replaced_id}"), "another draft"
    ),
    Row("two codes in one subject", says("akkoord", subject="Re: {subject} #{other_code}"), "several codes"),
    Row("a code of nobody", says("akkoord", subject="Akkoord #abcdefgh234567ab", answers=""), "unknown code"),
    Row(
        "a code without its last letter",
        lambda desk: desk.filled(says("akkoord", subject="Akkoord #{code}")).replace(
            _code(desk.drafts.open).encode(), _code(desk.drafts.open)[:-1].encode(), 1
        ),
        "no code",
    ),
    Row("the code in the text only", says("akkoord #{code}", subject="Re: Akkoord"), "no code"),
    Row("no code, in the thread", says("akkoord", subject="Re: uw concept"), "no code"),
    Row("no code and no thread", says("akkoord", "", subject="akkoord", answers=""), ""),
    Row(
        "no code, with the reference of the case",
        says("akkoord", "", subject="[LES-2026-0001]", answers=""),
        "staff-question",
    ),
]

# --- the rows: who writes --------------------------------------------------------------------------------------------

NOT_GENUINE = "did nothing: not genuine"
STRANGER = "names a request that its sender is no party of"
LISTED_TWICE = GENUINE + "X-MS-Exchange-Organization-AuthAs: Anonymous\n"
SENDERS = [
    Row("from outside", says("akkoord", sender="Bram <bram@elders.example>"), STRANGER, OUTSIDE),
    Row("from outside, a no", says("niet akkoord te laat", sender="Bram <bram@elders.example>"), STRANGER, OUTSIDE),
    Row(
        "from outside, a new text",
        says("tekst:\nStuur alles naar Bram.", sender="Bram <bram@elders.example>"),
        STRANGER,
        OUTSIDE,
    ),
    Row(
        "from the customer",
        says("akkoord", sender=f"Hanneke Verbrugge <{people.HANNEKE}>"),
        "joined: our letter or reference, from a party",
        OUTSIDE,
    ),
    Row(
        "from a domain that looks like ours",
        says("akkoord", sender="Privacy LESSEAU <privacy@lesseausoap.co>"),
        STRANGER,
        OUTSIDE,
    ),
    Row(
        "from a domain with a Cyrillic letter",
        says("akkoord", sender="Privacy <privacy@lesseausоap.com>"),
        STRANGER,
        OUTSIDE,
    ),
    Row(
        "from a domain that begins with ours",
        says("akkoord", sender="Privacy <privacy@lesseausoap.com.example>"),
        STRANGER,
        OUTSIDE,
    ),
    Row(
        "from outside, with the address of staff as its name",
        says("akkoord", sender=f'"{STAFF}" <bram@elders.example>'),
        STRANGER,
        OUTSIDE,
    ),
    Row(
        "from outside, with the address of staff in a comment",
        says("akkoord", sender=f"bram@elders.example ({STAFF})"),
        STRANGER,
        OUTSIDE,
    ),
    Row("from staff, they say, with dmarc=fail", says("akkoord"), NOT_GENUINE, FORGED),
    Row("from staff, they say, with stamps of their own", GENUINE + says("akkoord"), NOT_GENUINE, FORGED),
    Row("from staff, they say, without any verdict", says("akkoord"), NOT_GENUINE, {"authentication": "none"}),
    Row("from a listed address outside the tenant, with dmarc=pass", says("akkoord"), NOT_GENUINE, OUTSIDE),
    Row("AuthAs twice, Internal first", LISTED_TWICE + says("akkoord"), NOT_GENUINE, AS_IT_IS),
    Row(
        "AuthAs twice, Internal last",
        "X-MS-Exchange-Organization-AuthAs: Anonymous\n" + GENUINE + says("akkoord"),
        NOT_GENUINE,
        AS_IT_IS,
    ),
    Row(
        "AuthAs twice, both Internal",
        GENUINE + "X-MS-Exchange-Organization-AuthAs: Internal\n" + says("akkoord"),
        NOT_GENUINE,
        AS_IT_IS,
    ),
    Row(
        "AuthAs Anonymous",
        GENUINE.replace("AuthAs: Internal", "AuthAs: Anonymous") + says("akkoord"),
        NOT_GENUINE,
        AS_IT_IS,
    ),
    Row(
        "AuthAs Internal below the stamps of the border", BORDER + says("akkoord", more=GENUINE), NOT_GENUINE, AS_IT_IS
    ),
    Row(
        "AuthAs of another tenant alone",
        GENUINE.replace("Organization-Auth", "CrossTenant-Auth") + says("akkoord"),
        NOT_GENUINE,
        AS_IT_IS,
    ),
    Row(
        "AuthSource of a stranger",
        GENUINE.replace(
            "eurprd04.prod.outlook.com\nX-MS-Exchange-Organization-AuthAs",
            "prod.outlook.com.elders.example\nX-MS-Exchange-Organization-AuthAs",
        )
        + says("akkoord"),
        NOT_GENUINE,
        AS_IT_IS,
    ),
    Row(
        "Internal, and yet dmarc=fail",
        GENUINE.replace("dmarc=none", "dmarc=fail") + says("akkoord"),
        NOT_GENUINE,
        AS_IT_IS,
    ),
    Row(
        "a verdict below the first says fail",
        GENUINE + "Authentication-Results: spf=fail smtp.mailfrom=mailer.example\n" + says("akkoord"),
        NOT_GENUINE,
        AS_IT_IS,
    ),
    Row("another Sender", says("akkoord", more="Sender: assistent@elders.example\n"), NOT_GENUINE),
    Row("another Reply-To", says("akkoord", more="Reply-To: bram@elders.example\n"), NOT_GENUINE),
    Row("two addresses in From", says("akkoord", sender=f"{PRIVACY}, Bram <bram@elders.example>"), NOT_GENUINE),
    Row("two From headers", says("akkoord", more="From: Bram <bram@elders.example>\n"), NOT_GENUINE),
    Row("from management", says("akkoord", sender=f"Directie LESSEAU <{MANAGEMENT}>"), "did nothing: not staff"),
    Row("from somebody who left", says("akkoord", sender="Oud <oud.collega@lesseausoap.com>"), STRANGER),
]

# --- the rows: machines and copies -----------------------------------------------------------------------------------


def report(kind: str, said: str) -> str:
    """The machine part of a report."""
    return f"Content-Type: message/{kind}\n\n{said}\n"


RETURNED = f"Content-Type: message/rfc822\n\nMessage-ID: {{id}}\nSubject: {{subject}}\n{PLAIN}akkoord\n\n{{text}}\n"


def bounce(desk: Desk) -> bytes:
    """Exchange tells that an answer of staff to somebody else did not arrive; it returns the draft with it."""
    answer = desk.filled(says("akkoord", to="bram@elders.example"))
    return non_delivery_report(
        answer, sender=STAFF, recipient="bram@elders.example", status="5.1.10", text="550 5.1.10 not found",
        action="failed", at=desk.stage.now,
    )  # fmt: skip


MACHINES = [
    Row(
        "an absence that quotes the draft",
        says(
            "akkoord\n\nIk ben afwezig tot maandag.",
            subject="Automatisch antwoord: {subject}",
            more="Auto-Submitted: auto-replied\n",
        ),
        "automatic: auto-submitted",
    ),
    Row(
        "an absence known by its rule header alone",
        says(
            "akkoord",
            subject="Automatisch antwoord: {subject}",
            more="X-Auto-Response-Suppress: All\nX-MS-Exchange-Inbox-Rules-Loop: privacy@lesseausoap.com\n",
        ),
        "automatic: Exchange out of office",
    ),
    Row(
        "an absence known by its null sender alone",
        says("akkoord"),
        "automatic: empty return path",
        {"internal": True, "mail_from": ""},
    ),
    Row(
        "an absence known by its words alone",
        says("Ik ben afwezig tot maandag. Voor akkoord kunt u terecht bij Winkel."),
        UNCLEAR,
    ),
    Row(
        "an absence known by its subject alone",
        says("akkoord", subject="Afwezig: {subject}"),
        "did nothing: perhaps no person",
    ),
    Row(
        "a read receipt",
        parts(
            PLAIN + "akkoord",
            report("disposition-notification", "Disposition: manual-action; displayed"),
            RETURNED,
            kind="report; report-type=disposition-notification",
            subject="Gelezen: {subject}",
        ),
        "automatic: read receipt",
    ),
    Row(
        "a delivery receipt",
        parts(
            PLAIN + "akkoord",
            report(
                "delivery-status",
                f"Reporting-MTA: dns;mx.example\n\nFinal-Recipient: rfc822;{STAFF}\nAction: delivered\nStatus: 2.1.5",
            ),
            RETURNED,
            kind="report; report-type=delivery-status",
            subject="Bezorgd: {subject}",
        ),
        "automatic: delivered, says Exchange",
    ),
    Row(
        "a bounce that returns the draft",
        bounce,
        "automatic: bounce of none of our letters",
        {"internal": True, "mail_from": ""},
    ),
    Row(
        "an accepted meeting",
        head(subject="Geaccepteerd: {subject}")
        + "Content-Type: text/calendar; method=REPLY; charset=utf-8\n\nBEGIN:VCALENDAR\nMETHOD:REPLY\n"
        "BEGIN:VEVENT\nSUMMARY:akkoord\nEND:VEVENT\nEND:VCALENDAR\n",
        "automatic: answer to a meeting",
    ),
    Row(
        "the draft, passed on by a rule of a mailbox",
        says(
            "akkoord",
            subject="FW: {subject}",
            more="X-MS-Exchange-Generated-Message-Source: Mailbox Rules Agent\nX-Auto-Response-Suppress: All\n",
        ),
        "automatic: Exchange mailbox rule",
    ),
    Row(
        "a copy of a mailing list",
        says("akkoord", more="List-Id: <winkel.lesseausoap.com>\nPrecedence: list\n"),
        "perhaps no person: mailing list",
    ),
    Row(
        "the draft itself, passed on untouched",
        lambda desk: bytes(desk.drafts.open),
        "own: our own mark",
        {"internal": True},
    ),
    Row("from our own address", says("akkoord", sender=f"LESSEAU <{MAILBOX}>"), STRANGER),
    Row(
        "from our own address, with its code and no thread",
        says("akkoord", "", sender=f"LESSEAU <{MAILBOX}>", subject="Akkoord #{code}", answers=""),
        "",  # the sorter reads the code as a word: a person may be asked what the mail is
    ),
    Row(
        "the draft, passed on by staff with a yes above it",
        lambda desk: forward(desk.drafts.open, "akkoord", Writer(desk.stage.now)),
        "did nothing: forwarded",
    ),
    Row("the draft, passed on in English", says("akkoord", subject="Fwd: {subject}"), "did nothing: forwarded"),
    Row(
        "the draft, passed on by a stranger",
        says("akkoord", subject="Fwd: {subject}", answers="", sender="Bram <bram@elders.example>"),
        STRANGER,
        OUTSIDE,
    ),
    Row(
        "a yes below the heading of a forward",
        says(
            "",
            f"---------- Forwarded message ---------\nVan: {COLLEAGUE}\nDatum: ma 2 mrt 2026 om 09:30\n"
            "Onderwerp: Re: {subject}\nAan: <info@lesseausoap.com>\n\nakkoord\n\n{quote}\n",
        ),
        "did nothing: forwarded",
    ),
]

GROUPS: Mapping[str, Sequence[Row]] = {
    "quoted": QUOTED,
    "said": SAID,
    "codes": CODES,
    "senders": SENDERS,
    "machines": MACHINES,
}


# --- the tests -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Played:
    """What each group of rows did (each row alone, where one of them did something), and a true yes after all."""

    outcomes: Mapping[str, Outcome]
    before: Book
    after: Book
    left: tuple[tuple[str, ...], ...]
    unmodelled: Sequence[str]


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    """All groups on one stage; a new one after a row that did something, so that the others are judged fairly."""
    outcomes: dict[str, Outcome] = {}
    with ExitStack() as ends:

        def new_desk() -> Desk:
            return Desk(tmp_path_factory.mktemp("desk") / "shop", ends)

        desk = new_desk()
        for rows in GROUPS.values():
            found = desk.receives(rows)
            outcomes |= dict.fromkeys((row.name for row in rows), found)
            if found.before == found.after:
                continue
            desk = new_desk()
            for row in rows:
                outcomes[row.name] = found = desk.receives([row])
                if found.before != found.after:
                    desk = new_desk()
        before, left = desk.book(), len(desk.stage.graph.outgoing)
        desk.receives([Row("a true yes", GENUINE + says("Akkoord\n\nGroet,\nSanne"), "", AS_IT_IS)])
        desk.world.run(minutes=1)
        recipients = tuple(one.recipients for one in desk.stage.graph.outgoing[left:])
        yield Played(outcomes, before, desk.book(), recipients, desk.stage.unmodelled)


ROWS = [pytest.param(row, id=f"{group}: {row.name}") for group, rows in GROUPS.items() for row in rows]


@pytest.mark.parametrize("row", ROWS)
def test_nothing_happens_on(played: Played, row: Row) -> None:
    found = played.outcomes[row.name]
    assert found.after.letters == found.before.letters
    assert found.after.cases == found.before.cases
    assert found.after.questions == found.before.questions
    for template, recipients, answered in found.left:
        (recipient,) = recipients
        if template == "did_nothing":
            assert recipient in ACCOUNTS
            assert f"<{recipient}>" in answered
        else:
            assert recipient in (STAFF, DEPUTY)
    assert row.why in found.why[row.name]


def test_after_all_of_them_a_true_yes_still_works(played: Played) -> None:
    assert played.left == ((people.HANNEKE,),)
    changed = set(played.after.letters) - set(played.before.letters)
    assert [(one[1], one[4]) for one in changed] == [("access_granted", STAFF)]
    assert [case[2] for case in played.after.cases].count("respond.delivery") == 2
    assert not played.unmodelled


def test_no_two_rows_have_one_name() -> None:
    assert len({row.name for rows in GROUPS.values() for row in rows}) == len(ROWS)
