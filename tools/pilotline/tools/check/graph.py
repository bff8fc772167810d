"""The graph of a search, as two arrays: where the transitions of a node begin, and where each leads to."""

from array import array
from collections.abc import Iterable, Iterator
from itertools import compress


class Graph:
    """Nodes are numbers from 0; the transitions of a node are added when all those of lower nodes are."""

    def __init__(self) -> None:
        self.targets = array("i")
        self.settles = (
            bytearray()
        )  # by transition, whether it is one of those that let the station come to rest
        self.begins = array("q", [0])  # by node, where its transitions begin; and where the last end

    @property
    def kept(self) -> tuple[object, ...]:
        """What holds it."""
        return self.targets, self.settles, self.begins

    def add(self, target: int, settles: bool) -> None:
        """One more transition of the next node."""
        self.targets.append(target)
        self.settles.append(settles)

    def end(self) -> None:
        """The next node has no more transitions."""
        self.begins.append(len(self.targets))

    def of(self, node: int) -> "array[int]":
        """Where a node leads to."""
        return self.targets[self._span(node)]

    def settling(self, node: int) -> Iterator[int]:
        """Where a node leads to by moves that settle."""
        span = self._span(node)
        return compress(self.targets[span], self.settles[span])

    def _span(self, node: int) -> slice:
        return slice(*self.begins[node : node + 2]) if node + 1 < len(self.begins) else slice(0, 0)

    def leading_to(self, goals: Iterable[int], nodes: int) -> bytearray:
        """By node, whether there is a way to one of these."""
        backwards = self._backwards(nodes)
        leads, pending = bytearray(nodes), list(goals)
        while pending:
            at = pending.pop()
            if not leads[at]:
                leads[at] = 1
                pending.extend(backwards.of(at))
        return leads

    def _backwards(self, nodes: int) -> "Graph":
        backwards = Graph()
        ends = array("q", bytes(8 * (nodes + 1)))
        for target in self.targets:
            ends[target + 1] += 1
        for node in range(nodes):
            ends[node + 1] += ends[node]
        backwards.begins = array("q", ends)
        backwards.targets = array("i", bytes(4 * len(self.targets)))
        for source in range(len(self.begins) - 1):
            for target in self.of(source):
                backwards.targets[ends[target]] = source
                ends[target] += 1
        return backwards
