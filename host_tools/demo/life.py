"""The demo's story: an emulated pump from implantation to end of service, under the programmer.

The emulator is a process of its own. What the pump says and is told goes through pyserial over its serial
line; time, faults, truth and what could be heard come from the debug link.
"""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from firmware.config import Config
from host_tools.demo.record import DAY_S, Life, Note, Sample, Tone
from host_tools.emulator.debugclient import DebugClient
from host_tools.emulator.process import EmulatorProcess
from host_tools.programmer import Programmer

START = datetime(2026, 1, 5, 8)
VOLUME_ML, CONCENTRATION_MCG_PER_ML, DOSE_MCG_PER_DAY = 20, 2000, 500
LATE_REFILL, SCAN_AFTER_REFILL = 10, 21
HOUR_S = 3600
VISIT_HOUR = 10
LOOK_EVERY_S = 7 * DAY_S // 2

Progress = Callable[[int], None]
"""Is told the pump's uptime in seconds."""


def live(progress: Progress) -> Life:
    """Tell the whole story; takes seconds. Raises what the programmer and the debug link raise."""
    began_s = time.monotonic()
    with (
        EmulatorProcess(speed=0, start_at=START.isoformat()) as emulator,
        emulator.debug_client() as debug,
        Programmer.open(emulator.url, keys=None) as pump,
    ):
        life = Life(START, emulator.url, Config.low_reservoir_nl, Config.residual_nl)
        life.hello = pump.hello()
        story = _Story(pump, debug, life, progress)
        story.begin()
        while not story.over:
            story.go_on()
        life.events = list(pump.log())
        life.tones = [Tone(tone["kind"], tone["at_s"]) for tone in debug.tones()]
    life.wall_s = time.monotonic() - began_s
    return life


class _Story:
    def __init__(self, pump: Programmer, debug: DebugClient, life: Life, progress: Progress) -> None:
        self._pump = pump
        self._debug = debug
        self._life = life
        self._progress = progress
        self._refills = 0

    @property
    def over(self) -> bool:
        return self._life.status["therapy"] == "end_of_service"

    def begin(self) -> None:
        self._pump.implant(wall=START, catheter_cm=89)
        self._fill(aspirated_ml=Decimal(0))
        self._pump.program_simple(DOSE_MCG_PER_DAY)
        self._look()

    def go_on(self) -> None:
        """To the next date that the pump itself gives, and do there what is due."""
        status = self._life.status
        refill_s = _morning_s(status["refill_by"])
        if status["eri"]:
            replace_s = _morning_s(status["eri"]) + Config.eri_days * DAY_S
        else:
            replace_s = _morning_s(status["eri_forecast"])
        self._pass_to(max(min(refill_s, replace_s), self._now_s + HOUR_S))
        if sounding := self._sounding():
            self._answer(sounding)
        elif self._now_s >= refill_s:
            self._visit()

    def _visit(self) -> None:
        self._refills += 1
        if self._refills == LATE_REFILL:
            self._come_late()
        self._refill()
        if self._refills == SCAN_AFTER_REFILL:
            self._pass(10 * DAY_S)
            self._scan()

    def _come_late(self) -> None:
        self._note(f"Nobody comes for refill {self._refills}.")
        self._debug.advance_to_next_alarm()
        self._look()
        self._answer(self._sounding())
        self._pass(30 * HOUR_S)

    def _scan(self) -> None:
        self._note("An MRI scan of 45 minutes. The field holds the rotor, which then sticks for 3 hours.")
        self._debug.fault("mri", for_s=45 * 60, recovery_ms=3 * HOUR_S * 1000)
        self._debug.advance_to_next_alarm()
        self._look()
        self._answer(self._sounding())

    def _answer(self, sounding: list[dict[str, Any]]) -> None:
        """The alarm is heard, single beeps for longer than dual tones, until the clinic silences it."""
        critical = any(alarm["class"] == "critical" for alarm in sounding)
        self._pass(5 * HOUR_S if critical else 18 * HOUR_S, look_every_s=HOUR_S)
        for alarm in sounding:
            self._pump.silence(alarm["name"])
        self._look()

    def _sounding(self) -> list[dict[str, Any]]:
        return [alarm for alarm in self._life.status["alarm_list"] if not alarm["silenced"]]

    def _refill(self) -> None:
        """Whoever holds the needle takes out what is really there."""
        self._fill(aspirated_ml=Decimal(self._life.samples[-1].truth_reservoir_nl).scaleb(-6))
        self._look()

    def _fill(self, aspirated_ml: Decimal) -> None:
        self._pump.refill(
            volume_ml=VOLUME_ML, concentration_mcg_per_ml=CONCENTRATION_MCG_PER_ML, aspirated_ml=aspirated_ml
        )

    def _pass(self, by_s: int, look_every_s: int = LOOK_EVERY_S) -> None:
        self._pass_to(self._now_s + by_s, look_every_s)

    def _pass_to(self, at_s: int, look_every_s: int = LOOK_EVERY_S) -> None:
        while (left_s := at_s - self._now_s) > 0:
            self._debug.advance(min(left_s, look_every_s))
            self._look()

    @property
    def _now_s(self) -> int:
        return self._life.status["uptime_s"]

    def _note(self, text: str) -> None:
        self._life.notes.append(Note(self._now_s, text))

    def _look(self) -> None:
        """Ask the pump and the plant at one instant, and keep what both say."""
        life = self._life
        life.status = status = self._pump.status()
        truth = self._debug.truth()
        life.samples.append(
            Sample(
                at_s=status["uptime_s"],
                rate_nl_per_day=status["rate_nl_per_day"],
                reservoir_nl=status["reservoir_nl"],
                delivered_nl=status["delivered_nl"],
                battery_mv=status["battery_mv"],
                battery_load_mv=status["battery_load_mv"],
                truth_reservoir_nl=truth["reservoir_nl"],
                truth_delivered_nl=truth["delivered_nl"],
            )
        )
        self._progress(status["uptime_s"])


def _morning_s(date: str) -> int:
    """The uptime at which the clinic sees people on the day of an ISO local time."""
    morning = datetime.fromisoformat(date).replace(hour=VISIT_HOUR, minute=0, second=0)
    return (morning - START) // timedelta(seconds=1)
