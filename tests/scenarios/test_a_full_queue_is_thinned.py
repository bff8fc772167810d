"""Offline for long: samples go evenly from in between, and Start, Stop, first and last sample stay (§3.7)."""

from scenarios.small_station import SmallStation, values_of

from pilotline.spec.messages.core import MeterValuesReq, StartTransactionReq, StopTransactionReq
from pilotline.spec.products import adjusted, load_product

OUTBOX_MAX = 12


def offline(seconds: float, outbox_max: int = OUTBOX_MAX) -> SmallStation:
    keys = {"AllowOfflineTxForUnknownId": "true", "MeterValueSampleInterval": "10"}
    small = SmallStation(adjusted(load_product("reference"), keys, outbox_max=outbox_max))
    small.connects()
    small.goes_offline()
    small.charges()
    small.passes(seconds)
    return small


def delivered(small: SmallStation) -> list[object]:
    """What of the transaction comes when the link is back: the start, registers, the stop."""
    small.connects()
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
    assert len(small.standing().memory.outbox) <= OUTBOX_MAX
    small.stops()
    start, first, *between, last, stop = delivered(small)
    assert (start, first, last, stop) == (
        StartTransactionReq, 1010, 21_000, StopTransactionReq
    )  # fmt: skip
    assert between == sorted(between)  # type: ignore[type-var]  # registers
    assert not small.standing().memory.outbox


def test_a_queue_that_is_full_of_what_must_stay_takes_no_sample_but_a_stop() -> None:
    small = offline(35, outbox_max=1)
    assert len(small.standing().memory.outbox) == 1
    small.stops()
    assert delivered(small) == [StartTransactionReq, StopTransactionReq]


def test_a_cut_finds_the_thinned_queue_as_it_was() -> None:
    small = offline(300)
    numbers = sorted(small.standing().memory.outbox)
    assert numbers != list(range(numbers[0], numbers[-1] + 1))
    small.power_on()
    assert sorted(small.standing().memory.outbox) == numbers
    start, first, *_ = delivered(small)
    assert (start, first) == (StartTransactionReq, 1010)
    assert not small.standing().memory.outbox
