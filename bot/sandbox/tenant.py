"""The tenant: its mailboxes, the world outside, and the transport between them.

`deliver` is mail from anywhere into a mailbox of the tenant, `send_as` an account that writes, `submit` what Graph's
/send does: the message leaves at once, while its item lingers in Drafts before it shows in Sent Items.
"""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP

from bot.sandbox import exchange
from bot.sandbox.errors import GraphError, bad_request
from bot.sandbox.exchange import Checks, Leaving
from bot.sandbox.mailbox import Folder, Item, Mailbox, Submission
from bot.sandbox.mime import Headers, Mime

MAX_RECIPIENTS = 500
"""To, Cc and Bcc together."""
PASSED = Checks()


@dataclass(frozen=True, slots=True)
class Sent:
    """A message that left the bot's mailbox."""

    raw: bytes
    """As the recipients get it."""
    recipients: tuple[str, ...]
    at: datetime
    message_id: str
    dropped: Headers
    """Headers that Exchange took out on the way."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why mail to an address does not arrive."""

    status: str
    text: str
    action: str


class Tenant:
    """The mailboxes of one organisation. Every public method may be called from any thread."""

    def __init__(self, mailbox: str, now: Callable[[], datetime], accounts: Mapping[str, str]) -> None:
        self.mailbox = mailbox.lower()
        self.now = now
        self.lock = threading.RLock()
        names = {self.mailbox: "Klantenservice", **{address.lower(): name for address, name in accounts.items()}}
        # the clock may be replaced later: it is asked through the tenant
        self.mailboxes = {address: Mailbox(address, name, lambda: self.now()) for address, name in names.items()}
        self.draft_lingers = True
        """After /send the item stays in Drafts, until `linger_seconds` passed or `linger_looks` looks missed it."""
        self.hides_lingering = False
        """While it lingers the item is in no folder at all: its id answers 404 until Sent Items has it."""
        self.linger_seconds = 5.0
        self.linger_looks = 2
        """A look is a GET on Sent Items, Drafts, all messages or the item; a clock may stand still."""
        self.keeps_immutable_id_on_send = True
        """False: the sent item has another immutable id than the draft had, which is reported now and then."""
        self.rewrites_message_id = False
        """The Message-ID that the draft carries is replaced on submission."""
        self.failing: dict[str, Failure] = {}
        self._outgoing: list[Sent] = []
        self._outside: dict[str, list[bytes]] = {}

    # what tests and the demo do

    def deliver(
        self,
        raw: bytes | EmailMessage,
        *,
        to: str | None = None,
        mail_from: str | None = None,
        internal: bool = False,
        dmarc: str = "pass",
        dkim: str = "pass",
        spf: str = "pass",
        dkim_domain: str = "",
        authentication: str = "",
        folder: str = "inbox",
        received: datetime | None = None,
    ) -> str:
        """Mail arrives, by default in the bot's inbox, and is stamped as Exchange does. Gives its immutable id.

        `mail_from` is the envelope sender ("" for bounces; the From address by default). `dmarc`, `dkim`, `spf` are
        what the border found, `authentication` replaces that whole header value. `internal`: from an account of the
        tenant. `folder` is a well-known name or a path; `received` defaults to now.
        """
        data = raw.as_bytes(policy=SMTP) if isinstance(raw, EmailMessage) else raw
        with self.lock:
            return self._land(
                self.mailboxes[(to or self.mailbox).lower()],
                data,
                mail_from=Mime(data).sender[1] if mail_from is None else mail_from,
                internal=internal,
                checks=Checks(spf, dkim, dmarc, dkim_domain, authentication),
                folder=folder,
                received=received,
            ).immutable_id

    def send_as(self, account: str, message: EmailMessage) -> str:
        """An account of the tenant mails: a copy in its Sent Items, internal mail to the others, the rest goes out.

        Gives the immutable id of the copy in the bot's mailbox, "" when that is no recipient. Raises ValueError when
        From is another address than the account's.
        """
        with self.lock:
            box = self.mailboxes[account.lower()]
            if "From" not in message:
                message["From"] = f"{box.name} <{box.address}>"
            raw = message.as_bytes(policy=SMTP)
            leaving = exchange.outgoing(raw, at=self.now(), rewrite_message_id=False)
            speaks_for = Mime(leaving.kept).sender[1]
            if speaks_for.lower() != box.address:
                raise ValueError(f"{account} cannot send as {speaks_for}")
            box.add(leaving.kept, box.folder_at("sentitems"), is_read=True)
            return self._spread(box, leaving)

    def fail(self, address: str, status: str = "5.1.10", text: str = "", action: str = "") -> None:
        """Mail to this address fails from now on, with a report to its sender; a 4.x.x status is a delay."""
        kind = action or ("delayed" if status.startswith("4.") else "failed")
        first = "450" if status.startswith("4.") else "550"
        words = text or f"{first} {status} RESOLVER.ADR.RecipientNotFound; Recipient {address} not found by SMTP lookup"
        self.failing[address.lower()] = Failure(status, words, kind)

    @property
    def outgoing(self) -> list[Sent]:
        """Everything that left the bot's mailbox, in order."""
        with self.lock:
            return list(self._outgoing)

    def inbox_of(self, address: str) -> list[bytes]:
        """The mails that arrived for an address, inside or outside the tenant, in order of arrival."""
        with self.lock:
            box = self.mailboxes.get(address.lower())
            if box is not None:
                return [item.raw for item in box.folder_at("inbox").items.values()]
            return list(self._outside.get(address.lower(), ()))

    @property
    def outsiders(self) -> list[str]:
        """The addresses outside the tenant that got mail."""
        with self.lock:
            return list(self._outside)

    def messages(self, folder: str = "inbox", mailbox: str | None = None) -> list[Item]:
        """The items of a folder (well-known name or path) of a mailbox, by default the bot's, in order of arrival."""
        with self.lock:
            return list(self.mailboxes[(mailbox or self.mailbox).lower()].folder_at(folder).items.values())

    def settle(self) -> None:
        """Every item that lingers in Drafts goes to Sent Items now."""
        with self.lock:
            for box in self.mailboxes.values():
                for item, submission in _lingering(box):
                    _file(box, item, submission, self.keeps_immutable_id_on_send)

    # what Graph's routes do

    def submit(self, box: Mailbox, item: Item) -> None:
        """/send: the message leaves. Raises GraphError when the store refuses it.

        A second /send on an item that still lingers in Drafts sends it a second time: nothing at Microsoft prevents it.
        """
        if not item.is_draft:
            raise bad_request(
                "The operation can't be performed because the item is not a draft.", "ErrorInvalidOperation"
            )
        sender = item.mime.sender[1].lower()
        if sender and sender != box.address:
            raise GraphError(
                403,
                "ErrorSendAsDenied",
                "The user account which was used to submit this request does not have the "
                "right to send mail on behalf of the specified sending account.",
            )
        at = self.now()
        raw = item.raw if sender else f"From: {box.name} <{box.address}>\r\n".encode() + item.raw
        leaving = exchange.outgoing(raw, at=at, rewrite_message_id=self.rewrites_message_id)
        if not leaving.recipients or any("@" not in address for address in leaving.recipients):
            raise bad_request("At least one recipient isn't valid.", "ErrorInvalidRecipients")
        if len(leaving.recipients) > MAX_RECIPIENTS:
            raise bad_request("The number of recipients exceeds the limit.", "ErrorExceededMessageLimit")
        if box.address == self.mailbox:
            self._outgoing.append(Sent(leaving.wire, leaving.recipients, at, leaving.message_id, leaving.dropped))
        item.submission = Submission(at, leaving.kept)
        self._spread(box, leaving)
        if not self.draft_lingers:
            _file(box, item, item.submission, self.keeps_immutable_id_on_send)
        elif self.hides_lingering:
            box.withdraw(item)
            box.in_transit.append(item)

    def pass_time(self, box: Mailbox) -> None:
        """Files what lingered long enough."""
        for item, submission in _lingering(box):
            waited = (self.now() - submission.at).total_seconds()
            if waited >= self.linger_seconds or submission.looks > self.linger_looks:
                _file(box, item, submission, self.keeps_immutable_id_on_send)

    def look(self, box: Mailbox, folder: Folder | None = None, item: Item | None = None) -> None:
        """Counts a look for the items that linger: at one item, at a folder, or (neither) at the whole mailbox."""
        if item is None and folder is not None and folder.well_known not in ("drafts", "sentitems"):
            return
        for lingering, submission in _lingering(box):
            if item is None or item is lingering:
                submission.looks += 1
        self.pass_time(box)

    def _spread(self, box: Mailbox, leaving: Leaving) -> str:
        """To every recipient its copy. Gives the immutable id of the one in the bot's mailbox."""
        landed = ""
        for address in leaving.recipients:
            failure = self.failing.get(address)
            if failure is not None:
                self._report(box, address, failure, leaving.wire)
            elif address in self.mailboxes:
                item = self._land(self.mailboxes[address], leaving.wire, mail_from=box.address, internal=True)
                landed = item.immutable_id if address == self.mailbox else landed
            else:
                self._outside.setdefault(address, []).append(leaving.wire)
        return landed

    def _report(self, box: Mailbox, address: str, failure: Failure, wire: bytes) -> None:
        if exchange.wants_no_report(wire):
            return
        report = exchange.non_delivery_report(
            wire,
            sender=box.address,
            recipient=address,
            status=failure.status,
            text=failure.text,
            action=failure.action,
            at=self.now(),
        )
        self._land(box, report, mail_from="", internal=True)

    def _land(
        self,
        box: Mailbox,
        raw: bytes,
        *,
        mail_from: str,
        internal: bool,
        checks: Checks = PASSED,
        folder: str = "inbox",
        received: datetime | None = None,
    ) -> Item:
        at = received or self.now()
        stamped = exchange.incoming(raw, at=at, mail_from=mail_from, internal=internal, checks=checks)
        return box.add(stamped, box.folder_at(folder), received=at, from_outside=True)


def _lingering(box: Mailbox) -> list[tuple[Item, Submission]]:
    waiting = [*box.folder_at("drafts").items.values(), *box.in_transit]
    return [(item, item.submission) for item in waiting if item.submission is not None]


def _file(box: Mailbox, item: Item, submission: Submission, keep_immutable_id: bool) -> None:
    box.replace_content(item, submission.kept)
    item.is_draft, item.is_read, item.submission = False, True, None
    item.received = item.sent = submission.at.astimezone(UTC).replace(microsecond=0)
    if item in box.in_transit:
        box.in_transit.remove(item)
    else:
        box.withdraw(item)
    box.restore(item, box.folder_at("sentitems"), new_immutable_id=not keep_immutable_id)
