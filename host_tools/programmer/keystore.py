"""The device keys that this programmer holds, in a file that only its owner can read.

Nothing shows a key: no repr, no message, no JSON but the file itself. Every change is a whole new file put in the old
one's place, so that neither a crash nor a loss of power leaves half of one.
"""

import json
import os
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Self

import platformdirs

from host_tools.programmer.errors import ProgrammerError
from protocol.messages import KEY_BYTES

PATH_VARIABLE = "THECAL_KEYS"
_VERSION = 1
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH
_LOCK_TIMEOUT_S = 10.0  # for another programmer's change


class KeyFileError(ProgrammerError):
    """The key file cannot be used, or is not safe to use."""

    exit_code = 2
    kind = "store"


@dataclass(frozen=True)
class PumpKeys:
    """The known keys of one pump.

    `key` opened it last, and did so first at `since`; `pending` was, or was about to be, sent to it, and nobody knows
    yet whether it was taken; `displaced` opened, or may have opened, a pump of this serial number that has said since
    that it is opened by the test key.
    """

    key: bytes | None = field(default=None, repr=False)
    since: str | None = None
    pending: bytes | None = field(default=None, repr=False)
    displaced: tuple[bytes, ...] = field(default=(), repr=False)

    @property
    def candidates(self) -> tuple[bytes, ...]:
        """The keys that may open the pump, the likeliest first."""
        return tuple(key for key in (self.key, self.pending, *self.displaced) if key is not None)


class KeyRing:
    """Device keys in this process's memory. `now` gives the time that a key is listed with."""

    def __init__(self, now: Callable[[], datetime] = datetime.now) -> None:
        self._now = now
        self._pumps: dict[str, PumpKeys] = {}

    def all(self) -> dict[str, PumpKeys]:
        """All known keys, by serial number."""
        return dict(self._pumps)

    def of(self, serial: str) -> PumpKeys | None:
        """The known keys of a pump; None for none."""
        return self.all().get(serial)

    def begin(self, serial: str, key: bytes, over_test_key: bool) -> None:
        """Keep a key that is about to be sent to a pump. `over_test_key`: in place of the test key, whatever other key
        was known. No key is dropped."""
        with self._changing() as pumps:
            known = pumps.get(serial, PumpKeys())
            displaced = known.displaced if known.pending is None else (known.pending, *known.displaced)
            if over_test_key and known.key is not None:
                displaced = (known.key, *displaced)
                known = PumpKeys()
            pumps[serial] = replace(known, pending=key, displaced=displaced)

    def settle(self, serial: str, key: bytes, seen: PumpKeys) -> None:
        """A pump of which `seen` was known proved to have `key`: what it had or was sent beside it is dropped.

        Nothing is changed where another programmer changed what is known of the pump meanwhile."""
        with self._changing() as pumps:
            if pumps.get(serial) != seen:
                return
            displaced = seen.displaced
            if key in displaced:
                rest = (seen.key, seen.pending, *displaced)
                displaced = tuple(other for other in rest if other not in (None, key))
            since = seen.since if key == seen.key else self._now().replace(microsecond=0).isoformat()
            pumps[serial] = PumpKeys(key, since, None, displaced)

    def forget(self, serial: str) -> bool:
        """Drop all that is known of a pump. True if there was anything."""
        with self._changing() as pumps:
            return pumps.pop(serial, None) is not None

    @contextmanager
    def _changing(self) -> Iterator[dict[str, PumpKeys]]:
        """All pumps, to be changed; one programmer at a time."""
        yield self._pumps


class KeyStore(KeyRing):
    """The key file at `path`."""

    def __init__(self, path: Path, now: Callable[[], datetime] = datetime.now) -> None:
        super().__init__(now)
        self.path = path

    @classmethod
    def default(cls) -> Self:
        """The user's: THECAL_KEYS, or keys.json in the user's data folder."""
        named = os.environ.get(PATH_VARIABLE)
        return cls(Path(named) if named else platformdirs.user_data_path("thecal", appauthor=False) / "keys.json")

    def all(self) -> dict[str, PumpKeys]:
        """All known keys, by serial number. KeyFileError where the file is damaged, or others' to read."""
        try:
            descriptor = os.open(self.path, os.O_RDONLY)
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise self._trouble("cannot be read", error) from None
        with open(descriptor, encoding="utf-8") as file:
            self._check_owner_only(os.fstat(descriptor).st_mode)
            text = file.read()
        try:
            return _parse(text)
        except (ValueError, KeyError, TypeError, AttributeError):
            raise KeyFileError(
                f"{self.path} is no key file of this version, or is damaged; put a copy of it back, or move it away: "
                "nothing was changed in it"
            ) from None  # whose text might hold a key

    @contextmanager
    def _changing(self) -> Iterator[dict[str, PumpKeys]]:
        from filelock import FileLock, Timeout  # takes long to import, and most verbs change no key

        try:
            self._make_folder()
            with FileLock(f"{self.path}.lock", timeout=_LOCK_TIMEOUT_S, mode=0o600):
                pumps = self.all()
                before = dict(pumps)
                yield pumps
                if pumps != before:
                    self._write(pumps)
        except Timeout:
            raise KeyFileError(
                f"{self.path} is being changed by another programmer for over {_LOCK_TIMEOUT_S:g} s; end it, and try "
                "again"
            ) from None
        except OSError as error:
            raise self._trouble("cannot be written", error) from None

    def _make_folder(self) -> None:
        folder = self.path.parent
        if not folder.exists():
            folder.parent.mkdir(parents=True, exist_ok=True)
            folder.mkdir(mode=0o700, exist_ok=True)
        mode = folder.stat().st_mode
        if os.name == "posix" and mode & _OTHERS_WRITE and not mode & stat.S_ISVTX:
            raise KeyFileError(
                f"others can change the folder {folder} (mode {stat.S_IMODE(mode):o}), and so the keys in it: "
                f"`chmod go-w {folder}`"
            )

    def _write(self, pumps: dict[str, PumpKeys]) -> None:
        descriptor, beside = tempfile.mkstemp(prefix=".keys-", dir=self.path.parent)  # its owner's alone
        try:
            with open(descriptor, "w", encoding="utf-8") as file:
                file.write(_text(pumps))
                file.flush()
                os.fsync(descriptor)
            os.replace(beside, self.path)
        except BaseException:
            Path(beside).unlink(missing_ok=True)
            raise
        if os.name == "posix":
            folder = os.open(self.path.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)

    def _check_owner_only(self, mode: int) -> None:
        if os.name == "posix" and mode & _OTHERS:
            raise KeyFileError(
                f"others can read {self.path} (mode {stat.S_IMODE(mode):o}), which holds the keys of pumps: "
                f"`chmod 600 {self.path}`, and if anybody else was on this computer, `thecal keys rotate` for each pump"
            )

    def _trouble(self, what: str, error: OSError) -> KeyFileError:
        return KeyFileError(f"{self.path} {what}: {error.strerror or type(error).__name__}")


def _parse(text: str) -> dict[str, PumpKeys]:
    document = json.loads(text)
    if document["version"] != _VERSION:
        raise ValueError("version")
    return {serial: _known(entry) for serial, entry in document["pumps"].items()}


def _known(entry: dict[str, Any]) -> PumpKeys:
    return PumpKeys(
        _key(entry["key"]),
        entry["since"],
        _key(entry["pending"]),
        tuple(bytes.fromhex(key) for key in entry["displaced"]),
    )


def _key(digits: str | None) -> bytes | None:
    if digits is None:
        return None
    key = bytes.fromhex(digits)
    if len(key) != KEY_BYTES:
        raise ValueError("length")
    return key


def _text(pumps: dict[str, PumpKeys]) -> str:
    entries = {
        serial: {
            "key": known.key and known.key.hex(),
            "since": known.since,
            "pending": known.pending and known.pending.hex(),
            "displaced": [key.hex() for key in known.displaced],
        }
        for serial, known in sorted(pumps.items())
    }
    return json.dumps({"version": _VERSION, "pumps": entries}, indent=1) + "\n"
