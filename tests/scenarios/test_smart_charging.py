"""Profiles are installed and cleared, and the connector is held to what they leave (§3.13, §5.5, §5.7, §5.16)."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from scenarios.charging_profiles import ask, clear, install, profile
from station_bench import TAG, Bench, WeldedBench

from pilotline.core.calendar import date_of
from pilotline.core.effects import CloseContactor, Effect, LimitCurrent, OpenContactor, SendError
from pilotline.core.events import EnergyDeclined, External, LocalLimitFound, LocalLimitLifted
from pilotline.spec.messages.core import RemoteStartTransactionReq, StatusNotificationReq

FULL = Decimal(32)
"""What a connector of the reference product can carry."""


def limit(bench: Bench, connector: int = 1) -> Decimal:
    """What the hardware was told last."""
    return next(e.current_a for e in reversed(bench.effects(LimitCurrent)) if e.connector == connector)


def status(bench: Bench, connector: int = 1) -> str:
    return bench.state.moment.connectors[connector].state


def installs(bench: Bench, connector: int, *args: Any, **more: Any) -> str:
    return str(bench.asks(install(connector, profile(*args, **more))).status)


# --- the limit reaches the hardware --------------------------------------------------------------------------


@pytest.mark.rule(197)
def test_the_limit_follows_the_periods_to_the_second() -> None:
    bench = Bench().charge()
    assert limit(bench) == FULL
    assert installs(bench, 1, 1, "TxProfile", (0, "16"), (60, "10.5")) == "Accepted"
    assert limit(bench) == 16
    bench.passes(59.9)
    assert limit(bench) == 16
    bench.passes(0.1)
    assert limit(bench) == Decimal("10.5")
    assert bench.asks(clear()).status == "Accepted"
    assert limit(bench) == FULL


@pytest.mark.rule(196)
def test_a_limit_too_low_to_charge_with_suspends_and_lifts_again() -> None:
    bench = Bench().charge()
    installs(bench, 1, 1, "TxProfile", (0, "16"), (60, "5.9"), (120, "6"))
    bench.passes(60)
    assert status(bench) == "SuspendedEVSE"
    assert not bench.closed[1]
    bench.passes(60)
    assert status(bench) == "Charging"  # E3
    assert bench.closed[1]
    assert [r.status for r in bench.requests(StatusNotificationReq)[-2:]] == ["SuspendedEVSE", "Charging"]


def test_an_ev_that_stopped_asking_meanwhile_is_what_suspends_then() -> None:
    bench = Bench().charge()
    installs(bench, 1, 1, "TxProfile", (0, "0"), (60, "6"))
    bench.tell(EnergyDeclined(1)).passes(60)
    assert status(bench) == "SuspendedEV"  # E4


@pytest.mark.rule(184, 196)
def test_a_limit_of_0_lets_no_energy_flow_from_the_start_on() -> None:
    bench = Bench()
    installs(bench, 0, 1, "TxDefaultProfile", (0, "0"))
    bench.charge()
    assert status(bench) == "SuspendedEVSE"  # B5
    assert bench.effects(CloseContactor) == []


@pytest.mark.rule(186)
def test_what_is_for_all_connectors_is_shared() -> None:
    bench = Bench()
    installs(bench, 0, 1, "ChargePointMaxProfile", (0, "20"))
    bench.charge(1)
    assert limit(bench) == 20
    bench.charge(2, "OTHER")
    assert (limit(bench, 1), limit(bench, 2)) == (10, 10)
    bench.unplug_at_the_ev(2)
    assert limit(bench) == 20


def test_a_limit_on_the_spot_counts_until_it_is_lifted() -> None:
    bench = Bench().charge()
    bench.tell(LocalLimitFound(1, "temperature", Decimal("9"), "A"))
    assert limit(bench) == 9
    bench.tell(LocalLimitFound(0, "grid", Decimal("5"), "A"))
    assert status(bench) == "SuspendedEVSE"
    bench.tell(LocalLimitLifted(0, "grid"))
    assert (limit(bench), status(bench)) == (9, "Charging")
    bench.tell(LocalLimitLifted(1, "temperature"))
    assert limit(bench) == FULL


# --- whose a profile is --------------------------------------------------------------------------------------


@pytest.mark.rule(184, 185)
def test_a_tx_profile_ends_with_its_transaction() -> None:
    bench = Bench().charge()
    installs(bench, 1, 1, "TxProfile", (0, "10"))
    installs(bench, 0, 2, "TxDefaultProfile", (0, "12"))
    bench.present()
    assert sorted(bench.state.memory.profiles) == [2]
    assert limit(bench) == FULL  # nobody charges
    bench.unplug_at_the_ev().charge()
    assert limit(bench) == 12


@pytest.mark.rule(187)
def test_the_profile_of_a_remote_start_waits_for_its_transaction() -> None:
    bench = Bench()
    request = RemoteStartTransactionReq(
        id_tag=TAG, connector_id=1, charging_profile=profile(5, "TxProfile", (0, "11"))
    )
    assert bench.asks(request).status == "Accepted"
    assert not bench.state.memory.profiles
    bench.plug()
    (installed,) = bench.state.memory.profiles.values()
    assert (installed.profile_id, installed.transaction) == (5, 1)
    assert limit(bench) == 11


def test_the_profile_of_a_remote_start_that_comes_to_nothing_is_gone() -> None:
    bench = Bench()
    request = RemoteStartTransactionReq(
        id_tag=TAG, connector_id=1, charging_profile=profile(5, "TxProfile", (0, "11"))
    )
    bench.asks(request)
    bench.passes(1000)
    bench.charge()
    assert not bench.state.memory.profiles
    assert limit(bench) == FULL


@pytest.mark.rule(195)
@pytest.mark.parametrize("resumes", [True, False])
def test_what_a_power_cut_leaves(resumes: bool) -> None:
    bench = Bench("reference" if resumes else "c6eu")
    bench.charge()
    installs(bench, 0, 1, "ChargePointMaxProfile", (0, "30"))
    installs(bench, 0, 2, "TxDefaultProfile", (0, "20"))
    installs(bench, 1, 3, "TxProfile", (0, "10"))
    bench.power_is_cut()
    assert sorted(bench.state.memory.profiles) == ([1, 2, 3] if resumes else [1, 2])
    assert limit(bench) == (10 if resumes else 250)


@pytest.mark.rule(199)
def test_a_new_default_is_for_the_running_transaction_at_once() -> None:
    bench = Bench().charge()
    installs(bench, 0, 1, "TxDefaultProfile", (0, "20"))
    assert limit(bench) == 20
    installs(bench, 1, 2, "TxDefaultProfile", (0, "18"))
    assert limit(bench) == 18


@pytest.mark.rule(191)
def test_no_default_comes_back_when_a_tx_profile_is_over() -> None:
    bench = Bench().charge()
    installs(bench, 0, 1, "TxDefaultProfile", (0, "20"))
    installs(bench, 1, 2, "TxProfile", (0, "10"), duration=60)
    bench.passes(60)
    assert limit(bench) == FULL


@pytest.mark.rule(188)
def test_a_profile_in_the_same_place_takes_it_and_the_highest_level_prevails() -> None:
    bench = Bench().charge()
    installs(bench, 0, 1, "TxDefaultProfile", (0, "20"))
    installs(bench, 0, 2, "TxDefaultProfile", (0, "18"), stack_level=1, duration=60)
    installs(bench, 0, 3, "TxDefaultProfile", (0, "16"))
    assert sorted(bench.state.memory.profiles) == [2, 3]
    assert limit(bench) == 18
    bench.passes(60)
    assert limit(bench) == 16


# --- the composite schedule ----------------------------------------------------------------------------------


@pytest.mark.rule(190)
def test_the_composite_schedule_tells_what_will_be() -> None:
    bench = Bench().charge()
    installs(bench, 1, 1, "TxProfile", (0, "16"), (60, "10"))
    bench.passes(20)
    answer = bench.asks(ask(1, 100))
    assert (answer.status, answer.connector_id) == ("Accepted", 1)
    schedule = answer.charging_schedule
    assert [(p.start_period, p.limit) for p in schedule.charging_schedule_period] == [(0, 16), (40, 10)]
    assert (schedule.duration, schedule.charging_rate_unit) == (100, "A")
    assert bench.asks(ask(3)).status == "Rejected"
    assert bench.asks(ask(1, -1)).status == "Rejected"


# --- what is refused -----------------------------------------------------------------------------------------

BEFORE = datetime(2026, 11, 22, tzinfo=UTC)
AFTER = datetime(2026, 11, 23, tzinfo=UTC)


@pytest.mark.rule(186, 193)
@pytest.mark.parametrize(
    ("connector", "args", "more"),
    [
        (1, (1, "TxProfile", (0, "10")), {}),
        (0, (1, "TxProfile", (0, "10")), {}),
        (1, (1, "ChargePointMaxProfile", (0, "10")), {}),
        (1, (1, "TxDefaultProfile", (1, "10")), {}),
        (1, (1, "TxDefaultProfile", (0, "10"), (60, "9"), (60, "8")), {}),
        (1, (1, "TxDefaultProfile", (0, "-1")), {}),
        (1, (1, "TxDefaultProfile", (0, "10")), {"stack_level": 11}),
        (1, (1, "TxDefaultProfile", (0, "10")), {"stack_level": -1}),
        (1, (1, "TxDefaultProfile", (0, "10")), {"duration": -1}),
        (1, (1, "TxDefaultProfile", (0, "10")), {"phases": 4}),
        (1, (1, "TxDefaultProfile", (0, "10")), {"kind": "Recurring"}),
        (1, (1, "TxDefaultProfile", (0, "10")), {"transaction_id": 1}),
        (1, (1, "TxDefaultProfile", (0, "10")), {"valid_from": AFTER, "valid_to": BEFORE}),
        (1, (1, "TxDefaultProfile", *((second, "10") for second in range(25))), {}),
    ],
)
def test_what_cannot_be_installed_is_rejected(connector: int, args: Any, more: Any) -> None:
    bench = Bench()
    assert installs(bench, connector, *args, **more) == "Rejected"
    assert not bench.state.memory.profiles


@pytest.mark.rule(194)
def test_a_connector_that_is_not_there_is_a_mistake_of_the_message() -> None:
    answer = Bench().asks(install(9, profile(1, "TxDefaultProfile", (0, "10"))))
    assert isinstance(answer, SendError)
    assert answer.code == "PropertyConstraintViolation"


@pytest.mark.rule(185)
def test_another_transaction_than_the_one_that_runs_is_rejected() -> None:
    bench = Bench().charge()
    assert installs(bench, 1, 1, "TxProfile", (0, "10"), transaction_id=2) == "Rejected"
    assert installs(bench, 1, 1, "TxProfile", (0, "10"), transaction_id=1) == "Accepted"


def test_before_the_time_is_told_no_profile_is_taken() -> None:
    bench = Bench()
    bench.says["BootNotificationReq"] = None
    bench.power_is_cut()
    assert installs(bench, 0, 1, "TxDefaultProfile", (0, "10")) == "Rejected"


def test_without_a_clock_a_schedule_goes_on_from_the_last_time_known() -> None:
    """The network is away after the cut: the time that passed in the dark is not known, the rest of the schedule is."""
    bench = Bench().charge()
    start = date_of(bench.utc())
    installs(bench, 1, 1, "TxProfile", (0, "16"), (60, "10"), kind="Absolute", start=start)
    bench.network = False
    bench.power_is_cut(dark_s=3600)
    assert limit(bench) == 16
    bench.passes(60)
    assert limit(bench) == 10


@pytest.mark.rule(189)
def test_nothing_to_clear_is_unknown() -> None:
    bench = Bench()
    assert bench.asks(clear()).status == "Unknown"
    installs(bench, 0, 1, "TxDefaultProfile", (0, "10"))
    assert bench.asks(clear(id=2)).status == "Unknown"
    assert bench.asks(clear(id=1)).status == "Accepted"
    assert bench.effects(OpenContactor)


# --- phases --------------------------------------------------------------------------------------------------


@pytest.mark.rule(192, 198)
def test_phases_are_switched_with_the_contactor_open() -> None:
    """4140 W are 6 A on three phases and 18 A on one (§7.12, §9.4.4)."""
    bench = Bench().charge()
    installs(bench, 1, 1, "TxProfile", (0, "4140"), unit="W", kind="Relative")
    bench.done.clear()
    installs(bench, 1, 1, "TxProfile", (0, "4140"), unit="W", phases=1)
    told = [e for e in bench.done if isinstance(e, LimitCurrent | OpenContactor | CloseContactor)]
    assert told == [
        LimitCurrent(1, Decimal(0), 3),
        OpenContactor(1),
        LimitCurrent(1, Decimal(18), 1),
        CloseContactor(1),
    ]
    assert status(bench) == "Charging"


class SlowBench(Bench):
    """Its contactors take their time to close."""

    slow = True

    def _carried_out(self, effect: Effect) -> list[External]:
        on_its_way = self.slow and isinstance(effect, CloseContactor)
        return [] if on_its_way else super()._carried_out(effect)


def test_phases_are_not_switched_while_the_contactor_is_on_its_way_to_close() -> None:
    bench = SlowBench().charge()
    bench.slow = False
    bench.done.clear()
    installs(bench, 1, 1, "TxProfile", (0, "16"), phases=1)
    told = [e for e in bench.done if isinstance(e, LimitCurrent | OpenContactor | CloseContactor)]
    assert OpenContactor(1) in told
    assert told.index(OpenContactor(1)) < told.index(LimitCurrent(1, Decimal(16), 1)) < len(told) - 1
    assert told[-1] == CloseContactor(1)
    assert status(bench) == "Charging"


def test_what_waits_for_its_authorization_counts_among_the_profiles() -> None:
    """MaxChargingProfilesInstalled (§9.4.5)."""
    bench = Bench(MaxChargingProfilesInstalled="1", AuthorizeRemoteTxRequests="true")
    bench.says["AuthorizeReq"] = None
    for connector, answer in ((1, "Accepted"), (2, "Rejected")):
        brought = profile(connector, "TxProfile", (0, "16"))
        request = RemoteStartTransactionReq(
            id_tag=f"T{connector}", connector_id=connector, charging_profile=brought
        )
        assert bench.asks(request).status == answer


def test_of_one_purpose_there_are_no_more_than_stack_levels() -> None:
    """ChargeProfileMaxStackLevel counts them, too (§9.4.1)."""
    bench = Bench(ChargeProfileMaxStackLevel="2", MaxChargingProfilesInstalled="9")
    for number, (purpose, level, answer) in enumerate(
        (
            ("TxDefaultProfile", 0, "Accepted"),
            ("ChargePointMaxProfile", 0, "Accepted"),
            ("ChargePointMaxProfile", 1, "Accepted"),
            ("TxDefaultProfile", 1, "Accepted"),
            ("TxDefaultProfile", 2, "Rejected"),
            ("TxDefaultProfile", 1, "Accepted"),  # in the place of another
        ),
        start=1,
    ):
        assert installs(bench, 0, number, purpose, (0, "16"), stack_level=level) == answer


def test_a_contactor_that_does_not_open_for_the_phases_is_a_fault() -> None:
    bench = WeldedBench().charge()
    installs(bench, 1, 1, "TxProfile", (0, "10"), phases=1)
    bench.passes(bench.product.contactor_deadline_ms / 1000)
    assert status(bench) == "Faulted"
