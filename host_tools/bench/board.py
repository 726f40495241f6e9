"""Costs of the pump on an RP2040: the deployed files on the emulated chip, in the chip's own time."""

import json
from datetime import datetime
from pathlib import Path
from statistics import median
from typing import Any

from hal.rp2040.board import SERVICE_PIN
from host_tools.board.deployment import compiled, deployed_files
from host_tools.machines.rp2040.rig import Rig
from host_tools.machines.rp2040.transport import ChipTransport
from host_tools.machines.rp2040.uf2 import FirmwareImageMissing, find_uf2
from host_tools.programmer import Programmer
from protocol.messages import NONCE_BYTES

ONBOARD = Path(__file__).with_name("onboard.py")
ANSWER_LIMIT_S = 10.0  # of the chip's time
TELL_MS = 2_000
STATUSES = 3
THERAPY_MS = 3_600_000


def measure() -> dict[str, float] | None:
    """A start, a session with a commit, and an hour of therapy without a head. None without a MicroPython to run."""
    try:
        find_uf2()
    except FirmwareImageMissing:
        return None
    deployed = deployed_files()
    bench = Bench(deployed)
    ready_ms = bench.ready_ms()
    status_ms = median(bench.asked_ms("STATUS") for _ in range(STATUSES))
    open_ms = median(bench.open_ms(number) for number in range(STATUSES))
    bench.order()
    session = bench.told()
    bench.wait(THERAPY_MS)
    therapy = bench.told()
    return {
        "idle_wake_us": therapy["idle_us"],
        "idle_wake_alloc_bytes": therapy["idle_bytes"],
        "busy_wake_us": therapy["busy_us"],
        "worst_wake_us": max(therapy["busy_us"], *session["wakes_us"], *therapy["wakes_us"]),
        "heap_live": therapy["live"],
        "heap_high_water": max(session["most"], therapy["most"]),
        "heap_free_at_boot": therapy["free_at_boot"],
        "ready_ms": ready_ms,
        "deployed_bytes": sum(map(len, deployed.values())),
        "status_roundtrip_ms": status_ms,
        "open_roundtrip_ms": open_ms,
        "session_ms": bench.session_ms,
        "asleep_share": round(therapy["asleep_us"] / 1000 / therapy["passed_ms"], 4),
    }


class Bench:
    """A chip with the plant at its pins, and with ONBOARD beside what is deployed."""

    def __init__(self, deployed: dict[str, bytes]) -> None:
        onboard = {"boot.py": f"import {ONBOARD.stem}".encode(), f"{ONBOARD.stem}.mpy": compiled(ONBOARD, ONBOARD.name)}
        rig = Rig(files=deployed | onboard)
        self._wiring, self._chip = rig.wiring, rig.chip
        self._wiring.lay_head(True)
        self._pump = Programmer(ChipTransport(self._chip), timeout_s=ANSWER_LIMIT_S, tries=1)
        self.session_ms = 0

    def ready_ms(self) -> int:
        """From power-up until it has answered: the question waits in the console for a pump to read it."""
        self._pump.hello()
        return self._chip.now_ms

    def asked_ms(self, name: str, **fields: Any) -> int:
        """From asking to the decoded values, the one frame and the other."""
        before_ms = self._chip.now_ms
        self._pump.ask(name, **fields)
        return self._chip.now_ms - before_ms

    def open_ms(self, number: int) -> int:
        """The same of an OPEN that nobody proves; each has a nonce of its own."""
        return self.asked_ms("OPEN", role="observer", nonce=bytes([number]) * NONCE_BYTES)

    def order(self) -> None:
        before_ms = self._chip.now_ms
        with self._pump.session():
            self.session_ms = self._chip.now_ms - before_ms  # an OPEN and its proof
            self._pump.implant(catheter_cm=50, wall=datetime(2026, 3, 1, 9, 0))
            self._pump.refill(volume_ml=20, concentration_mcg_per_ml=2000)
            self._pump.program_simple(dose_mcg_per_day=500)

    def wait(self, ms: int) -> None:
        self._chip.run_to(self._chip.now_ms + ms)
        self._wiring.lay_head(True)

    def told(self) -> dict[str, Any]:
        """Return the counts of ONBOARD since the last call; the head, which has to be on, is taken away."""
        pin = self._chip.device.mcu.gpio[SERVICE_PIN]
        self._chip.take()
        pin.set_input_value(False)
        self._wiring.lay_head(False)
        self._chip.wait(lambda: b"}" in self._chip.received, TELL_MS, "answer of the board that is measured")
        pin.set_input_value(True)
        return json.loads(self._chip.take())
