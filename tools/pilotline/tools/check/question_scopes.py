"""Scopes of what the Central System asks that is refused, or changes a key: a request of every kind of answer."""

from decimal import Decimal
from typing import Final

from pilotline.spec.configuration_keys import KEYS
from pilotline.spec.messages.core import (
    ChangeConfigurationReq,
    ClearCacheReq,
    DataTransferReq,
    GetConfigurationReq,
    RemoteStartTransactionReq,
)
from pilotline.spec.messages.firmware_management import GetDiagnosticsReq, UpdateFirmwareReq
from pilotline.spec.messages.local_auth_list_management import GetLocalListVersionReq, SendLocalListReq
from pilotline.spec.messages.remote_trigger import TriggerMessageReq
from pilotline.spec.messages.reservation import CancelReservationReq, ReserveNowReq
from pilotline.spec.messages.smart_charging import (
    ClearChargingProfileReq,
    GetCompositeScheduleReq,
    SetChargingProfileReq,
)
from pilotline.spec.messages.structures import (
    AuthorizationData,
    ChargingProfile,
    ChargingSchedule,
    ChargingSchedulePeriod,
    IdTagInfo,
)
from pilotline.spec.products import Product, VendorMessage, adjusted
from pilotline.spec.types import (
    AuthorizationStatus,
    ChargingProfilePurposeType,
    ChargingRateUnitType,
    UpdateType,
)
from pilotline.tools.check import environment as world
from pilotline.tools.check.environment import TAG, YES, central_system, tags
from pilotline.tools.check.profile_scopes import SOON
from pilotline.tools.check.scope import ONLINE, QUIET, TALK, TRANSACTIONS, WILLING, Scope, one_connector


def in_force_after_a_reboot(product: Product, key: str) -> Product:
    """The same product, on which a change of this key takes a reboot."""
    setting = product.configuration[key].model_copy(update={"takes_effect": "reboot"})
    return adjusted(product.model_copy(update={"configuration": product.configuration.set(key, setting)}))


def core_alone(product: Product) -> Product:
    """The same product with no other feature profile, and without their keys."""
    without = {key.name: None for key in KEYS if key.profile != "Core"}
    return adjusted(product, configuration={**without, "SupportedFeatureProfiles": "Core"})


def _profile(
    connector: int = 0,
    purpose: ChargingProfilePurposeType = "TxDefaultProfile",
    *starts_s: int,
    number: int = 1,
    level: int = 0,
    unit: ChargingRateUnitType = "A",
) -> SetChargingProfileReq:
    periods = tuple(
        ChargingSchedulePeriod(start_period=start_s, limit=Decimal(16)) for start_s in starts_s or (0,)
    )
    return SetChargingProfileReq(
        connector_id=connector,
        cs_charging_profiles=ChargingProfile(
            charging_profile_id=number,
            stack_level=level,
            charging_profile_purpose=purpose,
            charging_profile_kind="Relative",
            charging_schedule=ChargingSchedule(charging_rate_unit=unit, charging_schedule_period=periods),
        ),
    )


def _update(kind: UpdateType, version: int, **statuses: AuthorizationStatus | None) -> SendLocalListReq:
    """Tags with a status, or without one."""
    return SendLocalListReq(
        list_version=version,
        update_type=kind,
        local_authorization_list=tuple(
            AuthorizationData(id_tag=tag, id_tag_info=IdTagInfo(status=status) if status else None)
            for tag, status in statuses.items()
        ),
    )


QUESTIONS: Final = (
    Scope(
        "keys",
        "keys are changed to what they take and what they do not, at once or after a reboot; power is cut",
        in_force_after_a_reboot(one_connector("reference", AuthorizationCacheEnabled="false"), "BlinkRepeat"),
        (
            world.calls(
                ChangeConfigurationReq(key="BlinkRepeat", value="2"),
                ChangeConfigurationReq(key="BlinkRepeat", value="often"),
                ChangeConfigurationReq(key="NumberOfConnectors", value="2"),
                ChangeConfigurationReq(key="NoSuchKey", value="1"),
                GetConfigurationReq(),
                GetConfigurationReq(key=("NoSuchKey", "LightIntensity")),
                ClearCacheReq(),
            ),
            world.configuration("LightIntensity", "50", "100", "101"),
            world.configuration("WebSocketPingInterval", "0", "5", "soon"),
            world.power(),
            *ONLINE,
        ),
        inert=QUIET,
        prompt=TALK,
        knows_reports=False,
    ),
    Scope(
        "profiles that are refused",
        "profiles beyond the keys, on the wrong connector, of no transaction, one too many",
        one_connector(
            ChargeProfileMaxStackLevel="1",
            ChargingScheduleAllowedChargingRateUnit="Current",
            ChargingScheduleMaxPeriods="1",
            MaxChargingProfilesInstalled="1",
        ),
        (
            world.cable(1),
            tags(1, TAG),
            world.calls(
                _profile(),
                _profile(1, "TxProfile", number=2),
                _profile(0, "ChargePointMaxProfile", number=3),
                _profile(1, "ChargePointMaxProfile", number=3),
                _profile(2),
                _profile(level=2),
                _profile(unit="W"),
                _profile(0, "TxDefaultProfile", 0, 1),
                _profile(0, "TxDefaultProfile", 1),
                *(
                    RemoteStartTransactionReq(
                        connector_id=1, id_tag=TAG, charging_profile=asked.cs_charging_profiles
                    )
                    for asked in (_profile(1, "TxProfile", level=2), _profile(1))
                ),
                ClearChargingProfileReq(id=1),
                ClearChargingProfileReq(id=9),
                ClearChargingProfileReq(),
                GetCompositeScheduleReq(connector_id=1, duration=1),
                GetCompositeScheduleReq(connector_id=1, duration=1, charging_rate_unit="W"),
                GetCompositeScheduleReq(connector_id=2, duration=1),
                GetCompositeScheduleReq(connector_id=1, duration=-1),
            ),
            *ONLINE,
        ),
        at_once=WILLING,
        inert=QUIET | {("session", "connection_time_out")},
        prompt=TALK | TRANSACTIONS,
        answers=YES,
        queue_max=1,
        knows_reports=False,
        knows_origins=True,
        shows=("a TxProfile is installed",),
    ),
    Scope(
        "lists that are refused",
        "full and differential updates of the local list, too old, too long, or with no sense",
        one_connector("reference", LocalAuthListMaxLength="2", SendLocalListMaxLength="2"),
        (
            world.calls(
                _update("Full", 1, A="Accepted"),
                _update("Full", 2, B="Blocked", C="Accepted"),
                _update("Full", 1, A="Accepted", B="Accepted", C="Accepted"),
                _update("Full", 1, A=None),
                _update("Full", 3),
                _update("Full", 0, A="Accepted"),
                _update("Differential", 1, A="Blocked"),
                _update("Differential", 2, A=None, B="Accepted"),
                _update("Differential", 1, D="Accepted", E="Accepted"),
                _update("Differential", 3, D="Accepted", E="Accepted"),
                _update("Differential", 3, A="Accepted", a="Accepted"),
                _update("Differential", 1, A="Accepted", a="Accepted"),
                GetLocalListVersionReq(),
            ),
            world.configuration("LocalAuthListEnabled", "true", "false"),
            *ONLINE,
        ),
        inert=QUIET,
        prompt=TALK,
        knows_reports=False,
    ),
    Scope(
        "without profiles",
        "a station with no profile but Core is asked for what the others are about",
        core_alone(one_connector("reference")),
        (
            world.calls(
                ReserveNowReq(connector_id=1, expiry_date=SOON, id_tag=TAG, reservation_id=1),
                CancelReservationReq(reservation_id=1),
                _profile(),
                ClearChargingProfileReq(),
                GetCompositeScheduleReq(connector_id=1, duration=1),
                RemoteStartTransactionReq(
                    connector_id=1,
                    id_tag=TAG,
                    charging_profile=_profile(1, "TxProfile").cs_charging_profiles,
                ),
                _update("Full", 1, A="Accepted"),
                GetLocalListVersionReq(),
                TriggerMessageReq(requested_message="Heartbeat"),
                GetDiagnosticsReq(location="ftp://here"),
                UpdateFirmwareReq(location="ftp://here", retrieve_date=SOON),
            ),
            world.cable(1),
            *ONLINE,
        ),
        at_once=WILLING,
        inert=QUIET,
        prompt=TALK | TRANSACTIONS,
        queue_max=1,
        knows_reports=False,
    ),
    Scope(
        "asked before registration",
        "profiles, reservations and triggers while the time is not known yet",
        one_connector(),
        (
            world.calls(
                _profile(2),
                _profile(1),
                GetCompositeScheduleReq(connector_id=1, duration=1),
                ReserveNowReq(connector_id=1, expiry_date=SOON, id_tag=TAG, reservation_id=1),
                ReserveNowReq(connector_id=2, expiry_date=SOON, id_tag=TAG, reservation_id=1),
                TriggerMessageReq(requested_message="StatusNotification"),
                TriggerMessageReq(requested_message="StatusNotification", connector_id=1),
            ),
            central_system(YES),
            *ONLINE,
        ),
        inert=QUIET,
        prompt=TALK - {"BootNotificationReq"},
        queue_max=1,
        knows_reports=False,
    ),
    Scope(
        "triggers and transfers",
        "what is triggered of no connector, of all, of one that is not there; messages of vendors, known and not",
        one_connector(
            "reference",
            data_transfer=(
                VendorMessage(vendor_id="vendor", message_id="a", status="Accepted"),
                VendorMessage(vendor_id="vendor", message_id="b"),
            ),
        ),
        (
            world.calls(
                *(
                    TriggerMessageReq(requested_message=message, connector_id=connector)
                    for message in ("MeterValues", "StatusNotification", "Heartbeat")
                    for connector in (None, 0, 9)
                ),
                DataTransferReq(vendor_id="nobody", message_id="a"),
                *(
                    DataTransferReq(vendor_id="VENDOR", message_id=message)
                    for message in ("a", "b", "c", None)
                ),
            ),
            world.triggered_meter(1),
            world.vendor,
            *ONLINE,
        ),
        inert=QUIET,
        prompt=TALK | {"HeartbeatReq", "MeterValuesReq"},
        answers=YES,
        knows_reports=False,
    ),
)
