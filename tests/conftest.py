"""How long the stateful tests walk: ``HYPOTHESIS_PROFILE=nightly`` for long, else about half a minute."""

import os

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
    max_examples=20_000,
    stateful_step_count=100,
    suppress_health_check=QUIET,
    print_blob=True,
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))
