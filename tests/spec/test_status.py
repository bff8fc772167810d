"""The status table against the matrix of OCPP 1.6 §4.9, written down a second time as a drawing."""

from collections import Counter
from typing import get_args

import pytest

from pilotline.spec import status
from pilotline.spec.status import CONNECTOR_0_ROWS, ERROR_CODE_STATUSES, ROWS, STATUSES, StatusRow
from pilotline.spec.types import ChargePointErrorCode, ChargePointStatus

# One line per source, one column per target; a dot is an empty cell.
MATRIX = """
A  . 2 3 4 5 . 7 8 9
B  1 . 3 4 5 6 . . 9
C  1 . . 4 5 6 . 8 9
D  1 . 3 . 5 6 . 8 9
E  1 . 3 4 . 6 . 8 9
F  1 2 . . . . . 8 9
G  1 2 . . . . . 8 9
H  1 2 3 4 5 . . . 9
I  1 2 3 4 5 6 7 8 .
"""


def matrix_ids() -> set[str]:
    lines = (line.split() for line in MATRIX.strip().splitlines())
    return {letter + number for letter, *numbers in lines for number in numbers if number != "."}


@pytest.mark.rule(96)
def test_the_rows_cover_the_matrix_exactly() -> None:
    assert {row.id for row in ROWS} == matrix_ids()


def test_each_source_has_as_many_rows_as_the_standard_gives_it() -> None:
    counts = Counter(row.id[0] for row in ROWS)
    assert counts == {"A": 7, "B": 6, "C": 6, "D": 6, "E": 6, "F": 4, "G": 4, "H": 6, "I": 8}
    assert len(ROWS) == 53


def test_the_statuses_are_those_of_the_type_in_the_order_of_the_table() -> None:
    assert set(STATUSES) == set(get_args(ChargePointStatus))
    assert len(STATUSES) == 9


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_the_id_names_source_by_letter_and_target_by_number(row: StatusRow) -> None:
    assert row.source == STATUSES["ABCDEFGHI".index(row.id[0])]
    assert row.target == STATUSES[int(row.id[1]) - 1]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_each_row_is_a_constant_of_its_own_name_with_a_remark(row: StatusRow) -> None:
    assert getattr(status, row.id) is row
    assert row.remark


def test_no_row_constant_is_left_out_of_the_table() -> None:
    constants = [value for value in vars(status).values() if isinstance(value, StatusRow)]
    assert constants == list(ROWS)


def test_no_row_leads_from_a_status_to_itself_and_no_pair_is_listed_twice() -> None:
    pairs = [(row.source, row.target) for row in ROWS]
    assert len(set(pairs)) == len(pairs)
    assert all(source != target for source, target in pairs)


def test_every_status_but_faulted_may_become_faulted() -> None:
    assert {row.source for row in ROWS if row.target == "Faulted"} == set(STATUSES) - {"Faulted"}


@pytest.mark.rule(96)
def test_finishing_and_reserved_reach_charging_only_through_preparing() -> None:
    targets = {row.target for row in ROWS if row.source in ("Finishing", "Reserved")}
    assert "Preparing" in targets
    assert not targets & {"Charging", "SuspendedEV", "SuspendedEVSE"}


@pytest.mark.rule(98)
def test_connector_0_takes_the_rows_between_its_three_statuses_and_no_copies() -> None:
    assert [row.id for row in CONNECTOR_0_ROWS] == ["A8", "A9", "H1", "H9", "I1", "I8"]
    assert all(any(row is other for other in ROWS) for row in CONNECTOR_0_ROWS)


@pytest.mark.rule(102)
def test_an_ev_communication_error_goes_only_with_the_four_statuses_of_a_plugged_ev() -> None:
    assert ERROR_CODE_STATUSES["EVCommunicationError"] == {
        "Preparing",
        "SuspendedEV",
        "SuspendedEVSE",
        "Finishing",
    }
    assert set(ERROR_CODE_STATUSES) <= set(get_args(ChargePointErrorCode))


def test_rows_are_frozen_and_hashable() -> None:
    assert len(set(ROWS)) == 53
    with pytest.raises(AttributeError):
        ROWS[0].remark = "another"  # type: ignore[misc]  # the claim is that this fails
