"""One machine, or the couplings of all, in the format asked for."""

from collections.abc import Callable
from typing import Any, Final

from pilotline.core.declared import MACHINES
from pilotline.core.statechart import Machine
from pilotline.tools.graph import couplings_of, graph_of
from pilotline.tools.render.dot import couplings_dot, dot
from pilotline.tools.render.mermaid import couplings_mermaid, mermaid
from pilotline.tools.render.scxml import scxml, scxml_of_all
from pilotline.tools.render.svg import svg
from pilotline.tools.render.table import couplings_table, table
from pilotline.tools.spec_json import couplings_json, machine_json

_MACHINE: Final[dict[str, Callable[[Machine[Any, Any]], str]]] = {
    "mermaid": lambda machine: mermaid(graph_of(machine)),
    "dot": lambda machine: dot(graph_of(machine)),
    "svg": lambda machine: svg(dot(graph_of(machine))),
    "table": lambda machine: table(graph_of(machine)),
    "scxml": lambda machine: scxml(graph_of(machine)),
    "json": machine_json,
}
_COUPLINGS: Final[dict[str, Callable[[], str]]] = {
    "mermaid": lambda: couplings_mermaid(couplings_of()),
    "dot": lambda: couplings_dot(couplings_of()),
    "svg": lambda: svg(couplings_dot(couplings_of())),
    "table": lambda: couplings_table(couplings_of()),
    "scxml": lambda: scxml_of_all(map(graph_of, MACHINES)),
    "json": couplings_json,
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
        return _COUPLINGS[form]()
    for declared in MACHINES:
        if declared.name == machine:
            return _MACHINE[form](declared)
    raise ValueError(f"no machine {machine!r}: choose one of {', '.join(each.name for each in MACHINES)}")
