"""Short stories that together reach every kill point: each is played once calmly, then once for each of its points."""

import random
from collections.abc import Callable, Mapping
from datetime import timedelta

from bot.sandbox import people
from bot.sandbox.stage import MAILBOX
from proofs.crash import Play
from proofs.day import ACCESS, Scripted, mail_from

_BIG = 800_000  # bytes that do not shrink: as text, in the archive and in base64 they pass Graph's limit for one write


def access(play: Play, subject: str = "Mijn gegevens", *, attached: bool = False, days_ago: int = 0) -> None:
    """Hanneke, a customer on file, asks for access."""
    at = play.stage.now - timedelta(days=days_ago)
    name = "Hanneke Verbrugge"
    number = f"<{subject.replace(' ', '-').lower()}@example.nl>"
    mail = mail_from(name, people.HANNEKE, subject, ACCESS[0].format(name=name), at, number)
    if attached:
        mail.add_attachment(b"\x89PNG\r\n", maintype="image", subtype="png", filename="foto.png")
    play.put(Scripted(at, "access", mail, "soort: inzage"))


def other(play: Play, address: str, subject: str, text: str, truth: str) -> None:
    """Somebody else mails."""
    mail = mail_from(
        "Klant", address, subject, text, play.stage.now, f"<{subject.replace(' ', '-').lower()}@post.example>"
    )
    play.put(Scripted(play.stage.now, "other", mail, truth))


def first_start(play: Play) -> None:
    """Old mails wait: one list, `akkoord`, the doubtful one by itself."""
    access(play, "Oude vraag", days_ago=3)
    at = play.stage.now - timedelta(days=2)
    mail = mail_from(
        "Klant", people.LOES, "Privacy", "Ik heb een vraag over mijn gegevens. Loes", at, "<oud@example.nl>"
    )
    play.put(Scripted(at, "doubt", mail, "geen privacyverzoek"))
    play.talk()


def receipt(play: Play) -> None:
    """The shortest: a request arrives, its receipt leaves, a draft is put to staff."""
    play.run()
    access(play)
    play.run(minutes=2)
    play.run(minutes=20)


def road(play: Play) -> None:
    """A customer's request from mailbox to register."""
    play.run()
    access(play, attached=True)
    play.talk()
    play.run(hours=8)
    play.talk()
    play.run(hours=49)
    play.talk()
    play.run(hours=49)


def desk(play: Play) -> None:
    """A stranger, another right, a doubtful mail: staff decide."""
    play.run()
    other(play, people.NOBODY, "Inzage", ACCESS[0].format(name="Onbekend"), "soort: inzage")
    other(
        play,
        people.BRAM,
        "Verwijderen",
        "Verwijder mijn account en al mijn gegevens (artikel 17 AVG).",
        "soort: wissing",
    )
    other(play, people.SANNE, "Privacy", "Kunt u iets voor mij doen met mijn gegevens?", "geen privacyverzoek")
    play.talk()
    play.talk(hours=8)


def throttled(play: Play) -> None:
    """/send is throttled: the draft is looked at and sent later; the draft's own POST is answered late and cut off."""
    play.run()
    play.stage.graph.faults.add("POST", "*/send", status=429)
    play.stage.graph.faults.add("POST", "*/messages", status=504, after_effect=True)
    access(play)
    play.talk(hours=8)
    play.talk(minutes=5)


def hidden(play: Play) -> None:
    """/send is cut off before its effect: unclear after a quarter of an hour, and a person is told."""
    play.run()
    play.stage.graph.faults.add("POST", "*/send", reset="before")
    access(play)
    play.talk(hours=8)
    play.talk(minutes=20)


def refused(play: Play) -> None:
    """Graph refuses a draft for good: a person is told."""
    play.run()
    play.stage.graph.faults.add("POST", "*/messages", status=400, code="ErrorInvalidRecipients")
    access(play)
    play.talk(hours=8)


def rewritten(play: Play) -> None:
    """Exchange gives the sent copy another Message-ID and another id; every delta link is dead."""
    play.run()
    play.stage.graph.rewrites_message_id, play.stage.graph.keeps_immutable_id_on_send = True, False
    access(play)
    play.talk(hours=8)
    play.stage.graph.expire_delta()
    play.talk()


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
    play.talk(hours=8)
    play.run(hours=49)
    with play.stage.graph.lock:
        for folder in [folder for folder in box.folders.values() if folder.name in ("Privacyverzoeken", "Afgerond")]:
            for item in list(folder.items.values()):
                box.move(item, box.folder_at("archive"))
            del box.folders[folder.id]
    access(play, "Nog een vraag")
    play.talk(hours=8)
    play.run(hours=49)


def large(play: Play) -> None:
    """An answer of over 3 MB goes by upload session, which is cut off once."""
    noise = random.Random(1).randbytes(_BIG).hex()
    shop = play.stage.lightspeed.shop
    next(row for row in shop.customers if row["email"] == people.HANNEKE)["memo"] = noise
    play.run()
    access(play)
    play.stage.graph.faults.add("PUT", "/upload", status=503)
    play.talk(hours=8)
    play.talk(minutes=5)


def poison(play: Play) -> None:
    """A mail that can never be read is given up, parked and told."""
    play.run()
    play.stage.graph.faults.add("GET", "*/$value", status=500, times=None)
    access(play)
    for hours in (0.1, 0.1, 0.1, 0.5, 1.5, 4, 8, 8):
        play.run(hours=hours)
    play.stage.graph.faults.clear()
    play.talk()


SCENES: Mapping[str, Callable[[Play], None]] = {
    scene.__name__: scene
    for scene in (receipt, first_start, road, desk, throttled, hidden, refused, rewritten, tidied, large, poison)
}
