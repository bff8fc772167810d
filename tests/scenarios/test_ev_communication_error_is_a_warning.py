"""EVCommunicationError is a warning, and goes only with the statuses of an EV that is there (OCPP 1.6 §4.9)."""

import pytest
from station_bench import Bench

from pilotline.core.events import FaultCleared, FaultDetected
from pilotline.spec.messages.core import StatusNotificationReq

LOST = FaultDetected(1, "EVCommunicationError")


def told(bench: Bench) -> tuple[str, str]:
    last = [r for r in bench.requests(StatusNotificationReq) if r.connector_id == 1][-1]
    return last.status, last.error_code


@pytest.mark.rule(101, 102)
def test_it_is_told_beside_preparing_and_charging_stays_possible() -> None:
    bench = Bench().plug().tell(LOST)
    assert told(bench) == ("Preparing", "EVCommunicationError")
    bench.tell(FaultCleared(1, "EVCommunicationError"))
    assert told(bench) == ("Preparing", "NoError")
    bench.tell(LOST).present()
    assert told(bench) == ("Charging", "NoError")


@pytest.mark.rule(102)
def test_it_is_not_told_of_a_connector_without_an_ev() -> None:
    bench = Bench().tell(LOST)
    assert told(bench) == ("Available", "NoError")


@pytest.mark.rule(102)
def test_beside_another_warning_the_other_is_told_where_it_may_not_be() -> None:
    bench = Bench().tell(FaultDetected(1, "HighTemperature", prevents_charging=False), LOST)
    assert told(bench) == ("Available", "HighTemperature")
    bench.plug()
    assert told(bench) == ("Preparing", "EVCommunicationError")
