"""The demo's story: an emulated pump from implantation to end of service, under the programmer.

The emulator is a process of its own. Everything said to the pump and by it goes through pyserial over its serial
line; time, faults, truth and what could be heard come from the debug link.
"""

import time
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from firmware.config import Config
from host_tools.demo.observer import Observer, Progress
from host_tools.demo.record import DAY_S, HiddenFault, Life, Tone
from host_tools.emulator.process import EmulatorProcess
from host_tools.programmer import Programmer

START = datetime(2026, 1, 5, 8)
VOLUME_ML, CONCENTRATION_MCG_PER_ML, DOSE_MCG_PER_DAY = 20, 2000, 500
LATE_REFILL, SCAN_AFTER_REFILL, HIDDEN_AFTER_REFILL = 10, 21, 29
HIDDEN_FAULT, HIDDEN_PERCENT, HIDDEN_AFTER_S = "under_delivery", 40, 10 * DAY_S
PATIENT_NOTICES_S = 3 * DAY_S
HOUR_S = 3600
VISIT_HOUR = 10


def run_story(progress: Progress) -> Life:
    """Run the story; takes seconds. Raises the errors of the programmer and of the debug link."""
    began_s = time.monotonic()
    with (
        EmulatorProcess(speed=0, start_at=START.isoformat()) as emulator,
        emulator.debug_client() as debug,
        Programmer.open(emulator.url, keys=None) as pump,
    ):
        life = Life(START, emulator.url, Config.low_reservoir_nl, Config.residual_nl)
        life.hello = {**pump.hello()}
        story = _Story(Observer(pump, debug, life, progress))
        story.begin()
        while not story.ended:
            story.advance()
        life.events = list(pump.log())
        life.tones = [Tone(tone["kind"], tone["at_s"]) for tone in debug.tones()]
    life.wall_s = time.monotonic() - began_s
    return life


class _Story:
    def __init__(self, observer: Observer) -> None:
        self._observer = observer
        self._pump = observer.pump
        self._debug = observer.debug
        self._life = observer.life
        self._refills = 0
        self._hidden_since_s = 0

    @property
    def ended(self) -> bool:
        return self._life.status["therapy"] == "end_of_service"

    def begin(self) -> None:
        self._pump.implant(wall=START, catheter_cm=89)
        self._fill(aspirated_ml=Decimal(0))
        self._pump.program_simple(DOSE_MCG_PER_DAY)
        self._observer.sample()

    def advance(self) -> None:
        """Go to the next date that the pump gives, and do what is due there."""
        status = self._life.status
        refill_s = _morning_s(status["refill_by"])
        if status["eri"]:
            replace_s = _morning_s(status["eri"]) + Config.eri_days * DAY_S
        else:
            replace_s = _morning_s(status["eri_forecast"])
        self._observer.advance_to(max(min(refill_s, replace_s), self._observer.now_s + HOUR_S))
        if sounding := self._sounding():
            self._respond_to(sounding)
        elif self._observer.now_s >= refill_s:
            self._visit()

    def _visit(self) -> None:
        self._refills += 1
        if self._refills == LATE_REFILL:
            self._refill_late()
        self._refill()
        if self._refills == SCAN_AFTER_REFILL:
            self._observer.advance_by(10 * DAY_S)
            self._scan()
        elif self._refills == HIDDEN_AFTER_REFILL:
            self._observer.advance_by(HIDDEN_AFTER_S)
            self._begin_under_delivery()
        elif self._refills == HIDDEN_AFTER_REFILL + 1:
            self._end_under_delivery()

    def _refill_late(self) -> None:
        self._observer.note(f"Nobody comes for refill {self._refills}.")
        self._debug.advance_to_next_alarm()
        self._observer.sample()
        self._respond_to(self._sounding())
        self._observer.advance_by(30 * HOUR_S)

    def _scan(self) -> None:
        self._observer.note("An MRI scan of 45 minutes. The field holds the rotor, which then sticks for 3 hours.")
        self._debug.fault("mri", for_s=45 * 60, recovery_ms=3 * HOUR_S * 1000)
        self._debug.advance_to_next_alarm()
        self._observer.sample()
        self._respond_to(self._sounding())

    def _begin_under_delivery(self) -> None:
        """Begin a fault that no sensor of the pump can see."""
        self._observer.note(f"Unseen by the pump, each motor step begins to move {HIDDEN_PERCENT} % less drug.")
        self._debug.fault(HIDDEN_FAULT, percent=HIDDEN_PERCENT)
        self._hidden_since_s = self._observer.now_s
        self._observer.advance_by(PATIENT_NOTICES_S)
        signs = ", ".join(self._debug.truth()["symptoms"]) or "no signs"
        alarms = ", ".join(self._life.status["alarms"]) or "no alarm"
        self._observer.note(f"The patient feels it: {signs}. The pump says: {self._life.status['therapy']}, {alarms}.")

    def _end_under_delivery(self) -> None:
        self._debug.heal(HIDDEN_FAULT)
        self._life.hidden = HiddenFault(HIDDEN_FAULT, HIDDEN_PERCENT, self._hidden_since_s, self._observer.now_s)
        self._observer.note("The cause is found and repaired: each step moves what it should.")

    def _respond_to(self, sounding: list[dict[str, Any]]) -> None:
        """Let the alarms sound, single beeps for longer than dual tones, then silence them."""
        critical = any(alarm["class"] == "critical" for alarm in sounding)
        self._observer.advance_by(5 * HOUR_S if critical else 18 * HOUR_S, look_every_s=HOUR_S)
        for alarm in sounding:
            self._pump.silence(alarm["name"])
        self._observer.sample()

    def _sounding(self) -> list[dict[str, Any]]:
        return [alarm for alarm in self._life.status["alarm_list"] if not alarm["silenced"]]

    def _refill(self) -> None:
        """Refill; the aspirated volume is what is really there."""
        self._fill(aspirated_ml=Decimal(self._life.samples[-1].truth_reservoir_nl).scaleb(-6))
        self._observer.sample()

    def _fill(self, aspirated_ml: Decimal) -> None:
        self._pump.refill(
            volume_ml=VOLUME_ML, concentration_mcg_per_ml=CONCENTRATION_MCG_PER_ML, aspirated_ml=aspirated_ml
        )


def _morning_s(date: str) -> int:
    """The uptime at which the clinic sees people on the day of an ISO local time."""
    morning = datetime.fromisoformat(date).replace(hour=VISIT_HOUR, minute=0, second=0)
    return (morning - START) // timedelta(seconds=1)
