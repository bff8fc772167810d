"""The audit finds whatever is lost, doubled, reordered or changed in what a Central System saw."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pilotline.adapters.commits import GROUP_MAX
from pilotline.tools.central_system import RecordedFrame
from pilotline.tools.crash_audit import audit

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
SEEN = {"T1": BEGAN, "T2": BEGAN}
REGISTERS_WH = {0: 0, 1: 30}
Story = list[list[Any]]


def _start(number: int, tag: str, meter_wh: int) -> list[Any]:
    payload = {"connectorId": 1, "idTag": tag, "meterStart": meter_wh, "timestamp": "2026-01-01T00:00:00Z"}
    return [2, f"e-1-q{number}", "StartTransaction", payload]


def _sample(number: int, transaction: int, meter_wh: int) -> list[Any]:
    sampled = {"value": str(meter_wh), "measurand": "Energy.Active.Import.Register"}
    values = [{"timestamp": "2026-01-01T00:00:00Z", "sampledValue": [sampled]}]
    return [
        2,
        f"e-1-q{number}",
        "MeterValues",
        {"connectorId": 1, "transactionId": transaction, "meterValue": values},
    ]


def _stop(number: int, transaction: int, meter_wh: int) -> list[Any]:
    payload = {"transactionId": transaction, "meterStop": meter_wh, "timestamp": "2026-01-01T00:00:00Z"}
    return [2, f"e-1-q{number}", "StopTransaction", payload]


def _told(number: int, transaction: int) -> list[Any]:
    return [3, f"e-1-q{number}", {"transactionId": transaction, "idTagInfo": {"status": "Accepted"}}]


def _story() -> Story:
    """Two transactions, one after the other; the start of the first is sent twice, for power was cut."""
    return [
        _start(1, "T1", 0),
        [2, "e-2-1", "BootNotification", {"chargePointVendor": "V", "chargePointModel": "M"}],
        _start(1, "T1", 0),
        _told(1, 7),
        _sample(2, 7, 5),
        _sample(3, 7, 10),
        _stop(4, 7, 10),
        _start(5, "T2", 10),
        _told(5, 8),
        _stop(6, 8, 30),
    ]


def _found(story: Story) -> str:
    frames = [
        RecordedFrame(
            BEGAN + timedelta(seconds=place), "CP", "sent" if frame[0] == 3 else "received", json.dumps(frame)
        )
        for place, frame in enumerate(story)
    ]
    return "\n".join(problem.what for problem in audit(frames, SEEN, REGISTERS_WH))


def test_a_story_without_loss_has_no_problem() -> None:
    assert _found(_story()) == ""


@pytest.mark.parametrize(
    ("spoil", "found"),
    [
        (lambda s: s[2][3].update(meterStart=1), "is repeated with another content"),
        (lambda s: s.append(_sample(3, 7, 10)), "is repeated after what was recorded behind it"),
        (lambda s: s.pop(4), "between e-1-q1 and MeterValues e-1-q3 a message is missing"),
        (
            lambda s: s.insert(4, s.pop(5)),
            "MeterValues e-1-q2 arrives after e-1-q3, which was recorded later",
        ),
        (lambda s: s.pop(6), "transaction 7 (T1) has 0 StopTransactions"),
        (lambda s: s.insert(7, _stop(5, 7, 10)), "transaction 7 (T1) has 2 StopTransactions"),
        (lambda s: s.insert(7, _sample(5, 7, 10)), "has MeterValues e-1-q5 after its stop"),
        (lambda s: s.__setitem__(4, _sample(2, 7, 11)), "the register goes back from 11 to 10 Wh in e-1-q3"),
        (
            lambda s: s[6][3].update(timestamp="2025-12-31T23:59:57Z"),
            "is dated 2025-12-31 23:59:57+00:00, before",
        ),
        (lambda s: s.__setitem__(6, _stop(4, 7, 9)), "the register goes back from 10 to 9 Wh in e-1-q4"),
        (
            lambda s: s.__setitem__(6, _stop(4, 7, 12)),
            "starts at 10 Wh, and the one before it stopped at 12 Wh",
        ),
        (lambda s: s.__setitem__(9, _stop(6, 8, 29)), "the last stop says 29 Wh, the meter 30 Wh"),
        (
            lambda s: s.__delitem__(slice(7, 10)),
            "the transaction of T2, which the driver saw, has no StartTran",
        ),
        (lambda s: s.pop(8), "StartTransaction e-1-q5 was never answered"),
        (lambda s: s.__setitem__(4, _sample(2, 99, 5)), "MeterValues e-1-q2 belongs to no transaction"),
    ],
)
def test_whatever_is_lost_or_changed_is_found(spoil: Callable[[Story], object], found: str) -> None:
    story = _story()
    spoil(story)
    assert found in _found(story)


def test_a_repeat_reaches_no_further_back_than_a_group() -> None:
    last = GROUP_MAX + 17
    samples = (_sample(number, 7, number) for number in range(2, last + 1))
    story = [_start(1, "T1", 0), _told(1, 7), *samples]
    boot = [[2, "e-2-1", "BootNotification", {"chargePointVendor": "V", "chargePointModel": "M"}]]
    for number in (last - GROUP_MAX + 1, last - GROUP_MAX):
        assert "messages later" not in _found(story + boot + [_sample(number, 7, number)])
    too_far = last - GROUP_MAX - 1
    found = _found(story + boot + [_sample(too_far, 7, too_far)])
    assert f"is repeated {GROUP_MAX + 1} messages later" in found
