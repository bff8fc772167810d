"""After a full store the world tells its facts again, and a cable that is in is not plugged in once more (§4.9 F2)."""

from station_bench import TAG, Bench

from pilotline.core.events import CablePlugged
from pilotline.spec.messages.core import RemoteStopTransactionReq, StartTransactionReq
from pilotline.spec.products import adjusted, load_product


def test_after_the_transaction_the_plug_told_again_begins_nothing() -> None:
    bench = Bench().charge().present(TAG)
    assert bench.state.moment.connectors[1].state == "Finishing"
    bench.tell(CablePlugged(1))
    assert bench.state.moment.connectors[1].state == "Finishing"
    bench.unplug_at_the_ev().tell(CablePlugged(1))
    assert bench.state.moment.connectors[1].state == "Preparing"


def test_free_vending_does_not_charge_the_same_car_again() -> None:
    product = adjusted(load_product("reference"), readers=(), start_without_authorization="FREEVEND")
    bench = Bench(product).plug()
    assert bench.state.moment.sessions[1].state == "charging"
    bench.asks(RemoteStopTransactionReq(transaction_id=bench.transaction_id))
    bench.tell(CablePlugged(1))
    assert bench.state.moment.connectors[1].state == "Finishing"
    assert len(bench.requests(StartTransactionReq)) == 1
