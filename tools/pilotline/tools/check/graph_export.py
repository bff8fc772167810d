"""The graph of a search in a file, for other checkers and for editors of graphs.

Theory of operation: both formats are written as the search hands out its edges, so a graph of a million edges takes no
more memory than a line of it. The label of an edge is its move as a story tells it, in one line without double quotes,
because a reader of Aldebaran files ends a label at the next one. Everything is ASCII: what is not is escaped.

A state beyond the bounds of its scope is not followed, and has no edge that leads on: to a reader it looks like a
deadlock. GraphML says so of each (`followed`).
"""

from collections.abc import Callable
from pathlib import Path
from typing import Final, TextIO, TypeAlias
from xml.sax.saxutils import escape

from pilotline.core.state import State
from pilotline.tools.check.explorer import Search
from pilotline.tools.check.story import Move, in_words

Writer: TypeAlias = Callable[[Search, TextIO], None]

_GRAPHML_HEAD: Final = """\
<?xml version="1.0" encoding="US-ASCII"?>
<graphml xmlns="http://graphml.graphdrawing.org/xmlns" \
xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" \
xsi:schemaLocation="http://graphml.graphdrawing.org/xmlns \
http://graphml.graphdrawing.org/xmlns/1.0/graphml.xsd">
  <key id="summary" for="node" attr.name="summary" attr.type="string"/>
  <key id="initial" for="node" attr.name="initial" attr.type="boolean"><default>false</default></key>
  <key id="followed" for="node" attr.name="followed" attr.type="boolean"><default>true</default></key>
  <key id="move" for="edge" attr.name="move" attr.type="string"/>
"""


def write_aut(search: Search, file: TextIO) -> None:
    """Aldebaran: a line of sizes, then ``(from, "move", to)`` for each edge. State 0 is where the search began."""
    states, edges = search.size
    file.write(f"des (0, {edges}, {states})\n")
    for source, move, target in search.edges():
        file.write(f'({source}, "{label(move)}", {target})\n')


def write_graphml(search: Search, file: TextIO) -> None:
    """GraphML: a node n0, n1, … for each state with its summary, and an edge for each move."""
    file.write(_GRAPHML_HEAD)
    file.write(f'  <graph id="explored" edgedefault="directed"><desc>{escape(search.scope.name)}</desc>\n')
    for number, (state, followed) in enumerate(search.states()):
        marks = "" if number else '<data key="initial">true</data>'
        if not followed:
            marks += '<data key="followed">false</data>'
        file.write(
            f'    <node id="n{number}">{marks}<data key="summary">{escape(summary(state))}</data></node>\n'
        )
    for source, move, target in search.edges():
        file.write(f'    <edge source="n{source}" target="n{target}">')
        file.write(f'<data key="move">{escape(label(move))}</data></edge>\n')
    file.write("  </graph>\n</graphml>\n")


FORMATS: Final[dict[str, tuple[Writer, str]]] = {
    ".aut": (write_aut, "backslashreplace"),
    ".graphml": (write_graphml, "xmlcharrefreplace"),
}
"""By suffix: what writes it, and how it escapes a character that is not ASCII."""


def graph_writer(path: Path) -> Callable[[Search], None]:
    """What writes the graph of a search that has run into this file; its suffix says how.

    Raises:
        ValueError: no such format; the message lists those there are.
    """
    if path.suffix not in FORMATS:
        raise ValueError(f"no format for {path.name!r}: end it in {' or '.join(FORMATS)}")
    write, escapes = FORMATS[path.suffix]

    def written(search: Search) -> None:
        with path.open("w", encoding="ascii", errors=escapes) as file:
            write(search, file)

    return written


def label(move: Move) -> str:
    """A move in one line of printable characters, without double quotes."""
    words = in_words(move).replace('"', "'")
    return "".join(letter if letter.isprintable() else " " for letter in words)


def summary(state: State) -> str:
    """``0 Available; 1 Charging, charging; link up; registration accepted; queue 0``: status, and session."""
    moment = state.moment
    station, *connectors = zip(moment.connectors, moment.sessions, strict=True)
    parts = [f"0 {station[0].state}"]
    parts += [f"{c.connector} {c.state}, {session.state}" for c, session in connectors]
    parts += [f"link {moment.link.state}", f"registration {moment.registration.state}"]
    return "; ".join([*parts, f"queue {len(state.memory.outbox)}"])
