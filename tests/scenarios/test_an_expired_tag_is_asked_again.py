"""LocalPreAuthorize spares the question only while the cached tag is valid (OCPP 1.6 §3.5.1, §9.1.13)."""

from datetime import UTC, datetime, timedelta

import pytest

from pilotline.core.effects import ReadMeter, SendCall
from pilotline.core.events import CablePlugged, LinkUp, PoweredUp, ResultReceived, TagPresented
from pilotline.core.state import CachedTag, Counter, Instant, Map, Memory, State, UtcTime
from pilotline.core.step import Step, step
from pilotline.spec.messages.actions import Confirmation
from pilotline.spec.messages.core import AuthorizeReq, BootNotificationConf, StatusNotificationConf
from pilotline.spec.products import adjusted, load_product

NOW = datetime(2026, 11, 23, tzinfo=UTC)
NOW_MS = UtcTime(int(NOW.timestamp() * 1000))
HOUR_MS = 3_600_000


def presented(expiry: UtcTime) -> Step:
    """A station that is online and plugged in, with the tag in its cache until `expiry`, and the tag presented."""
    product = adjusted(load_product("c6eu"), configuration={"LocalPreAuthorize": "true"})
    plugged = (False,) * 3
    memory = step(None, PoweredUp(product, "PowerLoss", plugged, (None,) * 3, "e"), Instant(0)).state.memory
    known = Memory(
        memory.configuration,
        memory.boot,
        memory.availability,
        cache=Map({"tag": CachedTag("Accepted", None, expiry)}),
    )
    state = step(known, PoweredUp(product, "PowerLoss", plugged, (None,) * 3, "e"), Instant(0)).state
    state = step(state, LinkUp(Counter(1)), Instant(0)).state
    state = answered(state, BootNotificationConf(status="Accepted", current_time=NOW, interval=60))
    state = step(state, CablePlugged(1), Instant(0)).state
    while state.moment.call.open is not None:
        state = answered(state, StatusNotificationConf())
    return step(state, TagPresented(1, "TAG"), Instant(0))


def answered(state: State, confirmation: Confirmation) -> State:
    opened = state.moment.call.open
    assert opened is not None
    return step(state, ResultReceived(Counter(1), opened.message_id, confirmation), Instant(0)).state


def test_a_valid_cached_tag_starts_without_a_question() -> None:
    decided = presented(UtcTime(NOW_MS + HOUR_MS))
    assert any(isinstance(effect, ReadMeter) for effect in decided.effects)
    assert not any(isinstance(effect, SendCall) for effect in decided.effects)


@pytest.mark.parametrize("late", [timedelta(0), timedelta(hours=1)])
def test_an_expired_cached_tag_is_asked_again(late: timedelta) -> None:
    decided = presented(UtcTime(NOW_MS - int(late.total_seconds() * 1000)))
    (sent,) = [effect for effect in decided.effects if isinstance(effect, SendCall)]
    assert isinstance(sent.request, AuthorizeReq)
