"""The diagnostics of a station that runs: its archive, with what happened last for a journal."""

from collections.abc import Callable, Iterator

from pilotline.adapters.diagnostics_archive import Span, archive
from pilotline.adapters.files import Diagnostics
from pilotline.adapters.http.readable import entries
from pilotline.adapters.station import Station


def diagnostics_of(station: Callable[[], Station]) -> Diagnostics:
    """Whose they are is asked when they are wanted: a station is made with its files."""

    def pieces(span: Span) -> Iterator[bytes]:
        asked = station()
        return archive(asked.state.product, asked.state.memory, entries(asked.recent()), span)

    return pieces
