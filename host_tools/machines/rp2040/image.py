"""A board's file system as an image, as the stock MicroPython for the Pico makes it."""

from pathlib import PurePosixPath

from littlefs import LittleFS

from hal.contract import Store

BLOCK_BYTES = 4096
BLOCKS = 352  # another count, and MicroPython formats it at its first mount
START = 0xA0000  # in the chip's flash
SLOTS = "slots"  # the folder
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


class Slots(Store):
    """The pump's store as it is in an image, to be read by the pump's own code."""

    def __init__(self, image: bytes) -> None:
        disk = LittleFS(block_size=BLOCK_BYTES, block_count=BLOCKS, mount=False)
        disk.context.buffer[:] = image
        disk.mount()
        self._files: dict[str, bytes] = {}
        for name in disk.listdir(SLOTS) if SLOTS in disk.listdir("/") else ():
            with disk.open(f"{SLOTS}/{name}", "rb") as file:
                self._files[name] = file.read()

    def read(self, slot: int) -> bytes:
        """As `hal.contract.Store.read`."""
        return self._files.get(f"{slot:02}", b"")
