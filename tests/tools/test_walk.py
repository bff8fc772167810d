"""A random walk keeps every promise, and finds the one that is broken."""

import pytest
from msgspec.structs import replace

from pilotline.core.effects import CloseContactor
from pilotline.core.events import External
from pilotline.core.properties import Always
from pilotline.core.state import Instant, State
from pilotline.core.step import Step, step
from pilotline.tools.check.scopes import scopes
from pilotline.tools.check.story import Move
from pilotline.tools.check.walk import Walk


def test_a_walk_takes_rows_and_keeps_every_promise() -> None:
    walked = Walk(scopes()["power"], 3).walk(5000)
    assert walked.violation is None
    assert walked.moves == 5000
    assert walked.steps > 3000
    assert ("session", "S1/CablePlugged") in walked.fired


def test_a_walk_holds_every_promise_when_time_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    patience = Always("no deadline is near", "test", is_far_off, frozenset({"timers"}))
    monkeypatch.setattr("pilotline.tools.check.explorer.ALWAYS", (patience,))
    violation = Walk(scopes()["session"], 1).walk(1000).violation
    assert violation is not None
    assert violation.story[-1] == Move(None, 1000)


def is_far_off(state: State) -> bool:
    """Who has plugged in, which arms two seconds, has more than one of them left."""
    left = [at for timer, at in state.moment.timers.items() if timer.timer == "connection_time_out"]
    return all(at > 1000 for at in left)


def test_a_walk_tells_of_a_broken_promise_without_its_detours() -> None:
    def energise(state: State | None, event: External, now: Instant) -> Step:
        taken = step(state, event, now)
        if type(event).__name__ != "EnergyRequested":
            return taken
        return replace(taken, effects=(*taken.effects, CloseContactor(1)))

    violation = Walk(scopes()["session"], 1, stepper=energise).walk(10_000).violation
    assert violation is not None
    assert violation.promise == "energy only after authorization"
    assert type(violation.story[-1].event).__name__ == "EnergyRequested"
    assert len(violation.story) < 10
