"""What a right is, as data: who may use it, what happens at once, what is asked of processors, which letters end it.

Nothing here acts. What a right wants done is an intent that `bot/handling.py` carries out.
"""

from dataclasses import dataclass
from enum import StrEnum


class Identity(StrEnum):
    """How it was shown who is asking, the lightest rung first (AVG art. 12(6)); the words of `privacybot case`."""

    NONE = "none"
    KNOWN_ADDRESS = "known_address"
    LOOP = "loop"
    FACTS = "facts"
    SHIELDED_ID = "shielded_id"
    STAFF = "staff"


class Operation(StrEnum):
    """What a processor is asked to do with a person's data."""

    EXPORT = "export"
    RECTIFY = "rectify"
    RESTRICT = "restrict"
    ERASE = "erase"


class Scope(StrEnum):
    """What a block stops; the words of `privacybot blocked`."""

    MARKETING = "marketing"
    REVIEWS = "reviews"
    PROCESSING = "processing"


@dataclass(frozen=True, slots=True)
class Block:
    """Stop this use of the person's data until the block is lifted."""

    scope: Scope


@dataclass(frozen=True, slots=True)
class AskEveryProcessor:
    """Ask every processor for this, and wait until each has answered, "nothing found" included."""

    operation: Operation


def ask_every_processor(operation: Operation) -> AskEveryProcessor:
    """Reads as a sentence in a plan."""
    return AskEveryProcessor(operation)


@dataclass(frozen=True, slots=True)
class Letters:
    """File names under `templates/nl/`, one for each way in which a case speaks to the person."""

    receipt: str
    granted: str
    refused: str
    nothing: str


@dataclass(frozen=True, slots=True)
class Right:
    """One right, as the program leads it. `article` is the one of the AVG, without the word."""

    name: str
    article: str
    least_identity: Identity
    at_once: tuple[Block, ...]
    plan: tuple[AskEveryProcessor, ...]
    letters: Letters

    def is_open_to(self, shown: Identity) -> bool:
        """Whether somebody who showed who they are in this way may use it: any rung will do where one is needed."""
        return self.least_identity is Identity.NONE or shown is not Identity.NONE


@dataclass(frozen=True, slots=True)
class Word:
    """A right in Dutch, so that mails can name it.

    `dutch` is the word of the command `soort:`, `wish` what the person wants, to be read after "U wilt".
    """

    name: str
    article: str
    dutch: str
    wish: str
