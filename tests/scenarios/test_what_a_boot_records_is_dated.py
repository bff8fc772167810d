"""What is recorded while a station reads its own clock at power-on is dated before it is sent (OCPP 1.6 §3.9)."""

from station_bench import TAG, Bench

from pilotline.core.transaction_messages import is_undated
from pilotline.spec.messages.core import MeterValuesReq, StopTransactionReq
from pilotline.spec.products import adjusted, load_product


def test_the_end_of_an_interruption_has_its_date_in_the_stop() -> None:
    product = adjusted(load_product("reference"), power_cut="resume")
    bench = Bench(product, StopTxnSampledData="Energy.Active.Import.Register")
    bench.own_clock = True
    bench.charge().lose_network()
    bench.passes(100)
    bench.power_is_cut(dark_s=60)
    bench.passes(10).present(TAG)
    assert any(is_undated(entry.message) for entry in bench.state.memory.outbox.values())
    bench.restore_network()
    (stop,) = bench.requests(StopTransactionReq)
    times = [value.timestamp for value in stop.transaction_data or ()]
    times += [value.timestamp for told in bench.requests(MeterValuesReq) for value in told.meter_value]
    assert len(times) > 2
    assert {time.year for time in times} == {2026}
