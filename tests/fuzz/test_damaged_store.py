"""A store file of arbitrary bytes, or a damaged one, is refused in one line, or holds what was committed, all of it."""

from pathlib import Path

import pytest
from adapters.test_store import by_name, puts
from hypothesis import example, given
from hypothesis import strategies as st

from pilotline.adapters.store import SqliteStore, StoreError
from pilotline.core.snapshot import SnapshotError, decode_record


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("sound") / "store"
    store = SqliteStore(path)
    store.commit(puts())
    store.close()
    return path.read_bytes()


def read(path: Path, data: bytes) -> list[object] | None:
    """What a file of these bytes holds; None: it is refused, in one line that names it."""
    for left in path.parent.glob(f"{path.name}*"):
        left.unlink()
    path.write_bytes(data)
    try:
        store = SqliteStore(path)
    except StoreError as error:
        refused = str(error)
    else:
        try:
            return list(by_name(store.load()))
        except StoreError as error:
            refused = str(error)
        finally:
            store.close()
    assert "\n" not in refused
    assert refused.startswith(f"{path}: ")
    return None


@given(st.binary(max_size=5000))
def test_arbitrary_bytes(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    assert read(tmp_path_factory.getbasetemp() / "junk", data) is None


@given(st.integers(0, 2**20), st.integers(1, 255))
@example(3972, 4)  # the schema is no SQL any more, and is quoted over several lines
@example(3980, 128)  # nor is it text
@example(7634, 1)  # a blob is a text
@example(7707, 128)  # or a number
def test_one_byte_is_another(
    tmp_path_factory: pytest.TempPathFactory, sound: bytes, place: int, change: int
) -> None:
    """What is read is what was committed, or nothing: no record is lost or changed unnoticed."""
    place %= len(sound)
    damaged = sound[:place] + bytes([sound[place] ^ change]) + sound[place + 1 :]
    path = tmp_path_factory.getbasetemp() / "changed"
    assert read(path, damaged) in (None, read(path, sound))


@given(st.integers(0, 2**20))
@example(0)
def test_the_end_is_missing(tmp_path_factory: pytest.TempPathFactory, sound: bytes, length: int) -> None:
    path = tmp_path_factory.getbasetemp() / "cut"
    assert read(path, sound[: length % len(sound)]) in (None, read(path, sound))


@pytest.mark.parametrize("collection", ["boot", "outbox", "transactions", "cache", "configuration"])
@given(data=st.binary(max_size=300))
@example(data=b"\x9b\xff\xff\xff\xff\xff\xff\xff\xff")
@example(data=b"\x81" * 10_000)
def test_a_record_of_arbitrary_bytes(collection: str, data: bytes) -> None:
    refused = ""
    try:
        decode_record(collection, 1, data)
    except SnapshotError as error:
        refused = str(error)
    assert "\n" not in refused
    assert not refused or refused.startswith(collection)
