"""A status request's round trip: programmer, TCP, emulator process, firmware and back."""

from statistics import median

from host_tools.bench.timing import timed_s
from host_tools.emulator.process import EmulatorProcess
from host_tools.programmer import Programmer

REQUESTS = 500


def measure() -> dict[str, float]:
    """Milliseconds from asking to the decoded values."""
    with EmulatorProcess(speed=1) as emulator, Programmer.open(emulator.url, keys=None) as pump:
        taken_s = [timed_s(pump.status) for _ in range(REQUESTS)]
    return {"median_ms": round(median(taken_s) * 1000, 3)}
