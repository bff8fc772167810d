"""When the lock opens after the EV was unplugged, in all four combinations of the keys (§4.10, §9.1.23, §9.1.33)."""

import pytest
from station_bench import INVALID, TAG, Bench

from pilotline.core.effects import LockConnector, UnlockConnector
from pilotline.core.events import CablePlugged, CableUnplugged, FaultCleared, FaultDetected
from pilotline.spec.messages.core import (
    ChangeAvailabilityReq,
    RemoteStartTransactionReq,
    RemoteStopTransactionReq,
    StartTransactionConf,
    StatusNotificationReq,
    StopTransactionReq,
    UnlockConnectorReq,
)
from pilotline.spec.messages.structures import IdTagInfo


def pulled(stops: str, unlocks: str) -> Bench:
    """A car charged at connector 1, and was unplugged at its own side."""
    bench = Bench(StopTransactionOnEVSideDisconnect=stops, UnlockConnectorOnEVSideDisconnect=unlocks)
    bench.charge().unplug_at_the_ev()
    return bench


def locked(bench: Bench) -> bool:
    told = [e for e in bench.done if isinstance(e, LockConnector | UnlockConnector) and e.connector == 1]
    return isinstance(told[-1], LockConnector)


def reports(bench: Bench) -> list[tuple[str, str | None]]:
    return [(r.status, r.info) for r in bench.requests(StatusNotificationReq) if r.connector_id == 1]


def phase(bench: Bench) -> str:
    return bench.state.moment.sessions[1].state


@pytest.mark.rule(74, 75)
@pytest.mark.parametrize(
    ("stops", "unlocks", "is_locked", "reason", "status"),
    [
        ("true", "true", False, "EVDisconnected", "Finishing"),
        ("true", "false", True, "EVDisconnected", "Finishing"),
        ("false", "true", True, None, "SuspendedEV"),  # the first key has priority over the second
        ("false", "false", True, None, "SuspendedEV"),
    ],
)
def test_all_four_combinations(
    stops: str, unlocks: str, is_locked: bool, reason: str | None, status: str
) -> None:
    bench = pulled(stops, unlocks)
    assert locked(bench) is is_locked
    assert [r.reason for r in bench.requests(StopTransactionReq)] == ([reason] if reason else [])
    assert reports(bench)[-1] == (status, "EV side disconnected")


def test_the_tag_that_started_frees_the_cable_and_nobody_is_asked() -> None:
    bench = pulled("true", "false")
    bench.present("STRANGER")
    assert locked(bench)
    asked = len(bench.sent)
    bench.present(TAG)
    assert not locked(bench)
    assert len(bench.sent) == asked
    bench.tell(CableUnplugged(1))
    assert reports(bench)[-1] == ("Available", None)


def test_a_tag_of_the_same_group_frees_it_once_it_is_authorized() -> None:
    bench = Bench(StopTransactionOnEVSideDisconnect="true", UnlockConnectorOnEVSideDisconnect="false")
    friends = IdTagInfo(status="Accepted", parent_id_tag="FAMILY")
    bench.says["AuthorizeReq"] = bench.says["AuthorizeReq"].model_copy(update={"id_tag_info": friends})  # type: ignore[union-attr]  # a confirmation
    bench.charge().unplug_at_the_ev()
    assert locked(bench)
    bench.present("FRIEND")
    assert not locked(bench)


def test_unlock_connector_frees_it_as_well() -> None:
    bench = pulled("true", "false")
    assert bench.asks(UnlockConnectorReq(connector_id=1)).status == "Unlocked"
    assert not locked(bench)
    assert phase(bench) == "finishing"


@pytest.mark.rule(81)
def test_a_remote_stop_of_a_transaction_that_goes_on_unplugged_opens_the_lock() -> None:
    bench = pulled("false", "false")
    assert bench.asks(RemoteStopTransactionReq(transaction_id=1)).status == "Accepted"
    assert [r.reason for r in bench.requests(StopTransactionReq)] == ["Remote"]
    assert not locked(bench)


def test_plugged_in_again_it_stays_kept_and_the_next_use_begins_with_a_tag() -> None:
    bench = pulled("true", "false")
    bench.plugged[1] = True
    bench.tell(CablePlugged(1))
    assert locked(bench)
    bench.present(TAG)
    assert not locked(bench)
    bench.present(TAG)
    assert phase(bench) == "charging"


def test_another_driver_may_charge_with_it_and_then_it_is_that_driver_who_frees_it() -> None:
    """The lock is closed already: the register is read at once."""
    bench = pulled("true", "false")
    bench.plugged[1] = True
    bench.tell(CablePlugged(1))
    bench.present("OTHER")
    assert phase(bench) == "charging"
    bench.present("OTHER")
    assert phase(bench) == "finishing"
    assert not locked(bench)


@pytest.mark.parametrize("pulled_first", [True, False], ids=["pulled at the EV", "not accepted"])
def test_a_remote_start_on_a_kept_cable_finds_the_lock_closed(pulled_first: bool) -> None:
    bench = Bench(UnlockConnectorOnEVSideDisconnect="false", AuthorizeRemoteTxRequests="false")
    if pulled_first:
        bench.charge().unplug_at_the_ev()
        bench.plugged[1] = True
        bench.tell(CablePlugged(1))
    else:
        accepts = bench.says["StartTransactionReq"]
        bench.says["StartTransactionReq"] = StartTransactionConf(transaction_id=1, id_tag_info=INVALID)
        bench.plug().present(TAG)
        bench.says["StartTransactionReq"] = accepts
    assert locked(bench)
    assert bench.asks(RemoteStartTransactionReq(id_tag="REMOTE", connector_id=1)).status == "Accepted"
    bench.passes(10)
    assert phase(bench) == "charging"


def test_neither_a_fault_nor_inoperative_opens_the_lock() -> None:
    bench = pulled("true", "false")
    bench.tell(FaultDetected(1, "GroundFailure"), FaultCleared(1, "GroundFailure"))
    assert bench.asks(ChangeAvailabilityReq(connector_id=1, type="Inoperative")).status == "Accepted"
    assert locked(bench)
    bench.present(TAG).tell(CableUnplugged(1))
    assert reports(bench)[-1] == ("Unavailable", None)


@pytest.mark.rule(76)
def test_a_fixed_cable_is_never_kept() -> None:
    bench = Bench("c6eu").charge()
    bench.unplug_at_the_ev()
    assert phase(bench) == "idle"
    assert not any(isinstance(effect, LockConnector) for effect in bench.done)
