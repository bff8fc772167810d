"""Worlds with all that may disturb a session at once. Each takes half a minute or more."""

from typing import Final

from pilotline.tools.check import environment as world
from pilotline.tools.check.environment import ALL, OTHER, YES_OR_NO, central_system, tags
from pilotline.tools.check.scope import ONLINE, PEOPLE, QUIET, REPORTS, SESSION, TALK, Scope, one_connector

LARGE: Final = (
    Scope(
        "session, answers",
        "faults and availability, while the Central System accepts, refuses, errs, is silent or late",
        one_connector(),
        (*SESSION, central_system(ALL), *ONLINE, world.faults(1), world.availability(1)),
        inert=QUIET,
        prompt=TALK,
        queue_max=2,
        is_large=True,
    ),
    Scope(
        "session, strangers",
        "a second driver, faults, availability and requests from afar, while the Central System is slow",
        one_connector(),
        (
            *SESSION,
            tags(1, OTHER),
            central_system(YES_OR_NO),
            *ONLINE,
            world.faults(1),
            world.availability(1),
            world.remote_control(1),
        ),
        inert=QUIET,
        prompt=TALK,
        queue_max=2,
        is_large=True,
    ),
    Scope(
        "lock, disturbed",
        "a lock that may fail, faults, availability and requests from afar; the Central System errs and is late",
        one_connector("reference"),
        (
            *PEOPLE,
            world.hardware(1, fails=True),
            central_system(ALL),
            *ONLINE,
            world.faults(1),
            world.availability(1),
            world.remote_control(1),
        ),
        inert=QUIET,
        prompt=TALK,
        queue_max=2,
        waits_for_tag=True,
        is_large=True,
    ),
    Scope(
        "offline, disturbed",
        "power and the network come and go, there are faults, and the Central System errs and is late",
        one_connector(),
        (*SESSION, central_system(ALL), world.network, world.power(), world.faults(1)),
        inert=QUIET,
        prompt=REPORTS | {"BootNotificationReq"},
        queue_max=1,
        knows_reports=False,
        is_large=True,
    ),
)
