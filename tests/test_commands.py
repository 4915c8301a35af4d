"""The words of staff and customers: what each means, and everything that must be asked back."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.desk.commands import BARE, REASONED, WORDS, Command, Unclear, parse_command, parse_customer_word

READ = [
    ("akkoord", Command("akkoord")),
    ("accoord", Command("akkoord")),
    ("akkoord lijst", Command("akkoord lijst")),
    ("niet akkoord het adres klopt niet", Command("niet akkoord", reason="het adres klopt niet")),
    ("niet accoord: verkeerde brief", Command("niet akkoord", reason="verkeerde brief")),
    ("weiger de identiteit staat niet vast", Command("weiger", reason="de identiteit staat niet vast")),
    ("deels facturen moeten wij bewaren", Command("deels", reason="facturen moeten wij bewaren")),
    ("zonder 3, 7", Command("zonder", numbers=(3, 7))),
    ("zonder 3", Command("zonder", numbers=(3,))),
    ("zonder 3 en 7.", Command("zonder", numbers=(3, 7))),
    ("zonder nummers 7, 3, 7", Command("zonder", numbers=(7, 3))),
    ("zonder 3 t/m 5, 9", Command("zonder", numbers=(3, 4, 5, 9))),
    ("verleng veel verzoeken tegelijk", Command("verleng", reason="veel verzoeken tegelijk")),
    ("tekst: Beste mevrouw,\n\nHierbij uw gegevens.", Command("tekst", text="Beste mevrouw,\n\nHierbij uw gegevens.")),
    ("tekst:\nBeste,\n\nMet groet,\nLESSEAU", Command("tekst", text="Beste,\n\nMet groet,\nLESSEAU")),
    (
        "tekst:\n--- brief ---\nBeste,\nhallo\n--- einde brief ---\nGroet, Sanne",
        Command("tekst", text="Beste,\nhallo"),
    ),
    ("tonen", Command("tonen")),
    ("soort: inzage", Command("soort", rights=("access",))),
    ("soort: rectificatie", Command("soort", rights=("rectification",))),
    ("soort: wissing", Command("soort", rights=("erasure",))),
    ("soort: verwijdering", Command("soort", rights=("erasure",))),
    ("soort: vergeten", Command("soort", rights=("erasure",))),
    ("soort: beperking", Command("soort", rights=("restriction",))),
    ("soort: opheffing", Command("soort", rights=("lift_restriction",))),
    ("soort: overdracht", Command("soort", rights=("portability",))),
    ("soort: bezwaar", Command("soort", rights=("objection",))),
    ("soort: geautomatiseerd besluit", Command("soort", rights=("automated_decision",))),
    ("soort: toestemming intrekken", Command("soort", rights=("withdraw_consent",))),
    ("soort: vraag", Command("soort", kind="privacy_question")),
    ("soort: klacht", Command("soort", kind="complaint")),
    ("soort: datalek", Command("soort", kind="breach_report")),
    ("soort: overheid", Command("soort", kind="authority")),
    ("Soort inzage en wissing", Command("soort", rights=("access", "erasure"))),
    ("soort: wissing, vergeten, inzage", Command("soort", rights=("erasure", "access"))),
    ("geen privacyverzoek", Command("geen privacyverzoek")),
    ("gedaan", Command("gedaan")),
    ("Gedaan, zie bijlage.", Command("gedaan")),
    ("geverifieerd telefoon", Command("geverifieerd", means="telefoon")),
    ("geverifieerd: legitimatie aan de balie", Command("geverifieerd", means="legitimatie aan de balie")),
    ("niet geverifieerd nam niet op", Command("niet geverifieerd", reason="nam niet op")),
    ("ingetrokken", Command("ingetrokken")),
    ("gemeld 1234567", Command("gemeld", number="1234567")),
    ("gemeld nummer: DL-2026-17", Command("gemeld", number="DL-2026-17")),
    ("niet melden geen risico voor de klant", Command("niet melden", reason="geen risico voor de klant")),
    ("ontvangen op 03-02-2026", Command("ontvangen op", received=date(2026, 2, 3))),
    ("ontvangen op 3-2-2026, per post", Command("ontvangen op", received=date(2026, 2, 3), channel="post")),
    ("ontvangen op 03/02/2026 per brief", Command("ontvangen op", received=date(2026, 2, 3), channel="post")),
    ("ontvangen op 03-02-2026, telefoon.", Command("ontvangen op", received=date(2026, 2, 3), channel="telefoon")),
    ("ontvangen op 29-02-2028", Command("ontvangen op", received=date(2028, 2, 29))),
    ("overnemen", Command("overnemen")),
    ("teruggeven", Command("teruggeven")),
    ("status", Command("status")),
    ("status?", Command("status")),
    ("help", Command("help")),
]


@pytest.mark.parametrize(("words", "command"), READ, ids=[words[:40] for words, _ in READ])
def test_each_word_is_read_with_what_it_carries(words: str, command: Command) -> None:
    assert parse_command(words) == command


def test_no_word_of_the_grammar_is_left_without_a_test() -> None:
    assert {command.word for _, command in READ} == set(WORDS)


AROUND = [
    "{}",
    "\n\n  {}  \n",
    "{}.",
    "{}!",
    "Hoi,\n\n{}",
    "Hallo bot,\n{}",
    "Beste collega, {}",
    "Goedemorgen!\n\n{}",
    "Geachte heer De Vries,\n\n{}",
    "{}\n\nGroet,\nSanne",
    "{}\n\nMet vriendelijke groet,\n\nSanne Post\nPrivacy\n015 - 123 45 67",
    "{}\nMvg Sanne",
    "{}\ngr. S",
    "{}. Groet, Sanne",
    "{}, bedankt!",
    "{}\n\nAlvast bedankt,\nSanne",
    "{}\n\nFijn weekend!\nSanne",
    "{}\n-- \nSanne Post\nLESSEAU",
    "{}\n\nVerstuurd vanaf mijn iPhone",
    "Verstuurd vanaf mijn iPhone\n\n{}",
    "{}\n\nOutlook voor Android downloaden<https://aka.ms/AAb9ysg>",
    "*{}*",
    "“{}”",
    "\u200b{}\u00a0",
    "{}\r\n\r\nGroet,\r\nSanne\r\n",
    "{} 👍",
    "{}\n\nGroet,\nSanne\n\nDit bericht is vertrouwelijk. Bent u niet de geadresseerde, wis het dan.",
    "{}\n\nGroet,\nSanne Post\nLESSEAU, alles voor zachte zeep\nKvK 12345678\nMoet u deze e-mail wel printen?",
]


@pytest.mark.parametrize("around", AROUND)
@pytest.mark.parametrize("word", BARE)
def test_greeting_closing_case_and_punctuation_do_not_matter(word: str, around: str) -> None:
    for written in (word, word.upper(), word.capitalize()):
        assert parse_command(around.format(written)) == Command(word)


@pytest.mark.parametrize("around", [one for one in AROUND if "*" not in one and "“" not in one and "👍" not in one])
def test_a_reason_is_kept_without_greeting_and_signature(around: str) -> None:
    command = parse_command(around.format("Weiger De identiteit staat niet vast"))
    assert isinstance(command, Command)
    assert command.word == "weiger"
    assert command.reason.rstrip(".!") == "De identiteit staat niet vast"


def test_a_reason_may_run_over_lines() -> None:
    found = parse_command("niet akkoord de aanhef klopt niet\nen het adres is oud\n\nGroet,\nSanne")
    assert found == Command("niet akkoord", reason="de aanhef klopt niet en het adres is oud")


def test_a_name_alone_on_a_line_is_a_signature_when_it_is_the_senders() -> None:
    assert parse_command("akkoord\n\nSanne", name="Sanne Post") == Command("akkoord")
    assert isinstance(parse_command("akkoord\n\nNiet", name="Sanne Post"), Unclear)
    assert isinstance(parse_command("akkoord\n\nSanne"), Unclear)


ASKED_BACK = [
    "akkoord\n\nGroet,\nSanne\n\nHet telefoonnummer moet er nog uit.", "akkoord :-(", "≠ akkoord", "akkoord :(",
    "akkoord\n\nGroet,\nSanne\n\nAlleen de eerste alinea dus.", "akkoord\nMvg Sanne\nDe naam klopt niet",
    "", "  \n ", "ja", "ok", "oké", "prima", "ja akkoord", "geen akkoord", "akkoord, maar", "akkoord maar zonder 3",
    "akkoord?", "Akkoord??", "akkoord en verleng", "akkoord\nweiger te laat", "akkoord\n\nmaar pas morgen",
    "akkoord mits het adres klopt", "nog niet akkoord", "akkoord met de brief", "ik ben akkoord", "akkoordverklaring",
    "akkoord\n\nGroet,\nSanne\n\nPS toch niet", "akkoord\n\nGroet,\nSanne\nmaar wacht tot morgen",
    "akkoord. Groet, maar niet vandaag", "akkoord\n\nGroet,\nSanne\nweiger te laat", "> akkoord", "~~akkoord~~",
    "akkoord 👎", "akkoord ❌", "niet akkoord", "niet akkoord.", "niet akkoord?", "weiger", "weiger:", "deels",
    "verleng", "verleng?", "weiger te laat?", "weiger\nakkoord", "niet akkoord te laat\nakkoord",
    "weiger deels te laat", "niet geverifieerd", "niet melden", "zonder", "zonder het adres", "zonder 3, adres",
    "zonder 0", "zonder 5 t/m 3", "zonder 99999", "zonder 3-7", "tekst", "tekst:", "tekst:\n\n", "soort", "soort:",
    "soort: iets", "soort: inzage, iets", "soort: vraag, klacht", "soort: inzage, klacht", "soort: inzage?",
    "geen privacyverzoek?", "geen privacyverzoek denk ik", "gedaan behalve de reviews", "gedaan?", "geverifieerd",
    "geverifieerd niet", "geverifieerd maar twijfel", "gemeld", "gemeld vandaag", "gemeld ja", "ontvangen op",
    "ontvangen op maandag", "ontvangen op 31-02-2026", "ontvangen op 03-02-26", "ontvangen op 2026-02-03",
    "ontvangen op 03-02-2026 per duif", "ingetrokken?", "tonen aan jan", "overnemen of teruggeven", "status van zaak 3",
    "help mij", "stuur maar", "de brief is akkoord", "niet", "tonen\nakkoord", "Hoi,\n\nGroet,\nSanne",
]  # fmt: skip


@pytest.mark.parametrize("words", ASKED_BACK, ids=[words[:30].replace("\n", "/") or "nothing" for words in ASKED_BACK])
def test_whatever_adds_meaning_or_leaves_a_choice_is_asked_back_in_a_sentence(words: str) -> None:
    found = parse_command(words)
    assert isinstance(found, Unclear)
    assert found.sentence.endswith((".", "?"))
    assert len(found.sentence) < 400


@pytest.mark.parametrize("word", REASONED)
def test_a_missing_reason_is_asked_for_by_name(word: str) -> None:
    found = parse_command(word)
    assert isinstance(found, Unclear)
    assert f"“{word}”" in found.sentence
    assert "reden" in found.sentence


def test_a_reason_that_begins_with_an_ordinary_word_of_the_grammar_is_a_reason() -> None:
    found = parse_command("niet akkoord status van de order klopt niet")
    assert found == Command("niet akkoord", reason="status van de order klopt niet")


# --- customers


@pytest.mark.parametrize("around", [one for one in AROUND if "👍" not in one])
@pytest.mark.parametrize("word", ["ja", "nee", "toch niet"])
def test_a_customers_word_is_read_in_every_dress(word: str, around: str) -> None:
    for written in (word, word.upper(), word.capitalize()):
        assert parse_customer_word(around.format(written)) == word


def test_a_customer_may_sign_with_the_own_name() -> None:
    assert parse_customer_word("Ja\n\nNoor de Boer", name="Noor de Boer") == "ja"
    assert parse_customer_word("Ja\n\nNoor de Boer", name="Jan") is None


@pytest.mark.parametrize(
    "words",
    [
        "", "ja, maar", "ja?", "nee?", "ja graag", "ja en nee", "ja\nnee", "nee, dat ben ik niet", "jawel", "toch",
        "niet", "toch wel", "toch niet wissen", "akkoord", "ok", "> ja", "~~ja~~",
        "ja\n\nGroet,\nNoor\nPS maar niet alles",
        "Ja, ik ben afwezig tot maandag.",
    ],
)  # fmt: skip
def test_everything_else_of_a_customer_goes_to_staff(words: str) -> None:
    assert parse_customer_word(words) is None


# --- every input


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=120))
def test_no_text_makes_it_fail(text: str) -> None:
    assert isinstance(parse_command(text), Command | Unclear)
    assert parse_customer_word(text) in ("ja", "nee", "toch niet", None)


CLOSINGS = {"groet", "groeten", "groetjes", "mvg", "mvrg", "gr", "dank", "danku", "bedankt", "thanks", "thx", "succes"}


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(BARE), st.text("abcdefghijklmnopqrstuvwxyz éë0123456789", min_size=1, max_size=30))
def test_any_word_behind_a_bare_command_is_asked_back(word: str, more: str) -> None:
    words = more.split()
    if words and words[0] not in CLOSINGS and f"{word} {words[0]}" not in WORDS:
        assert isinstance(parse_command(f"{word} {more}"), Unclear)
