"""Markdown tables: every row with its remark, which is the legend of the diagrams."""

from collections.abc import Iterable, Sequence

from pilotline.tools.graph import Couplings, Edge, Graph


def table(graph: Graph) -> str:
    """One machine: its rows, what it lets pass, its timers, and what it reads."""
    text = [
        f"# {graph.name}",
        "",
        f"One per {graph.family}, kept in {graph.home.capitalize()}. {_ends(graph)}",
        "",
    ]
    text += ["## Rows", "", "A row is taken if all its guards hold; the first one that fits counts.", ""]
    text += grid(
        ("Row", "Event", "From", "To", "When", "Meaning", "Section", "Hands out"),
        (
            (
                edges[0].row,
                edges[0].event,
                ", ".join(edge.source for edge in edges),
                "stays" if edges[0].internal else edges[0].target,
                ", ".join(edges[0].guards),
                edges[0].remark,
                edges[0].section,
                ", ".join((*edges[0].effects, *edges[0].raises, *edges[0].orders)),
            )
            for edges in _bindings(graph.edges)
        ),
    )
    text += ["", "## Ignored", "", "What changes nothing where no row is taken, and why.", ""]
    text += grid(
        ("Events", "In", "Because"),
        (
            (", ".join(entry.events), ", ".join(entry.states) or "every state", entry.because)
            for entry in graph.passes
        ),
    )
    if graph.deadlines:
        text += ["", "## Timers", "", "Leaving its states disarms a timer.", ""]
        text += grid(
            ("Timer", "Becomes", "Runs in"),
            ((d.name, d.event, ", ".join(d.runs_in)) for d in graph.deadlines),
        )
    if graph.windows:
        text += ["", "## Reads", "", "Nothing else of the station is in reach of its guards and actions.", ""]
        text += grid(("Name", "Kind", "Of"), graph.windows)
    return "\n".join([*text, ""])


def couplings_table(couplings: Couplings) -> str:
    """Who raises what for whom."""
    text = ["# Couplings", "", "An event that is raised by one machine and has rows in another.", ""]
    text += grid(
        ("From", "To", "Events"), ((c.source, c.target, ", ".join(c.events)) for c in couplings.couplings)
    )
    return "\n".join([*text, ""])


def grid(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """The lines of a Markdown table."""
    lines = [f"| {' | '.join(heads)} |", "|" + "---|" * len(heads)]
    lines += [f"| {' | '.join(_cell(cell) for cell in row)} |" for row in rows]
    return lines


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _ends(graph: Graph) -> str:
    first = next(node.name for node in graph.nodes if node.initial)
    said = [f"Starts in {first}."]
    final = ", ".join(node.name for node in graph.nodes if node.final)
    lasting = ", ".join(node.name for node in graph.nodes if node.lasting)
    if final:
        said.append(f"Ends in {final}.")
    if lasting:
        said.append(f"Stays in {lasting} until power is cut.")
    return " ".join(said)


def _bindings(edges: Iterable[Edge]) -> list[list[Edge]]:
    """The edges of one binding together: they differ in nothing but the source."""
    together: dict[tuple[str, str, tuple[str, ...]], list[Edge]] = {}
    for edge in edges:
        together.setdefault((edge.row, edge.event, edge.guards), []).append(edge)
    return list(together.values())
