"""`thecal emulate`: one emulated pump as a process of its own, until Ctrl-C."""

import asyncio
import math
import os
import secrets
from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from traceback import format_exception
from typing import Any

import rich_click as click

from firmware.config import Config
from host_tools.cli.common import LOCAL_TIME, Failure, json_option, print_json, print_message, verbose_option
from host_tools.cli.output import OutputError
from host_tools.common.durations import format_duration
from host_tools.emulator.activity import Activity
from host_tools.emulator.debuglink import DebugLink
from host_tools.emulator.identity import identify, one_starts
from host_tools.emulator.pacing import Pacer, parse_speed
from host_tools.emulator.publish import published
from host_tools.emulator.server import LINK_COUNT, PortError, Server
from host_tools.emulator.state import Saved, StateError, StateFolder
from host_tools.machines.mock.crash import crash_line
from host_tools.machines.mock.machine import CLOCK_END_MS, MockMachine
from host_tools.programmer.discovery import running_emulators
from host_tools.programmer.errors import BadValue
from host_tools.programmer.units import wall_s


class _Speed(click.ParamType):
    name = "speed"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        try:
            return parse_speed(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)


def _check_start(_ctx: click.Context, _param: click.Parameter, start: datetime | None) -> datetime | None:
    """Only a time that a pump's clock can be set to."""
    if start is not None:
        try:
            wall_s("start", start)
        except BadValue as error:
            raise click.BadParameter(str(error)) from error
    return start


@click.command(epilog="Example: thecal emulate --speed 60 --state pump")
@click.option(
    "--speed",
    type=_Speed(),
    default="1",
    show_default=True,
    metavar="1|N|max|0",
    help="Pump seconds per second. 0: time stands still but for `thecal debug advance`. "
    "max: as fast as it can, once a program was committed; before that time stands still. "
    "While a programmer's session is open it is real time at most.",
)
@click.option(
    "--state",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Keep the pump here between runs; in between it has no power.",
)
@click.option("--tcp", type=click.IntRange(0, 65535), default=0, metavar="PORT", help="TCP port. Default: a free one.")
@click.option(
    "--seed",
    type=click.IntRange(0, 2**63 - 1),
    help="Of serial number and noise; default 0, or as kept in --state, with a serial number that no other emulator "
    "here has. Where it is given, nonces are drawn from it too, and come back with it; else they are new each time.",
)
@click.option(
    "--start",
    type=LOCAL_TIME,
    callback=_check_start,
    metavar="ISO",
    help="Local time of the first power-up, for `thecal debug advance DATE` while the pump's clock is not set.",
)
@click.option("--quiet", is_flag=True, help="Print no line for what happens to the pump: warnings alone.")
@json_option
@verbose_option
def emulate(
    speed: float,
    state: Path | None,
    tcp: int,
    seed: int | None,
    start: datetime | None,
    quiet: bool,
    as_json: bool,
    verbose: bool,
) -> None:
    """Run an emulated pump on TCP and (where there is one) a PTY, until Ctrl-C.

    A week in a bit more than three hours, kept for the next time: `thecal emulate --speed 50 --state my-pump`.

    Prints its addresses, and on stderr a line for each boot, reset, alarm, tone, fault, power cut and connection: pump
    time since its first power-up, its own clock, and what happened. A tone that repeats is one line.

    Firmware that raises is reset by its watchdog, as on a board, and a line says so; its traceback is in crash.txt of
    --state, and shown with -v. A simulation, not a medical device.
    """
    try:
        with ExitStack() as stack:
            folder = StateFolder(state) if state else None
            if folder:
                stack.callback(folder.close)
            starting = stack.enter_context(ExitStack())
            starting.enter_context(one_starts())
            machine, identity = _pump(folder, seed, start, verbose)
            activity = Activity(machine, None if quiet else _print_activity)
            server = Server(machine, Pacer(speed), folder, identity, activity, _report_clock_end)
            asyncio.run(_serve(server, tcp, as_json, starting.close))
    except (StateError, PortError) as error:
        raise Failure(str(error), 2) from error


def _pump(
    folder: StateFolder | None, seed: int | None, start: datetime | None, verbose: bool
) -> tuple[MockMachine, dict[str, Any]]:
    """Return the pump that `folder` keeps, else a new one, and the identity it was made with."""
    saved, warning = folder.load() if folder else (None, None)
    if warning:
        print_message(f"thecal: {warning}")
    if saved is None:
        saved = Saved({}, None, {})
    identity, warning = identify(saved.identity, seed, start, running_emulators())
    if warning:
        print_message(f"thecal: {warning}")
    if seed not in (None, identity["seed"]):
        raise StateError(f"the pump kept there has seed {identity['seed']}, not {seed}; leave --seed out")
    machine = MockMachine(
        Config(serial=identity["serial"]),
        seed=identity["seed"],
        nonce_seed=secrets.randbits(64) if seed is None else seed,
        link_count=LINK_COUNT,
        store=saved.slots,
        plant_state=saved.plant,
        on_crash=_crash_reporter(folder, verbose),
    )
    return machine, identity


def _print_activity(line: str) -> None:
    """Print a line about an event. OSError where nobody reads it any more."""
    try:
        print_message(line)
    except OutputError as error:
        raise OSError(str(error)) from error


def _report_clock_end() -> None:
    end = format_duration(CLOCK_END_MS // 1000)
    print_message(f"thecal: the pump's clock ends here, after {end}; its time stands still")


def _crash_reporter(folder: StateFolder | None, verbose: bool) -> Callable[[Exception, int], None]:
    """Return a function that prints an error of the firmware, and keeps the traceback in `folder`."""

    def report(error: Exception, now_ms: int) -> None:
        print_message(f"thecal: {crash_line(error, now_ms)}")
        trace = "".join(format_exception(error))
        if verbose:
            print_message(trace)
        if folder:
            folder.keep_crash(trace)

    return report


async def _serve(server: Server, tcp_port: int, as_json: bool, started: Callable[[], None]) -> None:
    """Serve until it ends; `started` is called once others can see this emulator."""
    ports = await server.open(tcp_port)
    try:
        link = DebugLink(server)
        debug = {"debug": await link.open(), "debug_token": link.token}
        record = {**ports, **debug, "pid": os.getpid(), "serial": server.identity["serial"]}
        with published(record) as problem:
            started()
            if problem:
                print_message(f"thecal: {problem}")
            if as_json:
                print_json(record)
            else:
                _announce(record, server)
            await server.run()
    finally:
        server.close()


def _announce(record: dict[str, Any], server: Server) -> None:
    speed = server.pacer.speed
    pace = {0: "standing still", 1: "real time", math.inf: "as fast as it can"}.get(speed, f"{speed:g} x real time")
    if server.waits_for_program:
        pace += " once a program is committed, standing still until then"
    click.echo(f"Pump {record['serial']}, emulated, {pace}. A simulation, not a medical device.")
    click.echo(f"  TCP         {record['tcp']}")
    if record["pty"]:
        click.echo(f"  PTY         {record['pty']}")
    click.echo(f"  debug link  {record['debug']}, for this user's `thecal debug` alone")
    click.echo("Try `thecal status` or `thecal watch` in another terminal. Ctrl-C ends it.")
