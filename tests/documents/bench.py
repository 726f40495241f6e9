"""A pump and its programmer in one process, without a line between them that takes time."""

import random
from datetime import datetime, timedelta

from firmware.config import Config
from host_tools.machines.mock.link import MemoryTransport
from host_tools.machines.mock.machine import MockMachine
from host_tools.programmer import Programmer

START = datetime(2026, 1, 5, 8)
RECORDS = {
    "patient_name": "Jürgen-Heinz Müller-Lüdenscheidt",
    "patient_id": "KH-2026-00017",
    "born": "1971-03-29",
    "diagnosis": "spastic tetraparesis after spinal cord injury",
    "allergies": "penicillin, latex",
    "medicines": "tizanidine 4 mg in the morning and the evening",
    "emergency_medicines": "diazepam 10 mg\nas prescribed by Dr. Ångström",
    "restrictions": "no diathermy; no diving",
    "fever_plan": "over 38.5 °C: the clinic, the same day",
    "emergency_plan": "call the ambulance and show this",
    "contacts": "Anna Müller (wife) +49 170 1234567",
    "clinic": "Klinik für Neurochirurgie, Am Grünen Hügel 12",
    "physician": "Dr. Øystein Fjærland",
    "catheter_model": "A-89",
    "hearing": "deaf on the left; his mother listens for the pump every evening",
    "withdrawal_risk": "lives 300 km from the clinic; withdrawal in 2024",
    "goals": "sit in the wheelchair for two hours; brush his teeth alone",
    "scores": "2026-03-01 Ashworth 3 to 2, legs\n2025-11-20 Ashworth 4 to 3, legs",
    "signs_too_little": "holds his head to the left, cannot be dressed",
    "signs_too_much": "cannot hold his cup, falls asleep at lunch",
    "skin": "2026-03-01 dry, no redness",
    "incisions": "2026-01-19 closed\n2026-01-12 a little red, no pus",
    "pump_palpable": "2026-03-01 upper edge felt, does not move",
    "complications": "2025-12-02 CSF leak, gone after two days in bed",
    "screening": "2025-10-07 50 mcg at L3: Ashworth 4 to 2 after four hours",
}


class Bench:
    """`pump` is the programmer, `day(date)` lets time pass to the end of a day."""

    def __init__(self) -> None:
        self.machine = MockMachine(Config())
        self.machine.hal.head.set(True)
        self.machine.wake()
        self.pump = Programmer(MemoryTransport(self.machine), entropy=random.Random(1).randbytes)

    def treat(self, volume_ml: float = 20, concentration_mcg_per_ml: int = 2000, dose_mcg_per_day: float = 500) -> None:
        """Implant, fill, program."""
        self.pump.implant(89.5, site="Bauch rechts, südlich", depth_mm=18, wall=START)
        self.pump.refill(volume_ml, concentration_mcg_per_ml)
        self.pump.program_simple(dose_mcg_per_day)

    def pass_time(self, **by: int) -> None:
        """Let it go by, in the arguments of a timedelta."""
        self.machine.advance_to(self.machine.now_ms + timedelta(**by) // timedelta(milliseconds=1))

    def wear_out(self) -> None:
        """Let the cell be spent: the end of service within 40 days."""
        self.machine.plant.apply_fault("battery_drain", percent=9000)
        self.pass_time(days=40)

    def run_to(self, moment: datetime) -> None:
        """Let time pass up to a moment of the pump's clock, which was set when it was new."""
        self.machine.advance_to((moment - START) // timedelta(milliseconds=1))
