"""A journal of arbitrary bytes, or a damaged one, is refused in one line, if not read."""

from pathlib import Path

import pytest
from core.whole_world import World
from hypothesis import given
from hypothesis import strategies as st
from stateful.station_machine import save

from pilotline.adapters.journal_reading import JournalError
from pilotline.spec.products import load_product
from pilotline.tools.replay import replayed


@pytest.fixture(scope="module")
def journal(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    world = World(load_product("reference"))
    world.pass_time(1000)
    (segment,) = save(world, tmp_path_factory.mktemp("sound") / "journal").iterdir()
    return segment.read_bytes()


def read(path: Path, data: bytes) -> None:
    path.write_bytes(data)
    refused = ""
    try:
        list(replayed(path))
    except JournalError as error:
        refused = str(error)
    assert "\n" not in refused
    assert not refused or path.name in refused


@given(st.binary(max_size=200))
def test_arbitrary_bytes(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    read(tmp_path_factory.getbasetemp() / "junk.journal", data)


@given(st.integers(0, 2**31), st.integers(0, 255))
def test_one_byte_is_another(
    tmp_path_factory: pytest.TempPathFactory, journal: bytes, place: int, value: int
) -> None:
    data = bytearray(journal)
    data[place % len(data)] = value
    read(tmp_path_factory.getbasetemp() / "damaged.journal", bytes(data))


@pytest.mark.parametrize("bomb", [b"\x9b" + b"\xff" * 8, b"\x5b\x7f" + b"\xff" * 7, b"\x81" * 100_000])
def test_lengths_and_depths_that_cannot_be(tmp_path: Path, bomb: bytes) -> None:
    read(tmp_path / "bomb.journal", bomb)
