"""A tag reader: what a presented tag means, for the connectors this reader serves (§3.4, §3.6, §3.10).

Theory of operation: the tag that waits for its plug gives up (B1); the tag that started stops, unasked; the tag whose
start was refused gets its cable back; any other is authorized first. Once accepted, a connector that is plugged in and
waits comes first, then a running transaction of the same group, which it stops, then the connector that is reserved for
it, then the one that it has just used, then the lowest free one. What is reserved for others is none of these (§5.13);
whose group a tag is of shows when it is authorized, so before that a reservation for any group may be meant.
"""

from typing import Annotated, Final, NamedTuple

from msgspec import Struct

from pilotline.core import facts
from pilotline.core.effects import SignalTag
from pilotline.core.events import (
    AuthorizationAsked,
    CableReleased,
    StopAsked,
    TagDecided,
    TagPresented,
    UseGranted,
    UseWithdrawn,
)
from pilotline.core.fitness import fit_for_use
from pilotline.core.reserving import Floor, may_use, on_connector
from pilotline.core.slices import READER, every, fact, key, station
from pilotline.core.state import (
    Asker,
    Availability,
    Counter,
    Fault,
    Instant,
    KeptCable,
    Map,
    Reader,
    Reservation,
    Reset,
    Session,
    Transaction,
)
from pilotline.core.statechart import Machine, ignores, on
from pilotline.spec.rows import ReaderRows as row
from pilotline.spec.types import same

ID_TAG_MAX: Final = 20
BLINKS: Final = 1  # where BlinkRepeat is not offered


class Reads(Struct, frozen=True):
    """The connectors this reader may mean."""

    sessions: Annotated[tuple[Session, ...], every("sessions")]
    transactions: Annotated[Map[Counter, Transaction], every("transactions")]
    kept_cables: Annotated[tuple[KeptCable, ...], every("kept_cables")]
    faults: Annotated[tuple[Fault, ...], every("faults")]
    availability: Annotated[tuple[Availability, ...], every("availability")]
    reservations: Annotated[Map[int, Reservation], every("reservations")]
    reset: Annotated[Reset, station("reset")]
    serves: Annotated[tuple[int, ...], fact(facts.served_connectors)]
    blinks: Annotated[int | None, key("BlinkRepeat")]


# --- which connector -----------------------------------------------------------------------------------------


def _awaiting_its_plug(reads: Reads, id_tag: str) -> int | None:
    return _first(reads, "awaiting_plug", id_tag)


def _started_by(reads: Reads, id_tag: str) -> int | None:
    return _first(reads, "charging", id_tag)


def _first(reads: Reads, state: str, id_tag: str) -> int | None:
    for connector in reads.serves:
        session = reads.sessions[connector]
        if session.state == state and session.id_tag and same(session.id_tag, id_tag):
            return connector
    return None


def _group_of(reads: Reads, connector: int) -> str | None:
    """The group of the running transaction, as the Central System told it last (§3.10)."""
    session = reads.sessions[connector]
    if session.state != "charging" or session.transaction is None:
        return None
    return reads.transactions[session.transaction].parent_id_tag


def _of_the_group(reads: Reads, parent_id_tag: str | None) -> int | None:
    """A running transaction of the same group: parent compared with parent, never with a tag (§3.10)."""
    for connector in reads.serves:
        group = _group_of(reads, connector)
        if group and parent_id_tag and same(group, parent_id_tag):
            return connector
    return None


def _kept_of(reads: Reads, id_tag: str) -> int | None:
    for connector in reads.serves:
        kept = reads.kept_cables[connector]
        if kept.state == "kept" and same(kept.id_tag, id_tag):
            return connector
    return None


def _kept_of_the_group(reads: Reads, parent_id_tag: str | None) -> int | None:
    for connector in reads.serves:
        group = reads.kept_cables[connector].parent_id_tag
        if group and parent_id_tag and same(group, parent_id_tag):
            return connector
    return None


class Who(NamedTuple):
    """A tag, and its group once it is known."""

    id_tag: str
    parent_id_tag: str | None = None
    group_known: bool = True


def _fit(reads: Reads, connector: int, who: Who) -> bool:
    if not fit_for_use(connector, reads.faults, reads.availability, reads.reset):
        return False
    floor = Floor(reads.sessions, reads.faults, reads.availability, reads.reservations)
    if may_use(floor, connector, who.id_tag, who.parent_id_tag):
        return True
    return not who.group_known and any(r.parent_id_tag for r in reads.reservations.values())


def _waiting_for_a_tag(reads: Reads, who: Who) -> int | None:
    return _first_in(reads, ("awaiting_reserver",), who) or _first_in(reads, ("awaiting_id_tag",), who)


def _first_in(reads: Reads, states: tuple[str, ...], who: Who) -> int | None:
    for connector in reads.serves:
        if reads.sessions[connector].state in states and _fit(reads, connector, who):
            return connector
    return None


def _reserved_for(reads: Reads, who: Who) -> int | None:
    for connector in reads.serves:
        reserved = on_connector(reads.reservations, connector) is not None
        if reserved and reads.sessions[connector].state == "idle" and _fit(reads, connector, who):
            return connector
    return None


def _used_by(reads: Reads, who: Who) -> int | None:
    """Still plugged in after this tag's transaction: it may go on there (F2).

    After nobody's only if the tag can mean no other connector: else the next driver would pay for whoever plugged in
    and did not come (errata 3.20).
    """
    nobodys = who.id_tag if len(reads.serves) == 1 else ""
    for connector in reads.serves:
        session = reads.sessions[connector]
        mine = session.state == "finishing" and same(session.id_tag or nobodys, who.id_tag)
        if mine and _fit(reads, connector, who):
            return connector
    return None


def grantable(reads: Reads, who: Who) -> int | None:
    """The connector an accepted tag is granted, in the declared order; None: no connector is left."""
    return (
        _waiting_for_a_tag(reads, who)
        or _reserved_for(reads, who)
        or _used_by(reads, who)
        or _first_in(reads, ("idle",), who)
    )


def _signal(own: Reader, reads: Reads, accepted: bool) -> SignalTag:
    return SignalTag(own.number, accepted, BLINKS if reads.blinks is None else reads.blinks)


# --- guards and actions --------------------------------------------------------------------------------------


def unreadable(_own: Reader, _reads: Reads, event: TagPresented) -> bool:
    """Nothing that could stand in a message: an idTag is 1 to 20 printable characters (§2.2, §7.28)."""
    return not (0 < len(event.id_tag) <= ID_TAG_MAX and event.id_tag.isascii() and event.id_tag.isprintable())


def awaits_its_plug(_own: Reader, reads: Reads, event: TagPresented) -> bool:
    return _awaiting_its_plug(reads, event.id_tag) is not None


def give_up(
    own: Reader, reads: Reads, event: TagPresented, _now: Instant
) -> tuple[Reader, tuple[UseWithdrawn]]:
    return own, (UseWithdrawn(_awaiting_its_plug(reads, event.id_tag) or 0),)


def started_a_transaction(_own: Reader, reads: Reads, event: TagPresented) -> bool:
    return _started_by(reads, event.id_tag) is not None


def stop(
    own: Reader, reads: Reads, event: TagPresented, _now: Instant
) -> tuple[Reader, tuple[SignalTag | StopAsked, ...]]:
    """No Authorize.req for the tag that started (§3.4, §4.1)."""
    connector = _started_by(reads, event.id_tag) or 0
    return own, (_signal(own, reads, True), StopAsked(connector, "Local", event.id_tag))


def began_what_was_refused(_own: Reader, reads: Reads, event: TagPresented) -> bool:
    return _kept_of(reads, event.id_tag) is not None


def release(
    own: Reader, reads: Reads, event: TagPresented, _now: Instant
) -> tuple[Reader, tuple[SignalTag | CableReleased, ...]]:
    """Nobody has to be asked: it is the driver's own cable."""
    connector = _kept_of(reads, event.id_tag) or 0
    return own, (_signal(own, reads, True), CableReleased(connector))


def cannot_be_meant(_own: Reader, reads: Reads, event: TagPresented) -> bool:
    """No connector to grant, and nothing that a tag of the same group could end: nothing to ask (§3.10)."""
    groups = any(_group_of(reads, c) or reads.kept_cables[c].parent_id_tag for c in reads.serves)
    return grantable(reads, Who(event.id_tag, group_known=False)) is None and not groups


def refuse(own: Reader, reads: Reads, _event: object, _now: Instant) -> tuple[Reader, tuple[SignalTag]]:
    return Reader(own.number, own.state), (_signal(own, reads, False),)


def ask(
    own: Reader, _reads: Reads, event: TagPresented, _now: Instant
) -> tuple[Reader, tuple[AuthorizationAsked]]:
    asker = Asker("reader", own.number)
    return Reader(own.number, own.state, event.id_tag), (AuthorizationAsked(asker, event.id_tag),)


def accepted_for_its_group(own: Reader, reads: Reads, event: TagDecided) -> bool:
    return (
        event.status == "Accepted"
        and _waiting_for_a_tag(reads, Who(own.id_tag, event.parent_id_tag)) is None
        and _of_the_group(reads, event.parent_id_tag) is not None
    )


def stop_for_the_group(
    own: Reader, reads: Reads, event: TagDecided, _now: Instant
) -> tuple[Reader, tuple[SignalTag | StopAsked, ...]]:
    connector = _of_the_group(reads, event.parent_id_tag) or 0
    return Reader(own.number, own.state), (
        _signal(own, reads, True),
        StopAsked(connector, "Local", own.id_tag),
    )


def of_the_group_that_was_refused(_own: Reader, reads: Reads, event: TagDecided) -> bool:
    return _kept_of_the_group(reads, event.parent_id_tag) is not None


def release_to_the_group(
    own: Reader, reads: Reads, event: TagDecided, _now: Instant
) -> tuple[Reader, tuple[SignalTag | CableReleased, ...]]:
    """Whether it may charge does not matter: it is the group's own cable."""
    connector = _kept_of_the_group(reads, event.parent_id_tag) or 0
    return Reader(own.number, own.state), (_signal(own, reads, True), CableReleased(connector))


def accepted_and_grantable(own: Reader, reads: Reads, event: TagDecided) -> bool:
    return event.status == "Accepted" and grantable(reads, Who(own.id_tag, event.parent_id_tag)) is not None


def grant(
    own: Reader, reads: Reads, event: TagDecided, _now: Instant
) -> tuple[Reader, tuple[SignalTag | UseGranted, ...]]:
    connector = grantable(reads, Who(own.id_tag, event.parent_id_tag)) or 0
    granted = UseGranted(connector, own.id_tag, event.parent_id_tag, own.number)
    return Reader(own.number, own.state), (_signal(own, reads, True), granted)


READER_MACHINE = Machine(
    "reader",
    family=READER,
    home="moment",
    slot="readers",
    blank=Reader(0),
    reads=Reads,
    states=("idle", "authorizing"),
    table=(
        on(TagPresented, row.D8, refuse, when=[unreadable]),
        on(TagPresented, row.D1, give_up, when=[awaits_its_plug]),
        on(TagPresented, row.D2, stop, when=[started_a_transaction]),
        on(TagPresented, row.D9, release, when=[began_what_was_refused]),
        on(TagPresented, row.D3, refuse, when=[cannot_be_meant]),
        on(TagPresented, row.D4, ask),
        on(TagDecided, row.D5, stop_for_the_group, when=[accepted_for_its_group]),
        on(TagDecided, row.D10, release_to_the_group, when=[of_the_group_that_was_refused]),
        on(TagDecided, row.D6, grant, when=[accepted_and_grantable]),
        on(TagDecided, row.D7, refuse),
    ),
    ignored=(
        ignores(TagPresented, in_=("authorizing",), because="one tag at a time"),
        ignores(TagDecided, in_=("idle",), because="nobody asked"),
    ),
)
