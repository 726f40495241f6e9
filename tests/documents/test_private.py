"""Pages are written whole or not at all, and over nothing but a file."""

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from host_tools.common.private import write_private

OLD, NEW = "the old page\n", "the new page, " * 1000
FULL_BYTES = 1000  # beyond which this disk takes nothing more


@contextmanager
def full_disk() -> Iterator[None]:
    """Writes stop in the middle, as on a full disk."""
    resource = pytest.importorskip("resource", reason="no limit to the size of files here")
    was = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (FULL_BYTES, was[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, was)


@pytest.mark.parametrize("replace", [False, True])
def test_a_failed_write_leaves_what_was_there_and_no_litter(tmp_path: Path, replace: bool) -> None:
    file = tmp_path / "page.html"
    if replace:
        file.write_text(OLD)
    with full_disk(), pytest.raises(OSError, match=os.strerror(errno.EFBIG)):
        write_private(file, NEW, replace=replace)
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == ({"page.html": OLD} if replace else {})


@pytest.mark.parametrize("replace", [False, True])
def test_what_cannot_be_encoded_leaves_what_was_there(tmp_path: Path, replace: bool) -> None:
    file = tmp_path / "page.html"
    if replace:
        file.write_text(OLD)
    with pytest.raises(UnicodeEncodeError):
        write_private(file, "\udc80", replace=replace)
    assert [path.read_text() for path in tmp_path.iterdir()] == ([OLD] if replace else [])


def test_a_file_is_replaced_only_when_told_and_is_its_owners_either_way(tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    write_private(file, OLD)
    with pytest.raises(FileExistsError):
        write_private(file, NEW)
    assert file.read_text() == OLD
    file.chmod(0o644)
    write_private(file, NEW, replace=True)
    assert file.read_text() == NEW
    assert os.name != "posix" or file.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.skipif(os.name != "posix", reason="has no such files")
@pytest.mark.parametrize("replace", [False, True])
@pytest.mark.parametrize("linked", [False, True])
@pytest.mark.parametrize(
    ("make", "name"),
    [(os.mkfifo, "a FIFO"), (os.mkdir, "a directory")],
    ids=["fifo", "directory"],
)
def test_what_is_no_file_is_refused_by_name_and_still_there(
    tmp_path: Path, make: Callable[[Path], None], name: str, linked: bool, replace: bool
) -> None:
    special = tmp_path / "special"
    make(special)
    before = special.stat()
    at = tmp_path / "link" if linked else special
    if linked:
        at.symlink_to(special)
    with pytest.raises(OSError, match=name):
        write_private(at, NEW, replace=replace)
    after = special.stat()
    assert (after.st_ino, after.st_mode) == (before.st_ino, before.st_mode)
    assert at.is_symlink() == linked


@pytest.mark.skipif(os.name != "posix", reason="links need rights here")
@pytest.mark.parametrize("dangling", [False, True])
def test_a_link_to_a_file_is_replaced_and_what_it_leads_to_is_left_alone(tmp_path: Path, dangling: bool) -> None:
    target, link = tmp_path / "target", tmp_path / "page.html"
    if not dangling:
        target.write_text(OLD)
    link.symlink_to(target)
    with pytest.raises(FileExistsError):
        write_private(link, NEW)
    write_private(link, NEW, replace=True)
    assert (link.is_symlink(), link.read_text()) == (False, NEW)
    assert target.exists() != dangling
    assert dangling or target.read_text() == OLD
