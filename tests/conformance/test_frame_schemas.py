"""The judge of frames finds what is wrong, and nothing else."""

import json
from datetime import UTC, datetime
from typing import Any, Literal

import pytest
from conformance.frame_schemas import FrameJudge

from pilotline.tools.central_system import RecordedFrame

AT = datetime(2026, 1, 1, tzinfo=UTC)
STATUS = {"connectorId": 1, "errorCode": "NoError", "status": "Available"}


def _judged(*frames: tuple[Literal["received", "sent"], Any]) -> list[str]:
    judge = FrameJudge(lambda: "one connection")
    for direction, content in frames:
        text = content if isinstance(content, str) else json.dumps(content)
        judge.judge(RecordedFrame(AT, "CP-1", direction, text))
    return judge.violations


def test_calls_of_both_sides_may_cross() -> None:
    assert not _judged(
        ("received", [2, "1", "Heartbeat", {}]),
        ("sent", [2, "1", "ClearCache", {}]),
        ("received", [3, "1", {"status": "Accepted"}]),
        ("sent", [3, "1", {"currentTime": "2026-01-01T00:00:00Z"}]),
        ("received", [2, "2", "StatusNotification", STATUS]),
        ("sent", [4, "2", "InternalError", "", {}]),
    )


@pytest.mark.parametrize("unit", ["Celcius", "Celsius"])
def test_a_temperature_may_be_spelled_either_way(unit: str) -> None:
    value = {"timestamp": "2026-01-01T00:00:00Z", "sampledValue": [{"value": "20", "unit": unit}]}
    assert not _judged(("received", [2, "1", "MeterValues", {"connectorId": 1, "meterValue": [value]}]))


@pytest.mark.parametrize(
    ("frame", "found"),
    [
        ("[2,", "is not JSON"),
        ('[2, "1", "Heartbeat", NaN]', "NaN is no number"),
        ([5, "1", {}], "no message"),
        ([2, 1, "Heartbeat", {}], "no message"),
        ([2, "1" * 37, "Heartbeat", {}], "too long"),
        ([2, "1", "Hello", {}], "does not know"),
        ([2, "1", "Heartbeat", {"hello": 1}], "Additional properties"),
        ([2, "1", "StatusNotification", {**STATUS, "status": "Fine"}], "is not one of"),
        ([2, "1", "StatusNotification", {**STATUS, "timestamp": "2026-01-01T00:00:00"}], "date-time"),
        ([3, "1", {}], "answers nothing"),
        ([4, "1", "InternalError", "", {}], "answers nothing"),
    ],
)
def test_a_wrong_frame_is_found(frame: object, found: str) -> None:
    (violation,) = _judged(("received", frame))
    assert found in violation


def test_a_second_call_before_the_answer_is_found() -> None:
    (violation,) = _judged(("received", [2, "1", "Heartbeat", {}]), ("received", [2, "2", "Heartbeat", {}]))
    assert "was open" in violation


def test_an_id_used_twice_is_found() -> None:
    answered = ("sent", [3, "1", {"currentTime": "2026-01-01T00:00:00Z"}])
    heartbeat = ("received", [2, "1", "Heartbeat", {}])
    (violation,) = _judged(heartbeat, answered, heartbeat)
    assert "used before" in violation


def test_an_answer_against_its_schema_is_found() -> None:
    (violation,) = _judged(("sent", [2, "1", "Reset", {"type": "Soft"}]), ("received", [3, "1", {}]))
    assert "'status' is a required property" in violation


def test_an_unknown_error_code_is_found() -> None:
    (violation,) = _judged(("sent", [2, "1", "ClearCache", {}]), ("received", [4, "1", "NoIdea", "", {}]))
    assert "NoIdea" in violation
