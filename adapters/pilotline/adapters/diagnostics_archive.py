"""What GetDiagnostics sends (§6.25): a ZIP archive that is made while it is sent.

==================  =====================================================================================
configuration.json  every key with its text; of one that can only be written, that it is set
memory.json         every record that survives a power cut, by collection and key
versions.json       station, firmware, program, Python, and the span that was asked for
journal.jsonl       one line for each entry of the journal within startTime and stopTime
==================  =====================================================================================

It is never in memory as a whole: one entry of the journal, one piece of the archive.
"""

import io
import json
import platform
import re
import zipfile
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any, Final, NamedTuple

import msgspec
from typing_extensions import override

from pilotline.core.machines.firmware import told_version
from pilotline.core.snapshot import records_of
from pilotline.core.state import Memory, UtcTime
from pilotline.spec.products import Product

_PIECE_BYTES: Final = 65_536
_LOGIN: Final = re.compile(r"://[^/\s\"]*@")


class Entry(NamedTuple):
    """One line of the journal."""

    at: UtcTime | None
    """None: the clock was not known. Such an entry is always among what is sent: it may belong to the span."""
    what: Any
    """JSON, without secrets."""


class Span(NamedTuple):
    """startTime and stopTime; None: without end on that side."""

    start: UtcTime | None = None
    stop: UtcTime | None = None

    def holds(self, at: UtcTime | None) -> bool:
        """Whether something of this instant was asked for."""
        return at is None or (
            (self.start is None or at >= self.start) and (self.stop is None or at <= self.stop)
        )


def archive(product: Product, memory: Memory, journal: Iterable[Entry], span: Span) -> Iterator[bytes]:
    """The archive in pieces. What the journal raises, this raises."""
    sink = _Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, told in (
            ("versions.json", _versions(product, memory, span)),
            ("configuration.json", _configuration(memory)),
            ("memory.json", _memory(memory)),
        ):
            packed.writestr(name, _json(told, indent=1))
            yield from sink.full()
        with packed.open("journal.jsonl", "w", force_zip64=True) as lines:
            for entry in journal:
                if span.holds(entry.at):
                    told = {
                        "at": None if entry.at is None else _utc(entry.at).isoformat(),
                        "what": entry.what,
                    }
                    lines.write(_json(told).encode() + b"\n")
                    yield from sink.full()
    yield sink.rest()


def _json(told: object, indent: int | None = None) -> str:
    """Whatever URL is in it, of firmware for one, is without its login."""
    return _LOGIN.sub("://***@", json.dumps(told, indent=indent, ensure_ascii=False))


def _configuration(memory: Memory) -> dict[str, str]:
    texts = memory.configuration.texts()
    secret = {key.name for key in memory.configuration.offered() if key.access == "W"}
    return {name: "…" if text and name in secret else text for name, text in texts.items()}


def _memory(memory: Memory) -> dict[str, dict[str, Any]]:
    told: dict[str, dict[str, Any]] = {}
    for collection, key, record in records_of(memory):
        if collection != "configuration":
            told.setdefault(collection, {})[str(key)] = _without_places(msgspec.to_builtins(record))
    return told


def _without_places(record: Any) -> Any:  # Any: JSON
    """Where files come from and go to stays out: a login, or a key, may be in it."""
    if not isinstance(record, dict):
        return record
    return {name: "…" if name == "location" else _without_places(held) for name, held in record.items()}


def _versions(product: Product, memory: Memory, span: Span) -> dict[str, str | None]:
    return {
        "model": product.identity.charge_point_model,
        "vendor": product.identity.charge_point_vendor,
        "firmware": told_version(memory.firmware, product.identity),
        "pilotline": version("pilotline"),
        "python": platform.python_version(),
        "startTime": None if span.start is None else _utc(span.start).isoformat(),
        "stopTime": None if span.stop is None else _utc(span.stop).isoformat(),
    }


def _utc(at: UtcTime) -> datetime:
    return datetime.fromtimestamp(at / 1_000, UTC)


class _Sink(io.RawIOBase):
    """Takes what the archive writes; it cannot go back, so the archive does not try to."""

    def __init__(self) -> None:
        self._held = bytearray()

    @override
    def writable(self) -> bool:
        return True

    @override
    def write(self, data: Any) -> int:  # Any: whatever has bytes
        self._held += data
        return len(data)

    def full(self) -> Iterator[bytes]:
        """A piece, if there is enough for one."""
        if len(self._held) >= _PIECE_BYTES:
            yield self.rest()

    def rest(self) -> bytes:
        """All that is there."""
        rest = bytes(self._held)
        self._held.clear()
        return rest
