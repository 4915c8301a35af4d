"""Requests that reached the shop another way: staff forward them with `ontvangen op 3-3-2026, per post`.

That date starts the clock (law: the day on which the request reached the shop). Who asks is a claim until staff or the
address on file confirm it.
"""

import re
from dataclasses import replace
from datetime import datetime, time, timedelta

from sqlalchemy.orm import Session

from bot.casebook.ledger import Taken
from bot.casebook.schema import Message
from bot.clock import AMSTERDAM, local_date
from bot.context import Bot
from bot.desk import questions
from bot.desk.commands import Command
from bot.mail.message import Mail, parse
from bot.mail.reply import Reply, split
from bot.requests import open_request
from bot.sorting.verdict import Item, sort

_FROM = re.compile(
    r"^\W*(?:van|from|von|de)\s*:\s*(?P<name>[^<\n]*?)\s*<?(?P<address>[\w.+-]+@[\w-]+(?:\.[\w-]+)+)>?", re.I | re.M
)
LONG_AGO = timedelta(days=2 * 365)
CHANNELS = {"": "mail", "post": "post", "telefoon": "phone"}


def from_staff(bot: Bot, mail: Mail, reply: Reply, command: Command) -> Taken:
    """A forwarded request opens with its own date; where the rights are unclear, staff are asked to name them."""
    today = local_date(bot.clock.now())
    if command.received is None or command.received > today:
        return _told(bot, mail, "Die datum ligt in de toekomst. Stuur de e-mail opnieuw door, met de juiste datum.")
    if today - command.received > LONG_AGO:
        sentence = "Die datum ligt meer dan twee jaar terug. Stuur de e-mail opnieuw door, met de juiste datum."
        return _told(bot, mail, sentence)
    inner = forwarded(mail, reply)
    received = datetime.combine(command.received, time(12), AMSTERDAM)
    channel = CHANNELS[command.channel]
    own = split(inner)
    verdict = sort(
        Item(subject=inner.subject, own_text=own.own_text, sender=inner.sender, from_name=inner.from_name,
             attachments=inner.attachments)
    )  # fmt: skip

    def follow(session: Session, row: Message) -> None:
        facts = {"kind": verdict.kind, "rights": list(verdict.rights), "flags": list(verdict.flags),
                 "certain": verdict.certain, "guesses": list(verdict.guesses),
                 "received": received.isoformat(), "channel": channel}  # fmt: skip
        row.verdict = facts
        if verdict.kind == "request" and verdict.rights and verdict.certain:
            open_request(bot, session, row, inner, verdict.rights, received=received, channel=channel, claimed=True)
            row.disposition, row.kind = "request", "request"
        else:
            questions.to_sort(bot, session, row, inner, own, verdict, at_once=True, received=received)

    return Taken("staff-command", "command: ontvangen op", follow=follow)


def _told(bot: Bot, mail: Mail, sentence: str) -> Taken:
    def follow(session: Session, row: Message) -> None:
        questions.tell(bot, session, mail, f"intake:{row.id}", sentence)

    return Taken("staff-command", "did nothing: impossible date", follow=follow)


def forwarded(mail: Mail, reply: Reply) -> Mail:
    """The request inside a forward: the attached mail, or the forwarded text with its sender, or a scan."""
    for attachment in mail.attachments:
        if attachment.type == "message/rfc822":
            return parse(attachment.content)
    found = _FROM.search(reply.quoted_text)
    senders = ((found["name"].strip(" \"'*"), found["address"].lower()),) if found else ()
    return replace(
        mail, senders=senders, text=reply.quoted_text, html="", subject="", message_id="", references=(),
        in_reply_to=(), reply_to=(), headers=(),
    )  # fmt: skip
