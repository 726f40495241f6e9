"""The physical truth behind the drivers, on one clock: ms since first power-up, unpowered time included.

Nothing happens in steps of time: each part knows in closed form what it was up to since it was last asked, and only
events (another rhythm of the motor, a fault that comes or goes) make it settle.
"""

from typing import Any

from hal.plant.battery import Battery
from hal.plant.drivetrain import NEVER_MS, Drivetrain
from hal.plant.faults import Fault, check_fields, check_name
from hal.plant.flow import Flow
from hal.plant.reservoir import Reservoir
from hal.plant.sound import Sound, Tone

BODY_CENTI_CELSIUS = 3700


class Plant:
    """Ideal unless faults say otherwise: what is commanded is what happens."""

    def __init__(
        self,
        *,
        step_nl: int = 100,
        reservoir_capacity_nl: int = 20_000_000,
        battery_capacity_mah: int = 1000,
        battery_idle_ppb_per_day: int = 349_000,
        battery_ppb_per_ml: int = 83_800,
    ) -> None:
        self.now_ms = 0
        self.next_event_ms = NEVER_MS
        self.drivetrain = Drivetrain(change=self.settle)
        self.flow = Flow(Reservoir(step_nl, reservoir_capacity_nl))
        self.battery = Battery(battery_capacity_mah, battery_idle_ppb_per_day, battery_ppb_per_ml, step_nl)
        self.sound = Sound()
        self.centi_celsius = BODY_CENTI_CELSIUS
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
            for name in [name for name, fault in self._faults.items() if fault.end_ms <= self.now_ms]:
                self._end(name)
        self.now_ms = to_ms

    def settle(self) -> None:
        """Bring every part up to `now_ms`."""
        self.drivetrain.settle(self.now_ms)
        self.battery.settle(self.now_ms, self.drivetrain.work_pulses)
        self._flow_on(self.flow)

    def look(self) -> Flow:
        """How far the drug is now. Looking changes nothing."""
        self.drivetrain.settle(self.now_ms)
        flow = self.flow.copy()
        self._flow_on(flow)
        return flow

    def _flow_on(self, flow: Flow) -> None:
        flow.go_on(self.now_ms, self.drivetrain.rotor_steps, self.drivetrain.turning_until_ms)

    def power_cut(self) -> None:
        """The motor stands. Everything else goes on as it was."""
        self.settle()
        self.drivetrain.power_cut(self.now_ms)

    # Faults

    def apply_fault(self, name: str, until_ms: int | None = None, **fields: int) -> None:
        """A fault comes, now, until `until_ms` or until healed; one that is on is replaced.

        ValueError for an unknown fault or field, a number out of its range, or an end that is not ahead.
        """
        values = check_fields(name, fields)
        if name == "reverse_step" and until_ms is not None:
            raise ValueError("reverse_step is over at once; it takes no end")
        if until_ms is not None and until_ms <= self.now_ms:
            raise ValueError(f"{name} would end at {until_ms} ms, and it is {self.now_ms} ms already")
        self.settle()
        if name == "reverse_step":
            self.drivetrain.step_back(self.now_ms)
            self.settle()
            return
        if name in self._faults:
            self._end(name)
        self._faults[name] = Fault(name, NEVER_MS if until_ms is None else until_ms, values)
        self._take_effect(name)

    def heal(self, name: str) -> None:
        """The cause of a fault goes away, and with it the fault, except for what it leaves behind for a while.

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
            self._take_effect(name)

    def _end(self, name: str) -> None:
        self.settle()
        del self._faults[name]
        self._take_effect(name)

    def _take_effect(self, name: str) -> None:
        """Let the parts know that a fault has come, changed or gone."""
        faults = self._faults
        on = name in faults
        if name in ("motor_stall", "mri"):
            self.drivetrain.hold("motor_stall" in faults or "mri" in faults)
        elif name == "runaway":
            self.drivetrain.run_away(self.now_ms if on else NEVER_MS)
        elif name == "over_delivery":
            self.flow.reservoir.over_percent = faults[name].fields["percent"] if on else 0
        elif name == "battery_drain":
            self.battery.drain(faults[name].fields["percent"] if on else 0)
        elif name == "buzzer_dead":
            self.sound.dead = on
        self.next_event_ms = min([fault.end_ms for fault in faults.values()], default=NEVER_MS)

    # What hands and instruments do

    def refill(self, volume_nl: int, mcg_per_ml: int = 0) -> int:
        """Empty the reservoir and put `volume_nl` in; the nL that came out."""
        self.settle()
        return self.flow.reservoir.refill(volume_nl, mcg_per_ml)

    def fit_catheter(self, dead_nl: int) -> None:
        """Implant with a catheter that, with the tubing before it, holds so much. One that is there stays."""
        self.settle()
        if dead_nl != self.flow.catheter.dead_nl:
            self.flow.catheter.fit(dead_nl)

    def prescribe(self, dose_ng_per_day: int) -> None:
        """What the patient is to get from now on, whatever the pump then does."""
        self.settle()
        self.flow.patient.ordered_mcg_per_h = dose_ng_per_day / 24_000

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
        """What no firmware can see. Effects and risk are a simulation, not clinical."""
        return {
            **self.look().truth(),
            "battery_mah": self.battery.left_mah(self.now_ms, self.drivetrain.work_pulses),
            "rotor_steps": self.drivetrain.rotor_steps,
            "faults": list(self._faults),
        }

    # To and from a file

    def snapshot(self) -> dict[str, Any]:
        """Everything that outlives a loss of power, for JSON."""
        self.settle()
        faults = [
            {
                "name": fault.name,
                "until_ms": None if fault.until_ms == NEVER_MS else fault.until_ms,
                "fields": fault.fields,
            }
            for fault in self._faults.values()
        ]
        return {
            "now_ms": self.now_ms,
            "work_pulses": self.drivetrain.work_pulses,
            "rotor_steps": self.drivetrain.rotor_steps,
            "flow": self.flow.snapshot(),
            "battery": self.battery.snapshot(),
            "faults": faults,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a snapshot, unpowered, in a new plant."""
        self.now_ms = state["now_ms"]
        self.drivetrain = Drivetrain(state["work_pulses"], state["rotor_steps"], self.settle)
        self.flow.restore(state["flow"], self.now_ms, state["rotor_steps"])
        self.battery.restore(state["battery"], self.now_ms, state["work_pulses"])
        for fault in state["faults"]:
            until_ms = fault["until_ms"]
            self._faults[fault["name"]] = Fault(
                fault["name"], NEVER_MS if until_ms is None else until_ms, fault["fields"]
            )
            self._take_effect(fault["name"])
