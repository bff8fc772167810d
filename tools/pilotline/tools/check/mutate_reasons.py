"""Mutants that neither the explorer nor the stateful tests notice, each with the reason."""

from typing import Final

_LOOKS_AGAIN: Final = (
    "a timer that goes on looks once more, and finds nothing new: nothing else follows from it"
)
_BY_EXAMPLE: Final = "no scope asks for it; noticed by "

SURVIVORS: Final[dict[str, str]] = {
    "decision dropped: SetChargingProfileReq a level, a unit or periods beyond the keys": (
        _BY_EXAMPLE + "the conformance tests of smart charging"
    ),
    "decision's output left out: SetChargingProfileReq installed, ProfilesChanged": (
        "no promise says what limit a profile makes; noticed by the conformance tests and scenarios of smart charging"
    ),
    "decisions swapped: ChangeConfigurationReq not a value of this key and in force after a reboot": (
        "no scope sets a key that needs a reboot to what it does not take"
    ),
    "decisions swapped: DataTransferReq no such message of this vendor and the product declares the answer": (
        "the same: a message that is not known has no answer of the product's"
    ),
    "decisions swapped: SetChargingProfileReq TxProfile, and no such transaction runs and one profile too many": (
        "the same: both rows reject"
    ),
    "guard dropped: aligned J4T/MeterRead, usable": (
        "no promise says how old a reading at a tick may be, and no scope has one that is too old"
    ),
    "guard dropped: diagnostics_notices Q4/DiagnosticsNoticeDue, somebody listens": (
        "the same: what is asked while nobody listens is withdrawn in the same step, and due again"
    ),
    "row removed: session S8M/ConnectorLocked": (
        "the start is given up at its deadline, as if the lock had not told; noticed by the scenario of old readings"
    ),
    "timer not stopped by its row: smart_charging M2/ChargingEnded, Disarm": _LOOKS_AGAIN,
}
