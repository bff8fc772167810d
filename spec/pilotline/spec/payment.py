"""Payment by card at the station: **our interpretation** of six keys that a certificate lists (docs/payment.md).

Nothing is published on them. All that a published description would replace is here: the names of the keys, the
vendorId, messageId and data of the one message, how an amount is counted, and the rows of the machines in
`pilotline.core.machines.card_session`. The sections are the points of docs/payment.md.
"""

import math
from fractions import Fraction
from types import MappingProxyType
from typing import Annotated, Final, Literal, NewType, TypeAlias

import msgspec
from msgspec import Meta, Struct

from pilotline.spec.configuration_keys import ValueType
from pilotline.spec.messages.core import DataTransferConf, DataTransferReq
from pilotline.spec.rows import Row

MinorUnits = NewType("MinorUnits", int)
"""Money in the smallest unit of its currency: 5000 of EUR is 50.00 euro."""

PAYMENT_KEYS: Final[dict[str, ValueType]] = {
    "CCOActive": "boolean",
    "CCOAuthorizationAmount": "integer",
    "CCORequestSettlementAmountMessageAttempts": "integer",
    "CCORequestSettlementAmountMessageRetryInterval": "integer",
    "CCOFallbackPricePerKWh": "decimal",
    "CCOCurrency": "string",
}
"""The keys a product with a payment terminal offers, and their types."""


# --- the message: vendorId, messageId, data ------------------------------------------------------------------

VENDOR_ID: Final = "X-CHARGE"
MESSAGE_ID: Final = "RequestSettlementAmount"


class SettlementQuestion(Struct, frozen=True, rename="camel"):
    """data of the request: ``{"transactionId": 4711}``."""

    transaction_id: int


class SettlementAnswer(Struct, frozen=True, rename="camel"):
    """data of the answer: ``{"amount": 1234}``, in minor units; with a currency it must be the reserved one."""

    amount: Annotated[int, Meta(ge=0)]
    currency: str | None = None


def settlement_request(transaction_id: int) -> DataTransferReq:
    """The question which amount to settle for a transaction."""
    data = msgspec.json.encode(SettlementQuestion(transaction_id)).decode()
    return DataTransferReq(vendor_id=VENDOR_ID, message_id=MESSAGE_ID, data=data)


def settlement_amount(confirmation: DataTransferConf, currency: str) -> MinorUnits | None:
    """The amount that was told; None: not Accepted, or none that can be used."""
    if confirmation.status != "Accepted":
        return None
    try:
        data = (confirmation.data or "").encode("utf-8", "surrogatepass")
        answer = msgspec.json.decode(data, type=SettlementAnswer)
    except msgspec.DecodeError:
        return None
    return MinorUnits(answer.amount) if answer.currency in (None, currency) else None


# --- amounts -------------------------------------------------------------------------------------------------

_MINOR_DIGITS: Final = MappingProxyType(
    {
        0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
        3: "BHD IQD JOD KWD LYD OMR TND",
        4: "CLF UYW",
    }
)
"""Digits of the minor unit where they are not two (ISO 4217)."""


def price_of(energy_wh: int, price_per_kwh: str, currency: str) -> MinorUnits:
    """What this energy costs, exactly, rounded half up to the minor unit."""
    digits = next((digits for digits, currencies in _MINOR_DIGITS.items() if currency in currencies), 2)
    minor_per_wh = Fraction(price_per_kwh) * 10**digits / 1000
    return MinorUnits(math.floor(minor_per_wh * energy_wh + Fraction(1, 2)))


# --- rows ----------------------------------------------------------------------------------------------------

TerminalState: TypeAlias = Literal["ready"]


class TerminalRows:
    """The payment terminals: which card may begin."""

    J1: Final = Row[TerminalState]("J1", "ready", None, "switched off: refused", "payment 1")
    J2: Final = Row[TerminalState](
        "J2", "ready", None, "the terminal is busy, or the connector cannot be used: refused", "payment 4"
    )
    J3: Final = Row[TerminalState]("J3", "ready", None, "a card session begins", "payment 1, 12")


CardSessionState: TypeAlias = Literal[
    "initial",
    "reserving",
    "authorizing",
    "granted",
    "started",
    "due",
    "asking",
    "waiting",
    "settling",
    "releasing",
    "closed",
]


class CardSessionRows:
    """One card, from its reservation of money until that is settled or released (docs/payment.md)."""

    E1: Final = Row[CardSessionState](
        "E1", "initial", "reserving", "the amount is to be reserved", "payment 2"
    )
    E2: Final = Row[CardSessionState](
        "E2", "reserving", "authorizing", "reserved: may its tag charge?", "payment 4"
    )
    E2R: Final = Row[CardSessionState]("E2R", "reserving", "closed", "the card was refused", "payment 4")
    E2T: Final = Row[CardSessionState](
        "E2T", "reserving", "releasing", "the terminal does not tell: whatever it reserved", "payment 9"
    )
    E3: Final = Row[CardSessionState](
        "E3", "authorizing", "granted", "accepted: the connector is granted", "payment 4"
    )
    E3R: Final = Row[CardSessionState]("E3R", "authorizing", "releasing", "the tag is refused", "payment 9")
    E4: Final = Row[CardSessionState]("E4", "granted", None, "the connector was taken", "payment 4")
    E4G: Final = Row[CardSessionState](
        "E4G", "granted", None, "the card again: it gives the connector up", "payment 9"
    )
    E4R: Final = Row[CardSessionState](
        "E4R", "granted", "releasing", "abandoned before a transaction", "payment 9"
    )
    E5: Final = Row[CardSessionState](
        "E5", ("reserving", "authorizing", "granted"), "releasing", "abandoned: power was cut", "payment 9"
    )
    E6: Final = Row[CardSessionState]("E6", "granted", "started", "the transaction begins", "payment 4")
    E6S: Final = Row[CardSessionState]("E6S", "started", None, "the card again: it stops", "payment 4")
    E7: Final = Row[CardSessionState]("E7", "started", "due", "the Stop is delivered", "payment 5")
    E7N: Final = Row[CardSessionState](
        "E7N", "started", "settling", "the start was never processed: fallback price", "payment 8"
    )
    E7R: Final = Row[CardSessionState](
        "E7R", "started", "releasing", "the same, and the fallback price comes to nothing", "payment 8"
    )
    E8: Final = Row[CardSessionState]("E8", "due", "asking", "which amount? once online", "payment 5, 11")
    E9: Final = Row[CardSessionState](
        "E9", "asking", "waiting", "no usable amount: again after a wait", "payment 7"
    )
    E9W: Final = Row[CardSessionState](
        "E9W", "asking", "waiting", "not sent, or the link was lost: no attempt is used", "payment 11"
    )
    E10: Final = Row[CardSessionState]("E10", "waiting", "asking", "the wait is over: once more", "payment 7")
    E10O: Final = Row[CardSessionState]("E10O", "waiting", "due", "the wait is over, offline", "payment 11")
    E10P: Final = Row[CardSessionState](
        "E10P", ("asking", "waiting"), "due", "power was cut: ask again", "payment 10"
    )
    E11: Final = Row[CardSessionState](
        "E11", "asking", "settling", "the amount is told: at most what is reserved", "payment 6"
    )
    E11R: Final = Row[CardSessionState]("E11R", "asking", "releasing", "the amount is nothing", "payment 6")
    E12: Final = Row[CardSessionState](
        "E12", "asking", "settling", "all attempts are spent: fallback price", "payment 8"
    )
    E12R: Final = Row[CardSessionState](
        "E12R", "asking", "releasing", "the same, and the fallback price comes to nothing", "payment 8"
    )
    E13: Final = Row[CardSessionState](
        "E13", "settling", None, "the terminal has not told: settle, once more", "payment 6"
    )
    E13R: Final = Row[CardSessionState](
        "E13R", "releasing", None, "the terminal has not told: release, once more", "payment 9"
    )
    E14: Final = Row[CardSessionState](
        "E14", "settling", "closed", "settled, and the rest released", "payment 6"
    )
    E14R: Final = Row[CardSessionState]("E14R", "releasing", "closed", "released", "payment 6, 9")
