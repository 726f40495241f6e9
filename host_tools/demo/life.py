"""The demo's story: an emulated pump from implantation to end of service, under the programmer.

The emulator is a process of its own. What the pump says and is told goes through pyserial over its serial
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


def live(progress: Progress) -> Life:
    """Tell the whole story; takes seconds. Raises what the programmer and the debug link raise."""
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
        while not story.over:
            story.go_on()
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
    def over(self) -> bool:
        return self._life.status["therapy"] == "end_of_service"

    def begin(self) -> None:
        self._pump.implant(wall=START, catheter_cm=89)
        self._fill(aspirated_ml=Decimal(0))
        self._pump.program_simple(DOSE_MCG_PER_DAY)
        self._observer.look()

    def go_on(self) -> None:
        """To the next date that the pump itself gives, and do there what is due."""
        status = self._life.status
        refill_s = _morning_s(status["refill_by"])
        if status["eri"]:
            replace_s = _morning_s(status["eri"]) + Config.eri_days * DAY_S
        else:
            replace_s = _morning_s(status["eri_forecast"])
        self._observer.pass_to(max(min(refill_s, replace_s), self._observer.now_s + HOUR_S))
        if sounding := self._sounding():
            self._answer(sounding)
        elif self._observer.now_s >= refill_s:
            self._visit()

    def _visit(self) -> None:
        self._refills += 1
        if self._refills == LATE_REFILL:
            self._come_late()
        self._refill()
        if self._refills == SCAN_AFTER_REFILL:
            self._observer.pass_by(10 * DAY_S)
            self._scan()
        elif self._refills == HIDDEN_AFTER_REFILL:
            self._observer.pass_by(HIDDEN_AFTER_S)
            self._deliver_less()
        elif self._refills == HIDDEN_AFTER_REFILL + 1:
            self._deliver_all()

    def _come_late(self) -> None:
        self._observer.note(f"Nobody comes for refill {self._refills}.")
        self._debug.advance_to_next_alarm()
        self._observer.look()
        self._answer(self._sounding())
        self._observer.pass_by(30 * HOUR_S)

    def _scan(self) -> None:
        self._observer.note("An MRI scan of 45 minutes. The field holds the rotor, which then sticks for 3 hours.")
        self._debug.fault("mri", for_s=45 * 60, recovery_ms=3 * HOUR_S * 1000)
        self._debug.advance_to_next_alarm()
        self._observer.look()
        self._answer(self._sounding())

    def _deliver_less(self) -> None:
        """The debug link begins what no sensor of the pump can see."""
        self._observer.note(f"Unseen by the pump, each motor step begins to move {HIDDEN_PERCENT} % less drug.")
        self._debug.fault(HIDDEN_FAULT, percent=HIDDEN_PERCENT)
        self._hidden_since_s = self._observer.now_s
        self._observer.pass_by(PATIENT_NOTICES_S)
        signs = ", ".join(self._debug.truth()["symptoms"]) or "no signs"
        alarms = ", ".join(self._life.status["alarms"]) or "no alarm"
        self._observer.note(f"The patient feels it: {signs}. The pump says: {self._life.status['therapy']}, {alarms}.")

    def _deliver_all(self) -> None:
        self._debug.heal(HIDDEN_FAULT)
        self._life.hidden = HiddenFault(HIDDEN_FAULT, HIDDEN_PERCENT, self._hidden_since_s, self._observer.now_s)
        self._observer.note("The cause is found and mended: each step moves what it should.")

    def _answer(self, sounding: list[dict[str, Any]]) -> None:
        """The alarm is heard, single beeps for longer than dual tones, until the clinic silences it."""
        critical = any(alarm["class"] == "critical" for alarm in sounding)
        self._observer.pass_by(5 * HOUR_S if critical else 18 * HOUR_S, look_every_s=HOUR_S)
        for alarm in sounding:
            self._pump.silence(alarm["name"])
        self._observer.look()

    def _sounding(self) -> list[dict[str, Any]]:
        return [alarm for alarm in self._life.status["alarm_list"] if not alarm["silenced"]]

    def _refill(self) -> None:
        """Whoever holds the needle takes out what is really there."""
        self._fill(aspirated_ml=Decimal(self._life.samples[-1].truth_reservoir_nl).scaleb(-6))
        self._observer.look()

    def _fill(self, aspirated_ml: Decimal) -> None:
        self._pump.refill(
            volume_ml=VOLUME_ML, concentration_mcg_per_ml=CONCENTRATION_MCG_PER_ML, aspirated_ml=aspirated_ml
        )


def _morning_s(date: str) -> int:
    """The uptime at which the clinic sees people on the day of an ISO local time."""
    morning = datetime.fromisoformat(date).replace(hour=VISIT_HOUR, minute=0, second=0)
    return (morning - START) // timedelta(seconds=1)
