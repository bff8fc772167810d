"""After a start that was not accepted the cable stays locked until its driver comes (OCPP 1.6 §3.5.4, errata 3.5)."""

import pytest
from station_bench import INVALID, TAG, Bench

from pilotline.core.effects import LockConnector, SignalTag, UnlockConnector
from pilotline.core.events import CableUnplugged
from pilotline.spec.messages.core import (
    AuthorizeConf,
    AuthorizeReq,
    StartTransactionConf,
    StopTransactionReq,
    UnlockConnectorReq,
)
from pilotline.spec.messages.structures import IdTagInfo


def locked(bench: Bench, connector: int = 1) -> bool:
    commands = [e for e in bench.done if isinstance(e, LockConnector | UnlockConnector)]
    return isinstance([e for e in commands if e.connector == connector][-1], LockConnector)


def refused(parent_id_tag: str | None = None, **configuration: str) -> Bench:
    """Charging was begun, and the Central System does not accept the tag any more."""
    bench = Bench(**configuration)
    bench.says["AuthorizeReq"] = AuthorizeConf(
        id_tag_info=IdTagInfo(status="Accepted", parent_id_tag=parent_id_tag)
    )
    bench.says["StartTransactionReq"] = StartTransactionConf(transaction_id=1, id_tag_info=INVALID)
    bench.plug().present()
    (stop,) = bench.requests(StopTransactionReq)
    assert stop.reason == "DeAuthorized"
    assert bench.state.moment.connectors[1].state == "Finishing"
    return bench


@pytest.mark.rule(68, 70)
def test_the_cable_stays_locked_until_the_tag_that_started_comes_again() -> None:
    bench = refused()
    assert locked(bench)
    assert not locked(bench.present(TAG.lower()))
    assert bench.effects(SignalTag)[-1].accepted
    assert bench.tell(CableUnplugged(1)).state.moment.connectors[1].state == "Available"


@pytest.mark.rule(70)
def test_a_stranger_does_not_get_it() -> None:
    bench = refused("FAMILY")
    bench.says["AuthorizeReq"] = AuthorizeConf(id_tag_info=IdTagInfo(status="Accepted"))
    assert locked(bench.present("STRANGER"))


@pytest.mark.rule(70)
def test_a_tag_of_the_same_group_gets_it_whatever_its_own_status() -> None:
    bench = refused("FAMILY")
    bench.says["AuthorizeReq"] = AuthorizeConf(
        id_tag_info=IdTagInfo(status="Blocked", parent_id_tag="family")
    )
    assert not locked(bench.present("BROTHER"))
    assert [request.id_tag for request in bench.requests(AuthorizeReq)] == [TAG, "BROTHER"]


@pytest.mark.rule(70)
def test_the_operator_may_open_it_too() -> None:
    assert refused().asks(UnlockConnectorReq(connector_id=1)).status == "Unlocked"


@pytest.mark.rule(81)
def test_after_any_other_stop_it_opens_at_once() -> None:
    assert not locked(Bench().charge().present())


@pytest.mark.rule(68)
def test_a_refused_start_that_goes_on_takes_no_energy() -> None:
    bench = Bench(StopTransactionOnInvalidId="false")
    bench.says["StartTransactionReq"] = StartTransactionConf(transaction_id=1, id_tag_info=INVALID)
    bench.plug().present()
    assert bench.state.moment.connectors[1].state == "SuspendedEVSE"
    assert not bench.closed[1]
    assert bench.requests(StopTransactionReq) == []
