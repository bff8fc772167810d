"""The station goes down: soft and hard resets, restarts that fail, mains that fail (§5.14, §9.1.22)."""

from typing import Final

import pytest
from station_bench import Bench
from typing_extensions import override

from pilotline.core.effects import Effect, Reboot
from pilotline.core.events import CablePlugged, External, MainsRestored, PowerFailing, RebootFailed
from pilotline.core.state import Memory
from pilotline.spec.messages.core import (
    BootNotificationConf,
    ChangeAvailabilityReq,
    RemoteStartTransactionReq,
    ResetReq,
    StatusNotificationReq,
    StopTransactionConf,
    StopTransactionReq,
)
from pilotline.spec.products import Product, adjusted, load_product

SOFT: Final = ResetReq(type="Soft")
HARD: Final = ResetReq(type="Hard")
DEADLINE_S: Final = load_product("reference").reboot_deadline_s
WAIT_S: Final = load_product("reference").soft_reset_wait_s


def with_battery() -> Product:
    return adjusted(load_product("reference"), backup_power=True)


def boots(bench: Bench) -> int:
    return bench.state.memory.boot.number


def causes(bench: Bench) -> list[str]:
    return [effect.cause for effect in bench.effects(Reboot)]


def reasons(bench: Bench) -> list[str | None]:
    return [request.reason for request in bench.requests(StopTransactionReq)]


@pytest.mark.rule(78, 138)
def test_a_soft_reset_stops_and_tells_before_the_restart() -> None:
    bench = Bench().charge()
    assert bench.asks(SOFT).status == "Accepted"
    assert reasons(bench) == ["SoftReset"]
    assert causes(bench) == ["SoftReset"]
    assert boots(bench) == 2
    statuses = [r.status for r in bench.requests(StatusNotificationReq) if r.connector_id == 1]
    assert statuses[-2:] == ["Finishing", "Preparing"]  # before the restart, and after it
    assert bench.state.memory.reset.state == "up"


class SlowBench(Bench):
    """Its restart takes a while."""

    @override
    def _carried_out(self, effect: Effect) -> list[External]:
        return [] if isinstance(effect, Reboot) else super()._carried_out(effect)


def test_who_comes_while_the_station_is_about_to_restart_has_to_wait() -> None:
    bench = SlowBench()
    bench.asks(HARD)
    assert bench.state.memory.reset.state == "rebooting"
    bench.plug().present()
    assert bench.asks(RemoteStartTransactionReq(connector_id=1, id_tag="TAG")).status == "Rejected"
    assert bench.state.moment.sessions[1].state == "idle"


@pytest.mark.rule(93, 138)
def test_a_soft_reset_waits_no_longer_than_the_product_says_and_the_stop_stays_queued() -> None:
    bench = Bench().charge()
    bench.says["StopTransactionReq"] = None
    bench.asks(SOFT)
    bench.passes(WAIT_S - 1)
    assert causes(bench) == []
    bench.says["StopTransactionReq"] = StopTransactionConf()
    bench.passes(1)
    assert causes(bench) == ["SoftReset"]
    ids = {request.transaction_id for request in bench.requests(StopTransactionReq)}
    assert ids == {1}
    assert not bench.state.memory.outbox  # the next boot delivered it
    assert reasons(bench)[-1] == "SoftReset"


@pytest.mark.rule(78, 139)
def test_a_hard_reset_restarts_at_once_and_the_next_boot_stops_the_transaction() -> None:
    bench = Bench().charge()  # a product that resumes what a power cut interrupts
    bench.asks(HARD)
    assert causes(bench) == ["HardReset"]
    assert reasons(bench) == ["HardReset"]
    assert bench.state.moment.sessions[1].state == "finishing"


def test_why_it_went_down_outlives_a_power_cut() -> None:
    bench = Bench().charge()
    bench.reboots = False
    bench.asks(HARD)
    assert bench.state.memory.reset.state == "rebooting"
    bench.power_is_cut()
    assert reasons(bench) == ["HardReset"]
    assert bench.state.memory.reset.state == "up"


@pytest.mark.rule(140)
@pytest.mark.parametrize("retries", [0, 2])
def test_a_restart_that_fails_is_ordered_again_and_given_up_in_the_end(retries: int) -> None:
    bench = Bench(ResetRetries=str(retries)).charge()
    bench.reboots = False
    bench.asks(HARD)
    bench.passes(DEADLINE_S * (retries + 1))
    assert causes(bench) == ["HardReset"] * (retries + 1)
    assert bench.state.memory.reset.state == "up"
    assert bench.state.moment.sessions[1].state == "charging"
    warnings = [r for r in bench.requests(StatusNotificationReq) if r.error_code == "ResetFailure"]
    assert [(w.connector_id, w.status) for w in warnings] == [(0, "Available")]


def test_a_restart_that_says_nothing_is_noticed() -> None:
    bench = Bench(ResetRetries="1")
    bench.reboots = False
    bench.asks(HARD)
    bench.passes(DEADLINE_S)
    bench.reboots = True
    bench.tell(RebootFailed())
    assert causes(bench) == ["HardReset"] * 2
    assert boots(bench) == 1


@pytest.mark.parametrize(
    ("second", "ordered"), [(SOFT, []), (HARD, ["HardReset"])], ids=lambda value: str(value)
)
def test_a_second_reset_while_a_soft_one_winds_down(second: ResetReq, ordered: list[str]) -> None:
    bench = Bench().charge()
    bench.says["StopTransactionReq"] = None
    bench.asks(SOFT)
    assert bench.asks(second).status == "Accepted"
    assert causes(bench) == ordered


def test_a_second_reset_while_the_restart_is_ordered_changes_nothing() -> None:
    bench = Bench()
    bench.reboots = False
    bench.asks(HARD)
    assert bench.asks(SOFT).status == "Accepted"
    assert causes(bench) == ["HardReset"]


def test_no_use_begins_while_a_soft_reset_is_under_way() -> None:
    bench = Bench(ResetRetries="0").charge()
    bench.says["StopTransactionReq"] = None
    bench.asks(SOFT)
    bench.plug(2).present("OTHER", 2)
    answer = bench.asks(RemoteStartTransactionReq(id_tag="OTHER", connector_id=2))
    assert answer.status == "Rejected"
    assert bench.state.moment.sessions[2].state == "idle"
    bench.reboots = False
    bench.passes(WAIT_S)
    assert bench.state.memory.reset.state == "up"  # given up: who is plugged in may go on
    assert bench.state.moment.sessions[2].state == "awaiting_id_tag"


def test_an_attempt_ends_when_a_soft_reset_begins() -> None:
    bench = Bench()
    bench.tell(CablePlugged(1))
    bench.asks(SOFT)
    statuses = [r.status for r in bench.requests(StatusNotificationReq) if r.connector_id == 1]
    assert statuses == ["Available", "Preparing", "Available", "Available"]
    assert causes(bench) == ["SoftReset"]


@pytest.mark.rule(140)
@pytest.mark.parametrize("kind", [SOFT, HARD], ids=["soft", "hard"])
def test_what_is_to_persist_persists(kind: ResetReq) -> None:
    bench = Bench()
    bench.asks(ChangeAvailabilityReq(connector_id=2, type="Inoperative"))
    bench.asks(kind)
    assert boots(bench) == 2
    assert [c.state for c in bench.state.moment.connectors] == ["Available", "Available", "Unavailable"]


def test_a_reset_is_served_while_pending() -> None:
    bench = Bench()
    bench.says["BootNotificationReq"] = lambda _: BootNotificationConf(
        status="Pending", current_time=bench_time(bench), interval=1000
    )
    bench.power_is_cut()
    assert bench.state.moment.registration.standing == "Pending"
    assert bench.asks(HARD).status == "Accepted"
    assert boots(bench) == 3


def bench_time(bench: Bench):  # type: ignore[no-untyped-def]  # a datetime
    from pilotline.core.calendar import date_of

    return date_of(bench.utc())


# --- mains --------------------------------------------------------------------------------------------------


@pytest.mark.rule(82)
def test_mains_that_fail_stop_the_transaction_before_the_power_goes() -> None:
    bench = Bench(with_battery()).charge()
    bench.tell(PowerFailing())
    assert reasons(bench) == ["PowerLoss"]
    assert bench.state.moment.sessions[1].state == "finishing"
    bench.power_is_cut()
    assert reasons(bench) == ["PowerLoss"]
    assert bench.state.moment.sessions[1].state == "awaiting_id_tag"


def test_mains_that_come_back_leave_the_station_as_it_is() -> None:
    bench = Bench(with_battery())
    bench.tell(PowerFailing()).plug(1)
    assert bench.state.moment.sessions[1].state == "idle"
    assert bench.asks(SOFT).status == "Rejected"
    bench.tell(MainsRestored())
    assert bench.state.moment.sessions[1].state == "awaiting_id_tag"
    assert bench.asks(SOFT).status == "Accepted"


def test_a_hard_reset_on_battery_is_one() -> None:
    bench = Bench(with_battery()).charge()
    bench.tell(PowerFailing())
    assert bench.asks(HARD).status == "Accepted"
    assert causes(bench) == ["HardReset"]
    assert reasons(bench) == ["PowerLoss"]


def test_without_back_up_power_nobody_can_tell() -> None:
    bench = Bench().charge()
    bench.tell(PowerFailing())
    assert bench.state.moment.sessions[1].state == "charging"


def test_the_memory_of_a_station_that_never_went_down_on_purpose_says_so() -> None:
    memory = Bench().state.memory
    assert isinstance(memory, Memory)
    assert memory.reset.state == "up"
