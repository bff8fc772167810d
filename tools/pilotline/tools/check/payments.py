"""Scopes of payment by card: slow terminals, cuts, networks and stores that fail (docs/payment.md)."""

from typing import Final

from pilotline.spec.messages.core import DataTransferConf
from pilotline.tools.check import environment as world
from pilotline.tools.check.environment import ALL, TAG, YES, Player, central_system, tags
from pilotline.tools.check.scope import ONLINE, QUIET, REPORTS, TALK, TRANSACTIONS, Scope, one_connector

PAYING: Final = one_connector(
    CCOAuthorizationAmount="2",
    CCORequestSettlementAmountMessageAttempts="2",
    CCORequestSettlementAmountMessageRetryInterval="1",
    CCOFallbackPricePerKWh="0.01",
)
DELIVERING: Final[tuple[Player, ...]] = (world.hardware(1, delivers_wh=1000), world.hungry_car(1))
AMOUNTS: Final = YES._replace(
    transfer=tuple(
        DataTransferConf(status="Accepted", data=data) for data in ('{"amount":3}', '{"amount":0}', None)
    )
)

PAYMENTS: Final = (
    Scope(
        "cards",
        "one payment card; the terminal and the Central System are slow, refuse and err; the driver may leave",
        PAYING,
        (
            world.cable(1),
            world.hardware(1, delivers_wh=1000),
            world.cards(1, 1, most=1),
            world.terminal(refuses=True, late=True),
            central_system(AMOUNTS._replace(authorize=ALL.authorize, errs=True)),
            *ONLINE,
        ),
        at_once=(world.hungry_car(1),),
        inert=QUIET,
        prompt=REPORTS | {"BootNotificationReq"},
        queue_max=2,
        shows=("a reservation of money is released",),
    ),
    Scope(
        "cards, power",
        "power is cut at any moment of two card sessions, also between commit and act",
        PAYING,
        (
            world.cable(1),
            world.cards(1, 1, most=2),
            world.terminal(),
            central_system(AMOUNTS),
            *ONLINE,
            world.power(),
        ),
        at_once=DELIVERING,
        inert=QUIET,
        prompt=TALK | TRANSACTIONS,
        queue_max=1,
        cuts_within=True,
        shows=("an amount is settled while the next car charges",),
    ),
    Scope(
        "cards, offline",
        "the network comes and goes; the tag of a card is like any tag",
        PAYING,
        (
            world.cable(1),
            tags(1, TAG),
            world.cards(1, 1, most=1),
            world.terminal(),
            central_system(AMOUNTS),
            world.network,
        ),
        at_once=DELIVERING,
        inert=QUIET,
        prompt=REPORTS | {"BootNotificationReq"} | TRANSACTIONS,
        queue_max=2,
        knows_reports=False,
        shows=("a settlement waits for the link",),
    ),
    Scope(
        "cards, commits fail",
        "the store may refuse any commit while a card pays; payment is switched off and on",
        PAYING,
        (
            world.cable(1),
            world.hardware(1, delivers_wh=1000),
            world.cards(1, 1, most=1),
            world.terminal(),
            central_system(AMOUNTS),
            *ONLINE,
            world.configuration("CCOActive", "false", "true"),
        ),
        at_once=(world.hungry_car(1),),
        inert=QUIET,
        prompt=TALK | TRANSACTIONS,
        queue_max=1,
        commits_fail=True,
    ),
)
