"""What TriggerMessage asks for, per connector and for the main controller (0): current data, sent once (§5.17).

Theory of operation: the decision table has answered before; here the message is made of what is now and asked for
by its own right, so that a triggered StatusNotification is no change and a triggered MeterValues is not queued
(§3.7). Whatever becomes of it, only a Heartbeat's answer tells something: the time.
"""

from typing import Annotated, Final

from msgspec import Struct

from pilotline.core.calendar import stamped, utc_of
from pilotline.core.effects import ReadMeter
from pilotline.core.events import (
    Asked,
    Confirmed,
    MeterRead,
    Refused,
    TimeTold,
    Triggered,
    Unanswered,
    Withdrawn,
)
from pilotline.core.machines import diagnostics, firmware
from pilotline.core.machines.status_report import present, request_of
from pilotline.core.metering import REGISTER_ALONE, of_the_grid, selected
from pilotline.core.slices import POINT, every, here, key, station
from pilotline.core.state import (
    Address,
    Ask,
    Boot,
    Cable,
    Clock,
    Connector,
    Counter,
    Diagnostics,
    Fault,
    Firmware,
    Instant,
    Map,
    Sample,
    SampledReading,
    Session,
    Transaction,
    Trigger,
)
from pilotline.core.statechart import Machine, ignores, on
from pilotline.core.transaction_messages import meter_value
from pilotline.spec.messages.core import HeartbeatConf, HeartbeatReq, MeterValuesReq
from pilotline.spec.messages.firmware_management import (
    DiagnosticsStatusNotificationReq,
    FirmwareStatusNotificationReq,
)
from pilotline.spec.rows import TriggerRows as row
from pilotline.spec.types import ReadingContext

NAME: Final = "trigger"
TRIGGER_CONTEXT: Final[ReadingContext] = "Trigger"


class Reads(Struct, frozen=True):
    """What the messages tell of."""

    connector: Annotated[Connector, here("connectors")]
    fault: Annotated[Fault, here("faults")]
    cable: Annotated[Cable, here("cables")]
    session: Annotated[Session, here("sessions")]
    transactions: Annotated[Map[Counter, Transaction], every("transactions")]
    clock: Annotated[Clock, station("clock")]
    boot: Annotated[Boot, station("boot")]
    firmware: Annotated[Firmware, station("firmware")]
    diagnostics: Annotated[Diagnostics, station("diagnostics")]
    sampled: Annotated[tuple[str, ...], key("MeterValuesSampledData")]
    rotations: Annotated[tuple[str, ...], key("ConnectorPhaseRotation")]


def of_the_meter(_own: Trigger, _reads: Reads, event: Triggered) -> bool:
    return event.message == "MeterValues"


def read_meter(
    own: Trigger, _reads: Reads, _event: Triggered, _now: Instant
) -> tuple[Trigger, tuple[ReadMeter]]:
    return own, (ReadMeter(own.connector, None, TRIGGER_CONTEXT),)


def of_the_status(_own: Trigger, _reads: Reads, event: Triggered) -> bool:
    return event.message == "StatusNotification"


def send_status(own: Trigger, reads: Reads, _event: Triggered, _now: Instant) -> tuple[Trigger, tuple[Asked]]:
    report, since = present(reads)
    return own, (Asked(Ask(request_of(own.connector, report, since, reads.clock), _me(own))),)


def of_diagnostics(_own: Trigger, _reads: Reads, event: Triggered) -> bool:
    return event.message == "DiagnosticsStatusNotification"


def send_diagnostics_status(
    own: Trigger, reads: Reads, _event: Triggered, _now: Instant
) -> tuple[Trigger, tuple[Asked]]:
    """Idle is only ever said here (§4.4)."""
    status = diagnostics.STATUS[reads.diagnostics.state]
    return own, (Asked(Ask(DiagnosticsStatusNotificationReq(status=status), _me(own))),)


def of_firmware(_own: Trigger, _reads: Reads, event: Triggered) -> bool:
    return event.message == "FirmwareStatusNotification"


def send_firmware_status(
    own: Trigger, reads: Reads, _event: Triggered, _now: Instant
) -> tuple[Trigger, tuple[Asked]]:
    """Idle is only ever said here (§4.5)."""
    status = firmware.STATUS[reads.firmware.state]
    return own, (Asked(Ask(FirmwareStatusNotificationReq(status=status), _me(own))),)


def send_heartbeat(
    own: Trigger, _reads: Reads, _event: Triggered, _now: Instant
) -> tuple[Trigger, tuple[Asked]]:
    return own, (Asked(Ask(HeartbeatReq(), _me(own))),)


def is_triggered(_own: Trigger, reads: Reads, event: MeterRead) -> bool:
    return event.context == TRIGGER_CONTEXT and bool(_asked(_own, reads, event))


def send_readings(own: Trigger, reads: Reads, event: MeterRead, now: Instant) -> tuple[Trigger, tuple[Asked]]:
    """The latest of MeterValuesSampledData; with the transaction that runs here, if its id is known (errata 3.16)."""
    stamp = stamped(reads.boot, reads.clock, now)
    sample = Sample(stamp, TRIGGER_CONTEXT, _asked(own, reads, event))
    request = MeterValuesReq(
        connector_id=own.connector,
        transaction_id=_transaction_id(own, reads),
        meter_value=(meter_value(sample),),
    )
    return own, (Asked(Ask(request, _me(own))),)


def _asked(own: Trigger, reads: Reads, event: MeterRead) -> tuple[SampledReading, ...]:
    values = of_the_grid(event.readings.values, reads.rotations, own.connector)
    return selected(values, reads.sampled or REGISTER_ALONE)


def _transaction_id(own: Trigger, reads: Reads) -> int | None:
    for transaction in reads.transactions.values():
        answered = transaction.answered
        runs_here = transaction.connector == own.connector and transaction.state in ("running", "stopping")
        if runs_here and answered is not None and answered.processed:
            return answered.transaction_id
    return None


def tell_time(
    own: Trigger, _reads: Reads, event: Confirmed[HeartbeatConf], _now: Instant
) -> tuple[Trigger, tuple[TimeTold]]:
    return own, (TimeTold(utc_of(event.confirmation.current_time)),)


def is_heartbeat(_own: Trigger, _reads: Reads, event: Confirmed[HeartbeatConf]) -> bool:
    return isinstance(event.confirmation, HeartbeatConf)


def _me(own: Trigger) -> Address:
    return Address(NAME, own.connector)


TRIGGER = Machine(
    NAME,
    family=POINT,
    home="moment",
    slot="triggers",
    blank=Trigger(0),
    reads=Reads,
    states=("watching",),
    table=(
        on(Triggered, row.G2, read_meter, when=[of_the_meter]),
        on(Triggered, row.G1, send_status, when=[of_the_status]),
        on(Triggered, row.G1, send_diagnostics_status, when=[of_diagnostics]),
        on(Triggered, row.G1, send_firmware_status, when=[of_firmware]),
        on(Triggered, row.G1, send_heartbeat),
        on(MeterRead, row.G1, send_readings, when=[is_triggered]),
        on(Confirmed[HeartbeatConf], row.G3, tell_time, when=[is_heartbeat]),
    ),
    ignored=(
        ignores(MeterRead, because="nobody triggered it"),
        ignores(
            Confirmed, Refused, Unanswered, Withdrawn, because="a triggered message is sent once (§5.17)"
        ),
    ),
)
