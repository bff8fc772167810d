"""Mutants that neither the explorer nor the stateful tests notice, each with the reason."""

from typing import Final

SURVIVORS: Final[dict[str, str]] = {
    "guard dropped: diagnostics_notices Q4/DiagnosticsNoticeDue, somebody listens": (
        "the same: what is asked while nobody listens is withdrawn in the same step, and due again"
    ),
}
