"""However few requests may wait, the queue of transaction messages goes on (OCPP 1.6 §3.7)."""

import pytest
from station_bench import Bench

from pilotline.core.events import FaultDetected
from pilotline.spec.messages.core import StartTransactionReq, StatusNotificationConf
from pilotline.spec.products import adjusted, load_product


@pytest.mark.rule(84, 86)
def test_a_start_that_finds_the_queue_of_calls_full_is_sent_all_the_same() -> None:
    product = adjusted(load_product("reference"), call_queue_max=1)
    bench = Bench(product, AllowOfflineTxForUnknownId="true", MeterValueSampleInterval="0")
    bench.says["StatusNotificationReq"] = None  # the Central System is slow
    bench.plug().tell(FaultDetected(2, "WeakSignal", prevents_charging=False)).present()
    assert bench.state.moment.sessions[1].state == "charging"
    assert bench.requests(StartTransactionReq) == []
    bench.says["StatusNotificationReq"] = StatusNotificationConf()
    bench.passes(60)
    assert len(bench.requests(StartTransactionReq)) == 1
