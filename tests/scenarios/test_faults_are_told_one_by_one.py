"""Several faults and warnings at once: each is told, with its own time (OCPP 1.6 §4.9, §6.47)."""

import pytest
from station_bench import Bench

from pilotline.core.calendar import utc_of
from pilotline.core.events import FaultCleared, FaultDetected
from pilotline.spec.messages.core import StatusNotificationReq

GROUND = FaultDetected(1, "GroundFailure")
HOT = FaultDetected(1, "HighTemperature", "45 degrees", "ACME", "T-45", prevents_charging=False)
WEAK = FaultDetected(1, "WeakSignal", prevents_charging=False)


def reports(bench: Bench, connector: int = 1) -> list[StatusNotificationReq]:
    return [r for r in bench.requests(StatusNotificationReq) if r.connector_id == connector]


def told(bench: Bench, connector: int = 1) -> list[tuple[str, str]]:
    """Status and error code of every report after the first."""
    return [(r.status, r.error_code) for r in reports(bench, connector)[1:]]


@pytest.mark.rule(101)
def test_a_warning_leaves_the_status_and_is_told_with_all_that_is_known() -> None:
    bench = Bench().tell(HOT)
    (report,) = reports(bench)[1:]
    assert (report.status, report.error_code) == ("Available", "HighTemperature")
    assert (report.info, report.vendor_id, report.vendor_error_code) == ("45 degrees", "ACME", "T-45")
    bench.tell(FaultCleared(1, "HighTemperature"))
    assert told(bench) == [("Available", "HighTemperature"), ("Available", "NoError")]


@pytest.mark.rule(101, 106)
def test_each_of_several_faults_is_told_and_the_status_ends_with_the_last() -> None:
    bench = Bench().tell(GROUND, FaultDetected(1, "OtherError"), FaultCleared(1, "OtherError"))
    bench.tell(FaultCleared(1, "GroundFailure"))
    assert told(bench) == [
        ("Faulted", "GroundFailure"),
        ("Faulted", "OtherError"),
        ("Faulted", "GroundFailure"),
        ("Available", "NoError"),
    ]


@pytest.mark.rule(101)
def test_a_fault_counts_more_than_a_warning_and_the_newest_of_a_kind_is_told() -> None:
    bench = Bench().tell(HOT, WEAK, GROUND, FaultCleared(1, "GroundFailure"))
    assert told(bench) == [
        ("Available", "HighTemperature"),
        ("Available", "WeakSignal"),
        ("Faulted", "GroundFailure"),
        ("Available", "WeakSignal"),
    ]


@pytest.mark.rule(98)
def test_the_main_controller_has_faults_of_its_own() -> None:
    bench = Bench().tell(FaultDetected(0, "InternalError"))
    assert told(bench, 0) == [("Faulted", "InternalError")]
    assert told(bench, 1) == []


@pytest.mark.rule(109)
def test_a_report_has_the_time_of_what_it_tells() -> None:
    bench = Bench().passes(600).tell(HOT).passes(600).tell(GROUND)
    times = [report.timestamp for report in reports(bench)]
    assert all(times)
    boot, warning, fault = [utc_of(time) - bench.utc_at_0 for time in times if time]
    assert (boot, warning, fault) == (0, 600_000, 1_200_000)


@pytest.mark.rule(107)
def test_after_being_offline_only_what_is_now_is_told_and_nothing_if_nothing_changed() -> None:
    bench = Bench().lose_network().tell(HOT, GROUND, FaultCleared(1, "GroundFailure")).plug(2)
    bench.restore_network(10)
    assert told(bench) == [("Available", "HighTemperature")]
    assert told(bench, 2) == [("Preparing", "NoError")]
    assert told(bench, 0) == []


@pytest.mark.rule(101)
def test_a_cable_that_hangs_from_the_socket_explains_only_a_use_that_goes_on_or_ended() -> None:
    bench = Bench().plug().unplug_at_the_ev()
    assert (reports(bench)[-1].status, reports(bench)[-1].info) == ("Available", None)
    bench.charge().unplug_at_the_ev()
    assert (reports(bench)[-1].status, reports(bench)[-1].info) == ("Finishing", "EV side disconnected")


def test_a_warning_of_the_main_controller_stops_nobody() -> None:
    bench = Bench().tell(FaultDetected(0, "HighTemperature", prevents_charging=False))
    assert bench.state.moment.faults[0].state == "warning"
    bench.charge()
