"""What the gate looks for in board code, and what it says to write instead."""

import ast

IMPORTS = {
    "firmware": ("firmware", "binascii", "hashlib", "struct"),
    "hal/contract.py": (),
    "hal/rp2040": (
        *("hal", "machine", "micropython", "rp2", "gc", "os", "sys", "time", "select", "vfs"),
        *("firmware", "array", "binascii", "hashlib", "struct"),
    ),
}
"""What each part of the board's code may import; the longest prefix of a path counts."""

PACKERS = (
    "firmware/comms/framing.py",
    "firmware/records/eventlog.py",
    "firmware/records/record.py",
    "firmware/records/titration.py",
    "firmware/wire.py",
)
"""Who may call `struct.pack`, which wraps on the board: what they pack was checked to fit, or fits by its making."""


def _each(names: str, text: str) -> dict[str, str]:
    return dict.fromkeys(names.split(), text)


NO_FLOAT = "floats are single precision on the board: count in a smaller unit"
NONE = "MicroPython has none"

NAMES = {
    **_each("float complex round", NO_FLOAT),
    **_each("hash id", "differs from run to run: use a number of your own"),
    **_each("print input", "the console is the programmer's line: log an event"),
    **_each("eval exec compile", "the board runs what was installed: write a function"),
    **_each("vars breakpoint ascii aiter anext", f"{NONE}: do without"),
    **_each("format", f"{NONE}: write %"),
    **_each("TimeoutError ConnectionError FileNotFoundError PermissionError", f"{NONE}: OSError, and its errno"),
    **_each("ModuleNotFoundError", f"{NONE}: ImportError"),
    **_each("RecursionError ExceptionGroup", f"{NONE}: RuntimeError, or one of your own"),
}
METHODS = {
    **_each("bit_length bit_count", f"{NONE}: count by shifting"),
    **_each("removeprefix removesuffix", f"{NONE}: startswith or endswith, and a slice"),
    **_each("ljust rjust zfill", f"{NONE}: write %-12s, %12s or %05d"),
    **_each("isalnum isascii isdecimal isnumeric isidentifier", f"{NONE}: compare characters"),
    **_each("title capitalize casefold swapcase expandtabs translate maketrans format_map", f"{NONE}: do without"),
    **_each("format", "slow, and it allocates: write %"),
    **_each("hexdigest", f"{NONE}: binascii.hexlify(digest())"),
    **_each("cast iter_unpack", f"{NONE}: unpack slices"),
    **_each("popitem", "which item is the interpreter's choice: name the key"),
    **_each("__cause__ __context__ __traceback__ with_traceback add_note", f"{NONE}: say it in the text"),
    **_each("__del__ __init_subclass__ __set_name__ __class_getitem__", "MicroPython never calls it: do without"),
}
NODES = {
    ast.Match: "MicroPython has no match: write if and elif",
    ast.TryStar: "MicroPython has no except*: write except",
    ast.AsyncFunctionDef: "there is no event loop on the board: poll",
    ast.Await: "there is no event loop on the board: poll",
}
NO_KEYWORDS = (
    *("zip", "sum", "int", "str", "bytes", "pow", "split", "rsplit", "splitlines", "encode", "decode"),
    *("to_bytes", "from_bytes", "replace"),
)
"""Built-in functions that take none in MicroPython."""
MOST_BEFORE_STAR = 30  # arguments of a call

UNORDERED_CALLS = ("set", "frozenset", "dict")
UNORDERED_VIEWS = ("keys", "values", "items")
IN_ORDER = ("list", "tuple", "enumerate", "zip", "map", "filter", "iter", "reversed", "bytes", "bytearray", "join")
"""Calls whose result shows the order of what they are given."""
ORDER = "its order is the interpreter's: keep a tuple or a list, or go through sorted()"
