"""A month at the desk: staff only reply by mail, from every program they have, and all cases end rightly.

Each story is a generator: it does something, yields how long it waits, and looks again after the passes in between.
All stories of a month run at the same time in one shop; each is a test of its own that fails with its own reason.
"""

import heapq
import io
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.message import EmailMessage
from typing import Any

import pytest
from sqlalchemy import select

from bot.casebook import journal, register
from bot.casebook.schema import Ask
from bot.clock import AMSTERDAM
from bot.sandbox import people
from bot.sandbox.stage import DEPUTY, MAILBOX, MANAGEMENT, STAFF, Stage
from tests import staff_mail
from tests.conftest import MONDAY_MORNING
from tests.staff_mail import FORMS, Writer
from tests.world import World, parsed

PASS = timedelta(minutes=5)
BUCKAROO, TRANSIP = "privacy@betaaldienst.example", "avg@hosting.example"
ACCESS = "Graag ontvang ik een overzicht van alle persoonsgegevens die u van mij heeft, en een kopie daarvan."
DOUBT = "Kunnen jullie iets voor me doen met mijn gegevens?"


def text_of(mail: EmailMessage) -> str:
    """The text of a mail as one line: letters wrap anywhere."""
    return " ".join(staff_mail.text_of(mail).split())


def subject_of(mail: EmailMessage) -> str:
    """The subject as a reader sees it."""
    return " ".join(str(mail["Subject"]).split())


@dataclass
class Month:
    """The shop, what left it, and the case book as of the last pass."""

    world: World
    used: Counter[str] = field(default_factory=Counter)
    sent: list[tuple[datetime, tuple[str, ...], EmailMessage]] = field(default_factory=list)
    cases: list[dict[str, Any]] = field(default_factory=list)
    mails: list[dict[str, Any]] = field(default_factory=list)
    customers: int = 0

    @property
    def now(self) -> datetime:
        """The moment."""
        return self.world.stage.now

    def look(self) -> None:
        """Reads again what left and what the case book says."""
        for item in self.world.graph.outgoing[len(self.sent) :]:
            self.sent.append((item.at, item.recipients, parsed(item.raw)))
        self.cases, self.mails = self.world.cases(), self.world.mails()

    def until(self, day: int, hour: int = 9, minute: int = 5) -> timedelta:
        """How long it is until that day of March 2026 (32 is 1 April), Amsterdam time."""
        moment = datetime(2026, 3, 1, hour, minute, tzinfo=AMSTERDAM).date() + timedelta(days=day - 1)
        return datetime(moment.year, moment.month, moment.day, hour, minute, tzinfo=AMSTERDAM) - self.now

    def new_customer(self, *, orders: int = 0) -> tuple[str, str]:
        """Somebody with an account in the shop and so many orders: name and address."""
        self.customers += 1
        name, number, last = "Klant", 71000 + self.customers, f"Nummer{self.customers}"
        address = f"klant.{self.customers}@klanten.example"
        shop = self.world.stage.lightspeed.shop
        row = people.customer(number, address, f"{name}||{last}", f"Lindelaan|{self.customers}|2611 AB|Delft|nl")
        shop.customers.append(row)
        for order in range(orders):
            people.place_order(shop, row, 900 + 10 * self.customers + order, "2025-06-01", [("Lavendelzeep", 2, 6.5)])
        return f"{name} {last}", address

    def asks(self, text: str = ACCESS, subject: str = "Mijn gegevens", *, orders: int = 0, **how: str) -> "Thread":
        """A new customer mails the shop."""
        name, address = self.new_customer(orders=orders)
        mail = self.world.stage.customer_mails(name, address, subject, f"{text}\n\n{name}", **how)
        return Thread(self, name, address, str(mail["Message-ID"]))

    def asks_with_a_scan(self) -> "Thread":
        """A new customer asks for access and attaches a picture of a letter, which only a person can read."""
        name, address = self.new_customer()
        mail = self.world.stage._mail(name, address, MAILBOX, "Mijn gegevens", f"{ACCESS}\n\n{name}")
        mail.add_attachment(b"%PDF-1.4\n%%EOF\n", maintype="application", subtype="pdf", filename="brief.pdf")
        self.world.graph.deliver(mail)
        return Thread(self, name, address, str(mail["Message-ID"]))

    def to(self, address: str, since: datetime | None = None) -> list[EmailMessage]:
        """What went to an address, in order."""
        return [mail for at, who, mail in self.sent if address in who and (since is None or at > since)]

    def reply(
        self,
        form: str,
        to: EmailMessage,
        words: str,
        account: str = STAFF,
        files: Sequence[tuple[str, bytes]] = (),
    ) -> None:
        """One of the staff replies from a program."""
        self.used[form] += 1
        mail = FORMS[form](to, words, Writer(self.now, account))
        self.world.graph.send_as(account, staff_mail.with_files(mail, files))

    def tap(self, mail: EmailMessage, label: str, more: str = "", account: str = STAFF, sign: str = "") -> None:
        """One of the staff taps a button and sends the mail that opens."""
        self.used["button"] += 1
        self.world.graph.send_as(account, staff_mail.tap(mail, label, Writer(self.now, account), more, sign=sign))

    def write(self, subject: str, words: str, account: str = STAFF) -> None:
        """One of the staff writes a mail of their own."""
        mail = self.world.stage._mail("Privacy LESSEAU", account, MAILBOX, subject, words)
        self.world.graph.send_as(account, mail)


@dataclass
class Thread:
    """One customer and what belongs to them."""

    month: Month
    name: str
    address: str
    message_id: str

    @property
    def reference(self) -> str:
        """LES-2026-…, once the request is open."""
        (row,) = [row for row in self.month.mails if row["message_id"] == self.message_id]
        return str(row["request"])

    @property
    def case(self) -> dict[str, Any]:
        """Its only case."""
        (case,) = [case for case in self.month.cases if case["request"] == self.reference]
        return case

    @property
    def state(self) -> tuple[Any, ...]:
        """State, waiting, outcome."""
        return self.case["state"], self.case["waiting"], self.case["outcome"]

    @property
    def letters(self) -> list[EmailMessage]:
        """What the customer got."""
        return self.month.to(self.address)

    def staff_mails(self, begins: str = "", to: str = STAFF) -> list[EmailMessage]:
        """What one of the staff got about it."""
        found = self.month.to(to)
        return [m for m in found if self.reference in subject_of(m) and subject_of(m).startswith(begins)]

    def draft(self, to: str = STAFF) -> EmailMessage:
        """The newest draft that was put to them."""
        return self.staff_mails("Akkoord?", to)[-1]


Story = Callable[[Month], Iterator[timedelta]]


def ends(thread: Thread, outcome: str) -> Iterator[timedelta]:
    """The letter leaves, and 48 hours later, without a bounce, the case is closed."""
    yield PASS
    assert thread.state[:2] == ("respond", "delivery")
    yield timedelta(hours=49)
    assert thread.state == ("closed", None, outcome)


# --- words to a draft -------------------------------------------------------------------------------------------------


def a_plain_akkoord_sends_the_letter(month: Month) -> Iterator[timedelta]:
    thread = month.asks()
    yield PASS
    assert len(thread.letters) == 1
    month.reply("iPhone", thread.draft(), "Akkoord")
    yield PASS
    assert [subject_of(mail) for mail in thread.letters] == [f"Re: Mijn gegevens [{thread.reference}]"] * 2
    yield from ends(thread, "granted")


def niet_akkoord_brings_a_new_draft_with_the_reason(month: Month) -> Iterator[timedelta]:
    thread = month.asks()
    yield PASS
    first = thread.draft()
    month.reply("Outlook desktop", first, "niet akkoord het telefoonnummer\nhoort er niet bij")
    yield PASS
    assert "et telefoonnummer hoort er niet bij" in text_of(thread.draft())
    month.reply("Outlook desktop", first, "akkoord")
    yield PASS
    assert len(thread.letters) == 1
    month.tap(thread.draft(), "Akkoord", sign="\nVerstuurd vanaf mijn iPhone\n")
    yield PASS
    assert len(thread.letters) == 2
    yield from ends(thread, "granted")


def a_button_with_a_reason_behind_it(month: Month) -> Iterator[timedelta]:
    thread = month.asks()
    yield PASS
    first = thread.draft()
    month.tap(first, "Niet akkoord", "de naam klopt niet", sign="\nOutlook voor iOS downloaden\n")
    yield PASS
    assert thread.draft()["Subject"] != first["Subject"]
    assert "e naam klopt niet" in text_of(thread.draft())
    month.reply("Gmail", thread.draft(), "akkoord")
    yield from ends(thread, "granted")


def zonder_leaves_items_out_and_says_so(month: Month) -> Iterator[timedelta]:
    thread = month.asks(orders=1)
    yield PASS
    first = thread.draft()
    assert "ORD00" in text_of(first)
    number = next(n for n in range(1, 30) if f"{n}. Lightspeed, facturen" in text_of(first))
    month.reply("Outlook web", first, f"zonder {number}")
    yield PASS
    assert thread.state == ("respond", "staff", None)
    assert len(thread.letters) == 1
    month.reply("Outlook web", thread.draft(), "Akkoord")
    yield PASS
    answer = thread.letters[-1]
    assert "maar niet van alles" in text_of(answer)
    assert "gaan ook over iemand anders" in text_of(answer)
    assert "Autoriteit Persoonsgegevens" in text_of(answer)
    yield from ends(thread, "partly")


def tekst_puts_the_words_of_staff_into_the_letter(month: Month) -> Iterator[timedelta]:
    thread = month.asks()
    yield PASS
    words = "tekst: Beste klant,\n\nU belde ons gisteren.\n\nIn de bijlage vindt u alles wat wij van u hebben."
    month.reply("Apple Mail", thread.draft(), words + "\n\n--- einde brief ---")
    yield PASS
    assert "U belde ons gisteren." in text_of(thread.draft())
    assert len(thread.letters) == 1
    month.reply("iPhone", thread.draft(), "akkoord")
    yield PASS
    answer = thread.letters[-1]
    assert "U belde ons gisteren." in text_of(answer)
    assert "Sanne de Wit" not in text_of(answer)
    assert {part.get_filename() for part in answer.iter_attachments()} == {"overzicht.html", "gegevens.zip"}
    yield from ends(thread, "granted")


def deels_carries_its_reason_in_the_letter(month: Month) -> Iterator[timedelta]:
    thread = month.asks()
    yield PASS
    month.reply("Outlook Android", thread.draft(), "deels de notities zijn bedrijfsgeheim")
    yield PASS
    month.reply("Outlook Android", thread.draft(), "zonder 1")
    yield PASS
    month.reply("Outlook Android", thread.draft(), "akkoord")
    yield PASS
    assert "e notities zijn bedrijfsgeheim" in text_of(thread.letters[-1])
    yield from ends(thread, "partly")


def weiger_carries_reason_regulator_and_court(month: Month) -> Iterator[timedelta]:
    thread = month.asks()
    yield PASS
    month.reply("Outlook iOS", thread.draft(), "weiger u kreeg vorige week al een kopie en er is niets veranderd")
    yield PASS
    assert len(thread.letters) == 1
    month.reply("Outlook iOS", thread.draft(), "Akkoord!")
    yield PASS
    answer = text_of(thread.letters[-1])
    assert "kreeg vorige week al een kopie en er is niets veranderd" in answer
    assert "Autoriteit Persoonsgegevens" in answer
    assert "rechtbank" in answer
    assert not list(thread.letters[-1].iter_attachments())
    yield from ends(thread, "refused")


def verleng_needs_its_own_akkoord_and_moves_the_term(month: Month) -> Iterator[timedelta]:
    thread = month.asks(dmarc="fail", dkim="fail", spf="fail")
    yield PASS
    month.reply("Samsung", thread.staff_mails("Wie is de afzender?")[-1], "geverifieerd telefoon")
    yield PASS
    month.reply("Samsung", thread.draft(), "verleng het verzoek is ingewikkeld door de vele bestellingen")
    yield PASS
    (notice,) = thread.staff_mails("Akkoord met uitstel?")
    assert len(thread.letters) == 1
    month.reply("Samsung", notice, "akkoord")
    yield PASS
    assert "et verzoek is ingewikkeld door de vele bestellingen" in text_of(thread.letters[-1])
    assert (thread.case["binding"], thread.case["extended_due"]) == ("2026-04-01", "2026-06-02")
    assert thread.state == ("respond", "staff", None)  # the draft still waits for its own akkoord
    yield month.until(35)  # 4 April: the first term is over
    assert not thread.case["overdue"]
    reminders = [m for m in thread.staff_mails() if "innering" in subject_of(m) or "Te laat" in subject_of(m)]
    assert all("Te laat" not in subject_of(mail) for mail in reminders)
    assert all("1 april" not in text_of(mail) for mail in reminders)
    month.reply("Samsung", thread.draft(), "akkoord")
    yield from ends(thread, "granted")


def tonen_sends_the_copy_to_one_approver(month: Month) -> Iterator[timedelta]:
    thread = month.asks()
    yield PASS
    month.reply("Gmail", thread.draft(), "tonen")
    yield PASS
    (shown,) = thread.staff_mails("De kopie")
    assert {part.get_filename() for part in shown.iter_attachments()} == {"overzicht.html", "gegevens.zip"}
    assert not thread.staff_mails("De kopie", DEPUTY)
    month.reply("Gmail", shown, "akkoord")  # there is no code on that mail
    yield PASS
    assert len(thread.letters) == 1
    assert any("geen code" in text_of(mail) for mail in month.to(STAFF))
    month.reply("Gmail", thread.draft(), "akkoord")
    yield from ends(thread, "granted")


# --- cases in the hands of staff --------------------------------------------------------------------------------------


def overnemen_and_teruggeven(month: Month) -> Iterator[timedelta]:
    thread = month.asks()
    yield PASS
    first = thread.draft()
    month.reply("iPhone", first, "Overnemen")
    yield PASS
    assert thread.state == ("collect", "staff", None)
    month.reply("iPhone", first, "akkoord")
    yield PASS
    assert len(thread.letters) == 1
    (taken,) = thread.staff_mails("U handelt")
    month.tap(taken, "Teruggeven")
    yield PASS
    assert thread.draft()["Subject"] != first["Subject"]
    month.reply("iPhone", thread.draft(), "akkoord")
    yield from ends(thread, "granted")


def overnemen_and_gedaan(month: Month) -> Iterator[timedelta]:
    thread = month.asks()
    yield PASS
    month.reply("Outlook desktop", thread.draft(), "overnemen")
    yield PASS
    (taken,) = thread.staff_mails("U handelt")
    month.reply("Outlook desktop", taken, "Gedaan")
    yield PASS
    assert thread.state == ("closed", None, "granted")
    assert len(thread.letters) == 1  # the receipt; the answer came from staff


def geverifieerd_goes_on_to_the_address(month: Month) -> Iterator[timedelta]:
    thread = month.asks(dmarc="fail", dkim="fail", spf="fail")
    yield PASS
    assert not thread.letters
    (question,) = thread.staff_mails("Wie is de afzender?")
    month.reply("Outlook web", question, "geverifieerd telefoon")
    yield PASS
    assert thread.case["identity"] == "staff"
    assert len(thread.letters) == 1
    month.reply("Outlook web", thread.draft(), "akkoord")
    yield from ends(thread, "granted")


def niet_geverifieerd_closes_with_every_way_onward(month: Month) -> Iterator[timedelta]:
    thread = month.asks(dmarc="fail", dkim="fail", spf="fail")
    yield PASS
    (question,) = thread.staff_mails("Wie is de afzender?")
    month.reply("Samsung", question, "niet geverifieerd op de vraag kwam geen antwoord")
    yield PASS
    assert thread.state == ("closed", None, "not_identified")
    (letter,) = thread.letters
    assert "Autoriteit Persoonsgegevens" in text_of(letter)


def an_unproven_case_taken_over_and_given_back_asks_again(month: Month) -> Iterator[timedelta]:
    thread = month.asks(dmarc="fail", dkim="fail", spf="fail")
    yield PASS
    month.reply("iPhone", thread.staff_mails("Wie is de afzender?")[-1], "overnemen")
    yield PASS
    month.reply("iPhone", thread.staff_mails("U handelt")[-1], "teruggeven")
    yield PASS
    first, again = thread.staff_mails("Wie is de afzender?")
    assert first["Subject"] != again["Subject"]
    month.reply("iPhone", again, "ingetrokken")
    yield PASS
    assert thread.state == ("closed", None, "withdrawn")
    assert not thread.letters  # nobody proved that the address is theirs


def ingetrokken_is_confirmed(month: Month) -> Iterator[timedelta]:
    thread = month.asks()
    yield PASS
    draft = thread.draft()
    month.reply("Apple Mail", draft, "ingetrokken")
    yield PASS
    assert thread.state == ("closed", None, "withdrawn")
    assert "intrekt" in text_of(thread.letters[-1])
    month.reply("Apple Mail", draft, "akkoord")
    yield PASS
    assert len(thread.letters) == 2


# --- mails to sort ----------------------------------------------------------------------------------------------------


def _question(month: Month, thread: Thread) -> EmailMessage:
    return [m for m in month.to(STAFF) if "Wat vraagt" in subject_of(m) and thread.address in text_of(m)][-1]


def soort_inzage_opens_a_request(month: Month) -> Iterator[timedelta]:
    thread = month.asks(DOUBT, "Privacy")
    yield month.until(2, 15)
    month.reply("Outlook web", _question(month, thread), "soort: inzage")
    yield PASS
    assert thread.case["right"] == "access"
    month.reply("Outlook iOS", thread.draft(), "akkoord")
    yield from ends(thread, "granted")


def soort_vraag_leaves_the_mail_to_staff(month: Month) -> Iterator[timedelta]:
    thread = month.asks(DOUBT, "Privacy")
    yield month.until(2, 15)
    month.reply("Outlook Android", _question(month, thread), "soort: vraag")
    yield PASS
    (row,) = [row for row in month.mails if row["message_id"] == thread.message_id]
    assert (row["kind"], row["request"]) == ("privacy_question", None)
    assert not thread.letters


def geen_privacyverzoek_leaves_the_mail_alone(month: Month) -> Iterator[timedelta]:
    thread = month.asks(DOUBT, "Privacy")
    yield month.until(2, 15)
    month.tap(_question(month, thread), "Geen privacyverzoek", sign="\nVerzonden vanaf mijn Galaxy\n")
    yield PASS
    (row,) = [row for row in month.mails if row["message_id"] == thread.message_id]
    assert (row["disposition"], row["request"]) == ("not-privacy", None)
    assert not thread.letters


def a_doubtful_mail_is_handled_as_its_likeliest_right_after_two_working_days(month: Month) -> Iterator[timedelta]:
    thread = month.asks_with_a_scan()
    yield month.until(3)
    assert not thread.letters
    yield month.until(4)
    assert thread.case["right"] == "access"
    assert len(thread.letters) == 1
    told = [mail for mail in month.to(MANAGEMENT) if "twijfelde" in subject_of(mail)]
    assert len(told) == 1
    month.reply("iPhone", thread.draft(), "akkoord")
    yield from ends(thread, "granted")


def a_request_by_post_counts_from_the_day_it_came(month: Month) -> Iterator[timedelta]:
    name, address = month.new_customer()
    stage = month.world.stage
    inner = stage._mail(name, address, "winkel@lesseausoap.com", "Mijn gegevens", f"{ACCESS}\n\n{name}")
    mail = staff_mail.forward(inner, "ontvangen op 24-2-2026, per post", Writer(month.now, DEPUTY), "Doorst")
    month.world.graph.send_as(DEPUTY, mail)
    thread = Thread(month, name, address, str(mail["Message-ID"]))
    yield PASS
    assert thread.case["received"].startswith("2026-02-24")
    assert thread.case["binding"] == "2026-03-24"
    assert not thread.letters  # who asks is what a colleague says
    month.reply("iPhone", thread.staff_mails("Wie is de afzender?")[-1], "geverifieerd handtekening en adres")
    yield PASS
    month.reply("iPhone", thread.draft(), "akkoord")
    yield from ends(thread, "granted")


def status_and_help_are_answered(month: Month) -> Iterator[timedelta]:
    yield 2 * PASS
    before = month.now
    month.write("Vraagje", "Status", DEPUTY)
    month.write("Hoe werkt dit?", "help", DEPUTY)
    yield PASS
    mails = month.to(DEPUTY, since=before)
    (shown,) = [mail for mail in mails if "openstaat" in subject_of(mail)]
    assert "LES-2026-" in text_of(shown)
    (explained,) = [mail for mail in mails if "ontvangen op" in text_of(mail)]
    assert "niet akkoord" in text_of(explained)


# --- several people ---------------------------------------------------------------------------------------------------


def two_who_contradict_each_other_in_one_poll_stop_the_letter(month: Month) -> Iterator[timedelta]:
    thread = month.asks()
    yield PASS
    first = thread.draft()
    month.reply("iPhone", first, "akkoord")
    month.reply("Outlook desktop", first, "niet akkoord dit is de verkeerde klant", DEPUTY)
    yield PASS
    assert len(thread.letters) == 1
    assert thread.state == ("respond", "staff", None)
    for address in (STAFF, DEPUTY):
        (told,) = thread.staff_mails("Twee verschillende antwoorden", address)
        assert "niets naar de klant" in text_of(told)
    second = thread.draft()
    assert second["Subject"] != first["Subject"]
    month.reply("iPhone", second, "akkoord")
    yield from ends(thread, "granted")


def a_change_by_the_second_stops_the_letter_too(month: Month) -> Iterator[timedelta]:
    thread = month.asks()
    yield PASS
    month.reply("iPhone", thread.draft(), "akkoord")
    month.reply("Gmail", thread.draft(), "zonder 2", DEPUTY)
    yield PASS
    assert thread.state == ("respond", "staff", None)
    assert len(thread.letters) == 1
    month.reply("iPhone", thread.draft(), "akkoord")
    yield PASS
    assert len(thread.letters) == 2
    yield timedelta(hours=49)
    assert thread.state[0] == "closed"  # partly, when the change was read first


def a_no_that_comes_too_late_is_told_so(month: Month) -> Iterator[timedelta]:
    thread = month.asks()
    yield PASS
    draft = thread.draft()
    month.reply("iPhone", draft, "akkoord")
    yield PASS
    assert len(thread.letters) == 2
    month.reply("Outlook desktop", draft, "niet akkoord te snel", DEPUTY)
    yield PASS
    for address in (STAFF, DEPUTY):
        (told,) = thread.staff_mails("Twee verschillende antwoorden", address)
        assert "al weg" in text_of(told)
    yield from ends(thread, "granted")


def like_drafts_leave_as_one_list(month: Month) -> Iterator[timedelta]:
    yield month.until(9, 10)
    threads = [month.asks() for _ in range(6)]
    odd = month.asks()
    yield PASS
    month.reply("iPhone", odd.draft(), "deels een deel is van iemand anders")
    yield month.until(10)
    (listed,) = [mail for mail in month.to(STAFF) if "6 concepten" in subject_of(mail)]
    (table,) = [part for part in listed.iter_attachments() if part.get_filename() == "lijst.csv"]
    rows = str(table.get_content()).splitlines()
    assert len(rows) == 7
    assert odd.reference not in str(rows)
    month.reply("Gmail", threads[0].draft(), "akkoord lijst")  # the word of the list on one draft
    month.reply("Gmail", listed, "akkoord")  # the word of one draft on the list
    yield PASS
    assert all(len(thread.letters) == 1 for thread in threads)
    month.reply("Outlook desktop", listed, "Akkoord lijst")
    yield PASS
    assert all(len(thread.letters) == 2 for thread in threads)
    assert len(odd.letters) == 1
    month.reply("iPhone", odd.draft(), "akkoord")
    yield from ends(odd, "partly")
    assert {thread.state for thread in threads} == {("closed", None, "granted")}


# --- silence ----------------------------------------------------------------------------------------------------------


def silence_is_followed_up_and_nothing_leaves_by_itself(month: Month) -> Iterator[timedelta]:
    thread = month.asks(dmarc="fail", dkim="fail", spf="fail")
    yield PASS
    month.reply("iPhone", thread.staff_mails("Wie is de afzender?")[-1], "geverifieerd telefoon")
    yield PASS
    draft = thread.draft()
    yield month.until(3)  # one working day later
    (copied,) = thread.staff_mails("Akkoord?", DEPUTY)
    assert copied["Subject"] == draft["Subject"]
    yield month.until(5)
    assert [1 for mail in month.to(MANAGEMENT) if thread.reference in subject_of(mail)] == [1]
    days = {25: 1, 30: 2, 31: 3, 32: 4, 33: 5, 34: 6}  # 5, 2 and 1 working days before 1 April, and every day from then
    for day, number in days.items():
        yield month.until(day)
        reminders = [m for m in thread.staff_mails() if "innering" in subject_of(m) or "laat" in subject_of(m)]
        assert len(reminders) == number + 1, day  # and the one of the third working day, with management
        assert ("Te laat" in subject_of(reminders[-1])) == (day >= 33), day
        told = [mail for mail in month.to(MANAGEMENT) if thread.reference in subject_of(mail)]
        assert len(told) == number, day  # all but the first of these
    assert thread.case["overdue"]
    assert len(thread.letters) == 1
    month.write("Hoe staat het?", "status", DEPUTY)
    yield PASS
    assert "te laat" in text_of(month.to(DEPUTY)[-1])
    month.reply("Outlook web", thread.staff_mails("Te laat", DEPUTY)[-1], "akkoord", DEPUTY)  # a reminder will do
    yield PASS
    assert len(thread.letters) == 2
    yield from ends(thread, "granted")


# --- other settings: tasks, recipients, four eyes ---------------------------------------------------------------------


def tasks_of(thread: Thread) -> Mapping[str, EmailMessage]:
    """The newest task at each processor."""
    found = thread.staff_mails("Wilt u iets opzoeken")
    return {name: mail for mail in found for name in ("Buckaroo", "TransIP") if name in subject_of(mail)}


def nothing_at(thread: Thread, *names: str) -> None:
    """Staff answer these tasks with nothing found."""
    for name in names:
        thread.month.tap(tasks_of(thread)[name], "Niets gevonden")


def a_task_is_closed_by_its_file(month: Month) -> Iterator[timedelta]:
    thread = month.asks(orders=1)
    yield PASS
    assert thread.state == ("collect", "staff", None)
    assert "ORD00" in text_of(tasks_of(thread)["Buckaroo"])
    nothing_at(thread, "TransIP")
    rows = b"bestelling;bedrag\r\nORD00901;17,95\r\nORD00951;12,45\r\n"
    month.reply("Outlook desktop", tasks_of(thread)["Buckaroo"], "Gedaan, zie bijlage", files=[("buckaroo.csv", rows)])
    yield PASS
    assert {one["name"]: one["answer"] for one in thread.case["processors"]}["buckaroo"] == "found"
    month.reply("Outlook desktop", thread.draft(), "akkoord")
    yield PASS
    (archive,) = [part for part in thread.letters[-1].iter_attachments() if part.get_filename() == "gegevens.zip"]
    names = zipfile.ZipFile(io.BytesIO(archive.get_payload(decode=True))).namelist()  # type: ignore[arg-type]
    assert any("buckaroo" in name for name in names)
    yield from ends(thread, "granted")


def a_dangerous_file_or_none_leaves_the_task_open(month: Month) -> Iterator[timedelta]:
    thread = month.asks()
    yield PASS
    task = tasks_of(thread)["Buckaroo"]
    nothing_at(thread, "TransIP")
    month.reply("iPhone", task, "gedaan")
    yield PASS
    assert any("geen bestand" in text_of(mail) for mail in month.to(STAFF))
    month.reply("Outlook web", task, "gedaan", files=[("export.xlsm", b"PK\x03\x04")])
    yield timedelta(days=1)  # once a day for each reason
    month.reply("Outlook web", task, "gedaan", files=[("export.exe", b"MZ")])
    yield PASS
    assert any("export.exe" in text_of(mail) and "gevaarlijk" in text_of(mail) for mail in month.to(STAFF))
    assert thread.state == ("collect", "staff", None)
    nothing_at(thread, "Buckaroo")
    yield PASS
    assert thread.state == ("respond", "staff", None)
    month.reply("iPhone", thread.draft(), "akkoord")
    yield from ends(thread, "granted")


def a_silent_task_is_chased_and_goes_to_the_deputy(month: Month) -> Iterator[timedelta]:
    thread = month.asks()
    yield PASS
    nothing_at(thread, "TransIP")
    yield month.until(3)
    assert "Buckaroo" in subject_of(thread.staff_mails("Wilt u iets opzoeken", DEPUTY)[-1])
    yield month.until(5)
    (chased,) = [mail for mail in thread.staff_mails() if "innering" in subject_of(mail)]
    month.reply("Apple Mail", chased, "gedaan, niets gevonden", DEPUTY)
    yield PASS
    month.reply("Apple Mail", thread.draft(), "akkoord")
    yield from ends(thread, "granted")


def a_case_taken_over_is_left_alone_by_late_answers(month: Month) -> Iterator[timedelta]:
    thread = month.asks()
    yield PASS
    tasks = tasks_of(thread)
    month.reply("Gmail", tasks["Buckaroo"], "overnemen")
    yield PASS
    month.tap(tasks["TransIP"], "Niets gevonden")
    yield PASS
    assert not thread.staff_mails("Akkoord?")
    month.reply("Gmail", thread.staff_mails("U handelt")[-1], "teruggeven")
    yield PASS
    nothing_at(thread, "Buckaroo", "TransIP")
    yield PASS
    month.reply("Gmail", thread.draft(), "akkoord")
    yield from ends(thread, "granted")


def a_refusal_needs_four_eyes(month: Month) -> Iterator[timedelta]:
    thread = month.asks()
    yield PASS
    nothing_at(thread, "Buckaroo", "TransIP")
    yield PASS
    month.reply("iPhone", thread.draft(), "weiger dit verzoek is kennelijk buitensporig")
    yield PASS
    month.reply("iPhone", thread.draft(), "akkoord")
    yield PASS
    assert len(thread.letters) == 1
    second = thread.draft(DEPUTY)
    assert second["Subject"] != thread.draft()["Subject"]
    month.reply("Outlook iOS", second, "akkoord", STAFF)  # the same person again, who was lent the mail
    yield PASS
    assert len(thread.letters) == 1
    month.reply("Outlook iOS", second, "akkoord", DEPUTY)
    yield PASS
    assert "it verzoek is kennelijk buitensporig" in text_of(thread.letters[-1])
    yield from ends(thread, "refused")


def the_second_pair_of_eyes_may_say_no(month: Month) -> Iterator[timedelta]:
    thread = month.asks()
    yield PASS
    nothing_at(thread, "Buckaroo", "TransIP")
    yield PASS
    month.reply("iPhone", thread.draft(), "weiger dit verzoek is kennelijk buitensporig")
    yield PASS
    first = thread.draft()
    month.reply("iPhone", first, "akkoord")
    yield PASS
    month.reply("Outlook desktop", thread.draft(DEPUTY), "niet akkoord de klant vraagt dit voor het eerst", DEPUTY)
    yield PASS
    assert thread.draft()["Subject"] != first["Subject"]
    assert "e klant vraagt dit voor het eerst" in text_of(thread.draft())
    month.reply("iPhone", thread.draft(), "akkoord")  # a whole answer needs one
    yield from ends(thread, "granted")


def recipients_are_told_and_tracked_to_their_answer(month: Month) -> Iterator[timedelta]:
    thread = month.asks("Verbeter mijn naam: het is niet Nummer maar Number. Wijzig mijn gegevens alstublieft.", "Naam")
    yield PASS
    assert thread.case["right"] == "rectification"
    month.reply("Outlook web", thread.staff_mails("Zelf beantwoorden")[-1], "gedaan")
    yield PASS
    assert thread.state == ("closed", None, "granted")
    (asked,) = [mail for mail in month.to(BUCKAROO) if thread.reference in subject_of(mail)]
    assert any(thread.reference in subject_of(mail) for mail in month.to(TRANSIP))
    assert thread.address in text_of(asked)
    answer = month.world.stage._mail(
        "Privacyteam", BUCKAROO, MAILBOX, f"RE: {asked['Subject']}", "Wij hebben de naam aangepast op 3 maart."
    )
    answer["In-Reply-To"] = str(asked["Message-ID"])
    month.world.graph.deliver(answer)
    yield PASS
    assert [row["disposition"] for row in month.mails if row["message_id"] == answer["Message-ID"]] == ["task-answer"]
    (shown,) = thread.staff_mails("Buckaroo heeft geantwoord")
    assert "aangepast op 3 maart" in text_of(shown)
    month.reply("Outlook web", shown, "gedaan")
    yield month.until(5)
    chased = [mail for mail in thread.staff_mails() if "innering" in subject_of(mail)]
    assert len(chased) == 1  # TransIP alone: Buckaroo's answer was closed
    month.reply("iPhone", chased[0], "gedaan")
    yield month.until(11)
    assert len([mail for mail in thread.staff_mails() if "innering" in subject_of(mail)]) == 1


STORIES: tuple[Story, ...] = (
    a_plain_akkoord_sends_the_letter,
    niet_akkoord_brings_a_new_draft_with_the_reason,
    a_button_with_a_reason_behind_it,
    zonder_leaves_items_out_and_says_so,
    tekst_puts_the_words_of_staff_into_the_letter,
    deels_carries_its_reason_in_the_letter,
    weiger_carries_reason_regulator_and_court,
    verleng_needs_its_own_akkoord_and_moves_the_term,
    tonen_sends_the_copy_to_one_approver,
    overnemen_and_teruggeven,
    overnemen_and_gedaan,
    geverifieerd_goes_on_to_the_address,
    niet_geverifieerd_closes_with_every_way_onward,
    an_unproven_case_taken_over_and_given_back_asks_again,
    ingetrokken_is_confirmed,
    soort_inzage_opens_a_request,
    soort_vraag_leaves_the_mail_to_staff,
    geen_privacyverzoek_leaves_the_mail_alone,
    a_doubtful_mail_is_handled_as_its_likeliest_right_after_two_working_days,
    a_request_by_post_counts_from_the_day_it_came,
    status_and_help_are_answered,
    two_who_contradict_each_other_in_one_poll_stop_the_letter,
    a_change_by_the_second_stops_the_letter_too,
    a_no_that_comes_too_late_is_told_so,
    like_drafts_leave_as_one_list,
    silence_is_followed_up_and_nothing_leaves_by_itself,
)
OTHER_STORIES: tuple[Story, ...] = (
    a_task_is_closed_by_its_file,
    a_dangerous_file_or_none_leaves_the_task_open,
    a_silent_task_is_chased_and_goes_to_the_deputy,
    a_case_taken_over_is_left_alone_by_late_answers,
    a_refusal_needs_four_eyes,
    the_second_pair_of_eyes_may_say_no,
    recipients_are_told_and_tracked_to_their_answer,
)


# --- playing ----------------------------------------------------------------------------------------------------------


@dataclass
class Played:
    """A month that is over: how each story ended, and what the whole of it left behind."""

    ended: dict[str, Exception | None]
    used: Counter[str]
    letters: list[dict[str, Any]]
    cases: list[dict[str, Any]]
    unmodelled: list[str]
    journal_holds: bool
    registered: int
    open_questions: list[str]


def play(stage: Stage, stories: Sequence[Story]) -> Played:
    """Plays stories side by side: one pass of the bot before each moment at which one of them looks."""
    month = Month(World(stage))
    month.world.run()
    month.look()
    waiting = [(stage.now, number, story(month)) for number, story in enumerate(stories)]
    heapq.heapify(waiting)
    ended: dict[str, Exception | None] = {}
    while waiting:
        moment = waiting[0][0]
        if moment > stage.now:
            stage.now = moment
            month.world.run()
            month.look()
        while waiting and waiting[0][0] <= moment:
            _, number, story = heapq.heappop(waiting)
            name = stories[number].__name__
            try:
                heapq.heappush(waiting, (stage.now + next(story), number, story))
            except StopIteration:
                ended[name] = None
            except Exception as error:
                ended[name] = error
    month.world.run(hours=1)
    bot = month.world.bot()
    with bot.store.read() as session:
        holds, registered = journal.verify(session) is None, len(list(register.rows(session)))
        questions = list(session.scalars(select(Ask.kind).where(Ask.closed.is_(None))))
    bot.close()
    month.look()
    return Played(
        ended, month.used, month.world.letters(), month.cases, stage.unmodelled, holds, registered, questions
    )  # fmt: skip


@pytest.fixture(scope="module")
def month(tmp_path_factory: pytest.TempPathFactory) -> Played:
    """March with the plain settings."""
    with Stage(tmp_path_factory.mktemp("month"), MONDAY_MORNING, messages_per_minute=0) as stage:
        return play(stage, STORIES)


@pytest.fixture(scope="module")
def other_month(tmp_path_factory: pytest.TempPathFactory) -> Played:
    """March in a shop with processors that only people can ask, and with four eyes."""
    with Stage(tmp_path_factory.mktemp("other"), MONDAY_MORNING, messages_per_minute=0) as stage:
        stage.set(four_eyes=True)
        stage.set_processor("buckaroo", contact=BUCKAROO)
        stage.set_processor("transip", contact=TRANSIP)
        return play(stage, OTHER_STORIES)


def told(played: Played, story: Story) -> None:
    """Raises what the story met."""
    error = played.ended[story.__name__]
    if error is not None:
        raise error


@pytest.mark.long
@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
def test_in_a_month_by_mail_alone(month: Played, story: Story) -> None:
    told(month, story)


@pytest.mark.long
@pytest.mark.parametrize("story", OTHER_STORIES, ids=lambda story: story.__name__)
def test_in_a_month_with_tasks_and_four_eyes(other_month: Played, story: Story) -> None:
    told(other_month, story)


@pytest.mark.long
def test_staff_used_every_program_and_buttons(month: Played) -> None:
    assert set(month.used) == {*FORMS, "button"}


def assert_nothing_is_left(played: Played) -> None:
    """Every case is closed and in the register, every letter of substance was approved, no question is open."""
    assert {case["state"] for case in played.cases} == {"closed"}
    assert played.registered == len(played.cases)
    assert not played.open_questions
    assert not played.unmodelled
    assert played.journal_holds
    fixed = {"receipt_access", "not_identified", "withdrawn"}
    to_customers = [letter for letter in played.letters if letter["audience"] == "subject"]
    assert {letter["state"] for letter in to_customers} <= {"sent", "refused"}  # refused: drafts that were withdrawn
    for letter in to_customers:
        if letter["state"] == "sent" and letter["template"] not in fixed:
            assert letter["approved_by"] in (STAFF, DEPUTY)
        elif letter["state"] == "refused":
            assert letter["sent_at"] is None


@pytest.mark.long
def test_at_the_end_of_the_month_nothing_is_left(month: Played) -> None:
    assert_nothing_is_left(month)


@pytest.mark.long
def test_at_the_end_of_the_other_month_nothing_is_left(other_month: Played) -> None:
    assert_nothing_is_left(other_month)
