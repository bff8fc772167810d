"""The diagnostics of a station that runs: its archive, with its journal; without one, what happened last."""

from collections.abc import Callable, Iterator

from pilotline.adapters import journal_reading
from pilotline.adapters.diagnostics_archive import Entry, Span, archive
from pilotline.adapters.files import Diagnostics
from pilotline.adapters.http.readable import entries
from pilotline.adapters.station import Station


def diagnostics_of(station: Callable[[], Station]) -> Diagnostics:
    """Whose they are is asked when they are wanted: a station is made with its files."""

    def pieces(span: Span) -> Iterator[bytes]:
        asked = station()
        return archive(asked.state.product, asked.state.memory, _journal_of(asked), span)

    return pieces


def _journal_of(station: Station) -> Iterator[Entry]:
    if station.journal is None:
        return entries(station.recent())
    station.journal.settle()
    return journal_reading.entries(station.journal.folder)
