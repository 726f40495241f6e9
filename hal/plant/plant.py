"""The physical truth behind the drivers, on one clock: ms since first power-up, unpowered time included.

Nothing happens in steps of time: each part knows in closed form what it was up to since it was last asked, and only
events (another rhythm of the motor, a fault that comes or goes) make it settle.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from hal.plant.battery import Battery
from hal.plant.catheter import TUBING_NL
from hal.plant.drivetrain import NEVER_MS, Drivetrain
from hal.plant.ether import Ether
from hal.plant.faults import INSTANT, OUTSIDE_THE_PUMP, Fault, check_fields, check_name
from hal.plant.flow import Flow
from hal.plant.quartz import Quartz
from hal.plant.reservoir import Reservoir
from hal.plant.sound import Sound, Tone

BODY_CENTI_CELSIUS = 3700
ORAL_MCG_PER_TIP_MCG = 1000  # a tablet's drug that does as much as 1 mcg at the tip: a choice


def no_memory(fault: str, **_: Any) -> None:
    """A plant without a pump."""
    raise ValueError(f"{fault}: nothing here has a memory")


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
        self.quartz = Quartz()
        self.sound = Sound()
        self.ether = Ether()
        self.centi_celsius = BODY_CENTI_CELSIUS
        self.sensor_noise_nl = 0
        self.failing: tuple[str, ...] = ()  # devices that fail their own test
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
            self._take_effect()
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
        if self._unpowered_from_ms is None:
            self._unpowered_from_ms = self.now_ms
        self.drivetrain.power_cut(self.now_ms)

    def reset(self) -> None:
        """The pump's processor starts anew: what made it hang is over, unless that has an end of its own."""
        if self._unpowered_from_ms is not None:
            self.unpowered_ms += self.now_ms - self._unpowered_from_ms
            self._unpowered_from_ms = None
        hang = self._faults.get("hang")
        if hang and hang.until_ms == NEVER_MS:
            self._end("hang")

    # Faults

    @property
    def faults(self) -> dict[str, Fault]:
        """The faults that are on, by name."""
        return self._faults

    def apply_fault(self, name: str, until_ms: int | None = None, **fields: Any) -> None:
        """A fault comes, now, until `until_ms` or until healed; one that is on is replaced.

        ValueError for an unknown fault or field, a number out of its range, or an end that is not ahead.
        """
        values = check_fields(name, fields)
        if name in INSTANT and until_ms is not None:
            raise ValueError(f"{name} is over at once; it takes no end")
        if until_ms is not None and until_ms <= self.now_ms:
            raise ValueError(f"{name} would end at {until_ms} ms, and it is {self.now_ms} ms already")
        self.settle()
        if name == "reverse_step":
            self.drivetrain.step_back(self.now_ms)
            self.settle()
        elif name == "clock_jump":
            self.quartz.jump(self.now_ms, values["by_ms"])
        elif name in ("bit_flip", "store_corrupt") and values["region"] != "code":
            self.corrupt(name, **values)
        else:
            self._begin(name, NEVER_MS if until_ms is None else until_ms, values)

    def _begin(self, name: str, until_ms: int, values: dict[str, Any]) -> None:
        if name in self._faults:
            self._end(name)
        if name == "sensor_stuck":
            values = {"at_nl": self.sensed_nl() or 0}
        self._faults[name] = Fault(name, self.now_ms, until_ms, values)
        self._take_effect()

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
            self._take_effect()

    def _end(self, name: str) -> None:
        self.settle()
        del self._faults[name]
        self._take_effect()

    def _field(self, name: str, field: str = "percent", default: Any = 0) -> Any:
        fault = self._faults.get(name)
        return default if fault is None else fault.fields[field]

    def _take_effect(self) -> None:
        """Let the parts know which faults are on, everything having been settled."""
        faults, train, flow = self._faults, self.drivetrain, self.flow
        held = any(fault.holds(self.now_ms) for fault in faults.values())
        if held != train.held:
            train.hold(held)
        train.lose(self._field("step_loss"))
        train.run_away("runaway" in faults, self.now_ms)
        flow.over_percent = self._field("over_delivery") - self._field("under_delivery")
        flow.blocked = "catheter_kink" in faults
        flow.reservoir.leak_nl_per_day = self._field("reservoir_leak", "nl_per_day")
        flow.catheter.leak_percent = 100 if "catheter_migration" in faults else self._field("catheter_leak")
        flow.patient.oral_mcg_per_h = self._field("oral_baclofen", "mg_per_day") * 1000 / ORAL_MCG_PER_TIP_MCG / 24
        if "off_label_drug" in faults:
            flow.wear_out("off_label_drug")
        self.battery.drain(self._field("battery_drain"))
        self.battery.film = "battery_film" in faults
        self.battery.sampled_at_ms = -1
        self.sound.dead = "buzzer_dead" in faults
        self.sensor_noise_nl = self._field("sensor_noise", "nl")
        self.ether.emi = "emi" in faults
        self.ether.disturb(
            noise_percent=self._field("link_noise"),
            drop_percent=100 if "link_lost" in faults else self._field("link_drop"),
            duplicate_percent=self._field("link_duplicate"),
        )
        self.centi_celsius = self._field("temperature", "centi_celsius", BODY_CENTI_CELSIUS)
        self.failing = (self._field("device_failure", "device", ""), self._field("bit_flip", "region", ""))
        self.store_fails = "store_write_fail" in faults
        self.hangs = "hang" in faults
        self.quartz.drift(self.now_ms, self._field("clock_drift", "ppm"))
        self.next_event_ms = min([fault.next_ms(self.now_ms) for fault in faults.values()], default=NEVER_MS)

    # What hands and instruments do

    @property
    def aspirable_nl(self) -> int:
        """What a needle would draw out now."""
        return self.look().reservoir.volume_nl if self._port_is_hit else 0

    @property
    def _port_is_hit(self) -> bool:
        return "pocket_fill" not in self._faults and "pump_flip" not in self._faults

    def refill(self, volume_nl: int, mcg_per_ml: int = 0) -> int:
        """Empty the reservoir and put `volume_nl` in; the nL that came out. ValueError when it does not fit."""
        self.settle()
        if not self._port_is_hit:
            return 0
        mcg_per_ml = self._field("wrong_concentration", "mcg_per_ml", mcg_per_ml)
        aspirated_nl = self.flow.reservoir.refill(volume_nl, mcg_per_ml, self._field("overfill", "nl"))
        self.settle()
        return aspirated_nl

    def fit_catheter(self, catheter_nl: int, tubing_nl: int = 0, kept: bool = False) -> None:
        """Implant with a catheter that holds so much, behind tubing that holds `tubing_nl`.

        One that is there stays, if it is as large; an earlier pump's only where it is `kept`, and then as it is.
        """
        tubing_nl = self._field("wrong_tubing", "nl", tubing_nl)
        catheter = self.flow.catheter
        if kept and catheter.dead_nl > catheter.tubing_nl:
            if tubing_nl != catheter.tubing_nl:
                self.settle()
                catheter.connect(tubing_nl)
            catheter.earlier = False
        elif catheter.earlier or catheter_nl + tubing_nl != catheter.dead_nl:
            self.settle()
            catheter.fit(catheter_nl + tubing_nl, tubing_nl)

    def replace_pump(self) -> None:
        """A surgeon puts a new pump in the place of this one. Catheter and patient stay, and what ails them."""
        self.settle()
        self.drivetrain = Drivetrain(change=self.settle)
        self.flow.replace_pump(self._new_reservoir(), TUBING_NL)
        self.battery = self._new_battery()
        self.battery.restore({"used_units": 0}, self.now_ms, 0)
        self.quartz = Quartz()
        self._faults = {name: fault for name, fault in self._faults.items() if name in OUTSIDE_THE_PUMP}
        self._take_effect()

    def prescribe(self, dose_ng_per_day: int) -> None:
        """What the patient is to get from now on, whatever the pump then does."""
        patient = self.flow.patient
        ordered_mcg_per_h = dose_ng_per_day / 24_000
        if ordered_mcg_per_h != patient.ordered_mcg_per_h:
            self.settle()
            patient.ordered_mcg_per_h = ordered_mcg_per_h

    def sensed_nl(self) -> int | None:
        """What the fill sensor reads, but for its noise; None when it is dead."""
        if "sensor_dead" in self._faults:
            return None
        if "sensor_stuck" in self._faults:
            return self._field("sensor_stuck", "at_nl")
        return max(0, self.look().reservoir.volume_nl + self._field("sensor_offset", "nl"))

    def rest_mv(self) -> int:
        """The cell's voltage at rest. Of several readings in one ms the first holds."""
        if self.battery.sampled_at_ms != self.now_ms:
            self._sample()
        return self.battery.rest_mv

    def load_mv(self) -> int:
        """The cell's voltage while a pulse is given, as of the same reading."""
        if self.battery.sampled_at_ms != self.now_ms:
            self._sample()
        return self.battery.load_mv

    def _sample(self) -> None:
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
        return {
            "now_ms": self.now_ms,
            "unpowered_ms": self.unpowered_ms,
            "work_pulses": self.drivetrain.work_pulses,
            "rotor_steps": self.drivetrain.rotor_steps,
            "flow": self.flow.snapshot(),
            "battery": self.battery.snapshot(),
            "quartz": self.quartz.snapshot(),
            "faults": [fault.snapshot() for fault in self._faults.values()],
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a snapshot, unpowered, in a new plant."""
        self.now_ms = state["now_ms"]
        self.unpowered_ms = state.get("unpowered_ms", 0)  # a folder of an earlier version has none
        self.drivetrain = Drivetrain(state["work_pulses"], state["rotor_steps"], self.settle)
        self.flow.restore(state["flow"], self.now_ms, state["rotor_steps"])
        self.battery.restore(state["battery"], self.now_ms, state["work_pulses"])
        self.quartz.restore(state["quartz"])
        self._faults = {fault["name"]: Fault(**fault) for fault in state["faults"]}
        self._take_effect()
