"""Memory and State as canonical CBOR, and back: what a store keeps, what an embedder or a replay carries.

Theory of operation: a record becomes ``[VERSION, plain]``. The version stands in every record rather than
once in a store, because a store is only ever written record by record: after an update old and new ones lie
side by side, and no moment exists at which one number would be true of all of them.

Reading is strict. What is read must be, byte for byte, what would be written for it: no field is missing and
silently gets its default, none is unknown and silently lost, nothing follows. Whatever else a store holds is
a `SnapshotError`, never a reset. Other fields of a record are a new VERSION, with a rule that reads the old.
"""

from collections.abc import Iterable, Iterator
from functools import lru_cache
from types import NoneType, UnionType
from typing import Any, Final, NamedTuple, TypeAlias, Union, get_args, get_origin, get_type_hints

import cbor2
import msgspec
from immutables import Map
from msgspec import Struct
from pydantic import ValidationError

from pilotline.core.boot import initial_memory, model_of
from pilotline.core.events import PoweredUp
from pilotline.core.state import Asker, Memory, Moment, State
from pilotline.spec.configuration_keys import canonical_text
from pilotline.spec.messages.actions import ACTIONS, Confirmation, Request
from pilotline.spec.messages.payload import Violation, read_payload, write_payload
from pilotline.spec.messages.structures import Structure
from pilotline.spec.products import Configuration, ConfigurationError, Product, initial_configuration

VERSION: Final = 1
"""The form of the records that this program writes and reads."""

Key: TypeAlias = int | str | None
"""What names a record in its collection; None: the collection is one record."""
StoredRecord: TypeAlias = tuple[str, Key, object]
"""Collection, key, record: one line of a store."""


class SnapshotError(ValueError):
    """What was stored cannot be used; one line that names collection, key and what is wrong."""


class _Collection(NamedTuple):
    key: type
    record: Any  # Any: a type for msgspec, which takes every kind of them


def _collection(hint: Any) -> _Collection:  # Any: whatever Memory is annotated with
    if hint is Configuration:  # its records are the texts of the keys
        return _Collection(str, str)
    if get_origin(hint) is Map:
        key, record = get_args(hint)
        return _Collection(getattr(key, "__supertype__", key), record)
    if get_origin(hint) is tuple:
        return _Collection(int, get_args(hint)[0])
    return _Collection(NoneType, hint)


_OWN_KEYS: Final = {
    "availability": "connector",
    "transactions": "number",
    "outbox": "number",
    "reservations": "reservation_id",
    "card_sessions": "number",
    "samples": "number",
    "profiles": "profile_id",
}
"""The field by which a record names itself, where it does."""
_COLLECTIONS: Final = {name: _collection(hint) for name, hint in get_type_hints(Memory).items()}


# --- records of Memory --------------------------------------------------------------------------------------


def encode_record(collection: str, record: object) -> bytes:
    """The bytes to store for a record, as it stands in a `Put` of this collection."""
    if collection not in _COLLECTIONS:
        raise SnapshotError(f"{collection}: is no collection of Memory")
    return record_data(msgspec.to_builtins(record))


def record_data(plain: object) -> bytes:
    """The bytes to store for a record that is plain already."""
    return _dump([VERSION, plain])


def decode_record(collection: str, key: Key, data: bytes) -> object:
    """The record that `encode_record` made these bytes of. Raises `SnapshotError`."""
    where = _name(collection, key)
    known = _COLLECTIONS.get(collection)
    if known is None:
        raise SnapshotError(
            f"{collection[:50]!r}: this program knows no such collection; a newer one wrote it"
        )
    if type(key) is not known.key:
        raise SnapshotError(f"{where}: its key is {type(key).__name__}, not {known.key.__name__}")
    (plain,) = _load(data, 1, where)
    record = _convert(plain, known.record, where)
    if encode_record(collection, record) != data:
        raise SnapshotError(f"{where}: its fields are not those of version {VERSION}")
    own_key = getattr(record, _OWN_KEYS[collection]) if collection in _OWN_KEYS else key
    if own_key != key:
        raise SnapshotError(f"{where}: holds the record of {own_key!r}")
    return record


def records_of(memory: Memory) -> Iterator[StoredRecord]:
    """Every record of a Memory, as a store holds them that was never reduced to what changed."""
    for name in _COLLECTIONS:
        held = getattr(memory, name)
        if isinstance(held, Configuration):
            yield from (
                (name, key.name, canonical_text(held.values[key.name.lower()])) for key in held.offered()
            )
        elif isinstance(held, Map):
            yield from ((name, key, held[key]) for key in sorted(held))
        elif isinstance(held, tuple):
            yield from ((name, key, record) for key, record in enumerate(held))
        else:
            yield name, None, held


def memory_of(product: Product, records: Iterable[StoredRecord]) -> Memory | None:
    """The Memory of a station of this product; None if there is no record: it never ran.

    What no record tells is as on a new station: a key has the product's value, a connector is operative. A
    stored key that the product does not offer (any more) is left out and stays in the store, so that a
    station which goes back to its former product finds it again. A value that the product refuses, a
    connector that it does not have, a message without its transaction raise `SnapshotError`.
    """
    held: dict[str, dict[Key, Any]] = {name: {} for name in _COLLECTIONS}
    for collection, key, record in records:
        held[collection][key] = record
    if not any(held.values()):
        return None
    if not held["boot"]:
        raise SnapshotError("boot: is missing, yet there are other records; restore the store from a copy")
    model = held["boot"][None].model
    if model != model_of(product):
        raise SnapshotError(
            f"boot: is of a {model!r}, this is a {model_of(product)!r}; give it a store of its own"
        )
    blank, _ = initial_memory(None, PoweredUp(product, "PowerLoss", (), (), ""))
    found = {name: _held(name, getattr(blank, name), held[name], product) for name in _COLLECTIONS}
    _check_references(held, len(product.connectors))
    return Memory(**found)


def _held(
    collection: str, blank: Any, stored: dict[Key, Any], product: Product
) -> Any:  # Any: a field of Memory
    if isinstance(blank, Configuration):
        texts = {name: text for name, text in stored.items() if isinstance(name, str) and blank.key(name)}
        try:
            return initial_configuration(product, texts)
        except ConfigurationError as error:
            raise SnapshotError(f"{collection}: {str(error).splitlines()[0]}") from None
    if isinstance(blank, Map):
        return Map(stored)
    if isinstance(blank, tuple):
        beyond = sorted(key for key in stored if isinstance(key, int) and not 0 <= key < len(blank))
        if beyond:
            raise SnapshotError(f"{_name(collection, beyond[0])}: the product has no such connector")
        return tuple(stored.get(key, record) for key, record in enumerate(blank))
    return stored.get(None, blank)


def _check_references(held: dict[str, dict[Key, Any]], connectors: int) -> None:
    """A record that names what is not there is the work of a bug or of a damage: nothing may rest on it."""
    for collection, records in held.items():
        for key, record in records.items():
            if not 0 <= getattr(record, "connector", 0) <= connectors:
                raise SnapshotError(
                    f"{_name(collection, key)}: the product has no connector {record.connector}"
                )
            transaction = getattr(record, "transaction", None)
            if transaction is not None and transaction not in held["transactions"]:
                raise SnapshotError(f"{_name(collection, key)}: its transaction {transaction} is missing")


# --- a whole State ------------------------------------------------------------------------------------------


def encode_state(state: State) -> bytes:
    """A station as it stands, timers included: to be carried or looked at, not to be kept over a boot."""
    memory = [(name, key, msgspec.to_builtins(record)) for name, key, record in records_of(state.memory)]
    moment = msgspec.to_builtins(state.moment, enc_hook=plain_of)
    return _dump([VERSION, product_text(state.product), memory, moment])


def decode_state(data: bytes) -> State:
    """The State that `encode_state` made these bytes of. Raises `SnapshotError`."""
    text, records, moment_plain = _load(data, 3, "state")
    try:
        product = product_of(_convert(text, str, "state"))
    except ValidationError as error:
        raise SnapshotError(f"state: its product cannot be read: {error.errors()[0]['msg']}") from None
    stored = []
    for collection, key, plain in _convert(records, list[tuple[str, Key, Any]], "state"):
        stored.append((collection, key, decode_record(collection, key, record_data(plain))))
    memory = memory_of(product, stored)
    if memory is None:
        raise SnapshotError("state: holds no memory")
    state = State(product, memory, typed(moment_plain, Moment, "moment"))
    if encode_state(state) != data:
        raise SnapshotError(f"state: its fields are not those of version {VERSION}")
    return state


def product_text(product: Product) -> str:
    """A product as JSON, in one order: that of a map is another in each process."""
    return msgspec.json.encode(product.model_dump(mode="json"), order="sorted").decode()


@lru_cache(maxsize=16)
def product_of(text: str) -> Product:
    """The product that `product_text` made this text of. Raises `ValidationError`."""
    return Product.model_validate_json(text)


def plain_of(value: object) -> object:
    """What msgspec does not know: a map as pairs in a fixed order, a message as its name and its payload."""
    if isinstance(value, Map):
        pairs = [(msgspec.to_builtins(key), inner) for key, inner in value.items()]
        return sorted(pairs, key=lambda pair: _dump(pair[0]))
    if isinstance(value, Structure):
        return type(value).__name__, write_payload(value)
    if isinstance(value, Product):
        return product_text(value)
    raise NotImplementedError(f"a {type(value).__name__} is no part of a state")


_MESSAGES: Final[dict[str, type[Structure]]] = {
    message.__name__: message for row in ACTIONS.values() for message in (row.request, row.confirmation)
}


def typed(plain: Any, hint: Any, where: str) -> Any:  # Any: a plain value and the annotation it is read by
    """Read by the annotation. Unions of messages are beyond msgspec, so it reads only the leaves."""
    arguments = get_args(hint)
    if hint is Request or hint is Confirmation:
        name, payload = _convert(plain, tuple[str, str], where)
        kind = _MESSAGES.get(name)
        message = read_payload(kind, payload) if kind in get_args(hint) and kind else None
        if message is None or isinstance(message, Violation):
            raise SnapshotError(f"{where}: is no message that may stand there")
        return message
    if hint is Product:
        return product_of(_convert(plain, str, where))
    if hint is object:  # the key of an instance
        return _convert(plain, Asker | Key, where)
    if get_origin(hint) is Map:
        pairs = _convert(plain, list[tuple[Any, Any]], where)
        return Map(
            {typed(key, arguments[0], where): typed(value, arguments[1], where) for key, value in pairs}
        )
    if get_origin(hint) is tuple:
        items = _convert(plain, list[Any], where)
        hints = arguments[:1] * len(items) if arguments[1:] == (...,) else arguments
        if len(items) != len(hints):
            raise SnapshotError(f"{where}: {len(items)} items, not {len(hints)}")
        return tuple(
            typed(item, inner, f"{where}[{n}]")
            for n, (item, inner) in enumerate(zip(items, hints, strict=True))
        )
    if get_origin(hint) in (UnionType, Union) and len(arguments) == 2 and arguments[1] is NoneType:
        return None if plain is None else typed(plain, arguments[0], where)
    if isinstance(hint, type) and issubclass(hint, Struct):
        fields = _convert(plain, dict[str, Any], where)
        hints_by_field = _hints(hint)
        if fields.keys() != hints_by_field.keys():
            raise SnapshotError(f"{where}: its fields are not those of version {VERSION}")
        return hint(
            **{name: typed(fields[name], inner, f"{where}.{name}") for name, inner in hints_by_field.items()}
        )
    return _convert(plain, hint, where)


_hints: Final = lru_cache(maxsize=None)(get_type_hints)


# --- CBOR ---------------------------------------------------------------------------------------------------


def _dump(value: object) -> bytes:
    return cbor2.dumps(value, canonical=True)


def _load(data: bytes, parts: int, where: str) -> list[Any]:  # Any: plain values, read by their types next
    """The parts behind the version."""
    try:
        envelope = cbor2.loads(data)
    except (cbor2.CBORError, ValueError, TypeError, OverflowError, RecursionError):
        raise SnapshotError(f"{where}: is no CBOR; its bytes are damaged") from None
    if not isinstance(envelope, list) or not envelope or type(envelope[0]) is not int:
        raise SnapshotError(f"{where}: is no record of this program; its bytes are damaged")
    version, *rest = envelope
    if version != VERSION:
        raise SnapshotError(
            f"{where}: is of version {version}, this program reads {VERSION}; run the one that wrote it"
        )
    if len(rest) != parts:
        raise SnapshotError(f"{where}: has {len(rest)} parts behind its version, not {parts}")
    return rest


def _convert(plain: object, kind: Any, where: str) -> Any:  # Any: msgspec takes every kind of annotation
    try:
        return msgspec.convert(plain, kind)
    except msgspec.ValidationError as error:
        raise SnapshotError(f"{where}: {error}") from None


def _name(collection: str, key: Key) -> str:
    return collection if key is None else f"{collection} {key!r}"
