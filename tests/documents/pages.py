"""Pages as people read them."""

import re
from html import unescape


def text_of(page: str) -> str:
    """The text, in one line."""
    plain = re.sub(r"<style>.*?</style>|<[^>]*>", " ", re.sub("</?bdi>", "", page), flags=re.DOTALL)
    return re.sub(r"\s+", " ", unescape(plain))
