"""Fuzz one edge of the station, guided by coverage: inputs that reach something new are kept and changed further.

    python -m pilotline.tools.fuzz frames --seconds 300 --seed 1
    python -m pilotline.tools.fuzz frames --replay .fuzz/frames/crash-…

An input that an edge does not stand is saved, and the command that tries it alone is printed. So is one that takes
longer than `_PATIENCE_S`, or memory beyond `_MEMORY_MB`.
"""

import argparse
import gc
import hashlib
import sys
from collections.abc import Callable
from contextlib import nullcontext
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from pilotline.tools.fuzz_targets import Target

_PATIENCE_S: Final = 20
_MEMORY_MB: Final = 1024
_GROWTH_EVERY: Final = 2000
"""Executions between two looks at the memory; the first makes the measure, when all caches are warm."""
_GROWTH_MAX: Final = 1.25


class Growth:
    """Whether the process keeps anything of what it was given, in blocks of the allocator."""

    def __init__(self) -> None:
        self._executions = 0
        self._measure: float | None = None

    def look(self) -> None:
        """Once for each execution. Raises `AssertionError`."""
        self._executions += 1
        if self._executions % _GROWTH_EVERY:
            return
        gc.collect()
        blocks = sys.getallocatedblocks()
        self._measure = self._measure or blocks * _GROWTH_MAX
        assert blocks <= self._measure, f"the process grows: {blocks} blocks, {self._measure:.0f} allowed"  # noqa: S101


def watched(name: str, attempt: Callable[[bytes], None], folder: Path) -> Callable[[bytes], None]:
    """The same, and what it does not stand is saved before it ends the campaign."""
    growth = Growth()

    def watching(data: bytes) -> None:
        try:
            attempt(data)
            growth.look()
        except BaseException:
            crash = folder / f"crash-{hashlib.sha1(data).hexdigest()}"  # noqa: S324  (as libFuzzer names it)
            crash.write_bytes(data)
            _say(f"\nto try it alone: python -m pilotline.tools.fuzz {name} --replay {crash}")
            raise

    return watching


def _campaign(atheris: Any, name: str, target: "Target", options: argparse.Namespace) -> None:
    from pilotline.core import reading

    reading.__dict__["HELD_MAX"] = 1  # what is held of the last stations is no growth
    folder: Path = options.folder / name
    begun, found = folder / "begun", folder / "found"
    for one in (begun, found):
        one.mkdir(parents=True, exist_ok=True)
    for data in target.begin_with():
        (begun / hashlib.sha1(data).hexdigest()).write_bytes(data)  # noqa: S324  (a name)
    limits = {
        "max_total_time": options.seconds,
        "seed": options.seed,
        "max_len": target.bytes_max,
        "len_control": 10,  # or a campaign of minutes makes only short ones
        "timeout": _PATIENCE_S,
        "rss_limit_mb": _MEMORY_MB,
        "artifact_prefix": f"{folder}/",
        "print_final_stats": 1,
    }
    arguments = [sys.argv[0], *(f"-{limit}={value}" for limit, value in limits.items())]
    atheris.Setup([*arguments, str(found), str(begun)], watched(name, target.attempt, folder))
    atheris.Fuzz()  # does not return: it tells how far it is, and ends the process


def _atheris() -> Any:
    """An extra, not there for each Python, and without types."""
    try:
        return import_module("atheris")
    except ImportError:
        _say("a campaign needs atheris: pip install -e '.[fuzz]'")
        raise SystemExit(2) from None


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)  # noqa: T201  (this is the program's voice)


def main() -> int:
    """Try one input, or make inputs for so long; with a status that says whether all was stood."""
    parser = argparse.ArgumentParser(
        prog="python -m pilotline.tools.fuzz",
        description=__doc__,
        formatter_class=argparse.RawTextHelpFormatter,
    )
    parser.add_argument("target", help="frames, control, product, store, records, journal, world or urls")
    parser.add_argument("--seconds", type=int, default=300, help="how long")
    parser.add_argument("--seed", type=int, default=1, help="of every change")
    parser.add_argument("--folder", type=Path, default=Path(".fuzz"), help="where inputs are kept")
    parser.add_argument("--replay", type=Path, help="try this input alone")
    options = parser.parse_args()
    atheris = None if options.replay else _atheris()
    with atheris.instrument_imports(include=["pilotline"]) if atheris else nullcontext():
        from pilotline.tools.fuzz_targets import TARGETS  # here first, or their coverage is not seen
    target = TARGETS.get(options.target)
    if target is None:
        parser.error(f"{options.target!r} is no target; there are {', '.join(TARGETS)}")
    if atheris:
        _campaign(atheris, options.target, target, options)
    target.attempt(options.replay.read_bytes())
    _say("it is stood")
    return 0


if __name__ == "__main__":
    sys.exit(main())
