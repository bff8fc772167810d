"""Where the fields of a machine's slice come from: the only windows a machine has on the rest of the station.

class Reads(Struct, frozen=True):
    cable: Annotated[Cable, here("cables")]                  # the same connector's record
    link: Annotated[Link, station("link")]                   # the station's one record
    sessions: Annotated[tuple[Session, ...], every("sessions")]
    time_out_s: Annotated[int, key("ConnectionTimeOut")]     # a configuration key's value
    fixed: Annotated[bool, fact(has_fixed_cable)]            # what the product says of this connector
"""

from collections.abc import Callable

from pilotline.core.reading import Source
from pilotline.core.state import Memory, Moment
from pilotline.core.statechart import Family
from pilotline.spec.products import Product

STATION = Family("station", None)
CONNECTOR = Family("connector", "connector")
POINT = Family("point", "connector")
MAIN_CONTROLLER = Family("main controller", "connector")
READER = Family("reader", "reader")
TRANSACTION = Family("transaction", "transaction")
RESERVATION = Family("reservation", "reservation")
AUTHORIZATION = Family("authorization", "asker")
CARD_SESSION = Family("card session", "payment")


def _holder(slot: str) -> str:
    if slot in Moment.__struct_fields__:
        return f"s.moment.{slot}"
    if slot in Memory.__struct_fields__:
        return f"s.memory.{slot}"
    raise LookupError(f"no slot {slot!r} in Memory or Moment")


def here(slot: str) -> Source:
    """The record of the same connector in the slot of another machine."""
    return Source("machine", slot, f"{_holder(slot)}[k]")


def station(slot: str) -> Source:
    """The one record of a machine of the whole station."""
    return Source("machine", slot, _holder(slot))


def every(slot: str) -> Source:
    """All instances of a machine: a tuple by connectorId, or a map by key."""
    return Source("machines", slot, _holder(slot))


def stored(collection: str) -> Source:
    """A keyed collection of Memory."""
    return Source("collection", collection, _holder(collection))


def key(name: str) -> Source:
    """The typed value of a configuration key; None where the product does not offer it."""
    code = f"s.memory.configuration.values.get({name.lower()!r})"
    return Source("key", name, code, "s.memory.configuration", keys=(name,))


def whole_configuration(*counted: str) -> Source:
    """Every key that is offered; ``counted`` are those whose own values decide something here."""
    return station("configuration")._replace(keys=counted)


def the_time() -> Source:
    """The instant of the request: decision tables have no other way to know it; machines are given it as `now`."""
    return Source("time", "now", "n")


def fact(of: Callable[[Product, int], object]) -> Source:
    """A fact of the product, for the instance at hand."""
    return Source("fact", of.__name__, f"{of.__name__}(s.product, k)", "s.product", {of.__name__: of})
