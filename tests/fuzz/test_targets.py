"""Every edge stands what is damaged, and the process keeps nothing of it; what campaigns found stays mended."""

import gc
import random
import sys

import cbor2
import pytest
from fuzz.mutations import mutated

from pilotline.core import reading
from pilotline.core.snapshot import SnapshotError, decode_record, memory_of, record_data
from pilotline.spec.products import load_product
from pilotline.tools.fuzz_targets import TARGETS

INPUTS = {
    "frames": 60,
    "control": 60,
    "product": 300,
    "store": 100,
    "records": 1500,
    "journal": 500,
    "world": 800,
    "urls": 3000,
}
"""How many in each of three rounds: a second or two."""
FOUND = [
    ("urls", b"wss://[::1:80/"),
    ("urls", b"ws://example.org:99999/"),
    ("urls", b"ws://example.org:x/"),
    ("urls", b"ws://example.org/a\r\nX-Header: 1"),
    ("urls", b"http://999.999.999.999/"),
    ("urls", b"wss://example.org/#"),
    ("urls", b"wss://example.org/?"),
    ("urls", b"ws://exa mple.org/"),
    ("urls", b"ws://" + b"a" * 70 + b".org/"),
    ("urls", "ws://exämple.org/\udcff".encode("utf-8", "surrogateescape")),
    ("control", b"GET /nowhere?\xf8"),
    ("records", b"\x81\x83db\not\xf6\xa0"),
    ("journal", b"\x84dhead\x00e\na\x01\x00\x00\x00\x00"),
    ("world", b'{"version":"\xff"}'),
    ("world", b'{"points":' + b"[" * 100_000),
    ("product", b"a = " + b"[" * 100_000),
    ("product", b"a = " + b"9" * 5000),
    ("product", b"a." * 2_000 + b"a = 1"),
]


def test_every_edge_is_tried() -> None:
    assert INPUTS.keys() == TARGETS.keys()


@pytest.mark.parametrize("name", TARGETS)
def test_damaged_inputs(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "HELD_MAX", 1)  # what is held of the last products is no growth
    target, chance, blocks = TARGETS[name], random.Random(16), []
    sound = list(target.begin_with())
    for data in sound:
        target.attempt(data)
    for _ in range(3):
        for _ in range(INPUTS[name]):
            data = mutated(chance, chance.choice(sound))
            try:
                target.attempt(data)
            except Exception as error:
                error.add_note(f"the input is {data!r}")
                raise
        gc.collect()
        blocks.append(sys.getallocatedblocks())
    assert blocks[2] - blocks[1] < 2_000, "the process grows"


@pytest.mark.parametrize(("name", "data"), FOUND)
def test_what_was_found(name: str, data: bytes) -> None:
    TARGETS[name].attempt(data)


@pytest.mark.parametrize("connector", [-99, -1, 99])
def test_records_of_a_connector_that_cannot_be(connector: int) -> None:
    """Found by a campaign: a transaction at connector -99 had passed, and the boot failed on it."""
    stations = [cbor2.loads(data) for data in TARGETS["records"].begin_with()]
    records = next(
        station for station in stations if {"transactions", "configuration"} <= {r[0] for r in station}
    )
    for collection, _, record in records:
        if collection == "transactions":
            record["connector"] = connector
    TARGETS["records"].attempt(cbor2.dumps(records))
    stored = [(name, key, decode_record(name, key, record_data(plain))) for name, key, plain in records]
    with pytest.raises(SnapshotError, match=f"the product has no connector {connector}"):
        memory_of(load_product("reference"), stored)
