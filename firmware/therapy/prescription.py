"""Prescriptions: a program checked against the model, the limits and its own arithmetic."""

from firmware import wire

TYPE_CHECKING = False
if TYPE_CHECKING:
    from firmware.config import Config
    from firmware.records.state import State

    Program = tuple[int, int, int, int]  # mode, mcg/mL, ng/day, nL/day

RATE_TOLERANCE_NL_PER_DAY = 1


def rate_nl_per_day(dose_ng_per_day: int, concentration_mcg_per_ml: int) -> int:
    """The rate that gives this dose, rounded to the nearest nL/day. 1 mcg/mL is 1 ng in 1000 nL."""
    return (dose_ng_per_day * 1000 + concentration_mcg_per_ml // 2) // concentration_mcg_per_ml


def fastest_nl_per_day(max_dose_mcg_per_day: int, mcg_per_ml: int) -> int:
    """The rate that gives half the daily limit in an hour: nothing may be delivered faster."""
    return max_dose_mcg_per_day * 12_000_000 // mcg_per_ml


def largest_mcg_per_day(state: "State") -> int:
    """The largest daily dose that is in order: the limit's, or the committed program's if that is older and larger."""
    return max(state.max_dose_mcg_per_day, (state.highest_dose_ng + 999) // 1000)


def refusal(program: "Program", state: "State", config: "Config") -> int | None:
    """Check a program: the REASON code for which it cannot be ordered, or None.

    Drug and limits are those in `state`. Rates are refused, never clamped.
    """
    _, concentration_mcg_per_ml, dose_ng_per_day, program_nl_per_day = program
    if concentration_mcg_per_ml != state.drug_mcg_per_ml:
        return wire.REASON_INCONSISTENT
    error_nl_per_day = program_nl_per_day - rate_nl_per_day(dose_ng_per_day, concentration_mcg_per_ml)
    if abs(error_nl_per_day) > RATE_TOLERANCE_NL_PER_DAY:
        return wire.REASON_INCONSISTENT
    if dose_ng_per_day > state.max_dose_mcg_per_day * 1000:
        return wire.REASON_DOSE_LIMIT
    if not config.lowest_program_rate_nl_per_day <= program_nl_per_day <= config.max_rate_nl_per_day:
        return wire.REASON_RATE_LIMIT
    return None
