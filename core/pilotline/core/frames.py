"""Text of the WebSocket to the events of `step`, and its effects back to text: pure functions beside it.

`read` is the only place that knows both the frame and the state: a CALLRESULT names no action, so it is read
by the action of the open call, or of the outbox's head, whose answer counts even if it comes late (§4.2.2).
"""

from typing import Final, TypeAlias, assert_never

from pilotline.core.effects import SendCall, SendError, SendResult
from pilotline.core.events import (
    BadCallReceived,
    CallReceived,
    ErrorReceived,
    FrameDropped,
    FrameReceived,
    ResultReceived,
)
from pilotline.core.machines.outbox import message_id_of
from pilotline.core.state import MeterMessage, StartMessage, State, StopMessage
from pilotline.spec import rpc
from pilotline.spec.messages.actions import ACTION_OF, Action
from pilotline.spec.messages.payload import Violation

Read: TypeAlias = CallReceived | BadCallReceived | ResultReceived | ErrorReceived | FrameDropped
"""What a frame may turn out to be."""
Send: TypeAlias = SendCall | SendResult | SendError
"""The effects that are frames."""

_ACTION_BY_REQUEST_NAME: Final[dict[str, Action]] = {
    request.__name__: action for request, action in ACTION_OF.items()
}


def read(state: State, event: FrameReceived) -> Read:
    """What the frame tells the station. Raises nothing, whatever the text.

    Dropped are: what came on a connection that is not up, what is longer than the product takes, what is no
    frame (OCPP-J §4.1.3), and results of nothing that was asked (§4.1.4).
    """
    connection, text, link = event.connection, event.text, state.moment.link
    if connection != link.connection or link.state != "up":
        return FrameDropped(connection, "it came on a connection that is not up")
    bytes_max = state.product.frame_bytes_max
    if len(text) > bytes_max or (
        not text.isascii() and len(text.encode("utf-8", "surrogatepass")) > bytes_max
    ):
        return FrameDropped(connection, f"it is longer than the {bytes_max} bytes this product takes")
    frame = rpc.parse(text, characters_max=bytes_max)
    match frame:
        case rpc.Call():
            return CallReceived(connection, frame.message_id, frame.request)
        case rpc.BadCall():
            return BadCallReceived(connection, frame.message_id, frame.code, frame.description)
        case rpc.CallError():
            return ErrorReceived(connection, frame.message_id, frame.code, frame.description)
        case rpc.CallResult():
            return _result(state, event, frame)
        case rpc.Ignored():
            return FrameDropped(connection, frame.reason)
        case _:
            assert_never(frame)


def _result(
    state: State, event: FrameReceived, frame: rpc.CallResult
) -> ResultReceived | ErrorReceived | FrameDropped:
    opened = state.moment.call.open
    is_open = opened is not None and opened.message_id == frame.message_id
    action = (
        _ACTION_BY_REQUEST_NAME[opened.action]
        if opened and is_open
        else _action_of_head(state, frame.message_id)
    )
    if action is None:
        return FrameDropped(event.connection, f"it answers {frame.message_id!r}, which was not asked")
    confirmation = rpc.confirmation(action, frame.payload)
    if not isinstance(confirmation, Violation):
        return ResultReceived(event.connection, frame.message_id, confirmation)
    if is_open:
        description = f"the answer cannot be read: {confirmation.description}"
        return ErrorReceived(event.connection, frame.message_id, confirmation.code, description)
    return FrameDropped(event.connection, f"the late answer {frame.message_id!r} cannot be read")


def _action_of_head(state: State, message_id: str) -> Action | None:
    """The action of the outbox's head, if the id is the head's: this answers an earlier sending (§3.7)."""
    memory = state.memory
    entry = memory.outbox.get(state.moment.queue.head)
    if entry is None or message_id_of(entry, memory.boot) != message_id:
        return None
    match entry.message:
        case StartMessage():
            return "StartTransaction"
        case MeterMessage():
            return "MeterValues"
        case StopMessage():
            return "StopTransaction"
        case _:
            assert_never(entry.message)


def text_of(effect: Send) -> str:
    """The text of the WebSocket message that an effect asks for (OCPP-J §4.2)."""
    match effect:
        case SendCall():
            return rpc.encode_call(effect.message_id, ACTION_OF[type(effect.request)], effect.request)
        case SendResult():
            return rpc.encode_result(effect.message_id, effect.confirmation)
        case SendError():
            return rpc.encode_error(effect.message_id, effect.code, effect.description)
        case _:
            assert_never(effect)
