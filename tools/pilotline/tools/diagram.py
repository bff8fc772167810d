"""One machine, or the couplings of all, in the format asked for."""

from collections.abc import Callable
from typing import Final

from pilotline.core.declared import MACHINES
from pilotline.tools.graph import Couplings, Graph, couplings_of, graph_of
from pilotline.tools.render.dot import couplings_dot, dot
from pilotline.tools.render.mermaid import couplings_mermaid, mermaid
from pilotline.tools.render.svg import svg
from pilotline.tools.render.table import couplings_table, table

_MACHINE: Final[dict[str, Callable[[Graph], str]]] = {
    "mermaid": mermaid,
    "dot": dot,
    "svg": lambda graph: svg(dot(graph)),
    "table": table,
}
_COUPLINGS: Final[dict[str, Callable[[Couplings], str]]] = {
    "mermaid": couplings_mermaid,
    "dot": couplings_dot,
    "svg": lambda couplings: svg(couplings_dot(couplings)),
    "table": couplings_table,
}
FORMATS: Final = tuple(_MACHINE)


def diagram(machine: str | None, form: str = "mermaid") -> str:
    """A machine by its name, or (None) all machines and the events between them, in one of `FORMATS`.

    Raises:
        ValueError: no such machine or format; the message lists those there are.
        GraphvizMissingError: svg, and the program `dot` is not installed.
    """
    if form not in FORMATS:
        raise ValueError(f"no format {form!r}: choose one of {', '.join(FORMATS)}")
    if machine is None:
        return _COUPLINGS[form](couplings_of())
    for declared in MACHINES:
        if declared.name == machine:
            return _MACHINE[form](graph_of(declared))
    raise ValueError(f"no machine {machine!r}: choose one of {', '.join(each.name for each in MACHINES)}")
