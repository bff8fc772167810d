"""A live timeline of one station in the terminal: time, actor, what happened. Frames are one line each."""

import json
import logging
from typing import Any, Final

from rich.console import Console
from rich.table import Table
from rich.text import Text
from typing_extensions import override

from pilotline.adapters.happenings import Happening
from pilotline.adapters.http.readable import Frame, frames_of
from pilotline.core import effects as do
from pilotline.core import events as be
from pilotline.core.declared import MACHINES
from pilotline.core.step import Taken

STATUS_STYLES: Final = {
    "Available": "green",
    "Preparing": "yellow",
    "Charging": "bold cyan",
    "SuspendedEV": "cyan",
    "SuspendedEVSE": "cyan",
    "Finishing": "magenta",
    "Reserved": "blue",
    "Unavailable": "bright_black",
    "Faulted": "bold red",
    "Accepted": "green",
    "Rejected": "red",
    "Invalid": "red",
    "Blocked": "red",
    "Expired": "red",
}
_ACTORS: Final = {
    "driver": "bold yellow",
    "car": "bold blue",
    "station": "bold white",
    "central": "bold green",
    "world": "bold red",
}
_LEFT_OUT: Final = ("timestamp", "currentTime")  # the first column tells the time
_TARGETS: Final = {
    (machine.name, binding.name): binding.target
    for machine in MACHINES
    if machine.name in ("connector", "connector_0")
    for binding in machine.table
}


class Timeline(logging.Handler):
    """Prints happenings as they come, and in between what is logged."""

    def __init__(self, console: Console) -> None:
        super().__init__()
        self._console = console
        self._at_ms = 0
        self._statuses: dict[int, str] = {}

    def title(self, text: str) -> None:
        """A part of the story begins."""
        self._console.print()
        self._console.rule(Text(text, "bold"), align="left", style="bright_black")

    @override
    def emit(self, record: logging.LogRecord) -> None:
        self._line(self._at_ms, "world", Text(record.getMessage(), "red"), whole=True)

    def show(self, happening: Happening) -> None:
        """One event and all it led to."""
        self._at_ms = at_ms = happening.at
        fact = fact_of(happening.event)
        if fact is not None:
            self._line(at_ms, *fact)
        frames = frames_of(happening)
        for frame in frames:
            if frame.direction == "in":
                self._frame(at_ms, frame)
        for taken in happening.trace:
            self._status(at_ms, taken)
        for effect in happening.effects:
            said = command_of(effect)
            if said is not None:
                self._line(at_ms, "station", Text(said))
        for frame in frames:
            if frame.direction == "out":
                self._frame(at_ms, frame)

    def _status(self, at_ms: int, taken: Taken) -> None:
        target = _TARGETS.get((taken.machine, taken.binding))
        if target is None or not isinstance(taken.key, int):
            return
        before = self._statuses.get(taken.key)
        self._statuses[taken.key] = target
        where = f"connector {taken.key}" if taken.key else "main controller"
        text = Text(f"{where}: ")
        if before is not None:
            text.append(before, STATUS_STYLES.get(before, "")).append(" → ")
        text.append(target, STATUS_STYLES.get(target, "")).append(f"   {taken.binding}", "bright_black")
        self._line(at_ms, "station", text)

    def _frame(self, at_ms: int, frame: Frame) -> None:
        is_error = not frame.name.endswith((".req", ".conf"))
        arrow, actor = ("→", "station") if frame.direction == "out" else ("←", "central")
        text = Text(f"{arrow} ", "bright_black").append(f"{frame.name} ", "red" if is_error else "")
        text.append_text(_coloured(frame.payload if is_error else brief(frame.payload)))
        self._line(at_ms, actor, text)

    def _line(self, at_ms: int, actor: str, what: Text, *, whole: bool = False) -> None:
        seconds = at_ms / 1000
        start = Text(f"{int(seconds // 60):3d}:{seconds % 60:04.1f}  ", "bright_black")
        line = start.append(f"{actor:<8} ", _ACTORS[actor]).append_text(what)
        self._console.print(line, no_wrap=not whole, overflow="fold" if whole else "ellipsis")


def _coloured(text: str) -> Text:
    line = Text(text, "dim")
    for status, style in STATUS_STYLES.items():
        line.highlight_regex(rf"(?<=[=\s]){status}\b", style)
    return line


def brief(payload: str) -> str:
    """A payload on one line: ``connectorId=1 status=Charging``; sampled values by measurand."""
    return " ".join(_fields(json.loads(payload), ""))


def _fields(value: Any, name: str) -> list[str]:  # Any: JSON
    if isinstance(value, dict):
        if "value" in value and "key" not in value:
            return [_sampled(value)]
        return [field for key, part in value.items() if key not in _LEFT_OUT for field in _fields(part, key)]
    if isinstance(value, list):
        return [field for part in value for field in _fields(part, name)]
    return [f"{name}={value}"]


def _sampled(value: dict[str, str]) -> str:
    """A SampledValue: ``Energy=830Wh``, ``Current/L1=16.00A``."""
    measurand = value.get("measurand", "Energy")  # Energy.Active.Import.Register if it is left out (§7.43)
    phase = f"/{value['phase']}" if "phase" in value else ""
    unit = {"Percent": "%", "Celsius": "°C"}.get(value.get("unit", ""), value.get("unit", ""))
    return f"{measurand.partition('.')[0]}{phase}={value['value']}{unit}"


def fact_of(event: be.External) -> tuple[str, Text] | None:
    """Who did what; None for frames, which are shown as such, and for what only machines care for."""
    match event:
        case be.PoweredUp():
            identity = event.product.identity
            name = f"{identity.charge_point_vendor} {identity.charge_point_model}"
            return "station", Text(f"powers up: {name}, {len(event.product.connectors)} connectors")
        case be.TagPresented():
            return "driver", Text(f"holds tag {event.id_tag} to reader {event.reader}")
        case be.CablePlugged():
            return "driver", Text(f"plugs the cable in at connector {event.connector}")
        case be.EvUnplugged():
            return "driver", Text(f"pulls the cable of connector {event.connector} at the car")
        case be.CableUnplugged():
            return "driver", Text(f"pulls the cable out of connector {event.connector}")
        case be.EnergyRequested():
            return "car", Text(f"asks for energy at connector {event.connector}")
        case be.EnergyDeclined():
            return "car", Text(f"asks for no more energy at connector {event.connector}")
        case be.FaultDetected():
            return "world", Text(f"{event.error_code} at connector {event.connector}")
        case be.FaultCleared():
            return "world", Text(f"{event.error_code} at connector {event.connector} is over")
        case be.LinkUp():
            return "station", Text("is connected to the Central System")
        case be.LinkLost():
            return "world", Text("the connection is lost")
        case be.CommitFailed():
            return "world", Text("the store could not be written")
        case be.ContactorOpened():
            shown = f"the contactor is open, the register shows {event.readings.register} Wh"
            return "station", Text(f"connector {event.connector}: {shown}")
        case be.ContactorClosed():
            return "station", Text(f"connector {event.connector}: the contactor is closed, energy flows")
        case be.ConnectorLocked():
            return "station", Text(f"connector {event.connector}: the cable is locked")
        case be.LockFailed():
            return "world", Text(f"connector {event.connector}: the lock did not close")
        case _:
            return None


def command_of(effect: do.Effect) -> str | None:
    """What the driver would notice of an effect."""
    match effect:
        case do.SignalTag():
            return f"reader {effect.reader}: tag {'accepted ✔' if effect.accepted else 'refused ✘'}"
        case do.UnlockConnector():
            return f"connector {effect.connector}: the cable is released"
        case do.TellDataTransfer():
            return f"DataTransfer: {effect.outcome}"
        case _:
            return None


def grid(*columns: str) -> Table:
    """A plain table; a column that begins with # holds numbers."""
    table = Table(box=None, pad_edge=False, header_style="bright_black", padding=(0, 3, 0, 0))
    for column in columns:
        table.add_column(column.removeprefix("#"), justify="right" if column.startswith("#") else "left")
    return table
