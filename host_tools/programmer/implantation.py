"""What is implanted, pump, tubing and catheter: the checks in words, before the pump is told."""

from collections.abc import Mapping
from typing import Any

from host_tools.programmer.errors import Refused
from host_tools.programmer.ranges import check_range
from host_tools.programmer.units import MM_PER_CM, NL_PER_ML, Number, mm_from_cm, nl_from_ml

MAX_DEPTH_MM = 25
CATHETER_NL_PER_CM = 2200
"""What a catheter commonly holds (docs/sources.md, SEED-39)."""
LARGEST_USUAL_LINE_NL = 382_000
"""The pump's own tubing of 0.140 mL and a catheter of 110 cm: more is likelier a slip than a line."""


def check_implant(catheter_mm: int, tubing_nl: int, depth_mm: int, override: bool) -> None:
    """Raise what stands against such a line, and a pump this deep under the skin."""
    check_line(catheter_mm, tubing_nl)
    check_range("IMPLANT", "depth_mm", depth_mm)
    if depth_mm > MAX_DEPTH_MM and not override:
        words = f"--depth-mm {depth_mm} mm is over {MAX_DEPTH_MM} mm: telemetry will be weak; --override accepts it"
        raise Refused("IMPLANT", "soft_limit", words)


def check_line(catheter_mm: int, tubing_nl: int) -> None:
    """Raise when no line is like that."""
    check_range("IMPLANT", "catheter_mm", catheter_mm, "catheter_cm", MM_PER_CM)
    check_range("IMPLANT", "tubing_nl", tubing_nl, "pump_tubing_ml", NL_PER_ML)


def line_nl(catheter_cm: Number, pump_tubing_ml: Number) -> int:
    """What such a line commonly holds. Raises when there is none like that."""
    catheter_mm, tubing_nl = mm_from_cm("catheter_cm", catheter_cm), nl_from_ml("pump_tubing_ml", pump_tubing_ml)
    check_line(catheter_mm, tubing_nl)
    return tubing_nl + catheter_mm * CATHETER_NL_PER_CM // MM_PER_CM


def check_prime(volume_nl: int, status: Mapping[str, Any]) -> None:
    """Raise what stands against priming so much of a pump with this status."""
    if not status["concentration_mcg_per_ml"]:
        raise Refused("PRIME", "not_filled")
    unprimed_nl = status["unprimed_nl"]
    if not unprimed_nl:
        raise Refused("PRIME", "bolus_limit", "there is nothing to prime: tubing and catheter are full")
    if not volume_nl:
        raise Refused("PRIME", "bolus_limit", "--volume-ml 0 mL is no prime")
    if volume_nl > unprimed_nl:
        words = f"--volume-ml: {volume_nl / 1e6:g} mL is more than the {unprimed_nl / 1e6:g} mL that are not primed yet"
        raise Refused("PRIME", "bolus_limit", words)
