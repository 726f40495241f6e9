"""`thecal debug`: time, faults, power, the head and the truth of a running emulator, on its debug link."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import rich_click as click
from rich.console import Console

from hal.plant.faults import INSTANT
from host_tools.cli.common import DURATION_S, Failure, json_option, message_once, port_option, print_json, print_text
from host_tools.cli.faults import FaultField, FaultName, fault_table, known_faults
from host_tools.cli.progress import progress
from host_tools.common.durations import format_duration, parse_duration_s, parse_local_time
from host_tools.emulator.debugclient import ANSWER_LIMIT_S, DebugClient, DebugError, DebugLinkError
from host_tools.machines.faultfields import plant_fields
from host_tools.programmer.discovery import Emulator, debuggable_emulators, find_emulator, registry_dir
from host_tools.programmer.errors import NoDevice

INTERRUPTED = 130  # as after any other Ctrl-C


@click.group(epilog="Example: thecal debug advance 3d")
def debug() -> None:
    """Move an emulated pump's time, break it, and look behind it. Emulators only.

    None of this reaches the pump's serial line: it is what a body, a day or a bench does to a pump.
    """


@contextmanager
def _debug_link(port: str) -> Iterator[DebugClient]:
    """A connection to the emulator that `--port` means; trouble ends the command in one line."""
    busy = message_once(
        f"no answer for {ANSWER_LIMIT_S} s: the emulator computes, or does what another asked; waiting (Ctrl-C ends)"
    )
    try:
        emulator = _emulator(port)
        with DebugClient(emulator.debug, emulator.debug_token, busy) as client:
            yield client
    except (NoDevice, DebugLinkError) as error:
        raise Failure(str(error), 3) from error
    except DebugError as error:
        raise Failure(str(error), 2) from error


def _emulator(port: str) -> Emulator:
    """The running emulator that `auto` or any of its addresses means."""
    if port == "auto":
        return find_emulator()
    for emulator in debuggable_emulators():
        if port in (emulator.tcp, emulator.pty, emulator.debug):
            return emulator
    raise NoDevice(
        f"no emulator runs at {port}, by what those of this user publish in {registry_dir()}; `thecal debug` works on "
        "emulators alone, with the token that is published there"
    )


def _print_result(text: str, values: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print_json(values)
    else:
        print_text(text)


def _time_text(times: dict[str, Any]) -> str:
    """Pump time, and why the pump's own count of it is another."""
    lines = [f"pump time is {format_duration(times['now_s'])} since its first power-up"]
    if times["unpowered_s"]:
        lines.append(f"{format_duration(times['unpowered_s'])} of it without power")
    up_s = times["uptime_s"]
    if up_s is not None and up_s != times["now_s"]:
        why = ", which lacks cuts and what resets lost" if up_s < times["now_s"] else ""
        lines.append(f"up for {format_duration(up_s)} by its own count{why}")
    return "\n".join(lines)


class _AdvanceTarget(click.ParamType):
    """Reads a duration, a date or `next-alarm` as the arguments of the debug link's `advance`."""

    name = "how far"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> dict[str, Any]:
        if value == "next-alarm":
            return {"to": value}
        try:
            if "-" in value:
                return {"to": parse_local_time(value).isoformat()}
            return {"by_s": parse_duration_s(value)}
        except ValueError as error:
            self.fail(f"{error}; or a date, 2026-03-01; or next-alarm", param, ctx)


@debug.command(epilog="Example: thecal debug advance next-alarm")
@click.argument("how_far", type=_AdvanceTarget(), metavar="DURATION|DATE|next-alarm")
@port_option
@json_option
def advance(how_far: dict[str, Any], port: str, as_json: bool) -> None:
    """Let time pass at once: `72d`, up to `2026-03-01`, or until the `next-alarm` is raised.

    Dates are the pump's own local time. Ctrl-C ends it where the pump's time is then, with exit code 130.
    """
    with _debug_link(port) as client:
        answer = _advance(client, how_far)
    event = answer.get("event")
    first = f"{event['name']} ({event['severity'].replace('_', '-')} alarm); " if event else ""
    stopped = "stopped" in answer
    _print_result(("stopped; " if stopped else first) + _time_text(answer), answer, as_json)
    if stopped:
        sys.exit(INTERRUPTED)


def _advance(client: DebugClient, how_far: dict[str, Any]) -> dict[str, Any]:
    """The last answer; one with `stopped` after Ctrl-C."""
    answer: dict[str, Any] = {}
    try:
        with progress() as show:
            for answer in client.advance_in_parts(**how_far):
                show(answer)
    except KeyboardInterrupt:
        with client.reopened() as again:  # the other waits for an answer
            return {**again.ask("now"), "stopped": True}
    return answer


@debug.command(epilog="Example: thecal debug fault motor_stall for=3h")
@click.argument("name", type=FaultName())
@click.argument("fields", nargs=-1, type=FaultField(), metavar="[KEY=VALUE]...")
@port_option
@json_option
def fault(name: str, fields: tuple[tuple[str, int | Decimal | str], ...], port: str, as_json: bool) -> None:
    """Begin a fault, until healed or `for` some time: `motor_stall for=3h`, `reservoir_leak ml_per_day=0.1`.

    `thecal debug faults` lists the faults and their fields.
    """
    given = dict(fields)
    for_s = given.pop("for", None)
    try:
        values = plant_fields(name, given)
    except ValueError as error:
        raise Failure(str(error), 2) from error
    with _debug_link(port) as client:
        client.fault(name, None if for_s is None else int(for_s), **values)
        faults = client.truth()["faults"]
    _print_result(f"{name} began", {"faults": faults}, as_json)


@debug.command(epilog="Example: thecal debug heal motor_stall")
@click.argument("name", type=FaultName("all"))
@port_option
@json_option
def heal(name: str, port: str, as_json: bool) -> None:
    """End a fault, or `all`."""
    with _debug_link(port) as client:
        healed = client.heal(name)
        faults = client.truth()["faults"]
    lines = [f"{each} is healed and acts on for a while" if each in faults else f"{each} is over" for each in healed]
    _print_result("\n".join(lines) or "no fault is on", {"faults": faults}, as_json)


@debug.command(epilog="Example: thecal debug faults")
@port_option
@json_option
def faults(port: str, as_json: bool) -> None:
    """List the faults that can be begun, with their fields, and those that are on."""
    with _debug_link(port) as client:
        present = client.truth()["faults"]
    if as_json:
        print_json({"faults": present, "known": known_faults()})
        return
    console = Console(highlight=False)
    console.print(fault_table())
    console.print(f"\nEach takes for=DURATION as well, but for {', '.join(INSTANT)}.")
    console.print(f"On now: {', '.join(present) or 'none'}.")


@debug.command(epilog="Example: thecal debug cut 1m")
@click.argument("duration_s", type=DURATION_S, default="10s", metavar="[DURATION]")
@port_option
@json_option
def cut(duration_s: int, port: str, as_json: bool) -> None:
    """Cut all power, for 10s or the DURATION given; then the pump boots."""
    with _debug_link(port) as client:
        answer = client.ask("cut", for_s=duration_s)
    _print_result(f"power was off for {format_duration(duration_s)}\n{_time_text(answer)}", answer, as_json)


@debug.command(epilog="Example: thecal debug head on")
@click.argument("state", type=click.Choice(["on", "off", "auto"]))
@port_option
@json_option
def head(state: str, port: str, as_json: bool) -> None:
    """Put the telemetry head on the pump or take it off. auto: on while somebody is on the line."""
    with _debug_link(port) as client:
        client.head(state)
    _print_result(f"the head is {state}", {"head": state}, as_json)


@debug.command(epilog="Example: thecal debug speed 60")
@click.argument("speed", metavar="1|N|max|0")
@port_option
@json_option
def speed(speed: str, port: str, as_json: bool) -> None:
    """Change how fast time runs, as in `thecal emulate --speed`."""
    with _debug_link(port) as client:
        client.speed(speed)
    _print_result(f"the speed is {speed}", {"speed": speed}, as_json)


@debug.command(epilog="Example: thecal debug truth")
@port_option
@json_option
def truth(port: str, as_json: bool) -> None:
    """Show the plant's ground truth, which the pump cannot know.

    The drug in the patient, its effect, risk and symptoms are a simulation, not clinical.
    """
    with _debug_link(port) as client:
        answer = client.ask("truth")
    known = answer.pop("truth")
    if as_json:
        print_json({**answer, **known})
        return
    width = max(len(name) for name in known)
    for name, value in known.items():
        print_text(f"{name:{width}}  {_value_text(value)}", " " * (width + 2))
    print_text(_time_text(answer))


def _value_text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    return ", ".join(value) or "none" if isinstance(value, list | tuple) else str(value)
