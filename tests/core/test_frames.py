"""Frames are read by the state they come to, and effects are written as frames."""

import json

import pytest
from core.walks import CALLS, WALKS, World, walk
from hypothesis import example, given
from hypothesis import strategies as st

from pilotline.core import frames
from pilotline.core.effects import SendCall, SendError, SendResult
from pilotline.core.events import (
    BadCallReceived,
    CallReceived,
    ErrorReceived,
    FrameDropped,
    FrameReceived,
    LinkLost,
    LinkUp,
    ResultReceived,
    TagPresented,
)
from pilotline.core.state import Counter, Instant, StartMessage
from pilotline.core.step import Step, step
from pilotline.spec import rpc
from pilotline.spec.messages.core import (
    BootNotificationConf,
    ChangeAvailabilityConf,
    ChangeAvailabilityReq,
    HeartbeatReq,
    StartTransactionConf,
)
from pilotline.spec.products import adjusted, load_product

PRODUCT = load_product("reference")
BOOT = '{"status":"Accepted","currentTime":"2026-11-23T06:54:28Z","interval":300}'


@pytest.fixture
def world() -> World:
    """A station whose BootNotification.req is open."""
    world = World(PRODUCT)
    world.tell(LinkUp(Counter(1)))
    return world


def read(world: World, text: str, connection: int = 1) -> frames.Read:
    return frames.read(world.station.state, FrameReceived(Counter(connection), text))


def test_a_call_is_read_by_its_action(world: World) -> None:
    found = read(world, '[2,"a","ChangeAvailability",{"connectorId":0,"type":"Operative"}]')
    assert found == CallReceived(Counter(1), "a", ChangeAvailabilityReq(connector_id=0, type="Operative"))


def test_a_call_that_cannot_be_read_is_to_be_refused(world: World) -> None:
    found = read(world, '[2,"a","ChangeAvailability",{"connectorId":"0","type":"Operative"}]')
    assert isinstance(found, BadCallReceived)
    assert (found.message_id, found.code) == ("a", "TypeConstraintViolation")


def test_a_result_is_read_by_the_action_of_the_open_call(world: World) -> None:
    found = read(world, f'[3,"c0ffee-1-1",{BOOT}]')
    assert isinstance(found, ResultReceived)
    assert isinstance(found.confirmation, BootNotificationConf)


def test_a_result_of_the_open_call_that_cannot_be_read_is_an_error(world: World) -> None:
    found = read(world, '[3,"c0ffee-1-1",{"status":"Maybe"}]')
    assert isinstance(found, ErrorReceived)
    assert (found.message_id, found.code) == ("c0ffee-1-1", "OccurenceConstraintViolation")
    assert "payload" in found.description


@pytest.mark.rule(11)
def test_a_result_of_nothing_that_was_asked_is_dropped(world: World) -> None:
    assert read(world, f'[3,"another",{BOOT}]') == FrameDropped(
        Counter(1), "it answers 'another', which was not asked"
    )


def test_a_call_error_is_an_error(world: World) -> None:
    assert read(world, '[4,"c0ffee-1-1","NotSupported","no",{}]') == ErrorReceived(
        Counter(1), "c0ffee-1-1", "NotSupported", "no"
    )


@pytest.mark.rule(20)
@pytest.mark.parametrize("text", ["", "[]", '{"a":1}', '[5,"a"]', "[2", "\ud800", '[3,"a"]'])
def test_what_is_no_frame_is_dropped(world: World, text: str) -> None:
    assert isinstance(read(world, text), FrameDropped)


@pytest.mark.parametrize("connection", [0, 2])
def test_a_frame_of_another_connection_is_dropped(world: World, connection: int) -> None:
    assert read(world, f'[3,"c0ffee-1-1",{BOOT}]', connection) == FrameDropped(
        Counter(connection), "it came on a connection that is not up"
    )


def test_a_frame_that_comes_after_the_link_was_lost_is_dropped(world: World) -> None:
    world.tell(LinkLost(Counter(1)))
    assert isinstance(read(world, f'[3,"c0ffee-1-1",{BOOT}]'), FrameDropped)


@pytest.mark.parametrize("filler", ["a", "é", "€"])
def test_the_longest_frame_is_counted_in_bytes(filler: str) -> None:
    world = World(adjusted(PRODUCT, {"SendLocalListMaxLength": "1"}, max_frame_bytes=1500))
    world.tell(LinkUp(Counter(1)))
    head, tail = '[2,"a","DataTransfer",{"vendorId":"v","data":"', '"}]'
    width = len(filler.encode())
    left = 1500 - len(head + tail)
    fits = head + filler * (left // width) + "." * (left % width) + tail
    assert len(fits.encode()) == 1500
    assert isinstance(read(world, fits), CallReceived)
    assert read(world, fits + " ") == FrameDropped(
        Counter(1), "it is longer than the 1500 bytes this product takes"
    )


def late_start() -> tuple[World, str]:
    """A station whose StartTransaction.req timed out, and the message id of that."""
    world = World(PRODUCT)
    world.tell(LinkUp(Counter(1)))
    world.settle()
    world.tell(TagPresented(1, "TAG"))
    while not any(type(call.request).__name__ == "StartTransactionReq" for call in world.calls):
        event = world.answer(fails=False) or world.feedback(fails=False)
        assert event is not None, "the start was not sent"
        world.tell(event)
    call = world.calls.pop()
    while (opened := world.station.state.moment.call.open) and opened.message_id == call.message_id:
        event = world.deadline()
        assert event is not None, "the call does not time out"
        world.tell(event)
    return world, call.message_id


@pytest.mark.rule(8)
def test_a_late_answer_to_the_head_of_the_outbox_is_read_and_counts() -> None:
    world, message_id = late_start()
    before = world.station.state
    assert isinstance(before.memory.outbox[before.moment.queue.head].message, StartMessage)
    found = read(world, f'[3,"{message_id}",{{"idTagInfo":{{"status":"Accepted"}},"transactionId":9}}]')
    assert isinstance(found, ResultReceived)
    assert isinstance(found.confirmation, StartTransactionConf)
    after = world.tell(found).state
    assert before.moment.queue.head not in after.memory.outbox


def test_a_late_answer_that_cannot_be_read_is_dropped() -> None:
    world, message_id = late_start()
    assert read(world, f'[3,"{message_id}",{{}}]') == FrameDropped(
        Counter(1), f"the late answer '{message_id}' cannot be read"
    )


FRAMES = st.one_of(
    st.text(max_size=200),
    st.lists(
        st.one_of(
            st.integers(0, 5),
            st.sampled_from(
                ["c0ffee-1-1", "c0ffee-1-q1", "a", "InternalError", *(name for name, _ in CALLS)]
            ),
            st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=2),
            st.sampled_from([payload for _, payload in CALLS]),
            st.none(),
        ),
        max_size=6,
    ).map(json.dumps),
)


@given(WALKS, st.lists(FRAMES, max_size=20))
@example([], ["[" * 5000, '[3,"c0ffee-1-1",{"a":1e999}]', '[2,"' + "a" * 300 + '","Reset",{}]'])
def test_nothing_the_peer_sends_raises(numbers: list[int], texts: list[str]) -> None:
    *_, world = walk(PRODUCT, numbers)
    for text in texts:
        event = FrameReceived(world.station.state.moment.link.connection, text)
        found = frames.read(world.station.state, event)
        assert found.connection == event.connection  # and the step takes it
        assert isinstance(step(world.station.state, found, Instant(world.now)), Step)


def test_what_is_sent_is_what_the_peer_reads() -> None:
    call = SendCall(Counter(1), "a", HeartbeatReq())
    assert rpc.parse(frames.text_of(call), sender="ChargePoint") == rpc.Call("a", "Heartbeat", HeartbeatReq())
    result = SendResult(Counter(1), "b", ChangeAvailabilityConf(status="Scheduled"))
    assert rpc.parse(frames.text_of(result)) == rpc.CallResult("b", '{"status":"Scheduled"}')
    error = SendError(Counter(1), "c", "NotSupported", 'say "no"')
    assert rpc.parse(frames.text_of(error)) == rpc.CallError("c", "NotSupported", 'say "no"', "{}")
