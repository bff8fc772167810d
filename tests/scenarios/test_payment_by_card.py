"""Payment by card at the station, point by point of docs/payment.md; every point is an interpretation of ours."""

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

import pytest
from payment_bench import ATTEMPTS, MINUTES_FOR_2_KWH, RETRY, Till, accepted
from station_bench import INVALID, Bench

from pilotline.core.calendar import date_of
from pilotline.core.effects import ReleaseAmount, ReserveAmount, SettleAmount, SignalCard
from pilotline.core.events import (
    CardPresented,
    FaultDetected,
)
from pilotline.core.snapshot import memory_of, records_of
from pilotline.core.state import UtcTime
from pilotline.spec.messages.core import (
    AuthorizeConf,
    AuthorizeReq,
    ChangeAvailabilityReq,
    DataTransferConf,
    GetConfigurationReq,
    StartTransactionReq,
    StopTransactionReq,
)
from pilotline.spec.messages.reservation import ReserveNowReq
from pilotline.spec.payment import MESSAGE_ID, VENDOR_ID
from pilotline.spec.products import load_product

# --- 1 to 3: what the keys mean ------------------------------------------------------------------------------


def test_1_switched_off_nothing_happens() -> None:
    till = Till(CCOActive="false")
    till.plug()
    till.pay()
    assert till.effects(ReserveAmount) == []
    assert till.effects(SignalCard) == [SignalCard(1, False)]
    assert till.phase() == "awaiting_id_tag"


def test_1_a_product_without_the_keys_takes_no_cards() -> None:
    assert load_product("reference").terminals == ()
    till = Till("reference")
    till.pay()
    assert (till.ledger, till.cards()) == ({}, [])


def test_2_and_3_the_amount_is_reserved_in_minor_units_of_the_currency() -> None:
    till = Till(CCOAuthorizationAmount="7500", CCOCurrency="SEK")
    till.pay()
    (reserve,) = till.effects(ReserveAmount)
    assert (reserve.amount, reserve.currency) == (7500, "SEK")


# --- 4: no reservation, no start -----------------------------------------------------------------------------


def test_4_the_card_yields_an_id_tag_that_is_used_like_any_tag() -> None:
    till = Till()
    till.charge_and_leave()
    till.charge_and_leave(card="another")
    till.power_is_cut()
    till.charge_and_leave()
    tags = [request.id_tag for request in till.requests(StartTransactionReq)]
    assert tags == [request.id_tag for request in till.requests(AuthorizeReq)]
    assert len(set(tags)) == 3
    assert all(0 < len(tag) <= 20 for tag in tags)
    assert list(till.ledger) == tags


def test_4_an_id_tag_keeps_within_20_characters_for_a_million_million_cards() -> None:
    till = Till()
    boot, terminal = till.state.memory.boot, till.state.memory.terminal
    memory = {
        "boot": type(boot)(boot.number, "0123456789abcdef", boot.model),
        "terminal": type(terminal)("ready", 10**12),
    }
    till._memory = memory_of(
        till.product,
        [(name, key, memory.get(name, record)) for name, key, record in records_of(till.state.memory)],
    )
    till.power_on()
    till.pay()
    (reserve,) = till.effects(ReserveAmount)
    assert len(reserve.reference) <= 20


def test_4_a_card_that_is_refused_starts_nothing() -> None:
    till = Till()
    till.good_for = 4999
    till.plug()
    till.pay()
    assert till.requests(AuthorizeReq) == []
    assert (till.phase(), till.cards()) == ("awaiting_id_tag", [])
    assert till.effects(SignalCard) == [SignalCard(1, False)]


def test_4_the_card_may_come_before_the_plug() -> None:
    till = Till()
    till.pay(2)
    assert till.phase(2) == "awaiting_plug"
    till.plug(2)
    assert till.phase(2) == "charging"


def test_4_the_same_card_again_stops_its_transaction() -> None:
    till = Till()
    till.plug()
    till.pay().passes(60)
    till.pay()
    (stop,) = till.requests(StopTransactionReq)
    assert (stop.reason, stop.id_tag) == ("Local", till.requests(StartTransactionReq)[0].id_tag)
    assert len(till.ledger) == 1


@pytest.mark.parametrize("why", ["in use", "faulted", "Inoperative", "reserved", "of no terminal"])
def test_4_no_money_is_reserved_for_a_connector_that_cannot_be_used(why: str) -> None:
    till = Till()
    if why == "in use":
        till.charge()
    elif why == "faulted":
        till.tell(FaultDetected(1, "GroundFailure"))
    elif why == "Inoperative":
        till.asks(ChangeAvailabilityReq(connector_id=1, type="Inoperative"))
    elif why == "reserved":
        till.asks(
            ReserveNowReq(
                connector_id=1,
                expiry_date=date_of(UtcTime(till.utc() + 60_000)),
                id_tag="TAG",
                reservation_id=1,
            )
        )
    till.tell(CardPresented(2 if why == "of no terminal" else 1, 1, "visa"))
    assert till.effects(ReserveAmount) == []
    assert till.effects(SignalCard)[-1].accepted is False


# --- 5 and 6: the question and its answer --------------------------------------------------------------------


def test_5_after_the_stop_is_delivered_the_central_system_is_asked() -> None:
    till = Till()
    till.charge_and_leave()
    (question,) = till.questions()
    assert (question.vendor_id, question.message_id) == (VENDOR_ID, MESSAGE_ID)
    assert json.loads(question.data or "") == {"transactionId": 1}
    (stop,) = till.requests(StopTransactionReq)
    assert till.sent.index(question) > till.sent.index(stop)


def test_5_not_before_it_is_delivered() -> None:
    till = Till()
    till.says["StopTransactionReq"] = None
    till.charge_and_leave()
    assert till.questions() == []
    till.says["StopTransactionReq"] = Bench("c6eu").says["StopTransactionReq"]
    till.passes(200)
    assert len(till.questions()) == 1


def test_5_the_stop_of_another_transaction_is_none_of_its_business() -> None:
    till = Till()
    till.charge(2)
    till.plug(1)
    till.pay(1).passes(60)
    till.unplug_at_the_ev(2)
    assert (till.questions(), till.cards()) == ([], ["started"])


@pytest.mark.parametrize(
    ("data", "booked"),
    [
        ('{"amount":1234}', (5000, 1234, 3766)),
        ('{"amount":5000}', (5000, 5000, 0)),
        ('{"amount":5001}', (5000, 5000, 0)),
        ('{"amount":0}', (5000, 0, 5000)),
        ('{"amount":1234,"currency":"EUR","more":[1]}', (5000, 1234, 3766)),
    ],
)
def test_6_the_amount_is_settled_within_the_reservation_and_the_rest_released(
    data: str, booked: tuple[int, int, int]
) -> None:
    till = Till(CCOFallbackPricePerKWh="0.39")
    till.says["DataTransferReq"] = accepted(data)
    till.charge_and_leave()
    assert till.booked() == [booked]
    assert till.cards() == []
    assert len(till.questions()) == 1


# --- 7 and 8: no answer that can be used ---------------------------------------------------------------------

UNUSABLE: Final[dict[str, DataTransferConf | None]] = {
    "Rejected": DataTransferConf(status="Rejected", data='{"amount":1}'),
    "UnknownVendorId": DataTransferConf(status="UnknownVendorId"),
    "UnknownMessageId": DataTransferConf(status="UnknownMessageId"),
    "silence": None,
    **{
        text: accepted(text)
        for text in (
            "", "1234", "null", "[]", "{}", '{"amount":-1}', '{"amount":"12"}', '{"amount":1.5}',
            '{"amount":true}', '{"amount":null}', '{"amount":1e9}', '{"amount":12', "\ud800",
            '{"amount":12,"currency":"SEK"}',
        )
    },
    "no data": accepted(),
}  # fmt: skip


@pytest.mark.parametrize("answer", UNUSABLE)
def test_7_without_a_usable_amount_it_is_asked_again_at_most_ten_times(answer: str) -> None:
    till = Till()
    till.says["DataTransferReq"] = UNUSABLE[answer]
    till.charge_and_leave()
    till.passes(14)
    assert len(till.questions()) == 1
    till.passes(3600)
    assert len(till.questions()) == 10
    assert till.booked() == [(5000, 0, 5000)]


def test_7_a_callerror_counts_as_an_attempt_and_the_interval_is_kept() -> None:
    till = Till(**{ATTEMPTS: "3", RETRY: "20"})
    till.refuses("DataTransferReq")
    till.charge_and_leave()
    asked = [len(till.questions())]
    for _ in range(5):
        till.passes(10)
        asked.append(len(till.questions()))
    assert asked == [1, 1, 2, 2, 3, 3]
    assert till.booked() == [(5000, 0, 5000)]


def test_7_an_answer_at_the_last_attempt_counts() -> None:
    till = Till(**{ATTEMPTS: "2"}, CCOFallbackPricePerKWh="9")
    till.says["DataTransferReq"] = accepted()
    till.charge_and_leave()
    till.says["DataTransferReq"] = accepted('{"amount":7}')
    till.passes(15)
    assert till.booked() == [(5000, 7, 4993)]


def test_7_an_interval_of_nothing_is_still_a_pause() -> None:
    till = Till(**{RETRY: "0"})
    till.says["DataTransferReq"] = accepted()
    till.charge_and_leave()
    till.passes(5)
    assert len(till.questions()) == 6


@pytest.mark.parametrize(
    ("price", "booked"),
    [
        ("0", (5000, 0, 5000)),
        ("0.39", (5000, 78, 4922)),
        ("0.0025", (5000, 1, 4999)),
        ("0.002", (5000, 0, 5000)),
        ("50", (5000, 5000, 0)),
    ],
)
def test_8_the_fallback_price_decides_when_all_attempts_are_spent(
    price: str, booked: tuple[int, int, int]
) -> None:
    till = Till(CCOFallbackPricePerKWh=price, **{ATTEMPTS: "1"})
    till.says["DataTransferReq"] = accepted()
    till.charge_and_leave()
    assert till.booked() == [booked]
    (start,), (stop,) = till.requests(StartTransactionReq), till.requests(StopTransactionReq)
    assert stop.meter_stop - start.meter_start == 2_000
    assert booked[1] == min(5000, int(Decimal(price) * 2 * 100 + Decimal("0.5")))


def test_8_a_start_that_was_never_processed_has_no_id_to_ask_for() -> None:
    till = Till(CCOFallbackPricePerKWh="0.39")
    till.refuses("StartTransactionReq")
    till.plug()
    till.pay().passes(MINUTES_FOR_2_KWH * 60)
    till.unplug_at_the_ev()
    assert till.questions() == []
    assert till.booked() == [(5000, 78, 4922)]


# --- 9: abandoned before a transaction -----------------------------------------------------------------------


def no_plug(till: Till) -> None:
    till.pay()
    till.passes(161)


def tag_refused(till: Till) -> None:
    till.says["AuthorizeReq"] = AuthorizeConf(id_tag_info=INVALID)
    till.plug()
    till.pay()


def offline(till: Till) -> None:
    till.lose_network()
    till.plug()
    till.pay()


def given_up(till: Till) -> None:
    till.pay()
    till.pay()


def power_cut(till: Till) -> None:
    till.pay()
    till.power_is_cut()


def terminal_silent(till: Till) -> None:
    till.hears = False
    till.pay()
    till.hears = True
    till.passes(61)


@pytest.mark.parametrize(
    "abandon", [no_plug, tag_refused, offline, given_up, power_cut, terminal_silent], ids=lambda f: f.__name__
)
def test_9_what_comes_to_no_transaction_is_released_without_a_question(
    abandon: Callable[[Till], None],
) -> None:
    till = Till()
    abandon(till)
    assert till.cards() == []
    assert all(booked == (5000, 0, 5000) for booked in till.booked())
    assert [release.reference for release in till.effects(ReleaseAmount)] == [
        reserve.reference for reserve in till.effects(ReserveAmount)
    ]
    assert till.requests(StartTransactionReq) == []
    assert till.questions() == []


def test_9_a_tag_that_takes_the_connector_meanwhile_leaves_the_card_its_money() -> None:
    till = Till()
    till.plug()
    till.says["AuthorizeReq"] = None
    till.pay()
    till.present("TAG")
    till.says["AuthorizeReq"] = Bench("c6eu").says["AuthorizeReq"]
    till.passes(31)  # nobody has answered about the card; about the tag somebody does
    assert (till.phase(), till.booked()) == ("charging", [(5000, 0, 5000)])


# --- 10 and 11: beside the queue, over restarts, offline -----------------------------------------------------


def test_10_an_open_question_keeps_no_transaction_message_back_for_longer_than_a_call() -> None:
    till = Till()
    till.charge(2)
    till.says["DataTransferReq"] = None
    till.charge_and_leave(1)
    till.unplug_at_the_ev(2)
    assert len(till.state.memory.outbox) == 1
    till.passes(30)
    assert not till.state.memory.outbox
    assert till.cards() == ["waiting"]


def test_10_the_question_goes_behind_what_the_queue_has_to_send() -> None:
    till = Till()
    till.plug(1)
    till.pay(1)
    till.charge(2)
    till.lose_network()
    till.passes(60)
    till.unplug_at_the_ev(1)
    till.unplug_at_the_ev(2)
    known = len(till.sent)
    till.restore_network()
    queue = [
        type(r).__name__ for r in till.sent[known:] if not type(r).__name__.startswith(("Status", "Heart"))
    ]
    assert queue.index("DataTransferReq") > max(
        i for i, name in enumerate(queue) if name == "StopTransactionReq"
    )
    assert till.booked() == [(5000, 1234, 3766)]


def test_10_attempts_go_on_where_a_cut_interrupted_them() -> None:
    till = Till(**{ATTEMPTS: "4"})
    till.says["DataTransferReq"] = accepted()
    till.charge_and_leave()
    for _ in range(3):
        assert till.cards() == ["waiting"]
        till.power_is_cut()
    assert len(till.questions()) == 4
    assert till.booked() == [(5000, 0, 5000)]


def test_10_only_one_question_is_open_for_a_transaction() -> None:
    till = Till()
    till.says["DataTransferReq"] = None
    till.charge_and_leave()
    till.passes(29)
    assert len(till.questions()) == 1
    till.passes(1 + 14)
    assert len(till.questions()) == 1
    till.passes(1)
    assert len(till.questions()) == 2


def test_11_offline_no_attempt_is_used() -> None:
    till = Till(**{ATTEMPTS: "2"})
    till.plug()
    till.pay().passes(60)
    till.lose_network()
    till.unplug_at_the_ev()
    till.passes(100_000)
    assert (till.questions(), till.cards()) == ([], ["started"])
    till.restore_network()
    assert till.booked() == [(5000, 1234, 3766)]


def test_11_a_question_that_the_network_swallowed_is_asked_again_and_not_counted() -> None:
    till = Till(**{ATTEMPTS: "1"})
    till.says["DataTransferReq"] = None
    till.charge_and_leave()
    till.lose_network()
    till.passes(10_000)
    assert (len(till.questions()), till.cards()) == (1, ["due"])
    till.says["DataTransferReq"] = accepted('{"amount":5}')
    till.restore_network()
    assert (len(till.questions()), till.booked()) == (2, [(5000, 5, 4995)])


# --- 12: the keys --------------------------------------------------------------------------------------------


def test_12_all_keys_are_readable_and_writable_and_checked() -> None:
    till = Till()
    for key, good, bad in (
        ("CCOActive", "false", "maybe"),
        ("CCOAuthorizationAmount", "100", "-1"),
        ("CCOAuthorizationAmount", "100", "1.5"),
        (ATTEMPTS, "3", "0"),
        (RETRY, "30", "soon"),
        ("CCOFallbackPricePerKWh", "0.585", "-0.1"),
        ("CCOFallbackPricePerKWh", "1", "1,5"),
        ("CCOCurrency", "CHF", "XXX"),
        ("CCOCurrency", "CHF", "Euro"),
    ):
        assert till.change(key, bad) == "Rejected"
        assert till.change(key, good) == "Accepted"
        (entry,) = till.asks(GetConfigurationReq(key=(key,))).configuration_key
        assert (entry.value, entry.readonly) == (good, False)


def test_12_the_name_that_the_certificate_cuts_off_is_the_same_key() -> None:
    till = Till()
    assert till.change("CCORequestSettlementAmountMessageRetryInte", "30") == "Accepted"
    (entry,) = till.asks(GetConfigurationReq(key=(RETRY,))).configuration_key
    assert entry.value == "30"


def test_12_a_change_counts_for_the_next_session() -> None:
    till = Till()
    till.says["DataTransferReq"] = accepted()
    till.plug()
    till.pay()
    for key, value in (
        ("CCOAuthorizationAmount", "100"),
        (ATTEMPTS, "1"),
        ("CCOFallbackPricePerKWh", "0.5"),
        ("CCOCurrency", "CHF"),
    ):
        assert till.change(key, value) == "Accepted"
    till.passes(MINUTES_FOR_2_KWH * 60)
    till.unplug_at_the_ev()
    assert till.cards() == ["waiting"]
    till.passes(600)
    assert till.booked() == [(5000, 0, 5000)]
    till.charge_and_leave()
    assert till.booked()[1:] == [(100, 100, 0)]
    assert till.effects(ReserveAmount)[1].currency == "CHF"


def test_12_switched_off_in_between_a_session_is_still_settled() -> None:
    till = Till()
    till.plug()
    till.pay()
    till.change("CCOActive", "false")
    till.passes(60)
    till.pay()
    assert till.booked() == [(5000, 1234, 3766)]


# --- cuts ----------------------------------------------------------------------------------------------------


def story() -> list[Callable[[Till], Any]]:
    return [
        lambda till: till.plug(),
        lambda till: till.pay(),
        lambda till: till.passes(60),
        lambda till: till.unplug_at_the_ev(),
        lambda till: till.passes(20),
        lambda till: till.passes(20),
    ]


@pytest.mark.parametrize("deaf_at", range(7))
@pytest.mark.parametrize("cut_at", range(7))
def test_through_any_cut_money_is_settled_or_released_exactly_once(cut_at: int, deaf_at: int) -> None:
    """Power goes after any act, and the terminal does not hear what it is told during any act."""
    till = Till(**{ATTEMPTS: "2"})
    answers = iter([accepted(), accepted('{"amount":700}'), *[accepted('{"amount":1}')] * 10])
    till.says["DataTransferReq"] = lambda _: next(answers)
    for number, act in enumerate(story()):
        till.hears = number != deaf_at
        act(till)
        if number == cut_at:
            till.power_is_cut()
    till.hears = True
    till.passes(600)
    assert till.cards() == []
    assert all(reserved == settled + released for reserved, settled, released in till.booked())
    assert len(till.booked()) <= 1


def test_what_the_terminal_did_not_hear_is_told_again_until_it_answers() -> None:
    till = Till()
    till.plug()
    till.pay().passes(60)
    till.hears = False
    till.unplug_at_the_ev()
    till.passes(150)
    assert till.cards() == ["settling"]
    till.power_is_cut()
    assert len(till.effects(SettleAmount)) == 4
    till.hears = True
    till.passes(60)
    assert (till.cards(), till.booked()) == ([], [(5000, 1234, 3766)])
    assert len(set(till.effects(SettleAmount))) == 1
