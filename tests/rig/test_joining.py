"""Modules joined for the board mean what they meant apart, and their lines are found again. That all the firmware
behaves as it is written is shown by the scenarios on MicroPython, which run it so."""

import ast
import builtins
import sys
from types import ModuleType

import pytest

from host_tools.board.deployment import ROOT, board_sources, joined
from host_tools.board.joining import Joined, JoinError, join
from host_tools.board.tracebacks import in_sources

SOURCES = {
    "kit.low": """'''Low.'''
from struct import pack

_SIZE = 2
SIZES = tuple([_SIZE + size for size in (1, 2)])


def volume(size: int) -> bytes:
    '''Pack it.'''
    return pack("<H", size + _SIZE)


class Base:
    def told(self) -> str:
        raise NotImplementedError
""",
    "kit.high": """'''High.'''
from binascii import crc32
from kit import low
from kit.low import SIZES as KNOWN, Base as _Base

_SIZE = 40
count: int = 0


class High(_Base):
    _SIZE = 7

    def told(self, low=3):
        global count
        count += 1
        volume = low
        return volume, _SIZE, KNOWN, crc32(other(_SIZE)), count


def other(size):
    return low.volume(size)
""",
    "kit.user": """from kit import low
from kit.high import High, other

answer = High().told() + (other(1), low.volume(2), low.SIZES)
""",
}
HOMES = {"kit.low": "kit.high", "kit.high": "kit.high"}


def answer(texts: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> object:
    """What `kit.user` comes to."""
    monkeypatch.setitem(sys.modules, "kit", package := ModuleType("kit"))
    for name, text in texts.items():
        module = ModuleType(name)
        monkeypatch.setitem(sys.modules, name, module)
        setattr(package, name.rpartition(".")[2], module)
        exec(compile(text, name, "exec"), vars(module))
    return vars(sys.modules["kit.user"])["answer"]


def test_joined_modules_do_what_they_did_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    modules = join(SOURCES, HOMES)
    assert list(modules) == ["kit.high", "kit.user"]
    texts = {name: module.text for name, module in modules.items()}
    with monkeypatch.context() as apart:
        expected = answer(SOURCES, apart)
    assert answer(texts, monkeypatch) == expected
    assert "NotImplementedError" not in texts["kit.high"]


def test_each_line_is_found_where_it_was_written() -> None:
    module = join(SOURCES, HOMES)["kit.high"]
    lines = module.text.splitlines()
    assert len(lines) == len(module.lines)
    at = next(number for number, line in enumerate(lines) if line.strip().startswith("return pack("))
    assert module.lines[at] == ("kit.low", 10)
    told = f'Traceback:\n  File "kit/high.py", line {at + 1}, in volume\n  File "kit/high.py", line 999, in x\n'
    found = in_sources(told, {"kit/high": module})
    assert found == told.replace(f'"kit/high.py", line {at + 1},', '"kit/low.py", line 10,')


def test_a_name_that_would_be_another_one_is_refused() -> None:
    sources = {"kit.low": "x = 1\nx_of_high = 2\n", "kit.high": "from kit import low\nx = 2\n"}
    with pytest.raises(JoinError, match="rename one of them"):
        join(sources, {"kit.low": "kit.low", "kit.high": "kit.low"})


@pytest.fixture(scope="module")
def board() -> dict[str, Joined]:
    return joined(ROOT, board_sources())


def test_every_function_of_the_board_is_found_by_its_line(board: dict[str, Joined]) -> None:
    for module in board.values():
        for node in ast.walk(ast.parse(module.text)):
            if isinstance(node, ast.FunctionDef) and not node.decorator_list:
                name, line = module.lines[node.lineno - 1]
                source = (ROOT / f"{name.replace('.', '/')}.py").read_text(encoding="utf-8").splitlines()[line - 1]
                assert f"def {node.name.partition('_of_')[0]}" in source


def test_no_name_on_the_board_is_left_without_what_it_names(board: dict[str, Joined]) -> None:
    """Each name that a module loads is bound somewhere in it, or is built in; `wfi` is an instruction."""
    for name, module in board.items():
        tree = ast.parse(module.text)
        bound = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
        bound |= {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
        bound |= {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.ClassDef)}
        bound |= {node.name for node in ast.walk(tree) if isinstance(node, ast.ExceptHandler) and node.name}
        imports = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
        bound |= {alias.asname or alias.name for node in imports for alias in node.names}
        loaded = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
        assert loaded - bound - {*dir(builtins), "wfi"} == set(), name
