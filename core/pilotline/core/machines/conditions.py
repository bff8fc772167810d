"""The small machines of a connector: cable, EV, contactor, supply, and the cable that is kept.

Theory of operation: each keeps one physical fact, moves on whatever the status is, also under a fault, and is
what the status comes back to when the fault is cleared (§4.9).
"""

from typing import Annotated

from msgspec import Struct

from pilotline.core import facts
from pilotline.core.boot import is_resumed
from pilotline.core.events import (
    AllowanceSpent,
    CablePlugged,
    CableReleased,
    CableUnplugged,
    ChargingBegan,
    ChargingEnded,
    ConnectorUnlocked,
    ContactorClosed,
    ContactorOpened,
    EnergyDeclined,
    EnergyOffered,
    EnergyRequested,
    EnergyWithheld,
    EvUnplugged,
    LimitFell,
    LimitRose,
    PoweredUp,
    StartInvalidated,
    TransactionEnded,
    UseEnded,
)
from pilotline.core.reading import NoReads
from pilotline.core.slices import CONNECTOR, every, fact, here, key
from pilotline.core.state import (
    Cable,
    Contactor,
    Counter,
    Ev,
    Instant,
    KeptCable,
    Map,
    Session,
    Supply,
    Transaction,
)
from pilotline.core.statechart import Machine, ignores, on
from pilotline.spec.rows import CableRows, ContactorRows, EvRows, KeptCableRows, SupplyRows
from pilotline.spec.types import Reason

# --- cable ---------------------------------------------------------------------------------------------------


class CableReads(Struct, frozen=True):
    """Whether the cable can stay behind in a socket."""

    fixed: Annotated[bool, fact(facts.has_fixed_cable)]


def fixed_cable(_own: Cable, reads: CableReads, _event: object) -> bool:
    return reads.fixed


CABLE = Machine(
    "cable",
    family=CONNECTOR,
    home="moment",
    slot="cables",
    blank=Cable(0),
    reads=CableReads,
    states=("unplugged", "plugged", "ev_side_out"),
    table=(
        on(CablePlugged, CableRows.P1),
        on(EvUnplugged, CableRows.P3, when=[fixed_cable]),
        on(EvUnplugged, CableRows.P2),
        on(CableUnplugged, CableRows.P3),
    ),
    ignored=(
        ignores(CablePlugged, in_=("plugged",), because="plugged in already"),
        ignores(EvUnplugged, in_=("ev_side_out",), because="out at the EV already"),
        ignores(EvUnplugged, CableUnplugged, in_=("unplugged",), because="nothing is plugged in"),
    ),
)

# --- EV ------------------------------------------------------------------------------------------------------

EV = Machine(
    "ev",
    family=CONNECTOR,
    home="moment",
    slot="evs",
    blank=Ev(0),
    reads=NoReads,
    states=("content", "asking"),
    table=(
        on(EnergyRequested, EvRows.V1),
        on(EnergyDeclined, EvRows.V2),
        on(EvUnplugged, EvRows.V2),
        on(CableUnplugged, EvRows.V2),
    ),
    ignored=(
        ignores(EnergyRequested, in_=("asking",), because="it asks already"),
        ignores(EnergyDeclined, EvUnplugged, CableUnplugged, in_=("content",), because="it does not ask"),
    ),
)

# --- contactor -----------------------------------------------------------------------------------------------

CONTACTOR = Machine(
    "contactor",
    family=CONNECTOR,
    home="moment",
    slot="contactors",
    blank=Contactor(0),
    reads=NoReads,
    states=("open", "closed"),
    table=(
        on(ContactorClosed, ContactorRows.W1),
        on(ContactorOpened, ContactorRows.W2),
    ),
    ignored=(
        ignores(ContactorClosed, in_=("closed",), because="closed already"),
        ignores(ContactorOpened, in_=("open",), because="open already"),
    ),
)

# --- supply --------------------------------------------------------------------------------------------------


class SupplyReads(Struct, frozen=True):
    """The transactions that a boot may resume, and whether a refused driver is granted some energy."""

    transactions: Annotated[Map[Counter, Transaction], every("transactions")]
    most_wh: Annotated[int | None, key("MaxEnergyOnInvalidId")]
    stop_on_invalid_id: Annotated[bool, key("StopTransactionOnInvalidId")]
    resumes: Annotated[bool, fact(facts.resumes_after_power_cut)]


def goes_on_without(_own: Supply, reads: SupplyReads, _event: AllowanceSpent) -> bool:
    return not reads.stop_on_invalid_id


def nothing_is_granted(_own: Supply, reads: SupplyReads, _event: StartInvalidated) -> bool:
    return not reads.most_wh


def stop_offering(
    own: Supply, _reads: SupplyReads, _event: object, _now: Instant
) -> tuple[Supply, tuple[EnergyWithheld]]:
    return own, (EnergyWithheld(own.connector),)


def resumed_but_refused(own: Supply, reads: SupplyReads, event: PoweredUp) -> bool:
    """The boot resumes a transaction whose start the Central System did not accept."""
    return any(
        is_resumed(transaction, reads.resumes, event)
        and transaction.connector == own.connector
        and transaction.answered is not None
        and transaction.answered.status != "Accepted"
        for transaction in reads.transactions.values()
    )


def offer_again(
    own: Supply, _reads: SupplyReads, _event: object, _now: Instant
) -> tuple[Supply, tuple[EnergyOffered]]:
    return own, (EnergyOffered(own.connector),)


SUPPLY = Machine(
    "supply",
    family=CONNECTOR,
    home="moment",
    slot="supplies",
    blank=Supply(0),
    reads=SupplyReads,
    states=("offered", "withheld", "limited"),
    table=(
        on(StartInvalidated, SupplyRows.Y1, stop_offering, when=[nothing_is_granted]),
        on(AllowanceSpent, SupplyRows.Y1, stop_offering, when=[goes_on_without]),
        on(StartInvalidated, SupplyRows.Y6, when=[nothing_is_granted]),
        on(AllowanceSpent, SupplyRows.Y6, when=[goes_on_without]),
        on(LimitFell, SupplyRows.Y4, stop_offering),
        on(LimitRose, SupplyRows.Y5, offer_again),
        on(PoweredUp, SupplyRows.Y3, when=[resumed_but_refused]),
        on(UseEnded, SupplyRows.Y2, offer_again),
        on(ChargingEnded, SupplyRows.Y2, offer_again),
    ),
    ignored=(
        ignores(PoweredUp, because="nothing is resumed, or its start was accepted"),
        ignores(StartInvalidated, because="withheld already, or some energy is granted"),
        ignores(AllowanceSpent, because="withheld already, or the transaction stops"),
        ignores(UseEnded, ChargingEnded, in_=("offered",), because="offered already"),
        ignores(LimitFell, LimitRose, because="withheld until the charging is over, or the use is over"),
    ),
)

# --- the cable that stays locked after its transaction --------------------------------------------------------


class KeptCableReads(Struct, frozen=True):
    """Why the transaction ended, and whether the EV's end may open the lock."""

    session: Annotated[Session, here("sessions")]
    transactions: Annotated[Map[Counter, Transaction], every("transactions")]
    cable: Annotated[Cable, here("cables")]
    lock: Annotated[bool, fact(facts.has_lock)]
    unlock_on_ev_side_disconnect: Annotated[bool, key("UnlockConnectorOnEVSideDisconnect")]


def _ended(reads: KeptCableReads) -> Transaction | None:
    number = reads.session.transaction
    return None if number is None else reads.transactions.get(number)


def _ended_for(reads: KeptCableReads, reason: Reason) -> bool:
    """Stopped for this reason while the driver's cable is in the lock."""
    ended = _ended(reads)
    stopped_so = ended is not None and ended.stop is not None and ended.stop.reason == reason
    return stopped_so and reads.lock and reads.cable.state != "unplugged"


def start_was_refused(_own: KeptCable, reads: KeptCableReads, _event: TransactionEnded) -> bool:
    return _ended_for(reads, "DeAuthorized")


def unplugging_opens_nothing(_own: KeptCable, reads: KeptCableReads, _event: TransactionEnded) -> bool:
    """Whoever pulls the cable at the EV does not get it at the station, too (§9.1.33)."""
    return _ended_for(reads, "EVDisconnected") and not reads.unlock_on_ev_side_disconnect


def keep(own: KeptCable, reads: KeptCableReads, _event: object, _now: Instant) -> KeptCable:
    """Until the driver comes, or the operator unlocks it; a power cut releases it too."""
    ended = _ended(reads) or Transaction()
    return KeptCable(own.connector, own.state, ended.id_tag, ended.parent_id_tag)


def release(own: KeptCable, _reads: KeptCableReads, _event: object, _now: Instant) -> KeptCable:
    return KeptCable(own.connector, own.state)


KEPT_CABLE = Machine(
    "kept_cable",
    family=CONNECTOR,
    home="moment",
    slot="kept_cables",
    blank=KeptCable(0),
    reads=KeptCableReads,
    states=("free", "kept"),
    table=(
        on(TransactionEnded, KeptCableRows.O1, keep, when=[start_was_refused]),
        on(TransactionEnded, KeptCableRows.O4, keep, when=[unplugging_opens_nothing]),
        on(CableReleased, KeptCableRows.O2, release),
        on(ConnectorUnlocked, KeptCableRows.O5, release),
        on(ChargingBegan, KeptCableRows.O3, release),
        on(UseEnded, KeptCableRows.O3, release),
    ),
    ignored=(
        ignores(TransactionEnded, because="the driver may go, or the cable is kept already"),
        ignores(
            CableReleased,
            ConnectorUnlocked,
            ChargingBegan,
            UseEnded,
            in_=("free",),
            because="no cable is kept",
        ),
    ),
)
