"""`thecal debug`: time, faults, power, the head and the truth of a running emulator, on its debug link."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import rich_click as click

from host_tools.cli.common import DURATION_S, Failure, json_option, once, port_option, print_json
from host_tools.durations import format_duration, parse_duration_s, parse_local_time, parse_signed_duration_s
from host_tools.emulator.debugclient import PATIENCE_S, DebugClient, DebugError, DebugLinkError
from host_tools.faultfields import DURATIONS, WORDS, plant_fields
from host_tools.programmer.discovery import Emulator, debuggable_emulators, find_emulator, registry_dir
from host_tools.programmer.errors import NoDevice

_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")


@click.group()
def debug() -> None:
    """Move an emulated pump's time, break it, and look behind it. Emulators only.

    None of this reaches the pump's serial line: it is what a body, a day or a bench does to a pump.
    """


@contextmanager
def _debug_link(port: str) -> Iterator[DebugClient]:
    """A connection to the emulator that `--port` means; trouble ends the command in one line."""
    busy = once(
        f"no answer for {PATIENCE_S} s: the emulator computes, or does what another asked; waiting (Ctrl-C ends)"
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


def _result(text: str, values: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print_json(values)
    else:
        click.echo(text)


def _time(now_s: int) -> str:
    return f"pump time is {format_duration(now_s)} since its first power-up"


class _HowFar(click.ParamType):
    """To the arguments of the debug link's `advance`."""

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


class _Field(click.ParamType):
    """`key=value`, to a pair; durations in seconds."""

    name = "field"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, int | Decimal | str]:
        key, equals, text = value.partition("=")
        if not key or not equals:
            self.fail(f"{value!r} is no field; write key=value, as in for=3h", param, ctx)
        try:
            if key in WORDS:
                return key, text
            if key in ("for", *DURATIONS):
                return key, parse_signed_duration_s(text)
            return key, Decimal(text) if _NUMBER.fullmatch(text) else self.fail(f"{key}: {text!r} is no number")
        except ValueError as error:
            self.fail(str(error), param, ctx)


@debug.command()
@click.argument("how_far", type=_HowFar(), metavar="DURATION|DATE|next-alarm")
@port_option
@json_option
def advance(how_far: dict[str, Any], port: str, as_json: bool) -> None:
    """Let time pass at once: `72d`, up to `2026-03-01`, or until the `next-alarm` is raised.

    Dates are the pump's own local time.
    """
    with _debug_link(port) as client:
        answer = client.ask("advance", **how_far)
    event = answer.get("event")
    raised = f"{event['name']} ({event['severity'].replace('_', '-')} alarm); " if event else ""
    _result(raised + _time(answer["now_s"]), answer, as_json)


@debug.command()
@click.argument("name")
@click.argument("fields", nargs=-1, type=_Field(), metavar="[KEY=VALUE]...")
@port_option
@json_option
def fault(name: str, fields: tuple[tuple[str, int | Decimal | str], ...], port: str, as_json: bool) -> None:
    """Begin a fault, until healed or `for` some time: `motor_stall for=3h`, `reservoir_leak ml_per_day=0.1`.

    The faults and their fields are those of scenarios; docs/scenarios.md lists them.
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
    _result(f"{name} began", {"faults": faults}, as_json)


@debug.command()
@click.argument("name")
@port_option
@json_option
def heal(name: str, port: str, as_json: bool) -> None:
    """End a fault."""
    with _debug_link(port) as client:
        client.heal(name)
        faults = client.truth()["faults"]
    _result(f"{name} is over", {"faults": faults}, as_json)


@debug.command()
@click.argument("duration_s", type=DURATION_S, default="10s", metavar="[DURATION]")
@port_option
@json_option
def cut(duration_s: int, port: str, as_json: bool) -> None:
    """Cut all power, for 10s or the DURATION given; then the pump boots."""
    with _debug_link(port) as client:
        now_s = client.cut(duration_s)
    _result(f"power was off for {format_duration(duration_s)}; {_time(now_s)}", {"now_s": now_s}, as_json)


@debug.command()
@click.argument("state", type=click.Choice(["on", "off", "auto"]))
@port_option
@json_option
def head(state: str, port: str, as_json: bool) -> None:
    """Put the telemetry head on the pump or take it off. auto: on while somebody is on the line."""
    with _debug_link(port) as client:
        client.head(state)
    _result(f"the head is {state}", {"head": state}, as_json)


@debug.command()
@click.argument("speed", metavar="1|N|max|0")
@port_option
@json_option
def speed(speed: str, port: str, as_json: bool) -> None:
    """Change how fast time runs, as in `thecal emulate --speed`."""
    with _debug_link(port) as client:
        client.speed(speed)
    _result(f"the speed is {speed}", {"speed": speed}, as_json)


@debug.command()
@port_option
@json_option
def truth(port: str, as_json: bool) -> None:
    """What the plant knows and the pump cannot.

    The drug in the patient, its effect, risk and symptoms are a simulation, not clinical.
    """
    with _debug_link(port) as client:
        known = client.truth()
    width = max(len(name) for name in known)
    shown = "\n".join(f"{name:{width}}  {_shown(value)}" for name, value in known.items())
    _result(shown, known, as_json)


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    return ", ".join(value) or "none" if isinstance(value, list | tuple) else str(value)
