"""SPIN itself: a model is made into a verifier, compiled and run, and its verdict read."""

import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Final, NamedTuple

NEEDED: Final = ("spin", "gcc")
DEPTH_MAX: Final = 3_000_000
"""Statements on the way to one state."""
TABULATED: Final = "tabulated"
"""The assertion of a model that what it comes to is in its tables."""
_STORED: Final = re.compile(r"^\s*(\d+) states, stored", re.MULTILINE)
_TRANSITIONS: Final = re.compile(r"^\s*(\d+) transitions", re.MULTILINE)
_ASSERTION: Final = re.compile(r"assertion violated \(?(\w+)")
_INCOMPLETE: Final = re.compile(r"max search depth too small|pan: out of memory|pan:\d+: invalid end state")
_THEN: Final = re.compile(r"^\s*then (\d+) (\d+)$", re.MULTILINE)


class SpinFailed(Exception):
    """SPIN has no verdict: it is not installed, it does not take the model, or it gave up."""


class Verdict(NamedTuple):
    """What SPIN says of a model."""

    states: int
    """Stored, the initial state among them."""
    transitions: int
    """With the one into the initial state."""
    broken: str | None
    """The assertion that is violated."""
    way: tuple[tuple[int, int], ...]
    """What the model printed on the way there: events and the time before them."""


def missing() -> str | None:
    """What of it is not installed, in one line."""
    absent = [name for name in NEEDED if shutil.which(name) is None]
    return (
        f"not installed: {', '.join(absent)} (Debian: apt-get install {' '.join(absent)})" if absent else None
    )


def verify(model: str, *, within_s: float = 600) -> Verdict:
    """Search every state of the model, in a folder of its own.

    Raises:
        SpinFailed: there is no verdict; why, in one line.
    """
    absent = missing()
    if absent:
        raise SpinFailed(absent)
    with tempfile.TemporaryDirectory(prefix="pilotline-spin-") as name:
        folder = Path(name)
        (folder / "model.pml").write_text(model)
        _run(folder, within_s, "spin", "-a", "-o3", "model.pml")  # unmerged statements: less to compile
        _run(folder, within_s, "gcc", "-O0", "-w", "-DSAFETY", "-DNOREDUCE", "-o", "pan", "pan.c")
        said = _run(folder, within_s, "./pan", f"-m{DEPTH_MAX}", "-w20")
        verdict = read(said)
        if verdict.broken is None:
            return verdict
        told = _run(folder, within_s, "./pan", "-r")
    return verdict._replace(way=tuple((int(event), int(ms)) for event, ms in _THEN.findall(told)))


def read(said: str) -> Verdict:
    """The verdict in what a verifier said.

    Raises:
        SpinFailed: it did not search all, or came to what no table knows.
    """
    stored, transitions, violated = _STORED.search(said), _TRANSITIONS.search(said), _ASSERTION.search(said)
    gave_up = _INCOMPLETE.search(said)
    if gave_up:
        raise SpinFailed(f"the verifier: {gave_up[0]}")
    if stored is None or transitions is None:
        raise SpinFailed(f"the verifier said nothing of states: {said.strip()[:200]}")
    if violated and violated[1] == TABULATED:
        raise SpinFailed("the verifier came to what no table knows")
    return Verdict(int(stored[1]), int(transitions[1]), violated[1] if violated else None, ())


def _run(folder: Path, within_s: float, *command: str) -> str:
    try:
        done = subprocess.run(  # noqa: S603  (our own arguments)
            command, cwd=folder, capture_output=True, text=True, timeout=within_s, check=False
        )
    except subprocess.TimeoutExpired:
        raise SpinFailed(f"{command[0]}: not done within {within_s:g} s") from None
    said = done.stdout + done.stderr
    if command[0] != "./pan" and done.returncode != 0:
        raise SpinFailed(f"{command[0]}: {said.strip().splitlines()[0] if said.strip() else 'failed'}")
    return said
