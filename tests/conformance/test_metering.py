"""Certification case of sampled meter values."""

# ruff: noqa: N802  (the cases keep their names)

from datetime import datetime

import pytest
from conformance.certification_tool import CertificationTool
from conformance.conformance_rig import Site, are_apart, case

SAMPLE_INTERVAL_S = 30


@pytest.mark.rule(111)
@case()
async def test_TC_070_CS_sampled_meter_values(site: Site, central_system: CertificationTool) -> None:
    await central_system.configures(MeterValueSampleInterval=SAMPLE_INTERVAL_S, ClockAlignedDataInterval=0)
    listed = await central_system.reads("MeterValuesSampledData")
    measurands = set((listed or "Energy.Active.Import.Register").split(","))
    transaction_id = await site.charging()
    begun_at = datetime.fromisoformat(central_system.transactions[transaction_id].start_time)
    taken_at = [begun_at]
    for _, payload in await central_system.takes("MeterValues", 3):
        assert payload["connectorId"] == 1
        assert payload["transactionId"] == transaction_id
        (value,) = payload["meterValue"]
        taken_at.append(datetime.fromisoformat(value["timestamp"]))
        assert {v["context"] for v in value["sampledValue"]} == {"Sample.Periodic"}
        assert {v.get("measurand") for v in value["sampledValue"]} == measurands
    are_apart(taken_at, SAMPLE_INTERVAL_S)
