"""The verdict as the program uses it: certainty, reasons, attachments, flags, slots."""

import io
import json
import time
import zipfile
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.mail.message import Attachment
from bot.sorting import model, rules
from bot.sorting.corpus import in_lockbox, read
from bot.sorting.documents import text_of
from bot.sorting.judge import rule_on
from bot.sorting.model import Linear, load, packed
from bot.sorting.reading import read as read_mail
from bot.sorting.record import sort_record
from bot.sorting.train import near_duplicates
from bot.sorting.verdict import KINDS, RIGHTS, WORDS, Item, sort

ROOT = Path(__file__).parents[1]
VIEWS = ("", "best ", "plain ")  # the scores of a label: whole mail, loudest passage, plain model


def docx(text: str) -> bytes:
    body = (
        '<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>'
        f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p></w:body></w:document>"
    )
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("word/document.xml", body)
    return target.getvalue()


def attachment(name: str, content: bytes, type_: str = "application/octet-stream") -> Attachment:
    return Attachment(name=name, type=type_, size=len(content), content=content)


def test_a_plain_request_is_certain_and_says_why_in_dutch() -> None:
    verdict = sort(Item("Account", "Verwijder mijn account en al mijn persoonsgegevens. Groet, Ans"))
    assert (verdict.kind, verdict.rights, verdict.certain) == ("request", ("erasure",), True)
    assert any("in zin 1" in reason for reason in verdict.reasons)
    assert verdict.guesses == ()


def test_doubt_carries_two_answers_in_words_of_the_staff() -> None:
    verdict = sort(Item("vraag", "Mijn gegevens graag"))
    assert not verdict.certain
    assert len(verdict.guesses) == 2
    assert all(part in WORDS.values() for guess in verdict.guesses for part in guess.split(", "))


def test_quoted_text_decides_nothing() -> None:
    verdict = sort(Item("Re: zeep", "Dank, de zeep is prachtig!", quoted_text="Verwijder mijn account en gegevens."))
    assert verdict.kind == "not_privacy"


def test_a_forwarded_request_without_own_words_is_shown_to_a_person() -> None:
    verdict = sort(Item("Fwd: vraag", "", quoted_text="Verwijder mijn account en al mijn gegevens."))
    assert not verdict.certain


@pytest.mark.parametrize("text", ["Zie bijgevoegde brief.", "Mijn verzoek vindt u in de bijlage. Groet, Jan"])
def test_words_that_point_to_an_attachment_are_never_certainly_nothing(text: str) -> None:
    verdict = sort(Item("brief", text))
    assert not (verdict.certain and verdict.kind == "not_privacy")


def test_few_words_with_a_document_are_never_certainly_nothing() -> None:
    verdict = sort(Item("x", "Groet, Jan", attachments=(attachment("brief.docx", docx("Dank voor de zeep.")),)))
    assert not (verdict.certain and verdict.kind == "not_privacy")


def test_a_request_in_a_docx_is_read() -> None:
    letter = docx("Hierbij verzoek ik u al mijn persoonsgegevens te verwijderen (artikel 17 AVG).")
    verdict = sort(Item("brief", "Zie bijlage.", attachments=(attachment("brief.docx", letter),)))
    assert "erasure" in verdict.rights
    assert "tekst van de bijlage meegelezen" in verdict.reasons


def test_a_nested_mail_is_read() -> None:
    raw = (
        b"From: a@example.nl\r\nSubject: inzage\r\nContent-Type: text/plain\r\n\r\nWelke gegevens heeft u van mij?\r\n"
    )
    text, whole = text_of([attachment("verzoek.eml", raw, "message/rfc822")])
    assert "Welke gegevens" in text
    assert whole


@pytest.mark.parametrize(
    "content",
    [b"", b"%PDF-1.4 kapot", b"PK\x03\x04 kapot"],
)
def test_a_document_that_cannot_be_read_goes_to_a_person(content: bytes) -> None:
    text, whole = text_of([attachment("scan.pdf", content, "application/pdf")])
    assert (text.strip(), whole) == ("", False)
    assert not sort(Item("scan", "Zie de scan.", attachments=(attachment("scan.pdf", content),))).certain


def test_a_docx_with_entities_is_not_expanded() -> None:
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaa">]><x>&a;</x>'
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("word/document.xml", bomb)
    assert text_of([attachment("a.docx", target.getvalue())]) == ("", False)


@pytest.mark.parametrize(
    ("text", "flag"),
    [
        ("Op grond van artikel 126nd Wetboek van Strafvordering vorder ik de klantgegevens.", "authority"),
        ("ik ben 14 en wil mijn account laten verwijderen", "minor"),
        ("Mijn vader is overleden. Verwijder zijn gegevens.", "deceased"),
        ("Namens mijn cliënt verzoek ik inzage in zijn persoonsgegevens. Machtiging bijgevoegd.", "agent"),
        ("Verwijder mijn gegevens over mijn eczeem.", "health"),
        ("Verwijder mijn gegevens, anders dien ik een klacht in bij de Autoriteit Persoonsgegevens.", "threat"),
        ("Waar blijft mijn bestelling 22001? En verwijder daarna mijn account.", "mixed"),
    ],
)
def test_flags_are_raised(text: str, flag: str) -> None:
    assert flag in sort(Item("", text)).flags


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Stuur mij een kopie van mijn gegevens per post.", "post"),
        ("Ik wil inzage in mijn gegevens. Stuur het antwoord naar ander@example.org.", "other_email"),
        ("Ik wil inzage in mijn gegevens.", "known"),
        ("Mijn e-mailadres is fout, het moet nieuw@example.org zijn.", "known"),
    ],
)
def test_the_delivery_wish_is_seen(text: str, expected: str) -> None:
    assert sort(Item("", text, sender="ik@example.nl")).delivery == expected


def test_slots_name_what_is_wrong_and_what_it_should_be() -> None:
    slots = sort(Item("naam", "Mijn achternaam klopt niet: Jansen in plaats van Janssen. Graag aanpassen.")).slots
    assert (slots["right"], slots["wrong"]) == ("Jansen", "Janssen")


def test_slots_name_orders_and_addresses() -> None:
    text = "Bestelling 22001. Ik ben verhuisd naar Sparrenlaan 917, 1234 AB Oss. Pas mijn adres aan."
    slots = sort(Item("verhuisd", text)).slots
    assert slots["orders"] == ("22001",)
    assert slots["postcodes"] == ("1234 AB",)
    assert slots["addresses"] == ("Sparrenlaan 917, 1234 AB, Oss",)


def test_a_trick_in_the_letters_is_seen_through_and_named() -> None:
    verdict = sort(Item("x", "vеrwij\u200bder mijn account en al mijn gegevens"))
    assert verdict.rights == ("erasure",)
    assert any("ander alfabet" in reason for reason in verdict.reasons)


def test_out_of_office_is_automatic() -> None:
    item = Item("Automatisch antwoord: inzage", "Ik ben afwezig tot 3 juni.", origin="auto-reply")
    assert sort(item).kind == "automatic"


def test_a_web_form_is_read_for_what_the_person_wrote() -> None:
    body = "Nieuw bericht via het contactformulier\nNaam: Jan\nE-mail: jan@example.nl\nBericht: verwijder mijn account"
    record = {"id": "1", "subject": "Nieuw bericht", "body": body, "headers": {"Auto-Submitted": "auto-generated"}}
    assert sort_record(record)["kind"] == "request"


def test_a_record_comes_out_with_the_promised_keys() -> None:
    result = sort_record({"id": "a", "subject": "hallo", "body": "Is de zeep vegan?"})
    assert list(result) == ["id", "kind", "rights", "flags", "delivery", "on_behalf", "certain", "reasons", "slots"]
    json.dumps(result)


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=300), st.text(max_size=300), st.text(max_size=200))
def test_sorting_never_fails_and_is_the_same_twice(subject: str, body: str, html: str) -> None:
    item = Item(subject, body, html=html)
    verdict = sort(item)
    assert verdict == sort(item)
    assert verdict.kind in KINDS
    assert set(verdict.rights) <= set(RIGHTS)
    assert bool(verdict.rights) == (verdict.kind == "request")


def test_near_duplicates_share_a_group() -> None:
    groups = near_duplicates([{"a", "b", "c"}, {"a", "b", "c", "d"}, {"x", "y"}])
    assert groups[0] == groups[1] != groups[2]


@given(st.lists(st.sets(st.sampled_from("abcdefghij")), max_size=12))
def test_groups_are_those_of_comparing_every_pair(bags: list[set[str]]) -> None:
    alike = [[bool(one & two) and len(one & two) >= 0.6 * len(one | two) for two in bags] for one in bags]
    group = list(range(len(bags)))
    for _ in bags:  # a chain of as many links
        group = [
            min([own, *(group[at] for at, same in enumerate(row) if same)])
            for own, row in zip(group, alike, strict=True)
        ]
    assert near_duplicates(bags) == group


@pytest.mark.parametrize("name", ["model.jsonl", "plain.jsonl"])
def test_a_model_file_is_plain_numbers(name: str) -> None:
    _, *rows = map(json.loads, (ROOT / "bot/sorting" / name).read_text(encoding="utf-8").splitlines())
    assert all(isinstance(row[0], str) for row in rows)
    assert all(isinstance(number, int) for row in rows for number in row[1:])


def test_threads_that_sort_at_once_share_one_copy_of_the_models() -> None:
    model._load.cache_clear()
    together = Barrier(4)

    def sort_at_once(_: int) -> object:
        together.wait(10)
        return load()

    with ThreadPoolExecutor(4) as pool:
        assert len({id(found) for found in pool.map(sort_at_once, range(4))}) == 1


@given(st.lists(st.lists(st.integers(-300_000, 300_000), min_size=3, max_size=3), min_size=1, max_size=20))
def test_the_score_of_a_label_is_the_scaled_sum_of_its_weights(weights: list[list[int]]) -> None:
    named = [(str(at), [0, one[0], 1, one[1], 2, one[2]]) for at, one in enumerate(weights)]
    linear = Linear(("a", "b", "c"), "words", (0.5, 0.0, -1.0), *packed(named))
    found = linear.scores(linear.known([name for name, _ in named] + ["unknown"]))
    for label, base, column in zip("abc", linear.bias, zip(*weights, strict=True), strict=True):
        assert found[label] == pytest.approx(base + sum(column) / 10_000 / len(weights) ** 0.5)


@pytest.mark.parametrize(
    ("subject", "text"),
    [
        ("unsubscribe", "unsubscribe"),
        ("Re: Onze nieuwe geuren", "afmelden"),
        ("Re: Retour order 1193", "inzage graag. Niels Korthals, order 1193"),
        ("", "I'd like to be removed from your database entirely."),
        ("Re: Nieuw binnen", "Kan ik hier uit? Link onderin werkt niet. Jack"),
    ],
)
def test_a_request_of_one_line_is_never_left_alone(subject: str, text: str) -> None:
    verdict = sort(Item(subject, text))
    assert verdict.kind == "request" or not verdict.certain


@pytest.mark.parametrize(("other", "certain"), [("automatic", True), ("privacy_question", False)])
def test_nobody_is_asked_which_of_two_kinds_it_is_that_are_left_alone(other: str, certain: bool) -> None:
    leaning = dict.fromkeys(KINDS, -12.0) | {"not_privacy": 1.0, other: 0.9}
    judges = {f"kind {kind}": defaultdict(float, bias=odds) for kind, odds in leaning.items()}
    scores = dict.fromkeys((f"{view}{label}" for view in VIEWS for label in (*KINDS, *RIGHTS)), -9.0)
    ruling = rule_on(scores, rules.judge(read_mail("", "Prima zo.")), judges | {"right": defaultdict(float, bias=-9.0)})
    assert (ruling.kind, ruling.certain) == ("not_privacy", certain)


def test_a_question_with_hierbij_goes_to_a_person_however_sure_the_models_are() -> None:
    reading = read_mail("", "In uw beleid staat dat ik mijn recht per mail kan gebruiken. Dat doe ik hierbij.")
    scores = {
        f"{view}{label}": 9.0 if label == "privacy_question" else -9.0 for view in VIEWS for label in (*KINDS, *RIGHTS)
    }
    ruling = rule_on(scores, rules.judge(reading), load()[1])
    assert (ruling.kind, ruling.certain) == ("privacy_question", False)


def test_a_newsletter_whose_footer_offers_to_unsubscribe_asks_nobody() -> None:
    text = (
        "Vakblad voor drogisten, nummer 12. Deze maand: vijf winkels vertellen over hun etalage, de cijfers van het "
        "voorjaar en de agenda van de beurs. Veel leesplezier! Geen interesse meer? Uitschrijven kan onderaan."
    )
    verdict = sort(Item("Nieuwsbrief 12: de etalage", text, headers=(("List-Unsubscribe", "<mailto:x@example.nl>"),)))
    assert (verdict.kind, verdict.certain) == ("not_privacy", True)


def test_the_open_half_and_the_own_mails_stay_sorted() -> None:
    """A guard against breaking what worked; the honest figures are those of `make evaluate-lockbox`."""
    records = [one for one in read(ROOT / "tests/data/dev.jsonl") if not in_lockbox(str(one["id"]))]
    results = [(record, sort_record(record)) for record in records]
    missed = [r["id"] for r, out in results if r["kind"] == "request" and out["certain"] and out["kind"] != "request"]
    right = sum(out["kind"] == record["kind"] for record, out in results)
    assert missed == []
    assert right / len(results) > 0.9


def test_hundreds_of_mails_are_sorted_in_a_second() -> None:
    item = Item("Waar blijft mijn pakket", "Ik heb dinsdag besteld en nog niets gekregen. Kunt u kijken? Order 23001.")
    sort(item)
    start = time.process_time()
    for _ in range(100):
        sort(item)
    assert 100 / (time.process_time() - start) > 200
