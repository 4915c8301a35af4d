"""Rules by example: what is a request, what only looks like one, and what the normaliser undoes."""

import pytest

from bot.sorting import rules
from bot.sorting.normalise import LOOK_ALIKE, OVERRIDE, SPACED, ZERO_WIDTH, clean, hidden_text
from bot.sorting.reading import read
from bot.sorting.words import CONCEPTS, fold, language, sentences


def rights(text: str, subject: str = "") -> tuple[str, ...]:
    return rules.judge(read(subject, text)).rights


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Verwijder mijn account en alle gegevens.", ("erasure",)),
        ("Gooi alles van mij maar weg.", ("erasure",)),
        ("Welke gegevens hebben jullie van mij opgeslagen?", ("access",)),
        ("Ik ben verhuisd, pas mijn adres aan in mijn account.", ("rectification",)),
        ("Beperk de verwerking van mijn gegevens, verwijder ze niet.", ("restriction",)),
        ("De beperking op mijn gegevens mag worden opgeheven.", ("lift_restriction",)),
        ("Ik wil gebruikmaken van mijn recht op overdraagbaarheid.", ("portability",)),
        ("Ik maak bezwaar tegen de verwerking van mijn gegevens.", ("objection",)),
        ("Laat een medewerker dit automatische besluit over mij beoordelen.", ("automated_decision",)),
        ("Ik wil geen nieuwsbrief meer ontvangen.", ("withdraw_consent",)),
        ("Please delete all the data you hold about me.", ("erasure",)),
        ("Bitte löschen Sie mein Kundenkonto und alle meine Daten.", ("erasure",)),
        ("Merci de supprimer toutes mes données personnelles.", ("erasure",)),
        ("Hoe komt die meneer aan mijn nummer?", ("access",)),
        ("Who gave you my address?", ("access",)),
        ("Vergeet maar dat ik er was.", ("erasure",)),
        ("Haal mijn portret van jullie website.", ("erasure",)),
        ("Basta met de nieuwsbrieven, ik koop de zeep wel in de winkel.", ("withdraw_consent",)),
        ("Ne m'envoyez plus ces demandes d'avis.", ("withdraw_consent",)),
    ],
)
def test_a_right_is_seen_in_plain_words(text: str, expected: tuple[str, ...]) -> None:
    assert rights(text) == expected


@pytest.mark.parametrize(
    ("text", "concept"),
    [
        ("Pas mijn adres aan.", "NEG"),
        ("Mijn nicht kreeg het pakket.", "NEG"),
        ("De scrub ruikt naar gember.", "DELETE"),
        ("Ik bel, want ik heb haast.", "ASK"),
    ],
)
def test_a_word_of_another_language_does_not_speak_in_dutch_mail(text: str, concept: str) -> None:
    assert concept not in rules.judge(read("", text)).present


@pytest.mark.parametrize(
    "text",
    [
        "Ik maak bezwaar tegen de factuur van maart.",
        "Kunt u de badparels uit mijn bestelling verwijderen?",
        "Graag order 22781 annuleren.",
        "Jullie zijn iets vergeten, het zeepbakje zat er niet bij.",
        "Heeft u bezwaar tegen dinsdagavond?",
        "Waar kan ik mijn bestelling inzien?",
        "Stuur bestelling 1042 naar mijn werk.",
        "Welke zeep kan wijnvlekken verwijderen?",
        "Wat een aardige bezorger hebben jullie, geef hem een stuk zeep van mij!",
        "Waar komt jullie palmolie vandaan?",
        "Hoe kom ik nu aan mijn pakje?",
        "Mijn telefoon is gewist, kunnen jullie de tegoedbon opnieuw mailen?",
        "Stuurt u mij de zeep met lavendel? Fam. Wisse",
    ],
)
def test_words_of_the_law_about_an_order_are_no_request(text: str) -> None:
    assert rights(text) == ()


def test_not_deleting_is_restriction_and_never_erasure() -> None:
    found = rights("Verwijder mijn gegevens niet, maar gebruik ze voorlopig ook niet.")
    assert "erasure" not in found
    assert "restriction" in found


def test_an_access_letter_that_sums_up_the_other_rights_asks_access_alone() -> None:
    text = (
        "Op grond van artikel 15 AVG verzoek ik u om een kopie van mijn persoonsgegevens. Ik wijs op het recht op "
        "rectificatie, wissing, beperking en bezwaar. Vermeld ook het bestaan van geautomatiseerde besluitvorming."
    )
    assert rights(text) == ("access",)


def test_objection_to_direct_marketing_alone_is_withdrawal() -> None:
    text = "Ik maak bezwaar tegen het gebruik van mijn gegevens voor direct marketing (artikel 21 lid 2 AVG)."
    assert rights(text) == ("withdraw_consent",)


@pytest.mark.parametrize("text", ["unsubscribe", "afmelden"])
def test_a_hint_in_a_mail_of_one_line_is_a_claim(text: str) -> None:
    assert rules.judge(read("", text)).rights == ("withdraw_consent",)
    longer = f"{text}. De zeep ruikt heerlijk naar lavendel en mijn zus wil er ook een."
    assert rules.judge(read("", longer)).weights["withdraw_consent"] == 1


def test_every_phrase_begins_with_a_whole_word_or_it_would_never_be_found() -> None:
    phrases = [entry for entries in CONCEPTS.values() for entry in entries.split() if "_" in entry]
    assert [entry for entry in phrases if entry.split("_")[0].endswith("*")] == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("op grond van artikel 15 en 17 avg", {"access", "erasure"}),
        ("art. 20 lid 1 avg", {"portability"}),
        ("article 17(1) gdpr", {"erasure"}),
        ("art. 18 lid 3 avg: de beperking is niet langer nodig", {"lift_restriction"}),
        ("artikel 12 lid 3 avg", set()),
    ],
)
def test_article_numbers_name_rights(text: str, expected: set[str]) -> None:
    assert rules.articles(text) == expected


@pytest.mark.parametrize("rule", rules.RULES, ids=lambda rule: rule.name)
def test_every_rule_speaks_of_concepts_that_exist(rule: rules.Rule) -> None:
    from bot.sorting.words import CONCEPTS

    known = set(CONCEPTS) | {"ASKED"}
    named = {name for pattern in rule.patterns for group in pattern.split() for name in group.lstrip("^").split("|")}
    assert named | set(rule.unless) | set(rule.never) <= known


@pytest.mark.parametrize(
    ("trick", "plain", "named"),
    [
        ("ver\u200bwijder", "verwijder", ZERO_WIDTH),
        ("vеrwijdеr", "verwijder", LOOK_ALIKE),
        ("\u202esneveg\u202c", "gevens", OVERRIDE),
        ("v e r w i j d e r", "verwijder", SPACED),
    ],
)
def test_tricks_are_undone_and_named(trick: str, plain: str, named: str) -> None:
    result = clean(trick)
    assert result.text == plain
    assert named in result.tricks


@pytest.mark.parametrize("text", ["Привет мир", "Ελλάδα", "Bestelling 1-2-3", "A.B.C. de Vries", "gewone tekst"])
def test_honest_text_is_left_alone(text: str) -> None:
    assert clean(text).text == text
    assert clean(text).tricks == ()


def test_hidden_html_is_found() -> None:
    html = '<p>Hallo</p><div style="display:none">verwijder mijn gegevens</div>'
    assert hidden_text(html) == "verwijder mijn gegevens"
    assert hidden_text("<p style='color:black'>Hallo</p>") == ""


def test_accents_and_case_do_not_matter() -> None:
    assert fold("DonnÉes Löschen") == "donnees loschen"


@pytest.mark.parametrize(
    ("text", "expected"),
    [("ik wil dat jullie mijn naam wissen", "nl"), ("please send me the list", "en"), ("ich möchte das wissen", "de")],
)
def test_the_language_tells_false_friends_apart(text: str, expected: str) -> None:
    words = fold(text).split()
    assert language(words) == expected
    places = sentences(text)[0].places
    assert ("DELETE" in places) == (expected == "nl")


def test_lines_broken_by_a_mail_program_are_one_sentence() -> None:
    text = "Hierbij verzoek ik u vriendelijk om alle gegevens die u van mij\nheeft te verwijderen"
    assert len(sentences(text)) == 1
