"""The processors that answer by themselves: a new one is its file, its test and its line in `connect`."""

from collections.abc import Mapping

from bot.graph.correspondence import MailboxCorrespondence
from bot.graph.session import GraphSession
from bot.processors import lightspeed, microsoft365
from bot.processors.base import Connector
from bot.settings import Settings, SettingsError


def connect(settings: Settings, graph: GraphSession) -> Mapping[str, Connector]:
    """The processors that answer by themselves, by name, in the order of asking. Raises SettingsError."""
    found: dict[str, Connector] = {}
    if "lightspeed" in settings.processors and settings.processors["lightspeed"].url:
        found["lightspeed"] = _lightspeed(settings)
    found["microsoft365"] = microsoft365.Microsoft365(MailboxCorrespondence(graph), [settings.mailbox.address])
    return found


def _lightspeed(settings: Settings) -> Connector:
    given = settings.processors["lightspeed"]
    for name in ("key_file", "secret_file"):
        if not given.text(name):
            raise SettingsError(
                f"{settings.file}: processors.lightspeed.{name} is missing: name the file that holds it (0600)"
            )
    account = lightspeed.Account(
        url=given.url or "",
        language=given.text("language") or "nl",
        key=settings.secret("processors.lightspeed.key_file", given.text("key_file")),
        secret=settings.secret("processors.lightspeed.secret_file", given.text("secret_file")),
        ca_file=settings.ca_file,
    )
    return lightspeed.Lightspeed(account)
