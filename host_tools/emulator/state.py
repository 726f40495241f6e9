"""The folder that keeps an emulated pump between two runs: its store, slot by slot, and its plant.

    DIR/slots/NN.bin   what the pump's store holds; the firmware judges that by itself
    DIR/plant.json     the physical truth, the pump's identity, and a CRC-32 over both
    DIR/crash.txt      the traceback of what the firmware raised last, if it ever did
    DIR/lock           held while an emulator runs; DIR/lock.pid says which

All of it is for its owner alone, since the pump's store holds a patient's name. Nothing found here is ever overwritten
unless it is sound: what is damaged is renamed.
"""

import json
import os
from binascii import crc32
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from filelock import FileLock, Timeout

from firmware.records.slots import KEY
from hal.contract import SLOT_BYTES, SLOT_COUNT
from host_tools.common.private import FILE_MODE, make_private, open_to_others, private_file, private_folder

SCHEMA = 4
OURS = ("slots", "plant.", "crash.txt", "lock")  # how the names of what is kept begin
UNREADABLE = b"\xff" * 64
"""In the slots of a pump whose plant was lost: neither blank nor a record, so it starts in its safe state."""


class StateError(RuntimeError):
    """The folder cannot be used; the message says why."""

    kind = "store"


class DamagedError(ValueError):
    """A file is not what was once written; the message says how."""


class Saved(NamedTuple):
    """A pump at rest: `identity` is what it was made with, `plant` None where that was lost."""

    identity: dict[str, Any]
    plant: dict[str, Any] | None
    slots: dict[int, bytes]


class StateFolder:
    """Locked from here to `close()`. Raises StateError when the folder is in use or not usable."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._slots_folder = folder / "slots"
        self._plant_file = folder / "plant.json"
        self._lock = FileLock(folder / "lock", mode=FILE_MODE)
        self._saved: dict[int, bytes] = {}
        try:
            self._make_private()
            self._lock.acquire(timeout=0)
            _write(folder / "lock.pid", f"{os.getpid()}\n".encode())
        except Timeout:
            raise StateError(
                f"{folder} is in use by another emulator (process {self._holder()}); "
                "stop that one, or name another folder"
            ) from None
        except OSError as error:
            raise StateError(f"cannot keep a pump in {folder}: {error.strerror or error}") from error

    def _make_private(self) -> None:
        """Make the folder, or take the rights that others have in it. StateError for a folder of other things, whose
        rights are not this program's to change."""
        here = sorted(self._folder.iterdir()) if self._folder.exists() else []
        others = [path for path in here if not path.name.startswith(OURS)]
        if others and open_to_others(self._folder):
            raise StateError(
                f"{self._folder} can be read by others and holds other things ({others[0].name}), and a pump's store "
                "holds a patient's name; name a folder of the pump's own"
            )
        private_folder(self._folder)
        for path in here:
            for file in sorted(path.iterdir()) if path.is_dir() and path not in others else ():
                make_private(file)
            if path not in others:
                make_private(path)

    def _holder(self) -> str:
        try:
            return (self._folder / "lock.pid").read_text(encoding="ascii").strip()
        except OSError:
            return "unknown"

    def load(self) -> tuple[Saved | None, str | None]:
        """The pump kept here, None for none yet; and what has to be said of it, if anything has."""
        slots: dict[int, bytes] = {}
        try:
            slots = self._load_slots()
            if not slots and not self._plant_file.exists():
                return None, None
            saved = Saved(*self._load_plant(), slots)
        except DamagedError as damage:
            kept_as = self._set_aside()
            unreadable = dict.fromkeys(range(SLOT_COUNT), UNREADABLE)
            unreadable |= {slot: slots[slot] for slot in KEY[0] if slot in slots}  # whoever had its key has it
            message = (
                f"{self._plant_file}: {damage}; kept as {kept_as}. What this pump went through is unknown: "
                "it starts in its safe state, its reservoir taken as empty"
            )
            return Saved({}, None, unreadable), message
        except OSError as error:
            raise StateError(f"cannot read the pump in {self._folder}: {error}") from error
        self._saved = dict(slots)
        return saved, None

    def _load_slots(self) -> dict[int, bytes]:
        files = {slot: self._slots_folder / f"{slot:02}.bin" for slot in range(SLOT_COUNT)}
        return {slot: file.read_bytes()[:SLOT_BYTES] for slot, file in files.items() if file.exists()}

    def _load_plant(self) -> tuple[dict[str, Any], dict[str, Any]]:
        try:
            document = json.loads(self._plant_file.read_bytes())
        except FileNotFoundError:
            raise DamagedError("is missing, though the pump's store is there") from None
        except (ValueError, RecursionError) as error:  # bad UTF-8, bad JSON, JSON nested without end
            raise DamagedError(f"is damaged ({error})") from None
        if not isinstance(document, dict) or not isinstance(document.get("schema"), int):
            raise DamagedError("is damaged (it has no schema number)")
        if document["schema"] != SCHEMA:
            age = "newer" if document["schema"] > SCHEMA else "older"
            raise DamagedError(f"has schema {document['schema']}, {age} than this program's {SCHEMA}")
        body = document.get("pump")
        if not isinstance(body, dict) or document.get("crc32") != _checksum(body):
            raise DamagedError("is damaged (its checksum does not match)")
        return body["identity"], body["plant"]

    def _set_aside(self) -> str:
        """Rename what is here; the new names, for a message."""
        old = [path for path in (self._plant_file, self._slots_folder) if path.exists()]
        number = 1
        while any(_aside(path, number).exists() for path in (self._plant_file, self._slots_folder)):
            number += 1
        for path in old:
            path.rename(_aside(path, number))
        return " and ".join(_aside(path, number).name for path in old)

    def save(self, identity: Mapping[str, Any], plant: Mapping[str, Any], slots: Mapping[int, bytes]) -> None:
        """Replace what is kept. StateError when that fails; then all old files or some new ones are there.

        All contents reach the disk under temporary names first, so that only renames lie between old and new.
        """
        body = {"identity": identity, "plant": plant}
        document = {"schema": SCHEMA, "crc32": _checksum(body), "pump": body}
        changed = {slot: data for slot, data in slots.items() if self._saved.get(slot, b"") != data}
        contents = {self._plant_file: json.dumps(document, indent=1).encode()}
        contents.update({self._slots_folder / f"{slot:02}.bin": data for slot, data in changed.items()})
        try:
            private_folder(self._slots_folder)
            for path, data in contents.items():
                _write_through(path.with_suffix(".new"), data)
            for path in contents:
                path.with_suffix(".new").replace(path)
            for folder in (self._slots_folder, self._folder):
                _sync_folder(folder)
        except OSError as error:
            raise StateError(f"cannot save the pump in {self._folder}: {error.strerror or error}") from error
        self._saved.update(changed)

    def keep_crash(self, text: str) -> None:
        """Replace the traceback of what the firmware raised last. StateError when that fails."""
        try:
            _write(self._folder / "crash.txt", text.encode())
        except OSError as error:
            raise StateError(f"cannot write {self._folder / 'crash.txt'}: {error.strerror or error}") from error

    def close(self) -> None:
        self._lock.release()


def _aside(path: Path, number: int) -> Path:
    return path.with_name(f"{path.name}.damaged-{number}")


def _checksum(body: Mapping[str, Any]) -> int:
    return crc32(json.dumps(body, sort_keys=True, separators=(",", ":")).encode())


def _write(path: Path, data: bytes) -> None:
    with os.fdopen(private_file(path), "wb") as file:
        file.write(data)


def _write_through(path: Path, data: bytes) -> None:
    with os.fdopen(private_file(path), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    if os.name == "posix":  # elsewhere a folder cannot be opened
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
