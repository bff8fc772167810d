"""Certification cases of firmware updates and diagnostics, with files on a real FTP server."""

# ruff: noqa: N802  (the cases keep their names)

import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from adapters.file_servers import Site as FileSite
from adapters.file_servers import ftp_site
from conformance.certification_tool import CertificationTool, Message, message
from conformance.conformance_rig import Site, case

PAST = "2020-01-01T00:00:00Z"
VERSION = "2.7.1"


@pytest.fixture
def files(tmp_path: Path) -> Iterator[FileSite]:
    """A folder on a server, with firmware in it."""
    folder = tmp_path / "served"
    folder.mkdir()
    (folder / "firmware.bin").write_bytes(f"{VERSION}\n".encode() + bytes(100_000))
    (folder / "broken.bin").write_bytes(b"\n")
    with ftp_site(folder) as served:
        yield served


async def _updates(tool: CertificationTool, location: str, **more: object) -> None:
    assert await tool.asks("UpdateFirmware", location=location, retrieveDate=PAST, **more) == {}


async def _tells(tool: CertificationTool, *statuses: str) -> None:
    for status in statuses:
        await tool.expects("FirmwareStatusNotification", status=status)


def _connectors(status: str) -> tuple[Message, ...]:
    return tuple(message("StatusNotification", connectorId=c, status=status) for c in (1, 2))


async def _installs(tool: CertificationTool) -> None:
    """Nobody charges, so it begins at once; meanwhile nobody can."""
    installing = message("FirmwareStatusNotification", status="Installing")
    await tool.expects_in_any_order(installing, *_connectors("Unavailable"))


def _left(files: FileSite) -> list[str]:
    """What the station keeps of firmware, beside the folder that is served."""
    return [file.name for file in files.folder.parent.glob("firmware*")]


@pytest.mark.rule(176, 179)
@case()
async def test_TC_044_1_CS_firmware_is_downloaded_and_installed(
    central_system: CertificationTool, files: FileSite
) -> None:
    await _updates(central_system, files.at("firmware.bin"))
    await _tells(central_system, "Downloading", "Downloaded")
    await _installs(central_system)
    await central_system.expects("BootNotification", firmwareVersion=VERSION)
    await central_system.expects_status_of_all(
        "Available", message("FirmwareStatusNotification", status="Installed")
    )


@pytest.mark.rule(177)
@case()
async def test_TC_044_2_CS_the_download_fails(central_system: CertificationTool, files: FileSite) -> None:
    await _updates(central_system, files.at("missing.bin"), retries=0)
    await _tells(central_system, "Downloading", "DownloadFailed")


@pytest.mark.rule(178)
@case()
async def test_TC_044_3_CS_the_installation_fails(central_system: CertificationTool, files: FileSite) -> None:
    await _updates(central_system, files.at("broken.bin"))
    await _tells(central_system, "Downloading", "Downloaded")
    await _installs(central_system)
    await central_system.expects_in_any_order(
        message("FirmwareStatusNotification", status="InstallationFailed"), *_connectors("Available")
    )


@pytest.mark.rule(178)
@case()
async def test_TC_044_1_CS_while_a_car_charges_the_installation_waits(
    site: Site, central_system: CertificationTool, files: FileSite
) -> None:
    transaction_id = await site.charging()
    await _updates(central_system, files.at("firmware.bin"))
    await _tells(central_system, "Downloading")
    await central_system.expects_in_any_order(
        message("FirmwareStatusNotification", status="Downloaded"),
        message("StatusNotification", connectorId=2, status="Unavailable"),
    )
    answer = await central_system.asks("RemoteStopTransaction", transactionId=transaction_id)
    assert answer == {"status": "Accepted"}
    await central_system.expects_in_any_order(
        message("StopTransaction", transactionId=transaction_id),
        message("StatusNotification", connectorId=1, status="Finishing"),
        message("FirmwareStatusNotification", status="Installing"),
    )
    await central_system.expects("BootNotification", firmwareVersion=VERSION)
    await central_system.expects_in_any_order(
        message("StatusNotification", connectorId=0, status="Available"),
        message("StatusNotification", connectorId=1, status={"Preparing", "Finishing"}),
        message("StatusNotification", connectorId=2, status="Available"),
        message("FirmwareStatusNotification", status="Installed"),
    )


@pytest.mark.rule(181)
@case()
async def test_TC_045_1_CS_diagnostics_are_sent(central_system: CertificationTool, files: FileSite) -> None:
    answer = await central_system.asks("GetDiagnostics", location=files.at(""))
    await central_system.expects("DiagnosticsStatusNotification", status="Uploading")
    await central_system.expects("DiagnosticsStatusNotification", status="Uploaded")
    with zipfile.ZipFile(io.BytesIO((files.folder / answer["fileName"]).read_bytes())) as archive:
        assert archive.testzip() is None
        assert json.loads(archive.read("memory.json"))["diagnostics"]["None"]["state"] == "uploading"
        assert b"BootNotification" in archive.read("journal.jsonl")
        assert b"s3cret-word" not in b"".join(archive.read(name) for name in archive.namelist())


@pytest.mark.rule(181)
@case()
async def test_TC_045_2_CS_the_upload_fails(
    site: Site, central_system: CertificationTool, files: FileSite
) -> None:
    await central_system.asks("GetDiagnostics", location=files.at("", "station:wrong"), retries=0)
    await central_system.expects("DiagnosticsStatusNotification", status="Uploading")
    await central_system.expects("DiagnosticsStatusNotification", status="UploadFailed")
    await site.charging()


@pytest.mark.rule(177)
@case()
async def test_a_place_that_cannot_be_is_a_download_that_fails(
    central_system: CertificationTool, files: FileSite
) -> None:
    for location in ("file:///etc/passwd", "gopher://127.0.0.1/x", "/etc/passwd", "", "ftp://127.0.0.1:1/x"):
        await _updates(central_system, location, retries=0)
        await _tells(central_system, "Downloading", "DownloadFailed")
    assert _left(files) == []
