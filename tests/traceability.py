"""What Thecal is to do and what shows that it does: docs/traceability.md, out of docs/requirements.toml, the `shows` of
scenarios and the `@pytest.mark.shows` of tests.

`python -m tests.traceability` writes it, `--check` fails when it is out of date, `--missing` lists what nothing shows.
"""

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

from host_tools.scenario.document import Document
from tests.rooms import SCENARIO_FILES

ROOT = Path(__file__).parents[1]
DECLARED = ROOT / "docs" / "requirements.toml"
PAGE = ROOT / "docs" / "traceability.md"

HEADINGS = {
    "needs": "What patients are told such a pump does",
    "rules": "Rules of safety and security",
    "faults": "What goes wrong",
}
INTRODUCTION = """\
# Traceability

Every requirement, where it lives, and which scenario (of `tests/scenarios/` or `tests/field/`) or test shows that it
holds. `make gen` writes this page; the requirements themselves are in [requirements.toml](requirements.toml), their
sources in [sources.md](sources.md). `make test` fails for a row that nothing shows, for evidence of a row that does not
exist, and when an expectation of a scenario cannot fail.
"""


class Requirement(NamedTuple):
    """A row: `where` are paths in the tree, `why_not` says why nothing can show it."""

    id: str
    says: str
    where: list[str]
    why_not: str = ""


@cache
def requirements() -> dict[str, list[Requirement]]:
    """Section -> its rows, as declared."""
    tables = tomllib.loads(DECLARED.read_text(encoding="utf-8"))
    return {name: [Requirement(key, **row) for key, row in rows.items()] for name, rows in tables.items()}


def rows() -> list[Requirement]:
    return [row for section in requirements().values() for row in section]


@cache
def evidence() -> dict[str, list[Path | str]]:
    """Id -> what names it: a scenario's file, or a test as `file::name`."""
    found: dict[str, list[Path | str]] = {}
    for source, ids in [*_scenarios(), *_tests()]:
        for key in ids:
            found.setdefault(key, []).append(source)
    return found


def _scenarios() -> Iterator[tuple[Path, list[str]]]:
    for file in SCENARIO_FILES:
        document = Document(file.read_text(encoding="utf-8")).value
        assert isinstance(document, dict), file
        yield file, document.get("shows", [])


def _tests() -> Iterator[tuple[str, list[str]]]:
    for file in sorted(ROOT.glob("tests/**/test_*.py")):
        name = file.relative_to(ROOT / "tests").as_posix()
        for node in ast.parse(file.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef):
                yield f"{name}::{node.name}", [key for mark in node.decorator_list for key in _marked(mark)]
            elif isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "pytestmark":
                yield name, _marked(node.value)


def _marked(mark: ast.expr) -> list[str]:
    if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.shows":
        return [ast.literal_eval(argument) for argument in mark.args]
    return []


def facts() -> set[str]:
    """The ids of docs/sources.md, which a scenario may name as well: "DF-28, 38" and "SEED-05..07" are several."""
    found = set()
    for cell in re.findall(r"^\| ([^|]+) \|", (ROOT / "docs" / "sources.md").read_text(encoding="utf-8"), re.MULTILINE):
        prefix = ""
        for part in cell.split(", "):
            first, _, last = part.partition("..")
            prefix = first.rstrip("0123456789") or prefix
            low, high = first.removeprefix(prefix), last.removeprefix(prefix)
            if low.isdigit():
                numbers = range(int(low), int(high or low) + 1)
                found |= {f"{prefix}{number:0{len(low)}d}" for number in numbers}
    return found


def missing() -> list[Requirement]:
    """The rows that nothing shows, and that do not say why."""
    return [row for row in rows() if not row.why_not and row.id not in evidence()]


def page() -> str:
    parts = [INTRODUCTION]
    for name, section in requirements().items():
        lines = [f"## {HEADINGS[name]}\n", "| id | what | where | shown by |", "|---|---|---|---|"]
        parts.append("\n".join([*lines, *map(_line, section)]) + "\n")
    return "\n".join(parts)


def _line(row: Requirement) -> str:
    where = ", ".join(f"[{path}](../{path})" for path in row.where)
    shown = ", ".join(map(_link, evidence().get(row.id, []))) or (f"nothing: {row.why_not}" if row.why_not else "")
    return f"| {row.id} | {row.says} | {where} | {shown} |"


def _link(source: Path | str) -> str:
    if isinstance(source, Path):
        return f"[{source.stem}](../{source.relative_to(ROOT).as_posix()})"
    file, _, name = source.partition("::")
    return f"[{name or Path(file).stem}](../tests/{file})"


def main(argument: str = "") -> str | None:
    """What to say on a failure."""
    if argument == "--missing":
        print("\n".join(f"{row.id}  {row.says}" for row in missing()))
    elif argument != "--check":
        PAGE.write_text(page(), encoding="utf-8")
    elif not PAGE.exists() or PAGE.read_text(encoding="utf-8") != page():
        return "out of date: docs/traceability.md; run `make gen`"
    return None


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
