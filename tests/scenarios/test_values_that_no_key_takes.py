"""ChangeConfiguration with what is no value of the key: a clear answer, and nothing is stored (OCPP 1.6 §5.3)."""

from collections.abc import Iterator
from typing import Final

import pytest
from station_bench import Bench

from pilotline.core.effects import PingEvery
from pilotline.spec.configuration_keys import ConfigurationKey
from pilotline.spec.messages.core import ChangeConfigurationReq
from pilotline.spec.products import load_product

NO_NUMBERS: Final = ("", "x", "1.5", " 5", "5 s", "0x10", "1e3", "+5", "--5", "9" * 11, "9" * 500, "-9" * 200)
NO_BOOLEANS: Final = ("", "1", "0", "yes", "on", "true ", "null")


def bad_values(key: ConfigurationKey) -> Iterator[str]:
    match key.type:
        case "integer":
            yield from (*NO_NUMBERS, str(key.minimum - 1), str(key.maximum + 1), "-2147483649")
        case "decimal":
            yield from ("", "x", "1,5", "1e3", ".5", "NaN", "Infinity", str(key.minimum - 1))
        case "boolean":
            yield from NO_BOOLEANS
        case "csl" if key.items is not None:
            yield from ("Nonsense", f"{key.items[0]},", f",{key.items[0]}", f"{key.items[0]},Nonsense")
            yield f"{key.items[0]},{key.items[0]}"
        case _:
            pass


CASES: Final = [
    pytest.param(product, key, value, id=f"{product}-{key.name}-{value[:12]!r}")
    for product in ("c6eu", "reference")
    for key in load_product(product).offered_keys
    if key.access == "RW"
    for value in bad_values(key)
]
STATIONS: Final = {product: Bench(product) for product in ("c6eu", "reference")}


@pytest.mark.rule(118, 143)
@pytest.mark.parametrize(("product", "key", "value"), CASES)
def test_it_is_rejected_and_nothing_is_stored(product: str, key: ConfigurationKey, value: str) -> None:
    bench = STATIONS[product]
    before = bench.state.memory
    assert bench.asks(ChangeConfigurationReq(key=key.name, value=value)).status == "Rejected"
    assert bench.state.memory is before


@pytest.mark.rule(143)
@pytest.mark.parametrize("product", ["c6eu", "reference"])
def test_a_read_only_key_is_rejected_even_with_the_value_it_has(product: str) -> None:
    bench = Bench(product)
    before = bench.state.memory
    for key in bench.product.offered_keys:
        if key.access == "R":
            value = before.configuration.text(key.name) or ""
            assert bench.asks(ChangeConfigurationReq(key=key.name, value=value)).status == "Rejected"
    assert bench.state.memory is before


@pytest.mark.rule(143)
def test_an_unknown_key_is_not_supported_and_a_known_one_is_in_force_at_once() -> None:
    bench = Bench()
    assert bench.asks(ChangeConfigurationReq(key="Nonsense", value="1")).status == "NotSupported"
    assert bench.asks(ChangeConfigurationReq(key="CONNECTIONTIMEOUT", value="7")).status == "Accepted"
    assert bench.present().passes(7).state.moment.sessions[1].state == "idle"


@pytest.mark.rule(23)
def test_the_interval_of_pings_is_not_negative_and_0_ends_them() -> None:
    bench = Bench()
    for value, answer in (("-1", "Rejected"), ("0", "Accepted"), ("15", "Accepted")):
        change = ChangeConfigurationReq(key="WebSocketPingInterval", value=value)
        assert bench.asks(change).status == answer
    assert [effect.interval_s for effect in bench.effects(PingEvery)] == [30, 0, 15]
