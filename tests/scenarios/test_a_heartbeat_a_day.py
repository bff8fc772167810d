"""The clock is set once a day at least, however much else is said (OCPP-J §5.3, OCPP 1.6 §4.6)."""

import pytest
from station_bench import Bench

from pilotline.core.calendar import EPOCH
from pilotline.spec.messages.core import ChangeConfigurationReq, HeartbeatConf, HeartbeatReq

HOUR_S = 3600


def busy() -> Bench:
    """A station that never falls silent: it charges, and samples come oftener than a Heartbeat would."""
    return Bench(HeartbeatInterval="300", MeterValueSampleInterval="60").charge()


@pytest.mark.rule(24)
def test_a_station_that_is_never_silent_asks_for_the_time_once_a_day() -> None:
    bench = busy().passes(23 * HOUR_S)
    assert bench.requests(HeartbeatReq) == []
    bench.passes(2 * HOUR_S)
    assert len(bench.requests(HeartbeatReq)) == 1
    bench.passes(24 * HOUR_S)
    assert len(bench.requests(HeartbeatReq)) == 2


@pytest.mark.rule(24)
def test_a_network_that_is_lost_in_between_does_not_start_the_day_anew() -> None:
    bench = busy().passes(23 * HOUR_S).lose_network().passes(HOUR_S).restore_network(HOUR_S)
    assert len(bench.requests(HeartbeatReq)) == 1


@pytest.mark.rule(24)
def test_a_time_that_is_not_told_is_not_asked_for_in_every_gap() -> None:
    bench = busy()
    bench.refuses("HeartbeatReq")
    bench.passes(26 * HOUR_S)
    assert len(bench.requests(HeartbeatReq)) == 1


@pytest.mark.rule(24)
def test_an_interval_longer_than_a_day_is_a_day() -> None:
    bench = Bench(HeartbeatInterval="1000000").passes(49 * HOUR_S)
    assert len(bench.requests(HeartbeatReq)) == 2


@pytest.mark.rule(44)
def test_whatever_is_sent_begins_the_silence_anew() -> None:
    bench = Bench(HeartbeatInterval="300", ConnectionTimeOut="3000").passes(200).plug().passes(299)
    assert bench.requests(HeartbeatReq) == []
    bench.passes(1)
    assert len(bench.requests(HeartbeatReq)) == 1
    bench.passes(600)
    assert len(bench.requests(HeartbeatReq)) == 3


@pytest.mark.rule(46)
def test_a_new_interval_counts_at_once() -> None:
    bench = Bench(HeartbeatInterval="300").passes(100)
    assert bench.asks(ChangeConfigurationReq(key="HeartbeatInterval", value="20")).status == "Accepted"
    bench.passes(20)
    assert len(bench.requests(HeartbeatReq)) == 1


@pytest.mark.rule(45)
def test_a_clock_that_jumps_moves_no_timer() -> None:
    bench = Bench(HeartbeatInterval="300")
    bench.says["HeartbeatReq"] = HeartbeatConf(current_time=EPOCH)
    bench.passes(3000)
    assert len(bench.requests(HeartbeatReq)) == 10
