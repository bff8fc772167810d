"""What a charge point promises of firmware and diagnostics: predicates for `properties` (§4.4, §4.5, §5.19)."""

from itertools import pairwise
from typing import Final

from pilotline.core.effects import AbandonUpdate, SendCall
from pilotline.core.state import State
from pilotline.core.step import Step
from pilotline.core.timer_properties import boots
from pilotline.spec.messages.firmware_management import (
    DiagnosticsStatusNotificationReq,
    FirmwareStatusNotificationReq,
)

_CHARGES: Final = ("starting", "charging", "ending")
_FOLLOWS: Final[dict[str, tuple[str, ...]]] = {
    "Downloading": ("Downloaded", "DownloadFailed", "Downloading"),
    "Downloaded": ("Installing", "Downloading"),
    "Installing": ("Installed", "InstallationFailed", "Downloading"),
    "Installed": ("Downloading",),
    "DownloadFailed": ("Downloading",),
    "InstallationFailed": ("Downloading",),
    "Uploading": ("Uploaded", "UploadFailed", "Uploading"),
    "Uploaded": ("Uploading",),
    "UploadFailed": ("Uploading",),
}
"""Which status may be told after which (§4.4, §4.5); a newer order begins with its first, whatever is left unsaid
of the one before."""


def nobody_charges_while_firmware_is_installed(state: State) -> bool:
    """Nor while the station is about to start anew on it (errata 3.49)."""
    if state.memory.firmware.state not in ("installing", "restarting"):
        return True
    return all(session.state not in _CHARGES for session in state.moment.sessions) and all(
        transaction.state not in ("running", "stopping") for transaction in state.memory.transactions.values()
    )


def a_start_leaves_no_file_behind(before: State, step: Step) -> bool:
    """An installation that a power-on finds to be over, however, has its file put away (§7.25)."""
    old, new = before.memory.firmware, step.state.memory.firmware
    over = boots(before, step) and old.state == "installing" and new.state == "idle"
    return not over or AbandonUpdate(old.job) in step.effects


def connectors_are_held_for_an_installation(state: State) -> bool:
    """From Downloaded to the end no connector is to be used, and none is held otherwise (§5.19, errata 3.49)."""
    holds = state.memory.firmware.state in ("downloaded", "installing", "restarting")
    main, *connectors = [availability.state for availability in state.memory.availability]
    forbidden = ("operative",) if holds else ("held", "to_be_held")
    return main not in ("held", "to_be_held") and not any(each in forbidden for each in connectors)


_DEADLINES: Final = {
    "scheduled": "retrieve",
    "downloading": "download",
    "retrying": "retry",
    "installing": "installation",
    "uploading": "upload",
}


def _is_armed(armed: set[tuple[str, str]], machine: str, timer: str | None) -> bool:
    return timer is None or (machine, timer) in armed


def orders_go_on(state: State) -> bool:
    """What is not done at once has a deadline: retrieveDate, an answer, the next attempt or notice (§6.25, §6.55)."""
    memory, moment = state.memory, state.moment
    armed = {(timer.machine, timer.timer) for timers in (moment.timers, moment.dates) for timer in timers}
    online = moment.link.state == "up" and moment.registration.state == "accepted"
    return (
        _is_armed(armed, "firmware", _DEADLINES.get(memory.firmware.state))
        and _is_armed(armed, "diagnostics", _DEADLINES.get(memory.diagnostics.state))
        and all(
            notices.state != "due" or not online or (name, "retry") in armed
            for name, notices in (
                ("firmware_notices", moment.firmware_notices),
                ("diagnostics_notices", moment.diagnostics_notices),
            )
        )
    )


def statuses_go_in_order(state: State) -> bool:
    """What is to be told of an update or of diagnostics follows the standard's sequence (§4.4, §4.5)."""
    memory, moment = state.memory, state.moment
    return all(
        (notices.state == "told") == (not due.statuses)
        and all(after in _FOLLOWS[before] for before, after in pairwise(due.statuses))
        for notices, due in (
            (moment.firmware_notices, memory.firmware_due),
            (moment.diagnostics_notices, memory.diagnostics_due),
        )
    )


def no_installation_is_stuck(state: State) -> bool:
    """What is downloaded waits only for who charges, or for a station that goes down (errata 3.49)."""
    if state.memory.firmware.state != "downloaded" or state.memory.reset.state != "up":
        return True
    return any(session.state in _CHARGES for session in state.moment.sessions) or any(
        transaction.state in ("running", "stopping") for transaction in state.memory.transactions.values()
    )


_TELLS: Final[dict[tuple[str, str], tuple[str, ...]]] = {
    ("scheduled", "downloading"): ("Downloading",),
    ("downloading", "downloaded"): ("Downloaded",),
    ("downloading", "installing"): ("Installing",),
    ("downloaded", "installing"): ("Installing",),
    ("downloading", "idle"): ("DownloadFailed",),
    **{
        (was, is_now): told
        for is_now in ("idle", "scheduled")
        for was, told in (
            ("installing", ("InstallationFailed",)),
            ("restarting", ("Installed", "InstallationFailed")),
        )
    },
    ("idle", "uploading"): ("Uploading",),
    ("uploading", "idle"): ("Uploaded", "UploadFailed"),
}
"""What is told of an update or of diagnostics that came from one state to another; of the rest, nothing."""


def progress_is_told(before: State, step: Step) -> bool:
    """Whatever an update or diagnostics have come to is due as the newest status (§4.4, §4.5)."""
    old, new = before.memory, step.state.memory
    asked = bool(step.trace) and step.trace[0].machine == "GetDiagnosticsReq"
    again = asked and new.diagnostics.job != old.diagnostics.job
    of_firmware = _TELLS.get((old.firmware.state, new.firmware.state))
    of_diagnostics = _TELLS.get((old.diagnostics.state, new.diagnostics.state))
    return all(
        told is None or due.statuses[-1:] in [(status,) for status in told]
        for told, due in (
            (of_firmware, new.firmware_due),
            (("Uploading",) if again else of_diagnostics, new.diagnostics_due),
        )
    )


def the_oldest_status_is_told_first(_before: State, step: Step) -> bool:
    """And once: what is asked about an update or diagnostics is the oldest that is due (§4.4, §4.5)."""
    memory, opened = step.state.memory, step.state.moment.call.open
    if opened is None or opened.by.machine not in ("firmware_notices", "diagnostics_notices"):
        return True
    of_firmware = opened.by.machine == "firmware_notices"
    due = memory.firmware_due if of_firmware else memory.diagnostics_due
    return all(
        (effect.request.status,) == due.statuses[:1]
        for effect in step.effects
        if isinstance(effect, SendCall)
        and isinstance(effect.request, FirmwareStatusNotificationReq | DiagnosticsStatusNotificationReq)
    )
