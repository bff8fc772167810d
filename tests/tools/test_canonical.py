"""What the explorer takes for the same is the same: its reductions against the search without, on a smaller bound."""

from collections import Counter as Tally
from collections import deque
from collections.abc import Callable, Iterator

import pytest
from immutables import Map
from msgspec.structs import replace

from pilotline.core.effects import SendCall
from pilotline.core.events import DeadlinePassed, External, LinkUp, ResultReceived
from pilotline.core.state import Instant, State
from pilotline.core.step import Step, next_deadline, step
from pilotline.spec.messages.core import StatusNotificationReq
from pilotline.tools.check.always import AlwaysHeld
from pilotline.tools.check.canonical import Canonical
from pilotline.tools.check.environment import powered_up
from pilotline.tools.check.explorer import Search, left_out
from pilotline.tools.check.interned import Interned, Node
from pilotline.tools.check.remembered import Recalled, Remembered, of_state
from pilotline.tools.check.scope import Scope
from pilotline.tools.check.scopes import scopes

SECOND, NOW = 1000, Instant(0)
Reduction = Callable[[State, int], State]
Behaviour = tuple[tuple[str, str], ...]


def steps_from(
    scope: Scope, state: State, now: int
) -> Iterator[tuple[External | None, Step | None, State, int]]:
    """Everything that may happen next: event, step, and the state and time after it."""
    for player in scope.players:
        for event in player(state):
            taken = step(state, event, Instant(now))
            yield event, taken, taken.state, now
    due = next_deadline(state)
    if due is not None and due - now > SECOND:
        yield None, None, state, now + SECOND
    elif due is not None:
        at = max(due, now)
        taken = step(state, DeadlinePassed(), Instant(at))
        yield DeadlinePassed(), taken, taken.state, at


def behaviour(taken: Step | None) -> Behaviour:
    """What a step did, without the numbers: bindings, and the kinds of its effects."""
    if taken is None:
        return (("time", "passed"),)
    return (
        *((machine, binding) for machine, _, binding in taken.trace),
        *(("effect", type(effect).__name__) for effect in taken.effects),
    )


def boot(scope: Scope) -> State:
    return step(
        None, powered_up(scope.product, (False,) * (len(scope.product.connectors) + 1)), Instant(0)
    ).state


def reached(scope: Scope, depth_max: int, reduce: Reduction | None) -> tuple[list[set[Behaviour]], int]:
    """All behaviours within a bound, by depth, and how many states were kept apart to find them."""
    start = boot(scope)
    level = {(reduce(start, 0), 0) if reduce else (start, 0)}
    known = set(level)
    seen: list[set[Behaviour]] = []
    for _ in range(depth_max):
        found: set[Behaviour] = set()
        after: set[tuple[State, int]] = set()
        for state, now in level:
            for _event, taken, target, at in steps_from(scope, state, now):
                found.add(behaviour(taken))
                after.add((reduce(target, at), 0) if reduce else (target, at))
        level = after - known
        known |= level
        seen.append(found)
    return seen, len(known)


def disagreement(scope: Scope, states_max: int, reduce: Reduction) -> str | None:
    """Whether some state and its representative part ways in one step; the search runs over states as they are."""
    start = boot(scope)
    pending, known = deque([(start, 0)]), {(start, 0)}
    while pending and len(known) < states_max:
        state, now = pending.popleft()
        representative = reduce(state, now)
        real, reduced = list(steps_from(scope, state, now)), list(steps_from(scope, representative, 0))
        if len(real) != len(reduced):
            return f"{len(real)} and {len(reduced)} things may happen"
        for (event, taken, target, at), (_, taken_there, target_there, at_there) in zip(
            real, reduced, strict=True
        ):
            if behaviour(taken) != behaviour(taken_there) or at - now != at_there:
                return f"on {event!r}: {behaviour(taken)} and {behaviour(taken_there)}"
            if reduce(target, at) != reduce(target_there, at_there):
                return f"after {event!r} they are not the same any more"
            if (target, at) not in known:
                known.add((target, at))
                pending.append((target, at))
    return None


def canonical_of(scope: Scope) -> Reduction:
    """With what a scope leaves of a transaction, where no schedule counts from its beginning."""
    left = {slot: leave for slot, leave in left_out(scope).items() if slot == "transactions"}
    return Canonical(Interned(scope.product), left).of


SMALL = (
    "answers", "power", "offline", "samples", "cache", "unlock", "registration", "two connectors", "limited",
    "limited from afar",
)  # fmt: skip


@pytest.mark.parametrize("name", SMALL)
def test_a_state_and_its_representative_go_the_same_ways(name: str) -> None:
    assert disagreement(scopes()[name], 2500, canonical_of(scopes()[name])) is None


@pytest.mark.parametrize(
    ("name", "depth"), [("session", 7), ("power, resumed", 5), ("offline", 7), ("reports", 6)]
)
def test_a_reduced_search_sees_what_the_search_without_reduction_sees(name: str, depth: int) -> None:
    scope = scopes()[name]
    plain, states = reached(scope, depth, None)
    reduced, representatives = reached(scope, depth, canonical_of(scope))
    for so_far in range(depth):
        assert set().union(*reduced[: so_far + 1]) == set().union(*plain[: so_far + 1])
    assert representatives < states


@pytest.mark.parametrize("name", ["session", "power, resumed", "offline", "reports", "two connectors"])
def test_a_search_that_remembers_sees_what_the_search_without_sees(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    remembering = Search(scopes()[name], 2500)
    of_remembering = remembering.run()
    for remembered in (Remembered, Recalled):
        monkeypatch.setattr(remembered, "__call__", Remembered.decided_anew)
    monkeypatch.setattr(AlwaysHeld, "where", lambda held, node, _changed: held.everything(node))
    plain = Search(scopes()[name], 2500, stepper=step)
    of_plain = plain.run()
    assert of_plain.violation is None
    # values get their numbers in another order, which takes other room
    assert of_remembering._replace(seconds=0, bytes=0) == of_plain._replace(seconds=0, bytes=0)
    assert remembering.visited == plain.visited


def test_what_is_remembered_is_what_is_decided(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything a search remembers, decided again: steps, their rounds, promises, what may happen."""
    recalled = Tally[str]()

    def both(recall: Callable[..., object]) -> Callable[..., object]:
        def checked(remembered: Remembered[object], node: Node) -> object:
            result = recall(remembered, node)
            assert result == remembered.decided_anew(node)
            recalled[type(result).__name__] += 1
            return result

        return checked

    for remembered in (Remembered, Recalled):
        monkeypatch.setattr(remembered, "__call__", both(remembered.__call__))
    assert Search(scopes()["two connectors"], 300).run().violation is None
    assert min(recalled["Decided"], recalled["_Round"], recalled["bool"]) > 1000


def test_a_whole_state_cannot_be_looked_at_unnoticed() -> None:
    interned = Interned(scopes()["session"].product)
    node = interned.node(boot(scopes()["session"]))
    with pytest.raises(TypeError, match="the whole Memory or Moment"):
        of_state(interned, lambda state: state.moment == state.moment)(node)


def without_remaining_times(canonical: Reduction) -> Reduction:
    """Too coarse: all timers are due now."""

    def reduce(state: State, now: int) -> State:
        state = canonical(state, now)
        timers = Map({timer: Instant(0) for timer in state.moment.timers})
        return State(state.product, state.memory, replace(state.moment, timers=timers))

    return reduce


def without_the_ev(canonical: Reduction) -> Reduction:
    """Too coarse: what the EV wants is not looked at."""

    def reduce(state: State, now: int) -> State:
        state = canonical(state, now)
        moment = replace(state.moment, evs=tuple(replace(ev, state="content") for ev in state.moment.evs))
        return State(state.product, state.memory, moment)

    return reduce


@pytest.mark.parametrize("coarse", [without_remaining_times, without_the_ev])
def test_a_reduction_that_is_too_coarse_is_noticed(coarse: Callable[[Reduction], Reduction]) -> None:
    assert disagreement(scopes()["session"], 2500, coarse(canonical_of(scopes()["session"]))) is not None


def test_the_same_station_later_has_the_same_representative() -> None:
    """Nothing that is only a matter of when is left: time that passes without a timer changes nothing."""
    scope = scopes()["session"]
    state = boot(scope)
    assert next_deadline(state) is None
    canonical = canonical_of(scope)
    assert canonical(state, 0) == canonical(state, 86_400_000)


def test_remaining_times_are_kept_apart() -> None:
    scope = scopes()["session"]
    state = boot(scope)
    plugged = step(state, next(iter(scope.players[0](state))), Instant(0)).state
    due = next_deadline(plugged)
    assert due == 2000
    canonical = canonical_of(scope)
    assert canonical(plugged, 0) != canonical(plugged, 1000)
    assert next_deadline(canonical(plugged, 1000)) == 1000


def told_after_boot(scope: Scope) -> list[int]:
    """The connectors of the StatusNotifications, once the station is accepted and each of its calls is answered."""
    booted, told, answers = boot(scope), list[int](), scope.answers.by_request()
    taken = step(booted, LinkUp(booted.moment.link.connection), NOW)
    while (call := taken.state.moment.call).open is not None:
        sent = [effect.request for effect in taken.effects if isinstance(effect, SendCall)]
        told += [request.connector_id for request in sent if isinstance(request, StatusNotificationReq)]
        answer = answers[call.open.action][0]
        taken = step(taken.state, ResultReceived(call.connection, call.open.message_id, answer), NOW)
    return told


def test_no_two_connectors_are_alike() -> None:
    """Were both the same to every rule, half of the search of such a scope would do. But where both have the same to
    tell, the lower one is told first: two that are alike come to what, with them swapped, never is.
    """
    several = [scope for scope in scopes().values() if len(scope.product.connectors) > 1]
    assert several
    assert {scope.name: told_after_boot(scope) for scope in several} == {s.name: [0, 1, 2] for s in several}
