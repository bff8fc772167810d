"""Scopes of the feature profiles beside Core: reservations, the local list, triggered messages."""

from datetime import timedelta
from typing import Final

from pilotline.core.calendar import EPOCH
from pilotline.spec.messages.core import RemoteStartTransactionReq, ResetReq
from pilotline.spec.messages.local_auth_list_management import SendLocalListReq
from pilotline.spec.messages.remote_trigger import TriggerMessageReq
from pilotline.spec.messages.reservation import CancelReservationReq, ReserveNowReq
from pilotline.spec.messages.structures import AuthorizationData, IdTagInfo
from pilotline.tools.check import environment as world
from pilotline.tools.check.environment import (
    GROUP,
    MOODY,
    OTHER,
    TAG,
    YES,
    YES_OR_NO,
    YES_TO_GROUP,
    central_system,
    tags,
)
from pilotline.tools.check.scope import (
    ONLINE,
    QUIET,
    TALK,
    TRANSACTIONS,
    WILLING,
    Scope,
    one_connector,
    two_connectors,
)

SOON: Final = EPOCH + timedelta(seconds=2)
"""The Central System's clock says EPOCH whenever it is asked, and the search counts from now."""


def reserve(connector: int, number: int, id_tag: str, parent_id_tag: str | None = None) -> ReserveNowReq:
    """A reservation of two seconds."""
    return ReserveNowReq(
        connector_id=connector,
        expiry_date=SOON,
        id_tag=id_tag,
        reservation_id=number,
        parent_id_tag=parent_id_tag,
    )


def listed(version: int, **statuses: str | None) -> SendLocalListReq:
    """A differential update: a tag with a status, or taken out of the list."""
    entries = tuple(
        AuthorizationData(id_tag=tag, id_tag_info=IdTagInfo(status=status) if status else None)  # type: ignore[arg-type]  # one of the enumeration
        for tag, status in statuses.items()
    )
    return SendLocalListReq(
        list_version=version, update_type="Differential", local_authorization_list=entries
    )


PROFILE_SCOPES: Final = (
    Scope(
        "reserved",
        "a connector is reserved and cancelled, its driver and another one come, it expires",
        one_connector(),
        (
            world.cable(1),
            tags(1, TAG, OTHER),
            world.calls(reserve(1, 1, TAG), CancelReservationReq(reservation_id=1)),
            *ONLINE,
        ),
        at_once=WILLING,
        inert=QUIET,
        prompt=TALK | TRANSACTIONS,
        answers=YES,
        queue_max=1,
        shows=("a connector is reserved", "plugged in where it is reserved"),
    ),
    Scope(
        "reserved, disturbed",
        "faults, Inoperative and power cuts while a connector is reserved",
        one_connector(),
        (
            world.cable(1),
            tags(1, TAG),
            world.calls(reserve(1, 1, TAG)),
            world.faults(1),
            world.availability(1),
            world.power(),
            *ONLINE,
        ),
        at_once=WILLING,
        inert=QUIET,
        prompt=TALK | TRANSACTIONS,
        answers=YES,
        queue_max=1,
        cuts_within=True,
        shows=("a connector is reserved",),
    ),
    Scope(
        "reserved, station",
        "the main controller or the connector is faulted or Inoperative while it is reserved; it is replaced",
        one_connector("reference"),
        (
            world.calls(reserve(1, 1, TAG), reserve(1, 1, OTHER), reserve(0, 1, TAG)),
            world.faults(0),
            world.faults(1),
            world.availability(0),
            tags(1, TAG),
            *ONLINE,
        ),
        at_once=WILLING,
        inert=QUIET,
        prompt=TALK | TRANSACTIONS,
        answers=YES,
        queue_max=1,
    ),
    Scope(
        "reserved for a group",
        "tags of a group, by reader and from afar, on a connector that is reserved for the group",
        one_connector("reference", AuthorizationCacheEnabled="true"),
        (
            world.cable(1),
            tags(1, TAG),
            world.calls(reserve(1, 1, OTHER, GROUP), RemoteStartTransactionReq(id_tag=TAG, connector_id=1)),
            central_system(YES_TO_GROUP),
            *ONLINE,
        ),
        at_once=WILLING,
        inert=QUIET,
        prompt=(TALK | TRANSACTIONS) - {"AuthorizeReq"},
        answers=YES_TO_GROUP,
        queue_max=1,
    ),
    Scope(
        "reserved, any",
        "somebody reserved any of two connectors and uses the first one, or a stranger does",
        two_connectors("reference"),
        (
            world.cable(1),
            tags(1, TAG, OTHER),
            world.calls(reserve(0, 1, TAG), CancelReservationReq(reservation_id=1)),
            *ONLINE,
        ),
        at_once=WILLING,
        inert=QUIET,
        prompt=TALK | TRANSACTIONS,
        answers=YES,
        queue_max=1,
        shows=("one is kept for whoever reserved any",),
    ),
    Scope(
        "reserved, any, strangers",
        "strangers use both connectors, of which one stays free for whoever reserved any",
        two_connectors("reference"),
        (
            world.cable(1),
            world.cable(2),
            tags(1, OTHER),
            world.calls(reserve(0, 1, TAG)),
            *ONLINE,
        ),
        at_once=(*WILLING, world.hardware(2), world.hungry_car(2)),
        inert=QUIET | {("session", "connection_time_out")},
        prompt=TALK | TRANSACTIONS,
        answers=YES,
        queue_max=1,
        shows=("one is kept for whoever reserved any",),
    ),
    Scope(
        "reserved, any, disturbed",
        "faults, Inoperative and another reservation while somebody has reserved any of two connectors",
        two_connectors("reference"),
        (
            world.calls(reserve(0, 1, TAG), reserve(2, 2, OTHER)),
            world.faults(1),
            world.availability(1),
            *ONLINE,
        ),
        inert=QUIET,
        prompt=TALK,
        shows=("one is kept for whoever reserved any",),
    ),
    Scope(
        "reserved, reset",
        "a reset that does not come about while a connector is reserved and plugged in",
        one_connector(),
        (
            world.cable(1),
            world.calls(reserve(1, 1, TAG), ResetReq(type="Soft")),
            world.restarts,
            *ONLINE,
        ),
        at_once=WILLING,
        inert=QUIET,
        prompt=TALK,
        shows=("plugged in where it is reserved",),
    ),
    Scope(
        "local list",
        "the list and the Central System disagree about a tag, and the list changes",
        one_connector(
            AuthorizationCacheEnabled="true", LocalPreAuthorize="true", LocalAuthorizeOffline="true"
        ),
        (
            tags(1, TAG),
            world.calls(
                listed(1, TAG="Accepted"),
                listed(2, TAG="Blocked"),
                listed(3, TAG=None),
                SendLocalListReq(list_version=4, update_type="Full"),
            ),
            central_system(YES_OR_NO),
            *ONLINE,
            world.power(),
        ),
        inert=QUIET,
        prompt=TALK - {"AuthorizeReq"},
        queue_max=1,
        shows=("the local list is contradicted",),
    ),
    Scope(
        "triggered",
        "every message is triggered at any time, and one request may wait",
        one_connector("reference", HeartbeatInterval="2", call_queue_max=1),
        (
            world.calls(
                TriggerMessageReq(requested_message="BootNotification"),
                TriggerMessageReq(requested_message="Heartbeat"),
                TriggerMessageReq(requested_message="MeterValues", connector_id=1),
                TriggerMessageReq(requested_message="StatusNotification", connector_id=1),
                TriggerMessageReq(requested_message="DiagnosticsStatusNotification"),
                TriggerMessageReq(requested_message="FirmwareStatusNotification"),
            ),
            world.triggered_meter(1),
            central_system(YES._replace(errs=True)),
            *ONLINE,
        ),
        inert=QUIET,
        prompt=frozenset({"BootNotificationReq"}),
        due_max=1,
    ),
    Scope(
        "triggered while Pending",
        "messages are triggered before the station is accepted, and after it was rejected",
        one_connector("reference", HeartbeatInterval="2", call_queue_max=2),
        (
            world.calls(
                TriggerMessageReq(requested_message="BootNotification"),
                TriggerMessageReq(requested_message="Heartbeat"),
            ),
            central_system(MOODY),
            *ONLINE,
        ),
        inert=QUIET,
        prompt=frozenset({"StatusNotificationReq"}),
        due_max=1,
    ),
)
