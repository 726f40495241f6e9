"""Progress of an advance, on a terminal alone."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from host_tools.common.durations import format_duration


@contextmanager
def progress() -> Iterator[Callable[[dict[str, Any]], None]]:
    """Yield a function that takes the answers of an advance in parts, and shows them as a bar on stderr."""
    console = Console(stderr=True)
    shown = console.is_terminal and not console.is_dumb_terminal
    columns = TextColumn("pump time {task.description}"), BarColumn(), TextColumn("{task.fields[goal]}")
    with Progress(*columns, console=console, disable=not shown, transient=True) as bar:
        task = bar.add_task("", visible=False, goal="")
        began_s: int | None = None

        def show(answer: dict[str, Any]) -> None:
            nonlocal began_s
            began_s = answer["now_s"] if began_s is None else began_s
            rest = answer.get("rest", {"until_ms": answer["now_s"] * 1000})
            searched = "since" in rest
            until_s = rest["until_ms"] // 1000
            bar.update(
                task,
                description=format_duration(answer["now_s"]),
                completed=answer["now_s"] - began_s,
                total=None if searched else until_s - began_s,
                goal="to the next alarm" if searched else f"of {format_duration(until_s)}",
                visible=True,
            )

        yield show
