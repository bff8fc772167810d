"""docs/counterexample.md: what a search says of a row that has lost its guard."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from rich.console import Console

from pilotline.adapters.journal_reading import Gap
from pilotline.core.declared import MACHINES
from pilotline.tools.check.counterexample import counterexample, save
from pilotline.tools.check.explorer import Search
from pilotline.tools.check.scopes import scopes
from pilotline.tools.replay import difference, replayed
from pilotline.tools.timeline import Timeline

MACHINE: Final = "session"
BINDING: Final = "S1/PoweredUp"
SCOPE: Final = "session"
_WIDTH: Final = 110
_PAGE: Final = """\
# A counterexample

A search that finds a broken promise says how to get there, in as few moves as can be. That way is kept as it would
happen to a station from power-on: as a story, a picture, a test and a journal.

Here binding `{binding}` of machine `{machine}` has lost its guard `{guards}`:
{meaning}. This page is what the explorer makes of that (`python -m pilotline.tools.generated`).

## The story

The numbers are the steps of the replay below.

```text
{story}
```

## The picture

```mermaid
{mermaid}
```

## The test

`{test}` fails as long as the promise is broken, and passes once it is mended:

```python
{pytest}
```

## The journal

`pilotline replay {journal}` takes it again, byte for byte, in the station that is broken:

```text
{replay}
```

A station that is mended comes to something else, and the replay ends there with status 1:

```text
{difference}
```

## How a story becomes real

A search stands every state back to time 0 and renumbers what is in it. So each story is taken twice at once, as the
search took it and as a station would; every connection, message id, transaction, job and date of an event is replaced
by the one in the same place of the station's own state. After each move both states must have the same representative.
Timers that never fire in a scope are longer than any story in the product that is replayed (`retold.patient`). A scope
that leaves out more than that may let a search go where no station does; then the story says after which move, and
that the station keeps the promise. A promise of what is to come, that there is a way back to rest, is broken by no
single run: its test is the search.
"""


@cache
def counterexample_page() -> str:
    """The page."""
    scope = scopes()[SCOPE]
    with TemporaryDirectory() as folder:
        with _unguarded() as guards:
            violation = Search(scope).run().violation
            assert violation is not None, f"{BINDING} needs no guard in {SCOPE}"
            found = counterexample(violation, scope)
            journal, _, test = save(violation, scope, Path(folder))
            replay = _timeline(journal)
        mended = next(one for one in replayed(journal) if not isinstance(one, Gap) and one.differs)
    return _PAGE.format(
        binding=BINDING,
        machine=MACHINE,
        guards=", ".join(guards),
        meaning="at power-on a car is taken to be plugged in, also where no cable is",
        story=found.story(),
        mermaid=found.mermaid(),
        test=test.name,
        pytest=found.pytest().rstrip(),
        journal=journal.name,
        replay=replay,
        difference=difference(mended),
    )


@contextmanager
def _unguarded() -> Iterator[list[str]]:
    """The names of the guards that are missing meanwhile."""
    machine = next(machine for machine in MACHINES if machine.name == MACHINE)
    binding = next(binding for binding in machine.table if binding.name == BINDING)
    guards = binding.guards
    binding.guards = ()
    try:
        yield [guard.__name__ for guard in guards]
    finally:
        binding.guards = guards


def _timeline(journal: Path) -> str:
    out = io.StringIO()
    timeline = Timeline(Console(file=out, width=_WIDTH, color_system=None, highlight=False))
    for one in replayed(journal):
        assert not isinstance(one, Gap), one.says
        timeline.show(one.happening)
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines())
