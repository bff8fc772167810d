"""`pilotline replay`: a journal, as a timeline, as a picture, or as a state."""

import sys
import time
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console
from rich.text import Text

from pilotline.adapters.journal_reading import Gap
from pilotline.tools.replay import Replayed, difference, json_line, replayed, sequence, state_json
from pilotline.tools.timeline import Timeline


class _Run:
    """The steps of a journal until one comes to something else."""

    def __init__(self, journal: Path, console: Console) -> None:
        self._journal, self._console = journal, console
        self.steps = 0
        self.gaps = 0
        self.span_ms = 0
        self.different: Replayed | None = None

    def __iter__(self) -> Iterator[Replayed]:
        at = 0
        for one in replayed(self._journal):
            if isinstance(one, Gap):
                self.gaps += 1
                self._console.print(Text(f"{one.where}: {one.says}", "yellow"), soft_wrap=True)
                continue
            now = one.happening.at
            self.span_ms += max(now - at, 0)
            at = now
            self.steps += 1
            if one.differs:
                self.different = one
            yield one
            if one.differs:
                return


def show(journal: Path, form: str, first: int, last: int | None, state_at: int | None) -> int:
    """Print what was asked for; the exit status. Notes go to stderr, so that a picture stays one."""
    out, notes = Console(highlight=False), Console(stderr=True, highlight=False)
    run = _Run(journal, notes)
    began = time.perf_counter()
    if state_at is not None:
        for one in run:
            if one.number == state_at:
                sys.stdout.write(state_json(one) + "\n")
                return 0
        if run.different is None:
            says = f"pilotline: {journal}: has {run.steps} steps, there is no step {state_at}"
            notes.print(says, soft_wrap=True)
            return 1
    else:
        _print(out, form, (one for one in run if first <= one.number <= (last or one.number)))
    if run.different is not None:
        notes.print(Text(difference(run.different), "red"), soft_wrap=True)
        return 1
    took_s = time.perf_counter() - began
    faster = f", {run.span_ms / 1000 / took_s:,.0f} times faster than it was" if run.span_ms else ""
    notes.print(
        Text(
            f"{run.steps:,} steps, every effect as recorded; {run.gaps} gaps; {took_s:.1f} s{faster}", "green"
        ),
        soft_wrap=True,
    )
    return 0


def _print(out: Console, form: str, steps: Iterator[Replayed]) -> None:
    if form == "mermaid":
        for line in sequence(steps):
            sys.stdout.write(line + "\n")
    elif form == "json":
        for one in steps:
            sys.stdout.write(json_line(one) + "\n")
    else:
        timeline = Timeline(out)
        for one in steps:
            timeline.show(one.happening)
