"""The local authorization list: what an update changes, and what it says of a tag (OCPP 1.6 §3.5.2, §3.5.3, §5.15)."""

from datetime import timedelta

import pytest
from station_bench import INVALID, TAG, Bench

from pilotline.core.calendar import date_of
from pilotline.spec.messages.core import AuthorizeConf, AuthorizeReq, ChangeConfigurationReq
from pilotline.spec.messages.local_auth_list_management import GetLocalListVersionReq, SendLocalListReq
from pilotline.spec.messages.structures import AuthorizationData, IdTagInfo
from pilotline.spec.types import AuthorizationStatus, UpdateType

SMALL = {"LocalAuthListMaxLength": "3", "SendLocalListMaxLength": "2"}
PRE = {"LocalPreAuthorize": "true", "AuthorizationCacheEnabled": "true"}


def entry(id_tag: str, status: AuthorizationStatus | None = "Accepted", **more: object) -> AuthorizationData:
    info = IdTagInfo(status=status, **more) if status else None  # type: ignore[arg-type]  # fields of the standard
    return AuthorizationData(id_tag=id_tag, id_tag_info=info)


def send(bench: Bench, version: int, update: UpdateType, *entries: AuthorizationData) -> str:
    request = SendLocalListReq(
        list_version=version, update_type=update, local_authorization_list=entries or None
    )
    return str(bench.asks(request).status)


def version(bench: Bench) -> int:
    return int(bench.asks(GetLocalListVersionReq()).list_version)


def listed(bench: Bench) -> set[str]:
    return set(bench.state.memory.local_list)


def asked(bench: Bench) -> int:
    return len(bench.requests(AuthorizeReq))


# --- updates -------------------------------------------------------------------------------------------------


@pytest.mark.rule(153)
def test_a_differential_update_adds_changes_and_removes() -> None:
    bench = Bench()
    assert send(bench, 1, "Full", entry("A"), entry("B")) == "Accepted"
    assert send(bench, 3, "Differential", entry("a", "Blocked"), entry("B", None), entry("C")) == "Accepted"
    assert listed(bench) == {"a", "c"}
    assert bench.state.memory.local_list["a"].status == "Blocked"
    assert version(bench) == 3


@pytest.mark.rule(152)
def test_a_full_update_replaces_all_whatever_its_version() -> None:
    bench = Bench()
    send(bench, 9, "Full", entry("A"), entry("B"))
    assert send(bench, 2, "Full", entry("B"), entry("C")) == "Accepted"
    assert listed(bench) == {"b", "c"}
    assert version(bench) == 2


@pytest.mark.rule(149)
def test_a_list_that_becomes_empty_has_the_version_0() -> None:
    bench = Bench()
    send(bench, 4, "Full", entry("A"))
    assert send(bench, 5, "Differential", entry("A", None)) == "Accepted"
    assert version(bench) == 0


@pytest.mark.rule(153)
def test_an_empty_differential_update_only_counts_on() -> None:
    bench = Bench()
    send(bench, 4, "Full", entry("A"))
    assert send(bench, 5, "Differential") == "Accepted"
    assert (listed(bench), version(bench)) == ({"a"}, 5)


@pytest.mark.rule(151, 152, 154, 155)
@pytest.mark.parametrize(
    ("number", "update", "entries", "answer"),
    [
        (0, "Full", [entry("B")], "Failed"),
        (-1, "Differential", [entry("B")], "Failed"),
        (2, "Full", [entry("B"), entry("b")], "Failed"),
        (2, "Full", [entry("B", None)], "Failed"),
        (2, "Full", [entry("B"), entry("C"), entry("D")], "Failed"),
        (2, "Differential", [entry("C"), entry("D")], "Failed"),
        (1, "Differential", [entry("C")], "VersionMismatch"),
    ],
    ids=["version 0", "version -1", "a tag twice", "a gap", "too many", "too long", "not newer"],
)
def test_what_is_refused_changes_nothing(
    number: int, update: UpdateType, entries: list[AuthorizationData], answer: str
) -> None:
    bench = Bench(**SMALL)
    send(bench, 1, "Full", entry("A"), entry("B"))
    before = bench.state.memory
    assert send(bench, number, update, *entries) == answer
    assert bench.state.memory is before


@pytest.mark.rule(155)
def test_removing_and_adding_keeps_within_the_length() -> None:
    """What counts is the length after the update (§9.2.2)."""
    bench = Bench(**{**SMALL, "LocalAuthListMaxLength": "2"})
    send(bench, 1, "Full", entry("A"), entry("B"))
    assert send(bench, 2, "Differential", entry("A", None), entry("C")) == "Accepted"
    assert listed(bench) == {"b", "c"}


@pytest.mark.rule(157)
def test_it_survives_a_power_cut() -> None:
    bench = Bench()
    send(bench, 4, "Full", entry("A"))
    bench.power_is_cut()
    assert (listed(bench), version(bench)) == ({"a"}, 4)


# --- what it says of a tag -----------------------------------------------------------------------------------


def test_it_counts_before_the_cache() -> None:
    bench = Bench(**PRE)
    bench.charge().present().unplug_at_the_ev()
    assert asked(bench) == 1
    send(bench, 1, "Full", entry(TAG, "Blocked"))
    bench.plug().present()
    assert asked(bench) == 2


@pytest.mark.rule(56)
def test_what_it_lists_is_not_cached() -> None:
    bench = Bench(**{**PRE, "LocalPreAuthorize": "false"})
    send(bench, 1, "Full", entry(TAG))
    bench.charge()
    assert asked(bench) == 1
    assert not bench.state.memory.cache


@pytest.mark.rule(157)
def test_an_entry_past_its_date_is_asked_for() -> None:
    bench = Bench(**PRE)
    soon = date_of(bench.utc()) + timedelta(hours=1)
    send(bench, 1, "Full", entry(TAG, expiry_date=soon))
    bench.charge().present().unplug_at_the_ev()
    assert asked(bench) == 0
    bench.passes(3600)
    bench.plug().present()
    assert asked(bench) == 1


@pytest.mark.rule(158)
def test_switched_off_it_is_kept_and_not_consulted() -> None:
    bench = Bench(**PRE)
    send(bench, 1, "Full", entry(TAG))
    bench.asks(ChangeConfigurationReq(key="LocalAuthListEnabled", value="false"))
    assert version(bench) == -1
    bench.charge()
    assert asked(bench) == 1
    bench.asks(ChangeConfigurationReq(key="LocalAuthListEnabled", value="true"))
    assert (listed(bench), version(bench)) == ({TAG.lower()}, 1)


@pytest.mark.rule(164)
def test_its_groups_stop_a_transaction() -> None:
    """The parent of both tags is known from the list alone (§3.10)."""
    bench = Bench(**PRE)
    send(bench, 1, "Full", entry(TAG, parent_id_tag="FLEET"), entry("MATE", parent_id_tag="fleet"))
    bench.charge().present("MATE")
    assert bench.state.moment.sessions[1].state == "finishing"
    assert asked(bench) == 0


@pytest.mark.rule(61, 157)
def test_a_contradiction_is_told_once_and_is_over_with_a_new_list() -> None:
    bench = Bench()
    send(bench, 1, "Full", entry(TAG))
    bench.says["AuthorizeReq"] = AuthorizeConf(id_tag_info=INVALID)
    bench.plug().present().present()
    assert [r.error_code for r in bench.state.moment.faults[0].raised] == ["LocalListConflict"]
    assert bench.state.memory.local_list[TAG.lower()].status == "Accepted"
    send(bench, 2, "Full", entry(TAG, "Invalid"))
    assert bench.state.moment.faults[0].raised == ()
