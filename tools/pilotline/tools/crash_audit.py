"""What a Central System must have seen of a station that was killed again and again, once its outbox is empty.

Everything is judged from the outside: by the frames that reached the Central System, by what a driver saw, and by the
registers of the simulated world. The message ids tell the order of recording: station, boot, number in the outbox.
"""

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any, Final, NamedTuple

from pilotline.adapters.commits import GROUP_MAX
from pilotline.tools.central_system import RecordedFrame
from pilotline.tools.crash_central_system import QUEUED

_NUMBERED: Final = re.compile(r"-([0-9a-f]+)-q([0-9a-f]+)$")
_REGISTER: Final = "Energy.Active.Import.Register"
_TOLD_LATE: Final = timedelta(seconds=2)
"""How late the Central System may have told the time that the station then took for the present."""


class Message(NamedTuple):
    """One transaction-related message, as it came in first."""

    message_id: str
    recorded: tuple[int, int]
    """Boot and number: the order in which the station recorded it."""
    action: str
    payload: dict[str, Any]
    at: datetime


class Problem(NamedTuple):
    """A promise that was not kept, and when that was seen."""

    what: str
    at: datetime


class Arrivals:
    """The transaction-related messages in their order of arrival, repeats told apart, and what starts were told."""

    def __init__(self, frames: Iterable[RecordedFrame]) -> None:
        self.first: list[Message] = []
        self.repeats: list[tuple[Message, int]] = []
        """A repeat, and how many messages back its first arrival was."""
        self.problems: list[Problem] = []
        self.transaction_ids: dict[str, int] = {}
        places: dict[str, int] = {}
        booted = 0
        for frame in frames:
            kind, message_id, *rest = json.loads(frame.text)
            if frame.direction == "sent" and kind == 3 and "transactionId" in rest[0]:
                self.transaction_ids[message_id] = rest[0]["transactionId"]
            elif frame.direction == "received" and kind == 2 and rest[0] == "BootNotification":
                booted = len(self.first)
            elif frame.direction == "received" and kind == 2 and rest[0] in QUEUED:
                message = Message(message_id, _recorded(message_id), rest[0], rest[1], frame.at)
                if message_id not in places:
                    places[message_id] = len(self.first)
                    self.first.append(message)
                else:
                    self._repeated(message, self.first[places[message_id]], places[message_id], booted)

    def _repeated(self, message: Message, first: Message, place: int, booted: int) -> None:
        back = len(self.first) - 1 - place
        self.repeats.append((message, back))
        if (message.action, message.payload) != (first.action, first.payload):
            self._problem(
                message, f"is repeated with another content: first {first.payload}, now {message.payload}"
            )
        if back > 0 and len(self.first) > booted:
            self._problem(message, "is repeated after what was recorded behind it, without a boot in between")
        if back > GROUP_MAX:
            self._problem(message, f"is repeated {back} messages later, and a group has {GROUP_MAX}")

    def _problem(self, message: Message, what: str) -> None:
        self.problems.append(Problem(f"{message.action} {message.message_id} {what}", message.at))


class Transaction(NamedTuple):
    """All messages of one transaction in their order of arrival, the start first."""

    transaction_id: int
    messages: tuple[Message, ...]

    @property
    def start(self) -> Message:
        """Its StartTransaction."""
        return self.messages[0]

    @property
    def stops(self) -> list[Message]:
        """Its StopTransactions; there must be one."""
        return [message for message in self.messages if message.action == "StopTransaction"]


def transactions_of(arrivals: Arrivals) -> tuple[list[Transaction], list[Problem]]:
    """The messages by transaction in the order of their starts; problems are those that belong to none."""
    ids = arrivals.transaction_ids
    messages: dict[int, list[Message]] = {}
    problems = []
    for message in arrivals.first:
        if message.action == "StartTransaction":
            if message.message_id in ids:
                messages[ids[message.message_id]] = [message]
            else:
                problems.append(
                    Problem(f"StartTransaction {message.message_id} was never answered", message.at)
                )
        elif message.payload.get("transactionId") in messages:
            messages[message.payload["transactionId"]].append(message)
        else:
            what = f"{message.action} {message.message_id} belongs to no transaction that began before it"
            problems.append(Problem(f"{what}: {message.payload}", message.at))
    return [Transaction(number, tuple(held)) for number, held in messages.items()], problems


def audit(
    frames: Sequence[RecordedFrame], seen: Mapping[str, datetime], registers_wh: Mapping[int, int]
) -> list[Problem]:
    """Everything that was promised and not kept.

    `seen` are the tags with which a driver saw a transaction run; `registers_wh` is what the meters show at the end, by
    connector.
    """
    arrivals = Arrivals(frames)
    transactions, problems = transactions_of(arrivals)
    problems = [*arrivals.problems, *problems, *_out_of_order(arrivals.first)]
    for transaction in transactions:
        problems.extend(_of_one(transaction))
    started = {transaction.start.payload["idTag"] for transaction in transactions}
    problems.extend(
        Problem(f"the transaction of {tag}, which the driver saw, has no StartTransaction", at)
        for tag, at in seen.items()
        if tag not in started
    )
    problems.extend(_of_the_registers(transactions, registers_wh))
    return sorted(problems, key=lambda problem: problem.at)


def _out_of_order(messages: Sequence[Message]) -> Iterator[Problem]:
    """They arrive as they were recorded, and of what was recorded in one boot none is missing."""
    for before, message in pairwise(messages):
        name = f"{message.action} {message.message_id}"
        if message.recorded < before.recorded:
            yield Problem(f"{name} arrives after {before.message_id}, which was recorded later", message.at)
        elif message.recorded[0] == before.recorded[0] and message.recorded[1] != before.recorded[1] + 1:
            yield Problem(f"between {before.message_id} and {name} a message is missing", message.at)


def _of_one(transaction: Transaction) -> Iterator[Problem]:
    """Start, samples, one stop; neither the register nor the time goes back."""
    name = f"transaction {transaction.transaction_id} ({transaction.start.payload['idTag']})"
    last = transaction.messages[-1]
    stops = transaction.stops
    if len(stops) != 1:
        yield Problem(f"{name} has {len(stops)} StopTransactions", last.at)
    elif last.action != "StopTransaction":
        yield Problem(f"{name} has {last.action} {last.message_id} after its stop", last.at)
    register_wh, time = 0, _time(transaction.start)
    for message in transaction.messages:
        if _time(message) < time - _TOLD_LATE:
            yield Problem(
                f"{name}: {message.message_id} is dated {_time(message)}, before {time}", message.at
            )
        time = max(time, _time(message))
        for reading_wh in _registers_wh(message):
            if reading_wh < register_wh:
                what = f"the register goes back from {register_wh} to {reading_wh} Wh"
                yield Problem(f"{name}: {what} in {message.message_id}", message.at)
            register_wh = max(register_wh, reading_wh)


def _of_the_registers(
    transactions: Iterable[Transaction], registers_wh: Mapping[int, int]
) -> Iterator[Problem]:
    """No energy flows but in a transaction: each begins where the one before it on its connector ended."""
    by_connector: dict[int, list[Transaction]] = defaultdict(list)
    for transaction in transactions:
        by_connector[transaction.start.payload["connectorId"]].append(transaction)
    for connector, held in sorted(by_connector.items()):
        shown_wh = 0
        for transaction in held:
            start_wh = transaction.start.payload["meterStart"]
            if start_wh != shown_wh:
                what = (
                    f"connector {connector}: transaction {transaction.transaction_id} starts at {start_wh} Wh"
                )
                yield Problem(f"{what}, and the one before it stopped at {shown_wh} Wh", transaction.start.at)
            shown_wh = transaction.stops[0].payload["meterStop"] if transaction.stops else start_wh
        if shown_wh != registers_wh[connector]:
            what = f"connector {connector}: the last stop says {shown_wh} Wh, the meter {registers_wh[connector]} Wh"
            yield Problem(what, held[-1].messages[-1].at)


def _time(message: Message) -> datetime:
    payload = message.payload
    return datetime.fromisoformat(payload.get("timestamp") or payload["meterValue"][0]["timestamp"])


def _registers_wh(message: Message) -> list[int]:
    match message.action:
        case "StartTransaction":
            return [message.payload["meterStart"]]
        case "StopTransaction":
            return [message.payload["meterStop"]]
        case _:
            return [
                int(sample["value"])
                for value in message.payload["meterValue"]
                for sample in value["sampledValue"]
                if sample.get("measurand") == _REGISTER and "phase" not in sample
            ]


def _recorded(message_id: str) -> tuple[int, int]:
    numbered = _NUMBERED.search(message_id)
    if numbered is None:
        raise ValueError(f"{message_id}: is no message id of the outbox")
    boot, number = numbered.groups()
    return int(boot, 16), int(number, 16)
