"""The pages, and the parts of their Markdown: code blocks, code spans, links and headings."""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT = Path(__file__).parents[2]
RUN = [ROOT / "README.md", ROOT / "docs" / "scenarios.md"]
"""The pages whose examples are run, each as one session from top to bottom."""
PAGES = sorted(page for place in (".", "docs", ".github") for page in (ROOT / place).glob("*.md"))
"""The pages in which every command, option, path and link must exist."""

_PARSER = MarkdownIt("commonmark").enable("table")


class Block(NamedTuple):
    """A fenced code block; its text is lines `first` to `last` of the page, counted from 0, `last` excluded."""

    language: str
    name: str
    text: str
    first: int
    last: int


def title(page: Path) -> str:
    """The page's path in the tree."""
    return page.relative_to(ROOT).as_posix()


def blocks(text: str) -> list[Block]:
    """The code blocks. The first word after a fence is the language, the second a file's name."""
    found = []
    for token in _PARSER.parse(text):
        if token.type == "fence" and token.map:
            language, _, name = token.info.strip().partition(" ")
            found.append(Block(language, name, token.content, token.map[0] + 1, token.map[1] - 1))
    return found


def spans(text: str) -> list[str]:
    """The code spans of the running text and the tables."""
    return [" ".join(token.content.split()) for token in _inline(text) if token.type == "code_inline"]


def links(text: str) -> list[str]:
    """What the links and pictures lead to."""
    targets = [token.attrGet("href") or token.attrGet("src") for token in _inline(text)]
    return [str(target) for target in targets if target]


def anchors(text: str) -> set[str]:
    """What a link can name behind #: the headings, as GitHub writes them."""
    tokens = _PARSER.parse(text)
    titles = [after.content for token, after in pairwise(tokens) if token.type == "heading_open"]
    return {"".join(c for c in title.lower().replace(" ", "-") if c.isalnum() or c in "-_") for title in titles}


def _inline(text: str) -> Iterator[Token]:
    for token in _PARSER.parse(text):
        yield from token.children or []
