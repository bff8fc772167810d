"""BootNotification, and what may be said before it is accepted (OCPP 1.6 §4.2)."""

from typing import Any

import pytest
from station_bench import Bench
from typing_extensions import override

from pilotline.core.calendar import date_of
from pilotline.core.effects import SendCall
from pilotline.core.events import BadCallReceived, ErrorReceived, External, LinkLost, ResultReceived
from pilotline.core.state import UtcTime
from pilotline.spec.messages.core import (
    BootNotificationConf,
    BootNotificationReq,
    ChangeConfigurationReq,
    GetConfigurationReq,
    HeartbeatReq,
    RemoteStartTransactionReq,
    RemoteStopTransactionReq,
    StatusNotificationReq,
)
from pilotline.spec.messages.remote_trigger import TriggerMessageReq
from pilotline.spec.products import Product, load_product

LATER = UtcTime(1_800_000_000_000)


class Registering(Bench):
    """A station whose BootNotifications are answered by these, the last of them for ever.

    An answer is a status with an interval in s, None for silence, or an error.
    """

    def __init__(self, *answers: tuple[Any, int] | str | None, product: str | Product = "reference") -> None:
        self.boots = list(answers)
        super().__init__(product)

    @override
    def _answered(self, call: SendCall) -> list[External]:
        if not isinstance(call.request, BootNotificationReq) or not self.network:
            return super()._answered(call)
        answer = self.boots[0] if len(self.boots) == 1 else self.boots.pop(0)
        if answer is None:
            return []
        if isinstance(answer, str):
            return [ErrorReceived(call.connection, call.message_id, "InternalError", answer)]
        status, interval = answer
        told = BootNotificationConf(status=status, current_time=date_of(LATER), interval=interval)
        return [ResultReceived(call.connection, call.message_id, told)]

    def tries(self) -> int:
        return len(self.requests(BootNotificationReq))


def kinds(bench: Bench) -> set[str]:
    return {type(request).__name__ for request in bench.sent}


@pytest.mark.rule(34)
def test_nothing_goes_before_the_first_answer_not_even_what_waits_from_before() -> None:
    bench = Registering(("Accepted", 0)).charge().lose_network()
    bench.present().passes(1)
    assert bench.state.memory.outbox
    bench.boots, bench.network = [None], True
    bench.sent.clear()
    bench.power_is_cut()
    bench.plug(2).present("OTHER", 2).passes(20)
    assert kinds(bench) == {"BootNotificationReq"}


@pytest.mark.rule(34, 40, 100)
def test_after_acceptance_the_status_of_all_is_told_as_it_is() -> None:
    bench = Registering(("Accepted", 0))
    assert type(bench.sent[0]) is BootNotificationReq
    told = [(r.connector_id, r.status) for r in bench.requests(StatusNotificationReq)]
    assert told == [(0, "Available"), (1, "Available"), (2, "Available")]


@pytest.mark.rule(35)
@pytest.mark.parametrize(("interval", "then"), [(77, "77"), (0, "300"), (-5, "300"), (2**40, "300")])
def test_accepted_sets_interval_and_clock_and_an_interval_that_cannot_be_changes_nothing(
    interval: int, then: str
) -> None:
    bench = Registering(("Accepted", interval))
    (entry,) = bench.asks(GetConfigurationReq(key=("HeartbeatInterval",))).configuration_key
    assert entry.value == then
    assert bench.state.moment.clock.epoch == LATER


@pytest.mark.rule(36)
@pytest.mark.parametrize("status", ["Pending", "Rejected"])
def test_not_accepted_it_comes_again_after_the_interval_and_not_before(status: str) -> None:
    bench = Registering((status, 90), ("Accepted", 0)).passes(89)
    assert bench.tries() == 1
    bench.passes(1)
    assert bench.tries() == 2
    assert "StatusNotificationReq" in kinds(bench)


@pytest.mark.rule(36)
@pytest.mark.parametrize("interval", [0, -1, -(2**63)])
def test_an_interval_of_0_is_a_wait_of_our_own(interval: int) -> None:
    bench = Registering(("Pending", interval)).passes(120)
    assert 2 <= bench.tries() <= 120 // bench.product.boot_retry_s + 1


@pytest.mark.rule(36)
def test_an_interval_without_end_is_waited_for_and_does_no_harm() -> None:
    bench = Registering(("Rejected", 2**63 - 1)).passes(100_000)
    assert bench.tries() == 1
    assert bench.present().plug().state.moment.sessions[1].state == "awaiting_id_tag"


@pytest.mark.rule(37)
def test_rejected_it_is_mute_for_the_interval_also_on_a_new_connection() -> None:
    bench = Registering(("Rejected", 600))
    bench.plug().present()
    assert bench.asks(GetConfigurationReq()) is None
    bench.tell(BadCallReceived(bench.state.moment.link.connection, "x", "NotImplemented", ""))
    bench.tell(LinkLost(bench.state.moment.link.connection)).passes(60)
    assert bench.state.moment.link.state == "up"
    assert bench.asks(GetConfigurationReq()) is None
    assert bench.answers == []
    assert bench.tries() == 1


@pytest.mark.rule(38, 39)
def test_pending_it_answers_but_starts_and_stops_nothing() -> None:
    bench = Registering(("Pending", 600))
    change = ChangeConfigurationReq(key="HeartbeatInterval", value="20")
    assert bench.asks(change).status == "Accepted"
    assert bench.asks(GetConfigurationReq()).configuration_key
    bench.plug()
    assert bench.asks(RemoteStartTransactionReq(id_tag="TAG")).status == "Rejected"
    assert bench.asks(RemoteStopTransactionReq(transaction_id=1)).status == "Rejected"
    bench.present().passes(500)
    assert kinds(bench) == {"BootNotificationReq"}
    assert bench.tries() == 1


@pytest.mark.rule(41)
@pytest.mark.parametrize("answer", [None, "not now"])
def test_without_a_usable_answer_it_comes_again_after_a_wait(answer: str | None) -> None:
    bench = Registering(answer, answer, ("Accepted", 0)).passes(300)
    assert bench.tries() == 3
    assert "StatusNotificationReq" in kinds(bench)


@pytest.mark.rule(22)
def test_a_reconnect_alone_brings_no_boot_notification_a_boot_does() -> None:
    bench = Registering(("Accepted", 0)).lose_network().passes(60).restore_network()
    assert bench.tries() == 1
    bench.power_is_cut()
    assert bench.tries() == 2


@pytest.mark.rule(22, 38)
def test_pending_a_reconnect_does_not_shorten_the_interval() -> None:
    bench = Registering(("Pending", 300), ("Accepted", 0)).lose_network().passes(60).restore_network(200)
    assert bench.tries() == 1
    assert bench.passes(100).tries() == 2


@pytest.mark.rule(22, 38)
def test_an_interval_that_ends_offline_is_over_when_the_link_is_up() -> None:
    bench = Registering(("Pending", 100), ("Accepted", 0)).lose_network().passes(200)
    assert bench.tries() == 1
    assert bench.restore_network().tries() == 2


def test_a_triggered_boot_that_finds_no_room_is_tried_again() -> None:
    """Pending, with the queue full of what else was triggered: the station must not stay unregistered until it
    reconnects.
    """
    crowded = load_product("reference").model_copy(update={"call_queue_max": 1})
    bench = Registering(("Pending", 3600), ("Accepted", 0), product=crowded)
    bench.says["HeartbeatReq"] = None
    for message in ("Heartbeat", "Heartbeat", "BootNotification"):
        bench.asks(TriggerMessageReq(requested_message=message))
    assert bench.tries() == 1
    bench.passes(600)
    assert bench.tries() == 2
    assert bench.state.moment.registration.state == "accepted"


@pytest.mark.rule(34)
@pytest.mark.parametrize("boot", [None, "not now"])
def test_nothing_is_agreed_to_before_the_first_word(boot: str | None) -> None:
    """It could not be sent (§4.2), and Accepted says that it will be (§5.17)."""
    bench = Registering(boot)
    for message in ("Heartbeat", "StatusNotification", "MeterValues"):
        assert bench.asks(TriggerMessageReq(requested_message=message)).status == "Rejected"
    bench.passes(100)
    assert kinds(bench) == {"BootNotificationReq"}


@pytest.mark.rule(38, 174)
def test_pending_what_is_triggered_is_sent_also_between_the_boots() -> None:
    """Before the repeat of a BootNotification that had no answer, and after one that has none yet."""
    bench = Registering(("Pending", 60), "not now", None).passes(70)
    assert bench.asks(TriggerMessageReq(requested_message="Heartbeat")).status == "Accepted"
    assert len(bench.requests(HeartbeatReq)) == 1
    bench.passes(30)
    assert bench.tries() == 3
    assert bench.asks(TriggerMessageReq(requested_message="Heartbeat")).status == "Accepted"
    assert len(bench.requests(HeartbeatReq)) == 1
    bench.passes(30)
    assert len(bench.requests(HeartbeatReq)) == 2
