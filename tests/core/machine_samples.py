"""Small machines of no meaning, to show what the language takes and what it refuses."""

from typing import Annotated, Any

from msgspec import Struct

from pilotline.core.reading import Source
from pilotline.core.statechart import Binding, Family, Ignored, Machine, Timer, ignores, on


class Own(Struct, frozen=True):
    state: str = "off"
    pressed: int = 0


class Reads(Struct, frozen=True):
    allowed: Annotated[bool, Source("fact", "allowed", "s[k]")]


class Pressed(Struct, frozen=True):
    pass


class Released(Struct, frozen=True):
    pass


class Boot(Struct, frozen=True):
    pass


class Rang(Struct, frozen=True):
    pass


class Row(Struct, frozen=True):
    id: str
    source: str | tuple[str, ...]
    target: str | None


ON = Row("R1", "off", "on")
OFF = Row("R2", "on", "off")
STAY = Row("R3", ("off", "on"), None)


def allowed(_own: Own, reads: Reads, _event: object) -> bool:
    return reads.allowed


def pressed_before(own: Own, _reads: Reads, _event: object) -> bool:
    return own.pressed > 0


def count(own: Own, _reads: Reads, _event: object, _now: int) -> Own:
    return Own(own.state, own.pressed + 1)


def ring(own: Own, _reads: Reads, _event: object, _now: int) -> tuple[Own, tuple[Rang | Pressed, ...]]:
    return own, (Rang(),)


LAMP_TABLE: tuple[Binding[Own, Reads], ...] = (
    on(Pressed, ON, count, when=[allowed]),
    on(Released, OFF),
)
LAMP_IGNORED: tuple[Ignored, ...] = (
    ignores(Pressed, because="not allowed, or on already"),
    ignores(Released, in_=("off",), because="off already"),
)


def lamp(
    table: tuple[Binding[Any, Any], ...] = LAMP_TABLE,
    ignored: tuple[Ignored, ...] = LAMP_IGNORED,
    *,
    states: tuple[str, ...] = ("off", "on"),
    timers: tuple[Timer, ...] = (),
    home: Any = "moment",
    **more: Any,
) -> Machine[Any, Any]:
    """A lamp with a button; each part can be replaced by another one."""
    return Machine(
        "lamp",
        family=Family("station", None),
        home=home,
        blank=Own(),
        reads=Reads,
        states=states,
        table=table,
        ignored=ignored,
        timers=timers,
        **more,
    )
