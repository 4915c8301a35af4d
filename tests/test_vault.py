"""Case keys: made, used, destroyed."""

import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.casebook.store import StoreError
from bot.casebook.vault import KeyDestroyed, KeyMissing, Vault, VaultError, WrongContent, compare

ROOT = Path(__file__).parent.parent
OWNER = "LES-2026-0042"


@pytest.fixture
def vault(tmp_path: Path) -> Iterator[Vault]:
    opened = Vault.open(tmp_path / "keys.db", tmp_path / "master.key")
    yield opened
    opened.close()


def again(tmp_path: Path) -> Vault:
    return Vault.open(tmp_path / "keys.db", tmp_path / "master.key")


def wrapped(tmp_path: Path, owner: str) -> bytes:
    """The key as it stands in the file."""
    connection = sqlite3.connect(tmp_path / "keys.db")
    found: bytes = connection.execute("SELECT wrapped FROM key WHERE owner = ?", (owner,)).fetchone()[0]
    connection.close()
    return found


def everything_on_disk(tmp_path: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(tmp_path.iterdir()))


@settings(max_examples=50, deadline=None)
@given(data=st.binary(max_size=300), about=st.text(max_size=20), owner=st.sampled_from([OWNER, "é:1", ""]))
def test_what_was_encrypted_comes_back_whole(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, about: str, owner: str
) -> None:
    vault = _shared(tmp_path_factory)
    assert vault.decrypt(owner, vault.encrypt(owner, data, about=about), about=about) == data


_opened: list[Vault] = []


def _shared(factory: pytest.TempPathFactory) -> Vault:
    if not _opened:
        folder = factory.mktemp("vault")
        _opened.append(Vault.open(folder / "keys.db", folder / "master.key"))
    return _opened[0]


def test_the_same_text_never_looks_the_same_twice(vault: Vault) -> None:
    assert vault.encrypt(OWNER, b"Jan Voorbeeld") != vault.encrypt(OWNER, b"Jan Voorbeeld")


def test_the_keys_serve_again_after_a_restart(vault: Vault, tmp_path: Path) -> None:
    blob = vault.encrypt(OWNER, b"Jan Voorbeeld", about="request.person")
    key = vault.key(OWNER)
    vault.close()
    reopened = again(tmp_path)
    assert reopened.decrypt(OWNER, blob, about="request.person") == b"Jan Voorbeeld"
    assert reopened.key(OWNER) == key
    assert len(key) == 32
    reopened.close()


def test_content_put_in_another_place_or_under_another_owner_is_refused(vault: Vault) -> None:
    blob = vault.encrypt(OWNER, b"x", about="letter 7")
    vault.key("LES-2026-0043")
    for owner, about in ((OWNER, "letter 8"), (OWNER, ""), ("LES-2026-0043", "letter 7")):
        with pytest.raises(WrongContent):
            vault.decrypt(owner, blob, about=about)


@pytest.mark.parametrize("place", [0, 1, 12, 13, -1])
def test_one_changed_byte_is_refused(vault: Vault, place: int) -> None:
    blob = bytearray(vault.encrypt(OWNER, b"Jan Voorbeeld"))
    blob[place] ^= 1
    with pytest.raises(WrongContent):
        vault.decrypt(OWNER, bytes(blob))


@pytest.mark.parametrize("length", [0, 1, 5, 13, 28])
def test_content_that_was_cut_off_is_refused(vault: Vault, length: int) -> None:
    with pytest.raises(WrongContent):
        vault.decrypt(OWNER, vault.encrypt(OWNER, b"Jan Voorbeeld")[:length])


def test_an_owner_without_a_key_is_named_as_such(vault: Vault) -> None:
    with pytest.raises(KeyMissing):
        vault.decrypt(OWNER, bytes(40))
    assert not vault.destroyed(OWNER)


def test_a_destroyed_key_opens_nothing_and_is_never_made_anew(vault: Vault, tmp_path: Path) -> None:
    blob = vault.encrypt(OWNER, b"x")
    vault.destroy(OWNER)
    reopened = again(tmp_path)
    for opened in (vault, reopened):
        assert opened.destroyed(OWNER)
        with pytest.raises(KeyDestroyed):
            opened.key(OWNER)
        with pytest.raises(KeyDestroyed):
            opened.encrypt(OWNER, b"x")
        with pytest.raises(KeyDestroyed):
            opened.decrypt(OWNER, blob)
    reopened.close()


def test_a_key_can_be_destroyed_twice_and_before_it_was_made(vault: Vault) -> None:
    vault.destroy(OWNER)
    vault.destroy(OWNER)
    with pytest.raises(KeyDestroyed):
        vault.key(OWNER)


def test_a_destruction_that_was_interrupted_counts_and_can_be_finished(vault: Vault, tmp_path: Path) -> None:
    vault.key("LES-2026-0042")
    with sqlite3.connect(tmp_path / "keys.db") as keys:
        keys.execute("UPDATE key SET wrapped = zeroblob(length(wrapped))")
    assert vault.destroyed("LES-2026-0042")
    vault.destroy("LES-2026-0042")
    assert vault.destroyed("LES-2026-0042")


def test_another_process_sees_at_once_that_a_key_is_destroyed(vault: Vault, tmp_path: Path) -> None:
    other = again(tmp_path)
    blob = other.encrypt(OWNER, b"x")
    assert other.decrypt(OWNER, blob) == b"x"
    vault.destroy(OWNER)
    with pytest.raises(KeyDestroyed):
        other.decrypt(OWNER, blob)
    other.close()


def test_no_file_holds_a_destroyed_key_any_more(vault: Vault, tmp_path: Path) -> None:
    """Among many keys, which were moved from page to page and into the rollback journal as others came and went."""
    owners = [f"LES-2026-{number * 37 % 120:04}" for number in range(120)]
    for owner in owners:
        vault.key(owner)
    keys = {owner: wrapped(tmp_path, owner)[12:] for owner in owners}
    for destroyed, owner in enumerate(owners[:100:3], 1):
        assert keys[owner] in everything_on_disk(tmp_path)
        vault.destroy(owner)
        assert keys[owner] not in everything_on_disk(tmp_path), destroyed
    assert vault.key(owners[1])
    assert keys[owners[1]] in everything_on_disk(tmp_path)


def test_no_file_holds_a_key_in_the_clear(vault: Vault, tmp_path: Path) -> None:
    key = vault.key(OWNER)
    found = everything_on_disk(tmp_path)
    assert key not in found
    assert key.hex().encode() not in found


def test_a_key_is_on_disk_before_its_first_use_returns(tmp_path: Path) -> None:
    """The process is killed right after `encrypt`; what it encrypted can be read."""
    script = (
        "import os, signal, sys; from pathlib import Path; from bot.casebook.vault import Vault\n"
        "folder = Path(sys.argv[1]); vault = Vault.open(folder / 'keys.db', folder / 'master.key')\n"
        "os.write(1, vault.encrypt('LES-2026-0042', b'Jan Voorbeeld')); os.kill(os.getpid(), signal.SIGKILL)"
    )
    done = subprocess.run([sys.executable, "-c", script, str(tmp_path)], cwd=ROOT, capture_output=True, check=False)
    assert done.returncode == -9
    opened = again(tmp_path)
    assert opened.decrypt(OWNER, done.stdout) == b"Jan Voorbeeld"
    opened.close()


def test_threads_that_ask_for_the_same_new_key_get_the_same(vault: Vault, tmp_path: Path) -> None:
    other = again(tmp_path)
    start, found = threading.Barrier(8), []

    def ask(asked: Vault) -> None:
        start.wait()
        found.extend(asked.key(f"LES-2026-{number:04}") for number in range(10))

    threads = [threading.Thread(target=ask, args=(asked,)) for asked in (vault, other) * 4]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 80
    assert len(set(found)) == 10
    other.close()


def test_both_files_are_closed_to_other_users(vault: Vault, tmp_path: Path) -> None:
    vault.key(OWNER)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    assert modes == {"keys.db": 0o600, "keys.db-journal": 0o600, "master.key": 0o600}


def test_keys_without_their_master_key_are_an_error_and_no_new_master_key_is_made(vault: Vault, tmp_path: Path) -> None:
    vault.key(OWNER)
    vault.close()
    (tmp_path / "master.key").unlink()
    with pytest.raises(VaultError, match=r"store.key_file: .*master.key is missing .* put the master key back"):
        again(tmp_path)
    assert not (tmp_path / "master.key").exists()


def test_another_master_key_is_an_error(vault: Vault, tmp_path: Path) -> None:
    vault.close()
    (tmp_path / "master.key").write_text("00" * 32)
    with pytest.raises(VaultError, match="is not the master key that"):
        again(tmp_path)


@pytest.mark.parametrize("text", ["", "00" * 31, "zz" * 32, "é" * 64])
def test_a_damaged_master_key_gets_one_sentence(tmp_path: Path, text: str) -> None:
    (tmp_path / "master.key").write_text(text)
    with pytest.raises(VaultError, match="is damaged: it must hold 64 hexadecimal digits"):
        again(tmp_path)


def test_a_key_file_that_is_no_database_gets_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "master.key").write_text("00" * 32)
    (tmp_path / "keys.db").write_text("no keys here " * 100)
    with pytest.raises(VaultError, match=r"store.keys: .* cannot be opened \(file is not a database\)"):
        again(tmp_path)


def test_a_folder_that_cannot_be_made_gets_one_sentence() -> None:
    with pytest.raises(StoreError, match=r"store.key_file: /dev/null/master.key.* cannot be written"):
        Vault.open(Path("/dev/null/keys.db"), Path("/dev/null/master.key"))


def test_a_key_that_was_tampered_with_is_named(vault: Vault, tmp_path: Path) -> None:
    vault.key(OWNER)
    vault.key("LES-2026-0043")
    connection = sqlite3.connect(tmp_path / "keys.db")
    with connection:  # another owner's key put in its place
        connection.execute(
            "UPDATE key SET wrapped = (SELECT wrapped FROM key WHERE owner = 'LES-2026-0043') WHERE owner = ?", (OWNER,)
        )
    connection.close()
    with pytest.raises(VaultError, match="the key of LES-2026-0042 is damaged"):
        vault.key(OWNER)


def test_keyed_hashes_are_the_same_again_and_apart_by_purpose_and_master_key(vault: Vault, tmp_path: Path) -> None:
    one = vault.keyed_hash("sender", "jan@voorbeeld.example")
    reopened = again(tmp_path)
    assert reopened.keyed_hash("sender", "jan@voorbeeld.example") == one
    reopened.close()
    other = Vault.open(tmp_path / "other" / "keys.db", tmp_path / "other" / "master.key")
    texts = {
        one,
        vault.keyed_hash("code", "jan@voorbeeld.example"),
        vault.keyed_hash("sender", "jan@voorbeeld.example "),
        other.keyed_hash("sender", "jan@voorbeeld.example"),
    }
    other.close()
    assert len(texts) == 4
    assert set("".join(texts)) <= set("abcdefghijklmnopqrstuvwxyz234567")
    assert {len(text) for text in texts} == {52}


@pytest.mark.parametrize(("one", "other", "same"), [("abc", "abc", True), ("abc", "abd", False), ("é", "e", False)])
def test_compare_tells_whether_two_codes_are_equal(one: str, other: str, same: bool) -> None:
    assert compare(one, other) is same
