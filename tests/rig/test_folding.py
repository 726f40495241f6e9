"""Constants folded for the board: the sources mean the same, and nothing moves. That all the folded firmware behaves as
it is written is shown by the scenarios on MicroPython, which run it so."""

import ast
from types import CodeType

import pytest

from host_tools.board.deployment import BOARD_FILE, ROOT, board_sources
from host_tools.board.folding import fold, module_name

CODES = '''"""Codes."""

OK = 0
FAR = 1 << 30  # too large
NEAR = FAR - 1
BACK = -NEAR - 1
NOT_READY = True
Thing = 5
'''
USER = '''"""User."""

from board import codes
from board.codes import (
    FAR,
    OK,
)
_LIMIT = codes.NEAR - 2 * OK
_TOLD = 7
_COUNT = 0


def look(value, codes_of):
    global _COUNT
    _COUNT += 1
    if codes_of.OK == OK and value ** -codes.BACK == FAR:
        return f"{_TOLD}", codes.NOT_READY, codes.Thing, _TOLD
    return "ü", _LIMIT, codes.BACK
'''


@pytest.fixture(scope="module")
def board() -> tuple[dict[str, str], dict[str, str]]:
    """The board's sources, and the same folded."""
    names = [path.relative_to(ROOT) for path in board_sources()]
    written = {module_name(name): (ROOT / name).read_text(encoding="utf-8") for name in names}
    return written, fold(written, kept=BOARD_FILE)


def test_what_only_type_checkers_read_is_left_out_and_nothing_moves() -> None:
    source = "TYPE_CHECKING = False\nif TYPE_CHECKING:\n    from board.codes import Code\n\nx = 1\n"
    assert fold({"board.user": source})["board.user"].splitlines() == ["", "", "", "", "x = 1"]


def test_numbers_stand_where_names_stood_and_what_is_no_small_number_keeps_its_name() -> None:
    folded = fold({"board.codes": CODES, "board.user": USER})
    assert folded["board.codes"].splitlines() == [
        '"""Codes."""',
        *("", "", "FAR = 1 << 30  # too large", "", "", "NOT_READY = True", "Thing = 5"),
    ]
    lines = folded["board.user"].splitlines()
    assert lines[2:7] == ["from board import codes", "from board.codes import FAR", "", "", ""]
    assert lines[7:10] == ["", "_TOLD = 7", "_COUNT = 0"]
    assert lines[15] == "    if codes_of.OK == 0 and value ** -(-1073741824) == FAR:"
    assert lines[17] == f'    return "ü", {(1 << 30) - 1}, (-1073741824)'


def test_a_module_may_keep_its_names() -> None:
    folded = fold({"board.codes": CODES, "board.user": USER}, kept="board.codes")
    assert folded["board.codes"] == CODES
    assert "_LIMIT = codes.NEAR - 2 * OK" in folded["board.user"]


def for_checkers(text: str) -> set[int]:
    """The lines that only type checkers read."""
    blocks = [node for node in ast.parse(text).body if isinstance(node, ast.If)]
    return {line for block in blocks for line in range(block.lineno, (block.end_lineno or 0) + 1)}


def test_every_line_of_the_board_stays_where_it_is(board: tuple[dict[str, str], dict[str, str]]) -> None:
    for name, text in board[0].items():
        kept = [line for line, _ in functions(text) if line not in for_checkers(text)]
        assert kept == [line for line, _ in functions(board[1][name])], name


def test_no_name_is_left_without_its_constant(board: tuple[dict[str, str], dict[str, str]]) -> None:
    """Each global that the folded code asks for is one that it has."""
    for name, text in board[1].items():
        tree = ast.parse(text)
        for node in tree.body:
            if isinstance(node, ast.ImportFrom) and node.module in board[1]:
                there = compiled(board[1][node.module]).co_names
                modules = {other.rpartition(".")[2] for other in board[1]}
                assert {alias.name for alias in node.names} <= {*there, *modules}, (name, node.lineno)
            for used in ast.walk(node):
                if isinstance(used, ast.Attribute) and isinstance(used.value, ast.Name) and used.value.id == "wire":
                    assert used.attr in compiled(board[1]["firmware.wire"]).co_names, (name, used.lineno)


def test_the_board_is_spared_its_constants(board: tuple[dict[str, str], dict[str, str]]) -> None:
    names = [len([n for n in compiled(texts["firmware.wire"]).co_names if n.isupper()]) for texts in board]
    assert names[0] > 200
    assert names[1] < 20


def compiled(text: str) -> CodeType:
    return compile(text, "source", "exec")


def functions(text: str) -> list[tuple[int, str]]:
    return [(node.lineno, node.name) for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef)]
