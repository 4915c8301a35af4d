"""Short stories that together reach every kill point: each is played once calmly, then once for each of its points."""

import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta

from bot.graph import inbox
from bot.sandbox import people
from bot.sandbox.stage import MAILBOX
from proofs.crash import Play
from proofs.day import ACCESS, Scripted, mail_from


def access(play: Play, *, days_ago: int = 0) -> None:
    """Hanneke, a customer on file, asks for access and attaches a file."""
    at, number = play.stage.now - timedelta(days=days_ago), play.tally.mails + 1
    name = "Hanneke Verbrugge"
    text = ACCESS[0].format(name=name)
    mail = mail_from(name, people.HANNEKE, f"Mijn gegevens {number}", text, at, f"<gegevens-{number}@example.nl>")
    mail.add_attachment(b"\x89PNG\r\n", maintype="image", subtype="png", filename="foto.png")
    play.put(Scripted(at, "access", mail, "soort: inzage"))


def unproven(play: Play) -> None:
    """Somebody whose address is not proven asks for access: staff get a question at once, and nothing is looked up."""
    number = play.tally.mails + 1
    name = f"Onbekend {number}"
    mail = mail_from(
        name, f"onbekend{number}@example.nl", f"Inzage {number}", ACCESS[0].format(name=name), play.stage.now,
        f"<inzage-{number}@example.nl>",
    )  # fmt: skip
    how = {"dmarc": "fail", "dkim": "fail", "spf": "fail"}
    play.put(Scripted(play.stage.now, "forged", mail, "soort: inzage", envelope=how))


def other(play: Play, address: str, subject: str, text: str, truth: str) -> None:
    """Somebody else mails."""
    number = f"<{subject.replace(' ', '-').lower()}@post.example>"
    play.put(
        Scripted(play.stage.now, "other", mail_from("Klant", address, subject, text, play.stage.now, number), truth)
    )


# --- the road ---------------------------------------------------------------------------------------------------------


def question(play: Play) -> None:
    """The shortest: a mail arrives, a question to staff leaves."""
    play.run()
    unproven(play)
    play.run(minutes=2)
    play.run(minutes=20)


def receipt(play: Play) -> None:
    """A request arrives, its receipt leaves, a draft is put to staff."""
    play.run()
    access(play)
    play.run(minutes=2)
    play.run(minutes=20)


def first_start(play: Play) -> None:
    """Old mails wait: one list, `akkoord`, the doubtful one by itself."""
    access(play, days_ago=3)
    at = play.stage.now - timedelta(days=2)
    text = "Ik heb een vraag over mijn gegevens. Loes"
    mail = mail_from("Klant", people.LOES, "Privacy", text, at, "<oud@example.nl>")
    play.put(Scripted(at, "doubt", mail, "geen privacyverzoek"))
    play.talk(rounds=2)


def road(play: Play) -> None:
    """A customer's request from mailbox to register."""
    play.run()
    access(play)
    play.talk(rounds=3)
    play.talk(hours=49)
    play.run(hours=49)


def desk(play: Play) -> None:
    """A stranger, another right, a doubtful mail: staff decide."""
    play.run()
    other(play, people.NOBODY, "Inzage", ACCESS[0].format(name="Onbekend"), "soort: inzage")
    erase = "Verwijder mijn account en al mijn gegevens (artikel 17 AVG)."
    other(play, people.BRAM, "Verwijderen", erase, "soort: wissing")
    other(play, people.SANNE, "Privacy", "Kunt u iets voor mij doen met mijn gegevens?", "geen privacyverzoek")
    play.talk(rounds=3)
    play.talk(hours=8)


def tidied(play: Play) -> None:
    """Staff move the request mail out of sight, and later remove the bot's folders."""
    play.run()
    access(play)
    play.run(minutes=2)
    box = play.stage.graph.mailboxes[MAILBOX]
    with play.stage.graph.lock:
        for item in list(box.folder_at("inbox").items.values()):
            box.withdraw(item)
            box.restore(item, box.folder_at("archive"), new_immutable_id=True)
    play.talk(rounds=3)
    play.run(hours=49)
    with play.stage.graph.lock:
        for folder in [folder for folder in box.folders.values() if folder.name in ("Privacyverzoeken", "Afgerond")]:
            for item in list(folder.items.values()):
                box.move(item, box.folder_at("archive"))
            del box.folders[folder.id]
    play.run(hours=49)


# --- the door ---------------------------------------------------------------------------------------------------------


def refused(play: Play) -> None:
    """Graph refuses a draft for good: a person is told."""
    play.run()
    play.stage.graph.faults.add("POST", "*/messages", status=400, code="ErrorInvalidRecipients")
    unproven(play)
    play.run(minutes=2)
    play.run(minutes=20)


def hidden(play: Play) -> None:
    """/send is cut off before its effect: unclear after a quarter of an hour, and a person is told."""
    play.run()
    play.stage.graph.faults.add("POST", "*/send", reset="before")
    unproven(play)
    play.run(minutes=2)
    play.run(minutes=20)
    play.run(minutes=20)


def throttled(play: Play) -> None:
    """One draft is answered late and cut off, the send of another is throttled and made again after a look."""
    play.run()
    play.stage.graph.faults.add("POST", "*/messages", status=504, after_effect=True)
    play.stage.graph.faults.add("POST", "*/send", status=429)
    unproven(play)
    unproven(play)
    for minutes in (1, 3, 5, 12):
        play.run(minutes=minutes)


def rewritten(play: Play) -> None:
    """Exchange gives the sent copies another Message-ID and another id; every delta link dies in between."""
    play.run()
    play.stage.graph.rewrites_message_id, play.stage.graph.keeps_immutable_id_on_send = True, False
    unproven(play)
    play.run(minutes=2)
    play.stage.graph.expire_delta()
    unproven(play)
    play.run(minutes=5)
    play.run(minutes=20)


def busy(play: Play) -> None:
    """More letters than a minute may send, a draft throttled, a send refused for a moment, a draft gone stale."""
    text = play.stage.settings_file.read_text(encoding="utf-8")
    play.stage.settings_file.write_text(text.replace("messages_per_minute = 28", "messages_per_minute = 1"))
    play.run()
    play.stage.graph.faults.add("POST", "*/messages", status=429)
    play.stage.graph.faults.add("POST", "*/send", status=403)
    unproven(play)
    unproven(play)
    for _ in range(5):
        play.run(minutes=7)


def large(play: Play) -> None:
    """An answer with a file over the limit: its upload is cut off at the end, another file is refused for a moment."""
    play.module = "proofs.small"
    play.run()
    access(play)
    faults = play.stage.graph.faults
    faults.add("PUT", "/upload", status=503)
    faults.add("PUT", "/upload", reset="after", skip=1)
    faults.add("POST", "*/attachments", status=503)
    play.talk(rounds=2)
    play.talk(minutes=5)


# --- mails, work and commands -----------------------------------------------------------------------------------------


def odd(play: Play) -> None:
    """A mail that nobody can read whole, and two that are sought, one of them with an endless Message-ID."""
    play.run()
    graph = play.stage.graph
    unproven(play)
    graph.faults.add("GET", "*/$value", body=bytes(inbox.LARGEST_MAIL + 1), times=2)
    graph.faults.add("GET", "*/messages/{id}", body=bytes(inbox.LARGEST_PAGE + 1))
    play.run(minutes=2)
    mail = mail_from("Klant", people.NOBODY, "Inzage", ACCESS[0], play.stage.now, f"<{'lang' * 300}@example.nl>")
    play.put(Scripted(play.stage.now, "odd", mail, "soort: inzage"))
    graph.faults.add("GET", "*/$value", status=404)
    play.run(minutes=2)
    unproven(play)
    graph.faults.add("GET", "*/$value", status=404)
    play.run(minutes=2)
    play.run(minutes=20)


def poison(play: Play) -> None:
    """A mail that can never be read is given up, parked and told."""
    play.hopeless = 1
    play.run()
    play.stage.graph.faults.add("GET", "*/$value", status=500, times=None)
    unproven(play)
    for hours in (0.1, 1.2, 0.1, 0.1):
        play.run(hours=hours)
    play.stage.graph.faults.clear()
    play.run(hours=8)


def again(play: Play) -> None:
    """Work that was done comes back, as after a lease that ran out."""
    play.run()
    unproven(play)
    play.run(minutes=2)
    with closing(sqlite3.connect(play.stage.folder / "var" / "privacybot.db")) as store, store:
        for key, kind in (("take-in:1:again", "take-in"), ("letter:1:posting:again", "letter")):
            row = (key, kind, 1, play.stage.now.replace(tzinfo=None).isoformat(" "), 0)
            store.execute("INSERT OR IGNORE INTO work (key, kind, ref, due, tries) VALUES (?, ?, ?, ?, ?)", row)
    play.run(minutes=2)
    play.run(minutes=20)


def keys(play: Play) -> None:
    """A key is destroyed, and a permit is held, which no command does yet."""
    play.run()
    unproven(play)
    play.run(minutes=2)
    play.command(module="proofs.by_itself")
    play.run(minutes=20)


def service(play: Play) -> None:
    """The loop of `run` by the machine's clock, with a slow send, ended by SIGTERM."""
    play.run()
    play.stage.later(seconds=1)
    unproven(play)
    play.stage.graph.now = lambda: datetime.now(UTC)
    play.stage.graph.faults.add("POST", "*/send", delay=1.1)
    play.command("run", stop_at="after commit:reading._remember")
    play.stage.now = datetime.now(UTC)
    play.stage.graph.now = lambda: play.stage.now
    play.run(minutes=20)


def silent(play: Play) -> None:
    """`status --alive --alarm` mails staff that the mailbox is no longer read."""
    play.run()
    play.command("status", "--alive", "--alarm", code=1)
    play.stage.now = datetime.now(UTC)
    play.run(minutes=20)


def doctor(play: Play) -> None:
    """`doctor --probe` looks at everything and asks staff to answer a mail."""
    play.command("doctor", "--probe")
    play.stage.now = datetime.now(UTC)
    play.talk()
    play.command("doctor")


SCENES: Mapping[str, Callable[[Play], None]] = {
    scene.__name__: scene
    for scene in (
        question, again, keys, refused, hidden, rewritten, odd, throttled, receipt, first_start, poison, busy, desk,
        road, silent, doctor, tidied, service, large,
    )
}  # fmt: skip
"""The stories, the short ones first."""

TODAY = frozenset({"doctor", "service"})
"""Stories of commands that know no clock but the machine's."""

MEDLEY = (large, tidied, question, again, keys, refused, hidden, rewritten, odd, throttled)
"""Stories that may be played one after the other on one stage."""
