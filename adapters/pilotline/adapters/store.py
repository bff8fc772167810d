"""The store: what a station must still know after a power cut.

Theory of operation: a step lists the records it changed, and `commit` makes them durable, all or none, before
anything the step asks for is handed over. `load` gives back every record, once, when power is on.

`SqliteStore` keeps one row per record in a database of its own, in WAL mode with `synchronous=FULL`: a commit
is one append and one fdatasync. Each row carries a CRC, because SQLite checks the order of its pages and not
the bytes in them: a flipped bit would be another register or another tag. The database is locked for as long
as it is open, so that no two processes run one station; the lock dies with its process.

Whatever cannot be read is a `StoreError`: a station rather does not start than forgets a transaction.
"""

import contextlib
import os
import sqlite3
import stat
import threading
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Protocol

import cbor2
from typing_extensions import override

from pilotline.core.effects import Change, Clear, Put
from pilotline.core.snapshot import Key, SnapshotError, StoredRecord, decode_record, encode_record

APPLICATION_ID: Final = 0x50_69_6C_6F  # "Pilo": tells our databases from others
LAYOUT: Final = 1
"""The form of the table; the records have a version of their own."""

_CHECKPOINT_PAGES: Final = 200
"""A short log is soon written over from its start, which costs less than letting it grow."""

_TABLE: Final = """
CREATE TABLE records (
    collection TEXT, key BLOB, data BLOB NOT NULL, crc INTEGER NOT NULL, PRIMARY KEY (collection, key)
) WITHOUT ROWID
"""
_WRITE: Final = """
INSERT INTO records VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET data = excluded.data, crc = excluded.crc
"""
_OWNER_ONLY: Final = stat.S_IRUSR | stat.S_IWUSR
_DELETE: Final = "DELETE FROM records WHERE collection = ? AND key = ?"
_CLEAR: Final = "DELETE FROM records WHERE collection = ?"


class StoreError(Exception):
    """The store cannot be used; one line that says what is wrong, where, and what to do."""


class CommitError(StoreError):
    """These changes could not be stored and none of them is; what was stored before still stands."""


class Store(Protocol):
    """What keeps the Memory of one station. Called by one thread at a time, not always the same one."""

    def load(self) -> Sequence[StoredRecord]:
        """Every record, in any order; none: the station never ran. Raises `StoreError`."""
        ...

    def commit(self, changes: Sequence[Change]) -> None:
        """Make all changes durable, or none. Blocks until they are. Raises `CommitError`."""
        ...

    def close(self) -> None:
        """Give the store back; what was committed stays."""
        ...


class MemoryStore:
    """A store that lasts as long as this object: for tests, and for stations that are to forget."""

    def __init__(self) -> None:
        self._records: dict[tuple[str, object], object] = {}

    def load(self) -> Sequence[StoredRecord]:
        """Every record that was put and not dropped."""
        return [(collection, _key(key), record) for (collection, key), record in self._records.items()]

    def commit(self, changes: Sequence[Change]) -> None:
        """Keep the changes."""
        for change in changes:
            if isinstance(change, Put):
                self._records[change.collection, change.key] = change.record
            elif isinstance(change, Clear):
                for key in [key for key in self._records if key[0] == change.collection]:
                    del self._records[key]
            else:
                self._records.pop((change.collection, change.key), None)

    def close(self) -> None:
        """Nothing is held."""


class SqliteStore:
    """The records of one station in one SQLite file, readable by its owner only.

    Raises:
        StoreError: the file cannot be opened, is damaged, is not ours, or another process has it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._database = _opened(path)

    @override
    def __repr__(self) -> str:
        return f"SqliteStore({str(self._path)!r})"

    def load(self) -> Sequence[StoredRecord]:
        """Every record, checked one by one."""
        records: list[StoredRecord] = []
        try:
            with self._lock:
                rows = self._database.execute("SELECT collection, key, data, crc FROM records").fetchall()
        except _DAMAGED as error:
            raise StoreError(f"{self._path}: cannot be read: {_said(error)}; {_RESTORE}") from None
        for collection, key_bytes, data, crc in rows:
            try:
                if (type(collection), type(key_bytes), type(data)) != (str, bytes, bytes):
                    raise SnapshotError(f"{collection!r} {key_bytes!r}: is no record of ours")
                if _crc(collection, key_bytes, data) != crc:
                    raise SnapshotError(f"{collection} {_shown(key_bytes)}: its bytes are damaged")
                key = _key(cbor2.loads(key_bytes))
                records.append((collection, key, decode_record(collection, key, data)))
            except (SnapshotError, cbor2.CBORError) as error:
                raise StoreError(f"{self._path}: record {error}; {_RESTORE}") from None
        return records

    def commit(self, changes: Sequence[Change]) -> None:
        """One transaction, durable when this returns; of several changes to one record the last counts."""
        if not changes:
            return
        rows: dict[tuple[str, bytes], bytes | None] = {}
        cleared: set[str] = set()
        for change in changes:
            if isinstance(change, Clear):
                cleared.add(change.collection)
                rows = {row: data for row, data in rows.items() if row[0] != change.collection}
                continue
            key = cbor2.dumps(change.key)
            record = encode_record(change.collection, change.record) if isinstance(change, Put) else None
            rows[change.collection, key] = record
        with self._lock:
            try:
                self._write(cleared, rows)
            except sqlite3.Error as error:
                with contextlib.suppress(sqlite3.Error):  # some failures have rolled back already
                    self._database.execute("ROLLBACK")
                raise CommitError(f"{self._path}: {len(changes)} changes are not stored: {error}") from None

    def _write(self, cleared: set[str], rows: dict[tuple[str, bytes], bytes | None]) -> None:
        execute = self._database.execute
        if several := len(cleared) + len(rows) > 1:
            execute("BEGIN IMMEDIATE")
        for collection in cleared:
            execute(_CLEAR, (collection,))
        for (collection, key), data in rows.items():
            if data is None:
                execute(_DELETE, (collection, key))
            else:
                execute(_WRITE, (collection, key, data, _crc(collection, key, data)))
        if several:
            execute("COMMIT")

    def close(self) -> None:
        """Fold the log into the database and let go of the lock."""
        with self._lock:
            self._database.close()


_DAMAGED: Final = (sqlite3.Error, UnicodeDecodeError)
"""What SQLite raises; of a damaged schema it tells in bytes that are no text."""
_RESTORE: Final = "restore the file from a copy, or move it away to start as a new station"


def _opened(path: Path) -> sqlite3.Connection:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            _make(path)
        path.chmod(_OWNER_ONLY)
    except OSError as error:
        raise StoreError(
            f"{path}: cannot be opened: {error.strerror}; name a file that can be written"
        ) from None
    except sqlite3.Error as error:
        raise StoreError(f"{path}: cannot be made: {error}") from None
    database = _connected(path)
    try:
        _prepare(database, path)
    except _DAMAGED as error:
        database.close()
        if getattr(error, "sqlite_errorcode", None) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise StoreError(f"{path}: another process runs this station; stop that one first") from None
        raise StoreError(f"{path}: cannot be used: {_said(error)}; {_RESTORE}") from None
    except StoreError:
        database.close()
        raise
    return database


def _connected(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, timeout=0, isolation_level=None, check_same_thread=False)


def _make(path: Path) -> None:
    """Make it under another name first: so a store that is there is whole, and an empty file is damaged."""
    fresh = path.with_name(f"{path.name}.{os.getpid()}.new")
    # made before SQLite opens it, so that nobody else may ever read it; the log gets the same mode
    os.close(os.open(fresh, os.O_RDWR | os.O_CREAT | os.O_TRUNC, _OWNER_ONLY))
    try:
        with contextlib.closing(_connected(fresh)) as database:
            for statement in (
                f"PRAGMA application_id={APPLICATION_ID}",
                f"PRAGMA user_version={LAYOUT}",
                _TABLE,
            ):
                database.execute(statement)
        with contextlib.suppress(FileExistsError):  # another process was quicker; the lock will tell
            path.hardlink_to(fresh)
    finally:
        fresh.unlink()
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _prepare(database: sqlite3.Connection, path: Path) -> None:
    execute = database.execute
    execute("PRAGMA locking_mode=EXCLUSIVE")  # also spares the shared memory of the log
    execute("BEGIN EXCLUSIVE")  # takes the lock, or is refused
    execute("COMMIT")
    ours, layout, tables = (
        execute(query).fetchone()[0]
        for query in ("PRAGMA application_id", "PRAGMA user_version", "SELECT count(*) FROM sqlite_master")
    )
    if tables == 0:
        raise StoreError(f"{path}: is damaged: it is empty; {_RESTORE}")
    if ours != APPLICATION_ID:
        raise StoreError(f"{path}: is the database of another program; name another file")
    if layout != LAYOUT:
        raise StoreError(
            f"{path}: has layout {layout}, this program reads {LAYOUT}; run the one that wrote it"
        )
    execute("PRAGMA journal_mode=WAL")
    execute("PRAGMA synchronous=FULL")
    execute(f"PRAGMA wal_autocheckpoint={_CHECKPOINT_PAGES}")
    found = execute("PRAGMA quick_check(1)").fetchone()[0]
    if found != "ok":
        raise StoreError(f"{path}: is damaged: {_said(found)}; {_RESTORE}")


def _said(error: object) -> str:
    """In one line: what is damaged may be quoted in several."""
    return " ".join(str(error).split())


def _crc(collection: str, key: bytes, data: bytes) -> int:
    return zlib.crc32(data, zlib.crc32(key, zlib.crc32(collection.encode())))


def _key(key: object) -> Key:
    if key is None or isinstance(key, int | str):
        return key
    raise StoreError(f"a key is a number or a text, not a {type(key).__name__}")


def _shown(key: bytes) -> str:
    """The key of a row that cannot be trusted."""
    try:
        return repr(cbor2.loads(key))[:60]
    except cbor2.CBORError:
        return key.hex()[:60]
