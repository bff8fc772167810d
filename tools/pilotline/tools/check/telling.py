"""A story that was taken again, told: in words, and as a Mermaid sequence diagram."""

from collections.abc import Iterable, Iterator
from typing import Final

from pilotline.adapters.http.readable import Frame, frames_of
from pilotline.core import effects as do
from pilotline.core import events as be
from pilotline.tools.check.retold import Told
from pilotline.tools.check.story import event_in_words, record_in_words
from pilotline.tools.replay import label
from pilotline.tools.timeline import brief

PARTICIPANTS: Final = {
    "Driver": "Driver",
    "EV": "EV",
    "Hardware": "Hardware",
    "Station": "Charge Point",
    "Central": "Central System",
    "World": "Power and network",
}
_TELLERS: Final[dict[str, tuple[type[be.External], ...]]] = {
    "Driver": (be.TagPresented, be.CablePlugged, be.EvUnplugged, be.CableUnplugged, be.CardPresented),
    "EV": (be.EnergyRequested, be.EnergyDeclined),
    "World": (be.PoweredUp, be.PowerFailing, be.MainsRestored, be.LinkUp, be.LinkLost),
    "Central": (be.CallReceived, be.BadCallReceived, be.ResultReceived, be.ErrorReceived),
    "Station": (be.DeadlinePassed, be.CommitFailed),
}
_FRAMES: Final = (do.SendCall, do.SendResult, do.SendError)
_TOLD: Final[dict[str, tuple[type[do.Effect], ...]]] = {
    "Driver": (do.SignalTag, do.SignalCard, do.ShowStatus),
    "World": (do.OpenLink, do.PingEvery),
}
_SIZE_MAX: Final = 90


# --- in words ------------------------------------------------------------------------------------------------


def in_words(story: Iterable[Told]) -> str:
    """A numbered line for each event, and what the station did then; the numbers are those of a replay."""
    lines = []
    for number, told in enumerate(story, start=1):
        passed = f"{told.passed_ms / 1000:g} s later " if told.passed_ms else ""
        lines.append(f"{number:3}. {passed}{event_in_words(told.event)}")
        lines += [f"     - {done}" for done in _done(told)]
    return "\n".join(lines)


def _done(told: Told) -> Iterator[str]:
    if told.step is None:
        yield "the step fails"
        return
    yield from statuses(told)
    stored = dict.fromkeys(change.collection.replace("_", " ") for change in told.step.changes)
    if stored:
        yield f"stores {', '.join(stored)}"
    for effect in told.step.effects:
        if not isinstance(effect, _FRAMES):
            yield record_in_words(effect)
    for frame in frames_of(told.happening):
        if frame.direction == "out":
            yield f"sends {_short(frame)}"


def statuses(told: Told) -> Iterator[str]:
    """Each change of status: ``connector 1: Available → Preparing``."""
    if told.step is None:
        return
    booted = isinstance(told.event, be.PoweredUp)
    before = (
        {} if told.before is None or booted else {c.connector: c.state for c in told.before.moment.connectors}
    )
    for connector in told.step.state.moment.connectors:
        was = before.get(connector.connector)
        if was != connector.state:
            where = f"connector {connector.connector}" if connector.connector else "main controller"
            yield f"{where}: {was} → {connector.state}" if was else f"{where}: {connector.state}"


def _short(frame: Frame) -> str:
    said = brief(frame.payload) if frame.name.endswith((".req", ".conf")) else frame.payload
    whole = f"{frame.name} {said}".strip()
    return whole if len(whole) <= _SIZE_MAX else f"{whole[:_SIZE_MAX]}…"


# --- as a picture --------------------------------------------------------------------------------------------


def sequence(story: Iterable[Told], broken: str) -> str:
    """Who told the station what, what it commanded and sent, its statuses, and the broken promise at the end."""
    lines = [
        "sequenceDiagram",
        *(f"    participant {name} as {title}" for name, title in PARTICIPANTS.items()),
    ]
    for number, told in enumerate(story, start=1):
        if told.passed_ms:
            lines.append(f"    Note over Driver,World: {told.passed_ms / 1000:g} s later")
        lines += [f"    {line}" for line in _arrows(number, told)]
    lines.append(f"    Note over Driver,World: {label(f'broken: {broken}')}")
    return "\n".join(lines)


def _arrows(number: int, told: Told) -> Iterator[str]:
    frames = frames_of(told.happening)
    came = next((_short(frame) for frame in frames if frame.direction == "in"), None)
    said = came or event_in_words(told.event).replace(";", ",")
    yield f"{_teller(told.event)}->>Station: {label(f'{number}. {said}')}"
    if told.step is None:
        yield "Note over Station: the step fails"
        return
    for change in statuses(told):
        yield f"Note over Station: {label(change)}"
    for effect in told.step.effects:
        if not isinstance(effect, _FRAMES):
            told_to = next((name for name, kinds in _TOLD.items() if isinstance(effect, kinds)), "Hardware")
            yield f"Station->>{told_to}: {label(record_in_words(effect))}"
    for frame in frames:
        if frame.direction == "out":
            yield f"Station->>Central: {label(_short(frame))}"


def _teller(event: be.External) -> str:
    return next((name for name, kinds in _TELLERS.items() if isinstance(event, kinds)), "Hardware")
