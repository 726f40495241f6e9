"""Text laid out for the width of the terminal: words stay whole, and a terminal that wants no colour gets none."""

import os
import re
import shutil
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager

_BEFORE_UNIT = re.compile(r"(?<=[0-9]) (?=(?:mL|mcg|mV|mm|cm|%)(?![a-z]))")
_BOND = "\0"
NARROWEST, USUAL, WIDEST = 40, 80, 120


def width() -> int:
    """Columns of the terminal: 80 where there is none or it is not known, at least 40, at most 120."""
    columns = shutil.get_terminal_size((USUAL, 24)).columns
    return min(max(columns, NARROWEST), WIDEST)


def wrapped(text: str, indent: str = "") -> str:
    """`text` in lines of at most width() columns, `indent` before the later ones. Its own line ends stay."""
    return "\n".join(_filled(line, indent) for line in text.split("\n"))


def message(text: str) -> str:
    """A message for stderr: wrapped on a terminal, and else on one line, by which scripts find it."""
    return wrapped(text) if sys.stderr.isatty() else text


def is_plain() -> bool:
    """True where the environment asks for no escape codes and nothing that is drawn over (NO_COLOR, TERM=dumb)."""
    return bool(os.environ.get("NO_COLOR")) or os.environ.get("TERM") == "dumb"


@contextmanager
def apply_plain_output() -> Iterator[None]:
    """Within, NO_COLOR means a dumb terminal: rich leaves out only the colours, and still draws over its lines."""
    terminal = os.environ.get("TERM")
    if is_plain():
        os.environ["TERM"] = "dumb"
    try:
        yield
    finally:
        if terminal is None:
            os.environ.pop("TERM", None)
        else:
            os.environ["TERM"] = terminal


def _filled(line: str, indent: str) -> str:
    """A paragraph, in which a number and its unit stay together."""
    bound = _BEFORE_UNIT.sub(_BOND, line)
    filled = textwrap.fill(bound, width(), subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
    return filled.replace(_BOND, " ")
