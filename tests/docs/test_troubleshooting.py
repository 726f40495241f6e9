"""docs/troubleshooting.md: each message on it is the program's own, word for word, and each symptom has a remedy."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from protocol.codes import REASON

ROOT = Path(__file__).parents[2]
PAGE = ROOT.joinpath("docs", "troubleshooting.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^## ([^\n]*)\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL))
MESSAGES = [line for block in re.findall(r"```text\n(.*?)```", PAGE, re.DOTALL) for line in block.splitlines()]
SHORTEST = 8  # of a piece of a message: with shorter ones any text could be put together


@cache
def constants() -> frozenset[str]:
    """The constant pieces of all texts in the host's code, between the values that are put into them."""
    found = set()
    for path in ROOT.joinpath("host_tools").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found |= set(re.split(r"\{\w*\}", node.value.removeprefix("thecal: ")))
    return frozenset(found)


@cache
def pieces() -> frozenset[str]:
    """What longer texts may be put together of."""
    long = {piece for piece in constants() if len(piece) >= SHORTEST or re.fullmatch(r"\W+", piece)}
    return frozenset(long | set(REASON))


def covered(text: str, cut_before: bool, cut_behind: bool) -> bool:
    """True if the text is made of whole pieces; where it is cut, behind or before a value, of a part of one."""
    if not text:
        return True
    if any(covered(text[len(piece) :], False, cut_behind) for piece in pieces() if text.startswith(piece)):
        return True
    if len(text) < SHORTEST:
        return cut_before and cut_behind and not re.search(r"\w", text)
    if cut_behind and any((text in piece) if cut_before else piece.startswith(text) for piece in pieces()):
        return True
    return cut_before and any(
        covered(text[end:], False, cut_behind)
        for end in range(SHORTEST, len(text) + 1)
        if any(piece.endswith(text[:end]) for piece in pieces())
    )


def is_said(message: str) -> bool:
    """True if the code holds every word of a message; `...` is a value."""
    parts = message.removeprefix("thecal: ").split("...")
    last = len(parts) - 1
    return all(part in constants() or covered(part, index > 0, index < last) for index, part in enumerate(parts))


@pytest.mark.parametrize("message", MESSAGES)
def test_a_message_is_the_programs_own(message: str) -> None:
    assert is_said(message)


@pytest.mark.parametrize("message", MESSAGES)
def test_a_changed_word_is_noticed(message: str) -> None:
    word = max(re.findall(r"[a-z]+", message.removeprefix("thecal: ")), key=len)
    assert not is_said(message.replace(word, f"{word[:-1]}q"))


@pytest.mark.parametrize("title", SECTIONS)
def test_a_symptom_has_a_message_a_reason_and_a_remedy(title: str) -> None:
    text = SECTIONS[title]
    assert "```text\n" in text or "No message." in text
    assert text.count("**Why.**") == text.count("**Do.**") == 1
