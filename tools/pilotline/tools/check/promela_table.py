"""A table as an `if` of Promela: an option for each outcome, guarded by all that leads to it."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, TypeAlias

Rows: TypeAlias = Mapping[Any, str]
"""What is done, by what the columns hold: a tuple of numbers."""
UNKNOWN: Final = ":: else -> tabulated = false; assert(tabulated)"
GUARD_MAX: Final = 400
"""Characters; SPIN's own buffers are small."""
JOIN: Final = ";\n"


def table(columns: Sequence[str], rows: Rows) -> str:
    """One `if`; what no row has is an assertion that fails."""
    if not columns:
        return rows[()]
    keys_by_outcome: dict[str, list[tuple[int, ...]]] = defaultdict(list)
    for key, outcome in rows.items():
        keys_by_outcome[outcome].append(key)
    return choice(
        (
            f":: {guard} -> {outcome}"
            for outcome, keys in keys_by_outcome.items()
            for guard in guards(columns, keys)
        ),
        UNKNOWN,
    )


def guards(names: Sequence[str], keys: Iterable[tuple[int, ...]]) -> Iterator[str]:
    """Guards that together hold for these keys and for no others."""
    keys = sorted(set(keys))
    if not names:
        yield "true"
        return
    inner = max(range(len(names)), key=lambda at: len({key[at] for key in keys}))
    values: dict[tuple[int, ...], list[int]] = defaultdict(list)
    for key in keys:
        values[key[:inner] + key[inner + 1 :]].append(key[inner])
    outer = [name for at, name in enumerate(names) if at != inner]
    terms: list[str] = []
    for held, found in values.items():
        fixed = [f"{name} == {value}" for name, value in zip(outer, held, strict=True)]
        for some in _in_groups(found, 12):
            anyone = " || ".join(f"{names[inner]} == {value}" for value in some)
            terms.append(" && ".join([*fixed, f"({anyone})" if fixed and len(some) > 1 else anyone]))
    guard = ""
    for term in terms:
        if guard and len(guard) + len(term) > GUARD_MAX:
            yield guard
            guard = ""
        bracketed = f"({term})" if len(terms) > 1 and "&&" in term else term
        guard = f"{guard} || {bracketed}" if guard else bracketed
    yield guard


def _in_groups(values: Sequence[int], most: int) -> Iterator[Sequence[int]]:
    for at in range(0, len(values), most):
        yield values[at : at + most]


def choice(options: Iterable[str], otherwise: str = ":: else") -> str:
    """An `if`."""
    return "\n".join(["if", *options, otherwise, "fi"])


def sequence(about: str, *statements: str) -> str:
    """Statements one after the other, under a comment."""
    return f"/* {about} */\n" + (JOIN.join(statements) or "skip")


def indented(text: str) -> str:
    """A text, deeper by one level."""
    return "\n".join(f"  {line}" for line in text.split("\n"))
