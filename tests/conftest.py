"""What several test files need: a stage with the whole shop on loopback, and the bot that works on it."""

import gc
import os
import pkgutil
import sqlite3
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager, nullcontext
from datetime import UTC, datetime
from email.headerregistry import HeaderRegistry
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import Any

import certifi
import pytest
import trustme
from coverage import Coverage
from hypothesis import HealthCheck, settings
from sqlalchemy import URL, Engine

import bot
import workflows
from bot import context
from bot.casebook import store as case_book
from bot.casebook.store import Store, open_store, revision, upgrade
from bot.sandbox.stage import Stage
from tests.world import World

settings.register_profile("steady", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("steady")

# Hundreds of shops are opened here: none needs the roots of the world's authorities, the tables of one are those of
# all, and a class for each header of each mail need not be made anew. Migrations have their own tests, and real roots
# count wherever a test starts the program as a process.
_PLACE = tempfile.TemporaryDirectory(prefix="privacybot-tests-")
_NO_ROOTS, _TABLES = Path(_PLACE.name, "roots.pem"), Path(_PLACE.name, "tables.db")
trustme.CA().cert_pem.write_to_path(str(_NO_ROOTS))
os.environ.pop("REQUESTS_CA_BUNDLE", None)
certifi.where = lambda: str(_NO_ROOTS)


def _upgrade(store: Store) -> None:
    """The tables of a new SQLite store, copied from one that was migrated before."""
    if store.path is None or revision(store) is not None:
        upgrade(store)
        return
    if not _TABLES.exists():
        with closing(open_store(f"sqlite:///{_TABLES}")) as first:
            upgrade(first)
    with closing(sqlite3.connect(_TABLES)) as tables, closing(sqlite3.connect(store.path)) as new:
        tables.backup(new)


PREPARE_SQLITE = case_book._prepare_sqlite


def _prepare_sqlite(connection: sqlite3.Connection, record: object) -> None:
    """As the program does, but not synced: no test in this process pulls the plug."""
    PREPARE_SQLITE(connection, record)
    connection.execute("PRAGMA synchronous=OFF")


CREATE_ENGINE = case_book.create_engine
_engines: dict[str, Engine] = {}


def _create_engine(url: URL, **how: Any) -> Engine:
    """A new engine that shares the first one's compiled statements: hundreds of stores are asked the same."""
    engine = CREATE_ENGINE(url, **how)
    first = _engines.setdefault(engine.dialect.driver, engine)
    engine.dialect, engine._compiled_cache = first.dialect, first._compiled_cache
    return engine


case_book.create_engine = _create_engine  # type: ignore[attr-defined]
case_book._prepare_sqlite = _prepare_sqlite
context.upgrade = _upgrade  # type: ignore[attr-defined]
HeaderRegistry.__getitem__ = lru_cache(maxsize=2000)(HeaderRegistry.__getitem__)  # type: ignore[method-assign]
PARSE_HEADER = HeaderRegistry.__call__
_parsed = lru_cache(maxsize=4000)(PARSE_HEADER)


def _parse_header(registry: HeaderRegistry, name: str, value: object) -> object:
    """A header as the library parses it; the same one is asked for hundreds of times."""
    return _parsed(registry, name, value) if type(value) is str else PARSE_HEADER(registry, name, value)


HeaderRegistry.__call__ = _parse_header  # type: ignore[method-assign]
for package in (bot, workflows):
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        if "migrations" not in module.name and "__main__" not in module.name:
            import_module(module.name)
gc.freeze()
gc.set_threshold(200_000, 50, 50)


LONGEST_FILES = ("test_sending.py", "test_month.py", "test_crash.py", "test_mailbox_runs.py")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first, then the long tests: what is short fills the gaps at the end."""
    items.sort(key=lambda item: (item.path.name not in LONGEST_FILES, item.get_closest_marker("long") is None))


LONG_TESTS: Counter[Path] = Counter()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Of a file's long tests only every twelfth runs traced: tracing doubles their time, and they walk one road."""
    LONG_TESTS[item.path] += item.get_closest_marker("long") is not None
    untraced = item.get_closest_marker("long") is not None and LONG_TESTS[item.path] % 12 > 0
    with _untraced() if untraced else nullcontext():
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Tests are collected untraced: all modules of the program are loaded by then."""
    with _untraced():
        return (yield)


@contextmanager
def _untraced() -> Iterator[None]:
    """No coverage is measured meanwhile."""
    stopped: list[Coverage] = []
    while tracer := Coverage.current():
        tracer.stop()  # the one that was started before it goes on then
        stopped.append(tracer)
    try:
        yield
    finally:
        for tracer in reversed(stopped):
            tracer.start()


MONDAY_MORNING = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """The shop on loopback, its first start behind it; a run that met something unmodelled fails."""
    with Stage(tmp_path / "shop", MONDAY_MORNING, messages_per_minute=0) as stage:
        world = World(stage)
        world.run()
        yield world
        assert not stage.unmodelled
