"""A real PostgreSQL for the tests, and the case book on both stores.

A test module says `pytest_plugins = ("tests.postgresql",)` and asks for `store` (runs on SQLite and on PostgreSQL
alike), `store_url`, or `postgresql_url`. Where no PostgreSQL is installed, its half is skipped with the reason.
"""

import itertools
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from bot.casebook.schema import Base
from bot.casebook.store import HEAD, Store, open_store, upgrade

QUICK = {
    "listen_addresses": "''",  # a unix socket only
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "16MB",
    "max_connections": "60",
    "autovacuum": "off",
    "jit": "off",
}
_numbers = itertools.count()


def _programs() -> Path | None:
    """The folder with initdb and pg_ctl; the newest release wins."""
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda place: int(place.parent.name), reverse=True)
    found = shutil.which("initdb")
    places += [Path(found).parent] if found else []
    return next((place for place in places if (place / "initdb").exists() and (place / "pg_ctl").exists()), None)


def _server_user() -> str | None:
    """Whom the server runs as: PostgreSQL refuses root."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return next(name for name in ("postgres", "nobody") if name in names)


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[Path]:
    """A server of our own; gives the folder of its socket."""
    programs = _programs()
    if programs is None:
        pytest.skip("no PostgreSQL is installed: initdb is neither on PATH nor in /usr/lib/postgresql")
    folder = Path(tempfile.mkdtemp(prefix="pg"))  # a socket's path must be short
    user = _server_user()
    if user:
        shutil.chown(folder, user)
    data, log = folder / "data", folder / "log"

    def run(program: str, *arguments: str) -> None:
        done = subprocess.run(
            [programs / program, "-D", data, *arguments],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            user=user,
            extra_groups=[] if user else None,
            cwd=folder,
            check=False,
        )
        assert done.returncode == 0, done.stderr + (log.read_text() if log.exists() else "")

    settings = " ".join(f"-c {name}={value}" for name, value in QUICK.items())
    run("initdb", "-A", "trust", "-U", "bot", "-E", "UTF8", "--locale=C", "--no-sync", "--no-instructions")
    run("pg_ctl", "start", "-w", "-s", "-l", str(log), "-o", f"-k {folder} {settings}")
    try:
        _statement(folder, "postgres", "CREATE DATABASE casebook")
        made = open_store(_url(folder, "casebook"))
        upgrade(made)
        made.close()
        yield folder
    finally:
        run("pg_ctl", "stop", "-m", "immediate", "-s")
        shutil.rmtree(folder, ignore_errors=True)


def _url(folder: Path, database: str) -> str:
    return f"postgresql+psycopg://bot@/{database}?host={folder}"


def _statement(folder: Path, database: str, statement: str) -> None:
    with psycopg.connect(f"host={folder} user=bot dbname={database}", autocommit=True) as connection:
        connection.execute(statement)


@pytest.fixture
def empty_postgresql_url(postgresql_server: Path) -> str:
    """A new database without tables."""
    name = f"t{next(_numbers)}"
    _statement(postgresql_server, "postgres", f"CREATE DATABASE {name}")
    return _url(postgresql_server, name)


@pytest.fixture(scope="session")
def _cleaner(postgresql_server: Path) -> Iterator[Callable[[], object]]:
    """Empties the shared database; one connection for the whole session."""
    tables = Base.metadata.tables
    counted = [name for name in tables if "id" in tables[name].c]
    others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'casebook'"
    statements = [
        "SET session_replication_role = replica",  # the rows go in any order
        *(f'DELETE FROM "{name}"' for name in tables),
        *(f"SELECT setval(pg_get_serial_sequence('\"{name}\"', 'id'), 1, false)" for name in counted),
        f"UPDATE alembic_version SET version_num = '{HEAD}' WHERE version_num <> '{HEAD}'",
    ]
    with psycopg.connect(f"host={postgresql_server} user=bot dbname=casebook", autocommit=True) as connection:

        def clean() -> None:
            connection.execute(others + " AND pid <> pg_backend_pid()")
            connection.execute(";".join(statements))

        yield clean


@pytest.fixture
def postgresql_url(postgresql_server: Path, _cleaner: Callable[[], object]) -> str:
    """A database with all tables, all empty."""
    _cleaner()
    return _url(postgresql_server, "casebook")


@pytest.fixture(scope="session")
def sqlite_pattern(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with all tables, to copy."""
    path = tmp_path_factory.mktemp("pattern") / "store.db"
    made = open_store(f"sqlite:///{path}")
    upgrade(made)
    made.close()
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def kind_of_store(request: pytest.FixtureRequest) -> str:
    """The two stores on which a test runs."""
    return str(request.param)


@pytest.fixture
def empty_store_url(kind_of_store: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a store without tables."""
    if kind_of_store == "postgresql":
        return str(request.getfixturevalue("empty_postgresql_url"))
    return f"sqlite:///{tmp_path}/casebook/store.db"


@pytest.fixture
def store_url(kind_of_store: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a store with all tables."""
    if kind_of_store == "postgresql":
        return str(request.getfixturevalue("postgresql_url"))
    pattern: Path = request.getfixturevalue("sqlite_pattern")
    (tmp_path / "casebook").mkdir(mode=0o700)
    shutil.copy(pattern, tmp_path / "casebook" / "store.db")
    return f"sqlite:///{tmp_path}/casebook/store.db"


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    """An open case book with all tables."""
    opened = open_store(store_url)
    yield opened
    opened.close()
