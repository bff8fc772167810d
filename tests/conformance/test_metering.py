"""Certification cases of sampled and clock-aligned meter values, each with the lists that a tool may set."""

# ruff: noqa: N802  (the cases keep their names)

import itertools
from datetime import datetime
from typing import Any, Final

import pytest
from conformance.certification_tool import CertificationTool
from conformance.conformance_rig import Site, are_apart, case

INTERVAL_S: Final = 30
REGISTER: Final = "Energy.Active.Import.Register"
LISTS: Final = ("", REGISTER, f"{REGISTER},Voltage,Current.Import", "Power.Active.Import,Temperature")
"""A list that is empty means the energy register."""


def shows(value: dict[str, Any], context: str, listed: str) -> datetime:
    """One MeterValue has this context and all that is listed; when it was taken."""
    assert {v["context"] for v in value["sampledValue"]} == {context}
    assert {v["measurand"] for v in value["sampledValue"]} == set((listed or REGISTER).split(","))
    return datetime.fromisoformat(value["timestamp"])


@pytest.mark.rule(111, 119)
@pytest.mark.parametrize("listed", LISTS)
@case()
async def test_TC_070_CS_sampled_meter_values(
    listed: str, site: Site, central_system: CertificationTool
) -> None:
    await central_system.configures(
        MeterValueSampleInterval=INTERVAL_S, ClockAlignedDataInterval=0, MeterValuesSampledData=listed
    )
    transaction_id = await site.charging()
    taken_at = [datetime.fromisoformat(central_system.transactions[transaction_id].start_time)]
    for _, payload in await central_system.takes("MeterValues", 3):
        assert (payload["connectorId"], payload["transactionId"]) == (1, transaction_id)
        (value,) = payload["meterValue"]
        taken_at.append(shows(value, "Sample.Periodic", listed))
    are_apart(taken_at, INTERVAL_S)


@pytest.mark.rule(112, 119)
@pytest.mark.parametrize("interval_s", [20, 60])
@pytest.mark.parametrize("listed", LISTS)
@case()
async def test_TC_071_CS_clock_aligned_meter_values(
    listed: str, interval_s: int, site: Site, central_system: CertificationTool
) -> None:
    await central_system.configures(MeterValueSampleInterval=0, MeterValuesAlignedData=listed)
    transaction_id = await site.charging()
    await central_system.configures(ClockAlignedDataInterval=interval_s)
    points = [1, 2, 0] if set((listed or REGISTER).split(",")) & {REGISTER, "Power.Active.Import"} else [1, 2]
    taken_at: dict[int, list[datetime]] = {point: [] for point in points}
    for _, payload in await central_system.takes("MeterValues", 3 * len(points)):
        point, (value,) = payload["connectorId"], payload["meterValue"]
        assert payload.get("transactionId") == (transaction_id if point == 1 else None)
        if point == 0:  # the main meter is the sum of what adds up
            assert {v["context"] for v in value["sampledValue"]} == {"Sample.Clock"}
            assert {v["location"] for v in value["sampledValue"]} == {"Inlet"}
            taken_at[0].append(datetime.fromisoformat(value["timestamp"]))
        else:
            taken_at[point].append(shows(value, "Sample.Clock", listed))
    for ticks in taken_at.values():
        assert [(later - earlier).total_seconds() for earlier, later in itertools.pairwise(ticks)] == [
            interval_s
        ] * 2
        assert all(tick.second % interval_s == 0 and tick.microsecond == 0 for tick in ticks)
    await central_system.configures(ClockAlignedDataInterval=0)
