"""Clock-aligned readings lie on the grid of the day; none is taken twice however the clock moves (§3.16.2, §9.1.5)."""

from datetime import timedelta
from typing import Any

import pytest
from metering_bench import BEGIN, MeteringBench, at, values_of

from pilotline.core.calendar import utc_of
from pilotline.core.events import MeterRead
from pilotline.core.state import Counter, UtcTime
from pilotline.spec.messages.core import MeterValuesReq
from pilotline.spec.products import adjusted, load_product

CLOCK = "Sample.Clock"
SECOND = timedelta(seconds=1)


class OfflineBench(MeteringBench):
    network = False


def station(interval_s: int = 60, kind: type[MeteringBench] = MeteringBench, **keys: str) -> MeteringBench:
    configured = {"ClockAlignedDataInterval": str(interval_s), "MeterValueSampleInterval": "0", **keys}
    return kind(adjusted(load_product("reference"), configured, reconnect_min_s=1, reconnect_max_s=1))


def ticks(small: MeteringBench, connector: int = 0) -> list[Any]:
    return [value.timestamp for value in small.meter_values(connector, CLOCK)]


@pytest.mark.rule(110, 112, 115)
def test_every_point_is_read_on_the_grid_with_the_transaction_that_runs() -> None:
    small = station()
    small.passes(10)
    small.charge()
    small.passes(120)
    small.stops()
    small.passes(60)
    for connector in (0, 1, 2):
        assert ticks(small, connector) == [at("12:00:00"), at("12:01:00"), at("12:02:00")]
    told = [r for r in small.sent if isinstance(r, MeterValuesReq) and r.connector_id == 1]
    assert [request.transaction_id for request in told] == [1, 1, None]
    others = [r for r in small.sent if isinstance(r, MeterValuesReq) and r.connector_id != 1]
    assert {request.transaction_id for request in others} == {None}
    assert [values_of(value) for value in small.meter_values(1)] == [["1020"], ["1080"], ["1120"]]
    assert [values_of(value) for value in small.meter_values(0)] == [["3020"], ["3080"], ["3120"]]


def test_an_empty_list_means_the_energy_register() -> None:
    small = station(MeterValuesAlignedData="")
    small.passes(60)
    (value,) = small.meter_values(1)
    assert values_of(value) == ["1000"]


@pytest.mark.rule(114)
def test_a_day_that_the_interval_does_not_divide_begins_anew_at_midnight() -> None:
    small = station(50_000)
    small.passes(2 * 86_400)
    assert [f"{tick:%d %H:%M:%S}" for tick in ticks(small)] == [
        "23 13:53:20", "24 00:00:00", "24 13:53:20", "25 00:00:00"
    ]  # fmt: skip


@pytest.mark.rule(110)
def test_no_reading_is_taken_before_the_clock_is_known_and_none_of_an_interval_of_0() -> None:
    small = station(kind=OfflineBench)
    small.passes(300)
    assert small.state.moment.queue.tail == 1
    small.restore_network(2)
    small.configures(ClockAlignedDataInterval="0")
    small.passes(300)
    assert ticks(small) == []


@pytest.mark.rule(110)
def test_a_change_of_the_interval_takes_effect_at_once() -> None:
    small = station(900)
    small.passes(40)
    small.configures(ClockAlignedDataInterval="20")
    small.passes(25)
    small.configures(ClockAlignedDataInterval="30")
    small.passes(26)
    assert ticks(small) == [at("12:00:00"), at("12:00:20"), at("12:01:00")]


@pytest.mark.rule(112)
def test_a_station_that_is_late_takes_a_tick_once_and_keeps_the_grid() -> None:
    small = station()
    small.is_late(150)
    small.passes(60)
    assert ticks(small) == [at("12:02:00"), at("12:03:00")]


@pytest.mark.rule(85)
def test_what_is_offline_is_queued_with_its_times() -> None:
    small = station()
    small.charge()
    small.lose_network()
    small.passes(125)
    assert ticks(small, 1) == []
    small.restore_network(5)
    assert ticks(small, 1) == [at("12:00:00"), at("12:01:00")]
    assert ticks(small, 0) == [at("12:00:00"), at("12:01:00")]


@pytest.mark.rule(112)
def test_a_clock_that_is_set_back_takes_no_tick_twice() -> None:
    small = station(HeartbeatInterval="1")
    small.passes(35)
    assert ticks(small) == [at("12:00:00")]
    small.sets_the_clock(at("11:58:30"))
    small.passes(200)
    assert ticks(small) == [at("12:00:00"), at("12:01:00")]


def test_a_clock_that_was_wrong_by_more_than_a_day_begins_a_day_anew() -> None:
    small = station(HeartbeatInterval="1")
    small.sets_the_clock(at("11:59:30") + timedelta(days=4000))
    small.passes(60)
    small.sets_the_clock(at("12:00:30"))
    small.passes(60)
    assert ticks(small) == [at("12:00:00") + timedelta(days=4000), at("12:01:00")]


def test_a_clock_that_is_set_forward_leaves_out_what_it_passes_over() -> None:
    small = station(HeartbeatInterval="1")
    small.sets_the_clock(at("12:07:30"))
    small.passes(35)
    assert ticks(small) == [at("12:08:00")]


def test_a_small_step_forward_over_a_tick_does_not_lose_it() -> None:
    small = station(HeartbeatInterval="1")
    small.passes(28)
    small.sets_the_clock(BEGIN + timedelta(milliseconds=small.now) + 1.5 * SECOND)
    small.passes(3)
    assert ticks(small) == [at("12:00:00")]


def test_no_tick_is_taken_twice_over_a_power_cut() -> None:
    small = station()
    small.passes(32)
    small.utc_at_0 = UtcTime(utc_of(at("11:59:55")) - small.now)
    small.power_is_cut()
    small.passes(70)
    assert ticks(small) == [at("12:00:00"), at("12:01:00")]


def test_a_meter_that_answers_too_late_or_tells_old_values_leaves_out_its_tick() -> None:
    small = station()
    small.meter_is_silent = True
    small.passes(33)
    small.tell(MeterRead(2, None, CLOCK, small.readings(2)))
    assert ticks(small, 2) == []
    small.meter_is_silent = False
    small.passes(60)
    small.age_ms = small.product.register_max_age_ms + 1
    small.passes(60)
    assert ticks(small, 2) == [at("12:01:00")]


def test_a_second_answer_to_one_question_counts_for_nothing() -> None:
    small = station()
    small.passes(31)
    small.tell(MeterRead(2, None, CLOCK, small.readings(2)))
    assert ticks(small, 2) == [at("12:00:00")]


@pytest.mark.rule(115)
def test_a_reading_whose_transaction_has_stopped_meanwhile_is_of_none() -> None:
    small = station()
    small.charge()
    small.meter_is_silent = True
    small.passes(30.5)
    small.meter_is_silent = False
    small.stops()
    small.tell(MeterRead(1, Counter(1), CLOCK, small.readings(1)))
    *_, last = [r for r in small.sent if isinstance(r, MeterValuesReq)]
    assert (last.connector_id, last.transaction_id) == (1, None)
    assert last.meter_value[0].timestamp == at("12:00:00")


@pytest.mark.rule(113)
@pytest.mark.parametrize("connector", [0, 1, 2])
def test_the_energy_of_the_interval_bears_its_start(connector: int) -> None:
    small = station(MeterValuesAlignedData="Energy.Active.Import.Interval")
    small.passes(10)
    small.charge()
    small.passes(120)
    small.stops()
    intervals = [
        (v.timestamp, values_of(v, "Energy.Active.Import.Interval")) for v in small.meter_values(connector)
    ]
    expected = {
        0: [(at("12:00:00"), ["60"])],
        1: [(at("11:59:40"), ["20"]), (at("12:00:00"), ["60"]), (at("12:01:00"), ["40"])],
        2: [],
    }
    assert intervals == expected[connector]
