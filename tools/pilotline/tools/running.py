"""`pilotline run`: one simulated station as a process of its own, until it is told to stop."""

import asyncio
import contextlib
import logging
import shlex
import signal
import ssl
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from pilotline.adapters.clock import SystemClock
from pilotline.adapters.file_transfer import FileTransfer, Limits, Trust
from pilotline.adapters.files import FileJobs
from pilotline.adapters.installer import CommandInstaller, Installer
from pilotline.adapters.journal import Bounds, Journal
from pilotline.adapters.link import PowerCutError
from pilotline.adapters.simulation import SimulatedHardware
from pilotline.adapters.station import Station
from pilotline.adapters.station_diagnostics import diagnostics_of
from pilotline.adapters.store import SqliteStore, Store
from pilotline.adapters.websocket import WebSocketLink, authorization_key, tls_context
from pilotline.core.boot import model_of
from pilotline.core.effects import Put
from pilotline.core.state import Boot, Counter
from pilotline.spec.products import (
    Product,
    initial_configuration,
    load_product,
    parse_product,
    product_names,
    toml_of,
)
from pilotline.tools.run_log import watch

_LOG: Final = logging.getLogger("pilotline.run")
_FILE_BYTES_MAX: Final = 1_000_000


class CannotRunError(Exception):
    """What was asked for cannot be done; one line that says why."""


class Plan(NamedTuple):
    """What `pilotline run` was asked for."""

    product: Product
    csms: str
    identity: str
    state: Path
    settings: Mapping[str, str] = MappingProxyType({})
    """Configuration values that a new station starts with instead of the product's."""
    control: tuple[str, int] | None = None
    control_anywhere: bool = False
    password: bytes | None = None
    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None
    journal_bytes: int = 64_000_000
    """Most that the journal may take; 0: there is none."""
    installer: tuple[str, ...] = ()
    """The command that installs firmware, to which the file is added; none: it is simulated."""
    file_bytes_max: int = Limits().bytes_max
    known_hosts: Path | None = None
    why: bool = False
    """The log says of each event which rows were tried, and who said no."""


# --- what is asked for --------------------------------------------------------------------------------------


def product_of(name: str) -> Product:
    """A shipped product by its name, or a TOML file by its path."""
    if name in product_names():
        return load_product(name)
    if not name.endswith(".toml") and "/" not in name:
        raise CannotRunError(
            f"product {name!r}: is none of {', '.join(product_names())}, and no path of a .toml file"
        )
    return parse_product(text_of(Path(name)), name)


def text_of(file: Path) -> str:
    """The text of a small file. Raises `CannotRunError`."""
    try:
        if file.stat().st_size > _FILE_BYTES_MAX:
            raise CannotRunError(f"{file}: is longer than {_FILE_BYTES_MAX} bytes")
        return file.read_text("utf-8")
    except OSError as error:
        raise CannotRunError(f"{file}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise CannotRunError(f"{file}: is not UTF-8 text") from None


def settings_of(file: Path | None, assignments: list[str]) -> dict[str, str]:
    """Configuration values: of a TOML file first, then of KEY=VALUE. Raises `CannotRunError`."""
    settings: dict[str, str] = {}
    if file is not None:
        for name, value in toml_of(text_of(file), str(file)).items():
            if not isinstance(value, str | int):
                raise CannotRunError(f"{file}: {name}: a value is a text, a whole number, true or false")
            settings[name] = str(value).lower() if isinstance(value, bool) else str(value)
    for assignment in assignments:
        name, equals, value = assignment.partition("=")
        if not equals or not name:
            raise CannotRunError(f"--set {assignment}: is not KEY=VALUE")
        settings[name] = value
    return settings


def accepted_settings(product: Product, settings: Mapping[str, str]) -> dict[str, str]:
    """The values by the keys' own names, read-only keys included. Raises `ConfigurationError`."""
    configuration = initial_configuration(product, settings)
    texts = configuration.texts()
    return {key.name: texts[key.name] for name in settings if (key := configuration.key(name)) is not None}


def password_of(given: str | None, file: Path | None) -> bytes | None:
    """The password itself or the one in a file, without the line's end. Raises `CannotRunError`."""
    if given is not None and file is not None:
        raise CannotRunError("--password and --password-file: only one of them can be meant")
    text = given if file is None else text_of(file).rstrip("\r\n")
    return None if text is None else text.encode()


def command_of(text: str | None) -> tuple[str, ...]:
    """The words of a command as a shell takes them apart; none is run. Raises `CannotRunError`."""
    try:
        words = tuple(shlex.split(text or ""))
    except ValueError as error:
        raise CannotRunError(f"--installer: {error}") from None
    if text is not None and not words:
        raise CannotRunError("--installer: is no command")
    return words


def url_of(text: str) -> str:
    """The URL of a Central System, if it can be read; the link sees to the rest. Raises `CannotRunError`."""
    try:
        _ = urlsplit(text).port
    except ValueError as error:
        raise CannotRunError(f"--csms {text}: {error}") from None
    return text


def address_of(text: str) -> tuple[str, int]:
    """``HOST:PORT``, ``[::1]:PORT`` or ``PORT`` alone, which is of the loopback. Raises `CannotRunError`."""
    host, _, port = text.rpartition(":")
    if not port.isdecimal() or int(port) > 65_535:
        raise CannotRunError(f"--control {text}: is not HOST:PORT")
    return host.removeprefix("[").removesuffix("]") or "127.0.0.1", int(port)


# --- the process --------------------------------------------------------------------------------------------


async def run_until_stopped(plan: Plan) -> None:
    """Run until SIGINT or SIGTERM. Raises what keeps the station from running, as one line."""
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    clock, product = SystemClock(), plan.product
    with contextlib.ExitStack() as closing:
        store = closing.enter_context(contextlib.closing(SqliteStore(plan.state / "station.sqlite")))
        simulation = SimulatedHardware(product, clock, file=plan.state / "world.json")
        _commission(store, product, plan.settings, simulation.world().entropy)
        station: Station | None = None
        link = WebSocketLink(
            plan.csms,
            plan.identity,
            max_frame_bytes=product.frame_bytes_max,
            password=lambda: _password(station, plan.password),
            tls=_tls(plan),
        )
        journal = closing.enter_context(_journal(plan))
        installer = CommandInstaller(plan.installer) if plan.installer else simulation.installer
        files = _files(plan, installer, lambda: running)
        station = running = Station(
            product, store, simulation, link, clock=clock, journal=journal, files=files
        )
        watching = asyncio.create_task(watch(station.subscribe(), why=plan.why), name="log")
        async with _control_api(plan, station, simulation):
            model = product.identity.charge_point_model
            _LOG.info("%s starts as %s, state in %s", model, link.url, plan.state)
            await _until(stopped, station)
        await watching
    _LOG.info("stopped")


@contextlib.contextmanager
def _journal(plan: Plan) -> Iterator[Journal | None]:
    if not plan.journal_bytes:
        yield None
        return
    bounds = Bounds(segment_bytes=max(plan.journal_bytes // 16, 1), total_bytes=plan.journal_bytes)
    with contextlib.closing(Journal(plan.state / "journal", bounds)) as journal:
        yield journal


def _commission(store: Store, product: Product, settings: Mapping[str, str], entropy: str) -> None:
    """Give a station that never ran its configuration; what one has that ran before is its own."""
    if not settings:
        return
    if store.load():
        names = ", ".join(settings)
        _LOG.warning("%s: left as the station has them; --set and --config count at its first start", names)
        return
    never_booted = Put("boot", None, Boot(Counter(0), entropy, model_of(product)))
    store.commit([never_booted, *(Put("configuration", name, text) for name, text in settings.items())])


async def _until(stopped: asyncio.Event, station: Station) -> None:
    running = asyncio.create_task(station.run(), name="station")
    stopping = asyncio.create_task(stopped.wait(), name="signal")
    await asyncio.wait((running, stopping), return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running


def _password(station: Station | None, given: bytes | None) -> bytes | None:
    """The station's own key, once the Central System or the configuration set one; else what was given."""
    try:
        return (authorization_key(station.state) if station else None) or given
    except PowerCutError:
        return given


def _files(plan: Plan, installer: Installer, station: Callable[[], Station]) -> FileJobs:
    """Servers of files are trusted as the Central System is."""
    trust = Trust(tls_context(plan.ca, None, None) if plan.ca else None, plan.known_hosts)
    transfer = FileTransfer(plan.state, Limits(bytes_max=plan.file_bytes_max), trust)
    return FileJobs(transfer, installer, plan.state, diagnostics_of(station))


def _tls(plan: Plan) -> ssl.SSLContext | None:
    if not plan.csms.startswith("wss:"):
        return None
    try:
        return tls_context(plan.ca, plan.certificate, plan.key)
    except OSError as error:  # ssl.SSLError is one, and says it in `reason`
        files = ", ".join(str(file) for file in (plan.ca, plan.certificate, plan.key) if file)
        raise CannotRunError(f"TLS with {files}: {error.strerror or error}") from None


@contextlib.asynccontextmanager
async def _control_api(plan: Plan, station: Station, simulation: SimulatedHardware) -> AsyncIterator[None]:
    if plan.control is None:
        yield
        return
    from pilotline.adapters.http.application import control_app
    from pilotline.adapters.http.server import is_loopback, serving

    host, port = plan.control
    if not (is_loopback(host) or plan.control_anywhere):
        raise CannotRunError(f"--control {host}: others can reach it; say --control-anywhere to mean it")
    app = control_app(station, simulation, loopback_only=is_loopback(host))
    async with contextlib.AsyncExitStack() as stack:
        try:
            url = await stack.enter_async_context(serving(app, host, port))
        except OSError as error:
            raise CannotRunError(f"--control {host}:{port}: {error.strerror}") from None
        _LOG.info("control API at %s, its description at %s/docs", url, url)
        yield
