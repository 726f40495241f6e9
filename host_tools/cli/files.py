"""Files that verbs write: never over another one unless ordered to."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import rich_click as click

from host_tools.cli.common import Failure
from host_tools.common.private import write_private

force_option = click.option("--force", is_flag=True, help="Replace the file if there is one.")


def write_new(file: Path, data: bytes, force: bool) -> None:
    """Write a file that holds nothing about anybody."""
    with _failures(file), file.open("wb" if force else "xb") as opened:
        opened.write(data)


def write_page(file: Path, page: str, force: bool) -> None:
    """Write a page for its owner's eyes only."""
    with _failures(file):
        write_private(file, page, replace=force)


@contextmanager
def _failures(file: Path) -> Iterator[None]:
    try:
        yield
    except FileExistsError as error:
        raise Failure(f"{file} exists; --force replaces it, --out names another file", 2) from error
    except OSError as error:
        raise Failure(f"{file}: {error.strerror}; name another file with --out", 2) from error
