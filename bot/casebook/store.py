"""The case book's database, and the unit of work: the only way to its tables.

SQLite serves one machine, PostgreSQL several; the statements are the same, and so is the rule: one writer at a time. On
SQLite every writing transaction starts with `BEGIN IMMEDIATE`, on PostgreSQL with a lock of ours. So what a unit of
work read stays true until its commit, and two of them wait for each other instead of failing half-way. The SQLite file
is in WAL mode, commits are synced, deleted rows are overwritten. Never hold a unit of work open across a call to the
outside.
"""

import fcntl
import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from errno import EACCES
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.orm import Session, sessionmaker

from bot import killpoint

HEAD = "0001"
"""The newest migration, so that an up-to-date store is recognised without loading Alembic."""

LOCK_WAIT_SECONDS = 30
"""How long a transaction waits for another one's lock before it gives up."""

WRITER_LOCK = 0x5052_4956  # any number that no other advisory lock of the database uses
_EXAMPLES = "sqlite:///var/privacybot.db or postgresql+psycopg://user@host/database"
_open_in_thread = threading.local()


class StoreError(Exception):
    """The store cannot be used: one sentence that says what, where and how to mend it."""


class StoreHeld(Exception):
    """Another process runs on this store. Exit code 4."""


@dataclass(frozen=True, slots=True)
class Store:
    """An open case book. `path` is the SQLite file, None on PostgreSQL."""

    engine: Engine
    writer: sessionmaker[Session]
    reader: sessionmaker[Session]
    path: Path | None
    turn: AbstractContextManager[object] = field(default_factory=nullcontext)
    """Held by the writing thread on SQLite, whose own way of waiting is to sleep longer and longer."""

    @contextmanager
    def begin(self, *, alone: bool = True) -> Iterator[Session]:
        """One unit of work: all of it is committed, or nothing when the block raises.

        With `alone=False` it does not wait for other writers on PostgreSQL, which is safe only for statements that lock
        the rows they decide on (`bot/work.py`).
        Raises RuntimeError when this thread has one open already: on SQLite the second would wait for the first for
        ever. Hand the open session on instead.
        """
        held: set[Engine] = _open_in_thread.__dict__.setdefault("engines", set())
        if self.engine in held:
            raise RuntimeError("a unit of work is open in this thread already: hand its session on")
        held.add(self.engine)
        point = killpoint.name_of("commit")
        try:
            with self.turn:
                with self.writer.begin() as session:
                    if alone:
                        wait_for_writers(session.connection())
                    yield session
                    killpoint.before(point)
                killpoint.after(point)
        finally:
            held.discard(self.engine)

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session that sees one moment of the store and cannot write."""
        with self.reader() as session:
            yield session

    def close(self) -> None:
        """Closes the idle connections."""
        self.engine.dispose()


def open_store(url: str) -> Store:
    """The case book at `url`, connected. A SQLite file is made with mode 0600, its folder with 0700.

    Raises StoreError. The tables are made by `upgrade`.
    """
    place = _checked(url)
    if place.get_backend_name() == "sqlite":
        path = Path(str(place.database)).absolute()
        make_private_file(path, "store.url")
        engine = create_engine(place, connect_args={"timeout": LOCK_WAIT_SECONDS})
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        reading = engine.execution_options(reads_only=True)
    else:
        path = None
        options = f"-c lock_timeout={LOCK_WAIT_SECONDS}s"
        try:
            engine = create_engine(
                place,
                isolation_level="READ COMMITTED",
                pool_pre_ping=True,
                connect_args={"connect_timeout": 10, "application_name": "privacybot", "options": options},
            )
        except ModuleNotFoundError:
            raise StoreError("store.url: PostgreSQL needs psycopg: install privacybot[postgresql]") from None
        reading = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    try:
        with reading.connect() as connection:
            connection.execute(text("SELECT 1"))
    except DBAPIError as error:
        engine.dispose()
        said = " ".join(str(error.orig).split())
        shown = place.render_as_string(hide_password=True)
        raise StoreError(f"store.url: {shown} cannot be opened ({said}): check that it exists and is ours") from None
    return Store(
        engine,
        sessionmaker(engine, expire_on_commit=False),
        sessionmaker(reading, expire_on_commit=False, autoflush=False),
        path,
        threading.Lock() if path else nullcontext(),
    )


def _checked(url: str) -> URL:
    try:
        place = make_url(url)
    except ArgumentError:
        raise StoreError(f"store.url is not a database address: write {_EXAMPLES}") from None
    if place.drivername not in ("sqlite", "sqlite+pysqlite", "postgresql+psycopg"):
        raise StoreError(f"store.url: {place.drivername!r} is not supported: write {_EXAMPLES}")
    if not place.database or place.database == ":memory:":
        raise StoreError(f"store.url names no database: write {_EXAMPLES}")
    return place


def make_private_file(path: Path, setting: str) -> None:
    """Makes `path` where it is missing and closes it to other users (0600, a new folder 0700). Raises StoreError.

    A file that is there is never opened: closing it again would drop the locks that SQLite holds on it in this process.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not path.exists():
            path.touch(0o600)
        elif path.is_file() and path.stat().st_mode & 0o077:
            path.chmod(0o600)
        if not (path.is_file() and os.access(path, os.R_OK | os.W_OK)):
            raise PermissionError(EACCES, "no file that may be read and written")
    except OSError as error:
        raise StoreError(
            f"{setting}: {path} cannot be written ({error.strerror}): check its folder's owner and rights"
        ) from None


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # transactions are begun by us alone
    end = time.monotonic() + LOCK_WAIT_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            break
        except sqlite3.OperationalError as error:  # the one lock that SQLite does not wait for: a new file's first WAL
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > end:
                raise
            time.sleep(0.01)
    for pragma in ("synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    reads_only = bool(connection.get_execution_options().get("reads_only"))
    if connection.info.get("reads_only") is not reads_only:
        connection.exec_driver_sql(f"PRAGMA query_only={int(reads_only)}")
        connection.info["reads_only"] = reads_only
    connection.exec_driver_sql("BEGIN" if reads_only else "BEGIN IMMEDIATE")


def wait_for_writers(connection: Connection) -> None:
    """Makes this transaction the only writing one until it ends; SQLite does so by itself."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": WRITER_LOCK})


def revision(store: Store) -> str | None:
    """The migration at which the store stands, None for an empty store."""
    with store.engine.connect() as connection:
        return _revision(connection)


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return None if found is None else str(found)


def upgrade(store: Store) -> None:
    """Brings the tables up to date with the packaged migrations, whole or not at all; quick when they are.

    Several processes may call it at once. Raises StoreError when a newer release has already changed the store.
    """
    if revision(store) == HEAD:
        return
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", "bot.casebook:migrations")
    with killpoint.around("commit", "store.upgrade"), store.engine.begin() as connection:
        wait_for_writers(connection)
        if _revision(connection) == HEAD:
            return
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, "head")
        except CommandError:
            raise StoreError(
                f"store.url: the store stands at migration {_revision(connection)}, which this release does not know: "
                "install the release that made it"
            ) from None


@contextmanager
def single_process(path: Path) -> Iterator[None]:
    """Holds the SQLite file at `path` for this process, by a lock on `<path>.lock`; the system frees it at a crash.

    Raises StoreHeld when another process holds it, StoreError when the lock file cannot be made.
    """
    lock = path.with_name(path.name + ".lock")
    make_private_file(lock, "store.url")
    with lock.open("r+") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StoreHeld(f"{path} is in use by another `privacybot run`: stop that one first") from None
        yield
