"""Pictures of every letter at 375 and 800 pixels, light and dark: `python docs/make_pictures.py [NAME …]`.

They go to docs/pictures/. Needs Chromium on the path. Each letter is measured first: one that scrolls sideways ends the
run with exit code 1.
All people are invented. `EXAMPLES` has the values of every letter; the tests render the same.
"""

import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from datetime import UTC, date, datetime
from html import escape
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

from bot.mail.letter import mailto, names, render
from bot.mail.markdown import enclose

OUT = Path(__file__).parent / "pictures"
WIDTHS = (375, 800)
BOX = "info@winkel.example"
CODE = "#k7f3q2m5n4p6r3s2"


def buttons(**words: str) -> list[dict[str, str]]:
    """Buttons as the desk makes them; `_` in a label stands for a space."""
    named = {label.replace("_", " "): command for label, command in words.items()}
    return [{"label": label, "url": mailto(BOX, f"{label} {CODE}", command)} for label, command in named.items()]


PERSON = {
    "name": "Marijke de Vries",
    "case": "LES-2026-0042",
    "right": "inzage",
    "received": date(2026, 3, 5),
    "binding": date(2026, 4, 4),
    "address": "marijke@devries.example",
}
ACCESS = {
    **PERSON,
    "searched": ["Lightspeed", "Microsoft 365", "Buckaroo"],
    "found": [
        {"processor": "Lightspeed", "categories": ["Klantgegevens", "Bestellingen", "Facturen"], "number": 9},
        {"processor": "Microsoft 365", "categories": ["E-mail"], "number": 4},
    ],
    "files": ["overzicht.html", "gegevens.zip"],
}
CASE = {"case": "LES-2026-0042-1", "right": "inzage", "term": date(2026, 4, 2)}
MAIL = (
    "Hallo,\n\nIk bestel al jaren zeep bij jullie en ik vroeg me af wat jullie eigenlijk allemaal van mij bewaren.\n"
    "Kunnen jullie dat eens op een rijtje zetten?\n\nGroetjes,\nMarijke"
)


def _approve() -> Mapping[str, Any]:
    letter = render("access_granted", ACCESS)
    return {
        **CASE,
        "draft": "3fa81c07",
        "code": CODE,
        "buttons": buttons(Akkoord="akkoord", Niet_akkoord="niet akkoord "),
        "declined": "",
        "name": "Marijke de Vries",
        "recipient": "marijke@devries.example",
        "identity": "het adres staat in onze administratie en de afzender is bewezen",
        "proof": "dmarc=pass",
        "processors": [
            {"name": "Lightspeed", "answer": "gevonden", "number": 9, "remark": ""},
            {
                "name": "Microsoft 365",
                "answer": "gevonden",
                "number": 4,
                "remark": "één bijlage kon niet worden gelezen",
            },
            {"name": "Buckaroo", "answer": "niets gevonden", "number": 0, "remark": ""},
        ],
        "contents": [
            "1. Lightspeed, klantgegevens: Marijke de Vries",
            "2. Lightspeed, bestellingen: ORD00042 van 3 februari 2026, met 3 onderdelen",
            "3. Microsoft 365, e-mail: “Vraag over lavendelzeep”. Let op: er staat een andere naam in deze e-mail",
        ],
        "letter": enclose(letter.text, letter.html),
    }


EXAMPLES: Mapping[str, Mapping[str, Any]] = {
    "receipt_access": {**PERSON, "meaning": "weten welke gegevens wij van u hebben en daarvan een kopie krijgen"},
    "neutral": PERSON,
    "access_granted": ACCESS,
    "nothing_found": {**PERSON, "searched": ["Lightspeed", "Microsoft 365"]},
    "not_identified": PERSON,
    "refused": {
        **PERSON,
        "reason": "U kreeg deze kopie vorige week ook al, en sindsdien is er niets veranderd.",
        "article": "AVG artikel 12 lid 5",
        "instead": "Hebt u na 1 april iets besteld? Dan sturen wij u daarvan graag een kopie.",
    },
    "approve": _approve(),
    "question": {
        "code": CODE,
        "buttons": buttons(
            **{"Soort:_inzage": "soort: inzage", "Soort:_vraag": "soort: vraag"},
            Geen_privacyverzoek="geen privacyverzoek",
        ),
        "guess": "een verzoek om inzage",
        "reasons": ["‘wat jullie van mij bewaren’ in de tweede zin", "geen wetsartikel en geen vast woord"],
        "received": datetime(2026, 3, 5, 8, 12, tzinfo=UTC),
        "term": date(2026, 4, 2),
        "sender": "Marijke de Vries <marijke@devries.example>",
        "subject": "Even een vraagje",
        "text": MAIL,
        "attachments": [],
    },
    "look": {
        "code": CODE,
        "buttons": buttons(Geen_privacyverzoek="geen privacyverzoek"),
        "why": "Het programma heeft drie keer geprobeerd deze e-mail te verwerken. Dat lukte niet.",
        "received": datetime(2026, 3, 5, 8, 12, tzinfo=UTC),
        "folder": "Ongewenste e-mail",
        "sender": "onbekend",
        "subject": "onbekend",
    },
    "by_hand": {
        **CASE,
        "code": CODE,
        "right": "wissing",
        "buttons": buttons(Gedaan="gedaan", Ingetrokken="ingetrokken"),
        "why": "dit recht behandelt het programma nog niet zelf",
        "received": datetime(2026, 3, 5, 8, 12, tzinfo=UTC),
        "sender": "Marijke de Vries <marijke@devries.example>",
        "led": False,
    },
    "backlog": {
        "code": CODE,
        "buttons": buttons(Akkoord="akkoord", Niet_akkoord="niet akkoord "),
        "number": 3,
        "requests": 2,
        "overdue": 1,
        "lines": [
            {"number": 1, "what": "inzage", "received": date(2026, 1, 8), "binding": date(2026, 2, 7), "overdue": True},
            {
                "number": 2,
                "what": "wissing",
                "received": date(2026, 3, 2),
                "binding": date(2026, 4, 1),
                "overdue": False,
            },
            {
                "number": 3,
                "what": "bezwaar?",
                "received": date(2026, 3, 4),
                "binding": date(2026, 4, 3),
                "overdue": False,
            },
        ],
    },
    "failure": {
        "case": "LES-2026-0042-1",
        "term": date(2026, 4, 2),
        "what": "Niemand kan zien of deze e-mail is verzonden. Het programma stuurt hem niet nog een keer.",
        "letter": 17,
        "audience": "de klant",
        "message_id": "<3fa81c073fa81c07@winkel.example>",
        "state": "unclear",
    },
    "did_nothing": {"why": "Deze vraag is al beantwoord op 12-03-2026. U kunt antwoorden met: akkoord, niet akkoord."},
    "joined": {
        **CASE,
        "case": "LES-2026-0042",
        "sender": "Marijke de Vries <marijke@devries.example>",
        "party": True,
        "proven": False,
        "text": MAIL,
        "attachments": ["bestelling.pdf"],
    },
    "processor_refused": {
        **CASE,
        "processor": "Lightspeed",
        "why": "de sleutel wordt geweigerd; maak een nieuwe in het beheer van de webwinkel",
    },
}


MEASURE = """
onload = () => {
  const frames = [...document.querySelectorAll("iframe")];
  const height = (frame) => frame.contentDocument.documentElement.scrollHeight;
  for (const frame of frames) frame.style.height = height(frame) + "px";
  const wide = frames.filter((frame) => frame.contentDocument.documentElement.scrollWidth > frame.clientWidth);
  document.title = Math.max(...frames.map(height)) + " " + wide.map((frame) => frame.clientWidth).join(",");
};
"""


def page(html: str) -> str:
    """One letter in a narrow and a wide frame, light and dark; its title says the height and what scrolls sideways."""
    frames = "".join(
        f'<iframe style="border:0;width:{width}px;color-scheme:{mode}" srcdoc="{escape(html)}"></iframe>'
        for width in WIDTHS
        for mode in ("light", "dark")
    )
    return f"""<!doctype html><meta charset="utf-8">
<body style="margin:0;display:flex;align-items:flex-start">{frames}<script>{MEASURE}</script></body>"""


def picture(name: str, browser: str) -> str:
    """Makes the picture of one letter; gives the widths at which it scrolls sideways, "" for none."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "letter.html"
        file.write_text(page(render(name, EXAMPLES[name]).html), encoding="utf-8")
        command = [
            browser,
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--hide-scrollbars",
            f"--user-data-dir={folder}/profile",
        ]
        width = 2 * sum(WIDTHS)
        shown = subprocess.run(  # noqa: S603 - a fixed command
            [*command, f"--window-size={width},900", "--dump-dom", file.as_uri()],
            capture_output=True, text=True, check=True, timeout=60,
        ).stdout  # fmt: skip
        found = re.search(r"<title>(\d+) ([\d,]*)</title>", shown)
        assert found, "the page could not be measured"
        subprocess.run(  # noqa: S603
            [*command, f"--window-size={width},{found[1]}", f"--screenshot={OUT / name}.png", file.as_uri()],
            capture_output=True, check=True, timeout=60,
        )  # fmt: skip
        return found[2]


def main(wanted: list[str]) -> int:
    """Pictures of these letters, or of all."""
    browser = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if browser is None:
        print("Chromium is missing: install it (apt-get install chromium) and run this again", file=sys.stderr)
        return 1
    OUT.mkdir(exist_ok=True)
    sideways = {name: found for name in wanted or names() if (found := picture(name, browser))}
    for name, widths in sideways.items():
        print(f"{name} scrolls sideways at {widths} pixels", file=sys.stderr)
    return 1 if sideways else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
