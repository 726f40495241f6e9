"""A few of the flips of `python -m tests.hunt.flips`, others at every seed: none bends therapy in silence."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

SAMPLE = 30
SEED = 20

ROOT = Path(__file__).parents[2]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="each flip is lived out in a forked process, which needs POSIX")
@pytest.mark.parametrize("options", [[], ["--as-on-board"]], ids=["with memory", "as on board"])
@pytest.mark.shows("FI-30", "R4.5")
def test_no_flip_bends_therapy_in_silence(options: list[str]) -> None:
    command = [sys.executable, "-m", "tests.hunt.flips", "--sample", str(SAMPLE), "--seed", str(SEED), *options]
    hunt = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    print(hunt.stdout)
    assert hunt.returncode == 0, hunt.stdout + hunt.stderr
