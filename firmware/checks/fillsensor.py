"""The reservoir's gauge, where one is fitted, held against what was computed (docs/sources.md, RC-11).

A steady difference is a mismatch: nobody knows which of the two is right, so somebody must look, and the lower one
counts for the low-reservoir alarm. A gauge that is silent, leaps about or stands still while drug is used is faulty,
and the computed volume counts alone. A kink of the catheter looks like a gauge that stands still.
"""

from firmware import wire
from firmware.records.state import NEVER

TYPE_CHECKING = False
if TYPE_CHECKING:
    from firmware.config import Config
    from firmware.records.eventlog import EventLog
    from firmware.records.state import State
    from firmware.safety.alarms import Alarms
    from firmware.therapy.reservoir import Reservoir
    from hal.contract import FillSensor

IN_A_ROW = 3  # readings that must agree before the pump believes what they say
_LEAPS = 3  # within the last day's readings: too many
_FAR_NL = 1 << 29
_DAY = (1 << 24) - 1  # a bit for each of a day's readings


class FillSensorCheck:
    """Compares once an hour. Volumes in nL."""

    def __init__(
        self,
        config: "Config",
        sensor: "FillSensor",
        state: "State",
        reservoir: "Reservoir",
        alarms: "Alarms",
        log: "EventLog",
    ) -> None:
        self._sensor = sensor
        self._state = state
        self._reservoir = reservoir
        self._alarms = alarms
        self._log = log
        self._tolerance_nl = config.sensor_tolerance_nl
        self._most_nl = config.reservoir_nl + config.sensor_tolerance_nl
        self._refills = state.refills
        self._last_sensed_nl: int | None = None  # of the reading before
        self._last_computed_nl = 0
        self._moved_sensed_nl = -_FAR_NL  # the same, when the gauge last moved
        self._moved_computed_nl = 0
        self._leaps = 0  # of the last 24 readings, the newest in bit 0
        self._sense = 0  # what the last readings say: 1 more, -1 less, 0 as computed
        self._alike = 0  # how many of them in a row
        self._odd = 0
        self._sound = 0  # readings in a row that a sound gauge could give
        self._alive = True
        self.faulty = False

    def compare(self, now_s: int) -> None:
        """Take a reading and judge it."""
        if self._state.last_refill_s == NEVER:
            return
        if self._state.refills != self._refills:
            self._start_over()
        sensed_nl = self._sensor.volume_nl()
        computed_nl = self._reservoir.volume_nl
        if 0 <= sensed_nl <= self._most_nl:
            self._odd = 0
            leapt = self._follow(sensed_nl, computed_nl)
            sound = not self._stands(sensed_nl, computed_nl) and _count(self._leaps) < _LEAPS
            self._judge(sound, sensed_nl, computed_nl)
            if not self.faulty and not leapt:
                self._weigh(sensed_nl, computed_nl, now_s)
        else:
            self._odd += 1
            self._judge(self._odd < IN_A_ROW and not self.faulty, sensed_nl, computed_nl)
        believed = not self.faulty and self._alarms.active(wire.ALARM_RESERVOIR_MISMATCH)
        self._reservoir.set_sensor_deficit(computed_nl - sensed_nl if believed and 0 <= sensed_nl < computed_nl else 0)

    def _start_over(self) -> None:
        """Forget the readings from before a refill: they say nothing of the volume now."""
        self._refills = self._state.refills
        self._last_sensed_nl = None
        self._alike = self._leaps = 0

    def _follow(self, sensed_nl: int, computed_nl: int) -> bool:
        """Take a reading in. True if it leapt away from where the last one and the drug used since put it."""
        leapt = False
        if self._last_sensed_nl is not None:
            expected_nl = self._last_sensed_nl + computed_nl - self._last_computed_nl
            leapt = abs(sensed_nl - expected_nl) > self._tolerance_nl
        self._last_sensed_nl = sensed_nl
        self._last_computed_nl = computed_nl
        self._leaps = (self._leaps << 1 | leapt) & _DAY
        if leapt:
            self._alike = 0
        if abs(sensed_nl - self._moved_sensed_nl) > self._tolerance_nl // 10:
            self._moved_sensed_nl = sensed_nl
            self._moved_computed_nl = computed_nl
            self._alive = True
        return leapt

    def _stands(self, sensed_nl: int, computed_nl: int) -> bool:
        """True if the gauge stood still while much was used. One that reads less is believed all the same."""
        if sensed_nl > computed_nl and self._moved_computed_nl - computed_nl >= self._tolerance_nl // 2:
            self._alive = False
        return not self._alive

    def _judge(self, sound: bool, sensed_nl: int, computed_nl: int) -> None:
        self._sound = self._sound + 1 if sound else 0
        if not sound and not self.faulty:
            self.faulty = True
            self._alike = 0
            self._log.add(wire.EVENT_RESERVOIR_SENSOR_FAULT, computed_nl, max(sensed_nl, -1) & wire.NONE32)
        elif self._sound >= IN_A_ROW:
            self.faulty = False

    def _weigh(self, sensed_nl: int, computed_nl: int, now_s: int) -> None:
        active = self._alarms.active(wire.ALARM_RESERVOIR_MISMATCH)
        allowed_nl = self._tolerance_nl // 2 if active else self._tolerance_nl
        more_nl = sensed_nl - computed_nl
        sense = 0 if abs(more_nl) <= allowed_nl else 1 if more_nl > 0 else -1
        self._alike = self._alike + 1 if sense == self._sense else 1
        self._sense = sense
        if self._alike < IN_A_ROW:
            return
        if sense:
            self._alarms.raise_alarm(wire.ALARM_RESERVOIR_MISMATCH, now_s, computed_nl, sensed_nl)
        elif active:
            self._alarms.clear_condition(wire.ALARM_RESERVOIR_MISMATCH)


def _count(bits: int) -> int:
    """The number of bits that are set."""
    count = 0
    while bits:
        bits &= bits - 1
        count += 1
    return count
