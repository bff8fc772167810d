"""Events as a journal keeps them: what is none is refused, and told apart from what another version wrote."""

import pytest

from pilotline.core.events import CablePlugged, CommitFailed
from pilotline.core.recorded import event_of, plain_event
from pilotline.core.snapshot import SnapshotError


def test_an_event_comes_back_as_it_was() -> None:
    for event in (CablePlugged(2), CommitFailed(CablePlugged(1))):
        assert event_of(plain_event(event)) == event


@pytest.mark.parametrize(
    "plain", ["CablePlugged", {}, [], ["CablePlugged"], ["CablePlugged", {}, {}], [1, {}], [None, {}]]
)
def test_what_is_no_event_is_refused(plain: object) -> None:
    with pytest.raises(SnapshotError, match=r"^line 7: is no event$"):
        event_of(plain, "line 7")


def test_an_event_of_another_version_is_told_by_its_name() -> None:
    with pytest.raises(SnapshotError, match="no event CableMelted; another version wrote it"):
        event_of(["CableMelted", {"connector": 1}])
