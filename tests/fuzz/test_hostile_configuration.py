"""Values of keys that no Central System would set: answered as the standard says, and never half in force."""

import json
from typing import Any

import pytest

from pilotline.core.snapshot import memory_of, records_of
from pilotline.spec.configuration_keys import MAX_VALUE_LENGTH
from pilotline.spec.products import load_product
from pilotline.tools.fuzz_frames import HostileWorld

STATUSES = {"Accepted", "Rejected", "RebootRequired", "NotSupported"}
KEYS = [key.name for key in load_product("reference").factory_configuration.offered()]
NOT_PRINTABLE_ASCII = {
    "null": "\x00",
    "escape": "\x1b[2J",
    "delete": "\x7f",
    "a line's end": "1\n",
    "no-break space": "1\u00a0",
    "combining": "e\u0301",
    "right to left": "\u202e1",
    "other digits": "\u0661\u0662",
    "full width": "\uff11",
    "dotless i": "\u0131",
    "kelvin": "\u212a",
    "beyond the first plane": "\U0001f50c",
    "zero width": "tr\u200bue",
}
AT_THE_LIMITS = {
    "nothing": "",
    "blank": " ",
    "comma": ",",
    "minus": "-0",
    "2^31": str(2**31),
    "2^63": str(2**63),
    "plus": "+1",
    "digits": "9" * MAX_VALUE_LENGTH,
    "zeros": "0" * (MAX_VALUE_LENGTH - 1) + "1",
    "longest": "a" * MAX_VALUE_LENGTH,
    "commas": "," * MAX_VALUE_LENGTH,
    "items": ",".join(["0.RST"] * 80),
    "quotes": '"' * MAX_VALUE_LENGTH,
    "backslashes": "\\" * MAX_VALUE_LENGTH,
}


def change(world: HostileWorld, key: str, value: str) -> list[Any]:
    """What the station answers: type, id, and what follows."""
    world.hear(json.dumps([2, "i", "ChangeConfiguration", {"key": key, "value": value}]))
    answer: list[Any] = json.loads(world.answers[-1])
    assert answer[1] == "i"
    return answer


def holds(world: HostileWorld) -> None:
    """What is in force is printable, short enough, and what a boot makes of the store."""
    memory = world.state.memory
    for key, text in memory.configuration.texts().items():
        assert text.isascii(), key
        assert text.isprintable() or not text, key
        assert len(text) <= MAX_VALUE_LENGTH, key
    assert memory_of(load_product("reference"), records_of(memory)) == memory
    world.passes(60_000)


@pytest.mark.parametrize("what", NOT_PRINTABLE_ASCII)
def test_what_is_not_printable_ascii_changes_no_key(what: str) -> None:
    world = HostileWorld("HeartbeatReq")
    before = world.state.memory.configuration
    for key in KEYS:
        for value in (NOT_PRINTABLE_ASCII[what], "1" + NOT_PRINTABLE_ASCII[what] * 30):
            kind, _, code, *_ = change(world, key, value)
            assert (kind, code) == (4, "PropertyConstraintViolation")
    assert world.state.memory.configuration == before


@pytest.mark.parametrize("what", AT_THE_LIMITS)
def test_what_is_at_the_limits_is_taken_whole_or_not_at_all(what: str) -> None:
    world = HostileWorld("HeartbeatReq")
    for key in KEYS:
        before = world.state.memory.configuration
        kind, _, *rest = change(world, key, AT_THE_LIMITS[what])
        assert kind == 3
        (answer,) = rest
        assert answer["status"] in STATUSES - {"NotSupported"}
        if answer["status"] == "Rejected":
            assert world.state.memory.configuration == before
    holds(world)


@pytest.mark.parametrize("key", ["HeartbeatInterval", "AuthorizationKey", "Nothing", "k" * 51, "\x00", "ſ"])
def test_what_is_too_long_is_a_callerror(key: str) -> None:
    world = HostileWorld("HeartbeatReq")
    kind, _, code, *_ = change(world, key, "1" * (MAX_VALUE_LENGTH + 1))
    assert (kind, code) == (4, "PropertyConstraintViolation")
    assert world.state.memory.configuration == load_product("reference").factory_configuration


@pytest.mark.parametrize(
    "text", ['"\\ud800"', '"\\udc00\\ud800"', "1", "true", "null", "[]", "{}", '{"a":1}']
)
def test_what_is_no_text_is_answered_or_dropped(text: str) -> None:
    world = HostileWorld("HeartbeatReq")
    answers = len(world.answers)
    world.hear(f'[2,"i","ChangeConfiguration",{{"key":"HeartbeatInterval","value":{text}}}]')
    if (
        len(world.answers) == answers
    ):  # half a surrogate pair is no JSON text, and has no id that could be trusted
        assert "\\ud" in text
    else:
        assert json.loads(world.answers[-1])[:2] == [4, "i"]
    assert world.state.memory.configuration == load_product("reference").factory_configuration
