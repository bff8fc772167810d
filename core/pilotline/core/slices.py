"""Where the fields of a machine's slice come from: the only windows a machine has on the rest of the station.

    class Reads(Struct, frozen=True):
        cable: Annotated[Cable, here("cables")]                  # the same connector's record
        link: Annotated[Link, station("link")]                   # the station's one record
        sessions: Annotated[tuple[Session, ...], every("sessions")]
        time_out_s: Annotated[int, key("ConnectionTimeOut")]     # a configuration key's value
        fixed: Annotated[bool, fact(has_fixed_cable)]            # what the product says of this connector
"""

from collections.abc import Callable
from operator import attrgetter

from pilotline.core.state import Memory, Moment, State
from pilotline.core.statechart import Family, Source
from pilotline.spec.products import Product

STATION = Family("station", None)
CONNECTOR = Family("connector", "connector")
POINT = Family("point", "connector")
MAIN_CONTROLLER = Family("main controller", "connector")
READER = Family("reader", "reader")
TRANSACTION = Family("transaction", "transaction")
AUTHORIZATION = Family("authorization", "asker")


def _holder(slot: str) -> str:
    if slot in Moment.__struct_fields__:
        return f"moment.{slot}"
    if slot in Memory.__struct_fields__:
        return f"memory.{slot}"
    raise LookupError(f"no slot {slot!r} in Memory or Moment")


def here(slot: str) -> Source:
    """The record of the same connector in the slot of another machine."""
    records = attrgetter(_holder(slot))
    return Source("machine", slot, lambda state, key: records(state)[key])


def station(slot: str) -> Source:
    """The one record of a machine of the whole station."""
    record = attrgetter(_holder(slot))
    return Source("machine", slot, lambda state, _: record(state))


def every(slot: str) -> Source:
    """All instances of a machine: a tuple by connectorId, or a map by key."""
    records = attrgetter(_holder(slot))
    return Source("machines", slot, lambda state, _: records(state))


def stored(collection: str) -> Source:
    """A keyed collection of Memory."""
    records = attrgetter(_holder(collection))
    return Source("collection", collection, lambda state, _: records(state))


def key(name: str) -> Source:
    """The typed value of a configuration key; None (or no items) where the product does not offer it."""
    lower = name.lower()

    def value(state: State, _: object) -> object:
        return state.memory.configuration.values.get(lower)

    return Source("key", name, value)


def fact(of: Callable[[Product, int], object]) -> Source:
    """A fact of the product, for the instance at hand."""
    return Source("fact", of.__name__, lambda state, instance: of(state.product, instance))
