"""Scopes of firmware updates and diagnostics (§4.4, §4.5)."""

from datetime import datetime
from typing import Final

from pilotline.core.calendar import EPOCH
from pilotline.spec.messages.core import ResetReq
from pilotline.spec.messages.firmware_management import GetDiagnosticsReq, UpdateFirmwareReq
from pilotline.tools.check import environment as world
from pilotline.tools.check.environment import TAG, YES, central_system, tags
from pilotline.tools.check.profile_scopes import SOON
from pilotline.tools.check.scope import (
    ONLINE,
    QUIET,
    TALK,
    TRANSACTIONS,
    WILLING,
    Scope,
    one_connector,
)

NOTICES: Final = frozenset({"FirmwareStatusNotificationReq", "DiagnosticsStatusNotificationReq"})


def update(retries: int, at: datetime = EPOCH) -> UpdateFirmwareReq:
    """An order whose attempts are a second apart."""
    return UpdateFirmwareReq(location="", retrieve_date=at, retries=retries, retry_interval=1)


def diagnostics(retries: int) -> GetDiagnosticsReq:
    """An order whose attempts are a second apart."""
    return GetDiagnosticsReq(location="", retries=retries, retry_interval=1)


FIRMWARE_SCOPES: Final = (
    Scope(
        "firmware",
        "updates are ordered, also in the place of others, and fail or not; power is cut, restarts fail",
        one_connector(),
        (
            world.calls(update(1), update(0, SOON), ResetReq(type="Hard")),
            world.files(late=True),
            world.power(),
            world.restarts,
            *ONLINE,
        ),
        inert=QUIET,
        prompt=TALK | NOTICES,
        cuts_within=True,
        shows=("an order waits behind an installation",),
    ),
    Scope(
        "firmware, charging",
        "a driver comes and goes while firmware comes and is installed",
        one_connector(),
        (
            world.cable(1),
            tags(1, TAG),
            world.calls(update(0)),
            world.files(),
            *ONLINE,
        ),
        at_once=WILLING,
        inert=QUIET,
        prompt=TALK | NOTICES | TRANSACTIONS,
        answers=YES,
        queue_max=1,
        shows=("an installation waits for who charges",),
    ),
    Scope(
        "firmware, availability",
        "the operator changes his mind, a reset comes, power is cut while firmware is installed",
        one_connector(power_cut="resume"),
        (
            world.cable(1),
            tags(1, TAG),
            world.calls(update(0), ResetReq(type="Soft")),
            world.availability(1),
            world.files(),
            world.power(),
            *ONLINE,
        ),
        at_once=(*WILLING, world.restarts),
        inert=QUIET,
        prompt=TALK | NOTICES | TRANSACTIONS,
        answers=YES,
        queue_max=1,
        shows=("an installation waits for who charges",),
    ),
    Scope(
        "firmware, told",
        "the Central System errs, is silent or gone while an update goes on",
        one_connector(call_queue_max=1),
        (world.calls(update(0)), world.files(), central_system(YES._replace(errs=True)), world.network),
        inert=QUIET,
        prompt=TALK,
        knows_reports=False,
        shows=("a status waits for the link",),
    ),
    Scope(
        "diagnostics",
        "diagnostics are ordered, also in the place of others; they go or not; power is cut",
        one_connector(call_queue_max=1),
        (
            world.calls(diagnostics(1)),
            world.files(late=True),
            central_system(YES._replace(errs=True)),
            world.power(),
            world.network,
        ),
        inert=QUIET,
        prompt=TALK,
        knows_reports=False,
        cuts_within=True,
        shows=("an upload waits for its next attempt",),
    ),
)
