"""A board's traceback in terms of the sources: `mpremote cat :crash.txt | python -m host_tools.board.tracebacks`.

It has to be the same version of the sources that is on the board.
"""

import re
import sys
from collections.abc import Mapping

from host_tools.board.deployment import ROOT, board_sources, joined
from host_tools.board.joining import Joined

_PLACE = re.compile(r'File "([\w/]+)\.py", line (\d+)')


def in_sources(text: str, modules: Mapping[str, Joined]) -> str:
    """The text with each file and line of `modules`, by their paths less suffix, where it was written."""

    def written(place: re.Match[str]) -> str:
        path, line = place[1], int(place[2])
        if path not in modules or not 0 < line <= len(modules[path].lines):
            return place[0]
        module, line = modules[path].lines[line - 1]
        return f'File "{module.replace(".", "/")}.py", line {line}'

    return _PLACE.sub(written, text)


def main() -> None:
    """Rewrite standard input."""
    modules = joined(ROOT, board_sources())
    for line in sys.stdin:
        print(in_sources(line, modules), end="")


if __name__ == "__main__":
    main()
