"""The stateful tests of a checkout, run in this process: what they take, and which one fails.

What fails is not made smaller first, and chance is left out: the same walks each time.
"""

import contextlib
import importlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from pilotline.core.step import Step
from pilotline.tools.check.mutants import Place

ROOT: Final = Path(__file__).parents[4]
_WHOLE: Final = "tests/core/test_whole_charge_point.py"
_UNWARNED: Final = ("-W", "ignore::pytest.PytestAssertRewriteWarning")
"""Hypothesis is there before pytest: its assertions are of no interest."""


def stateful() -> tuple[str, ...]:
    """The files of the stateful tests; those of one subsystem first."""
    files = sorted((ROOT / "tests/stateful").glob("test_*.py"))
    return (*(str(file.relative_to(ROOT)) for file in files), _WHOLE)


def first_failure(tests: Sequence[str]) -> tuple[str, str] | None:
    """What the first test that fails says, and its name."""
    import pytest

    class Noted:
        failed: tuple[str, str] | None = None

        def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
            if report.failed and self.failed is None:
                crash = getattr(report.longrepr, "reprcrash", None)
                message = crash.message.splitlines()[0] if crash else report.when
                self.failed = (message[:120], report.nodeid)

    noted = Noted()
    status = _run(tests, noted)
    if noted.failed:
        return noted.failed
    if status == pytest.ExitCode.INTERRUPTED:
        return "the tests can be collected", " ".join(tests)
    if status:
        raise RuntimeError(f"the tests were not run: {status!r} of {' '.join(tests)}")
    return None


def taken_by(test: str) -> frozenset[Place]:
    """The bindings and decisions that the walks of this file take. One that fails as it is has nothing to say about a
    fault, and takes none.
    """
    module: Any = importlib.import_module("pilotline.core.step")  # the package has a function of this name
    taken: set[Place] = set()

    class Noted(Step, frozen=True):
        def __post_init__(self) -> None:
            taken.update((one.machine, one.binding) for one in self.trace)

    module.Step = Noted
    try:
        failed = first_failure((test,))
    finally:
        module.Step = Step
    if failed:
        print(f"{test} fails as it is: {failed}", file=sys.stderr)  # noqa: T201
    return frozenset() if failed else frozenset(taken)


def _run(tests: Sequence[str], *plugins: object) -> int:
    import pytest
    from hypothesis import HealthCheck, Phase, settings

    settings.register_profile(
        "mutants",
        deadline=None,
        max_examples=100,
        stateful_step_count=50,
        suppress_health_check=list(HealthCheck),
        derandomize=True,
        phases=(Phase.generate,),
    )
    os.environ["HYPOTHESIS_PROFILE"] = "mutants"
    with contextlib.chdir(ROOT), Path(os.devnull).open("w") as nowhere, contextlib.redirect_stdout(nowhere):
        options = ("-q", "-x", "--timeout=0", "-p", "no:cacheprovider", *_UNWARNED)
        return pytest.main([*options, *tests], plugins=[*plugins])
