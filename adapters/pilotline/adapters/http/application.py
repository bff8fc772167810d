"""The routes of the control API: each tells the station one fact and returns when it has been taken in.

No call waits for the Central System. What follows from a fact is seen in ``GET /state`` and ``/events``.
"""

import json
from collections.abc import AsyncIterator, Callable
from typing import Annotated, Final

from fastapi import APIRouter, FastAPI, HTTPException, Path, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, StreamingResponse
from starlette.exceptions import HTTPException as StarletteHTTPException

from pilotline.adapters.happenings import Subscription
from pilotline.adapters.hardware import OverloadedError
from pilotline.adapters.http.answers import (
    connector_answer,
    link_answer,
    reader_answer,
    state_answer,
    terminal_answer,
)
from pilotline.adapters.http.models import (
    CarBody,
    CardBody,
    ConnectorAnswer,
    DataTransferAnswerBody,
    DataTransferBody,
    ExplanationAnswer,
    FaultBody,
    FaultClearedBody,
    Health,
    InstallationsBody,
    LimitExplanationAnswer,
    LinkAnswer,
    LocalLimitBody,
    ReaderAnswer,
    Refusal,
    RestartsBody,
    StateAnswer,
    StatusExplanationAnswer,
    TagBody,
    TerminalAnswer,
)
from pilotline.adapters.http.protection import Protection
from pilotline.adapters.http.readable import line_of
from pilotline.adapters.link import PowerCutError
from pilotline.adapters.simulated_car import Car
from pilotline.adapters.simulated_world import SimulationError
from pilotline.adapters.simulation import SimulatedHardware
from pilotline.adapters.station import RECENT_MAX, Station
from pilotline.core.events import DataTransferAnswered, DataTransferRequested
from pilotline.core.explain import explain_status
from pilotline.core.explain_limit import explain_limit
from pilotline.core.explained_as import limit_values, status_values, values
from pilotline.core.limiting import situation_of

_REFUSALS: Final[dict[int | str, dict[str, object]]] = {
    403: {"model": Refusal, "description": "By a foreign name or from a foreign page"},
    413: {"model": Refusal, "description": "The body is too long"},
    422: {"model": Refusal, "description": "A value is missing, of the wrong type or out of bounds"},
    503: {"model": Refusal, "description": "The station has no power, or is too far behind"},
}
_UNKNOWN: Final[dict[int | str, dict[str, object]]] = {
    404: {"model": Refusal, "description": "There is no such connector or reader"},
    409: {"model": Refusal, "description": "Not possible as things are"},
}

Number = Annotated[int, Path(ge=0, le=10_000)]
Cause = Annotated[str, Path(min_length=1, max_length=50, pattern="^[ -~]+$")]


def control_app(station: Station, simulation: SimulatedHardware, *, loopback_only: bool = True) -> FastAPI:
    """The control API of one running station and its simulated world.

    `loopback_only` refuses requests by any name but the loopback's own (DNS rebinding).
    """
    app = FastAPI(
        title="Pilotline control API",
        description="What a driver, a car and a technician may do to a simulated charge point.",
        responses=_REFUSALS,
    )
    app.state.streams = set[Subscription]()
    app.add_middleware(Protection, loopback_only=loopback_only)
    app.add_exception_handler(StarletteHTTPException, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    for error, status in ((PowerCutError, 503), (OverloadedError, 503), (SimulationError, 409)):
        app.add_exception_handler(error, _failed(status))
    app.include_router(_reading(app, station, simulation))
    app.include_router(_explaining(station))
    app.include_router(_driving(station, simulation))
    app.include_router(_disturbing(station, simulation))
    return app


def end_streams(app: FastAPI) -> None:
    """End all streams of events, so that the server can end."""
    for subscription in list(app.state.streams):
        subscription.end()


def _reading(app: FastAPI, station: Station, simulation: SimulatedHardware) -> APIRouter:
    routes = APIRouter(tags=["read"])

    @routes.get("/health")
    async def health() -> Health:
        """The process lives and the station has power."""
        _ = station.state  # raises PowerCutError, which is 503
        return Health()

    @routes.get("/state")
    async def state() -> StateAnswer:
        """All there is to know: registration, link, connectors, transactions, outbox, configuration."""
        return state_answer(station, simulation)

    @routes.get(
        "/events",
        response_class=StreamingResponse,
        responses={200: {"content": {"text/event-stream": {}}, "description": "Server-Sent Events, JSON"}},
    )
    async def events() -> StreamingResponse:
        """Everything that happens from now on: event, rows, frames and effects, one JSON line each."""
        subscription = station.subscribe()
        app.state.streams.add(subscription)
        return StreamingResponse(_lines(app, subscription), media_type="text/event-stream")

    return routes


def _explaining(station: Station) -> APIRouter:
    routes = APIRouter(tags=["explain"])

    @routes.get("/explain/connectors/{connector}", responses={404: _UNKNOWN[404]})
    async def explain_connector(connector: Number) -> StatusExplanationAnswer:
        """Why a connector (0: the main controller) has its status, and which rows lead on."""
        _known_connector(station, connector, first=0)
        return StatusExplanationAnswer(**status_values(explain_status(station.state, connector)))

    @routes.get("/explain/limits/{connector}", responses={404: _UNKNOWN[404]})
    async def explain_the_limit(connector: Number) -> LimitExplanationAnswer:
        """Why a connector may draw what it may now: the profile of each purpose, the bounds, the one that holds."""
        _known_connector(station, connector, first=1)
        given, at = situation_of(station.state, station.now())
        return LimitExplanationAnswer(**limit_values(explain_limit(given, connector, at)))

    @routes.get("/explain/last")
    async def explain_last(
        count: Annotated[int, Query(ge=1, le=RECENT_MAX)] = 1,
        event: Annotated[str | None, Query(max_length=50, examples=["TagPresented"])] = None,
    ) -> list[ExplanationAnswer]:
        """Why the last events, or the last of this name, came to what they came to; the newest at the end."""
        recent = [
            happening for happening in station.recent() if event in (None, type(happening.event).__name__)
        ]
        return [ExplanationAnswer(**values(happening.explained())) for happening in recent[-count:]]

    return routes


async def _lines(app: FastAPI, subscription: Subscription) -> AsyncIterator[str]:
    try:
        yield ": what happens from here on\n\n"  # so that the client knows at once that it is heard
        async for happening in subscription:
            yield f"data: {json.dumps(line_of(happening), ensure_ascii=False)}\n\n"
    finally:
        app.state.streams.discard(subscription)


def _driving(station: Station, simulation: SimulatedHardware) -> APIRouter:
    routes = APIRouter(tags=["driver and car"], responses=_UNKNOWN)

    def connector_route(path: str, act: Callable[[int], None], what: str) -> None:
        async def act_on_connector(connector: Number) -> ConnectorAnswer:
            _known_connector(station, connector, first=1)
            act(connector)
            await station.settled()
            return connector_answer(station.state, simulation, connector)

        name = path.replace("-", "_")
        routes.post(f"/connectors/{{connector}}/{path}", name=name, description=what)(act_on_connector)

    @routes.post("/connectors/{connector}/plug")
    async def plug(connector: Number, body: CarBody | None = None) -> ConnectorAnswer:
        """Join station and car by a cable; without a body it is an ordinary car."""
        _known_connector(station, connector, first=1)
        simulation.plug_in(connector, Car(**(body or CarBody()).model_dump()))
        await station.settled()
        return connector_answer(station.state, simulation, connector)

    connector_route("unplug-ev", simulation.unplug_ev, "Pull the cable at the car.")
    connector_route("unplug", simulation.unplug_station, "Pull the cable at the station's socket.")
    connector_route("pause-ev", simulation.pause_ev, "The car asks for no more energy.")
    connector_route("resume-ev", simulation.resume_ev, "The car asks for energy again.")

    @routes.post("/readers/{reader}/tag")
    async def tag(reader: Number, body: TagBody) -> ReaderAnswer:
        """Hold a tag to a reader."""
        readers = len(station.state.product.readers)
        if not 1 <= reader <= readers:
            raise HTTPException(404, f"reader {reader}: this product has {_range(readers, 'reader')}")
        simulation.present_tag(reader, body.id_tag)
        await station.settled()
        return reader_answer(station.state, simulation, reader)

    @routes.post("/terminals/{terminal}/card")
    async def card(terminal: Number, body: CardBody) -> TerminalAnswer:
        """Choose a connector at a payment terminal and present a card there (docs/payment.md)."""
        terminals = len(station.state.product.terminals)
        if not 1 <= terminal <= terminals:
            raise HTTPException(404, f"terminal {terminal}: this product has {_range(terminals, 'terminal')}")
        _known_connector(station, body.connector, first=1)
        simulation.terminals.present(terminal, body.connector, body.card, body.limit)
        await station.settled()
        return terminal_answer(simulation, terminal)

    return routes


def _disturbing(station: Station, simulation: SimulatedHardware) -> APIRouter:
    routes = APIRouter(tags=["faults, network, power"], responses=_UNKNOWN)

    @routes.post("/connectors/{connector}/faults")
    async def raise_fault(connector: Number, body: FaultBody) -> ConnectorAnswer:
        """Let something go wrong at a connector, or at the main controller (0)."""
        _known_connector(station, connector, first=0)
        simulation.raise_fault(
            connector,
            body.error_code,
            info=body.info,
            vendor_id=body.vendor_id,
            vendor_error_code=body.vendor_error_code,
            prevents_charging=body.prevents_charging,
        )
        await station.settled()
        return connector_answer(station.state, simulation, connector)

    @routes.delete("/connectors/{connector}/faults")
    async def clear_fault(connector: Number, body: FaultClearedBody) -> ConnectorAnswer:
        """Let what went wrong be well again."""
        _known_connector(station, connector, first=0)
        simulation.clear_fault(connector, body.error_code)
        await station.settled()
        return connector_answer(station.state, simulation, connector)

    @routes.put("/connectors/{connector}/limits/{cause}")
    async def find_limit(connector: Number, cause: Cause, body: LocalLimitBody) -> ConnectorAnswer:
        """Let a connector, or the grid connection (0), bear no more than this: in A on each phase, or in W."""
        _known_connector(station, connector, first=0)
        simulation.find_local_limit(connector, cause, body.limit, body.unit)
        await station.settled()
        return connector_answer(station.state, simulation, connector)

    @routes.delete("/connectors/{connector}/limits/{cause}")
    async def lift_limit(connector: Number, cause: Cause) -> ConnectorAnswer:
        """Let it bear again what it is built for."""
        _known_connector(station, connector, first=0)
        simulation.lift_local_limit(connector, cause)
        await station.settled()
        return connector_answer(station.state, simulation, connector)

    @routes.post("/network/lose")
    async def lose_network() -> LinkAnswer:
        """Cut the connection and let none succeed until it is restored."""
        station.lose_network()
        await station.settled()
        return link_answer(station.state)

    @routes.post("/network/restore")
    async def restore_network() -> LinkAnswer:
        """Let the next attempt to connect succeed."""
        station.restore_network()
        return link_answer(station.state)

    @routes.post("/power/cut")
    async def cut_power() -> StateAnswer:
        """Cut the power here and now and give it back: only the store and the simulated world survive."""
        await station.cut_power()
        return state_answer(station, simulation)

    @routes.post("/power/fail")
    async def fail_mains() -> StateAnswer:
        """Let mains fail while the back-up power of the product holds; cut the power when that is empty."""
        simulation.fail_mains()
        await station.settled()
        return state_answer(station, simulation)

    @routes.post("/power/restore")
    async def restore_mains() -> StateAnswer:
        """Let mains come back before the back-up power is empty."""
        simulation.restore_mains()
        await station.settled()
        return state_answer(station, simulation)

    @routes.post("/power/restarts")
    async def restarts(body: RestartsBody) -> StateAnswer:
        """Say whether restarts that a Reset orders come about."""
        simulation.reboots_fail = body.fail
        return state_answer(station, simulation)

    @routes.post("/firmware/installations")
    async def installations(body: InstallationsBody) -> StateAnswer:
        """Say whether installations of the simulated installer come about."""
        simulation.installer.fails = body.fail
        return state_answer(station, simulation)

    @routes.post("/data-transfer", status_code=202)
    async def data_transfer(body: DataTransferBody) -> LinkAnswer:
        """Have a DataTransfer.req sent; what became of it is among the events (TellDataTransfer)."""
        await station.tell(DataTransferRequested(body.vendor_id, body.message_id, body.data))
        return link_answer(station.state)

    @routes.post("/data-transfer/answer")
    async def answer_data_transfer(body: DataTransferAnswerBody) -> LinkAnswer:
        """Answer the DataTransfer of the Central System that waits (AnswerDataTransfer among the events)."""
        call = station.state.moment.vendor.call
        if call is None:
            raise HTTPException(409, "data-transfer: none of the Central System waits for its answer")
        await station.tell(DataTransferAnswered(call, body.status, body.data))
        return link_answer(station.state)

    return routes


def _known_connector(station: Station, connector: int, *, first: int) -> None:
    last = len(station.state.product.connectors)
    if not first <= connector <= last:
        main = ", and 0 is the main controller" if first == 0 else ""
        raise HTTPException(404, f"connector {connector}: this product has {_range(last, 'connector')}{main}")


def _range(count: int, what: str) -> str:
    return f"no {what}" if count == 0 else f"one {what}: 1" if count == 1 else f"{what}s 1 to {count}"


# --- refusals -----------------------------------------------------------------------------------------------


def _refusal(status: int, reason: str) -> JSONResponse:
    return JSONResponse({"error": reason}, status)


async def _refused(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, StarletteHTTPException)  # noqa: S101  (it is registered for this class)
    reason = str(error.detail)
    if error.status_code == 404 and reason == "Not Found":
        reason = f"{request.scope['path']}: is no route; /docs lists them all"
    return _refusal(error.status_code, reason)


async def _invalid(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101  (it is registered for this class)
    reasons = [f"{'.'.join(str(part) for part in item['loc'])}: {item['msg']}" for item in error.errors()]
    return _refusal(422, "; ".join(reasons))


def _failed(status: int) -> Callable[[Request, Exception], JSONResponse]:
    return lambda _request, error: _refusal(status, str(error))
