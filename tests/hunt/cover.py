"""The same pumps and inputs as tests/hunt/fuzz.py, led by what reaches new code of the firmware.

`python -m tests.hunt.cover [strangers|programmer] [N]` runs N inputs (default 100,000) and keeps in build/fuzz those
that found something. It needs atheris, which the extra `fuzz` brings: on Linux, with Python 3.11 to 3.13.
"""

import sys
from pathlib import Path
from random import Random

try:
    import atheris  # pyright: ignore[reportMissingImports]
except ImportError:
    sys.exit("not tried: atheris is not installed; pip install 'thecal[fuzz]' brings it, on Linux, Python 3.11 to 3.13")

with atheris.instrument_imports(include=["firmware"]):  # pyright: ignore[reportAttributeAccessIssue]
    from tests.hunt import fuzz

INPUTS = 100_000
LONGEST_BYTES = 700
CORPUS = Path("build/fuzz")


def main(name: str = "strangers", inputs: str = str(INPUTS)) -> None:
    folder = CORPUS / name
    folder.mkdir(parents=True, exist_ok=True)
    for number, data in enumerate(fuzz.seeds(name, Random(1))):
        (folder / f"seed-{number}").write_bytes(data)
    target = fuzz.TARGETS[name]()

    def one(data: bytes) -> None:
        target.take(data)
        target.judge()

    atheris.Setup([sys.argv[0], f"-runs={inputs}", f"-max_len={LONGEST_BYTES}", str(folder)], one)
    atheris.Fuzz()


if __name__ == "__main__":
    main(*sys.argv[1:])
