"""A remote start that names no connector is accepted where it will be tried (OCPP 1.6 §5.11)."""

from station_bench import TAG, Bench

from pilotline.core.events import CableUnplugged
from pilotline.spec.messages.core import RemoteStartTransactionReq

ANYWHERE = RemoteStartTransactionReq(id_tag=TAG)


def left_behind(bench: Bench, connector: int) -> None:
    """A session ends, and its cable is out at the car only."""
    bench.charge(connector).unplug_at_the_ev(connector)
    assert bench.state.moment.sessions[connector].state == "finishing"


def test_a_connector_left_with_its_cable_out_at_the_car_is_passed_over() -> None:
    bench = Bench(AuthorizeRemoteTxRequests="false")
    left_behind(bench, 1)
    bench.charge(2).present(reader=2)
    assert bench.state.moment.sessions[2].state == "finishing"
    assert bench.asks(ANYWHERE).status == "Accepted"
    assert bench.state.moment.sessions[2].state == "charging"


def test_where_every_connector_is_left_so_it_is_rejected() -> None:
    bench = Bench(AuthorizeRemoteTxRequests="false")
    left_behind(bench, 1)
    left_behind(bench, 2)
    assert bench.asks(ANYWHERE).status == "Rejected"
    bench.tell(CableUnplugged(2))
    assert bench.asks(ANYWHERE).status == "Accepted"
