"""UpdateFirmware and GetDiagnostics (§5.9, §5.19): taken as they are; what comes of them is told by notifications.

A location that cannot be, of a scheme that is unknown or on the station itself, is a transfer that fails: the
confirmations have no field that would say so.
"""

from typing import Annotated, Final

from msgspec import Struct

from pilotline.core import facts
from pilotline.core.calendar import utc_of
from pilotline.core.decision_table import DecisionTable, otherwise, when
from pilotline.core.events import DiagnosticsAsked, UpdateAsked
from pilotline.core.machines.diagnostics import file_name
from pilotline.core.reading import NoReads
from pilotline.core.slices import fact, station, the_time
from pilotline.core.state import Clock, Counter, Diagnostics, Instant, Update, Url, UtcTime
from pilotline.spec.messages.firmware_management import (
    GetDiagnosticsConf,
    GetDiagnosticsReq,
    UpdateFirmwareConf,
    UpdateFirmwareReq,
)
from pilotline.spec.products import Identity

RETRIES: Final = 2
"""Where the Central System leaves it to the station (§6.25, §6.55)."""


INTERVAL_MAX_S: Final = 31_536_000
"""A year; the standard sets no bound."""


def _retries(asked: int | None) -> int:
    return RETRIES if asked is None else max(asked, 0)


def _interval_s(asked: int | None) -> int:
    """0 leaves it to the station."""
    return min(max(asked or 0, 0), INTERVAL_MAX_S)


def update(_reads: NoReads, request: UpdateFirmwareReq) -> tuple[UpdateFirmwareConf, tuple[UpdateAsked]]:
    ordered = Update(
        Url(request.location),
        utc_of(request.retrieve_date),
        _retries(request.retries),
        _interval_s(request.retry_interval),
    )
    return UpdateFirmwareConf(), (UpdateAsked(ordered),)


UPDATE_FIRMWARE: DecisionTable[NoReads, UpdateFirmwareReq] = DecisionTable(
    UpdateFirmwareReq, NoReads, (otherwise("from retrieveDate on", update),)
)


class Reads(Struct, frozen=True):
    """Whose diagnostics, and what time it is."""

    identity: Annotated[Identity, fact(facts.identity)]
    clock: Annotated[Clock, station("clock")]
    now: Annotated[Instant, the_time()]


def nothing_can_be_there(reads: Reads, request: GetDiagnosticsReq) -> bool:
    """The span ends before it begins, or begins in the future."""
    start, stop = request.start_time, request.stop_time
    ends_before = start is not None and stop is not None and stop < start
    return ends_before or (start is not None and utc_of(start) > _utc(reads))


def say_nothing_is_there(_reads: Reads, _request: GetDiagnosticsReq) -> GetDiagnosticsConf:
    """Without a file name nothing follows (§5.9)."""
    return GetDiagnosticsConf()


def send(reads: Reads, request: GetDiagnosticsReq) -> tuple[GetDiagnosticsConf, tuple[DiagnosticsAsked]]:
    asked = _utc(reads)
    ordered = Diagnostics(
        "idle",
        Counter(0),
        Url(request.location),
        _retries(request.retries),
        _interval_s(request.retry_interval),
        asked,
        None if request.start_time is None else utc_of(request.start_time),
        None if request.stop_time is None else utc_of(request.stop_time),
    )
    return GetDiagnosticsConf(file_name=file_name(reads.identity, asked)), (DiagnosticsAsked(ordered),)


def _utc(reads: Reads) -> UtcTime:
    return UtcTime((reads.clock.epoch or 0) + reads.now)


GET_DIAGNOSTICS: DecisionTable[Reads, GetDiagnosticsReq] = DecisionTable(
    GetDiagnosticsReq,
    Reads,
    (
        when(nothing_can_be_there, name="nothing can be there", answer=say_nothing_is_there),
        otherwise("one file", send),
    ),
)
