"""The real `pilotline` in a process of its own: what it says, how it ends, how it goes on after a restart."""

import asyncio
import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import sysconfig
import time
from collections.abc import AsyncIterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import httpx
import pytest
from adapters.file_servers import PASSWORD, ftp_site
from ocpp.v16 import call

pytest.importorskip("ocpp")

from pilotline.tools.asking import explained_connector, explained_last
from pilotline.tools.central_system import CentralSystem
from pilotline.tools.running import CannotRunError, address_of

PROGRAM = str(Path(sysconfig.get_path("scripts")) / "pilotline")
HELP_S = 0.5
DEMO_S = 20


def pilotline(*arguments: str, timeout_s: float = 30) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "COLUMNS": "100", "PYTHONWARNINGS": "error"}
    return subprocess.run(
        [PROGRAM, *arguments], capture_output=True, text=True, timeout=timeout_s, env=environment, check=False
    )


# --- help and tables ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "command",
    [
        [],
        ["demo"],
        ["run"],
        ["explain"],
        ["explain", "connector"],
        ["explain", "limit"],
        ["explain", "last"],
        ["schedule"],
        ["diagram"],
        ["spec"],
        ["products"],
    ],
)
def test_every_command_explains_itself(command: list[str]) -> None:
    said = pilotline(*command, "--help")
    assert (said.returncode, said.stderr) == (0, "")
    assert said.stdout.startswith("Usage: pilotline")
    assert (
        command == ["products"] or f"pilotline {' '.join(command)}".rstrip() in said.stdout.partition("\n")[2]
    )


def test_help_is_there_at_once() -> None:
    durations = []
    for _ in range(3):
        begun = time.monotonic()
        pilotline("--help")
        durations.append(time.monotonic() - begun)
    assert min(durations) < HELP_S


def test_without_a_command_the_help_is_shown() -> None:
    assert pilotline().stdout == pilotline("--help").stdout


def test_the_version_is_the_one_installed() -> None:
    assert re.fullmatch(r"pilotline \d+\.\d+\.\d+\S*\n", pilotline("--version").stdout)


def test_the_products_are_listed() -> None:
    lines = pilotline("products").stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["c6eu", "reference"]
    assert "2 DC connectors" in lines[0]


@pytest.mark.parametrize(
    ("form", "beginning"), [("mermaid", "stateDiagram"), ("dot", "digraph"), ("table", "#")]
)
def test_a_machine_is_drawn_in_every_form(form: str, beginning: str) -> None:
    said = pilotline("diagram", "connector", "--format", form)
    assert (said.returncode, said.stderr) == (0, "")
    assert beginning in said.stdout.lower() or beginning in said.stdout
    assert "A2" in said.stdout


def test_a_diagram_goes_to_a_file_if_one_is_named(tmp_path: Path) -> None:
    file = tmp_path / "link.mmd"
    assert pilotline("diagram", "link", "--output", str(file)).stdout == ""
    assert file.read_text("utf-8") == pilotline("diagram", "link").stdout


def test_the_tables_are_json() -> None:
    document = json.loads(pilotline("spec", "--json").stdout)
    assert "connector" in {machine["name"] for machine in document["machines"]}


# --- errors -------------------------------------------------------------------------------------------------

RUN = ("run", "--csms", "ws://127.0.0.1:1/ocpp", "--id", "CP-1")


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("nonsense",), "nonsense"),
        (("run",), "--product"),
        (("demo", "--product", "c7eu"), "product 'c7eu': is none of c6eu, reference"),
        (("diagram", "nonsense"), "nonsense"),
        (("diagram", "link", "--format", "png"), "png"),
        (("diagram", "link", "--output", "/nowhere/x"), "/nowhere/x: No such file or directory"),
        (("spec",), "--json"),
        (("explain", "connector", "1", "--control", "127.0.0.1:1"), "no station answers at 127.0.0.1:1"),
        (("explain", "connector", "1", "--control", "here"), "--control here: is not HOST:PORT"),
        (("explain", "connector", "-1"), "-1"),
        ((*RUN, "--product", "no/such.toml", "--state", "STATE"), "no/such.toml: cannot be read"),
        ((*RUN, "--product", "BROKEN.toml", "--state", "STATE"), "BROKEN.toml: is not TOML"),
        ((*RUN, "--product", "c6eu", "--state", "STATE", "--set", "Nonsense=1"), "Nonsense"),
        (
            (*RUN, "--product", "c6eu", "--state", "STATE", "--set", "HeartbeatInterval=soon"),
            "HeartbeatInterval",
        ),
        ((*RUN, "--product", "c6eu", "--state", "STATE", "--set", "HeartbeatInterval"), "is not KEY=VALUE"),
        (
            (*RUN, "--product", "c6eu", "--state", "STATE", "--config", "BROKEN.toml"),
            "BROKEN.toml: is not TOML",
        ),
        (
            (*RUN, "--product", "c6eu", "--state", "STATE", "--control", "here"),
            "--control here: is not HOST:PORT",
        ),
        ((*RUN, "--product", "c6eu", "--state", "STATE", "--control", "0.0.0.0:0"), "--control-anywhere"),
        ((*RUN, "--product", "c6eu", "--state", "STATE", "--installer", "it's"), "--installer: No closing"),
        ((*RUN, "--product", "c6eu", "--state", "STATE", "--installer", " "), "--installer: is no command"),
        ((*RUN, "--product", "c6eu", "--state", "STATE", "--file-bytes-max", "0"), "--file-bytes-max"),
        ((*RUN, "--product", "c6eu", "--state", "STATE", "--control", "TAKEN"), "Address already in use"),
        ((*RUN, "--product", "c6eu", "--state", "BROKEN.toml"), "BROKEN.toml"),
        ((*RUN, "--product", "c6eu", "--state", "DAMAGED"), "station.sqlite"),
        ((*RUN, "--product", "c6eu", "--state", "OTHERWORLD"), "world.json"),
        ((*RUN, "--product", "c6eu", "--state", "STATE", "--password-file", "none"), "none: cannot be read"),
        (
            (*RUN, "--product", "c6eu", "--state", "STATE", "--csms", "http://x"),
            "link: the Central System's URL",
        ),
        ((*RUN, "--product", "c6eu", "--state", "STATE", "--csms", "ws://[x"), "--csms ws://[x: Invalid"),
        (
            (*RUN, "--product", "c6eu", "--state", "STATE", "--csms", "ws://x:99999"),
            "--csms ws://x:99999: Port",
        ),
        (
            (*RUN, "--product", "c6eu", "--state", "STATE", "--csms", "wss://x", "--ca", "none"),
            "TLS with none: No such file",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_an_error_is_one_line_on_stderr(
    arguments: tuple[str, ...], reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("BROKEN.toml").write_text("this is = = not TOML")
    Path("DAMAGED").mkdir()
    Path("DAMAGED/station.sqlite").write_bytes(b"no database at all" * 100)
    Path("OTHERWORLD").mkdir()
    Path("OTHERWORLD/world.json").write_text("{}")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        said = pilotline(*(address if argument == "TAKEN" else argument for argument in arguments))
    assert said.returncode not in (0, -signal.SIGTERM)
    (line,) = said.stderr.splitlines()
    assert line.startswith("pilotline: ")
    assert reason in line
    assert "Traceback" not in said.stdout


# --- the demonstration --------------------------------------------------------------------------------------


@pytest.mark.parametrize("product", ["c6eu", "reference"])
def test_the_demo_tells_two_sessions_and_sums_them_up(product: str) -> None:
    begun = time.monotonic()
    said = pilotline("demo", "--product", product)
    assert (said.returncode, said.stderr) == (0, "")
    assert time.monotonic() - begun < DEMO_S
    story, _, summary = said.stdout.partition("Summary")
    for told in (
        "BootNotification.conf status=Accepted",
        "holds tag LOST-CARD",
        "tag refused",
        "Session 1: plug first",
        "Session 2: the tag BEN-0815 first",
        "Available → Preparing",
        "Preparing → Charging",
        "Charging → Finishing",
        "Finishing → Available",
    ):
        assert told in story
    assert "failed" not in story
    sold = re.findall(
        r"(\d) +(\d) +(ANNA-4711|BEN-0815) +([\d.]+) kWh +(\d):(\d\d) min +(\d+) +Local", summary
    )
    assert [(number, tag) for number, _, tag, *_ in sold] == [("1", "ANNA-4711"), ("2", "BEN-0815")]
    assert all(float(energy) > 0.2 for _, _, _, energy, *_ in sold)
    assert all(60 * int(minutes) + int(seconds) >= 90 for *_, minutes, seconds, _ in sold)
    assert all(int(samples) >= 3 for *_, samples in sold)
    assert re.search(r"StopTransaction +2 +2\n", summary)
    assert re.search(r"errors +0 *\n", summary)
    assert re.search(r"rows taken  \d\d of the \d{3} declared", summary)
    assert re.search(r"connector +.*A2/UseBegan .*B3/ChargingBegan", summary)
    assert re.search(r"registration +accepted", summary)
    assert re.search(r"undelivered +0 messages", summary)


def test_the_demo_runs_against_another_central_system() -> None:
    async def run() -> None:
        async with CentralSystem(heartbeat_interval_s=1000) as central_system:
            arguments = ["demo", "--csms", central_system.url, "--id", "OTHER-1", "--tag", "GUEST-42"]
            process = await asyncio.create_subprocess_exec(
                PROGRAM, *arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE
            )
            out, err = await asyncio.wait_for(process.communicate(), DEMO_S)
            assert (process.returncode, err) == (0, b"")
            assert b"LOST-CARD" not in out
            sold = list(central_system.transactions.values())
            assert [(one.station, one.id_tag, one.reason) for one in sold] == [
                ("OTHER-1", "GUEST-42", "Local")
            ] * 2
            assert all((one.meter_stop_wh or 0) > one.meter_start_wh for one in sold)

    asyncio.run(run())


def test_a_demo_that_cannot_go_on_says_where_it_stopped() -> None:
    said = pilotline("demo", "--csms", "ws://127.0.0.1:1/ocpp")
    assert said.returncode == 1
    (line,) = said.stderr.splitlines()
    assert "for the boot to be accepted" in line
    assert "Connect call failed" in said.stdout


# --- run ----------------------------------------------------------------------------------------------------


CONTROL = r"control API at (\S+),"


class Running:
    """A `pilotline run` that is on, and its control API."""

    def __init__(self, process: asyncio.subprocess.Process, log: str, client: httpx.AsyncClient) -> None:
        self.process, self._log, self._client = process, log, client
        self._url = re.findall(CONTROL, log)[0]
        self.control = self._url.removeprefix("http://")

    async def post(self, path: str, body: object = None) -> dict[str, object]:
        response = await self._client.post(f"{self._url}{path}", json=body)
        assert response.status_code == 200, response.text
        answer: dict[str, object] = response.json()
        return answer

    async def stop(self, number: signal.Signals) -> tuple[int, str]:
        """Its exit status, and what it logged since it started."""
        self.process.send_signal(number)
        assert self.process.stdout is not None
        out = await asyncio.wait_for(self.process.stdout.read(), 10)
        return await asyncio.wait_for(self.process.wait(), 10), self._log + out.decode()


@contextlib.asynccontextmanager
async def running(central_system: CentralSystem, state: Path, *more: str) -> AsyncIterator[Running]:
    arguments = ["run", "--product", "reference", "--csms", central_system.url, "--id", "CP-1"]
    process = await asyncio.create_subprocess_exec(
        PROGRAM, *arguments, "--state", str(state), "--control", "127.0.0.1:0", *more, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(15), httpx.AsyncClient() as client:
            log = ""
            while not re.search(CONTROL, log):
                log += (await process.stdout.readline()).decode()
            yield Running(process, log, client)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def test_a_run_charges_survives_a_restart_and_ends_in_good_order(tmp_path: Path) -> None:
    async def run() -> None:
        async with CentralSystem() as central_system:
            async with running(central_system, tmp_path / "state", "-v") as first:
                await central_system.station("CP-1")
                await first.post("/connectors/1/plug")
                await first.post("/readers/1/tag", {"idTag": "ANNA-4711"})
                await central_system.until(lambda: central_system.statuses.get(("CP-1", 1)) == "Charging")
                status, log = await first.stop(signal.SIGTERM)
            assert status == 0
            assert "<- StartTransaction.conf" in log
            assert "connector 1 is Charging" in log
            assert "rows cable[1] P1/CablePlugged" in log
            assert log.rstrip().endswith("stopped")

            boots = len(central_system.calls("BootNotification"))
            await central_system.until(lambda: not central_system.stations)
            async with running(central_system, tmp_path / "state") as second:
                await central_system.until(lambda: len(central_system.calls("BootNotification")) > boots)
                await central_system.until(lambda: central_system.statuses.get(("CP-1", 1)) == "Charging")
                await second.post("/readers/1/tag", {"idTag": "ANNA-4711"})
                await central_system.until(lambda: central_system.transactions[1].reason == "Local")
                status, log = await second.stop(signal.SIGINT)
            assert status == 0
            assert "rows" not in log
            assert list(central_system.transactions) == [1]  # the one of before the restart

    asyncio.run(run())


def test_a_running_station_says_why(tmp_path: Path) -> None:
    async def run() -> None:
        async with CentralSystem() as central_system, running(central_system, tmp_path, "-vv") as station:
            peer = await central_system.station("CP-1")
            await station.post("/connectors/1/faults", {"errorCode": "GroundFailure"})
            assert await peer.remote_start("GUEST-42", 1) == "Rejected"

            limit = await asyncio.to_thread(pilotline, "explain", "limit", "1", "--control", station.control)
            assert limit.stdout.startswith("connector 1 may draw 32.0 A")

            said = await asyncio.to_thread(
                pilotline, "explain", "connector", "1", "--control", station.control
            )
            status = said.stdout.splitlines()
            assert status[0].startswith("connector 1 is Faulted, as its conditions imply")
            assert any(
                line.startswith("  fault: faulted raised=[error_code=GroundFailure]") for line in status
            )
            address = address_of(station.control)
            why = await asyncio.to_thread(explained_last, address, 1, "CallReceived")
            assert "✓ no connector is fit, yes: no connector fit (" in why
            assert why.endswith("    = RemoteStartTransaction.conf status=Rejected")
            with pytest.raises(CannotRunError, match="Nonsense: none of the station's last events"):
                await asyncio.to_thread(explained_last, address, 1, "Nonsense")
            with pytest.raises(CannotRunError, match="connector 3: this product has connectors 1 to 2"):
                await asyncio.to_thread(explained_connector, address, 3)
            _, log = await station.stop(signal.SIGTERM)
            assert re.search(r"DEBUG +✓ no connector is fit, yes: no connector fit \(", log)
            assert re.search(r"DEBUG +✗ not registered, no: not accepted \(registration accepted", log)
            assert re.search(r"DEBUG +connector\[1\] Available: ✓ A9/FaultBegan → Faulted", log)
            assert re.search(r"DEBUG +session\[1\] idle: – ignored: a fault holds back nothing", log)

    asyncio.run(run())


def test_a_run_connects_again_with_its_password_and_its_settings(tmp_path: Path) -> None:
    async def run() -> None:
        (tmp_path / "password").write_text("open sesame\n")
        (tmp_path / "settings.toml").write_text('HeartbeatInterval = 1000\nGetConfigurationMaxKeys = "7"\n')
        async with CentralSystem(password="open sesame") as central_system:
            options = (
                "--password-file",
                str(tmp_path / "password"),
                "--config",
                str(tmp_path / "settings.toml"),
            )
            async with running(
                central_system, tmp_path / "state", *options, "--set", "MeterValueSampleInterval=17"
            ) as station:
                peer = await central_system.station("CP-1")
                assert await peer.get_configuration(
                    "GetConfigurationMaxKeys", "MeterValueSampleInterval"
                ) == {
                    "GetConfigurationMaxKeys": "7",
                    "MeterValueSampleInterval": "17",
                }
                assert await peer.remote_start("GUEST-42", 2) == "Accepted"
                await central_system.until(lambda: central_system.statuses.get(("CP-1", 2)) == "Preparing")
                await station.post("/power/cut")
                await central_system.until(lambda: len(central_system.calls("BootNotification")) == 2)
                assert (await station.stop(signal.SIGTERM))[0] == 0

    asyncio.run(run())


def test_settings_count_at_the_first_start_only(tmp_path: Path) -> None:
    warned: list[bool] = []

    async def run() -> None:
        async with CentralSystem() as central_system:
            for options in (
                ("--set", "metervaluesampleinterval=17"),
                ("--set", "MeterValueSampleInterval=18"),
                (),
            ):
                async with running(central_system, tmp_path, *options) as station:
                    peer = await central_system.station("CP-1")
                    kept = await peer.get_configuration("MeterValueSampleInterval")
                    assert kept == {"MeterValueSampleInterval": "17"}
                    status, log = await station.stop(signal.SIGTERM)
                    assert status == 0
                    warned.append("MeterValueSampleInterval: left as the station has them" in log)
                await central_system.until(lambda: not central_system.stations)
        assert warned == [False, True, False]

    asyncio.run(run())


def test_without_the_ocpp_package_the_demo_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "ocpp.py").write_text("raise ModuleNotFoundError('no ocpp', name='ocpp')")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    said = subprocess.run([PROGRAM, "demo"], capture_output=True, text=True, check=False, env=environment)
    assert said.returncode == 1
    (line,) = said.stderr.splitlines()
    assert "pip install 'pilotline[demo]'" in line
    assert "--csms" in line


def test_a_run_takes_less_than_80_mb(tmp_path: Path) -> None:
    async def run() -> None:
        async with CentralSystem() as central_system, running(central_system, tmp_path) as station:
            await central_system.station("CP-1")
            await station.post("/connectors/1/plug")
            process = Path(f"/proc/{station.process.pid}/status")
            resident = re.search(r"VmRSS:\s+(\d+) kB", await asyncio.to_thread(process.read_text))
            assert resident is not None
            assert int(resident[1]) < 80_000
            assert (await station.stop(signal.SIGTERM))[0] == 0

    asyncio.run(run())


def test_two_runs_of_one_station_are_refused(tmp_path: Path) -> None:
    async def run() -> None:
        async with CentralSystem() as central_system, running(central_system, tmp_path):
            said = await asyncio.to_thread(
                pilotline, *RUN, "--product", "reference", "--state", str(tmp_path)
            )
            assert said.returncode == 1
            assert "another process runs this station" in said.stderr
            assert len(said.stderr.splitlines()) == 1

    asyncio.run(run())


def test_the_module_runs_like_the_program() -> None:
    said = subprocess.run(
        [sys.executable, "-m", "pilotline.tools.cli", "products"], capture_output=True, text=True, check=True
    )
    assert said.stdout == pilotline("products").stdout


def test_a_run_updates_its_firmware_and_sends_diagnostics(tmp_path: Path) -> None:
    """The command is `test -s FILE`: whatever is there is installed."""
    served = tmp_path / "served"
    served.mkdir()
    (served / "firmware.bin").write_bytes(b"2.0\n")
    (served / "large.bin").write_bytes(bytes(1001))

    async def run() -> None:
        options = ("--installer", "test -s", "--file-bytes-max", "1000")
        async with CentralSystem() as central_system:
            with ftp_site(served) as files:
                async with running(central_system, tmp_path / "state", *options) as station:

                    async def orders(request: object) -> dict[str, Any]:
                        peer = await central_system.station("CP-1")
                        return dict(asdict(await peer.call(request)))

                    def told(action: str, *statuses: str) -> bool:
                        said = [payload["status"] for payload in central_system.calls(action)]
                        return said[-len(statuses) :] == [*statuses]

                    firmware, diagnostics = "FirmwareStatusNotification", "DiagnosticsStatusNotification"
                    await orders(
                        call.UpdateFirmware(files.at("large.bin"), "2020-01-01T00:00:00Z", retries=0)
                    )
                    await central_system.until(lambda: told(firmware, "Downloading", "DownloadFailed"))
                    await orders(call.UpdateFirmware(files.at("firmware.bin"), "2020-01-01T00:00:00Z"))
                    await central_system.until(
                        lambda: told(firmware, "Downloaded", "Installing", "Installed")
                    )
                    answer = await orders(call.GetDiagnostics(files.at("")))
                    await central_system.until(lambda: told(diagnostics, "Uploading", "Uploaded"))
                    _, log = await station.stop(signal.SIGTERM)
            assert (served / answer["file_name"]).stat().st_size
            assert "the file is larger than 1000 bytes" in log
            assert PASSWORD not in log

    asyncio.run(run())
