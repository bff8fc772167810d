"""Installing firmware is a port: who builds Pilotline in says how; two that are shipped."""

import asyncio
import contextlib
import os
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Protocol

_OUTPUT_BYTES_MAX: Final = 2_000


class InstallationError(Exception):
    """The firmware was not installed; one line that says why."""


class Installer(Protocol):
    """Puts a firmware file into the station."""

    async def install(self, file: Path) -> str | None:
        """The version that runs from now on, None if only the next start tells. Raises `InstallationError`.

        If it is cancelled it must leave a station that starts.
        """
        ...


class SimulatedInstaller:
    """Takes its time and swaps a version; fails if it was told to."""

    def __init__(self, version: str, takes_s: float = 5) -> None:
        self.version = version
        self.fails = False
        self.takes_s = takes_s

    async def install(self, file: Path) -> str:
        """The new version is the file's first line."""
        await asyncio.sleep(self.takes_s)
        if self.fails:
            raise InstallationError("the simulation was told to fail")
        with file.open("rb") as opened:
            line = opened.readline(51).decode(errors="replace").strip()
        if not line or not line.isprintable() or len(line) > 50:
            raise InstallationError("the file does not begin with a version of 1 to 50 characters")
        self.version = line
        return line


class CommandInstaller:
    """Runs a command with the file as its last argument; 0 is success, the last line it says is the reason."""

    def __init__(self, command: Sequence[str], limit_s: float = 600) -> None:
        self._command, self._limit_s = tuple(command), limit_s

    async def install(self, file: Path) -> None:
        """No shell; a process group of its own, so that whatever it started ends with it."""
        try:
            process = await asyncio.create_subprocess_exec(
                *self._command,
                str(file),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
                start_new_session=True,
            )
        except OSError as error:
            raise InstallationError(f"the installer cannot be started: {error.strerror}") from None
        try:
            async with asyncio.timeout(self._limit_s):
                said = await _tail(process)
                code = await process.wait()
        except TimeoutError:
            raise InstallationError(f"the installer took longer than {self._limit_s:g} s") from None
        finally:
            await _end(process)
        if code != 0:
            raise InstallationError(f"the installer ended with {code}: {said or 'it does not say why'}")


async def _tail(process: asyncio.subprocess.Process) -> str:
    """The last line of what it says; the rest is read, so that it is not held up, and dropped."""
    assert process.stdout is not None  # noqa: S101  (it was asked for)
    kept = b""
    while chunk := await process.stdout.read(4_096):
        kept = (kept + chunk)[-_OUTPUT_BYTES_MAX:]
    lines = kept.decode(errors="replace").strip().splitlines()
    return "".join(c for c in lines[-1] if c.isprintable())[-200:] if lines else ""


async def _end(process: asyncio.subprocess.Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    await process.wait()
