"""What a user waits for, and what a station weighs: `--help`, the import of the core, resident memory."""

import asyncio
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

from pilotline.tools.bench_answer import central_system
from pilotline.tools.bench_figure import Figure, below

HELP_S: Final = 0.5
IMPORT_S: Final = 0.25
RSS_MB: Final = 80.0
_CLI: Final = (sys.executable, "-m", "pilotline.tools.cli")
_IMPORT: Final = """
import time
began = time.perf_counter()
from pilotline.core import ChargePoint, step
print(time.perf_counter() - began)
"""
_PATIENCE_S: Final = 30


def compiled_in(folder: Path) -> dict[str, str]:
    """The environment, with compiled modules kept in this folder: an installed program is compiled, too."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PYTHONPYCACHEPREFIX": str(folder)}


def help_s(environment: dict[str, str]) -> float:
    """How long `pilotline --help` takes, the start of the interpreter included."""
    began = time.perf_counter()
    subprocess.run([*_CLI, "--help"], check=True, capture_output=True, env=environment)  # noqa: S603  (our own program)
    return time.perf_counter() - began


def import_s(environment: dict[str, str]) -> float:
    """How long a new interpreter takes to import the front door of the core, its own start not counted.

    The names are asked for, because `import pilotline.core` alone puts the work off.
    """
    command = [sys.executable, "-c", _IMPORT]
    run = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)  # noqa: S603  (our own)
    return float(run.stdout)


async def station_rss_mb(idle_s: float) -> float:
    """The resident memory of `pilotline run` with its control API, in MB: booted, and idle for a while."""
    with tempfile.TemporaryDirectory() as folder:
        async with central_system() as (system, url):
            control = f"127.0.0.1:{_free_port()}"
            arguments = ("--product", "c6eu", "--csms", url, "--id", "BENCH", "--state", folder)
            process = await asyncio.create_subprocess_exec(
                *_CLI, "run", *arguments, "--control", control, stdout=asyncio.subprocess.DEVNULL
            )
            try:
                async with asyncio.timeout(_PATIENCE_S):
                    await system.registered.wait()
                await asyncio.sleep(idle_s)
                return resident_mb(process.pid)
            finally:
                if process.returncode is None:
                    process.terminate()
                await process.wait()


def resident_mb(pid: int) -> float:
    """VmRSS of a process, in MB of 1024 kB (Linux)."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError(f"process {pid}: has no VmRSS, it has ended")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def process_figures(runs: int = 9, idle_s: float = 2.0) -> list[Figure]:
    """Medians of `runs` processes, after one that compiles and warms the file cache; one station."""
    with tempfile.TemporaryDirectory() as folder:
        environment = compiled_in(Path(folder))
        turns = [(help_s(environment), import_s(environment)) for _ in range(runs + 1)]
    helps, imports = zip(*turns[1:], strict=True)
    return [
        below("process: pilotline --help", statistics.median(helps), HELP_S, "s"),
        below("process: import ChargePoint and step, warm", statistics.median(imports), IMPORT_S, "s"),
        below("process: a running station's memory", asyncio.run(station_rss_mb(idle_s)), RSS_MB, "MB"),
    ]
