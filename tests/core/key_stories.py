"""Stories in which a configuration key makes a difference: each is played on a station and says what was seen."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from payment_bench import MINUTES_FOR_2_KWH, accepted
from scenarios.charging_profiles import install, profile
from station_bench import INVALID, TAG, Bench

from pilotline.core.calendar import date_of
from pilotline.core.effects import (
    LimitCurrent,
    OpenContactor,
    PingEvery,
    Reboot,
    ReserveAmount,
    SendError,
    SetLightIntensity,
    SignalTag,
)
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
from pilotline.spec.messages.structures import AuthorizationData, ChargingProfile, IdTagInfo
from pilotline.spec.products import adjusted, load_product

Seen = Any


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


def is_sent_profiles(*profiles: tuple[int, ChargingProfile]) -> Callable[[Bench], Seen]:
    """What is answered to the last of them."""

    def story(bench: Bench) -> Seen:
        return [bench.asks(install(connector, new)).status for connector, new in profiles][-1]

    return story


def is_limited_to_one_phase(bench: Bench) -> Seen:
    """On how many phases the car may draw, and how often the contactor opened for that."""
    bench.charge()
    bench.asks(install(1, profile(1, "TxProfile", (0, "10"), phases=1)))
    return bench.effects(LimitCurrent)[-1].phases, sum(
        e.connector == 1 for e in bench.effects(OpenContactor)
    ) - 1
