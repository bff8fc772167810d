"""The products: what a station model is, which keys it offers and with which values it starts."""

from pilotline.spec.products.configuration import Configuration, ConfigurationError
from pilotline.spec.products.loading import (
    ProductError,
    adjusted,
    initial_configuration,
    load_product,
    parse_product,
    product_names,
    toml_of,
)
from pilotline.spec.products.model import (
    Connector,
    Identity,
    Metered,
    Product,
    Reader,
    Terminal,
    VendorMessage,
)

__all__ = [
    "Configuration",
    "ConfigurationError",
    "Connector",
    "Identity",
    "Metered",
    "Product",
    "ProductError",
    "Reader",
    "Terminal",
    "VendorMessage",
    "adjusted",
    "initial_configuration",
    "load_product",
    "parse_product",
    "product_names",
    "toml_of",
]
