"""The generated files are committed and say what the tables say."""

import shutil
from pathlib import Path

import pytest

from pilotline.core.declared import MACHINES, OPERATIONS
from pilotline.spec.configuration_keys import KEYS
from pilotline.spec.payment import PAYMENT_KEYS
from pilotline.tools import generated

ROOT = Path(__file__).parents[2]
needs_graphviz = pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed")


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with all files, and pictures that stand for those of Graphviz."""
    monkeypatch.setattr(generated, "svg", lambda dot_text: f"<svg>{len(dot_text)}</svg>")
    generated.write(tmp_path)
    return tmp_path


def test_the_committed_files_are_fresh() -> None:
    assert generated.check(ROOT) == [], "run python -m pilotline.tools.generated and commit"


def test_what_was_just_written_is_fresh(written: Path) -> None:
    assert generated.check(written) == []
    for machine in MACHINES:
        for name in (
            f"diagrams/{machine.name}.svg",
            f"diagrams/{machine.name}.mmd",
            f"tables/{machine.name}.md",
        ):
            assert (written / "docs" / name).stat().st_size > 0


def test_a_changed_a_missing_and_a_left_over_file_are_stale(written: Path) -> None:
    (written / "docs/diagrams/link.dot").write_text("digraph {}\n")
    (written / "docs/diagrams/call.svg").unlink()
    (written / "docs/tables/gone.md").write_text("# gone\n")
    assert generated.check(written) == [
        "docs/diagrams/call.svg",
        "docs/diagrams/link.dot",
        "docs/tables/gone.md",
    ]
    generated.write(written)
    assert generated.check(written) == []


def test_a_picture_from_another_version_of_graphviz_is_fresh(written: Path) -> None:
    (written / "docs/diagrams/link.svg").write_text("<svg>drawn elsewhere</svg>")
    assert generated.check(written) == []


def test_the_command_says_what_is_stale(written: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert generated.main(["--check", str(written)]) == 0
    (written / "docs/tables/operations.md").unlink()
    assert generated.main(["--check", str(written)]) == 1
    told = capsys.readouterr().err
    assert told == "stale: docs/tables/operations.md; run python -m pilotline.tools.generated\n"


@needs_graphviz
def test_the_command_writes_all(tmp_path: Path) -> None:
    assert generated.main([str(tmp_path)]) == 0
    assert generated.check(tmp_path) == []
    assert (tmp_path / "docs/diagrams/couplings.svg").read_text().startswith("<?xml")


def test_the_keys_say_who_reads_them() -> None:
    lines = generated.configuration_keys().splitlines()
    assert len([line for line in lines if line.startswith("| ")]) == len(KEYS) + len(PAYMENT_KEYS) + 1
    for key in PAYMENT_KEYS:  # the makers' own are read as well
        (line,) = [line for line in lines if line.startswith(f"| {key} |")]
        assert line.endswith("| vendor | terminal |")
    (line,) = [line for line in lines if line.startswith("| ConnectionTimeOut |")]
    assert line == (
        "| ConnectionTimeOut | integer | s | RW | 1 and more |  | at once "
        "| §9.1.6, errata 3.76, 3.87 | session |"
    )
    (line,) = [line for line in lines if line.startswith("| MeterValuesSampledData |")]
    assert "… (242 items)" in line


def test_the_operations_show_every_row_of_every_table() -> None:
    text = generated.operations()
    for table in OPERATIONS:
        assert f"## {table.name}\n" in text
        for row in table.rows:
            assert f"| {row.name} |" in text
