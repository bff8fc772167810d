"""What a journal holds, item by item, and as entries for the diagnostics archive."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

import cbor2

from pilotline.adapters.diagnostics_archive import Entry
from pilotline.adapters.journal import segments_of


class JournalError(ValueError):
    """The journal cannot be read on; one line with file and offset."""


class Item(NamedTuple):
    """One item of a segment, and where it begins."""

    file: Path
    offset: int
    parts: list[Any]

    @property
    def where(self) -> str:
        """``00000001.journal at byte 4711``."""
        return f"{self.file.name} at byte {self.offset}"


class Gap(NamedTuple):
    """Something is missing between two steps; one line that says what."""

    where: str
    says: str


def items(journal: Path) -> Iterator[Item | Gap]:
    """Every item of a segment, or of all segments of a folder. Raises `JournalError`."""
    segments = segments_of(journal) if journal.is_dir() else [journal]
    if not segments or not all(segment.is_file() for segment in segments):
        raise JournalError(f"{journal}: holds no journal")
    for segment in segments:
        yield from _items(segment)


def _items(segment: Path) -> Iterator[Item | Gap]:
    size = segment.stat().st_size
    with segment.open("rb") as file:
        while (offset := file.tell()) < size:
            try:
                parts = cbor2.load(file)
            except cbor2.CBORDecodeEOF:
                yield Gap(
                    f"{segment.name} at byte {offset}",
                    "its end is missing: it was not written to its end",
                )
                return
            except (cbor2.CBORError, ValueError, TypeError, OverflowError, RecursionError):
                parts = None
            if not isinstance(parts, list) or len(parts) != _PARTS.get(str(parts[0]) if parts else ""):
                raise JournalError(f"{segment.name} at byte {offset}: is no item of a journal; it is damaged")
            if offset == 0 and parts[0] != "head":
                raise JournalError(f"{segment.name}: does not begin with a head")
            yield Item(segment, offset, parts)


_PARTS: Final = {"head": 4, "boot": 7, "event": 5, "missing": 2}


def entries(journal: Path) -> Iterator[Entry]:
    """Every event with what it led to, and every gap. Raises `JournalError`."""
    for item in items(journal):
        if isinstance(item, Gap):
            yield Entry(None, {"gap": item.says, "at": item.where})
        elif item.parts[0] in ("boot", "event"):
            _, utc, now, *_, event, effects = item.parts
            name, told = event
            fields = (
                {key: value for key, value in told.items() if key != "product"}
                if isinstance(told, dict)
                else told
            )
            yield Entry(utc, {"at_ms": now, "event": name, "fields": fields, "effects": effects})
