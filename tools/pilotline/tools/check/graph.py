"""The graph of a search, as two arrays: where the transitions of a node begin, and where each leads to."""

from array import array
from collections.abc import Iterable
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

    def of(self, node: int) -> Iterable[int]:
        """Where a node leads to."""
        return self.targets[self._span(node)]

    def settling(self, node: int) -> Iterable[int]:
        """Where a node leads to by moves that settle."""
        span = self._span(node)
        return compress(self.targets[span], self.settles[span])

    def _span(self, node: int) -> slice:
        return slice(*self.begins[node : node + 2]) if node + 1 < len(self.begins) else slice(0, 0)

    def leading_to(self, goals: Iterable[int], nodes: int, *, settling: bool = False) -> bytearray:
        """By node, whether there is a way to one of these; ``settling``: by moves that settle alone.

        Nodes without one are looked at again and again, by turns from either end, until no more is found: most are a
        move or two away.
        """
        leads, ways = bytearray(nodes), self.settling if settling else self.of
        for goal in goals:
            leads[goal] = 1
        pending = [node for node in range(nodes) if not leads[node]]
        while True:
            left: list[int] = []
            for node in reversed(pending):
                if any(map(leads.__getitem__, ways(node))):
                    leads[node] = 1
                else:
                    left.append(node)
            if len(left) == len(pending):
                return leads
            pending = left
