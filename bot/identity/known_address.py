"""Who is asking, first rung: a proven sender whose address is on file (policy P28, AVG art. 12(6))."""

from collections.abc import Mapping

from bot.letters import Person
from bot.processors.base import Connector

SEARCHED = ("lightspeed",)  # whose records make an address known; our own mail alone opens only that mail


def on_file(person: Person, processors: Mapping[str, Connector]) -> str:
    """The processor that has the sender's address on file, "" when none of those searched has.

    Raises ProcessorDown, ProcessorRefused: an outage is no "no".
    """
    return next((name for name in SEARCHED if name in processors and processors[name].known(person.address)), "")
