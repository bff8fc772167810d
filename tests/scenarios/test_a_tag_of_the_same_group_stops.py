"""A transaction may be stopped by another tag of its group, and by no other (OCPP 1.6 §3.10)."""

import pytest
from station_bench import Bench

from pilotline.spec.messages.core import (
    AuthorizeConf,
    AuthorizeReq,
    RemoteStartTransactionReq,
    StartTransactionConf,
    StopTransactionReq,
)
from pilotline.spec.messages.structures import IdTagInfo

FAMILY, STRANGERS = "FAMILY", "STRANGERS"


def bench_of_groups(*, start_tells: str | None = None) -> Bench:
    bench = Bench(AuthorizeRemoteTxRequests="false")
    parents = {"MOTHER": FAMILY, "CHILD": FAMILY.lower(), "OTHER": STRANGERS}

    def authorize(request: AuthorizeReq) -> AuthorizeConf:
        return AuthorizeConf(
            id_tag_info=IdTagInfo(status="Accepted", parent_id_tag=parents.get(request.id_tag))
        )

    bench.says["AuthorizeReq"] = authorize
    bench.says["StartTransactionReq"] = StartTransactionConf(
        transaction_id=7, id_tag_info=IdTagInfo(status="Accepted", parent_id_tag=start_tells)
    )
    return bench


def stopped_by(bench: Bench) -> list[str | None]:
    return [request.id_tag for request in bench.requests(StopTransactionReq)]


@pytest.mark.rule(29, 63, 79)
def test_another_tag_of_the_group_stops_once_it_is_authorized() -> None:
    bench = bench_of_groups().charge(id_tag="MOTHER").present("CHILD")
    assert [request.id_tag for request in bench.requests(AuthorizeReq)] == ["MOTHER", "CHILD"]
    assert stopped_by(bench) == ["CHILD"]


@pytest.mark.rule(63)
def test_the_group_may_be_told_by_the_answer_to_the_start_alone() -> None:
    bench = bench_of_groups(start_tells=FAMILY).plug()
    bench.asks(RemoteStartTransactionReq(id_tag="MOTHER", connector_id=1))
    assert stopped_by(bench.present("CHILD")) == ["CHILD"]


@pytest.mark.rule(29, 63)
def test_a_tag_of_another_group_or_named_like_the_group_does_not_stop() -> None:
    bench = bench_of_groups().charge(id_tag="MOTHER").present("OTHER").present(FAMILY)
    assert stopped_by(bench) == []


@pytest.mark.rule(63)
def test_without_a_group_no_other_tag_is_asked_about() -> None:
    bench = bench_of_groups().charge(id_tag="LONER").present("OTHER")
    assert [request.id_tag for request in bench.requests(AuthorizeReq)] == ["LONER"]
    assert stopped_by(bench) == []


@pytest.mark.rule(26, 62)
def test_the_tag_that_started_stops_unasked_in_whatever_case_it_is_read() -> None:
    bench = bench_of_groups().charge(id_tag="MOTHER").present("mother")
    assert [request.id_tag for request in bench.requests(AuthorizeReq)] == ["MOTHER"]
    assert stopped_by(bench) == ["mother"]
