"""An order is carried out, and its answer is lost: the pump tells what became of it, and the same words do no harm.

By hand: 40 mcg of 2000 mcg/mL are 20,000 nL, given once however often somebody asks what became of them; 20 mL less a
day at 500 mcg/day (0.25 mL) are 19.75 mL, whichever of two refills in the same words was heard.
"""

from datetime import datetime
from random import Random

import pytest

from firmware.config import Config
from host_tools.machines.mock.link import MemoryTransport
from host_tools.machines.mock.machine import MockMachine
from host_tools.programmer import LinkLost, Programmer
from protocol.frame import Decoder
from protocol.registry import name_of

DAY_MS = 86_400_000
HOUR_MS = 3_600_000


class Line(MemoryTransport):
    """A line on which nothing is heard any more after the request that `loses` names."""

    def __init__(self, machine: MockMachine) -> None:
        super().__init__(machine)
        self.loses = ""
        self.deaf = False

    def write(self, data: bytes) -> None:
        super().write(data)
        self.deaf = self.deaf or any(name_of(frame.type) == self.loses for frame in Decoder().feed(data))

    def read(self, timeout_s: float) -> bytes:
        data = super().read(timeout_s)
        return b"" if self.deaf else data


class Rehearsal:
    """A treated patient's pump, and a programmer whose line can go deaf."""

    def __init__(self) -> None:
        self.machine = MockMachine(Config())
        self.machine.hal.head.set(True)
        self.machine.wake()
        self.line = Line(self.machine)
        self.pump = Programmer(self.line, checks=False, entropy=Random(1).randbytes, tries=2)
        self.pump.implant(catheter_cm=0, pump_tubing_ml=0, wall=datetime(2026, 1, 5))
        self.pump.refill(20, 2000, 0)
        self.pump.program_simple(500)
        self.machine.advance_to(DAY_MS)

    def lose_answer_of(self, request, order):
        """Give an order and hear nothing of it; what the programmer's user is told."""
        self.line.loses = request
        with pytest.raises(LinkLost) as told:
            order(self.pump)
        self.line.loses, self.line.deaf = "", False
        self.machine.advance_to(self.machine.now_ms + HOUR_MS)
        self.pump = Programmer(self.line, checks=False, entropy=Random(2).randbytes)
        return str(told.value)

    @property
    def delivered_nl(self):
        return self.machine.plant.truth()["delivered_nl"]


@pytest.mark.shows("R1.5")
def test_status_tells_what_became_of_a_bolus():
    clinic = Rehearsal()
    assert clinic.pump.status()["last_bolus"] is None
    before_nl = clinic.delivered_nl
    told = clinic.lose_answer_of("BOLUS", lambda pump: pump.bolus(40, 300))
    assert "the pump may or may not have done it: `thecal status` shows the last bolus" in told
    status = clinic.pump.status()
    expected = {"kind": "single", "ordered_ng": 40_000, "delivered_ng": 40_000, "at_s": 86_400}
    assert (status["bolus"], status["last_bolus"]) == ("none", expected)
    assert clinic.delivered_nl - before_nl == pytest.approx(20_000 + 250_000 / 24, abs=200)


@pytest.mark.shows("SEED-23")
def test_a_refill_is_told_again_in_the_same_words():
    clinic = Rehearsal()
    told = clinic.lose_answer_of("REFILL", lambda pump: pump.refill(20, 2000, 19.75))
    assert "tell it again in the same words" in told
    again = clinic.pump.refill(20, 2000, 19.75)
    assert (again.expected_nl, again.aspirated_nl, again.last_filled_nl) == (19_750_000, 19_750_000, 20_000_000)
    assert [event["name"] for event in clinic.machine.events].count("REFILL") == 2
    assert clinic.pump.status()["reservoir_nl"] == pytest.approx(20_000_000 - 250_000 / 24, abs=100)


ORDERS = {
    "STOP": (lambda pump: pump.stop(), lambda status: status["therapy"] == "stopped"),
    "MINIMUM_RATE": (lambda pump: pump.minimum_rate(), lambda status: status["therapy"] == "minimum"),
    "COMMIT": (lambda pump: pump.program_simple(480), lambda status: status["dose_mcg_per_day"] == 480),
    "LIMITS": (lambda pump: pump.limits(max_bolus_mcg=99), lambda status: status["limits"]["max_bolus_mcg"] == 99),
    "SET_CLOCK": (
        lambda pump: pump.set_clock(datetime(2026, 2, 1)),
        lambda status: status["wall"].startswith("2026-02-01T01"),
    ),
}


@pytest.mark.parametrize("request_name", ORDERS)
def test_status_tells_what_became_of_an_order_and_it_can_be_given_again(request_name):
    clinic = Rehearsal()
    order, done = ORDERS[request_name]
    assert "`thecal status` tells" in clinic.lose_answer_of(request_name, order)
    assert done(clinic.pump.status())
    order(clinic.pump)
    if request_name != "SET_CLOCK":
        assert done(clinic.pump.status())
