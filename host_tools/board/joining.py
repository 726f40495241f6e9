"""Modules joined into one before they are compiled: on the board each module takes a table of its names and imports,
and each file some milliseconds at power-up and at every self-test. `thecal flash` and `--on micropython` both run the
result.

Imports among joined modules disappear, and `module.name` becomes `name`. A name that two modules have, or that is a
local one somewhere, gets its module's name behind it.
"""

import ast
import builtins
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import NamedTuple

_STUB = "raise NotImplementedError"
_FUNCTIONS = (ast.FunctionDef, ast.Lambda)
_SCOPES = (*_FUNCTIONS, ast.ClassDef)


class JoinError(ValueError):
    """Modules that cannot be joined without a change of what they mean."""


class Joined(NamedTuple):
    """`lines`: for each line of `text` the module and the line that it was written in."""

    text: str
    lines: list[tuple[str, int]]


def join(sources: Mapping[str, str], homes: Mapping[str, str]) -> dict[str, Joined]:
    """The sources by their modules' names, those in `homes` inside the module that it has for them."""
    program = _Program({name: _Module(name, text) for name, text in sources.items()}, homes)
    members: dict[str, list[_Module]] = {}
    for module in program.in_order():
        members.setdefault(homes.get(module.name, module.name), []).append(module)
    return {home: _joined([_Rewriter(module, program) for module in inside]) for home, inside in members.items()}


class _Module:
    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.tree = ast.parse(text)
        self.imports: dict[str, tuple[str, str]] = {}  # (module, name in it, "" for itself), by the name here
        for node in self.tree.body:
            if isinstance(node, ast.ImportFrom):
                self.imports |= {alias.asname or alias.name: (f"{node.module}", alias.name) for alias in node.names}
            elif isinstance(node, ast.Import):
                self.imports |= {alias.asname or alias.name: (alias.name, "") for alias in node.names}
        self.globals = _bound(self.tree) - self.imports.keys()
        functions = [node for node in ast.walk(self.tree) if isinstance(node, _FUNCTIONS)]
        self.locals = {name for function in functions for name in _bound(function)}


def _bound(scope: ast.Module | ast.FunctionDef | ast.Lambda | ast.ClassDef) -> set[str]:
    """The names that a scope binds itself; those of comprehensions in it count as its own."""
    arguments = ast.walk(scope.args) if isinstance(scope, _FUNCTIONS) else ()
    names = {node.arg for node in arguments if isinstance(node, ast.arg)}
    elsewhere: set[str] = set()
    left: list[ast.AST] = [scope.body] if isinstance(scope, ast.Lambda) else [*scope.body]
    while left:
        node = left.pop()
        match node:
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name) | ast.ExceptHandler(name=str(name)):
                names.add(name)
            case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
                names.add(name)
            case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
                names |= {alias.asname or alias.name for alias in aliases}
            case ast.Global(names=others) | ast.Nonlocal(names=others):
                elsewhere |= set(others)
        if not isinstance(node, _SCOPES):
            left += ast.iter_child_nodes(node)
    return names - elsewhere


class _Program:
    """All modules together. `homes` are the modules into which some are joined."""

    def __init__(self, modules: dict[str, _Module], homes: Mapping[str, str]) -> None:
        self.modules = modules
        self.homes = homes
        self._names: dict[tuple[str, str], str] = {}
        taken = {*dir(builtins)}
        for module in modules.values():
            taken |= module.locals
            taken |= {name for name, (origin, _) in module.imports.items() if origin not in homes}
            taken |= set() if module.name in homes else module.globals
        for module in sorted(self.joined(), key=lambda module: (module.name not in homes.values(), module.name)):
            for name in sorted(module.globals):
                new = name if name not in taken else f"{name}_of_{module.name.rpartition('.')[2]}"
                if new != name and new in taken:
                    raise JoinError(f"{module.name} has {name}, and other modules have {new}; rename one of them")
                taken.add(new)
                self._names[module.name, name] = new

    def joined(self) -> Iterable[_Module]:
        return [module for module in self.modules.values() if module.name in self.homes]

    def in_order(self) -> list[_Module]:
        """Each module after those that it imports."""
        done: dict[str, _Module] = {}

        def add(name: str) -> None:
            if name in done or name not in self.modules:
                return
            for origin, inner in self.modules[name].imports.values():
                add(f"{origin}.{inner}")
                add(origin)
            done[name] = self.modules[name]

        for name in sorted(self.modules):
            add(name)
        return list(done.values())

    def module_of(self, module: _Module, name: str) -> str | None:
        """The joined module that is called `name` in this one."""
        found = ".".join(module.imports.get(name, ()))
        return found if found in self.homes else None

    def place(self, module: _Module, name: str) -> tuple[str, str] | None:
        """Where a global name of `module` is, and what it is called there; None if it is in no joined module."""
        if (module.name, name) in self._names:
            return self.homes[module.name], self._names[module.name, name]
        origin, inner = module.imports.get(name, ("", ""))
        return self.place(self.modules[origin], inner) if origin in self.homes else None


class _Rewriter(ast.NodeTransformer):
    """Of one module's tree. `outside` are the imports that it has of what is in no module joined with it, `needed`
    those that it has for names in a module that others were joined into."""

    def __init__(self, module: _Module, program: _Program) -> None:
        self.module = module
        self.program = program
        self.home = program.homes.get(module.name, module.name)
        self.outside: list[ast.Import | ast.ImportFrom] = []
        self.needed: dict[tuple[str, str], None] = {}
        self._scopes: list[tuple[set[str], bool]] = []  # the names of each scope, and whether it is a class

    def rewritten(self) -> list[ast.stmt]:
        """The body, its imports where they were; those of a joined module are in `outside` alone."""
        body: list[ast.stmt] = []
        at = None
        joined = self.module.name in self.program.homes
        for node in self.module.tree.body:
            if isinstance(node, ast.Import | ast.ImportFrom):
                left = self._import(node)
                if left is not node and at is None:
                    at = len(body)
                if left is not None:
                    (self.outside if joined else body).append(left)
            elif (new := self.visit(node)) is not None:
                body.append(new)
        imports = _merged(ast.ImportFrom(home, [ast.alias(name)], 0) for home, name in self.needed)
        if joined:
            self.outside += imports
        else:
            body[at or 0 : at or 0] = imports
        return body

    def _import(self, node: ast.Import | ast.ImportFrom) -> ast.Import | ast.ImportFrom | None:
        """What is left of it: what is not from a joined module."""
        gone = {alias.asname or alias.name for alias in node.names}
        gone = {name for name in gone if self.program.module_of(self.module, name) or self._place(name)}
        left = [alias for alias in node.names if (alias.asname or alias.name) not in gone]
        if isinstance(node, ast.Import) or len(left) == len(node.names):
            return node
        return ast.copy_location(ast.ImportFrom(node.module, left, 0), node) if left else None

    def _place(self, name: str) -> tuple[str, str] | None:
        return self.program.place(self.module, name)

    def _is_local(self, name: str) -> bool:
        innermost = len(self._scopes) - 1
        return any(
            name in names and (not of_class or at == innermost) for at, (names, of_class) in enumerate(self._scopes)
        )

    def _named(self, place: tuple[str, str] | None, name: str) -> str:
        """The name for what is at `place`, here: imported, if it is in another module; `name` if it is in none."""
        if place is None:
            return name
        home, new = place
        if self._is_local(new):
            raise JoinError(f"{new} of {home} is another name in {self.module.name}; rename one of them")
        if home != self.home:
            self.needed[place] = None
        return new

    @contextmanager
    def _scope(self, node: "ast.FunctionDef | ast.Lambda | ast.ClassDef") -> Iterator[None]:
        self._scopes.append((_bound(node), isinstance(node, ast.ClassDef)))
        yield
        self._scopes.pop()

    def _visit_scope(self, node: "ast.FunctionDef | ast.ClassDef") -> ast.AST | None:
        if self._scopes and self._scopes[-1][1] and ast.unparse(node.body[-1]) == _STUB:
            return None  # a method of a contract, which every driver has
        node.decorator_list = [self.visit(one) for one in node.decorator_list]
        if isinstance(node, ast.FunctionDef):
            node.args = self.visit(node.args)
            node.returns = None
        else:
            node.bases = [self.visit(one) for one in node.bases]
        if not self._scopes:
            node.name = self._named(self._place(node.name), node.name)
        with self._scope(node):
            node.body = [new for one in node.body if (new := self.visit(one)) is not None] or [ast.Pass()]
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST | None:
        return self._visit_scope(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST | None:
        return self._visit_scope(node)

    def visit_Lambda(self, node: ast.Lambda) -> ast.AST:
        node.args = self.visit(node.args)
        with self._scope(node):
            node.body = self.visit(node.body)
        return node

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.annotation = None
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST | None:
        """Without its annotation, which only checkers read."""
        if node.value is None:
            return None
        return ast.copy_location(ast.Assign([self.visit(node.target)], self.visit(node.value)), node)

    def visit_Expr(self, node: ast.Expr) -> ast.AST | None:
        """Without docstrings."""
        return None if isinstance(node.value, ast.Constant) else self.generic_visit(node)

    def visit_Name(self, node: ast.Name) -> ast.AST:
        if not self._is_local(node.id):
            node.id = self._named(self._place(node.id), node.id)
        return node

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        base = node.value
        if isinstance(base, ast.Name) and not self._is_local(base.id):
            origin = self.program.module_of(self.module, base.id)
            if origin:
                place = self.program.place(self.program.modules[origin], node.attr)
                return ast.copy_location(ast.Name(self._named(place, node.attr), node.ctx), node)
        return self.generic_visit(node)

    def visit_Global(self, node: ast.Global) -> ast.AST:
        node.names = [self._named(self._place(name), name) for name in node.names]
        return node


def _joined(rewriters: list[_Rewriter]) -> Joined:
    bodies = [(rewriter, rewriter.rewritten()) for rewriter in rewriters]
    text = [ast.unparse(node) for node in _merged(node for rewriter in rewriters for node in rewriter.outside)]
    lines = [(rewriters[-1].module.name, 1)] * len(text)
    for rewriter, body in bodies:
        written = ast.Module(body, [])
        piece = [line for line in ast.unparse(ast.fix_missing_locations(written)).splitlines() if line]
        text += piece
        lines += [(rewriter.module.name, line) for line in _origins(written, "\n".join(piece))]
    return Joined("\n".join(text) + "\n", lines)


def _merged(imports: Iterable[ast.Import | ast.ImportFrom]) -> list[ast.Import | ast.ImportFrom]:
    """The same in one statement for each module, each name once."""
    names: dict[str | None, dict[tuple[str, str | None], ast.alias]] = {}
    for node in imports:
        origin = node.module if isinstance(node, ast.ImportFrom) else None
        names.setdefault(origin, {}).update({(alias.name, alias.asname): alias for alias in node.names})
    return [
        ast.ImportFrom(origin, [*aliases.values()], 0) if origin else ast.Import([*aliases.values()])
        for origin, aliases in names.items()
    ]


def _origins(written: ast.Module, text: str) -> list[int]:
    """For each line of the text, which was made from the tree `written`, the line that it had in its source."""
    origins = [0] * len(text.splitlines())
    for old, new in zip(ast.walk(written), ast.walk(ast.parse(text)), strict=True):
        if isinstance(old, ast.stmt) and isinstance(new, ast.stmt):
            origins[new.lineno - 1] = old.lineno
    last = 1
    for at, line in enumerate(origins):
        last = origins[at] = line or last  # a line without a statement, such as `else:`, goes with the one before
    return origins
