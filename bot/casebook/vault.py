"""The case keys: what is encrypted under a key is erased by destroying that key.

Keys live in a SQLite file of their own, apart from the case book and its backups, each wrapped by the master key,
which is a file apart from both. A destroyed key is overwritten in place, the file's rollback journal included, and
never comes back under the same owner. Encryption is AES-256-GCM (NIST SP 800-38D) with a random nonce.
"""

import base64
import hmac
import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from bot import killpoint
from bot.casebook.store import LOCK_WAIT_SECONDS, StoreError, make_private_file

FORM = b"\x01"  # first byte of everything encrypted: AES-256-GCM, 12 bytes nonce, text and tag
NONCE_BYTES = 12
KEY_BYTES = 32


class VaultError(StoreError):
    """The keys cannot be used: one sentence that says what, where and how to mend it."""


class KeyDestroyed(Exception):
    """The owner's key was destroyed: what it encrypted is erased."""


class KeyMissing(Exception):
    """The owner never had a key in this vault."""


class WrongContent(Exception):
    """What was to be decrypted is damaged, or belongs to another owner or place."""


class Vault:
    """Open case keys. Safe to use from several threads and processes."""

    def __init__(self, keys: sqlite3.Connection, keys_path: Path, master: bytes) -> None:
        self._keys = keys
        self._path = keys_path
        self._master = master
        self._wrapping = AESGCM(_derive(master, "wrap"))
        self._lock = threading.RLock()
        self._purposes: dict[str, bytes] = {}

    @classmethod
    def open(cls, keys_path: Path, master_key_file: Path) -> "Vault":
        """The vault at `keys_path`; both files are made (0600) on first use.

        Raises VaultError when the master key is missing, damaged, or not the one that these keys were made under.
        """
        keys_path, master_key_file = keys_path.absolute(), master_key_file.absolute()
        known = keys_path.exists() and keys_path.stat().st_size > 0
        if known and not master_key_file.exists():
            raise VaultError(
                f"store.key_file: {master_key_file} is missing but {keys_path} was made under it: "
                "put the master key back, no other one opens it"
            )
        master = _master_key(master_key_file)
        make_private_file(keys_path, "store.keys")
        try:
            keys = sqlite3.connect(keys_path, LOCK_WAIT_SECONDS, isolation_level=None, check_same_thread=False)
            # The rollback journal keeps its place, so that it can be overwritten (see `destroy`).
            for pragma in ("journal_mode=PERSIST", "synchronous=EXTRA", "secure_delete=ON"):
                keys.execute(f"PRAGMA {pragma}")
            keys.execute("BEGIN IMMEDIATE")
            keys.execute("CREATE TABLE IF NOT EXISTS master (print TEXT NOT NULL) STRICT")
            keys.execute("CREATE TABLE IF NOT EXISTS key (owner TEXT PRIMARY KEY, wrapped BLOB) STRICT")
            mine = sha256(_derive(master, "print")).hexdigest()
            stored = keys.execute("SELECT print FROM master").fetchone()
            if stored is None:
                keys.execute("INSERT INTO master VALUES (?)", (mine,))
            with killpoint.around("commit", "vault.open"):
                keys.execute("COMMIT")
        except sqlite3.DatabaseError as error:
            raise VaultError(f"store.keys: {keys_path} cannot be opened ({error}): check that it is ours") from None
        if stored is not None and stored[0] != mine:
            keys.close()
            raise VaultError(
                f"store.key_file: {master_key_file} is not the master key that {keys_path} was made under: "
                "put the right one back"
            )
        _sync_folder(keys_path)
        return cls(keys, keys_path, master)

    def close(self) -> None:
        """Closes the file."""
        with self._lock:
            self._keys.close()

    @contextmanager
    def _writing(self, how: str = "IMMEDIATE") -> Iterator[sqlite3.Connection]:
        point = killpoint.name_of("commit")
        with self._lock:
            self._keys.execute(f"BEGIN {how}")
            try:
                yield self._keys
                killpoint.before(point)
                self._keys.execute("COMMIT")
                killpoint.after(point)
            except BaseException:
                if self._keys.in_transaction:
                    self._keys.execute("ROLLBACK")
                raise

    def key(self, owner: str) -> bytes:
        """The owner's 32 byte key, made on first use and safely on disk before this returns. Raises KeyDestroyed."""
        try:
            return self._find(owner)
        except KeyMissing:
            pass
        fresh = os.urandom(KEY_BYTES)
        with self._writing() as keys:  # another process may have been quicker: then its key stays
            keys.execute("INSERT OR IGNORE INTO key VALUES (?, ?)", (owner, self._wrap(owner, fresh)))
        return self._find(owner)

    def _find(self, owner: str) -> bytes:
        with self._lock:
            row = self._keys.execute("SELECT wrapped FROM key WHERE owner = ?", (owner,)).fetchone()
        if row is None:
            raise KeyMissing(owner)
        if row[0] is None or not any(row[0]):  # zeros: its destruction was interrupted
            raise KeyDestroyed(owner)
        wrapped: bytes = row[0]
        try:
            return self._wrapping.decrypt(wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], owner.encode())
        except InvalidTag:
            raise VaultError(f"store.keys: {self._path}: the key of {owner} is damaged: restore the file") from None

    def _wrap(self, owner: str, key: bytes) -> bytes:
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._wrapping.encrypt(nonce, key, owner.encode())

    def encrypt(self, owner: str, data: bytes, *, about: str = "") -> bytes:
        """`data` under the owner's key. `about` names its place, and must be the same to decrypt.

        The key is safely on disk before this returns. Raises KeyDestroyed.
        """
        nonce = os.urandom(NONCE_BYTES)
        return FORM + nonce + AESGCM(self.key(owner)).encrypt(nonce, data, _place(owner, about))

    def decrypt(self, owner: str, blob: bytes, *, about: str = "") -> bytes:
        """What `encrypt` was given. Raises KeyDestroyed, KeyMissing or WrongContent."""
        cipher = AESGCM(self._find(owner))
        nonce, rest = blob[1 : 1 + NONCE_BYTES], blob[1 + NONCE_BYTES :]
        try:
            if blob[:1] != FORM or len(nonce) < NONCE_BYTES:
                raise InvalidTag
            return cipher.decrypt(nonce, rest, _place(owner, about))
        except InvalidTag:
            raise WrongContent(f"content of {owner} cannot be decrypted") from None

    def destroyed(self, owner: str) -> bool:
        """Whether the owner's key was destroyed."""
        try:
            self._find(owner)
        except KeyDestroyed:
            return True
        except KeyMissing:
            return False
        return False

    def destroy(self, owner: str) -> None:
        """Erases the owner's key for good, also one never made; doing it again changes nothing (AVG art. 17).

        The key is overwritten with zeros, then emptied, and the rollback journal that held the page before is
        overwritten with zeros. A crash in between leaves the work to be done again, which the caller's own row demands.
        """
        with self._writing() as keys:
            keys.execute("UPDATE key SET wrapped = zeroblob(length(wrapped)) WHERE owner = ?", (owner,))
        with self._writing() as keys:
            keys.execute("INSERT INTO key VALUES (?, NULL) ON CONFLICT (owner) DO UPDATE SET wrapped = NULL", (owner,))
        with self._writing("EXCLUSIVE"):  # nobody's journal is live now
            _overwrite(self._path.with_name(self._path.name + "-journal"))

    def keyed_hash(self, purpose: str, text: str) -> str:
        """52 characters a-z2-7 that only this master key gives `text`: HMAC-SHA256 under a key of this purpose."""
        key = self._purposes.get(purpose)
        if key is None:
            key = self._purposes[purpose] = _derive(self._master, f"hash {purpose}")
        digest = hmac.digest(key, text.encode("utf-8", "surrogatepass"), "sha256")
        return base64.b32encode(digest).decode().rstrip("=").lower()


def compare(one: str, other: str) -> bool:
    """Whether two hashes or codes are equal, in a time that does not tell where they differ."""
    return hmac.compare_digest(one.encode("utf-8", "surrogatepass"), other.encode("utf-8", "surrogatepass"))


def _derive(master: bytes, purpose: str) -> bytes:
    return HKDF(SHA256(), KEY_BYTES, salt=None, info=f"privacybot {purpose}".encode()).derive(master)


def _place(owner: str, about: str) -> bytes:
    return f"{len(owner)}:{owner}{about}".encode()


def _master_key(path: Path) -> bytes:
    """The key in `path`; a new one is written whole or not at all, and never over another."""
    if not path.exists():
        draft = path.with_name(f"{path.name}.{os.getpid()}.{threading.get_ident()}")
        make_private_file(draft, "store.key_file")
        with draft.open("w") as file:
            file.write(os.urandom(KEY_BYTES).hex() + "\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            pass  # another process was quicker
        finally:
            draft.unlink()
        _sync_folder(path)
    try:
        key = bytes.fromhex(path.read_text(encoding="ascii").strip())
    except OSError as error:
        raise VaultError(f"store.key_file: {path} cannot be read ({error.strerror}): check its owner") from None
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise VaultError(f"store.key_file: {path} is damaged: it must hold {2 * KEY_BYTES} hexadecimal digits")
    return key


def _overwrite(path: Path) -> None:
    if not path.exists():
        return
    with path.open("r+b", buffering=0) as file:
        left = path.stat().st_size
        while left > 0:
            left -= file.write(bytes(min(left, 65536)))
        os.fsync(file.fileno())


def _sync_folder(path: Path) -> None:
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
