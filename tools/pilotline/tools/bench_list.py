"""The local authorization list: how long a look-up, a whole list in one CALL, and one change take."""

import json
import statistics
import tempfile
import timeit
from contextlib import closing
from pathlib import Path
from time import perf_counter
from typing import Final

from msgspec.structs import replace

from pilotline.adapters.store import SqliteStore
from pilotline.core.events import CallReceived, FrameReceived, LinkUp, ResultReceived
from pilotline.core.frames import read
from pilotline.core.known_tags import known_tag
from pilotline.core.state import Counter, Instant, ListedTag, ListVersion, Map, State
from pilotline.core.step import step
from pilotline.spec.products import Product, adjusted, load_product
from pilotline.tools.bench_figure import Figure, below, times_the_cost
from pilotline.tools.check.environment import YES, powered_up

LISTED: Final = 100_000
FULL: Final = 10_000
LOOK_UP_US: Final = 5.0
FULL_S: Final = 1.0
TIMES: Final = 1.5
"""One change in a long list may cost this much of one in a short list: the same, but for a machine that drifts."""


def list_figures(listed: int = LISTED, full: int = FULL, rounds: int = 7) -> list[Figure]:
    """The three figures; the store is a real one on disk."""
    return [_look_up(listed), _full(full, rounds), _change(full, rounds)]


def _tag(number: int) -> str:
    return f"04A2B3C4{number:08X}"


def _listed(entries: int) -> Map[str, ListedTag]:
    return Map({_tag(n).lower(): ListedTag("Accepted", "FLEET") for n in range(entries)})


def _look_up(entries: int) -> Figure:
    tags, wanted = _listed(entries), [_tag(n * 97 % entries) for n in range(1000)]

    def look_up() -> None:
        for tag in wanted:
            known_tag(tag, tags, None)

    spent_s = statistics.median(timeit.repeat(look_up, number=1, repeat=25)) / len(wanted)
    return below(f"list: a tag among {entries:,}", spent_s * 1e6, LOOK_UP_US, "us")


def _product(entries: int) -> Product:
    lengths = {"LocalAuthListMaxLength": str(entries + 1), "SendLocalListMaxLength": str(entries)}
    return adjusted(load_product("reference"), lengths)


def _online(product: Product) -> State:
    """Registered, and nothing on its way."""
    state = step(None, powered_up(product, (False,) * 3), Instant(0)).state
    state = step(state, LinkUp(Counter(1)), Instant(0)).state
    while (opened := state.moment.call.open) is not None:
        result = ResultReceived(Counter(1), opened.message_id, YES.by_request()[opened.action][0])
        state = step(state, result, Instant(0)).state
    return state


def _frame(version: int, update: str, numbers: range) -> str:
    info = {"status": "Accepted", "parentIdTag": "FLEET", "expiryDate": "2027-11-23T06:54:28.123Z"}
    entries = [{"idTag": _tag(n), "idTagInfo": info} for n in numbers]
    payload = {"listVersion": version, "updateType": update, "localAuthorizationList": entries}
    return json.dumps([2, f"v{version}", "SendLocalList", payload])


def _taken_in(state: State, text: str, store: SqliteStore) -> float:
    """Seconds from the text of the frame to the commit."""
    began = perf_counter()
    event = read(state, FrameReceived(Counter(1), text))
    assert isinstance(event, CallReceived), event  # noqa: S101  (a figure of a refused frame says nothing)
    decided = step(state, event, Instant(0))
    store.commit(decided.changes)
    spent_s = perf_counter() - began
    assert decided.changes, decided.effects  # noqa: S101
    return spent_s


def _full(entries: int, rounds: int) -> Figure:
    state = _online(_product(entries))
    with tempfile.TemporaryDirectory() as folder, closing(SqliteStore(Path(folder) / "store.db")) as store:
        text = _frame(1, "Full", range(entries))
        spent_s = statistics.median(_taken_in(state, text, store) for _ in range(rounds))
    return below(f"list: Full, {entries:,} entries, frame to commit", spent_s, FULL_S, "s")


def _change(entries: int, rounds: int) -> Figure:
    product = _product(entries)
    with tempfile.TemporaryDirectory() as folder, closing(SqliteStore(Path(folder) / "store.db")) as store:
        spent_us: dict[int, list[float]] = {10: [], entries: []}
        states = {length: _holding(product, length) for length in spent_us}
        for version in range(2, 2 + 20 * rounds):
            for length, spent in sorted(spent_us.items(), reverse=version % 2 == 0):
                text = _frame(version, "Differential", range(version % 10, version % 10 + 1))
                spent.append(_taken_in(states[length], text, store) * 1e6)
        short, long = (statistics.median(spent) for spent in spent_us.values())
    return times_the_cost(f"list: one change among {entries:,}, beside among 10", long, short, TIMES)


def _holding(product: Product, entries: int) -> State:
    state = _online(product)
    memory = replace(state.memory, local_list=_listed(entries), list_version=ListVersion(1))
    return State(product, memory, state.moment)
