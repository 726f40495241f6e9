"""A stopwatch for the benchmarks."""

import time
from collections.abc import Callable


def timed_s(work: Callable[[], object]) -> float:
    """The wall seconds that `work` takes."""
    began_s = time.perf_counter()
    work()
    return time.perf_counter() - began_s
