"""Pages made of the templates beside this module: HTML that needs no network, no script and no second file."""

from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape


def page(template: str, **values: Any) -> str:
    """The page of a template, named by its path in `host_tools`; every value is escaped."""
    pages = Environment(
        loader=PackageLoader("host_tools", ""),
        autoescape=select_autoescape(["html", "jinja"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return pages.get_template(template).render(**values)
