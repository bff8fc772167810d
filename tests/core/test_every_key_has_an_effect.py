"""Every configuration key does something: with another value the same story ends in another way.

An experiment plays one story twice, on stations that differ in this key alone, and says what is to be seen. A key
that a product lists and no experiment shows is the commonest defect of charge points: a key that does nothing.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import Any, Final, NamedTuple

import pytest
from payment_bench import MINUTES_FOR_2_KWH, Till, accepted
from station_bench import INVALID, TAG, Bench

from pilotline.core.calendar import date_of
from pilotline.core.effects import PingEvery, Reboot, ReserveAmount, SendError, SetLightIntensity, SignalTag
from pilotline.spec.messages.core import (
    AuthorizeConf,
    AuthorizeReq,
    ChangeConfigurationReq,
    GetConfigurationReq,
    HeartbeatReq,
    MeterValuesReq,
    RemoteStartTransactionReq,
    ResetReq,
    StartTransactionConf,
    StartTransactionReq,
    StatusNotificationReq,
    StopTransactionReq,
)
from pilotline.spec.messages.local_auth_list_management import SendLocalListReq
from pilotline.spec.messages.remote_trigger import TriggerMessageReq
from pilotline.spec.messages.reservation import ReserveNowReq
from pilotline.spec.messages.structures import AuthorizationData, IdTagInfo
from pilotline.spec.products import adjusted, load_product, product_names
from pilotline.tools.readers import key_readers

Seen = Any


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


# --- stories ---------------------------------------------------------------------------------------------------


def phase(bench: Bench, connector: int = 1) -> str:
    return bench.state.moment.sessions[connector].state


def charges_an_unknown_tag_offline(bench: Bench) -> Seen:
    bench.lose_network().plug().present("STRANGER")
    return phase(bench)


def charges_twice(bench: Bench) -> Seen:
    """How often the Central System is asked about the tag."""
    bench.charge().present().unplug_at_the_ev()
    bench.charge()
    return len(bench.requests(AuthorizeReq))


def charges_a_known_tag_offline(bench: Bench) -> Seen:
    bench.charge().present().unplug_at_the_ev()
    bench.lose_network().plug().present()
    return phase(bench)


def is_started_from_afar(bench: Bench) -> Seen:
    bench.plug()
    bench.asks(RemoteStartTransactionReq(id_tag=TAG, connector_id=1))
    return len(bench.requests(AuthorizeReq)), phase(bench)


def waits_for_a_plug(bench: Bench) -> Seen:
    bench.present().passes(30)
    return phase(bench)


def is_left_alone(bench: Bench) -> Seen:
    bench.passes(100)
    return len(bench.requests(HeartbeatReq))


def is_left_without_an_answer(bench: Bench) -> Seen:
    """Whether the question about the tag is still open after some seconds."""
    bench.says["AuthorizeReq"] = None
    bench.plug().present().passes(15)
    return bench.state.moment.readers[1].state


def samples(bench: Bench) -> Seen:
    """How many samples, and of what."""
    bench.charge().passes(60)
    taken = [value for request in bench.requests(MeterValuesReq) for value in request.meter_value]
    return len(taken), {str(sample.measurand) for value in taken for sample in value.sampled_value}


def ticks(bench: Bench) -> Seen:
    """How many clock-aligned readings of the transaction, and of what."""
    bench.passes(1).charge().passes(150)
    told = [request for request in bench.requests(MeterValuesReq) if request.transaction_id is not None]
    values = [sample for request in told for sample in request.meter_value[0].sampled_value]
    clock = [sample for sample in values if sample.context == "Sample.Clock"]
    return len(clock), {str(sample.measurand) for sample in clock}


def tells_at_the_stop(bench: Bench) -> Seen:
    """The contexts of the transactionData."""
    bench.passes(1).charge().passes(65).present()
    (stop,) = bench.requests(StopTransactionReq)
    return [str(value.sampled_value[0].context) for value in stop.transaction_data or ()]


def measures_phases(bench: Bench) -> Seen:
    """The voltages by phase."""
    bench.charge().passes(60)
    (request,) = bench.requests(MeterValuesReq)
    return [f"{sample.phase} {sample.value}" for sample in request.meter_value[0].sampled_value]


def reports_a_plug(bench: Bench) -> Seen:
    bench.passes(60)
    known = len(bench.requests(StatusNotificationReq))
    bench.plug().passes(5)
    return len(bench.requests(StatusNotificationReq)) - known


def is_unplugged_at_the_ev(bench: Bench) -> Seen:
    bench.charge().unplug_at_the_ev()
    return phase(bench)


def is_unplugged_at_the_ev_and_stopped(bench: Bench) -> Seen:
    """Whether the lock keeps the cable."""
    bench.charge().unplug_at_the_ev()
    return bench.state.moment.kept_cables[1].state


def is_refused_after_the_start(bench: Bench) -> Seen:
    bench.says["StartTransactionReq"] = StartTransactionConf(transaction_id=1, id_tag_info=INVALID)
    bench.plug().present()
    return phase(bench), [request.reason for request in bench.requests(StopTransactionReq)]


def is_refused_and_goes_on(bench: Bench) -> Seen:
    """How much energy it still takes."""
    is_refused_after_the_start(bench)
    bench.passes(200)
    return bench.readings(1).register - 1000


def repeats_a_start(bench: Bench) -> Seen:
    """How often a StartTransaction that is never processed goes out in ten minutes."""
    bench.refuses("StartTransactionReq")
    bench.charge().passes(600)
    return len(bench.requests(StartTransactionReq))


def pings(bench: Bench) -> Seen:
    return [effect.interval_s for effect in bench.effects(PingEvery)]


def is_paid(till: Any) -> Seen:
    """What was reserved, settled and released, and in which currency; nobody tells an amount."""
    till.says["DataTransferReq"] = accepted()
    till.plug()
    till.pay().passes(MINUTES_FOR_2_KWH * 60)
    till.unplug_at_the_ev()
    till.passes(150)
    return till.booked(), [reserve.currency for reserve in till.effects(ReserveAmount)], len(till.questions())


def takes_a_list_of(key: str, *items: str) -> Callable[[Bench], Seen]:
    def story(bench: Bench) -> Seen:
        return bench.asks(ChangeConfigurationReq(key=key, value=",".join(items))).status

    return story


def is_asked_for_keys(*keys: str) -> Callable[[Bench], Seen]:
    def story(bench: Bench) -> Seen:
        answer = bench.asks(GetConfigurationReq(key=keys))
        return answer.code if isinstance(answer, SendError) else len(answer.configuration_key)

    return story


def is_reset_in_vain(bench: Bench) -> Seen:
    """How often the restart is ordered."""
    bench.reboots = False
    bench.asks(ResetReq(type="Hard"))
    bench.passes(10 * bench.product.reboot_deadline_s)
    return len(bench.effects(Reboot))


def refuses_a_tag(bench: Bench) -> Seen:
    """How often the light blinks."""
    bench.says["AuthorizeReq"] = AuthorizeConf(id_tag_info=INVALID)
    bench.present()
    return [effect.blinks for effect in bench.effects(SignalTag)]


def shines(bench: Bench) -> Seen:
    return [effect.percent for effect in bench.effects(SetLightIntensity)]


def charges_a_listed_tag(bench: Bench) -> Seen:
    """How often the Central System is asked about it."""
    assert sends_a_list_of(1)(bench) == "Accepted"
    bench.charge()
    return len(bench.requests(AuthorizeReq))


def sends_a_list_of(entries: int) -> Callable[[Bench], Seen]:
    tags = (TAG, "OTHER")[:entries]
    listed = tuple(AuthorizationData(id_tag=tag, id_tag_info=IdTagInfo(status="Accepted")) for tag in tags)

    def story(bench: Bench) -> Seen:
        request = SendLocalListReq(list_version=1, update_type="Full", local_authorization_list=listed)
        return bench.asks(request).status

    return story


def reserves_any_connector(bench: Bench) -> Seen:
    until = date_of(bench.utc()) + timedelta(hours=1)
    request = ReserveNowReq(connector_id=0, expiry_date=until, id_tag=TAG, reservation_id=1)
    return bench.asks(request).status


def is_triggered(bench: Bench) -> Seen:
    answer = bench.asks(TriggerMessageReq(requested_message="Heartbeat"))
    return answer.code if isinstance(answer, SendError) else answer.status


def is_started_from_afar_on_connector_2(bench: Bench) -> Seen:
    return bench.asks(RemoteStartTransactionReq(id_tag=TAG, connector_id=2)).status


def with_as_many_connectors(product: str, /, **configuration: str) -> Bench:
    """What the station has besides must agree with the number of its connectors."""
    base, number = load_product(product), int(configuration["NumberOfConnectors"])
    parts = {"connectors": base.connectors[:number], "readers": base.readers[:number]}
    return Bench(adjusted(base, configuration, **parts))


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
}  # fmt: skip


@pytest.mark.parametrize("key", EXPERIMENTS)
def test_another_value_ends_the_story_in_another_way(key: str) -> None:
    experiment = EXPERIMENTS[key]
    one, other = experiment.values
    assert experiment.seen[0] != experiment.seen[1]
    assert experiment.story(bench_of(experiment, key, one)) == experiment.seen[0]
    assert experiment.story(bench_of(experiment, key, other)) == experiment.seen[1]


# --- no key is left out ---------------------------------------------------------------------------------------

SMART_CHARGING: Final = "smart charging is not there yet"
WITHOUT_EFFECT: Final[Mapping[str, str]] = {
    "SupportedFeatureProfilesMaxLength": "says how long a list may be that nobody can change",
    "ChargeProfileMaxStackLevel": SMART_CHARGING,
    "ChargingScheduleAllowedChargingRateUnit": SMART_CHARGING,
    "ChargingScheduleMaxPeriods": SMART_CHARGING,
    "ConnectorSwitch3to1PhaseSupported": SMART_CHARGING,
    "MaxChargingProfilesInstalled": SMART_CHARGING,
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
