"""StopTransactionOnEVSideDisconnect: what becomes of a transaction whose EV is unplugged (OCPP 1.6 §4.9, §4.10)."""

import pytest
from station_bench import Bench

from pilotline.core.effects import LockConnector, UnlockConnector
from pilotline.spec.messages.core import StatusNotificationReq, StopTransactionReq


def told(bench: Bench) -> tuple[str, str, str | None]:
    last = [r for r in bench.requests(StatusNotificationReq) if r.connector_id == 1][-1]
    return last.status, last.error_code, last.info


@pytest.mark.rule(75)
@pytest.mark.parametrize("product", ["c6eu", "reference"])
@pytest.mark.parametrize("unlocks", ["true", "false"])
def test_false_suspends_until_it_is_plugged_in_again_and_keeps_the_cable(product: str, unlocks: str) -> None:
    keys = {"StopTransactionOnEVSideDisconnect": "false"}
    if product == "reference":
        keys["UnlockConnectorOnEVSideDisconnect"] = unlocks
    bench = Bench(product, **keys).charge().unplug_at_the_ev()
    assert told(bench) == ("SuspendedEV", "NoError", "EV side disconnected")
    assert not bench.closed[1]
    assert told(bench.plug()) == ("Charging", "NoError", None)
    assert bench.closed[1]
    assert bench.requests(StopTransactionReq) == []
    of_1 = [e for e in bench.done if isinstance(e, LockConnector | UnlockConnector) and e.connector == 1]
    assert product == "c6eu" or isinstance(of_1[-1], LockConnector)


@pytest.mark.rule(74)
@pytest.mark.parametrize(
    ("product", "then"),
    [
        ("reference", ("Finishing", "NoError", "EV side disconnected")),
        ("c6eu", ("Available", "NoError", None)),
    ],
)
def test_true_stops_it_and_with_a_fixed_cable_nothing_is_left_to_do(
    product: str, then: tuple[str, str, str | None]
) -> None:
    bench = Bench(product, StopTransactionOnEVSideDisconnect="true").charge().unplug_at_the_ev()
    assert [r.reason for r in bench.requests(StopTransactionReq)] == ["EVDisconnected"]
    assert told(bench) == then
