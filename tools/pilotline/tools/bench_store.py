"""What a durable commit costs, beside the least that durability can cost.

Ours: `SqliteStore.commit` of what a step of that kind changes, encoding included. The peer: the bytes of the
same records, already encoded, appended to a file and made durable by fdatasync: no index, no reading back.
Both write to one directory by turns, so that the disk's moods fall on both.
"""

import os
import statistics
import tempfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from time import perf_counter
from typing import Final, NamedTuple

from pilotline.adapters.store import SqliteStore
from pilotline.core.effects import Change, Drop, Put
from pilotline.core.snapshot import encode_record
from pilotline.core.state import (
    Boot,
    Counter,
    Entry,
    Instant,
    MeterMessage,
    Sample,
    SampledReading,
    Stamp,
    StartMessage,
    Transaction,
    UtcTime,
    Wh,
)


class StoreRow(NamedTuple):
    """One kind of commit: median times in microseconds, and how many times the least ours costs."""

    name: str
    ours_us: float
    peer_us: float
    ratio: float


def _stamp(number: int) -> Stamp:
    return Stamp(Counter(1), Instant(number * 60_000), UtcTime(1_764_000_000_000 + number * 60_000))


def _start(number: int) -> tuple[Change, ...]:
    """A transaction comes to be and its start is to be delivered."""
    transaction = Transaction(Counter(number), 1, "running", "04A1B2C3D4E5F6", None, Wh(1_000_000))
    message = StartMessage(1, "04A1B2C3D4E5F6", Wh(1_000_000), _stamp(number))
    entry = Entry(Counter(1), Counter(number), Counter(number), message)
    return Put("transactions", number, transaction), Put("outbox", number, entry)


_SAMPLES: Final = tuple(
    SampledReading(measurand, "230.1", phase, "Outlet", "V")
    for measurand in ("Voltage", "Current.Import", "Power.Active.Import")
    for phase in ("L1", "L2", "L3")
)


def _sample(number: int) -> tuple[Change, ...]:
    """Meter values with nine samples are to be delivered."""
    message = MeterMessage(1, (Sample(_stamp(number), "Sample.Periodic", _SAMPLES),))
    return (Put("outbox", number, Entry(Counter(1), Counter(number), Counter(1), message)),)


def _answer(number: int) -> tuple[Change, ...]:
    """The message that `_sample` recorded is answered."""
    return (Drop("outbox", number),)


def _record(number: int) -> tuple[Change, ...]:
    """One small record is replaced."""
    boot = Boot(Counter(number), "0123456789abcdef", "Pilotline Reference", _stamp(number), True)
    return (Put("boot", None, boot),)


COMMITS: Final[tuple[tuple[str, Callable[[int], tuple[Change, ...]]], ...]] = (
    ("start of a transaction", _start),
    ("meter values", _sample),
    ("an answered message leaves", _answer),
    ("one small record", _record),
)
"""The commits that are measured: what a step changes, by the number of the round."""


def store_rows(rounds: int = 300, directory: Path | None = None) -> list[StoreRow]:
    """Commit and append by turns in `directory` (None: a temporary one) and take the medians."""
    rows = []
    with tempfile.TemporaryDirectory(dir=directory) as folder:
        for place, (name, changes_of) in enumerate(COMMITS):
            with closing(SqliteStore(Path(folder, f"{place}.sqlite"))) as store:
                if changes_of is _answer:
                    store.commit([change for number in range(rounds) for change in _sample(number)])
                ours, peer = _measured(store, Path(folder, f"{place}.log"), changes_of, rounds)
            rows.append(StoreRow(name, ours * 1e6, peer * 1e6, ours / peer))
    return rows


def _measured(
    store: SqliteStore, log: Path, changes_of: Callable[[int], tuple[Change, ...]], rounds: int
) -> tuple[float, float]:
    ours, peer = [], []
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        for number in range(rounds):
            changes = changes_of(number)
            data = b"".join(_bytes_of(change) for change in changes)
            began = perf_counter()
            store.commit(changes)
            ours.append(perf_counter() - began)
            began = perf_counter()
            os.write(descriptor, data)
            os.fdatasync(descriptor)
            peer.append(perf_counter() - began)
    finally:
        os.close(descriptor)
    return statistics.median(ours), statistics.median(peer)


def _bytes_of(change: Change) -> bytes:
    name = f"{change.collection} {getattr(change, 'key', None)}\n".encode()
    return name + (encode_record(change.collection, change.record) if isinstance(change, Put) else b"-")
