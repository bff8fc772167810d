"""State Chart XML (W3C), which other simulators, checkers and editors of machines read.

Theory of operation: a table of ours and a state of SCXML mean the same. Of the transitions of a state that hear an
event the first one whose condition holds is taken, in the order of the document; an event that none of them takes is
dropped. What is no more than a name there is a variable of the data model, 0 until the reader sets it: a guard, and
whether a row raises what it need not raise (`raises_…`). `not soft` is the condition ``soft == 0``, which reads the
same in ECMAScript and Python. All that SCXML has no word for is in a namespace of our own.

All machines together are one `parallel`: what one raises the others hear, as within a step of the station. Of a family
of several instances (connectors, transactions) it shows one.
"""

from collections.abc import Iterable
from typing import Final
from xml.etree import ElementTree as ET

from pilotline.tools.graph import Edge, Graph

SCXML: Final = "http://www.w3.org/2005/07/scxml"
OURS: Final = "urn:pilotline:machines:1"


def scxml(graph: Graph) -> str:
    """One machine as a document: a state by its own name, a guard as ``machine_guard``."""
    document = _document(graph.name, _initial(graph), [graph])
    _describe(document, graph, "")
    return _text(document)


def scxml_of_all(graphs: Iterable[Graph]) -> str:
    """All machines as one document: a state is ``machine.state``."""
    graphs = tuple(graphs)
    document = _document("station", "station", graphs)
    parallel = ET.SubElement(document, "parallel", {"id": "station"})
    for graph in graphs:
        within = f"{graph.name}."
        marks = {"id": graph.name, "initial": within + _initial(graph)}
        _describe(ET.SubElement(parallel, "state", marks), graph, within)
    return _text(document)


def _document(name: str, initial: str, graphs: Iterable[Graph]) -> ET.Element:
    """With every variable that a condition uses."""
    marks = {"xmlns": SCXML, "xmlns:pilotline": OURS, "version": "1.0", "datamodel": "ecmascript"}
    document = ET.Element("scxml", {**marks, "name": name, "initial": initial})
    places = [(graph, edge) for graph in graphs for edge in graph.edges]
    guards = [_guard(graph, guard)[0] for graph, edge in places for guard in edge.guards]
    raised = [variable for graph, edge in places for variable in _perhaps(graph, edge).values()]
    if guards or raised:
        model = ET.SubElement(document, "datamodel")
        for variable in dict.fromkeys([*guards, *raised]):
            ET.SubElement(model, "data", {"id": variable, "expr": "0"})
    return document


def _describe(parent: ET.Element, graph: Graph, within: str) -> None:
    """A machine's states in the document, or in the region that is its."""
    parent.set("pilotline:family", graph.family)
    parent.set("pilotline:home", graph.home)
    for window in graph.windows:
        marks = {"name": window.field, "kind": window.kind, "of": window.name}
        ET.SubElement(parent, "pilotline:reads", marks)
    for timer in graph.deadlines:
        marks = {"name": timer.name, "event": timer.event, "runs-in": " ".join(timer.runs_in)}
        ET.SubElement(parent, "pilotline:timer", marks)
    for node in graph.nodes:
        state = ET.SubElement(parent, "final" if node.final else "state", {"id": within + node.name})
        if node.lasting:
            state.set("pilotline:lasting", "true")
        for passed in graph.passes:
            if not node.final and (not passed.states or node.name in passed.states):
                marks = {"events": " ".join(passed.events), "because": passed.because}
                ET.SubElement(state, "pilotline:ignores", marks)
        for edge in graph.edges:
            if edge.source == node.name:
                _transition(state, graph, edge, within)


def _transition(state: ET.Element, graph: Graph, edge: Edge, within: str) -> None:
    marks = {"event": edge.event}
    if edge.guards:
        conditions = [_guard(graph, guard) for guard in edge.guards]
        marks["cond"] = " && ".join(name if holds else f"{name} == 0" for name, holds in conditions)
    if not edge.internal:
        marks["target"] = within + edge.target
    ours = {"binding": edge.binding, "section": edge.section, "remark": edge.remark}
    ours |= {"effects": " ".join(edge.effects), "orders": " ".join(edge.orders)}
    marks |= {f"pilotline:{name}": value for name, value in ours.items() if value}
    transition = ET.SubElement(state, "transition", marks)
    for event in edge.certain:
        ET.SubElement(transition, "raise", {"event": event})
    for event, condition in _perhaps(graph, edge).items():
        ET.SubElement(ET.SubElement(transition, "if", {"cond": condition}), "raise", {"event": event})


def _guard(graph: Graph, guard: str) -> tuple[str, bool]:
    """The variable of a guard, and whether the guard holds when it is set."""
    name = guard.removeprefix("not ").replace(" ", "_")
    return f"{graph.name}_{name}", not guard.startswith("not ")


def _perhaps(graph: Graph, edge: Edge) -> dict[str, str]:
    """Events that a row may raise, each with the variable that says whether it does."""
    return {event: f"{graph.name}_raises_{event}" for event in edge.raises if event not in edge.certain}


def _initial(graph: Graph) -> str:
    return next(node.name for node in graph.nodes if node.initial)


def _text(document: ET.Element) -> str:
    ET.indent(document)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(document, encoding="unicode") + "\n"
