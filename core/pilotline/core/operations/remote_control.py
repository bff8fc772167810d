"""RemoteStartTransaction and RemoteStopTransaction (§5.11, §5.12).

Accepted means only that it will be tried (errata 3.32).
"""

from typing import Annotated

from pilotline.core.charging_profiles import profile_of
from pilotline.core.decision_table import DecisionTable, otherwise, when
from pilotline.core.events import AuthorizationAsked, StopAsked, UseGranted
from pilotline.core.fitness import fit_for_use
from pilotline.core.installing import (
    InstallingReads,
    contradicts_itself,
    exceeds_the_product,
    is_one_too_many,
    received,
)
from pilotline.core.known_tags import KnownTag, known_tag
from pilotline.core.reserving import Floor, may_use, of_any, on_connector
from pilotline.core.slices import every, key, station, stored
from pilotline.core.state import (
    Asker,
    Authorization,
    Availability,
    Cable,
    CachedTag,
    Counter,
    Fault,
    ListedTag,
    Map,
    Profile,
    Registration,
    Reservation,
    Reset,
    Transaction,
)
from pilotline.spec.messages.core import (
    RemoteStartTransactionConf,
    RemoteStartTransactionReq,
    RemoteStopTransactionConf,
    RemoteStopTransactionReq,
)
from pilotline.spec.messages.structures import ChargingProfile


class Reads(InstallingReads, frozen=True):
    """The connectors and what goes on there."""

    registration: Annotated[Registration, station("registration")]
    cables: Annotated[tuple[Cable, ...], every("cables")]
    faults: Annotated[tuple[Fault, ...], every("faults")]
    availability: Annotated[tuple[Availability, ...], every("availability")]
    reset: Annotated[Reset, station("reset")]
    authorizations: Annotated[Map[Asker, Authorization], every("authorizations")]
    transactions: Annotated[Map[Counter, Transaction], every("transactions")]
    reservations: Annotated[Map[int, Reservation], every("reservations")]
    local_list: Annotated[Map[str, ListedTag], stored("local_list")]
    cache: Annotated[Map[str, CachedTag], stored("cache")]
    list_enabled: Annotated[bool | None, key("LocalAuthListEnabled")]
    cache_enabled: Annotated[bool | None, key("AuthorizationCacheEnabled")]
    connectors: Annotated[int, key("NumberOfConnectors")]
    authorize: Annotated[bool, key("AuthorizeRemoteTxRequests")]
    feature_profiles: Annotated[tuple[str, ...], key("SupportedFeatureProfiles")]


def not_accepted(reads: Reads, _request: object) -> bool:
    """While Pending these two are not allowed (§4.2)."""
    return reads.registration.state != "accepted"


def connector_unknown(reads: Reads, request: RemoteStartTransactionReq) -> bool:
    """Connector 0 is none that could charge (§5.11)."""
    return request.connector_id is not None and not 0 < request.connector_id <= reads.connectors


def profile_of_another_kind(reads: Reads, request: RemoteStartTransactionReq) -> bool:
    """It may only be for the transaction to come, whose id nobody knows; without smart charging none is looked at
    (§5.11, errata 3.41).
    """
    profile = _profile_message(reads, request)
    return profile is not None and (
        profile.charging_profile_purpose != "TxProfile" or profile.transaction_id is not None
    )


def profile_not_taken(reads: Reads, request: RemoteStartTransactionReq) -> bool:
    """As SetChargingProfile would not take it either (§5.16)."""
    message, new = _profile_message(reads, request), _profile(reads, request)
    return (
        message is not None
        and new is not None
        and (
            contradicts_itself(message) or exceeds_the_product(reads, message) or is_one_too_many(reads, new)
        )
    )


def _profile_message(reads: Reads, request: RemoteStartTransactionReq) -> ChargingProfile | None:
    return request.charging_profile if "SmartCharging" in reads.feature_profiles else None


def _profile(reads: Reads, request: RemoteStartTransactionReq) -> Profile | None:
    """The profile of the transaction to be."""
    message = _profile_message(reads, request)
    return None if message is None else profile_of(message, _target(reads, request), received(reads))


def no_connector_fit(reads: Reads, request: RemoteStartTransactionReq) -> bool:
    """In use, faulted, Inoperative, reserved for somebody else, or waiting for another answer already."""
    return _target(reads, request) == 0


def authorization_wanted(reads: Reads, _request: RemoteStartTransactionReq) -> bool:
    return reads.authorize


def reject_start(_reads: Reads, _request: RemoteStartTransactionReq) -> RemoteStartTransactionConf:
    return RemoteStartTransactionConf(status="Rejected")


def authorize_and_start(
    reads: Reads, request: RemoteStartTransactionReq
) -> tuple[RemoteStartTransactionConf, tuple[AuthorizationAsked]]:
    asker = Asker("connector", _target(reads, request))
    asked = AuthorizationAsked(asker, request.id_tag, _profile(reads, request))
    return RemoteStartTransactionConf(status="Accepted"), (asked,)


def start(
    reads: Reads, request: RemoteStartTransactionReq
) -> tuple[RemoteStartTransactionConf, tuple[UseGranted]]:
    known = _known(reads, request.id_tag)
    parent_id_tag = None if known is None else known.parent_id_tag
    granted = UseGranted(
        _target(reads, request), request.id_tag, parent_id_tag, None, _profile(reads, request)
    )
    return RemoteStartTransactionConf(status="Accepted"), (granted,)


def _target(reads: Reads, request: RemoteStartTransactionReq) -> int:
    """The connector that is meant; without one, plugged in and waiting, then reserved for the tag, then the lowest
    free, then one that is left with its cable in, which begins anew. 0: none is fit.
    """
    asked = request.connector_id
    candidates = range(1, len(reads.sessions)) if asked is None else (asked,)
    reserved = [c for c in candidates if on_connector(reads.reservations, c)]
    for states, among in (
        (("awaiting_id_tag", "awaiting_reserver"), candidates),
        (("idle",), reserved),
        (("idle",), candidates),
        (("finishing",), [c for c in candidates if reads.cables[c].state == "plugged"]),
    ):
        for connector in among:
            if reads.sessions[connector].state in states and _fit(reads, connector, request.id_tag):
                return connector
    return 0


def _fit(reads: Reads, connector: int, id_tag: str) -> bool:
    if (
        not fit_for_use(connector, reads.faults, reads.availability, reads.reset)
        or Asker("connector", connector) in reads.authorizations
    ):
        return False
    known = _known(reads, id_tag)
    floor = Floor(reads.sessions, reads.faults, reads.availability, reads.reservations)
    if may_use(floor, connector, id_tag, None if known is None else known.parent_id_tag):
        return True
    return known is None and reads.authorize and _may_be_of_its_group(reads, connector)


def _may_be_of_its_group(reads: Reads, connector: int) -> bool:
    """The reservation is for a group, and whether the tag is of it the Central System will say (§5.13)."""
    own = on_connector(reads.reservations, connector)
    asked = of_any(reads.reservations) if own is None else [own]
    return any(reservation.parent_id_tag for reservation in asked)


def _known(reads: Reads, id_tag: str) -> KnownTag | None:
    local_list = reads.local_list if reads.list_enabled else None
    return known_tag(id_tag, local_list, reads.cache if reads.cache_enabled else None)


REMOTE_START_TRANSACTION: DecisionTable[Reads, RemoteStartTransactionReq] = DecisionTable(
    RemoteStartTransactionReq,
    Reads,
    (
        when(not_accepted, name="not registered", answer=reject_start),
        when(connector_unknown, name="connector 0 or unknown", answer=reject_start),
        when(profile_of_another_kind, name="a profile for something else", answer=reject_start),
        when(profile_not_taken, name="a profile that cannot be installed", answer=reject_start),
        when(no_connector_fit, name="no connector is fit", answer=reject_start),
        when(authorization_wanted, name="authorize like a local start", answer=authorize_and_start),
        otherwise("start at once", start),
    ),
)


def transaction_unknown(reads: Reads, request: RemoteStopTransactionReq) -> bool:
    return _connector_of(reads, request.transaction_id) == 0


def reject_stop(_reads: Reads, _request: RemoteStopTransactionReq) -> RemoteStopTransactionConf:
    return RemoteStopTransactionConf(status="Rejected")


def stop(
    reads: Reads, request: RemoteStopTransactionReq
) -> tuple[RemoteStopTransactionConf, tuple[StopAsked]]:
    asked = StopAsked(_connector_of(reads, request.transaction_id), "Remote")
    return RemoteStopTransactionConf(status="Accepted"), (asked,)


def _connector_of(reads: Reads, transaction_id: int) -> int:
    """Where the transaction of this id runs; 0: nowhere. -1 is no id of the Central System's (errata 3.18).

    Of an id that was given twice the newest is meant: that is the one the Central System has under it.
    """
    running = {
        number: transaction.connector
        for number, transaction in reads.transactions.items()
        if transaction.state == "running"
        and transaction.answered is not None
        and transaction.answered.processed
        and transaction.answered.transaction_id == transaction_id
    }
    return running[max(running)] if running else 0


REMOTE_STOP_TRANSACTION: DecisionTable[Reads, RemoteStopTransactionReq] = DecisionTable(
    RemoteStopTransactionReq,
    Reads,
    (
        when(not_accepted, name="not registered", answer=reject_stop),
        when(transaction_unknown, name="no such transaction runs", answer=reject_stop),
        otherwise("stop it", stop),
    ),
)
