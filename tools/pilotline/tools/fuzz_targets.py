"""Every edge where something comes in that nobody vouches for: how it is tried, and what to begin with."""

from collections.abc import Callable, Iterable
from typing import Final, NamedTuple

from pilotline.tools import fuzz_control, fuzz_files, fuzz_frames


class Target(NamedTuple):
    """An edge."""

    about: str
    attempt: Callable[[bytes], None]
    """Raises if the edge lets anything through that it must not."""
    begin_with: Callable[[], Iterable[bytes]]
    """Sound inputs, to be changed."""
    bytes_max: int = 4096
    """Longest input that a campaign makes."""


TARGETS: Final = {
    "frames": Target("text of the Central System", fuzz_frames.hear_frames, fuzz_frames.frames_to_begin_with),
    "control": Target("calls of the control API", fuzz_control.call_api, fuzz_control.calls_to_begin_with),
    "product": Target(
        "product files", fuzz_files.read_product, fuzz_files.products_to_begin_with, bytes_max=32_768
    ),
    "store": Target(
        "the store's file", fuzz_files.read_store, fuzz_files.stores_to_begin_with, bytes_max=65_536
    ),
    "records": Target(
        "the store's records", fuzz_files.read_records, fuzz_files.records_to_begin_with, bytes_max=16_384
    ),
    "journal": Target(
        "journals", fuzz_files.read_journal, fuzz_files.journals_to_begin_with, bytes_max=65_536
    ),
    "world": Target("the simulated world's file", fuzz_files.read_world, fuzz_files.worlds_to_begin_with),
    "urls": Target("URLs of files and endpoints", fuzz_files.read_url, fuzz_files.urls_to_begin_with, 2100),
}
