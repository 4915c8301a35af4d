"""The rights of AVG art. 15-22 and 7(3): those that the program leads, one file each, and the names of all.

To add a right: its file, its test, and its line in `RIGHTS`.
"""

from collections.abc import Mapping

from workflows.rights.access import ACCESS
from workflows.rights.right import Block, Identity, Letters, Operation, Right, Scope, Word, ask_every_processor

RIGHTS: Mapping[str, Right] = {right.name: right for right in (ACCESS,)}
"""What the program leads from mailbox to answer. Any other right is led by staff."""

WORDS: Mapping[str, Word] = {
    word.name: word
    for word in (
        Word("access", "15", "inzage", "weten welke gegevens wij van u hebben en daarvan een kopie krijgen"),
        Word("rectification", "16", "rectificatie", "dat wij uw gegevens verbeteren"),
        Word("erasure", "17", "wissing", "dat wij uw gegevens verwijderen"),
        Word("restriction", "18", "beperking", "dat wij uw gegevens bewaren, maar voorlopig niet gebruiken"),
        Word("lift_restriction", "18(3)", "opheffing", "dat wij uw gegevens weer gewoon gebruiken"),
        Word("portability", "20", "overdracht", "uw gegevens meenemen in een vorm die een computer kan lezen"),
        Word("objection", "21", "bezwaar", "dat wij stoppen met het gebruik van uw gegevens"),
        Word("automated_decision", "22", "geautomatiseerd besluit", "dat een mens beoordeelt wat een computer besloot"),
        Word("withdraw_consent", "7(3)", "toestemming intrekken", "geen reclame of uitnodigingen voor reviews meer"),
    )
}
"""All rights in the order of the AVG, by the names of the sorter."""

__all__ = [
    "ACCESS",
    "RIGHTS",
    "WORDS",
    "Block",
    "Identity",
    "Letters",
    "Operation",
    "Right",
    "Scope",
    "Word",
    "ask_every_processor",
]
