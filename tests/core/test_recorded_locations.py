"""What a journal keeps of where files come from and go to is without their logins."""

from msgspec.structs import replace

from pilotline.core.events import CallReceived
from pilotline.core.recorded import memory_without_secrets, plain_event
from pilotline.core.state import Counter, Diagnostics, Firmware, Instant, Update, Url
from pilotline.core.step import step
from pilotline.spec.messages.firmware_management import GetDiagnosticsReq
from pilotline.spec.products import load_product
from pilotline.tools.check.environment import powered_up

PLACE = "ftp://user:s3cr@t@files.example/"
SHOWN = Url("ftp://***@files.example/")


def test_logins_stay_out_of_memory_and_of_events() -> None:
    memory = step(None, powered_up(load_product("c6eu"), (False,) * 3), Instant(0)).state.memory
    order = Update(Url(PLACE))
    kept = memory_without_secrets(
        replace(
            memory,
            firmware=Firmware("installing", update=order, next=order),
            diagnostics=Diagnostics("uploading", location=Url(PLACE)),
        )
    )
    assert kept.firmware.next is not None
    shown = (kept.firmware.update.location, kept.firmware.next.location, kept.diagnostics.location)
    assert shown == (SHOWN, SHOWN, SHOWN)
    event = CallReceived(Counter(1), "c1", GetDiagnosticsReq(location=PLACE))
    assert "s3cr@t" not in str(plain_event(event))
