"""What the Central System gets when it asks for diagnostics."""

import io
import json
import zipfile
from collections.abc import Iterator

import pytest
from msgspec.structs import replace

from pilotline.adapters.diagnostics_archive import Entry, Span, archive
from pilotline.core.boot import initial_memory
from pilotline.core.events import PoweredUp
from pilotline.core.state import Memory, UtcTime
from pilotline.spec.configuration_keys import KEY_BY_NAME
from pilotline.spec.products import load_product, product_names

PRODUCT = load_product(product_names()[0])
SECRET = "0123456789abcdef0123456789abcdef"


def memory() -> Memory:
    blank, _ = initial_memory(None, PoweredUp(PRODUCT, "PowerLoss", (), (), "12345678"))
    return blank


def unpacked(journal: list[Entry], span: Span, held: Memory | None = None) -> dict[str, str]:
    data = b"".join(archive(PRODUCT, held or memory(), journal, span))
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        assert packed.testzip() is None
        return {name: packed.read(name).decode() for name in packed.namelist()}


def test_it_tells_configuration_memory_and_versions() -> None:
    files = unpacked([], Span(UtcTime(0)))
    assert json.loads(files["configuration.json"])["HeartbeatInterval"].isdecimal()
    assert json.loads(files["memory.json"])["boot"]["None"]["entropy"] == "12345678"
    versions = json.loads(files["versions.json"])
    assert versions["model"] == PRODUCT.identity.charge_point_model
    assert versions["startTime"] == "1970-01-01T00:00:00+00:00"


@pytest.mark.rule(147)
def test_no_secret_is_in_it() -> None:
    held = memory()
    key = KEY_BY_NAME["authorizationkey"]
    configuration = replace(
        held.configuration,
        keys=held.configuration.keys.set("authorizationkey", key),
        values=held.configuration.values.set("authorizationkey", SECRET),
    )
    assert configuration.texts()["AuthorizationKey"] == SECRET
    changed = replace(held, configuration=configuration)
    entry = Entry(None, {"location": f"ftp://me:{SECRET}@host/firmware.bin"})
    files = unpacked([entry], Span(), changed)
    assert "ftp://***@host/firmware.bin" in files["journal.jsonl"]
    assert json.loads(files["configuration.json"])["AuthorizationKey"] == "…"
    assert SECRET not in "".join(files.values()).lower()


def test_the_journal_is_that_of_the_span() -> None:
    entries = [Entry(UtcTime(at), {"n": at}) for at in (1_000, 2_000, 3_000, 4_000)]
    files = unpacked([Entry(None, "clock unknown"), *entries], Span(UtcTime(2_000), UtcTime(3_000)))
    lines = [json.loads(line) for line in files["journal.jsonl"].splitlines()]
    assert [line["what"] for line in lines] == ["clock unknown", {"n": 2_000}, {"n": 3_000}]
    assert lines[1]["at"] == "1970-01-01T00:00:02+00:00"


def test_it_is_made_while_it_is_sent() -> None:
    read = 0

    def journal() -> Iterator[Entry]:
        nonlocal read
        for n in range(40_000):
            read += 1
            yield Entry(UtcTime(n), {"n": n, "hash": hash((n, "x")), "more": [n * n, n * n * n]})

    pieces = archive(PRODUCT, memory(), journal(), Span())
    next(pieces)
    assert read < 20_000
    assert all(len(piece) < 200_000 for piece in pieces)
    assert read == 40_000
