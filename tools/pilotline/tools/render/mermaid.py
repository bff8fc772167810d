"""Mermaid, which GitHub and many editors draw by themselves."""

from pilotline.tools.graph import PSEUDO, Couplings, Graph, arrows
from pilotline.tools.render.frames import together


def mermaid(graph: Graph) -> str:
    """One machine as a state diagram: one line per pair of states, every row by its id."""
    lines = ["stateDiagram-v2", "    direction LR"]
    marks = {PSEUDO: "[*]"}
    lines += [f"    [*] --> {node.name}" for node in graph.nodes if node.initial and node.name != PSEUDO]
    for (source, target), drawn in together(arrows(graph.edges)).items():
        label = "<br/>".join(arrow.label for arrow in drawn)
        lines.append(f"    {marks.get(source, source)} --> {marks.get(target, target)}: {label}")
    lines += [f"    {node.name} --> [*]" for node in graph.nodes if node.final]
    return "\n".join([*lines, ""])


def couplings_mermaid(couplings: Couplings) -> str:
    """All machines and the events they raise for each other, as a flowchart."""
    raising = {coupling.source for coupling in couplings.couplings}
    lines = ["flowchart LR"]
    lines += [f"    {name}([{name}])" for name in couplings.machines]
    lines += [f"    {name}[/{name}/]" for name in couplings.operations if name in raising]
    for coupling in couplings.couplings:
        lines.append(f'    {coupling.source} -->|"{"<br/>".join(coupling.events)}"| {coupling.target}')
    return "\n".join([*lines, ""])
