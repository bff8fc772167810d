"""Metering of a whole station on a real WebSocket: ticks, transactionData over a cut, allowed energy, a full queue."""

import asyncio
from pathlib import Path
from typing import Any

from adapters.link_bench import listening
from adapters.virtual_station import ac
from adapters.websocket_site import Log, Site, charging, site
from ocpp.v16.enums import AuthorizationStatus

from pilotline.adapters.store import SqliteStore
from pilotline.spec.products import Product

REGISTER = "Energy.Active.Import.Register"
INTERVAL = "Energy.Active.Import.Interval"


def station(**facts: Any) -> Product:
    return ac(reconnect_min_s=2, reconnect_max_s=8, **facts)


def sums(meter_value: dict[str, Any]) -> dict[str, int]:
    """The energy that a MeterValue shows, of all phases together."""
    shown = [v for v in meter_value["sampled_value"] if "phase" not in v]
    return {v["measurand"]: int(v["value"]) for v in shown if v["measurand"] in (REGISTER, INTERVAL)}


async def stops(place: Site, log: Log) -> dict[str, Any]:
    place.world.present_tag(1, "CAFE")
    await place.passes(1)
    await log.has("StopTransaction")
    return log.all("StopTransaction")[-1]


def test_ticks_of_all_points_on_the_grid() -> None:
    async def scenario() -> None:
        log = Log()
        keys = {
            "ClockAlignedDataInterval": "60",
            "MeterValueSampleInterval": "0",
            "MeterValuesAlignedData": f"{REGISTER},{INTERVAL}",
        }
        async with listening(log.behave) as url, site(url, product=station(configuration=keys)) as place:
            await log.has("Status 2 Available")
            await place.passes(0.1)
            await log.has("MeterValues", 3)  # it boots at midnight, which is a tick
            await charging(place, log)
            log.entries.clear()
            for number in (1, 2):
                await place.passes(60)
                await log.has("MeterValues", number * 3)
            told = log.all("MeterValues")
            of_1 = [t for t in told if t["connector_id"] == 1]
            assert {t.get("transaction_id") for t in of_1} == {4711}
            assert {t.get("transaction_id") for t in told if t["connector_id"] != 1} == {None}
            for connector in (0, 1, 2):
                times = [
                    value["timestamp"]
                    for t in told
                    if t["connector_id"] == connector
                    for value in t["meter_value"]
                    if REGISTER in sums(value)
                ]
                assert times == ["2026-01-01T00:01:00.000Z", "2026-01-01T00:02:00.000Z"]
            main, own = (
                sums(next(t for t in told if t["connector_id"] == c)["meter_value"][0]) for c in (0, 1)
            )
            assert main == own == {REGISTER: own[REGISTER]}
            assert 0 < own[REGISTER] <= place.world.point(1).register_wh

    asyncio.run(scenario())


def test_what_a_stop_tells_was_kept_over_a_power_cut(tmp_path: Path) -> None:
    async def scenario() -> None:
        log = Log()
        store = SqliteStore(tmp_path / "station.db")
        keys = {"StopTxnSampledData": f"{REGISTER},{INTERVAL}", "MeterValueSampleInterval": "60"}
        async with (
            listening(log.behave) as url,
            site(url, store, product=station(configuration=keys, power_cut="resume")) as place,
        ):
            await charging(place, log)
            await place.passes(90)
            await log.has("MeterValues")
            await place.station.cut_power()
            await log.has("Status 1 Charging", 2)
            await place.passes(70)
            stop = await stops(place, log)
        store.close()
        data = [(v["sampled_value"][0]["context"], sums(v)) for v in stop["transaction_data"]]
        assert [context for context, _ in data] == [
            "Transaction.Begin",
            "Sample.Periodic",
            "Sample.Periodic",
            "Interruption.Begin",
            "Interruption.End",
            "Sample.Periodic",
            "Sample.Periodic",
            "Sample.Periodic",
            "Transaction.End",
        ]
        registers = [values[REGISTER] for _, values in data if REGISTER in values]
        assert registers == sorted(registers)
        assert registers[-1] == stop["meter_stop"]
        assert sum(values.get(INTERVAL, 0) for _, values in data) == stop["meter_stop"] - registers[0]

    asyncio.run(scenario())


def test_a_refused_start_takes_the_energy_that_is_allowed_and_no_more() -> None:
    async def scenario() -> None:
        log = Log()
        log.says_of_starts = AuthorizationStatus.invalid
        async with (
            listening(log.behave) as url,
            site(url, product=station(configuration={"MaxEnergyOnInvalidId": "100"})) as place,
        ):
            await charging(place, log)
            await place.passes(30)
            assert log.all("StopTransaction") == []
            await place.passes(10)
            await log.has("StopTransaction")
            (start,), (stop,) = log.all("StartTransaction"), log.all("StopTransaction")
            assert stop["reason"] == "DeAuthorized"
            assert 100 <= stop["meter_stop"] - start["meter_start"] <= 105  # it looks once in a second

    asyncio.run(scenario())


def test_a_queue_that_was_full_offline_tells_the_first_and_the_last_sample() -> None:
    async def scenario() -> None:
        log = Log()
        async with listening(log.behave) as url, site(url, product=station(outbox_max=10)) as place:
            await charging(place, log)
            place.station.lose_network()
            await place.passes(60 * 30 + 5)
            place.world.present_tag(1, "CAFE")
            await place.passes(1)
            place.station.restore_network()
            await place.passes(8)
            await place.link_is("up")
            await log.has("StopTransaction")
        registers = [sums(told["meter_value"][0])[REGISTER] for told in log.all("MeterValues")]
        assert 3 < len(registers) <= 10
        assert registers == sorted(registers)
        per_minute = 11_000 / 60
        assert abs(registers[0] - per_minute) < 5
        assert abs(registers[-1] - 30 * per_minute) < 5

    asyncio.run(scenario())
