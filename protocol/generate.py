"""Writes what is derived from the declarations: `python -m protocol.generate [--check]`."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from protocol.docgen import protocol_md
from protocol.statusgen import status_py
from protocol.vectors import vectors_json
from protocol.wiregen import wire_py

ROOT = Path(__file__).parents[1]
OUTPUTS: dict[str, Callable[[], str]] = {
    "firmware/wire.py": wire_py,
    "docs/protocol.md": protocol_md,
    "docs/vectors.json": vectors_json,
    "host_tools/programmer/status.py": status_py,
}


def write(root: Path) -> None:
    """Write every derived file under `root`."""
    for name, text in OUTPUTS.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text(), encoding="utf-8", newline="\n")


def stale(root: Path) -> list[str]:
    """Names of the derived files under `root` that are not what the declarations give now."""
    return [name for name, text in OUTPUTS.items() if _read(root / name) != text()]


def _read(path: Path) -> str | None:
    return path.read_bytes().decode("utf-8", "replace") if path.exists() else None


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m protocol.generate", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if a file is out of date")
    if not parser.parse_args().check:
        write(ROOT)
        return 0
    names = stale(ROOT)
    for name in names:
        print(f"{name} does not match protocol/: run `make gen` and commit it", file=sys.stderr)
    return 1 if names else 0


if __name__ == "__main__":
    sys.exit(main())
