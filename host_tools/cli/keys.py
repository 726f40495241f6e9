"""`thecal pair` and `thecal keys`. Nothing here shows a key."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import rich_click as click

from host_tools.cli.common import Failure, json_option, print_json, print_text, pump_verb
from host_tools.cli.interaction import check_terminal
from host_tools.common.durations import format_duration
from host_tools.programmer import KeyFileError, KeyStore, Programmer
from host_tools.programmer.keystore import PumpKeys
from host_tools.programmer.status import Hello


@click.command(epilog="Example: thecal pair")
@click.option("--lost", is_flag=True, help="The pump's key is lost: ask for the way back, which takes a waiting time.")
@pump_verb
def pair(pump: Programmer, as_json: bool, lost: bool) -> None:
    """Give the pump a key of its own, in place of the published test key. Needs the telemetry head.

    Do it where nobody listens on the line: the test key hides nothing. The key is kept in the key file (thecal keys).

    With --lost: the pump is asked to go back to the test key. It waits for a day, sounds a tone every hour meanwhile,
    and gives up when somebody has the key after all. The same command after the waiting pairs it anew.
    """
    serial = pump.hello()["serial"]
    left_s = pump.reset_key() if lost else 0
    if left_s:
        _print_waiting(pump.hello(), left_s, as_json)
        return
    _print_new_key(serial, pump.pair(), as_json)


def _print_waiting(hello: Hello, left_s: int, as_json: bool) -> None:
    if as_json:
        print_json({"serial": hello["serial"], "key": hello["key"], "left_s": left_s})
        return
    print_text(
        f"pump {hello['serial']} goes back to the test key in {format_duration(left_s)} of its time: "
        "`thecal pair --lost` again then, and not much later"
    )


def _print_new_key(serial: str, known: PumpKeys, as_json: bool) -> None:
    if as_json:
        print_json({"serial": serial, "key": "device", "left_s": 0, "since": known.since})
        return
    print_text(f"pump {serial} has a new key of its own, kept in {KeyStore.default().path}")
    print_text("whoever has that file has the pump; without it only `thecal pair --lost` leads back: keep a copy safe")


@click.group(invoke_without_command=True, epilog="Example: thecal keys")
@json_option
@click.pass_context
def keys(context: click.Context, as_json: bool) -> None:
    """List the pumps whose keys this programmer holds; or replace or forget one."""
    if context.invoked_subcommand:
        return
    store = KeyStore.default()
    with _key_file():
        pumps = store.all()
    if as_json:
        print_json([_row(serial, known) for serial, known in pumps.items()])
        return
    for serial, known in pumps.items():
        print_text(f"{serial:<12}  {_proof_text(known)}")
    if not pumps:
        print_text(f"no keys in {store.path}; `thecal pair` makes one")


@keys.command(epilog="Example: thecal keys rotate")
@pump_verb
def rotate(pump: Programmer, as_json: bool) -> None:
    """Replace the pump's own key by a new one. Needs the telemetry head."""
    _print_new_key(pump.hello()["serial"], pump.rotate_key(), as_json)


@keys.command(epilog="Example: thecal keys forget THECAL-00001")
@click.argument("serial")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
def forget(serial: str, yes: bool, as_json: bool) -> None:
    """Drop the keys of the pump with the number SERIAL from the key file. The pump keeps its own."""
    store = KeyStore.default()
    with _key_file():
        if store.of(serial) is None:
            raise click.UsageError(f"{store.path} has no key of pump {serial}; `thecal keys` lists those that it has")
        check_terminal(yes)
        if not yes:
            click.confirm(f"Drop the only key of pump {serial} that this computer has?", abort=True, err=True)
        store.forget(serial)
    if as_json:
        print_json({"serial": serial, "forgotten": True})
    else:
        print_text(f"the keys of pump {serial} are gone from {store.path}")


@contextmanager
def _key_file() -> Iterator[None]:
    """Trouble with the key file ends the command in one line."""
    try:
        yield
    except KeyFileError as error:
        raise Failure(str(error), error.exit_code) from error


def _row(serial: str, known: PumpKeys) -> dict[str, Any]:
    return {"serial": serial, "since": known.since, "pending": known.pending is not None}


def _proof_text(known: PumpKeys) -> str:
    since = known.since.replace("T", " ") if known.since else "never proved"
    return since + ("; a new key was sent, and perhaps taken: the next session tells" if known.pending else "")
