"""Letters: values change nothing but themselves, what must not leave does not, and the MIME is one that all carry."""

import ast
import importlib.util
import re
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import astuple
from datetime import UTC, date, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from bs4 import BeautifulSoup
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from bot.desk.approvals import codes_in
from bot.desk.commands import KINDS, Command, Unclear, parse_command
from bot.desk.commands import WORDS as COMMAND_WORDS
from bot.mail import letter, markdown
from bot.mail.letter import (
    Attached,
    LetterError,
    LintError,
    Rendered,
    compose,
    draft_hash,
    lint_text,
    load,
    mailto,
    render,
    reply_subject,
)
from bot.sandbox.stage import STAFF
from tests.world import World, text_of
from workflows.rights import RIGHTS, WORDS

pytestmark = pytest.mark.long

ROOT = Path(__file__).parent.parent


def lint(name: str, values: Mapping[str, Any]) -> tuple[str, ...]:
    """What makes a letter unfit to leave; empty when it may."""
    try:
        letter.check(name, values)
    except LintError as error:
        return error.findings
    return ()


def _pictures() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_pictures", ROOT / "docs" / "make_pictures.py")
    assert spec and spec.loader
    module = sys.modules["make_pictures"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


PICTURES = _pictures()
EXAMPLES: Mapping[str, Mapping[str, Any]] = PICTURES.EXAMPLES
SHOWN: Mapping[str, tuple[str, Mapping[str, Any]]] = PICTURES.SHOWN
RECEIPT = EXAMPLES["receipt_access"]
Write = Callable[..., None]


@cache
def _rendered(shown: str) -> Rendered:
    """A letter with the values of its picture."""
    return render(*SHOWN[shown])


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Write]:
    """Writes a letter of the test's own; the real ones are out of the way."""

    def forget() -> None:
        for cached in (load, letter.overview, letter._environment, letter._compiled, letter._layout):
            cached.cache_clear()

    for folder in letter.FOLDERS:
        (tmp_path / folder).mkdir()
    (tmp_path / "layout.html").write_text((ROOT / "templates/layout.html").read_text())
    (tmp_path / "nl" / "overview.toml").write_text("")
    monkeypatch.setattr(letter, "_templates", lambda: tmp_path)
    forget()

    def write(
        body: str, audience: str = "subject", subject: str = "Uw verzoek", front: str = "", approval: str = "no"
    ) -> None:
        head = f"---\naudience: {audience}\npersonal: no\napproval: {approval}\n{front}---\n"
        text = f"{head}Onderwerp: {subject}\n{body}\n"
        (tmp_path / "nl" / "proef.md").write_text(text)
        forget()

    yield write
    forget()


# --- every letter there is --------------------------------------------------------------------------------------------


def test_every_letter_has_its_example() -> None:
    assert set(letter.names()) == set(EXAMPLES)


@pytest.mark.parametrize("shown", SHOWN)
def test_every_letter_is_fit_to_leave(shown: str) -> None:
    assert lint(*SHOWN[shown]) == ()


@pytest.mark.parametrize("shown", SHOWN)
def test_every_letter_reads_well_as_text(shown: str) -> None:
    text = _rendered(shown).text
    assert text.endswith("\n") and not text.endswith("\n\n") and "\n\n\n" not in text
    for line in text.split("\n"):
        assert line == line.rstrip()
        assert len(line) <= markdown.WIDTH or "<mailto:" in line
        assert not re.search(r"\*\*|\\|\]\(|&\w+;", line)
    assert not re.search(r"[a-z] [.,:;?!](?:\s|$)|\.\.(?!\.)|[?!]\.", text)


@pytest.mark.parametrize("shown", SHOWN)
def test_every_letter_shows_without_loading_anything_and_with_its_style_on_each_element(shown: str) -> None:
    page = BeautifulSoup(_rendered(shown).html, "html.parser")
    assert not page.find_all(["img", "script", "link", "iframe", "form"])
    assert all(str(a["href"]).startswith(("https:", "mailto:")) for a in page.find_all("a"))
    sheet = page.find("td", class_="sheet")
    assert sheet is not None
    assert all(
        one.has_attr("style") for one in sheet.find_all(list(markdown.STYLES)) if one.get("role") != "presentation"
    )


@pytest.mark.parametrize("shown", SHOWN)
def test_text_and_html_of_a_letter_say_the_same(shown: str) -> None:
    rendered = _rendered(shown)
    page = BeautifulSoup(rendered.html, "html.parser")
    sheet = page.find("td", class_="sheet")
    assert sheet is not None
    plain = re.sub(r"<(?:mailto|https):[^>]*>|\((?:mailto|https):[^)]*\)", " ", rendered.text)
    text = set(re.findall(r"[^\W\d]\w*", plain))  # no numbers: those of a list stand in the text alone
    headings = {one.get_text().strip() for one in sheet.select("thead th:first-child")}  # these stand in the HTML alone
    assert set(re.findall(r"[^\W\d]\w*", sheet.get_text(" "))) == text | headings


@pytest.mark.parametrize("name", [name for name in letter.names() if load(name).audience == "staff"])
def test_a_staff_subject_never_holds_a_customers_word(name: str) -> None:
    kept = {"case", "right", "code", "processor", "state", "what", "about"}  # our own words
    values = {
        key: "KLANTWOORD" if isinstance(value, str) and value and key not in kept else value
        for key, value in EXAMPLES[name].items()
    }
    assert "KLANTWOORD" not in render(name, values).subject


@pytest.mark.parametrize("name", [name for name in letter.names() if load(name).audience == "subject"])
def test_every_letter_to_a_person_says_who_we_are_and_where_to_complain(name: str) -> None:
    text = _rendered(name).text
    for words in ("contactpersoon voor privacyzaken", "Slimstones b.v.", "info@lesseausoap.com", "LES-2026-0042"):
        assert words in text
    assert "autoriteitpersoonsgegevens.nl" in text


def test_what_has_substance_waits_for_approval_and_what_is_fixed_does_not() -> None:
    approval = {name for name in letter.names() if load(name).approval}
    assert approval == {"access_granted", "partly_granted", "nothing_found", "refused", "own_text", "extension"}
    personal = {name for name in letter.names() if load(name).personal and load(name).audience == "subject"}
    assert personal == approval - {"extension"}


# --- the letters of an access request ---------------------------------------------------------------------------------


def test_a_receipt_says_what_was_understood_until_when_and_that_it_is_free() -> None:
    text = " ".join(render("receipt_access", RECEIPT).text.split())
    assert "u wilt weten welke gegevens wij van u hebben en daarvan een kopie krijgen" in text
    assert "Klopt dit niet" in text and "Antwoord dan op deze e-mail." in text
    assert "van 5 maart 2026 tot en met 4 april 2026" in text and "Dit kost u niets." in text


def test_the_letter_to_an_unproven_sender_is_the_same_whoever_is_a_customer() -> None:
    """It takes no name, no address and no finding: nothing in it can tell whether a file exists."""
    used = {name for name in EXAMPLES["neutral"] if "{{ " + name in load("neutral").body + load("neutral").subject}
    assert used == {"case", "received", "binding"}
    text = " ".join(_rendered("neutral").text.split())
    assert "Als wij gegevens van u hebben, sturen wij een vraag naar het adres dat bij ons bekend is." in text
    assert "Een kopie van uw identiteitsbewijs is niet nodig." in text


@pytest.mark.parametrize(
    "duty",
    [
        "Wij hebben gegevens van u.",  # art. 15(1): whether
        "Waarvoor wij gegevens gebruiken, en hoe lang",  # (a), (d)
        "artikel 6 lid 1 onder b",
        "zeven jaar",
        "Categorieën: Bestellingen, Facturen, Klantgegevens",  # (b), policy P38
        "Lightspeed levert de software",  # (c), by name
        "Buckaroo verwerkt betalingen",
        "DHL bezorgt uw pakket",
        "WebwinkelKeur nodigt klanten uit",
        "Microsoft (Microsoft 365) verzorgt onze e-mail",
        "TransIP stuurt bezoekers",
        "verbeteren, te verwijderen, minder te gebruiken",  # (e)
        "U mag altijd bezwaar maken",
        "Autoriteit Persoonsgegevens",  # (f)
        "Waar uw gegevens vandaan komen",  # (g)
        "alleen een computer",  # (h)
        "Canada",  # 15(2)
        "Verenigde Staten",
        "overzicht.html",  # 15(3)
        "gegevens.zip",
        "Wij zochten ook bij Buckaroo. Daar vonden wij niets over u.",
        "12 juli 2020",
    ],
)
def test_the_answer_to_an_access_request_holds_all_that_article_15_asks(duty: str) -> None:
    assert duty in " ".join(_rendered("access_granted").text.split())


def test_a_letter_that_says_no_gives_its_reason_and_both_ways_out() -> None:
    text = " ".join(_rendered("refused").text.split())
    assert "U kreeg deze kopie vorige week ook al, en sindsdien is er niets veranderd." in text
    assert "artikel 12 en artikel 15 van de AVG" in text and "Postbus 93374, 2509 AJ Den Haag" in text
    assert "Autoriteit Persoonsgegevens" in text and "rechtbank" in text and "zes weken" in text


@pytest.mark.parametrize(
    "duty",
    [
        "Wij hebben gegevens van u.",  # what is granted
        "U krijgt een kopie, maar niet van alles.",
        "Wat krijgt u niet, en waarom?",  # what is not, with its reason
        "gaan ook over iemand anders",
        "Microsoft 365, e-mail: 2 onderdelen",
        "Waarvoor wij gegevens gebruiken, en hoe lang",  # art. 15(1)(a)-(h) all the same
        "Autoriteit Persoonsgegevens",
        "rechtbank",
        "zes weken",
    ],
)
def test_a_partial_answer_lists_what_is_given_and_what_is_not_and_why(duty: str) -> None:
    assert duty in " ".join(_rendered("partly_granted").text.split())


def test_an_extension_gives_its_reason_the_new_date_and_what_was_done() -> None:
    text = " ".join(_rendered("extension").text.split())
    assert "U krijgt uiterlijk op 5 juni 2026 antwoord. Eerst was dat 4 april 2026." in text
    assert "Uw gegevens staan in veel e-mails en wij moeten de gegevens van anderen daaruit halen." in text
    assert "Wij hebben al gezocht bij Lightspeed en Microsoft 365." in text
    assert "Autoriteit Persoonsgegevens" in text and "niet uit" not in text


def test_a_withdrawal_is_confirmed_with_the_way_back() -> None:
    text = " ".join(_rendered("withdrawn").text.split())
    assert "Wij zijn daarom gestopt met dit verzoek." in text and "Klopt dit niet? Antwoord dan op deze e-mail." in text
    assert "5 maart 2026" in text and "(inzage)" in text


def test_a_text_of_staff_keeps_what_the_law_demands() -> None:
    """Whatever staff write, the reason of the decision, article 15 with its copy, and both ways out stay."""
    refused = " ".join(_rendered("own_text-refused").text.split())
    assert "Wij sturen u de kopie niet nog een keer. De reden van ons besluit" in refused
    assert "U kreeg die vorige week al." in refused and "zes weken" in refused and "Waarvoor wij" not in refused
    granted = " ".join(_rendered("own_text").text.split())
    assert "Waarvoor wij gegevens gebruiken" in granted and "overzicht.html" in granted and "De reden" not in granted
    shared = {**EXAMPLES["partly_granted"], "text": "Beste Marijke, hierbij een deel."}
    assert "Microsoft 365, e-mail: 2 onderdelen" in render("own_text", shared).text


@pytest.mark.parametrize("right", sorted(word.dutch for word in WORDS.values()))
@pytest.mark.parametrize("name", ["extension", "withdrawn", "refused"])
def test_a_letter_about_any_right_names_it_in_good_dutch(name: str, right: str) -> None:
    text = " ".join(render(name, {**EXAMPLES[name], "right": right}).text.split())
    assert f"uw privacyverzoek ({right})" in text


def test_a_draft_for_staff_starts_with_the_question_and_its_four_lines() -> None:
    values = EXAMPLES["approve"]
    rendered = render("approve", values)
    assert rendered.subject == "Akkoord? inzage [LES-2026-0042] #k7f3q2m5n4p6r3s2"
    lines = rendered.text.split("\n")
    assert lines[0].startswith("Mag deze brief naar de klant?")
    assert "Zaak: LES-2026-0042-1\nRecht: inzage\nTermijn: 2026-04-02\nConcept: 3fa81c07\n" in rendered.text
    assert rendered.text.index("Zaak:") < rendered.text.index("mailto:") < rendered.text.index("Buckaroo") < 1000


@pytest.mark.parametrize("name", [name for name in letter.names() if "code" in EXAMPLES.get(name, ())])
def test_a_mail_that_asks_has_its_question_in_the_first_line_and_one_code(name: str) -> None:
    rendered = _rendered(name)
    assert "?" in " ".join(rendered.text.split("\n\n")[0].split())
    assert re.findall(r"#[a-z2-7]{16}", rendered.subject) == [PICTURES.CODE]
    assert set(re.findall(r"%23([a-z2-7]{16})", rendered.text)) == {PICTURES.CODE.removeprefix("#")}


def test_a_mail_about_a_case_names_it_and_its_term() -> None:
    for name, (_, values) in SHOWN.items():
        if "term" not in values or "draft" not in values or not values["term"]:
            continue
        text = _rendered(name).text
        assert re.search(r"(?m)^Termijn: \d{4}-\d\d-\d\d$", text), name
        assert not values["draft"] or re.search(rf"(?m)^(?:Concept|Lijst): {values['draft']}$", text), name
        assert "case" not in values or not values["case"] or re.search(rf"(?m)^Zaak: {values['case']}$", text), name


def test_a_moment_near_midnight_has_the_day_of_amsterdam() -> None:
    until = datetime(2026, 7, 8, 22, 30, tzinfo=UTC)
    rendered = render("breach", {**EXAMPLES["breach"], "until": until})
    assert "Termijn: 2026-07-09\n" in rendered.text and "Melden vóór: 9 juli 2026 om 00.30 uur" in rendered.text


def test_a_draft_for_staff_holds_the_letter_word_for_word_in_both_forms() -> None:
    shown = _rendered("access_granted")
    rendered = _rendered("approve")
    _, _, rest = rendered.text.partition("\n--- brief ---\n\n")
    assert rest.startswith(shown.text + "\n--- einde brief ---\n")
    assert rendered.text.count("--- brief ---") == rendered.text.count("--- einde brief ---") == 1
    assert markdown.enclose(shown.text, shown.html).html in rendered.html


def test_buttons_are_links_with_the_code_and_the_word_filled_in() -> None:
    found = _buttons("approve")
    assert [body for _, body in found] == ["akkoord", "niet akkoord "] * 2  # above the letter and below it
    assert all("#k7f3q2m5n4p6r3s2" in subject for subject, _ in found)


def _buttons(shown: str) -> list[tuple[str, str]]:
    """Subject and text of the mail that each button opens."""
    page = BeautifulSoup(_rendered(shown).html, "html.parser")
    cells = page.find_all("td", class_=["filled", "open"])
    found = [parse_qs(urlsplit(str(a["href"])).query) for cell in cells for a in cell.find_all("a")]
    return [(one["subject"][0], one["body"][0]) for one in found]


@pytest.mark.parametrize("shown", [shown for shown, (_, values) in SHOWN.items() if "buttons" in values])
def test_a_reply_by_button_is_a_command_or_waits_for_its_reason(shown: str) -> None:
    assert _buttons(shown)
    for subject, body in _buttons(shown):
        assert codes_in(subject) == (PICTURES.CODE.removeprefix("#"),)
        if not body.endswith(" "):
            assert isinstance(parse_command(f"{body}\n\nVerstuurd vanaf mijn iPhone"), Command)
            continue
        assert "\n" not in body  # what is typed lands behind the word
        assert isinstance(parse_command(body), Unclear)
        added = {"soort: ": "wissing", "gemeld ": "2026-0815"}.get(body, "via de telefoon")
        command = parse_command(f"{body}{added}\n\nVerstuurd vanaf mijn iPhone")
        assert isinstance(command, Command) and body.startswith(command.word)


# --- letters and the code that writes them ----------------------------------------------------------------------------

TEMPLATE_AT = {"write": 3, "_write": 3, "ask": 4, "_reply": 4}  # where each function takes the name of a letter
COMPOSED = {
    "receipt": ("receipt_access",),
    "answer": ("access_granted", "partly_granted", "nothing_found", "refused", "own_text"),
    "extension": ("extension",),
}
"""Which letters the functions of `bot/correspondence.py` give the values that they name."""

NOT_YET = {"neutral"}
"""Letters that nothing writes yet: this one goes to a sender without proof, with the question to the known address."""


def _keys(values: ast.expr | None) -> set[str]:
    """The names in a dict that is written out; a question's own are named by the function that adds them."""
    assert isinstance(values, ast.Dict)
    plain = {str(one.value) for one in values.keys if isinstance(one, ast.Constant)}
    return plain | ({"code", "buttons"} if None in values.keys else set())


@cache
def _written() -> tuple[tuple[str, str, ast.expr | None], ...]:
    """Function, letter and values of every place in bot/ that writes a letter by its name."""
    found: list[tuple[str, str, ast.expr | None]] = []
    for file in sorted((ROOT / "bot").rglob("*.py")):
        module = ast.parse(file.read_text(encoding="utf-8"))
        constants = {
            getattr(one.targets[0], "id", ""): one.value.value
            for one in module.body
            if isinstance(one, ast.Assign) and isinstance(one.value, ast.Constant)
        }
        for call in (node for node in ast.walk(module) if isinstance(node, ast.Call)):
            name = getattr(call.func, "attr", getattr(call.func, "id", ""))
            at = TEMPLATE_AT.get(name, 99)
            if len(call.args) > at:
                template = call.args[at]
                said = (
                    template.value if isinstance(template, ast.Constant) else constants.get(getattr(template, "id", ""))
                )
                if isinstance(said, str):
                    found.append((name, said, call.args[at + 1] if len(call.args) > at + 1 else None))
    return tuple(found)


def test_every_letter_that_the_program_names_exists() -> None:
    named = {template for _, template, _ in _written()}
    assert len(named) > 20
    assert named <= set(letter.names())


def test_every_letter_there_is_is_written_somewhere() -> None:
    chosen = {name for right in RIGHTS.values() for name in astuple(right.letters)}
    used = (
        {template for _, template, _ in _written()} | chosen | {name for group in COMPOSED.values() for name in group}
    )
    assert set(letter.names()) - used == NOT_YET


def test_every_part_of_a_letter_is_part_of_one() -> None:
    files = [*(ROOT / "templates").rglob("*.md")]
    included = {name for file in files for name in re.findall(r'{% include "(\w+\.md)" %}', file.read_text())}
    assert {file.name for file in files if file.name.startswith("_")} == included


def test_every_example_has_the_values_that_the_code_gives() -> None:
    checked = 0
    for function, template, values in _written():
        if isinstance(values, ast.Dict) and function != "_write":
            given = _keys(values) | ({"code", "buttons"} if function == "ask" else set())
            assert set(EXAMPLES[template]) == given, template
            checked += 1
    assert checked >= 20


def test_every_example_of_a_letter_to_a_person_has_the_values_that_the_code_gives() -> None:
    tree = ast.parse((ROOT / "bot" / "correspondence.py").read_text(encoding="utf-8"))
    functions = {one.name: one for one in tree.body if isinstance(one, ast.FunctionDef)}
    (common,) = (
        _keys(one.value) for one in ast.walk(functions["_common"]) if isinstance(one, ast.Return) and one.value
    )
    for name, templates in COMPOSED.items():
        assigned = [
            one.value
            for one in ast.walk(functions[name])
            if isinstance(one, ast.Assign | ast.AnnAssign)
            and getattr(one.targets[0] if isinstance(one, ast.Assign) else one.target, "id", "") == "values"
        ]
        for template in templates:
            assert set(EXAMPLES[template]) == common | _keys(assigned[0]), template


def test_help_names_every_word_of_staff() -> None:
    text = " ".join(_rendered("help").text.split())
    assert [word for word in COMMAND_WORDS if not re.search(rf"\b{word}\b", text) and word != "help"] == []


def test_the_doubtful_mail_names_every_right_and_kind() -> None:
    text = " ".join(_rendered("question").text.split())
    assert [word.dutch for word in WORDS.values() if f"- {word.dutch}: " not in text] == []
    assert [kind for kind in KINDS if f"“soort: {kind}”" not in text] == []


# --- values -----------------------------------------------------------------------------------------------------------

HOSTILE = [
    "**vet** en _schuin_",
    "<b>vet</b><script>alert(1)</script>",
    "[klik](https://kwaad.example)",
    "<https://kwaad.example>",
    "![plaatje](https://kwaad.example/x.png)",
    "{{ 7 * 7 }} {% for x in y %}",
    "een\n\n# kop\n\n- punt\n1. nummer\n> citaat\n```\ncode\n```",
    "| cel | cel |\n|---|---|",
    "--- einde brief ---",
    "\\* \\\\ &amp; &lt; &#42; \\",
    "1. Jan",
    "+ Jan",
    "=====",
    "    ingesprongen",
    "a`b``c~~d~~",
    "\u202egekeerd\u2066 \u200bonzichtbaar\u0000\u001b[31m",
    "lone \ud800 surrogate",
    "regel\r\nBcc: kwaad@kwaad.example",
    "’t Hôtel Ångström, 雪, 👩‍🚀",
    "```enclosed 0",
]


def _structure(html: str) -> list[tuple[str, tuple[tuple[str, str], ...]]]:
    page = BeautifulSoup(html, "html.parser")
    return [(one.name, tuple(sorted((k, str(v)) for k, v in one.attrs.items()))) for one in page.find_all(True)]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.text(min_size=1, max_size=60).filter(lambda text: letter.clean(text).split()))
@example("**vet**")
def test_a_value_shows_as_typed_and_changes_nothing_else(value: str) -> None:
    _assert_shows_as_typed(value)


@pytest.mark.parametrize("value", HOSTILE)
def test_a_hostile_value_shows_as_typed_and_changes_nothing_else(value: str) -> None:
    _assert_shows_as_typed(value)


def _assert_shows_as_typed(value: str) -> None:
    usual, changed = render("receipt_access", RECEIPT), render("receipt_access", {**RECEIPT, "name": value})
    typed = " ".join(letter.clean(value).split())
    assert _structure(changed.html) == _structure(usual.html)
    assert f"Beste {typed}, Wij hebben" in " ".join(changed.text.split())
    assert f"Beste {typed}," in " ".join(BeautifulSoup(changed.html, "html.parser").get_text(" ").split())
    assert changed.subject == usual.subject
    assert lint("receipt_access", {**RECEIPT, "name": value}) == ()


@pytest.mark.parametrize("value", HOSTILE)
def test_a_quoted_mail_stays_inside_its_quotation(value: str) -> None:
    usual = {**EXAMPLES["question"], "text": "Hallo"}
    rendered = render("question", {**usual, "text": value})
    page = BeautifulSoup(rendered.html, "html.parser")
    quote = page.find("blockquote")
    assert quote is not None and not quote.find_all(
        ["a", "b", "img", "h1", "ul", "ol", "table", "pre", "code", "script"]
    )
    assert "".join(quote.get_text().split()) == "".join(letter.clean(value).split())
    assert len(page.find_all("a")) == len(BeautifulSoup(render("question", usual).html, "html.parser").find_all("a"))


def test_a_quotation_keeps_its_lines() -> None:
    text = _rendered("question").text
    assert "> Hallo,\n>\n> Ik bestel al jaren zeep" in text and "> Groetjes,\n> Marijke\n" in text


@pytest.mark.parametrize("value", [None, "", "   ", "\u200b", 1.5, True, ["Jan"], b"Jan"])
def test_a_value_that_says_nothing_or_cannot_be_said_is_an_error(value: Any) -> None:
    with pytest.raises(LetterError, match="letter receipt_access: a value is"):
        render("receipt_access", {**RECEIPT, "name": value})


def test_a_missing_value_is_named() -> None:
    values = {name: value for name, value in RECEIPT.items() if name != "binding"}
    with pytest.raises(LetterError, match="'binding' is undefined"):
        render("receipt_access", values)
    assert "'binding' is undefined" in lint("receipt_access", values)[0]


def test_a_letter_may_say_that_a_value_is_optional(write: Write) -> None:
    write("Dag{{ naam | optional }}. {% if meer %}{{ meer }}{% endif %}")
    assert render("proef", {"naam": None, "meer": ""}).text == "Dag.\n"


def test_dates_are_said_in_dutch_and_moments_in_amsterdam(write: Write) -> None:
    write("{{ dag }}; {{ dag | iso }}; {{ moment }}; {{ aantal }}")
    values = {"dag": date(2026, 3, 1), "moment": datetime(2026, 7, 31, 22, 5, tzinfo=UTC), "aantal": 3}
    assert render("proef", values).text == "1 maart 2026; 2026-03-01; 1 augustus 2026 om 00.05 uur; 3\n"


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "http://winkel.example", "data:text/html,x", "//x.example", "", "mail to:x"]
)
def test_a_link_to_anything_but_https_or_mailto_is_an_error(write: Write, url: str) -> None:
    write("[Akkoord]({{ url | url }})")
    with pytest.raises(LetterError, match="https: or mailto:"):
        render("proef", {"url": url})


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=40), st.text(max_size=40))
@example("a) *b* [c](d) <e> \"f\" 'g' &copy; \\ `h`", "_x_ | y\nz")
def test_a_mailto_link_opens_the_mail_that_was_meant(subject: str, body: str) -> None:
    subject, body = (text.encode("utf-8", "ignore").decode() for text in (subject, body))
    link = mailto("info@winkel.example", subject, body)
    buttons = [{"label": "Gedaan", "url": link}]
    page = BeautifulSoup(render("look", {**EXAMPLES["look"], "buttons": buttons}).html, "html.parser")
    cell = page.find("td", class_="filled")
    assert cell is not None and cell.a is not None
    shown = urlsplit(str(cell.a["href"]))
    assert (shown.scheme, shown.path) == ("mailto", "info@winkel.example")
    asked = dict(part.split("=", 1) for part in shown.query.split("&"))
    assert unquote(asked["subject"]) == subject
    assert unquote(asked["body"]) == "\r\n".join(body.splitlines())


def test_a_template_cannot_reach_into_the_program(write: Write) -> None:
    write("{{ naam.__class__.__mro__ }}")
    with pytest.raises(LetterError, match="unsafe"):
        render("proef", {"naam": "Jan"})


# --- files ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "mend"),
    [
        ("Onderwerp: x\nDag", "begin with `key: value` lines"),
        ("---\naudience: subject\npersonal: no\napproval: no\n---\nDag", "Onderwerp"),
        ("---\naudience: iedereen\npersonal: no\napproval: no\n---\nOnderwerp: x\nDag", "`audience:` is one of"),
        ("---\naudience: subject\npersonal: no\n---\nOnderwerp: x\nDag", "`personal:` and `approval:`"),
        ("---\naudience: subject\npersonal: misschien\napproval: no\n---\nOnderwerp: x\nDag", "yes or no"),
        ("---\naudience: subject\npersonal: no\napproval: no\nhaast: yes\n---\nOnderwerp: x\nDag", "`personal:` and"),
    ],
)  # fmt: skip
def test_a_malformed_file_says_how_to_mend_it(write: Write, tmp_path: Path, text: str, mend: str) -> None:
    (tmp_path / "nl" / "proef.md").write_text(text)
    with pytest.raises(LetterError, match=r"templates/nl/proef\.md: ") as error:
        load("proef")
    assert mend in str(error.value)


def test_an_unknown_letter_is_told_with_those_that_exist() -> None:
    with pytest.raises(LetterError, match="receipt_access"):
        load("liefdesbrief")


# --- checking ---------------------------------------------------------------------------------------------------------

AP = "\n\nKlacht: Autoriteit Persoonsgegevens.\n"


@pytest.mark.parametrize(
    ("body", "finding"),
    [
        ("Uw [Voorbeeld] dienst.", "placeholder"),
        ("Beste {% raw %}{{ naam }}{% endraw %},", "template mark"),
        ("Beste {% raw %}{% naam %}{% endraw %},", "template mark"),
        ("U krijgt antwoord op \\<datum\\>.", "open slot"),
        ("Beste [naam],", "not the reference"),
        ("Uw naam is None.", "None"),
        ("Uw naam is {{ leeg | optional }} .", "empty field"),
        ("Wij hebben niets (){{ leeg | optional }}.", "empty field"),
        ("Stuur ons een kopie van uw identiteitsbewijs.", "identity document"),
        ("Wilt u een scan van uw paspoort mailen?", "identity document"),
        ("Legitimeer u met uw rijbewijs.", "identity document"),
        ("IP-adressen zijn geen persoonsgegevens.", "IP addresses"),
        ("Uw IP-adres, webbrowser en\nbesturingssysteem zijn geen persoonsgegevens.", "IP addresses"),
        ("Metagegevens zijn geen persoonsgegevens.", "IP addresses"),
        ("Wij kunnen de dienstverlening dan niet langer voortzetten.", "placeholder sentence"),
        ("Dit geldt voor de onderdelen van onze dienstverlening.", "placeholder sentence"),
        ("Geef ons uw BSN.", "BSN"),
        ("**Stuur** een *kopie* van uw ID-bewijs.", "identity document"),
    ],
)
def test_what_no_letter_may_say_is_found(write: Write, body: str, finding: str) -> None:
    write(body + AP)
    assert any(finding in found for found in lint("proef", {"leeg": ""}))
    with pytest.raises(LintError, match="letter proef"):
        letter.check("proef", {"leeg": ""})


@pytest.mark.parametrize(
    "body",
    [
        "Een kopie van uw identiteitsbewijs is niet nodig.",
        "Stuur ons nooit een kopie van uw paspoort.",
        "Wij hebben geen persoonsgegevens van u gevonden.",
        "Bijvoorbeeld uw adres [LES-2026-0042].",
        "Uw IP-adres is een persoonsgegeven.",
        "Kijk op [onze website](https://winkel.example).",
        "Prijs: 3,50 euro. Tijd: 14.05 uur; zie onder.",
    ],
)
def test_what_a_letter_may_say_passes(write: Write, body: str) -> None:
    write(body + AP)
    assert lint("proef", {}) == ()


@pytest.mark.parametrize(
    "value",
    [
        "Voorbeeldstraat 1",
        "[Voorbeeld]",
        "J. None",
        "Stuur een kopie van uw identiteitsbewijs",
        "IP-adressen zijn geen persoonsgegevens",
        "<naam>",
        "()",
        "Geef mij uw BSN",
    ],
)
def test_what_a_customer_is_called_or_writes_blocks_no_letter(value: str) -> None:
    assert lint("receipt_access", {**RECEIPT, "name": value}) == ()
    assert lint("question", {**EXAMPLES["question"], "text": value, "subject": value, "reasons": [value]}) == ()
    letters = {**EXAMPLES["approve"], "letter": markdown.Enclosed(value, value), "contents": [value]}
    assert lint("approve", letters) == ()


def test_words_from_our_own_file_are_checked_like_the_letter(write: Write) -> None:
    write("{{ ons }}" + AP)
    assert lint("proef", {"ons": letter.Ours("IP-adressen zijn geen persoonsgegevens.")})
    assert lint("proef", {"ons": "IP-adressen zijn geen persoonsgegevens."}) == ()


@pytest.mark.parametrize("missing", ["rechtbank", "zes weken"])
def test_a_decision_without_the_way_to_the_court_is_found(write: Write, missing: str) -> None:
    whole = "Ga naar de Autoriteit Persoonsgegevens of binnen zes weken naar de rechtbank."
    write(whole, approval="yes")
    assert lint("proef", {}) == ()
    write(whole.replace(missing, "iets"), approval="yes")
    assert any("a decision without" in found for found in lint("proef", {}))


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        ("Stuur ons eerst een kopie van uw paspoort.", "identiteitsbewijs"),
        ("Beste Jan,\nWij hebben\nuw ID-kaart nodig.", "identiteitsbewijs"),
        ("Wilt u uw legitimatie opsturen?", "identiteitsbewijs"),
        ("Hebt u geen bestelnummer, mail dan een foto van uw rijbewijs.", "identiteitsbewijs"),
        ("Wij vonden geen account en willen een scan van uw paspoort zien.", "identiteitsbewijs"),
        ("Geef ons ook uw BSN.", "burgerservicenummer"),
        ("IP-adressen zijn geen persoonsgegevens.", "IP-adres"),
        ("Wij kunnen onze dienstverlening dan niet langer voortzetten.", "oude privacybeleid"),
        ("Beste [naam],", "Tussen [ en ]"),
        ("Onze [Voorbeeld] dienst", "Tussen [ en ]"),
        ("Beste {{ name }},", "Tussen { en }"),
        ("U krijgt antwoord op <datum>.", "Tussen < en >"),
    ],
)
def test_words_of_staff_that_may_not_stand_in_a_letter_are_named_in_dutch(text: str, finding: str) -> None:
    assert any(finding in sentence for sentence in lint_text(text))
    assert all(sentence.endswith((".", "”")) for sentence in lint_text(text))


@pytest.mark.parametrize(
    "text",
    [
        "Beste Marijke,\n\nHierbij de kopie. Uw verzoek heeft het kenmerk [LES-2026-0042].",
        "Een kopie van uw identiteitsbewijs is niet nodig.",
        "Stuur ons nooit een kopie van uw paspoort.",
        "Wij hebben de kopie van uw paspoort verwijderd.",
        "Kijk op <https://winkel.example/privacy> of mail info@winkel.example <mailto:info@winkel.example>.",
        "U woont in de Voorbeeldstraat 3 (tweede verdieping).",
        "Wij hebben geen persoonsgegevens van u gevonden.",
    ],
)
def test_words_of_staff_that_may_stand_in_a_letter_pass(text: str) -> None:
    assert lint_text(text) == ()


def test_the_words_of_a_very_long_letter_are_checked_in_seconds_at_most() -> None:
    text = "Wij bewaren uw naam en uw adres en geven die aan niemand. " * 1_000 + "Een foto van het paspoort is nodig."
    start = time.process_time()
    assert lint_text(text)
    assert time.process_time() - start < 3


def test_words_of_staff_that_may_not_stand_in_a_letter_make_no_draft(world: World) -> None:
    world.asks_for_access()
    world.run(minutes=1)
    draft = world.draft()
    for word in ("tekst:", "weiger", "deels", "verleng"):
        world.stage.staff_reply(draft, f"{word} Stuur ons eerst een kopie van uw paspoort.")
    world.run(minutes=1)
    first, told = world.to(STAFF)  # the draft, and once a day why nothing was done
    assert first["Subject"] == draft["Subject"] and told["Subject"] == "Er is niets gedaan met uw antwoord"
    assert "Uw tekst vraagt om een identiteitsbewijs." in " ".join(text_of(told).split())


@pytest.mark.parametrize("missing", ["Waarom", "Autoriteit Persoonsgegevens", "rechtbank", "zes weken"])
def test_a_refusal_without_reason_authority_or_court_is_found(write: Write, missing: str) -> None:
    whole = "Waarom: {{ reason }}. Ga naar de Autoriteit Persoonsgegevens of binnen zes weken naar de rechtbank."
    write(whole, front="refusal: yes\n")
    assert lint("proef", {"reason": "daarom"}) == ()
    write(whole.replace(missing, "iets"), front="refusal: yes\n")
    assert any("a refusal without" in found for found in lint("proef", {"reason": "daarom"}))


def test_a_letter_to_a_person_without_the_authority_is_found(write: Write) -> None:
    write("Dag.")
    assert lint("proef", {}) == ("it does not name the Autoriteit Persoonsgegevens (policy P33)",)
    write("Dag.", audience="staff")
    assert lint("proef", {}) == ()


# --- text -------------------------------------------------------------------------------------------------------------


def test_markdown_becomes_readable_text(write: Write) -> None:
    write(
        "## Kop\n\n- een\n- twee\n  met **vet**\n  1. diep\n\n3. drie\n4. vier\n\n> citaat\n\n"
        "| Wie | Wat |\n|---|---|\n| DHL | adres |\n| Wij | |\n\n---\n\n[Lees](https://winkel.example/a_b) en "
        "[winkel.example](https://winkel.example)\n"
    )
    assert render("proef", {}).text == (
        "Kop\n---\n\n- een\n- twee met vet\n  1. diep\n\n3. drie\n4. vier\n\n> citaat\n\n"
        "- DHL\n  Wat: adres\n- Wij\n\n------------------------\n\n"
        "Lees (https://winkel.example/a_b) en winkel.example\n"
    )


def test_raw_html_and_images_are_not_read(write: Write) -> None:
    write("<b>x</b> ![y](https://winkel.example/y.png)")
    page = BeautifulSoup(render("proef", {}).html, "html.parser")
    sheet = page.find("td", class_="sheet")
    assert sheet is not None and not sheet.find_all(["b", "img"])


def _light(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize(
    ("ink", "paper"),
    [
        ("#1c2321", "#ffffff"), ("#1c2321", "#f1f5f3"), ("#1c2321", "#eef2f0"), ("#0b5c4a", "#ffffff"),
        ("#0b5c4a", "#f1f5f3"), ("#e8eeeb", "#1b201e"), ("#e8eeeb", "#242b28"), ("#e8eeeb", "#121614"),
        ("#86d8c2", "#1b201e"), ("#86d8c2", "#242b28"), ("#0b2a22", "#86d8c2"),
    ],
)  # fmt: skip
def test_every_pair_of_colours_can_be_read(ink: str, paper: str) -> None:
    html = _rendered("approve").html
    assert ink in html and paper in html
    dark, bright = sorted((_light(ink), _light(paper)))
    assert (bright + 0.05) / (dark + 0.05) >= 4.5


# --- composing --------------------------------------------------------------------------------------------------------

OUTLOOK_ID = f"<{'AM9PR09MB4567C8F2A6B1D3E4' * 3}@AM9PR09MB4567.eurprd09.prod.outlook.example>"


def _mime(**changes: Any) -> bytes:
    rendered = render("receipt_access", {**RECEIPT, "name": "Zoë Ångström-Müller"})
    given: dict[str, Any] = {
        "sender": "info@winkel.example",
        "to": ["zoe@angstrom.example"],
        "subject": rendered.subject,
        "text": rendered.text,
        "html": rendered.html,
        "date": datetime(2026, 3, 5, 8, 12, 30, tzinfo=UTC),
        "message_id": "<3fa81c07@winkel.example>",
        "references": ("<eerste@klant.example>", OUTLOOK_ID),
        "mark": "17.3fa81c073fa81c07",
        "attachments": (
            Attached("overzicht.html", "text/html", "<p>Zoë</p>\r\n.\n".encode()),
            Attached("gegevens Zoë.zip", "application/zip", bytes(range(256)) * 40),
        ),
    }
    return compose(**{**given, **changes})


def _parsed(mime: bytes) -> EmailMessage:
    message = message_from_bytes(mime, policy=policy.SMTP)
    assert isinstance(message, EmailMessage)
    return message


def test_the_headers_of_a_letter() -> None:
    message = _parsed(_mime())
    assert {name: str(value) for name, value in message.items() if not name.startswith(("Content", "MIME"))} == {
        "From": "LESSEAU <info@winkel.example>",
        "To": "zoe@angstrom.example",
        "Subject": "Wij hebben uw verzoek ontvangen [LES-2026-0042]",
        "Date": "Thu, 05 Mar 2026 09:12:30 +0100",
        "Message-ID": "<3fa81c07@winkel.example>",
        "In-Reply-To": OUTLOOK_ID,
        "References": f"<eerste@klant.example> {OUTLOOK_ID}",
        "Auto-Submitted": "auto-replied",
        "X-Auto-Response-Suppress": "DR, RN, NRN, OOF, AutoReply",
        "X-Privacybot": "17.3fa81c073fa81c07",
    }


def test_a_letter_is_ascii_with_crlf_and_legal_lines() -> None:
    mime = _mime(subject="Ré: " + "één vraag over privacy " * 12)
    assert mime.isascii() and b"\n" not in mime.replace(b"\r\n", b"") and b"\r" not in mime.replace(b"\r\n", b"")
    lines = mime.split(b"\r\n")
    assert all(len(line) <= 78 or line.startswith((b"In-Reply-To: <", b"References: <", b" <")) for line in lines)
    assert all(len(line) <= 998 for line in lines)
    assert _parsed(mime)["Subject"] == ("Ré: " + "één vraag over privacy " * 12).strip()


def test_what_was_composed_reads_back_and_keeps_its_hash() -> None:
    rendered = render("receipt_access", {**RECEIPT, "name": "Zoë Ångström-Müller"})
    message = _parsed(_mime())
    plain, html = message.get_body(("plain",)), message.get_body(("html",))
    assert plain is not None and html is not None
    text, page = (part.get_content().replace("\r\n", "\n") for part in (plain, html))
    files = [
        Attached(part.get_filename() or "", part.get_content_type(), part.get_payload(decode=True))  # type: ignore[arg-type]
        for part in message.iter_attachments()
    ]
    assert text == rendered.text and page.rstrip("\n") == rendered.html.rstrip("\n")
    assert [file.name for file in files] == ["overzicht.html", "gegevens Zoë.zip"]
    assert files[0].content == "<p>Zoë</p>\r\n.\n".encode() and files[1].content == bytes(range(256)) * 40
    again = _mime(text=text, html=page)
    assert again == _mime()


def test_the_same_letter_has_the_same_bytes() -> None:
    assert _mime() == _mime()
    assert _mime(message_id="<ander@winkel.example>") != _mime()


def test_a_letter_that_answers_nothing_says_so() -> None:
    message = _parsed(_mime(references=()))
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["References"] is None and message["In-Reply-To"] is None


def test_a_long_thread_keeps_its_first_and_its_last_mails() -> None:
    ids = [f"<{number}@klant.example>" for number in range(3000)]
    found = str(_parsed(_mime(references=ids))["References"]).split()
    assert found == [ids[0], *ids[-19:]]


@pytest.mark.parametrize(
    "bad", ["<a b@x>", "geen-id", "<x\r\nBcc: kwaad@kwaad.example>", "<é@x>", f"<{'x' * 2000}@x>", ""]
)
def test_a_thread_id_that_no_header_can_carry_is_left_out(bad: str) -> None:
    message = _parsed(_mime(references=(bad, "<goed@klant.example>")))
    assert message["References"] == "<goed@klant.example>" and message["Bcc"] is None


def test_a_subject_cannot_add_a_header() -> None:
    message = _parsed(_mime(subject="Re: hallo\r\nBcc: kwaad@kwaad.example\u2028X: y"))
    assert message["Bcc"] is None and message["Subject"] == "Re: hallo Bcc: kwaad@kwaad.example X: y"


@pytest.mark.parametrize(
    "address",
    ["", "jan", "jan@", "@x.example", "jan@x.example\r\nBcc: y@y.example", "jan jansen@x.example", "zoë@x.example"],
)
def test_an_address_that_no_mail_can_go_to_is_refused(address: str) -> None:
    with pytest.raises(LetterError, match="no address"):
        _mime(to=[address])


def test_a_domain_with_an_accent_is_written_as_servers_know_it() -> None:
    assert _parsed(_mime(to=["zoe@ångström.example"]))["To"] == "zoe@xn--ngstrm-hua5l.example"


def test_a_message_id_that_is_none_is_refused() -> None:
    with pytest.raises(LetterError, match="no Message-ID"):
        _mime(message_id="3fa81c07@winkel.example")


@pytest.mark.parametrize(
    ("theirs", "subject"),
    [
        ("Inzage", "Re: Inzage [LES-2026-0042]"),
        ("RE: Antw: Re[2]: Inzage", "Re: Inzage [LES-2026-0042]"),
        ("Re: Wij hebben uw verzoek ontvangen [LES-2026-0042]", "Re: Wij hebben uw verzoek ontvangen [LES-2026-0042]"),
        ("", "Re: uw bericht [LES-2026-0042]"),
        ("  FW:  ", "Re: uw bericht [LES-2026-0042]"),
        ("Regels\r\nBcc: x@x.example", "Re: Regels Bcc: x@x.example [LES-2026-0042]"),
        ("woord " * 60, "Re: " + ("woord " * 25).strip() + " … [LES-2026-0042]"),
    ],
)
def test_an_answer_keeps_the_subject_of_the_customer(theirs: str, subject: str) -> None:
    assert reply_subject(theirs, "LES-2026-0042") == subject


FILE = Attached("a.txt", "text/plain", b"a")


@pytest.mark.parametrize(
    "changed",
    [
        ("x@y.example", "s", "t", "h", [FILE]),
        ("j@x.example", "s2", "t", "h", [FILE]),
        ("j@x.example", "st", "", "h", [FILE]),
        ("j@x.example", "s", "t2", "h", [FILE]),
        ("j@x.example", "s", "t", "h2", [FILE]),
        ("j@x.example", "s", "t", "h", []),
        ("j@x.example", "s", "t", "h", [FILE, FILE]),
        ("j@x.example", "s", "t", "h", [Attached("b.txt", "text/plain", b"a")]),
        ("j@x.example", "s", "t", "h", [Attached("a.txt", "text/html", b"a")]),
        ("j@x.example", "s", "t", "h", [Attached("a.txt", "text/plain", b"b")]),
    ],
)
def test_an_approval_is_bound_to_everything_that_the_person_gets(
    changed: tuple[str, str, str, str, list[Attached]],
) -> None:
    original = draft_hash("j@x.example", "s", "t", "h", [FILE])
    assert re.fullmatch(r"[0-9a-f]{64}", original)
    assert draft_hash(*changed) != original
