"""Frames that no Central System would send, in numbers: nothing raises, and nothing of them is kept."""

import json
import random
import tracemalloc

from core.walks import CALLS
from station_bench import Bench

from pilotline.core import frames
from pilotline.core.events import FrameReceived
from pilotline.core.snapshot import encode_state
from pilotline.core.state import Instant
from pilotline.core.step import step
from pilotline.spec.products import load_product

ROUNDS = 3_000
ODD = (
    '{"a":1,"a":2}',
    "1e999",
    "NaN",
    "-" + "9" * 400,
    '"\ud800"',
    "[" * 3000,
    "null",
    "{}",
    "[]",
    '"\\ud800"',
)


def hostile(chance: random.Random) -> str:
    """A real frame with a piece replaced, cut or doubled."""
    action, payload = chance.choice(CALLS)
    text = json.dumps([chance.choice((2, 2, 3, 4, 5)), f"h{chance.random()}", action, payload])
    at, end = sorted((chance.randrange(len(text)), chance.randrange(len(text))))
    match chance.randrange(4):
        case 0:
            return text[:at] + chance.choice(ODD) + text[end:]
        case 1:
            return text[:at] + text[at:end] * 3 + text[end:]
        case 2:
            return text[:at] + chr(chance.randrange(0x11_0000)) + text[at + 1 :]
        case _:
            return text[:at]


def test_nothing_of_hostile_frames_is_kept() -> None:
    bench = Bench(load_product("reference"))
    chance = random.Random(16)
    sizes, memory = [], []
    tracemalloc.start()
    try:
        for number in range(3 * ROUNDS):
            event = FrameReceived(bench.state.moment.link.connection, hostile(chance))
            found = frames.read(bench.state, event)
            bench.state = step(bench.state, found, Instant(bench.now)).state
            if number % ROUNDS == ROUNDS - 1:
                sizes.append(len(encode_state(bench.state)))
                memory.append(tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()
    assert max(sizes) - sizes[0] < 2_000, "the state grows"
    assert memory[2] - memory[1] < 100_000, "the process grows"
    assert not bench.state.memory.outbox
