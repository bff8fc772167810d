"""Drivers, faults, lost networks and power cuts at random, in virtual time: what must always hold."""

import asyncio
import contextlib
from collections import Counter as Tally
from typing import Any

from adapters.virtual_station import TAG, Bench, ac, running
from hypothesis import given, settings
from hypothesis import strategies as st

from pilotline.adapters.simulated_car import Car
from pilotline.adapters.simulated_world import SimulationError
from pilotline.spec.products import Product, adjusted, load_product

connectors = st.sampled_from([1, 2])
cars = st.builds(Car, soc_percent=st.integers(10, 100), capacity_wh=st.just(40_000), paused=st.booleans())
acts = st.one_of(
    st.tuples(st.just("passes"), st.sampled_from([0.0, 0.1, 0.33, 1, 20, 70, 400, 4000])),
    st.tuples(st.just("charge"), connectors, cars),
    st.tuples(st.just("plug_in"), connectors, cars),
    st.tuples(st.just("present_tag"), connectors, st.sampled_from([TAG, "OTHER"])),
    st.tuples(st.sampled_from(["unplug_ev", "unplug_station", "pause_ev", "resume_ev"]), connectors),
    st.tuples(st.sampled_from(["jam_lock", "weld_contactor"]), connectors, st.booleans()),
    st.tuples(st.sampled_from(["raise_fault", "clear_fault"]), st.integers(0, 2), st.just("GroundFailure")),
    st.tuples(
        st.just("clear_fault"), connectors, st.sampled_from(["PowerSwitchFailure", "ConnectorLockFailure"])
    ),
    st.tuples(
        st.sampled_from(["mute", "unmute"]),
        st.sampled_from(["StatusNotification", "Authorize", "MeterValues"]),
    ),
    st.tuples(st.sampled_from(["lose_network", "restore_network", "cut_power"])),
)
PRODUCTS = (ac(), ac(power_cut="resume"), adjusted(load_product("c6eu"), reconnect_jitter_percent=0))


async def _act(bench: Bench, name: str, *arguments: Any) -> None:
    match name:
        case "passes":
            await bench.passes(*arguments)
        case "charge":
            await _act(bench, "plug_in", *arguments)
            await _act(bench, "present_tag", arguments[0], TAG)
        case "mute":
            bench.system.mute.add(*arguments)
        case "unmute":
            bench.system.mute.discard(*arguments)
        case "cut_power":
            await bench.station.cut_power()
        case "lose_network" | "restore_network":
            getattr(bench.station, name)()
        case _:
            with contextlib.suppress(SimulationError):
                getattr(bench.world, name)(*arguments)


def _nothing_flows_unasked(bench: Bench) -> None:
    for connector in (1, 2):
        if bench.world.point(connector).closed and not bench.world.point(connector).welded:
            transactions = bench.station.state.memory.transactions.values()
            states = [t.state for t in transactions if t.connector == connector]
            assert "running" in states or "stopping" in states or "stopped" in states


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(PRODUCTS), st.lists(acts, min_size=10, max_size=40))
def test_each_transaction_is_told_once_in_order_and_with_its_energy(
    product: Product, script: list[Any]
) -> None:
    async def scenario() -> None:
        async with running(product) as bench:
            for act in script:
                await _act(bench, *act)
                await bench.passes(0)
                _nothing_flows_unasked(bench)
            await _come_to_rest(bench)
            _everything_was_told_once(bench)

    asyncio.run(scenario())


async def _come_to_rest(bench: Bench) -> None:
    bench.system.mute.clear()
    bench.station.restore_network()
    await bench.station.cut_power()
    for connector in (1, 2):
        for act in ("unplug_ev", "unplug_station"):
            await bench.passes(5)
            with contextlib.suppress(SimulationError):
                getattr(bench.world, act)(connector)
    await bench.passes(2000)
    assert not bench.station.state.memory.outbox
    assert not bench.station.state.memory.transactions


def _everything_was_told_once(bench: Bench) -> None:
    payloads: dict[str, tuple[str, dict[str, Any]]] = {}
    for action, payload, message_id in bench.system.said:
        assert payloads.setdefault(message_id, (action, payload)) == (action, payload)
    told = list(payloads.values())
    starts = [payload for action, payload in told if action == "StartTransaction"]
    stops = {payload["transactionId"]: payload for action, payload in told if action == "StopTransaction"}
    assert Tally(action for action, _ in told)["StopTransaction"] == len(stops) == len(starts)
    registers = {1: 0, 2: 0}
    for number, start in enumerate(starts, start=101):
        assert registers[start["connectorId"]] <= start["meterStart"] <= stops[number]["meterStop"]
        registers[start["connectorId"]] = stops[number]["meterStop"]
