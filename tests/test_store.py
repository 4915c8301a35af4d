"""The case book's database and its unit of work, on SQLite and on PostgreSQL."""

import os
import shutil
import stat
import subprocess
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic.autogenerate import produce_migrations, render_python_code
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from bot.casebook import store as case_book
from bot.casebook.schema import Base, Case, Mark
from bot.casebook.store import HEAD, Store, StoreError, StoreHeld, open_store, revision, single_process, upgrade
from tests.conftest import PREPARE_SQLITE

pytest_plugins = ("tests.postgresql",)
NOW = datetime(2026, 9, 1, 12, tzinfo=UTC)
ROOT = Path(__file__).parent.parent


def put(store: Store, name: str, value: str = "x") -> None:
    with store.begin() as session:
        session.add(Mark(name=name, value=value, at=NOW))


def names(store: Store) -> list[str]:
    with store.read() as session:
        return list(session.execute(select(Mark.name).order_by(Mark.name)).scalars())


def test_what_a_unit_of_work_did_is_there_after_opening_again(store: Store, store_url: str) -> None:
    put(store, "a")
    store.close()
    again = open_store(store_url)
    assert names(again) == ["a"]
    again.close()


def test_a_unit_of_work_that_raises_leaves_nothing(store: Store) -> None:
    with pytest.raises(ZeroDivisionError), store.begin() as session:
        session.add(Mark(name="a", value="x", at=NOW))
        session.flush()
        raise ZeroDivisionError
    assert names(store) == []
    put(store, "b")
    assert names(store) == ["b"]


def test_a_second_unit_of_work_in_the_same_thread_is_refused_at_once(store: Store) -> None:
    with pytest.raises(RuntimeError, match="hand its session on"), store.begin(), store.begin():
        pass
    put(store, "a")  # and the refusal leaves nothing behind


def test_a_reading_session_cannot_write(store: Store) -> None:
    with pytest.raises(DBAPIError, match=r"(?i)readonly|read-only"), store.read() as session:
        session.execute(text("DELETE FROM mark"))
    put(store, "a")  # the same connection writes again


def test_a_reading_session_sees_one_moment(store: Store) -> None:
    put(store, "a")
    with store.read() as session:
        first = session.execute(select(Mark.name)).scalars().all()
        put(store, "b")
        assert session.execute(select(Mark.name)).scalars().all() == first
    assert names(store) == ["a", "b"]


def test_a_reader_does_not_wait_for_a_writer(store: Store) -> None:
    with store.begin() as session:
        session.add(Mark(name="a", value="x", at=NOW))
        session.flush()
        assert names(store) == []


def test_a_row_that_points_nowhere_is_refused(store: Store) -> None:
    case = Case(request_id=99, reference="LES-2026-0001-1", right="access", state="received", changed=NOW)
    with pytest.raises(IntegrityError), store.begin() as session:
        session.add(case)


def test_writers_in_many_threads_wait_for_each_other_and_lose_nothing(store: Store) -> None:
    """Reading and then writing is where a deferred SQLite transaction fails with `database is locked` (H4), and where
    a PostgreSQL transaction without a lock overwrites what another one just wrote."""
    put(store, "count", "0")

    def add() -> None:
        for _ in range(10):
            with store.begin() as session:
                mark = session.execute(select(Mark).where(Mark.name == "count")).scalar_one()
                mark.value = str(int(mark.value) + 1)

    threads = [threading.Thread(target=add) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with store.read() as session:
        assert session.execute(select(Mark.value)).scalar_one() == "60"


def test_sqlite_is_synced_overwrites_what_it_deletes_and_keeps_its_links(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(case_book, "_prepare_sqlite", PREPARE_SQLITE)
    store = open_store(f"sqlite:///{tmp_path}/a.db")
    with store.read() as session:
        found = [
            session.execute(text(f"PRAGMA {name}")).scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys", "secure_delete", "busy_timeout")
        ]
    assert found == ["wal", 2, 1, 1, 30000]
    store.close()


def test_the_files_of_sqlite_are_closed_to_other_users(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path}/deep/var/a.db")
    upgrade(store)
    put(store, "a")
    folder = tmp_path / "deep" / "var"
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    assert modes == {"a.db": 0o600, "a.db-wal": 0o600, "a.db-shm": 0o600}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    store.close()


def test_a_restored_file_that_others_may_read_is_closed_to_them(tmp_path: Path) -> None:
    (tmp_path / "a.db").touch(0o644)
    open_store(f"sqlite:///{tmp_path}/a.db").close()
    assert stat.S_IMODE((tmp_path / "a.db").stat().st_mode) == 0o600


def test_opening_a_store_again_keeps_the_locks_of_the_first(tmp_path: Path) -> None:
    """POSIX locks go when any handle on the file is closed in the process. Without its lock the first store would be
    overlooked by the next process to leave, which tidies the write-ahead log away."""
    store = open_store(f"sqlite:///{tmp_path}/a.db")
    upgrade(store)
    put(store, "a")
    open_store(f"sqlite:///{tmp_path}/a.db").close()
    script = "import sys, sqlite3; c = sqlite3.connect(sys.argv[1]); c.execute('SELECT * FROM mark'); c.close()"
    subprocess.run([sys.executable, "-c", script, str(tmp_path / "a.db")], check=True)
    assert (tmp_path / "a.db-wal").exists()
    store.close()
    assert not (tmp_path / "a.db-wal").exists()


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("", "not a database address"),
        ("var/privacybot.db", "not a database address"),
        ("sqlite://", "names no database"),
        ("sqlite:///:memory:", "names no database"),
        ("mysql://bot@localhost/x", "'mysql' is not supported"),
        ("postgresql://bot@localhost/x", "write sqlite:///var/privacybot.db or postgresql+psycopg://"),
        ("postgresql+psycopg://bot:geheim@127.0.0.1:1/x", "cannot be opened"),
        ("sqlite:////proc/none/a.db", "cannot be written"),
        ("sqlite:////dev/null/a.db", "cannot be written"),
    ],
)
def test_a_wrong_address_gets_one_sentence(url: str, says: str) -> None:
    with pytest.raises(StoreError) as caught:
        open_store(url)
    sentence = str(caught.value)
    assert sentence.startswith("store.url")
    assert says in sentence
    assert "\n" not in sentence
    assert "geheim" not in sentence


def test_a_file_that_is_no_database_gets_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "a.db").write_text("Geachte heer, mevrouw, " * 100)
    with pytest.raises(StoreError, match="file is not a database"):
        open_store(f"sqlite:///{tmp_path}/a.db")


def test_a_folder_in_the_place_of_the_file_gets_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "a.db").mkdir()
    with pytest.raises(StoreError, match="cannot be written"):
        open_store(f"sqlite:///{tmp_path}/a.db")


def test_models_and_migrations_agree(empty_store_url: str) -> None:
    store = open_store(empty_store_url)
    upgrade(store)
    with store.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        missing = produce_migrations(context, Base.metadata).upgrade_ops
    assert missing is not None
    assert missing.is_empty(), "a migration must do this:\n" + render_python_code(missing)
    store.close()


def test_the_newest_migration_is_the_one_that_the_store_knows() -> None:
    config = Config()
    config.set_main_option("script_location", "bot.casebook:migrations")
    assert ScriptDirectory.from_config(config).get_heads() == [HEAD]


def test_an_upgrade_twice_changes_nothing_and_does_not_load_alembic(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "alembic", None)
    put(store, "a")
    upgrade(store)
    assert revision(store) == HEAD
    assert names(store) == ["a"]


def test_an_upgrade_that_fails_leaves_the_store_as_it_was(empty_store_url: str) -> None:
    store = open_store(empty_store_url)
    with store.engine.begin() as connection:
        connection.execute(text("CREATE TABLE work (x INTEGER)"))  # the migration comes upon it half-way
    with pytest.raises(DBAPIError):
        upgrade(store)
    assert revision(store) is None
    with store.engine.connect() as connection:
        assert not connection.dialect.has_table(connection, "journal")
    store.close()


def test_a_store_of_a_newer_release_gets_one_sentence(store: Store) -> None:
    with store.begin() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreError, match="stands at migration 9999, which this release does not know"):
        upgrade(store)


@pytest.mark.long
def test_several_processes_may_upgrade_at_once(empty_store_url: str) -> None:
    script = (
        "import sys; from bot.casebook.store import open_store, upgrade, revision; "
        "s = open_store(sys.argv[1]); upgrade(s); print(revision(s))"
    )
    started = [
        subprocess.Popen([sys.executable, "-c", script, empty_store_url], cwd=ROOT, stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    assert [process.communicate()[0].strip() for process in started] == [HEAD] * 3


def test_the_migrations_are_found_in_an_installed_wheel(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, capture_output=True, check=True)
    (wheel,) = tmp_path.glob("*.whl")
    installed = tmp_path / "installed"
    shutil.unpack_archive(wheel, installed, "zip")
    script = (
        "from bot.casebook import store as s; x = s.open_store('sqlite:///a.db'); s.upgrade(x); "
        "print(s.__file__, s.revision(x))"
    )
    environment = {**os.environ, "PYTHONPATH": str(installed)}
    done = subprocess.run(
        [sys.executable, "-P", "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == [str(installed / "bot/casebook/store.py"), HEAD]


def test_a_second_process_is_told_that_the_store_is_held(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    script = (
        "import sys; from pathlib import Path; from bot.casebook.store import single_process\n"
        "with single_process(Path(sys.argv[1])): print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(path)], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(StoreHeld, match="in use by another"), single_process(path):
            pass
        holder.kill()  # a crash frees it
        holder.wait()
    with single_process(path):
        pass


def test_the_lock_stays_when_the_store_is_opened_and_closed(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with single_process(path):
        open_store(f"sqlite:///{path}").close()
        with pytest.raises(StoreHeld), single_process(path):
            pass
