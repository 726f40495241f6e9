"""The gate for board code: the tree passes it, it catches each trap in its line, and its tables tell the truth."""

import ast

import pytest

from host_tools.machines.micropython import interpreter
from tests import gate
from tests.gatetables import METHODS, NAMES, NO_FLOAT, NONE

TRAPS = {
    "TYPE_CHECKING = False\nif TYPE_CHECKING:\n import typing\nelse:\n import enum": "import of enum",
    "def f(a: int = 1.5) -> int: pass": "1.5: floats",
    "x: int = 0.5": "0.5: floats",
    "import typing": "import of typing: firmware/toy.py may import firmware, binascii",
    "from dataclasses import dataclass": "import of dataclasses",
    "import enum, struct": "import of enum",
    "from contextlib import suppress": "import of contextlib",
    "from hal.contract import OK": "import of hal.contract",
    "from firmware.wire import *": "name what you import",
    "from struct import pack": "pack wraps on the board",
    "import struct\nx = 1\nstruct.pack_into('<H', b, 0, n)": "struct.pack_into wraps",
    "x = 0.5": "0.5: floats",
    "x = 1j": "1j: floats",
    "x = float(a)": "float: floats",
    "x = round(a)": "round: floats",
    "x = a / b": "//",
    "x /= 2": "//=",
    "for x in {1, 2}: pass": "{1, 2} is gone through",
    "for x in set(a): pass": "set(a) is gone through",
    "for x in table.items(): pass": "table.items() is gone through",
    "x = [y for y in a.values()]": "a.values() is gone through",
    "x = {}\nfor y in x: pass": "x is gone through: its order",
    "x = {1: 2}\ny = tuple(x)": "x is gone through",
    "class A:\n x = set()\n y = a\ndef f(a):\n return list(a.x - b)": "a.x - b is gone through",
    "def f(**settings):\n for key in settings: pass": "settings is gone through",
    "x = {}\nf(*x)": "x is gone through",
    "x = {}\na, b = x": "x is gone through",
    "x = ''.join({'a', 'b'})": "is gone through",
    "x.popitem()": "name the key",
    "x = sorted(a, key=f)": "sort tuples that begin with the key",
    "x.sort(key=f)": "not stable",
    "match x:\n case 1: pass": "write if and elif",
    "try: pass\nexcept* ValueError: pass": "write except",
    "async def f(): pass": "poll",
    "def f(a, /): pass": "leave it out",
    "x = zip(a, b, strict=True)": "zip(strict=)",
    "x = n.to_bytes(2, 'little', signed=True)": "to_bytes(signed=)",
    "x = n.bit_length()": "count by shifting",
    "x = a.removeprefix('b')": "a slice",
    "x = a.ljust(12)": "%-12s",
    "x = sha256(a).hexdigest()": "hexlify",
    "x = memoryview(a).cast('H')": "unpack slices",
    "x = '{}'.format(a)": "write %",
    "x = vars(a)": "do without",
    "x = hash(a)": "differs from run to run",
    "print(a)": "log an event",
    "x = isinstance(a, int | str)": "a tuple of types",
    "x = a[::-1]": "index in a loop",
    "x = a.encode('latin-1')": "UTF-8 alone",
    "raise ValueError from error": "raise alone",
    "x = f'{a}' '{}'": "write %",
    "x = f'{a!a}'": "!r",
    "x = [*a, *b]": "add them with +",
    "x = {**a}": "update()",
    "x = f(" + "1, " * 30 + "*a)": "* behind 30 arguments",
    "class A:\n def __del__(self): pass": "never calls it",
    "if TYPE_CHECKING:\n pass\nelse:\n import enum": "import of enum",
}


def findings(source):
    tree = ast.parse(source)
    return gate.check(tree, "firmware/toy.py", gate.unordered_names([tree]))


def test_the_boards_code_passes():
    assert list(gate.findings(gate.board_files())) == []


@pytest.mark.parametrize("source", TRAPS, ids=lambda source: source[:30])
def test_a_trap_is_caught_in_its_line(source):
    lines = source.count("\n") + 1
    [(line, text)] = findings(source)
    assert TRAPS[source] in text
    assert line in (lines, lines - 1)


@pytest.mark.parametrize(
    "source",
    [
        "x = {1: 2}\ny = sorted(x), min(x), len(x), 1 in x, x[1], x.get(2)",
        "from struct import unpack\nx = 7 // 2",
        "x = f'{a:5d} {b!r}'",
        "x = sorted(a, reverse=True)",
        "x = max(a, key=f, default=0)",
        "x = f(" + "1, " * 29 + "*a)",
        "a, *b = c",
        "x: int = 1",
        "TYPE_CHECKING = False\nif TYPE_CHECKING:\n from typing import Any\n from hal.contract import Motor",
        "def f(a: int | None, b: 'Callable[[int], None]') -> tuple[int, ...]: pass",
    ],
)
def test_what_is_the_same_everywhere_passes(source):
    assert findings(source) == []


def test_a_place_and_a_file_are_named(tmp_path):
    (tmp_path / "firmware").mkdir()
    path = tmp_path / "firmware" / "toy.py"
    path.write_text("x = 1\ny = x / 2\n")
    assert list(gate.findings([path], tmp_path)) == [f"firmware/toy.py:2: / makes a float, and {NO_FLOAT}: //"]


def lacking(table):
    return [name for name, text in table.items() if NONE in text]


def test_micropython_has_none_of_what_it_is_said_to_lack():
    program = (
        "import builtins, hashlib\n"
        f"for things, names in (([builtins], {lacking(NAMES)}),\n"
        f"  (['', b'', 1, [], {{}}, memoryview(b''), hashlib.sha256(b''), ValueError()], {lacking(METHODS)})):\n"
        " for name in names:\n"
        "  if any([hasattr(thing, name) for thing in things]): print(name)"
    )
    assert interpreter.run(program) == ""
