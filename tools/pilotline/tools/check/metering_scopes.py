"""Scopes of metering: ticks, samples for the StopTransaction, old readings, a queue that is full."""

from typing import Final

from pilotline.core.state import UtcTime
from pilotline.tools.check import environment as world
from pilotline.tools.check import metering_world as metering
from pilotline.tools.check.environment import YES, central_system
from pilotline.tools.check.scope import (
    DRIVER,
    ONLINE,
    QUIET,
    TALK,
    TRANSACTIONS,
    WILLING,
    Scope,
    one_connector,
)

METERING: Final = (
    Scope(
        "clock-aligned",
        "ticks every two seconds, with and without a transaction; the clock jumps, the interval is changed",
        one_connector(ClockAlignedDataInterval="2", HeartbeatInterval="1"),
        (
            *DRIVER,
            metering.clock_jumps(0, 3, -1),
            central_system(YES._replace(errs=False)),
            *ONLINE,
            world.configuration("ClockAlignedDataInterval", "0", "2"),
        ),
        at_once=WILLING,
        inert=frozenset({("status_report", "settle"), ("session", "connection_time_out")}),
        prompt=TALK | {"StartTransactionReq", "StopTransactionReq"},
        queue_max=1,
        shows=("a reading of no transaction waits",),
    ),
    Scope(
        "clock-aligned, slowly",
        "the meter takes its time at a tick, or is silent; power is cut",
        one_connector(ClockAlignedDataInterval="3", StopTxnAlignedData="Energy.Active.Import.Register"),
        (*DRIVER, metering.silent_meter(1), *ONLINE, world.power(utc=UtcTime(500))),
        at_once=WILLING,
        read_at_once=frozenset(),
        inert=QUIET,
        prompt=TALK | TRANSACTIONS,
        queue_max=1,
    ),
    Scope(
        "transaction data",
        "samples kept for the StopTransaction; faults and cuts interrupt the energy; there is little room",
        one_connector(
            "reference",
            power_cut="resume",
            StopTransactionMaxMeterValues="5",
            MeterValueSampleInterval="1",
            StopTxnSampledData="Energy.Active.Import.Register,Energy.Active.Import.Interval",
        ),
        (*DRIVER, world.faults(1), *ONLINE, world.power(), world.power(car_may_leave=True)),
        at_once=WILLING,
        inert=QUIET | {("session", "connection_time_out")},
        prompt=TALK | TRANSACTIONS,
        queue_max=1,
        shows=("a sample is kept", "an interruption is kept"),
    ),
    Scope(
        "old readings",
        "the feedback of lock and contactor comes with readings that are too old; power is cut",
        one_connector("reference", StopTxnSampledData="Energy.Active.Import.Register"),
        (*DRIVER, world.hardware(1), metering.old_readings(1), *ONLINE, world.power()),
        at_once=(world.hungry_car(1),),
        inert=QUIET,
        prompt=TALK | TRANSACTIONS,
        queue_max=1,
    ),
    Scope(
        "full of samples",
        "more samples than the queue may hold, while nothing is answered",
        one_connector("reference", MeterValueSampleInterval="1", MessageTimeout="20", outbox_max=4),
        (metering.one_driver_after_another(1, 1), central_system(YES), *ONLINE),
        at_once=WILLING,
        inert=QUIET | {("session", "connection_time_out")},
        prompt=TALK,
        queue_max=6,
        shows=("a sample waits",),
    ),
    Scope(
        "old readings only",
        "the lock tells nothing but old readings, and the meter what it is asked for",
        one_connector("reference"),
        (world.cable(1), world.tags(1, world.TAG), *ONLINE),
        at_once=(world.hungry_car(1), metering.old_readings(1)),
        read_at_once=frozenset({"Transaction.Begin", "Transaction.End"}),
        inert=QUIET,
        prompt=TALK | TRANSACTIONS,
        queue_max=1,
        shows=("a car charges",),
    ),
    Scope(
        "samples on their grid",
        "samples every two seconds, while other keys are changed",
        one_connector(MeterValueSampleInterval="2", LightIntensity="50"),
        (
            world.cable(1),
            world.tags(1, world.TAG),
            *ONLINE,
            world.configuration("LightIntensity", "50", "100"),
            world.configuration("MeterValueSampleInterval", "0", "2"),
        ),
        at_once=WILLING,
        inert=QUIET | {("session", "connection_time_out")},
        prompt=TALK | TRANSACTIONS,
        queue_max=1,
        shows=("a car charges",),
    ),
)
