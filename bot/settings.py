"""One settings tree: `settings.toml` plus `PRIVACYBOT_` variables (two underscores a level), checked at the door.

Secrets come from files or variables, never from the TOML. Relative paths count from the folder of the file.
"""

import ipaddress
import os
import tomllib
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

MICROSOFT_HOSTS = ("graph.microsoft.com", "login.microsoftonline.com")


class SettingsError(Exception):
    """Wrong or missing settings: one sentence that names the file, the key and the mend. Exit code 2."""


def is_loopback(url: str) -> bool:
    """Whether a URL leads to this machine."""
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _web_address(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("https", "http") or not parts.hostname:
        raise ValueError("must be a web address such as https://graph.microsoft.com")
    if parts.scheme == "http" and not is_loopback(url):
        raise ValueError("must start with https:// (http:// is for loopback addresses only)")
    return url.rstrip("/")


def _mail_address(address: str) -> str:
    local, at, domain = address.strip().rpartition("@")
    if not (local and at and "." in domain) or any(c.isspace() for c in address.strip()):
        raise ValueError(f"{address!r} is not an e-mail address")
    return address.strip().lower()


WebAddress = Annotated[str, AfterValidator(_web_address)]
MailAddress = Annotated[str, AfterValidator(_mail_address)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Mailbox(_Part):
    """The watched mailbox and the app that may reach it."""

    address: MailAddress
    since: date
    tenant_id: str = Field(min_length=1)
    client_id: str = Field(min_length=1)
    client_certificate: Path | None = None
    client_secret_file: Path | None = None
    client_secret: SecretStr | None = None
    secret_expires: date | None = None
    graph_url: WebAddress = "https://graph.microsoft.com"
    authority_url: WebAddress = "https://login.microsoftonline.com"
    ca_file: Path | None = None
    poll_seconds: int = Field(default=60, ge=1, le=3600)
    form_senders: list[MailAddress] = []
    scope_check: str = ""

    @property
    def on_loopback(self) -> bool:
        """Whether Graph and the token endpoint are a simulator on this machine."""
        return is_loopback(self.graph_url) and is_loopback(self.authority_url)


class People(_Part):
    """Who may decide and who is told. The order of `staff` is the order of asking."""

    staff: list[MailAddress] = Field(min_length=1)
    management: list[MailAddress] = Field(min_length=1)
    internal_sources: list[str] = [".prod.outlook.com"]
    outside_staff: bool = False
    four_eyes: bool = False
    closed_days: list[date] = []


class Limits(_Part):
    """Budgets over all workers. `messages_per_minute = 0` means no budget and is for loopback only."""

    messages_per_minute: int = Field(default=28, ge=0, le=30)
    recipients_per_24h: int = Field(default=9000, ge=0, le=10000)


class StorePlaces(_Part):
    """Where the case book, the case keys and the master key are."""

    url: str = "sqlite:///var/privacybot.db"
    keys: Path = Path("var/keys.db")
    key_file: Path = Path("var/master.key")


class Supplier(_Part):
    """One processor: whatever its file in `bot/processors/` asks, and `contact` for AVG art. 19 letters."""

    model_config = ConfigDict(extra="allow", frozen=True)
    url: WebAddress | None = None
    contact: MailAddress | None = None

    def text(self, name: str) -> str:
        """A setting of this supplier as text, "" when absent."""
        return str((self.model_extra or {}).get(name, ""))


class Settings(BaseSettings):
    """The whole tree; `file` and `folder` say where it was read."""

    model_config = SettingsConfigDict(
        env_prefix="PRIVACYBOT_",
        env_nested_delimiter="__",
        extra="forbid",
        frozen=True,
        nested_model_default_partial_update=True,
    )
    mailbox: Mailbox
    people: People
    limits: Limits = Limits()
    store: StorePlaces = StorePlaces()
    processors: dict[
        Literal["lightspeed", "buckaroo", "webwinkelkeur", "dhl", "unit4", "transip", "microsoft365"], Supplier
    ] = {}
    file: Path = Path("settings.toml")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Variables win over the file."""
        return env_settings, init_settings

    @model_validator(mode="after")
    def _whole(self) -> "Settings":
        box = self.mailbox
        if not (box.client_certificate or box.client_secret_file or box.client_secret):
            raise ValueError("mailbox.client_certificate is missing: name the PEM file with certificate and key")
        if box.client_certificate and (box.client_secret_file or box.client_secret):
            raise ValueError("mailbox.client_certificate and a client secret are both given: keep one of them")
        if self.limits.messages_per_minute == 0 and not box.on_loopback:
            raise ValueError("limits.messages_per_minute = 0 is for loopback addresses only: write 28")
        if box.address in self.people.staff + self.people.management:
            raise ValueError(
                "people.staff and people.management may not hold the mailbox itself: it would read its own mails"
            )
        return self

    @property
    def folder(self) -> Path:
        """The folder from which relative paths count."""
        return self.file.parent

    def place(self, path: Path) -> Path:
        """A path of the settings as seen from here."""
        return path if path.is_absolute() else self.folder / path

    @property
    def store_url(self) -> str:
        """The store's URL with a relative SQLite path counted from the settings' folder."""
        prefix = "sqlite:///"
        if self.store.url.startswith(prefix) and not self.store.url.startswith(prefix + "/"):
            return prefix + str(self.place(Path(self.store.url.removeprefix(prefix))).absolute())
        return self.store.url

    def secret(self, key: str, path: Path | str) -> str:
        """The text of a secret file, stripped. Raises SettingsError that names `key`."""
        place = self.place(Path(path))
        try:
            text = place.read_text().strip()
        except OSError as error:
            raise SettingsError(
                f"{self.file}: {key}: cannot read {place} ({error.strerror}): put the secret into that file"
            ) from error
        if not text:
            raise SettingsError(f"{self.file}: {key}: {place} is empty: put the secret into that file")
        return text

    @property
    def ca_file(self) -> Path | None:
        """The extra root certificate, if any."""
        return (
            self.place(self.mailbox.ca_file)
            if self.mailbox.ca_file and str(self.mailbox.ca_file) not in ("", ".")
            else None
        )


def load(path: Path) -> Settings:
    """The settings in `path`. Raises SettingsError with one sentence for every foreseeable fault."""
    try:
        tree: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SettingsError(
            f"{path} does not exist: make one with `privacybot init DIR` or name yours with --config"
        ) from None
    except OSError as error:
        raise SettingsError(f"{path} cannot be read ({error.strerror}): check its owner and rights") from None
    except UnicodeDecodeError:
        raise SettingsError(f"{path} is not UTF-8 text: save it as UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{path} is not valid TOML: {error}") from None
    if isinstance(tree.get("mailbox"), dict) and "client_secret" in tree["mailbox"]:
        raise SettingsError(
            f"{path}: mailbox.client_secret may not stand here: put it into a file and name that in "
            "mailbox.client_secret_file, or set PRIVACYBOT_MAILBOX__CLIENT_SECRET"
        )
    tree.pop("file", None)
    try:
        return Settings(**tree, file=path.absolute())
    except ValidationError as error:
        raise SettingsError(f"{path}: {_sentence(error)}") from None


def _sentence(error: ValidationError) -> str:
    """The first fault in words; never the value of a secret."""
    first = error.errors(include_url=False, include_input=False)[0]
    key = ".".join(str(step) for step in first["loc"] if step != "[key]")
    match first["type"]:
        case "missing":
            return f"{key} is missing: add it (see `privacybot init` for a commented example)"
        case "extra_forbidden":
            return f"{key} is not a known setting: remove it or mend its spelling"
        case "value_error":
            words = str(first["msg"]).removeprefix("Value error, ")
            return f"{key} {words}" if key else words
        case _:
            return f"{key}: {str(first['msg'])[0].lower()}{str(first['msg'])[1:]}"


def config_path(given: Path | None) -> Path:
    """`--config`, else `$PRIVACYBOT_CONFIG`, else `./settings.toml`."""
    return given or Path(os.environ.get("PRIVACYBOT_CONFIG", "settings.toml"))
