"""A connector is to become Inoperative after its use; power is cut, and the use is resumed (§4.9, §5.2)."""

from pilotline.core.events import (
    CablePlugged,
    CallReceived,
    ConnectorLocked,
    ContactorClosed,
    External,
    LinkUp,
    PoweredUp,
    ResultReceived,
    TagPresented,
)
from pilotline.core.state import Counter, Instant, Readings, State, Wh
from pilotline.core.step import step
from pilotline.spec.messages.core import ChangeAvailabilityReq
from pilotline.spec.products import load_product
from pilotline.tools.check.environment import YES

PRODUCT = load_product("reference")
READINGS = Readings(Wh(1000))
UNPLUGGED, PLUGGED = (False, False, False), (False, True, False)


def after(state: State | None, *events: External) -> State:
    for event in events:
        state = answered(step(state, event, Instant(0)).state)
    assert state is not None
    return state


def answered(state: State) -> State:
    """The Central System agrees to everything."""
    while (opened := state.moment.call.open) is not None:
        confirmation = YES.by_request()[opened.action][0]
        result = ResultReceived(state.moment.call.connection, opened.message_id, confirmation)
        state = step(state, result, Instant(0)).state
    return state


def powered_up(plugged: tuple[bool, ...]) -> PoweredUp:
    return PoweredUp(PRODUCT, "PowerLoss", plugged, (None, READINGS, READINGS), "e")


def test_a_resumed_connector_becomes_inoperative_only_when_its_use_ends() -> None:
    charging = after(
        None,
        powered_up(UNPLUGGED),
        LinkUp(Counter(1)),
        CablePlugged(1),
        TagPresented(1, "TAG"),
        ConnectorLocked(1, READINGS),
        ContactorClosed(1),
    )
    request = ChangeAvailabilityReq(connector_id=1, type="Inoperative")
    scheduled = after(charging, CallReceived(Counter(1), "a", request))
    assert scheduled.memory.availability[1].state == "scheduled"

    resumed = after(scheduled, powered_up(PLUGGED))
    assert resumed.moment.sessions[1].state == "charging"
    assert resumed.memory.availability[1].state == "scheduled"

    stopped = after(scheduled, powered_up(UNPLUGGED))
    assert stopped.memory.availability[1].state == "inoperative"
