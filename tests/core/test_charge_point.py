"""The stateful face: it refuses misuse before anything happens, and adds nothing to the step."""

import doctest
import subprocess
import sys

import pytest
from core.walks import WALKS, World, walk
from hypothesis import given, settings

from pilotline.core import ChargePoint, LocalProtocolError, charge_point, next_deadline, step
from pilotline.core.effects import OpenLink, SendCall, SendError, ShowStatus
from pilotline.core.events import (
    CablePlugged,
    CableUnplugged,
    CardPresented,
    CommitFailed,
    ConnectorLocked,
    ContactorOpened,
    DataTransferAnswered,
    DataTransferRequested,
    DeadlinePassed,
    External,
    FaultCleared,
    FaultDetected,
    FrameReceived,
    LinkLost,
    LinkUp,
    LockFailed,
    MainsRestored,
    PoweredUp,
    PowerFailing,
    TagPresented,
)
from pilotline.core.snapshot import SnapshotError
from pilotline.core.state import Counter, HeldCall, Readings, Wh
from pilotline.spec.products import load_product

PRODUCT = load_product("reference")
C6EU = load_product("c6eu")


@pytest.fixture
def station() -> ChargePoint:
    """A station that is on and opens its first connection."""
    station = ChargePoint(PRODUCT)
    station.power_on(now=100, entropy="c0ffee")
    return station


def test_the_example_of_its_documentation_runs() -> None:
    found = doctest.testmod(charge_point)
    assert found.attempted >= 10
    assert found.failed == 0


# --- misuse ---

REFUSED: list[tuple[External, str]] = [
    (CablePlugged(0), "CablePlugged: there is no connector 0; this product has 1 to 2"),
    (CablePlugged(3), "CablePlugged: there is no connector 3; this product has 1 to 2"),
    (CablePlugged(True), "CablePlugged: there is no connector True; this product has 1 to 2"),
    (FaultDetected(3, "GroundFailure"), "FaultDetected: there is no connector 3; this product has 1 to 2"),
    (FaultCleared(-1, "GroundFailure"), "FaultCleared: there is no connector -1; this product has 1 to 2"),
    (FaultDetected(1, "NoError"), "FaultDetected: 'NoError' is no fault of §7.6"),
    (FaultDetected(1, "Fire"), "FaultDetected: 'Fire' is no fault of §7.6"),  # type: ignore[arg-type]  # misuse
    (
        FaultDetected(1, "OtherError", "x" * 51),
        "FaultDetected: info must be 0 to 50 printable ASCII characters (§2.2)",
    ),
    (TagPresented(0, "TAG"), "TagPresented: there is no reader 0 of 2"),
    (TagPresented(3, "TAG"), "TagPresented: there is no reader 3 of 2"),
    (TagPresented(1, ""), "TagPresented: id_tag must be 1 to 20 printable ASCII characters (§2.2)"),
    (TagPresented(1, "x" * 21), "TagPresented: id_tag must be 1 to 20 printable ASCII characters (§2.2)"),
    (TagPresented(1, "Ä"), "TagPresented: id_tag must be 1 to 20 printable ASCII characters (§2.2)"),
    (TagPresented(1, "a\nb"), "TagPresented: id_tag must be 1 to 20 printable ASCII characters (§2.2)"),
    (
        DataTransferRequested("v" * 256),
        "DataTransferRequested: vendor_id must be 0 to 255 printable ASCII characters (§2.2)",
    ),
    (
        DataTransferRequested("v", None, "half \ud800"),
        "DataTransferRequested: data must be text that UTF-8 can express",
    ),
    (
        DataTransferAnswered(HeldCall(Counter(1), "a"), "Maybe"),  # type: ignore[arg-type]  # misuse
        "DataTransferAnswered: 'Maybe' is no status of §7.23",
    ),
    (
        DataTransferAnswered(HeldCall(Counter(1), "a"), "Rejected", "data"),
        "DataTransferAnswered: data goes only with Accepted, not with Rejected",
    ),
    (PowerFailing(), "PowerFailing: this product has no back-up power"),
    (MainsRestored(), "MainsRestored: this product has no back-up power"),
    (LinkUp(Counter(2)), "LinkUp: no connection 2 was opened; the last is 1"),
    (FrameReceived(Counter(9), "[]"), "FrameReceived: no connection 9 was opened; the last is 1"),
    (LinkLost(Counter(1), 1001), "LinkLost: jitter must be 0 to 1000"),
    (
        ContactorOpened(1, Readings(Wh(-1))),
        "ContactorOpened: the energy register must be a whole number of Wh, 0 or more",
    ),
    (CardPresented(1, 1, "visa"), "CardPresented: there is no terminal 1 of 0"),
    (CommitFailed(DeadlinePassed()), "CommitFailed: is handed in by commit_failed"),
]


@pytest.mark.rule(33, 109)
@pytest.mark.parametrize(("event", "message"), REFUSED, ids=[message for _, message in REFUSED])
def test_what_cannot_be_is_refused_in_one_line_and_has_not_happened(
    station: ChargePoint, event: External, message: str
) -> None:
    before = station.state
    with pytest.raises(LocalProtocolError) as refused:
        station.receive(event, now=200)
    assert str(refused.value) == message
    assert station.state is before
    station.receive(DeadlinePassed(), now=150)  # its time has not passed either


@pytest.mark.parametrize(
    ("event", "message"),
    [
        (ConnectorLocked(1, Readings(Wh(0))), "connector 1 of this product has no lock"),
        (LockFailed(1), "connector 1 of this product has no lock"),
        (CableUnplugged(2), "the cable of connector 2 is fixed"),
    ],
)
def test_what_the_product_does_not_have_cannot_tell_anything(event: External, message: str) -> None:
    station = ChargePoint(C6EU)
    station.power_on(now=0, entropy="c0ffee")
    with pytest.raises(LocalProtocolError, match=message):
        station.receive(event, now=0)


@pytest.mark.parametrize(
    ("event", "message"),
    [
        (CardPresented(0, 1, "visa"), "there is no terminal 0 of 1"),
        (CardPresented(1, 3, "visa"), "there is no connector 3"),
        (CardPresented(1, 1, "x" * 65), "card must be 1 to 64 printable ASCII characters"),
    ],
)
def test_a_card_is_presented_at_a_terminal_for_a_connector(event: External, message: str) -> None:
    station = ChargePoint(C6EU)
    station.power_on(now=0, entropy="c0ffee")
    with pytest.raises(LocalProtocolError, match=message):
        station.receive(event, now=0)


def test_the_main_controller_may_be_faulted(station: ChargePoint) -> None:
    station.receive(FaultDetected(0, "InternalError"), now=100)
    assert station.state.moment.connectors[0].state == "Faulted"


def test_time_does_not_go_back(station: ChargePoint) -> None:
    with pytest.raises(LocalProtocolError, match="DeadlinePassed: time went back from 100 to 99 ms"):
        station.receive(DeadlinePassed(), now=99)


def test_a_station_without_power_hears_nothing() -> None:
    station = ChargePoint(PRODUCT)
    with pytest.raises(LocalProtocolError, match="call power_on first"):
        station.receive(CablePlugged(1), now=0)
    with pytest.raises(LocalProtocolError, match="call power_on first"):
        station.next_deadline()


@pytest.mark.parametrize("entropy", ["", "C0FFEE", "xyz", "0" * 17])
def test_entropy_is_a_few_hexadecimal_digits(entropy: str) -> None:
    with pytest.raises(LocalProtocolError, match="entropy must be 1 to 16 digits 0-9 a-f"):
        ChargePoint(PRODUCT).power_on(now=0, entropy=entropy)


def test_power_comes_with_what_the_product_has() -> None:
    with pytest.raises(LocalProtocolError, match="PoweredUp: there is no connector 3"):
        ChargePoint(PRODUCT).power_on(now=0, entropy="a", plugged=(3,))
    with pytest.raises(LocalProtocolError, match="PoweredUp: there is no connector 0"):
        ChargePoint(PRODUCT).power_on(now=0, entropy="a", readings={0: Readings(Wh(1))})
    with pytest.raises(LocalProtocolError, match="PoweredUp: is of another product"):
        ChargePoint(PRODUCT).receive(PoweredUp(C6EU, "PowerLoss", (False,) * 3, (None,) * 3, "a"), now=0)
    with pytest.raises(LocalProtocolError, match="must have 3 items, one for each connectorId"):
        ChargePoint(PRODUCT).receive(PoweredUp(PRODUCT, "PowerLoss", (False,), (None,), "a"), now=0)


# --- what it adds to the step: nothing ---


def test_power_tells_the_world_as_it_is() -> None:
    station = ChargePoint(PRODUCT)
    decided = station.power_on(now=0, entropy="c0ffee", plugged=[2])
    assert ShowStatus(1, "Available") in decided.effects
    assert ShowStatus(2, "Preparing") in decided.effects
    assert OpenLink(Counter(1)) in decided.effects
    assert decided.state is station.state


@given(WALKS)
@settings(max_examples=20, deadline=None)
def test_each_step_is_the_step_of_its_state(numbers: list[int]) -> None:
    """The face holds what `step` gave and nothing else, and both name the same deadline."""
    for world in walk(PRODUCT, numbers):
        before, now = world.station.state, world.now
        expected = step(before, DeadlinePassed(), now)  # type: ignore[arg-type]  # an Instant
        assert world.station.next_deadline() == next_deadline(before)
        assert world.tell(DeadlinePassed()) == expected
        assert world.station.state == expected.state


def test_frames_are_texts_in_and_texts_out(station: ChargePoint) -> None:
    decided = station.receive(LinkUp(Counter(1)), now=110)
    (text,) = station.frames(decided)
    assert text.startswith('[2,"c0ffee-1-1","BootNotification",{"chargePointVendor":"Pilotline"')
    call = next(effect for effect in decided.effects if isinstance(effect, SendCall))
    assert ChargePoint.frame_of(call) == text
    assert ChargePoint.frame_of(OpenLink(Counter(1))) is None


def test_junk_from_the_central_system_is_no_misuse(station: ChargePoint) -> None:
    station.receive(LinkUp(Counter(1)), now=110)
    assert station.receive(FrameReceived(Counter(1), "\ud800{"), now=110).effects == ()


# --- a commit that fails ---


def test_a_step_that_could_not_be_stored_has_not_happened() -> None:
    world = World(PRODUCT)
    world.tell(LinkUp(Counter(1)))
    world.settle()
    before = world.station.state
    decided = world.tell(
        world.frame(2, "cs", "ChangeAvailability", {"connectorId": 1, "type": "Inoperative"})
    )
    assert decided.changes
    after = world.station.commit_failed(world.now)
    assert world.station.state.memory == before.memory
    assert [effect for effect in after.effects if isinstance(effect, SendError)] == [
        SendError(Counter(1), "cs", "InternalError", "the station cannot store this now")
    ]


def test_a_start_that_could_not_be_stored_is_made_again(station: ChargePoint) -> None:
    with pytest.raises(LocalProtocolError, match="the start is undone"):
        station.commit_failed(now=100)
    with pytest.raises(LocalProtocolError, match="call power_on first"):
        station.receive(CablePlugged(1), now=100)
    assert station.power_on(now=0, entropy="c0ffee").state.memory.boot.number == 1


def test_there_must_be_a_step_to_be_undone() -> None:
    with pytest.raises(LocalProtocolError, match="there is no step to be undone"):
        ChargePoint(PRODUCT).commit_failed(now=0)


# --- carried, and imported ---


def test_a_station_can_be_carried(station: ChargePoint) -> None:
    carried = ChargePoint.restore(station.snapshot())
    assert carried.state == station.state
    assert carried.receive(LinkUp(Counter(1)), now=120) == station.receive(LinkUp(Counter(1)), now=120)


def test_a_snapshot_that_is_none_is_refused() -> None:
    with pytest.raises(SnapshotError, match="state: is no CBOR"):
        ChargePoint.restore(b"\xff")


@pytest.mark.parametrize(
    "first", ["", "import pilotline.core.step; ", "import pilotline.core.charge_point; "]
)
def test_step_is_the_function_in_whatever_order_things_are_imported(first: str) -> None:
    program = (
        first
        + "from pilotline.core import step, ChargePoint; import pilotline.core.step; print(step.__class__)"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout == "<class 'function'>\n"


def test_the_front_door_has_no_other_names() -> None:
    import pilotline.core

    with pytest.raises(AttributeError, match="has no attribute 'Nobody'"):
        _ = pilotline.core.Nobody
    assert all(getattr(pilotline.core, name) is not None for name in pilotline.core.__all__)
