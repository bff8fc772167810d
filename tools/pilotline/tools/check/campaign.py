"""Many scopes at once: each search in a process of its own, on all cores.

Whole scopes are handed out, the largest first; the promises that a scope holds need no other.
"""

import multiprocessing
import os
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from queue import Empty, Queue
from typing import Any, Final, NamedTuple

from pilotline.tools.check.explorer import Search
from pilotline.tools.check.report import Report
from pilotline.tools.check.scopes import scopes

TELL_S: Final = 0.2
STATES_MAX: Final = 5_000_000
"""A search that finds more is given up."""
_TELL: "Queue[Progress] | None" = None  # in a worker: where it tells how far it is


class Progress(NamedTuple):
    """How far a search is."""

    scope: str
    states: int
    frontier: int
    """States whose moves are not known yet."""
    steps: int
    seconds: float


def cores() -> int:
    """How many processes can work at once."""
    return len(os.sched_getaffinity(0))


def searched(name: str, states_max: int) -> Report:
    """One search, which tells how far it is, where there is somebody to tell."""
    began = told = time.monotonic()

    def progress(states: int, frontier: int, steps: int) -> None:
        nonlocal told
        now = time.monotonic()
        if _TELL is not None and now - told >= TELL_S:
            told = now
            _TELL.put(Progress(name, states, frontier, steps, now - began))

    return Search(scopes()[name], states_max, progress=progress).run()


def campaign(names: Sequence[str], jobs: int, states_max: int) -> Iterator[Progress | Report]:
    """Search these scopes; each report as it is there, and meanwhile how far the others are."""
    context = multiprocessing.get_context("spawn")
    tell: Queue[Progress] = context.Manager().Queue()
    with ProcessPoolExecutor(
        min(jobs, len(names)), mp_context=context, initializer=_begin, initargs=(tell,)
    ) as pool:
        pending: set[Future[Report]] = {pool.submit(searched, name, states_max) for name in names}
        try:
            while pending:
                done, pending = wait(pending, TELL_S, FIRST_COMPLETED)
                yield from _told(tell)
                yield from (future.result() for future in done)
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _begin(tell: Any) -> None:
    global _TELL
    _TELL = tell


def _told(tell: "Queue[Progress]") -> Iterator[Progress]:
    while True:
        try:
            yield tell.get_nowait()
        except Empty:
            return
