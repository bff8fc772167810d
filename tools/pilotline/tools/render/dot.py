"""The DOT language of Graphviz: from left to right, one line per pair of states, row ids in bold."""

from collections.abc import Iterable, Iterator, Sequence
from html import escape
from typing import Final

from pilotline.tools.graph import PSEUDO, Arrow, Couplings, Graph, Node
from pilotline.tools.render.frames import COLUMNS, Frame, edges_of, framed, frames_of, together

INK: Final = "#1f2933"
QUIET: Final = "#8a94a0"
_PLAIN: Final = ("#eef2f6", "#6b7a8c")
# What a driver sees first: free, somebody comes or goes, energy, out of service, broken.
_FREE: Final = ("#dff3e4", "#2f8f4e")
_IN_USE: Final = ("#fff3d1", "#b7860b")
_ENERGY: Final = ("#dbeafe", "#2563b0")
_RESERVED: Final = ("#efe3fb", "#7d4fb3")
_OUT: Final = ("#e5e7eb", "#5f6975")
_BROKEN: Final = ("#fde2e1", "#c0392b")
COLOURS: Final = {
    "Available": _FREE,
    "Preparing": _IN_USE,
    "Finishing": _IN_USE,
    "Charging": _ENERGY,
    "SuspendedEV": _ENERGY,
    "SuspendedEVSE": _ENERGY,
    "Reserved": _RESERVED,
    "Unavailable": _OUT,
    "inoperative": _OUT,
    "held": _OUT,
    "Faulted": _BROKEN,
    "faulted": _BROKEN,
}
"""State -> fill and border."""
_FONT: Final = f'fontname="Helvetica,Arial,sans-serif", fontcolor="{INK}"'
_HEAD: Final = f"""\
  graph [rankdir=LR, compound=true, newrank=true, bgcolor="white", pad=0.15, fontsize=12, {_FONT}]
  node [shape=box, style="rounded,filled", penwidth=1.4, margin="0.12,0.1", fontsize=15, {_FONT}]
  edge [fontsize=11, color="#52606d", arrowsize=0.7, {_FONT}]"""
_MARK: Final = (
    f'label="", shape=circle, width=0.16, fixedsize=true, style=filled, fillcolor="{INK}", color="{INK}"'
)
_TIGHT: Final = "ranksep=0.1; nodesep=0.25;"  # inches; with frames the labels are columns, too
_WIDE: Final = "ranksep=0.6; nodesep=0.4;"

Line = tuple[tuple[str, str], list[Arrow]]
"""Both ends, and all arrows between them."""


def dot(graph: Graph) -> str:
    """One machine."""
    text = [f'digraph "{graph.name}" {{', f'  label="{_title(graph)}"; labelloc=t; labeljust=l;', _HEAD]
    frames = frames_of(graph)
    text.append(f"  {_TIGHT if frames else _WIDE}")
    boxed = {state for frame in frames for state in frame.states}
    drawn = list(together(framed(graph)).items())
    text += _boxes(graph, frames, drawn, "  ")
    text += [_node(node) for node in graph.nodes if node.name not in boxed]
    text += [
        _label_node(graph, line) for line in drawn if _at_border(line, frames) and not _home(line, frames)
    ]
    if all(node.name != PSEUDO for node in graph.nodes):
        first = next(node.name for node in graph.nodes if node.initial)
        text += [f'  "●" [{_MARK}]', f'  "●" -> "{first}"']
    for column in COLUMNS.get(graph.name, ()):
        text.append("  { rank=same; " + " ".join(f'"{state}";' for state in column) + " }")
    for line in drawn:
        text += _framed_line(graph, line, frames) if _at_border(line, frames) else [_plain_line(graph, line)]
    return "\n".join([*text, "}", ""])


def _title(graph: Graph) -> str:
    return f"{graph.name}: one per {graph.family}, kept in {graph.home.capitalize()}"


def _at_border(line: Line, frames: Sequence[Frame]) -> bool:
    return any(frame.name in line[0] for frame in frames)


def _home(line: Line, frames: Sequence[Frame]) -> Frame | None:
    """The innermost frame around both ends of a line."""
    inside = {frame.name: frame.states for frame in frames}
    ends = {state for end in line[0] for state in inside.get(end, (end,))}
    around = [frame for frame in frames if ends <= set(frame.states) and frame.name not in line[0]]
    return around[-1] if around else None


def _outside(drawn: Iterable[Line], frame: Frame | None, frames: Sequence[Frame]) -> list[Line]:
    """The lines to or from a frame whose innermost frame around them is this one (None: no frame)."""
    return [line for line in drawn if _at_border(line, frames) and _home(line, frames) == frame]


def _boxes(graph: Graph, frames: Sequence[Frame], drawn: Sequence[Line], indent: str) -> Iterator[str]:
    """The frames nest: each one holds the next and the states that the next one does not hold."""
    every = frames_of(graph)
    if not frames:
        return
    frame, inner = frames[0], frames[1:]
    deeper = {state for other in inner for state in other.states}
    yield f'{indent}subgraph "cluster_{frame.name}" {{'
    yield f'{indent}  label="{frame.label}"; labeljust=l; style="rounded,dashed"; color="{QUIET}"; margin=14;'
    yield f'{indent}  fontcolor="{QUIET}"; fontsize=11;'
    own = [node for node in graph.nodes if node.name in frame.states and node.name not in deeper]
    yield from (indent + _node(node) for node in own)
    yield from (
        indent + _label_node(graph, line)
        for line in drawn
        if _at_border(line, every) and _home(line, every) == frame
    )
    yield from _boxes(graph, inner, drawn, indent + "  ")
    yield f"{indent}}}"


def _node(node: Node) -> str:
    if node.name == PSEUDO:
        return f'  "{node.name}" [{_MARK}]'
    fill, border = COLOURS.get(node.name, _PLAIN)
    ends = ", peripheries=2" if node.final else ""
    return f'  "{node.name}" [fillcolor="{fill}", color="{border}"{ends}]'


def _plain_line(graph: Graph, line: Line) -> str:
    (source, target), drawn = line
    label = _label(drawn)
    if source != target and _column(graph, source) == _column(graph, target):
        label = label.replace("<table ", '<table bgcolor="white" ', 1)  # it stands on its own line
    return f'  "{source}" -> "{target}" [label=<{label}>, {_tooltip(graph, line)}]'


def _framed_line(graph: Graph, line: Line, frames: Sequence[Frame]) -> list[str]:
    """Graphviz clips a line at a frame but leaves its label inside; so the label is a node on the way.

    A line that leads back to an earlier column is told to Graphviz from its head, which keeps the label
    between its two ends.
    """
    (source, target), _ = line
    boxes = {frame.name: frame for frame in frames}
    tail = boxes[source].door(target) if source in boxes else source
    head = boxes[target].door(source) if target in boxes else target
    back = _column(graph, tail) > _column(graph, head)
    ends = [(head, target), (tail, source)] if back else [(tail, source), (head, target)]
    colour = [f'color="{_BROKEN[1]}"'] if "Faulted" in line[0] else []
    first = [*colour, "dir=back" if back else "arrowhead=none"]
    second = [*colour, *(["arrowhead=none"] if back else [])]
    if ends[0][1] in boxes:
        first.append(f'ltail="cluster_{ends[0][1]}"')
    if ends[1][1] in boxes:
        second.append(f'lhead="cluster_{ends[1][1]}"')
    label = f"{source} → {target}"
    return [
        f'  "{ends[0][0]}" -> "{label}" [{", ".join(first)}]',
        f'  "{label}" -> "{ends[1][0]}" [{", ".join(second)}]',
    ]


def _column(graph: Graph, state: str) -> int:
    columns = COLUMNS.get(graph.name) or tuple((node.name,) for node in graph.nodes)
    return next(place for place, column in enumerate(columns) if state in column)


def _label_node(graph: Graph, line: Line) -> str:
    (source, target), drawn = line
    marks = f"shape=plain, style=solid, fontsize=11, label=<{_stacked_label(drawn)}>, {_tooltip(graph, line)}"
    return f'  "{source} → {target}" [{marks}]'


def _label(drawn: Sequence[Arrow]) -> str:
    """Row ids in bold beside their event."""
    return _table(
        _cell(f"<b>{escape(' '.join(arrow.rows))}</b>") + _cell(escape(arrow.event)) for arrow in drawn
    )


def _stacked_label(drawn: Sequence[Arrow]) -> str:
    """Row ids in bold above their event, four to a line: a frame's arrow has many."""
    return _table(
        _cell(text)
        for arrow in drawn
        for text in (
            *(f"<b>{escape(' '.join(arrow.rows[at : at + 4]))}</b>" for at in range(0, len(arrow.rows), 4)),
            escape(arrow.event),
        )
    )


def _cell(text: str) -> str:
    return f'<td align="left">{text}</td>'


def _table(rows: Iterable[str]) -> str:
    cells = "".join(f"<tr>{row}</tr>" for row in rows)
    return f'<table border="0" cellborder="0" cellspacing="0" cellpadding="1">{cells}</table>'


def _tooltip(graph: Graph, line: Line) -> str:
    """What an SVG viewer shows under the pointer: guards and remarks."""
    told = []
    for arrow in line[1]:
        for edge in edges_of(graph, arrow):
            when = f" [{', '.join(edge.guards)}]" if edge.guards else ""
            told.append(f"{edge.label}{when}: {edge.remark}")
    text = escape("\n".join(dict.fromkeys(told))).replace("\n", "&#10;")
    return f'tooltip="{text}"'


_INKS: Final = ("#2563b0", "#b4451f", "#2f8f4e", "#7d4fb3", "#946c00", "#0f7a80", "#b0306a", "#52606d")
"""One for each source in turn, so that a line can be followed through a crossing."""


def couplings_dot(couplings: Couplings) -> str:
    """All machines, and the events they raise for each other; decision tables are the notes at the edge."""
    names = (*couplings.machines, *couplings.operations)
    inks = {name: _INKS[place % len(_INKS)] for place, name in enumerate(names)}
    raising = {coupling.source for coupling in couplings.couplings}
    machine, operation = (f'fillcolor="{fill}", color="{border}"' for fill, border in (_PLAIN, _IN_USE))
    text = ['digraph "couplings" {', _HEAD]
    text += [f'  "{name}" [{machine}]' for name in couplings.machines]
    text += [
        f'  "{name}" [shape=note, style=filled, {operation}]'
        for name in couplings.operations
        if name in raising
    ]
    for coupling in couplings.couplings:
        label, ink = "\\l".join((*coupling.events, "")), inks[coupling.source]
        marks = f'label="{label}", color="{ink}", fontcolor="{ink}"'
        text.append(f'  "{coupling.source}" -> "{coupling.target}" [{marks}]')
    return "\n".join([*text, "}", ""])
