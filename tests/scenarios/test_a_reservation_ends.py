"""A reservation ends in time and by its events, wherever the driver, the network and the power are (OCPP 1.6 §5.13)."""

from datetime import timedelta

import pytest
from station_bench import TAG, Bench

from pilotline.core.calendar import date_of
from pilotline.core.events import CableUnplugged, CommitFailed, DeadlinePassed, FaultCleared, FaultDetected
from pilotline.core.properties import ALWAYS
from pilotline.core.state import UtcTime
from pilotline.spec.messages.core import (
    AuthorizeConf,
    ChangeAvailabilityReq,
    RemoteStartTransactionReq,
    StartTransactionReq,
    StatusNotificationReq,
)
from pilotline.spec.messages.reservation import CancelReservationReq, ReserveNowReq
from pilotline.spec.messages.structures import IdTagInfo

STRANGER = "STRANGER"
HOUR_S = 3600


def reserve(
    bench: Bench,
    connector: int = 1,
    *,
    number: int = 1,
    lasts_s: int = HOUR_S,
    id_tag: str = TAG,
    parent: str | None = None,
) -> str:
    request = ReserveNowReq(
        connector_id=connector,
        expiry_date=date_of(bench.utc()) + timedelta(seconds=lasts_s),
        id_tag=id_tag,
        reservation_id=number,
        parent_id_tag=parent,
    )
    return str(bench.asks(request).status)


def status(bench: Bench, connector: int = 1) -> str:
    return bench.state.moment.connectors[connector].state


def reported(bench: Bench, connector: int = 1) -> list[str]:
    return [r.status for r in bench.requests(StatusNotificationReq) if r.connector_id == connector]


def starts(bench: Bench) -> list[tuple[str, int | None]]:
    return [(r.id_tag, r.reservation_id) for r in bench.requests(StartTransactionReq)]


# --- in time -------------------------------------------------------------------------------------------------


def test_one_that_is_over_while_the_store_is_full_ends_when_there_is_room() -> None:
    bench = Bench()
    reserve(bench, lasts_s=60)
    bench.passes(59.9)
    bench.now += 100
    bench.tell(CommitFailed(DeadlinePassed()))
    assert status(bench) == "Reserved"
    assert [promise.name for promise in ALWAYS if not promise.holds(bench.state)] == []
    bench.passes(1)
    assert status(bench) == "Available"
    assert not bench.state.memory.reservations


@pytest.mark.rule(165, 166)
def test_it_expires_while_nobody_is_there() -> None:
    bench = Bench()
    assert reserve(bench) == "Accepted"
    bench.passes(HOUR_S - 1)
    assert status(bench) == "Reserved"
    bench.passes(1)
    assert reported(bench) == ["Available", "Reserved", "Available"]
    assert not bench.state.memory.reservations


def test_it_expires_offline() -> None:
    bench = Bench()
    reserve(bench)
    bench.lose_network().passes(HOUR_S)
    assert status(bench) == "Available"
    bench.restore_network()
    assert reported(bench) == ["Available", "Reserved", "Available"]


@pytest.mark.rule(169)
def test_it_expires_while_the_power_is_off() -> None:
    """Nobody knows so before the time is known again; then it ends at once."""
    bench = Bench()
    reserve(bench)
    bench.network = False
    bench.power_is_cut(dark_s=2 * HOUR_S)
    assert status(bench) == "Reserved"
    bench.restore_network()
    assert status(bench) == "Available"
    assert reported(bench)[-1] == "Available"


@pytest.mark.rule(166, 167)
def test_it_expires_while_a_stranger_is_plugged_in() -> None:
    """There is no Preparing, and no ConnectionTimeOut, before the reservation is over."""
    bench = Bench(ConnectionTimeOut="60")
    reserve(bench)
    bench.plug().passes(120).present(STRANGER)
    assert status(bench) == "Reserved"
    bench.passes(HOUR_S - 120)
    assert reported(bench)[-2:] == ["Available", "Preparing"]
    bench.passes(60)
    assert status(bench) == "Finishing"


@pytest.mark.rule(167)
def test_the_plug_that_leaves_again_leaves_it_reserved() -> None:
    bench = Bench()
    reserve(bench)
    bench.plug().unplug_at_the_ev().tell(CableUnplugged(1))
    assert status(bench) == "Reserved"
    assert reported(bench) == ["Available", "Reserved"]


def test_it_follows_the_clock() -> None:
    """The Central System sets the clock half an hour ahead: half an hour is left (§4.6)."""
    bench = Bench(HeartbeatInterval="60")
    reserve(bench)
    bench.utc_at_0 = UtcTime(bench.utc_at_0 + 1800 * 1000)
    bench.passes(1799)
    assert status(bench) == "Reserved"
    bench.passes(2)
    assert status(bench) == "Available"


# --- by its driver -------------------------------------------------------------------------------------------


@pytest.mark.rule(67, 167)
def test_the_driver_who_is_plugged_in_already_shows_the_tag() -> None:
    bench = Bench()
    reserve(bench)
    bench.plug().present()
    assert reported(bench)[-2:] == ["Preparing", "Charging"]
    assert starts(bench) == [(TAG, 1)]


def test_the_driver_who_does_not_plug_in_leaves_it_reserved() -> None:
    bench = Bench(ConnectionTimeOut="60")
    reserve(bench)
    bench.present().passes(60)
    assert reported(bench)[-3:] == ["Preparing", "Available", "Reserved"]
    assert bench.state.memory.reservations


@pytest.mark.rule(163)
def test_a_remote_start_of_another_tag_is_rejected() -> None:
    bench = Bench()
    reserve(bench)
    assert bench.asks(RemoteStartTransactionReq(id_tag=STRANGER, connector_id=1)).status == "Rejected"
    assert bench.asks(RemoteStartTransactionReq(id_tag=TAG)).status == "Accepted"
    bench.plug()
    assert starts(bench) == [(TAG, 1)]


@pytest.mark.rule(163, 164)
@pytest.mark.parametrize(("parent", "started"), [("GROUP", [(STRANGER, 1)]), ("OTHERS", [])])
def test_a_remote_start_of_a_group_waits_for_the_answer(parent: str, started: list[tuple[str, int]]) -> None:
    """Whose group the tag is of nobody here knows; the Central System says so (§5.13)."""
    bench = Bench()
    reserve(bench, parent="GROUP")
    bench.says["AuthorizeReq"] = AuthorizeConf(id_tag_info=IdTagInfo(status="Accepted", parent_id_tag=parent))
    assert bench.asks(RemoteStartTransactionReq(id_tag=STRANGER, connector_id=1)).status == "Accepted"
    bench.plug()
    assert starts(bench) == started


def test_the_other_connector_is_for_everybody() -> None:
    bench = Bench("c6eu")
    reserve(bench)
    bench.present(STRANGER).plug(2)
    assert starts(bench) == [(STRANGER, None)]
    assert (status(bench, 1), status(bench, 2)) == ("Reserved", "Charging")


# --- by the Central System, by faults ------------------------------------------------------------------------


@pytest.mark.rule(159)
def test_the_same_id_replaces_it() -> None:
    bench = Bench()
    reserve(bench, 1)
    assert reserve(bench, 1, id_tag=STRANGER, lasts_s=2 * HOUR_S) == "Accepted"
    assert reserve(bench, 2, lasts_s=2 * HOUR_S) == "Accepted"
    assert (status(bench, 1), status(bench, 2)) == ("Available", "Reserved")
    bench.passes(HOUR_S + 1)
    assert status(bench, 2) == "Reserved"


@pytest.mark.rule(159)
def test_it_is_extended_while_its_driver_is_coming() -> None:
    bench = Bench(ConnectionTimeOut="600")
    reserve(bench, lasts_s=60)
    bench.present()
    assert reserve(bench, lasts_s=HOUR_S) == "Accepted"
    bench.passes(61).plug()
    assert starts(bench) == [(TAG, 1)]


@pytest.mark.rule(160, 168, 169)
def test_what_cannot_be_reserved_leaves_all_as_it_was() -> None:
    bench = Bench()
    reserve(bench, 1)
    before = bench.state.memory
    assert reserve(bench, 1, number=2) == "Occupied"
    assert reserve(bench, 7, number=2) == "Rejected"
    assert reserve(bench, 2, number=2, lasts_s=0) == "Rejected"
    assert bench.asks(CancelReservationReq(reservation_id=2)).status == "Rejected"
    assert bench.state.memory == before


@pytest.mark.rule(165)
@pytest.mark.parametrize("connector", [0, 1])
def test_a_fault_ends_it(connector: int) -> None:
    bench = Bench()
    reserve(bench)
    bench.tell(FaultDetected(connector, "GroundFailure"))
    assert not bench.state.memory.reservations
    bench.tell(FaultCleared(connector, "GroundFailure"))
    assert status(bench) == "Available"


@pytest.mark.rule(137, 165)
@pytest.mark.parametrize("connector", [0, 1])
def test_inoperative_ends_it(connector: int) -> None:
    bench = Bench()
    reserve(bench)
    bench.asks(ChangeAvailabilityReq(connector_id=connector, type="Inoperative"))
    assert not bench.state.memory.reservations
    assert reported(bench)[-2:] == ["Reserved", "Unavailable"]


# --- any connector -------------------------------------------------------------------------------------------


@pytest.mark.rule(162)
def test_one_connector_stays_free_for_whoever_reserved_any() -> None:
    bench = Bench()
    assert reserve(bench, 0) == "Accepted"
    assert (status(bench, 1), status(bench, 2)) == ("Available", "Available")
    bench.charge(1, STRANGER)
    assert (status(bench, 1), status(bench, 2)) == ("Charging", "Reserved")
    bench.plug(2).present("ANOTHER", 2)
    assert status(bench, 2) == "Preparing"
    bench.present(TAG, 2)
    assert starts(bench) == [(STRANGER, None), (TAG, 1)]


def test_the_main_controller_is_never_reserved() -> None:
    """Not after a boot either: it is Available, whoever has reserved any connector."""
    bench = Bench()
    reserve(bench, 0)
    bench.power_is_cut()
    assert status(bench, 0) == "Available"


@pytest.mark.rule(162)
def test_a_second_reservation_of_any_takes_the_second_connector() -> None:
    bench = Bench()
    assert reserve(bench, 0, number=1) == "Accepted"
    assert reserve(bench, 0, number=2, id_tag=STRANGER) == "Accepted"
    assert (status(bench, 1), status(bench, 2)) == ("Reserved", "Reserved")
    assert reserve(bench, 0, number=3, id_tag="THIRD") == "Occupied"
    assert reserve(bench, 1, number=3, id_tag="THIRD") == "Occupied"
    bench.present("THIRD").plug(1)
    assert starts(bench) == []


def test_of_more_reservations_than_connectors_that_are_left_each_of_these_is_kept() -> None:
    bench = Bench()
    reserve(bench, 0, number=1)
    reserve(bench, 0, number=2, id_tag=STRANGER)
    bench.tell(FaultDetected(1, "GroundFailure"))
    assert (status(bench, 1), status(bench, 2)) == ("Faulted", "Reserved")
    bench.plug(2).present("THIRD", 2)
    assert starts(bench) == []


@pytest.mark.rule(161)
def test_a_certified_station_does_not_offer_it() -> None:
    assert reserve(Bench("c6eu"), 0) == "Rejected"
