"""Integer constants folded into the sources before they are compiled, as C's preprocessor does: on the board each
name of one takes some 30 bytes of RAM, and looking it up takes time. Every line stays where it was.
"""

import ast
import operator
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

SMALL = range(-(1 << 30), 1 << 30)  # a larger number is an object wherever it is used, and so keeps its name

_NAME = re.compile(r"_?[A-Z][A-Z0-9_]*")
_OPERATORS: dict[type[ast.operator], Callable[[int, int], int]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: operator.floordiv,
    ast.LShift: operator.lshift,
}


class _Edit(NamedTuple):
    node: ast.stmt | ast.expr
    text: str


def fold(sources: Mapping[str, str], kept: str = "") -> dict[str, str]:
    """The sources, by their modules' names, with each constant of theirs a number. Those of module `kept` stay."""
    modules = {name: _Module(text) for name, text in sources.items()}
    program = _Program({name: module for name, module in modules.items() if name != kept})
    return {name: module.folded(name, program) for name, module in modules.items()}


def module_name(path: Path) -> str:
    """What a source, by its path from where imports begin, is called in them."""
    return ".".join(path.with_suffix("").parts).removesuffix(".__init__")


class _Module:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tree = ast.parse(text)
        nodes = list(ast.walk(self._tree))
        stored = [node.id for node in nodes if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)]
        strings = [node for node in nodes if isinstance(node, ast.JoinedStr)]  # where in one, Python 3.11 does not tell
        self.in_strings = {node.id for string in strings for node in ast.walk(string) if isinstance(node, ast.Name)}
        self.imports = [node for node in self._tree.body if isinstance(node, ast.ImportFrom)]
        self.origins = {alias.asname or alias.name: f"{node.module}" for node in self.imports for alias in node.names}
        self.constants = {
            target.id: node
            for node in self._tree.body
            if isinstance(node, ast.Assign)
            and isinstance(target := node.targets[0], ast.Name)
            and _NAME.fullmatch(target.id)
            and stored.count(target.id) == 1
        }

    def folded(self, name: str, program: "_Program") -> str:
        lines = self._text.encode().splitlines(keepends=True)
        edits = sorted(self._edits(name, program), key=lambda edit: (edit.node.lineno, edit.node.col_offset))
        for node, text in reversed(edits):
            first, last = node.lineno - 1, (node.end_lineno or 0) - 1
            start, rest = lines[first][: node.col_offset], lines[last][node.end_col_offset :]
            more = last - first
            lines[first : last + 1] = [start + text.encode() + b"\n" * more + rest, *[b""] * more]
        return b"".join(lines).decode()

    def _edits(self, name: str, program: "_Program") -> Iterator[_Edit]:
        gone = [node for constant, node in self.constants.items() if program.small(name, constant) is not None]
        gone += [node for node in self._tree.body if _is_for_checkers(node)]
        yield from (_Edit(node, "") for node in gone)
        for node in self.imports:
            left = [alias for alias in node.names if program.small(name, alias.name) is None]
            if len(left) < len(node.names):
                yield _Edit(node, ast.unparse(ast.ImportFrom(node.module, left, 0)) if left else "")
        for top in self._tree.body:
            for node in ast.walk(top) if top not in gone else ():
                if isinstance(node, ast.Name | ast.Attribute):
                    value = program.small(name, node)
                    if value is not None:
                        yield _Edit(node, str(value) if value >= 0 else f"({value})")


def _is_for_checkers(node: ast.stmt) -> bool:
    """True for `TYPE_CHECKING = False` and the `if TYPE_CHECKING` after it, which the board never needs."""
    tested = node.test if isinstance(node, ast.If) and not node.orelse else None
    named = node.targets[0] if isinstance(node, ast.Assign) else tested
    return isinstance(named, ast.Name) and named.id == "TYPE_CHECKING"


class _Program:
    """All modules together: what a name or an expression in one of them is worth, None where that is no constant."""

    def __init__(self, modules: dict[str, _Module]) -> None:
        self._modules = modules
        self._in_strings = {name for module in modules.values() for name in module.in_strings}

    def small(self, module: str, what: str | ast.expr) -> int | None:
        """Of what is to be folded."""
        value = self._named(module, what) if isinstance(what, str) else self._value(module, what)
        return value if value is not None and value in SMALL else None

    def _named(self, module: str, name: str) -> int | None:
        """Of a name as `module` knows it."""
        found = self._modules.get(module)
        if found is None or name in self._in_strings:
            return None
        if name in found.constants:
            return self._value(module, found.constants[name].value)
        return self._named(found.origins[name], name) if name in found.origins else None

    def _value(self, module: str, node: ast.expr) -> int | None:
        match node:
            case ast.Constant(value=int(value)) if not isinstance(value, bool):
                return value
            case ast.Name(id=name):
                return self._named(module, name)
            case ast.Attribute(value=ast.Name(id=base), attr=name) if module in self._modules:
                return self._named(f"{self._modules[module].origins.get(base)}.{base}", name)
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                value = self._value(module, operand)
                return None if value is None else -value
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
                a, b = self._value(module, left), self._value(module, right)
                return None if a is None or b is None else _OPERATORS[type(op)](a, b)
        return None
