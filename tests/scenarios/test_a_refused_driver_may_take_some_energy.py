"""MaxEnergyOnInvalidId: enough to drive away, and no more (OCPP 1.6 §3.5.4, §9.1.14)."""

import pytest
from station_bench import INVALID, Bench

from pilotline.core.effects import Effect, ReadMeter
from pilotline.core.events import External
from pilotline.spec.messages.core import ChangeConfigurationReq, StartTransactionConf, StopTransactionReq
from pilotline.spec.products import adjusted, load_product


def refused(most_wh: str, stops: str = "false") -> Bench:
    """It charged for 100 s (100 Wh) offline; then the Central System refuses the tag."""
    bench = Bench(
        adjusted(load_product("reference"), reconnect_max_s=2),
        MaxEnergyOnInvalidId=most_wh,
        StopTransactionOnInvalidId=stops,
        AllowOfflineTxForUnknownId="true",
    )
    bench.says["StartTransactionReq"] = StartTransactionConf(transaction_id=1, id_tag_info=INVALID)
    bench.lose_network().charge().passes(100).restore_network(4)
    return bench


def taken_wh(bench: Bench) -> int:
    return int(bench.readings(1).register) - 1000


def status(bench: Bench) -> str:
    return bench.state.moment.connectors[1].state


@pytest.mark.rule(69)
def test_it_goes_on_for_what_is_granted_after_the_refusal_and_then_without_energy() -> None:
    bench = refused("200")
    assert status(bench) == "Charging"
    at_refusal = taken_wh(bench)
    bench.passes(1000)
    assert status(bench) == "SuspendedEVSE"
    assert at_refusal + 180 <= taken_wh(bench) <= at_refusal + 201
    assert bench.requests(StopTransactionReq) == []
    bench.present()
    assert bench.requests(StopTransactionReq)[0].reason == "Local"


@pytest.mark.rule(69)
def test_where_it_must_stop_it_stops_when_it_has_taken_what_is_granted() -> None:
    bench = refused("200", stops="true")
    assert status(bench) == "Charging"
    at_refusal = taken_wh(bench)
    bench.passes(1000)
    (stop,) = bench.requests(StopTransactionReq)
    assert (stop.reason, status(bench)) == ("DeAuthorized", "Finishing")
    assert at_refusal + 180 <= taken_wh(bench) <= at_refusal + 201
    assert bench.requests(StopTransactionReq)[0].meter_stop == 1000 + taken_wh(bench)


@pytest.mark.rule(69)
def test_where_it_must_stop_a_power_cut_stops_it() -> None:
    bench = refused("200", stops="true")
    bench.power_is_cut()
    bench.passes(10)
    assert [stop.reason for stop in bench.requests(StopTransactionReq)] == ["DeAuthorized"]
    assert not bench.closed[1]


@pytest.mark.rule(69)
def test_nothing_is_granted_by_0_nor_after_a_power_cut() -> None:
    assert status(refused("0")) == "SuspendedEVSE"
    bench = refused("200")
    bench.power_is_cut()
    assert status(bench) == "SuspendedEVSE"
    assert not bench.closed[1]


@pytest.mark.rule(69)
def test_what_is_granted_may_be_taken_back() -> None:
    bench = refused("200")
    bench.asks(ChangeConfigurationReq(key="MaxEnergyOnInvalidId", value="0"))
    assert status(bench.passes(2)) == "SuspendedEVSE"


@pytest.mark.rule(69)
def test_a_meter_that_falls_silent_ends_it() -> None:
    bench = refused("200")
    carried_out = bench._carried_out

    def without_meter(effect: Effect) -> list[External]:
        return [] if isinstance(effect, ReadMeter) else carried_out(effect)

    bench._carried_out = without_meter  # type: ignore[method-assign]
    assert status(bench.passes(3)) == "SuspendedEVSE"


@pytest.mark.rule(69)
def test_a_session_that_ends_first_leaves_nothing_to_the_next() -> None:
    bench = refused("200").present()
    assert bench.state.moment.allowances[1].state == "none"
