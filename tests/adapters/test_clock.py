"""A timer calls at the time it was set to last, however often it was set before."""

import asyncio

import pytest

from pilotline.adapters.clock import Timer, VirtualClock


@pytest.mark.parametrize(
    ("settings", "calls"),
    [
        ([(0, 100)], [100]),
        ([(0, 100), (10, 300)], [300]),
        ([(0, 100), (10, 50)], [50]),
        ([(0, 100), (10, 300), (20, 200)], [200]),
        ([(0, 100), (10, None)], []),
        ([(0, 100), (10, None), (20, 90)], [90]),
        ([(0, 100), (10, 300), (150, None)], []),
        ([(0, 100), (10, 300), (150, 120)], [150]),
        ([(0, 100), (200, 100)], [100, 200]),
    ],
)
def test_the_last_setting_counts(settings: list[tuple[int, int | None]], calls: list[int]) -> None:
    clock = VirtualClock()
    called: list[int] = []
    timer = Timer(clock, lambda: called.append(clock.now_ms()))

    async def settled() -> None:
        pass

    async def scenario() -> None:
        for at_ms, deadline_ms in settings:
            await clock.advance(at_ms - clock.now_ms(), settled)
            timer.set(deadline_ms)
        await clock.advance(1000, settled)

    asyncio.run(scenario())
    assert called == calls
