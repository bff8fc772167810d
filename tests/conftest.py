"""How long what is tested by chance goes on: ``HYPOTHESIS_PROFILE=nightly`` for long, else about half a minute.

``HYPOTHESIS_EXAMPLES`` is another number of examples for ``nightly``.
"""

import os

import pytest
from hypothesis import HealthCheck, settings

QUIET = (HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much)
settings.register_profile(
    "ci",
    deadline=None,
    max_examples=100,
    stateful_step_count=50,
    suppress_health_check=QUIET,
    derandomize=True,
)
settings.register_profile(
    "nightly",
    deadline=None,
    max_examples=int(os.environ.get("HYPOTHESIS_EXAMPLES", "20000")),
    stateful_step_count=100,
    suppress_health_check=QUIET,
    print_blob=True,
)
PROFILE = os.environ.get("HYPOTHESIS_PROFILE", "ci")
settings.load_profile(PROFILE)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A long walk is not one that hangs: `nightly` is not timed out."""
    for item in items if PROFILE == "nightly" else ():
        item.add_marker(pytest.mark.timeout(0), append=False)
