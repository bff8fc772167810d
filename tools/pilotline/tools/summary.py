"""What a run of a station came to: transactions, messages by action, rows taken, the final state."""

import json
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from msgspec import Struct
from rich.console import Console
from rich.table import Table
from rich.text import Text

from pilotline.adapters.happenings import Happening
from pilotline.adapters.http.readable import Frame, frames_of
from pilotline.core.declared import MACHINES
from pilotline.core.state import State
from pilotline.tools.timeline import STATUS_STYLES, grid

_DECLARED: Final = {(machine.name, binding.name) for machine in MACHINES for binding in machine.table}
_BOOKED: Final = ("StartTransaction.req", "StartTransaction.conf", "MeterValues.req", "StopTransaction.req")


class Sold(Struct):
    """One transaction as it was told to the Central System."""

    connector: int
    id_tag: str
    meter_start_wh: int
    start: datetime
    transaction_id: int | None = None
    samples: int = 0
    meter_stop_wh: int | None = None
    stop: datetime | None = None
    reason: str = ""


class Record:
    """What happened, reduced to what the summary tells."""

    def __init__(self) -> None:
        self.messages: Counter[str] = Counter()
        self.errors = 0
        self.rows: Counter[tuple[str, str]] = Counter()
        self.transactions: list[Sold] = []
        self._starts: dict[str, Sold] = {}

    def add(self, happening: Happening) -> None:
        """One more."""
        self.rows.update((taken.machine, taken.binding) for taken in happening.trace)
        for frame in frames_of(happening):
            self.messages[frame.name] += 1
            self.errors += not frame.name.endswith((".req", ".conf"))
            self._book(frame)

    def _book(self, frame: Frame) -> None:
        if frame.name not in (
            "StartTransaction.req",
            "StartTransaction.conf",
            "MeterValues.req",
            "StopTransaction.req",
        ):
            return
        told: dict[str, Any] = json.loads(frame.payload)  # Any: the JSON of a message our own models wrote
        match frame.name:
            case "StartTransaction.req" if frame.message_id not in self._starts:
                start = datetime.fromisoformat(told["timestamp"])
                sold = Sold(told["connectorId"], told["idTag"], told["meterStart"], start)
                self._starts[frame.message_id] = sold
                self.transactions.append(sold)
            case "StartTransaction.conf" if frame.message_id in self._starts:
                self._starts[frame.message_id].transaction_id = told["transactionId"]
            case "MeterValues.req":
                for sold in self._of(told):
                    sold.samples += 1
            case "StopTransaction.req":
                for sold in self._of(told):
                    sold.meter_stop_wh, sold.stop = (
                        told["meterStop"],
                        datetime.fromisoformat(told["timestamp"]),
                    )
                    sold.reason = told.get("reason", "Local")
            case _:
                pass  # an answer to a start that was told before we looked

    def _of(self, told: dict[str, Any]) -> Iterator[Sold]:  # Any: as above
        number = told.get("transactionId")
        return (sold for sold in self.transactions if number is not None and sold.transaction_id == number)


def show_summary(console: Console, record: Record, final: State) -> None:
    """Print it."""
    console.print()
    console.rule(Text("Summary", "bold"), align="left", style="bright_black")
    console.print(_transactions(record))
    console.print()
    console.print(_messages(record))
    console.print()
    _show_rows(console, record)
    console.print()
    console.print(_final(final))
    console.print()
    console.print(
        Text(
            "Next: pilotline diagram connector --format table   (the rows above, as they are declared)\n"
            "      pilotline run --help                         (a station of your own, with a control API)",
            "bright_black",
        )
    )


def _transactions(record: Record) -> Table:
    table = grid("transaction", "connector", "idTag", "#energy", "#duration", "#meter values", "stopped")
    for sold in record.transactions:
        energy = duration = "still running"
        if sold.meter_stop_wh is not None and sold.stop is not None:
            energy = f"{(sold.meter_stop_wh - sold.meter_start_wh) / 1000:.3f} kWh"
            seconds = round((sold.stop - sold.start).total_seconds())
            duration = f"{seconds // 60}:{seconds % 60:02d} min"
        number = "?" if sold.transaction_id is None else str(sold.transaction_id)
        cells = (number, str(sold.connector), sold.id_tag, energy, duration, str(sold.samples), sold.reason)
        table.add_row(*cells)
    return table


def _messages(record: Record) -> Table:
    table = grid("messages", "#requests", "#answers")
    for action in sorted({name.partition(".")[0] for name in record.messages if "." in name}):
        requests, answers = record.messages[f"{action}.req"], record.messages[f"{action}.conf"]
        table.add_row(action, str(requests), str(answers))
    table.add_row("errors", str(record.errors), "", style="red" if record.errors else "bright_black")
    return table


def _show_rows(console: Console, record: Record) -> None:
    taken, times = len(record.rows), sum(record.rows.values())
    console.print(
        Text.assemble(
            ("rows taken  ", "bright_black"),
            f"{taken} of the {len(_DECLARED)} declared, {times} times in all",
        )
    )
    table = grid("machine", "rows")
    for machine in sorted({name for name, _ in record.rows}):
        names = [row for name, row in sorted(record.rows) if name == machine]
        table.add_row(machine, Text(" ".join(names), "dim", overflow="fold"))
    console.print(table)


def _final(state: State) -> Table:
    moment, registration = state.moment, state.moment.registration.state
    table = grid("final state", "")
    table.add_row("link", moment.link.state)
    table.add_row("registration", Text(registration, "green" if registration == "accepted" else "red"))
    for connector, status in enumerate(moment.connectors):
        name = f"connector {connector}" if connector else "main controller"
        table.add_row(name, Text(status.state, STATUS_STYLES.get(status.state, "")))
    table.add_row("undelivered", f"{len(state.memory.outbox)} messages")
    return table
