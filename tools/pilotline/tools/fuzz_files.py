"""Hostile files: products, stores and their records, journals, the simulated world; and hostile URLs."""

import asyncio
import contextlib
import ssl
import tempfile
from collections.abc import Iterator, Sequence
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import cbor2
import httpx
import msgspec
from websockets.uri import parse_uri

from pilotline.adapters.clock import VirtualClock
from pilotline.adapters.file_place import Place, TransferError
from pilotline.adapters.happenings import Happening
from pilotline.adapters.journal import Journal
from pilotline.adapters.journal_reading import JournalError
from pilotline.adapters.simulated_world import SimulationError
from pilotline.adapters.simulation import SimulatedHardware
from pilotline.adapters.store import SqliteStore, StoreError
from pilotline.adapters.websocket import WebSocketLink
from pilotline.core import ChargePoint
from pilotline.core.effects import Put
from pilotline.core.events import CablePlugged, DeadlinePassed, EnergyRequested, LinkUp, TagPresented
from pilotline.core.snapshot import (
    SnapshotError,
    StoredRecord,
    decode_record,
    memory_of,
    record_data,
    records_of,
)
from pilotline.core.state import Counter, Instant, State
from pilotline.core.step import next_deadline, step
from pilotline.spec.products import ProductError, load_product, parse_product, product_names
from pilotline.tools.check.environment import powered_up
from pilotline.tools.fuzz_frames import DEAF_FROM, HostileWorld
from pilotline.tools.replay import replayed

_DEADLINES: Final = 5
"""How far a station runs on what was stored."""


def _one_line(error: Exception, begins: str) -> None:
    """The refusal names what is refused, in one line."""
    said = str(error)
    assert said.startswith(begins) and "\n" not in said, said  # noqa: PT018, S101


@cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="pilotline-fuzz-")


def _file(data: bytes, name: str) -> Path:
    """These bytes in a file, with nothing of an earlier input beside it."""
    path = Path(_folder().name, name)
    for left in path.parent.glob(f"{name}*"):
        left.unlink()
    path.write_bytes(data)
    return path


# --- products -----------------------------------------------------------------------------------------------


def read_product(data: bytes) -> None:
    """A product that starts, or errors of one line each that name the file and the place."""
    try:
        product = parse_product(data.decode("utf-8", "replace"), "own.toml")
    except ProductError as error:
        for line in str(error).split("\n"):
            assert line.startswith("own.toml: "), line  # noqa: S101
        return
    ChargePoint(product).power_on(now=0, entropy="c0ffee")


def products_to_begin_with() -> Iterator[bytes]:
    """Those that come with Pilotline."""
    for name in product_names():
        yield resources.files("pilotline.spec.products").joinpath(f"{name}.toml").read_bytes()


# --- stores -------------------------------------------------------------------------------------------------


def _boots(records: Sequence[StoredRecord]) -> None:
    """A station starts on these records and runs for a while; or they are refused."""
    product = load_product("reference")
    try:
        memory = memory_of(product, records)
    except SnapshotError as error:
        _one_line(error, "")
        return
    state = step(memory, powered_up(product, (False,) * (len(product.connectors) + 1)), Instant(0)).state
    for _ in range(_DEADLINES):
        due = next_deadline(state)
        if due is None:
            break
        state = step(state, DeadlinePassed(), max(due, Instant(0))).state


def read_store(data: bytes) -> None:
    """A store that gives all it holds, or one line that names it."""
    path = _file(data, "store")
    try:
        with contextlib.closing(SqliteStore(path)) as store:
            records = store.load()
    except StoreError as error:
        _one_line(error, f"{path}: ")
        return
    _boots(records)


def stores_to_begin_with() -> Iterator[bytes]:
    """Of stations that charge."""
    for records in _kept():
        path = Path(_folder().name, "sound")
        path.unlink(missing_ok=True)
        with contextlib.closing(SqliteStore(path)) as store:
            store.commit([Put(*record) for record in records])
        yield path.read_bytes()


@cache
def _kept() -> tuple[list[StoredRecord], ...]:
    return tuple(list(records_of(HostileWorld(deaf_from).state.memory)) for deaf_from in DEAF_FROM)


def read_records(data: bytes) -> None:
    """Records with sound checksums: a whole Memory that starts, or one line that names the record."""
    try:
        items = msgspec.convert(cbor2.loads(data), list[tuple[str, int | str | None, Any]])
    except (cbor2.CBORError, msgspec.ValidationError, ValueError, TypeError, OverflowError, RecursionError):
        with contextlib.suppress(SnapshotError):
            decode_record("outbox", 1, data)
        return
    records: list[StoredRecord] = []
    for collection, key, plain in items:
        try:
            stored = record_data(plain)
        except Exception:  # noqa: BLE001  (it is no record that could be stored)
            return
        try:
            records.append((collection, key, decode_record(collection, key, stored)))
        except SnapshotError as error:
            _one_line(error, "")
            return
    _boots(records)


def records_to_begin_with() -> Iterator[bytes]:
    """All of a station, and each alone beside what every station has."""
    for records in _kept():
        plain = [(name, key, msgspec.to_builtins(record)) for name, key, record in records]
        yield cbor2.dumps(plain)
        for one in plain:
            if one[0] != "configuration":
                yield cbor2.dumps([*(other for other in plain if other[0] == "boot"), one])


# --- journals and the world ---------------------------------------------------------------------------------


def read_journal(data: bytes) -> None:
    """A journal that is run again, or one line that names it."""
    path = _file(data, "1.journal")
    try:
        for _ in replayed(path):
            pass
    except JournalError as error:
        _one_line(error, path.name)


def journals_to_begin_with() -> Iterator[bytes]:
    """Of a station that boots, and of a driver who comes."""
    before: State | None = None
    boot = powered_up(load_product("c6eu"), (False,) * 3)
    happenings = []
    for event in (boot, LinkUp(Counter(1)), CablePlugged(1), EnergyRequested(1), TagPresented(1, "ANNA")):
        taken = step(before, event, Instant(0))
        happenings.append(Happening(Instant(0), event, taken.trace, taken.effects, before))
        before = taken.state
    with tempfile.TemporaryDirectory() as folder:
        journal = Journal(Path(folder, "journal"))
        for happening in happenings:
            journal.record(happening)
        journal.close()
        for segment in Path(folder, "journal").iterdir():
            yield segment.read_bytes()


def read_world(data: bytes) -> None:
    """The simulated world as it was, or one line that names the file; and what is read can be run."""
    path = _file(data, "world.json")
    try:
        world = SimulatedHardware(load_product("c6eu"), VirtualClock(), file=path, entropy="c0ffee")
    except SimulationError as error:
        _one_line(error, f"{path}: ")
        return
    world.begin(lambda _event: None)


def worlds_to_begin_with() -> Iterator[bytes]:
    """A car charges; another connector has a fault."""
    path = Path(_folder().name, "sound.json")
    path.unlink(missing_ok=True)

    async def lived() -> None:
        world = SimulatedHardware(load_product("c6eu"), VirtualClock(), file=path, entropy="c0ffee")
        world.begin(lambda _event: None)
        world.plug_in(1)
        world.raise_fault(2, "WeakSignal")

    asyncio.run(lived())
    yield path.read_bytes()


# --- URLs ---------------------------------------------------------------------------------------------------

_TLS: Final = ssl.create_default_context()


def read_url(data: bytes) -> None:
    """A place for files, an endpoint; or one line that does not repeat a password."""
    url = data.decode("utf-8", "surrogateescape")
    try:
        place = Place.of(url)
    except TransferError as error:
        _one_line(error, "the URL")
    else:
        assert place.url().isascii() and str(place).isprintable(), place  # noqa: PT018, S101
        assert Place.of(place.url()).host == place.host, place  # noqa: S101
        if place.scheme.startswith("http"):
            httpx.URL(place.url())
        if len(place.password) > 8 and place.password not in place.path + place.host:
            assert place.password not in str(place), "a password is told"  # noqa: S101
    try:
        link = WebSocketLink(url, "CP1", max_frame_bytes=1024, tls=_TLS)
    except ValueError as error:
        _one_line(error, "link: ")
    else:
        assert link.url.endswith("/CP1"), link.url  # noqa: S101
        seen = parse_uri(link.url)  # as each attempt to connect will
        assert (seen.host + seen.path).isascii() and link.url.isprintable(), link.url  # noqa: PT018, S101
        str(urlsplit(link.url).hostname).encode("idna")


def urls_to_begin_with() -> Iterator[bytes]:
    """Every scheme, and what is odd about URLs."""
    for scheme in ("ftp", "ftps", "http", "https", "sftp", "ws", "wss", "file", ""):
        yield f"{scheme}://user:secret-word@example.org:2121/a%20b/c?q=1#f".encode()
        yield f"{scheme}://[::1]:80/".encode()
        yield f"{scheme}://xn--nxasmq6b.example/../..".encode()
