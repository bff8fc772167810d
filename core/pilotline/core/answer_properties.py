"""What a charge point promises of its answers to the Central System: predicates for `step_properties`.

Elsewhere rows decide what is answered; here, what an answer means, whatever row gave it.
"""

from collections.abc import Callable
from typing import Any, Final

from pilotline.core import facts
from pilotline.core.calendar import utc_of
from pilotline.core.effects import AnswerDataTransfer, SendResult
from pilotline.core.state import State
from pilotline.core.step import Step
from pilotline.spec.messages.actions import ACTION_OF, ACTIONS, Request
from pilotline.spec.messages.core import (
    ChangeAvailabilityReq,
    ChangeConfigurationReq,
    ClearCacheReq,
    DataTransferReq,
    RemoteStartTransactionReq,
    RemoteStopTransactionReq,
    ResetReq,
    UnlockConnectorReq,
)
from pilotline.spec.messages.firmware_management import GetDiagnosticsReq, UpdateFirmwareReq
from pilotline.spec.messages.local_auth_list_management import SendLocalListReq
from pilotline.spec.messages.remote_trigger import TriggerMessageReq
from pilotline.spec.messages.reservation import CancelReservationReq, ReserveNowReq
from pilotline.spec.messages.smart_charging import ClearChargingProfileReq, SetChargingProfileReq
from pilotline.spec.messages.structures import ChargingProfile
from pilotline.spec.products import Product, VendorMessage
from pilotline.spec.types import ci_key

_DONE: Final = frozenset(("Accepted", "RebootRequired", "Scheduled", "Unlocked"))
"""Statuses of an answer that say: so it is, or so it will be. Any other refuses."""


def _decided(step: Step) -> tuple[Request, Any] | None:
    """The request that this step answered at once, and the answer."""
    answered = step.state.moment.answered
    if answered is None or not step.trace or not any(isinstance(e, SendResult) for e in step.effects):
        return None
    return (
        (answered.request, answered.confirmation)
        if step.trace[0].machine == type(answered.request).__name__
        else None
    )


def what_is_refused_changes_nothing(_before: State, step: Step) -> bool:
    """An answer that refuses leaves everything as it was."""
    decided = _decided(step)
    status = getattr(decided[1], "status", None) if decided else None
    return status is None or status in _DONE or (len(step.trace) == 1 and not step.changes)


def what_is_not_offered_is_not_accepted(_before: State, step: Step) -> bool:
    """Nothing of a feature profile that the station does not list (§9.1.29)."""
    decided = _decided(step)
    if decided is None:
        return True
    profile = ACTIONS[ACTION_OF[type(decided[0])]].profile
    offered = step.state.memory.configuration.csl("SupportedFeatureProfiles")
    return profile in offered or getattr(decided[1], "status", None) not in _DONE


def what_is_wrong_with_a_message_is_an_error(_before: State, step: Step) -> bool:
    """A profile for a connector that is not there is no matter of the profile (errata 3.39)."""
    decided = _decided(step)
    return (
        decided is None
        or not isinstance(decided[0], SetChargingProfileReq)
        or decided[0].connector_id < len(step.state.moment.sessions)
    )


def what_is_accepted_is_so(before: State, step: Step) -> bool:
    """After an answer that accepts, it is as was asked; a request that finds it so already is accepted (§5)."""
    decided = _decided(step)
    if decided is None:
        return True
    request, confirmation = decided
    status = getattr(confirmation, "status", None)
    if isinstance(request, GetDiagnosticsReq):
        return _is_sent(step.state, request, confirmation.file_name)
    if isinstance(request, UnlockConnectorReq):
        return status != "NotSupported" or not _has_lock(before, request.connector_id)
    is_so = _IS_SO.get(type(request))
    return (
        is_so is None
        or (status is not None and status not in _DONE)
        or is_so(before, step.state, request, status)
    )


def _has_lock(state: State, connector: int) -> bool:
    return 0 < connector < len(state.moment.connectors) and facts.has_lock(state.product, connector)


def _is_sent(after: State, request: GetDiagnosticsReq, file_name: str | None) -> bool:
    """A file is on its way exactly if it was named; there is none of a span that ends before it begins (§5.9)."""
    start, stop = request.start_time, request.stop_time
    if file_name is None:
        return start is not None
    return after.memory.diagnostics.state == "uploading" and (start is None or stop is None or start <= stop)


def _availability(_before: State, after: State, request: ChangeAvailabilityReq, _status: str) -> bool:
    wanted = after.memory.availability
    asked = wanted if request.connector_id == 0 else (wanted[request.connector_id],)
    closed = ("scheduled", "inoperative", "held", "to_be_held")
    if request.type == "Operative":
        return all(a.state not in ("scheduled", "inoperative") for a in asked)
    return all(a.state in closed for a in asked)


def _configured(_before: State, after: State, request: ChangeConfigurationReq, status: str) -> bool:
    configuration = after.memory.configuration
    key = configuration.key(request.key)
    return (
        key is not None
        and key.access != "R"
        and (key.takes_effect == "reboot") == (status == "RebootRequired")
        and configuration.get(key.name) == configuration.parse(request.key, request.value)
    )


def _forgotten(_before: State, after: State, _request: ClearCacheReq, _status: str) -> bool:
    return after.memory.configuration.boolean("AuthorizationCacheEnabled") and not after.memory.cache


def _reserved(before: State, after: State, request: ReserveNowReq, _status: str) -> bool:
    clock, kept = before.moment.clock, after.memory.reservations.get(request.reservation_id)
    return (
        kept is not None
        and (kept.connector, kept.id_tag) == (request.connector_id, request.id_tag)
        and (clock.epoch is None or utc_of(request.expiry_date) > clock.epoch)
    )


_UNITS: Final = {"A": "Current", "W": "Power"}


def _profile_kept(before: State, after: State, request: SetChargingProfileReq, _status: str) -> bool:
    profile, profiles = request.cs_charging_profiles, after.memory.profiles
    kept = profiles.get(profile.charging_profile_id)
    return (
        kept is not None
        and kept.connector == request.connector_id < len(before.moment.sessions)
        and before.moment.clock.epoch is not None
        and _within_the_keys(before, profile, len(profiles))
        and (profile.charging_profile_purpose != "ChargePointMaxProfile" or request.connector_id == 0)
    )


def _within_the_keys(before: State, profile: ChargingProfile, installed: int) -> bool:
    """Of a level, a unit and periods that the product takes, and not one too many (§9.4)."""
    configuration, schedule = before.memory.configuration, profile.charging_schedule
    units = configuration.get("ChargingScheduleAllowedChargingRateUnit")
    return (
        installed <= configuration.integer("MaxChargingProfilesInstalled", installed)
        and profile.stack_level <= configuration.integer("ChargeProfileMaxStackLevel", 0)
        and len(schedule.charging_schedule_period) <= configuration.integer("ChargingScheduleMaxPeriods", 0)
        and isinstance(units, tuple)
        and _UNITS[schedule.charging_rate_unit] in units
        and schedule.charging_schedule_period[0].start_period == 0
    )


def _list_is_sent(_before: State, after: State, request: SendLocalListReq, _status: str) -> bool:
    entries = {ci_key(entry.id_tag): entry.id_tag_info for entry in request.local_authorization_list or ()}
    kept = after.memory.local_list
    return (
        after.memory.list_version.version in (0, request.list_version)
        and all(raised.error_code != "LocalListConflict" for raised in after.moment.faults[0].raised)
        and (request.update_type == "Differential" or len(kept) == len(entries))
        and all(
            tag not in kept if info is None else tag in kept and kept[tag].status == info.status
            for tag, info in entries.items()
        )
    )


def an_update_that_is_not_newer_is_told_so(before: State, step: Step) -> bool:
    """Unless it could never be taken, a differential update that is not newer is a VersionMismatch, and no other update
    is (§5.15).
    """
    decided = _decided(step)
    if decided is None or not isinstance(decided[0], SendLocalListReq):
        return True
    request, status = decided[0], str(decided[1].status)
    old = request.update_type == "Differential" and request.list_version <= before.memory.list_version.version
    tags = [ci_key(entry.id_tag) for entry in request.local_authorization_list or ()]
    most = before.memory.configuration.integer("SendLocalListMaxLength", len(tags))
    never = request.list_version <= 0 or len(set(tags)) < len(tags) or len(tags) > most
    return status == "NotSupported" or (status == "VersionMismatch") == (old and not never)


def a_reservation_is_refused_as_the_status_says(before: State, step: Step) -> bool:
    """Faulted where the connector or the main controller shows it, else Unavailable, else Occupied; what is reserved
    already is replaced under its id, whatever is shown (§5.13).
    """
    decided = _decided(step)
    if decided is None or not isinstance(decided[0], ReserveNowReq):
        return True
    request, status = decided[0], str(decided[1].status)
    known = before.memory.reservations.get(request.reservation_id)
    if known is not None and known.connector == request.connector_id:
        return status in ("Accepted", "Rejected")
    if request.connector_id == 0:
        return True
    shown = {c.state for c in before.moment.connectors if c.connector in (0, request.connector_id)}
    refuses: dict[str, bool] = {
        "Faulted": "Faulted" in shown,
        "Unavailable": "Faulted" not in shown,
        "Occupied": shown.isdisjoint(("Faulted", "Unavailable")),
    }
    return refuses.get(status, True)


def what_is_triggered_is_sent(before: State, step: Step) -> bool:
    """An accepted trigger sends one message, or one for each connector and the main controller (§5.17)."""
    decided = _decided(step)
    if decided is None or not isinstance(decided[0], TriggerMessageReq):
        return True
    request, status, points = decided[0], decided[1].status, len(before.moment.connectors)
    sent = [taken.key for taken in step.trace if taken.binding.split(" ")[0].endswith("/Triggered")]
    if request.requested_message == "BootNotification":
        return not sent
    of_connectors = request.requested_message in ("MeterValues", "StatusNotification")
    unheard_of = before.moment.registration.standing not in ("Pending", "Accepted")
    if status != "Accepted":
        return not sent and (
            status == "Rejected" if of_connectors else unheard_of or status == "NotImplemented"
        )
    unknown = request.connector_id is not None and not 0 <= request.connector_id < points
    everywhere = of_connectors and request.connector_id is None
    return len(sent) == (points if everywhere else 1) and not unheard_of and not (of_connectors and unknown)


def vendors_are_answered_as_declared(_before: State, step: Step) -> bool:
    """What the product declares of a message is said at once, and which of vendor and message it does not know; only
    where it leaves the answer open, the embedder is asked (§5.6).
    """
    product, decided = step.state.product, _decided(step)
    asked = [effect for effect in step.effects if isinstance(effect, AnswerDataTransfer)]
    lines = [_vendor_line(product, effect.vendor_id, effect.message_id) for effect in asked]
    if any(line is None or line.status is not None for line in lines):
        return False
    if decided is None or not isinstance(decided[0], DataTransferReq):
        return True
    line = _vendor_line(product, decided[0].vendor_id, decided[0].message_id)
    said = decided[1].status, decided[1].data
    if line is not None:
        return said == (("Rejected", None) if line.status is None else (line.status, line.data))
    known = any(ci_key(one.vendor_id) == ci_key(decided[0].vendor_id) for one in product.data_transfer)
    return said == ("UnknownMessageId" if known else "UnknownVendorId", None)


def _vendor_line(product: Product, vendor_id: str, message_id: str | None) -> VendorMessage | None:
    """Of this message, or else of all others of the vendor."""
    lines = [line for line in product.data_transfer if ci_key(line.vendor_id) == ci_key(vendor_id)]
    of_it = [line for line in lines if message_id and ci_key(line.message_id or "") == ci_key(message_id)]
    return next(iter((*of_it, *[line for line in lines if line.message_id is None])), None)


def _stops(before: State, after: State, _request: RemoteStopTransactionReq, _status: str) -> bool:
    def running(state: State) -> int:
        return sum(t.state == "running" for t in state.memory.transactions.values())

    return running(after) < running(before)


def _starts(before: State, after: State, request: RemoteStartTransactionReq, _status: str) -> bool:
    was, is_now, profile = before.moment, after.moment, request.charging_profile
    looked_at = "SmartCharging" in (before.memory.configuration.get("SupportedFeatureProfiles") or ())  # type: ignore[operator]  # a list
    return (is_now.sessions != was.sessions or is_now.authorizations != was.authorizations) and (
        profile is None
        or not looked_at
        or (profile.charging_profile_purpose == "TxProfile" and _within_the_keys(before, profile, 0))
    )


_IS_SO: Final[dict[type[Request], Callable[[State, State, Any, Any], bool]]] = {
    CancelReservationReq: lambda _b, after, asked, _: asked.reservation_id not in after.memory.reservations,
    ChangeAvailabilityReq: _availability,
    ChangeConfigurationReq: _configured,
    ClearCacheReq: _forgotten,
    ClearChargingProfileReq: lambda before, after, _r, _s: (
        len(after.memory.profiles) < len(before.memory.profiles)
    ),
    RemoteStartTransactionReq: _starts,
    RemoteStopTransactionReq: _stops,
    ReserveNowReq: _reserved,
    ResetReq: lambda _b, after, _r, _s: after.memory.reset.state != "up",
    SendLocalListReq: _list_is_sent,
    SetChargingProfileReq: _profile_kept,
    UpdateFirmwareReq: lambda _b, after, _r, _s: after.memory.firmware.state != "idle",
}
