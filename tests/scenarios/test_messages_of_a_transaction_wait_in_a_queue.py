"""Transaction-related messages: in order, with their times, repeated, through cuts (OCPP 1.6 §3.7)."""

import pytest
from station_bench import Bench

from pilotline.core.calendar import utc_of
from pilotline.core.effects import SendCall
from pilotline.spec.messages.core import (
    AuthorizeReq,
    MeterValuesConf,
    MeterValuesReq,
    RemoteStartTransactionReq,
    RemoteStopTransactionReq,
    StartTransactionConf,
    StartTransactionReq,
    StatusNotificationReq,
    StopTransactionReq,
)
from pilotline.spec.messages.structures import IdTagInfo

RELATED = (StartTransactionReq, MeterValuesReq, StopTransactionReq)
SAMPLES = {"MeterValueSampleInterval": "60", "MeterValuesSampledData": "Energy.Active.Import.Register"}


def related(bench: Bench) -> list[str]:
    return [type(r).__name__.removesuffix("Req") for r in bench.sent if isinstance(r, RELATED)]


def ids(bench: Bench) -> list[int]:
    return [r.transaction_id or 0 for r in bench.sent if isinstance(r, MeterValuesReq | StopTransactionReq)]


def sent_at(bench: Bench, kind: type) -> list[int]:
    """When requests of a kind went out, in s since the bench was made; it notes them from now on."""
    times: list[int] = []
    answered = bench._answered

    def noting(call: SendCall):  # type: ignore[no-untyped-def]  # as that of the bench
        if isinstance(call.request, kind):
            times.append(bench.now // 1000)
        return answered(call)

    bench._answered = noting  # type: ignore[method-assign]
    return times


def known_offline(**configuration: str) -> Bench:
    """A station that can start offline."""
    return Bench(AllowOfflineTxForUnknownId="true", **SAMPLES, **configuration).lose_network()


@pytest.mark.rule(65, 83, 84, 85)
def test_a_session_offline_is_told_in_order_with_its_times_and_registers() -> None:
    bench = known_offline().passes(100).charge()
    began = bench.utc()
    bench.passes(150).present()
    ended = bench.utc()
    bench.passes(1000).restore_network()
    assert related(bench) == ["StartTransaction", "MeterValues", "MeterValues", "StopTransaction"]
    (start,), (stop,) = bench.requests(StartTransactionReq), bench.requests(StopTransactionReq)
    assert (utc_of(start.timestamp), utc_of(stop.timestamp)) == (began, ended)
    assert (start.connector_id, start.meter_start, stop.meter_stop) == (1, 1000, 1150)
    times = [utc_of(v.timestamp) - began for r in bench.requests(MeterValuesReq) for v in r.meter_value]
    assert times == [60_000, 120_000]
    assert ids(bench) == [bench.transaction_id] * 3


@pytest.mark.rule(83, 107)
def test_nothing_else_is_kept_for_later() -> None:
    bench = known_offline()
    bench.sent.clear()
    bench.present().passes(1000).plug(2).unplug_at_the_ev(2).passes(1000).restore_network(100)
    assert bench.sent == []


@pytest.mark.rule(87, 89, 90, 91)
def test_a_head_that_is_not_processed_is_repeated_at_growing_intervals_and_then_skipped() -> None:
    bench = Bench(TransactionMessageAttempts="3", TransactionMessageRetryInterval="60", **SAMPLES)
    bench.refuses("StartTransactionReq")
    times = sent_at(bench, StartTransactionReq)
    bench.charge().passes(179)
    assert times == [0, 60]
    assert related(bench) == ["StartTransaction"] * 2
    bench.passes(1)
    assert times == [0, 60, 180]
    assert related(bench)[:4] == ["StartTransaction"] * 3 + ["MeterValues"]
    assert set(ids(bench)) == {-1}


@pytest.mark.rule(87, 89)
def test_no_answer_is_a_failed_attempt_too() -> None:
    bench = Bench(MessageTimeout="10", TransactionMessageRetryInterval="60", TransactionMessageAttempts="2")
    bench.says["StartTransactionReq"] = None
    times = sent_at(bench, StartTransactionReq)
    bench.charge().passes(1000)
    assert times == [0, 70]
    assert not bench.state.memory.outbox


@pytest.mark.rule(88)
def test_a_lost_link_uses_no_attempt_up() -> None:
    bench = Bench(MessageTimeout="10", TransactionMessageAttempts="2", TransactionMessageRetryInterval="60")
    bench.says["StartTransactionReq"] = None
    bench.charge()
    for _ in range(5):
        bench.lose_network().restore_network(1)
    (entry,) = bench.state.memory.outbox.values()
    assert entry.attempts == 0
    bench.says["StartTransactionReq"] = bench._start_answer
    bench.lose_network().restore_network()
    assert not bench.state.memory.outbox


@pytest.mark.rule(86, 91)
def test_other_messages_go_while_the_head_waits_for_its_repeat() -> None:
    bench = Bench(TransactionMessageRetryInterval="600")
    bench.refuses("StartTransactionReq")
    bench.charge().passes(10).plug(2).present("OTHER", 2)
    assert related(bench) == ["StartTransaction"]
    assert [r.id_tag for r in bench.requests(AuthorizeReq)] == ["TAG", "OTHER"]
    assert bench.requests(StatusNotificationReq)[-1].status == "Charging"


@pytest.mark.rule(93)
def test_the_queue_and_its_attempts_survive_a_power_cut() -> None:
    bench = Bench(MessageTimeout="10", TransactionMessageAttempts="2", TransactionMessageRetryInterval="60")
    bench.says["StartTransactionReq"] = None
    bench.charge().passes(10)
    bench.lose_network().power_is_cut(60)
    assert [entry.attempts for entry in bench.state.memory.outbox.values()] == [1]
    known = len(bench.requests(StartTransactionReq))
    bench.restore_network(1000)
    assert len(bench.requests(StartTransactionReq)) == known + 1
    assert not bench.state.memory.outbox


@pytest.mark.rule(71, 90, 92)
def test_a_transaction_whose_start_was_skipped_has_the_id_minus_1_and_can_be_stopped_at_the_station() -> None:
    bench = Bench(TransactionMessageAttempts="1", **SAMPLES)
    bench.refuses("StartTransactionReq")
    bench.charge().passes(60)
    assert bench.asks(RemoteStopTransactionReq(transaction_id=-1)).status == "Rejected"
    bench.present()
    assert ids(bench) == [-1, -1]


@pytest.mark.rule(92)
def test_what_was_recorded_before_the_start_was_answered_gets_its_id() -> None:
    bench = Bench(MessageTimeout="10", TransactionMessageRetryInterval="100", **SAMPLES)
    bench.says["StartTransactionReq"] = None
    bench.charge().passes(60).present()
    bench.says["StartTransactionReq"] = StartTransactionConf(
        transaction_id=77, id_tag_info=IdTagInfo(status="Accepted")
    )
    bench.passes(200)
    assert ids(bench) == [77, 77]


@pytest.mark.rule(32)
@pytest.mark.parametrize("transaction_id", [0, -1, -7, 2**40])
def test_any_number_is_a_transaction_id(transaction_id: int) -> None:
    bench = Bench(**SAMPLES)
    bench.says["StartTransactionReq"] = StartTransactionConf(
        transaction_id=transaction_id, id_tag_info=IdTagInfo(status="Accepted")
    )
    bench.charge().passes(60)
    assert bench.asks(RemoteStopTransactionReq(transaction_id=transaction_id)).status == "Accepted"
    assert ids(bench) == [transaction_id] * 2
    assert bench.requests(StopTransactionReq)[0].reason == "Remote"


@pytest.mark.rule(77, 79)
def test_the_reason_is_always_stated_and_a_remote_stop_has_no_tag() -> None:
    bench = Bench().charge().present()
    bench.charge(2, "OTHER")
    bench.asks(RemoteStopTransactionReq(transaction_id=bench.transaction_id))
    told = [(r.reason, r.id_tag) for r in bench.requests(StopTransactionReq)]
    assert told == [("Local", "TAG"), ("Remote", None)]


@pytest.mark.rule(85)
def test_what_was_recorded_without_a_clock_is_dated_when_there_is_one() -> None:
    bench = known_offline()
    bench.power_is_cut()  # no clock of its own, and nobody to tell the time
    bench.passes(50).charge()
    began = bench.utc()
    bench.passes(100).restore_network()
    (start,) = bench.requests(StartTransactionReq)
    assert abs(utc_of(start.timestamp) - began) <= 1000


@pytest.mark.rule(128)
def test_the_answer_goes_before_what_follows_from_it() -> None:
    bench = Bench(AuthorizeRemoteTxRequests="false").plug()
    bench.done.clear()
    bench.asks(RemoteStartTransactionReq(id_tag="TAG", connector_id=1))
    bench.asks(RemoteStopTransactionReq(transaction_id=bench.transaction_id))
    kinds = [
        type(effect.request).__name__ if isinstance(effect, SendCall) else type(effect).__name__
        for effect in bench.done
    ]
    assert kinds[0] == "SendResult"
    second = kinds.index("SendResult", 1)
    assert kinds.index("StartTransactionReq") < second < kinds.index("StopTransactionReq")


@pytest.mark.rule(84)
def test_a_sample_waits_for_the_start_before_it() -> None:
    bench = Bench(MessageTimeout="30", **SAMPLES)
    bench.says["MeterValuesReq"] = None
    bench.charge().passes(120)
    assert related(bench).count("MeterValues") == 1
    bench.says["MeterValuesReq"] = MeterValuesConf()
    bench.passes(600)
    taken = [utc_of(v.timestamp) for r in bench.requests(MeterValuesReq)[2:] for v in r.meter_value]
    assert taken == sorted(taken)
    assert len(taken) == len(set(taken)) > 10
