"""A run that fails is kept, shrunk, as a journal that `pilotline replay` takes."""

from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis.stateful import rule, run_state_machine_as_test
from stateful.station_machine import StationMachine

from pilotline.core.events import CablePlugged, EvUnplugged
from pilotline.tools.replay import Replayed, replayed


def test_the_shrunk_run_is_saved_and_replays_step_by_step(tmp_path: Path) -> None:
    class Failing(StationMachine):
        replays = tmp_path

        @rule()
        def plug(self) -> None:
            self.world.tell(CablePlugged(1))

        @rule()
        def wait(self) -> None:
            self.world.pass_time(1000)

        @rule()
        def unplug(self) -> None:
            plugged = self.world.standing().moment.cables[1].state == "plugged"
            self.world.tell(EvUnplugged(1))
            assert not plugged, "a failure on purpose"

    with pytest.raises(AssertionError, match="on purpose") as failed:
        run_state_machine_as_test(Failing, settings=settings(max_examples=200, database=None))
    assert any("pilotline replay" in line for line in failed.value.__notes__)
    steps = list(replayed(tmp_path / "Failing"))
    assert all(isinstance(step, Replayed) and not step.differs for step in steps)
    events = [step.happening.event for step in steps if isinstance(step, Replayed)]
    assert [type(event).__name__ for event in events] == ["PoweredUp", "CablePlugged", "EvUnplugged"]
