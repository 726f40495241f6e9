"""Finds what a page names and the tree does not have: commands, options, targets, extras, paths and links."""

import re
import shlex
import tomllib
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import rich_click as click

from host_tools.cli.main import VERBS, main
from tests.readme.pages import ROOT, anchors, blocks, links, spans

TOP = ("firmware/", "hal/", "protocol/", "host_tools/", "tests/", "docs/", ".ci/", ".github/")
"""What a path of the tree begins with."""

_PATH = re.compile(r"[\w.*/-]+")
_CODE = {"", "sh", "console"}
"""The languages of blocks that hold commands."""


def wrong_names(text: str, page: Path) -> list[str]:
    """A line for each thing that the page names and that does not exist."""
    found: list[str] = []
    for command in _commands(text):
        found += _wrong_command(command)
    for span in spans(text):
        if span.startswith(TOP) and _PATH.fullmatch(span) and not list(ROOT.glob(span.rstrip("/"))):
            found.append(f"there is no {span}")
    for link in links(text):
        found += _wrong_link(link, page)
    return list(dict.fromkeys(found))


def _commands(text: str) -> Iterator[str]:
    """Each command in a code span or on a line of a block, without its prompt."""
    pieces = spans(text)
    for block in blocks(text):
        if block.language in _CODE:
            pieces += block.text.replace("\\\n", " ").splitlines()
    for piece in pieces:
        yield from re.split(r" (?:\||&&|;|>|>>) ", piece.strip().removeprefix("$ "))


def _wrong_command(command: str) -> list[str]:
    try:
        words = shlex.split(command, comments=True)
    except ValueError:  # an apostrophe in an output
        return []
    match words:
        case ["thecal", *arguments]:
            return _wrong_arguments(main, "thecal", arguments)
        case ["make", target, *_] if re.fullmatch("[a-z-]+", target):
            known = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
            return [] if target in known else [f"make {target}: there is no such target"]
        case ["python" | "python3", "-m", module, *_]:
            return [] if find_spec(module) else [f"python -m {module}: there is no such module"]
        case ["pip", "install", *requirements]:
            return _wrong_extras(" ".join(requirements))
    return []


def _wrong_arguments(command: click.Command, name: str, arguments: list[str]) -> list[str]:
    """What the command does not have of the verbs and options that it is given."""
    if isinstance(command, click.Group):
        for number, word in enumerate(arguments):
            if word.startswith("-") or word.isupper() or not re.fullmatch("[a-z-]+", word):
                continue
            if word not in command.commands:
                return [f"{name} {word}: there is no such verb"]
            return _wrong_arguments(_loaded(command, word), f"{name} {word}", arguments[number + 1 :])
    known = {option for parameter in command.params for option in parameter.opts} | {"--help"}
    options = [word.strip("[]|").partition("=")[0] for word in arguments]
    return [f"{name} {word}: there is no such option" for word in options if word.startswith("-") and word not in known]


def _loaded(group: click.Group, verb: str) -> click.Command:
    if group is not main:
        return group.commands[verb]
    module, _, attribute = VERBS[verb].target.partition(":")
    return getattr(import_module(module), attribute)


def _wrong_extras(requirements: str) -> list[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    named = re.findall(r"(?:thecal|\.)\[([\w,]+)\]", requirements)
    extras = [extra for group in named for extra in group.split(",")]
    return [f"there is no extra {extra}" for extra in extras if extra not in project["optional-dependencies"]]


def _wrong_link(link: str, page: Path) -> list[str]:
    if re.match(r"[a-z]+:", link):
        return []
    file, _, anchor = link.partition("#")
    target = page.parent / file if file else page
    if not target.exists():
        return [f"the link to {link} leads nowhere"]
    if anchor and target.suffix == ".md" and anchor not in anchors(target.read_text(encoding="utf-8")):
        return [f"the link to {link} names no heading there"]
    return []
