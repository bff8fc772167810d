"""The link on wss (OCPP-J §6.2): whom the station trusts, and how it proves who it is."""

import asyncio
import logging
import shutil
import ssl
import subprocess
from pathlib import Path

import pytest
from adapters.link_bench import linked, listening, lost

from pilotline.adapters.websocket import tls_context
from pilotline.core.events import LinkLost, LinkUp
from pilotline.core.state import Counter


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that signs itself, and its key."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("the openssl program is needed to make a certificate")
    folder = tmp_path_factory.mktemp("tls")
    cert, key = folder / "cert.pem", folder / "key.pem"
    command = (
        f"{openssl} req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=localhost "
        f"-addext subjectAltName=IP:127.0.0.1 -keyout {key} -out {cert}"
    )
    subprocess.run(command.split(), check=True, capture_output=True)
    return cert, key


def test_wss_works_with_the_authority_given_and_is_refused_without(
    certificate: tuple[Path, Path], caplog: pytest.LogCaptureFixture
) -> None:
    cert, key = certificate
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(cert, key)

    async def scenario() -> None:
        async with listening(ssl=serving) as url:
            async with linked(url, tls=tls_context(ca_file=cert)) as (_, ear):
                assert await ear.next() == LinkUp(Counter(1))
            async with linked(url) as (_, ear):
                await lost(ear)

    with caplog.at_level(logging.WARNING, "pilotline"):
        asyncio.run(scenario())
    assert "certificate is not accepted" in caplog.text


def test_a_central_system_that_asks_for_a_certificate_gets_the_stations(
    certificate: tuple[Path, Path],
) -> None:
    cert, key = certificate
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(cert, key)
    serving.load_verify_locations(cert)
    serving.verify_mode = ssl.CERT_REQUIRED

    async def scenario() -> None:
        async with listening(ssl=serving) as url:
            async with linked(url, tls=tls_context(cert, cert, key)) as (_, ear):
                assert await ear.next() == LinkUp(Counter(1))
            async with linked(url, tls=tls_context(cert)) as (_, ear):
                events = [await ear.next()]
                if isinstance(events[0], LinkUp):  # TLS 1.3 may refuse after the client's handshake
                    events.append(await ear.next())
                assert isinstance(events[-1], LinkLost)

    asyncio.run(scenario())
