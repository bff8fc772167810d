"""Rows of which more than one may hold, and do not do the same: why the first one of them wins.

Lint reports every such pair that is not in an order here, so that no order decides without having been looked at.
"""

from itertools import combinations
from typing import Final, NamedTuple


class Order(NamedTuple):
    """Rows of one machine under one event, in the order of its table."""

    machine: str
    event: str
    rows: tuple[str, ...]
    because: str

    @property
    def bindings(self) -> tuple[str, ...]:
        """The rows by the names of their bindings: ``T3R [must stop]`` is ``T3R/StartAnswered [must stop]``."""
        parts = [row.partition(" ") for row in self.rows]
        return tuple(f"{row}/{self.event}{space}{guards}" for row, space, guards in parts)

    @property
    def pairs(self) -> set[tuple[str, str, str]]:
        """Machine, the binding that wins, and one that may hold as well."""
        return {(self.machine, *pair) for pair in combinations(self.bindings, 2)}


ORDERS: Final = (
    Order(
        "call",
        "ResultReceived",
        ("C9", "C5", "C4", "C8"),
        "boot decides on what waits; what is not open is late",
    ),
    Order(
        "call", "ErrorReceived", ("C9", "C5"), "the end of the boot decides whether what waits may be sent"
    ),
    Order("call", "CallTimedOut", ("C9", "C5"), "the end of the boot decides whether what waits may be sent"),
    Order(
        "card_session", "LastDelivered", ("E7", "E7N"), "the Central System's amount, if it can be asked for"
    ),
    Order(
        "card_session",
        "Confirmed",
        ("E11", "E11R", "E9", "E12"),
        "an amount that is told counts, even if it is nothing; then it is asked again; then the price of the product",
    ),
    Order(
        "card_session",
        "Refused",
        ("E9", "E12"),
        "it is asked as often as the terms say before the product's price",
    ),
    Order(
        "card_session",
        "Unanswered",
        ("E9", "E12"),
        "it is asked as often as the terms say before the product's price",
    ),
    Order("connector", "ChargingBegan", ("A5", "A4"), "where both sides suspend, the EVSE is told (§4.9)"),
    Order("connector", "ChargingBegan", ("B5", "B4"), "where both sides suspend, the EVSE is told (§4.9)"),
    Order("connector", "ChargingBegan", ("H5", "H4"), "where both sides suspend, the EVSE is told (§4.9)"),
    Order(
        "fault",
        "FaultDetected",
        ("F1", "F7"),
        "what prevents charging is a fault, whatever warnings there are",
    ),
    Order(
        "fault",
        "FaultCleared",
        ("F3", "F4"),
        "as long as a fault is left it goes on, whatever warnings there are",
    ),
    Order("phase_switch", "PhasesChanged", ("X1", "X5"), "closed is closed, whatever it was told"),
    Order(
        "reader",
        "TagPresented",
        ("D8", "D1", "D2", "D9", "D3"),
        "a tag must be readable; it ends what it began, the latest first, before it is told that it can begin nothing",
    ),
    Order(
        "reader",
        "TagDecided",
        ("D5", "D10", "D6"),
        "a tag stops what its group charges, then frees its group's cable, and only then begins something",
    ),
    Order(
        "session",
        "CablePlugged",
        ("S1F", "S3F", "S1T", "S1W", "S1"),
        "who may charge at once does; then who was granted another connector, then who reserved, then anybody",
    ),
    Order(
        "session", "MadeAvailable", ("S1F", "S1"), "where a plug alone starts, nobody has to present a tag"
    ),
    Order("session", "StayedUp", ("S1F", "S1W", "S1R"), "as with a plug that comes now"),
    Order(
        "session",
        "PoweredUp",
        ("S13", "S14", "S1F", "S1W", "S1"),
        "a transaction that was cut comes first, resumed or stopped; then as with a plug that comes now",
    ),
    Order(
        "transaction",
        "StartAnswered",
        ("T3", "T3R [must stop]"),
        "only what is not accepted may have to stop",
    ),
)
"""All orders that were looked at."""
