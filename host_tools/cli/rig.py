"""`thecal rig`: the board's own firmware and drivers on an emulated RP2040, until Ctrl-C."""

import asyncio
import os
from typing import Any

import rich_click as click

from firmware.config import Config
from host_tools.cli.common import Failure, json_option, print_json, print_message
from host_tools.emulator.publish import published
from host_tools.emulator.rigserver import RigServer, measured_timeout_s
from host_tools.machines.rp2040.rig import Rig
from host_tools.machines.rp2040.uf2 import FirmwareImageMissing

READY_MS = 3000  # from reset


@click.command(epilog="Example: thecal rig --tcp 4321")
@click.option("--tcp", type=click.IntRange(0, 65535), default=0, metavar="PORT", help="TCP port. Default: a free one.")
@click.option("--bare", is_flag=True, help="MicroPython alone and the service jumper: a board for `thecal flash`.")
@json_option
def rig(tcp: int, bare: bool, as_json: bool) -> None:
    """Run the pump on an emulated RP2040 with the plant at its pins, until Ctrl-C.

    Needs a stock MicroPython UF2 for the Pico: THECAL_UF2 names one, else rp2040py fetches its own. Computing takes far
    longer than on a board; how long programmers have to wait for an answer is measured and published.
    """
    try:
        pump = Rig(files={} if bare else None, service_jumper=bare, fetch=True)
        timeout_s = measured_timeout_s(pump.chip)
        if not bare:
            print_message("starting MicroPython and the pump; that takes the emulation a while")
            pump.chip.run_to(READY_MS)
        asyncio.run(_serve(pump, tcp, as_json, bare, timeout_s))
    except FirmwareImageMissing as error:
        raise Failure(str(error), 2) from error


async def _serve(pump: Rig, tcp: int, as_json: bool, bare: bool, timeout_s: int) -> None:
    server = RigServer(pump)
    try:
        url = await server.open(tcp)
    except OSError as error:
        raise Failure(f"TCP port {tcp} cannot be opened ({error.strerror}); name another with --tcp", 2) from error
    with published(_record(url, timeout_s)) as problem:
        if problem:
            print_message(f"thecal: {problem}")
        if as_json:
            print_json({"tcp": url, "timeout_s": timeout_s})
        else:
            _announce(url, f"flash --port {url}" if bare else "status", timeout_s)
        await server.run()


def _record(url: str, timeout_s: int) -> dict[str, Any]:
    nowhere = {"pty": None, "debug": "", "debug_token": ""}
    return {"pid": os.getpid(), "tcp": url, **nowhere, "serial": Config.serial, "timeout_s": timeout_s}


def _announce(url: str, verb: str, timeout_s: int) -> None:
    click.echo("An emulated RP2040. A simulation, not a medical device.")
    click.echo(f"  TCP  {url}")
    click.echo(f"Computing is slow there: programmers wait up to {timeout_s} s for an answer.")
    click.echo(f"Try `thecal {verb}` in another terminal. Ctrl-C ends it.")
