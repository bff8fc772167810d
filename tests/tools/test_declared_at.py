"""Every table and every row that is shipped is found where it is written."""

from pathlib import Path
from typing import Any

import pytest

from pilotline.core.declared import MACHINES, OPERATIONS
from pilotline.core.machines.connector import CONNECTOR_0
from pilotline.core.machines.link import LINK
from pilotline.core.statechart import Machine
from pilotline.tools.check.declared_at import NOWHERE, Place, place_of, place_of_row, place_of_state

BY_VARIABLE = {"progressed", "notice_due", "event"}
"""Events that a table of ours names by a variable."""


def text_at(place: Place, lines: int = 1) -> str:
    return "\n".join(
        Path(place.file).read_text("utf-8").splitlines()[place.line - 1 : place.line - 1 + lines]
    )


@pytest.mark.parametrize("machine", MACHINES, ids=lambda machine: machine.name)
def test_a_binding_is_where_its_row_is_bound_to_its_event(machine: Machine[Any, Any]) -> None:
    for binding in machine.table:
        text = text_at(place_of_row(machine, binding))
        assert f".{binding.row.id}," in text or f".{binding.row.id})" in text, binding
        assert any(f"on({name}" in text for name in {binding.event.__name__, *BY_VARIABLE}), binding


def test_a_row_that_is_bound_twice_to_an_event_is_found_twice() -> None:
    machine = next(machine for machine in MACHINES if machine.name == "transaction")
    twice = [binding for binding in machine.table if binding.name.startswith("T3R/StartAnswered")]
    first, second = (place_of_row(machine, binding) for binding in twice)
    assert "must_stop" in text_at(first)
    assert second.line == first.line + 1


def test_a_decision_is_where_its_name_is() -> None:
    for table in OPERATIONS:
        for row in table.rows:
            assert f'"{row.name}"' in text_at(place_of_row(table, row), lines=7), row.name


def test_a_table_is_where_it_is_assigned() -> None:
    assert text_at(place_of(LINK)) == "LINK = Machine("
    assert "CONNECTOR_0: Final" in text_at(place_of(CONNECTOR_0))
    assert all(place_of(machine) != NOWHERE for machine in MACHINES)


def test_a_state_is_where_it_is_listed_or_where_the_list_is_named() -> None:
    assert '"waiting", "connecting", "up"' in text_at(place_of_state(LINK, "up"))
    assert "states=CONNECTOR_0_STATES" in text_at(place_of_state(CONNECTOR_0, "Faulted"))


def test_a_path_is_told_from_here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    assert Place(str(tmp_path / "lamps.py"), 3).told == "lamps.py:3"
    assert Place("/elsewhere/lamps.py", 3).told == "/elsewhere/lamps.py:3"
