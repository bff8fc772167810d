"""What is known of a tag, online and offline (OCPP 1.6 §3.5, §4.1)."""

from datetime import timedelta
from typing import Final

import pytest
from station_bench import Bench

from pilotline.core.calendar import date_of
from pilotline.spec.messages.core import (
    AuthorizeConf,
    AuthorizeReq,
    StartTransactionConf,
    StartTransactionReq,
    StopTransactionConf,
    StopTransactionReq,
)
from pilotline.spec.messages.structures import IdTagInfo
from pilotline.spec.types import AuthorizationStatus

STATUSES: Final[tuple[AuthorizationStatus, ...]] = (
    "Accepted",
    "Blocked",
    "Expired",
    "Invalid",
    "ConcurrentTx",
)
REFUSED: Final = ("Blocked", "Expired", "Invalid")


def answers(bench: Bench, status: AuthorizationStatus, **info: object) -> None:
    bench.says["AuthorizeReq"] = AuthorizeConf(
        id_tag_info=IdTagInfo.model_validate({"status": status, **info})
    )


def knows(status: AuthorizationStatus, **configuration: str) -> Bench:
    """A station that was told of the tag once."""
    bench = Bench(**configuration)
    answers(bench, status)
    return bench.present().present()


def charges(bench: Bench) -> bool:
    return bench.state.moment.sessions[1].state == "charging"


def asked(bench: Bench) -> int:
    return len(bench.requests(AuthorizeReq))


@pytest.mark.rule(47, 50)
@pytest.mark.parametrize("status", STATUSES)
def test_online_an_unknown_tag_is_asked_about_and_only_accepted_charges(status: AuthorizationStatus) -> None:
    bench = Bench(LocalPreAuthorize="true")
    answers(bench, status)
    bench.plug().present()
    assert asked(bench) == 1
    assert charges(bench) == (status == "Accepted")
    assert bench.closed[1] == (status == "Accepted")


@pytest.mark.rule(48, 49, 51)
@pytest.mark.parametrize("status", STATUSES)
def test_online_only_a_tag_that_is_known_to_be_valid_goes_unasked(status: AuthorizationStatus) -> None:
    bench = knows(status, LocalPreAuthorize="true")
    before = asked(bench)
    answers(bench, "Accepted")
    bench.plug().present()
    assert asked(bench) - before == (0 if status == "Accepted" else 1)
    assert charges(bench)


@pytest.mark.rule(49)
def test_without_local_pre_authorize_a_known_tag_is_asked_about_all_the_same() -> None:
    bench = knows("Accepted", LocalPreAuthorize="false")
    answers(bench, "Blocked")
    assert not charges(bench.plug().present())


@pytest.mark.rule(52, 53)
@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("local", ["true", "false"])
@pytest.mark.parametrize("unknown", ["true", "false"])
def test_offline_the_keys_decide_but_what_is_known_to_be_bad_is_refused(
    status: AuthorizationStatus, local: str, unknown: str
) -> None:
    bench = knows(status, LocalAuthorizeOffline=local, AllowOfflineTxForUnknownId=unknown)
    bench.lose_network().plug().present()
    assert charges(bench) == (status not in REFUSED and "true" in (local, unknown))


@pytest.mark.rule(52)
@pytest.mark.parametrize("unknown", ["true", "false"])
def test_offline_an_unknown_tag_is_a_matter_of_its_key(unknown: str) -> None:
    bench = Bench(AllowOfflineTxForUnknownId=unknown, LocalAuthorizeOffline="true").lose_network()
    assert charges(bench.plug().present()) == (unknown == "true")


@pytest.mark.rule(52)
def test_without_the_cache_nothing_is_known_offline() -> None:
    bench = knows("Accepted", AuthorizationCacheEnabled="false", LocalAuthorizeOffline="true")
    assert not bench.state.memory.cache
    assert not charges(bench.lose_network().plug().present())


@pytest.mark.rule(53, 57)
@pytest.mark.parametrize("status", ["Accepted", "ConcurrentTx"])
@pytest.mark.parametrize(("waits_s", "may"), [(3599, True), (3600, False)])
def test_offline_a_tag_past_its_date_is_expired(status: AuthorizationStatus, waits_s: int, may: bool) -> None:
    bench = Bench(AllowOfflineTxForUnknownId="true", LocalAuthorizeOffline="true")
    answers(bench, status, expiry_date=date_of(bench.utc()) + timedelta(hours=1))
    bench.present().present().lose_network().passes(waits_s)
    assert charges(bench.plug().present()) == may
    assert bench.state.memory.cache  # it is kept, not dropped


@pytest.mark.rule(45, 57)
def test_a_date_follows_a_clock_that_is_set() -> None:
    bench = Bench(LocalAuthorizeOffline="true", HeartbeatInterval="60")
    answers(bench, "Accepted", expiry_date=date_of(bench.utc()) + timedelta(hours=1))
    bench.present().present()
    bench.utc_at_0 = type(bench.utc_at_0)(bench.utc_at_0 + 7_200_000)
    bench.passes(60).lose_network()
    assert not charges(bench.plug().present())


@pytest.mark.rule(54)
def test_every_answer_about_a_tag_is_kept() -> None:
    bench = Bench(StopTransactionOnInvalidId="false")

    def known() -> str:
        return bench.state.memory.cache["tag"].status

    bench.says["StartTransactionReq"] = StartTransactionConf(
        transaction_id=1, id_tag_info=IdTagInfo(status="ConcurrentTx")
    )
    bench.says["StopTransactionReq"] = StopTransactionConf(id_tag_info=IdTagInfo(status="Blocked"))
    bench.says["StatusNotificationReq"], status = None, bench.says["StatusNotificationReq"]
    bench.present()
    assert known() == "Accepted"
    bench.says["StatusNotificationReq"] = status
    bench.passes(60).plug().present("tag")
    assert known() == "ConcurrentTx"
    bench.present()
    assert known() == "Blocked"
    assert len(bench.state.memory.cache) == 1


@pytest.mark.rule(54, 80)
def test_an_answer_to_a_stop_undoes_nothing_and_tells_nothing_of_a_tag_that_did_not_stop() -> None:
    bench = Bench()
    bench.says["StopTransactionReq"] = StopTransactionConf(id_tag_info=IdTagInfo(status="Blocked"))
    bench.charge().unplug_at_the_ev()
    (stop,) = bench.requests(StopTransactionReq)
    assert (stop.reason, stop.id_tag) == ("EVDisconnected", None)
    assert bench.state.memory.cache["tag"].status == "Accepted"
    assert bench.state.moment.sessions[1].state == "finishing"


@pytest.mark.rule(59)
def test_the_cache_survives_a_power_cut() -> None:
    bench = knows("Accepted", LocalAuthorizeOffline="true").lose_network()
    bench.power_is_cut(3600)
    assert charges(bench.plug().present())


@pytest.mark.rule(28)
@pytest.mark.parametrize("id_tag", ["a", "20 characters, exact.", "{}", "%", "04A2B3C4D5E6F7", "~!  "])
def test_a_tag_is_any_text(id_tag: str) -> None:
    bench = Bench().charge(id_tag=id_tag[:20])
    assert [request.id_tag for request in bench.requests(StartTransactionReq)] == [id_tag[:20]]
