"""StopTransaction tells the samples of its transaction: from begin to end, through cuts, never too many (§3.16.5)."""

import pytest
from metering_bench import REGISTER, MeteringBench, at, values_of

from pilotline.core.events import FaultCleared, FaultDetected
from pilotline.core.snapshot import encode_record
from pilotline.core.state import SampledReading
from pilotline.spec.products import Product, adjusted, load_product

INTERVAL = "Energy.Active.Import.Interval"


def product(name: str = "reference", *, power_cut: str = "resume", **keys: str) -> Product:
    base = {"MeterValueSampleInterval": "10", "ClockAlignedDataInterval": "0", "StopTxnSampledData": REGISTER}
    return adjusted(load_product(name), {**base, "StopTxnAlignedData": "", **keys}, power_cut=power_cut)


def station(name: str = "reference", *, power_cut: str = "resume", **keys: str) -> MeteringBench:
    return MeteringBench(product(name, power_cut=power_cut, **keys))


def told(small: MeteringBench) -> list[tuple[str | None, str]]:
    """Context and register of each meter value of the StopTransaction."""
    data = small.stop_transaction().transaction_data or ()
    return [(value.sampled_value[0].context, values_of(value)[0]) for value in data]


@pytest.mark.rule(121, 127)
@pytest.mark.parametrize("name", ["c6eu", "reference"])
def test_it_goes_from_the_begin_over_samples_to_the_end(name: str) -> None:
    small = station(name)
    small.charge()
    small.passes(25)
    small.stops()
    assert told(small) == [
        ("Transaction.Begin", "1000"),
        ("Sample.Periodic", "1010"),
        ("Sample.Periodic", "1020"),
        ("Transaction.End", "1025"),
    ]
    stop = small.stop_transaction()
    assert stop.transaction_data is not None
    times = [value.timestamp for value in stop.transaction_data]
    assert times == [at("11:59:30"), at("11:59:40"), at("11:59:50"), at("11:59:55")]
    assert (stop.meter_stop, stop.timestamp) == (1025, times[-1])
    assert not small.state.memory.samples


def test_clock_aligned_samples_stand_among_them_with_their_own_list() -> None:
    small = station(
        ClockAlignedDataInterval="15", StopTxnSampledData="", StopTxnAlignedData=REGISTER,
        MeterValuesAlignedData=REGISTER,
    )  # fmt: skip
    small.passes(5)
    small.charge()
    small.passes(20)
    small.stops()
    assert told(small) == [
        ("Transaction.Begin", "1000"),
        ("Sample.Clock", "1010"),
        ("Transaction.End", "1020"),
    ]


@pytest.mark.rule(120)
def test_two_empty_lists_mean_none_at_all_also_when_they_are_emptied_late() -> None:
    small = station()
    small.charge()
    small.passes(25)
    small.configures(StopTxnSampledData="")
    small.stops()
    assert small.stop_transaction().transaction_data is None
    assert not small.state.memory.samples


def test_without_an_interval_there_are_begin_and_end() -> None:
    small = station(MeterValueSampleInterval="0")
    small.charge()
    small.passes(25)
    small.stops()
    assert told(small) == [("Transaction.Begin", "1000"), ("Transaction.End", "1025")]


@pytest.mark.rule(121, 127)
def test_samples_before_a_cut_are_told_when_the_transaction_is_resumed() -> None:
    small = station()
    small.charge()
    small.passes(15)
    small.power_is_cut()
    small.passes(12)
    small.stops()
    assert told(small) == [
        ("Transaction.Begin", "1000"),
        ("Sample.Periodic", "1010"),
        ("Interruption.Begin", "1010"),
        ("Interruption.End", "1015"),
        ("Sample.Periodic", "1025"),
        ("Transaction.End", "1027"),
    ]


def test_samples_before_a_cut_are_told_when_the_cut_stops_the_transaction() -> None:
    small = station(power_cut="stop")
    small.charge()
    small.passes(15)
    small.power_is_cut()
    assert small.stop_transaction().reason == "PowerLoss"
    assert told(small) == [
        ("Transaction.Begin", "1000"),
        ("Sample.Periodic", "1010"),
        ("Transaction.End", "1015"),
    ]


@pytest.mark.rule(127)
def test_a_fault_interrupts_the_energy() -> None:
    small = station(MeterValueSampleInterval="0")
    small.charge()
    small.passes(5)
    small.tell(FaultDetected(1, "GroundFailure"))
    small.passes(5)
    small.tell(FaultCleared(1, "GroundFailure"))
    small.passes(5)
    small.stops()
    assert told(small) == [
        ("Transaction.Begin", "1000"),
        ("Interruption.Begin", "1005"),
        ("Interruption.End", "1005"),
        ("Transaction.End", "1010"),
    ]


@pytest.mark.rule(121, 122)
def test_a_session_of_hours_is_thinned_evenly_and_keeps_begin_and_end() -> None:
    small = station(StopTransactionMaxMeterValues="10")
    small.charge()
    for _ in range(4):
        small.passes(7_200)
        assert len(small.state.memory.samples) < 10
    small.stops()
    data = small.stop_transaction().transaction_data
    assert data is not None
    assert len(data) <= 10
    contexts = [value.sampled_value[0].context for value in data]
    assert (contexts[0], contexts[-1]) == ("Transaction.Begin", "Transaction.End")
    assert set(contexts[1:-1]) == {"Sample.Periodic"}
    assert [int(values_of(v)[0]) for v in data] == sorted(int(values_of(v)[0]) for v in data)


@pytest.mark.rule(122)
def test_the_first_third_and_fifth_in_between_go_first() -> None:
    small = station(StopTransactionMaxMeterValues="7")
    small.charge()
    small.passes(65)
    small.stops()
    assert [register for _, register in told(small)] == ["1000", "1020", "1040", "1060", "1065"]


def test_a_sample_costs_one_small_record_however_many_there_are() -> None:
    small = station(StopTransactionMaxMeterValues="100")
    small.charge()
    small.passes(500)
    sizes = {len(encode_record("samples", kept)) for kept in small.state.memory.samples.values()}
    assert len(small.state.memory.samples) > 40
    assert max(sizes) < 200


def test_the_product_bounds_it_where_the_key_is_not_offered() -> None:
    small = MeteringBench(adjusted(product("c6eu"), transaction_data_max=3))
    small.charge()
    small.passes(35)
    small.stops()
    assert [register for _, register in told(small)] == ["1000", "1030", "1035"]


@pytest.mark.rule(113)
def test_the_energy_of_each_interval_bears_its_start_and_the_last_is_cut_short() -> None:
    small = station(StopTxnSampledData=INTERVAL, MeterValuesSampledData=INTERVAL)
    small.charge()
    small.passes(25)
    small.stops()
    expected = [(at("11:59:30"), ["10"]), (at("11:59:40"), ["10"]), (at("11:59:50"), ["5"])]
    data = small.stop_transaction().transaction_data or ()
    assert [(value.timestamp, values_of(value, INTERVAL)) for value in data] == expected
    assert [(v.timestamp, values_of(v, INTERVAL)) for v in small.meter_values(1)] == expected


def test_an_interval_that_a_cut_interrupts_is_told_whole() -> None:
    small = station(MeterValuesSampledData=INTERVAL)
    small.charge()
    small.passes(15)
    small.power_is_cut()
    small.passes(10)
    assert [values_of(v, INTERVAL) for v in small.meter_values(1)] == [["10"], ["15"]]


@pytest.mark.rule(116)
def test_phases_are_those_of_the_grid() -> None:
    small = station(ConnectorPhaseRotation="1.TRS", MeterValuesSampledData="Voltage,Current.Import.L3")
    small.values = (
        SampledReading("Voltage", "231", "L1", "Outlet", "V"),
        SampledReading("Voltage", "232", "L2", "Outlet", "V"),
        SampledReading("Voltage", "233", "L3", "Outlet", "V"),
        SampledReading("Current.Import", "16", "L1", "Outlet", "A"),
    )
    small.charge()
    small.passes(10)
    (value,) = small.meter_values(1)
    shown = {(v.measurand, v.phase): v.value for v in value.sampled_value}
    assert shown == {
        ("Voltage", "L3"): "231",
        ("Voltage", "L1"): "232",
        ("Voltage", "L2"): "233",
        ("Current.Import", "L3"): "16",
    }


@pytest.mark.rule(123)
def test_a_register_that_runs_backwards_is_not_believed() -> None:
    small = station()
    small.charge()
    small.passes(15)
    small.energy_ws[1] = 500 * 3600
    small.passes(10)
    small.stops()
    assert small.stop_transaction().meter_stop == 1010
