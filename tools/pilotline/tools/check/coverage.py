"""Which of the declared bindings a set of searches has taken."""

from collections.abc import Iterable

from pilotline.core.declared import MACHINES

Binding = tuple[str, str]
"""Machine and binding."""


def declared() -> tuple[Binding, ...]:
    """Every binding of every machine, in declared order."""
    return tuple((machine.name, binding.name) for machine in MACHINES for binding in machine.table)


def never_fired(fired: Iterable[Binding]) -> tuple[Binding, ...]:
    """The declared bindings that are not among these."""
    seen = set(fired)
    return tuple(binding for binding in declared() if binding not in seen)
