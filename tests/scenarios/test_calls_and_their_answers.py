"""Our CALLs and those of the Central System: one open, crossing, late, repeated (OCPP-J §4.1)."""

import pytest
from station_bench import MIDNIGHT, Bench

from pilotline.core.calendar import date_of
from pilotline.core.effects import SendCall, SendError, SendResult
from pilotline.core.events import CallReceived, ErrorReceived, ResultReceived
from pilotline.core.state import Counter
from pilotline.spec.messages.core import (
    AuthorizeConf,
    AuthorizeReq,
    ChangeAvailabilityReq,
    GetConfigurationReq,
    HeartbeatConf,
    HeartbeatReq,
    StartTransactionConf,
    StartTransactionReq,
    StatusNotificationReq,
    UnlockConnectorReq,
)
from pilotline.spec.messages.firmware_management import UpdateFirmwareReq
from pilotline.spec.messages.structures import IdTagInfo

ACCEPTED = AuthorizeConf(id_tag_info=IdTagInfo(status="Accepted"))


def slow(*requests: str, **configuration: str) -> Bench:
    """A registered station whose Central System does not answer these requests from now on."""
    bench = Bench(**configuration)
    for request in requests:
        bench.says[request] = None
    return bench


def open_id(bench: Bench) -> str:
    opened = bench.state.moment.call.open
    assert opened is not None
    return opened.message_id


def connection(bench: Bench) -> Counter:
    return bench.state.moment.link.connection


@pytest.mark.rule(6)
def test_the_next_request_goes_only_when_the_last_was_answered_or_timed_out() -> None:
    bench = slow("StatusNotificationReq", MessageTimeout="10").plug(1)
    known = len(bench.sent)
    bench.plug(2).present("ONE").passes(9)
    assert len(bench.sent) == known
    bench.passes(1)
    assert [type(request) for request in bench.sent[known:]] == [AuthorizeReq, StatusNotificationReq]


@pytest.mark.rule(7)
def test_a_request_is_answered_while_ours_is_open() -> None:
    bench = slow("AuthorizeReq").plug().present()
    assert bench.asks(GetConfigurationReq(key=("HeartbeatInterval",))).configuration_key is not None
    bench.tell(ResultReceived(connection(bench), open_id(bench), ACCEPTED))
    assert bench.state.moment.sessions[1].state == "charging"


@pytest.mark.rule(8)
def test_an_answer_that_comes_late_was_not_asked_for() -> None:
    bench = slow("AuthorizeReq", MessageTimeout="10").plug().present()
    late = open_id(bench)
    bench.passes(10).tell(ResultReceived(connection(bench), late, ACCEPTED))
    assert bench.state.moment.sessions[1].state == "awaiting_id_tag"
    assert not bench.state.memory.cache


@pytest.mark.rule(8, 87)
def test_a_late_answer_to_the_head_of_the_queue_spares_the_repeat() -> None:
    bench = slow("StartTransactionReq", MessageTimeout="10").charge()
    late = open_id(bench)
    bench.passes(10)
    started = StartTransactionConf(transaction_id=5, id_tag_info=IdTagInfo(status="Accepted"))
    bench.tell(ResultReceived(connection(bench), late, started)).passes(600)
    assert len(bench.requests(StartTransactionReq)) == 1
    (transaction,) = bench.state.memory.transactions.values()
    assert transaction.answered is not None
    assert transaction.answered.transaction_id == 5


@pytest.mark.rule(11)
@pytest.mark.parametrize("message_id", ["nobody", ""])
def test_an_answer_to_nothing_changes_nothing(message_id: str) -> None:
    bench = slow("AuthorizeReq").plug().present()
    before = bench.state
    bench.tell(ResultReceived(connection(bench), message_id, ACCEPTED))
    bench.tell(ErrorReceived(connection(bench), message_id, "GenericError", ""))
    assert bench.state == before


@pytest.mark.rule(9, 10)
def test_ids_are_never_used_twice_but_for_a_repeat_and_are_short() -> None:
    bench = Bench(HeartbeatInterval="60")
    bench.refuses("StartTransactionReq")
    bench.charge().passes(1000).lose_network().passes(60).restore_network()
    bench.power_is_cut()
    bench.passes(600)
    calls = bench.effects(SendCall)
    assert len(calls) > 20
    by_id: dict[str, set[object]] = {}
    for call in calls:
        by_id.setdefault(call.message_id, set()).add(call.request)
    assert all(len(requests) == 1 for requests in by_id.values())
    repeated = {type(c.request) for c in calls if [d.message_id for d in calls].count(c.message_id) > 1}
    assert repeated == {StartTransactionReq}
    assert all(len(message_id) <= 36 for message_id in by_id)


@pytest.mark.rule(15)
def test_an_action_that_is_known_and_not_offered_is_not_supported() -> None:
    others = "Core,LocalAuthListManagement,Reservation,SmartCharging,RemoteTrigger"
    bench = Bench("c6eu", SupportedFeatureProfiles=others)
    answer = bench.asks(UpdateFirmwareReq(location="ftp://x/y", retrieve_date=date_of(MIDNIGHT)))
    assert isinstance(answer, SendError)
    assert answer.code == "NotSupported"


@pytest.mark.rule(18)
@pytest.mark.parametrize(
    "request_", [ChangeAvailabilityReq(connector_id=9, type="Operative"), UnlockConnectorReq(connector_id=9)]
)
def test_what_a_confirmation_can_say_is_no_error(request_) -> None:  # type: ignore[no-untyped-def]  # a request
    assert not isinstance(Bench().asks(request_), SendError)


@pytest.mark.rule(19)
def test_an_id_that_is_being_handled_is_refused_and_the_first_is_answered() -> None:
    bench = Bench()
    bench._carried_out = _without_lock(bench)  # type: ignore[method-assign]  # the lock does not tell
    first = CallReceived(connection(bench), "twice", UnlockConnectorReq(connector_id=1))
    bench.tell(first, first)
    assert isinstance(bench.answers[-1], SendError)
    bench.passes(60)
    assert [e.message_id for e in bench.effects(SendResult)] == ["twice"]


def _without_lock(bench: Bench):  # type: ignore[no-untyped-def]  # as that of the bench
    carried_out = bench._carried_out
    return lambda effect: [] if type(effect).__name__ == "ReleaseConnector" else carried_out(effect)


@pytest.mark.rule(10, 19)
def test_a_repeated_call_gets_the_same_answer_and_does_nothing_twice() -> None:
    bench = Bench().plug().present()
    call = CallReceived(connection(bench), "a", ChangeAvailabilityReq(connector_id=2, type="Inoperative"))
    bench.tell(call)
    known = len(bench.sent)
    bench.tell(call)
    assert bench.answers[-1] == bench.answers[-2]
    assert len(bench.sent) == known


@pytest.mark.rule(11)
def test_an_answer_of_an_old_connection_is_nobodys() -> None:
    bench = slow("AuthorizeReq").plug().present()
    old, message_id = connection(bench), open_id(bench)
    bench.lose_network().restore_network(5)
    bench.tell(ResultReceived(old, message_id, ACCEPTED))
    assert bench.state.moment.sessions[1].state == "awaiting_id_tag"


@pytest.mark.rule(8)
def test_a_heartbeat_without_an_answer_is_followed_by_another() -> None:
    bench = slow("HeartbeatReq", HeartbeatInterval="60", MessageTimeout="10").passes(199)
    assert len(bench.requests(HeartbeatReq)) == 2
    bench.says["HeartbeatReq"] = HeartbeatConf(current_time=date_of(bench.utc()))
    assert len(bench.passes(100).requests(HeartbeatReq)) == 4
