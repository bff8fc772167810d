"""The nine statuses of a connector and every transition between them that OCPP 1.6 §4.9 allows.

The id of a row is the letter of its source followed by the number of its target, both counted in the
order of `STATUSES`: A2 leads from Available to Preparing. A cell of the standard's table that is empty has
no row here. The core binds these rows to events; it never states a source or a target again.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import msgspec

from pilotline.spec.types import ChargePointErrorCode, ChargePointStatus

STATUSES: Final[tuple[ChargePointStatus, ...]] = (
    "Available",
    "Preparing",
    "Charging",
    "SuspendedEV",
    "SuspendedEVSE",
    "Finishing",
    "Reserved",
    "Unavailable",
    "Faulted",
)
"""In the order of the standard's table: row letters A … I, column numbers 1 … 9 (OCPP 1.6 §4.9)."""


class StatusRow(msgspec.Struct, frozen=True):
    """One transition of OCPP 1.6 §4.9: its id there, where it leads, and when it is taken."""

    id: str
    source: ChargePointStatus
    target: ChargePointStatus
    remark: str


A2: Final = StatusRow("A2", "Available", "Preparing", "use begins: plug, bay, tag, button or remote start")
A3: Final = StatusRow("A3", "Available", "Charging", "a station without authorization charges at once")
A4: Final = StatusRow("A4", "Available", "SuspendedEV", "as A3, while the EV takes no energy")
A5: Final = StatusRow("A5", "Available", "SuspendedEVSE", "as A3, while the EVSE offers no energy")
A7: Final = StatusRow("A7", "Available", "Reserved", "the Central System reserves it")
A8: Final = StatusRow("A8", "Available", "Unavailable", "the Central System takes it out of service")
A9: Final = StatusRow("A9", "Available", "Faulted", "a fault rules out charging")
B1: Final = StatusRow("B1", "Preparing", "Available", "use given up: unplugged, tag again, or timed out")
B3: Final = StatusRow("B3", "Preparing", "Charging", "all conditions hold and energy flows")
B4: Final = StatusRow("B4", "Preparing", "SuspendedEV", "all conditions hold, the EV takes no energy")
B5: Final = StatusRow("B5", "Preparing", "SuspendedEVSE", "all conditions hold, the EVSE offers no energy")
B6: Final = StatusRow(
    "B6", "Preparing", "Finishing", "plugged in, no tag in time: the plug must come out first"
)
B9: Final = StatusRow("B9", "Preparing", "Faulted", "a fault rules out charging")
C1: Final = StatusRow("C1", "Charging", "Available", "the session is over and nothing is left to do")
C4: Final = StatusRow("C4", "Charging", "SuspendedEV", "the EV stops taking energy")
C5: Final = StatusRow(
    "C5", "Charging", "SuspendedEVSE", "the EVSE stops offering: a limit, or the start refused"
)
C6: Final = StatusRow("C6", "Charging", "Finishing", "the transaction is stopped, the user has yet to unplug")
C8: Final = StatusRow("C8", "Charging", "Unavailable", "as C1, and it was scheduled to leave service")
C9: Final = StatusRow("C9", "Charging", "Faulted", "a fault rules out charging")
D1: Final = StatusRow("D1", "SuspendedEV", "Available", "the session is over and nothing is left to do")
D3: Final = StatusRow("D3", "SuspendedEV", "Charging", "the EV takes energy again")
D5: Final = StatusRow("D5", "SuspendedEV", "SuspendedEVSE", "now the EVSE offers no energy")
D6: Final = StatusRow(
    "D6", "SuspendedEV", "Finishing", "the transaction is stopped, the user has yet to unplug"
)
D8: Final = StatusRow("D8", "SuspendedEV", "Unavailable", "as D1, and it was scheduled to leave service")
D9: Final = StatusRow("D9", "SuspendedEV", "Faulted", "a fault rules out charging")
E1: Final = StatusRow("E1", "SuspendedEVSE", "Available", "the session is over and nothing is left to do")
E3: Final = StatusRow("E3", "SuspendedEVSE", "Charging", "the EVSE offers energy again and the EV takes it")
E4: Final = StatusRow("E4", "SuspendedEVSE", "SuspendedEV", "the EVSE offers energy again, the EV takes none")
E6: Final = StatusRow(
    "E6", "SuspendedEVSE", "Finishing", "the transaction is stopped, the user has yet to unplug"
)
E8: Final = StatusRow("E8", "SuspendedEVSE", "Unavailable", "as E1, and it was scheduled to leave service")
E9: Final = StatusRow("E9", "SuspendedEVSE", "Faulted", "a fault rules out charging")
F1: Final = StatusRow("F1", "Finishing", "Available", "the user has done all there was to do")
F2: Final = StatusRow("F2", "Finishing", "Preparing", "the user begins anew: another transaction")
F8: Final = StatusRow("F8", "Finishing", "Unavailable", "as F1, and it was scheduled to leave service")
F9: Final = StatusRow("F9", "Finishing", "Faulted", "a fault rules out charging")
G1: Final = StatusRow("G1", "Reserved", "Available", "the reservation has expired or was cancelled")
G2: Final = StatusRow("G2", "Reserved", "Preparing", "the one it is reserved for begins to use it")
G8: Final = StatusRow("G8", "Reserved", "Unavailable", "as G1, and it was scheduled to leave service")
G9: Final = StatusRow("G9", "Reserved", "Faulted", "a fault rules out charging")
H1: Final = StatusRow("H1", "Unavailable", "Available", "the Central System puts it into service")
H2: Final = StatusRow("H2", "Unavailable", "Preparing", "into service, and a user has already begun")
H3: Final = StatusRow("H3", "Unavailable", "Charging", "into service, and charging needs no user")
H4: Final = StatusRow("H4", "Unavailable", "SuspendedEV", "as H3, while the EV takes no energy")
H5: Final = StatusRow("H5", "Unavailable", "SuspendedEVSE", "as H3, while the EVSE offers no energy")
H9: Final = StatusRow("H9", "Unavailable", "Faulted", "a fault rules out charging")
I1: Final = StatusRow("I1", "Faulted", "Available", "the fault is gone: back to the status before it")
I2: Final = StatusRow("I2", "Faulted", "Preparing", "the fault is gone: back to the status before it")
I3: Final = StatusRow("I3", "Faulted", "Charging", "the fault is gone: back to the status before it")
I4: Final = StatusRow("I4", "Faulted", "SuspendedEV", "the fault is gone: back to the status before it")
I5: Final = StatusRow("I5", "Faulted", "SuspendedEVSE", "the fault is gone: back to the status before it")
I6: Final = StatusRow("I6", "Faulted", "Finishing", "the fault is gone: back to the status before it")
I7: Final = StatusRow("I7", "Faulted", "Reserved", "the fault is gone: back to the status before it")
I8: Final = StatusRow("I8", "Faulted", "Unavailable", "the fault is gone: back to the status before it")

# fmt: off
ROWS: Final[tuple[StatusRow, ...]] = (
    A2, A3, A4, A5, A7, A8, A9,
    B1, B3, B4, B5, B6, B9,
    C1, C4, C5, C6, C8, C9,
    D1, D3, D5, D6, D8, D9,
    E1, E3, E4, E6, E8, E9,
    F1, F2, F8, F9,
    G1, G2, G8, G9,
    H1, H2, H3, H4, H5, H9,
    I1, I2, I3, I4, I5, I6, I7, I8,
)
# fmt: on
"""All transitions of a connector (OCPP 1.6 §4.9)."""

CONNECTOR_0_STATUSES: Final[frozenset[ChargePointStatus]] = frozenset({"Available", "Unavailable", "Faulted"})
"""What connector 0, the station itself, may report; independent of its connectors (OCPP 1.6 §4.9)."""

CONNECTOR_0_ROWS: Final[tuple[StatusRow, ...]] = tuple(
    row for row in ROWS if {row.source, row.target} <= CONNECTOR_0_STATUSES
)
"""The transitions of connector 0: the same rows, as far as both ends are its statuses."""

ERROR_CODE_STATUSES: Final[Mapping[ChargePointErrorCode, frozenset[ChargePointStatus]]] = MappingProxyType(
    {"EVCommunicationError": frozenset({"Preparing", "SuspendedEV", "SuspendedEVSE", "Finishing"})}
)
"""The statuses an errorCode is confined to; a code not listed goes with any (OCPP 1.6 §4.9).

Any code but NoError beside a status other than Faulted is a warning: charging remains possible.
"""
