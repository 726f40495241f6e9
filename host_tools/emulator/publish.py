"""How `--port auto` and `thecal debug` find a running emulator: a file in the user's runtime folder."""

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from host_tools.programmer.discovery import registry_dir


@contextmanager
def published(ports: dict[str, Any]) -> Iterator[str | None]:
    """Publish `ports` (with `pid`) for the length of the block; gives what went wrong, if anything."""
    path = registry_dir() / f"{ports['pid']}.json"
    try:
        _write(path, {**ports, "started": datetime.now().isoformat(timespec="microseconds")})
        problem = None
    except OSError as error:
        problem = f"{path} cannot be written ({error.strerror}), so `--port auto` will not find this pump"
    try:
        yield problem
    finally:
        with suppress(OSError):
            path.unlink(missing_ok=True)


def _write(path: Path, record: dict[str, Any]) -> None:
    """At once and whole: others look at any time."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    temporary = path.with_suffix(".new")
    temporary.write_text(json.dumps(record), encoding="utf-8")
    temporary.replace(path)
