"""A station that no Central System ever accepted charges only if its product says so (OCPP 1.6 §4.2.1)."""

import pytest
from station_bench import TAG, Bench
from typing_extensions import override

from pilotline.core.calendar import date_of
from pilotline.core.effects import SendCall
from pilotline.core.events import External, LinkLost, ResultReceived
from pilotline.spec.messages.core import BootNotificationConf, BootNotificationReq
from pilotline.spec.products import adjusted, load_product

REFERENCE = load_product("reference")
FREE = adjusted(REFERENCE, readers=(), start_without_authorization="FREE")


class Unwelcome(Bench):
    """A station whose Central System has said nothing but Pending so far."""

    @override
    def _answered(self, call: SendCall) -> list[External]:
        if isinstance(call.request, BootNotificationReq):
            pending = BootNotificationConf(status="Pending", current_time=date_of(self.utc()), interval=60)
            return [ResultReceived(call.connection, call.message_id, pending)]
        return super()._answered(call)


def phase(bench: Bench) -> str:
    return bench.state.moment.sessions[1].state


@pytest.mark.rule(43)
@pytest.mark.parametrize(("allowed", "then"), [(False, "awaiting_id_tag"), (True, "charging")])
def test_a_plug_starts_nothing_before_the_first_acceptance(allowed: bool, then: str) -> None:
    bench = Unwelcome(adjusted(FREE, charge_before_first_acceptance=allowed)).plug()
    assert phase(bench) == then


@pytest.mark.rule(43)
def test_a_station_that_was_accepted_once_goes_on_by_itself() -> None:
    bench = Bench(FREE)
    bench.lose_network().power_is_cut()
    assert phase(bench.plug()) == "charging"


@pytest.mark.rule(43)
@pytest.mark.parametrize(("allowed", "then"), [(False, "awaiting_id_tag"), (True, "charging")])
def test_a_tag_starts_nothing_before_the_first_acceptance(allowed: bool, then: str) -> None:
    product = adjusted(REFERENCE, charge_before_first_acceptance=allowed)
    bench = Unwelcome(product, AllowOfflineTxForUnknownId="true").plug().present(TAG)
    assert phase(bench) == then


@pytest.mark.rule(38, 39)
def test_the_link_of_a_pending_station_may_go_and_come_and_nothing_else_is_sent() -> None:
    bench = Unwelcome(REFERENCE).plug()
    bench.tell(LinkLost(bench.state.moment.link.connection)).passes(59)
    assert {type(request).__name__ for request in bench.sent} == {"BootNotificationReq"}
