"""Reset (§5.14): the answer comes first, then all else. While Pending it is served as ever (§4.2)."""

from typing import Annotated

from msgspec import Struct

from pilotline.core.decision_table import DecisionTable, otherwise, when
from pilotline.core.events import ResetAsked
from pilotline.core.slices import station
from pilotline.core.state import Firmware, Reset
from pilotline.spec.messages.core import ResetConf, ResetReq


class Reads(Struct, frozen=True):
    """Whether the station goes down already, and whether it must stay up."""

    reset: Annotated[Reset, station("reset")]
    firmware: Annotated[Firmware, station("firmware")]


def on_its_way(reads: Reads, request: ResetReq) -> bool:
    """A second Soft while one winds down; any while the restart is ordered. A Hard does not wait for a Soft."""
    state = reads.reset.state
    return state == "rebooting" or (state == "winding_down" and request.type == "Soft")


def soft_on_a_battery(reads: Reads, request: ResetReq) -> bool:
    """The transactions are being stopped for the mains, and their reason stands."""
    return reads.reset.state == "on_battery" and request.type == "Soft"


def installing(reads: Reads, _request: ResetReq) -> bool:
    """A station that goes down half-way may not come back; it starts anew when the firmware is installed."""
    return reads.firmware.state == "installing"


def accept(_reads: Reads, _request: ResetReq) -> ResetConf:
    return ResetConf(status="Accepted")


def reject(_reads: Reads, _request: ResetReq) -> ResetConf:
    return ResetConf(status="Rejected")


def reset(_reads: Reads, request: ResetReq) -> tuple[ResetConf, tuple[ResetAsked]]:
    cause = ResetAsked("SoftReset" if request.type == "Soft" else "HardReset")
    return ResetConf(status="Accepted"), (cause,)


RESET_OPERATION: DecisionTable[Reads, ResetReq] = DecisionTable(
    ResetReq,
    Reads,
    (
        when(on_its_way, name="on its way already", answer=accept),
        when(soft_on_a_battery, name="Soft, while mains fail", answer=reject),
        when(installing, name="firmware is being installed", answer=reject),
        otherwise("go down", reset),
    ),
)
