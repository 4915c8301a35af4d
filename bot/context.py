"""What every use case is handed: settings, clock, case book, keys, mailbox, processors."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from bot.casebook.store import Store, open_store, upgrade
from bot.casebook.vault import Vault
from bot.clock import Clock
from bot.graph.session import GraphSession
from bot.processors.base import Connector
from bot.processors.listed import connect
from bot.pulse import Pulse
from bot.room import Room
from bot.settings import Settings


@dataclass
class Bot:
    """One running bot. `seen` holds page data of mails between reading and taking in, in memory only."""

    settings: Settings
    clock: Clock
    store: Store
    vault: Vault
    patience: Callable[[float], None] | None = None
    seen: dict[int, Mapping[str, Any]] = field(default_factory=dict)
    pulse: Pulse = field(default_factory=Pulse)
    room: Room = field(default_factory=Room)

    @cached_property
    def graph(self) -> GraphSession:
        """The mailbox. Raises SettingsError when the credential cannot be read."""
        return GraphSession(
            self.settings,
            clock=self.clock,
            patience=self.patience or self.pulse.sleep,
            on_call=self.pulse.beat,
            on_large=self.room.take,
        )

    @cached_property
    def processors(self) -> Mapping[str, Connector]:
        """The suppliers that answer by themselves, by name."""
        return connect(self.settings, self.graph)

    @property
    def lock_path(self) -> Path:
        """What one running process holds: `single_process` adds ".lock"."""
        return self.settings.place(self.settings.store.keys).with_name("run")

    def close(self) -> None:
        """Closes the store and the keys."""
        self.store.close()
        self.vault.close()

    @property
    def address(self) -> str:
        """The watched mailbox."""
        return self.settings.mailbox.address


def open_bot(settings: Settings, clock: Clock) -> Bot:
    """The bot on its store, brought up to the present tables. Raises StoreError, VaultError, SettingsError."""
    store = open_store(settings.store_url)
    upgrade(store)
    vault = Vault.open(settings.place(settings.store.keys), settings.place(settings.store.key_file))
    return Bot(settings, clock, store, vault)
