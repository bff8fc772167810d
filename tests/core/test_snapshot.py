"""What is stored comes back as it was, or is refused."""

import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import cbor2
import msgspec
import pytest
from core.walks import WALKS, walk
from hypothesis import given, settings
from hypothesis import strategies as st
from immutables import Map

from pilotline.core import snapshot
from pilotline.core.effects import Clear, Put
from pilotline.core.events import CablePlugged, DeadlinePassed, LinkLost, TagPresented
from pilotline.core.snapshot import SnapshotError, StoredRecord, decode_record, encode_record, memory_of
from pilotline.core.state import (
    Availability,
    Boot,
    CachedTag,
    CardSession,
    Counter,
    Entry,
    Instant,
    ListedTag,
    ListVersion,
    Profile,
    Reservation,
    Stamp,
    StartMessage,
    State,
    Terminal,
    Transaction,
    UtcTime,
    Wh,
)
from pilotline.core.step import step
from pilotline.spec.products import Product, adjusted, load_product

PRODUCT = load_product("reference")
C6EU = load_product("c6eu")
BOOT: StoredRecord = (
    "boot",
    None,
    Boot(Counter(3), "c0ffee", "Pilotline Reference", Stamp(Counter(3), Instant(1), UtcTime(5)), True),
)
START = StartMessage(1, "TAG", Wh(5), Stamp(Counter(1), Instant(7), UtcTime(9)))

# --- generated records --------------------------------------------------------------------------------------

integers = st.integers(-(2**63), 2**63 - 1)
texts = st.text(max_size=20)


def values(hint: Any) -> st.SearchStrategy[Any]:
    """Any value of an annotation, so that a record that gets another field is generated with it."""
    if get_origin(hint) in (Union, UnionType):
        return st.one_of(*map(values, get_args(hint)))
    if get_origin(hint) is tuple:
        return st.lists(values(get_args(hint)[0]), max_size=3).map(tuple)
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        fields = get_type_hints(hint)
        return st.fixed_dictionaries({name: values(inner) for name, inner in fields.items()}).map(
            lambda chosen: hint(**chosen)
        )
    if hint is Decimal:
        return st.decimals(-(10**9), 10**9, places=1)
    leaf = getattr(hint, "__supertype__", hint)
    return integers if leaf is int else texts if leaf is str else st.from_type(leaf)


stored = st.one_of(
    values(Transaction).map(lambda record: ("transactions", record.number, record)),
    values(Entry).map(lambda record: ("outbox", record.number, record)),
    values(Availability).map(lambda record: ("availability", record.connector, record)),
    st.tuples(st.just("cache"), texts, values(CachedTag)),
    values(Reservation).map(lambda record: ("reservations", record.reservation_id, record)),
    values(Profile).map(lambda record: ("profiles", record.profile_id, record)),
    st.tuples(st.just("local_list"), texts, values(ListedTag)),
    st.tuples(st.just("list_version"), st.none(), values(ListVersion)),
    values(CardSession).map(lambda record: ("card_sessions", record.number, record)),
    st.tuples(st.just("terminal"), st.none(), values(Terminal)),
    st.tuples(st.just("boot"), st.none(), values(Boot)),
    st.tuples(st.just("configuration"), texts, texts),
)


@given(stored)
def test_every_record_comes_back_as_it_was(line: StoredRecord) -> None:
    collection, key, record = line
    assert decode_record(collection, key, encode_record(collection, record)) == record


@given(stored, st.data())
def test_damaged_bytes_are_refused_or_another_record(line: StoredRecord, data: st.DataObject) -> None:
    """A flipped bit may give a record that can be: bytes alone cannot tell. It never raises anything else."""
    collection, key, record = line
    encoded = bytearray(encode_record(collection, record))
    encoded[data.draw(st.integers(0, len(encoded) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    try:
        found = decode_record(collection, key, bytes(encoded))
    except SnapshotError:
        return
    assert encode_record(collection, found) == bytes(encoded)


@given(st.binary(max_size=60))
def test_junk_is_refused_by_name(junk: bytes) -> None:
    with pytest.raises(SnapshotError, match=r"^outbox 7: [^\n]+$"):
        decode_record("outbox", 7, junk)


ENTRY = Entry(Counter(1), Counter(7), Counter(2), START)


@pytest.mark.parametrize(
    ("collection", "key", "data", "message"),
    [
        ("outbox", 7, b"", "outbox 7: is no CBOR; its bytes are damaged"),
        ("outbox", 7, cbor2.dumps([2, {}]), "outbox 7: is of version 2, this program reads 1"),
        ("outbox", 7, cbor2.dumps([True, {}]), "outbox 7: is no record of this program"),
        ("outbox", 7, cbor2.dumps([1]), "outbox 7: has 0 parts behind its version, not 1"),
        ("outbox", 7, cbor2.dumps([1, 5]), "outbox 7: Expected `object`, got `int`"),
        ("outbox", 8, encode_record("outbox", ENTRY), "outbox 8: holds the record of 7"),
        ("outbox", "7", encode_record("outbox", ENTRY), "outbox '7': its key is str, not int"),
        ("outbox", True, encode_record("outbox", ENTRY), "outbox True: its key is bool, not int"),
        (
            "outbox",
            7,
            encode_record("outbox", ENTRY) + b"\0",
            "outbox 7: its fields are not those of version 1",
        ),
        ("mailbox", 7, encode_record("outbox", ENTRY), "'mailbox': this program knows no such collection"),
        ("boot", None, cbor2.dumps([1, {"number": 3}]), "boot: its fields are not those of version 1"),
        (
            "configuration",
            "HeartbeatInterval",
            cbor2.dumps([1, 5]),
            "configuration 'HeartbeatInterval': Expected",
        ),
    ],
)
def test_what_is_no_record_is_refused_in_one_line(
    collection: str, key: snapshot.Key, data: bytes, message: str
) -> None:
    with pytest.raises(SnapshotError) as refused:
        decode_record(collection, key, data)
    assert str(refused.value).startswith(message)
    assert "\n" not in str(refused.value)


def test_a_field_that_is_unknown_is_not_lost_silently() -> None:
    plain = msgspec.to_builtins(ENTRY)
    with pytest.raises(SnapshotError, match="fields are not those"):
        decode_record("outbox", 7, cbor2.dumps([1, {**plain, "weight": 1}], canonical=True))


def test_a_record_of_no_collection_is_not_written() -> None:
    with pytest.raises(SnapshotError, match="mailbox: is no collection of Memory"):
        encode_record("mailbox", ENTRY)


# --- memory -------------------------------------------------------------------------------------------------


def test_a_store_without_records_is_a_station_that_never_ran() -> None:
    assert memory_of(PRODUCT, ()) is None


def test_what_no_record_tells_is_as_on_a_new_station() -> None:
    memory = memory_of(PRODUCT, [BOOT])
    assert memory is not None
    assert memory.configuration == PRODUCT.factory_configuration
    assert memory.availability == (Availability(0), Availability(1), Availability(2))
    assert memory.boot == BOOT[2]
    assert memory.outbox == Map()


def test_a_stored_value_replaces_that_of_the_product() -> None:
    memory = memory_of(PRODUCT, [BOOT, ("configuration", "HeartbeatInterval", "77")])
    assert memory is not None
    assert memory.configuration.integer("HeartbeatInterval") == 77


def test_a_key_the_product_does_not_offer_is_left_out() -> None:
    memory = memory_of(PRODUCT, [BOOT, ("configuration", "FormerKey", "1")])
    assert memory is not None
    assert memory.configuration == PRODUCT.factory_configuration


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (("configuration", "HeartbeatInterval", "soon"), "configuration: HeartbeatInterval: 'soon' "),
        (("availability", 3, Availability(3)), "availability 3: the product has no such connector"),
        (("availability", -1, Availability(-1)), "availability -1: the product has no such connector"),
        (("transactions", 4, Transaction(Counter(4), 3)), "transactions 4: the product has no connector 3"),
        (("outbox", 7, ENTRY), "outbox 7: its transaction 2 is missing"),
    ],
)
def test_what_cannot_be_of_this_station_is_refused(line: StoredRecord, message: str) -> None:
    with pytest.raises(SnapshotError) as refused:
        memory_of(PRODUCT, [BOOT, line])
    assert str(refused.value).startswith(message)
    assert "\n" not in str(refused.value)


def test_records_without_the_boot_are_refused() -> None:
    with pytest.raises(SnapshotError, match="boot: is missing"):
        memory_of(PRODUCT, [("transactions", 4, Transaction(Counter(4), 1))])


@given(WALKS)
@settings(max_examples=30, deadline=None)
def test_the_changes_of_all_steps_are_the_memory(numbers: list[int]) -> None:
    """What a store that only saw Put, Drop and Clear holds is what the station remembers."""
    held: dict[tuple[str, snapshot.Key], bytes] = {}
    for world in walk(PRODUCT, numbers):
        for change in world.changes:
            if isinstance(change, Clear):
                held = {name: data for name, data in held.items() if name[0] != change.collection}
                continue
            name = change.collection, change.key
            if isinstance(change, Put):
                held[name] = encode_record(change.collection, change.record)  # type: ignore[index]  # keys are Key
            else:
                del held[name]  # type: ignore[arg-type]  # keys are Key
        world.changes.clear()
        lines = [
            (collection, key, decode_record(collection, key, data))
            for (collection, key), data in held.items()
        ]
        assert memory_of(PRODUCT, lines) == world.station.state.memory


# --- whole states -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("product", [PRODUCT, C6EU, adjusted(PRODUCT, {"HeartbeatInterval": "9"})])
@given(numbers=WALKS)
@settings(max_examples=25, deadline=None)
def test_a_state_that_was_carried_goes_on_in_the_same_way(product: Product, numbers: list[int]) -> None:
    for count, world in enumerate(walk(product, numbers)):
        if count % 7:
            continue
        before = world.station.state
        data = snapshot.encode_state(before)
        carried = snapshot.decode_state(data)
        assert carried == before
        assert hash(carried) == hash(before)
        assert snapshot.encode_state(carried) == data
        link = before.moment.link.connection
        for event in (DeadlinePassed(), TagPresented(1, "TAG"), CablePlugged(1), LinkLost(link, 3)):
            assert step(carried, event, Instant(world.now)) == step(before, event, Instant(world.now))


_WALKING = """
from core.walks import walk
from pilotline.core import snapshot
from pilotline.spec.products import load_product
for world in walk(load_product("reference"), list(range(3, 4000, 37))):
    print(snapshot.encode_state(world.station.state).hex(), repr(world.calls), repr(world.asked))
"""


def test_every_process_makes_the_same_bytes_of_the_same_events() -> None:
    """Text hashes differently in each process: nothing may depend on the order of a map."""
    tests = str(Path(__file__).parent.parent)
    outputs = {
        subprocess.run(
            [sys.executable, "-c", _WALKING],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": tests},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(outputs) == 1


def a_state() -> State:
    *_, world = walk(PRODUCT, [1])
    return world.station.state


STATE = a_state()


@given(st.data())
def test_a_damaged_state_is_refused_or_another_state(data: st.DataObject) -> None:
    encoded = bytearray(snapshot.encode_state(STATE))
    place = data.draw(st.integers(0, len(encoded) - 1))
    encoded[place] ^= 1 << data.draw(st.integers(0, 7))
    try:
        found = snapshot.decode_state(bytes(encoded))
    except SnapshotError:
        return
    assert found != STATE


def test_a_state_that_waits_to_send_keeps_its_requests() -> None:
    """The requests in the queue are messages of the standard, which come back as such."""
    for world in walk(PRODUCT, [13, 35, 57, 79, 11, 33, 12, 34] * 6):
        state = world.station.state
        if state.moment.call.waiting:
            assert (
                snapshot.decode_state(snapshot.encode_state(state)).moment.call.waiting
                == state.moment.call.waiting
            )
            return
    pytest.fail("no state in this walk waits to send")


def test_the_memory_of_another_model_is_refused_by_name() -> None:
    with pytest.raises(SnapshotError, match="boot: is of a 'Pilotline Reference', this is a 'X-CHARGE C6EU'"):
        memory_of(load_product("c6eu"), [BOOT])
