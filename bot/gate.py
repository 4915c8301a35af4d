"""The gate of the door: who may get which letter (DESIGN "Sending", 1). One function, one rule after the other.

It is asked when a letter is about to be made ready and once more right before it is sent.
"""

from collections.abc import Collection
from email.utils import getaddresses

from sqlalchemy.orm import Session

from bot.casebook.schema import Letter, Request
from bot.context import Bot
from bot.letters import MARK_HEADER, Parts, mark_of, person_of

OTHER_WAYS = ("Cc", "Bcc", "Reply-To", "Sender", "Resent-To", "Resent-Cc", "Resent-Bcc")
"""Headers by which a mail could reach, or be answered to, somebody that the To does not name."""

ROBOTS = ("mailerdaemon", "postmaster", "bounce", "bounces", "listserv", "majordomo")
ROBOT_WORDS = (
    "noreply",
    "donotreply",
    "donotrespond",
    "nietbeantwoorden",
    "nietreageren",
    "geenantwoord",
    "keineantwort",
)


class GateClosed(Exception):
    """A letter that may not leave, with the rule that stops it."""


def check(bot: Bot, session: Session, letter: Letter, parts: Parts) -> None:
    """Raises GateClosed unless this letter may go to these people, KeyDestroyed after an erasure."""
    if parts.digest != letter.draft_hash:
        raise GateClosed("the text is not the text that was composed")
    if letter.approved_by is None or letter.approved_hash != letter.draft_hash:
        raise GateClosed("not approved as it stands")
    if parts.header("Message-ID") != letter.message_id or parts.header(MARK_HEADER) != mark_of(bot, letter.id):
        raise GateClosed("without our own Message-ID and mark it could not be found again")
    if any(parts.header(name) for name in OTHER_WAYS):
        raise GateClosed("a header names people besides the recipients")
    if [address for _, address in getaddresses([parts.header("From")])] != [bot.address]:
        raise GateClosed("the sender is not the mailbox")
    recipients = [plain(address) for address in parts.addresses]
    if not recipients or not all(recipients):
        raise GateClosed("no recipient")
    if len(recipients) != letter.recipients:
        raise GateClosed("other recipients than were counted")
    if plain(bot.address) in recipients:
        raise GateClosed("our own address is a recipient")
    if letter.audience in ("subject", "recipient") and any(is_robot(address) for address in recipients):
        raise GateClosed("an address that no person reads")
    allowed = {plain(address) for address in _allowed(bot, session, letter, recipients)}
    strangers = sum(address not in allowed for address in recipients)
    if strangers:
        raise GateClosed(f"{strangers} of {len(recipients)} recipients are not the ones this letter is for")


def _allowed(bot: Bot, session: Session, letter: Letter, recipients: Collection[str]) -> Collection[str]:
    """The addresses that a letter of this audience may go to."""
    people = bot.settings.people
    match letter.audience:
        case "staff":
            return (*people.staff, *people.management)
        case "management":
            return people.management
        case "subject":
            if letter.request_id is None or len(recipients) != 1:
                raise GateClosed("a letter to a person belongs to one request and one address")
            request = session.get_one(Request, letter.request_id)
            if letter.personal and request.identity == "none":
                raise GateClosed("personal, and nobody showed who is asking (policy P28)")
            person = person_of(bot, request)
            return (person.on_file if letter.personal else person.address,)
        case "recipient":
            return [supplier.contact for supplier in bot.settings.processors.values() if supplier.contact]
        case _:
            raise GateClosed(f"nobody may get letters of the audience {letter.audience!r}")


def plain(address: str) -> str:
    """An address for comparing: lower-case, its domain as DNS has it (RFC 5891)."""
    local, _, domain = address.strip().lower().rpartition("@")
    try:
        domain = domain.encode("idna").decode("ascii")
    except UnicodeError:
        return ""
    return f"{local}@{domain}" if local and domain else ""


def is_robot(address: str) -> bool:
    """Addresses that machines answer from: RFC 2142 postmaster, RFC 5321 mailer-daemon, no-reply in its spellings."""
    local = address.partition("@")[0].replace("-", "").replace("_", "").replace(".", "")
    return local in ROBOTS or any(word in local for word in ROBOT_WORDS)
