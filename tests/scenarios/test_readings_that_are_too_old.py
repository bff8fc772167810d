"""A reading that is older than the product allows is left out; the meter is asked where one is needed (§4.8, §4.10)."""

from metering_bench import MeteringBench

from pilotline.core.effects import ReadMeter
from pilotline.core.events import (
    CablePlugged,
    ConnectorLocked,
    EnergyRequested,
    MeterRead,
    TagPresented,
)
from pilotline.core.state import Counter, Instant, Readings, Wh
from pilotline.core.step import step
from pilotline.spec.products import adjusted, load_product

PRODUCT = adjusted(load_product("reference"), {"MeterValueSampleInterval": "10"})
TOO_OLD = PRODUCT.register_max_age_ms + 1


def online() -> MeteringBench:
    return MeteringBench(PRODUCT)


def test_a_start_waits_for_a_register_that_is_not_too_old() -> None:
    small = online()
    for event in (CablePlugged(1), EnergyRequested(1)):
        small.tell(event)
    small.age_ms, small.meter_is_silent = TOO_OLD, True
    small.tell(TagPresented(1, "TAG"))
    assert small.state.moment.sessions[1].state == "starting"
    small.tell(MeterRead(1, None, "Transaction.Begin", Readings(Wh(1007))))
    assert small.state.moment.sessions[1].state == "charging"
    (transaction,) = small.state.memory.transactions.values()
    assert transaction.register == 1007


def test_a_meter_that_stays_silent_gives_up_the_start() -> None:
    small = online()
    small.age_ms, small.meter_is_silent = TOO_OLD, True
    small.plug().present()
    small.passes(PRODUCT.lock_deadline_ms / 1000)
    assert not small.state.memory.transactions
    assert small.state.moment.faults[1].state == "faulted"


def test_an_old_sample_is_not_sent() -> None:
    small = online()
    small.charge()
    small.passes(10)
    small.age_ms = TOO_OLD
    small.passes(10)
    small.age_ms = PRODUCT.register_max_age_ms
    small.passes(10)
    assert len(small.meter_values(1)) == 2


def stopping() -> MeteringBench:
    """The driver has stopped, and the contactor is open with an old reading."""
    small = online()
    small.charge()
    small.passes(15)
    small.age_ms, small.meter_is_silent = TOO_OLD, True
    small.stops()
    assert small.state.memory.transactions[Counter(1)].state == "stopping"
    return small


def test_a_stop_asks_the_meter() -> None:
    small = stopping()
    small.tell(MeterRead(1, Counter(1), "Transaction.End", Readings(Wh(1016))))
    assert small.stop_transaction().meter_stop == 1016


def test_a_stop_whose_meter_is_silent_has_the_last_reading_that_counted() -> None:
    small = stopping()
    small.passes(PRODUCT.contactor_deadline_ms / 1000)
    assert small.stop_transaction().meter_stop == 1010
    (fault,) = small.state.moment.faults[1].raised
    assert fault.error_code == "PowerMeterFailure"


def test_what_is_asked_is_the_meter_of_the_connector() -> None:
    small = online()
    for event in (CablePlugged(1), TagPresented(1, "TAG")):
        small.age_ms, small.meter_is_silent = TOO_OLD, True
        small.tell(event)
    old = Readings(Wh(1000), age_ms=TOO_OLD)
    taken = step(small.state, ConnectorLocked(1, old), Instant(small.now))
    assert taken.effects == (ReadMeter(1, None, "Transaction.Begin"),)
