"""Who reads a configuration key, as the slices declare it."""

from typing import NamedTuple

from pilotline.core import answering
from pilotline.core.declared import MACHINES, OPERATIONS
from pilotline.core.levels import LEVELS
from pilotline.core.reading import sources_of
from pilotline.spec.configuration_keys import KEYS, ConfigurationKey
from pilotline.spec.products import load_product, product_names


class KeyReaders(NamedTuple):
    """A key, the machines and decision tables whose slice names it, and the levels that read it."""

    key: ConfigurationKey
    readers: tuple[str, ...]


def key_readers() -> tuple[KeyReaders, ...]:
    """Every standard key, in the order of the standard's chapter; then the makers' own keys of the shipped products."""
    tables = [
        *((machine.name, machine.sources) for machine in MACHINES),
        *((table.name, table.sources) for table in OPERATIONS),
        ("every request", sources_of(answering.Reads)),
    ]
    levels = [(f"level {level.name}", level.keys) for level in LEVELS]
    return tuple(
        KeyReaders(
            key,
            (
                *(
                    name
                    for name, sources in tables
                    if any(key.name in source.keys for source in sources.values())
                ),
                *(name for name, keys in levels if key.name in keys),
            ),
        )
        for key in (*KEYS, *_own_keys())
    )


def _own_keys() -> tuple[ConfigurationKey, ...]:
    offered = (key for name in product_names() for key in load_product(name).offered_keys)
    return tuple({key.name: key for key in offered if key.profile == "vendor"}.values())
