"""`thecal flash`: make a board on USB a pump."""

import rich_click as click

from host_tools.cli.common import Failure, port_option, say
from host_tools.programmer import Programmer, ProgrammerError
from host_tools.programmer.discovery import usb_ports
from host_tools.programmer.errors import NoDevice
from host_tools.rig.deployment import CompileError
from host_tools.rig.flash import FlashError, Mpremote, deploy, start

HELLO_TRIES = 10


@click.command()
@port_option
def flash(port: str) -> None:
    """Compile the firmware, deploy what changed to a board, start it and wait for its hello.

    The board needs MicroPython on it, and its service pin connected to ground while it is flashed (docs/rig.md).
    """
    try:
        url = _only_board() if port == "auto" else port
        board = Mpremote(url)
        changed = deploy(board, say)
        say(f"{len(changed)} files deployed and verified" if changed else "the board is up to date")
        start(board)
        say("started; lay the head on (close the reed switch), for without one the pump does not listen")
        with Programmer.open(url, tries=HELLO_TRIES) as pump:
            hello = pump.hello()
    except (FlashError, CompileError) as error:
        raise Failure(str(error), 2) from error
    except ProgrammerError as error:
        raise Failure(str(error), error.exit_code) from error
    click.echo(f"Pump {hello['serial']} runs firmware {hello['firmware']}.")


def _only_board() -> str:
    ports = usb_ports()
    if len(ports) != 1:
        seen = ", ".join(ports) or "none"
        raise NoDevice(f"exactly one board is needed on USB and there is: {seen}; name one with --port")
    return ports[0]
