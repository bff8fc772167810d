"""The store keeps what was committed, and says so when it cannot."""

import os
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from pilotline.adapters.store import CommitError, MemoryStore, SqliteStore, Store, StoreError
from pilotline.core.effects import Change, Clear, Drop, Put
from pilotline.core.snapshot import StoredRecord, encode_record, memory_of
from pilotline.core.state import (
    Availability,
    Boot,
    CachedTag,
    Counter,
    Entry,
    Instant,
    Stamp,
    StartMessage,
    Transaction,
    Wh,
)
from pilotline.spec.products import load_product

BOOT = Boot(Counter(1), "c0ffee", "Pilotline Reference")


def entry(number: int, register: int = 5) -> Entry:
    message = StartMessage(1, "TAG", Wh(register), Stamp(Counter(1), Instant(7)))
    return Entry(Counter(1), Counter(number), Counter(4), message)


RECORDS: tuple[StoredRecord, ...] = (
    ("boot", None, BOOT),
    ("configuration", "HeartbeatInterval", "77"),
    ("availability", 0, Availability(0, "inoperative")),
    ("transactions", 4, Transaction(Counter(4), 1, "running", "TAG")),
    ("outbox", 300, entry(300)),
    ("cache", "tag", CachedTag("Blocked")),
)


def puts(records: tuple[StoredRecord, ...] = RECORDS) -> list[Change]:
    return [Put(*record) for record in records]


def by_name(records: object) -> list[StoredRecord]:
    assert isinstance(records, list)
    return sorted(records, key=lambda record: (record[0], repr(record[1])))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "station.sqlite"


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, path: Path) -> Iterator[Store]:
    store: Store = MemoryStore() if request.param == "memory" else SqliteStore(path)
    yield store
    store.close()


# --- what every store does ---


def test_a_new_store_is_empty(store: Store) -> None:
    assert list(store.load()) == []


def test_what_was_put_is_there_with_its_type_and_key(store: Store) -> None:
    store.commit(puts())
    assert by_name(store.load()) == by_name(list(RECORDS))
    memory = memory_of(load_product("reference"), store.load())
    assert memory is not None
    assert memory.configuration.integer("HeartbeatInterval") == 77


def test_what_was_dropped_is_gone(store: Store) -> None:
    store.commit(puts())
    store.commit([Drop("outbox", 300), Drop("cache", "nobody")])
    assert "outbox" not in {collection for collection, _key, _record in store.load()}


def test_a_collection_is_cleared_as_a_whole_and_in_its_place_among_the_changes(store: Store) -> None:
    store.commit([Put("outbox", 1, entry(1)), Put("cache", "a", CachedTag("Accepted"))])
    store.commit(
        [Put("cache", "b", CachedTag("Invalid")), Clear("cache"), Put("cache", "c", CachedTag("Blocked"))]
    )
    assert by_name(store.load()) == [("cache", "c", CachedTag("Blocked")), ("outbox", 1, entry(1))]
    store.commit([Clear("cache")])
    assert by_name(store.load()) == [("outbox", 1, entry(1))]


def test_of_several_changes_to_a_record_the_last_counts(store: Store) -> None:
    store.commit([Put("outbox", 1, entry(1)), Put("outbox", 1, entry(1, 9)), Put("outbox", 2, entry(2))])
    store.commit(
        [Drop("outbox", 2), Put("outbox", 2, entry(2, 8)), Put("outbox", 3, entry(3)), Drop("outbox", 3)]
    )
    assert by_name(store.load()) == [("outbox", 1, entry(1, 9)), ("outbox", 2, entry(2, 8))]


def test_a_step_that_changes_nothing_costs_nothing(store: Store) -> None:
    store.commit(())
    assert list(store.load()) == []


# --- over the end of a process ---


def test_what_was_committed_is_there_after_closing(path: Path) -> None:
    first = SqliteStore(path)
    first.commit(puts())
    first.close()
    second = SqliteStore(path)
    assert by_name(second.load()) == by_name(list(RECORDS))
    second.close()


_COMMITTING = """
import sys
from pathlib import Path
from pilotline.adapters.store import SqliteStore
from pilotline.core.effects import Put
from pilotline.core.state import Availability, CachedTag, Counter
store = SqliteStore(Path(sys.argv[1]))
number = 0
while True:
    number += 1
    store.commit([Put("cache", str(n), CachedTag("Accepted", stored=Counter(number))) for n in range(20)])
    print(number, flush=True)
"""


@pytest.mark.parametrize("after", [1, 7, 40, 150])
def test_a_process_killed_while_it_commits_leaves_all_of_a_commit_or_nothing(path: Path, after: int) -> None:
    """Every commit sets twenty records to its number: they are equal, and never older than what was told."""
    command = [sys.executable, "-c", _COMMITTING, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        told = 0
        while told < after:
            told = int(process.stdout.readline())
        process.send_signal(signal.SIGKILL)
        rest = process.stdout.read().split("\n")
        told = max([told, *(int(line) for line in rest[:-1])])
    store = SqliteStore(path)
    numbers = [record.stored for _, _, record in store.load() if isinstance(record, CachedTag)]
    store.close()
    assert len(numbers) == 20
    assert set(numbers) in ({told}, {told + 1})


def test_a_second_process_is_refused_until_the_first_has_ended(path: Path) -> None:
    command = [sys.executable, "-c", _COMMITTING, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        with pytest.raises(StoreError) as refused:
            SqliteStore(path)
        process.kill()
    assert str(refused.value) == f"{path}: another process runs this station; stop that one first"
    SqliteStore(path).close()


def test_a_second_store_in_one_process_is_refused_and_does_not_break_the_lock(path: Path) -> None:
    first = SqliteStore(path)
    with pytest.raises(StoreError, match="another process runs this station"):
        SqliteStore(path)
    program = (
        f"from pathlib import Path; from pilotline.adapters.store import *; SqliteStore(Path({str(path)!r}))"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert "another process runs this station" in ran.stderr
    first.commit(puts())
    first.close()


def test_commits_may_come_from_any_thread(path: Path) -> None:
    store = SqliteStore(path)
    failed: list[CommitError] = []

    def commit(thread: int) -> None:
        try:
            for number in range(thread * 100, thread * 100 + 20):
                store.commit([Put("outbox", number, entry(number)), Drop("outbox", number - 1)])
        except CommitError as error:
            failed.append(error)

    threads = [threading.Thread(target=commit, args=(n,)) for n in range(1, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert [key for _, key, _ in by_name(store.load())] == [119, 219, 319, 419]
    store.close()


def test_only_its_owner_may_read_it(path: Path) -> None:
    store = SqliteStore(path)
    store.commit(puts())
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    store.close()
    assert modes == {"station.sqlite": 0o600, "station.sqlite-wal": 0o600}


def test_a_file_that_others_could_read_is_closed_to_them(path: Path) -> None:
    SqliteStore(path).close()
    path.chmod(0o644)
    SqliteStore(path).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_every_commit_is_synced(path: Path) -> None:
    store = SqliteStore(path)
    assert store._database.execute("PRAGMA synchronous").fetchone() == (2,)
    assert store._database.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    store.close()


# --- what is damaged, full, or another's ---


@pytest.fixture
def written(path: Path) -> Path:
    """A closed database with all records, its log folded in."""
    store = SqliteStore(path)
    store.commit(puts())
    store.close()
    return path


def refused(path: Path) -> str:
    """Why a store at this path cannot be opened and read."""
    with pytest.raises(StoreError) as caught, closing(SqliteStore(path)) as store:
        store.load()
    assert "\n" not in str(caught.value)
    assert str(path) in str(caught.value)
    return str(caught.value)


def changed(path: Path, sql: str, *values: object) -> None:
    database = sqlite3.connect(path)
    with database:
        assert database.execute(sql, values).rowcount == 1
    database.close()


def test_a_flipped_bit_of_a_record_is_named(written: Path) -> None:
    data = written.read_bytes()
    whole = encode_record("outbox", entry(300))
    place = data.index(whole) + whole.index(b"meter_start") + len(b"meter_start")
    assert data[place] == 5
    written.write_bytes(data[:place] + b"\x04" + data[place + 1 :])  # another register, and a valid record
    assert refused(written).startswith(
        f"{written}: record outbox 300: its bytes are damaged; restore the file"
    )


def test_every_flipped_bit_of_the_records_is_found(written: Path) -> None:
    data = written.read_bytes()
    for place in range(0, len(data), 13):
        if data[place : place + 1] == b"\0":
            continue  # room between the records belongs to none
        written.write_bytes(data[:place] + bytes([data[place] ^ 0x10]) + data[place + 1 :])
        try:
            store = SqliteStore(written)
        except StoreError:
            continue
        try:
            loaded = store.load()
        except StoreError:
            continue
        finally:
            store.close()
        assert by_name(loaded) == by_name(list(RECORDS)), f"byte {place}"


def test_a_record_of_another_version_is_named(written: Path) -> None:
    import zlib

    import cbor2

    key, data = cbor2.dumps(300), cbor2.dumps([2, {}])
    changed(
        written,
        "UPDATE records SET data = ?, crc = ? WHERE collection = 'outbox'",
        data,
        zlib.crc32(b"outbox" + key + data),
    )
    assert "record outbox 300: is of version 2, this program reads 1" in refused(written)


@pytest.mark.parametrize("size", [0, 1, 100, 4096, 5000])
def test_a_file_that_was_cut_off_is_refused(written: Path, size: int) -> None:
    written.write_bytes(written.read_bytes()[:size])
    assert "restore the file from a copy" in refused(written)


def test_a_start_that_was_killed_while_it_made_the_store_leaves_none(path: Path) -> None:
    path.parent.mkdir()
    path.with_name(f"{path.name}.12345.new").write_bytes(b"half of a database")
    store = SqliteStore(path)
    assert list(store.load()) == []
    store.close()


def test_a_file_that_is_no_database_is_refused(path: Path) -> None:
    path.parent.mkdir()
    path.write_text("heartbeat = 5\n" * 100)
    assert "file is not a database; restore" in refused(path)


def test_the_database_of_another_program_is_left_alone(path: Path) -> None:
    path.parent.mkdir()
    database = sqlite3.connect(path)
    database.execute("CREATE TABLE contacts (name TEXT)")
    database.close()
    before = path.read_bytes()
    assert refused(path) == f"{path}: is the database of another program; name another file"
    assert path.read_bytes() == before


def test_a_later_layout_is_refused(written: Path) -> None:
    database = sqlite3.connect(written)
    database.execute("PRAGMA user_version=2")
    database.close()
    assert refused(written) == f"{written}: has layout 2, this program reads 1; run the one that wrote it"


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    path = tmp_path / "file" / "station.sqlite"
    with pytest.raises(StoreError, match="cannot be opened: File exists; name a file that can be written"):
        SqliteStore(path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(StoreError, match="cannot be opened: Permission denied"):
        SqliteStore(tmp_path / "station.sqlite")


def fill(store: SqliteStore) -> None:
    """Leave the database no page more than it has."""
    pages = store._database.execute("PRAGMA page_count").fetchone()[0]
    store._database.execute(f"PRAGMA max_page_count={pages}")


def test_a_full_disk_keeps_what_was_stored_and_goes_on_when_there_is_room(path: Path) -> None:
    store = SqliteStore(path)
    store.commit(puts())
    fill(store)
    big: list[Change] = [Put("cache", str(n), CachedTag("Accepted", "x" * 500)) for n in range(50)]
    with pytest.raises(CommitError) as failed:
        store.commit([Put("boot", None, Boot(Counter(2), "c0ffee")), *big])
    assert str(failed.value) == f"{path}: 51 changes are not stored: database or disk is full"
    assert by_name(store.load()) == by_name(list(RECORDS))
    store.commit([Put("boot", None, Boot(Counter(3), "c0ffee"))])  # what needs no room still goes
    store._database.execute("PRAGMA max_page_count=1000000")
    store.commit(big)
    assert len(list(store.load())) == len(RECORDS) + 50
    store.close()


def test_a_single_record_that_does_not_fit_is_not_stored(path: Path) -> None:
    store = SqliteStore(path)
    fill(store)
    with pytest.raises(CommitError, match="1 changes are not stored"):
        store.commit([Put("configuration", "k", "x" * 100_000)])
    assert list(store.load()) == []
    store.close()


def test_a_store_that_was_closed_takes_nothing_more(path: Path) -> None:
    store = SqliteStore(path)
    store.close()
    with pytest.raises(CommitError, match="closed"):
        store.commit(puts())
    with pytest.raises(StoreError, match="closed"):
        store.load()
