"""What a Central System may send instead of an answer or a request: the station lives on (OCPP-J §4)."""

import json
from typing import Any

import pytest
from station_bench import Bench

from pilotline.core.calendar import date_of
from pilotline.core.effects import SendError
from pilotline.core.events import FrameReceived
from pilotline.core.frames import read
from pilotline.spec.messages.core import (
    AuthorizeConf,
    BootNotificationReq,
    GetConfigurationReq,
    HeartbeatConf,
    HeartbeatReq,
    StartTransactionConf,
    StartTransactionReq,
    StopTransactionReq,
)
from pilotline.spec.messages.structures import IdTagInfo

ACCEPTED = {"status": "Accepted"}
TIME = "2026-11-22T00:00:00Z"


def hears(bench: Bench, *frame: Any) -> Bench:
    """The station receives this frame; what is no list is sent as the text it is."""
    text = frame[0] if len(frame) == 1 else json.dumps(frame)
    return bench.tell(read(bench.state, FrameReceived(bench.state.moment.link.connection, text)))


def answered(bench: Bench, payload: Any) -> Bench:
    """The open CALL is answered by this payload."""
    opened = bench.state.moment.call.open
    assert opened is not None
    return hears(bench, 3, opened.message_id, payload)


def silent(request: str, **configuration: str) -> Bench:
    bench = Bench(**configuration)
    bench.says[request] = None
    return bench


def agrees(bench: Bench) -> None:
    """From now on the Central System answers as it should."""
    bench.says.update(
        AuthorizeReq=AuthorizeConf(id_tag_info=IdTagInfo(status="Accepted")),
        StartTransactionReq=StartTransactionConf(transaction_id=1, id_tag_info=IdTagInfo(status="Accepted")),
        HeartbeatReq=lambda _: HeartbeatConf(current_time=date_of(bench.utc())),
    )


@pytest.mark.rule(21, 50)
@pytest.mark.parametrize(
    "payload",
    [
        {},
        [],
        "Accepted",
        None,
        {"idTagInfo": {"status": "accepted"}},
        {"idTagInfo": {"status": "Welcome"}},
        {"idTagInfo": {**ACCEPTED, "parentIdTag": "x" * 21}},
        {"idTagInfo": {**ACCEPTED, "expiryDate": "tomorrow"}},
        {"idTagInfo": {**ACCEPTED, "expiryDate": 1_800_000_000}},
        {"idTagInfo": {**ACCEPTED, "extra": 1}},
        {"idTagInfo": ACCEPTED, "extra": 1},
        {"idTagInfo": {**ACCEPTED, "parentIdTag": None}},
    ],
)
def test_an_authorization_that_cannot_be_read_authorizes_nobody(payload: Any) -> None:
    bench = answered(silent("AuthorizeReq").plug().present(), payload)
    assert bench.state.moment.sessions[1].state == "awaiting_id_tag"
    assert not bench.state.memory.cache
    assert bench.state.moment.readers[1].state == "idle"
    agrees(bench)
    assert bench.present().state.moment.sessions[1].state == "charging"


@pytest.mark.rule(41)
@pytest.mark.parametrize(
    "payload",
    [
        {},
        {"status": "Maybe", "currentTime": TIME, "interval": 1},
        {"status": "Accepted", "currentTime": TIME, "interval": 10**30},
        {"status": "Accepted", "currentTime": TIME, "interval": "60"},
        {"status": "Accepted", "currentTime": TIME, "interval": 1.5},
        {"status": "Accepted", "currentTime": "2026-02-30T00:00:00Z", "interval": 1},
        {"status": "Accepted", "currentTime": "99999-01-01T00:00:00Z", "interval": 1},
        {"status": "Accepted", "interval": 1},
    ],
)
def test_a_boot_answer_that_cannot_be_read_is_none(payload: Any) -> None:
    bench = Bench()
    bench.says["BootNotificationReq"], accepted = None, bench.says["BootNotificationReq"]
    bench.power_is_cut()
    answered(bench, payload)
    assert bench.state.moment.registration.state == "unregistered"
    bench.says["BootNotificationReq"] = accepted
    bench.passes(60)
    assert bench.state.moment.registration.state == "accepted"
    assert len(bench.requests(BootNotificationReq)) == 3


@pytest.mark.rule(45)
@pytest.mark.parametrize(
    "time", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "1970-01-01T00:00:00+14:00"]
)
def test_a_time_from_another_age_stops_nothing(time: str) -> None:
    bench = silent("HeartbeatReq", HeartbeatInterval="60").charge().passes(60)
    opened = bench.state.moment.call.open
    assert opened is not None
    assert opened.action == "HeartbeatReq"
    answered(bench, {"currentTime": time})
    agrees(bench)
    bench.passes(300).present()
    assert len(bench.requests(StopTransactionReq)) == 1
    assert len(bench.requests(HeartbeatReq)) >= 2
    assert not bench.state.memory.outbox


@pytest.mark.rule(87)
@pytest.mark.parametrize(
    "payload",
    [
        {},
        {"transactionId": 1},
        {"idTagInfo": ACCEPTED},
        {"idTagInfo": ACCEPTED, "transactionId": "1"},
        {"idTagInfo": ACCEPTED, "transactionId": 1.5},
        {"idTagInfo": ACCEPTED, "transactionId": 2**70},
        {"idTagInfo": {"status": "Unknown"}, "transactionId": 1},
    ],
)
def test_a_start_whose_answer_cannot_be_read_is_repeated(payload: Any) -> None:
    bench = answered(silent("StartTransactionReq").charge(), payload)
    assert bench.state.moment.sessions[1].state == "charging"
    agrees(bench)
    bench.passes(60)
    assert len(bench.requests(StartTransactionReq)) == 2
    assert not bench.state.memory.outbox


@pytest.mark.rule(12, 20)
@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[",
        "null",
        "[]",
        "[2]",
        '[2,"a"',
        '[1,"a","Reset",{}]',
        '[5,"a"]',
        '["2","a","Reset",{}]',
        '[2,7,"Reset",{"type":"Soft"}]',
        '[2,null,"Reset",{"type":"Soft"}]',
        '[3,"a"]',
        '[3,"a",{},{}]',
        '[4,"a"]',
        "[" * 100,
        '[2,"' + "x" * 300 + '","Reset",{}]',
        "\ud800",
    ],
)
def test_what_cannot_be_answered_is_dropped_and_changes_nothing(text: str) -> None:
    bench = silent("AuthorizeReq").plug().present()
    before, known = bench.state, len(bench.answers)
    hears(bench, text)
    assert (bench.state, len(bench.answers)) == (before, known)


@pytest.mark.rule(9, 13, 15, 16, 17, 19, 21)
@pytest.mark.parametrize(
    ("message_id", "action", "payload", "code"),
    [
        ("x" * 37, "ClearCache", {}, "GenericError"),
        ("a", "Bogus", {}, "NotImplemented"),
        ("a", "reset", {"type": "Soft"}, "NotImplemented"),
        ("a", "Heartbeat", {}, "NotSupported"),
        ("a", "UnlockConnector", [], "FormationViolation"),
        ("a", "UnlockConnector", "1", "FormationViolation"),
        ("a", "UnlockConnector", {"connectorId": 1, "extra": 1}, "FormationViolation"),
        ("a", "UnlockConnector", {}, "OccurenceConstraintViolation"),
        ("a", "UnlockConnector", {"connectorId": "1"}, "TypeConstraintViolation"),
        ("a", "UnlockConnector", {"connectorId": 1.5}, "TypeConstraintViolation"),
        ("a", "UnlockConnector", {"connectorId": True}, "TypeConstraintViolation"),
        ("a", "UnlockConnector", {"connectorId": None}, "TypeConstraintViolation"),
        ("a", "UnlockConnector", {"connectorId": 2**70}, "PropertyConstraintViolation"),
        ("a", "ChangeAvailability", {"connectorId": 1, "type": "Broken"}, "PropertyConstraintViolation"),
        ("a", "RemoteStartTransaction", {"idTag": "x" * 21}, "PropertyConstraintViolation"),
        ("a", "RemoteStartTransaction", {"idTag": "é"}, "PropertyConstraintViolation"),
        ("a", "ChangeConfiguration", {"key": "x" * 51, "value": ""}, "PropertyConstraintViolation"),
        ("a", "ChangeConfiguration", {"key": "x", "value": "x" * 501}, "PropertyConstraintViolation"),
        ("a", "GetConfiguration", {"key": "HeartbeatInterval"}, "TypeConstraintViolation"),
    ],
)
def test_a_request_that_cannot_be_read_is_answered_and_does_nothing(
    message_id: str, action: str, payload: Any, code: str
) -> None:
    bench = Bench().charge()
    before = bench.state
    hears(bench, 2, message_id, action, payload)
    error = bench.answers[-1]
    assert isinstance(error, SendError)
    assert (error.message_id, error.code) == (message_id, code)
    assert bench.state == before


@pytest.mark.rule(5)
@pytest.mark.parametrize("payload", [{}, None])
def test_an_empty_payload_may_be_null(payload: Any) -> None:
    bench = hears(Bench(), 2, "a", "GetConfiguration", payload)
    assert bench.answers[-1] == bench.asks(GetConfigurationReq())


@pytest.mark.rule(33)
@pytest.mark.parametrize("connector", [-1, 0, 3, 2**31, -(2**63)])
def test_a_connector_that_is_not_there_is_refused_by_each_in_its_way(connector: int) -> None:
    bench = Bench()
    for action, payload, status in (
        ("RemoteStartTransaction", {"idTag": "TAG"}, "Rejected"),
        ("UnlockConnector", {}, "NotSupported"),
        *((("ChangeAvailability", {"type": "Operative"}, "Rejected"),) if connector else ()),
    ):
        hears(bench, 2, "id", action, {"connectorId": connector, **payload})
        answer = bench.answers[-1]
        if isinstance(answer, SendError):
            assert answer.code == "PropertyConstraintViolation"
        else:
            assert answer.status == status  # type: ignore[union-attr]  # each of the three has one
