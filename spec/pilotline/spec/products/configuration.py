"""The configuration of a station: the parsed value of every key its product offers, as one frozen value."""

from collections.abc import Iterable, Mapping
from typing import overload

import msgspec
from immutables import Map
from typing_extensions import override

from pilotline.spec.configuration_keys import ConfigurationKey, Refusal, Value, canonical_text, parse_value


class ConfigurationError(ValueError):
    """Values that a product does not take; one line for each, naming key, value and reason."""


class Configuration(msgspec.Struct, frozen=True):
    """Every key a product offers with its value; a key it does not offer does not exist here.

    Both maps go by the lower-case name (OCPP 1.6 §2.2); `keys` holds the aliases too and is the same object
    in all configurations of a product. `texts` is the form to store; `initial_configuration` reads it back.
    """

    keys: Map[str, ConfigurationKey]
    values: Map[str, Value]

    def key(self, name: str) -> ConfigurationKey | None:
        """The key of this name or alias in any case, as it is on this product; None: not offered."""
        return self.keys.get(name.lower())

    def offered(self) -> tuple[ConfigurationKey, ...]:
        """All keys in the order of their names, as GetConfiguration without a list reports them."""
        return tuple(sorted({*self.keys.values()}, key=lambda key: key.name.lower()))

    def get(self, name: str) -> Value | None:
        """The value of a key by its name in any case; None if the product does not offer it."""
        return self.values.get(name.lower())

    def boolean(self, name: str) -> bool:
        """Whether a boolean key is offered and true: without the key there is no such function (§9)."""
        return self.values.get(name.lower()) is True

    @overload
    def integer(self, name: str) -> int | None: ...
    @overload
    def integer(self, name: str, default: int) -> int: ...
    def integer(self, name: str, default: int | None = None) -> int | None:
        """The value of an integer key in the unit of the key, or `default` if it is not offered."""
        value = self.values.get(name.lower())
        return value if type(value) is int else default  # a bool is an int, and none of these

    def csl(self, name: str) -> tuple[str, ...]:
        """The items of a list key in the standard's spelling; empty if it is not offered."""
        value = self.values.get(name.lower())
        return value if isinstance(value, tuple) else ()

    def text(self, name: str) -> str | None:
        """What GetConfiguration shows of a key; None: not offered, or a secret (OCPP-J §6.2.2)."""
        key = self.key(name)
        return None if key is None or key.access == "W" else canonical_text(self.values[key.name.lower()])

    def texts(self) -> dict[str, str]:
        """Every value as text by the name of its key, secrets included: what to store, not what to show."""
        return {key.name: canonical_text(self.values[key.name.lower()]) for key in self.offered()}

    def parse(self, name: str, text: str) -> Value | Refusal:
        """Read `text` as a value of an offered key, bounded by its …MaxLength key if that is offered too."""
        key = self.key(name)
        if key is None:
            return Refusal("is not a key of this product")
        return parse_value(key, text, self.integer(key.max_length_key) if key.max_length_key else None)

    def with_value(self, name: str, text: str) -> "Configuration | Refusal":
        """The configuration with one value changed, or why not; the same object if nothing changes.

        Whether the Central System may write the key is for the caller to ask (`key(name).access`): the
        station sets read-only keys too.
        """
        value = self.parse(name, text)
        if isinstance(value, Refusal):
            return value
        lower_name = self.keys[name.lower()].name.lower()
        return (
            self
            if self.values[lower_name] == value
            else Configuration(self.keys, self.values.set(lower_name, value))
        )

    @override
    def __repr__(self) -> str:
        """The readable values in the order of their names; secrets stay out."""
        return f"Configuration({ {key.name: self.text(key.name) for key in self.offered()} })"


def configured(keys: Iterable[ConfigurationKey], texts: Mapping[str, str]) -> Configuration:
    """The configuration of a product from one text for each of its keys.

    Raises `ConfigurationError` with a line for each text that is no value of its key.
    """
    found: dict[str, ConfigurationKey] = {}
    values: dict[str, Value] = {}
    refused: list[str] = []
    for key in keys:
        found.update({name.lower(): key for name in (key.name, *key.aliases)})
        value = parse_value(key, texts[key.name])
        if isinstance(value, Refusal):
            shown = "the value" if key.access == "W" else repr(texts[key.name])
            refused.append(f"{key.name}: {shown} {value.reason}")
        else:
            values[key.name.lower()] = value
    if refused:
        raise ConfigurationError("\n".join(refused))
    return Configuration(Map(found), Map(values))
