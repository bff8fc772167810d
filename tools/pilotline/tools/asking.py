"""Questions to a running station, by its control API."""

import json
from http.client import HTTPConnection, HTTPException
from typing import Any, Final
from urllib.parse import urlencode

from pilotline.tools.running import CannotRunError

TIME_OUT_S: Final = 10


def explained_connector(address: tuple[str, int], connector: int) -> str:
    """Why a connector has its status, in lines. Raises `CannotRunError`."""
    return str(_asked(address, f"/explain/connectors/{connector}")["text"])


def explained_limit(address: tuple[str, int], connector: int) -> str:
    """Why a connector may draw what it may now, in lines. Raises `CannotRunError`."""
    return str(_asked(address, f"/explain/limits/{connector}")["text"])


def explained_last(address: tuple[str, int], count: int, event: str | None) -> str:
    """Why the last events, or the last of one name, came to what they came to. Raises `CannotRunError`."""
    query = {"count": count} if event is None else {"count": count, "event": event}
    explained = _asked(address, f"/explain/last?{urlencode(query)}")
    if not explained:
        raise CannotRunError(f"{event}: none of the station's last events")
    return "\n\n".join(one["text"] for one in explained)


def _asked(address: tuple[str, int], path: str) -> Any:  # Any: JSON
    host, port = address
    connection = HTTPConnection(host, port, timeout=TIME_OUT_S)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        told = json.load(response)
    except (OSError, HTTPException, ValueError) as error:
        raise CannotRunError(f"no station answers at {host}:{port}: {error}") from None
    finally:
        connection.close()
    if response.status != 200:
        raise CannotRunError(str(told["error"] if isinstance(told, dict) and "error" in told else told))
    return told
