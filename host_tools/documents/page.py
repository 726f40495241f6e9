"""Pages made of the templates beside this module: HTML that needs no network, no script and no second file."""

from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from host_tools.programmer.texts import shown


def page(template: str, **values: Any) -> str:
    """The page of a template, named by its path in `host_tools`; every value is escaped. `shown` filters texts that
    people wrote, or whoever was at the pump before."""
    return _pages().get_template(template).render(**values)


@cache
def _pages() -> Environment:
    pages = Environment(
        loader=PackageLoader("host_tools", ""),
        autoescape=select_autoescape(["html", "jinja"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    pages.filters["shown"] = lambda value: shown(str(value), lines=True)
    return pages
