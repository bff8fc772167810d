"""A declared machine as a `transitions.Machine`, for embedders and tools that speak that package's language.

    machine = as_transitions(LINK)
    link = Instance(LINK.blank, Reads(min_ms=1000, max_ms=60_000, jitter_percent=10))
    machine.add_model(link, initial=link.state)
    link.trigger("PoweredUp", event)      # True: a row was taken
    link.state, link.outputs, link.taken  # "connecting", [OpenLink(connection=1)], [<L1/PoweredUp>]

It is built on demand and costs nothing until then. The core itself never goes through it: `Machine.pick`
walks the same table without side effects, and a test holds the two against each other.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from msgspec import structs

from pilotline.core.statechart import Binding, Machine

if TYPE_CHECKING:
    import transitions

O = TypeVar("O")  # noqa: E741  (own record, as in `statechart`)
R = TypeVar("R")

EventData = Any
"""A `transitions.EventData`; its model and arguments are untyped there."""


class Instance(Generic[O, R]):
    """One instance of a declared machine, as a model of `transitions`.

    The state is the record's own: `transitions` reads and sets it there. Replace `reads` and `now` (ms of the
    monotonic clock) before a trigger, as the reducer would; drain `outputs` after it.
    """

    trigger: Callable[..., bool]  # put here by `transitions.Machine.add_model`

    def __init__(self, own: O, reads: R, now: int = 0) -> None:
        self.own, self.reads, self.now = own, reads, now
        self.outputs: list[object] = []
        """What the actions handed out, oldest first: effects, orders and raised events."""
        self.taken: list[Binding[O, R]] = []
        """The bindings taken, oldest first."""

    @property
    def state(self) -> str:
        """The state of the record."""
        state: str = self.own.state  # type: ignore[attr-defined]  # every record has a state
        return state

    @state.setter
    def state(self, target: str) -> None:
        self.own = structs.replace(self.own, state=target)  # type: ignore[type-var]  # every record is a Struct


def as_transitions(machine: Machine[Any, Any]) -> "transitions.Machine":
    """The same states and rows as a `transitions.Machine` without a model.

    A trigger is named after its event's class and takes the event as its one argument. Rows keep their order;
    their guards are conditions, their actions run before the state changes. A row that stays is an internal
    transition. An event that the state ignores is let pass: the trigger returns False.
    """
    import transitions  # here, so that nobody pays for it who does not ask

    built = transitions.Machine(
        model=None,
        states=[{"name": state, "final": state in machine.final} for state in machine.states],
        initial=machine.initial,
        auto_transitions=False,
        send_event=True,
        ignore_invalid_triggers=True,
        name=machine.name,
    )
    for binding in machine.table:
        built.add_transition(
            binding.event.__name__,
            list(binding.sources),
            binding.target,
            conditions=[_condition(guard) for guard in binding.guards],
            before=_act(binding),
        )
    for event in machine.alphabet:  # what is only ignored is a trigger too
        built.events.setdefault(event.__name__, built.event_cls(event.__name__, built))
    return built


def _condition(guard: Callable[[Any, Any, Any], bool]) -> Callable[[EventData], bool]:
    def holds(data: EventData) -> bool:
        return guard(data.model.own, data.model.reads, *data.args)

    holds.__name__ = getattr(guard, "__name__", repr(guard))
    return holds


def _act(binding: Binding[Any, Any]) -> Callable[[EventData], None]:
    def act(data: EventData) -> None:
        instance: Instance[Any, Any] = data.model
        instance.taken.append(binding)
        if binding.action is None:
            return
        (event,) = data.args
        outcome = binding.action(instance.own, instance.reads, event, instance.now)
        instance.own, outputs = outcome if type(outcome) is tuple else (outcome, ())
        instance.outputs.extend(outputs)

    return act


__all__: Final = ["Instance", "as_transitions"]
