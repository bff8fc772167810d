"""The codec benchmark compares like with like."""

import json

import pytest

from pilotline.spec.messages.actions import Initiator
from pilotline.tools import bench_codec

pytest.importorskip("ocpp")


@pytest.mark.parametrize(("name", "sender", "frame"), bench_codec.FRAMES)
def test_both_codecs_give_the_frame_back(name: str, sender: Initiator, frame: str) -> None:
    assert json.loads(bench_codec.ours(frame, sender)) == json.loads(frame)
    assert json.loads(bench_codec.peer()(frame)) == json.loads(frame)


def test_a_frame_that_is_no_valid_call_is_not_measured() -> None:
    with pytest.raises(ValueError, match="not a valid CALL"):
        bench_codec.ours("[]", "ChargePoint")


def test_there_is_one_row_for_each_frame_and_ours_is_faster() -> None:
    rows = bench_codec.codec_rows(rounds=3, calls_per_round=20)
    assert [row.name for row in rows] == [name for name, _sender, _frame in bench_codec.FRAMES]
    assert all(row.ratio == pytest.approx(row.peer_us / row.ours_us) for row in rows)
    assert all(row.ratio > 3 for row in rows)  # about 15 to 40 on a quiet machine
