"""The port to the hardware: what a firmware team implements to put Pilotline into a station.

Commands go down, facts come up. `perform` hands over one command and returns at once; whatever takes time or
can fail comes back later as a fact, by the function that `begin` was given. The facts are the events of
`pilotline.core.events` from TagPresented to FaultCleared, and nothing else:

==================  =========================================================================================
command             what the hardware answers
==================  =========================================================================================
LockConnector       ConnectorLocked with the readings of that moment, or LockFailed
UnlockConnector     nothing; only connectors with a lock (``lock = true``) are ever told to lock or unlock
ReleaseConnector    ConnectorUnlocked or UnlockFailed: open the lock now, whatever it was told to be
CloseContactor      ContactorClosed when the feedback contact says so
OpenContactor       ContactorOpened with the readings after the current is off; also if it was open already
BreakContactor      the same, now, whatever it was told to be
LimitCurrent        nothing: what a car may draw on each phase (the pilot's duty cycle, or what is told by
                    ISO 15118), and on how many phases the contactor closes; these change only while it is open
ReadMeter           MeterRead with the same transaction and context; a meter that is silent answers nothing.
                    Connector 0 is the main meter: where there is none, the sum of all, or no answer
ReportWorld         every fact again, known or not: cables, EVs, contactors with registers, faults, cleared ones
ShowStatus          nothing: lights and displays
SetLightIntensity   nothing: how bright they are
SignalTag           nothing: tell the driver that the tag was accepted, or refused, by so many blinks
ReserveAmount       AmountReserved or AmountRefused; payment terminals only, as are the next three (docs/payment.md)
SettleAmount        AmountSettled, each time; what was done under its reference is not done twice
ReleaseAmount       AmountReleased, each time, also if nothing was reserved; a reservation that comes later is void
SignalCard          nothing: tell the driver that the card may charge, or not
==================  =========================================================================================

Facts that need no command: PowerFailing and MainsRestored (products with back-up power), TagPresented,
CardPresented, CablePlugged, EvUnplugged, CableUnplugged, EnergyRequested,
EnergyDeclined, FaultDetected, FaultCleared, LocalLimitFound and LocalLimitLifted (of a connector, or of the grid
connection: 0; told again at each start). Connectors and readers count from 1; connector 0 is the main
controller. Readings name the phases by the connector's own conductors (ConnectorPhaseRotation says which phase of
the grid feeds each); their registers only grow, and ``age_ms`` says how old a reading is that was not made just now.
Energy per interval is reckoned by the core: a meter need not tell any ``…Interval``.

No deadline, repetition or protocol belongs here: a feedback that stays away is noticed by the core. One thing
only is the hardware's own: **contactors open by themselves** when the process dies or stalls (a watchdog on
`perform`, or a relay that drops out). Everything runs on the event loop's thread; from another thread use
`loop.call_soon_threadsafe(tell, fact)`.
"""

from collections.abc import Callable
from typing import Protocol, TypeAlias

from msgspec import Struct

from pilotline.core.effects import Effect
from pilotline.core.events import External
from pilotline.core.state import Cause, Readings, UtcTime

Tell: TypeAlias = Callable[[External], None]
"""Takes one fact; raises `OverloadedError` if the station is too far behind to take more."""


class OverloadedError(RuntimeError):
    """The hardware tells more than the station can take in; the fact was not taken."""


class World(Struct, frozen=True):
    """How things are when the station starts. Tuples go by connectorId; index 0 is the main controller."""

    plugged: tuple[bool, ...]
    """Whether station and EV are joined; index 0 is False."""
    readings: tuple[Readings | None, ...]
    """What each meter shows; None: not known, as for index 0."""
    entropy: str
    """Hexadecimal digits drawn at random, 8 to 16 of them: message ids begin with the first boot's."""
    utc: UtcTime | None = None
    """Wall clock in ms since 1970, if the station has one that keeps going without power (§4.2)."""


class Hardware(Protocol):
    """All of it. Inherit from this class: what has a body here is optional."""

    def world(self) -> World:
        """The world as it is now; asked once before each start."""
        ...

    def begin(self, tell: Tell) -> None:
        """The station runs: from now on tell facts, and at once those that stand.

        That is EnergyRequested where an EV asks, and FaultDetected for what is wrong already.
        """
        ...

    def perform(self, command: Effect) -> None:
        """One command of the table above; one that it does not list is to be left alone."""
        ...

    def make_safe(self) -> None:
        """Open every contactor: the run loop ends, orderly or not, and nobody is going to listen."""
        ...

    def reboot(self, _cause: Cause) -> bool:
        """Start anew, because of a Reset (§5.14); False: it cannot be done now, and is ordered again.

        A product that restarts its process or its controller does that here, and its next start is `PoweredUp` with
        this cause. Otherwise the run loop starts the station anew within the process, after `power_lost`.
        """
        return True

    def power_lost(self) -> None:
        """The station's power was cut (`Station.cut_power`): commands under way come to nothing.

        A simulation lets its contactors fall open here. Real hardware has lost its power itself and need not
        care.
        """
