"""The installers that are shipped."""

import asyncio
import sys
import time
from pathlib import Path

import pytest

from pilotline.adapters.installer import CommandInstaller, InstallationError, SimulatedInstaller


@pytest.fixture
def firmware(tmp_path: Path) -> Path:
    file = tmp_path / "firmware"
    file.write_bytes(b"2.0.1\n\x00\x01")
    return file


def command(script: str, limit_s: float = 20) -> CommandInstaller:
    return CommandInstaller([sys.executable, "-c", script], limit_s)


def reason(installer: CommandInstaller | SimulatedInstaller, file: Path) -> str:
    with pytest.raises(InstallationError) as raised:
        asyncio.run(installer.install(file))
    return str(raised.value)


def test_the_simulation_swaps_its_version_or_fails(firmware: Path) -> None:
    installer = SimulatedInstaller("1.0", takes_s=0)
    installer.fails = True
    assert "told to fail" in reason(installer, firmware)
    assert installer.version == "1.0"
    installer.fails = False
    assert asyncio.run(installer.install(firmware)) == installer.version == "2.0.1"


def test_a_file_without_a_version_is_not_installed(tmp_path: Path) -> None:
    (tmp_path / "firmware").write_bytes(b"\x00\x01" * 100)
    assert "does not begin with a version" in reason(SimulatedInstaller("1.0", 0), tmp_path / "firmware")


def test_a_command_gets_the_file(firmware: Path) -> None:
    copying = "import sys, shutil; shutil.copy(sys.argv[1], sys.argv[1] + '.installed')"
    asyncio.run(command(copying).install(firmware))
    assert firmware.with_suffix(".installed").read_bytes() == firmware.read_bytes()


def test_a_command_that_fails_says_why(firmware: Path) -> None:
    assert reason(command("print('x' * 100_000); print('wrong signature'); exit(3)"), firmware) == (
        "the installer ended with 3: wrong signature"
    )
    assert "cannot be started" in reason(CommandInstaller(["/does/not/exist"]), firmware)


def test_a_command_that_hangs_ends_with_all_that_it_started(firmware: Path, tmp_path: Path) -> None:
    child = tmp_path / "child"
    hanging = (
        "import subprocess, sys, time; p = subprocess.Popen(['sleep', '60']);"
        f"open({str(child)!r}, 'w').write(str(p.pid)); time.sleep(60)"
    )
    assert reason(command(hanging, limit_s=1), firmware) == "the installer took longer than 1 s"
    stat = Path(f"/proc/{child.read_text()}/stat")
    ends = time.monotonic() + 5
    while stat.exists() and stat.read_text().split()[2] != "Z":
        assert time.monotonic() < ends, "the child lives on"
        time.sleep(0.01)
