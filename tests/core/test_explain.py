"""An explanation says what the step decided, asks every instance once, and names the guard that said no."""

import json
from typing import Any

import pytest
from core.walks import WALKS, World, walk
from hypothesis import given, settings

from pilotline.core import ChargePoint, LocalProtocolError, explained_as
from pilotline.core.declared import MACHINES
from pilotline.core.draft import Taken
from pilotline.core.events import (
    CablePlugged,
    CableUnplugged,
    CallReceived,
    Event,
    External,
    FaultCleared,
    FaultDetected,
    FrameDropped,
    LinkUp,
    PoweredUp,
    TagPresented,
)
from pilotline.core.explain import Decided, Explanation, Heard, Round, Tried, explain, explain_status
from pilotline.core.frames import read
from pilotline.core.machines.connector import CONNECTOR_0, CONNECTOR_STATUS
from pilotline.core.state import Counter, Instant
from pilotline.core.statechart import Machine
from pilotline.spec.messages.core import ResetReq
from pilotline.spec.products import load_product

REFERENCE = load_product("reference")


@pytest.fixture
def world() -> World:
    """A station that is registered, with nobody there."""
    world = World(REFERENCE)
    world.tell(LinkUp(Counter(world.link)))
    world.tell(CableUnplugged(1))
    world.settle()
    return world


def why(world: World, event: External) -> Explanation:
    return world.station.explain(event, world.now)


def called(world: World, action: str, payload: dict[str, object]) -> Decided:
    """How the station would answer this."""
    decided = why(world, world.frame(2, "asked", action, payload)).decided
    assert decided is not None
    return decided


def heard_by(explanation: Explanation, machine: str, key: object) -> Heard:
    """What the instance made of the event itself."""
    (heard,) = [one for one in explanation.rounds[0].heard if (one.machine, one.key) == (machine, key)]
    return heard


def last(tried: tuple[Tried, ...]) -> tuple[str, tuple[str, ...]]:
    """The row that was taken and the guards that held."""
    assert tried[-1].refused_by is None
    return tried[-1].row, tried[-1].guards


# --- what a person asks ---


def test_a_tag_at_a_station_whose_connectors_are_faulted_is_refused_for_the_faults(world: World) -> None:
    world.tell(FaultDetected(1, "GroundFailure"))
    world.tell(FaultDetected(2, "HighTemperature"))
    reader = heard_by(why(world, TagPresented(1, "TAG")), "reader", 1)
    assert last(reader.tried) == ("D3/TagPresented", ("cannot be meant",))
    faults = dict(reader.tried[-1].looked_at)["faults"]
    assert faults == world.station.state.moment.faults
    assert [row.refused_by for row in reader.tried[:-1]] == [
        "unreadable",
        "awaits its plug",
        "started a transaction",
        "began what was refused",
    ]


def test_a_remote_start_on_an_occupied_connector_names_the_guard(world: World) -> None:
    world.tell(CablePlugged(1))
    world.charge()
    assert world.station.state.moment.sessions[1].state == "charging"
    decided = called(world, "RemoteStartTransaction", {"idTag": "R", "connectorId": 1})
    assert last(decided.tried) == ("no connector is fit", ("no connector fit",))
    assert [(row.row, row.refused_by) for row in decided.tried[:-1]] == [
        ("not registered", "not accepted"),
        ("connector 0 or unknown", "connector unknown"),
        ("a profile for something else", "profile of another kind"),
        ("a profile that cannot be installed", "profile not taken"),
    ]
    assert "sessions" in dict(decided.tried[-1].looked_at)


def test_a_read_only_key_is_refused_by_its_row(world: World) -> None:
    decided = called(world, "ChangeConfiguration", {"key": "NumberOfConnectors", "value": "3"})
    assert last(decided.tried) == ("read-only key", ("read only",))
    assert decided.reply is not None
    assert "Rejected" in repr(decided.reply)


def test_a_plug_that_changes_nothing_is_ignored_for_the_reason_of_the_table(world: World) -> None:
    world.tell(CablePlugged(1))
    session = heard_by(why(world, CablePlugged(1)), "session", 1)
    assert (session.taken, session.tried) == (None, ())
    assert session.because == "the connector is not open to use, or the plug changes nothing now"


def test_a_guard_that_says_no_shows_what_it_looked_at_and_nothing_else(world: World) -> None:
    session = heard_by(why(world, CablePlugged(1)), "session", 1)
    by_row = {row.row: row for row in session.tried}
    assert by_row["S1F/CablePlugged"].refused_by == "free vending"
    assert by_row["S1F/CablePlugged"].looked_at == (("free_vending", None),)
    assert dict(by_row["S1T/CablePlugged"].looked_at).keys() == {"sessions", "own.connector"}


def test_the_explanation_of_what_was_raised_follows(world: World) -> None:
    events = [type(told.event).__name__ for told in why(world, CablePlugged(1)).rounds]
    assert events[:2] == ["CablePlugged", "UseBegan"]
    assert "StatusChanged" in events


# --- statuses ---


def test_a_status_says_what_it_follows_from_and_what_leads_on(world: World) -> None:
    world.tell(CablePlugged(1))
    explained = world.station.explain_status(1)
    assert (explained.status, explained.implied) == ("Preparing", "Preparing")
    assert explained.conditions.session.state == "awaiting_id_tag"
    ways = {type(way.event).__name__: way.heard[0] for way in explained.ways}
    assert ways["UseTimedOut"].taken == "B6/UseTimedOut"
    assert ways["FaultBegan"].tried[0].target == "Faulted"
    assert [(row.row, row.refused_by) for row in ways["ChargingBegan"].tried] == [
        ("B5/ChargingBegan", "withheld"),
        ("B4/ChargingBegan", None),
    ]


def test_a_faulted_connector_says_which_fault_and_that_no_row_leads_on_before_it_ends(world: World) -> None:
    world.tell(FaultDetected(1, "GroundFailure"))
    explained = world.station.explain_status(1)
    assert (explained.status, explained.conditions.fault.raised[0].error_code) == ("Faulted", "GroundFailure")
    (way,) = explained.ways
    assert [row.refused_by for row in way.heard[0].tried] == [
        f"implies {row.target}" for row in way.heard[0].tried
    ]
    world.tell(FaultCleared(1, "GroundFailure"))
    assert world.station.explain_status(1).status == "Available"


def test_the_main_controller_is_never_used(world: World) -> None:
    explained = world.station.explain_status(0)
    assert [type(way.event).__name__ for way in explained.ways] == ["MadeUnavailable", "FaultBegan"]


# --- every CALL, also one that no row answers ---


@pytest.mark.parametrize(
    ("told", "line"),
    [
        (("Nonsense", {}), "= CALLERROR NotImplemented: "),
        (("ChangeConfiguration", {"key": "K"}), "= CALLERROR OccurenceConstraintViolation: "),
    ],
)
def test_a_call_that_comes_to_no_table_shows_its_error(
    world: World, told: tuple[str, dict[str, object]], line: str
) -> None:
    explanation = why(world, world.frame(2, "asked", *told))
    assert explanation.decided is not None
    assert explanation.decided.taken is None
    assert line in explained_as.text(explanation)


def test_a_repeat_and_a_call_that_is_not_heard_say_so(world: World) -> None:
    frame = world.frame(2, "same", "GetConfiguration", {"key": ["HeartbeatInterval"]})
    world.tell(frame)
    assert "as before: this CALL is a repeat" in explained_as.text(why(world, frame))
    gone = CallReceived(Counter(0), "x", ResetReq(type="Soft"))
    assert "= not heard" in explained_as.text(explain(world.station.state, gone, Instant(world.now)))


def test_a_call_that_a_machine_answers_later_says_so(world: World) -> None:
    explanation = why(world, world.frame(2, "u", "UnlockConnector", {"connectorId": 1}))
    assert "    = answered later" in explained_as.text(explanation).splitlines()


# --- the forms ---


def test_a_secret_is_in_no_form(world: World) -> None:
    secret = "30" * 20
    explanation = why(
        world, world.frame(2, "k", "ChangeConfiguration", {"key": "AUTHORIZATIONKEY", "value": secret})
    )
    assert secret not in explained_as.text(explanation)
    assert secret not in json.dumps(explained_as.values(explanation))


def test_the_text_is_read_from_left_to_right(world: World) -> None:
    lines = explained_as.text(why(world, CablePlugged(1))).splitlines()
    assert lines[:5] == [
        "CablePlugged connector=1",
        "  cable[1] unplugged: ✓ P1/CablePlugged → plugged",
        "  session[1] idle",
        "    ✗ S1F/CablePlugged → starting, no: free vending (free_vending none)",
        "    ✗ S1T/CablePlugged → starting, no: takes over (sessions all idle; own.connector 1)",
    ]
    assert "  then UseBegan connector=1" in lines


def test_an_event_that_nobody_hears_says_so(world: World) -> None:
    dropped = explain(world.station.state, FrameDropped(Counter(1), "no JSON"), Instant(world.now))
    assert explained_as.text(dropped).splitlines() == [
        "FrameDropped connection=1 reason=no JSON",
        "  – nothing comes of it",
    ]


def test_a_status_is_told_in_both_forms(world: World) -> None:
    world.tell(FaultDetected(2, "GroundFailure"))
    explained = world.station.explain_status(2)
    lines = explained_as.text(explained).splitlines()
    assert lines[0].startswith("connector 2 is Faulted, as its conditions imply (since ")
    assert lines[1] == "  fault: faulted raised=[error_code=GroundFailure]"
    assert "    ✗ I1/FaultEnded → Available, no: implies Available" in lines
    values = json.loads(json.dumps(explained_as.status_values(explained)))
    assert values["conditions"]["fault"] == {
        "connector": 2,
        "state": "faulted",
        "raised": [{"error_code": "GroundFailure"}],
    }


# --- the face ---


def test_the_last_step_can_be_explained(world: World) -> None:
    decided = world.tell(CablePlugged(1))
    explanation = world.station.explain_last()
    assert explanation.event == CablePlugged(1)
    assert explanation.trace == decided.trace
    assert world.station.state is decided.state


def test_before_anything_happened_there_is_nothing_to_explain() -> None:
    station = ChargePoint(REFERENCE)
    with pytest.raises(LocalProtocolError, match="no step to be explained"):
        station.explain_last()
    with pytest.raises(LocalProtocolError, match="call power_on first"):
        station.explain_status(1)
    station.power_on(now=0, entropy="a")
    assert isinstance(station.explain_last().event, PoweredUp)
    with pytest.raises(LocalProtocolError, match="there is no connector 3"):
        station.explain_status(3)
    with pytest.raises(LocalProtocolError, match="there is no connector 3"):
        station.explain(CablePlugged(3), now=0)


# --- on any way through the world ---


def meant(machine: Machine[Any, Any], event: Event) -> set[object] | None:
    """The keys of the instances that an event is for; None: whichever there are."""
    fields, family = event.__struct_fields__, machine.family
    keys: dict[str, set[object]] = {
        "station": {None},
        "main controller": {0},
        "point": {0, 1, 2},
        "connector": {1, 2},
        "reader": {1, 2},
    }
    all_keys = keys.get(family.name)
    if "by" in fields:
        named = {event.by.key} if event.by.machine == machine.name else set()  # type: ignore[union-attr]
    elif family.key_field in fields:
        named = {getattr(event, family.key_field or "")} - {None}
    else:
        return all_keys
    return named if all_keys is None else named & all_keys


def told_in_full(told: Round) -> None:
    """Every instance that the event is for is explained once, up to the row that was taken."""
    heard: dict[str, list[object]] = {machine.name: [] for machine in MACHINES}
    for one in told.heard:
        heard[one.machine].append(one.key)
        refused = [row.refused_by for row in one.tried]
        assert None not in refused[:-1]
        if one.taken is None:
            assert None not in refused
            assert one.because is not None
        else:
            assert (one.tried[-1].row, refused[-1], one.because) == (one.taken, None, None)
    for machine in MACHINES:
        keys = heard[machine.name]
        assert len(set(keys)) == len(keys)
        if type(told.event) not in machine.cells:
            assert keys == []
        elif (expected := meant(machine, told.event)) is not None:
            assert set(keys) == expected


def rows_taken(explanation: Explanation) -> list[Taken]:
    decided = explanation.decided
    answered = [Taken(decided.table, None, decided.taken)] if decided and decided.taken else []
    return answered + [
        Taken(heard.machine, heard.key, heard.taken)
        for told in explanation.rounds
        for heard in told.heard
        if heard.taken is not None
    ]


@given(WALKS)
@settings(max_examples=40, deadline=None)
def test_an_explanation_is_the_step_told_row_by_row(numbers: list[int]) -> None:
    for world in walk(REFERENCE, numbers):
        explanation = world.station.explain_last()
        assert tuple(rows_taken(explanation)) == explanation.trace == world.decided.trace
        for told in explanation.rounds:
            told_in_full(told)
        assert json.loads(json.dumps(explained_as.values(explanation)))["text"]
        for connector, own in enumerate(world.station.state.moment.connectors):
            explained = explain_status(world.station.state, connector)
            machine = CONNECTOR_STATUS if connector else CONNECTOR_0
            assert explained.status == own.state == explained.implied
            assert {type(way.event) for way in explained.ways} == {
                kind for kind, cells in machine.cells.items() if cells[own.state]
            }
            assert explained_as.text(explained)


def test_a_frame_is_explained_as_what_it_is_read_as(world: World) -> None:
    frame = world.frame(2, "x", "GetConfiguration", {})
    assert why(world, frame).event == read(world.station.state, frame)  # type: ignore[arg-type]  # a frame
