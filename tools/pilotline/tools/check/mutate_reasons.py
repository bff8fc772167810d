"""Mutants that neither the explorer nor the stateful tests notice, each with the reason."""

from typing import Final

_HOW_IT_ENDED: Final = "how a call ended follows from the event: the row never hands this out"


SAME: Final[dict[str, str]] = {
    **{
        f"raised event left out: call {row}/{event}, {ended}": _HOW_IT_ENDED
        for row in ("C4", "C5", "C9")
        for event, others in {
            "ResultReceived": ("Refused", "Unanswered"),
            "ErrorReceived": ("Confirmed", "Unanswered"),
            "CallTimedOut": ("Confirmed", "Refused"),
        }.items()
        for ended in others
    },
    "decisions swapped: GetConfigurationReq no keys: all of them and more than GetConfigurationMaxKeys": (
        "no keys are never more than that"
    ),
    "decisions swapped: UnlockConnectorReq nothing to unlock and being unlocked already": (
        "what has no lock is never being unlocked"
    ),
    "guard dropped: diagnostics_notices Q4/DiagnosticsNoticeDue, somebody listens": (
        "what is asked while nobody listens is withdrawn in the same step, and due again"
    ),
    "record not stored or dropped by its row: smart_charging M1/TransactionBegan, Drop": (
        "a TxProfile ends with its transaction, so none has the place of the one that comes: the row never drops any"
    ),
    "guard dropped: vacancy O1/UseEnded, somebody reserved any": (
        "whoever looks again finds the status that is: with nobody to keep a connector for, it is not another"
    ),
    "timer not stopped by its row: clock_aligned J1/Restored, Disarm": "a boot has armed nothing yet",
    "timer not stopped by its row: smart_charging M7/Restored, Disarm": "a boot has armed nothing yet",
    "timer not stopped by its row: clock_aligned J2/TickDue, Disarm": (
        "a tick comes only while the interval is not 0, so there is always a next one: the row never hands this out"
    ),
    "timer not stopped by its row: smart_charging M1/ContactorClosed, Disarm": (
        "what counts from the first charging has its boundaries before it now as until now: none goes"
    ),
    **{
        f"raised event left out: smart_charging M5/{event}, PhasesChanged": (
            "a limit on the spot says nothing of phases: the row never hands this out"
        )
        for event in ("LocalLimitFound", "LocalLimitLifted")
    },
    "timer not stopped by its row: smart_charging M5/LocalLimitFound, Disarm": (
        "a limit on the spot changes no boundary: where there is none, none was awaited"
    ),
    "timer not stopped by its row: smart_charging M5/LocalLimitLifted, Disarm": (
        "a limit on the spot changes no boundary: where there is none, none was awaited"
    ),
}
"""The same station: faults that make no difference, and are no faults."""

SURVIVORS: Final[dict[str, str]] = {
    "effect left out: firmware W12I/PoweredUp, AbandonUpdate": (
        "no scope takes the row, for the product stays the same in one, and the machine of updates looks at what is "
        "told, not at what is abandoned; shown by a scenario"
    ),
    "rows swapped: card_session E11R/Confirmed and E9/Confirmed": (
        "who is told that nothing is to be paid asks again, and is told so again: no promise counts the questions"
    ),
    **{
        f"rows swapped: session S1F/{event} and S1W/{event}": (
            "both hold only if somebody has reserved with the tag of free vending itself, which no scope has"
        )
        for event in ("PoweredUp", "StayedUp")
    },
    "rows swapped: reader D9/TagPresented and D3/TagPresented": (
        "a driver whose cable is kept where no use begins is refused: no promise knows which tag was presented"
    ),
    "guard dropped: aligned J4T/MeterRead, usable": (
        "no promise says how old a reading at a tick may be, and no scope has one that is too old"
    ),
}
"""What is missing."""
