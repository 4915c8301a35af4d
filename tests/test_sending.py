"""The door: a letter leaves once, to the right people, and when nobody can tell, a person is told.

Against the sandbox over TLS. Letters are composed here rather than from templates: the door looks at audiences, hashes
and recipients, not at words.
"""

import itertools
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from bot import budgets, gate, letters, sending, work
from bot.casebook import journal, ledger
from bot.casebook.schema import Case, Journal, Letter, Permit, Request, Work
from bot.context import Bot, open_bot
from bot.desk import failures
from bot.graph import outbox
from bot.graph.session import GraphError
from bot.handling import after_letter
from bot.letters import LETTER, RANKS, Person
from bot.mail.letter import Attached
from bot.sandbox import people
from bot.sandbox.stage import DEPUTY, MANAGEMENT, RECIPIENTS, STAFF, Stage, StageClock
from bot.settings import load
from tests.conftest import MONDAY_MORNING
from tests.world import World, parsed, text_of

pytestmark = pytest.mark.long

ANNA = "anna@example.nl"
EVIL = "mallory@example.org"
LONG = "persoonsgegevens " * 40


@dataclass
class Door:
    """A stage, a bot on it that never waits in real time, and what the cases were told."""

    stage: Stage
    bot: Bot
    told: list[tuple[int, str]] = field(default_factory=list)
    after: Callable[[Bot, Session, Letter], None] | None = None
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    @property
    def graph(self) -> Any:
        return self.stage.graph

    def request(self, address: str = ANNA, *, identity: str = "known_address", on_file: str | None = None) -> int:
        """A request of one person; gives its id."""
        number = next(self.numbers)
        day = self.stage.now.date()
        with self.bot.store.begin() as session:
            row = Request(
                reference=f"LES-2026-{number:04d}", received=self.stage.now, binding=day + timedelta(days=30),
                work_by=day + timedelta(days=20), extended_due=day + timedelta(days=90), identity=identity,
                sender_hash=letters.address_hash(self.bot, address), person=b"",
            )  # fmt: skip
            session.add(row)
            session.flush()
            person = Person(
                address, "Anna", "Mijn gegevens", "<vraag@example.nl>", proven=True,
                on_file=address if on_file is None else on_file,
            )  # fmt: skip
            letters.keep_person(self.bot, row, person)
            return row.id

    def write(
        self, request_id: int | None = None, *, to: tuple[str, ...] = (ANNA,), audience: str = "subject",
        rank: str = "letter", personal: bool = True, template: str = "sample", files: tuple[Attached, ...] = (),
        due: date | None = None, not_before: datetime | None = None, approve: bool = True, text: str = LONG,
    ) -> int:  # fmt: skip
        """A letter, approved unless told otherwise; gives its id."""
        number = next(self.numbers)
        with self.bot.store.begin() as session:
            letter = Letter(
                key=f"sample-{number}", request_id=request_id, template=template, audience=audience, personal=personal,
                state="draft", rank=RANKS[rank], due=due, draft_hash="",
                message_id=letters.message_id_of(self.bot, f"sample-{number}"),
                recipient_hash=letters.address_hash(self.bot, to[0]), recipients=len(to),
                created=self.stage.now, changed=self.stage.now, sentences=[],
                vault=letters.request_vault(request_id or 0),
            )  # fmt: skip
            letters._compose(
                self.bot, session, letter, to, f"Uw gegevens {number}", text + "\n", f"<html><p>{text}</p></html>",
                ("<vraag@example.nl>", f"<{'lang' * 40}@example.nl>"), files,
            )  # fmt: skip
            if approve:
                letters.approve(session, letter, "staff 1", self.stage.now, not_before)
            return letter.id

    def letter_to(self, address: str, **how: Any) -> int:
        """A letter to one person, from a request of their own."""
        return self.write(self.request(address), to=(address,), **how)

    def reopen(self) -> None:
        """Another process on the same store: what only the dead one knew is gone."""
        self.bot.close()
        self.bot = opened(self.stage)
        with self.bot.store.begin() as session:
            work.release_all(session, self.stage.now)

    def run(self, threads: int = 1) -> int:
        """Does the letters' work that is due now."""

        def step(item: work.Item) -> None:
            sending.step(self.bot, item, self.after or self._note)

        return work.run_due(self.bot.store, self.bot.clock, {LETTER: step}, self._dead, threads=threads)

    def _note(self, bot: Bot, session: Session, letter: Letter) -> None:
        self.told.append((letter.id, letter.state))

    def _dead(self, session: Session, item: work.Item) -> None:
        sending.buried(self.bot, session, item)

    def go(self, **span: float) -> None:
        """Work, look, work, after some time."""
        self.stage.later(**span)
        self.run()
        sending.look(self.bot)
        self.run()

    def go_on(self, *minutes: float) -> None:
        """Several such rounds, each so many minutes after the one before."""
        for number in minutes or (0, 1, 2, 3, 5, 10):
            self.go(minutes=number)

    def letter(self, letter_id: int) -> Letter:
        with self.bot.store.read() as session:
            return session.get_one(Letter, letter_id)

    def state(self, letter_id: int) -> str:
        return self.letter(letter_id).state

    def out(self, letter_id: int) -> list[EmailMessage]:
        """The copies of a letter that left the mailbox, by its mark."""
        mark = letters.mark_of(self.bot, letter_id)
        marked = (parsed(sent.raw) for sent in self.graph.outgoing if mark.encode() in sent.raw)
        return [mail for mail in marked if mail["X-Privacybot"] == mark]

    def steps(self, letter_id: int) -> list[str]:
        """The states that the journal names, in order."""
        with self.bot.store.read() as session:
            rows = session.scalars(select(Journal).where(Journal.event.startswith("letter ")).order_by(Journal.id))
            return [row.event.removeprefix("letter ") for row in rows if row.detail.get("letter") == letter_id]

    def drafts(self) -> list[str]:
        return [item.message_id for item in self.graph.messages("drafts")]

    def calls(self, method: str, ending: str) -> int:
        return sum(call.method == method and call.route.endswith(ending) for call in self.graph.calls)


def opened(stage: Stage) -> Bot:
    bot = open_bot(load(stage.settings_file), StageClock(stage))
    bot.patience = lambda seconds: None
    return bot


@contextmanager
def staged(folder: Path, per_day: int = 900) -> Iterator[Stage]:
    """A stage with a budget for the day and a processor that gets letters."""
    with Stage(folder, MONDAY_MORNING) as stage:
        stage.set_processor("buckaroo", contact="privacy@betaal.example")
        text = stage.settings_file.read_text().replace(
            f"recipients_per_24h = {RECIPIENTS}", f"recipients_per_24h = {per_day}"
        )
        stage.settings_file.write_text(text)
        yield stage


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty case book with its keys and budgets, made once."""
    folder = tmp_path_factory.mktemp("prepared")
    with staged(folder) as stage:
        bot = opened(stage)
        budgets.set_budgets(bot)
        bot.close()
    return folder / "var"


@pytest.fixture
def door(tmp_path: Path, prepared: Path) -> Iterator[Door]:
    shutil.copytree(prepared, tmp_path / "var")
    with staged(tmp_path) as stage:
        found = Door(stage, opened(stage))
        yield found
        found.bot.close()
        assert not stage.unmodelled


# --- the gate ---------------------------------------------------------------------------------------------------------


def closed(door: Door, letter_id: int) -> str | None:
    """The rule that stops a letter."""
    with door.bot.store.read() as session:
        letter = session.get_one(Letter, letter_id)
        try:
            gate.check(door.bot, session, letter, letters.parts_of(letters.content_of(door.bot, letter)))
        except gate.GateClosed as rule:
            return str(rule)
    return None


def other_mime(door: Door, letter_id: int, change: Callable[[EmailMessage], None], *, hashed: bool = True) -> None:
    """Puts other bytes behind a letter; `hashed` as if they had been approved so."""
    with door.bot.store.begin() as session:
        letter = session.get_one(Letter, letter_id)
        message = letters.parts_of(letters.content_of(door.bot, letter)).message
        change(message)
        content = message.as_bytes()
        letter.content = door.bot.vault.encrypt(letter.vault, content, about=f"letter:{letter.key}")
        if hashed:
            letter.draft_hash = letter.approved_hash = letters.parts_of(content).digest


def set_header(name: str, value: str) -> Callable[[EmailMessage], None]:
    def change(message: EmailMessage) -> None:
        del message[name]
        message[name] = value

    return change


def test_an_approved_letter_to_the_address_on_file_may_leave(door: Door) -> None:
    assert closed(door, door.write(door.request())) is None


@pytest.mark.parametrize(
    ("how", "rule"),
    [
        ({"to": (EVIL,)}, "not the ones this letter is for"),
        ({"to": (ANNA, EVIL)}, "one request and one address"),
        ({"approve": False}, "not approved"),
        ({"to": ("info@lesseausoap.com",), "audience": "staff"}, "our own address"),
        ({"to": (EVIL,), "audience": "staff"}, "not the ones"),
        ({"to": (STAFF, EVIL), "audience": "staff"}, "1 of 2"),
        ({"to": (STAFF,), "audience": "management"}, "not the ones"),
        ({"to": (ANNA,), "audience": "recipient"}, "not the ones"),
        ({"to": (ANNA,), "audience": "everybody"}, "audience"),
    ],
)  # fmt: skip
def test_the_gate_names_the_rule_that_stops_a_letter(door: Door, how: dict[str, Any], rule: str) -> None:
    assert rule in (closed(door, door.write(door.request(), **how)) or "")


@pytest.mark.parametrize(
    ("audience", "to"),
    [("staff", (STAFF, DEPUTY, MANAGEMENT)), ("management", (MANAGEMENT,)), ("recipient", ("privacy@betaal.example",))],
)
def test_letters_to_the_house_and_to_processors_go_to_the_listed_people(
    door: Door, audience: str, to: tuple[str, ...]
) -> None:
    assert closed(door, door.write(None, to=to, audience=audience)) is None


@pytest.mark.parametrize(
    "address",
    [
        "no-reply@example.nl",
        "noreply+7@example.nl",
        "Mailer-Daemon@example.nl",
        "bestel-noreply@example.nl",
        "postmaster@example.nl",
        "niet.beantwoorden@example.nl",
    ],
)
def test_nothing_goes_to_an_address_that_no_person_reads(door: Door, address: str) -> None:
    assert "no person reads" in (closed(door, door.write(door.request(address.lower()), to=(address,))) or "")


def test_a_personal_letter_waits_until_somebody_showed_who_is_asking(door: Door) -> None:
    request = door.request(identity="none")
    assert "who is asking" in (closed(door, door.write(request)) or "")
    assert closed(door, door.write(request, personal=False)) is None


def test_a_personal_letter_goes_to_the_address_on_file_and_not_to_the_sender(door: Door) -> None:
    request = door.request(EVIL, on_file=ANNA)
    assert closed(door, door.write(request, to=(ANNA,))) is None
    assert "not the ones" in (closed(door, door.write(request, to=(EVIL,))) or "")
    assert closed(door, door.write(request, to=(EVIL,), personal=False)) is None


def test_an_address_with_a_domain_in_unicode_is_the_same_address(door: Door) -> None:
    assert closed(door, door.letter_to("anna@zeepjesé.example")) is None


@pytest.mark.parametrize(
    ("name", "value", "rule"),
    [
        ("Cc", EVIL, "besides the recipients"),
        ("Bcc", EVIL, "besides the recipients"),
        ("Reply-To", EVIL, "besides the recipients"),
        ("From", f"LESSEAU <{EVIL}>", "not the mailbox"),
        ("Message-ID", "<other@lesseausoap.com>", "found again"),
        ("X-Privacybot", "1.forged", "found again"),
    ],
)
def test_headers_that_the_hash_does_not_cover_are_checked_too(door: Door, name: str, value: str, rule: str) -> None:
    letter = door.write(door.request())
    other_mime(door, letter, set_header(name, value))
    assert rule in (closed(door, letter) or "")


@pytest.mark.parametrize(
    ("to", "counted", "rule"), [(ANNA, 2, "counted"), ("", 0, "no recipient"), ("Anna", 1, "no recipient")]
)
def test_the_recipients_are_those_that_the_budget_counts(door: Door, to: str, counted: int, rule: str) -> None:
    letter = door.write(door.request())
    other_mime(door, letter, set_header("To", to))
    with door.bot.store.begin() as session:
        session.get_one(Letter, letter).recipients = counted
    assert rule in (closed(door, letter) or "")


def test_a_text_that_is_not_the_composed_one_stays(door: Door) -> None:
    letter = door.write(door.request())
    other_mime(door, letter, set_header("Subject", "Iets anders"), hashed=False)
    assert "not the text" in (closed(door, letter) or "")


def test_a_closed_gate_refuses_the_letter_and_tells(door: Door) -> None:
    letter = door.write(door.request(), to=(EVIL,))
    door.go()
    assert (door.state(letter), door.told, door.graph.outgoing) == ("refused", [(letter, "refused")], [])


def test_a_letter_whose_key_was_destroyed_is_refused_and_not_tried_for_ever(door: Door) -> None:
    request = door.request()
    letter = door.write(request)
    door.bot.vault.destroy(letters.request_vault(request))
    door.go()
    assert (door.state(letter), door.told) == ("refused", [(letter, "refused")])


def test_the_gate_is_asked_again_right_before_the_send(door: Door) -> None:
    request = door.request()
    letter = door.write(request)
    fault = door.graph.faults.add("POST", "*/messages", status=503, times=None)
    door.go()
    assert door.state(letter) == "posting"
    with door.bot.store.begin() as session:
        session.get_one(Request, request).identity = "none"
    door.graph.faults.remove(fault)
    door.go_on(1, 1)
    assert (door.state(letter), door.graph.outgoing) == ("refused", [])


def test_only_a_draft_can_be_approved(door: Door) -> None:
    letter = door.write(door.request())
    door.go_on(0, 1)
    assert door.state(letter) == "sent"
    with pytest.raises(ValueError, match="not a draft"), door.bot.store.begin() as session:
        letters.approve(session, session.get_one(Letter, letter), "staff 1", door.stage.now)


# --- the states -------------------------------------------------------------------------------------------------------


def test_a_letter_goes_through_its_states_and_arrives_once(door: Door) -> None:
    letter = door.write(door.request())
    door.go_on(0, 1)
    assert door.steps(letter) == ["posting", "drafted", "sending", "accepted", "sent"]
    assert len(door.out(letter)) == 1
    assert door.told == [(letter, "sent")]
    assert door.drafts() == []


def test_a_letter_costs_two_calls_and_its_share_of_a_look(door: Door) -> None:
    door.write(door.request())
    door.graph.draft_lingers = False
    before = len(door.graph.calls)
    door.go()
    assert [call.route.rpartition("/")[2] for call in door.graph.calls[before:]] == ["messages", "send", "delta"]


@pytest.mark.parametrize("switch", ["hides_lingering", "rewrites_message_id"])
def test_exchange_may_hide_a_lingering_mail_and_rewrite_its_id(door: Door, switch: str) -> None:
    setattr(door.graph, switch, True)
    letter = door.write(door.request())
    door.go_on(0, 1, 1)
    assert (door.state(letter), len(door.out(letter))) == ("sent", 1)
    assert door.letter(letter).sent_message_id == door.out(letter)[0]["Message-ID"]


def test_the_sent_item_may_have_another_id_than_the_draft(door: Door) -> None:
    door.graph.keeps_immutable_id_on_send = False
    letter = door.write(door.request())
    door.go_on(0, 1)
    (item,) = door.graph.messages("sentitems")
    assert (door.state(letter), door.letter(letter).graph_id) == ("sent", item.immutable_id)


def test_mails_that_others_send_are_not_fetched(door: Door) -> None:
    door.graph.rewrites_message_id = True
    letter = door.write(door.request())
    door.go()
    for number in range(5):
        mail = EmailMessage()
        mail["To"], mail["Subject"] = f"klant{number}@example.org", "Uw bestelling"
        mail.set_content("Dank u.")
        door.graph.send_as("info@lesseausoap.com", mail)
    door.go(minutes=1)
    assert door.state(letter) == "sent"
    assert door.calls("GET", "/$value") == 1


@pytest.mark.parametrize("number", [1, 6])
def test_one_look_finds_all_letters(door: Door, number: int) -> None:
    written = [door.letter_to(f"klant{n}@example.nl") for n in range(number)]
    door.run()
    door.stage.later(minutes=1)
    before = door.calls("GET", "/delta")
    assert sending.look(door.bot) == number
    assert door.calls("GET", "/delta") == before + 1
    assert {door.state(letter) for letter in written} == {"sent"}


@pytest.mark.parametrize("code", ["SyncStateNotFound", "syncStateNotFound", "resyncRequired"])
def test_a_dead_delta_link_starts_a_fresh_round(door: Door, code: str) -> None:
    door.write(door.request())
    door.go_on(0, 1)
    door.graph.expire_delta(code)
    letter = door.write(door.request())
    door.go_on(0, 1)
    assert door.state(letter) == "sent"


def test_an_old_delta_link_is_left_for_a_fresh_round(door: Door) -> None:
    door.write(door.request())
    door.go_on(0, 1)
    with door.bot.store.read() as session:
        old = ledger.mark(session, sending.SENT_MARK)
    letter = door.write(door.request())
    door.go(days=3)
    door.go(minutes=1)
    assert door.state(letter) == "sent"
    assert old is not None
    assert not any(call.url in old.value for call in door.graph.calls[-3:])


def test_one_sent_item_that_cannot_be_read_does_not_hold_up_the_others(door: Door) -> None:
    door.graph.rewrites_message_id = True
    lost = door.write(door.request())
    door.run()
    door.graph.rewrites_message_id = False
    found = door.letter_to("bram@example.nl")
    fault = door.graph.faults.add("GET", "*/$value", status=500, times=None)
    door.go_on(0, 1)
    assert (door.state(lost), door.state(found)) == ("accepted", "sent")
    door.graph.faults.remove(fault)
    door.go(minutes=1)
    assert door.state(lost) == "sent"


def test_a_copy_that_delta_never_lists_is_found_by_searching(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "sent_pages", lambda *_: iter(()))
    letter = door.write(door.request())
    door.go_on(0, 5, 9)
    assert door.state(letter) == "accepted"
    door.go(minutes=2)
    assert (door.state(letter), door.told) == ("sent", [(letter, "sent")])


def test_a_letter_that_came_back_stays_so_when_its_copy_shows(door: Door) -> None:
    letter = door.write(door.request())
    door.write(None, to=(STAFF,), audience="staff")
    door.run()
    with door.bot.store.begin() as session:
        session.get_one(Letter, letter).state = "bounced"
    door.go_on(1, 1)
    assert (door.state(letter), len(door.graph.messages("sentitems"))) == ("bounced", 2)


def test_a_copy_in_the_inbox_proves_nothing(door: Door) -> None:
    """Whoever got a letter knows its Message-ID and its mark, and can send it to us."""
    letter = door.write(door.request())
    door.graph.faults.add("POST", "*/send", status=503)
    door.go()
    with door.bot.store.read() as session:
        raw = letters.content_of(door.bot, session.get_one(Letter, letter))
    door.graph.deliver(raw)
    door.go_on(1, 16)
    assert door.state(letter) == "unclear"


# --- doubt ------------------------------------------------------------------------------------------------------------

LATER_BY_DATE = format_datetime(MONDAY_MORNING + timedelta(seconds=30), usegmt=True)
BEFORE = {
    "429 seconds": {"status": 429, "headers": {"Retry-After": "1"}},
    "429 decimal": {"status": 429, "headers": {"Retry-After": "2.128"}},
    "429 date": {"status": 429, "headers": {"Retry-After": LATER_BY_DATE}},
    "429 bare": {"status": 429, "headers": {"Retry-After": ""}},
    "503": {"status": 503},
    "503 wait": {"status": 503, "headers": {"Retry-After": "5"}},
    "504": {"status": 504},
    "500": {"status": 500},
    "reset": {"reset": "before"},
}
AFTER = {
    "429": {"status": 429, "after_effect": True},
    "503": {"status": 503, "after_effect": True},
    "504": {"status": 504, "after_effect": True},
    "reset": {"reset": "after"},
}
TRUNCATED = {"truncated": {"body": lambda whole: whole[: len(whole) // 2]}}


@pytest.mark.parametrize("times", [1, 4])
def test_whatever_happens_to_a_draft_one_letter_leaves(door: Door, times: int) -> None:
    faults = [*BEFORE.values(), *AFTER.values(), *TRUNCATED.values()]
    for fault in faults:
        door.graph.faults.add("POST", "*/messages", times=times, **fault)
    written = [door.letter_to(f"klant{n}@example.nl") for n in range(len(faults))]
    door.go_on(0, 1, 1, 2, 2, 5, 10, 10, 20)
    assert [len(door.out(letter)) for letter in written] == [1] * len(faults)
    assert sorted(door.told) == [(letter, "sent") for letter in written]
    assert door.drafts() == []


def test_a_send_that_failed_after_its_effect_is_found_and_not_made_again(door: Door) -> None:
    for fault in AFTER.values():
        door.graph.faults.add("POST", "*/send", **fault)
    written = [door.letter_to(f"klant{n}@example.nl") for n in range(len(AFTER))]
    door.go_on(0, 1, 2, 3, 16)
    assert [len(door.out(letter)) for letter in written] == [1] * len(AFTER)
    assert sorted(door.told) == [(letter, "sent") for letter in written]


def test_a_send_without_an_answer_is_never_made_again_and_a_person_is_told_once(door: Door) -> None:
    faults = [BEFORE[name] for name in ("503", "503 wait", "504", "500", "reset")]
    for fault in faults:
        door.graph.faults.add("POST", "*/send", **fault)
    written = [door.letter_to(f"klant{n}@example.nl") for n in range(len(faults))]
    door.go_on(0, 1, 5, 8)
    assert {door.state(letter) for letter in written} == {"sending"}
    assert door.told == []
    door.go_on(1, 1, 30, 600, 60 * 48)
    assert sorted(door.told) == [(letter, "unclear") for letter in written]
    assert (door.graph.outgoing, door.calls("POST", "/send")) == ([], len(faults))


def test_202_is_final_whatever_comes_with_it(door: Door) -> None:
    for more in ({}, {"headers": {"Retry-After": "120"}}, {"body": b"{"}):
        door.graph.faults.add("POST", "*/send", status=202, after_effect=True, **more)
    written = [door.letter_to(f"klant{n}@example.nl") for n in range(3)]
    door.run()
    assert {door.state(letter) for letter in written} == {"accepted"}
    door.go_on(1, 10)
    assert {door.state(letter) for letter in written} == {"sent"}
    assert door.calls("POST", "/send") == 3


def test_a_throttled_send_is_made_again_once_a_later_letter_came_through(door: Door) -> None:
    faults = [BEFORE[name] for name in ("429 seconds", "429 decimal", "429 date")]
    for fault in faults:
        door.graph.faults.add("POST", "*/send", **fault)
    written = [door.letter_to(f"klant{n}@example.nl") for n in range(len(faults))]
    for _ in faults:
        door.go(minutes=1)  # each throttling asks all of them for rest
    assert [door.state(letter) for letter in written] == ["sending"] * len(faults)
    assert door.graph.outgoing == []
    door.go_on(3)
    assert [door.state(letter) for letter in written] == ["sending"] * len(faults)
    later = door.letter_to("bram@example.nl")
    door.go_on(0, 1, 1, 1)
    assert door.state(later) == "sent"
    assert [len(door.out(letter)) for letter in written] == [1] * len(faults)
    assert sorted(door.told) == [(letter, "sent") for letter in (*written, later)]


def test_a_throttled_send_alone_is_left_to_a_person(door: Door) -> None:
    door.graph.faults.add("POST", "*/send", status=429)
    letter = door.write(door.request())
    door.go_on(0, 2, 2, 12)
    assert (door.state(letter), door.told, door.out(letter)) == ("unclear", [(letter, "unclear")], [])


def test_a_throttled_send_that_lingers_for_hours_is_not_doubled(door: Door) -> None:
    door.graph.linger_seconds = door.graph.linger_looks = 10**6
    door.graph.faults.add("POST", "*/send", status=429, after_effect=True)
    letter = door.write(door.request())
    door.go()
    later = door.letter_to("bram@example.nl")
    door.go_on(1, 1, 1, 5, 10, 60)
    assert (door.state(letter), door.state(later)) == ("unclear", "unclear")
    assert (len(door.out(letter)), door.calls("POST", "/send")) == (1, 2)
    door.graph.settle()
    door.go_on(60, 60)
    assert (door.state(letter), door.state(later)) == ("sent", "sent")


def test_throttling_that_does_not_end_is_told_in_the_end(door: Door) -> None:
    letter = door.write(door.request())
    door.graph.faults.add("POST", "*/send", status=429, times=None, headers={"Retry-After": "1"})
    door.run()
    door.graph.faults.clear()
    for _ in range(sending.MOST_ROUNDS):
        other = door.letter_to("bram@example.nl")
        door.go_on(1.1, 1.1)
        assert door.state(other) == "sent"
        door.graph.faults.add("POST", "*/send", status=429, headers={"Retry-After": "1"})
        door.go(seconds=1)
        door.graph.faults.clear()
    door.go(minutes=16)
    assert door.state(letter) in ("sent", "unclear")
    assert len(door.out(letter)) == (door.state(letter) == "sent")


@pytest.mark.parametrize("status", [401, 403])
def test_a_send_that_is_refused_for_what_the_app_is_waits_and_leaves(door: Door, status: int) -> None:
    door.graph.faults.add("POST", "*/send", status=status, times=2)
    letter = door.write(door.request())
    door.go()
    assert door.out(letter) == []
    door.go_on(1, 1, 2, 4, 8)
    assert (door.state(letter), len(door.out(letter)), door.told) == ("sent", 1, [(letter, "sent")])


def test_a_send_that_is_refused_for_what_the_app_is_is_told_when_it_lasts(door: Door) -> None:
    fault = door.graph.faults.add("POST", "*/send", status=403, times=None)
    letter = door.write(door.request())
    for _ in range(10):
        door.go(hours=1)
    assert (door.state(letter), door.told) == ("drafted", [(letter, "drafted")])
    door.graph.faults.remove(fault)
    door.go_on(60, 1)
    assert (door.state(letter), len(door.out(letter))) == ("sent", 1)
    door.go(minutes=15)
    assert door.drafts() == []


def test_a_refused_send_is_told_and_not_made_again(door: Door) -> None:
    door.graph.faults.add("POST", "*/send", status=400, code="ErrorInvalidRecipients")
    letter = door.write(door.request())
    door.go_on(0, 16)
    assert (door.state(letter), door.told) == ("refused", [(letter, "refused")])


def test_a_draft_that_graph_refuses_is_told(door: Door) -> None:
    door.graph.faults.add("POST", "*/messages", status=413, code="ErrorMessageSizeExceeded")
    letter = door.write(door.request())
    door.go()
    assert (door.state(letter), door.told) == ("refused", [(letter, "refused")])


def test_a_draft_that_cannot_be_made_for_an_hour_is_told_once_and_still_tried(door: Door) -> None:
    fault = door.graph.faults.add("POST", "*/messages", status=500, code="ErrorContentConversionFailed", times=None)
    letter = door.write(door.request())
    for _ in range(8):
        door.go(minutes=20)
    assert (door.state(letter), door.told) == ("posting", [(letter, "posting")])
    door.graph.faults.remove(fault)
    door.go_on(10, 1)
    assert (door.state(letter), len(door.out(letter))) == ("sent", 1)


def test_an_expired_secret_loses_nothing_over_a_weekend(door: Door) -> None:
    letter = door.write(door.request())
    door.run()
    waiting = [door.letter_to(f"k{n}@example.nl") for n in range(3)]
    door.graph.entra.secret_expired = True
    door.reopen()
    for _ in range(6):
        door.stage.later(hours=10)
        door.run()
        sending.look(door.bot)
    assert {door.state(one) for one in waiting} == {"posting"}
    door.graph.entra.secret_expired = False
    door.reopen()
    door.go_on(10, 1, 15)
    assert [door.state(one) for one in (letter, *waiting)] == ["sent"] * 4
    assert [len(door.out(one)) for one in (letter, *waiting)] == [1] * 4


def test_a_token_that_is_refused_right_at_the_send_is_no_doubt(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    letter = door.write(door.request())
    send = outbox.send

    def expired(graph: Any, draft: str) -> None:
        monkeypatch.setattr(outbox, "send", send)
        door.graph.entra.secret_expired = True
        graph.forget_token(graph.token())
        graph._app = None
        send(graph, draft)

    monkeypatch.setattr(outbox, "send", expired)
    door.run()
    assert (door.state(letter), door.letter(letter).error) == ("drafted", "401 TokenRefused")
    door.graph.entra.secret_expired = False
    door.reopen()
    door.go_on(2, 1)
    assert (door.state(letter), len(door.out(letter))) == ("sent", 1)


def test_a_send_that_could_not_connect_is_no_doubt(door: Door) -> None:
    letter = door.write(door.request())
    with door.bot.store.begin() as session:
        row = session.get_one(Letter, letter)
        row.state, row.graph_id = "drafted", "AAkALg"
    home = door.bot.graph.mailbox_url
    door.bot.graph.mailbox_url = "https://localhost:9/v1.0/users/info"
    door.run()
    assert (door.state(letter), door.letter(letter).error) == ("drafted", "0 NotConnected")
    door.bot.graph.mailbox_url = home


def test_a_draft_that_lay_open_for_long_is_made_anew(door: Door) -> None:
    """Staff can edit what lies in Drafts: what leaves is what was approved."""
    letter = door.write(door.request())
    door.graph.faults.add("POST", "*/send", status=403)
    door.run()
    (item,) = door.graph.messages("drafts")
    item.folder  # noqa: B018
    door.graph.mailboxes[door.graph.mailbox].replace_content(item, item.raw.replace(b"Uw gegevens", b"Uw schulden"))
    door.go_on(6, 1)
    (mail,) = door.out(letter)
    assert str(mail["Subject"]).startswith("Uw gegevens")
    assert door.drafts() == []


def test_a_draft_that_somebody_sends_by_hand_is_not_sent_again(door: Door) -> None:
    letter = door.write(door.request())
    door.graph.faults.add("POST", "*/send", status=403)
    door.run()
    box = door.graph.mailboxes[door.graph.mailbox]
    (item,) = door.graph.messages("drafts")
    door.graph.submit(box, item)
    door.graph.settle()
    door.go_on(1.1, 1)
    assert (door.state(letter), len(door.out(letter))) == ("sent", 1)


def test_a_draft_that_somebody_deleted_is_left_to_a_person(door: Door) -> None:
    letter = door.write(door.request())
    door.graph.faults.add("POST", "*/send", status=404, code="ErrorItemNotFound")
    door.go_on(0, 16)
    assert (door.state(letter), door.told) == ("unclear", [(letter, "unclear")])


def test_what_turns_up_late_becomes_sent_after_all(door: Door) -> None:
    door.graph.linger_seconds = door.graph.linger_looks = 10**6
    letter = door.write(door.request())
    door.go_on(0, 16)
    assert door.state(letter) == "unclear"
    door.graph.settle()
    door.go_on(11, 60)
    assert (door.state(letter), door.told) == ("sent", [(letter, "unclear"), (letter, "sent")])


def test_an_unclear_letter_is_looked_for_less_and_less_often(door: Door) -> None:
    door.graph.faults.add("POST", "*/send", status=503)
    door.write(door.request())
    door.go_on(0, 16)
    before = len(door.graph.calls)
    for _ in range(80):
        door.stage.later(hours=6)
        door.run()
    assert 0 < len(door.graph.calls) - before < 40


# --- crashes ----------------------------------------------------------------------------------------------------------


class Crash(BaseException):
    """The process dies."""


@pytest.mark.parametrize("what", ["create_draft", "send", "sent_pages"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_crash_around_any_call_sends_nothing_twice_and_loses_nothing(
    door: Door, what: str, when: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = getattr(outbox, what)

    def dies(*args: Any, **more: Any) -> Any:
        monkeypatch.setattr(outbox, what, real)
        if when == "after":
            done = real(*args, **more)
            if what == "sent_pages":
                list(done)
        raise Crash

    monkeypatch.setattr(outbox, what, dies)
    letter = door.write(door.request())
    with pytest.raises(Crash):
        door.go()
    door.reopen()
    door.go_on(0, 1, 16, 15)
    lost = (what, when) == ("send", "before")
    assert (door.state(letter), len(door.out(letter))) == (("unclear", 0) if lost else ("sent", 1))
    assert len(door.told) == 1
    assert len(door.drafts()) == lost


@pytest.mark.parametrize("commit", range(1, 9))
def test_a_crash_before_any_commit_sends_nothing_twice_and_loses_nothing(
    door: Door, commit: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    letter = door.write(door.request())
    store, counted = door.bot.store, itertools.count(1)

    def dies(session: Session) -> None:
        if next(counted) == commit:
            raise Crash

    event.listen(store.writer, "before_commit", dies)
    with suppress(Crash):
        door.go()
        door.go(minutes=1)
    event.remove(store.writer, "before_commit", dies)
    door.reopen()
    door.go_on(1, 1, 16, 15)
    assert door.state(letter) in ("sent", "unclear")
    assert len(door.out(letter)) == (door.state(letter) == "sent")
    assert door.told[-1] == (letter, door.state(letter))


def test_a_worker_that_slept_through_its_lease_does_not_send_again(door: Door) -> None:
    letter = door.write(door.request())
    for _ in range(2):
        (item,) = work.claim(door.bot.store, door.stage.now, "early", [LETTER], 1)
        sending.step(door.bot, item, door._note)
    (slow,) = work.claim(door.bot.store, door.stage.now, "slow", [LETTER], 1)
    assert door.state(letter) == "drafted"
    door.go(minutes=2)
    assert (door.state(letter), len(door.out(letter))) == ("accepted", 1)
    with pytest.raises(work.LeaseLost):
        sending._send(door.bot, slow)
    door.go(minutes=1)
    assert (door.state(letter), len(door.out(letter))) == ("sent", 1)


def test_a_second_piece_of_work_for_one_letter_sends_nothing(door: Door) -> None:
    letter = door.write(door.request())
    for _ in range(2):
        (item,) = work.claim(door.bot.store, door.stage.now, "first", [LETTER], 1)
        sending.step(door.bot, item, door._note)
    with door.bot.store.begin() as session:
        sending._queue(session, session.get_one(Letter, letter), "drafted", door.stage.now)
    first, second = work.claim(door.bot.store, door.stage.now, "both", [LETTER], 2)
    sending._send(door.bot, first)
    sending._send(door.bot, second)
    assert (door.state(letter), len(door.out(letter))) == ("accepted", 1)


def test_two_makers_of_one_draft_leave_one_mail_and_no_draft(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first maker's request hangs until its lease is over and somebody else has done the work."""
    letter = door.write(door.request())
    real = outbox.create_draft

    def slow(*args: Any, **more: Any) -> str:
        monkeypatch.setattr(outbox, "create_draft", real)
        door.stage.later(minutes=2)
        door.run()
        return real(*args, **more)

    monkeypatch.setattr(outbox, "create_draft", slow)
    door.run()
    door.go_on(1, 1, 15)
    assert (door.state(letter), len(door.out(letter)), door.drafts()) == ("sent", 1, [])


def test_a_foreign_draft_under_our_message_id_is_neither_sent_nor_removed(door: Door) -> None:
    letter = door.write(door.request())
    box = door.graph.mailboxes[door.graph.mailbox]
    foreign = f"Message-ID: {door.letter(letter).message_id}\r\nTo: {EVIL}\r\nSubject: kladje\r\n\r\nhoi\r\n".encode()
    box.add(foreign, box.folder_at("drafts"), is_draft=True)
    door.graph.faults.add("POST", "*/messages", status=504)
    door.go_on(0, 1, 1, 15)
    assert (door.state(letter), len(door.graph.outgoing)) == ("sent", 1)
    assert [item.subject for item in door.graph.messages("drafts")] == ["kladje"]


def test_work_that_fails_for_good_refuses_the_letter(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    letter = door.write(door.request())

    def broken(*_: Any, **__: Any) -> str:
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr(outbox, "create_draft", broken)
    for _ in range(10):
        door.go(hours=12)
    assert (door.state(letter), door.told, door.letter(letter).error) == (
        "refused",
        [(letter, "refused")],
        "WorkFailed",
    )


def test_a_case_that_cannot_go_on_does_not_hold_up_other_letters(door: Door) -> None:
    bad = door.write(door.request())

    def fails(bot: Bot, session: Session, letter: Letter) -> None:
        if letter.id == bad:
            raise RuntimeError("an illegal step")
        door.told.append((letter.id, letter.state))

    door.after = fails
    good = door.letter_to("bram@example.nl")
    door.go_on(0, 1)
    assert (door.state(bad), door.state(good), door.told) == ("sent", "sent", [(good, "sent")])


# --- large mails ------------------------------------------------------------------------------------------------------

FILES = (
    Attached("overzicht.html", "text/html", b"<p>overzicht</p>" * 50),
    Attached("gegevens.zip", "application/zip", bytes(range(256)) * 120),
    Attached("foto.zip", "application/zip", bytes(range(255, -1, -1)) * 100),
)
HEADERS = ("From", "To", "Subject", "Date", "Message-ID", "In-Reply-To", "References", "X-Auto-Response-Suppress",
           "X-Privacybot")  # fmt: skip


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    """The limits of Graph at a hundredth, so that a small mail is a large one."""
    monkeypatch.setattr(outbox, "LARGEST_MIME_DRAFT", 29_000)
    monkeypatch.setattr(outbox, "LARGEST_POSTED_FILE", 20_000)
    monkeypatch.setattr(outbox, "UPLOAD_RANGE", 8_000)


def equal(composed: EmailMessage, arrived: EmailMessage) -> None:
    """What the recipient got is what was composed."""
    for name in HEADERS:
        assert str(arrived[name]) == str(composed[name]), name
    assert text_of(arrived) == text_of(composed)
    bodies = [mail.get_body(("html",)) for mail in (composed, arrived)]
    assert bodies[0] is not None
    assert bodies[1] is not None
    assert bodies[1].get_content() == bodies[0].get_content()
    files = [
        [(one.get_filename(), one.get_content_type(), one.get_payload(decode=True)) for one in mail.iter_attachments()]
        for mail in (composed, arrived)
    ]
    assert files[1] == files[0]


def composed(door: Door, letter_id: int) -> EmailMessage:
    with door.bot.store.read() as session:
        return parsed(letters.content_of(door.bot, session.get_one(Letter, letter_id)))


UPLOAD_FAULTS: dict[str, list[tuple[str, str, dict[str, Any]]]] = {
    "none": [],
    "first range refused": [("PUT", "/upload", {"status": 503})],
    "range reset before": [("PUT", "/upload", {"reset": "before", "skip": 1})],
    "range reset after": [("PUT", "/upload", {"reset": "after", "skip": 1})],
    "range answer truncated": [("PUT", "/upload", {"body": b"{", "skip": 1})],
    "last range reset after": [("PUT", "/upload", {"reset": "after", "skip": 3})],
    "last range 504 after": [("PUT", "/upload", {"status": 504, "after_effect": True, "skip": 3})],
    "throttled": [("PUT", "/upload", {"status": 429, "headers": {"Retry-After": "1"}, "skip": 1})],
    "url expired": [("PUT", "/upload", {"status": 404, "skip": 1}), ("GET", "/upload", {"status": 404})],
    "progress not given": [("PUT", "/upload", {"status": 503, "skip": 1}), ("GET", "/upload", {"status": 405})],
    "session answer truncated": [("POST", "*/createUploadSession", {"body": b"{"})],
    "session 504 after": [("POST", "*/createUploadSession", {"status": 504, "after_effect": True})],
    "small file doubtful": [("POST", "*/attachments", {"reset": "after"})],
    "draft doubtful": [("POST", "*/messages", {"reset": "after"})],
}


def test_a_large_mail_arrives_as_it_was_composed(door: Door, narrow: None) -> None:
    for number, (name, faults) in enumerate(UPLOAD_FAULTS.items()):
        for method, route, fault in faults:
            door.graph.faults.add(method, route, **fault)
        letter = door.letter_to(f"klant{number}@example.nl", files=FILES)
        door.go_on(0, 1, 2)
        assert door.state(letter) == "sent", name
        (arrived,) = door.out(letter)
        equal(composed(door, letter), arrived)
        door.graph.faults.clear()
    door.go(minutes=15)
    assert door.drafts() == []


def test_a_mail_over_three_megabytes_arrives_as_it_was_composed(door: Door) -> None:
    block = bytes(range(256))
    letter = door.write(door.request(), files=(Attached("groot.zip", "application/zip", block * 12_600),))
    door.go_on(0, 1)
    (arrived,) = door.out(letter)
    equal(composed(door, letter), arrived)
    assert door.calls("PUT", "/upload") == 2


def test_a_crash_between_two_ranges_leaves_no_half_mail(
    door: Door, narrow: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    letter = door.write(door.request(), files=FILES)
    real = type(door.bot.graph).put_upload
    counted = itertools.count(1)

    def dies(*args: Any) -> int:
        if next(counted) == 3:
            raise Crash
        return real(*args)

    monkeypatch.setattr(type(door.bot.graph), "put_upload", dies)
    with pytest.raises(Crash):
        door.run()
    door.reopen()
    door.go_on(0, 1, 15)
    (arrived,) = door.out(letter)
    equal(composed(door, letter), arrived)
    assert door.drafts() == []


@pytest.mark.parametrize("heard", [True, False])
def test_a_draft_that_lost_its_files_gets_them_back(door: Door, heard: bool) -> None:
    door.graph.mime_drafts_drop_attachments = True
    if not heard:
        door.graph.faults.add("POST", "*/messages", reset="after")
    letter = door.write(door.request(), files=FILES)
    door.go_on(0, 2, 1)
    (arrived,) = door.out(letter)
    equal(composed(door, letter), arrived)


def test_an_upload_that_never_ends_waits_and_is_not_sent_half(door: Door, narrow: None) -> None:
    fault = door.graph.faults.add("PUT", "/upload", status=503, times=None)
    letter = door.write(door.request(), files=FILES)
    door.go_on(0, 1, 1)
    assert (door.state(letter), door.graph.outgoing) == ("posting", [])
    door.graph.faults.remove(fault)
    door.go_on(2, 1, 15)
    assert (door.state(letter), len(door.out(letter)), door.drafts()) == ("sent", 1, [])


# --- budgets and order ------------------------------------------------------------------------------------------------


def until_done(door: Door, most: timedelta = timedelta(days=3)) -> None:
    """Moves the clock from one due moment to the next."""
    end = door.stage.now + most
    door.run()
    sending.look(door.bot)
    while door.stage.now < end:
        with door.bot.store.read() as session:
            waiting = session.scalar(
                select(Letter.id).where(Letter.state.in_(("approved", *budgets.PIPELINE))).limit(1)
            )
            due = work.next_due(session)
        if waiting is None or due is None:
            return
        door.stage.now = max(door.stage.now, due)
        door.run()


def most_in(moments: list[datetime], window: timedelta) -> int:
    """The most moments in any window of that length."""
    return max((sum(start <= one < start + window for one in moments) for start in moments), default=0)


@pytest.fixture
def wire(door: Door, monkeypatch: pytest.MonkeyPatch) -> list[datetime]:
    """The moments of the sends, where the wire is not at issue."""
    moments: list[datetime] = []
    monkeypatch.setattr(outbox, "create_draft", lambda *_: "AAkALg")
    monkeypatch.setattr(outbox, "send", lambda *_: moments.append(door.stage.now))
    return moments


def test_no_minute_has_more_sends_than_the_budget(door: Door, wire: list[datetime]) -> None:
    for n in range(36):
        door.letter_to(f"k{n}@example.nl", text="Hallo")
    start = door.stage.now
    until_done(door)
    assert (len(wire), most_in(wire, timedelta(seconds=60))) == (36, 28)
    assert door.stage.now - start < timedelta(minutes=2)


def test_an_outage_does_not_end_in_a_burst(door: Door, wire: list[datetime], monkeypatch: pytest.MonkeyPatch) -> None:
    def down(*_: Any) -> str:
        raise GraphError(503, "serviceNotAvailable")

    with monkeypatch.context() as outage:
        outage.setattr(outbox, "create_draft", down)
        outage.setattr(outbox, "drafts", lambda *_: [])
        for n in range(31):
            door.letter_to(f"k{n}@example.nl", text="Hallo")
        for _ in range(2):
            door.stage.later(minutes=1)
            door.run()
        with door.bot.store.read() as session:
            assert len(session.scalars(select(Letter.id).where(Letter.state == "posting")).all()) <= 28
    monkeypatch.setattr(outbox, "drafts", lambda *_: [])
    until_done(door)
    assert (len(wire), most_in(wire, timedelta(seconds=60))) == (31, 28)


def test_letters_leave_in_their_order_and_status_shows_it(door: Door) -> None:
    near = door.stage.now.date() + timedelta(days=2)
    with door.bot.store.begin() as session:
        work.push_permits(session, "messages", door.stage.now + timedelta(minutes=5))
    wanted = {
        "bulk": door.letter_to("a@example.nl", rank="bulk"),
        "letter": door.letter_to("b@example.nl", rank="letter"),
        "receipt": door.letter_to("c@example.nl", rank="receipt"),
        "staff": door.write(None, to=(STAFF,), audience="staff", rank="staff"),
        "near": door.letter_to("d@example.nl", rank="letter", due=near),
        "nearest": door.write(
            door.request("e@example.nl"), to=("e@example.nl",), rank="receipt", due=near - timedelta(days=1)
        ),
        "far": door.write(
            door.request("f@example.nl"), to=("f@example.nl",), rank="letter", due=near + timedelta(days=9)
        ),
        "alarm": door.write(None, to=(STAFF,), audience="staff", rank="alarm"),
    }
    door.run()
    assert not door.graph.outgoing
    with door.bot.store.read() as session:
        shown = budgets.waiting(session, door.stage.now)
        left = budgets.left(session, door.stage.now)
    assert list(shown.items()) == [
        ("alarm", 1),
        ("urgent", 2),
        ("staff", 1),
        ("receipt", 1),
        ("letter", 2),
        ("bulk", 1),
    ]
    assert (left["messages"], left["at_once"]) == (0, 4)
    for minute in range(8):
        with door.bot.store.begin() as session:  # one permit a minute
            session.query(Permit).filter(Permit.name == "messages", Permit.n != minute).update(
                {"free_at": door.stage.now + timedelta(hours=1)}
            )
            session.query(Permit).filter(Permit.name == "messages", Permit.n == minute).update({"free_at": work.EVER})
            session.query(Work).filter(Work.due.is_not(None)).update({"due": door.stage.now})
        door.stage.later(minutes=1)
        door.run(threads=4)
    marks = [int(str(parsed(sent.raw)["X-Privacybot"]).partition(".")[0]) for sent in door.graph.outgoing]
    names = {letter: name for name, letter in wanted.items()}
    assert [names[mark] for mark in marks] == [
        "alarm", "nearest", "near", "staff", "receipt", "letter", "far", "bulk",
    ]  # fmt: skip


def test_an_alarm_passes_letters_that_an_outage_holds_up(door: Door) -> None:
    fault = door.graph.faults.add("POST", "*/messages", status=503, times=None)
    for n in range(29):
        door.letter_to(f"k{n}@example.nl", text="Hallo")
    door.run()
    alarm = door.write(None, to=(STAFF,), audience="staff", rank="alarm")
    door.run()
    assert door.state(alarm) == "posting"
    door.graph.faults.remove(fault)


def test_a_letter_for_a_later_hour_holds_nobody_up(door: Door) -> None:
    for _ in range(29):
        door.write(None, to=(STAFF,), audience="staff", rank="staff", not_before=door.stage.now + timedelta(hours=5))
    letter = door.write(door.request(), rank="receipt")
    door.go_on(0, 1)
    assert door.state(letter) == "sent"


def test_a_letter_that_waits_is_left_alone_until_its_turn(door: Door) -> None:
    with door.bot.store.begin() as session:
        work.push_permits(session, "messages", door.stage.now + timedelta(minutes=3))
    written = [door.letter_to(f"k{n}@example.nl") for n in range(30)]
    assert door.run() == 30
    assert door.run() == 0
    with door.bot.store.read() as session:
        due = {ref: at for ref, at in session.execute(select(Work.ref, Work.due).where(Work.due.is_not(None)))}  # noqa: C416
    assert due[written[0]] == door.stage.now + timedelta(minutes=3)
    assert due[written[29]] == door.stage.now + timedelta(minutes=3) + work.MINUTE_HOLD


def test_the_place_of_a_letter_is_counted_and_not_read(door: Door) -> None:
    """Ten thousand waiting letters cost ten thousand looks, not fifty million."""
    for n in range(40):
        door.letter_to(f"k{n}@example.nl", approve=n == 39)
    statements: list[str] = []

    def note(conn: Any, cursor: Any, statement: str, *_: Any) -> None:
        statements.append(statement)

    with door.bot.store.read() as session:
        letter = session.scalars(select(Letter).order_by(Letter.id.desc())).first()
        assert letter is not None
        event.listen(door.bot.store.engine, "before_cursor_execute", note)
        budgets.turn(door.bot, session, letter, door.stage.now)
        event.remove(door.bot.store.engine, "before_cursor_execute", note)
    assert len(statements) <= 8
    assert not any("letter.content" in statement for statement in statements)


@pytest.fixture
def scarce(tmp_path: Path) -> Iterator[Door]:
    """A day of twenty recipients, ten of them kept."""
    with staged(tmp_path, per_day=20) as stage:
        found = Door(stage, opened(stage))
        budgets.set_budgets(found.bot)
        yield found
        found.bot.close()


def test_a_reserve_of_the_day_is_kept_for_staff_and_closing_letters(scarce: Door) -> None:
    written = [scarce.letter_to(f"k{n}@example.nl") for n in range(14)]
    scarce.go_on(0, 2, 2)
    assert len(scarce.graph.outgoing) == 10
    staff = scarce.write(None, to=(STAFF, DEPUTY), audience="staff", rank="staff")
    closing = scarce.write(
        scarce.request("laatste@example.nl"), to=("laatste@example.nl",), template="not_identified", personal=False
    )
    scarce.go_on(1, 1)
    assert (scarce.state(staff), scarce.state(closing)) == ("sent", "sent")
    assert [scarce.state(one) for one in written].count("approved") == 4
    assert scarce.told.count((written[-1], "approved")) == 1
    until_done(scarce)
    assert {scarce.state(one) for one in written} <= {"sent", "accepted"}
    moments = [sent.at for sent in scarce.graph.outgoing for _ in sent.recipients]
    assert most_in(moments, timedelta(hours=24)) <= 20


def test_receipts_wait_first_when_the_day_would_not_last(scarce: Door) -> None:
    with scarce.bot.store.begin() as session:  # two permits left over the reserve, two letters still to come
        session.query(Permit).filter(Permit.name == "recipients", Permit.n >= 12).update(
            {"free_at": scarce.stage.now + timedelta(hours=5)}
        )
        work.push_permits(session, "messages", scarce.stage.now + timedelta(seconds=30))
    receipt = scarce.write(scarce.request(), rank="receipt")
    for n in range(2):
        scarce.letter_to(f"k{n}@example.nl", rank="letter")
    scarce.go_on(0, 1, 1)
    assert scarce.state(receipt) == "approved"
    assert len(scarce.graph.outgoing) == 2


def test_a_budget_of_the_day_that_is_too_small_for_a_letter_is_told(scarce: Door) -> None:
    letter = scarce.write(None, to=(STAFF,) * 1, audience="staff")
    with scarce.bot.store.begin() as session:
        session.get_one(Letter, letter).recipients = 21
    with scarce.bot.store.read() as session:
        wait = budgets.turn(scarce.bot, session, session.get_one(Letter, letter), scarce.stage.now)
    assert wait is not None
    assert wait.why == budgets.WAITS_DAY


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("route", ["*/messages", "*/send"])
def test_what_retry_after_asks_holds_for_every_worker(door: Door, status: int, route: str) -> None:
    door.graph.faults.add("POST", route, status=status, headers={"Retry-After": "90"})
    door.write(door.request())
    door.run()
    other = opened(door.stage)
    with other.store.read() as session:
        assert work.permits_left(session, "messages", door.stage.now + timedelta(seconds=89)) == 0
        assert work.permits_left(session, "messages", door.stage.now + timedelta(seconds=91)) > 0
    other.close()


def test_throttling_without_retry_after_asks_for_more_and_more_rest(door: Door) -> None:
    with door.bot.store.begin() as session:
        rests = [budgets.rest(session, None, door.stage.now) for _ in range(6)]
        again = budgets.rest(session, None, door.stage.now + timedelta(hours=2))
    assert rests == [15, 60, 240, 600, 600, 600]
    assert again == 15


def test_a_slow_send_counts_from_its_end(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    real = outbox.send

    def slow(*args: Any) -> None:
        real(*args)
        door.stage.later(seconds=25)

    monkeypatch.setattr(outbox, "send", slow)
    door.write(door.request())
    door.run()
    with door.bot.store.read() as session:
        assert work.permits_left(session, "messages", door.stage.now + timedelta(seconds=59)) == 27


def test_workers_share_what_the_service_allows_the_app(door: Door) -> None:
    others = [opened(door.stage) for _ in range(2)]
    for one in others:
        one.graph.get(f"{one.graph.mailbox_url}/mailFolders/inbox")
        budgets.share(one)
    budgets.share(door.bot)
    assert (door.bot.graph.at_once, door.bot.graph.others) == (1, 2)
    with door.bot.store.read() as session:
        assert budgets.left(session, door.stage.now)["calls"] == 9_798
    door.stage.later(minutes=3)
    budgets.share(door.bot)
    assert door.bot.graph.at_once == 4
    for one in others:
        one.close()


# --- caps against loops -----------------------------------------------------------------------------------------------


def test_a_cap_on_an_address_stops_a_loop_and_tells_once(door: Door) -> None:
    door.after = after_letter
    written = [door.write(door.request(), rank="receipt") for _ in range(15)]
    door.go_on(0, 1, 1)
    states = [door.state(one) for one in written]
    assert (states.count("sent"), states.count("approved")) == (budgets.CAP_ADDRESS, 15 - budgets.CAP_ADDRESS)
    assert len(door.graph.inbox_of(STAFF)) == 1
    door.go_on(1, 600)
    assert len(door.graph.outgoing) == budgets.CAP_ADDRESS + 1
    door.go_on(60 * 15, 1)
    assert [door.state(one) for one in written].count("sent") == 15


def test_a_burst_of_workers_does_not_pass_the_cap_together(door: Door) -> None:
    for _ in range(budgets.CAP_ADDRESS + 3):
        door.write(door.request(), rank="receipt")
    door.run(threads=4)
    assert len(door.graph.outgoing) == budgets.CAP_ADDRESS


def test_a_cap_on_a_case_stops_a_responder_that_changes_its_address(door: Door) -> None:
    request = door.request()
    with door.bot.store.begin() as session:
        case = Case(
            request_id=request, reference="LES-2026-0001-1", right="access", state="received", changed=door.stage.now
        )
        session.add(case)
        session.flush()
        case_id = case.id
    written = []
    for n in range(budgets.CAP_CASE + 2):
        other = door.request(f"anna{n}@example.nl")
        written.append(door.write(other, to=(f"anna{n}@example.nl",)))
        with door.bot.store.begin() as session:
            session.get_one(Letter, written[-1]).case_id = case_id
    door.go_on(0, 1)
    assert [door.state(one) for one in written].count("sent") == budgets.CAP_CASE
    assert door.told.count((written[-1], "approved")) == 1


def test_staff_are_not_capped(door: Door) -> None:
    written = [door.write(None, to=(STAFF,), audience="staff") for _ in range(budgets.CAP_ADDRESS + 1)]
    door.go_on(0, 1)
    assert {door.state(one) for one in written} == {"sent"}


# --- what people are told ---------------------------------------------------------------------------------------------


def test_staff_hear_that_nobody_can_tell_and_then_that_it_arrived(door: Door) -> None:
    door.after = after_letter
    door.graph.linger_seconds = door.graph.linger_looks = 10**6
    letter = door.write(door.request())
    door.go_on(0, 16)
    door.graph.draft_lingers = False
    door.go_on(0, 1)
    (first,) = [parsed(raw) for raw in door.graph.inbox_of(STAFF)]
    assert "Verzonden items" in text_of(first)
    assert door.letter(letter).message_id in text_of(first)
    assert "LES-2026" in str(first["Subject"])
    door.graph.settle()
    door.go_on(11, 60, 1)
    _, second = [parsed(raw) for raw in door.graph.inbox_of(STAFF)]
    assert "niet meer te versturen" in text_of(second)
    door.go_on(60, 60)
    assert len(door.graph.inbox_of(STAFF)) == 2


@pytest.mark.parametrize("state", ["bounced", "unclear", "refused"])
def test_a_staff_mail_that_fails_goes_to_the_deputy_and_management_hears(door: Door, state: str) -> None:
    letter = door.write(None, to=(STAFF,), audience="staff", text="Akkoord? code abc")
    with door.bot.store.begin() as session:
        row = session.get_one(Letter, letter)
        row.state = state
        for _ in range(3):
            failures.letter_failed(door.bot, session, row)
    door.stage.later(minutes=1)
    door.go_on(0, 1)
    (passed,) = [parsed(raw) for raw in door.graph.inbox_of(DEPUTY)]
    assert "code abc" in text_of(passed)
    assert len(door.graph.inbox_of(MANAGEMENT)) == 1


def test_a_copy_that_fails_too_ends_with_management_once_a_day(door: Door) -> None:
    for day in range(2):
        letter = door.write(None, to=(DEPUTY,), audience="staff")
        with door.bot.store.begin() as session:
            row = session.get_one(Letter, letter)
            row.state = "bounced"
            failures.letter_failed(door.bot, session, row)
        door.go_on(0, 1)
        assert len(door.graph.inbox_of(MANAGEMENT)) == day + 1
        with door.bot.store.begin() as session:
            for note in session.scalars(select(Letter).where(Letter.key.startswith("staff-not-reached"))):
                note.state = "bounced"
                failures.letter_failed(door.bot, session, note)
        door.go(days=1)
    assert door.graph.inbox_of(DEPUTY) == door.graph.inbox_of(DEPUTY)[:2]
    assert len(door.graph.inbox_of(MANAGEMENT)) == 2


def test_no_address_and_no_word_stands_in_the_journal(door: Door) -> None:
    door.graph.faults.add("POST", "*/send", status=400)
    door.write(door.request(), to=(EVIL,))
    door.write(door.request())
    door.go_on(0, 1)
    with door.bot.store.read() as session:
        rows = [f"{row.event} {row.detail}" for row in session.scalars(select(Journal))]
        assert journal.verify(session) is None
    assert not any("@" in row or "Anna" in row for row in rows)


# --- the whole road ---------------------------------------------------------------------------------------------------


def failed_answer(world: World, **fault: Any) -> EmailMessage:
    """An approved answer whose send went wrong; gives the mail in which staff are asked about it."""
    world.asks_for_access()
    world.run(minutes=1)
    world.graph.faults.add("POST", "*/send", **fault)
    world.stage.staff_reply(world.draft(), "akkoord")
    world.run(minutes=1)
    world.run(minutes=16)
    assert world.cases()[0]["waiting"] == "staff"
    return world.to(STAFF)[-1]


def test_staff_say_that_the_person_has_an_answer_that_nobody_could_tell_of(world: World) -> None:
    asked = failed_answer(world, status=503)
    world.stage.staff_reply(asked, "gedaan")
    world.run(minutes=5)
    (case,) = world.cases()
    assert (case["state"], case["outcome"]) == ("closed", "granted")
    assert len(world.to(people.HANNEKE)) == 1  # the receipt


def test_staff_have_the_answer_made_anew_and_approve_it_again(world: World) -> None:
    asked = failed_answer(world, status=400, code="ErrorInvalidRecipients")
    first = world.draft()
    world.stage.staff_reply(asked, "niet akkoord het is niet aangekomen")
    world.run(minutes=5)
    assert world.draft()["Subject"] != first["Subject"]
    world.stage.staff_reply(world.draft(), "akkoord")
    world.run(minutes=5)
    assert world.cases()[0]["waiting"] == "delivery"
    assert len(world.to(people.HANNEKE)) == 2
    world.stage.staff_reply(asked, "gedaan")
    world.run(minutes=5)
    assert world.cases()[0]["waiting"] == "delivery"


def test_an_answer_that_turns_up_after_all_goes_on_by_itself(world: World) -> None:
    world.graph.linger_seconds = world.graph.linger_looks = 10**6
    world.asks_for_access()
    world.run(minutes=1)
    world.graph.settle()
    world.run(minutes=1)
    world.stage.staff_reply(world.draft(), "akkoord")
    world.run(minutes=1)
    world.run(minutes=16)
    asked = world.to(STAFF)[-1]
    assert world.cases()[0]["waiting"] == "staff"
    world.graph.draft_lingers = False
    world.graph.settle()
    world.run(minutes=11)
    assert world.cases()[0]["waiting"] == "delivery"
    assert "niet meer te versturen" in text_of(world.to(STAFF)[-1])
    world.stage.staff_reply(asked, "niet akkoord toch maar opnieuw")
    world.run(minutes=5)
    assert len(world.to(people.HANNEKE)) == 2
    world.run(hours=50)
    assert world.cases()[0]["outcome"] == "granted"


def test_replies_and_bounces_that_carry_a_rewritten_id_still_find_their_letter(world: World) -> None:
    world.graph.rewrites_message_id = True
    world.asks_for_access()
    world.run(minutes=1)
    (receipt,) = world.to(people.HANNEKE)
    reply = world.stage._mail(
        "Hanneke Verbrugge", people.HANNEKE, "info@lesseausoap.com", "Re: nog iets", "Hoe lang duurt het?"
    )
    reply["In-Reply-To"] = receipt["Message-ID"]
    world.graph.deliver(reply.as_bytes(policy=SMTP.clone(max_line_length=998)))  # ids longer than a line stay whole
    world.graph.fail(people.HANNEKE)
    world.stage.staff_reply(world.draft(), "akkoord")
    world.run(minutes=1)
    world.run(minutes=1)
    assert {row["disposition"]: row["request"] for row in world.mails()} == {
        "request": "LES-2026-0001", "joined": "LES-2026-0001", "staff-command": "LES-2026-0001",
        "bounce": "LES-2026-0001",
    }  # fmt: skip
    assert world.cases()[0]["waiting"] == "staff"


@pytest.mark.parametrize(
    ("status", "action", "waiting"),
    [
        ("4.4.7", "delayed", "delivery"),
        ("4.4.7", "failed", "staff"),
        ("5.1.10", "failed", "staff"),
        ("5.1.10", "", "staff"),
    ],
)
def test_only_a_report_that_the_mail_will_not_arrive_reopens_the_matter(
    world: World, status: str, action: str, waiting: str
) -> None:
    world.asks_for_access()
    world.run(minutes=1)
    world.graph.fail(people.HANNEKE, status=status, action=action)
    world.stage.staff_reply(world.draft(), "akkoord")
    world.run(minutes=1)
    world.run(minutes=1)
    assert world.cases()[0]["waiting"] == waiting


def test_a_deputy_gets_the_question_that_bounced_and_can_answer_it(world: World) -> None:
    world.graph.fail(STAFF)
    world.asks_for_access()
    world.run(minutes=1)
    world.run(minutes=1)
    (passed,) = [mail for mail in world.to(DEPUTY) if str(mail["Subject"]).startswith("Akkoord?")]
    assert len(world.to(MANAGEMENT)) == 1
    world.stage.staff_reply(passed, "akkoord", account=DEPUTY)
    world.run(minutes=1)
    assert world.cases()[0]["waiting"] == "delivery"


def test_a_deputy_gets_a_question_once_though_it_bounced_and_then_nobody_answers(world: World) -> None:
    world.graph.fail(STAFF)
    world.asks_for_access()
    for _ in range(4):
        world.run(minutes=1)
    for _ in range(3):
        world.run(days=1)
    asked = [mail for mail in world.to(DEPUTY) if str(mail["Subject"]).startswith("Akkoord?")]
    assert len(asked) == 1
