"""What must hold between the lines of a product file, and which keys the file amounts to.

Each function yields its findings as "key: reason", none if all is well. They are asked when a product is
loaded; `configuration_problems` again when a station is commissioned with other values.
"""

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final, get_args

import msgspec

from pilotline.spec.configuration_keys import (
    KEY_BY_NAME,
    KEYS,
    ConfigurationKey,
    measurand_items,
    phase_rotation_items,
)
from pilotline.spec.payment import PAYMENT_KEYS
from pilotline.spec.products.configuration import Configuration
from pilotline.spec.types import TEMPERATURE_UNIT, Measurand, UnitOfMeasure

if TYPE_CHECKING:  # the model asks these rules, so they know it by type only
    from pilotline.spec.products.model import Product, VendorKey

_UNITS: Final[dict[str, tuple[UnitOfMeasure, ...]]] = {
    "Energy.Active": ("Wh", "kWh"),
    "Energy.Reactive": ("varh", "kvarh"),
    "Power.Active": ("W", "kW"),
    "Power.Reactive": ("var", "kvar"),
    "Power.Offered": ("W", "kW"),
    "Current": ("A",),
    "Voltage": ("V",),
    "Temperature": (TEMPERATURE_UNIT, "Fahrenheit", "K"),
    "SoC": ("Percent",),
}
"""The units of each family of measurands, the usual one first (OCPP 1.6 §7.31, §7.45)."""

_MEASURANDS: Final[frozenset[str]] = frozenset(get_args(Measurand))
_ENERGY_REGISTER: Final = "Energy.Active.Import.Register"
_UNLOCK: Final = "UnlockConnectorOnEVSideDisconnect"


def units_of(measurand: str) -> tuple[UnitOfMeasure, ...]:
    """The units a measurand may have, the usual one first; none if the standard has no unit for it."""
    return next((units for family, units in _UNITS.items() if measurand.startswith(family)), ())


def fact_problems(product: "Product") -> Iterator[str]:
    """What the readers, the meter and the waits say against each other."""
    if not product.connectors:
        yield "connectors: there must be at least one"
    served = Counter(connector for reader in product.readers for connector in reader.connectors)
    charging = Counter(connector for terminal in product.terminals for connector in terminal.connectors)
    for place, connectors in (("readers", served), ("terminals", charging)):
        for connector, times in sorted(connectors.items()):
            if connector > len(product.connectors):
                yield f"{place}: there is no connector {connector}"
            elif times > 1:
                yield f"{place}: connector {connector} is served twice"
    if product.start_without_authorization is not None and product.readers:
        yield "start_without_authorization: goes only with no readers (§4.9)"
    measured = Counter((metered.measurand, metered.location) for metered in product.meter)
    for (measurand, location), times in measured.items():
        if times > 1:
            yield f"meter: {measurand} at {location} is listed twice"
    if not any(metered.measurand == _ENERGY_REGISTER for metered in product.meter):
        yield f"meter: {_ENERGY_REGISTER} is missing; meterStart and meterStop need it (§6.45)"
    named = Counter((m.vendor_id.lower(), (m.message_id or "").lower()) for m in product.data_transfer)
    for (vendor_id, message_id), times in named.items():
        if times > 1:
            yield f"data_transfer: {vendor_id} {message_id or 'without a message_id'} is listed twice"
    registers = {(str(m.measurand), m.location): (m.unit, m.phases) for m in product.meter}
    for metered in product.meter:
        if metered.measurand.endswith(".Interval"):
            register = metered.measurand.replace(".Interval", ".Register")
            if registers.get((register, metered.location)) != (metered.unit, metered.phases):
                yield f"meter: {metered.measurand} needs {register} of the same location, unit and phases (§7.31)"
    if product.reconnect_min_s > product.reconnect_max_s:
        yield "reconnect_min_s: is above reconnect_max_s"


def key_problems(product: "Product") -> Iterator[str]:
    """Names, access and missing values of the keys, before any value is read."""
    for name in sorted(product.configuration):
        setting = product.configuration[name]
        key = KEY_BY_NAME.get(name.lower())
        if key is None:
            yield f"configuration.{name}: is no standard key; a key of the maker belongs into [[vendor_keys]]"
        elif key.name != name:
            yield f"configuration.{name}: is spelled {key.name}"
        elif setting.value is None and key.default is None:
            yield f"configuration.{name}: needs a value"
        elif setting.access not in (None, key.access) and not (
            key.may_be_read_only and setting.access == "R"
        ):
            yield f"configuration.{name}: access must be {key.access}, not {setting.access} ({key.section})"
    own_names = [name for own in product.vendor_keys for name in (own.name, *own.aliases)]
    taken = Counter(name.lower() for name in own_names)
    for name in own_names:
        if name.lower() in KEY_BY_NAME:
            yield f"vendor_keys.{name}: is a standard key and belongs into [configuration]"
        elif taken[name.lower()] > 1:
            yield f"vendor_keys.{name}: is named twice"


def payment_problems(product: "Product") -> Iterator[str]:
    """A payment terminal without one of its keys would have no terms; and where a lock keeps the driver's cable after a
    refused start, only a tag gets it back (docs/payment.md, errata 3.5).
    """
    offered = {own.name: own.type for own in product.vendor_keys}
    for name, value_type in PAYMENT_KEYS.items() if product.terminals else ():
        if offered.get(name) != value_type:
            yield f"terminals: need the vendor key {name} of type {value_type}"
    for number, connector in enumerate(product.connectors, start=1):
        if connector.lock and any(number in terminal.connectors for terminal in product.terminals):
            yield f"terminals: connector {number} has a lock, and a card could not get a kept cable back"


def keys_of(product: "Product") -> tuple[ConfigurationKey, ...]:
    """The keys of a product without `key_problems`, as they are on it: the standard's, then its own."""
    measurands = tuple(
        dict.fromkeys(
            item for metered in product.meter for item in measurand_items(metered.measurand, metered.phases)
        )
    )
    keys: list[ConfigurationKey] = []
    for key in KEYS:
        if key.name not in product.configuration:
            continue
        setting = product.configuration[key.name]
        items = key.items
        if key.name == "ConnectorPhaseRotation":
            items = phase_rotation_items(len(product.connectors))
        elif items is not None and _MEASURANDS.issuperset(items[:1]):
            items = measurands
        access, takes_effect = setting.access or key.access, setting.takes_effect or key.takes_effect
        keys.append(msgspec.structs.replace(key, access=access, takes_effect=takes_effect, items=items))
    return (*keys, *(_own_key(own) for own in product.vendor_keys))


def texts_of(product: "Product") -> dict[str, str]:
    """The text each offered key starts with, by its name."""
    texts = {vendor_key.name: vendor_key.value for vendor_key in product.vendor_keys}
    for name, setting in product.configuration.items():
        texts[name] = setting.value if setting.value is not None else KEY_BY_NAME[name.lower()].default or ""
    return texts


def configuration_problems(product: "Product", configuration: Configuration) -> Iterator[str]:
    """What the values of the keys say against each other and against the station they are to run on."""
    profiles = configuration.csl("SupportedFeatureProfiles")
    if "Core" not in profiles:
        yield "configuration.SupportedFeatureProfiles: must list Core"
    for key in KEYS:
        offered = configuration.key(key.name) is not None
        if key.required and key.profile in profiles and not offered:
            yield f"configuration.{key.name}: is missing; profile {key.profile} requires it ({key.section})"
        if offered and key.profile not in profiles:
            yield (
                f"configuration.{key.name}: belongs to {key.profile}, not listed in SupportedFeatureProfiles"
            )
        most = configuration.integer(key.max_length_key) if key.max_length_key else None
        if most is not None and len(configuration.csl(key.name)) > most:
            yield f"configuration.{key.name}: has more items than {key.max_length_key} = {most}"
    if configuration.integer("NumberOfConnectors", 0) not in (0, len(product.connectors)):
        yield f"configuration.NumberOfConnectors: the product has {len(product.connectors)} connectors"
    if all(connector.cable == "fixed" for connector in product.connectors):
        unlock = configuration.key(_UNLOCK)
        if configuration.boolean(_UNLOCK) or (unlock is not None and unlock.access != "R"):
            yield f'configuration.{_UNLOCK}: fixed cables need value "false", access "R" (errata 3.83)'


def _own_key(own: "VendorKey") -> ConfigurationKey:
    return ConfigurationKey(
        own.name,
        "vendor",
        own.type,
        own.access,
        "vendor",
        unit=own.unit,
        minimum=own.minimum,
        maximum=own.maximum,
        items=own.items,
        takes_effect=own.takes_effect,
        aliases=own.aliases,
    )
