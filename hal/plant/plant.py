"""The physical truth behind the drivers, on one clock: ms since first power-up, unpowered time included.

Nothing happens in steps of time: each part computes in closed form what happened since it was last asked, and only
events (another rhythm of the motor, a fault that comes or goes) make it settle.
"""

from collections.abc import Callable
from functools import partial
from math import ceil
from typing import Any

from hal.plant.activefaults import Fault, effects
from hal.plant.battery import Battery
from hal.plant.catheter import TUBING_NL, Parcel
from hal.plant.crystal import Crystal
from hal.plant.drivetrain import NEVER_MS, Drivetrain
from hal.plant.faults import BODY_CENTI_CELSIUS, INSTANT, OUTSIDE_THE_PUMP, check_fields, check_name
from hal.plant.fillsensor import FillSensor
from hal.plant.flow import Flow, Implantation
from hal.plant.heat import TipHeat
from hal.plant.impairment import LinkImpairment
from hal.plant.patient import HOUR_MS, Body, Patient
from hal.plant.reservoir import Reservoir
from hal.plant.sound import Sound, Tone


def no_memory(fault: str, **_: Any) -> None:
    """Refuse a fault of the memory: there is no pump."""
    raise ValueError(f"{fault}: nothing here has a memory")


class Plant:
    """Does exactly what is commanded, unless a fault is on."""

    def __init__(
        self,
        *,
        step_nl: int = 100,
        reservoir_capacity_nl: int = 20_000_000,
        battery_capacity_mah: int = 1000,
        battery_idle_ppb_per_day: int = 349_000,
        battery_ppb_per_ml: int = 83_800,
        couplings: bool = False,
    ) -> None:
        self.now_ms = 0
        self.unpowered_ms = 0
        self._unpowered_from_ms: int | None = None
        self.next_event_ms = NEVER_MS
        self.drivetrain = Drivetrain(change=self.settle)
        self._new_reservoir = partial(Reservoir, step_nl, reservoir_capacity_nl)
        self._new_battery = partial(
            Battery, battery_capacity_mah, battery_idle_ppb_per_day, battery_ppb_per_ml, step_nl
        )
        self.flow = Flow(self._new_reservoir(), couplings)
        self.battery = self._new_battery()
        self.crystal = Crystal()
        self.sound = Sound()
        self.impairment = LinkImpairment()
        self.fill_sensor = FillSensor()
        self.centi_celsius = BODY_CENTI_CELSIUS
        self.tip_heat = TipHeat()
        self.port_missed = False  # a refill goes into the tissue
        self.overfill_nl = 0  # that a refill puts in on top of what is said
        self.filled_mcg_per_ml: int | None = None  # of every refill, whatever is said
        self.fitted_tubing_nl: int | None = None  # of the pump's tubing, whatever is recorded
        self.implanted_as: tuple[int, int] | None = None  # (catheter, tubing) in nL, as they were told
        self.dry_limit_ms = NEVER_MS  # of running with an empty reservoir, after which the motor seizes
        self.failing: frozenset[str] = frozenset()  # devices that fail their own test
        self.store_fails = False
        self.hangs = False
        self.corrupt: Callable[..., None] = no_memory  # set by whoever has the pump's memory
        self._faults: dict[str, Fault] = {}

    @property
    def tones(self) -> list[Tone]:
        """The tones heard so far."""
        return self.sound.tones

    # Time

    def advance(self, to_ms: int) -> None:
        """Let everything up to and including `to_ms` happen. ValueError when that is past."""
        if to_ms < self.now_ms:
            raise ValueError(f"{to_ms} ms is before the plant's present, {self.now_ms} ms")
        while self.next_event_ms <= to_ms:
            self.now_ms = self.next_event_ms
            self.settle()
            self._faults = {name: fault for name, fault in self._faults.items() if fault.end_ms > self.now_ms}
            self._apply_effects()
        self.now_ms = to_ms

    def settle(self) -> None:
        """Bring every part up to `now_ms`."""
        self.drivetrain.settle(self.now_ms)
        self.battery.settle(self.now_ms, self.drivetrain.work_pulses)
        self._advance_flow(self.flow)
        self.tip_heat.advance(self.now_ms)
        if self.flow.dry_ms >= self.dry_limit_ms:
            self.drivetrain.seize()

    def flow_now(self) -> Flow:
        """The flow as it is now, in a copy: asking changes nothing."""
        self.drivetrain.settle(self.now_ms)
        flow = self.flow.copy()
        self._advance_flow(flow)
        return flow

    def _advance_flow(self, flow: Flow) -> None:
        train = self.drivetrain
        flow.advance(self.now_ms, train.rotor_steps, train.turning_until_ms, train.step_ms)

    def power_cut(self) -> None:
        """Stop the motor. Everything else goes on."""
        self.settle()
        if self._unpowered_from_ms is None:
            self._unpowered_from_ms = self.now_ms
        self.drivetrain.power_cut(self.now_ms)

    def reset(self) -> None:
        """Start the pump's processor anew. That ends a hang which has no end of its own."""
        if self._unpowered_from_ms is not None:
            self.unpowered_ms += self.now_ms - self._unpowered_from_ms
            self._unpowered_from_ms = None
        self.drivetrain.power_on(self.now_ms)
        hang = self._faults.get("hang")
        if hang and hang.until_ms == NEVER_MS:
            self._end("hang")

    # Faults

    @property
    def faults(self) -> dict[str, Fault]:
        """The faults that are on, by name."""
        return self._faults

    def apply_fault(self, name: str, until_ms: int | None = None, **fields: Any) -> None:
        """Begin a fault now, until `until_ms` or until healed. It replaces one of its name.

        ValueError for an unknown fault or field, a number out of its range, or an end that is not ahead.
        """
        values = check_fields(name, fields)
        if name in INSTANT and until_ms is not None:
            raise ValueError(f"{name} is over at once; it takes no end")
        if until_ms is not None and until_ms <= self.now_ms:
            raise ValueError(f"{name} would end at {until_ms} ms, and it is {self.now_ms} ms already")
        self.settle()
        if name in INSTANT and values.get("region") != "code":
            self._act_at_once(name, values)
        else:
            self._begin(name, NEVER_MS if until_ms is None else until_ms, values)

    def _act_at_once(self, name: str, values: dict[str, Any]) -> None:
        if name == "reverse_step":
            self.drivetrain.step_back(self.now_ms)
            self.settle()
        elif name == "clock_jump":
            self.crystal.jump(self.now_ms, values["by_ms"])
        else:
            self.corrupt(name, **values)

    def _begin(self, name: str, until_ms: int, values: dict[str, Any]) -> None:
        if name in self._faults:
            self._end(name)
        if name == "sensor_stuck":
            values = {"at_nl": self.sensed_nl() or 0}
        self._faults[name] = Fault(name, self.now_ms, until_ms, values)
        self._apply_effects()

    def heal(self, name: str) -> None:
        """End a fault's cause, and the fault with it, but for one that takes time to recover.

        ValueError for an unknown fault, and for one that is not on.
        """
        check_name(name)
        fault = self._faults.get(name)
        if fault is None:
            raise ValueError(f"{name} is not on; on are: {', '.join(self._faults) or 'none'}")
        fault.until_ms = min(fault.until_ms, self.now_ms)
        if fault.end_ms <= self.now_ms:
            self._end(name)
        else:
            self._apply_effects()

    def _end(self, name: str) -> None:
        self.settle()
        del self._faults[name]
        self._apply_effects()

    def _apply_effects(self) -> None:
        """Give every quantity that faults act on its value. Settle first."""
        for quantity, value in effects(self._faults.values(), self.now_ms):
            quantity.put(self, value)
        self.battery.sampled_at_ms = -1
        self.next_event_ms = min([fault.next_ms(self.now_ms) for fault in self._faults.values()], default=NEVER_MS)
        if self.dry_limit_ms < NEVER_MS and not self.drivetrain.seized:
            self._look_at_dry_limit()

    def _look_at_dry_limit(self) -> None:
        """Settle again when the motor may seize at the earliest, but an hour from now at least."""
        left_ms = ceil(self.dry_limit_ms - self.flow.dry_ms)
        self.next_event_ms = min(self.next_event_ms, self.now_ms + max(HOUR_MS, left_ms))

    def set_runaway(self, on: bool) -> None:
        """Begin or end steps that nobody ordered."""
        self.drivetrain.run_away(on, self.now_ms)

    def set_clock_drift(self, ppm: int) -> None:
        """Let the pump's clock run so much faster from now on."""
        self.crystal.drift(self.now_ms, ppm)

    # Hands and instruments

    @property
    def aspirable_nl(self) -> int:
        """Volume that a needle would draw out now."""
        return 0 if self.port_missed else self.flow_now().reservoir.volume_nl

    def refill(self, volume_nl: int, mcg_per_ml: int = 0) -> int:
        """Empty the reservoir and put `volume_nl` in; the nL that came out. ValueError when it does not fit."""
        self.settle()
        if self.filled_mcg_per_ml is not None:
            mcg_per_ml = self.filled_mcg_per_ml
        if self.port_missed:
            self.flow.miss_port(volume_nl, mcg_per_ml)
            return 0
        aspirated_nl = self.flow.refill(volume_nl, mcg_per_ml, self.overfill_nl)
        self.settle()
        return aspirated_nl

    def implant(self, kind: Implantation, catheter_nl: int, tubing_nl: int, *, primed: bool = False) -> None:
        """Implant the pump with a catheter that holds so much, behind tubing that holds `tubing_nl`.

        `new`: another catheter, without drug. `kept`: the one that is there, with what it holds, behind this pump's
        tubing; where there is none, a new one. `same`: nothing is done, only the volumes were said wrong.
        Tubing that is `primed` holds the reservoir's drug, before the first refill that of the first; else none.
        """
        self.settle()
        self.implanted_as = catheter_nl, tubing_nl
        if self.fitted_tubing_nl is not None:
            tubing_nl = self.fitted_tubing_nl
        self.flow.implant(kind, catheter_nl, tubing_nl, primed)

    def aspirate_line(self, volume_nl: int) -> list[Parcel]:
        """Draw so much out of the catheter at its side port, behind the pump's tubing; CSF follows at the tip.

        What came, in order: nothing through a catheter that is closed. The patient gets nothing.
        """
        self.settle()
        return self.flow.aspirate_line(volume_nl)

    def inject_line(self, volume_nl: int, mcg_per_ml: int) -> None:
        """Push so much into the catheter at its side port. What leaves the tip reaches the patient at once."""
        self.settle()
        self.flow.inject_line(volume_nl, mcg_per_ml)

    def replace_pump(self) -> None:
        """Put a new pump in the place of this one. Catheter and patient stay, with their faults."""
        self.settle()
        self.drivetrain = Drivetrain(change=self.settle)
        self.flow.replace_pump(self._new_reservoir(), TUBING_NL)
        self.implanted_as = None
        self.impairment.depth_mm = 0
        self.battery = self._new_battery()
        self.battery.restore({"used_units": 0}, self.now_ms, 0)
        self.crystal = Crystal()
        self._faults = {name: fault for name, fault in self._faults.items() if name in OUTSIDE_THE_PUMP}
        self._apply_effects()

    def admit(self, body: Body) -> None:
        """Take a patient like that for the one there is. Only before anything has happened."""
        self.flow.patient = Patient(body)

    def begin_therapy(self, dose_ng_per_day: int) -> None:
        """A program of that dose is in force. 0 for none."""
        if dose_ng_per_day:
            self.settle()
            self.flow.patient.begin_therapy(dose_ng_per_day / 1000)

    def test_dose(self, mcg: float) -> None:
        """Give a dose by needle into the CSF, as one is screened; no pump has a part in it."""
        self.settle()
        self.flow.patient.site.add_by_needle(mcg)

    def sensed_nl(self) -> int | None:
        """The fill sensor's reading without its noise; None when it is dead."""
        return self.fill_sensor.read_nl(self.flow_now().reservoir.volume_nl)

    def rest_mv(self) -> int:
        """The cell's voltage at rest. Of several readings in one ms the first holds."""
        self._sample()
        return self.battery.rest_mv

    def load_mv(self) -> int:
        """The cell's voltage while a pulse is given, as of the same reading."""
        self._sample()
        return self.battery.load_mv

    def _sample(self) -> None:
        if self.battery.sampled_at_ms != self.now_ms:
            self.drivetrain.settle(self.now_ms)
            self.battery.sample(self.now_ms, self.drivetrain.work_pulses)

    def truth(self) -> dict[str, Any]:
        """Ground truth, which no firmware can see. Effects and risk are a simulation, not clinical."""
        return {
            **self.flow_now().truth(),
            **self.tip_heat.truth(self.now_ms),
            "battery_mah": self.battery.left_mah(self.now_ms, self.drivetrain.work_pulses),
            "rotor_steps": self.drivetrain.rotor_steps,
            "faults": list(self._faults),
        }

    # To and from a file

    def snapshot(self) -> dict[str, Any]:
        """Everything that outlives a loss of power, for JSON."""
        self.settle()
        return {
            "now_ms": self.now_ms,
            "unpowered_ms": self.unpowered_ms,
            "work_pulses": self.drivetrain.work_pulses,
            "rotor_steps": self.drivetrain.rotor_steps,
            "flow": self.flow.snapshot(),
            "tip_cem43_min": self.tip_heat.cem43_min,
            "seized": self.drivetrain.seized,
            "implanted_as": self.implanted_as and list(self.implanted_as),
            "battery": self.battery.snapshot(),
            "quartz": self.crystal.snapshot(),  # the name in folders that are kept
            "faults": [fault.snapshot() for fault in self._faults.values()],
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a snapshot, unpowered, in a new plant."""
        self.now_ms = state["now_ms"]
        self.unpowered_ms = state.get("unpowered_ms", 0)  # a folder of an earlier version has none
        self.drivetrain = Drivetrain(state["work_pulses"], state["rotor_steps"], self.settle)
        self.flow.restore(state["flow"], self.now_ms, state["rotor_steps"])
        self.tip_heat.restore(state.get("tip_cem43_min", 0.0), self.now_ms)
        self.drivetrain.seized = state.get("seized", False)
        catheter = self.flow.catheter
        implanted_as = state.get("implanted_as", (catheter.catheter_nl, catheter.tubing_nl))
        self.implanted_as = implanted_as and tuple(implanted_as)
        self.battery.restore(state["battery"], self.now_ms, state["work_pulses"])
        self.crystal.restore(state["quartz"])
        self._faults = {fault["name"]: Fault(**fault) for fault in state["faults"]}
        self._apply_effects()
