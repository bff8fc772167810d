"""On a terminal the log and an explanation are coloured and keep every word; into a pipe they are plain."""

import io
import logging

import pytest
from rich.console import Console

from pilotline.core import ChargePoint, explained_as
from pilotline.core.events import CablePlugged, FaultDetected
from pilotline.spec.products import load_product
from pilotline.tools.terminal_log import show, terminal_handler


def explanation() -> str:
    station = ChargePoint(load_product("c6eu"))
    station.power_on(now=0, entropy="c0ffee")
    station.receive(FaultDetected(1, "GroundFailure"), now=0)
    return explained_as.text(station.explain(CablePlugged(1), now=0))


def test_into_a_pipe_an_explanation_is_plain_and_no_line_is_broken(
    capsys: pytest.CaptureFixture[str],
) -> None:
    show(explanation())
    assert capsys.readouterr().out == explanation() + "\n"


@pytest.mark.parametrize(
    ("line", "coloured"),
    [
        (
            "    ✗ S1F/X, no: free vending (a 1)",
            "\x1b[31m✗ S1F/X, no: free vending \x1b[0m\x1b[90m(a 1)\x1b[0m",
        ),
        ("  cable[1] in: ✓ P1/X → out", "\x1b[32m✓ P1/X → out\x1b[0m"),
        ("  ev[1] content: – ignored: so it is", "\x1b[90m– ignored: so it is\x1b[0m"),
        ("<- Heartbeat.conf {}", "\x1b[1;32m<- Heartbeat.conf\x1b[0m {}"),
        ("connector 1 is Faulted", "connector 1 is \x1b[1;31mFaulted\x1b[0m"),
        ("[red]no markup[/red]", "[red]no markup[/red]"),
    ],
)
def test_a_line_of_the_log_is_coloured_by_what_it_says(line: str, coloured: str) -> None:
    written = io.StringIO()
    console = Console(
        file=written,
        force_terminal=True,
        color_system="standard",
        no_color=False,
        width=100,
        legacy_windows=False,
    )
    handler = terminal_handler(console)
    handler.emit(
        logging.makeLogRecord({"msg": "%s", "args": (line,), "levelno": logging.INFO, "levelname": "INFO"})
    )
    assert coloured in written.getvalue()
