"""What machines may ask of the product, for the instance at hand."""

from pilotline.core.smart_charging import Outlet, outlet_of
from pilotline.spec.products import Identity, Product, Terminal, VendorMessage


def identity(product: Product, _: object) -> Identity:
    """How the station presents itself (§6.3)."""
    return product.identity


def has_fixed_cable(product: Product, connector: int) -> bool:
    """The cable belongs to the station; the main controller has none."""
    return connector > 0 and product.connectors[connector - 1].cable == "fixed"


def has_lock(product: Product, connector: int) -> bool:
    """A lock that reports whether it holds."""
    return connector > 0 and product.connectors[connector - 1].lock


def served_connectors(product: Product, reader: int) -> tuple[int, ...]:
    """The connectors that a tag at this reader may mean."""
    return product.readers[reader - 1].connectors


def free_vending_tag(product: Product, _: object) -> str | None:
    """The idTag of a station that has no means of authorization (§4.9 A3)."""
    return product.start_without_authorization


def resumes_after_power_cut(product: Product, _: object) -> bool:
    """An open transaction goes on when power is back."""
    return product.power_cut == "resume"


def has_backup_power(product: Product, _: object) -> bool:
    """A battery keeps the station up long enough to stop what it does."""
    return product.backup_power


def soft_reset_wait_ms(product: Product, _: object) -> int:
    """How long a soft reset lets messages go out, in ms (§5.14)."""
    return product.soft_reset_wait_s * 1000


def reboot_deadline_ms(product: Product, _: object) -> int:
    """How long a restart may take to come about, in ms (§9.1.22)."""
    return product.reboot_deadline_s * 1000


def transfer_deadline_ms(product: Product, _: object) -> int:
    """How long an attempt to fetch or to send a file may take, in ms (§5.9, §5.19)."""
    return product.transfer_deadline_s * 1000


def installation_deadline_ms(product: Product, _: object) -> int:
    """How long an installation of firmware may take, in ms (§5.19)."""
    return product.installation_deadline_s * 1000


def charges_before_first_acceptance(product: Product, _: object) -> bool:
    """Charging is allowed although no Central System ever accepted the station (§4.2.1)."""
    return product.charge_before_first_acceptance


def boot_retry_ms(product: Product, _: object) -> int:
    """The wait before anything unanswered is tried again, in ms (§4.2)."""
    return product.boot_retry_s * 1000


def call_timeout_ms(product: Product, _: object) -> int:
    """How long a CALL may be open where MessageTimeout is not offered, in ms."""
    return product.call_timeout_s * 1000


def call_queue_max(product: Product, _: object) -> int:
    """Most requests that wait behind the open CALL."""
    return product.call_queue_max


def reconnect_min_ms(product: Product, _: object) -> int:
    """The first wait before connecting again, in ms."""
    return product.reconnect_min_s * 1000


def reconnect_max_ms(product: Product, _: object) -> int:
    """The longest wait before connecting again, in ms, before jitter."""
    return product.reconnect_max_s * 1000


def reconnect_jitter_percent(product: Product, _: object) -> int:
    """How far chance lengthens the wait."""
    return product.reconnect_jitter_percent


def lock_deadline_ms(product: Product, _: object) -> int:
    """How long the start may take from the lock's command to its feedback."""
    return product.lock_deadline_ms


def contactor_deadline_ms(product: Product, _: object) -> int:
    """How long the contactor may take to open."""
    return product.contactor_deadline_ms


def register_max_age_ms(product: Product, _: object) -> int:
    """The oldest reading of a meter that counts."""
    return product.register_max_age_ms


def transaction_data_max(product: Product, _: object) -> int:
    """Most meter values of a StopTransaction where StopTransactionMaxMeterValues is not offered (errata 3.89)."""
    return product.transaction_data_max


def status_delay_ms(product: Product, _: object) -> int:
    """The built-in shortest life of a status that is reported (§4.9)."""
    return product.status_delay_ms


def vendor_messages(product: Product, _: object) -> tuple[VendorMessage, ...]:
    """The vendors' messages that are known here, and who answers them (§5.6)."""
    return product.data_transfer


def data_transfer_deadline_ms(product: Product, _: object) -> int:
    """How long the embedder may take to answer a DataTransfer, in ms."""
    return product.data_transfer_deadline_s * 1000


def authorization_cache_max(product: Product, _: object) -> int:
    """Most tags in the authorization cache (§3.5.1)."""
    return product.authorization_cache_max


def readers_of(product: Product, connector: int) -> tuple[int, ...]:
    """The readers whose tags may mean this connector."""
    return tuple(
        number for number, reader in enumerate(product.readers, start=1) if connector in reader.connectors
    )


def terminals(product: Product, _: object) -> tuple[Terminal, ...]:
    """The payment terminals, by their number from 1."""
    return product.terminals


def terminal_deadline_ms(product: Product, _: object) -> int:
    """How long a payment terminal may take to tell what became of a command."""
    return product.terminal_deadline_ms


def outbox_max(product: Product, _: object) -> int:
    """Most transaction-related messages that are kept, samples counted (§3.7)."""
    return product.outbox_max


def outlets(product: Product, _: object) -> tuple[Outlet, ...]:
    """What each connector can carry, by its number from 1."""
    return tuple(outlet_of(connector) for connector in product.connectors)


def locks(product: Product, _: object) -> tuple[bool, ...]:
    """By connectorId, whether there is a lock that can be told to open."""
    return (False, *(connector.lock for connector in product.connectors))


def every_connector(_product: Product, _connector: int) -> bool:
    """Whatever the product."""
    return True
