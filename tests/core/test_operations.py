"""What the Central System asks for and gets: the rows of the decision tables that no other test looks at."""

from decimal import Decimal
from typing import Final

import pytest
from station_bench import TAG, Bench

from pilotline.core.calendar import date_of
from pilotline.core.effects import AnswerDataTransfer, Clear, SendError
from pilotline.core.events import CallReceived, DataTransferAnswered
from pilotline.core.state import HeldCall
from pilotline.spec.configuration_keys import KEYS
from pilotline.spec.messages.actions import ACTIONS, Request
from pilotline.spec.messages.core import (
    ChangeAvailabilityReq,
    ClearCacheReq,
    DataTransferConf,
    DataTransferReq,
    GetConfigurationReq,
    RemoteStartTransactionReq,
    UnlockConnectorReq,
)
from pilotline.spec.messages.local_auth_list_management import GetLocalListVersionReq, SendLocalListReq
from pilotline.spec.messages.reservation import CancelReservationReq, ReserveNowReq
from pilotline.spec.messages.structures import ChargingProfile, ChargingSchedule, ChargingSchedulePeriod
from pilotline.spec.products import Product, VendorMessage, adjusted, load_product
from pilotline.spec.types import DataTransferStatus

REFERENCE: Final = load_product("reference")


def core_only() -> Product:
    """The reference product with the profile Core alone."""
    foreign = {key.name: None for key in KEYS if key.profile != "Core"}
    return adjusted(REFERENCE, {**foreign, "SupportedFeatureProfiles": "Core"})


# --- SupportedFeatureProfiles ---------------------------------------------------------------------------------


@pytest.mark.rule(15)
def test_an_action_of_a_profile_that_is_not_listed_is_not_supported() -> None:
    answer = Bench(core_only()).asks(CancelReservationReq(reservation_id=1))
    assert isinstance(answer, SendError)
    assert answer.code == "NotSupported"


@pytest.mark.rule(18)
def test_where_a_confirmation_can_say_so_it_does() -> None:
    """Rejected, NotSupported and -1 are words of the profile that is missing (§5.10, §5.13, §7.47)."""
    bench = Bench(core_only())
    until = date_of(bench.utc())
    reserve = ReserveNowReq(connector_id=1, expiry_date=until, id_tag=TAG, reservation_id=1)
    assert bench.asks(reserve).status == "Rejected"
    assert bench.asks(SendLocalListReq(list_version=1, update_type="Full")).status == "NotSupported"
    assert bench.asks(GetLocalListVersionReq()).list_version == -1
    assert not bench.state.memory.local_list


def test_every_action_of_core_that_the_central_system_may_ask_is_answered_by_a_table() -> None:
    from pilotline.core.declared import OPERATIONS

    asked = {
        row.request for row in ACTIONS.values() if row.profile == "Core" and "CentralSystem" in row.initiators
    }
    assert asked <= {table.request for table in OPERATIONS}


def profile(purpose: str, transaction_id: int | None = None) -> ChargingProfile:
    schedule = ChargingSchedule(
        charging_rate_unit="A",
        charging_schedule_period=(ChargingSchedulePeriod(start_period=0, limit=Decimal(6)),),
    )
    return ChargingProfile(
        charging_profile_id=1,
        transaction_id=transaction_id,
        stack_level=0,
        charging_profile_purpose=purpose,  # type: ignore[arg-type]  # one of the words of §7.11
        charging_profile_kind="Relative",
        charging_schedule=schedule,
    )


@pytest.mark.rule(133)
@pytest.mark.parametrize(
    ("purpose", "transaction_id", "status"),
    [
        ("TxProfile", None, "Accepted"),
        ("TxProfile", 1, "Rejected"),
        ("TxDefaultProfile", None, "Rejected"),
        ("ChargePointMaxProfile", None, "Rejected"),
    ],
)
def test_a_remote_start_takes_only_a_profile_for_its_own_transaction(
    purpose: str, transaction_id: int | None, status: str
) -> None:
    request = RemoteStartTransactionReq(
        id_tag=TAG, connector_id=1, charging_profile=profile(purpose, transaction_id)
    )
    assert Bench().asks(request).status == status
    assert Bench(core_only()).asks(request).status == "Accepted"  # without smart charging it is not looked at


# --- NumberOfConnectors ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("request_of_3", "status"),
    [
        (UnlockConnectorReq(connector_id=3), "NotSupported"),
        (ChangeAvailabilityReq(connector_id=3, type="Inoperative"), "Rejected"),
        (RemoteStartTransactionReq(id_tag=TAG, connector_id=3), "Rejected"),
    ],
)
def test_a_connector_beyond_their_number_is_refused(request_of_3: Request, status: str) -> None:
    assert Bench().asks(request_of_3).status == status


# --- ClearCache -----------------------------------------------------------------------------------------------


@pytest.mark.rule(60)
def test_clear_cache_forgets_all_tags_in_one_change_and_over_a_boot() -> None:
    bench = Bench().charge()
    bench.present().unplug_at_the_ev()
    assert bench.state.memory.cache
    assert bench.asks(ClearCacheReq()).status == "Accepted"
    assert not bench.state.memory.cache
    assert bench.asks(ClearCacheReq()).status == "Accepted"
    bench.power_is_cut()
    assert not bench.state.memory.cache


@pytest.mark.rule(60)
def test_without_a_cache_nothing_can_be_cleared() -> None:
    assert Bench(AuthorizationCacheEnabled="false").asks(ClearCacheReq()).status == "Rejected"
    without = adjusted(REFERENCE, {"AuthorizationCacheEnabled": None})
    assert Bench(without).asks(ClearCacheReq()).status == "Rejected"


def test_the_whole_cache_is_one_change_for_the_store() -> None:
    from pilotline.core.operations.cache import Reads, clear
    from pilotline.core.state import CachedTag, Map

    known = Map({f"tag{n}": CachedTag("Accepted") for n in range(1000)})
    _, changes = clear(Reads(known, True), ClearCacheReq())
    assert changes == (Clear("cache"),)


# --- GetConfigurationMaxKeys ----------------------------------------------------------------------------------


@pytest.mark.rule(145)
def test_as_many_keys_as_the_station_says_are_told() -> None:
    bench = Bench(GetConfigurationMaxKeys="2")
    assert len(bench.asks(GetConfigurationReq(key=("BlinkRepeat", "Nothing"))).configuration_key) == 1
    refused = bench.asks(GetConfigurationReq(key=("BlinkRepeat", "Nothing", "LightIntensity")))
    assert refused.code == "OccurenceConstraintViolation"
    assert len(bench.asks(GetConfigurationReq()).configuration_key) > 2  # all keys are asked for by none


# --- DataTransfer ---------------------------------------------------------------------------------------------

VENDOR: Final = "org.example.vendor"


def transfer(message_id: str | None = None, vendor_id: str = VENDOR) -> DataTransferReq:
    return DataTransferReq(vendor_id=vendor_id, message_id=message_id, data="data")


def declaring(*messages: VendorMessage) -> Bench:
    return Bench(adjusted(REFERENCE, data_transfer=messages))


@pytest.mark.rule(148)
@pytest.mark.parametrize(
    ("request_of_it", "answer"),
    [
        (transfer("Hello"), DataTransferConf(status="Accepted", data="World")),
        (transfer("hELLO", "ORG.example.VENDOR"), DataTransferConf(status="Accepted", data="World")),
        (transfer("Forbidden"), DataTransferConf(status="Rejected")),
        (transfer("Other"), DataTransferConf(status="UnknownMessageId")),
        (transfer(None), DataTransferConf(status="UnknownMessageId")),
        (transfer("Hello", "org.example.nobody"), DataTransferConf(status="UnknownVendorId")),
    ],
)
def test_what_the_product_declares_of_a_vendor_is_answered_at_once(
    request_of_it: DataTransferReq, answer: DataTransferConf
) -> None:
    assert Bench().asks(request_of_it) == answer


def test_a_line_without_a_message_id_stands_for_all_others_of_the_vendor() -> None:
    bench = declaring(
        VendorMessage(vendor_id=VENDOR, message_id="Special", status="Rejected"),
        VendorMessage(vendor_id=VENDOR, status="Accepted"),
    )
    assert [bench.asks(transfer(m)).status for m in ("Special", "Other", None)] == [
        "Rejected",
        "Accepted",
        "Accepted",
    ]


def held(bench: Bench) -> HeldCall:
    (asked,) = bench.effects(AnswerDataTransfer)[-1:]
    assert (asked.vendor_id, asked.message_id, asked.data) == (VENDOR, "Question", "data")
    return asked.call


def test_the_embedder_answers_in_its_own_time() -> None:
    bench = Bench()
    assert bench.asks(transfer("Question")) is None
    bench.passes(5)
    bench.tell(DataTransferAnswered(held(bench), "Accepted", "42"))
    assert bench.answers == [DataTransferConf(status="Accepted", data="42")]


@pytest.mark.parametrize("status", ["Rejected", "UnknownMessageId"])
def test_no_data_goes_with_a_refusal(status: DataTransferStatus) -> None:
    bench = Bench()
    bench.asks(transfer("Question"))
    bench.tell(DataTransferAnswered(held(bench), status, "42"))
    assert bench.answers == [DataTransferConf(status=status)]


def test_an_embedder_that_says_nothing_has_rejected_and_is_too_late_then() -> None:
    bench = Bench()
    bench.asks(transfer("Question"))
    bench.passes(REFERENCE.data_transfer_deadline_s)
    assert bench.answers == [DataTransferConf(status="Rejected")]
    bench.asks(transfer("Question"))
    first = bench.effects(AnswerDataTransfer)[0].call
    bench.tell(DataTransferAnswered(first, "Accepted"))
    assert len(bench.answers) == 1  # that was for the first one, whose time is over
    bench.tell(DataTransferAnswered(held(bench), "Accepted"))
    assert bench.answers[1:] == [DataTransferConf(status="Accepted")]


def test_a_second_one_meanwhile_is_rejected_and_the_same_one_is_being_handled() -> None:
    bench = Bench()
    bench.asks(transfer("Question"))
    assert bench.asks(transfer("Question")) == DataTransferConf(status="Rejected")
    assert bench.asks(transfer("Hello")) == DataTransferConf(status="Accepted", data="World")
    call = held(bench)
    bench.tell(CallReceived(call.connection, call.message_id, transfer("Question")))
    refused = bench.answers[-1]
    assert isinstance(refused, SendError)
    assert refused.description == "this message id is being handled"


def test_a_lost_link_leaves_nobody_to_be_answered() -> None:
    bench = Bench()
    bench.asks(transfer("Question"))
    call = held(bench)
    bench.lose_network()
    bench.tell(DataTransferAnswered(call, "Accepted"))
    assert bench.answers == []
    assert bench.state.moment.vendor.state == "idle"
