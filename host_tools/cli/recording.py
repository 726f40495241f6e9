"""A recording while it runs: its figures on a terminal, and a Ctrl-C that ends it between two rows."""

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Self

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn

from host_tools.common.durations import format_duration
from host_tools.exports.telemetryfile import TelemetryFile
from host_tools.programmer import Programmer
from host_tools.programmer.status import Status

SHOW_S = 1.0  # of wall time between two figures; each asks the pump once for its time


class CtrlC:
    """Ends the `with` block at Ctrl-C, as a normal end, but in no part that is `held`."""

    def __init__(self) -> None:
        self._holding = self._asked = False

    @contextmanager
    def held(self) -> Iterator[None]:
        """Within, Ctrl-C waits for the end of this block."""
        self._holding = True
        try:
            yield
        finally:
            self._holding = False
        if self._asked:
            raise KeyboardInterrupt

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self._asked = True
        if not self._holding:
            raise KeyboardInterrupt

    def __enter__(self) -> Self:
        self._before = signal.getsignal(signal.SIGINT)
        if self._before is not signal.SIG_IGN:  # a job in the background is not the one that is meant
            signal.signal(signal.SIGINT, self._on_signal)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        signal.signal(signal.SIGINT, self._before)
        return kind is KeyboardInterrupt


@contextmanager
def recording_progress(pump: Programmer, telemetry: TelemetryFile) -> Iterator[Callable[[Status], None]]:
    """Yield a function that takes each update, once recorded.

    On a terminal alone it shows rows, their rate, and their lag: the pump time passed since the newest of them.
    """
    console = Console(stderr=True)
    shown = console.is_terminal and not console.is_dumb_terminal
    with Progress(
        SpinnerColumn(), TextColumn("{task.description}"), console=console, disable=not shown, transient=True
    ) as bar:
        task = bar.add_task("waiting for telemetry")
        began_s = shown_at_s = time.monotonic()

        def show(update: Status) -> None:
            nonlocal shown_at_s
            now_s = time.monotonic()
            if not shown or now_s - shown_at_s < SHOW_S:
                return
            shown_at_s = now_s
            lag_s = max(0, pump.status()["uptime_s"] - update["uptime_s"])
            rate = telemetry.rows / (now_s - began_s)
            bar.update(task, description=f"{telemetry.rows:,} rows, {rate:.1f} a second, lag {format_duration(lag_s)}")

        yield show
