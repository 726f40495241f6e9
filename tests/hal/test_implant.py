"""What the pump is told of its implantation is done to the plant, once. Beside each other they hold the same drug."""

from typing import Any

import pytest

from firmware.config import Config
from firmware.pump import Pump
from hal.plant.impairment import MOST_LOST_PERCENT
from host_tools.machines.micropython import pump as micropython
from host_tools.machines.mock.machine import MockMachine
from protocol import auth, frame
from tests.firmware.clinic import Clinic, Refused

HOUR_MS = 3_600_000
MOST_WRITES = 12  # to the store, within one command


class MachineClinic(Clinic):
    """The clinician's hands on an emulated pump, the head on it all the time."""

    def __init__(self, pump_class: Any = Pump):
        self.machine = MockMachine(Config(), pump_class=pump_class)
        self.machine.lay_head(True)
        self.config, self.device_key, self.sequence = Config(), auth.TEST_KEY, 0

    def exchange(self, data):
        link = self.machine.hal.links[0]
        link.host_receive()
        link.host_send(data)
        self.machine.wake()
        return frame.Decoder().feed(link.host_receive())

    def pass_hours(self, hours):
        self.machine.advance_to(self.machine.now_ms + hours * HOUR_MS)
        self.machine.hal.links[0].host_receive()

    @property
    def plant(self):
        return self.machine.plant

    @property
    def line(self):
        return self.plant.flow.catheter.contents

    def lines_agree(self):
        """An edge falls on a step; where it lies off one, the plant has it within the step."""
        pump, plant = self.line_contents(), self.line
        strengths = [mcg_per_ml for _, mcg_per_ml in pump] == [mcg_per_ml for _, mcg_per_ml in plant]
        return strengths and all(abs(a[0] - b[0]) <= 100 for a, b in zip(pump, plant, strict=True))


@pytest.fixture(params=["cpython", "micropython"])
def clinic(request):
    if request.param == "cpython":
        yield MachineClinic()
    else:
        with micropython.pumps() as boot:
            yield MachineClinic(boot)


def treated(clinic):
    """A day of 2000 mcg/mL at 10 mL/day behind an empty line: 335.8 uL of it stand in the line."""
    clinic.implant_empty()
    clinic.command("LIMITS", max_dose_mcg_per_day=10_000, max_bolus_mcg=200, max_change_percent=30)
    clinic.refill()
    clinic.program(10_000_000)
    clinic.pass_hours(24)
    clinic.command("STOP")


def test_every_implantation_is_done_to_the_plant(clinic):
    treated(clinic)
    assert clinic.line == [(335_800, 2000)]
    clinic.implant_empty(catheter="same", catheter_mm=900)
    assert clinic.line == [(338_000, 2000)]
    clinic.implant_empty()
    assert clinic.line == [(335_800, 0)]
    clinic.implant_empty(tubing="primed")
    assert clinic.line == [(195_800, 0), (140_000, 2000)]
    clinic.implant_empty(catheter="same", catheter_mm=700, tubing_nl=100_000)
    assert clinic.line == [(114_000, 0), (140_000, 2000)]
    assert clinic.lines_agree()


@pytest.mark.parametrize("tubing", ["empty", "primed"])
def test_another_pump_joins_the_catheter_that_is_kept(tubing):
    clinic = MachineClinic()
    treated(clinic)
    clinic.machine.replace_pump(Config().serial)
    clinic.machine.lay_head(True)
    held = [{"volume_nl": 195_800, "mcg_per_ml": 2000}]
    clinic.implant_empty(catheter="kept", parcels=held, tubing=tubing)
    clinic.refill(mcg_per_ml=500)
    assert clinic.line == [(195_800, 2000), (140_000, 500 if tubing == "primed" else 0)]
    assert clinic.lines_agree()


def test_two_implantations_between_two_looks_are_both_done_in_order():
    clinic = MachineClinic()
    treated(clinic)
    run = clinic.machine._run
    read, run._read_log = run._read_log, lambda: None
    clinic.implant_empty(catheter_mm=500, tubing="primed")
    clinic.implant_empty(catheter_mm=600, catheter="same", tubing_nl=200_000)
    assert clinic.line == [(335_800, 2000)]
    run._read_log = read
    run._read_log()
    assert clinic.line == [(192_000, 0), (140_000, 2000)]
    run._sync_plant()
    assert clinic.line == [(192_000, 0), (140_000, 2000)]


@pytest.mark.parametrize("catheter_mm", [500, 890])
@pytest.mark.parametrize("torn_bytes", [0, 9, 10_000])
def test_an_implantation_in_which_the_power_fails_is_done_as_the_pump_then_has_it(torn_bytes, catheter_mm):
    write = 0
    for write in range(1, MOST_WRITES):
        clinic = MachineClinic()
        treated(clinic)
        clinic.machine.plan_power_cut(write, torn_bytes)
        try:
            clinic.implant_empty(catheter_mm=catheter_mm)
        except (ValueError, Refused):  # no answer, and then no session
            clinic.machine.lay_head(True)
        else:
            break
        empty = [(catheter_mm * 220 + 140_000, 0)]
        if clinic.machine.pump.state.catheter_mm != 890:
            assert clinic.line == empty
        clinic.implant_empty(catheter_mm=catheter_mm)  # asked again
        assert clinic.line == empty
    assert 2 < write < MOST_WRITES - 1


@pytest.mark.shows("SEED-41")
@pytest.mark.parametrize(("depth_mm", "lost_percent"), [(25, 0), (26, 10), (28, 30), (40, MOST_LOST_PERCENT)])
def test_a_pump_that_sits_too_deep_loses_frames(depth_mm, lost_percent):
    clinic = MachineClinic()
    clinic.implant_empty(depth_mm=20)
    impairment = clinic.plant.impairment
    clinic.open()
    try:
        fields = {"catheter_mm": 890, "tubing_nl": 140_000, "site": bytes(24), "override": "yes", "catheter": "new"}
        rest = {"tubing": "empty", "dose_ng_per_day": 0, "parcels": [], "wall_s": 0, "implanted_wall_s": 0}
        clinic.signed("IMPLANT", depth_mm=depth_mm, **fields, **rest)
    except ValueError:
        assert lost_percent  # the answer
    assert impairment.lost_percent == lost_percent
    clinic.plant.apply_fault("link_drop", percent=50)
    assert impairment.lost_percent == 100 - (100 - lost_percent) // 2
    clinic.machine.power_cut(10_000)
    clinic.plant.heal("link_drop")
    assert impairment.lost_percent == lost_percent
