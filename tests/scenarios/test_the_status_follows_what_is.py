"""Statuses and their reports: what is so, what was too short, what a boot finds (OCPP 1.6 §4.9)."""

from datetime import timedelta

import pytest
from station_bench import INVALID, Bench

from pilotline.core.calendar import date_of
from pilotline.core.events import CableUnplugged, EnergyDeclined, EnergyRequested, FaultCleared, FaultDetected
from pilotline.spec.messages.core import (
    ChangeAvailabilityReq,
    RemoteStopTransactionReq,
    StartTransactionConf,
    StatusNotificationConf,
    StatusNotificationReq,
)
from pilotline.spec.messages.reservation import ReserveNowReq
from pilotline.spec.products import adjusted, load_product

GROUND = FaultDetected(1, "GroundFailure")
WELL = FaultCleared(1, "GroundFailure")


def told(bench: Bench, connector: int = 1) -> list[str]:
    """Every status that was told, without the first of a boot."""
    return [r.status for r in bench.requests(StatusNotificationReq) if r.connector_id == connector][1:]


@pytest.mark.rule(95, 96)
def test_a_session_is_told_status_by_status() -> None:
    bench = Bench("c6eu").charge().present().unplug_at_the_ev()
    assert told(bench) == ["Preparing", "Charging", "Finishing", "Available"]


@pytest.mark.rule(103, 104, 105)
def test_who_suspends_shows_and_the_evse_counts_more() -> None:
    bench = Bench(StopTransactionOnInvalidId="false")
    bench.charge().tell(EnergyDeclined(1), EnergyRequested(1), EnergyDeclined(1))
    assert told(bench)[1:] == ["Charging", "SuspendedEV", "Charging", "SuspendedEV"]
    bench.says["StartTransactionReq"] = StartTransactionConf(transaction_id=9, id_tag_info=INVALID)
    bench.charge(2, "OTHER").tell(EnergyDeclined(2), EnergyRequested(2))
    assert told(bench, 2)[1:] == ["Charging", "SuspendedEVSE"]


@pytest.mark.rule(97)
def test_made_inoperative_while_preparing_it_is_available_in_between() -> None:
    bench = Bench().plug()
    assert bench.asks(ChangeAvailabilityReq(connector_id=1, type="Inoperative")).status == "Accepted"
    assert told(bench) == ["Preparing", "Available", "Unavailable"]


@pytest.mark.rule(98)
def test_the_station_itself_is_told_apart_from_its_connectors() -> None:
    bench = Bench().charge()
    assert bench.asks(ChangeAvailabilityReq(connector_id=0, type="Inoperative")).status == "Scheduled"
    assert (told(bench, 0), told(bench, 2)) == (["Unavailable"], ["Unavailable"])
    assert told(bench)[-1] == "Charging"


@pytest.mark.rule(99)
def test_what_is_too_short_is_not_told_and_the_rest_later() -> None:
    bench = Bench(adjusted(load_product("reference"), status_delay_ms=2000), MinimumStatusDuration="3")
    bench.plug().passes(4).tell(GROUND).passes(4.9)
    assert told(bench) == []
    bench.passes(0.1)
    assert told(bench) == ["Faulted"]
    bench.tell(WELL).passes(1).tell(GROUND).passes(60)
    assert told(bench) == ["Faulted"]


@pytest.mark.rule(99)
def test_0_does_not_switch_the_stations_own_delay_off() -> None:
    bench = Bench(adjusted(load_product("reference"), status_delay_ms=2000), MinimumStatusDuration="0")
    bench.plug().passes(1.9)
    assert told(bench) == []
    assert told(bench.passes(0.1)) == ["Preparing"]


@pytest.mark.rule(100)
@pytest.mark.parametrize(("power_cut", "found"), [("stop", "Finishing"), ("resume", "SuspendedEV")])
def test_a_boot_finds_what_is_and_tells_that_first(power_cut: str, found: str) -> None:
    bench = Bench(adjusted(load_product("reference"), power_cut=power_cut)).charge()
    bench.plug(2)
    bench.sent.clear()
    bench.power_is_cut()
    first = {r.connector_id: r.status for r in reversed(bench.requests(StatusNotificationReq))}
    assert first == {0: "Available", 1: found, 2: "Preparing"}


@pytest.mark.rule(106)
def test_after_a_fault_it_is_what_it_was() -> None:
    bench = Bench().charge().tell(GROUND)
    assert not bench.closed[1]
    bench.tell(WELL)
    assert told(bench) == ["Preparing", "Charging", "Faulted", "Charging"]
    assert bench.closed[1]
    bench.present().tell(GROUND, WELL)
    assert told(bench)[-3:] == ["Finishing", "Faulted", "Finishing"]


@pytest.mark.rule(106)
def test_what_went_on_under_a_fault_shows_when_it_is_over() -> None:
    bench = Bench().charge().tell(GROUND)
    assert bench.asks(RemoteStopTransactionReq(transaction_id=bench.transaction_id)).status == "Accepted"
    assert told(bench)[-1] == "Faulted"
    assert told(bench.tell(WELL))[-2:] == ["Faulted", "Finishing"]


@pytest.mark.rule(108)
def test_unavailable_survives_a_power_cut() -> None:
    bench = Bench()
    bench.asks(ChangeAvailabilityReq(connector_id=1, type="Inoperative"))
    bench.sent.clear()
    bench.power_is_cut()
    assert [r.status for r in bench.requests(StatusNotificationReq)] == [
        "Available",
        "Unavailable",
        "Available",
    ]


@pytest.mark.rule(107)
def test_back_online_the_present_status_is_told_only_if_it_is_another() -> None:
    bench = Bench(ConnectionTimeOut="3000").plug(1).lose_network().plug(2).tell(GROUND, WELL)
    bench.sent.clear()
    bench.restore_network(10)
    assert [(r.connector_id, r.status) for r in bench.requests(StatusNotificationReq)] == [(2, "Preparing")]


def test_what_was_told_without_an_answer_is_taken_back() -> None:
    """The Central System may have heard it: else it would show Preparing for ever."""
    bench = Bench(MinimumStatusDuration="5")
    bench.says["StatusNotificationReq"] = None
    bench.plug().passes(5)
    assert told(bench) == ["Preparing"]
    bench.passes(31)
    bench.says["StatusNotificationReq"] = StatusNotificationConf()
    bench.unplug_at_the_ev().tell(CableUnplugged(1)).passes(300)
    assert told(bench) == ["Preparing", "Available"]


def test_what_was_on_its_way_when_the_link_was_lost_is_taken_back() -> None:
    bench = Bench()
    bench.says["StatusNotificationReq"] = None
    bench.plug()
    bench.lose_network().unplug_at_the_ev().tell(CableUnplugged(1))
    bench.says["StatusNotificationReq"] = StatusNotificationConf()
    bench.restore_network()
    assert told(bench) == ["Preparing", "Available"]


def test_what_becomes_free_is_available_before_it_is_reserved() -> None:
    bench = Bench().charge(2).plug()
    reserved = ReserveNowReq(
        connector_id=0, expiry_date=date_of(bench.utc()) + timedelta(hours=1), id_tag="ELSE", reservation_id=1
    )
    bench.tell(CableUnplugged(1))
    assert bench.asks(reserved).status == "Accepted"
    bench.plug().unplug_at_the_ev().tell(CableUnplugged(1))
    assert told(bench)[-4:] == ["Reserved", "Preparing", "Available", "Reserved"]
