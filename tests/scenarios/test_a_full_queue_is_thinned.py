"""Offline for long: samples go evenly from in between, and Start, Stop, first and last sample stay (§3.7)."""

from metering_bench import MeteringBench, values_of

from pilotline.spec.messages.core import MeterValuesReq, StartTransactionReq, StopTransactionReq
from pilotline.spec.products import adjusted, load_product

OUTBOX_MAX = 12


def offline(seconds: float, outbox_max: int = OUTBOX_MAX) -> MeteringBench:
    keys = {"AllowOfflineTxForUnknownId": "true", "MeterValueSampleInterval": "10"}
    product = adjusted(
        load_product("reference"), keys, outbox_max=outbox_max, reconnect_min_s=1, reconnect_max_s=1
    )
    small = MeteringBench(product)
    small.lose_network()
    small.charge()
    small.passes(seconds)
    return small


def delivered(small: MeteringBench) -> list[object]:
    """What of the transaction comes when the link is back: the start, registers, the stop."""
    small.restore_network(2)
    kinds = (StartTransactionReq, MeterValuesReq, StopTransactionReq)
    return [
        int(values_of(request.meter_value[0])[0]) if isinstance(request, MeterValuesReq) else type(request)
        for request in small.sent
        if isinstance(request, kinds)
    ]


def test_all_is_told_as_long_as_there_is_room() -> None:
    start, *samples = delivered(offline(105))
    assert start is StartTransactionReq
    assert samples == list(range(1010, 1110, 10))


def test_every_second_sample_in_between_goes_when_there_is_none() -> None:
    start, *samples = delivered(offline(125))
    assert start is StartTransactionReq
    assert samples == [1010, 1030, 1050, 1070, 1090, 1110, 1120]


def test_hours_offline_are_told_from_the_first_to_the_last_sample() -> None:
    small = offline(20_000)
    assert len(small.state.memory.outbox) <= OUTBOX_MAX
    small.stops()
    start, first, *between, last, stop = delivered(small)
    assert (start, first, last, stop) == (
        StartTransactionReq, 1010, 21_000, StopTransactionReq
    )  # fmt: skip
    assert between == sorted(between)  # type: ignore[type-var]  # registers
    assert not small.state.memory.outbox


def test_a_queue_that_is_full_of_what_must_stay_takes_no_sample_but_a_stop() -> None:
    small = offline(35, outbox_max=1)
    assert len(small.state.memory.outbox) == 1
    small.stops()
    assert delivered(small) == [StartTransactionReq, StopTransactionReq]


def test_a_cut_finds_the_thinned_queue_as_it_was() -> None:
    small = offline(300)
    numbers = sorted(small.state.memory.outbox)
    assert numbers != list(range(numbers[0], numbers[-1] + 1))
    small.power_is_cut()
    assert sorted(small.state.memory.outbox) == numbers
    start, first, *_ = delivered(small)
    assert (start, first) == (StartTransactionReq, 1010)
    assert not small.state.memory.outbox
