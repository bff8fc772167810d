"""What a search is bounded by: a small station, a world, and what is left out of it."""

from typing import Final, NamedTuple

from pilotline.spec.products import Product, Reader, VendorMessage, adjusted, load_product
from pilotline.spec.types import ReadingContext
from pilotline.tools.check import environment as world
from pilotline.tools.check.environment import ALL, TAG, Answers, Player, tags

QUIET: Final = frozenset({("heartbeat", "silence"), ("status_report", "settle")})
REPORTS: Final = frozenset({"StatusNotificationReq"})
TALK: Final = REPORTS | {"AuthorizeReq", "BootNotificationReq"}
TRANSACTIONS: Final = frozenset({"StartTransactionReq", "StopTransactionReq", "MeterValuesReq"})
DRIVER: Final = (world.cable(1), tags(1, TAG))
PEOPLE: Final[tuple[Player, ...]] = (*DRIVER, world.car(1))
SESSION: Final[tuple[Player, ...]] = (*PEOPLE, world.hardware(1))
WILLING: Final[tuple[Player, ...]] = (world.hardware(1), world.hungry_car(1))
"""Hardware and car that do at once what they do."""
ONLINE: Final = (world.network_comes_up,)


class Scope(NamedTuple):
    """One bounded world. What it leaves out is declared here, never hidden in the search."""

    name: str
    says: str
    product: Product
    players: tuple[Player, ...]
    """Who acts; any of what they may do happens at any time."""
    at_once: tuple[Player, ...] = ()
    """Who acts before anything else can happen; that they may be slow is searched in another scope."""
    read_at_once: frozenset[ReadingContext] = frozenset(
        {"Sample.Periodic", "Sample.Clock", "Interruption.End"}
    )
    """What a meter is asked to read for that it answers at once."""
    prompt: frozenset[str] = frozenset()
    """Requests that the Central System answers at once, with the first of `answers`."""
    answers: Answers = ALL
    inert: frozenset[tuple[str, str]] = frozenset()
    """Timers (machine, timer) that never fire here."""
    queue_max: int = 4
    """A world in which more transaction messages wait is not followed."""
    due_max: int = 16
    """A world in which more status reports of one connector wait is not followed."""
    knows_reports: bool = True
    """What was confirmed of a status is remembered; if not, every reconnect reports anew."""
    knows_origins: bool = False
    """When a transaction began and first charged is remembered: no schedule counts from it where none is installed."""
    knows_answered: bool = False
    """The last call that was answered is remembered, so that it can be repeated."""
    commits_fail: bool = False
    """The store may refuse any commit."""
    cuts_within: bool = False
    """Power may also be cut between a commit and what would have been done at once after it."""
    waits_for_tag: bool = False
    """It takes the driver's tag to come to rest: a transaction goes on without its car, or a cable is kept."""
    is_large: bool = False
    """It takes half a minute or more: `pilotline check` searches it, the tests do not."""
    shows: tuple[str, ...] = ()
    """Names of `properties.SOMETIMES` that must be seen here: otherwise the search proved nothing of them."""

    @property
    def tag_settles(self) -> bool:
        """Whether it takes the driver's tag to come to rest, or would: the time-out is left out here."""
        return self.waits_for_tag or ("session", "connection_time_out") in self.inert


def one_connector(
    base: str = "c6eu",
    *,
    power_cut: str = "stop",
    data_transfer: tuple[VendorMessage, ...] = (),
    backup_power: bool = False,
    start_without_authorization: str | None = None,
    readers: tuple[Reader, ...] | None = None,
    status_delay_ms: int = 1000,
    lock: bool | None = None,
    outbox_max: int = 10,
    call_queue_max: int = 10,
    transaction_data_max: int = 4,
    **configuration: str,
) -> Product:
    """A shipped product with one connector, one reader and times of a second or two."""
    product = load_product(base)
    if lock is not None:
        connector = product.connectors[0].model_copy(update={"lock": lock})
        product = product.model_copy(update={"connectors": (connector,)})
    return _small(
        product,
        1,
        configuration,
        outbox_max=outbox_max,
        call_queue_max=call_queue_max,
        transaction_data_max=transaction_data_max,
        readers=_one_reader(product, 1) if readers is None else readers,
        power_cut=power_cut,
        backup_power=backup_power,
        data_transfer=data_transfer,
        start_without_authorization=start_without_authorization,
        status_delay_ms=status_delay_ms,
    )


def two_connectors(base: str = "c6eu", **configuration: str) -> Product:
    """A shipped product with two connectors and one reader for both."""
    product = load_product(base)
    return _small(
        product, 2, configuration, readers=_one_reader(product, 1, 2), power_cut="stop", status_delay_ms=1000
    )


def _one_reader(product: Product, *connectors: int) -> tuple[Reader, ...]:
    return (product.readers[0].model_copy(update={"connectors": connectors}),)


def _small(product: Product, connectors: int, configuration: dict[str, str], **facts: object) -> Product:
    small = {
        "NumberOfConnectors": str(connectors),
        "ConnectorPhaseRotation": ",".join(f"{c}.NotApplicable" for c in range(1, connectors + 1)),
        "ConnectionTimeOut": "1",
        "TransactionMessageAttempts": "2",
        "TransactionMessageRetryInterval": "1",
        "MeterValueSampleInterval": "0",
        "MeterValuesSampledData": "Energy.Active.Import.Register",
        "StopTxnSampledData": "",
        "StopTxnAlignedData": "",
        "AuthorizationCacheEnabled": "false",
        "ResetRetries": "1",
    }
    if "MessageTimeout" in product.configuration:
        small["MessageTimeout"] = "1"
    if "StopTransactionMaxMeterValues" in product.configuration:
        small["StopTransactionMaxMeterValues"] = "4"
    return adjusted(
        product,
        configuration={**small, **configuration},
        connectors=product.connectors[:connectors],
        terminals=tuple(
            terminal.model_copy(update={"connectors": tuple(range(1, connectors + 1))})
            for terminal in product.terminals
        ),
        terminal_deadline_ms=1000,
        call_timeout_s=1,
        reconnect_min_s=1,
        reconnect_max_s=1,
        reconnect_jitter_percent=0,
        boot_retry_s=1,
        lock_deadline_ms=1000,
        soft_reset_wait_s=1,
        data_transfer_deadline_s=1,
        reboot_deadline_s=1,
        transfer_deadline_s=1,
        installation_deadline_s=1,
        contactor_deadline_ms=1000,
        **facts,
    )
