"""Access, AVG art. 15: what is held, why, by whom, and a copy of it.

The policy promises it always, within thirty days, at the address on file, with an overview of the processors and of the
category under which each item is held (P34-P38). The law adds purposes, terms, rights, sources and transfers.
"""

from workflows.rights.right import Identity, Letters, Operation, Right, ask_every_processor

ACCESS = Right(
    name="access",
    article="15",
    least_identity=Identity.KNOWN_ADDRESS,
    at_once=(),  # looking changes nothing
    plan=(ask_every_processor(Operation.EXPORT),),
    letters=Letters(receipt="receipt_access", granted="access_granted", refused="refused", nothing="nothing_found"),
)
