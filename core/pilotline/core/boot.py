"""PoweredUp: a fresh Moment on an old Memory, and the world as it is."""

from msgspec.structs import replace

from pilotline.core.effects import Change, Put
from pilotline.core.events import PoweredUp
from pilotline.core.state import (
    Allowance,
    Availability,
    Boot,
    Cable,
    Connector,
    Contactor,
    Counter,
    Ev,
    Fault,
    KeptCable,
    Map,
    Memory,
    Moment,
    Outbox,
    Reader,
    Session,
    StatusReport,
    Supply,
    Transaction,
    Trigger,
    Unlock,
)
from pilotline.spec.products import Product


def initial_memory(memory: Memory | None, event: PoweredUp) -> tuple[Memory, list[Change]]:
    """The Memory of this boot: its number is one more; a station that never ran gets the product's own values."""
    if memory is None:
        boot = Boot(Counter(1), event.entropy, model_of(event.product))
        points = range(len(event.product.connectors) + 1)
        availability = tuple(Availability(connector) for connector in points)
        return Memory(event.product.factory_configuration, boot, availability), [Put("boot", None, boot)]
    boot = replace(memory.boot, number=Counter(memory.boot.number + 1))
    return replace(memory, boot=boot), [Put("boot", None, boot)]


def with_known_cause(memory: Memory, event: PoweredUp) -> PoweredUp:
    """A reset that was on its way is why the station was down, whatever the power says (§5.14)."""
    return event if memory.reset.state == "up" else replace(event, cause=memory.reset.cause)


def model_of(product: Product) -> str:
    """The name of a station model: its vendor and its model (§6.3)."""
    return f"{product.identity.charge_point_vendor} {product.identity.charge_point_model}"


def is_resumed(transaction: Transaction, product_resumes: bool, event: PoweredUp) -> bool:
    """Whether this boot goes on with the transaction: the product does so, power was cut, the car is still there."""
    return (
        product_resumes
        and event.cause == "PowerLoss"
        and event.plugged[transaction.connector]
        and transaction.state == "running"
    )


def open_transaction(transactions: Map[Counter, Transaction], connector: int) -> Transaction | None:
    """The transaction on this connector whose stop is not recorded yet."""
    for transaction in transactions.values():
        if transaction.connector == connector and transaction.state in ("running", "stopping"):
            return transaction
    return None


def fresh_moment(memory: Memory, event: PoweredUp) -> Moment:
    """Everything a cut forgets, as it is when power comes back."""
    points = range(len(event.product.connectors) + 1)
    entries = sorted(memory.outbox)
    newest = max(memory.transactions, default=Counter(0))
    first, next_ = (entries[0], Counter(entries[-1] + 1)) if entries else (Counter(1), Counter(1))
    return Moment(
        cables=tuple(Cable(c, "plugged" if event.plugged[c] else "unplugged") for c in points),
        evs=tuple(
            Ev(c, "asking" if c < len(event.asking) and event.asking[c] else "content") for c in points
        ),
        contactors=tuple(Contactor(c) for c in points),
        faults=tuple(Fault(c) for c in points),
        supplies=tuple(Supply(c) for c in points),
        sessions=tuple(Session(c) for c in points),
        allowances=tuple(Allowance(c) for c in points),
        kept_cables=tuple(KeptCable(c) for c in points),
        connectors=tuple(Connector(c) for c in points),
        status_reports=tuple(StatusReport(c) for c in points),
        readers=tuple(Reader(r) for r in range(len(event.product.readers) + 1)),
        unlocks=tuple(Unlock(c) for c in points),
        triggers=tuple(Trigger(c) for c in points),
        queue=Outbox("idle", first, next_, newest),
    )
