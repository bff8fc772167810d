"""A station as a process that is killed and started again, and drivers who use it over its control API."""

import asyncio
import contextlib
import http.client
import json
import random
import re
import socket
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path
from typing import Any, Final

Json = dict[str, Any]  # Any: answers of the control API

IDENTITY: Final = "CRASH"
_PATIENCE_S: Final = 60
_SETTINGS: Final = {
    "AllowOfflineTxForUnknownId": "true",
    "MessageTimeout": "1",
    "MeterValueSampleInterval": "1",
    "MeterValuesSampledData": "Energy.Active.Import.Register",
    "TransactionMessageAttempts": "100000",  # so that none is ever skipped (§3.7.1)
    "TransactionMessageRetryInterval": "0",
}
_FACTS: Final = {
    "boot_retry_s": "1",
    "reconnect_min_s": "1",
    "reconnect_max_s": "1",
    "reconnect_jitter_percent": "0",
    # a busy machine may keep a feedback waiting, which is no fault of the station
    "contactor_deadline_ms": "20000",
    "lock_deadline_ms": "20000",
}
"""What is another on a station that is short of time."""
POWER_CUTS: Final = ("stop", "resume")
"""What the product does with a transaction that was cut: each start of the process draws one."""


def product_file(folder: Path, power_cut: str) -> Path:
    """The reference product with short times, in a file of its own."""
    text = resources.files("pilotline.spec.products").joinpath("reference.toml").read_text("utf-8")
    for name, value in {**_FACTS, "power_cut": f'"{power_cut}"'}.items():
        text, count = re.subn(rf"(?m)^{name} = .*$", f"{name} = {value}", text)
        if count != 1:
            raise ValueError(f"reference.toml: {name} is there {count} times")
    file = folder / f"{power_cut}.toml"
    file.write_text(text, "utf-8")
    return file


class StationProcess:
    """`pilotline run` with simulated hardware; what it says goes to station.log."""

    def __init__(self, folder: Path, url: str) -> None:
        self._folder, self._url, self._port = folder, url, _free_port()
        self._process: asyncio.subprocess.Process | None = None

    async def start(self, power_cut: str) -> None:
        """Start it; `ready` waits until it answers."""
        command = [sys.executable, "-m", "pilotline.tools.cli", "run"]
        command += ["--product", str(product_file(self._folder, power_cut)), "--csms", self._url]
        command += ["--id", IDENTITY, "--state", str(self._folder), "--control", f"127.0.0.1:{self._port}"]
        for name, value in _SETTINGS.items():
            command += ["--set", f"{name}={value}"]
        with (self._folder / "station.log").open("a") as log:
            self._process = await asyncio.create_subprocess_exec(*command, stdout=log, stderr=log)

    async def ready(self) -> None:
        """Return when it takes requests. Raises `RuntimeError` if it ended instead."""
        async with asyncio.timeout(_PATIENCE_S):
            while await self.ask("GET", "/health") is None:
                self.must_live()
                await asyncio.sleep(0.02)

    def must_live(self) -> None:
        """Raise `RuntimeError` if it has ended by itself."""
        if self._process is not None and self._process.returncode is not None:
            raise RuntimeError(f"the station ended by itself, with status {self._process.returncode}")

    async def kill(self) -> None:
        """SIGKILL: it gets no chance to do anything."""
        self.must_live()
        if self._process is not None:
            self._process.kill()
            await self._process.wait()

    async def stop(self) -> int:
        """Ask it to end, as Ctrl-C does; its exit status, also if it has ended before."""
        if self._process is None:
            return 0
        with contextlib.suppress(ProcessLookupError):
            self._process.terminate()
        async with asyncio.timeout(_PATIENCE_S):
            return await self._process.wait()

    async def ask(self, method: str, path: str, body: Json | None = None) -> Json | None:
        """One request of the control API; None if it is refused, or nobody is there."""
        return await asyncio.to_thread(_asked, self._port, method, path, body)


def _asked(port: int, method: str, path: str, body: Json | None) -> Json | None:
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=5)) as connection:
        try:
            text = None if body is None else json.dumps(body)
            connection.request(method, path, text, {"Content-Type": "application/json"})
            response = connection.getresponse()
            answer: Json = json.loads(response.read())
        except (OSError, http.client.HTTPException, ValueError):
            return None
    return answer if response.status < 300 else None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Drivers:
    """Whoever comes to the connectors: they look at what is, and do something that people do."""

    def __init__(self, station: StationProcess, chance: random.Random, tell: Callable[[str], None]) -> None:
        """`tell` hears what they do, for the story."""
        self._station, self._chance, self._tell = station, chance, tell
        self._tags = 0
        self.seen: dict[str, datetime] = {}
        """The tags with which a transaction was seen to run, and when first."""
        self.leaving = False
        """Whether everybody ends what is going on, and nobody comes any more."""

    async def drive(self) -> None:
        """Until cancelled; while the station is down they wait."""
        while True:
            state = await self._station.ask("GET", "/state")
            if state is not None:
                self._see(state)
                for connector in state["connectors"][1:]:
                    act = self._act(connector)
                    if act is not None:
                        await self._do(connector["connector"], *act)
                await self._disturb(state)
            await asyncio.sleep(self._chance.uniform(0.01, 0.15))

    def _see(self, state: Json) -> None:
        for transaction in state["transactions"]:
            if transaction["idTag"] not in self.seen:
                self.seen[transaction["idTag"]] = datetime.now(UTC)
                self._tell(
                    f"see the transaction of {transaction['idTag']} at connector {transaction['connector']}"
                )

    def _act(self, connector: Json) -> tuple[str, Json | None] | None:
        """What somebody does at this connector now: a path and a body; None: nothing."""
        luck = self._chance.random()
        match connector["session"]:
            case "idle" if not connector["plugged"] and not self.leaving:
                return ("plug", self._car()) if luck < 0.8 else ("tag", self._new_tag())
            case "awaiting_plug" if not self.leaving:
                return "plug", self._car()
            case "awaiting_id_tag" if not self.leaving:
                return ("tag", self._new_tag()) if luck < 0.9 else ("unplug-ev", None)
            case "charging":
                return self._while_charging(connector, 0.0 if self.leaving else luck)
            case "finishing" if luck < 0.3 and connector["plugged"] and not self.leaving:
                return "tag", self._new_tag()
            case "starting" | "ending" | "held":
                return None
            case _ if connector["plugged"]:
                return "unplug-ev", None
            case _:
                return "unplug", None

    def _while_charging(self, connector: Json, luck: float) -> tuple[str, Json | None] | None:
        if luck < 0.08:
            return "tag", {"idTag": connector["idTag"]}
        if luck < 0.12:
            return "unplug-ev", None
        if luck < 0.18:
            return "pause-ev" if connector["evAsksForEnergy"] else "resume-ev", None
        return None

    async def _do(self, connector: int, what: str, body: Json | None) -> None:
        path = f"/readers/{connector}/tag" if what == "tag" else f"/connectors/{connector}/{what}"
        if await self._station.ask("POST", path, body) is not None:
            self._tell(f"{what} at connector {connector}{'' if body is None else f' {json.dumps(body)}'}")

    async def _disturb(self, state: Json) -> None:
        """The network fails now and then, and comes back."""
        down = state["link"]["state"] != "up"
        if self._chance.random() < 0.03 and not down and not self.leaving:
            self._tell("lose the network")
            await self._station.ask("POST", "/network/lose")
        elif down and (self.leaving or self._chance.random() < 0.05):
            await self._station.ask("POST", "/network/restore")

    def _new_tag(self) -> Json:
        """A tag that nobody had before, so that it names its transaction; some become Invalid."""
        self._tags += 1
        return {"idTag": f"{'X' if self._chance.random() < 0.08 else 'T'}{self._tags:05d}"}

    def _car(self) -> Json:
        """An ordinary car, or one that is full in a few seconds."""
        small = self._chance.random() < 0.2
        return {"capacityWh": 300 if small else 60_000, "socPercent": self._chance.randint(10, 95)}
