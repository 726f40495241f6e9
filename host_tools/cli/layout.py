"""Text for a terminal of any width."""

import shutil
import textwrap

NARROWEST, WIDEST, UNKNOWN = 40, 120, 80


def width() -> int:
    """Columns that a line may take: the terminal's, within bounds; where there is none, 80."""
    return min(max(shutil.get_terminal_size((UNKNOWN, 24)).columns, NARROWEST), WIDEST)


def wrapped(text: str, indent: str = "") -> str:
    """`text` in lines of at most that width, the later ones indented; words stay whole."""
    return textwrap.fill(text, width(), subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
