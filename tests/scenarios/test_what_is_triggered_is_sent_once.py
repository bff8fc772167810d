"""What TriggerMessage asks for tells of now, is sent once, and waits for nobody (OCPP 1.6 §5.17)."""

import pytest
from station_bench import TAG, Bench

from pilotline.core.effects import SendCall, SendResult
from pilotline.spec.messages.core import (
    HeartbeatReq,
    MeterValuesReq,
    StartTransactionReq,
    StatusNotificationReq,
)
from pilotline.spec.messages.remote_trigger import TriggerMessageConf, TriggerMessageReq
from pilotline.spec.types import MessageTrigger

SAMPLED = {"MeterValueSampleInterval": "0", "MessageTimeout": "10"}


def trigger(bench: Bench, message: MessageTrigger, connector: int | None = None) -> str:
    request = TriggerMessageReq(requested_message=message, connector_id=connector)
    return str(bench.asks(request).status)


def triggered(bench: Bench) -> list[MeterValuesReq]:
    return [
        request
        for request in bench.requests(MeterValuesReq)
        if {sample.context for value in request.meter_value for sample in value.sampled_value} == {"Trigger"}
    ]


@pytest.mark.rule(94)
def test_triggered_meter_values_overtake_the_queue() -> None:
    """The start waits for its repeat, and what is of its transaction behind it; nobody knows its id yet."""
    bench = Bench(**SAMPLED)
    bench.refuses("StartTransactionReq")
    bench.charge()
    waiting = bench.state.memory.outbox
    assert trigger(bench, "MeterValues", 1) == "Accepted"
    (request,) = triggered(bench)
    assert request.transaction_id is None
    assert bench.state.memory.outbox == waiting
    assert len(bench.requests(StartTransactionReq)) == 1


@pytest.mark.rule(94, 174)
def test_triggered_meter_values_without_an_answer_are_not_repeated() -> None:
    bench = Bench(**SAMPLED)
    bench.charge()
    bench.says["MeterValuesReq"] = None
    trigger(bench, "MeterValues", 1)
    bench.passes(600)
    assert len(triggered(bench)) == 1
    assert not bench.state.memory.outbox


@pytest.mark.rule(94, 174)
def test_what_was_triggered_when_the_link_is_lost_is_not_sent_later() -> None:
    bench = Bench(**SAMPLED)
    bench.says["HeartbeatReq"] = None
    trigger(bench, "Heartbeat")
    trigger(bench, "MeterValues", 1)
    assert len(bench.requests(HeartbeatReq)) == 1
    assert triggered(bench) == []
    bench.lose_network().restore_network()
    assert triggered(bench) == []


@pytest.mark.rule(170)
def test_the_answer_goes_before_the_message() -> None:
    bench = Bench()
    trigger(bench, "StatusNotification", 1)
    told = [
        effect.confirmation if isinstance(effect, SendResult) else effect.request
        for effect in bench.done
        if isinstance(effect, SendResult | SendCall)
    ]
    assert told[-2] == TriggerMessageConf(status="Accepted")
    assert isinstance(told[-1], StatusNotificationReq)


@pytest.mark.rule(174)
def test_a_triggered_status_is_that_of_now() -> None:
    """Of what came and went before there is no word."""
    bench = Bench(MinimumStatusDuration="600")
    bench.charge(id_tag=TAG).present().unplug_at_the_ev()
    known = len(bench.requests(StatusNotificationReq))
    trigger(bench, "StatusNotification", 1)
    (told,) = bench.requests(StatusNotificationReq)[known:]
    assert told.status == bench.state.moment.connectors[1].state == "Finishing"


@pytest.mark.rule(173)
def test_connector_0_is_the_station() -> None:
    bench = Bench()
    assert trigger(bench, "StatusNotification", 0) == "Accepted"
    told = bench.requests(StatusNotificationReq)[-1]
    assert (told.connector_id, told.status) == (0, "Available")
