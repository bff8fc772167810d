"""Scopes of a station that goes down: resets, and mains that fail."""

from typing import Final

from pilotline.spec.messages.core import ResetReq
from pilotline.tools.check import environment as world
from pilotline.tools.check.environment import YES, Player, central_system
from pilotline.tools.check.scope import (
    DRIVER,
    ONLINE,
    QUIET,
    TALK,
    TRANSACTIONS,
    WILLING,
    Scope,
    one_connector,
)

RESETS: Final[tuple[Player, ...]] = (
    world.calls(ResetReq(type="Soft"), ResetReq(type="Hard")),
    world.restarts,
)

GOING_DOWN: Final = (
    Scope(
        "reset",
        "soft and hard resets at any time, which come about or do not; the Central System is slow to answer",
        one_connector(),
        (
            *DRIVER,
            central_system(YES),
            *ONLINE,
            *RESETS,
        ),
        at_once=WILLING,
        inert=QUIET,
        prompt=TALK,
        queue_max=1,
        shows=("a soft reset winds down", "a restart did not come about"),
    ),
    Scope(
        "reset, with cuts",
        "resets of a product that resumes what a cut interrupted, and cuts at any moment",
        one_connector(power_cut="resume"),
        (
            *DRIVER,
            *ONLINE,
            *RESETS,
            world.power(),
        ),
        at_once=WILLING,
        inert=QUIET,
        prompt=TALK | TRANSACTIONS,
        queue_max=1,
        cuts_within=True,
    ),
    Scope(
        "mains",
        "mains fail while a battery holds, and come back or not; resets at any time",
        one_connector(backup_power=True),
        (
            *DRIVER,
            world.hardware(1),
            *ONLINE,
            world.mains,
            *RESETS,
            world.power(),
        ),
        at_once=(world.hungry_car(1),),
        inert=QUIET,
        prompt=TALK | TRANSACTIONS,
        queue_max=1,
        shows=("on battery while a transaction stops",),
    ),
)
