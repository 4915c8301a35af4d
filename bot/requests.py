"""Opening a request: one person's mail thread with one clock start, a case for each right in it."""

import hashlib
import re
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import work
from bot.casebook import journal
from bot.casebook.schema import Case, Message, Request
from bot.cases import FILE, IDENTIFY, next_reference
from bot.clock import local_date
from bot.context import Bot
from bot.letters import Person, address_hash, keep_person
from bot.mail.authentication import proven_sender
from bot.mail.message import Mail
from workflows import machine
from workflows.terms import terms

_ADDRESS = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")


def open_request(
    bot: Bot,
    session: Session,
    row: Message,
    mail: Mail,
    rights: tuple[str, ...],
    *,
    received: datetime | None = None,
    channel: str = "mail",
    claimed: bool = False,
) -> Request:
    """Opens a request with a case for each right; its clock starts when it reached the shop (AVG art. 12(3)).

    That is when the mailbox received it, or `received` for post and telephone. `claimed`: who asks is what somebody
    else says. A mail that was opened before gives the request that it has.
    """
    present = session.scalar(select(Request).where(Request.message_id == row.id))
    if present is not None:
        return present
    proof = proven_sender(mail)
    form = mail.sender in bot.settings.mailbox.form_senders
    address = _named_in(mail, bot.address) if form else mail.sender
    content = _content_of(bot, mail)
    twin = _twin(session, row, address_hash(bot, address), content)
    if twin is not None:
        row.disposition, row.reason, row.request_id = "joined", "the same mail arrived twice", twin.id
        return twin
    now = bot.clock.now()
    received = received or row.received
    dates = terms(local_date(received), bot.settings.people.closed_days)
    request = Request(
        reference=next_reference(session, local_date(now).year),
        message_id=row.id,
        received=received,
        channel=channel,
        binding=dates.binding,
        work_by=dates.work_by,
        extended_due=dates.extended_due,
        sender_hash=address_hash(bot, address),
        person=b"",
    )
    session.add(request)
    session.flush()
    person = Person(
        address=address,
        name="" if form else mail.from_name,
        subject=mail.subject[:200],
        message_id=mail.message_id,
        references=mail.references[-10:],
        proven=proof.ok and not form and not claimed,
        proof=_proof(proof.reason, form=form, claimed=claimed),
    )
    keep_person(bot, request, person)
    row.request_id = request.id
    row.verdict = {**(row.verdict or {}), "content": content}
    for number, right in enumerate(rights, 1):
        case = Case(
            request_id=request.id,
            reference=f"{request.reference}-{number}",
            right=right,
            state=machine.START,
            changed=now,
        )
        session.add(case)
        journal.write(
            session, now, "case opened", request=request.reference, case=case.reference, right=right,
            received=received.isoformat(), binding=request.binding, work_by=request.work_by,
        )  # fmt: skip
    work.enqueue(session, f"{IDENTIFY}:{request.id}", IDENTIFY, request.id, now)
    work.enqueue(session, f"{FILE}:{request.id}:mark", FILE, request.id, now)
    return request


def _named_in(mail: Mail, own: str) -> str:
    """The address that a mail of the shop's own web form names: its Reply-To, else the first one in its text."""
    named = [*mail.reply_to, *(found.lower() for found in _ADDRESS.findall(mail.text))]
    return next((address for address in named if address not in (own, mail.sender)), "")


def _proof(reason: str, *, form: bool, claimed: bool) -> str:
    """How the sender was proven, or why not, in Dutch for staff."""
    if form:
        return "het bericht kwam via het webformulier: het adres is een bewering"
    return "een medewerker stuurde het verzoek door: het adres is een bewering" if claimed else reason


def _content_of(bot: Bot, mail: Mail) -> str:
    """A keyed hash of what a mail says: its text and its attachments."""
    files = [hashlib.sha256(attachment.content).hexdigest() for attachment in mail.attachments]
    return bot.vault.keyed_hash("content", "\n".join([*files, mail.text]))


def _twin(session: Session, row: Message, sender: str, content: str) -> Request | None:
    """The request that this very mail opened already, when it reached the mailbox twice.

    A Message-ID alone proves nothing: broken programs give the same one to mails that say different things.
    """
    if not row.message_id:
        return None
    like = (
        select(Request, Message)
        .join(Message, Request.message_id == Message.id)
        .where(Message.message_id == row.message_id, Message.id != row.id, Request.sender_hash == sender)
    )
    for request, first in session.execute(like):
        if (first.verdict or {}).get("content") == content:
            return request
    return None
