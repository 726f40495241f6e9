"""A board's file system as an image, as the stock MicroPython for the Pico makes it."""

from pathlib import PurePosixPath

from littlefs import LittleFS

BLOCK_BYTES = 4096
BLOCKS = 352  # another count, and MicroPython formats it at its first mount
_DISK_VERSION = 0x0002_0000  # 2.0: what MicroPython's own driver writes


def build(files: dict[str, bytes]) -> bytes:
    """An image with these files in it."""
    disk = LittleFS(block_size=BLOCK_BYTES, block_count=BLOCKS, read_size=32, prog_size=256, disk_version=_DISK_VERSION)
    for path, data in files.items():
        parent = PurePosixPath(path).parent
        if parent.name:
            disk.makedirs(str(parent), exist_ok=True)
        with disk.open(path, "wb") as file:
            file.write(data)
    return bytes(disk.context.buffer)
