"""The journal: every event with its instant and what it led to, in files that `pilotline replay` runs again.

Theory of operation: a segment is a file of CBOR items one behind the other. Its first item, the head, holds program,
product and state, so that it can be replayed without those before it; a boot holds product and Memory for the same
reason. The loop only hands happenings over, which are immutable; a thread makes bytes of them and writes. So the
journal may lack its end after a power cut, and if it cannot be written or does not keep up, it says how much is missing
and goes on in a new segment, whose head holds the state again. It never keeps the station from anything.

===========  =====================================================================
head         FORMAT, program, state (`encode_state`; None: before the first boot)
boot         utc, now, product, Memory or None, event, effects
event        utc, now, event, effects
missing      how many happenings were not written
===========  =====================================================================
"""

import logging
import queue
import threading
from collections.abc import Callable, Iterable
from importlib.metadata import version
from pathlib import Path
from time import time
from typing import Any, BinaryIO, Final, NamedTuple

import cbor2
import msgspec

from pilotline.adapters.happenings import Happening
from pilotline.core.events import PoweredUp
from pilotline.core.recorded import memory_without_secrets, plain_effects, plain_event, without_secrets
from pilotline.core.snapshot import encode_state, product_text, records_of
from pilotline.core.state import Memory, State, UtcTime

FORMAT: Final = 1
SUFFIX: Final = ".journal"
_LOG: Final = logging.getLogger(__name__)
_WAITING_MAX: Final = 10_000
_RETRY_S: Final = 60


class Bounds(NamedTuple):
    """How much is kept; the oldest segments go first."""

    segment_bytes: int = 4_000_000
    total_bytes: int = 64_000_000
    age_s: int = 30 * 86_400


BOUNDS: Final = Bounds()


class Journal:
    """The journal of one station, in a folder of its own. `record` is for the run loop, `close` for its end."""

    def __init__(self, folder: Path, bounds: Bounds = BOUNDS, *, wall_s: Callable[[], float] = time) -> None:
        """`wall_s` tells how old segments are, in s since 1970."""
        self.folder, self._bounds, self._wall_s = folder, bounds, wall_s
        self._waiting: queue.Queue[Happening | None] = queue.Queue(_WAITING_MAX)
        self._missing = 0
        self._file: BinaryIO | None = None
        self._written = 0
        self._blocked_until_s = 0.0
        self._thread = threading.Thread(target=self._write_all, name="journal", daemon=True)
        self._thread.start()

    def record(self, happening: Happening) -> None:
        """Keep this; it returns at once."""
        try:
            self._waiting.put_nowait(happening)
        except queue.Full:
            self._missing += 1

    def settle(self) -> None:
        """Return when all that was recorded so far is written."""
        self._waiting.join()

    def close(self) -> None:
        """Write what waits, and end."""
        self._waiting.put(None)
        self._thread.join()

    # --- in the thread ---

    def _write_all(self) -> None:
        while (happening := self._waiting.get()) is not None:
            if self._wall_s() < self._blocked_until_s:
                self._missing += 1
            else:
                self._try(happening)
            self._waiting.task_done()
        self._end_segment()

    def _try(self, happening: Happening) -> None:
        try:
            self._write(happening)
        except Exception as error:  # noqa: BLE001  (nothing of the journal may reach the station)
            self._missing += 1
            self._end_segment()
            self._blocked_until_s = self._wall_s() + _RETRY_S
            _LOG.warning("journal: not written for %d s: %s", _RETRY_S, error)

    def _write(self, happening: Happening) -> None:
        missing = self._missing
        if missing or self._written >= self._bounds.segment_bytes:
            self._end_segment()
        if self._file is None:
            self._begin_segment(happening)
            if missing:
                self._put("missing", missing)
                self._missing -= missing
        self._put(*_item(happening))

    def _put(self, *item: object) -> None:
        assert self._file is not None  # noqa: S101  (`_write` has begun a segment)
        data = cbor2.dumps(item)
        self._file.write(data)
        self._written += len(data)

    def _begin_segment(self, happening: Happening) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        segments = segments_of(self.folder)
        number = int(segments[-1].stem) + 1 if segments else 1
        self._prune(segments)
        self._file = (self.folder / f"{number:08d}{SUFFIX}").open("xb", buffering=0)
        self._written = 0
        self._put(*_head(happening))

    def _end_segment(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def _prune(self, segments: list[Path]) -> None:
        """Room for one more segment."""
        left = self._bounds.total_bytes - self._bounds.segment_bytes
        oldest_s = self._wall_s() - self._bounds.age_s
        for segment in reversed(segments):
            found = segment.stat()
            left -= found.st_size
            if left < 0 or found.st_mtime < oldest_s:
                segment.unlink()


def segments_of(folder: Path) -> list[Path]:
    """The segments of a journal, the oldest first."""
    return sorted(path for path in folder.glob(f"*{SUFFIX}") if path.stem.isdecimal())


def write_segment(file: Path, happenings: Iterable[Happening]) -> None:
    """One segment of these, beside any journal of a station."""
    kept = list(happenings)
    items = [*map(_head, kept[:1]), *map(_item, kept)]
    file.write_bytes(b"".join(map(cbor2.dumps, items)))


def _head(happening: Happening) -> tuple[object, ...]:
    """What a segment begins with whose first happening this is."""
    before = happening.before
    state = encode_state(without_secrets(before)) if isinstance(before, State) else None
    return ("head", FORMAT, version("pilotline"), state)


def _item(happening: Happening) -> tuple[object, ...]:
    utc, event, before = _utc(happening), happening.event, happening.before
    told = plain_event(event), plain_effects(happening.effects)
    if not isinstance(event, PoweredUp):
        return ("event", utc, happening.at, *told)
    memory = before.memory if isinstance(before, State) else before
    return ("boot", utc, happening.at, product_text(event.product), _records(memory), *told)


def _records(memory: Memory | None) -> list[Any] | None:
    """Collection, key, record, for each."""
    if memory is None:
        return None
    return [
        [name, key, msgspec.to_builtins(record)]
        for name, key, record in records_of(memory_without_secrets(memory))
    ]


def _utc(happening: Happening) -> UtcTime | None:
    if isinstance(happening.event, PoweredUp):
        return happening.event.utc
    epoch = happening.before.moment.clock.epoch if isinstance(happening.before, State) else None
    return None if epoch is None else UtcTime(epoch + happening.at)
