"""Style of the plots: the colours are the page's own (CSS), whatever those are where it is read."""

import re
from typing import Any

# matplotlib wants colours, the page has roles: each stand-in becomes var(--role) in the SVG.
_STAND_IN = {
    "ink": "#010101",
    "muted": "#020202",
    "rule": "#030303",
    "belief": "#040404",
    "truth": "#050505",
    "truth-label": "#060606",
    "non-critical": "#070707",
    "critical": "#080808",
    "page": "#090909",
}
INK, MUTED, RULE, BELIEF, TRUTH, TRUTH_LABEL, NON_CRITICAL, CRITICAL, PAGE = _STAND_IN.values()

STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "thecal",
    "font.size": 9.5,
    "text.color": INK,
    "axes.edgecolor": RULE,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.axisbelow": True,
    "grid.color": RULE,
    "grid.linewidth": 0.8,
    "xtick.color": RULE,
    "xtick.labelcolor": MUTED,
    "ytick.color": RULE,
    "ytick.labelcolor": MUTED,
    "ytick.major.size": 0,
    "lines.solid_capstyle": "round",
}


def page_svg(svg: str) -> str:
    """The <svg> element alone, sized by the page and coloured by roles."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r'(<svg[^>]*?) width="[^"]*"', r"\1", svg, count=1)
    svg = re.sub(r'(<svg[^>]*?) height="[^"]*"', r"\1", svg, count=1)
    for role, stand_in in _STAND_IN.items():
        svg = svg.replace(stand_in, f"var(--{role})")
    return svg
