"""Whatever a peer sends, parsing ends, raises nothing and is the reverse of encoding."""

import json
from typing import get_args

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from spec.schema_strategies import broken, messages

from pilotline.spec import rpc
from pilotline.spec.messages.actions import ACTIONS, Action, Initiator
from pilotline.spec.rpc import BadCall, Call, CallResult, Ignored, parse
from pilotline.spec.types import ErrorCode


def call(action: str, payload: str) -> str:
    return f'[2,"1","{action}",{payload}]'


def refusal(frame: rpc.Frame) -> ErrorCode:
    assert isinstance(frame, BadCall), frame
    return frame.code


# --- Bounds ---


def test_a_frame_is_read_up_to_a_number_of_characters() -> None:
    frame = call("ClearCache", "{}")
    assert isinstance(parse(frame, characters_max=len(frame)), Call)
    assert isinstance(parse(frame, characters_max=len(frame) - 1), Ignored)
    assert isinstance(parse(" " * (rpc.FRAME_CHARACTERS_MAX + 1)), Ignored)


@pytest.mark.parametrize("opening", ["[", '{"a":', '[{"":', '[2,"1","Reset",'])
def test_a_frame_nested_without_end_is_ignored(opening: str) -> None:
    assert parse(opening * 10_000) == Ignored("nested deeper than 32 levels")


def test_nesting_is_counted_to_its_exact_bound() -> None:
    def nested(levels: int) -> str:
        return call("Reset", '{"type":"Hard","x":' + "[" * (levels - 2) + "]" * (levels - 2) + "}")

    assert refusal(parse(nested(32))) == "FormationViolation"
    assert isinstance(parse(nested(33)), Ignored)


def test_brackets_in_text_are_no_nesting() -> None:
    frame = parse(call("DataTransfer", '{"vendorId":"v","data":"' + '[{\\"' * 100 + '"}'))
    assert isinstance(frame, Call)


def test_a_long_list_is_not_deep() -> None:
    entries = ",".join(f'{{"idTag":"{number:08X}"}}' for number in range(1000))
    payload = f'{{"listVersion":1,"updateType":"Full","localAuthorizationList":[{entries}]}}'
    assert isinstance(parse(call("SendLocalList", payload)), Call)


# --- Anything ---

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=True) | st.text(),
    lambda inner: st.lists(inner, max_size=6) | st.dictionaries(st.text(max_size=20), inner, max_size=4),
    max_leaves=12,
)
FRAMES = st.tuples(
    st.sampled_from([2, 3, 4]) | JSON,
    st.text(max_size=40) | JSON,
    st.sampled_from([*ACTIONS, *get_args(ErrorCode)]) | JSON,
    JSON,
    JSON,
)


@settings(max_examples=300, deadline=None)
@given(
    st.text()
    | st.binary()
    | JSON.map(json.dumps)
    | st.builds(lambda frame, length: json.dumps(frame[:length]), FRAMES, st.integers(0, 5))
)
@example('[2,"1","UnlockConnector",{"connectorId":' + "9" * 5000 + "}]")
@example('[2,"1","UnlockConnector",{"connectorId":1e999}]')
@example('[3,"1",1e999]')
@example('[2,"1","Reset",{"type":"\\ud800"}]')
@example('"' + '\\"' * 100_000)
@example(b"\x00")
def test_no_frame_makes_parsing_raise(frame: str | bytes) -> None:
    for sender in get_args(Initiator):
        assert isinstance(parse(frame, sender=sender), rpc.Frame)


@pytest.mark.parametrize("action", ACTIONS)
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data(), message_id=st.text(st.characters(exclude_categories=["Cs"]), max_size=36))
def test_what_we_encode_parses_to_the_same(action: Action, data: st.DataObject, message_id: str) -> None:
    row = ACTIONS[action]
    request = data.draw(messages(row.request))
    sent = rpc.encode_call(message_id, action, request)
    assert parse(sent, sender=row.initiators[0]) == Call(message_id, action, request)
    assert parse(sent.encode(), sender=row.initiators[0]) == Call(message_id, action, request)

    answer = data.draw(messages(row.confirmation))
    received = parse(rpc.encode_result(message_id, answer))
    assert isinstance(received, CallResult)
    assert received.message_id == message_id
    assert rpc.confirmation(action, received.payload) == answer


@pytest.mark.parametrize("action", ACTIONS)
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_broken_call_is_answered_with_the_code_of_its_first_fault(
    action: Action, data: st.DataObject
) -> None:
    payload, code = data.draw(broken(action, "request"))
    assert refusal(parse(call(action, payload), sender=ACTIONS[action].initiators[0])) == code
