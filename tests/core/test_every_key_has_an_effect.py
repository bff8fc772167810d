"""Every configuration key does something: with another value the same story ends in another way.

An experiment plays one story twice, on stations that differ in this key alone, and says what is to be seen. A key
that a product lists and no experiment shows is the commonest defect of charge points: a key that does nothing.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

import pytest
from core.key_stories import (
    Seen,
    charges_a_known_tag_offline,
    charges_a_listed_tag,
    charges_an_unknown_tag_offline,
    charges_twice,
    is_asked_for_keys,
    is_left_alone,
    is_left_without_an_answer,
    is_limited_to_one_phase,
    is_paid,
    is_refused_after_the_start,
    is_refused_and_goes_on,
    is_reset_in_vain,
    is_sent_profiles,
    is_started_from_afar,
    is_started_from_afar_on_connector_2,
    is_triggered,
    is_unplugged_at_the_ev,
    is_unplugged_at_the_ev_and_stopped,
    measures_phases,
    pings,
    refuses_a_tag,
    repeats_a_start,
    reports_a_plug,
    reserves_any_connector,
    samples,
    sends_a_list_of,
    shines,
    takes_a_list_of,
    tells_at_the_stop,
    ticks,
    waits_for_a_plug,
    with_as_many_connectors,
)
from payment_bench import Till
from scenarios.charging_profiles import profile
from station_bench import Bench

from pilotline.spec.products import load_product, product_names
from pilotline.tools.readers import key_readers


class Experiment(NamedTuple):
    """One story, the two values it is played with, and what is seen with each."""

    values: tuple[str, str]
    story: Callable[[Bench], Seen]
    seen: tuple[Seen, Seen]
    besides: Mapping[str, str | None] = MappingProxyType({})
    """Other keys that the story needs, the same in both; None: not offered."""
    product: str = "reference"
    bench: Callable[..., Bench] = Bench


def bench_of(experiment: Experiment, key: str, value: str) -> Bench:
    return experiment.bench(experiment.product, **{**experiment.besides, key: value})


ENERGY: Final = "Energy.Active.Import.Register"
POWER: Final = "Power.Active.Import"
ONLY_CORE: Final = {key.name: None for key in load_product("reference").offered_keys if key.profile != "Core"}
NO_PRE_AUTHORIZATION: Final = {"LocalPreAuthorize": "false", "AllowOfflineTxForUnknownId": "false"}

RELEASED: Final = (5000, 0, 5000)


def paying(values: tuple[str, str], *seen: Seen) -> Experiment:
    one, other = seen
    return Experiment(values, is_paid, (one, other), product="c6eu", bench=Till)


EXPERIMENTS: Final[dict[str, Experiment]] = {
    "CCOActive": paying(("true", "false"), ([RELEASED], ["EUR"], 10), ([], [], 0)),
    "CCOAuthorizationAmount": paying(
        ("5000", "70"), ([RELEASED], ["EUR"], 10), ([(70, 0, 70)], ["EUR"], 10)
    ),
    "CCOCurrency": paying(("EUR", "CHF"), ([RELEASED], ["EUR"], 10), ([RELEASED], ["CHF"], 10)),
    "CCOFallbackPricePerKWh": paying(
        ("0", "0.39"), ([RELEASED], ["EUR"], 10), ([(5000, 78, 4922)], ["EUR"], 10)
    ),
    "CCORequestSettlementAmountMessageAttempts": paying(
        ("10", "3"), ([RELEASED], ["EUR"], 10), ([RELEASED], ["EUR"], 3)
    ),
    "CCORequestSettlementAmountMessageRetryInterval": paying(
        ("15", "60"), ([RELEASED], ["EUR"], 10), ([(5000, 0, 0)], ["EUR"], 3)
    ),
    "AllowOfflineTxForUnknownId": Experiment(
        ("false", "true"), charges_an_unknown_tag_offline, ("awaiting_id_tag", "charging")
    ),
    "AuthorizationCacheEnabled": Experiment(
        ("true", "false"), charges_twice, (1, 2), {"LocalPreAuthorize": "true"}
    ),
    "AuthorizeRemoteTxRequests": Experiment(
        ("true", "false"), is_started_from_afar, ((1, "charging"), (0, "charging"))
    ),
    "BlinkRepeat": Experiment(("0", "3"), refuses_a_tag, ([0], [3])),
    "ConnectionTimeOut": Experiment(("20", "40"), waits_for_a_plug, ("idle", "awaiting_plug")),
    "GetConfigurationMaxKeys": Experiment(
        ("1", "2"), is_asked_for_keys("BlinkRepeat", "LightIntensity"), ("OccurenceConstraintViolation", 2)
    ),
    "HeartbeatInterval": Experiment(("30", "45"), is_left_alone, (3, 2)),
    "LightIntensity": Experiment(("0", "70"), shines, ([0], [70])),
    "LocalAuthorizeOffline": Experiment(
        ("true", "false"), charges_a_known_tag_offline, ("charging", "awaiting_id_tag"), NO_PRE_AUTHORIZATION
    ),
    "LocalPreAuthorize": Experiment(("true", "false"), charges_twice, (1, 2)),
    "MaxEnergyOnInvalidId": Experiment(
        ("0", "50"), is_refused_and_goes_on, (0, 50), {"StopTransactionOnInvalidId": "false"}
    ),
    "ClockAlignedDataInterval": Experiment(
        ("0", "60"), ticks, ((0, set()), (2, {ENERGY})), {"MeterValuesAlignedData": ENERGY}
    ),
    "ConnectorPhaseRotation": Experiment(
        ("1.RST", "1.TRS"),
        measures_phases,
        (["L1 230", "L2 231", "L3 232"], ["L3 230", "L1 231", "L2 232"]),
        {"MeterValuesSampledData": "Voltage", "MeterValueSampleInterval": "60"},
    ),
    "MeterValuesAlignedData": Experiment(
        (ENERGY, POWER), ticks, ((2, {ENERGY}), (2, {POWER})), {"ClockAlignedDataInterval": "60"}
    ),
    "StopTransactionMaxMeterValues": Experiment(
        ("3", "4"),
        tells_at_the_stop,
        (
            ["Transaction.Begin", "Sample.Periodic", "Transaction.End"],
            ["Transaction.Begin", "Sample.Periodic", "Sample.Periodic", "Transaction.End"],
        ),
        {"StopTxnSampledData": ENERGY, "MeterValueSampleInterval": "30"},
    ),
    "StopTxnAlignedData": Experiment(
        ("", ENERGY),
        tells_at_the_stop,
        ([], ["Transaction.Begin", "Sample.Clock", "Transaction.End"]),
        {"StopTxnSampledData": "", "ClockAlignedDataInterval": "60"},
    ),
    "StopTxnSampledData": Experiment(
        ("", ENERGY),
        tells_at_the_stop,
        ([], ["Transaction.Begin", "Sample.Periodic", "Transaction.End"]),
        {"StopTxnAlignedData": "", "MeterValueSampleInterval": "60"},
    ),
    "MessageTimeout": Experiment(("10", "20"), is_left_without_an_answer, ("idle", "authorizing")),
    "MeterValuesSampledData": Experiment(
        (ENERGY, f"{ENERGY},{POWER}"), samples, ((1, {ENERGY}), (1, {ENERGY, POWER}))
    ),
    "MeterValueSampleInterval": Experiment(
        ("0", "20"), samples, ((0, set()), (3, {ENERGY})), {"MeterValuesSampledData": ENERGY}
    ),
    "MinimumStatusDuration": Experiment(("0", "10"), reports_a_plug, (1, 0)),
    "ResetRetries": Experiment(("0", "2"), is_reset_in_vain, (1, 3)),
    "StopTransactionOnEVSideDisconnect": Experiment(
        ("true", "false"), is_unplugged_at_the_ev, ("finishing", "charging")
    ),
    "StopTransactionOnInvalidId": Experiment(
        ("true", "false"), is_refused_after_the_start, (("finishing", ["DeAuthorized"]), ("charging", []))
    ),
    "TransactionMessageAttempts": Experiment(("2", "3"), repeats_a_start, (2, 3)),
    "TransactionMessageRetryInterval": Experiment(("60", "300"), repeats_a_start, (3, 2)),
    "UnlockConnectorOnEVSideDisconnect": Experiment(
        ("true", "false"), is_unplugged_at_the_ev_and_stopped, ("free", "kept")
    ),
    "WebSocketPingInterval": Experiment(("0", "15"), pings, ([0], [15])),
    **{
        f"{key}MaxLength": Experiment(
            ("1", "2"), takes_a_list_of(key, ENERGY, POWER), ("Rejected", "Accepted"), {key: ENERGY}
        )
        for key in ("MeterValuesSampledData", "MeterValuesAlignedData", "StopTxnSampledData", "StopTxnAlignedData")
    },
    "NumberOfConnectors": Experiment(
        ("1", "2"), is_started_from_afar_on_connector_2, ("Rejected", "Accepted"),
        {"ConnectorPhaseRotation": "1.RST"}, bench=with_as_many_connectors,
    ),
    "SupportedFeatureProfiles": Experiment(
        ("Core", "Core,RemoteTrigger"), is_triggered, ("NotSupported", "Accepted"), ONLY_CORE
    ),
    "LocalAuthListEnabled": Experiment(
        ("true", "false"), charges_a_listed_tag, (0, 1), {"LocalPreAuthorize": "true"}
    ),
    "LocalAuthListMaxLength": Experiment(("1", "2"), sends_a_list_of(2), ("Failed", "Accepted")),
    "SendLocalListMaxLength": Experiment(("1", "2"), sends_a_list_of(2), ("Failed", "Accepted")),
    "ReserveConnectorZeroSupported": Experiment(
        ("false", "true"), reserves_any_connector, ("Rejected", "Accepted")
    ),
    "ConnectorPhaseRotationMaxLength": Experiment(
        ("1", "2"), takes_a_list_of("ConnectorPhaseRotation", "1.RST", "2.RST"), ("Rejected", "Accepted"),
        {"ConnectorPhaseRotation": "1.RST"},
    ),
    "ChargeProfileMaxStackLevel": Experiment(
        ("2", "3"), is_sent_profiles((1, profile(1, "TxDefaultProfile", (0, "10"), stack_level=3))),
        ("Rejected", "Accepted"),
    ),
    "ChargingScheduleAllowedChargingRateUnit": Experiment(
        ("Current", "Current,Power"), is_sent_profiles((1, profile(1, "TxDefaultProfile", (0, "7000"), unit="W"))),
        ("Rejected", "Accepted"),
    ),
    "ChargingScheduleMaxPeriods": Experiment(
        ("1", "2"), is_sent_profiles((1, profile(1, "TxDefaultProfile", (0, "10"), (60, "9")))),
        ("Rejected", "Accepted"),
    ),
    "MaxChargingProfilesInstalled": Experiment(
        ("1", "2"),
        is_sent_profiles(
            (1, profile(1, "TxDefaultProfile", (0, "10"))), (2, profile(2, "TxDefaultProfile", (0, "10")))
        ),
        ("Rejected", "Accepted"),
    ),
    "ConnectorSwitch3to1PhaseSupported": Experiment(
        ("false", "true"), is_limited_to_one_phase, ((3, 0), (1, 1))
    ),
}  # fmt: skip


@pytest.mark.parametrize("key", EXPERIMENTS)
def test_another_value_ends_the_story_in_another_way(key: str) -> None:
    experiment = EXPERIMENTS[key]
    one, other = experiment.values
    assert experiment.seen[0] != experiment.seen[1]
    assert experiment.story(bench_of(experiment, key, one)) == experiment.seen[0]
    assert experiment.story(bench_of(experiment, key, other)) == experiment.seen[1]


# --- no key is left out ---------------------------------------------------------------------------------------

WITHOUT_EFFECT: Final[Mapping[str, str]] = {
    "SupportedFeatureProfilesMaxLength": "says how long a list may be that nobody can change",
    "SupportedFileTransferProtocols": "firmware updates and diagnostics are not there yet",
}
"""Keys that a product offers and nothing reads, and why. A key leaves this table with its first reader."""
OFFERED: Final = {key.name for name in product_names() for key in load_product(name).offered_keys}
READERS: Final = {row.key.name: row.readers for row in key_readers()}


def test_every_key_that_a_product_offers_is_shown_or_says_why_not() -> None:
    assert {*EXPERIMENTS, *WITHOUT_EFFECT} == OFFERED


@pytest.mark.parametrize("key", WITHOUT_EFFECT)
def test_what_has_no_effect_is_read_by_nobody(key: str) -> None:
    assert key not in EXPERIMENTS
    assert READERS[key] == ()


@pytest.mark.parametrize("key", EXPERIMENTS)
def test_what_has_an_effect_is_read_by_who_says_so(key: str) -> None:
    assert READERS[key]
