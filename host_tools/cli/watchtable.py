"""`thecal watch` for people: a table with a header, in place on a terminal and a line an update elsewhere."""

import sys
from collections.abc import Callable
from typing import NamedTuple

import rich_click as click

from host_tools.cli import statustext
from host_tools.cli.layout import is_plain, width
from host_tools.documents.dose import ml
from host_tools.programmer.status import Status

STATE = "State and alarms"
STATE_ROOM = 22  # for an operation and most alarms by their names
GAP = "  "


class _Column(NamedTuple):
    header: str
    width: int
    text: Callable[[Status], str]


_COLUMNS = {
    "date": _Column("Date", 10, lambda status: (status["wall"] or "-")[:10]),
    "time": _Column("Time", 8, lambda status: status["wall"][11:] if status["wall"] else "-"),
    "rate": _Column("mL/day", 6, lambda status: ml(status["rate_nl_per_day"])),
    "left": _Column("mL left", 7, lambda status: ml(status["reservoir_nl"])),
    "today": _Column("mcg today", 9, lambda status: str(status["delivered_today_mcg"])),
    "battery": _Column("mV", 4, lambda status: str(status["battery_mv"] or "-")),
}
"""In the order in which they stand; the state follows, in what room is left."""
_IMPORTANCE = ("time", "rate", "left", "date", "today", "battery")


class Table:
    """Writes updates to stdout under a header. On a terminal a new one takes the place of the last."""

    def __init__(self) -> None:
        self._in_place = sys.stdout.isatty() and not is_plain()
        self._width = width() - self._in_place  # the last column stays empty, lest the terminal begins another line
        self._columns = _columns_within(self._width - STATE_ROOM)
        self._begun = self._open = False

    def add(self, status: Status) -> None:
        """Write an update, the first one under the names of the columns."""
        if not self._begun:
            click.echo(GAP.join([*(f"{column.header:>{column.width}}" for column in self._columns), STATE]))
            self._begun = True
        cells = [f"{column.text(status):>{column.width}}" for column in self._columns]
        room = self._width - sum(len(cell) + len(GAP) for cell in cells)
        state = _state(status, room)
        line = GAP.join([*cells, statustext.colour_alarms(state, status["alarm_list"])])
        if self._in_place:
            click.echo(f"\r{line}{' ' * (room - len(state))}", nl=False)
            self._open = True
        else:
            click.echo(line)

    def end(self) -> None:
        """Leave the last update in a line of its own."""
        if self._open:
            click.echo()
        self._open = False


def _columns_within(room: int) -> list[_Column]:
    """The columns that fit, the more important first, in the order in which they stand."""
    chosen = set()
    for name in _IMPORTANCE:
        room -= _COLUMNS[name].width + len(GAP)
        if room < 0:
            break
        chosen.add(name)
    return [column for name, column in _COLUMNS.items() if name in chosen]


def _state(status: Status, room: int) -> str:
    """The operation, the alarms by name or, where those are too long, by number, and a note if unsigned."""
    doing = status["operation"]
    if status["therapy"] != "running":
        doing = status["therapy"].replace("_", " ") + ("" if doing in ("idle", "basal") else f" {doing}")
    names = [alarm["name"] for alarm in status["alarm_list"]]
    number = f"{len(names)} alarm{'' if len(names) == 1 else 's'}"
    end = [] if status["signed"] else ["unsigned"]
    for words in ([doing, *(names or ["no alarm"]), *end], [doing, number, *end], [number, *end], [number]):
        text = ", ".join(words)
        if len(text) <= room:
            break
    return text
