"""Logs and explanations on a terminal: colours for statuses, frames, and rows taken or refused."""

import logging
from typing import Final

from rich.console import Console
from rich.highlighter import Highlighter
from rich.logging import RichHandler
from rich.text import Text
from typing_extensions import override

from pilotline.core.explained_as import IGNORED, REFUSED, TAKEN
from pilotline.tools.timeline import STATUS_STYLES

_STYLES: Final = {
    rf"(?<= ){TAKEN} [^,(]*": "green",
    rf"(?<= ){REFUSED} [^(]*": "red",
    rf"(?<= ){IGNORED} .*": "bright_black",
    r"(?<= )\([a-z_.]+ .*\)$": "bright_black",
    r"^  then ": "bright_black",
    r"^<- \S+": "bold green",
    r"^-> \S+": "bold white",
    **{rf"(?<=[ \"]){status}\b": style for status, style in STATUS_STYLES.items()},
}


class _Colours(Highlighter):
    @override
    def highlight(self, text: Text) -> None:
        for pattern, style in _STYLES.items():
            text.highlight_regex(pattern, style)


def terminal_handler(console: Console | None = None) -> RichHandler:
    """Prints log records, the time once per second; a line that is too long goes on under itself."""
    handler = RichHandler(
        console=console or Console(),
        show_path=False,
        highlighter=_Colours(),
        log_time_format="%H:%M:%S",
        keywords=[],
    )
    handler.setFormatter(logging.Formatter("%(message)s"))
    return handler


def show(text: str) -> None:
    """Print an explanation: in colours on a terminal, and plain into a file or a pipe."""
    console = Console(highlighter=_Colours())
    for line in text.splitlines():
        console.print(line, markup=False, emoji=False, soft_wrap=True)
