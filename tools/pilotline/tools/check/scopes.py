"""The scopes: each a small station, a world, and what is left out, so that the search of it is exhaustive."""

from typing import Final, NamedTuple

from pilotline.spec.products import Product, Reader, adjusted, load_product
from pilotline.tools.check import environment as world
from pilotline.tools.check.environment import Answers, Player


class Scope(NamedTuple):
    """One bounded world.

    ``inert`` names timers (machine, timer) that never fire in this scope: what they do is searched in another.
    ``prompt`` names requests that the Central System answers at once; that it does not is searched in another.
    ``queue_max`` bounds the transaction messages that wait; a world that would exceed it is not followed."""

    name: str
    says: str
    product: Product
    players: tuple[Player, ...]
    inert: frozenset[tuple[str, str]] = frozenset()
    prompt: frozenset[str] = frozenset()
    queue_max: int = 4


def one_connector(
    base: str = "c6eu",
    *,
    power_cut: str = "stop",
    start_without_authorization: str | None = None,
    readers: tuple[Reader, ...] | None = None,
    **configuration: str,
) -> Product:
    """A shipped product with one connector, one reader and times of a few seconds."""
    product = load_product(base)
    one_reader = (product.readers[0].model_copy(update={"connectors": (1,)}),)
    small = {
        "NumberOfConnectors": "1",
        "ConnectorPhaseRotation": "1.NotApplicable",
        "ConnectionTimeOut": "2",
        "TransactionMessageAttempts": "2",
        "TransactionMessageRetryInterval": "1",
        "MeterValueSampleInterval": "0",
        "AuthorizationCacheEnabled": "false",
    }
    return adjusted(
        product,
        configuration={**small, **configuration},
        connectors=product.connectors[:1],
        readers=one_reader if readers is None else readers,
        power_cut=power_cut,
        start_without_authorization=start_without_authorization,
        call_timeout_s=1,
        reconnect_min_s=1,
        reconnect_max_s=1,
        reconnect_jitter_percent=0,
        boot_retry_s=1,
        lock_deadline_ms=1000,
        contactor_deadline_ms=1000,
        status_delay_ms=1000,
    )


QUIET: Final = frozenset({("heartbeat", "silence"), ("status_report", "settle")})


STATUS_AT_ONCE: Final = frozenset({"StatusNotificationReq"})
AT_ONCE: Final = STATUS_AT_ONCE | {"AuthorizeReq", "BootNotificationReq"}


def scopes() -> dict[str, Scope]:
    """All scopes by name."""
    yes = Answers(errs=False, late=False)
    kind = yes._replace(start=yes.start[:1], authorize=yes.authorize[:1])
    session = (world.driver(1), world.car(1), world.hardware(1))
    return {
        scope.name: scope
        for scope in (
            Scope(
                "session",
                "one driver, one car, one tag; the Central System answers or is silent",
                one_connector(),
                (*session, world.central_system(kind), world.network_comes_up),
                QUIET,
                STATUS_AT_ONCE,
            ),
            Scope(
                "answers",
                "it refuses tags and starts, errs, and answers late; refused starts stop the transaction",
                one_connector(),
                (*session, world.central_system(Answers()), world.network_comes_up),
                QUIET,
                STATUS_AT_ONCE,
                queue_max=2,
            ),
            Scope(
                "refused starts go on",
                "a start that is refused goes on without energy",
                one_connector(StopTransactionOnInvalidId="false", StopTransactionOnEVSideDisconnect="false"),
                (*session, world.central_system(yes), world.network_comes_up),
                QUIET,
                AT_ONCE,
                queue_max=2,
            ),
            Scope(
                "offline",
                "the network comes and goes",
                one_connector("reference", AllowOfflineTxForUnknownId="true", MessageTimeout="1"),
                (*session, world.central_system(kind), world.network),
                QUIET,
                AT_ONCE,
                queue_max=2,
            ),
            Scope(
                "power",
                "power is cut at any moment, also between commit and act",
                one_connector(),
                (*session, world.central_system(kind), world.network_comes_up, world.power),
                QUIET,
                AT_ONCE,
                queue_max=2,
            ),
            Scope(
                "power, resumed",
                "the product resumes what a cut interrupted",
                one_connector(power_cut="resume"),
                (*session, world.central_system(yes), world.network_comes_up, world.power),
                QUIET,
                AT_ONCE,
                queue_max=2,
            ),
            Scope(
                "availability and faults",
                "made Inoperative and Operative, and a fault comes and goes",
                one_connector(),
                (
                    *session,
                    world.central_system(kind),
                    world.network_comes_up,
                    world.faults(1),
                    world.availability(1),
                ),
                QUIET,
                AT_ONCE,
                queue_max=1,
            ),
            Scope(
                "remote",
                "started and stopped from afar",
                one_connector(),
                (
                    *session,
                    world.central_system(yes),
                    world.network_comes_up,
                    world.remote_control(1),
                ),
                QUIET,
                STATUS_AT_ONCE,
                queue_max=1,
            ),
            Scope(
                "lock",
                "a socket with a lock that may fail",
                one_connector("reference", MessageTimeout="1"),
                (
                    world.driver(1),
                    world.car(1),
                    world.hardware(1, fails=True),
                    world.faults(1),
                    world.central_system(kind),
                    world.network_comes_up,
                ),
                QUIET,
                AT_ONCE,
                queue_max=1,
            ),
            Scope(
                "free vending",
                "no means of authorization: a plug starts charging",
                one_connector(
                    "reference", readers=(), start_without_authorization="FREE", MessageTimeout="1"
                ),
                (
                    *session,
                    world.central_system(kind),
                    world.network_comes_up,
                    world.availability(1),
                    world.faults(1),
                    world.power,
                ),
                QUIET,
                AT_ONCE,
                queue_max=1,
            ),
            Scope(
                "reports",
                "what the Central System is told of the status, while the network comes and goes",
                one_connector(),
                (
                    world.driver(1, ()),
                    world.central_system(Answers(late=False)),
                    world.network,
                    world.faults(1),
                ),
                frozenset({("heartbeat", "silence")}),
                frozenset({"BootNotificationReq"}),
            ),
            Scope(
                "registration",
                "Accepted, Pending, Rejected, no answer; heartbeats; the network comes and goes",
                one_connector(HeartbeatInterval="2"),
                (world.central_system(world.MOODY), world.network, world.remote_control(1)),
                frozenset({("status_report", "settle")}),
                STATUS_AT_ONCE,
            ),
        )
    }
