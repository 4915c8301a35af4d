"""A scripted day of the shop: who mails what, and how customers and staff react to what the bot sends.

Everything is drawn from a seed, and each reaction from the mail that it answers, so that the same day can be played
with and without kills. All people are invented.
"""

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from email.utils import format_datetime
from urllib.parse import parse_qs, urlsplit

from bot.sandbox import people
from bot.sandbox.stage import ACCOUNTS, MAILBOX, Stage

CUSTOMERS = {
    people.HANNEKE: "Hanneke Verbrugge", people.DE_GROOT: "Pieter de Groot", people.FATIMA: "Fatima el Amrani",
    people.BRAM: "Bram Kuipers", people.SANNE: "Sanne Vis", people.GIJS: "Gijs Oudejans",
    people.WILMA: "Wilma Tuinstra", people.YUSUF: "Yusuf Demir", people.LOES: "Loes Akkerman",
    people.ILSE: "Ilse Bakhuis", people.THIJS: "Thijs Meerman", people.NOOR: "Noor Haverkamp",
    people.JUERGEN: "Jürgen Weiß", people.JAN: "Jan Verbrugge",
}  # fmt: skip
AWAY = (people.LOES, people.NOOR)  # answer every mail with an out-of-office
GONE = people.ILSE  # mail to this address comes back
ACCESS = (
    "Geachte heer, mevrouw,\n\nIk doe een beroep op mijn recht van inzage (artikel 15 AVG). Stuur mij een kopie van "
    "alle persoonsgegevens die u van mij heeft.\n\nMet vriendelijke groet,\n{name}",
    "Hallo,\n\nWelke persoonsgegevens hebben jullie van mij? Ik wil graag een kopie van al mijn gegevens "
    "(inzageverzoek AVG).\n\nGroet,\n{name}",
)
ORDERS = (
    "Hoi, wanneer wordt mijn bestelling bezorgd? Groet, {name}",
    "Goedemiddag, er zat een gebroken stuk zeep in mijn pakket. Kan ik een nieuw krijgen? {name}",
    "Hallo, is de lavendelzeep weer op voorraad? Groetjes {name}",
    "Kan ik mijn bestelling nog wijzigen? Ik wil graag twee stukken extra. {name}",
)
RIGHTS = (
    ("Verwijder mijn account", "Verwijder mijn account en wis al mijn persoonsgegevens (artikel 17 AVG). {name}",
     "wissing"),
    ("Onjuist adres", "Mijn adres in jullie administratie klopt niet. Ik verzoek u mijn persoonsgegevens te "
     "rectificeren (artikel 16 AVG). {name}", "rectificatie"),
    ("Bezwaar", "Ik maak bezwaar tegen de verwerking van mijn persoonsgegevens voor direct marketing (artikel 21 AVG). "
     "{name}", "bezwaar"),
    ("Beperking", "Ik verzoek om beperking van de verwerking van mijn persoonsgegevens (artikel 18 AVG). {name}",
     "beperking"),
)  # fmt: skip
DOUBTS = (
    "Kunnen jullie iets voor me doen met mijn gegevens? {name}",
    "Ik heb een vraag over privacy. Kunt u mij bellen? {name}",
)
ENOUGH = {
    "order": 84, "access": 28, "stranger": 14, "right": 16, "doubt": 14, "machine": 18, "forged": 8, "junk": 6,
    "attachment": 4, "twice": 4, "broken": 4,
}  # fmt: skip
"""How many mails of each kind a day of 200 has."""


@dataclass(frozen=True, slots=True)
class Scripted:
    """One mail of the script: when it arrives, from whom, and as what staff name it when they are asked."""

    at: datetime
    kind: str
    mail: EmailMessage
    truth: str
    folder: str = "inbox"
    envelope: dict[str, str] = field(default_factory=dict)
    touched: str = ""
    """What a colleague does with it before the bot reads it: read, moved and back, deleted."""


def script(seed: int, start: datetime, number: int, hours: float = 10.0) -> list[Scripted]:
    """`number` mails spread over so many hours, in the proportions of `ENOUGH`, oldest first."""
    chance = random.Random(seed)
    kinds = [kind for kind, enough in ENOUGH.items() for _ in range(enough)]
    chosen = kinds if number >= len(kinds) else [kinds[(2 * n + 1) * len(kinds) // (2 * number)] for n in range(number)]
    chance.shuffle(chosen)
    moments = sorted(start + timedelta(seconds=chance.uniform(0, hours * 3600)) for _ in chosen)
    scripted = []
    for n, (kind, at) in enumerate(zip(chosen, moments, strict=True)):
        scripted.append(_scripted(chance, n, kind, at.replace(microsecond=0)))
        if kind == "twice":  # the same mail reaches the mailbox again
            scripted.append(Scripted(at + timedelta(minutes=7), kind, scripted[-1].mail, scripted[-1].truth))
    scripted = sorted(scripted, key=lambda one: one.at)
    return scripted[:number] if number < len(scripted) else scripted


def _scripted(chance: random.Random, n: int, kind: str, at: datetime) -> Scripted:
    address, name = chance.choice(list(CUSTOMERS.items()))
    if kind in ("access", "twice", "attachment"):
        address, name = list(CUSTOMERS.items())[n % len(CUSTOMERS)]
    truth, envelope, folder = "", {}, "inbox"
    headers: dict[str, str] = {}
    subject, text = f"Vraag over mijn bestelling {n}", chance.choice(ORDERS)
    touched = chance.choice(("", "", "", "read", "moved and back"))
    match kind:
        case "access" | "twice" | "attachment":
            subject, text, truth, touched = f"Mijn gegevens {n}", chance.choice(ACCESS), "soort: inzage", ""
        case "stranger" | "junk":
            address, name = f"onbekend{n}@example.nl", f"Onbekend {n}"
            subject, text, truth = f"Inzage {n}", chance.choice(ACCESS), "soort: inzage"
            folder = "junkemail" if kind == "junk" else folder
        case "forged":
            subject, text, truth = f"Mijn gegevens {n}", chance.choice(ACCESS), "soort: inzage"
            envelope = {"dmarc": "fail", "dkim": "fail", "spf": "fail"}
        case "right":
            title, text, word = chance.choice(RIGHTS)
            subject, truth = f"{title} {n}", f"soort: {word}"
        case "doubt":
            subject, text, truth = f"Privacy {n}", chance.choice(DOUBTS), "geen privacyverzoek"
        case "machine":
            subject, headers = f"Automatisch antwoord: afwezig {n}", {"Auto-Submitted": "auto-replied"}
            envelope = {"mail_from": ""}
            text = "Ik ben er niet. {name}"
        case "order" if n % 9 == 0:
            touched = "deleted"
    mail = mail_from(name, address, subject, text.format(name=name), at, f"<mail-{n}@{address.partition('@')[2]}>")
    for header, value in headers.items():
        mail[header] = value
    if kind == "attachment":
        mail.add_attachment(b"\x89PNG\r\n", maintype="image", subtype="png", filename="foto.png")
    if kind == "broken":
        mail.replace_header("Content-Type", 'multipart/mixed; boundary="weg"')
        truth = "geen privacyverzoek"
    return Scripted(at, kind, mail, truth, folder, envelope, touched)


def mail_from(name: str, address: str, subject: str, text: str, at: datetime, message_id: str) -> EmailMessage:
    """A plain mail to the shop."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = f"{name} <{address}>", MAILBOX, subject
    mail["Date"], mail["Message-ID"] = format_datetime(at), message_id
    mail.set_content(text)
    return mail


def deliver(stage: Stage, one: Scripted) -> None:
    """Puts a mail into the mailbox, and lets a colleague touch it."""
    number = stage.graph.deliver(one.mail, received=one.at, folder=one.folder, **one.envelope)  # type: ignore[arg-type]
    box = stage.graph.mailboxes[MAILBOX]
    with stage.graph.lock:
        item = box.items[number]
        match one.touched:
            case "read":
                item.is_read = True
                box.touch(item, "read")
            case "moved and back":
                box.move(item, box.folder_at("archive"))
                box.move(item, box.folder_at("inbox"))
            case "deleted":
                box.move(item, box.folder_at("deleteditems"))


@dataclass(frozen=True, slots=True)
class Reaction:
    """What somebody does because of a mail of the bot, so many minutes later: staff reply, a machine answers."""

    minutes: float
    to: EmailMessage
    text: str
    account: str = ""


class People:
    """Staff and customers, who read what the bot sent. `truths` says of a mail's subject what staff take it for."""

    def __init__(self, stage: Stage, seed: int = 0) -> None:
        self.stage = stage
        self.seed = seed
        self.truths: dict[str, str] = {}
        self._read = 0
        self._said_no: set[str] = set()
        self._answered: set[str] = set()

    def reactions(self) -> Iterator[Reaction]:
        """What follows on the mails that arrived since the last time."""
        out = self.stage.graph.outgoing
        fresh, self._read = out[self._read :], len(out)
        for sent in fresh:
            mail = BytesParser(policy=policy.default).parsebytes(sent.raw)
            assert isinstance(mail, EmailMessage)
            chance = random.Random(f"{self.seed} {str(mail['Subject']).partition('#')[0]}")  # codes differ every time
            address = sent.recipients[0]
            if address in ACCOUNTS:
                text = self._staff(mail, chance)
                if text:
                    yield Reaction(chance.uniform(4, 60), mail, text, address)
            elif address in AWAY:
                yield Reaction(0.2, mail, "Ik ben er niet.")
            elif chance.random() < 0.2:
                yield Reaction(chance.uniform(3, 90), mail, "Dank u wel voor uw bericht. Ik wacht het af.")

    def _staff(self, mail: EmailMessage, chance: random.Random) -> str:
        """One of the answers that the buttons of a staff mail offer; "" for a mail that asks nothing."""
        body = mail.get_body(("html",))
        offers = _offers(str(body.get_content())) if body else []
        subject = str(mail["Subject"])
        code = subject.rpartition("#")[2]
        if not offers or (code and code in self._answered):
            return ""
        self._answered.add(code)
        plain = mail.get_body(("plain",))
        about = str(plain.get_content()) if plain else ""
        reference = subject.partition("[")[2].partition("]")[0]
        if any(offer.startswith("soort") or offer == "geen privacyverzoek" for offer in offers):
            truth = next(
                (word for title, word in self.truths.items() if re.search(rf"{re.escape(title)}\b", about)), ""
            )
            return truth or "geen privacyverzoek"
        if "akkoord" in offers:
            if reference and reference not in self._said_no and chance.random() < 0.2:
                self._said_no.add(reference)
                return "niet akkoord het oude adres staat er nog in"
            return "akkoord"
        for offer in offers:
            if offer.startswith("geverifieerd") and chance.random() < 0.7:
                return "geverifieerd telefonisch"
        return next((offer for offer in ("status", "gedaan", "ingetrokken") if offer in offers), "")

    def act(self, reaction: Reaction) -> None:
        """Somebody does it now."""
        if reaction.account:
            self.stage.staff_reply(reaction.to, reaction.text, account=reaction.account)
            return
        name, address = str(reaction.to["To"]).rpartition("<")[0].strip(), str(reaction.to["To"]).strip("<> ")
        address = address.rpartition("<")[2]
        away = address in AWAY
        subject = f"{'Automatisch antwoord' if away else 'Re'}: {reaction.to['Subject']}"
        again = str(reaction.to["Message-ID"]).strip("<>").partition("@")[0]
        mail = mail_from(
            name or CUSTOMERS.get(address, "Klant"), address, subject, reaction.text, self.stage.now,
            f"<re-{again}@{address.partition('@')[2]}>",
        )  # fmt: skip
        mail["In-Reply-To"] = mail["References"] = str(reaction.to["Message-ID"])
        if away:
            mail["Auto-Submitted"] = "auto-replied"
        self.stage.graph.deliver(mail, mail_from="" if away else address)


def _offers(html: str) -> list[str]:
    """The commands that the `mailto:` buttons of a mail fill in."""
    found = re.findall(r'href="(mailto:[^"]+)"', html)
    bodies = (parse_qs(urlsplit(link.replace("&amp;", "&")).query).get("body", [""])[0] for link in found)
    return [body.strip() for body in bodies if body.strip()]
