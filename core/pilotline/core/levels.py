"""How things are to be: one table over the state. A level is handed over when it changes, and all after PoweredUp.

What makes safe (opening a contactor) is handed over before the commit, all else after it.
"""

from collections.abc import Callable, Collection
from decimal import Decimal
from typing import Final, NamedTuple

from pilotline.core import facts
from pilotline.core.effects import (
    CloseContactor,
    Effect,
    LimitCurrent,
    LockConnector,
    OpenContactor,
    PingEvery,
    SetLightIntensity,
    ShowStatus,
    UnlockConnector,
)
from pilotline.core.state import State
from pilotline.spec.products import Product


class Level(NamedTuple):
    """One level per connector, or one for the station: what it reads, and what it commands."""

    name: str
    per_connector: bool
    reads: frozenset[str]
    """The slots the level depends on; nothing is computed while none of them is replaced."""
    command: Callable[[State, int], Effect]
    of: Callable[[Product, int], bool] = facts.every_connector
    """Which connectors have it."""
    keys: tuple[str, ...] = ()
    """The configuration keys it reads."""


def contactor(state: State, connector: int) -> Effect:
    """Closed while a transaction may take energy: charging, plugged, offered, and nothing wrong (§4.1, §3.6)."""
    moment = state.moment
    closed = (
        moment.sessions[connector].state == "charging"
        and moment.cables[connector].state == "plugged"
        and moment.supplies[connector].state == "offered"
        and moment.phase_switches[connector].state == "settled"
        and moment.faults[connector].state != "faulted"
        and (moment.storage.state == "fine" or state.product.on_commit_failure == "continue")
    )
    return CloseContactor(connector) if closed else OpenContactor(connector)


def limit(state: State, connector: int) -> Effect:
    """What profiles and local limits leave (§3.13); while nobody charges, what the product can carry. Phases are
    switched without any current.
    """
    applied, switch = state.moment.smart_charging.limits[connector], state.moment.phase_switches[connector]
    assert applied, "connector 0 has no limit of its own"  # noqa: S101  (an assertion of ours, see step)
    current_a = applied.current_a if switch.state == "settled" else Decimal(0)
    return LimitCurrent(connector, current_a, switch.phases)


def lock(state: State, connector: int) -> Effect:
    """Locked from before the transaction until it has stopped, and for a driver who was refused beyond that; a fixed
    cable has no lock (§3.5.4, §4.10).
    """
    moment = state.moment
    in_use = moment.sessions[connector].state in ("starting", "charging", "ending")
    locked = in_use or moment.kept_cables[connector].state == "kept"
    return LockConnector(connector) if locked else UnlockConnector(connector)


def light(state: State, connector: int) -> Effect:
    """What the driver sees is the status."""
    return ShowStatus(connector, state.moment.connectors[connector].state)


def brightness(state: State, _connector: int) -> Effect:
    """LightIntensity; without the key the lights are as bright as they can be (§9.1.11)."""
    return SetLightIntensity(state.memory.configuration.integer("LightIntensity", 100))


def ping(state: State, _connector: int) -> Effect:
    """WebSocketPingInterval; without the key there are no pings (OCPP-J §7)."""
    return PingEvery(state.memory.configuration.integer("WebSocketPingInterval", 0))


LEVELS: Final = (
    Level("limit", True, frozenset({"smart_charging", "phase_switches"}), limit),
    Level(
        "contactor",
        True,
        frozenset({"sessions", "cables", "supplies", "phase_switches", "faults", "storage"}),
        contactor,
    ),
    Level("lock", True, frozenset({"sessions", "kept_cables"}), lock, facts.has_lock),
    Level("light", True, frozenset({"connectors"}), light),
    Level("brightness", False, frozenset({"configuration"}), brightness, keys=("LightIntensity",)),
    Level("ping", False, frozenset({"configuration"}), ping, keys=("WebSocketPingInterval",)),
)


def commands(before: State | None, after: State, touched: Collection[str]) -> list[Effect]:
    """The levels that are another after this step, which touched these slots; all of them if there is no state
    before it, or if what was handed over while the store failed may not be what the state says.
    """
    if (
        before is not None
        and before.moment.storage.state == "failing"
        and after.moment.storage.state == "fine"
    ):
        before = None
    found: list[Effect] = []
    for level in LEVELS:
        if before is not None and level.reads.isdisjoint(touched):
            continue
        for key in range(1, len(after.moment.connectors)) if level.per_connector else (0,):
            if not level.of(after.product, key):
                continue
            command = level.command(after, key)
            if before is None or level.command(before, key) != command:
                found.append(command)
    return found
