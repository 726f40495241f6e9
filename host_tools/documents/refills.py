"""The discrepancy of a refill in words: what was aspirated, against what the pump counted."""

from host_tools.documents.dose import ml
from host_tools.programmer.refill import Aspiration

MOST_PERCENT = 200
"""A larger share says only that the measurement, or what was counted, cannot be right."""


def discrepancy_text(found: Aspiration) -> str:
    """The difference in mL, and in percent of what the pump counted."""
    if found.discrepancy_nl is None:
        return "not measured"
    text = f"{found.discrepancy_nl / 1e6:+.3f} mL from expected"
    share = share_text(found)
    return f"{text}: {share} of the {ml(found.counted_nl or 0)} mL counted" if share else text


def share_text(found: Aspiration) -> str:
    """The difference in percent of what the pump counted; empty where either is not known."""
    if found.discrepancy_nl is None or found.counted_nl is None or found.counted_nl <= 0:
        return ""
    percent = 100 * abs(found.discrepancy_nl) / found.counted_nl
    return f"more than {MOST_PERCENT} %" if percent > MOST_PERCENT else f"{percent:.1f} %"
