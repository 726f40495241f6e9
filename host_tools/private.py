"""Files and folders that hold what concerns nobody but their owner: a patient's name, a token.

Where a system has no such rights (Windows) its own rules for the folder hold.
"""

import os
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


def make_private(path: Path) -> None:
    """Take from a file or folder the rights that others have to it. OSError where it is somebody else's."""
    _tighten(path, FOLDER_MODE if path.is_dir() else FILE_MODE)


def open_to_others(path: Path) -> bool:
    """Whether anybody but its owner has any right to a file or folder."""
    return os.name == "posix" and path.stat().st_mode & 0o077 != 0


def _tighten(path: Path, mode: int) -> None:
    if open_to_others(path):
        path.chmod(path.stat().st_mode & mode)
