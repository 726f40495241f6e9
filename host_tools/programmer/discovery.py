"""Finds the pump that `auto` means: the one emulator that runs here, or the one RP2040 on USB."""

import json
import os
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import platformdirs
from serial.tools import list_ports

from host_tools.programmer.errors import NoDevice

RP2040_VENDOR = 0x2E8A


class Emulator(NamedTuple):
    """A running emulator, as it published itself: its addresses, what opens the debug link, and which pump it is.

    An emulated chip has no debug link: "". `timeout_s` is how long to wait for an answer of it, None: as for any pump.
    """

    pid: int
    tcp: str
    pty: str | None
    debug: str
    debug_token: str
    serial: str
    started: str
    timeout_s: float | None = None


def registry_dir() -> Path:
    """The folder in which emulators publish themselves, one <pid>.json each. THECAL_RUNTIME_DIR moves it."""
    chosen = os.environ.get("THECAL_RUNTIME_DIR")
    return (Path(chosen) if chosen else platformdirs.user_cache_path("thecal")) / "emulators"


def running_emulators() -> list[Emulator]:
    """Emulators that are alive, oldest first; the files of dead ones are removed."""
    found = []
    for path in sorted(registry_dir().glob("*.json")):
        try:
            record = json.loads(path.read_text(encoding="utf-8"))
            emulator = Emulator(**{field: record[field] for field in Emulator._fields if field in record})
        except (OSError, ValueError, KeyError, TypeError):
            continue  # going away, or not one of ours
        if _alive(emulator.pid):
            found.append(emulator)
        else:
            path.unlink(missing_ok=True)
    return sorted(found, key=lambda emulator: emulator.started)


def usb_ports() -> list[str]:
    """Serial ports of RP2040 boards."""
    return sorted(port.device for port in list_ports.comports() if port.vid == RP2040_VENDOR)


def find_port(serial: str | None = None) -> str:
    """The URL of the only pump in sight; with `serial`, the emulator of that number goes before all others.

    NoDevice, saying what was seen, when there is none or several.
    """
    emulators = running_emulators()
    wanted = [emulator.tcp for emulator in emulators if emulator.serial == serial]
    if len(wanted) == 1:
        return wanted[0]
    seen = {emulator.tcp: f"emulator {emulator.serial} (pid {emulator.pid})" for emulator in emulators}
    seen |= dict.fromkeys(usb_ports(), "RP2040")
    if len(seen) == 1:
        return next(iter(seen))
    if not seen:
        raise NoDevice(
            "no pump found: no emulator runs and no RP2040 is on USB; "
            "start one with `thecal emulate`, or name a port with --port URL"
        )
    listed = ", ".join(f"{url} ({what})" for url, what in seen.items())
    raise NoDevice(f"{len(seen)} pumps found: {listed}; choose one with --port URL")


def published_timeout_s(url: str) -> float | None:
    """The time-out that the emulator at `url` publishes; None without one."""
    wanted = _place(url)
    for emulator in running_emulators():
        if wanted == _place(emulator.tcp) or url == emulator.pty:
            return emulator.timeout_s
    return None


def _place(url: str) -> tuple[str | None, str]:
    """Host and port of a socket's URL, however it is written."""
    parts = urlsplit(url)
    return (parts.scheme, parts.netloc.lower().replace("localhost", "127.0.0.1"))


def debuggable_emulators() -> list[Emulator]:
    """Running emulators that have a debug link, oldest first."""
    return [emulator for emulator in running_emulators() if emulator.debug]


def find_emulator() -> Emulator:
    """The only running emulator with a debug link. NoDevice, saying what was seen, when there is none or several."""
    emulators = debuggable_emulators()
    if len(emulators) == 1:
        return emulators[0]
    if not emulators:
        raise NoDevice("no emulator runs here; start one with `thecal emulate`")
    listed = ", ".join(f"{emulator.debug} ({emulator.serial}, pid {emulator.pid})" for emulator in emulators)
    raise NoDevice(f"{len(emulators)} emulators run: {listed}; choose one with --port")


def _alive(pid: int) -> bool:
    if os.name == "nt":
        return True  # signal 0 would end the process there
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
