"""From the text of a product file to a `Product`, and from a product to the configuration of a station."""

from collections.abc import Mapping
from functools import lru_cache
from importlib import resources
from typing import Final

from pydantic import ValidationError

from pilotline.spec.products.configuration import Configuration, ConfigurationError, configured
from pilotline.spec.products.model import Product, Setting
from pilotline.spec.products.rules import configuration_problems

_FILES: Final = "pilotline.spec.products"


class ProductError(ValueError):
    """A product file that cannot be used; one line for each error, naming file, key and reason."""


def product_names() -> tuple[str, ...]:
    """The products that come with Pilotline, in alphabetical order."""
    files = resources.files(_FILES).iterdir()
    return tuple(sorted(file.name.removesuffix(".toml") for file in files if file.name.endswith(".toml")))


@lru_cache(maxsize=16)
def load_product(name: str) -> Product:
    """A product that comes with Pilotline, by its name: "c6eu", "reference". Raises `ProductError`."""
    if name not in product_names():
        raise ProductError(f"product {name!r}: is not one of {', '.join(product_names())}")
    file = resources.files(_FILES).joinpath(f"{name}.toml")
    return parse_product(file.read_text("utf-8"), file.name)


def parse_product(text: str, where: str) -> Product:
    """Read a product file; `where` names it in errors. Raises `ProductError` with all of them."""
    try:
        return Product.model_validate(toml_of(text, where))
    except ValidationError as error:
        raise ProductError("\n".join(f"{where}: {line}" for line in _lines(error))) from None


def toml_of(text: str, where: str) -> dict[str, object]:
    """Read a TOML file; `where` names it in errors. Raises `ProductError`."""
    import tomllib  # not for who imports the core

    try:
        return tomllib.loads(text)
    except ValueError as error:  # of TOML, and of a number with more digits than Python reads
        raise ProductError(f"{where}: is not TOML: {error}") from None
    except RecursionError:
        raise ProductError(f"{where}: is nested too deeply") from None


def adjusted(
    product: Product, configuration: Mapping[str, str | None] | None = None, **facts: object
) -> Product:
    """Another product: some keys with other values (None: not offered), some facts replaced, all checked.

    Raises `ProductError`.
    """
    settings, own = product.configuration, {key.name: key for key in product.vendor_keys}
    for name, value in (configuration or {}).items():
        if value is None:
            settings = settings.delete(name) if name in settings else settings
            own.pop(name, None)
        elif name in own:
            own[name] = own[name].model_copy(update={"value": value})
        else:
            settings = settings.set(name, settings.get(name, Setting()).model_copy(update={"value": value}))
    present = {name: getattr(product, name) for name in Product.model_fields}
    changes = {"configuration": settings, "vendor_keys": tuple(own.values()), **facts}
    try:
        return Product.model_validate({**present, **changes})
    except ValidationError as error:
        raise ProductError("\n".join(f"adjusted product: {line}" for line in _lines(error))) from None


def initial_configuration(product: Product, overrides: Mapping[str, str] | None = None) -> Configuration:
    """The configuration a station of this product starts with; commissioning may set read-only keys as well.

    Also reads back what `Configuration.texts` gave. Raises `ConfigurationError` with a line for each override
    that is refused.
    """
    if not overrides:
        return product.factory_configuration
    texts = product.factory_configuration.texts()
    unknown: list[str] = []
    for name, text in overrides.items():
        key = product.factory_configuration.key(name)
        if key is None:
            unknown.append(f"{name}: {text!r} is refused: the product does not offer this key")
        else:
            texts[key.name] = text
    if unknown:
        raise ConfigurationError("\n".join(unknown))
    configuration = configured(product.offered_keys, texts)
    problems = tuple(configuration_problems(product, configuration))
    if problems:
        raise ConfigurationError("\n".join(_with_value(problem, texts) for problem in problems))
    return configuration


def _with_value(problem: str, texts: Mapping[str, str]) -> str:
    """A finding of the rules, told of a station rather than of a product file."""
    name, _, reason = problem.removeprefix("configuration.").partition(": ")
    return f"{name}: {texts.get(name, '')!r} is refused: {reason}"


def _lines(error: ValidationError) -> list[str]:
    """One line per error, "key: reason"; list entries are counted from 1, as connectors are."""
    lines: list[str] = []
    for item in error.errors(include_url=False, include_input=False):
        path = ".".join(str(step + 1) if isinstance(step, int) else step for step in item["loc"])
        own = item.get("ctx", {}).get("error")
        reasons = str(own).splitlines() if isinstance(own, ValueError) else [item["msg"]]
        lines.extend(f"{path}: {reason}" if path else reason for reason in reasons)
    return lines
