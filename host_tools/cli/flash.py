"""`thecal flash`: make a board on USB a pump."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import rich_click as click
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, TextColumn
from rich.progress import Progress as Bar

from host_tools.board.deployment import CompileError
from host_tools.board.flash import Progress, deploy, start, without_repl
from host_tools.board.repl import Board, NoRepl
from host_tools.cli.common import (
    Failure,
    json_option,
    port_option,
    print_json,
    print_message,
    print_slow_notice,
    timeout_option,
)
from host_tools.programmer import Programmer, ProgrammerError, discovery
from host_tools.programmer.channel import SLOW_S
from host_tools.programmer.errors import NoDevice
from host_tools.programmer.timeouts import known_timeout_s

TIMEOUT_S = 1.0  # of a board
HEAD_S = 60  # somebody has to lay the head on
LEAST_TRIES = 4


@click.command(epilog="Example: thecal flash --port /dev/ttyACM0")
@port_option
@timeout_option
@json_option
def flash(port: str, timeout_s: float | None, as_json: bool) -> None:
    """Compile the firmware, deploy what changed to a board, start it, and show what answers.

    The board needs MicroPython on it, and its service pin connected to ground while it is flashed (docs/rig.md).
    """
    try:
        url = _only_board() if port == "auto" else port
        waits_s = timeout_s or known_timeout_s(url) or TIMEOUT_S
        try:
            changed = _deploy(url, waits_s)
        except NoRepl as error:
            raise without_repl(error.port, waits_s) from error
        print_message("started; lay the head on (close the reed switch), for without one the pump does not listen")
        identity = _read_identity(url, waits_s) | {"deployed": changed}
    except CompileError as error:
        raise Failure(str(error), 1) from error
    except ProgrammerError as error:
        raise Failure(str(error), error.exit_code) from error
    if as_json:
        print_json(identity)
    else:
        click.echo(_identity_text(identity))


def _deploy(url: str, timeout_s: float) -> list[str]:
    if timeout_s > SLOW_S:
        print_slow_notice(timeout_s)
    with Board(url, timeout_s) as board:
        with _progress_bar() as progress:
            changed = deploy(board, progress)
        print_message(f"{len(changed)} files deployed and verified" if changed else "the board is up to date")
        start(board)
    return changed


def _read_identity(url: str, timeout_s: float) -> dict[str, Any]:
    tries = max(LEAST_TRIES, round(HEAD_S / timeout_s))
    with Programmer.open(url, tries=tries, timeout_s=timeout_s, waiting=print_slow_notice) as pump:
        try:
            hello = pump.hello()
        except NoDevice as error:
            raise NoDevice(
                f"{url}: deployed and started, but no hello came; lay the head on, and ask with `thecal status` "
                "(docs/rig.md: a board that does not come up)"
            ) from error
        return {name: hello[name] for name in ("serial", "firmware", "schema")} | pump.diagnostics()


def _identity_text(identity: dict[str, Any]) -> str:
    free_bytes = identity["free_bytes"]
    free = "free memory unknown" if free_bytes is None else f"{free_bytes:,} bytes of memory free"
    return "Pump {serial}: firmware {firmware}, schema {schema}, on {runtime}, ".format(**identity) + free + "."


@contextmanager
def _progress_bar() -> Iterator[Progress]:
    """A bar on a terminal, else a line for each file."""
    console = Console(stderr=True)
    with Bar(
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        console=console,
        disable=not console.is_terminal,
    ) as bar:
        task = bar.add_task("")
        shown = [""]

        def progress(path: str, done_bytes: int, total_bytes: int) -> None:
            bar.update(task, description=path, completed=done_bytes, total=total_bytes)
            if shown[0] != path and not console.is_terminal:
                print_message(f"{done_bytes} of {total_bytes} bytes: {path}")
            shown[0] = path

        yield progress


def _only_board() -> str:
    ports = discovery.usb_ports()
    if not ports:
        raise NoDevice("no RP2040 is on USB; plug the board in with a cable that carries data, or name its --port")
    if len(ports) > 1:
        raise NoDevice(f"{len(ports)} boards are on USB: {', '.join(ports)}; choose one with --port")
    return ports[0]
