"""What is told to a person is in bounds, without secrets, and says only what there is to say."""

import json

import pytest
from immutables import Map

from pilotline.core.calendar import EPOCH
from pilotline.core.effects import Download, SendCall
from pilotline.core.events import FaultDetected, TagPresented
from pilotline.core.plain import (
    ENTRIES_MAX,
    ITEMS_MAX,
    TEXT_MAX,
    instance,
    message_name,
    plain,
    printable,
    without_secret,
    words,
)
from pilotline.core.state import (
    Asker,
    CachedTag,
    Counter,
    Fault,
    Firmware,
    RaisedFault,
    Session,
    Transaction,
    Update,
    Url,
)
from pilotline.spec.messages.core import ChangeConfigurationReq, DataTransferConf, HeartbeatReq
from pilotline.spec.messages.firmware_management import GetDiagnosticsReq, UpdateFirmwareReq
from pilotline.spec.products import initial_configuration, load_product

PRODUCT = load_product("c6eu")
FAULTY = Fault(1, "faulted", (RaisedFault("GroundFailure"),))


def test_a_record_tells_its_state_and_what_is_not_as_ever() -> None:
    assert plain(Session(2)) == {"connector": 2, "state": "idle"}
    assert plain(FAULTY) == {"connector": 1, "state": "faulted", "raised": [{"error_code": "GroundFailure"}]}
    assert plain(FaultDetected(0, "OtherError", prevents_charging=False)) == {
        "connector": 0,
        "error_code": "OtherError",
        "prevents_charging": False,
    }


@pytest.mark.parametrize(
    ("value", "line"),
    [
        (None, "none"),
        (True, "true"),
        (3, "3"),
        ((), "none"),
        (Map(), "none"),
        (TagPresented(1, "A"), "reader=1 id_tag=A"),
        (FAULTY, "faulted raised=[error_code=GroundFailure]"),
        ((Fault(0), FAULTY, Fault(2)), "1 faulted raised=[error_code=GroundFailure], others clear"),
        ((Fault(0), Fault(1)), "all clear"),
        ((Fault(0), FAULTY), "0 clear, 1 faulted raised=[error_code=GroundFailure]"),
        (Map({3: Transaction(Counter(3), 2, "running")}), "3=(running number=3 connector=2)"),
        (Map({Asker("reader", 1): CachedTag("Accepted")}), "reader 1=(status=Accepted)"),
        (SendCall(Counter(1), "m", HeartbeatReq()), "connection=1 message_id=m request=Heartbeat.req"),
        (PRODUCT, "C6EU"),
    ],
)
def test_a_value_is_one_line(value: object, line: str) -> None:
    assert words(value) == line


def test_what_is_long_is_cut_or_counted() -> None:
    assert plain("x" * (TEXT_MAX + 1)) == "x" * TEXT_MAX + "…"
    assert plain(tuple(range(ITEMS_MAX + 1))) == f"{ITEMS_MAX + 1} items"
    assert plain(Map(dict.fromkeys(range(ENTRIES_MAX + 1), "A"))) == f"{ENTRIES_MAX + 1} entries"
    configuration = initial_configuration(PRODUCT)
    assert plain(configuration) == f"{len(configuration.offered())} keys"


def test_a_secret_is_left_out_and_all_else_is_not() -> None:
    secret = ChangeConfigurationReq(key="authorizationKEY", value="3132")
    assert without_secret(secret).value == "…"
    assert "3132" not in json.dumps(plain(secret))
    open_ = ChangeConfigurationReq(key="HeartbeatInterval", value="3132")
    assert without_secret(open_) is open_
    assert plain(open_)["value"] == "3132"


@pytest.mark.rule(147)
def test_where_a_file_is_stays_out() -> None:
    """A login may be in it."""
    secret = "ftp://user:s3cret@files.example/firmware.bin"
    update = UpdateFirmwareReq(location=secret, retrieve_date=EPOCH)
    order = Update(Url(secret), retries=1)
    for value in (update, GetDiagnosticsReq(location=secret), order, Download(Counter(1), Url(secret))):
        assert "s3cret" not in json.dumps(plain(value))
    assert "s3cret" not in repr(Firmware("scheduled", update=order))
    assert plain(Firmware("scheduled", update=order))["update"] == {"location": "…", "retries": 1}


def test_names_are_the_standards() -> None:
    assert message_name(HeartbeatReq()) == "Heartbeat.req"
    assert message_name(DataTransferConf(status="Accepted")) == "DataTransfer.conf"
    assert instance("link", None) == "link"
    assert instance("connector", 0) == "connector[0]"
    assert instance("authorization", Asker("reader", 1)) == "authorization[reader 1]"


def test_what_would_steer_a_terminal_is_written_out() -> None:
    assert printable("café 5 €") == "café 5 €"
    assert printable("a\x1b[2J\nb") == "a\\x1b[2J\\nb"
    assert words(TagPresented(1, "A\nB")) == "reader=1 id_tag=A\\nB"
