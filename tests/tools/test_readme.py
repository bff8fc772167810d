"""What the README tells a reader to type is what there is."""

import json
import re
from pathlib import Path
from typing import Any

from pilotline.adapters.clock import VirtualClock
from pilotline.adapters.http.application import control_app
from pilotline.adapters.simulation import SimulatedHardware
from pilotline.adapters.station import Station
from pilotline.adapters.store import MemoryStore
from pilotline.adapters.websocket import WebSocketLink
from pilotline.core import ChargePoint, explained_as
from pilotline.core.effects import OpenLink
from pilotline.core.events import FaultDetected, TagPresented
from pilotline.spec.products import load_product

README = (Path(__file__).parents[2] / "README.md").read_text()
CURL = re.compile(r"^curl(?: -X (\w+))? localhost:8080(/\S+)(?:.* -d '([^']+)')?", re.M)


def test_the_python_of_the_readme_runs() -> None:
    (code,) = re.findall(r"```python\n(.*?)```", README, re.S)
    names: dict[str, Any] = {}
    exec(code, names)
    assert any(isinstance(effect, OpenLink) for effect in names["decided"].effects)


def test_the_explanation_of_the_readme_is_one() -> None:
    (shown,) = re.findall(r"```\n(TagPresented .*?)```", README, re.S)
    station = ChargePoint(load_product("c6eu"))
    station.power_on(now=0, entropy="c0ffee")
    station.receive(FaultDetected(0, "InternalError"), now=0)
    told = explained_as.text(station.explain(TagPresented(1, "04A2B3C4"), now=0)).splitlines()
    for line, own in zip(shown.splitlines(), told, strict=True):
        assert all(part in own for part in line.split("…"))


def test_the_control_api_knows_every_call_of_the_readme() -> None:
    product, clock = load_product("c6eu"), VirtualClock()
    hardware = SimulatedHardware(product, clock)
    link = WebSocketLink("ws://localhost", "CP1", max_frame_bytes=1024)
    described = control_app(Station(product, MemoryStore(), hardware, link, clock=clock), hardware).openapi()
    calls = CURL.findall(README)
    assert len(calls) == 4
    for method, path, body in calls:
        template = next(p for p in described["paths"] if re.fullmatch(re.sub(r"{\w+}", r"\\d+", p), path))
        operation = described["paths"][template][(method or "GET").lower()]
        if body:
            schema = operation["requestBody"]["content"]["application/json"]["schema"]
            model = described["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
            assert set(json.loads(body)) == set(model["required"])
