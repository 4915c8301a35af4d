"""Pictures of every mail and letter at 375 and 800 pixels, light and dark: `make pictures`, or
`python docs/make_pictures.py [NAME …]`.

They go to docs/pictures/; the two of the README are kept in the repository. Needs Chromium on the path. Every mail is
measured in the page first: one that scrolls sideways, a text with less contrast than 4.5 to its background, a button
lower than 44 pixels or below the first screen of a phone ends the run with exit code 1.
All people are invented. `EXAMPLES` has the values of every letter; the tests render the same.
"""

import base64
import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from html import escape
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

from bot.desk.drafts import OTHERS as OTHERS_TOO
from bot.desk.failures import WHAT
from bot.mail.letter import mailto, render
from bot.mail.markdown import Enclosed, enclose
from bot.processors.by_staff import ACCESS_TASKS

OUT = Path(__file__).parent / "pictures"
WIDTHS = (375, 800)
MODES = ("light", "dark")
PHONE = (375, 812)
LEAST_CONTRAST = 4.5  # WCAG 2.2 §1.4.3
README = {"phone-approve": ("approve", "light"), "phone-question": ("question", "dark")}
"""The pictures of the README: one phone screen each."""
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
    "what": WHAT["unclear"],
    "letter": 17,
    "audience": "de klant",
    "message_id": "<3fa81c073fa81c07@winkel.example>",
    "state": "unclear",
}
OPEN_LIST: Mapping[str, Any] = {
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
    "contradicted": {"case": "LES-2026-0042-1", "term": date(2026, 4, 2), "how": "both"},
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
        "why": "Deze vraag is al beantwoord op 12-03-2026. Er is niets gedaan.",
    },
    "help": {},
    "silent": {"day": date(2026, 3, 12), "time": "14.05"},
    "probe": {"code": CODE, "buttons": buttons(Status="status")},
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
    "open_list-empty": (
        "open_list",
        {**OPEN_LIST, "lines": [], "number": 0, "overdue": 0, "doubts": 0, "unclear": 0, "polled": None},
    ),
    "open_list-one": ("open_list", {**OPEN_LIST, "lines": OPEN_LIST["lines"][:1], "number": 1, "doubts": 1}),
    "contradicted-late": ("contradicted", {**EXAMPLES["contradicted"], "how": "late"}),
    "contradicted-alone": ("contradicted", {**EXAMPLES["contradicted"], "how": "alone"}),
    "failure-answer": (
        "failure",
        {
            **FAILURE,
            "what": WHAT["bounced"],
            "state": "bounced",
            "code": CODE,
            "buttons": buttons(Gedaan="gedaan", Nieuw_concept="niet akkoord "),
        },
    ),
    "failure-sent": ("failure", {**FAILURE, "what": WHAT["sent"], "state": "sent"}),
    "failure-waits": ("failure", {**FAILURE, "what": WHAT["CapReached"], "state": "approved"}),
    "failure-held-up": ("failure", {**FAILURE, "what": WHAT["posting"], "state": "posting"}),
    "failure-staff": (
        "failure",
        {**FAILURE, "what": WHAT["staff"], "state": "staff", "audience": "de medewerkers"},
    ),
    "failure-work": (
        "failure",
        {
            **FAILURE,
            "what": "Het programma kon één stap niet doen: gegevens opvragen bij een verwerker (taak 7).",
            "letter": None,
            "audience": "",
            "message_id": "",
            "state": "halted",
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
const rgb = (colour) => colour.match(/[\\d.]+/g).map(Number);
const light = ([r, g, b]) => {
  const [x, y, z] = [r, g, b].map((c) => c / 255).map((c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
  return 0.2126 * x + 0.7152 * y + 0.0722 * z;
};
const paper = (element) => {
  for (let one = element; one; one = one.parentElement) {
    const colour = rgb(getComputedStyle(one).backgroundColor);
    if (colour.length === 3 || colour[3] === 1) return colour;
  }
  return [255, 0, 255];  // the page itself must have a colour
};
const contrast = (element) => {
  const pair = [light(rgb(getComputedStyle(element).color)), light(paper(element))].sort((a, b) => a - b);
  return (pair[1] + 0.05) / (pair[0] + 0.05);
};
const wrong = (frame) => {
  const page = frame.contentDocument, found = [];
  if (page.documentElement.scrollWidth > frame.clientWidth) found.push("scrolls sideways");
  const texts = page.createTreeWalker(page.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const words = texts.currentNode.textContent.trim(), element = texts.currentNode.parentElement;
    if (words && words !== "\u00a0" && contrast(element) < LEAST)
      found.push(`contrast ${contrast(element).toFixed(1)} at “${words.slice(0, 30)}”`);
  }
  for (const cell of page.querySelectorAll("td.filled, td.open"))
    if (cell.getBoundingClientRect().height < 44) found.push(`a button of ${cell.textContent} is lower than 44 pixels`);
  const below = (element) => element && element.getBoundingClientRect().bottom > SCREEN;
  if (frame.clientWidth < 480 && below(page.querySelector("td.filled"))) found.push("no button on the first screen");
  if (frame.clientWidth < 480 && /^approve(-|$)/.test(frame.parentElement.id) && below(page.querySelector("ul")))
    found.push("what the processors gave is not on the first screen");
  return found;
};
onload = () => {
  const frames = [...document.querySelectorAll("iframe")];
  for (const frame of frames) {
    const dark = frame.contentWindow.matchMedia("(prefers-color-scheme: dark)").matches;
    frame.style.height = frame.dataset.height || frame.contentDocument.documentElement.scrollHeight + "px";
    frame.report = wrong(frame);
    if (dark !== (frame.dataset.mode === "dark")) frame.report.push("was not shown in its mode");
  }
  const rows = [...document.querySelectorAll("section")].map((row) => ({
    name: row.id,
    height: row.scrollHeight,
    wrong: [...row.children].flatMap((one) =>
      one.report.map((what) => `${one.dataset.mode} ${one.clientWidth}: ${what}`)),
  }));
  const report = document.createElement("pre");
  report.id = "report";
  report.textContent = btoa(unescape(encodeURIComponent(JSON.stringify(rows))));
  document.body.append(report);
};
"""


def _frame(html: str, width: int, mode: str, height: str = "") -> str:
    shown = f"border:0;flex:none;width:{width}px;height:{height};color-scheme:{mode}"
    return f'<iframe style="{shown}" data-mode="{mode}" data-height="{height}" srcdoc="{escape(html)}"></iframe>'


def page(rows: Mapping[str, str]) -> str:
    """Rows of frames, each under its name, and what is wrong with them as base64 of JSON in `#report`."""
    sections = "".join(f'<section id="{name}" style="display:flex">{frames}</section>' for name, frames in rows.items())
    script = f"const LEAST = {LEAST_CONTRAST}, SCREEN = {PHONE[1]};{MEASURE}"
    return f"""<!doctype html><meta charset="utf-8"><body style="margin:0;background:#fff">{sections}
<script>{script}</script></body>"""


def frames_of(shown: str) -> str:
    """One letter in a narrow and a wide frame, light and dark."""
    html = render(*SHOWN[shown]).html
    return "".join(_frame(html, width, mode) for width in WIDTHS for mode in MODES)


def run(browser: str, rows: Mapping[str, str], *options: str) -> str:
    """Has Chromium open a page of rows; gives what it prints."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "page.html"
        file.write_text(page(rows), encoding="utf-8")
        fixed = (
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--hide-scrollbars",
            f"--user-data-dir={folder}/profile",
        )
        return subprocess.run(
            [browser, *fixed, *options, file.as_uri()], capture_output=True, text=True, check=True, timeout=120
        ).stdout


def measure(browser: str, wanted: Iterable[str]) -> list[dict[str, Any]]:
    """For each letter its name, the height of its picture, and what is wrong with it."""
    rows = {name: frames_of(name) for name in wanted}
    shown = run(browser, rows, f"--window-size={len(MODES) * sum(WIDTHS)},900", "--dump-dom")
    found = re.search(r'<pre id="report">([\w+/=]+)</pre>', shown)
    assert found, "the page could not be measured"
    measured: list[dict[str, Any]] = json.loads(base64.b64decode(found[1]))
    return measured


def main(wanted: list[str]) -> int:
    """Measures these letters, or all, and makes their pictures."""
    browser = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if browser is None:
        print("Chromium is missing: install it (apt-get install chromium) and run this again", file=sys.stderr)
        return 1
    if unknown := [name for name in wanted if name not in SHOWN]:
        print(f"there is no picture {unknown[0]!r}; there are {', '.join(SHOWN)}", file=sys.stderr)
        return 2
    OUT.mkdir(exist_ok=True)
    bad = False
    for row in measure(browser, wanted or SHOWN):
        name = row["name"]
        size = f"--window-size={len(MODES) * sum(WIDTHS)},{row['height']}"
        run(browser, {name: frames_of(name)}, size, f"--screenshot={OUT / name}.png")
        for what in row["wrong"]:
            bad = True
            print(f"{name}, {what}", file=sys.stderr)
    for name, (shown, mode) in README.items():
        if not wanted or shown in wanted:
            width, height = PHONE
            frame = _frame(render(*SHOWN[shown]).html, width, mode, f"{height}px")
            run(browser, {name: frame}, f"--window-size={width},{height}", f"--screenshot={OUT / name}.png")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
