"""Renews the outputs that a page shows, by running its examples from top to bottom.

`console` has commands behind `$ ` and, below each, its output; a comment `# exit code N` follows a command that is to
fail. `sh` has commands alone, which must end well; `make` there is left to whoever has an hour. `python` is run, and
must end well. `yaml` is run as a scenario or read as a program, and saved where the fence names a file. Other blocks
are for the eye alone.
"""

import re
import sys

from host_tools.scenario.load import load, load_program
from host_tools.scenario.runner import run_scenario
from tests.readme.pages import Block, blocks
from tests.readme.session import ExampleError, Session

VARYING = [
    (re.compile(r"127\.0\.0\.1:\d+"), "127.0.0.1:PORT"),
    (re.compile(r"(?<=Took       )[\d.]+ s"), "TIME"),
    (re.compile(r"/dev/(pts/|ttys?)\w+"), "/dev/PTY"),
]
"""What differs from run to run, and what it counts as."""

_EXIT_CODE = re.compile(r"# exit code (\d+)$")
_COMMAND = re.compile(r"^\$ ((?:.*\\\n)*.*)\n?", re.MULTILINE)


def renewed(page: str, session: Session) -> str:
    """The page with the outputs that its commands have now; where only what varies differs they stay."""
    lines = page.splitlines(keepends=True)
    made = 0
    parts = []
    for block in blocks(page):
        parts += lines[made : block.first]
        try:
            parts.append(_renewed_block(block, session))
        except ExampleError as error:
            raise ExampleError(f"line {block.first}: {error}") from error
        made = block.last
    return "".join([*parts, *lines[made:]])


def _renewed_block(block: Block, session: Session) -> str:
    match block.language:
        case "console":
            return _renewed_console(block.text, session)
        case "sh":
            for command in commands(block):
                if not command.startswith("make "):
                    session.do(["sh", "-c", command])
        case "python":
            session.do([sys.executable, "-c", block.text])
        case "yaml":
            _check_yaml(block, session)
    return block.text


def commands(block: Block) -> list[str]:
    """The commands of a `console` or `sh` block."""
    if block.language == "console":
        return _COMMAND.findall(block.text)
    return [line for line in block.text.replace("\\\n", " ").splitlines() if line.strip()]


def _renewed_console(text: str, session: Session) -> str:
    before, *pairs = _COMMAND.split(text)
    if before:
        raise ExampleError(f"a console block begins with a command behind `$ `, not with {before!r}")
    return "".join(_example(*pair, session) for pair in zip(pairs[::2], pairs[1::2], strict=True))


def _example(command: str, shown: str, session: Session) -> str:
    code, output = session.type(command)
    expected = int(said[1]) if (said := _EXIT_CODE.search(command)) else 0
    if code != expected:
        raise ExampleError(f"{command} ended with {code}, not {expected}:\n{output}")
    printed = "".join(line.rstrip() + "\n" for line in output.rstrip().splitlines())
    if masked(shown.rstrip()) == masked(printed.rstrip()):
        return f"$ {command}\n{shown}"
    gap = "\n" if shown.endswith("\n\n") else ""
    return f"$ {command}\n{printed}{gap}"


def masked(output: str) -> str:
    """The output without what varies."""
    for varying, name in VARYING:
        output = varying.sub(name, output)
    return output


def _check_yaml(block: Block, session: Session) -> None:
    name = block.name or "example.yaml"
    session.write(name, block.text)
    if "steps:" not in block.text:
        load_program(str(session.folder / name))
    elif failures := run_scenario(load(str(session.folder / name))).failures:
        raise ExampleError("; ".join(failures))
