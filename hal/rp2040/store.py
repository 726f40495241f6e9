"""The store: a file for each slot, on the board's littlefs, which replaces a file's bytes when it is closed."""

from os import mkdir, stat

from hal import contract
from hal.contract import FAILED, OK, SLOT_BYTES, SLOT_COUNT

_FOLDER = "/slots"
_NO_SUCH_FILE = 2
_EXISTS = 17
_SIZE = 6  # field of os.stat


class Store(contract.Store):
    def __init__(self) -> None:
        try:
            mkdir(_FOLDER)
        except OSError as error:
            if error.errno != _EXISTS:
                raise

    def read(self, slot: int) -> bytes:
        try:
            with open(_path(slot), "rb") as file:
                return file.read()
        except OSError as error:
            if error.errno == _NO_SUCH_FILE:
                return b""
            raise

    def write(self, slot: int, data: bytes) -> int:
        return _put(slot, "wb", data, 0)

    def append(self, slot: int, data: bytes) -> int:
        return _put(slot, "ab", data, _size(slot))


def _path(slot: int) -> str:
    if not 0 <= slot < SLOT_COUNT:
        raise ValueError(f"slot {slot} does not exist; there are 0 to {SLOT_COUNT - 1}")
    return f"{_FOLDER}/{slot:02}"


def _size(slot: int) -> int:
    try:
        return stat(_path(slot))[_SIZE]
    except OSError as error:
        if error.errno == _NO_SUCH_FILE:
            return 0
        raise


def _put(slot: int, mode: str, data: bytes, held: int) -> int:
    path = _path(slot)
    if held + len(data) > SLOT_BYTES:
        raise ValueError(f"slot {slot} holds {SLOT_BYTES} bytes, not {held + len(data)}")
    try:
        with open(path, mode) as file:
            file.write(data)
    except OSError:  # full, or worn out: both are the firmware's to handle
        return FAILED
    return OK
