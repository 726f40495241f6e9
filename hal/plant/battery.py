"""The cell: charge used by time and by pulses, and the voltages that follow from it.

The curve is a design choice, shaped like a lithium primary cell's: flat near 3 V, then a knee. It crosses 2.6 V at
rest with a thirtieth of the charge left (90 days at 0.25 mL/day), and 2.3 V under load when the charge is used up.
"""

from bisect import bisect_right

CURVE_PPM = (0, 20_000, 600_000, 850_000, 930_000, 966_700, 1_000_000, 1_020_000)  # of the charge used
CURVE_MV = (3_100, 3_040, 2_980, 2_900, 2_780, 2_600, 2_380, 0)  # at rest
RESISTANCE_OHM = 16
LOAD_MA = 5  # while a pulse is given
SAG_MV = RESISTANCE_OHM * LOAD_MA
FILM_OHM = 180  # of a resistive film: even a new cell cannot turn the motor then
FILM_SAG_MV = FILM_OHM * LOAD_MA

_DAY_MS = 86_400_000
_PPM = 1_000_000
_UNITS_PER_PPB = 5 * _DAY_MS * 100  # in which idling and pulses are both whole numbers
_UNITS_PER_PPM = _UNITS_PER_PPB * 1000


def curve_mv(used_ppm: int) -> int:
    """Voltage at rest of a cell with so many millionths of its charge used."""
    right = bisect_right(CURVE_PPM, used_ppm)
    if right == len(CURVE_PPM):
        return 0
    left_ppm = CURVE_PPM[right - 1]
    left_mv = CURVE_MV[right - 1]
    return left_mv - (used_ppm - left_ppm) * (left_mv - CURVE_MV[right]) // (CURVE_PPM[right] - left_ppm)


class Battery:
    """Charge is counted from the newest change of the drain on, exactly."""

    __slots__ = (
        "_at_ms",
        "_idle_units_per_ms",
        "_pulse_units",
        "_pulses",
        "_used_units",
        "capacity_mah",
        "film",
        "idle_ppb_per_day",
        "load_mv",
        "pulse_ppb_nl_per_ml",
        "rest_mv",
        "sampled_at_ms",
    )

    def __init__(self, capacity_mah: int, idle_ppb_per_day: int, ppb_per_ml: int, step_nl: int) -> None:
        self.capacity_mah = capacity_mah
        self.idle_ppb_per_day = idle_ppb_per_day
        self.pulse_ppb_nl_per_ml = ppb_per_ml * step_nl
        self._at_ms = self._pulses = self._used_units = 0
        self.film = False
        self.sampled_at_ms = -1
        self.rest_mv = self.load_mv = 0
        self.drain(0)

    def drain(self, percent: int) -> None:
        """Let everything cost `percent` more charge from now on. Settle first."""
        self._idle_units_per_ms = 5 * self.idle_ppb_per_day * (100 + percent)
        self._pulse_units = 5 * _DAY_MS // 1_000_000 * self.pulse_ppb_nl_per_ml * (100 + percent)

    def settle(self, at_ms: int, pulses: int) -> None:
        self._used_units = self._units(at_ms, pulses)
        self._at_ms = at_ms
        self._pulses = pulses

    def _units(self, at_ms: int, pulses: int) -> int:
        return (
            self._used_units
            + (at_ms - self._at_ms) * self._idle_units_per_ms
            + (pulses - self._pulses) * self._pulse_units
        )

    def sample(self, at_ms: int, pulses: int) -> None:
        """Take a reading into `rest_mv` and `load_mv`."""
        self.sampled_at_ms = at_ms
        self.rest_mv = curve_mv(self._units(at_ms, pulses) // _UNITS_PER_PPM)
        load_mv = self.rest_mv - SAG_MV - (FILM_SAG_MV if self.film else 0)
        self.load_mv = load_mv if load_mv > 0 else 0

    def left_mah(self, at_ms: int, pulses: int) -> int:
        """Charge left, in whole mAh."""
        used_ppm = self._units(at_ms, pulses) // _UNITS_PER_PPM
        return max(0, self.capacity_mah * (_PPM - used_ppm) // _PPM)

    def snapshot(self) -> dict[str, int]:
        """Return the state for JSON. Settle first."""
        return {"used_units": self._used_units}

    def restore(self, state: dict[str, int], at_ms: int, pulses: int) -> None:
        self._used_units = state["used_units"]
        self._at_ms = at_ms
        self._pulses = pulses
