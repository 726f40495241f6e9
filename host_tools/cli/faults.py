"""The faults of an emulated pump on the command line: their names and fields, completed and read, and a table."""

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import rich_click as click
from click.shell_completion import CompletionItem
from rich.table import Table
from rich.text import Text

from hal.plant.faults import FAULTS, SUMMARIES, check_name
from host_tools.common.durations import parse_signed_duration_s
from host_tools.machines.faultfields import DURATIONS, FAULT_FIELDS, WORDS, field_ranges

_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")


class FaultName(click.ParamType):
    """A fault's name, or one of the `others`."""

    name = "fault"

    def __init__(self, *others: str) -> None:
        self._others = others

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if value not in self._others:
            try:
                check_name(value)
            except ValueError as error:
                self.fail(str(error), param, ctx)
        return value

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        return _starting([*FAULTS, *self._others], incomplete)


class FaultField(click.ParamType):
    """`key=value`, to a pair; durations in seconds."""

    name = "field"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, int | Decimal | str]:
        key, equals, text = value.partition("=")
        if not key or not equals:
            self.fail(f"invalid field {value!r}; write key=value, as in for=3h", param, ctx)
        try:
            if key in WORDS:
                return key, text
            if key in ("for", *DURATIONS):
                return key, parse_signed_duration_s(text)
            return key, Decimal(text) if _NUMBER.fullmatch(text) else self.fail(
                f"{key}: invalid number {text!r}; write 20 or 0.25"
            )
        except ValueError as error:
            self.fail(str(error), param, ctx)

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        keys = ["for", *FAULT_FIELDS.get(ctx.params.get("name", ""), [])]
        return _starting([f"{key}=" for key in keys], incomplete)


def _starting(words: Sequence[str], incomplete: str) -> list[CompletionItem]:
    return [CompletionItem(word) for word in words if word.startswith(incomplete)]


def known_faults() -> dict[str, Any]:
    """Fault -> its effect and its own fields, with what each takes."""
    return {name: {"summary": summary, "fields": field_ranges(name)} for name, summary in SUMMARIES.items()}


def fault_table() -> Table:
    """The same for people."""
    table = Table.grid(padding=(0, 2))
    for name, known in known_faults().items():
        lines = [known["summary"], *(f"{field}: {takes}" for field, takes in known["fields"].items())]
        table.add_row(Text(name, style="bold"), Text("\n".join(lines)))
    return table
