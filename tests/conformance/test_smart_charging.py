"""Certification cases of smart charging."""

# ruff: noqa: N802  (the cases keep their names)

import math
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import pytest
from conformance.certification_tool import VALID, CertificationTool, message
from conformance.conformance_rig import Driver, Site, case

DEVIATION_S = 5
"""How long before now schedules begin: the tool's `max time deviation`."""


class Sent(NamedTuple):
    """A profile that was sent, and when its schedule begins."""

    answer: dict[str, Any]
    begins: datetime


def _profile(
    tool: CertificationTool,
    number: int,
    purpose: str,
    *periods: tuple[int, float],
    duration: int,
    stack_level: int = 0,
    **more: Any,
) -> dict[str, Any]:
    return {
        "chargingProfileId": number,
        "stackLevel": stack_level,
        "chargingProfilePurpose": purpose,
        "chargingProfileKind": "Absolute",
        "chargingSchedule": {
            "duration": duration,
            "startSchedule": (tool.now() - timedelta(seconds=DEVIATION_S)).isoformat(),
            "chargingRateUnit": "A",
            "chargingSchedulePeriod": [
                {"startPeriod": start, "limit": limit, "numberPhases": 3} for start, limit in periods
            ],
        },
        **more,
    }


async def _sets(
    tool: CertificationTool,
    connector: int,
    number: int,
    purpose: str,
    *periods: tuple[int, float],
    **more: Any,
) -> Sent:
    profile = _profile(tool, number, purpose, *periods, **more)
    answer = await tool.asks("SetChargingProfile", connectorId=connector, csChargingProfiles=profile)
    return Sent(answer, datetime.fromisoformat(profile["chargingSchedule"]["startSchedule"]))


async def _is_told(
    tool: CertificationTool, duration: int, begins: datetime, *expected: tuple[int, float]
) -> None:
    """The composite schedule of connector 1 has these limits from so many seconds after `begins` on; what is past is
    not told.
    """
    answer = await tool.asks("GetCompositeSchedule", connectorId=1, duration=duration, chargingRateUnit="A")
    assert (answer["status"], answer["connectorId"]) == ("Accepted", 1)
    schedule = answer["chargingSchedule"]
    assert (schedule["duration"], schedule["chargingRateUnit"]) == (duration, "A")
    assert "startSchedule" not in schedule
    past_s = (datetime.fromisoformat(answer["scheduleStart"]) - begins).total_seconds()
    wanted = [(max(0, math.ceil(start - past_s)), limit) for start, limit in expected]
    told = [(period["startPeriod"], period["limit"]) for period in schedule["chargingSchedulePeriod"]]
    assert [limit for _, limit in told] == [limit for _, limit in wanted]
    assert told[0][0] == 0
    # the other profiles of a case were sent a moment earlier
    assert all(abs(start - want) <= 1 for (start, _), (want, _) in zip(told, wanted, strict=True))


@pytest.mark.rule(184, 190)
@case()
async def test_TC_056_CS_a_default_for_transactions(central_system: CertificationTool) -> None:
    sent = await _sets(central_system, 1, 1, "TxDefaultProfile", (0, 6), duration=300)
    assert sent.answer == {"status": "Accepted"}
    await _is_told(central_system, 200, sent.begins, (0, 6))


@pytest.mark.rule(185)
@case()
async def test_TC_057_CS_a_profile_for_the_running_transaction(
    site: Site, central_system: CertificationTool
) -> None:
    transaction = await site.charging()
    sent = await _sets(central_system, 1, 1, "TxProfile", (0, 6), duration=300, transactionId=transaction)
    assert sent.answer == {"status": "Accepted"}
    await _is_told(central_system, 200, sent.begins, (0, 6))


@pytest.mark.rule(184, 199)
@case()
async def test_TC_082_CS_a_default_while_a_transaction_runs(
    site: Site, central_system: CertificationTool
) -> None:
    await site.charging()
    sent = await _sets(central_system, 1, 1, "TxDefaultProfile", (0, 6), duration=300)
    assert sent.answer == {"status": "Accepted"}
    await _is_told(central_system, 200, sent.begins, (0, 6))


@pytest.mark.rule(185)
@case()
async def test_TC_058_1_CS_no_transaction_runs(central_system: CertificationTool) -> None:
    sent = await _sets(central_system, 1, 1, "TxProfile", (0, 6), duration=300, transactionId=1)
    assert sent.answer == {"status": "Rejected"}


@pytest.mark.rule(185)
@case()
async def test_TC_058_2_CS_another_transaction_runs(site: Site, central_system: CertificationTool) -> None:
    transaction = await site.charging()
    sent = await _sets(central_system, 1, 1, "TxProfile", (0, 6), duration=300, transactionId=transaction + 1)
    assert sent.answer == {"status": "Rejected"}


@pytest.mark.rule(187)
@case()
async def test_TC_059_CS_a_remote_start_brings_its_profile(
    driver: Driver, central_system: CertificationTool
) -> None:
    tool = central_system
    driver.plugs_in()
    await tool.expects("StatusNotification", connectorId=1, status="Preparing")
    profile = _profile(tool, 1, "TxProfile", (0, 6), duration=300)
    answer = await tool.asks("RemoteStartTransaction", connectorId=1, idTag=VALID, chargingProfile=profile)
    assert answer == {"status": "Accepted"}
    authorizes = await tool.reads("AuthorizeRemoteTxRequests") == "true"
    if authorizes:
        await tool.expects("Authorize", idTag=VALID)
    await tool.expects_in_any_order(
        message("StartTransaction", connectorId=1, idTag=VALID),
        message("StatusNotification", connectorId=1, status="Charging"),
    )
    begins = datetime.fromisoformat(profile["chargingSchedule"]["startSchedule"])
    await _is_told(tool, 200, begins, (0, 6))


@pytest.mark.rule(187)
@case()
async def test_TC_060_CS_a_remote_start_with_a_profile_for_something_else(
    central_system: CertificationTool,
) -> None:
    profile = _profile(central_system, 1, "TxDefaultProfile", (0, 6), duration=300)
    answer = await central_system.asks(
        "RemoteStartTransaction", connectorId=1, idTag=VALID, chargingProfile=profile
    )
    assert answer == {"status": "Rejected"}


@pytest.mark.rule(190, 191)
@case("reference")  # the other product takes 2 periods
async def test_TC_066_CS_the_composite_of_three_profiles(
    site: Site, central_system: CertificationTool
) -> None:
    tool = central_system
    transaction = await site.charging()
    await _sets(tool, 0, 1, "ChargePointMaxProfile", (0, 10), duration=86_400)
    await _sets(tool, 1, 2, "TxDefaultProfile", (0, 6), (60, 10), (120, 8), (180, 15), (260, 8), duration=300)
    periods = ((0, 8.0), (50, 11.0), (140, 16.0), (200, 6.0), (240, 12.0))
    sent = await _sets(tool, 1, 3, "TxProfile", *periods, duration=260, transactionId=transaction)
    assert sent.answer == {"status": "Accepted"}
    await _is_told(tool, 400, sent.begins, (0, 8), (50, 10), (200, 6), (240, 10))


@pytest.mark.rule(189)
@case("reference")
async def test_TC_067_CS_profiles_are_cleared_one_after_the_other(central_system: CertificationTool) -> None:
    tool = central_system
    await _sets(tool, 1, 1, "TxDefaultProfile", (0, 6), (60, 8), (200, 10), duration=400, stack_level=1)
    below = await _sets(tool, 1, 2, "TxDefaultProfile", (0, 7), (100, 9), duration=400)
    most = await _sets(tool, 0, 3, "ChargePointMaxProfile", (0, 11), (200, 12), duration=86_400)
    assert await tool.asks("ClearChargingProfile", id=1) == {"status": "Accepted"}
    await _is_told(tool, 350, below.begins, (0, 7), (100, 9))
    cleared = await tool.asks("ClearChargingProfile", chargingProfilePurpose="TxDefaultProfile", stackLevel=0)
    assert cleared == {"status": "Accepted"}
    await _is_told(tool, 350, most.begins, (0, 11), (200, 12))
    assert await tool.asks("ClearChargingProfile") == {"status": "Accepted"}
    await _is_told(tool, 350, most.begins, (0, 32))


@pytest.mark.rule(188, 190)
@case("reference")
async def test_TC_072_CS_a_stack_of_two_levels(central_system: CertificationTool) -> None:
    tool = central_system
    await _sets(tool, 1, 1, "TxDefaultProfile", (0, 6), (100, 8), (200, 10), duration=400)
    above = await _sets(tool, 1, 2, "TxDefaultProfile", (0, 7), (100, 9), duration=150, stack_level=1)
    await _is_told(tool, 350, above.begins, (0, 7), (100, 9), (150, 8), (200, 10))


@pytest.mark.rule(194)
@case(without="SmartCharging")
async def test_a_station_without_the_profile_takes_none(central_system: CertificationTool) -> None:
    from ocpp.exceptions import NotSupportedError

    with pytest.raises(NotSupportedError):
        await _sets(central_system, 1, 1, "TxDefaultProfile", (0, 6), duration=300)
