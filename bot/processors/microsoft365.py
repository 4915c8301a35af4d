"""Microsoft 365, our own mailbox: the correspondence with a person. Speaks to a port; `bot/graph/` fills it.

A mail belongs to the person only when the address stands among its sender and recipients, compared here: a search
also finds words in a text. Addresses of others on those mails are masked (AVG art. 15(4)), ours stay.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from bot.clock import AMSTERDAM
from bot.processors.base import Check, Finding, Record, dutch_date, normal

NAME = "microsoft365"
MASK = "[adres van een ander]"
_ADDRESS = re.compile(r"(?<![\w.+-])[\w.+%'-]+@[\w-]+(?:\.[\w-]+)+", re.UNICODE)


@dataclass(frozen=True, slots=True)
class CorrespondenceItem:
    """One mail of ours with somebody. `direction`: "in" came to us, "out" left from us; `attachments` are names."""

    message_id: str
    received: datetime
    direction: Literal["in", "out"]
    sender: str
    to: tuple[str, ...]
    subject: str
    text: str
    attachments: tuple[str, ...] = ()


class Correspondence(Protocol):
    """Whatever can look for mails with an address, in all folders."""

    def find(self, address: str) -> Sequence[CorrespondenceItem]:
        """Mails that may have this address as sender or recipient; some may turn out not to."""
        ...


class Microsoft365:
    """The connector. `own` are the shop's addresses that may be shown: the mailbox itself, no names of colleagues."""

    name = NAME

    def __init__(self, correspondence: Correspondence, own: Collection[str]) -> None:
        self._correspondence = correspondence
        self._own = frozenset(normal(address) for address in own)

    def known(self, address: str) -> tuple[str, ...]:
        """Names of mails that came from this address; what we sent there proves nothing about it."""
        wanted = normal(address)
        mails = (mail for mail in self._mails(wanted) if mail.direction == "in" and normal(mail.sender) == wanted)
        return tuple(f"messages/{mail.message_id}" for mail in mails)

    def export(self, address: str) -> Finding:
        """All mails with this address, oldest first. Raises what the port raises."""
        wanted = normal(address)
        shown = self._own | {wanted}
        mails = sorted(self._mails(wanted), key=lambda mail: (mail.received, mail.message_id))
        records = tuple(_record(mail, number, shown) for number, mail in enumerate(mails, 1))
        return Finding(NAME, "found" if records else "nothing", records)

    def check(self) -> tuple[Check, ...]:
        """Nothing of its own: the mailbox is checked by itself."""
        return ()

    def _mails(self, wanted: str) -> list[CorrespondenceItem]:
        if not wanted:
            return []
        found = dict.fromkeys(self._correspondence.find(wanted))
        return [mail for mail in found if wanted in map(normal, (mail.sender, *mail.to))]


def masked(text: str, shown: Collection[str]) -> str:
    """The text with every e-mail address masked that is not one of `shown` (in normal form)."""
    return _ADDRESS.sub(lambda found: found[0] if normal(found[0]) in shown else MASK, text)


def _party(address: str, shown: Collection[str]) -> str:
    """An address as it may be shown; whatever is no address of ours or theirs (an Exchange name too) is masked."""
    return address if normal(address) in shown else MASK


def _record(mail: CorrespondenceItem, number: int, shown: Collection[str]) -> Record:
    moment = mail.received.astimezone(AMSTERDAM)
    arrow = "van u" if mail.direction == "in" else "aan u"
    subject = masked(" ".join(mail.subject.split()), shown)
    return Record(
        category="E-mails",
        source="messages",
        key=str(number),
        title=f"E-mail {arrow} van {dutch_date(moment.isoformat())}" + (f", {subject}" if subject else ""),
        data={
            "received": moment.isoformat(timespec="seconds"),
            "direction": mail.direction,
            "sender": _party(mail.sender, shown),
            "to": [_party(address, shown) for address in mail.to],
            "subject": subject,
            "text": masked(mail.text, shown),
            "attachments": [masked(name, shown) for name in mail.attachments],
            "message_id": mail.message_id,
        },
        note="e-mail: kijk of er iets over anderen in staat" + (", ook in de bijlagen" if mail.attachments else ""),
    )
