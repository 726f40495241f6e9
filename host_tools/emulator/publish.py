"""Lets `--port auto` and `thecal debug` find a running emulator: a file in the user's runtime folder, for its
owner alone, since the debug link's token stands in it."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from host_tools.common.private import private_file, private_folder
from host_tools.programmer.discovery import registry_dir


@contextmanager
def published(ports: dict[str, Any]) -> Iterator[str | None]:
    """Publish `ports` (with `pid`) for the length of the block; gives what went wrong, if anything."""
    path = record_path(ports["pid"])
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


def record_path(pid: int) -> Path:
    """The file in which the emulator of this process publishes itself."""
    return registry_dir() / f"{pid}.json"


def _write(path: Path, record: dict[str, Any]) -> None:
    """At once and whole: others look at any time."""
    private_folder(path.parent)
    temporary = path.with_suffix(".new")
    with os.fdopen(private_file(temporary), "w", encoding="utf-8") as file:
        json.dump(record, file)
    temporary.replace(path)
