"""Files and folders that hold what concerns nobody but their owner: a patient's name, a token.

Where a system has no such rights (Windows) its own rules for the folder hold.
"""

import errno
import os
import stat
import tempfile
from pathlib import Path

FOLDER_MODE = 0o700
FILE_MODE = 0o600


def private_folder(folder: Path) -> None:
    """Make a folder for its owner alone, or take from one that is there the rights that others have in it.

    OSError where it cannot be made, or is somebody else's.
    """
    folder.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
    _tighten(folder, FOLDER_MODE)


def private_file(path: Path, *, new: bool = False) -> int:
    """Open a file for writing, emptied, for its owner alone from the beginning; its descriptor.

    `new`: FileExistsError where it exists. OSError where it cannot be written, or is somebody else's.
    """
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | (os.O_EXCL if new else 0), FILE_MODE)
    try:
        _tighten(path, FILE_MODE)
        os.ftruncate(descriptor, 0)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def write_private(path: Path, text: str, *, replace: bool = False) -> None:
    """Write a file for its owner alone, whole or not at all; a failure leaves what was there before, and nothing else.

    FileExistsError where it exists, unless told to `replace` it. Only a regular file is replaced: OSError names
    anything else. A symbolic link is replaced itself, wherever it leads, so that nobody can point the text elsewhere.
    """
    kind = _special(path)
    if kind:
        raise OSError(errno.EINVAL, f"is {kind}, and no file to write a page to")
    if not replace:
        os.close(private_file(path, new=True))  # takes the name, so that nobody else's file is replaced below
    beside = None
    try:
        descriptor, beside = tempfile.mkstemp(prefix=".thecal-", dir=path.parent)  # its owner's alone
        with open(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
    except BaseException:
        for litter in (beside, None if replace else path):
            if litter:
                Path(litter).unlink(missing_ok=True)
        raise


def make_private(path: Path) -> None:
    """Take from a file or folder the rights that others have to it. OSError where it is somebody else's."""
    _tighten(path, FOLDER_MODE if path.is_dir() else FILE_MODE)


def open_to_others(path: Path) -> bool:
    """True if anybody but its owner has any right to a file or folder."""
    return os.name == "posix" and path.stat().st_mode & 0o077 != 0


_KINDS = {
    stat.S_IFDIR: "a directory",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFIFO: "a FIFO",
    stat.S_IFSOCK: "a socket",
}


def _special(path: Path) -> str:
    """The kind of what is at `path`, or where a link there leads, unless it is a regular file or nothing."""
    try:
        kind = stat.S_IFMT(path.stat().st_mode)
    except FileNotFoundError:
        return ""
    return "" if kind == stat.S_IFREG else _KINDS.get(kind, "no regular file")


def _tighten(path: Path, mode: int) -> None:
    if open_to_others(path):
        path.chmod(path.stat().st_mode & mode)
