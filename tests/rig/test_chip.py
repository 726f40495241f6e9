"""The deployed firmware on an emulated RP2040, with the plant at its pins and the programmer on its USB: a pump's day,
one thing after another on one chip."""

from datetime import datetime

import pytest

from host_tools.machines.rp2040.chip import Chip
from host_tools.machines.rp2040.machine import HAND_MS
from host_tools.machines.rp2040.rig import Rig
from host_tools.machines.rp2040.transport import ChipTransport
from host_tools.programmer import Programmer
from host_tools.programmer.errors import LinkLost
from protocol.frame import Decoder
from protocol.registry import name_of
from tests.rig.conftest import TIMEOUT_S

pytestmark = [pytest.mark.chip, pytest.mark.timeout(1800)]

MINUTE_MS = 60_000
PERIOD_MS = 34_560  # of a step of 100 nL at 0.25 mL a day
WATCHDOG_ENABLE = 1 << 30
WATCHDOG_REASON = 0x08  # a register
BY_TIMER = 1
LATE_MS = 20  # the most that a step may be late, asleep before it
STALL_MS = 900_000 + PERIOD_MS
WAIT_FOR_INTERRUPT_FOR_EVER = b"\x30\xbf\xfd\xe7"  # wfi, and back to it


class Tearing(ChipTransport):
    """A line on which the power goes while the pump does what it was told to commit."""

    def __init__(self, chip: Chip, page: int) -> None:
        super().__init__(chip)
        self._page = page

    def write(self, data: bytes) -> None:
        if any(name_of(frame.type) == "COMMIT" for frame in Decoder().feed(data)):
            self._chip.tear_write(self._page)
        super().write(data)


class Uart(ChipTransport):
    """UART0 of a chip, at the pins."""

    name = "the emulated chip's UART"

    def __init__(self, chip: Chip) -> None:
        super().__init__(chip)
        self._uart = chip.device.mcu.uart[0]
        self._heard = bytearray()
        self._uart.on_byte = self._heard.append

    def write(self, data: bytes) -> None:
        for byte in data:
            self._uart.feed_byte(byte)
            self._chip.run_to(self._chip.now_ms + 1)

    def read(self, timeout_s: float) -> bytes:
        self._chip.run_to(self._chip.now_ms + int(timeout_s * 1000), lambda: bool(self._heard))
        data = bytes(self._heard)
        self._heard.clear()
        return data


def live(rig: Rig, ms: int) -> None:
    """Head off, a time alone, head on."""
    rig.wiring.lay_head(False)
    rig.chip.run_to(rig.chip.now_ms + ms)
    rig.wiring.lay_head(True)
    rig.chip.run_to(rig.chip.now_ms + HAND_MS)


def names(programmer: Programmer) -> list[str]:
    return [event["name"] for event in programmer.log()]


def test_a_pump_is_implanted_and_filled_over_usb(rig: Rig, programmer: Programmer) -> None:
    """The unchanged programmer, its frames through the emulated USB, what it wrote read back from the pump."""
    assert programmer.hello()["serial"] == "THECAL-00001"
    status = programmer.status()
    assert (status["boots"], status["alarms"]) == (1, [])
    with programmer.session():
        programmer.implant(catheter_cm=50, wall=datetime(2026, 3, 1, 9, 0))
        programmer.refill(volume_ml=20, concentration_mcg_per_ml=2000)
    assert programmer.status()["reservoir_nl"] == 20_000_000
    assert rig.wiring.pulses == 0


def test_the_second_line_answers_as_the_first(rig: Rig, programmer: Programmer) -> None:
    assert Programmer(Uart(rig.chip)).status()["reservoir_nl"] == programmer.status()["reservoir_nl"]


def test_a_program_turns_the_rotor_at_its_rate(rig: Rig, programmer: Programmer) -> None:
    with programmer.session():
        programmer.program_simple(500)
    live(rig, 20 * MINUTE_MS)
    steps_ms = rig.wiring.steps_ms
    assert len(steps_ms) == 20 * MINUTE_MS // PERIOD_MS
    for k in range(len(steps_ms)):
        assert 0 <= steps_ms[k] - steps_ms[0] - k * PERIOD_MS + LATE_MS <= 2 * LATE_MS
    assert rig.wiring.periods_ms == [PERIOD_MS]
    status = programmer.status()
    assert status["delivered_nl"] == 100 * len(steps_ms) == 100 * rig.plant.drivetrain.rotor_steps
    assert (status["therapy"], status["alarms"]) == ("running", [])


def test_a_stall_is_noticed_and_sounds(rig: Rig, programmer: Programmer) -> None:
    """Pulses that no Hall edge answers; then the critical tone at the piezo's pin: two notes in turn, for 3 s."""
    delivered_nl = programmer.status()["delivered_nl"]
    rig.plant.apply_fault("motor_stall")
    pulses = rig.wiring.pulses
    live(rig, STALL_MS + MINUTE_MS)
    rig.wiring.listen()
    assert rig.wiring.pulses > pulses + 20
    status = programmer.status()
    assert (status["alarms"], status["delivered_nl"]) == (["motor_stall"], delivered_nl)
    [tone] = rig.wiring.tones
    assert (tone.kind, tone.hz) == ("dual", (3200, 2400) * 6)
    assert 2950 <= tone.length_ms <= 3050
    rig.plant.heal("motor_stall")
    live(rig, 10 * MINUTE_MS)
    assert "MOTOR_STALL_RECOVERY" in names(programmer)


def test_a_hang_ends_by_the_watchdog_and_therapy_goes_on(rig: Rig, programmer: Programmer) -> None:
    """The processor is sent into a loop while the firmware is awake."""
    chip = rig.chip
    mcu = chip.device.mcu
    chip.send(b"\x00")  # noise that wakes it
    chip.wait(lambda: mcu.watchdog.timer.enable and not mcu.core.waiting, 1000, "wake")
    mcu.core.pc = 0x10000000 + bytes(mcu.flash).index(WAIT_FOR_INTERRUPT_FOR_EVER)
    hung_ms = chip.now_ms
    chip.wait(lambda: mcu.watchdog.read_uint32(WATCHDOG_REASON) == BY_TIMER, 9000, "bite")
    assert 7000 <= chip.now_ms - hung_ms <= 8100
    assert programmer.status()["boots"] == 2
    assert "WATCHDOG_RESET" in names(programmer)
    pulses = rig.wiring.pulses
    live(rig, 5 * MINUTE_MS)
    assert rig.wiring.pulses >= pulses + 8
    assert programmer.status()["therapy"] == "running"


@pytest.mark.parametrize("page", [2, 5])
def test_a_power_cut_in_a_commit_leaves_one_program_or_the_other(rig: Rig, programmer: Programmer, page: int) -> None:
    before = programmer.status()
    pump = Programmer(Tearing(rig.chip, page), timeout_s=TIMEOUT_S, tries=2, checks=False)
    with pytest.raises(LinkLost):
        pump.program_simple(510)
    assert rig.chip.torn
    rig.chip.cut_power()
    after = programmer.status()
    assert after["boots"] == before["boots"] + 1
    assert after["dose_mcg_per_day"] in (500, 510)
    assert after["therapy"] == "running"


def test_a_watchdog_that_cannot_be_paused_keeps_the_board_awake(rig: Rig, programmer: Programmer) -> None:
    """Its ENABLE bit stays set. In sleep it would run out, which locks a real chip up and resets this one."""
    boots = programmer.status()["boots"]
    watchdog = rig.chip.device.mcu.watchdog
    write = watchdog.write_uint32
    watchdog.write_uint32 = lambda offset, value: write(offset, value | (WATCHDOG_ENABLE if offset == 0 else 0))
    live(rig, 12_000)
    assert programmer.status()["boots"] == boots
