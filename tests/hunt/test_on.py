"""`python -m tests.hunt.on`: goes on from seed to seed, and says what it found."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.hunt import on


class Simulate:
    """Stands for `thecal simulate`: `failed` and `human` are seeds."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.failed: set[int] = set()
        self.human: set[int] = set()
        self.code: int | None = None

    @contextmanager
    def child(self, command: list[str], **_options: Any) -> Iterator[Any]:
        self.asked.append(command[command.index("--seeds") + 1])
        first, last = map(int, self.asked[-1].split(".."))
        seeds = range(first, last + 1)
        failed = [seed for seed in seeds if seed in self.failed]
        document = {
            "seeds": len(seeds),
            "sim_years": 0.5 * len(seeds),
            "failed": failed,
            "human": [seed for seed in seeds if seed in self.human],
        }
        code = bool(failed) if self.code is None else self.code
        yield SimpleNamespace(stdout=StringIO(f"{{}}\n{json.dumps(document)}\n"), wait=lambda _limit_s: int(code))


@pytest.fixture
def simulate(monkeypatch: pytest.MonkeyPatch) -> Simulate:
    stands = Simulate()
    monkeypatch.setattr(on, "child", stands.child)
    return stands


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Times of wall clock to come, in s."""
    times: list[float] = []
    monkeypatch.setattr(on.time, "monotonic", lambda: times.pop(0))
    return times


def test_it_lives_pieces_until_the_time_is_over_and_goes_on_from_there(
    simulate: Simulate, clock: list[float], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    simulate.failed, simulate.human = {3, 21}, {8}
    clock += [0, 1800, 3599, 3600]
    options = ["--hours", "1", "--piece", "10", "--folder", str(tmp_path)]
    assert on.main(options) == 1
    assert capsys.readouterr().out.splitlines() == [
        "seeds 0..9: 5.0 years, failed: 3, harmed by a slip: 8",
        "seeds 10..19: 5.0 years, nothing found",
        "seeds 20..29: 5.0 years, failed: 21",
        "30 seeds, 15.0 years, failed: 3, 21, harmed by a slip: 8",
    ]
    clock += [0, 7200]
    assert on.main(options) == 0
    assert simulate.asked == ["0..9", "10..19", "20..29", "30..39"]


def test_a_piece_that_ctrl_c_ends_is_lived_again(
    simulate: Simulate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--hours", "0", "--piece", "5", "--folder", str(tmp_path)]
    on.main(options)

    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(on, "child", interrupt)
    assert on.main(options) == 0
    assert capsys.readouterr().out.endswith("0 seeds, 0.0 years, nothing found\n")
    monkeypatch.setattr(on, "child", simulate.child)
    on.main(options)
    assert simulate.asked == ["0..4", "5..9"]


def test_what_is_no_seed_is_said(simulate: Simulate, tmp_path: Path) -> None:
    (tmp_path / "next-seed").write_text("many")
    with pytest.raises(SystemExit, match="holds 'many', expected the next seed"):
        on.main(["--folder", str(tmp_path)])
    assert not simulate.asked


def test_a_campaign_that_cannot_be_lived_ends_it(simulate: Simulate, tmp_path: Path) -> None:
    simulate.code = 2
    with pytest.raises(SystemExit, match="thecal simulate ended with 2"):
        on.main(["--folder", str(tmp_path)])
    assert not (tmp_path / "next-seed").exists()


def test_a_real_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    on.main(["--hours", "0", "--piece", "1", "--folder", str(tmp_path)])
    assert capsys.readouterr().out.startswith("seeds 0..0: 0.3 years, ")
    assert (tmp_path / "next-seed").read_text() == "1\n"
