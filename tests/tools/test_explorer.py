"""Every scope is searched to its end, every promise is held, and the search notices what is broken."""

from collections.abc import Callable
from functools import cache
from itertools import chain

import pytest
from msgspec.structs import replace

from pilotline.core import step_properties
from pilotline.core.draft import Draft
from pilotline.core.effects import Change, CloseContactor, OpenContactor
from pilotline.core.events import CallReceived, External
from pilotline.core.properties import Always
from pilotline.core.sightings import SOMETIMES
from pilotline.core.state import Instant, Memory, State
from pilotline.core.step import Step, step
from pilotline.tools.check.coverage import declared, never_fired
from pilotline.tools.check.explorer import Search
from pilotline.tools.check.report import Report
from pilotline.tools.check.scopes import scopes, small_scopes
from pilotline.tools.check.stepping import Stepper
from pilotline.tools.check.story import Move, told
from pilotline.tools.check.unreached import UNREACHED

pytestmark = pytest.mark.timeout(900)  # what needs every scope may have to search them all


@cache
def report_of(name: str) -> Report:
    return Search(scopes()[name]).run()


@pytest.mark.parametrize("name", small_scopes())
def test_a_scope_is_searched_to_its_end_and_keeps_every_promise(name: str) -> None:
    report = report_of(name)
    assert report.violation is None, str(report.violation)
    assert report.complete
    assert report.unshown == ()


def test_every_binding_fires_in_some_scope_or_says_why_not() -> None:
    fired = set(chain.from_iterable(report_of(name).fired for name in small_scopes()))
    assert set(never_fired(fired)) == set(UNREACHED)


def test_every_exception_names_a_declared_binding() -> None:
    assert set(UNREACHED) <= set(declared())


def test_everything_worth_seeing_is_asked_of_some_scope() -> None:
    asked = {name for scope in scopes().values() for name in scope.shows}
    assert asked == {sometimes.name for sometimes in SOMETIMES}


def test_a_sight_that_a_scope_cannot_show_is_reported() -> None:
    scope = scopes()["remote, unasked"]._replace(shows=("a sample waits",))
    assert Search(scope).run().unshown == ("a sample waits",)


def test_a_search_that_is_given_up_is_not_complete() -> None:
    assert not Search(scopes()["remote, unasked"], states_max=50).run().complete


# --- what is broken is found ---------------------------------------------------------------------------------


def broken(change: Callable[[State | Memory | None, External, Step], Step]) -> Stepper:
    """The real step, and then a mistake."""

    def wrong(state: State | Memory | None, event: External, now: Instant) -> Step:
        return change(state, event, step(state, event, now))

    return wrong


def story_of(name: str, stepper: Stepper) -> tuple[str, list[str]]:
    report = Search(scopes()[name], stepper=stepper).run()
    assert report.violation is not None
    assert not report.complete
    return report.violation.promise, [
        line.split(". ", 1)[1] for line in told(report.violation.story).splitlines()
    ]


def test_energy_without_a_transaction_is_found() -> None:
    def energise(_state: object, event: External, taken: Step) -> Step:
        if type(event).__name__ != "CablePlugged":
            return taken
        return replace(taken, effects=(*taken.effects, CloseContactor(1)))

    promise, story = story_of("session", broken(energise))
    assert promise == "energy only after authorization"
    assert story == ["power is on (after PowerLoss; plugged in: none)", "cable plugged (connector 1)"]


def test_a_stop_that_is_forgotten_is_found() -> None:
    """The Stop that a cut calls for is not put into the queue."""

    def forget(state: State | Memory | None, _event: External, taken: Step) -> Step:
        recorded = any(binding == "T6/PoweredUp" for binding in (t.binding for t in taken.trace))
        if not recorded or not isinstance(state, State):
            return taken
        memory, moment = taken.state.memory, taken.state.moment
        queue = replace(moment.queue, tail=max(memory.outbox))
        memory = replace(memory, outbox=state.memory.outbox)
        changes = tuple(change for change in taken.changes if change.collection != "outbox")
        state = State(taken.state.product, memory, replace(moment, queue=queue))
        return replace(taken, state=state, changes=changes)

    promise, story = story_of("power", broken(forget))
    assert promise == "a stop is recorded once"
    assert "power is on (after PowerLoss" in story[-1]
    assert [line.split(" (")[0].split(";")[0] for line in story[:3]] == [
        "power is on",
        "cable plugged",
        "link up",
    ]


def test_a_step_that_fails_is_found_with_its_story() -> None:
    def fail(_state: object, event: External, taken: Step) -> Step:
        if isinstance(event, CallReceived) and taken.state.moment.cables[1].state == "plugged":
            raise KeyError("lost")
        return taken

    promise, story = story_of("remote", broken(fail))
    assert promise == "a step never fails: KeyError 'lost'"
    assert story[-1] == "the Central System calls RemoteStartTransaction.req (id tag TAG, connector id 1)"
    assert len(story) == 4


def test_a_state_without_a_way_back_is_found() -> None:
    """The second fault is never cleared: the connector stays Faulted for good."""

    def stick(state: State | Memory | None, event: External, taken: Step) -> Step:
        stuck = isinstance(state, State) and type(event).__name__ == "FaultCleared"
        return replace(taken, state=state, effects=(), changes=(), trace=()) if stuck else taken

    promise, story = story_of("faults", broken(stick))
    assert promise == "there is always a way back to rest"
    assert story[-1].startswith("fault detected (connector 1")
    assert len(story) == 2


def test_a_binding_without_its_guard_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Any plug would start a transaction on an Inoperative connector, were it not for `operative`."""
    from pilotline.core.machines.session import SESSION

    unguarded = next(b for b in SESSION.table if b.name == "S1/CablePlugged")
    monkeypatch.setattr(unguarded, "guards", ())
    promise, story = story_of("availability", step)
    assert promise == "Inoperative means unused"
    assert story[-1].startswith("cable plugged (connector 1)")
    assert any("ChangeAvailability.req (connector id 1, type Inoperative)" in line for line in story)


def test_a_station_that_a_fair_world_does_not_bring_to_rest_is_found() -> None:
    """The plug is not seen to leave: only a power cut during which it does, which nobody owes, would help."""

    def stick(state: State | Memory | None, event: External, taken: Step) -> Step:
        stuck = isinstance(state, State) and type(event).__name__ in ("CableUnplugged", "EvUnplugged")
        return replace(taken, state=state, effects=(), changes=(), trace=()) if stuck else taken

    promise, story = story_of("power, resumed, Inoperative", broken(stick))
    assert promise == "a fair world brings the station to rest"
    assert story[-1].startswith("tag presented")


def test_a_promise_that_time_alone_breaks_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing happens but that a second passes."""
    patience = Always("no deadline is near", "test", is_far_off, frozenset({"timers"}))
    monkeypatch.setattr("pilotline.tools.check.explorer.ALWAYS", (patience,))
    report = Search(scopes()["session"]).run()
    assert report.violation is not None
    assert report.violation.promise == "no deadline is near"
    assert report.violation.story[-1] == Move(None, 1000)


def is_far_off(state: State) -> bool:
    """Who has plugged in, which arms two seconds, has more than one of them left."""
    left = [at for timer, at in state.moment.timers.items() if timer.timer == "connection_time_out"]
    return all(at > 1000 for at in left)


def test_a_promise_that_cannot_hold_stops_the_search(monkeypatch: pytest.MonkeyPatch) -> None:
    never_closed = step_properties.OnEveryStep(
        "no contactor ever opens",
        "test",
        frozenset({OpenContactor}),
        lambda _, taken: not any(isinstance(e, OpenContactor) for e in taken.effects),
    )
    monkeypatch.setattr("pilotline.tools.check.stepping.ON_EVERY_STEP", (never_closed,))
    report = Search(scopes()["faults"]).run()
    assert report.violation is not None
    assert report.violation.promise == "no contactor ever opens"


def forgetful(draft: Draft, _change: Change, slot: str, value: object) -> None:
    """Replaces a slot of Memory and lists no change for the commit."""
    draft._memory[slot] = value


def copying(draft: Draft, change: Change, slot: str, value: object) -> None:
    """Writes what did not change again, too."""
    draft.changes.append(change)
    availability = draft.state.memory.availability
    draft._memory |= {"availability": (*availability,), slot: value}


@pytest.mark.parametrize(
    ("set_memory", "promise"),
    [(forgetful, "Memory is what is committed"), (copying, "unchanged means the same record")],
)
def test_a_promise_that_a_round_breaks_is_found(
    monkeypatch: pytest.MonkeyPatch, set_memory: Callable[..., None], promise: str
) -> None:
    monkeypatch.setattr(Draft, "set_memory", set_memory)
    report = Search(scopes()["session"]).run()
    assert report.violation is not None
    assert report.violation.promise == promise
