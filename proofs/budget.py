"""What the bot costs in calls to Microsoft Graph, counted at the sandbox: `make budget`.

The loop of `run` itself works here, on a clock that is moved instead of waited for. A call is one request as Graph
counts it, refused ones included; each part of a `$batch` is one. The allowances are the project's own: idle, one call a
minute, one in ten minutes for junk and five an hour for the overlap listing; a mail that is plainly no privacy mail
0.1 beyond its share of the delta page (1.1 where a tenant's delta leaves the headers out); an access request 16 from
arrival to closed, staff mails included, the search for the person's own mail excluded.
"""

import logging
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path
from urllib.parse import unquote

import structlog
from sqlalchemy import select

from bot import service, views, work
from bot.casebook.schema import Message
from bot.context import Bot, open_bot
from bot.sandbox import people
from bot.sandbox.graph import Called
from bot.sandbox.stage import STAFF, Stage
from bot.settings import load

START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)  # a Monday
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)

POLL, JUNK, LISTING = "poll of the inbox", "poll of junk", "overlap listing"
SEARCH, FOLDERS = "search of the person's own mail", "the bot's folders, made once"
_NAMES = {
    ("GET", "/messages/{id}/$value"): "whole mail read",
    ("POST", "/messages"): "draft made",
    ("POST", "/messages/{id}/send"): "draft sent",
    ("GET", "/mailFolders/sentitems/messages/delta"): "look in Sent Items",
    ("GET", "/mailFolders/inbox/messages/delta"): POLL,
    ("GET", "/mailFolders/junkemail/messages/delta"): JUNK,
    ("GET", "/messages/{id}"): "one mail looked up",
    ("PATCH", "/messages/{id}"): "category set",
    ("POST", "/messages/{id}/move"): "mail moved",
    ("GET", "/mailFolders"): FOLDERS,
    ("POST", "/mailFolders"): FOLDERS,
    ("GET", "/mailFolders/{folder}/childFolders"): FOLDERS,
    ("POST", "/mailFolders/{folder}/childFolders"): FOLDERS,
    ("GET", "/messages/{id}/attachments"): SEARCH,
}
STEADY = (POLL, JUNK, LISTING)
"""What is called whether or not there is mail."""

INZAGE = (
    "Geachte heer, mevrouw,\n\nGraag ontvang ik inzage in mijn persoonsgegevens: een overzicht van alle "
    "persoonsgegevens die u van mij heeft, en een kopie daarvan.\n\nMet vriendelijke groet,\nHanneke Verbrugge"
)
PLAIN = (
    ("Waar blijft mijn pakket?", "Hallo, ik heb dinsdag besteld. Wanneer wordt mijn pakket bezorgd? Groet, Marijn"),
    ("Kokoszeep", "Hallo, wanneer is de kokoszeep weer op voorraad? Groetjes, Wilma"),
    ("Verkeerde geur", "Goedemiddag, ik kreeg rozenzeep, maar ik had lavendelzeep besteld. Kan ik ruilen? Mvg, Aart"),
    ("Factuur", "Beste, graag ontvang ik de factuur van mijn bestelling van vorige week. Met groet, Els"),
    ("Openingstijden", "Zijn jullie zaterdag open? Dan kom ik zeep halen. Groet, Bart"),
)
"""What the shop gets all day: no privacy mail, and plainly so."""
PHOTO = (
    "Gebroken zeep",
    "Goedemiddag, gisteren kwam de bestelling van vorige week binnen, maar een van de drie zepen lag gebroken in de "
    "doos en het papier eromheen was nat. Kunt u mij een nieuwe zeep toesturen, of het bedrag daarvan terugstorten? "
    "Alvast bedankt voor de moeite. Met vriendelijke groet, Aart",
)
SIGNATURE = "<p>Met vriendelijke groet,<br>Een klant<br>Dorpsstraat 1, Ons Dorp</p><img src='cid:logo'>"
PICTURE = b"\xff\xd8\xff\xe0" + bytes(2000)


def purpose(call: Called) -> str:
    """What a call was for, by its method and route."""
    path = call.route.removeprefix("/users/{mailbox}")
    asked = unquote(call.url)
    if path == "/mailFolders/{folder}/messages/delta":
        path = path.replace("{folder}", asked.partition("/mailFolders/")[2].partition("/")[0])
    if (call.method, path) in (("GET", "/messages"), ("GET", "/mailFolders/{folder}/messages")):
        if "internetMessageId eq" in asked:
            return "mail sought by its Message-ID"
        return LISTING if "$orderby=receivedDateTime&" in asked else SEARCH
    return _NAMES.get((call.method, path), f"{call.method} {path}")


@dataclass(frozen=True, slots=True)
class Cost:
    """What one thing cost, and may cost: `calls` by purpose, over `units` of it; `beside` is shown and not counted."""

    what: str
    calls: Counter[str]
    allowed: float
    units: int = 1
    beside: Counter[str] = field(default_factory=Counter)

    @property
    def each(self) -> float:
        """Calls for one unit."""
        return self.calls.total() / self.units

    @property
    def kept(self) -> bool:
        """Whether it stays within what is allowed."""
        return self.each <= self.allowed

    def lines(self) -> Iterator[str]:
        """The cost as lines of a table."""
        unit = f" ({self.calls.total()} calls over {self.units})" if self.units > 1 else ""
        sign = "ok" if self.kept else "OVER"
        yield f"{self.what}: {self.each:.4g} of {self.allowed:.4g} allowed, {sign}{unit}"
        for name, count in sorted(self.calls.items(), key=lambda one: (-one[1], one[0])):
            yield f"  {count:5}  {name}"
        for name, count in sorted(self.beside.items()):
            yield f"  {count:5}  {name} (not counted)"


class Shop:
    """The shop on loopback with the bot's own loop in it."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.bot: Bot = open_bot(load(stage.settings_file), self)

    def now(self) -> datetime:
        """The clock of the bot: the stage's moment."""
        return self.stage.now.astimezone(UTC)

    def runs(self, span: timedelta, stride: timedelta = MINUTE) -> None:
        """The loop of `run` for so long.

        Second by second while something is about to happen, else from one whole `stride` to the next.
        """
        end = self.stage.now + span

        def sleep(seconds: float) -> None:
            with self.bot.store.read() as session:
                due = work.next_due(session)
            near = due is not None and due <= self.now() + MINUTE
            busy = near or service.on_their_way(self.bot) > 0
            step = timedelta(seconds=seconds) if busy else stride - (self.stage.now - START) % stride
            self.stage.now = min(self.stage.now + step, end)

        service.loop(self.bot, lambda: self.stage.now >= end, sleep)

    @contextmanager
    def counting(self, into: Counter[str]) -> Iterator[None]:
        """Counts the calls of the block by purpose."""
        before = len(self.stage.graph.calls)
        yield
        into.update(purpose(call) for call in self.stage.graph.calls[before:])

    def draft(self) -> EmailMessage:
        """The draft that staff were asked to approve. Raises IndexError when there is none."""
        sent = [sent.raw for sent in self.stage.graph.outgoing if STAFF in sent.recipients]
        mails = [BytesParser(policy=policy.default).parsebytes(raw) for raw in sent]
        return [mail for mail in mails if isinstance(mail, EmailMessage) and "Akkoord?" in str(mail["Subject"])][-1]


@contextmanager
def shop(folder: Path, *, headers_in_delta: bool = True) -> Iterator[Shop]:
    """The shop, its first start behind it. Raises AssertionError when something unmodelled was asked."""
    with Stage(folder, START) as stage:
        stage.graph.rounds.returns_headers = headers_in_delta
        opened = Shop(stage)
        try:
            opened.runs(2 * MINUTE)
            yield opened
        finally:
            opened.bot.close()
        assert not stage.unmodelled, stage.unmodelled


def access_request(open_shop: Shop, stride: timedelta) -> Cost:
    """An access request of a customer on file, from arrival to closed; polls that come anyway are not its cost.

    Raises AssertionError when it does not end as granted.
    """
    counted: Counter[str] = Counter()
    stage = open_shop.stage
    with open_shop.counting(counted):
        stage.customer_mails("Hanneke Verbrugge", people.HANNEKE, "Inzage in mijn gegevens", INZAGE)
        open_shop.runs(HOUR, min(stride, 10 * MINUTE))
        stage.staff_reply(open_shop.draft(), "Akkoord")
        open_shop.runs(49 * HOUR, stride)
    (case,) = views.cases(open_shop.bot)
    assert (case["state"], case["outcome"]) == ("closed", "granted"), case["state"]
    beside = Counter({name: count for name, count in counted.items() if name in (*STEADY, SEARCH, FOLDERS)})
    return Cost("an access request, from arrival to closed", counted - beside, 16, beside=beside)


def idle_hour(open_shop: Shop) -> Cost:
    """An hour in which nothing comes in."""
    counted: Counter[str] = Counter()
    with open_shop.counting(counted):
        open_shop.runs(HOUR)
    return Cost("an idle hour", counted, 60 + 6 + 5)


def plain_mails(open_shop: Shop, number: int, *, allowed: float) -> Cost:
    """Mails that are plainly no privacy mail, twenty a minute.

    They come from telephones, from Outlook and from webmail, and one in twenty brings a photo. Raises
    AssertionError when the sorter thinks otherwise of one.
    """
    counted: Counter[str] = Counter()
    stage = open_shop.stage
    with open_shop.counting(counted):
        for first in range(0, number, 20):
            for one in range(first, min(first + 20, number)):
                stage.graph.deliver(_plain_mail(stage, one))
            open_shop.runs(MINUTE)
    with open_shop.bot.store.read() as session:
        last = session.scalars(select(Message.disposition).order_by(Message.id.desc()).limit(number)).all()
    assert Counter(last) == {"not-privacy": number}, Counter(last)
    beside = Counter({name: count for name, count in counted.items() if name in STEADY})
    headers = "" if open_shop.stage.graph.rounds.returns_headers else ", without headers in delta"
    return Cost(f"a mail that is plainly no privacy mail{headers}", counted - beside, allowed, number, beside)


def _plain_mail(stage: Stage, number: int) -> EmailMessage:
    photo = number % 20 == 7
    subject, text = PHOTO if photo else PLAIN[number % len(PLAIN)]
    mail = EmailMessage()
    mail["From"] = f"Klant {number} <klant{number}@example.nl>"
    mail["To"] = stage.graph.mailbox
    mail["Subject"] = subject
    mail["Message-ID"] = f"<{number}.{stage.now:%H%M%S}@example.nl>"
    html = f"<html><body><p>{text}</p>{SIGNATURE}</body></html>"
    match number % 10:
        case 0 | 1:  # a telephone
            mail.set_content(text)
        case 2 | 3:  # Outlook, with a logo under each mail
            mail.set_content(html, subtype="html")
            mail.add_related(PICTURE, maintype="image", subtype="jpeg", cid="<logo>")
        case _:  # webmail
            mail.set_content(text)
            mail.add_alternative(html.replace("<img src='cid:logo'>", ""), subtype="html")
    if photo:
        mail.add_attachment(PICTURE, maintype="image", subtype="jpeg", filename="zeep.jpg")
    return mail


def measure(folder: Path, *, stride: timedelta, mails: int) -> Sequence[Cost]:
    """All costs. `stride` is the pace of the clock while nothing happens but waiting for staff or for a bounce."""
    with shop(folder / "usual") as usual:
        request = access_request(usual, stride)
        costs = [idle_hour(usual), plain_mails(usual, mails, allowed=0.1), request]
    with shop(folder / "bare", headers_in_delta=False) as bare:
        costs.insert(2, plain_mails(bare, mails, allowed=1.1))
    return costs


def main(write: Callable[[str], object] = print) -> int:
    """Measures and prints; gives 1 when a budget is exceeded."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    with tempfile.TemporaryDirectory(prefix="privacybot-budget-") as folder:
        costs = measure(Path(folder), stride=10 * MINUTE, mails=200)
    for cost in costs:
        write("\n".join(cost.lines()) + "\n")
    return 0 if all(cost.kept for cost in costs) else 1


if __name__ == "__main__":
    sys.exit(main())
