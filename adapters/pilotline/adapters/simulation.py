"""SIMULATED hardware: cars, cables, locks, contactors, meters, readers and terminals that exist in this program
only.

It behaves as the hardware behind `pilotline.adapters.hardware` does: feedback takes time, a lock can jam, a
contactor can weld, a battery fills up. Nothing runs in between: what flows is computed when somebody looks,
exactly, and the one thing that happens by itself (the battery is full) has an alarm at its instant. So the
same acts at the same times give the same facts, at any speed.

The simulated world is not the station's memory: with a `file` it keeps its own (registers, cables, cars,
locks, faults), and goes on from there when the process is started anew. A power cut opens the contactors,
nothing else.
"""

import math
import secrets
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import get_args

from msgspec.structs import replace
from typing_extensions import override

from pilotline.adapters.clock import Alarm, Clock
from pilotline.adapters.hardware import Hardware, Tell, World
from pilotline.adapters.installer import SimulatedInstaller
from pilotline.adapters.simulated_car import Car
from pilotline.adapters.simulated_meter import Electrics, readings_of, sum_of
from pilotline.adapters.simulated_terminal import SimulatedTerminals
from pilotline.adapters.simulated_world import Point, SimulationError, loaded, saved
from pilotline.core.effects import (
    BreakContactor,
    CloseContactor,
    Effect,
    LimitCurrent,
    LockConnector,
    OpenContactor,
    ReadMeter,
    ReleaseConnector,
    ReportWorld,
    SetLightIntensity,
    ShowStatus,
    SignalTag,
    UnlockConnector,
)
from pilotline.core.events import (
    CablePlugged,
    CableUnplugged,
    ConnectorLocked,
    ConnectorUnlocked,
    ContactorClosed,
    ContactorOpened,
    EnergyDeclined,
    EnergyRequested,
    EvUnplugged,
    External,
    FaultCleared,
    FaultDetected,
    LocalLimitFound,
    LocalLimitLifted,
    LockFailed,
    MainsRestored,
    MeterRead,
    PowerFailing,
    TagPresented,
    UnlockFailed,
)
from pilotline.core.state import Cause, Readings
from pilotline.spec.products import Connector, Product
from pilotline.spec.types import LIMIT_MAX, ChargePointErrorCode, ChargingRateUnitType


class SimulatedHardware(Hardware):
    """The whole of a station's hardware, and those who use it. All methods are for the event loop's
    thread.
    """

    def __init__(
        self,
        product: Product,
        clock: Clock,
        *,
        file: Path | None = None,
        entropy: str | None = None,
        lock_delay_ms: int = 300,
        contactor_delay_ms: int = 50,
        car_delay_ms: int = 2_000,
    ) -> None:
        """`entropy` makes message ids repeatable; a car may take 5 s to keep to another limit.

        Raises `SimulationError` for a file that holds no such world.
        """
        self._product, self._clock, self._file = product, clock, file
        self._entropy = entropy or secrets.token_hex(4)
        self._lock_delay_ms, self._contactor_delay_ms = lock_delay_ms, contactor_delay_ms
        self._car_delay_ms = car_delay_ms
        self._tell: Tell | None = None
        self._points, holds = loaded(file, len(product.connectors) + 1)
        self.terminals = SimulatedTerminals(clock, self._say, self._save, holds)
        self._anchored_ms = [clock.now_ms()] * len(self._points)
        """Since when each point is as `_points` says: what flowed since then is computed."""
        self._feedback: dict[tuple[str, int], Alarm] = {}
        self._full: dict[int, Alarm] = {}
        self._well_again: set[tuple[int, ChargePointErrorCode]] = set()
        self._lifted: set[tuple[int, str]] = set()
        self.lights: dict[int, str] = {}
        """The status that each connector's light shows."""
        self.light_intensity_percent = 100
        """How bright the lights are."""
        self.reboots_fail = False
        """A restart that the station orders does not come about."""
        self.installer = SimulatedInstaller(product.identity.firmware_version or "0")
        """What puts firmware into the station, where no other does."""
        self.signals: dict[int, SignalTag] = {}
        """What each reader last told a driver."""

    # --- the port -------------------------------------------------------------------------------------------

    @override
    def world(self) -> World:
        plugged = tuple(point.cable == "joined" for point in self._points)
        readings = tuple(self.readings(c) if c else None for c in range(len(self._points)))
        return World(plugged, readings, self._entropy)

    @override
    def begin(self, tell: Tell) -> None:
        self._tell = tell
        for number, point in enumerate(self._points):
            facts = (*([EnergyRequested(number)] * point.asks), *([ContactorClosed(number)] * point.closed))
            for fact in (*facts, *point.faults, *point.local_limits):
                self._say(fact)

    @override
    def perform(self, command: Effect) -> None:
        match command:
            case LockConnector(connector=number):
                self._later("lock", number, self._lock_delay_ms, self._lock)
            case UnlockConnector(connector=number):
                self._later("lock", number, self._lock_delay_ms, self._unlock)
            case ReleaseConnector(connector=number):
                # its feedback is owed, whatever the level says meanwhile
                self._later("release", number, self._lock_delay_ms, self._release)
            case ReportWorld():
                self._report()
            case CloseContactor(connector=number):
                self._later("contactor", number, self._contactor_delay_ms, self._close)
            case OpenContactor(connector=number) | BreakContactor(connector=number):
                self._later("contactor", number, self._contactor_delay_ms, self._open)
            case LimitCurrent(connector=number):
                self._limit(command)
            case ReadMeter(connector=number, transaction=transaction, context=context):
                for read in (number,) if number else range(1, len(self._points)):
                    self._change(
                        read
                    )  # what was told is kept: no register runs backwards when the process dies
                self._say(MeterRead(number, transaction, context, self.readings(number)))
            case ShowStatus(connector=number, status=status):
                self.lights[number] = status
            case SetLightIntensity(percent=percent):
                self.light_intensity_percent = percent
            case SignalTag(reader=reader):
                self.signals[reader] = command
            case _:
                self.terminals.perform(command)

    @override
    def make_safe(self) -> None:
        for alarm in self._feedback.values():
            alarm.cancel()
        for number, point in enumerate(self._points):
            self._change(number, closed=point.closed and point.welded)

    @override
    def reboot(self, _cause: Cause) -> bool:
        return not self.reboots_fail

    @override
    def power_lost(self) -> None:
        self._tell = None
        self.terminals.power_lost()
        self.make_safe()

    # --- what a driver, a car or a fitter does --------------------------------------------------------------

    def plug_in(self, connector: int, car: Car | None = None) -> None:
        """Join the station and a car (an ordinary one, if none is given)."""
        self._refuse_if(connector, self._at(connector).cable == "joined", "a car is plugged in already")
        self._change(connector, car=car or Car(), cable="joined")
        self._say(CablePlugged(connector))
        if self._points[connector].asks:
            self._say(EnergyRequested(connector))

    def unplug_ev(self, connector: int) -> None:
        """Pull the cable at the car. A fixed cable is then free; the driver's own stays in the
        station's socket.
        """
        self._refuse_if(connector, self._at(connector).cable != "joined", "no car is plugged in")
        fixed = self._product.connectors[connector - 1].cable == "fixed"
        self._change(connector, car=None, cable="out" if fixed else "in_station")
        self._say(EvUnplugged(connector))

    def unplug_station(self, connector: int) -> None:
        """Pull the cable at the station's socket."""
        point = self._at(connector)
        self._refuse_if(
            connector, self._product.connectors[connector - 1].cable == "fixed", "the cable is fixed"
        )
        self._refuse_if(connector, point.cable == "out", "no cable is in the socket")
        self._refuse_if(connector, point.locked, "the cable is locked")
        self._change(connector, car=None, cable="out")
        self._say(CableUnplugged(connector))

    def pause_ev(self, connector: int) -> None:
        """Let the car stop charging, as its timer or its driver may."""
        asked = self._car(connector).asks
        self._change(connector, car=replace(self._car(connector), paused=True))
        if asked:
            self._say(EnergyDeclined(connector))

    def resume_ev(self, connector: int) -> None:
        """Let the car charge again, if its battery is not full."""
        self._refuse_if(connector, not self._car(connector).paused, "the car was not paused")
        self._change(connector, car=replace(self._car(connector), paused=False))
        if self._points[connector].asks:
            self._say(EnergyRequested(connector))

    def present_tag(self, reader: int, id_tag: str) -> None:
        """Hold a tag to a reader."""
        if not 1 <= reader <= len(self._product.readers):
            raise SimulationError(
                f"reader {reader}: the product has {len(self._product.readers)}, counted from 1"
            )
        self._say(TagPresented(reader, id_tag))

    def raise_fault(
        self,
        connector: int,
        error_code: ChargePointErrorCode,
        *,
        info: str | None = None,
        vendor_id: str | None = None,
        vendor_error_code: str | None = None,
        prevents_charging: bool = True,
    ) -> None:
        """Let something go wrong at a connector, or at the main controller (0), until it is cleared."""
        if error_code not in get_args(ChargePointErrorCode) or error_code == "NoError":
            raise SimulationError(
                f"connector {connector}: {error_code!r} is not an error code of OCPP 1.6 §7.6"
            )
        fault = FaultDetected(connector, error_code, info, vendor_id, vendor_error_code, prevents_charging)
        others = tuple(f for f in self._at(connector, first=0).faults if f.error_code != error_code)
        self._change(connector, faults=(*others, fault))
        self._well_again.discard((connector, error_code))
        self._say(fault)

    def clear_fault(self, connector: int, error_code: ChargePointErrorCode) -> None:
        """Let it be well again, whoever found it: the station itself may have."""
        standing = self._at(connector, first=0).faults
        self._change(connector, faults=tuple(f for f in standing if f.error_code != error_code))
        self._well_again.add((connector, error_code))
        self._say(FaultCleared(connector, error_code))

    def jam_lock(self, connector: int, jammed: bool = True) -> None:
        """Let the lock fail from now on, or work again."""
        self._at(connector)
        self._change(connector, lock_jammed=jammed)

    def weld_contactor(self, connector: int, welded: bool = True) -> None:
        """Let the contactor stick: once closed it opens no more. Or mend it, which opens it."""
        stuck = self._at(connector).welded and self._at(connector).closed
        self._change(connector, welded=welded)
        if stuck and not welded:
            self._open(connector)

    def fail_mains(self) -> None:
        """Let mains fail while the battery holds; when that is empty, `Station.cut_power`."""
        if not self._product.backup_power:
            raise SimulationError("mains: this product has no back-up power; power can only be cut")
        self._say(PowerFailing())

    def restore_mains(self) -> None:
        """Let mains come back before the battery is empty."""
        self._say(MainsRestored())

    def find_local_limit(
        self, connector: int, cause: str, limit: Decimal, unit: ChargingRateUnitType
    ) -> None:
        """Let the grid connection (0) or a connector bear no more than this, until it is lifted."""
        if not (limit.is_finite() and 0 <= limit <= LIMIT_MAX):
            raise SimulationError(f"connector {connector}: a limit is 0 to {LIMIT_MAX}, not {limit}")
        found = LocalLimitFound(connector, cause, limit, unit)
        self._change(connector, local_limits=(*self._other_limits(connector, cause), found))
        self._lifted.discard((connector, cause))
        self._say(found)

    def lift_local_limit(self, connector: int, cause: str) -> None:
        """Let it bear again what it is built for."""
        self._change(connector, local_limits=self._other_limits(connector, cause))
        self._lifted.add((connector, cause))
        self._say(LocalLimitLifted(connector, cause))

    def _other_limits(self, connector: int, cause: str) -> tuple[LocalLimitFound, ...]:
        return tuple(f for f in self._at(connector, first=0).local_limits if f.cause != cause)

    # --- looking --------------------------------------------------------------------------------------------

    def point(self, connector: int) -> Point:
        """The connector as it is now."""
        point = self._at(connector, first=0)
        flowed_wh = self._flowed_wh(connector)
        if point.car is None or flowed_wh == 0:
            return point
        return replace(point, car=point.car.charged(flowed_wh), register_wh=point.register_wh + flowed_wh)

    def power_w(self, connector: int) -> float:
        """What flows now."""
        car = self.point(connector).car
        return 0.0 if car is None or not self._flows(connector) else car.power_w(self._offered_w(connector))

    def readings(self, connector: int) -> Readings:
        """What the meter of the connector shows now; 0: a main meter, which is no meter here but the sum of all."""
        if connector == 0:
            return sum_of(self._product.meter, [self.readings(c) for c in range(1, len(self._points))])
        point, built = self.point(connector), self._product.connectors[connector - 1]
        phases = _phases(built, point)
        electrics = Electrics(
            energy_wh=point.register_wh,
            power_w=self.power_w(connector),
            offered_w=self._offered_w(connector) if point.closed else 0.0,
            full_power_w=built.nominal_voltage_v * built.phases * built.max_current_a,
            voltage_v=built.nominal_voltage_v,
            phases=phases,
            alternating=built.kind == "AC",
            soc_percent=None if point.car is None or point.cable != "joined" else point.car.soc_percent,
        )
        return readings_of(self._product.meter, electrics)

    # --- physics --------------------------------------------------------------------------------------------

    def _offered_w(self, connector: int) -> float:
        """What the connector offers: its wires, its limit, and on AC what the car's charger can use."""
        built, point = self._product.connectors[connector - 1], self._points[connector]
        ampere_w = built.nominal_voltage_v * _phases(built, point)
        offered_w = ampere_w * built.max_current_a
        if point.limit_a is not None:
            offered_w = min(offered_w, ampere_w * point.limit_a)
        if offered_w < ampere_w * built.min_current_a:
            return 0.0
        if built.kind == "AC" and point.car is not None:
            offered_w = min(offered_w, point.car.max_ac_power_w)
        return offered_w

    def _flows(self, connector: int) -> bool:
        return self._points[connector].closed and self._points[connector].asks

    def _flowed_wh(self, connector: int) -> float:
        car = self._points[connector].car
        if car is None or not self._flows(connector):
            return 0.0
        return car.energy_wh(self._clock.now_ms() - self._anchored_ms[connector], self._offered_w(connector))

    def _change(self, connector: int, **changes: object) -> None:
        """Settle what flowed, change what is, and say when the battery will be full."""
        self._points[connector] = self.point(connector)
        self._anchored_ms[connector] = self._clock.now_ms()
        self._points[connector] = replace(self._points[connector], **changes)
        if connector in self._full:
            self._full.pop(connector).cancel()
        car = self._points[connector].car
        if car is not None and self._flows(connector):
            duration_ms = car.full_after_ms(self._offered_w(connector))
            if duration_ms < math.inf:
                at_ms = self._anchored_ms[connector] + math.ceil(duration_ms)
                self._full[connector] = self._clock.call_at(at_ms, lambda: self._fill(connector))
        self._save()

    def _save(self) -> None:
        if self._file is not None:
            saved(self._file, self._points, self.terminals.holds.values())

    def _fill(self, connector: int) -> None:
        del self._full[connector]
        self._change(connector)
        self._say(EnergyDeclined(connector))

    def _limit(self, command: LimitCurrent) -> None:
        """A car that draws obeys after a moment of its own; phases are told while the contactor is open."""
        number, limit_a = command.connector, float(command.current_a)
        self._change(number, phases=command.phases)
        delay_ms = self._car_delay_ms if self._flows(number) else 0
        if delay_ms:
            self._later("limit", number, delay_ms, lambda connector: self._change(connector, limit_a=limit_a))
        else:
            self._forget("limit", number)
            self._change(number, limit_a=limit_a)

    # --- feedback -------------------------------------------------------------------------------------------

    def _later(self, part: str, connector: int, delay_ms: int, act: Callable[[int], None]) -> None:
        """A newer command to the same part takes the place of an older one."""
        self._forget(part, connector)
        at_ms = self._clock.now_ms() + delay_ms
        self._feedback[part, connector] = self._clock.call_at(at_ms, lambda: act(connector))

    def _forget(self, part: str, connector: int) -> None:
        pending = self._feedback.pop((part, connector), None)
        if pending is not None:
            pending.cancel()

    def _lock(self, connector: int) -> None:
        point = self._points[connector]
        if point.lock_jammed or point.cable == "out":
            self._say(LockFailed(connector))
            return
        self._change(connector, locked=True)
        self._say(ConnectorLocked(connector, self.readings(connector)))

    def _unlock(self, connector: int) -> None:
        if not self._points[connector].lock_jammed:
            self._change(connector, locked=False)

    def _release(self, connector: int) -> None:
        self._unlock(connector)
        self._say((UnlockFailed if self._points[connector].lock_jammed else ConnectorUnlocked)(connector))

    def _close(self, connector: int) -> None:
        self._change(connector, closed=True)
        self._say(ContactorClosed(connector))

    def _open(self, connector: int) -> None:
        point = self._points[connector]
        if not (point.welded and point.closed):
            self._change(connector, closed=False)
            self._say(ContactorOpened(connector, self.readings(connector)))

    def _report(self) -> None:
        """All facts, known or not: some may have been lost with a store that failed."""
        for number, point in enumerate(self._points):
            if number > 0:
                joined = CablePlugged(number) if point.cable == "joined" else CableUnplugged(number)
                self._say(EvUnplugged(number) if point.cable == "in_station" else joined)
                self._say(EnergyRequested(number) if point.asks else EnergyDeclined(number))
                opened = ContactorOpened(number, self.readings(number))
                self._say(ContactorClosed(number) if point.closed else opened)
            for fact in (*point.faults, *point.local_limits):
                self._say(fact)
        for connector, error_code in sorted(self._well_again):
            self._say(FaultCleared(connector, error_code))
        for connector, cause in sorted(self._lifted):
            self._say(LocalLimitLifted(connector, cause))

    # --- the rest -------------------------------------------------------------------------------------------

    def _say(self, fact: External) -> None:
        """Nobody listens while there is no power: `world` and `begin` tell it later."""
        if self._tell is not None:
            self._tell(fact)

    def _at(self, connector: int, *, first: int = 1) -> Point:
        if not first <= connector < len(self._points):
            raise SimulationError(
                f"connector {connector}: the product has {len(self._points) - 1}, counted from 1"
            )
        return self._points[connector]

    def _car(self, connector: int) -> Car:
        self._at(connector)
        car = self.point(connector).car
        if car is None:
            raise SimulationError(f"connector {connector}: no car is plugged in")
        return car

    def _refuse_if(self, connector: int, refused: bool, reason: str) -> None:
        if refused:
            raise SimulationError(f"connector {connector}: {reason}")


def _phases(built: Connector, point: Point) -> int:
    closed = min(built.phases, point.phases or built.phases)
    return closed if point.car is None else min(closed, point.car.phases)
