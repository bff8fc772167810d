"""A plug for which no tag came in time is not charged by the next driver's tag (OCPP 1.6 §4.9 B6, errata 3.20)."""

import pytest
from station_bench import Bench

from pilotline.spec.messages.core import StartTransactionReq


def status(bench: Bench, connector: int) -> str:
    return bench.state.moment.connectors[connector].state


def waited_in_vain(product: str) -> Bench:
    bench = Bench(product, ConnectionTimeOut="30").plug(1).passes(30)
    assert status(bench, 1) == "Finishing"
    return bench


@pytest.mark.rule(73)
def test_one_reader_for_two_connectors_the_next_driver_gets_the_free_one() -> None:
    bench = waited_in_vain("c6eu").present("NEXT")
    assert (status(bench, 1), status(bench, 2)) == ("Finishing", "Preparing")
    bench.plug(2)
    assert [request.connector_id for request in bench.requests(StartTransactionReq)] == [2]


@pytest.mark.rule(73)
def test_plugged_in_anew_it_may_be_charged() -> None:
    bench = waited_in_vain("c6eu").unplug_at_the_ev(1)
    assert status(bench, 1) == "Available"
    bench.charge(1)
    assert status(bench, 1) == "Charging"


@pytest.mark.rule(73)
def test_a_reader_of_one_connector_can_mean_no_other() -> None:
    bench = waited_in_vain("reference").present()
    assert status(bench, 1) == "Charging"


@pytest.mark.rule(64, 72)
def test_a_tag_without_a_plug_gives_up_in_time_or_when_presented_again() -> None:
    bench = Bench(ConnectionTimeOut="30").present().passes(29)
    assert status(bench, 1) == "Preparing"
    bench.passes(1)
    assert status(bench, 1) == "Available"
    bench.present().present()
    assert status(bench, 1) == "Available"
    assert bench.requests(StartTransactionReq) == []
