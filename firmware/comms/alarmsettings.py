"""The settings of the alarms that are a clinician's (docs/sources.md, DF-11): how soon, how often, never off."""

from firmware import wire

TYPE_CHECKING = False
if TYPE_CHECKING:
    from firmware.config import Config
    from firmware.records.state import State

NAMES = ("critical_interval_s", "non_critical_interval_s", "stopped_after_s", "low_reservoir_nl")
_CODES = (
    wire.ALARM_SETTING_CRITICAL_INTERVAL_S,
    wire.ALARM_SETTING_NON_CRITICAL_INTERVAL_S,
    wire.ALARM_SETTING_STOPPED_AFTER_S,
    wire.ALARM_SETTING_LOW_RESERVOIR_NL,
)


def fit(config: "Config", _critical_s: int, _non_critical_s: int, _stopped_s: int, low_nl: int) -> bool:
    """True if settings suit this reservoir. Below the residual volume its alarm would come after the end."""
    return low_nl == wire.NONE32 or config.residual_nl <= low_nl <= config.reservoir_nl // 2


def change(state: "State", wanted: tuple[int, ...]) -> list[tuple[int, int, int]]:
    """Put settings into the state, NONE32 leaving one as it is; (setting, old, new) of each that changed."""
    changes = []
    for i in range(len(NAMES)):
        if wanted[i] == wire.NONE32:
            continue
        old = getattr(state, NAMES[i])
        if wanted[i] != old:
            changes.append((i, old, wanted[i]))
    for i, _, new in changes:
        setattr(state, NAMES[i], new)
    return [(_CODES[i], old, new) for i, old, new in changes]
