"""Requests that may mean any connector, while some are in use (OCPP 1.6 §5.2, §5.8, §5.11)."""

import pytest
from station_bench import Bench

from pilotline.core.events import FaultDetected
from pilotline.spec.messages.core import (
    ChangeAvailabilityReq,
    ChangeConfigurationReq,
    GetConfigurationReq,
    RemoteStartTransactionReq,
    StartTransactionReq,
)
from pilotline.spec.products import load_product


def statuses(bench: Bench) -> list[str]:
    return [connector.state for connector in bench.state.moment.connectors]


def changed(bench: Bench, connector: int, to: str) -> str:
    answer = bench.asks(ChangeAvailabilityReq.model_validate({"connector_id": connector, "type": to}))
    return str(answer.status)


def remotely(bench: Bench, connector: int | None = None) -> str:
    return str(bench.asks(RemoteStartTransactionReq(id_tag="TAG", connector_id=connector)).status)


@pytest.mark.rule(135)
def test_inoperative_waits_for_the_transaction_and_operative_is_at_once() -> None:
    bench = Bench("c6eu").charge()
    assert changed(bench, 1, "Inoperative") == "Scheduled"
    assert statuses(bench)[1] == "Charging"
    bench.present().unplug_at_the_ev()
    assert statuses(bench)[1] == "Unavailable"
    assert changed(bench, 1, "Inoperative") == "Accepted"
    assert changed(bench, 1, "Operative") == "Accepted"
    assert statuses(bench)[1] == "Available"
    assert changed(bench, 3, "Operative") == "Rejected"


@pytest.mark.rule(135, 136)
def test_of_the_whole_station_what_is_idle_changes_now_and_the_rest_later() -> None:
    bench = Bench("c6eu").charge(2)
    assert changed(bench, 0, "Inoperative") == "Scheduled"
    assert statuses(bench) == ["Unavailable", "Unavailable", "Charging"]
    bench.present().unplug_at_the_ev(2)
    assert statuses(bench) == ["Unavailable"] * 3
    assert changed(bench, 0, "Operative") == "Accepted"
    assert statuses(bench) == ["Available"] * 3


@pytest.mark.rule(136)
def test_operative_takes_back_what_was_scheduled() -> None:
    bench = Bench("c6eu").charge()
    changed(bench, 1, "Inoperative")
    assert changed(bench, 1, "Operative") == "Accepted"
    assert statuses(bench.present().unplug_at_the_ev())[1] == "Available"


@pytest.mark.rule(130)
def test_a_remote_start_without_a_connector_takes_the_one_that_waits_else_the_lowest_free() -> None:
    bench = Bench(AuthorizeRemoteTxRequests="false").plug(2)
    assert remotely(bench) == "Accepted"
    assert [r.connector_id for r in bench.requests(StartTransactionReq)] == [2]
    assert remotely(bench) == "Accepted"
    assert statuses(bench)[1] == "Preparing"
    assert remotely(bench) == "Rejected"


@pytest.mark.rule(131)
def test_a_remote_start_where_nothing_can_start_is_rejected() -> None:
    bench = Bench(AuthorizeRemoteTxRequests="false").tell(FaultDetected(1, "GroundFailure"))
    changed(bench, 2, "Inoperative")
    assert (remotely(bench, 1), remotely(bench, 2), remotely(bench)) == ("Rejected",) * 3
    assert bench.requests(StartTransactionReq) == []


@pytest.mark.rule(144, 145)
def test_as_many_keys_as_promised_are_served_and_more_are_too_many() -> None:
    bench = Bench("c6eu")
    known = [key.name for key in bench.product.offered_keys]
    most = bench.state.memory.configuration.integer("GetConfigurationMaxKeys", 0)
    unknown = tuple(f"Unknown{n}" for n in range(most - len(known)))
    asked = tuple(name.lower() for name in known) + unknown
    answer = bench.asks(GetConfigurationReq(key=asked))
    assert [entry.key for entry in answer.configuration_key] == known
    assert answer.unknown_key == unknown
    everything = bench.asks(GetConfigurationReq(key=())).configuration_key
    assert {entry.key for entry in everything} == set(known)
    assert bench.asks(GetConfigurationReq(key=(*asked, "OneMore"))).code == "OccurenceConstraintViolation"


@pytest.mark.rule(143)
def test_what_counts_after_a_reboot_says_so_and_the_station_does_not_reboot_itself() -> None:
    setting = {"LightIntensity": {"value": "10", "takes_effect": "reboot"}}
    product = load_product("reference")
    configuration = {**dict(product.configuration), **setting}
    bench = Bench(product.model_validate({**product.model_dump(), "configuration": configuration}))
    answer = bench.asks(ChangeConfigurationReq(key="LightIntensity", value="20"))
    assert answer.status == "RebootRequired"
    assert bench.state.memory.configuration.text("LightIntensity") == "20"
    assert bench.state.memory.boot.number == 1
