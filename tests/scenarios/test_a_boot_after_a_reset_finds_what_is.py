"""After a reset the station finds what is there, as after any boot (OCPP 1.6 §4.9, §5.13, §5.14)."""

from datetime import timedelta

import pytest
from station_bench import TAG, Bench

from pilotline.core.calendar import date_of
from pilotline.spec.messages.core import ResetReq
from pilotline.spec.messages.reservation import ReserveNowReq
from pilotline.spec.products import adjusted, load_product


@pytest.mark.parametrize("kind", ["Soft", "Hard"])
def test_a_reserved_connector_with_a_cable_in_it_is_still_reserved(kind: str) -> None:
    bench = Bench("c6eu")
    expiry = date_of(bench.utc()) + timedelta(hours=1)
    request = ReserveNowReq(connector_id=1, expiry_date=expiry, id_tag=TAG, reservation_id=1)
    bench.asks(request)
    bench.plug()
    bench.asks(ResetReq(type=kind))
    bench.passes(300)
    assert bench.state.memory.boot.number == 2
    assert bench.state.moment.connectors[1].state == "Reserved"


@pytest.mark.parametrize(("kind", "phase"), [("Soft", "charging"), ("Hard", "finishing")])
def test_free_vending_begins_anew_unless_the_boot_had_to_stop_what_ran(kind: str, phase: str) -> None:
    free = adjusted(load_product("reference"), readers=(), start_without_authorization="FREEVEND")
    bench = Bench(free).plug()
    assert bench.state.moment.sessions[1].state == "charging"
    bench.asks(ResetReq(type=kind))
    bench.passes(300)
    assert bench.state.memory.boot.number == 2
    assert bench.state.moment.sessions[1].state == phase
