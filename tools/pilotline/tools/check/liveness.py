"""What the station comes to of itself, once the world lets it: liveness, on the graph of a search.

Theory of operation: some moves settle. Time passes, the network returns, the Central System answers, hardware does
what it was told, faults clear, people unplug and go. A fair world is one in which from some moment on only such moves
happen, and none that is possible again and again is put off for ever. A graph is finite: a fair run ends in a strongly
connected component of the settling moves that none of them leaves, and goes on through all of it. So the station comes
to rest in every fair run if, and only if, each such component has a node at rest. One without is a livelock or a
deadlock.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from pilotline.core.events import (
    AmountReleased,
    AmountSettled,
    CableUnplugged,
    CallReceived,
    ConnectorLocked,
    ConnectorUnlocked,
    ContactorClosed,
    ContactorOpened,
    DataTransferAnswered,
    DeadlinePassed,
    DiagnosticsUploaded,
    EnergyDeclined,
    EvUnplugged,
    External,
    FaultCleared,
    FirmwareDownloaded,
    FirmwareInstalled,
    LinkUp,
    LocalLimitLifted,
    MainsRestored,
    MeterRead,
    PoweredUp,
    ResultReceived,
    TagPresented,
)
from pilotline.spec.messages.core import ChangeAvailabilityReq
from pilotline.tools.check.graph import Graph

_SETTLES: Final = frozenset(
    {
        AmountReleased,
        AmountSettled,
        CableUnplugged,
        ConnectorLocked,
        ConnectorUnlocked,
        ContactorClosed,
        ContactorOpened,
        DataTransferAnswered,
        DeadlinePassed,
        DiagnosticsUploaded,
        EnergyDeclined,
        EvUnplugged,
        FaultCleared,
        FirmwareDownloaded,
        FirmwareInstalled,
        LinkUp,
        LocalLimitLifted,
        MainsRestored,
        MeterRead,
        ResultReceived,
    }
)


def settles(event: External, *, by_tag: bool) -> bool:
    """Whether a world that lets the station come to rest may do this; by_tag: its driver comes back with the tag."""
    if isinstance(event, TagPresented):
        return by_tag
    if isinstance(event, CallReceived):
        return isinstance(event.request, ChangeAvailabilityReq) and event.request.type == "Operative"
    if isinstance(event, PoweredUp):
        return event.cause != "PowerLoss"  # a reboot that the station asked for
    return type(event) in _SETTLES


def components(graph: Graph, nodes: int) -> Iterator[list[int]]:
    """The strongly connected components of the settling moves, each after all that it leads to (Tarjan, 1972)."""
    order, low = [0] * nodes, [0] * nodes  # 0: not seen yet
    done, stack, clock = bytearray(nodes), list[int](), 0
    for root in range(nodes):
        if order[root]:
            continue
        path = [(root, graph.settling(root))]
        clock += 1
        order[root] = low[root] = clock
        stack.append(root)
        while path:
            at, ways = path[-1]
            for target in ways:
                if not order[target]:
                    clock += 1
                    order[target] = low[target] = clock
                    stack.append(target)
                    path.append((target, graph.settling(target)))
                    break
                if not done[target]:
                    low[at] = min(low[at], order[target])
            else:
                path.pop()
                if path:
                    low[path[-1][0]] = min(low[path[-1][0]], low[at])
                if low[at] == order[at]:
                    yield _popped(stack, at, done)


def _popped(stack: list[int], at: int, done: bytearray) -> list[int]:
    """The component of which `at` was seen first."""
    component: list[int] = []
    while not component or component[-1] != at:
        component.append(stack.pop())
        done[component[-1]] = 1
    return component


def never_at_rest(graph: Graph, nodes: int, resting: Iterable[int]) -> list[int]:
    """The nodes, ascending, of all components that no settling move leaves and that have no node at rest.

    From each node of one, no settling moves lead to rest; so where they do from every node, there is none.
    """
    comes_to_rest = graph.leading_to(resting, nodes, settling=True)
    if all(comes_to_rest):
        return []
    stuck: list[int] = []
    for component in components(graph, nodes):
        if any(comes_to_rest[node] for node in component):
            continue
        inside = set(component)
        if all(target in inside for node in component for target in graph.settling(node)):
            stuck.extend(component)
    return sorted(stuck)
