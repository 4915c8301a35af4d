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

from bot.desk.approvals import HELP
from bot.desk.drafts import OTHERS as OTHERS_TOO
from bot.mail.letter import mailto, render
from bot.mail.markdown import Enclosed, enclose
from bot.processors.by_staff import ACCESS_TASKS

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
}
ANSWER = {
    **PERSON,
    "address": "marijke@devries.example",
    "searched": ["Lightspeed", "Microsoft 365", "Buckaroo"],
    "found": [
        {"processor": "Lightspeed", "categories": ["Bestellingen", "Facturen", "Klantgegevens"], "number": 9},
        {"processor": "Microsoft 365", "categories": ["E-mail"], "number": 4},
    ],
    "files": ["overzicht.html", "gegevens.zip"],
    "reason": "",
    "article": "artikel 12 en artikel 15 van de AVG",
    "instead": "",
    "left_out": [],
    "text": "",
}
NOTHING = {**ANSWER, "found": [], "files": []}
PARTLY = {
    **ANSWER,
    "reason": OTHERS_TOO,
    "left_out": [{"processor": "Microsoft 365", "category": "e-mail", "number": 2}],
}
REFUSED = {**NOTHING, "reason": "u kreeg deze kopie vorige week ook al, en sindsdien is er niets veranderd"}
EXTENSION = {
    **PERSON,
    "reason": "uw gegevens staan in veel e-mails en wij moeten de gegevens van anderen daaruit halen",
    "extended": date(2026, 6, 5),
    "searched": ["Lightspeed", "Microsoft 365"],
}
CASE = {"case": "LES-2026-0042-1", "right": "inzage", "term": date(2026, 4, 2)}
ARRIVED = datetime(2026, 3, 5, 8, 12, tzinfo=UTC)
SENDER = "Marijke de Vries <marijke@devries.example>"
YES_NO = buttons(Akkoord="akkoord", Niet_akkoord="niet akkoord ")
MAIL = (
    "Hallo,\n\nIk bestel al jaren zeep bij jullie en ik vroeg me af wat jullie eigenlijk allemaal van mij bewaren.\n"
    "Kunnen jullie dat eens op een rijtje zetten?\n\nGroetjes,\nMarijke"
)


def enclosed(name: str, values: Mapping[str, Any]) -> Enclosed:
    """A letter as a mail to staff shows it."""
    letter = render(name, values)
    return enclose(letter.text, letter.html)


APPROVE = {
    **CASE,
    "draft": "3fa81c07",
    "code": CODE,
    "buttons": YES_NO,
    "declined": "",
    "second": False,
    "unasked": [],
    "complete": False,
    "outcome": "wij geven alles",
    "name": "Marijke de Vries",
    "recipient": "marijke@devries.example",
    "identity": "het adres staat in onze administratie en de afzender is bewezen",
    "processors": [
        {"name": "Lightspeed", "answer": "gevonden", "number": 9, "remark": ""},
        {"name": "Microsoft 365", "answer": "gevonden", "number": 4, "remark": "één bijlage kon niet worden gelezen"},
        {"name": "Buckaroo", "answer": "niets gevonden", "number": 0, "remark": ""},
    ],
    "contents": [
        "1. Lightspeed, klantgegevens: Marijke de Vries",
        "2. Lightspeed, bestellingen: ORD00042 van 3 februari 2026, met 3 onderdelen",
        "3. Microsoft 365, e-mail: “Vraag over lavendelzeep”. Let op: er staat een andere naam in deze e-mail",
    ],
    "letter": enclosed("access_granted", ANSWER),
}
REMINDER = {
    **CASE,
    "code": CODE,
    "buttons": YES_NO,
    "what": "een concept goedkeuren",
    "asked": date(2026, 3, 9),
    "draft": "3fa81c07",
    "binding": date(2026, 4, 4),
    "overdue": False,
    "late": False,
    "received": None,
}
BY_HAND = {
    **CASE,
    "code": CODE,
    "right": "wissing",
    "buttons": buttons(Gedaan="gedaan", Ingetrokken="ingetrokken"),
    "why": "dit recht behandelt het programma nog niet zelf",
    "received": ARRIVED,
    "sender": SENDER,
    "led": False,
}
FAILURE = {
    "case": "LES-2026-0042-1",
    "term": date(2026, 4, 2),
    "what": "Niemand kan zien of deze e-mail is verzonden. Het programma stuurt hem niet nog een keer.",
    "letter": 17,
    "audience": "de klant",
    "message_id": "<3fa81c073fa81c07@winkel.example>",
    "state": "unclear",
}
OPEN_LIST = {
    "lines": [
        {"case": "LES-2026-0042-1", "right": "inzage", "term": date(2026, 4, 2), "waits": "op u", "overdue": True},
        {
            "case": "LES-2026-0045-1",
            "right": "toestemming intrekken",
            "term": date(2026, 4, 14),
            "waits": "of het antwoord aankomt",
            "overdue": False,
        },
        {
            "case": "LES-2026-0047-2",
            "right": "geautomatiseerd besluit",
            "term": date(2026, 4, 20),
            "waits": "op een verwerker",
            "overdue": False,
        },
    ],
    "number": 3,
    "overdue": 1,
    "doubts": 2,
    "unclear": 1,
    "polled": datetime(2026, 4, 6, 9, 30, tzinfo=UTC),
}

EXAMPLES: Mapping[str, Mapping[str, Any]] = {
    "receipt_access": {**PERSON, "meaning": "weten welke gegevens wij van u hebben en daarvan een kopie krijgen"},
    "neutral": PERSON,
    "access_granted": ANSWER,
    "partly_granted": PARTLY,
    "nothing_found": NOTHING,
    "refused": REFUSED,
    "own_text": {
        **ANSWER,
        "text": "Beste Marijke,\n\nU vroeg welke gegevens wij van u hebben. De kopie zit bij deze e-mail.\n"
        "Uw oude adres in de Dorpsstraat staat er nog in: dat was het adres van uw eerste bestelling.",
    },
    "extension": EXTENSION,
    "withdrawn": PERSON,
    "not_identified": PERSON,
    "recipient": {
        "case": "LES-2026-0042",
        "processor": "DHL",
        "what": "gegevens gewist",
        "right": "wissing",
        "article": "17",
        "name": "Marijke de Vries",
        "address": "marijke@devries.example",
    },
    "approve": APPROVE,
    "approve_extension": {
        **CASE,
        "term": date(2026, 4, 4),
        "code": CODE,
        "buttons": YES_NO,
        "draft": "9be0d1f4",
        "recipient": "marijke@devries.example",
        "extended": date(2026, 6, 5),
        "letter": enclosed("extension", EXTENSION),
    },
    "approve_list": {
        "code": CODE,
        "buttons": buttons(Akkoord_lijst="akkoord lijst"),
        "number": 12,
        "right": "inzage",
        "term": date(2026, 4, 2),
        "draft": "7c10aa3e",
        "letters": [enclosed("access_granted", ANSWER), enclosed("access_granted", {**ANSWER, "name": "Jan Smit"})],
        "template": "access_granted",
    },
    "question": {
        "code": CODE,
        "buttons": buttons(Inzage="soort: inzage", Vraag="soort: vraag", Geen_privacyverzoek="geen privacyverzoek"),
        "guess": "een privacyverzoek: inzage",
        "reasons": ["‘wat jullie van mij bewaren’ in de tweede zin", "geen wetsartikel en geen vast woord"],
        "received": ARRIVED,
        "term": date(2026, 4, 2),
        "sender": SENDER,
        "subject": "Even een vraagje",
        "text": MAIL,
        "attachments": [],
    },
    "look": {
        "code": CODE,
        "buttons": buttons(Privacyverzoek="soort: ", Geen_privacyverzoek="geen privacyverzoek"),
        "why": "Het programma heeft drie keer geprobeerd deze e-mail te verwerken. Dat lukte niet.",
        "received": ARRIVED,
        "folder": "Ongewenste e-mail",
        "sender": "onbekend",
        "subject": "onbekend",
    },
    "by_hand": BY_HAND,
    "taken": {
        **CASE,
        "code": CODE,
        "buttons": buttons(Gedaan="gedaan", Teruggeven="teruggeven"),
        "sender": "marijke@devries.example",
    },
    "task": {
        **CASE,
        "code": CODE,
        "buttons": buttons(Gedaan="gedaan", Niets_gevonden="gedaan, niets gevonden"),
        "processor": "Buckaroo",
        "steps": list(ACCESS_TASKS["buckaroo"].steps),
        "keys": [
            {"what": "Bestelnummers", "values": "ORD00042, ORD00057"},
            {"what": "Factuurnummers", "values": "INV00039, INV00051"},
            {"what": "E-mailadres", "values": "marijke@devries.example"},
        ],
        "send_back": ACCESS_TASKS["buckaroo"].send_back,
    },
    "reminder": REMINDER,
    "assumed": {"rights": ["inzage", "wissing"], "received": ARRIVED},
    "contradicted": {"case": "LES-2026-0042-1", "term": date(2026, 4, 2)},
    "copy_shown": {"case": "LES-2026-0042-1", "term": date(2026, 4, 2), "draft": "3fa81c07"},
    "open_list": OPEN_LIST,
    "breach": {
        "code": CODE,
        "buttons": buttons(Gemeld="gemeld ", Niet_melden="niet melden "),
        "received": ARRIVED,
        "until": datetime(2026, 3, 8, 8, 12, tzinfo=UTC),
    },
    "recipient_answered": {
        "case": "LES-2026-0042-1",
        "code": CODE,
        "buttons": buttons(Gedaan="gedaan"),
        "processor": "DHL",
        "text": "Goedemiddag,\n\nWij hebben de gegevens op 12 maart verwijderd.\n\nKlantenservice DHL",
    },
    "backlog": {
        "code": CODE,
        "buttons": YES_NO,
        "number": 3,
        "requests": 2,
        "overdue": 1,
        "lines": [
            {
                "number": number,
                "what": what,
                "received": received,
                "binding": binding,
                "overdue": number == 1,
                "sure": number < 3,
            }
            for number, what, received, binding in (
                (1, "inzage", date(2026, 1, 8), date(2026, 2, 7)),
                (2, "wissing", date(2026, 3, 2), date(2026, 4, 1)),
                (3, "bezwaar?", date(2026, 3, 4), date(2026, 4, 3)),
            )
        ],
    },
    "failure": FAILURE,
    "did_nothing": {
        "why": "Deze vraag is al beantwoord op 12-03-2026. U kunt antwoorden met: akkoord, niet akkoord.",
        "about": "",
    },
    "joined": {
        "case": "LES-2026-0042",
        "term": date(2026, 4, 2),
        "code": CODE,
        "buttons": buttons(Gedaan="gedaan"),
        "sender": SENDER,
        "party": True,
        "proven": False,
        "text": MAIL,
        "attachments": ["bestelling.pdf"],
    },
    "processor_refused": {
        "case": "LES-2026-0042-1",
        "term": date(2026, 4, 2),
        "processor": "Lightspeed",
        "why": "de sleutel wordt geweigerd; maak een nieuwe in het beheer van de webwinkel",
    },
}
"""The values of each letter, as the code passes them."""

OTHERS: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "approve-second": (
        "approve",
        {
            **APPROVE,
            "second": True,
            "outcome": "wij weigeren",
            "contents": [],
            "unasked": ["WebwinkelKeur", "DHL", "TransIP"],
            "declined": "het oude adres staat er nog in",
            "letter": enclosed("refused", REFUSED),
        },
    ),
    "approve-partly": (
        "approve",
        {**APPROVE, "outcome": "wij geven een deel", "complete": True, "letter": enclosed("partly_granted", PARTLY)},
    ),
    "own_text-refused": (
        "own_text",
        {
            **NOTHING,
            "text": "Beste Marijke,\n\nWij sturen u de kopie niet nog een keer.",
            "reason": "u kreeg die vorige week al",
        },
    ),
    "extension-early": ("extension", {**EXTENSION, "right": "toestemming intrekken", "searched": []}),
    "by_hand-led": (
        "by_hand",
        {
            **BY_HAND,
            "right": "inzage",
            "led": True,
            "why": "het is niet bewezen dat de afzender dit adres mag gebruiken",
            "buttons": buttons(Geverifieerd="geverifieerd ", Gedaan="gedaan", Ingetrokken="ingetrokken"),
        },
    ),
    "reminder-late": ("reminder", {**REMINDER, "late": True}),
    "reminder-overdue": ("reminder", {**REMINDER, "late": True, "overdue": True}),
    "reminder-question": (
        "reminder",
        {
            **REMINDER,
            "what": "zeggen wat een e-mail vraagt",
            "case": "",
            "right": "",
            "draft": "",
            "binding": None,
            "received": ARRIVED,
            "buttons": buttons(Privacyverzoek="soort: ", Geen_privacyverzoek="geen privacyverzoek"),
        },
    ),
    "reminder-recipient": (
        "reminder",
        {
            **REMINDER,
            "what": "nagaan of een verwerker heeft geantwoord",
            "term": None,
            "draft": "",
            "buttons": buttons(Gedaan="gedaan"),
        },
    ),
    "did_nothing-help": ("did_nothing", {"why": HELP, "about": "Uw vraag om hulp"}),
    "open_list-empty": (
        "open_list",
        {**OPEN_LIST, "lines": [], "number": 0, "overdue": 0, "doubts": 0, "unclear": 0, "polled": None},
    ),
    "open_list-one": ("open_list", {**OPEN_LIST, "lines": OPEN_LIST["lines"][:1], "number": 1, "doubts": 1}),
    "failure-bounced": (
        "failure",
        {**FAILURE, "what": "Deze e-mail is teruggekomen: hij is niet aangekomen.", "state": "bounced"},
    ),
    "failure-work": (
        "failure",
        {
            "case": "",
            "term": None,
            "what": "Een taak van het programma (file, nummer 7) is na herhaalde pogingen niet gelukt.",
            "letter": None,
            "audience": "",
            "message_id": "",
            "state": "failed",
        },
    ),
    "joined-party": (
        "joined",
        {
            **EXAMPLES["joined"],
            "proven": True,
            "attachments": [],
            "buttons": buttons(Gedaan="gedaan", Ingetrokken="ingetrokken"),
        },
    ),
}
"""The same letters with other values, so that every branch of them is seen."""

SHOWN: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    **{name: (name, values) for name, values in EXAMPLES.items()},
    **OTHERS,
}
"""All pictures by name: which letter, with which values."""


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
    sideways = {name: found for name in wanted or SHOWN if (found := picture(name, browser))}
    for name, widths in sideways.items():
        print(f"{name} scrolls sideways at {widths} pixels", file=sys.stderr)
    return 1 if sideways else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
