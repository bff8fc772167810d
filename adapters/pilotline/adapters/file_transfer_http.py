"""Files over HTTP and HTTPS: GET with Range, and PUT."""

import logging
import ssl
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import httpx

from pilotline.adapters.file_place import Place, TransferError
from pilotline.adapters.file_transfer import Incoming

_REDIRECTS_MAX: Final = 5
logging.getLogger("httpx").setLevel(logging.WARNING)  # it logs whole URLs, and a query may be a secret
_REASONS: Final = {
    401: "the server refuses the password",
    403: "the server forbids it",
    404: "there is no such file",
}


class Http:
    """PUT, since the URL says where the file is to be; a POST is for whatever a form's script makes of it."""

    def __init__(self, tls: ssl.SSLContext) -> None:
        self._tls = tls

    @asynccontextmanager
    async def incoming(self, place: Place, start: int, edition: str | None) -> AsyncGenerator[Incoming, None]:
        """Redirects are followed within the scheme; the password does not go to another server."""
        headers = {"Accept-Encoding": "identity"}
        if start and edition:
            headers |= {"Range": f"bytes={start}-", "If-Range": edition}
        async with self._client() as client:
            for _ in range(_REDIRECTS_MAX + 1):
                request = client.build_request("GET", place.url(), headers=headers)
                response = await _sent(client, request, place)
                try:
                    if response.has_redirect_location:
                        place = _redirected(place, response)
                        continue
                    yield _incoming(response, start)
                    return
                finally:
                    await response.aclose()
        raise TransferError(f"the server redirects more than {_REDIRECTS_MAX} times")

    async def send(self, place: Place, chunks: AsyncIterator[bytes]) -> None:
        """A redirect is refused: what was sent is gone, and cannot be sent again."""
        async with self._client() as client:
            request = client.build_request("PUT", place.url(), content=chunks)
            response = await _sent(client, request, place)
            await response.aclose()
            if not response.is_success:
                raise _refused(response)

    def _client(self) -> httpx.AsyncClient:
        # The limits of time are those of the whole transfer; a proxy or password of the environment is not meant.
        return httpx.AsyncClient(verify=self._tls, timeout=None, trust_env=False)  # noqa: S113


async def _sent(client: httpx.AsyncClient, request: httpx.Request, place: Place) -> httpx.Response:
    login = httpx.BasicAuth(place.user, place.password) if place.user or place.password else None
    try:
        return await client.send(request, stream=True, auth=login)
    except httpx.ConnectError as error:
        reason = "its certificate is not accepted" if "CERTIFICATE_VERIFY" in str(error) else "no connection"
        raise TransferError(f"{place.host}:{place.port}: {reason}") from None
    except httpx.HTTPError as error:
        raise TransferError(f"HTTP failed: {type(error).__name__}", resumable=True) from None


def _redirected(place: Place, response: httpx.Response) -> Place:
    try:
        target = Place.of(str(httpx.URL(place.url()).join(response.headers["Location"])))
    except httpx.InvalidURL:
        raise TransferError("the server redirects to what is no URL") from None
    except TransferError as error:
        raise TransferError(f"the server redirects: {error}") from None
    if target.scheme != place.scheme:
        raise TransferError(f"the server redirects from {place.scheme} to {target.scheme}")
    if (target.host, target.port) == (place.host, place.port):
        return target._replace(user=place.user, password=place.password)
    return target


def _incoming(response: httpx.Response, start: int) -> Incoming:
    if not response.is_success:
        raise _refused(response)
    begins, size = 0, response.headers.get("Content-Length")
    if response.status_code == httpx.codes.PARTIAL_CONTENT:
        span, _, size = response.headers.get("Content-Range", "").removeprefix("bytes ").partition("/")
        begins = start
        if span.partition("-")[0] != str(start):
            raise TransferError("the server sends another part of the file than it was asked for")
    tag = response.headers.get("ETag")
    edition = tag if tag and not tag.startswith("W/") else response.headers.get("Last-Modified")
    return Incoming(begins, int(size) if size and size.isdecimal() else None, _chunks(response), edition)


async def _chunks(response: httpx.Response) -> AsyncGenerator[bytes, None]:
    try:
        async for chunk in response.aiter_raw(65_536):
            yield chunk
    except httpx.HTTPError:
        raise TransferError("the transfer was cut half-way", resumable=True) from None


def _refused(response: httpx.Response) -> TransferError:
    return TransferError(_REASONS.get(response.status_code, f"the server says {response.status_code}"))
