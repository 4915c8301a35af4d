"""The rights as data: complete, named, and backed by their letters."""

from pathlib import Path

import pytest

from workflows.machine import IDENTITIES
from workflows.rights import ACCESS, RIGHTS, WORDS, Identity, Operation, Right, ask_every_processor

ROOT = Path(__file__).parent.parent
GUIDE = (ROOT / "tests/data/GUIDE.md").read_text()
RIGHTS_OF_THE_GUIDE = [
    line.split("`")[1]
    for line in GUIDE.partition("## Rights")[2].partition("\n## ")[0].splitlines()
    if "| art." in line
]


def test_every_right_that_the_sorter_knows_has_its_dutch_word_and_article() -> None:
    assert set(WORDS) == set(RIGHTS_OF_THE_GUIDE) and len(WORDS) == 9
    for name, word in WORDS.items():
        assert word.name == name
        assert f"art. {word.article.partition(',')[0]}" in next(
            line for line in GUIDE.splitlines() if line.startswith(f"| `{name}` | art.")
        )


def test_the_dutch_words_are_those_of_the_command_and_differ() -> None:
    assert [word.dutch for word in WORDS.values()] == [
        "inzage",
        "rectificatie",
        "wissing",
        "beperking",
        "opheffing",
        "overdracht",
        "bezwaar",
        "geautomatiseerd besluit",
        "toestemming intrekken",
    ]


def test_a_right_that_is_led_has_the_name_and_article_of_its_word() -> None:
    for name, right in RIGHTS.items():
        assert right.name == name and right.article == WORDS[name].article


@pytest.mark.parametrize("right", RIGHTS.values(), ids=lambda right: right.name)
def test_every_letter_that_a_right_names_is_a_file(right: Right) -> None:
    letters = right.letters
    for name in (letters.receipt, letters.granted, letters.refused, letters.nothing):
        assert (ROOT / "templates/nl" / f"{name}.md").is_file(), name


def test_access_asks_every_processor_for_a_copy_and_changes_nothing() -> None:
    assert ACCESS.plan == (ask_every_processor(Operation.EXPORT),)
    assert ACCESS.at_once == ()


@pytest.mark.parametrize("shown", Identity)
def test_nobody_gets_access_before_it_was_shown_who_asks(shown: Identity) -> None:
    assert ACCESS.is_open_to(shown) is (shown is not Identity.NONE)


def test_the_rungs_of_identity_are_the_words_of_the_contract() -> None:
    assert tuple(Identity) == IDENTITIES
