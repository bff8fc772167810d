"""TriggerMessage (§5.17): whether the message will be sent; the message itself is made in `machines/trigger`."""

from typing import Annotated

from msgspec import Struct

from pilotline.core.decision_table import DecisionTable, otherwise, when
from pilotline.core.events import BootTriggered, Triggered
from pilotline.core.slices import every, key, station
from pilotline.core.state import Connector, Registration
from pilotline.spec.messages.remote_trigger import TriggerMessageConf, TriggerMessageReq


class Reads(Struct, frozen=True):
    """Which connectors and features there are, and whether this boot is accepted."""

    connectors: Annotated[tuple[Connector, ...], every("connectors")]
    registration: Annotated[Registration, station("registration")]
    profiles: Annotated[tuple[str, ...], key("SupportedFeatureProfiles")]


def not_implemented(reads: Reads, request: TriggerMessageReq) -> bool:
    """Firmware and diagnostics without their profile (§5.17)."""
    of_firmware = request.requested_message in (
        "DiagnosticsStatusNotification",
        "FirmwareStatusNotification",
    )
    return of_firmware and "FirmwareManagement" not in reads.profiles


def is_boot(_reads: Reads, request: TriggerMessageReq) -> bool:
    return request.requested_message == "BootNotification"


def is_pending(reads: Reads, _request: TriggerMessageReq) -> bool:
    """Once accepted it is to be rejected until the next boot (errata 3.35)."""
    return reads.registration.state == "pending"


def is_on_its_way(reads: Reads, _request: TriggerMessageReq) -> bool:
    """The one that is being sent complies with the request (§5.17)."""
    return reads.registration.state == "asked"


def not_heard_of(reads: Reads, _request: TriggerMessageReq) -> bool:
    """Before the first word nothing but BootNotification may be sent (§4.2), so nothing is promised."""
    return reads.registration.standing not in ("Pending", "Accepted")


def of_a_connector(_reads: Reads, request: TriggerMessageReq) -> bool:
    """For the other messages a connectorId does not matter and is ignored (§5.17)."""
    return request.requested_message in ("MeterValues", "StatusNotification")


def of_all_connectors(reads: Reads, request: TriggerMessageReq) -> bool:
    return of_a_connector(reads, request) and request.connector_id is None


def connector_unknown(reads: Reads, request: TriggerMessageReq) -> bool:
    return request.connector_id is not None and not 0 <= request.connector_id < len(reads.connectors)


def reject(_reads: Reads, _request: TriggerMessageReq) -> TriggerMessageConf:
    return TriggerMessageConf(status="Rejected")


def say_not_implemented(_reads: Reads, _request: TriggerMessageReq) -> TriggerMessageConf:
    return TriggerMessageConf(status="NotImplemented")


def accept(_reads: Reads, _request: TriggerMessageReq) -> TriggerMessageConf:
    return TriggerMessageConf(status="Accepted")


def boot(_reads: Reads, _request: TriggerMessageReq) -> tuple[TriggerMessageConf, tuple[BootTriggered]]:
    return TriggerMessageConf(status="Accepted"), (BootTriggered(),)


def send_for_all(
    reads: Reads, request: TriggerMessageReq
) -> tuple[TriggerMessageConf, tuple[Triggered, ...]]:
    """The main controller and every connector (§5.17)."""
    points = range(len(reads.connectors))
    return TriggerMessageConf(status="Accepted"), tuple(
        Triggered(point, request.requested_message) for point in points
    )


def send_for_one(_reads: Reads, request: TriggerMessageReq) -> tuple[TriggerMessageConf, tuple[Triggered]]:
    triggered = Triggered(request.connector_id or 0, request.requested_message)
    return TriggerMessageConf(status="Accepted"), (triggered,)


def send(_reads: Reads, request: TriggerMessageReq) -> tuple[TriggerMessageConf, tuple[Triggered]]:
    return TriggerMessageConf(status="Accepted"), (Triggered(0, request.requested_message),)


TRIGGER_MESSAGE: DecisionTable[Reads, TriggerMessageReq] = DecisionTable(
    TriggerMessageReq,
    Reads,
    (
        when(not_implemented, name="a feature this station does not have", answer=say_not_implemented),
        when(is_boot, is_pending, name="BootNotification while Pending", answer=boot),
        when(is_boot, is_on_its_way, name="BootNotification that is on its way", answer=accept),
        when(is_boot, name="BootNotification once accepted", answer=reject),
        when(not_heard_of, name="neither Pending nor accepted", answer=reject),
        when(of_all_connectors, name="of every connector and the main controller", answer=send_for_all),
        when(of_a_connector, connector_unknown, name="no such connector", answer=reject),
        when(of_a_connector, name="of one connector", answer=send_for_one),
        otherwise("of the station", send),
    ),
)
