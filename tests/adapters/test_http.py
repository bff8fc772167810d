"""The control API, route by route: what it does, how it refuses, and that its own description is true."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator
from typing_extensions import override

from pilotline.adapters.clock import SystemClock
from pilotline.adapters.happenings import Happening
from pilotline.adapters.http.application import control_app
from pilotline.adapters.http.protection import BODY_BYTES_MAX
from pilotline.adapters.http.readable import Frame, frames_of, line_of
from pilotline.adapters.http.server import is_loopback, serving
from pilotline.adapters.link import Link, Teller
from pilotline.adapters.simulation import SimulatedHardware
from pilotline.adapters.station import Station
from pilotline.adapters.store import MemoryStore
from pilotline.core.calendar import EPOCH
from pilotline.core.effects import Download, SendCall
from pilotline.core.events import CallReceived, FrameReceived, LinkUp, TagPresented
from pilotline.core.state import Counter, Instant, Url
from pilotline.core.step import Taken
from pilotline.spec.messages.core import ChangeConfigurationReq, DataTransferReq, HeartbeatReq, ResetReq
from pilotline.spec.messages.firmware_management import UpdateFirmwareReq
from pilotline.spec.products import Product, adjusted, load_product

BOOTED = {"status": "Accepted", "currentTime": "2026-01-01T00:00:00.000Z", "interval": 300}
TAG = {"idTag": "ANNA-4711"}


class ReticentLink(Link):
    """A Central System that accepts the boot and takes statuses, and never says anything else."""

    def __init__(self) -> None:
        self._tell: Teller | None = None
        self._telling: set[asyncio.Task[None]] = set()
        self.unanswered: list[str] = []
        self.answered: list[Any] = []

    @override
    def open(self, connection: Counter, tell: Teller) -> None:
        self._tell = tell
        self._say(LinkUp(connection))

    @override
    def send(self, connection: Counter, text: str) -> None:
        frame = json.loads(text)
        if frame[0] != 2:
            self.answered.append(frame)
            return
        _, message_id, action, _ = frame
        answers: dict[str, dict[str, Any]] = {"BootNotification": BOOTED, "StatusNotification": {}}
        if action in answers:
            self._say(FrameReceived(connection, json.dumps([3, message_id, answers[action]])))
        else:
            self.unanswered.append(action)

    @override
    def ping_every(self, interval_s: int) -> None: ...

    @override
    def close(self) -> None:
        self._tell = None

    @override
    def drop(self) -> None:
        self._tell = None

    def _say(self, event: LinkUp | FrameReceived) -> None:
        if self._tell is not None:
            task = asyncio.ensure_future(self._tell(event))
            self._telling.add(task)
            task.add_done_callback(lambda done: (self._telling.discard(done), done.exception()))


class Api:
    """Calls the API, and holds every answer against the API's own description."""

    def __init__(self, client: httpx.AsyncClient, document: dict[str, Any]) -> None:
        self._client, self._document = client, document

    async def __call__(self, method: str, path: str, body: object = None, status: int = 200) -> Any:
        response = await self._client.request(method, path, json=body)
        assert response.status_code == status, response.text
        self._check(method, path, response)
        return response.json()

    def _check(self, method: str, path: str, response: httpx.Response) -> None:
        route = next(route for route in self._document["paths"] if fits(route, path))
        described = self._document["paths"][route][method.lower()]["responses"][str(response.status_code)]
        schema = described["content"]["application/json"]["schema"]
        Draft202012Validator({**schema, "components": self._document["components"]}).validate(response.json())

    async def until(self, condition: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The state, as soon as it is so."""
        async with asyncio.timeout(5):
            while True:
                state: dict[str, Any] = await self("GET", "/state")
                if condition(state):
                    return state
                await asyncio.sleep(0)  # calls in this process never give way by themselves


def fits(route: str, path: str) -> bool:
    parts, given = route.split("/"), path.partition("?")[0].split("/")
    return len(parts) == len(given) and all(
        part == own or part.startswith("{") for part, own in zip(parts, given, strict=True)
    )


@asynccontextmanager
async def station(
    product: str | Product = "c6eu",
) -> AsyncIterator[tuple[Station, SimulatedHardware, ReticentLink]]:
    """A running station whose boot was accepted."""
    model = load_product(product) if isinstance(product, str) else product
    clock, link = SystemClock(), ReticentLink()
    hardware = SimulatedHardware(model, clock, entropy="0badcafe", contactor_delay_ms=1, lock_delay_ms=1)
    own = Station(model, MemoryStore(), hardware, link, clock=clock)
    running = asyncio.create_task(own.run())
    happenings = own.subscribe()
    try:
        async with asyncio.timeout(5):
            async for _ in happenings:
                if own.state.moment.registration.state == "accepted":
                    break
        yield own, hardware, link
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


@asynccontextmanager
async def calling(product: str = "c6eu") -> AsyncIterator[tuple[Api, Station, ReticentLink]]:
    """The API, the station behind it, and its link."""
    async with station(product) as (own, hardware, link):
        app = control_app(own, hardware)
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            yield Api(client, app.openapi()), own, link


@asynccontextmanager
async def api(product: str | Product = "c6eu", host: str = "localhost") -> AsyncIterator[Api]:
    async with station(product) as (own, hardware, _):
        app = control_app(own, hardware)
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url=f"http://{host}") as client:
            yield Api(client, app.openapi())


def with_api(talk: Callable[[Api], Awaitable[None]], product: str | Product = "c6eu") -> None:
    async def run() -> None:
        async with api(product) as own:
            await talk(own)

    asyncio.run(run())


# --- reading ------------------------------------------------------------------------------------------------


def test_the_state_tells_of_link_registration_connectors_and_configuration() -> None:
    async def talk(call: Api) -> None:
        assert await call("GET", "/health") == {"status": "ok"}
        state = await call("GET", "/state")
        assert (state["vendor"], state["model"], state["boots"]) == ("X-CHARGE", "C6EU", 1)
        assert state["link"] == {"state": "up", "connection": 1, "failures": 0, "registration": "accepted"}
        assert [connector["status"] for connector in state["connectors"]] == ["Available"] * 3
        assert state["clock"]["utc"].startswith("2026-01-01T00:00")
        assert state["outboxLength"] == 0
        assert state["configuration"]["NumberOfConnectors"] == "2"
        assert [reader["state"] for reader in state["readers"]] == ["idle"]

    with_api(talk)


# --- driver and car -----------------------------------------------------------------------------------------


def test_plug_and_unplug_are_taken_in_when_the_call_returns() -> None:
    async def talk(call: Api) -> None:
        plugged = await call("POST", "/connectors/2/plug", {"socPercent": 55.5})
        assert (plugged["connector"], plugged["status"], plugged["plugged"]) == (2, "Preparing", True)
        assert plugged["socPercent"] == 55.5
        assert plugged["evAsksForEnergy"]
        unplugged = await call("POST", "/connectors/2/unplug-ev")
        assert (unplugged["status"], unplugged["plugged"], unplugged["socPercent"]) == (
            "Available",
            False,
            None,
        )

    with_api(talk)


def test_a_card_at_a_terminal_reserves_money_and_is_seen_in_the_state() -> None:
    async def talk(call: Api) -> None:
        told = await call("POST", "/terminals/1/card", {"connector": 1, "card": "visa", "limit": 4999})
        assert told == {"terminal": 1, "accepted": None}
        (card,) = (await call("GET", "/state"))["cardSessions"]
        assert (card["state"], card["connector"], card["reserved"]) == ("reserving", 1, 5000)
        refused = await call.until(lambda state: not state["cardSessions"])
        assert refused["terminals"] == [{"terminal": 1, "accepted": False}]
        assert refused["holds"] == []
        await call("POST", "/terminals/1/card", {"connector": 1, "card": "visa"})
        state = await call.until(lambda state: bool(state["holds"]))
        (hold,) = state["holds"]
        assert (hold["currency"], hold["reserved"], hold["settled"], hold["released"]) == ("EUR", 5000, 0, 0)
        assert hold["reference"] == state["cardSessions"][0]["idTag"]

    with_api(talk)


def test_a_card_where_there_is_no_terminal_or_connector_is_refused() -> None:
    async def talk(call: Api) -> None:
        body = {"connector": 1, "card": "visa"}
        refused = await call("POST", "/terminals/2/card", body, 404)
        assert refused == {"error": "terminal 2: this product has one terminal: 1"}
        await call("POST", "/terminals/1/card", {"connector": 3, "card": "visa"}, 404)
        await call("POST", "/terminals/1/card", {"connector": 1, "card": ""}, 422)

    with_api(talk)


def test_a_car_without_a_body_is_an_ordinary_one_that_can_pause_and_resume() -> None:
    async def talk(call: Api) -> None:
        assert (await call("POST", "/connectors/1/plug"))["evAsksForEnergy"]
        assert not (await call("POST", "/connectors/1/pause-ev"))["evAsksForEnergy"]
        assert (await call("POST", "/connectors/1/resume-ev"))["evAsksForEnergy"]

    with_api(talk)


def test_a_socket_can_be_unplugged_at_the_station() -> None:
    async def talk(call: Api) -> None:
        await call("POST", "/connectors/1/plug")
        assert (await call("POST", "/connectors/1/unplug"))["status"] == "Available"

    with_api(talk, "reference")


def test_a_tag_call_returns_while_the_central_system_still_thinks() -> None:
    async def run() -> None:
        async with station() as (own, hardware, link):
            app = control_app(own, hardware)
            transport = httpx.ASGITransport(app)
            async with (
                asyncio.timeout(5),
                httpx.AsyncClient(transport=transport, base_url="http://localhost") as client,
            ):
                call = Api(client, app.openapi())
                reader = await call("POST", "/readers/1/tag", TAG)
                assert reader == {"reader": 1, "state": "authorizing", "idTag": "ANNA-4711", "signal": None}
                await call.until(lambda state: state["openCall"] == "AuthorizeReq" or bool(link.unanswered))
                assert link.unanswered == ["Authorize"]

    asyncio.run(run())


# --- faults, network, power ---------------------------------------------------------------------------------


def test_a_fault_is_raised_and_cleared_at_a_connector_and_at_the_main_controller() -> None:
    async def talk(call: Api) -> None:
        fault = {"errorCode": "GroundFailure", "info": "residual current", "vendorErrorCode": "E7"}
        faulted = await call("POST", "/connectors/1/faults", fault)
        assert faulted["status"] == "Faulted"
        standing = {"errorCode": "GroundFailure", "info": "residual current", "preventsCharging": True}
        assert faulted["faults"] == [standing]
        cleared = await call("DELETE", "/connectors/1/faults", {"errorCode": "GroundFailure"})
        assert (cleared["status"], cleared["faults"]) == ("Available", [])
        warning = {"errorCode": "WeakSignal", "preventsCharging": False}
        assert (await call("POST", "/connectors/0/faults", warning))["status"] == "Available"
        assert (await call("POST", "/connectors/0/faults", {"errorCode": "InternalError"}))[
            "status"
        ] == "Faulted"

    with_api(talk)


def test_a_limit_on_the_spot_comes_and_goes() -> None:
    async def talk(call: Api) -> None:
        limited = await call("PUT", "/connectors/0/limits/grid", {"limit": 16, "unit": "A"})
        assert (limited["connector"], limited["limitA"]) == (0, None)
        limited = await call("PUT", "/connectors/1/limits/heat", {"limit": "0.5", "unit": "W"})
        assert (limited["limitA"], limited["phases"]) == (250, 1)  # nobody charges
        assert (await call("DELETE", "/connectors/1/limits/heat"))["limitA"] == 250

    with_api(talk)


def test_the_network_can_be_lost_and_restored() -> None:
    async def talk(call: Api) -> None:
        lost = await call("POST", "/network/lose")
        assert (lost["state"], lost["failures"]) == ("waiting", 1)
        assert (await call("POST", "/network/restore"))["state"] == "waiting"

    with_api(talk)


def test_a_power_cut_is_a_new_boot_in_the_same_world() -> None:
    async def talk(call: Api) -> None:
        await call("POST", "/connectors/1/plug")
        state = await call("POST", "/power/cut")
        assert state["boots"] == 2
        assert state["connectors"][1]["plugged"]
        await call.until(lambda after: after["link"]["registration"] == "accepted")

    with_api(talk)


def test_a_data_transfer_is_asked_for() -> None:
    async def run() -> None:
        async with station() as (own, hardware, link):
            app = control_app(own, hardware)
            transport = httpx.ASGITransport(app)
            async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
                call = Api(client, app.openapi())
                body = {"vendorId": "org.example", "messageId": "m", "data": "1"}
                await call("POST", "/data-transfer", body, status=202)
                await call.until(lambda _: link.unanswered == ["DataTransfer"])

    asyncio.run(run())


def test_mains_can_fail_where_there_is_back_up_power() -> None:
    async def talk(call: Api) -> None:
        assert (await call("POST", "/power/fail"))["reset"] == "on_battery"
        assert (await call("POST", "/power/restore"))["reset"] == "up"

    with_api(talk, adjusted(load_product("c6eu"), backup_power=True))


def test_a_restart_can_be_made_to_fail() -> None:
    async def run() -> None:
        async with calling() as (call, own, _):
            await call("POST", "/power/restarts", {"fail": True})
            connection = own.state.moment.link.connection
            await own.tell(CallReceived(connection, "cs-1", ResetReq(type="Hard")))
            state = await call("GET", "/state")
            assert (state["reset"], state["boots"]) == ("rebooting", 1)

    asyncio.run(run())


def test_an_installation_can_be_made_to_fail() -> None:
    async def run() -> None:
        async with station() as (own, hardware, _):
            transport = httpx.ASGITransport(app := control_app(own, hardware))
            async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
                call = Api(client, app.openapi())
                state = await call("POST", "/firmware/installations", {"fail": True})
                assert (state["firmware"], state["diagnostics"]) == ("idle", "idle")
                assert hardware.installer.fails

    asyncio.run(run())


def test_a_data_transfer_of_the_central_system_is_answered() -> None:
    async def run() -> None:
        async with calling("reference") as (call, own, link):
            request = DataTransferReq(vendor_id="org.example.vendor", message_id="Question", data="?")
            connection = own.state.moment.link.connection
            await own.tell(CallReceived(connection, "cs-1", request))
            assert (await call("GET", "/state"))["dataTransferToAnswer"] == "cs-1"
            await call("POST", "/data-transfer/answer", {"status": "Accepted", "data": "42"})
            assert link.answered == [[3, "cs-1", {"status": "Accepted", "data": "42"}]]
            assert (await call("GET", "/state"))["dataTransferToAnswer"] is None

    asyncio.run(run())


def test_lights_shine_and_blink_as_the_keys_say() -> None:
    async def run() -> None:
        async with calling() as (call, own, _):
            assert (await call("GET", "/state"))["lightIntensityPercent"] == 100
            connection = own.state.moment.link.connection
            for number, (key, value) in enumerate((("LightIntensity", "40"), ("BlinkRepeat", "2"))):
                change = ChangeConfigurationReq(key=key, value=value)
                await own.tell(CallReceived(connection, f"cs-{number}", change))
            await call("POST", "/readers/1/tag", {"idTag": "\x01"}, status=422)
            own.post(TagPresented(1, "\x01"))  # what a reader reads when a tag is held badly
            state = await call.until(lambda state: state["readers"][0]["signal"] is not None)
            assert state["lightIntensityPercent"] == 40
            assert state["readers"][0]["signal"] == {"accepted": False, "blinks": 2}

    asyncio.run(run())


# --- why ----------------------------------------------------------------------------------------------------


def test_a_status_is_explained_by_its_conditions_and_by_what_leads_on() -> None:
    async def talk(call: Api) -> None:
        await call("POST", "/connectors/1/faults", {"errorCode": "GroundFailure"})
        explained = await call("GET", "/explain/connectors/1")
        assert (explained["status"], explained["implied"]) == ("Faulted", "Faulted")
        assert explained["conditions"]["fault"]["raised"] == [{"error_code": "GroundFailure"}]
        (way,) = explained["ways"]
        assert way["event"] == "FaultEnded"
        assert way["tried"][0]["refusedBy"] == "implies Available"
        assert explained["text"].startswith("connector 1 is Faulted, as its conditions imply")
        assert (await call("GET", "/explain/connectors/0"))["status"] == "Available"

    with_api(talk)


def test_a_limit_is_explained_by_its_bounds_and_by_the_one_that_holds() -> None:
    async def talk(call: Api) -> None:
        before = await call("GET", "/explain/limits/1")
        assert (before["currentA"], before["won"], before["inUse"]) == ("250.0", "product", False)
        await call("PUT", "/connectors/1/limits/heat", {"limit": 20})
        explained = await call("GET", "/explain/limits/1")
        assert (explained["currentA"], explained["won"]) == ("20.0", "local")
        assert [(bound["cause"], bound["name"]) for bound in explained["bounds"]] == [
            ("local", "heat"),
            ("product", None),
        ]
        assert explained["text"].startswith("connector 1 may draw 20.0 A")

    with_api(talk)


def test_the_last_events_are_explained_row_by_row() -> None:
    async def talk(call: Api) -> None:
        for connector in (1, 2):
            await call("POST", f"/connectors/{connector}/faults", {"errorCode": "GroundFailure"})
        await call("POST", "/readers/1/tag", TAG)
        await call("POST", "/connectors/1/plug")
        (why,) = await call("GET", "/explain/last?event=TagPresented")
        assert why["event"] == {"name": "TagPresented", "fields": {"reader": 1, "id_tag": "ANNA-4711"}}
        (reader,) = why["rounds"][0]["heard"]
        assert (reader["machine"], reader["key"], reader["taken"]) == ("reader", "1", "D3/TagPresented")
        assert [row["refusedBy"] for row in reader["tried"]] == [
            "unreadable",
            "awaits its plug",
            "started a transaction",
            "began what was refused",
            None,
        ]
        assert "✓ D3/TagPresented, yes: cannot be meant" in why["text"]
        names = [one["event"]["name"] for one in await call("GET", "/explain/last?count=50")]
        assert names[0] == "PoweredUp"
        assert names.index("TagPresented") < names.index("CablePlugged")
        assert await call("GET", "/explain/last?event=LockFailed") == []

    with_api(talk)


def test_a_request_of_the_central_system_is_explained_with_its_answer() -> None:
    async def run() -> None:
        async with station() as (own, hardware, _):
            app = control_app(own, hardware)
            transport = httpx.ASGITransport(app)
            async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
                call = Api(client, app.openapi())
                asked = [2, "r", "RemoteStartTransaction", {"idTag": "R", "connectorId": 7}]
                await own.tell(FrameReceived(Counter(1), json.dumps(asked)))
                (why,) = await call("GET", "/explain/last?event=CallReceived")
                assert (why["decided"]["table"], why["decided"]["taken"]) == (
                    "RemoteStartTransactionReq",
                    "connector 0 or unknown",
                )
                assert why["decided"]["reply"] == {
                    "message": "RemoteStartTransaction.conf",
                    "status": "Rejected",
                }

    asyncio.run(run())


# --- refusals -----------------------------------------------------------------------------------------------

REFUSED: list[tuple[str, str, object, int, str]] = [
    ("POST", "/connectors/3/plug", None, 404, "connector 3: this product has connectors 1 to 2"),
    ("POST", "/connectors/0/unplug-ev", None, 404, "connector 0: this product has connectors 1 to 2"),
    ("POST", "/connectors/9/faults", {"errorCode": "WeakSignal"}, 404, "0 is the main controller"),
    ("DELETE", "/connectors/9/faults", {"errorCode": "WeakSignal"}, 404, "connector 9"),
    ("PUT", "/connectors/9/limits/heat", {"limit": 6}, 404, "0 is the main controller"),
    ("PUT", "/connectors/1/limits/heat", {"limit": -1}, 422, "body.limit"),
    ("POST", "/readers/2/tag", TAG, 404, "reader 2: this product has one reader: 1"),
    ("POST", "/readers/0/tag", TAG, 404, "reader 0"),
    ("GET", "/explain/connectors/3", None, 404, "connectors 1 to 2, and 0 is the main controller"),
    ("GET", "/explain/limits/3", None, 404, "connectors 1 to 2"),
    ("GET", "/explain/last?count=51", None, 422, "query.count: Input should be less than or equal to 50"),
    ("GET", "/explain/last?count=0", None, 422, "query.count"),
    ("GET", "/explain/last?event=" + "x" * 51, None, 422, "query.event"),
    ("POST", "/connectors/x/plug", None, 422, "path.connector"),
    ("POST", "/connectors/-1/plug", None, 422, "path.connector"),
    ("POST", "/readers/1/tag", {"idTag": "A" * 21}, 422, "body.idTag: String should have at most 20"),
    ("POST", "/readers/1/tag", {"idTag": ""}, 422, "body.idTag"),
    ("POST", "/readers/1/tag", {}, 422, "body.idTag: Field required"),
    ("POST", "/readers/1/tag", None, 422, "body: Field required"),
    ("POST", "/readers/1/tag", {"idTag": "A", "extra": 1}, 422, "body.extra"),
    ("POST", "/connectors/1/plug", {"socPercent": 101}, 422, "body.socPercent"),
    ("POST", "/connectors/1/faults", {"errorCode": "Broken"}, 422, "body.errorCode"),
    ("POST", "/connectors/1/faults", {"errorCode": "NoError"}, 409, "NoError"),
    ("POST", "/connectors/1/unplug-ev", None, 409, "connector 1: no car is plugged in"),
    ("POST", "/connectors/1/unplug", None, 409, "connector 1: the cable is fixed"),
    ("POST", "/connectors/1/pause-ev", None, 409, "connector 1: no car is plugged in"),
    ("POST", "/data-transfer", {"vendorId": "V" * 256}, 422, "body.vendorId"),
    ("POST", "/data-transfer/answer", {"status": "Accepted"}, 409, "none of the Central System waits"),
    ("POST", "/data-transfer/answer", {"status": "Maybe"}, 422, "body.status"),
    (
        "POST",
        "/data-transfer/answer",
        {"status": "Rejected", "data": "no"},
        422,
        "data goes only with Accepted",
    ),
    ("POST", "/power/fail", None, 409, "this product has no back-up power"),
    ("POST", "/power/restarts", {}, 422, "body.fail"),
    ("POST", "/firmware/installations", {}, 422, "body.fail"),
    ("POST", "/readers/1/tag", {"idTag": "x" * BODY_BYTES_MAX}, 413, "body: longer than 16384 bytes"),
]


@pytest.mark.parametrize(("method", "path", "body", "status", "reason"), REFUSED)
def test_what_cannot_be_is_refused_with_the_reason(
    method: str, path: str, body: object, status: int, reason: str
) -> None:
    async def talk(call: Api) -> None:
        refusal = await call(method, path, body, status)
        assert list(refusal) == ["error"]
        assert reason in refusal["error"]
        assert (await call("GET", "/state"))["connectors"][1]["status"] == "Available"

    with_api(talk)


def test_an_unknown_route_or_method_is_refused_in_the_same_form() -> None:
    async def run() -> None:
        async with station() as (own, hardware, _):
            transport = httpx.ASGITransport(control_app(own, hardware))
            async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
                nowhere = await client.get("/nowhere")
                assert (nowhere.status_code, nowhere.json()) == (
                    404,
                    {"error": "/nowhere: is no route; /docs lists them all"},
                )
                assert (await client.get("/power/cut")).status_code == 405

    asyncio.run(run())


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"host": "localhost:8080"}, 200),
        ({"host": "127.0.0.1:8080"}, 200),
        ({"host": "[::1]:8080"}, 200),
        ({"host": "rebound.example"}, 403),
        ({"host": "[broken"}, 403),
        ({"host": "localhost:8080", "origin": "http://localhost:8080"}, 200),
        ({"host": "localhost:8080", "origin": "https://evil.example"}, 403),
        ({"host": "localhost:8080", "origin": "null"}, 403),
    ],
)
def test_on_the_loopback_foreign_names_and_foreign_pages_are_refused(
    headers: dict[str, str], status: int
) -> None:
    async def run() -> None:
        async with station() as (own, hardware, _):
            transport = httpx.ASGITransport(control_app(own, hardware))
            async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
                response = await client.post("/connectors/1/plug", headers=headers)
                assert response.status_code == status
                assert (status == 200) == (own.state.moment.cables[1].state == "plugged")
                assert status == 200 or "error" in response.json()

    asyncio.run(run())


def test_bound_to_more_than_the_loopback_any_name_will_do() -> None:
    async def run() -> None:
        async with station() as (own, hardware, _):
            transport = httpx.ASGITransport(control_app(own, hardware, loopback_only=False))
            async with httpx.AsyncClient(transport=transport, base_url="http://station.lan") as client:
                assert (await client.get("/health")).status_code == 200

    asyncio.run(run())


def test_without_power_the_station_is_not_healthy() -> None:
    async def run() -> None:
        clock, model = SystemClock(), load_product("c6eu")
        hardware = SimulatedHardware(model, clock)
        app = control_app(Station(model, MemoryStore(), hardware, ReticentLink(), clock=clock), hardware)
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            call = Api(client, app.openapi())
            assert "no power" in (await call("GET", "/health", status=503))["error"]
            assert "no power" in (await call("GET", "/explain/connectors/1", status=503))["error"]
            assert await call("GET", "/explain/last") == []

    asyncio.run(run())


# --- the server and its stream ------------------------------------------------------------------------------


def test_the_stream_tells_events_rows_and_frames_and_ends_with_the_server() -> None:
    async def run() -> None:
        async with station() as (own, hardware, _):
            app = control_app(own, hardware)
            async with (
                asyncio.timeout(5),
                serving(app, "127.0.0.1", 0) as url,
                httpx.AsyncClient() as client,
                client.stream("GET", f"{url}/events") as response,
            ):
                assert response.headers["content-type"].startswith("text/event-stream")
                lines = response.aiter_lines()
                assert (await anext(lines)).startswith(":")
                await client.post(f"{url}/connectors/1/plug")
                await client.post(f"{url}/readers/1/tag", json=TAG)
                told = [json.loads(line[6:]) async for line in until_event(lines, "TagPresented")]
                assert told[0]["event"] == "CablePlugged"
                assert told[0]["fields"] == {"connector": 1}
                assert "connector[1] A2/UseBegan" in told[0]["rows"]
                assert {"effect": "ShowStatus", "connector": 1, "status": "Preparing"} in told[0]["effects"]
                (frame,) = told[0]["frames"]
                assert (frame["direction"], frame["name"]) == ("out", "StatusNotification.req")
                assert json.loads(frame["payload"])["status"] == "Preparing"
                assert told[-1]["fields"] == {"reader": 1, "idTag": "ANNA-4711"}

    asyncio.run(run())


async def until_event(lines: AsyncIterator[str], event: str) -> AsyncIterator[str]:
    async for line in lines:
        if line.startswith("data: "):
            yield line
            if json.loads(line[6:])["event"] == event:
                return


def test_an_open_stream_does_not_keep_the_server_from_ending() -> None:
    async def run() -> None:
        async with station() as (own, hardware, _), asyncio.timeout(5):
            app = control_app(own, hardware)
            client = httpx.AsyncClient()
            async with serving(app, "127.0.0.1", 0) as url:
                request = client.build_request("GET", f"{url}/events")
                response = await client.send(request, stream=True)
                lines = response.aiter_lines()
                await anext(lines)
            assert [line async for line in lines] == [""]  # it ended in good order
            await client.aclose()

    asyncio.run(run())


def test_an_address_in_use_is_an_os_error() -> None:
    async def run() -> None:
        async with station() as (own, hardware, _):
            app = control_app(own, hardware)
            async with serving(app, "127.0.0.1", 0) as url:
                with pytest.raises(OSError, match="in use"):
                    async with serving(app, "127.0.0.1", int(url.rpartition(":")[2])):
                        pytest.fail("two servers on one port")

    asyncio.run(run())


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("x", False),
    ],
)
def test_what_is_the_loopback(host: str, loopback: bool) -> None:
    assert is_loopback(host) == loopback


# --- what is said of events ---------------------------------------------------------------------------------


def test_a_secret_is_not_told() -> None:
    request = ChangeConfigurationReq(key="authorizationkey", value="cafe")
    happening = Happening(Instant(1), CallReceived(Counter(1), "m1", request), (), ())
    (frame,) = frames_of(happening)
    assert frame == Frame("in", "ChangeConfiguration.req", "m1", '{"key":"authorizationkey","value":"…"}')
    assert "cafe" not in json.dumps(line_of(happening))


def test_where_a_file_is_is_not_told() -> None:
    """A login may be in it."""
    place = "ftp://user:s3cret@files.example/firmware.bin"
    request = UpdateFirmwareReq(location=place, retrieve_date=EPOCH)
    event = CallReceived(Counter(1), "m1", request)
    happening = Happening(Instant(1), event, (), (Download(Counter(1), Url(place)),))
    line = line_of(happening)
    assert line["effects"] == [{"effect": "Download", "job": 1, "location": "…"}]
    assert "s3cret" not in json.dumps(line)


def test_frames_stand_apart_from_other_effects() -> None:
    happening = Happening(
        Instant(7),
        TagPresented(1, "T"),
        (Taken("reader", 1, "D4/TagPresented"), Taken("call", None, "C2/Asked")),
        (SendCall(Counter(1), "m2", HeartbeatReq()),),
    )
    assert line_of(happening) == {
        "atMs": 7,
        "event": "TagPresented",
        "fields": {"reader": 1, "idTag": "T"},
        "rows": ["reader[1] D4/TagPresented", "call C2/Asked"],
        "frames": [{"direction": "out", "name": "Heartbeat.req", "messageId": "m2", "payload": "{}"}],
        "effects": [],
    }


# --- the description ----------------------------------------------------------------------------------------


def test_every_route_is_described_and_known_to_these_tests() -> None:
    async def run() -> None:
        async with station() as (own, hardware, _):
            document = control_app(own, hardware).openapi()
        routes = {
            (method.upper(), path): operation
            for path, operations in document["paths"].items()
            for method, operation in operations.items()
        }
        for (method, path), operation in routes.items():
            assert operation.get("description"), f"{method} {path} says nothing"
            Draft202012Validator.check_schema(operation["responses"])
        assert set(routes) == {
            ("GET", "/health"),
            ("GET", "/state"),
            ("GET", "/events"),
            ("GET", "/explain/connectors/{connector}"),
            ("GET", "/explain/limits/{connector}"),
            ("GET", "/explain/last"),
            *(("POST", f"/connectors/{{connector}}/{act}") for act in ACTS),
            ("POST", "/connectors/{connector}/faults"),
            ("DELETE", "/connectors/{connector}/faults"),
            ("PUT", "/connectors/{connector}/limits/{cause}"),
            ("DELETE", "/connectors/{connector}/limits/{cause}"),
            ("POST", "/readers/{reader}/tag"),
            ("POST", "/terminals/{terminal}/card"),
            ("POST", "/network/lose"),
            ("POST", "/network/restore"),
            ("POST", "/power/cut"),
            ("POST", "/power/fail"),
            ("POST", "/power/restore"),
            ("POST", "/power/restarts"),
            ("POST", "/firmware/installations"),
            ("POST", "/data-transfer"),
            ("POST", "/data-transfer/answer"),
        }

    asyncio.run(run())


ACTS = ("plug", "unplug-ev", "unplug", "pause-ev", "resume-ev")
