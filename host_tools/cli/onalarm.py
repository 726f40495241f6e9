"""A command of the user's for each alarm that is raised: `thecal watch --on-alarm`.

The command is split into words and started without a shell, so that nothing a pump sends can become a part of it: the
alarm, its class and the serial number are in its environment.
"""

import os
import shlex
import subprocess
from collections.abc import Callable

import rich_click as click

from host_tools.cli.common import print_message
from host_tools.programmer.status import Alarm, Status


def _words(_ctx: click.Context, _param: click.Parameter, command: str | None) -> list[str] | None:
    if command is None:
        return None
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise click.BadParameter(f"{command!r} cannot be split into words: {error}") from error
    if not words or not words[0]:
        raise click.BadParameter("it names no command; write for instance 'notify-send Pump'")
    return words


on_alarm_option = click.option(
    "--on-alarm",
    metavar="COMMAND",
    callback=_words,
    help="Run this once for each alarm that is raised, or on already. It gets THECAL_ALARM, THECAL_ALARM_CLASS and "
    "THECAL_SERIAL in its environment. No shell: write `sh -c '...'` for one.",
)


class OnAlarm:
    """Starts the command for each alarm that is new in a status, and waits for none; without a command does nothing.
    `before` is called before a message."""

    def __init__(self, words: list[str] | None, before: Callable[[], None] = lambda: None) -> None:
        self._words = words
        self._before = before
        self._seen: set[tuple[str, int]] = set()
        self._running: list[tuple[str, subprocess.Popen[bytes]]] = []

    def update(self, status: Status) -> None:
        """Take a newer status. An alarm that was over and is raised anew has another time."""
        self.report_failures()
        on = {(alarm["name"], alarm["since_s"]): alarm for alarm in status["alarm_list"]}
        for key, alarm in on.items():
            if self._words and key not in self._seen:
                self._start(self._words, alarm, status["serial"])
        self._seen = set(on)

    def report_failures(self) -> None:
        """Say which commands ended with an error since."""
        for alarm, process in self._running:
            if process.poll():
                self._say(f"the command for {alarm} ended with {process.returncode}")
        self._running = [(alarm, process) for alarm, process in self._running if process.returncode is None]

    def _start(self, words: list[str], alarm: Alarm, serial: str) -> None:
        told = {"THECAL_ALARM": alarm["name"], "THECAL_ALARM_CLASS": alarm["class"], "THECAL_SERIAL": serial}
        try:
            process = subprocess.Popen(
                words,
                env=os.environ | told,
                stdin=subprocess.DEVNULL,
                stdout=2,  # stdout is the watch's own
                start_new_session=True,  # Ctrl-C ends the watch, and no message on its way
            )
        except OSError as error:
            self._say(f"{words[0]} cannot be started for {alarm['name']}: {error.strerror}")
        else:
            self._running.append((alarm["name"], process))

    def _say(self, message: str) -> None:
        self._before()
        print_message(f"--on-alarm: {message}")
