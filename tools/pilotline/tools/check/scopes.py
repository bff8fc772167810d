"""The scopes: each a small station, a world, and what is left out, so that the search of it is exhaustive."""

from typing import Final, NamedTuple

from pilotline.spec.products import Product, adjusted, load_product
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


def one_connector(base: str = "c6eu", **configuration: str) -> Product:
    """A shipped product with one connector, one reader and times of a few seconds."""
    product = load_product(base)
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
        readers=(product.readers[0].model_copy(update={"connectors": (1,)}),),
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


def scopes() -> dict[str, Scope]:
    """All scopes by name, smallest first."""
    good = Answers(errs=False, late=False)
    return {
        scope.name: scope
        for scope in (
            Scope(
                "session",
                "one driver, one car, one tag; the Central System answers or is silent",
                one_connector(),
                (
                    world.driver(1),
                    world.car(1),
                    world.hardware(1),
                    world.central_system(good._replace(start=good.start[:1], authorize=good.authorize[:1])),
                    world.network_comes_up,
                ),
                QUIET,
                frozenset({"StatusNotificationReq"}),
            ),
        )
    }
