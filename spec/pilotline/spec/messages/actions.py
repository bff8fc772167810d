"""Every action of OCPP 1.6: its messages, its feature profile and who may initiate it (§3.1, §4, §5, §6)."""

from typing import Final, Literal, NamedTuple

from pilotline.spec.messages import (
    core,
    firmware_management,
    local_auth_list_management,
    remote_trigger,
    reservation,
    smart_charging,
)

Action = Literal[
    "Authorize",
    "BootNotification",
    "CancelReservation",
    "ChangeAvailability",
    "ChangeConfiguration",
    "ClearCache",
    "ClearChargingProfile",
    "DataTransfer",
    "DiagnosticsStatusNotification",
    "FirmwareStatusNotification",
    "GetCompositeSchedule",
    "GetConfiguration",
    "GetDiagnostics",
    "GetLocalListVersion",
    "Heartbeat",
    "MeterValues",
    "RemoteStartTransaction",
    "RemoteStopTransaction",
    "ReserveNow",
    "Reset",
    "SendLocalList",
    "SetChargingProfile",
    "StartTransaction",
    "StatusNotification",
    "StopTransaction",
    "TriggerMessage",
    "UnlockConnector",
    "UpdateFirmware",
]
"""The name of an operation, as it stands in a CALL."""

FeatureProfile = Literal[
    "Core",
    "FirmwareManagement",
    "LocalAuthListManagement",
    "Reservation",
    "SmartCharging",
    "RemoteTrigger",
]
"""The feature profiles by their names in the key SupportedFeatureProfiles (§3.1, §9.1)."""

Initiator = Literal["ChargePoint", "CentralSystem"]
"""Who sends the CALL of an action."""

Request = (
    core.AuthorizeReq
    | core.BootNotificationReq
    | reservation.CancelReservationReq
    | core.ChangeAvailabilityReq
    | core.ChangeConfigurationReq
    | core.ClearCacheReq
    | smart_charging.ClearChargingProfileReq
    | core.DataTransferReq
    | firmware_management.DiagnosticsStatusNotificationReq
    | firmware_management.FirmwareStatusNotificationReq
    | smart_charging.GetCompositeScheduleReq
    | core.GetConfigurationReq
    | firmware_management.GetDiagnosticsReq
    | local_auth_list_management.GetLocalListVersionReq
    | core.HeartbeatReq
    | core.MeterValuesReq
    | core.RemoteStartTransactionReq
    | core.RemoteStopTransactionReq
    | reservation.ReserveNowReq
    | core.ResetReq
    | local_auth_list_management.SendLocalListReq
    | smart_charging.SetChargingProfileReq
    | core.StartTransactionReq
    | core.StatusNotificationReq
    | core.StopTransactionReq
    | remote_trigger.TriggerMessageReq
    | core.UnlockConnectorReq
    | firmware_management.UpdateFirmwareReq
)
"""The payload of any CALL, by its model."""

Confirmation = (
    core.AuthorizeConf
    | core.BootNotificationConf
    | reservation.CancelReservationConf
    | core.ChangeAvailabilityConf
    | core.ChangeConfigurationConf
    | core.ClearCacheConf
    | smart_charging.ClearChargingProfileConf
    | core.DataTransferConf
    | firmware_management.DiagnosticsStatusNotificationConf
    | firmware_management.FirmwareStatusNotificationConf
    | smart_charging.GetCompositeScheduleConf
    | core.GetConfigurationConf
    | firmware_management.GetDiagnosticsConf
    | local_auth_list_management.GetLocalListVersionConf
    | core.HeartbeatConf
    | core.MeterValuesConf
    | core.RemoteStartTransactionConf
    | core.RemoteStopTransactionConf
    | reservation.ReserveNowConf
    | core.ResetConf
    | local_auth_list_management.SendLocalListConf
    | smart_charging.SetChargingProfileConf
    | core.StartTransactionConf
    | core.StatusNotificationConf
    | core.StopTransactionConf
    | remote_trigger.TriggerMessageConf
    | core.UnlockConnectorConf
    | firmware_management.UpdateFirmwareConf
)
"""The payload of any CALLRESULT, by its model."""


class ActionRow(NamedTuple):
    """What the standard says of one action."""

    request: type[Request]
    confirmation: type[Confirmation]
    profile: FeatureProfile
    initiators: tuple[Initiator, ...]


_CHARGE_POINT: Final[tuple[Initiator, ...]] = ("ChargePoint",)
_CENTRAL_SYSTEM: Final[tuple[Initiator, ...]] = ("CentralSystem",)
_BOTH: Final[tuple[Initiator, ...]] = ("ChargePoint", "CentralSystem")

ACTIONS: Final[dict[Action, ActionRow]] = {
    "Authorize": ActionRow(core.AuthorizeReq, core.AuthorizeConf, "Core", _CHARGE_POINT),
    "BootNotification": ActionRow(core.BootNotificationReq, core.BootNotificationConf, "Core", _CHARGE_POINT),
    "ChangeAvailability": ActionRow(
        core.ChangeAvailabilityReq, core.ChangeAvailabilityConf, "Core", _CENTRAL_SYSTEM
    ),
    "ChangeConfiguration": ActionRow(
        core.ChangeConfigurationReq, core.ChangeConfigurationConf, "Core", _CENTRAL_SYSTEM
    ),
    "ClearCache": ActionRow(core.ClearCacheReq, core.ClearCacheConf, "Core", _CENTRAL_SYSTEM),
    "DataTransfer": ActionRow(core.DataTransferReq, core.DataTransferConf, "Core", _BOTH),
    "GetConfiguration": ActionRow(
        core.GetConfigurationReq, core.GetConfigurationConf, "Core", _CENTRAL_SYSTEM
    ),
    "Heartbeat": ActionRow(core.HeartbeatReq, core.HeartbeatConf, "Core", _CHARGE_POINT),
    "MeterValues": ActionRow(core.MeterValuesReq, core.MeterValuesConf, "Core", _CHARGE_POINT),
    "RemoteStartTransaction": ActionRow(
        core.RemoteStartTransactionReq, core.RemoteStartTransactionConf, "Core", _CENTRAL_SYSTEM
    ),
    "RemoteStopTransaction": ActionRow(
        core.RemoteStopTransactionReq, core.RemoteStopTransactionConf, "Core", _CENTRAL_SYSTEM
    ),
    "Reset": ActionRow(core.ResetReq, core.ResetConf, "Core", _CENTRAL_SYSTEM),
    "StartTransaction": ActionRow(core.StartTransactionReq, core.StartTransactionConf, "Core", _CHARGE_POINT),
    "StatusNotification": ActionRow(
        core.StatusNotificationReq, core.StatusNotificationConf, "Core", _CHARGE_POINT
    ),
    "StopTransaction": ActionRow(core.StopTransactionReq, core.StopTransactionConf, "Core", _CHARGE_POINT),
    "UnlockConnector": ActionRow(core.UnlockConnectorReq, core.UnlockConnectorConf, "Core", _CENTRAL_SYSTEM),
    "DiagnosticsStatusNotification": ActionRow(
        firmware_management.DiagnosticsStatusNotificationReq,
        firmware_management.DiagnosticsStatusNotificationConf,
        "FirmwareManagement",
        _CHARGE_POINT,
    ),
    "FirmwareStatusNotification": ActionRow(
        firmware_management.FirmwareStatusNotificationReq,
        firmware_management.FirmwareStatusNotificationConf,
        "FirmwareManagement",
        _CHARGE_POINT,
    ),
    "GetDiagnostics": ActionRow(
        firmware_management.GetDiagnosticsReq,
        firmware_management.GetDiagnosticsConf,
        "FirmwareManagement",
        _CENTRAL_SYSTEM,
    ),
    "UpdateFirmware": ActionRow(
        firmware_management.UpdateFirmwareReq,
        firmware_management.UpdateFirmwareConf,
        "FirmwareManagement",
        _CENTRAL_SYSTEM,
    ),
    "GetLocalListVersion": ActionRow(
        local_auth_list_management.GetLocalListVersionReq,
        local_auth_list_management.GetLocalListVersionConf,
        "LocalAuthListManagement",
        _CENTRAL_SYSTEM,
    ),
    "SendLocalList": ActionRow(
        local_auth_list_management.SendLocalListReq,
        local_auth_list_management.SendLocalListConf,
        "LocalAuthListManagement",
        _CENTRAL_SYSTEM,
    ),
    "CancelReservation": ActionRow(
        reservation.CancelReservationReq, reservation.CancelReservationConf, "Reservation", _CENTRAL_SYSTEM
    ),
    "ReserveNow": ActionRow(
        reservation.ReserveNowReq, reservation.ReserveNowConf, "Reservation", _CENTRAL_SYSTEM
    ),
    "ClearChargingProfile": ActionRow(
        smart_charging.ClearChargingProfileReq,
        smart_charging.ClearChargingProfileConf,
        "SmartCharging",
        _CENTRAL_SYSTEM,
    ),
    "GetCompositeSchedule": ActionRow(
        smart_charging.GetCompositeScheduleReq,
        smart_charging.GetCompositeScheduleConf,
        "SmartCharging",
        _CENTRAL_SYSTEM,
    ),
    "SetChargingProfile": ActionRow(
        smart_charging.SetChargingProfileReq,
        smart_charging.SetChargingProfileConf,
        "SmartCharging",
        _CENTRAL_SYSTEM,
    ),
    "TriggerMessage": ActionRow(
        remote_trigger.TriggerMessageReq, remote_trigger.TriggerMessageConf, "RemoteTrigger", _CENTRAL_SYSTEM
    ),
}
"""All 28 actions, by feature profile."""

ACTION_OF: Final[dict[type[Request], Action]] = {row.request: action for action, row in ACTIONS.items()}
"""The action whose request a model is."""
