"""The simulated world as data, and the file that keeps it when the process ends."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final, Literal

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from pilotline.adapters.simulated_car import Car
from pilotline.adapters.simulated_terminal import Hold
from pilotline.core.events import FaultDetected, LocalLimitFound

_VERSION: Final = 1


class SimulationError(ValueError):
    """What a driver cannot do in the world as it is, or a file that holds no world."""


class Point(Struct, frozen=True):
    """A connector of the simulated world."""

    car: Car | None = None
    cable: Literal["out", "in_station", "joined"] = "out"
    """`in_station`: in the station's socket, not in a car. A fixed cable that is free is `out`."""
    locked: bool = False
    lock_jammed: bool = False
    closed: bool = False
    """The contactor, not its command."""
    welded: bool = False
    limit_a: float | None = None
    """What the car was told to keep to on each phase; None: as much as the connector can."""
    phases: int | None = None
    """On how many the contactor closes; None: on all."""
    register_wh: float = 0
    faults: tuple[FaultDetected, ...] = ()
    local_limits: tuple[LocalLimitFound, ...] = ()

    @property
    def asks(self) -> bool:
        """Whether a car is joined to it and asks for energy."""
        return self.cable == "joined" and self.car is not None and self.car.asks


class _File(Struct, frozen=True):
    version: int
    points: tuple[Point, ...]
    holds: tuple[Hold, ...] = ()


def loaded(file: Path | None, size: int) -> tuple[list[Point], tuple[Hold, ...]]:
    """The world of an earlier process: no contactor is closed any more but a welded one."""
    if file is None or not file.exists():
        return [Point()] * size, ()
    try:
        kept = msgspec.json.decode(file.read_bytes(), type=_File)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise SimulationError(
            f"{file}: holds no simulated world ({error}); remove it to begin with a new one"
        ) from None
    if kept.version != _VERSION or len(kept.points) != size:
        raise SimulationError(
            f"{file}: is the world of another version or product; remove it to begin with a new one"
        )
    return [replace(point, closed=point.closed and point.welded) for point in kept.points], kept.holds


def saved(file: Path, points: Sequence[Point], holds: Iterable[Hold]) -> None:
    """Replace the file as a whole: a process that dies leaves the old world or the new one."""
    text = msgspec.json.format(msgspec.json.encode(_File(_VERSION, tuple(points), tuple(holds))), indent=1)
    beside = file.with_name(file.name + ".new")
    beside.write_bytes(text)
    beside.replace(file)
