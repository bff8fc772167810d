"""PoweredUp: a fresh Moment on an old Memory, and the world as it is."""

from msgspec.structs import replace

from pilotline.core.effects import Change, Put
from pilotline.core.events import PoweredUp
from pilotline.core.facts import outlets
from pilotline.core.limiting import unbounded
from pilotline.core.state import (
    Aligned,
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
    PhaseSwitch,
    Reader,
    SampleKeeper,
    Session,
    SmartCharging,
    Stamp,
    StatusReport,
    Supply,
    Transaction,
    Trigger,
    Unlock,
    UtcTime,
)
from pilotline.core.transaction_messages import is_undated, stamps_of, with_dates
from pilotline.spec.products import Product


def initial_memory(memory: Memory | None, event: PoweredUp) -> tuple[Memory, list[Change]]:
    """The Memory of this boot: its number is one more; a station that never ran gets the product's own values."""
    if memory is None:
        boot = Boot(Counter(1), event.entropy, model_of(event.product))
        points = range(len(event.product.connectors) + 1)
        availability = tuple(Availability(connector) for connector in points)
        return Memory(event.product.factory_configuration, boot, availability), [Put("boot", None, boot)]
    dated_memory, changes = _dated(memory, event.utc)
    boot = replace(dated_memory.boot, number=Counter(memory.boot.number + 1))
    return replace(dated_memory, boot=boot), [*changes, Put("boot", None, boot)]


def _dated(memory: Memory, now_utc: UtcTime | None) -> tuple[Memory, list[Change]]:
    """What the last boot left undated never met a clock: it counts from the last time that was known before it, and is
    not after the present, if a clock of the station's own tells that. The latest of it is then the last time known, so
    no later boot dates anything before it.
    """
    last = memory.boot.last_known
    known = now_utc if last is None else last.utc
    if known is None:
        return memory, []
    outbox, transactions, samples = memory.outbox, memory.transactions, memory.samples
    changes: list[Change] = []

    def counted(stamp: Stamp) -> Stamp:
        return _counted(stamp, known, now_utc) if stamp.utc is None else stamp

    for number, entry in sorted(memory.outbox.items()):
        if is_undated(entry.message):
            outbox = outbox.set(number, with_dates(entry, counted))
            last = _later(last, stamps_of(outbox[number].message)[0])
            changes.append(Put("outbox", number, outbox[number]))
    for number, kept in memory.samples.items():
        if kept.sample.stamp.utc is None:
            sample = replace(kept.sample, stamp=counted(kept.sample.stamp))
            last = _later(last, sample.stamp)
            samples = samples.set(number, replace(kept, sample=sample))
            changes.append(Put("samples", number, samples[number]))
    for number, transaction in memory.transactions.items():
        cause = transaction.stop
        if transaction.state == "stopping" and cause is not None and cause.stamp.utc is None:
            stamp = counted(cause.stamp)
            last = _later(last, stamp)
            transactions = transactions.set(number, replace(transaction, stop=replace(cause, stamp=stamp)))
            changes.append(Put("transactions", number, transactions[number]))
    boot = replace(memory.boot, last_known=last)
    return replace(memory, boot=boot, outbox=outbox, transactions=transactions, samples=samples), changes


def _counted(stamp: Stamp, known: UtcTime, latest: UtcTime | None) -> Stamp:
    utc = known + stamp.at
    return Stamp(stamp.boot, stamp.at, UtcTime(utc if latest is None else min(utc, latest)))


def _later(last: Stamp | None, stamp: Stamp) -> Stamp:
    return stamp if last is None or (last.utc or 0) < (stamp.utc or 0) else last


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
        aligned=tuple(Aligned(c) for c in points),
        phase_switches=(
            PhaseSwitch(0),
            *(PhaseSwitch(c, phases=part.phases) for c, part in enumerate(event.product.connectors, start=1)),
        ),
        smart_charging=SmartCharging(
            limits=(None, *(unbounded(outlet) for outlet in outlets(event.product, None)))
        ),
        sample_keeper=SampleKeeper(next=Counter(max(memory.samples, default=0) + 1)),
    )
