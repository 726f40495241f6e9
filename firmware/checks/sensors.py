"""The pump's own sensors, read once an hour: the thermometer, and the reservoir's gauge where one is fitted."""

from firmware import wire

TYPE_CHECKING = False
if TYPE_CHECKING:
    from firmware.checks.fillsensor import FillSensorCheck
    from firmware.config import Config
    from firmware.records.eventlog import EventLog
    from hal.contract import Thermometer

PERIOD_S = 3600
_BACK_CENTI_CELSIUS = 50  # so far inside the range a temperature is in it again
_NO_READING_CENTI_CELSIUS = -27316


class Sensors:
    """Looks with the first batch that begins at `due_s` or later."""

    def __init__(
        self, config: "Config", thermometer: "Thermometer", fill_sensor: "FillSensorCheck | None", log: "EventLog"
    ) -> None:
        self._config = config
        self._thermometer = thermometer
        self._log = log
        self._fill_sensor = fill_sensor
        self._out_of_range = False
        self._set_range(0)
        self.due_s = 0

    @property
    def parts(self) -> tuple[object, ...]:
        """The objects that hold its numbers."""
        return (self,) if self._fill_sensor is None else (self, self._fill_sensor)

    @property
    def advisories(self) -> list[int]:
        """ADVISORY codes of what is wrong and no alarm."""
        found = [wire.ADVISORY_TEMPERATURE] if self._out_of_range else []
        if self._fill_sensor is not None and self._fill_sensor.faulty:
            found.append(wire.ADVISORY_SENSOR_FAULT)
        return found

    def look(self, now_s: int) -> None:
        """Take a reading of everything."""
        self.due_s = now_s + PERIOD_S
        centi_celsius = self._thermometer.centi_celsius()
        if (self._least <= centi_celsius <= self._most) == self._out_of_range:
            self._turn(centi_celsius)
        if self._fill_sensor is not None:
            self._fill_sensor.compare(now_s)

    def _turn(self, centi_celsius: int) -> None:
        """Note that the temperature left its range, or came back (docs/sources.md, R9.1)."""
        if centi_celsius == _NO_READING_CENTI_CELSIUS:
            return
        self._out_of_range = not self._out_of_range
        self._set_range(_BACK_CENTI_CELSIUS if self._out_of_range else 0)
        if self._out_of_range:
            self._log.add(wire.EVENT_TEMP_RANGE, centi_celsius & wire.NONE32)

    def _set_range(self, inside: int) -> None:
        self._least = self._config.min_centi_celsius + inside
        self._most = self._config.max_centi_celsius - inside
