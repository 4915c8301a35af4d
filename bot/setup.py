"""`init` and `doctor`: from nothing to a desk that may be trusted with the mailbox."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

from sqlalchemy import select

from bot.casebook import ledger
from bot.casebook.schema import Ask
from bot.casebook.store import Store, StoreError, open_store, upgrade
from bot.casebook.vault import Vault, VaultError
from bot.clock import Clock, SystemClock, local_date
from bot.context import Bot
from bot.desk import questions
from bot.graph import folders, inbox
from bot.graph.session import GraphError, GraphSession, TokenRefused
from bot.mail.message import cut_short, from_graph, parse
from bot.processors.base import Check
from bot.processors.listed import connect
from bot.settings import Settings, SettingsError

BACK = timedelta(days=100)  # how far `init` lays the horizon back
EXPIRY_WARNING = timedelta(days=30)
LOOKED_AT = 5  # of the newest mails `doctor` compares the MIME with the page

EXAMPLE = """\
# Settings of privacybot. Lines that start with # are explanations or defaults; relative paths count from this folder.
# Secrets never stand here: they are in files (mode 0600) or in variables such as PRIVACYBOT_MAILBOX__CLIENT_SECRET.

[mailbox]
address = "info@lesseausoap.com"      # the mailbox that is watched
since = {since}                    # older mail is never answered
tenant_id = ""                        # FILL IN: Entra, Overview, Tenant ID
client_id = ""                        # FILL IN: App registrations, Application (client) ID
client_certificate = "privacybot.pem" # certificate and key in one PEM; or client_secret_file = "client.secret"
# secret_expires = {expires}         # doctor warns a month ahead
# form_senders = ["webformulier@lesseausoap.com"]   # addresses of the shop's own web form
# scope_check = "directie@lesseausoap.com"          # a mailbox that the app must not reach; doctor tries it

[people]
staff = ["privacy@lesseausoap.com"]        # who decides; the order is the order of asking
management = ["directie@lesseausoap.com"]  # who is told when nobody decides
# four_eyes = false                        # true: erasures and refusals need a second approver
# closed_days = []                         # days on which the shop is closed, as 2026-12-31

[limits]
messages_per_minute = 28
recipients_per_24h = 9000

[store]
url = "sqlite:///var/privacybot.db"
keys = "var/keys.db"                  # keep out of the store's backups; its own backups at most 30 days
key_file = "var/master.key"

[processors.lightspeed]
url = "https://api.webshopapp.com"
language = "nl"
key_file = "lightspeed.key"
secret_file = "lightspeed.secret"
# contact = ""                        # each processor: where letters about recipients go (AVG art. 19)
"""


def write_settings(place: Path, today: date) -> None:
    """Writes the commented example. Raises OSError."""
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(EXAMPLE.format(since=today - BACK, expires=today + timedelta(days=365)), encoding="utf-8")


def checks(settings: Settings, clock: Clock | None = None) -> Iterator[Check]:
    """What `doctor` looks at, one line each, with the mend where it is not well."""
    today = local_date((clock or SystemClock()).now())
    yield Check("settings", True, f"{settings.file} is complete")
    yield _expiry(settings, today)
    yield from _store(settings)
    yield from _staff(settings)
    try:
        graph = GraphSession(settings, patience=lambda seconds: None)
        graph.token()
    except SettingsError as error:
        yield Check("token", False, str(error))
        return
    except TokenRefused as error:
        yield Check("token", False, str(error))
        return
    yield Check("token", True, "Entra gives a token")
    yield from _mailbox(settings, graph)
    for name, processor in connect(settings, graph).items():
        if name in settings.processors:
            yield from processor.check()


PROBE = "probe"  # the question to staff, and the mark that holds what their answer showed


def probe(bot: Bot) -> None:
    """Asks the first of the staff by mail to answer `status`; the answer's headers are judged when it comes."""
    now = bot.clock.now()
    with bot.store.begin() as session:
        questions.ask(
            bot, session, f"{PROBE}-{now:%Y%m%d%H%M}", PROBE, PROBE, {}, {"Status": "status"}, vault=questions.DESK
        )


def _answered(store: Store) -> Check:
    """What the last answer to `doctor --probe` showed of genuine internal mail."""
    with store.read() as session:
        asked = session.scalar(select(Ask).where(Ask.kind == PROBE).order_by(Ask.id.desc()).limit(1))
        seen = ledger.mark(session, PROBE)
    if asked is None:
        return Check("internal mail", None, "never tried: `privacybot doctor --probe` asks staff to answer a mail")
    if seen is None or seen.at < asked.opened:
        return Check("internal mail", None, "staff were asked and have not answered yet: look again after a `run`")
    if seen.value == "genuine":
        return Check("internal mail", True, "an answer of staff was known as genuine internal mail")
    return Check(
        "internal mail", False,
        f"an answer of staff was not taken as genuine ({seen.value}): compare its headers with people.internal_sources",
    )  # fmt: skip


def _expiry(settings: Settings, today: date) -> Check:
    expires = settings.mailbox.secret_expires
    if expires is None:
        return Check(
            "secret expiry", None, "mailbox.secret_expires is not set: set it and a warning comes a month ahead"
        )
    if expires <= today:
        return Check("secret expiry", False, f"the credential expired on {expires}: make a new one in Entra")
    if expires <= today + EXPIRY_WARNING:
        return Check("secret expiry", False, f"the credential expires on {expires}: make a new one in Entra now")
    return Check("secret expiry", True, f"the credential is valid until {expires}")


def _store(settings: Settings) -> Iterator[Check]:
    try:
        store = open_store(settings.store_url)
        upgrade(store)
        yield Check("store", True, "the case book opens and its tables are current")
        yield _answered(store)
        store.close()
    except StoreError as error:
        yield Check("store", False, str(error))
    keys, key_file = settings.place(settings.store.keys), settings.place(settings.store.key_file)
    try:
        Vault.open(keys, key_file).close()
        apart = "sqlite" not in settings.store_url or str(keys) not in settings.store_url
        yield Check("keys", apart, "the case keys open" if apart else "store.keys must be another file than the store")
    except VaultError as error:
        yield Check("keys", False, str(error))


def _staff(settings: Settings) -> Iterator[Check]:
    domain = settings.mailbox.address.partition("@")[2]
    people = settings.people
    for address in (*people.staff, *people.management):
        if address in settings.mailbox.form_senders:
            yield Check("staff", False, f"{address} is also in mailbox.form_senders: take it out of one of them")
            return
        if address.partition("@")[2] != domain and not people.outside_staff:
            yield Check(
                "staff", False,
                f"{address} is outside {domain}: its replies are never internal; list an inside address or set "
                "people.outside_staff = true",
            )  # fmt: skip
            return
    yield Check(
        "staff", True, f"{len(people.staff)} staff and {len(people.management)} management, none is the mailbox"
    )


def _mailbox(settings: Settings, graph: GraphSession) -> Iterator[Check]:
    box = settings.mailbox
    try:
        inbox = graph.get(f"{graph.mailbox_url}/mailFolders/inbox?$select=displayName,totalItemCount")
    except GraphError as error:
        yield Check("mailbox", False, f"{box.address}: {_denied(error)}")
        return
    yield Check("mailbox", True, f"{box.address} is reached; its inbox holds {inbox.get('totalItemCount', '?')} mails")
    if box.scope_check:
        try:
            graph.get(f"{graph.user_url(box.scope_check)}/mailFolders/inbox?$select=displayName")
            yield Check(
                "scope", False,
                f"the app can also read {box.scope_check}: limit it with deploy/microsoft365.ps1 and remove the "
                "Mail.* consent in Entra",
            )  # fmt: skip
        except GraphError as error:
            closed = error.status in (403, 404)
            say = f"{box.scope_check} is closed to the app" if closed else f"could not be tried: {error}"
            yield Check("scope", True if closed else None, say)
    else:
        yield Check("scope", None, "mailbox.scope_check is not set: name a mailbox that the app must not reach")
    try:
        found = folders.existing(graph)
        made = "are there" if len(found) == 2 else "are made at the first request"
        yield Check("folders", True, f"{folders.REQUESTS} and {folders.REQUESTS}/{folders.DONE} {made}")
        yield _delta(graph)
    except GraphError as error:
        yield Check("delta", False, _denied(error))
    try:
        yield _mime(graph)
    except GraphError as error:
        yield Check("mime", None, f"could not be tried: {error}")


def _delta(graph: GraphSession) -> Check:
    """Whether a delta page brings all that sorting needs; without headers each mail costs one call more."""
    page = graph.get(
        f"{graph.mailbox_url}/mailFolders/inbox/messages/delta?$select={inbox.PAGE_FIELDS}",
        prefer="odata.maxpagesize=5",
    )
    items = [item for item in page.get("value") or [] if item.get("receivedDateTime")]
    if not items:
        return Check("delta", None, "the inbox shows no mail yet: put one there to see what delta returns")
    missing = [name for name in ("internetMessageHeaders", "body", "from") if not any(name in item for item in items)]
    if missing:
        return Check(
            "delta", None, f"delta leaves out {', '.join(missing)}: each mail is then read whole (1.1 calls a mail)"
        )
    return Check("delta", True, "a delta page brings headers and text")


def _mime(graph: GraphSession) -> Check:
    """Whether the newest mails are as whole in their MIME as on their page, by the measure that taking them in uses."""
    newest = graph.get(f"{graph.mailbox_url}/mailFolders/inbox/messages?$select=id&$top={LOOKED_AT}").get("value") or []
    halves = 0
    for found in newest:
        raw, page = inbox.mime(graph, found["id"]), from_graph(inbox.item(graph, found["id"]))
        mail = parse(raw) if raw is not None else page
        halves += not (mail.over_bound or mail.unreadable) and cut_short(mail, page)
    if not newest:
        return Check("mime", None, "the inbox shows no mail yet: put one there to see whether its MIME is whole")
    if halves:
        say = f"{halves} of {len(newest)} mails lack words, a subject or files in their MIME that their page shows"
        return Check("mime", False, f"{say}: each such mail goes to staff after an hour; report this")
    return Check("mime", True, f"the newest mails ({len(newest)}) are as whole in their MIME as on their page")


def _denied(error: GraphError) -> str:
    match error.status:
        case 403:
            return f"{error}: the app may not read it; give it the roles of deploy/microsoft365.ps1, wait up to 2 hours"
        case 404:
            return f"{error}: the mailbox does not exist in this tenant; check mailbox.address"
        case _:
            return f"{error}: try again later"
