"""A contactor that is told to open and does not say that it has: what was drawn is billed all the same (§4.10)."""

from station_bench import Bench, WeldedBench

from pilotline.core.events import ContactorOpened
from pilotline.spec.messages.core import StatusNotificationReq, StopTransactionReq


def an_hour_later() -> WeldedBench:
    """An hour of charging without a sample, and the driver stops."""
    bench = WeldedBench(MeterValueSampleInterval="0")
    bench.charge().passes(3600)
    bench.present()
    assert not bench.requests(StopTransactionReq)
    return bench


def meter_stop(bench: Bench) -> int:
    (stop,) = bench.requests(StopTransactionReq)
    return stop.meter_stop


def error_codes(bench: Bench) -> list[str]:
    return [r.error_code for r in bench.requests(StatusNotificationReq) if r.connector_id == 1]


def test_the_meter_is_asked_before_the_last_sample_has_to_do() -> None:
    bench = an_hour_later()
    bench.passes(2 * bench.product.contactor_deadline_ms / 1000)
    assert meter_stop(bench) == 1000 + 3600
    assert "PowerSwitchFailure" in error_codes(bench)
    assert "PowerMeterFailure" not in error_codes(bench)


def test_it_opens_late_while_the_meter_does_not_answer() -> None:
    bench = an_hour_later()
    bench.meter_is_silent = True
    bench.passes(1.5 * bench.product.contactor_deadline_ms / 1000)
    assert not bench.requests(StopTransactionReq)
    bench.closed[1] = False
    bench.tell(ContactorOpened(1, bench.readings(1)))
    assert meter_stop(bench) == 1000 + 3600
    bench.passes(2)
    assert error_codes(bench)[-1] == "NoError"


def test_what_nobody_tells_is_not_waited_for() -> None:
    bench = an_hour_later()
    bench.meter_is_silent = True
    bench.passes(3 * bench.product.contactor_deadline_ms / 1000)
    assert meter_stop(bench) == 1000
    assert {"PowerSwitchFailure", "PowerMeterFailure"} <= set(error_codes(bench))
