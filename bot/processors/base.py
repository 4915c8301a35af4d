"""What a processor's file gives: whether an address is on file, and what is held about it.

A connector is an object with `name`, `known(address)`, `export(address)` and `check()`. It never waits long: what
has to wait is raised as `ProcessorDown`, and the work row that called it is due again after that many seconds.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol

from bot.clock import AMSTERDAM

Answer = Literal["found", "nothing", "done", "kept", "impossible", "task", "pending"]


@dataclass(frozen=True, slots=True)
class Record:
    """One thing that a processor holds about a person: a customer record, an order, a mail.

    `category` is the Dutch label under which it is stored (policy P38), `source` the processor's own word for it,
    `key` is unique within the source, `title` says in Dutch which one it is, `data` is plain JSON (texts, numbers,
    true/false, null, lists, objects; dates ISO 8601), `person` the name that stands in it, "" when none.
    `part_of` names the record that this one belongs to as `source/key`, "" when it stands alone.
    `note` says in Dutch what staff should look at before it is sent; it never goes to the person.
    `file` is a whole file in base64, named by `title`, for what is no row of data; "" for everything else.
    """

    category: str
    source: str
    key: str
    title: str
    data: Mapping[str, Any]
    person: str = ""
    part_of: str = ""
    note: str = ""
    file: str = ""

    @property
    def name(self) -> str:
        """`source/key`, the name that `part_of` of another record refers to."""
        return f"{self.source}/{self.key}"


@dataclass(frozen=True, slots=True)
class Finding:
    """What one processor answered about one person.

    `remark` tells staff in Dutch what could not be read, "" when all was.
    """

    processor: str
    answer: Answer
    records: tuple[Record, ...] = ()
    remark: str = ""

    @property
    def persons(self) -> tuple[str, ...]:
        """The different names in the records; more than one means that staff must look whose data these are.

        "H. Verbrugge" is not counted beside "Hanneke Verbrugge".
        """
        names: dict[tuple[str, ...], str] = {}
        for record in self.records:
            if words := tuple(record.person.lower().split()):
                names.setdefault(words, record.person)
        return tuple(name for words, name in names.items() if not any(_shortens(words, other) for other in names))


def _shortens(short: tuple[str, ...], full: tuple[str, ...]) -> bool:
    """Whether a name is another one with initials for its first name."""
    initials = short[0].replace(".", "")
    shorter = len(initials) < len(full[0].replace(".", "")) and (len(initials) == 1 or "." in short[0])
    return shorter and short[1:] == full[1:] and full[0].startswith(initials[:1])


@dataclass(frozen=True, slots=True)
class Check:
    """One line of `doctor`: what was looked at, whether it is well (None: cannot be told), and the mend in English."""

    check: str
    ok: bool | None
    say: str


class ProcessorDown(Exception):
    """The processor does not answer now; nothing is lost, ask again after `after_seconds`."""

    def __init__(self, processor: str, after_seconds: int, why: str) -> None:
        super().__init__(f"{processor}: {why}; asked again after {after_seconds} seconds")
        self.processor = processor
        self.after_seconds = after_seconds


class ProcessorRefused(Exception):
    """The processor refuses for a cause that time does not mend; the sentence says what a person has to do."""

    def __init__(self, processor: str, what_to_do: str) -> None:
        super().__init__(f"{processor}: {what_to_do}")
        self.processor = processor


class Connector(Protocol):
    """A processor that the bot can ask by itself."""

    @property
    def name(self) -> str:
        """Its name in settings and in the case book."""
        ...

    def known(self, address: str) -> tuple[str, ...]:
        """Names of records (`source/key`) that carry this address; empty when it is not on file."""
        ...

    def export(self, address: str) -> Finding:
        """Everything held about the person with this address. Raises ProcessorDown, ProcessorRefused."""
        ...

    def check(self) -> tuple[Check, ...]:
        """What `doctor` reports; never raises for a foreseeable cause."""
        ...


_LOWER = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")


def normal(address: object) -> str:
    """An address for comparison: stripped, A-Z lowered, "" for anything that is no text.

    Only A-Z: Unicode lowering would make another mailbox equal (the Kelvin sign becomes k, and ß must stay ß).
    """
    return address.strip().translate(_LOWER) if isinstance(address, str) else ""


_SPRING = ("januari", "februari", "maart", "april", "mei", "juni")
_AUTUMN = ("juli", "augustus", "september", "oktober", "november", "december")


def dutch_date(iso: object) -> str:
    """The day of an ISO 8601 moment in words, in Amsterdam: "4 maart 2025"; "" for anything else."""
    try:
        moment = datetime.fromisoformat(iso) if isinstance(iso, str) else None
    except ValueError:
        return ""
    if moment is None:
        return ""
    local = moment.astimezone(AMSTERDAM) if moment.tzinfo else moment
    return f"{local.day} {(*_SPRING, *_AUTUMN)[local.month - 1]} {local.year}"


def euros(amount: object) -> str:
    """An amount in euros as the Dutch write it: "€ 1.234,50"; "" for anything that is no number."""
    if isinstance(amount, bool) or not isinstance(amount, int | float):
        return ""
    whole = f"{abs(amount):,.2f}".translate(str.maketrans(",.", ".,"))
    return f"€ {'-' if amount < 0 else ''}{whole}"
