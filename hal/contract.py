"""The contract between the firmware and its body: one class for each device.

The firmware is handed one object, the HAL, with the attributes of `Hal`. Every number is an integer in the unit
that its name carries. A method that can meet trouble the firmware must handle returns a code (`OK` is zero); a
raise means misuse, is a bug in the caller, and ends the run on every body. No method blocks, sleeps or allocates
more than its result. This file runs under MicroPython and imports nothing.
"""

OK = 0
BUSY = 1  # try again later; nothing happened
FAILED = 2  # the device did not do it; what it left behind is said at the method
INHIBITED = 3  # the motor is inhibited and took no order

NO_READING = -1  # a measurement that could not be taken

TICKS_PERIOD_MS = 1 << 30  # `Clock.ticks_ms` wraps here on every body

SLOT_COUNT = 30
SLOT_BYTES = 4096  # the most that a slot holds

WATCHDOG_MS = 8000  # the longest that the firmware may stay awake without feeding the watchdog

MAX_FRAME_BYTES = 376  # the most that `Link.write` must take at once: 371 bytes in COBS, and the delimiter


class Clock:
    """Two clocks, which go by one crystal. Neither knows the date. Where they differ, the ticks count."""

    def seconds(self) -> int:
        """Whole seconds since this boot, 0 to 2^30 - 1. Never backwards; stands still while unpowered."""
        raise NotImplementedError

    def ticks_ms(self) -> int:
        """Milliseconds, 0 to 2^30 - 1, from an arbitrary start, wrapping. Only differences mean anything."""
        raise NotImplementedError

    def self_test(self) -> int:
        """OK when the oscillator runs and both clocks count, else FAILED."""
        raise NotImplementedError


class Motor:
    """The drive train, ordered in batches that the body steps through by itself.

    The body wakes the firmware when `miss_limit` steps in a row went unconfirmed, and when the rotor made a step that
    no pulse asked for. It need not wake it when an order is done: the firmware's own deadline stands there.
    """

    def order(self, steps: int, first_ms: int, period_ms: int, give_up_ms: int, miss_limit: int) -> int:
        """Step `steps` times: first after `first_ms`, then every `period_ms`; stop after `give_up_ms` in any case.

        steps 1..65535; first_ms 0 or more; period_ms 360 or more; give_up_ms at least that of the last step;
        miss_limit 8 or more. Raises ValueError outside these ranges and RuntimeError while an order is running.
        Returns OK, or INHIBITED and does nothing. After `give_up_ms` the motor stands, whatever the firmware does:
        a motor that nobody attends to stops by itself.
        """
        raise NotImplementedError

    def halt(self) -> int:
        """Drop what is left of the running order, at once. Harmless when none runs. Returns OK."""
        raise NotImplementedError

    def progress(self) -> tuple[int, int, int, int, int]:
        """(ordered, confirmed, reversed, missed_run, confirmed_run), all counted by the device since this boot.

        ordered: pulses given. confirmed: forward steps that the rotor sensor saw, ordered or not. reversed: backward
        steps seen. missed_run and confirmed_run: pulses in a row, up to now, without and with a confirmation; one of
        them is 0; they go on over the end of an order. Each saturates at 2^30 - 1. Asked at every wake: where memory is
        short, the same tuple again while nothing changed.
        """
        raise NotImplementedError

    def inhibit(self) -> int:
        """Halt, and take no order until `release`. The safety monitor's only right. Returns OK."""
        raise NotImplementedError

    def release(self) -> int:
        """Take orders again. Returns OK."""
        raise NotImplementedError


class FillSensor:
    """An optional gauge of the reservoir (`Hal.fill_sensor` is None where none is fitted). Never trusted alone."""

    def volume_nl(self) -> int:
        """Volume in the reservoir in nL, 0 to 2^30 - 1, or NO_READING. May be wrong in every way."""
        raise NotImplementedError


class Battery:
    """The cell, sampled."""

    def rest_mv(self) -> int:
        """Voltage in mV with the motor at rest, 0..5000, or NO_READING."""
        raise NotImplementedError

    def load_mv(self) -> int:
        """Voltage in mV under the motor's load, 0..5000, or NO_READING: taken in the newest pulse."""
        raise NotImplementedError


SINGLE_TONE = 0x33  # one tone of 1 s: non-critical
DUAL_TONE = 0x55  # two tones in turn for 3 s: critical


class Buzzer:
    """The piezo. A pattern plays by itself once started."""

    def play(self, pattern: int) -> int:
        """Play SINGLE_TONE or DUAL_TONE once from its beginning, cutting off what sounds. Returns OK or FAILED.

        Raises ValueError for any other pattern. A failed buzzer is silent; OK does not mean that anybody heard it.
        """
        raise NotImplementedError

    def self_test(self) -> int:
        """OK when the piezo draws its current, else FAILED. Inaudible."""
        raise NotImplementedError


class Store:
    """Non-volatile memory: `SLOT_COUNT` slots of up to `SLOT_BYTES` each.

    A power loss during `write` or `append` leaves that slot as it was, as it should be, or torn at any byte (a torn
    write may have lost what the slot held before), and touches no other. Reading back is the only proof. Slot
    numbers outside the range raise ValueError, and so does a record that the slot cannot hold.
    """

    def read(self, slot: int) -> bytes:
        """All bytes of the slot; empty bytes where nothing was ever written."""
        raise NotImplementedError

    def write(self, slot: int, data: bytes) -> int:
        """Replace the slot's bytes. Returns OK or FAILED; after FAILED the slot is undefined."""
        raise NotImplementedError

    def append(self, slot: int, data: bytes) -> int:
        """Add bytes at the slot's end. Returns OK or FAILED; after FAILED the slot's tail is undefined."""
        raise NotImplementedError


class Memory:
    """The memory that the firmware itself lives in."""

    def check_code(self) -> int:
        """OK when all of the firmware's code is what was installed, by its checksum, else FAILED. Takes at most 1 s."""
        raise NotImplementedError

    def check_ram(self) -> int:
        """OK when memory that nobody uses now holds the patterns put there, else FAILED. Disturbs nothing."""
        raise NotImplementedError

    def runtime(self) -> str:
        """The interpreter below the firmware, "name version machine" in up to 32 ASCII characters. For people alone."""
        raise NotImplementedError

    def free_bytes(self) -> int:
        """Memory left to the firmware in bytes, 0 to 2^30 - 1, or NO_READING. Collects first: never asked by a wake."""
        raise NotImplementedError


class Link:
    """One serial line to a programmer. Bytes may be lost, changed, doubled or invented on it."""

    def read(self) -> bytes | None:
        """Bytes that came in since the last call, possibly nothing. Never blocks. At most 512 bytes wait.

        None, once, when the other end has hung up, on a line that can tell (a cable cannot): what comes after is
        another's.
        """
        raise NotImplementedError

    def room(self) -> int:
        """Bytes that `write` would take now. The number grows by itself; the body wakes the firmware when it has."""
        raise NotImplementedError

    def write(self, data: bytes) -> int:
        """Send all of `data` or none: OK, or BUSY where room() is less. Raises ValueError over MAX_FRAME_BYTES."""
        raise NotImplementedError


class Watchdog:
    """Resets the pump when the firmware stays awake for `WATCHDOG_MS` without feeding it."""

    def arm(self) -> None:
        """Start or go on counting, from zero. Sleeping while armed locks an RP2040 up; on a desktop it raises."""
        raise NotImplementedError

    def feed(self) -> None:
        """Count from zero again. Raises RuntimeError when not armed."""
        raise NotImplementedError

    def pause(self) -> None:
        """Stop counting: the firmware is about to sleep."""
        raise NotImplementedError

    def self_test(self) -> int:
        """OK when it counts while armed, else FAILED."""
        raise NotImplementedError

    def caused_reset(self) -> bool:
        """True if this boot follows a reset by the watchdog. False after a loss of power, however short."""
        raise NotImplementedError


class Entropy:
    """Unpredictable bytes, for nonces alone."""

    def random_bytes(self, count: int) -> bytes:
        """`count` bytes, 1..32. Raises ValueError outside."""
        raise NotImplementedError


class Head:
    """The telemetry head that a clinician lays over the pump: the sign that somebody is there and means it."""

    def present(self) -> bool:
        """True while a head is over the pump. Its edges wake the firmware."""
        raise NotImplementedError


class Thermometer:
    """The pump's own temperature."""

    def centi_celsius(self) -> int:
        """Hundredths of a degree Celsius, -4000..12500, or NO_READING_CENTI_CELSIUS."""
        raise NotImplementedError


NO_READING_CENTI_CELSIUS = -27316  # below absolute zero: -1 is a temperature


class Hal:
    """The body, as the firmware sees it. `links` is a tuple, one Link or more; `fill_sensor` may be None."""

    clock = Clock()
    motor = Motor()
    fill_sensor: FillSensor | None = None
    battery = Battery()
    buzzer = Buzzer()
    store = Store()
    memory = Memory()
    links = (Link(),)  # or more; not declared, so that a body's links keep their own type
    watchdog = Watchdog()
    entropy = Entropy()
    head = Head()
    thermometer = Thermometer()
