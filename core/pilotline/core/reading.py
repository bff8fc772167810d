"""What a machine may see: a slice is a frozen record whose fields say where they come from. No OCPP in it."""

import typing
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, ClassVar, Final, Literal, NamedTuple, TypeAlias, TypeVar

from msgspec import Struct

R = TypeVar("R")  # slice


class InvalidDefinition(Exception):
    """A table contradicts itself or leaves something open. The message names machine and rows."""


SourceKind: TypeAlias = Literal["machine", "machines", "key", "fact", "collection", "time"]


class Source(NamedTuple):
    """Where one field of a slice comes from.

    ``code`` is the expression that reads it from the station's state ``s`` for the instance ``k`` at the instant ``n``;
    the names it uses besides are in ``names``. With ``of`` it depends on that object of the state alone, and on ``k``.
    """

    kind: SourceKind
    name: str
    code: str
    of: str | None = None
    names: Mapping[str, object] = MappingProxyType({})
    keys: tuple[str, ...] = ()
    """The configuration keys that are read by it."""


HELD_MAX: Final = 256


def slice_function(reads: type[R]) -> Callable[..., R]:
    """The function ``(state, key, now) -> slice``, as fast as if it were written by hand.

    Keys and facts change as seldom as the configuration and the product: what they came to is held for each such
    object, at most `HELD_MAX` times.
    """
    sources = sources_of(reads).values()
    still = [source for source in sources if source.of]
    anchors = list(dict.fromkeys(source.of for source in still if source.of))
    held: dict[object, tuple[object, ...]] = {}
    names: dict[str, Any] = {"Reads": reads, "held": held}
    for source in sources:
        names.update(source.names)
    values = ", ".join(
        [source.code for source in still] + anchors
    )  # the anchors are kept, so that ids stay theirs
    names["find"] = eval(f"lambda s, k: ({values},)" if still else "None", names)  # noqa: S307  (our own declarations)

    def keep(found: object, state: object, key: object) -> tuple[object, ...]:
        if len(held) >= HELD_MAX:
            held.clear()
        held[found] = kept = names["find"](state, key)
        return typing.cast("tuple[object, ...]", kept)

    names["keep"] = keep
    fields = ", ".join(f"t[{still.index(source)}]" if source.of else source.code for source in sources)
    if not still:
        return typing.cast("Callable[..., R]", eval(f"lambda s, k, n=0: Reads({fields})", names))  # noqa: S307
    which = ", ".join(f"id({anchor})" for anchor in anchors)
    exec(  # noqa: S102  (our own declarations, at import)
        f"def read(s, k, n=0):\n i = {which}, k\n t = held.get(i)\n"
        f" if t is None: t = keep(i, s, k)\n return Reads({fields})",
        names,
    )
    return typing.cast("Callable[..., R]", names["read"])


def sources_of(reads: type) -> Mapping[str, Source]:
    """Field name -> source, from the `Annotated` fields of a slice."""
    found = {}
    for name, hint in typing.get_type_hints(reads, include_extras=True).items():
        if typing.get_origin(hint) is ClassVar:
            continue
        marks = [mark for mark in getattr(hint, "__metadata__", ()) if isinstance(mark, Source)]
        if len(marks) != 1:
            raise InvalidDefinition(f"slice {reads.__qualname__}.{name}: say where it comes from, once")
        found[name] = marks[0]
    return MappingProxyType(found)


class NoReads(Struct, frozen=True):
    """The slice of a machine that sees nothing but itself."""
