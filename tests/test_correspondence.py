"""Our mail with a person in the copy: only their mails, and nobody else's address."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.processors.export import build_copy, table_of_contents
from bot.processors.microsoft365 import MASK, CorrespondenceItem, Microsoft365, masked

SHOP = "info@winkel.example"
PERSON = "hanneke.verbrugge@example.nl"
OTHER = "buurman@example.org"
COLLEAGUE = "lisa@winkel.example"

MAIL = CorrespondenceItem(
    message_id="<1@example.nl>",
    received=datetime(2025, 3, 4, 23, 30, tzinfo=UTC),
    direction="in",
    sender=PERSON,
    to=(SHOP, OTHER),
    subject="Mijn pakket",
    text=f"Het ligt bij {OTHER}.\nGroet, Hanneke",
    attachments=("foto.jpg",),
)


class Mailbox:
    """A correspondence that gives what it was given, fitting or not."""

    def __init__(self, *mails: CorrespondenceItem) -> None:
        self.mails = mails
        self.asked: list[str] = []

    def find(self, address: str) -> Sequence[CorrespondenceItem]:
        self.asked.append(address)
        return self.mails


def bot(*mails: CorrespondenceItem) -> Microsoft365:
    return Microsoft365(Mailbox(*mails), own=[SHOP])


def test_a_mail_is_in_the_copy_with_who_when_and_what() -> None:
    (record,) = bot(MAIL).export(PERSON).records
    assert record.category == "E-mails"
    assert record.title == "E-mail van u van 5 maart 2025, Mijn pakket"
    assert record.data["received"] == "2025-03-05T00:30:00+01:00"
    assert record.data["sender"] == PERSON
    assert record.data["attachments"] == ["foto.jpg"]


def test_addresses_of_others_are_masked_and_ours_and_theirs_stay() -> None:
    (record,) = bot(MAIL).export(PERSON).records
    assert record.data["to"] == [SHOP, MASK]
    assert record.data["text"] == f"Het ligt bij {MASK}.\nGroet, Hanneke"
    assert OTHER not in json.dumps(dict(record.data))


@pytest.mark.parametrize("sender", [COLLEAGUE, "/O=WINKEL/OU=EXCHANGE/CN=RECIPIENTS/CN=LISA", ""])
def test_a_colleague_is_not_named(sender: str) -> None:
    mail = replace(MAIL, direction="out", sender=sender, to=(PERSON,))
    (record,) = bot(mail).export(PERSON).records
    assert record.data["sender"] == MASK


@pytest.mark.parametrize(
    "mail",
    [
        replace(MAIL, sender=OTHER),
        replace(MAIL, sender=OTHER, text=f"Ik ken {PERSON}", subject=PERSON),
        replace(MAIL, sender=f"x{PERSON}"),
        replace(MAIL, sender=f"{PERSON}.example"),
    ],
)
def test_a_mail_that_only_names_the_person_is_not_theirs(mail: CorrespondenceItem) -> None:
    assert bot(mail).export(PERSON).answer == "nothing"
    assert bot(mail).known(PERSON) == ()


def test_capitals_do_not_matter() -> None:
    assert bot(replace(MAIL, sender=PERSON.upper())).export(f" {PERSON.title()} ").answer == "found"


def test_a_mail_that_is_found_twice_is_given_once_and_mails_without_a_name_all_stay() -> None:
    nameless = replace(MAIL, message_id="")
    mails = (MAIL, MAIL, nameless, replace(nameless, text="Nog een"))
    finding = bot(*mails).export(PERSON)
    assert len(finding.records) == 3
    assert len({record.name for record in finding.records}) == 3


def test_the_oldest_mail_comes_first() -> None:
    later = replace(MAIL, message_id="<0@example.nl>", received=datetime(2025, 5, 1, tzinfo=UTC))
    days = [record.data["received"][:10] for record in bot(later, MAIL).export(PERSON).records]
    assert days == ["2025-03-05", "2025-05-01"]


def test_what_we_sent_makes_nobody_known() -> None:
    ours = replace(MAIL, message_id="<2@winkel.example>", direction="out", sender=SHOP, to=(PERSON,))
    assert bot(ours).known(PERSON) == ()
    assert bot(ours, MAIL).known(PERSON) == ("messages/<1@example.nl>",)
    assert bot(ours).export(PERSON).answer == "found"


def test_no_address_finds_nothing_and_asks_nothing() -> None:
    mailbox = Mailbox(MAIL)
    assert Microsoft365(mailbox, own=[SHOP]).export(" ").answer == "nothing"
    assert mailbox.asked == []


def test_staff_are_told_to_read_mails_and_their_attachments() -> None:
    lines = table_of_contents((bot(MAIL, replace(MAIL, message_id="<2@x>", attachments=())).export(PERSON),))
    assert [line.note for line in lines] == [
        "e-mail: kijk of er iets over anderen in staat, ook in de bijlagen",
        "e-mail: kijk of er iets over anderen in staat",
    ]


def test_a_mail_is_readable_on_the_page() -> None:
    page = build_copy((bot(MAIL).export(PERSON),), "H.", "LES-2026-0042", MAIL.received)[0].content.decode()
    assert "van u aan ons" in page
    assert "Mijn pakket" in page
    assert OTHER not in page


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (f"mailto:{OTHER}", f"mailto:{MASK}"),
        (f"<{OTHER}>", f"<{MASK}>"),
        (f"{OTHER},{PERSON};{OTHER}", f"{MASK},{PERSON};{MASK}"),
        ("Zie @winkel op sociale media", "Zie @winkel op sociale media"),
        (PERSON.upper(), PERSON.upper()),
        ("jürgen@straße.example", MASK),
    ],
)
def test_addresses_are_found_in_running_text(text: str, left: str) -> None:
    assert masked(text, {PERSON, SHOP}) == left


@given(st.text(), st.sampled_from(["a.b+c@example.org", "x@sub.voorbeeld.example"]), st.text())
def test_an_address_between_blanks_never_stays(before: str, address: str, after: str) -> None:
    assert address not in masked(f"{before} {address} {after}", set()).split()


def test_a_long_text_is_masked_in_linear_time() -> None:
    assert masked("a" * 200_000 + "@", set()).endswith("@")
    assert masked("a." * 100_000 + "@" + "b-" * 100_000, set())
