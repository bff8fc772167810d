"""What one request of the peer does, as ordered rows a person can read aloud. No OCPP in it."""

import typing
from collections.abc import Callable, Iterable
from typing import Any, Generic, NamedTuple, TypeVar

from pilotline.core.reading import InvalidDefinition, sources_of
from pilotline.core.statechart import Machine, classes_in, outputs_of

R = TypeVar("R")  # slice
Q = TypeVar("Q")  # request


class Decision(NamedTuple, Generic[R, Q]):
    """One row of a decision table: if all guards hold, this is the answer."""

    name: str
    guards: tuple[Callable[[R, Q], bool], ...]
    answer: Callable[..., Any]
    later: Machine[Any, Any] | None = None
    """The machine that answers in its own time: ``answer`` takes the held call too and returns outputs only."""

    @property
    def outputs(self) -> frozenset[type]:
        """Every class that this row may hand out besides the confirmation."""
        if self.later is None:
            return outputs_of(self.answer)
        return classes_in(typing.get_type_hints(self.answer).get("return"))


class DecisionTable(Generic[R, Q]):
    """What one request of the peer does: ordered rows ``when -> reply, outputs``; the last row has no guard.

    An answer returns the confirmation (or the error that stands for it) alone, or ``(confirmation, outputs)``; it is
    handed over before anything that the outputs set off.

    With ``says_if_offered`` the table is asked also where the station does not offer the request: a row says so.

    Raises:
        InvalidDefinition: no rows, an unguarded row before others, a guarded row at the end, or a name used twice.
    """

    def __init__(
        self,
        request: type[Q],
        reads: type[R],
        rows: Iterable[Decision[R, Q]],
        *,
        says_if_offered: bool = False,
    ) -> None:
        self.request, self.reads, self.rows = request, reads, tuple(rows)
        self.says_if_offered = says_if_offered
        self.name = request.__name__
        self.sources = sources_of(reads)
        names = [row.name for row in self.rows]
        open_rows = [row.name for row in self.rows[:-1] if not row.guards]
        if not self.rows or self.rows[-1].guards:
            raise InvalidDefinition(f"{self.name}: the last row must have no guard")
        if open_rows:
            raise InvalidDefinition(f"{self.name}: unguarded before the end: {', '.join(open_rows)}")
        if len(set(names)) < len(names):
            raise InvalidDefinition(f"{self.name}: a row name is used twice: {', '.join(names)}")
        for row in self.rows:
            if row.later is not None and not row.later.holds_call_in:
                raise InvalidDefinition(
                    f"{self.name}: {row.name}: {row.later.name} holds no call in any state"
                )

    def pick(self, reads: R, request: Q) -> Decision[R, Q]:
        """The first row whose guards hold."""
        for row in self.rows[:-1]:
            if all(guard(reads, request) for guard in row.guards):
                return row
        return self.rows[-1]

    @property
    def outputs(self) -> frozenset[type]:
        """Every class that an answer of this table may hand out besides the confirmation."""
        return frozenset().union(*(row.outputs for row in self.rows))


def when(*guards: Callable[[R, Q], bool], name: str, answer: Callable[[R, Q], object]) -> Decision[R, Q]:
    """A row that holds if all guards do."""
    return Decision(name, guards, answer)


def later(
    *guards: Callable[[R, Q], bool],
    name: str,
    by: Machine[Any, Any],
    ask: Callable[[R, Q, Any], object],
) -> Decision[R, Q]:
    """A row that leaves the answer to a machine: ``ask(reads, request, call)`` returns what sets it going."""
    return Decision(name, guards, ask, by)


def otherwise(name: str, answer: Callable[[R, Q], object]) -> Decision[Any, Any]:
    """The last row."""
    return Decision(name, (), answer)
