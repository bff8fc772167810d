"""A broken promise as it happens to a station: a story, a picture, a test, and a journal that can be replayed."""

import re
from pathlib import Path
from typing import NamedTuple

from pilotline.adapters.journal import SUFFIX, write_segment
from pilotline.core.events import CommitFailed
from pilotline.core.properties import ALWAYS
from pilotline.core.step import step
from pilotline.core.step_properties import ON_EVERY_STEP
from pilotline.tools.check.as_pytest import as_pytest
from pilotline.tools.check.report import Violation
from pilotline.tools.check.retold import Retold, Told, retold
from pilotline.tools.check.scope import Scope
from pilotline.tools.check.stepping import FAILS, NOT_STORED, Stepper
from pilotline.tools.check.telling import in_words, sequence


class Counterexample(NamedTuple):
    """A violation, and what a station comes to that takes its story."""

    violation: Violation
    scope: Scope
    run: Retold

    @property
    def name(self) -> str:
        """``inoperative_means_unused``."""
        words = self.violation.promise.partition(":")[0]
        return "_".join(re.findall(r"[a-z0-9]+", words.lower()))

    @property
    def shown(self) -> bool | None:
        """Whether the station breaks the promise too, which it may not where the scope leaves something out; None: a
        single run cannot show it.
        """
        return _broken(self.violation.promise, self.run.told[-1])

    def story(self) -> str:
        """In words, with the promise and its section at the end."""
        return f"{in_words(self.run.told)}\n     {self._broken()}"

    def mermaid(self) -> str:
        """As a sequence diagram."""
        return sequence(self.run.told, f"{self.violation.promise} ({self.violation.section})")

    def pytest(self) -> str:
        """As a module with one test, which fails as long as the promise is broken."""
        promise, section, _ = self.violation
        return as_pytest(f"test_{self.name}", promise, section, self.scope, self.run.told)

    def markdown(self) -> str:
        """Story and picture."""
        promise, section, _ = self.violation
        return (
            f"# {promise} ({section})\n\nScope: {self.scope.name}, {self.scope.says}.\n\n"
            f"```text\n{self.story()}\n```\n\n```mermaid\n{self.mermaid()}\n```\n"
        )

    def _broken(self) -> str:
        promise, section, _ = self.violation
        if self.shown is False:
            return f'the search breaks "{promise}" ({section}); this station does not: it has parted {self.run.parted}'
        return f'broken: "{promise}" ({section})'


def counterexample(violation: Violation, scope: Scope, stepper: Stepper = step) -> Counterexample:
    """What a search of this scope, with this stepper, found."""
    return Counterexample(violation, scope, retold(violation.story, scope, stepper))


def save(violation: Violation, scope: Scope, directory: Path, stepper: Stepper = step) -> list[Path]:
    """Write NAME.journal, NAME.md and test_NAME.py; their paths. `pilotline replay NAME.journal` takes it again."""
    found = counterexample(violation, scope, stepper)
    directory.mkdir(parents=True, exist_ok=True)
    journal, told, test = (
        directory / name for name in (f"{found.name}{SUFFIX}", f"{found.name}.md", f"test_{found.name}.py")
    )
    write_segment(journal, [told.happening for told in found.run.told])
    told.write_text(found.markdown(), encoding="utf-8")
    test.write_text(found.pytest(), encoding="utf-8")
    return [journal, told, test]


def _broken(promise: str, last: Told) -> bool | None:
    if last.step is None or promise.startswith(FAILS):
        return last.step is None and promise.startswith(FAILS)
    if promise == NOT_STORED:
        return isinstance(last.event, CommitFailed) and bool(last.step.changes)
    for always in ALWAYS:
        if always.name == promise:
            return not always.holds(last.step.state)
    for rule in ON_EVERY_STEP:
        if rule.name == promise:
            return last.before is not None and not rule.holds(last.before, last.step)
    return None
